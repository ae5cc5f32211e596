# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare the compact form with newer OpenAPI files of Microsoft Graph: `python -m tests.contract.compare FILES…`.

Changes of operations, properties, and members that the collection uses are breaking, all others informational. Used means the content of
recorded exchanges and of the emulated tenant. The exit code is 1 for breaking changes, 2 if nothing could be compared.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import typing as t

from . import compact, form, openapi, recordings, usage
from .compact import Selection
from .contract import Contract, share_operations
from .difference import Change, Difference
from .form import VersionForm
from .openapi import Description, DescriptionError
from .type_check import Usage

SAME, BREAKING, NOT_COMPARED = 0, 1, 2


class Report(t.NamedTuple):
    """The changes of one version; `others`: the number of paths in the files that are unrelated to the compact form."""

    version: str
    changes: list[Change]
    others: int

    @property
    def breaking(self) -> int:
        """Return the number of breaking changes."""
        return sum(change.is_breaking for change in self.changes)

    def __str__(self) -> str:
        lines = [f"{self.version}: {self.breaking} breaking, {len(self.changes) - self.breaking} informational"]
        for change in self.changes:
            lines.append(f"  {'breaking' if change.is_breaking else 'informational'}: {change.word}: {change.what}")
        if self.others:
            lines.append(f"  {self.others} other paths of the files are not part of the compact form")
        return "\n".join(lines)


def compare(known: t.Mapping[str, VersionForm], descriptions: t.Sequence[Description], used: t.Mapping[str, Usage]) -> list[Report]:
    """Return a report for each version that the documents describe."""
    selections = {version: Selection.known(each) for version, each in known.items()}
    reports = []
    for version, new in sorted(compact.extract_all(descriptions, selections).items()):
        old = known[version]
        changes = Difference(old, new, used[version]).list_changes()
        paths = {path for each in descriptions if each.version == version for path in each.paths} - set(old["paths"])
        near = sorted(path for path in paths if is_near(path, set(old["paths"])))
        changes += [Change(False, "added", f"path {path}") for path in near]
        reports.append(Report(version, changes, len(paths) - len(near)))
    return reports


def is_near(path: str, known: t.Collection[str]) -> bool:
    """Return whether a path is one step below a known one; the roots, which have thousands of paths, do not count."""
    steps = path.split("/")[1:]
    if steps[-1].startswith("{"):
        steps.pop()
    parent = "/" + "/".join(steps[:-1])
    return len(steps) > 2 and parent in known


def main(arguments: t.Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.contract.compare", description=__doc__)
    parser.add_argument("files", nargs="+", type=pathlib.Path, metavar="FILE", help="an OpenAPI file of Microsoft Graph, YAML or JSON")
    parser.add_argument("--form", type=pathlib.Path, default=form.FOLDER, help="the folder with the compact form")
    parser.add_argument("--exchanges", type=pathlib.Path, default=recordings.record_folder(), help="the folder with recorded exchanges")
    options = parser.parse_args(arguments)
    known = {version: form.load(version, options.form) for version in form.VERSIONS}
    contracts = {version: Contract(each) for version, each in known.items()}
    share_operations(contracts)
    try:
        used = usage.collect_usage(contracts, recordings.list_recordings(options.exchanges), usage.list_emulated_routes())
        reports = compare(known, [openapi.read(path) for path in options.files], used)
    except (DescriptionError, OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return NOT_COMPARED
    print("\n".join(map(str, reports)))
    return BREAKING if any(report.breaking for report in reports) else SAME


if __name__ == "__main__":
    sys.exit(main())
