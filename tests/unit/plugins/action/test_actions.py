# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._permissions import MODULES
from ansible_collections.endpointops.intune.plugins.plugin_utils._action_base import IntuneActionBase

PLUGINS = "ansible_collections.endpointops.intune.plugins"


@pytest.mark.parametrize("name", sorted(MODULES))
def test_every_module_has_its_action_plugin(name: str) -> None:
    action = importlib.import_module(f"{PLUGINS}.action.{name}").ActionModule
    assert issubclass(action, IntuneActionBase)
    assert action.module is importlib.import_module(f"{PLUGINS}.modules.{name}")
    assert action.module.SPEC.module == name
