# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import ast
import importlib
import json
import pathlib
import sys

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _python

PLUGINS = pathlib.Path(__file__).parents[4] / "plugins"
UTILS = "ansible_collections.endpointops.intune.plugins.module_utils"
MODULES = [path for path in sorted((PLUGINS / "modules").glob("*.py")) if "import _argspec" in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("version", [(3, 7, 17), (3, 8, 18), (3, 9, 25)])
def test_an_older_python_is_refused_in_whole_sentences(
    version: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "version_info", (*version, "final", 0))
    monkeypatch.setattr(sys, "executable", "/usr/libexec/platform-python")
    with pytest.raises(SystemExit) as caught:
        importlib.reload(_python)
    assert caught.value.code == 1
    told = json.loads(capsys.readouterr().out)
    shown = ".".join(map(str, version))
    assert told.pop("msg").startswith(
        f"endpointops.intune needs Python 3.10 or later; the task runs on Python {shown} (/usr/libexec/platform-python). Set "
        "ansible_python_interpreter to a newer one"
    )
    assert told == {"failed": True, "changed": False}


@pytest.mark.parametrize("version", [(3, 10, 0), (3, 14, 1), (4, 0, 0)])
def test_a_newer_one_is_not(version: tuple[int, int, int], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "version_info", (*version, "final", 0))
    importlib.reload(_python)
    assert capsys.readouterr().out == ""


def ours(source: str) -> list[tuple[int, str]]:
    """Return the collection's files that a file imports, in their order."""
    found = [node for node in ast.parse(source).body if isinstance(node, ast.ImportFrom) and (node.level or node.module == UTILS)]
    return [(node.level, node.names[0].name) for node in found]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_imports_nothing_of_ours_before_the_check(path: pathlib.Path) -> None:
    source = path.read_text(encoding="utf-8")
    assert ours(source)[0] == (0, "_argspec")
    ast.parse(source, feature_version=(3, 8))


@pytest.mark.parametrize("name", ["_argspec", "_python"])
def test_what_comes_before_the_check_can_be_read_by_an_older_python(name: str) -> None:
    source = (PLUGINS / "module_utils" / f"{name}.py").read_text(encoding="utf-8")
    assert ours(source)[:1] == ([(1, "_python")] if name == "_argspec" else [])
    ast.parse(source, feature_version=(3, 8))
