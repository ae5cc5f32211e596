# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Represent this machine as another one to Ansible."""

from __future__ import annotations

from ansible.plugins.connection.local import Connection as LocalConnection

DOCUMENTATION = """
name: remote
short_description: A machine that is not the controller, for the integration tests
description: Runs commands as the connection local does, under another name.
extends_documentation_fragment: connection_pipelining
options: {}
"""


class Connection(LocalConnection):
    transport = "remote"
