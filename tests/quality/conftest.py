# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the end of a run says of checks that need more than the environment has."""

from __future__ import annotations

import pytest

NOT_RUN = "not looked at in a browser"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say loudly that the report was not looked at: a line among many skipped tests is read by nobody."""
    skipped = [report for report in terminalreporter.stats.get("skipped", []) if NOT_RUN in str(report.longrepr)]
    if skipped:
        terminalreporter.section("NOT RUN", sep="!", red=True, bold=True)
        reason = str(skipped[0].longrepr[2] if isinstance(skipped[0].longrepr, tuple) else skipped[0].longrepr)
        terminalreporter.line(f"{len(skipped)} tests did not run: {reason.removeprefix('Skipped: ')}.", red=True, bold=True)
