# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""An application and its secret."""

from __future__ import annotations

import hashlib

from .. import _errors as errors
from .._lifetime import HINT_LENGTH, Lifetime
from ._msal import ConfidentialCredential


class ClientSecret(ConfidentialCredential):
    """The secret of the option ``client_secret``."""

    method = "client_secret"
    required_options = ("tenant_id", "client_id", "client_secret")

    def validate(self) -> None:
        """Raise InvalidOptionError also for a secret that was copied together with other text."""
        super().validate()
        secret = self.options["client_secret"]
        if secret != secret.strip() or not secret.isprintable():
            raise errors.InvalidOptionError(
                "client_secret begins or ends with a blank or a line end, or holds one.",
                hint="Give the secret alone: use the filter trim for one that comes out of a file, and 'echo -n' to write one.",
            )

    def client_credential(self) -> str:
        """Return the secret."""
        secret: str = self.options["client_secret"]
        return secret

    def fingerprint(self) -> str:
        """Return the hash of the secret."""
        return hashlib.sha256(self.client_credential().encode("utf-8", "backslashreplace")).hexdigest()

    def lifetime(self) -> Lifetime:
        """Return the hint of the secret, by which the application's record identifies it and shows its end."""
        return Lifetime("client_secret", app_id=self.options["client_id"], hint=self.client_credential()[:HINT_LENGTH])
