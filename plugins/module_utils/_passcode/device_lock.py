# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Locks of devices between the processes of one machine, so that two tasks do not reset a device at the same time.

A device is a byte at a place that its ID determines, in one of a few empty files. The lock of that byte belongs to the open file
description, and the kernel releases it when the process ends, in whatever way. IDs of devices are GUIDs, so tenants share the files.

The kernel searches all locks of a file for each new one. Sixteen files keep that short: ten thousand locks take a fraction of a second,
instead of a quarter of a minute in one file.
"""

from __future__ import annotations

import contextlib
import dataclasses
import errno
import fcntl
import hashlib
import os
import stat
import struct
import tempfile
import typing as t

from .. import _errors as errors

OPTION = "lock_directory"
NAME = "endpointops-intune"
FILES = 16
UNSET = -1
OFD_SETLK: int | None = getattr(fcntl, "F_OFD_SETLK", None)  # Linux alone
HELD_BY_ANOTHER = (errno.EAGAIN, errno.EACCES)
HINT = (
    f"Set {OPTION} to a folder on a local disk in which the user of this task can create files, the same for each task that resets devices."
)


def find_folders(directory: str | None, environ: t.Mapping[str, str] | None = None) -> list[str]:
    """Return the folders for locks: the one of the option, else those of the user, which are created. Raise InvalidOptionError.

    A session has a runtime folder, and a service of the same user has not: the temporary folder is where they meet. Where temporary
    folders differ, the runtime folder is.
    """
    if directory:
        validate_directory(directory)
        return [directory]
    runtime = (os.environ if environ is None else environ).get("XDG_RUNTIME_DIR")
    try:
        temporary = tempfile.gettempdir()
        found = [_create_private(os.path.join(temporary, f"{NAME}-{os.geteuid()}"))]
        # Another user's stays in the environment after su.
        return [*found, _create_private(os.path.join(runtime, NAME))] if runtime and _is_private(runtime) else found
    except (OSError, ValueError) as failure:
        raise _unusable(_reason(failure)) from failure


class DeviceLocks:
    """The locks of a task. Without a folder every device can be taken. ``open``, or a with statement, before the first."""

    def __init__(self, folders: t.Iterable[str] = ()) -> None:
        self._folders = [LockFolder(path) for path in folders]
        self._held: set[str] = set()
        self.warnings: list[str] = []

    def __enter__(self) -> DeviceLocks:
        self.open()
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()

    def open(self) -> None:
        """Open the files, and create those that are missing. Raise InvalidOptionError where that fails."""
        try:
            for folder in self._folders:
                folder.open()
        except errors.IntuneError:
            self.close()
            raise

    def close(self) -> None:
        """Release all devices."""
        for folder in self._folders:
            folder.close()
        self._held.clear()

    def take(self, device: str) -> bool:
        """Return whether a device is locked for this task now; false while another process holds it."""
        device = device.lower()
        if device in self._held:
            return True
        taken: list[LockFolder] = []
        for folder in list(self._folders):
            try:
                if not folder.take(device):
                    for other in taken:
                        other.release(device)
                    return False
            except OSError as failure:
                self._leave(folder, failure)
            else:
                taken.append(folder)
        self._held.add(device)
        return True

    def release(self, device: str) -> None:
        """Let other processes take a device. One that is not held stays as it is."""
        device = device.lower()
        if device in self._held:
            self._held.remove(device)
            for folder in list(self._folders):
                try:
                    folder.release(device)
                except OSError as failure:
                    self._leave(folder, failure)

    def _leave(self, folder: LockFolder, failure: OSError) -> None:
        """Go on without a folder, in which nothing can be locked."""
        folder.close()
        self._folders.remove(folder)
        self.warnings.append(
            f"Devices cannot be locked in '{folder.path}': {_reason(failure)}. Another task on this machine can reset the same devices at "
            f"the same time. Run one task at a time, or set {OPTION} to a folder on a local disk."
        )


@dataclasses.dataclass
class LockFile:
    """An open file, and the places in it that are locked."""

    path: str
    handle: int = UNSET
    held: set[int] = dataclasses.field(default_factory=set)

    def is_current(self) -> bool:
        """Return whether the path still names the open file: what cleans up may have removed it."""
        try:
            found, ours = os.stat(self.path, follow_symlinks=False), os.fstat(self.handle)
        except FileNotFoundError:
            return False
        return (found.st_dev, found.st_ino) == (ours.st_dev, ours.st_ino)


class LockFolder:
    """The files of one folder."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._files = [LockFile(os.path.join(path, f"devices-{number:x}.lock")) for number in range(FILES)]
        self._set_lock = _set_description_lock if OFD_SETLK is not None else _set_process_lock

    def open(self) -> None:
        """Open all files. Raise InvalidOptionError where one cannot be used."""
        for file in self._files:
            try:
                file.handle = _open_file(file.path)
            except OSError as failure:
                raise _unusable(_reason(failure), file.path) from failure

    def close(self) -> None:
        """Close all files, which releases their locks."""
        for file in self._files:
            if file.handle != UNSET:
                # The kernel releases the locks. A failure must not take the results of the task with it.
                with contextlib.suppress(OSError):
                    os.close(file.handle)
                file.handle = UNSET
            file.held.clear()

    def take(self, device: str) -> bool:
        """Return whether the device is locked now. Raise OSError where nothing can be locked."""
        file, place = self._locate(device)
        if not file.is_current():
            self._reopen(file)
        if not self._lock(file, place):
            return False
        file.held.add(place)
        return True

    def release(self, device: str) -> None:
        """Unlock the device."""
        file, place = self._locate(device)
        if place in file.held:
            file.held.remove(place)
            self._set_lock(file.handle, fcntl.F_UNLCK, place)

    def _locate(self, device: str) -> tuple[LockFile, int]:
        digest = hashlib.sha256(device.encode()).digest()
        return self._files[digest[0] % FILES], int.from_bytes(digest[:8], "big") >> 2

    def _reopen(self, file: LockFile) -> None:
        """Open a file anew that was removed, and lock there too all that is held."""
        handle = _open_file(file.path)
        os.close(file.handle)
        file.handle = handle
        # Another process may have been faster for some, and then it releases those.
        for place in file.held:
            self._lock(file, place)

    def _lock(self, file: LockFile, place: int) -> bool:
        try:
            self._set_lock(file.handle, fcntl.F_WRLCK, place)
        except OSError as failure:
            if failure.errno in HELD_BY_ANOTHER:
                return False
            if failure.errno != errno.EINVAL or self._set_lock is not _set_description_lock:
                raise
            # The kernel, or this file system, knows the older kind alone.
            self._set_lock = _set_process_lock
            return self._lock(file, place)
        return True


def _set_description_lock(handle: int, kind: int, place: int) -> None:
    """Set a lock that belongs to the open file description."""
    # struct flock: type, whence, start, length, process; "0q" is the padding at its end.
    fcntl.fcntl(handle, OFD_SETLK or 0, struct.pack("hhqqi0q", kind, os.SEEK_SET, place, 1, 0))


def _set_process_lock(handle: int, kind: int, place: int) -> None:
    """Set a lock that belongs to the process: two tasks in one process would share it, and Ansible gives each task a process."""
    fcntl.lockf(handle, fcntl.LOCK_UN if kind == fcntl.F_UNLCK else fcntl.LOCK_EX | fcntl.LOCK_NB, 1, place, os.SEEK_SET)


# --- files and folders ----------------------------------------------------------------------------------------------


def _open_file(path: str) -> int:
    """Open an ordinary file for locks, or create it for all who can write to its folder."""
    flags = os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        # Without O_CREAT, which Linux refuses for the file of another user in a folder with the sticky bit.
        handle = os.open(path, flags)
    except FileNotFoundError:
        try:
            handle = os.open(path, flags | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            handle = os.open(path, flags)
        else:
            _share(handle, os.path.dirname(path))
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "It is not an ordinary file")
    # What cleans up temporary folders goes by age.
    os.utime(handle)
    return handle


def _share(handle: int, folder: str) -> None:
    """Give those a new file who can write to its folder."""
    found = os.stat(folder)
    if found.st_mode & stat.S_IWGRP and os.fstat(handle).st_gid != found.st_gid:
        os.fchown(handle, -1, found.st_gid)
    # Those who can write there can read and write the file.
    os.fchmod(handle, 0o600 | (found.st_mode & 0o022) * 3)


def validate_directory(path: str) -> None:
    """Raise InvalidOptionError where the folder of the option does not exist, or where any user can remove the files of others."""
    try:
        found = os.stat(path)
    except (OSError, ValueError) as failure:
        raise _unusable(_reason(failure), path) from failure
    if not stat.S_ISDIR(found.st_mode):
        raise _unusable("It is not a folder", path)
    if found.st_mode & stat.S_IWOTH and not found.st_mode & stat.S_ISVTX:
        raise errors.InvalidOptionError(
            f"{OPTION} '{path}' can be changed by every user: its mode is {stat.S_IMODE(found.st_mode):04o}.",
            hint="Set its mode to 2770, with a group of the users who reset devices, or to 1777: then nobody removes the files of others.",
        )


def _create_private(path: str) -> str:
    """Return a folder of this user alone, which is created where it is missing."""
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
    """Return whether a path is a folder, not a link, that this user owns and nobody else can use."""
    try:
        found = os.lstat(path)
    except (OSError, ValueError):
        return False
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid() and not found.st_mode & 0o077


def _reason(failure: Exception) -> str:
    return getattr(failure, "strerror", None) or str(failure)


def _unusable(reason: str, path: str | None = None) -> errors.InvalidOptionError:
    named = f"{OPTION} '{path}'" if path else "The folder for the locks of devices"
    return errors.InvalidOptionError(f"{named} cannot be used: {reason}.", hint=HINT)
