# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Hands secrets over in the ways that a task asks for: sealed for recipients, in clear, both, or not at all."""

from __future__ import annotations

import typing as t

from .._cms import Sealer


class Handover:
    """``name`` is the key of the secret in a result; a sealed one stands under the same name with a prefix."""

    def __init__(self, name: str, *, seal_to: t.Sequence[str] | None, reveal: bool, now: float) -> None:
        """Take the options. Raises as Sealer does, so that nothing is reset whose secret could not be handed over."""
        self._name = name
        self._reveal = reveal
        self._sealer = None if seal_to is None else Sealer(seal_to, now)

    def describe(self, secret: str | None) -> dict[str, str | None]:
        """Return the keys of a result for a secret; null while there is none."""
        keys: dict[str, str | None] = {}
        if self._sealer is not None:
            keys[f"sealed_{self._name}"] = self._sealer.seal(secret) if secret else None
        if self._reveal:
            keys[self._name] = secret
        return keys
