# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the tool that writes the compact form, on small OpenAPI documents."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
import yaml

from . import compact, form, openapi
from .compact import Selection, extract, merge
from .form import VersionForm
from .openapi import DescriptionError
from .snippets import DATE_TIME, TEXT, content, description, document, entity, list_of, operation, or_null, reference

NUMERIC = {"ReferenceNumeric": {"enum": ["-INF", "INF", "NaN"], "type": "string", "nullable": True}}


def one_operation(details: t.Any, types: t.Any = None, method: str = "get") -> t.Any:
    """Return the only operation of a document, and its types without that of errors."""
    found = extract(description({"/things": {"description": "prose", method: details}}, types))
    return found["paths"]["/things"][method.upper()], {name: each for name, each in found["types"].items() if name != form.ERROR}


def expression(schema: t.Any, **types: t.Any) -> str:
    """Return the expression of a property."""
    found = description({"/things": {"get": operation(reference("thing"))}}, {"thing": entity({"it": schema}), **types})
    found._document["components"]["schemas"].update(NUMERIC)
    return t.cast(form.ObjectForm, found.type_form("thing"))["properties"]["it"]


@pytest.mark.parametrize(
    ("schema", "text"),
    [
        (TEXT, "string"),
        ({**TEXT, "nullable": True, "description": "prose", "default": "x"}, "string?"),
        ({**TEXT, "readOnly": True}, "string read-only"),
        ({"type": "boolean"}, "boolean"),
        (DATE_TIME, "date-time"),
        ({"type": "string", "format": "uuid", "nullable": True}, "uuid?"),
        ({"type": "string", "format": "base64url"}, "base64url"),
        ({"type": "number", "format": "int32", "minimum": -1, "maximum": 1}, "int32"),
        ({"type": "number", "format": "int64"}, "int64"),
        ({"type": "integer"}, "int64"),
        ({"type": "integer", "format": "int32"}, "int32"),
        ({"type": "number", "format": "uint8"}, "uint8"),
        (
            {"oneOf": [{"type": "number", "format": "double", "nullable": True}, TEXT, {"$ref": f"{openapi.PREFIX}ReferenceNumeric"}]},
            "double?",
        ),
        ({"oneOf": [{"type": "number", "format": "float"}, TEXT, {"$ref": f"{openapi.PREFIX}ReferenceNumeric"}]}, "float"),
        (reference("thing"), "thing"),
        (or_null(reference("thing")), "thing?"),
        ({**or_null(reference("thing")), "readOnly": True}, "thing? read-only"),
        (or_null(reference("color")), "color?"),
        (list_of(TEXT), "[string]"),
        (list_of({**TEXT, "nullable": True}), "[string?]"),
        (list_of(TEXT, nullable=True), "[string]?"),
        (list_of(reference("thing"), **{"x-ms-navigationProperty": True}), "[thing] navigation"),
        (list_of(or_null(reference("color")), readOnly=True), "[color?] read-only"),
        (list_of(list_of(TEXT)), "[[string]]"),
        (reference("number"), "int64"),
    ],
)
def test_properties(schema: t.Any, text: str) -> None:
    assert expression(schema, color={"enum": ["red"], "type": "string"}, number={"type": "number", "format": "int64"}) == text


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string", "format": "ipv4"},
        {"type": "number"},
        {"type": "object", "properties": {}},
        {"type": "string", "enum": ["red"]},
        {"anyOf": [TEXT, {"type": "number", "format": "int32"}]},
        {"oneOf": [TEXT, {"type": "boolean"}]},
        {},
    ],
)
def test_a_property_that_cannot_be_expressed_is_named(schema: t.Any) -> None:
    with pytest.raises(DescriptionError, match=r"document: thing\.it"):
        expression(schema)


def test_enumerations_are_sorted_and_without_null() -> None:
    color = {"title": "color", "enum": ["red", None, "blue"], "type": "string", "x-ms-enum": {"values": [{"description": "prose"}]}}
    _operation, types = one_operation(operation(reference("thing")), {"thing": entity({"color": reference("color")}), "color": color})
    assert types["color"] == {"members": ["blue", "red"]}
    color["x-ms-enum-flags"] = {"isFlags": True}
    _operation, types = one_operation(operation(reference("thing")), {"thing": entity({"color": reference("color")}), "color": color})
    assert types["color"] == {"members": ["blue", "red"], "flags": True}


BASE = {"id": TEXT}
ANIMALS = {
    "animal": {**entity(BASE), "discriminator": {"propertyName": "@odata.type", "mapping": {"#x": "y"}}},
    "dog": entity({"barks": {"type": "boolean"}}, "animal"),
    "puppy": entity({"age": {"type": "number", "format": "int32"}}, "dog"),
    "stone": entity({}),
}


def test_what_an_answer_refers_to_is_taken_with_derived_types_and_bases() -> None:
    answer, types = one_operation(operation(reference("animal")), ANIMALS)
    assert answer == {"answers": {"2XX": "animal"}, "body": None, "query": {}}
    assert types == {
        "animal": {"properties": {"id": "string"}},
        "dog": {"base": "animal", "properties": {"barks": "boolean"}},
        "puppy": {"base": "dog", "properties": {"age": "int32"}},
    }
    _operation, types = one_operation(operation(reference("dog")), ANIMALS)
    assert sorted(types) == ["animal", "dog", "puppy"], "not every derived type of a base"
    _operation, types = one_operation(operation(reference("puppy")), {**ANIMALS, "cat": entity({}, "animal")})
    assert sorted(types) == ["animal", "dog", "puppy"]
    _operation, types = one_operation(operation(reference("puppy")), {**ANIMALS, "puppy": entity({"friend": reference("animal")}, "dog")})
    assert sorted(types) == ["animal", "dog", "puppy"], "a base that is referred to later"


def test_required_members_are_kept_except_the_type() -> None:
    thing = {"type": "object", "required": ["name", "@odata.type", "code"], "properties": {"name": TEXT, "code": TEXT}}
    _operation, types = one_operation(operation(reference("thing")), {"thing": thing})
    assert types["thing"] == {"properties": {"name": "string", "code": "string"}, "required": ["code", "name"]}


def test_errors_have_their_type_and_are_no_answers() -> None:
    found = extract(description({"/things": {"delete": operation()}}))
    assert found["paths"]["/things"]["DELETE"]["answers"] == {"204": None}
    assert found["types"] == {form.ERROR: {"properties": {"code": "string"}, "required": ["code"]}}


PAGE = {"title": "Collection of thing", "type": "object", "properties": {"@odata.nextLink": {**TEXT, "nullable": True}}}


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        ({**PAGE, "properties": {**PAGE["properties"], "value": list_of(reference("thing"))}}, "page of thing"),
        ({"allOf": [reference("page"), {"type": "object", "properties": {"value": list_of(reference("thing"))}}]}, "page of thing"),
        (reference("thingPage"), "page of thing"),
        ({**PAGE, "properties": {**PAGE["properties"], "value": list_of({**TEXT, "nullable": True})}}, "page of string?"),
        ({"type": "object", "properties": {"value": list_of(reference("thing"))}}, {"properties": {"value": "[thing]"}}),
        ({"type": "object", "properties": {"value": TEXT}}, {"properties": {"value": "string"}}),
        (or_null(reference("thing")), "thing?"),
        (list_of(reference("thing")), "[thing]"),
    ],
)
def test_answers(answer: t.Any, text: t.Any) -> None:
    whole = {"allOf": [reference("page"), {"type": "object", "properties": {"value": list_of(reference("thing"))}}]}
    found, types = one_operation(operation(answer), {"thing": entity(BASE), "page": PAGE, "thingPage": whole})
    assert found["answers"] == {"2XX": text}
    assert not {"page", "thingPage"} & set(types)


@pytest.mark.parametrize(("media", "text"), [("text/plain", "text"), ("application/octet-stream", "stream"), ("image/png", "stream")])
def test_answers_that_are_not_json(media: str, text: str) -> None:
    details = {"responses": {"2XX": content({"type": "string", "format": "binary"}, media), "default": content(TEXT)}}
    assert one_operation(details) == ({"answers": {"2XX": text}, "body": None, "query": {}}, {})


def test_204_beside_an_answer_with_a_body_says_nothing_except_for_reads() -> None:
    both = {"responses": {"204": {"description": "Success"}, "2XX": content(TEXT)}}
    assert one_operation(both, method="patch")[0]["answers"] == {"2XX": "string"}
    assert one_operation(both, method="get")[0]["answers"] == {"204": None, "2XX": "string"}


def test_bodies_may_have_no_name() -> None:
    body = {"type": "object", "properties": {"things": list_of(reference("thing")), "count": {**TEXT, "nullable": True}}}
    found, types = one_operation(operation(body=body), {"thing": entity(BASE)}, method="post")
    assert found["body"] == {"properties": {"things": "[thing]", "count": "string?"}}
    assert sorted(types) == ["thing"]


def test_parameters_of_paths_and_references_are_followed() -> None:
    source = document({})
    source["components"]["parameters"] = {"top": {"name": "$top", "in": "query", "schema": {"type": "integer", "minimum": 0}}}
    source["components"]["responses"] = {"thing": content(reference("thing"))}
    source["components"]["requestBodies"] = {"thing": content(reference("thing"))}
    source["components"]["schemas"]["microsoft.graph.thing"] = entity(BASE)
    header = {"name": "If-Match", "in": "header", "schema": TEXT}
    source["paths"]["/things/{thing-id}"] = {
        "parameters": [
            {"name": "thing-id", "in": "path", "schema": TEXT},
            {"name": "$count", "in": "query", "schema": {"type": "boolean"}},
        ],
        "patch": {
            "parameters": [{"$ref": "#/components/parameters/top"}, header],
            "requestBody": {"$ref": "#/components/requestBodies/thing"},
            "responses": {200: {"$ref": "#/components/responses/thing"}},
        },
    }
    found = extract(openapi.Description(source))["paths"]["/things/{thing-id}"]["PATCH"]
    assert found == {"answers": {"200": "thing"}, "body": "thing", "query": {"$count": "boolean", "$top": "integer"}}


def test_nothing_but_facts_is_written() -> None:
    thing = entity({"name": {**TEXT, "description": "prose", "title": "prose", "example": "prose"}})
    details = {**operation(reference("thing"), reference("thing"), ["$select"]), "summary": "prose", "operationId": "prose"}
    text = form.render(extract(description({"/things": {"description": "prose", "post": details}}, {"thing": thing})))
    assert "prose" not in text and '"name": "string"' in text


def test_the_version_must_be_known_and_names_unique() -> None:
    with pytest.raises(DescriptionError, match=r"new: info\.version must be one of v1\.0, beta, not 'v2\.0'"):
        description({}, version="v2.0", name="new")
    source = document({}, {"thing": entity({})})
    source["components"]["schemas"]["thing"] = entity({})
    with pytest.raises(DescriptionError, match="types differ only by"):
        openapi.Description(source)


def test_a_type_with_two_bases_or_without_a_definition_is_refused() -> None:
    two = {"allOf": [reference("a"), reference("b")]}
    with pytest.raises(DescriptionError, match="thing has several bases: a, b"):
        one_operation(operation(reference("thing")), {"thing": two, "a": entity({}), "b": entity({})})
    with pytest.raises(KeyError):
        one_operation(operation(reference("nothing")))


def part(name: str, types: t.Any, method: str = "get", details: t.Any = None) -> VersionForm:
    """Make the compact form of a document about one path."""
    return extract(description({f"/{name}": {method: details or operation(reference("animal"))}}, types))


def test_documents_of_one_version_are_merged() -> None:
    one = part("one", {"animal": entity(BASE), "dog": entity({"barks": TEXT}, "animal")})
    other = part("two", {"animal": entity({**BASE, "age": TEXT}), "cat": entity({}, "animal")})
    merged = merge([one, other])
    assert sorted(merged["paths"]) == ["/one", "/two"]
    assert merged["types"]["animal"] == {"properties": {"id": "string", "age": "string"}}
    assert {"dog", "cat"} < set(merged["types"])
    assert merge([other, one]) == merged
    assert merge([one, part("one", {"animal": entity(BASE)}, "post")])["paths"]["/one"].keys() == {"GET", "POST"}


def test_a_property_may_be_called_members() -> None:
    merged = merge([part("one", {"animal": entity(BASE)}), part("two", {"animal": entity({"members": TEXT})})])
    assert merged["types"]["animal"] == {"properties": {"id": "string", "members": "string"}}


def test_members_of_an_enumeration_are_merged() -> None:
    colors = [
        part("one", {"animal": entity({"color": reference("color")}), "color": {"enum": members}}) for members in (["red"], ["blue", "red"])
    ]
    assert merge(colors)["types"]["color"] == {"members": ["blue", "red"]}


@pytest.mark.parametrize(
    ("other", "place"),
    [
        (part("two", {"animal": entity({"id": {**TEXT, "nullable": True}})}), "types animal properties id"),
        (part("two", {"animal": {"enum": ["dog"]}}), None),
        (part("one", {"animal": entity(BASE)}, details=operation(or_null(reference("animal")))), "paths /one GET answers 2XX"),
    ],
)
def test_contradictions_are_refused(other: VersionForm, place: str | None) -> None:
    one = part("one", {"animal": entity(BASE)})
    with pytest.raises(DescriptionError, match=f"^v1.0 {place or 'types animal'} is described in two ways"):
        merge([one, other])


COMPLETE = {
    "/animals": {"get": operation(reference("animal")), "post": operation(reference("animal"), reference("animal"))},
    "/stones": {"get": operation(reference("stone"))},
    "/sticks": {"get": operation(reference("stone"))},
}
COMPLETE_TYPES = {
    "animal": entity(
        {
            **BASE,
            "owner": {**reference("person"), "x-ms-navigationProperty": True},
            "friend": {**reference("animal"), "x-ms-navigationProperty": True},
            "color": reference("color"),
        }
    ),
    "person": entity({"home": reference("stone")}),
    "dog": entity({"collar": reference("collar")}, "animal"),
    "cat": entity({}, "animal"),
    "collar": entity({}),
    "stone": entity({}),
    "color": {"enum": ["red"]},
}


def test_of_a_complete_document_only_what_is_known_is_taken() -> None:
    known = part("animals", {"animal": entity(BASE), "dog": entity({}, "animal")})
    found = extract(description(COMPLETE, COMPLETE_TYPES), Selection.known(known))
    assert sorted(found["paths"]) == ["/animals"] and sorted(found["paths"]["/animals"]) == ["GET", "POST"]
    assert sorted(found["types"]) == [form.ERROR, "animal", "collar", "color", "dog"]
    assert found["types"]["animal"] == {"properties": {"id": "string", "friend": "animal navigation", "color": "color"}}
    more = extract(description(COMPLETE, COMPLETE_TYPES), Selection.known(known, ["/stones"]))
    assert sorted(more["paths"]) == ["/animals", "/stones"] and "stone" in more["types"]


def test_a_navigation_property_to_a_known_type_is_kept_with_the_type() -> None:
    known = part("animals", {"animal": entity({"owner": {**reference("person"), "x-ms-navigationProperty": True}}), "person": entity({})})
    found = extract(description(COMPLETE, COMPLETE_TYPES), Selection.known(known))
    assert found["types"]["animal"]["properties"]["owner"] == "person navigation"  # type: ignore[typeddict-item]  -- an object
    assert {"person", "stone"} < set(found["types"])


def write(folder: pathlib.Path, name: str, source: t.Any) -> str:
    """Write a document to a file and return its path."""
    path = folder / name
    path.write_text(json.dumps(source) if name.endswith("json") else yaml.safe_dump(source), encoding="utf-8")
    return str(path)


def test_the_command_writes_a_file_for_each_version(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [
        write(tmp_path, "a.yaml", document({"/a": {"get": operation(reference("thing"))}}, {"thing": entity({"ä": TEXT})})),
        write(tmp_path, "b.json", document({"/b": {"delete": operation()}})),
        write(tmp_path, "c.yaml", document({"/c": {"delete": operation()}}, version="beta")),
    ]
    output = tmp_path / "new" / "graph"
    assert compact.main([*files, "--output", str(output)]) == 0
    assert capsys.readouterr().out == "v1.0: 2 operations, 2 types\nbeta: 1 operations, 1 types\n"
    assert sorted(form.load("v1.0", output)["paths"]) == ["/a", "/b"]
    text = (output / "v1.0.json").read_text(encoding="utf-8")
    assert '    "ä": "string"\n' in text
    assert compact.main([*reversed(files), "--output", str(output)]) == 0
    assert (output / "v1.0.json").read_text(encoding="utf-8") == text


def test_the_command_takes_what_is_known(tmp_path: pathlib.Path) -> None:
    (tmp_path / "v1.0.json").write_text(form.render(part("animals", {"animal": entity(BASE)})), encoding="utf-8")
    complete = write(tmp_path, "complete.yaml", document(COMPLETE, COMPLETE_TYPES))
    assert compact.main([complete, "--output", str(tmp_path), "--known", "--path", "/sticks"]) == 0
    assert sorted(form.load("v1.0", tmp_path)["paths"]) == ["/animals", "/sticks"]
    assert "cat" not in form.load("v1.0", tmp_path)["types"]
    assert compact.main([complete, "--output", str(tmp_path), "--known", "--type", "cat"]) == 0
    assert sorted(form.load("v1.0", tmp_path)["paths"]) == ["/animals", "/sticks"]
    assert "cat" in form.load("v1.0", tmp_path)["types"]


def test_the_command_names_what_it_refuses_and_writes_nothing(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    wrong = write(tmp_path, "wrong.yaml", document({"/a": {"get": operation({"type": "number"})}}))
    assert compact.main([wrong, "--output", str(tmp_path / "graph")]) == 1
    assert capsys.readouterr().err == "wrong.yaml: GET /a: not a known scalar: type number, format None\n"
    assert compact.main([str(tmp_path / "missing.yaml"), "--output", str(tmp_path / "graph")]) == 1
    assert "missing.yaml" in capsys.readouterr().err
    assert not (tmp_path / "graph").exists()
