# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the verdict: its levels, its reasons, and the rules for every tenant."""

from __future__ import annotations

import dataclasses
import itertools
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._consent.model import App, Goal, State
from ansible_collections.endpointops.intune.plugins.module_utils._hello.check_in import CheckInStatus
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import FoundPolicy
from ansible_collections.endpointops.intune.plugins.module_utils._hello.terms import MODULE_TERMS, ROLE_TERMS
from ansible_collections.endpointops.intune.plugins.module_utils._probe.states import STATES
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.model import (
    Evidence,
    Expected,
    Part,
    ReadinessResult,
    ReasonCode,
)
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.proof import Proof
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.verdict import add_up, combine, judge
from tests.support.readiness import (
    ARRIVED,
    CLIENT,
    CONNECTED,
    DEVICES,
    G1,
    G2,
    ON,
    PARTS,
    SERVICE,
    USERS,
    enrollment,
    forget,
    group,
    policy,
    proof_of,
    status,
    tenant_of,
    with_findings,
)

READY = policy("PIN", ON, DEVICES)


def states(result: ReadinessResult) -> tuple[str, str, str]:
    levels = result["levels"]
    return levels["connected"]["state"], levels["configured"]["state"], levels["arrived"]["state"]


def told(result: ReadinessResult) -> list[str]:
    return [reason["code"] for reason in result["reasons"]]


def changed(app: App, **values: t.Any) -> App:
    return dataclasses.replace(app, **values)


def gone(app: App, **values: t.Any) -> App:
    return App(app.app_id, app.resource_app_id, resource_id=app.resource_id, published_scopes=app.published_scopes, **values)


# --- ready ----------------------------------------------------------------------------------------------------------


def test_a_tenant_that_is_ready() -> None:
    result = judge(tenant_of(READY), MODULE_TERMS)
    assert (result["ready"], result["reasons"], result["problems"]) == (True, [], [])
    assert result["levels"] == {
        "connected": {"state": "yes"},
        "configured": {"state": "yes", "policies": ["p-PIN"]},
        "arrived": {"state": "yes", "devices": 3, "total": 4},
        "proven": {"state": "unknown", "devices": None, "total": None},
    }
    assert result["policies"][0]["rollout"] == ARRIVED and result["probe"] is None


@pytest.mark.parametrize("found", [*itertools.product(("yes", "no", "unknown", "not_applicable"), repeat=3)], ids=" ".join)
def test_all_levels_decide(found: tuple[t.Any, ...]) -> None:
    expected = True if set(found) == {"yes"} else False if "no" in found else None
    assert combine(found) is expected


# --- connected ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("consent", "goal", "codes"),
    [
        pytest.param(CONNECTED, Goal(), [], id="connected"),
        pytest.param(State(gone(SERVICE), gone(CLIENT)), Goal(), ["not_connected"], id="nothing is there"),
        pytest.param(State(gone(SERVICE), CLIENT), Goal(), ["application_missing"], id="no service"),
        pytest.param(State(SERVICE, gone(CLIENT)), Goal(), ["application_missing"], id="no client"),
        pytest.param(State(SERVICE, gone(CLIENT, deleted_id="x", deleted_at="2026-01-05")), Goal(), ["application_deleted"], id="deleted"),
        pytest.param(
            State(gone(SERVICE, deleted_id="x"), gone(CLIENT, deleted_id="y")),
            Goal(),
            ["application_deleted", "application_deleted"],
            id="both deleted",
        ),
        pytest.param(State(SERVICE, changed(CLIENT, is_enabled=False)), Goal(), ["application_disabled"], id="disabled"),
        pytest.param(
            State(changed(SERVICE, scopes=(), grant_id=None), CLIENT), Goal(), ["permissions_missing"], id="no grant of the service"
        ),
        pytest.param(
            State(SERVICE, changed(CLIENT, scopes=(), grant_id=None)), Goal(), ["permissions_missing"], id="no grant of the client"
        ),
        pytest.param(
            State(SERVICE, changed(CLIENT, scopes=("other",))), Goal(), ["permissions_missing"], id="case 47: a scope that is not published"
        ),
        pytest.param(
            State(SERVICE, changed(CLIENT, scopes=("other",))),
            Goal(client_scopes=("user_impersonation",)),
            ["permissions_missing"],
            id="case 47: another scope than the wanted one",
        ),
        pytest.param(
            State(changed(SERVICE, is_enabled=False), changed(CLIENT, scopes=(), grant_id=None)),
            Goal(),
            ["application_disabled", "permissions_missing"],
            id="two causes",
        ),
    ],
)
def test_the_consent(consent: State, goal: Goal, codes: list[ReasonCode]) -> None:
    result = judge(tenant_of(READY, consent=consent, goal=goal), MODULE_TERMS)
    assert told(result) == codes
    assert (states(result)[0], result["ready"]) == (("no", False) if codes else ("yes", True))
    assert result["consent"] is not None and result["consent"]["ready"] is (not codes)


def test_case_47_the_missing_permission_is_named() -> None:
    consent = State(SERVICE, changed(CLIENT, scopes=("other",)))
    (reason,) = judge(tenant_of(READY, consent=consent), MODULE_TERMS)["reasons"]
    assert "lacks admin consent for user_impersonation (it has other)" in reason["message"]
    assert "intune_pinreset_consent" in reason["hint"]


def test_a_consent_that_could_not_be_read_is_unknown() -> None:
    result = judge(forget(tenant_of(READY), "consent"), MODULE_TERMS)
    assert (states(result)[0], result["ready"], result["consent"], told(result)) == ("unknown", None, None, ["consent_unread"])
    assert result["problems"] == ["Could not read the consent: the application lacks Permission.Read.All."]


# --- applied --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "rollout", "state", "numbers", "codes"),
    [
        pytest.param(status(3, pending=1), "overview", "yes", (3, 4), [], id="3 of 4"),
        pytest.param(status(0, pending=4), "overview", "no", (0, 4), ["not_arrived"], id="case 53: 0 of 4"),
        pytest.param(status(0, error=4), "devices", "no", (0, 4), ["not_arrived"], id="case 53: 0 of 4, all in error"),
        pytest.param(status(0), "overview", "unknown", (0, 0), ["nothing_reported"], id="case 53: 0 of 0"),
        pytest.param(None, "none", "unknown", (None, None), ["status_not_asked"], id="not asked"),
        pytest.param(None, "overview", "unknown", (None, None), ["status_not_available"], id="no overview"),
    ],
)
def test_the_check_in_status(found: CheckInStatus | None, rollout: t.Any, state: str, numbers: t.Any, codes: list[ReasonCode]) -> None:
    result = judge(tenant_of(READY, statuses={"p-PIN": found} if found else {}, rollout=rollout), MODULE_TERMS)
    arrived = result["levels"]["arrived"]
    assert (arrived["state"], (arrived["devices"], arrived["total"]), told(result)) == (state, numbers, codes)
    assert result["ready"] is {"yes": True, "no": False, "unknown": None}[state]


def test_case_53_configured_and_0_of_4_devices_so_far() -> None:
    found = status(0, pending=2, error=1, not_applicable=1)
    (reason,) = judge(tenant_of(READY, statuses={"p-PIN": found}), MODULE_TERMS)["reasons"]
    assert reason["message"] == ("The policy is configured; 0 of 4 devices have it so far (1 in error, 2 pending, 1 not applicable).")
    assert "8 hours" in reason["hint"]


def test_a_check_in_status_that_could_not_be_read_is_unknown() -> None:
    result = judge(forget(tenant_of(READY), "check_in_status"), MODULE_TERMS)
    assert (states(result)[2], told(result), len(result["problems"])) == ("unknown", ["status_unread"], 1)


def test_a_policy_that_does_not_work_is_the_only_cause_where_none_arrives() -> None:
    off = policy("Off", {"use_passport_for_work": False}, DEVICES)
    result = judge(tenant_of(READY, off, statuses={"p-PIN": status(0, pending=4)}), MODULE_TERMS)
    assert (states(result)[1:], told(result)) == (("no", "no"), ["defeated"])


def test_without_a_policy_nothing_can_arrive() -> None:
    result = judge(tenant_of(), MODULE_TERMS)
    assert (states(result), told(result)) == (("yes", "no", "not_applicable"), ["policy_missing"])


def test_the_status_of_several_policies_is_added_up() -> None:
    statuses = {"p-A": status(1, pending=2, conflict=1), "p-B": status(0, error=5, conflict=2), "p-C": status(9)}
    deployment = add_up(["p-A", "p-B", "p-X"], Evidence(statuses=statuses))
    assert deployment == {
        "policies": ["p-A", "p-B"],
        "total": 11,
        "succeeded": 1,
        "error": 5,
        "conflict": 3,
        "pending": 2,
        "not_applicable": 0,
        "other": 0,
    }
    with_overview = add_up(["p-A", "p-B"], Evidence(statuses={**statuses, "p-B": status(4)}))
    assert with_overview is not None and with_overview["conflict"] is None
    assert add_up(["p-X"], Evidence(statuses=statuses)) is None


def test_case_53_a_device_that_gets_several_policies_counts_once_by_its_best_status() -> None:
    devices: dict[str, dict[str, t.Any]] = {
        "p-A": {"1": "succeeded", "2": "error", "3": "pending", "4": "not_applicable"},
        "p-B": {"1": "conflict", "2": "not_applicable", "3": "succeeded", "5": "other"},
    }
    statuses = {"p-A": status(1, error=1, pending=1, not_applicable=1), "p-B": status(1, conflict=1, not_applicable=1, other=1)}
    found = add_up(["p-A", "p-B"], Evidence(statuses=statuses, device_statuses=devices))
    assert found is not None and (found["total"], found["succeeded"], found["error"]) == (5, 2, 1)
    assert (found["pending"], found["conflict"], found["not_applicable"], found["other"]) == (0, 0, 1, 1)
    partly = add_up(["p-A", "p-B"], Evidence(statuses=statuses, device_statuses={"p-A": devices["p-A"]}))
    assert partly is not None and partly["total"] == 8, "not all devices are listed"


def test_one_policy_of_several_without_a_status_leaves_it_unknown() -> None:
    policies = [policy("A", ON, DEVICES), policy("B", ON, USERS)]
    result = judge(tenant_of(*policies, statuses={"p-A": status(0, pending=4)}), MODULE_TERMS)
    assert (states(result)[2], told(result)) == ("unknown", ["status_not_available"])


def test_the_option_for_the_check_in_status_is_in_the_words_of_the_caller() -> None:
    evidence = tenant_of(READY, statuses={}, rollout="none")
    (module,), (role,) = (judge(evidence, terms)["reasons"] for terms in (MODULE_TERMS, ROLE_TERMS))
    assert "'rollout' of intune_pin_readiness_info" in module["hint"] and "pin_reset_rollout" in role["hint"]


# --- rules for every tenant -----------------------------------------------------------------------------------------

TRUTHS = st.sampled_from([None, True, False])
ASSIGNMENTS = st.lists(st.sampled_from([DEVICES, USERS, group(G1), group(G2)]), unique=True, max_size=2)
SURFACES = st.sampled_from([surface for surface in PARTS if surface != "enrollment"])


@st.composite
def policies_of(draw: st.DrawFn) -> tuple[FoundPolicy, ...]:
    found = []
    for name in draw(st.lists(st.sampled_from(["A", "B", "C", "D"]), unique=True, max_size=4)):
        scopes = [
            {option: value for option in ("enable_pin_recovery", "use_passport_for_work") if (value := draw(TRUTHS)) is not None}
            for _scope in ("device", "user")
        ]
        values = {"minimum_pin_length": 6} if not any(scopes) else scopes[0]
        found.append(policy(name, values, *draw(ASSIGNMENTS), surface=draw(SURFACES), user=scopes[1] if values is scopes[0] else None))
    state = draw(st.sampled_from([None, "enabled", "disabled"]))
    return (*found, *([enrollment(state)] if state else []))


COUNTS = st.integers(0, 3)
STATUSES = st.builds(
    lambda succeeded, conflict, **counts: status(succeeded, conflict=conflict, **counts),
    COUNTS,
    st.none() | COUNTS,
    error=COUNTS,
    pending=COUNTS,
    not_applicable=COUNTS,
    other=COUNTS,
)
CONSENTS = st.sampled_from([CONNECTED, CONNECTED, State(SERVICE, gone(CLIENT)), State(SERVICE, changed(CLIENT, is_enabled=False))])
PROOFS = st.none() | st.just(Proof("PIN reset probe")) | st.lists(st.sampled_from(STATES), max_size=4).map(lambda found: proof_of(*found))


@st.composite
def tenants(draw: st.DrawFn) -> Evidence:
    policies = draw(policies_of())
    known = {found.id: draw(STATUSES) for found in policies if found.surface != "enrollment" and draw(st.booleans())}
    expected = Expected(draw(st.sampled_from([None, None, "A"])), draw(st.sampled_from([None, "device", "user"])))
    missing = draw(st.frozensets(st.sampled_from([G1, G2])))
    return tenant_of(*policies, statuses=known, consent=draw(CONSENTS), expected=expected, missing_groups=missing, probe=draw(PROOFS))


PART_NAMES: tuple[Part, ...] = ("profiles", "catalog", "intents", "enrollment", "consent", "groups", "check_in_status")
FORGOTTEN = st.lists(st.sampled_from(PART_NAMES), unique=True, min_size=1, max_size=4)


@given(tenants(), st.lists(st.sampled_from(PART_NAMES), unique=True, max_size=2))
def test_reasons_are_empty_exactly_where_it_is_ready(evidence: Evidence, parts: list[Part]) -> None:
    for result in (judge(forget(evidence, *parts), terms) for terms in (MODULE_TERMS, ROLE_TERMS)):
        assert (result["ready"] is True) == (result["reasons"] == [])
        assert all(reason["message"] and reason["hint"] and reason["code"] in t.get_args(ReasonCode) for reason in result["reasons"])
        sentences = [reason["message"] for reason in result["reasons"]]
        assert len(sentences) == len(set(sentences))


@given(tenants())
def test_it_is_ready_only_where_each_level_is_reached(evidence: Evidence) -> None:
    result = judge(evidence, MODULE_TERMS)
    assert (result["ready"] is True) == (states(result) == ("yes", "yes", "yes"))
    if "no" in states(result):
        assert result["ready"] is False
    reached = {reason["level"]: reason["state"] for reason in result["reasons"]}
    assert all(reached.get(level) is None for level, found in result["levels"].items() if found["state"] == "yes")


@given(tenants(), FORGOTTEN)
def test_to_know_less_never_makes_a_tenant_better(evidence: Evidence, parts: list[Part]) -> None:
    before, after = judge(evidence, MODULE_TERMS), judge(forget(evidence, *parts), MODULE_TERMS)
    assert before["ready"] is True or after["ready"] is not True
    for level in (0, 1):
        assert states(before)[level] == "yes" or states(after)[level] != "yes"


@given(tenants(), st.sampled_from([G1, G2]))
def test_to_lose_a_group_or_a_status_never_makes_a_tenant_ready(evidence: Evidence, identity: str) -> None:
    """Losing a group can only help if another policy needs it to defeat this one."""
    lone = with_findings(dataclasses.replace(evidence, policies=evidence.policies[:1], missing_groups=frozenset()))
    less = dataclasses.replace(lone, missing_groups=frozenset({identity}))
    assert judge(lone, MODULE_TERMS)["ready"] is True or judge(less, MODULE_TERMS)["ready"] is not True
    without = dataclasses.replace(evidence, statuses=dict(list(evidence.statuses.items())[1:]))
    assert judge(evidence, MODULE_TERMS)["ready"] is True or judge(without, MODULE_TERMS)["ready"] is not True


@given(tenants(), PROOFS)
def test_the_probe_changes_only_the_level_proven(evidence: Evidence, proof: Proof | None) -> None:
    """A device without a probe run or result may also be ready."""
    before, after = judge(evidence, MODULE_TERMS), judge(dataclasses.replace(evidence, probe=proof), MODULE_TERMS)
    assert {**before, "levels": list(before["levels"].items())[:3], "probe": None} == {
        **after,
        "levels": list(after["levels"].items())[:3],
        "probe": None,
    }


@given(tenants())
def test_only_an_answer_proves_something(evidence: Evidence) -> None:
    result = judge(evidence, MODULE_TERMS)
    proven, probe = result["levels"]["proven"], result["probe"]
    if probe is None or probe["total"] is None:
        assert proven == {"state": "unknown", "devices": None, "total": None}
        return
    assert (proven["devices"], proven["total"]) == (probe["proven"], probe["total"])
    assert probe["total"] == sum(t.cast("int", probe[name]) for name in ("proven", "not_proven", "unknown", "pending"))
    assert (proven["state"] == "yes") is bool(probe["proven"])
    assert (proven["state"] == "no") is (not probe["proven"] and bool(probe["not_proven"]))


@given(tenants())
def test_every_total_adds_up(evidence: Evidence) -> None:
    result = judge(evidence, MODULE_TERMS)
    deployment, arrived = result["deployment"], result["levels"]["arrived"]
    if deployment is None:
        assert arrived["devices"] is arrived["total"] is None
        return
    assert (arrived["devices"], arrived["total"]) == (deployment["succeeded"], deployment["total"])
    numbers = {name: number for name, number in deployment.items() if isinstance(number, int) and name != "total"}
    if deployment["conflict"] is not None:
        assert sum(numbers.values()) == deployment["total"]
    assert set(deployment["policies"]) <= set(result["levels"]["configured"]["policies"])
