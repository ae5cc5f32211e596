# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._probe import reg_query
from ansible_collections.endpointops.intune.plugins.module_utils._probe.reg_query import IntunePolicies
from tests.support.dsregcmd import TENANT
from tests.support.reg_query import DEVICE, GROUP_POLICY, INTUNE, NOT_THERE, ON, OTHER_PERSON, PERSON, USER_GROUP_POLICY, Registry, render

OTHER_TENANT = rf"{INTUNE}\99999999-2222-3333-4444-555555555555\Device\Policies"


def intune(registry: Registry, end: str = "\r\n") -> IntunePolicies:
    return reg_query.read_intune(reg_query.parse(reg_query.INTUNE, render(registry, end), 0), TENANT)


@pytest.mark.parametrize(
    ("registry", "expected"),
    [
        pytest.param(ON, IntunePolicies("1", "1"), id="on"),
        pytest.param({DEVICE: {"UsePassportForWork": 0}}, IntunePolicies("-", "0"), id="Windows Hello off"),
        pytest.param({DEVICE: {"EnablePinRecovery": 0}}, IntunePolicies("0", "-"), id="off"),
        pytest.param({rf"{DEVICE}\PINComplexity": {"EnablePinRecovery": 1}}, IntunePolicies("-", "-"), id="of a key below"),
        pytest.param({DEVICE: {"EnablePinRecovery": "1"}}, IntunePolicies("?", "-"), id="of another type"),
        pytest.param({DEVICE: {"EnablePinRecovery": 2}}, IntunePolicies("2", "-"), id="another number"),
        pytest.param({DEVICE: {"(par défaut)": "x", "enablepinrecovery": 1}}, IntunePolicies("1", "-"), id="another letter case"),
        pytest.param({DEVICE.upper(): {"EnablePinRecovery": 1}}, IntunePolicies("1", "-"), id="a key in another letter case"),
        pytest.param({OTHER_TENANT: {"EnablePinRecovery": 1}}, IntunePolicies("-", "-"), id="another tenant"),
        pytest.param(
            {OTHER_TENANT: {"EnablePinRecovery": 1}, DEVICE: {"EnablePinRecovery": 0}}, IntunePolicies("0", "-"), id="two tenants"
        ),
        pytest.param({DEVICE: {"EnablePinRecovery": 0}, OTHER_TENANT: {"EnablePinRecovery": 1}}, IntunePolicies("0", "-"), id="and turned"),
        pytest.param({GROUP_POLICY: {"EnablePinRecovery": 1}}, None, id="another key than the one asked for"),
        pytest.param({DEVICE: {}, GROUP_POLICY: {"EnablePinRecovery": 1}}, IntunePolicies("-", "-"), id="another key behind it"),
        pytest.param({PERSON: {"EnablePinRecovery": 1}}, IntunePolicies("-", "-", ("1",)), id="of a user"),
        pytest.param(
            {PERSON: {"EnablePinRecovery": 1}, OTHER_PERSON: {"EnablePinRecovery": 0, "x": 1}},
            IntunePolicies("-", "-", ("1", "0")),
            id="of two users",
        ),
        pytest.param({PERSON: {"UsePassportForWork": 1}}, IntunePolicies("-", "-"), id="of a user, about something else"),
    ],
)
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r\r\n"], ids=["CRLF", "LF", "CR CR LF"])
def test_the_policies_of_a_tenant(registry: Registry, expected: IntunePolicies | None, end: str) -> None:
    assert intune(registry, end) == (expected or IntunePolicies("?", "?"))


@pytest.mark.parametrize(
    ("device", "users", "expected"),
    [
        *[("-", (), "-"), ("1", (), "-"), ("-", ("1",), "1"), ("1", ("1",), "1"), ("-", ("0", "0"), "0")],
        *[("-", ("1", "0"), "?"), ("1", ("0",), "?"), ("0", ("1", "1"), "?"), ("-", ("?",), "?")],
    ],
    ids=str,
)
def test_the_value_of_users_counts_where_it_is_that_of_each_person(device: str, users: tuple[str, ...], expected: str) -> None:
    assert IntunePolicies(device, "-", users).user_recovery == expected


@pytest.mark.parametrize(
    ("text", "code", "expected"),
    [
        pytest.param("", 1, {}, id="the key is not there"),
        pytest.param(NOT_THERE["English"].decode(), 1, {}, id="the error in English, in one stream"),
        pytest.param(NOT_THERE["French"].decode("utf-8", "surrogateescape"), 1, {}, id="the error in French, in the OEM code page"),
        pytest.param("\r\n", 0, {}, id="a key without values"),
        pytest.param("", 127, None, id="no such command, sh"),
        pytest.param("", 9009, None, id="no such command, cmd"),
        pytest.param("", None, None, id="the task did not run"),
        pytest.param("Welcome to the machine", 0, None, id="something else"),
    ],
)
def test_a_missing_key_is_told_from_a_question_without_an_answer(text: str, code: int | None, expected: dict[str, object] | None) -> None:
    assert reg_query.parse(reg_query.INTUNE, text, code) == expected


def test_text_that_was_utf_16_is_read() -> None:
    text = "\ufeff" + "\0".join(render(ON))
    assert reg_query.read_intune(reg_query.parse(reg_query.INTUNE, text, 0), TENANT) == IntunePolicies("1", "1")


@pytest.mark.parametrize(
    ("computer", "user", "expected"),
    [
        pytest.param({}, {}, "-", id="none"),
        pytest.param({GROUP_POLICY: {}}, {}, "-", id="a key without values"),
        pytest.param({GROUP_POLICY: {"EnablePinRecovery": 1}}, {}, "1", id="PIN recovery on"),
        pytest.param({GROUP_POLICY: {"EnablePinRecovery": 1, "Enabled": 1}}, {}, "1", id="Windows Hello and PIN recovery on"),
        pytest.param({GROUP_POLICY: {"EnablePinRecovery": 1, "Enabled": 0}}, {}, "0", id="Windows Hello off"),
        pytest.param({GROUP_POLICY: {"Enabled": 1}}, {}, "0", id="silent on PIN recovery"),
        pytest.param({GROUP_POLICY: {"EnablePinRecovery": 0}}, {}, "0", id="PIN recovery off"),
        pytest.param({GROUP_POLICY: {"EnablePinRecovery": "1"}}, {}, "0", id="of another type"),
        pytest.param({rf"{GROUP_POLICY}\PINComplexity": {"Digits": 1}}, {}, "0", id="a key below alone"),
        pytest.param({GROUP_POLICY: {"Comment": "x"}}, {}, "0", id="a text alone"),
        pytest.param({}, {USER_GROUP_POLICY: {"Enabled": 1}}, "0", id="of the user alone"),
        pytest.param({GROUP_POLICY: {"EnablePinRecovery": 1}}, {USER_GROUP_POLICY: {"Enabled": 0}}, "0", id="the user's wins"),
        pytest.param({GROUP_POLICY: {"EnablePinRecovery": 1}}, {USER_GROUP_POLICY: {"Enabled": 1}}, "1", id="both together"),
        pytest.param(
            {GROUP_POLICY: {"EnablePinRecovery": 1, "Enabled": 0}}, {USER_GROUP_POLICY: {"Enabled": 1}}, "1", id="the user's wins, on"
        ),
    ],
)
def test_a_group_policy(computer: Registry, user: Registry, expected: str) -> None:
    keys = [
        reg_query.parse(key, render(registry), 0 if registry else 1)
        for key, registry in ((reg_query.GROUP_POLICY, computer), (reg_query.USER_GROUP_POLICY, user))
    ]
    assert reg_query.read_group_policy(*keys) == expected


def test_what_was_not_read_is_not_known() -> None:
    assert reg_query.read_group_policy(None, {}) == "?"
    # Either alone can turn PIN recovery off.
    assert reg_query.read_group_policy({}, None) == "?"
    assert reg_query.read_intune(None, TENANT) == IntunePolicies("?", "?")


@hypothesis.given(st.text() | st.text(alphabet="HKEY_\\ \tREG_DWORD0x1\r\n-"), st.sampled_from([0, 1, 127, None]))
def test_no_text_makes_a_policy_that_is_not_there(text: str, code: int | None) -> None:
    found = reg_query.read_intune(reg_query.parse(reg_query.INTUNE, text, code), TENANT)
    assert found in (IntunePolicies("-", "-"), IntunePolicies("?", "?"))


@pytest.mark.parametrize("junk", ["x", " ", "    REG_", "\\", "HKEY_", "\r\n", "\0"], ids=repr)
def test_a_megabyte_of_junk_around_it_changes_nothing(junk: str) -> None:
    noise = junk * (2**20 // len(junk))
    keys = reg_query.parse(reg_query.INTUNE, f"{noise}\r\n{render(ON)}\r\n{noise}", 0)
    assert reg_query.read_intune(keys, TENANT) == IntunePolicies("1", "1")
