# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Decide whether a reset whose response was lost has run. Only the service's records count.

There are two: the device's action results, and the tenant's remote action audit log (remoteActionAudits, beta). Both are updated late. A
reset in one of them has run. Absence from both is proof only after the log has demonstrably passed the time of the reset, by containing a
later reset. Times are the service's, in seconds since the epoch.
"""

from __future__ import annotations

from .audit_log import DISORDER, AuditLog
from .model import SKEW

# A request may still be in transit after the client stops waiting for its response, and the log may be slightly out of order.
QUIET = DISORDER
PATIENCE = 15.0  # seconds to wait for the record of a reset that ran
LONGEST_EXCHANGE = 300.0  # seconds; no process waits longer for the response of a recorded reset


def audit_shows(device_id: str, requested_at: float, before: float | None, log: AuditLog) -> bool | None:
    """Return whether the log contains a reset of the device since then, or None if that may be the reset that started ``before``."""
    newest = log.newest_of(device_id)
    if newest < requested_at - SKEW:
        return False
    return True if before is None or newest > before + SKEW else None


def proves_not_run(requested_at: float, lost_at: float, record_requested_at: float, log: AuditLog) -> bool:
    """Return whether absence from both records proves that a reset did not run.

    :param lost_at: the time at which the task stopped waiting for the response.
    :param record_requested_at: the time at which the device's record, which did not contain the reset, was requested.
    """
    reaches_back = log.complete_since <= requested_at - SKEW
    return reaches_back and record_requested_at >= lost_at + QUIET and log.newest >= lost_at + QUIET


def give_up_at(lost_at: float, last_sent: float) -> float:
    """Return the time to stop checking after the last request: until then, a later reset, or this one, may appear in the log."""
    return (max(lost_at, last_sent) if last_sent >= lost_at + QUIET else lost_at) + PATIENCE
