# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._probe import dsregcmd
from ansible_collections.endpointops.intune.plugins.module_utils._probe.line import (
    END,
    FIELDS,
    START,
    STATUS,
    find_join_type,
    judge_line,
    parse_line,
)
from tests.support.dsregcmd import OUTPUTS, Output, change, possible, render_line, without_pin

LINE = render_line(possible)
DESTRUCTIVE = OUTPUTS["destructive reset only"]


def judged(line: str) -> tuple[bool | None, list[str]]:
    fields = parse_line(line)
    assert fields is not None
    verdict, reasons = judge_line(fields)
    return verdict, [reason.code for reason in reasons]


def test_a_line_is_its_values() -> None:
    line = "pin1;aj=YES;dj=NO;ngc=YES;cr=DestructiveOnly;pe=-;nr=?;da=SUCCESS;prt=YES;rec=1;use=0;gpo=-;urec=?;end"
    values = ["YES", "NO", "YES", "DestructiveOnly", "-", "?", "SUCCESS", "YES", "1", "0", "-", "?"]
    assert parse_line(line) == dict(zip(FIELDS, values, strict=True))
    assert line.startswith(START) and line.endswith(END)


@pytest.mark.parametrize("name", OUTPUTS)
def test_a_line_has_the_verdict_of_the_output_that_it_is_made_from(name: str) -> None:
    sections = OUTPUTS[name]
    verdict, reasons = dsregcmd.judge(sections)
    assert judged(render_line(sections)) == (verdict, [reason.code for reason in reasons])


@pytest.mark.parametrize(
    ("output", "verdict", "codes"),
    [
        pytest.param(change(without_pin, SSOState={"AzureAdPrt": "NO"}), None, ["other_session"], id="the system, or nobody signed in"),
        pytest.param(
            change(without_pin, SSOState=None, NgcPrerequisiteCheck={"PolicyEnabled": "NO"}),
            None,
            ["other_session"],
            id="the system where Hello is off",
        ),
        pytest.param(change(without_pin, SSOState={"AzureAdPrt": "?"}), None, ["other_session"], id="no word about a token"),
        pytest.param(change(possible, UserState={"CanReset": "Unknown"}), None, ["can_reset_unknown"], id="an error in Windows"),
        pytest.param(change(possible, UserState={"CanReset": None}), None, ["can_reset_unknown"], id="no value"),
        pytest.param(change(possible, UserState={"CanReset": "NonDestructiveNever"}), None, ["can_reset_unknown"], id="a later build"),
        pytest.param(change(possible, DeviceState={"AzureAdJoined": "?", "DomainJoined": "?"}), None, ["dsregcmd_unread"], id="blocked"),
        pytest.param(change(possible, UserState=None), None, ["dsregcmd_unread"], id="cut off before the user"),
        pytest.param(change(possible, UserState={"NgcSet": "UNKNOWN"}), None, ["dsregcmd_unread"], id="not known whether there is a PIN"),
        pytest.param(
            change(possible, DeviceDetails={"DeviceAuthStatus": "FAILED. Device is either disabled or deleted"}),
            None,
            ["device_refused"],
            id="deleted in Entra ID",
        ),
        pytest.param(change(possible, DeviceState={"AzureAdJoined": "NO"}), False, ["not_joined"], id="not joined"),
    ],
)
def test_the_verdict_on_other_lines(output: Output, verdict: bool | None, codes: list[str]) -> None:
    assert judged(render_line(output)) == (verdict, codes)


@pytest.mark.parametrize(
    ("output", "registry", "codes"),
    [
        pytest.param(DESTRUCTIVE, {"rec": "-"}, ["destructive_only", "policy_not_arrived"], id="the policy is missing on this device"),
        pytest.param(DESTRUCTIVE, {"rec": "-", "gpo": "0"}, ["destructive_only", "group_policy"], id="a group policy beats it"),
        pytest.param(DESTRUCTIVE, {"rec": "?"}, ["destructive_only", "registry_unread"], id="could not be asked"),
        pytest.param(DESTRUCTIVE, {}, ["destructive_only"], id="the policy is there"),
        pytest.param(without_pin, {"use": "0"}, ["no_pin", "hello_off"], id="Hello off"),
        pytest.param(OUTPUTS["Windows Hello off"], {"use": "0"}, ["no_pin", "hello_off"], id="Hello off is told once"),
        pytest.param(possible, {"rec": "-", "gpo": "0"}, [], id="what Windows says counts"),
        pytest.param(OUTPUTS["registered with a work account"], {"rec": "-"}, ["not_joined"], id="no policy for a device not joined"),
        pytest.param(change(without_pin, SSOState=None), {"rec": "-"}, ["other_session"], id="no policy of another account"),
    ],
)
def test_the_registry_explains_a_verdict(output: Output, registry: dict[str, str], codes: list[str]) -> None:
    assert judged(render_line(output, **registry))[1] == codes


@pytest.mark.parametrize(
    ("output", "join_type"),
    [
        (possible, "entra_joined"),
        (OUTPUTS["hybrid joined with key trust"], "hybrid_joined"),
        (OUTPUTS["through WinRM"], "domain_joined"),
        (OUTPUTS["registered with a work account"], None),
        (change(possible, DeviceState={"DomainJoined": "?"}), None),
    ],
    ids=["joined", "hybrid", "domain", "registered or not", "unknown"],
)
def test_how_the_device_is_joined(output: Output, join_type: str | None) -> None:
    fields = parse_line(render_line(output))
    assert fields is not None and find_join_type(fields) == join_type


@pytest.mark.parametrize(
    "text",
    [
        None,
        1,
        "",
        "end",
        "pin1;end",
        START + END,
        LINE.replace("pin1", "pin2"),
        LINE.replace("pin1", "PIN1"),
        LINE.replace("rec=1;", ""),
        LINE.replace("rec=1;", "rec=1;rec=1;"),
        LINE.replace("rec=1;", "rec=;"),
        LINE.replace("rec=1;", "rec;"),
        LINE.replace("rec=1;", "rec=1=1;"),
        LINE.replace("rec=1;", "rec=1;wk=1;"),
        LINE.replace("rec=1;", "rec=a b;"),
        LINE.replace("rec=1;", "rec=é;"),
        LINE.replace("rec=1;", "rec=??;"),
        LINE.replace("rec=1;", f"rec={'1' * 41};"),
        LINE.replace("rec=1;", "rec=1\n;"),
        LINE + "\n" + LINE,
        LINE + ";",
        LINE.replace(";end", ";abc"),
        LINE.replace("pin1;", "pin1,"),
        "x" + LINE,
        "detect.ps1 cannot be loaded because running scripts is disabled on this system.",
        "x" * 1_000_000,
    ],
    ids=range(26),
)
def test_anything_else_is_no_line(text: object) -> None:
    assert parse_line(text) is None


def test_a_line_may_have_a_line_end() -> None:
    assert parse_line(LINE + "\r\n") == parse_line(LINE)


# --- properties ---------------------------------------------------------------------------------------------------------

VALUES = st.sampled_from(["YES", "NO", "UNKNOWN", "-", "?", "0", "1", "DestructiveOnly", "NonDestructiveOnly", "FAILED", "x"])
ANY_LINE = st.fixed_dictionaries(dict.fromkeys(FIELDS, VALUES))


@hypothesis.given(st.text() | st.from_regex(r"pin1;([a-z]{1,4}=[A-Z?-]{0,3};){0,14}end", fullmatch=True))
def test_no_junk_is_a_line(text: str) -> None:
    assert parse_line(text) is None


@hypothesis.given(st.sampled_from(sorted(OUTPUTS)), st.data())
def test_a_line_that_was_cut_is_refused(name: str, data: st.DataObject) -> None:
    line = render_line(OUTPUTS[name])
    start = data.draw(st.integers(0, len(line)))
    end = data.draw(st.integers(start, len(line)))
    assert (parse_line(line[start:end]) is None) is (line[start:end] != line)


@hypothesis.given(ANY_LINE)
def test_every_line_has_a_verdict_with_its_reasons(fields: dict[str, str]) -> None:
    line = START + ";".join(f"{key}={value}" for key, value in fields.items()) + END
    assert parse_line(line) == fields
    verdict, reasons = judge_line(fields)
    assert (verdict is True) is (not reasons)
    assert len({reason.code for reason in reasons}) == len(reasons)


@hypothesis.given(ANY_LINE, st.sampled_from(FIELDS))
def test_a_value_that_could_not_be_asked_makes_no_line_better(fields: dict[str, str], field: str) -> None:
    before, after = judge_line(fields)[0], judge_line({**fields, field: "?"})[0]
    # If the device's certificate is not mentioned, the rest counts, as in dsregcmd when the line is missing.
    assert after is not True or before is True or field == "da"


@hypothesis.given(ANY_LINE)
def test_without_a_pin_and_a_token_nothing_is_said_of_a_user(fields: dict[str, str]) -> None:
    """This is the case for the system account."""
    verdict, reasons = judge_line({**fields, "aj": "YES", "dj": "NO", "ngc": "NO", "prt": "NO"})
    assert verdict is None and {reason.code for reason in reasons} <= {"other_session", "device_refused"}


def test_the_fields_of_dsregcmd_are_keys_that_it_prints() -> None:
    printed: set[tuple[str, str]] = {(title, key) for output in OUTPUTS.values() for title, values in output.items() for key in values}
    missing: t.Collection[tuple[str, str]] = set(STATUS.values()) - printed
    assert not missing
