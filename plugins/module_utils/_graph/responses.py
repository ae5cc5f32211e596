# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Validate Microsoft Graph's responses: return the JSON of a success, and raise the error of a failure."""

from __future__ import annotations

import base64
import re
import typing as t
import urllib.parse

from .. import _errors as errors
from .._http.message import Request, Response
from .._http.retry import is_not_applied
from .._json import Misfit, Shape, anything, parse_json
from .._text import quote
from .._types import Json

# The client errors with which Microsoft Graph refuses a request (https://learn.microsoft.com/graph/errors).
REFUSALS = frozenset({400, 402, 403, 404, 405, 406, 409, 410, 411, 412, 413, 415, 416, 422, 423})
GATEWAY = "A proxy or gateway may have responded instead of Microsoft Graph. Check graph_url and the proxy."
HINTS = {
    401: "The token was refused: check that access_token, cloud, and graph_url belong together and that the token has not expired.",
    407: "A proxy asks for credentials. Check HTTPS_PROXY and NO_PROXY.",
    429: "Microsoft Graph still throttles after retry_timeout. Run again later, or raise retry_timeout.",
}
LONGEST_CODE = 100  # characters of an error code or an ID in a message
T = t.TypeVar("T")


def parse_response(request: Request, response: Response, shape: Shape[T] = anything) -> T:
    """Return the JSON of a success, validated by this shape, or None without a body; raise the error of any other response."""
    if 300 <= response.status < 400:
        raise errors.UnexpectedResponseError(
            f"{request.target} was redirected to {_host(response.headers.get('location'))}.",
            target=request.target,
            hint="Redirects are not followed, so that the token stays with the configured host. Check graph_url and the proxy.",
        )
    if response.status >= 400:
        raise parse_error(request, response)
    if response.status < 200:
        raise errors.UnexpectedResponseError(
            f"{request.target} returned an unexpected response (status {response.status}).", target=request.target
        )
    return parse_shape(request.target, _parse_body(request, response), shape)


def parse_shape(target: str, value: t.Any, shape: Shape[T]) -> T:
    """Return the value, validated by this shape; raise UnexpectedResponseError, which names the operation and the member."""
    try:
        return shape(value, "")
    except Misfit as failure:
        raise errors.UnexpectedResponseError(
            f"{target} returned an unexpected response: {failure}.",
            target=target,
            hint="A proxy or gateway may have responded instead of Microsoft Graph, or the API has changed. Run the task again, and report "
            "it if it stays so.",
        ) from None


def _parse_body(request: Request, response: Response) -> t.Any:
    if response.status == 204 or not response.body.strip():
        return None
    try:
        return parse_json(response.body)
    except ValueError as failure:
        reason = quote(failure, LONGEST_CODE)
        raise errors.UnexpectedResponseError(
            f"{request.target} returned an unexpected response (status {response.status}), not JSON ({_content_type(response)}): {reason}.",
            target=request.target,
            hint=GATEWAY,
        ) from None


def is_refusal(response: Response) -> bool:
    """Return whether a response to a write proves that the service did nothing. This decides for all writes, alone or in a batch.

    A client error is proof if both its status and its code are Microsoft Graph's. Other statuses, such as 408 or 499, and pages of gateways
    may follow a request that the service ran.
    """
    return is_not_applied(response) or (response.status in REFUSALS and parse_code(_error_of(response)) is not None)


def _error_of(response: Response) -> Json:
    return _member(_json_object(response.text), "error")


def parse_error(request: Request, response: Response) -> errors.GraphError:
    """Return the error of an error response. Unpack Intune's JSON within JSON."""
    error = _error_of(response)
    inner = _member(error, "innerError") or _member(error, "innererror")
    message = parse_message(error.get("message")) or f"no reason was given ({_content_type(response)})"
    code = parse_code(error)
    return errors.for_status(response.status)(
        message,
        status=response.status,
        code=code,
        request_id=_parse_id(response.headers.get("request-id")) or _parse_id(inner.get("request-id")),
        client_request_id=_parse_id(response.headers.get("client-request-id")) or _parse_id(inner.get("client-request-id")),
        target=request.target,
        hint=_hint(response.status, code, message),
    )


def _member(value: Json, name: str) -> Json:
    found = value.get(name)
    return found if isinstance(found, dict) else {}


def _parse_id(value: t.Any) -> str | None:
    return quote(value, LONGEST_CODE) or None if isinstance(value, str) else None


def parse_message(message: t.Any) -> str:
    """Return the sentence in Intune's message: extracted from its JSON, in one line, without the trailing operation ID."""
    if not isinstance(message, str):
        return ""
    text = message
    wrapped = _json_object(message)
    for key in ("Message", "message"):
        if isinstance(wrapped.get(key), str):
            text = wrapped[key]
    # Shorten first, because regular expressions are slow on long texts.
    return re.split(r" - (?:Operation ID|Activity ID|Url|CustomApiErrorPhrase)\b", quote(text))[0].strip()


def parse_code(error: t.Mapping[str, t.Any]) -> str | None:
    """Return the innermost of Graph's nested codes, which is the most specific."""
    code: str | None = None
    level: t.Any = error
    while isinstance(level, dict):
        code = _parse_id(level.get("code")) or code
        level = level.get("innerError") or level.get("innererror")
    return code


def parse_claims_challenge(header: str | None) -> str | None:
    """Return the decoded claims of a continuous access evaluation challenge, or None if there are none."""
    found = re.search(r'claims="([^"]+)"', header or "")
    if not found:
        return None
    try:
        claims = base64.b64decode(found.group(1) + "===").decode()
        return claims if isinstance(parse_json(claims), dict) else None
    except ValueError:
        return None


def _hint(status: int, code: str | None, message: str) -> str | None:
    if "not applicable to target tenant" in message:
        return "This tenant has no active Intune subscription, or the application signs in to another tenant than meant."
    if status in HINTS:
        return HINTS[status]
    if 400 <= status < 500 and code is None:
        return GATEWAY
    if status != 403:
        return None
    missing = "the missing application permission" if code == "Authorization_RequestDenied" else "one of the named application permissions"
    return f"Grant {missing} to the application in Microsoft Entra and consent to it as an administrator."


def _json_object(text: str) -> Json:
    try:
        value = parse_json(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _content_type(response: Response) -> str:
    kind = quote(response.headers.get("content-type", "no content type").split(";")[0], LONGEST_CODE)
    return f"{kind}, {len(response.body)} bytes"


def _host(url: str | None) -> str:
    """Return the host of a URL for a message."""
    try:
        # Omit a user name and password.
        host = urllib.parse.urlsplit(url or "").netloc.rpartition("@")[2]
    except ValueError:
        return "an address that cannot be read"
    return quote(host, LONGEST_CODE) if host else "another place"
