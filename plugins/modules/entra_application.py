#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: entra_application
short_description: Create an application that signs in for the modules of this collection
version_added: 1.0.0
description:
  - Creates an application registration with its service principal, grants it the least permissions of Microsoft Graph for the modules
    that it is to run, and adds its certificates, federated credentials, or a client secret.
  - Grants permissions to a managed identity too, for which Azure has no page.
  - Is meant for a person, signed in by C(az login), with the roles for an hour (O(auth_method=azure_cli)). An
    application that may create others, and grant them permissions, can take over the tenant.
  - A second run changes nothing. Microsoft Entra shows changes late; the task waits until it does.
author:
  - Endpoint Ops (@endpointops)
options:
  unique_name:
    description:
      - The name by which the task finds the application again, such as V(endpointops-intune-reader). It is set when the task creates the
        application, and cannot be changed or added later. It has letters, digits, C(.), C(-), and C(_).
      - Exactly one of O(unique_name), O(app_id), and O(managed_identity) is required.
    type: str
  app_id:
    description:
      - The application ID (client ID) of an application that exists. Use it for one that was created elsewhere.
      - A display name never selects an application, since several can have the same.
    type: str
  managed_identity:
    description:
      - A managed identity, by its client ID, object ID, resource ID, or name. A name must be that of one only.
      - Only its permissions can be changed here.
    type: str
  state:
    description:
      - V(present) creates or changes the application.
      - V(absent) deletes it. Microsoft Entra keeps it for 30 days among the deleted applications. From a managed identity, V(absent) takes
        back the permissions that the task names, or all of Microsoft Graph if it has no option that names any.
    type: str
    choices: [present, absent]
    default: present
  must_exist:
    description: Whether to fail if there is no application with O(unique_name), instead of creating it.
    type: bool
    default: false
  name:
    description: The display name. For a new application, the default is O(unique_name).
    type: str
  enabled:
    description:
      - Whether the application can sign in. Unset leaves that as it is, and the task warns of an application that cannot. A new one can.
      - Set it to V(false) first when a credential has leaked. Microsoft Entra then issues no further token to the application. A token that
        it issued before is valid until it ends, which takes 60 to 90 minutes, unless the client that holds it supports continuous access
        evaluation.
      - With V(false), the task fails if the application does not exist, instead of creating it. A mistyped name would leave the other one
        enabled.
    type: bool
  description:
    description: The description. Empty text removes it.
    type: str
  notes:
    description: Notes, such as the responsible team. Empty text removes them.
    type: str
  service_management_reference:
    description: A reference to an entry of a service or asset database, which some tenants require. Empty text removes it.
    type: str
  modules:
    description:
      - Modules of this collection that the application is to run. It gets the least permissions for them.
      - In the guide on signing in, a table lists the permissions of each module.
    type: list
    elements: str
    choices:
      - entra_temporary_access_pass
      - entra_temporary_access_pass_info
      - intune_connection_info
      - intune_device_info
      - intune_device_passcode
      - intune_device_passcode_info
      - intune_pin_policy
      - intune_pin_policy_info
      - intune_pin_probe
      - intune_pin_readiness_info
      - intune_pin_recovery
      - intune_pin_report
      - intune_pinreset_consent
      - intune_pinreset_consent_info
  entry_points:
    description:
      - Entry points of the role P(endpointops.intune.pin_reset#role) that the application is to run.
      - For V(main), a person gives the consent to the PIN Reset Service before, once, and resets need V(reset) too.
    type: list
    elements: str
    choices: [main, verify, wait_ready, report, reset, fetch, recover]
  lookups:
    description:
      - Kinds of objects that the tasks name or read, beyond those that the modules always need.
      - V(groups) that policies or resets name; V(group_devices) and V(users) that are members of such groups; V(scope_tags);
        V(directory_roles) of users who get a pass; V(pass_policy), the policy for Temporary Access Passes; V(probe), the results of
        M(endpointops.intune.intune_pin_probe); V(organization), the name of the tenant.
    type: list
    elements: str
    choices: [groups, group_devices, users, scope_tags, directory_roles, pass_policy, probe, organization]
  permissions:
    description: Further application permissions of Microsoft Graph, by name, such as C(Organization.Read.All).
    type: list
    elements: str
  force_permissions:
    description:
      - Permissions to change more than the modules of this collection change, such as C(Application.ReadWrite.All), whose holder can
        take over the tenant. Without their names here, the task refuses to grant them, whatever asks for them. It grants each permission
        that only reads, and those that O(modules) and O(entry_points) need, apart from those for the consent to the PIN Reset Service.
    type: list
    elements: str
  purge_permissions:
    description:
      - Whether to remove the permissions of Microsoft Graph that the task does not ask for. Those of other services stay.
      - Not used if O(modules), O(entry_points), O(lookups), and O(permissions) are all unset. With an empty list, the task asks for none.
      - With O(grant=false), the task takes none back, and only lists those that it asks for.
    type: bool
    default: false
  grant:
    description:
      - Whether to grant the permissions, for which a person needs the role Privileged Role Administrator.
      - With V(false), the task only lists them with the application. RV(application.missing_permissions) names those that are not granted,
        and on the page RV(application.consent_url) somebody with the role grants all that are listed.
    type: bool
    default: true
  certificates:
    description:
      - Certificates with which the application signs in, each without its private key. PEM text, or the path of a PEM or DER file on the
        host that runs the module.
      - Each must have an RSA key, with which alone the modules of this collection sign in, and must not have expired.
      - Certificates that the application has already stay, but see O(purge_certificates).
    type: list
    elements: str
  purge_certificates:
    description:
      - Whether to remove certificates to sign in with that O(certificates) does not name. Not used if O(certificates) is unset.
      - Refused while none of O(certificates) is valid yet, except if it is an empty list.
    type: bool
    default: false
  federated_credentials:
    description:
      - Tokens of other issuers with which the application signs in, without any secret. Found by name, and changed if they differ.
      - Microsoft Entra accepts a wrong issuer or subject. It shows only at the sign-in.
    type: list
    elements: dict
    suboptions:
      name:
        description: The name, of 3 to 120 letters, digits, C(-), and C(_).
        type: str
        required: true
      issuer:
        description:
          - The issuer of the tokens, compared exactly. For GitHub C(https://token.actions.githubusercontent.com); for AKS the address of
            the cluster's issuer; for a managed identity C(https://login.microsoftonline.com/TENANT_ID/v2.0).
        type: str
        required: true
      subject:
        description:
          - The subject of the tokens, compared exactly. For GitHub C(repo:OWNER@OWNER_ID/NAME@REPOSITORY_ID:ref:refs/heads/main) since July
            2026, and C(repo:OWNER/NAME:ref:refs/heads/main) for older repositories; for AKS C(system:serviceaccount:NAMESPACE:NAME); for a
            managed identity its object ID. For Azure DevOps, copy both from the service connection.
        type: str
        required: true
      audience:
        description: The audience of the tokens. The default is that of O(cloud), C(api://AzureADTokenExchange) for the global cloud.
        type: str
      description:
        description: Its purpose.
        type: str
  purge_federated_credentials:
    description: Whether to remove federated credentials that O(federated_credentials) does not name. Not used if that option is unset.
    type: bool
    default: false
  secret_name:
    description:
      - A client secret of this name is to exist. Prefer certificates or federated credentials. Many tenants forbid secrets.
      - The task creates one if there is none of this name that is valid for more than O(secret_renew_days). It hands the new secret over
        sealed (O(seal_to)) or in clear (O(return_secret)), and is refused without one of the two. Nobody can read a secret later. If its
        text got lost, set another name.
    type: str
  secret_days:
    description: Days for which a new secret is valid, from 1 to 730.
    type: int
    default: 90
  secret_renew_days:
    description: A secret that ends within so many days is followed by a new one. The old one stays until O(purge_secrets).
    type: int
    default: 14
  purge_secrets:
    description:
      - Whether to remove client secrets except the one of O(secret_name) that is valid longest, or all if O(secret_name) is unset.
      - When the task creates a secret, others of its name stay until the next run. Run it again after a sign-in with the new secret.
    type: bool
    default: false
  seal_to:
    description:
      - Certificates of the recipients of a new secret, each as PEM text or as the path of a PEM or DER file on the host that runs the
        module. Any one of them can open RV(sealed_client_secret), for example with C(openssl cms -decrypt -inform PEM -recip cert.pem
        -inkey key.pem).
      - Needs RSA certificates for key encipherment, which have not expired, and cryptography 43 or later.
    type: list
    elements: str
  return_secret:
    description:
      - Whether to return a new secret. The result is then hidden from all output, as with C(no_log), while the registered variable can be
        used. Do not print that variable; it holds the secret.
      - In check mode it is null.
    type: bool
    default: false
  wait_timeout:
    description: Seconds to wait after a write until Microsoft Entra shows it, more than 0. It shows writes late.
    type: float
    default: 120
seealso:
  - module: endpointops.intune.entra_application_info
  - module: endpointops.intune.intune_connection_info
  - name: Create an application by upsert
    description: Microsoft's page on applications with a unique name.
    link: https://learn.microsoft.com/graph/api/application-upsert
  - name: Grant an app role
    description: Microsoft's page on granting application permissions.
    link: https://learn.microsoft.com/graph/api/serviceprincipal-post-approleassignedto
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.attributes
attributes:
  idempotent:
    support: full
notes:
  - A person needs the role Cloud Application Administrator or Application Administrator, and Privileged Role Administrator to grant
    permissions of Microsoft Graph. The role Global Administrator has all of it.
  - An application needs C(Application.ReadWrite.All), and C(AppRoleAssignment.ReadWrite.All) to grant, in check mode
    C(Application.Read.All). With those it can take over the tenant. Do not keep such an application.
  - A new permission is in tokens that are issued later. A managed identity can use its old token for up to 24 hours.
"""

EXAMPLES = r"""
- name: Create the application that looks, with a certificate
  endpointops.intune.entra_application:
    auth_method: azure_cli
    unique_name: endpointops-intune-reader
    name: Endpoint Ops reader
    entry_points: [verify, report]
    certificates: ["{{ certificate_path }}"]
  register: reader

- name: Show how to sign in as it
  ansible.builtin.debug:
    msg: "INTUNE_CLIENT_ID={{ reader.application.client_id }}"

- name: Create the application that resets, for a workflow of GitHub
  endpointops.intune.entra_application:
    auth_method: azure_cli
    unique_name: endpointops-intune-resetter
    entry_points: [reset, fetch]
    federated_credentials:
      - name: github-main
        issuer: https://token.actions.githubusercontent.com
        subject: repo:contoso@1234/endpoints@5678:ref:refs/heads/main

- name: List the permissions, and let somebody else grant them
  endpointops.intune.entra_application:
    auth_method: azure_cli
    unique_name: endpointops-intune-onboarder
    entry_points: [main]
    lookups: [groups]
    grant: false
  register: asked

- name: Grant a managed identity what inventories need, and nothing else
  endpointops.intune.entra_application:
    auth_method: azure_cli
    managed_identity: Automation host
    modules: [intune_device_info]
    purge_permissions: true

- name: Keep the application from signing in, after its credential leaked
  endpointops.intune.entra_application:
    auth_method: azure_cli
    unique_name: endpointops-intune-resetter
    enabled: false

- name: Remove the application
  endpointops.intune.entra_application:
    auth_method: azure_cli
    unique_name: endpointops-intune-onboarder
    state: absent
"""

RETURN = r"""
application:
  description: The application, or the managed identity, after the task; in check mode, as it would be. Unknown values are null.
  returned: always, unless it was not read
  type: dict
  contains:
    present:
      description: Whether it exists.
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
      description: Object ID of the service principal.
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
    missing_permissions:
      description: Permissions that the task asks for and that are not granted.
      type: list
      elements: str
      returned: always
    powers:
      description: The powers that RV(application.permissions) and RV(application.missing_permissions) give their holder, beyond reading
        data without secrets.
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
          description: ID of the entry; null for one that would be added.
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
          description: ID of the entry; null for one that would be added.
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
      description:
        - The page on which a person with the role Privileged Role Administrator grants all permissions that the application lists. The page
          may remove those that are not listed. Null for a managed identity, and before the application exists.
      type: str
      returned: always
sealed_client_secret:
  description: The new client secret as a CMS message in PEM form, for the holders of O(seal_to); null if none was created.
  returned: when O(seal_to) is set and O(secret_name) too
  type: str
client_secret:
  description: The new client secret; null if none was created, and in check mode.
  returned: when O(return_secret) and O(secret_name) is set
  type: str
recipients:
  description: Certificates that can open the sealed secret, each once.
  returned: when O(seal_to) is set and O(secret_name) too
  type: list
  elements: dict
  contains:
    subject:
      description: The subject of the certificate, as in RFC 4514.
      type: str
      returned: always
      sample: CN=Intune administrators
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
from ansible_collections.endpointops.intune.plugins.module_utils import _permissions as permissions
from ansible_collections.endpointops.intune.plugins.module_utils._application import api, writing
from ansible_collections.endpointops.intune.plugins.module_utils._application.certificates import read_certificates
from ansible_collections.endpointops.intune.plugins.module_utils._application.model import Certificate, State
from ansible_collections.endpointops.intune.plugins.module_utils._application.options import Goal, parse_goal
from ansible_collections.endpointops.intune.plugins.module_utils._application.plan import (
    DAY,
    Change,
    find_expression,
    find_federated_in_the_way,
    find_unknown_permissions,
    plan,
    project,
)
from ansible_collections.endpointops.intune.plugins.module_utils._application.result import (
    describe,
    describe_managed,
    warn_of_disabled,
    warn_of_own_credentials,
    warn_of_powers,
)
from ansible_collections.endpointops.intune.plugins.module_utils._clouds import choose_cloud
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._handover.handover import Handover, Words
from ansible_collections.endpointops.intune.plugins.module_utils._option_values import TEXT, TEXTS
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome
from ansible_collections.endpointops.intune.plugins.module_utils._time import render_timestamp

Params = t.Mapping[str, t.Any]
# Without the modules that create applications, whose permissions only a person should have.
GRANTABLE = sorted(name for name in permissions.MODULES if not name.startswith("entra_application"))
WRITE_OWN = (*permissions.WRITE_APPLICATIONS, "Application.ReadWrite.OwnedBy")
WORDS = Words("secret", "secrets", "Set secret_name to another name to create another secret.")

SPEC = _argspec.make_spec(
    "entra_application",
    {
        "unique_name": {"type": TEXT},
        "app_id": {"type": TEXT},
        "managed_identity": {"type": TEXT},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "must_exist": {"type": "bool", "default": False},
        "name": {"type": TEXT},
        "enabled": {"type": "bool"},
        "description": {"type": "str"},
        "notes": {"type": "str"},
        "service_management_reference": {"type": "str"},
        "modules": {"type": "list", "elements": "str", "choices": GRANTABLE},
        "entry_points": {"type": "list", "elements": "str", "choices": list(permissions.ENTRY_POINTS)},
        "lookups": {"type": "list", "elements": "str", "choices": list(permissions.LOOKUPS)},
        "permissions": {"type": TEXTS, "elements": TEXT},
        "force_permissions": {"type": TEXTS, "elements": TEXT},
        "purge_permissions": {"type": "bool", "default": False},
        "grant": {"type": "bool", "default": True},
        "certificates": {"type": "list", "elements": "str"},
        "purge_certificates": {"type": "bool", "default": False},
        "federated_credentials": {
            "type": "list",
            "elements": "dict",
            "options": {
                "name": {"type": TEXT, "required": True},
                "issuer": {"type": TEXT, "required": True},
                "subject": {"type": TEXT, "required": True},
                "audience": {"type": TEXT},
                "description": {"type": "str"},
            },
        },
        "purge_federated_credentials": {"type": "bool", "default": False},
        "secret_name": {"type": TEXT, "no_log": False},
        "secret_days": {"type": "int", "default": 90, "no_log": False},
        "secret_renew_days": {"type": "int", "default": 14, "no_log": False},
        "purge_secrets": {"type": "bool", "default": False, "no_log": False},
        "seal_to": {"type": "list", "elements": "str"},
        _argspec.CLIENT_SECRET.option: {"type": "bool", "default": False, "no_log": False},
        "wait_timeout": {"type": "float", "default": 120},
    },
    secrets=(_argspec.CLIENT_SECRET,),
    required_one_of=[("unique_name", "app_id", "managed_identity")],
    mutually_exclusive=[("unique_name", "app_id", "managed_identity")],
)


def run(params: Params, client: GraphClient, check: bool) -> Outcome:
    """Return the outcome of a task."""
    _module.validate_wait(params)
    now = client.clock.now()
    goal = parse_goal(params, _read_certificates(params, now))
    handover = make_handover(params, now, check)
    before = api.fetch_state(client, goal)
    claims = client.credential.identity()
    failure = find_obstacle(before, goal)
    changes = [] if failure else plan(before, goal, client.service_now())
    if (harm := find_self_harm(before, changes, claims)) is not None:
        failure, changes = harm, []
    ends = render_timestamp(client.service_now() + params["secret_days"] * DAY)
    after = projected = project(before, changes, goal, ends)
    secret: str | None = None
    if not check and failure is None:
        failure = find_missing_permission(changes, claims)
        after = before if failure else after
    changed = bool(changes)
    if changes and not check and failure is None:
        after, secret, failure, changed = writing.apply(client, before, changes, goal, params["wait_timeout"])
        # What a late read had not shown is no difference.
        before, projected = (before, projected) if changed else (after, after)
    cloud = choose_cloud(params["cloud"], graph_url=params["graph_url"], authority_url=params["authority_url"])
    handed = {} if handover is None else {**handover.describe(secret), **handover.describe_recipients()}
    return Outcome(
        {"application": describe(after, goal, authority=cloud.authority, tenant=claims.get("tid") or params["tenant_id"]), **handed},
        changed=changed if failure is None else failure.effects == "partial",
        before=describe_managed(before),
        after=describe_managed(after if failure else projected),
        warnings=[*warn_of_powers(after, goal), *warn_of_disabled(after, goal), *warn_of_own_credentials(after)],
        failure=failure or (handover.find_failure() if handover else None),
    )


def _read_certificates(params: Params, now: float) -> list[Certificate] | None:
    given = params["certificates"] if params["state"] == "present" else None
    return read_certificates(given, now, is_purging=params["purge_certificates"])


def make_handover(params: Params, now: float, check: bool) -> Handover | None:
    """Return the way in which a new secret is handed over, or None; raise InvalidOptionError if the secret would be lost."""
    reveal = params[_argspec.CLIENT_SECRET.option]
    if not params["secret_name"] or params["state"] == "absent":
        return None
    if params["seal_to"] is None and not reveal:
        raise errors.InvalidOptionError(
            "One of seal_to and return_secret is required with secret_name: Microsoft Entra shows a secret once, and nobody could read it.",
            hint="Set seal_to to the certificates of the recipients, or return_secret to true.",
        )
    return Handover(_argspec.CLIENT_SECRET.key, WORDS, seal_to=params["seal_to"], reveal=reveal, now=now, check=check)


def find_obstacle(state: State, goal: Goal) -> errors.IntuneError | None:
    """Return the error for a goal that cannot be reached, as far as known before anything is written, or None."""
    if not state.is_present and goal.is_present and (goal.app_id or goal.must_exist or goal.is_enabled is False):
        named = f"ID {goal.app_id}" if goal.app_id else f"unique name '{goal.unique_name}'"
        others = "enabled and must_exist unset" if goal.is_enabled is False else "must_exist false"
        return errors.SelectionError(
            f"The tenant has no application with the {named}.",
            hint=f"Check the name, and the tenant. To create an application, set unique_name, and leave {others}.",
            effects="none",
        )
    return find_unknown_permissions(state, goal) or find_expression(state, goal) or find_federated_in_the_way(state, goal)


# Changes that remove an application's credentials or permissions.
WITHDRAWING = ("delete", "disable", "revoke", "remove_federated", "remove_secret")


def find_self_harm(state: State, changes: t.Iterable[Change], claims: t.Mapping[str, t.Any]) -> errors.IntuneError | None:
    """Return the error for changes that remove something that the signed-in application itself needs, or None."""
    if not state.client_id or state.client_id != str(claims.get("appid") or claims.get("azp") or "").lower():
        return None
    kept = {certificate.thumbprint for change in changes for certificate in change.certificates}
    loses = any(
        change.kind in WITHDRAWING
        or (change.kind == "set_federated" and change.name in {each.name for each in state.federated})
        or (change.kind == "set_certificates" and {each.thumbprint for each in state.certificates} - kept)
        for change in changes
    )
    if not loses:
        return None
    return errors.SelectionError(
        "The task signs in as the application that it is to remove, or whose credentials or permissions it is to take away.",
        hint="Sign in as a person, or as another application.",
        effects="none",
    )


def find_missing_permission(changes: t.Iterable[Change], claims: t.Mapping[str, t.Any]) -> errors.IntuneError | None:
    """Return the error for changes that the token does not permit completely, so that none of them are written, or None."""
    rows = [permissions.WRITE_ASSIGNMENTS if change.kind in ("grant", "revoke") else WRITE_OWN for change in changes]
    try:
        permissions.validate_writes(claims, rows)
    except errors.MissingPermissionError as failure:
        return failure.with_hint(
            "Let a person run this task, signed in by az login, with auth_method azure_cli. With grant set to false, it grants nothing."
        )
    return None


def main() -> None:
    """Run the module in its own process."""
    _module.main(SPEC, run)


if __name__ == "__main__":
    main()
