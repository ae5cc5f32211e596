#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: intune_connection_info
short_description: Return the identity, tenant, and permissions of a connection
version_added: 1.0.0
description:
  - Signs in, and returns the identity, the tenant, the permissions, those that each module lacks, the state of Intune, and the
    difference of the clocks.
  - What cannot be read is null, and named in RV(connection.problems). What the permissions in the token do not allow to read is not
    asked for, and named in one line.
  - Fails only when there is no connection at all.
author:
  - Endpoint Ops (@endpointops)
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.attributes
  - endpointops.intune.attributes.info
notes:
  - Uses the application permissions C(Organization.Read.All) and C(DeviceManagementConfiguration.Read.All) where it has them.
"""

EXAMPLES = r"""
- name: Is this machine ready to manage Intune?
  endpointops.intune.intune_connection_info:
  register: intune

- name: Stop when a permission is missing
  ansible.builtin.assert:
    that: intune.connection.permissions.intune_device_passcode.missing | length == 0
    fail_msg: "Missing: {{ intune.connection.permissions.intune_device_passcode.missing | join(', ') }}"
"""

RETURN = r"""
connection:
  description: What was found.
  returned: success
  type: dict
  contains:
    auth_method:
      description: How the token was got.
      type: str
      returned: always
      sample: client_secret
    tenant_id:
      description: ID of the tenant.
      type: str
      returned: always
    tenant_name:
      description: Display name of the tenant.
      type: str
      returned: always
    client_id:
      description: ID of the application, as the token has it.
      type: str
      returned: always
    graph_url:
      description: Where Microsoft Graph is.
      type: str
      returned: always
      sample: https://graph.microsoft.com
    roles:
      description: Permissions in the token; null for a token that cannot be read.
      type: list
      elements: str
      returned: always
    permissions:
      description:
        - For each module of this collection whether the token suffices (C(ready)), the least permissions that are missing
          (C(missing)), and those that are missing for check mode, in which a module only reads (C(missing_in_check_mode)).
        - Permissions that only some options need, such as those to look up groups by name, are in the notes of the modules.
      type: dict
      returned: always
      sample:
        intune_pin_policy:
          ready: false
          missing: [DeviceManagementConfiguration.ReadWrite.All]
          missing_in_check_mode: []
    intune:
      description: State of the Intune subscription, for instance V(active).
      type: str
      returned: always
      sample: active
    licensed:
      description: Whether the tenant has an enabled licence with Intune in it.
      type: bool
      returned: always
    token_expires:
      description: When the token ends.
      type: str
      returned: always
      sample: "2026-01-31T09:00:00Z"
    clock_skew:
      description: Seconds that the service's clock is ahead of this machine's.
      type: float
      returned: always
    problems:
      description: What is wrong or could not be found out, in sentences. Empty when all is well.
      type: list
      elements: str
      returned: always
"""

import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _diagnostics, _module
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome

SPEC = _argspec.make_spec("intune_connection_info")


def run(params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    """Return the outcome of a task."""
    return Outcome({"connection": _diagnostics.fetch_connection(client)})


def main() -> None:
    """Run the module in its own process."""
    _module.main(SPEC, run)


if __name__ == "__main__":
    main()
