# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Check the version of Python. Modules import this first, so it must run on older versions too."""

from __future__ import annotations

import json
import sys

OLDEST = (3, 10)


def validate(version: tuple[int, ...], executable: str) -> None:
    """End a module's process with a result if Python is too old, because other files cannot even be imported there."""
    if version[:2] < OLDEST:
        message = (
            "endpointops.intune needs Python {} or later; the task runs on Python {} ({}). Set ansible_python_interpreter to a newer one "
            "that has msal and requests, such as that of ansible_playbook_python on the controller. Nothing was changed."
        ).format(".".join(map(str, OLDEST)), ".".join(map(str, version)), executable)
        # There is no AnsibleModule yet.
        sys.stdout.write(json.dumps({"failed": True, "changed": False, "msg": message}) + "\n")
        raise SystemExit(1)


validate(sys.version_info[:3], sys.executable)
