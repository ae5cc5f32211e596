# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What no file of the repository may hold, and what each must."""

from __future__ import annotations

import pathlib
import re

import pytest
import yaml

from tests.tools import tree

ROOT = pathlib.Path(__file__).parents[2]
HEADER = """\
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""
BANNER = "# This file is private to the endpointops.intune collection: it may change in any release."


TEXTS = {name: (ROOT / name).read_text(encoding="utf-8") for name in tree.listed_files()}
# Written in parts, so that this file may be looked through, too.
FORBIDDEN = {
    "a folder of somebody's machine": r"/(?:home|Users)/[a-z]" + r"|/ro" + r"ot/|[A-Z]:\\" + r"Users",
    "a private key": "-----BEGIN [A-Z ]*PRIVATE " + "KEY-----\n",
    "a token": "eyJ" + r"[\w-]{16,}\.[\w-]{16,}",
    "a client secret of Microsoft Entra": r"[\w~.]{3}8" + r"Q~[\w~.-]{31}",
    "a silenced check without a reason": r"#\s*(?:no" + r"qa|nos" + r"ec|type:\s*ignore|pragma:)\S*(?:\s+\S+,)*(?:\s+\S+)?\s*$",
    "the mark of an unresolved merge": "^(?:<<<<<<<|>>>>>>>) ",
    "a note to oneself": r"\b(?:TO" + r"DO|FIX" + r"ME|XX" + r"X)\b",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what):
    pattern = re.compile(FORBIDDEN[what], re.MULTILINE)
    found = [f"{name}: {match.group()!r}" for name, text in TEXTS.items() for match in pattern.finditer(text)]
    assert not found


@pytest.mark.parametrize(
    ("what", "sample"),
    [
        ("a folder of somebody's machine", "see /home/" + "anna/x"),
        ("a private key", "-----BEGIN RSA PRIVATE " + "KEY-----\nMII"),
        ("a token", "eyJ" + "0eXAiOiJKV1QiLCJh.eyJ" + "hdWQiOiJodHRwczov"),
        ("a client secret of Microsoft Entra", "abc8" + "Q~" + "x" * 34),
        ("a silenced check without a reason", "import os  # no" + "qa: F401"),
        ("a silenced check without a reason", "import os  # no" + "qa"),
        ("a silenced check without a reason", "name: x  # no" + "qa: name[casing]"),
        ("the mark of an unresolved merge", "<<<<<<< " + "HEAD"),
        ("a note to oneself", "# TO" + "DO later"),
    ],
)
def test_it_would_be_found(what, sample):
    assert re.search(FORBIDDEN[what], sample, re.MULTILINE)


def test_a_silenced_check_with_a_reason_passes():
    line = "import os  # no" + "qa: F401: the plugin loader wants it"
    assert not re.search(FORBIDDEN["a silenced check without a reason"], line, re.MULTILINE)


def test_what_runs_needs_nothing_that_only_tests_or_tells():
    parts = {name: text for name, text in TEXTS.items() if name.startswith(("plugins/", "roles/", "playbooks/"))}
    assert parts
    # Addresses of pages are no use of a folder.
    told = {name: re.sub(r"https?://\S+", "", text) for name, text in parts.items()}
    assert not [name for name, text in told.items() if re.search(r"(?<![\w-])(?<![\w-]/)(?:tests|extensions|docs)/", text)]


def test_all_code_says_whose_it_is():
    code = {name: text.removeprefix("#!/usr/bin/python\n") for name, text in TEXTS.items() if name.endswith(".py") and text}
    assert code and not [name for name, text in code.items() if not text.startswith(HEADER)]


def test_code_that_only_the_collection_may_use_says_so():
    private = [name for name in TEXTS if re.match(r"plugins/(module_utils|plugin_utils)/.*\.py$", name) and TEXTS[name]]
    assert private and not [name for name in private if BANNER not in TEXTS[name].splitlines()]


def test_the_licence_is_the_same_text_twice():
    assert TEXTS["LICENSE"] == TEXTS["LICENSES/GPL-3.0-or-later.txt"]


CHANGELOG = yaml.safe_load(TEXTS["changelogs/config.yaml"])
SECTIONS = {name for name, _title in CHANGELOG["sections"]} | {CHANGELOG["trivial_section_name"], CHANGELOG["prelude_section_name"]}


@pytest.mark.parametrize("name", [name for name in TEXTS if name.startswith("changelogs/fragments/") and not name.endswith(".keep")])
def test_every_changelog_fragment_names_what_it_is_about(name):
    assert name.endswith((".yml", ".yaml")), "others are passed over in silence"
    fragment = yaml.safe_load(TEXTS[name])
    assert set(fragment) <= SECTIONS
    # Plugins by their names, and else the part of the collection.
    known = {path.stem for kind in ("modules", "inventory") for path in (ROOT / "plugins" / kind).glob("*.py")}
    known |= {f"{path.name} role" for path in (ROOT / "roles").iterdir()}
    known |= {f"pattern ``{path.name}``" for path in (ROOT / "extensions" / "patterns").glob("*")}
    known |= {"AWX", "audit", "event-driven", "guides", "playbooks", "execution environment", "documentation", "connection options"}
    assert fragment.pop(CHANGELOG["prelude_section_name"], "The summary is a sentence.").endswith(".")
    for entries in fragment.values():
        for entry in entries:
            subjects, dash, rest = entry.partition(" - ")
            assert dash and rest and set(subjects.split(", ")) <= known, entry
            assert entry.endswith("."), entry
