# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test a model of the whole engine with random tasks over parts of a fleet, in sequence and two at once.

It includes faults, kills, late responses, other administrators, a lagging service, wrong clocks, a journal on a disk, tasks without it, and
the machine's records of resets.

After every step, compare the tenant's resets of ours with the reports of the tasks and the journal. For a longer run, with other examples
each time: FLEET_MACHINE=1000 python -m pytest tests/unit/plugins/module_utils/_passcode/test_engine_model.py
"""

from __future__ import annotations

import collections
import dataclasses
import datetime
import email.utils
import itertools
import json
import os
import pathlib
import random
import tempfile
import typing as t

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from intune_emulator.entra.tokens import issue_token
from intune_emulator.state.device_actions import Action

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import continuation, journal_format, lost_responses, model
from ansible_collections.endpointops.intune.plugins.modules import intune_device_passcode as module
from tests.support.emulated import Died
from tests.support.fakes import START
from tests.support.fleets import FAULTS, FleetWire

SIZE = 24  # more than one batch
EXAMPLES = int(os.environ.get("FLEET_MACHINE", "0"))
MAX_AGE, DAY = 900, continuation.GREATEST_AGE
DELAY = lost_responses.QUIET - 5.0  # seconds for which a request may be in transit when nothing waits for its response any more
CERTAIN = {None, "not_sent", "throttled", "throttled_silently", "throttled_zero", "503_later", "expired"}
SYNCED = {"journal", "begin", "intent", "remaining", "end"}  # lines that reach the disk before anything else is done
# Of one item of a batch; the last three leave open whether it was done.
ITEM_FAULTS: list[dict[str, t.Any]] = [
    {"kind": "status", "status": 429},
    {"kind": "status", "status": 429, "retry_after": "86400"},
    {"kind": "status", "status": 503, "retry_after": "3"},
    {"kind": "status", "status": 500},
    {"kind": "omit"},
    {"kind": "duplicate"},
]
places = st.integers(0, SIZE - 1)
MET = [*FAULTS, *["late", "lost", "lost_done", "dies", "dies_done"] * 3]


@dataclasses.dataclass(frozen=True)
class Plan:
    """The events of one task: faults of its requests (of all, or only of resets), events after some of them, and faults of batch items."""

    devices: frozenset[int]
    faults: list[str | None]
    resets_alone: bool
    after: int
    delay: float
    items: list[tuple[int, int, bool]]
    other: tuple[int, int] | None
    under_way: list[str]
    torn: float | None
    options: dict[str, t.Any]
    retry_timeout: float
    latency: float
    width: int = 8
    beside: bool = False
    journaled: bool = True


def plan_of(seed: int) -> Plan:
    """Return a random plan from a seed: hypothesis would make most of its many choices the simplest, which is no fault at all."""
    choice = random.Random(seed)
    everything = range(SIZE)
    return Plan(
        devices=frozenset(everything if choice.random() < 0.3 else choice.sample(everything, choice.randint(1, SIZE))),
        faults=[choice.choice([None, *choice.choices(MET, k=2)]) for _place in range(choice.randint(1, 8))],
        resets_alone=choice.random() < 0.8,
        after=choice.choice([0, 0, 0, 1, 2]),
        delay=choice.uniform(0.0, DELAY),
        items=[
            (choice.randrange(SIZE), choice.randrange(len(ITEM_FAULTS)), choice.random() < 0.5) for _place in range(choice.randint(0, 3))
        ],
        other=choice.choice([None, (choice.randint(1, 6), choice.randrange(SIZE))]),
        under_way=choice.choices(["taken", "late", "dropped"], k=8),
        torn=choice.choice([None, choice.random()]),
        options={
            "wait": choice.random() < 0.5,
            "sync_devices": choice.random() < 0.3,
            "use_beta": choice.random() < 0.8,
            "write_quota": choice.choice([200, 20, 5]),
            "wait_timeout": choice.choice([5.0, 60.0]),
            "confirm_timeout": choice.choice([60.0, 60.0, 5.0, 0.0]),
        },
        retry_timeout=choice.choice([0.0, 5.0, 120.0]),
        latency=choice.choice([0.0, 0.3]),
        width=choice.choice([8, 2]),
    )


plans = st.integers(0, 2**16 - 1).map(plan_of)
calm = Plan(frozenset(range(SIZE)), [], False, 0, 0.0, [], None, [], None, {"wait_timeout": 60.0}, 120.0, 0.1)


def resets_in(request: Request) -> set[str]:
    """Return the IDs of the devices that a request, or an item of a batch, resets."""
    urls = [item["url"] for item in json.loads(request.body or b"{}")["requests"]] if request.url.endswith("/$batch") else [request.url]
    return {url.split("/")[-2].lower() for url in urls if url.endswith("/resetPasscode")}


class Wire(FleetWire):
    """``by``: the sender of each reset that the tenant accepted: the number of our task, or 0 for another administrator."""

    def __init__(self, **options: t.Any) -> None:
        super().__init__(SIZE, token_lifetime=10**8, batch_shuffle=True, **options)
        # The same time in every run: a second that begins meanwhile would change the example.
        self.tenant.clock.set(datetime.datetime.fromtimestamp(START + 0.4, datetime.timezone.utc))
        self.token = issue_token(self.tenant, next(iter(self.tenant.applications.values())))
        self.by: dict[str, int] = {}
        self.author = 0
        self.late: list[tuple[float, int, Request]] = []
        self.ahead = 0.0  # seconds by which the Date of responses is wrong
        self.doubtful: set[str] = set()

    def ask(self, request: Request) -> Response:
        known = len(self.tenant.actions.resets)
        answer = super().ask(request)
        self.by.update((action.id, self.author) for action in self.tenant.actions.resets[known:])
        when = datetime.datetime.fromtimestamp(self.tenant.clock.timestamp() + self.ahead, datetime.timezone.utc)
        return dataclasses.replace(answer, headers={**answer.headers, "date": email.utils.format_datetime(when, usegmt=True)})

    def catch_up(self) -> None:
        clock = self.tenant.clock
        end = clock.timestamp() + sum(self.clock.slept) - self._slept
        self._slept = sum(self.clock.slept)
        for due in sorted((entry for entry in self.late if entry[0] <= end), key=lambda entry: entry[0]):
            self.late.remove(due)
            clock.advance(max(0.0, due[0] - clock.timestamp()))
            author, self.author = self.author, due[1]
            self.ask(due[2])
            self.author = author
        clock.advance(max(0.0, end - clock.timestamp()))

    def come_late(self, request: Request, delay: float) -> None:
        """Process the request later, although nothing waits for its response."""
        self.late.append((self.tenant.clock.timestamp() + delay, self.author, request))

    def reset_by_other(self, device: str) -> None:
        author, self.author = self.author, 0
        self.ask(Request("POST", f"https://graph.test/v1.0/deviceManagement/managedDevices/{device}/resetPasscode"))
        self.author = author

    def of(self, device: str, *authors: int) -> list[Action]:
        """Return the accepted resets of a device: all, or those of some senders."""
        actions = self.tenant.devices.get(device).actions.get("resetPasscode", [])
        return [action for action in actions if not authors or self.by[action.id] in authors]


class FleetMachine(RuleBasedStateMachine):
    @initialize(
        fixed=st.booleans(),
        audit_delay=st.sampled_from([0.0, 20.0, 60.0, 300.0]),
        visible=st.lists(st.sampled_from([0.0, 0.0, 5.0, 60.0]), min_size=SIZE, max_size=SIZE),
        access=st.sampled_from(["read", "read", "refuse"]),
        stamps=st.sampled_from(["fractional", "seconds"]),
        audit_filter=st.sampled_from(["refuse", "allow"]),
    )
    def begin(self, fixed: bool, audit_delay: float, visible: list[float], access: str, stamps: str, audit_filter: str) -> None:
        """Begin the first campaign. ``fixed``: tasks name reset_since, else max_age."""
        self.wire = Wire(audit_delay=audit_delay, audit_access=access, action_timestamps=stamps, audit_filter=audit_filter)
        self.folder = tempfile.TemporaryDirectory()
        self.paths = [pathlib.Path(self.folder.name) / "journal"]
        self.machine = 0
        self.make_locks()
        self.task, self.fixed = 0, fixed
        # Of each task: where it kept its records, which is the folder of its machine, and its journal; and the resets that it was shown.
        self.kept: dict[int, set[pathlib.Path]] = {}
        self.shown: dict[int, set[str]] = {}
        # Devices for which the machine may have a reset without a known end, even if the journal was changed or torn.
        self.remembered: set[str] = set()
        # The most seconds by which the Date was behind for a task that named the device: a reset of others looks that much younger.
        self.behind: dict[str, float] = {}
        self.campaigns = [self.now()]
        for place, lag in enumerate(visible):
            self.device(place).simulation.patch({"visible": lag})
        for place, outcome in enumerate(["offline", "failed", "not_supported", "canceled", "refuse"]):
            self.device(place).simulation.patch({"outcome": outcome})
        self.device(5).change({"managedDeviceOwnerType": "personal"})
        self.device(6).change({"joinType": "hybridAzureADJoined"})
        self.results: dict[str, dict[str, t.Any]] = {}

    # --- possible steps -----------------------------------------------------------------------------------------------

    @rule(plan=plans)
    def run(self, plan: Plan) -> None:
        self.perform(plan, check=False)

    @rule(plan=plans)
    def run_when_all_are_due(self, plan: Plan) -> None:
        """Begin a new campaign; with max_age a window later."""
        # Requests in transit still belong to the previous one.
        self.wait(lost_responses.QUIET + model.SKEW + 1.0 if self.fixed else MAX_AGE + 60.0)
        self.campaigns.append(self.now())
        if self.fixed:
            # An unfinished run is not continued with another moment.
            self.paths.append(self.path.with_name(f"journal-{len(self.paths)}"))
        self.perform(plan, check=False)

    @rule(plan=plans)
    def run_twice_in_a_row(self, plan: Plan) -> None:
        self.perform(plan, check=False)
        self.perform(dataclasses.replace(plan, faults=[], items=[], other=None, torn=None), check=False)

    @rule(plan=plans)
    def run_two_at_once(self, plan: Plan) -> None:
        """Run a task beside another one with the same journal, which is refused."""
        self.perform(dataclasses.replace(plan, beside=True), check=False)

    @rule(plan=plans)
    def run_without_the_journal(self, plan: Plan) -> None:
        """Run tasks whose resets only the machine records, and that only use its records."""
        self.perform(dataclasses.replace(plan, journaled=False, torn=None), check=False)
        self.perform(dataclasses.replace(calm, journaled=False, devices=plan.devices), check=False)

    @rule(plan=plans)
    def run_without_the_journal_when_all_are_due(self, plan: Plan) -> None:
        """Run a task when the window is over, which resets each device regardless of the machine's records."""
        self.wait(lost_responses.QUIET + model.SKEW + 1.0 if self.fixed else MAX_AGE + 60.0)
        self.campaigns.append(self.now())
        if self.fixed:
            self.paths.append(self.path.with_name(f"journal-{len(self.paths)}"))
        waiting = {
            device
            for device in self.wire.ids
            if any(action.state(self.wire.tenant.clock.now())[0] == "pending" for action in self.wire.of(device))
        }
        self.perform(dataclasses.replace(calm, journaled=False, devices=plan.devices, other=None), check=False)
        for device, entry in self.results.items():
            if entry["status"] != "refused" and entry["reason"] != "service_refused" and device not in waiting:
                assert entry["changed"] and self.wire.of(device, self.task), entry

    @rule(plan=plans)
    def run_without_the_journal_when_the_memory_is_lost(self, plan: Plan) -> None:
        """Run a task as after a restart that empties the temporary folder: only Intune shows the resets of tasks without the journal."""
        self.make_locks()
        self.perform(dataclasses.replace(plan, journaled=False, torn=None), check=False)

    @rule(plan=plans, ahead=st.sampled_from([86400.0, -86400.0, 3600.0, -3600.0]))
    def run_while_the_date_is_wrong(self, plan: Plan, ahead: float) -> None:
        self.wire.ahead = ahead
        self.perform(plan, check=False)
        self.wire.ahead = 0.0

    @rule(plan=plans)
    def run_in_check_mode(self, plan: Plan) -> None:
        before = self.path.read_bytes() if self.path.exists() else None
        sent = len(self.wire.sent)
        self.perform(dataclasses.replace(plan, torn=None), check=True)
        assert (self.path.read_bytes() if self.path.exists() else None) == before
        assert not [request for request in self.wire.sent[sent:] if resets_in(request) or request.url.endswith("syncDevice")]

    @rule(seconds=st.one_of(st.floats(0.0, 60.0), st.floats(0.0, MAX_AGE + 60.0), st.sampled_from([DAY, DAY + 60.0])))
    def wait(self, seconds: float) -> None:
        self.wire.clock.sleep(seconds)
        self.wire.catch_up()

    @rule(place=places)
    def somebody_else_resets(self, place: int) -> None:
        self.wire.reset_by_other(self.wire.ids[place])

    @rule(place=places, lag=st.sampled_from([0.0, 5.0, 60.0]))
    def a_record_lags_differently(self, place: int, lag: float) -> None:
        self.device(place).simulation.patch({"visible": lag})

    @rule()
    def the_offline_device_checks_in(self) -> None:
        self.device(0).check_in(self.wire.tenant.clock.now())

    # --- one task -------------------------------------------------------------------------------------------------------

    def perform(self, plan: Plan, check: bool) -> None:
        wire, self.task = self.wire, self.task + 1
        wire.catch_up()
        wire.author, wire.doubtful, wire.latency = self.task, set(), plan.latency
        wire.plan = self.script(plan)
        self.results, began, past, names = {}, self.now(), self.past(), {self.wire.ids[place] for place in plan.devices}
        doubtful = {device for device, trace in past.resets.items() if trace.state == "open"}
        self.behind.update({device: max(self.behind.get(device, 0.0), -wire.ahead) for device in names})
        self.kept[self.task] = {self.locks, *([self.path] if plan.journaled else [])}
        self.shown[self.task] = {action for device in names for action in self.find_shown(device, plan.options.get("use_beta", True))}
        world = wire.world(retry_timeout=plan.retry_timeout)
        world.client.worker_pool.width = plan.width
        try:
            outcome = module.run(self.params(plan), world.client, check)
        except Died:
            self.remembered |= names
            self.die(plan, [request for _ticket, request in world.client.worker_pool.started])
        except errors.IntuneError:
            assert not [action for device in wire.ids for action in wire.of(device, self.task)], "nothing is told of what was sent"
        else:
            self.results = {entry["id"]: entry for entry in outcome.values["results"]}
            assert set(self.results) == {wire.ids[place] for place in plan.devices}
            for entry in self.results.values():
                self.assert_truthful(entry, began, entry["id"] in doubtful | wire.doubtful | self.remembered, check)
            self.remembered |= doubtful | wire.doubtful
            unsettled = {entry["id"] for entry in self.results.values() if not continuation.is_settled(entry["status"], entry["reason"])}
            left = {device for run in self.past().runs.values() for device in run.remaining}
            is_over = check or not plan.journaled
            assert is_over or unsettled == left & names, "these are to be continued, and no others of this task"
            unconfirmed = {entry["id"] for entry in self.results.values() if entry["confirmed"] is False and entry["status"] == "pending"}
            assert len(unconfirmed) == outcome.values["summary"]["unconfirmed"]
            assert check or bool(unconfirmed) is any("can reset these devices again" in text for text in outcome.warnings)
        finally:
            wire.plan, wire.author = lambda request: None, 0
            wire.tenant.faults.clear()
        for run in past.runs.values() if plan.journaled and not self.fixed else ():
            # A run that began with a Date behind the actual time has a longer window than intended.
            is_continued = run.remaining & names and began - run.begun_at < DAY
            # A newer run with a device to settle, because it was due again, defines itself since when its resets count.
            due = {device for other in past.runs.values() if other is not run for device in other.remaining}
            for device in (run.ids & names) - due if is_continued and run.since > run.begun_at - MAX_AGE - 60.0 else ():
                mine = wire.of(device, self.task)
                counted = [action for action in self.written(device) if action not in mine and action.requested.timestamp() >= run.since]
                assert not (mine and counted), device

    def find_shown(self, device: str, beta: bool) -> set[str]:
        """Return our resets of a device that Intune shows in the places that a task reads: in its record, or in the audit log."""
        now, settings = self.wire.tenant.clock.now(), self.wire.tenant.settings
        is_read = beta and settings.audit_access == "read"
        delay = datetime.timedelta(seconds=settings.audit_delay)
        return {a.id for a in self.ours(device) if a.is_visible(now) or (is_read and now >= a.requested + delay)}

    def could_know(self, before: Action, after: Action) -> bool:
        """Return whether the task of one reset could know of the other: from its machine, its journal, or Intune."""
        one, other = self.wire.by[before.id], self.wire.by[after.id]
        return one == other or bool(self.kept[one] & self.kept[other]) or before.id in self.shown[other]

    def is_of_same_window(self, before: Action, after: Action) -> bool:
        """Return whether one reset is recent enough for the task of the other."""
        times = [action.requested.timestamp() for action in (before, after)]
        if self.fixed:
            return len({sum(begin <= when for begin in self.campaigns) for when in times}) == 1
        # The service's clock has a resolution of a second.
        return abs(times[1] - times[0]) <= MAX_AGE - 1.0

    def script(self, plan: Plan) -> t.Callable[[Request], str | None]:
        left, number = [None] * plan.after + plan.faults, itertools.count()
        for place, kind, processed in plan.items:
            details = dict(ITEM_FAULTS[kind])
            if "retry_after" not in details and details.get("status") != 429 and details["kind"] != "duplicate":
                details["processed"] = processed
            self.wire.fault(details.pop("kind"), f"{self.wire.ids[place]}/resetPasscode$", **details)
            self.wire.doubtful |= {self.wire.ids[place]} if kind > 2 else set()

        def meet(request: Request) -> str | None:
            if plan.beside and resets_in(request):
                self.run_beside(plan, meet)
            if plan.other is not None and next(number) == plan.other[0]:
                self.wire.reset_by_other(self.wire.ids[plan.other[1]])
            resets = resets_in(request)
            fault = left.pop(0) if left and (resets or not plan.resets_alone) else None
            if fault not in CERTAIN:
                self.wire.doubtful |= resets
            if fault == "late":
                self.wire.come_late(request, plan.delay)
                return "lost"
            return fault

        return meet

    def run_beside(self, plan: Plan, meet: t.Callable[[Request], str | None]) -> None:
        """Run another task while one sends its resets."""
        self.wire.plan = lambda request: None
        with pytest.raises(errors.InvalidOptionError, match="is in use by another run"):
            module.run(self.params(plan), self.wire.world().client, False)
        self.wire.plan = meet

    def params(self, plan: Plan) -> dict[str, t.Any]:
        defaults = {name: option.get("default") for name, option in module.SPEC.argument_spec.items()}
        since = journal_format.render_time(self.campaigns[-1]) if self.fixed else None
        names = [self.wire.ids[place] for place in sorted(plan.devices)]
        path = str(self.path) if plan.journaled else None
        given = {"devices": names, "journal_path": path, "reset_since": since, "max_age": MAX_AGE, "return_passcode": True}
        given["lock_directory"] = str(self.locks)
        return {**defaults, **given, **plan.options}

    def die(self, plan: Plan, started: list[Request]) -> None:
        """Deliver requests in transit or not; after a crash of the host, drop lines that were not synced, one in its middle."""
        for request, fate in zip(started, plan.under_way, strict=False):
            if fate == "taken":
                self.wire.ask(request)
            elif fate == "late":
                self.wire.come_late(request, plan.delay)
        if plan.torn is not None and self.path.exists():
            lines = self.path.read_bytes().splitlines(keepends=True)
            # A line that an earlier crash tore is still there if this task did not open the journal.
            whole = [json.loads(line)["event"] for line in lines if line.endswith(b"\n")]
            kept = max((number for number, event in enumerate(whole, 1) if event in SYNCED), default=0)
            safe, rest = b"".join(lines[:kept]), b"".join(lines[kept:])
            self.path.write_bytes(safe + rest[: int(plan.torn * len(rest))])

    def assert_truthful(self, entry: dict[str, t.Any], began: float, doubtful: bool, check: bool) -> None:
        wire, device, status = self.wire, entry["id"], entry["status"]
        mine = wire.of(device, self.task)
        # Another administrator's, and ours from a machine unknown to this task, which can arrive after it was sent.
        others = [action for action in wire.of(device) if not self.kept.get(wire.by[action.id], set()) & self.kept[self.task]]
        foreign = [action for action in others if action.requested.timestamp() >= began - model.SKEW]
        assert len(mine) <= 1
        if status == "unknown":
            assert doubtful, entry
        elif status in ("refused", "not_attempted", "planned") or entry["reason"] in ("service_refused", "unavailable", "device_gone"):
            assert not mine, entry
        else:
            assert wire.of(device), entry
            assert entry["changed"] or not mine, entry
        if entry["changed"] and not check:
            # The record does not name the sender of a reset: after a lost response, another one's counts as ours.
            assert mine or (doubtful and foreign), entry
        if status == "done":
            passcodes = {action.passcode for action in wire.of(device)}
            # Check mode hands nothing over.
            assert entry["passcode"] is None if check else entry["passcode"] in passcodes, entry
            assert not mine or foreign or entry["passcode"] == mine[0].passcode, entry

    # --- invariants -------------------------------------------------------------------------------------------------------

    @invariant()
    def no_device_is_reset_twice(self) -> None:
        for device in self.wire.ids if self.task else ():
            resets = sorted(self.ours(device), key=lambda action: self.wire.by[action.id])
            for before, after in itertools.combinations(resets, 2):
                assert not (self.is_of_same_window(before, after) and self.could_know(before, after)), (device, before, after)

    @invariant()
    def what_was_sent_is_written_down(self) -> None:
        if not self.task:
            return
        lines = [line for path in self.paths if path.exists() for line in path.read_bytes().splitlines(keepends=True)]
        entries = [json.loads(line) for line in lines if line.endswith(b"\n")]
        intents = collections.Counter(entry["device"] for entry in entries if entry["event"] == "intent")
        traces = self.past().resets
        for device in self.wire.ids:
            ours = self.written(device)
            assert intents[device] >= len(ours), device
            trace = traces.get(device)
            if trace is not None and trace.state == "accepted":
                earliest = trace.intended_at - model.SKEW - self.behind.get(device, 0.0)
                assert [action for action in self.wire.of(device) if action.requested.timestamp() >= earliest], device
            if trace is not None and trace.state == "free":
                assert not [action for action in ours if action.requested.timestamp() >= trace.intended_at], device

    def ours(self, device: str) -> list[Action]:
        return [action for action in self.wire.of(device) if self.wire.by[action.id]]

    def written(self, device: str) -> list[Action]:
        """Return our resets of a device that a journal contains."""
        return [action for action in self.ours(device) if self.kept[self.wire.by[action.id]] & set(self.paths)]

    def make_locks(self) -> None:
        self.machine += 1
        self.locks = pathlib.Path(self.folder.name) / f"locks-{self.machine}"
        self.locks.mkdir(0o700)

    def device(self, place: int) -> t.Any:
        return self.wire.tenant.devices.get(self.wire.ids[place])

    @property
    def path(self) -> pathlib.Path:
        return self.paths[-1]

    def past(self) -> journal_format.History:
        return journal_format.parse_lines(self.path.read_bytes().splitlines(keepends=True) if self.path.exists() else [], "journal")

    def now(self) -> float:
        return self.wire.tenant.clock.timestamp()

    # --- the end ----------------------------------------------------------------------------------------------------------

    def teardown(self) -> None:
        """Without faults, every eligible device is reset in the end, except for those with an unknown outcome."""
        if not hasattr(self, "wire"):
            return
        self.wait(61.0)
        before: t.Any = None
        for _again in range(5):
            self.perform(calm, check=False)
            now = {device: entry["status"] for device, entry in self.results.items()}
            if now == before:
                break
            before = now
        self.no_device_is_reset_twice()
        self.what_was_sent_is_written_down()
        assert now[self.wire.ids[4]] in ("failed", "unknown") and not self.wire.of(self.wire.ids[4])
        assert [now[device] for device in self.wire.ids[5:7]] == ["refused"] * 2
        for device in (*self.wire.ids[:4], *self.wire.ids[7:]):
            assert now[device] not in ("not_attempted", "refused"), self.results[device]
            if now[device] != "unknown":
                assert self.wire.of(device), self.results[device]
        self.folder.cleanup()


FleetMachine.TestCase.settings = settings(
    max_examples=EXAMPLES or 24, stateful_step_count=16, derandomize=not EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck)
)
TestFleetMachine = pytest.mark.slow(FleetMachine.TestCase)
