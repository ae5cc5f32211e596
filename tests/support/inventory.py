# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The inventory plugin without Ansible's inventory manager."""

from __future__ import annotations

import functools
import typing as t

import yaml
from ansible import constants as C
from ansible.plugins.doc_fragments import constructed, inventory_cache
from ansible.plugins.loader import inventory_loader

from ansible_collections.endpointops.intune.plugins.doc_fragments import connection
from ansible_collections.endpointops.intune.plugins.inventory import intune_devices

NAME = "endpointops.intune.intune_devices"


@functools.cache
def read_options() -> dict[str, t.Any]:
    """Return the options of the plugin from its documentation."""
    documentations = [
        connection.ModuleDocFragment.DOCUMENTATION,
        constructed.ModuleDocFragment.DOCUMENTATION,
        inventory_cache.ModuleDocFragment.DOCUMENTATION,
        intune_devices.DOCUMENTATION,
    ]
    return {name: option for text in documentations for name, option in yaml.safe_load(text)["options"].items()}


def load() -> intune_devices.InventoryModule:
    """Return the plugin as Ansible's loader makes it; the loader itself is unusable if the collection was imported without it."""
    C.config.initialize_plugin_configuration_definitions("inventory", NAME, read_options())
    plugin = intune_devices.InventoryModule()
    inventory_loader._update_object(obj=plugin, name=NAME, path=intune_devices.__file__, redirected_names=[NAME], resolved=NAME)
    return plugin
