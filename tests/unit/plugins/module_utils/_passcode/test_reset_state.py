# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._devices.eligibility import Verdict
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import Device
from ansible_collections.endpointops.intune.plugins.module_utils._graph.batch import CallResult
from ansible_collections.endpointops.intune.plugins.module_utils._graph.batch_scheduler import BatchScheduler
from ansible_collections.endpointops.intune.plugins.module_utils._graph.rate_limit import Quota
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import reset_response, reset_state, result
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import SKEW, DeviceReset
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.queue import QueuedReset
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.reset_response import ResetResponse, ResponseKind
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.reset_state import EarlierReset, Rules, Transition
from tests.support.fakes import GRAPH, START, answer, error, tenant
from tests.support.resets import ELIGIBLE, ID, entry, item


@pytest.mark.parametrize(
    ("actions", "due"),
    [
        pytest.param([], True, id="never reset"),
        pytest.param([entry("done", START - 901)], True, id="reset before the window"),
        pytest.param([entry("done", START - 900)], False, id="reset at its beginning"),
        pytest.param([entry("pending", START)], False, id="under way"),
        pytest.param([entry("failed", START)], False, id="failed: one reset a window, whatever came of it"),
        pytest.param([entry("done", START - 901), {**entry(), "actionName": "syncDevice"}], True, id="another action in the window"),
    ],
)
def test_a_reset_is_due_unless_one_was_started(actions: list[dict[str, t.Any]], due: bool) -> None:
    assert reset_state.must_reset(item(*actions), START - 900) is due


@pytest.mark.parametrize(("how", "due"), [({}, False), ({"again": True}, True)], ids=["once", "again"])
@pytest.mark.parametrize("state", ["none", "pending", "active"])
def test_a_reset_that_still_waits_counts_however_old_it_is(state: str, how: dict[str, bool], due: bool) -> None:
    assert reset_state.must_reset(item(entry(state, START - 86400)), START - 900, **how) is due


@pytest.mark.parametrize(
    ("since", "before", "started", "due"),
    [
        pytest.param(0.0, None, START, True, id="this task has sent none"),
        pytest.param(START - 5, None, START - 5, False, id="its own, at the first moment"),
        pytest.param(START - 5, None, START - 6, True, id="one from before"),
        pytest.param(START - 5, START - 2, START - 2, True, id="the one that was there within these seconds"),
        pytest.param(START - 5, START - 2, START - 1, False, id="its own, beside one within these seconds"),
    ],
)
def test_always_again_means_that_only_the_reset_of_this_task_counts(since: float, before: float | None, started: float, due: bool) -> None:
    subject = item(entry("done", started), since=since, before=before)
    assert reset_state.must_reset(subject, START, again=True) is due


@pytest.mark.parametrize(
    "subject", [DeviceReset(ID, ["PC-1"]), DeviceReset(ID, ["PC-1"], Device(ID)), DeviceReset(ID, ["PC-1"], verdict=ELIGIBLE)]
)
def test_nothing_is_assessed_that_was_not_read(subject: DeviceReset) -> None:
    with pytest.raises(ValueError, match="assessed before it was read"):
        reset_state.must_reset(subject, START - 900)


def test_a_device_that_is_not_eligible_is_refused_with_its_reason() -> None:
    subject = item(entry("done"), verdict=Verdict(False, "hybrid_joined", "It is hybrid joined."))
    assert not reset_state.must_reset(subject, START - 900)
    assert (subject.status, subject.reason, subject.message, subject.changed) == ("refused", "hybrid_joined", "It is hybrid joined.", False)


def test_a_reset_that_is_there_is_taken_over_and_changes_nothing() -> None:
    subject = item(entry("done", START - 60, passcode="1234"))
    reset_state.must_reset(subject, START - 900)
    assert (subject.status, subject.changed, subject.since) == ("done", False, START - 60)
    assert result.new_passcode(subject) == "1234"


# --- the response to a reset ----------------------------------------------------------------------------------------

POST = Request("POST", f"{GRAPH}/v1.0/deviceManagement/managedDevices/{ID}/resetPasscode")
RULES = Rules(since=START - 900)
LOST = errors.LostResponseError("Lost.")


def came(outcome: Response | errors.IntuneError | None) -> CallResult:
    if isinstance(outcome, errors.IntuneError):
        return CallResult(None, POST, failure=outcome)
    return CallResult(None, POST, outcome)


def queued(phase: t.Any = "sent", **more: t.Any) -> QueuedReset:
    return QueuedReset(item(**more), phase=phase)


@pytest.mark.parametrize(
    ("outcome", "meaning", "can_repeat"),
    [
        pytest.param(answer(204), ResponseKind.ACCEPTED, True, id="accepted"),
        pytest.param(answer(200, {"odd": 1}), ResponseKind.ACCEPTED, True, id="accepted with a body"),
        pytest.param(error(400), ResponseKind.REFUSED, True, id="refused"),
        pytest.param(error(404), ResponseKind.REFUSED, True, id="gone"),
        pytest.param(error(409), ResponseKind.REFUSED, True, id="conflict"),
        pytest.param(error(429), ResponseKind.NOT_RUN, True, id="throttled"),
        pytest.param(error(503, retry_after="2"), ResponseKind.NOT_RUN, True, id="unavailable, and says until when"),
        pytest.param(errors.NotSentError("No."), ResponseKind.NOT_RUN, True, id="not sent"),
        pytest.param(errors.NotSentError("No.", is_transient=False), ResponseKind.NOT_RUN, False, id="cannot be sent"),
        pytest.param(errors.AuthenticationError("No."), ResponseKind.NOT_RUN, False, id="no token"),
        pytest.param(error(401), ResponseKind.NOT_RUN, True, id="token refused"),
        pytest.param(error(403), ResponseKind.NOT_RUN, False, id="not permitted"),
        pytest.param(answer(407, b"<html>"), ResponseKind.NOT_RUN, False, id="refused by a proxy"),
        *[
            pytest.param(answer(status, b"<html>"), ResponseKind.LOST, True, id=f"{status} of a gateway: it may have run")
            for status in (400, 403, 404, 409, 499)
        ],
        *[pytest.param(error(status), ResponseKind.LOST, True, id=f"{status}: it may have run") for status in (418, 424, 499)],
        *[
            pytest.param(error(status), ResponseKind.LOST, True, id=f"{status}: it may have run")
            for status in (408, 500, 502, 503, 504, 599)
        ],
        pytest.param(LOST, ResponseKind.LOST, True, id="lost"),
        pytest.param(None, ResponseKind.LOST, True, id="left out of the batch"),
        pytest.param(answer(302, location="https://elsewhere.test/"), ResponseKind.LOST, True, id="redirected"),
        pytest.param(answer(200, b"<html>"), ResponseKind.LOST, True, id="not Graph's"),
    ],
)
def test_each_response_has_its_meaning(outcome: t.Any, meaning: ResponseKind, can_repeat: bool) -> None:
    found = reset_response.classify(came(outcome))
    assert (found.kind, found.can_repeat) == (meaning, can_repeat)
    assert (found.error is None) is (meaning is ResponseKind.ACCEPTED)


@given(st.integers(300, 599), st.booleans(), st.sampled_from([None, b"<html>", {"error": {"code": "X", "message": "Y"}}, {"error": {}}]))
def test_a_response_means_the_same_alone_and_in_a_batch(status: int, retry_after: bool, body: t.Any) -> None:
    response = answer(status, body, **({"retry_after": "1"} if retry_after else {}))
    world = tenant([response, response])
    scheduler = BatchScheduler(world.client, Quota(writes=200, requests=2000, seconds=20.0))
    kinds = []
    for number in (1, 2):
        scheduler.start([(key, POST) for key in range(number)])
        kinds += [reset_response.classify(result).kind for result in scheduler.collect(0)]
    # The refusal of a whole batch concerns no single device.
    assert len({ResponseKind.NOT_RUN if kind is ResponseKind.REFUSED else kind for kind in kinds}) == 1, kinds


def test_a_token_is_renewed_once() -> None:
    assert reset_response.classify(came(error(401)), token_renewed=True).can_repeat is False


def test_a_response_that_needs_an_approval_is_none_of_the_others() -> None:
    assert reset_response.classify(came(error(400)), needs_approval=True).kind is ResponseKind.NEEDS_APPROVAL


@given(st.integers(200, 599), st.booleans(), st.booleans())
def test_a_reset_is_never_sent_again_that_may_have_run(status: int, retry_after: bool, renewed: bool) -> None:
    """Only these show that the service did not run it."""
    response = error(status, **({"retry_after": "1"} if retry_after else {})) if status >= 400 else answer(status)
    found = reset_response.classify(came(response), token_renewed=renewed)
    did_not_run = status in (401, 403, 407, 429) or (status == 503 and retry_after)
    assert (found.kind is ResponseKind.NOT_RUN) is did_not_run, found


@pytest.mark.parametrize(
    ("outcome", "transition", "told"),
    [
        pytest.param(answer(204), Transition("accepted", ("accepted", None), look_again=True), ("pending", None, True), id="accepted"),
        pytest.param(error(404), Transition("finished", ("refused", "X")), ("failed", "service_refused", False), id="refused"),
        pytest.param(error(429), Transition("queued", ("refused", "X"), queue_at="retry"), ("not_attempted", None, False), id="not run"),
        pytest.param(LOST, Transition("lost", ("lost", "Lost."), look_again=True), ("unknown", "answer_lost", False), id="lost"),
    ],
)
def test_a_response_makes_a_transition(outcome: t.Any, transition: Transition, told: tuple[str, str | None, bool]) -> None:
    work, response = queued(), reset_response.classify(came(outcome))
    found = reset_state.after_response(work, response, RULES, stopped=False)
    event, detail = t.cast("tuple[t.Any, t.Any]", found.entry)
    if event == "refused":
        assert detail == str(response.failure)
        found = Transition(found.phase, ("refused", "X"), found.look_again, found.queue_at)
    assert found == transition
    assert (work.item.status, work.item.reason, work.item.changed) == told


@pytest.mark.parametrize(("rules", "stopped"), [({"wait": False}, False), ({}, True), ({"check": True}, False)])
def test_an_accepted_reset_is_not_waited_for_where_nobody_wants_that(rules: dict[str, bool], stopped: bool) -> None:
    response = ResetResponse(ResponseKind.ACCEPTED)
    found = reset_state.after_response(queued(), response, Rules(since=START, confirm_timeout=0.0, **rules), stopped=stopped)
    assert (found.phase, found.look_again) == ("finished", False)


@pytest.mark.parametrize(("rules", "stopped"), [({"wait": False}, False), ({"wait": False}, True), ({}, True)])
def test_case_11_an_accepted_reset_is_read_until_the_service_shows_it(rules: dict[str, bool], stopped: bool) -> None:
    work, given = queued(), Rules(since=START, **rules)
    accepted = reset_state.after_response(work, ResetResponse(ResponseKind.ACCEPTED), given, stopped=stopped)
    work.phase, work.item.since = accepted.phase, START - SKEW
    not_shown = reset_state.after_read(work, Device(ID, "PC-1"), given, stopped=stopped)
    assert [(found.phase, found.look_again) for found in (accepted, not_shown)] == [("accepted", True)] * 2
    assert work.item.confirmed is False
    shown = reset_state.after_read(work, Device(ID, "PC-1", actions=(entry("pending"),)), given, stopped=stopped)
    assert (shown.phase, shown.look_again, work.item.confirmed) == ("finished", False, True)


@pytest.mark.parametrize(
    ("audited", "again", "recorded", "must"),
    [
        pytest.param(START + 1, False, None, False, id="case 11: the log shows one, and the record none"),
        pytest.param(START, False, None, False, id="case 11: at the first moment that counts"),
        pytest.param(START + 1, False, START - 3600, False, id="case 11: the record shows the one before"),
        pytest.param(START - 1, False, None, True, id="case 11: too long ago"),
        pytest.param(0.0, False, None, True, id="case 11: neither shows one"),
        pytest.param(START + 1, True, None, True, id="case 11: max_age is 0"),
    ],
)
def test_a_reset_that_the_audit_log_alone_shows_counts(audited: float, again: bool, recorded: float | None, must: bool) -> None:
    subject = item(*([] if recorded is None else [entry(started=recorded)]))
    assert reset_state.must_reset(subject, START, again, audited) is must
    if not must:
        assert (subject.status, subject.confirmed, subject.changed) == ("pending", True, False)
        assert subject.device and reset_state.find_own_reset(subject, subject.device) is None


@pytest.mark.parametrize(
    ("times", "before", "repeated"),
    [
        pytest.param((START + 9,), None, False, id="case 12: ours alone"),
        pytest.param((START + 9, START + 12), None, True, id="case 12: one after it"),
        pytest.param((START + 3, START + 9), None, True, id="case 12: one before it, which was not shown then"),
        pytest.param((START - 1, START + 9), None, False, id="case 12: one before the time that counts"),
        pytest.param((START + 1, START + 9), START + 1, False, id="case 12: one that was known"),
        pytest.param((), None, False, id="case 12: nothing yet"),
    ],
)
def test_another_reset_of_the_same_device_is_found_in_the_audit_log(times: tuple[float, ...], before: float | None, repeated: bool) -> None:
    assert reset_state.is_repeated(item(changed=True, before=before), START, times) is repeated
    assert not reset_state.is_repeated(item(changed=False, before=before), START, times), "not a reset of this task"


@pytest.mark.parametrize(
    ("records", "repeated"),
    [
        pytest.param([[START], [START]], False, id="case 12: ours alone"),
        pytest.param([[START], [START + 0.9]], False, id="case 12: written a little otherwise"),
        pytest.param([[START], [START + 30]], True, id="case 12: replaced by another one"),
        pytest.param([[START, START + 30]], True, id="case 12: another one beside it"),
        pytest.param([[START - 3600, START]], False, id="case 12: an old one beside it"),
    ],
)
def test_another_reset_of_the_same_device_is_found_in_its_record(records: list[list[float]], repeated: bool) -> None:
    work = QueuedReset(item(changed=True, since=START - SKEW, status="pending", confirmed=False))
    work.phase = "accepted"
    for started in records:
        device = Device(ID, "PC-1", actions=tuple(entry("active", moment) for moment in started))
        reset_state.after_read(work, device, RULES, stopped=False)
    assert work.item.is_repeated is repeated


def test_a_refusal_keeps_the_id_that_support_asks_for_and_one_that_did_not_run_does_not() -> None:
    refused, throttled = queued(), queued()
    reset_state.after_response(refused, reset_response.classify(came(error(404, request_id="r-1"))), RULES, stopped=False)
    reset_state.after_response(throttled, reset_response.classify(came(error(429, request_id="r-1"))), RULES, stopped=False)
    assert (refused.item.request_id, throttled.item.request_id) == ("r-1", None)


@pytest.mark.parametrize(
    ("failure", "told"),
    [
        (errors.ApprovalPendingError("Waits.", {"code": "1"}), ("needs_approval", None, {"code": "1"})),
        (errors.ApprovalError("Rejected.", code="rejected"), ("failed", "approval_refused", None)),
    ],
)
def test_an_approval_ends_a_device(failure: t.Any, told: tuple[t.Any, ...]) -> None:
    work = queued()
    assert reset_state.after_approval(work, failure) == Transition("finished", ("refused", told[0]))
    assert (work.item.status, work.item.reason, work.item.approval) == told and str(failure) == work.item.message


@pytest.mark.parametrize(("ran", "phase", "status"), [(True, "accepted", "pending"), (False, "lost", "unknown")])
def test_a_reset_of_an_earlier_run_is_gone_on_with_and_not_written_down_again(ran: bool, phase: str, status: str) -> None:
    work = queued("queued")
    found = reset_state.after_resume(work, EarlierReset(START, ran))
    assert (found.phase, found.entry, found.look_again, work.item.status) == (phase, None, True, status)


# --- a device's record ----------------------------------------------------------------------------------------------

WINDOWS = Device(ID, "PC-1", operating_system="Windows", os_version="10.0.22631.1", join_type="azureADJoined", ownership="company")
UNJOINED = Device(ID, "PC-1", operating_system="Windows", os_version="10.0.22631.1", ownership="company", azure_ad_device_id="d")


@pytest.mark.parametrize(("phase", "status"), [("reading", "failed"), ("accepted", "unknown"), ("lost", "unknown")])
def test_a_device_that_is_gone_has_its_outcome(phase: t.Any, status: str) -> None:
    work = queued(phase)
    assert reset_state.after_read(work, None, RULES, stopped=False) == Transition("finished")
    assert (work.item.status, work.item.reason) == (status, "device_gone")


@pytest.mark.parametrize(
    ("rules", "stopped", "phase", "status"),
    [
        ({}, False, "due", "not_attempted"),
        ({"check": True}, False, "finished", "planned"),
        ({}, True, "finished", "not_attempted"),
        ({"platforms": ["android"]}, False, "finished", "refused"),
    ],
    ids=["due", "planned", "stopped", "refused"],
)
def test_a_device_that_was_read_is_reset_or_not(rules: dict[str, t.Any], stopped: bool, phase: str, status: str) -> None:
    work = QueuedReset(DeviceReset(ID, ["PC-1"]), phase="reading")
    found = reset_state.after_read(work, WINDOWS, Rules(since=START, **rules), stopped=stopped)
    assert (found.phase, found.entry, work.item.status) == (phase, None, status)


def test_without_the_beta_version_the_way_a_device_is_joined_is_read_first_and_once() -> None:
    work, rules = QueuedReset(DeviceReset(ID, ["PC-1"]), phase="reading"), Rules(since=START, beta=False)
    assert reset_state.after_read(work, UNJOINED, rules, stopped=False) == Transition("queued", queue_at="front")
    assert work.without_join_type is UNJOINED
    work.join_type, work.without_join_type = "azureADJoined", None
    assert reset_state.after_read(work, UNJOINED, rules, stopped=False).phase == "due"


@pytest.mark.parametrize(
    ("state", "started", "status", "phase"),
    [
        ("done", START, "done", "finished"),
        ("pending", START, "pending", "accepted"),
        ("done", START - 60, "pending", "accepted"),
    ],
    ids=["done", "pending", "an earlier one"],
)
def test_an_accepted_reset_takes_over_its_own_entry_alone(state: str, started: float, status: str, phase: str) -> None:
    work = queued("accepted", since=START - 5, status="pending")
    device = Device(ID, "PC-1", operating_system="Windows", actions=(entry(state, started),))
    found = reset_state.after_read(work, device, RULES, stopped=False)
    assert (found.phase, found.look_again, work.item.status) == (phase, phase == "accepted", status)


# --- after a lost response ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ran", "rules", "stopped", "can_wait", "transition", "told"),
    [
        (True, {}, False, True, Transition("accepted", ("settled", True), look_again=True), ("pending", None)),
        (True, {"wait": False}, False, True, Transition("finished", ("settled", True)), ("pending", None)),
        (False, {}, False, True, Transition("queued", ("settled", False), queue_at="back"), ("not_attempted", None)),
        (False, {}, True, True, Transition("lost", look_again=True), ("unknown", "answer_lost")),
        (False, {"check": True}, False, True, Transition("finished"), ("unknown", "answer_lost")),
        (None, {}, False, True, Transition("lost", look_again=True), ("unknown", "answer_lost")),
        (None, {}, False, False, Transition("finished"), ("unknown", "answer_lost")),
    ],
)
def test_evidence_settles_a_lost_response(
    ran: bool | None, rules: dict[str, bool], stopped: bool, can_wait: bool, transition: Transition, told: tuple[str, str | None]
) -> None:
    work = queued()
    work.attempt = 1
    reset_state.after_lost(work, "Lost.")
    found = reset_state.after_evidence(work, None, ran, Rules(since=START, **rules), stopped=stopped, can_wait=can_wait)
    assert found == transition and (work.item.status, work.item.reason) == told
    assert work.item.changed is bool(ran)


def test_an_entry_of_the_record_is_taken_over() -> None:
    work = queued("lost", since=START - 5)
    device = Device(ID, "PC-1", operating_system="Windows", actions=(entry("done", START, passcode="1234"),))
    found = reset_state.find_own_reset(work.item, device)
    transition = reset_state.after_evidence(work, found, True, RULES, stopped=False, can_wait=True)
    assert transition == Transition("finished", ("settled", True)) and result.new_passcode(work.item) == "1234"
