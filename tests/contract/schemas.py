# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Microsoft's OpenAPI schemas as JSON Schema validators that know OData.

Taken literally, Microsoft's schemas accept almost everything and refuse what the service really writes: objects are open,
`anyOf: [X, any object]` stands for "X or null", `@odata.type` is required everywhere although it is written for derived types
only, and which derived type an object has is told by a discriminator. So they are translated: an object is an instance of one
named type, and that type's properties (with those of its bases) are all that it may have, annotations apart.
"""

from __future__ import annotations

import re
import typing as t

from jsonschema import Draft202012Validator, ValidationError, validators

Schema = dict[str, t.Any]

TYPE = "@odata.type"
GRAPH = "microsoft.graph."
PREFIX = "#/components/schemas/"
RANGES = {"int32": (-(2**31), 2**31 - 1), "int64": (-(2**63), 2**63 - 1), "uint8": (0, 255)}

# Types that answers really hold and that Microsoft's description has, but not the part of it that we compare with.
# An instance is compared with its base type; what else it has is not checked.
OUTSIDE = {
    "user": "directoryObject",
    "windows10GeneralConfiguration": "deviceConfiguration",
    "windowsIdentityProtectionConfiguration": "deviceConfiguration",
    "deviceManagementConfigurationChoiceSettingDefinition": "deviceManagementConfigurationSettingDefinition",
    "deviceManagementConfigurationSimpleSettingDefinition": "deviceManagementConfigurationSettingDefinition",
    "deviceManagementConfigurationSimpleSettingCollectionDefinition": "deviceManagementConfigurationSettingDefinition",
    "deviceManagementConfigurationSettingGroupCollectionDefinition": "deviceManagementConfigurationSettingDefinition",
    "deviceManagementConfigurationWindowsSettingApplicability": "deviceManagementConfigurationSettingApplicability",
    "omaSettingBase64": "omaSetting",
    "omaSettingStringXml": "omaSetting",
    "omaSettingDateTime": "omaSetting",
    "omaSettingFloatingPoint": "omaSetting",
}
# Properties that Microsoft's pages tell and its description lacks.
UNDESCRIBED: dict[str, dict[str, Schema]] = {
    # the pages on Multi Admin Approval filter by it, to find a request by its code
    "microsoft.graph.operationApprovalRequest": {"requestId": {"type": "string"}},
}
# OData open types: any property may be added.
OPEN = {"customSecurityAttributeValue"}
INNER_ERROR = "microsoft.graph.ODataErrors.InnerError"


class ObjectType(t.NamedTuple):
    """A named type with the properties of its bases."""

    name: str
    properties: dict[str, Schema]
    required: frozenset[str]
    derived: dict[str, str]

    @property
    def structural(self) -> set[str]:
        """What $select, $filter and $orderby may name."""
        return {name for name, schema in self.properties.items() if "@" not in name and not schema.get("x-ms-navigationProperty")}

    @property
    def navigation(self) -> set[str]:
        """What $expand may name."""
        return {name for name, schema in self.properties.items() if schema.get("x-ms-navigationProperty")}


class Types:
    """The schemas of one version of the API."""

    def __init__(self, schemas: dict[str, Schema]) -> None:
        self._schemas = dict(schemas)
        self._types: dict[str, ObjectType] = {}
        self._dialects = {sending: Dialect(self, sending) for sending in (True, False)}

    def validator(self, schema: Schema, sending: bool) -> Draft202012Validator:
        """For a request's body when `sending`, else for an answer's."""
        return self._dialects[sending].validator(schema)

    def schema(self, name: str) -> Schema:
        return self._schemas[name]

    def type(self, name: str) -> ObjectType:
        if name not in self._types:
            self._types[name] = self._flatten(name)
        return self._types[name]

    def name_of(self, schema: Schema) -> str:
        """The type that a schema stands for; one without a name gets one."""
        if "$ref" in schema:
            return schema["$ref"].removeprefix(PREFIX)
        name = f"(unnamed {id(schema)})"
        self._schemas.setdefault(name, schema)
        return name

    def _flatten(self, name: str) -> ObjectType:
        properties: dict[str, Schema] = {}
        required: set[str] = set()
        derived: dict[str, str] = {}
        schema = self._schemas[name]
        for part in [schema, *schema.get("allOf", ())]:
            if "$ref" in part:
                base = self.type(self.name_of(part))
                properties.update(base.properties)
                required |= base.required
            properties.update(part.get("properties", {}))
            required |= set(part.get("required", ()))
            derived.update(part.get("discriminator", {}).get("mapping", {}))
        properties.update(UNDESCRIBED.get(name, {}))
        if "@odata.nextLink" in properties and "value" in properties:
            required.add("value")
        names = {key: value.removeprefix(PREFIX) for key, value in derived.items()}
        return ObjectType(name, properties, frozenset(required - {TYPE}), names)


def short(value: t.Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


class Dialect:
    """JSON Schema with one more keyword, `instanceOf`; for what is sent, or for what is received."""

    def __init__(self, types: Types, sending: bool) -> None:
        self._types = types
        self._sending = sending
        self._converted: dict[str, dict[str, Schema]] = {}
        # Answers repeat themselves: a value that was right for a property once is right again.
        self._right: set[tuple[int, type, t.Any]] = set()
        self._class = validators.extend(Draft202012Validator, {"instanceOf": self._instance_of})

    def validator(self, schema: Schema) -> Draft202012Validator:
        return self._class(self._convert(schema))

    def _convert(self, schema: Schema) -> Schema:
        if "anyOf" in schema:
            either, null = schema["anyOf"]
            assert null == {"type": "object", "nullable": True}, "not Microsoft's way to say: or null"
            return self._nullable(self._convert(either))
        if "oneOf" in schema:
            # a floating-point number, which JSON cannot always write
            return {"anyOf": [{"type": ["number", "null"]}, {"enum": ["-INF", "INF", "NaN"]}]}
        if "$ref" in schema:
            target = self._types.schema(self._types.name_of(schema))
            return self._instance(schema) if _is_object(target) else self._convert(target)
        if _is_object(schema):
            return self._instance(schema)
        if schema.get("type") == "array":
            return {"type": "array", "items": self._convert(schema["items"])}
        converted = _scalar(schema)
        return self._nullable(converted) if schema.get("nullable") else converted

    def _instance(self, schema: Schema) -> Schema:
        return {"instanceOf": {"name": self._types.name_of(schema), "nullable": bool(schema.get("nullable"))}}

    @staticmethod
    def _nullable(schema: Schema) -> Schema:
        if "instanceOf" in schema:
            return {"instanceOf": {**schema["instanceOf"], "nullable": True}}
        if "enum" in schema:
            return {"enum": [*schema["enum"], None]}
        return {**schema, "type": [schema["type"], "null"]}

    def _instance_of(self, validator: t.Any, target: Schema, instance: t.Any, _schema: Schema) -> t.Iterator[ValidationError]:
        if instance is None and target["nullable"]:
            return
        if not isinstance(instance, dict):
            yield ValidationError(f"{short(instance)} is not an object")
            return
        declared = self._types.type(target["name"])
        try:
            actual, is_open = self._actual(declared, instance)
        except LookupError as error:
            yield ValidationError(str(error.args[0]), path=[TYPE])
            return
        yield from self._properties(validator, actual, is_open, instance)

    def _actual(self, declared: ObjectType, instance: dict[str, t.Any]) -> tuple[ObjectType, bool]:
        """(the type of an instance, whether it may have more than that)."""
        told = instance.get(TYPE)
        plain = declared.name.removeprefix(GRAPH)
        if told is None:
            if self._sending and declared.derived:
                raise LookupError(f"is missing: {plain} has derived types")
            return declared, plain in OPEN
        if told in (f"#{declared.name}", declared.name):
            return declared, plain in OPEN
        if told in declared.derived:
            return self._types.type(declared.derived[told]), False
        base = OUTSIDE.get(str(told).removeprefix(f"#{GRAPH}"))
        if base == plain:
            return declared, True
        raise LookupError(f"{short(told)} is not {plain} and not derived from it")

    def _properties(
        self, validator: t.Any, actual: ObjectType, is_open: bool, instance: dict[str, t.Any]
    ) -> t.Iterator[ValidationError]:
        known = self._known(actual)
        for name in sorted(actual.required - set(instance)):
            yield ValidationError("is missing", path=[name])
        for name, value in instance.items():
            schema = known.get(name)
            if schema is None:
                if "@" not in name and not is_open:
                    yield ValidationError(f"{actual.name.removeprefix(GRAPH)} has no such property", path=[name])
                continue
            if self._sending and actual.properties[name].get("readOnly"):
                yield ValidationError("is read-only", path=[name])
            yield from self._value(validator, schema, name, value)

    def _known(self, actual: ObjectType) -> dict[str, Schema]:
        if actual.name not in self._converted:
            converted = {name: self._convert(schema) for name, schema in actual.properties.items()}
            if actual.name == INNER_ERROR:
                # the service writes this date without a zone, against its own pattern (so in Microsoft's own pages)
                converted["date"] = {**converted["date"], "pattern": converted["date"]["pattern"].replace("(Z|", "(|Z|")}
            self._converted[actual.name] = converted
        return self._converted[actual.name]

    def _value(self, validator: t.Any, schema: Schema, name: str, value: t.Any) -> t.Iterator[ValidationError]:
        if isinstance(value, (dict, list)):
            yield from validator.descend(value, schema, path=name)
            return
        key = (id(schema), type(value), value)
        if key in self._right:
            return
        wrong = False
        for error in validator.descend(value, schema, path=name):
            wrong = True
            yield error
        if not wrong:
            self._right.add(key)


def _is_object(schema: Schema) -> bool:
    return schema.get("type") == "object" or "allOf" in schema or "properties" in schema


def _scalar(schema: Schema) -> Schema:
    if "enum" in schema:
        values = [value for value in schema["enum"] if value is not None]
        if schema.get("x-ms-enum-flags", {}).get("isFlags"):
            one = "|".join(re.escape(value) for value in values)
            return {"type": "string", "pattern": f"^({one})(, ?({one}))*$"}
        return {"enum": values}
    converted = {name: schema[name] for name in ("type", "pattern", "minimum", "maximum") if name in schema}
    if schema.get("format") in RANGES:
        converted["type"] = "integer"
        converted["minimum"], converted["maximum"] = RANGES[schema["format"]]
    return converted
