# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Parse the options of a task on an application into its goal. Pure."""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .. import _errors as errors
from .._guid import parse_guid
from .model import Certificate, Federated
from .powers import list_needed, validate_powers

AUDIENCES = {
    "global": "api://AzureADTokenExchange",
    "us_gov_l4": "api://AzureADTokenExchangeUSGov",
    "us_gov_l5": "api://AzureADTokenExchangeUSGov",
    "china": "api://AzureADTokenExchangeChina",
}
FEDERATED_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{2,119}")
LONGEST_FEDERATED = 600  # characters of issuer and subject
MOST_FEDERATED = 20
LONGEST_NAME, LONGEST_DESCRIPTION = 256, 1024
LONGEST_SECRET_DAYS = 730
PROPERTIES = ("name", "description", "notes", "service_management_reference")
# Characters that need no escaping in a URL.
UNIQUE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# Options that select permissions.
NAMING = ("modules", "entry_points", "lookups", "permissions")
PERMISSION = re.compile(r"[A-Z][A-Za-z0-9-]*(\.[A-Za-z0-9_-]+)+")


@dataclasses.dataclass(frozen=True)
class SecretGoal:
    """A client secret that must exist under a name. If it ends within ``renew_days``, a new one that lasts ``days`` replaces it."""

    name: str
    days: int
    renew_days: int


@dataclasses.dataclass(frozen=True)
class Goal:
    """The state that a task requests. A property or list of None stays unchanged. ``permissions``: None if none are named."""

    unique_name: str | None
    app_id: str | None
    managed_identity: str | None
    is_present: bool = True
    must_exist: bool = False
    is_enabled: bool | None = None
    properties: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    permissions: tuple[str, ...] | None = None
    purge_permissions: bool = False
    grant: bool = True
    certificates: tuple[Certificate, ...] | None = None
    purge_certificates: bool = False
    federated: tuple[Federated, ...] | None = None
    purge_federated: bool = False
    secret: SecretGoal | None = None
    purge_secrets: bool = False


def parse_goal(params: t.Mapping[str, t.Any], certificates: t.Sequence[Certificate] | None) -> Goal:
    """Return the goal of a task; raise InvalidOptionError for options that contradict each other or that Entra would refuse."""
    _validate_target(params)
    is_present = params["state"] == "present"
    wanted = list_needed(*(params[name] or () for name in NAMING), is_least=is_present)
    _validate_permissions(wanted)
    if is_present:
        validate_powers(wanted, params["force_permissions"] or ())
    is_named = any(params[name] is not None for name in NAMING)
    return Goal(
        unique_name=params["unique_name"] or None,
        app_id=parse_guid(params["app_id"] or ""),
        managed_identity=params["managed_identity"] or None,
        is_present=is_present,
        must_exist=params["must_exist"],
        is_enabled=params["enabled"],
        properties=_parse_properties(params),
        permissions=tuple(wanted) if is_named else None,
        purge_permissions=params["purge_permissions"],
        grant=params["grant"],
        certificates=None if certificates is None else tuple(certificates),
        purge_certificates=params["purge_certificates"],
        federated=_parse_federated(params["federated_credentials"], AUDIENCES[params["cloud"]]),
        purge_federated=params["purge_federated_credentials"],
        secret=_parse_secret(params),
        purge_secrets=params["purge_secrets"],
    )


def make_selection(params: t.Mapping[str, t.Any]) -> Goal:
    """Return the goal that only selects an application or a managed identity to read."""
    _validate_names(params)
    return Goal(params["unique_name"] or None, parse_guid(params["app_id"] or ""), params["managed_identity"] or None)


def _validate_names(params: t.Mapping[str, t.Any]) -> None:
    for name in ("unique_name", "app_id", "managed_identity", "name"):
        if params[name] is not None and not params[name].strip():
            raise errors.InvalidOptionError(f"{name} must not be empty.")
    if params["app_id"] and parse_guid(params["app_id"]) is None:
        raise errors.InvalidOptionError(f"app_id must be the application ID of an application, a GUID, not '{params['app_id']}'.")
    if params["unique_name"] and not UNIQUE_NAME.fullmatch(params["unique_name"]):
        raise errors.InvalidOptionError(
            f"unique_name must begin with a letter or digit, and have only these and '.', '-', and '_', not '{params['unique_name']}'."
        )


# Azure manages these properties of a managed identity.
OF_APPLICATIONS = (
    *("enabled", "name", "description", "notes", "service_management_reference", "certificates", "federated_credentials", "secret_name"),
    *("purge_certificates", "purge_federated_credentials", "purge_secrets", "return_secret", "seal_to"),
)


def _validate_target(params: t.Mapping[str, t.Any]) -> None:
    _validate_names(params)
    # The others default to false.
    given = [name for name in OF_APPLICATIONS if params[name] not in (None, False) or (name == "enabled" and params[name] is False)]
    if params["managed_identity"] and given:
        raise errors.InvalidOptionError(
            f"{given[0]} cannot be set for a managed identity: Azure manages it, and only its permissions can be changed here."
        )


def _validate_permissions(wanted: t.Iterable[str]) -> None:
    for name in wanted:
        if not PERMISSION.fullmatch(name):
            raise errors.InvalidOptionError(f"permissions must be names such as Organization.Read.All, not '{name}'.")


def _parse_properties(params: t.Mapping[str, t.Any]) -> dict[str, str]:
    found = {name: params[name] for name in PROPERTIES if params[name] is not None}
    for name, longest in (("name", LONGEST_NAME), ("description", LONGEST_DESCRIPTION)):
        if len(found.get(name, "")) > longest:
            raise errors.InvalidOptionError(f"{name} must have at most {longest} characters, not {len(found[name])}.")
    return found


def _parse_federated(given: t.Sequence[t.Mapping[str, t.Any]] | None, audience: str) -> tuple[Federated, ...] | None:
    if given is None:
        return None
    if len(given) > MOST_FEDERATED:
        raise errors.InvalidOptionError(f"federated_credentials must have at most {MOST_FEDERATED} entries, not {len(given)}.")
    parsed: dict[str, Federated] = {}
    pairs: dict[tuple[str, str], str] = {}
    for entry in given:
        name, issuer, subject = entry["name"], entry["issuer"], entry["subject"]
        if not FEDERATED_NAME.fullmatch(name):
            raise errors.InvalidOptionError(
                f"The name of a federated credential must begin with a letter or digit, and have 3 to 120 letters, digits, '-', and '_', "
                f"not '{name}'."
            )
        for option, text in (("issuer", issuer), ("subject", subject)):
            if not text or text != text.strip() or len(text) > LONGEST_FEDERATED:
                raise errors.InvalidOptionError(
                    f"{option} of the federated credential '{name}' must have 1 to {LONGEST_FEDERATED} characters, and no blanks around it."
                )
            if "*" in text:
                raise errors.InvalidOptionError(
                    f"{option} of the federated credential '{name}' must not hold a wildcard: Microsoft Entra compares it exactly."
                )
        if name in parsed or (issuer, subject) in pairs:
            raise errors.InvalidOptionError(f"federated_credentials has the name, or the issuer and subject, of '{name}' twice.")
        pairs[issuer, subject] = name
        parsed[name] = Federated(name, issuer, subject, entry.get("audience") or audience, entry.get("description"))
    return tuple(parsed.values())


def _parse_secret(params: t.Mapping[str, t.Any]) -> SecretGoal | None:
    if params["secret_name"] is None:
        return None
    if not params["secret_name"].strip():
        raise errors.InvalidOptionError("secret_name must not be empty.")
    days, renew = params["secret_days"], params["secret_renew_days"]
    if not 1 <= days <= LONGEST_SECRET_DAYS:
        raise errors.InvalidOptionError(f"secret_days must be a number from 1 to {LONGEST_SECRET_DAYS}, not {days}.")
    if not 0 <= renew < days:
        raise errors.InvalidOptionError(f"secret_renew_days must be a number from 0 to less than secret_days ({days}), not {renew}.")
    return SecretGoal(params["secret_name"], days, renew)
