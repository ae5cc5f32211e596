# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

from hypothesis import given

from ansible_collections.endpointops.intune.plugins.module_utils._devices.eligibility import Reason as RefusalReason
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import JoinType, Platform
from ansible_collections.endpointops.intune.plugins.module_utils._devices.prediction import PredictedOutcome
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import Surface
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import Reason, Status
from ansible_collections.endpointops.intune.plugins.module_utils._report import words
from tests.support import reports


def members(literal: t.Any) -> set[str]:
    """Return the words of a Literal, including nested ones."""
    return {word for part in t.get_args(literal) for word in (members(part) or {part})} if t.get_args(literal) else set()


def test_every_code_has_a_label() -> None:
    assert members(Platform) == set(words.LABELS["platform"])
    assert members(JoinType) == set(words.LABELS["join"])
    assert members(Surface) == set(words.LABELS["surface"])
    assert members(RefusalReason) | {f"eligible_{outcome}" for outcome in members(PredictedOutcome)} == set(words.LABELS["eligibility"])
    assert members(Status) == set(words.LABELS["reset"])
    known = set(words.LABELS["reset_reason"]) | set(words.LABELS["eligibility"]) | set(words.LABELS["reset"])
    assert members(Reason) <= known


def test_a_code_of_tomorrow_is_told_as_it_is() -> None:
    assert words.label("reset", "waits_for_rain") == "waits for rain"


@given(reports.NAMES)
def test_names_are_short_visible_and_never_empty(name: str) -> None:
    shown = words.show(name)
    assert 0 < len(shown) <= 12 * (words.LONGEST_NAME + 3)
    assert not any(character in "\n\r\t\x00\u202e\u200b" for character in shown)
    assert words.show(None) == words.show(" \n") == "without a name"


def test_numbers_have_their_nouns() -> None:
    assert [words.count(number, "device") for number in (0, 1, 10_000)] == ["0 devices", "1 device", "10,000 devices"]
    assert words.count(2, "policy", "policies") == "2 policies"
