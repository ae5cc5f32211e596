# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The journal of received requests, and the recording of exchanges (--record)."""

from __future__ import annotations

import itertools
import json
import os
import re
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

Entry = dict[str, Any]

MAX_ENTRIES = 500_000
# An item of a $batch can have the header Authorization in the body.
SECRET_NAMES = frozenset(
    {"authorization", "passcode", "temporaryaccesspass", "client_secret", "client_assertion", "password", "secrettext"}
)
# The signature in the address of an export is as sensitive as a password.
_SIGNATURE = re.compile(r"([?&]|^)sig=[^&\s]*")
SECRET_VALUE_TYPES = ("omaSettingString", "omaSettingBase64", "omaSettingStringXml")

# The response of getOmaSettingPlainTextValue.
PLAIN_TEXT = "$metadata#Edm.String"


def redact(value: Any) -> Any:
    """Return a copy without secrets; strings are replaced by strings."""
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


_RUN_COUNTS = ("writes", "accepted_writes", "reads", "envelopes", "throttled", "early_retry")


def _counter(entry: Entry) -> str | None:
    """Return the name of the counter of an entry."""
    if entry["kind"] in ("token", "managed_identity"):
        return "tokens"
    if entry["kind"] not in ("graph", "batch_item"):
        return None
    if entry["write"]:
        return "writes"
    return "envelopes" if entry["path"].lower() == "/$batch" else "reads"


class Journal:
    """Entries with a running number that continues after a reset."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=MAX_ENTRIES)
        self.last = 0

    def open(self, **values: Any) -> Entry:
        """Add an entry and return it; the caller sets the other fields."""
        self.last += 1
        entry: Entry = {
            "seq": self.last,
            "time": "",
            "method": "",
            "version": None,
            "path": "",
            "query": "",
            "status": None,
            "kind": "graph",
            "client_id": None,
            "run": None,
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
            "ignored": None,
            "body": None,
            **values,
        }
        self._entries.append(entry)
        return entry

    def __len__(self) -> int:
        return len(self._entries)

    def newest_first(self) -> Iterator[Entry]:
        """Return the entries from the last one back."""
        return reversed(self._entries)

    def since(self, seq: int) -> list[Entry]:
        """Return the entries after `seq`."""
        newest_first = itertools.takewhile(lambda entry: entry["seq"] > seq, reversed(self._entries))
        return list(newest_first)[::-1]

    def counts(self, seq: int) -> dict[str, int]:
        """Count the entries after `seq`; ValueError if the journal no longer has all of them.

        The counts: Graph writes and reads (items of a $batch, not its envelope), envelopes, throttled requests, requests before the retry
        time announced to their run, and token requests.
        """
        if len(self._entries) == MAX_ENTRIES and self._entries[0]["seq"] > seq + 1:
            raise ValueError(f"the journal holds the last {MAX_ENTRIES} entries only, not all since {seq}")
        counts = dict.fromkeys(("writes", "reads", "throttled", "early_retry", "envelopes", "tokens"), 0)
        for entry in self.since(seq):
            if kind := _counter(entry):
                counts[kind] += 1
            counts["throttled"] += entry["throttled"]
            counts["early_retry"] += entry["early_retry"]
        return counts

    def runs(self, seq: int) -> list[dict[str, Any]]:
        """Return the same counts for each run (a token, which each process fetches for itself), in the order of their first requests."""
        found: dict[str, dict[str, Any]] = {}
        for entry in self.since(seq):
            if entry["run"] is None or (kind := _counter(entry)) is None:
                continue
            counts = found.setdefault(
                entry["run"],
                {"run": entry["run"], "client_id": entry["client_id"], **dict.fromkeys(_RUN_COUNTS, 0)},
            )
            counts[kind] += 1
            counts["accepted_writes"] += entry["write"] and entry["status"] is not None and entry["status"] < 300
            counts["throttled"] += entry["throttled"]
            counts["early_retry"] += entry["early_retry"]
        return list(found.values())

    def clear(self) -> None:
        """Remove the entries; the numbers continue."""
        self._entries.clear()


def _append_private(path: Path) -> IO[str]:
    """Open a file for more text; a new one is for its owner only."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a", encoding="utf-8")


class Recorder:
    """Append every Graph exchange to a file, one JSON object a line, without secrets."""

    def __init__(self, path: Path | None) -> None:
        self._stream: IO[str] | None = _append_private(path) if path else None

    def write(self, **exchange: Any) -> None:
        """Append an exchange: method, version, path, request_headers, request_body, status, response_headers, response_body."""
        if self._stream:
            self._stream.write(json.dumps(redact(exchange), ensure_ascii=False) + "\n")
            self._stream.flush()

    @property
    def active(self) -> bool:
        """Return whether there is a file to record to."""
        return self._stream is not None

    def close(self) -> None:
        """Close the file."""
        if self._stream:
            self._stream.close()
            self._stream = None
