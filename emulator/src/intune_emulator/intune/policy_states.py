# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The state of a policy on each Windows device: set by the control API, otherwise pending."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..state.devices import Device
from ..state.policies import PolicyState
from ..state.tenant import Tenant

STATES = ("succeeded", "error", "conflict", "notApplicable", "pending")
# Frequent codes: remediation failed, lost in conflict resolution, not applicable for this device.
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


PENDING = PolicyState("pending")


@dataclass(frozen=True)
class ReportedSetting:
    """A setting of a policy, as reports name it."""

    name: str
    instance: str
    path: str


@dataclass(frozen=True)
class ReportedPolicy:
    """A policy of any type, as reports show it. `kind`: UnifiedPolicyType."""

    id: str
    name: str
    kind: str
    modified: datetime
    assignments: list[dict[str, Any]]
    settings: list[ReportedSetting]

    @property
    def is_catalog_policy(self) -> bool:
        """Return whether it belongs to the settings catalog."""
        return self.kind == CATALOG


def find_policy(tenant: Tenant, policy_id: str) -> ReportedPolicy | None:
    """Return a device configuration or a policy of the settings catalog by its id, or None."""
    key = policy_id.lower()
    if (item := tenant.configurations.get(key)) is not None:
        settings = [ReportedSetting(entry["displayName"], str(number), entry["omaUri"]) for number, entry in enumerate(item.settings)]
        return ReportedPolicy(item.id, item.display_name, item.type_name, item.modified, item.assignments, settings)
    if (found := tenant.configuration_policies.get(key)) is not None:
        settings = [entry for instance in found.instances for entry in _leaves(instance, "")]
        return ReportedPolicy(found.id, found.name, CATALOG, found.modified, found.assignments, settings)
    return None


def _leaves(instance: dict[str, Any], above: str) -> Iterator[ReportedSetting]:
    """Return the settings of an instance; of a group, those of its children."""
    own = instance["settingDefinitionId"]
    path = f"{above}/{own}" if above else own
    groups = instance.get("groupSettingCollectionValue")
    if groups is None:
        yield ReportedSetting(own, own, path)
    for value in groups or ():
        for child in value["children"]:
            yield from _leaves(child, path)


def device_states(tenant: Tenant, policy: ReportedPolicy) -> list[tuple[Device, PolicyState]]:
    """Return each Windows device that the policy is assigned to or has a state of, with the state, in the order of the devices."""
    known = tenant.policy_states.get(policy.id, {})
    targets = _targets(tenant, policy.assignments) | known.keys()
    return [(device, known.get(device.id, PENDING)) for device in tenant.devices if device.id in targets and is_windows(device)]


def is_windows(device: Device) -> bool:
    """Return whether the device runs Windows (desktops, phones, HoloLens); other devices have no state."""
    return bool(device.get("operatingSystem") == "Windows")


def _targets(tenant: Tenant, assignments: list[dict[str, Any]]) -> set[str]:
    """Return the ids of the assigned devices; filters of assignments are not evaluated."""
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
    """Return the ids of a group's devices and of its users' devices, also those of nested groups."""
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
    """Return the counts of deviceStatusOverview. A conflict counts as an error: how the service counts it is not known."""
    result = dict.fromkeys(("pendingCount", "notApplicableCount", "successCount", "errorCount", "failedCount"), 0)
    policy = find_policy(tenant, policy_id)
    for _device, state in device_states(tenant, policy) if policy else ():
        result[COUNTERS[state.name]] += 1
    return result


def last_report(tenant: Tenant, policy_id: str, otherwise: datetime) -> datetime:
    """Return the time of the last report of a device."""
    return max((state.since for state in tenant.policy_states.get(policy_id, {}).values() if state.since), default=otherwise)


def set_states(tenant: Tenant, body: dict[str, Any]) -> dict[str, Any]:
    """Set states by {"policy_id", "states": {device_id: name or {"state", "code"}}}; ValueError changes nothing."""
    unknown = set(body) - {"policy_id", "states"}
    if unknown:
        raise ValueError(f"unknown fields: {sorted(unknown)}")
    policy = find_policy(tenant, str(body["policy_id"]))
    if policy is None:
        raise ValueError(f"no policy {body['policy_id']}")
    now = tenant.clock.now()
    checked = {_device(tenant, key).id: _state(value, now) for key, value in body["states"].items()}
    tenant.policy_states.setdefault(policy.id, {}).update(checked)
    rendered = {device.id: {"state": state.name, "code": state.code} for device, state in device_states(tenant, policy)}
    return {"policy_id": policy.id, "states": rendered}


def _device(tenant: Tenant, device_id: str) -> Device:
    device = tenant.devices.get(device_id)
    if device is None:
        raise ValueError(f"no device {device_id}")
    if not is_windows(device):
        raise ValueError(f"device {device_id} does not run Windows")
    return device


def _state(value: Any, now: datetime) -> PolicyState:
    given = {"state": value} if isinstance(value, str) else dict(value)
    name, code = given.pop("state", None), given.pop("code", None)
    if given:
        raise ValueError(f"unknown fields: {sorted(given)}")
    if name not in STATES:
        raise ValueError(f"a state must be one of {', '.join(STATES)}")
    if code is not None and (isinstance(code, bool) or not isinstance(code, int) or not -MAX_CODE <= code < MAX_CODE):
        raise ValueError("code must be a whole number of 32 bits")
    return PolicyState(name, CODES.get(name, 0) if code is None else code, None if name == "pending" else now)
