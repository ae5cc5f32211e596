# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The two pages on which an administrator grants the consent in a browser. Pure.

Source: https://learn.microsoft.com/windows/security/identity-protection/hello-for-business/pin-reset
"""

from __future__ import annotations

import typing as t
import urllib.parse

from .. import _clouds
from .. import _errors as errors
from .model import CLIENT_APP_ID, SERVICE_APP_ID, AppName

DOCUMENTED_LOGIN = "https://login.windows.net"  # as on Microsoft's page, for the global cloud
BROKER = f"ms-appx-web://Microsoft.AAD.BrokerPlugin/{CLIENT_APP_ID}"


def render_consent_urls(tenant: str | None, cloud: str = "global") -> dict[AppName, str]:
    """Return the two admin consent pages, for this tenant if known, at the sign-in service of this cloud.

    Microsoft documents them only for the global cloud. In other clouds, they are the same pages of that cloud's sign-in service.
    """
    login = DOCUMENTED_LOGIN if cloud == "global" else _clouds.CLOUDS[cloud].authority
    return {
        "service": _render_url(login, tenant, SERVICE_APP_ID, "https://graph.windows.net", "https://cred.microsoft.com"),
        "client": _render_url(login, tenant, CLIENT_APP_ID, "https://cred.microsoft.com/", BROKER),
    }


def _render_url(login: str, tenant: str | None, app_id: str, resource: str, redirect: str) -> str:
    query = {"response_type": "code", "client_id": app_id, "resource": resource, "redirect_uri": redirect, "prompt": "admin_consent"}
    return f"{login}/{tenant or 'common'}/oauth2/authorize?{urllib.parse.urlencode(query)}"


def with_consent_urls(failure: errors.IntuneError, urls: t.Mapping[AppName, str]) -> errors.IntuneError:
    """Add the alternative, a consent in the browser, to the hint of a refusal; return any other failure unchanged."""
    is_refused = isinstance(failure, errors.GraphError) and failure.status in (400, 403) and failure.code is not None
    if not is_refused and not isinstance(failure, errors.MissingPermissionError):
        return failure
    return failure.with_hint(
        "The application needs Application.ReadWrite.All and DelegatedPermissionGrant.ReadWrite.All. Where it has them and "
        "Microsoft refuses anyway, open these two pages as an Application Administrator (or higher), accept, and run again: "
        + " and ".join(urls.values())
    )
