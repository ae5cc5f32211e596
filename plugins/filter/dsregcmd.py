# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: dsregcmd
short_description: Read the output of dsregcmd /status
version_added: 1.0.0
author:
  - Endpoint Ops (@endpointops)
description:
  - Returns the sections of an output of C(dsregcmd /status), and whether the user of the device can reset the PIN and keep the credentials
    of Windows Hello.
  - The verdict is about the account that ran the command. When that account is not the person who uses the device, it is V(none).
  - Nothing is sent, and nothing needs to be installed on the device.
positional: _input
options:
  _input:
    description: The output, as text or as a list of lines.
    type: raw
    required: true
seealso:
  - name: Troubleshoot devices by using the dsregcmd command
    description: Microsoft's description of the sections.
    link: https://learn.microsoft.com/entra/identity/devices/troubleshoot-device-dsregcmd
  - name: PIN reset
    description: The values of CanReset.
    link: https://learn.microsoft.com/windows/security/identity-protection/hello-for-business/pin-reset
"""

EXAMPLES = r"""
- name: Show whether the user can reset the PIN, from an output that the user saved to a file
  ansible.builtin.debug:
    msg: "{{ status.non_destructive_reset }} {{ status.reasons | map(attribute='message') | join(' ') }}"
  vars:
    status: "{{ lookup('ansible.builtin.file', 'dsregcmd.txt') | endpointops.intune.dsregcmd }}"

- name: Fail on a device that is not joined to Microsoft Entra ID
  ansible.builtin.assert:
    that: (output.stdout | endpointops.intune.dsregcmd).join_type in ['entra_joined', 'hybrid_joined']
"""

RETURN = r"""
_value:
  description: The verdict, and the sections on which it rests.
  type: dict
  contains:
    non_destructive_reset:
      description:
        - V(true) when Windows says that a non-destructive PIN reset is possible for the account that ran the command, V(false) when it
          is not. V(none) when the output does not tell, for example because another account ran the command.
      type: bool
    reasons:
      description: Why the verdict is not V(true); empty when it is.
      type: list
      elements: dict
      contains:
        code:
          description:
            - One of C(not_dsregcmd), C(several_outputs), C(user_state_missing), C(other_session), C(not_joined), C(device_refused),
              C(no_pin), C(hello_off), C(destructive_only), and C(can_reset_unknown).
          type: str
        message:
          description: The reason in a sentence.
          type: str
        hint:
          description: How to resolve it.
          type: str
    join_type:
      description:
        - How the device is joined, which is the same for every account. One of V(entra_joined), V(hybrid_joined), V(domain_joined),
          V(registered), and V(not_joined), or V(none) when the output does not tell.
      type: str
    sections:
      description:
        - The values by the title of their section and their key, both as Windows prints them. YES and NO are booleans, times are in
          ISO 8601, the two ends of a validity are a list, and an empty value is V(none). All others are text.
      type: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.endpointops.intune.plugins.module_utils._probe import dsregcmd


def read_status(output: t.Any) -> dsregcmd.DsregcmdResult:
    """Return the verdict and the sections of an output, given as text or a list of lines."""
    lines = [output] if isinstance(output, str) else output
    if not isinstance(lines, t.Sequence) or not all(isinstance(line, str) for line in lines):
        given = "a dictionary" if isinstance(output, t.Mapping) else f"a value of the type {type(output).__name__}"
        raise AnsibleFilterError(
            f"dsregcmd must get text or a list of lines, not {given}. Give 'stdout' or 'stdout_lines' of the task that ran the command."
        )
    return dsregcmd.describe("\n".join(lines))


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters of this file."""
        return {"dsregcmd": read_status}
