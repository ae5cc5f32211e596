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
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
VERSIONS = ("v1.0", "beta", ANY_VERSION)
# An HTTP response has one of these.
LEAST_STATUS, GREATEST_STATUS = 200, 599
# The fields that become headers.
HEADERS = ("retry_after", "location")
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
    if match.get("method") and match["method"].upper() not in METHODS:
        raise ValueError(f"method of match must be one of {', '.join(METHODS)}, not {match['method']!r}")
    if match.get("version") and match["version"] not in VERSIONS:
        raise ValueError(f"version of match must be one of {', '.join(VERSIONS)}, not {match['version']!r}")
    try:
        path = re.compile(match["path"]) if match.get("path") else None
    except re.error as error:
        raise ValueError(f"path of match must be a regular expression, not {match['path']!r}: {error}") from None
    return match.get("method"), path, match.get("version")


def _read_details(fault: Any) -> tuple[str, dict[str, Any]]:
    """Return the kind of a fault, and its fields."""
    if not isinstance(fault, dict) or fault.get("kind") not in ALL_KINDS:
        raise ValueError(f"fault must have a kind, one of {', '.join(ALL_KINDS)}, not {fault!r}")
    if unknown := [name for name in fault if name not in ("kind", *FIELDS)]:
        raise ValueError(f"unknown field '{unknown[0]}' of fault: it must be one of kind, {', '.join(FIELDS)}")
    # null: as if it were missing
    details = {name: value for name, value in fault.items() if name != "kind" and value is not None}
    for name, value in details.items():
        _check_detail(name, value)
    return fault["kind"], details


def _check_detail(name: str, value: Any) -> None:
    """Raise ValueError for a value that no response can have."""
    # true is a number for Python
    fits = isinstance(value, FIELDS[name]) and isinstance(value, bool) is (FIELDS[name] is bool)
    if not fits:
        raise ValueError(f"wrong value of '{name}' of fault: {value!r}")
    if name == "seconds":
        check_seconds(name, value)
    if name == "status" and not LEAST_STATUS <= value <= GREATEST_STATUS:
        raise ValueError(f"status of fault must be a number from {LEAST_STATUS} to {GREATEST_STATUS}, not {value!r}")
    # Gateways also send bytes that are neither ASCII nor UTF-8; a header can hold each of Latin-1.
    if name in HEADERS and not (str(value).isprintable() and max(str(value), default="") <= "\u00ff"):
        raise ValueError(f"{name} of fault must be printable Latin-1, not {value!r}")


def _read_count(name: str, value: Any, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"{name} must be a whole number, {least} or more, not {value!r}")
    return value
