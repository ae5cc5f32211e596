# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Find the users of a task by principal name or ID, each of exactly one user. Report all problems at once."""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .. import _permissions as permissions
from .._graph.client import GraphClient
from .._guid import parse_guid
from .._names import explain_missing, find_malformation, fold, show
from . import api
from .model import User, UserPass, is_same_principal

MOST_NAMES = 1000
SHOWN_PROBLEMS = 20  # problems with names in one message; the rest are counted


def select(client: GraphClient, names: t.Sequence[t.Any]) -> list[UserPass]:
    """Return the users with these names, each once, in their order.

    Raises InvalidOptionError for none or too many, and SelectionError for names that match no user, or several.
    """
    _validate(names)
    found = _fetch(client, names)
    missing = [name for name in names if not _users_of(name, found)]
    others = _fetch_by_mail(client, missing)
    problems: list[str] = []
    items: dict[str, UserPass] = {}
    for name in names:
        users = _users_of(name, found)
        if len(users) == 1:
            items.setdefault(users[0].id, UserPass(users[0], [])).names.append(name)
        else:
            problems.append(_describe_several(name, users) if users else _describe_missing(name, others))
    _raise(problems)
    return list(items.values())


def _validate(names: t.Sequence[t.Any]) -> None:
    if not names:
        raise errors.InvalidOptionError("No user is meant: users is empty.", hint="Name a user.")
    if len(names) > MOST_NAMES:
        raise errors.InvalidOptionError(f"users holds {len(names)} names; {MOST_NAMES} is the most for one task.", hint="Split them.")
    _raise(problem for name in names if (problem := find_problem(name)))


def find_problem(name: t.Any) -> str | None:
    """Return why a value cannot identify a user, or None if it can. Display names cannot, because several users may have the same."""
    malformation = find_malformation(name)
    if malformation:
        return malformation
    if parse_guid(name) or "@" in name.strip("@"):
        return None
    return f"'{show(name)}' must be a user principal name, such as ada@contoso.com, or the ID of a user."


def _fetch(client: GraphClient, names: t.Sequence[str]) -> list[User]:
    principals = list(dict.fromkeys(name for name in names if not parse_guid(name)))
    ids = list(dict.fromkeys(identity for name in names if (identity := parse_guid(name))))
    try:
        found = [*api.fetch_users(client, "userPrincipalName", principals), *api.fetch_users(client, "id", ids)]
    except errors.ForbiddenError as failure:
        raise failure.with_permission_hint(permissions.advise_on_one("To find users", permissions.READ_USERS)) from failure
    return list({user.id: user for user in found}.values())


def _users_of(name: str, found: t.Sequence[User]) -> list[User]:
    """Return the users that have this name. Compare here, because results of a filter are not trusted."""
    identity = parse_guid(name)
    return [user for user in found if (user.id == identity if identity else is_same_principal(name, user))]


def _fetch_by_mail(client: GraphClient, names: t.Sequence[str]) -> list[tuple[str, User]]:
    """Return users whose mail address is one of these names, only for messages: people mistake it for the principal name."""
    addresses = [name for name in dict.fromkeys(names) if "@" in name]
    return [(name, user) for name in addresses for user in api.fetch_users(client, "mail", [name])]


def _describe_missing(name: str, others: t.Sequence[tuple[str, User]]) -> str:
    identity = parse_guid(name)
    if identity:
        return f"There is no user with the ID {identity}."
    found = [user.principal for address, user in others if fold(address) == fold(name)]
    more = f" It is the mail address of {' and '.join(map(show, found))}; use that principal name." if found else ""
    return f"There is no user with the principal name '{show(name)}'.{explain_missing(name, ())}{more}"


def _describe_several(name: str, users: t.Sequence[User]) -> str:
    return f"'{show(name)}' matches {len(users)} users: {', '.join(sorted(user.id for user in users))}. Use the ID of one."


def _raise(problems: t.Iterable[str]) -> None:
    every = list(dict.fromkeys(problems))
    if every:
        more = f" ... and {len(every) - SHOWN_PROBLEMS} more problems." if len(every) > SHOWN_PROBLEMS else ""
        hint = "Correct these entries." if len(every) > 1 else "Correct this entry."
        raise errors.SelectionError(" ".join(every[:SHOWN_PROBLEMS]) + more, hint=hint, effects="none")
