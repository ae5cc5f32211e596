# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Whether other users of this machine can replace a file or a folder, or redirect its path."""

from __future__ import annotations

import errno
import os
import stat
import typing as t

MOST_LINKS = 40  # as many as Linux follows


def find_writable_by_others(path: str) -> str | None:
    """Return what lets any user of this machine replace the content of a file, or a folder; None where nothing does.

    All folders from the root on count, and so do all links on the way: who can replace one of them chooses the file. In a sticky folder
    only the owner of an entry can replace it. Raises OSError.
    """
    mode = 0
    for folder, name, found in _walk(path):
        holder = stat.S_IMODE(os.stat(folder).st_mode)
        if holder & stat.S_IWOTH:
            if not holder & stat.S_ISVTX:
                return f"the mode of {folder} is {holder:04o}"
            if found.st_uid not in (0, os.geteuid()):
                return f"the mode of {folder} is {holder:04o}, and {name} has the owner {found.st_uid}"
        mode = stat.S_IMODE(found.st_mode)
    return f"its mode is {mode:04o}" if mode & stat.S_IWOTH else None


def _walk(path: str) -> t.Iterator[tuple[str, str, os.stat_result]]:
    """Yield each folder and link on the way to a file, and the file: the folder that holds it, without links, its path, and its status."""
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
