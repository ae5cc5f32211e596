# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first page of the documentation site: the introduction, then the guides. `make docs` builds it."""

from __future__ import annotations

import importlib.util
import pathlib
import re
import typing as t

import pytest

from tests.quality.test_guides import ALL
from tests.tools.site import arrange
from tests.tools.tree import ROOT

if t.TYPE_CHECKING:
    from playwright.sync_api import Browser

INDEX = """.. _plugins_in_endpointops.intune:

Endpointops.Intune
==================

Collection version 1.0.0

.. contents::
   :local:
   :depth: 1

Description
-----------

One sentence.

**Author:**

* A team

.. Communication

.. _communication_for_endpointops.intune:

Communication
-------------

- Forum

.. _changelog_section_for_endpointops.intune:

Changelog
---------

    changelog

Read this first
---------------

    guide

.. _plugin_index_for_endpointops.intune:

Plugin Index
------------

    module
"""


def test_the_introduction_and_the_guides_come_first() -> None:
    page = arrange(INDEX, "Welcome.\n")
    parts = [
        "endpointops.intune\n====",
        "Welcome.",
        "Read this first\n",
        "guide",
        "Plugin Index\n",
        "Changelog\n",
        "Communication\n",
        "About\n",
        "A team",
    ]
    places = [page.index(part) for part in parts]
    assert places == sorted(places)
    assert "One sentence" not in page and ".. contents" not in page
    assert ".. _communication_for_endpointops.intune:\n\nCommunication" in page


def test_a_page_of_another_structure_is_an_error() -> None:
    with pytest.raises(ValueError, match="no section Changelog"):
        arrange(INDEX.replace("Changelog\n---------", "Changes\n-------"), "Welcome.\n")


def list_commands(text: str) -> list[str]:
    """Return the commands of a block, which begin with a prompt and may go on in further lines."""
    return re.findall(r"^\$ ((?:.*\\\n)*.*)$", text, re.MULTILINE)


@pytest.mark.slow
def test_copying_a_block_copies_whole_commands_and_no_output(browser: Browser) -> None:
    settings: dict[str, str] = {}
    exec("\n".join(re.findall(r"^copybutton_.+$", (ROOT / "tests/tools/docs.sh").read_text(encoding="utf-8"), re.MULTILINE)), settings)
    package = importlib.util.find_spec("sphinx_copybutton")
    assert package is not None and package.origin is not None
    code = (pathlib.Path(package.origin).parent / "_static" / "copybutton_funcs.js").read_text(encoding="utf-8").replace("export ", "")
    prompt, continued = settings["copybutton_prompt_text"], settings["copybutton_line_continuation_character"]
    page = browser.new_page()
    page.evaluate(f"void (window.copied = (() => {{ {code}\nreturn formatCopyText }})())")
    found = [block for block in ALL if block.kind == "console" and block.path.suffix == ".rst"]
    for block in found:
        given = [block.text.rstrip("\n") + "\n", prompt, continued]
        copied = page.evaluate("([text, prompt, last]) => copied(text, prompt, false, true, true, true, last)", given)
        assert list_commands(block.text) and copied.rstrip("\n") == "\n".join(list_commands(block.text)), str(block)
    page.context.close()
