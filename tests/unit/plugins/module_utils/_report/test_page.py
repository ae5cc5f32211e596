# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the page: well-formed, self-contained, without a script, and safe with any names in it."""

from __future__ import annotations

import html.parser
import re

import pytest
from hypothesis import given, settings

from ansible_collections.endpointops.intune.plugins.module_utils._report.markup import draw_bar, draw_shares, el, preformat, text
from ansible_collections.endpointops.intune.plugins.module_utils._report.page import render_page
from ansible_collections.endpointops.intune.plugins.module_utils._report.parts import make_time, render_share
from ansible_collections.endpointops.intune.plugins.module_utils._report.style import DARK, LIGHT, STYLE, name_digest
from tests.support import reports
from tests.support.reports import finding, policy, reason, status, verdict

ALLOWED = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "nav", "section", "footer", "article", "div", "span", "p"),
    *("a", "b", "bdi", "h1", "h2", "h3", "h4", "ol", "ul", "li", "dl", "dt", "dd", "pre", "code", "time"),
    *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "svg", "defs", "pattern", "path", "rect"),
}
ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "href", "class", "id", "rel", "scope", "datetime", "role", "aria-label"),
    *("aria-labelledby", "aria-hidden", "focusable", "viewbox", "preserveaspectratio", "d", "x", "y", "width", "height", "patternunits"),
}


class Page(html.parser.HTMLParser):
    """Parse the parts of a page. Fail for elements that are not closed, or in the wrong order."""

    def __init__(self, content: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(content.decode("utf-8"))
        self.close()
        assert self._open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _value in attrs}) == len(attrs)
        self.tags.append((tag, dict(attrs)))
        if tag != "meta":
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] != ["style"]:
            self.words.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError("there is no comment")

    def values(self, attribute: str) -> list[str]:
        return [value for _tag, found in self.tags if (value := found.get(attribute)) is not None]


FULL = reports.report(
    verdict(
        False,
        policies=[policy(1, rollout=status(succeeded=3, error=1)), policy(2, surface="intent", backend=None)],
        findings=[finding("conflict", 1, 2, settings=["enable_pin_recovery"]), finding("not_assigned", 2, severity="warning")],
        reasons=[reason("not_connected", "connected")],
        differs=[{"code": "different", "option": "minimum_pin_length", "current": 6, "expected": 8, "message": "x"}],
        problems=["Could not read intents."],
    ),
    resets=reports.outcomes({"id": "device-1", "status": "done"}, {"id": "x", "status": "failed"}).describe(lambda device: device != "x"),
    earlier=reports.report(),
)


@pytest.mark.slow
@settings(max_examples=40)
@given(reports.reports())
def test_hostile_names_are_text_and_every_address_leads_somewhere(made: tuple[reports.Json, list[reports.Json]]) -> None:
    content = render_page(made[0])
    page = Page(content)
    assert {tag for tag, _attributes in page.tags} <= ALLOWED
    assert {name for _tag, attributes in page.tags for name in attributes} <= ATTRIBUTES
    assert all(address.startswith(("#", "https://learn.microsoft.com/")) for address in page.values("href"))
    shown = content.decode("utf-8")
    assert not re.search("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]", shown)
    assert "eyJ" not in shown
    ids = page.values("id")
    assert len(set(ids)) == len(ids)
    assert {address[1:] for address in page.values("href") if address.startswith("#")} <= set(ids)
    assert set(page.values("aria-labelledby")) <= set(ids)


@pytest.mark.parametrize("name", reports.HOSTILE)
def test_a_hostile_name_is_text_everywhere(name: str) -> None:
    told = {"message": f"It is {name}.", "hint": f"Correct {name}."}
    group = {"target": "group", "group_id": name, "filter_id": None, "filter_type": None}
    readiness = verdict(
        False,
        policies=[policy(1, name=name, surface=name, assignments=[group], settings={"device_unlock_plugins": name})],
        findings=[finding("wrong_value", 1, settings=["device_unlock_plugins"], **told)],
        reasons=[reason("policy_missing", "configured", **told)],
        problems=[f"Could not read {name}."],
    )
    page = Page(render_page(reports.report(readiness)))
    assert {tag for tag, _attributes in page.tags} <= ALLOWED
    assert {name for _tag, attributes in page.tags for name in attributes} <= ATTRIBUTES


def test_equal_reports_give_equal_bytes() -> None:
    assert render_page(FULL) == render_page({**FULL})


def test_nothing_is_loaded_and_nothing_runs() -> None:
    content = render_page(FULL).decode("utf-8")
    assert f"default-src &#x27;none&#x27;; style-src &#x27;{name_digest()}&#x27;;" in content
    assert f"<style>{STYLE}</style>" in content, "the digest is of these very characters"
    page = Page(content.encode())
    assert not page.values("style") and not page.values("src") and not re.search(r"url\((?!#)|@import|javascript:", content)
    assert {tag for tag, _attributes in page.tags} <= ALLOWED


def test_headings_come_in_order_and_tables_have_scopes() -> None:
    page = Page(render_page(FULL))
    levels = [int(tag[1]) for tag, _attributes in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1 and levels.count(1) == 1
    assert all(after - before <= 1 for before, after in zip(levels, levels[1:], strict=False))
    assert all(attributes.get("scope") in ("row", "col") for tag, attributes in page.tags if tag == "th")
    assert page.tags[0] == ("html", {"lang": "en"})
    assert all(attributes.get("role") == "img" or attributes.get("aria-hidden") for tag, attributes in page.tags if tag == "svg")


def test_all_numbers_and_findings_of_the_report_are_on_the_page() -> None:
    words = " ".join(" ".join(Page(render_page(FULL)).words).split())
    for told in (FULL["verdict"]["question"], FULL["verdict"]["text"], *(level["text"] for level in FULL["levels"])):
        assert told in words
    for found in FULL["findings"]:
        assert found["message"] in words and found["hint"] in words
        assert all(line.strip() in words for line in found["task"].splitlines())
    for row in FULL["coverage"]:
        assert row["part"] in words and row["text"] in words
    assert "device-1" not in words and "PC-1" not in words


def test_no_devices_are_no_table() -> None:
    assert "Not known: managed devices could not be read." in render_page(reports.report(devices=reports.NO_DEVICES)).decode()
    assert "Intune manages no device." in render_page(reports.report(devices=reports.count([]))).decode()
    unread = reports.report(verdict(None, policies=None))
    assert "Not known: policies could not be read." in render_page(unread).decode()
    assert "The tenant has no policy" in render_page(reports.report(verdict(False, policies=[]))).decode()


def test_parts_of_markup() -> None:
    assert el("p", "<b>", class_="x", title='"&', aria_label=None) == '<p class="x" title="&quot;&amp;">&lt;b&gt;</p>'
    assert el("p", el("b", "x"), None, "y") == "<p><b>x</b>y</p>"
    assert text("\u202e\x00") == "\\u202e\\x00"
    assert preformat("a: <\n  b\t\n") == "<pre><code>a: &lt;\n  b\\t</code></pre>"
    assert "<title>T</title>" in draw_shares("T", [("yes", 0), (None, 0)]) and 'role="img"' in draw_shares("T", [])
    assert 'width="50.00"' in draw_bar(1, 2, None) and 'width="0.00"' in draw_bar(0, 0, "yes")


def test_shares_are_never_rounded_to_nothing_or_all() -> None:
    assert [render_share(number, 1000) for number in (0, 1, 5, 494, 999, 1000)] == ["0 %", "< 1 %", "< 1 %", "49 %", "> 99 %", "100 %"]
    assert render_share(0, 0) == "0 %"


def test_times_are_for_people_and_for_machines() -> None:
    assert make_time("2026-01-05T10:00:00Z") == '<time datetime="2026-01-05T10:00:00Z">2026-01-05 10:00 UTC</time>'
    assert (make_time(None), make_time("<x>")) == ("not known", "&lt;x&gt;")


def contrast(first: str, second: str) -> float:
    def luminance(color: str) -> float:
        parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    bright, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_text_and_states_stand_out_in_light_and_dark() -> None:
    for scheme in (LIGHT, DARK):
        colors = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", scheme))
        for name in ("ink", "muted", "link", "yes", "no", "unknown", "none"):
            assert all(contrast(colors[name], colors[ground]) >= 4.5 for ground in ("ground", "panel")), (name, colors[name])
        assert all(contrast(colors[name], colors["on"]) >= 4.5 for name in ("yes", "no", "unknown", "none"))
        assert contrast(colors["plain"], colors["ground"]) >= 3


def test_the_style_sheet_serves_print_and_those_who_want_no_motion() -> None:
    assert "@media print" in STYLE and "size: A4" in STYLE and "prefers-color-scheme: dark" in STYLE
    assert re.findall(r"(?:scroll-behavior|animation|transition)", STYLE) == ["scroll-behavior"]
    assert "@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }" in STYLE
