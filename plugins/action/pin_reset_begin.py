# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

from __future__ import annotations

import difflib
import typing as t

from ansible.errors import AnsibleActionFail
from ansible.playbook.task import Task

from ansible_collections.endpointops.intune.plugins.module_utils._types import Json
from ansible_collections.endpointops.intune.plugins.plugin_utils._role_action import RoleAction

FIRST = "preflight"  # the step that checks whether the others can run
OPTIONS = ("problems", "steps")
NEAR = 0.75  # ratio from which a tag counts as a misspelled tag of the role


class ActionModule(RoleAction):
    """The start of a run of the role: validate its variables, find the steps to run, and detect check mode."""

    def make_values(self, given: t.Mapping[str, t.Any], task_vars: dict[str, t.Any]) -> Json:
        """Return the values of the task."""
        problems, steps = (given.get(name) or [] for name in OPTIONS)
        if set(given) - set(OPTIONS) or not isinstance(problems, list) or not isinstance(steps, list):
            raise AnsibleActionFail("pin_reset_begin must get the lists 'problems' and 'steps', and no other option.")
        running = self._choose(steps, task_vars)
        planned = self._choose(steps, {**task_vars, "ansible_run_tags": ["all"]}) if running == [FIRST] else running
        result: Json = {"check_mode": bool(self._task.check_mode), "steps": running, "planned": planned}
        mistaken = [] if running else _report_mistakes(_list_tags(task_vars, "ansible_run_tags"), steps)
        if mistaken:
            return {**result, "failed": True, "msg": " ".join([*mistaken, "Nothing was sent."])}
        if steps and not running:
            return {**result, "skipped": True, "msg": "No step of the role is selected by tags."}
        if problems:
            return {**result, "failed": True, "msg": " ".join([*map(str, problems), "Nothing was sent."])}
        return result

    def _choose(self, steps: t.Sequence[str], task_vars: dict[str, t.Any]) -> list[str]:
        """Return the steps whose tasks Ansible runs: those with the step's tag, or with the tags of any block around this task."""
        chosen = []
        for name in steps:
            # This task itself now has its own and its inherited tags in one list.
            task = Task(block=self._task._parent, role=self._task._role)
            task.tags = [name]
            if task.evaluate_tags(_list_tags(task_vars, "ansible_run_tags"), _list_tags(task_vars, "ansible_skip_tags"), task_vars):
                chosen.append(name)
        return chosen


def _list_tags(task_vars: t.Mapping[str, t.Any], name: str) -> list[str]:
    return [str(tag) for tag in task_vars.get(name) or ()]


def _report_mistakes(tags: t.Sequence[str], steps: t.Sequence[str]) -> list[str]:
    """Return a sentence for each tag that resembles a step's. Other tags belong to the playbook around the role."""
    near = {tag: difflib.get_close_matches(tag, steps, n=1, cutoff=NEAR) for tag in tags if tag not in steps}
    return [f"Tag '{tag}' selects no step of the role. Did you mean {names[0]}?" for tag, names in near.items() if names]
