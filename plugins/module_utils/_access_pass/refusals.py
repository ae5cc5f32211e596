# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Explain the service's refusals of a pass, and give advice. Pure.

The service uses one code for many cases, so its sentences decide. They come from public reports, because Microsoft documents none.
"""

from __future__ import annotations

import re

from .. import _errors as errors
from .model import Reason, UserPass

RANGE = re.compile(r"valid range between (\d{1,6}) and (\d{1,6})")


def explain(item: UserPass, failure: errors.GraphError) -> tuple[Reason, str]:
    """Return the reason of a refusal, and a sentence with the service's own words, the cause, and advice."""
    said = f"{failure.status} {failure.code or ''}".strip() + f": {failure.message}"
    reason, advice = _explain_400(failure.message) if failure.status == 400 else _explain_other(item, failure)
    return reason, f"{said.rstrip('.')}. {advice}"


def _explain_400(message: str) -> tuple[Reason, str]:
    text = message.lower()
    found = RANGE.search(text)
    if found:
        return "lifetime_out_of_range", f"Set lifetime_minutes to {found[1]} to {found[2]}, which the authentication methods policy allows."
    if "usercredentialpolicy" in text:
        return "not_allowed_by_policy", (
            "Temporary Access Pass is disabled in the authentication methods policy, the user is not in its scope, or a change of the "
            "policy has not come through yet, which takes minutes."
        )
    if "external guest" in text:
        return "external_guest", "A pass must be issued by the user's own tenant."
    return "service_refused", "The service did not accept the request."


def _explain_other(item: UserPass, failure: errors.GraphError) -> tuple[Reason, str]:
    if failure.status == 404:
        return "user_gone", "The user, or the pass, was deleted meanwhile. Run the task again."
    if failure.status != 403:
        return "service_refused", failure.hint or "Run the task again later."
    if "self-service" in failure.message.lower():
        return "self", "The service lets nobody issue a pass for themselves. Ask another administrator."
    if item.roles:
        return "administrator", (
            f"The user holds directory roles ({', '.join(item.roles)}). For administrators, the caller needs the role Privileged "
            "Authentication Administrator in Microsoft Entra; whether the role of an application suffices is not documented. Otherwise, "
            "let a person with that role issue the pass."
        )
    return "forbidden", (
        "The caller lacks the permission UserAuthMethod-TAP.ReadWrite.All, or a signed-in person lacks the role Authentication "
        "Administrator, or the user is an administrator."
    )
