# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Seeds: empty, demo, fleet:N. Ids are the same in every run; dates are counted back from the start."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ..entra import first_party_applications as catalogue
from ..entra.groups import GROUP_DEFAULTS
from ..entra.service_principals import instantiate
from ..intune import filters_and_tags, intents
from ..intune.device_configurations import Configuration
from ..intune.devices_store import Device
from ..intune.lifecycle import Simulation
from .clock import iso
from .demo_devices import DEMO, GROUPS, Profile
from .tenant import Tenant, stable_id

MAX_FLEET = 1_000_000
FLEET_PILOT = 50
FLEET = Profile("Windows", "10.0.15254.603", "windowsPhone", "azureADJoined", "Microsoft", "Lumia 950", "windowsAzureADJoin")


def check_name(seed: str) -> str:
    """`seed` itself when it is known, else ValueError."""
    kind, _separator, number = seed.partition(":")
    if seed in ("empty", "demo") or (kind == "fleet" and number.isascii() and number.isdigit() and int(number) <= MAX_FLEET):
        return seed
    raise ValueError(f"unknown seed '{seed}': empty, demo or fleet:N (N up to {MAX_FLEET})")


def plant(tenant: Tenant, seed: str) -> None:
    """Fill an empty tenant."""
    check_name(seed)
    for app_id in (catalogue.AAD_GRAPH, catalogue.MS_GRAPH):
        tenant.service_principals.seed({**instantiate(tenant, app_id), "id": stable_id("servicePrincipal", app_id)})
    filters_and_tags.plant_default_tag(tenant)
    intents.plant_default_enrollment(tenant)
    if seed == "demo":
        _plant_demo(tenant)
    elif seed.startswith("fleet:"):
        _plant_fleet(tenant, int(seed.partition(":")[2]))


def _plant_fleet(tenant: Tenant, size: int) -> None:
    for index in range(1, size + 1):
        name = f"FLEET-{index:06d}"
        # bound now, made later
        tenant.devices.add(Device(stable_id("device", name), lambda name=name, index=index: properties(tenant, name, FLEET, index)))
    devices = [("device", device.id) for device in tenant.devices]
    pilot = _add_group(tenant, 2, "Fleet pilot", f"The first {FLEET_PILOT} devices of the fleet")
    everything = _add_group(tenant, 1, "All fleet devices", "Every device of the fleet, and the pilot group")
    tenant.members.set(pilot, devices[:FLEET_PILOT])
    tenant.members.set(everything, [*devices, ("group", pilot)])


def properties(tenant: Tenant, name: str, profile: Profile, index: int, user: str | None = None) -> dict[str, Any]:
    """What differs from the defaults."""
    user = user or f"user{index:06d}"
    principal = f"{user}@{tenant.domain}"
    now = tenant.clock.now()
    entra_id = stable_id("entra", name, index)
    own = {
        "deviceName": name,
        "managedDeviceName": f"{user}_{profile.system}_{iso(now - timedelta(days=30))[:10]}",
        "userId": stable_id("user", user),
        "userPrincipalName": principal,
        "emailAddress": principal,
        "userDisplayName": user.replace(".", " ").title(),
        "operatingSystem": profile.system,
        "osVersion": profile.version,
        "deviceType": profile.device_type,
        "joinType": profile.join_type,
        "manufacturer": profile.manufacturer,
        "model": profile.model,
        "deviceEnrollmentType": profile.enrollment,
        "managedDeviceOwnerType": profile.owner,
        "chassisType": profile.chassis,
        "skuFamily": profile.sku,
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
    if profile.device_type in ("windowsPhone", "androidEnterprise", "iPhone"):
        own["imei"] = f"35{index:013d}"
        own["phoneNumber"] = f"+49151{index:07d}"
    return own


def _plant_demo(tenant: Tenant) -> None:
    for index, (name, profile, user, simulation) in enumerate(DEMO, start=1):
        entry = Device(
            stable_id("device", name, index),
            lambda index=index, name=name, profile=profile, user=user: properties(tenant, name, profile, index, user),
        )
        if simulation:
            entry.simulation.patch(simulation)
        tenant.devices.add(entry)
        _add_user(tenant, user)
    _plant_groups(tenant)
    filters_and_tags.plant_demo(tenant)
    now = tenant.clock.now()
    other = Configuration(
        stable_id("policy", 1), "windows10GeneralConfiguration", "Baseline device restrictions", now, now, "Company baseline"
    )
    tenant.configurations[other.id] = other


def _add_user(tenant: Tenant, user: str) -> None:
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


def _plant_groups(tenant: Tenant) -> None:
    for number, (name, description, prefixes, users, nested) in enumerate(GROUPS, start=1):
        group_id = _add_group(tenant, number, name, description)
        found = [device.id for device in tenant.devices if str(device.get("deviceName")).startswith(prefixes)] if prefixes else []
        members = [("device", device_id) for device_id in found] + [("user", stable_id("user", user)) for user in users]
        tenant.members.set(group_id, members + [("group", stable_id("group", other)) for other in nested])


def _add_group(tenant: Tenant, number: int, name: str, description: str) -> str:
    """Its id."""
    created = iso(tenant.clock.now() - timedelta(days=400))
    group_id = stable_id("group", number)
    tenant.groups.seed(
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


def add_device(tenant: Tenant, changes: dict[str, Any], simulation: dict[str, Any]) -> Device:
    """A further device from the control API: a Windows 10 Mobile one, changed as told."""
    number = len(tenant.devices) + 1
    name = str(changes.get("deviceName") or f"ADDED-{number:04d}")
    own = {**properties(tenant, name, FLEET, number), **changes}
    device_id = str(own.pop("id", None) or tenant.new_id())
    device = Device(device_id, lambda: own, Simulation())
    device.simulation.patch(simulation)
    tenant.devices.add(device)
    return device
