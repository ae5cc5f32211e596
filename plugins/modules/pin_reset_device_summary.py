#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pin_reset_device_summary
short_description: Print the verdict on a Windows device
version_added: 1.0.0
description:
  - Prints the verdict on the host of the task in lines that fit into a terminal of 80 columns. The entry point C(device) of the role
    P(endpointops.intune.pin_reset#role) uses it. It sends nothing, and does not connect to the host.
author:
  - Endpoint Ops (@endpointops)
options:
  verdict:
    description: The value of P(endpointops.intune.pin_reset_on_device#filter).
    type: dict
    required: true
attributes:
  action:
    support: full
    description: Runs on the controller, as an action plugin.
  check_mode:
    support: full
    description: Can run in C(check_mode). It prints the same.
  diff_mode:
    support: none
    description: Shows what changes when C(--diff) is given.
  idempotent:
    support: full
    description: A second run with the same options changes nothing.
  platform:
    support: full
    platforms: all
    description: Where the module runs.
"""

EXAMPLES = r"""
- name: Print the verdict of the role's entry point device again
  endpointops.intune.pin_reset_device_summary:
    verdict: "{{ pin_reset_on_device }}"
"""

RETURN = r"""
msg:
  description: The lines. Only a word that is longer makes a line longer than 78 characters.
  returned: success
  type: list
  elements: str
"""
