# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Render the page on statuses and reasons, from the texts in statuses.yml, and compare these with the names in the code."""

from __future__ import annotations

import textwrap
import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils._access_pass import model as passes
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import model as resets

from .sources import SourceError

PAGE = "docs/docsite/rst/reference_statuses.rst"
LABEL = "ansible_collections.endpointops.intune.docsite"
MODULE = ":ansplugin:`endpointops.intune.{}#module`"
LINE = 140
# Of each subject: its modules, its statuses, those that fail a task of the first module, and its reasons.
SUBJECTS: dict[str, tuple[tuple[str, ...], tuple[str, ...], frozenset[str], tuple[str, ...]]] = {
    "resets": (("intune_device_passcode", "intune_device_passcode_info"), t.get_args(resets.Status), resets.BAD, t.get_args(resets.Reason)),
    "passes": (("entra_temporary_access_pass",), t.get_args(passes.Status), passes.BAD, t.get_args(passes.Reason)),
}
INTRODUCTION = f"""\
..
  Copyright: (c) 2026, Endpoint Ops
  GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
  SPDX-License-Identifier: GPL-3.0-or-later
  {{notice}}

.. _{LABEL}.reference_statuses:

Statuses and reasons
====================

A task that works on several devices or users returns an entry for each in ``results``: ``status`` is the outcome, and ``reason`` is a name
that stays the same in all releases of a major version. Test these in conditions, and not the text in ``message``. No status fails a task
of an ``_info`` module.

For the codes of findings, of the verdict on a tenant, and of the probe, see
:ref:`{LABEL}.guide_troubleshooting`.

.. contents::
   :local:
   :depth: 1
"""


def check_texts(texts: t.Mapping[str, t.Any]) -> None:
    """Raise SourceError unless the texts are those of the statuses and reasons in the code."""
    for subject, (_modules, statuses, _bad, reasons) in SUBJECTS.items():
        for kind, names in (("statuses", statuses), ("reasons", reasons)):
            if differing := sorted(set(texts[subject][kind]) ^ set(names)):
                raise SourceError(f"statuses.yml and the code differ in the {kind} of {subject}: {', '.join(differing)}.")


def render_page(texts: t.Mapping[str, t.Any], notice: str) -> str:
    """Return the page: for each subject a table of statuses, and one of reasons."""
    check_texts(texts)
    parts = [INTRODUCTION.format(notice=notice)]
    for subject, (modules, statuses, bad, reasons) in SUBJECTS.items():
        head = f"Statuses of {subject}"
        parts.append(f"\n{head}\n{'-' * len(head)}\n\nIn the results of {' and '.join(map(MODULE.format, modules))}:\n")
        rows = [(name, texts[subject]["statuses"][name], "yes" if name in bad else "no") for name in statuses]
        parts.append(_table(head, ("Status", "Meaning", "Fails the task"), (22, 60, 18), rows))
        head = f"Reasons of {subject}"
        parts.append(f"\n{head}\n{'-' * len(head)}\n")
        parts.append(
            _table(head, ("Reason", "Meaning", "Solution"), (28, 38, 34), [(name, *texts[subject]["reasons"][name]) for name in reasons])
        )
    return "".join(parts)


def _table(caption: str, names: tuple[str, ...], widths: tuple[int, ...], rows: t.Sequence[tuple[str, ...]]) -> str:
    lines = [f"\n.. list-table:: {caption}", "   :header-rows: 1", f"   :widths: {' '.join(map(str, widths))}", ""]
    for row in [names, *((f"`{name}`", *cells) for name, *cells in rows)]:
        lines += [_cell(text, "* -" if not number else "  -") for number, text in enumerate(row)]
    return "\n".join(lines) + "\n"


def _cell(text: str, mark: str) -> str:
    text = text.replace("`", "``")
    return textwrap.fill(
        text, LINE, initial_indent=f"   {mark} ", subsequent_indent="       ", break_long_words=False, break_on_hyphens=False
    )
