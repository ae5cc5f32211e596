# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Read the end of the credential in use. A failure to read it does not fail the task."""

from __future__ import annotations

from .. import _errors as errors
from .. import _permissions as permissions
from .._graph.client import GraphClient
from .._graph.odata import render_literal
from .._guid import parse_guid
from .._http.message import Request
from .._lifetime import Lifetime
from .._text import quote
from .._types import Json
from .expiry import MEMBERS, Expiry, judge, make_shape

LONGEST_CAUSE = 200  # characters of the service's text in a message
NOT_PERMITTED = f"the application lacks {permissions.READ_APPLICATIONS[0]}, with which it could read that."
NOT_HERE = "its application is not registered in this tenant."
NO_GUID = "client_id is not a GUID, by which the application could be found."


def render_own_request(client: GraphClient) -> Request | None:
    """Return the request for the application of the credential, or None if it would provide nothing, or would certainly be refused."""
    lifetime = client.credential.lifetime()
    return client.request("GET", *_locate(lifetime)) if _find_obstacle(client, lifetime) is None else None


def read_expiry(client: GraphClient, warning_days: int) -> Expiry:
    """Return the end of the credential in use."""
    lifetime = client.credential.lifetime()
    application: Json | None = None
    unread, problem = _find_obstacle(client, lifetime), None
    if unread is None:
        try:
            # This only informs, so a slow service must not delay the task.
            with client.limit_retries(client.clock.monotonic()):
                application = client.get(*_locate(lifetime), shape=make_shape(lifetime))
        except errors.ForbiddenError:
            unread = NOT_PERMITTED
        except errors.NotFoundError:
            unread = NOT_HERE
        except (errors.GraphError, errors.LostResponseError, errors.UnexpectedResponseError) as failure:
            unread = f"{quote(failure, LONGEST_CAUSE).rstrip('.')}."
            problem = f"Could not read when the client secret ends: {unread}" if lifetime.kind == "client_secret" else None
    # Use the service's clock, because a wrong local clock would give a wrong number of days.
    now = client.clock.now() + (client.clock_skew or 0.0)
    return Expiry(judge(lifetime, application, unread or "", now, warning_days), problem)


def _find_obstacle(client: GraphClient, lifetime: Lifetime) -> str | None:
    """Return why the application is not read, or None if it is. Empty if reading it would provide nothing."""
    if lifetime.kind is None:
        return ""
    if parse_guid(lifetime.app_id) is None:
        return NO_GUID
    return NOT_PERMITTED if permissions.is_refused(client.credential.identity(), permissions.READ_OWN_APPLICATION) else None


def _locate(lifetime: Lifetime) -> tuple[str, dict[str, str]]:
    """Return the path and the query of the application. Request keys only if they are needed, because Graph limits such requests."""
    member = MEMBERS[lifetime.kind] if lifetime.kind else "id"
    return f"/applications(appId={render_literal(parse_guid(lifetime.app_id) or '')})", {"$select": f"appId,{member}"}
