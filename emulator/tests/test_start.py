# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Check that neither the command nor the server imports unneeded modules before it is ready, because imports dominate a start."""

from __future__ import annotations

import subprocess
import sys

import pytest

# imports of a client of the tenant, and of some requests
LATER = {"requests", "urllib3", "httpx", "msal", "odata_query", "pytest", "yaml"}
SERVER = {"asyncio", "click", "cryptography", "jwt", "starlette", "uvicorn", "intune_emulator.intune", "intune_emulator.state.tenant"}


@pytest.mark.parametrize(
    ("modules", "missing"),
    [
        pytest.param("intune_emulator.cli, intune_emulator.background", LATER | SERVER, id="start, env, stop"),
        pytest.param("intune_emulator.cli, intune_emulator.control.health", LATER | SERVER, id="healthcheck"),
        pytest.param("intune_emulator.serve", LATER, id="serve"),
        pytest.param("intune_emulator.pytest_plugin", (LATER | SERVER) - {"pytest"}, id="plugin"),
    ],
)
def test_imports_of(modules: str, missing: set[str]) -> None:
    code = f"import sys\nbefore = set(sys.modules)\nimport {modules}\nprint(*sorted(set(sys.modules) - before))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    imported = set(done.stdout.split())
    assert modules.split(",")[0] in imported and not missing & imported


def test_the_grammar_of_filters_is_imported_on_first_use() -> None:
    code = (
        "import sys\nfrom intune_emulator.http.odata import FilterRule, FilterSpec, compile_filter\n"
        "assert 'odata_query' not in sys.modules\n"
        "test = compile_filter(\"name eq 'x'\", FilterSpec('thing', {'name'}, {'name': FilterRule(frozenset({'eq'}))}))\n"
        "assert 'odata_query' in sys.modules and test({'name': 'X'}.get) and not test({'name': 'y'}.get)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
