# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.utils.display import Display

from ansible_collections.endpointops.intune.plugins.module_utils._event_limit import DEFAULT, measure
from ansible_collections.endpointops.intune.plugins.module_utils._module import find_event_limit
from ansible_collections.endpointops.intune.plugins.module_utils._readiness import summary
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.found import parse_found
from ansible_collections.endpointops.intune.plugins.module_utils._types import Json
from ansible_collections.endpointops.intune.plugins.plugin_utils._role_action import RoleAction

display = Display()
OPTIONS = ("results", "modules")


class ActionModule(RoleAction):
    """Print the summary of a run of the role, and set its statistics."""

    def make_values(self, given: t.Mapping[str, t.Any], task_vars: dict[str, t.Any]) -> Json:
        """Return the values of the task."""
        results, modules = given.get("results"), given.get("modules") or []
        if set(given) - set(OPTIONS) or not isinstance(results, t.Mapping) or not isinstance(modules, list):
            raise AnsibleActionFail(
                "pin_reset_summary must get 'results', a dictionary of results of tasks, can get the list 'modules', and no other option."
            )
        found = parse_found(results, check=self._task.check_mode, modules=modules)
        lines = summary.render_summary(found)
        for line in lines:
            display.display(f"  {line}")
        statistics = summary.make_statistics(found)
        result: Json = {
            "msg": lines,
            "summary": statistics["pin_reset_summary"],
            "approval": found.approval,
            "ansible_stats": {"data": statistics, "per_host": False, "aggregate": False},
        }
        if measure(result) > (DEFAULT if (limit := find_event_limit()) is None else limit):
            # Because of its thousands of failed devices. The lines are printed, and the statistics and the registered variable contain
            # everything.
            result["_ansible_no_log"] = True
        return result
