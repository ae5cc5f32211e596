# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Whatever the integration tests sent to the emulated tenant, and whatever it answered, is what Microsoft describes."""

from __future__ import annotations

import typing as t

from . import recordings
from .checker import Checker
from .recordings import Summary


def test_every_exchange_is_as_microsoft_describes_it(checker: Checker, say: t.Callable[[str], None]) -> None:
    folder = recordings.record_folder()
    # test_msgraph_sdk.py compares its own, while they are being written
    files = sorted(path for path in folder.glob("*.jsonl") if not path.name.startswith("sdk"))
    summary = Summary(checker)
    for path in files:
        summary.add_all(recordings.read(path))
    say(f"Integration tests: {summary}")
    assert summary.compared["v1.0"] and summary.compared["beta"], f"nothing to compare in {folder}: `make integration` writes it. {summary}"
    assert not summary.failures, f"{summary}\n{summary.failures}"
