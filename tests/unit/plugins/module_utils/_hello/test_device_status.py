# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the status of a policy on one device, from reports that may or may not cover it."""

from __future__ import annotations

import base64
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._guid import NIL
from ansible_collections.endpointops.intune.plugins.module_utils._hello import device_status
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import FoundPolicy, Surface
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Response
from tests.support.fakes import answer, body_of, error, tenant

POLICY, DEVICE, USER = (f"bbbbbbbb-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
REPORTS = "/deviceManagement/reports"
PROFILES, CATALOG = f"{REPORTS}/getConfigurationSettingNonComplianceReport", f"{REPORTS}/getConfigurationSettingsReport"
TABLE = f"POST /beta{REPORTS}/getConfigurationPolicyDevicesReport"
NOTHING = ((), ())


def settings(*values: tuple[int, int], total: int | None = None) -> Response:
    """Return a report with settings, each a status and an error code."""
    schema = [{"Column": name, "PropertyType": "Int32"} for name in ("SettingStatus", "ErrorCode")]
    return answer(
        200, {"TotalRowCount": len(values) if total is None else total, "Schema": schema, "Values": [list(value) for value in values]}
    )


def table(*statuses: int, device: str = DEVICE, total: int | None = None) -> Response:
    schema = [{"Column": name, "PropertyType": "String"} for name in ("IntuneDeviceId", "PolicyStatus")]
    rows = [[device, status] for status in statuses]
    return answer(200, {"TotalRowCount": len(rows) if total is None else total, "Schema": schema, "Values": rows})


def ask(surface: Surface, *responses: Response, rows: Response | None = None, may_go_on: bool = True) -> tuple[t.Any, list[str]]:
    """Return the status for these responses and this table, and the sent requests."""
    world = tenant({TABLE: rows or table()})
    asked = device_status.render_status_requests(world.client, FoundPolicy(surface, POLICY, "PIN"), DEVICE, USER)
    found = device_status.fetch_on_device(world.client, asked, responses, lambda: may_go_on)
    return found, world.transport.targets


@pytest.mark.parametrize(
    ("surface", "reports"),
    [
        ("custom", [PROFILES, CATALOG]),
        ("identity_protection", [PROFILES, CATALOG]),
        ("settings_catalog", [CATALOG]),
        ("account_protection", [CATALOG]),
        ("intent", [CATALOG]),
    ],
)
@pytest.mark.parametrize("user", [USER, None])
def test_each_report_is_asked_for_the_user_and_for_none(surface: Surface, reports: list[str], user: str | None) -> None:
    client = tenant().client
    asked = device_status.render_status_requests(client, FoundPolicy(surface, POLICY, "PIN"), DEVICE, user)
    assert list(asked.by_report) == reports
    for report, requests in asked.by_report.items():
        assert {request.target for request in requests} == {f"POST /beta{report}"}
        filters = [body_of(request)["filter"] for request in requests]
        users = [USER, NIL] if user else [NIL]
        assert filters == [f"(PolicyId eq '{POLICY}') and (DeviceId eq '{DEVICE}') and (UserId eq '{each}')" for each in users]
        assert {tuple(body_of(request)["select"]) for request in requests} == {("SettingName", "SettingStatus", "ErrorCode")}
        assert all(request.can_repeat for request in requests), "a report is read"


@pytest.mark.parametrize(
    ("responses", "status", "code"),
    [
        ([settings((2, 0), (3, 0)), settings()], "succeeded", None),
        ([settings((2, 0), (0, 0)), settings()], "pending", None),
        ([settings(), settings((2, 0), (5, 65000))], "error", 65000),
        ([settings((2, 0)), settings((6, -2016281106))], "conflict", -2016281106),
        ([settings((2, 0)), settings((1, 0))], "succeeded", None),
        ([settings((1, 0)), settings()], "not_applicable", None),
        ([settings((2, 0)), settings((7, 0))], "other", None),
    ],
)
@pytest.mark.parametrize("as_item", [False, True])
def test_the_worst_setting_decides(responses: list[Response], status: str, code: int | None, as_item: bool) -> None:
    """A single report is JSON; in a batch it is base64."""
    given = [
        Response(200, {"content-type": "application/octet-stream"}, base64.b64encode(each.body) if as_item else each.body)
        for each in responses
    ]
    found, sent = ask("settings_catalog", *given)
    assert (found["status"], found["error_code"]) == (status, code) and bool(found["error"]) is (code is not None)
    assert sent == [] and (found["id"], found["name"]) == (POLICY, "PIN")


REFUSED = error(400)


@pytest.mark.parametrize(
    ("responses", "rows", "status"),
    [
        pytest.param([settings(), settings(), settings((2, 0)), settings()], table(), "succeeded", id="the other report"),
        pytest.param([REFUSED, REFUSED, settings((2, 0)), settings()], table(), "succeeded", id="one that is refused"),
        pytest.param([settings()] * 4, table(2), "succeeded", id="the table"),
        pytest.param([settings()] * 4, table(2, 0), "pending", id="the worst row of the table"),
        pytest.param([settings()] * 4, table(2, device=USER), None, id="another device in the table"),
        pytest.param([settings((2, 0), total=51), settings(), settings(), settings()], table(), None, id="a report that is cut off"),
        pytest.param([settings((2, 0)), REFUSED, settings(), settings()], table(0), "pending", id="one that is read by half"),
        pytest.param([settings()] * 4, table(total=1001), None, id="a table that is too long"),
    ],
)
def test_a_source_without_a_word_leaves_it_to_the_next(responses: list[Response], rows: Response, status: str | None) -> None:
    found, _sent = ask("custom", *responses, rows=rows)
    assert found["status"] == status


def test_no_further_request_where_the_time_is_over() -> None:
    found, sent = ask("settings_catalog", settings(), settings(), rows=table(2), may_go_on=False)
    assert found["status"] is None and sent == []


def test_a_failure_is_raised_where_no_source_says_anything() -> None:
    with pytest.raises(errors.GraphError) as raised:
        ask("settings_catalog", REFUSED, settings(), rows=table())
    assert raised.value.status == 400
    with pytest.raises(errors.ForbiddenError):
        ask("settings_catalog", settings(), settings(), rows=error(403))
    with pytest.raises(errors.UnexpectedResponseError):
        ask("settings_catalog", answer(200, b"<html>"), settings())
