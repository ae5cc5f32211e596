# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The endpoints of the four Microsoft clouds. Source: https://learn.microsoft.com/graph/deployments"""

from __future__ import annotations

import dataclasses
import re
import urllib.parse

from ._errors import InvalidOptionError


@dataclasses.dataclass(frozen=True)
class Cloud:
    """One cloud. ``authority`` and ``graph`` are origins without a path: ``https://host[:port]``."""

    name: str
    authority: str
    graph: str

    @property
    def scope(self) -> str:
        """The scope of a token for Microsoft Graph."""
        return f"{self.graph}/.default"


CLOUDS = {
    cloud.name: cloud
    for cloud in (
        Cloud("global", "https://login.microsoftonline.com", "https://graph.microsoft.com"),
        Cloud("us_gov_l4", "https://login.microsoftonline.us", "https://graph.microsoft.us"),
        Cloud("us_gov_l5", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
        Cloud("china", "https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"),
    )
}

# Other hosts of the same sign-in services. Source: the well-known authorities of
# https://github.com/AzureAD/microsoft-authentication-library-for-python
ALIASES = {
    "https://login.windows.net": "https://login.microsoftonline.com",
    "https://login.microsoft.com": "https://login.microsoftonline.com",
    "https://sts.windows.net": "https://login.microsoftonline.com",
    "https://login.usgovcloudapi.net": "https://login.microsoftonline.us",
    "https://login.chinacloudapi.cn": "https://login.partner.microsoftonline.cn",
}


def choose_cloud(name: str, *, graph_url: str | None = None, authority_url: str | None = None) -> Cloud:
    """Return the cloud's endpoints, each replaced by the given URL if there is one.

    Raises InvalidOptionError for a URL that is not an origin, and for the sign-in service of another cloud with this cloud's Graph.
    """
    known = CLOUDS[name]
    authority = _parse_origin("authority_url", authority_url) if authority_url else known.authority
    authority = ALIASES.get(authority.lower(), authority)
    if not graph_url:
        _validate_authority(known, authority)
    return Cloud(name, authority, _parse_origin("graph_url", graph_url) if graph_url else known.graph)


def _validate_authority(known: Cloud, authority: str) -> None:
    others = [cloud.name for cloud in CLOUDS.values() if cloud.authority == authority.lower()]
    if others and known.name not in others:
        raise InvalidOptionError(
            f"authority_url '{authority}' (an option, INTUNE_AUTHORITY_URL, or AZURE_AUTHORITY_HOST) is the sign-in service of the cloud "
            f"{' or '.join(others)}, and cloud is '{known.name}'.",
            hint=f"Set cloud to {' or '.join(others)}, or authority_url to {known.authority}.",
        )


def _parse_origin(option: str, url: str) -> str:
    """Return the origin in an option; raise InvalidOptionError for anything else."""
    try:
        parts = urllib.parse.urlsplit(url.strip())
        is_plain = parts.scheme == "https" and parts.hostname and parts.port != 0 and "@" not in parts.netloc and not parts.query
    except ValueError:
        # An invalid host or port.
        is_plain = False
    # A pasted ".../v1.0" or ".../" means the origin.
    if not is_plain or not re.fullmatch(r"/?(v1\.0|beta)?/?", parts.path):
        raise InvalidOptionError(
            f"{option} must be an https origin, not '{url}'.", hint=f"Set {option} to something like https://host or https://host:8443."
        )
    return f"https://{parts.netloc}"
