# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""What an answer makes of a device: the steps of a reset. The one place that decides whether a reset may be sent again.

It may where the service said that it did not run it: throttled, unavailable with a Retry-After, not signed in, no connection. After a
lost answer the service is asked first (see settling), and what cannot be settled is unknown.

    queued -> looking -> due -> sent -> accepted -> finished
       ^                         |         ^
       +---- did not run --------+-> lost -+
"""

from __future__ import annotations

import dataclasses
import math
import typing as t

from .. import _errors as errors
from .. import _permissions as permissions
from .._approval import requests as approval
from .._devices import model as devices
from .._graph.batch_scheduler import Answer, passing
from .._graph.client import GraphClient
from .._http import message as protocol
from .._http.message import Request, Response
from . import lost_responses as settling
from . import model as passcode
from .model import SKEW
from .queue import Lineup, Work

LONGEST_LOOK = 20.0  # seconds between two reads of a device that has not carried out its reset
TOGETHER = 1.0  # seconds; answers no further apart than that tell of the same moment
HOW_JOINED = (
    f"To see how a device is joined without the beta version, the application needs the permission {permissions.READ_DIRECTORY_DEVICES[0]}."
)
WITHOUT_BETA = "If it is the beta version of Microsoft Graph that may not be used, set use_beta to false."
UNSETTLED = (
    "Whether the reset was started could not be settled: it is neither in the device's record nor in the tenant's remote actions (yet). "
    "Run again later: a reset that was started then counts."
)


class Journal(t.Protocol):
    """What is kept of resets, so that a run that was killed can be continued. No secrets."""

    def intent(self, devices: t.Iterable[tuple[str, str | None]]) -> None: ...

    def accepted(self, devices: t.Iterable[str]) -> None: ...

    def refused(self, devices: t.Iterable[tuple[str, str]]) -> None: ...

    def lost(self, devices: t.Iterable[tuple[str, str]]) -> None: ...

    def settled(self, devices: t.Iterable[tuple[str, bool]]) -> None: ...


@dataclasses.dataclass(frozen=True)
class Rules:
    """``since``: resets since then count. ``again``: one that waits for its device does not. ``beta``: whether Graph's may be used."""

    since: float
    again: bool = False
    platforms: t.Collection[str] = ("windows",)
    ownerships: t.Collection[str] = ("company",)
    check: bool = False
    wait: bool = True
    wait_timeout: float = 600.0
    beta: bool = True
    sync: bool = False


@dataclasses.dataclass(frozen=True)
class Sent:
    """A reset that an earlier run sent, or was about to send, at a moment of the service. ``ran``: it is known to have been taken."""

    asked: float
    ran: bool


class Steps:
    """``take`` the answers as they come. ``failure`` is what stopped the whole task: nothing more is sent then."""

    def __init__(self, client: GraphClient, rules: Rules, journal: Journal, lineup: Lineup) -> None:
        self._client, self._rules, self._journal, self._lineup = client, rules, journal, lineup
        self._clock = client.clock
        self.failure: errors.IntuneError | None = None
        self._warnings: list[str] = []
        self._audits = settling.AuditReader(client, rules.beta, self._warnings.append)
        self._moved = {"GET": -math.inf, "POST": -math.inf}  # when a request of this kind last had a definite answer
        self._last_sent = 0.0  # the newest reset that the service took, by its clock
        self._lost_since = math.inf  # the earliest of those whose answer got lost
        self._unsynced: list[str] = []
        self._unwritten: errors.IntuneError | None = None  # why the journal takes no more

    @property
    def warnings(self) -> list[str]:
        number, first = len(self._unsynced), self._unsynced[:1]
        told = [f"{number} devices could not be asked to check in; their resets stand. The first is {text}" for text in first]
        return [*self._warnings, *told]

    def recall(self, work: Work, sent: Sent) -> None:
        """An earlier run has sent this device's reset, and did not live to say what came of it."""
        work.asked, work.item.since = sent.asked, sent.asked - SKEW
        if sent.ran:
            self._lineup.move(work, "accepted")
            work.item.status, work.item.message = "pending", "An earlier run started the reset."
        else:
            self._settle_later(work, "An earlier run was interrupted while it sent the reset.")
        self._lineup.later(work, self._clock.monotonic())

    def take(self, answers: t.Iterable[Answer]) -> None:
        # What went well first: it shows that others get through.
        for answer in sorted(answers, key=lambda answer: not 200 <= (answer.status or 0) < 300):
            self._take(answer)
            if self._unwritten is not None:
                self.stop(self._unwritten)

    def _take(self, answer: Answer) -> None:
        work = t.cast(Work, answer.key)
        if answer.request.method == "GET":
            self._take_read(work, answer)
        elif answer.request.url.endswith("/syncDevice"):
            self._take_sync(work, answer)
        else:
            self._take_reset(work, answer)

    def stop(self, failure: errors.IntuneError) -> None:
        """Nothing more is sent; what is on its way, or has to be settled, comes to its end."""
        self.failure = self.failure or failure
        lineup = self._lineup
        waiting = [*lineup.queued, *lineup.due, *lineup.take_all()]
        lineup.queued.clear()
        lineup.due.clear()
        lineup.nudges.clear()
        for work in waiting:
            if work.phase == "lost":
                lineup.later(work, self._clock.monotonic())
            else:
                lineup.move(work, "finished")

    def unsent(self, works: t.Iterable[Work], failure: errors.IntuneError) -> None:
        """There is no token, or nothing else to send a request with: it did not leave."""
        for work in works:
            if work.phase == "sent":
                self._note(self._journal.refused, (work.item.id, str(failure)))
            self._lineup.move(work, "finished")
        self.stop(failure)

    def _note(self, write: t.Callable[[list[t.Any]], None], entry: t.Any) -> None:
        """A line in the journal. Where it cannot be written the step is done to its end before the task stops."""
        if self._rules.check:
            # What an earlier run has sent is settled for the result alone: the journal is open to be read.
            return
        try:
            write([entry])
        except errors.IntuneError as failure:
            self._unwritten = failure

    # --- the answer of a reset --------------------------------------------------------------------------------------

    def _take_reset(self, work: Work, answer: Answer) -> None:
        response = answer.response
        if response is None and (answer.failure is None or isinstance(answer.failure, errors.LostAnswerError)):
            self._lose(work, answer.error())
        elif response is None:
            self._did_not_run(work, answer, hopeless=not passing(answer))
        elif approval.required(response):
            self._approve(work, answer.request, response)
        elif response.status in (401, 403):
            # Another token may help once; a missing permission stays so.
            self._did_not_run(work, answer, hopeless=response.status == 403 or work.trouble["POST"].renewed)
        elif protocol.may_repeat(answer.request, response.status, response.headers):
            self._did_not_run(work, answer, hopeless=False)
        else:
            self._take_definite(work, answer.request, response)

    def _take_definite(self, work: Work, request: Request, response: Response) -> None:
        try:
            protocol.decode(request, response)
        except errors.GraphError as failure:
            work.item.request_id = failure.request_id
            if failure.status == 408 or failure.status >= 500:
                self._lose(work, failure)
            else:
                self._refuse(work, failure)
        except errors.UnexpectedAnswerError as failure:
            self._lose(work, failure)
        else:
            self._accept(work)

    def _accept(self, work: Work) -> None:
        item = work.item
        self._note(self._journal.accepted, item.id)
        self._client.writes += 1
        self._last_sent = max(self._last_sent, work.asked)
        item.changed, item.status, item.reason, item.message = True, "pending", None, "Intune accepted the reset."
        self._moved["POST"] = self._clock.monotonic()
        work.trouble.pop("POST", None)
        if self._rules.sync and self.failure is None:
            self._lineup.nudges.append(work)
        self._follow(work)

    def _refuse(self, work: Work, failure: errors.GraphError) -> None:
        item = work.item
        self._note(self._journal.refused, (item.id, str(failure)))
        self._moved["POST"] = self._clock.monotonic()
        item.status, item.reason = "failed", "service_refused"
        item.message = f"Intune refused the reset: {failure.status} {failure.code}: {failure.message} {passcode.instead(item)}"
        self._lineup.move(work, "finished")

    def _did_not_run(self, work: Work, answer: Answer, *, hopeless: bool) -> None:
        self._note(self._journal.refused, (work.item.id, str(answer.error())))
        self._lineup.move(work, "queued")
        self._try_again(work, answer, hopeless)

    def _approve(self, work: Work, request: Request, refusal: Response) -> None:
        """Multi Admin Approval protects resets here."""
        item = work.item
        try:
            response = self._client.approved(request, refusal)
        except errors.ApprovalPendingError as pending:
            item.status, item.approval, item.message = "needs_approval", pending.approval, str(pending)
        except errors.ApprovalError as failure:
            item.status, item.reason, item.message = "failed", "approval_refused", str(failure)
        except errors.LostAnswerError as failure:
            self._lose(work, failure)
            return
        except errors.IntuneError as failure:
            self.stop(failure)
        else:
            self._take_definite(work, request, response)
            return
        self._note(self._journal.refused, (item.id, item.status))
        self._lineup.move(work, "finished")

    def _take_sync(self, work: Work, answer: Answer) -> None:
        if answer.status == 429 and self.failure is None:
            self._lineup.nudges.append(work)
        elif answer.status is not None and answer.status < 300:
            self._client.writes += 1
        else:
            self._unsynced.append(f"{work.item.names[0]}: {answer.error()}")

    # --- a device's record --------------------------------------------------------------------------------------------

    def _take_read(self, work: Work, answer: Answer) -> None:
        response = answer.response
        if response is None or passing(answer):
            hopeless = (response is None and not passing(answer)) or (answer.status == 401 and work.trouble["GET"].renewed)
            self._try_again(work, answer, hopeless=hopeless)
            return
        try:
            found = protocol.decode(answer.request, response)
        except errors.NotFoundError:
            found = None
        except errors.IntuneError as failure:
            self._try_again(work, answer, hopeless=isinstance(failure, errors.GraphError))
            return
        if not isinstance(found, (dict, type(None))):
            self._try_again(work, answer, hopeless=False)
            return
        self._moved["GET"] = self._clock.monotonic()
        work.trouble.pop("GET", None)
        self._take_found(work, found)

    def _take_found(self, work: Work, found: t.Any) -> None:
        if work.unjoined is not None:
            work.join_type = devices.join_of_trust((found or {}).get("trustType"))
            device, work.unjoined = dataclasses.replace(work.unjoined, join_type=work.join_type), None
            self._judge(work, device)
        elif found is None:
            item = work.item
            item.status, item.reason, item.message = "failed" if work.phase == "looking" else "unknown", "device_gone", passcode.GONE
            self._lineup.move(work, "finished")
        elif work.phase == "looking":
            self._look(work, devices.normalise(found))
        elif work.phase == "lost":
            self._settle(work, devices.normalise(found))
        else:
            self._refresh(work, devices.normalise(found))

    def _look(self, work: Work, device: devices.Device) -> None:
        work.read = self._clock.monotonic()
        if self._rules.beta or device.join_type or not device.azure_ad_device_id or devices.platform(device) != "windows":
            self._judge(work, device)
        elif work.join_type is not None:
            self._judge(work, dataclasses.replace(device, join_type=work.join_type))
        else:
            work.unjoined = device
            self._lineup.move(work, "queued")
            self._lineup.queued.appendleft(work)

    def _judge(self, work: Work, device: devices.Device) -> None:
        item = work.item
        item.device, item.verdict = device, devices.eligibility(device, self._rules.platforms, self._rules.ownerships)
        if self.failure is not None:
            self._lineup.move(work, "finished")
        elif not passcode.judge(item, self._rules.since, self._rules.again):
            self._follow(work)
        elif self._rules.check:
            item.status, item.changed, item.message = "planned", True, "A reset would be issued."
            self._lineup.move(work, "finished")
        else:
            self._lineup.move(work, "due")
            self._lineup.due.append(work)

    def _refresh(self, work: Work, device: devices.Device) -> None:
        """Takes over this reset's entry, not that of an earlier one, which is read until the service shows the new one."""
        work.item.device = work.item.device or device
        newest = passcode.last_reset(device)
        if newest is not None and passcode.is_new(work.item, newest):
            passcode.record(work.item, newest)
        self._follow(work)

    def _follow(self, work: Work) -> None:
        """Waits for the device, if that is wished for; a reset that has its outcome is finished."""
        wanted = self._rules.wait and not self._rules.check and self.failure is None
        if work.item.status in passcode.OPEN and wanted:
            self._lineup.move(work, "accepted")
            self._look_again(work)
        else:
            self._lineup.move(work, "finished")

    def _look_again(self, work: Work) -> None:
        self._lineup.later(work, self._clock.monotonic() + work.pause)
        work.pause = min(work.pause * 1.5, LONGEST_LOOK)

    # --- answers that are missing -------------------------------------------------------------------------------------

    def _lose(self, work: Work, failure: errors.IntuneError) -> None:
        self._note(self._journal.lost, (work.item.id, failure.message))
        self._settle_later(work, failure.message)
        self._look_again(work)

    def _settle_later(self, work: Work, what: str) -> None:
        work.lost, work.pause = self._client.service_now(), 1.0
        self._lost_since = min(self._lost_since, work.asked)
        work.item.status, work.item.reason, work.item.message = "unknown", "answer_lost", f"{what} {UNSETTLED}"
        self._lineup.move(work, "lost")

    def _settle(self, work: Work, device: devices.Device) -> None:
        item, now = work.item, self._client.service_now()
        item.device = item.device or device
        newest = passcode.last_reset(device)
        if newest is not None and passcode.is_new(item, newest):
            self._ran(work, newest)
            return
        audits = self._audits.read(self._lost_since)
        ran = settling.ran(item.id, work.asked, item.before, audits)
        if ran:
            self._ran(work, None)
        elif ran is False and settling.did_not_run(work.lost, work.looked, audits) and self.failure is None and not self._rules.check:
            self._note(self._journal.settled, (item.id, False))
            item.status, item.reason, item.message, work.pause = "not_attempted", None, None, 1.0
            self._lineup.move(work, "queued")
            self._lineup.queued.append(work)
        elif self._rules.check or (not self._lineup.to_send and now >= settling.give_up_at(work.lost, self._last_sent)):
            self._lineup.move(work, "finished")
        else:
            self._look_again(work)

    def _ran(self, work: Work, newest: passcode.Reset | None) -> None:
        item = work.item
        self._note(self._journal.settled, (item.id, True))
        item.changed = item.before is not None or item.verdict is not None
        item.status, item.reason, item.message, work.pause = "pending", None, "Intune accepted the reset.", 1.0
        self._last_sent = max(self._last_sent, work.asked)
        if newest is not None:
            passcode.record(item, newest)
        self._follow(work)

    def _try_again(self, work: Work, answer: Answer, hopeless: bool) -> None:
        """Sends the same again after a pause, unless that goes beyond retry_timeout."""
        now, trouble = self._clock.monotonic(), work.trouble[answer.request.method]
        trouble.since = trouble.since if trouble.number else now
        trouble.number += 1
        trouble.renewed = trouble.renewed or answer.status == 401
        pause = protocol.backoff(trouble.number, answer.retry_after, self._clock.random())
        # Who is throttled waits with all others, for as long as some get through.
        since = max(trouble.since, self._moved[answer.request.method]) if answer.status == 429 else trouble.since
        in_time = now + pause <= since + self._client.retry_timeout
        if in_time and not hopeless and (self.failure is None or work.phase == "lost"):
            if work.phase == "looking":
                self._lineup.move(work, "queued")
            self._lineup.later(work, now + pause)
            return
        self._leave(work, answer, hopeless)

    def _leave(self, work: Work, answer: Answer, hopeless: bool) -> None:
        """No answer can be had. Where others get through it is this device alone; else the whole task stops."""
        moved, failure, item = self._moved[answer.request.method], answer.error(), work.item
        if hopeless:
            alone = moved > -math.inf and answer.status not in (None, 401, 403)
        else:
            alone = moved >= work.trouble[answer.request.method].since - TOGETHER
        if alone and work.phase in ("queued", "looking"):
            item.status, item.reason, item.message = "failed", "unavailable", f"It was not reset. {failure}"
            item.request_id = getattr(failure, "request_id", None)
        elif alone:
            item.message = f"{item.message} Its record could not be read: {failure}"
        self._lineup.move(work, "finished")
        if not alone:
            if answer.request.method == "GET" and isinstance(failure, errors.ForbiddenError):
                failure.hint = HOW_JOINED if work.unjoined else f"{failure.hint} {WITHOUT_BETA}" if self._rules.beta else failure.hint
            self.stop(failure)
