# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""A token of another identity provider (Kubernetes, a CI system) that the application trusts."""

from __future__ import annotations

import typing as t

from . import _files
from ._msal import ConfidentialCredential


class WorkloadIdentity(ConfidentialCredential):
    method = "workload_identity"
    needs = ("tenant_id", "client_id", "federated_token_path")

    def check(self) -> None:
        super().check()
        self._read()

    def client_credential(self) -> dict[str, t.Any]:
        # Read again for each use: the platform replaces the file before its token ends.
        return {"client_assertion": self._read}

    def _read(self) -> str:
        return _files.read("federated_token_path", self.options["federated_token_path"]).decode("ascii", errors="replace").strip()
