# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The identity of an Azure machine, container, or runbook, from the endpoint that the platform provides.

Sources: https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token#error-handling and
https://learn.microsoft.com/azure/app-service/overview-managed-identity
"""

from __future__ import annotations

import os
import re
import typing as t

from .. import _errors as errors
from .._lifetime import Lifetime
from ._base import Credential, translate_failures
from ._memory import Token
from ._msal import MsalHttp, describe_refusal, first_sentence, parse_token, require_msal

try:
    import msal
except ImportError:
    msal = None

OPTION = "managed_identity_client_id"
NOT_HERE = "Run this on an Azure resource that has a managed identity, or choose another auth_method."
# The instance metadata service and App Service return these texts if the machine does not have the identity.
NO_IDENTITY = re.compile(r"identity not found|no user assigned or delegated managed identity|no managed identity", re.IGNORECASE)
SEVERAL = re.compile(r"multiple user assigned identities", re.IGNORECASE)


class ManagedIdentity(Credential):
    """The managed identity of the machine, or the one that the option ``managed_identity_client_id`` selects."""

    method = "managed_identity"

    def validate(self) -> None:
        """Raise MissingLibraryError without msal, and InvalidOptionError on a platform whose endpoint is not supported."""
        super().validate()
        require_msal()
        if os.environ.get("IDENTITY_ENDPOINT") and os.environ.get("IDENTITY_SERVER_THUMBPRINT"):
            raise errors.InvalidOptionError(
                "The managed identity of Service Fabric (IDENTITY_SERVER_THUMBPRINT is set) is not supported.",
                hint="Choose another auth_method, such as client_certificate.",
            )

    def fetch_token(self, claims: str | None, renew: bool) -> Token:
        """Return the token that the machine's endpoint issues."""
        client_id = self.options.get(OPTION)
        identity = msal.UserAssignedManagedIdentity(client_id=client_id) if client_id else msal.SystemAssignedManagedIdentity()
        # Create a new client for each token, because msal offers no other way to bypass its cache here.
        client = msal.ManagedIdentityClient(identity, http_client=MsalHttp(self.context.sender))
        asked_at = self.context.now()
        try:
            # Including OSError: the challenge of an Arc machine names a file that only one group can read.
            with translate_failures(
                "The managed identity endpoint of this machine returned an unexpected response",
                f"Check that the user who runs the module may use the identity. {NOT_HERE}",
            ):
                result = client.acquire_token_for_client(resource=self.context.cloud.graph, claims_challenge=claims)
        except (errors.NotSentError, errors.LostResponseError) as failure:
            raise errors.AuthenticationError(f"No managed identity endpoint answers here: {failure.message}", hint=NOT_HERE) from failure
        except errors.UnexpectedResponseError as failure:
            raise errors.AuthenticationError(
                f"The managed identity endpoint of this machine returned an unexpected response: {failure.message}", hint=NOT_HERE
            ) from failure
        if not result.get("access_token"):
            raise parse_refusal(result, client_id)
        return parse_token(result, asked_at)

    def lifetime(self) -> Lifetime:
        """Return a lifetime without an end, because the platform renews the credential of the identity."""
        return Lifetime(reason="A managed identity has no credential to renew.", is_endless=True)


def parse_refusal(result: t.Mapping[str, t.Any], client_id: str | None) -> errors.AuthenticationError:
    """Return the error for an error response of the managed identity endpoint, which may quote an error of Microsoft Entra."""
    from ._advice import find_hint, find_number

    described = describe_refusal(result)
    number = find_number(described)
    hint = find_hint(number, f"Check that the machine has a managed identity. {NOT_HERE}")
    if NO_IDENTITY.search(described):
        hint = (
            f"Assign the user-assigned identity with this client ID to the machine, or correct {OPTION}."
            if client_id
            else f"Enable the system-assigned identity of the machine, or name a user-assigned one by {OPTION}."
        )
    elif SEVERAL.search(described):
        hint = f"Name one of them by {OPTION}."
    identity = f"the identity {client_id}" if client_id else "its system-assigned identity"
    code = result.get("error")
    return errors.AuthenticationError(
        f"The managed identity endpoint of this machine gave no token for {identity}: {first_sentence(described)}",
        code=f"AADSTS{number}" if number else code if isinstance(code, str) else None,
        hint=hint,
    )
