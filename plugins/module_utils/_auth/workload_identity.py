# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""A token of another identity provider (Kubernetes, a CI system) that the application trusts."""

from __future__ import annotations

import typing as t

from ._files import read_file
from ._msal import ConfidentialCredential

OPTION = "federated_token_path"


class WorkloadIdentity(ConfidentialCredential):
    """The federated token in the file of the option ``federated_token_path``."""

    method = "workload_identity"
    required_options = ("tenant_id", "client_id", OPTION)

    def validate(self) -> None:
        """Raise InvalidOptionError also for a file without a token."""
        super().validate()
        self._read_token()

    def client_credential(self) -> dict[str, t.Any]:
        """Return the callback that msal calls for each assertion: the platform replaces the file before its token expires."""
        return {"client_assertion": self._read_token}

    def _read_token(self) -> str:
        return read_file(OPTION, self.options[OPTION]).decode("ascii", errors="replace").strip()
