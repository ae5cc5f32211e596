# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Run one task: read the current state, issue or remove the passes of users one by one, and settle lost responses by reading."""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .. import _permissions as permissions
from .._graph.client import GraphClient
from . import api
from .model import AccessPass, Desired, Policy, UserPass
from .plan import Change, Surroundings, plan_issue, plan_removal, project, render_body
from .refusals import explain

SETTLE_SECONDS = 30.0  # in which reads may begin to show a new pass
# These errors affect every user: the task stops, and reports them for the remaining users.
OF_ALL = (errors.AuthenticationError, errors.NotSentError, errors.UnauthorizedError, errors.ThrottledError)
POLICY_UNREAD = (
    "The authentication methods policy was not read: scope, lifetimes, and one-time use are left to the service. To read it, the "
    f"application needs one of the permissions {', '.join(permissions.READ_METHODS_POLICY)}."
)
SCOPE_UNREAD = (
    "{count} groups in the scope of the authentication methods policy were not read: the scope is left to the service. To read them, the "
    f"application needs one of the permissions {', '.join(permissions.READ_GROUPS)}."
)
ROLES_UNREAD = (
    "The names of directory roles were not read. To read them, the application needs one of the permissions "
    f"{', '.join(permissions.READ_ROLES)}."
)
NEXT = "Run the task again with replace: true for a pass that can be handed over."


class PassTask:
    """The passes of the users of one task. ``failure`` is the error that stopped it; the users keep their outcomes."""

    def __init__(
        self,
        client: GraphClient,
        items: t.Sequence[UserPass],
        *,
        check: bool,
        hand_over: t.Callable[[UserPass], None] = lambda item: None,
    ) -> None:
        """Store the users, and the function that hands a pass over as soon as it is issued."""
        self._client = client
        self._items = items
        self._check = check
        self._hand_over = hand_over
        self.policy: Policy | None = None
        self.failure: errors.IntuneError | None = None
        self.warnings: list[str] = []

    def read(self, *, roles: bool) -> None:
        """Read the pass of each user and, with ``roles``, the directory roles."""
        self._client.read_ahead(api.render_pass_requests(self._client, [item.user.id for item in self._items], roles=roles))
        for item in self._items:
            item.current = api.fetch_pass(self._client, item.user.id)
        for item in self._items if roles else ():
            item.roles = api.fetch_roles(self._client, item.user.id)
        if roles and any(item.roles is None or api.UNNAMED_ROLE in item.roles for item in self._items):
            self.warnings.append(ROLES_UNREAD)

    def read_policy(self) -> None:
        """Read the tenant's policy if that is allowed."""
        self.policy = api.fetch_policy(self._client)
        if self.policy is None:
            self.warnings.append(POLICY_UNREAD)

    def present(self, desired: Desired) -> None:
        """Ensure that each user has a pass."""
        self.read(roles=True)
        self.read_policy()
        around = Surroundings(self.policy, self._fetch_members(), find_caller(self._client), self._client.service_now())
        self._run({item.user.id: plan_issue(item, desired, around) for item in self._items}, desired)

    def absent(self) -> None:
        """Ensure that no user has a pass."""
        self.read(roles=True)
        self._run({item.user.id: plan_removal(item) for item in self._items}, Desired())

    def _run(self, changes: t.Mapping[str, Change | None], desired: Desired) -> None:
        todo = [(item, change) for item in self._items if (change := changes[item.user.id])]
        if todo and not self._check:
            permissions.validate_writes(self._client.credential.identity(), [permissions.WRITE_PASSES])
        for item, change in todo:
            if self.failure is not None:
                item.settle("not_attempted", "The task had to stop before.")
            elif self._check:
                self._predict(item, change, desired)
            elif change == "remove":
                self._remove(item)
            else:
                self._issue(item, desired)

    def _predict(self, item: UserPass, change: Change, desired: Desired) -> None:
        item.settle("planned")
        item.changed = True
        if change == "issue":
            item.replaced = item.current is not None and not item.current.is_spent(self._client.service_now())
            item.made = project(desired, self.policy)

    def _issue(self, item: UserPass, desired: Desired) -> None:
        held = item.current
        stood = held is not None and not held.is_spent(self._client.service_now())
        try:
            item.made, item.value = api.create_pass(self._client, item.user.id, render_body(desired))
        except errors.IntuneError as failure:
            self._take(item, failure)
            if failure.effects == "unknown":
                self._settle_issue(item, held)
            item.replaced = item.changed and stood
            return
        item.changed, item.replaced = True, stood
        item.settle("issued")
        self._hand_over(item)

    def _remove(self, item: UserPass) -> None:
        held = item.current
        try:
            api.delete_pass(self._client, item.user.id, str(held.id if held else ""))
        except errors.IntuneError as failure:
            self._take(item, failure)
            if failure.effects == "unknown":
                self._settle_removal(item, held)
            return
        item.changed = True
        item.settle("removed")

    def _take(self, item: UserPass, failure: errors.IntuneError) -> None:
        """Set the outcome of a user from an error, and stop the task if the error affects all users."""
        item.request_id = failure.request_id if isinstance(failure, errors.GraphError) else None
        if isinstance(failure, OF_ALL):
            self.failure = failure
            item.settle("failed", str(failure), "unavailable")
        elif isinstance(failure, errors.GraphError):
            reason, message = explain(item, failure)
            item.settle("failed", message, reason)
        else:
            item.settle("failed", str(failure), "service_refused")

    def _settle_issue(self, item: UserPass, held: AccessPass | None) -> None:
        """Find out whether a request without a response issued a pass. Repeating it would end a pass that may already be in use."""
        found = self._wait(item, lambda found: found is not None and (held is None or found.id != held.id))
        if found is not None:
            item.made, item.changed = found, True
            message = "No whole response came, and the user has a new pass now, whose value nobody has seen. "
            item.settle("value_lost", message + NEXT, "answer_lost")
        else:
            message = (
                "No whole response came, and no read shows a new pass yet: whether one was issued is unknown. Run the task again later."
            )
            item.settle("unknown", f"{message} If the user has a usable pass then, set replace to true.", "answer_lost")

    def _settle_removal(self, item: UserPass, held: AccessPass | None) -> None:
        gone = self._wait(item, lambda found: found is None or (held is not None and found.id != held.id), otherwise=held)
        if gone is None or (held is not None and gone.id != held.id):
            item.changed = True
            item.settle("removed")
        else:
            message = "No whole response came, and reads still show the pass: whether it was removed is unknown. Run the task again."
            item.settle("unknown", message, "answer_lost")

    def _wait(self, item: UserPass, good: t.Callable[[AccessPass | None], bool], otherwise: AccessPass | None = None) -> AccessPass | None:
        """Read the pass of a user until it is good; return ``otherwise`` if it does not become good or cannot be read."""
        try:
            found: AccessPass | None = self._client.wait_until(
                lambda: api.fetch_pass(self._client, item.user.id), good, timeout=SETTLE_SECONDS, what="the pass of a user", pause=2.0
            )
        except errors.IntuneError:
            # The outcome stays unknown, and the result reports that.
            return otherwise
        return found

    def _fetch_members(self) -> dict[str, frozenset[str] | None]:
        """Return those of the users that are in each group of the policy's scope, or None for a group that cannot be read."""
        users = frozenset(item.user.id for item in self._items)
        groups = self.policy.groups if self.policy else []
        found = {group: api.fetch_members(self._client, group, users) for group in groups}
        unread = sum(members is None for members in found.values())
        if unread:
            self.warnings.append(SCOPE_UNREAD.format(count=unread))
        return found


def find_caller(client: GraphClient) -> str | None:
    """Return the ID of the signed-in user, or None for an application."""
    claims = client.credential.identity()
    caller = claims.get("oid")
    return caller.lower() if "scp" in claims and isinstance(caller, str) else None
