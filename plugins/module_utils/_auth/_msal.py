# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The confidential client of msal, on the collection's transport, with its refusals as the collection's errors."""

from __future__ import annotations

import abc
import re
import typing as t
import urllib.parse

from .. import _errors as errors
from .._http.message import Request, Response
from .._http.retry import RetryingSender
from .._json import parse_json
from . import _cache
from ._base import Credential, Token

try:
    import msal
except ImportError:
    HAS_MSAL = False
    msal = None
else:
    # Older ones do not take a certificate without its thumbprint, and lack the managed identity client.
    HAS_MSAL = tuple(int(part) for part in msal.__version__.split(".")[:2]) >= (1, 35)

# The remedy for each AADSTS number. Source: https://learn.microsoft.com/entra/identity-platform/reference-error-codes
HINTS = {
    "7000215": "The secret is wrong: use the secret's value, not its id, and the application that it belongs to.",
    "7000222": "The secret has expired: make a new one for the application in Microsoft Entra.",
    "700016": "The application is not known in this tenant: check client_id, tenant_id and cloud.",
    "90002": "The tenant is not known: check tenant_id and cloud.",
    "900023": "tenant_id is neither a GUID nor a domain of the tenant.",
    "700027": "The certificate is not one of the application's, or is no longer valid: upload its public part to the application.",
    "70021": "The federated token's issuer, subject and audience fit no federated credential of the application.",
    "700024": "The client assertion is outside its time range: check the clock of the machine that runs the module.",
    "500011": "The tenant does not know the resource: check cloud and graph_url.",
    "53003": "A Conditional Access policy for workload identities blocks this application from here.",
}


class MsalHttp:
    """The ``http_client`` that msal asks for: get and post, on the collection's transport and with its retries."""

    def __init__(self, sender: RetryingSender) -> None:
        self._sender = sender

    def get(self, url: str, params: t.Any = None, headers: t.Any = None, **_kwargs: t.Any) -> MsalResponse:
        """Return the response of a GET."""
        return self._send(Request("GET", _with_query(url, params), dict(headers or {})))

    def post(self, url: str, params: t.Any = None, data: t.Any = None, headers: t.Any = None, **_kwargs: t.Any) -> MsalResponse:
        """Return the response of a POST of a form."""
        body = data if isinstance(data, (bytes, str)) else urllib.parse.urlencode(data or {})
        content = body.encode() if isinstance(body, str) else body
        headers = {"Content-Type": "application/x-www-form-urlencoded", **(headers or {})}
        # Asking twice for a token is harmless.
        return self._send(Request("POST", _with_query(url, params), headers, content, idempotent=True))

    def close(self) -> None:
        """Do nothing: the owner of the transport closes it."""

    def _send(self, request: Request) -> MsalResponse:
        response = self._sender.send(request)
        validate_response(request, response)
        return MsalResponse(response)


def _with_query(url: str, params: t.Any) -> str:
    return url + ("&" if "?" in url else "?") + urllib.parse.urlencode(params) if params else url


def validate_response(request: Request, response: Response) -> None:
    """Raise an error for a response that msal cannot read, or would write to a log with the token in it."""
    if response.status >= 500 or response.status == 429:
        raise errors.AuthenticationError(
            f"{request.target}: the sign-in service still responds with status {response.status} after retry_timeout.",
            hint="Try again later.",
        )
    if 200 <= response.status < 400 and not isinstance(_parse_json(response.text), dict):
        raise errors.UnexpectedResponseError(
            f"{request.target} returned an unexpected response (status {response.status}), which is not of a sign-in service.",
            target=request.target,
            hint="A proxy or gateway may have responded instead. Check authority_url and the proxy.",
        )


def _parse_json(text: str) -> t.Any:
    try:
        return parse_json(text)
    except ValueError:
        return None


class MsalResponse:
    """A response in the form that msal expects."""

    def __init__(self, response: Response) -> None:
        self.status_code = response.status
        self.headers = response.headers
        self.text = response.text

    def raise_for_status(self) -> None:
        """Do nothing: msal calls this for 5xx only, which are raised before."""


class ConfidentialCredential(Credential):
    """An application that proves its identity to Entra, with the proof that a subclass returns."""

    required_options: tuple[str, ...] = ("tenant_id", "client_id")

    def __init__(self, *args: t.Any) -> None:
        super().__init__(*args)
        self._app: t.Any = None
        self._cache = _cache.TokenCache(self.options.get("token_cache_path"))

    def validate(self) -> None:
        """Raise InvalidOptionError or MissingLibraryError where the credential cannot work."""
        super().validate()
        require_msal()
        tenant = self.options["tenant_id"]
        if not re.fullmatch(r"[0-9A-Za-z.-]+", tenant):
            raise errors.InvalidOptionError(
                f"tenant_id '{tenant}' is neither a GUID nor a domain name.", hint="Give the Directory ID, without braces."
            )
        self._cache.validate()

    @abc.abstractmethod
    def client_credential(self) -> t.Any:
        """Return the proof, in the form of msal's ``client_credential``."""

    def fetch_token(self, claims: str | None, renew: bool) -> Token:
        """Return the token that Microsoft Entra issues; raise AuthenticationError where it refuses."""
        app = self._application()
        scopes = [self.context.cloud.scope]
        if renew and not claims:
            # msal has no other way to bypass its own cache.
            app.remove_tokens_for_client()
        asked_at = self.context.now()
        try:
            result = app.acquire_token_for_client(scopes, claims_challenge=claims)
        except errors.IntuneError:
            raise
        except Exception as failure:
            # Whatever msal raises for a response that it does not expect; its text may be the response's.
            raise errors.AuthenticationError("Microsoft Entra returned an unexpected response.", hint="Check the proxy.") from failure
        token = parse_token(result, asked_at)
        self._cache.save()
        return token

    def _application(self) -> t.Any:
        if self._app is None:
            authority = f"{self.context.cloud.authority}/{self.options['tenant_id']}"
            try:
                self._app = msal.ConfidentialClientApplication(
                    self.options["client_id"],
                    client_credential=self.client_credential(),
                    authority=authority,
                    # The options name the hosts: the public cloud is not asked about them.
                    instance_discovery=False,
                    http_client=MsalHttp(self.context.sender),
                    token_cache=self._cache.load(),
                    client_capabilities=["CP1"],
                )
            except (errors.NotSentError, errors.LostResponseError, errors.AuthenticationError, errors.InvalidOptionError):
                raise
            except Exception as failure:
                # msal puts Entra's own text into the error that it raises from.
                raise parse_authority_failure(f"{failure} {failure.__context__}", authority) from failure
        return self._app


def require_msal() -> None:
    """Raise MissingLibraryError without msal, or with one that is too old."""
    if not HAS_MSAL:
        raise errors.MissingLibraryError("msal>=1.35.0")


def parse_token(result: t.Mapping[str, t.Any], asked_at: float) -> Token:
    """Return the token in msal's result; raise AuthenticationError for a refusal. ``asked_at``: seconds since the epoch."""
    if not result.get("access_token"):
        raise parse_refusal(result)
    if not isinstance(result["access_token"], str):
        raise errors.AuthenticationError("Microsoft Entra returned an unexpected response: access_token must be a text.")
    try:
        return Token(result["access_token"], asked_at + float(result.get("expires_in", 0)))
    except (TypeError, ValueError, OverflowError):
        return Token(result["access_token"])


def parse_refusal(result: t.Mapping[str, t.Any]) -> errors.AuthenticationError:
    """Return the error in an error response of Entra or of a managed identity endpoint."""
    described = str(result.get("error_description") or result.get("error") or "no reason was given")
    sentence = re.split(r"\s*(?:Trace ID|Correlation ID|\r\n|\n)", described)[0].strip()
    found = re.search(r"AADSTS(\d+)", described)
    number = found.group(1) if found else None
    return errors.AuthenticationError(
        f"Microsoft Entra gave no token: {sentence}",
        code=f"AADSTS{number}" if number else result.get("error"),
        correlation_id=result.get("correlation_id") or result.get("trace_id"),
        hint=HINTS.get(number or "", "Check tenant_id, client_id, the credential and cloud."),
    )


def parse_authority_failure(text: str, authority: str) -> errors.AuthenticationError:
    """Return the error for an authority without an OpenID configuration, with the AADSTS number in the text, if there is one."""
    found = re.search(r"AADSTS\d+[^\"\\]*", text)
    if found:
        return parse_refusal({"error_description": found.group(0)})
    return errors.AuthenticationError(
        f"{authority} is not a Microsoft Entra tenant: it has no OpenID configuration.", hint="Check tenant_id, cloud and authority_url."
    )
