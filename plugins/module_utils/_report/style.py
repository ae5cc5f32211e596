# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The style sheet of the report. Pure. It is part of the page, and the page's Content Security Policy contains its digest."""

from __future__ import annotations

import base64
import hashlib

LIGHT = """
  --ground: #ffffff; --panel: #f5f6f8; --ink: #1b2025; --muted: #525b64; --line: #d3d8de; --link: #0a4f8f;
  --yes: #1a6b38; --no: #ab271c; --unknown: #7a5500; --none: #59626b; --plain: #3f6a94; --on: #ffffff;
"""
DARK = """
  --ground: #14181c; --panel: #1d2328; --ink: #e6e9ec; --muted: #aab3bc; --line: #3a424a; --link: #8fbdf0;
  --yes: #62c486; --no: #ff8d7f; --unknown: #e2b455; --none: #a3adb7; --plain: #7fa9d3; --on: #14181c;
"""
STYLE = f"""
:root {{ color-scheme: light dark; {LIGHT} }}
@media (prefers-color-scheme: dark) {{ :root {{ {DARK} }} }}
* {{ box-sizing: border-box; }}
html {{ -webkit-text-size-adjust: 100%; scroll-padding-top: 1rem; }}
body {{
  margin: 0 auto; max-width: 66rem; padding: 1.5rem clamp(1rem, 4vw, 2.5rem) 4rem; background: var(--ground); color: var(--ink);
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif;
  overflow-wrap: anywhere;
}}
h1, h2, h3, h4 {{ line-height: 1.25; margin: 0; font-weight: 650; text-wrap: balance; }}
h1 {{ font-size: clamp(1.55rem, 1.1rem + 2vw, 2.2rem); letter-spacing: -0.01em; }}
h2 {{ font-size: 1.3rem; margin: 3rem 0 1rem; padding-top: 1.2rem; border-top: 1px solid var(--line); }}
h3 {{ font-size: 1.03rem; }}
main > section > h3 {{ margin-top: 1.6rem; }}
h4 {{ font-size: 0.95rem; margin: 1.1rem 0 0.35rem; }}
p {{ margin: 0.35rem 0 0.7rem; max-width: 46rem; }}
a {{ color: var(--link); text-underline-offset: 0.15em; }}
a:focus-visible, pre:focus-visible {{ outline: 3px solid var(--link); outline-offset: 2px; }}
.skip {{ position: absolute; left: -999rem; }}
.skip:focus {{ position: static; }}
.about {{ color: var(--muted); margin: 0 0 1rem; }}
.about b {{ color: var(--ink); font-weight: 600; }}
.muted {{ color: var(--muted); }}
.small {{ font-size: 0.9rem; }}
svg {{ display: block; }}
.patterns {{ position: absolute; }}
.sign-of {{ flex: none; width: 1.25em; height: 1.25em; }}
.outline {{ fill: currentColor; }}
.sign {{ fill: none; stroke: var(--on); stroke-width: 2.4; stroke-linecap: round; stroke-linejoin: round; }}
.state-yes {{ color: var(--yes); }}
.state-no {{ color: var(--no); }}
.state-unknown {{ color: var(--unknown); }}
.state-not_applicable {{ color: var(--none); }}
.state {{ display: inline-flex; align-items: center; gap: 0.4em; font-weight: 600; white-space: nowrap; }}
.verdict {{
  display: grid; grid-template-columns: auto 1fr; gap: 0 1.1rem; align-items: center; margin: 1.1rem 0 0; padding: 1.2rem 1.3rem;
  background: var(--panel); border: 1px solid var(--line); border-left: 0.4rem solid currentColor; border-radius: 0.3rem;
}}
.verdict .sign-of {{ width: 3rem; height: 3rem; }}
.verdict .answer {{ font-size: 1.75rem; line-height: 1.2; font-weight: 700; margin: 0; color: currentColor; }}
.verdict .why {{ color: var(--ink); margin: 0.25rem 0 0; font-size: 1.06rem; }}
.levels {{ list-style: none; margin: 1.4rem 0 0; padding: 0; display: grid; gap: 0.35rem; }}
.levels li {{
  display: grid; grid-template-columns: auto 7rem 1fr; gap: 0.1rem 0.8rem; align-items: center; margin: 0 auto;
  padding: 0.65rem 1rem; background: var(--panel); border: 1px solid var(--line); border-left: 0.25rem solid currentColor;
  border-radius: 0.25rem; width: 100%;
}}
.levels li > :not(svg) {{ color: var(--ink); }}
.levels b {{ font-weight: 650; }}
.levels li:nth-child(2) {{ width: 94%; }}
.levels li:nth-child(3) {{ width: 88%; }}
.levels li:nth-child(4) {{ width: 82%; }}
.levels .shares {{ grid-column: 2 / -1; margin: 0.45rem 0 0.2rem; }}
nav ul {{ display: flex; flex-wrap: wrap; gap: 0.3rem 1.1rem; list-style: none; padding: 0; margin: 1.6rem 0 0; }}
nav a {{ display: inline-block; padding: 0.2rem 0; }}
.steps {{ margin: 0; padding: 0; list-style: none; counter-reset: step; display: grid; gap: 1rem; }}
.steps > li {{ display: grid; grid-template-columns: 2.1rem 1fr; gap: 0 0.7rem; counter-increment: step; }}
.steps > li::before {{
  content: counter(step); grid-row: 1 / span 3; width: 2rem; height: 2rem; line-height: 1.85rem; text-align: center; font-weight: 650;
  border: 1.5px solid var(--line); border-radius: 50%;
}}
.steps > li > * {{ grid-column: 2; min-width: 0; }}
.steps p {{ margin: 0.15rem 0 0.25rem; }}
.steps .do {{ font-weight: 600; }}
article {{ border: 1px solid var(--line); border-radius: 0.3rem; padding: 1rem 1.2rem 1.1rem; margin: 0 0 1.1rem; }}
article.finding {{ border-left: 0.3rem solid currentColor; }}
article.finding > * {{ color: var(--ink); }}
article > header {{ display: flex; flex-wrap: wrap; gap: 0.2rem 0.9rem; align-items: center; justify-content: space-between; }}
article > header .state {{ font-size: 0.95rem; }}
article:target {{ outline: 2px solid var(--link); outline-offset: 2px; }}
dl {{ display: grid; grid-template-columns: minmax(7.5rem, max-content) 1fr; gap: 0.3rem 1.1rem; margin: 0.8rem 0 0; }}
dt {{ color: var(--muted); }}
dd {{ margin: 0; min-width: 0; }}
pre {{
  margin: 0.4rem 0 0; padding: 0.75rem 0.9rem; background: var(--panel); border: 1px solid var(--line); border-radius: 0.25rem;
  white-space: pre-wrap; font-size: 0.86rem; line-height: 1.5;
}}
code {{ font-family: ui-monospace, "Cascadia Mono", "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }}
time {{ white-space: nowrap; }}
dd code, td code {{ font-size: 0.88em; }}
table {{ border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; margin: 0.4rem 0 0.2rem; }}
caption {{ text-align: left; font-weight: 650; padding: 0 0 0.35rem; }}
th, td {{
  text-align: left; vertical-align: top; padding: 0.32rem 0.6rem 0.32rem 0; border-bottom: 1px solid var(--line); font-weight: 400;
}}
thead th {{ color: var(--muted); font-size: 0.88rem; }}
tfoot th, tfoot td {{ border-bottom: 0; font-weight: 650; }}
th.number, td.number {{ text-align: right; white-space: nowrap; }}
td:last-child, th:last-child {{ padding-right: 0; }}
td.graph {{ width: 26%; min-width: 3.5rem; vertical-align: middle; }}
.label {{ display: inline-flex; gap: 0.55em; align-items: baseline; }}
.swatch {{ flex: none; width: 0.8em; height: 0.8em; position: relative; top: 0.05em; }}
.bar {{ width: 100%; height: 0.72rem; }}
.shares {{ width: 100%; height: auto; margin: 0.5rem 0 0.6rem; }}
.shares rect:not(.frame) {{ stroke: var(--ground); stroke-width: 1; }}
.frame {{ fill: none; stroke: var(--line); }}
.fill-yes {{ fill: var(--yes); }}
.fill-no {{ fill: var(--no); }}
.fill-unknown {{ fill: url(#stripes); }}
.fill-not_applicable {{ fill: url(#dots); }}
.fill-plain {{ fill: var(--plain); }}
.ground {{ fill: var(--panel); }}
.stripe {{ stroke: var(--unknown); stroke-width: 2.4; fill: none; }}
.dot {{ fill: var(--none); }}
.tables {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 25rem), 1fr)); gap: 1.8rem 2.6rem; align-items: start; }}
.tables > section {{ min-width: 0; }}
.tables td.graph {{ width: 20%; }}
.plain-list {{ margin: 0.2rem 0 0.6rem; padding-left: 1.2rem; }}
footer {{ margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--muted); font-size: 0.9rem; }}
@media (max-width: 36rem) {{
  .verdict {{ padding: 1rem; }}
  .verdict .sign-of {{ width: 2.2rem; height: 2.2rem; }}
  .verdict .answer {{ font-size: 1.45rem; }}
  .levels li {{ grid-template-columns: auto 1fr; }}
  .levels li > .say {{ grid-column: 2; }}
  .levels li:nth-child(n) {{ width: 100%; }}
  article {{ padding: 0.85rem 0.9rem 0.95rem; }}
  dl {{ grid-template-columns: 1fr; gap: 0; }}
  dd {{ margin: 0 0 0.45rem; }}
  td.graph {{ display: none; }}
  .steps > li > div {{ grid-column: 1 / -1; }}
  pre {{ padding: 0.6rem 0.65rem; font-size: 0.78rem; }}
  .coverage td:nth-child(3), .coverage th:nth-child(3) {{ min-width: 9rem; }}
}}
@media (prefers-reduced-motion: no-preference) {{ html {{ scroll-behavior: smooth; }} }}
@page {{ size: A4; margin: 16mm 15mm; }}
@media print {{
  :root {{ color-scheme: light; {LIGHT} }}
  body {{ max-width: none; padding: 0; font-size: 10pt; }}
  nav, .skip {{ display: none; }}
  h2 {{ margin-top: 1.6rem; break-after: avoid; }}
  h3, h4, caption {{ break-after: avoid; }}
  article, .verdict, .levels, .steps > li, table, .tables > section, tr {{ break-inside: avoid; }}
  article {{ padding: 0.7rem 0.9rem; }}
  pre {{ font-size: 8.5pt; }}
  .tables {{ grid-template-columns: 1fr 1fr; gap: 1.2rem 2rem; }}
  svg, .verdict, .levels li {{ print-color-adjust: exact; -webkit-print-color-adjust: exact; }}
  .page::after {{ content: " <" attr(href) ">"; font-size: 0.85em; }}
}}
"""


def name_digest() -> str:
    """Return the digest of the style sheet in the format of a Content Security Policy."""
    return "sha256-" + base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
