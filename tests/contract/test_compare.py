# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the comparison of the compact form with newer OpenAPI files, on small documents."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from . import compact, compare, form
from .compact import Selection
from .contract import Contract, share_operations
from .difference import Change, Difference
from .form import VersionForm
from .snippets import TEXT, description, document, entity, list_of, operation, or_null, reference
from .test_checker import JSON, line
from .type_check import Usage
from .usage import Route, collect_usage, list_emulated_routes

TYPES = {
    "thing": entity({"id": TEXT}),
    "box": entity({"name": TEXT, "weight": {"type": "number", "format": "int32"}, "color": reference("color")}, "thing"),
    "color": {"enum": ["red", "blue"]},
}
GET = operation(reference("box"), query=["$select", "$expand"])
POST = operation(reference("box"), {"type": "object", "properties": {"box": reference("box"), "note": TEXT}})
PATHS = {"/rooms/boxes": {"get": GET, "post": POST}, "/rooms/boxes/{box-id}": {"delete": operation(), "get": operation(reference("box"))}}
USAGE = Usage(
    operations={"GET /rooms/boxes", "POST /rooms/boxes"},
    query={("GET /rooms/boxes", "$select")},
    types={"thing", "box"},
    properties={("thing", "id"), ("box", "name"), ("box", "color")},
    members={("color", "red")},
)


def with_boxes(**methods: t.Any) -> t.Any:
    """Return the paths with other methods of /rooms/boxes."""
    return {**PATHS, "/rooms/boxes": {"get": GET, "post": POST, **methods}}


def with_types(**types: t.Any) -> t.Any:
    """Return the types with others."""
    return {**TYPES, **types}


def with_box(base: str | None = "thing", **properties: t.Any) -> t.Any:
    """Return the types with other properties of box; None removes one."""
    every = {"name": TEXT, "weight": {"type": "number", "format": "int32"}, "color": reference("color"), **properties}
    return with_types(box=entity({name: schema for name, schema in every.items() if schema is not None}, base))


def changes(paths: t.Any = None, types: t.Any = None, usage: Usage = USAGE) -> list[Change]:
    """Return the changes from the documents above."""
    old = compact.extract(description(PATHS, TYPES))
    new = compact.extract(description(paths or PATHS, types or TYPES), Selection.known(old))
    return Difference(old, new, usage).list_changes()


def test_nothing_changed() -> None:
    assert changes() == []


BREAKING, INFORMATIONAL = True, False


@pytest.mark.parametrize(
    ("paths", "types", "expected"),
    [
        (
            {"/rooms/boxes/{box-id}": PATHS["/rooms/boxes/{box-id}"], "/rooms/boxes": {"get": GET}},
            None,
            (BREAKING, "removed", "operation POST /rooms/boxes"),
        ),
        (
            {"/rooms/boxes": PATHS["/rooms/boxes"], "/rooms/boxes/{box-id}": {"get": operation(reference("box"))}},
            None,
            (INFORMATIONAL, "removed", "operation DELETE /rooms/boxes/{box-id}"),
        ),
        (with_boxes(patch=operation()), None, (INFORMATIONAL, "added", "operation PATCH /rooms/boxes")),
        (
            with_boxes(get=operation(reference("box"), query=["$expand"])),
            None,
            (BREAKING, "removed", "GET /rooms/boxes: query option $select"),
        ),
        (
            with_boxes(get=operation(reference("box"), query=["$select"])),
            None,
            (INFORMATIONAL, "removed", "GET /rooms/boxes: query option $expand"),
        ),
        (
            with_boxes(get=operation(reference("box"), query=["$select", "$expand", "$top"])),
            None,
            (INFORMATIONAL, "added", "GET /rooms/boxes: query option $top"),
        ),
        (
            with_boxes(get=operation(list_of(reference("box")), query=["$select", "$expand"])),
            None,
            (BREAKING, "changed", "GET /rooms/boxes: answer 2XX: from box to [box]"),
        ),
        (
            with_boxes(post=operation(reference("box"), reference("box"))),
            None,
            (BREAKING, "changed", "POST /rooms/boxes: request: from an object with box, note to box"),
        ),
        (
            with_boxes(post=operation(reference("box"), {"type": "object", "properties": {"box": reference("box")}})),
            None,
            (BREAKING, "removed", "POST /rooms/boxes: request property note"),
        ),
        (
            with_boxes(
                post=operation(reference("box"), {"type": "object", "properties": {"box": reference("box"), "note": TEXT, "x": TEXT}})
            ),
            None,
            (INFORMATIONAL, "added", "POST /rooms/boxes: request property x"),
        ),
        (
            with_boxes(
                post=operation(
                    reference("box"), {"type": "object", "required": ["note"], "properties": {"box": reference("box"), "note": TEXT}}
                )
            ),
            None,
            (BREAKING, "changed", "POST /rooms/boxes: request property note: is required now"),
        ),
        (None, with_box(name=None), (BREAKING, "removed", "property box.name")),
        (None, with_box(weight=None), (INFORMATIONAL, "removed", "property box.weight")),
        (None, with_box(size=TEXT), (INFORMATIONAL, "added", "property box.size")),
        (None, with_box(name={**TEXT, "nullable": True}), (BREAKING, "changed", "property box.name: from string to string?")),
        (
            None,
            with_box(weight={"type": "number", "format": "int64"}),
            (INFORMATIONAL, "changed", "property box.weight: from int32 to int64"),
        ),
        (None, with_box(color=or_null(reference("color"))), (BREAKING, "changed", "property box.color: from color to color?")),
        (None, with_types(color={"enum": ["blue"]}), (BREAKING, "removed", "enumeration color: member red")),
        (None, with_types(color={"enum": ["red"]}), (INFORMATIONAL, "removed", "enumeration color: member blue")),
        (None, with_types(color={"enum": ["red", "blue", "green"]}), (INFORMATIONAL, "added", "enumeration color: member green")),
        (
            None,
            with_types(color={"enum": ["red", "blue"], "x-ms-enum-flags": {"isFlags": True}}),
            (BREAKING, "changed", "enumeration color: whether a value may name several members"),
        ),
        (None, with_types(color=entity({})), (BREAKING, "changed", "type color: between an object and an enumeration")),
        (
            None,
            with_types(thing={"type": "object", "required": ["id"], "properties": {"id": TEXT}}),
            (BREAKING, "changed", "property thing.id: is required now"),
        ),
    ],
)
def test_one_change(paths: t.Any, types: t.Any, expected: tuple[bool, str, str]) -> None:
    assert changes(paths, types) == [expected]


def test_nothing_that_is_not_used_breaks() -> None:
    types = with_types(color={"enum": ["green"]}, box=entity({}, "thing"))
    found = changes({"/rooms/boxes/{box-id}": {"get": operation(TEXT)}}, types, Usage())
    assert len(found) >= 4 and not any(change.is_breaking for change in found)
    post = operation(reference("box"), {"type": "object", "properties": {"box": TEXT}})
    found = changes(with_boxes(post=post), None, Usage())
    assert [change.what for change in found] == [
        "POST /rooms/boxes: request property box: from box to string",
        "POST /rooms/boxes: request property note",
    ]
    assert not any(change.is_breaking for change in found)


def test_answers_are_compared_by_status() -> None:
    found = changes(with_boxes(get=operation(reference("box"), query=["$select", "$expand"], status="200")))
    assert found == [
        (BREAKING, "removed", "GET /rooms/boxes: answer 2XX"),
        (INFORMATIONAL, "added", "GET /rooms/boxes: answer 200"),
    ]


def test_a_property_that_moves_to_the_base_is_still_there() -> None:
    types = {**with_box(name=None), "thing": entity({"id": TEXT, "name": TEXT})}
    assert changes(None, types) == [(INFORMATIONAL, "added", "property thing.name")]


def test_a_property_of_a_base_is_listed_once() -> None:
    assert changes(None, with_types(thing=entity({"id": TEXT, "x": TEXT}))) == [(INFORMATIONAL, "added", "property thing.x")]
    assert changes(None, with_types(thing=entity({}))) == [(BREAKING, "removed", "property thing.id")]


def test_another_base_is_breaking_and_a_base_between_is_not() -> None:
    found = changes(None, {**with_box("stone"), "stone": entity({"id": TEXT})})
    assert (BREAKING, "changed", "type box: base from thing to stone") in found
    found = changes(None, {**with_box("stone"), "stone": entity({}, "thing")})
    assert found == [(INFORMATIONAL, "added", "type stone")]


def test_a_type_that_is_gone_is_breaking_where_it_is_used() -> None:
    paths = {"/rooms/boxes": {"get": operation(TEXT, query=["$select", "$expand"]), "post": operation(TEXT)}}
    assert {(BREAKING, "removed", "type box"), (BREAKING, "removed", "type color")} < set(changes(paths))


@pytest.mark.parametrize(
    ("path", "is_near"),
    [
        ("/rooms/boxes/new", True),
        ("/rooms/boxes/{box-id}/open", True),
        ("/rooms/boxes/{box-id}/lids/{lid-id}", True),
        ("/rooms/boxes/{box-id}/lids/{lid-id}/open", False),
        ("/rooms/others", False),
        ("/others", False),
    ],
)
def test_paths_one_step_below_are_near(path: str, is_near: bool) -> None:
    assert compare.is_near(path, {"/rooms", *PATHS}) is is_near


def test_a_report_lists_near_paths_and_counts_the_others() -> None:
    known = {"v1.0": compact.extract(description(PATHS, TYPES))}
    more = {**PATHS, "/rooms/boxes/{box-id}/open": {"post": operation()}, "/houses": {"get": operation()}}
    (report,) = compare.compare(known, [description(more, with_box(name=None))], {"v1.0": USAGE})
    assert str(report) == (
        "v1.0: 1 breaking, 1 informational\n"
        "  breaking: removed: property box.name\n"
        "  informational: added: path /rooms/boxes/{box-id}/open\n"
        "  1 other paths of the files are not part of the compact form"
    )
    (report,) = compare.compare(known, [description(PATHS, TYPES)], {"v1.0": USAGE})
    assert str(report) == "v1.0: 0 breaking, 0 informational"


def test_files_of_one_version_are_compared_together() -> None:
    known = {"v1.0": compact.extract(description(PATHS, TYPES))}
    parts = [description({path: item}, TYPES) for path, item in PATHS.items()]
    (report,) = compare.compare(known, parts, {"v1.0": USAGE})
    assert report.changes == []
    (report,) = compare.compare(known, parts[:1], {"v1.0": USAGE})
    assert [change.what for change in report.changes] == [f"operation {method} /rooms/boxes/{{box-id}}" for method in ("DELETE", "GET")]


DEVICES = "/deviceManagement/managedDevices"
DEVICE = {"device": entity({"id": TEXT, "state": reference("state"), "pin": TEXT}), "state": {"enum": ["on", "off"]}}
DEVICE_PATHS = {
    DEVICES: {"get": operation(list_of(reference("device")), query=["$select"])},
    f"{DEVICES}/{{id}}/wipe": {"post": operation()},
}


class Folder:
    """Files for the command: a compact form, recordings, and OpenAPI files."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        for version in form.VERSIONS:
            self.add_form(compact.extract(description(DEVICE_PATHS, DEVICE, version)))
        self.record(*(line(f"GET {DEVICES}", 200, [{"id": "1", "state": "on"}], version=version) for version in form.VERSIONS))

    def add_form(self, version_form: VersionForm) -> None:
        form.file_of(version_form["version"], self.path).write_text(form.render(version_form), encoding="utf-8")

    def record(self, *lines: t.Any) -> None:
        (self.path / "gw0.jsonl").write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")

    def run(self, types: t.Any = None, paths: t.Any = None) -> int:
        for version in form.VERSIONS:
            new = document(paths or DEVICE_PATHS, types or DEVICE, version)
            (self.path / f"new-{version}.json").write_text(json.dumps(new), encoding="utf-8")
        files = [str(self.path / f"new-{version}.json") for version in form.VERSIONS]
        return compare.main([*files, "--form", str(self.path), "--exchanges", str(self.path)])


@pytest.fixture
def folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Folder:
    monkeypatch.setattr("tests.contract.usage.ROUTES", ())
    return Folder(tmp_path)


def test_the_command_succeeds_without_changes_and_with_informational_ones(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    assert folder.run() == compare.SAME
    assert capsys.readouterr().out == "beta: 0 breaking, 0 informational\nv1.0: 0 breaking, 0 informational\n"
    assert folder.run({**DEVICE, "device": entity({"id": TEXT, "state": reference("state"), "note": TEXT})}) == compare.SAME
    assert "  informational: removed: property device.pin\n" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("types", "paths", "what"),
    [
        ({**DEVICE, "device": entity({"id": TEXT, "pin": TEXT})}, None, "removed: property device.state"),
        ({**DEVICE, "state": {"enum": ["off"]}}, None, "removed: enumeration state: member on"),
        (None, {f"{DEVICES}/{{id}}/wipe": {"post": operation()}}, f"removed: operation GET {DEVICES}"),
    ],
)
def test_the_command_fails_for_changes_of_what_exchanges_hold(
    folder: Folder, capsys: pytest.CaptureFixture[str], types: t.Any, paths: t.Any, what: str
) -> None:
    assert folder.run(types, paths) == compare.BREAKING
    assert f"  breaking: {what}\n" in capsys.readouterr().out


def test_what_is_selected_is_used(folder: Folder) -> None:
    without_pin = {**DEVICE, "device": entity({"id": TEXT, "state": reference("state")})}
    lines = [line(f"GET {DEVICES}?$select=id,pin", 200, [{"id": "1"}], version=version) for version in form.VERSIONS]
    folder.record(*lines)
    paths = {DEVICES: {"get": operation(reference("device"), query=["$select"])}}
    for version in form.VERSIONS:
        folder.add_form(compact.extract(description(paths, DEVICE, version)))
    assert folder.run(without_pin, paths) == compare.BREAKING
    assert folder.run(None, {DEVICES: {"get": operation(reference("device"))}}) == compare.BREAKING, "the query option"


def test_the_command_compares_nothing_without_exchanges_of_both_versions(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    folder.record(line(f"GET {DEVICES}", 200, [{"id": "1"}]))
    assert folder.run() == compare.NOT_COMPARED
    assert capsys.readouterr().err == "no exchange of beta is recorded: run `make integration` first\n"
    (folder.path / "gw0.jsonl").unlink()
    assert folder.run() == compare.NOT_COMPARED
    assert capsys.readouterr().err == "no exchange of v1.0 and beta is recorded: run `make integration` first\n"


def test_the_command_names_a_file_that_cannot_be_read(folder: Folder, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--form", str(folder.path), "--exchanges", str(folder.path)]
    assert compare.main([str(folder.path / "missing.yaml"), *arguments]) == compare.NOT_COMPARED
    assert "missing.yaml" in capsys.readouterr().err
    (folder.path / "other.json").write_text(json.dumps(document({}, version="v2.0")), encoding="utf-8")
    assert compare.main([str(folder.path / "other.json"), *arguments]) == compare.NOT_COMPARED
    assert "other.json: info.version" in capsys.readouterr().err


def test_what_the_emulated_tenant_has_is_used(tmp_path: pathlib.Path) -> None:
    contracts = {version: Contract(compact.extract(description(DEVICE_PATHS, DEVICE, version))) for version in form.VERSIONS}
    share_operations(contracts)
    path = tmp_path / "gw0.jsonl"
    path.write_text("".join(json.dumps(line(f"GET {DEVICES}", 200, [], version=version)) + "\n" for version in form.VERSIONS))
    used = collect_usage(contracts, [path], [Route("beta", "POST", f"{DEVICES}/{{id}}/wipe"), Route("beta", "GET", "/nothing")])
    assert used["beta"].operations == {f"GET {DEVICES}", f"POST {DEVICES}/{{id}}/wipe"}
    assert used["v1.0"].operations == {f"GET {DEVICES}"}


def test_refused_exchanges_use_nothing(tmp_path: pathlib.Path) -> None:
    contracts = {version: Contract(compact.extract(description(DEVICE_PATHS, DEVICE, version))) for version in form.VERSIONS}
    share_operations(contracts)
    path = tmp_path / "gw0.jsonl"
    refused = [
        {**line(f"POST {DEVICES}/1/wipe", 403, {"code": "x"}, version=version), "response_headers": JSON} for version in form.VERSIONS
    ]
    path.write_text("".join(json.dumps(each) + "\n" for each in refused))
    assert collect_usage(contracts, [path], [])["v1.0"].operations == set()


def test_the_routes_of_the_emulated_tenant_are_known() -> None:
    routes = list_emulated_routes()
    assert Route("v1.0", "POST", "/deviceManagement/managedDevices/{id}/resetPasscode") in routes
    assert not [route for route in routes if route.path == "/$batch"]
