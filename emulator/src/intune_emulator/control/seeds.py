# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Seeds: empty, demo, helpdesk, fleet:N. Ids are the same in every run; dates are counted back from the start."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta, timezone
from functools import partial
from typing import Any

from ..entra import first_party_applications, registrations
from ..entra.groups import GROUP_DEFAULTS
from ..entra.service_principals import instantiate
from ..entra.users import KNOWN as KNOWN_OF_USERS
from ..intune import configuration_policies, enrollment_configurations, filters_and_tags, policy_states, setting_instances
from ..intune.assignments import FILTER_ID, FILTER_TYPE
from ..state.access_passes import EVERYBODY
from ..state.clock import Clock, iso
from ..state.device_actions import Simulation
from ..state.devices import Device
from ..state.guids import stable_id
from ..state.health_scripts import HealthScript
from ..state.keys import Keys
from ..state.policies import ConfigurationPolicy, DeviceConfiguration, PolicyState
from ..state.tenant import Tenant
from .demo_devices import ADMINISTRATOR, DEMO, FLEET_RESULTS, GROUPS, GUEST, NEWCOMER, RESULTS, DeviceKind
from .presets import apply_preset, check_preset
from .seed_names import check_name

WEB_SIGN_IN = "device_vendor_msft_policy_config_authentication_enablewebsignin"
PILOT = 3
EARLIEST = datetime(2000, 1, 1, tzinfo=timezone.utc)
FLEET_PILOT = 50
FLEET = DeviceKind("Windows", "10.0.15254.603", "windowsPhone", "azureADJoined", "Microsoft", "Lumia 950", "windowsAzureADJoin")


def make_tenant(origin: str, seed: str, keys: Keys | None = None, clock: Clock | None = None, preset: str = "") -> Tenant:
    """Return a new tenant with the data of a seed."""
    tenant = Tenant(origin, keys, clock)
    tenant.default_preset = preset
    reset(tenant, seed)
    return tenant


def reset(tenant: Tenant, seed: str, start: datetime | None = None, frozen: bool | None = None, preset: str | None = None) -> None:
    """Clear a tenant and fill it with the data of a seed; ValueError for an unknown seed or preset, which changes nothing.

    `start`, `frozen`, and `preset` (a name, or blank for none) take the place of those that the tenant was made with.
    """
    check_name(seed)
    chosen = tenant.default_preset if preset is None else preset
    if chosen:
        check_preset(chosen)
    tenant.clear(seed, start, frozen)
    _fill(tenant, seed)
    if chosen:
        apply_preset(tenant, chosen)


def _fill(tenant: Tenant, seed: str) -> None:
    for app_id in (first_party_applications.AAD_GRAPH, first_party_applications.MS_GRAPH):
        tenant.service_principals.add_visible({**instantiate(tenant, app_id), "id": stable_id("servicePrincipal", app_id)})
    for app in tenant.applications.values():
        registrations.add_visible(tenant, app)
    filters_and_tags.add_default_tag(tenant)
    enrollment_configurations.add_default(tenant)
    if seed == "demo":
        _add_demo(tenant)
    elif seed == "helpdesk":
        _add_demo(tenant)
        _add_help_desk(tenant)
    elif seed.startswith("fleet:"):
        _add_fleet(tenant, int(seed.partition(":")[2]))


def _add_fleet(tenant: Tenant, size: int) -> None:
    histories = [((EARLIEST, result),) for result in FLEET_RESULTS]
    for index in range(1, size + 1):
        name = f"FLEET-{index:06d}"
        device_id = stable_id("device", name)
        tenant.devices.add(Device(device_id, partial(device_properties, tenant, name, FLEET, index)))
        tenant.script_results[device_id, None] = histories[index % len(histories)]
    devices = [("device", device.id) for device in tenant.devices]
    pilot = _add_group(tenant, 2, "Fleet pilot", f"The first {FLEET_PILOT} devices of the fleet")
    everything = _add_group(tenant, 1, "All fleet devices", "Every device of the fleet, and the pilot group")
    tenant.members.set(pilot, devices[:FLEET_PILOT])
    tenant.members.set(everything, [*devices, ("group", pilot)])


def device_properties(tenant: Tenant, name: str, kind: DeviceKind, index: int, user: str | None = None) -> dict[str, Any]:
    """Return the properties of a device that differ from the defaults."""
    user = user or f"user{index:06d}"
    principal = f"{user}@{tenant.domain}"
    now = tenant.clock.now()
    entra_id = stable_id("entra", name, index)
    own = {
        "deviceName": name,
        "managedDeviceName": f"{user}_{kind.system}_{iso(now - timedelta(days=30))[:10]}",
        "userId": stable_id("user", user),
        "userPrincipalName": principal,
        "emailAddress": principal,
        "userDisplayName": user.replace(".", " ").title(),
        "operatingSystem": kind.system,
        "osVersion": kind.version,
        "deviceType": kind.device_type,
        "joinType": kind.join_type,
        "manufacturer": kind.manufacturer,
        "model": kind.model,
        "deviceEnrollmentType": kind.enrollment,
        "managedDeviceOwnerType": kind.owner,
        "chassisType": kind.chassis,
        "skuFamily": kind.sku,
        "azureADDeviceId": entra_id,
        "serialNumber": stable_id("serial", name, index)[:13].replace("-", "").upper(),
        "wiFiMacAddress": stable_id("wifi", name, index).replace("-", "")[:12].upper(),
        "enrolledDateTime": iso(now - timedelta(days=30 + index % 300)),
        "lastSyncDateTime": iso(now - timedelta(minutes=5 + index * 7 % 900)),
        "totalStorageSpaceInBytes": 128 * 1024**3,
        "freeStorageSpaceInBytes": (20 + index % 80) * 1024**3,
        "physicalMemoryInBytes": 8 * 1024**3,
        "notes": "",
        "roleScopeTagIds": ["0"],
        "azureADRegistered": True,
    }
    if kind.device_type in ("windowsPhone", "androidEnterprise", "iPhone"):
        own["imei"] = f"35{index:013d}"
        own["phoneNumber"] = f"+49151{index:07d}"
    return own


def _add_demo(tenant: Tenant) -> None:
    for index, (name, kind, user, simulation) in enumerate(DEMO, start=1):
        entry = Device(stable_id("device", name, index), partial(device_properties, tenant, name, kind, index, user))
        if simulation:
            entry.simulation.patch(simulation)
            entry.record_connection(tenant.started)
        if name in RESULTS:
            tenant.script_results[entry.id, None] = ((EARLIEST, RESULTS[name]),)
        tenant.devices.add(entry)
        add_user(tenant, user)
    for user in (ADMINISTRATOR, GUEST, NEWCOMER):
        add_user(tenant, user)
    change_user(tenant, stable_id("user", ADMINISTRATOR), {}, ["Global Administrator"])
    change_user(tenant, stable_id("user", GUEST), {"userPrincipalName": f"{GUEST}_fabrikam.com#EXT#@{tenant.domain}", "userType": "Guest"})
    tenant.access_pass_policy = copy.deepcopy(EVERYBODY)
    _add_demo_groups(tenant)
    filters_and_tags.add_demo(tenant)
    now = tenant.clock.now()
    other = DeviceConfiguration(
        stable_id("policy", 1), "windows10GeneralConfiguration", "Baseline device restrictions", now, now, "Company baseline"
    )
    tenant.configurations[other.id] = other
    own = HealthScript(stable_id("script", 1), "Restart stopped Office C2R svc", now, now, publisher="Microsoft", is_global=True)
    own.detection = b"Get-Service -Name ClickToRunSvc\r\n"
    tenant.health_scripts[own.id] = own


def _add_help_desk(tenant: Tenant) -> None:
    """Add a policy that turns web sign-in on for the pilot ring, where it is applied, and the probe, which has run everywhere."""
    earlier = tenant.started - timedelta(days=10)
    policy = ConfigurationPolicy(stable_id("policy", 2), "Web sign-in", earlier, earlier)
    policy.instances = setting_instances.validate(
        [
            {
                "settingInstance": {
                    "@odata.type": "#microsoft.graph.deviceManagementConfigurationChoiceSettingInstance",
                    "settingDefinitionId": WEB_SIGN_IN,
                    "choiceSettingValue": {"value": f"{WEB_SIGN_IN}_1", "children": []},
                }
            }
        ]
    )
    pilot = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": stable_id("group", PILOT)}
    policy.assignments = [configuration_policies.ASSIGNMENTS.make(tenant, "beta", policy.id, {"target": pilot})]
    tenant.configuration_policies[policy.id] = policy
    applied = [(earlier, PolicyState("succeeded", since=earlier))]
    tenant.policy_states[policy.id] = dict.fromkeys(policy_states.find_targets(tenant, policy.assignments), applied)
    probe = HealthScript(stable_id("script", 2), "PIN reset probe", earlier, earlier, publisher="Endpoint Ops")
    # By its first line the collection knows the probe.
    probe.run_as_account, probe.detection = "user", b"# endpointops.intune PIN reset probe 1\r\nexit 0\r\n"
    every_device = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget", FILTER_ID: None, FILTER_TYPE: "none"}
    probe.assignments = [{"id": f"{probe.id}:{stable_id('all')}", "target": every_device, "runSchedule": None}]
    probe.changes = [earlier]
    tenant.health_scripts[probe.id] = probe


def add_user(tenant: Tenant, user: str) -> None:
    """Add a user by the name before the @."""
    user_id = stable_id("user", user)
    given, _separator, family = user.partition(".")
    principal = f"{user}@{tenant.domain}"
    tenant.users[user_id] = {
        "id": user_id,
        "businessPhones": [],
        "displayName": f"{given.title()} {family.title()}".strip(),
        "givenName": given.title(),
        "jobTitle": None,
        "mail": principal,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": family.title() or None,
        "userPrincipalName": principal,
    }


def change_user(tenant: Tenant, user_id: str, properties: dict[str, Any], roles: list[str] | None = None) -> dict[str, Any]:
    """Change properties and directory roles of a user, and return both."""
    if user_id not in tenant.users:
        raise ValueError(f"no user {user_id}")
    unknown = set(properties) - KNOWN_OF_USERS | {"id"} & set(properties)
    if unknown:
        raise ValueError(f"unknown properties: {sorted(unknown)}")
    tenant.users[user_id].update(properties)
    if roles is not None:
        tenant.directory_roles[user_id] = list(roles)
    return {**tenant.users[user_id], "roles": tenant.directory_roles.get(user_id, [])}


def _add_demo_groups(tenant: Tenant) -> None:
    for number, (name, description, prefixes, users, nested) in enumerate(GROUPS, start=1):
        group_id = _add_group(tenant, number, name, description)
        found = [device.id for device in tenant.devices if str(device.get("deviceName")).startswith(prefixes)] if prefixes else []
        members = [("device", device_id) for device_id in found] + [("user", stable_id("user", user)) for user in users]
        tenant.members.set(group_id, members + [("group", stable_id("group", other)) for other in nested])


def _add_group(tenant: Tenant, number: int, name: str, description: str) -> str:
    """Add a group and return its id."""
    created = iso(tenant.clock.now() - timedelta(days=400))
    group_id = stable_id("group", number)
    tenant.groups.add_visible(
        {
            **GROUP_DEFAULTS,
            "id": group_id,
            "displayName": name,
            "description": description,
            "mailNickname": f"group{number}",
            "createdDateTime": created,
            "renewedDateTime": created,
            "securityIdentifier": f"S-1-12-1-{number}-1000-2000-3000",
        }
    )
    return group_id


def add_device(tenant: Tenant, changes: dict[str, Any], simulation: dict[str, Any], enrolls_after: Any = None) -> Device:
    """Add a device: Windows 10 Mobile, except for the properties in `changes`. `enrolls_after`: seconds until Intune knows it."""
    if enrolls_after is not None and (isinstance(enrolls_after, bool) or not isinstance(enrolls_after, (int, float)) or enrolls_after < 0):
        raise ValueError("enrolls_after must be a number of seconds, 0 or more")
    number = len(tenant.devices) + 1
    name = str(changes.get("deviceName") or f"ADDED-{number:04d}")
    own = {**device_properties(tenant, name, FLEET, number), **changes}
    enrolls_at = tenant.clock.now() + timedelta(seconds=enrolls_after or 0)
    if enrolls_after is not None:
        own = {**own, **{date: changes.get(date, iso(enrolls_at)) for date in ("enrolledDateTime", "lastSyncDateTime")}}
    device_id = str(own.pop("id", None) or tenant.new_id())
    device = Device(device_id, lambda: own, Simulation())
    device.simulation.patch(simulation)
    device.record_connection(tenant.clock.now())
    if enrolls_after is None:
        tenant.devices.add(device)
    else:
        tenant.devices.plan(device, enrolls_at)
    return device
