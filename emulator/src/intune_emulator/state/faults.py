# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Faults on demand: select the requests that they hit, and how often. http/app.py and http/server.py apply them to the connection."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from .clock import check_seconds

KINDS = (
    "refuse_connection",
    "drop_before",
    "drop_after",
    "status",
    "truncate",
    "delay",
    "expire_token",
    "html",
    "claims_challenge",
    "redirect",
)
# `version` of a fault for every version of Graph, but not for other services.
ANY_VERSION = "any"
# Kinds for a single request in a $batch: some of those above, and two for items only.
ITEM_KINDS = ("status", "expire_token", "claims_challenge", "omit", "duplicate")
ALL_KINDS = tuple(dict.fromkeys(KINDS + ITEM_KINDS))
MATCH = ("method", "path", "version")
FIELDS: dict[str, type | tuple[type, ...]] = {
    "status": int,
    "retry_after": (str, int, float),
    "seconds": (int, float),
    "location": str,
    "processed": bool,
    "code": str,
    "message": str,
}


@dataclass
class Fault:
    """An armed fault: hits each `every`-th of the matching requests after `skip`, `times` times (None: always)."""

    id: int
    kind: str
    details: dict[str, Any]
    method: str | None
    path: re.Pattern[str] | None
    version: str | None
    skip: int
    times: int | None
    every: int = 1
    hits: int = 0
    matched: int = 0

    def matches(self, method: str, path: str, version: str | None) -> bool:
        """Return whether the fault applies to the request, regardless of skip and times."""
        if self.method and self.method != method.upper():
            return False
        if self.version and (version is None if self.version == ANY_VERSION else self.version != version):
            return False
        return self.path is None or self.path.search(path) is not None

    def as_dict(self) -> dict[str, Any]:
        """Return the JSON of GET /_emulator/faults."""
        match = {"method": self.method, "path": self.path.pattern if self.path else None, "version": self.version}
        return {
            "id": self.id,
            "match": match,
            "skip": self.skip,
            "every": self.every,
            "times": self.times,
            "hits": self.hits,
            "fault": {"kind": self.kind, **self.details},
        }


class Faults:
    """All armed faults in the order of arming; the first one that matches hits."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []
        self._last = 0

    def arm(self, spec: dict[str, Any]) -> Fault:
        """Arm a fault by the JSON of POST /_emulator/faults; ValueError if it is not valid."""
        unknown = set(spec) - {"match", "skip", "every", "times", "fault"}
        if unknown:
            raise ValueError(f"unknown fields: {sorted(unknown)}")
        method, path, version = _read_match(spec.get("match") or {})
        kind, details = _read_details(spec.get("fault"))
        times = spec.get("times", 1)
        self._last += 1
        armed = Fault(
            self._last,
            kind,
            details,
            method.upper() if method else None,
            path,
            version,
            _read_count("skip", spec.get("skip", 0), 0),
            None if times is None else _read_count("times", times, 0),
            _read_count("every", spec.get("every", 1), 1),
        )
        self._armed.append(armed)
        return armed

    def hit(self, method: str, path: str, version: str | None, kinds: tuple[str, ...] = KINDS) -> Fault | None:
        """Return the fault for this request, or None, and count the hit."""
        for fault in self._armed:
            if fault.kind not in kinds or not fault.matches(method, path, version):
                continue
            if fault.times is not None and fault.hits >= fault.times:
                continue
            if fault.skip > 0:
                fault.skip -= 1
                continue
            fault.matched += 1
            if fault.matched % fault.every:
                continue
            fault.hits += 1
            return fault
        return None

    def list(self) -> list[dict[str, Any]]:
        """Return all faults, including those that no longer hit."""
        return [fault.as_dict() for fault in self._armed]

    def clear(self) -> None:
        """Remove all faults."""
        self._armed.clear()


def _read_match(match: Any) -> tuple[str | None, re.Pattern[str] | None, str | None]:
    """Return method, path, and version of the requests that a fault applies to."""
    if not isinstance(match, dict) or set(match) - set(MATCH):
        raise ValueError(f"match must have only {', '.join(MATCH)}, not {match!r}")
    for name, value in match.items():
        if value is not None and not isinstance(value, str):
            raise ValueError(f"{name} of match must be a text, not {value!r}")
    try:
        path = re.compile(match["path"]) if match.get("path") else None
    except re.error as error:
        raise ValueError(f"path of match must be a regular expression, not {match['path']!r}: {error}") from None
    return match.get("method"), path, match.get("version")


def _read_details(fault: Any) -> tuple[str, dict[str, Any]]:
    """Return the kind of a fault, and its fields."""
    if not isinstance(fault, dict) or fault.get("kind") not in ALL_KINDS:
        raise ValueError(f"fault must have a kind, one of {', '.join(ALL_KINDS)}, not {fault!r}")
    details = {name: value for name, value in fault.items() if name != "kind"}
    for name, value in details.items():
        if name not in FIELDS:
            raise ValueError(f"unknown field '{name}' of fault: it must be one of kind, {', '.join(FIELDS)}")
        if value is not None and not isinstance(value, FIELDS[name]):
            raise ValueError(f"wrong value of '{name}' of fault: {value!r}")
    if details.get("seconds") is not None:
        check_seconds("seconds", details["seconds"])
    return fault["kind"], details


def _read_count(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} must be a whole number, {least} or more, not {value!r}")
    return value
