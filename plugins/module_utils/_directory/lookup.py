# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Groups, assignment filters and scope tags by name or ID. What means nothing, or several things, is collected and told at once."""

from __future__ import annotations

import contextlib
import typing as t

from .. import _errors as errors
from .. import _guid as guid
from .. import _permissions as permissions
from .._graph.client import BETA, GraphClient
from .._graph.odata import render_literal, render_path
from .._types import Json

FILTERS = "/deviceManagement/assignmentFilters"
TAGS = "/deviceManagement/roleScopeTags"
WINDOWS = "windows10AndLater"
DEFAULT_TAG = "0"


class References:
    """Looks each thing up once. ``known`` are IDs that need no look-up, since the policy refers to them already."""

    def __init__(self, client: GraphClient, known: t.Collection[str] = ()) -> None:
        self._client = client
        self._known = frozenset(known)
        self._lists: dict[str, list[Json]] = {}
        self._groups: dict[str, str | None] = {}
        self.problems: list[str] = []

    def check(self) -> None:
        if self.problems:
            told = " ".join(dict.fromkeys(self.problems))
            raise errors.SelectionError(told, hint="Nothing was written. Use the ID where a name is not enough.")

    def group(self, name: str) -> str | None:
        """The object ID; null after a problem."""
        identity = guid.parse_guid(name)
        if identity in self._known:
            return identity
        if name not in self._groups:
            with _permission("groups", permissions.READ_GROUPS):
                self._groups[name] = self._group_by_id(identity) if identity else self._group_by_name(name)
        return self._groups[name]

    def filter(self, name: str) -> str | None:
        """The ID of an assignment filter for Windows; null after a problem."""
        if guid.parse_guid(name) in self._known:
            return guid.parse_guid(name)
        with _permission("assignment filters", permissions.READ_CONFIGURATION):
            found = self._pick("assignment filter", name, self._list(FILTERS, "id,displayName,platform"))
        if found is not None and found.get("platform") != WINDOWS:
            self.problems.append(f"The assignment filter '{name}' is for the platform {found.get('platform')}, not for Windows.")
            return None
        return str(found["id"]).lower() if found else None

    def tag(self, name: str) -> str | None:
        """The ID of a scope tag, a number as text; null after a problem."""
        if name.strip() == DEFAULT_TAG or name.strip() in self._known:
            return name.strip()
        with _permission("scope tags", permissions.READ_TAGS):
            found = self._pick("scope tag", name, self._list(TAGS, "id,displayName"))
        return str(found["id"]) if found else None

    def _list(self, path: str, select: str) -> list[Json]:
        if path not in self._lists:
            self._lists[path] = list(self._client.list_items(path, {"$select": select}, version=BETA))
        return self._lists[path]

    def _group_by_id(self, identity: str) -> str | None:
        if self._client.find(render_path("groups", identity), {"$select": "id"}) is None:
            self.problems.append(f"There is no group with the ID {identity}.")
            return None
        return identity

    def _group_by_name(self, name: str) -> str | None:
        query = {"$filter": f"displayName eq {render_literal(name)}", "$select": "id,displayName"}
        found = self._pick("group", name, list(self._client.list_items("/groups", query)))
        return str(found["id"]).lower() if found else None

    def _pick(self, kind: str, name: str, candidates: list[Json]) -> Json | None:
        """The one that has this ID or name. The service compares without case: one that is spelt the same is preferred."""
        wanted = name.strip().strip("{}").lower()
        by_id = [item for item in candidates if str(item.get("id")).lower() == wanted]
        exact = [item for item in candidates if item.get("displayName") == name]
        alike = [item for item in candidates if item.get("displayName") and item["displayName"].lower() == name.strip().lower()]
        found = by_id or exact or alike
        if not found:
            self.problems.append(f"There is no {kind} named '{name}'.")
            return None
        if len(found) > 1:
            ids = ", ".join(sorted(str(item["id"]).lower() for item in found))
            self.problems.append(f"Several {kind}s are named '{name}': {ids}.")
            return None
        return found[0]


@contextlib.contextmanager
def _permission(what: str, needed: t.Sequence[str]) -> t.Iterator[None]:
    try:
        yield
    except errors.ForbiddenError as failure:
        failure.hint = f"To look {what} up, the application needs one of the permissions {', '.join(needed)}. Or use IDs that are in use."
        raise
