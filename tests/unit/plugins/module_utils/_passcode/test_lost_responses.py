# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import math

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.endpointops.intune.plugins.module_utils._passcode import lost_responses
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.audit_log import AuditLog
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.lost_responses import PATIENCE, QUIET
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import SKEW
from tests.support.fakes import START

ID, OTHER = "Aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"


# --- decisions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "before", "ran"),
    [
        pytest.param(None, None, False, id="not in the list"),
        pytest.param(START - SKEW - 0.1, None, False, id="an older one alone"),
        pytest.param(START - SKEW, None, True, id="at the first moment that counts"),
        pytest.param(START + 1, None, True, id="later"),
        pytest.param(START, START - 3600, True, id="one of an hour ago was known"),
        pytest.param(START - 3600, START - 3600, False, id="and it is the newest in the list"),
        pytest.param(START - 3, START - 3, None, id="may be the one that was known"),
        pytest.param(START - 3 + SKEW, START - 3, None, id="still"),
        pytest.param(START - 3 + SKEW + 0.1, START - 3, True, id="too late to be that one"),
    ],
)
def test_what_the_list_says_of_a_reset_that_was_asked_for(found: float | None, before: float | None, ran: bool | None) -> None:
    audits = AuditLog({OTHER: (START + 99,)} if found is None else {ID.lower(): (START - 9999, found), OTHER: (START + 99,)})
    assert lost_responses.audit_shows(ID, START, before, audits) is ran


@pytest.mark.parametrize(
    ("read", "newest", "proved"),
    [
        pytest.param(START + QUIET, START + QUIET, True, id="both at the first moment that counts"),
        pytest.param(START + QUIET - 0.1, START + QUIET, False, id="the record was read too early"),
        pytest.param(START + QUIET, START + QUIET - 0.1, False, id="the list has not come so far"),
        pytest.param(START + 3600, None, False, id="an empty list shows nothing, however late it is"),
        pytest.param(START + 3600, START + 3600, True, id="much later"),
    ],
)
def test_when_absence_proves_that_it_was_not_run(read: float, newest: float | None, proved: bool) -> None:
    log = AuditLog({} if newest is None else {OTHER: (newest,), ID.lower(): (newest - 1,)}, -math.inf)
    assert lost_responses.proves_not_run(START, START, read, log) is proved


@pytest.mark.parametrize(("complete_since", "proved"), [(START - SKEW, True), (START - SKEW + 0.1, False), (math.inf, False)])
def test_a_log_that_was_not_read_back_to_the_reset_proves_nothing(complete_since: float, proved: bool) -> None:
    log = AuditLog({OTHER: (START + 3600,)}, complete_since)
    assert lost_responses.proves_not_run(START, START, START + 3600, log) is proved


@pytest.mark.parametrize(
    ("last_sent", "until"),
    [
        pytest.param(0.0, START + PATIENCE, id="nothing was sent"),
        pytest.param(START - 60, START + PATIENCE, id="nothing was sent since"),
        pytest.param(START + QUIET - 0.1, START + PATIENCE, id="nothing that could show it"),
        pytest.param(START + QUIET, START + QUIET + PATIENCE, id="what could just show it"),
        pytest.param(START + 600, START + 600 + PATIENCE, id="what could show it, later"),
    ],
)
def test_how_long_a_reset_is_looked_for(last_sent: float, until: float) -> None:
    assert lost_responses.give_up_at(START, last_sent) == until


def test_the_service_has_half_a_minute_to_run_and_to_list_a_reset_and_a_quarter_to_show_it() -> None:
    def proved(read_at: float, listed: float) -> bool:
        return lost_responses.proves_not_run(START, START, START + read_at, AuditLog({OTHER: (START + listed,)}, -math.inf))

    assert [proved(30, late) for late in (29.9, 30.0)] == [False, True]
    assert [proved(late, 30) for late in (29.9, 30.0)] == [False, True]
    assert lost_responses.give_up_at(START, 0.0) == START + 15
    assert lost_responses.give_up_at(START, START + 30) == START + 45


@hypothesis.given(
    strategies.floats(0, 200), strategies.floats(0, 200), strategies.floats(0, 200), strategies.none() | strategies.floats(0, 200)
)
def test_a_reset_in_the_list_is_never_said_not_to_have_run(asked: float, seen: float, lost: float, before: float | None) -> None:
    """An entry since the request was sent always prevents another attempt, regardless of the rest of the list."""
    ran = lost_responses.audit_shows(ID, asked, before, AuditLog({ID.lower(): (seen,), OTHER: (1e9,)}))
    assert (ran is not False) is (seen >= asked - SKEW)
