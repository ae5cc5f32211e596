#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pin_reset_summary
short_description: Summarize a run of the role pin_reset
version_added: 1.0.0
description:
  - Prints the findings and changes of a run of the role P(endpointops.intune.pin_reset#role) in lines that fit into a terminal of 80
    columns, and hands its statistics to later jobs. The role uses it at its end. It sends nothing, and neither prints nor returns a
    passcode or a pass.
author:
  - Endpoint Ops (@endpointops)
options:
  results:
    description:
      - The results of the tasks, as they were registered. The keys are C(connection), C(consent), C(policy), C(before) and C(after)
        (both of M(endpointops.intune.intune_pin_readiness_info)), C(seen) (of the same module, read before the policy is removed),
        C(devices), C(recovery) (of M(endpointops.intune.intune_pin_recovery)), and C(access_pass) (of
        M(endpointops.intune.entra_temporary_access_pass)). Leave out a task that did not run, or give an empty dictionary.
    type: dict
    required: true
  modules:
    description:
      - The modules whose permissions the run needs. In check mode, which needs those to read only, a line names the others that the
        application lacks.
    type: list
    elements: str
    default: []
attributes:
  action:
    support: full
    description: Runs on the controller, as an action plugin.
  check_mode:
    support: full
    description: Can run in C(check_mode). It prints the same, and says what would be.
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
- name: Read the readiness
  endpointops.intune.intune_pin_readiness_info:
  register: readiness

- name: Print it as the role does
  endpointops.intune.pin_reset_summary:
    results:
      before: "{{ readiness }}"
"""

RETURN = r"""
msg:
  description: The lines. Only a word that is longer makes a line longer than 78 characters.
  returned: success
  type: list
  elements: str
summary:
  description: The numbers and answers of the run, as the statistic C(pin_reset_summary).
  returned: success
  type: dict
approval:
  description: The approval request that the run waits for; empty for none.
  returned: success
  type: dict
"""
