# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Give every unit test a clean environment, without real sleep or access to a network."""

from __future__ import annotations

import os
import socket
import tempfile
import time
import typing as t

import hypothesis
import pytest

from tests.support.fakes import FakeClock

hypothesis.settings.register_profile("unit", deadline=None, database=None, derandomize=True, max_examples=60)
hypothesis.settings.load_profile("unit")

# Variables that requests, msal, and the options read.
MEANT = ("INTUNE_", "AZURE_", "IDENTITY_", "IMDS_", "MSI_", "REQUESTS_", "CURL_", "NETRC")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.upper().startswith(MEANT) or name.upper().endswith("_PROXY"):
            monkeypatch.delenv(name)


@pytest.fixture(autouse=True)
def _nothing_real(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = socket.socket.connect

    def local_only(self: socket.socket, address: t.Any) -> None:
        assert not isinstance(address, tuple) or address[0] in ("127.0.0.1", "::1"), f"a unit test connects to {address}"
        connect(self, address)

    def no_sleep(seconds: float) -> None:
        # subprocess waits less than that between two polls of its child.
        assert seconds <= 0.05, f"a unit test sleeps {seconds} s"

    monkeypatch.setattr(socket.socket, "connect", local_only)
    monkeypatch.setattr(time, "sleep", no_sleep)


@pytest.fixture(scope="session")
def temporary_folder(tmp_path_factory: pytest.TempPathFactory) -> str:
    return str(tmp_path_factory.mktemp("temporary"))


@pytest.fixture(autouse=True)
def _own_locks(temporary_folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Separate locks of devices and records of resets from those of other tests and of this machine's users."""
    monkeypatch.setenv("TMPDIR", tempfile.mkdtemp(dir=temporary_folder))
    monkeypatch.setattr(tempfile, "tempdir", None)
    monkeypatch.delenv("XDG_RUNTIME_DIR", raising=False)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()
