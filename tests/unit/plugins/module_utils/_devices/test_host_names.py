# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import re
import typing as t

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._devices.host_names import (
    HOST_NAMES,
    LONGEST,
    RESERVED,
    HostName,
    assign_names,
    parse_host_name,
    render_safe,
    separate_group,
)
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import Device
from ansible_collections.endpointops.intune.plugins.module_utils._names import fold

ID_1, ID_2, ID_3 = (f"{first}aaaaaaa-0000-4000-8000-000000000001" for first in "abc")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("LT-BERLIN-014", "LT-BERLIN-014"),
        ("pc.example.com", "pc.example.com"),
        ("anna_AndroidForWork_5/3/2026_10:15 AM", "anna_AndroidForWork_5_3_2026_10_15_AM"),
        ("O'Brien's phone", "O_Brien_s_phone"),
        ("Bu\u0308ro-PC", "B\u00fcro-PC"),
        ("\u4f1a\u8b70\u5ba4", "\u4f1a\u8b70\u5ba4"),
        ("../../etc/passwd", "_.._etc_passwd"),
        ("-i", "i"),
        ("@vars.yml", "_vars.yml"),
        ("!a,b:c[1:3]*?&~;", "_a_b_c_1_3______"),
        ("{{ x }}", "___x___"),
        ("a\u202eb\u3164c\n", "a_b_c_"),
        ("::1", "__1"),
        ("...", ""),
        ("\u3164", ""),
        ("***", ""),
        ("", ""),
        ("x" * 400, "x" * LONGEST),
        ("\u4f1a" * 100, "\u4f1a" * (LONGEST // 3)),
    ],
    ids=lambda text: "case 69: " + ascii(text)[:30],
)
def test_what_is_safe_stays_and_all_else_does_not(text: str, expected: str) -> None:
    assert render_safe(text) == expected


@hypothesis.given(st.text())
def test_every_text_becomes_a_safe_one(text: str) -> None:
    safe = render_safe(text)
    assert safe == "" or (re.fullmatch(r"[\w.-]+", safe) and safe[0] not in ".-" and len(safe.encode()) <= LONGEST)
    assert render_safe(safe) == safe


@pytest.mark.parametrize(
    ("properties", "device", "expected"),
    [
        (["device_name"], Device(ID_1, "PC"), "PC"),
        (["device_name"], Device(ID_1, None), ID_1),
        (["device_name"], Device(ID_1, "***"), ID_1),
        (["serial_number", "device_name"], Device(ID_1, "PC", serial_number="System Serial Number"), "PC"),
        (["serial_number", "device_name"], Device(ID_1, "PC", serial_number="5CD1234XYZ"), "5CD1234XYZ"),
        (["azure_ad_device_id", "id"], Device(ID_1, "PC"), ID_1),
        ([], Device(ID_1, "PC"), ID_1),
    ],
)
def test_the_first_property_that_gives_a_name(properties: list[HostName], device: Device, expected: str) -> None:
    assert parse_host_name(device, properties) == expected


def test_every_choice_is_a_property_of_a_device() -> None:
    assert set(HOST_NAMES) <= set(vars(Device(ID_1)))


@pytest.mark.parametrize(
    ("wanted", "taken", "expected"),
    [
        pytest.param({ID_1: "A", ID_2: "B"}, (), {ID_1: "A", ID_2: "B"}, id="case 69: each its own"),
        pytest.param({ID_1: "A", ID_2: "a"}, (), {ID_1: "A_aaaaaaaa", ID_2: "a_baaaaaaa"}, id="case 69: two of a name"),
        pytest.param({ID_1: "A"}, {"a"}, {ID_1: "A_aaaaaaaa"}, id="case 69: taken"),
        pytest.param({ID_1: "A"}, {"a", "a_aaaaaaaa"}, {ID_1: ID_1}, id="case 69: taken with the suffix too"),
        pytest.param(
            {ID_1: "A", ID_2: "A", ID_3: "A_aaaaaaaa"},
            (),
            {ID_1: ID_1, ID_2: "A_baaaaaaa", ID_3: "A_aaaaaaaa"},
            id="case 69: one that is named as another with the suffix",
        ),
        pytest.param({ID_1: "A", ID_2: ID_1}, (), {ID_1: "A", ID_2: f"{ID_1}_baaaaaaa"}, id="case 69: one that is named as another's ID"),
        pytest.param({ID_1: ID_1, ID_2: ID_1.upper()}, (), {ID_1: ID_1, ID_2: f"{ID_1.upper()}_baaaaaaa"}, id="case 69: IDs as names"),
        pytest.param({ID_1: ID_1}, {ID_1}, {ID_1: ID_1}, id="case 69: an ID is always the device's"),
        pytest.param(
            {ID_1: "A", ID_1.replace("1", "2"): "A"},
            (),
            {ID_1: ID_1, ID_1.replace("1", "2"): ID_1.replace("1", "2")},
            id="case 69: IDs that begin alike",
        ),
    ],
)
def test_names_are_unique(wanted: dict[str, str], taken: t.Collection[str], expected: dict[str, str]) -> None:
    assert assign_names(wanted, taken) == expected
    assert assign_names(dict(reversed(wanted.items())), taken) == expected


NAMES = st.one_of(
    st.sampled_from(["A", "a", "B", "A_aaaaaaaa", ID_1, ID_2, ID_1.upper(), "localhost"]), st.text("aA_", min_size=1, max_size=3)
)


@hypothesis.given(st.fixed_dictionaries(dict.fromkeys([ID_1, ID_2, ID_3, ID_1.replace("1", "9")], NAMES)), st.sets(NAMES.map(fold)))
def test_no_two_devices_share_a_name(wanted: dict[str, str], taken: set[str]) -> None:
    taken |= RESERVED
    names = assign_names(wanted, taken)
    assert set(names) == set(wanted) and len({fold(name) for name in names.values()}) == len(wanted)
    assert all(fold(name) not in taken or name == identity for identity, name in names.items())


@pytest.mark.parametrize(
    ("name", "taken", "expected"),
    [
        ("localhost", (), "localhost_group"),
        ("All", (), "All_group"),
        ("ungrouped", (), "ungrouped_group"),
        ("server1", ["server1", "server1_group"], "server1_group_group"),
        ("phones", ["server1"], "phones"),
    ],
    ids=lambda value: f"case 69: {value}",
)
def test_a_group_has_a_name_of_its_own(name: str, taken: t.Collection[str], expected: str) -> None:
    assert separate_group(name, taken) == expected
