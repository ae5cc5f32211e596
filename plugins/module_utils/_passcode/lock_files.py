# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The files with the locks of devices and the record of their resets.

The lock of a device is a lock of one byte, at a position that the device ID determines, in one of a few files. The content of a file is the
machine's record of resets (see device_memory). It does not interfere with locks, because their positions are far behind it. A lock belongs
to the open file description, and the kernel releases it when the process ends for any reason. Device IDs are GUIDs, so tenants share the
files.

For each new lock, the kernel searches all locks of the file. Sixteen files keep that fast: ten thousand locks take a fraction of a second,
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
import typing as t

from .device_memory import ResetMemory, write
from .journal_format import KnownReset
from .lock_folder import reason_of, unusable

FILES = 16
UNSET = -1
OFD_SETLK: int | None = getattr(fcntl, "F_OFD_SETLK", None)  # only on Linux
HELD_BY_ANOTHER = (errno.EAGAIN, errno.EACCES)


@dataclasses.dataclass
class LockFile:
    """An open file, and its locked positions."""

    path: str
    handle: int = UNSET
    held: set[int] = dataclasses.field(default_factory=set)
    is_read: bool = False
    memory: ResetMemory = dataclasses.field(default_factory=ResetMemory)

    def is_current(self) -> bool:
        """Return whether the path still names the open file, because a cleanup may have removed it."""
        try:
            found, ours = os.stat(self.path, follow_symlinks=False), os.fstat(self.handle)
        except FileNotFoundError:
            return False
        return (found.st_dev, found.st_ino) == (ours.st_dev, ours.st_ino)


class LockFolder:
    """The files of one folder."""

    def __init__(self, path: str, warn: t.Callable[[str, str], None], *, check: bool = False) -> None:
        self.path, self._warn, self._check = path, warn, check
        self._files = [LockFile(os.path.join(path, f"devices-{number:x}.lock")) for number in range(FILES)]
        self._set_lock = _set_description_lock if OFD_SETLK is not None else _set_process_lock

    def open(self) -> None:
        """Open all files. Raise InvalidOptionError if one cannot be used."""
        for file in self._files:
            if self._check:
                with self._watch(file), contextlib.suppress(FileNotFoundError):
                    file.handle = _open_ordinary(file.path, os.O_RDONLY)
                continue
            try:
                file.handle = _open_file(file.path)
            except OSError as failure:
                raise unusable(reason_of(failure), file.path) from failure

    def close(self) -> None:
        """Close all files, which releases their locks."""
        for file in self._files:
            if file.handle != UNSET:
                # The kernel releases the locks. A failure must not discard the results of the task.
                with contextlib.suppress(OSError):
                    os.close(file.handle)
                file.handle = UNSET
            file.held.clear()

    def take(self, device: str) -> bool:
        """Lock a device, and return whether that succeeded. Raise OSError if locking is impossible."""
        if self._check:
            return True
        file, place = self._locate(device)
        if not file.is_current():
            self._reopen(file)
        if not file.is_read:
            self._read_first(file)
        is_ours = self._lock(file, place)
        if is_ours and not file.is_current():
            # Another process replaced the file by a compacted one just before.
            self._reopen(file)
            is_ours = self._lock(file, place)
        if is_ours:
            file.held.add(place)
        return is_ours

    def release(self, device: str) -> None:
        """Unlock the device."""
        file, place = self._locate(device)
        if place in file.held:
            file.held.remove(place)
            self._set_lock(file.handle, fcntl.F_UNLCK, place, 1)

    def _locate(self, device: str) -> tuple[LockFile, int]:
        digest = hashlib.sha256(device.encode()).digest()
        return self._files[digest[0] % FILES], int.from_bytes(digest[:8], "big") >> 2

    def _reopen(self, file: LockFile) -> None:
        """Reopen a file that was removed, and restore all held locks in the new one."""
        handle = _open_file(file.path)
        os.close(file.handle)
        file.handle = handle
        # Another process may have taken some of the locks first; it releases them then.
        for place in file.held:
            self._lock(file, place)
        before, file.memory = file.memory.resets, ResetMemory()
        self._read_memory(file)
        with self._watch(file):
            write(file.handle, {key: known for key, known in before.items() if key not in file.memory.resets})

    # --- record of resets -------------------------------------------------------------------------------------------

    def read_memory(self, device: str) -> t.Mapping[str, KnownReset]:
        """Return the current content of a device's file."""
        file, _place = self._locate(device)
        if file.handle != UNSET:
            self._read_memory(file)
        return file.memory.resets

    def write_memory(self, keys: t.Mapping[str, str], known: KnownReset) -> None:
        """Write the same state for several devices. ``keys``: their digests in the files."""
        by_file: dict[str, tuple[LockFile, dict[str, KnownReset]]] = {}
        for device, key in keys.items():
            file, _place = self._locate(device)
            by_file.setdefault(file.path, (file, {}))[1][key] = known
        for file, lines in by_file.values():
            for key in lines:
                file.memory.note(key, known)
            with self._watch(file):
                write(file.handle, lines)

    def _read_first(self, file: LockFile) -> None:
        """Read a file before its first lock. The other files are not read, so that a task for one device stays fast after a large fleet."""
        file.is_read = True
        self._read_memory(file)
        if file.memory.is_untidy:
            self._tidy(file)

    def _read_memory(self, file: LockFile) -> None:
        with self._watch(file):
            file.memory.read(file.handle)

    @contextlib.contextmanager
    def _watch(self, file: LockFile) -> t.Iterator[None]:
        """Warn if the record in a file cannot be used."""
        try:
            yield
        except OSError as failure:
            self._warn(file.path, reason_of(failure))

    def _tidy(self, file: LockFile) -> None:
        """Replace a file that no other process uses with one that has one line per device."""
        # Maintenance: if it fails, for example in a folder with the sticky bit, the file remains unchanged.
        with contextlib.suppress(OSError):
            self._set_lock(file.handle, fcntl.F_WRLCK, 0, 0)
            if file.is_current():
                self._read_memory(file)
                self._replace(file)
            self._set_lock(file.handle, fcntl.F_UNLCK, 0, 0)

    def _replace(self, file: LockFile) -> None:
        path = f"{file.path}.new"
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)  # left by a killed process
        handle = _create_file(path)
        try:
            write(handle, file.memory.resets)
            os.rename(path, file.path)
        except OSError:
            os.close(handle)
            raise
        os.close(file.handle)  # also releases its locks
        file.handle, file.memory = handle, ResetMemory()
        self._read_memory(file)

    def _lock(self, file: LockFile, place: int) -> bool:
        try:
            self._set_lock(file.handle, fcntl.F_WRLCK, place, 1)
        except OSError as failure:
            if failure.errno in HELD_BY_ANOTHER:
                return False
            if failure.errno != errno.EINVAL or self._set_lock is not _set_description_lock:
                raise
            # The kernel, or this file system, supports only the older kind of lock.
            self._set_lock = _set_process_lock
            return self._lock(file, place)
        return True


def _set_description_lock(handle: int, kind: int, place: int, length: int) -> None:
    """Set a lock that belongs to the open file description. A length of 0 includes all following positions."""
    # struct flock: type, whence, start, length, process. "0q" is the padding at its end.
    fcntl.fcntl(handle, OFD_SETLK or 0, struct.pack("hhqqi0q", kind, os.SEEK_SET, place, length, 0))


def _set_process_lock(handle: int, kind: int, place: int, length: int) -> None:
    """Set a lock that belongs to the process. Two tasks in one process would share it, but Ansible runs each task in its own process."""
    fcntl.lockf(handle, fcntl.LOCK_UN if kind == fcntl.F_UNLCK else fcntl.LOCK_EX | fcntl.LOCK_NB, length, place, os.SEEK_SET)


# --- files ------------------------------------------------------------------------------------------------------


def _open_file(path: str) -> int:
    """Open a regular file for locks, or create it for all users with write access to its folder."""
    try:
        # Without O_CREAT, which Linux refuses for another user's file in a folder with the sticky bit.
        handle = _open_ordinary(path)
    except FileNotFoundError:
        try:
            handle = _create_file(path)
        except FileExistsError:
            handle = _open_ordinary(path)
    # Cleanups of temporary folders select files by age.
    os.utime(handle)
    return handle


def _open_ordinary(path: str, access: int = os.O_RDWR | os.O_APPEND) -> int:
    handle = os.open(path, access | os.O_NOFOLLOW | os.O_NONBLOCK)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "It is not an ordinary file")
    return handle


def _create_file(path: str) -> int:
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_NOFOLLOW | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        _share(handle, os.path.dirname(path))
    except OSError:
        # A file that other users cannot open would prevent their locks.
        os.close(handle)
        os.unlink(path)
        raise
    return handle


def _share(handle: int, folder: str) -> None:
    """Give access to a new file to all users with write access to its folder."""
    found = os.stat(folder)
    is_for_group = found.st_mode & stat.S_IWGRP and not found.st_mode & stat.S_IWOTH
    if is_for_group and os.fstat(handle).st_gid != found.st_gid:
        os.fchown(handle, -1, found.st_gid)
    # Users with write access to the folder can read and write the file.
    os.fchmod(handle, 0o600 | (found.st_mode & 0o022) * 3)
