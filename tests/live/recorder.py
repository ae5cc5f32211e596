# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The transport of a run: it refuses forbidden requests, and keeps only the shape of each exchange with Graph."""

from __future__ import annotations

import dataclasses
import json
import re
import typing as t
import urllib.parse

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from tests.contract import supplements
from tests.contract.contract import Answer, Contract, Operation
from tests.contract.type_check import ObjectType

from .guard import Guard
from .shapes import HIDDEN, Facts, Reader, Vocabulary
from .tasks import Task

UNKNOWN_PATH = "/(an operation that is not described)"
NO_RESPONSE = 0
OPTIONS = ("$count", "$expand", "$filter", "$orderby", "$search", "$select", "$top")
# Options of a further page come from the service.
OF_PAGES = ("$skiptoken", "$skip")
HEADERS = ("client-request-id", "content-type", "date", "location", "request-id", "retry-after")
MEDIA = ("application/json", "application/octet-stream", "text/plain", "text/csv")
# Enumerations whose values show the progress of a change.
PROGRESS = ("actionState", "deviceManagementReportStatus")


class Wire(t.Protocol):
    """An object that sends requests."""

    def send(self, request: Request) -> Response:
        """Return a whole response, or raise an error."""

    def close(self) -> None:
        """Close all connections."""


class Clock(t.Protocol):
    """The part of a clock that the recorder reads. ``slept``: seconds that the task has waited."""

    slept: float

    def monotonic(self) -> float:
        """Return seconds since some moment."""


@dataclasses.dataclass(frozen=True)
class Exchange:
    """The shape of one exchange, possibly one in a $batch.

    ``progress``: words for the progress of the task's changes; ``items``: the number of items of a complete list. ``waited``: the seconds
    that the task had waited before it; ``seconds``: the duration of the response.
    """

    task: str
    operation: str
    status: int
    code: str | None
    facts: Facts
    is_in_batch: bool
    headers: frozenset[str]
    progress: tuple[str, ...]
    items: int | None
    waited: float
    seconds: float


@dataclasses.dataclass
class Log:
    """The exchanges of a run. ``codes``: those of errors that may be shown."""

    exchanges: list[Exchange] = dataclasses.field(default_factory=list)
    codes: t.Container[str] = ()


class Descriptions:
    """Microsoft's description of both versions, and the parts of a request that may be shown according to it."""

    def __init__(self, contracts: t.Mapping[str, Contract], readers: t.Mapping[str, Reader], vocabulary: Vocabulary) -> None:
        self.contracts, self.readers, self.vocabulary = contracts, readers, vocabulary

    def find(self, method: str, version: str, path: str) -> tuple[Operation | None, str]:
        """Return an operation with its path in the description; if it has none, None and no part of the path."""
        if path == "/$batch":
            return None, path
        operation = self.contracts[version].find_operation(method, path)
        if operation is not None:
            return operation, operation.path
        undescribed = supplements.find_undescribed_operation(version, method, path)
        return None, re.sub(r"\[\^[/']\]\+", "{id}", undescribed.path).replace("\\", "") if undescribed else UNKNOWN_PATH

    def show_options(self, query: str) -> str:
        """Return the names of the options of a query, with those of selected properties."""
        shown = []
        for name, value in sorted(urllib.parse.parse_qsl(query, keep_blank_values=True)):
            if name.lower() in OF_PAGES:
                continue
            selected = value.split(",") if name == "$select" else []
            is_known = bool(selected) and all(each in self.vocabulary for each in selected)
            plain = name if name in OPTIONS else HIDDEN
            shown.append(f"{plain}={value}" if is_known else plain)
        return "?" + "&".join(shown) if shown else ""


class Recorder:
    """Send requests through another transport."""

    def __init__(self, wire: Wire, guard: Guard, clock: Clock, descriptions: Descriptions, task: Task, log: Log) -> None:
        self._wire, self._guard, self._clock, self._descriptions, self._task, self._log = wire, guard, clock, descriptions, task, log

    def send(self, request: Request) -> Response:
        """Send a request that the guard allows, and keep the shape of the exchange if it is one with Graph."""
        is_of_graph = request.bearer is not None
        if is_of_graph:
            self._guard.check(request)
        began = self._clock.monotonic()
        try:
            response = self._wire.send(request)
        except errors.IntuneError:
            if is_of_graph:
                self._keep(request.method, request.url, Response(NO_RESPONSE, {}), began)
            raise
        if is_of_graph:
            self._guard.learn(request, response)
            self._keep(request.method, request.url, response, began)
            self._keep_items(request, response, began)
        return response

    def close(self) -> None:
        """Close all connections."""
        self._wire.close()

    def _keep_items(self, request: Request, response: Response, began: float) -> None:
        """Keep the exchanges in a $batch in the order of the requests, because the service returns them in any."""
        if not request.url.endswith("/$batch"):
            return
        base = request.url.removesuffix("/$batch")
        answers = parse_json(response.body)
        found = answers.get("responses") if isinstance(answers, dict) else None
        by_id = {str(each.get("id")): each for each in found if isinstance(each, dict)} if isinstance(found, list) else {}
        for item in parse_json(request.body or b"")["requests"]:
            answer = by_id.get(str(item["id"]))
            if answer is not None and isinstance(answer.get("status"), int):
                given = answer.get("headers")
                headers = given if isinstance(given, dict) else {}
                body = json.dumps(answer["body"]).encode() if "body" in answer else b""
                inner = Response(answer["status"], {str(name).lower(): str(value) for name, value in headers.items()}, body)
                self._keep(item["method"], base + item["url"], inner, began, is_in_batch=True)

    def _keep(self, method: str, url: str, response: Response, began: float, *, is_in_batch: bool = False) -> None:
        parts = urllib.parse.urlsplit(url)
        _empty, version, rest = parts.path.split("/", 2)
        path = urllib.parse.unquote("/" + rest)
        operation, shown = self._descriptions.find(method, version, path)
        body = parse_json(response.body)
        reader, contract = self._descriptions.readers[version], self._descriptions.contracts[version]
        if response.status >= 400:
            facts = reader.read("error", contract.error, body)
        else:
            facts = reader.read("answer", find_shape(operation, response.status), without_bodies(body) if shown == "/$batch" else body)
        self._log.exchanges.append(
            Exchange(
                task=self._task.name,
                operation=f"{method} /{version}{shown}{self._descriptions.show_options(parts.query)}",
                status=response.status,
                code=self._show_code(body) if response.status >= 400 else None,
                facts=facts,
                is_in_batch=is_in_batch,
                headers=frozenset(describe_headers(response.headers)),
                # The reads of other tasks depend on data.
                progress=tuple(sorted(find_progress(contract, find_shape(operation, response.status), body)))
                if self._task.is_followed
                else (),
                items=count_items(parts.query, body) if self._task.is_followed else None,
                waited=self._clock.slept,
                seconds=self._clock.monotonic() - began,
            )
        )

    def _show_code(self, body: t.Any) -> str:
        """Return the code of an error; hide an unknown name, because anybody on the way may have written it."""
        error = body.get("error") if isinstance(body, dict) else None
        code = error.get("code") if isinstance(error, dict) else None
        return code if isinstance(code, str) and code in self._log.codes else HIDDEN


def parse_json(body: bytes) -> t.Any:
    """Return the JSON of a body; None for any other, and for none."""
    try:
        return json.loads(body) if body else None
    except (ValueError, RecursionError):
        return None


def without_bodies(body: t.Any) -> t.Any:
    """Return the envelope of a $batch: its bodies are separate exchanges, and the names of headers are those of HTTP."""
    found = body.get("responses") if isinstance(body, dict) else None
    if not isinstance(found, list):
        return body
    return {
        **body,
        "responses": [{key: each[key] for key in each if key not in ("body", "headers")} for each in found if isinstance(each, dict)],
    }


def find_shape(operation: Operation | None, status: int) -> t.Any:
    """Return the shape of a response; None if it is not described."""
    answer: Answer | None = operation.find_answer(status) if operation is not None else None
    return answer.shape if answer is not None else None


def describe_headers(headers: t.Mapping[str, str]) -> t.Iterator[str]:
    """Yield the names of the relevant headers, and the kind of value of some."""
    for name in HEADERS:
        value = headers.get(name)
        if value is None:
            continue
        if name == "content-type":
            media = value.partition(";")[0].strip().lower()
            yield f"{name} {media if media in MEDIA else HIDDEN}"
        elif name == "retry-after":
            yield f"{name} in {'seconds' if value.isdigit() else 'fractions' if re.fullmatch(r'[0-9.]+', value) else 'another form'}"
        else:
            yield name


def find_progress(contract: Contract, shape: t.Any, value: t.Any) -> t.Iterator[str]:
    """Yield the values of enumerations that show the progress of a change, if the description has these values."""
    if isinstance(value, list) and shape is not None and not isinstance(shape, ObjectType):
        for each in value:
            yield from find_progress(contract, shape.item, each)
    elif isinstance(value, dict) and shape is not None:
        found = contract.find_object(shape) if isinstance(shape, ObjectType) or shape.item is None else None
        for name, each in value.items():
            known = found.properties.get(name) if found is not None else None
            if known is not None:
                yield from find_progress(contract, known.expression, each)
    elif isinstance(value, str) and shape is not None and not isinstance(shape, ObjectType) and shape.name in PROGRESS:
        enum = contract.types.find_enum(shape.name)
        if enum is not None and value in enum["members"]:
            yield value


def count_items(query: str, body: t.Any) -> int | None:
    """Return the number of items of a list; None for anything else, and for a page of several."""
    items = body.get("value") if isinstance(body, dict) else None
    if not isinstance(items, list) or "@odata.nextLink" in body or any(option in query.lower() for option in OF_PAGES):
        return None
    return len(items)
