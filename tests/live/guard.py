# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Limit the requests of a run: reads; with LIVE_WRITE changes of its own objects; and the reset of one named device."""

from __future__ import annotations

import json
import re
import typing as t
import urllib.parse

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response

# Collections whose new objects no device gets before they are assigned.
CREATED = ("/deviceManagement/deviceConfigurations", "/deviceManagement/configurationPolicies", "/deviceManagement/deviceHealthScripts")
READS_BY_POST = re.compile(r"/deviceManagement/reports/get\w+")


class Guard:
    """Decide on the wire, regardless of the tasks, because that is the last place before the service.

    Allow changes of objects that this run has created according to the service, and the reset of one device.
    """

    def __init__(self, *, may_write: bool = False) -> None:
        self._may_write = may_write
        self._device_id: str | None = None
        self._created: set[str] = set()
        self.refused: list[str] = []

    def allow_reset(self, device_id: str) -> None:
        """Allow a passcode reset of this device if writes are allowed."""
        self._device_id = device_id

    def check(self, request: Request) -> None:
        """Raise NotSentError for a request that this run must not send."""
        path = find_path(request.url)
        if path == "/$batch":
            items = json.loads(request.body or b"{}")["requests"]
            is_allowed = all(self._is_allowed(item["method"], find_path(f"/v1.0{item['url']}")) for item in items)
        else:
            is_allowed = self._is_allowed(request.method, path)
        if not is_allowed:
            self.refused.append(request.target)
            raise errors.NotSentError(f"This run must not send {request.target}.", is_transient=False, target=request.target)

    def learn(self, request: Request, response: Response) -> None:
        """Record the ID of the object that this request created."""
        if request.method == "POST" and response.status == 201 and find_path(request.url) in CREATED:
            made = json.loads(response.body)
            if isinstance(made, dict) and isinstance(made.get("id"), str) and made["id"]:
                self._created.add(made["id"].lower())

    def _is_allowed(self, method: str, path: str) -> bool:
        if method == "GET" or (method == "POST" and READS_BY_POST.fullmatch(path)):
            return True
        if not self._may_write:
            return False
        if method == "POST" and path in CREATED:
            return True
        parts = path.lower().split("/")
        if "manageddevices" in parts:
            wanted = ["", "devicemanagement", "manageddevices", (self._device_id or "").lower(), "resetpasscode"]
            return self._device_id is not None and method == "POST" and parts == wanted
        # The object itself, and nothing below it: it is assigned to nobody.
        collection, _slash, identity = path.rpartition("/")
        return method in ("PATCH", "PUT", "DELETE") and collection in CREATED and identity.lower() in self._created


def find_path(url: str) -> str:
    """Return the path of an address without the version."""
    path = urllib.parse.unquote(urllib.parse.urlsplit(url).path)
    found: t.Any = re.fullmatch(r"/(?:v1\.0|beta)(/.*)", path)
    return found[1] if found else path
