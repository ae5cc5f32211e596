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
  - Options of settings that are not given leave the setting alone; a new policy needs at least one.
author:
  - Endpoint Ops (@endpointops)
options:
  state:
    description:
      - V(present) makes the policy exist as described; V(absent) deletes it, with all that it sets. A warning names settings that
        are not this module's.
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
      - The kind of Intune policy. V(custom) is a Windows custom profile with OMA-URIs. V(settings_catalog) is what Microsoft
        recommends today; Microsoft Graph has it in its beta version only.
      - Since 2024 Intune refuses to create custom profiles for what the settings catalog has in some tenants; those that exist stay
        editable.
    type: str
    choices: [custom, settings_catalog]
    default: custom
  replace_custom:
    description:
      - Whether a custom profile named O(name) is moved into the settings catalog. A settings catalog policy with its settings,
        assignments, description and scope tags is made and assigned first, and the custom profile is removed when Intune shows the
        new one, so that devices are never without. A run that was interrupted is continued by the next one.
      - A profile that also has settings that are not this module's is not moved.
      - With O(state=absent) both are removed.
      - With V(false) the task fails where a policy of the other kind has the name, also with O(state=absent).
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
        PIN's length, characters, history and expiration.
    type: str
    choices: [device, user]
    default: device
  enable_pin_recovery:
    description:
      - Whether devices keep what is needed to reset a PIN without losing its keys.
    type: bool
  use_passport_for_work:
    description:
      - Whether Windows Hello for Business is used at all.
    type: bool
  require_security_device:
    description:
      - Whether a TPM is required.
    type: bool
  exclude_security_devices_tpm12:
    description:
      - Whether TPM 1.2 is not good enough.
    type: bool
  use_certificate_for_on_prem_auth:
    description:
      - Whether on-premises sign-in uses a certificate.
    type: bool
  use_cloud_trust_for_on_prem_auth:
    description:
      - Whether on-premises sign-in uses Kerberos tickets of Microsoft Entra (cloud Kerberos trust).
    type: bool
  use_hello_certificates_as_smart_card_certificates:
    description:
      - Whether applications may take certificates of Windows Hello for those of a smart card.
    type: bool
  use_remote_passport:
    description:
      - Whether a phone can be used to sign in (Phone sign-in).
    type: bool
  disable_post_logon_provisioning:
    description:
      - Whether Windows does not offer to set up Windows Hello after sign-in. Not in the settings catalog.
    type: bool
  enable_windows_hello_provisioning_for_security_keys:
    description:
      - Whether Windows Hello is set up at a sign-in with a security key. Not in the settings catalog.
    type: bool
  minimum_pin_length:
    description:
      - The shortest PIN, 4 to 127 characters, and not more than O(maximum_pin_length). Where the two do not fit together, Windows
        uses neither.
    type: int
  maximum_pin_length:
    description:
      - The longest PIN, 4 to 127 characters.
    type: int
  uppercase_letters:
    description:
      - Whether a PIN may, must or must not have uppercase letters.
    type: str
    choices: [allowed, required, blocked]
  lowercase_letters:
    description:
      - Whether a PIN may, must or must not have lowercase letters.
    type: str
    choices: [allowed, required, blocked]
  special_characters:
    description:
      - Whether a PIN may, must or must not have special characters.
    type: str
    choices: [allowed, required, blocked]
  digits:
    description:
      - Whether a PIN may, must or must not have digits.
    type: str
    choices: [allowed, required, blocked]
  pin_history:
    description:
      - How many earlier PINs cannot be used again, 0 to 50. The history does not survive a PIN reset.
    type: int
  pin_expiration:
    description:
      - Days after which a PIN has to be changed, 0 to 730; 0 for never.
    type: int
  use_biometrics:
    description:
      - Whether face and fingerprint may be used in place of the PIN.
    type: bool
  use_enhanced_anti_spoofing:
    description:
      - Whether face recognition has to use enhanced anti-spoofing where the device can.
    type: bool
  enable_ess_with_supported_peripherals:
    description:
      - Whether Enhanced Sign-in Security stays on with peripherals, so that only those that support it can be used.
    type: bool
  device_unlock_group_a:
    description:
      - Credential providers of the first factor of multi-factor unlock, as GUIDs in braces with commas between them.
        An empty text takes the setting away.
    type: str
  device_unlock_group_b:
    description:
      - Credential providers of the second factor, likewise.
    type: str
  device_unlock_plugins:
    description:
      - Trusted signals for multi-factor unlock, as the XML that the CSP describes. An empty text takes the setting away.
    type: str
  dynamic_lock:
    description:
      - Whether the device locks when the user's phone is away.
    type: bool
  dynamic_lock_plugins:
    description:
      - Signals for dynamic lock, as the XML that the CSP describes. An empty text takes the setting away.
    type: str
  use_security_key_for_signin:
    description:
      - Whether users may sign in with a FIDO2 security key.
    type: bool
  enable_web_sign_in:
    description:
      - Whether web sign-in is offered on the lock screen. PIN reset does not need it.
    type: str
    choices: [default, enabled, disabled]
  web_sign_in_allowed_urls:
    description:
      - Hosts that PIN reset and web sign-in may open on Microsoft Entra joined devices, such as those of a federated identity
        provider; C(login.microsoftonline.us) in Azure Government. Names of hosts only. An empty list takes the setting away.
      - Without them users see C(We can't open that page right now).
    type: list
    elements: str
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
      - Seconds to wait until Intune shows what was written.
    type: float
    default: 60
seealso:
  - name: PassportForWork CSP
    description: What the settings do on a device.
    link: https://learn.microsoft.com/windows/client-management/mdm/passportforwork-csp
  - module: endpointops.intune.intune_pin_policy_info
  - module: endpointops.intune.intune_pinreset_consent
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.approval
  - endpointops.intune.attributes
  - endpointops.intune.attributes.idempotent
notes:
  - Needs the application permission C(DeviceManagementConfiguration.ReadWrite.All), C(GroupMember.Read.All) or C(Group.Read.All)
    where O(assignments) names groups, and C(DeviceManagementRBAC.Read.All) where O(scope_tags) names tags.
  - A second run asks Microsoft Graph once. It asks once more for each group that is named in place of its ID, for the list of
    filters and that of scope tags where these are named, for each given text of a custom profile (which Intune hides), with O(id)
    in the settings catalog, and with O(replace_custom).
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

- name: Say what it waits for
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
    enable_pin_recovery:
      description: Like the option O(enable_pin_recovery); null when the policy does not set it, or not as a boolean.
      type: bool
      returned: always
    use_passport_for_work:
      description: Like the option O(use_passport_for_work); null when the policy does not set it.
      type: bool
      returned: always
    require_security_device:
      description: Like the option O(require_security_device); null when the policy does not set it.
      type: bool
      returned: always
    exclude_security_devices_tpm12:
      description: Like the option O(exclude_security_devices_tpm12); null when the policy does not set it.
      type: bool
      returned: always
    use_certificate_for_on_prem_auth:
      description: Like the option O(use_certificate_for_on_prem_auth); null when the policy does not set it.
      type: bool
      returned: always
    use_cloud_trust_for_on_prem_auth:
      description: Like the option O(use_cloud_trust_for_on_prem_auth); null when the policy does not set it.
      type: bool
      returned: always
    use_hello_certificates_as_smart_card_certificates:
      description: Like the option O(use_hello_certificates_as_smart_card_certificates); null when the policy does not set it.
      type: bool
      returned: always
    use_remote_passport:
      description: Like the option O(use_remote_passport); null when the policy does not set it.
      type: bool
      returned: always
    disable_post_logon_provisioning:
      description: Like the option O(disable_post_logon_provisioning); null when the policy does not set it.
      type: bool
      returned: always
    enable_windows_hello_provisioning_for_security_keys:
      description: Like the option O(enable_windows_hello_provisioning_for_security_keys); null when the policy does not set it.
      type: bool
      returned: always
    minimum_pin_length:
      description: Like the option O(minimum_pin_length); null when the policy does not set it.
      type: int
      returned: always
    maximum_pin_length:
      description: Like the option O(maximum_pin_length); null when the policy does not set it.
      type: int
      returned: always
    uppercase_letters:
      description: Like the option O(uppercase_letters); null when the policy does not set it.
      type: str
      returned: always
    lowercase_letters:
      description: Like the option O(lowercase_letters); null when the policy does not set it.
      type: str
      returned: always
    special_characters:
      description: Like the option O(special_characters); null when the policy does not set it.
      type: str
      returned: always
    digits:
      description: Like the option O(digits); null when the policy does not set it.
      type: str
      returned: always
    pin_history:
      description: Like the option O(pin_history); null when the policy does not set it.
      type: int
      returned: always
    pin_expiration:
      description: Like the option O(pin_expiration); null when the policy does not set it.
      type: int
      returned: always
    use_biometrics:
      description: Like the option O(use_biometrics); null when the policy does not set it.
      type: bool
      returned: always
    use_enhanced_anti_spoofing:
      description: Like the option O(use_enhanced_anti_spoofing); null when the policy does not set it.
      type: bool
      returned: always
    enable_ess_with_supported_peripherals:
      description: Like the option O(enable_ess_with_supported_peripherals); null when the policy does not set it.
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
      description: Like the option O(dynamic_lock); null when the policy does not set it.
      type: bool
      returned: always
    dynamic_lock_plugins:
      description: Like the option O(dynamic_lock_plugins); null when it is not set, or hidden and not given.
      type: str
      returned: always
    use_security_key_for_signin:
      description: Like the option O(use_security_key_for_signin); null when the policy does not set it.
      type: bool
      returned: always
    enable_web_sign_in:
      description: Like the option O(enable_web_sign_in); null when the policy does not set it.
      type: str
      returned: always
    web_sign_in_allowed_urls:
      description: Like the option O(web_sign_in_allowed_urls); null when it is not set, or hidden and not given.
      type: list
      elements: str
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
from ansible_collections.endpointops.intune.plugins.module_utils._directory.lookup import References
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._hello import assignments
from ansible_collections.endpointops.intune.plugins.module_utils._hello import migration as pin_move
from ansible_collections.endpointops.intune.plugins.module_utils._hello import policy as pin_policy
from ansible_collections.endpointops.intune.plugins.module_utils._hello import settings as pin_settings
from ansible_collections.endpointops.intune.plugins.module_utils._hello.custom_profile import CustomProfile
from ansible_collections.endpointops.intune.plugins.module_utils._hello.policy import Place, Policy
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings_catalog import SettingsCatalog
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome

TARGET = {
    "target": {"type": "str", "choices": ["all_devices", "all_users", "group", "exclude_group"], "required": True},
    "group": {"type": "str"},
    "filter": {"type": "str"},
    "filter_type": {"type": "str", "choices": ["include", "exclude"]},
}
TARGET_NEEDS = [("target", "group", ("group",)), ("target", "exclude_group", ("group",))]
BACKENDS: dict[str, pin_policy.Backend] = {"custom": CustomProfile(), "settings_catalog": SettingsCatalog()}
OTHER = {"custom": "settings_catalog", "settings_catalog": "custom"}

SPEC = _argspec.make_spec(
    "intune_pin_policy",
    {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "name": {"type": "str"},
        "id": {"type": "str"},
        "backend": {"type": "str", "choices": ["custom", "settings_catalog"], "default": "custom"},
        "replace_custom": {"type": "bool", "default": False},
        "description": {"type": "str"},
        "scope": {"type": "str", "choices": ["device", "user"], "default": "device"},
        **pin_settings.arguments(),
        "assignments": {"type": "list", "elements": "dict", "options": TARGET, "required_if": TARGET_NEEDS},
        "purge_assignments": {"type": "bool", "default": True},
        "scope_tags": {"type": "list", "elements": "str"},
        "wait_timeout": {"type": "float", "default": 60},
        **_argspec.APPROVAL,
    },
    required_one_of=[("name", "id")],
)


def run(params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    backend, settings = BACKENDS[params["backend"]], pin_settings.given(params)
    check_options(params, settings)
    place = Place(pin_policy.tenant_guid(client, params["tenant_id"]), params["scope"])
    before = pin_policy.find(client, backend, params["id"], params["name"], place, settings)
    old = find_old(params, client, before, place)
    after = make_desired(params, client, before, old, settings) if params["state"] == "present" else None
    if before is not None and after is not None:
        before = backend.ready(client, before, after, place)
    steps = pin_policy.plan(before, after)
    approval, is_partial = None, False
    if (steps or old) and not check:
        try:
            after = carry_out(params, client, before, after, old, steps, place)
        except errors.ApprovalPendingError as pending:
            approval, is_partial = pending.approval, pending.effects == "partial"
            after, old = pin_policy.find(client, backend, params["id"], params["name"], place, settings), None
    shown_before, shown_after = pin_policy.diff(before, after)
    return Outcome(
        {
            "pin_policy": pin_policy.describe(after, backend.name, place),
            "replaced_id": old.id if old else None,
            "approval": approval,
        },
        changed=is_partial if approval else bool(steps or old),
        before={**shown_before, **({"custom_profile": old.name} if old else {})},
        after={**shown_after, **({"custom_profile": None} if old else {})},
        warnings=told(settings, approval, backend.foreign(before.raw, place) if before and steps == ["delete"] else []),
    )


def check_options(params: t.Mapping[str, t.Any], settings: pin_settings.Values) -> None:
    """What can be refused before anything is sent."""
    if params["name"] is not None and not params["name"].strip():
        raise errors.InvalidOptionError("name is blank.", hint="Nothing was written. Name the policy.")
    if params["replace_custom"] and (params["backend"] != "settings_catalog" or not params["name"]):
        raise errors.InvalidOptionError("replace_custom goes with backend settings_catalog, and with the name that both policies have.")
    if params["state"] == "present":
        pin_settings.check(settings, params["scope"], params["backend"])
        assignments.check_options(params["assignments"] or [])


def find_old(params: t.Mapping[str, t.Any], client: GraphClient, before: Policy | None, place: Place) -> Policy | None:
    """The custom profile that is to be moved or removed. A policy that is in the way, or would be left behind, is refused."""
    name, present = params["name"], params["state"] == "present"
    renamed = bool(params["id"]) and present and before is not None and before.name != name
    if not name or (params["id"] and not renamed and not (present and params["replace_custom"])):
        return None
    if renamed:
        pin_policy.check_free(client, BACKENDS[params["backend"]], name)
    if present and before is not None and not params["id"] and not params["replace_custom"]:
        # It is there, and was made when no other was.
        return None
    other = BACKENDS[OTHER[params["backend"]]]
    found = pin_move.namesake(client, other, name, place, pin_settings.BY_OPTION if params["replace_custom"] else ())
    if not params["replace_custom"]:
        pin_move.check_free(other, found)
    elif found is not None and present:
        pin_move.check_movable(found, place)
    return found


def make_desired(
    params: t.Mapping[str, t.Any], client: GraphClient, before: Policy | None, old: Policy | None, settings: pin_settings.Values
) -> Policy:
    if before is None and params["id"]:
        raise errors.SelectionError(f"There is no policy with the ID {params['id']}.", hint="Nothing was written.")
    base = pin_policy.moved(before, old) if old else before
    known = {*assignments.ids(base.assignments), *base.scope_tags} if base else set()
    references = References(client, known)
    targets = tags = None
    if params["assignments"] is not None:
        targets = assignments.resolve(references, params["assignments"])
    if params["scope_tags"] is not None:
        tags = tuple(sorted({tag for tag in map(references.tag, params["scope_tags"]) if tag is not None}))
    references.check()
    wanted = pin_policy.Wanted(params["name"], params["description"], settings, targets, params["purge_assignments"], tags)
    return pin_policy.desired(base, wanted)


def carry_out(
    params: t.Mapping[str, t.Any],
    client: GraphClient,
    before: Policy | None,
    after: Policy | None,
    old: Policy | None,
    steps: list[str],
    place: Place,
) -> Policy | None:
    """Writes, and reads back until Intune shows what was promised; then, and only then, removes what was moved."""
    backend, timeout = BACKENDS[params["backend"]], params["wait_timeout"]
    if steps:
        policy_id = pin_policy.apply(client, backend, before, after, steps, place)
        after = pin_policy.settled(client, backend, policy_id, after, place, timeout, pin_settings.given(params))
    if old is not None:
        pin_move.remove(client, old, place, timeout)
    return after


def told(settings: pin_settings.Values, approval: dict[str, t.Any] | None, foreign: list[str]) -> list[str]:
    warnings = pin_settings.warnings(settings)
    if approval:
        warnings.append(f"{approval['operation']} waits for the approval of another administrator (code {approval['code']}).")
    if foreign:
        warnings.append(f"The policy has settings that are not this module's, and that go with it: {', '.join(foreign)}.")
    return warnings


def main() -> None:
    _module.main(SPEC, run)


if __name__ == "__main__":
    main()
