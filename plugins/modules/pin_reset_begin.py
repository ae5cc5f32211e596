#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: pin_reset_begin
short_description: Begin a run of the role pin_reset
version_added: 1.0.0
description:
  - Fails where the variables of the role P(endpointops.intune.pin_reset#role) have problems, and returns which of its steps run. The role
    uses it as its first task. It sends nothing.
  - A step runs where Ansible would run a task beside this one that has the step's name as its tag.
author:
  - Endpoint Ops (@endpointops)
options:
  problems:
    description: Problems of the variables, in sentences, such as those of P(endpointops.intune.pin_reset_problems#filter).
    type: list
    elements: str
    default: []
  steps:
    description: The steps of the role, each by its tag. Where there are some and none runs, the task is skipped. It fails instead where a
      tag of the command line is nearly one of theirs, such as C(consnet).
    type: list
    elements: str
    default: []
attributes:
  action:
    support: full
    description: Runs on the controller, as an action plugin.
  check_mode:
    support: full
    description: Can run in C(check_mode). It does the same.
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
- name: Which steps run?
  endpointops.intune.pin_reset_begin:
    steps: [preflight, policy]
  register: begun
  tags: [always]
"""

RETURN = r"""
check_mode:
  description: Whether the run is in check mode, by the command line or by a keyword.
  returned: always
  type: bool
steps:
  description: The steps that run.
  returned: always
  type: list
  elements: str
planned:
  description: The steps whose needs are looked at before the first write. They are those of RV(steps), and all that are not skipped where
    C(preflight) runs alone.
  returned: always
  type: list
  elements: str
"""
