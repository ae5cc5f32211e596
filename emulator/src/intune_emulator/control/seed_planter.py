# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Add the objects of a seed file to a tenant, with the functions of the control API."""

from __future__ import annotations

from collections.abc import Iterator

from ..entra import access_pass_policy, consents
from ..entra.first_party_applications import PIN_CLIENT, PIN_SERVICE
from ..entra.graph_permissions import PERMISSIONS
from ..intune import policy_states
from ..state.clock import iso, parse_iso
from ..state.group_members import Member
from ..state.tenant import Tenant
from . import policies, script_results
from .planted_devices import plant_device
from .planted_directory import KINDS, plant_application, plant_group, plant_user, read_member
from .presets import apply_preset
from .references import References
from .seed_document import Path, describe_unknown
from .seed_file import Json, SeedFile, reported
from .seed_schema import DATES

# In this order. The permissions of other applications define their grants.
CONSENTED = (PIN_SERVICE, PIN_CLIENT)


def plant(tenant: Tenant, file: SeedFile, preset: str) -> None:
    """Add a whole file to a tenant with the data that it extends, and apply a preset; SeedFileError with all mistakes of a section."""
    planter = _Planter(tenant, file)
    # objects come before those that refer to them
    for step in (
        planter.plant_users,
        planter.plant_devices,
        planter.plant_groups,
        planter.plant_policies,
        planter.plant_access_pass_policy,
        planter.plant_applications,
        planter.plant_consents,
    ):
        step()
        file.document.check()
    if preset:
        apply_preset(tenant, preset)
    # last, because settings must not affect the objects of the file
    tenant.settings.patch(file.settings)
    for fault in file.faults:
        tenant.faults.arm(fault)


class _Planter:
    """Add the objects of a document to a tenant, and report the failures to the document."""

    def __init__(self, tenant: Tenant, file: SeedFile) -> None:
        self._tenant, self._document = tenant, file.document
        self._data: Json = file.document.data

    def _items(self, section: str) -> Iterator[tuple[Path, Json]]:
        for number, item in enumerate(self._data.get(section, ())):
            yield (section, number), dict(item)

    def plant_users(self) -> None:
        for path, item in self._items("users"):
            with reported(self._document, path, item):
                plant_user(self._tenant, item)

    def plant_devices(self) -> None:
        references = References(self._tenant)
        for path, item in self._items("devices"):
            result = item.pop("script_result", None)
            item |= {name: iso(parse_iso(item[name])) for name in DATES & item.keys()}
            with reported(self._document, path, item):
                device = plant_device(self._tenant, item, references)
                if result is not None:
                    with reported(self._document, (*path, "script_result")):
                        script_results.plant_results(self._tenant, {"results": {device.id: result}})

    def plant_groups(self) -> None:
        planted = []
        for path, item in self._items("groups"):
            members = item.pop("members", {})
            with reported(self._document, path, item):
                planted.append(((*path, "members"), members, plant_group(self._tenant, item)["id"]))
        # a group can contain a later one
        references = References(self._tenant)
        for path, members, group_id in planted:
            found = self._find_members(references, path, members)
            if ("group", group_id) in found:
                self._document.report((*path, "groups"), "a group cannot be a member of itself")
            self._tenant.members.set(group_id, found)

    def _find_members(self, references: References, path: Path, members: Json) -> list[Member]:
        found: list[Member] = []
        # a set: a group can have thousands of members
        seen: set[Member] = set()
        for kind, texts in members.items():
            for number, text in enumerate(texts):
                with reported(self._document, (*path, kind, number)):
                    found.append(read_member(references, KINDS[kind], text, seen))
                    seen.add(found[-1])
        return found

    def plant_policies(self) -> None:
        references = References(self._tenant)
        for path, item in self._items("policies"):
            states: Json = item.pop("states", {})
            targets = []
            for number, target in enumerate(item.pop("assignments", ())):
                with reported(self._document, (*path, "assignments", number), target if isinstance(target, dict) else {}):
                    read = policies.read_target(references, target)
                    policies.check_target(self._tenant, read)
                    targets.append(read)
            # a message about the content names other properties
            with reported(self._document, path, item, "values" if "name" in item else ""):
                made = policies.add_policy(self._tenant, {**item, "assignments": targets})
                self._plant_states(references, (*path, "states"), made["id"], states)

    def _plant_states(self, references: References, path: Path, policy_id: str, states: Json) -> None:
        for name, state in states.items():
            with reported(self._document, (*path, name)):
                device_id = references.find("device", name)
                policy_states.plant_states(self._tenant, {"policy_id": policy_id, "states": {device_id: state}})

    def plant_access_pass_policy(self) -> None:
        policy = self._data.get("access_pass_policy")
        if policy:
            with reported(self._document, ("access_pass_policy",), policy):
                access_pass_policy.change(self._tenant, policy)

    def plant_applications(self) -> None:
        for path, item in self._items("applications"):
            permissions = item.pop("permissions", [])
            for number, permission in enumerate(permissions):
                if permission not in PERMISSIONS:
                    text = describe_unknown("permission", permission, PERMISSIONS)
                    self._document.report((*path, "permissions", number), text)
            with reported(self._document, path, item):
                plant_application(self._tenant, {**item, "roles": permissions})

    def plant_consents(self) -> None:
        for number, client_id in enumerate(self._data.get("consents", ())):
            with reported(self._document, ("consents", number)):
                if client_id.lower() not in CONSENTED:
                    raise ValueError(f"a consent must be one of {', '.join(CONSENTED)} (PIN Reset Service), not '{client_id}'")
                consents.consent(self._tenant, client_id.lower())
