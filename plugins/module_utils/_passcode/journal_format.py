# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The format of the journal of resets (version 2), and the history of earlier runs in it. Pure.

JSON Lines in UTF-8. Every line is an object with "time" (ISO 8601, UTC, milliseconds) and "event":

  journal   format, version, tenant (ID or null), graph (URL): only in the first line
  begin     run (UUID), since (ISO 8601: resets since then count), ids (of the devices), options (those that must stay the same when the
            run is continued)
  intent    device (ID), name, request (client-request-id): written before the request is sent
  accepted  device: Intune accepted the reset
  refused   device, reason: the service reported that it did not reset the device; the reset may be sent again
  lost      device, reason: no response; unknown whether the reset ran
  settled   device, ran (true or false): the later result of the service's records
  outcome   device, status: the outcome that Intune finally reported; for people and reports, and not used to continue a run
  remaining run, ids: the devices of the run that a later task must settle
  end       run: the run is complete, or too old to be continued

Other events and members are ignored; another version is refused. No line contains a passcode, a credential, or a token.
"""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t

from .. import _errors as errors
from .._time import LAST, parse_timestamp, render_timestamp
from .._types import Json

FORMAT = "endpointops.intune reset journal"
VERSION = 2
State = t.Literal["open", "accepted", "free"]
HINT = (
    "Restore the file, or name another one in journal_path: a run with a new journal knows of earlier resets "
    "only those that Intune still has in the device's record."
)
STATES: t.Mapping[str, State] = {"intent": "open", "accepted": "accepted", "refused": "free", "lost": "open"}


@dataclasses.dataclass(frozen=True)
class KnownReset:
    """The last reset of a device in the journal. Times in seconds since the epoch.

    ``state``: open (sent, or about to be sent, outcome unknown), accepted (it ran), free (it did not run). ``intended_at``: the time of the
    last intent; the service cannot have run the reset earlier. ``last_written_at``: the time of the device's newest line. ``lost_at``: the
    time at which the task stopped waiting for the response, or None if that is not recorded. ``outcome``: the status of its outcome, or
    None if the journal has none (yet). ``previous``: the previous reset that ran, or may have run, which is valid again if this one did not
    run.
    """

    state: State
    intended_at: float
    last_written_at: float
    lost_at: float | None = None
    outcome: str | None = None
    previous: KnownReset | None = None

    @property
    def effective(self) -> KnownReset | None:
        """The last reset that ran, or may have run. An attempt that did not run changes nothing."""
        return self.previous if self.state == "free" else dataclasses.replace(self, previous=None)


@dataclasses.dataclass(frozen=True)
class BegunRun:
    """An incomplete run. Times in seconds since the epoch; device IDs in lower case.

    ``remaining``: the devices that a later task must settle.
    """

    run: str
    begun_at: float
    since: float
    ids: frozenset[str]
    remaining: frozenset[str]
    options: Json


@dataclasses.dataclass
class History:
    """The earlier runs in a journal. ``runs``: the incomplete ones, by their names.

    ``resets`` by device ID in lower case. ``size``: bytes of the complete lines; the rest is a line that a crash cut off.
    """

    tenant: str | None = None
    graph: str | None = None
    runs: dict[str, BegunRun] = dataclasses.field(default_factory=dict)
    resets: dict[str, KnownReset] = dataclasses.field(default_factory=dict)
    size: int = 0


def render_line(event: str, time: float, **members: t.Any) -> bytes:
    """Return one line, including its line feed."""
    line = json.dumps({"time": render_time(time), "event": event, **members}, ensure_ascii=False)
    # Half a surrogate pair is not valid UTF-8; JSON represents it with a backslash escape.
    return line.encode("utf-8", "backslashreplace") + b"\n"


def render_header(time: float, tenant: str | None, graph: str) -> bytes:
    """Return the first line of a journal."""
    return render_line("journal", time, format=FORMAT, version=VERSION, tenant=tenant, graph=graph)


def render_time(seconds: float) -> str:
    """Return a timestamp in milliseconds, rounded down, so that an intent is never later than its request. Times start at the epoch."""
    return render_timestamp(min(max(seconds, 0.0), LAST - 1.0), "milliseconds") or ""


class DamagedJournalError(ValueError):
    """A file that is not a journal, is damaged, or has another version. The text contains the number of the line and the reason."""


def parse_lines(lines: t.Iterable[bytes], path: str) -> History:
    """Return the history in lines, each with its line feed. Ignore an incomplete last line.

    Raises InvalidOptionError, with the number of the line, for a file that is not a journal, is damaged, or has another version.
    """
    try:
        return parse_history(lines)
    except DamagedJournalError as damage:
        raise errors.InvalidOptionError(
            f"journal_path '{path}' cannot be used because of its {damage}.", hint=HINT, effects="none"
        ) from damage


def parse_history(lines: t.Iterable[bytes]) -> History:
    """Return the history in lines as ``parse_lines`` does; raise DamagedJournalError."""
    history, number, torn = History(), 0, False
    try:
        for number, line in enumerate(lines, start=1):
            if torn:
                raise ValueError("the line before it is cut off")
            torn = not line.endswith(b"\n")
            if not torn:
                _take(history, _decode(line), first=number == 1)
                history.size += len(line)
            elif number == 1:
                _check_torn_header(line)
    except ValueError as damage:
        raise DamagedJournalError(f"line {number}: {damage}") from damage
    return history


def validate(history: History, tenant: str | None, graph: str) -> None:
    """Raise InvalidOptionError for a journal of another cloud or tenant. An unknown tenant matches every tenant."""
    if not is_of(history, tenant, graph):
        raise errors.InvalidOptionError(
            f"The journal of journal_path is of the tenant {history.tenant or '(unknown)'} at {history.graph}; "
            f"this task is for the tenant {tenant or '(unknown)'} at {graph}.",
            hint="Keep one journal for each tenant.",
            effects="none",
        )


def is_of(history: History, tenant: str | None, graph: str) -> bool:
    """Return whether a journal can belong to this cloud and tenant. An unknown tenant matches every tenant."""
    if history.graph is None:
        return True
    same = history.graph.rstrip("/").lower() == graph.rstrip("/").lower()
    return same and not (history.tenant and tenant and history.tenant.lower() != tenant.lower())


def _check_torn_header(line: bytes) -> None:
    """Refuse an unrelated file, which could look like a journal whose first line was cut off."""
    digits, ours = (re.sub(rb"\d", b"0", text) for text in (line, render_header(0.0, None, "")))
    known = ours[: ours.index(b'"tenant"')]
    if not digits.startswith(known[: len(digits)]):
        raise ValueError("it is not the first line of a journal of resets")


def _decode(line: bytes) -> dict[str, t.Any]:
    try:
        entry = json.loads(line.decode("utf-8"))
    except (ValueError, RecursionError) as failure:
        raise ValueError("it is not JSON") from failure
    if not isinstance(entry, dict):
        raise ValueError("it is not a JSON object")
    return entry


def _take(history: History, entry: dict[str, t.Any], *, first: bool) -> None:
    event = _text(entry, "event")
    if first or event == "journal":
        _take_header(history, entry, first)
    elif event == "begin":
        run = _parse_begin(entry)
        history.runs[run.run] = run
    elif event == "remaining":
        remaining, name = _ids(entry), _text(entry, "run")
        if name in history.runs:
            history.runs[name] = dataclasses.replace(history.runs[name], remaining=remaining)
    elif event == "end":
        history.runs.pop(str(entry.get("run")), None)
    elif event in STATES or event in ("settled", "outcome"):
        _take_reset(history.resets, entry, event)


def _parse_begin(entry: dict[str, t.Any]) -> BegunRun:
    ids, options = _ids(entry), entry.get("options")
    if not isinstance(options, dict):
        raise ValueError("its 'options' is not an object")
    return BegunRun(_text(entry, "run"), _time(entry, "time"), _time(entry, "since"), ids, ids, options)


def _ids(entry: dict[str, t.Any]) -> frozenset[str]:
    ids = entry.get("ids")
    if not isinstance(ids, list) or not all(isinstance(device, str) for device in ids):
        raise ValueError("its 'ids' is not a list of texts")
    return frozenset(device.lower() for device in ids)


def _take_header(history: History, entry: dict[str, t.Any], first: bool) -> None:
    if not first or entry.get("event") != "journal" or entry.get("format") != FORMAT:
        raise ValueError("it is not the first line of a journal of resets" if first else "another journal begins there")
    version = entry.get("version")
    if version != VERSION:
        raise ValueError(f"the format has version {version}, and this release of the collection reads version {VERSION} only")
    history.tenant = None if entry.get("tenant") is None else _text(entry, "tenant")
    history.graph = _text(entry, "graph")


def _take_reset(resets: dict[str, KnownReset], entry: dict[str, t.Any], event: str) -> None:
    """Apply a line: an intent starts a new reset, and any other line adds to the preceding intent.

    A line without an intent, possible only in an edited file, counts as an intent at its own time, except an outcome.
    """
    device, written_at = _text(entry, "device").lower(), _time(entry, "time")
    before = resets.get(device)
    if event == "outcome":
        if before is not None:
            status = entry.get("status")
            outcome = status if isinstance(status, str) else None
            resets[device] = dataclasses.replace(before, last_written_at=written_at, outcome=outcome)
        return
    if event == "settled":
        if not isinstance(entry.get("ran"), bool):
            raise ValueError("its 'ran' is neither true nor false")
        state: State = "accepted" if entry["ran"] else "free"
    else:
        state = STATES[event]
    is_new = before is None or event == "intent"
    intended_at = written_at if is_new or before is None else before.intended_at
    previous = before and (before.effective if is_new else before.previous)
    lost_at = written_at if event == "lost" else None
    resets[device] = KnownReset(state, intended_at, written_at, lost_at, previous=previous)


def _text(entry: dict[str, t.Any], name: str) -> str:
    value = entry.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f"its '{name}' is not a text")
    return value


def _time(entry: dict[str, t.Any], name: str) -> float:
    value = parse_timestamp(entry.get(name))
    if value is None:
        raise ValueError(f"its '{name}' is not a time")
    return value
