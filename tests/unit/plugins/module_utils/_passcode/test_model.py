# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import model
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import RecordedReset
from tests.support.fakes import START
from tests.support.resets import entry, item


@pytest.mark.parametrize(
    ("actions", "state"),
    [
        pytest.param([], None, id="no action"),
        pytest.param([{**entry(), "actionName": "syncDevice"}], None, id="another action"),
        pytest.param([{**entry(), "actionName": None}], None, id="an action without a name"),
        pytest.param([{**entry("done"), "actionName": "ResetPasscode"}], "done", id="other case"),
        pytest.param([entry("failed", START), entry("done", START + 9)], "done", id="the newest, last"),
        pytest.param([entry("done", START + 9), entry("failed", START)], "done", id="the newest, first"),
        pytest.param([entry("done"), {**entry("pending", START + 9), "actionName": "rebootNow"}], "done", id="beside a newer other action"),
        pytest.param([{"actionName": "resetPasscode"}], "none", id="nothing but a name"),
        pytest.param([{**entry("failed"), "startDateTime": "never"}, entry("done")], "done", id="one without a readable start"),
    ],
)
def test_the_last_reset_is_the_newest(actions: list[dict[str, t.Any]], state: str | None) -> None:
    found = model.find_last_reset(item(*actions).device)
    assert (found.state if found else None) == state


def test_a_reset_is_read_whole() -> None:
    found = model.find_last_reset(item(entry("done", START, errorCode=7, passcode="1234")).device)
    assert found == RecordedReset("done", START, START + 60, 7, "1234")


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ("none", "pending"),
        ("pending", "pending"),
        ("active", "pending"),
        ("done", "done"),
        ("failed", "failed"),
        ("canceled", "canceled"),
        ("notSupported", "not_supported"),
        ("NOTSUPPORTED", "not_supported"),
        ("approvalRequired", "unknown"),
        ("", "unknown"),
    ],
)
def test_a_state_has_a_status_and_a_new_one_is_no_success(state: str, status: str) -> None:
    assert RecordedReset(state, START).status == status


@pytest.mark.parametrize("show", [repr, str])
def test_a_reset_does_not_show_its_passcode(show: t.Callable[[object], str]) -> None:
    reset = RecordedReset("done", START, passcode="s3cret")
    assert "s3cret" not in show(reset)
    assert "s3cret" not in show(item(entry(passcode="s3cret"), reset=reset))


@pytest.mark.parametrize(
    ("reset_since", "max_age", "since"),
    [
        pytest.param(None, 900, START - 900, id="an age"),
        pytest.param(None, 0, START, id="no age: always a new reset"),
        pytest.param("2026-01-05T08:00:00Z", 900, START - 7200, id="a moment beats the age"),
        pytest.param("2026-01-05T10:00:00Z", 900, START, id="this moment"),
    ],
)
def test_the_window(reset_since: str | None, max_age: float, since: float) -> None:
    assert model.earliest_counted(START, reset_since, max_age) == since


@pytest.mark.parametrize(
    ("reset_since", "words"), [("yesterday", "must be a timestamp, not"), ("2026-01-05T10:00:01Z", "must not lie in the future")]
)
def test_a_window_that_cannot_be_meant(reset_since: str, words: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match=words):
        model.earliest_counted(START, reset_since, 900)


@pytest.mark.parametrize(
    ("since", "before", "started", "new"),
    [
        (START, None, START, True),
        (START, None, START - 1, False),
        (START, START + 2, START + 2, False),
        (START, START + 2, START + 1, False),
        (START, START + 2, START + 3, True),
        (START, START - 60, START, True),
        (START, None, 0.0, False),
    ],
)
def test_whose_entry_it_is(since: float, before: float | None, started: float, new: bool) -> None:
    assert model.is_own(item(since=since, before=before), RecordedReset("done", started)) is new


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        pytest.param("2026-11-28 04:30", "2026-11-28T04:30:00Z", id="case 10: no zone"),
        pytest.param("2026-11-28T04:30:00.5", "2026-11-28T04:30:00Z", id="case 10: a fraction"),
        pytest.param("2026-11-28", "2026-11-28T00:00:00Z", id="case 10: a day"),
        pytest.param("2026-11-28T04:30:00Z", None, id="UTC"),
        pytest.param("2026-11-28T04:30:00+02:00", None, id="an offset"),
        pytest.param("2026-11-28 04:30-05:00", None, id="a negative offset"),
        pytest.param("yesterday", None, id="no moment"),
        pytest.param(None, None, id="not set"),
    ],
)
def test_a_moment_without_a_zone_is_shown_with_the_one_that_counts(value: str | None, moment: str | None) -> None:
    found = model.warn_of_zone("reset_since", value)
    told = f"reset_since '{value}' has no time zone and counts as UTC: {moment}. Add Z or an offset such as +02:00."
    assert found == ([told] if moment else [])
