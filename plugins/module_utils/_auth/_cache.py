# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""A file, chosen by the user, that keeps tokens between tasks. Off by default; only the owner can read the file."""

from __future__ import annotations

import errno
import json
import os
import re
import stat
import tempfile
import typing as t

from .. import _errors as errors
from .._file_safety import find_unsafe_folder
from .._types import Json
from ._answers import is_token, parse_json

try:
    import msal
except ImportError:
    msal = None

OPTION = "token_cache_path"
TOKENS = "AccessToken"  # msal's name for this kind of token
PROOF = "intune_proof"  # a member that this collection adds to msal's members


class TokenCache:
    """The serializable cache of msal, kept in a file.

    ``client_id``: the application whose tokens are used. ``fingerprint`` returns a hash of its credential. A token fetched with another
    credential
    of the same application is not used, because it would hide an error in the current credential.
    """

    def __init__(self, path: str, client_id: str | None, fingerprint: t.Callable[[], str]) -> None:
        self._path = os.path.expanduser(path)
        self._client_id = client_id
        self._fingerprint = fingerprint
        self._proof = ""
        self._cache: t.Any = None

    def validate(self) -> None:
        """Raise InvalidOptionError for a file that another user owns or can read. The file may be missing."""
        self._read()

    def load(self) -> t.Any:
        """Return msal's cache with the content of the file, or an empty cache if the file is damaged."""
        self._cache = msal.SerializableTokenCache()
        self._proof = self._fingerprint()
        content = self._read()
        if content is not None and is_cache(content):
            kinds: Json = parse_json(content)
            tokens = kinds.get(TOKENS, {})
            usable = {key: entry for key, entry in tokens.items() if not self._is_ours(entry) or entry.get(PROOF) == self._proof}
            self._cache.deserialize(json.dumps({**kinds, TOKENS: usable}))
        return self._cache

    def _is_ours(self, entry: Json) -> bool:
        return str(entry.get("client_id")).lower() == str(self._client_id).lower()

    def _serialize(self) -> str:
        """Return the content of the file: msal's serialized cache, with the credential of each token added."""
        kinds: Json = json.loads(self._cache.serialize())
        for entry in kinds.get(TOKENS, {}).values():
            if self._is_ours(entry):
                entry[PROOF] = self._proof
        return json.dumps(kinds)

    def _read(self) -> str | None:
        """Return the content of the file, or None if it is missing. Check and read the same open file."""
        try:
            exposed = find_unsafe_folder(self._folder)
            if exposed is not None:
                raise self._exposed(exposed)
            # Not blocking, because opening a pipe would wait for a writer.
            handle = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except FileNotFoundError:
            return None
        except (OSError, ValueError) as failure:
            if getattr(failure, "errno", None) in (errno.ELOOP, errno.ENXIO):
                raise self._not_ours() from None
            reason = getattr(failure, "strerror", None) or failure
            raise errors.InvalidOptionError(f"{OPTION} '{self._path}' cannot be used: {reason}.") from failure
        try:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or stat.S_IMODE(found.st_mode) & 0o077:
                raise self._not_ours()
            with os.fdopen(handle, "rb", closefd=False) as file:
                return file.read().decode("utf-8", errors="replace")
        finally:
            os.close(handle)

    @property
    def _folder(self) -> str:
        return os.path.dirname(self._path) or "."

    def _exposed(self, reason: str) -> errors.InvalidOptionError:
        return errors.InvalidOptionError(
            f"{OPTION} '{self._path}' is in the folder '{self._folder}', in which other users can remove or replace it: {reason}.",
            hint="Use a folder whose path only you and root can change. To make one, run: mkdir -m 0700 ~/intune",
        )

    def _not_ours(self) -> errors.InvalidOptionError:
        return errors.InvalidOptionError(
            f"{OPTION} '{self._path}' is not a file that only its owner can read.",
            hint="It holds tokens: remove it, or set its mode to 0600.",
        )

    def save(self) -> None:
        """Replace the whole file in one step, so that another process never reads a partial file."""
        if not self._cache.has_state_changed:
            return
        try:
            # mkstemp creates the file with mode 0600.
            handle, beside = tempfile.mkstemp(dir=self._folder, prefix=".intune-token-")
            try:
                with os.fdopen(handle, "w", encoding="utf-8") as file:
                    file.write(self._serialize())
                os.replace(beside, self._path)
            except OSError:
                os.unlink(beside)
                raise
        except OSError as failure:
            raise errors.InvalidOptionError(f"{OPTION} '{self._path}' cannot be written: {failure.strerror}.") from failure


def is_cache(content: str) -> bool:
    """Return whether a text is a cache of msal: each entry has the members that msal reads, with the right types."""
    kinds = parse_json(content)
    if not isinstance(kinds, dict) or not all(isinstance(entries, dict) for entries in kinds.values()):
        return False
    entries = [entry for kind in kinds.values() for entry in kind.values()]
    return all(_is_entry(entry) for entry in entries) and all(_is_token(entry) for entry in kinds.get(TOKENS, {}).values())


def _is_entry(entry: t.Any) -> bool:
    return isinstance(entry, dict) and all(value is None or isinstance(value, str) for value in entry.values())


def _is_token(entry: t.Mapping[str, str | None]) -> bool:
    has_texts = is_token(entry.get("secret")) and all(entry.get(name) for name in ("target", "client_id", "environment", "realm"))
    ends = [entry.get("expires_on"), *(entry[name] for name in ("refresh_on", "extended_expires_on", "cached_at") if name in entry)]
    return has_texts and all(re.fullmatch(r"\d{1,12}", end or "") for end in ends)
