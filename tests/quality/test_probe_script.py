# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the grammar of the probe's script, and that it only uses features of constrained language mode.

This is a grammar of PowerShell, not PowerShell itself: it does not show the script's behavior on a device.
"""

from __future__ import annotations

import re
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._probe.script import SCRIPT

if t.TYPE_CHECKING:
    from tree_sitter import Node

# Types and methods of .NET. Reading a property is not such a call.
CALLS = frozenset({"invokation_expression", "type_literal", "class_statement"})
# Commands that constrained language mode refuses, that run text, or that write.
COMMANDS = frozenset({"Get-ItemProperty", "Get-Item", "Get-ChildItem", "Test-Path"})
OWN = frozenset({"Get-Status", "Get-Setting", "Test-Unreadable"})
NATIVE = frozenset({'"$system\\dsregcmd.exe"', '"$system\\whoami.exe"'})


def parse(text: str) -> list[Node]:
    """Return all nodes of the syntax tree."""
    reason = "the script of the probe was not parsed: tree-sitter-powershell is not installed"
    tree_sitter = pytest.importorskip("tree_sitter", reason=reason)
    powershell = pytest.importorskip("tree_sitter_powershell", reason=reason)
    nodes = [tree_sitter.Parser(tree_sitter.Language(powershell.language())).parse(text.encode()).root_node]
    for node in nodes:
        nodes += node.children  # the list grows while it is read
    return nodes


def find_problems(text: str) -> list[str]:
    """Return the parts of a script that are not PowerShell, or call .NET."""
    return [_quote(node) for node in parse(text) if node.is_error or node.is_missing or node.type in CALLS]


def _quote(node: Node) -> str:
    return (node.text or b"").decode() or f"{node.type} is missing"


def list_commands(text: str) -> set[str]:
    return {_quote(node) for node in parse(text) if node.type in ("command_name", "command_name_expr")}


def test_the_script_is_powershell_without_net():
    assert find_problems(SCRIPT) == []


@pytest.mark.parametrize(
    "line",
    [
        "if ($found {",
        '"no end',
        "foreach ($x in $y { }",
        "[Console]::WriteLine($line)",
        "$line = [string]$found",
        "$line.Trim()",
        "class Line { }",
        '"aj=$($found.ToString())"',
        "[Security.Principal.WindowsIdentity]::GetCurrent().User",
    ],
)
def test_anything_else_would_be_found(line):
    assert find_problems(SCRIPT + line + "\n")


def test_the_script_only_reads():
    assert list_commands(SCRIPT) == COMMANDS | OWN | NATIVE


@pytest.mark.parametrize("line", ["Add-Type -Path x", "New-Object Net.WebClient", "iex $line", "Set-ItemProperty x y 1", "Write-Host x"])
def test_another_command_would_be_found(line):
    assert list_commands(SCRIPT + line) - COMMANDS - OWN - NATIVE == {line.split()[0]}


def test_each_branch_that_ends_the_script_does_so_after_its_only_line():
    """Intune keeps the last line of the output."""
    assert re.findall(r"(?m)^exit.*|\bexit \d", SCRIPT) == ["exit 0", "exit 1"]
    assert SCRIPT.endswith(") -join ';'\nif ($canReset -like '*NonDestructive*') { exit 0 }\nexit 1\n")
    assert SCRIPT.count("-join") == 1 and "Write-" not in SCRIPT and "Out-" not in SCRIPT
