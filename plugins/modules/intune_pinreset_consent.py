#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: intune_pinreset_consent
short_description: Connect a tenant to the Microsoft PIN Reset Service
version_added: 1.0.0
description:
  - Creates the two enterprise applications of the Microsoft PIN Reset Service in the tenant, enables them, and gives them admin consent for
    all users; or removes all of that.
  - Does without a browser the steps that Microsoft's PIN reset page describes by hand. The module finds the applications by application ID,
    never by name. It restores a soft-deleted application instead of creating another one.
  - It is not documented whether Microsoft Graph accepts these first-party applications from an application in every tenant.
    Where it refuses, the task fails with Graph's reason and the two consent pages to open, and a later run finds the consent.
  - After consent and a policy that sets C(EnablePinRecovery), a user of a Microsoft Entra joined Windows device can reset
    a forgotten PIN without losing keys.
author:
  - Endpoint Ops (@endpointops)
options:
  state:
    description:
      - V(present) makes both applications exist, enabled, and consented.
      - V(absent) removes the permissions of O(service_scopes) and O(client_scopes), and deletes the applications. Microsoft Entra keeps
        them in its recycle bin for 30 days.
      - V(absent) keeps permissions that others granted. An application stays, and a warning says why, while it holds further
        permissions, or grants for single users or on other applications, or while others are granted permissions on it.
        O(purge_grants) removes all of that.
    type: str
    choices: [present, absent]
    default: present
  service_scopes:
    description:
      - Delegated permissions that the service application is granted on Azure AD Graph, for all users.
      - An empty list grants none. Permissions that are granted already are kept, but see O(purge_grants).
    type: list
    elements: str
    default: [User.Read]
  client_scopes:
    description:
      - Delegated permissions that the client application is granted on the service application, for all users.
      - Unset, all permissions that the service publishes in the tenant. A grant that lacks some of them is completed.
      - A grant that holds only permissions which the service does not publish is no consent, regardless of this option.
    type: list
    elements: str
  purge_grants:
    description:
      - With O(state=present), also takes further permissions away, so that the grant for all users of each application on its
        resource holds exactly O(service_scopes) and O(client_scopes). For an empty list the grant is removed.
      - With O(state=present), grants for single users and on other applications are never touched.
      - With O(state=absent), removes the applications with everything that is granted to them and on them.
    type: bool
    default: false
  restore_deleted:
    description:
      - Restore an application that lies in the recycle bin of Microsoft Entra.
      - If V(false), the task fails before it changes anything where one lies there. A second application is never made.
    type: bool
    default: true
  allow_undocumented_cloud:
    description:
      - Go on in a cloud for which Microsoft documents no PIN Reset Service, which is every O(cloud) but V(global).
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to wait until Microsoft Entra shows the change, which it does with a delay. Must be more than 0.
    type: float
    default: 120
seealso:
  - name: Reset a Windows Hello PIN
    description: Microsoft's page on the PIN Reset Service.
    link: https://learn.microsoft.com/windows/security/identity-protection/hello-for-business/pin-reset
  - module: endpointops.intune.intune_pinreset_consent_info
  - module: endpointops.intune.intune_pin_policy
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.attributes
  - endpointops.intune.attributes.idempotent
notes:
  - Needs the application permissions C(Application.ReadWrite.All) and C(DelegatedPermissionGrant.ReadWrite.All), and no others. In
    check mode it needs C(Application.Read.All) and C(DelegatedPermissionGrant.Read.All). Where the token of an application shows that
    one for the changes is missing, nothing is written.
"""

EXAMPLES = r"""
- name: Connect the tenant to the PIN Reset Service
  endpointops.intune.intune_pinreset_consent:
    state: present
  register: consent

- name: Show the pages for a consent by hand
  ansible.builtin.debug:
    var: consent.pinreset_consent.consent_urls

- name: Check whether the tenant is connected, without a change
  endpointops.intune.intune_pinreset_consent:
    state: present
  check_mode: true
  diff: true
  register: verify

- name: Connect the tenant with these permissions and no others
  endpointops.intune.intune_pinreset_consent:
    service_scopes: [User.Read]
    client_scopes: [user_impersonation]
    purge_grants: true

- name: Disconnect the tenant, but keep the permissions of others
  endpointops.intune.intune_pinreset_consent:
    state: absent

- name: Disconnect the tenant, and remove all permissions
  endpointops.intune.intune_pinreset_consent:
    state: absent
    purge_grants: true
"""

RETURN = r"""
pinreset_consent:
  description:
    - Both applications as they are after the task; in check mode, as they would be.
    - Values that only the real change creates are null.
  returned: always, unless no connection was made
  type: dict
  contains:
    service:
      description: The application C(Microsoft Pin Reset Service Production).
      type: dict
      returned: always
      contains: &app
        app_id:
          description: Application ID, the same in every tenant.
          type: str
          returned: always
        id:
          description: Object ID of the service principal.
          type: str
          returned: always
        display_name:
          description: Name in this tenant.
          type: str
          returned: always
        present:
          description: Whether the enterprise application exists.
          type: bool
          returned: always
        enabled:
          description: Whether users may sign in to it.
          type: bool
          returned: always
        deleted:
          description: When it was deleted, if it lies in the recycle bin. Null otherwise.
          type: str
          returned: always
          sample: "2026-01-05T10:00:00Z"
        consented:
          description:
            - Whether the grant for all users that this task asks for is there.
            - With O(state=absent), whether the one to be removed exists.
          type: bool
          returned: always
        scopes:
          description: Delegated permissions granted for all users on its resource.
          type: list
          elements: str
          returned: always
        missing_scopes:
          description:
            - Delegated permissions that the grant for all users must hold and does not, those of O(service_scopes) or O(client_scopes),
              or all that the resource publishes where none are given. Null where they cannot be known yet.
          type: list
          elements: str
          returned: always
        grants:
          description: All grants of delegated permissions in which it is the client, for all or single users, on any resource.
          type: list
          elements: dict
          returned: always
          contains:
            resource_app_id:
              description: Application ID of the resource; null for another resource than those of the PIN Reset Service.
              type: str
              returned: always
            resource_id:
              description: Object ID of the resource.
              type: str
              returned: always
            consent_type:
              description: V(AllPrincipals) for all users, V(Principal) for one.
              type: str
              returned: always
            principal_id:
              description: Object ID of the user; null for all users.
              type: str
              returned: always
            scopes:
              description: The permissions.
              type: list
              elements: str
              returned: always
    client:
      description: The application C(Microsoft Pin Reset Client Production).
      type: dict
      returned: always
      contains: *app
    ready:
      description: Whether both are present, enabled, and consented.
      type: bool
      returned: always
    consent_urls:
      description:
        - The two pages on which an administrator (at least Application Administrator) gives the consent by hand.
        - Microsoft documents them for the global cloud. In another one they are at the sign-in service of that cloud.
      type: dict
      returned: always
      sample:
        service: https://login.windows.net/common/oauth2/authorize?response_type=code&client_id=b8456c59-1230-44c7-a4a2-99b085333e84
        client: https://login.windows.net/common/oauth2/authorize?response_type=code&client_id=9115dd05-fad5-4f9c-acc7-305d08b1b04e
"""

import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _module
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._consent import api, model, plan
from ansible_collections.endpointops.intune.plugins.module_utils._consent.urls import render_consent_urls, with_consent_urls
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome

SPEC = _argspec.make_spec(
    "intune_pinreset_consent",
    {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "service_scopes": {"type": "list", "elements": "str", "default": ["User.Read"]},
        "client_scopes": {"type": "list", "elements": "str"},
        "purge_grants": {"type": "bool", "default": False},
        "restore_deleted": {"type": "bool", "default": True},
        "allow_undocumented_cloud": {"type": "bool", "default": False},
        "wait_timeout": {"type": "float", "default": 120},
    },
)


def run(params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    """Return the outcome of a task."""
    validate(params)
    goal = model.parse_goal(params)
    before = api.fetch_state(client, goal)
    failure = plan.find_obstacle(before, goal)
    changes = [] if failure else plan.plan(before, goal)
    # The diff shows the plan, in check mode and otherwise. Scopes that the service has not published yet are null in both.
    after = projected = plan.project(before, changes)
    # Before anything is written, because it may sign in again, and fail.
    claims = client.credential.identity()
    urls = render_consent_urls(claims.get("tid") or params["tenant_id"], params["cloud"])
    if not check and failure is None:
        failure = plan.find_missing_permission(changes, claims)
        after = before if failure else after
    if changes and not check and failure is None:
        after, failure = api.apply(client, before, changes, goal, params["wait_timeout"])
    return Outcome(
        {"pinreset_consent": plan.describe(after, goal, urls)},
        changed=bool(changes) if failure is None else failure.effects == "partial",
        before=plan.describe_managed(before),
        after=plan.describe_managed(after if failure else projected),
        warnings=plan.describe_warnings(after, goal),
        failure=with_consent_urls(failure, urls) if failure and goal.is_present else failure,
    )


def validate(params: t.Mapping[str, t.Any]) -> None:
    """Refuse a cloud without a documented PIN Reset Service, unless the task accepts it, and no time to wait."""
    _module.validate_wait(params)
    if params["cloud"] != "global" and not params["allow_undocumented_cloud"]:
        raise errors.InvalidOptionError(
            f"Microsoft documents no PIN Reset Service for the cloud {params['cloud']}.",
            hint="Set allow_undocumented_cloud to try anyway.",
        )


def main() -> None:
    """Run the module in its own process."""
    _module.main(SPEC, run)


if __name__ == "__main__":
    main()
