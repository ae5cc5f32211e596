# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The calls for policies of Windows Hello for Business and their assignments, for all backends."""

from __future__ import annotations

import contextlib
import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .._graph.client import BETA, GraphClient
from .._graph.odata import render_path
from .._guid import NIL, parse_guid
from .._http.message import Request
from .._names import explain_missing, show, squash
from .._types import Json
from .assignments import ASSIGNMENT, Assignment, parse_assignments
from .model import Policy, PolicyScope
from .ownership import PolicyContents
from .policy import Change, drop_settings, plan
from .settings import BackendName
from .terms import name_option

ORGANIZATION = shapes.object_of({"id": shapes.optional(shapes.text)})
_CHOOSE = f"Choose one with id, or give the others another name in Intune and use {name_option('name')}."
_OTHER_NAME = f"Choose another {name_option('name')}."
SELECT_ID = {"$select": "id"}
CREATED = shapes.object_of({"id": shapes.identity})


class Backend(t.Protocol):
    """A policy type that intune_pin_policy manages.

    ``path`` is the path of its policies in Graph, ``version`` the API version for deleting. The JSON of a policy, ``raw``, includes its
    settings and assignments.
    """

    @property
    def name(self) -> BackendName:
        """The name of the backend, as in the option."""

    @property
    def path(self) -> str:
        """The path of the policies."""

    @property
    def name_property(self) -> str:
        """The property that contains the name of a policy."""

    @property
    def version(self) -> str:
        """The version of the Graph API."""

    def fetch_by_name(self, client: GraphClient, name: str) -> list[Json]:
        """Return all policies with exactly this name."""

    def render_name_request(self, client: GraphClient, name: str) -> Request:
        """Return the request of ``fetch_by_name``."""

    def find_by_id(self, client: GraphClient, policy_id: str) -> Json | None:
        """Return the policy with this ID."""

    def find_mismatch(self, raw: Json) -> str | None:
        """Return the kind of a policy that this backend does not manage, or None if it manages the policy."""

    def fetch_policy(self, client: GraphClient, raw: Json, policy_scope: PolicyScope, reveal: t.Collection[str] = ()) -> Policy:
        """Return the policy. ``reveal``: the options whose value is requested if Intune hides it."""

    def read_contents(self, raw: Json, tenant_id: str) -> PolicyContents:
        """Return everything that a policy sets."""

    def create(self, client: GraphClient, desired: Policy, policy_scope: PolicyScope) -> str:
        """Create the policy without assignments, and return its ID."""

    def prepare_update(self, client: GraphClient, current: Policy, desired: Policy, policy_scope: PolicyScope) -> Policy:
        """Return the current policy with everything that an update needs; raise SelectionError if the update would lose data."""

    def update(self, client: GraphClient, current: Policy, desired: Policy, policy_scope: PolicyScope) -> None:
        """Update the policy, except its assignments."""


def render_policy_path(backend: Backend, policy_id: str | None) -> str:
    """Return the path of a policy."""
    return backend.path + render_path(policy_id or "")


@contextlib.contextmanager
def report_partial(changes: t.Collection[str]) -> t.Iterator[None]:
    """Add to errors of the block that these changes were made before it; without changes, leave the errors unchanged."""
    try:
        yield
    except errors.IntuneError as failure:
        if not changes:
            raise
        raise failure.with_effects("partial") from failure


# --- the tenant -----------------------------------------------------------------------------------------------------


def fetch_tenant_id(client: GraphClient, tenant_id: str | None) -> str:
    """Return the GUID of the client's tenant. The option tenant_id may be unset, but must not contradict it."""
    found = parse_guid(str(client.credential.identity().get("tid") or ""))
    if found is None:
        organization = next(client.list_items("/organization", SELECT_ID, item=ORGANIZATION), {})
        found = parse_guid(organization.get("id") or "")
    if found is None:
        raise errors.UnexpectedResponseError("The tenant does not return its ID.", hint="Check cloud and graph_url.")
    given = parse_guid(tenant_id or "")
    if given not in (None, found):
        raise errors.InvalidOptionError(
            f"tenant_id is {given}, but the credential belongs to the tenant {found}.",
            hint="Correct tenant_id, or leave it out.",
            effects="none",
        )
    return found


def render_tenant_request(client: GraphClient) -> Request:
    """Return the request of ``fetch_tenant_id`` for a token that does not name the tenant."""
    return client.request("GET", "/organization", SELECT_ID)


# --- assignments ----------------------------------------------------------------------------------------------------


def fetch_assignments(client: GraphClient, policy_path: str) -> list[Json]:
    """Return the assignments of a policy from the beta version, because v1.0 shows no filters."""
    return list(client.list_items(f"{policy_path}/assignments", version=BETA, item=ASSIGNMENT))


def complete_assignments(client: GraphClient, raw: Json, path: str) -> Json:
    """Return a policy of the list at ``path`` with all its assignments, because $expand shows only the first of many."""
    if not raw.get("assignments@odata.nextLink"):
        return raw
    return {**raw, "assignments": fetch_assignments(client, path + render_path(raw["id"]))}


def fetch_all_assignments(client: GraphClient, raw: Json, path: str) -> tuple[Assignment, ...]:
    """Return all assignments of a policy of the list at ``path`` that was read with $expand."""
    return parse_assignments(complete_assignments(client, raw, path).get("assignments") or [])


def replace_assignments(client: GraphClient, policy_path: str, desired: t.Iterable[Assignment]) -> None:
    """Replace all assignments of the policy in the beta version, because v1.0 would lose the filters."""
    body = {"assignments": [assignment.render() for assignment in desired]}
    client.post(f"{policy_path}/assign", body, version=BETA, idempotent=True)


# --- policies -------------------------------------------------------------------------------------------------------


def find_policy(
    client: GraphClient,
    backend: Backend,
    policy_scope: PolicyScope,
    *,
    policy_id: str | None,
    name: str | None = None,
    reveal: t.Collection[str] = (),
) -> Policy | None:
    """Return the policy with this ID or, without an ID, with this name."""
    raw = _find_by_id(client, backend, policy_id) if policy_id else _find_by_name(client, backend, name or "")
    return None if raw is None else backend.fetch_policy(client, raw, policy_scope, reveal)


def _find_by_id(client: GraphClient, backend: Backend, policy_id: str) -> Json | None:
    identity = parse_guid(policy_id)
    if identity is None or identity == NIL:
        raise errors.InvalidOptionError(f"id must be a GUID, not {'the nil GUID ' if identity else ''}'{policy_id}'.", effects="none")
    raw = backend.find_by_id(client, identity)
    mismatch = backend.find_mismatch(raw) if raw else None
    if raw is not None and mismatch is not None:
        raise errors.SelectionError(
            f"The policy {identity} ('{raw.get('displayName', raw.get('name'))}') does not belong to the backend {backend.name}: "
            f"it is {mismatch}.",
            hint="Set id to the ID of another policy: this module does not manage policies of this type.",
            effects="none",
        )
    return raw


def _find_by_name(client: GraphClient, backend: Backend, name: str) -> Json | None:
    found = backend.fetch_by_name(client, name)
    matching = [raw for raw in found if backend.find_mismatch(raw) is None]
    if len(matching) > 1:
        raise errors.SelectionError(f"Several policies are named '{show(name)}': {_join_ids(matching)}.", hint=_CHOOSE, effects="none")
    if found and not matching:
        kinds = ", ".join(sorted(f"{raw['id']} ({backend.find_mismatch(raw)})" for raw in found))
        raise errors.SelectionError(f"'{show(name)}' is the name of a policy of another type: {kinds}.", hint=_OTHER_NAME, effects="none")
    return matching[0] if matching else None


def find_only_policy(
    client: GraphClient, backend: Backend, policy_scope: PolicyScope, *, name: str, reveal: t.Collection[str] = ()
) -> Policy | None:
    """Return the policy with this name, ignoring policies that the backend does not manage."""
    found = [raw for raw in backend.fetch_by_name(client, name) if backend.find_mismatch(raw) is None]
    if len(found) > 1:
        raise errors.SelectionError(
            f"Several policies of the type {backend.name} are named '{show(name)}': {_join_ids(found)}.", hint=_CHOOSE, effects="none"
        )
    return backend.fetch_policy(client, found[0], policy_scope, reveal) if found else None


def make_backend_error(backend: Backend, policy: Policy) -> errors.SelectionError:
    """Return the error of a task that names a policy of this backend by its ID, but selects another backend."""
    return errors.SelectionError(
        f"The policy {policy.id} ('{show(policy.name)}') is of the type {backend.name}.",
        hint=f"Set backend to {backend.name}.",
        effects="none",
    )


def validate_name_is_free(client: GraphClient, backend: Backend, name: str) -> None:
    """Raise SelectionError if another policy of the same type has this name."""
    found = backend.fetch_by_name(client, name)
    if found:
        raise errors.SelectionError(
            f"There is a policy named '{show(name)}' already: {_join_ids(found)}.", hint=_OTHER_NAME, effects="none"
        )


def explain_absence(client: GraphClient, backends: t.Iterable[Backend], name: str) -> str | None:
    """Return a hint for a name that no policy has: the policies with a similar name, or None if there are none.

    All names are read, because filters in Intune compare names in their own way.
    """
    similar: list[tuple[str, str]] = []
    for backend in backends:
        query = {"$select": f"id,{backend.name_property}"}
        found = [(str(raw.get(backend.name_property)), str(raw.get("id"))) for raw in client.list_items(backend.path, query, version=BETA)]
        similar += [(other, identity) for other, identity in found if squash(other) == squash(name)]
    return explain_missing(name, similar).strip() or None


def _join_ids(found: t.Iterable[Json]) -> str:
    return ", ".join(sorted(str(raw["id"]) for raw in found))


def apply(
    client: GraphClient,
    backend: Backend,
    policy_scope: PolicyScope,
    current: Policy | None,
    desired: Policy | None,
    changes: t.Sequence[Change],
) -> str | None:
    """Write the changes in order and return the ID of the policy. An error reports the changes that were made before it."""
    policy_id = current.id if current else None
    if "delete" in changes:
        client.delete(render_policy_path(backend, policy_id), version=backend.version)
    if desired is None:
        return policy_id
    if "create" in changes:
        policy_id = backend.create(client, desired, policy_scope)
    if "update" in changes and current is not None:
        backend.update(client, current, desired, policy_scope)
    if "assign" in changes:
        with report_partial(changes[:-1]):
            _assign(client, backend, policy_id, desired, changes[0])
    return policy_id


def _assign(client: GraphClient, backend: Backend, policy_id: str | None, desired: Policy, first: Change) -> None:
    """Write the assignments, which are the last of the changes. ``first`` is the first of the changes."""
    try:
        replace_assignments(client, render_policy_path(backend, policy_id), desired.assignments)
    except errors.ApprovalPendingError:
        raise
    except errors.IntuneError as failure:
        done = {"create": "was made", "update": "was changed"}.get(first, "is as it was")
        names = sorted({identity for target in desired.assignments for identity in (target.group_id, target.filter_id) if identity})
        # Intune refused the assignments, and would refuse them again.
        is_refused = isinstance(failure, errors.GraphError) and failure.status in (400, 404)
        check = f"Check that these groups and filters exist: {', '.join(names)}. Then run" if is_refused and names else "Run"
        raise failure.with_more_advice(
            f"The policy {policy_id} {done}, but its assignments were not set. {check} again to finish."
        ) from failure


def wait_until_shown(
    client: GraphClient,
    backend: Backend,
    policy_scope: PolicyScope,
    policy_id: str | None,
    desired: Policy | None,
    *,
    timeout: float,
    reveal: t.Collection[str] = (),
) -> Policy | None:
    """Read the policy until Intune shows the desired state, and return it, or None for a deleted policy."""

    def read() -> Policy | None:
        try:
            return find_policy(client, backend, policy_scope, policy_id=policy_id, reveal=reveal)
        except errors.NotFoundError:
            # The policy exists without its assignments so far, or was deleted between two reads.
            return None

    def is_shown(found: Policy | None) -> bool:
        comparable = desired and drop_settings(desired, found.hidden if found else ())
        return not plan(found, comparable)

    what = f"Intune to show the policy '{desired.name if desired else policy_id}' as it was written"
    return t.cast("Policy | None", client.wait_until(read, is_shown, timeout=timeout, what=what))
