# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare one recorded exchange with the description: the request, and its response."""

from __future__ import annotations

import re
import typing as t
from urllib.parse import parse_qsl

from . import batch, report_actions, supplements
from .contract import Contract, Operation
from .exchange import Exchange
from .supplements import UndescribedOperation
from .type_check import ObjectType, Problems

# Graph itself refused the request, as a test intended: compare only the response.
REFUSED = (400, 405)
# Written by the service into nextLinks; clients send it back unchanged.
OPAQUE = ("$skiptoken", "$skipToken")

WORDS = {"eq", "ne", "gt", "ge", "lt", "le", "and", "or", "not", "in", "has", "true", "false", "null", "asc", "desc"}
_TEXT = re.compile(r"'(?:[^']|'')*'")
_LITERAL = re.compile(r"\b\d[\w.:+-]*")
_NAME = re.compile(r"[A-Za-z_][\w/]*(?![\w/]|\s*\()")
_LAMBDA = re.compile(r"([A-Za-z_][\w/]*)/(?:any|all)\(\s*(\w+)\s*:")
_OPTIONS = re.compile(r"\([^()]*\)")

# `operation`: compared with the description. `undescribed`: named in supplements.py, only the form is compared. `batch`: an envelope.
# `injected`: not Graph's response, so that only the request is compared.
Kind = t.Literal["operation", "undescribed", "batch", "injected"]


class Problem(t.NamedTuple):
    """`path`: the place in the exchange."""

    operation: str
    path: str
    message: str


class Verdict(t.NamedTuple):
    """The result of comparing one exchange."""

    kind: Kind
    operation: str
    problems: list[Problem]


class Checker:
    """One contract for each version."""

    def __init__(self, contracts: t.Mapping[str, Contract]) -> None:
        self.contracts = contracts

    def check(self, exchange: Exchange) -> Verdict:
        """Compare an exchange."""
        kind, name, found = self._compare(self.contracts[exchange.version], exchange)
        if not exchange.is_from_graph:
            kind, found = "injected", (entry for entry in found if entry[0].startswith("request"))
        name = f"{exchange.version} {name}"
        return Verdict(kind, name, list(dict.fromkeys(Problem(name, path, message) for path, message in found)))

    def _compare(self, contract: Contract, exchange: Exchange) -> tuple[Kind, str, Problems]:
        if exchange.is_batch:
            return "batch", "POST /$batch", _check_batch(contract, exchange)
        operation = contract.find_operation(exchange.method, exchange.path)
        if operation is not None:
            return "operation", operation.name, _check_operation(contract, operation, exchange)
        name = f"{exchange.method} {exchange.path}"
        undescribed = supplements.find_undescribed_operation(exchange.version, exchange.method, exchange.path)
        if undescribed is not None:
            return "undescribed", name, _check_undescribed(contract, undescribed, exchange)
        return "operation", name, _check_unknown(contract, exchange)


def _check_operation(contract: Contract, operation: Operation, exchange: Exchange) -> Problems:
    if exchange.status not in REFUSED:
        yield from _check_request(operation, exchange)
    yield from _check_answer(contract, operation, exchange)


def _check_unknown(contract: Contract, exchange: Exchange) -> Problems:
    """Check an exchange about an address that does not exist: it is valid only if Graph refused it."""
    if exchange.status not in REFUSED:
        yield "request.path", f"{contract.version} has no such operation"
    else:
        yield from _check_error(contract, exchange)


def _check_undescribed(contract: Contract, operation: UndescribedOperation, exchange: Exchange) -> Problems:
    if exchange.status >= 400:
        yield from _check_error(contract, exchange)
    elif exchange.status == 200:
        yield from _check_json(exchange)
        yield from contract.answers.check("response.body", operation.answer, exchange.response_body)
    else:
        yield "response.status", f"{exchange.status} is not described"


def _check_request(operation: Operation, exchange: Exchange) -> Problems:
    yield from _check_query(operation, exchange)
    body = exchange.request_body
    if operation.body is None:
        # an action without parameters also accepts an empty object, and in a $batch it must have one
        if body not in (None, {}):
            yield "request.body", "the operation takes none"
        return
    if body is None:
        yield "request.body", "is missing"
        return
    if not exchange.request_headers.get("content-type", "").startswith("application/json"):
        yield "request.headers.content-type", "is not application/json"
    yield from operation.contract.requests.check("request.body", operation.body, body)
    for name in sorted(operation.required - set(body)) if isinstance(body, dict) else ():
        yield f"request.body.{name}", "is missing: nothing is created without it"
    if report_actions.is_report(exchange.method, exchange.path) and _answers_stream(operation):
        yield from report_actions.check_request(operation.contract.requests, body)


def _answers_stream(operation: Operation) -> bool:
    answer = operation.find_answer(200)
    return answer is not None and answer.kind == "stream"


def _check_query(operation: Operation, exchange: Exchange) -> Problems:
    for name, value in parse_qsl(exchange.query, keep_blank_values=True):
        where = f"request.query.{name}"
        if name in OPAQUE and operation.answers_page:
            continue
        if name not in operation.query:
            yield where, "the operation has no such option"
            continue
        if operation.query[name] == "integer" and not value.isdigit():
            yield where, f"{value!r} is not a number"
        if operation.query[name] == "boolean" and value not in ("true", "false"):
            yield where, f"{value!r} is neither true nor false"
        if operation.entity is not None:
            for unknown in _find_unknown_names(operation, operation.entity, name, value):
                yield where, f"{operation.entity.name} has no property '{unknown}'"


def _find_unknown_names(operation: Operation, entity: ObjectType, option: str, value: str) -> list[str]:
    """Return names in a query option that the type lacks."""
    usage = operation.contract.usage
    usage.query.add((operation.described_as, option))
    if option == "$expand":
        names, known = find_names(_OPTIONS.sub("", value)), dict.fromkeys(entity.navigation, entity)
    elif option in ("$select", "$filter", "$orderby"):
        # a property of a property: the first one belongs to the type
        names, known = find_names(value), operation.selectable
    else:
        return []
    firsts = {name: name if option == "$expand" else name.partition("/")[0] for name in names}
    usage.properties.update((known[first].properties[first].owner, first) for first in firsts.values() if first in known)
    return [name for name in names if firsts[name] not in known]


def find_names(text: str) -> list[str]:
    """Return the identifiers of an expression of OData."""
    plain = _LITERAL.sub(" ", _TEXT.sub(" ", text))
    # In any() and all() a variable represents an item of the list before it.
    lists = _LAMBDA.findall(plain)
    variables = {variable for _name, variable in lists}
    named = [name for name in _NAME.findall(plain) if name not in WORDS and name.partition("/")[0] not in variables]
    return [*(name for name, _variable in lists), *named]


def _check_answer(contract: Contract, operation: Operation, exchange: Exchange) -> Problems:
    if exchange.status >= 400:
        yield from _check_error(contract, exchange)
        return
    answer = operation.find_answer(exchange.status)
    if answer is None:
        yield "response.status", f"{exchange.status} is not described"
        return
    operation.contract.usage.operations.add(operation.described_as)
    if answer.kind == "stream":
        yield from _check_stream(operation, exchange)
    elif answer.kind == "nothing" or (exchange.status == 204 and exchange.method != "GET"):
        if exchange.response_body is not None:
            yield "response.body", "there is one, and none is described"
    elif answer.kind == "text":
        yield from _check_count(exchange)
    elif answer.shape is not None:
        yield from _check_json(exchange)
        yield from operation.contract.answers.check("response.body", answer.shape, exchange.response_body)
        yield from _check_selected(operation, exchange)


def _check_count(exchange: Exchange) -> Problems:
    """Check the only response that is a text, a count. In a $batch it is a number."""
    if not str(exchange.response_body).isdigit():
        yield "response.body", f"{exchange.response_body!r} is not a count"
    if not exchange.has_media_type("text/plain"):
        yield "response.headers.content-type", "is not text/plain"


def _check_stream(operation: Operation, exchange: Exchange) -> Problems:
    if exchange.status != 200:
        yield "response.status", f"{exchange.status} is not described"
    if not exchange.has_media_type("application/octet-stream"):
        yield "response.headers.content-type", "is not application/octet-stream"
    elif report_actions.is_report(exchange.method, exchange.path):
        yield from report_actions.check_answer(operation.contract.answers, exchange.response_body)


def _check_json(exchange: Exchange) -> Problems:
    if not exchange.has_media_type("application/json"):
        yield "response.headers.content-type", "is not application/json"


def _check_error(contract: Contract, exchange: Exchange) -> Problems:
    yield from _check_json(exchange)
    yield from contract.answers.check("response.body", contract.error, exchange.response_body)


def _check_selected(operation: Operation, exchange: Exchange) -> Problems:
    """Find properties that were not selected; the key is always allowed."""
    options = dict(parse_qsl(exchange.query))
    body = exchange.response_body
    if "$select" not in options or not isinstance(body, dict):
        return
    wanted = {"id", *options["$select"].split(","), *find_names(_OPTIONS.sub("", options.get("$expand", "")))}
    found = body.get("value") if operation.answers_page else [body]
    items = [item for item in found if isinstance(item, dict)] if isinstance(found, list) else []
    place = "response.body.value[*]" if operation.answers_page else "response.body"
    for name in sorted({name for item in items for name in item if "@" not in name} - wanted):
        yield f"{place}.{name}", "was not selected"


def _check_batch(contract: Contract, exchange: Exchange) -> Problems:
    if exchange.status >= 400:
        yield from _check_error(contract, exchange)
        return
    yield from batch.check_request(contract.requests, exchange.request_body)
    yield from _check_json(exchange)
    yield from batch.check_answer(contract.answers, exchange.request_body, exchange.response_body)
