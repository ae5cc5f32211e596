# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the page of the emulated tenant in a browser: live, accessible, readable on a phone, and safe with hostile names.

Screenshots are in .cache/emulator-page.
"""

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest
from intune_emulator import IntuneTenant

from tests.support.browser import Seen, find_overhang, find_violations, look

if t.TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

PICTURES = pathlib.Path(__file__).parents[2] / ".cache" / "emulator-page"
EVIL = "<img src=x onerror=\"document.title='run'\"><script>document.title='run'</script>"
TABLES = ("devices", "resets", "policies", "requests", "faults")
# The others repeat the first two.
VIEWS = (
    (400, "dark"),
    (1280, "light"),
    pytest.param(400, "light", marks=pytest.mark.exhaustive),
    pytest.param(1280, "dark", marks=pytest.mark.exhaustive),
)

pytestmark = [pytest.mark.slow, pytest.mark.intune_tenant(frozen=True)]


def address(tenant: IntuneTenant) -> str:
    return f"{tenant.env['EMULATOR_URL']}/_emulator/"


def open_page(browser: Browser, tenant: IntuneTenant, **context: t.Any) -> Seen:
    """Open the page and wait for its first content. The certificate is that of a throw-away CA, which the browser does not know."""
    seen = look(browser, address(tenant), ignore_https_errors=True, **{"viewport": {"width": 1280, "height": 900}, **context})
    seen.page.wait_for_selector("#devices tr")
    return seen


def send(tenant: IntuneTenant, page: Page, method: str, path: str, **headers: str) -> None:
    """Send a request to Graph, outside of the page."""
    token = tenant.control.token()
    page.context.request.fetch(
        tenant.env["INTUNE_GRAPH_URL"] + path,
        method=method,
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json", **headers},
        ignore_https_errors=True,
    )


def fill(tenant: IntuneTenant, page: Page) -> None:
    """Cause some activity in the tenant, with hostile names."""
    control = tenant.control
    names = ("PHONE-HELPDESK-01", "PHONE-HELPDESK-02")
    first, second = (control.device(name) for name in names)
    control.patch_device(first["id"], deviceName=EVIL, userPrincipalName=EVIL)
    control.patch_device(second["id"], outcome="failed")
    for device in (first, second, first):
        send(tenant, page, "POST", f"/v1.0/deviceManagement/managedDevices/{device['id']}/resetPasscode")
        control.advance(20)
    send(tenant, page, "POST", f"/v1.0/deviceManagement/managedDevices/{second['id']}/resetPasscode")
    send(tenant, page, "GET", "/v1.0/users/%3Cscript%3Edocument.title='run'%3C/script%3E?$select=" + "id," * 60 + "x")
    policy = control.add_policy("settings_catalog", EVIL, values={"settings": []})
    windows = [device["id"] for device in control.devices() if device["operatingSystem"] == "Windows"]
    control.policy_states(policy, {windows[0]: "succeeded", windows[1]: "error", windows[2]: "pending"})
    control.arm("status", "GET", EVIL.replace("(", ""), status=503, message=EVIL)
    control.preset("bad-day")


def cells(page: Page, table: str) -> list[list[str]]:
    found: list[list[str]] = page.evaluate(
        "name => [...document.querySelectorAll(`#${name} tr`)].map(row => [...row.children].map(cell => cell.textContent))", table
    )
    return found


def wait_for_text(page: Page, selector: str, text: str) -> None:
    page.wait_for_function(
        "([selector, text]) => document.querySelector(selector).textContent.includes(text)", arg=[selector, text], timeout=20_000
    )


def test_it_shows_the_tenant_and_follows_it(browser: Browser, intune_tenant: IntuneTenant) -> None:
    seen = open_page(browser, intune_tenant)
    page = seen.page
    assert len(cells(page, "devices")) == 40 and page.locator("#resets-count").inner_text() == "No passcode was reset."
    fill(intune_tenant, page)
    wait_for_text(page, "#resets-count", "4 in total.")
    wait_for_text(page, "#faults-count", "8 in total.")
    resets = cells(page, "resets")
    assert [(row[1], row[3]) for row in resets] == [
        ("PHONE-HELPDESK-02", "pending"),
        (EVIL, "done"),
        ("PHONE-HELPDESK-02", "failed"),
        (EVIL, "done"),
    ]
    (row,) = [row for row in cells(page, "devices") if row[0] == EVIL]
    assert row[1] == EVIL and row[4] == "done2 resets"
    newest = cells(page, "requests")[0]
    entry = intune_tenant.control.journal()[-1]
    assert newest[1] == "GET" and newest[2].startswith("/v1.0/users/<script>") and newest[4] == entry["request_id"]
    assert [row[3] for row in cells(page, "policies") if row[0] == EVIL] == ["succeeded 1error 1pending 1"]
    assert cells(page, "faults")[0][0].startswith("status") and EVIL[:8] in cells(page, "faults")[0][0]
    assert "bad-day" in page.locator("#presets").inner_text() and "retry_after" in page.locator("#presets").inner_text()
    assert page.locator("#counters").inner_text().replace("\n", " ").startswith("Clock (UTC)")
    assert page.title() == "Emulated tenant: demo", "no name was run as a script"
    assert page.evaluate("document.querySelectorAll('main img, main script').length") == 0
    own = address(intune_tenant)
    assert {url.partition("?")[0] for url in seen.asked} == {
        own + name for name in ("", "page.css", "page.js", "tables.js", "overview", "presets")
    }
    assert seen.complaints == []
    page.context.close()


@pytest.mark.parametrize(("width", "scheme"), VIEWS)
def test_it_is_accessible_and_fits(browser: Browser, intune_tenant: IntuneTenant, width: int, scheme: t.Literal["light", "dark"]) -> None:
    page = open_page(browser, intune_tenant, viewport={"width": width, "height": 900}, color_scheme=scheme).page
    fill(intune_tenant, page)
    wait_for_text(page, "#resets-count", "4 in total.")
    page.click("#pause")
    wait_for_text(page, "#status", "Updates are paused.")
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(PICTURES / f"{scheme}-{width}.png"), full_page=True)
    assert find_violations(page) == []
    assert find_overhang(page) <= 0
    assert page.get_by_role("table").count() == len(TABLES)
    assert page.get_by_role("columnheader").count() > 20 and page.get_by_role("row").count() > 60, "also where the cells are stacked"
    page.context.close()


def test_a_search_and_a_pause(browser: Browser, intune_tenant: IntuneTenant) -> None:
    page = open_page(browser, intune_tenant).page
    links = page.get_by_role("navigation", name="Sections")
    assert "Devices 40" in links.inner_text()
    page.get_by_label("Search all tables").fill("helpdesk-01")
    wait_for_text(page, "#status", "Found. Devices: 1, ")
    assert "Devices 1\n" in links.inner_text()
    assert [row[0] for row in cells(page, "devices")] == ["PHONE-HELPDESK-01"]
    assert page.locator("#devices-count").inner_text() == "1 of 40 match."
    page.get_by_label("Search all tables").fill("")
    wait_for_text(page, "#devices-count", "40 in total.")
    page.get_by_role("button", name="Pause updates").click()
    wait_for_text(page, "#status", "Updates are paused.")
    with page.expect_response(re.compile("overview")):
        page.get_by_label("Search all tables").fill("x")
    intune_tenant.control.reset("fleet:60")
    # nor when the person comes back from another tab
    page.get_by_label("Search all tables").fill("")
    wait_for_text(page, "#devices-count", "60 in total, the first 50 are shown.")
    intune_tenant.control.reset("demo")
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    page.wait_for_timeout(2500)
    assert page.locator("#devices-count").inner_text() == "60 in total, the first 50 are shown."
    page.get_by_role("button", name="Pause updates").click()
    wait_for_text(page, "#devices-count", "40 in total.")
    page.context.close()


def test_changes_need_the_token(browser: Browser, intune_tenant: IntuneTenant) -> None:
    page = open_page(browser, intune_tenant).page
    button = page.get_by_role("button", name="Move the clock")
    assert button.is_disabled()
    before = intune_tenant.control.clock()["timestamp"]
    field = page.get_by_label("Control token")
    field.fill("wrong")
    page.get_by_role("button", name="Allow changes").click()
    wait_for_text(page, "#status", "A browser needs the control token")
    assert button.is_disabled() and field.input_value() == ""
    token = intune_tenant.env["EMULATOR_CONTROL_TOKEN"]
    field.fill(token)
    field.press("Enter")
    wait_for_text(page, "#status", "You can change the tenant now.")
    page.get_by_label("Move the clock by").select_option("7 days")
    button.click()
    wait_for_text(page, "#status", "The clock was moved.")
    assert intune_tenant.control.clock()["timestamp"] - before == 604800
    page.get_by_role("button", name="Let the clock run").click()
    wait_for_text(page, "#status", "The clock runs.")
    page.get_by_label("Preset", exact=True).select_option("throttled")
    page.get_by_role("button", name="Apply the preset").click()
    wait_for_text(page, "#status", "The preset throttled was applied.")
    wait_for_text(page, "#presets", "throttled")
    intune_tenant.control.arm("delay")
    page.get_by_role("button", name="Remove all faults").click()
    wait_for_text(page, "#status", "All faults were removed.")
    assert intune_tenant.control.faults() == [] and not intune_tenant.control.clock()["frozen"]
    asked: list[str] = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.get_by_role("button", name="Reset the tenant").click()
    assert asked and asked[0].startswith("Reset the tenant?") and intune_tenant.control.settings()["quota_scale"] != 1
    page.once("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="Reset the tenant").click()
    wait_for_text(page, "#status", "The tenant was reset.")
    assert intune_tenant.control.settings()["quota_scale"] == 1
    kept = "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href, document.documentElement.outerHTML])"
    assert token not in page.evaluate(kept)
    page.get_by_role("button", name="Forget the token").click()
    assert button.is_disabled()
    page.context.close()


def test_a_page_of_another_site_reads_and_changes_nothing(browser: Browser, intune_tenant: IntuneTenant) -> None:
    """The port of Graph is another origin on the same host."""
    page = look(browser, intune_tenant.env["INTUNE_GRAPH_URL"] + "/common/none", ignore_https_errors=True).page
    url = intune_tenant.env["EMULATOR_URL"] + "/_emulator/"
    mode = "mode => fetch(mode.url, mode).then(answer => answer.text()).catch(failure => String(failure))"
    assert "Failed to fetch" in page.evaluate(mode, {"url": f"{url}secrets"})
    assert "Failed to fetch" in page.evaluate(mode, {"url": f"{url}faults", "method": "DELETE"})
    before = intune_tenant.control.clock()["timestamp"]
    body = {"url": f"{url}clock", "method": "POST", "mode": "no-cors", "body": '{"advance": 60}'}
    page.evaluate(mode, body)
    assert intune_tenant.control.clock()["timestamp"] == before
    page.context.close()


def test_without_javascript_it_says_so(browser: Browser, intune_tenant: IntuneTenant) -> None:
    page = look(browser, address(intune_tenant), ignore_https_errors=True, java_script_enabled=False).page
    assert "This page needs JavaScript" in page.inner_text("body") and not page.is_visible("main")
    page.get_by_role("link", name="/_emulator/overview").click()
    assert '"devices"' in page.inner_text("body")
    page.context.close()


def test_it_says_when_the_tenant_is_gone(browser: Browser, intune_tenant: IntuneTenant) -> None:
    page = open_page(browser, intune_tenant).page
    page.context.set_offline(True)
    wait_for_text(page, "#status", "The tenant does not respond, and what you see is old.")
    page.context.set_offline(False)
    wait_for_text(page, "#status", "The tenant responds again.")
    page.context.close()
