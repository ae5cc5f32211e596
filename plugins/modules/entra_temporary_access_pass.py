#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_temporary_access_pass
short_description: Issue or remove Temporary Access Passes of users
version_added: 1.0.0
description:
  - Issues a Temporary Access Pass to users who forgot the PIN of their Windows device and cannot pass multifactor authentication. With it
    the user signs in, and then resets the own PIN.
  - A pass is a strong credential, and the service shows it once. This task hands it over sealed (O(seal_to)) or in clear (O(return_pass)),
    and is refused without one of the two.
  - A user has one pass at most, and a new one ends the one before. A pass that can be used, or will be, is not replaced unless
    O(replace) is set, since nobody can read it again. One that is expired or used up is replaced. So a second run issues nothing.
  - A name that matches no user or several fails the task before it issues anything. Users for whom the authentication methods policy allows
    no such pass, guests from other tenants, and the signed-in user are refused individually, with a reason; the others get a pass.
  - A request is never sent again when it may have run. After a lost response the task reads whether the user has a new pass, for up to 30
    seconds. If so, the user ends as V(value_lost); O(replace) issues another pass.
author:
  - Endpoint Ops (@endpointops)
options:
  users:
    description:
      - The users, each by user principal name or ID. Letter case does not count.
      - Display names and mail addresses do not identify a user. For a mail address, the message names the principal name.
    type: list
    elements: str
    required: true
  state:
    description:
      - V(present) issues a pass to each user without a usable one. V(absent) removes the pass of each user, usable or not.
    type: str
    choices: [present, absent]
    default: present
  lifetime_minutes:
    description:
      - Minutes for which the pass is valid, from 10 to 43200, and within the range of the authentication methods policy. Unset means the
        default of that policy.
    type: int
  is_usable_once:
    description:
      - Whether the pass ends with its first use. A pass for many uses is a password while it is valid; the policy can forbid it.
    type: bool
    default: true
  start:
    description:
      - A moment in the future from which the pass can be used, such as C(2026-01-31T08:00:00Z). Unset means now.
      - A moment without a time zone counts as UTC, regardless of the zone of the controller. The task then warns with the moment in UTC.
    type: str
  replace:
    description:
      - Whether to issue a pass also to users with a usable one. The earlier pass becomes invalid at once.
      - With this option every run issues a new pass.
    type: bool
    default: false
  verified_by:
    description:
      - Who checked that the caller is the user, and how, such as C(Clara at the help desk, by video and ID card). It is kept in
        RV(results[].verified_by), and nothing else is done with it.
    type: str
seealso:
  - module: endpointops.intune.entra_temporary_access_pass_info
  - module: endpointops.intune.intune_pin_policy
  - name: Temporary Access Pass
    description: Microsoft's page on the policy, the sign-in, and its limits.
    link: https://learn.microsoft.com/entra/identity/authentication/howto-authentication-temporary-access-pass
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.handover.access_pass
  - endpointops.intune.attributes
attributes:
  idempotent:
    support: partial
    details:
      - With O(replace), every run issues a new pass. Without, a second run changes nothing while a pass can be used.
notes:
  - In a play over several hosts set C(run_once). Two tasks at the same moment can both find a user without a pass, and the pass of the
    first one ends then.
  - Needs the application permissions C(UserAuthMethod-TAP.ReadWrite.All) and C(User.Read.All), in check mode C(UserAuthMethod-TAP.Read.All)
    and C(User.Read.All).
  - With C(Policy.Read.AuthenticationMethod) the task reads the policy and refuses disallowed passes before it sends anything, and with
    C(GroupMember.Read.All) the groups of its scope. Without, the service decides, and the task warns of that.
  - AWX and ansible-runner drop a result of more than E(MAX_EVENT_RES) characters. In such a job, a task whose
    result would be larger is refused before the first pass is issued, unless O(sealed_directory) is set, or the result is hidden by
    C(no_log) or O(return_pass).
  - A signed-in person needs the role Authentication Administrator in Microsoft Entra, and Privileged Authentication Administrator
    for users with directory roles. Whether an application can issue passes to such users is not documented; the task names their roles.
  - The sign-in page may offer a new pass only after some minutes.
"""

EXAMPLES = r"""
- name: Issue a pass for one sign-in, sealed for the help desk
  endpointops.intune.entra_temporary_access_pass:
    users: [clara.hoffmann@contoso.onmicrosoft.com]
    lifetime_minutes: 60
    verified_by: Jonas at the help desk, by video and ID card
    seal_to: ["{{ certificate_path }}"]
    sealed_directory: "{{ handover_directory }}"

- name: Who would get a pass?
  endpointops.intune.entra_temporary_access_pass:
    users: [clara.hoffmann@contoso.onmicrosoft.com, felix.wagner@contoso.onmicrosoft.com]
    return_pass: true
  check_mode: true

- name: Replace a lost pass by one for tomorrow
  endpointops.intune.entra_temporary_access_pass:
    users: [clara.hoffmann@contoso.onmicrosoft.com]
    start: "{{ tomorrow }}"
    replace: true
    return_pass: true
  register: issued

- name: Hand the pass over
  ansible.builtin.copy:
    content: "{{ issued.results[0].temporary_access_pass }}"
    dest: "{{ handover_path }}"
    mode: "0600"
  no_log: true

- name: Remove a pass that is not needed any more
  endpointops.intune.entra_temporary_access_pass:
    users: [clara.hoffmann@contoso.onmicrosoft.com]
    state: absent
"""

RETURN = r"""
results:
  description: One entry a user, in the order of O(users).
  returned: when the users were found
  type: list
  elements: dict
  contains:
    user:
      description: The user as the task names them.
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
      description: Member or Guest, in the word of Microsoft Entra.
      type: str
      returned: always
      sample: Member
    account_enabled:
      description: Whether the user can sign in. The task warns of passes of accounts that are disabled.
      type: bool
      returned: always
    directory_roles:
      description:
        - Names of the directory roles that the user holds now, also by a group. C(an unnamed role) stands for one whose name the caller may
          not read without C(RoleManagement.Read.Directory). Null when roles could not be read.
      type: list
      elements: str
      returned: always
      sample: [Helpdesk Administrator]
    status:
      description:
        - V(planned) in check mode; V(issued); V(exists) when the user has a pass that is not replaced; V(removed) and V(absent) with
          O(state=absent); V(refused) when nothing was sent, for RV(results[].reason); V(failed) when the service refused, or could not be
          reached; V(value_lost) when a pass was issued whose value nobody has seen; V(unknown) when it could not be settled whether
          the request ran; V(not_attempted) when the task had to stop before.
        - The task fails when a user is V(refused), V(failed), V(value_lost), V(unknown) or V(not_attempted).
      type: str
      returned: always
    reason:
      description:
        - A stable name for why a user has no new pass.
        - For refusals one of self, external_guest, start_passed, method_disabled, out_of_scope, lifetime_out_of_range, and one_time_only;
          for failures these or one of not_allowed_by_policy, administrator, forbidden, user_gone, service_refused, unavailable,
          answer_lost, and not_sealed.
      type: str
      returned: always
    message:
      description: The outcome and the next step, in a few sentences.
      type: str
      returned: always
    changed:
      description: Whether this task issued or removed a pass, or would in check mode.
      type: bool
      returned: always
    replaced:
      description: Whether the new pass ended one that could be used.
      type: bool
      returned: always
    verified_by:
      description: The value of O(verified_by).
      type: str
      returned: always
    pass_id:
      description: ID of the pass that the user has after the task; null without one, and in check mode for one that would be issued.
      type: str
      returned: always
    created:
      description: When it was issued.
      type: str
      returned: always
      sample: "2026-01-31T08:00:00Z"
    starts:
      description: From when on it can be used.
      type: str
      returned: always
      sample: "2026-01-31T08:00:00Z"
    ends:
      description: Until when it can be used.
      type: str
      returned: always
      sample: "2026-01-31T09:00:00Z"
    lifetime_minutes:
      description: Minutes for which it is valid. In check mode null when O(lifetime_minutes) is unset and the policy could not be read.
      type: int
      returned: always
      sample: 60
    is_usable_once:
      description: Whether it ends with its first use.
      type: bool
      returned: always
    is_usable:
      description: Whether it can be used now, by the service.
      type: bool
      returned: always
    usability_reason:
      description: Why, in the service's own word.
      type: str
      returned: always
      sample: EnabledByPolicy
    request_id:
      description: The service's ID of a request that failed, for Microsoft's support.
      type: str
      returned: always
    sealed_temporary_access_pass:
      description: The new pass as a CMS message in PEM form, for the holders of O(seal_to); null when none was issued, and in check mode.
      type: str
      returned: when O(seal_to) is set and O(state=present)
    sealed_file:
      description: Path of the file in O(sealed_directory) with the sealed pass; null when none was issued, in check mode, and where it
        could not be written.
      type: str
      returned: when O(sealed_directory) is set and O(state=present)
    temporary_access_pass:
      description: The new pass; null when none was issued, and in check mode.
      type: str
      returned: when O(return_pass) and O(state=present)
summary:
  description: How many users there are, were changed, and have each status.
  returned: when the users were found
  type: dict
  sample: {total: 2, changed: 1, planned: 0, issued: 1, exists: 1, removed: 0, absent: 0, refused: 0, failed: 0, value_lost: 0, unknown: 0,
    not_attempted: 0}
failed_users:
  description: IDs of the users that the task failed for.
  returned: when the users were found
  type: list
  elements: str
recipients:
  description: Certificates that can open the sealed passes, each once.
  returned: when O(seal_to) is set and O(state=present)
  type: list
  elements: dict
  contains:
    subject:
      description: The subject of the certificate, as in RFC 4514.
      type: str
      returned: always
      sample: CN=Intune help desk
    fingerprint:
      description: The SHA-256 fingerprint of the certificate, as C(openssl x509 -fingerprint -sha256) shows it.
      type: str
      returned: always
    not_after:
      description: When the certificate expires.
      type: str
      returned: always
      sample: "2027-01-31T08:00:00Z"
"""

import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _module
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass import handed_over, users
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass.flow import PassTask
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass.model import BAD, UserPass
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass.plan import parse_desired, project
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass.result import (
    describe,
    describe_diff,
    effects_of,
    find_failure,
    summarize,
    warn_of_accounts,
)
from ansible_collections.endpointops.intune.plugins.module_utils._event_limit import refuse_too_large
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._handover.handover import Handover
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import warn_of_zone
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome
from ansible_collections.endpointops.intune.plugins.module_utils._types import Json

Params = t.Mapping[str, t.Any]
SEALED = f"sealed_{_argspec.ACCESS_PASS.key}"
# The values of an issued pass in a result, with their usual length.
USUAL_PASS = {"pass_id": "0" * 36, **dict.fromkeys(("created", "starts", "ends"), "2026-01-31T08:00:00Z")}

SPEC = _argspec.make_spec(
    "entra_temporary_access_pass",
    {
        **_argspec.USERS,
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "lifetime_minutes": {"type": "int"},
        "is_usable_once": {"type": "bool", "default": True},
        "start": {"type": "str"},
        "replace": {"type": "bool", "default": False},
        "verified_by": {"type": "str"},
        **_argspec.SEALING,
        _argspec.ACCESS_PASS.option: {"type": "bool", "default": False, "no_log": False},
    },
    secrets=(_argspec.ACCESS_PASS,),
    required_by=_argspec.HANDOVER_REQUIRES,
)


def run(params: Params, client: GraphClient, check: bool) -> Outcome:
    desired = parse_desired(params)
    is_present = params["state"] == "present"
    handover = make_handover(params, client, check) if is_present else None
    items = users.select(client, params["users"])
    if handover is not None:
        refuse_lost_passes(params, client, handover, items)
    handed: dict[str, Json] = {}

    def hand_over(item: UserPass) -> None:
        # Immediately, because killing the task later must not lose the passes of earlier users.
        if handover is not None and item.user.id not in handed:
            handed[item.user.id] = keys = handover.describe(item.value, handed_over.render_file_name(item))
            if item.value and not any(keys.get(name) for name in (SEALED, _argspec.ACCESS_PASS.key)):
                item.settle("value_lost", "The pass was issued and could not be sealed. Set replace to true for another one.", "not_sealed")

    task = PassTask(client, items, check=check, hand_over=hand_over)
    if is_present:
        task.present(desired)
    else:
        task.absent()
    for item in items:
        hand_over(item)
    results = [{**describe(item, params["verified_by"]), **handed.get(item.user.id, {})} for item in items]
    failure = task.failure or find_failure(items) or (handover.find_failure() if handover else None)
    before, after = describe_diff(items, project(desired, task.policy) if is_present else None)
    return Outcome(
        {
            "results": results,
            "summary": summarize(items),
            "failed_users": [item.user.id for item in items if item.status in BAD],
            **(handover.describe_recipients() if handover else {}),
        },
        changed=any(item.changed for item in items),
        before=before,
        after=after,
        warnings=[*warn_of_zone("start", params["start"]), *task.warnings, *warn_of_accounts(items)],
        failure=failure.with_effects(effects_of(items)) if failure else None,
    )


def refuse_lost_passes(params: Params, client: GraphClient, handover: Handover, items: t.Sequence[UserPass]) -> None:
    """Raise SelectionError, before the first pass is issued, if the job would drop the results with the passes."""
    if client.largest_result is None or params["sealed_directory"] or not items:
        return
    refuse_too_large(
        client.largest_result,
        len(items),
        {**describe(items[0], params["verified_by"]), **USUAL_PASS, **handover.describe_usual()},
        is_shown=client.shows_result and not params[_argspec.ACCESS_PASS.option],
        noun="users",
        advice="Name fewer users, or set sealed_directory to a folder that outlives the job. To use the registered result in tasks of your "
        "own, set no_log to true.",
    )


def make_handover(params: Params, client: GraphClient, check: bool) -> Handover:
    """Return the way in which passes are handed over; raise InvalidOptionError if a pass would be lost."""
    if params["seal_to"] is None and not params[_argspec.ACCESS_PASS.option]:
        raise errors.InvalidOptionError(
            "One of seal_to and return_pass is required: the service shows a pass once, and nobody could read it.",
            hint="Set seal_to to the certificates of the recipients, or return_pass to true.",
        )
    return Handover(
        _argspec.ACCESS_PASS.key,
        handed_over.WORDS,
        seal_to=params["seal_to"],
        reveal=params[_argspec.ACCESS_PASS.option],
        now=client.clock.now(),
        directory=params["sealed_directory"],
        check=check,
    )


def main() -> None:
    _module.main(SPEC, run)


if __name__ == "__main__":
    main()
