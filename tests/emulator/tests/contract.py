# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check exchanges against Microsoft's OpenAPI: every property known, of the right type, enum and pattern."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

SCHEMA = "#/components/schemas/"


class Contract:
    """One version's OpenAPI document."""

    def __init__(self, path: Path) -> None:
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
        self._document = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)  # noqa: S506 - a safe loader
        # a path without places goes before one whose place would take it in
        paths = sorted(self._document["paths"].items(), key=lambda entry: entry[0].count("{"))
        self._paths = [(_pattern(template), item) for template, item in paths]

    def check(self, method: str, path: str, status: int, body: Any) -> list[str]:
        """What is wrong with an answer; `path` without version and query."""
        for pattern, item in self._paths:
            if pattern.match(path) and method.lower() in item:
                response = self._response(item[method.lower()]["responses"], status)
                if response is None:
                    return [f"status {status} is not in the contract"]
                content = response.get("content", {}).get("application/json")
                # 204 is what the documentation says where the contract has 2XX with a body
                if content is None or status == 204:
                    return [] if body in (None, "") or not isinstance(body, (dict, list)) else ["a body where there is none"]
                return list(self._errors(body, content["schema"], "$"))
        return ["path is not in the contract"]

    def _response(self, responses: dict[str, Any], status: int) -> dict[str, Any] | None:
        found = responses.get(str(status)) or responses.get(f"{status // 100}XX")
        return self._resolve(found) if found else None

    def _resolve(self, node: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in node:
            target: Any = self._document
            for part in node["$ref"].lstrip("#/").split("/"):
                target = target[part]
            node = target
        return node

    def _properties(self, schema: dict[str, Any]) -> dict[str, Any]:
        schema = self._resolve(schema)
        found: dict[str, Any] = {}
        for part in schema.get("allOf", ()):
            found.update(self._properties(part))
        found.update(schema.get("properties", {}))
        return found

    def _errors(self, value: Any, schema: dict[str, Any], where: str) -> Any:
        if isinstance(value, dict) and str(value.get("@odata.type", "")).startswith("#microsoft.graph."):
            name = value["@odata.type"][1:]
            if name not in self._document["components"]["schemas"]:
                return  # a derived type that this extract of the contract lacks: cannot be judged
            schema = self._document["components"]["schemas"][name]
        schema = self._resolve(schema)
        if value is None and (schema.get("nullable") or any(self._resolve(part).get("nullable") for part in schema.get("anyOf", ()))):
            return
        if "anyOf" in schema or "oneOf" in schema:
            results = [list(self._errors(value, part, where)) for part in schema.get("anyOf") or schema["oneOf"]]
            if all(results):
                yield from min(results, key=len)
            return
        properties = self._properties(schema)
        if properties:
            yield from self._object_errors(value, properties, where)
        else:
            yield from self._scalar_errors(value, schema, where)

    def _object_errors(self, value: Any, properties: dict[str, Any], where: str) -> Any:
        if not isinstance(value, dict):
            yield f"{where}: {value!r} is not an object"
            return
        for name, item in value.items():
            if name in properties:
                yield from self._errors(item, properties[name], f"{where}.{name}")
            elif not name.startswith("@"):
                yield f"{where}.{name}: unknown property"

    def _scalar_errors(self, value: Any, schema: dict[str, Any], where: str) -> Any:
        kinds: dict[str, Any] = {"string": str, "boolean": bool, "number": (int, float), "integer": int, "array": list, "object": dict}
        kind = schema.get("type")
        if kind and (not isinstance(value, kinds[kind]) or (isinstance(value, bool) and kind != "boolean")):
            yield f"{where}: {value!r} is not a {kind}"
        elif "enum" in schema and value not in schema["enum"]:
            yield f"{where}: {value!r} is not in the enumeration"
        elif "pattern" in schema and not re.match(schema["pattern"], value):
            yield f"{where}: {value!r} does not match {schema['pattern']}"
        elif kind == "array":
            for index, item in enumerate(value):
                yield from self._errors(item, schema["items"], f"{where}[{index}]")


def _pattern(template: str) -> re.Pattern[str]:
    text = re.sub(r"\\\{[^}]*\\\}", "[^/()']+", re.escape(template))
    return re.compile(f"^{text}$")
