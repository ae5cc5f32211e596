# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Plant the script outputs of devices through the control API (POST /_emulator/script_results)."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from ..intune.policy_states import find_windows_device, read_after, read_fields
from ..state.script_results import ResultHistory, ScriptResult, result_at
from ..state.tenant import Tenant

STATES = ("unknown", "success", "fail", "scriptError", "pending", "notApplicable")
TYPES: dict[str, tuple[type, ...]] = {
    "output": (str,),
    "exit_code": (int,),
    "error": (str,),
    "state": (str, type(None)),
    "user": (str, type(None)),
}

Json = dict[str, Any]


def set_results(tenant: Tenant, body: Json) -> Json:
    """Plant results, and return the current result of a run of any script."""
    plant_results(tenant, body)
    return list_results(tenant)


def plant_results(tenant: Tenant, body: Json) -> None:
    """Plant results by {"script_id", "results": {device_id: result or list of results}}; ValueError changes nothing.

    A result is an output, or {"output", "exit_code", "error", "state", "user", "after"}; missing names stay unchanged.
    """
    unknown = set(body) - {"script_id", "results"}
    if unknown:
        raise ValueError(f"unknown fields: {sorted(unknown)}")
    script_id = None if body.get("script_id") is None else str(body["script_id"]).lower()
    if script_id is not None and script_id not in tenant.health_scripts:
        raise ValueError(f"no script package {script_id}")
    checked: dict[tuple[str, str | None], ResultHistory] = {}
    for key, value in body["results"].items():
        own = find_windows_device(tenant, key).id, script_id
        checked[own] = _history(tenant, tenant.script_results.get(own, ()), value)
    tenant.script_results.update(checked)


def list_results(tenant: Tenant) -> Json:
    """Return the current result of a run of any script, by device id."""
    now = tenant.clock.now()
    found = {device_id: history for (device_id, script_id), history in tenant.script_results.items() if script_id is None}
    return {device_id: asdict(result_at(history, now)) for device_id, history in found.items()}


def _history(tenant: Tenant, known: ResultHistory, value: Any) -> ResultHistory:
    """Return a history with new results: one without `after` applies from now on, and removes the future ones."""
    now, history = tenant.clock.now(), known
    for item in value if isinstance(value, list) else [value]:
        given = read_fields("output", item)
        after = read_after(given)
        start = now + timedelta(seconds=after or 0)
        kept = [entry for entry in history if after is not None or entry[0] < start]
        made = _changed(result_at(history, start), given)
        history = tuple(sorted([*kept, (start, made)], key=lambda entry: entry[0]))
    return history


def _changed(result: ScriptResult, given: Json) -> ScriptResult:
    for name, value in given.items():
        if name not in TYPES:
            raise ValueError(f"unknown field '{name}' of a result")
        if not isinstance(value, TYPES[name]) or isinstance(value, bool):
            raise ValueError(f"wrong value of '{name}': {value!r}")
    if given.get("state") is not None and given["state"] not in STATES:
        raise ValueError(f"state must be one of {', '.join(STATES)}")
    return replace(result, **given)
