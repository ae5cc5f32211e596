# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the wait of a task for a device: its length, its requests, and its end."""

from __future__ import annotations

import typing as t

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._time import render_timestamp
from tests.support.fakes import error
from tests.support.new_devices import ARRIVED, NAME, SERIAL, Waiting, codes_of, verdict_of

BETA, V1 = "POST /beta/$batch", "POST /v1.0/$batch"
SEARCH = "GET /v1.0/deviceManagement/managedDevices"
TABLE = "POST /beta/deviceManagement/reports/getConfigurationPolicyDevicesReport"
BACKENDS = ("custom", "settings_catalog")


def ready_after(tenant: Waiting, enrolls: float, reports: float, **changes: t.Any) -> str:
    """Let a device enroll and report later, and return its ID."""
    device = tenant.enroll(enrolls, **changes)
    tenant.report(device, {"state": ARRIVED, "after": reports})
    return device


# --- until it is ready ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("rows", ["device", "system_and_user"])
@pytest.mark.parametrize(
    "reports",
    [
        pytest.param({}, id="the first report has all settings"),
        pytest.param({"setting_report": "profiles"}, id="and none of the catalog"),
        pytest.param({"catalog_report": "all"}, id="the second report has profiles"),
        pytest.param({"setting_report_rows": "failed"}, id="the first report has what failed"),
        pytest.param({"setting_report_rows": "failed", "catalog_report": "all"}, id="and the second one profiles"),
    ],
)
def test_a_device_enrolls_and_gets_the_policy(backend: str, rows: str, reports: dict[str, str]) -> None:
    tenant = Waiting(backend, report_rows=rows, **reports)
    device = ready_after(tenant, 100, 200)
    outcome = tenant.wait()
    found = verdict_of(outcome)
    assert outcome.failure is None and found["ready"] is True and found["reasons"] == []
    assert found["levels"]["arrived"] == {"state": "yes", "devices": 1, "total": 1}
    assert found["device"]["waited"] == tenant.elapsed == 210, "the first look after it has reported"
    assert found["device"]["record"]["id"] == device and found["device"]["record"]["eligible"]
    (policy,) = found["device"]["policies"]
    assert policy == {"id": tenant.policy_id, "name": "PIN", "status": "succeeded", "error_code": None, "error": None}
    assert found["deployment"] is None, "the status of other devices is not asked for"


def test_a_device_of_a_user_alone_and_one_without_a_user() -> None:
    for changes in ({}, {"userId": "", "userPrincipalName": ""}):
        tenant = Waiting(report_rows="system_and_user")
        device = tenant.enroll(**changes)
        tenant.report(device, {"state": ARRIVED, "user": "pending" if not changes else None})
        outcome = tenant.wait(wait_timeout=60.0)
        assert codes_of(outcome) == ([] if changes else ["not_arrived"]), "the worst row decides"


@pytest.mark.parametrize(
    ("device", "match_by", "request_"), [(SERIAL, "auto", V1), (SERIAL, "serial_number", SEARCH), (NAME, "device_name", SEARCH)]
)
def test_a_look_is_one_request(device: str, match_by: str, request_: str) -> None:
    tenant = Waiting()
    ready_after(tenant, 100, 200)
    before = len(tenant.sent)
    tenant.wait(device, match_by=match_by)
    asked = [request.target for request in tenant.sent[before:]]
    tenant_reads, looks = asked[:3], asked[3:]
    assert tenant_reads == [BETA, "GET /v1.0/servicePrincipals", V1], "this part is read once"
    assert looks == [request_] * 5 + [BETA] * 4
    assert tenant.starts[3:] == [0, 30, 60, 90, 120, 120, 150, 180, 210], "in the look that finds the device it is read, too"


def test_nothing_is_asked_of_the_table_where_a_report_has_rows() -> None:
    tenant = Waiting("custom")
    tenant.report(tenant.enroll(), "pending")
    tenant.wait(wait_timeout=60.0)
    assert TABLE not in [request.target for request in tenant.sent]


def test_an_error_of_the_device_may_pass() -> None:
    tenant = Waiting()
    tenant.report(tenant.enroll(), {"state": "error", "code": 65000}, {"state": ARRIVED, "after": 50})
    outcome = tenant.wait()
    assert verdict_of(outcome)["ready"] is True and tenant.elapsed == 60


@pytest.mark.parametrize(
    ("name", "value", "later"),
    [
        ("joinType", "unknown", "azureADJoined"),
        ("osVersion", None, "10.0.26100.1"),
        ("operatingSystem", "", "Windows"),
        ("managedDeviceOwnerType", "unknown", "company"),
        ("managementState", "discovered", "managed"),
        ("managementAgent", "unknown", "mdm"),
        ("userId", "", "aaaaaaaa-0000-4000-8000-000000000009"),
    ],
)
def test_what_intune_does_not_know_yet_is_waited_for(name: str, value: t.Any, later: str) -> None:
    tenant = Waiting()
    device = tenant.enroll(**{name: value})

    def learn(seconds: float, _request: t.Any) -> None:
        if seconds >= 90:
            tenant.tenant.devices.get(device).change({name: later})  # type: ignore[union-attr]  # it is there
            tenant.report(device, ARRIVED)

    tenant.meanwhile = learn
    outcome = tenant.wait()
    assert verdict_of(outcome)["ready"] is True and tenant.elapsed in (90, 120)


def test_a_device_that_never_gets_known_in_this_is_told_as_unknown() -> None:
    tenant = Waiting()
    tenant.report(tenant.enroll(joinType="unknown"), ARRIVED)
    outcome = tenant.wait()
    assert verdict_of(outcome)["ready"] is None and codes_of(outcome) == ["device_not_eligible"] and tenant.elapsed == 600


def test_a_device_that_enrolls_again_meanwhile_is_found_again() -> None:
    tenant = Waiting()
    old = tenant.enroll()
    tenant.report(old, "pending")
    new = ready_after(tenant, 100, 130)

    def remove(seconds: float, _request: t.Any) -> None:
        if seconds >= 60:
            tenant.tenant.devices._by_id.pop(old, None)
            tenant.tenant.devices.forget_results()

    tenant.meanwhile = remove
    outcome = tenant.wait()
    assert verdict_of(outcome)["ready"] is True and verdict_of(outcome)["device"]["record"]["id"] == new


def test_one_of_several_policies_is_enough() -> None:
    tenant = Waiting()
    other = tenant.policy("Other")
    device = tenant.enroll()
    tenant.report(device, "error")
    tenant.report(device, ARRIVED, policy_id=other)
    outcome = tenant.wait(expect=None)
    assert verdict_of(outcome)["ready"] is True
    assert {policy["name"]: policy["status"] for policy in verdict_of(outcome)["device"]["policies"]} == {
        "PIN": "error",
        "Other": "succeeded",
    }


def test_the_record_of_an_earlier_enrollment_is_not_taken_for_the_new_device() -> None:
    tenant = Waiting()
    tenant.report(tenant.enroll(), ARRIVED)
    began = render_timestamp(tenant.tenant.clock.timestamp())
    new = ready_after(tenant, 100, 200)
    outcome = tenant.wait(enrolled_since=began)
    assert verdict_of(outcome)["ready"] is True and tenant.elapsed == 210
    assert verdict_of(outcome)["device"]["record"]["id"] == new and outcome.warnings == []
    late = tenant.wait(enrolled_since="2100-01-05T12:00:00", wait_timeout=30.0)
    assert codes_of(late) == ["device_missing"] and "that enrolled since 2100-01-05T12:00:00Z" in str(late.failure)
    assert "has no time zone" in late.warnings[0]
    with pytest.raises(errors.InvalidOptionError, match="enrolled_since must be a timestamp, not 'now'"):
        tenant.wait(enrolled_since="now")


@pytest.mark.parametrize("enrolled", ["0001-01-01T00:00:00Z", ""])
def test_a_record_of_unknown_age_is_not_new(enrolled: str) -> None:
    tenant = Waiting()
    device = tenant.enroll()
    # not planted: the control API refuses what Graph never has
    tenant.tenant.devices.get(device).change({"enrolledDateTime": enrolled})  # type: ignore[union-attr]  # it is there
    tenant.report(device, ARRIVED)
    assert codes_of(tenant.wait(enrolled_since="2020-01-01T00:00:00Z")) == ["device_missing"]
    assert codes_of(tenant.wait()) == []


def test_the_user_that_a_device_gets_later_is_asked_about() -> None:
    tenant, user = Waiting(report_rows="system_and_user"), "aaaaaaaa-0000-4000-8000-000000000009"
    device = tenant.enroll(userId="", userPrincipalName="")
    tenant.report(device, "pending")

    def assign(seconds: float, _request: t.Any) -> None:
        if seconds == 30:
            tenant.tenant.devices.get(device).change({"userId": user})  # type: ignore[union-attr]  # it is there

    tenant.meanwhile = assign
    tenant.wait(wait_timeout=90.0)
    asked = [user in str(request.body) for request in tenant.sent[-4:]]
    assert asked == [False, False, True, True], "from the look on that follows the one which learns of it"


# --- at the end of the time -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("states", "code", "words"),
    [
        pytest.param(
            None, "device_missing", "does not know a device 'PF3XYZ12' (looked for by device_name and serial_number)", id="no device"
        ),
        pytest.param(["pending"], "not_arrived", "its status is pending", id="pending"),
        pytest.param(["notApplicable"], "not_arrived", "its status is not applicable", id="not applicable"),
        pytest.param(["notAssigned"], "not_arrived", "its status is not known here", id="a status that is not known"),
        pytest.param([{"state": "error", "code": -2016281112}], "device_failed", "could not set it (remediation failed)", id="an error"),
        pytest.param(["conflict"], "device_failed", "another policy won the conflict", id="a conflict"),
        pytest.param([{"state": "error", "code": 0}], "device_failed", "(status error)", id="an error without a code"),
    ],
)
@pytest.mark.parametrize("backend", BACKENDS)
def test_a_wait_ends_with_the_reason_the_time_and_what_to_do(backend: str, states: t.Any, code: str, words: str) -> None:
    tenant = Waiting(backend)
    if states is not None:
        tenant.report(tenant.enroll(), *states)
    outcome = tenant.wait()
    failure = outcome.failure
    assert isinstance(failure, errors.NotReadyError) and tenant.elapsed == 600
    assert f"is not ready after waiting for 600 s ({code}): " in failure.message and words in failure.message
    assert failure.hint and failure.hint == verdict_of(outcome)["reasons"][0]["hint"]
    assert codes_of(outcome) == [code] and verdict_of(outcome)["ready"] is not True
    assert verdict_of(outcome)["levels"]["arrived"]["devices"] in (0, None)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_policy_that_is_not_for_the_device_is_told(backend: str) -> None:
    tenant = Waiting(None)
    group = {"target": "group", "group": "Pilot ring", "filter": None, "filter_type": None}
    tenant.policy("PIN", backend, assignments=[group])
    tenant.enroll()
    outcome = tenant.wait()
    assert codes_of(outcome) == ["nothing_reported"] and verdict_of(outcome)["ready"] is None
    assert "assigned to the device or to its user" in str(outcome.failure)


def test_a_long_table_of_devices_is_not_read() -> None:
    tenant = Waiting("custom", setting_report_rows="failed", seed="fleet:1100")
    device = list(tenant.tenant.devices)[-1]
    device.change({"operatingSystem": "Windows", "joinType": "azureADJoined", "deviceType": "desktop", "osVersion": "10.0.26100.1"})
    tenant.report(device.id, ARRIVED)
    before = len(tenant.sent)
    outcome = tenant.wait(device.id, wait_timeout=30.0)
    assert verdict_of(outcome)["ready"] is None and codes_of(outcome) == ["nothing_reported"]
    assert [request.target for request in tenant.sent[before:]].count(TABLE) == 2


@pytest.mark.parametrize("check", [False, True])
def test_one_look_without_a_time_and_in_check_mode(check: bool) -> None:
    tenant = Waiting()
    outcome = tenant.wait(check=check, wait_timeout=600.0 if check else 0.0)
    assert outcome.failure is None and tenant.elapsed == 0 and codes_of(outcome) == ["device_missing"]
    tenant.report(tenant.enroll(), ARRIVED)
    outcome = tenant.wait(check=check, wait_timeout=600.0 if check else 0.0)
    assert outcome.failure is None and verdict_of(outcome)["ready"] is True
    assert {request.target for request in tenant.sent if request.is_write} >= set(), "nothing more is written"


# --- immediate end --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"managedDeviceOwnerType": "personal"}, "personally_owned"),
        ({"operatingSystem": "Android", "deviceType": "androidEnterprise"}, "platform_not_selected"),
        ({"operatingSystem": "macOS", "deviceType": "mac"}, "platform_not_supported"),
        ({"joinType": "hybridAzureADJoined"}, "hybrid_joined"),
        ({"joinType": "azureADRegistered"}, "not_joined"),
        ({"osVersion": "10.0.14393.1"}, "build_too_old"),
        ({"managementState": "wipePending"}, "being_removed"),
        ({"managementAgent": "eas"}, "not_managed"),
    ],
)
def test_a_device_that_is_not_eligible_ends_the_wait_when_it_comes(changes: dict[str, str], reason: str) -> None:
    tenant = Waiting()
    tenant.enroll(100, **changes)
    outcome = tenant.wait()
    assert codes_of(outcome) == ["device_not_eligible"] and tenant.elapsed == 120
    assert f"is not eligible ({reason})." in str(outcome.failure) and verdict_of(outcome)["ready"] is False
    assert "platforms" not in str(outcome.failure), "an option that this module does not have"


def test_a_personal_device_is_eligible_where_the_task_says_so() -> None:
    tenant = Waiting()
    tenant.report(tenant.enroll(managedDeviceOwnerType="personal"), ARRIVED)
    assert verdict_of(tenant.wait(ownerships=["company", "personal"]))["ready"] is True


def test_two_devices_of_a_name_are_refused_with_what_tells_them_apart() -> None:
    tenant = Waiting()
    first, second = tenant.enroll(), tenant.enroll(60)
    tenant.report(first, "pending")
    outcome = tenant.wait()
    assert outcome.failure, "the one that was found first is the one that is waited for"
    tenant.clock.sleep(60)
    with pytest.raises(errors.SelectionError, match="matches 2 devices") as refused:
        tenant.wait()
    assert first in refused.value.message and second in refused.value.message


@pytest.mark.parametrize("device", ["To Be Filled By O.E.M.", " ", "0000000", "00000000-0000-0000-0000-000000000000"])
def test_a_name_that_can_be_none_is_refused_before_anything_is_sent(device: str) -> None:
    tenant = Waiting()
    before = len(tenant.sent)
    with pytest.raises((errors.SelectionError, errors.InvalidOptionError)):
        tenant.wait(device)
    assert len(tenant.sent) == before


@pytest.mark.parametrize("interval", [0, 0.5, -1, float("nan")])
def test_an_interval_is_at_least_a_second(interval: float) -> None:
    with pytest.raises(errors.InvalidOptionError, match="interval must be at least 1 second"):
        Waiting().wait(interval=interval)


def test_a_tenant_that_is_not_ready_ends_the_wait() -> None:
    tenant = Waiting(None)
    tenant.enroll(joinType="hybridAzureADJoined")
    outcome = tenant.wait()
    assert tenant.elapsed == 0 and codes_of(outcome) == ["policy_missing", "device_not_eligible"], "both are told at once"
    assert verdict_of(outcome)["levels"]["arrived"]["state"] == "not_applicable"
    assert "(policy_missing)" in str(outcome.failure) and "after waiting for 0 s" in str(outcome.failure)


@pytest.mark.parametrize(
    ("permission", "code"),
    [
        ("DeviceManagementManagedDevices.Read.All", "device_unread"),
        ("DeviceManagementConfiguration.Read.All", "policies_unread"),
        ("Application.Read.All", "consent_unread"),
    ],
)
def test_a_missing_permission_ends_the_wait_and_is_named(permission: str, code: str) -> None:
    tenant = Waiting()
    tenant.report(tenant.enroll(), ARRIVED)
    tenant.restrict(permission)
    outcome = tenant.wait()
    assert tenant.elapsed == 0 and code in codes_of(outcome) and verdict_of(outcome)["ready"] is None
    assert f"{permission} is missing" in str(verdict_of(outcome)["reasons"])


def test_reports_that_may_not_be_read_end_the_wait() -> None:
    tenant = Waiting()
    tenant.enroll()
    tenant.tenant.faults.arm({"match": {"path": "Report"}, "fault": {"kind": "status", "status": 403}, "times": None})
    tenant.meanwhile = lambda _seconds, request: error(403) if "Report" in request.url else None
    outcome = tenant.wait()
    assert tenant.elapsed == 0 and codes_of(outcome) == ["status_unread"] and verdict_of(outcome)["ready"] is None


# --- temporary failures ---------------------------------------------------------------------------------------------

PASSING = [
    pytest.param(lambda: error(503), id="503"),
    pytest.param(lambda: error(500), id="500"),
    pytest.param(lambda: error(429, retry_after="45"), id="throttled"),
    pytest.param(lambda: errors.LostResponseError("Lost.", target="x"), id="lost"),
    pytest.param(lambda: errors.NotSentError("Refused.", target="x"), id="not sent"),
]


@pytest.mark.parametrize("make", PASSING)
@pytest.mark.parametrize("retry_timeout", [0.0, 120.0])
@pytest.mark.parametrize("begin", [0.0, 30.0, 120.0])
def test_a_failure_that_passes_does_not_end_the_wait(make: t.Callable[[], t.Any], retry_timeout: float, begin: float) -> None:
    tenant = Waiting(retry_timeout=retry_timeout)
    ready_after(tenant, 100, 200)
    tenant.meanwhile = lambda seconds, _request: make() if begin <= seconds < 300 else None
    outcome = tenant.wait()
    assert outcome.failure is None and verdict_of(outcome)["ready"] is True
    assert 300 <= tenant.elapsed < 500


@pytest.mark.parametrize("make", PASSING)
@pytest.mark.parametrize("retry_timeout", [0.0, 120.0])
def test_a_failure_that_stays_is_told_at_the_end(make: t.Callable[[], t.Any], retry_timeout: float) -> None:
    tenant = Waiting(retry_timeout=retry_timeout)
    tenant.report(tenant.enroll(), "pending", {"state": ARRIVED, "after": 100})
    tenant.meanwhile = lambda seconds, _request: make() if seconds > 0 else None
    outcome = tenant.wait()
    assert tenant.elapsed == 600 and codes_of(outcome) == ["device_unread"], "and not what was read before"
    assert verdict_of(outcome)["ready"] is None and verdict_of(outcome)["reasons"][0]["hint"]


def test_a_tenant_that_could_not_be_reached_at_all() -> None:
    tenant = Waiting()
    tenant.meanwhile = lambda _seconds, _request: errors.NotSentError("Connection refused.", target="x")
    with pytest.raises(errors.NotSentError, match="Connection refused"):
        tenant.wait()
    assert tenant.elapsed == 600
    tenant.meanwhile = lambda _seconds, _request: errors.NotSentError("Untrusted.", target="x", is_transient=False)
    with pytest.raises(errors.NotSentError, match="Untrusted"):
        tenant.wait()
    assert tenant.elapsed == 0, "that does not pass"


def test_a_part_of_the_tenant_that_is_not_readable_for_the_moment_is_read_again() -> None:
    tenant = Waiting()
    tenant.report(tenant.enroll(), ARRIVED)
    tenant.meanwhile = lambda seconds, request: error(503) if seconds < 90 and "servicePrincipals" in request.url else None
    outcome = tenant.wait()
    assert verdict_of(outcome)["ready"] is True and tenant.elapsed == 90


def test_a_pause_that_the_service_asks_for_is_kept() -> None:
    tenant = Waiting()
    ready_after(tenant, 100, 100)
    refused = iter([error(429, retry_after="100")])
    tenant.meanwhile = lambda seconds, request: next(refused, None) if seconds == 30 else None
    tenant.wait()
    first = tenant.starts.index(30.0)
    assert tenant.starts[first + 1] - 30 >= 20, tenant.starts


# --- properties -----------------------------------------------------------------------------------------------------


@hypothesis.given(
    enrolls=st.integers(0, 200),
    reports=st.integers(0, 400),
    state=st.sampled_from(["succeeded", "pending", "error", "conflict", "notApplicable", "notAssigned", "remediated"]),
    join=st.sampled_from(["azureADJoined", "azureADJoined", "unknown", "hybridAzureADJoined"]),
    timeout=st.integers(1, 300),
    interval=st.integers(1, 90),
    duration=st.integers(0, 20),
    failing=st.lists(st.tuples(st.integers(0, 300), st.integers(1, 60), st.sampled_from([503, 429, 403, 0])), max_size=2),
    retry_timeout=st.sampled_from([0.0, 60.0]),
    backend=st.sampled_from(BACKENDS),
)
def test_a_wait_keeps_to_its_time_and_says_yes_to_what_is_known_alone(
    enrolls: int,
    reports: int,
    state: str,
    join: str,
    timeout: int,
    interval: int,
    duration: int,
    failing: list[tuple[int, int, int]],
    retry_timeout: float,
    backend: str,
) -> None:
    tenant = Waiting(backend, duration=0.0, retry_timeout=retry_timeout)
    device = tenant.enroll(enrolls, joinType=join)
    tenant.report(device, {"state": state, "after": reports})
    tenant.duration = float(duration)
    began = tenant.clock.monotonic()
    tenant_read = 0.0

    def fail(seconds: float, request: t.Any) -> t.Any:
        nonlocal tenant_read
        if "managedDevices" not in str(request.body) and "managedDevices" not in request.url:
            tenant_read = tenant.clock.monotonic() - began
        for start, length, status in failing:
            if start <= seconds < start + length:
                return error(status) if status else errors.LostResponseError("Lost.", target="x")
        return None

    tenant.meanwhile = fail
    outcome: t.Any = None
    try:
        outcome = tenant.wait(wait_timeout=float(timeout), interval=float(interval))
    except errors.IntuneError as failure:
        assert errors.may_pass(failure) or isinstance(failure, errors.ForbiddenError)
    # The first check is a complete one: the tenant, the search, and the record.
    assert tenant.elapsed <= max(timeout, tenant_read + duration) + duration
    is_ready = outcome is not None and verdict_of(outcome)["ready"] is True
    can_be = join == "azureADJoined" and state in ("succeeded", "remediated") and max(enrolls, reports) <= tenant.elapsed
    assert not is_ready or can_be
    assert outcome is None or (outcome.failure is None) == is_ready
    if not failing and can_be and max(enrolls, reports) + interval + 8 * duration < timeout:
        assert is_ready
