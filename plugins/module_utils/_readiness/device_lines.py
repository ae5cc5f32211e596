# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Render the lines about devices of a run of the role pin_reset: numbers, predictions, devices that need action, and a plan's devices.

Pure. Takes the result of intune_device_passcode, or of intune_device_passcode_info.
"""

from __future__ import annotations

import typing as t

from .._text import clean
from .._types import Json

NAMED = 50  # devices listed in a summary
# The characters of an event's output that AWX's pages show (its setting EVENT_STDOUT_MAX_BYTES_DISPLAY), minus a margin for line ends.
SHOWN = 1000
LONGEST_LINE = 900
STATUSES = (
    *("planned", "done", "pending", "failed", "not_supported", "canceled", "unknown", "refused"),
    *("needs_approval", "not_attempted", "unconfirmed", "none"),
)
EXPECTED_STATUSES = ("planned", "done", "pending")
# The text for a device without a recorded reset, or without one that counts.
NO_RESET = {"none": "no reset"}
OPEN_STATUSES = ("planned", "pending", "needs_approval")  # the outcome can only be predicted
OWNERS = {"company": "company-owned", "personal": "personally owned", "unknown": "owner unknown"}
PREDICTED = {
    "new_passcode": "a new passcode",
    "passcode_removed": "the passcode is removed",
    "not_supported": "not supported",
    "unknown": "not known",
}


def tell_devices(devices: Json, *, check: bool = False) -> t.Iterator[str]:
    """Yield the lines about devices. In check mode, include the details of each device that an approver of the run needs."""
    summary = devices.get("summary")
    if summary is None:
        if devices.get("msg"):
            yield f"Devices: {devices['msg']}"
        return
    counts = [f"{summary[status]} {_say(status)}" for status in STATUSES if summary.get(status)]
    results = devices.get("results") or []
    others = sum(map(_is_of_another_run, results))
    earlier = f"; {others} requested before this run" if others else ""
    yield f"Devices: {summary['total']} in all" + "".join(f", {count}" for count in counts) + earlier
    for recipient in devices.get("recipients") or ():
        yield (
            f"  New passcodes are sealed to {recipient['subject']}, SHA-256 {recipient['fingerprint']}, valid until "
            f"{recipient['not_after']}"
        )
    yield from _tell_sealed(results)
    if summary.get("pending"):
        yield (
            "  To report the outcome of pending resets later, and to fetch the passcodes, run endpointops.intune.fetch_passcode, which "
            "resets nothing. In AWX, launch the job template 'fetch passcode'."
        )
    yield from _tell_predictions(results)
    # For a fleet, list only the devices that need action.
    told = results if len(results) <= NAMED else [item for item in results if item["status"] not in EXPECTED_STATUSES]
    yield from (f"  {render_device(item, is_plan=check)}" for item in told[:NAMED])
    if len(told) > NAMED:
        yield f"  and {len(told) - NAMED} more, see the results of the tasks, and pin_reset_results"


def _tell_sealed(results: t.Iterable[Json]) -> t.Iterator[str]:
    """Yield a line about the location of sealed passcodes: in files, or only in the results of the task."""
    sealed = [item for item in results if item.get("sealed_passcode")]
    files = [item["sealed_file"] for item in sealed if item.get("sealed_file")]
    if files:
        yield f"  {_count(len(files), 'sealed passcode')}, each in a file of its own, such as {files[0]}"
    # With a folder, each result has the key.
    unkept = [item for item in sealed if "sealed_file" in item and not item["sealed_file"]]
    if unkept:
        are = "is" if len(unkept) == 1 else "are"
        yield f"  {_count(len(unkept), 'sealed passcode')} {are} in no file, as the error says, and in the fact pin_reset_results."
    elif sealed and not files:
        yield "  The sealed passcodes are in the fact pin_reset_results. For files, set pin_reset_sealed_directory to a folder."


def _tell_predictions(results: t.Iterable[Json]) -> t.Iterator[str]:
    """Yield a line for each predicted outcome of devices with an open outcome, the most frequent one first."""
    groups: dict[tuple[str, str], int] = {}
    for item in results:
        if item["status"] in OPEN_STATUSES and item.get("predicted_outcome"):
            key = (item["predicted_outcome"], item.get("predicted_reason") or "")
            groups[key] = groups.get(key, 0) + 1
    for (outcome, reason), number in sorted(groups.items(), key=lambda group: -group[1]):
        yield f"  To expect of {_count(number, 'device')}: {PREDICTED.get(outcome, outcome)}. {reason}".rstrip()


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _say(status: str) -> str:
    return NO_RESET.get(status, status.replace("_", " "))


def render_device(item: Json, *, is_plan: bool = False) -> str:
    """Return the line of a device: its outcome and, in a plan, the details that distinguish it."""
    name = f"{item.get('device_name') or item['device']}{_identify(item) if is_plan else ''}"
    reason = f" ({item['reason']})" if item.get("reason") not in (None, item["status"]) else ""
    message = f". {item['message']}" if item.get("message") else ""
    if item["status"] == "planned":
        expected = item.get("predicted_outcome")
        return f"{name}: would be reset" + (f"; expected: {PREDICTED.get(expected, expected)}" if expected else "")
    return f"{name}: {_say(item['status'])}{reason}{_tell_origin(item)}{message}"


def _tell_origin(item: Json) -> str:
    """Return when the reset on record was requested, and that it was not by this run; '' where it was, or there is none."""
    if item.get("changed") or not item.get("started"):
        return ""
    return f"; requested at {item['started']}" + (", not by this run" if _is_of_another_run(item) else "")


def _is_of_another_run(item: Json) -> bool:
    """Return whether the outcome is that of an earlier reset. Results of a task that only reads do not have the key ``changed``."""
    return item.get("changed") is False and bool(item.get("started"))


def _identify(item: Json) -> str:
    """Return the details that distinguish a device from others of the same name; '' if the result has none."""
    system = " ".join(str(item[key]) for key in ("operating_system", "os_version") if item.get(key))
    owner = OWNERS.get(item.get("ownership") or "", "")
    parts = [item.get("id"), system, item.get("user_principal_name") or ("no user" if "user_principal_name" in item else ""), owner]
    known = ", ".join(str(part) for part in parts if part)
    return f" ({known})" if known else ""


def render_plan(results: t.Iterable[Json]) -> t.Iterator[str]:
    """Yield the lines of a plan, one per device, in groups that AWX can show in one event. Control characters in names have no effect."""
    held = ""
    for item in results:
        line = f"  {clean(render_device(item, is_plan=True), LONGEST_LINE)}"
        if held and len(held) + 1 + len(line) > SHOWN:
            yield held
            held = ""
        held = f"{held}\n{line}" if held else line
    if held:
        yield held
