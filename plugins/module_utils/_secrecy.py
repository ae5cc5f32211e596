# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Protect secrets in arguments and results: refuse those that Ansible would show, and mark those that Ansible must hide."""

from __future__ import annotations

import re
import typing as t

from . import _errors as errors
from ._argspec import Secret
from ._pem import find_private_key
from ._types import Json


def refuse_exposed(revealed: t.Iterable[Secret], *, is_hidden: bool, is_async: bool, has_debug: bool) -> None:
    """Raise InvalidOptionError, before anything is sent, if Ansible would show secrets that a module's process returns."""
    for secret in revealed:
        if is_async:
            raise errors.InvalidOptionError(
                f"{secret.option} cannot be used with async: async_status would show the {secret.noun}. Remove one of the two."
            )
        if has_debug:
            raise errors.InvalidOptionError(
                f"{secret.option} is refused: ANSIBLE_DEBUG is on and would print the output of the module's process, "
                f"{secret.noun} included."
            )
        if not is_hidden:
            raise errors.InvalidOptionError(
                f"{secret.option} is refused: the result of this task is not hidden, and would show the {secret.noun}.",
                hint="Set no_log: true on the task, or call the module by its full name.",
            )


# The keys of results that contain a secret in clear text.
SECRET_KEYS = frozenset({"passcode", "temporary_access_pass"})


def refuse_secrets(arguments: t.Mapping[str, t.Any]) -> None:
    """Raise InvalidOptionError for secrets that no option accepts, and that Ansible would show with the options."""
    refuse_private_keys(arguments)
    for name, value in arguments.items():
        if _holds_secret_key(value):
            raise errors.InvalidOptionError(
                f"{name} holds passcodes in clear, which are not shown here.",
                hint=f"Remove them from {name}: give results of a task without return_passcode or return_pass.",
            )


def _holds_secret_key(value: t.Any) -> bool:
    """Return whether the value of an option contains, at any level, a secret in clear text from results."""
    if isinstance(value, dict):
        return any(bool(item) and key in SECRET_KEYS or _holds_secret_key(item) for key, item in value.items())
    return isinstance(value, (list, tuple)) and any(map(_holds_secret_key, value))


def drop_secrets(value: t.Any) -> t.Any:
    """Return a copy of results without the members that contain a secret in clear text, at any level."""
    if isinstance(value, t.Mapping):
        return {key: drop_secrets(item) for key, item in value.items() if key not in SECRET_KEYS}
    return [drop_secrets(item) for item in value] if isinstance(value, (list, tuple)) else value


def refuse_private_keys(arguments: t.Mapping[str, t.Any]) -> None:
    """Raise InvalidOptionError for a private key in an option: no option accepts one, and Ansible would show it."""
    for name, value in arguments.items():
        if find_private_key(value):
            raise errors.InvalidOptionError(
                f"{name} holds a private key, which is not shown here.",
                hint=f"Remove it from {name}, and replace the key where others may have seen it. "
                "seal_to takes certificates; client_certificate_path takes the path of a file.",
            )


def shows_entries(version: str) -> bool:
    """Return whether this ansible-core shows the unmarked entries of a hidden result's list.

    Before 2.21, it treats a list named results like that of a loop. Since then it does not, and would leave the marks in the registered
    variable.
    """
    numbers = re.match(r"(\d+)\.(\d+)", version)
    return numbers is None or (int(numbers[1]), int(numbers[2])) < (2, 21)


def mark_secrets(result: Json, secrets: t.Iterable[Secret], *, marks_entries: bool) -> bool:
    """Return whether a result contains secrets; mark each entry that does, so that Ansible censors it."""
    found = False
    for secret in secrets:
        *containers, key = secret.path.split(".")
        for holder in _holders(result, containers):
            if holder.get(key):
                found = True
                if marks_entries:
                    holder["_ansible_no_log"] = True
    return found


def _holders(value: t.Any, path: t.Sequence[str]) -> t.Iterator[Json]:
    """Yield the dictionaries at a path."""
    if not path:
        if isinstance(value, dict):
            yield value
        return
    key, rest = path[0].removesuffix("[]"), path[1:]
    found = value.get(key) if isinstance(value, dict) else None
    if path[0].endswith("[]"):
        for item in found if isinstance(found, list) else ():
            yield from _holders(item, rest)
    else:
        yield from _holders(found, rest)
