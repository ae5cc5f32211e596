# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The keys that a seed file can contain, and the types of their values."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields
from typing import Any

from ..entra.users import KNOWN as USER_PROPERTIES
from ..state.clock import parse_iso
from ..state.device_enumerations import ENUMERATIONS
from ..state.device_properties import BETA_DEFAULTS
from ..state.settings import Settings
from .planted_devices import FLAGS, OBJECTS, PROPERTIES
from .seed_document import Document, Path, describe, describe_unknown


@dataclass(frozen=True)
class Kind:
    """Values of some types. `is_optional`: null is also allowed. `is_secret`: messages do not show the value."""

    words: str
    types: tuple[type, ...]
    is_optional: bool = False
    is_secret: bool = False


@dataclass(frozen=True)
class Fields:
    """A mapping with known keys. `what`: how messages name a key; `allowed`: words for keys that are too many to list."""

    known: dict[str, Any]
    required: tuple[str, ...] = ()
    what: str = "key"
    allowed: str = ""


@dataclass(frozen=True)
class ListOf:
    """A list of values of one kind."""

    item: Any


@dataclass(frozen=True)
class Named:
    """A mapping of one kind of values with free keys, such as names of devices."""

    item: Any


@dataclass(frozen=True)
class OneOf:
    """One of some texts."""

    members: tuple[str, ...]


class Moment:
    """A date-time."""


class Anything:
    """A value that its user checks."""


TEXT, FLAG, NUMBER, WHOLE = (
    Kind("a text", (str,)),
    Kind("true or false", (bool,)),
    Kind("a number", (int, float)),
    Kind("a whole number", (int,)),
)
MAPPING, LIST = Kind("a mapping", (dict,)), Kind("a list", (list,))
OPTIONAL_TEXT = Kind("a text", (str,), is_optional=True)
TEXTS, ANY = ListOf(TEXT), Anything()


def _of_property(name: str) -> Any:
    default = BETA_DEFAULTS[name]
    if name in ENUMERATIONS:
        return OneOf(ENUMERATIONS[name])
    if name.endswith(("DateTime", "Date")):
        return Moment()
    if name in OBJECTS:
        return Kind("a mapping", (dict,), is_optional=True)
    if name in FLAGS or isinstance(default, bool):
        return FLAG
    if isinstance(default, list):
        return LIST
    return WHOLE if isinstance(default, int) else OPTIONAL_TEXT


SHORT_NAMES = {
    "name": TEXT,
    "platform": TEXT,
    "user": TEXT,
    "ownership": TEXT,
    "enrolls_after": NUMBER,
    "outcome": OPTIONAL_TEXT,
    "visible": NUMBER,
    "active": NUMBER,
    "terminal": NUMBER,
    "offline": FLAG,
    "error_code": WHOLE,
    "script_result": Kind("an output, a result, or a list of results", (str, dict, list)),
}
STATE = Kind("a state or a list of states", (str, dict, list))
DEVICE = {**SHORT_NAMES, **{name: _of_property(name) for name in PROPERTIES}}
DATES = frozenset(name for name, spec in DEVICE.items() if isinstance(spec, Moment))
USER_TYPES = {"businessPhones": TEXTS, "accountEnabled": FLAG, "onPremisesSyncEnabled": Kind("true or false", (bool,), is_optional=True)}
USER = {"name": TEXT, "roles": TEXTS, **{name: USER_TYPES.get(name, OPTIONAL_TEXT) for name in sorted(USER_PROPERTIES - {"id"})}}
GROUP = {
    "name": TEXT,
    "description": OPTIONAL_TEXT,
    "members": Fields({"devices": TEXTS, "users": TEXTS, "groups": TEXTS}),
}
TARGETS = ListOf(Kind("all_devices, all_users, or a mapping with group or exclude", (str, dict)))
POLICY = {name: TEXT for name in ("surface", "name")} | {
    "description": OPTIONAL_TEXT,
    "values": MAPPING,
    "assignments": TARGETS,
    "states": Named(STATE),
}
APPLICATION = {
    "name": TEXT,
    "permissions": TEXTS,
    "client_id": TEXT,
    "secret": Kind("a text", (str,), is_secret=True),
    "secret_valid_days": NUMBER,
    "federated": FLAG,
}
SCHEMA = Fields(
    {
        "extends": TEXT,
        "clock": Fields({"now": Moment(), "frozen": FLAG}, what="key of the clock"),
        "preset": TEXT,
        "settings": Fields(
            {field.name: ANY for field in fields(Settings)}, what="setting", allowed="one of those that GET /_emulator/settings returns"
        ),
        "access_pass_policy": MAPPING,
        "users": ListOf(Fields(USER, ("name",), "key of a user")),
        "devices": ListOf(Fields(DEVICE, ("name",), "key of a device", f"one of {', '.join(SHORT_NAMES)}, or a property of managedDevice")),
        "groups": ListOf(Fields(GROUP, ("name",), "key of a group")),
        "policies": ListOf(Fields(POLICY, ("surface",), "key of a policy")),
        "applications": ListOf(Fields(APPLICATION, ("name",), "key of an application")),
        "consents": TEXTS,
        "faults": ListOf(Fields(dict.fromkeys(("match", "skip", "every", "times", "fault"), ANY), ("fault",), "key of a fault")),
    }
)


def check_value(document: Document, value: Any, spec: Any, path: Path = ()) -> None:
    """Report all mistakes to the document."""
    if isinstance(spec, Fields):
        _check_fields(document, value, spec, path)
    elif isinstance(spec, (ListOf, Named)):
        _check_items(document, value, spec, path)
    elif isinstance(spec, Kind):
        _is_instance(document, value, spec, path)
    elif isinstance(spec, OneOf) and value not in spec.members:
        document.report(path, f"{_name(path)} must be one of {', '.join(spec.members)}, not {describe(value)}")
    elif isinstance(spec, Moment) and not _is_moment(value):
        document.report(path, f"{_name(path)} must be an ISO 8601 date-time such as 2026-01-05T10:00:00Z, not {describe(value)}")


def _check_items(document: Document, value: Any, spec: ListOf | Named, path: Path) -> None:
    wanted = LIST if isinstance(spec, ListOf) else MAPPING
    if _is_instance(document, value, wanted, path):
        for key, item in enumerate(value) if isinstance(value, list) else value.items():
            check_value(document, item, spec.item, (*path, key))


def _check_fields(document: Document, value: Any, spec: Fields, path: Path) -> None:
    if not _is_instance(document, value, MAPPING, path):
        return
    for name, item in value.items():
        if name in spec.known:
            check_value(document, item, spec.known[name], (*path, name))
        else:
            document.report((*path, name), describe_unknown(spec.what, name, spec.known, spec.allowed), key=True)
    for name in spec.required:
        if name not in value:
            document.report(path, f"the {spec.what.removeprefix('key of a ').removeprefix('key of an ')} must have a {name}")


def _is_instance(document: Document, value: Any, spec: Kind, path: Path) -> bool:
    """Return whether a value has one of the types; report it otherwise."""
    # Python counts booleans as integers
    fits = isinstance(value, spec.types) and (not isinstance(value, bool) or bool in spec.types)
    if fits and isinstance(value, float) and not math.isfinite(value):
        document.report(path, f"{_name(path)} is too large")
        return False
    if fits or (value is None and spec.is_optional):
        return True
    shown = "" if spec.is_secret else f", not {describe(value)}"
    is_unquoted = str in spec.types and isinstance(value, (bool, int, float))
    document.report(path, f"{_name(path)} must be {spec.words}{shown}{'. Put it in quotes' if is_unquoted else ''}")
    return False


def _name(path: Path) -> str:
    """Return the key of a value, or of the list that contains it."""
    if not path:
        return "the file"
    return f"an item of {path[-2]}" if isinstance(path[-1], int) and len(path) > 1 else str(path[-1])


def _is_moment(value: Any) -> bool:
    try:
        return isinstance(value, str) and parse_iso(value) is not None
    except ValueError:
        return False
