# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A browser for tests of pages, and a summary of the checks that need more than the environment has."""

from __future__ import annotations

import typing as t

import pytest

from tests.support.browser import find_chromium

if t.TYPE_CHECKING:
    from playwright.sync_api import Browser

NOT_IN_BROWSER = "the pages were not looked at in a browser"
NOT_RUN = ("not looked at in a browser", "not parsed")


@pytest.fixture(scope="module")
def browser() -> t.Iterator[Browser]:
    """Yield the machine's Chromium; skip the test if there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason=f"{NOT_IN_BROWSER}: playwright is not installed")
    path = find_chromium()
    if path is None:
        pytest.skip(f"{NOT_IN_BROWSER}: Chromium is not installed. Install it, or set CHROMIUM to its path")
    with playwright.sync_playwright() as driver:
        # Chromium refuses to run as root within its sandbox.
        started = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        yield started
        started.close()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Report the skipped checks prominently, because readers miss a line among many skipped tests."""
    skipped = [_find_reason(report) for report in terminalreporter.stats.get("skipped", [])]
    reasons = [reason for reason in skipped if any(words in reason for words in NOT_RUN)]
    if reasons:
        terminalreporter.section("NOT RUN", sep="!", red=True, bold=True)
    for reason in dict.fromkeys(reasons):
        terminalreporter.line(f"{reasons.count(reason)} tests did not run: {reason}.", red=True, bold=True)


def _find_reason(report: pytest.TestReport) -> str:
    reason = str(report.longrepr[2] if isinstance(report.longrepr, tuple) else report.longrepr)
    return reason.removeprefix("Skipped: ")
