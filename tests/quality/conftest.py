# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the end of a run says of checks that need more than the environment has."""

from __future__ import annotations

import pytest

NOT_RUN = ("not looked at in a browser", "not parsed")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly what was not looked at: a line among many skipped tests is read by nobody."""
    skipped = [_find_reason(report) for report in terminalreporter.stats.get("skipped", [])]
    reasons = [reason for reason in skipped if any(words in reason for words in NOT_RUN)]
    if reasons:
        terminalreporter.section("NOT RUN", sep="!", red=True, bold=True)
    for reason in dict.fromkeys(reasons):
        terminalreporter.line(f"{reasons.count(reason)} tests did not run: {reason}.", red=True, bold=True)


def _find_reason(report: pytest.TestReport) -> str:
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    return reason.removeprefix("Skipped: ")
