# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the command unchanged, without becoming another user."""

from __future__ import annotations

from ansible.plugins.become import BecomeBase

DOCUMENTATION = """
name: as_is
short_description: A privilege escalation that works without privileges, for the integration tests
description: Runs the command as the user who runs it already.
options:
  become_user:
    description: Not used.
    default: root
"""


class BecomeModule(BecomeBase):
    name = "as_is"

    def build_become_command(self, cmd, shell):
        super().build_become_command(cmd, shell)
        return self._build_success_command(cmd, shell) if cmd else cmd
