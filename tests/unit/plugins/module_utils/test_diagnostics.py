# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._diagnostics import ConnectionResult, PermissionsResult, fetch_connection
from ansible_collections.endpointops.intune.plugins.module_utils._lifetime import Lifetime
from ansible_collections.endpointops.intune.plugins.module_utils._permissions import AZURE_CLI, PERSON_OF_AZURE_CLI
from ansible_collections.endpointops.intune.plugins.modules import intune_connection_info
from tests.support.fakes import GRAPH, START, BatchTransport, FakeCredential, Step, answer, error, page, tenant
from tests.support.returns import differences, documented

ROLES = [
    "DeviceManagementConfiguration.ReadWrite.All",
    "DeviceManagementManagedDevices.PrivilegedOperations.All",
    "DeviceManagementManagedDevices.Read.All",
    "Organization.Read.All",
]
CLAIMS = {"tid": "tid-of-the-token", "appid": "app-1", "roles": ROLES, "exp": START + 3600}
LICENSE = {"capabilityStatus": "Enabled", "servicePlans": [{"servicePlanName": "INTUNE_A", "provisioningStatus": "Success"}]}
GOOD: dict[str, Step] = {
    "GET /v1.0/organization": page({"id": "t-1", "displayName": "Contoso"}),
    "GET /v1.0/deviceManagement": answer(200, {"subscriptionState": "active"}, date="Mon, 05 Jan 2026 10:00:00 GMT"),
    "GET /v1.0/subscribedSkus": page(LICENSE),
}


def examine(claims: dict[str, t.Any] | None = None, **other: Step) -> dict[str, t.Any]:
    """Return the report on a good tenant, with these responses by the last part of their path."""
    script = {**GOOD, **{f"GET /v1.0/{name}": step for name, step in other.items()}}
    return fetch_connection(tenant(BatchTransport(script), credential=FakeCredential(CLAIMS if claims is None else claims)).client)


def test_a_good_connection_has_no_problem() -> None:
    assert {key: value for key, value in examine().items() if key != "permissions"} == {
        "auth_method": "fake",
        "tenant_id": "t-1",
        "tenant_name": "Contoso",
        "client_id": "app-1",
        "graph_url": GRAPH,
        "roles": ROLES,
        "intune": "active",
        "licensed": True,
        "token_expires": "2026-01-05T11:00:00Z",
        "certificate_thumbprint": None,
        "credential": {
            **dict.fromkeys(("kind", "name", "source", "expires", "days_left", "hint")),
            "expires_soon": False,
            "message": "It has no end.",
        },
        "clock_skew": 0.0,
        "problems": [],
    }


# --- the credential -------------------------------------------------------------------------------------------------

APP_ID = "33333333-aaaa-4bbb-8ccc-444444444444"
OWN = f"applications(appId='{APP_ID}')"
SECRET = Lifetime("client_secret", app_id=APP_ID, hint="abc")
SHOWN = answer(200, {"appId": APP_ID, "passwordCredentials": [{"hint": "abc", "endDateTime": "2026-01-17T10:00:00Z"}]})


@pytest.mark.parametrize(
    ("roles", "step", "days", "problems"),
    [
        pytest.param([*ROLES, "Application.Read.All"], SHOWN, 12, 0, id="case 2: it may be read"),
        pytest.param(ROLES, None, None, 0, id="case 2: without the permission no request and no line"),
        pytest.param([*ROLES, "Application.Read.All"], error(403), None, 0, id="case 2: it is refused"),
        pytest.param([*ROLES, "Application.Read.All"], error(500), None, 1, id="case 2: it fails"),
    ],
)
def test_the_end_of_a_client_secret_takes_no_further_round_trip(
    roles: list[str], step: Step | None, days: int | None, problems: int
) -> None:
    transport = BatchTransport({**GOOD, **({f"GET /v1.0/{OWN}": step} if step else {})})
    world = tenant(transport, credential=FakeCredential({**CLAIMS, "roles": roles}, SECRET))
    found = fetch_connection(world.client, 30)
    assert (found["credential"]["days_left"], len(found["problems"])) == (days, problems)
    assert found["credential"]["expires_soon"] is (True if days else None) and found["credential"]["message"]
    assert transport.batches == [3 + (step is not None)], "all of it is read together"
    assert f"GET /v1.0/{OWN}" in transport.targets or step is None
    assert found["permissions"] == examine()["permissions"] or "Application.Read.All" in roles


def test_case_1_the_certificate_that_signed_in_is_named() -> None:
    credential = FakeCredential(CLAIMS, Lifetime("certificate", app_id=APP_ID, ends=START, thumbprint="0A1B"))
    found = fetch_connection(tenant(BatchTransport(GOOD), credential=credential).client)
    assert found["certificate_thumbprint"] == "0A1B"


def test_the_module_warns_and_does_not_fail() -> None:
    world = tenant(BatchTransport({**GOOD, f"GET /v1.0/{OWN}": SHOWN}), credential=FakeCredential({**CLAIMS, "roles": None}, SECRET))
    outcome = intune_connection_info.run({"expiry_warning_days": 12}, world.client, False)
    assert outcome.failure is None and "ends on 2026-01-17, in 12 days." in outcome.warnings[0]
    assert intune_connection_info.run({"expiry_warning_days": 11}, world.client, False).warnings == []
    with pytest.raises(errors.InvalidOptionError, match="expiry_warning_days"):
        intune_connection_info.run({"expiry_warning_days": -1}, world.client, False)


# --- reading --------------------------------------------------------------------------------------------------------


def test_case_32_a_person_of_the_azure_cli_is_told_that_its_token_never_holds_a_permission_of_intune() -> None:
    claims = {"tid": "t", "appid": AZURE_CLI, "scp": "Application.ReadWrite.All DelegatedPermissionGrant.ReadWrite.All", "exp": START + 60}
    report = examine(claims, deviceManagement=error(403))
    assert report["problems"][-1] == PERSON_OF_AZURE_CLI
    assert report["permissions"]["intune_pinreset_consent"]["ready"] and not report["permissions"]["intune_device_info"]["ready"]
    assert PERSON_OF_AZURE_CLI not in examine()["problems"]


@pytest.mark.parametrize("exp", [1e300, -1e300, float("inf"), True, [], "soon"], ids=repr)
def test_case_18_an_end_that_is_no_date_is_null(exp: t.Any) -> None:
    assert examine({**CLAIMS, "exp": exp})["token_expires"] is None


def test_each_module_is_told_what_it_lacks() -> None:
    found = examine()["permissions"]
    assert found["intune_device_passcode"] == {"ready": True, "missing": [], "missing_in_check_mode": []}
    lacking = ["Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"]
    reading = ["Application.Read.All", "DelegatedPermissionGrant.Read.All"]
    assert found["intune_pinreset_consent"] == {"ready": False, "missing": lacking, "missing_in_check_mode": reading}


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("organization", "tenant_name", None),
        ("organization", "tenant_id", "tid-of-the-token"),
        ("deviceManagement", "intune", None),
        ("subscribedSkus", "licensed", None),
    ],
)
def test_a_refused_read_is_a_problem_and_not_the_end(name: str, key: str, value: str | None) -> None:
    report = examine(**{name: error(403)})
    assert report[key] == value
    assert len(report["problems"]) == 1 and "Could not read" in report["problems"][0]


RESET_ONLY = ["DeviceManagementManagedDevices.PrivilegedOperations.All", "DeviceManagementManagedDevices.Read.All"]


@pytest.mark.parametrize(
    ("roles", "asked", "problems"),
    [
        pytest.param(
            RESET_ONLY,
            ["organization"],
            ["Not permitted to read: tenant's name, state of Intune, licenses."],
            id="case 62: none of them, so one that shows that there is a connection",
        ),
        pytest.param(
            [*RESET_ONLY, "LicenseAssignment.Read.All"],
            ["subscribedSkus"],
            ["Not permitted to read: tenant's name, state of Intune."],
            id="case 62: the licenses alone",
        ),
        pytest.param(
            ["DeviceManagementConfiguration.ReadWrite.All"],
            ["deviceManagement"],
            ["Not permitted to read: tenant's name, licenses."],
            id="case 62: Intune alone",
        ),
        pytest.param(["Organization.Read.All"], ["organization", "subscribedSkus"], ["Not permitted to read: state of Intune."], id="two"),
    ],
)
def test_what_the_token_does_not_permit_is_not_asked_for_and_told_in_one_short_line(
    roles: list[str], asked: list[str], problems: list[str]
) -> None:
    script = {target: step if target.rpartition("/")[2] in asked else error(403) for target, step in GOOD.items()}
    world = tenant(
        BatchTransport({**script, **({"GET /v1.0/organization": error(403)} if roles == RESET_ONLY else {})}),
        credential=FakeCredential({**CLAIMS, "roles": roles}),
    )
    report = fetch_connection(world.client)
    assert [target.rpartition("/")[2] for target in world.transport.targets] == asked
    assert report["problems"] == problems
    assert len(f"  Note: {problems[0]}") <= 76, "a line of the role's summary"


def test_a_person_is_asked_for_everything() -> None:
    world = tenant(BatchTransport(GOOD), credential=FakeCredential({"tid": "t", "scp": "User.Read", "exp": START + 60}))
    assert fetch_connection(world.client)["problems"] == [] and len(world.transport.sent) == 3


@pytest.mark.parametrize(
    ("claims", "other", "words"),
    [
        pytest.param({"tid": "x"}, {}, "holds no application permission", id="no role"),
        pytest.param({}, {}, "cannot be read", id="opaque token"),
        pytest.param(None, {"deviceManagement": answer(200, {"subscriptionState": "lockedOut"})}, "is lockedOut", id="subscription"),
        pytest.param(None, {"subscribedSkus": page()}, "no enabled license", id="no license"),
        pytest.param(None, {"subscribedSkus": page(date="Mon, 05 Jan 2026 10:02:00 GMT")}, "differ by 120 seconds", id="clock ahead"),
    ],
)
def test_problems(claims: dict[str, t.Any] | None, other: dict[str, Step], words: str) -> None:
    assert any(words in problem for problem in examine(claims, **other)["problems"])


@pytest.mark.parametrize("seconds", ["09:59:35", "10:00:25"])
def test_a_clock_that_is_off_by_less_than_half_a_minute_is_no_problem(seconds: str) -> None:
    assert examine(subscribedSkus=page(LICENSE, date=f"Mon, 05 Jan 2026 {seconds} GMT"))["problems"] == []


@pytest.mark.parametrize(
    ("license", "licensed"),
    [
        pytest.param(LICENSE, True, id="Intune"),
        pytest.param({**LICENSE, "capabilityStatus": "Suspended"}, False, id="suspended"),
        pytest.param(
            {**LICENSE, "servicePlans": [{"servicePlanName": "INTUNE_A", "provisioningStatus": "Disabled"}]}, False, id="plan off"
        ),
        pytest.param(
            {**LICENSE, "servicePlans": [{"servicePlanName": "EXCHANGE", "provisioningStatus": "Success"}]}, False, id="another plan"
        ),
        pytest.param({**LICENSE, "servicePlans": None}, False, id="no plan"),
    ],
)
def test_a_license_counts_when_intune_is_in_it(license: dict[str, t.Any], licensed: bool) -> None:
    assert examine(subscribedSkus=page(license))["licensed"] is licensed


def test_without_graph_there_is_no_report() -> None:
    with pytest.raises(errors.NotSentError):
        examine(organization=errors.NotSentError("No connection."))


def test_a_token_of_version_two_names_the_application_otherwise() -> None:
    assert examine({"azp": "app-2", "roles": ROLES})["client_id"] == "app-2"


def test_roles_are_shown_in_order() -> None:
    assert examine({"roles": list(reversed(ROLES))})["roles"] == ROLES


def test_the_skew_is_rounded() -> None:
    world = tenant(BatchTransport(GOOD), credential=FakeCredential(CLAIMS))
    world.clock.seconds = START - 1.26
    assert fetch_connection(world.client)["clock_skew"] == 1.3


def test_an_opaque_token_tells_little_but_the_rest_is_there() -> None:
    report = examine({})
    assert (report["client_id"], report["token_expires"], report["tenant_id"]) == (None, None, "t-1")


@pytest.mark.parametrize("exp", ["soon", None, True, {}], ids=["word", "null", "flag", "object"])
def test_an_expiry_that_is_no_number_is_not_known(exp: t.Any) -> None:
    assert examine({**CLAIMS, "exp": exp})["token_expires"] is None


def test_the_return_value_is_documented_as_it_is() -> None:
    documentation = documented(intune_connection_info, "connection")
    assert differences(ConnectionResult, documentation, "connection") == []
    report = examine()
    assert set(report) == set(ConnectionResult.__annotations__)
    (sample,) = documentation["contains"]["permissions"]["sample"].values()
    assert {frozenset(entry) for entry in (sample, *report["permissions"].values())} == {frozenset(PermissionsResult.__annotations__)}
