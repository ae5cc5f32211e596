# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""List the tasks of a run: options of modules, the same on both sides.

Read-only tasks come first. The names of created objects combine a prefix with a part that is new in each run, so that no older object has
one of them. Created objects are assigned to nobody, and the last task of their group removes them.
"""

from __future__ import annotations

import typing as t

POLICY = "intune_pin_policy"
PROBE = "intune_pin_probe"
ALL = {"platforms": ["windows", "android", "ios"], "ownerships": ["company", "personal", "unknown"]}


class Task(t.NamedTuple):
    """A task of a module. ``is_followed``: its reads show the progress of its own changes."""

    name: str
    module: str
    options: dict[str, t.Any]
    check: bool = False
    is_followed: bool = False


class Group(t.NamedTuple):
    """Tasks that create and change an object, the one that removes it, the permission that they need, and the kind of object."""

    tasks: tuple[Task, ...]
    removal: Task
    permission: str
    noun: str
    created: str


def list_reads(name: str) -> list[Task]:
    """Return the tasks that only read. ``name``: that of a missing policy."""
    return [
        Task("connection", "intune_connection_info", {}),
        Task("consent", "intune_pinreset_consent_info", {}),
        Task("policies", "intune_pin_policy_info", {"rollout": "overview"}),
        Task("readiness", "intune_pin_readiness_info", {}),
        Task("devices", "intune_device_info", ALL),
        Task("consent, check mode", "intune_pinreset_consent", {}, check=True),
        Task("profile, check mode", POLICY, {"name": name, "enable_pin_recovery": True}, check=True),
        Task("catalog policy, check mode", POLICY, {"name": name, "backend": "settings_catalog", "enable_pin_recovery": True}, check=True),
        Task("probe, check mode", PROBE, {"name": name}, check=True),
    ]


def list_writes(name: str) -> list[Group]:
    """Return the tasks that create, change, and remove something."""
    return [
        _make_group("profile", POLICY, {"name": f"{name} profile", "backend": "custom", "enable_pin_recovery": True}),
        _make_group("catalog policy", POLICY, {"name": f"{name} catalog", "backend": "settings_catalog", "enable_pin_recovery": True}),
        _make_group("probe", PROBE, {"name": f"{name} probe"}),
    ]


def _make_group(noun: str, module: str, options: dict[str, t.Any]) -> Group:
    changed = {**options, "description": "Made by a test run, and removed by it. Safe to delete."}
    identity: dict[str, t.Any] = {key: options[key] for key in ("name", "backend") if key in options}
    return Group(
        tasks=(
            Task(f"{noun}, create", module, options, is_followed=True),
            Task(f"{noun}, again", module, options, is_followed=True),
            Task(f"{noun}, change", module, changed, is_followed=True),
        ),
        removal=Task(f"{noun}, remove", module, {**identity, "state": "absent"}, is_followed=True),
        permission="DeviceManagementScripts.ReadWrite.All" if module == PROBE else "DeviceManagementConfiguration.ReadWrite.All",
        noun=noun,
        created=options["name"],
    )


def make_reads_of_device(device: str) -> list[Task]:
    """Return the tasks that read one device, by its ID."""
    identity = {"devices": [device], "match_by": "id"}
    return [Task("device", "intune_device_info", {**identity, **ALL}), Task("last reset", "intune_device_passcode_info", identity)]


def make_reset(device: str, lock_directory: str | None) -> Task:
    """Return the reset of one device, by its ID; a device that was reset a moment ago gets no new reset."""
    place = {"lock_directory": lock_directory} if lock_directory else {}
    options = {"devices": [device], "match_by": "id", **ALL, **place}
    return Task("reset", "intune_device_passcode", options, is_followed=True)
