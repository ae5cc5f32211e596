# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Read the results of the probe for all devices or for some."""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .._graph.client import BETA, GraphClient
from .._graph.odata import render_path
from .._http.message import Request
from .._names import fold
from .states import DeviceState, parse_rows

SCRIPTS = "/deviceManagement/deviceHealthScripts"
DEVICES = "/deviceManagement/managedDevices"
PAGE = "100"  # rows; Microsoft documents no maximum
ROW = "id,detectionState,lastStateUpdateDateTime,lastSyncDateTime,preRemediationDetectionScriptOutput,preRemediationDetectionScriptError"
# The service may refuse a longer selection of device properties.
DEVICE = "managedDevice($select=id,deviceName,userPrincipalName)"


def render_states_request(client: GraphClient, script_id: str) -> Request:
    """Return the request of the first page of ``fetch_states``."""
    return client.request("GET", _states_of(script_id), _query(), version=BETA)


def fetch_states(client: GraphClient, script_id: str) -> list[DeviceState]:
    """Return the last result of each device that has run the probe, or will run it. ``user_name`` is None."""
    return parse_rows(client.list_items(_states_of(script_id), _query(), version=BETA))


def _query() -> dict[str, str]:
    return {"$select": ROW, "$expand": DEVICE, "$top": PAGE}


def _states_of(script_id: str) -> str:
    return f"{SCRIPTS}{render_path(script_id)}/deviceRunStates"


def fetch_device_states(
    client: GraphClient, script_id: str, device_ids: t.Iterable[str], users: t.Collection[str] = ()
) -> dict[str, DeviceState | None]:
    """Return the last result of each of these devices, by the given ID, or None if there is no result or no such device.

    One request per device, sent together. ``user_name`` is the person who ran the probe; ``primary_user`` is None. ``users``: the names of
    a user, whose results take precedence over those of others on the device, regardless of their age.
    """
    ids = list(dict.fromkeys(device_ids))
    client.read_ahead(render_device_requests(client, ids))
    return {device: _fetch_device_state(client, script_id, device, users) for device in ids}


def render_device_requests(client: GraphClient, device_ids: t.Iterable[str]) -> list[Request]:
    """Return the requests of ``fetch_device_states``."""
    return [client.request("GET", _states_on(device), version=BETA) for device in device_ids]


def _fetch_device_state(client: GraphClient, script_id: str, device_id: str, users: t.Collection[str]) -> DeviceState | None:
    try:
        rows = list(client.list_items(_states_on(device_id), version=BETA))
    except errors.NotFoundError:
        return None
    mine = [row for row in rows if _is_same(row.get("policyId"), script_id) and _is_same(row.get("deviceId"), device_id)]
    names = {fold(name) for name in users}
    own = [row for row in mine if isinstance(row.get("userName"), str) and fold(row["userName"]) in names]
    return next(iter(parse_rows(own or mine)), None)


def _states_on(device_id: str) -> str:
    return f"{DEVICES}{render_path(device_id)}/deviceHealthScriptStates"


def _is_same(value: object, expected: str) -> bool:
    return isinstance(value, str) and value.lower() == expected.lower()
