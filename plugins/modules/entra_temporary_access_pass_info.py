#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_temporary_access_pass_info
short_description: Retrieve which users have a Temporary Access Pass, and the policy for such passes
version_added: 1.0.0
description:
  - Returns for each user whether there is a Temporary Access Pass, from when to when it can be used, and the directory roles of the user.
    The pass itself is never returned, since the service shows it only when it is issued.
  - Returns the authentication methods policy for such passes where it can be read.
  - Nothing is changed.
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
seealso:
  - module: endpointops.intune.entra_temporary_access_pass
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.attributes
  - endpointops.intune.attributes.info
notes:
  - Needs the application permissions C(UserAuthMethod-TAP.Read.All) and C(User.Read.All).
  - With C(Policy.Read.AuthenticationMethod) also the policy is returned; without, the task warns.
"""

EXAMPLES = r"""
- name: Which users have a pass?
  endpointops.intune.entra_temporary_access_pass_info:
    users: [clara.hoffmann@contoso.onmicrosoft.com, felix.wagner@contoso.onmicrosoft.com]
  register: passes

- name: Show the users with a usable pass, and its end
  ansible.builtin.debug:
    msg: "{{ item.user_principal_name }}: {{ item.ends }}"
  loop: "{{ passes.results | selectattr('status', 'equalto', 'usable') }}"
  loop_control:
    label: "{{ item.id }}"
"""

RETURN = r"""
results:
  description: One entry a user, in the order of O(users).
  returned: success
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
      description: Whether the user can sign in.
      type: bool
      returned: always
    directory_roles:
      description:
        - Names of the directory roles that the user holds now, also by a group. C(an unnamed role) stands for one whose name the caller may
          not read without C(RoleManagement.Read.Directory). Null when roles could not be read.
      type: list
      elements: str
      returned: always
      sample: []
    status:
      description: V(usable); V(not_usable), for RV(results[].usability_reason); or V(none).
      type: str
      returned: always
    pass_id:
      description: ID of the pass; null without one, as are the keys below.
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
      description: Minutes for which it is valid.
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
      description: Why, in the service's own word, such as EnabledByPolicy, DisabledByPolicy, Expired, NotYetValid, or OneTimeUsed.
      type: str
      returned: always
      sample: EnabledByPolicy
summary:
  description: How many users there are, and have each status.
  returned: success
  type: dict
  sample: {total: 2, usable: 1, not_usable: 0, none: 1}
policy:
  description: The authentication methods policy for Temporary Access Pass; null when it could not be read.
  returned: success
  type: dict
  contains:
    enabled:
      description: Whether the method is enabled in the tenant.
      type: bool
      returned: always
    minimum_lifetime_minutes:
      description: The shortest lifetime.
      type: int
      returned: always
      sample: 60
    maximum_lifetime_minutes:
      description: The longest lifetime.
      type: int
      returned: always
      sample: 480
    default_lifetime_minutes:
      description: The lifetime of a pass that is issued without one.
      type: int
      returned: always
      sample: 60
    length:
      description: How many characters a pass has.
      type: int
      returned: always
      sample: 8
    one_time_only:
      description: Whether every pass ends with its first use.
      type: bool
      returned: always
"""

import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _module
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass import users
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass.flow import PassTask
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass.result import (
    describe_holder,
    describe_policy,
    summarize_holders,
)
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome

SPEC = _argspec.make_spec("entra_temporary_access_pass_info", dict(_argspec.USERS))


def run(params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    items = users.select(client, params["users"])
    task = PassTask(client, items, check=True)
    task.read(roles=True)
    task.read_policy()
    now = client.service_now()
    results = [describe_holder(item, now) for item in items]
    return Outcome(
        {"results": results, "summary": summarize_holders(results), "policy": describe_policy(task.policy)}, warnings=task.warnings
    )


def main() -> None:
    _module.main(SPEC, run)


if __name__ == "__main__":
    main()
