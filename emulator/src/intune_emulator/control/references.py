# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Find the object of the tenant that a text names by id or by name."""

from __future__ import annotations

from collections.abc import Iterator

from ..state.directory_store import Properties
from ..state.guids import stable_id
from ..state.tenant import Tenant
from .suggestions import suggest

KINDS = ("device", "user", "group", "filter")


class References:
    """The names of a tenant's objects, read once for each kind."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._names: dict[str, dict[str, list[str]]] = {}

    def find(self, kind: str, text: object) -> str:
        """Return the id of the only object of a kind with this id or name; ValueError for none or several."""
        if not isinstance(text, str):
            raise ValueError(f"a {kind} must be named by a text, not {text!r}")
        if kind == "user" and (own_id := stable_id("user", text)) in self._tenant.users:
            # by the name at creation, even after the user principal name has changed
            return own_id
        names = self._names.get(kind)
        if names is None:
            names = self._names[kind] = {}
            for name, listed in self._list(kind):
                names.setdefault(name, []).append(listed)
        found = list(dict.fromkeys(names.get(text) or names.get(text.lower()) or ()))
        if len(found) > 1:
            raise ValueError(f"'{text}' matches {len(found)} objects of the kind {kind}. Use one of the IDs {', '.join(found)}.")
        if not found:
            raise ValueError(f"The tenant has no {kind} '{text}'.{suggest(text, names)}")
        return found[0]

    def find_user(self, text: object) -> tuple[str, Properties]:
        """Return the id and the properties of a user."""
        user_id = self.find("user", text)
        return user_id, self._tenant.users[user_id]

    def _list(self, kind: str) -> Iterator[tuple[str, str]]:
        """Yield (name or id, id)."""
        tenant = self._tenant
        if kind == "device":
            for device in tenant.devices.list_known():
                yield from ((str(device.get("deviceName")), device.id), (device.id, device.id))
        elif kind == "user":
            for own_id, user in tenant.users.items():
                principal = str(user["userPrincipalName"])
                yield from ((name, own_id) for name in (own_id, principal, principal.partition("@")[0]))
        elif kind == "group":
            for group in tenant.groups.all_written():
                yield from ((group["displayName"], group["id"]), (group["id"], group["id"]))
        else:
            for own_id, row in tenant.assignment_filters.items():
                yield from ((row["displayName"], own_id), (own_id, own_id))
