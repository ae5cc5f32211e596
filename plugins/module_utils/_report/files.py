# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Write the files of a report, each completely or not at all, and read the files that a report needs."""

from __future__ import annotations

import contextlib
import json
import os
import re
import secrets
import stat
import typing as t

from .. import _errors as errors
from .._file_safety import advise_on_missing, find_writable_by_others
from .._json import parse_json
from .._passcode import journal_format
from .._passcode.journal_format import History
from .._types import Json

MODES = 0o666  # the permissions that a file of a report can have
MAX_LINE = 1 << 22  # bytes of a line of a journal
LARGEST_REPORT = 1 << 26  # bytes of an earlier report
BASENAME = re.compile(r"(?!\.)[^/\x00-\x1f\x7f]{1,200}")
CLOSED_FLAGS = os.O_NONBLOCK | os.O_CLOEXEC


class ReportFiles:
    """The files of a report in an existing folder. ``mode`` as in the option."""

    def __init__(self, directory: str, basename: str, mode: t.Any) -> None:
        """Raise InvalidOptionError for a folder that is not writable, and for unusable options."""
        self._mode = parse_mode(mode)
        self._directory = os.path.abspath(os.path.expanduser(directory))
        if not BASENAME.fullmatch(basename):
            raise errors.InvalidOptionError(
                f"basename must be the beginning of a file's name, not {basename[:80]!r}.",
                hint="Use letters, digits, '-', and '_'. The folder is the option directory.",
            )
        if not directory.strip():
            raise errors.InvalidOptionError("directory must not be empty.", hint="Name the folder for the report.")
        if not os.path.isdir(self._directory):
            raise errors.InvalidOptionError(
                f"directory '{self._directory}' is not a folder on the host that runs the module.",
                hint="Name another one." if os.path.lexists(self._directory) else advise_on_missing(self._directory),
            )
        if not os.access(self._directory, os.W_OK | os.X_OK):
            raise errors.InvalidOptionError(
                f"directory '{self._directory}' is not writable.", hint="Use a folder of the user of this task."
            )
        self._basename = basename

    def path_of(self, kind: str) -> str:
        """Return the path of a file: html, json, or csv."""
        return os.path.join(self._directory, f"{self._basename}.{kind}")

    def list_warnings(self) -> list[str]:
        """Return a warning if other users of the machine can replace the report."""
        try:
            exposed = find_writable_by_others(self._directory)
        except OSError:
            return []
        return [f"Other users of this machine can replace the report in {self._directory}: {exposed}."] if exposed else []

    def find_changed(self, contents: t.Mapping[str, bytes]) -> list[str]:
        """Return the kinds of files whose content or mode differs."""
        return [kind for kind, content in contents.items() if not self._is_current(self.path_of(kind), content)]

    def _is_current(self, path: str, content: bytes) -> bool:
        try:
            found = os.lstat(path)
            if stat.S_ISDIR(found.st_mode):
                raise errors.InvalidOptionError(f"'{path}' is a folder, and the report would be a file.", hint="Choose another basename.")
            if not stat.S_ISREG(found.st_mode) or stat.S_IMODE(found.st_mode) != self._mode or found.st_size != len(content):
                return False
            with open(path, "rb") as file:
                return file.read() == content
        except OSError:
            return False

    def write(self, contents: t.Mapping[str, bytes]) -> None:
        """Write the files in order; raise PartialError if one cannot be written."""
        written: list[str] = []
        for kind, content in contents.items():
            path = self.path_of(kind)
            try:
                self._write(path, content)
            except OSError as failure:
                raise errors.PartialError(
                    f"'{path}' could not be written: {failure.strerror or failure}.",
                    hint="Make room, or correct the permissions of the folder, and run the task again.",
                    effects="partial" if written else "none",
                ) from failure
            written.append(path)

    def _write(self, path: str, content: bytes) -> None:
        """Write a temporary file, and rename it when all of it is on the disk. A link is replaced, not followed."""
        temporary = os.path.join(self._directory, f".{secrets.token_hex(8)}.part")
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            with os.fdopen(handle, "wb") as file:
                os.fchmod(handle, self._mode)
                file.write(content)
                file.flush()
                os.fsync(handle)
            os.replace(temporary, path)
        except OSError:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(temporary)
            raise


def parse_mode(value: t.Any) -> int:
    """Return the permissions in an option, given as a number or as octal digits; raise InvalidOptionError for others."""
    mode = value if isinstance(value, int) and not isinstance(value, bool) else None
    if isinstance(value, str) and re.fullmatch("0?[0-7]{3}", value.strip()):
        mode = int(value.strip(), 8)
    if mode is None or mode & ~MODES or not mode & 0o400:
        raise errors.InvalidOptionError(
            f'mode must be permissions such as "0640", which the owner can read and nobody can execute, not {str(value)[:40]!r}.',
            hint="Write them in quotes.",
        )
    return mode


def render_json(report: Json) -> bytes:
    """Return a report as JSON, in ASCII. Equal reports give equal bytes."""
    return (json.dumps(report, indent=2, ensure_ascii=True, allow_nan=False) + "\n").encode("ascii")


# --- sources of a report --------------------------------------------------------------------------------------------


def read_earlier(path: str) -> t.Any:
    """Return the JSON of an earlier report; raise InvalidOptionError for a file that cannot be read or is not JSON."""
    try:
        with open_file(path) as file:
            content = file.read(LARGEST_REPORT + 1)
    except OSError as failure:
        raise _unusable("compare_with", path, failure.strerror or str(failure)) from failure
    if len(content) > LARGEST_REPORT:
        raise _unusable("compare_with", path, "it is larger than a report can be")
    try:
        return parse_json(content)
    except ValueError as failure:
        raise _unusable("compare_with", path, f"it is not JSON ({failure})") from failure


def read_journal(path: str, tenant: str | None, graph: str) -> History:
    """Return the history in a journal of resets; raise InvalidOptionError for another file, and for the journal of another tenant."""
    try:
        with open_file(path) as file:
            history = journal_format.parse_history(iter(lambda: file.readline(MAX_LINE), b""))
    except OSError as failure:
        raise _unusable("journals", path, failure.strerror or str(failure)) from failure
    except journal_format.DamagedJournalError as damage:
        raise _unusable("journals", path, str(damage)) from damage
    if not journal_format.is_of(history, tenant, graph):
        raise _unusable("journals", path, f"it is of the tenant {history.tenant or '(unknown)'} at {history.graph}")
    return history


def open_file(path: str) -> t.IO[bytes]:
    """Open a regular file for reading, without waiting for a pipe. Raises OSError."""
    handle = os.open(os.path.expanduser(path), os.O_RDONLY | CLOSED_FLAGS)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError("It is not a file")
    return os.fdopen(handle, "rb")


def _unusable(option: str, path: str, reason: str) -> errors.InvalidOptionError:
    return errors.InvalidOptionError(
        f"{option} '{path}' cannot be used: {reason}.", hint="Name a file on the host that runs the module.", effects="none"
    )
