# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._probe import dsregcmd
from tests.support.dsregcmd import DETAILS, JOINED, OUTPUTS, Output, change, possible, render, without_pin

VERDICTS: dict[str, tuple[bool | None, list[str], str]] = {
    "non-destructive reset is possible": (True, [], "entra_joined"),
    "destructive reset only": (False, ["destructive_only"], "entra_joined"),
    "hybrid joined, destructive reset only, elevated": (False, ["destructive_only"], "hybrid_joined"),
    "hybrid joined with key trust": (True, [], "hybrid_joined"),
    "registered with a work account": (False, ["not_joined"], "registered"),
    "no PIN yet": (False, ["no_pin"], "entra_joined"),
    "Windows Hello off": (False, ["no_pin", "hello_off"], "entra_joined"),
    "French Windows": (True, [], "entra_joined"),
    "through WinRM": (None, ["not_joined", "other_session"], "domain_joined"),
}


def judged(output: Output) -> tuple[bool | None, list[str]]:
    found = dsregcmd.describe(render(output))
    return found["non_destructive_reset"], [reason["code"] for reason in found["reasons"]]


@pytest.mark.parametrize("name", OUTPUTS)
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r\r\n"], ids=["CRLF", "LF", "CR CR LF"])
def test_the_verdict_on_each_kind_of_device(name: str, end: str) -> None:
    found = dsregcmd.describe(render(OUTPUTS[name], end))
    verdict = (found["non_destructive_reset"], [reason["code"] for reason in found["reasons"]], found["join_type"])
    assert verdict == VERDICTS[name]
    assert set(found["sections"]) == set(OUTPUTS[name])


@pytest.mark.parametrize(
    ("output", "verdict", "codes"),
    [
        pytest.param(change(possible, UserState={"CanReset": "nonDestructiveOnly"}), True, [], id="case 55: in another letter case"),
        pytest.param(change(possible, UserState={"CanReset": "Unknown"}), None, ["can_reset_unknown"], id="case 55: an error in Windows"),
        pytest.param(change(possible, UserState={"CanReset": None}), None, ["can_reset_unknown"], id="case 55: no line"),
        pytest.param(
            change(possible, UserState={"CanReset": "NonDestructiveNever"}),
            None,
            ["can_reset_unknown"],
            id="case 55: a value of a later build",
        ),
        pytest.param(change(possible, UserState={"WamDefaultSet": "ERROR"}), True, [], id="elevated, the same user"),
        pytest.param(change(possible, SSOState=None), True, [], id="without the state of the tokens"),
        pytest.param(
            change(without_pin, SSOState=None, UserState={"AzureAdPrt": "YES"}), False, ["no_pin"], id="an old build, signed in, no PIN"
        ),
        pytest.param(
            change(without_pin, SSOState={"AzureAdPrt": "NO"}), None, ["other_session"], id="joined, and neither a PIN nor a token"
        ),
        pytest.param(
            change(possible, DiagnosticData={"Executing Account Name": "NT AUTHORITY\\SYSTEM"}), None, ["other_session"], id="the system"
        ),
        pytest.param(change(possible, DiagnosticData={"Executing Account Name": "CORP\\PC-1$, "}), None, ["other_session"], id="computer"),
        pytest.param(
            change(without_pin, DiagnosticData={"User Context": "SYSTEM"}), None, ["other_session"], id="the context of the system"
        ),
        pytest.param(
            change(possible, DeviceDetails={"DeviceAuthStatus": "FAILED. Device is either disabled or deleted"}),
            None,
            ["device_refused"],
            id="deleted in Entra ID",
        ),
        pytest.param(
            change(possible, DeviceState={"AzureAdJoined": "NO"}), False, ["not_joined"], id="not joined, with a PIN of a local account"
        ),
        pytest.param(change(possible, UserState=None), None, ["user_state_missing"], id="cut off before the user"),
        pytest.param(change(possible, DeviceState={"AzureAdJoined": "UNKNOWN"}), None, ["not_dsregcmd"], id="neither yes nor no"),
        pytest.param(change(possible, UserState={"NgcSet": "UNKNOWN"}), None, ["no_pin"], id="not known whether there is a PIN"),
    ],
)
def test_the_verdict_on_other_outputs(output: Output, verdict: bool | None, codes: list[str]) -> None:
    assert judged(output) == (verdict, codes)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        pytest.param("", "not_dsregcmd", id="nothing"),
        pytest.param("'dsregcmd' is not recognized as an internal or external command", "not_dsregcmd", id="no such command"),
        pytest.param(render(possible) + render(OUTPUTS["destructive reset only"]), "several_outputs", id="two devices"),
        pytest.param(render(possible)[:400], "user_state_missing", id="cut off"),
    ],
)
def test_what_is_not_one_whole_output_is_unknown(text: str, code: str) -> None:
    found = dsregcmd.describe(text)
    assert (found["non_destructive_reset"], [reason["code"] for reason in found["reasons"]]) == (None, [code])


def test_a_key_is_kept_by_its_section() -> None:
    """A work account has its own NgcSet."""
    output = change(possible, WorkAccount1={"NgcSet": "NO", "TpmProtected": "NO"})
    assert judged(output) == (True, [])
    sections = dsregcmd.describe(render(output))["sections"]
    assert (sections["User State"]["NgcSet"], sections["Work Account 1"]["NgcSet"]) == (True, False)
    assert (sections["Device Details"]["TpmProtected"], sections["Work Account 1"]["TpmProtected"]) == (True, False)


@pytest.mark.parametrize(
    ("line", "key", "value"),
    [
        pytest.param("        AadRecoveryEnabled: NO", "AadRecoveryEnabled", False, id="no blank before the colon"),
        pytest.param("               KeySignTest : : PASSED", "KeySignTest", "PASSED", id="two colons"),
        pytest.param("               KeySignTest: : MUST Run elevated to test.", "KeySignTest", "MUST Run elevated to test.", id="both"),
        pytest.param("               SettingsUrl :", "SettingsUrl", None, id="empty"),
        pytest.param("               SettingsUrl : ", "SettingsUrl", None, id="empty, with a blank"),
        pytest.param("                    MdmUrl : https://a.test:443/x : y", "MdmUrl", "https://a.test:443/x : y", id="colons in it"),
        pytest.param("    Auto-Configuration URL : x", "Auto-Configuration URL", "x", id="a dash and a blank in the key"),
        pytest.param("      AzureAdPrtUpdateTime : 2026-11-27 07:58:11.000 UTC", "AzureAdPrtUpdateTime", "2026-11-27T07:58:11Z", id="time"),
        pytest.param("    EnterprisePrtAuthority : NO", "EnterprisePrtAuthority", None, id="no authority"),
        pytest.param("                TenantName : YES", "TenantName", "YES", id="a tenant that is called YES"),
        pytest.param("               Device Name : NO", "Device Name", "NO", id="a device that is called NO"),
        pytest.param("                TenantName : R\x85p\u2028 |a| x", "TenantName", "R\x85p\u2028 |a| x", id="the wrong code page"),
        pytest.param("                 NgcPreReq : ERROR (0xd0020017)", "NgcPreReq", "ERROR (0xd0020017)", id="an error"),
        pytest.param("\tWorkplaceJoined\t:\tYES", "WorkplaceJoined", True, id="tabs"),
    ],
)
def test_a_line(line: str, key: str, value: t.Any) -> None:
    text = render({"Device State": {}}).replace("\r\n\r\n", f"\r\n{line}\r\n", 1)
    assert dsregcmd.describe(text)["sections"]["Device State"] == {key: value}


def test_the_two_ends_of_a_validity_are_a_list() -> None:
    sections = dsregcmd.describe(render({"Device Details": DETAILS}))["sections"]
    assert sections["Device Details"]["DeviceCertificateValidity"] == ["2025-02-03T08:15:20Z", "2035-02-03T08:45:20Z"]


def test_the_last_line_is_of_no_section() -> None:
    assert "For more information, please visit https" not in dsregcmd.describe(render(possible))["sections"]["WinHttp Default Proxy Config"]


def test_utf_16_that_was_read_byte_by_byte() -> None:
    text = render(possible).encode("utf-16").decode("latin-1")
    assert dsregcmd.describe(text.removeprefix("ÿþ"))["non_destructive_reset"] is True


# --- properties ---------------------------------------------------------------------------------------------------------

TEXT = st.text(max_size=60)
OUTPUT = st.sampled_from(sorted(OUTPUTS))


@hypothesis.given(st.text())
def test_any_text_has_a_verdict_with_its_reasons(text: str) -> None:
    found = dsregcmd.describe(text)
    assert (found["non_destructive_reset"] is True) is (not found["reasons"])


@hypothesis.given(OUTPUT, TEXT.filter(lambda text: not set(text) & {"\r", "\n", "\0", "\ufeff"}), st.sampled_from(sorted(dsregcmd.NAMES)))
def test_names_that_people_gave_change_no_verdict(name: str, given: str, key: str) -> None:
    hypothesis.assume(not (key == "Executing Account Name" and dsregcmd._is_system(given)))
    output = {title: {**values, **({key: given} if key in values else {})} for title, values in OUTPUTS[name].items()}
    assert (judged(output)) == VERDICTS[name][:2]


@hypothesis.given(OUTPUT, st.data())
def test_an_output_that_was_cut_off_is_never_better_than_the_whole(name: str, data: st.DataObject) -> None:
    text = render(OUTPUTS[name])
    cut = dsregcmd.describe(text[: data.draw(st.integers(0, len(text)))])
    assert cut["non_destructive_reset"] is not True or VERDICTS[name][0] is True


@hypothesis.given(OUTPUT, st.data())
def test_sections_in_another_order_and_with_others_between_give_the_same(name: str, data: st.DataObject) -> None:
    titles = data.draw(st.permutations(list(OUTPUTS[name])))
    output = {title: OUTPUTS[name][title] for title in titles} | {"Section Of A Later Build": {"NgcSet": "NO", "AzureAdJoined": "NO"}}
    assert judged(output) == VERDICTS[name][:2]


def test_a_megabyte_of_junk_is_read_in_one_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line is read once, regardless of its length."""
    calls: list[int] = []
    parse = dsregcmd._parse_pair
    monkeypatch.setattr(dsregcmd, "_parse_pair", lambda line: calls.append(len(line)) or parse(line))
    junk = ["A" * 500_000, " " * 200_000 + ":", "| " * 100_000, "x : " * 50_000]
    found = dsregcmd.describe(render(possible) + "\n".join(junk))
    assert found["non_destructive_reset"] is True and sum(calls) < 1_000_000 and len(calls) < 200
    assert JOINED["Device Name"] == found["sections"]["Device State"]["Device Name"]


@pytest.mark.parametrize("line", ["|" + " " * 500_000 + "x", "|" + "\t " * 250_000 + "|", "|" + " x" * 250_000 + " |", "|" * 500_000])
def test_a_long_line_that_begins_as_a_title_is_none(line: str) -> None:
    """An expression that searches for its end again at each blank would run for days."""
    found = dsregcmd.describe(f"{line}\n{render(possible)}\n{line}")
    assert found == dsregcmd.describe(render(possible))


@pytest.mark.parametrize(
    ("line", "title"),
    [
        ("| Device State |", "Device State"),
        ("|\tDevice State|", "Device State"),
        ("| " + "A" * 80 + " |", "A" * 80),
        ("| " + "A" * 81 + " |", None),
        ("|  |", None),
        ("|", None),
        ("||", None),
        ("| Device | State |", None),
        ("| Device State", None),
    ],
)
def test_a_title_stands_between_two_bars(line: str, title: str | None) -> None:
    assert list(dsregcmd.parse(f"{line}\n")[0]) == ([title] if title else [])
