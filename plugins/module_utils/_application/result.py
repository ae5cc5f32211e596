# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Build the ``application`` return value and its diff. Pure."""

from __future__ import annotations

import typing as t
import urllib.parse

from .._types import Json
from .model import State
from .options import Goal
from .plan import list_missing
from .powers import ELEVATING, describe_power


class CertificateResult(t.TypedDict):
    """A certificate."""

    name: str | None
    thumbprint: str | None
    starts: str | None
    ends: str | None
    key_id: str | None


class SecretResult(t.TypedDict):
    """A client secret, without its text."""

    name: str | None
    hint: str | None
    starts: str | None
    ends: str | None
    key_id: str | None


class FederatedResult(t.TypedDict):
    """A federated credential."""

    name: str
    issuer: str | None
    subject: str | None
    audience: str | None
    description: str | None


class PowerResult(t.TypedDict):
    """The effect of a strong permission."""

    permission: str
    meaning: str


class FoundResult(t.TypedDict):
    """An application or a managed identity that was read."""

    present: bool
    id: str | None
    client_id: str | None
    name: str | None
    unique_name: str | None
    description: str | None
    notes: str | None
    service_management_reference: str | None
    service_principal_id: str | None
    enabled: bool
    managed_identity: bool
    permissions: list[str]
    powers: list[PowerResult]
    certificates: list[CertificateResult]
    client_secrets: list[SecretResult]
    federated_credentials: list[FederatedResult]
    consent_url: str | None


class ApplicationResult(FoundResult):
    """An application or a managed identity that a task changes."""

    missing_permissions: list[str]


def describe(state: State, goal: Goal, *, authority: str, tenant: str | None) -> ApplicationResult:
    """Return the ``application`` return value."""
    missing = list_missing(state, goal) if goal.is_present else []
    found = describe_found(state, authority=authority, tenant=tenant)
    return {**found, "missing_permissions": missing, "powers": [*found["powers"], *_describe_powers(missing)]}


def describe_found(state: State, *, authority: str, tenant: str | None) -> FoundResult:
    """Return an entry of the ``applications`` return value."""
    granted = sorted(state.granted)
    can_consent = bool(state.client_id) and not state.is_managed_identity
    return {
        "present": state.is_present,
        "id": state.id or None,
        "client_id": state.client_id or None,
        "name": state.name,
        "unique_name": state.unique_name,
        "description": state.description or None,
        "notes": state.notes or None,
        "service_management_reference": state.service_management_reference or None,
        "service_principal_id": state.principal_id or None,
        "enabled": state.is_enabled,
        "managed_identity": state.is_managed_identity,
        "permissions": granted,
        "powers": _describe_powers(granted),
        "certificates": [
            {"name": each.name, "thumbprint": each.thumbprint, "starts": each.starts, "ends": each.ends, "key_id": each.key_id or None}
            for each in state.certificates
        ],
        "client_secrets": [
            {"name": each.name, "hint": each.hint, "starts": each.starts, "ends": each.ends, "key_id": each.key_id or None}
            for each in state.secrets
        ],
        "federated_credentials": [
            {
                "name": each.name,
                "issuer": each.issuer,
                "subject": each.subject,
                "audience": each.audience,
                "description": each.description or None,
            }
            for each in sorted(state.federated, key=lambda each: each.name)
        ],
        "consent_url": render_consent_url(authority, tenant, str(state.client_id)) if can_consent else None,
    }


def _describe_powers(names: t.Iterable[str]) -> list[PowerResult]:
    return [{"permission": name, "meaning": meaning} for name in names if (meaning := describe_power(name))]


def warn_of_powers(state: State, goal: Goal) -> list[str]:
    """Return warnings about permissions that let their holder grant itself others and that the task does not request; empty without one.

    A second warning is about permissions that are only listed: a consent in a browser also grants them, regardless of their origin.
    """
    asked, name = goal.permissions or (), state.name or state.client_id
    held = sorted(each for each in state.granted if each in ELEVATING and each not in asked)
    listed = sorted(each for each in _list_listed(state) if each in ELEVATING and each not in asked and each not in state.granted)
    take_back = "To remove permissions that a task does not list, list all that it needs, and set purge_permissions to true."
    warnings = [f"{name} holds {' and '.join(held)}, which this task does not ask for: {ELEVATING[held[0]]}. {take_back}"] if held else []
    if listed:
        warnings.append(
            f"{name} lists {' and '.join(listed)}, which this task does not ask for, and the page consent_url grants all that is listed: "
            f"{ELEVATING[listed[0]]}. {take_back}"
        )
    return warnings


def warn_of_disabled(state: State, goal: Goal) -> list[str]:
    """Return a warning about an application that cannot sign in although the task does not request that; empty without one."""
    if not goal.is_present or goal.is_enabled is not None or state.principal_id is None or state.is_enabled:
        return []
    return [f"{state.name or state.client_id} is disabled and cannot sign in. Find out why before you set enabled to true."]


def warn_of_own_credentials(state: State) -> list[str]:
    """Return a warning about credentials of the service principal itself, in addition to those of the application; empty without any."""
    if not state.own_credentials:
        return []
    return [
        f"The service principal of {state.name or state.client_id} has secrets or certificates of its own ({state.own_credentials}), with "
        "which it may sign in too. They are neither shown nor changed here. To list them, run 'az ad sp credential list "
        f"--id {state.client_id}', and again with --cert."
    ]


def render_consent_url(authority: str, tenant: str | None, client_id: str) -> str:
    """Return the address of the page on which an administrator grants all permissions that the application lists.

    Source: https://learn.microsoft.com/entra/identity/enterprise-apps/grant-admin-consent
    """
    return f"{authority}/{tenant or 'organizations'}/adminconsent?{urllib.parse.urlencode({'client_id': client_id})}"


def _list_listed(state: State) -> set[str]:
    """Return the application permissions that the application lists. Listing grants none of them."""
    return {state.graph.name_of(row["id"]) for entry in state.required for row in entry["resourceAccess"] if row["type"] == "Role"}


def describe_managed(state: State) -> Json:
    """Return the managed properties of an application for its diff, with names instead of IDs."""
    if not state.is_present:
        return {"present": False}
    return {
        "present": True,
        "name": state.name,
        "description": state.description or None,
        "notes": state.notes or None,
        "service_management_reference": state.service_management_reference or None,
        "service_principal": state.principal_id is not None,
        "enabled": state.is_enabled,
        "permissions": sorted(state.granted),
        "listed_permissions": sorted(_list_listed(state)),
        "certificates": sorted(f"{each.name or 'no name'} ({each.thumbprint or 'unknown'})" for each in state.certificates),
        "client_secrets": sorted(f"{each.name or 'no name'}, until {(each.ends or 'unknown')[:10]}" for each in state.secrets),
        "federated_credentials": {
            each.name: f"{each.issuer} {each.subject} {each.audience}{f' ({each.description})' if each.description else ''}"
            for each in state.federated
        },
    }
