# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Render the report of a run as Markdown: the differences of the service, and the parts that were not compared or not run."""

from __future__ import annotations

import platform
import typing as t

import ansible

from ansible_collections.endpointops.intune.plugins.module_utils._module import VERSION

from .compare import Comparison, Difference

TITLES = {
    "outcome": "Tasks that end differently",
    "status": "Statuses",
    "request": "Requests that only one side gets",
    "order": "Order",
    "delay": "Delays",
    "member": "Members",
    "type": "Types",
    "enumeration": "Enumerations",
    "header": "Headers",
}
CONTENTS = """\
This report holds operations of Microsoft Graph as Microsoft describes them, statuses, codes of errors, names and types of members, and
numbers of seconds. It holds no names, IDs, addresses, or other values of a tenant. Names of members are shown where Microsoft's description
has them, or where they look like Microsoft's. Read it before you attach it to an issue.
"""


def render(comparison: Comparison, *, cloud: str, modes: t.Sequence[str], skipped: t.Sequence[str]) -> str:
    """Render the report. ``modes``: the allowed ones; ``skipped``: the parts that were not run, and why."""
    found = comparison.differences
    lines = ["# How the service differs from the emulated tenant", "", CONTENTS]
    lines += [f"- endpointops.intune {VERSION}, ansible-core {ansible.release.__version__}, Python {platform.python_version()}"]
    lines += [f"- Cloud: {cloud}. Ran: {', '.join(modes)}. Operations compared: {comparison.operations}. Differences: {len(found)}.", ""]
    if not found:
        lines += ["No difference was found.", ""]
    if comparison.new_names:
        shown = ", ".join(f"`{name}`" for name in comparison.new_names)
        lines += [
            f"Names of members that Microsoft's description does not have: {shown}. Remove any that your organization chose.",
            "",
        ]
    for kind, title in TITLES.items():
        mine = [each for each in found if each.kind == kind]
        if mine:
            lines += [f"## {title}", "", *map(render_difference, mine), ""]
    for title, entries in (("Not compared: the tenant has none of these", comparison.uncompared), ("Not run", skipped)):
        if entries:
            lines += [f"## {title}", "", *(f"- {entry}" for entry in entries), ""]
    return "\n".join(lines)


def render_difference(difference: Difference) -> str:
    """Render a difference as one line."""
    tasks = f" ({', '.join(difference.tasks)})" if difference.tasks else ""
    return f"- `{difference.where}` {difference.what}{tasks}"
