# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""A token that somebody else got."""

from __future__ import annotations

import re

from .. import _errors as errors
from ._base import Credential, Token
from ._claims import claims_of


class AccessToken(Credential):
    method = "access_token"
    needs = ("access_token",)

    def check(self) -> None:
        super().check()
        # Nothing else can be sent in a header, and nothing else is a token.
        if not re.fullmatch(r"[!-~]+", self.options["access_token"].strip()):
            raise errors.InvalidOptionError("access_token holds blanks or characters that no token has.", hint="Check how it was copied.")

    def acquire(self, claims: str | None, renew: bool) -> Token:
        if renew:
            raise errors.AuthenticationError(
                "Microsoft Graph refused the given access_token (expired, revoked, or issued for another service or cloud).",
                hint=f"Get a new one for the resource {self.context.cloud.graph}, or use a credential that can renew itself.",
            )
        value = self.options["access_token"].strip()
        ends = claims_of(value).get("exp")
        if isinstance(ends, (int, float)) and ends <= self.context.now():
            raise errors.AuthenticationError(
                "The given access_token has expired.", hint="Get a new one, or use a credential that can renew itself."
            )
        # No end is given on: a token that cannot be renewed is used until the service refuses it.
        return Token(value)
