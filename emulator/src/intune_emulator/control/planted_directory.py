# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Add users, groups, and applications as seeds and the control API describe them (POST /_emulator/users, groups, apps)."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from ..entra import registrations
from ..entra.groups import GROUP_DEFAULTS
from ..entra.users import KNOWN as KNOWN_OF_USERS
from ..state.clock import iso
from ..state.group_members import Member
from ..state.guids import stable_id
from ..state.tenant import Tenant
from .references import References

KINDS = {"devices": "device", "users": "user", "groups": "group"}
GROUP_FIELDS = ("name", "description", "members")
APPLICATION_FIELDS = ("name", "roles", "client_id", "secret", "secret_valid_days", "federated")
USER_FLAGS = ("accountEnabled", "onPremisesSyncEnabled")
DAYS = 365
MOST_DAYS = 36500

Json = dict[str, Any]


def add_user(tenant: Tenant, user: str) -> None:
    """Add a user by the name before the @."""
    user_id = stable_id("user", user)
    given, _separator, family = user.partition(".")
    principal = f"{user}@{tenant.domain}"
    tenant.users[user_id] = {
        "id": user_id,
        "businessPhones": [],
        "displayName": f"{given.title()} {family.title()}".strip(),
        "givenName": given.title(),
        "jobTitle": None,
        "mail": principal,
        "mobilePhone": None,
        "officeLocation": None,
        "preferredLanguage": None,
        "surname": family.title() or None,
        "userPrincipalName": principal,
    }


def change_user(tenant: Tenant, user_id: str, properties: dict[str, Any], roles: list[str] | None = None) -> dict[str, Any]:
    """Change properties and directory roles of a user, and return both."""
    if user_id not in tenant.users:
        raise ValueError(f"no user {user_id}")
    unknown = set(properties) - KNOWN_OF_USERS | {"id"} & set(properties)
    if unknown:
        raise ValueError(f"unknown properties: {sorted(unknown)}")
    if roles is not None and not (isinstance(roles, list) and all(isinstance(role, str) and role.strip() for role in roles)):
        raise ValueError(f"roles must be a list of names of directory roles, not {roles!r}")
    for name, value in properties.items():
        _check_user_property(tenant, user_id, name, value)
    tenant.users[user_id].update(properties)
    if roles is not None:
        tenant.directory_roles[user_id] = list(roles)
    return {**tenant.users[user_id], "roles": tenant.directory_roles.get(user_id, [])}


def _check_user_property(tenant: Tenant, user_id: str, name: str, value: Any) -> None:
    """Raise ValueError for a value that Graph does not have."""
    if name == "businessPhones":
        if not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
            raise ValueError(f"{name} must be a list of texts, not {value!r}")
    elif name in USER_FLAGS:
        if not isinstance(value, bool) and not (value is None and name != "accountEnabled"):
            raise ValueError(f"{name} must be true or false, not {value!r}")
    elif name == "userPrincipalName":
        principal = read_name(value, name).lower()
        if any(own_id != user_id and user[name].lower() == principal for own_id, user in tenant.users.items()):
            raise ValueError(f"{name} must be unique: the tenant has a user '{value}'")
    elif value is not None and not isinstance(value, str):
        raise ValueError(f"{name} must be a text or null, not {value!r}")


def plant_user(tenant: Tenant, body: Json) -> Json:
    """Add a user by {"name", "roles", …properties}; return the properties and the roles. ValueError if the body is wrong."""
    body = dict(body)
    name, roles = read_name(body.pop("name", None)), body.pop("roles", None)
    if "@" in name:
        raise ValueError(f"name must be the part before the @, not {name!r}")
    if stable_id("user", name) in tenant.users:
        raise ValueError(f"name must be unique: the tenant has a user '{name}'")
    add_user(tenant, name)
    try:
        return change_user(tenant, stable_id("user", name), body, roles)
    except ValueError:
        del tenant.users[stable_id("user", name)]
        raise


def add_group(tenant: Tenant, number: int, name: str, description: str | None, group_id: str | None = None) -> str:
    """Add a group and return its id."""
    created = iso(tenant.clock.now() - timedelta(days=400))
    group_id = group_id or stable_id("group", number)
    tenant.groups.add_visible(
        {
            **GROUP_DEFAULTS,
            "id": group_id,
            "displayName": name,
            "description": description,
            "mailNickname": f"group{number}",
            "createdDateTime": created,
            "renewedDateTime": created,
            "securityIdentifier": f"S-1-12-1-{number}-1000-2000-3000",
        }
    )
    return group_id


def plant_group(tenant: Tenant, body: Json) -> Json:
    """Add a group by {"name", "description", "members"}; return its id and name. ValueError if the body is wrong."""
    check_fields(body, GROUP_FIELDS)
    name = read_name(body.get("name"))
    if not isinstance(body.get("description"), (str, type(None))):
        raise ValueError(f"description must be a text or null, not {body['description']!r}")
    same = sum(group["displayName"] == name for group in tenant.groups.all_written())
    members = read_members(References(tenant), body.get("members") or {})
    number = 1000 + sum(1 for _group in tenant.groups.all_written())
    group_id = add_group(tenant, number, name, body.get("description"), stable_id("group", name, same))
    tenant.members.set(group_id, members)
    return {"id": group_id, "name": name}


def read_members(references: References, members: Json) -> list[Member]:
    """Return the members of a group by {"devices", "users", "groups"}: lists of names or ids."""
    check_fields(members, KINDS)
    found: list[Member] = []
    for name, kind in KINDS.items():
        for text in members.get(name) or ():
            found.append(read_member(references, kind, text, found))
    return found


def read_member(references: References, kind: str, text: Any, others: Collection[Member]) -> Member:
    """Return a member by its name or id; ValueError if there is no such object, or if it is one of the others."""
    member = kind, references.find(kind, text)
    if member in others:
        raise ValueError(f"the {kind} '{text}' is already a member of the group")
    return member


def plant_application(tenant: Tenant, body: Json) -> Json:
    """Register an application; return its ids and its secret. ValueError if the body is wrong."""
    check_fields(body, APPLICATION_FIELDS)
    client_id = _read_client_id(tenant, body.get("client_id"))
    days = body.get("secret_valid_days", DAYS)
    if isinstance(days, bool) or not isinstance(days, (int, float)) or not -MOST_DAYS <= days <= MOST_DAYS:
        raise ValueError(f"secret_valid_days must be a number of days, {-MOST_DAYS} to {MOST_DAYS}, not {days!r}")
    if body.get("name") is not None:
        read_name(body["name"])
    read_texts("roles", body.get("roles"))
    if not isinstance(body.get("federated", False), bool):
        raise ValueError(f"federated must be true or false, not {body['federated']!r}")
    if "secret" in body and not (isinstance(body["secret"], str) and body["secret"].strip()):
        raise ValueError("secret must be a text that is not blank")
    app, secret = tenant.add_application(
        body.get("roles"),
        float(days),
        bool(body.get("federated")),
        name=body.get("name"),
        client_id=client_id,
        secret=body.get("secret"),
    )
    registrations.add_visible(tenant, app)
    return {"client_id": app.client_id, "client_secret": secret, "object_id": app.object_id}


def _read_client_id(tenant: Tenant, value: Any) -> str | None:
    if value is None:
        return None
    client_id = read_guid("client_id", value)
    if any(principal["appId"] == client_id for principal in tenant.service_principals.all_written()):
        raise ValueError(f"client_id {client_id} is that of another application")
    return client_id


def read_guid(field: str, value: Any) -> str:
    """Return a GUID in lower case; ValueError if a value is not a GUID."""
    try:
        return str(uuid.UUID(value))
    except (ValueError, TypeError, AttributeError):
        raise ValueError(f"{field} must be a GUID, not {value!r}") from None


def read_name(value: Any, field: str = "name") -> str:
    """Return a name; ValueError if it is blank or not a text."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{field} must be a text, not {value!r}")
    return value


def read_texts(field: str, value: Any) -> list[str] | None:
    """Return a list of texts, or None; ValueError for anything else: a text would be a list of its letters."""
    if value is not None and not (isinstance(value, list) and all(isinstance(item, str) for item in value)):
        raise ValueError(f"{field} must be a list of texts, not {value!r}")
    return value


def check_fields(body: Json, known: Any) -> None:
    """Raise ValueError for unknown fields of a body."""
    unknown = set(body) - set(known)
    if unknown:
        raise ValueError(f"unknown fields: {sorted(unknown)}; known: {sorted(known)}")
