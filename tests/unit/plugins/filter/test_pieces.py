# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.endpointops.intune.plugins.filter.pieces import FilterModule, cut


@pytest.fixture(autouse=True)
def _in_a_job(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_EVENT_RES", "5000")


def entries(number: int, size: int = 1000) -> list[dict[str, t.Any]]:
    return [{"sealed_passcode": "x" * size} for _number in range(number)]


def labels(result: t.Any, **options: t.Any) -> list[str]:
    return [piece["label"] for piece in cut(result, **options)]


@pytest.mark.parametrize(
    ("result", "options", "told"),
    [
        pytest.param({"results": entries(3)}, {}, [], id="it fits"),
        pytest.param({"results": entries(4)}, {}, ["1 to 3 of 4", "4 of 4"], id="case 72: it does not"),
        pytest.param({"devices": entries(4)}, {"key": "devices"}, ["1 to 3 of 4", "4 of 4"], id="case 72: another list"),
        pytest.param({"results": entries(1), "recipients": ["x" * 5000]}, {}, ["1 of 1"], id="too large beside the list"),
        pytest.param({"results": entries(51, 0)}, {}, [], id="many, and not in check mode"),
        pytest.param({"results": entries(51, 0)}, {"check": True}, ["1 to 51 of 51"], id="case 72: a plan that a summary does not list"),
        pytest.param({"results": entries(51, 0)}, {"check": "yes"}, ["1 to 51 of 51"], id="a boolean as text"),
        pytest.param({"results": entries(50, 0)}, {"check": True}, [], id="a plan that a summary lists"),
        pytest.param({"results": [{"passcode": "x" * 5000}]}, {}, [], id="a secret is not handed over"),
        pytest.param({"results": [*entries(1), {"passcode": "x", **entries(1)[0]}]}, {}, ["1 to 2 of 2"], id="case 72: hidden, and sealed"),
        pytest.param({"results": [{"passcode": None, **entries(1)[0]}]}, {}, [], id="not hidden, since nothing is in clear"),
        pytest.param({"results": [{"passcode": "x", "sealed_passcode": None}]}, {}, [], id="hidden, and not sealed"),
        pytest.param({"results": []}, {}, [], id="empty"),
        pytest.param({"failed": True, "msg": "No."}, {"check": True}, [], id="no list"),
        pytest.param({}, {}, [], id="nothing ran"),
    ],
)
def test_long_lists_are_cut(result: t.Any, options: dict[str, t.Any], told: list[str]) -> None:
    assert labels(result, **options) == told


def test_a_terminal_has_the_usual_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MAX_EVENT_RES")
    monkeypatch.delenv("AWX_ISOLATED_DATA_DIR", raising=False)
    assert labels({"results": entries(600)}) == [] and len(cut({"results": entries(1000)})) == 2


def test_what_is_no_result_is_refused() -> None:
    with pytest.raises(AnsibleFilterError, match="must get the result of a task, a dictionary, not list"):
        FilterModule().filters()["pieces"]([])
