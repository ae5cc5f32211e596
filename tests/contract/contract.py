# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Microsoft's OpenAPI description of one version of Graph: which operations there are, and what each takes and answers."""

from __future__ import annotations

import pathlib
import re
import typing as t
from functools import cached_property

import yaml
from jsonschema import Draft202012Validator

from .schemas import PREFIX, ObjectType, Schema, Types

VERSIONS = ("v1.0", "beta")
METHODS = ("get", "post", "patch", "put", "delete")
FILE = "graph-{}.openapi.yaml"
ERROR = "microsoft.graph.ODataErrors.ODataError"
DIRECTORY_OBJECT = "microsoft.graph.directoryObject"
# A kind of directory object outside of what we compare with; these are the properties that are answered without $select.
USER = {
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
}
# Operations of beta that are the same in v1.0, and described there only.
SAME_IN_BETA = (
    "/deviceManagement/managedDevices/$count",
    "/deviceManagement/managedDevices/{managedDevice-id}/syncDevice",
    "/deviceManagement/managedDevices/{managedDevice-id}/remoteLock",
    "/deviceManagement/reports/exportJobs",
    "/deviceManagement/reports/exportJobs/{deviceManagementExportJob-id}",
)

# Operations that the service has and Microsoft's description has not, each with the method of the same path that it is compared with:
# - PUT replaces a settings catalog policy with its settings, which PATCH refuses. The admin centre and public tools send it.
LIKE = {("beta", "put", "/deviceManagement/configurationPolicies/{deviceManagementConfigurationPolicy-id}"): "patch"}

_PLACE = re.compile(r"\{[^}]+\}")
# neither `$count` nor a cast
_ID = r"(?!\$|graph\.)[^/]+?"
# An address may name a single key in parentheses; the description always has it as a segment.
_KEY = re.compile(r"\('([^'=()]*)'\)")
# The description has casts without the beginning of the name.
_CAST = "/microsoft.graph."


class Answer(t.NamedTuple):
    """What an operation answers: `media` and `schema` are None where there is no body."""

    media: str | None
    schema: Schema | None


class Operation:
    """One method on one path."""

    def __init__(self, method: str, template: str, details: dict[str, t.Any], contract: Contract) -> None:
        self.name = f"{method.upper()} {template}"
        self.template = template
        self._details = details
        self._contract = contract

    @cached_property
    def query(self) -> dict[str, Schema]:
        """The query options with their schemas."""
        parameters = [self._contract.resolve(entry) for entry in self._details.get("parameters", ())]
        return {entry["name"]: entry["schema"] for entry in parameters if entry["in"] == "query"}

    @property
    def body(self) -> Schema | None:
        content = self._details.get("requestBody", {}).get("content", {})
        return content["application/json"]["schema"] if content else None

    @cached_property
    def request(self) -> Draft202012Validator | None:
        return self._contract.types.validator(self.body, sending=True) if self.body else None

    def validator(self, answer: Answer) -> Draft202012Validator:
        return self._contract.answer_validator(answer)

    def answer(self, status: int) -> Answer | None:
        """By exact status, else by its range; None when there is no such answer."""
        responses = self._details["responses"]
        found = responses.get(str(status)) or responses.get(f"{status // 100}XX")
        if found is None:
            return None
        for media, content in self._contract.resolve(found).get("content", {}).items():
            return Answer(media, content["schema"])
        return Answer(None, None)

    @cached_property
    def answers_collection(self) -> bool:
        return self._answer_type is not None and "value" in self._answer_type.required

    @cached_property
    def entity(self) -> ObjectType | None:
        """The type of the answer, or of its items: what the query options are about."""
        if self._answer_type is not None and self.answers_collection:
            return self._contract.types.type(self._answer_type.properties["value"]["items"]["$ref"].removeprefix(PREFIX))
        return self._answer_type

    @cached_property
    def selectable(self) -> set[str]:
        """What $select, $filter and $orderby may name. Lists of mixed directory objects take the properties of every kind."""
        if self.entity is None:
            return set()
        if self.entity.name != DIRECTORY_OBJECT:
            return self.entity.structural
        kinds = [self._contract.types.type(name) for name in self.entity.derived.values()]
        return self.entity.structural.union(USER, *(kind.structural for kind in kinds))

    @cached_property
    def _answer_type(self) -> ObjectType | None:
        answer = self.answer(200)
        if answer is None or answer.media != "application/json" or answer.schema is None:
            return None
        schema = answer.schema.get("anyOf", [answer.schema])[0]
        return self._contract.types.type(self._contract.types.name_of(schema))


def load(folder: pathlib.Path) -> dict[str, Contract]:
    """Both versions from a folder with Microsoft's documents."""
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    stable, beta = (
        Contract(version, yaml.load((folder / FILE.format(version)).read_text(encoding="utf-8"), Loader=loader)) for version in VERSIONS
    )
    beta.lend(stable, SAME_IN_BETA)
    return {contract.version: contract for contract in (stable, beta)}


class Contract:
    """All operations of one version."""

    def __init__(self, version: str, document: dict[str, t.Any]) -> None:
        self.version = version
        self.types = Types(document["components"]["schemas"])
        self._document = document
        self._answers: dict[int, Draft202012Validator] = {}
        # the most literal path first: `…/$count` is not an id
        paths = sorted(document["paths"].items(), key=lambda item: len(_PLACE.findall(item[0])))
        self._operations = [(_pattern(template), self._read(template, item)) for template, item in paths]

    def _read(self, template: str, item: dict[str, t.Any]) -> dict[str, Operation]:
        """The operations of a path by method."""
        found = {method: item[method] for method in METHODS if method in item}
        for method in METHODS:
            like = LIKE.get((self.version, method, template))
            if like is not None and method not in found:
                found[method] = item[like]
        return {method: Operation(method, template, details, self) for method, details in found.items()}

    def lend(self, other: Contract, templates: t.Collection[str]) -> None:
        """Take over operations of another version."""
        own = [pattern.pattern for pattern, _operations in self._operations]
        found = [entry for entry in other._operations if entry[0].pattern not in own]
        self._operations[:0] = [entry for entry in found if any(each.template in templates for each in entry[1].values())]

    def resolve(self, entry: dict[str, t.Any]) -> dict[str, t.Any]:
        """Follow a reference to a parameter or an answer."""
        if "$ref" not in entry:
            return entry
        found: t.Any = self._document
        for part in entry["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        return found

    def find(self, method: str, path: str) -> Operation | None:
        """The operation for a path without version and query."""
        plain = _KEY.sub(r"/\1", path).replace(_CAST, "/graph.")
        for pattern, operations in self._operations:
            if pattern.match(plain):
                return operations.get(method.lower())
        return None

    def answer_validator(self, answer: Answer) -> Draft202012Validator:
        """Compiled once for each schema of the description."""
        key = id(answer.schema)
        if key not in self._answers:
            self._answers[key] = self.types.validator(answer.schema or {}, sending=False)
        return self._answers[key]

    @cached_property
    def error(self) -> Draft202012Validator:
        """For every error, also for those of addresses that do not exist."""
        return self.types.validator({"$ref": PREFIX + ERROR}, sending=False)


def _pattern(template: str) -> re.Pattern[str]:
    literal = [re.escape(text) for text in _PLACE.split(template)]
    return re.compile("^" + _ID.join(literal) + "$")
