#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: intune_pin_policy
short_description: Configure Windows devices for PIN recovery by an Intune policy
version_added: 0.1.0
description:
  - Manages an Intune policy that sets C(EnablePinRecovery) of the PassportForWork CSP, and to whom it is assigned.
  - The OMA-URI is built with the tenant's own ID, in lower case and without braces. Microsoft's PIN reset page prints another
    path, with C(Policy) in it, which does not work.
  - Settings of an existing profile that this module does not manage are kept.
author:
  - Endpoint Ops (@endpointops)
options:
  state:
    description:
      - V(present) makes the policy exist as described; V(absent) deletes it.
    type: str
    choices: [present, absent]
    default: present
  name:
    description:
      - Display name of the policy. Intune lets several policies have one name; then the task fails and lists their IDs.
      - With O(id), the name that the policy is to have.
    type: str
  id:
    description:
      - ID of an existing policy, in place of O(name).
    type: str
  backend:
    description:
      - The kind of Intune policy. V(custom) is a Windows custom profile with an OMA-URI.
      - Since 2024 Intune refuses to create custom profiles in some tenants; those that exist stay editable.
    type: str
    choices: [custom]
    default: custom
  description:
    description:
      - Description of the policy. Unset leaves it alone.
    type: str
  enable_pin_recovery:
    description:
      - Whether devices keep what is needed to reset a PIN without losing its keys.
      - Unset leaves it alone; it has to be set when the policy does not exist yet.
    type: bool
  scope:
    description:
      - The root of the OMA-URI. V(device) for all users of a device, V(user) for the users that the policy is assigned to.
      - Windows ignores the device setting where the user setting exists.
    type: str
    choices: [device, user]
    default: device
  assignments:
    description:
      - To whom the policy is assigned. Unset leaves it alone, an empty list clears it.
      - A filter of an assignment that stays is kept.
    type: list
    elements: dict
    suboptions:
      target:
        description: The kind of target.
        type: str
        choices: [all_devices, all_users, group, exclude_group]
        required: true
      group:
        description: Name or object ID of the Microsoft Entra group, for V(group) and V(exclude_group).
        type: str
  purge_assignments:
    description:
      - Whether assignments that O(assignments) does not name are removed. V(false) only adds.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait until Intune shows what was written.
    type: float
    default: 60
seealso:
  - name: PassportForWork CSP
    description: What the setting does on a device.
    link: https://learn.microsoft.com/windows/client-management/mdm/passportforwork-csp
  - module: endpointops.intune.intune_pinreset_consent
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.attributes
  - endpointops.intune.attributes.idempotent
notes:
  - Needs the application permission C(DeviceManagementConfiguration.ReadWrite.All) and, where O(assignments) names groups,
    C(GroupMember.Read.All) or C(Group.Read.All).
"""

EXAMPLES = r"""
- name: Allow PIN recovery on all Windows devices
  endpointops.intune.intune_pin_policy:
    name: PIN recovery
    enable_pin_recovery: true
    assignments:
      - target: all_devices

- name: Allow it for a pilot, but not in the field
  endpointops.intune.intune_pin_policy:
    name: PIN recovery (pilot)
    enable_pin_recovery: true
    assignments:
      - target: group
        group: Pilot ring
      - target: exclude_group
        group: Field service

- name: Add a group, and keep the others
  endpointops.intune.intune_pin_policy:
    name: PIN recovery (pilot)
    assignments:
      - target: group
        group: Helpdesk phones
    purge_assignments: false

- name: Remove the policy
  endpointops.intune.intune_pin_policy:
    name: PIN recovery (pilot)
    state: absent
"""

RETURN = r"""
pin_policy:
  description:
    - The policy after the task; in check mode, as it would be. Null when there is none.
  returned: success
  type: dict
  contains:
    id:
      description: ID of the policy; null in check mode for one that does not exist yet.
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
    backend:
      description: The kind of Intune policy.
      type: str
      returned: always
      sample: custom
    scope:
      description: The root of the OMA-URI.
      type: str
      returned: always
      sample: device
    oma_uri:
      description: The setting's path on a device.
      type: str
      returned: always
      sample: ./Device/Vendor/MSFT/PassportForWork/7f1c3a52-6b7e-4d0f-9d43-0f6c1b2a9e10/Policies/EnablePinRecovery
    enable_pin_recovery:
      description: The setting; null when the policy does not set it, or not as a boolean.
      type: bool
      returned: always
    assignments:
      description: To whom the policy is assigned.
      type: list
      elements: dict
      returned: always
      contains:
        target:
          description: One of all_devices, all_users, group and exclude_group.
          type: str
          returned: always
        group_id:
          description: Object ID of the group; null for all devices and all users.
          type: str
          returned: always
"""

import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils import _arguments, _runner
from ansible_collections.endpointops.intune.plugins.module_utils._graph import errors
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._intune import assignments, pin_policy
from ansible_collections.endpointops.intune.plugins.module_utils._outcome import Outcome

TARGET = {
    "target": {"type": "str", "choices": ["all_devices", "all_users", "group", "exclude_group"], "required": True},
    "group": {"type": "str"},
}
TARGET_NEEDS = [("target", "group", ("group",)), ("target", "exclude_group", ("group",))]

SPEC = _arguments.spec(
    "intune_pin_policy",
    {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "name": {"type": "str"},
        "id": {"type": "str"},
        "backend": {"type": "str", "choices": ["custom"], "default": "custom"},
        "description": {"type": "str"},
        "enable_pin_recovery": {"type": "bool"},
        "scope": {"type": "str", "choices": ["device", "user"], "default": "device"},
        "assignments": {"type": "list", "elements": "dict", "options": TARGET, "required_if": TARGET_NEEDS},
        "purge_assignments": {"type": "bool", "default": True},
        "wait_timeout": {"type": "float", "default": 60},
    },
    required_one_of=[("name", "id")],
)


def run(params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    uri = pin_policy.oma_uri(pin_policy.tenant_guid(client, params["tenant_id"]), params["scope"])
    before = pin_policy.find(client, params["id"], params["name"], uri)
    plan = make_plan(params, client, before, uri)
    after = pin_policy.project(before, plan)
    if plan and not check:
        after = carry_out(params, client, before, plan, uri)
    return Outcome(
        {"pin_policy": pin_policy.describe(after, params["scope"], uri)},
        changed=bool(plan),
        before=pin_policy.managed(before),
        after=pin_policy.managed(after),
    )


def make_plan(params: t.Mapping[str, t.Any], client: GraphClient, current: pin_policy.Policy | None, uri: str) -> pin_policy.Plan:
    if params["state"] == "absent":
        return pin_policy.Plan(delete=current is not None)
    if current is None and params["id"]:
        raise errors.SelectionError(f"There is no profile with the ID {params['id']}.", hint="Nothing was written.")
    targets = None
    if params["assignments"] is not None:
        targets = assignments.resolve(client, params["assignments"], current.assignments if current else ())
    wanted = pin_policy.Wanted(params["name"], params["description"], params["enable_pin_recovery"], targets, params["purge_assignments"])
    return pin_policy.plan_present(current, wanted, uri)


def carry_out(
    params: t.Mapping[str, t.Any], client: GraphClient, current: pin_policy.Policy | None, plan: pin_policy.Plan, uri: str
) -> pin_policy.Policy | None:
    """Writes, and reads back until Intune shows what the plan promised."""
    promised = pin_policy.managed(pin_policy.project(current, plan))
    policy_id = pin_policy.apply(client, current, plan) or (current.id if current else None)

    def found() -> pin_policy.Policy | None:
        try:
            return pin_policy.find(client, policy_id, None, uri)
        except errors.NotFoundError:
            # There, but not its assignments yet; or gone between the two reads.
            return None

    return client.wait_until(
        found,
        lambda found: pin_policy.managed(found) == promised,
        timeout=params["wait_timeout"],
        what=f"Intune to show the policy '{params['name'] or policy_id}' as it was written",
    )


def main() -> None:
    _runner.main(SPEC, run)


if __name__ == "__main__":
    main()
