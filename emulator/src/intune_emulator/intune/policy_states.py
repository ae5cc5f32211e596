# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The state of a policy on each Windows device: set by the control API, otherwise pending."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from ..http.errors import NIL_GUID
from ..state.clock import check_seconds
from ..state.devices import Device
from ..state.policies import PolicyState, StateHistory
from ..state.tenant import Tenant

# Frequent codes: remediation failed, lost in conflict resolution, not applicable for this device.
CODES = {"error": -2016281112, "conflict": -2016281106, "notApplicable": -2016281111}
# The members of complianceStatus by number, as public tools interpret them in reports.
NUMBERS = {
    "pending": 0,
    "notApplicable": 1,
    "succeeded": 2,
    "remediated": 3,
    "nonCompliant": 4,
    "error": 5,
    "conflict": 6,
    "notAssigned": 7,
}
STATES = tuple(NUMBERS)
# The worst first.
SEVERITY = ("conflict", "error", "nonCompliant", "pending", "notAssigned", "remediated", "succeeded", "notApplicable")
# deviceStatusOverview: it has no count of conflicts.
COUNTERS = {
    "pending": "pendingCount",
    "notApplicable": "notApplicableCount",
    "notAssigned": "notApplicableCount",
    "succeeded": "successCount",
    "remediated": "successCount",
    "error": "errorCount",
    "nonCompliant": "errorCount",
    "conflict": "errorCount",
}
CATALOG = "DeviceManagementConfigurationPolicy"
INTENT = "Microsoft.Management.Services.Api.DeviceManagementIntent"
PROFILE = "Microsoft.Management.Services.Api.DeviceConfiguration"
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
    """A policy of any type, as reports show it. `kind`: UnifiedPolicyType; `base`: PolicyBaseTypeName."""

    id: str
    name: str
    kind: str
    base: str
    modified: datetime
    assignments: list[dict[str, Any]]
    settings: list[ReportedSetting]

    @property
    def is_catalog_policy(self) -> bool:
        """Return whether it belongs to the settings catalog."""
        return self.base == CATALOG


@dataclass(frozen=True)
class StateRow:
    """A row of a report: the state of a policy on a device, of its user or of the system account (`upn` None, `user_id` zeros)."""

    device: Device
    state: PolicyState
    user_id: str
    upn: str | None


def find_policy(tenant: Tenant, policy_id: str) -> ReportedPolicy | None:
    """Return a device configuration, a policy of the settings catalog, or an intent by its id, or None."""
    key = policy_id.lower()
    if (item := tenant.configurations.get(key)) is not None:
        settings = [ReportedSetting(entry["displayName"], str(number), entry["omaUri"]) for number, entry in enumerate(item.settings)]
        return ReportedPolicy(item.id, item.display_name, item.type_name, PROFILE, item.modified, item.assignments, settings)
    if (found := tenant.configuration_policies.get(key)) is not None:
        settings = [entry for instance in found.instances for entry in _leaves(instance, "")]
        return ReportedPolicy(found.id, found.name, CATALOG, CATALOG, found.modified, found.assignments, settings)
    if (old := tenant.intents.get(key)) is not None:
        settings = [ReportedSetting(name, name, name) for name in old.values]
        return ReportedPolicy(old.id, old.display_name, "DeviceManagementIntent", INTENT, old.modified, old.assignments, settings)
    return None


def _leaves(instance: dict[str, Any], above: str) -> Iterator[ReportedSetting]:
    """Return the settings of an instance; for a group, those of its children."""
    own = instance["settingDefinitionId"]
    path = f"{above}/{own}" if above else own
    groups = instance.get("groupSettingCollectionValue")
    if groups is None:
        yield ReportedSetting(own, own, path)
    for value in groups or ():
        for child in value["children"]:
            yield from _leaves(child, path)


def device_states(tenant: Tenant, policy: ReportedPolicy) -> list[tuple[Device, PolicyState]]:
    """Return each Windows device that the policy is assigned to or has a state on, with the state, in the order of the devices."""
    now = tenant.clock.now()
    known = {device_id: current_state(history, now) for device_id, history in tenant.policy_states.get(policy.id, {}).items()}
    targets = find_targets(tenant, policy.assignments) | known.keys()
    return [(device, known.get(device.id, PENDING)) for device in tenant.devices if device.id in targets and is_windows(device)]


def current_state(history: StateHistory, now: datetime) -> PolicyState:
    """Return the current state; a device that has not reported yet is pending."""
    return next((state for start, state in reversed(history) if start <= now), PENDING)


def report_rows(tenant: Tenant, policy: ReportedPolicy) -> list[StateRow]:
    """Return the rows of a report: one of a device, with its user, or one of the system account and one of the user."""
    rows = []
    for device, state in device_states(tenant, policy):
        user_id = str(device.get("userId") or NIL_GUID)
        own = StateRow(device, state.user or state, user_id, str(device.get("userPrincipalName") or ""))
        if tenant.settings.report_rows == "device":
            rows.append(replace(own, state=state))
        else:
            rows += [StateRow(device, state, NIL_GUID, None), *([own] if user_id != NIL_GUID else [])]
    return rows


def is_windows(device: Device) -> bool:
    """Return whether the device runs Windows (desktops, phones, HoloLens); other devices have no state."""
    return bool(device.get("operatingSystem") == "Windows")


def find_targets(tenant: Tenant, assignments: list[dict[str, Any]]) -> set[str]:
    """Return the ids of the assigned devices; ignore filters of assignments."""
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
    """Return the ids of a group's devices and of its users' devices, including those of nested groups."""
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
    """Return the counts of deviceStatusOverview. Count a conflict as an error, because the count of the service is not known."""
    result = dict.fromkeys(("pendingCount", "notApplicableCount", "successCount", "errorCount", "failedCount"), 0)
    policy = find_policy(tenant, policy_id)
    for _device, state in device_states(tenant, policy) if policy else ():
        result[COUNTERS[state.name]] += 1
    return result


def last_report(tenant: Tenant, policy_id: str, otherwise: datetime) -> datetime:
    """Return the time of the last report of a device."""
    now = tenant.clock.now()
    states = [current_state(history, now) for history in tenant.policy_states.get(policy_id, {}).values()]
    return max((state.since for state in states if state.since), default=otherwise)


def set_states(tenant: Tenant, body: dict[str, Any]) -> dict[str, Any]:
    """Set states, and return the current ones of the policy, or without policy_id those of each policy."""
    shown = [
        {"policy_id": policy.id, "states": {device.id: _render(state) for device, state in device_states(tenant, policy)}}
        for policy in plant_states(tenant, body)
    ]
    return shown[0] if "policy_id" in body else {"policies": shown}


def plant_states(tenant: Tenant, body: dict[str, Any]) -> list[ReportedPolicy]:
    """Set states by {"policy_id", "states": {device_id: state or list of states}}; ValueError changes nothing.

    A state is a name, or {"state", "code", "after", "user"}: `after` in seconds, `user` the state of the user's row. A name instead of the
    states by device applies to all devices that the policy targets, and without policy_id, to those of each policy.
    """
    unknown = set(body) - {"policy_id", "states"}
    if unknown:
        raise ValueError(f"unknown fields: {sorted(unknown)}")
    states = body["states"]
    if isinstance(states, str):
        # Check it here, because a policy without devices would not report it.
        _validate_name(states)
    elif "policy_id" not in body:
        raise ValueError('without policy_id, states must be the name of one state, such as "succeeded"')
    policies = _find_policies(tenant, str(body["policy_id"]) if "policy_id" in body else None)
    checked = [(policy.id, _check_states(tenant, policy, states)) for policy in policies]
    for policy_id, histories in checked:
        tenant.policy_states.setdefault(policy_id, {}).update(histories)
    return policies


def _find_policies(tenant: Tenant, policy_id: str | None) -> list[ReportedPolicy]:
    """Return one policy, or all; ValueError for an unknown ID."""
    ids = (*tenant.configurations, *tenant.configuration_policies, *tenant.intents) if policy_id is None else (policy_id,)
    found = [policy for policy in (find_policy(tenant, each) for each in ids) if policy is not None]
    if policy_id is not None and not found:
        raise ValueError(f"no policy {policy_id}")
    return found


def _check_states(tenant: Tenant, policy: ReportedPolicy, states: Any) -> dict[str, StateHistory]:
    """Return the new states by device id; ValueError for an unknown device or state."""
    if isinstance(states, str):
        states = {device.id: states for device, _state in device_states(tenant, policy)}
    known, now = tenant.policy_states.get(policy.id, {}), tenant.clock.now()
    devices = {find_windows_device(tenant, key).id: value for key, value in states.items()}
    return {device_id: _history(known.get(device_id, []), value, now) for device_id, value in devices.items()}


def _render(state: PolicyState) -> dict[str, Any]:
    shown: dict[str, Any] = {"state": state.name, "code": state.code}
    return {**shown, "user": _render(state.user)} if state.user else shown


def find_windows_device(tenant: Tenant, device_id: str) -> Device:
    """Return a device that runs Windows; ValueError for any other."""
    device = tenant.devices.find(device_id)
    if device is None:
        raise ValueError(f"no device {device_id}")
    if not is_windows(device):
        raise ValueError(f"device {device_id} does not run Windows")
    return device


def _history(known: StateHistory, value: Any, now: datetime) -> StateHistory:
    """Return the states of a device with new ones: one without `after` replaces all, the others follow later."""
    history = list(known)
    for item in value if isinstance(value, list) else [value]:
        given = read_fields("state", item)
        after = read_after(given)
        start = now + timedelta(seconds=after or 0)
        user = given.pop("user", None)
        state = replace(_state(given, start), user=None if user is None else _state(user, start))
        history = sorted([*([] if after is None else history), (start, state)], key=lambda entry: entry[0])
    return history


def read_fields(name: str, value: Any) -> dict[str, Any]:
    """Return a planted state or result as a mapping: a text is short for one with only this name."""
    if not isinstance(value, (str, dict)):
        raise ValueError(f"a planted {name} must be a text or a mapping, not {value!r}")
    return {name: value} if isinstance(value, str) else dict(value)


def read_after(given: dict[str, Any]) -> float | None:
    """Take `after` out of a planted state and return it; ValueError for a wrong one."""
    after = given.pop("after", None)
    return None if after is None else check_seconds("after", after)


def _state(value: Any, now: datetime) -> PolicyState:
    given = read_fields("state", value)
    name, code = given.pop("state", None), given.pop("code", None)
    if given:
        raise ValueError(f"unknown fields: {sorted(given)}")
    _validate_name(name)
    if code is not None and (isinstance(code, bool) or not isinstance(code, int) or not -MAX_CODE <= code < MAX_CODE):
        raise ValueError("code must be a whole number of 32 bits")
    return PolicyState(name, CODES.get(name, 0) if code is None else code, None if name == "pending" else now)


def _validate_name(name: Any) -> None:
    if name not in STATES:
        raise ValueError(f"a state must be one of {', '.join(STATES)}, not {name!r}")
