# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The identity that Azure gives to the machine, container or runbook which runs the module."""

from __future__ import annotations

from .. import _errors as errors
from ._base import Credential, Token
from ._msal import MsalHttp, parse_token, require_msal

try:
    import msal
except ImportError:
    msal = None


class ManagedIdentity(Credential):
    """The managed identity of the machine, or the one of the option ``managed_identity_client_id``."""

    method = "managed_identity"

    def validate(self) -> None:
        """Raise MissingLibraryError without msal."""
        super().validate()
        require_msal()

    def fetch_token(self, claims: str | None, renew: bool) -> Token:
        """Return the token that the machine's endpoint issues."""
        client_id = self.options.get("managed_identity_client_id")
        identity = msal.UserAssignedManagedIdentity(client_id=client_id) if client_id else msal.SystemAssignedManagedIdentity()
        # A new client for each token: msal has no way to bypass its cache here.
        client = msal.ManagedIdentityClient(identity, http_client=MsalHttp(self.context.sender))
        asked_at = self.context.now()
        try:
            result = client.acquire_token_for_client(resource=self.context.cloud.graph, claims_challenge=claims)
        except errors.NotSentError as failure:
            raise errors.AuthenticationError(
                f"No managed identity endpoint answers here: {failure.message}",
                hint="Run this on an Azure resource that has a managed identity, or choose another auth_method.",
            ) from failure
        except (ValueError, TypeError, OSError, msal.ManagedIdentityError) as failure:
            # OSError: an Arc machine's challenge names a file that only its group may read.
            raise errors.AuthenticationError(
                f"The managed identity endpoint gave no token ({type(failure).__name__}).",
                hint="Check that the machine has a managed identity, and that the user who runs the module may use it.",
            ) from failure
        return parse_token(result, asked_at)
