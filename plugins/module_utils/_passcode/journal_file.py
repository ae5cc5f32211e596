# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The journal of resets as a file: one process at a time, whole lines, an intent on the disk before its request is sent."""

from __future__ import annotations

import errno
import fcntl
import os
import stat
import typing as t

from .. import _errors as errors
from . import journal_format as ledger
from .journal_format import Past

OPTION = "journal_path"
MAX_LINE = 1 << 20  # bytes read at once; no line of ours comes near it
MAX_REASON = 1000  # characters


class Journal:
    """A journal in the file ``path``; without a path it keeps nothing. ``clock_now`` gives seconds since the epoch.

    ``open``, then ``begin``, for each request ``intent`` and what became of it, then ``end``. Only after ``intent`` has returned
    may the requests be sent. ``open`` and ``peek`` raise InvalidOptionError; what adds lines raises PartialError when the
    file does not take them, and from then on always: nothing more may be sent.
    """

    def __init__(self, path: str | None, clock_now: t.Callable[[], float]) -> None:
        self._path = os.path.expanduser(path) if path else None
        self._now = clock_now
        self._handle: int | None = None
        self._broken: str | None = None

    def __enter__(self) -> Journal:
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()

    def open(self, tenant: str | None, graph: str) -> Past:
        """What earlier runs left. Makes the file where it is missing, and keeps it locked until ``close``."""
        if self._path is None:
            return Past()
        self._handle = self._open_file(os.O_RDWR | os.O_APPEND | os.O_CREAT)
        try:
            self._lock()
            past = self._read(self._handle, tenant, graph)
            self._prepare(past, tenant, graph)
        except OSError as failure:
            self.close()
            raise self._unusable(failure) from failure
        except errors.IntuneError:
            self.close()
            raise
        return past

    def peek(self, tenant: str | None, graph: str) -> Past:
        """The same for check mode: neither makes, locks nor changes the file."""
        if self._path is None or not os.path.lexists(self._path):
            return Past()
        handle = self._open_file(os.O_RDONLY)
        try:
            return self._read(handle, tenant, graph)
        except OSError as failure:
            raise self._unusable(failure) from failure
        finally:
            os.close(handle)

    def close(self) -> None:
        """Ends the lock too."""
        if self._handle is not None:
            os.close(self._handle)
            self._handle = None

    # --- lines; devices by id ---------------------------------------------------------------------------------------

    def begin(self, run: str, since: float, devices: int) -> None:
        self._append([self._line("begin", run=run, since=ledger.show_time(since), devices=devices)], sync=True)

    def intent(self, devices: t.Iterable[tuple[str, str | None]]) -> None:
        """``devices``: id and name of each. They are on the disk when this returns."""
        self._append([self._line("intent", device=device, name=name) for device, name in devices], sync=True)

    def accepted(self, devices: t.Iterable[str]) -> None:
        self._append([self._line("accepted", device=device) for device in devices])

    def refused(self, devices: t.Iterable[tuple[str, str]]) -> None:
        """``devices``: id, and why the service did not reset it."""
        self._append([self._line("refused", device=device, reason=reason[:MAX_REASON]) for device, reason in devices])

    def lost(self, devices: t.Iterable[tuple[str, str]]) -> None:
        """``devices``: id, and why it is not known whether it was reset."""
        self._append([self._line("lost", device=device, reason=reason[:MAX_REASON]) for device, reason in devices])

    def settled(self, devices: t.Iterable[tuple[str, bool]]) -> None:
        """``devices``: id, and whether the service ran the reset."""
        self._append([self._line("settled", device=device, ran=ran) for device, ran in devices])

    def outcome(self, devices: t.Iterable[tuple[str, str]]) -> None:
        """``devices``: id and status."""
        self._append([self._line("outcome", device=device, status=status) for device, status in devices])

    def end(self, run: str) -> None:
        self._append([self._line("end", run=run)], sync=True)

    def _line(self, event: str, **members: t.Any) -> bytes:
        return ledger.encode(event, self._now(), **members)

    def _append(self, lines: list[bytes], *, sync: bool = False) -> None:
        if self._path is None or not lines:
            return
        if self._broken is None:
            try:
                self._write(b"".join(lines), sync)
                return
            except OSError as failure:
                # A line may be cut off now: another one must not be glued to it.
                self._broken = failure.strerror or str(failure)
        raise errors.PartialError(
            f"{OPTION} '{self._path}' cannot be written: {self._broken}.",
            hint="No more resets are sent without it. Make room or repair the disk, and run again with the same journal.",
            target=self._path,
        )

    def _write(self, content: bytes, sync: bool) -> None:
        """At once and past any buffer of ours, which would be lost with the process."""
        written = os.write(self._handle, content)
        if written != len(content):
            raise OSError(errno.ENOSPC, f"Only {written} of {len(content)} bytes were written; the disk or a quota may be full")
        if sync:
            os.fsync(self._handle)

    # --- the file ---------------------------------------------------------------------------------------------------

    def _open_file(self, flags: int) -> int:
        """Only an ordinary file that nobody else may write; a link is not followed, and a pipe is not waited for."""
        try:
            handle = os.open(self._path, flags | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600)
        except (OSError, ValueError) as failure:
            raise self._unusable(failure) from failure
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o022:
            os.close(handle)
            raise errors.InvalidOptionError(
                f"{OPTION} '{self._path}' is not a file that only its owner, who runs this task, can write.",
                hint="It says which devices were reset: name another file, or correct its owner and mode (0600).",
            )
        return handle

    def _lock(self) -> None:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as failure:
            raise errors.InvalidOptionError(
                f"{OPTION} '{self._path}' is in use by another run.",
                hint="Nothing was sent. Run again when it has ended: a run with another journal would not know of its resets.",
            ) from failure

    def _read(self, handle: int, tenant: str | None, graph: str) -> Past:
        with open(handle, "rb", closefd=False) as file:
            past = ledger.read(iter(lambda: file.readline(MAX_LINE), b""), self._path)
        ledger.check(past, tenant, graph)
        return past

    def _prepare(self, past: Past, tenant: str | None, graph: str) -> None:
        """Cuts off a line that a crash left unfinished, and begins an empty file."""
        if os.fstat(self._handle).st_size > past.size:
            os.ftruncate(self._handle, past.size)
        if past.size:
            return
        # The entry of a new file in its folder is not safe before the folder is.
        folder = os.open(os.path.dirname(self._path) or ".", os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
        self._write(ledger.header(self._now(), tenant, graph), sync=True)

    def _unusable(self, failure: Exception) -> errors.InvalidOptionError:
        return errors.InvalidOptionError(
            f"{OPTION} '{self._path}' cannot be used: {getattr(failure, 'strerror', None) or failure}.",
            hint="Nothing was sent. It names a file of its own, not a link, on the host that runs the module.",
        )
