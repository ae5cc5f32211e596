# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Tokens of one process, which the items of a loop share. They end with the process: they are never written, sent, or inherited."""

from __future__ import annotations

import dataclasses
import hashlib
import math
import os
import typing as t

# The options that decide which token is issued, and by whom. The others that a credential gets say how long to wait.
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
    """A bearer token; ``expires_at`` in seconds since the epoch, null when unknown."""

    value: str = dataclasses.field(repr=False)
    expires_at: float | None = None


@dataclasses.dataclass
class KeptToken:
    """The newest token of a credential. ``renew_at``: from when on it is replaced, in seconds since the epoch."""

    token: Token | None = None
    renew_at: float = math.inf


class TokenMemory:
    """The newest token of each credential that this process has used."""

    def __init__(self) -> None:
        self._kept: dict[bytes, KeptToken] = {}
        self._process = os.getpid()

    def __reduce__(self) -> t.NoReturn:
        # Ansible sends results between processes.
        raise TypeError("tokens must not leave their process")

    def of(self, options: t.Mapping[str, t.Any], fingerprint: str = "") -> KeptToken:
        """Return the token of the credential that these options mean: the same one for the same options.

        ``fingerprint``: a hash of the proof, where that is in a file, whose content may change.
        """
        if self._process != os.getpid():
            self._kept, self._process = {}, os.getpid()
        # Not the options themselves: no secret is kept beside the token. The repr of a value tells its type too.
        deciding = [*(options.get(name) for name in DECIDING), fingerprint]
        key = hashlib.sha256("\0".join(map(repr, deciding)).encode("utf-8", "backslashreplace")).digest()
        return self._kept.setdefault(key, KeptToken())
