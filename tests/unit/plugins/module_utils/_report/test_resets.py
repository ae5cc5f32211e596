# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the outcomes of resets: each device once, from any source."""

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.journal_format import History, KnownReset
from ansible_collections.endpointops.intune.plugins.module_utils._report.resets import Outcomes
from tests.support import reports

Json = dict[str, t.Any]


def counts(found: Outcomes, place: int = 0) -> dict[str, int]:
    described = found.describe(None)
    assert described is not None
    return {row["label"]: row["devices"] for row in described["tables"][place]["rows"]}


def test_nothing_given_is_nothing_known() -> None:
    assert Outcomes().describe(None) is None


@given(st.lists(reports.RESULTS, max_size=20))
def test_tables_add_up_to_the_devices(results: list[Json]) -> None:
    described = reports.outcomes(*results).describe(None)
    assert described is not None
    assert described["total"] == len({result["id"] for result in results})
    assert [sum(row["devices"] for row in table["rows"]) for table in described["tables"]] == [described["total"]] * 2
    assert all(row["state"] != "yes" or row["value"] == "done" for row in described["tables"][0]["rows"])


def test_reasons_are_told_in_words() -> None:
    found = reports.outcomes(
        {"id": "a", "status": "done", "reason": None},
        {"id": "b", "status": "not_supported", "reason": "not_supported"},
        {"id": "c", "status": "refused", "reason": "hybrid_joined"},
        {"id": "d", "status": "pending", "reason": None, "confirmed": False},
        {"id": "e", "status": "unknown", "reason": "answer_lost"},
        {"id": "f", "status": "of tomorrow", "reason": "a\nb"},
    )
    assert counts(found, 1) == {
        "done": 1,
        "not supported": 1,
        "refused: hybrid joined": 1,
        "pending: accepted, not yet visible in Intune": 1,
        "not known: the response was lost": 1,
        "not known": 1,
    }


def test_a_journal_tells_the_outcome_or_what_is_known_without_one() -> None:
    found = Outcomes()
    resets = {
        "a": KnownReset("accepted", 1.0, 9.0, None, "done"),
        "b": KnownReset("accepted", 1.0, 2.0),
        "c": KnownReset("open", 1.0, 2.0),
        "d": KnownReset("free", 1.0, 2.0),
        "e": KnownReset("accepted", 1.0, 2.0, None, "of tomorrow"),
    }
    found.add_journal("/j", History(resets=resets))
    assert counts(found, 1) == {"done": 1, "pending": 1, "not known": 1, "not known: the response was lost": 1, "not attempted": 1}
    described = found.describe(lambda device: device != "a")
    assert described is not None and described["no_longer_managed"] == 1
    assert described["sources"] == [{"kind": "journal", "path": "/j", "devices": 5, "newest": "1970-01-01T00:00:09Z"}]


def test_a_device_counts_once_by_the_newest_journal_and_by_results_before_journals() -> None:
    found = Outcomes()
    found.add_journal("/new", History(resets={"a": KnownReset("accepted", 1.0, 9.0, None, "failed"), "b": KnownReset("open", 1.0, 9.0)}))
    found.add_journal("/old", History(resets={"a": KnownReset("accepted", 1.0, 2.0, None, "done")}))
    found.add_results([{"id": "B", "status": "done"}])
    found.add_journal("/later", History(resets={"b": KnownReset("free", 1.0, 99.0)}))
    assert counts(found) == {"failed": 1, "done": 1}
    outcome = found.find("A")
    assert outcome is not None and (outcome.status, outcome.at) == ("failed", 9.0)


def test_a_summary_has_numbers_alone() -> None:
    found = Outcomes()
    found.add_summary(
        {"total": 4, "changed": 3, "done": 2, "pending": 1, "refused": 1, "unconfirmed": 1, "x": 7, "failed": -1, "none": "2"}
    )
    assert counts(found) == {"done": 2, "refused": 1, "pending": 1} and sum(counts(found, 1).values()) == 4


@pytest.mark.parametrize("result", ["text", {"id": "a"}, {"status": "done"}, {"id": 7, "status": "done"}, None])
def test_what_is_no_result_is_refused(result: t.Any) -> None:
    with pytest.raises(errors.InvalidOptionError, match=r"results\[1\] must be a dictionary"):
        Outcomes().add_results([{"id": "a", "status": "done"}, result])
