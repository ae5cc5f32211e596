# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Emulate a service under bad conditions, and read the resets from its own records."""

from __future__ import annotations

import contextlib
import typing as t

from intune_emulator import ControlClient, EmulatorProcess
from intune_emulator.state.clock import parse_iso

LATENCY = 0.1  # seconds a request of Graph takes beside the work
GROUP = "All fleet devices"
# One in so many responses is lost, half of them with the connection and half to a gateway that times out.
LOST = 20
# Of the posts of $batch, of which about half contain resets; each loses up to 20 of them.
LOST_BATCHES = 10
GATEWAY = {"status": 504, "processed": True}


@contextlib.contextmanager
def tenant(devices: int, latency: float = LATENCY) -> t.Iterator[EmulatorProcess]:
    """Yield a tenant with quota, and a Retry-After of 0 while it throttles."""
    with EmulatorProcess(f"fleet:{devices}") as emulator:
        emulator.control.settings(quota=True, retry_after="zero", latency=latency)
        yield emulator


def name(number: int) -> str:
    """Return the name of a device of the fleet by its number, from 1."""
    return f"FLEET-{number:06d}"


def lose_answers(control: ControlClient, devices: int) -> None:
    """Lose responses of requests that the tenant processes, equally for all ways to send the resets."""
    for place in range(5, devices, 2 * LOST):
        control.arm("status", "POST", "resetPasscode", skip=place, **GATEWAY)
        # only hits a single reset: an item of a batch has no connection
        control.arm("drop_after", "POST", "resetPasscode", skip=place + LOST)
    for number, place in enumerate(range(5, devices // 5, LOST_BATCHES)):
        kind, details = (("drop_after", {}), ("truncate", {}), ("status", GATEWAY))[number % 3]
        control.arm(kind, "POST", r"^/\$batch$", skip=place, **details)


class Tally(t.NamedTuple):
    """``first`` and ``last``: times of the first and the last accepted reset, in seconds since the epoch.

    ``duplicates``: resets beyond a device's first. ``lost``: intended devices without a reset. ``answers_lost``: to resets.
    """

    accepted: int
    duplicates: int
    lost: int
    answers_lost: int
    throttled: int
    first: float
    last: float
    reset: frozenset[str]


def tally(control: ControlClient, meant: t.Collection[str]) -> Tally:
    """Count the resets of the devices with the IDs ``meant``."""
    resets, entries = control.resets(), control.journal()
    times = sorted(parse_iso(moment).timestamp() for moments in resets.values() for moment in moments) or [0.0]
    spoilt = {entry["seq"] for entry in entries if entry["fault"]}
    lost_answers = sum(entry["path"].endswith("/resetPasscode") and bool({entry["seq"], entry["batch"]} & spoilt) for entry in entries)
    return Tally(
        accepted=sum(map(len, resets.values())),
        duplicates=sum(len(moments) - 1 for moments in resets.values()),
        lost=len(set(meant) - set(resets)),
        answers_lost=lost_answers,
        throttled=sum(entry["throttled"] for entry in entries),
        first=times[0],
        last=times[-1],
        reset=frozenset(resets),
    )
