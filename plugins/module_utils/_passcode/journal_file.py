# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The journal of resets in a file: one process at a time, whole lines, and each intent on the disk before its request is sent."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import shlex
import stat
import typing as t

from .. import _errors as errors
from .._file_safety import advise_on_missing, find_unsafe_folder
from .._types import Json
from . import journal_format
from .journal_format import History

OPTION = "journal_path"
NO_FILE = ""
CLOSED = -1
MODE = 0o600
MAX_LINE = 1 << 22  # bytes to read at once: the longest line contains the IDs of all devices of a run, 40 bytes each
MOST_DEVICES = 100_000  # of a run
MAX_REASON = 1000  # characters


class Journal:
    """A journal in the file ``path``; without a path it records nothing. ``clock_now`` returns seconds since the epoch.

    Call ``open``, then ``begin``; for each request ``intent``, and ``write`` for its result; then ``settle``. Send a request only after
    ``intent`` has returned. ``open`` and ``peek`` raise InvalidOptionError. Each method that adds lines raises PartialError if writing
    fails, and from then on always, because nothing more may be sent.
    """

    def __init__(self, path: str | None, clock_now: t.Callable[[], float]) -> None:
        self._path = os.path.expanduser(path) if path else NO_FILE
        self._now = clock_now
        self._handle = CLOSED
        self._broken: str | None = None

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()

    def open(self, tenant: str | None, graph: str) -> History:
        """Return the history. Create a missing file, and keep the file locked until ``close``."""
        if self._path == NO_FILE:
            return History()
        self._handle = self._open_file(os.O_RDWR | os.O_APPEND | os.O_CREAT)
        try:
            self._lock()
            if not self._is_in_place():
                raise OSError(errno.ESTALE, "It was removed or replaced while it was opened")
            history = self._read(self._handle, tenant, graph)
            self._prepare(history, tenant, graph)
        except OSError as failure:
            self.close()
            raise self._unusable(failure) from failure
        except errors.IntuneError:
            self.close()
            raise
        return history

    def peek(self, tenant: str | None, graph: str) -> History:
        """Return the history for check mode. Do not create, lock, or change the file. Raise if ``open`` could not create it."""
        if self._path == NO_FILE or self._can_be_created():
            return History()
        handle = self._open_file(os.O_RDONLY)
        try:
            return self._read(handle, tenant, graph)
        except OSError as failure:
            raise self._unusable(failure) from failure
        finally:
            os.close(handle)

    def close(self) -> None:
        """Close the file, which also releases the lock."""
        if self._handle != CLOSED:
            # All required data is on the disk. A failure now, as on network shares, must not discard the results.
            with contextlib.suppress(OSError):
                os.close(self._handle)
            self._handle = CLOSED

    # --- lines; devices by ID ---------------------------------------------------------------------------------------

    def begin(self, run: str, since: float, ids: t.Iterable[str], options: Json) -> None:
        """Record the start of a run."""
        members = {"run": run, "since": journal_format.render_time(since), "ids": sorted(ids), "options": options}
        self._append([self._line("begin", **members)], sync=True)

    def intent(self, devices: t.Iterable[tuple[str, str | None, str]]) -> None:
        """Record resets that are about to be sent: ID and name of each device, and the request's client-request-id.

        The records are on the disk when this returns.
        """
        if self._path != NO_FILE and self._broken is None and not self._is_in_place():
            self._broken = "It was removed or replaced while it was in use"
        lines = [self._line("intent", device=device, name=name, request=request_id) for device, name, request_id in devices]
        self._append(lines, sync=True)

    def write(self, event: str, device: str, detail: str | bool | None) -> None:
        """Record a later state of a reset. ``detail``: the reason for refused and lost, and for settled whether the reset ran."""
        members: dict[str, t.Any] = {}
        if event == "settled":
            members = {"ran": bool(detail)}
        elif event in ("refused", "lost"):
            members = {"reason": str(detail or "")[:MAX_REASON]}
        self._append([self._line(event, device=device, **members)])

    def outcome(self, devices: t.Iterable[tuple[str, str]]) -> None:
        """Record the outcomes: ID and status of each device."""
        self._append([self._line("outcome", device=device, status=status) for device, status in devices])

    def settle(self, remaining: t.Mapping[str, t.Collection[str]]) -> None:
        """Record for each of these runs the devices that a later task must settle. A run without any is complete."""
        lines = [self._line("remaining", run=run, ids=sorted(ids)) if ids else self._line("end", run=run) for run, ids in remaining.items()]
        self._append(lines, sync=True)

    def _line(self, event: str, **members: t.Any) -> bytes:
        return journal_format.render_line(event, self._now(), **members)

    def _append(self, lines: list[bytes], *, sync: bool = False) -> None:
        if self._path == NO_FILE or not lines:
            return
        if self._broken is None:
            try:
                self._write(b"".join(lines), sync)
                return
            except OSError as failure:
                # A line may be cut off now, and no other line must be appended to it.
                self._broken = failure.strerror or str(failure)
        raise errors.PartialError(
            f"{OPTION} '{self._path}' cannot be written: {self._broken}.",
            hint="No more resets are sent without it. Make room, or repair or restore the file, and run again with the same journal.",
            target=self._path,
        )

    def _write(self, content: bytes, sync: bool) -> None:
        """Write directly, without a buffer that would be lost with the process."""
        written = os.write(self._handle, content)
        if written != len(content):
            raise OSError(errno.ENOSPC, f"Only {written} of {len(content)} bytes were written; the disk or a quota may be full")
        if sync:
            os.fsync(self._handle)

    # --- file -------------------------------------------------------------------------------------------------------

    def _open_file(self, flags: int) -> int:
        """Open a regular file that no other user can write. Do not follow a link, or wait for a pipe."""
        try:
            handle = os.open(self._path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        except (OSError, ValueError) as failure:
            raise self._unusable(failure) from failure
        try:
            self._validate(os.fstat(handle))
            self._validate_folder()
        except OSError as failure:
            os.close(handle)
            raise self._unusable(failure) from failure
        except errors.IntuneError:
            os.close(handle)
            raise
        return handle

    def _can_be_created(self) -> bool:
        """Return whether the file is missing; raise InvalidOptionError if it is missing and cannot be created in its folder."""
        try:
            with contextlib.suppress(FileNotFoundError):
                os.lstat(self._path)
                return False
            self._validate_folder()
            if not os.access(self._folder, os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        except (OSError, ValueError) as failure:
            raise self._unusable(failure) from failure
        return True

    @property
    def _folder(self) -> str:
        return os.path.dirname(self._path) or "."

    def _validate(self, found: os.stat_result) -> None:
        """Raise InvalidOptionError unless the file belongs to the user of this task, and no other user can read, write, or lock it."""
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid():
            raise errors.InvalidOptionError(
                f"{OPTION} '{self._path}' is not a file of the user who runs this task (user ID {os.geteuid()}).",
                hint="It says which devices were reset: name another file, or correct its owner.",
                effects="none",
            )
        mode = stat.S_IMODE(found.st_mode)
        if mode != MODE:
            raise errors.InvalidOptionError(
                f"{OPTION} '{self._path}' must have the mode 0600, not {mode:04o}: a user who can read the file can also lock it.",
                hint=f"To correct it, run: chmod 0600 {shlex.quote(self._path)}",
                effects="none",
            )

    def _validate_folder(self) -> None:
        """Raise InvalidOptionError for a folder in which another user can remove or replace the file, or redirect its path."""
        reason = find_unsafe_folder(self._folder)
        if reason is not None:
            raise errors.InvalidOptionError(
                f"{OPTION} '{self._path}' is in the folder '{self._folder}', in which other users can remove or replace it: {reason}. A "
                "second run would not see what this one writes.",
                hint="Use a folder whose path only you and root can change. To make one, run: mkdir -m 0700 ~/intune",
                effects="none",
            )

    def _is_in_place(self) -> bool:
        """Return whether the path still names the open file."""
        ours = os.fstat(self._handle)
        try:
            found = os.stat(self._path, follow_symlinks=False)
        except OSError:
            return False
        return (found.st_dev, found.st_ino) == (ours.st_dev, ours.st_ino)

    def _lock(self) -> None:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as failure:
            raise errors.InvalidOptionError(
                f"{OPTION} '{self._path}' is in use by another run.",
                hint="Run again when it has ended: a run with another journal would not know of its resets.",
                effects="none",
            ) from failure

    def _read(self, handle: int, tenant: str | None, graph: str) -> History:
        with open(handle, "rb", closefd=False) as file:
            history = journal_format.parse_lines(iter(lambda: file.readline(MAX_LINE), b""), self._path)
        journal_format.validate(history, tenant, graph)
        return history

    def _prepare(self, history: History, tenant: str | None, graph: str) -> None:
        """Remove a line that a crash left incomplete, and start an empty file."""
        if os.fstat(self._handle).st_size > history.size:
            os.ftruncate(self._handle, history.size)
        if history.size:
            return
        # The directory entry of a new file is not safe on the disk until the folder is synced.
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._write(journal_format.render_header(self._now(), tenant, graph), sync=True)

    def _unusable(self, failure: Exception) -> errors.InvalidOptionError:
        is_folder_missing = isinstance(failure, FileNotFoundError) and not os.path.lexists(self._folder)
        return errors.InvalidOptionError(
            f"{OPTION} '{self._path}' cannot be used: {getattr(failure, 'strerror', None) or failure}.",
            hint=advise_on_missing(self._folder)
            if is_folder_missing
            else "It must name a file of its own, not a link, on the host that runs the module.",
            effects="none",
        )
