# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Build common parts of the page: tables, cards of counts, states, and times. Pure."""

from __future__ import annotations

import typing as t

from .._time import parse_timestamp
from .._types import Json
from .markup import Markup, draw_bar, draw_shares, draw_sign, draw_swatch, el, text
from .words import State, show

Cell = str


def make_state(state: State, word: str) -> Markup:
    """Return a state: its sign and its word."""
    return el("span", draw_sign(state), el("span", word), class_=f"state state-{state}")


def make_time(timestamp: str | None) -> Markup:
    """Return a time for people, or the unchanged text if it is not a timestamp."""
    if timestamp is None or parse_timestamp(timestamp) is None:
        return text("not known" if timestamp is None else show(timestamp))
    return el("time", f"{timestamp[:10]} {timestamp[11:16]} UTC", datetime=timestamp)


def make_details(rows: t.Iterable[tuple[str, Cell]]) -> Markup:
    """Return pairs of a name and a value."""
    return el("dl", *(part for name, value in rows for part in (el("dt", name), el("dd", value))))


def make_table(caption: str, heads: t.Sequence[str], rows: t.Iterable[t.Sequence[Cell]], class_: str | None = None) -> Markup:
    """Return a table whose first column names its rows."""
    head = el("thead", el("tr", *(el("th", name, scope="col") if name else el("td") for name in heads)))
    body = [el("tr", el("th", first, scope="row"), *(el("td", cell) for cell in rest)) for first, *rest in rows]
    return el("table", el("caption", caption), head, el("tbody", *body), class_=class_)


def make_card(table: Json, level: int = 3) -> Markup:
    """Return a table of counts with its chart: a bar of shares if rows are states, otherwise bars beside the numbers."""
    rows, total = table["rows"], table["total"]
    is_of_states = any(row["state"] for row in rows)
    chart = None
    if is_of_states and total:
        said = ", ".join(f"{row['label']} {row['devices']:,}" for row in rows)
        chart = draw_shares(f"{table['title']}: {said}", [(row["state"], row["devices"]) for row in rows])
    largest = max((row["devices"] for row in rows), default=0)
    body = [_make_row(row, total, largest, has_swatch=is_of_states) for row in rows]
    heads = ("", "Devices", "Share") if is_of_states else ("", "Devices", "Share", "")
    head = [el("th", name, scope="col", class_="number") if name else el("td") for name in heads]
    spare = [] if is_of_states else [el("td", class_="graph")]
    foot = el("tr", el("th", "Total", scope="row"), el("td", f"{total:,}", class_="number"), el("td", "", class_="number"), *spare)
    title = el(f"h{level}", table["title"])
    return Markup(title + (chart or "") + el("table", el("thead", el("tr", *head)), el("tbody", *body), el("tfoot", foot)))


def _make_row(row: Json, total: int, largest: int, *, has_swatch: bool) -> Markup:
    name = el("span", draw_swatch(row["state"]), el("span", row["label"]), class_="label") if has_swatch else row["label"]
    cells = [el("td", f"{row['devices']:,}", class_="number"), el("td", render_share(row["devices"], total), class_="number")]
    graph = [] if has_swatch else [el("td", draw_bar(row["devices"], largest, row["state"]), class_="graph")]
    return el("tr", el("th", name, scope="row"), *cells, *graph)


def render_share(number: int, total: int) -> str:
    """Return a share in percent, never rounded to 0 or 100."""
    share = 100 * number / (total or 1)
    if 0 < share < 1:
        return "< 1 %"
    if 99 < share < 100:
        return "> 99 %"
    return f"{share:.0f} %"
