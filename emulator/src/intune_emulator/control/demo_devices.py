# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The devices and groups of the demo seed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..state.script_results import ScriptResult


@dataclass(frozen=True)
class DeviceKind:
    """The properties that devices of a kind share."""

    system: str
    version: str
    device_type: str
    join_type: str
    manufacturer: str
    model: str
    enrollment: str
    owner: str = "company"
    chassis: str = "laptop"
    sku: str = ""


LAPTOP = DeviceKind(
    "Windows", "10.0.26100.4349", "desktop", "azureADJoined", "Dell Inc.", "Latitude 7450", "windowsAzureADJoin", sku="Enterprise"
)
LAPTOP_10 = replace(LAPTOP, version="10.0.19045.5965", manufacturer="LENOVO", model="ThinkPad T14 Gen 3", sku="Pro")
OLD = replace(LAPTOP_10, version="10.0.14393.7426", model="ThinkPad T460")
HYBRID = replace(
    LAPTOP,
    join_type="hybridAzureADJoined",
    enrollment="windowsAutoEnrollment",
    manufacturer="HP",
    model="EliteDesk 800 G9",
    chassis="desktop",
)
REGISTERED = replace(
    LAPTOP_10,
    join_type="azureADRegistered",
    enrollment="userEnrollment",
    owner="personal",
    manufacturer="ASUS",
    model="ZenBook 14",
    sku="Home",
)
PHONE = DeviceKind(
    "Windows", "10.0.15254.603", "windowsPhone", "azureADJoined", "Microsoft", "Lumia 950", "windowsAzureADJoin", chassis="phone"
)
PHONE_XL = replace(PHONE, model="Lumia 950 XL")
HOLOLENS = replace(PHONE, version="10.0.22621.1399", device_type="holoLens", model="HoloLens 2", chassis="mobileOther", sku="Holographic")
ANDROID = DeviceKind(
    "Android",
    "15",
    "androidEnterprise",
    "azureADRegistered",
    "samsung",
    "Galaxy XCover7",
    "androidEnterpriseFullyManaged",
    chassis="phone",
)
ANDROID_KIOSK = replace(ANDROID, manufacturer="Zebra", model="TC58", version="13", enrollment="androidEnterpriseDedicatedDevice")
IPHONE = DeviceKind("iOS", "18.5", "iPhone", "azureADRegistered", "Apple", "iPhone 15", "userEnrollment", chassis="phone")
MAC = DeviceKind("macOS", "15.5 (24F74)", "macMDM", "azureADRegistered", "Apple", "MacBook Air", "userEnrollment")

Row = tuple[str, DeviceKind, str, dict[str, Any] | None]

# (deviceName, kind, user, simulation); without an outcome it follows the platform
DEMO: tuple[Row, ...] = (
    ("PHONE-HELPDESK-01", PHONE, "amelie.novak", None),
    ("PHONE-HELPDESK-02", PHONE, "jonas.weber", None),
    ("PHONE-HELPDESK-03", PHONE_XL, "sofia.rossi", None),
    ("PHONE-FIELD-01", PHONE, "lukas.meyer", None),
    ("PHONE-FIELD-02", PHONE, "marta.kowalska", None),
    ("PHONE-FIELD-03", PHONE_XL, "pierre.martin", None),
    ("PHONE-FIELD-04", PHONE, "anna.svensson", None),
    ("PHONE-FIELD-05", PHONE, "tomas.horak", {"outcome": "failed", "error_code": 2016345612}),
    ("PHONE-FIELD-06", PHONE_XL, "ines.garcia", {"outcome": "offline"}),
    ("PHONE-FIELD-07", PHONE, "nils.berg", {"outcome": "canceled"}),
    ("PHONE-STORE-01", PHONE, "emma.fischer", None),
    ("PHONE-STORE-02", PHONE, "paul.schmidt", None),
    ("PHONE-SPARE", PHONE, "it.depot", None),
    ("PHONE-SPARE", PHONE_XL, "it.depot", None),
    ("O'Brien's phone", PHONE, "niamh.obrien", None),
    ("LT-BERLIN-012", LAPTOP, "clara.hoffmann", None),
    ("LT-BERLIN-013", LAPTOP, "felix.wagner", None),
    ("LT-BERLIN-014", LAPTOP, "amelie.novak", None),
    ("LT-BERLIN-015", LAPTOP_10, "jonas.weber", None),
    ("LT-PARIS-003", LAPTOP, "pierre.martin", None),
    ("LT-PARIS-004", LAPTOP_10, "louise.bernard", None),
    ("LT-MADRID-007", LAPTOP, "ines.garcia", None),
    ("LT-OSLO-001", LAPTOP_10, "nils.berg", None),
    ("WS-BERLIN-101", HYBRID, "emma.fischer", None),
    ("WS-BERLIN-102", HYBRID, "paul.schmidt", None),
    ("WS-BERLIN-103", HYBRID, "lukas.meyer", None),
    ("HOME-PC-ROSSI", REGISTERED, "sofia.rossi", None),
    ("HOME-PC-HORAK", REGISTERED, "tomas.horak", None),
    ("LT-ARCHIVE-001", OLD, "it.depot", None),
    ("HOLO-LAB-01", HOLOLENS, "lab.berlin", None),
    ("XCOVER-WAREHOUSE-01", ANDROID, "warehouse.one", None),
    ("XCOVER-WAREHOUSE-02", ANDROID, "warehouse.two", None),
    ("TC58-KIOSK-01", ANDROID_KIOSK, "kiosk.one", None),
    ("TC58-KIOSK-02", ANDROID_KIOSK, "kiosk.two", None),
    ("iPhone von Clara", IPHONE, "clara.hoffmann", None),
    ("iPhone de Louise", IPHONE, "louise.bernard", None),
    ("iPad-Conference", replace(IPHONE, device_type="iPad", model="iPad Air", chassis="tablet"), "room.conference", None),
    ("MAC-DESIGN-01", MAC, "marta.kowalska", None),
    ("MAC-DESIGN-02", MAC, "anna.svensson", None),
    ("XCOVER-SPARE", replace(ANDROID, owner="personal"), "it.depot", None),
)

# Users without a device: one with a directory role, one from another tenant, and a new one.
ADMINISTRATOR, GUEST, NEWCOMER = "ada.admin", "eva.lund", "noah.keller"

# (displayName, description, device name prefixes, users, nested groups by number from 1)
GROUPS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...], tuple[int, ...]], ...] = (
    ("Helpdesk phones", "Phones of the helpdesk team", ("PHONE-HELPDESK-",), (), ()),
    ("Field service", "Phones and people of the field service", ("PHONE-FIELD-",), ("lukas.meyer", "marta.kowalska"), ()),
    ("Pilot ring", "Nested: helpdesk phones and Berlin laptops", ("LT-BERLIN-",), (), (1,)),
    ("Warehouse", "Devices in the warehouse", ("XCOVER-WAREHOUSE-",), (), ()),
    ("Warehouse", "People of the warehouse (same name as another group)", (), ("warehouse.one", "warehouse.two"), ()),
)

# The output of the collection's probe on a device. Each name replaces a value of a device that is ready.
READY = {
    "aj": "YES",
    "dj": "NO",
    "ngc": "YES",
    "cr": "DestructiveAndNonDestructive",
    "pe": "YES",
    "nr": "YES",
    "da": "SUCCESS",
    "prt": "YES",
    "rec": "1",
    "use": "1",
    "gpo": "-",
    "urec": "-",
}
BLOCKED = "detect.ps1 cannot be loaded because running scripts is disabled on this system."


def probe_line(**changes: str) -> str:
    """Return the line of the probe."""
    return ";".join(["pin1", *(f"{name}={value}" for name, value in {**READY, **changes}.items()), "end"])


def probe_result(**changes: str) -> ScriptResult:
    """Return the result of a run of the probe; the exit code shows whether the device is ready."""
    line = probe_line(**changes)
    return ScriptResult(line, 0 if "cr=DestructiveAndNonDestructive" in line else 1)


DESTRUCTIVE = "DestructiveOnly"
PROVEN = probe_result()
NO_POLICY = probe_result(cr=DESTRUCTIVE, rec="-")
NO_PIN = probe_result(ngc="NO", cr=DESTRUCTIVE, rec="-")
OVERRULED = probe_result(cr=DESTRUCTIVE, gpo="0")
# A script that cannot run: no output, and the reason among the errors.
REFUSED = ScriptResult("", 1, BLOCKED)
RESULTS: dict[str, ScriptResult] = {
    "LT-BERLIN-012": PROVEN,
    "LT-BERLIN-013": PROVEN,
    "LT-BERLIN-014": NO_POLICY,
    "LT-BERLIN-015": NO_PIN,
    "LT-PARIS-003": OVERRULED,
    "LT-PARIS-004": REFUSED,
    "LT-MADRID-007": replace(PROVEN, user=""),
    "LT-OSLO-001": PROVEN,
    "WS-BERLIN-101": probe_result(dj="YES"),
    "WS-BERLIN-102": probe_result(dj="YES", cr=DESTRUCTIVE, rec="-"),
    "WS-BERLIN-103": probe_result(dj="YES", da="FAILED"),
    "HOME-PC-ROSSI": probe_result(aj="NO", cr=DESTRUCTIVE, rec="-", use="-"),
    "HOME-PC-HORAK": probe_result(aj="NO", ngc="NO", cr="-", rec="-", use="-"),
    "LT-ARCHIVE-001": probe_result(cr="-", pe="-", nr="-", da="-", rec="-", use="-"),
}
# The results of a fleet by the number of the device: of 20 devices, 17 are proven.
FLEET_RESULTS = (NO_POLICY, NO_PIN, REFUSED, *[PROVEN] * 17)
