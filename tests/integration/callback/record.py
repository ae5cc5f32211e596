# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write each task's result to a file, with the position that the emulated tenant's journal had reached by then."""

from __future__ import annotations

import json
import os
import ssl
import urllib.request

from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record
type: notification
short_description: Record results for the integration tests
description: One JSON object a line, in RECORD_FILE.
options: {}
"""


class CallbackModule(CallbackBase):
    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "record"

    def v2_runner_on_ok(self, result):
        self._write(result, "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._write(result, "failed")

    def v2_runner_on_skipped(self, result):
        self._write(result, "skipped")

    def v2_runner_on_unreachable(self, result):
        self._write(result, "unreachable")

    def _write(self, result, status):
        # ansible-core 2.19 renamed both attributes.
        values = result.result if hasattr(result, "result") else result._result
        task = result.task if hasattr(result, "task") else result._task
        line = {"task": task.get_name(), "action": task.resolved_action, "status": status, "result": values, "journal": journal_end()}
        # The rendered arguments of a role's tasks: some output plugins show them. Those of other tasks are their author's responsibility.
        fields = result.task_fields if hasattr(result, "task_fields") else result._task_fields
        line["arguments"] = fields.get("args") if task._role and not fields.get("no_log") else None
        with open(os.environ["RECORD_FILE"], "a", encoding="utf-8") as file:
            file.write(json.dumps(line, default=str) + "\n")


def journal_end():
    """Return the sequence number of the newest entry; 0 against a real tenant, which has no such journal."""
    if not os.environ.get("EMULATOR_URL"):
        return 0
    context = ssl.create_default_context(cafile=os.environ["EMULATOR_DIR"] + "/ca.pem")
    url = os.environ["EMULATOR_URL"] + "/_emulator/journal?since=999999999"
    # No proxy: a test may have set one that does not work.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context))
    with opener.open(url, timeout=30) as answer:
        return json.load(answer)["last"]
