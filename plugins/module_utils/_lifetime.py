# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The lifetime of a credential, as far as the credential itself shows it. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

Kind = t.Literal["certificate", "client_secret"]
HINT_LENGTH = 3  # characters of a client secret that Microsoft Entra shows as its hint


@dataclasses.dataclass(frozen=True)
class Lifetime:
    """The lifetime of a credential.

    ``kind``: the kind of proof of the application's identity, None if there is none here that can end. ``reason``: why not, in a sentence;
    ``is_endless``: nothing needs to be renewed. ``app_id``: the application that the credential belongs to. ``ends``: seconds since the
    epoch, None if the credential itself does not show it. ``thumbprint``: of a certificate, SHA-1 in upper case. ``hint``: the first
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
