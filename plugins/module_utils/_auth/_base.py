# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The base class of all credentials."""

from __future__ import annotations

import abc
import contextlib
import dataclasses
import json
import math
import os
import re
import typing as t

from .. import _errors as errors
from .._clouds import Cloud
from .._http.retry import RetryingSender
from .._lifetime import Lifetime
from .._text import join_words
from .._types import Json
from ._claims import parse_claims
from ._memory import KeptToken, Token

AuthMethod = t.Literal["client_secret", "client_certificate", "managed_identity", "workload_identity", "azure_cli", "access_token"]

RENEW_BEFORE = 300.0  # replace a token with this many seconds of life left, or with a tenth of its life left if that is less
NIL = "00000000-0000-0000-0000-000000000000"
GUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
DOMAIN = r"(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{0,61}[a-z]"
CHECK_ENVIRONMENT = (
    "The variables are read where the module runs: with become, or on another host, it does not see the environment of the controller. "
    "Set options there."
)


@dataclasses.dataclass(frozen=True)
class CredentialContext:
    """The services that a credential uses. ``now`` returns seconds since the epoch."""

    cloud: Cloud
    sender: RetryingSender
    now: t.Callable[[], float]


class Credential(abc.ABC):
    """A way to sign in. A subclass lists the options that it requires, and fetches a token.

    ``method`` is an AuthMethod. ``validate()`` checks only options and local files. Only ``fetch_token()`` sends requests.
    """

    method: str = ""
    required_options: tuple[str, ...] = ()
    uses_tenant: bool = False

    def __init__(self, options: t.Mapping[str, t.Any], context: CredentialContext) -> None:
        self.options = options
        self.context = context
        self.kept = KeptToken()

    def validate(self) -> None:
        """Raise InvalidOptionError or MissingLibraryError if the credential cannot work."""
        missing = [name for name in self.required_options if not self.options.get(name)]
        if missing:
            raise errors.InvalidOptionError(
                f"auth_method {self.method} needs {' and '.join(missing)}.{describe_empty_variables(missing, os.environ)}",
                hint="Set it as an option, in module_defaults of group/endpointops.intune.intune, or in the environment as "
                f"{', '.join(map(render_variable, missing))}. {CHECK_ENVIRONMENT}",
            )
        if self.uses_tenant and self.options.get("tenant_id"):
            validate_tenant(self.options["tenant_id"])

    def fingerprint(self) -> str:
        """Return a hash of the proof of a valid credential, or an empty text if the options contain the whole proof."""
        return ""

    @abc.abstractmethod
    def fetch_token(self, claims: str | None, renew: bool) -> Token:
        """Return a new token. ``claims``: a claims challenge that it must satisfy. ``renew``: the service refused the previous token."""

    def token(self, *, claims: str | None = None, renew: bool = False) -> str:
        """Return a usable token, fetched only once during its lifetime. ``claims``: a claims challenge that a new token must satisfy."""
        kept = self.kept
        if renew or claims or kept.token is None or self.context.now() >= kept.renew_at:
            kept.token = self.fetch_token(claims, renew)
            kept.renew_at = choose_renewal(kept.token, self.context.now())
        return kept.token.value

    def identity(self) -> Json:
        """Return the claims of the token for diagnosis, empty for an opaque token."""
        return parse_claims(self.token())

    @abc.abstractmethod
    def lifetime(self) -> Lifetime:
        """Return the lifetime of the credential as far as the credential itself shows it. Send no request."""


def render_variable(option: str) -> str:
    """Return the environment variable of an option."""
    return f"INTUNE_{option.upper()}"


def describe_empty_variables(options: t.Iterable[str], environ: t.Mapping[str, str]) -> str:
    """Return a sentence that lists the options whose environment variable is set but empty, or '' if there are none."""
    empty = [variable for option in options if environ.get(variable := render_variable(option)) == ""]
    if not empty:
        return ""
    noun, verb = ("variables", "are") if len(empty) > 1 else ("variable", "is")
    return f" The environment {noun} {join_words(empty)} {verb} empty."


def choose_renewal(token: Token, now: float) -> float:
    """Return the time (seconds since the epoch) from which a token received at ``now`` is replaced."""
    if token.expires_at is None or token.expires_at <= now:
        # The token seems to have expired on arrival, so the local clock is wrong. Use it until the service refuses it.
        return math.inf
    return token.expires_at - min(RENEW_BEFORE, (token.expires_at - now) / 10)


def validate_tenant(tenant: str) -> None:
    """Raise InvalidOptionError for a text that cannot be a tenant, because it becomes part of a path and of a command."""
    if not re.fullmatch(f"{GUID}|{DOMAIN}", tenant, re.IGNORECASE) or tenant == NIL:
        raise errors.InvalidOptionError(
            f"tenant_id '{tenant}' is neither a GUID nor a domain name of a tenant.", hint="Give the Directory ID, without braces."
        )


@contextlib.contextmanager
def translate_failures(message: str, hint: str) -> t.Iterator[None]:
    """Turn any exception of a library into an AuthenticationError without the library's own text, which may contain a secret."""
    try:
        yield
    except errors.IntuneError:
        raise
    except Exception as failure:
        problem = "it is not JSON" if isinstance(failure, json.JSONDecodeError) else type(failure).__name__
        raise errors.AuthenticationError(f"{message} ({problem}).", hint=hint) from None
