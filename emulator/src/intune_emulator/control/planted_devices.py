# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Add devices as seeds and the control API describe them (POST /_emulator/devices)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

from ..state.clock import check_seconds, iso, parse_iso
from ..state.device_actions import Simulation
from ..state.device_properties import ALIASES, BETA_DEFAULTS
from ..state.devices import Device
from ..state.tenant import Tenant
from .demo_devices import ANDROID, ANDROID_KIOSK, HOLOLENS, HYBRID, IPHONE, LAPTOP, LAPTOP_10, MAC, PHONE, REGISTERED, DeviceKind
from .generated_devices import GeneratedDevice
from .planted_directory import read_guid, read_name
from .references import References

PLATFORMS: dict[str, DeviceKind] = {
    "windows": LAPTOP,
    "windows_10": LAPTOP_10,
    "windows_hybrid": HYBRID,
    "windows_registered": REGISTERED,
    "windows_mobile": PHONE,
    "hololens": HOLOLENS,
    "android": ANDROID,
    "android_dedicated": ANDROID_KIOSK,
    "ios": IPHONE,
    "ipados": replace(IPHONE, device_type="iPad", model="iPad Air", chassis="tablet"),
    "macos": MAC,
}
OWNERSHIPS = ("company", "personal", "unknown")
SIMULATION = frozenset(Simulation.__dataclass_fields__)
# Short names of properties, and data that a device does not have; all others are properties of managedDevice.
SHORT_NAMES = ("name", "platform", "user", "ownership", "enrolls_after")
PROPERTIES = tuple(name for name in BETA_DEFAULTS if name != "deviceActionResults")
# Properties of managedDevice that have no default and are not texts.
OBJECTS = (
    "hardwareInformation",
    "configurationManagerClientEnabledFeatures",
    "configurationManagerClientHealthState",
    "configurationManagerClientInformation",
    "deviceHealthAttestationState",
)
FLAGS = ("requireUserEnrollmentApproval",)

Json = dict[str, Any]


def plant_device(tenant: Tenant, body: Json, references: References | None = None) -> Device:
    """Add a device: Windows 10 Mobile, except for the properties in `body`; ValueError if the body is wrong.

    `name`, `platform`, `user`, and `ownership` are short for properties; `enrolls_after`: seconds until the device is enrolled in Intune.
    `references`: to find users of many devices.
    """
    short, properties, simulation = _split(body)
    delay = None if short.get("enrolls_after") is None else check_seconds("enrolls_after", short["enrolls_after"])
    kind = _choose("platform", short.get("platform", "windows_mobile"), PLATFORMS)
    if "ownership" in short:
        properties["managedDeviceOwnerType"] = _choose("ownership", short["ownership"], dict(zip(OWNERSHIPS, OWNERSHIPS, strict=True)))
    if "name" in short:
        properties["deviceName"] = read_name(short["name"])
    own_id = _read_id(tenant, properties.pop("id", None))
    number = tenant.devices.count_known() + 1
    name = str(properties.get("deviceName") or f"ADDED-{number:04d}")
    user = _user_properties(references or References(tenant), short.get("user"))
    now = tenant.clock.now()
    enrolls_at = now + timedelta(seconds=delay or 0)
    dates = {} if delay is None else dict.fromkeys(("enrolledDateTime", "lastSyncDateTime"), iso(enrolls_at))
    source = GeneratedDevice(tenant.domain, now, name, PLATFORMS[kind], number)
    simulated = Simulation()
    simulated.patch(simulation)
    device = Device(own_id or tenant.new_id(), source, {**dates, **user, **properties}, simulated)
    device.record_connection(now)
    if delay is None:
        tenant.devices.add(device)
    else:
        tenant.devices.plan(device, enrolls_at)
    return device


def change_device(tenant: Tenant, device: Device, body: Json) -> None:
    """Change properties and simulation of a device; `check_in` connects an offline one. ValueError if the body is wrong."""
    body = dict(body)
    is_checked_in = bool(body.pop("check_in", False))
    short, properties, simulation = _split(body)
    if short:
        raise ValueError(f"unknown property '{next(iter(short))}'")
    if properties.get("id", device.id) != device.id:
        raise ValueError("the id of a device cannot change")
    device.simulation.patch(simulation)
    device.record_connection(tenant.clock.now())
    device.change(properties)
    tenant.devices.forget_results()
    if is_checked_in:
        device.check_in(tenant.clock.now())


def render_device(device: Device) -> Json:
    """Return the own properties and the simulation of a device."""
    return {**device.own, **{name: getattr(device.simulation, name) for name in sorted(SIMULATION)}}


def _split(body: Json) -> tuple[Json, Json, Json]:
    """Return (short names, managedDevice properties, simulation)."""
    short, properties, simulation = {}, {}, {}
    for name, value in body.items():
        if name in SIMULATION:
            simulation[name] = value
        elif name in SHORT_NAMES:
            short[name] = value
        elif name in PROPERTIES:
            if name != "id":
                _check_property(name, value)
            properties[ALIASES.get(name, name)] = value
        else:
            raise ValueError(f"unknown property '{name}'")
    return short, properties, simulation


def _check_property(name: str, value: Any) -> None:
    """Raise ValueError for a value of another type than Graph has. Other members of enumerations are allowed."""
    default = BETA_DEFAULTS[name]
    if name.endswith(("DateTime", "Date")):
        _check_moment(name, value)
    elif name in OBJECTS:
        _check_type(name, value, dict, "an object or null", is_optional=True)
    elif name in FLAGS or isinstance(default, bool):
        _check_type(name, value, bool, "true or false", is_optional=name in FLAGS)
    elif isinstance(default, list):
        _check_type(name, value, list, "a list")
    elif isinstance(default, int):
        _check_type(name, value, int, "a whole number")
    else:
        _check_type(name, value, str, "a text or null", is_optional=True)


def _check_moment(name: str, value: Any) -> None:
    try:
        parse_iso(value)
    except (ValueError, AttributeError):
        raise ValueError(f"{name} must be an ISO 8601 date-time such as 2026-01-05T10:00:00Z, not {value!r}") from None


def _check_type(name: str, value: Any, kind: type, words: str, is_optional: bool = False) -> None:
    # true is a number for Python
    fits = isinstance(value, kind) and isinstance(value, bool) is (kind is bool)
    if not fits and not (is_optional and value is None):
        raise ValueError(f"{name} must be {words}, not {value!r}")


def _choose(name: str, value: Any, choices: Json) -> str:
    if not isinstance(value, str) or value not in choices:
        raise ValueError(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return value


def _read_id(tenant: Tenant, value: Any) -> str | None:
    if not value:
        return None
    own_id = read_guid("id", value)
    if tenant.devices.find(own_id) is not None:
        raise ValueError(f"id {own_id} is that of another device")
    return own_id


def _user_properties(references: References, user: Any) -> Json:
    """Return the properties that name the user of a device."""
    if user is None:
        return {}
    user_id, row = references.find_user(user)
    names = {"userPrincipalName": "userPrincipalName", "emailAddress": "mail", "userDisplayName": "displayName"}
    return {"userId": user_id, **{name: row[source] or "" for name, source in names.items()}}
