# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

from __future__ import annotations

import typing as t

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ansible_collections.endpointops.intune.plugins.module_utils._event_limit import DEFAULT, measure
from ansible_collections.endpointops.intune.plugins.module_utils._module import find_event_limit
from ansible_collections.endpointops.intune.plugins.module_utils._readiness import summary
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.found import parse_found
from ansible_collections.endpointops.intune.plugins.module_utils._types import Json

display = Display()


class ActionModule(ActionBase):  # type: ignore[misc]  # Ansible's classes have no types
    """Prints the summary of a run of the role, and sets its statistics."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> Json:
        """Return the result of the task."""
        result: Json = super().run(tmp, task_vars)
        del tmp
        results = self._task.args.get("results")
        unknown = sorted(set(self._task.args) - {"results"})
        if unknown or not isinstance(results, t.Mapping):
            raise AnsibleActionFail("pin_reset_summary must get 'results', a dictionary of the results of tasks, and no other option.")
        found = parse_found(results, check=self._task.check_mode)
        lines = summary.render_summary(found)
        for line in lines:
            display.display(f"  {line}")
        statistics = summary.make_statistics(found)
        result.update(
            msg=lines,
            summary=statistics["pin_reset_summary"],
            approval=found.approval,
            ansible_stats={"data": statistics, "per_host": False, "aggregate": False},
        )
        if measure(result) > (DEFAULT if (limit := find_event_limit()) is None else limit):
            # For its thousands of failed devices. The lines are printed, and the statistics and the registered variable keep all of it.
            result["_ansible_no_log"] = True
        return result
