# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the page on seed files: it documents every key, its example makes a tenant, and its message matches the code."""

from __future__ import annotations

import json
import pathlib
import re
import textwrap
import typing as t

import pytest
from intune_emulator.control.planted_devices import OWNERSHIPS, PLATFORMS, PROPERTIES
from intune_emulator.control.policies import SURFACES
from intune_emulator.control.seed_document import SeedFileError
from intune_emulator.control.seed_file import parse_seed
from intune_emulator.control.seed_schema import APPLICATION, DEVICE, GROUP, POLICY, SCHEMA, USER
from intune_emulator.control.seeds import check_file
from intune_emulator.state.device_actions import OUTCOMES
from intune_emulator.state.device_enumerations import ENUMERATIONS
from intune_emulator.state.keys import Keys

from tests.quality.test_guides import table

PAGE = "emulator_seeds"
ROOT = pathlib.Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "docsite" / "rst" / f"{PAGE}.rst").read_text(encoding="utf-8")
NAME = "tests/seeds/school.yml"


def names(cell: str) -> list[str]:
    return re.findall(r"``(\w+)``", cell)


def example() -> str:
    (text,) = re.findall(r"(?m)^\.\. code-block:: yaml\n\n((?:   .*\n|\n)+)", TEXT)
    return textwrap.dedent(text)


@pytest.mark.parametrize(
    ("caption", "keys", "others"),
    [
        ("Keys of a seed file", SCHEMA.known, ()),
        ("Keys of a user", USER, set(USER) - {"name", "roles"}),
        ("Keys of a device", DEVICE, PROPERTIES),
        ("Keys of a group", GROUP, ()),
        ("Keys of a policy", POLICY, ()),
        ("Keys of an application", APPLICATION, ()),
    ],
)
def test_every_key(caption: str, keys: t.Collection[str], others: t.Collection[str]):
    assert sorted(name for cell, _value in table(PAGE, caption) for name in names(cell)) == sorted(set(keys) - set(others))


@pytest.mark.parametrize(
    ("caption", "key", "values"),
    [
        ("Keys of a device", "platform", PLATFORMS),
        ("Keys of a device", "ownership", OWNERSHIPS),
        ("Keys of a device", "outcome", (*OUTCOMES, "offline")),
        ("Keys of a policy", "surface", SURFACES),
    ],
)
def test_every_value(caption: str, key: str, values: t.Collection[str]):
    (told,) = [value for cell, value in table(PAGE, caption) if names(cell) == [key]]
    assert set(values) <= set(names(told))


def test_the_members_of_enumerations_are_those_of_microsofts_description():
    types = json.loads((ROOT / "tests" / "contract" / "graph" / "beta.json").read_text(encoding="utf-8"))["types"]
    kinds = {name: kind.split()[0].strip("?[]") for name, kind in types["managedDevice"]["properties"].items()}
    described = {name: types[kind]["members"] for name, kind in kinds.items() if "members" in types.get(kind, {})}
    assert {name: list(members) for name, members in ENUMERATIONS.items()} == described


def test_the_example_makes_a_tenant():
    tenant = check_file(parse_seed(example(), NAME), Keys())
    assert [device.get("deviceName") for device in tenant.devices] == ["SCHOOL-LAPTOP-01", "SCHOOL-PHONE-01"]


def test_the_message():
    (told,) = re.findall(r"(?m)^   (tests/seeds/.*)$", TEXT.partition("Mistakes\n---")[2])
    with pytest.raises(SeedFileError) as refused:
        check_file(parse_seed(example().replace("user: mia.lang", "user: mia.long", 1), NAME), Keys())
    assert str(refused.value) == told
