# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Read the check-in status of a policy on one device.

Two reports list the settings of a policy on a device, for its user and for the system account: one for device configurations, one for the
settings catalog. Microsoft does not document which other policies a report covers, or whether the first one lists settings that did not
fail. So a device configuration is looked up in both. If neither report has a result, the table of devices is read, if it is short.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .._graph.client import BETA, GraphClient
from .._graph.read_ahead import decode_item
from .._graph.responses import parse_response
from .._guid import NIL
from .._http.message import Request, Response
from . import check_in
from .check_in import PolicyOnDevice, Row
from .deployment import CATALOG_TYPE, CODES_REPORTS, SETTINGS_COLUMNS, TYPES, fetch_rows, filter_settings, render_page
from .model import FoundPolicy
from .report_tables import TABLE, parse_table


@dataclasses.dataclass(frozen=True)
class StatusRequests:
    """The requests for the status of a policy on a device, by report."""

    policy: FoundPolicy
    device_id: str
    by_report: t.Mapping[str, tuple[Request, ...]]

    @property
    def every(self) -> list[Request]:
        """All requests."""
        return [request for requests in self.by_report.values() for request in requests]


def render_status_requests(client: GraphClient, policy: FoundPolicy, device_id: str, user_id: str | None) -> StatusRequests:
    """Return the requests for the device's user and for no user. All have the same API version, to fit in one batch."""
    kind = TYPES.get(policy.surface, CATALOG_TYPE)
    reports = [CODES_REPORTS[name] for name in (kind, CATALOG_TYPE) if name in CODES_REPORTS]
    filters = [filter_settings(policy, device_id, user) for user in dict.fromkeys((user_id or NIL, NIL))]
    bodies = [render_page(SETTINGS_COLUMNS, where) for where in filters]
    return StatusRequests(
        policy,
        device_id,
        {
            report: tuple(client.request("POST", report, None, body, version=BETA, idempotent=True) for body in bodies)
            for report in dict.fromkeys(reports)
        },
    )


def fetch_on_device(
    client: GraphClient, asked: StatusRequests, responses: t.Sequence[Response], may_go_on: t.Callable[[], bool]
) -> PolicyOnDevice:
    """Return the status from the responses to these requests; raise the failure if no source could be read.

    ``may_go_on``: whether further requests may be sent.
    """
    policy = asked.policy
    settings, failure = _parse_reports(asked, responses)
    rows: list[Row] = []
    if not settings and may_go_on():
        table, _total = fetch_rows(client, policy, may_be_partial=False, may_go_on=may_go_on)
        rows = [row for row in table if str(row.get("IntuneDeviceId")).lower() == asked.device_id.lower()]
    if not settings and not rows and failure:
        raise failure
    return check_in.describe_on_device(policy.id, policy.name, settings, rows)


def _parse_reports(asked: StatusRequests, responses: t.Sequence[Response]) -> tuple[list[Row], errors.IntuneError | None]:
    """Return the settings on the device, and a failure. A report that could not be read completely is ignored."""
    settings: list[Row] = []
    failure: errors.IntuneError | None = None
    left = iter(responses)
    for requests in asked.by_report.values():
        own = [next(left) for _request in requests]
        try:
            pages = [parse_response(request, _plain(response), TABLE) for request, response in zip(requests, own, strict=True)]
        except (errors.GraphError, errors.UnexpectedResponseError) as problem:
            failure = problem
            continue
        found = [parse_table(page) for page in pages]
        if all(page["TotalRowCount"] <= len(rows) for page, rows in zip(pages, found, strict=True)):
            settings += [row for rows in found for row in rows]
    return settings, failure


def _plain(response: Response) -> Response:
    """Return a response in the form that it has outside of a batch."""
    return decode_item(response) or response
