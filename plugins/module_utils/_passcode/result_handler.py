# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Process the results of requests: record each one, decide whether to repeat the request, and stop the task if necessary."""

from __future__ import annotations

import dataclasses
import math
import typing as t

from .. import _errors as errors
from .._devices.model import TRUST, Device, parse_device, parse_trust_type, shape_of
from .._graph.batch import CallResult
from .._graph.client import GraphClient
from .._graph.responses import parse_response
from .._http.message import Response
from . import reset_response, reset_state
from .device_lock import DeviceLocks
from .journal_format import State
from .model import SAME_TIME, SKEW
from .queue import BEFORE_SENT, QueuedReset, ResetQueue
from .reset_response import ResponseKind
from .reset_state import EarlierReset, Event, Rules, Transition
from .shown_resets import ShownResets

LONGEST_LOOK = 20.0  # seconds between two reads of a device that has not carried out its reset
LONGEST_UNCONFIRMED_LOOK = 5.0  # seconds between two reads of a device whose reset the service does not show yet
# The permission is _permissions.READ_DIRECTORY_DEVICES; a test keeps both equal.
HOW_JOINED = "To see how a device is joined without the beta version, the application needs the permission Device.Read.All."
WITHOUT_BETA = "If it is the beta version of Microsoft Graph that may not be used, set use_beta to false."


class Journal(t.Protocol):
    """A record of resets that allows a killed run to be continued. It contains no secrets."""

    def intent(self, devices: t.Iterable[tuple[str, str | None, str]]) -> None:
        """Record durably that resets are about to be sent: ID and name of each device, and the request's client-request-id."""

    def write(self, event: Event, device: str, detail: str | bool | None) -> None:
        """Record a later state of a reset."""


class ResultHandler:
    """A handler of results: pass them to ``take`` as they arrive. ``failure`` is the error that stopped the task; nothing is sent then."""

    def __init__(
        self,
        client: GraphClient,
        rules: Rules,
        journal: Journal,
        queue: ResetQueue,
        locks: DeviceLocks | None = None,
        wait_to_write: t.Callable[[], None] = lambda: None,
    ) -> None:
        """Store the objects that results change. ``wait_to_write``: waits for the quota of a write sent from here, and counts it."""
        self._locks, self._wait_to_write = locks or DeviceLocks(), wait_to_write
        self._client, self._rules, self._journal, self._queue = client, rules, journal, queue
        self._clock = client.clock
        self.failure: errors.IntuneError | None = None
        self._warnings: list[str] = []
        self.shown = ShownResets(client, rules, queue, self._warnings.append)
        self._held: list[tuple[QueuedReset, Device | None]] = []  # devices that were read before the audit log arrived
        # The time of the last definite response to each kind of request: "first" is a read before a reset.
        self._progress_at = {"first": -math.inf, "GET": -math.inf, "POST": -math.inf}
        self._not_synced: list[str] = []
        self._not_written: errors.IntuneError | None = None  # why writing to the journal fails

    @property
    def warnings(self) -> list[str]:
        """Sentences about problems other than failed resets."""
        number, first = len(self._not_synced), self._not_synced[:1]
        synced = [f"{number} devices could not be asked to check in; their resets stand. The first is {text}" for text in first]
        return [*self._warnings, *synced, *self._warn_of_clocks()]

    def _warn_of_clocks(self) -> list[str]:
        skew = self._client.doubtful_skew
        if skew is None:
            return []
        return [
            f"The service's clock, by the Date of its responses, and this machine's clock differ by {skew:g} seconds. The earlier one was "
            "used, so that earlier resets count, and lost responses stay unknown. Set this machine's clock."
        ]

    def take(self, results: t.Iterable[CallResult]) -> None:
        """Process the results that have arrived."""
        # The log first, because it adds information about the devices; then successes, because they show that others get through.
        for result in sorted(results, key=lambda result: (result.key is not None, not 200 <= (result.status or 0) < 300)):
            try:
                self._take_one(result.key, result)
            except Exception as failure:  # a defect must not discard the outcomes of the other devices
                self.abort(errors.InternalError(failure), [result.key] if result.key is not None else [])
            if self._not_written is not None and self.failure is None:
                self.stop(self._not_written)

    def _take_one(self, work: QueuedReset | None, result: CallResult) -> None:
        if work is None:
            self.shown.take_log(result)
            self._assess_held()
        elif result.request.method == "GET":
            self._take_read(work, result)
        elif result.request.url.endswith("/syncDevice"):
            self._take_sync(work, result)
        else:
            self._take_reset(work, result)

    def abort(self, failure: errors.IntuneError, works: t.Iterable[QueuedReset]) -> None:
        """End these devices, because their results cannot be processed, and send nothing more. A sent reset may have run."""
        for work in works:
            if work.phase == "sent":
                reset_state.after_lost(work, failure.message)
            self._queue.finish(work)
        self.stop(failure)

    def _take_reset(self, work: QueuedReset, result: CallResult) -> None:
        needs_approval = result.response is not None and self._client.approval.is_required(result.response)
        renewed = work.attempts_of("POST").token_renewed
        response = reset_response.classify(result, needs_approval=needs_approval, token_renewed=renewed)
        if response.kind is ResponseKind.NEEDS_APPROVAL:
            self._approve(work, result)
            return
        self._apply_response(work, response)
        if response.kind is ResponseKind.NOT_RUN:
            self._try_again(work, result, can_repeat=response.can_repeat)

    def _apply_response(self, work: QueuedReset, response: reset_response.ResetResponse) -> None:
        if response.kind in (ResponseKind.ACCEPTED, ResponseKind.REFUSED):
            self._progress_at["POST"] = self._clock.monotonic()
        if response.kind is ResponseKind.ACCEPTED:
            self.shown.note_sent(work)
            work.attempts.pop("POST", None)
            if self._rules.sync and self.failure is None:
                self._queue.add_sync(work)
        if response.kind is ResponseKind.LOST:
            self.shown.note_lost(work)
        transition = reset_state.after_response(work, response, self._rules, stopped=self.failure is not None)
        # Without a wait for the outcome, check immediately whether the service shows the reset.
        is_urgent = response.kind is ResponseKind.ACCEPTED and not self._rules.wait
        self._apply(work, transition, look_at=self._clock.monotonic() if is_urgent else None)

    def _approve(self, work: QueuedReset, result: CallResult) -> None:
        """Send the reset again with an approval."""
        self._wait_to_write()
        try:
            response = self._client.approval.obtain(result.request, t.cast(Response, result.response))
        except (errors.ApprovalPendingError, errors.ApprovalError) as failure:
            self._apply(work, reset_state.after_approval(work, failure))
        except errors.LostResponseError as failure:
            self._apply_response(work, reset_response.ResetResponse(ResponseKind.LOST, failure))
        except errors.IntuneError as failure:
            self._write(work, "refused", work.item.status)
            self._queue.finish(work)
            self.stop(failure)
        else:
            self._apply_response(work, reset_response.classify_definite(dataclasses.replace(result, response=response)))

    def _take_sync(self, work: QueuedReset, result: CallResult) -> None:
        if result.status == 429 and self.failure is None:
            self._queue.add_sync(work)
        elif result.status is None or result.status >= 300:
            self._not_synced.append(f"{work.item.shown_name}: {result.error()}")

    def _take_read(self, work: QueuedReset, result: CallResult) -> None:
        response = result.response
        if response is None or result.is_transient:
            hopeless = (response is None and not result.is_transient) or (result.status == 401 and work.attempts_of("GET").token_renewed)
            self._try_again(work, result, can_repeat=not hopeless)
            return
        try:
            is_trust = work.without_join_type is not None
            found = parse_response(result.request, response, TRUST if is_trust else shape_of(work.item.id))
        except errors.NotFoundError:
            found = None
        except errors.IntuneError as failure:
            told = dataclasses.replace(result, failure=failure)
            self._try_again(work, told, can_repeat=not isinstance(failure, errors.GraphError))
            return
        self._progress_at["GET"] = self._clock.monotonic()
        if work.phase in BEFORE_SENT:
            self._progress_at["first"] = self._progress_at["GET"]
        work.attempts.pop("GET", None)
        self._take_found(work, found)

    def _take_found(self, work: QueuedReset, found: t.Any) -> None:
        stopped, audited = self.failure is not None, self.shown.audited_at(work)
        if work.without_join_type is not None:
            work.join_type = parse_trust_type((found or {}).get("trustType"))
            device, work.without_join_type = dataclasses.replace(work.without_join_type, join_type=work.join_type), None
            self._apply(work, reset_state.after_assessment(work, device, self._rules, stopped=stopped, audited=audited))
            return
        device_or_none = None if found is None else parse_device(found)
        if work.phase == "lost" and device_or_none is not None:
            self._settle(work, device_or_none)
            return
        if work.phase == "reading":
            work.read_at = self._clock.monotonic()
            self._held.append((work, device_or_none))
            self._assess_held()
            return
        if device_or_none is not None:
            self.shown.confirm(work, device_or_none)
        self._apply(work, reset_state.after_read(work, device_or_none, self._rules, stopped=stopped))

    def _assess_held(self) -> None:
        """Assess the devices that were read, after the audit log was read."""
        if self.shown.has_looked_back():
            held, self._held = self._held, []
            for work, device in held:
                try:
                    audited, stopped = self.shown.audited_at(work), self.failure is not None
                    self._apply(work, reset_state.after_read(work, device, self._rules, stopped=stopped, audited=audited))
                except Exception as failure:  # a defect must not discard the outcomes of the other devices
                    self.abort(errors.InternalError(failure), [work])

    def _settle(self, work: QueuedReset, device: Device) -> None:
        """Find out whether a reset whose response was lost has run."""
        found, ran, can_wait = self.shown.settle(work, device)
        stopped = self.failure is not None
        self._apply(work, reset_state.after_evidence(work, found, ran, self._rules, stopped=stopped, can_wait=can_wait))

    def finish(self) -> None:
        """Collect the resets that the service shows at the end."""
        self._warnings += self.shown.report(stopped=self.failure is not None)

    # --- transitions ------------------------------------------------------------------------------------------------

    def _apply(self, work: QueuedReset, transition: Transition, *, look_at: float | None = None) -> None:
        if transition.earlier is not None:
            self.resume(work, transition.earlier)
            return
        if transition.entry is not None:
            self._write(work, *transition.entry)
        if transition.queue_at == "front":
            self._queue.requeue_first(work)
        elif transition.queue_at == "back":
            self._queue.requeue(work)
        elif transition.phase == "due":
            self._queue.make_due(work)
        else:
            self._queue.move(work, transition.phase)
        if transition.look_again:
            self._queue.look_at(self._clock.monotonic() + work.pause if look_at is None else look_at, work)
            longest = LONGEST_UNCONFIRMED_LOOK if reset_state.must_confirm(work, self._rules) else LONGEST_LOOK
            work.pause = work.pause if look_at is not None else min(work.pause * 1.5, longest)

    def _write(self, work: QueuedReset, event: Event, detail: str | bool | None) -> None:
        """Write a line to the journal. If that fails, complete the step before the task stops."""
        if self._rules.check:
            # An earlier run's reset is settled only for the result, because the journal is open for reading.
            return
        if (state := _state_of(event, detail)) is not None:
            self._locks.remember([work.item.id], state, work.intended_at)
        try:
            self._journal.write(event, work.item.id, detail)
        except errors.IntuneError as failure:
            self._not_written = failure

    def resume(self, work: QueuedReset, earlier: EarlierReset) -> None:
        """Continue a reset that an earlier run sent without learning its outcome."""
        work.requested_at = work.intended_at = earlier.requested_at
        work.item.since = earlier.requested_at - SKEW
        self.shown.note_earlier(work, earlier)
        self._apply(work, reset_state.after_resume(work, earlier), look_at=self._clock.monotonic())

    def stop(self, failure: errors.IntuneError) -> None:
        """Send nothing more. Complete the requests in flight and the resets that must be settled."""
        self.failure = self.failure or failure
        for work in self._queue.take_all():
            if self._must_look(work):
                self._queue.look_at(self._clock.monotonic(), work)
            else:
                self._queue.finish(work)

    def _must_look(self, work: QueuedReset) -> bool:
        """Return whether to continue reading a device after the task was stopped."""
        return work.phase == "lost" or (work.phase == "accepted" and reset_state.must_confirm(work, self._rules))

    def note_not_started(self, works: t.Iterable[QueuedReset | None], failure: errors.IntuneError) -> None:
        """Record that requests were not sent because there is no token, or because sending is impossible."""
        self.failure = self.failure or failure
        for work in works:
            if work is None:
                self.shown.end_look_back()
                self._assess_held()
                continue
            if work.phase == "sent":
                self._write(work, "refused", str(failure))
            self._queue.finish(work)
        self.stop(failure)

    def _try_again(self, work: QueuedReset, result: CallResult, *, can_repeat: bool) -> None:
        """Repeat a request after a pause, unless that would exceed retry_timeout."""
        method, now, is_throttled = result.request.method, self._clock.monotonic(), result.status == 429
        attempts = work.attempts_of(method).after_failure(
            now,
            timeout=self._client.retry_timeout,
            jitter=self._clock.random(),
            retry_after=result.retry_after(self._clock.now()),
            can_repeat=can_repeat,
            is_unauthorized=result.status == 401,
            progress_at=self._find_progress(work, method) if is_throttled else -math.inf,
            is_paced=is_throttled,
        )
        work.attempts[method] = attempts
        if attempts.pause is None or (self.failure is not None and not self._must_look(work)):
            self._give_up(work, result, can_repeat=can_repeat)
            return
        if is_throttled and not attempts.pause and work.phase in BEFORE_SENT:
            # The device is read again when it is next.
            self._queue.requeue_first(work)
            return
        if work.phase == "reading":
            self._queue.move(work, "queued")
        self._queue.look_at(now + attempts.pause, work)

    def _find_progress(self, work: QueuedReset, method: str) -> float:
        """Return the time at which other requests last succeeded: a throttled device waits until retry_timeout after it.

        Before a device is reset, reads of devices with pending outcomes do not count, because a device that is off would be read forever.
        """
        return self._progress_at["first" if method == "GET" and work.phase in BEFORE_SENT else method]

    def _give_up(self, work: QueuedReset, result: CallResult, *, can_repeat: bool) -> None:
        """End a device without a usable response. If other requests succeed, only this device fails; otherwise, the whole task stops."""
        method, failure, item = result.request.method, result.error(), work.item
        progress = self._progress_at[method]
        if can_repeat:
            alone = progress >= (work.attempts_of(method).since or 0.0) - SAME_TIME
        else:
            alone = progress > -math.inf and result.status not in (None, 401, 403, 407)
        if alone and work.phase in ("queued", "reading"):
            item.status, item.reason, item.message = "failed", "unavailable", f"It was not reset. {failure}"
            item.request_id = getattr(failure, "request_id", None)
        elif alone:
            item.message = f"{item.message} Its record could not be read: {failure}"
        self._queue.finish(work)
        if not alone:
            self.stop(self._with_read_hint(work, result, failure))

    def _with_read_hint(self, work: QueuedReset, result: CallResult, failure: errors.IntuneError) -> errors.IntuneError:
        """Return the failure of a read with the missing permission, or with the alternative to the beta version."""
        if result.request.method != "GET" or not isinstance(failure, errors.ForbiddenError):
            return failure
        if work.without_join_type is not None:
            return failure.with_hint(HOW_JOINED)
        return failure.with_more_advice(WITHOUT_BETA) if self._rules.beta else failure


def _state_of(event: Event, detail: str | bool | None) -> State | None:
    """Return the state for the machine's record after a line of the journal, or None if it does not change."""
    if event == "settled":
        return "accepted" if detail else "free"
    outcomes: dict[Event, State] = {"accepted": "accepted", "refused": "free"}
    return outcomes.get(event)
