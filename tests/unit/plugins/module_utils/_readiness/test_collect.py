# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the requests to the emulated tenant, their number, and their possible failures."""

from __future__ import annotations

import typing as t
from datetime import timedelta

import pytest
from intune_emulator.control.policies import add_policy
from intune_emulator.entra.registrations import publish
from intune_emulator.entra.tokens import issue_token

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._lifetime import Lifetime
from ansible_collections.endpointops.intune.plugins.modules import intune_pin_probe, intune_pin_readiness_info
from tests.support.fakes import ENDLESS
from tests.support.readiness_tasks import ALL_DEVICES, READERS, Given, expect

V1, BETA = "POST /v1.0/$batch", "POST /beta/$batch"
PRINCIPALS = "GET /v1.0/servicePrincipals"
DEVICES = "GET /beta/deviceManagement/managedDevices"
EVERYBODY = [{"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}]
PILOT = {"target": "group", "group": "Pilot ring", "filter": "Corporate laptops", "filter_type": None}


@pytest.fixture
def given() -> Given:
    return Given()


def restrict(given: Given, *roles: str) -> None:
    """Limit the application to these permissions."""
    given.claims = {**given.claims, "roles": list(roles)}
    given.token = issue_token(given.tenant, next(iter(given.tenant.applications.values())), roles=list(roles))


# --- requests -------------------------------------------------------------------------------------------------------


def test_the_fewest_requests_for_an_empty_tenant(given: Given) -> None:
    found, asked = given.read()
    assert asked == [BETA, PRINCIPALS, V1] and found["problems"] == []


@pytest.mark.parametrize("backends", [("custom",) * 3, ("settings_catalog",) * 3, ("custom", "settings_catalog", "settings_catalog")])
def test_three_policies_take_at_most_ten_requests_and_sign_in_two_more(given: Given, backends: tuple[str, ...]) -> None:
    given.connect()
    for number, backend in enumerate(backends):
        given.policy(f"PIN {number}", backend, assignments=[PILOT] if number else [PILOT, {**PILOT, "group": "Helpdesk phones"}])
    wanted = expect(
        "PIN 0",
        assignments=[{**PILOT, "target": "exclude_group", "filter": None}, PILOT | {"group": "Field service"}],
        scope_tags=["Berlin"],
    )
    found, asked = given.read(expect=wanted, count_devices=True)
    assert len(asked) <= 10, asked
    assert found["problems"] == [] and len(found["policies"]) == 3 and found["differs"] and found["devices"]["total"] == 40
    assert sum(policy["rollout"] is not None for policy in found["policies"]) == 3
    assert len(given.read()[1]) <= 4, "the verdict alone"


def test_the_results_of_the_probe_take_one_request_more() -> None:
    given = Given("helpdesk")
    without, asked = given.read()
    found, more = given.read(probe=True)
    assert without["probe"] is None and len(more) == len(asked) + 1
    probe, proven = found["probe"], found["levels"]["proven"]
    assert probe["total"] == probe["proven"] + probe["not_proven"] + probe["unknown"] + probe["pending"] > 0
    assert (proven["state"], proven["devices"], proven["total"]) == ("yes", probe["proven"], probe["total"])
    assert (probe["assigned"], probe["devices"], found["problems"]) == (True, None, [])
    assert {**found, "probe": None, "levels": {**found["levels"], "proven": without["levels"]["proven"]}} == without


def test_the_results_of_many_devices_take_one_request_for_each_hundred() -> None:
    given = Given("fleet:250")
    assert given.run(intune_pin_probe, assignments=[ALL_DEVICES]).changed
    _without, asked = given.read()
    found, more = given.read(probe=True)
    assert found["probe"]["total"] == found["probe"]["pending"] == 250 and found["levels"]["proven"]["state"] == "unknown"
    assert len(more) == len(asked) + 3, "the first hundred came with the probe"


@pytest.mark.parametrize("state", ["unconfirmed", "none"])
def test_a_license_that_nobody_confirmed_is_why_no_device_answers(state: str) -> None:
    given = Given(windows_license=state, script_without_user="missing")
    given.run(intune_pin_probe, assignments=[ALL_DEVICES])
    probe = given.read(probe=True)[0]["probe"]
    assert [reason["code"] for reason in probe["reasons"]] == (["license_unconfirmed"] if not probe["total"] else ["probe_pending"])


def test_each_device_is_listed_where_that_is_asked_for() -> None:
    probe = Given("helpdesk").read(probe=True, probe_devices=True)[0]["probe"]
    states = [device["state"] for device in probe["devices"]]
    assert {state: states.count(state) for state in set(states)} == {
        state: probe[state] for state in ("proven", "not_proven", "unknown", "pending")
    }
    assert all(bool(device["reasons"]) is (device["state"] != "proven") for device in probe["devices"])


def test_no_probe_is_a_problem_and_changes_no_verdict(given: Given) -> None:
    without = given.read()[0]
    found, _asked = given.read(probe=True, probe_name="Mine")
    assert [reason["code"] for reason in found["probe"]["reasons"]] == ["probe_missing"]
    assert len(found["problems"]) == 1 and "'Mine'" in found["problems"][0]
    assert (found["ready"], found["reasons"]) == (without["ready"], without["reasons"])


@pytest.mark.parametrize(
    ("lacks", "is_found"),
    [("DeviceManagementScripts.Read.All", False), ("DeviceManagementManagedDevices.Read.All", True)],
)
def test_a_probe_that_may_not_be_read_names_the_permission(lacks: str, is_found: bool) -> None:
    given = Given("helpdesk")
    restrict(given, *(role for role in READERS if role != lacks))
    found, _asked = given.read(probe=True)
    (reason,) = found["probe"]["reasons"]
    assert (reason["code"], reason["devices"]) == ("probe_unread", 0) and f"{lacks} is missing" in reason["message"]
    assert found["problems"] == [reason["message"]] and "license" not in reason["hint"]
    assert (found["probe"]["id"] is not None) is is_found and found["probe"]["total"] is None
    assert found["levels"]["proven"] == {"state": "unknown", "devices": None, "total": None}


@pytest.mark.parametrize("setting", ["pending", "notApplicable", "missing"])
@pytest.mark.parametrize("rows", ["device", "user"])
def test_whatever_intune_shows_of_devices_without_a_user_nothing_is_proven_by_it(setting: str, rows: str) -> None:
    given = Given("helpdesk", script_without_user=setting, script_rows=rows)
    probe = given.read(probe=True)[0]["probe"]
    assert probe["total"] == probe["proven"] + probe["not_proven"] + probe["unknown"] + probe["pending"]
    assert probe["proven"] == Given("helpdesk").read(probe=True)[0]["probe"]["proven"]


def test_ten_thousand_devices_take_one_request_for_each_thousand() -> None:
    given = Given("fleet:2500")
    found, asked = given.read(count_devices=True)
    assert found["devices"]["total"] == 2500
    assert asked == [BETA, PRINCIPALS, V1, DEVICES, DEVICES], "the first thousand came with the others"


def test_a_policy_with_many_devices_takes_one_request_more() -> None:
    given = Given("fleet:300")
    given.policy()
    found, asked = given.read()
    (policy,) = found["policies"]
    assert policy["rollout"]["total"] == 300 and found["deployment"]["pending"] == 300
    assert len(asked) <= 6, asked


def test_a_device_that_gets_two_policies_counts_once(given: Given) -> None:
    for name in ("A", "B"):
        given.arrive(given.policy(name), "succeeded", "error")
    found, _asked = given.read()
    one, two = (policy["rollout"] for policy in found["policies"])
    assert one["total"] == two["total"] == found["deployment"]["total"]
    assert found["levels"]["arrived"]["devices"] == 1 and found["deployment"]["error"] == 1


def test_old_intents_are_read(given: Given) -> None:
    add_policy(given.tenant, {"surface": "intent", "name": "Old", "values": {"pinRecoveryEnabled": True}, "assignments": EVERYBODY})
    found, _asked = given.read()
    assert [policy["surface"] for policy in found["policies"]] == ["intent"]
    assert found["levels"]["configured"]["state"] == "yes"


def test_without_a_tenant_id_in_the_token_the_tenant_is_asked(given: Given) -> None:
    given.claims = {"roles": list(READERS)}
    assert given.read()[1] == [V1, BETA, V1]


def test_the_check_in_status_is_not_asked_for_where_nobody_wants_it(given: Given) -> None:
    given.policy()
    found, asked = given.read(rollout="none")
    assert found["policies"][0]["rollout"] is None and asked == [BETA, PRINCIPALS, V1]
    assert [reason["code"] for reason in found["reasons"]] == ["not_connected", "status_not_asked"]


@pytest.mark.parametrize("check", [False, True])
def test_only_policies_that_decide_are_exported_and_none_in_check_mode(given: Given, check: bool) -> None:
    given.policy("PIN")
    given.policy("Other", enable_pin_recovery=None, minimum_pin_length=6)
    found, asked = given.read(rollout="devices", check=check)
    exports = asked.count("POST /v1.0/deviceManagement/reports/exportJobs")
    assert (exports > 0) is not check and exports <= 2
    assert all(policy["rollout"] is not None for policy in found["policies"]) and found["problems"] == []


# --- verdicts -------------------------------------------------------------------------------------------------------


def test_a_tenant_becomes_ready_step_by_step(given: Given) -> None:
    assert [reason["code"] for reason in given.read()[0]["reasons"]] == ["not_connected", "policy_missing"]
    given.connect()
    assert [reason["code"] for reason in given.read()[0]["reasons"]] == ["policy_missing"]
    policy = given.policy()
    (reason,) = given.read()[0]["reasons"]
    assert reason["code"] == "not_arrived"
    given.arrive(policy, "succeeded", "error")
    found, _asked = given.read()
    assert found["ready"] is True and found["reasons"] == []
    assert found["levels"]["arrived"] == {"state": "yes", "devices": 1, "total": found["deployment"]["total"]}


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        pytest.param({}, ["hello_off_at_enrollment"], id="case 45: off at enrollment"),
        pytest.param({"use_passport_for_work": True}, [], id="case 45: off at enrollment, and on by the policy"),
    ],
)
def test_windows_hello_off_at_enrollment(given: Given, settings: dict[str, t.Any], codes: list[str]) -> None:
    given.connect()
    given.arrive(given.policy(**settings), "succeeded")
    add_policy(given.tenant, {"surface": "enrollment", "values": {"state": "disabled"}})
    found, _asked = given.read()
    assert [reason["code"] for reason in found["reasons"]] == codes and found["ready"] is (not codes)


def test_a_group_that_was_deleted(given: Given) -> None:
    given.connect()
    policy = given.policy(assignments=[{**PILOT, "filter": None}])
    group = given.read()[0]["policies"][0]["assignments"][0]["group_id"]
    given.arrive(policy, "succeeded")
    assert given.read()[0]["ready"] is True
    given.tenant.groups.write(group, None)
    found, _asked = given.read()
    assert (found["ready"], [reason["code"] for reason in found["reasons"]]) == (False, ["deleted_groups"])
    assert group in found["reasons"][0]["message"]


# --- unreadable parts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("role", "code", "level"),
    [
        ("Application.Read.All", "consent_unread", "connected"),
        ("DelegatedPermissionGrant.Read.All", "consent_unread", "connected"),
        ("DeviceManagementConfiguration.Read.All", "policies_unread", "configured"),
        ("DeviceManagementServiceConfig.Read.All", "policies_unread", "configured"),
        ("GroupMember.Read.All", "groups_unread", "configured"),
    ],
)
def test_a_missing_permission_is_told_in_one_line_and_is_never_a_yes(given: Given, role: str, code: str, level: str) -> None:
    given.connect()
    given.arrive(given.policy(assignments=[{**PILOT, "filter": None}]), "succeeded")
    assert given.read()[0]["ready"] is True
    restrict(given, *(reader for reader in READERS if reader != role))
    found, _asked = given.read()
    assert found["ready"] is None and found["levels"][level]["state"] == "unknown"
    assert {reason["code"] for reason in found["reasons"] if reason["level"] == level} == {code}
    assert all(reason["state"] == "unknown" for reason in found["reasons"])
    assert found["problems"] and all(role in problem and len(problem) <= 150 for problem in found["problems"])


def test_case_62_an_application_that_may_reset_alone_gets_short_lines(given: Given) -> None:
    restrict(given, "DeviceManagementManagedDevices.PrivilegedOperations.All")
    found, _asked = given.read(count_devices=True, expect=expect())
    assert found["ready"] is None
    assert {level["state"] for level in found["levels"].values()} == {"unknown"}
    assert found["problems"] and max(map(len, found["problems"])) <= 150
    assert [reason["code"] for reason in found["reasons"]] == ["consent_unread", "policies_unread"], "one cause, one reason"
    assert found["problems"][:3] == [
        "Could not read device configurations, settings catalog policies, endpoint security intents: "
        "DeviceManagementConfiguration.Read.All is missing.",
        "Could not read enrollment settings: DeviceManagementServiceConfig.Read.All is missing.",
        "Could not read the consent: Application.Read.All and DelegatedPermissionGrant.Read.All are missing.",
    ]
    assert len(found["problems"]) == len(set(found["problems"]))
    assert all(len(reason["hint"]) <= 200 for reason in found["reasons"])


def test_of_a_token_that_cannot_be_read_nobody_knows_what_it_lacks(given: Given) -> None:
    restrict(given, "Organization.Read.All")
    given.claims = {}
    problems = given.read()[0]["problems"]
    assert problems[1] == "Could not read enrollment settings: DeviceManagementServiceConfig.Read.All is needed."


def test_a_group_with_an_odd_id_hides_no_other(given: Given) -> None:
    given.connect()
    given.arrive(given.policy(assignments=[{**PILOT, "filter": None}]), "succeeded")
    target = [
        {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": given.read()[0]["policies"][0]["assignments"][0]["group_id"]}
    ]
    other = add_policy(given.tenant, {"surface": "intent", "name": "Old", "values": {"pinMinimumLength": 6}, "assignments": target})
    given.tenant.intents[other["id"]].assignments[0]["target"]["groupId"] = "no group"
    found, _asked = given.read()
    assert (found["problems"], found["ready"]) == ([], True)


def test_a_refusal_although_all_permissions_are_there_is_told_in_the_words_of_the_service(given: Given) -> None:
    given.fail("deviceManagement/intents", 403)
    (problem,) = given.read()[0]["problems"]
    assert problem.startswith("Could not read endpoint security intents: 403 ") and "request-id" in problem and len(problem) <= 300


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_failure_of_the_service_is_a_problem_of_its_part(given: Given, status: int) -> None:
    given.connect()
    given.fail("deviceManagement/deviceEnrollmentConfigurations", status)
    found, _asked = given.read()
    (problem,) = found["problems"]
    assert problem.startswith(f"Could not read enrollment settings: {status} ")
    assert found["consent"]["ready"] is True


def test_a_token_that_is_refused_ends_the_task(given: Given) -> None:
    given.token = "eyJub25lIjoi"
    with pytest.raises(errors.UnauthorizedError):
        given.read()


# --- the credential in use ------------------------------------------------------------------------------------------


def sign_in_with_secret(given: Given, days: float) -> None:
    """Make the tenant's application sign in with a secret that ends then."""
    app = next(iter(given.tenant.applications.values()))
    app.secrets[0].expires = given.tenant.clock.now() + timedelta(days=days)
    publish(given.tenant, app)
    given.lasts = Lifetime("client_secret", app_id=app.client_id, hint=app.secrets[0].value[:3])


@pytest.mark.parametrize(
    ("days", "warning_days", "soon"),
    [
        pytest.param(12.5, 30, True, id="case 2: soon"),
        pytest.param(12.5, 12, False, id="case 2: not yet"),
    ],
)
def test_the_end_of_a_secret_takes_no_request_more_and_changes_no_verdict(days: float, warning_days: int, soon: bool) -> None:
    given = Given("helpdesk")
    without, before = given.read()
    sign_in_with_secret(given, days)
    found, asked = given.read(expiry_warning_days=warning_days)
    assert (found["credential"]["days_left"], found["credential"]["expires_soon"], found["problems"]) == (12, soon, [])
    assert {**found, "credential": None} == {**without, "credential": None}
    assert len(asked) == len(before)


def test_case_2_without_the_permission_the_end_of_a_secret_is_null_with_a_reason_and_no_problem() -> None:
    given = Given("helpdesk")
    sign_in_with_secret(given, 12)
    restrict(given, *(role for role in READERS if role != "Application.Read.All"))
    problems = given.read()[0]["problems"]
    given.lasts = ENDLESS
    assert given.read()[0]["problems"] == problems, "none beside that of the consent"
    sign_in_with_secret(given, 12)
    found, asked = given.read()
    assert (found["credential"]["expires"], found["credential"]["expires_soon"]) == (None, None)
    assert "lacks Application.Read.All" in found["credential"]["message"]
    assert not [target for target in asked if "applications" in target]


def test_case_2_an_application_that_cannot_be_read_is_a_problem_and_changes_no_verdict() -> None:
    given = Given("helpdesk")
    without = given.read()[0]
    sign_in_with_secret(given, 12)
    given.fail(f"applications(appId='{given.lasts.app_id}')", 503)
    found, _asked = given.read()
    assert found["credential"]["expires_soon"] is None and "503" in found["credential"]["message"]
    assert [problem for problem in found["problems"] if "client secret" in problem] == found["problems"]
    assert (found["ready"], found["reasons"]) == (without["ready"], without["reasons"])


def test_the_task_warns_of_the_end_and_succeeds() -> None:
    given = Given("helpdesk")
    sign_in_with_secret(given, 12.5)
    outcome = given.run(intune_pin_readiness_info)
    assert outcome.failure is None and any("in 12 days." in warning for warning in outcome.warnings)
