# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Add policies like those that an administrator created, including types that Graph no longer creates (POST /_emulator/policies)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..http.errors import GraphError
from ..intune import (
    assignments,
    configuration_policies,
    device_configurations,
    enrollment_configurations,
    identity_protection,
    intents,
    oma_settings,
    setting_instances,
)
from ..intune.assignments import FILTER_ID, FILTER_TYPE, PREFIX, PolicyAssignments
from ..intune.device_configurations import CUSTOM, IDENTITY
from ..state.policies import NO_TEMPLATE, ConfigurationPolicy, DeviceConfiguration, Intent
from ..state.tenant import Tenant
from .references import References

ACCOUNT_PROTECTION = {
    "templateId": "fcef01f2-439d-4c3f-9184-823fd6e97646_1",
    "templateFamily": "endpointSecurityAccountProtection",
    "templateDisplayName": "Account Protection",
    "templateDisplayVersion": "Version 1",
}
# Short forms of targets.
FIXED_TARGETS = {"all_devices": "allDevicesAssignmentTarget", "all_users": "allLicensedUsersAssignmentTarget"}
GROUP_KINDS = {"group": "groupAssignmentTarget", "exclude": "exclusionGroupAssignmentTarget"}
FIELDS = {"surface", "name", "description", "values", "assignments"}
DEFAULT_ENROLLMENT = "_DefaultWindowsHelloForBusiness"

Json = dict[str, Any]


def add_policy(tenant: Tenant, body: Json) -> Json:
    """Add a policy by {"surface", "name", "description", "values", "assignments": [targets]}; return {"surface", "id", "name"}.

    ValueError if the body is wrong.
    """
    if set(body) - FIELDS or body.get("surface") not in SURFACES:
        raise ValueError(f"a policy has {', '.join(sorted(FIELDS))}; the surface must be one of {', '.join(SURFACES)}")
    name = body.get("name")
    if not (isinstance(name, str) and name) and not (name is None and body["surface"] == "enrollment"):
        raise ValueError("a policy needs a name")
    if not isinstance(body.get("description"), (str, type(None))):
        raise ValueError(f"description must be a text or null, not {body['description']!r}")
    if not isinstance(body.get("assignments", []), list):
        raise ValueError(f"assignments must be a list, not {body['assignments']!r}")
    try:
        return SURFACES[body["surface"]](tenant, name, body)
    except GraphError as error:
        raise ValueError(error.message) from None


def list_all(tenant: Tenant) -> list[Json]:
    """Return every policy of the tenant."""
    surfaces = {CUSTOM: "custom", IDENTITY: "identity_protection"}
    profiles = [(surfaces.get(item.type_name, "other"), item.id, item.display_name) for item in tenant.configurations.values()]
    policies = [
        ("account_protection" if item.template["templateId"] else "settings_catalog", item.id, item.name)
        for item in tenant.configuration_policies.values()
    ]
    old = [("intent", item.id, item.display_name) for item in tenant.intents.values()]
    enrollment = [("enrollment", item["id"], item["displayName"]) for item in tenant.enrollment_configurations.values()]
    return [{"surface": surface, "id": own, "name": name} for surface, own, name in profiles + policies + old + enrollment]


def find_assignments(tenant: Tenant, policy_id: str) -> list[Json]:
    """Return the assignments of a policy of any type; none for the default enrollment configuration."""
    for kept in (tenant.configurations, tenant.configuration_policies, tenant.intents):
        if (item := kept.get(policy_id)) is not None:
            return list(item.assignments)
    return list(tenant.enrollment_configurations.get(policy_id, {}).get("assignments", []))


def _assignments(tenant: Tenant, kind: PolicyAssignments, policy_id: str, body: Json) -> list[Json]:
    references = References(tenant)
    targets = [read_target(references, target) for target in body.get("assignments", [])]
    return [kind.make(tenant, "beta", policy_id, {"target": target}) for target in targets]


def read_target(references: References, target: Any) -> Json:
    """Return the beta target for all_devices, all_users, {"group"}, or {"exclude"}; return other targets unchanged.

    The mappings take the name or the id of a group, and also "filter" with "filter_type" (include, exclude).
    """
    if isinstance(target, str) and target in FIXED_TARGETS:
        return {"@odata.type": PREFIX + FIXED_TARGETS[target]}
    if not isinstance(target, dict):
        raise ValueError(f"a target must be one of {', '.join(FIXED_TARGETS)}, or a mapping with group or exclude, not {target!r}")
    if "@odata.type" in target:
        return target
    kinds = [name for name in (*FIXED_TARGETS, *GROUP_KINDS) if name in target]
    unknown = set(target) - set(kinds) - {"filter", "filter_type"}
    if unknown or len(kinds) != 1:
        raise ValueError(
            f"a target has one of {', '.join((*FIXED_TARGETS, *GROUP_KINDS))}, and filter and filter_type, not {sorted(target)}"
        )
    (kind,) = kinds
    made: Json = {"@odata.type": PREFIX + (FIXED_TARGETS | GROUP_KINDS)[kind]}
    if kind in GROUP_KINDS:
        made["groupId"] = references.find("group", target[kind])
    if "filter_type" in target and "filter" not in target:
        raise ValueError("filter_type needs a filter")
    if "filter" in target:
        made |= {FILTER_ID: references.find("filter", target["filter"]), FILTER_TYPE: target.get("filter_type", "include")}
    return made


def check_target(tenant: Tenant, target: Json) -> None:
    """Raise GraphError for a beta target that Graph would refuse."""
    assignments.read_target(tenant, "beta", target)
    assignments.read_filter(tenant, "beta", target, None)


def _only_list(values: Json, name: str) -> list[Any]:
    """Return the only list that `values` can contain."""
    if set(values) - {name} or not isinstance(values.get(name, []), list):
        raise ValueError(f"values must contain only a list of {name}")
    return list(values.get(name, []))


def _profile(tenant: Tenant, name: str, body: Json, type_name: str) -> DeviceConfiguration:
    now, own_id = tenant.clock.now(), tenant.new_id()
    item = DeviceConfiguration(own_id, type_name, name, now, now, body.get("description"))
    item.assignments = _assignments(tenant, device_configurations.ASSIGNMENTS, own_id, body)
    return item


def _custom(tenant: Tenant, name: str, body: Json) -> Json:
    item = _profile(tenant, name, body, CUSTOM)
    settings = oma_settings.validate(_only_list(body.get("values", {}), "omaSettings"), "beta", creating=True)
    item.settings = oma_settings.store(tenant, item.id, settings, [])
    tenant.configurations[item.id] = item
    return {"surface": "custom", "id": item.id, "name": name}


def _identity(tenant: Tenant, name: str, body: Json) -> Json:
    item = _profile(tenant, name, body, IDENTITY)
    item.own = {**identity_protection.PROFILE, **identity_protection.validate(body.get("values", {}), identity_protection.PROFILE)}
    tenant.configurations[item.id] = item
    return {"surface": "identity_protection", "id": item.id, "name": name}


def _policy(tenant: Tenant, name: str, body: Json, template: Json) -> Json:
    now, own_id = tenant.clock.now(), tenant.new_id()
    item = ConfigurationPolicy(own_id, name, now, now, body.get("description"), template=dict(template))
    item.instances = setting_instances.validate(_only_list(body.get("values", {}), "settings"), templated=bool(template["templateId"]))
    item.assignments = _assignments(tenant, configuration_policies.ASSIGNMENTS, own_id, body)
    tenant.configuration_policies[own_id] = item
    return {"surface": body["surface"], "id": own_id, "name": name}


def _intent(tenant: Tenant, name: str, body: Json) -> Json:
    values = identity_protection.validate(body.get("values", {}), identity_protection.PROFILE)
    item = Intent(tenant.new_id(), name, tenant.clock.now(), body.get("description"), dict(values))
    item.assignments = _assignments(tenant, intents.ASSIGNMENTS, item.id, body)
    tenant.intents[item.id] = item
    return {"surface": "intent", "id": item.id, "name": name}


def _enrollment(tenant: Tenant, name: str | None, body: Json) -> Json:
    """Add a configuration; without a name, change the default one, which has no assignments."""
    if name is None and body.get("assignments"):
        raise ValueError("the default enrollment configuration has no assignments")
    values = identity_protection.validate(body.get("values", {}), identity_protection.ENROLLMENT)
    known = tenant.enrollment_configurations
    if name is None:
        own_id = next(key for key in known if key.endswith(DEFAULT_ENROLLMENT))
        known[own_id].update(values)
    else:
        own_id = f"{tenant.new_id()}_WindowsHelloForBusiness"
        row = enrollment_configurations.add(tenant, own_id, name, body.get("description"), len(known), values)
        row["assignments"] = _assignments(tenant, enrollment_configurations.ASSIGNMENTS, own_id, body)
    return {"surface": "enrollment", "id": own_id, "name": known[own_id]["displayName"]}


SURFACES: dict[str, Callable[[Tenant, Any, Json], Json]] = {
    "custom": _custom,
    "settings_catalog": lambda tenant, name, body: _policy(tenant, name, body, NO_TEMPLATE),
    "account_protection": lambda tenant, name, body: _policy(tenant, name, body, ACCOUNT_PROTECTION),
    "identity_protection": _identity,
    "intent": _intent,
    "enrollment": _enrollment,
}
