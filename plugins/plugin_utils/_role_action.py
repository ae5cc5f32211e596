# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The base class of the role's own action plugins. They run on the controller, send nothing, and have no module."""

from __future__ import annotations

import typing as t

from ansible.plugins.action import ActionBase

from ansible_collections.endpointops.intune.plugins.module_utils._types import Json


class RoleAction(ActionBase):  # type: ignore[misc]  # Ansible's classes have no types
    """An action plugin that returns the values of ``make_values`` as the result of the task."""

    TRANSFERS_FILES = False
    _requires_connection = False
    _supports_check_mode = True
    _supports_async = False

    def run(self, tmp: t.Any = None, task_vars: dict[str, t.Any] | None = None) -> Json:
        """Return the result of the task."""
        result: Json = super().run(tmp, task_vars)
        del tmp
        return {**result, **self.make_values(self._task.args, task_vars or {})}

    def make_values(self, given: t.Mapping[str, t.Any], task_vars: dict[str, t.Any]) -> Json:
        """Return the values of a task with these options; raise AnsibleActionFail for unknown options."""
        raise NotImplementedError
