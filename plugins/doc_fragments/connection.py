# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
requirements:
  - python >= 3.10
  - msal >= 1.35.0
  - requests >= 2.31.0
options:
  auth_method:
    description:
      - How to sign in to Microsoft Entra.
      - V(auto) takes the method of the one credential that is given, and V(managed_identity) where the platform announces one
        and none is given. It never takes V(azure_cli) by itself.
      - E(INTUNE_AUTH_METHOD) is taken when it is not set.
      - V(managed_identity) is the identity of the Azure machine, container, or runbook. V(workload_identity) is a federated token
        of Kubernetes or a CI system. V(azure_cli) is the identity that is signed in with C(az login).
      - The Azure CLI's token for a person never holds a permission of Intune, so a person reaches only the modules that need none, such as
        M(endpointops.intune.intune_pinreset_consent). Sign the Azure CLI in as a service principal for the others.
    type: str
    choices: [auto, client_secret, client_certificate, managed_identity, workload_identity, azure_cli, access_token]
    default: auto
  tenant_id:
    description:
      - Directory ID of the tenant, or one of its domains.
      - E(INTUNE_TENANT_ID), then E(AZURE_TENANT_ID) and E(AZURE_TENANT), are taken when it is not set.
    type: str
  client_id:
    description:
      - Application ID.
      - E(INTUNE_CLIENT_ID), then E(AZURE_CLIENT_ID), are taken when it is not set.
    type: str
  client_secret:
    description:
      - Secret of the application.
      - E(INTUNE_CLIENT_SECRET), then E(AZURE_CLIENT_SECRET) and E(AZURE_SECRET), are taken when it is not set.
    type: str
  client_certificate_path:
    description:
      - File with the application's certificate and its private key, as PEM or PFX.
      - E(INTUNE_CLIENT_CERTIFICATE_PATH), then E(AZURE_CLIENT_CERTIFICATE_PATH), are taken when it is not set.
    type: path
  client_certificate_passphrase:
    description:
      - Passphrase of that file.
      - E(INTUNE_CLIENT_CERTIFICATE_PASSPHRASE), then E(AZURE_CLIENT_CERTIFICATE_PASSWORD), are taken when it is not set.
    type: str
  federated_token_path:
    description:
      - File with the token of another identity provider, which the application trusts. It holds the token alone, as ASCII.
      - E(INTUNE_FEDERATED_TOKEN_PATH), then E(AZURE_FEDERATED_TOKEN_FILE), are taken when it is not set.
    type: path
  managed_identity_client_id:
    description:
      - Client ID of a user-assigned managed identity. Unset means the system-assigned one.
    type: str
  access_token:
    description:
      - A token for Microsoft Graph that somebody else got.
      - E(INTUNE_ACCESS_TOKEN) is taken when it is not set.
    type: str
  cloud:
    description:
      - The Microsoft cloud that the tenant is in.
      - E(INTUNE_CLOUD) is taken when it is not set.
    type: str
    choices: [global, us_gov_l4, us_gov_l5, china]
    default: global
  graph_url:
    description:
      - Microsoft Graph's address, when it is not the one of O(cloud).
      - E(INTUNE_GRAPH_URL) is taken when it is not set.
    type: str
  authority_url:
    description:
      - Microsoft Entra's address, when it is not the one of O(cloud).
      - Without O(graph_url), the sign-in service of another cloud than O(cloud) is refused.
      - E(INTUNE_AUTHORITY_URL), then E(AZURE_AUTHORITY_HOST), are taken when it is not set.
    type: str
  ca_path:
    description:
      - File or folder of CA certificates to trust instead of the system's. A file is a PEM bundle; a folder has hashed names, as
        C(openssl rehash) makes them. Anything else is refused before a request is sent.
      - E(INTUNE_CA_PATH) is taken when it is not set.
    type: path
  validate_certs:
    description:
      - Whether TLS certificates must verify. V(false) exposes the credential to anyone on the network path.
    type: bool
    default: true
  timeout:
    description:
      - Seconds that one request may take to connect, and again until its whole response is there. A large response gets one more
        second for each 64 KiB.
      - Must be more than 0.
    type: float
    default: 30
  retry_timeout:
    description:
      - Seconds that all retries of one request may take. V(0) tries once.
    type: float
    default: 120
  token_cache_path:
    description:
      - File in which to keep tokens between tasks, readable by its owner alone. Unset keeps none. It must be in a folder to which only
        the user of the task and root can write, and other users must not be able to redirect its path.
      - E(INTUNE_TOKEN_CACHE_PATH) is taken when it is not set.
    type: path
notes:
  - Proxies are taken from the usual environment, E(HTTPS_PROXY) and E(NO_PROXY). The endpoint of a managed identity is always asked
    directly.
  - Environment variables are read where the module runs. With C(become), and on another host than the controller, a module does not see
    the environment of the controller.
  - An option that is set to an empty string counts as not set.
  - A task that fails returns C(error) beside C(msg), with C(kind), C(message), C(effects), C(hint), C(target), C(status), C(code),
    C(request_id), and C(client_request_id), null where they are not known. C(effects) is V(none), V(partial), or V(unknown).
"""
