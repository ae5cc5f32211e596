# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The readiness of a tenant for PIN resets: the evidence that was read, and the verdict. Pure.

There are four separate levels. connected: the tenant has consented to the PIN Reset Service. configured: a policy allows PIN recovery, and
nothing defeats it. arrived: devices have that policy. proven: devices report that they can reset a PIN.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .._application.expiry import CredentialResult, Expiry
from .._consent.model import AppName, ConsentResult, Goal
from .._consent.model import State as Consent
from .._devices.eligibility import Verdict
from .._devices.model import Device
from .._devices.result import DeviceResult
from .._devices.result import describe as describe_device
from .._hello.check_in import CheckInStatus, FoundPolicyStatusResult, PolicyOnDevice, Rollout
from .._hello.check_in import Status as CheckIn
from .._hello.finding import Finding, FindingResult
from .._hello.model import FoundPolicy
from .._hello.settings import Scope
from .proof import ProbeResult, Proof

State = t.Literal["yes", "no", "unknown", "not_applicable"]
Level = t.Literal["connected", "configured", "arrived", "proven"]
# The parts that can be missing because of a permission or a lost response. The first four are policy types.
Part = t.Literal[
    "profiles",
    "catalog",
    "intents",
    "enrollment",
    "consent",
    "groups",
    "filters",
    "tags",
    "expected",
    "devices",
    "check_in_status",
    "probe",
]


# --- evidence -------------------------------------------------------------------------------------------------------


@dataclasses.dataclass(frozen=True)
class Unread:
    """A part that could not be read completely: the problem in one line, and advice.

    ``may_pass``: a later read may succeed without any action.
    """

    problem: str
    hint: str
    may_pass: bool = False


@dataclasses.dataclass(frozen=True)
class Expected:
    """The policy that the task expects, or None for any policy, and for both scopes."""

    name: str | None = None
    scope: Scope | None = None


@dataclasses.dataclass(frozen=True)
class Difference:
    """A difference between the expected and the actual state. ``option``: None if it concerns no option."""

    code: DifferenceCode
    option: str | None
    current: t.Any
    expected: t.Any
    message: str

    def describe(self) -> DifferenceResult:
        """Return the difference as a return value."""
        return {
            "code": self.code,
            "option": self.option,
            "current": self.current,
            "expected": self.expected,
            "message": self.message,
        }


@dataclasses.dataclass(frozen=True)
class DeviceCounts:
    """Numbers of managed devices by property. Each device counts once per property, so each adds up to the total."""

    platforms: t.Mapping[str, int] = dataclasses.field(default_factory=dict)
    join_types: t.Mapping[str, int] = dataclasses.field(default_factory=dict)
    reasons: t.Mapping[str | None, int] = dataclasses.field(default_factory=dict)  # None for eligible ones

    def describe(self) -> DevicesResult:
        """Return the counts as a return value."""
        return {
            "total": sum(self.platforms.values()),
            "eligible": self.reasons.get(None, 0),
            "platforms": dict(sorted(self.platforms.items())),
            "join_types": dict(sorted(self.join_types.items())),
            "reasons": dict(sorted((reason, number) for reason, number in self.reasons.items() if reason is not None)),
        }


@dataclasses.dataclass(frozen=True)
class DeviceEvidence:
    """The evidence about the one device that a task requests.

    ``identifiers``: the properties used to find it. ``enrolled_since``: the time, as text, before which a record is outdated. ``is_known``:
    Intune has the device. ``record`` and ``verdict``: None if they were not read. ``statuses``: of the policies that count. ``unread``,
    ``unread_status``: why the device, or a status, could not be read. ``waited``: seconds.
    """

    name: str
    identifiers: tuple[str, ...] = ()
    enrolled_since: str | None = None
    is_known: bool = False
    record: Device | None = None
    verdict: Verdict | None = None
    statuses: tuple[PolicyOnDevice, ...] = ()
    unread: Unread | None = None
    unread_status: Unread | None = None
    waited: int = 0

    def describe(self) -> DeviceReadinessResult:
        """Return the evidence as a return value."""
        record = describe_device(self.record, self.verdict) if self.record and self.verdict else None
        return {"name": self.name, "waited": self.waited, "record": record, "policies": list(self.statuses)}


@dataclasses.dataclass(frozen=True)
class Evidence:
    """The evidence about a tenant.

    ``consent``: None if it could not be read. ``missing_groups``: the groups in assignments that do not exist, None if that could not be
    read; ``group_names``: the names of the other groups, by ID. ``statuses``: check-in status by policy ID, if Intune has one;
    ``device_statuses``: the status of each device, if all devices are listed. ``unread``: the parts that could not be read;
    ``unread_statuses`` by policy ID. ``findings``: of the ``policies``. ``device``, ``probe``, ``expiry``: None unless the task requests
    them.
    """

    goal: Goal = Goal()
    consent: Consent | None = None
    consent_urls: t.Mapping[AppName, str] = dataclasses.field(default_factory=dict)
    policies: tuple[FoundPolicy, ...] = ()
    findings: tuple[Finding, ...] = ()
    missing_groups: frozenset[str] | None = frozenset()
    group_names: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    rollout: Rollout = "overview"
    statuses: t.Mapping[str, CheckInStatus] = dataclasses.field(default_factory=dict)
    device_statuses: t.Mapping[str, t.Mapping[str, CheckIn]] = dataclasses.field(default_factory=dict)
    unread_statuses: t.Mapping[str, Unread] = dataclasses.field(default_factory=dict)
    unread: t.Mapping[Part, Unread] = dataclasses.field(default_factory=dict)
    expected: Expected = Expected()
    differences: tuple[Difference, ...] = ()
    devices: DeviceCounts | None = None
    device: DeviceEvidence | None = None
    probe: Proof | None = None
    expiry: Expiry | None = None


# --- the verdict ----------------------------------------------------------------------------------------------------

ReasonCode = t.Literal[
    "consent_unread",
    "not_connected",
    "application_missing",
    "application_deleted",
    "application_disabled",
    "permissions_missing",
    "policy_missing",
    "pin_recovery_off",
    "policy_wrong",
    "not_assigned",
    "deleted_groups",
    "groups_unread",
    "hello_off",
    "defeated",
    "hello_off_at_enrollment",
    "policies_unread",
    "status_not_asked",
    "status_not_available",
    "status_unread",
    "nothing_reported",
    "not_arrived",
    "device_missing",
    "device_unread",
    "device_not_eligible",
    "device_failed",
]
DifferenceCode = t.Literal["missing", "several", "different", "hidden", "unresolved"]


@dataclasses.dataclass(frozen=True)
class Reason:
    """Why the tenant is not ready. ``state``: no, or unknown. ``policies``: the IDs of the affected policies.

    ``cause``: equal for reasons of one code with the same cause; empty if the messages distinguish them.
    """

    code: ReasonCode
    level: Level
    state: State
    message: str
    hint: str
    policies: tuple[str, ...] = ()
    cause: str = ""

    def describe(self) -> ReasonResult:
        """Return the reason as a return value."""
        return {
            "code": self.code,
            "level": self.level,
            "state": self.state,
            "message": self.message,
            "hint": self.hint,
            "policies": list(self.policies),
        }


@dataclasses.dataclass(frozen=True)
class Judged:
    """The verdict on one level: ``state``, and the reasons if it is not yes. ``policies``: the IDs of the policies that count."""

    state: State
    reasons: tuple[Reason, ...] = ()
    policies: tuple[str, ...] = ()


class ReasonResult(t.TypedDict):
    """An entry of ``reasons`` in the return value ``readiness``."""

    code: ReasonCode
    level: Level
    state: State
    message: str
    hint: str
    policies: list[str]


class DifferenceResult(t.TypedDict):
    """An entry of ``differs`` in the return value ``readiness``."""

    code: DifferenceCode
    option: str | None
    current: t.Any
    expected: t.Any
    message: str


class DeploymentResult(t.TypedDict):
    """``deployment`` in the return value ``readiness``: the total of the check-in statuses of all policies that count."""

    policies: list[str]
    total: int
    succeeded: int
    error: int
    conflict: int | None
    pending: int
    not_applicable: int
    other: int


class DevicesResult(t.TypedDict):
    """``devices`` in the return value ``readiness``."""

    total: int
    eligible: int
    platforms: dict[str, int]
    join_types: dict[str, int]
    reasons: dict[str, int]


class DeviceReadinessResult(t.TypedDict):
    """``device`` in the return value ``readiness``."""

    name: str
    waited: int
    record: DeviceResult | None
    policies: list[PolicyOnDevice]


class ConnectedResult(t.TypedDict):
    """The level connected."""

    state: State


class ConfiguredResult(t.TypedDict):
    """The level configured."""

    state: State
    policies: list[str]


class CountedResult(t.TypedDict):
    """The levels arrived and proven: the number of devices, and of all devices, or None if unknown."""

    state: State
    devices: int | None
    total: int | None


class LevelsResult(t.TypedDict):
    """``levels`` in the return value ``readiness``."""

    connected: ConnectedResult
    configured: ConfiguredResult
    arrived: CountedResult
    proven: CountedResult


class ReadinessResult(t.TypedDict):
    """The return value ``readiness``."""

    ready: bool | None
    levels: LevelsResult
    reasons: list[ReasonResult]
    differs: list[DifferenceResult]
    consent: ConsentResult | None
    policies: list[FoundPolicyStatusResult]
    findings: list[FindingResult]
    deployment: DeploymentResult | None
    devices: DevicesResult | None
    device: DeviceReadinessResult | None
    probe: ProbeResult | None
    credential: CredentialResult | None
    problems: list[str]
