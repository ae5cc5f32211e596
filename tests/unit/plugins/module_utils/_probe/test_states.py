# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._probe import states
from ansible_collections.endpointops.intune.plugins.module_utils._probe.states import (
    STATES,
    count_reasons,
    find_newest,
    parse_row,
    parse_rows,
)
from tests.support.dsregcmd import OUTPUTS, possible, render_line

PROVEN, DESTRUCTIVE = render_line(possible), render_line(OUTPUTS["destructive reset only"])
BLOCKED = "C:\\Windows\\IMECache\\HealthScripts\\x_1\\detect.ps1 cannot be loaded\r\nbecause running scripts is disabled on this system."
FRIDAY, SATURDAY = "2026-11-27T08:00:00Z", "2026-11-28T08:00:00Z"


def row(output: t.Any = PROVEN, state: t.Any = "success", *, device: t.Any = "device-1", **members: t.Any) -> dict[str, t.Any]:
    """Return a row in Graph's format; ``device``: its ID, or None for none."""
    return {
        "id": f"policy:{device}",
        "detectionState": state,
        "lastStateUpdateDateTime": FRIDAY,
        "preRemediationDetectionScriptOutput": output,
        "preRemediationDetectionScriptError": "",
        "managedDevice": device and {"id": device, "deviceName": f"PC of {device}", "userPrincipalName": "ada@contoso.test"},
        **members,
    }


def found(*rows: dict[str, t.Any]) -> list[tuple[str | None, str, list[str]]]:
    return [(state.device_id, state.state, [reason.code for reason in state.reasons]) for state in parse_rows(rows)]


@pytest.mark.parametrize(
    ("output", "detection", "error", "state", "codes"),
    [
        pytest.param(PROVEN, "success", "", "proven", [], id="possible"),
        pytest.param(PROVEN, "fail", "", "proven", [], id="the line decides, not the exit code"),
        pytest.param(PROVEN, "scriptError", "", "proven", [], id="nor an error of the script"),
        pytest.param(PROVEN, "pending", "", "proven", [], id="the last answer, of an earlier version"),
        pytest.param(PROVEN, None, "", "proven", [], id="no state"),
        pytest.param(PROVEN, "success", "a warning", "proven", [], id="text on the error stream"),
        pytest.param(DESTRUCTIVE, "fail", "", "not_proven", ["destructive_only"], id="destructive"),
        pytest.param(DESTRUCTIVE, "success", "", "not_proven", ["destructive_only"], id="destructive, whatever the exit code"),
        pytest.param("", "fail", BLOCKED, "unknown", ["probe_failed"], id="blocked by a policy"),
        pytest.param("", "fail", "", "unknown", ["probe_failed"], id="failed without a word"),
        pytest.param(None, "scriptError", "Error:Powershell script execution timed out", "unknown", ["probe_failed"], id="timed out"),
        pytest.param("", "pending", "", "pending", ["probe_pending"], id="not run yet"),
        pytest.param("", "notApplicable", "", "unknown", ["not_applicable"], id="not applicable"),
        pytest.param("", "success", "", "unknown", ["no_output"], id="no output"),
        pytest.param("", "unknownFutureValue", "", "unknown", ["no_output"], id="a state of later"),
        pytest.param(7, ["x"], 7, "unknown", ["no_output"], id="other types"),
        pytest.param("all is well", "success", "", "unknown", ["output_unread"], id="the output of another script"),
        pytest.param(PROVEN[3:], "success", "", "unknown", ["output_unread"], id="cut at the front"),
    ],
)
def test_the_answer_in_a_row(output: t.Any, detection: t.Any, error: t.Any, state: str, codes: list[str]) -> None:
    assert found(row(output, detection, preRemediationDetectionScriptError=error)) == [("device-1", state, codes)]


def test_all_of_a_row() -> None:
    state = parse_row(row(DESTRUCTIVE, "fail"))
    (reason,) = state.reasons
    assert state.describe() == {
        "id": "device-1",
        "device_name": "PC of device-1",
        "user_name": None,
        "primary_user": "ada@contoso.test",
        "state": "not_proven",
        "reasons": [reason.describe()],
        "join_type": "entra_joined",
        "changed": FRIDAY,
        "last_sync": None,
    }


def test_a_row_of_a_device_names_the_person_who_ran_the_probe() -> None:
    state = parse_row({**row(device=None), "deviceId": "device-2", "deviceName": "PC-2", "userName": "Ada Example"})
    assert (state.device_id, state.device_name, state.user_name, state.primary_user) == ("device-2", "PC-2", "Ada Example", None)


def test_an_error_is_told_in_one_line_and_shortened() -> None:
    (reason,) = parse_row(row("", "fail", preRemediationDetectionScriptError=BLOCKED + " x" * 2000)).reasons
    assert "detect.ps1 cannot be loaded because running scripts" in reason.message
    assert len(reason.message) < 300 and "\n" not in reason.message


# --- several rows -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("turn", [1, -1])
@pytest.mark.parametrize(
    ("older", "newer", "state"),
    [
        pytest.param(row(), row(DESTRUCTIVE, lastStateUpdateDateTime=SATURDAY), "not_proven", id="two users of one device"),
        pytest.param(row(DESTRUCTIVE), row(lastStateUpdateDateTime=SATURDAY), "proven", id="the newer one is better"),
        pytest.param(row("", "fail", lastStateUpdateDateTime=None), row(), "proven", id="one without a time"),
        pytest.param(
            row("", "fail", lastStateUpdateDateTime="0001-01-01T00:00:00Z"), row(), "proven", id="one with no time in Graph's words"
        ),
        pytest.param(row(), row(DESTRUCTIVE), "not_proven", id="of one moment, the worse one"),
        pytest.param(row(device="DEVICE-1"), row(DESTRUCTIVE, lastStateUpdateDateTime=SATURDAY), "not_proven", id="in another letter case"),
    ],
)
def test_of_several_answers_the_newest_counts(older: dict[str, t.Any], newer: dict[str, t.Any], state: str, turn: int) -> None:
    (only,) = parse_rows([older, newer][::turn])
    assert only.state == state


def test_the_last_sync_is_kept_beside_the_last_change() -> None:
    """A device with an unchanged result reports no change."""
    (only,) = parse_rows([row(lastSyncDateTime=SATURDAY)])
    assert (only.changed, only.synced) == (FRIDAY, SATURDAY)


def test_a_row_without_a_device_counts_as_one_device() -> None:
    states = parse_rows([row(), row(device=None), row(DESTRUCTIVE, device=None), row(managedDevice="x")])
    assert sorted((state.device_id or "", state.state) for state in states) == [
        ("", "not_proven"),
        ("", "proven"),
        ("", "proven"),
        ("device-1", "proven"),
    ]


def test_the_nil_guid_names_no_device_and_the_case_of_an_id_does_not_count() -> None:
    nil = "00000000-0000-0000-0000-000000000000"
    states = parse_rows([row(device=nil), row(DESTRUCTIVE, device=nil), row(device="{" + nil + "}"), row(device="AB"), row(device="ab")])
    assert [state.device_id for state in states if state.device_id] == ["ab"]
    assert sorted(state.state for state in states) == ["not_proven", "proven", "proven", "proven"]


def test_devices_are_in_the_order_of_their_names() -> None:
    assert [state.device_name for state in parse_rows([row(device="b"), row(device="A")])] == ["PC of A", "PC of b"]


def test_the_reasons_of_all_devices() -> None:
    rows = [
        row(DESTRUCTIVE, device="1"),
        row(render_line(OUTPUTS["destructive reset only"], rec="-"), device="2"),
        row("", "fail", device="3", preRemediationDetectionScriptError="rare"),
        row("", "fail", device="4", preRemediationDetectionScriptError="often"),
        row("", "fail", device="5", preRemediationDetectionScriptError="often"),
        row(device="6"),
    ]
    reasons = count_reasons(parse_rows(rows))
    assert [(reason["code"], reason["devices"]) for reason in reasons] == [
        ("probe_failed", 3),
        ("destructive_only", 2),
        ("policy_not_arrived", 1),
    ]


def test_the_error_of_a_device_stays_with_it() -> None:
    """It can name a folder, and so a user, and counts go to job logs and reports."""
    states = parse_rows([row("", "fail", preRemediationDetectionScriptError=r"D:\home\ada\detect.ps1 cannot be loaded")])
    assert "ada" in str(states[0].describe()["reasons"])
    assert [reason["message"] for reason in count_reasons(states)] == ["The probe could not run on the device."]


def test_the_newest_change() -> None:
    rows = [
        row(device="1"),
        row(device="2", lastStateUpdateDateTime="2026-11-28T09:00:00.1234567+01:00"),
        row(device="3", lastStateUpdateDateTime=1),
    ]
    assert find_newest(parse_rows(rows)) == SATURDAY
    assert find_newest([]) is None


def test_of_ten_thousand_rows_each_different_line_is_judged_once(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[object] = []
    judge = states.judge_line
    monkeypatch.setattr(states, "judge_line", lambda fields: calls.append(fields) or judge(fields))
    states._read_line.cache_clear()
    rows = [row(DESTRUCTIVE if number % 3 else PROVEN, device=str(number % 9000)) for number in range(10_000)]
    assert len(parse_rows(rows)) == 9000 and len(calls) == 2


ANYTHING = (
    st.none()
    | st.integers()
    | st.text(max_size=5)
    | st.lists(st.integers(), max_size=1)
    | st.dictionaries(st.text(), st.none(), max_size=1)
)


@hypothesis.given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(row(), ANYTHING)), max_size=4))
def test_no_row_is_proven_without_a_line(rows: list[dict[str, t.Any]]) -> None:
    for state in parse_rows(rows):
        assert state.state in STATES and state.state in ("unknown", "pending") and len(state.reasons) == 1
