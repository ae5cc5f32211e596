# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Render the report as one HTML page: no script, no external parts, every chart with a table. Pure. Equal reports give equal bytes."""

from __future__ import annotations

import typing as t

from .._types import Json
from .credential import CODE
from .findings import render_value
from .markup import Markup, define_patterns, draw_shares, draw_sign, el, join, preformat, text
from .parts import make_card, make_details, make_state, make_table, make_time
from .proof import AGE
from .style import STYLE, name_digest
from .words import STATES, State, count, label, show

POLICY = "default-src 'none'; style-src '{digest}'; base-uri 'none'; form-action 'none'"
SEVERITIES: t.Mapping[str, tuple[State, str]] = {
    "error": ("no", "Error"),
    "warning": ("unknown", "Warning"),
    "info": ("not_applicable", "Note"),
}
CHANGES = (
    ("new", "New", "Nothing is new."),
    ("fixed", "Fixed", "Nothing was fixed."),
    ("still", "Still there", "Nothing is left."),
    ("unknown", "Not known: not found again, but not everything could be read", ""),
)


def render_page(report: Json) -> bytes:
    """Return the page."""
    sections = [
        ("steps", "Next steps", _make_steps(report)),
        ("changes", "What changed", _make_changes(report)),
        ("findings", "Findings", _make_findings(report)),
        ("differs", "Differences from the expected policy", _make_differs(report)),
        ("policies", "Policies", _make_policies(report)),
        ("devices", "Managed devices", _make_devices(report)),
        ("probe", "Proof on devices", _make_probe(report)),
        ("resets", "Outcomes of resets", _make_resets(report)),
        ("coverage", "What this report covers", _make_coverage(report)),
    ]
    shown = [(anchor, title, content) for anchor, title, content in sections if content is not None]
    links = [el("li", el("a", title, href=f"#{anchor}")) for anchor, title, _content in shown]
    body = (
        el("a", "Skip to the answer", href="#answer", class_="skip"),
        define_patterns(),
        _make_header(report),
        el(
            "main",
            _make_verdict(report),
            el("nav", el("ul", *links), aria_label="Sections of this report"),
            *(
                el("section", el("h2", title, id=f"{anchor}-title"), content, id=anchor, aria_labelledby=f"{anchor}-title")
                for anchor, title, content in shown
            ),
        ),
        _make_footer(report),
    )
    page = el("html", _make_head(report), el("body", *body), lang="en")
    return f"<!doctype html>\n{page}\n".encode()


def _make_head(report: Json) -> Markup:
    return el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=POLICY.format(digest=name_digest())),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("title", f"PIN reset report: {_name_tenant(report)}, {report['generated'][:10]}"),
        el("style", Markup(STYLE)),
    )


def _name_tenant(report: Json) -> str:
    tenant = report["tenant"]
    return show(tenant["name"] or tenant["id"])


def _make_header(report: Json) -> Markup:
    tenant = el("b", el("bdi", _name_tenant(report)))
    about = el("p", "PIN reset report for ", tenant, ", read ", make_time(report["generated"]), class_="about")
    return el("header", about, el("h1", report["verdict"]["question"]))


def _make_verdict(report: Json) -> Markup:
    verdict = report["verdict"]
    answer = el("p", verdict["heading"], class_="answer")
    said = el("div", answer, el("p", verdict["text"], class_="why"))
    levels = el("ol", *map(_make_level, report["levels"]), class_="levels", aria_label="Four levels, from the tenant to the device")
    return join([el("div", draw_sign(verdict["state"]), said, class_=f"verdict state-{verdict['state']}", id="answer"), levels])


def _make_level(level: Json) -> Markup:
    chart = None
    if level["devices"] is not None and level["total"]:
        rest = level["total"] - level["devices"]
        chart = draw_shares(level["text"], [("yes", level["devices"]), ("unknown", rest)])
    said = el("span", el("span", f"{STATES[level['state']].capitalize()}. ", class_="muted"), level["text"], class_="say")
    return el("li", draw_sign(level["state"]), el("b", label("level", level["name"])), said, chart, class_=f"state-{level['state']}")


def _make_steps(report: Json) -> Markup:
    if not report["steps"]:
        return el("p", "Nothing needs to be done.")
    return el("ol", *map(_make_step, report["steps"]), class_="steps")


def _make_step(step: Json) -> Markup:
    link = el("p", el("a", "Details", href=f"#{step['anchor']}"), class_="small") if step["anchor"] else None
    why = el("p", step["why"], class_="muted") if step["why"] and step["why"] != step["text"] else None
    return el("li", el("p", step["text"], class_="do"), why, el("div", preformat(step["task"])) if step["task"] else link)


def _make_changes(report: Json) -> Markup | None:
    changes = report["changes"]
    if changes is None:
        return None
    parts: list[Markup] = [el("p", "Compared with the report of ", make_time(changes["since"]), ".")]
    for name, title, nothing in CHANGES:
        if changes[name] or nothing:
            parts.append(el("h3", f"{title}: {len(changes[name])}"))
            parts.append(
                el("ul", *(el("li", _link(item, name)) for item in changes[name]), class_="plain-list")
                if changes[name]
                else el("p", nothing, class_="muted")
            )
    rows = [(label("level", item["name"]), _word(item["before"]), _word(item["now"])) for item in changes["levels"]]
    rows += [(item["name"].capitalize(), _number(item["before"]), _number(item["now"])) for item in changes["numbers"]]
    return join([*parts, make_table("Levels and numbers", ("", "Before", "Now"), rows)])


def _link(item: Json, name: str) -> Markup:
    is_here = name in ("new", "still") and item["anchor"].startswith("finding-")
    return el("a", item["message"], href=f"#{item['anchor']}") if is_here else text(item["message"])


def _word(state: str | None) -> str:
    return next((word for name, word in STATES.items() if name == state), STATES["unknown"])


def _number(number: int | None) -> str:
    return "not known" if number is None else f"{number:,}"


def _make_findings(report: Json) -> Markup:
    if report["findings"]:
        return join(_make_finding(finding) for finding in report["findings"])
    return el("p", "None was found. See below for what could not be read." if report["problems"] else "None was found.")


def _make_finding(finding: Json) -> Markup:
    state, word = SEVERITIES[finding["severity"]]
    heading = el("h3", finding["code"].replace("_", " ").capitalize(), id=f"{finding['anchor']}-title")
    evidence = [el("li", _describe_evidence(row)) for row in finding["evidence"]]
    rows = (
        ("Evidence", el("ul", *evidence, class_="plain-list") if evidence else _name_evidence(finding)),
        ("Read", make_time(finding["read"])),
        ("Concerns", finding["affected"]["text"]),
        ("To do", finding["hint"]),
        ("Task", preformat(finding["task"])),
        ("Page", el("a", finding["link"]["title"], href=finding["link"]["url"], class_="page", rel="noreferrer")),
    )
    header = el("header", heading, make_state(state, word))
    return el(
        *("article", header, el("p", finding["message"]), make_details(rows)),
        id=finding["anchor"],
        class_=f"finding state-{state}",
        aria_labelledby=f"{finding['anchor']}-title",
    )


def _name_evidence(finding: Json) -> str:
    """Return the source of a finding that no policy is evidence of."""
    return "The credential that read the tenant." if finding["code"] == CODE else "The settings of the tenant."


def _describe_evidence(row: Json) -> Markup:
    value = join([": ", el("code", row["path"]), " = ", el("code", row["value"])]) if row["path"] else None
    return join([el("bdi", row["policy"]), f" ({row['surface']})", value])


def _make_differs(report: Json) -> Markup | None:
    if not report["differs"]:
        return None
    rows = [(row["option"], row["current"] or "not set", row["expected"] or "not set") for row in report["differs"]]
    return make_table("Options", ("Option", "Current", "Expected"), rows)


def _make_policies(report: Json) -> Markup:
    if not report["policies"]:
        is_known = next(row for row in report["coverage"] if row["part"] == "Policies")["state"] == "yes"
        return el("p", "The tenant has no policy of Windows Hello for Business." if is_known else "Not known: policies could not be read.")
    return join(_make_policy(policy) for policy in report["policies"])


def _make_policy(policy: Json) -> Markup:
    settings = [f"{name}: {show(render_value(value))}" for name, value in policy["settings"].items()]
    users = [f"{name}: {show(render_value(value))}" for name, value in policy["user_settings"].items()]
    links = [
        el("a", anchor.removeprefix("finding-").rpartition("-")[0].replace("_", " "), href=f"#{anchor}") for anchor in policy["findings"]
    ]
    rows: list[tuple[str, str]] = [
        ("Type", label("surface", policy["surface"])),
        (
            "Assigned to",
            "; ".join(policy["assignments"]) or ("the whole tenant, at enrollment" if policy["surface"] == "enrollment" else "nobody"),
        ),
        ("Settings", join(el("div", line) for line in settings) if settings else "none"),
    ]
    rows += [("For users", join(el("div", line) for line in users))] if users else []
    rows += [("Findings", join(el("div", link) for link in links) if links else "none")]
    word = {"yes": "PIN recovery on", "no": "PIN recovery off"}.get(policy["pin_recovery"], "PIN recovery not set")
    header = el("header", el("h3", el("bdi", show(policy["name"]))), make_state(policy["pin_recovery"], word))
    return el(
        "article", header, make_details(rows), _make_check_in(policy), id=f"policy-{policy['id']}" if policy["id"].isalnum() else None
    )


def _make_check_in(policy: Json) -> Markup:
    status = policy["check_in"]
    if status is None:
        return el("p", "Check-in status: not known.", class_="muted")
    if not status["total"]:
        return el("p", "Check-in status: Intune has no device in it yet.", class_="muted")
    updated = [" Counted by Intune ", make_time(status["updated"]), "."] if status["updated"] else []
    return join([make_card(status, level=4), el("p", *updated, class_="muted small") if updated else None])


def _make_devices(report: Json) -> Markup:
    total = report["devices"]["total"]
    if total is None:
        return el("p", "Not known: managed devices could not be read.")
    intro = el(
        "p",
        f"{count(total, 'device')}. Each table adds up to this number. The rows are in the CSV file beside this page. A device is eligible "
        "if a task with the options of this report would send it a reset request. Whether the platform supports the reset is in the "
        "predicted outcome.",
    )
    if not total:
        return el("p", "Intune manages no device.")
    return join([intro, el("div", *(el("section", make_card(table)) for table in report["devices"]["tables"]), class_="tables")])


def _make_resets(report: Json) -> Markup | None:
    resets = report["resets"]
    if resets is None:
        return None
    gone = resets["no_longer_managed"]
    parts = [
        count(resets["total"], "device"),
        " in all.",
        f" {count(gone, 'of them is', 'of them are')} no longer managed." if gone else "",
    ]
    cards = [el("section", make_card(table)) for table in resets["tables"]] if resets["total"] else []
    sources = [
        el(
            "li",
            f"{source['kind'].capitalize()}: {count(source['devices'], 'device')}",
            f", {show(source['path'])}" if source["path"] else "",
        )
        for source in resets["sources"]
    ]
    return join(
        [
            el("p", *parts),
            el("div", *cards, class_="tables") if cards else None,
            el("h3", "Sources"),
            el("ul", *sources, class_="plain-list"),
        ]
    )


def _make_probe(report: Json) -> Markup | None:
    probe = report["probe"]
    if probe is None:
        return None
    newest = [" The newest change is of ", make_time(probe["changed"]), "."] if probe["changed"] else []
    rows = [(reason["message"], f"{reason['devices']:,}" if reason["devices"] else "", reason["hint"]) for reason in probe["reasons"]]
    return join(
        [
            el("p", "The last answers of the probe ", el("bdi", probe["name"]), f". {AGE}", *newest),
            el("section", make_card(probe["table"])) if probe["table"] and probe["table"]["total"] else None,
            make_table("Why devices have not proven it", ("Reason", "Devices", "To do"), rows) if rows else None,
        ]
    )


def _make_coverage(report: Json) -> Markup:
    rows = [(row["part"], make_state(row["state"], STATES[row["state"]].capitalize()), row["text"]) for row in report["coverage"]]
    application, tenant = report["application"], report["tenant"]
    permissions = application["permissions"]
    shown = (
        "not known" if permissions is None else join(el("div", el("code", show(name))) for name in permissions) if permissions else "none"
    )
    about = (
        ("Tenant", join([el("bdi", _name_tenant(report)), f", {tenant['id']}"])),
        ("Microsoft Graph", tenant["graph_url"]),
        ("Application", join([el("bdi", show(application["name"] or application["id"])), f", {application['id'] or 'ID not known'}"])),
        ("Permissions", shown),
        ("Collection", f"endpointops.intune {report['collection']}"),
    )
    problems = [el("li", problem) for problem in report["problems"]]
    return join(
        [
            make_table("Parts", ("Part", "Read", "Content"), rows, class_="coverage"),
            join([el("h3", "Could not be read"), el("ul", *problems, class_="plain-list")]) if problems else None,
            el("h3", "Who read it"),
            make_details(about),
        ]
    )


def _make_footer(report: Json) -> Markup:
    said = "No data is never shown as yes. This page has no script, loads nothing, and holds no passcode."
    return el("footer", el("p", said))
