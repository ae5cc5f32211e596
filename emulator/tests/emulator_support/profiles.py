# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Custom profiles, and assignments of policies."""

from __future__ import annotations

from typing import Any

from intune_emulator.state.guids import stable_id

from .client import Client

V1 = "/v1.0/deviceManagement/deviceConfigurations"
BETA = "/beta/deviceManagement/deviceConfigurations"
URI = "./Device/Vendor/MSFT/PassportForWork/897fdd2f-17b7-5326-80db-ecd0396a292d/Policies/EnablePinRecovery"


def setting(kind: str = "Boolean", value: Any = True, **more: Any) -> dict[str, Any]:
    return {"@odata.type": f"#microsoft.graph.omaSetting{kind}", "displayName": "x", "omaUri": URI, "value": value, **more}


def policy(*settings: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "@odata.type": "#microsoft.graph.windows10CustomConfiguration",
        "displayName": "PIN recovery",
        "omaSettings": list(settings),
        **more,
    }


def create(client: Client, *settings: dict[str, Any], path: str = V1, **more: Any) -> dict[str, Any]:
    response = client.call("POST", path, policy(*(settings or (setting(),)), **more))
    assert response.status_code == 201, response.text
    created: dict[str, Any] = response.json()
    return created


def target(kind: str, **more: Any) -> dict[str, Any]:
    return {"target": {"@odata.type": f"#microsoft.graph.{kind}AssignmentTarget", **more}}


GROUP = "11111111-1111-4111-8111-111111111111"
FILTER = {
    "deviceAndAppManagementAssignmentFilterId": stable_id("filter", 1),
    "deviceAndAppManagementAssignmentFilterType": "include",
}


def assign(client: Client, policy_id: str, *assignments: dict[str, Any], path: str = V1) -> Any:
    return client.call("POST", f"{path}/{policy_id}/assign", {"assignments": list(assignments)})
