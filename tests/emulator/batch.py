# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""$batch: at most 20 requests in one, each with its own status, quota and headers, answered in no order (facts: batch)."""

from __future__ import annotations

import base64
import json
import uuid
from typing import Any
from urllib.parse import parse_qsl, unquote

from .errors import bad_request
from .exchange import Call, Reply
from .faults import ITEM_KINDS

MAX_ITEMS = 20
METHODS = ("GET", "POST", "PATCH", "PUT", "DELETE")


def run(call: Call) -> Reply:
    """200 with one answer per item; 400 when the envelope is malformed."""
    items = _checked(call)
    statuses: dict[str, int] = {}
    responses = []
    for item in _ordered(items):
        failed = any(statuses[name] >= 400 for name in item.get("dependsOn") or ())
        response = _failed_dependency(item) if failed else _run_item(call, item)
        statuses[item["id"]] = response["status"]
        responses.append(response)
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
    names = {item["id"] for item in items}
    for item in items:
        for name in item.get("dependsOn") or ():
            if name not in names:
                raise bad_request(f"Dependent request id : {name} of request id : {item['id']} does not exist in the batch.")
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
    if str(item.get("method", "")).upper() not in METHODS:
        raise bad_request(f"Invalid HTTP method of request id : {item_id}.")
    url = item.get("url")
    if not isinstance(url, str) or not url or "://" in url.partition("?")[0] or url.startswith("//"):
        raise bad_request(f"Invalid URL of request id : {item_id}: a relative URL is required.")
    if url.lstrip("/").lower().startswith("$batch"):
        raise bad_request("Nested batch requests are not allowed.")
    if not isinstance(item.get("headers") or {}, dict) or not isinstance(item.get("dependsOn") or [], list):
        raise bad_request("Invalid batch payload format.")
    if str(item["method"]).upper() in ("POST", "PATCH", "PUT"):
        _check_write(call, item)


def _check_write(call: Call, item: dict[str, Any]) -> None:
    """The whole batch is refused for one write without header and body; the header's name counts with its letter case."""
    names = item.get("headers") or {}
    exact = call.tenant.settings.batch_item_header_case
    has_header = "Content-Type" in names if exact else any(name.lower() == "content-type" for name in names)
    has_body = item.get("body") is not None
    if not has_header:
        raise bad_request(f"Write request id : {item['id']} does not contain Content-Type header or body.")
    if has_body and not isinstance(item["body"], dict):
        raise bad_request(f"Invalid body of request id : {item['id']}.")


def _ordered(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Dependencies first; a circle is malformed."""
    waiting, done, ordered = list(items), set(), []
    while waiting:
        ready = [item for item in waiting if set(item.get("dependsOn") or ()) <= done]
        if not ready:
            raise bad_request("Invalid batch payload format: circular dependency.")
        ordered += ready
        done |= {item["id"] for item in ready}
        waiting = [item for item in waiting if item["id"] not in done]
    return ordered


def _failed_dependency(item: dict[str, Any]) -> dict[str, Any]:
    error = {"code": "FailedDependency", "message": "Dependent request has failed."}
    return {"id": item["id"], "status": 424, "headers": {"Content-Type": "application/json"}, "body": {"error": error}}


def _run_item(outer: Call, item: dict[str, Any]) -> dict[str, Any]:
    from . import graph

    call = _item_call(outer, item)
    fault = call.tenant.faults.hit(call.method, call.path, call.version, ITEM_KINDS)
    if fault is not None:
        call.entry["fault"] = fault.kind
    if fault is not None and fault.kind == "status":
        if fault.details.get("processed"):
            graph.handle(call)
        reply = graph.fault_reply(call, fault.details)
    else:
        if fault is not None:
            graph.apply_auth_fault(call, fault)
        reply = graph.handle(call)
    return _response(item["id"], reply, call)


def _item_call(outer: Call, item: dict[str, Any]) -> Call:
    headers = {str(name).lower(): str(value) for name, value in (item.get("headers") or {}).items()}
    headers.setdefault("authorization", outer.headers.get("authorization", ""))
    path, _separator, query = str(item["url"]).partition("?")
    path = "/" + unquote(path).lstrip("/")
    method = str(item["method"]).upper()
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
        request_id=str(uuid.UUID(int=tenant.rng.getrandbits(128), version=4)),
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
