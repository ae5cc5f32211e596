# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Error bodies of Graph and Intune.

Source: https://learn.microsoft.com/graph/errors
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from ..state.clock import iso
from .message import GraphRequest, Response

# The service behind a path, as its errors name it.
CONFIGURATION = "DeviceConfiguration/StatelessDeviceConfigurationFEService"
SERVICES = {
    "managedDevices": "DeviceFE/StatelessDeviceFEService",
    "deviceHealthScripts": "DeviceFE/StatelessDeviceFEService",
    "configurationPolicies": "DeviceConfigV2/DCV2GraphService",
}
UNREADABLE = "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format."
NIL_GUID = "00000000-0000-0000-0000-000000000000"


class GraphError(Exception):
    """An error response.

    `intune`: the message is wrapped as Intune does it, with `inner_headers` as the headers inside. `refused`: the reason, if the emulator
    refuses something that Graph accepts or might accept.
    """

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


def bad_request(message: str, code: str = "BadRequest", **more: Any) -> GraphError:
    """Return the 400 of the Graph gateway."""
    return GraphError(400, code, message, **more)


def not_emulated(message: str, reason: str) -> GraphError:
    """Return a 400 in Graph's words for something that the emulator lacks; a header marks the difference."""
    return GraphError(400, "BadRequest", message, refused=reason)


def no_segment(segment: str, reason: str | None = None) -> GraphError:
    """Return the error for a path that does not exist in this version (or is not emulated)."""
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.", refused=reason)


def no_parameter(name: str, operation: str) -> GraphError:
    """Return the error for an unknown parameter of an action."""
    message = f"The parameter '{name}' in the request payload is not a valid parameter for the operation '{operation}'."
    return not_emulated(message, f"unknown parameter '{name}' of {operation}")


def no_item_route(request: GraphRequest) -> GraphError:
    """Return the error of Intune for a path without a route to its items (observed)."""
    service = find_service(request)
    text = "No OData route exists that match template ~/singleton/navigation/key/navigation/key with http verb "
    return GraphError(400, "No method match route template", f"{text}{request.method} for request /{service}{request.path}.")


def find_service(request: GraphRequest) -> str:
    """Return the name of the service behind a path, as in its errors."""
    return next((name for part, name in SERVICES.items() if part in request.path), CONFIGURATION)


def intune_error(status: int, code: str, text: str, **more: Any) -> GraphError:
    """Return an error of Intune itself: `error.message` is JSON text."""
    return GraphError(status, code, text, intune=True, **more)


def forbidden(roles: Sequence[str]) -> GraphError:
    """Return the 403 of Intune for a token with none of these application roles."""
    text = "Application is not authorized to perform this operation. Application must have one of the following scopes: "
    return intune_error(403, "Forbidden", text + ", ".join(roles))


def directory_not_found(object_id: str) -> GraphError:
    """Return the 404 of the directory."""
    message = f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present."
    return GraphError(404, "Request_ResourceNotFound", message)


def render_intune_message(text: str, request: GraphRequest, inner_headers: dict[str, str] | None = None) -> str:
    """Render the JSON text that Intune writes to `error.message`, including line ends; headers inside are JSON text again."""
    service = find_service(request)
    tail = (
        f" - Operation ID (for customer support): {NIL_GUID} - Activity ID: {request.client_request_id}"
        f" - Url: https://fef.emulated.manage.microsoft.com/{service}{request.path}?api-version=5026-05-01"
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


def render_error(error: GraphError, request: GraphRequest, now: datetime) -> Response:
    """Render the JSON error response of Graph."""
    date = iso(now)
    inner = {
        "date": date if request.tenant.settings.error_date_zone else date.rstrip("Z"),
        "request-id": request.request_id,
        "client-request-id": request.client_request_id,
    }
    message = render_intune_message(error.message, request, error.inner_headers) if error.intune else error.message
    body: dict[str, Any] = {"code": error.code, "message": message}
    if error.details:
        body["details"] = error.details
    body["innerError"] = inner
    return Response(error.status, {"error": body}, dict(error.headers))
