# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The calls: the Windows devices of a user, the check-in status of policies on them, and a run of the probe on demand."""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .._access_pass.model import User
from .._devices.model import DEVICE, INFO, PATH, QUOTA, Device, parse_device
from .._graph.batch_scheduler import BatchScheduler
from .._graph.client import BETA, GraphClient
from .._graph.odata import render_literal, render_path
from .._hello.check_in import Status as CheckIn
from .._hello.device_status import StatusRequests, fetch_on_device, render_status_requests
from .._hello.model import FoundPolicy
from .._http.message import Request
from .._names import fold, show

PROPERTIES = ",".join((*INFO, "userId"))
RUN = "initiateOnDemandProactiveRemediation"
MOST_STATUS_REQUESTS = 40  # two batches
UNREADABLE = (errors.GraphError, errors.LostResponseError, errors.UnexpectedResponseError)
Pair = tuple[str, str]  # the IDs of a device and a policy


@dataclasses.dataclass(frozen=True)
class UserDevices:
    """The records of a user's devices, and sentences about records that have the user's name, but belong to another user."""

    records: tuple[Device, ...]
    left_out: tuple[str, ...]


def render_devices_request(client: GraphClient, user: User) -> Request:
    """Return the request of the first page of ``fetch_user_devices``."""
    return client.request("GET", PATH, _query(user), version=BETA)


def fetch_user_devices(client: GraphClient, user: User) -> UserDevices:
    """Return the devices whose primary user this is.

    They are searched for by user principal name, because the service cannot search by user ID. A name can be reassigned to another person
    while the record of a device keeps it, so a record with the ID of another user is left out.
    """
    found = {
        device.id: device for item in client.list_items(PATH, _query(user), version=BETA, item=DEVICE) if (device := parse_device(item))
    }
    mine = [device for device in found.values() if _is_of(device, user)]
    others = [device for device in found.values() if _has_name_of(device, user) and not _is_of(device, user)]
    told = (
        f"The device '{show(device.device_name or device.id)}' ({device.id}) is left out: it names {user.principal}, but its user ID is "
        "that of another user."
        for device in others
    )
    return UserDevices(tuple(mine), tuple(told))


def _query(user: User) -> dict[str, str]:
    return {"$filter": f"userPrincipalName eq {render_literal(user.principal)}", "$select": PROPERTIES}


def _has_name_of(device: Device, user: User) -> bool:
    return fold(device.user_principal_name) == fold(user.principal)


def _is_of(device: Device, user: User) -> bool:
    """Return whether a record belongs to the user, because the service may return other records too."""
    return device.user_id == user.id if device.user_id else _has_name_of(device, user)


def fetch_statuses(
    client: GraphClient, pairs: t.Iterable[tuple[Device, FoundPolicy]]
) -> tuple[dict[Pair, CheckIn | None], list[errors.IntuneError], int]:
    """Return the check-in status of policies on devices, None if none is reported; failures; and the number of pairs that were not read.

    At most two batches are sent.
    """
    asked: list[tuple[Pair, StatusRequests]] = []
    total, left = 0, 0
    for device, policy in pairs:
        requests = render_status_requests(client, policy, device.id, device.user_id)
        if total + len(requests.every) > MOST_STATUS_REQUESTS:
            left += 1
            continue
        total += len(requests.every)
        asked.append(((device.id, policy.id), requests))
    found: dict[Pair, CheckIn | None] = {}
    failures: list[errors.IntuneError] = []
    try:
        responses = BatchScheduler(client, QUOTA).fetch_all([each for _pair, group in asked for each in group.every])
    except UNREADABLE as failure:
        # Unavailable reports must not prevent the other help for the user.
        return {}, [failure], left
    for pair, group in asked:
        own, responses = responses[: len(group.every)], responses[len(group.every) :]
        try:
            # The table of a policy's devices can have many pages, so without a report on the device, the status is unknown.
            found[pair] = fetch_on_device(client, group, own, lambda: False)["status"]
        except UNREADABLE as failure:
            failures.append(failure)
    return found, failures, left


def request_run(client: GraphClient, script_id: str, device_id: str) -> None:
    """Ask a device to run a remediation now. The request is not repeated if it may have run."""
    client.post(f"{PATH}{render_path(device_id)}/{RUN}", {"scriptPolicyId": script_id}, version=BETA)
