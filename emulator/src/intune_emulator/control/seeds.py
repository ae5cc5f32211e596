# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Seeds: empty, demo, helpdesk, fleet:N, and those of files. Ids are the same in every run; dates are counted back from the start."""

from __future__ import annotations

import copy
from datetime import datetime, timedelta, timezone

from ..entra import first_party_applications, registrations
from ..entra.service_principals import instantiate
from ..intune import configuration_policies, enrollment_configurations, filters_and_tags, policy_states, setting_instances
from ..intune.assignments import FILTER_ID, FILTER_TYPE
from ..state.access_passes import EVERYBODY
from ..state.clock import Clock
from ..state.devices import Device
from ..state.guids import stable_id
from ..state.health_scripts import HealthScript
from ..state.keys import Keys
from ..state.policies import ConfigurationPolicy, DeviceConfiguration, PolicyState
from ..state.tenant import Tenant
from .demo_devices import ADMINISTRATOR, DEMO, FLEET_RESULTS, GROUPS, GUEST, NEWCOMER, RESULTS, DeviceKind
from .generated_devices import GeneratedDevice
from .planted_directory import add_group, add_user, change_user
from .presets import apply_preset, check_preset
from .seed_file import SeedFile
from .seed_names import FILE, check_name
from .seed_planter import plant

WEB_SIGN_IN = "device_vendor_msft_policy_config_authentication_enablewebsignin"
PILOT = 3
EARLIEST = datetime(2000, 1, 1, tzinfo=timezone.utc)
FLEET_PILOT = 50
FLEET = DeviceKind("Windows", "10.0.15254.603", "windowsPhone", "azureADJoined", "Microsoft", "Lumia 950", "windowsAzureADJoin")


def make_tenant(origin: str, seed: str | SeedFile, keys: Keys | None = None, clock: Clock | None = None, preset: str = "") -> Tenant:
    """Return a new tenant with the data of a seed."""
    clock = clock or Clock()
    # first, because the tenant makes a token that is valid from now on
    clock.reset(*_choose_start(clock, seed, None, None))
    tenant = Tenant(origin, keys, clock)
    tenant.default_preset = preset
    reset(tenant, seed)
    return tenant


def reset(
    tenant: Tenant, seed: str | SeedFile, start: datetime | None = None, frozen: bool | None = None, preset: str | None = None
) -> None:
    """Clear a tenant and fill it with the data of a seed; ValueError for an unknown seed or preset, which changes nothing.

    `start`, `frozen`, and `preset` (a name, or blank for none) take precedence over those that the tenant was made with, and these over
    those of a file. Some mistakes of a file only show when it is planted: try it with `check_file` before.
    """
    file = seed if isinstance(seed, SeedFile) else None
    name = FILE if isinstance(seed, SeedFile) else check_name(seed)
    chosen = preset if preset is not None else tenant.default_preset or (file.preset if file else "")
    if chosen:
        check_preset(chosen)
    tenant.clear(name, *_choose_start(tenant.clock, seed, start, frozen))
    _fill(tenant, file.extends if file else name)
    if file:
        plant(tenant, file, chosen)
    elif chosen:
        apply_preset(tenant, chosen)


def _choose_start(clock: Clock, seed: str | SeedFile, start: datetime | None, frozen: bool | None) -> tuple[datetime | None, bool | None]:
    """Return the start of the clock, and whether it is frozen there; None: the default."""
    if isinstance(seed, SeedFile):
        start = start or clock.usual_start or seed.start
        frozen = clock.is_usually_frozen or seed.is_frozen if frozen is None else frozen
    return start, frozen


def check_file(file: SeedFile, keys: Keys) -> Tenant:
    """Return a tenant with the data of a file, to try it; SeedFileError with its mistakes."""
    return make_tenant("https://127.0.0.1", file, keys)


def _fill(tenant: Tenant, seed: str) -> None:
    """Add the objects of every tenant, and those of a seed."""
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
        tenant.devices.add(Device(device_id, GeneratedDevice(tenant.domain, tenant.started, name, FLEET, index)))
        tenant.script_results[device_id, None] = histories[index % len(histories)]
    devices = [("device", device.id) for device in tenant.devices]
    pilot = add_group(tenant, 2, "Fleet pilot", f"The first {FLEET_PILOT} devices of the fleet")
    everything = add_group(tenant, 1, "All fleet devices", "Every device of the fleet, and the pilot group")
    tenant.members.set(pilot, devices[:FLEET_PILOT])
    tenant.members.set(everything, [*devices, ("group", pilot)])


def _add_demo(tenant: Tenant) -> None:
    for index, (name, kind, user, simulation) in enumerate(DEMO, start=1):
        entry = Device(stable_id("device", name, index), GeneratedDevice(tenant.domain, tenant.started, name, kind, index, user))
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
    # The collection identifies the probe by its first line.
    probe.run_as_account, probe.detection = "user", b"# endpointops.intune PIN reset probe 1\r\nexit 0\r\n"
    every_device = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget", FILTER_ID: None, FILTER_TYPE: "none"}
    probe.assignments = [{"id": f"{probe.id}:{stable_id('all')}", "target": every_device, "runSchedule": None}]
    probe.changes = [earlier]
    tenant.health_scripts[probe.id] = probe


def _add_demo_groups(tenant: Tenant) -> None:
    for number, (name, description, prefixes, users, nested) in enumerate(GROUPS, start=1):
        group_id = add_group(tenant, number, name, description)
        found = [device.id for device in tenant.devices if str(device.get("deviceName")).startswith(prefixes)] if prefixes else []
        members = [("device", device_id) for device_id in found] + [("user", stable_id("user", user)) for user in users]
        tenant.members.set(group_id, members + [("group", stable_id("group", other)) for other in nested])
