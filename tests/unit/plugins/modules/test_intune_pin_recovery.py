# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the whole task against an emulated tenant with users of each kind."""

from __future__ import annotations

import dataclasses
import re
import typing as t

import pytest
from intune_emulator.control.demo_devices import NO_POLICY
from intune_emulator.control.planted_devices import plant_device
from intune_emulator.control.planted_directory import change_user
from intune_emulator.control.script_results import set_results
from intune_emulator.intune.policy_states import set_states

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass.model import User
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._probe import contents
from ansible_collections.endpointops.intune.plugins.module_utils._probe.model import Found
from ansible_collections.endpointops.intune.plugins.module_utils._probe.states import DeviceState
from ansible_collections.endpointops.intune.plugins.module_utils._recovery import api as recovery_api
from ansible_collections.endpointops.intune.plugins.module_utils._recovery import flow, fresh
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome
from ansible_collections.endpointops.intune.plugins.modules import entra_temporary_access_pass, intune_pin_recovery
from tests.support.fakes import FakeCredential, error, options
from tests.support.readiness_tasks import Given, Json

DOMAIN = "@contoso.onmicrosoft.com"
CLARA, EMMA, FELIX, SOFIA = (f"{name}{DOMAIN}" for name in ("clara.hoffmann", "emma.fischer", "felix.wagner", "sofia.rossi"))
ADMIN, WAREHOUSE, JONAS = (f"{name}{DOMAIN}" for name in ("ada.admin", "warehouse.one", "jonas.weber"))
GUEST = f"eva.lund_fabrikam.com#EXT#{DOMAIN}"
SCRIPT = "99999999-2222-3333-4444-555555555555"
MOST_REQUESTS = 10


class Helped(Given):
    """A tenant with a person to help. ``states``: the reports of the probe, by the name of a device, from each read on."""

    def recover(self, user: str = CLARA, *, check: bool = False, **given: t.Any) -> Outcome:
        return self.run(intune_pin_recovery, check=check, user=user, **given)

    def help(self, user: str = CLARA, **given: t.Any) -> Json:
        return t.cast("Json", self.recover(user, **given).values["recovery"])

    def web_sign_in(self, value: str = "enabled", **given: t.Any) -> str:
        return self.policy(f"Web sign-in {value}", enable_pin_recovery=None, enable_web_sign_in=value, **given)

    def report(self, policy_id: str, device: str, state: str = "succeeded") -> None:
        set_states(self.tenant, {"policy_id": policy_id, "states": {self.id_of(device): state}})

    def id_of(self, name: str) -> str:
        return next(device.id for device in self.tenant.devices if device.get("deviceName") == name)

    def add(self, name: str, **changes: t.Any) -> str:
        """Add a computer of Clara's, and return its ID."""
        own = {"operatingSystem": "Windows", "osVersion": "10.0.26100.1", "deviceType": "desktop", "joinType": "azureADJoined"}
        owner = {"userPrincipalName": CLARA, "userId": self.user_id(CLARA)}
        return plant_device(self.tenant, {"deviceName": name, **own, **owner, **changes}).id

    def user_id(self, principal: str) -> str:
        return next(str(user["id"]) for user in self.tenant.users.values() if user["userPrincipalName"] == principal)


def only(recovery: Json) -> Json:
    (device,) = recovery["devices"]
    return t.cast("Json", device)


def codes(recovery: Json) -> list[str]:
    return [reason["code"] for reason in recovery["pass"]["reasons"]]


def test_a_joined_device_with_web_sign_in() -> None:
    given = Helped()
    given.report(given.web_sign_in(), "LT-BERLIN-012")
    recovery = given.help()
    device = only(recovery)
    assert (device["join_type"], device["web_sign_in"]["state"], recovery["pass"]["can_help"]) == ("entra_joined", "on", True)
    assert device["web_sign_in"]["policies"] == [{"name": "Web sign-in enabled", "turns_on": True, "status": "succeeded"}]
    assert "choose web sign-in (the globe)" in recovery["steps"][2] and "choose the globe" in recovery["message_to_user"]
    assert "with the pass" not in " ".join(recovery["steps_without_pass"]).replace("with the password", "")


@pytest.mark.parametrize("backend", ["custom", "settings_catalog"])
def test_the_status_of_each_kind_of_policy_counts(backend: str) -> None:
    given = Helped()
    given.report(given.web_sign_in(backend=backend), "LT-BERLIN-012")
    assert only(given.help())["web_sign_in"]["state"] == "on"


def test_a_policy_that_may_reach_the_device_is_no_yes() -> None:
    given = Helped()
    given.web_sign_in()
    device = only(given.help())
    assert device["web_sign_in"]["state"] == "unknown" and "if it reaches this device" in device["web_sign_in"]["reasons"][0]


def test_a_policy_for_nobody_turns_nothing_on() -> None:
    given = Helped()
    given.web_sign_in(assignments=None)
    assert only(given.help())["web_sign_in"]["state"] == "off"


def test_a_joined_device_without_web_sign_in() -> None:
    recovery = Helped().help()
    device = only(recovery)
    assert (device["web_sign_in"]["state"], device["reset"]["kind"]) == ("off", "destructive")
    assert recovery["tenant"]["connected"] == "no" and recovery["other_platforms"] == ["iOS"]
    assert "something else first" in recovery["steps"][2]


def test_consent_and_policy_without_a_word_of_the_device_stay_unknown() -> None:
    given = Helped()
    given.connect()
    given.report(given.policy(), "LT-BERLIN-012")
    device = only(given.help())
    assert device["reset"]["kind"] == "unknown" and "has arrived on the device" in device["reset"]["reasons"][0]


def test_a_hybrid_joined_device() -> None:
    given = Helped()
    given.web_sign_in()
    recovery = given.help(EMMA)
    assert only(recovery)["join_type"] == "hybrid_joined" and recovery["pass"]["can_help"] is True
    assert "No pass signs in to this device." in recovery["steps"][2]


@pytest.mark.parametrize(
    ("user", "can_help", "found", "words"),
    [
        pytest.param(ADMIN, None, ["administrator"], "no Windows device", id="privileged, without a device"),
        pytest.param(GUEST, False, ["external_guest"], "their own organization", id="guest"),
        pytest.param(WAREHOUSE, False, ["other_platforms_only"], "reset passcode", id="Android only"),
        pytest.param(SOFIA, False, ["not_joined"], "not the work account", id="registered only"),
    ],
)
def test_other_users(user: str, can_help: bool | None, found: list[str], words: str) -> None:
    recovery = Helped().help(user)
    assert (recovery["pass"]["can_help"], codes(recovery)) == (can_help, found) and words in " ".join(recovery["steps_without_pass"])


def test_a_disabled_account() -> None:
    given = Helped()
    change_user(given.tenant, given.user_id(CLARA), {"accountEnabled": False})
    recovery = given.help()
    assert codes(recovery) == ["account_disabled"] and "enable it in Microsoft Entra" in recovery["steps"][1]


def test_a_tenant_without_passes() -> None:
    given = Helped()
    given.tenant.access_pass_policy = {**given.tenant.access_pass_policy, "state": "disabled"}
    recovery = given.help()
    assert codes(recovery) == ["method_disabled"] and "To be able to use a pass" in recovery["steps"][-1]
    assert "Authenticator app" in " ".join(recovery["steps"]), "meanwhile"


def test_several_devices_are_told_apart() -> None:
    given = Helped()
    given.add("LT-BERLIN-012", serialNumber="S2", joinType="unknown")
    recovery = given.help()
    assert len(recovery["devices"]) == 2 and recovery["steps"][2] == "Ask which device it is."
    assert any("LT-BERLIN-012 (S2)" in step for step in recovery["steps"])
    assert {device["join_type"] for device in recovery["devices"]} == {"entra_joined", "unknown"}


def test_a_record_of_another_user_is_left_out_and_told() -> None:
    given = Helped()
    identity = given.add("OLD-1", userId=given.user_id(FELIX))
    recovery = given.help()
    assert only(recovery)["device_name"] == "LT-BERLIN-012"
    assert [problem for problem in recovery["problems"] if identity in problem and "left out" in problem]


def test_a_record_without_a_user_id_counts_by_its_name() -> None:
    given = Helped()
    given.add("NEW-1", userId=None)
    assert {device["device_name"] for device in given.help()["devices"]} == {"LT-BERLIN-012", "NEW-1"}


def test_names_are_as_strict_as_for_passes() -> None:
    given = Helped()
    for name in ("Clara Hoffmann", f"nobody{DOMAIN}"):
        with pytest.raises(errors.SelectionError):
            given.recover(name)
    assert given.help(given.user_id(CLARA))["user"]["user_principal_name"] == CLARA


def test_parts_that_cannot_be_read_leave_the_others_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing(Helped):
        def ask(self, request: Request) -> Response:
            if "managedDevices" in request.url or "temporaryAccessPass" in request.url or "directoryRole" in request.url:
                return error(403, "Forbidden", "No.")
            return super().ask(request)

    given = Refusing()
    monkeypatch.setattr("ansible_collections.endpointops.intune.plugins.module_utils._graph.client.GraphClient.read_ahead", lambda *_: None)
    recovery = given.help()
    assert recovery["devices"] is None and recovery["pass"]["can_help"] is None
    assert codes(recovery) == ["policy_unread", "roles_unread", "devices_unread"]
    assert any("devices" in problem for problem in recovery["problems"]) and "dsregcmd" in " ".join(recovery["steps"])


@pytest.mark.parametrize(
    ("path", "status", "told", "not_told"),
    [
        pytest.param("temporaryAccessPass$", 403, "one of the permissions Policy.Read.AuthenticationMethod", "Could not", id="policy, 403"),
        pytest.param("temporaryAccessPass$", 500, "Could not read the policy for passes: 500", "permissions", id="policy, 500"),
        pytest.param("directoryRole$", 403, "one of the permissions RoleManagement.Read.Directory", "Could not", id="roles, 403"),
        pytest.param("directoryRole$", 500, "Could not read directory roles: 500", "permissions", id="roles, 500"),
        pytest.param("managedDevices$", 500, "Run the task again.", "permissions", id="devices, 500"),
        pytest.param("deviceHealthScripts$", 500, "Could not read the probe: 500", "permissions", id="probe, 500"),
        pytest.param("SettingsReport$", 500, "Could not read the check-in status of a policy: 500", "permissions", id="report, 500"),
        pytest.param("SettingsReport$", 429, "Could not read the check-in status of a policy: 429", "permissions", id="report, 429"),
        pytest.param("deviceHealthScriptStates$", 500, "Run the task again.", "permissions", id="states of the probe, 500"),
    ],
)
def test_each_part_that_stays_unavailable_leaves_steps_and_is_told_with_what_to_do(
    path: str, status: int, told: str, not_told: str
) -> None:
    class Failing(Helped):
        def ask(self, request: Request) -> Response:
            return error(status) if re.search(path, request.url.partition("?")[0]) else super().ask(request)

    given = Failing("helpdesk")
    given.report(given.web_sign_in(), "LT-BERLIN-012")
    # Also in a batch.
    given.tenant.faults.arm({"match": {"path": path}, "fault": {"kind": "status", "status": status}, "times": None})
    recovery = given.help()
    problems = " ".join(recovery["problems"])
    assert told in problems and not_told not in problems and len(recovery["problems"]) == 1
    assert recovery["steps"] and recovery["message_to_user"]


def test_a_service_that_ignores_the_filter_shows_no_device_of_others() -> None:
    class Unfiltered(Helped):
        def ask(self, request: Request) -> Response:
            url = re.sub(r"[$%24]+filter=[^&]+&?", "", request.url) if "/managedDevices?" in request.url else request.url
            return super().ask(dataclasses.replace(request, url=url))

    given = Unfiltered()
    user = User(given.user_id(CLARA), f"clark{DOMAIN}")
    own = {"userPrincipalName": user.principal.upper(), "userId": None}
    given.add("HERS", **own)
    # The kelvin sign becomes a k in lower case.
    given.add("NOT-HERS", **{**own, "userPrincipalName": f"clar\u212a{DOMAIN}"})
    given.add("NOBODYS", userPrincipalName="", userId="00000000-0000-0000-0000-000000000000")
    given.add("OF-ANOTHER", userPrincipalName=user.principal, userId=given.user_id(FELIX))
    found = recovery_api.fetch_user_devices(given.world().client, user)
    assert sorted(str(device.device_name) for device in found.records) == ["HERS", "LT-BERLIN-012", "iPhone von Clara"]
    (told,) = found.left_out
    assert "OF-ANOTHER" in told


# --- requests -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", ["demo", "helpdesk"])
def test_it_takes_ten_requests_at_most_besides_those_of_readiness(seed: str) -> None:
    given = Helped(seed)
    given.connect()
    for number in range(3):
        given.policy(f"PIN {number}")
        given.policy(f"Web {number}", enable_pin_recovery=None, enable_web_sign_in="enabled")
    for number in range(30):
        given.add(f"PC-{number}")
    _verdict, shared = given.read(rollout="none")
    before = len(given.sent)
    recovery = given.help()
    assert len(recovery["devices"]) == 20 and any("not the other 11" in problem for problem in recovery["problems"])
    assert len(given.sent) - before - len(shared) <= MOST_REQUESTS
    assert any("to keep the task short" in problem for problem in recovery["problems"])
    assert not any(request.method in ("PATCH", "PUT", "DELETE") for request in given.sent[before:])


def test_finding_the_steps_and_issuing_a_pass_take_fewer_than_ten() -> None:
    """Besides those of readiness, if the user has a device, and the probe and a policy for web sign-in exist."""
    given = Helped("helpdesk")
    _verdict, shared = given.read(rollout="none")
    before = len(given.sent)
    recovery = given.help()
    writer = given.world(credential=FakeCredential({"tid": given.tenant.tenant_id, "roles": ["UserAuthMethod-TAP.ReadWrite.All"]}))
    defaults = {name: option.get("default") for name, option in entra_temporary_access_pass.SPEC.argument_spec.items()}
    issue = {**options(), **defaults, "users": [recovery["user"]["id"]], "return_pass": True}
    assert entra_temporary_access_pass.run(issue, writer.client, False).changed
    assert recovery["devices"][0]["web_sign_in"]["state"] == "on"
    assert len(given.sent) - before - len(shared) < 10


def test_of_many_devices_those_that_were_used_last_are_told() -> None:
    given = Helped()
    for number in range(25):
        given.add(f"PC-{number:02d}", lastSyncDateTime=f"2026-01-{number + 1:02d}T08:00:00Z")
    found = [device["device_name"] for device in given.help()["devices"]]
    assert [name for name in found if name != "LT-BERLIN-012"] == [f"PC-{number:02d}" for number in range(24, 5, -1)]


# --- the probe ------------------------------------------------------------------------------------------------------


class Probed(Helped):
    """A tenant with the probe. ``answers``: the states at each read of the devices, the last one for all later ones."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *answers: t.Any) -> None:
        super().__init__()
        self.connect()
        self.policy()
        self.answers, self.asked, self.refusals = list(answers), [], {}
        self.script = Found(id=SCRIPT, name="PIN reset probe", content=contents.PLAIN)
        monkeypatch.setattr(flow.probes, "fetch_probes", lambda _client: [self.script])
        monkeypatch.setattr(flow.probes, "fetch_probe", lambda _client, _id: self.script)
        for module in (flow, fresh):
            monkeypatch.setattr(module, "fetch_device_states", self.look)

    def look(self, _client: t.Any, _script: str, ids: t.Iterable[str], users: t.Collection[str]) -> dict[str, DeviceState | None]:
        assert len(users) == 2 and any("@" in name for name in users), "the answers are about the user, by principal and display name"
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return dict.fromkeys(ids, answer)

    def ask(self, request: Request) -> Response:
        if request.url.endswith("/initiateOnDemandProactiveRemediation"):
            self.asked.append(request)
            refusal = self.refusals.get(len(self.asked))
            return refusal or Response(204, {}, b"")
        return super().ask(request)


def said(
    state: t.Any = "proven", user: str | None = CLARA, changed: str = "2026-01-05T08:00:00Z", synced: str | None = None
) -> DeviceState:
    return DeviceState("1", "LT-BERLIN-012", user, None, state, (), "entra_joined", changed, synced)


def test_the_word_of_the_device_decides(monkeypatch: pytest.MonkeyPatch) -> None:
    recovery = Probed(monkeypatch, said()).help()
    device = only(recovery)
    assert device["reset"]["kind"] == "non_destructive" and device["probe"]["age_seconds"] // 60 == 120
    assert "Tell the user that only the PIN on LT-BERLIN-012 changes." in recovery["steps"] and recovery["fresh"] is None


def test_the_word_about_another_person_does_not(monkeypatch: pytest.MonkeyPatch) -> None:
    device = only(Probed(monkeypatch, said(user=FELIX)).help())
    assert device["reset"]["kind"] == "unknown" and device["probe"]["user"] == FELIX


def test_a_fresh_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Probed(monkeypatch, said("pending"), said("pending"), said(changed="2026-01-05T10:00:05Z"))
    outcome = given.recover(fresh=True)
    recovery = outcome.values["recovery"]
    assert (outcome.changed, recovery["fresh"], only(recovery)["reset"]["kind"]) == (True, True, "non_destructive")
    assert len(given.asked) == 1 and b'"scriptPolicyId"' in (given.asked[0].body or b"")


def test_a_dated_pending_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Probed(monkeypatch, said(), said("pending", changed="2026-01-05T10:00:05Z"))
    recovery = given.help(fresh=True)
    assert recovery["fresh"] is None and "has reported no newer answer" in " ".join(recovery["problems"])


def test_a_newer_sync_alone_is_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent also syncs without a run of the probe."""
    given = Probed(monkeypatch, said(), said(synced="2026-01-05T10:00:05Z"))
    recovery = given.help(fresh=True)
    assert recovery["fresh"] is None and "It was online since" in " ".join(recovery["problems"])


@pytest.mark.parametrize("timeout", [0.0, 120.0])
def test_after_the_time_the_last_known_answer_stands(monkeypatch: pytest.MonkeyPatch, timeout: float) -> None:
    given = Probed(monkeypatch, said())
    began = given.clock.monotonic()
    outcome = given.recover(fresh=True, fresh_timeout=timeout)
    recovery = outcome.values["recovery"]
    assert outcome.changed and recovery["fresh"] is None and only(recovery)["reset"]["kind"] == "non_destructive"
    assert only(recovery)["probe"]["age_seconds"] >= 7200 and "last known answer" in " ".join(recovery["problems"])
    assert given.clock.monotonic() - began <= timeout


def test_in_check_mode_no_device_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Probed(monkeypatch, said())
    outcome = given.recover(fresh=True, check=True)
    assert (outcome.changed, given.asked, outcome.values["recovery"]["fresh"]) == (False, [], None)


def test_a_device_that_cannot_be_asked_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Probed(monkeypatch, said())
    refusal = error(403, "Forbidden", "The device is offline.")
    given.refusals = {1: dataclasses.replace(refusal, headers={**refusal.headers, "request-id": "r-1"})}
    outcome = given.recover(fresh=True)
    (told,) = outcome.values["recovery"]["problems"]
    assert not outcome.changed and told.startswith("LT-BERLIN-012 was not asked to run the probe. POST ")
    assert "403 Forbidden: The device is offline." in told and "Grant one of" in told and "(request-id r-1)" in told


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        pytest.param({"content": b"Remove-Item C:\\Temp"}, "its detection script is not the probe's", id="another script"),
        pytest.param({"content": None}, "cannot be read", id="hidden script"),
        pytest.param({"is_remediating": True}, "it has a remediation script", id="it remediates"),
    ],
)
def test_no_device_is_asked_to_run_a_remediation_of_others(monkeypatch: pytest.MonkeyPatch, changes: Json, word: str) -> None:
    given = Probed(monkeypatch, said())
    given.script = dataclasses.replace(given.script, **changes)
    outcome = given.recover(fresh=True)
    (problem,) = (text for text in outcome.values["recovery"]["problems"] if text.startswith("No device was asked"))
    assert not outcome.changed and given.asked == [] and word in problem and SCRIPT in problem


def test_no_device_is_asked_where_the_script_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Probed(monkeypatch, said())

    def refuse(*_args: t.Any) -> t.NoReturn:
        raise errors.ServiceError("Try again.", status=503, code="ServiceUnavailable")

    monkeypatch.setattr(flow.probes, "fetch_probe", refuse)
    recovery = given.help(fresh=True)
    assert given.asked == [] and "No device was asked to run the probe. Could not read its script: 503" in " ".join(recovery["problems"])
    assert only(recovery)["reset"]["kind"] == "non_destructive"


def test_without_the_probe_nothing_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    given = Probed(monkeypatch, said())
    outcome = given.recover(fresh=True, probe_name="Another")
    assert not outcome.changed and "no remediation named 'Another'" in " ".join(outcome.values["recovery"]["problems"])


def test_hybrid_joined_devices_are_asked_and_registered_ones_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    for user, number in ((EMMA, 1), (SOFIA, 0)):
        given = Probed(monkeypatch, said(), said(synced="2026-01-05T10:00:05Z"))
        given.recover(user, fresh=True)
        assert len(given.asked) == number


@pytest.mark.parametrize("timeout", [-1.0, float("nan")])
def test_a_timeout_that_is_none_is_refused(timeout: float) -> None:
    with pytest.raises(errors.InvalidOptionError, match="fresh_timeout must be 0 or more"):
        Helped().recover(fresh=True, fresh_timeout=timeout)


# --- the probe of an emulated tenant, for each possible behavior that Microsoft leaves open --------------------------


class Reported(Helped):
    """A connected tenant in which the probe has run everywhere."""

    def __init__(self, **settings: t.Any) -> None:
        super().__init__("helpdesk", **settings)
        self.clock.seconds = self.tenant.clock.now().timestamp()
        self.connect()
        self.policy()


USER_NAMES = [pytest.param({"script_user_name": name}, id=name) for name in ("upn", "display_name")]


@pytest.mark.parametrize("settings", [*USER_NAMES, pytest.param({"script_rows": "user"}, id="a row for each user")])
def test_what_the_device_reported_counts(settings: Json) -> None:
    device = only(Reported(**settings).help())
    assert (device["reset"]["kind"], device["probe"]["state"]) == ("non_destructive", "proven")
    assert device["probe"]["age_seconds"] > 86400 and "last change" in device["reset"]["reasons"][0]


@pytest.mark.parametrize(
    ("user", "kind", "word"),
    [
        pytest.param("amelie.novak", "destructive", "loses the credentials", id="no policy on the device"),
        pytest.param("jonas.weber", "none", "no PIN", id="no PIN"),
        pytest.param("louise.bernard", "unknown", "running scripts is disabled", id="no script can run"),
        pytest.param("ines.garcia", "unknown", "The device itself has not said so", id="nobody signed in"),
        pytest.param("emma.fischer", "non_destructive", "The device itself says so", id="hybrid"),
        pytest.param("lukas.meyer", "unknown", "does not accept the device", id="hybrid, refused"),
    ],
)
def test_each_answer_of_the_probe(user: str, kind: str, word: str) -> None:
    device = only(Reported().help(f"{user}{DOMAIN}"))
    assert device["reset"]["kind"] == kind and any(word in reason for reason in device["reset"]["reasons"])


@pytest.mark.parametrize(("report", "fresh"), [("changes", None), ("always", True)])
@pytest.mark.parametrize("access", ["scripts", "documented"])
def test_a_run_on_demand_is_fresh_where_the_device_reports_it(report: str, fresh: bool | None, access: str) -> None:
    given = Reported(on_demand_report=report, on_demand_access=access)
    outcome = given.recover(fresh=True)
    recovery = outcome.values["recovery"]
    assert (outcome.changed, recovery["fresh"], only(recovery)["reset"]["kind"]) == (True, fresh, "non_destructive")
    assert (only(recovery)["probe"]["age_seconds"] < 600) is bool(fresh)
    assert ("has reported no newer answer within 120 seconds" in " ".join(recovery["problems"])) is not bool(fresh)


def test_an_answer_that_changes_is_fresh() -> None:
    given = Reported()
    set_results(given.tenant, {"results": {given.id_of("LT-BERLIN-012"): {"output": NO_POLICY.output}}})
    recovery = given.help(fresh=True)
    assert (recovery["fresh"], only(recovery)["reset"]["kind"]) == (True, "destructive")


@pytest.mark.parametrize("delay", [3600.0])
def test_a_device_that_runs_it_later_is_not_waited_for(delay: float) -> None:
    given = Reported(on_demand_report="always", on_demand_delay=delay)
    began = given.clock.monotonic()
    assert given.help(fresh=True, fresh_timeout=60.0)["fresh"] is None
    assert given.clock.monotonic() - began <= 90
