# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Microsoft Graph's responses: the JSON of a good one, the error of any other."""

from __future__ import annotations

import json
import re
import typing as t
import urllib.parse

from .. import _errors as errors
from .._http.message import Request, Response
from .._types import Json


def parse_response(request: Request, response: Response) -> t.Any:
    """Return the JSON of a good response, null without a body; raise the error of any other."""
    if 300 <= response.status < 400:
        raise errors.UnexpectedResponseError(
            f"{request.target} was redirected to {_host(response.headers.get('location'))}.",
            target=request.target,
            hint="Redirects are not followed, so that the token stays with the configured host. Check graph_url and the proxy.",
        )
    if response.status >= 400:
        raise parse_error(request, response)
    if response.status == 204 or not response.body:
        return None
    try:
        return json.loads(response.body)
    except ValueError:
        raise errors.UnexpectedResponseError(
            f"{request.target} answered {response.status} with something that is not JSON ({_content_type(response)}).",
            target=request.target,
            hint="A proxy or gateway may have answered in place of Microsoft Graph. Check graph_url and the proxy.",
        ) from None


def parse_error(request: Request, response: Response) -> errors.GraphError:
    """Return the error of an error response, with Intune's JSON within JSON unpacked."""
    body = _json_object(response.text)
    error = body.get("error") if isinstance(body.get("error"), dict) else {}
    error = t.cast(Json, error)
    inner = error.get("innerError") if isinstance(error.get("innerError"), dict) else {}
    inner = t.cast(Json, inner)
    message = parse_message(error.get("message")) or f"no reason was given ({_content_type(response)})"
    code = parse_code(error)
    return errors.for_status(response.status)(
        message,
        status=response.status,
        code=code,
        request_id=response.headers.get("request-id") or inner.get("request-id"),
        client_request_id=response.headers.get("client-request-id") or inner.get("client-request-id"),
        target=request.target,
        hint=_hint(response.status, code, message),
    )


def parse_message(message: t.Any) -> str:
    """Return the sentence inside Intune's message: unwrapped from its JSON, without the operation ID at its end."""
    if not isinstance(message, str):
        return ""
    text = message
    wrapped = _json_object(message)
    for key in ("Message", "message"):
        if isinstance(wrapped.get(key), str):
            text = wrapped[key]
    return re.split(r"\s+- (?:Operation ID|Activity ID|Url|CustomApiErrorPhrase)\b", text)[0].strip()


def parse_code(error: t.Mapping[str, t.Any]) -> str | None:
    """Return the innermost of Graph's nested codes, which names the case."""
    code: str | None = None
    level: t.Any = error
    while isinstance(level, dict):
        if isinstance(level.get("code"), str) and level["code"]:
            code = level["code"]
        level = level.get("innerError") or level.get("innererror")
    return code


def _hint(status: int, code: str | None, message: str) -> str | None:
    if "not applicable to target tenant" in message:
        return "This tenant has no active Intune subscription, or the application signs in to another tenant than meant."
    if status == 401:
        return "The token was refused: check that access_token, cloud and graph_url belong together and that the token has not expired."
    if status == 403 and code == "Authorization_RequestDenied":
        return "Grant the missing application permission to the application in Microsoft Entra and consent to it as an administrator."
    if status == 403:
        return "Grant one of the named application permissions to the application in Microsoft Entra and consent to it as an administrator."
    if status == 429:
        return "Microsoft Graph still throttles after retry_timeout. Run again later, or raise retry_timeout."
    return None


def _json_object(text: str) -> Json:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _content_type(response: Response) -> str:
    kind = response.headers.get("content-type", "no content type").split(";")[0]
    return f"{kind}, {len(response.body)} bytes"


def _host(url: str | None) -> str:
    try:
        return (urllib.parse.urlsplit(url).netloc.rpartition("@")[2] if url else "") or "another place"
    except ValueError:
        # No address at all.
        return "another place"
