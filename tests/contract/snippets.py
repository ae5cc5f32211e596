# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Small OpenAPI documents in Microsoft's style, for tests of the tools."""

from __future__ import annotations

import typing as t

from .openapi import OR_NULL, PREFIX, Description, Schema

ERROR_TYPE = "microsoft.graph.ODataErrors.ODataError"
DATE_TIME = {"type": "string", "format": "date-time", "pattern": "^[0-9]{4,}-.*$"}
TEXT = {"type": "string"}


def reference(name: str) -> Schema:
    """Make a reference to a type of Graph."""
    return {"$ref": f"{PREFIX}microsoft.graph.{name}"}


def or_null(schema: Schema) -> Schema:
    """Make a schema that allows null, as Microsoft writes it for references."""
    return {"anyOf": [schema, OR_NULL]}


def list_of(schema: Schema, **more: t.Any) -> Schema:
    """Make the schema of a list."""
    return {"type": "array", "items": schema, **more}


def entity(properties: Schema, base: str | None = None) -> Schema:
    """Make a type, with a base as Microsoft writes it."""
    own = {"required": ["@odata.type"], "type": "object", "properties": {**properties, "@odata.type": TEXT}}
    return own if base is None else {"title": "a title", "allOf": [reference(base), own]}


def content(schema: Schema, media: str = "application/json") -> Schema:
    """Make a body."""
    return {"description": "prose", "content": {media: {"schema": schema}}}


def operation(answer: Schema | None = None, body: Schema | None = None, query: t.Sequence[str] = (), status: str = "2XX") -> Schema:
    """Make an operation; without a response it returns 204."""
    parameters = [{"name": name, "in": "query", "description": "prose", "schema": {"type": "array", "items": TEXT}} for name in query]
    errors = {"4XX": content({"$ref": PREFIX + ERROR_TYPE})}
    found: Schema = {"description": "prose", "parameters": parameters, "responses": errors}
    found["responses"] = {**errors, **({"204": {"description": "Success"}} if answer is None else {status: content(answer)})}
    return found if body is None else {**found, "requestBody": {**content(body), "required": True}}


def document(paths: Schema, types: Schema | None = None, version: str = "v1.0") -> dict[str, t.Any]:
    """Make a document; names of types are without `microsoft.graph.`."""
    schemas = {f"microsoft.graph.{name}": schema for name, schema in (types or {}).items()}
    error = {"type": "object", "required": ["code"], "properties": {"code": TEXT}}
    return {"info": {"version": version}, "paths": paths, "components": {"schemas": {ERROR_TYPE: error, **schemas}}}


def description(paths: Schema, types: Schema | None = None, version: str = "v1.0", name: str = "document") -> Description:
    """Make a description."""
    return Description(document(paths, types, version), name)
