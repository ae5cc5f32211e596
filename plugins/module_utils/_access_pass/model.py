# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Temporary Access Passes: a pass, the tenant's policy for passes, a user, and the pass of one user in a task. Pure.

Source: https://learn.microsoft.com/graph/api/resources/temporaryaccesspassauthenticationmethod
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _json as shapes
from .._guid import parse_identity
from .._names import fold
from .._time import parse_timestamp
from .._types import Json

SHORTEST, LONGEST = 10, 43200  # minutes that the API accepts, regardless of the policy
ALL_USERS = "all_users"
ENABLED = "enabled"
EXTERNAL = "#ext#"  # in the principal name of a user from another tenant
# Reasons that make a pass permanently unusable. All other reasons are temporary, so such a pass still counts.
SPENT = frozenset({"expired", "onetimeused"})

Status = t.Literal[
    "planned",
    "issued",
    "exists",
    "removed",
    "absent",
    "refused",
    "failed",
    "value_lost",
    "unknown",
    "not_attempted",
]
Reason = t.Literal[
    "self",
    "external_guest",
    "method_disabled",
    "out_of_scope",
    "lifetime_out_of_range",
    "one_time_only",
    "start_passed",
    "not_allowed_by_policy",
    "administrator",
    "forbidden",
    "user_gone",
    "service_refused",
    "answer_lost",
    "not_sealed",
    "unavailable",
]
BAD: frozenset[Status] = frozenset({"refused", "failed", "value_lost", "unknown", "not_attempted"})

MEMBERS: dict[str, shapes.Shape[t.Any]] = {
    "id": shapes.identity,
    "createdDateTime": shapes.lenient(shapes.text),
    "startDateTime": shapes.lenient(shapes.text),
    "lifetimeInMinutes": shapes.lenient(shapes.integer),
    "isUsableOnce": shapes.lenient(shapes.boolean),
    "isUsable": shapes.lenient(shapes.boolean),
    "methodUsabilityReason": shapes.lenient(shapes.text),
}
PASS = shapes.object_of(MEMBERS)
# A response without the text of a pass counts as lost. Its error shows only the type.
NEW_PASS = shapes.object_of({**MEMBERS, "temporaryAccessPass": shapes.identity})
TARGET = shapes.object_of({"targetType": shapes.lenient(shapes.text), "id": shapes.identity})
POLICY = shapes.object_of(
    {
        "state": shapes.text,
        "includeTargets": shapes.lenient(shapes.list_of(TARGET)),
        "excludeTargets": shapes.lenient(shapes.list_of(TARGET)),
        "minimumLifetimeInMinutes": shapes.lenient(shapes.integer),
        "maximumLifetimeInMinutes": shapes.lenient(shapes.integer),
        "defaultLifetimeInMinutes": shapes.lenient(shapes.integer),
        "defaultLength": shapes.lenient(shapes.integer),
        "isUsableOnce": shapes.lenient(shapes.boolean),
    }
)
USER = shapes.object_of(
    {
        "id": shapes.identity,
        "userPrincipalName": shapes.text,
        "displayName": shapes.lenient(shapes.text),
        "userType": shapes.lenient(shapes.text),
        "accountEnabled": shapes.lenient(shapes.boolean),
    }
)
ROLE = shapes.object_of({"id": shapes.identity, "displayName": shapes.lenient(shapes.text)})


@dataclasses.dataclass(frozen=True)
class AccessPass:
    """A pass without its text. Times in seconds since the epoch, None if unknown. The ID is None for a planned pass."""

    id: str | None
    created: float | None = None
    start: float | None = None
    lifetime_minutes: int | None = None
    is_usable_once: bool | None = None
    is_usable: bool | None = None
    reason: str | None = None

    @property
    def end(self) -> float | None:
        """The time at which the pass expires."""
        return None if self.start is None or self.lifetime_minutes is None else self.start + 60.0 * self.lifetime_minutes

    def is_spent(self, now: float) -> bool:
        """Return whether the pass can never be used again. Only then does a new one take nothing from the user."""
        if self.is_usable:
            return False
        return (self.reason or "").lower() in SPENT or (self.end is not None and self.end <= now)


@dataclasses.dataclass(frozen=True)
class Target:
    """A target of the policy: a group, a user, or ``all_users``."""

    kind: str
    id: str


@dataclasses.dataclass(frozen=True)
class Policy:
    """The tenant's policy for passes. Members with None are unknown, and decide nothing."""

    state: str
    minimum: int | None = None
    maximum: int | None = None
    default: int | None = None
    length: int | None = None
    is_one_time_only: bool | None = None
    includes: tuple[Target, ...] | None = None
    excludes: tuple[Target, ...] | None = None

    @property
    def is_enabled(self) -> bool:
        """Whether passes can be used in the tenant at all."""
        return self.state.lower() == ENABLED

    @property
    def groups(self) -> list[str]:
        """The IDs of all groups in the scope."""
        found = [*(self.includes or ()), *(self.excludes or ())]
        return list(dict.fromkeys(target.id for target in found if target.kind == "group" and target.id != ALL_USERS))


@dataclasses.dataclass(frozen=True)
class User:
    """A user of the directory."""

    id: str
    principal: str
    name: str | None = None
    kind: str | None = None
    is_enabled: bool | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names that can identify the user. Only the principal name is unique."""
        return (self.principal, self.name) if self.name else (self.principal,)

    @property
    def is_external(self) -> bool:
        """Whether the user signs in to another tenant, which does not accept this tenant's passes."""
        return EXTERNAL in self.principal.lower()


@dataclasses.dataclass(frozen=True)
class Desired:
    """The pass that a task requests. A lifetime of None is the policy's default, and a start of None is now."""

    lifetime_minutes: int | None = None
    is_usable_once: bool = True
    start: float | None = None
    replace: bool = False


@dataclasses.dataclass(eq=False)
class UserPass:
    """The pass of one user in a task, and its outcome. The only mutable object here. ``value`` is a secret."""

    user: User
    names: list[str]
    current: AccessPass | None = None
    roles: list[str] | None = None
    status: Status = "not_attempted"
    reason: Reason | None = None
    message: str | None = None
    changed: bool = False
    replaced: bool = False
    made: AccessPass | None = None
    value: str | None = dataclasses.field(default=None, repr=False)
    request_id: str | None = None

    def settle(self, status: Status, message: str | None = None, reason: Reason | None = None) -> None:
        """Set the outcome."""
        self.status, self.reason, self.message = status, reason, message


def parse_pass(item: Json) -> AccessPass:
    """Parse a pass from Graph's JSON."""
    return AccessPass(
        id=str(item["id"]),
        created=parse_timestamp(item.get("createdDateTime")),
        start=parse_timestamp(item.get("startDateTime")),
        lifetime_minutes=item.get("lifetimeInMinutes"),
        is_usable_once=item.get("isUsableOnce"),
        is_usable=item.get("isUsable"),
        reason=item.get("methodUsabilityReason"),
    )


def parse_policy(item: Json) -> Policy:
    """Parse a policy from Graph's JSON."""
    return Policy(
        state=str(item["state"]),
        minimum=item.get("minimumLifetimeInMinutes"),
        maximum=item.get("maximumLifetimeInMinutes"),
        default=item.get("defaultLifetimeInMinutes"),
        length=item.get("defaultLength"),
        is_one_time_only=item.get("isUsableOnce"),
        includes=_parse_targets(item.get("includeTargets")),
        excludes=_parse_targets(item.get("excludeTargets")),
    )


def _parse_targets(items: list[Json] | None) -> tuple[Target, ...] | None:
    if items is None:
        return None
    return tuple(Target((item.get("targetType") or "group").lower(), item["id"].lower()) for item in items)


def parse_user(item: Json) -> User | None:
    """Parse a user from Graph's JSON, or return None for one whose ID or principal name identifies nothing."""
    identity = parse_identity(item.get("id"))
    principal = item["userPrincipalName"] if isinstance(item.get("userPrincipalName"), str) else ""
    if identity is None or not principal.strip():
        return None
    return User(identity, principal, item.get("displayName"), item.get("userType"), item.get("accountEnabled"))


def choose_pass(found: t.Sequence[AccessPass], now: float) -> AccessPass | None:
    """Return the pass that counts. A user has at most one; a usable pass takes precedence over one that can never be used again."""
    return min(found, key=lambda each: each.is_spent(now), default=None)


def is_same_principal(name: str, user: User) -> bool:
    """Return whether a name is the principal name of a user, ignoring letter case."""
    return fold(name) == fold(user.principal)
