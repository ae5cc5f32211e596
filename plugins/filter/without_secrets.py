# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: without_secrets
short_description: Remove new passcodes from results
version_added: 1.0.0
author:
  - Endpoint Ops (@endpointops)
description:
  - Returns results of this collection's modules without the secrets that they hold in clear, which are C(passcode) and
    C(temporary_access_pass). Sealed values stay. You can print such results, and give them to tasks, whose options Ansible shows.
positional: _input
options:
  _input:
    description: The result of a task as it was registered, or a part of it.
    type: raw
    required: true
"""

EXAMPLES = r"""
- name: Reset passcodes
  endpointops.intune.intune_device_passcode:
    devices: [PHONE-HELPDESK-01]
    platforms: [android]
    return_passcode: true
  register: reset

- name: Show the outcome without the passcodes
  ansible.builtin.debug:
    msg: "{{ reset.results | endpointops.intune.without_secrets }}"
"""

RETURN = r"""
_value:
  description: The same without the secrets.
  type: raw
"""

import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils._secrecy import drop_secrets


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters of this file."""
        return {"without_secrets": drop_secrets}
