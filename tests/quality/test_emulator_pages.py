# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that the pages on the emulated tenant document every control API call, every fault, and every setting with its default."""

from __future__ import annotations

import re
import typing as t

import pytest
from intune_emulator.control.api import ControlApi
from intune_emulator.control.presets import PRESETS
from intune_emulator.control.seeds import make_tenant
from intune_emulator.state.faults import ALL_KINDS
from intune_emulator.state.keys import Keys
from intune_emulator.state.settings import CHOICES, MEMBERS, Settings
from starlette.routing import Route

from tests.quality.test_guides import table

SETTINGS = table("emulator_settings", "Settings and their defaults")


def names(cell: str) -> list[str]:
    return re.findall(r"``(\w+)``", cell)


def rendered(value: t.Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(f'"{item}"' for item in value) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"' if value.isdigit() else value
    return f"{value:g}"


def test_settings_and_their_defaults():
    documented: dict[str, str] = {}
    for cell, default, _meaning in SETTINGS:
        values = [default] if default.startswith("[") else default.split(", ")
        documented.update(zip(names(cell), values, strict=True))
    actual = {name: rendered(value) for name, value in Settings().as_dict().items()}
    assert {name: value.removesuffix(".0") for name, value in documented.items()} == actual


@pytest.mark.parametrize("name", sorted({**CHOICES, **MEMBERS}))
def test_choices_of_a_setting(name):
    (row,) = [row for row in SETTINGS if name in names(row[0])]
    assert [choice for choice in {**CHOICES, **MEMBERS}[name] if choice not in " ".join(row)] == []


def test_faults():
    documented = [name for kind, _effect in table("emulator_faults", "Kinds of faults") for name in names(kind)]
    assert sorted(documented) == sorted(ALL_KINDS)


def test_presets():
    documented = {name.strip("`"): " ".join(effect.split()) for name, effect in table("emulator_faults", "Presets")}
    assert documented == {name: preset.description for name, preset in PRESETS.items()}


def test_control_calls():
    tenant = make_tenant("https://127.0.0.1:8443", "empty", Keys())
    routes = [route for route in ControlApi(tenant).application().routes if isinstance(route, Route)]
    calls = {(method, route.path.removeprefix("/_emulator/").split("/")[0]) for route in routes for method in route.methods or ()}
    documented = [call for call, _meaning in table("emulator_control", "Calls of the control API")]
    missing = [
        (method, name)
        for method, name in sorted(calls)
        if method != "HEAD" and not any(re.search(rf"\b{method}\b.*\b{name}\b", call, re.DOTALL) for call in documented)
    ]
    assert len(calls) > 30 and missing == []
