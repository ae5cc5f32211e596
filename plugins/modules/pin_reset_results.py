#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pin_reset_results
short_description: Hand over a piece of the results of the role pin_reset
version_added: 1.0.0
description:
  - Returns the given entries as the result of a task of its own. The role P(endpointops.intune.pin_reset#role) uses it for results
    that are too large for one task, since AWX and ansible-runner drop a result above E(MAX_EVENT_RES) characters as a whole. It sends
    nothing, and returns neither a passcode nor a pass in clear.
  - In check mode, it also prints a line for each device of a plan.
author:
  - Endpoint Ops (@endpointops)
options:
  results:
    description: Entries of RV(endpointops.intune.intune_device_passcode#module:results), or of another list.
    type: list
    elements: dict
    required: true
  first:
    description: The number of the first entry among all of them, counted from 1.
    type: int
    required: true
  total:
    description: How many entries there are in all pieces.
    type: int
    required: true
attributes:
  action:
    support: full
    description: Runs on the controller, as an action plugin.
  check_mode:
    support: full
    description: Can run in C(check_mode). It returns the same, and prints the plan.
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
- name: Hand the first hundred results over
  endpointops.intune.pin_reset_results:
    results: "{{ reset.results[:100] }}"
    first: 1
    total: "{{ reset.results | length }}"
"""

RETURN = r"""
results:
  description: The entries, without secrets in clear.
  returned: success
  type: list
  elements: dict
first:
  description: The number of the first entry among all of them.
  returned: success
  type: int
total:
  description: How many entries there are in all pieces.
  returned: success
  type: int
"""
