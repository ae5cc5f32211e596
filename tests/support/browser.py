# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Look at pages in the machine's Chromium."""

from __future__ import annotations

import os
import shutil
import typing as t

if t.TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}


def find_chromium() -> str | None:
    """Return the path of Chromium, or of a browser based on it."""
    names = (os.environ.get("CHROMIUM") or "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


class Seen(t.NamedTuple):
    """A page, its requested addresses, and the complaints of the browser."""

    page: Page
    asked: list[str]
    complaints: list[str]


def look(browser: Browser, address: str, **context: t.Any) -> Seen:
    """Open a page without data of earlier ones."""
    page = browser.new_context(**context).new_page()
    seen = Seen(page, [], [])
    page.on("request", lambda request: seen.asked.append(request.url))
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda failure: seen.complaints.append(str(failure)))
    page.goto(address)
    return seen


def find_violations(page: Page) -> list[tuple[str, list[str]]]:
    """Return the accessibility rules that a page breaks, including contrast, each with the elements."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, options=RULES).response
    assert "color-contrast" in {rule["id"] for rule in found["passes"]}, "the rules ran"
    return [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]]


def find_overhang(page: Page) -> int:
    """Return by how many pixels a page is wider than its window."""
    width: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return width
