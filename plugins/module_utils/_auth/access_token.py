# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""A token that the user obtained elsewhere."""

from __future__ import annotations

from .. import _errors as errors
from .._lifetime import Lifetime
from ._base import Credential
from ._claims import find_end
from ._files import validate_token
from ._memory import Token

ISSUED_ELSEWHERE = "The access_token was issued elsewhere. The credential that it was issued for, and the end of that, are not known."


class AccessToken(Credential):
    """The token of the option ``access_token``, used unchanged."""

    method = "access_token"
    required_options = ("access_token",)

    def validate(self) -> None:
        """Raise InvalidOptionError for a text that cannot be a token."""
        super().validate()
        validate_token("access_token", self.options["access_token"])

    def fetch_token(self, claims: str | None, renew: bool) -> Token:
        """Return the given token; raise AuthenticationError if it has expired or was refused."""
        if renew or claims:
            raise errors.AuthenticationError(
                "Microsoft Graph refused the given access_token (expired, revoked, or issued for another service or cloud).",
                hint=f"Get a new one for the resource {self.context.cloud.graph}, or use a credential that can renew itself.",
            )
        value = self.options["access_token"].strip()
        expires_at = find_end(value)
        if expires_at is not None and expires_at <= self.context.now():
            raise errors.AuthenticationError(
                "The given access_token has expired.", hint="Get a new one, or use a credential that can renew itself."
            )
        # Without expires_at, because a token that cannot be renewed is used until the service refuses it.
        return Token(value)

    def lifetime(self) -> Lifetime:
        """Return an unknown lifetime, because the token does not show which credential it was issued for."""
        return Lifetime(reason=ISSUED_ELSEWHERE)
