# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Hand secrets over in the ways that a task selects: sealed for recipients, in files, in clear text, or not at all."""

from __future__ import annotations

import dataclasses
import hashlib
import re
import typing as t

from .. import _errors as errors
from .._guid import PATTERN
from .._types import Json

if t.TYPE_CHECKING:
    from .._cms import Sealer
    from .sealed_files import SealedFiles

NAMED = 3  # files listed in a message
LONGEST_NAME = 64  # characters of the device or user name in a file name
USUAL_SECRET = "0" * 32  # used instead of a secret when only the size of its sealed form matters
UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


@dataclasses.dataclass(frozen=True)
class Words:
    """The nouns for a secret in messages, and the hint for a secret that was not handed over."""

    one: str
    many: str
    hint: str


class Handover:
    """The ways in which a task hands its secrets over.

    ``name`` is the key of the secret in a result; the key of a sealed one has a prefix. In check mode nothing is handed over: the keys are
    present with None as values. ``changed`` is true if a file was written, or would be.
    """

    def __init__(
        self,
        name: str,
        words: Words,
        *,
        seal_to: t.Sequence[str] | None,
        reveal: bool,
        now: float,
        directory: str | None = None,
        check: bool = False,
    ) -> None:
        """Store the options. Raise the errors of Sealer and SealedFiles before any secret is created that could not be handed over."""
        self._name = name
        self._words = words
        self._reveal = reveal
        self._check = check
        self._sealer = None if seal_to is None else _make_sealer(seal_to, now)
        self._files = None if directory is None else _open_files(directory)
        self._problems: list[str] = []
        self.changed = False

    def describe_recipients(self) -> Json:
        """Return the key of a result for the recipients, if there are any."""
        return {} if self._sealer is None else {"recipients": self._sealer.recipients}

    def describe_usual(self) -> Json:
        """Return the keys of a result for a secret of usual length, to estimate the size of all results. Write nothing."""
        return {} if self._sealer is None else {f"sealed_{self._name}": self._sealer.seal(USUAL_SECRET)}

    def describe(self, secret: str | None, file_name: str = "") -> Json:
        """Return the keys of a result for a secret, or for None while there is none. With a folder, write a sealed secret to a file."""
        keys: Json = {}
        shown = None if self._check else secret
        if self._sealer is not None:
            sealed = self._seal(self._sealer, shown) if shown else None
            keys[f"sealed_{self._name}"] = sealed
            if self._files is not None:
                keys["sealed_file"] = (
                    self._keep(self._sealer, self._files, sealed, file_name) if secret and (sealed or self._check) else None
                )
        if self._reveal:
            keys[self._name] = shown
        return keys

    def _seal(self, sealer: Sealer, secret: str) -> str | None:
        """Return the sealed form, or None if sealing fails, so that the other results are not lost."""
        try:
            return sealer.seal(secret)
        except Exception as failure:  # the library raises exceptions of any type, whose text may contain the secret
            self._problems.append(f"A {self._words.one} could not be sealed ({type(failure).__name__}).")
            return None

    def _keep(self, sealer: Sealer, files: SealedFiles, sealed: str | None, name: str) -> str | None:
        """Write a sealed secret to a new file and return its path, or None in check mode or on failure."""
        try:
            existing = _read_or_write(files, name, sealed)
        except (OSError, errors.InvalidOptionError) as failure:
            self._problems.append(f"{files.path_of(name)}: {getattr(failure, 'strerror', None) or failure}.")
            return None
        if existing is None:
            self.changed = True
        elif not sealer.can_be_opened(existing):
            self._problems.append(f"{files.path_of(name)}: the file exists and is not sealed to the recipients of seal_to. Move it away.")
            return None
        return files.path_of(name) if sealed else None

    def find_failure(self) -> errors.IntuneError | None:
        """Return the error for secrets that were not handed over, or None if there are none."""
        if not self._problems:
            return None
        failed = len(self._problems)
        more = f" And {failed - NAMED} more." if failed > NAMED else ""
        verb = "would not be" if self._check else "was not" if failed == 1 else "were not"
        noun = self._words.one if failed == 1 else self._words.many
        return errors.PartialError(
            f"{failed} {noun} {verb} handed over. {' '.join(self._problems[:NAMED])}{more}",
            hint=self._words.hint,
        )


def _make_sealer(seal_to: t.Sequence[str], now: float) -> Sealer:
    """Import the sealer, and with it the library cryptography, only for a task that seals."""
    from .._cms import Sealer

    return Sealer(seal_to, now)


def _open_files(directory: str) -> SealedFiles:
    from .sealed_files import SealedFiles

    return SealedFiles(directory)


def _read_or_write(files: SealedFiles, name: str, sealed: str | None) -> str | None:
    """Return the text of an existing file. If there is none, write the sealed secret, if given, and return None."""
    existing = files.read(name)
    if existing is None and sealed is not None:
        try:
            files.write(name, sealed)
        except FileExistsError:
            # Another task wrote the file in the meantime.
            existing = files.read(name)
            if existing is None:
                raise
    return existing


def render_file_name(name: str | None, identity: str, moment: str) -> str:
    """Return a file name for a secret that is safe for any device or user name. ``moment`` distinguishes the secrets of one device."""
    readable = UNSAFE.sub("_", name or "")[:LONGEST_NAME].strip("._-")
    plain = identity.lower()
    if not PATTERN.fullmatch(plain):
        plain = hashlib.sha256(plain.encode("utf-8", errors="replace")).hexdigest()[:32]
    return "-".join(part for part in (readable, plain, moment) if part) + ".cms"


def render_moment(timestamp: str) -> str:
    """Return a timestamp in the form used in file names."""
    return timestamp.replace("-", "").replace(":", "")
