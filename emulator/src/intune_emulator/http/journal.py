# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tenant received, for tests; and the recording of exchanges (--record)."""

from __future__ import annotations

import itertools
import json
import re
from collections import deque
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .message import Call

MAX_ENTRIES = 500_000
SECRET_NAMES = frozenset({"passcode", "client_secret", "client_assertion", "password", "secrettext"})
# The signature in the address of an export is as good as a password.
_SIGNATURE = re.compile(r"([?&]|^)sig=[^&\s]*")
SECRET_VALUE_TYPES = ("omaSettingString", "omaSettingBase64", "omaSettingStringXml")

# The answer of getOmaSettingPlainTextValue.
PLAIN_TEXT = "$metadata#Edm.String"


def redact(value: Any) -> Any:
    """A copy without secrets; strings are replaced by strings."""
    if isinstance(value, dict):
        hidden = str(value.get("@odata.type", "")).endswith(SECRET_VALUE_TYPES) or str(value.get("@odata.context", "")).endswith(PLAIN_TEXT)
        return {
            name: "REDACTED" if isinstance(item, str) and (name.lower() in SECRET_NAMES or (hidden and name == "value")) else redact(item)
            for name, item in value.items()
        }
    if isinstance(value, list):
        return [redact(item) for item in value]
    if isinstance(value, str) and "sig=" in value:
        return _SIGNATURE.sub(r"\1sig=REDACTED", value)
    return value


def parse_body(call: Call) -> Any:
    """The JSON of a request, or None."""
    if call.body is not None or not call.raw:
        return call.body
    try:
        return json.loads(call.raw)
    except ValueError:
        return None


def _kind(entry: dict[str, Any]) -> str | None:
    """Under which name an entry is counted."""
    if entry["kind"] in ("token", "managed_identity"):
        return "tokens"
    if entry["kind"] not in ("graph", "batch_item"):
        return None
    if entry["write"]:
        return "writes"
    return "envelopes" if entry["path"].lower() == "/$batch" else "reads"


class Journal:
    """Entries with a running number that never goes back, not even on reset."""

    def __init__(self) -> None:
        self._entries: deque[dict[str, Any]] = deque(maxlen=MAX_ENTRIES)
        self.last = 0

    def open(self, **values: Any) -> dict[str, Any]:
        """A new entry; the caller fills in the rest."""
        self.last += 1
        entry = {
            "seq": self.last,
            "time": "",
            "method": "",
            "version": None,
            "path": "",
            "query": "",
            "status": None,
            "kind": "graph",
            "client_id": None,
            "client_request_id": None,
            "request_id": None,
            "user_agent": None,
            "write": False,
            "workload": None,
            "batch": None,
            "fault": None,
            "throttled": False,
            "early_retry": False,
            "refused": None,
            "body": None,
            **values,
        }
        self._entries.append(entry)
        return entry

    def since(self, seq: int) -> list[dict[str, Any]]:
        """Entries after `seq`."""
        newest_first = itertools.takewhile(lambda entry: entry["seq"] > seq, reversed(self._entries))
        return list(newest_first)[::-1]

    def counts(self, seq: int) -> dict[str, int]:
        """How many entries after `seq` were Graph writes and reads (items of a $batch count, not its envelope), envelopes, throttled,
        retries before Retry-After, requests for a token. ValueError when some of these entries were dropped for lack of room."""
        if len(self._entries) == MAX_ENTRIES and self._entries[0]["seq"] > seq + 1:
            raise ValueError(f"the journal holds the last {MAX_ENTRIES} entries only, not all since {seq}")
        counts = dict.fromkeys(("writes", "reads", "throttled", "early_retry", "envelopes", "tokens"), 0)
        for entry in self.since(seq):
            if kind := _kind(entry):
                counts[kind] += 1
            counts["throttled"] += entry["throttled"]
            counts["early_retry"] += entry["early_retry"]
        return counts

    def clear(self) -> None:
        """Forget the entries; numbers go on."""
        self._entries.clear()


class Recorder:
    """Appends every Graph exchange to a file, one JSON object a line, without secrets."""

    def __init__(self, path: Path | None) -> None:
        self._stream: IO[str] | None = path.open("a", encoding="utf-8") if path else None

    def write(self, **exchange: Any) -> None:
        """method, version, path, request_headers, request_body, status, response_headers, response_body."""
        if self._stream:
            self._stream.write(json.dumps(redact(exchange), ensure_ascii=False) + "\n")
            self._stream.flush()

    @property
    def active(self) -> bool:
        """True with --record."""
        return self._stream is not None

    def close(self) -> None:
        """At the end."""
        if self._stream:
            self._stream.close()
            self._stream = None
