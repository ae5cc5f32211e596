# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the compact form of Microsoft's description from OpenAPI files: `python -m tests.contract.compact FILES…`.

Files of one version of Graph are merged. The complete files of Microsoft hold thousands of paths; `--known` takes the paths that the
compact form already has, `--path` adds a path, and `--type` a type that is derived from one that is taken.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
import typing as t

from . import form, openapi
from .form import Body, ObjectForm, OperationForm, TypeForm, VersionForm
from .openapi import Description, DescriptionError


class Selection(t.NamedTuple):
    """The parts of a document to take: `types` are those that may be taken for a reference from something other than a property."""

    paths: frozenset[str]
    types: frozenset[str]

    @classmethod
    def known(cls, known: VersionForm, paths: t.Iterable[str] = (), types: t.Iterable[str] = ()) -> Selection:
        """Select the content of a compact form, and further paths and types."""
        return cls(frozenset({*known["paths"], *paths}), frozenset({*known["types"], *types}))


def extract(description: Description, selection: Selection | None = None) -> VersionForm:
    """Make the compact form of one document, of all of it or of a selection."""
    paths = [path for path in description.paths if selection is None or path in selection.paths]
    operations = {path: found for path in paths if (found := description.operations(path))}
    return {
        "paths": operations,
        "source": form.SOURCE,
        "types": _collect_types(description, operations, selection),
        "version": description.version,
    }


def _collect_types(
    description: Description, paths: dict[str, dict[str, OperationForm]], selection: Selection | None
) -> dict[str, TypeForm]:
    """Return the types to which the operations refer, directly or not."""
    derived = _derived_types(description, selection)
    every = [operation for methods in paths.values() for operation in methods.values()]
    bodies = [body for operation in every for body in (operation["body"], *operation["answers"].values())]
    # a reference can be to a derived type; a base cannot
    waiting = set().union(*map(openapi.referenced, bodies), {form.ERROR} & set(description.types))
    waiting_bases = set().union(*map(_base_of, bodies))
    found: dict[str, TypeForm] = {}
    complete: set[str] = set()
    while waiting or waiting_bases:
        is_referenced = bool(waiting)
        name = (waiting or waiting_bases).pop()
        if is_referenced:
            complete.add(name)
            waiting |= derived.get(name, set()) - complete
        if name not in found:
            found[name] = description.type_form(name)
            waiting |= _follow(found[name], selection) - complete
            waiting_bases |= _base_of(found[name]) - set(found)
    return found if selection is None else {name: _without_unknown(each, set(found)) for name, each in found.items()}


def _follow(each: TypeForm, selection: Selection | None) -> set[str]:
    """Return the types to which a type refers; with a selection, navigation properties lead only to its types."""
    every = openapi.referenced(each)
    return every if selection is None else openapi.referenced(each, with_navigation=False) | (every & selection.types)


def _derived_types(description: Description, selection: Selection | None) -> dict[str, set[str]]:
    """Return the types that are derived from each type, directly or not."""
    derived: dict[str, set[str]] = {}
    for name in description.types if selection is None else selection.types & set(description.types):
        base = description.base(name)
        while base is not None:
            derived.setdefault(base, set()).add(name)
            base = description.base(base)
    return derived


def _base_of(each: TypeForm | Body) -> set[str]:
    base = t.cast(ObjectForm, each).get("base") if isinstance(each, dict) else None
    return {base} if base else set()


def _without_unknown(each: TypeForm, known: set[str]) -> TypeForm:
    """Return a type without the navigation properties that lead to types that were not taken."""
    if form.is_enum(each):
        return each
    properties = t.cast(ObjectForm, each).get("properties", {})
    kept = {name: text for name, text in properties.items() if not openapi.referenced({"properties": {name: text}}) - known}
    return t.cast(ObjectForm, {**each, "properties": kept})


def merge(forms: t.Sequence[VersionForm]) -> VersionForm:
    """Merge compact forms of one version; raise DescriptionError if they contradict each other."""
    merged = forms[0]
    for other in forms[1:]:
        place = merged["version"]
        for name in merged["types"].keys() & other["types"].keys():
            if form.is_enum(merged["types"][name]) != form.is_enum(other["types"][name]):
                raise DescriptionError(f"{place} types {name} is described in two ways: as an enumeration and as an object")
        merged = t.cast(VersionForm, _merge_values(merged, other, place))
    return merged


def _merge_values(one: t.Any, other: t.Any, place: str) -> t.Any:
    if isinstance(one, dict) and isinstance(other, dict):
        both = {key: _merge_values(one[key], other[key], f"{place} {key}") for key in one if key in other}
        return {**one, **other, **both}
    if isinstance(one, list) and isinstance(other, list):
        return sorted({*one, *other})
    if one != other:
        raise DescriptionError(f"{place} is described in two ways: {one} and {other}")
    return one


def extract_all(descriptions: t.Iterable[Description], known: t.Mapping[str, Selection] | None = None) -> dict[str, VersionForm]:
    """Make the compact form of each version that the documents describe."""
    forms: dict[str, list[VersionForm]] = {}
    for description in descriptions:
        selection = None if known is None else known.get(description.version)
        forms.setdefault(description.version, []).append(extract(description, selection))
    return {version: merge(found) for version, found in forms.items()}


def main(arguments: t.Sequence[str] | None = None) -> int:
    """Run the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.contract.compact", description=__doc__)
    parser.add_argument("files", nargs="+", type=pathlib.Path, metavar="FILE", help="an OpenAPI file of Microsoft Graph, YAML or JSON")
    parser.add_argument("--output", type=pathlib.Path, default=form.FOLDER, help="the folder to write to")
    parser.add_argument("--known", action="store_true", help="take only the paths and types that the folder has already")
    parser.add_argument("--path", action="append", default=[], help="with --known: take this path too")
    parser.add_argument("--type", action="append", default=[], help="with --known: take this type too, without microsoft.graph.")
    options = parser.parse_args(arguments)
    known = None
    if options.known:
        present = [version for version in form.VERSIONS if form.file_of(version, options.output).is_file()]
        known = {version: Selection.known(form.load(version, options.output), options.path, options.type) for version in present}
    try:
        found = extract_all((openapi.read(path) for path in options.files), known)
    except (DescriptionError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    options.output.mkdir(parents=True, exist_ok=True)
    for version, each in found.items():
        form.file_of(version, options.output).write_text(form.render(each), encoding="utf-8")
        print(f"{version}: {sum(map(len, each['paths'].values()))} operations, {len(each['types'])} types")
    return 0


if __name__ == "__main__":
    sys.exit(main())
