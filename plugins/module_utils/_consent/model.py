# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The Microsoft PIN Reset Service in a tenant: two enterprise applications, their admin consent, and the goal of a task.

Pure. Source of the application IDs:
https://learn.microsoft.com/windows/security/identity-protection/hello-for-business/pin-reset
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .. import _errors as errors

SERVICE_APP_ID = "b8456c59-1230-44c7-a4a2-99b085333e84"
CLIENT_APP_ID = "9115dd05-fad5-4f9c-acc7-305d08b1b04e"
DIRECTORY_APP_ID = "00000002-0000-0000-c000-000000000000"  # Azure AD Graph, named by the service's documented consent
NAMES = {SERVICE_APP_ID: "Microsoft Pin Reset Service Production", CLIENT_APP_ID: "Microsoft Pin Reset Client Production"}

AppName = t.Literal["service", "client"]
ConsentType = t.Literal["AllPrincipals", "Principal"]
ALL_PRINCIPALS: ConsentType = "AllPrincipals"  # an admin consent: for all users

NEW_ID = ""  # the ID of an object that Entra has not created yet

MAX_GRANT_LENGTH = 3850  # characters of all scopes of a grant together (oAuth2PermissionGrant.scope)
MAX_SCOPE_LENGTH = 120  # characters of one (permissionScope.value)
# The characters of a scope: RFC 6749, section 3.3. Microsoft's own list is a subset, and forbids a leading dot.
SCOPE = re.compile(r"(?!\.)[\x21\x23-\x5b\x5d-\x7e]+")


@dataclasses.dataclass(frozen=True)
class Goal:
    """The state that a task requests. With scopes of None, those that the resource publishes are requested."""

    service_scopes: tuple[str, ...] | None = ("User.Read",)
    client_scopes: tuple[str, ...] | None = None
    is_present: bool = True
    purge_grants: bool = False
    restore_deleted: bool = True

    def scopes_of(self, name: AppName) -> tuple[str, ...] | None:
        """Return the scopes that are requested for an application."""
        return self.service_scopes if name == "service" else self.client_scopes


@dataclasses.dataclass(frozen=True)
class Grant:
    """One oAuth2PermissionGrant. ``resource_app_id`` is None for a resource outside the PIN Reset Service."""

    id: str
    resource_id: str
    consent_type: ConsentType
    principal_id: str | None = None
    scopes: tuple[str, ...] = ()
    resource_app_id: str | None = None


@dataclasses.dataclass(frozen=True)
class App:
    """One enterprise application. ``scopes``: the scopes that an administrator granted it on its resource, for all users.

    ``scopes`` is None if it is planned and cannot be known yet (check mode, before the resource exists). ``grant_id`` is the grant that
    contains them. ``other_grants``: further grants in which the application is the client. ``inbound_grants``: grants in which it is the
    resource, as far as they were read. An ID is NEW_ID if Entra has not created the object yet.
    """

    app_id: str
    resource_app_id: str
    id: str | None = None
    display_name: str | None = None
    is_enabled: bool = False
    deleted_id: str | None = None
    deleted_at: str | None = None
    resource_id: str | None = None
    published_scopes: tuple[str, ...] = ()
    grant_id: str | None = None
    scopes: tuple[str, ...] | None = ()
    other_grants: tuple[Grant, ...] = ()
    inbound_grants: tuple[Grant, ...] = ()

    @property
    def is_present(self) -> bool:
        """Whether the application exists, or is planned."""
        return self.id is not None


@dataclasses.dataclass(frozen=True)
class State:
    """Both applications."""

    service: App
    client: App

    def apps(self) -> dict[AppName, App]:
        """Return both applications by name, the service first."""
        return {"service": self.service, "client": self.client}


# --- return values --------------------------------------------------------------------------------------------------


class GrantResult(t.TypedDict):
    """An entry of ``grants`` in the ``pinreset_consent`` return value."""

    resource_app_id: str | None
    resource_id: str | None
    consent_type: ConsentType
    principal_id: str | None
    scopes: list[str] | None


class AppResult(t.TypedDict):
    """One application in the ``pinreset_consent`` return value."""

    app_id: str
    id: str | None
    display_name: str | None
    present: bool
    enabled: bool
    deleted: str | None
    consented: bool
    scopes: list[str] | None
    missing_scopes: list[str] | None
    grants: list[GrantResult]


class ConsentResult(t.TypedDict):
    """The ``pinreset_consent`` return value."""

    service: AppResult
    client: AppResult
    ready: bool
    consent_urls: dict[AppName, str]


# --- options --------------------------------------------------------------------------------------------------------


def parse_goal(params: t.Mapping[str, t.Any]) -> Goal:
    """Parse the goal from the options of a module.

    Entries that contain only blanks count as not given, which means no scope for the service.
    """
    return Goal(
        service_scopes=parse_scopes("service_scopes", params["service_scopes"]) or (),
        client_scopes=parse_scopes("client_scopes", params["client_scopes"]),
        is_present=params.get("state", "present") == "present",
        purge_grants=params.get("purge_grants", False),
        restore_deleted=params.get("restore_deleted", True),
    )


def parse_scopes(option: str, given: t.Sequence[str] | None) -> tuple[str, ...] | None:
    """Return the scopes in an option: one per entry, or several separated by blanks. Entries that contain only blanks are ignored."""
    if given is None:
        return None
    scopes = tuple(dict.fromkeys(scope for entry in given for scope in entry.split()))
    for scope in scopes:
        if len(scope) > MAX_SCOPE_LENGTH or not SCOPE.fullmatch(scope):
            shown = scope if len(scope) <= MAX_SCOPE_LENGTH else f"{scope[:40]}..."
            raise errors.InvalidOptionError(
                f"{option}: '{shown}' is not the name of a permission.",
                hint=f"A name has at most {MAX_SCOPE_LENGTH} characters, no quotation mark, backslash or accent, and no dot in front.",
            )
    if is_too_long(scopes):
        raise errors.InvalidOptionError(
            f"{option} has {len(' '.join(scopes))} characters; one grant holds at most {MAX_GRANT_LENGTH}.", hint="Name fewer permissions."
        )
    return None if given and not scopes else scopes


def is_too_long(scopes: t.Iterable[str] | None) -> bool:
    """Return whether these scopes are too long for one grant."""
    return len(" ".join(scopes or ())) > MAX_GRANT_LENGTH
