# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Groups, assignment filters, and scope tags by name or ID.

Names that match nothing, or several objects, are collected and reported together.
"""

from __future__ import annotations

import contextlib
import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .. import _permissions as permissions
from .._graph.client import BETA, GraphClient
from .._graph.odata import render_literal, render_path
from .._guid import parse_guid
from .._types import Json

FILTERS = "/deviceManagement/assignmentFilters"
SCOPE_TAGS = "/deviceManagement/roleScopeTags"
NAMED = shapes.object_of({"id": shapes.identity, "displayName": shapes.optional(shapes.text), "platform": shapes.optional(shapes.text)})
WINDOWS = "windows10AndLater"
DEFAULT_SCOPE_TAG = "0"


class DirectoryLookup:
    """Finds IDs by name, each with one look-up. ``problems`` holds a sentence for each name that matches nothing, or several objects."""

    def __init__(self, client: GraphClient, known: t.Collection[str] = ()) -> None:
        """Take the client, and IDs that need no look-up, since the policy refers to them already."""
        self._client = client
        self._known = frozenset(known)
        self._lists: dict[str, list[Json]] = {}
        self._groups: dict[str, str | None] = {}
        self.problems: list[str] = []

    def validate(self) -> None:
        """Raise SelectionError with all problems, if there are some."""
        if self.problems:
            message = " ".join(dict.fromkeys(self.problems))
            raise errors.SelectionError(message, hint="Use the ID where a name is not enough.", effects="none")

    def find_group_id(self, name: str) -> str | None:
        """Return the object ID of a group; null after a problem."""
        identity = parse_guid(name)
        if identity in self._known:
            return identity
        if name not in self._groups:
            with _name_permissions("groups", permissions.READ_GROUPS):
                self._groups[name] = self._find_group_by_id(identity) if identity else self._find_group_by_name(name)
        return self._groups[name]

    def find_filter_id(self, name: str) -> str | None:
        """Return the ID of an assignment filter for Windows; null after a problem."""
        identity = parse_guid(name)
        if identity in self._known:
            return identity
        with _name_permissions("assignment filters", permissions.READ_CONFIGURATION):
            found = self._find_one("assignment filter", name, self._fetch_list(FILTERS, "id,displayName,platform"))
        if found is not None and found.get("platform") != WINDOWS:
            self.problems.append(f"The assignment filter '{name}' is for the platform {found.get('platform')}, not for Windows.")
            return None
        return str(found["id"]).lower() if found else None

    def find_scope_tag_id(self, name: str) -> str | None:
        """Return the ID of a scope tag, a number as text; null after a problem."""
        if name.strip() == DEFAULT_SCOPE_TAG or name.strip() in self._known:
            return name.strip()
        with _name_permissions("scope tags", permissions.READ_TAGS):
            found = self._find_one("scope tag", name, self._fetch_list(SCOPE_TAGS, "id,displayName"))
        return str(found["id"]) if found else None

    def _fetch_list(self, path: str, select: str) -> list[Json]:
        if path not in self._lists:
            self._lists[path] = list(self._client.list_items(path, {"$select": select}, version=BETA, item=NAMED))
        return self._lists[path]

    def _find_group_by_id(self, identity: str) -> str | None:
        if self._client.find(render_path("groups", identity), {"$select": "id"}) is None:
            self.problems.append(f"There is no group with the ID {identity}.")
            return None
        return identity

    def _find_group_by_name(self, name: str) -> str | None:
        query = {"$filter": f"displayName eq {render_literal(name)}", "$select": "id,displayName"}
        found = self._find_one("group", name, list(self._client.list_items("/groups", query, item=NAMED)))
        return str(found["id"]).lower() if found else None

    def _find_one(self, kind: str, name: str, candidates: list[Json]) -> Json | None:
        """Return the one with this ID or name. The service ignores letter case: exactly the same name is preferred."""
        identity = name.strip().strip("{}").lower()
        by_id = [item for item in candidates if str(item.get("id")).lower() == identity]
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
def _name_permissions(objects: str, needed: t.Sequence[str]) -> t.Iterator[None]:
    """Add the permissions that a refused look-up needs."""
    try:
        yield
    except errors.ForbiddenError as failure:
        raise failure.with_hint(
            f"To look {objects} up, the application needs one of the permissions {', '.join(needed)}. Or use IDs that are in use."
        ) from failure
