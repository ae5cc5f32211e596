#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: intune_pin_probe
short_description: Have Windows devices report whether a PIN can be reset without loss
version_added: 1.0.0
description:
  - Keeps an Intune remediation with a detection script alone, the probe. On each device, as the signed-in user, it prints one short line
    with what C(dsregcmd /status) and the registry say about PIN reset. It changes nothing on devices, and it prints no names of users,
    devices, domains, or tenants.
  - M(endpointops.intune.intune_pin_readiness_info) reads the reports of the devices.
  - The script is a part of the collection and the same for every tenant. A new version of the collection can have a new version of it,
    which the next run of this task brings to Intune.
  - No PowerShell has run this script before the release. Its grammar is checked, and what its patterns find in outputs of C(dsregcmd).
    Assign the probe to a few devices first, and look at their answers.
  - Groups, filters, and scope tags are looked up before anything is written, in check mode too.
author:
  - Endpoint Ops (@endpointops)
options:
  state:
    description:
      - V(present) makes the probe exist as described.
      - V(absent) deletes it with its assignments and results.
    type: str
    choices: [present, absent]
    default: present
  name:
    description:
      - Display name of the remediation. Intune lets several remediations have one name; then the task fails and lists their IDs.
        Microsoft's own remediations are left out.
    type: str
    default: PIN reset probe
  description:
    description:
      - Description of the remediation. Unset leaves it alone; a new one gets a description that names this module.
    type: str
  assignments:
    description:
      - Which devices run the probe. Unset leaves it alone, an empty list clears it. Without assignments no device runs it by itself.
      - Intune runs it on Microsoft Entra joined and hybrid joined devices alone, and not on registered ones.
      - A group of devices reaches any signed-in user of these devices, a group of users only devices where one of them is signed in. Do
        not mix groups of users and of devices in included and excluded groups.
    type: list
    elements: dict
    suboptions:
      target:
        description: The kind of target.
        type: str
        choices: [all_devices, all_users, group, exclude_group]
        required: true
      group:
        description:
          - Name or object ID of the Microsoft Entra group, for V(group) and V(exclude_group). A group that is both included and excluded
            is refused, because Intune drops the exclusion.
        type: str
      filter:
        description:
          - Name or ID of an assignment filter for Windows devices. Unset keeps the filter of a target that stays, an empty text
            removes it.
        type: str
      filter_type:
        description:
          - Whether the devices that the filter matches are the ones that run the probe, V(include), or those that do not. With a
            filter and unset, it is V(include).
        type: str
        choices: [include, exclude]
  purge_assignments:
    description:
      - Whether assignments that O(assignments) does not name are removed. V(false) only adds.
    type: bool
    default: true
  schedule:
    description:
      - When the devices run the probe, for all assignments. Unset leaves it alone; a new assignment gets the schedule that the others
        have, or else every day at 12:00 by the clock of the device. A device that was off makes up for it.
      - Intune passes on what changed. A result that stays the same is not reported again.
    type: dict
    suboptions:
      repeat:
        description: Whether it runs every few days or every few hours. Microsoft advises against running it more often than needed.
        type: str
        choices: [daily, hourly]
        default: daily
      interval:
        description: Days, 1 to 30, or hours, 1 to 23, from one run to the next one.
        type: int
        default: 1
      time:
        description:
          - Time of day as HH:MM in quotes, for V(daily); V('12:00') if unset. Without quotes YAML makes a number of it.
        type: str
      use_utc:
        description: Whether O(schedule.time) is in UTC and not by the clock of the device, for V(daily); V(false) if unset.
        type: bool
  scope_tags:
    description:
      - Names or IDs of the scope tags, exactly. Unset leaves them alone, an empty list means the default tag.
    type: list
    elements: str
  enforce_signature_check:
    description:
      - Whether devices run the script only with a valid signature. Unset leaves it alone; a new probe does not enforce it.
      - V(true) needs O(signed_script), on devices the certificate among the trusted publishers, and its authority among the trusted ones.
        The execution policy of the device applies then.
    type: bool
  signed_script:
    description:
      - The script of this version of the collection with your signature, as text. RV(detection_script) is the text to sign. Save it as
        ASCII, or as UTF-8 without a byte-order mark, sign it with C(Set-AuthenticodeSignature), and give the text of the signed file here.
      - Anything but that text, unchanged, with a signature block behind it is refused. Whether the signature is valid, only devices decide.
      - Unset, a signed copy of this version that Intune has already stays.
    type: str
  force:
    description:
      - Whether a remediation of the name O(name) that is not the probe is made the probe, or deleted with O(state=absent). Without it the
        task fails and changes nothing.
      - A remediation is the probe if its detection script begins with the first line of a version of the probe's script, and it has no
        remediation script.
      - V(true) removes scripts of others. Look at the remediation in the Intune admin center first. A warning describes it.
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to wait until Intune shows the change.
    type: float
    default: 60
seealso:
  - module: endpointops.intune.intune_pin_readiness_info
  - module: endpointops.intune.intune_pin_policy
  - plugin: endpointops.intune.dsregcmd
    plugin_type: filter
  - name: Remediations
    description: Microsoft's page on requirements, licenses, and how scripts run.
    link: https://learn.microsoft.com/intune/device-management/tools/deploy-remediations
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.approval
  - endpointops.intune.attributes
  - endpointops.intune.attributes.idempotent
notes:
  - Needs the application permission C(DeviceManagementScripts.ReadWrite.All), or in check mode C(DeviceManagementScripts.Read.All). Also
    needs C(GroupMember.Read.All) or C(Group.Read.All) where O(assignments) names groups, C(DeviceManagementConfiguration.Read.All) where it
    names filters, and C(DeviceManagementRBAC.Read.All) where O(scope_tags) names tags.
  - Remediations need a Windows license for the users (Windows Enterprise E3 or E5, Education A3 or A5, or VDA), which an administrator
    confirms once in the Intune admin center. Windows Pro with Microsoft 365 Business Premium is not among them. Where Intune says that
    nobody has confirmed it, a task that changes something warns of that; where the application may not read it, there is no warning.
  - A device fetches a new assignment within 8 hours, and reports within about an hour after the run. The probe waits until a user is signed
    in.
"""

EXAMPLES = r"""
- name: Have the devices of the pilot report every day
  endpointops.intune.intune_pin_probe:
    assignments:
      - target: group
        group: Pilot ring

- name: Have all devices report at nine in the morning, except in the field
  endpointops.intune.intune_pin_probe:
    assignments:
      - target: all_devices
      - target: exclude_group
        group: Field service
    schedule:
      repeat: daily
      time: "09:00"

- name: Show the script that devices run
  endpointops.intune.intune_pin_probe:
  check_mode: true
  register: probe

- name: Save it to be signed
  ansible.builtin.copy:
    content: "{{ probe.detection_script }}"
    dest: "{{ script_path }}"
    mode: "0644"

- name: Remove the probe
  endpointops.intune.intune_pin_probe:
    state: absent
"""

RETURN = r"""
pin_probe:
  description:
    - The probe after the task; in check mode, as it would be. Null when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: ID of the remediation; null in check mode for one that does not exist yet.
      type: str
      returned: always
    name:
      description: Display name.
      type: str
      returned: always
    description:
      description: Description.
      type: str
      returned: always
    assignments:
      description: Which devices run it.
      type: list
      elements: dict
      returned: always
      contains:
        target:
          description: One of all_devices, all_users, group, and exclude_group.
          type: str
          returned: always
        group:
          description: Name of the group; null for all devices and all users, and where the name cannot be read.
          type: str
          returned: always
          sample: Pilot ring
        group_id:
          description: Object ID of the group; null for all devices and all users.
          type: str
          returned: always
        filter:
          description: Name of the assignment filter; null for none, and where the name cannot be read.
          type: str
          returned: always
        filter_id:
          description: ID of the assignment filter; null for none.
          type: str
          returned: always
        filter_type:
          description: How the filter is used, include or exclude; null for none.
          type: str
          returned: always
        schedule:
          description:
            - When it runs, as in RV(pin_probe.schedule); null for an excluded group, and where Intune has none, which is every 24 hours.
          type: dict
          returned: always
    schedule:
      description: When it runs, if that is the same for all included assignments; else null.
      type: dict
      returned: always
      contains:
        repeat:
          description: One of daily, hourly, and once; another word for a schedule that this version does not know.
          type: str
          returned: always
        interval:
          description: Days or hours from one run to the next one; null for a single run.
          type: int
          returned: always
        time:
          description: Time of day; null for an hourly schedule.
          type: str
          returned: always
          sample: "12:00"
        date:
          description: Date of a single run, else null.
          type: str
          returned: always
        use_utc:
          description: Whether the time is in UTC and not by the clock of the device; null without a time.
          type: bool
          returned: always
    scope_tag_ids:
      description: IDs of the scope tags; 0 is the default tag.
      type: list
      elements: str
      returned: always
    run_as_account:
      description: As whom it runs. The probe runs as user.
      type: str
      returned: always
      sample: user
    enforce_signature_check:
      description: Whether devices run it only with a valid signature.
      type: bool
      returned: always
    is_signed:
      description: Whether its script is that of this version of the collection with a signature, valid or not.
      type: bool
      returned: always
    is_current:
      description: Whether its script is that of this version of the collection, signed or not.
      type: bool
      returned: always
    script_sha256:
      description: SHA-256 of its script; null where it cannot be read.
      type: str
      returned: always
detection_script:
  description: The script of this version of the collection, to be read and signed.
  returned: success
  type: str
approval:
  description: The approval request that the task waits for, in a tenant with Multi Admin Approval; null when it waits for none.
  returned: success
  type: dict
  contains:
    code:
      description: Its code, for O(approval_code) and for those who approve.
      type: str
      returned: always
    status:
      description: Its status, needs_approval.
      type: str
      returned: always
    requested:
      description: When it was made; null where the application may not read it.
      type: str
      returned: always
    expires:
      description: Until when it can be approved.
      type: str
      returned: always
    justification:
      description: Its text.
      type: str
      returned: always
    operation:
      description: The request to Microsoft Graph that waits.
      type: str
      returned: always
      sample: POST /beta/deviceManagement/deviceHealthScripts
"""

import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _module
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils import _permissions as permissions
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._option_values import TEXT, TEXTS
from ansible_collections.endpointops.intune.plugins.module_utils._probe import api, plan
from ansible_collections.endpointops.intune.plugins.module_utils._probe.model import NAME, Probe
from ansible_collections.endpointops.intune.plugins.module_utils._probe.plan import ProbePlan
from ansible_collections.endpointops.intune.plugins.module_utils._probe.planning import UNCONFIRMED, make_plan
from ansible_collections.endpointops.intune.plugins.module_utils._probe.script import SCRIPT
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome

SCHEDULE = {
    "repeat": {"type": "str", "choices": list(t.get_args(plan.OptionRepeat)), "default": "daily"},
    "interval": {"type": "int", "default": 1},
    "time": {"type": TEXT},
    "use_utc": {"type": "bool"},
}

SPEC = _argspec.make_spec(
    "intune_pin_probe",
    {
        "state": {"type": "str", "choices": list(t.get_args(plan.State)), "default": "present"},
        "name": {"type": TEXT, "default": NAME},
        "description": {"type": "str"},
        **_argspec.ASSIGNMENTS,
        "schedule": {"type": "dict", "options": SCHEDULE},
        "scope_tags": {"type": TEXTS, "elements": TEXT},
        "enforce_signature_check": {"type": "bool"},
        "signed_script": {"type": "str"},
        "force": {"type": "bool", "default": False},
        "wait_timeout": {"type": "float", "default": 60},
        **_argspec.APPROVAL,
    },
)


def run(params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    """Return the outcome of the task."""
    task = plan.parse_task(params)
    planned = make_plan(client, task)
    if not planned or check:
        return make_outcome(planned, planned.desired)
    permissions.validate_writes(client.credential.identity(), [permissions.WRITE_SCRIPTS])
    try:
        identity = api.apply(client, planned)
        with api.report_partial(planned.changes):
            shown = api.wait_until_shown(client, identity, planned.desired, timeout=task.wait_timeout)
        return make_outcome(planned, shown)
    except errors.ApprovalPendingError as pending:
        with api.report_partial(planned.changes if pending.effects == "partial" else ()):
            found = api.find_probe(client, task.name)
        return make_outcome(planned, found, pending)
    except errors.GraphError as failure:
        # A failed task shows no warnings.
        raise failure.with_more_advice(UNCONFIRMED) if UNCONFIRMED in planned.warnings else failure from failure


def make_outcome(planned: ProbePlan, after: Probe | None, pending: errors.ApprovalPendingError | None = None) -> Outcome:
    """Return the outcome. ``pending``: the write that waits for its approval; later steps were not taken."""
    before, shown = plan.diff(planned.current, after, planned.names)
    warnings = list(planned.warnings)
    if pending:
        operation, code = pending.approval["operation"], pending.approval["code"]
        warnings.append(f"{operation} waits for the approval of another administrator (code {code}).")
    return Outcome(
        {
            "pin_probe": plan.describe(after, planned.names),
            "detection_script": SCRIPT,
            "approval": pending.approval if pending else None,
        },
        changed=pending.effects == "partial" if pending else bool(planned),
        before=before,
        after=shown,
        warnings=warnings,
    )


def main() -> None:
    """Run the module."""
    _module.main(SPEC, run)


if __name__ == "__main__":
    main()
