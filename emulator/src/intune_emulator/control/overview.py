# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The state of the tenant in brief, for the page at /_emulator/: newest or first rows of each kind, with counts and without secrets."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from itertools import islice
from typing import Any, TypeVar
from urllib.parse import unquote, unquote_plus

from ..intune.policy_states import current_state
from ..state.approval_requests import OPEN
from ..state.clock import iso
from ..state.device_actions import RESET, Action
from ..state.devices import Device
from ..state.journal import Entry
from ..state.settings import Settings
from ..state.tenant import Tenant
from . import policies
from .masking import Mask
from .presets import PRESETS

# per kind
ROWS = 50
# number of resets, policies, requests, and faults that a search reads; if there are more, the newest ones
SEARCHED = 5_000
# devices whose texts are made before other requests can run
CHUNK = 50
SHOWN_OF_REQUESTS = ("seq", "time", "method", "status", "kind", "batch", "request_id", "client_request_id", "fault", "refused", "throttled")
EVERYTHING = {"allDevicesAssignmentTarget": "all devices", "allLicensedUsersAssignmentTarget": "all users"}

Json = dict[str, Any]
Item = TypeVar("Item")


class DeviceTexts:
    """The searchable text of each device. Keep those of devices without changes."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._devices = tenant.devices
        self._texts: dict[Device, str] = {}

    async def prepare(self) -> None:
        """Make the texts of all devices, and let other requests run meanwhile: 100,000 devices take about a second, once."""
        if self._devices is not self._tenant.devices:
            self._devices, self._texts = self._tenant.devices, {}
        missing = [device for device in self._devices if not device.is_changed and device not in self._texts]
        for start in range(0, len(missing), CHUNK):
            # another search may have made some of them in the meantime
            rest = [device for device in missing[start : start + CHUNK] if device not in self._texts]
            self._texts.update((device, _device_text(device)) for device in rest)
            await asyncio.sleep(0)

    def find(self, device: Device) -> str:
        """Return the text of a device in lower case."""
        return (None if device.is_changed else self._texts.get(device)) or _device_text(device)


def _device_text(device: Device) -> str:
    names = ("deviceName", "userPrincipalName", "operatingSystem", "osVersion", "id")
    return "\n".join(str(device.get(name) or "") for name in names).lower()


class Overview:
    """The sections of the page, each {"total", "searched", "found", "rows"}."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._texts = DeviceTexts(tenant)
        self._mask = Mask(tenant.secrets)

    async def render(self, search: str) -> Json:
        """Return the state; `search`: a text that a row must contain, case-insensitive."""
        wanted = search.strip().lower()
        if wanted:
            await self._texts.prepare()
        tenant, clock = self._tenant, self._tenant.clock
        resets, journal = tenant.actions.resets, tenant.journal
        found = policies.list_all(tenant)
        faults = tenant.faults.list()
        body: Json = {
            "tenant": {"seed": tenant.seed, "origin": tenant.origin, "tenant_id": tenant.tenant_id},
            "clock": {"now": iso(clock.now()), "frozen": clock.frozen, "rate": clock.rate},
            "counts": self._count(),
            "devices": self._list_devices(wanted),
            "resets": self._cut(reversed(resets), len(resets), self._render_reset, wanted),
            "policies": self._cut(found, len(found), self._render_policy, wanted),
            "requests": self._cut(journal.newest_first(), len(journal), self._render_request, wanted),
            "faults": self._cut(faults, len(faults), _render_fault, wanted),
            "presets": [{"name": name, "description": PRESETS[name].description} for name in dict.fromkeys(tenant.presets)],
            "settings": self._list_changed_settings(),
        }
        masked: Json = self._mask.apply(body)
        return masked

    def _count(self) -> dict[str, int]:
        tenant, journal = self._tenant, self._tenant.journal
        now = tenant.clock.now()
        # since the oldest entry if the journal no longer has all of them
        counts = journal.counts(journal.last - len(journal))
        return {**counts, "open_approvals": sum(item.status(now) in OPEN for item in tenant.approvals.values())}

    def _cut(self, items: Iterable[Item], total: int, render: Callable[[Item], Json], wanted: str) -> Json:
        """Return the first rows; with a search, the first matches among the first SEARCHED."""
        if not wanted:
            return {"total": total, "searched": total, "found": total, "rows": [render(item) for item in islice(items, ROWS)]}
        rows = [row for row in map(render, islice(items, SEARCHED)) if self._contains(row, wanted)]
        return {"total": total, "searched": min(total, SEARCHED), "found": len(rows), "rows": rows[:ROWS]}

    def _contains(self, row: Json, wanted: str) -> bool:
        """Return whether a row as displayed contains a text: a search must not find secrets. Mask last because masking is slow."""
        return wanted in _flatten(row) and wanted in _flatten(self._mask.apply(row))

    def _list_devices(self, wanted: str) -> Json:
        devices = self._tenant.devices
        total = found = len(devices)
        shown: Iterable[Device] = devices
        if wanted:
            shown = matches = [device for device in devices if wanted in self._texts.find(device)]
            found = len(matches)
        return {"total": total, "searched": total, "found": found, "rows": [self._render_device(item) for item in islice(shown, ROWS)]}

    def _render_device(self, device: Device) -> Json:
        resets = device.actions.get(RESET, [])
        return {
            "id": device.id,
            "name": device.get("deviceName"),
            "owner": device.get("userPrincipalName"),
            "platform": f"{device.get('operatingSystem') or ''} {device.get('osVersion') or ''}".strip(),
            "last_check_in": device.get("lastSyncDateTime"),
            "offline": device.simulation.offline,
            "resets": len(resets),
            "reset": self._render_state(resets[-1]) if resets else None,
        }

    def _render_state(self, action: Action) -> Json:
        state, since = action.state(self._tenant.clock.now())
        return {"state": state, "since": iso(since)}

    def _render_reset(self, action: Action) -> Json:
        device = self._tenant.devices.find(action.device_id)
        names = (
            {"device": device.get("deviceName"), "owner": device.get("userPrincipalName")} if device else {"device": None, "owner": None}
        )
        return {"id": action.id, "requested": iso(action.requested), **names, **self._render_state(action)}

    def _render_policy(self, policy: Json) -> Json:
        tenant, now = self._tenant, self._tenant.clock.now()
        states: dict[str, int] = {}
        for history in tenant.policy_states.get(policy["id"], {}).values():
            name = current_state(history, now).name
            states[name] = states.get(name, 0) + 1
        targets = [self._name_target(entry["target"]) for entry in policies.find_assignments(tenant, policy["id"])]
        return {**policy, "assigned": targets, "states": states}

    def _name_target(self, target: Json) -> str:
        kind = target["@odata.type"].rpartition(".")[2]
        if kind in EVERYTHING:
            return EVERYTHING[kind]
        group = self._tenant.groups.written(target["groupId"]) or {}
        name = str(group.get("displayName") or target["groupId"])
        return f"not {name}" if kind.startswith("exclusion") else name

    def _render_request(self, entry: Entry) -> Json:
        path = f"/{entry['version']}{entry['path']}" if entry["version"] else entry["path"]
        shown = {name: entry[name] for name in SHOWN_OF_REQUESTS}
        # hidden both as sent and decoded
        return {**shown, "path": unquote(self._mask.hide(path)), "query": unquote_plus(self._mask.hide(entry["query"]))}

    def _list_changed_settings(self) -> Json:
        defaults = Settings().as_dict()
        return {name: value for name, value in self._tenant.settings.as_dict().items() if value != defaults[name]}


def _flatten(row: Json) -> str:
    return str(list(row.values())).lower()


def _render_fault(fault: Json) -> Json:
    details = {name: value for name, value in fault["fault"].items() if name != "kind"}
    shown = {name: fault[name] for name in ("id", "match", "skip", "every", "times", "hits")}
    return {**shown, "kind": fault["fault"]["kind"], "details": details}
