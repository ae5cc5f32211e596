# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Find groups, assignment filters, and scope tags by name or ID.

Names that match nothing, or several objects, are collected and reported together.
"""

from __future__ import annotations

import contextlib
import itertools
import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .. import _permissions as permissions
from .._graph.client import BETA, GraphClient
from .._graph.odata import render_literal, render_path
from .._guid import parse_guid
from .._http.message import Request
from .._names import PLAIN_RUN, SHOWN_LENGTH, clean, explain_missing, find_malformation, fold, show
from .._types import Json
from .display_names import DEFAULT_TAG, Names
from .groups import fetch_group_names, render_name_requests

FILTERS = "/deviceManagement/assignmentFilters"
SCOPE_TAGS = "/deviceManagement/roleScopeTags"
NAMED = shapes.object_of({"id": shapes.identity, "displayName": shapes.optional(shapes.text), "platform": shapes.optional(shapes.text)})
SELECT_NAME = {"$select": "id,displayName"}
SELECT_FILTER = {"$select": "id,displayName,platform"}
WINDOWS = "windows10AndLater"
DEFAULT_SCOPE_TAG = "0"
UNREADABLE = (errors.GraphError, errors.LostResponseError, errors.UnexpectedResponseError)


class DirectoryLookup:
    """A lookup of IDs by name, one at a time. ``problems`` contains a sentence for each name that matches nothing, or several objects."""

    def __init__(self, client: GraphClient, known: t.Collection[str] = ()) -> None:
        """Store the client, and the IDs that need no lookup, because the policy already refers to them."""
        self._client = client
        self._known = frozenset(known)
        self._lists: dict[str, list[Json]] = {}
        self._groups: dict[str, str | None] = {}
        self._group_names: dict[str, str] = {}
        self.problems: list[str] = []
        self._advice: list[str] = []

    @property
    def names(self) -> Names:
        """The names of all objects that were looked up."""
        filters, tags = (_name_all(self._lists.get(path, ())) for path in (FILTERS, SCOPE_TAGS))
        return Names(self._group_names, filters, {**DEFAULT_TAG, **tags})

    def validate(self) -> None:
        """Raise SelectionError with all problems and matching advice, if there are any."""
        if self.problems:
            message, hint = (" ".join(dict.fromkeys(texts)) for texts in (self.problems, self._advice))
            raise errors.SelectionError(message, hint=hint, effects="none")

    def list_problems(self) -> list[tuple[str, str]]:
        """Return each problem with its advice."""
        return list(zip(self.problems, self._advice, strict=True))

    def add_problem(self, problem: str, advice: str) -> None:
        """Add a sentence about a name or ID, and one with advice."""
        self.problems.append(problem)
        self._advice.append(advice)

    def find_group_id(self, name: str) -> str | None:
        """Return the object ID of a group, or None after a problem."""
        identity = parse_guid(name)
        if identity in self._known:
            return identity
        if self._is_malformed("group", name):
            return None
        if name not in self._groups:
            with _name_permissions("groups", permissions.READ_GROUPS):
                self._groups[name] = self._find_group(name, identity)
        return self._groups[name]

    def find_filter_id(self, name: str) -> str | None:
        """Return the ID of an assignment filter for Windows, or None after a problem."""
        identity = parse_guid(name)
        if identity in self._known:
            return identity
        if self._is_malformed("assignment filter", name):
            return None
        with _name_permissions("assignment filters", permissions.READ_CONFIGURATION):
            found = self._find_one("assignment filter", name, self._fetch_list(FILTERS, SELECT_FILTER))
        if found is not None and found.get("platform") != WINDOWS:
            self.add_problem(
                f"The assignment filter '{show(name)}' is for the platform {found.get('platform')}, not for Windows.",
                f"Choose an assignment filter for the platform {WINDOWS}.",
            )
            return None
        return str(found["id"]).lower() if found else None

    def find_missing_groups(self, ids: t.Collection[str]) -> set[str]:
        """Return the IDs, in lower case, that belong to no group; none if the application may not read groups."""
        if not ids or permissions.is_refused(self._client.credential.identity(), permissions.READ_GROUPS):
            return set()
        try:
            found = fetch_group_names(self._client, ids)
        except errors.ForbiddenError:
            return set()
        self._group_names.update(found)
        return {*ids} - found.keys()

    def find_missing_filters(self, ids: t.Collection[str]) -> set[str]:
        """Return the IDs, in lower case, that belong to no assignment filter."""
        if not ids:
            return set()
        with _name_permissions("assignment filters", permissions.READ_CONFIGURATION):
            return {*ids} - {str(item["id"]).lower() for item in self._fetch_list(FILTERS, SELECT_FILTER)}

    def find_scope_tag_id(self, name: str) -> str | None:
        """Return the ID of a scope tag, a number as text, or None after a problem."""
        if name.strip() == DEFAULT_SCOPE_TAG or name.strip() in self._known:
            return name.strip()
        if self._is_malformed("scope tag", name):
            return None
        with _name_permissions("scope tags", permissions.READ_TAGS):
            found = self._find_one("scope tag", name, self._fetch_list(SCOPE_TAGS, SELECT_NAME))
        return str(found["id"]) if found else None

    def _is_malformed(self, kind: str, name: str) -> bool:
        """Return whether a name or ID is invalid for every object, and add the problem."""
        malformation = find_malformation(name)
        if malformation:
            self.add_problem(f"There is no {kind} named '{show(name)[:SHOWN_LENGTH]}'. {malformation}", f"Correct or remove the {kind}.")
        return malformation is not None

    def _fetch_list(self, path: str, query: t.Mapping[str, str]) -> list[Json]:
        if path not in self._lists:
            self._lists[path] = list(self._client.list_items(path, query, version=BETA, item=NAMED))
        return self._lists[path]

    def _find_group(self, name: str, identity: str | None) -> str | None:
        """Return the ID of the group with this name or ID."""
        found = list(self._client.list_items("/groups", _query_group(name), item=NAMED))
        by_id = self._client.find(render_path("groups", identity), SELECT_NAME, shape=NAMED) if identity else None
        one = self._find_one("group", name, [*found, *([by_id] if by_id else [])], self._fetch_similar_groups)
        self._group_names.update(_name_all([one] if one else []))
        return str(one["id"]).lower() if one else None

    def _fetch_similar_groups(self, name: str) -> list[Json]:
        """Return at most one page of groups whose name starts with this one, only for a message."""
        runs = PLAIN_RUN.match(clean(name))
        if runs is None:
            return []
        query = {"$filter": f"startswith(displayName,{render_literal(runs.group())})", "$select": "id,displayName", "$top": "999"}
        return list(itertools.islice(self._client.list_items("/groups", query, item=NAMED), 999))

    def _find_one(
        self, kind: str, name: str, candidates: list[Json], fetch_similar: t.Callable[[str], list[Json]] | None = None
    ) -> Json | None:
        """Return the object with this ID or name. The service ignores letter case; prefer exactly the same name."""
        named = {str(item.get("id")).lower(): item for item in candidates}
        identity = parse_guid(name) or name.strip().lower()
        by_id = {identity: named[identity]} if identity in named else {}
        exact = {key: item for key, item in named.items() if item.get("displayName") == name}
        alike = {key: item for key, item in named.items() if item.get("displayName") and fold(item["displayName"]) == fold(name)}
        found = {**by_id, **(exact or alike)}
        if not found:
            known = fetch_similar(name) if fetch_similar else candidates
            similar = [(str(item.get("displayName") or ""), str(item.get("id"))) for item in known]
            self._add_missing(kind, name, explain_missing(name, similar))
            return None
        if len(found) > 1:
            self._add_several(kind, name, by_id, found)
            return None
        return next(iter(found.values()))

    def _add_missing(self, kind: str, name: str, explanation: str) -> None:
        identity = parse_guid(name)
        if identity:
            self.add_problem(f"There is no {kind} with the ID {identity}.{explanation}", f"Check the ID: the {kind} may have been deleted.")
        else:
            self.add_problem(f"There is no {kind} named '{show(name)}'.{explanation}", f"Correct the name of the {kind}, or use its ID.")

    def _add_several(self, kind: str, name: str, by_id: t.Collection[str], found: t.Collection[str]) -> None:
        ids = ", ".join(sorted(set(found) - set(by_id)))
        if by_id:
            self.add_problem(
                f"'{show(name)}' is the ID of one {kind} and the name of another one ({ids}).", f"Rename the {kind} {ids}, or use its ID."
            )
        else:
            self.add_problem(f"Several {kind}s are named '{show(name)}': {ids}.", f"Use the ID of the {kind} that you mean.")


def fetch_filter_names(client: GraphClient) -> dict[str, str]:
    """Return the display names of all assignment filters by ID in lower case."""
    return _name_all(client.list_items(FILTERS, SELECT_FILTER, version=BETA, item=NAMED))


def fetch_tag_names(client: GraphClient) -> dict[str, str]:
    """Return the display names of all scope tags by ID."""
    return _name_all(client.list_items(SCOPE_TAGS, SELECT_NAME, version=BETA, item=NAMED))


def _name_all(found: t.Iterable[Json]) -> dict[str, str]:
    return {str(item["id"]).lower(): str(item.get("displayName") or item["id"]) for item in found}


def fetch_names(client: GraphClient, known: Names, *, groups: t.Iterable[str], filters: t.Iterable[str], tags: t.Iterable[str]) -> Names:
    """Return the known names, and those of these objects as far as they can be read. No decision depends on a name.

    Only unknown names are requested, and only if the token's permissions allow it.
    """
    claims = client.credential.identity()
    unknown = set(groups) - known.groups.keys()
    if permissions.is_refused(claims, permissions.READ_GROUPS):
        unknown = set()
    has_filters = bool(set(filters) - known.filters.keys()) and not permissions.is_refused(claims, permissions.READ_CONFIGURATION)
    has_tags = bool(set(tags) - known.tags.keys()) and not permissions.is_refused(claims, permissions.READ_TAGS)
    lists = render_lookup_requests(client, groups=(), filters=has_filters, tags=has_tags)
    try:
        client.read_ahead([*render_name_requests(client, unknown), *lists])
    except UNREADABLE:
        return known
    return known.with_more(
        Names(
            _read_names(lambda: fetch_group_names(client, unknown)) if unknown else {},
            _read_names(lambda: fetch_filter_names(client)) if has_filters else {},
            _read_names(lambda: fetch_tag_names(client)) if has_tags else {},
        )
    )


def _read_names(read: t.Callable[[], dict[str, str]]) -> dict[str, str]:
    """Return names, or none if they cannot be read; the IDs are shown then."""
    try:
        return read()
    except UNREADABLE:
        return {}


def render_lookup_requests(client: GraphClient, *, groups: t.Iterable[str], filters: bool, tags: bool) -> list[Request]:
    """Return the requests that look up these groups, any filters, and any scope tags by name."""
    lists = [*([(FILTERS, SELECT_FILTER)] if filters else []), *([(SCOPE_TAGS, SELECT_NAME)] if tags else [])]
    return [
        *(client.request("GET", "/groups", _query_group(name)) for name in groups),
        *(client.request("GET", path, query, version=BETA) for path, query in lists),
    ]


def _query_group(name: str) -> dict[str, str]:
    return {"$filter": f"displayName eq {render_literal(name)}", **SELECT_NAME}


@contextlib.contextmanager
def _name_permissions(objects: str, needed: t.Sequence[str]) -> t.Iterator[None]:
    """Add the permissions that a refused lookup needs."""
    try:
        yield
    except errors.ForbiddenError as failure:
        raise failure.with_permission_hint(permissions.advise_on_one(f"To look up {objects}", needed)) from failure
