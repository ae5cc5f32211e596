# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""$batch: at most 20 requests in one, each with its own status, quota and headers, answered in no order (facts: batch)."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qsl, unquote

from .errors import bad_request
from .faults import ITEM_KINDS, Fault
from .message import Call, Reply

MAX_ITEMS = 20
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


def run(call: Call) -> Reply:
    """200 with one answer per item; 400 when the envelope is malformed."""
    responses: list[dict[str, Any]] = []
    failed = False
    for item in _checked(call):
        # depends on the one before, if on any
        if failed and item.get("dependsOn"):
            responses.append(_failed_dependency(item))
            continue
        answers, failed = _run_item(call, item)
        responses += answers
    if call.tenant.settings.batch_shuffle:
        call.tenant.rng.shuffle(responses)
    return Reply(200, {"responses": responses})


def _checked(call: Call) -> list[dict[str, Any]]:
    body = call.body
    if not isinstance(body, dict) or not isinstance(body.get("requests"), list):
        raise bad_request("Invalid batch payload format.")
    items = body["requests"]
    if not items:
        raise bad_request("Invalid batch payload format: 'requests' must not be empty.")
    if len(items) > MAX_ITEMS:
        raise bad_request(f"Number of batch request steps exceeds the maximum value of {MAX_ITEMS}.")
    known: set[str] = set()
    for item in items:
        _check_item(call, item, known)
    _check_dependencies(items)
    return items


def _check_item(call: Call, item: Any, known: set[str]) -> None:
    # Members that batch does not know are passed over: Microsoft's own SDK writes a depends_on.
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
    _check_body(call, item, headers)


def _check_body(call: Call, item: dict[str, Any], headers: dict[str, str]) -> None:
    """The whole batch is refused for one write, or one body, without Content-Type."""
    exact = call.tenant.settings.batch_item_header_case
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


def _run_item(outer: Call, item: dict[str, Any]) -> tuple[list[dict[str, Any]], bool]:
    """(its answers: one unless a fault has it otherwise, whether it failed)."""
    call = _item_call(outer, item)
    fault = call.tenant.faults.hit(call.method, call.path, call.version, ITEM_KINDS)
    if fault is not None:
        call.entry["fault"] = fault.kind
        if fault.kind == "omit" and not fault.details.get("processed"):
            return [], True
    reply = _reply(call, fault)
    response = _response(item["id"], reply, call)
    times = {"omit": 0, "duplicate": 2}.get(fault.kind, 1) if fault else 1
    return [response] * times, reply.status >= 400


def _reply(call: Call, fault: Fault | None) -> Reply:
    from . import dispatch as graph

    if fault is not None and fault.kind == "status":
        if fault.details.get("processed"):
            graph.handle(call)
        return graph.fault_reply(call, fault.details)
    if fault is not None and fault.kind in ("expire_token", "claims_challenge"):
        graph.apply_auth_fault(call, fault)
    return graph.handle(call)


def _item_call(outer: Call, item: dict[str, Any]) -> Call:
    headers = {name.lower(): value for name, value in (item.get("headers") or {}).items()}
    headers.setdefault("authorization", outer.headers.get("authorization", ""))
    path, _separator, query = item["url"].partition("?")
    path = "/" + unquote(path).lstrip("/")
    method = item["method"].upper()
    body = item.get("body")
    tenant = outer.tenant
    call = Call(
        tenant=tenant,
        method=method,
        version=outer.version,
        path=path,
        query_string=query,
        query=parse_qsl(query, keep_blank_values=True),
        headers=headers,
        raw=json.dumps(body).encode() if body is not None else b"",
        request_id=tenant.new_id(),
        client_request_id=headers.get("client-request-id") or outer.client_request_id,
        body=body,
    )
    call.entry = tenant.open_entry(call, kind="batch_item", batch=outer.entry["seq"], user_agent=outer.headers.get("user-agent"))
    return call


def _response(item_id: str, reply: Reply, call: Call) -> dict[str, Any]:
    names = {"retry-after": "Retry-After", "content-type": "Content-Type", "location": "Location", "cache-control": "Cache-Control"}
    headers = {"Cache-Control": "no-cache"}
    headers.update({names.get(name, name): value for name, value in reply.headers.items() if name != "x-ms-ags-diagnostic"})
    response: dict[str, Any] = {"id": item_id, "status": reply.status, "headers": headers}
    if reply.text is not None:
        response["body"] = int(reply.text)
    elif reply.headers.get("content-type", "").startswith("application/octet-stream"):
        # what is not JSON is told in base64
        response["body"] = base64.b64encode(json.dumps(reply.body).encode()).decode()
    elif reply.body is not None:
        response["body"] = reply.body
    call.tenant.record(call, reply)
    return response
