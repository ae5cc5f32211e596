# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The machine's record of the resets that its tasks sent, or were about to send: lines in the files with the locks of devices.

A line contains a digest of the device, the state of its last reset, and the time (by the service's clock) at which the request was about to
be sent:

    0123456789abcdef0123456789abcdef intended 2026-01-31T08:00:00.000Z

intended: about to be sent, outcome unknown; accepted: Intune accepted it; free: the service reported that it did not run it, so the
previous reset is valid again. Only the process that holds the lock of a device writes lines for it. A line is in the file before the
request leaves, and remains if the process is killed; a crash of the machine can lose it.
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

LARGEST = 2**24  # bytes of a file to read: a hundred thousand lines
TIDY_FROM = 2**16  # bytes from which a file is compacted, if that halves its size
LINE = re.compile(rb"([0-9a-f]{32}) (intended|accepted|free) ([0-9TZ:.-]{20,40})")
WORDS: t.Mapping[State, str] = {"open": "intended", "accepted": "accepted", "free": "free"}
STATES: t.Mapping[bytes, State] = {word.encode(): state for state, word in WORDS.items()}


def derive_key(scope: str, device: str) -> str:
    """Return the digest of a device in the lines. ``scope``: the address of the service."""
    return hashlib.sha256(f"{scope}\n{device.lower()}".encode()).hexdigest()[:32]


class ResetMemory:
    """The lines of one open file that were read. ``resets``: the last valid reset of each device, by its digest."""

    def __init__(self) -> None:
        self.resets: dict[str, KnownReset] = {}
        self._offset = 0  # of the complete lines that were read
        self._size = 0  # of the file at the last read
        self._lines = 0
        self._is_damaged = False

    @property
    def is_untidy(self) -> bool:
        """Whether it is worthwhile to rewrite the file with one line per device."""
        return self._is_damaged or (self._offset > TIDY_FROM and self._lines > 2 * len(self.resets))

    def read(self, handle: int) -> None:
        """Read the added lines. Raise OSError for unreadable lines, after reading all others."""
        size = os.fstat(handle).st_size
        if size == self._size:
            return
        if size > LARGEST:
            raise OSError(errno.EFBIG, f"It has more than {LARGEST} bytes")
        if size < self._offset:
            self._offset = 0
        added, self._size = os.pread(handle, size - self._offset, self._offset), size
        # A line without a line feed is still being written, or was cut off.
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
        """Set the state of a device's last reset. If that reset did not run, the previous one is valid again."""
        before = self.resets.get(key)
        if known.state == "open":
            is_same = before is not None and (before.state, before.intended_at) == ("open", known.intended_at)
            known = dataclasses.replace(known, previous=before and (before.previous if is_same else before.effective))
        elif known.state == "free" and before is not None:
            known = before if before.state != "open" else before.previous or known
        self.resets[key] = known


def write(handle: int, resets: t.Mapping[str, KnownReset]) -> None:
    """Append a line for each device in one write. Raise OSError."""
    if resets:
        content = render(resets)
        if os.write(handle, content) < len(content):
            raise OSError(errno.ENOSPC, "Only a part of the data was written")


def render(resets: t.Mapping[str, KnownReset]) -> bytes:
    """Return the lines, after a line feed that ends a line that was cut off."""
    lines = (
        f"{key} {WORDS[line.state]} {render_time(line.intended_at)}\n"
        for key, known in resets.items()
        for line in (known.previous, known)
        if line is not None
    )
    return b"\n" + "".join(lines).encode("ascii")
