# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Find the approval request of a write, and describe requests of Multi Admin Approval. Pure.

A justification ends with a mark that is computed from the write itself, so that a later run finds its request without storing its code.
Source: Microsoft Intune, Multi Admin Approval (https://learn.microsoft.com/intune/fundamentals/multi-admin-approval).
"""

from __future__ import annotations

import hashlib
import re
import typing as t
import urllib.parse

from .. import _errors as errors
from .. import _guid
from .. import _json as shapes
from .._graph.responses import parse_error
from .._http.message import Request, Response
from .._text import quote
from .._types import Json
from .options import ApprovalOptions

APPROVAL_REQUEST = shapes.object_of(
    {
        **dict.fromkeys(("id", "requestId", "status", "requestJustification"), shapes.optional(shapes.text)),
        **dict.fromkeys(("requestDateTime", "expirationDateTime", "approvalJustification"), shapes.lenient(shapes.text)),
    }
)
CODE_HEADER = "x-msft-approval-code"
MARK = re.compile(r"\[endpointops\.intune [0-9a-f]{16}\]$")
CODE = re.compile(rf"{CODE_HEADER}\W+({_guid.PATTERN.pattern})", re.IGNORECASE)
OPEN = ("needs_approval", "approved")
DECIDED_AGAINST = ("rejected", "cancelled")
READERS = ("DeviceManagementRBAC.Read.All", "DeviceManagementConfiguration.Read.All")


def render_mark(request: Request) -> str:
    """Return the mark of one write. It is equal only for identical writes."""
    parts = urllib.parse.urlsplit(request.url)
    text = "\n".join((request.method, parts.path, parts.query))
    digest = hashlib.sha256(text.encode() + b"\n" + (request.body or b"")).hexdigest()
    return f"[endpointops.intune {digest[:16]}]"


def parse_code(response: Response) -> str | None:
    """Return the code of a created request, from its header or from the text of the response."""
    if response.status not in (403, 412):
        return None
    in_text = CODE.search(response.text)
    in_header = _guid.parse_guid(response.headers.get(CODE_HEADER, ""))
    return in_header or (in_text.group(1) if in_text else None)


def code_of(item: t.Mapping[str, t.Any]) -> str:
    """Return the code of a request: its requestId if it has one (as documented), or else its id (as observed)."""
    return str(item.get("requestId") or item.get("id"))


def has_code(item: t.Mapping[str, t.Any], code: str) -> bool:
    """Return whether a request has this code."""
    return bool(code) and code.lower() in (str(item.get("id")).lower(), str(item.get("requestId")).lower())


def mark_of(item: t.Mapping[str, t.Any]) -> str | None:
    """Return the mark of this collection in a request's justification, or None without one."""
    text = MARK.search(str(item.get("requestJustification") or "").strip())
    return text.group(0) if text else None


def justification_of(item: t.Mapping[str, t.Any]) -> str:
    """Return the justification of a request without the mark."""
    return MARK.sub("", str(item.get("requestJustification") or "").strip()).strip()


def status_of(item: t.Mapping[str, t.Any]) -> str:
    """Return the status of a request in snake_case, in one spelling."""
    status = {"needsApproval": "needs_approval", "canceled": "cancelled"}
    return status.get(str(item.get("status")), str(item.get("status")))


def newest(items: t.Iterable[Json]) -> Json | None:
    """Return the newest request, or None when there is none."""
    return max(items, key=lambda item: str(item.get("requestDateTime") or ""), default=None)


def choose(items: list[Json] | None, options: ApprovalOptions, request: Request) -> Json | None:
    """Return the request that decides about a write, or None if a new one must be created.

    :param items: the tenant's requests, or None if they cannot be read.
    """
    if items is None:
        # Only a given code can identify the request.
        return {"id": options.code, "status": "approved"} if options.code else None
    own = render_mark(request)
    # A given code may belong to another write of this run, as its mark shows.
    given = [item for item in items if has_code(item, options.code) and mark_of(item) in (None, own) and status_of(item) != "completed"]
    if given or not options.justification:
        return newest(given)
    found = newest(item for item in items if mark_of(item) == own)
    if found is None or status_of(found) not in (*OPEN, *DECIDED_AGAINST):
        return None
    if justification_of(found) == options.justification:
        return found
    if status_of(found) in OPEN:
        # Its approver approved another justification.
        raise duplicate([found], request)
    return None


def describe(item: t.Mapping[str, t.Any], request: Request) -> Json:
    """Return the ``approval`` return value."""
    return {
        "code": code_of(item),
        "status": "needs_approval",
        "requested": item.get("requestDateTime"),
        "expires": item.get("expirationDateTime"),
        "justification": item.get("requestJustification"),
        "operation": request.target,
    }


# --- the errors -----------------------------------------------------------------------------------------------------


def pending(item: Json, request: Request) -> errors.ApprovalPendingError:
    """Return the error for a request that waits for a person's decision."""
    message = f"{request.target} waits for the approval of another administrator (code {code_of(item)})."
    return errors.ApprovalPendingError(message, describe(item, request), target=request.target)


def duplicate(others: list[Json], request: Request) -> errors.ApprovalError:
    """Return the error for open requests that prevent a new one."""
    listed = "; ".join(f"{code_of(item)} ({quote(item.get('requestJustification'))})" for item in others)
    hint = (
        "Give its code as approval_code, or the text that asked for it as approval_justification. To find requests by itself, the "
        f"application needs {' or '.join(READERS)}."
    )
    if others and all(mark_of(item) not in (None, render_mark(request)) for item in others):
        hint = "It is for another change of the same object: wait for it, or have it canceled."
    return errors.ApprovalError(
        f"Another approval request for {request.target} is open" + (f": {listed}." if listed else "."),
        code="duplicate",
        hint=hint,
        target=request.target,
    )


def refused(item: t.Mapping[str, t.Any], request: Request) -> errors.ApprovalError:
    """Return the error for a rejected or expired request."""
    reason = f": {quote(item['approvalJustification'])}" if item.get("approvalJustification") else ""
    return errors.ApprovalError(
        f"The approval request {code_of(item)} for {request.target} is {status_of(item)}{reason}.",
        code=status_of(item),
        hint="To ask again, change approval_justification, and leave approval_code out.",
        target=request.target,
    )


def unknown_code(code: str, request: Request) -> errors.ApprovalError:
    """Return the error for a code that no open request has."""
    return errors.ApprovalError(
        f"No open approval request for {request.target} has the code {code}.",
        code="unknown_code",
        hint="Correct approval_code, or set approval_justification to ask for an approval.",
        target=request.target,
    )


def unreadable(message: str, target: str | None = None) -> errors.ApprovalError:
    """Return the error for requests that could not be read."""
    hint = "Run the task again: a request that was created is found then."
    return errors.ApprovalError(message, code="unreadable", hint=hint, target=target)


def not_asked(request: Request, refusal: Response) -> errors.IntuneError:
    """Return the error for a protected write without the options that request an approval."""
    return parse_error(request, refusal).with_approval_hint(
        "Multi Admin Approval protects this in the tenant: set approval_justification to ask for an approval, and run again when "
        "another administrator has given it; or exclude this application from the access policy."
    )
