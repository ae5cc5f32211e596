# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display

from ansible_collections.endpointops.intune.plugins.module_utils._readiness.device_lines import render_plan
from ansible_collections.endpointops.intune.plugins.module_utils._secrecy import drop_secrets
from ansible_collections.endpointops.intune.plugins.module_utils._types import Json
from ansible_collections.endpointops.intune.plugins.plugin_utils._role_action import RoleAction

display = Display()
OPTIONS = ("results", "first", "total")


class ActionModule(RoleAction):
    """Return a piece of the results of a run of the role as the result of a separate task."""

    def make_values(self, given: t.Mapping[str, t.Any], task_vars: dict[str, t.Any]) -> Json:
        """Return the values of the task."""
        entries = given.get("results")
        if set(given) != set(OPTIONS) or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise AnsibleActionFail(
                "pin_reset_results must get 'results', a list of entries, with 'first' and 'total', and no other option."
            )
        entries = drop_secrets(entries)
        if self._task.check_mode and all("status" in entry and "device" in entry for entry in entries):
            for lines in render_plan(entries):
                display.display(lines)
        return {"results": entries, "first": int(given["first"]), "total": int(given["total"])}
