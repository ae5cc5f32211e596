# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""An application registration, its service principal, granted permissions, and credentials. Pure.

Sources: https://learn.microsoft.com/graph/api/resources/application, https://learn.microsoft.com/graph/api/resources/approleassignment, and
https://learn.microsoft.com/graph/api/resources/federatedidentitycredential
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import hashlib
import typing as t

from .. import _json as shapes
from .._types import Json

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
MANAGED_IDENTITY = "ManagedIdentity"
NEW_ID = ""  # the ID of an object that Microsoft Entra has not created yet

ROLE = shapes.object_of(
    {
        "id": shapes.identity,
        "value": shapes.optional(shapes.text),
        "isEnabled": shapes.optional(shapes.boolean),
        "allowedMemberTypes": shapes.optional(shapes.list_of(shapes.text)),
    }
)
GRAPH = shapes.object_of({"id": shapes.identity, "appRoles": shapes.list_of(ROLE)})
ACCESS = shapes.object_of({"id": shapes.identity, "type": shapes.text})
REQUIRED = shapes.object_of({"resourceAppId": shapes.identity, "resourceAccess": shapes.list_of(ACCESS)})
KEY = shapes.object_of(
    {
        "keyId": shapes.identity,
        "type": shapes.optional(shapes.text),
        "usage": shapes.optional(shapes.text),
        "key": shapes.lenient(shapes.text),
        "customKeyIdentifier": shapes.lenient(shapes.text),
        "displayName": shapes.lenient(shapes.text),
        "startDateTime": shapes.lenient(shapes.text),
        "endDateTime": shapes.lenient(shapes.text),
    }
)
SECRET = shapes.object_of(
    {
        "keyId": shapes.identity,
        "displayName": shapes.lenient(shapes.text),
        "hint": shapes.lenient(shapes.text),
        "startDateTime": shapes.lenient(shapes.text),
        "endDateTime": shapes.lenient(shapes.text),
    }
)
APPLICATION = shapes.object_of(
    {
        "id": shapes.identity,
        "appId": shapes.identity,
        "displayName": shapes.optional(shapes.text),
        "uniqueName": shapes.lenient(shapes.text),
        "description": shapes.lenient(shapes.text),
        "notes": shapes.lenient(shapes.text),
        "serviceManagementReference": shapes.lenient(shapes.text),
        "requiredResourceAccess": shapes.optional(shapes.list_of(REQUIRED)),
        "keyCredentials": shapes.optional(shapes.list_of(KEY)),
        "passwordCredentials": shapes.optional(shapes.list_of(SECRET)),
    }
)
PRINCIPAL = shapes.object_of(
    {
        "id": shapes.identity,
        "appId": shapes.identity,
        "displayName": shapes.lenient(shapes.text),
        "servicePrincipalType": shapes.optional(shapes.text),
        "accountEnabled": shapes.optional(shapes.boolean),
        "keyCredentials": shapes.optional(shapes.list_of(shapes.an_object)),
        "passwordCredentials": shapes.optional(shapes.list_of(shapes.an_object)),
    }
)
ASSIGNMENT = shapes.object_of({"id": shapes.identity, "appRoleId": shapes.identity, "resourceId": shapes.identity})
FEDERATED = shapes.object_of(
    {
        "id": shapes.identity,
        "name": shapes.text,
        "issuer": shapes.optional(shapes.text),
        "subject": shapes.optional(shapes.text),
        "audiences": shapes.optional(shapes.list_of(shapes.text)),
        "description": shapes.lenient(shapes.text),
    }
)
OPTIONAL_APPLICATION = shapes.optional(APPLICATION)
NEW_SECRET = shapes.object_of({"keyId": shapes.identity, "secretText": shapes.identity})


@dataclasses.dataclass(frozen=True)
class Certificate:
    """The public part of a certificate. ``thumbprint`` is SHA-1 in 40 uppercase hexadecimal digits, or None if Entra does not show it.

    ``key_id`` is empty for a certificate to add, which has ``der`` instead. Times are in ISO 8601, None if unknown. ``kept`` is Entra's
    entry, which keeps the certificate when the list is written.
    """

    thumbprint: str | None
    name: str | None
    starts: str | None
    ends: str | None
    key_id: str = NEW_ID
    der: bytes = b""
    kept: Json | None = dataclasses.field(default=None, compare=False)


@dataclasses.dataclass(frozen=True)
class ClientSecret:
    """A client secret as Entra shows it: only its first characters as ``hint``, never its text."""

    key_id: str
    name: str | None
    hint: str | None
    starts: str | None
    ends: str | None


@dataclasses.dataclass(frozen=True)
class Federated:
    """A federated credential. ``subject`` is None for one that matches by an expression, which only the beta version shows."""

    name: str
    issuer: str | None
    subject: str | None
    audience: str | None
    description: str | None = None


@dataclasses.dataclass(frozen=True)
class GraphRoles:
    """Microsoft Graph in this tenant: the object ID of its service principal, and its application permissions by name."""

    id: str
    ids: t.Mapping[str, str]

    def name_of(self, role_id: str) -> str:
        """Return the name of a permission, or its ID if Graph does not publish it."""
        return next((name for name, known in self.ids.items() if known == role_id.lower()), role_id)


@dataclasses.dataclass(frozen=True)
class State:
    """The present or planned state of an application or a managed identity. IDs are None if it does not exist, and NEW_ID if it is planned.

    ``granted`` contains the IDs of the assignments by name of the permission. ``required`` is Graph's requiredResourceAccess.
    ``own_credentials``: the number of secrets and certificates of the service principal itself, which are not managed here.
    ``certificates`` are used to sign in; ``other_keys`` are further entries of keyCredentials, such as one that encrypts tokens.
    """

    graph: GraphRoles
    id: str | None = None
    client_id: str | None = None
    name: str | None = None
    unique_name: str | None = None
    description: str | None = None
    notes: str | None = None
    service_management_reference: str | None = None
    principal_id: str | None = None
    own_credentials: int = 0
    is_enabled: bool = False
    is_managed_identity: bool = False
    required: tuple[Json, ...] = ()
    granted: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    certificates: tuple[Certificate, ...] = ()
    other_keys: tuple[Json, ...] = ()
    secrets: tuple[ClientSecret, ...] = ()
    federated: tuple[Federated, ...] = ()

    @property
    def is_present(self) -> bool:
        """Whether the application, or the managed identity, exists."""
        return self.client_id is not None


def parse_graph(found: Json) -> GraphRoles:
    """Return Microsoft Graph's application permissions that can be granted."""
    usable = [role for role in found["appRoles"] if role.get("isEnabled") and "Application" in (role.get("allowedMemberTypes") or ())]
    return GraphRoles(found["id"], {role["value"]: role["id"].lower() for role in usable if role.get("value")})


def signs_in(found: Json) -> bool:
    """Return whether an entry of ``keyCredentials`` is a certificate with which the application signs in."""
    return found.get("type") == "AsymmetricX509Cert" and found.get("usage") == "Verify"


def parse_certificate(found: Json) -> Certificate:
    """Parse a certificate of ``keyCredentials``."""
    return Certificate(
        _thumbprint_of(found.get("key")) or parse_thumbprint(found.get("customKeyIdentifier")),
        found.get("displayName"),
        found.get("startDateTime"),
        found.get("endDateTime"),
        found["keyId"],
        kept={**found, "key": None},
    )


def _thumbprint_of(key: str | None) -> str | None:
    """Return the thumbprint of a certificate in base64, or None without one. It is more reliable than the name that a client gave it."""
    try:
        return hashlib.sha1(base64.b64decode(key or "", validate=True), usedforsecurity=False).hexdigest().upper() if key else None
    except binascii.Error:
        return None


def parse_secret(found: Json) -> ClientSecret:
    """Parse a client secret of ``passwordCredentials``."""
    return ClientSecret(found["keyId"], found.get("displayName"), found.get("hint"), found.get("startDateTime"), found.get("endDateTime"))


def parse_federated(found: Json) -> Federated:
    """Parse a federated credential."""
    audiences = found.get("audiences") or [None]
    return Federated(found["name"], found.get("issuer"), found.get("subject"), audiences[0], found.get("description"))


def parse_thumbprint(text: str | None) -> str | None:
    """Return a customKeyIdentifier as 40 hexadecimal digits, or None for anything else. Entra shows it so, or as base64 of 20 bytes."""
    if text is None:
        return None
    digits = text.upper()
    if len(digits) == 40 and not set(digits) - set("0123456789ABCDEF"):
        return digits
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    if len(decoded) == 20:
        return decoded.hex().upper()
    # The hexadecimal digits, encoded in base64 again.
    return parse_thumbprint(decoded.decode("ascii", "replace")) if len(decoded) == 40 else None
