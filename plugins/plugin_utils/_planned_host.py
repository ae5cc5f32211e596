# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Plan the hosts of an inventory: determine their variables and groups first, and then all names."""

from __future__ import annotations

import typing as t

from ansible.inventory.data import InventoryData

from ansible_collections.endpointops.intune.plugins.module_utils._devices.host_names import RESERVED, assign_names, separate_group
from ansible_collections.endpointops.intune.plugins.module_utils._names import fold, show

SHOWN = 10  # names in a warning


class PlannedHost:
    """A host without a name. It replaces the inventory for Ansible's helpers for variables and groups, which use its ID as the host."""

    def __init__(self, identity: str, variables: dict[str, t.Any]) -> None:
        self.identity = identity
        self.variables = variables
        self.groups: list[str] = []
        self.parents: list[tuple[str, str]] = []  # group, and a group to put into it

    def get_host(self, _host: str) -> PlannedHost:
        """Return this host."""
        return self

    def get_vars(self) -> dict[str, t.Any]:
        """Return its variables."""
        return self.variables

    def set_variable(self, _host: str, name: str, value: t.Any) -> None:
        """Set a variable."""
        self.variables[name] = value

    def add_group(self, group: str) -> str:
        """Return the name of a group. The host or another group is put into it later."""
        return group

    def add_host(self, _host: str, group: str) -> str:
        """Put the host into a group. An empty item of a list names no group."""
        if group:
            self.groups.append(group)
        return self.identity

    def add_child(self, group: str, child: str) -> None:
        """Put the host into a group, or a group into another one."""
        if child == self.identity:
            self.add_host(child, group)
        elif child and group != "all":  # every group is in the group all
            self.parents.append((group, child))


def add_hosts(
    inventory: InventoryData, planned: dict[str, PlannedHost], wanted: t.Mapping[str, str], known: t.Mapping[str, str]
) -> list[str]:
    """Move planned hosts into the inventory, and return warnings.

    :param planned: hosts by device ID; empty afterwards.
    :param wanted: names by device ID, including devices that become no host.
    :param known: names by device ID of hosts that are already in the inventory.
    """
    groups = _name_groups(inventory, planned.values())
    taken = RESERVED.union(map(fold, [*inventory.hosts, *inventory.groups, *groups.values()]))
    names = {**assign_names(wanted, taken), **known}
    loops: dict[tuple[str, str], None] = {}
    for identity in list(planned):
        # Release each planned host, because memory is insufficient for a large tenant's hosts twice.
        host = planned.pop(identity)
        name = inventory.add_host(names[identity])
        for variable, value in host.variables.items():
            inventory.set_variable(name, variable, value)
        for group in host.groups:
            inventory.add_child(inventory.add_group(groups[group]), name)
        loops.update(dict.fromkeys(edge for edge in host.parents if not _add_parent(inventory, groups[edge[0]], groups[edge[1]])))
    return [*_warn_of_names(groups), *_warn_of_loops(loops)]


def _name_groups(inventory: InventoryData, hosts: t.Iterable[PlannedHost]) -> dict[str, str]:
    """Return the final name of each group by its planned name. Hosts of this source yield to groups; hosts of other sources do not."""
    taken = frozenset(map(fold, inventory.hosts))
    wanted = dict.fromkeys(name for host in hosts for name in (*host.groups, *(name for edge in host.parents for name in edge)))
    return {name: separate_group(name, taken) for name in wanted}


def _add_parent(inventory: InventoryData, parent: str, child: str) -> bool:
    """Put a group into another one; return false if it would contain itself. Names come from data, and must not end the task."""
    group = inventory.groups[inventory.add_group(parent)]
    if child == parent or child in {ancestor.name for ancestor in group.get_ancestors()}:
        return False
    inventory.add_child(parent, child)
    return True


def _warn_of_names(groups: t.Mapping[str, str]) -> list[str]:
    changed = [f"'{show(old)}' is '{show(new)}'" for old, new in groups.items() if old != new]
    return [
        "Groups must not have the name of a host, or one to which Ansible gives a meaning, so these have other names: "
        f"{_render_some(changed)}."
        for _any in changed[:1]
    ]


def _warn_of_loops(loops: t.Iterable[tuple[str, str]]) -> list[str]:
    found = [f"'{show(child)}' in '{show(parent)}'" for parent, child in loops]
    return [f"A group cannot contain itself, so these are not in their parent_group: {_render_some(found)}." for _any in found[:1]]


def _render_some(names: t.Sequence[str]) -> str:
    return ", ".join(names[:SHOWN]) + (f", and {len(names) - SHOWN} more" if len(names) > SHOWN else "")
