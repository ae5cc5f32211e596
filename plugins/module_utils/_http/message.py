# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Microsoft Graph over HTTP as pure functions: what to send, what an answer means, whether to send again."""

from __future__ import annotations

import dataclasses
import datetime
import email.utils
import json
import math
import re
import typing as t
import urllib.parse

from .. import _errors as errors

SAFE_VERBS = frozenset({"GET", "HEAD"})
# The service refused before it ran anything: any verb may be sent again.
NOT_RUN = frozenset({429})
PASSING = frozenset({500, 502, 503, 504})

CONNECT_ATTEMPTS = 4  # a wrong name or a closed port stays so: do not use up the whole retry time
FIRST_BACKOFF = 1.0  # seconds
LONGEST_BACKOFF = 30.0  # seconds
LONGEST_RETRY_AFTER = 86400.0  # seconds


@dataclasses.dataclass(frozen=True)
class Request:
    """One HTTP request. ``repeatable``: sending it twice leaves the service as sending it once does."""

    method: str
    url: str
    headers: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    body: bytes | None = None
    repeatable: bool = False
    bearer: str | None = None

    def __repr__(self) -> str:
        # All the rest can hold a secret: the query too, of a report's address.
        return f"Request({self.method} {self.url.partition('?')[0]})"

    @property
    def target(self) -> str:
        return f"{self.method} {urllib.parse.urlsplit(self.url).path}"


@dataclasses.dataclass(frozen=True)
class Response:
    """One whole HTTP answer; header names in lower case."""

    status: int
    headers: t.Mapping[str, str]
    body: bytes = dataclasses.field(default=b"", repr=False)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8", errors="replace")


def with_bearer(request: Request, token: str) -> Request:
    return dataclasses.replace(request, bearer=token)


def segments(*parts: str) -> str:
    """A path of segments, each quoted, so that no name can reach another resource."""
    if any(part in ("", ".", "..") for part in parts):
        raise errors.InvalidOptionError(f"'{'/'.join(parts)}' names nothing in Microsoft Graph.")
    return "/" + "/".join(urllib.parse.quote(part, safe="()=,'$") for part in parts)


def literal(value: str) -> str:
    """An OData string literal: quoted, with quotes doubled."""
    return "'" + value.replace("'", "''") + "'"


def build_url(origin: str, version: str, path: str, query: t.Mapping[str, str] | None = None) -> str:
    url = f"{origin}/{version}{path}"
    if query:
        url += "?" + urllib.parse.urlencode(query, quote_via=urllib.parse.quote, safe="$,()'")
    return url


def same_origin(url: str, origin: str) -> bool:
    try:
        there, here = urllib.parse.urlsplit(url), urllib.parse.urlsplit(origin)
        if "\\" in url or "@" in there.netloc:
            # Parsers do not agree on the host of such an address.
            return False
        return (there.scheme, there.hostname, there.port or 443) == (here.scheme, here.hostname, here.port or 443)
    except ValueError:
        return False


def is_https(url: str) -> bool:
    """Whether parsers agree that this is an https address of some host."""
    try:
        parts = urllib.parse.urlsplit(url)
        return parts.scheme == "https" and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc and "\\" not in url
    except ValueError:
        return False


def parse_date(value: str | None) -> float | None:
    """An HTTP date as seconds since the epoch; null for what is not one."""
    if not value:
        return None
    try:
        date = email.utils.parsedate_to_datetime(value)
        # HTTP dates are in GMT, also where one does not say so.
        return (date if date.tzinfo else date.replace(tzinfo=datetime.timezone.utc)).timestamp()
    except (TypeError, ValueError):
        return None


def parse_retry_after(value: str | None, now: float) -> float | None:
    """Seconds to wait: from whole, fractional or date form. Null when missing or unreadable."""
    if value is None:
        return None
    try:
        seconds = float(value.strip())
    except ValueError:
        date = parse_date(value)
        if date is None:
            return None
        seconds = date - now
    # float() also reads "nan" and "inf".
    return None if math.isnan(seconds) else min(max(seconds, 0.0), LONGEST_RETRY_AFTER)


def may_repeat(request: Request, status: int, headers: t.Mapping[str, str]) -> bool:
    """Whether an answer of this status allows the same request to be sent again."""
    if status in NOT_RUN:
        return True
    if status not in PASSING:
        return False
    if request.method in SAFE_VERBS or request.repeatable:
        return True
    # 503 with Retry-After is a refusal; without it the request may have been under way.
    return status == 503 and "retry-after" in headers


def may_repeat_after_failure(request: Request, failure: errors.IntuneError, attempt: int) -> bool:
    """The same when there was no answer at all."""
    if isinstance(failure, errors.NotSentError):
        return failure.passing and attempt < CONNECT_ATTEMPTS
    return request.method in SAFE_VERBS or request.repeatable


def backoff(attempt: int, retry_after: float | None, jitter: float) -> float:
    """Seconds before try number ``attempt + 1``. ``jitter`` is in 0..1.

    Intune leaves Retry-After out, or says 0, while it still throttles: both mean our own growing pause.
    """
    # The exponent is bounded: past it the longest pause is reached anyway.
    own = min(LONGEST_BACKOFF, FIRST_BACKOFF * 2 ** min(attempt - 1, 16))
    own = own / 2 + own / 2 * jitter
    return max(retry_after, own / 2) if retry_after else own


def decode(request: Request, response: Response) -> t.Any:
    """The JSON of a good answer (null when it has no body); every other answer is raised."""
    if 300 <= response.status < 400:
        raise errors.UnexpectedAnswerError(
            f"{request.target} was redirected to {_host(response.headers.get('location'))}.",
            target=request.target,
            hint="Redirects are not followed, so that the token stays with the configured host. Check graph_url and the proxy.",
        )
    if response.status >= 400:
        raise decode_error(request, response)
    if response.status == 204 or not response.body:
        return None
    try:
        return json.loads(response.body)
    except ValueError:
        raise errors.UnexpectedAnswerError(
            f"{request.target} answered {response.status} with something that is not JSON ({_kind(response)}).",
            target=request.target,
            hint="A proxy or gateway may have answered in place of Microsoft Graph. Check graph_url and the proxy.",
        ) from None


def decode_error(request: Request, response: Response) -> errors.GraphError:
    """The error of an answer, with Intune's JSON within JSON unpacked."""
    body = _json_object(response.text)
    error = body.get("error") if isinstance(body.get("error"), dict) else {}
    inner = error.get("innerError") if isinstance(error.get("innerError"), dict) else {}
    message = plain_message(error.get("message")) or f"no reason was given ({_kind(response)})"
    code = most_specific_code(error)
    return errors.for_status(response.status)(
        message,
        status=response.status,
        code=code,
        request_id=response.headers.get("request-id") or inner.get("request-id"),
        client_request_id=response.headers.get("client-request-id") or inner.get("client-request-id"),
        target=request.target,
        hint=_hint(response.status, code, message),
        retry_after=parse_retry_after(response.headers.get("retry-after"), parse_date(response.headers.get("date")) or 0.0),
    )


def plain_message(message: t.Any) -> str:
    """The sentence inside Intune's message: unwrapped from its JSON, without the operation-id tail."""
    if not isinstance(message, str):
        return ""
    text = message
    wrapped = _json_object(message)
    for key in ("Message", "message"):
        if isinstance(wrapped.get(key), str):
            text = wrapped[key]
    return re.split(r"\s+- (?:Operation ID|Activity ID|Url|CustomApiErrorPhrase)\b", text)[0].strip()


def most_specific_code(error: t.Mapping[str, t.Any]) -> str | None:
    """Graph nests codes: the innermost names the case."""
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


def _json_object(text: str) -> dict[str, t.Any]:
    try:
        value = json.loads(text)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}


def _kind(response: Response) -> str:
    kind = response.headers.get("content-type", "no content type").split(";")[0]
    return f"{kind}, {len(response.body)} bytes"


def _host(url: str | None) -> str:
    return (urllib.parse.urlsplit(url).netloc if url else "") or "another place"
