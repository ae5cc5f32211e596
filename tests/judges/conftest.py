# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An emulated tenant whose exchanges are compared with Microsoft's description after each test."""

from __future__ import annotations

import pathlib
import typing as t

import pytest
from intune_emulator import EmulatorProcess

from tests.contract import recordings
from tests.contract.checker import Checker
from tests.contract.contract import Contract, load_contracts
from tests.contract.recordings import Summary


@pytest.fixture(scope="session")
def contracts() -> dict[str, Contract]:
    """Return Microsoft's description of both versions."""
    return load_contracts()


@pytest.fixture(scope="session")
def record(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("exchanges") / "exchanges.jsonl"


@pytest.fixture(scope="session")
def process(record: pathlib.Path) -> t.Iterator[EmulatorProcess]:
    with EmulatorProcess("demo", record=record) as process:
        yield process


@pytest.fixture
def tenant(process: EmulatorProcess, record: pathlib.Path, contracts: dict[str, Contract]) -> t.Iterator[EmulatorProcess]:
    """Yield the tenant with fresh state; afterwards, compare all requests and responses of a client."""
    process.control.reset("demo")
    before = len(record.read_text(encoding="utf-8").splitlines())
    yield process
    summary = Summary(Checker(contracts)).add_all(recordings.read(record, skip=before))
    assert sum(summary.compared.values()) and not summary.not_emulated, str(summary)
    assert not summary.failures, f"{summary}\n{summary.failures}"
