# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The permissions that a run of the role pin_reset needs and the application lacks, and what to do about them. Pure."""

from __future__ import annotations

from .. import _permissions as permissions
from .found import Found

CONSENT = "intune_pinreset_consent"
CONNECT = (
    "An administrator connects the tenant once, {how}. After that, the application needs no permission for it: run the playbook again, "
    "which verifies the consent."
)
DISCONNECT = (
    "Run endpointops.intune.offboard in two parts. As the application that onboards, run it with --tags preflight,policy, which removes "
    "the policy. As an administrator signed in by 'az login', run it with --tags preflight,consent and INTUNE_AUTH_METHOD=azure_cli, which "
    "revokes the consent."
)


def list_lacking(found: Found, *, check: bool) -> list[str]:
    """Return the permissions that the modules of the run need and the application lacks; none where they are unknown.

    To a tenant that is connected, the consent writes nothing: an application that may only read it is enough.
    """
    known = (found.connection.get("connection") or {}).get("permissions") or {}
    only_read = set(found.modules) if check else {CONSENT} if _is_consent_kept(found) else set()
    return sorted(
        {
            name
            for module in found.modules
            for name in (known.get(module) or {}).get("missing_in_check_mode" if module in only_read else "missing", ())
        }
    )


def _is_consent_kept(found: Found) -> bool:
    """Return whether the run writes no consent: the tenant is connected, or the step that ran alone found nothing to change."""
    if found.before or found.seen:
        return ((found.before.get("levels") or {}).get("connected") or {}).get("state") == "yes"
    return found.consent.get("changed") is False and not found.consent.get("failed")


def advise(found: Found, missing: list[str], *, removes: bool) -> str:
    """Return what to do about permissions that are missing. ``removes``: the run takes the policy and the consent back."""
    risky = [name for name in missing if name in permissions.FOR_PERSONS]
    if removes and CONSENT in found.modules:
        return " ".join([DISCONNECT, *([permissions.warn_of_risk(risky)] if risky else [])])
    return permissions.advise(missing, CONNECT.format(how=_say_how(found)))


def _say_how(found: Found) -> str:
    urls = (found.before.get("consent") or {}).get("consent_urls") or {}
    pages = (
        f"on the pages {urls['service']} and then {urls['client']}"
        if urls.get("service") and urls.get("client")
        else "on the pages in consent_urls of intune_pinreset_consent_info"
    )
    return f"by the playbook endpointops.intune.bootstrap, or {pages}"
