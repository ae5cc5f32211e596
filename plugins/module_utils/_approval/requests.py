# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Multi Admin Approval: a write that another administrator has to approve first.

Intune refuses a protected write without a justification. With one it files a request, answers with its code, and changes nothing.
Once a person has approved that request, the identical write is sent with the code. Source: Intune, Multi Admin Approval by Graph.

A justification ends with a mark that is made of the write itself, so that a later run finds its request without keeping its code.
"""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import re
import typing as t
import urllib.parse

from .. import _errors as errors
from .._http.message import Request, Response, decode_error

PATH = "/deviceManagement/operationApprovalRequests"
JUSTIFICATION_HEADER = "x-msft-approval-justification"
CODE_HEADER = "x-msft-approval-code"
LONGEST_JUSTIFICATION = 1024  # characters, with the mark
MARK = re.compile(r"\[endpointops\.intune [0-9a-f]{16}\]$")
GUID = re.compile("[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
CODE = re.compile(rf"{CODE_HEADER}\W+({GUID.pattern})", re.IGNORECASE)
OPEN = ("needs_approval", "approved")
DECIDED_AGAINST = ("rejected", "cancelled")
READERS = ("DeviceManagementRBAC.Read.All", "DeviceManagementConfiguration.Read.All")

Json = dict[str, t.Any]


@dataclasses.dataclass(frozen=True)
class Asked:
    """What the user gave: the text that asks for an approval, or the code of a request that was made."""

    justification: str | None = None
    code: str | None = None

    @property
    def text(self) -> str:
        return (self.justification or "").strip()

    @property
    def given(self) -> str:
        """The code, '' for none."""
        return (self.code or "").strip().lower()

    def check(self) -> None:
        room = LONGEST_JUSTIFICATION - len(" [endpointops.intune 0123456789abcdef]")
        if len(self.text) > room:
            raise errors.InvalidOptionError(
                f"approval_justification has {len(self.text)} characters; {room} fit into a request."
            )
        if self.given and not GUID.fullmatch(self.given):
            raise errors.InvalidOptionError(f"approval_code is '{self.given}', which is no code: it is a GUID.")


class Filed:
    """The tenant's approval requests: read once for all writes of a run, and again after one was made."""

    def __init__(self, read: t.Callable[[], t.Iterable[Json]]) -> None:
        self._read = read
        self._kept: list[Json] | None = None

    def known(self) -> list[Json]:
        return self._kept if self._kept is not None else self.fresh()

    def fresh(self) -> list[Json]:
        self._kept = list(self._read())
        return self._kept


def required(answer: Response) -> bool:
    """Whether the write was refused for want of a justification. Seen as 400, announced as 403."""
    return answer.status in (400, 403) and JUSTIFICATION_HEADER in answer.text and "required" in answer.text


def obtain(asked: Asked, request: Request, refusal: Response, send: t.Callable[[Request], Response], filed: Filed) -> Response:
    """The answer of the write, sent again with an approval.

    Raises ApprovalPendingError while a person has to decide, and ApprovalError where one
    decided against it.
    """
    if not asked.text and not asked.given:
        raise _unasked(request, refusal)
    found = _choose(_known(filed.known), asked, request)
    if found is not None:
        if _status(found) == "needs_approval":
            raise _pending(found, request)
        if _status(found) != "approved":
            raise _refused(found, request)
        answer = send(_with_header(request, CODE_HEADER, code_of(found)))
        # A code that does not say what it was given for may have been for another write of this run: then nothing was done.
        if not asked.text or _mark_of(found) is not None or answer.status not in (400, 403, 412):
            return answer
    if not asked.text:
        raise errors.ApprovalError(
            f"There is no open approval request with the code {asked.given} for {request.target}.",
            code="unknown_code",
            hint="It was not done. Correct approval_code, or set approval_justification to ask for an approval.",
            target=request.target,
        )
    return _ask(asked, request, send, filed)


def mark(request: Request) -> str:
    """The mark of one write: the same for the identical write, and for no other."""
    parts = urllib.parse.urlsplit(request.url)
    text = "\n".join((request.method, parts.path, parts.query))
    digest = hashlib.sha256(text.encode() + b"\n" + (request.body or b"")).hexdigest()
    return f"[endpointops.intune {digest[:16]}]"


def code_in(answer: Response) -> str | None:
    """The code of the request that was filed: from its header, or from the text of the answer."""
    if answer.status not in (403, 412):
        return None
    in_text = CODE.search(answer.text)
    return answer.headers.get(CODE_HEADER) or (in_text.group(1) if in_text else None)


def code_of(found: t.Mapping[str, t.Any]) -> str:
    """The code is a request's requestId where it has one (as documented), and else its id (as seen)."""
    return str(found.get("requestId") or found.get("id"))


def _known(read: t.Callable[[], list[Json]]) -> list[Json] | None:
    """The tenant's requests; null where this application may not read them, so that only a given code can tell."""
    try:
        return read()
    except (errors.ForbiddenError, errors.NotFoundError):
        return None
    except errors.IntuneError as failure:
        # Not passed on as it is: a lost answer of this reading says nothing of the write, which was refused.
        message = f"The approval requests could not be read: {failure}"
        raise errors.ApprovalError(message, code="unreadable", hint="It was not done. Run again.") from None


def _choose(known: list[Json] | None, asked: Asked, request: Request) -> Json | None:
    """The request that decides about this write; null where a new one is to be made."""
    if known is None:
        return {"id": asked.given, "status": "approved"} if asked.given else None
    own = mark(request)
    # A code that is given may be of another write of this run: its mark tells.
    given = [item for item in known if _has_code(item, asked.given) and _mark_of(item) in (None, own) and _status(item) != "completed"]
    if given or not asked.text:
        return _newest(given)
    found = _newest(item for item in known if _mark_of(item) == own)
    if found is None or _status(found) not in (*OPEN, *DECIDED_AGAINST):
        return None
    if _text_of(found) == asked.text:
        return found
    if _status(found) in OPEN:
        # Who approved it did so for another reason.
        raise _others([found], request)
    return None


def _newest(found: t.Iterable[Json]) -> Json | None:
    return max(found, key=lambda item: str(item.get("requestDateTime") or ""), default=None)


def _has_code(found: t.Mapping[str, t.Any], code: str) -> bool:
    return bool(code) and code.lower() in (str(found.get("id")).lower(), str(found.get("requestId")).lower())


def _mark_of(found: t.Mapping[str, t.Any]) -> str | None:
    text = MARK.search(str(found.get("requestJustification") or "").strip())
    return text.group(0) if text else None


def _text_of(found: t.Mapping[str, t.Any]) -> str:
    """The justification without our mark."""
    return MARK.sub("", str(found.get("requestJustification") or "").strip()).strip()


def _status(found: t.Mapping[str, t.Any]) -> str:
    status = {"needsApproval": "needs_approval", "canceled": "cancelled"}
    return status.get(str(found.get("status")), str(found.get("status")))


def _ask(asked: Asked, request: Request, send: t.Callable[[Request], Response], filed: Filed) -> Response:
    text = f"{asked.text} {mark(request)}"
    try:
        answer = send(_with_header(request, JUSTIFICATION_HEADER, base64.b64encode(text.encode()).decode()))
    except errors.LostAnswerError as failure:
        raise _after_lost_answer(filed, request, str(failure)) from None
    code = code_in(answer)
    if code is not None:
        found = _just_filed(filed, lambda item: _has_code(item, code)) or {"id": code, "requestJustification": text}
        raise errors.ApprovalPendingError(_message(request, code), _describe(found, request), target=request.target)
    if answer.status >= 500:
        raise _after_lost_answer(filed, request, f"{request.target} was answered with {answer.status}.")
    if answer.status == 409 and "approval request" in answer.text.lower():
        found = _just_filed(filed, lambda item: _mark_of(item) == mark(request) and _text_of(item) == asked.text)
        raise _pending(found, request) if found else _others([item for item in _known(filed.fresh) or () if _status(item) in OPEN], request)
    return answer


def _just_filed(filed: Filed, fits: t.Callable[[Json], bool]) -> Json | None:
    """The open request that fits; null where it cannot be read."""
    try:
        return _newest(item for item in filed.fresh() if fits(item) and _status(item) in OPEN)
    except errors.IntuneError:
        return None


def _after_lost_answer(filed: Filed, request: Request, what: str) -> errors.IntuneError:
    """Asking may have been heard or not; the write itself was not done either way."""
    found = _just_filed(filed, lambda item: _mark_of(item) == mark(request))
    if found is not None:
        return _pending(found, request)
    return errors.ApprovalError(
        f"Whether an approval was asked for is not known: {what}",
        code="unreadable",
        hint="It was not done. Run again: a request that was made is found then.",
        target=request.target,
    )


def _pending(found: Json, request: Request) -> errors.ApprovalPendingError:
    return errors.ApprovalPendingError(_message(request, code_of(found)), _describe(found, request), target=request.target)


def _others(others: list[Json], request: Request) -> errors.ApprovalError:
    told = "; ".join(f"{code_of(item)} ({item.get('requestJustification')})" for item in others)
    hint = (
        "Give its code as approval_code, or the text that asked for it as approval_justification. To find requests by itself, the "
        f"application needs {' or '.join(READERS)}."
    )
    if others and all(_mark_of(item) not in (None, mark(request)) for item in others):
        hint = "It is for another change of the same object: wait for it, or have it cancelled."
    return errors.ApprovalError(
        f"Another approval request for {request.target} is open" + (f": {told}." if told else "."),
        code="duplicate",
        hint=f"It was not done. {hint}",
        target=request.target,
    )


def _with_header(request: Request, name: str, value: str) -> Request:
    return dataclasses.replace(request, headers={**request.headers, name: value})


def _message(request: Request, code: str) -> str:
    return f"{request.target} waits for the approval of another administrator (code {code})."


def _describe(found: t.Mapping[str, t.Any], request: Request) -> Json:
    """The ``approval`` return value."""
    return {
        "code": code_of(found),
        "status": "needs_approval",
        "requested": found.get("requestDateTime"),
        "expires": found.get("expirationDateTime"),
        "justification": found.get("requestJustification"),
        "operation": request.target,
    }


def _refused(found: t.Mapping[str, t.Any], request: Request) -> errors.ApprovalError:
    reason = f": {found['approvalJustification']}" if found.get("approvalJustification") else ""
    return errors.ApprovalError(
        f"The approval request {code_of(found)} for {request.target} is {_status(found)}{reason}.",
        code=_status(found),
        hint="It was not done. To ask again, change approval_justification, and leave approval_code out.",
        target=request.target,
    )


def _unasked(request: Request, refusal: Response) -> errors.GraphError:
    failure = decode_error(request, refusal)
    failure.hint = (
        "Multi Admin Approval protects this in the tenant: set approval_justification to ask for an approval, and run again when "
        "another administrator has given it; or exclude this application from the access policy."
    )
    return failure
