# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Schedules of the assignments of a remediation.

Source: https://learn.microsoft.com/graph/api/resources/intune-devices-devicehealthscriptrunschedule
"""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from ..http.errors import bad_request, intune_error, not_emulated
from .oma_settings import unknown_property

PREFIX = "#microsoft.graph."
HOURLY, DAILY, ONCE = (f"deviceHealthScript{name}Schedule" for name in ("Hourly", "Daily", "RunOnce"))
ABSTRACT = ("", "deviceHealthScriptRunSchedule", "deviceHealthScriptTimeSchedule")
NAMES: dict[str, tuple[str, ...]] = {
    HOURLY: ("interval",),
    DAILY: ("interval", "time", "useUtc"),
    ONCE: ("interval", "time", "useUtc", "date"),
}
MAX_HOURS = 23
MAX_INTERVAL = 2**31 - 1
_TIME = re.compile(r"([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.([0-9]{1,12}))?")

Json = dict[str, Any]


def read(value: Any) -> Json | None:
    """Return a schedule in stored form; None if the assignment has none. The texts of refusals are invented."""
    if value is None:
        return None
    if not isinstance(value, dict):
        raise bad_request("An object was expected in property 'runSchedule'.")
    type_name = str(value.get("@odata.type", "")).removeprefix(PREFIX)
    if type_name in ABSTRACT:
        raise bad_request("Cannot create an abstract class.", "ModelValidationFailure")
    if type_name not in NAMES:
        raise not_emulated(f"The type 'microsoft.graph.{type_name}' is not known.", f"schedule {type_name}")
    for name in value:
        if name not in NAMES[type_name] and not name.startswith("@"):
            raise unknown_property(name, type_name)
    kept: Json = {"@odata.type": PREFIX + type_name, "interval": _read_interval(value.get("interval", 1), type_name)}
    if type_name != HOURLY:
        kept.update(time=_read_time(value.get("time")), useUtc=_read_flag(value.get("useUtc", False)))
    if type_name == ONCE:
        kept["date"] = _read_date(value.get("date"))
    return kept


def render(kept: Json | None, form: str) -> Json | None:
    """Render a schedule; times have seven fractional digits, or none with `form` seconds."""
    if kept is None or "time" not in kept or form == "fractional":
        return kept
    return {**kept, "time": kept["time"][:8]}


def _read_interval(value: Any, type_name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or abs(value) > MAX_INTERVAL:
        raise bad_request(f"Cannot convert the literal '{value}' to the expected type 'Edm.Int32'.")
    if value < 1 or (type_name == HOURLY and value > MAX_HOURS):
        raise intune_error(400, "BadRequest", f"Interval '{value}' is not valid for {type_name}.")
    return value


def _read_time(value: Any) -> str:
    found = _TIME.fullmatch(value) if isinstance(value, str) else None
    if not found:
        raise bad_request(f"Cannot convert the literal '{value}' to the expected type 'Edm.TimeOfDay'.")
    return f"{value[:8]}.{(found[2] or '').ljust(7, '0')[:7]}"


def _read_flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise bad_request(f"Cannot convert the literal '{value}' to the expected type 'Edm.Boolean'.")
    return value


def _read_date(value: Any) -> str:
    try:
        return date.fromisoformat(value).isoformat()
    except (TypeError, ValueError):
        raise bad_request(f"Cannot convert the literal '{value}' to the expected type 'Edm.Date'.") from None
