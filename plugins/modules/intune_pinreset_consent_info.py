#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: intune_pinreset_consent_info
short_description: Whether a tenant is connected to the Microsoft PIN Reset Service
version_added: 1.0.0
description:
  - Reads the two enterprise applications of the Microsoft PIN Reset Service, whether they exist, are enabled, and have admin consent for
    all users, and their permissions.
  - The module finds the applications by application ID, never by name. It distinguishes a soft-deleted application from one that never
    existed.
  - Changes nothing, and needs no permission to change anything. It reads in every cloud, also where Microsoft documents no
    PIN Reset Service.
author:
  - Endpoint Ops (@endpointops)
options:
  service_scopes:
    description:
      - Delegated permissions on Azure AD Graph that the service application must have for all users to count as consented.
      - With an empty list it counts as consented without any.
    type: list
    elements: str
    default: [User.Read]
  client_scopes:
    description:
      - Delegated permissions on the service application that the client application must have for all users to count as consented.
      - Unset, all permissions that the service publishes in the tenant. If it publishes none, none is needed.
      - A grant that holds only permissions which the service does not publish does not count, regardless of this option.
    type: list
    elements: str
seealso:
  - module: endpointops.intune.intune_pinreset_consent
  - name: Reset a Windows Hello PIN
    description: Microsoft's page on the PIN Reset Service.
    link: https://learn.microsoft.com/windows/security/identity-protection/hello-for-business/pin-reset
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.attributes
  - endpointops.intune.attributes.info
notes:
  - Needs the application permissions C(Application.Read.All) and C(DelegatedPermissionGrant.Read.All), or
    C(Directory.Read.All) alone.
"""

EXAMPLES = r"""
- name: Look at the PIN Reset Service in this tenant
  endpointops.intune.intune_pinreset_consent_info:
  register: found

- name: Say whether the tenant is connected
  ansible.builtin.debug:
    msg: >-
      {{ 'Connected.' if found.pinreset_consent.ready
         else 'Not connected. Consent here: ' ~ found.pinreset_consent.consent_urls.values() | join(' and then ') }}

- name: Show what else was granted to the client, for instance to single users
  ansible.builtin.debug:
    var: found.pinreset_consent.client.grants

- name: Are these permissions granted?
  endpointops.intune.intune_pinreset_consent_info:
    service_scopes: [User.Read]
    client_scopes: [user_impersonation]
"""

RETURN = r"""
pinreset_consent:
  description:
    - Both applications as they are, in the shape that M(endpointops.intune.intune_pinreset_consent) returns.
    - One tenant has one such connection, so it is one dictionary, also where nothing is there.
  returned: success
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
            - Whether what O(service_scopes) or O(client_scopes) asks for is granted for all users, and the resource publishes at least
              one of the permissions in the grant.
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
from ansible_collections.endpointops.intune.plugins.module_utils._consent import api, model, plan
from ansible_collections.endpointops.intune.plugins.module_utils._consent.urls import render_consent_urls
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome

SPEC = _argspec.make_spec(
    "intune_pinreset_consent_info",
    {
        "service_scopes": {"type": "list", "elements": "str", "default": ["User.Read"]},
        "client_scopes": {"type": "list", "elements": "str"},
    },
)


def run(params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    """Return the outcome of a task."""
    goal = model.parse_goal(params)
    state = api.fetch_state(client)
    urls = render_consent_urls(client.credential.identity().get("tid") or params["tenant_id"], params["cloud"])
    return Outcome({"pinreset_consent": plan.describe(state, goal, urls)})


def main() -> None:
    """Run the module in its own process."""
    _module.main(SPEC, run)


if __name__ == "__main__":
    main()
