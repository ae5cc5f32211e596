#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: intune_pin_recovery
short_description: Find the right steps for a user locked out of Windows
version_added: 1.0.0
description:
  - Finds the Windows devices of a user, and reads what decides on the way in, that is, how each device is joined, whether web sign-in is
    on, which PIN reset is possible, and whether a Temporary Access Pass can help. Returns the steps for the help desk, and a text for the
    user.
  - The module issues no pass. M(endpointops.intune.entra_temporary_access_pass) does, and the role's entry point C(recover) calls both.
  - An unknown value is never taken for a yes. The steps are then right in both cases, and name the unknown value.
  - A device belongs to the user where the user ID in its record in Intune is that of the user. Intune searches by user principal name, so
    that a device whose record has an earlier name of the user is not found. A record with the name of the user and the ID of another user
    is left out, and RV(recovery.problems) names it.
  - Besides the requests that M(endpointops.intune.intune_pin_readiness_info) sends for a tenant, the module sends at most ten. With
    O(fresh), it sends one more for the script of the remediation, one for each device, and one for each look at the answers. The check-in
    status is read for as many policies and devices as fit into two batches.
  - Group policies of a domain, and policies of Configuration Manager, are not seen by Intune.
author:
  - Endpoint Ops (@endpointops)
options:
  user:
    description:
      - The user, by user principal name or ID. A display name is refused, since several users may have the same.
    type: str
    required: true
  probe_name:
    description:
      - Name of the remediation that M(endpointops.intune.intune_pin_probe) keeps. Its last answer about the user's devices counts. Without
        such a remediation, whether a PIN reset keeps the credentials of Windows Hello is unknown at best.
    type: str
    default: PIN reset probe
  fresh:
    description:
      - Whether to let the user's joined Windows devices run the probe now. Needs the remediation, and devices that are online. Then the
        task is V(changed). In check mode no device is asked.
      - No device is asked where the remediation is not the probe, since a run on demand runs whatever scripts it has.
      - A device does not report an answer that is the same as before. So a device whose answer stays the same is waited for until
        O(fresh_timeout), and RV(recovery.problems) says whether it was online since.
      - Whether the probe runs as the signed-in user on demand is not documented. An answer about another user does not count.
    type: bool
    default: false
  fresh_timeout:
    description:
      - Seconds to wait for the answers with O(fresh). After that time the last known answers count, with their age, and
        RV(recovery.fresh) is null.
    type: float
    default: 120
  service_scopes:
    description:
      - Delegated permissions that the service application must have, as in
        O(endpointops.intune.intune_pinreset_consent_info#module:service_scopes).
    type: list
    elements: str
    default: [User.Read]
  client_scopes:
    description:
      - Delegated permissions that the client application must have, as in
        O(endpointops.intune.intune_pinreset_consent_info#module:client_scopes).
    type: list
    elements: str
  terms:
    description:
      - Whether messages name options of modules, or variables of the role P(endpointops.intune.pin_reset#role). For the role.
    type: str
    choices: [module, role]
    default: module
seealso:
  - module: endpointops.intune.entra_temporary_access_pass
  - module: endpointops.intune.intune_pin_readiness_info
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.attributes
attributes:
  check_mode:
    support: full
    details:
      - No device is asked to run the probe.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - A task without O(fresh) changes nothing. With O(fresh), each run lets the devices run the probe.
notes:
  - Needs the application permissions C(User.Read.All), C(DeviceManagementManagedDevices.Read.All), C(Application.Read.All),
    C(DelegatedPermissionGrant.Read.All), C(DeviceManagementConfiguration.Read.All), and C(DeviceManagementServiceConfig.Read.All).
  - Needs C(Policy.Read.AuthenticationMethod) to know whether the tenant allows passes, C(RoleManagement.Read.Directory) for the names of
    the user's directory roles, C(DeviceManagementScripts.Read.All) for the results of the probe, and C(GroupMember.Read.All) where
    policies are assigned to groups.
  - With O(fresh), these permissions suffice as far as Microsoft documents it. A person who signs in needs the permission of Intune
    to run remediations, such as by the role Help Desk Operator. RV(recovery.problems) names a device that cannot be asked.
  - A missing permission does not end the task, except the one to find users. RV(recovery.problems) names it, and what depends on it is
    unknown.
"""

EXAMPLES = r"""
- name: How does this user get in again?
  endpointops.intune.intune_pin_recovery:
    user: clara.hoffmann@contoso.onmicrosoft.com
  register: found

- name: Show the steps
  ansible.builtin.debug:
    msg: "{{ found.recovery.steps }}"

- name: Ask the devices themselves first
  endpointops.intune.intune_pin_recovery:
    user: clara.hoffmann@contoso.onmicrosoft.com
    fresh: true
    fresh_timeout: 300
"""

RETURN = r"""
recovery:
  description: The steps for the user, and all that they are made from.
  returned: success
  type: dict
  contains:
    user:
      description: The user.
      type: dict
      returned: always
      contains:
        user:
          description: The user as O(user) names it.
          type: str
          returned: always
        id:
          description: ID of the user.
          type: str
          returned: always
        user_principal_name:
          description: User principal name.
          type: str
          returned: always
        display_name:
          description: Display name.
          type: str
          returned: always
        user_type:
          description: Member or Guest.
          type: str
          returned: always
        account_enabled:
          description: Whether the user may sign in at all; null where that is not known.
          type: bool
          returned: always
        directory_roles:
          description: Names of the directory roles that the user holds; null where they could not be read.
          type: list
          elements: str
          returned: always
    devices:
      description:
        - The user's Windows devices, those that checked in last first; null where they could not be read. Of more than 20, the others are
          left out, and RV(recovery.problems) says so.
      type: list
      elements: dict
      returned: always
      contains:
        id:
          description: ID of the managed device.
          type: str
          returned: always
        device_name:
          description: Name of the device.
          type: str
          returned: always
        os_version:
          description: Version of Windows.
          type: str
          returned: always
        serial_number:
          description: Serial number.
          type: str
          returned: always
        last_sync:
          description: When the device last checked in.
          type: str
          returned: always
        join_type:
          description:
            - V(entra_joined), V(hybrid_joined), V(registered), V(not_joined), or V(unknown). The value comes from Intune, or, where Intune
              does not know it, from the probe on the device.
          type: str
          returned: always
        web_sign_in:
          description: Whether the sign-in screen offers web sign-in, which takes a pass.
          type: dict
          returned: always
          contains:
            state:
              description:
                - V(on) where a policy has arrived that turns it on, V(off), V(unknown), or V(not_applicable) for a device that is not
                  Microsoft Entra joined. A policy that is assigned to groups counts as unknown until it is reported as applied.
              type: str
              returned: always
            reasons:
              description: Why.
              type: list
              elements: str
              returned: always
            policies: &policies
              description: The policies that decide.
              type: list
              elements: dict
              returned: always
              contains:
                name:
                  description: Name of the policy.
                  type: str
                  returned: always
                turns_on:
                  description: Whether it turns the setting on.
                  type: bool
                  returned: always
                status:
                  description: Its check-in status on the device; null where nothing is reported, or was read.
                  type: str
                  returned: always
        reset:
          description: Which PIN reset the user gets.
          type: dict
          returned: always
          contains:
            kind:
              description:
                - V(non_destructive) where the device itself says so, V(destructive), V(unknown), or V(none) where there is no PIN, or where
                  the PIN Reset Service is not for the device.
              type: str
              returned: always
            reasons:
              description: Why.
              type: list
              elements: str
              returned: always
            policies: *policies
        probe:
          description: The probe's last answer; null where there is none.
          type: dict
          returned: always
          contains:
            state:
              description: V(proven), V(not_proven), V(pending), or V(unknown).
              type: str
              returned: always
            user:
              description: The person who ran the probe; null where Intune does not say. An answer about another person does not count.
              type: str
              returned: always
            changed:
              description: When the answer last changed, which may be long before the last run.
              type: str
              returned: always
            age_seconds:
              description: Seconds since then.
              type: int
              returned: always
            reasons:
              description: Why the state is not V(proven).
              type: list
              elements: str
              returned: always
    other_platforms:
      description: The platforms of the user's other devices.
      type: list
      elements: str
      returned: always
    tenant:
      description: The capabilities of the tenant, by the levels of
        RV(endpointops.intune.intune_pin_readiness_info#module:readiness.levels).
      type: dict
      returned: always
      contains:
        connected:
          description: State of the level connected.
          type: str
          returned: always
        configured:
          description: State of the level configured.
          type: str
          returned: always
        reasons:
          description: Why a level is not reached, as in RV(endpointops.intune.intune_pin_readiness_info#module:readiness.reasons).
          type: list
          elements: dict
          returned: always
    pass:
      description: Whether a Temporary Access Pass can help.
      type: dict
      returned: always
      contains:
        can_help:
          description: True, false, or null where it is not known, such as where the service may refuse it.
          type: bool
          returned: always
        reasons:
          description: Why it is not true.
          type: list
          elements: dict
          returned: always
          contains:
            code:
              description:
                - Where it is false, one of self, external_guest, method_disabled, out_of_scope, account_disabled, other_platforms_only, and
                  not_joined. Where it is null, one of policy_unread, scope_unread, administrator, roles_unread, devices_unread, and
                  join_type_unknown.
              type: str
              returned: always
            message:
              description: The reason.
              type: str
              returned: always
            hint:
              description: How to resolve it.
              type: str
              returned: always
    steps:
      description:
        - The steps for the help desk, in their order. They are those with a pass in hand, unless RV(recovery.pass.can_help) is false.
      type: list
      elements: str
      returned: always
    message_to_user:
      description: A text for the user, to be read out or sent. It holds no secret, and stands for the same case as RV(recovery.steps).
      type: str
      returned: always
    steps_without_pass:
      description: The steps where no pass could be issued after all.
      type: list
      elements: str
      returned: always
    message_without_pass:
      description: The text for the user in that case.
      type: str
      returned: always
    problems:
      description: What could not be read, and records that were left out.
      type: list
      elements: str
      returned: always
    fresh:
      description: True where all devices that were asked reported a newer answer in time, else null. Null without O(fresh), too.
      type: bool
      returned: always
"""

import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _module
from ansible_collections.endpointops.intune.plugins.module_utils._errors import InvalidOptionError
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._option_values import TEXT
from ansible_collections.endpointops.intune.plugins.module_utils._probe.model import NAME
from ansible_collections.endpointops.intune.plugins.module_utils._readiness_options import READINESS, parse_bare_question
from ansible_collections.endpointops.intune.plugins.module_utils._recovery.flow import RecoveryTask, Wanted
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome

SHARED = ("service_scopes", "client_scopes", "terms")
SPEC = _argspec.make_spec(
    "intune_pin_recovery",
    {
        "user": {"type": TEXT, "required": True},
        "probe_name": {"type": TEXT, "default": NAME},
        "fresh": {"type": "bool", "default": False},
        "fresh_timeout": {"type": "float", "default": 120},
        **{name: READINESS[name] for name in SHARED},
    },
)


def run(params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    """Return the steps."""
    timeout = params["fresh_timeout"]
    if not timeout >= 0:
        raise InvalidOptionError(f"fresh_timeout must be 0 or more seconds, not {timeout:g}.")
    wanted = Wanted(params["user"], params["probe_name"], timeout if params["fresh"] and not check else None)
    task = RecoveryTask(client, parse_bare_question(params), wanted)
    recovery = task.run()
    return Outcome({"recovery": recovery}, changed=task.has_asked)


def main() -> None:
    """Run the module."""
    _module.main(SPEC, run)


if __name__ == "__main__":
    main()
