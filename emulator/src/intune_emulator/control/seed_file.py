# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Read seeds from a YAML file: its keys and types, and the values that need no tenant to check. seed_planter.py uses them."""

from __future__ import annotations

import contextlib
import pathlib
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from ..http.errors import GraphError
from ..state.clock import parse_start
from ..state.faults import Faults
from ..state.settings import Settings
from .presets import check_preset
from .seed_document import Document, Path, read_text
from .seed_names import check_name
from .seed_schema import SCHEMA, check_value

Json = dict[str, Any]


@dataclass(frozen=True)
class SeedFile:
    """A file with valid keys and types. Planting it checks objects and references."""

    document: Document

    @property
    def name(self) -> str:
        """Return the name of the file."""
        return self.document.name

    @property
    def extends(self) -> str:
        """Return the seed that the file adds to."""
        return str(self.document.data.get("extends", "empty"))

    @property
    def start(self) -> datetime | None:
        """Return the time at which the clock starts."""
        now = self.document.data.get("clock", {}).get("now")
        return parse_start(now) if now is not None else None

    @property
    def is_frozen(self) -> bool:
        """Return whether the clock is frozen."""
        return bool(self.document.data.get("clock", {}).get("frozen", False))

    @property
    def preset(self) -> str:
        """Return the name of the preset, or nothing."""
        return str(self.document.data.get("preset", ""))

    @property
    def settings(self) -> Json:
        """Return the settings."""
        return dict(self.document.data.get("settings", {}))

    @property
    def faults(self) -> list[Json]:
        """Return the faults."""
        return list(self.document.data.get("faults", ()))


def load_seed_file(path: pathlib.Path) -> SeedFile:
    """Return a seed file; SeedFileError if it is not readable, or its keys or types are wrong."""
    return parse_seed(read_text(path), str(path))


def parse_seed(text: str, name: str) -> SeedFile:
    """Return the seed file of a text; SeedFileError if its keys or types are wrong."""
    # imported only here, because most tenants have no file
    from .seed_yaml import read_yaml

    document = read_yaml(text, name)
    check_value(document, document.data, SCHEMA)
    document.check()
    file = SeedFile(document)
    checks: list[tuple[Path, Callable[[], object]]] = [
        (("extends",), lambda: check_name(file.extends)),
        (("preset",), lambda: check_preset(file.preset) if "preset" in document.data else None),
        (("clock", "now"), lambda: file.start),
    ]
    for path, check in checks:
        with reported(document, path):
            check()
    for setting, value in file.settings.items():
        with reported(document, ("settings", setting)):
            Settings().patch({setting: value})
    for number, fault in enumerate(file.faults):
        with reported(document, ("faults", number), fault):
            Faults().arm(fault)
    document.check()
    return file


@contextlib.contextmanager
def reported(document: Document, path: Path, item: Json | None = None, otherwise: str = "") -> Iterator[None]:
    """Report a refusal at a path, or at the field that its message names. `otherwise`: the field if it names none."""
    try:
        yield
    except (ValueError, GraphError) as error:
        text = error.message if isinstance(error, GraphError) else str(error)
        named = [name for name in item or () if re.search(rf"\b{re.escape(name)}\b", text)]
        field = named[0] if named else otherwise
        document.report((*path, field) if field else path, text)
