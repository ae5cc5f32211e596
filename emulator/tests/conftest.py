# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""A tenant in process (no socket, frozen clock), and one as a process (real HTTPS)."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator

import pytest
import requests
from emulator_support.client import ORIGIN, Client
from intune_emulator import EmulatorProcess
from intune_emulator.control.seeds import make_tenant
from intune_emulator.state.keys import Keys

# The comparison with Microsoft's description uses tests of the repository; without these, the emulator's own tests run alone.
collect_ignore = [] if importlib.util.find_spec("emulator") else ["test_contract.py"]


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


@pytest.fixture(scope="session")
def running() -> Iterator[EmulatorProcess]:
    with EmulatorProcess("demo") as emulator:
        yield emulator


@pytest.fixture
def emulator(running: EmulatorProcess) -> EmulatorProcess:
    """Return the process, reset to the demo seed."""
    running.control.reset("demo")
    return running


@pytest.fixture
def session(emulator: EmulatorProcess) -> Iterator[requests.Session]:
    with requests.Session() as session:
        session.trust_env = False
        session.verify = emulator.env["INTUNE_CA_PATH"]
        yield session
