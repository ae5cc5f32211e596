# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Wait for a limited time until Intune knows a device, the device is eligible, and the policy has arrived on it.

Each check is one request as soon as the device is known: a batch for its record and its status. Only the first check also reads the tenant,
and so does each check after one that could not read a part of the tenant temporarily.
"""

from __future__ import annotations

import contextlib
import dataclasses
import typing as t

from .. import _errors as errors
from .._devices.identifiers import MatchOption, parse_names
from .._devices.lookup import find_device
from .._devices.model import INFO, PATH, QUOTA, parse_device, shape_of
from .._graph.batch_scheduler import BatchScheduler
from .._graph.client import BETA, GraphClient
from .._graph.odata import render_path
from .._graph.responses import parse_response
from .._hello.check_in import PolicyOnDevice
from .._hello.device_status import StatusRequests, fetch_on_device, render_status_requests
from .._http.message import Response
from .._time import render_timestamp
from .collect import Question, collect
from .model import DeviceEvidence, Evidence, Part, ReadinessResult, Unread
from .on_device import evaluate_device, is_refused
from .probe import read_device
from .proof import explain_not_asked
from .unread import explain
from .verdict import judge

PROPERTIES = ",".join((*INFO, "userId"))
# Failures to read a device or a status. All others concern the task: an ambiguous name, or a refused sign-in.
UNREADABLE = (errors.GraphError, errors.LostResponseError, errors.UnexpectedResponseError, errors.NotSentError)


@dataclasses.dataclass(frozen=True)
class WantedDevice:
    """The device that a task waits for. ``timeout``: seconds to wait, 0 for one check. ``interval``: seconds between two checks.

    ``enrolled_since``: an older record with the same name is another device, None if the age does not count.
    """

    name: str
    match_by: MatchOption
    ownerships: tuple[str, ...]
    timeout: float
    interval: float
    enrolled_since: float | None = None


class DeviceWait:
    """A wait for a device; call ``run`` once. ``device`` then contains the evidence."""

    def __init__(self, client: GraphClient, question: Question, wanted: WantedDevice) -> None:
        """Store the question; raise InvalidOptionError or SelectionError for an invalid name."""
        (self._term,) = parse_names([wanted.name], (), wanted.match_by)
        self._client, self._question, self._wanted = client, question, wanted
        self._scheduler = BatchScheduler(client, QUOTA)
        self._started = client.clock.monotonic()
        self._deadline = self._started + wanted.timeout
        identifiers = tuple(identifier for identifier, _value in self._term.pairs)
        self._unknown = DeviceEvidence(wanted.name, identifiers, render_timestamp(wanted.enrolled_since))
        self.device = self._unknown
        self._evidence: Evidence | None = None
        self._failure: errors.IntuneError | None = None  # why the tenant could not be read
        self._id: str | None = None
        self._user_id: str | None = None
        self._looks = 0
        self._told = ""

    @property
    def _waits(self) -> bool:
        return self._wanted.timeout > 0

    def run(self) -> ReadinessResult:
        """Return the verdict at the end of the wait. Raise if nothing could be read, and for failures that waiting cannot resolve."""
        while True:
            with self._client.limit_retries(self._deadline) if self._waits else contextlib.nullcontext():
                self._look()
            readiness = self._judge()
            if self._is_over(readiness) or not self._pause():
                break
        with self._client.limit_retries(self._deadline) if self._waits else contextlib.nullcontext():
            self._read_proof()
        readiness = self._judge()
        if readiness is None:
            raise self._failure or errors.NotReadyError("Nothing could be read.", hint="Run the task again.")
        return readiness

    # --- time -------------------------------------------------------------------------------------------------------

    def _remaining(self) -> float:
        return self._deadline - self._client.clock.monotonic()

    def _may_go_on(self) -> bool:
        """Return whether another request may be sent. The first check is always complete."""
        return not self._looks or self._remaining() >= 0

    def _is_over(self, readiness: ReadinessResult | None) -> bool:
        if not self._waits or self._remaining() <= 0:
            return True
        if readiness is None:
            return False
        levels = readiness["levels"]
        tenant = (levels["connected"]["state"], levels["configured"]["state"])
        # Waiting cannot change a tenant that is not ready, or a part of it that must not be read.
        is_hopeless = "no" in tenant or (set(tenant) != {"yes"} and not self._must_read_tenant())
        return readiness["ready"] is True or is_hopeless or is_refused(self.device)

    def _pause(self) -> bool:
        """Sleep until the next check; return whether there is one."""
        throttled, remaining = max(self._scheduler.read_delay(), self._scheduler.write_delay()), self._remaining()
        self._client.clock.sleep(max(0.0, min(max(self._wanted.interval, throttled), remaining)))
        return throttled <= remaining

    # --- reads ------------------------------------------------------------------------------------------------------

    def _must_read_tenant(self) -> bool:
        return self._evidence is None or any(unread.may_pass for unread in self._evidence.unread.values())

    def _look(self) -> None:
        reads_tenant = self._must_read_tenant() and (not self._looks or self._remaining() > 0)
        try:
            if reads_tenant:
                self._evidence = collect(self._client, self._question)
        except errors.IntuneError as failure:
            if not self._waits or not errors.may_pass(failure):
                raise
            self._failure = failure
        if self._evidence is not None and (not reads_tenant or self._may_go_on()):
            try:
                self._read_device(self._evidence)
            except UNREADABLE as failure:
                self.device = dataclasses.replace(self.device, unread=self._explain("the device", failure))
        self._looks += 1

    def _read_device(self, evidence: Evidence) -> None:
        if self._id is None:
            found = find_device(self._client, self._scheduler, self._term, self._wanted.enrolled_since)
            if found is None:
                self.device = self._unknown
                return
            self._id, self._user_id = found.id, found.user_id
            self.device = dataclasses.replace(self._unknown, is_known=True)
            if not self._may_go_on():
                return
        self._read_record(self._id, evidence)

    def _read_record(self, device_id: str, evidence: Evidence) -> None:
        """Read the record and the statuses in one batch."""
        client = self._client
        counting = judge(evidence, self._question.terms)["levels"]["configured"]["policies"]
        policies = [policy for policy in evidence.policies if policy.id in counting]
        request = client.request("GET", PATH + render_path(device_id), {"$select": PROPERTIES}, version=BETA)
        asked = [render_status_requests(client, policy, device_id, self._user_id) for policy in policies]
        response, *statuses = self._scheduler.fetch_all([request, *(each for group in asked for each in group.every)])
        if response.status == 404:
            # The record was removed, as happens when a device enrolls again.
            self._id, self.device = None, self._unknown
            return
        record = parse_device(parse_response(request, response, shape_of(device_id)))
        self._user_id = record.user_id
        verdict = evaluate_device(record, self._wanted.ownerships)
        self.device = dataclasses.replace(self._unknown, is_known=True, record=record, verdict=verdict)
        if verdict.eligible:
            self._read_statuses(asked, statuses)

    def _read_statuses(self, asked: t.Sequence[StatusRequests], responses: t.Sequence[Response]) -> None:
        found: list[PolicyOnDevice] = []
        unread: Unread | None = None
        for each in asked:
            own, responses = responses[: len(each.every)], responses[len(each.every) :]
            try:
                found.append(fetch_on_device(self._client, each, own, self._may_go_on))
            except UNREADABLE as failure:
                unread = self._explain(f"the status of '{each.policy.name}'", failure)
        self.device = dataclasses.replace(self.device, statuses=tuple(found), unread_status=unread)

    def _read_proof(self) -> None:
        """Read the last result of the probe for the device once, if time remains."""
        evidence = self._evidence
        if evidence is None or evidence.probe is None or evidence.probe.id is None:
            return
        if self._id is None or (self._waits and self._remaining() <= 0):
            proof, unread = dataclasses.replace(evidence.probe, obstacle=explain_not_asked(evidence.probe.name)), None
        else:
            proof, unread = read_device(self._client, evidence.probe, evidence.probe.id, self._id)
        more: dict[Part, Unread] = {} if unread is None else {"probe": unread}
        self._evidence = dataclasses.replace(evidence, probe=proof, unread={**evidence.unread, **more})

    def _explain(self, what: str, failure: errors.IntuneError) -> Unread:
        try:
            return explain(self._client, what, failure)
        except (errors.NotSentError, errors.LostResponseError):
            # There is temporarily no token to compare the permissions with.
            return Unread(f"Could not read {what}: {failure.message}", failure.hint or "Run the task again.", errors.may_pass(failure))

    # --- the verdict ------------------------------------------------------------------------------------------------

    def _judge(self) -> ReadinessResult | None:
        """Return the current verdict, or None while the tenant is unknown. Report the first reason to a person who watches."""
        self.device = dataclasses.replace(self.device, waited=round(self._client.clock.monotonic() - self._started))
        if self._evidence is None:
            return None
        readiness = judge(dataclasses.replace(self._evidence, device=self.device), self._question.terms)
        told = readiness["reasons"][0]["message"] if readiness["reasons"] else ""
        if self._waits and told and told != self._told:
            self._client.report_progress(f"{self.device.waited} s: {told}")
            self._told = told
        return readiness
