# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that a playbook written for an earlier release of the same major version still has everything that it uses."""

from __future__ import annotations

import pytest

from tests.tools.interface import Interface, list_breaks, list_released, read_interface, read_released, read_version, render

OPTION = "module m option o"
BEFORE: Interface = {
    "module m": {"examples": "- m:"},
    OPTION: {"type": "list", "elements": "str", "default": ["a"], "choices": ["a", "b"], "aliases": ["p"]},
    "module m option plain": {"type": "str"},
    "module m option nested": {"type": "dict"},
    "module m option nested/part": {"type": "str"},
    "module m return r": {"type": "list", "elements": "dict"},
    "module m return r/id": {"type": "str"},
    "playbook onboard": {},
}


@pytest.fixture(scope="module")
def interface() -> Interface:
    return read_interface()


@pytest.mark.parametrize("version", list_released())
def test_nothing_that_a_release_has_is_missing_or_narrower(interface, version):
    assert list_breaks(read_released(version), interface) == [], "a minor release must not break playbooks: see the guide on upgrades"


def test_the_interface_of_this_release_is_recorded(interface):
    version = read_version()
    if version.endswith("-dev"):
        assert version not in list_released()
    else:
        assert render(read_released(version)) == render(interface), "run make changelog"


def test_every_kind_of_part_is_recorded(interface):
    kinds = {path.partition(" ")[0] for path in interface}
    assert kinds == {"module", "filter", "inventory", "role", "playbook", "action"}
    assert interface["module intune_pin_policy option assignments/target"]["choices"]
    assert interface["module intune_device_passcode return results/status"] == {"type": "str"}
    assert interface["role pin_reset verify option pin_reset_policy_name"]["type"] == "str"
    assert "playbook onboard" in interface and "action group intune intune_pin_policy" in interface
    assert "intune_pin_policy" in interface["module intune_pin_policy"]["examples"]


@pytest.mark.parametrize("path", BEFORE)
def test_a_part_that_is_gone_is_a_break(path):
    assert list_breaks(BEFORE, {key: facts for key, facts in BEFORE.items() if key != path}) == [f"{path}: is gone."]


@pytest.mark.parametrize(
    ("path", "facts"),
    [
        (OPTION, {"type": "str"}),
        (OPTION, {"elements": "path"}),
        (OPTION, {"default": ["b"]}),
        (OPTION, {"choices": ["a", "c"]}),
        (OPTION, {"aliases": []}),
        (OPTION, {"required": True}),
        ("module m option plain", {"choices": ["a"]}),
        ("module m option plain", {"default": ""}),
        ("module m return r", {"elements": "str"}),
        ("module m option new", {"type": "str", "required": True}),
        ("module m option nested/new", {"type": "str", "required": True}),
    ],
)
def test_a_narrower_part_is_a_break(path, facts):
    (found,) = list_breaks(BEFORE, {**BEFORE, path: {**BEFORE.get(path, {}), **facts}})
    assert found.startswith(f"{path}: ")


@pytest.mark.parametrize(
    ("path", "facts"),
    [
        (OPTION, {"choices": ["a", "b", "c"]}),
        (OPTION, {"aliases": ["p", "q"]}),
        ("module m", {"examples": "- m: {new: 1}"}),
        ("module m option new", {"type": "str"}),
        ("module n", {"examples": ""}),
        ("module n option o", {"type": "str", "required": True}),
        ("module m return new", {"type": "str"}),
        ("playbook new", {}),
    ],
)
def test_a_wider_part_is_no_break(path, facts):
    assert list_breaks(BEFORE, {**BEFORE, path: {**BEFORE.get(path, {}), **facts}}) == []


def test_an_option_without_choices_is_wider():
    assert list_breaks(BEFORE, {**BEFORE, OPTION: {key: value for key, value in BEFORE[OPTION].items() if key != "choices"}}) == []
