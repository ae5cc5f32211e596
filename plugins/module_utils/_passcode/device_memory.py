# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""What a machine remembers of the resets that its tasks sent, or were about to send: lines in the files that hold the locks of devices.

A line names a device by a digest, the state of its last reset, and when the request was about to be sent, by the service's clock:

    0123456789abcdef0123456789abcdef intended 2026-01-31T08:00:00.000Z

intended: about to be sent, and not known whether it ran; accepted: Intune took it; free: the service said that it did not run it, so that
the reset before it holds again. Only who holds the lock of a device writes of it. A line is in the file before the request leaves, and
stays there when the process is killed; a crash of the machine can lose it.
"""

from __future__ import annotations

import dataclasses
import errno
import hashlib
import os
import re
import typing as t

from .._time import parse_timestamp
from .journal_format import KnownReset, State, render_time

LARGEST = 2**24  # bytes of a file that is read: a hundred thousand lines
TIDY_FROM = 2**16  # bytes from which a file is tidied, when it could be half as large
LINE = re.compile(rb"([0-9a-f]{32}) (intended|accepted|free) ([0-9TZ:.-]{20,40})")
WORDS: t.Mapping[State, str] = {"open": "intended", "accepted": "accepted", "free": "free"}
STATES: t.Mapping[bytes, State] = {word.encode(): state for state, word in WORDS.items()}


def derive_key(scope: str, device: str) -> str:
    """Return the name of a device in the lines. ``scope``: where the service is."""
    return hashlib.sha256(f"{scope}\n{device.lower()}".encode()).hexdigest()[:32]


class ResetMemory:
    """The lines of one open file, as far as they were read. ``resets``: the last one of each device that holds, by its key."""

    def __init__(self) -> None:
        self.resets: dict[str, KnownReset] = {}
        self._offset = 0  # of the whole lines that were read
        self._size = 0  # of the file, when it was read
        self._lines = 0
        self._is_damaged = False

    @property
    def is_untidy(self) -> bool:
        """Whether the file is worth to be written anew, with one line a device."""
        return self._is_damaged or (self._offset > TIDY_FROM and self._lines > 2 * len(self.resets))

    def read(self, handle: int) -> None:
        """Take the lines that were added. Raise OSError for those that cannot be read, when all others are taken."""
        size = os.fstat(handle).st_size
        if size == self._size:
            return
        if size > LARGEST:
            raise OSError(errno.EFBIG, f"It has more than {LARGEST} bytes")
        if size < self._offset:
            self._offset = 0
        added, self._size = os.pread(handle, size - self._offset, self._offset), size
        # What has no line feed yet is still being written, or was cut off.
        whole = added[: added.rfind(b"\n") + 1]
        self._offset += len(whole)
        damaged = sum(not self._take(line) for line in whole.split(b"\n") if line)
        if damaged:
            self._is_damaged = True
            raise OSError(errno.EINVAL, f"{damaged} of its lines are damaged")

    def _take(self, line: bytes) -> bool:
        self._lines += 1
        found = LINE.fullmatch(line)
        when = parse_timestamp(found[3].decode()) if found else None
        if found is None or when is None:
            return False
        self.note(found[1].decode(), KnownReset(STATES[found[2]], when, when))
        return True

    def note(self, key: str, known: KnownReset) -> None:
        """Take the state of a device's last reset. Where that did not run, the one before it holds again."""
        before = self.resets.get(key)
        if known.state == "open":
            is_same = before is not None and (before.state, before.intended_at) == ("open", known.intended_at)
            known = dataclasses.replace(known, previous=before and (before.previous if is_same else before.effective))
        elif known.state == "free" and before is not None:
            known = before if before.state != "open" else before.previous or known
        self.resets[key] = known


def write(handle: int, resets: t.Mapping[str, KnownReset]) -> None:
    """Add a line for each device, at once. Raise OSError."""
    if resets:
        content = render(resets)
        if os.write(handle, content) < len(content):
            raise OSError(errno.ENOSPC, "It took a part of what was written")


def render(resets: t.Mapping[str, KnownReset]) -> bytes:
    """Return the lines, after a line feed that ends one which was cut off."""
    lines = (
        f"{key} {WORDS[line.state]} {render_time(line.intended_at)}\n"
        for key, known in resets.items()
        for line in (known.previous, known)
        if line is not None
    )
    return b"\n" + "".join(lines).encode("ascii")
