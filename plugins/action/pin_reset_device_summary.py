# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display

from ansible_collections.endpointops.intune.plugins.module_utils._probe import on_device
from ansible_collections.endpointops.intune.plugins.module_utils._types import Json
from ansible_collections.endpointops.intune.plugins.plugin_utils._role_action import RoleAction

display = Display()


class ActionModule(RoleAction):
    """Print the verdict on a device."""

    def make_values(self, given: t.Mapping[str, t.Any], task_vars: dict[str, t.Any]) -> Json:
        """Return the values of the task."""
        verdict = given.get("verdict")
        if set(given) != {"verdict"} or not isinstance(verdict, t.Mapping):
            raise AnsibleActionFail(
                "pin_reset_device_summary must get 'verdict', the value of the filter pin_reset_on_device, and no other option."
            )
        host = str(task_vars.get("inventory_hostname", "The host"))
        lines = on_device.render(host, t.cast(on_device.DeviceResult, verdict))
        # In one call, because other hosts print their lines at the same time.
        display.display("\n".join(f"  {line}" for line in lines))
        return {"msg": lines}
