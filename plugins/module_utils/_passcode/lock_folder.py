# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Find the folders for the locks of devices: those of the user, or the folder that an option names."""

from __future__ import annotations

import os
import stat
import tempfile
import typing as t

from .. import _errors as errors
from .._file_safety import find_unsafe_folder

OPTION = "lock_directory"
NAME = "endpointops-intune"
# The variables that Python reads for a temporary folder before it uses the current folder.
TEMPORARY_VARIABLES = ("TMPDIR", "TEMP", "TMP")
TEMPORARY_FOLDERS = ("/tmp", "/var/tmp", "/usr/tmp")
HINT = (
    f"Set {OPTION} to a folder on a local disk in which the user of this task can create files, the same for each task that resets devices."
)


def find_folders(directory: str | None, environ: t.Mapping[str, str] | None = None, *, check: bool = False) -> list[str]:
    """Return the folders for locks: that of the option, or those of the user, which are created. Raise InvalidOptionError.

    A user's session has a runtime folder, but a service of the same user has none, so the temporary folder is common to both. If their
    temporary folders differ, the runtime folder is common. In check mode nothing is created, and only existing folders are returned.
    """
    if directory:
        validate_directory(directory)
        return [directory]
    runtime = (os.environ if environ is None else environ).get("XDG_RUNTIME_DIR")
    try:
        temporary = os.path.join(_find_temporary(), f"{NAME}-{os.geteuid()}")
        # After su, the variable may still name another user's folder.
        found = [temporary, os.path.join(runtime, NAME)] if runtime and _is_private(runtime) else [temporary]
        for path in found:
            _validate_place(os.path.dirname(path))
        return [path for path in found if _is_private(path)] if check else [_create_private(path) for path in found]
    except (OSError, ValueError) as failure:
        if check:
            return []
        raise unusable(reason_of(failure)) from failure


def _find_temporary() -> str:
    """Return the temporary folder; raise InvalidOptionError if Python would use the current folder as its last choice."""
    found = os.path.abspath(tempfile.gettempdir())
    named = [path for name in TEMPORARY_VARIABLES if os.path.isabs(path := os.environ.get(name, ""))]
    if found not in (*map(os.path.abspath, named), *TEMPORARY_FOLDERS):
        raise errors.InvalidOptionError(
            f"The folder for the locks of devices cannot be in '{found}', which is the temporary folder of this task alone: it depends on "
            f"the current folder, since {', '.join(TEMPORARY_FOLDERS)} cannot be used, or TMPDIR is not a whole path.",
            hint=HINT,
        )
    return found


def _validate_place(path: str) -> None:
    """Raise InvalidOptionError for a folder in which other users can replace the folder for locks."""
    reason = find_unsafe_folder(path)
    if reason is not None:
        raise errors.InvalidOptionError(
            f"The folder for the locks of devices cannot be in '{path}', where other users can replace it: {reason}.", hint=HINT
        )


def validate_directory(path: str) -> None:
    """Raise InvalidOptionError if the folder of the option does not exist, or if any user can replace the files of others in it."""
    try:
        if not stat.S_ISDIR(os.stat(path).st_mode):
            raise unusable("It is not a folder", path)
        reason = find_unsafe_folder(path, is_shared=True)
    except (OSError, ValueError) as failure:
        raise unusable(reason_of(failure), path) from failure
    if reason is not None:
        raise errors.InvalidOptionError(
            f"{OPTION} '{path}' is refused: any user can replace the files in it, or redirect its path: {reason}.",
            hint="Set its mode to 2770, with a group of the users who reset devices, or to 1777: then nobody removes the files of others. "
            "Each folder above it must be one that only its owner, its group, and root can write to, or be sticky.",
        )


def _create_private(path: str) -> str:
    """Return a folder that only this user can access. Create it if it is missing."""
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        if not _is_private(path):
            raise errors.InvalidOptionError(
                f"'{path}', the folder for the locks of devices, is not a folder that only its owner, who runs this task, can use.",
                hint=f"Remove it if nobody needs it, or set {OPTION} to another folder, the same for each task that resets devices.",
            ) from None
    return path


def _is_private(path: str) -> bool:
    """Return whether a path is a folder, not a link, that this user owns and no other user can access."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return False
    return os.path.isabs(path) and stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def reason_of(failure: Exception) -> str:
    """Return the system's description of a failure."""
    return getattr(failure, "strerror", None) or str(failure)


def unusable(reason: str, path: str | None = None) -> errors.InvalidOptionError:
    """Return the error for a folder, or a file in it, that cannot be used."""
    named = f"{OPTION} '{path}'" if path else "The folder for the locks of devices"
    return errors.InvalidOptionError(f"{named} cannot be used: {reason}.", hint=HINT)
