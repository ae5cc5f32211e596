# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The terms of messages about handing over passes, and the names of the files."""

from __future__ import annotations

import hashlib

from .._handover import handover
from .._time import render_timestamp
from .model import UserPass

WORDS = handover.Words(
    "pass",
    "passes",
    "The passes stand, and results hold each pass in its sealed form, if it could be sealed. Nobody can read a pass again: take the sealed "
    "form from results, or make room, and run the task again with replace: true.",
)


def render_file_name(item: UserPass) -> str:
    """Return the file name for a user's pass, unique for each pass."""
    made = item.made
    created = handover.render_moment(render_timestamp(made.created if made else None) or "unknown")
    mark = hashlib.sha256((made.id if made and made.id else "").encode("utf-8", errors="replace")).hexdigest()[:8]
    return handover.render_file_name(item.user.principal, item.user.id, f"{created}-{mark}")
