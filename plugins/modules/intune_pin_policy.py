#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: intune_pin_policy
short_description: Configure Windows devices for PIN recovery by an Intune policy
version_added: 1.0.0
description:
  - Manages an Intune policy that sets C(EnablePinRecovery) and the other settings of Windows Hello for Business, and to whom it
    is assigned. Both kinds of policy that Intune has for it take the same options and give the same result.
  - With O(backend=custom), the OMA-URI is built with the tenant's own ID, in lower case and without braces. Microsoft's PIN reset
    page prints another path, with C(Policy) in it, which does not work.
  - Settings of an existing policy that this module does not manage are kept.
  - Groups, filters, and scope tags are looked up before anything is written, in check mode too. So are groups and filters that the
    policy has already and keeps, where its assignments change; the task fails if one was deleted, as Intune can refuse all
    assignments then. Groups that the policy has already are looked up only if the application may read groups.
  - Options of settings that are not given leave the setting alone; a new policy needs at least one.
author:
  - Endpoint Ops (@endpointops)
options:
  state:
    description:
      - V(present) makes the policy exist as described.
      - V(absent) deletes it with everything that it sets, if it is a policy for PIN recovery alone. See O(force) for others.
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
      - ID of an existing policy, instead of O(name).
    type: str
  backend:
    description:
      - The kind of Intune policy. V(custom) is a Windows custom profile with OMA-URIs. V(settings_catalog) is a settings catalog policy,
        which Microsoft recommends today; Microsoft Graph has it in its beta version only.
      - Unset, it is V(custom) with O(state=present). With O(state=absent), the module finds the policy of either kind; where policies of
        both kinds have O(name), the task fails and lists their IDs.
      - With O(state=absent) and one of the kinds, a policy of the other kind is never removed.
      - Since 2024, in some tenants, Intune refuses to create custom profiles for settings that the settings catalog has; existing ones stay
        editable.
    type: str
    choices: [custom, settings_catalog]
  replace_custom:
    description:
      - Whether a custom profile named O(name) is moved into the settings catalog. A settings catalog policy with its settings,
        assignments, description, and scope tags is made and assigned first, and the custom profile is removed when Intune shows the
        new one, so that devices are never without. A run that was interrupted is continued by the next one.
      - A setting that changes with the move is changed in an assigned custom profile first, since devices apply neither of two
        different values.
      - A profile that also has settings that are not this module's is not moved.
      - With O(state=absent), both are removed, the settings catalog policy first.
      - With V(false) and O(state=present), the task fails where a policy of the other kind has the name.
    type: bool
    default: false
  force:
    description:
      - With O(state=absent), whether to delete a policy that was not made for PIN recovery alone. Without it, the task fails, lists the
        content of the policy, and deletes nothing.
      - A policy is for PIN recovery alone if it sets O(enable_pin_recovery), to any value and for devices or users, and has no setting
        besides those that this module manages, each with a type and value that this module writes. Intune does not show the creator of a
        policy.
      - V(true) deletes settings of others, such as Wi-Fi or certificates, from all devices that the policy is assigned to. The hidden
        values of a custom profile cannot be restored. Look at the policy in the Intune admin center first. A warning names these settings.
    type: bool
    default: false
  description:
    description:
      - Description of the policy. Unset leaves it alone.
    type: str
  scope:
    description:
      - Whether the device's or the user's settings are set. V(device) is for all users of a device, V(user) for the users that the
        policy is assigned to.
      - Windows ignores the device's settings where the user's exist.
      - For V(user) Windows has O(enable_pin_recovery), O(use_passport_for_work), O(require_security_device) and what concerns the
        PIN's length, characters, history, and expiration.
    type: str
    choices: [device, user]
    default: device
  # Begin of the generated options.
  # Generated by make generate from plugins/module_utils/_hello/settings.py and tests/tools/generate/settings.yml. Edit those.
  enable_pin_recovery:
    description: Whether devices store the data to reset a PIN without losing its keys. Windows 10.0.15063 or later.
    type: bool
  use_passport_for_work:
    description: Whether Windows Hello for Business is used at all. Windows 10.0.10586 or later.
    type: bool
  require_security_device:
    description: Whether a TPM is required. Windows 10.0.10586 or later.
    type: bool
  exclude_security_devices_tpm12:
    description: Whether TPM 1.2 is not good enough. Windows 10.0.15063 or later.
    type: bool
  use_certificate_for_on_prem_auth:
    description: Whether on-premises sign-in uses a certificate. Windows 10.0.10586 or later.
    type: bool
  use_cloud_trust_for_on_prem_auth:
    description: Whether on-premises sign-in uses Kerberos tickets of Microsoft Entra (cloud Kerberos trust). Windows
      10.0.19044.1566 or later.
    type: bool
  use_hello_certificates_as_smart_card_certificates:
    description: Whether applications may take certificates of Windows Hello for those of a smart card. Windows 10.0.17763 or later.
    type: bool
  use_remote_passport:
    description: Whether a phone can be used to sign in (Phone sign-in). Windows 10.0.10586 or later.
    type: bool
  disable_post_logon_provisioning:
    description: Whether Windows does not offer to set up Windows Hello after sign-in. Not in the settings catalog. Windows
      10.0.19041.4239 or later.
    type: bool
  enable_windows_hello_provisioning_for_security_keys:
    description: Whether Windows Hello is set up at a sign-in with a security key. Not in the settings catalog.
    type: bool
  minimum_pin_length:
    description: The shortest PIN, 4 to 127 characters, and not more than O(maximum_pin_length). Where the two do not fit together,
      Windows uses neither. Windows 10.0.10586 or later.
    type: int
  maximum_pin_length:
    description: The longest PIN, 4 to 127 characters. Windows 10.0.10586 or later.
    type: int
  uppercase_letters:
    description: Whether a PIN may, must, or must not have uppercase letters. Windows 10.0.10586 or later.
    type: str
    choices: [allowed, required, blocked]
  lowercase_letters:
    description: Whether a PIN may, must, or must not have lowercase letters. Windows 10.0.10586 or later.
    type: str
    choices: [allowed, required, blocked]
  special_characters:
    description: Whether a PIN may, must, or must not have special characters. Windows 10.0.10586 or later.
    type: str
    choices: [allowed, required, blocked]
  digits:
    description: Whether a PIN may, must, or must not have digits. Windows 10.0.10586 or later.
    type: str
    choices: [allowed, required, blocked]
  pin_history:
    description: How many earlier PINs cannot be used again, 0 to 50. The history does not survive a PIN reset. Windows 10.0.10586
      or later.
    type: int
  pin_expiration:
    description: Days after which a PIN has to be changed, 0 to 730; 0 for never. Windows 10.0.10586 or later.
    type: int
  use_biometrics:
    description: Whether face and fingerprint may be used instead of the PIN. Windows 10.0.10586 or later.
    type: bool
  use_enhanced_anti_spoofing:
    description: Whether face recognition has to use enhanced anti-spoofing where the device can. Windows 10.0.10586 or later.
    type: bool
  enable_ess_with_supported_peripherals:
    description:
      - Whether Enhanced Sign-in Security stays on where hardware and software are capable of it, which is the default. Peripherals
        for face and fingerprint, and sensors that are not secure, cannot be used then. Windows 10.0.22621 or later.
      - V(false) switches Enhanced Sign-in Security off on all devices, so that peripherals can be used. Users who enrolled their
        face or fingerprint under it lose this enrollment and must reset their PIN. Microsoft does not recommend it, and the module
        warns of it.
    type: bool
  device_unlock_group_a:
    description: Credential providers of the first factor of multi-factor unlock, as GUIDs in braces with commas between them. An
      empty text takes the setting away. Windows 10.0.17134 or later.
    type: str
  device_unlock_group_b:
    description: Credential providers of the second factor, in the same form. Windows 10.0.17134 or later.
    type: str
  device_unlock_plugins:
    description: Trusted signals for multi-factor unlock, as the XML that the CSP describes. An empty text takes the setting away.
      Windows 10.0.17134 or later.
    type: str
  dynamic_lock:
    description: Whether the device locks when the user's phone is away. Windows 10.0.17134 or later.
    type: bool
  dynamic_lock_plugins:
    description: Signals for dynamic lock, as the XML that the CSP describes. An empty text takes the setting away. Windows
      10.0.17134 or later.
    type: str
  use_security_key_for_signin:
    description: Whether users may sign in with a FIDO2 security key. Windows 10.0.18362 or later.
    type: bool
  enable_web_sign_in:
    description: Whether web sign-in is offered on the lock screen of Microsoft Entra joined devices. PIN reset does not need it. A
      Temporary Access Pass signs in on a joined device only with V(enabled), and then with Windows 11 22H2 or later; on hybrid
      joined devices it never signs in alone. Windows 10.0.17763 or later.
    type: str
    choices: [default, enabled, disabled]
  web_sign_in_allowed_urls:
    description:
      - Hosts that PIN reset and web sign-in may open on Microsoft Entra joined devices, such as those of a federated identity
        provider; C(login.microsoftonline.us) in Azure Government. Names of hosts only. An empty list takes the setting away.
        Windows 10.0.17134.2145 or later.
      - Without them users see C(We can't open that page right now).
    type: list
    elements: str
  webcam_access_domain_names:
    description: Domains that may use the webcam during web sign-in, at most 600. Names of hosts only. An empty list takes the
      setting away. Windows 10.0.22000 or later.
    type: list
    elements: str
  preferred_aad_tenant_domain_name:
    description: The domain that Windows adds to a user name without one at sign-in, such as C(contoso.com). An empty text takes the
      setting away. Windows 10.0.17763 or later.
    type: str
  allow_aad_password_reset:
    description: Whether the lock screen offers a link to reset the password of a Microsoft Entra account. This is self-service
      password reset, and not PIN reset. Windows 10.0.16299 or later.
    type: bool
  enable_passwordless_experience:
    description: Whether Windows hides the password at sign-in and elsewhere on Microsoft Entra joined devices. Users who forgot
      their PIN then need PIN reset, web sign-in, or a security key. Windows 10.0.22631.2506 or later.
    type: str
    choices: [default, enabled, disabled]
  cloud_kerberos_ticket_retrieval:
    description: Whether Windows gets a Kerberos ticket of Microsoft Entra at sign-in, as Azure Files and other resources in the
      cloud need it. Windows 10.0.22000 or later.
    type: bool
  # End of the generated options.
  assignments:
    description:
      - To whom the policy is assigned. Unset leaves it alone, an empty list clears it.
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
      filter:
        description:
          - Name or ID of an assignment filter for Windows devices. Unset keeps the filter of a target that stays, an empty text
            removes it.
        type: str
      filter_type:
        description:
          - Whether the devices that the filter matches are the ones that get the policy, V(include), or those that do not. With a
            filter and unset, it is V(include).
        type: str
        choices: [include, exclude]
  purge_assignments:
    description:
      - Whether assignments that O(assignments) does not name are removed. V(false) only adds.
    type: bool
    default: true
  scope_tags:
    description:
      - Names or IDs of the policy's scope tags, exactly. Unset leaves them alone, an empty list means the default tag.
    type: list
    elements: str
  wait_timeout:
    description:
      - Seconds to wait until Intune shows the change.
    type: float
    default: 60
seealso:
  - name: PassportForWork CSP
    description: The effect of the settings on a device.
    link: https://learn.microsoft.com/windows/client-management/mdm/passportforwork-csp
  - module: endpointops.intune.intune_pin_policy_info
  - module: endpointops.intune.intune_pinreset_consent
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.approval
  - endpointops.intune.attributes
  - endpointops.intune.attributes.idempotent
notes:
  - Needs the application permission C(DeviceManagementConfiguration.ReadWrite.All), or in check mode
    C(DeviceManagementConfiguration.Read.All). Also needs C(GroupMember.Read.All) or C(Group.Read.All) where O(assignments) names
    groups, and C(DeviceManagementRBAC.Read.All) where O(scope_tags) names tags.
  - A second run asks Microsoft Graph once. It asks once more for each group that is named instead of its ID, for the list of
    filters and that of scope tags where these are named, for each given text of a custom profile (which Intune hides), with O(id)
    in the settings catalog, and with O(replace_custom).
  - The result and the difference name the groups, filters, and scope tags of the policy. For names that no other option made known, it
    asks once more, and once for filters and scope tags together. A name that the application may not read, or that cannot be read,
    does not make the task fail; the difference shows the ID instead. It shows both where two groups have one name.
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

- name: Use the settings catalog, and set how a PIN has to be
  endpointops.intune.intune_pin_policy:
    name: Windows Hello
    backend: settings_catalog
    enable_pin_recovery: true
    minimum_pin_length: 6
    maximum_pin_length: 12
    digits: required
    special_characters: blocked
    pin_history: 5
    web_sign_in_allowed_urls:
      - login.contoso.com
    assignments:
      - target: all_devices

- name: Move a custom profile into the settings catalog
  endpointops.intune.intune_pin_policy:
    name: PIN recovery
    backend: settings_catalog
    enable_pin_recovery: true
    replace_custom: true

- name: Remove the policy
  endpointops.intune.intune_pin_policy:
    name: PIN recovery (pilot)
    state: absent

- name: Ask for an approval where Multi Admin Approval protects policies; run again when it is given
  endpointops.intune.intune_pin_policy:
    name: Windows Hello
    backend: settings_catalog
    minimum_pin_length: 8
    approval_justification: "Change 4711: longer PINs"
  register: policy

- name: Show the pending request
  ansible.builtin.debug:
    msg: "{{ policy.approval.operation }} waits for an approval until {{ policy.approval.expires }}"
  when: policy.approval is not none
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
      description: Whether the settings are the device's or the user's.
      type: str
      returned: always
      sample: device
    oma_uri:
      description: Path of the setting EnablePinRecovery on a device.
      type: str
      returned: always
      sample: ./Device/Vendor/MSFT/PassportForWork/7f1c3a52-6b7e-4d0f-9d43-0f6c1b2a9e10/Policies/EnablePinRecovery
    settings:
      description: Every setting of the policy, by the name of its option.
      type: dict
      returned: always
      contains:
        # Begin of the generated return values.
        # Generated by make generate from plugins/module_utils/_hello/settings.py. Edit that.
        enable_pin_recovery:
          description: Like the option O(enable_pin_recovery); null when the policy does not set it or gives it a wrong type.
          type: bool
          returned: always
        use_passport_for_work:
          description: Like the option O(use_passport_for_work); null when the policy does not set it or gives it a wrong type.
          type: bool
          returned: always
        require_security_device:
          description: Like the option O(require_security_device); null when the policy does not set it or gives it a wrong type.
          type: bool
          returned: always
        exclude_security_devices_tpm12:
          description: Like the option O(exclude_security_devices_tpm12); null when the policy does not set it or gives it a wrong
            type.
          type: bool
          returned: always
        use_certificate_for_on_prem_auth:
          description: Like the option O(use_certificate_for_on_prem_auth); null when the policy does not set it or gives it a wrong
            type.
          type: bool
          returned: always
        use_cloud_trust_for_on_prem_auth:
          description: Like the option O(use_cloud_trust_for_on_prem_auth); null when the policy does not set it or gives it a wrong
            type.
          type: bool
          returned: always
        use_hello_certificates_as_smart_card_certificates:
          description: Like the option O(use_hello_certificates_as_smart_card_certificates); null when the policy does not set it or
            gives it a wrong type.
          type: bool
          returned: always
        use_remote_passport:
          description: Like the option O(use_remote_passport); null when the policy does not set it or gives it a wrong type.
          type: bool
          returned: always
        disable_post_logon_provisioning:
          description: Like the option O(disable_post_logon_provisioning); null when the policy does not set it or gives it a wrong
            type.
          type: bool
          returned: always
        enable_windows_hello_provisioning_for_security_keys:
          description: Like the option O(enable_windows_hello_provisioning_for_security_keys); null when the policy does not set it
            or gives it a wrong type.
          type: bool
          returned: always
        minimum_pin_length:
          description: Like the option O(minimum_pin_length); null when the policy does not set it or gives it a wrong type.
          type: int
          returned: always
        maximum_pin_length:
          description: Like the option O(maximum_pin_length); null when the policy does not set it or gives it a wrong type.
          type: int
          returned: always
        uppercase_letters:
          description: Like the option O(uppercase_letters); null when the policy does not set it or gives it a wrong type.
          type: str
          returned: always
        lowercase_letters:
          description: Like the option O(lowercase_letters); null when the policy does not set it or gives it a wrong type.
          type: str
          returned: always
        special_characters:
          description: Like the option O(special_characters); null when the policy does not set it or gives it a wrong type.
          type: str
          returned: always
        digits:
          description: Like the option O(digits); null when the policy does not set it or gives it a wrong type.
          type: str
          returned: always
        pin_history:
          description: Like the option O(pin_history); null when the policy does not set it or gives it a wrong type.
          type: int
          returned: always
        pin_expiration:
          description: Like the option O(pin_expiration); null when the policy does not set it or gives it a wrong type.
          type: int
          returned: always
        use_biometrics:
          description: Like the option O(use_biometrics); null when the policy does not set it or gives it a wrong type.
          type: bool
          returned: always
        use_enhanced_anti_spoofing:
          description: Like the option O(use_enhanced_anti_spoofing); null when the policy does not set it or gives it a wrong type.
          type: bool
          returned: always
        enable_ess_with_supported_peripherals:
          description: Like the option O(enable_ess_with_supported_peripherals); null when the policy does not set it or gives it a
            wrong type.
          type: bool
          returned: always
        device_unlock_group_a:
          description: Like the option O(device_unlock_group_a); null when it is not set, or hidden and not given.
          type: str
          returned: always
        device_unlock_group_b:
          description: Like the option O(device_unlock_group_b); null when it is not set, or hidden and not given.
          type: str
          returned: always
        device_unlock_plugins:
          description: Like the option O(device_unlock_plugins); null when it is not set, or hidden and not given.
          type: str
          returned: always
        dynamic_lock:
          description: Like the option O(dynamic_lock); null when the policy does not set it or gives it a wrong type.
          type: bool
          returned: always
        dynamic_lock_plugins:
          description: Like the option O(dynamic_lock_plugins); null when it is not set, or hidden and not given.
          type: str
          returned: always
        use_security_key_for_signin:
          description: Like the option O(use_security_key_for_signin); null when the policy does not set it or gives it a wrong
            type.
          type: bool
          returned: always
        enable_web_sign_in:
          description: Like the option O(enable_web_sign_in); null when the policy does not set it or gives it a wrong type.
          type: str
          returned: always
        web_sign_in_allowed_urls:
          description: Like the option O(web_sign_in_allowed_urls); null when it is not set, or hidden and not given.
          type: list
          elements: str
          returned: always
        webcam_access_domain_names:
          description: Like the option O(webcam_access_domain_names); null when it is not set, or hidden and not given.
          type: list
          elements: str
          returned: always
        preferred_aad_tenant_domain_name:
          description: Like the option O(preferred_aad_tenant_domain_name); null when it is not set, or hidden and not given.
          type: str
          returned: always
        allow_aad_password_reset:
          description: Like the option O(allow_aad_password_reset); null when the policy does not set it or gives it a wrong type.
          type: bool
          returned: always
        enable_passwordless_experience:
          description: Like the option O(enable_passwordless_experience); null when the policy does not set it or gives it a wrong
            type.
          type: str
          returned: always
        cloud_kerberos_ticket_retrieval:
          description: Like the option O(cloud_kerberos_ticket_retrieval); null when the policy does not set it or gives it a wrong
            type.
          type: bool
          returned: always
        # End of the generated return values.
    assignments:
      description: To whom the policy is assigned.
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
    scope_tag_ids:
      description: IDs of the scope tags; 0 is the default tag.
      type: list
      elements: str
      returned: always
replaced_id:
  description: ID of the custom profile that was moved into the settings catalog and removed, or would be; null for none.
  returned: success
  type: str
approval:
  description: The approval request that the task waits for, in a tenant with Multi Admin Approval; null when it waits for none.
  returned: success
  type: dict
  contains: &approval
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
      sample: POST /beta/deviceManagement/configurationPolicies
"""

import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _module
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils import _permissions as permissions
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._hello import api, migration, policy, settings
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import Policy, PolicyScope
from ansible_collections.endpointops.intune.plugins.module_utils._hello.planning import BACKENDS, make_plan
from ansible_collections.endpointops.intune.plugins.module_utils._hello.policy import PolicyPlan, PolicyTask
from ansible_collections.endpointops.intune.plugins.module_utils._option_values import TEXT, TEXTS
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome

SPEC = _argspec.make_spec(
    "intune_pin_policy",
    {
        "state": {"type": "str", "choices": list(t.get_args(policy.State)), "default": "present"},
        "name": {"type": TEXT},
        "id": {"type": TEXT},
        "backend": {"type": "str", "choices": list(t.get_args(settings.BackendName))},
        "replace_custom": {"type": "bool", "default": False},
        "force": {"type": "bool", "default": False},
        "description": {"type": "str"},
        "scope": {"type": "str", "choices": list(t.get_args(settings.Scope)), "default": "device"},
        **settings.make_options(),
        **_argspec.ASSIGNMENTS,
        "scope_tags": {"type": TEXTS, "elements": TEXT},
        "wait_timeout": {"type": "float", "default": 60},
        **_argspec.APPROVAL,
    },
    required_one_of=[("name", "id")],
)


def run(params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    """Return the outcome of the task."""
    task = policy.parse_task(params)
    policy.validate_task(task)
    policy_scope = PolicyScope(api.fetch_tenant_id(client, task.tenant_id), task.scope)
    plan = make_plan(client, task, policy_scope)
    if not plan or check:
        return make_outcome(task, policy_scope, plan, plan.desired)
    permissions.validate_writes(client.credential.identity(), [permissions.WRITE_CONFIGURATION])
    try:
        return make_outcome(task, policy_scope, plan, apply_plan(client, task, policy_scope, plan))
    except errors.ApprovalPendingError as pending:
        with api.report_partial(plan.changes if pending.effects == "partial" else ()):
            backend = BACKENDS[plan.backend]
            found = api.find_policy(client, backend, policy_scope, policy_id=task.id, name=task.name, reveal=task.settings)
        return make_outcome(task, policy_scope, plan, found, pending)


def apply_plan(client: GraphClient, task: PolicyTask, policy_scope: PolicyScope, plan: PolicyPlan) -> Policy | None:
    """Write the changes, read the policy until Intune shows them, and only then remove the replaced profile."""
    backend, timeout = BACKENDS[plan.backend], task.wait_timeout
    shown, changes = plan.desired, plan.changes
    if plan.replaced is not None and plan.desired is not None and changes:
        changes = (*migration.settle(client, plan.replaced, plan.desired, policy_scope), *changes)
    if plan.changes:
        with api.report_partial(changes[: -len(plan.changes)]):
            policy_id = api.apply(client, backend, policy_scope, plan.current, plan.desired, plan.changes)
        with api.report_partial(changes):
            shown = api.wait_until_shown(client, backend, policy_scope, policy_id, plan.desired, timeout=timeout, reveal=task.settings)
    if plan.replaced is not None:
        with api.report_partial(changes):
            migration.remove_replaced(client, plan.replaced, policy_scope, timeout=timeout)
    return shown


def make_outcome(
    task: PolicyTask,
    policy_scope: PolicyScope,
    plan: PolicyPlan,
    after: Policy | None,
    pending: errors.ApprovalPendingError | None = None,
) -> Outcome:
    """Return the outcome. ``pending``: the write that waits for its approval; later steps were not taken."""
    replaced = None if pending else plan.replaced
    shown_before, shown_after = policy.diff(policy.overlay(plan.current, replaced) if replaced else plan.current, after, plan.names)
    if replaced is not None:
        shown_before["custom_profile"], shown_after["custom_profile"] = policy.describe_replaced(replaced), None
    if replaced is not None and after is not None:
        shown_before["backend"], shown_after["backend"] = plan.backend if plan.current else "custom", plan.backend
    warnings = [*settings.make_warnings(task.settings), *plan.warnings]
    if pending:
        operation, code = pending.approval["operation"], pending.approval["code"]
        warnings.append(f"{operation} waits for the approval of another administrator (code {code}).")
    return Outcome(
        {
            "pin_policy": policy.describe(after, plan.backend, policy_scope, plan.names),
            "replaced_id": replaced.id if replaced else None,
            "approval": pending.approval if pending else None,
        },
        changed=pending.effects == "partial" if pending else bool(plan),
        before=shown_before,
        after=shown_after,
        warnings=warnings,
    )


def main() -> None:
    """Run the module."""
    _module.main(SPEC, run)


if __name__ == "__main__":
    main()
