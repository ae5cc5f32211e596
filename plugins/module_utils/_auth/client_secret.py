# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""An application and its secret."""

from __future__ import annotations

from ._msal import ConfidentialCredential


class ClientSecret(ConfidentialCredential):
    """The secret of the option ``client_secret``."""

    method = "client_secret"
    required_options = ("tenant_id", "client_id", "client_secret")

    def client_credential(self) -> str:
        """Return the secret."""
        secret: str = self.options["client_secret"]
        return secret
