# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compares one recorded exchange with the description: the request, and the answer to it."""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass
from urllib.parse import parse_qsl

from jsonschema import Draft202012Validator

from . import outside, report_actions
from .contract import Contract, Operation
from .schemas import ObjectType, Schema

# Graph itself found the request wrong, as a test wanted: only the answer is compared.
REFUSED = (400, 405)
# Written by the service into nextLinks; clients send it back as it is.
OPAQUE = ("$skiptoken", "$skipToken")

WORDS = {"eq", "ne", "gt", "ge", "lt", "le", "and", "or", "not", "in", "has", "true", "false", "null", "asc", "desc"}
_TEXT = re.compile(r"'(?:[^']|'')*'")
_LITERAL = re.compile(r"\b\d[\w.:+-]*")
_NAME = re.compile(r"[A-Za-z_][\w/]*(?![\w/]|\s*\()")
_OPTIONS = re.compile(r"\([^()]*\)")

# $batch is not part of the OpenAPI description (learn.microsoft.com/graph/json-batching).
_HEADERS: Schema = {"type": "object", "additionalProperties": {"type": "string"}}
BATCH = Draft202012Validator(
    {
        "type": "object",
        "required": ["requests"],
        "additionalProperties": False,
        "properties": {
            "requests": {
                "type": "array",
                "minItems": 1,
                "maxItems": 20,
                "items": {
                    "type": "object",
                    "required": ["id", "method", "url"],
                    "additionalProperties": False,
                    "properties": {
                        "id": {"type": "string", "minLength": 1},
                        "method": {"enum": ["GET", "POST", "PATCH", "PUT", "DELETE"]},
                        "url": {"type": "string", "pattern": "^/(?!v1\\.0|beta|\\$batch)"},
                        "headers": _HEADERS,
                        "body": {"type": "object"},
                        "dependsOn": {"type": "array", "items": {"type": "string"}},
                    },
                    "dependentRequired": {"body": ["headers"]},
                },
            }
        },
    }
)
BATCH_ANSWER = Draft202012Validator(
    {
        "type": "object",
        "required": ["responses"],
        "properties": {
            "responses": {
                "type": "array",
                "items": {
                    "type": "object",
                    "required": ["id", "status"],
                    "properties": {"id": {"type": "string"}, "status": {"type": "integer"}, "headers": _HEADERS},
                },
            }
        },
    }
)


@dataclass(frozen=True)
class Exchange:
    """One line of a recording."""

    method: str
    version: str
    path: str
    query: str
    request_headers: dict[str, str]
    request_body: t.Any
    status: int
    response_headers: dict[str, str]
    response_body: t.Any

    @classmethod
    def read(cls, line: dict[str, t.Any]) -> Exchange:
        path, _mark, query = line["path"].partition("?")
        known = {name: line[name] for name in cls.__dataclass_fields__ if name in line}
        return cls(**{**known, "path": path, "query": query})

    @property
    def is_batch(self) -> bool:
        return self.path == "/$batch"

    @property
    def is_graphs(self) -> bool:
        """Graph marks all its answers; a page of a proxy or a redirect, put in by a test, has no mark."""
        return "request-id" in self.response_headers


class Problem(t.NamedTuple):
    """`path`: where in the exchange."""

    operation: str
    path: str
    message: str


class Verdict(t.NamedTuple):
    """`kind`: `operation` (compared with the description), `outside` (named in outside.py or report_actions.py: only its form is
    compared), `batch` (an envelope), `injected` (not Graph's answer: not compared)."""

    kind: str
    operation: str
    problems: list[Problem]


# (where, what)
Found = t.Iterator[tuple[str, str]]


class Checker:
    """One contract for each version."""

    def __init__(self, contracts: t.Mapping[str, Contract]) -> None:
        self._contracts = contracts

    def check(self, exchange: Exchange) -> Verdict:
        contract = self._contracts[exchange.version]
        if exchange.is_batch:
            kind, name, found = "batch", "POST /$batch", _batch(contract, exchange)
        else:
            operation = contract.find(exchange.method, exchange.path)
            kind, name = "operation", operation.name if operation else f"{exchange.method} {exchange.path}"
            found = _single(contract, operation, exchange)
            beside = None if operation else outside.find(exchange.version, exchange.method, exchange.path)
            if beside is not None:
                kind, found = "outside", _outside(contract, beside, exchange)
            elif operation is None and report_actions.is_one(exchange.method, exchange.path):
                kind, found = "outside", _report(contract, exchange)
        if not exchange.is_graphs:
            # what the client sent is compared all the same
            kind, found = "injected", ((path, message) for path, message in found if path.startswith("request"))
        name = f"{exchange.version} {name}"
        return Verdict(kind, name, list(dict.fromkeys(Problem(name, path, message) for path, message in found)))


def _single(contract: Contract, operation: Operation | None, exchange: Exchange) -> Found:
    if exchange.status not in REFUSED:
        if operation is None:
            yield "request.path", f"{contract.version} has no such operation"
            return
        yield from _request(operation, exchange)
    yield from _answer(contract, operation, exchange)


def _outside(contract: Contract, operation: outside.Outside, exchange: Exchange) -> Found:
    if exchange.status == 200 or exchange.status >= 400:
        yield from _json("response.body", operation.answer if exchange.status == 200 else contract.error, exchange)
    else:
        yield "response.status", f"{exchange.status} is not described"


def _report(contract: Contract, exchange: Exchange) -> Found:
    """A report that is read by POST: a stream of JSON, except for errors."""
    if exchange.status not in REFUSED:
        yield from _errors("request.body", report_actions.REQUEST, exchange.request_body)
    if exchange.status >= 400:
        yield from _json("response.body", contract.error, exchange)
    elif exchange.status != 200:
        yield "response.status", f"{exchange.status} is not described"
    elif not exchange.response_headers.get("content-type", "").startswith("application/octet-stream"):
        yield "response.headers.content-type", "is not application/octet-stream"
    else:
        yield from report_actions.problems("response.body", exchange.response_body)


def _request(operation: Operation, exchange: Exchange) -> Found:
    yield from _query(operation, exchange)
    if operation.request is None:
        # an action without parameters takes an empty object too, and in a $batch it must have one
        if exchange.request_body not in (None, {}):
            yield "request.body", "the operation takes none"
        return
    if exchange.request_body is None:
        yield "request.body", "is missing"
        return
    if not exchange.request_headers.get("content-type", "").startswith("application/json"):
        yield "request.headers.content-type", "is not application/json"
    yield from _errors("request.body", operation.request, exchange.request_body)


def _query(operation: Operation, exchange: Exchange) -> Found:
    for name, value in parse_qsl(exchange.query, keep_blank_values=True):
        where = f"request.query.{name}"
        if name in OPAQUE and operation.answers_collection:
            continue
        if name not in operation.query:
            yield where, "the operation has no such option"
            continue
        schema = operation.query[name]
        if schema["type"] == "integer" and not value.isdigit():
            yield where, f"{value!r} is not a number"
        if schema["type"] == "boolean" and value not in ("true", "false"):
            yield where, f"{value!r} is neither true nor false"
        if operation.entity is not None:
            for unknown in _unknown(operation, operation.entity, name, value):
                yield where, f"{operation.entity.name} has no property '{unknown}'"


def _unknown(operation: Operation, entity: ObjectType, option: str, value: str) -> list[str]:
    """Names in a query option that the type does not have."""
    if option == "$expand":
        return [name for name in _names(_OPTIONS.sub("", value)) if name not in entity.navigation]
    if option not in ("$select", "$filter", "$orderby"):
        return []
    # a property of a property: the first one is the type's
    return [name for name in _names(value) if name.partition("/")[0] not in operation.selectable]


def _names(text: str) -> list[str]:
    """The identifiers of an expression."""
    plain = _LITERAL.sub(" ", _TEXT.sub(" ", text))
    return [name for name in _NAME.findall(plain) if name not in WORDS]


def _answer(contract: Contract, operation: Operation | None, exchange: Exchange) -> Found:
    if exchange.status >= 400:
        yield from _json("response.body", contract.error, exchange)
        return
    if operation is None:
        yield "response.status", f"{exchange.status} for an operation that {contract.version} does not have"
        return
    answer = operation.answer(exchange.status)
    if answer is None:
        yield "response.status", f"{exchange.status} is not described"
    elif answer.schema is None or (exchange.status == 204 and exchange.method != "GET"):
        if exchange.response_body is not None:
            yield "response.body", "there is one, and none is described"
    elif answer.media == "text/plain":
        yield from _text(exchange)
    else:
        yield from _json("response.body", operation.validator(answer), exchange)
        yield from _not_selected(operation, exchange)


def _text(exchange: Exchange) -> Found:
    """The one text that there is: a count. In a $batch it is a number."""
    if not str(exchange.response_body).isdigit():
        yield "response.body", f"{exchange.response_body!r} is not a count"
    if not exchange.response_headers.get("content-type", "").startswith("text/plain"):
        yield "response.headers.content-type", "is not text/plain"


def _json(where: str, validator: Draft202012Validator, exchange: Exchange) -> Found:
    if not exchange.response_headers.get("content-type", "").startswith("application/json"):
        yield "response.headers.content-type", "is not application/json"
    yield from _errors(where, validator, exchange.response_body)


def _not_selected(operation: Operation, exchange: Exchange) -> Found:
    """Nothing but what was asked for; the key may always be there."""
    options = dict(parse_qsl(exchange.query))
    if "$select" not in options or not isinstance(exchange.response_body, dict):
        return
    wanted = {"id", *options["$select"].split(","), *_names(_OPTIONS.sub("", options.get("$expand", "")))}
    items = exchange.response_body.get("value", []) if operation.answers_collection else [exchange.response_body]
    place = "response.body.value[*]" if operation.answers_collection else "response.body"
    for name in sorted({name for item in items for name in item if "@" not in name} - wanted):
        yield f"{place}.{name}", "was not selected"


def _errors(where: str, validator: Draft202012Validator, body: t.Any) -> Found:
    for error in validator.iter_errors(body):
        steps = ("[*]" if isinstance(step, int) else f".{step}" for step in error.absolute_path)
        yield where + "".join(steps), error.message if len(error.message) <= 120 else f"{error.message[:117]}..."


def _batch(contract: Contract, exchange: Exchange) -> Found:
    if exchange.status >= 400:
        yield from _json("response.body", contract.error, exchange)
        return
    yield from _errors("request.body", BATCH, exchange.request_body)
    yield from _json("response.body", BATCH_ANSWER, exchange)
    sent = sorted(item.get("id") for item in exchange.request_body["requests"])
    got = sorted(item.get("id") for item in exchange.response_body["responses"])
    if sent != got:
        yield "response.body.responses", "the ids are not those of the requests"
