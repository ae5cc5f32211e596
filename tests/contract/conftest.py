# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from . import contract, recordings
from .checker import Checker

SAID = "contract"
SDK = "sdk"


def pytest_configure(config: pytest.Config) -> None:
    # Microsoft's SDK warns of its own classes
    for text in (".*is deprecated. Please use the generic RequestConfiguration", "GetQueryParameters is deprecated"):
        config.addinivalue_line("filterwarnings", f"ignore:{text}:DeprecationWarning")


@pytest.fixture(scope="session")
def found_contracts() -> dict[str, contract.Contract] | None:
    """Microsoft's description, or None where it is not at hand: nothing in this project needs it to run."""
    folder = recordings.contract_folder()
    return None if recordings.missing_contract(folder) else contract.load(folder)


@pytest.fixture
def say(record_property: t.Callable[[str, object], None]) -> t.Callable[[str], None]:
    """A line for the end of the test run."""
    return lambda text: record_property(SAID, text)


@pytest.fixture
def microsoft(found_contracts: dict[str, contract.Contract] | None, say: t.Callable[[str], None]) -> dict[str, contract.Contract]:
    """Microsoft's description; the test is skipped, loudly, where it is not at hand."""
    if found_contracts is None:
        text = recordings.not_checked(recordings.contract_folder())
        say(text)
        pytest.skip(text)
    return found_contracts


@pytest.fixture
def checker(microsoft: dict[str, contract.Contract]) -> Checker:
    return Checker(microsoft)


def pytest_terminal_summary(terminalreporter: t.Any) -> None:
    """One section with all that was said, by whichever worker."""
    reports = [report for entries in terminalreporter.stats.values() for report in entries if getattr(report, "when", "") == "teardown"]
    properties = [entry for report in reports for entry in report.user_properties]
    texts = list(dict.fromkeys(value for name, value in properties if name == SAID))
    compared = [value for name, value in properties if name == SDK and value is not None]
    if compared:
        operations = {operation for _count, names in compared for operation in names}
        texts.append(f"Microsoft's SDK: {sum(count for count, _names in compared)} exchanges compared ({len(operations)} operations)")
    if texts:
        terminalreporter.section("Microsoft's description of Graph")
        for text in texts:
            terminalreporter.line(text)
