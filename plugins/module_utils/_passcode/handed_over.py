# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The terms of messages about handing over passcodes, and the names of the files."""

from __future__ import annotations

import secrets

from .._handover import handover
from .._time import render_timestamp
from .model import DeviceReset

WORDS = handover.Words(
    "passcode",
    "passcodes",
    "The results hold the sealed form of each passcode that could be sealed, and Intune shows a new passcode for seven days. When the "
    "cause is removed, run the playbook endpointops.intune.fetch_passcode, or intune_device_passcode_info, with the same devices "
    "and certificates: it hands the passcodes over and resets nothing.",
)


def render_file_name(item: DeviceReset) -> str:
    """Return the file name for a reset's passcode, unique for each reset of each device."""
    return handover.render_file_name(item.device.device_name if item.device else None, item.id, _render_moment(item))


def _render_moment(item: DeviceReset) -> str:
    """Return the time of a reset for its file name, or a unique text if Intune reports no time."""
    started, updated = (item.reset.started, item.reset.updated) if item.reset else (None, None)
    # 0 represents a time that could not be read.
    known = render_timestamp(started or None) or render_timestamp(updated)
    if known is None:
        return f"unknown-{secrets.token_hex(8)}"
    moment = handover.render_moment(known)
    return moment if started else f"updated-{moment}"
