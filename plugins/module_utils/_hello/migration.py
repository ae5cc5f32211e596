# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Moving a custom profile into the settings catalog: the new policy is made and assigned first, then the old one is removed.

Both have the same name, so that a run that was interrupted anywhere is continued by the next one. Pure: check_movable.
"""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .._graph.client import GraphClient
from .._graph.odata import render_path
from . import policy as pin_policy
from . import settings as pin_settings
from .custom_profile import CustomProfile, whole_path
from .policy import Backend, Place, Policy


def namesake(client: GraphClient, other: Backend, name: str, place: Place, reveal: t.Collection[str] = ()) -> Policy | None:
    """The policy of that name of the other kind; null when there is none."""
    found = [raw for raw in other.named(client, name) if other.other_kind(raw) is None]
    if len(found) > 1:
        ids = ", ".join(sorted(raw["id"] for raw in found))
        raise errors.SelectionError(f"Several policies of the kind {other.name} are named '{name}': {ids}.", hint="Nothing was written.")
    return other.normalise(client, found[0], place, reveal) if found else None


def check_free(other: Backend, found: Policy | None) -> None:
    """Refuses to make a second policy under a name that one of the other kind has, and to leave that one behind."""
    if found is None:
        return
    way = ", set replace_custom to true to move or remove it," if other.name == "custom" else ""
    raise errors.SelectionError(
        f"There is a policy named '{found.name}' of the kind {other.name} ({found.id}).",
        hint=f"Nothing was written. Set backend to {other.name}{way} or choose another name.",
    )


def check_movable(old: Policy, place: Place) -> None:
    """Refuses a profile that has more than this module's settings, or a value that the settings catalog cannot hold."""
    ours = {pin_settings.BY_OPTION[name].uri(place.tenant, place.scope) for name in old.settings}
    foreign = sorted({whole_path(item.get("omaUri")) for item in old.raw.get("omaSettings") or []} - ours)
    if foreign:
        raise errors.SelectionError(
            f"The custom profile '{old.name}' ({old.id}) also has settings that cannot be moved: {', '.join(foreign)}.",
            hint="Nothing was written. Remove them from the profile, or make the new policy under another name.",
        )
    pin_settings.check(old.settings, place.scope, "settings_catalog")


def remove(client: GraphClient, old: Policy, place: Place, timeout: float) -> None:
    """Takes the old profile away, once the new policy is there and assigned."""
    custom = CustomProfile()
    try:
        client.delete(custom.path + render_path(old.id or ""), version=custom.version)
    except errors.IntuneError as failure:
        failure.hint = (
            f"{failure.hint or ''} The new policy is in place; the custom profile {old.id} is still there, with the same settings. "
            "Run again to finish."
        ).strip()
        raise
    pin_policy.settled(client, custom, old.id, None, place, timeout)
