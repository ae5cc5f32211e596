# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The base of every kind of credential."""

from __future__ import annotations

import abc
import dataclasses
import typing as t

from .. import _errors as errors
from .._clouds import Cloud
from .._http.retry import RetryingSender
from .._types import Json
from ._claims import parse_claims

AuthMethod = t.Literal["client_secret", "client_certificate", "managed_identity", "workload_identity", "azure_cli", "access_token"]

RENEW_BEFORE = 300.0  # seconds of life left at which a token is replaced


@dataclasses.dataclass(frozen=True)
class Token:
    """A bearer token; ``expires_at`` in seconds since the epoch, null when unknown."""

    value: str = dataclasses.field(repr=False)
    expires_at: float | None = None


@dataclasses.dataclass(frozen=True)
class CredentialContext:
    """The surroundings of a credential. ``now`` returns seconds since the epoch."""

    cloud: Cloud
    sender: RetryingSender
    now: t.Callable[[], float]


class Credential(abc.ABC):
    """One way to sign in. A subclass names the options that it requires, and fetches a token.

    ``method`` is an AuthMethod. ``validate()`` looks at options and local files only; ``fetch_token()`` is the only part that sends
    requests.
    """

    method: str = ""
    required_options: tuple[str, ...] = ()

    def __init__(self, options: t.Mapping[str, t.Any], context: CredentialContext) -> None:
        self.options = options
        self.context = context
        self._token: Token | None = None

    def validate(self) -> None:
        """Raise InvalidOptionError or MissingLibraryError where the credential cannot work."""
        missing = [name for name in self.required_options if not self.options.get(name)]
        if missing:
            raise errors.InvalidOptionError(
                f"auth_method {self.method} needs {' and '.join(missing)}.",
                hint="Set it as an option, in module_defaults of group/endpointops.intune.intune, or in the environment as "
                + ", ".join(f"INTUNE_{name.upper()}" for name in missing)
                + ".",
            )

    @abc.abstractmethod
    def fetch_token(self, claims: str | None, renew: bool) -> Token:
        """Return a new token. ``claims``: a challenge that it has to meet. ``renew``: the service refused the one before."""

    def token(self, *, claims: str | None = None, renew: bool = False) -> str:
        """Return a usable token, fetched at most once while it lives. ``claims``: a challenge that a new one has to meet."""
        if renew or claims or self._token is None or self._expires_soon(self._token):
            self._token = self.fetch_token(claims, renew)
        return self._token.value

    def identity(self) -> Json:
        """Return the claims of the token, for diagnosis; empty for an opaque one."""
        return parse_claims(self.token())

    def _expires_soon(self, token: Token) -> bool:
        return token.expires_at is not None and token.expires_at - self.context.now() < RENEW_BEFORE
