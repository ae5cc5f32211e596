# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Check that README.md documents every command, option, variable, fixture, and public name."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any

import intune_emulator
import pytest
from intune_emulator import IntuneTenant, pytest_plugin
from intune_emulator.cli import _parser, main

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")


def section(title: str) -> str:
    """Return the text below a heading, up to the next heading of its level."""
    found = re.search(rf"(?ms)^(#+) {re.escape(title)}\n(.*?)(?=^\1 |\Z)", README)
    assert found, title
    return found[2]


def first_cells(text: str) -> list[str]:
    return [line.split("|")[1] for line in text.splitlines() if line.startswith("| ")]


def test_the_first_example_works(intune_tenant: IntuneTenant) -> None:
    (code,) = re.findall(r"(?s)```python\n(.*?)```", README.partition("\n## Install\n")[0])
    names: dict[str, Any] = {}
    exec(code, names)  # the code of this package's own README
    names["test_the_passcode_is_gone_after_seven_days"](intune_tenant)


def test_the_seed_file_works(intune_tenant: IntuneTenant) -> None:
    (text,) = re.findall(r"(?s)```yaml\n(.*?)```", README)
    intune_tenant.control.call("POST", "reset", {"seed_text": text})
    assert intune_tenant.control.device("SCHOOL-PHONE-01")["userDisplayName"] == "Mia Lang"


def test_commands() -> None:
    (subparsers,) = (action for action in _parser()._actions if isinstance(action, argparse._SubParsersAction))
    table = section("Start").partition("| command |")[2].partition("\n\n")[0]
    assert [name for cell in first_cells(table) for name in re.findall(r"`(\w+)`", cell)] == list(subparsers.choices)


@pytest.mark.parametrize("command", ["serve", "start", "stop", "env", "healthcheck"])
def test_options(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main([command, "--help"])
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert options and not [option for option in options if f"`{option}" not in section("Start")]


def test_variables(intune_tenant_process: IntuneTenant) -> None:
    assert set(re.findall(r"`([A-Z]+_[A-Z_]+)`", " ".join(first_cells(section("Variables"))))) == set(intune_tenant_process.env)


def test_pytest_plugin() -> None:
    fixtures = [name for name in vars(pytest_plugin) if name.startswith("intune_tenant")]
    text = section("Use it in tests")
    assert re.findall(r"(?m)^\| `(intune_tenant\w*)` \|", text) == fixtures[-1:] + fixtures[:-1]
    options = [pytest_plugin.SEED, pytest_plugin.ARGUMENTS, pytest_plugin.RECORD]
    assert not [option for option in options if not re.search(rf"^\| `{option}\b", text, re.MULTILINE)]
    assert not [name for name in pytest_plugin.KEYWORDS if not re.search(rf"`{name}`|{name}=", text)]


def test_public_names() -> None:
    table = section("Use it in tests").partition("| name |")[2]
    documented = re.findall(r"^\| `(\w+)", table, re.MULTILINE)
    assert sorted(documented) == sorted(intune_emulator.__all__)
    assert all(getattr(intune_emulator, name) for name in documented)
    with pytest.raises(AttributeError):
        getattr(intune_emulator, "Emulator" + "Server")
