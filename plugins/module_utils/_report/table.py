# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Render the table of devices as CSV, with a row for each managed device. Pure.

A cell that a spreadsheet would interpret as a formula gets a leading apostrophe.
"""

from __future__ import annotations

import csv
import io
import typing as t

from .._probe.states import DeviceState
from .counts import name_version
from .resets import Outcome
from .words import LONGEST_SENTENCE, show

COLUMNS = (
    *("id", "device_name", "platform", "operating_system", "os_version", "version", "join_type", "ownership", "management_state"),
    *("compliance_state", "user_principal_name", "serial_number", "azure_ad_device_id", "enrolled", "last_sync"),
    *("eligible", "reason", "predicted_outcome", "policy_status", "reset_status", "reset_reason"),
    *("probe_state", "probe_reason", "probe_changed"),
)
# Including full-width signs, which some spreadsheets treat as equal.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\uff1d", "\uff0b", "\uff0d", "\uff20")
BYTE_ORDER_MARK = "\ufeff"  # spreadsheets assume another encoding for a file without it


class DeviceTable:
    """A table that renders rows one by one, and stores only the text."""

    def __init__(self) -> None:
        self._rows: list[tuple[str, str, str]] = []

    def add(
        self, device: t.Mapping[str, t.Any], policy_status: str | None, outcome: Outcome | None, proof: DeviceState | None = None
    ) -> None:
        """Add a managed device.

        ``policy_status``: the worst of its policies, or None if none is known. ``proof``: the last result of the probe.
        """
        values = {
            **device,
            "version": name_version(str(device.get("platform")), device.get("os_version")),
            "policy_status": policy_status,
            "reset_status": outcome.status if outcome else None,
            "reset_reason": outcome.reason if outcome else None,
            "probe_state": proof.state if proof else None,
            "probe_reason": " ".join(reason.code for reason in proof.reasons) if proof else None,
            # The time of the last change, not of the last run.
            "probe_changed": proof.changed if proof else None,
        }
        name = str(device.get("device_name") or "")
        self._rows.append((name.lower(), str(device["id"]), render_row([neutralize(values.get(column)) for column in COLUMNS])))

    def clear(self) -> None:
        """Remove all rows."""
        self._rows.clear()

    def render(self) -> bytes:
        """Return the file, sorted by device name."""
        lines = [render_row(COLUMNS), *(row for _name, _id, row in sorted(self._rows))]
        return (BYTE_ORDER_MARK + "".join(lines)).encode("utf-8", "replace")


def neutralize(value: t.Any) -> str:
    """Return a cell without invisible characters, and without content that a spreadsheet evaluates."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    shown = show(text, LONGEST_SENTENCE) if text.strip() else ""
    return f"'{shown}" if shown.startswith(FORMULA) or text.startswith(FORMULA) else shown


def render_row(cells: t.Sequence[str]) -> str:
    """Return a line of CSV according to RFC 4180."""
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return buffer.getvalue()
