# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test whole runs of both modules against the emulated directory: late, interrupted at every write, refused, with bad options."""

from __future__ import annotations

import functools
import itertools
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._consent.model import (
    CLIENT_APP_ID,
    DIRECTORY_APP_ID,
    SERVICE_APP_ID,
    ConsentResult,
)
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome
from ansible_collections.endpointops.intune.plugins.modules import intune_pinreset_consent, intune_pinreset_consent_info
from tests.support.emulated import Died, Directory, Interruption
from tests.support.fakes import FakeCredential, options
from tests.support.returns import differences, documented

USER = "66666666-6666-4666-8666-666666666666"
ABSENT = {"state": "absent"}


def run(directory: Directory, module: t.Any = intune_pinreset_consent, check: bool = False, **given: t.Any) -> Outcome:
    defaults = {name: option.get("default") for name, option in module.SPEC.argument_spec.items()}
    return module.run({**options(), **defaults, **given}, directory.world().client, check)


# --- initial states -------------------------------------------------------------------------------------------------


def nothing(directory: Directory) -> None:
    pass


def complete(directory: Directory) -> None:
    directory.make(SERVICE_APP_ID)
    directory.make(CLIENT_APP_ID)
    directory.grant(SERVICE_APP_ID, DIRECTORY_APP_ID, "User.Read")
    directory.grant(CLIENT_APP_ID, SERVICE_APP_ID, "user_impersonation")


def disabled(directory: Directory) -> None:
    complete(directory)
    for app_id in (SERVICE_APP_ID, CLIENT_APP_ID):
        directory.admin("PATCH", f"/servicePrincipals/{directory.id_of(app_id)}", {"accountEnabled": False})


def in_the_bin(directory: Directory) -> None:
    disabled(directory)
    for app_id in (SERVICE_APP_ID, CLIENT_APP_ID):
        directory.admin("DELETE", f"/servicePrincipals/{directory.id_of(app_id)}")


def narrow(directory: Directory) -> None:
    directory.make(SERVICE_APP_ID)
    directory.make(CLIENT_APP_ID)
    directory.grant(SERVICE_APP_ID, DIRECTORY_APP_ID, "Other")
    directory.grant(CLIENT_APP_ID, SERVICE_APP_ID, "other")


def shared(directory: Directory) -> None:
    """Add grants of others: more for all users, and something for one."""
    directory.make(SERVICE_APP_ID)
    directory.make(CLIENT_APP_ID)
    directory.grant(SERVICE_APP_ID, DIRECTORY_APP_ID, "Other User.Read")
    directory.grant(CLIENT_APP_ID, SERVICE_APP_ID, "user_impersonation")
    directory.grant(CLIENT_APP_ID, SERVICE_APP_ID, "mine", principal=USER)


WIDE = {"service_scopes": ["User.Read"], "client_scopes": ["user_impersonation"]}
PLANS: dict[str, tuple[t.Callable[[Directory], None], dict[str, t.Any], int]] = {
    "nothing there": (nothing, {}, 4),
    "in the bin": (in_the_bin, {}, 6),
    "disabled": (disabled, {}, 2),
    "narrow grant": (narrow, WIDE, 2),
    "purge": (shared, {**WIDE, "client_scopes": [], "purge_grants": True}, 2),
    "absent": (complete, ABSENT, 4),
    "absent, shared": (shared, ABSENT, 2),
    "absent with purge": (shared, {**ABSENT, "purge_grants": True}, 4),
    "in the bin, grants come back": (in_the_bin, {}, 4),
}
SETTINGS = {"in the bin, grants come back": {"restore_brings_grants": True}}


def begun(name: str, **more: t.Any) -> tuple[Directory, dict[str, t.Any]]:
    begin, given, _writes = PLANS[name]
    directory = Directory(**SETTINGS.get(name, {}), **more)
    begin(directory)
    return directory, given


@functools.cache
def undisturbed(name: str) -> tuple[dict[str, t.Any], list[str]]:
    """Return the final state, and the writes."""
    directory, given = begun(name)
    assert run(directory, **given).failure is None
    return directory.outline(), sorted(directory.applied)


def assert_done(directory: Directory, name: str, given: dict[str, t.Any]) -> None:
    """Assert the state after an undisturbed run, and that a further run finds nothing to do."""
    asked = directory.asked
    again = run(directory, **given)
    assert (again.failure, again.changed, directory.asked) == (None, False, asked)
    assert (directory.outline(), sorted(directory.applied)) == undisturbed(name)


# --- four beats -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLANS)
def test_check_run_and_run_again(name: str) -> None:
    directory, given = begun(name)
    before = directory.outline()
    check = run(directory, check=True, **given)
    assert (check.changed, check.failure, directory.outline(), directory.asked) == (True, None, before, 0)
    real = run(directory, **given)
    assert (real.changed, real.failure) == (True, None)
    assert (real.before, real.after) == (check.before, check.after) or SETTINGS.get(name)
    assert real.before != real.after
    assert directory.asked == PLANS[name][2]
    assert real.warnings == check.warnings
    assert_done(directory, name, given)
    shown = real.values["pinreset_consent"]
    assert shown["ready"] is ("state" not in given)
    assert not (given.get("state") and any(shown[app]["consented"] for app in ("service", "client")))
    assert run(directory, check=True, **given).values == run(directory, **given).values


@pytest.mark.parametrize(
    ("name", "requests"),
    [("nothing there", 3), ("disabled", 3), ("purge", 3), ("absent", 3), ("absent, shared", 5), ("absent with purge", 3)],
)
def test_a_run_that_finds_nothing_to_do_makes_the_fewest_requests(name: str, requests: int) -> None:
    directory, given = begun(name)
    run(directory, **given)
    directory.sent.clear()
    run(directory, **given)
    assert len(directory.sent) == requests


@pytest.mark.parametrize("check", [False, True])
def test_a_wait_without_time_is_refused_before_a_write_that_could_not_be_confirmed(check: bool) -> None:
    directory = Directory()
    with pytest.raises(errors.InvalidOptionError, match="wait_timeout must be more than 0 seconds"):
        run(directory, check=check, wait_timeout=0.0)
    assert directory.asked == 0


def test_what_others_granted_is_kept_and_said() -> None:
    directory, given = begun("absent, shared")
    outcome = run(directory, **given)
    assert directory.outline()["grants"] == [
        (CLIENT_APP_ID, SERVICE_APP_ID, USER, "mine"),
        (SERVICE_APP_ID, DIRECTORY_APP_ID, "", "Other"),
    ]
    assert len(outcome.warnings) == 2
    service, client = outcome.warnings
    assert SERVICE_APP_ID in service and "(Other)" in service and "1 grant of permissions on it" in service
    assert CLIENT_APP_ID in client and "1 grant to it" in client and "purge_grants" in client
    assert run(directory, **given).warnings == outcome.warnings


def test_another_client_of_the_service_keeps_it() -> None:
    directory, given = begun("absent")
    other = "00000003-0000-0000-c000-000000000000"
    directory.grant(other, SERVICE_APP_ID, "x")
    outcome = run(directory, **given)
    assert list(directory.outline()["there"]) == [DIRECTORY_APP_ID, other, SERVICE_APP_ID]
    assert directory.outline()["grants"] == [(other, SERVICE_APP_ID, "", "x")]
    assert len(outcome.warnings) == 1 and not run(directory, **given).changed


def test_without_purge_nothing_is_taken_from_anybody() -> None:
    directory, _given = begun("purge")
    assert not run(directory, **WIDE).changed


def test_purge_leaves_single_users_and_other_resources_alone() -> None:
    directory, given = begun("purge")
    directory.grant(SERVICE_APP_ID, "00000003-0000-0000-c000-000000000000", "elsewhere")
    run(directory, **given)
    assert [grant[2:] for grant in directory.outline()["grants"]] == [(USER, "mine"), ("", "User.Read"), ("", "elsewhere")]


# --- late -----------------------------------------------------------------------------------------------------------

OPEN = ("visibility_reads", "grant_on_invisible", "grant_applied_on_invisible", "duplicate_grant")
WORST = [dict(zip(OPEN, values, strict=True)) for values in itertools.product((0, 1, 3, 6), ("404", "400"), (True, False), ("400", "409"))]


@pytest.mark.slow
@pytest.mark.parametrize("name", PLANS)
def test_whatever_entra_shows_late_nothing_is_done_twice(name: str) -> None:
    for late in WORST:
        for blind in (0, late["visibility_reads"]):
            directory, given = begun(name, blind=blind, **late)
            outcome = run(directory, **given)
            assert outcome.failure is None, (late, blind)
            assert (directory.outline(), sorted(directory.applied)) == undisturbed(name), (late, blind)
            again = run(directory, **given)
            assert (again.failure, again.changed) == (None, False), (late, blind)


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("replicas", [(0, 9), (9, 0), (0, 0, 9), (3, 0, 6), (6, 6)])
def test_servers_that_do_not_agree_yet_are_waited_for(name: str, replicas: tuple[int, ...]) -> None:
    directory, given = begun(name, replicas=replicas)
    assert run(directory, **given).failure is None
    # Three reads in a row were good, so each of up to three servers knows.
    assert_done(directory, name, given)


# --- interrupted ----------------------------------------------------------------------------------------------------

KINDS = ("dies", "drop_before", "drop_after", "refused", "done")
BREAKS = [(name, Interruption(number, kind)) for name, plan in PLANS.items() for number in range(plan[2]) for kind in KINDS]


@pytest.mark.parametrize(("name", "interruption"), BREAKS, ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value)))
@pytest.mark.parametrize("late", [0, 3])
def test_a_run_that_was_interrupted_is_finished_by_the_next(name: str, interruption: Interruption, late: int) -> None:
    directory, given = begun(name, visibility_reads=late)
    directory.interruption = interruption
    try:
        outcome = run(directory, **given)
        failed = outcome.failure is not None
        assert failed is (interruption.kind in ("refused", "done"))
        # A write with status 500 that was done, but is not visible yet, is not known to be a change.
        assert not failed or (late and interruption.kind == "done") or outcome.changed is bool(directory.applied)
        assert not failed or outcome.changed is (outcome.failure.effects == "partial")
    except Died:
        assert interruption.kind == "dies"
    directory.interruption = None
    finished = run(directory, **given)
    assert finished.failure is None
    if late:
        # A process that starts while Entra shows old data may repeat a write that is harmless twice.
        assert directory.outline() == undisturbed(name)[0]
    else:
        assert_done(directory, name, given)


# --- refused --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["403", "400"])
def test_a_consent_by_hand_is_found_by_the_next_run(status: str) -> None:
    directory = Directory(consent="refuse_grant", refuse_grant_status=status)
    outcome = run(directory)
    assert isinstance(outcome.failure, errors.GraphError) and outcome.failure.status == int(status)
    urls = outcome.values["pinreset_consent"]["consent_urls"].values()
    assert all(url in str(outcome.failure) for url in urls) and "Application Administrator" in str(outcome.failure)
    assert outcome.changed and outcome.failure.effects == "partial", "both applications were made"
    by_hand(directory)
    again = run(directory)
    assert (again.failure, again.changed, again.values["pinreset_consent"]["ready"]) == (None, False, True)


def test_applications_made_by_hand_are_found_by_the_next_run() -> None:
    directory = Directory(consent="refuse_service_principal")
    outcome = run(directory)
    assert isinstance(outcome.failure, errors.ForbiddenError) and not outcome.changed and outcome.failure.effects == "none"
    directory.tenant.settings.patch({"consent": "allow"})
    directory.make(SERVICE_APP_ID)
    directory.make(CLIENT_APP_ID)
    by_hand(directory)
    directory.tenant.settings.patch({"consent": "refuse_service_principal"})
    assert (run(directory).failure, run(directory).changed) == (None, False)


def by_hand(directory: Directory) -> None:
    """Do the work of an administrator in the browser, while Graph still refuses it to an application."""
    setting = directory.tenant.settings.consent
    directory.tenant.settings.patch({"consent": "allow"})
    directory.grant(SERVICE_APP_ID, DIRECTORY_APP_ID, "User.Read")
    directory.grant(CLIENT_APP_ID, SERVICE_APP_ID, "openid user_impersonation")
    directory.tenant.settings.patch({"consent": setting})


def test_what_lies_in_the_bin_is_left_there_if_it_is_not_to_be_restored() -> None:
    directory, _given = begun("in the bin")
    lying = next(item for item in directory.tenant.deleted_items.all_written() if item["appId"] == SERVICE_APP_ID)
    for check in (True, False):
        outcome = run(directory, check=check, restore_deleted=False)
        message = str(outcome.failure)
        assert all(part in message for part in (lying["id"], lying["deletedDateTime"], "restore_deleted to true", "delete it for good"))
        assert (outcome.changed, outcome.before == outcome.after, directory.asked) == (False, True, 0)
        assert outcome.failure is not None and outcome.failure.effects == "none"
        assert outcome.values["pinreset_consent"]["service"]["deleted"] == lying["deletedDateTime"]


def test_nothing_in_the_bin_is_nothing_to_restore() -> None:
    directory, _given = begun("nothing there")
    assert run(directory, restore_deleted=False).failure is None


# --- bad input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"client_scopes": ['a"b']}, "client_scopes"),
        ({"service_scopes": ["s" * 100 + f"{number}" for number in range(50)]}, "3850"),
        ({"cloud": "china"}, "china"),
    ],
)
def test_bad_options_are_refused_before_any_request(given: dict[str, t.Any], named: str) -> None:
    directory = Directory()
    with pytest.raises(errors.InvalidOptionError, match=named):
        run(directory, **given)
    assert directory.sent == []


def test_a_grant_that_would_become_too_long_is_refused_before_any_write() -> None:
    directory, _given = begun("narrow grant")
    grant = next(directory.tenant.grants.all_written())["id"]
    directory.admin("PATCH", f"/oauth2PermissionGrants/{grant}", {"scope": " ".join(f"{'s' * 90}{number:02}" for number in range(41))})
    outcome = run(directory, service_scopes=["t" * 100])
    assert isinstance(outcome.failure, errors.InvalidOptionError) and "3850" in str(outcome.failure)
    assert directory.asked == 0
    assert run(directory, service_scopes=["t" * 100], purge_grants=True).failure is None


# --- the other module -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", PLANS)
def test_the_info_module_returns_the_same_and_writes_nothing(name: str) -> None:
    directory, given = begun(name)
    run(directory, **given)
    scopes = {option: given[option] for option in ("service_scopes", "client_scopes") if option in given}
    directory.sent.clear()
    told = run(directory, intune_pinreset_consent_info, **scopes)
    assert {request.method for request in directory.sent} == {"GET"} and len(directory.sent) == 3
    assert (told.changed, told.before, told.failure) == (False, None, None)
    if "state" not in given:
        assert told.values == run(directory, **given).values


@pytest.mark.parametrize("roles", [["Application.Read.All", "DelegatedPermissionGrant.Read.All"], ["Directory.Read.All"]])
def test_the_info_module_needs_no_more_than_it_says(roles: list[str]) -> None:
    directory = Directory(roles=roles)
    assert run(directory, intune_pinreset_consent_info).values["pinreset_consent"]["ready"] is False


APPLICATIONS, GRANTS = "Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"
READING = ["Application.Read.All", "DelegatedPermissionGrant.Read.All"]


def run_as(directory: Directory, claims: dict[str, t.Any], check: bool = False, **given: t.Any) -> Outcome:
    """Run with a token that has these claims."""
    defaults = {name: option.get("default") for name, option in intune_pinreset_consent.SPEC.argument_spec.items()}
    world = directory.world(credential=FakeCredential(claims))
    return intune_pinreset_consent.run({**options(), **defaults, **given}, world.client, check)


@pytest.mark.parametrize(
    ("prepare", "roles", "given", "missing"),
    [
        pytest.param(nothing, [APPLICATIONS, *READING], {}, GRANTS, id="case 50: no grants"),
        pytest.param(nothing, [GRANTS, *READING], {}, APPLICATIONS, id="case 50: no applications"),
        pytest.param(nothing, READING, {}, f"{APPLICATIONS} and {GRANTS}", id="case 50: reading alone"),
        pytest.param(complete, [GRANTS, *READING], ABSENT, APPLICATIONS, id="case 50: grants alone, absent"),
    ],
)
def test_a_permission_that_is_missing_is_named_before_the_first_write(
    prepare: t.Callable[[Directory], None], roles: list[str], given: dict[str, t.Any], missing: str
) -> None:
    directory = Directory()
    prepare(directory)
    directory.applied.clear()
    before = directory.truth()
    outcome = run_as(directory, {"roles": roles}, **given)
    assert isinstance(outcome.failure, errors.MissingPermissionError) and f"permission {missing}, which" in outcome.failure.message
    assert ("login.windows.net" in (outcome.failure.hint or "")) is (not given), "a person can consent by hand"
    assert (outcome.changed, outcome.before == outcome.after, directory.truth() == before) == (False, True, True)
    assert {request.method for request in directory.sent} == {"GET"} or directory.applied == []
    assert run_as(directory, {"roles": roles}, check=True, **given).failure is None, "check mode takes permissions to read"


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"roles": [APPLICATIONS, GRANTS]}, id="both"),
        pytest.param({"roles": ["Directory.ReadWrite.All"]}, id="the greater one"),
        pytest.param({"scp": "Application.Read.All"}, id="a person with a role of the directory"),
        pytest.param({"roles": []}, id="a token that says nothing"),
        pytest.param({}, id="a token that cannot be read"),
    ],
)
def test_a_token_that_may_suffice_is_tried(claims: dict[str, t.Any]) -> None:
    outcome = run_as(Directory(), claims)
    assert outcome.failure is None and outcome.changed


# --- documentation --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("module", [intune_pinreset_consent, intune_pinreset_consent_info])
def test_the_return_value_is_documented_as_it_is(module: t.Any) -> None:
    assert differences(ConsentResult, documented(module, "pinreset_consent"), "pinreset_consent") == []
    shown = run(Directory(), module, check=True).values["pinreset_consent"]
    assert set(shown) == set(ConsentResult.__annotations__)
    assert set(shown["consent_urls"]) == set(documented(module, "pinreset_consent")["contains"]["consent_urls"]["sample"])
