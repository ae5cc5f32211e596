# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Build HTML and SVG from small functions. Pure. All text is escaped, except Markup."""

from __future__ import annotations

import html
import typing as t

from .._text import clean
from .words import State

VOID = frozenset({"meta"})
BAR = (640, 14)  # width and height of a chart


class Markup(str):
    """A text that already is HTML or SVG."""

    __slots__ = ()


Child: t.TypeAlias = "str | None"


def el(tag: str, *children: Child, **attributes: str | int | None) -> Markup:
    """Return an element. An attribute of None is omitted; a name may end with '_', and '_' within it becomes '-'."""
    given = "".join(
        f' {name.rstrip("_").replace("_", "-")}="{html.escape(clean(str(value)), quote=True)}"'
        for name, value in attributes.items()
        if value is not None
    )
    if tag in VOID:
        return Markup(f"<{tag}{given}>")
    return Markup(f"<{tag}{given}>{''.join(map(text, children))}</{tag}>")


def text(value: Child) -> Markup:
    """Return a text as HTML without elements or hidden characters."""
    if value is None:
        return Markup("")
    return value if isinstance(value, Markup) else Markup(html.escape(clean(value)))


def join(parts: t.Iterable[Child]) -> Markup:
    """Return the concatenation of several parts."""
    return Markup("".join(map(text, parts)))


def preformat(value: str) -> Markup:
    """Return a text of several lines in which all characters are visible."""
    lines = "\n".join(html.escape(clean(line)) for line in value.rstrip("\n").split("\n"))
    return Markup(f"<pre><code>{lines}</code></pre>")


# --- SVG ------------------------------------------------------------------------------------------------------------

SIGNS: t.Mapping[State, tuple[str, str]] = {
    # Each state has another outline, because color must not be the only difference.
    "yes": ("M12 1a11 11 0 1 0 0 22a11 11 0 1 0 0-22z", "M6.5 12.5l3.8 3.8l7.2-8"),
    "no": ("M7.4 1h9.2L23 7.4v9.2L16.6 23H7.4L1 16.6V7.4z", "M7.8 7.8l8.4 8.4M16.2 7.8l-8.4 8.4"),
    "unknown": ("M12 .6L23.4 12L12 23.4L.6 12z", "M9.3 9.6a2.7 2.7 0 1 1 3.9 2.4q-1.2.6-1.2 2M12 16.6v.9"),
    "not_applicable": ("M2 2h20v20H2z", "M7 12h10"),
}


def draw_sign(state: State) -> Markup:
    """Return the sign of a state. Screen readers skip it, because the state's word is beside it."""
    outline, sign = SIGNS[state]
    paths = (el("path", d=outline, class_="outline"), el("path", d=sign, class_="sign"))
    return el("svg", *paths, class_=f"sign-of state-{state}", viewBox="0 0 24 24", aria_hidden="true", focusable="false")


def draw_swatch(state: str | None) -> Markup:
    """Return a sample of a part of a chart for the legend."""
    rect = el("rect", x=1, y=1, width=14, height=14, class_=f"fill-{state or 'plain'}")
    return el("svg", rect, class_="swatch", viewBox="0 0 16 16", aria_hidden="true", focusable="false")


def draw_shares(title: str, parts: t.Sequence[tuple[str | None, int]]) -> Markup:
    """Return a bar divided by share into parts, each with a state and a number; ``title`` describes the same in words."""
    width, height = BAR
    total = sum(number for _state, number in parts) or 1
    rects, before = [], 0
    for state, number in parts:
        left, right = before * width / total, (before + number) * width / total
        before += number
        rects.append(
            el("rect", x=f"{left:.2f}", y=0, width=f"{max(right - left, 0.5):.2f}", height=height, class_=f"fill-{state or 'plain'}")
        )
    outline = el("rect", x="0.5", y="0.5", width=width - 1, height=height - 1, class_="frame")
    return el("svg", el("title", title), *rects, outline, class_="shares", viewBox=f"0 0 {width} {height}", role="img")


def draw_bar(number: int, largest: int, state: str | None) -> Markup:
    """Return a bar beside the same number in a table."""
    rect = el("rect", x=0, y=0, width=f"{100 * number / (largest or 1):.2f}", height=10, class_=f"fill-{state or 'plain'}")
    return el("svg", rect, class_="bar", viewBox="0 0 100 10", preserveAspectRatio="none", aria_hidden="true", focusable="false")


def define_patterns() -> Markup:
    """Return the fill patterns of charts, which supplement color."""
    stripes = el("path", d="M-2 2l4-4M0 8l8-8M6 10l4-4", class_="stripe")
    dots = el("path", d="M2 2h1v1h-1zM6 6h1v1h-1z", class_="dot")
    patterns = (
        el("pattern", el("rect", width=8, height=8, class_="ground"), stripes, id="stripes", **_PATTERN),
        el("pattern", el("rect", width=8, height=8, class_="ground"), dots, id="dots", **_PATTERN),
    )
    return el("svg", el("defs", *patterns), class_="patterns", width=0, height=0, aria_hidden="true", focusable="false")


_PATTERN: dict[str, str | int] = {"width": 8, "height": 8, "patternUnits": "userSpaceOnUse"}
