# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Prepare the results of the probe for the report: numbers, reasons, their age, and the next step. Pure."""

from __future__ import annotations

import typing as t

from .._types import Json
from .counts import make_table
from .tasks import ASSIGNMENTS, render_task
from .words import LABELS, count, show, tell

PROVE = (
    "Prove it on a device: in the session of a user, 'dsregcmd /status' must show CanReset with DestructiveAndNonDestructive, or with "
    "NonDestructiveOnly, as with hybrid join and key trust. Or let all devices say it, with the probe of intune_pin_probe."
)
NOT_ASKED = "The results of the probe were not asked for."
# Devices report nothing while their result stays the same.
AGE = "Devices report only when their answer changes: a date is that of the last change, not of the last run."


def make_probe(readiness: Json) -> Json | None:
    """Return the results of the probe for the report, or None if they were not requested."""
    probe = readiness.get("probe")
    if not probe:
        return None
    counts = {name: probe[name] for name in LABELS["probe"]}
    is_known = all(number is not None for number in counts.values())
    return {
        "id": probe["id"],
        "name": show(probe["name"]),
        "assigned": probe["assigned"],
        "changed": probe["changed"],
        "table": make_table("probe", "What devices say", counts) if is_known else None,
        "reasons": [
            {
                "code": reason["code"],
                "message": tell(reason["message"]),
                "hint": tell(reason["hint"]),
                "devices": reason["devices"],
            }
            for reason in probe["reasons"]
        ],
    }


def describe_coverage(probe: Json | None) -> tuple[str, str]:
    """Return whether the proof on devices is known, and the number of devices."""
    if probe is None:
        return "unknown", NOT_ASKED
    table = probe["table"]
    if table is None or not table["total"]:
        return "unknown", next((reason["message"] for reason in probe["reasons"]), "No device has reported a result.")
    return "yes", f"The last answers of {count(table['total'], 'device')}. {AGE}"


def make_step(probe: Json | None) -> Json:
    """Return the step that provides the missing proof."""
    if probe is None:
        name = "Let Windows devices say whether their user can reset the PIN"
        task = render_task(name, "intune_pin_probe", {"assignments": ASSIGNMENTS})
        return {"state": "unknown", "text": PROVE, "why": NOT_ASKED, "anchor": None, "task": task}
    reason: t.Mapping[str, t.Any] = next(iter(probe["reasons"]), {"message": "No device has proven it yet.", "hint": PROVE})
    return {"state": "unknown", "text": reason["hint"], "why": reason["message"], "anchor": "probe", "task": None}
