# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""$batch: at most 20 requests in one, each with its own status, quota, and headers; the responses have no order.

Source: https://learn.microsoft.com/graph/json-batching
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, unquote

from ..state.faults import ITEM_KINDS, Fault
from .errors import bad_request
from .message import GraphRequest, Response
from .recording import open_entry, record

MAX_ITEMS = 20
HandleItem = Callable[[GraphRequest, Fault | None], Response]
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


def run(request: GraphRequest, handle_item: HandleItem) -> Response:
    """Return 200 with a response for each item; raise 400 if the batch itself is not valid."""
    responses: list[dict[str, Any]] = []
    failed = False
    for item in _checked(request):
        # an item can only depend on the one before it
        if failed and item.get("dependsOn"):
            responses.append(_failed_dependency(item))
            continue
        item_responses, failed = _run_item(request, item, handle_item)
        responses += item_responses
    if request.tenant.settings.batch_shuffle:
        request.tenant.rng.shuffle(responses)
    return Response(200, {"responses": responses})


def _checked(request: GraphRequest) -> list[dict[str, Any]]:
    body = request.body
    if not isinstance(body, dict) or not isinstance(body.get("requests"), list):
        raise bad_request("Invalid batch payload format.")
    items: list[dict[str, Any]] = body["requests"]
    if not items:
        raise bad_request("Invalid batch payload format: 'requests' must not be empty.")
    if len(items) > MAX_ITEMS:
        raise bad_request(f"Number of batch request steps exceeds the maximum value of {MAX_ITEMS}.")
    known: set[str] = set()
    for item in items:
        _check_item(request, item, known)
    _check_dependencies(items)
    return items


def _check_item(request: GraphRequest, item: Any, known: set[str]) -> None:
    # Ignore unknown members: Microsoft's own SDK writes a depends_on.
    if not isinstance(item, dict):
        raise bad_request("Invalid batch payload format.")
    item_id = item.get("id")
    if not isinstance(item_id, str) or not item_id:
        raise bad_request("Request Id in the batch can not be null or empty.")
    if item_id.lower() in known:
        raise bad_request(f"Request Id : {item_id} is not unique in the batch.")
    known.add(item_id.lower())
    if not isinstance(item.get("method"), str) or item["method"].upper() not in METHODS:
        raise bad_request(f"Invalid HTTP method of request id : {item_id}.")
    url = item.get("url")
    if not isinstance(url, str) or not url or "://" in url.partition("?")[0] or url.startswith("//"):
        raise bad_request(f"Invalid URL of request id : {item_id}: a relative URL is required.")
    if url.lstrip("/").lower().startswith("$batch"):
        raise bad_request("Nested batch requests are not allowed.")
    headers = {} if item.get("headers") is None else item["headers"]
    if not isinstance(headers, dict) or not all(isinstance(value, str) for value in headers.values()):
        raise bad_request(f"Invalid headers of request id : {item_id}.")
    _check_body(request, item, headers)


def _check_body(request: GraphRequest, item: dict[str, Any], headers: dict[str, str]) -> None:
    """Refuse the whole batch if a write or a body lacks Content-Type."""
    exact = request.tenant.settings.batch_item_header_case
    has_header = "Content-Type" in headers if exact else any(name.lower() == "content-type" for name in headers)
    body = item.get("body")
    if not has_header and (body is not None or item["method"].upper() in ("POST", "PATCH", "PUT")):
        raise bad_request(f"Write request id : {item['id']} does not contain Content-Type header or body.")
    if body is not None and not isinstance(body, dict):
        raise bad_request(f"Invalid body of request id : {item['id']}.")


def _check_dependencies(items: list[dict[str, Any]]) -> None:
    stated = [[] if item.get("dependsOn") is None else item["dependsOn"] for item in items]
    parallel: list[list[str]] = [[] for _item in items]
    sequential = [[], *([item["id"]] for item in items[:-1])]
    if stated not in (parallel, sequential):
        raise bad_request("Batch should be either fully sequential or fully parallel.")


def _failed_dependency(item: dict[str, Any]) -> dict[str, Any]:
    error = {"code": "FailedDependency", "message": "Dependent request has failed."}
    return {"id": item["id"], "status": 424, "headers": {"Content-Type": "application/json"}, "body": {"error": error}}


def _run_item(batch: GraphRequest, item: dict[str, Any], handle_item: HandleItem) -> tuple[list[dict[str, Any]], bool]:
    """Return (its responses: one, unless a fault changes that; whether it failed)."""
    request = _item_request(batch, item)
    fault = request.tenant.faults.hit(request.method, request.path, request.version, ITEM_KINDS)
    if fault is not None:
        request.entry["fault"] = fault.kind
        if fault.kind == "omit" and not fault.details.get("processed"):
            return [], True
    response = handle_item(request, fault)
    times = {"omit": 0, "duplicate": 2}.get(fault.kind, 1) if fault else 1
    return [_render_item(item["id"], response, request)] * times, response.status >= 400


def _item_request(batch: GraphRequest, item: dict[str, Any]) -> GraphRequest:
    headers = {name.lower(): value for name, value in (item.get("headers") or {}).items()}
    headers.setdefault("authorization", batch.headers.get("authorization", ""))
    path, _separator, query = item["url"].partition("?")
    path = "/" + unquote(path).lstrip("/")
    method = item["method"].upper()
    body = item.get("body")
    tenant = batch.tenant
    request = GraphRequest(
        tenant=tenant,
        method=method,
        version=batch.version,
        path=path,
        query_string=query,
        query=parse_qsl(query, keep_blank_values=True),
        headers=headers,
        raw=json.dumps(body).encode() if body is not None else b"",
        request_id=tenant.new_request_id(),
        client_request_id=headers.get("client-request-id") or batch.client_request_id,
        body=body,
    )
    request.entry = open_entry(request, kind="batch_item", batch=batch.entry["seq"], user_agent=batch.headers.get("user-agent"))
    return request


def _render_item(item_id: str, response: Response, request: GraphRequest) -> dict[str, Any]:
    names = {"retry-after": "Retry-After", "content-type": "Content-Type", "location": "Location", "cache-control": "Cache-Control"}
    headers = {"Cache-Control": "no-cache"}
    headers.update({names.get(name, name): value for name, value in response.headers.items() if name != "x-ms-ags-diagnostic"})
    rendered: dict[str, Any] = {"id": item_id, "status": response.status, "headers": headers}
    if response.text is not None:
        rendered["body"] = int(response.text)
    elif response.headers.get("content-type", "").startswith("application/octet-stream"):
        # a body that is not JSON is base64
        rendered["body"] = base64.b64encode(json.dumps(response.body).encode()).decode()
    elif response.body is not None:
        rendered["body"] = response.body
    record(request, response)
    return rendered
