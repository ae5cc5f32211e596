# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What became of a policy on each Windows device: planted by the control API, pending where nothing was planted (facts: status)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from .devices_store import Device

if TYPE_CHECKING:
    from ..control.tenant import Tenant

STATES = ("succeeded", "error", "conflict", "notApplicable", "pending")
# Usual codes: remediation failed, lost in conflict resolution, not applicable for this device.
CODES = {"error": -2016281112, "conflict": -2016281106, "notApplicable": -2016281111}
# The members of complianceStatus by number, as public tools read them in reports.
NUMBERS = {"pending": 0, "notApplicable": 1, "succeeded": 2, "error": 5, "conflict": 6}
TEXTS = {"pending": "Pending", "notApplicable": "Not applicable", "succeeded": "Succeeded", "error": "Error", "conflict": "Conflict"}
# deviceStatusOverview: there is no count for conflicts.
COUNTERS = {
    "pending": "pendingCount",
    "notApplicable": "notApplicableCount",
    "succeeded": "successCount",
    "error": "errorCount",
    "conflict": "errorCount",
}
CATALOG = "DeviceManagementConfigurationPolicy"
MAX_CODE = 2**31


@dataclass(frozen=True)
class State:
    """`code`: the device's error, 0 when there is none. `since` None: the device has not reported."""

    name: str
    code: int = 0
    since: datetime | None = None


PENDING = State("pending")


@dataclass(frozen=True)
class Setting:
    """One setting of a policy, as reports name it."""

    name: str
    instance: str
    path: str


@dataclass(frozen=True)
class Policy:
    """What reports tell of a policy, whatever its kind. `kind`: UnifiedPolicyType."""

    id: str
    name: str
    kind: str
    modified: datetime
    assignments: list[dict[str, Any]]
    settings: list[Setting]

    @property
    def catalog(self) -> bool:
        """Of the settings catalog."""
        return self.kind == CATALOG


def find_policy(tenant: Tenant, policy_id: str) -> Policy | None:
    """A device configuration or a policy of the settings catalog."""
    key = policy_id.lower()
    if (item := tenant.configurations.get(key)) is not None:
        settings = [Setting(entry["displayName"], str(number), entry["omaUri"]) for number, entry in enumerate(item.settings)]
        return Policy(item.id, item.display_name, item.type_name, item.modified, item.assignments, settings)
    if (found := tenant.configuration_policies.get(key)) is not None:
        settings = [entry for instance in found.instances for entry in _leaves(instance, "")]
        return Policy(found.id, found.name, CATALOG, found.modified, found.assignments, settings)
    return None


def _leaves(instance: dict[str, Any], above: str) -> Iterator[Setting]:
    """The settings of an instance; of a group, those of its children."""
    own = instance["settingDefinitionId"]
    path = f"{above}/{own}" if above else own
    groups = instance.get("groupSettingCollectionValue")
    if groups is None:
        yield Setting(own, own, path)
    for value in groups or ():
        for child in value["children"]:
            yield from _leaves(child, path)


def rows(tenant: Tenant, policy: Policy) -> list[tuple[Device, State]]:
    """Each Windows device that the policy is assigned to or has reported on, with its state, in the order of the devices."""
    planted = tenant.policy_states.get(policy.id, {})
    targets = _targets(tenant, policy.assignments) | planted.keys()
    return [(device, planted.get(device.id, PENDING)) for device in tenant.devices if device.id in targets and is_windows(device)]


def is_windows(device: Device) -> bool:
    """Desktops, phones and HoloLens; no other device has a state."""
    return device.get("operatingSystem") == "Windows"


def _targets(tenant: Tenant, assignments: list[dict[str, Any]]) -> set[str]:
    """Ids of the assigned devices; filters of assignments are not evaluated."""
    included: set[str] = set()
    excluded: set[str] = set()
    for entry in assignments:
        kind = entry["target"]["@odata.type"].rpartition(".")[2]
        if kind == "allDevicesAssignmentTarget":
            included |= {device.id for device in tenant.devices}
        elif kind == "allLicensedUsersAssignmentTarget":
            included |= {device.id for device in tenant.devices if device.get("userId")}
        else:
            (excluded if kind.startswith("exclusion") else included).update(_members(tenant, entry["target"]["groupId"], set()))
    return included - excluded


def _members(tenant: Tenant, group_id: str, seen: set[str]) -> set[str]:
    """Ids of a group's devices and of its users' devices; nested groups count."""
    found: set[str] = set()
    if group_id in seen:
        return found
    seen.add(group_id)
    for kind, member in tenant.members.get(group_id):
        if kind == "group":
            found |= _members(tenant, member, seen)
        elif kind == "device":
            found.add(member)
        else:
            found |= {device.id for device in tenant.devices if device.get("userId") == member}
    return found


def counts(tenant: Tenant, policy_id: str) -> dict[str, int]:
    """The counts of deviceStatusOverview. A conflict counts as an error: where the service counts it is not known."""
    result = dict.fromkeys(("pendingCount", "notApplicableCount", "successCount", "errorCount", "failedCount"), 0)
    policy = find_policy(tenant, policy_id)
    for _device, state in rows(tenant, policy) if policy else ():
        result[COUNTERS[state.name]] += 1
    return result


def last_report(tenant: Tenant, policy_id: str, otherwise: datetime) -> datetime:
    """When a device reported last."""
    return max((state.since for state in tenant.policy_states.get(policy_id, {}).values() if state.since), default=otherwise)


def plant(tenant: Tenant, body: dict[str, Any]) -> dict[str, Any]:
    """The control call {"policy_id", "states": {device_id: name or {"state", "code"}}}; ValueError changes nothing."""
    unknown = set(body) - {"policy_id", "states"}
    if unknown:
        raise ValueError(f"unknown fields: {sorted(unknown)}")
    policy = find_policy(tenant, str(body["policy_id"]))
    if policy is None:
        raise ValueError(f"no policy {body['policy_id']}")
    now = tenant.clock.now()
    checked = {_device(tenant, key).id: _state(value, now) for key, value in body["states"].items()}
    tenant.policy_states.setdefault(policy.id, {}).update(checked)
    shown = {device.id: {"state": state.name, "code": state.code} for device, state in rows(tenant, policy)}
    return {"policy_id": policy.id, "states": shown}


def _device(tenant: Tenant, device_id: str) -> Device:
    device = tenant.devices.get(device_id)
    if device is None:
        raise ValueError(f"no device {device_id}")
    if not is_windows(device):
        raise ValueError(f"device {device_id} does not run Windows")
    return device


def _state(value: Any, now: datetime) -> State:
    told = {"state": value} if isinstance(value, str) else dict(value)
    name, code = told.pop("state", None), told.pop("code", None)
    if told:
        raise ValueError(f"unknown fields: {sorted(told)}")
    if name not in STATES:
        raise ValueError(f"a state is one of {', '.join(STATES)}")
    if code is not None and (isinstance(code, bool) or not isinstance(code, int) or not -MAX_CODE <= code < MAX_CODE):
        raise ValueError("code is a whole number of 32 bits")
    return State(name, CODES.get(name, 0) if code is None else code, None if name == "pending" else now)
