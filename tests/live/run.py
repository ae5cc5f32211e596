# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the same tasks on both sides, and always remove all created objects."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils._types import Json

from . import tasks
from .compare import Comparison, compare
from .recorder import Log
from .sides import Outcome, Side
from .tasks import Group, Task

# Properties that decide how Intune treats a device; the first one counts most.
ALIKE = ("eligible", "predicted_outcome", "predicted_reason", "join_type", "ownership", "device_name")
FIND = "find the device"
Say = t.Callable[[str], None]
# Error codes that Microsoft documents, beside those that the emulated tenant returns in the same run. Source:
# https://learn.microsoft.com/graph/errors
DOCUMENTED_CODES = frozenset(
    {
        *(
            "accessDenied",
            "activityLimitReached",
            "generalException",
            "invalidRange",
            "invalidRequest",
            "itemNotFound",
            "nameAlreadyExists",
        ),
        *(
            "notAllowed",
            "notSupported",
            "quotaLimitReached",
            "resourceModified",
            "resyncRequired",
            "serviceNotAvailable",
            "unauthenticated",
        ),
        *("BadRequest", "Forbidden", "Unauthorized", "NotFound", "ResourceNotFound", "Conflict", "PreconditionFailed", "TooManyRequests"),
        *("InternalServerError", "BadGateway", "ServiceUnavailable", "GatewayTimeout", "UnknownError", "NotImplemented"),
        *("Authorization_RequestDenied", "InvalidAuthenticationToken", "Request_BadRequest", "Request_ResourceNotFound"),
    }
)


class RunError(Exception):
    """The run cannot continue; the message has the reason and the next step."""


@dataclasses.dataclass(frozen=True)
class Wanted:
    """The permissions of a run. ``name``: the beginning of the names of its objects, which no other object may have."""

    name: str
    may_write: bool = False
    device: str | None = None
    lock_directory: str | None = None


@dataclasses.dataclass
class Run:
    """The results of a run. ``left``: created objects that it could not remove; their names are the tenant's, and not for the report."""

    comparison: Comparison
    skipped: list[str]
    left: list[str]


class Codes:
    """The error codes that may be shown: nobody on the way to the service can have written them."""

    def __init__(self, emulated: Log) -> None:
        self._emulated = emulated

    def __contains__(self, code: object) -> bool:
        return code in DOCUMENTED_CODES or any(exchange.code == code for exchange in self._emulated.exchanges)


class Runner:
    """Run the tasks of a run. ``roles``: the permissions of the token; None if they are not known."""

    def __init__(self, service: Side, emulated: Side, wanted: Wanted, roles: list[str] | None, say: Say) -> None:
        self._known = service.descriptions.vocabulary
        self._service, self._emulated, self._wanted, self._roles, self._say = service, emulated, wanted, roles, say
        service.log.codes = Codes(emulated.log)
        self.skipped: list[str] = []
        self.left: list[str] = []
        self._pairs: list[tuple[Outcome, Outcome]] = []

    def run(self) -> Run:
        """Run all tasks, and compare."""
        devices = None if self._wanted.device is None else self._find_devices(self._wanted.device)
        self._run_all(tasks.list_reads(f"{self._wanted.name} none"))
        if devices is not None:
            self._run_device(*devices)
        if self._wanted.may_write:
            for group in tasks.list_writes(self._wanted.name):
                self._run_group(group)
        else:
            self.skipped.append("what creates and removes something: LIVE_WRITE is not 1")
        exchanges = self._service.log.exchanges, self._emulated.log.exchanges
        return Run(compare(*exchanges, self._pairs, self._known), self.skipped, self.left)

    def _run_all(self, every: t.Iterable[Task]) -> None:
        for task in every:
            self._run_both(task, task)

    def _run_both(self, there: Task, here: Task) -> None:
        self._emulated.run(here)
        self._say(there.name)
        self._service.run(there)
        self._pairs.append((self._service.outcomes[-1], self._emulated.outcomes[-1]))

    # --- created and removed objects ---

    def _run_group(self, group: Group) -> None:
        if self._roles is not None and group.permission not in self._roles:
            self.skipped.append(f"{group.noun}: the token does not have the permission {group.permission}")
            return
        first = len(self._service.outcomes)
        try:
            self._run_all(group.tasks)
        finally:
            self._remove(group, has_created=any(outcome.is_changed for outcome in self._service.outcomes[first:]))

    def _remove(self, group: Group, *, has_created: bool) -> None:
        """Remove the objects that the tasks of a group have created, and record possible remains, including created but missing ones."""
        is_removed = False
        try:
            self._emulated.run(group.removal)
            self._say(group.removal.name)
            result = self._service.run(group.removal)
            is_removed = not result.get("failed") and (bool(result["changed"]) or not has_created)
        finally:
            if not is_removed:
                self.left.append(group.created)
        self._pairs.append((self._service.outcomes[-1], self._emulated.outcomes[-1]))

    # --- one device ---

    def _find_devices(self, name: str) -> tuple[str, str]:
        """Return the IDs of the named device, and of the most similar one of the emulated tenant."""
        there = find_device(self._service, {"devices": [name]}, f"LIVE_DEVICE {name!r}")
        here = choose_fitting(there, self._emulated.run(Task(FIND, "intune_device_info", tasks.ALL))["devices"])
        for side in (self._service, self._emulated):
            side.log.exchanges.clear()
        return str(there["id"]), str(here["id"])

    def _run_device(self, there: str, here: str) -> None:
        """Read one device of each side, and reset its passcode if writes are allowed."""
        pairs = list(zip(tasks.make_reads_of_device(there), tasks.make_reads_of_device(here), strict=True))
        if self._wanted.may_write:
            self._service.guard.allow_reset(there)
            self._emulated.guard.allow_reset(here)
            reset = tasks.make_reset(there, None), tasks.make_reset(here, self._wanted.lock_directory)
            pairs += [reset, pairs[-1]]
        else:
            self.skipped.append("the reset of the device: LIVE_WRITE is not 1")
        for one, other in pairs:
            self._run_both(one, other)


def find_device(side: Side, options: dict[str, t.Any], what: str) -> Json:
    """Return the one named device."""
    result = side.run(Task(FIND, "intune_device_info", {**tasks.ALL, **options}))
    if result.get("failed") or len(result["devices"]) != 1:
        raise RunError(f"{what} must be the name, serial number, or ID of one device. {result.get('msg', '')}")
    return t.cast(Json, result["devices"][0])


def choose_fitting(device: Json, devices: t.Sequence[Json]) -> Json:
    """Return the device that is most similar to another one; raise RunError if none has the same operating system."""
    fitting = [each for each in devices if str(each["operating_system"]).lower() == str(device["operating_system"]).lower()]
    if not fitting:
        raise RunError("The emulated tenant has no device with the operating system of LIVE_DEVICE. Name another device.")
    return max(fitting, key=lambda each: [each[name] == device[name] for name in ALIKE])
