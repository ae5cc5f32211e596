# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the base of the role's own action plugins: the result is the plugin's output for the options of its task."""

from __future__ import annotations

import types
import typing as t

import pytest
from ansible.plugins.action import ActionBase

from ansible_collections.endpointops.intune.plugins.plugin_utils._role_action import RoleAction


class Echo(RoleAction):
    def make_values(self, given: t.Mapping[str, t.Any], task_vars: dict[str, t.Any]) -> dict[str, t.Any]:
        return {"msg": given["text"], "host": task_vars.get("inventory_hostname"), "changed": False}


@pytest.mark.parametrize(("task_vars", "host"), [({"inventory_hostname": "one"}, "one"), (None, None)])
def test_the_values_are_added_to_ansibles_own(monkeypatch: pytest.MonkeyPatch, task_vars: t.Any, host: str | None) -> None:
    monkeypatch.setattr(ActionBase, "run", lambda self, tmp=None, task_vars=None: {"skipped": False, "msg": "of Ansible"})
    action = object.__new__(Echo)
    action._task = types.SimpleNamespace(args={"text": "of the plugin"})
    assert action.run(None, task_vars) == {"skipped": False, "msg": "of the plugin", "host": host, "changed": False}


def test_nothing_is_sent_anywhere_or_run_in_the_background() -> None:
    assert (RoleAction.TRANSFERS_FILES, RoleAction._requires_connection, RoleAction._supports_async) == (False, False, False)
