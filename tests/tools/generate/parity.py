# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Render the page on the fidelity of the emulated tenant, from the claims beside the tests that show them.

A claim is a marker of a test: ``@pytest.mark.parity(kind, area, "Sentence.", source=..., settings=(...), calls=(...))``. The generator
reads the tests as text, so every argument is a literal.
"""

from __future__ import annotations

import ast
import re
import typing as t
from collections import Counter
from pathlib import Path

from intune_emulator.application import ROUTES

from .sources import SourceError

# Only the first one has the fixture that compares a claim with the actions of its test.
WITNESSED = "emulator/tests"
FOLDERS = (WITNESSED, "tests/contract", "tests/judges")
PAGE = "docs/docsite/rst/emulator_parity.rst"
LABEL = "ansible_collections.endpointops.intune.docsite"
TESTS = "https://github.com/endpointops/endpointops.intune/blob/main"
KINDS = {
    "real": "The protocol, format, or cryptography of the service itself; clients that this project did not write check it.",
    "emulated": "Follows Microsoft's public description, or responses that were observed, and leaves other parts of the behavior out.",
    "assumed": "Not documented, or sources disagree. The emulated tenant assumes one answer; a setting that is named offers others.",
    "refused": "Not supported. The response is an error. That of Graph has the header ``x-emulator-refused`` with the reason.",
}
# In the order of the page.
AREAS = (
    "Sign-in",
    "Requests and errors",
    "Batches",
    "Throttling",
    "Devices and resets",
    "Custom profiles",
    "Settings catalog",
    "Other policies",
    "Filters and scope tags",
    "Policy states and reports",
    "Remediations",
    "Multi Admin Approval",
    "Organization, groups, and users",
    "Enterprise applications and grants",
    "Application registrations",
    "Temporary Access Passes",
)
INTRODUCTION = f"""\
..
  Copyright: (c) 2026, Endpoint Ops
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later
  {{notice}}

.. _{LABEL}.emulator_parity:

Emulated behavior and its sources
=================================

Each line is a claim that a test makes. A test must show its claim: it makes the calls that the line names, changes the settings that it
names, and sees the refusal. A claim about the service names its source. Settings are on the page
:ref:`{LABEL}.emulator_settings`; anything without a line here is not emulated, and is refused.

.. contents::
   :local:
   :depth: 1

Four words
----------
"""


class Claim(t.NamedTuple):
    """A claim, and the test that shows it."""

    kind: str
    area: str
    text: str
    sources: tuple[str, ...]
    settings: tuple[str, ...]
    calls: tuple[str, ...]
    path: str
    test: str


def load_claims(root: Path) -> tuple[Claim, ...]:
    """Read the claims of all tests of a checkout, in the order of their files."""
    paths = [path for folder in FOLDERS for path in sorted((root / folder).glob("test_*.py"))]
    return tuple(claim for path in paths for claim in _claims_of(path, str(path.relative_to(root))))


def _claims_of(path: Path, name: str) -> t.Iterator[Claim]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = 0
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.name.startswith("test_"):
            nodes = [node for decorator in function.decorator_list for node in ast.walk(decorator)]
            claims = [_claim(node, name, function.name) for node in nodes if isinstance(node, ast.Call) and _is_marker(node.func)]
            if claims and any(_is_marker(node, "skip", "skipif", "xfail") for node in nodes):
                raise SourceError(f"{name}, {function.name}: a test that can be skipped or fail shows no claim.")
            found += len(claims)
            yield from claims
    if found != sum(_is_marker(node) for node in ast.walk(tree)):
        raise SourceError(f"{name} has a parity marker that is no decorator of a test function. Put the claim on the test that shows it.")


def _is_marker(node: ast.AST, *names: str) -> bool:
    return isinstance(node, ast.Attribute) and ast.unparse(node) in {f"pytest.mark.{name}" for name in names or ("parity",)}


def _claim(node: ast.Call, path: str, test: str) -> Claim:
    try:
        kind, area, text = (ast.literal_eval(argument) for argument in node.args)
        more = {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in node.keywords}
    except ValueError as error:
        raise SourceError(f"{path}, {test}: a claim has a kind, an area, and a text, all of them literals ({error}).") from None
    if unknown := sorted(set(more) - {"source", "settings", "calls"}):
        raise SourceError(f"{path}, {test}: a claim does not have {', '.join(unknown)}. It takes source, settings, and calls.")
    source, settings, calls = more.get("source", ()), more.get("settings", ()), more.get("calls", ())
    if isinstance(settings, str) or isinstance(calls, str):
        raise SourceError(f"{path}, {test}: settings and calls of a claim must be tuples.")
    return Claim(kind, area, text, (source,) if isinstance(source, str) else tuple(source), tuple(settings), tuple(calls), path, test)


def find_problems(claims: t.Iterable[Claim]) -> list[str]:
    """Return the problems of claims, a line each."""
    known = {f"{route.method} {route.template}" for route in ROUTES}
    problems = []
    for claim in claims:
        place = f"{claim.path}, {claim.test}: "
        checks = {
            f"the kind must be one of {', '.join(KINDS)}, not {claim.kind!r}": claim.kind not in KINDS,
            f"the area {claim.area!r} is not one of AREAS": claim.area not in AREAS,
            "the text must be a sentence": not re.fullmatch(r"\S.* .*[^.]\.", claim.text),
            "a claim about the service needs a source": claim.kind != "refused" and not claim.sources,
            f"a source must be a public address, not {claim.sources}": not all(_is_public(source) for source in claim.sources),
            f"the emulator has no call {sorted(set(claim.calls) - known)}": not set(claim.calls) <= known,
            f"calls, settings, and refusals can be claimed in {WITNESSED} only": not _is_witnessed(claim),
        }
        problems += [place + problem for problem, is_wrong in checks.items() if is_wrong]
    return problems


def _is_witnessed(claim: Claim) -> bool:
    return claim.path.startswith(f"{WITNESSED}/") or not (claim.calls or claim.settings or claim.kind == "refused")


def _is_public(source: str) -> bool:
    return re.fullmatch(r"https://(?!127\.|localhost)[a-z0-9-]+(\.[a-z0-9-]+)+/\S+", source) is not None


def render_page(claims: t.Sequence[Claim], notice: str) -> str:
    """Render the page."""
    if problems := find_problems(claims):
        raise SourceError("\n".join(problems))
    counts = Counter(claim.kind for claim in claims)
    words = "".join(f"\n   * - **{kind}**\n     - {counts[kind]}\n     - {text}" for kind, text in KINDS.items())
    head = ".. list-table:: Kinds of claims\n   :header-rows: 1\n   :widths: 12 10 78\n\n   * - Word\n     - Claims\n     - Meaning"
    parts = [INTRODUCTION.format(notice=notice), f"{head}{words}\n"]
    for area in AREAS:
        own = [claim for claim in claims if claim.area == area]
        if own:
            parts.append(_section(area, sorted(own, key=lambda claim: list(KINDS).index(claim.kind))))
    return "\n".join(parts)


def _section(area: str, claims: t.Sequence[Claim]) -> str:
    head = "   :header-rows: 1\n   :widths: 10 52 19 19\n\n   * - Kind\n     - Claim\n     - Test\n     - Source"
    rows = "\n".join(
        f"   * - {claim.kind}\n     - {_text(claim)}\n     - {_link(claim.test, f'{TESTS}/{claim.path}')}\n     - {_sources(claim)}"
        for claim in claims
    )
    return f"{area}\n{'-' * len(area)}\n\n.. list-table:: {area}\n{head}\n{rows}\n"


def _text(claim: Claim) -> str:
    """Return the text of a claim, with its settings and calls in separate paragraphs."""
    paragraphs = [re.sub(r"`([^`]+)`", r"``\1``", claim.text)]
    if claim.settings:
        paragraphs.append(f"Settings: {', '.join(f'``{name}``' for name in claim.settings)}")
    if claim.calls:
        paragraphs.append(f"Calls: {', '.join(f'``{call}`` ({_versions(call)})' for call in claim.calls)}")
    return "\n\n       ".join(paragraphs)


def _versions(call: str) -> str:
    return ", ".join(version for route in ROUTES if f"{route.method} {route.template}" == call for version in route.versions)


def _sources(claim: Claim) -> str:
    return ", ".join(_link(_short(source), source) for source in claim.sources) or "-"


def _short(source: str) -> str:
    """Return the last part of an address, which identifies a page."""
    place = source.removeprefix("https://").split("#")[0].rstrip("/")
    issue = re.fullmatch(r"github\.com/[^/]+/([^/]+)/(?:issues|pull)/(\d+)", place)
    return f"{issue[1]} {issue[2]}" if issue else place.rpartition("/")[2]


def _link(text: str, address: str) -> str:
    return f"`{text} <{address}>`__"
