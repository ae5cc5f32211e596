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
  - Values that cannot be read are null, and RV(connection.problems) names them. The module does not request data that the permissions in
    the token exclude, and names it in one line.
  - Fails only when there is no connection at all.
  - Returns when the certificate or client secret in use expires, in RV(connection.credential), and warns some time before. This needs no
    permission for a certificate. Only the application object holds the expiry of a client secret; without the permission to read it, the
    value is null.
author:
  - Endpoint Ops (@endpointops)
options:
  expiry_warning_days:
    description:
      - Days before the end of the credential in use, from 0 to 3650. From then on, RV(connection.credential.expires_soon) is true. The
        task warns, and does not fail.
    type: int
    default: 30
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.attributes
  - endpointops.intune.attributes.info
notes:
  - Uses the application permissions C(Organization.Read.All) and C(DeviceManagementConfiguration.Read.All) where it has them, and
    C(Application.Read.All) (or C(Application.ReadWrite.OwnedBy), as its own owner) to read when a client secret expires. Microsoft Graph
    shows of each secret its first characters only. If several begin like the one in use, the earliest end is returned, and the message says
    so.
"""

EXAMPLES = r"""
- name: Is this machine ready to manage Intune?
  endpointops.intune.intune_connection_info:
  register: intune

- name: Stop when the credential ends soon
  ansible.builtin.assert:
    that: intune.connection.credential.expires_soon is not true
    fail_msg: "{{ intune.connection.credential.message }} {{ intune.connection.credential.hint }}"

- name: Stop when a permission is missing
  ansible.builtin.assert:
    that: intune.connection.permissions.intune_device_passcode.missing | length == 0
    fail_msg: "Missing: {{ intune.connection.permissions.intune_device_passcode.missing | join(', ') }}"
"""

RETURN = r"""
connection:
  description: The connection.
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
      description: Whether the tenant has an enabled license with Intune in it.
      type: bool
      returned: always
    token_expires:
      description: When the token ends.
      type: str
      returned: always
      sample: "2026-01-31T09:00:00Z"
    certificate_thumbprint:
      description:
        - SHA-1 thumbprint of the certificate that signed in, in hexadecimal digits, as Microsoft Entra shows it; null with another
          O(auth_method).
      type: str
      returned: always
      sample: 0A1B2C3D4E5F60718293A4B5C6D7E8F901234567
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
          description: How to resolve it; null where RV(connection.credential.expires_soon) is not true.
          type: str
          returned: always
    clock_skew:
      description: Seconds that the service's clock is ahead of this machine's.
      type: float
      returned: always
    problems:
      description: Problems, and values that could not be read, in sentences. Empty if there are none.
      type: list
      elements: str
      returned: always
"""

import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _diagnostics, _module
from ansible_collections.endpointops.intune.plugins.module_utils._application.expiry import (
    DEFAULT_WARNING_DAYS,
    list_warnings,
    validate_warning_days,
)
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome

SPEC = _argspec.make_spec("intune_connection_info", {"expiry_warning_days": {"type": "int", "default": DEFAULT_WARNING_DAYS}})


def run(params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    """Return the outcome of a task."""
    connection = _diagnostics.fetch_connection(client, validate_warning_days(params["expiry_warning_days"]))
    return Outcome({"connection": connection}, warnings=list_warnings(connection["credential"]))


def main() -> None:
    """Run the module in its own process."""
    _module.main(SPEC, run)


if __name__ == "__main__":
    main()
