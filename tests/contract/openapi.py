# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Read Microsoft's OpenAPI documents as parts of the compact form.

This file reverses OpenAPI's indirect forms for OData: `anyOf` of a type and of any object means that null is allowed, `oneOf` with a
reference to ReferenceNumeric is a floating-point number, `@odata.type` is required everywhere although it is written for derived types
only, and a list in pages is an object with a next link. Take only facts, never descriptions.
"""

from __future__ import annotations

import json
import pathlib
import typing as t

import yaml

from . import expressions
from .expressions import Expression
from .form import METHODS, PAGE_OF, STREAM, TEXT, VERSIONS, Body, EnumForm, ObjectForm, OperationForm, TypeForm
from .scalars import SCALARS

Schema = dict[str, t.Any]

TYPE = "@odata.type"
GRAPH = "microsoft.graph."
PREFIX = "#/components/schemas/"
NUMERIC_WORDS = "ReferenceNumeric"
OR_NULL = {"type": "object", "nullable": True}
# The type of a query option only decides how its value is written.
QUERY_TYPES = {"array": "list", "boolean": "boolean", "integer": "integer", "number": "integer", "string": "string"}


class DescriptionError(ValueError):
    """The compact form cannot express an OpenAPI document, or documents contradict each other."""


class Description:
    """One OpenAPI document of Microsoft Graph."""

    def __init__(self, document: dict[str, t.Any], name: str = "document") -> None:
        self.name = name
        self._document = document
        self._schemas: dict[str, Schema] = document["components"]["schemas"]
        self._full_names = {_short(full): full for full in self._schemas}
        self.version: str = document["info"]["version"]
        if self.version not in VERSIONS:
            raise DescriptionError(f"{name}: info.version must be one of {', '.join(VERSIONS)}, not {self.version!r}")
        if len(self._full_names) != len(self._schemas):
            raise DescriptionError(f"{name}: types differ only by {GRAPH!r}")

    @property
    def paths(self) -> list[str]:
        """Return all paths."""
        return list(self._document["paths"])

    @property
    def types(self) -> list[str]:
        """Return the short names of all types."""
        return list(self._full_names)

    def operations(self, path: str) -> dict[str, OperationForm]:
        """Return the operations of a path by method."""
        item = self._document["paths"][path]
        shared = item.get("parameters", [])
        found = {method: item[method.lower()] for method in METHODS if method.lower() in item}
        return {method: self._operation(f"{method} {path}", details, shared) for method, details in found.items()}

    def base(self, name: str) -> str | None:
        """Return the base type of a type."""
        schema = self._schemas[self._full_names[name]]
        bases = self._bases([schema, *schema.get("allOf", ())])
        return bases[0] if bases else None

    def type_form(self, name: str) -> TypeForm:
        """Return a type by its short name; raise DescriptionError for one that the document lacks."""
        if name not in self._full_names:
            raise DescriptionError(f"{self.name}: there is no type {name}")
        schema = self._schemas[self._full_names[name]]
        if "enum" in schema:
            form: EnumForm = {"members": sorted(member for member in schema["enum"] if member is not None)}
            if schema.get("x-ms-enum-flags", {}).get("isFlags"):
                form["flags"] = True
            return form
        return self._object(name, schema)

    def _operation(self, place: str, details: dict[str, t.Any], shared: list[t.Any]) -> OperationForm:
        parameters = [self._resolve(entry) for entry in [*shared, *details.get("parameters", [])]]
        query = {entry["name"]: QUERY_TYPES[entry["schema"]["type"]] for entry in parameters if entry["in"] == "query"}
        answers = {
            str(status): self._content(place, self._resolve(answer))
            for status, answer in details["responses"].items()
            if str(status)[0] not in "45" and status != "default"
        }
        if "2XX" in answers and answers.get("204", ...) is None and not place.startswith("GET"):
            # without meaning: 204 has no body, regardless of the description of 2XX
            del answers["204"]
        return {"answers": answers, "body": self._content(place, self._resolve(details.get("requestBody", {}))), "query": query}

    def _content(self, place: str, holder: dict[str, t.Any]) -> Body:
        for media, content in holder.get("content", {}).items():
            if media == "application/json":
                return self._body(place, content["schema"])
            return TEXT if media == "text/plain" else STREAM
        return None

    def _body(self, place: str, schema: Schema) -> Body:
        target = self._target(schema)
        page = self._properties(place, target) if _is_object(target) else {}
        if "@odata.nextLink" in page and page.get("value", {}).get("type") == "array":
            return f"{PAGE_OF}{self._expression(place, page['value']['items'])}"
        if "$ref" in schema or not _is_object(schema) or "anyOf" in schema:
            return str(self._expression(place, schema))
        return self._object(place, schema)

    def _object(self, place: str, schema: Schema) -> ObjectForm:
        parts = [schema, *schema.get("allOf", ())]
        bases = self._bases(parts)
        if len(bases) > 1:
            raise DescriptionError(f"{self.name}: {place} has several bases: {', '.join(bases)}")
        form: ObjectForm = {
            "properties": {
                name: str(self._expression(f"{place}.{name}", value))
                for part in parts
                for name, value in part.get("properties", {}).items()
                if name != TYPE
            }
        }
        required = {name for part in parts for name in part.get("required", ())} - {TYPE}
        if bases:
            form["base"] = bases[0]
        if required:
            form["required"] = sorted(required)
        return form

    @staticmethod
    def _bases(parts: list[Schema]) -> list[str]:
        return [_short(part["$ref"].removeprefix(PREFIX)) for part in parts if "$ref" in part]

    def _properties(self, place: str, schema: Schema) -> dict[str, Schema]:
        """Return all properties of an object, with those of its bases."""
        found: dict[str, Schema] = {}
        for part in [schema, *schema.get("allOf", ())]:
            if "$ref" in part:
                found.update(self._properties(place, self._target(part)))
            found.update(part.get("properties", {}))
        return found

    def _expression(self, place: str, schema: Schema) -> Expression:
        plain = self._plain_expression(place, schema)
        return plain.with_words(
            is_nullable=plain.is_nullable or bool(schema.get("nullable")),
            is_read_only=bool(schema.get("readOnly")),
            is_navigation=bool(schema.get("x-ms-navigationProperty")),
        )

    def _plain_expression(self, place: str, schema: Schema) -> Expression:
        if "anyOf" in schema:
            either, *others = schema["anyOf"]
            if others != [OR_NULL]:
                raise DescriptionError(f"{self.name}: {place}: anyOf must be a type and {OR_NULL}")
            return self._plain_expression(place, either).with_words(is_nullable=True)
        if "oneOf" in schema:
            return self._number(place, schema["oneOf"])
        if "$ref" in schema:
            target = self._target(schema)
            if _is_object(target) or "enum" in target:
                return Expression(_short(schema["$ref"].removeprefix(PREFIX)))
            return self._plain_expression(place, target)
        if schema.get("type") == "array":
            return Expression(item=self._expression(place, schema["items"]))
        return Expression(self._scalar(place, schema))

    def _number(self, place: str, choices: list[Schema]) -> Expression:
        """Return a floating-point number, which JSON cannot always write."""
        numbers = [choice for choice in choices if choice.get("type") == "number"]
        if len(numbers) != 1 or {"$ref": PREFIX + NUMERIC_WORDS} not in choices:
            raise DescriptionError(f"{self.name}: {place}: oneOf must be a number and {NUMERIC_WORDS}")
        return Expression(self._scalar(place, numbers[0]), is_nullable=any(choice.get("nullable") for choice in choices))

    def _scalar(self, place: str, schema: Schema) -> str:
        kind, scalar = schema.get("type"), schema.get("format") or schema.get("type")
        if kind == "integer" and scalar == "integer":
            scalar = "int64"
        if kind not in ("boolean", "integer", "number", "string") or "enum" in schema or scalar not in SCALARS:
            raise DescriptionError(f"{self.name}: {place}: not a known scalar: type {kind}, format {schema.get('format')}")
        return str(scalar)

    def _target(self, schema: Schema) -> Schema:
        """Follow references to types."""
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].removeprefix(PREFIX)]
        return schema

    def _resolve(self, entry: dict[str, t.Any]) -> dict[str, t.Any]:
        """Follow a reference to a parameter, a body, or a response."""
        if "$ref" not in entry:
            return entry
        found: t.Any = self._document
        for part in entry["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return t.cast("dict[str, t.Any]", found)


def read(path: pathlib.Path) -> Description:
    """Read an OpenAPI file, YAML or JSON."""
    text = path.read_text(encoding="utf-8")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    document = json.loads(text) if path.suffix == ".json" else yaml.load(text, Loader=loader)
    return Description(document, path.name)


def referenced(form: TypeForm | Body, with_navigation: bool = True) -> set[str]:
    """Return the names of types that a type or body refers to, without its base."""
    if isinstance(form, str):
        return {expressions.parse(form.removeprefix(PAGE_OF)).innermost} - SCALARS - {TEXT, STREAM}
    parsed = [expressions.parse(text) for text in t.cast(ObjectForm, form or {}).get("properties", {}).values()]
    return {each.innermost for each in parsed if with_navigation or not each.is_navigation} - SCALARS


def _short(name: str) -> str:
    return name.removeprefix(GRAPH)


def _is_object(schema: Schema) -> bool:
    return schema.get("type") == "object" or "allOf" in schema or "properties" in schema
