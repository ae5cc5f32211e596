# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the duration of each task, from its start to its result as a strategy sees them, and its return values."""

from __future__ import annotations

import json
import os
import time

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: timing
type: notification
short_description: Time tasks for the benchmark
description: One JSON object a task (all rounds of a loop together) and line, in TIMING_FILE.
options: {}
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "timing"

    def v2_playbook_on_task_start(self, task, is_conditional):
        self._start = time.monotonic()

    def v2_runner_on_ok(self, result):
        self._write(result, "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._write(result, "failed")

    def v2_runner_on_unreachable(self, result):
        self._write(result, "unreachable")

    def _write(self, result, status):
        seconds = time.monotonic() - self._start
        # ansible-core 2.19 renamed both attributes.
        values = result.result if hasattr(result, "result") else result._result
        task = result.task if hasattr(result, "task") else result._task
        line = {"name": task.get_name(), "status": status, "seconds": seconds, "result": values}
        with open(os.environ["TIMING_FILE"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")
