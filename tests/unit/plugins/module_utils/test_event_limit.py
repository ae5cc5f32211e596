# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._errors import SelectionError
from ansible_collections.endpointops.intune.plugins.module_utils._event_limit import (
    DEFAULT,
    OVERHEAD,
    find_limit,
    measure,
    refuse_too_large,
    split,
)

# Quotation marks, control, and other characters that Python's text and JSON write differently.
TEXT = st.text(st.characters(exclude_categories=()), max_size=300) | st.text("'\"\\\n\x7f\x00é😀\ue000", max_size=300)
VALUE = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT
ENTRY = st.dictionaries(TEXT, VALUE | st.lists(VALUE, max_size=3), max_size=6)


def weigh(entries: list[t.Any]) -> int:
    """Return the size of a task's result with these entries, as the output plugin and a log count it."""
    event = {"changed": False, "results": entries, "device_list": "x" * 500}
    return max(len(str(event)), len(json.dumps(event).encode()))


@given(st.lists(ENTRY, max_size=40), st.integers(min_value=-5, max_value=20_000))
def test_case_72_pieces_fit_and_nothing_is_lost_moved_or_doubled(entries: list[t.Any], limit: int) -> None:
    pieces = split(entries, limit)
    assert [entry for first, last in pieces for entry in entries[first - 1 : last]] == entries
    assert all(first <= last for first, last in pieces)
    for first, last in pieces:
        assert first == last or weigh(entries[first - 1 : last]) <= limit


@given(st.lists(ENTRY, min_size=2, max_size=40), st.integers(min_value=OVERHEAD, max_value=20_000))
def test_there_are_no_more_pieces_than_needed(entries: list[t.Any], limit: int) -> None:
    pieces = split(entries, limit)
    for (first, _last), (_first, last) in zip(pieces, pieces[1:], strict=False):
        assert sum(measure(entry) + 2 for entry in entries[first - 1 : last]) > limit - OVERHEAD, "two neighbors would fit into one"


@pytest.mark.parametrize(
    ("environment", "limit"),
    [
        pytest.param({"MAX_EVENT_RES": "8000"}, 8000, id="case 72: as AWX sets it"),
        pytest.param({"MAX_EVENT_RES": "8000", "AWX_ISOLATED_DATA_DIR": "/runner"}, 8000, id="both"),
        pytest.param({"AWX_ISOLATED_DATA_DIR": "/runner"}, DEFAULT, id="case 72: ansible-runner alone"),
        pytest.param({"MAX_EVENT_RES": "much"}, DEFAULT, id="no number"),
        pytest.param({"MAX_EVENT_RES": ""}, DEFAULT, id="empty"),
        pytest.param({"AWX_ISOLATED_DATA_DIR": ""}, None, id="not in a job"),
        pytest.param({}, None, id="a terminal"),
    ],
)
def test_the_limit_is_that_of_the_job(environment: dict[str, str], limit: int | None) -> None:
    assert find_limit(environment) == limit


def refusal(limit: int | None, number: int, *, is_shown: bool = True) -> str | None:
    try:
        refuse_too_large(limit, number, {"sealed": "x" * 986}, is_shown=is_shown, noun="devices", advice="Name fewer.")
    except SelectionError as failure:
        return str(failure)
    return None


def test_case_72_what_cannot_fit_is_refused() -> None:
    assert measure({"sealed": "x" * 986}) + 2 == 1002
    assert refusal(None, 10**6) is None and refusal(12_030, 10) is None
    told = refusal(12_029, 10)
    assert told == (
        "The result for 10 devices will have about 11030 characters, and this job drops each result above 12029 (MAX_EVENT_RES). Nothing "
        "was changed. Name fewer."
    )
    assert refusal(12_029, 10, is_shown=False) is None and refusal(2103, 10**6, is_shown=False) is None
    alone = refusal(2102, 1, is_shown=False)
    assert alone and "The result for each of the devices will have about 1103 characters" in alone and "Nothing was changed." in alone
