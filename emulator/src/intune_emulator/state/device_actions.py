# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Remote actions: pending, active, then done, failed, notSupported, or canceled, by the emulated clock.

Source: https://learn.microsoft.com/graph/api/resources/intune-devices-deviceactionresult
"""

from __future__ import annotations

from bisect import bisect_right, insort_right
from dataclasses import dataclass
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any

from .cache import Cache
from .clock import check_seconds, iso, iso_fractional

OUTCOMES = ("done", "failed", "not_supported", "canceled", "refuse")
TERMINAL = {"done": "done", "failed": "failed", "not_supported": "notSupported", "canceled": "canceled"}
RESET = "resetPasscode"
TIMES = ("visible", "active", "terminal")
_REQUESTED = attrgetter("requested")


@dataclass(slots=True)
class Simulation:
    """A device's reaction to the next actions. `outcome` None: by platform. Times in seconds after the POST; `error_code` for failed."""

    outcome: str | None = None
    visible: float = 0.0
    active: float = 0.5
    terminal: float = 1.5
    offline: bool = False
    error_code: int = 2016281112

    def patch(self, changes: dict[str, Any]) -> None:
        """Change some fields; outcome `offline` means pending until check-in, then done."""
        changes = dict(changes)
        if changes.get("outcome") == "offline":
            changes["outcome"], changes["offline"] = "done", True
        outcome = changes.get("outcome")
        if outcome is not None and outcome not in OUTCOMES:
            raise ValueError(f"outcome must be one of {', '.join(OUTCOMES)}, offline, not {outcome!r}")
        for name, value in changes.items():
            if name not in self.__dataclass_fields__:
                raise ValueError(f"unknown simulation field '{name}'")
            if name in TIMES:
                check_seconds(name, value)
            elif name == "offline" and not isinstance(value, bool):
                raise ValueError(f"offline must be true or false, not {value!r}")
            elif name == "error_code" and (isinstance(value, bool) or not isinstance(value, int)):
                raise ValueError(f"error_code must be a whole number, not {value!r}")
        for name, value in changes.items():
            setattr(self, name, value)


@dataclass(slots=True)
class Action:
    """One accepted remote action on one device."""

    id: str
    device_id: str
    name: str
    requested: datetime
    outcome: str
    visible: float
    active: float
    terminal: float
    error_code: int
    passcode: str | None
    initiator: str
    waiting: bool = False
    checked_in: datetime | None = None

    def check_in(self, now: datetime) -> None:
        """Start an action that waits for an offline device."""
        if self.waiting and self.checked_in is None:
            self.checked_in = now

    def is_visible(self, now: datetime) -> bool:
        """Return whether the service already shows the entry."""
        return now >= self.requested + timedelta(seconds=self.visible)

    def state(self, now: datetime) -> tuple[str, datetime]:
        """Return (actionState, start of that state)."""
        if self.waiting and self.checked_in is None:
            return "pending", self.requested
        start, shift = (self.checked_in, self.visible) if self.checked_in else (self.requested, 0.0)
        active = start + timedelta(seconds=max(0.0, self.active - shift))
        terminal = start + timedelta(seconds=max(0.0, self.terminal - shift))
        if now >= terminal:
            return TERMINAL[self.outcome], terminal
        if now >= active and self.outcome in ("done", "failed"):
            return "active", active
        return "pending", self.requested

    def result(self, now: datetime, retention: float, fractional: bool) -> dict[str, Any]:
        """Return the deviceActionResult; the derived type for resetPasscode."""
        state, since = self.state(now)
        write = iso_fractional if fractional else iso
        body: dict[str, Any] = {"@odata.type": "#microsoft.graph.resetPasscodeActionResult"} if self.name == RESET else {}
        body["actionName"] = self.name
        body["actionState"] = state
        body["startDateTime"] = write(self.requested)
        body["lastUpdatedDateTime"] = write(since)
        if self.name == RESET:
            held = state == "done" and now < since + timedelta(seconds=retention)
            body["errorCode"] = self.error_code if state == "failed" else 0
            body["passcode"] = self.passcode if held else None
        return body


def newest_visible(actions: list[Action], now: datetime) -> Action | None:
    """Return the action that a read sees: the previous one stays until the new one is visible."""
    for action in reversed(actions):
        if action.is_visible(now):
            return action
    return None


class Actions:
    """The accepted resets of all devices, in the order of their times (equal to that of acceptance, unless the clock was set back)."""

    def __init__(self) -> None:
        self.resets: list[Action] = []
        self.cache = Cache()

    def add(self, action: Action) -> None:
        """Add an accepted action; keep only resets here, because the others are only on the device."""
        if action.name == RESET:
            insort_right(self.resets, action, key=_REQUESTED)

    def resets_until(self, latest: datetime) -> int:
        """Return the number of resets accepted until then."""
        return bisect_right(self.resets, latest, key=_REQUESTED)
