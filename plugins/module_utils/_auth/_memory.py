# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Tokens that the items of a loop share within one process. They are never written, sent, or inherited, and end with the process."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import os
import typing as t

# The options that determine the issuer and the content of a token. The other options of a credential only set timeouts.
DECIDING = (
    "auth_method",
    "tenant_id",
    "client_id",
    "client_secret",
    "client_certificate_path",
    "client_certificate_passphrase",
    "federated_token_path",
    "managed_identity_client_id",
    "access_token",
    "cloud",
    "graph_url",
    "authority_url",
    "ca_path",
    "validate_certs",
    "token_cache_path",
)


@dataclasses.dataclass(frozen=True)
class Token:
    """A bearer token. ``expires_at`` is in seconds since the epoch, None if unknown."""

    value: str = dataclasses.field(repr=False)
    expires_at: float | None = None


@dataclasses.dataclass
class KeptToken:
    """The newest token of a credential. ``renew_at``: the time (seconds since the epoch) from which it is replaced."""

    token: Token | None = None
    renew_at: float = math.inf


class TokenMemory:
    """The newest token of each credential that this process has used."""

    def __init__(self) -> None:
        self._kept: dict[bytes, KeptToken] = {}
        self._process = os.getpid()

    def __reduce__(self) -> t.NoReturn:
        # Pickling is refused because Ansible sends results between processes.
        raise TypeError("tokens must not leave their process")

    def of(self, options: t.Mapping[str, t.Any], fingerprint: str = "") -> KeptToken:
        """Return the kept token of the credential that these options describe; equal options return the same object.

        ``fingerprint``: a hash of the proof if the proof is in a file, because the content of the file may change.
        """
        if self._process != os.getpid():
            self._kept, self._process = {}, os.getpid()
        # Store only a hash, so that no secret is kept beside the token. The repr of a value also distinguishes its type.
        deciding = [*(options.get(name) for name in DECIDING), fingerprint]
        key = hashlib.sha256("\0".join(map(repr, deciding)).encode("utf-8", "backslashreplace")).digest()
        return self._kept.setdefault(key, KeptToken())
