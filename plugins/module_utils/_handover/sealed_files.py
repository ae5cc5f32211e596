# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Write sealed secrets to a folder: one file each, readable only by its owner, complete or absent, never replacing another file."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
import weakref

from .. import _errors as errors
from .._file_safety import advise_on_missing, find_writable_by_others

OPTION = "sealed_directory"
# The errors of file systems without hard links, such as FAT and some network shares.
NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.EMLINK)
NO_SYNC = (errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP)
LARGEST_FILE = 1 << 20  # bytes; a sealed passcode has a few thousand for each recipient


class SealedFiles:
    """Files in one folder. Each method except the constructor raises OSError, or InvalidOptionError if the folder became unsafe."""

    def __init__(self, path: str) -> None:
        """Open the folder and keep it open; raise InvalidOptionError if writing to it is impossible or unsafe."""
        self._path = os.path.abspath(os.path.expanduser(path))
        try:
            self._folder = os.open(self._path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            weakref.finalize(self, os.close, self._folder)
            self._validate()
            # Checked after opening: if no other user can redirect the path, the open folder is the intended one.
            exposed = find_writable_by_others(self._path)
        except (OSError, ValueError) as failure:
            reason = getattr(failure, "strerror", None) or "this is not a path"
            is_missing = isinstance(failure, FileNotFoundError) and not os.path.lexists(self._path)
            raise errors.InvalidOptionError(
                f"{OPTION} cannot be opened: {path!r}: {reason}.",
                hint=advise_on_missing(self._path) if is_missing else "It must be an existing folder on the host that runs the module.",
            ) from failure
        if exposed:
            raise errors.InvalidOptionError(
                f"{OPTION} is refused: other users can replace {self._path}, or redirect its path: {exposed}.",
                hint="Use a folder whose path only you and root can change.",
            )

    def _validate(self) -> None:
        """Raise InvalidOptionError if other users can write to the open folder, it is not writable, or its path names another folder."""
        found = os.fstat(self._folder)
        mode = stat.S_IMODE(found.st_mode)
        if mode & 0o022 or found.st_uid not in (0, os.geteuid()):
            raise errors.InvalidOptionError(
                f"{OPTION} is refused: other users can write to {self._path} (mode {mode:04o}, owner {found.st_uid}).",
                hint="Use a folder of the user that runs the module, and remove the permissions of others with chmod go-w.",
            )
        if not os.access(".", os.W_OK | os.X_OK, dir_fd=self._folder, effective_ids=os.access in os.supports_effective_ids):
            raise errors.InvalidOptionError(
                f"{OPTION} is refused: {self._path} is not writable.", hint="Use a folder of the user that runs the module."
            )
        if not os.path.samestat(os.stat(self._path), found):
            raise errors.InvalidOptionError(f"{OPTION} is refused: {self._path} was replaced while it was in use.")

    def path_of(self, name: str) -> str:
        """Return the full path of a file."""
        return os.path.join(self._path, name)

    def read(self, name: str) -> str | None:
        """Return the text of a file, or None if there is none. Raise OSError for anything other than a regular file of a plausible size."""
        self._validate()
        try:
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self._folder)
        except FileNotFoundError:
            return None
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST_FILE:
                raise OSError(errno.EEXIST, os.strerror(errno.EEXIST))
            return file.read().decode("ascii", errors="replace")

    def write(self, name: str, text: str) -> None:
        """Write a new file with mode 0600. The file gets its name only after all of it is on the disk."""
        self._validate()
        temporary = f".{secrets.token_hex(8)}.part"
        try:
            _create(self._folder, temporary, text)
            # Not rename, because that would replace a file that appeared in the meantime.
            os.link(temporary, name, src_dir_fd=self._folder, dst_dir_fd=self._folder, follow_symlinks=False)
        except OSError as failure:
            if failure.errno not in NO_LINKS:
                raise
            _create(self._folder, name, text)
        finally:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary, dir_fd=self._folder)
        try:
            os.fsync(self._folder)
        except OSError as failure:
            # The file exists; some network shares cannot sync a folder.
            if failure.errno not in NO_SYNC:
                raise


def _create(folder: int, name: str, text: str) -> None:
    """Create a file with this text; remove it if that fails."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    handle = os.open(name, flags, 0o600, dir_fd=folder)
    try:
        with os.fdopen(handle, "wb") as file:
            os.fchmod(handle, 0o600)
            file.write(text.encode("ascii"))
            file.flush()
            os.fsync(handle)
    except OSError:
        os.unlink(name, dir_fd=folder)
        raise
