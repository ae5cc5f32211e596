# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Whether a reset whose response got lost was run: the service's sources decide, and nothing else.

Two sources: the device's own record, and the tenant's remote action audit log (remoteActionAudits, beta). Both lag behind. A reset in
one of them was run. Absence from both proves nothing until the log is shown to have come past it: by a later reset that it does hold.
Times are the service's, in seconds since the epoch.
"""

from __future__ import annotations

from .audit_log import DISORDER, AuditLog
from .model import SKEW

# A request may still be on its way when nobody waits for its response any more, and the log need not be in order to the second.
QUIET = DISORDER
PATIENCE = 15.0  # seconds for which the record of a reset that was run is waited for
LONGEST_EXCHANGE = 300.0  # seconds; no process waits longer for the response of a reset that it wrote down


def audit_shows(device_id: str, requested_at: float, before: float | None, log: AuditLog) -> bool | None:
    """Return whether the log holds a reset of the device since then, or None if it may be the one that started ``before``."""
    newest = log.newest_of(device_id)
    if newest < requested_at - SKEW:
        return False
    return True if before is None or newest > before + SKEW else None


def proves_not_run(requested_at: float, lost_at: float, record_requested_at: float, log: AuditLog) -> bool:
    """Return whether absence from both sources proves that a reset was not run.

    :param lost_at: when the response was given up.
    :param record_requested_at: when the device's record was asked for, which came without the reset.
    """
    reaches_back = log.complete_since <= requested_at - SKEW
    return reaches_back and record_requested_at >= lost_at + QUIET and log.newest >= lost_at + QUIET


def give_up_at(lost_at: float, last_sent: float) -> float:
    """Return when to stop asking, once nothing more is sent: a later reset may still show up in the log, and so may this one."""
    return (max(lost_at, last_sent) if last_sent >= lost_at + QUIET else lost_at) + PATIENCE
