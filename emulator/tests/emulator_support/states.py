# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""States of policies on devices."""

from __future__ import annotations

from typing import Any

from intune_emulator.state.policies import ConfigurationPolicy

from .client import Client
from .profiles import assign, create, target

WINDOWS = 30
ERROR = {"state": "error", "code": -5}


def assigned(client: Client, *targets: dict[str, Any]) -> str:
    made: str = create(client)["id"]
    assert assign(client, made, *(targets or (target("allDevices"),))).status_code == 200
    return made


def set_states(client: Client, policy_id: str, **states: Any) -> dict[str, Any]:
    """Set states by device name, with _ for -."""
    ids = {client.device(name.replace("_", "-"))["id"]: state for name, state in states.items()}
    all_states: dict[str, Any] = client.control("POST", "policy_states", {"policy_id": policy_id, "states": ids})["states"]
    return all_states


def catalog_policy(client: Client) -> ConfigurationPolicy:
    """Return a policy with a group of two settings, and one more setting."""
    children = [{"settingDefinitionId": f"group_{name}"} for name in ("first", "second")]
    group = {"settingDefinitionId": "group", "groupSettingCollectionValue": [{"children": children}]}
    now = client.tenant.clock.now()
    return ConfigurationPolicy(
        id="aaaaaaaa-0000-4000-8000-000000000001",
        name="Catalog",
        created=now,
        modified=now,
        assignments=[target("allDevices")],
        instances=[group, {"settingDefinitionId": "alone"}],
    )


def with_catalog(client: Client) -> str:
    policy = catalog_policy(client)
    client.tenant.configuration_policies = {policy.id: policy}
    return policy.id
