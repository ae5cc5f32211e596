# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the level configured: the policies that allow PIN recovery, and the ones that defeat them."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import FoundPolicy
from ansible_collections.endpointops.intune.plugins.module_utils._hello.terms import MODULE_TERMS, ROLE_TERMS, Terms
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.model import Evidence, Expected, Part
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.policies import judge_policies
from tests.support.fakes import TENANT_ID
from tests.support.readiness import DEVICES, G1, G2, ON, USERS, enrollment, forget, group, policy, profile, tenant_of

HELLO = "use_passport_for_work"
OFF, HELLO_ON = {HELLO: False}, {HELLO: True}
BOTH_ON = {**ON, **HELLO_ON}
RIGHT = f"./Device/Vendor/MSFT/PassportForWork/{TENANT_ID}/Policies/EnablePinRecovery"
WRONG = f"./Device/Vendor/MSFT/Policy/PassportForWork/{TENANT_ID}/Policies/EnablePinRecovery"


def verdict(evidence: Evidence) -> tuple[str, list[str], list[str]]:
    """Return the state, the codes of the reasons, and the policies that count."""
    found = judge_policies(evidence, MODULE_TERMS)
    assert all(reason.level == "configured" and reason.message and reason.hint for reason in found.reasons)
    assert bool(found.reasons) == (found.state != "yes")
    return found.state, [reason.code for reason in found.reasons], list(found.policies)


@pytest.mark.parametrize(
    ("policies", "state", "codes"),
    [
        pytest.param([], "no", ["policy_missing"], id="no policy"),
        pytest.param([policy("PIN", ON, DEVICES)], "yes", [], id="one for all devices"),
        pytest.param([policy("PIN", ON, USERS, surface="custom")], "yes", [], id="a custom profile for all users"),
        pytest.param([policy("PIN", ON, DEVICES, surface="intent")], "yes", [], id="an old intent"),
        pytest.param([policy("PIN", None, USERS, user=ON)], "yes", [], id="for users"),
        pytest.param([policy("PIN", {"enable_pin_recovery": False}, DEVICES)], "no", ["policy_missing"], id="one that turns it off"),
        pytest.param([policy("PIN", ON)], "no", ["not_assigned"], id="assigned to nobody"),
        pytest.param([policy("PIN", ON), policy("Other", ON, DEVICES)], "yes", [], id="one of two is assigned"),
        pytest.param([policy("PIN", {**ON, **OFF}, DEVICES)], "no", ["hello_off"], id="turns Windows Hello off itself"),
        pytest.param([policy("PIN", ON, DEVICES, user=OFF)], "no", ["hello_off"], id="turns Windows Hello off for the user"),
        pytest.param([policy("PIN", {**ON, **OFF}, DEVICES, user=HELLO_ON)], "yes", [], id="the user's value wins"),
        pytest.param(
            [policy("PIN", ON, DEVICES), policy("Other", {"enable_pin_recovery": False}, DEVICES)], "no", ["defeated"], id="a conflict"
        ),
        pytest.param(
            [policy("PIN", ON, group(G1)), policy("Other", {"enable_pin_recovery": False}, group(G2))], "yes", [], id="other devices"
        ),
        pytest.param(
            [policy("PIN", ON, DEVICES), policy("Other", OFF, DEVICES)], "no", ["defeated"], id="case 45: another turns Windows Hello off"
        ),
        pytest.param([policy("PIN", ON, DEVICES), policy("Other", OFF)], "yes", [], id="another that is assigned to nobody"),
        pytest.param(
            [policy("PIN", BOTH_ON, DEVICES), policy("Other", OFF, DEVICES)], "no", ["defeated"], id="a conflict on Windows Hello"
        ),
        pytest.param(
            [policy("PIN", ON, DEVICES), policy("Other", {"minimum_pin_length": 4}, DEVICES)], "yes", [], id="another without a say"
        ),
        pytest.param(
            [policy("PIN", {**ON, "minimum_pin_length": 6}, DEVICES), policy("Other", {"minimum_pin_length": 4}, DEVICES)],
            "yes",
            [],
            id="a conflict on something else",
        ),
        pytest.param(
            [policy("PIN", ON, DEVICES), policy("Other", None, DEVICES, user={"enable_pin_recovery": False})],
            "no",
            ["defeated"],
            id="the user's value wins against the device's",
        ),
        pytest.param(
            [policy("PIN", None, DEVICES, user=ON), policy("Other", {"enable_pin_recovery": False}, DEVICES)],
            "yes",
            [],
            id="the device's value loses against the user's",
        ),
        pytest.param(
            [policy("PIN", ON, DEVICES, user={"enable_pin_recovery": False})], "no", ["defeated"], id="its own value for the user wins"
        ),
        pytest.param([policy("PIN", ON, DEVICES), enrollment()], "no", ["hello_off_at_enrollment"], id="case 45: off at enrollment"),
        pytest.param([policy("PIN", ON, DEVICES), enrollment("enabled")], "yes", [], id="case 45: on at enrollment"),
        pytest.param([policy("PIN", BOTH_ON, DEVICES), enrollment()], "yes", [], id="case 45: off at enrollment, and on by the policy"),
        pytest.param(
            [policy("PIN", ON, DEVICES), policy("Other", HELLO_ON, DEVICES), enrollment()], "yes", [], id="case 45: on by another policy"
        ),
        pytest.param(
            [policy("PIN", ON, group(G1)), policy("Other", HELLO_ON, group(G2)), enrollment()],
            "no",
            ["hello_off_at_enrollment"],
            id="case 45: on by a policy for others",
        ),
        pytest.param(
            [policy("PIN", ON, DEVICES), policy("Other", HELLO_ON, DEVICES), policy("Third", OFF, DEVICES), enrollment()],
            "no",
            ["defeated", "hello_off_at_enrollment"],
            id="case 45: on by a policy that is in conflict itself",
        ),
        pytest.param([enrollment()], "no", ["policy_missing"], id="enrollment alone is no policy"),
        pytest.param([profile(RIGHT)], "yes", [], id="a right path"),
        pytest.param([profile(WRONG)], "no", ["policy_wrong"], id="a wrong path"),
        pytest.param([profile(f"{RIGHT}/")], "no", ["policy_wrong"], id="case 46: a slash at the end"),
        pytest.param([profile(f"{RIGHT}\\")], "no", ["policy_wrong"], id="case 46: a backslash at the end"),
        pytest.param([profile(f"{RIGHT}/ ")], "no", ["policy_wrong"], id="case 46: a slash and a blank at the end"),
        pytest.param([profile(RIGHT.replace("Pin", "Pin\u200b"))], "no", ["policy_wrong"], id="case 46: a mark that nobody sees"),
        pytest.param([profile(f"{RIGHT}\n")], "no", ["policy_wrong"], id="case 46: a line end"),
        pytest.param(
            [profile(WRONG.replace("EnablePinRecovery", "UsePassportForWork"))], "no", ["policy_missing"], id="a wrong path of another"
        ),
        pytest.param(
            [policy("A", ON, DEVICES), policy("B", ON, DEVICES), policy("Other", OFF, DEVICES)],
            "no",
            ["defeated"],
            id="one that defeats two is one cause",
        ),
    ],
)
def test_policies(policies: list[FoundPolicy], state: str, codes: list[str]) -> None:
    assert verdict(tenant_of(*policies))[:2] == (state, codes)


def test_the_policies_that_work_count_or_those_that_would() -> None:
    works, defeated, other = policy("A", ON, DEVICES), policy("B", ON, group(G1), surface="custom"), policy("C", ON)
    assert verdict(tenant_of(works, other))[2] == ["p-A"]
    assert verdict(tenant_of(defeated, policy("Off", OFF, group(G1))))[2] == ["p-B"]
    assert verdict(tenant_of(policy("Off", OFF, DEVICES)))[2] == []


# --- the policy of a name -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policies", "expected", "state", "codes", "counted"),
    [
        pytest.param([policy("A", ON, DEVICES)], Expected("A"), "yes", [], ["p-A"], id="the one"),
        pytest.param([policy("B", ON, DEVICES)], Expected("A"), "no", ["policy_missing"], [], id="another name"),
        pytest.param(
            [policy("A", HELLO_ON, DEVICES), policy("B", ON, DEVICES)], Expected("A"), "no", ["pin_recovery_off"], [], id="not set"
        ),
        pytest.param([policy("A", {"enable_pin_recovery": False})], Expected("A"), "no", ["pin_recovery_off"], [], id="set to false"),
        pytest.param(
            [policy("A", ON), policy("B", ON, DEVICES)], Expected("A"), "no", ["not_assigned"], ["p-A"], id="another one is assigned"
        ),
        pytest.param([policy("A", ON, DEVICES)], Expected("A", "user"), "no", ["pin_recovery_off"], [], id="for devices, not for users"),
        pytest.param([policy("A", None, DEVICES, user=ON)], Expected("A", "user"), "yes", [], ["p-A"], id="for users"),
        pytest.param([profile(WRONG, "A")], Expected("A"), "no", ["policy_wrong"], [], id="a wrong path"),
        pytest.param([profile(WRONG, "B")], Expected("A"), "no", ["policy_missing"], [], id="a wrong path of another policy"),
    ],
)
def test_the_policy_of_a_name(policies: list[FoundPolicy], expected: Expected, state: str, codes: list[str], counted: list[str]) -> None:
    assert verdict(tenant_of(*policies, expected=expected)) == (state, codes, counted)


@pytest.mark.parametrize(
    ("others", "message", "terms", "hint"),
    [
        ((), "No policy named 'A' sets enable_pin_recovery.", ROLE_TERMS, "Run endpointops.intune.onboard"),
        (("B",), "sets enable_pin_recovery. 'B' does.", ROLE_TERMS, "set pin_reset_policy_name to its name. Otherwise: Run "),
        (("B", "C", "D", "E", "F"), "'B', 'C', 'D', and 2 more do.", ROLE_TERMS, "set pin_reset_policy_name to its name."),
        (("B", "C"), "'B' and 'C' do.", MODULE_TERMS, "set 'name' in 'expect' to its name. Otherwise: Run intune_pin_policy "),
    ],
)
def test_policies_of_other_names_that_allow_it_are_named(others: tuple[str, ...], message: str, terms: Terms, hint: str) -> None:
    """The tenant of a user who has named the policy in another way than the role does."""
    found = tenant_of(*(policy(name, ON, DEVICES) for name in others), policy("Off", OFF, DEVICES), expected=Expected("A"))
    (reason,) = judge_policies(found, terms).reasons
    assert reason.message.endswith(message) and hint in reason.hint


def test_a_reason_says_what_is_wrong_with_the_policy() -> None:
    (reason,) = judge_policies(tenant_of(profile(WRONG)), MODULE_TERMS).reasons
    assert WRONG in reason.message and RIGHT in reason.hint and reason.policies == ("p-PIN",)


@pytest.mark.parametrize(
    ("found", "message"),
    [
        (policy("A", HELLO_ON, DEVICES), "'A' does not set enable_pin_recovery."),
        (policy("A", {"enable_pin_recovery": False}, DEVICES), "'A' sets enable_pin_recovery to false."),
    ],
)
def test_a_policy_without_pin_recovery_in_a_sentence(found: FoundPolicy, message: str) -> None:
    (reason,) = judge_policies(tenant_of(found, expected=Expected("A")), MODULE_TERMS).reasons
    assert (reason.message, reason.policies) == (message, ("p-A",))


# --- groups ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assignments", "missing", "state", "codes"),
    [
        pytest.param([group(G1)], set(), "yes", [], id="a group that exists"),
        pytest.param([group(G1)], {G1}, "no", ["deleted_groups"], id="a group that does not"),
        pytest.param([group(G1), group(G2)], {G1}, "yes", [], id="one of two exists"),
        pytest.param([group(G1), group(G2)], {G1, G2}, "no", ["deleted_groups"], id="none of two exists"),
        pytest.param([group(G1), DEVICES], {G1}, "yes", [], id="all devices too"),
        pytest.param([group(G1)], None, "unknown", ["groups_unread"], id="it is not known"),
        pytest.param([group(G1), USERS], None, "yes", [], id="it is not known, and does not matter"),
    ],
)
def test_groups(assignments: list[t.Any], missing: set[str] | None, state: str, codes: list[str]) -> None:
    known = None if missing is None else frozenset(missing)
    assert verdict(tenant_of(policy("PIN", ON, *assignments), missing_groups=known))[:2] == (state, codes)


def test_a_policy_that_nobody_gets_any_more_defeats_nobody() -> None:
    off = policy("Off", OFF, group(G2))
    both = policy("PIN", ON, group(G1), group(G2))
    assert verdict(tenant_of(both, off))[0] == "no"
    assert verdict(tenant_of(both, off, missing_groups=frozenset({G2})))[0] == "yes"


# --- unreadable parts -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policies", "part", "state", "codes"),
    [
        pytest.param([policy("PIN", ON, DEVICES)], "profiles", "unknown", ["policies_unread"], id="profiles may defeat it"),
        pytest.param([policy("PIN", ON, DEVICES, surface="custom")], "catalog", "unknown", ["policies_unread"], id="the catalog may"),
        pytest.param([policy("PIN", ON, DEVICES)], "intents", "unknown", ["policies_unread"], id="intents may"),
        pytest.param([policy("PIN", ON, DEVICES)], "enrollment", "unknown", ["policies_unread"], id="enrollment may"),
        pytest.param([policy("PIN", BOTH_ON, DEVICES)], "enrollment", "yes", [], id="enrollment may not where the policy decides"),
        pytest.param([policy("PIN", BOTH_ON, DEVICES)], "intents", "unknown", ["policies_unread"], id="intents may even then"),
        pytest.param([], "catalog", "unknown", ["policies_unread"], id="the policy may be there"),
        pytest.param([], "enrollment", "no", ["policy_missing"], id="no policy is among the settings for enrollment"),
        pytest.param([policy("PIN", ON)], "catalog", "unknown", ["policies_unread"], id="one that was not read may be assigned"),
        pytest.param([policy("PIN", ON, surface="custom")], "catalog", "no", ["not_assigned"], id="no matter: assigned to nobody"),
        pytest.param(
            [policy("PIN", ON, DEVICES), enrollment()],
            "intents",
            "unknown",
            ["hello_off_at_enrollment", "policies_unread"],
            id="case 45: off at enrollment, and perhaps on by a policy",
        ),
        pytest.param(
            [policy("PIN", ON, DEVICES), policy("Other", OFF, DEVICES, surface="custom")],
            "intents",
            "no",
            ["defeated"],
            id="defeated in any case",
        ),
    ],
)
def test_a_part_that_could_not_be_read(policies: list[FoundPolicy], part: Part, state: str, codes: list[str]) -> None:
    assert verdict(forget(tenant_of(*policies), part))[:2] == (state, codes)


def test_what_could_not_be_read_is_in_the_reason() -> None:
    (reason,) = judge_policies(forget(tenant_of(policy("PIN", ON, DEVICES)), "intents"), MODULE_TERMS).reasons
    assert "the application lacks Permission.Read.All" in reason.message and reason.hint == "Grant Permission.Read.All."


# --- words ----------------------------------------------------------------------------------------------------------


def test_hints_use_the_words_of_the_caller() -> None:
    tenants = [
        tenant_of(policy("PIN", ON)),
        tenant_of(policy("PIN", {**ON, **OFF}, DEVICES)),
        tenant_of(policy("PIN", ON, DEVICES), enrollment()),
        tenant_of(),
    ]
    for evidence in tenants:
        (module,), (role,) = (judge_policies(evidence, terms).reasons for terms in (MODULE_TERMS, ROLE_TERMS))
        assert "intune_pin_policy" in module.hint and "pin_reset_" not in module.hint
        assert "pin_reset_" in role.hint or "endpointops.intune.onboard" in role.hint
        assert "intune_pin_policy" not in role.hint
