# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Check that the packages import one another in one direction only, and only their declared dependencies."""

from __future__ import annotations

import ast
import graphlib
import re
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import intune_emulator
import pytest

SOURCE = Path(intune_emulator.__file__).parent
# Each package may import those before it. "" is the top: the command and the composition of all packages.
PACKAGES = ("state", "http", "entra", "intune", "reports", "control", "")
# Modules whose distribution has another name.
DISTRIBUTIONS = {"jwt": "PyJWT", "yaml": "PyYAML"}
# Imported by uvicorn, not by the emulator itself.
INDIRECT = {"httptools"}
# These import the emulator, not the reverse: only pytest loads pytest_plugin.py.
HOSTS = {"pytest"}


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for path in SOURCE.rglob("*.py"):
        yield path, ast.parse(path.read_text(encoding="utf-8"))


def package_of(path: Path) -> str:
    parent = path.relative_to(SOURCE).parent
    return parent.parts[0] if parent.parts else ""


def imported(path: Path, tree: ast.Module) -> Iterator[tuple[str, ...]]:
    """Yield every imported module as an absolute path, also within functions and under TYPE_CHECKING."""
    here = ("intune_emulator", *path.relative_to(SOURCE).parts[:-1])
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (tuple(alias.name.split(".")) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = here[: len(here) - node.level + 1] if node.level else ()
            module = (*base, *(node.module.split(".") if node.module else ()))
            # `from .. import x` imports the package x
            yield from ((*module, alias.name) for alias in node.names) if not node.module else (module,)


def graph() -> dict[str, set[str]]:
    found: dict[str, set[str]] = {name: set() for name in PACKAGES}
    for path, tree in trees():
        for module in imported(path, tree):
            if module[0] == "intune_emulator":
                target = module[1] if len(module) > 1 and module[1] in PACKAGES else ""
                found[package_of(path)].add(target)
    return {name: targets - {name} for name, targets in found.items()}


def test_no_two_packages_import_each_other() -> None:
    edges = graph()
    assert edges["control"] >= {"state", "http", "entra", "intune"}, "the graph was not read"
    graphlib.TopologicalSorter(edges).prepare()


@pytest.mark.parametrize("name", PACKAGES)
def test_a_package_imports_only_those_before_it(name: str) -> None:
    assert graph()[name] <= set(PACKAGES[: PACKAGES.index(name)])


def test_the_directory_and_intune_are_independent() -> None:
    assert "intune" not in graph()["entra"] and "entra" not in graph()["intune"]


def test_every_module_belongs_to_a_package() -> None:
    assert {package_of(path) for path, _tree in trees()} == set(PACKAGES)


def test_nothing_is_imported_outside_of_the_declared_dependencies() -> None:
    requirements = [text for text in metadata.requires("intune-emulator") or () if "extra ==" not in text]
    declared = {normalized(re.split(r"[^\w.-]", text)[0]) for text in requirements}
    used: set[str] = set()
    for path, tree in trees():
        modules = {module[0] for module in imported(path, tree)} - sys.stdlib_module_names - {"intune_emulator"} - HOSTS
        used |= {normalized(DISTRIBUTIONS.get(module, module)) for module in modules}
    assert used <= declared, "a dependency is not declared in pyproject.toml"
    assert declared - used == INDIRECT, "a declared dependency is not imported"


def normalized(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
