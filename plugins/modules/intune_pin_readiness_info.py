#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: intune_pin_readiness_info
short_description: Whether the users of a tenant can reset their PIN, and if not, why
version_added: 1.0.0
description:
  - Reads the consent to the Microsoft PIN Reset Service, all policies for Windows Hello for Business, their assignments and check-in
    status, and the settings for enrollment, and returns one verdict with its reasons.
  - The verdict has levels, which are kept apart. B(connected) means that the tenant has consented to the service. B(configured) means
    that a policy allows PIN recovery for somebody and that no other policy or setting for enrollment defeats it. B(arrived) means that
    devices have that policy. B(proven) means that devices say themselves, with O(probe), that their user can reset the PIN and keep the
    credentials of Windows Hello.
  - RV(readiness.ready) is true where the first three levels are reached, false where one is not, and null where that is not known. A part
    that could not be read is never taken for a good one. The level proven does not change it, since a device without a word of the
    probe may be ready too.
  - With O(expect), the module also returns the differences between the policy of the tenant and the expected one, as the check mode of
    M(endpointops.intune.intune_pin_policy) would find them.
  - The module sends up to 12 requests for a tenant with three policies, sign-in included, since independent reads are sent together.
    It sends one more for each further 1,000 devices with O(count_devices), one more for each 100 devices with O(probe), and at least six
    more for each exported policy with O(rollout=devices).
  - With O(device), the level arrived is that of one device, such as one that Autopilot or imaging has just set up. The module then looks
    for it, up to O(wait_timeout) seconds, until Intune knows it, it is eligible, and a policy that allows PIN recovery has arrived on it.
  - Group policies of a domain are not seen by Intune. The probe sees them on the device.
  - RV(readiness.credential) returns when the certificate or client secret in use expires. It does not change the verdict. The task warns
    some time before.
author:
  - Endpoint Ops (@endpointops)
options:
  count_devices:
    description:
      - Whether to count the managed devices by platform, join type, and eligibility.
    type: bool
    default: false
  probe_devices:
    description:
      - Whether to return the last answer about each device in RV(readiness.probe.devices), with O(probe). With O(device), that of the
        device is returned anyway.
    type: bool
    default: false
  device:
    description:
      - The device that the levels arrived and proven are about, by what O(match_by) says. Without this option it is about all devices.
      - A name that several devices have fails the task, which lists their differences. A device that does not exist yet is waited for.
      - O(rollout) has no effect with this option.
    type: str
  match_by:
    description:
      - What O(device) holds, as in O(endpointops.intune.intune_device_info#module:match_by). A property instead of V(auto) keeps a device
        from being mistaken for one that has its serial number as a name.
    type: str
    choices: [auto, id, device_name, serial_number, user_principal_name, azure_ad_device_id]
    default: auto
  ownerships:
    description:
      - Whose devices are eligible, with O(device).
    type: list
    elements: str
    choices: [company, personal, unknown]
    default: [company]
  enrolled_since:
    description:
      - A moment such as C(2026-01-31T08:00:00Z). Records of O(device) that enrolled before it are left out, as are those whose enrollment
        Intune does not date. Set it for a device that was set up again, such as to the beginning of imaging. Without it, the record of the
        earlier enrollment would be taken for the device until it is removed.
      - A moment without a time zone counts as UTC, with a warning.
    type: str
  wait_timeout:
    description:
      - Seconds to wait for O(device). With V(0), the module checks once and returns any verdict. Check mode checks once, too.
      - With more, the task fails unless RV(readiness.ready) is true in that time. It fails before that time where waiting cannot help, that
        is, for a device that is not eligible for a reason that does not pass, a tenant that is not connected or not configured, and a
        permission that is missing.
      - A failure to reach Microsoft Graph does not end the wait, and neither does an error that the device reports for the policy, since
        the next check-in may succeed. The wait ends one request after its time at the latest, or one reading of the tenant where that could
        not be read before.
    type: float
    default: 0
  interval:
    description:
      - Seconds between two looks at O(device), at least 1. A look is one request when the device is known, or up to two more for each
        policy about which Intune reports nothing on the device.
      - With O(probe), the module reads the result of the probe for the device once, with one more request at the end, where time is left
        then.
    type: float
    default: 30
seealso:
  - module: endpointops.intune.intune_pinreset_consent_info
  - module: endpointops.intune.intune_pin_policy_info
  - module: endpointops.intune.intune_pin_policy
  - module: endpointops.intune.intune_pin_probe
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.readiness
  - endpointops.intune.attributes
  - endpointops.intune.attributes.info
notes:
  - Needs the application permissions C(Application.Read.All), C(DelegatedPermissionGrant.Read.All),
    C(DeviceManagementConfiguration.Read.All), and C(DeviceManagementServiceConfig.Read.All).
  - Needs C(GroupMember.Read.All) where policies are assigned to groups, C(DeviceManagementManagedDevices.Read.All) with
    O(count_devices), O(device), or O(probe), C(DeviceManagementScripts.Read.All) with O(probe), C(DeviceManagementRBAC.Read.All) where
    scope tags are expected by name, and C(DeviceManagementConfiguration.ReadWrite.All) with O(rollout=devices), although nothing is
    changed.
  - The end of a client secret is read with C(Application.Read.All). Microsoft Graph shows of each secret its first characters only. If
    several begin like the one in use, the earliest end is returned, and the message says so.
  - A missing permission does not end the task. RV(readiness.problems) names it, and the part of the verdict that depends on it is unknown.
"""

EXAMPLES = r"""
- name: Can users reset their PIN?
  endpointops.intune.intune_pin_readiness_info:
  register: tenant

- name: Show the obstacles
  ansible.builtin.debug:
    msg: "{{ tenant.readiness.reasons | map(attribute='message') }}"

- name: Is the policy as it is meant to be?
  endpointops.intune.intune_pin_readiness_info:
    expect:
      name: PIN recovery
      assignments:
        - target: all_devices
      settings:
        minimum_pin_length: 6
  register: tenant

- name: Show what differs
  ansible.builtin.debug:
    msg: "{{ tenant.readiness.differs | map(attribute='message') }}"

- name: Count the devices, too
  endpointops.intune.intune_pin_readiness_info:
    count_devices: true

- name: Ask the results of the probe, too
  endpointops.intune.intune_pin_readiness_info:
    probe: true
    probe_devices: true
  register: tenant

- name: Show the devices whose user cannot reset the PIN and keep the credentials
  ansible.builtin.debug:
    msg: "{{ tenant.readiness.probe.devices | selectattr('state', 'equalto', 'not_proven') | map(attribute='device_name') }}"
  when: tenant.readiness.probe.devices is not none

- name: Wait until a new device has the policy
  endpointops.intune.intune_pin_readiness_info:
    device: LT-BERLIN-012
    match_by: device_name
    wait_timeout: 3600
    expect:
      name: PIN recovery
"""

RETURN = r"""
readiness:
  description: The verdict, and all that it is made from.
  returned: success
  type: dict
  contains:
    ready:
      description:
        - Whether the levels connected, configured, and arrived are reached. Null where none of them is missed and one is not known.
      type: bool
      returned: always
    levels:
      description:
        - The levels. The state of each is V(yes), V(no), V(unknown), or V(not_applicable).
      type: dict
      returned: always
      contains:
        connected:
          description: Whether the tenant has consented to the PIN Reset Service.
          type: dict
          returned: always
          contains:
            state:
              description: The state.
              type: str
              returned: always
        configured:
          description: Whether a policy allows PIN recovery, and nothing defeats it.
          type: dict
          returned: always
          contains:
            state:
              description: The state.
              type: str
              returned: always
            policies:
              description: IDs of the policies that do, or of those that would without what defeats them.
              type: list
              elements: str
              returned: always
        arrived:
          description:
            - Whether devices have these policies, or with O(device) whether that device has one of them. It is V(not_applicable) where
              there is no such policy.
          type: dict
          returned: always
          contains: &counted
            state:
              description: The state.
              type: str
              returned: always
            devices:
              description: The number of devices that have reached the level; null where it is not known.
              type: int
              returned: always
            total:
              description: The number of all devices that are meant; null where it is not known.
              type: int
              returned: always
        proven:
          description:
            - Whether devices say that their user can reset the PIN and keep the credentials. V(yes) where one does, V(no) where devices
              answered and none does, V(unknown) where no answer is known and without O(probe). RV(readiness.probe) has the numbers.
          type: dict
          returned: always
          contains: *counted
    reasons:
      description: Why RV(readiness.ready) is not true, by level; empty where it is. One reason for each cause.
      type: list
      elements: dict
      returned: always
      contains:
        code:
          description:
            - One of consent_unread, not_connected, application_missing, application_deleted, application_disabled, permissions_missing,
              policy_missing, pin_recovery_off, policy_wrong, not_assigned, deleted_groups, groups_unread, hello_off, defeated,
              hello_off_at_enrollment, policies_unread, status_not_asked, status_not_available, status_unread, nothing_reported, and
              not_arrived; with O(device) also device_missing, device_unread, device_not_eligible, and device_failed.
          type: str
          returned: always
        level:
          description: The level that is not reached, connected, configured, or arrived.
          type: str
          returned: always
        state:
          description: V(no), or V(unknown) where it is not known whether the level is reached.
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
        policies:
          description: IDs of the policies concerned.
          type: list
          elements: str
          returned: always
    differs:
      description: What differs from O(expect); empty without that option.
      type: list
      elements: dict
      returned: always
      contains:
        code:
          description:
            - V(missing) for a policy that does not exist, V(several) where several have the name, V(different) for an option, V(hidden) for
              a value that Intune does not reveal, and V(unresolved) for an expectation that cannot be met, such as a group that does not
              exist.
          type: str
          returned: always
        option:
          description: Name of the option; null where it is not about one.
          type: str
          returned: always
        current:
          description: The current value, with names of groups, filters, and scope tags; null where there is none.
          type: raw
          returned: always
        expected:
          description: The expected value, in the same form.
          type: raw
          returned: always
        message:
          description: The difference in a sentence.
          type: str
          returned: always
    consent:
      description:
        - The consent, as in RV(endpointops.intune.intune_pinreset_consent_info#module:pinreset_consent). Null where it could not be read.
      type: dict
      returned: always
    policies:
      description: All policies for Windows Hello for Business, as in RV(endpointops.intune.intune_pin_policy_info#module:pin_policies).
      type: list
      elements: dict
      returned: always
    findings:
      description: Findings on the policies, as in RV(endpointops.intune.intune_pin_policy_info#module:findings).
      type: list
      elements: dict
      returned: always
    deployment:
      description:
        - The check-in status of the policies that decide on the verdict, added up; null where none is known.
        - A device that gets several of these policies counts once, by the best of its statuses, where Intune lists the devices of all of
          them (settings catalog policies, and all policies with O(rollout=devices)). Otherwise it counts once for each.
      type: dict
      returned: always
      contains:
        policies:
          description: IDs of the policies whose check-in status is known.
          type: list
          elements: str
          returned: always
        total:
          description: Number of devices.
          type: int
          returned: always
        succeeded:
          description: Devices that have the policy.
          type: int
          returned: always
        error:
          description: Devices that failed to set it; in an overview with those in conflict.
          type: int
          returned: always
        conflict:
          description: Devices that get another value from another policy; null where Intune counts them as errors.
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
      description: The managed devices by a property; null without O(count_devices), and where they could not be read.
      type: dict
      returned: always
      contains:
        total:
          description: Number of devices. The numbers of each property add up to it.
          type: int
          returned: always
        eligible:
          description:
            - Devices on which M(endpointops.intune.intune_device_passcode) would request a reset with its default options. Together with
              RV(readiness.devices.reasons) they add up to the total.
          type: int
          returned: always
        platforms:
          description: Number of devices by platform.
          type: dict
          returned: always
          sample: {windows: 9000, android: 1000}
        join_types:
          description: Number of devices by join type.
          type: dict
          returned: always
          sample: {azureADJoined: 9000, unknown: 1000}
        reasons:
          description: Number of devices that are not eligible, by reason.
          type: dict
          returned: always
          sample: {platform_not_selected: 1000}
    device:
      description: The device; null without O(device).
      type: dict
      returned: always
      contains:
        name:
          description: The device as O(device) names it.
          type: str
          returned: always
        waited:
          description: Seconds from the beginning of the task to its last look.
          type: int
          returned: always
        record:
          description:
            - The record of the device, as in RV(endpointops.intune.intune_device_info#module:devices). Null while Intune does not know it.
          type: dict
          returned: always
        policies:
          description: The policies of RV(readiness.levels.configured.policies) on the device; empty where they were not read.
          type: list
          elements: dict
          returned: always
          contains:
            id:
              description: ID of the policy.
              type: str
              returned: always
            name:
              description: Name of the policy.
              type: str
              returned: always
            status:
              description:
                - V(succeeded), V(pending), V(error), V(conflict), V(not_applicable), or V(other) for one that is not known here. The worst
                  of the settings of the policy on the device. Null where nothing is reported.
              type: str
              returned: always
            error_code:
              description: The error code of the first setting that failed; null without one.
              type: int
              returned: always
            error:
              description: The error code in words; null without one.
              type: str
              returned: always
    probe:
      description:
        - The results of the probe; null without O(probe). The numbers are null where they could not be read. With O(device), they are
          those of that device.
      type: dict
      returned: always
      contains:
        name:
          description: Display name of the probe.
          type: str
          returned: always
        id:
          description: ID of the remediation; null where there is none of the name, or it could not be read.
          type: str
          returned: always
        assigned:
          description: Whether it is assigned to anybody; null where that is not known.
          type: bool
          returned: always
        total:
          description: Number of devices about which Intune has a result. The four states add up to it.
          type: int
          returned: always
        proven:
          description: Devices whose user can reset the PIN and keep the credentials of Windows Hello, as Windows says.
          type: int
          returned: always
        not_proven:
          description: Devices whose user cannot, as Windows says.
          type: int
          returned: always
        unknown:
          description: Devices on which the probe could not run, or had no result.
          type: int
          returned: always
        pending:
          description: Devices that have not run the probe yet.
          type: int
          returned: always
        changed:
          description:
            - The time of the last change that a device reported, and not of the last run, since an unchanged result is not reported.
              Null where there is none.
          type: str
          returned: always
        reasons:
          description: Why devices are not proven, the most frequent first, after those about the probe itself.
          type: list
          elements: dict
          returned: always
          contains:
            code:
              description:
                - About the probe itself, one of probe_missing, probe_several, probe_unread, probe_not_assigned,
                  license_unconfirmed, and no_results.
                - Of devices without an answer, one of probe_pending, probe_failed, not_applicable, no_output, and output_unread.
                - From the answer of a device, one of dsregcmd_unread, other_session, not_joined, device_refused, no_pin, hello_off,
                  destructive_only, can_reset_unknown, group_policy, pin_recovery_off, policy_not_arrived, and registry_unread.
              type: str
              returned: always
            message:
              description: The reason in a sentence. Where it differs from device to device, the most frequent one.
              type: str
              returned: always
            hint:
              description: How to resolve it.
              type: str
              returned: always
            devices:
              description: Number of devices with this reason, of which a device can have several; 0 for a reason about the probe itself.
              type: int
              returned: always
        devices:
          description: The last answer about each device, by name; null without O(probe_devices) and O(device).
          type: list
          elements: dict
          returned: always
          contains:
            id:
              description: ID of the managed device; null where Intune does not name it.
              type: str
              returned: always
            device_name:
              description: Name of the device; null where Intune does not name it.
              type: str
              returned: always
            user_name:
              description: The person who ran the probe, with O(device); null where Intune does not say.
              type: str
              returned: always
            primary_user:
              description: The primary user of the device, possibly another person; null with O(device), and where there is none.
              type: str
              returned: always
            state:
              description: V(proven), V(not_proven), V(unknown), or V(pending).
              type: str
              returned: always
            reasons:
              description: Why the device is not proven, with C(code), C(message), and C(hint).
              type: list
              elements: dict
              returned: always
            join_type:
              description:
                - V(entra_joined), V(hybrid_joined), or V(domain_joined), as the device says. Null where it is neither, and where that
                  is not known.
              type: str
              returned: always
            changed:
              description: The time of the last change, and not of the last run.
              type: str
              returned: always
            last_sync:
              description: The time when the device was last in touch with Intune; null where that is not known.
              type: str
              returned: always
    credential:
      description:
        - When the credential in use ends, from the certificate itself, or for a client secret from the application.
        - With a certificate, the application is read too where that is permitted, since it may accept the certificate for a shorter time.
      type: dict
      returned: always
      contains:
        kind:
          description:
            - The kind of the credential, V(certificate) or V(client_secret). Null where there is none that can end, as with a managed
              identity or a federated credential, and where it is not known, as with an access token or the Azure CLI.
          type: str
          returned: always
          sample: client_secret
        name:
          description: The subject of the certificate, or the display name of the client secret; null where it has none or it is not known.
          type: str
          returned: always
          sample: nightly jobs
        source:
          description: Source of the end, V(certificate) or V(application); null where nothing does.
          type: str
          returned: always
          sample: application
        expires:
          description: When the credential ends; null where it does not end or that is not known.
          type: str
          returned: always
          sample: "2026-06-30T08:00:00Z"
        days_left:
          description: Whole days until then, by the clock of the service; negative after it.
          type: int
          returned: always
          sample: 12
        expires_soon:
          description:
            - Whether O(expiry_warning_days) or fewer are left. Null where the end is not known; V(false) where there is none.
          type: bool
          returned: always
          sample: true
        message:
          description: When the credential ends, or why that is not known, in a sentence.
          type: str
          returned: always
          sample: The client secret 'nightly jobs' of the application 0a1b2c3d-0000-4000-8000-000000000001 ends on 2026-06-30, in 12 days.
        hint:
          description: How to resolve it; null where RV(readiness.credential.expires_soon) is not true.
          type: str
          returned: always
    problems:
      description: What could not be read, and why, each in one line; empty when all was.
      type: list
      elements: str
      returned: always
"""

import dataclasses
import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _module
from ansible_collections.endpointops.intune.plugins.module_utils._application.expiry import list_warnings
from ansible_collections.endpointops.intune.plugins.module_utils._errors import NotReadyError
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import warn_of_zone
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.collect import collect
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.on_device import explain_end
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.verdict import judge
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.wait import DeviceWait
from ansible_collections.endpointops.intune.plugins.module_utils._readiness_options import (
    ON_DEVICE,
    READINESS,
    parse_question,
    parse_wanted,
)
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome

OWN = {"count_devices": {"type": "bool", "default": False}, "probe_devices": {"type": "bool", "default": False}, **ON_DEVICE}
SPEC = _argspec.make_spec("intune_pin_readiness_info", {**READINESS, **OWN})


def run(params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    """Return the verdict."""
    question = parse_question(params, check)
    if params["device"] is None:
        judged = judge(collect(client, question), question.terms)
        return Outcome({"readiness": judged}, warnings=list_warnings(judged["credential"]))
    wanted = parse_wanted(params, check)
    wait = DeviceWait(client, dataclasses.replace(question, rollout="none"), wanted)
    readiness = wait.run()
    warnings = [*warn_of_zone("enrolled_since", params["enrolled_since"]), *list_warnings(readiness["credential"])]
    if readiness["ready"] is True or not wanted.timeout:
        return Outcome({"readiness": readiness}, warnings=warnings)
    message, hint = explain_end(readiness, wait.device)
    return Outcome({"readiness": readiness}, warnings=warnings, failure=NotReadyError(message, hint=hint))


def main() -> None:
    """Run the module."""
    _module.main(SPEC, run)


if __name__ == "__main__":
    main()
