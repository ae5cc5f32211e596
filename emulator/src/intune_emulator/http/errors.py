# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Error bodies as the services write them (facts: errors, double encoding)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..control.clock import iso
from .message import Call, Reply

if TYPE_CHECKING:
    from datetime import datetime

REFUSED_HEADER = "x-emulator-refused"
# The service behind a path, as its errors name it.
CONFIGURATION = "DeviceConfiguration/StatelessDeviceConfigurationFEService"
SERVICES = {"managedDevices": "DeviceFE/StatelessDeviceFEService", "configurationPolicies": "DeviceConfigV2/DCV2GraphService"}
NIL = "00000000-0000-0000-0000-000000000000"


class GraphError(Exception):
    """An error answer. `intune`: the message is wrapped the way Intune does it, with `inner_headers` as the headers told inside.
    `refused`: why the emulator, not Graph, said no."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        intune: bool = False,
        details: list[dict[str, str]] | None = None,
        headers: dict[str, str] | None = None,
        inner_headers: dict[str, str] | None = None,
        refused: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.intune, self.details, self.refused = intune, details, refused
        self.headers = dict(headers or {})
        self.inner_headers = dict(inner_headers or {})
        if refused:
            # a header cannot hold everything that a request can
            self.headers[REFUSED_HEADER] = "".join(sign if sign.isascii() and sign.isprintable() else "?" for sign in refused)


def bad_request(message: str, code: str = "BadRequest", **more: Any) -> GraphError:
    """400 of the Graph gateway."""
    return GraphError(400, code, message, **more)


def not_emulated(message: str, reason: str) -> GraphError:
    """400 in Graph's words for something the emulator does not have; a header tells the difference."""
    return GraphError(400, "BadRequest", message, refused=reason)


def no_segment(segment: str, reason: str | None = None) -> GraphError:
    """The path does not exist in this version (or is not emulated)."""
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.", refused=reason)


def intune_error(status: int, code: str, text: str, **more: Any) -> GraphError:
    """An error of Intune itself: `error.message` is JSON text."""
    return GraphError(status, code, text, intune=True, **more)


def forbidden(roles: Sequence[str]) -> GraphError:
    """403 of Intune: none of these application roles."""
    text = "Application is not authorized to perform this operation. Application must have one of the following scopes: "
    return intune_error(403, "Forbidden", text + ", ".join(roles))


def directory_not_found(object_id: str) -> GraphError:
    """404 of the directory."""
    message = f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present."
    return GraphError(404, "Request_ResourceNotFound", message)


def encode_intune(text: str, call: Call, inner_headers: dict[str, str] | None = None) -> str:
    """The JSON text that Intune puts into `error.message`, line ends included. Headers of its own are JSON text once more."""
    service = next((name for part, name in SERVICES.items() if part in call.path), CONFIGURATION)
    tail = (
        f" - Operation ID (for customer support): {NIL} - Activity ID: {call.client_request_id}"
        f" - Url: https://fef.emulated.manage.microsoft.com/{service}{call.path}?api-version=5026-05-01"
    )
    wrapped = {
        "_version": 3,
        "Message": text + tail,
        "CustomApiErrorPhrase": "",
        "RetryAfter": None,
        "ErrorSourceService": "",
        "HttpHeaders": json.dumps(inner_headers or {}, separators=(",", ":")),
    }
    return json.dumps(wrapped, indent=2, ensure_ascii=False).replace("\n", "\r\n")


def render(error: GraphError, call: Call, now: datetime) -> Reply:
    """The JSON error answer of Graph."""
    date = iso(now)
    inner = {
        "date": date if call.tenant.settings.error_date_zone else date.rstrip("Z"),
        "request-id": call.request_id,
        "client-request-id": call.client_request_id,
    }
    message = encode_intune(error.message, call, error.inner_headers) if error.intune else error.message
    body: dict[str, Any] = {"code": error.code, "message": message}
    if error.details:
        body["details"] = error.details
    body["innerError"] = inner
    return Reply(error.status, {"error": body}, dict(error.headers))
