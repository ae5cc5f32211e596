# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Tokens kept between tasks in a file of the user's choice: off by default, readable by its owner alone."""

from __future__ import annotations

import json
import os
import stat
import tempfile
import typing as t

from .. import _errors as errors

try:
    import msal
except ImportError:
    msal = None

OPTION = "token_cache_path"


class TokenCache:
    """msal's serializable cache in a file. Without a path: msal's own cache in memory."""

    def __init__(self, path: str | None) -> None:
        self._path = os.path.expanduser(path) if path else None
        self._cache: t.Any = None

    def validate(self) -> None:
        """Raise InvalidOptionError for a file that is not ours, or that others can read. It may be missing."""
        if self._path is None:
            return
        try:
            found = os.lstat(self._path)
        except FileNotFoundError:
            return
        except OSError as failure:
            raise errors.InvalidOptionError(f"{OPTION} '{self._path}' cannot be used: {failure.strerror}.") from failure
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.getuid() or stat.S_IMODE(found.st_mode) & 0o077:
            raise errors.InvalidOptionError(
                f"{OPTION} '{self._path}' is not a file that only its owner can read.",
                hint="It holds tokens: remove it, or set its mode to 0600.",
            )

    def load(self) -> t.Any:
        """Return msal's cache with the content of the file; null without a path."""
        if self._path is None:
            return None
        self._cache = msal.SerializableTokenCache()
        try:
            with open(self._path, encoding="utf-8") as file:
                content = file.read()
            if isinstance(json.loads(content), dict):
                self._cache.deserialize(content)
        except (FileNotFoundError, ValueError):
            # A first run, or a damaged file: both begin anew.
            self._cache = msal.SerializableTokenCache()
        return self._cache

    def save(self) -> None:
        """Replace the file as a whole, so that another process never reads half of it."""
        if self._path is None or not self._cache.has_state_changed:
            return
        try:
            # mkstemp makes it 0600 from the start.
            handle, beside = tempfile.mkstemp(dir=os.path.dirname(self._path) or ".", prefix=".intune-token-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(self._cache.serialize())
                os.replace(beside, self._path)
            except OSError:
                os.unlink(beside)
                raise
        except OSError as failure:
            raise errors.InvalidOptionError(f"{OPTION} '{self._path}' cannot be written: {failure.strerror}.") from failure
