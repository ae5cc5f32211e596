# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from emulator.tests import conftest as emulator

from .checker import Checker
from .contract import Contract, load_contracts

# Fixtures of test_emulator.py
client, keys, make_client = emulator.client, emulator.keys, emulator.make_client
REPORTED = "contract"
SDK = "sdk"


def pytest_configure(config: pytest.Config) -> None:
    # Microsoft's SDK emits warnings about its own classes
    for text in (".*is deprecated. Please use the generic RequestConfiguration", "GetQueryParameters is deprecated"):
        config.addinivalue_line("filterwarnings", f"ignore:{text}:DeprecationWarning")


@pytest.fixture(scope="session")
def contracts() -> dict[str, Contract]:
    """Return Microsoft's description of both versions."""
    return load_contracts()


@pytest.fixture
def checker(contracts: dict[str, Contract]) -> Checker:
    return Checker(contracts)


@pytest.fixture
def report_line(record_property: t.Callable[[str, object], None]) -> t.Callable[[str], None]:
    """Return a function that adds a line to the end of the test run."""
    return lambda text: record_property(REPORTED, text)


def pytest_terminal_summary(terminalreporter: t.Any) -> None:
    """Write one section with all lines, of all workers."""
    reports = [report for entries in terminalreporter.stats.values() for report in entries if getattr(report, "when", "") == "teardown"]
    properties = [entry for report in reports for entry in report.user_properties]
    texts = list(dict.fromkeys(value for name, value in properties if name == REPORTED))
    compared = [value for name, value in properties if name == SDK]
    if compared:
        operations = {operation for _count, names in compared for operation in names}
        texts.append(f"Microsoft's SDK: {sum(count for count, _names in compared)} exchanges compared ({len(operations)} operations)")
    if texts:
        terminalreporter.section("Microsoft's description of Graph")
        for text in texts:
            terminalreporter.line(text)
