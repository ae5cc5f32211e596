# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import itertools
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._access_pass.model import Policy, Target, User
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import Device
from ansible_collections.endpointops.intune.plugins.module_utils._recovery.access_pass import judge_pass
from ansible_collections.endpointops.intune.plugins.module_utils._recovery.model import PassVerdict, UserDevice
from tests.support.fakes import START

ID, GROUP = (f"{number}1111111-2222-3333-4444-555555555555" for number in "12")
EVERYBODY = Policy("enabled", includes=(Target("group", "all_users"),), excludes=())
SOME = Policy("enabled", includes=(Target("group", GROUP),), excludes=())
OTHERS_ONLY = Policy("enabled", includes=(Target("user", GROUP),), excludes=())
OFF = Policy("disabled")
ADA = User(ID, "ada@contoso.test", "Ada", "Member", True)
GUEST = User(ID, "ada_fabrikam.com#EXT#@contoso.test", "Ada", "Guest", True)
DISABLED = User(ID, "ada@contoso.test", "Ada", "Member", False)


def device(join: t.Any = "entra_joined") -> UserDevice:
    return UserDevice(Device("1", "PC-1", "Windows"), join, name="PC-1")


def judge(user: User = ADA, **changes: t.Any) -> PassVerdict:
    known: dict[str, t.Any] = {"roles": [], "policy": EVERYBODY, "caller": None, "devices": [device()], "others": (), "now": START}
    return judge_pass(user, **{**known, **changes})


@pytest.mark.parametrize(
    ("verdict", "can_help", "codes"),
    [
        pytest.param(judge(), True, [], id="a member with a joined device"),
        pytest.param(judge(devices=[device("hybrid_joined")]), True, [], id="hybrid: it answers the prompt"),
        pytest.param(judge(devices=[]), True, [], id="no device"),
        pytest.param(judge(devices=[], others=("iOS", "macOS")), True, [], id="a Mac beside a phone"),
        pytest.param(judge(GUEST), False, ["external_guest"], id="guest"),
        pytest.param(judge(DISABLED), False, ["account_disabled"], id="disabled account"),
        pytest.param(judge(DISABLED, policy=OFF), False, ["account_disabled", "method_disabled"], id="both"),
        pytest.param(judge(policy=OFF), False, ["method_disabled"], id="passes disabled"),
        pytest.param(judge(policy=OTHERS_ONLY), False, ["out_of_scope"], id="out of scope"),
        pytest.param(judge(caller=ID), False, ["self"], id="oneself"),
        pytest.param(judge(devices=[], others=("Android",)), False, ["other_platforms_only"], id="Android only"),
        pytest.param(judge(devices=[device("registered")]), False, ["not_joined"], id="registered only"),
        pytest.param(judge(policy=None), None, ["policy_unread"], id="policy unread"),
        pytest.param(judge(policy=SOME), None, ["scope_unread"], id="scope of groups"),
        pytest.param(judge(roles=None), None, ["roles_unread"], id="roles unread"),
        pytest.param(judge(roles=["Global Administrator"]), None, ["administrator"], id="privileged"),
        pytest.param(judge(devices=None), None, ["devices_unread"], id="devices unread"),
        pytest.param(judge(devices=[device("unknown")]), None, ["join_type_unknown"], id="join type unknown"),
    ],
)
def test_whether_a_pass_can_help(verdict: PassVerdict, can_help: bool | None, codes: list[str]) -> None:
    assert (verdict.can_help, [reason.code for reason in verdict.reasons]) == (can_help, codes)


def test_it_has_reasons_exactly_where_it_is_not_certain_to_help() -> None:
    joins = ("entra_joined", "hybrid_joined", "registered", "not_joined", "unknown")
    devices = [None, [], *([device(join)] for join in joins), [device("registered"), device()]]
    found = itertools.product(
        (ADA, GUEST, DISABLED), (None, [], ["Helpdesk Administrator"]), (None, EVERYBODY, SOME, OTHERS_ONLY, OFF), (None, ID), devices
    )
    for user, roles, policy, caller, owned in found:
        for others in ((), ("Android",), ("macOS",)):
            verdict = judge(user, roles=roles, policy=policy, caller=caller, devices=owned, others=others)
            assert (verdict.can_help is True) == (not verdict.reasons)
            assert all(reason.message and reason.hint for reason in verdict.reasons)
            assert verdict.can_help is not True or (user is ADA and roles == [] and policy is EVERYBODY and caller is None)
