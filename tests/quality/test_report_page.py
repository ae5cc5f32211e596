# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the report in a browser: accessible, self-contained, and readable on a phone, on a screen, and on paper.

Screenshots and the printed pages are in .cache/report.
"""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._report.page import render_page
from tests.support import reports
from tests.support.browser import find_overhang, find_violations, look
from tests.support.reports import HOSTILE, finding, policy, reason, status, verdict
from tests.tools import sample_report

if t.TYPE_CHECKING:
    from playwright.sync_api import Browser

PICTURES = sample_report.ROOT / ".cache" / "report"
WIDTHS = (400, 900, 1400)
SCHEMES: tuple[t.Literal["light", "dark"], ...] = ("light", "dark")

pytestmark = pytest.mark.slow


def unready() -> reports.Json:
    """Return a report of a tenant with problems, and with long or deceptive names."""
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
    """axe-core finds nothing, including contrast; nothing is wider than the window; the page loads nothing else."""
    seen = look(browser, address, viewport={"width": width, "height": 900}, color_scheme=scheme)
    PICTURES.mkdir(parents=True, exist_ok=True)
    seen.page.screenshot(path=str(PICTURES / f"{name_of(address)}-{scheme}-{width}.png"), full_page=True)
    assert find_violations(seen.page) == []
    assert find_overhang(seen.page) <= 0
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
    """The policy of the page also holds for a changed page: it blocks scripts, foreign styles, and all loading."""
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
