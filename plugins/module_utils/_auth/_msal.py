# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The confidential client of msal on the collection's transport. Refusals become the collection's errors."""

from __future__ import annotations

import abc
import dataclasses
import re
import typing as t
import urllib.parse

from .. import _errors as errors
from .._http.message import Request, Response, is_same_origin
from .._http.retry import RetryingSender
from ._answers import find_problem, is_token, parse_json, parse_seconds
from ._base import Credential, translate_failures
from ._memory import Token

if t.TYPE_CHECKING:
    from ._cache import TokenCache

try:
    import msal
except ImportError:
    HAS_MSAL = False
    msal = None
else:
    # Older versions require a thumbprint with each certificate, and lack the managed identity client.
    HAS_MSAL = tuple(int(part) for part in msal.__version__.split(".")[:2]) >= (1, 35)

LONGEST_REASON = 2000  # characters
SECRET_FIELDS = ("client_secret", "client_assertion", "assertion", "password", "refresh_token")
SECRET_HEADERS = ("authorization", "secret", "x-identity-header")
SHORTEST_SECRET = 8  # characters; a shorter text may also occur in a response without a secret, whose token must not be altered


class MsalHttp:
    """The ``http_client`` that msal requires: get and post, on the collection's transport and with its retries.

    ``origin``: the only origin that receives requests, even if a discovery document names another. Without it, requests go directly,
    without a
    proxy, to the managed identity endpoint of this machine.
    """

    def __init__(self, sender: RetryingSender, origin: str | None = None) -> None:
        self._sender = sender
        self._origin = origin

    def get(self, url: str, params: t.Any = None, headers: t.Any = None, **_kwargs: t.Any) -> MsalResponse:
        """Return the response of a GET."""
        return self._send(Request("GET", _with_query(url, params), dict(headers or {})))

    def post(self, url: str, params: t.Any = None, data: t.Any = None, headers: t.Any = None, **_kwargs: t.Any) -> MsalResponse:
        """Return the response of a POST of a form."""
        body = data if isinstance(data, (bytes, str)) else urllib.parse.urlencode(data or {})
        content = body.encode() if isinstance(body, str) else body
        headers = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        # Requesting a token twice does no harm.
        return self._send(Request("POST", _with_query(url, params), headers, content, idempotent=True))

    def close(self) -> None:
        """Do nothing, because the owner of the transport closes it."""

    def _send(self, request: Request) -> MsalResponse:
        request = dataclasses.replace(request, secrets=find_secrets(request))
        if self._origin is None:
            request = dataclasses.replace(request, is_local=True)
        elif not is_same_origin(request.url, self._origin):
            raise errors.AuthenticationError(
                f"The sign-in service {self._origin} names an endpoint of another host: {request.url.partition('?')[0]}. "
                "Nothing was sent there.",
                hint="Check authority_url: it must be the sign-in service itself.",
            )
        response = self._sender.send(request)
        validate_response(request, response)
        return MsalResponse(response)


def find_secrets(request: Request) -> tuple[str, ...]:
    """Return the secrets of a token request, because the endpoint may repeat them in a response.

    For an assertion or a token, return only the signature: the rest is useless without it, and its beginning equals that of the issued
    token.
    """
    form = urllib.parse.parse_qsl((request.body or b"").decode("utf-8", "replace"))
    found = [value for name, value in form if name in SECRET_FIELDS]
    found += [value.split()[-1] for name, value in request.headers.items() if name.lower() in SECRET_HEADERS and value.strip()]
    parts = [value.rpartition(".")[2] if value.startswith("eyJ") else value for value in found]
    return tuple(part for part in parts if len(part) >= SHORTEST_SECRET)


def _with_query(url: str, params: t.Any) -> str:
    return url + ("&" if "?" in url else "?") + urllib.parse.urlencode(params) if params else url


def validate_response(request: Request, response: Response) -> None:
    """Raise an error for a response that msal cannot read, or would log together with the token."""
    service = "managed identity endpoint" if request.is_local else "sign-in service"
    if response.status >= 500 or response.status == 429:
        raise errors.AuthenticationError(
            f"{request.target}: the {service} still responds with status {response.status} after retry_timeout.", hint="Try again later."
        )
    if request.is_local and response.status == 401 and "www-authenticate" in response.headers and "Authorization" not in request.headers:
        # The challenge of an Arc machine has no content.
        return
    problem = _find_problem(response)
    if problem:
        raise errors.UnexpectedResponseError(
            f"{request.target} returned an unexpected response (status {response.status}), which is not of a {service}: {problem}.",
            target=request.target,
            hint="A proxy or gateway may have responded instead. Check authority_url and the proxy.",
        )


def _find_problem(response: Response) -> str | None:
    """Return why a response is not that of a sign-in service, or None if it is."""
    content = parse_json(response.text)
    if response.status >= 400:
        return None if isinstance(content, dict) else "it is not a JSON object"
    return find_problem(content) if response.status == 200 else "a token comes with status 200"


class MsalResponse:
    """A response in the form that msal expects."""

    def __init__(self, response: Response) -> None:
        self.status_code = response.status
        self.headers = response.headers
        self.text = response.text

    def raise_for_status(self) -> None:
        """Do nothing: msal calls this only for 5xx responses, which have already been raised."""


class ConfidentialCredential(Credential):
    """An application that proves its identity to Microsoft Entra. A subclass returns the proof."""

    required_options: tuple[str, ...] = ("tenant_id", "client_id")
    uses_tenant = True

    def __init__(self, *args: t.Any) -> None:
        super().__init__(*args)
        self._app: t.Any = None
        self._cache: TokenCache | None = None
        if self.options.get("token_cache_path"):
            from ._cache import TokenCache

            self._cache = TokenCache(self.options["token_cache_path"], self.options.get("client_id"), self.fingerprint)

    def validate(self) -> None:
        """Raise InvalidOptionError or MissingLibraryError if the credential cannot work."""
        super().validate()
        require_msal()
        if self._cache is not None:
            self._cache.validate()

    @abc.abstractmethod
    def client_credential(self) -> t.Any:
        """Return the proof in the form of msal's ``client_credential``."""

    @abc.abstractmethod
    def fingerprint(self) -> str:
        """Return a hash of the proof, to distinguish it from other proofs of the application. The credential must be valid."""

    def fetch_token(self, claims: str | None, renew: bool) -> Token:
        """Return the token that Microsoft Entra issues; raise AuthenticationError if it refuses."""
        app = self._application()
        scopes = [self.context.cloud.scope]
        if renew and not claims:
            # msal offers no other way to bypass its own cache.
            app.remove_tokens_for_client()
        asked_at = self.context.now()
        with translate_failures("Microsoft Entra returned an unexpected response", "Check authority_url and the proxy."):
            result = app.acquire_token_for_client(scopes, claims_challenge=claims)
        token = parse_token(result, asked_at)
        if self._cache is not None:
            self._cache.save()
        return token

    def _application(self) -> t.Any:
        if self._app is None:
            authority = f"{self.context.cloud.authority}/{self.options['tenant_id']}"
            proof = self.client_credential()
            try:
                self._app = msal.ConfidentialClientApplication(
                    self.options["client_id"],
                    client_credential=proof,
                    authority=authority,
                    # The options name the hosts, so no request goes to the public cloud to verify them.
                    instance_discovery=False,
                    http_client=MsalHttp(self.context.sender, self.context.cloud.authority),
                    token_cache=None if self._cache is None else self._cache.load(),
                    client_capabilities=["CP1"],
                )
            except errors.UnexpectedResponseError as failure:
                raise parse_authority_failure(failure.message, authority) from failure
            except errors.IntuneError:
                raise
            except Exception as failure:
                # The discovery document has members of a wrong type. The exception that msal raises from contains Entra's own text.
                raise parse_authority_failure(f"{failure} {failure.__context__}", authority) from None
        return self._app


def require_msal() -> None:
    """Raise MissingLibraryError if msal is missing or too old."""
    if not HAS_MSAL:
        raise errors.MissingLibraryError("msal>=1.35.0")


def parse_token(result: t.Mapping[str, t.Any], asked_at: float) -> Token:
    """Return the token in msal's result; raise AuthenticationError for a refusal. ``asked_at``: seconds since the epoch."""
    if not is_token(result.get("access_token")):
        raise parse_refusal(result)
    lives = parse_seconds(result.get("expires_in"))
    return Token(result["access_token"], None if lives is None else asked_at + lives)


def parse_refusal(result: t.Mapping[str, t.Any]) -> errors.AuthenticationError:
    """Return the error for an error response of Microsoft Entra."""
    from ._advice import find_hint, find_number

    described = describe_refusal(result)
    number = find_number(described)
    return errors.AuthenticationError(
        f"Microsoft Entra gave no token: {first_sentence(described)}",
        code=f"AADSTS{number}" if number else _text_of(result, "error"),
        correlation_id=_text_of(result, "correlation_id") or _text_of(result, "trace_id"),
        hint=find_hint(number),
    )


def describe_refusal(result: t.Mapping[str, t.Any]) -> str:
    """Return the reason in an error response, shortened."""
    return (_text_of(result, "error_description") or _text_of(result, "error") or "no reason was given")[:LONGEST_REASON]


def first_sentence(described: str) -> str:
    """Return the first line of a reason, without the IDs that follow it."""
    line = re.split(r"Trace ID|Correlation ID|\r|\n", described.strip(), maxsplit=1)[0]
    return "".join(sign if sign.isprintable() else " " for sign in line).strip()


def _text_of(result: t.Mapping[str, t.Any], name: str) -> str | None:
    value = result.get(name)
    return value if isinstance(value, str) and value.strip() else None


def parse_authority_failure(text: str, authority: str) -> errors.AuthenticationError:
    """Return the error for an authority without an OpenID configuration, with the AADSTS number from the text if there is one."""
    found = re.search(r"AADSTS\d+[^\"\\]*", text)
    if found:
        return parse_refusal({"error_description": found.group(0)})
    return errors.AuthenticationError(
        f"{authority} is not a Microsoft Entra tenant: it has no OpenID configuration.", hint="Check tenant_id, cloud, and authority_url."
    )
