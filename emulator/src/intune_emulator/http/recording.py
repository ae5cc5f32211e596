# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Journal entries and recorded exchanges of Graph requests."""

from __future__ import annotations

from typing import Any

from ..state.clock import iso_fractional
from ..state.journal import Entry, redact
from .json_text import parse_json
from .message import GraphRequest, Response

# POST requests that change nothing by themselves.
READS_BY_POST = ("/$batch", "/devicemanagement/reports/get")


def parse_body(request: GraphRequest) -> Any:
    """Return the JSON of a request, or None."""
    if request.body is not None or not request.raw:
        return request.body
    try:
        return parse_json(request.raw)
    except ValueError:
        return None


def open_entry(request: GraphRequest, kind: str, batch: int | None = None, user_agent: str | None = None) -> Entry:
    """Add a journal entry for a Graph request. `batch`: the entry of the $batch that holds it."""
    tenant = request.tenant
    write = request.method != "GET" and not request.path.lower().startswith(READS_BY_POST)
    return tenant.journal.open(
        time=iso_fractional(tenant.clock.now()),
        method=request.method,
        version=request.version,
        path=request.path,
        query=request.query_string,
        kind=kind,
        client_request_id=request.client_request_id,
        request_id=request.request_id,
        user_agent=user_agent,
        write=write,
        batch=batch,
        body=redact(parse_body(request)) if write else None,
    )


def record(request: GraphRequest, response: Response) -> None:
    """Append the exchange to the recording, if one is active."""
    recorder = request.tenant.recorder
    if recorder.active:
        recorder.write(
            method=request.method,
            version=request.version,
            path=request.path + (f"?{request.query_string}" if request.query_string else ""),
            request_headers={name: value for name, value in request.headers.items() if name != "authorization"},
            request_body=parse_body(request),
            status=response.status,
            response_headers=response.headers,
            response_body=response.body if response.text is None else response.text,
        )
