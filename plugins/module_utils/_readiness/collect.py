# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Read everything that the verdict needs, in as few requests as possible.

Independent requests are sent as one batch for each version of Graph. A part that cannot be read is reported in one line and does not affect
the others.
"""

from __future__ import annotations

import collections
import dataclasses
import typing as t

from .. import _errors as errors
from .._application.own import read_expiry, render_own_request
from .._consent import api as consent
from .._consent.model import Goal
from .._consent.urls import render_consent_urls
from .._devices import lookup as devices
from .._devices.eligibility import evaluate
from .._devices.model import ELIGIBILITY, platform_of
from .._directory.groups import fetch_group_names, render_name_requests
from .._graph.client import GraphClient
from .._guid import parse_guid
from .._hello import api, deployment, discovery
from .._hello.check_in import Rollout, Row, map_devices
from .._hello.check_in import Status as CheckIn
from .._hello.findings import list_findings
from .._hello.model import FoundPolicy
from .._hello.policy import PolicyTask
from .._hello.settings import BackendName
from .._hello.terms import Terms
from .._http.message import Request
from .._probe import api as probes
from .expectation import compare_policy, render_expected_requests
from .model import DeviceCounts, Difference, Evidence, Expected, Part, Unread
from .policies import judge_policies
from .probe import read_probe
from .proof import Proof
from .unread import explain, find_cause

T = t.TypeVar("T")
WHAT: t.Mapping[Part, str] = {
    "profiles": "device configurations",
    "catalog": "settings catalog policies",
    "intents": "endpoint security intents",
    "enrollment": "enrollment settings",
    "consent": "the consent",
    "groups": "groups",
    "expected": "the expected policy",
    "devices": "managed devices",
    "probe": "the probe",
}


@dataclasses.dataclass(frozen=True)
class Question:
    """The parts of a verdict that a task requests.

    ``expected``: the expected policy, as the task of intune_pin_policy that would create it; of ``expected_backend``, or of any.
    ``probe_name``: None without the probe. ``reads_probe_results``: for all devices; results for one device are read later.
    ``expiry_warning_days``: the credential in use ends soon if no more days than these are left; None without that check.
    """

    tenant_id: str | None
    cloud: str
    goal: Goal
    rollout: Rollout
    rollout_timeout: float
    counts_devices: bool
    expected: PolicyTask | None
    expected_backend: BackendName | None
    terms: Terms
    probe_name: str | None = None
    lists_probe_devices: bool = False
    reads_probe_results: bool = True
    expiry_warning_days: int | None = None


def collect(client: GraphClient, question: Question) -> Evidence:
    """Read a tenant and return the evidence."""
    return Collector(client, question).collect()


class Collector:
    """A reader of the parts of a tenant. ``unread`` contains the parts that could not be read."""

    def __init__(self, client: GraphClient, question: Question) -> None:
        self._client = client
        self._question = question
        self.unread: dict[Part, Unread] = {}

    def collect(self) -> Evidence:
        """Read all parts and return the evidence."""
        client, question = self._client, self._question
        client.read_ahead(self._render_first_requests())
        tenant_id = api.fetch_tenant_id(client, question.tenant_id)
        policies = self._fetch_policies(tenant_id)
        principals = self._read("consent", lambda: consent.fetch_principals(client))
        groups = sorted({each.group_id for policy in policies for each in policy.assignments if parse_guid(each.group_id)})
        overviews = [] if question.rollout == "none" else deployment.render_overview_requests(client, policies)
        following = [*render_name_requests(client, groups), *overviews]
        client.read_ahead(following if principals is None else [*following, *consent.render_state_requests(client, principals)])
        state = None if principals is None else self._read("consent", lambda: consent.fetch_state(client, question.goal, principals))
        names = self._read("groups", lambda: fetch_group_names(client, groups))
        missing = None if names is None else frozenset(groups) - names.keys()
        evidence = Evidence(
            goal=question.goal,
            consent=state,
            consent_urls=render_consent_urls(tenant_id, question.cloud),
            policies=tuple(policies),
            findings=tuple(list_findings(policies, tenant_id, deleted_groups=missing or (), terms=question.terms)),
            missing_groups=missing,
            group_names=names or {},
            rollout=question.rollout,
            expected=Expected(question.expected.name, question.expected.scope) if question.expected else Expected(),
            differences=tuple(self._compare(tenant_id, names or {})),
            devices=self._read("devices", self._count_devices) if question.counts_devices else None,
            probe=self._read_probe(question.probe_name) if question.probe_name is not None else None,
            expiry=None if question.expiry_warning_days is None else read_expiry(client, question.expiry_warning_days),
            unread=self.unread,
        )
        return self._with_statuses(evidence)

    def _render_first_requests(self) -> list[Request]:
        """Return the requests that depend on no earlier response."""
        client, question = self._client, self._question
        requests = [consent.render_principals_request(client), *discovery.render_list_requests(client)]
        if parse_guid(str(client.credential.identity().get("tid") or "")) is None:
            requests.append(api.render_tenant_request(client))
        if question.expected is not None:
            requests += render_expected_requests(client, question.expected)
        if question.counts_devices:
            requests.append(devices.render_list_request(client, ELIGIBILITY))
        if question.probe_name is not None:
            requests.append(probes.render_list_request(client))
        own = None if question.expiry_warning_days is None else render_own_request(client)
        return requests if own is None else [*requests, own]

    # --- parts ------------------------------------------------------------------------------------------------------

    def _read(self, part: Part, read: t.Callable[[], T]) -> T | None:
        """Return the result of ``read``, or None for a part that cannot be read, and record its problem. A refused token ends the task."""
        try:
            return read()
        except discovery.UNREADABLE as failure:
            self._note(part, failure=failure)
            return None

    def _note(self, *parts: Part, failure: errors.IntuneError) -> None:
        found = explain(self._client, ", ".join(WHAT[part] for part in parts), failure)
        self.unread.update(dict.fromkeys(parts, found))

    def _fetch_policies(self, tenant_id: str) -> list[FoundPolicy]:
        policies, failures = discovery.fetch_policy_types(self._client, tenant_id)
        # One permission covers several policy types, and is reported once.
        by_cause: dict[tuple[str, str], list[discovery.PolicyType]] = {}
        for name, failure in failures.items():
            by_cause.setdefault(find_cause(self._client, failure), []).append(name)
        for names in by_cause.values():
            self._note(*names, failure=failures[names[0]])
        return policies

    def _compare(self, tenant_id: str, groups: t.Mapping[str, str]) -> list[Difference]:
        client, question, expected = self._client, self._question, self._question.expected
        if expected is None:
            return []
        backend, terms = question.expected_backend, question.terms
        return self._read("expected", lambda: compare_policy(client, expected, backend, tenant_id, groups, terms)) or []

    def _count_devices(self) -> DeviceCounts:
        """Return the managed devices by platform, join type, and eligibility. A list that changes during the read may repeat a device."""
        seen: set[str] = set()
        platforms: collections.Counter[str] = collections.Counter()
        joins: collections.Counter[str] = collections.Counter()
        reasons: collections.Counter[str | None] = collections.Counter()
        for device in devices.fetch_all_devices(self._client, ELIGIBILITY):
            if device.id in seen:
                continue
            seen.add(device.id)
            platforms[platform_of(device)] += 1
            joins[device.join_type or "unknown"] += 1
            reasons[evaluate(device, ("windows",)).reason] += 1
        return DeviceCounts(platforms, joins, reasons)

    def _read_probe(self, name: str) -> Proof:
        client, reads_results = self._client, self._question.reads_probe_results
        proof, unread = read_probe(client, name, reads_results=reads_results)
        if unread is not None:
            self.unread["probe"] = unread
        return dataclasses.replace(proof, lists_devices=self._question.lists_probe_devices)

    def _with_statuses(self, evidence: Evidence) -> Evidence:
        """Return the evidence with the check-in status of each policy. Export only policies that count, because an export takes a while."""
        question = self._question
        counting = judge_policies(evidence, question.terms).policies
        statuses, unread = {}, {}
        devices: dict[str, dict[str, CheckIn]] = {}
        for policy in evidence.policies:
            rollout: Rollout = "overview" if question.rollout == "devices" and policy.id not in counting else question.rollout
            what = f"the check-in status of '{policy.name}'"

            def keep_rows(rows: t.Sequence[Row], identity: str = policy.id) -> None:
                devices[identity] = map_devices(rows, identity)

            try:
                status, problem = deployment.read_status(self._client, policy, rollout, question.rollout_timeout, keep_rows)
            except errors.IntuneError as failure:
                unread[policy.id] = explain(self._client, what, failure)
                continue
            if status is not None:
                statuses[policy.id] = status
            if problem:
                unread[policy.id] = Unread(problem, "Run the task again.")
        return dataclasses.replace(evidence, statuses=statuses, device_statuses=devices, unread_statuses=unread)
