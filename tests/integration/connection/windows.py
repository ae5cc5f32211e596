# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Emulate a Windows machine for dsregcmd and reg: scripts in a folder, found as cmd or PowerShell would find them."""

from __future__ import annotations

import re
import shlex

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection.local import Connection as LocalConnection

DOCUMENTATION = """
name: windows
short_description: A stand-in for a Windows host, for the integration tests
description: Runs a command as the connection local does, after it was split as the shell of a Windows host splits it.
extends_documentation_fragment: connection_pipelining
options:
  folder:
    description: The folder with the programs of the host; a host without one cannot be reached.
    default: ''
    vars:
      - name: windows_folder
  shell:
    description: The shell of the host.
    default: cmd
    choices: [cmd, powershell]
    vars:
      - name: windows_shell
"""
# Characters that each shell would not pass to a program unchanged.
SPECIAL = {"cmd": "&|<>^%!()\n", "powershell": "&|<>$`'(){}[]@#,;\n"}


def split(command: str, shell: str) -> list[str]:
    """Return the arguments that a program gets from a simple command; refuse other commands."""
    strange = set(SPECIAL[shell]) & set(command)
    if strange or command.count('"') % 2:
        raise AnsibleConnectionFailure(f"{shell} would take {command} otherwise than it was meant: {sorted(strange)}")
    # Both keep a backslash, except before a quotation mark.
    if '\\"' in command:
        raise AnsibleConnectionFailure(f"{command} escapes a quotation mark")
    return [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|([^\s"]+)', command)]


class Connection(LocalConnection):
    transport = "windows"

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        folder = self.get_option("folder")
        if not folder:
            raise AnsibleConnectionFailure("the host does not answer")
        program = shlex.join(split(cmd, self.get_option("shell")))
        return super().exec_command(f"PATH={shlex.quote(folder)}:/usr/bin:/bin; {program}", in_data, sudoable)
