# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""A tenant in process (no socket, frozen clock). The pytest plugin provides the one as a process (real HTTPS)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests
from emulator_support.client import ORIGIN, Client
from emulator_support.parity import Witness, find_gaps
from intune_emulator import EmulatorProcess
from intune_emulator.control.seeds import make_tenant
from intune_emulator.state.keys import Keys

FOLDER = Path(__file__).parents[1]


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Skip the comparison with Microsoft's description if these tests run alone, because it uses tests of the repository."""
    return True if collection_path.name == "test_contract.py" and config.rootpath == FOLDER else None


@pytest.fixture(autouse=True)
def shown_claims(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Fail a test that claims more about the service than it shows."""
    claims = list(request.node.iter_markers("parity"))
    if not claims:
        yield
        return
    witness = Witness(monkeypatch)
    yield
    assert not (gaps := find_gaps(witness, claims)), "\n".join(gaps)


@pytest.fixture(scope="session")
def keys() -> Keys:
    return Keys()


@pytest.fixture
def make_client(keys: Keys) -> Callable[..., Client]:
    def make(seed: str = "demo") -> Client:
        tenant = make_tenant(ORIGIN, seed, keys)
        tenant.clock.freeze(True)
        return Client(tenant)

    return make


@pytest.fixture
def client(make_client: Callable[..., Client]) -> Client:
    return make_client("demo")


@pytest.fixture
def emulator(intune_tenant: EmulatorProcess) -> EmulatorProcess:
    """Return the process, reset to the demo seed."""
    return intune_tenant


@pytest.fixture
def session(emulator: EmulatorProcess) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = emulator.env["INTUNE_CA_PATH"]
        yield session
