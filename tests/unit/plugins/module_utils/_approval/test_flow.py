# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import dataclasses
import json
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._approval import requests as approval
from ansible_collections.endpointops.intune.plugins.module_utils._approval.options import JUSTIFICATION_HEADER, parse_options
from ansible_collections.endpointops.intune.plugins.module_utils._approval.requests import CODE_HEADER
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import BETA
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from tests.support.fakes import GRAPH, FakeCredential, Script, Tenant, answer, body_of, error, intune, page, tenant

PATH = "/deviceManagement/configurationPolicies"
WRITE = f"POST /beta{PATH}"
LIST = "GET /beta/deviceManagement/operationApprovalRequests"
BODY = {"name": "PIN"}
REQUEST = Request("POST", f"{GRAPH}/beta{PATH}", {}, b'{"name": "PIN"}')
CODE = "6d5c2f10-0d1e-4f4b-9a3c-2b7f5e8d9a01"
OTHER = "6d5c2f10-0d1e-4f4b-9a3c-2b7f5e8d9a02"
TEXT = "Ticket 4711: let users recover their PIN."
MARK = approval.render_mark(REQUEST)
# The message of the service.
WANTED = "Header 'x-msft-approval-justification' is required to request approval."
SUBMITTED = "Approval Required. Request Approval using the request ID returned as part of the x-msft-approval-code response header."
DUPLICATE = "An active Approval Request already exists"
REFUSED = intune(400, WANTED)
FILED = intune(412, SUBMITTED, x_msft_approval_code=CODE)
DONE = answer(201, {"id": "1"})


def filed(status: str = "needsApproval", text: str = f"{TEXT} {MARK}", **more: t.Any) -> dict[str, t.Any]:
    """Return an entry of the tenant's list. By default it belongs to the task."""
    dates = {"requestDateTime": "2026-01-05T10:00:00Z", "expirationDateTime": "2026-01-08T10:00:00Z"}
    return {"id": CODE, "status": status, "requestJustification": text, "approvalJustification": None, **dates, **more}


def world(script: Script, text: str | None = TEXT, code: str | None = None, credential: FakeCredential | None = None) -> Tenant:
    return tenant(script, approval=parse_options(text, code), credential=credential)


def write(subject: Tenant) -> t.Any:
    return subject.client.post(PATH, BODY, version=BETA)


def headers_of(request: Request) -> dict[str, str]:
    """Return the headers of an approval, the justification as text."""
    found = {name: value for name, value in request.headers.items() if name.startswith("x-msft")}
    if JUSTIFICATION_HEADER in found:
        found[JUSTIFICATION_HEADER] = base64.b64decode(found[JUSTIFICATION_HEADER]).decode()
    return found


def sent_with(subject: Tenant) -> list[dict[str, str]]:
    """Return the approval headers of each write."""
    return [headers_of(request) for request in subject.transport.sent if request.method != "GET"]


@pytest.mark.parametrize("asked", [{}, {"text": None}, {"code": CODE}], ids=["text", "nothing", "text and code"])
def test_a_write_that_is_not_protected_is_sent_as_ever(asked: dict[str, t.Any]) -> None:
    subject = world([DONE], **asked)
    assert write(subject) == {"id": "1"}
    assert sent_with(subject) == [{}]


@pytest.mark.parametrize(
    "refusal",
    [
        pytest.param(error(400), id="400"),
        pytest.param(error(403), id="403"),
        pytest.param(intune(409, WANTED), id="the words with another status"),
        pytest.param(intune(412, SUBMITTED, x_msft_approval_code=CODE), id="412 out of the blue"),
        pytest.param(intune(400, "The header x-msft-approval-justification is not valid."), id="a bad justification"),
        pytest.param(intune(400, "The property name is required."), id="something else is required"),
    ],
)
def test_another_refusal_asks_for_no_approval(refusal: Response) -> None:
    subject = world([refusal])
    with pytest.raises(errors.GraphError):
        write(subject)
    assert subject.transport.targets == [WRITE]


def test_reading_asks_for_no_approval() -> None:
    subject = world([REFUSED])
    with pytest.raises(errors.GraphError):
        subject.client.get(PATH, version=BETA)
    assert len(subject.transport.sent) == 1


@pytest.mark.parametrize("status", [400, 403])
@pytest.mark.parametrize("asked", [None, "", "  "], ids=["unset", "empty", "blank"])
def test_without_a_justification_the_refusal_says_what_to_set(status: int, asked: str | None) -> None:
    subject = world([intune(status, WANTED)], text=asked, code=asked)
    with pytest.raises(errors.GraphError) as caught:
        write(subject)
    assert (caught.value.status, caught.value.message, caught.value.target) == (status, WANTED, WRITE)
    assert "set approval_justification" in (caught.value.hint or "")
    assert subject.transport.targets == [WRITE]


@pytest.mark.parametrize("refusal", [400, 403], ids=["refused with 400", "refused with 403"])
@pytest.mark.parametrize(
    "submitted",
    [
        pytest.param(intune(412, SUBMITTED, x_msft_approval_code=CODE), id="412 with a header"),
        pytest.param(intune(403, SUBMITTED, x_msft_approval_code=CODE), id="403 with a header"),
        pytest.param(intune(412, SUBMITTED, json.dumps({CODE_HEADER: CODE})), id="412, HttpHeaders alone"),
        pytest.param(intune(403, SUBMITTED, json.dumps({"X-MSFT-Approval-Code": CODE})), id="403, HttpHeaders alone, other case"),
        pytest.param(intune(412, SUBMITTED, json.dumps({CODE_HEADER: [CODE]})), id="412, HttpHeaders with a list"),
        pytest.param(intune(412, f"{SUBMITTED} {CODE_HEADER}: {CODE}"), id="412, message alone"),
        pytest.param(error(403, "ApprovalRequired", f"{SUBMITTED} {CODE_HEADER}: {CODE}"), id="403, message that is not wrapped"),
    ],
)
def test_a_justification_files_a_request_and_the_task_waits(refusal: int, submitted: Response) -> None:
    subject = world({WRITE: [intune(refusal, WANTED), submitted], LIST: [page(), page(filed())]})
    with pytest.raises(errors.ApprovalPendingError) as caught:
        write(subject)
    assert caught.value.approval == {
        "code": CODE,
        "status": "needs_approval",
        "requested": "2026-01-05T10:00:00Z",
        "expires": "2026-01-08T10:00:00Z",
        "justification": f"{TEXT} {MARK}",
        "operation": WRITE,
    }
    assert caught.value.message == f"{WRITE} waits for the approval of another administrator (code {CODE})."
    assert caught.value.target == WRITE
    assert sent_with(subject) == [{}, {JUSTIFICATION_HEADER: f"{TEXT} {MARK}"}]


def test_the_identical_write_is_sent_with_the_justification() -> None:
    subject = world({WRITE: [REFUSED, FILED], LIST: page()})
    with pytest.raises(errors.ApprovalPendingError):
        write(subject)
    first, second = (request for request in subject.transport.sent if request.method == "POST")
    header = {JUSTIFICATION_HEADER: second.headers[JUSTIFICATION_HEADER]}
    assert second == dataclasses.replace(first, headers={**first.headers, **header})
    assert body_of(second) == BODY


UNTOLD = {"403": error(403), "404": error(404), "500": error(500), "empty": page(), "other": page(filed(id=OTHER))}


@pytest.mark.parametrize("listed", UNTOLD.values(), ids=UNTOLD)
def test_what_the_list_does_not_tell_of_a_new_request_is_unknown(listed: Response) -> None:
    subject = world({WRITE: [REFUSED, FILED], LIST: [page(), listed]})
    with pytest.raises(errors.ApprovalPendingError) as caught:
        write(subject)
    known = {name: caught.value.approval[name] for name in ("code", "requested", "expires", "justification")}
    assert known == {"code": CODE, "requested": None, "expires": None, "justification": f"{TEXT} {MARK}"}


def test_a_justification_may_have_any_letters_and_space_around() -> None:
    subject = world({WRITE: [REFUSED, FILED], LIST: page()}, text="  Für alle: 全員 \n")
    with pytest.raises(errors.ApprovalPendingError):
        write(subject)
    assert sent_with(subject)[1][JUSTIFICATION_HEADER].startswith("Für alle: 全員 [endpointops.intune ")
    assert subject.transport.sent[-2].headers[JUSTIFICATION_HEADER].isascii()


def test_where_protection_ended_meanwhile_the_write_is_done() -> None:
    subject = world({WRITE: [REFUSED, DONE], LIST: page()})
    assert write(subject) == {"id": "1"}


@pytest.mark.parametrize(
    ("refusal", "kind"),
    [
        pytest.param(error(403), errors.ForbiddenError, id="403 without a code"),
        pytest.param(intune(412, "Approval Required."), errors.GraphError, id="412 without a code"),
        pytest.param(error(409, "Conflict", "The name is taken."), errors.ConflictError, id="another conflict"),
        pytest.param(error(400, "BadRequest", "The approval request is malformed."), errors.GraphError, id="words alone"),
        pytest.param(intune(400, SUBMITTED, x_msft_approval_code=CODE), errors.GraphError, id="a code with another status"),
    ],
)
def test_another_answer_to_a_justification_is_an_error_of_its_own(refusal: Response, kind: type[errors.GraphError]) -> None:
    with pytest.raises(kind) as caught:
        write(world({WRITE: [REFUSED, refusal], LIST: page()}))
    assert caught.type is kind


@pytest.mark.parametrize("broken", [error(500), errors.LostResponseError("No answer.")], ids=["500", "lost"])
def test_a_list_that_breaks_files_nothing_and_says_nothing_of_the_write(broken: t.Any) -> None:
    subject = world({WRITE: REFUSED, LIST: broken})
    with pytest.raises(errors.ApprovalError, match="could not be read"):
        write(subject)
    assert sent_with(subject) == [{}]


@pytest.mark.parametrize("asked", [{}, {"code": CODE}, {"text": None, "code": CODE}], ids=["text", "text and code", "code"])
def test_a_request_that_waits_is_not_made_again(asked: dict[str, t.Any]) -> None:
    subject = world({WRITE: REFUSED, LIST: page(filed())}, **asked)
    with pytest.raises(errors.ApprovalPendingError) as caught:
        write(subject)
    assert (caught.value.approval["code"], caught.value.approval["expires"]) == (CODE, "2026-01-08T10:00:00Z")
    assert sent_with(subject) == [{}]


@pytest.mark.parametrize("asked", [{}, {"code": CODE}, {"text": None, "code": CODE}], ids=["text", "text and code", "code"])
def test_an_approved_write_is_sent_with_its_code_and_nothing_else(asked: dict[str, t.Any]) -> None:
    subject = world({WRITE: [REFUSED, DONE], LIST: page(filed("approved"))}, **asked)
    assert write(subject) == {"id": "1"}
    first, second = (request for request in subject.transport.sent if request.method == "POST")
    assert second == dataclasses.replace(first, headers={**first.headers, CODE_HEADER: CODE})
    assert JUSTIFICATION_HEADER not in second.headers


def test_an_approved_write_that_fails_is_an_error() -> None:
    subject = world({WRITE: [REFUSED, error(400, "BadRequest", "Bad.")], LIST: page(filed("approved"))})
    with pytest.raises(errors.GraphError, match="Bad"):
        write(subject)


@pytest.mark.parametrize("asked", [{}, {"code": CODE}], ids=["found by its mark", "found by its code"])
@pytest.mark.parametrize(("status", "told"), [("rejected", "rejected"), ("cancelled", "cancelled"), ("canceled", "cancelled")])
def test_a_request_that_was_decided_against_ends_the_matter(status: str, told: str, asked: dict[str, t.Any]) -> None:
    subject = world({WRITE: REFUSED, LIST: page(filed(status, approvalJustification="Not today"))}, **asked)
    with pytest.raises(errors.ApprovalError) as caught:
        write(subject)
    assert caught.value.message == f"The approval request {CODE} for {WRITE} is {told}: Not today."
    assert "change approval_justification" in (caught.value.hint or "")
    assert sent_with(subject) == [{}]


def test_a_refusal_needs_no_reason() -> None:
    with pytest.raises(errors.ApprovalError) as caught:
        write(world({WRITE: REFUSED, LIST: page(filed("rejected"))}))
    assert caught.value.message.endswith(" is rejected.")


@pytest.mark.parametrize("status", ["expired", "completed", "unknown", "somethingNew"])
def test_a_request_that_is_over_is_followed_by_a_new_one(status: str) -> None:
    subject = world({WRITE: [REFUSED, FILED], LIST: page(filed(status, id=OTHER))})
    with pytest.raises(errors.ApprovalPendingError):
        write(subject)
    assert JUSTIFICATION_HEADER in sent_with(subject)[1]


@pytest.mark.parametrize("text", [TEXT, None], ids=["with a text", "without"])
def test_a_code_of_a_request_that_has_expired_is_refused(text: str | None) -> None:
    subject = world({WRITE: REFUSED, LIST: page(filed("expired"))}, text=text, code=CODE)
    with pytest.raises(errors.ApprovalError, match=f"{CODE} for {WRITE} is expired"):
        write(subject)
    assert sent_with(subject) == [{}]


def test_a_code_that_is_used_up_is_none() -> None:
    """A code entered by hand does not name its write: the first one of a run may have used it."""
    entries = page(filed("completed", "By hand."))
    with pytest.raises(errors.ApprovalPendingError):
        write(world({WRITE: [REFUSED, FILED], LIST: entries}, code=CODE))
    with pytest.raises(errors.ApprovalError, match=f"No open approval request for {WRITE} has the code"):
        write(world({WRITE: REFUSED, LIST: entries}, text=None, code=CODE))


def test_a_rejected_request_is_followed_by_a_new_one_with_another_text() -> None:
    subject = world({WRITE: [REFUSED, FILED], LIST: page(filed("rejected", id=OTHER))}, text="Better reasons.")
    with pytest.raises(errors.ApprovalPendingError):
        write(subject)
    assert sent_with(subject)[1] == {JUSTIFICATION_HEADER: f"Better reasons. {MARK}"}


@pytest.mark.parametrize("status", ["approved", "needsApproval"])
def test_an_open_request_for_another_reason_is_told_and_not_used(status: str) -> None:
    subject = world({WRITE: REFUSED, LIST: page(filed(status))}, text="Other words.")
    with pytest.raises(errors.ApprovalError, match="Another approval request") as caught:
        write(subject)
    assert TEXT in caught.value.message and CODE in caught.value.message
    assert sent_with(subject) == [{}]


@pytest.mark.parametrize("status", [400, 403, 412])
@pytest.mark.parametrize("listed", [error(403), page(filed("approved", "By hand."))], ids=["unreadable", "without a mark"])
def test_a_code_that_was_for_another_write_of_the_run_is_followed_by_a_new_request(status: int, listed: Response) -> None:
    subject = world({WRITE: [REFUSED, error(status), FILED], LIST: listed}, code=OTHER if listed.status == 403 else CODE)
    with pytest.raises(errors.ApprovalPendingError):
        write(subject)
    assert [list(headers) for headers in sent_with(subject)] == [[], [CODE_HEADER], [JUSTIFICATION_HEADER]]


@pytest.mark.parametrize("status", [400, 403, 412])
def test_a_page_of_a_gateway_does_not_say_that_a_code_was_for_another_write(status: int) -> None:
    subject = world({WRITE: [REFUSED, answer(status, b"<html>"), FILED], LIST: page(filed("approved", "By hand."))}, code=CODE)
    with pytest.raises(errors.GraphError) as caught:
        write(subject)
    assert caught.value.effects == "unknown"
    assert [list(headers) for headers in sent_with(subject)] == [[], [CODE_HEADER]]


def test_a_refusal_of_a_code_that_is_for_this_write_is_told() -> None:
    subject = world({WRITE: [REFUSED, error(400, "BadRequest", "Bad body.")], LIST: page(filed("approved"))}, code=CODE)
    with pytest.raises(errors.GraphError, match="Bad body"):
        write(subject)


NOT_HEARD = {
    "lost": errors.LostResponseError("No answer."),
    **{str(status): error(status) for status in (408, 499, 500, 503)},
    **{f"{status} of a gateway": answer(status, b"<html>") for status in (302, 400, 403, 499)},
}


@pytest.mark.parametrize("lost", NOT_HEARD.values(), ids=NOT_HEARD)
@pytest.mark.parametrize("heard", [True, False])
def test_a_lost_answer_to_asking_is_not_taken_for_one_of_the_write(lost: t.Any, heard: bool) -> None:
    subject = world({WRITE: [REFUSED, lost], LIST: [page(), page(filed()) if heard else page()]})
    with pytest.raises(errors.ApprovalPendingError if heard else errors.ApprovalError) as caught:
        write(subject)
    assert caught.value.effects == "none" and "Nothing was changed." in str(caught.value)


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([filed("rejected", requestDateTime="2026-01-01T10:00:00Z", id=OTHER), filed("approved")], id="the newest is last"),
        pytest.param([filed("approved"), filed("rejected", requestDateTime="2026-01-01T10:00:00Z", id=OTHER)], id="the newest is first"),
        pytest.param([filed("approved"), filed("rejected", requestDateTime=None, id=OTHER)], id="one without a date is older"),
    ],
)
def test_of_several_requests_of_ours_the_newest_counts(entries: list[dict[str, t.Any]]) -> None:
    subject = world({WRITE: [REFUSED, DONE], LIST: page(*entries)})
    write(subject)
    assert sent_with(subject)[1] == {CODE_HEADER: CODE}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(TEXT, id="without a mark"),
        pytest.param(f"{MARK} {TEXT}", id="with the mark elsewhere"),
        pytest.param(f"{TEXT} [endpointops.intune 0123456789abcdef]", id="with the mark of another write"),
        pytest.param(None, id="without a text"),
    ],
)
def test_a_request_of_somebody_else_is_not_ours(text: str) -> None:
    subject = world({WRITE: [REFUSED, FILED], LIST: page(filed("approved", text, id=OTHER))})
    with pytest.raises(errors.ApprovalPendingError):
        write(subject)
    assert CODE_HEADER not in sent_with(subject)[1]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        pytest.param(filed("approved", "By hand."), CODE, id="the id"),
        pytest.param(filed("approved", "By hand.", id="x", requestId=CODE), CODE, id="the requestId"),
        pytest.param(filed("approved", "By hand."), f"  {CODE.upper()}\n", id="other case, with space around"),
    ],
)
def test_a_given_code_is_the_id_or_the_request_id(entry: dict[str, t.Any], code: str) -> None:
    subject = world({WRITE: [REFUSED, DONE], LIST: page(entry)}, text=None, code=code)
    write(subject)
    assert sent_with(subject)[1] == {CODE_HEADER: CODE}


def test_a_given_code_counts_before_our_mark() -> None:
    entries = page(filed("needsApproval", id=OTHER, requestDateTime="2026-01-06T10:00:00Z"), filed("approved", "By hand."))
    subject = world({WRITE: [REFUSED, DONE], LIST: entries}, code=CODE)
    write(subject)
    assert sent_with(subject)[1] == {CODE_HEADER: CODE}


def test_a_given_code_needs_no_justification_though_it_was_asked_with_one() -> None:
    subject = world({WRITE: [REFUSED, DONE], LIST: page(filed("approved"))}, text=None, code=CODE)
    assert write(subject) == {"id": "1"}


def test_a_given_code_counts_with_another_justification_too() -> None:
    subject = world({WRITE: [REFUSED, DONE], LIST: page(filed("approved"))}, text="Other words.", code=CODE)
    assert write(subject) == {"id": "1"}


ELSEWHERE = approval.render_mark(Request("POST", f"{GRAPH}/beta{PATH}/1/assign", {}, b"{}"))


@pytest.mark.parametrize(
    "entries",
    [
        pytest.param([], id="no request"),
        pytest.param([filed("approved", "By hand.", id=OTHER)], id="another code"),
        pytest.param([filed("approved", f"{TEXT} {ELSEWHERE}")], id="of another write"),
    ],
)
def test_a_code_that_is_of_no_use_here_is_refused_where_nothing_else_is_asked(entries: list[dict[str, t.Any]]) -> None:
    subject = world({WRITE: REFUSED, LIST: page(*entries)}, text=None, code=CODE)
    with pytest.raises(errors.ApprovalError, match=f"No open approval request for {WRITE} has the code {CODE}") as caught:
        write(subject)
    assert "approval_justification" in (caught.value.hint or "")
    assert sent_with(subject) == [{}]


def test_a_code_of_an_earlier_write_of_the_run_does_not_hinder_the_next() -> None:
    first = filed("completed", f"{TEXT} {ELSEWHERE}", id=OTHER)
    subject = world({WRITE: [REFUSED, FILED], LIST: page(first)}, code=OTHER)
    with pytest.raises(errors.ApprovalPendingError) as caught:
        write(subject)
    assert caught.value.approval["code"] == CODE


@pytest.mark.parametrize("listed", [error(403), error(404)], ids=[403, 404])
def test_where_requests_cannot_be_read_a_given_code_is_tried(listed: Response) -> None:
    subject = world({WRITE: [REFUSED, DONE], LIST: listed}, code=f" {CODE}\n")
    assert write(subject) == {"id": "1"}
    assert sent_with(subject)[1] == {CODE_HEADER: CODE}


def test_where_requests_cannot_be_read_another_is_asked_for() -> None:
    subject = world({WRITE: [REFUSED, FILED], LIST: error(403)})
    with pytest.raises(errors.ApprovalPendingError):
        write(subject)


def test_where_requests_cannot_be_read_a_duplicate_is_told_without_details() -> None:
    with pytest.raises(errors.ApprovalError) as caught:
        write(world({WRITE: [REFUSED, intune(409, DUPLICATE)], LIST: error(403)}))
    assert caught.value.message == f"Another approval request for {WRITE} is open."
    assert "approval_code" in (caught.value.hint or "")


def test_a_duplicate_of_somebody_else_is_told_with_those_that_are_open() -> None:
    others = page(
        filed("needsApproval", "Theirs."), filed("approved", "Mine.", id="x", requestId=OTHER), filed("completed", "Old.", id="old")
    )
    subject = world({WRITE: [REFUSED, intune(409, DUPLICATE)], LIST: others})
    with pytest.raises(errors.ApprovalError) as caught:
        write(subject)
    assert caught.value.message.endswith(f" is open: {CODE} (Theirs.); {OTHER} (Mine.).")
    assert caught.value.effects == "none" and "Nothing was changed." in str(caught.value)


def test_a_duplicate_of_our_own_whose_answer_was_lost_is_found() -> None:
    lists = [page(), page(filed("needsApproval", "Theirs.", id=OTHER), filed())]
    with pytest.raises(errors.ApprovalPendingError) as caught:
        write(world({WRITE: [REFUSED, intune(409, DUPLICATE)], LIST: lists}))
    assert caught.value.approval["code"] == CODE


def test_a_duplicate_of_the_same_write_for_another_reason_is_not_ours() -> None:
    lists = [page(), page(filed(text=f"Other words. {MARK}"))]
    with pytest.raises(errors.ApprovalError, match="Another approval request") as caught:
        write(world({WRITE: [REFUSED, intune(409, DUPLICATE)], LIST: lists}))
    assert caught.value.code == "duplicate"
    assert "Other words." in caught.value.message


def test_a_token_that_ends_on_the_way_is_renewed() -> None:
    subject = world({WRITE: [REFUSED, answer(401), FILED], LIST: [answer(401), page()]})
    with pytest.raises(errors.ApprovalPendingError):
        write(subject)
    bearers = [request.bearer for request in subject.transport.sent]
    assert bearers[:4] == ["token-1", "token-1", "token-2", "token-2"], "the list took a new one"
    assert sent_with(subject)[1] == sent_with(subject)[2], "and so did the write, with the same header"
    assert subject.credential.number == 3


def test_the_token_is_in_no_header_of_an_approval() -> None:
    subject = world({WRITE: [REFUSED, DONE], LIST: page(filed("approved"))})
    write(subject)
    assert {request.bearer for request in subject.transport.sent} == {"token-1"}
    assert [request for request in subject.transport.sent if "token-" in str(dict(request.headers))] == []


def test_a_request_for_another_change_of_the_object_can_only_be_waited_for() -> None:
    listed = page(filed("needsApproval", f"{TEXT} {ELSEWHERE}", id=OTHER))
    with pytest.raises(errors.ApprovalError) as caught:
        write(world({WRITE: [REFUSED, intune(409, DUPLICATE)], LIST: listed}))
    assert "wait for it" in (caught.value.hint or "") and "approval_code" not in (caught.value.hint or "")
    assert caught.value.describe()["code"] == "duplicate"
