#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: intune_pin_policy_info
short_description: Find the policies for PIN recovery, their findings, and their check-in status
version_added: 1.0.0
description:
  - Lists every Intune policy of the tenant that touches Windows Hello for Business, in any place of Intune, with its settings and
    assignments.
  - Reports findings, such as the wrong path that Microsoft's PIN reset page prints, a tenant ID in braces or of another
    tenant, policies that disagree, user settings that make Windows ignore those of the device, Windows Hello turned off by a policy or
    at enrollment, and assignments to groups that no longer exist. Each OMA setting of a custom profile that means Windows Hello either
    sets something on devices or has a finding.
  - Returns on how many devices each policy has arrived, the devices on which it failed, and the reason.
  - Intune does not see group policies of a domain, which win over its policies. Look for them in C(Computer Configuration >
    Administrative Templates > Windows Components > Windows Hello for Business), or on a device below
    C(HKLM\SOFTWARE\Policies\Microsoft\PassportForWork).
author:
  - Endpoint Ops (@endpointops)
options:
  name:
    description:
      - Return policies of this name only. Findings still consider all of them, and those that concern the named ones are returned.
    type: str
  id:
    description:
      - Return only the policy with this ID, in the same way. The nil GUID, which stands for no ID, is refused.
    type: str
  rollout:
    description:
      - V(overview) asks Intune for the current numbers, which is quick. For custom and identity protection profiles Intune keeps them.
        For other policies the module reads a table of devices in pages of 50 rows. A policy with more than 1,000 rows (a device has one
        for the system and one for each user) has no overview; RV(problems) says so.
      - V(devices) lets Intune export two reports of each policy, one after the other, which takes from seconds to minutes. They know all
        devices that are in error or conflict, and the counts of each setting. For an export the application needs
        C(DeviceManagementConfiguration.ReadWrite.All), although nothing is changed. In check mode nothing is exported; the module
        returns the overview.
      - V(none) does not ask.
    type: str
    choices: [none, overview, devices]
    default: overview
  rollout_timeout:
    description:
      - Seconds to wait for each of the two exported reports of a policy.
    type: float
    default: 300
seealso:
  - module: endpointops.intune.intune_pin_policy
  - module: endpointops.intune.intune_pinreset_consent_info
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.attributes
  - endpointops.intune.attributes.info
notes:
  - Needs the application permission C(DeviceManagementConfiguration.Read.All), and C(DeviceManagementServiceConfig.Read.All) to see the
    settings for enrollment. Where policies are assigned to groups, C(GroupMember.Read.All) shows whether these still exist. RV(problems)
    lists the parts that cannot be read.
"""

EXAMPLES = r"""
- name: Look at all policies for Windows Hello
  endpointops.intune.intune_pin_policy_info:
  register: hello

- name: Show the findings
  ansible.builtin.debug:
    msg: "{{ hello.findings | map(attribute='message') }}"

- name: On which devices did the policy fail, and why?
  endpointops.intune.intune_pin_policy_info:
    name: PIN recovery
    rollout: devices
"""

RETURN = r"""
pin_policies:
  description: The policies, by name; empty when there is none.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: ID of the policy.
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
    surface:
      description:
        - Where in Intune it is. V(custom) is a custom profile, V(settings_catalog), V(account_protection), V(security_baseline) and
          V(template) are policies of the settings catalog without and with a template. V(identity_protection) and V(intent) were
          made before July 2024, and can only be edited. V(enrollment) is the tenant-wide setting, used at enrollment only.
      type: str
      returned: always
    backend:
      description: The option O(endpointops.intune.intune_pin_policy#module:backend) that manages it; null where that module does not.
      type: str
      returned: always
    scope:
      description: Whether RV(pin_policies[].settings) are the device's or the user's. V(user) for a policy that sets nothing for devices.
      type: str
      returned: always
      sample: device
    settings:
      description:
        - Every setting, by the name of the option of M(endpointops.intune.intune_pin_policy), as in
          RV(endpointops.intune.intune_pin_policy#module:pin_policy.settings). Null where the policy does not set it.
      type: dict
      returned: always
      sample: {enable_pin_recovery: true, minimum_pin_length: null}
    user_settings:
      description: The user's settings of a policy that sets some for devices too, in the same form; else empty.
      type: dict
      returned: always
    assignments:
      description:
        - To whom it is assigned, as in RV(endpointops.intune.intune_pin_policy#module:pin_policy.assignments). The names of filters are
          not read, so C(filter) is null.
      type: list
      elements: dict
      returned: always
    scope_tag_ids:
      description: IDs of its scope tags.
      type: list
      elements: str
      returned: always
    rollout:
      description:
        - The check-in status of the policy on devices; null where Intune was not asked, the policy is assigned to nobody, or the status
          could not be read, which RV(problems) says.
        - Each device counts once. Intune has a row for the system and one for each user; the worst one decides. The numbers of the
          statuses add up to RV(pin_policies[].rollout.total).
        - Intune's numbers decide, not the words that stand beside them in the language of a person.
      type: dict
      returned: always
      contains:
        source:
          description:
            - V(overview) for the numbers that Intune keeps of a profile, V(report) for a table or an export with a row for each device and
              user.
          type: str
          returned: always
        updated:
          description: When Intune last counted; null for a report, which is made when it is asked for.
          type: str
          returned: always
        total:
          description: Number of devices.
          type: int
          returned: always
        succeeded:
          description: Devices that have it.
          type: int
          returned: always
        error:
          description: Devices that failed to set it; in an overview with those in conflict.
          type: int
          returned: always
        conflict:
          description: Devices that get another value from another policy; null in an overview.
          type: int
          returned: always
        pending:
          description: Devices that have not checked in since the policy was assigned or changed.
          type: int
          returned: always
        not_applicable:
          description: Devices that it does not apply to.
          type: int
          returned: always
        other:
          description: Devices with a status that is not known here.
          type: int
          returned: always
        devices:
          description: The devices in error or conflict, and those with a status that is not known here; null in an overview.
          type: list
          elements: dict
          returned: always
          contains:
            device_id:
              description: Intune's ID of the device.
              type: str
              returned: always
            device_name:
              description: Its name; null where the report has none.
              type: str
              returned: always
            user_principal_name:
              description: A user of the device; null where the report has none.
              type: str
              returned: always
            status:
              description: One of error, conflict, and other.
              type: str
              returned: always
            error_code:
              description:
                - Intune's code of the first setting that failed. With O(rollout=devices) the module asks for the codes of the first 20
                  devices, as far as they are among the first 1,000 rows of the policy; otherwise null.
              type: int
              returned: always
            error:
              description: The code in words, or the status that is not known, as Intune reports it; null without either.
              type: str
              returned: always
        settings:
          description: Number of devices by the result of each setting; null except with O(rollout=devices).
          type: list
          elements: dict
          returned: always
          contains:
            name:
              description: Name of the setting, as Intune shows it.
              type: str
              returned: always
            succeeded:
              description: Devices that have it; null where the report has no number.
              type: int
              returned: always
            error:
              description: Devices that failed to set it; null where the report has no number.
              type: int
              returned: always
            conflict:
              description: Devices that get another value from another policy; null where the report has no number.
              type: int
              returned: always
findings:
  description: The findings, errors first; empty if there are none.
  returned: success
  type: list
  elements: dict
  contains:
    code:
      description:
        - One of V(wrong_path), V(unknown_path), V(braces), V(wrong_tenant_id), V(letter_case), V(wrong_type), V(wrong_value),
          V(set_twice), V(conflict), V(user_against_device), V(hello_off), V(hello_off_at_enrollment), V(not_assigned),
          V(deleted_group), V(ess_off), and V(web_sign_in_off). The guide on policies and findings explains each.
      type: str
      returned: always
    severity:
      description: error if PIN reset does not work, warning if it may not work for some.
      type: str
      returned: always
    policies:
      description: IDs of the policies concerned.
      type: list
      elements: str
      returned: always
    settings:
      description: Names of the settings that it is about, such as those that policies disagree on; else empty.
      type: list
      elements: str
      returned: always
    message:
      description: The finding, in a sentence.
      type: str
      returned: always
    hint:
      description: How to resolve it.
      type: str
      returned: always
problems:
  description: What could not be read, and why; empty when all was.
  returned: success
  type: list
  elements: str
"""

import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _module
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils import _permissions as permissions
from ansible_collections.endpointops.intune.plugins.module_utils._directory.display_names import Names
from ansible_collections.endpointops.intune.plugins.module_utils._directory.groups import fetch_group_names
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._guid import NIL, parse_guid
from ansible_collections.endpointops.intune.plugins.module_utils._hello import api, deployment, discovery, findings
from ansible_collections.endpointops.intune.plugins.module_utils._hello.check_in import FoundPolicyStatusResult, Rollout
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import FoundPolicy
from ansible_collections.endpointops.intune.plugins.module_utils._names import explain_missing, show
from ansible_collections.endpointops.intune.plugins.module_utils._option_values import TEXT
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome

SPEC = _argspec.make_spec(
    "intune_pin_policy_info",
    {
        "name": {"type": TEXT},
        "id": {"type": TEXT},
        "rollout": {"type": "str", "choices": list(t.get_args(Rollout)), "default": "overview"},
        "rollout_timeout": {"type": "float", "default": 300},
    },
    mutually_exclusive=[("name", "id")],
)


def run(params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    """Return the policies, findings, and problems."""
    if parse_guid(params["id"] or "") == NIL:
        raise errors.InvalidOptionError(
            f"id: '{params['id']}' is the nil GUID, which stands for no ID: it identifies nothing.", hint="Give the ID of a policy."
        )
    tenant_id = api.fetch_tenant_id(client, params["tenant_id"])
    found, problems = discovery.fetch_policies(client, tenant_id)
    chosen = [policy for policy in found if is_chosen(policy, params["id"], params["name"])]
    ids = {policy.id for policy in chosen}
    names, deleted, group_problems = fetch_groups(client, found)
    problems += group_problems
    concerned = [finding for finding in findings.list_findings(found, tenant_id, deleted_groups=deleted) if ids & set(finding.policies)]
    # An export creates a job in the tenant.
    rollout: Rollout = "overview" if check and params["rollout"] == "devices" else params["rollout"]
    policies: list[FoundPolicyStatusResult] = []
    for policy in chosen:
        status, problem = deployment.fetch_status(client, policy, rollout, params["rollout_timeout"])
        policies.append({**policy.describe(Names(names)), "rollout": status})
        problems += [problem] if problem else []
    return Outcome(
        {"pin_policies": policies, "findings": [finding.describe() for finding in concerned], "problems": problems},
        warnings=explain_absence(params["name"], found) if params["name"] and not chosen else [],
    )


def fetch_groups(client: GraphClient, policies: t.Iterable[FoundPolicy]) -> tuple[dict[str, str], frozenset[str], list[str]]:
    """Return the names of the groups in assignments, the groups that no longer exist, and a problem if they cannot be read."""
    ids = {identity for policy in policies for found in policy.assignments if (identity := parse_guid(found.group_id))}
    unknown = "Whether the groups in assignments still exist is not known: reading them needs the permission GroupMember.Read.All."
    if ids and permissions.is_refused(client.credential.identity(), permissions.READ_GROUPS):
        return {}, frozenset(), [unknown]
    try:
        names = fetch_group_names(client, ids)
    except errors.ForbiddenError:
        return {}, frozenset(), [unknown]
    except discovery.UNREADABLE as failure:
        return {}, frozenset(), [f"Could not look up the groups in assignments: {failure}"]
    return names, frozenset(ids) - names.keys(), []


def explain_absence(name: str, found: t.Iterable[FoundPolicy]) -> list[str]:
    """Return a warning if the name is similar to that of a policy, or contains invisible characters."""
    advice = explain_missing(name, [(policy.name, policy.id) for policy in found])
    return [f"There is no policy named '{show(name)}'.{advice}"] if advice else []


def is_chosen(policy: FoundPolicy, policy_id: str | None, name: str | None) -> bool:
    """Return whether the options id and name select the policy."""
    if policy_id:
        return policy.id.lower() == (parse_guid(policy_id) or policy_id.strip().lower())
    return not name or policy.name == name


def main() -> None:
    """Run the module."""
    _module.main(SPEC, run)


if __name__ == "__main__":
    main()
