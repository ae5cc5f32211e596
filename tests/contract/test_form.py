# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the compact form in the repository, and its supplements: complete, small, facts only."""

from __future__ import annotations

import typing as t

import pytest

from . import expressions, form, openapi, supplements
from .contract import Contract
from .form import Body, ObjectForm, VersionForm
from .scalars import SCALARS

BYTES = 400_000


@pytest.fixture(params=form.VERSIONS)
def version_form(request: pytest.FixtureRequest) -> VersionForm:
    return form.load(request.param)


def bodies(version_form: VersionForm) -> list[Body]:
    """Return the bodies and responses of all operations."""
    every = [operation for methods in version_form["paths"].values() for operation in methods.values()]
    return [body for operation in every for body in (operation["body"], *operation["answers"].values())]


def test_the_files_are_written_by_the_tool_and_small() -> None:
    files = [form.file_of(version) for version in form.VERSIONS]
    for path, version in zip(files, form.VERSIONS, strict=True):
        assert path.read_text(encoding="utf-8") == form.render(form.load(version)), path
        assert form.load(version)["version"] == version
    assert sorted(form.FOLDER.iterdir()) == sorted(files)
    assert sum(path.stat().st_size for path in files) < BYTES


def test_there_are_operations_and_types(version_form: VersionForm) -> None:
    """Check that the form did not lose most of its content, which would let many mistakes pass."""
    assert sum(map(len, version_form["paths"].values())) > 50 and len(version_form["types"]) > 100
    assert all(methods for methods in version_form["paths"].values())
    assert form.ERROR in version_form["types"]


def test_every_type_that_is_named_is_there_and_used(version_form: VersionForm) -> None:
    types = version_form["types"]
    objects = [t.cast(ObjectForm, each) for each in types.values()]
    named = set().union(*map(openapi.referenced, [*objects, *bodies(version_form)]))
    bases = {each["base"] for each in objects if "base" in each}
    assert named | bases <= set(types)
    assert set(types) - named - bases <= {form.ERROR} | {name for name, each in types.items() if "base" in each}
    assert not set(types) & SCALARS


def test_it_holds_nothing_but_names_and_expressions(version_form: VersionForm) -> None:
    assert version_form.keys() == {"paths", "source", "types", "version"}
    for each in version_form["types"].values():
        assert each.keys() <= {"base", "properties", "required", "members", "flags"}
        for name, text in t.cast(ObjectForm, each).get("properties", {}).items():
            assert " " not in name and str(expressions.parse(text)) == text
        for member in each.get("members", ()):
            assert " " not in t.cast(str, member)
        assert set(t.cast(ObjectForm, each).get("required", ())) <= set(t.cast(ObjectForm, each).get("properties", ()))


def test_members_are_sorted(version_form: VersionForm) -> None:
    for name, each in version_form["types"].items():
        members = t.cast("list[str]", each.get("members", []))
        assert members == sorted(set(members)), name


def test_supplements_say_only_what_the_form_does_not(contracts: dict[str, Contract]) -> None:
    forms = {version: form.load(version) for version in form.VERSIONS}
    described = set(forms["v1.0"]["types"]) | set(forms["beta"]["types"])
    assert not set(supplements.UNDESCRIBED_TYPES) & described
    assert set(supplements.UNDESCRIBED_TYPES.values()) | set(supplements.UNDESCRIBED_PROPERTIES) <= described
    assert described >= supplements.OPEN_TYPES | supplements.MIXED_TYPES
    for version, paths in supplements.IN_OTHER_VERSION.items():
        (other,) = set(form.VERSIONS) - {version}
        assert not set(paths) & set(forms[version]["paths"]) and set(paths) <= set(forms[other]["paths"])
    for version, method, path in supplements.SUBSTITUTES:
        assert (
            method not in forms[version]["paths"][path] and supplements.SUBSTITUTES[version, method, path] in forms[version]["paths"][path]
        )
    for operation, names in supplements.REQUIRED_TO_CREATE.items():
        found = contracts["v1.0"].find_operation(*operation.split())
        assert found and found.name == operation and found.body is not None
        entity = contracts["v1.0"].find_object(found.body)
        assert entity is not None and names <= set(entity.properties)


def test_undescribed_operations_are_not_described(contracts: dict[str, Contract]) -> None:
    for entry in supplements.UNDESCRIBED_OPERATIONS:
        path = entry.path.replace("[^/]+", "1").replace("[^']+", "1").replace("(settings|assignments)", "settings").replace("\\", "")
        for version in form.VERSIONS:
            found = supplements.find_undescribed_operation(version, "GET", path)
            assert (found == entry) is (version in entry.versions), path
            assert not (found and contracts[version].find_operation("GET", path)), path


def test_undescribed_properties_are_not_described() -> None:
    types = form.load("beta")["types"]
    assert "requestId" not in t.cast(ObjectForm, types["operationApprovalRequest"])["properties"]
    date = t.cast(ObjectForm, types["ODataErrors.InnerError"])["properties"]["date"]
    assert expressions.parse(date).name == "date-time", "a pattern with a zone"
