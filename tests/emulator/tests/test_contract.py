# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every answer is valid against Microsoft's OpenAPI, where INTUNE_CONTRACT_PATH names the folder that holds it.

Where the contract and the documentation differ: `@odata.type` is required by the generator but sent for derived types only, some
writes are answered with 204 where the contract has 2XX with a body, and the documents lack some paths that exist (EXTRA).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from . import test_configurations as configurations
from . import test_directory as directory

FOLDER = os.environ.get("INTUNE_CONTRACT_PATH", "")
EXTRA = ("/$batch", "/remoteLock", "/syncDevice", "/managedDevices/$count", "/deletedItems/microsoft.graph.servicePrincipal")
pytestmark = pytest.mark.skipif(not FOLDER, reason="INTUNE_CONTRACT_PATH is not set")


@pytest.fixture(scope="module")
def contracts() -> dict[str, Any]:
    pytest.importorskip("yaml")
    from .contract import Contract

    return {version: Contract(Path(FOLDER) / f"graph-{version}.openapi.yaml") for version in ("v1.0", "beta")}


class Watch:
    """Wraps the client's call and checks every answer."""

    def __init__(self, client: Any, contracts: dict[str, Any]) -> None:
        self.problems: list[str] = []
        self.seen: set[str] = set()
        plain = client.call

        def call(method: str, path: str, body: Any = None, **more: Any) -> Any:
            response = plain(method, path, body, **more)
            version, _separator, rest = path.replace(client.tenant.origin, "").lstrip("/").partition("/")
            rest = "/" + rest.partition("?")[0]
            content = response.json() if response.text and "json" in response.headers["content-type"] else None
            self.seen.add(f"{method} {version}{rest}")
            if not any(extra in rest for extra in EXTRA):
                found = contracts[version].check(method, rest, response.status_code, content)
                self.problems += [f"{method} {path} {response.status_code}: {problem}" for problem in found]
            return response

        client.call = call


@pytest.fixture
def watch(client: Any, contracts: dict[str, Any]) -> Watch:
    return Watch(client, contracts)


def test_devices(client: Any, watch: Watch) -> None:
    for device in client.control("GET", "devices"):
        for version in ("v1.0", "beta"):
            path = f"/{version}/deviceManagement/managedDevices/{device['id']}"
            client.call("POST", f"{path}/resetPasscode")
            client.advance(2)
            client.get(path)
            client.get(f"{path}?$select=id,deviceActionResults,notes")
    for version in ("v1.0", "beta"):
        client.get(f"/{version}/deviceManagement/managedDevices")
        client.get(f"/{version}/deviceManagement/managedDevices?$top=3&$select=id,deviceName")
        client.get(f"/{version}/deviceManagement/managedDevices?$filter=userId eq 'x'")
        client.get(f"/{version}/deviceManagement/managedDevices/none")
    client.get("/beta/deviceManagement/remoteActionAudits")
    client.call("GET", "/v1.0/deviceManagement/managedDevices", roles=[])
    assert not watch.problems, "\n".join(sorted(set(watch.problems)))
    assert len(watch.seen) > 80


def test_status_overview(client: Any, watch: Watch) -> None:
    client.get(f"/v1.0/deviceManagement/deviceConfigurations/{configurations.create(client)['id']}/deviceStatusOverview")
    assert not watch.problems, "\n".join(sorted(set(watch.problems)))


@pytest.mark.parametrize(
    "scenario",
    [
        configurations.test_create_and_read,
        configurations.test_names_are_not_unique,
        configurations.test_hidden_values,
        configurations.test_assign_replaces_all,
        configurations.test_filters_are_beta_only,
        configurations.test_patch,
        configurations.test_delete_twice,
        configurations.test_secret_reference_is_refused_on_create,
        directory.test_create_and_find,
        directory.test_create_refusals,
        directory.test_update,
        directory.test_create_if_missing,
        directory.test_purge,
        directory.test_grants,
        directory.test_grant_refusals,
        directory.test_groups,
        directory.test_entra_device,
        directory.test_organization,
    ],
)
def test_scenario(client: Any, watch: Watch, scenario: Any) -> None:
    scenario(client)
    assert not watch.problems, "\n".join(sorted(set(watch.problems)))


def test_restore(client: Any, watch: Watch) -> None:
    service = directory.make(client)["id"]
    client.call("DELETE", f"{directory.SP}/{service}")
    client.get(f"{directory.BIN}/graph.servicePrincipal")
    client.get(f"{directory.BIN}/{service}")
    client.call("POST", f"{directory.BIN}/{service}/restore")
    assert not watch.problems, "\n".join(sorted(set(watch.problems)))
