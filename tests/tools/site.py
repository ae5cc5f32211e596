# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Put the introduction, and the guides before all other pages, on the first page of the site: `python -m tests.tools.site INDEX`.

antsibull-docs writes that page with the changelog before the guides, and with the one sentence of galaxy.yml.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

from tests.tools.tree import ROOT

INTRODUCTION = ROOT / "docs" / "introduction.rst"
TITLE = "endpointops.intune"
# A heading of the second level, with the label and the comment before it.
HEADING = re.compile(r"^(?:\.\. [A-Z]\w+\n\n)?(?:\.\. _\w[\w.]*:\n\n)?(?P<title>\S.*)\n-+\n", re.MULTILINE)
LAST = ("Changelog", "Communication")


def arrange(index: str, introduction: str) -> str:
    """Return the first page with an introduction, and the guides first; raise ValueError for a page of another structure."""
    heads = list(HEADING.finditer(index))
    ends = [head.start() for head in heads[1:]] + [len(index)]
    sections = {head["title"]: index[head.start() : end] for head, end in zip(heads, ends, strict=True)}
    if missing := {"Description", "Plugin Index", *LAST} - set(sections):
        raise ValueError(f"The page has no section {', '.join(sorted(missing))}. See what antsibull-docs writes now.")
    description = sections.pop("Description")
    facts = description[description.index("**Author:**") :]
    top = re.sub(r"^Endpointops\.Intune\n=+$", f"{TITLE}\n{'=' * len(TITLE)}", index[: heads[0].start()], flags=re.MULTILINE)
    top = re.sub(r"\.\. contents::\n(?:   .*\n)+\n", "", top)
    last = [sections.pop(title) for title in LAST]
    return "".join([top, introduction, "\n", *sections.values(), *last, "About\n-----\n\n", facts])


def main(arguments: list[str]) -> None:
    path = Path(arguments[0])
    path.write_text(arrange(path.read_text(encoding="utf-8"), INTRODUCTION.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
