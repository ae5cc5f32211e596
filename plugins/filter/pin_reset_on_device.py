# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pin_reset_on_device
short_description: Judge a Windows device by the outputs of dsregcmd and reg query
version_added: 1.0.0
author:
  - Endpoint Ops (@endpointops)
description:
  - Returns whether the user of a device can reset the PIN and keep the credentials of Windows Hello, how the device is joined, and which
    policies for Windows Hello are in its registry. The entry point C(device) of the role P(endpointops.intune.pin_reset#role) uses it.
  - Over WinRM or SSH the account is rarely the person at the screen. Then the answer for that person is V(none), and the reasons are those
    that hold for every user of the device.
  - The output of a command decides, and not its exit code. Texts in the language of the device are not read.
positional: _input
options:
  _input:
    description:
      - The results of C(ansible.builtin.raw), as they were registered. The key C(status) is that of C(dsregcmd.exe /status). The keys
        C(intune), C(group_policy), and C(user_group_policy) are those of C(reg.exe query "KEY" /s /reg:64), where C(KEY) is
        C(HKLM\\SOFTWARE\\Microsoft\\Policies\\PassportForWork), C(HKLM\\SOFTWARE\\Policies\\Microsoft\\PassportForWork), and
        C(HKCU\\SOFTWARE\\Policies\\Microsoft\\PassportForWork).
      - The key C(windows) is that of
        C(reg.exe query "HKLM\\SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion" /v CurrentBuild /reg:64), a value that every Windows has.
        Without an answer to it, a key without an answer is not known, and not missing.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Ask Windows how it is joined
  ansible.builtin.raw: dsregcmd.exe /status
  register: status
  check_mode: false
  changed_when: false
  failed_when: false

- name: Read the policies for Windows Hello
  ansible.builtin.raw: reg.exe query {{ item }} /reg:64
  loop:
    - '"HKLM\SOFTWARE\Microsoft\Policies\PassportForWork" /s'
    - '"HKLM\SOFTWARE\Policies\Microsoft\PassportForWork" /s'
    - '"HKCU\SOFTWARE\Policies\Microsoft\PassportForWork" /s'
    - '"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion" /v CurrentBuild'
  register: read
  check_mode: false
  changed_when: false
  failed_when: false

- name: Show the verdict
  ansible.builtin.debug:
    msg: "{{ answers | endpointops.intune.pin_reset_on_device }}"
  vars:
    answers:
      status: "{{ status }}"
      intune: "{{ read.results[0] }}"
      group_policy: "{{ read.results[1] }}"
      user_group_policy: "{{ read.results[2] }}"
      windows: "{{ read.results[3] }}"
"""

RETURN = r"""
_value:
  description: The verdict on the device. It holds no name of a person or a device.
  type: dict
  contains:
    non_destructive_reset:
      description:
        - V(true) when Windows says that a non-destructive PIN reset is possible for the account of the connection, V(false) when it is
          not. V(none) when that is not known, mostly because the account is not the person who uses the device.
      type: bool
    reasons:
      description: Why the verdict is not V(true); empty when it is.
      type: list
      elements: dict
      contains:
        code:
          description:
            - One of the codes of P(endpointops.intune.dsregcmd#filter), or one of C(dsregcmd_unread), C(group_policy),
              C(pin_recovery_off), C(policy_not_arrived), C(registry_unread), and C(users_differ).
          type: str
        message:
          description: The reason in a sentence.
          type: str
        hint:
          description: How to resolve it.
          type: str
    join_type:
      description:
        - How the device is joined. One of V(entra_joined), V(hybrid_joined), V(domain_joined), V(registered), and V(not_joined), or
          V(none) when that is not known.
      type: str
    policy:
      description:
        - Intune's policies in the registry for the tenant that the device is joined to; those of other tenants do not count. V(none) for a
          device that is not joined to Microsoft Entra ID.
      type: dict
      contains:
        tenant_id:
          description: ID of the tenant, or V(none) when dsregcmd did not print it.
          type: str
        pin_recovery:
          description: PIN recovery in the policy for the device. V(on), V(off), V(not_set), or V(none) when it is not known.
          type: str
        windows_hello:
          description: Windows Hello for Business in the policy for the device, with the same values.
          type: str
        users_on:
          description: How many users have a policy of their own that turns PIN recovery on. It wins over that for the device.
          type: int
        users_off:
          description: How many users have a policy of their own that turns PIN recovery off.
          type: int
    group_policy:
      description:
        - PIN recovery in a group policy for Windows Hello. V(on), V(not_set) when there is no such policy, or V(off) when there is one
          that does not turn PIN recovery on, which keeps Intune's policy from counting. V(none) when it is not known, or the device is
          not joined to Microsoft Entra ID.
        - A group policy for the user is considered only where the account of the connection is that user.
      type: str
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.endpointops.intune.plugins.module_utils._probe import on_device


def judge_device(results: t.Any) -> on_device.DeviceResult:
    """Return the verdict on a device from the results of the commands that ran on it."""
    names = on_device.Answers._fields
    if not isinstance(results, t.Mapping) or set(results) != set(names) or not all(isinstance(results[name], t.Mapping) for name in names):
        raise AnsibleFilterError(
            f"pin_reset_on_device must get a dictionary with {', '.join(names)}. Each must be the registered result of the task that ran "
            "the command."
        )
    return on_device.describe(on_device.Answers(*(_read(results[name]) for name in names)))


def _read(result: t.Mapping[str, t.Any]) -> on_device.Answer:
    """Return the output and exit code in the result of a task. Both are missing if the task was skipped or failed earlier."""
    text, code = result.get("stdout"), result.get("rc")
    return on_device.Answer(text if isinstance(text, str) else "", code if isinstance(code, int) else None)


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters of this file."""
        return {"pin_reset_on_device": judge_device}
