# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""A token of another identity provider (Kubernetes, a CI system) that the application trusts."""

from __future__ import annotations

import hashlib
import typing as t

from .. import _errors as errors
from .._lifetime import Lifetime
from .._time import render_timestamp
from ._claims import find_end, parse_claims
from ._files import read_token
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
        """Return the callback that msal calls for each assertion, because the platform replaces the file before its token expires."""
        return {"client_assertion": self._read_token}

    def fingerprint(self) -> str:
        """Return a hash of the issuer and subject, which stay the same when the platform replaces the token."""
        claims = parse_claims(self._read_token())
        return hashlib.sha256(repr([claims.get(name) for name in ("iss", "sub")]).encode("utf-8", "backslashreplace")).hexdigest()

    def lifetime(self) -> Lifetime:
        """Return a lifetime without an end: the application trusts the issuer until an administrator removes the federated credential."""
        return Lifetime(reason="A federated credential has no end.", is_endless=True)

    def _read_token(self) -> str:
        path = self.options[OPTION]
        token = read_token(OPTION, path)
        ends = find_end(token)
        if ends is not None and ends <= self.context.now():
            raise errors.InvalidOptionError(
                f"The token in {OPTION} '{path}' ended at {render_timestamp(ends)}, by the clock of this machine.",
                hint="The token of a CI system lives for minutes: request it in the step that runs the playbook. "
                "Where a platform keeps the file up to date, check the component that does so.",
            )
        return token
