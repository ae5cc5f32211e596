# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The report in a browser: accessible, self-contained, and readable on a phone, on a screen, and on paper.

Takes Chromium as the machine has it, and is skipped where there is none; tests/quality/conftest.py says so at the end. Screenshots and the
printed pages are in .cache/report.
"""

from __future__ import annotations

import os
import pathlib
import re
import shutil
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._report.page import render_page
from tests.support import reports
from tests.support.reports import HOSTILE, finding, policy, reason, status, verdict
from tests.tools import sample_report

if t.TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NOT_RUN = "the report was not looked at in a browser"
PICTURES = sample_report.ROOT / ".cache" / "report"
WIDTHS = (400, 900, 1400)
SCHEMES: tuple[t.Literal["light", "dark"], ...] = ("light", "dark")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}

pytestmark = pytest.mark.slow


def find_chromium() -> str | None:
    """Return the path of Chromium, or of a browser that is one."""
    names = (os.environ.get("CHROMIUM") or "chromium", "chromium-browser", "google-chrome")
    return next((found for name in names if (found := shutil.which(name))), None)


@pytest.fixture(scope="module")
def browser() -> t.Iterator[Browser]:
    playwright = pytest.importorskip("playwright.sync_api", reason=f"{NOT_RUN}: playwright is not installed")
    path = find_chromium()
    if path is None:
        pytest.skip(f"{NOT_RUN}: Chromium is not installed. Install it, or set CHROMIUM to its path")
    with playwright.sync_playwright() as driver:
        # Chromium refuses to run as root within its sandbox.
        started = driver.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"])
        yield started
        started.close()


def unready() -> reports.Json:
    """Return a report of a tenant with problems, and with names that are long, or meant to deceive."""
    readiness = verdict(
        False,
        policies=[
            policy(1, name="Windows Hello " * 12, rollout=status(succeeded=9000, error=12, conflict=3, pending=900, not_applicable=85)),
            policy(2, name="\u202eevil\u202c <script>", surface="intent", backend=None, settings={"enable_pin_recovery": False}),
        ],
        findings=[
            finding("conflict", 1, 2, settings=["enable_pin_recovery"], message="x" * 600),
            finding("not_assigned", 2, severity="warning"),
        ],
        reasons=[reason("not_connected", "connected"), reason("status_unread", "arrived", "unknown")],
        problems=["Could not read intents: the application lacks DeviceManagementConfiguration.Read.All."],
    )
    devices = [reports.device(number, device_name=name, platform=name) for number, name in enumerate(HOSTILE)]
    return reports.report(readiness, reports.count(devices), earlier=reports.report())


PAGES: dict[str, t.Callable[[], bytes]] = {
    "sample": (sample_report.FOLDER / "pin-reset-report.html").read_bytes,
    "unready": lambda: render_page(unready()),
    "unknown": lambda: render_page(reports.report({"ready": None, "problems": ["Could not read it."]}, reports.NO_DEVICES)),
}


@pytest.fixture(params=PAGES)
def address(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> str:
    path = tmp_path / f"{request.param}.html"
    path.write_bytes(PAGES[request.param]())
    return path.as_uri()


class Seen(t.NamedTuple):
    """A page, the addresses that it asked for, and what the browser complained of."""

    page: Page
    asked: list[str]
    complaints: list[str]


def look(browser: Browser, address: str, **context: t.Any) -> Seen:
    """Open a page, with nothing that another one left behind."""
    page = browser.new_context(**context).new_page()
    seen = Seen(page, [], [])
    page.on("request", lambda request: seen.asked.append(request.url))
    page.on("console", lambda message: seen.complaints.append(message.text))
    page.on("pageerror", lambda failure: seen.complaints.append(str(failure)))
    page.goto(address)
    return seen


def name_of(address: str) -> str:
    return address.rpartition("/")[2].removesuffix(".html")


@pytest.mark.parametrize(
    ("width", "scheme"),
    [
        # The narrowest and the widest, in both colors: the others repeat them.
        pytest.param(width, scheme, marks=() if (width, scheme) in ((WIDTHS[0], "dark"), (WIDTHS[-1], "light")) else pytest.mark.exhaustive)
        for width in WIDTHS
        for scheme in SCHEMES
    ],
)
def test_it_is_accessible_and_fits(browser: Browser, address: str, width: int, scheme: t.Literal["light", "dark"]) -> None:
    """axe-core finds nothing, contrast included; nothing is wider than the window; nothing is loaded beside the page."""
    from axe_playwright_python.sync_playwright import Axe

    seen = look(browser, address, viewport={"width": width, "height": 900}, color_scheme=scheme)
    PICTURES.mkdir(parents=True, exist_ok=True)
    seen.page.screenshot(path=str(PICTURES / f"{name_of(address)}-{scheme}-{width}.png"), full_page=True)
    found = Axe().run(seen.page, options=RULES).response
    assert [(rule["id"], [node["html"] for node in rule["nodes"]]) for rule in found["violations"]] == []
    assert "color-contrast" in {rule["id"] for rule in found["passes"]}, "the rules ran"
    assert seen.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    assert (seen.asked, seen.complaints) == ([address], [])
    seen.page.context.close()


def test_all_of_it_can_be_reached_by_the_keyboard(browser: Browser, address: str) -> None:
    """Only links take the focus, in the order of the page, and each shows it."""
    page = look(browser, address, viewport={"width": 900, "height": 900}).page
    links = page.evaluate("[...document.querySelectorAll('a')].map(link => link.href)")
    assert page.evaluate("document.querySelectorAll('button, input, select, details, [tabindex], [onclick]').length") == 0
    reached = []
    for _link in links:
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.href"))
        assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    assert reached == links
    page.context.close()


def test_it_is_printed_on_a4(browser: Browser, address: str) -> None:
    page = look(browser, address).page
    PICTURES.mkdir(parents=True, exist_ok=True)
    printed = page.pdf(path=str(PICTURES / f"{name_of(address)}.pdf"), prefer_css_page_size=True)
    sizes = {tuple(round(float(side)) for side in found) for found in re.findall(rb"/MediaBox \[0 0 ([\d.]+) ([\d.]+)\]", printed)}
    assert sizes and all(abs(width - 595) <= 1 and abs(height - 842) <= 1 for width, height in sizes)
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)", "paper is white"
    page.context.close()


@pytest.mark.parametrize(("motion", "behavior"), [("reduce", "auto"), ("no-preference", "smooth")])
def test_nothing_moves_for_those_who_want_no_motion(browser: Browser, motion: t.Any, behavior: str, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "sample.html"
    path.write_bytes(PAGES["sample"]())
    page = look(browser, path.as_uri(), reduced_motion=motion).page
    assert page.evaluate("getComputedStyle(document.documentElement).scrollBehavior") == behavior
    page.context.close()


def test_a_script_in_the_page_would_not_run(browser: Browser, tmp_path: pathlib.Path) -> None:
    """The policy of the page holds even if the page were changed: neither scripts, nor styles of others, nor anything that is loaded."""
    content = PAGES["sample"]().decode("utf-8")
    more = "<script>document.title = 'run'</script><img src='https://example.com/x'><p style='color: red' id='styled'>x</p></body>"
    path = tmp_path / "changed.html"
    path.write_text(content.replace("</body>", more), encoding="utf-8")
    seen = look(browser, path.as_uri())
    assert seen.page.title().startswith("PIN reset report")
    assert seen.page.evaluate("getComputedStyle(document.getElementById('styled')).color") != "rgb(255, 0, 0)"
    refused = [complaint for complaint in seen.complaints if "Content Security Policy" in complaint]
    assert len(refused) >= 3, "the script, the picture, and the style"
    seen.page.context.close()
