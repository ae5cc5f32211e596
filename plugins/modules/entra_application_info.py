#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_application_info
short_description: Read applications, their permissions, and their credentials
version_added: 1.0.0
description:
  - Returns application registrations with their granted permissions of Microsoft Graph, the powers that these give, and their credentials
    with the dates on which they expire. Returns the same for a managed identity.
author:
  - Endpoint Ops (@endpointops)
options:
  unique_name:
    description:
      - The unique name of an application.
      - Exactly one of O(unique_name), O(app_id), O(name), and O(managed_identity) is required.
    type: str
  app_id:
    description: The application ID (client ID) of an application.
    type: str
  name:
    description: The display name of applications. Several can have the same.
    type: str
  managed_identity:
    description: A managed identity, by its client ID, object ID, resource ID, or name. A name must be that of one only.
    type: str
seealso:
  - module: endpointops.intune.entra_application
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.attributes
  - endpointops.intune.attributes.info
notes:
  - Needs the application permission C(Application.Read.All).
"""

EXAMPLES = r"""
- name: Read the applications of this collection, and when their credentials end
  endpointops.intune.entra_application_info:
    unique_name: endpointops-intune-reader
  register: found

- name: Fail if a certificate ends within 30 days
  ansible.builtin.assert:
    that: item.ends > '%Y-%m-%dT%H:%M:%SZ' | ansible.builtin.strftime(now().timestamp() + 30 * 86400)
  loop: "{{ found.applications | map(attribute='certificates') | flatten }}"
"""

RETURN = r"""
applications:
  description: The applications that were found; empty without one.
  returned: success
  type: list
  elements: dict
  contains:
    present:
      description: Always true.
      type: bool
      returned: always
    id:
      description: Object ID of the application registration; null for a managed identity.
      type: str
      returned: always
    client_id:
      description: Application ID, with which it signs in.
      type: str
      returned: always
    name:
      description: Display name.
      type: str
      returned: always
    unique_name:
      description: Unique name; null for an application without.
      type: str
      returned: always
    description:
      description: Description.
      type: str
      returned: always
    notes:
      description: Notes.
      type: str
      returned: always
    service_management_reference:
      description: Reference to an entry of a service or asset database.
      type: str
      returned: always
    service_principal_id:
      description: Object ID of the service principal; null without one.
      type: str
      returned: always
    enabled:
      description: Whether it can sign in.
      type: bool
      returned: always
    managed_identity:
      description: Whether it is a managed identity.
      type: bool
      returned: always
    permissions:
      description: Application permissions of Microsoft Graph that are granted, by name. A permission that Graph does not publish is an ID.
      type: list
      elements: str
      returned: always
      sample: [DeviceManagementManagedDevices.Read.All]
    powers:
      description: The powers that RV(applications[].permissions) give their holder, beyond reading data without secrets.
      type: list
      elements: dict
      returned: always
      contains:
        permission:
          description: The permission.
          type: str
          returned: always
        meaning:
          description: The power that it gives its holder.
          type: str
          returned: always
          sample: its holder can reset, lock, and wipe every managed device
    certificates:
      description: Its certificates.
      type: list
      elements: dict
      returned: always
      contains:
        name:
          description: Name, by default the subject.
          type: str
          returned: always
        thumbprint:
          description: SHA-1 thumbprint in hexadecimal digits; null if Microsoft Entra does not say it.
          type: str
          returned: always
        starts:
          description: From when on it is valid.
          type: str
          returned: always
        ends:
          description: Until when it is valid.
          type: str
          returned: always
          sample: "2027-01-31T08:00:00Z"
        key_id:
          description: ID of the entry.
          type: str
          returned: always
    client_secrets:
      description: Its client secrets, without their text.
      type: list
      elements: dict
      returned: always
      contains:
        name:
          description: Name.
          type: str
          returned: always
        hint:
          description: The first three characters.
          type: str
          returned: always
        starts:
          description: From when on it is valid.
          type: str
          returned: always
        ends:
          description: Until when it is valid.
          type: str
          returned: always
          sample: "2026-05-01T08:00:00Z"
        key_id:
          description: ID of the entry.
          type: str
          returned: always
    federated_credentials:
      description: Its federated credentials, by name.
      type: list
      elements: dict
      returned: always
      contains:
        name:
          description: Name.
          type: str
          returned: always
        issuer:
          description: Issuer of the tokens.
          type: str
          returned: always
        subject:
          description: Subject of the tokens; null for one that matches by an expression.
          type: str
          returned: always
        audience:
          description: Audience of the tokens.
          type: str
          returned: always
        description:
          description: Its purpose.
          type: str
          returned: always
    consent_url:
      description: The page on which a person grants all permissions that the application lists; null for a managed identity.
      type: str
      returned: always
"""

import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _module
from ansible_collections.endpointops.intune.plugins.module_utils._application import api
from ansible_collections.endpointops.intune.plugins.module_utils._application.options import make_selection
from ansible_collections.endpointops.intune.plugins.module_utils._application.result import describe_found, warn_of_own_credentials
from ansible_collections.endpointops.intune.plugins.module_utils._clouds import choose_cloud
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._option_values import TEXT
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome

SELECTORS = ("unique_name", "app_id", "name", "managed_identity")
SPEC = _argspec.make_spec(
    "entra_application_info",
    {name: {"type": TEXT} for name in SELECTORS},
    required_one_of=[SELECTORS],
    mutually_exclusive=[SELECTORS],
)


def run(params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    """Return the outcome of a task."""
    del check
    make_selection(params)  # before anything is sent
    graph = api.fetch_graph(client)
    app_ids = api.list_app_ids(client, params["name"]) if params["name"] else [params["app_id"]]
    states = [api.fetch_state(client, make_selection({**params, "app_id": app_id}), graph) for app_id in app_ids]
    cloud = choose_cloud(params["cloud"], graph_url=params["graph_url"], authority_url=params["authority_url"])
    tenant = client.credential.identity().get("tid") or params["tenant_id"]
    found = [state for state in states if state.is_present]
    return Outcome(
        {"applications": [describe_found(state, authority=cloud.authority, tenant=tenant) for state in found]},
        warnings=[warning for state in found for warning in warn_of_own_credentials(state)],
    )


def main() -> None:
    """Run the module in its own process."""
    _module.main(SPEC, run)


if __name__ == "__main__":
    main()
