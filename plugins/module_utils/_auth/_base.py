# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""What every kind of credential has in common."""

from __future__ import annotations

import abc
import dataclasses
import typing as t

from .. import _errors as errors
from .._clouds import Cloud
from .._http.retry import RetryingSender
from ._claims import claims_of

RENEW_BEFORE = 300.0  # seconds of life left at which a token is replaced


@dataclasses.dataclass(frozen=True)
class Token:
    """A bearer token; ``expires_at`` in seconds since the epoch, null when unknown."""

    value: str = dataclasses.field(repr=False)
    expires_at: float | None = None


@dataclasses.dataclass(frozen=True)
class CredentialContext:
    """What a credential needs besides the user's options."""

    cloud: Cloud
    sender: RetryingSender
    now: t.Callable[[], float]


class Credential(abc.ABC):
    """One way to be somebody. A subclass says what it needs and how it gets a token.

    ``check()`` looks at options and local files only; ``acquire()`` is the only part that talks.
    """

    method = ""
    needs: tuple[str, ...] = ()

    def __init__(self, options: t.Mapping[str, t.Any], context: CredentialContext) -> None:
        self.options = options
        self.context = context
        self._token: Token | None = None

    def check(self) -> None:
        missing = [name for name in self.needs if not self.options.get(name)]
        if missing:
            raise errors.InvalidOptionError(
                f"auth_method {self.method} needs {' and '.join(missing)}.",
                hint="Set it as an option, in module_defaults of group/endpointops.intune.intune, or in the environment as "
                + ", ".join(f"INTUNE_{name.upper()}" for name in missing)
                + ".",
            )

    @abc.abstractmethod
    def acquire(self, claims: str | None, renew: bool) -> Token:
        """A new token. ``renew``: the service refused the one before."""

    def token(self, *, claims: str | None = None, renew: bool = False) -> str:
        """A usable token, asked for at most once while it lives. ``claims``: a challenge that a new one has to meet."""
        if renew or claims or self._token is None or self._ends_soon(self._token):
            self._token = self.acquire(claims, renew)
        return self._token.value

    def identity(self) -> dict[str, t.Any]:
        """Who the token says we are, for diagnosis: the claims of the token, empty for an opaque one."""
        return claims_of(self.token())

    def _ends_soon(self, token: Token) -> bool:
        return token.expires_at is not None and token.expires_at - self.context.now() < RENEW_BEFORE
