# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Run one task: read the evidence for the help for a user, and evaluate it."""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .._access_pass import api as passes
from .._access_pass import users
from .._access_pass.flow import POLICY_UNREAD, ROLES_UNREAD, find_caller
from .._access_pass.model import Policy, UserPass
from .._devices.model import Device
from .._graph.client import GraphClient
from .._hello.check_in import Status as CheckIn
from .._hello.findings import WEB_SIGN_IN, list_included
from .._hello.model import FoundPolicy
from .._names import show
from .._probe import api as probes
from .._probe.plan import list_foreign_parts
from .._probe.results import fetch_device_states
from .._probe.states import DeviceState
from .._readiness.collect import Question, collect
from .._readiness.model import Evidence, ReadinessResult, Unread
from .._readiness.policies import HOLDERS
from .._readiness.unread import explain
from .._readiness.verdict import judge as judge_tenant
from .._time import parse_timestamp
from .._types import Json
from . import api, device_state, fresh
from .access_pass import judge_pass
from .model import UNJOINED, Other, PolicyStatus, ProbeReport, Situation, Tenant, UserDevice
from .result import describe

T = t.TypeVar("T")
DRIFT_SECONDS = 300
MOST_DEVICES = 20  # one batch for the probe
SWITCHES = {"enabled": True, "disabled": False}  # the values of the setting for web sign-in that decide


@dataclasses.dataclass(frozen=True)
class Wanted:
    """The request of a task. ``fresh_timeout``: seconds to wait for a run of the probe, None to request no run."""

    user: str
    probe_name: str
    fresh_timeout: float | None


class RecoveryTask:
    """A task; call ``run`` once. ``has_asked``: devices were asked to run the probe."""

    def __init__(self, client: GraphClient, question: Question, wanted: Wanted) -> None:
        """Store the request."""
        self._client, self._question, self._wanted = client, question, wanted
        self._problems: list[str] = []
        self._names: tuple[str, ...] = ()
        self._fresh: bool | None = None
        self.has_asked = False

    def run(self) -> Json:
        """Return the ``recovery`` return value. Raise if the user cannot be found."""
        client = self._client
        (item,) = users.select(client, [self._wanted.user])
        evidence = collect(client, self._question)
        self._problems += map(tell, evidence.unread.values())
        readiness = judge_tenant(evidence, self._question.terms)
        self._read_ahead(item)
        item.roles = self._read("directory roles", lambda: passes.fetch_roles(client, item.user.id), ROLES_UNREAD)
        policy = self._read("the policy for passes", lambda: passes.fetch_policy(client), POLICY_UNREAD)
        found = self._read("the user's devices", lambda: api.fetch_user_devices(client, item.user))
        self._problems += found.left_out if found else ()
        self._problems += [ROLES_UNREAD] if passes.UNNAMED_ROLE in (item.roles or ()) else []
        self._names = item.user.names
        windows = self._choose(found.records if found else ())
        others = device_state.list_others(found.records) if found else ()
        devices = self._complete(windows, evidence, readiness)
        return self._describe(item, policy, devices if found else None, others, _tenant_of(evidence, readiness), readiness)

    def _describe(
        self,
        item: UserPass,
        policy: Policy | None,
        devices: list[UserDevice] | None,
        others: tuple[Other, ...],
        tenant: Tenant,
        readiness: ReadinessResult,
    ) -> Json:
        verdict = judge_pass(
            item.user,
            roles=item.roles,
            policy=policy,
            caller=find_caller(self._client),
            devices=devices,
            others=others,
            now=self._client.service_now(),
        )
        judged = None if devices is None else tuple(device_state.judge(each, tenant, item.user) for each in devices)
        situation = Situation(item.user, judged, others, verdict)
        about = {
            "connected": tenant.connected,
            "configured": tenant.configured,
            "reasons": [reason for reason in readiness["reasons"] if reason["level"] != "arrived"],
        }
        problems = list(dict.fromkeys(self._problems))
        return describe(item, situation, tenant=about, problems=problems, fresh=self._fresh)

    def _choose(self, records: t.Sequence[Device]) -> list[Device]:
        """Return the computers with Windows, the most recently used first, up to MOST_DEVICES."""
        windows = [record for record in records if device_state.is_computer(record)]
        windows.sort(key=lambda record: parse_timestamp(record.last_sync) or 0.0, reverse=True)
        if len(windows) > MOST_DEVICES:
            self._problems.append(
                f"The user has {len(windows)} Windows devices. The result lists the {MOST_DEVICES} that checked in last, "
                f"not the other {len(windows) - MOST_DEVICES}."
            )
        return windows[:MOST_DEVICES]

    # --- reads ------------------------------------------------------------------------------------------------------

    def _read_ahead(self, item: UserPass) -> None:
        """Send independent requests together, in one batch for each version of Graph."""
        client = self._client
        requests = [
            passes.render_roles_request(client, item.user.id),
            passes.render_policy_request(client),
            api.render_devices_request(client, item.user),
            probes.render_list_request(client),
        ]
        client.read_ahead(requests)

    def _read(self, what: str, read: t.Callable[[], T | None], refused: str | None = None) -> T | None:
        """Return the result of ``read``, or None and record a problem on failure. ``refused``: the problem for a missing permission."""
        try:
            found = read()
        except api.UNREADABLE as failure:
            self._problems.append(tell(explain(self._client, what, failure)))
            return None
        if found is None and refused:
            self._problems.append(refused)
        return found

    def _complete(self, records: t.Sequence[Device], evidence: Evidence, readiness: ReadinessResult) -> list[UserDevice]:
        """Return the devices with all the evidence about them."""
        states = self._read_probe(records)
        names = device_state.name_devices(records)
        devices = [
            UserDevice(
                record,
                device_state.parse_join(record.join_type, state.join_type if state else None),
                probe=self._parse_probe(state) if state else None,
                name=names[record.id],
            )
            for record in records
            for state in (states.get(record.id),)
        ]
        counting = readiness["levels"]["configured"]["policies"]
        signing_in = {policy.id: policy for policy in evidence.policies if find_switch(policy) is not None and is_live(policy, evidence)}
        recovering = {policy.id: policy for policy in evidence.policies if policy.id in counting}
        joined = [device for device in devices if device.join not in UNJOINED]
        statuses = self._read_statuses(joined, {**recovering, **signing_in})
        return [
            dataclasses.replace(
                device,
                web_sign_in=_status_of(device, signing_in, statuses, lambda policy: find_switch(policy) is True),
                recovery=_status_of(device, recovering, statuses, lambda policy: True),
            )
            for device in devices
        ]

    def _read_statuses(self, devices: t.Sequence[UserDevice], policies: t.Mapping[str, FoundPolicy]) -> dict[api.Pair, CheckIn | None]:
        pairs = [(device.record, policy) for policy in policies.values() for device in devices]
        if not pairs:
            return {}
        found, failures, left = api.fetch_statuses(self._client, pairs)
        self._problems += [tell(explain(self._client, "the check-in status of a policy", failure)) for failure in failures]
        if left:
            self._problems.append(f"The check-in status was not read for {left} pairs of a policy and a device, to keep the task short.")
        return found

    # --- the probe --------------------------------------------------------------------------------------------------

    def _read_probe(self, records: t.Sequence[Device]) -> fresh.States:
        """Return the last results of the probe for devices; none if it is not in the tenant, or cannot be read."""
        if not records:
            return {}
        client, name = self._client, self._wanted.probe_name
        try:
            script = probes.choose_listed(probes.fetch_probes(client), name)
            if script is None:
                if self._wanted.fresh_timeout is not None:
                    self._problems.append(f"There is no remediation named '{show(name)}', so that no device can be asked.")
                return {}
            states: fresh.States = fetch_device_states(client, script.id, [record.id for record in records], self._names)
        except (*api.UNREADABLE, errors.SelectionError) as failure:
            self._problems.append(tell(explain(client, "the probe", failure)))
            return {}
        return states if self._wanted.fresh_timeout is None else self._run_probe(script.id, records, states, self._wanted.fresh_timeout)

    def _run_probe(self, script_id: str, records: t.Sequence[Device], states: fresh.States, timeout: float) -> fresh.States:
        problem = self._explain_foreign(script_id)
        if problem is not None:
            self._problems.append(f"No device was asked to run the probe. {problem}")
            return states
        names = device_state.name_devices(records)
        joined = [UserDevice(record, device_state.parse_join(record.join_type), name=names[record.id]) for record in records]
        asked = [device for device in joined if device.join not in UNJOINED]
        run = fresh.run(self._client, script_id, asked, states, timeout, self._names)
        self._fresh, self.has_asked = run.is_fresh, run.asked
        self._problems += run.problems
        return run.states

    def _explain_foreign(self, script_id: str) -> str | None:
        """Return why a remediation may not be the probe, or None for the probe. A run on demand runs any scripts that it contains."""
        try:
            script = probes.fetch_probe(self._client, script_id)
        except api.UNREADABLE as failure:
            return explain(self._client, "its script", failure).problem
        parts = ["it no longer exists"] if script is None else list_foreign_parts(script)
        name = show(self._wanted.probe_name)
        return f"The remediation '{name}' ({script_id}) is not the probe: {' and '.join(parts)}." if parts else None

    def _parse_probe(self, state: DeviceState) -> ProbeReport:
        changed = parse_timestamp(state.changed)
        age = None if changed is None else self._client.service_now() - changed
        return ProbeReport(
            state=state.state,
            user=state.user_name,
            changed=state.changed,
            # A time in the future shows nothing about the age, except for a small clock difference.
            age_seconds=None if age is None or age < -DRIFT_SECONDS else max(0, int(age)),
            codes=tuple(reason.code for reason in state.reasons),
            reasons=tuple(reason.message for reason in state.reasons),
        )


def tell(unread: Unread) -> str:
    """Return why a part could not be read, with advice."""
    return f"{unread.problem} {unread.hint}"


def _tenant_of(evidence: Evidence, readiness: ReadinessResult) -> Tenant:
    levels = readiness["levels"]
    is_known = not any(part in evidence.unread for part in HOLDERS)
    return Tenant(levels["connected"]["state"], levels["configured"]["state"], is_known)


def find_switch(policy: FoundPolicy) -> bool | None:
    """Return whether a policy turns web sign-in on or off, or None if it does neither."""
    found = [SWITCHES[values[WEB_SIGN_IN]] for values in policy.values.values() if values.get(WEB_SIGN_IN) in SWITCHES]
    return found[0] if found else None


def is_live(policy: FoundPolicy, evidence: Evidence) -> bool:
    """Return whether a policy has a target that may exist. A group that no longer exists has no members."""
    missing = evidence.missing_groups or ()
    return any(assignment.group_id not in missing for assignment in list_included(policy))


def _status_of(
    device: UserDevice,
    policies: t.Mapping[str, FoundPolicy],
    statuses: t.Mapping[api.Pair, CheckIn | None],
    value_of: t.Callable[[FoundPolicy], bool],
) -> tuple[PolicyStatus, ...]:
    return tuple(PolicyStatus(policy.name, value_of(policy), statuses.get((device.record.id, policy.id))) for policy in policies.values())
