# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Script packages of remediations."""

from __future__ import annotations

import base64
from typing import Any

from .client import Client

SCRIPTS = "/beta/deviceManagement/deviceHealthScripts"

Json = dict[str, Any]


def encoded(text: str | bytes) -> str:
    return base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


def package(**more: Any) -> Json:
    return {
        "@odata.type": "#microsoft.graph.deviceHealthScript",
        "displayName": "PIN recovery state",
        "description": "Reads dsregcmd",
        "publisher": "Endpoint Ops",
        "runAsAccount": "user",
        "runAs32Bit": False,
        "enforceSignatureCheck": False,
        "detectionScriptContent": encoded("Write-Output x\r\n"),
        "roleScopeTagIds": ["0"],
        **more,
    }


def create(client: Client, **more: Any) -> Json:
    response = client.call("POST", SCRIPTS, package(**more))
    assert response.status_code == 201, response.text
    created: Json = response.json()
    return created


def schedule(kind: str, **more: Any) -> Json:
    return {"@odata.type": f"#microsoft.graph.deviceHealthScript{kind}Schedule", **more}


DAILY = schedule("Daily", interval=1, time="09:00:00", useUtc=False)


def target(kind: str = "allDevices", run: Any = ..., **more: Any) -> Json:
    return {
        "@odata.type": "#microsoft.graph.deviceHealthScriptAssignment",
        "target": {"@odata.type": f"#microsoft.graph.{kind}AssignmentTarget", **more},
        "runRemediationScript": True,
        "runSchedule": DAILY if run is ... else run,
    }


def assign(client: Client, script_id: str, *assignments: Json) -> Any:
    return client.call("POST", f"{SCRIPTS}/{script_id}/assign", {"deviceHealthScriptAssignments": list(assignments)})


def assignments_of(client: Client, script_id: str) -> list[Json]:
    assignments: list[Json] = client.json(f"{SCRIPTS}/{script_id}/assignments")["value"]
    return assignments
