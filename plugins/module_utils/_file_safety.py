# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Whether other users of this machine can replace a file or fill a folder."""

from __future__ import annotations

import os
import stat


def find_writable_by_others(path: str) -> str | None:
    """Return what lets any user of this machine replace the content of a file; None where nothing does.

    A link counts too, and so does the folder that holds it: who can replace the link chooses the file. Raises OSError.
    """
    for name in dict.fromkeys((os.path.abspath(path), os.path.realpath(path))):
        found, folder = os.lstat(name), os.path.dirname(name)
        holder = os.stat(folder)
        if not stat.S_ISLNK(found.st_mode) and found.st_mode & stat.S_IWOTH:
            return f"its mode is {stat.S_IMODE(found.st_mode):04o}"
        is_kept = holder.st_mode & stat.S_ISVTX and found.st_uid in (0, os.geteuid())
        if holder.st_mode & stat.S_IWOTH and not is_kept:
            return f"the mode of {folder} is {stat.S_IMODE(holder.st_mode):04o}"
    return None
