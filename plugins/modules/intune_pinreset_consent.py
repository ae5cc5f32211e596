#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: intune_pinreset_consent
short_description: Connect a tenant to the Microsoft PIN Reset Service
version_added: 0.1.0
description:
  - Makes the two enterprise applications of the Microsoft PIN Reset Service exist in the tenant, enabled, and with the
    consent of an administrator for all users; or takes all of that away.
  - Does without a browser what Microsoft's PIN reset page describes by hand. The applications are found by application ID,
    never by name. One that lies in the recycle bin is restored, not made a second time.
  - It is not documented whether Microsoft Graph accepts these first-party applications from an application in every tenant.
    Where it refuses, the task fails with Graph's reason and the two consent pages to open, and a later run finds the consent.
  - After consent and a policy that sets C(EnablePinRecovery), a user of a Microsoft Entra joined Windows device can reset
    a forgotten PIN without losing keys.
author:
  - Endpoint Ops (@endpointops)
options:
  state:
    description:
      - V(present) makes both applications exist, enabled and consented.
      - V(absent) revokes their grants and deletes them. Microsoft Entra keeps them in its recycle bin for 30 days.
    type: str
    choices: [present, absent]
    default: present
  service_scopes:
    description:
      - Delegated permissions that the service application is granted on Azure AD Graph, for all users.
      - An empty list grants none. Permissions that are granted already are kept.
    type: list
    elements: str
    default: [User.Read]
  client_scopes:
    description:
      - Delegated permissions that the client application is granted on the service application, for all users.
      - Unset, a consent that is there is taken as it is, and otherwise all permissions that the service publishes are granted.
    type: list
    elements: str
  allow_undocumented_cloud:
    description:
      - Go on in a cloud for which Microsoft documents no PIN Reset Service, which is every O(cloud) but V(global).
    type: bool
    default: false
  wait_timeout:
    description:
      - Seconds to wait until Microsoft Entra shows what was written. It shows writes late.
    type: float
    default: 120
seealso:
  - name: Reset a Windows Hello PIN
    description: Microsoft's page on the PIN Reset Service.
    link: https://learn.microsoft.com/windows/security/identity-protection/hello-for-business/pin-reset
  - module: endpointops.intune.intune_pin_policy
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.attributes
  - endpointops.intune.attributes.idempotent
notes:
  - Needs the application permissions C(Application.ReadWrite.All) and C(DelegatedPermissionGrant.ReadWrite.All), and no others.
"""

EXAMPLES = r"""
- name: Connect the tenant to the PIN Reset Service
  endpointops.intune.intune_pinreset_consent:
    state: present
  register: consent

- name: Show the pages for a consent by hand
  ansible.builtin.debug:
    var: consent.pinreset_consent.consent_urls

- name: Is the tenant connected? Changes nothing, and says what is missing
  endpointops.intune.intune_pinreset_consent:
    state: present
  check_mode: true
  diff: true
  register: verify

- name: Disconnect the tenant
  endpointops.intune.intune_pinreset_consent:
    state: absent
"""

RETURN = r"""
pinreset_consent:
  description:
    - Both applications as they are after the task; in check mode, as they would be.
    - What cannot be known before it is done is null.
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
        consented:
          description: Whether the grant for all users that this task asks for is there.
          type: bool
          returned: always
        scopes:
          description: Delegated permissions granted for all users on its resource.
          type: list
          elements: str
          returned: always
    client:
      description: The application C(Microsoft Pin Reset Client Production).
      type: dict
      returned: always
      contains: *app
    ready:
      description: Whether both are present, enabled and consented.
      type: bool
      returned: always
    consent_urls:
      description: The two pages on which an administrator (at least Application Administrator) gives the consent by hand.
      type: dict
      returned: always
      sample:
        service: https://login.windows.net/common/oauth2/authorize?response_type=code&client_id=b8456c59-1230-44c7-a4a2-99b085333e84
        client: https://login.windows.net/common/oauth2/authorize?response_type=code&client_id=9115dd05-fad5-4f9c-acc7-305d08b1b04e
"""

import dataclasses
import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils import _arguments, _runner
from ansible_collections.endpointops.intune.plugins.module_utils._graph import errors
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._intune import consent
from ansible_collections.endpointops.intune.plugins.module_utils._outcome import Outcome

SPEC = _arguments.spec(
    "intune_pinreset_consent",
    {
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "service_scopes": {"type": "list", "elements": "str", "default": ["User.Read"]},
        "client_scopes": {"type": "list", "elements": "str"},
        "allow_undocumented_cloud": {"type": "bool", "default": False},
        "wait_timeout": {"type": "float", "default": 120},
    },
)


def run(params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    if params["cloud"] != "global" and not params["allow_undocumented_cloud"]:
        raise errors.InvalidOptionError(
            f"Microsoft documents no PIN Reset Service for the cloud {params['cloud']}.",
            hint="Set allow_undocumented_cloud to try all the same.",
        )
    wanted = {
        "service": consent.scopes_of(params["service_scopes"]) or (),
        "client": consent.scopes_of(params["client_scopes"]),
    }
    before = consent.read(client)
    present = params["state"] == "present"
    if present:
        consent.check_resource(before, wanted)
    changes = consent.plan_present(before, wanted) if present else consent.plan_absent(before)
    # The diff is the plan's, in check mode and for real: scopes that the service has yet to publish are null in both.
    after = projected = consent.project(before, changes)
    failure = None
    if changes and not check:
        apply = consent.connect if present else consent.disconnect
        after, failure = apply(client, before, changes, wanted, params["wait_timeout"])
    urls = consent.consent_urls(client.credential.identity().get("tid") or params["tenant_id"])
    outcome = Outcome(
        {"pinreset_consent": consent.describe(after, wanted, urls)},
        changed=bool(changes) and failure is None,
        before=consent.managed(before),
        after=consent.managed(after if failure else projected),
        failure=consent.explain(failure, urls) if failure and present else failure,
    )
    return dataclasses.replace(outcome, warnings=consent.warnings(after, wanted) if present else [])


def main() -> None:
    _runner.main(SPEC, run)


if __name__ == "__main__":
    main()
