# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The results of a scenario: figures, with goals if they have any, and the table and file that show them."""

from __future__ import annotations

import importlib.metadata
import json
import os
import pathlib
import platform
import typing as t


class Figure(t.NamedTuple):
    """``least`` and ``most`` are the goal, both included; neither: no goal. ``details`` go to the file, ``note`` also to the table."""

    what: str
    value: float
    unit: str = ""
    least: float | None = None
    most: float | None = None
    note: str = ""
    details: t.Mapping[str, t.Any] = {}

    @property
    def goal(self) -> str:
        if self.least is not None:
            return f">= {self.least:g}{self.unit}"
        return f"<= {self.most:g}{self.unit}" if self.most is not None else ""

    @property
    def reached(self) -> bool | None:
        """Return whether the figure reaches its goal; None if there is none."""
        if self.least is None and self.most is None:
            return None
        return (self.least is None or self.value >= self.least) and (self.most is None or self.value <= self.most)


class Found(t.NamedTuple):
    """The figures of one scenario, or why it has none. ``load``: of the machine in its last minute, including our own."""

    scenario: str
    figures: t.Sequence[Figure]
    error: str | None = None
    load: float = 0.0


def environment() -> dict[str, str]:
    return {
        "cores": str(os.cpu_count()),
        "load": f"{os.getloadavg()[0]:.1f}",
        "python": platform.python_version(),
        "ansible-core": importlib.metadata.version("ansible-core"),
        "msgraph-sdk": importlib.metadata.version("msgraph-sdk"),
    }


def table(found: t.Iterable[Found]) -> str:
    rows = [("scenario", "figure", "value", "goal", "reached", "")]
    for one in found:
        rows += [(one.scenario, *_cells(figure)) for figure in one.figures]
        rows += [(one.scenario, "did not come to its end", "", "", "no", one.error)] if one.error else []
    widths = [max(len(row[column]) for row in rows) for column in range(5)]
    return "\n".join("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths, strict=False)), row[5]]).rstrip() for row in rows)


def _cells(figure: Figure) -> tuple[str, str, str, str, str]:
    reached = {None: "", True: "yes", False: "NO"}[figure.reached]
    digits = 0 if isinstance(figure.value, int) else 3 if figure.value < 10 else 1
    return figure.what, f"{figure.value:.{digits}f}{figure.unit}", figure.goal, reached, figure.note


def write(path: pathlib.Path, found: t.Iterable[Found], **circumstances: t.Any) -> None:
    scenarios = {
        one.scenario: {
            "load": one.load,
            "figures": [{**figure._asdict(), "reached": figure.reached} for figure in one.figures],
            **({"error": one.error} if one.error else {}),
        }
        for one in found
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**circumstances, "scenarios": scenarios}, indent=2) + "\n", encoding="utf-8")
