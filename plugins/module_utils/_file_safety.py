# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Check whether other users of this machine can replace a file or a folder, or redirect its path."""

from __future__ import annotations

import errno
import os
import shlex
import stat
import typing as t

MOST_LINKS = 40  # the same number as in Linux


def advise_on_missing(folder: str) -> str:
    """Return the hint for a folder that does not exist."""
    return f"Create the folder first: mkdir -p -m 0700 {shlex.quote(folder)}"


def find_writable_by_others(path: str) -> str | None:
    """Return the reason why any user of this machine can replace the content of a file or a folder, or None.

    All folders from the root and all links on the path are checked, because replacing one of them means choosing the file. In a
    sticky folder, only the owner of an entry can replace it. Raises OSError.
    """
    reason, last = _find_replaceable(path, {0, os.geteuid()})
    return reason or (f"its mode is {_mode_of(last)}" if last.st_mode & stat.S_IWOTH else None)


def find_unsafe_folder(path: str, *, is_shared: bool = False) -> str | None:
    """Return the reason why other users can replace the files in a folder, or redirect its path, or None. Raises OSError.

    A shared folder may have another owner, and its group may write to it. A sticky one is safe, because each file belongs to its owner.
    """
    found = os.stat(path)
    owners = {0, os.geteuid()}
    if not is_shared and found.st_uid not in owners:
        return f"its owner has the user ID {found.st_uid}"
    if found.st_mode & (stat.S_IWOTH if is_shared else stat.S_IWOTH | stat.S_IWGRP) and not found.st_mode & stat.S_ISVTX:
        return f"its mode is {_mode_of(found)}"
    return _find_replaceable(path, owners | {found.st_uid})[0]


def _find_replaceable(path: str, owners: t.Collection[int]) -> tuple[str | None, os.stat_result]:
    """Return the reason why users other than these owners can replace a part of a path, or None, and the status of its end."""
    found = os.stat("/")
    for folder, name, found in _walk(path):
        holder = os.stat(folder)
        if holder.st_mode & stat.S_IWOTH:
            if not holder.st_mode & stat.S_ISVTX:
                return f"the mode of {folder} is {_mode_of(holder)}", found
            if found.st_uid not in owners:
                return f"the mode of {folder} is {_mode_of(holder)}, and {name} has the owner {found.st_uid}", found
    return None, found


def _mode_of(found: os.stat_result) -> str:
    return f"{stat.S_IMODE(found.st_mode):04o}"


def _walk(path: str) -> t.Iterator[tuple[str, str, os.stat_result]]:
    """Yield each folder and link on the path to a file, and the file: its containing folder without links, its path, and its status."""
    folder, links = "/", 0
    parts = os.path.join(os.getcwd(), path).split("/")[::-1]
    while parts:
        part = parts.pop()
        if part in ("", "."):
            continue
        if part == "..":
            folder = os.path.dirname(folder)
            continue
        name = os.path.join(folder, part)
        found = os.lstat(name)
        yield folder, name, found
        if not stat.S_ISLNK(found.st_mode):
            folder = name
            continue
        links += 1
        if links > MOST_LINKS:
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), name)
        target = os.readlink(name)
        folder = "/" if target.startswith("/") else folder
        parts += target.split("/")[::-1]
