# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""How long a credential lasts, as far as it tells by itself. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

Kind = t.Literal["certificate", "client_secret"]
HINT_LENGTH = 3  # characters of a client secret that Microsoft Entra shows as its hint


@dataclasses.dataclass(frozen=True)
class Lifetime:
    """How long a credential lasts.

    ``kind``: what the application proves its identity with, None if nothing is at hand that can end. ``reason``: why not, in a sentence;
    ``is_endless``: since nothing has to be renewed. ``app_id``: the application that it belongs to. ``ends``: seconds since the epoch,
    None if the credential itself does not say. ``thumbprint``: that of a certificate, SHA-1 in upper case. ``hint``: the first
    characters of a client secret.
    """

    kind: Kind | None = None
    reason: str = ""
    is_endless: bool = False
    app_id: str = ""
    ends: float | None = None
    name: str | None = None
    thumbprint: str | None = None
    hint: str | None = dataclasses.field(default=None, repr=False)
