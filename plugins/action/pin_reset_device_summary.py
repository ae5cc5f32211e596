# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.endpointops.intune.plugins.module_utils._probe import on_device
from ansible_collections.endpointops.intune.plugins.module_utils._types import Json

display = Display()


class ActionModule(ActionBase):  # type: ignore[misc]  # Ansible's classes have no types
    """Prints the verdict on a device."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> Json:
        """Return the result of the task."""
        result: Json = super().run(tmp, task_vars)
        del tmp
        verdict = self._task.args.get("verdict")
        if set(self._task.args) != {"verdict"} or not isinstance(verdict, t.Mapping):
            raise AnsibleActionFail(
                "pin_reset_device_summary must get 'verdict', the value of the filter pin_reset_on_device, and no other option."
            )
        host = str((task_vars or {}).get("inventory_hostname", "The host"))
        lines = on_device.render(host, t.cast(on_device.DeviceResult, verdict))
        # All at once: other hosts print theirs meanwhile.
        display.display("\n".join(f"  {line}" for line in lines))
        result["msg"] = lines
        return result
