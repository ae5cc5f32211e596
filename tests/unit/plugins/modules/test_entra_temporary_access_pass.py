# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test passes of users on an emulated tenant without a process: who gets one, no repeated actions, and the reports."""

from __future__ import annotations

import datetime
import json
import pathlib
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from intune_emulator.entra.tokens import issue_token

from ansible_collections.endpointops.intune.plugins.module_utils import _cms
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass import result
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome
from ansible_collections.endpointops.intune.plugins.modules import entra_temporary_access_pass, entra_temporary_access_pass_info
from tests.support.emulated import Emulated
from tests.support.fakes import CLIENT_ID, START, FakeCredential, answer, error
from tests.support.returns import differences, documented

Json = dict[str, t.Any]
Answer: t.TypeAlias = "t.Callable[[Wire, Request], Response | None]"
DOMAIN = "@contoso.onmicrosoft.com"
CLARA, FELIX, ADMIN = f"clara.hoffmann{DOMAIN}", f"felix.wagner{DOMAIN}", f"ada.admin{DOMAIN}"
GUEST = f"eva.lund_fabrikam.com#EXT#{DOMAIN}"
PASSES = "/authentication/temporaryAccessPassMethods"
LATER, EARLIER = "2026-01-05T12:00:00Z", "2026-01-05T09:59:00Z"


class Wire(Emulated):
    """The demo tenant; ``first`` may respond instead, or raise."""

    def __init__(self, first: Answer = lambda wire, request: None, **settings: t.Any) -> None:
        super().__init__("demo", quota=False, **settings)
        self.tenant.clock.set(datetime.datetime.fromtimestamp(START, datetime.timezone.utc))
        # Issued again, because the clock was set back.
        self.token = issue_token(self.tenant, next(iter(self.tenant.applications.values())))
        self._first = first

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        self.catch_up()
        return self._first(self, request) or self.ask(request)

    def id_of(self, principal: str) -> str:
        return next(user["id"] for user in self.tenant.users.values() if user["userPrincipalName"] == principal)

    @property
    def issued(self) -> list[str]:
        """Return the text of each current pass of the users."""
        return [found.value for found in self.tenant.access_passes.values()]

    @property
    def times(self) -> int:
        """Return the total number of issued passes."""
        return sum(map(len, self.tenant.created_access_passes.values()))


def run(wire: Wire, *names: str, check: bool = False, claims: Json | None = None, **more: t.Any) -> Outcome:
    options = {"users": list(names) or [CLARA], "return_pass": True, **more}
    params = ArgumentSpecValidator(entra_temporary_access_pass.SPEC.argument_spec).validate(options).validated_parameters
    identity = claims or {"tid": wire.tenant.tenant_id, "appid": CLIENT_ID, "roles": ["UserAuthMethod-TAP.ReadWrite.All"]}
    return entra_temporary_access_pass.run(params, wire.world(credential=FakeCredential(identity)).client, check)


def inform(wire: Wire, *names: str) -> Outcome:
    params = (
        ArgumentSpecValidator(entra_temporary_access_pass_info.SPEC.argument_spec).validate({"users": list(names)}).validated_parameters
    )
    return entra_temporary_access_pass_info.run(params, wire.world().client, False)


def only(outcome: Outcome) -> Json:
    (entry,) = outcome.values["results"]
    return t.cast(Json, entry)


def is_post(request: Request) -> bool:
    return request.method == "POST" and request.url.endswith(PASSES)


# --- a pass ---------------------------------------------------------------------------------------------------------


def test_a_pass_is_issued_and_handed_over_once() -> None:
    wire = Wire()
    outcome = run(wire, lifetime_minutes=90, verified_by="Jonas, by video")
    entry = only(outcome)
    assert outcome.changed and outcome.failure is None and outcome.warnings == []
    assert (entry["status"], entry["lifetime_minutes"], entry["is_usable_once"], entry["replaced"]) == ("issued", 90, True, False)
    assert [entry["temporary_access_pass"]] == wire.issued
    assert (entry["starts"], entry["ends"], entry["verified_by"]) == ("2026-01-05T10:00:00Z", "2026-01-05T11:30:00Z", "Jonas, by video")
    again = run(wire)
    assert not again.changed and again.failure is None and wire.times == 1
    assert (only(again)["status"], only(again)["temporary_access_pass"], only(again)["pass_id"]) == ("exists", None, entry["pass_id"])
    assert "Set replace to true" in only(again)["message"]
    assert wire.issued[0] not in json.dumps([again.values, outcome.before, outcome.after])


def test_a_pass_is_replaced_on_purpose_alone() -> None:
    wire = Wire()
    first, second = only(run(wire)), run(wire, replace=True)
    assert (only(second)["status"], only(second)["replaced"], wire.times) == ("issued", True, 2)
    assert only(second)["temporary_access_pass"] != first["temporary_access_pass"]


@pytest.mark.parametrize(("once", "after"), [(True, 0.0), (False, 3601.0)], ids=["used up", "expired"])
def test_a_spent_pass_is_replaced_without_asking(once: bool, after: float) -> None:
    wire = Wire()
    run(wire, is_usable_once=once)
    wire.tenant.access_passes[wire.id_of(CLARA)].is_used = once
    wire.clock.sleep(after)
    assert (only(run(wire))["status"], wire.times) == ("issued", 2)


def test_a_pass_for_later_stands() -> None:
    wire = Wire()
    assert only(run(wire, start=LATER))["starts"] == LATER
    again = only(run(wire))
    assert again["status"] == "exists" and f"can be used from {LATER} on" in again["message"]
    assert wire.times == 1


def test_a_pass_for_many_uses_is_told_where_one_use_is_asked_for() -> None:
    wire = Wire()
    run(wire, is_usable_once=False)
    assert "It can be used many times" in only(run(wire))["message"]


def test_a_start_without_a_zone_is_told() -> None:
    assert any("has no time zone" in warning for warning in run(Wire(), start="2026-01-05T12:00:00").warnings)


def test_a_pass_is_removed() -> None:
    wire = Wire()
    run(wire, CLARA, FELIX)
    before = len(wire.sent)
    removed = run(wire, CLARA, ADMIN, state="absent", return_pass=False)
    assert [entry["status"] for entry in removed.values["results"]] == ["removed", "absent"]
    assert only_keys(removed) and len(wire.issued) == 1 and len(wire.sent) > before
    again = run(wire, CLARA, state="absent", return_pass=False)
    assert (only(again)["status"], again.changed) == ("absent", False)


def only_keys(outcome: Outcome) -> bool:
    return all("temporary_access_pass" not in entry for entry in outcome.values["results"])


@pytest.mark.parametrize("state", ["present", "absent"])
def test_check_mode_sends_nothing_and_predicts(state: str) -> None:
    wire, real = Wire(), Wire()
    if state == "absent":
        run(wire), run(real)
    before = len(wire.writes)
    planned, done = run(wire, check=True, state=state), run(real, state=state)
    assert [target for target in wire.writes[before:] if "$batch" not in target] == []
    entry = only(planned)
    assert (entry["status"], planned.changed, entry.get("temporary_access_pass")) == ("planned", True, None)
    assert set(entry) == set(only(done)) and (planned.before, planned.after) == (done.before, done.after)
    assert entry["pass_id"] is None and entry["lifetime_minutes"] == (60 if state == "present" else None)


def test_the_difference_has_no_secret_and_no_date() -> None:
    outcome = run(Wire(), FELIX, CLARA)
    assert outcome.before == {"temporary_access_passes": {CLARA: None, FELIX: None}}
    state = {"lifetime_minutes": 60, "is_usable_once": True}
    assert outcome.after == {"temporary_access_passes": {CLARA: state, FELIX: state}}


def test_a_pass_that_nobody_could_read_is_not_issued() -> None:
    wire = Wire()
    with pytest.raises(errors.InvalidOptionError, match="One of seal_to and return_pass is required"):
        run(wire, return_pass=False)
    assert wire.sent == []


# --- users ----------------------------------------------------------------------------------------------------------


def test_a_user_that_is_named_twice_gets_one_pass() -> None:
    wire = Wire()
    outcome = run(wire, CLARA.upper(), wire.id_of(CLARA))
    assert only(outcome)["user"] == CLARA.upper() and wire.times == 1


def test_all_problems_with_names_are_told_before_anything_is_issued() -> None:
    wire = Wire()
    wire.tenant.users[wire.id_of(FELIX)]["mail"] = "felix@contoso.com"
    with pytest.raises(errors.SelectionError) as caught:
        run(wire, CLARA, "felix@contoso.com", f"nobody{DOMAIN}", "33333333-3333-4333-8333-333333333333")
    assert f"It is the mail address of {FELIX}; use that principal name." in str(caught.value)
    assert "There is no user with the ID 33333333" in str(caught.value) and f"'nobody{DOMAIN}'" in str(caught.value)
    assert wire.times == 0


def test_a_filter_that_returns_others_selects_nobody() -> None:
    """A service that ignores a filter returns all users: none of them is selected."""

    def all_users(wire: Wire, request: Request) -> Response | None:
        if "/users?" not in request.url:
            return None
        return answer(
            200, {"value": [{"id": user["id"], "userPrincipalName": user["userPrincipalName"]} for user in wire.tenant.users.values()]}
        )

    assert only(run(Wire(all_users)))["user_principal_name"] == CLARA
    with pytest.raises(errors.SelectionError):
        run(Wire(all_users), f"nobody{DOMAIN}")


# --- users without a pass -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "options", "reason"),
    [
        pytest.param({"state": "disabled"}, {}, "method_disabled", id="disabled"),
        pytest.param({"includeTargets": []}, {}, "out_of_scope", id="nobody is included"),
        pytest.param({"excludeTargets": [{"targetType": "group", "id": "all_users"}]}, {}, "out_of_scope", id="excluded"),
        pytest.param({}, {"lifetime_minutes": 30}, "lifetime_out_of_range", id="too short"),
        pytest.param({}, {"lifetime_minutes": 481}, "lifetime_out_of_range", id="too long"),
        pytest.param({"isUsableOnce": True}, {"is_usable_once": False}, "one_time_only", id="one use only"),
        pytest.param({}, {"start": EARLIER}, "start_passed", id="a start that has passed"),
    ],
)
@pytest.mark.parametrize("check", [False, True])
def test_what_the_policy_does_not_allow_is_refused_before_it_is_sent(policy: Json, options: Json, reason: str, check: bool) -> None:
    wire = Wire()
    wire.tenant.access_pass_policy.update(policy)
    outcome = run(wire, check=check, **options)
    assert (only(outcome)["status"], only(outcome)["reason"], wire.times) == ("refused", reason, 0)
    assert not outcome.changed and outcome.failure and outcome.failure.effects == "none"
    assert only(outcome)["message"] in str(outcome.failure), "for one user, the message says all"
    assert not any(is_post(request) for request in wire.sent)


def test_a_guest_is_refused_and_the_others_get_a_pass() -> None:
    wire = Wire()
    outcome = run(wire, GUEST, CLARA)
    assert [(entry["status"], entry["reason"]) for entry in outcome.values["results"]] == [("refused", "external_guest"), ("issued", None)]
    assert outcome.values["failed_users"] == [wire.id_of(GUEST)]
    assert outcome.failure and outcome.failure.effects == "partial" and "1 of 2 users" in str(outcome.failure)
    assert (outcome.values["summary"]["issued"], outcome.values["summary"]["refused"], outcome.values["summary"]["total"]) == (1, 1, 2)


def test_nobody_issues_a_pass_for_oneself() -> None:
    wire = Wire()
    outcome = run(wire, claims={"oid": wire.id_of(CLARA).upper(), "scp": "UserAuthMethod-TAP.ReadWrite.All"})
    assert (only(outcome)["reason"], wire.times) == ("self", 0)


def test_an_application_with_the_id_of_a_user_is_no_user() -> None:
    wire = Wire()
    assert only(run(wire, claims={"oid": wire.id_of(CLARA), "roles": ["UserAuthMethod-TAP.ReadWrite.All"]}))["status"] == "issued"


@pytest.mark.parametrize("setting", ["refuse", "allow"])
def test_directory_roles_are_told(setting: str) -> None:
    wire = Wire(access_pass_privileged=setting)
    planned = run(wire, ADMIN, check=True)
    assert only(planned)["directory_roles"] == ["Global Administrator"] and "hold directory roles" in " ".join(planned.warnings)
    entry = only(run(wire, ADMIN))
    if setting == "allow":
        assert entry["status"] == "issued"
    else:
        assert (entry["status"], entry["reason"]) == ("failed", "administrator")
        assert "403 accessDenied: Request Authorization failed" in entry["message"] and "Global Administrator" in entry["message"]
        assert entry["request_id"]


def test_a_disabled_account_is_told() -> None:
    wire = Wire()
    wire.tenant.users[wire.id_of(CLARA)]["accountEnabled"] = False
    assert "disabled" in " ".join(run(wire).warnings)


def test_a_group_decides_on_the_scope() -> None:
    wire = Wire()
    lukas = f"lukas.meyer{DOMAIN}"
    group = next(item["id"] for item in wire.tenant.groups.all_written() if item["displayName"] == "Field service")
    wire.tenant.access_pass_policy["includeTargets"] = [{"targetType": "group", "id": group}]
    outcome = run(wire, lukas, CLARA)
    assert [entry["status"] for entry in outcome.values["results"]] == ["issued", "refused"]
    wire.tenant.access_pass_policy["includeTargets"] = [{"targetType": "group", "id": "33333333-3333-4333-8333-333333333333"}]
    assert only(run(wire, FELIX))["reason"] == "out_of_scope", "a group that does not exist has nobody in it"


@pytest.mark.parametrize(("setting", "status"), [("refuse", "failed"), ("create", "issued")])
def test_without_the_policy_the_service_decides(setting: str, status: str) -> None:
    def hidden(wire: Wire, request: Request) -> Response | None:
        return error(403, "accessDenied") if "/policies/" in request.url else None

    wire = Wire(hidden, access_pass_out_of_scope=setting)
    wire.tenant.access_pass_policy["state"] = "disabled"
    outcome = run(wire)
    assert "Policy.Read.AuthenticationMethod" in " ".join(outcome.warnings)
    assert only(outcome)["status"] == status
    if status == "failed":
        assert only(outcome)["reason"] == "not_allowed_by_policy" and "has not come through yet" in only(outcome)["message"]
    else:
        assert (only(outcome)["is_usable"], only(outcome)["usability_reason"]) == (False, "DisabledByPolicy")


def test_roles_that_cannot_be_read_are_told() -> None:
    def refuse(wire: Wire, request: Request) -> Response | None:
        return error(403) if "directoryRole" in request.url or "$batch" in request.url else None

    outcome = run(Wire(refuse), ADMIN)
    assert only(outcome)["directory_roles"] is None and "RoleManagement.Read.Directory" in " ".join(outcome.warnings)


def test_a_scope_that_cannot_be_read_is_left_to_the_service() -> None:
    def hidden(wire: Wire, request: Request) -> Response | None:
        return error(403, "Authorization_RequestDenied") if "transitiveMembers" in request.url else None

    wire = Wire(hidden)
    wire.tenant.access_pass_policy["includeTargets"] = [{"targetType": "group", "id": "33333333-3333-4333-8333-333333333333"}]
    outcome = run(wire)
    assert "1 groups in the scope" in " ".join(outcome.warnings) and only(outcome)["reason"] == "not_allowed_by_policy"


def test_reading_rights_are_refused_before_anything_is_sent() -> None:
    wire = Wire()
    with pytest.raises(errors.MissingPermissionError, match=r"UserAuthMethod-TAP\.ReadWrite\.All"):
        run(wire, claims={"roles": ["UserAuthMethod-TAP.Read.All"]})
    assert wire.times == 0
    assert only(run(wire, check=True, claims={"roles": ["UserAuthMethod-TAP.Read.All"]}))["status"] == "planned"


# --- lost responses -------------------------------------------------------------------------------------------------


def losing(number: int = 0, *, ran: bool = True, kind: str = "lost") -> Answer:
    """Lose the response to a request for a pass that was or was not carried out."""
    seen: list[Request] = []

    def answer_of(wire: Wire, request: Request) -> Response | None:
        if not is_post(request):
            return None
        seen.append(request)
        if len(seen) - 1 != number:
            return None
        if ran:
            wire.ask(request)
        if kind == "lost":
            raise errors.LostResponseError("Lost.", target=request.target)
        return error(500) if kind == "error" else answer(201, {"id": "x"}) if kind == "misfit" else answer(201, b'{"id": "x", "tempo')

    return answer_of


@pytest.mark.parametrize("kind", ["lost", "error", "misfit", "cut off"])
def test_a_pass_whose_response_got_lost_is_found_and_not_replaced(kind: str) -> None:
    wire = Wire(losing(kind=kind))
    outcome = run(wire, CLARA, FELIX)
    lost, other = outcome.values["results"]
    assert (lost["status"], lost["reason"], lost["changed"], lost["temporary_access_pass"]) == ("value_lost", "answer_lost", True, None)
    assert lost["pass_id"] == wire.tenant.access_passes[wire.id_of(CLARA)].id and "replace: true" in lost["message"]
    assert other["status"] == "issued" and wire.times == 2, "it is not sent again"
    assert outcome.failure and outcome.failure.effects == "partial"
    again = run(wire)
    assert (only(again)["status"], wire.times) == ("exists", 2), "a later run does not replace it either"
    assert only(run(wire, replace=True))["temporary_access_pass"]


def test_a_pass_that_reads_show_late_is_waited_for() -> None:
    wire = Wire(losing(), access_pass_visibility_delay=12)
    assert only(run(wire))["status"] == "value_lost" and sum(wire.clock.slept) >= 12


@pytest.mark.parametrize(("ran", "delay"), [(False, 0), (True, 600)], ids=["it did not run", "reads are late"])
def test_a_pass_that_no_read_shows_is_unknown(ran: bool, delay: int) -> None:
    wire = Wire(losing(ran=ran), access_pass_visibility_delay=delay)
    outcome = run(wire)
    assert (only(outcome)["status"], only(outcome)["reason"], only(outcome)["changed"]) == ("unknown", "answer_lost", False)
    assert outcome.failure and outcome.failure.effects == "unknown" and wire.times == int(ran)
    assert sum(wire.clock.slept) <= 31


def test_an_old_pass_that_is_still_shown_is_not_the_new_one() -> None:
    wire = Wire(losing(1, ran=False))
    first = only(run(wire))
    entry = only(run(wire, replace=True))
    assert (entry["status"], entry["pass_id"], entry["changed"]) == ("unknown", first["pass_id"], False)


def test_a_removal_whose_response_got_lost_is_settled() -> None:
    def gone(wire: Wire, request: Request) -> Response | None:
        if request.method == "DELETE":
            wire.ask(request)
            raise errors.LostResponseError("Lost.", target=request.target)
        return None

    wire = Wire(gone)
    run(wire)
    entry = only(run(wire, state="absent"))
    assert (entry["status"], entry["changed"]) == ("removed", True)


def test_a_removal_that_is_still_open_is_unknown() -> None:
    def lost(wire: Wire, request: Request) -> Response | None:
        if request.method == "DELETE":
            raise errors.LostResponseError("Lost.", target=request.target)
        return None

    wire = Wire(lost)
    run(wire)
    assert (only(run(wire, state="absent"))["status"], len(wire.issued)) == ("unknown", 1)


def test_what_concerns_all_users_stops_the_task() -> None:
    def unreachable(wire: Wire, request: Request) -> Response | None:
        if is_post(request) and wire.times:
            raise errors.NotSentError("No connection.", target=request.target)
        return None

    wire = Wire(unreachable)
    outcome = run(wire, CLARA, FELIX, f"louise.bernard{DOMAIN}")
    assert [entry["status"] for entry in outcome.values["results"]] == ["issued", "failed", "not_attempted"]
    assert outcome.values["results"][0]["temporary_access_pass"], "what was issued is handed over"
    assert isinstance(outcome.failure, errors.NotSentError) and outcome.failure.effects == "partial"


def test_a_user_who_is_gone_meanwhile_fails_alone() -> None:
    def gone(wire: Wire, request: Request) -> Response | None:
        return error(404, "Request_ResourceNotFound") if is_post(request) and not wire.times and wire.id_of(CLARA) in request.url else None

    outcome = run(Wire(gone), CLARA, FELIX)
    assert [entry["reason"] for entry in outcome.values["results"]] == ["user_gone", None]


# --- handing over ---------------------------------------------------------------------------------------------------


class FakeSealer:
    def __init__(self, recipients: list[str], now: float) -> None:
        self.recipients = [{"subject": name} for name in recipients]

    def seal(self, text: str) -> str:
        return f"sealed: {len(text)}"

    def can_be_opened(self, message: str) -> bool:
        return False


def test_each_pass_is_in_a_file_before_the_next_is_issued(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cms, "Sealer", FakeSealer)
    seen: list[int] = []

    def count(wire: Wire, request: Request) -> Response | None:
        if is_post(request):
            seen.append(len(list(tmp_path.iterdir())))
        return None

    wire = Wire(count)
    outcome = run(wire, CLARA, FELIX, return_pass=False, seal_to=["x"], sealed_directory=str(tmp_path))
    assert seen == [0, 1] and outcome.values["recipients"] == [{"subject": "x"}]
    names = sorted(path.name for path in tmp_path.iterdir())
    assert [name.partition("-")[0] for name in names] == [CLARA.replace("@", "_"), FELIX.replace("@", "_")]
    assert [entry["sealed_file"] for entry in outcome.values["results"]] == [str(tmp_path / name) for name in names]
    text = json.dumps(outcome.values)
    assert all(value not in text for value in wire.issued) and "sealed: 8" in text


def test_a_pass_that_cannot_be_sealed_is_lost_and_told(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(FakeSealer):
        def seal(self, text: str) -> str:
            raise ValueError(text)

    monkeypatch.setattr(_cms, "Sealer", Broken)
    wire = Wire()
    outcome = run(wire, return_pass=False, seal_to=["x"])
    assert (only(outcome)["status"], only(outcome)["reason"]) == ("value_lost", "not_sealed")
    assert wire.issued[0] not in f"{outcome.values} {outcome.failure}"


def run_in_job(wire: Wire, limit: int, *, shows: bool = True, **more: t.Any) -> Outcome:
    params = ArgumentSpecValidator(entra_temporary_access_pass.SPEC.argument_spec).validate({"users": [CLARA, FELIX], **more})
    identity = {"tid": wire.tenant.tenant_id, "appid": CLIENT_ID, "roles": ["UserAuthMethod-TAP.ReadWrite.All"]}
    client = wire.world(credential=FakeCredential(identity)).client
    client.largest_result, client.shows_result = limit, shows
    return entra_temporary_access_pass.run(params.validated_parameters, client, False)


@pytest.mark.parametrize(
    ("limit", "given", "told"),
    [
        pytest.param(2300, {}, "The result for 2 users will have about", id="case 72: passes, which the service shows once"),
        pytest.param(1500, {"shows": False}, "The result for each of the users will have about", id="case 72: one that no event holds"),
        pytest.param(2500, {"shows": False}, None, id="hidden"),
        pytest.param(2500, {"return_pass": True}, None, id="hidden, since it holds passes"),
        pytest.param(5000, {}, None, id="it fits"),
        pytest.param(2500, {"state": "absent"}, None, id="nothing is handed over"),
    ],
)
def test_passes_that_the_job_drops_are_not_issued(
    monkeypatch: pytest.MonkeyPatch, limit: int, given: dict[str, t.Any], told: str | None
) -> None:
    monkeypatch.setattr(_cms, "Sealer", FakeSealer)
    wire = Wire()
    if told is None:
        run_in_job(wire, limit, seal_to=["x"], **given)
        assert wire.times == (0 if "state" in given else 2)
        return
    with pytest.raises(errors.SelectionError, match=told):
        run_in_job(wire, limit, seal_to=["x"], **given)
    assert wire.times == 0


# --- the read-only module -------------------------------------------------------------------------------------------


def test_what_users_have_is_told() -> None:
    wire = Wire()
    run(wire, CLARA)
    run(wire, FELIX, start=LATER)
    outcome = inform(wire, CLARA, FELIX, ADMIN)
    assert [(entry["status"], entry["usability_reason"]) for entry in outcome.values["results"]] == [
        ("usable", "EnabledByPolicy"),
        ("not_usable", "NotYetValid"),
        ("none", None),
    ]
    assert outcome.values["summary"] == {"total": 3, "usable": 1, "not_usable": 1, "none": 1}
    assert outcome.values["policy"] == {
        "enabled": True,
        "minimum_lifetime_minutes": 60,
        "maximum_lifetime_minutes": 480,
        "default_lifetime_minutes": 60,
        "length": 8,
        "one_time_only": False,
    }
    assert not outcome.changed and all(value not in json.dumps(outcome.values) for value in wire.issued)


def test_a_policy_that_cannot_be_read_is_null() -> None:
    outcome = inform(Wire(lambda wire, request: error(403, "accessDenied") if "/policies/" in request.url else None), CLARA)
    assert outcome.values["policy"] is None and outcome.warnings


def test_roles_without_a_name_are_told() -> None:
    wire = Wire()
    wire.token = issue_token(
        wire.tenant, next(iter(wire.tenant.applications.values())), roles=["UserAuthMethod-TAP.Read.All", "User.Read.All"]
    )
    outcome = inform(wire, ADMIN)
    assert only(outcome)["directory_roles"] == ["an unnamed role"] and "RoleManagement.Read.Directory" in " ".join(outcome.warnings)


@pytest.mark.parametrize("status", [403, 404])
def test_roles_that_cannot_be_read_are_null(status: int) -> None:
    outcome = inform(
        Wire(lambda wire, request: error(status) if "directoryRole" in request.url or "$batch" in request.url else None), CLARA
    )
    assert only(outcome)["directory_roles"] is None


def test_the_results_are_documented() -> None:
    told = {name: entry for name, entry in _documented().items() if name in result.ReturnedPass.__annotations__}
    assert differences(result.ReturnedPass, {"type": "dict", "contains": told}, "pass") == []
    assert set(only(run(Wire()))) == set(_documented()) - {"sealed_file", "sealed_temporary_access_pass"}
    assert set(only(inform(Wire(), CLARA))) == set(documented(entra_temporary_access_pass_info, "results")["contains"])
    assert set(inform(Wire(), CLARA).values["policy"]) == set(documented(entra_temporary_access_pass_info, "policy")["contains"])


def _documented() -> Json:
    return t.cast(Json, documented(entra_temporary_access_pass, "results")["contains"])
