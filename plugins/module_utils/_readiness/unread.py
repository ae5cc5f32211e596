# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Explain why a part of the tenant could not be read, and give advice."""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .. import _permissions as permissions
from .._graph.client import GraphClient
from .._permissions import Rows
from .._text import quote
from .model import Unread

LONGEST_CAUSE = 200  # characters of the service's text in a problem
# The permissions that a request needs, by a part of its path. All other requests read configuration. Reading the consent needs two
# permissions.
CONSENT: Rows = (permissions.READ_APPLICATIONS, permissions.READ_GRANTS)
NEEDED: t.Mapping[str, Rows] = {
    # The results of the probe include properties of devices.
    "/deviceRunStates": (permissions.READ_SCRIPTS, permissions.READ_DEVICES),
    "/deviceHealthScriptStates": (permissions.READ_SCRIPTS, permissions.READ_DEVICES),
    "/deviceHealthScripts": (permissions.READ_SCRIPTS,),
    "/servicePrincipals": CONSENT,
    "/deletedItems": CONSENT,
    "/oauth2PermissionGrants": CONSENT,
    "/deviceEnrollmentConfigurations": (permissions.READ_ENROLLMENT,),
    "/groups": (permissions.READ_GROUPS,),
    "/roleScopeTags": (permissions.READ_TAGS,),
    "/managedDevices": (permissions.READ_DEVICES,),
    "/exportJobs": (permissions.WRITE_CONFIGURATION,),
    "": (permissions.READ_CONFIGURATION,),
}


def explain(client: GraphClient, what: str, failure: errors.IntuneError) -> Unread:
    """Return the problem of a failure in one line, with the missing permissions."""
    cause, hint = find_cause(client, failure)
    return Unread(f"Could not read {what}: {cause}.", hint, errors.may_pass(failure))


def find_cause(client: GraphClient, failure: errors.IntuneError) -> tuple[str, str]:
    """Return why a part could not be read, with advice; raise the failure of a refused token."""
    if isinstance(failure, errors.UnauthorizedError):
        raise failure
    missing = list_missing(client, failure)
    if missing:
        granted = permissions.parse_granted(client.credential.identity())
        # If the token cannot be read, its missing permissions are unknown.
        verb = "needed" if granted is None else "missing"
        return f"{' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} {verb}", _advise(client, missing)
    text = f"{failure.status} {failure.code or ''}: {failure.message}" if isinstance(failure, errors.GraphError) else failure.message
    tail = f" (request-id {failure.request_id})" if isinstance(failure, errors.GraphError) and failure.request_id else ""
    return f"{quote(text, LONGEST_CAUSE).rstrip('.')}{tail}", failure.hint or "Run the task again."


def _advise(client: GraphClient, missing: t.Sequence[str]) -> str:
    if permissions.is_person_of_azure_cli(client.credential.identity()):
        return "Sign in as an application: the Azure CLI's token for a person holds no permission of Intune."
    return f"Grant {' and '.join(missing)} to the application in Microsoft Entra, and consent to it as an administrator."


def list_missing(client: GraphClient, failure: errors.IntuneError) -> list[str]:
    """Return the missing permissions that caused a refusal; none for another failure."""
    granted = permissions.parse_granted(client.credential.identity())
    rows = next(rows for part, rows in NEEDED.items() if part in (failure.target or ""))
    return [row[0] for row in rows if not set(row) & (granted or set())] if isinstance(failure, errors.ForbiddenError) else []
