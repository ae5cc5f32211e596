# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""An application and its secret."""

from __future__ import annotations

from ._msal import ConfidentialCredential


class ClientSecret(ConfidentialCredential):
    method = "client_secret"
    needs = ("tenant_id", "client_id", "client_secret")

    def client_credential(self) -> str:
        return self.options["client_secret"]
