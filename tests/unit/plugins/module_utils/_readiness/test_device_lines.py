# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import OWNERSHIPS
from ansible_collections.endpointops.intune.plugins.module_utils._devices.prediction import PREDICTIONS
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.result import COUNTED
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.status import STATUSES as OUTCOMES
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.device_lines import (
    OWNERS,
    PREDICTED,
    SHOWN,
    STATUSES,
    render_plan,
    tell_devices,
)


def test_every_outcome_and_status_has_words():
    assert {prediction.outcome for prediction in PREDICTIONS} == set(PREDICTED)
    assert set(STATUSES) == set(COUNTED) - {"total", "changed"} | set(OUTCOMES) and set(OWNERS) == set(OWNERSHIPS)


def test_a_task_that_failed_before_it_had_devices_tells_why():
    assert list(tell_devices({"failed": True, "msg": "There is no device."})) == ["Devices: There is no device."]
    assert list(tell_devices({})) == []


@pytest.mark.parametrize(
    "summary", [pytest.param({"changed": 1}, id="case 77: of a reset"), pytest.param({"none": 0}, id="case 77: of a look at it")]
)
def test_a_pending_reset_says_how_to_look_later(summary):
    results = [{"device": "D", "status": "pending", "message": "Intune has queued the reset."}]
    told = " ".join(tell_devices({"results": results, "summary": {"total": 1, "pending": 1, **summary}}))
    assert "run endpointops.intune.fetch_passcode, which resets nothing. In AWX, launch the job template 'fetch passcode'." in told
    assert "fetch" not in " ".join(tell_devices({"results": [], "summary": {"total": 1, "done": 1, **summary}}))


def test_a_device_without_a_reset_on_record_says_so():
    results = [{"device": "D", "status": "none", "message": "Intune has none."}]
    told = list(tell_devices({"results": results, "summary": {"total": 1, "none": 1}}))
    assert told == ["Devices: 1 in all, 1 no reset", "  D: no reset. Intune has none."]


def test_a_fleet_names_only_devices_that_need_somebody():
    results = [{"device": f"D{n}", "device_name": f"D{n}", "status": "done"} for n in range(200)]
    results += [{"device": "X", "device_name": None, "status": "failed", "reason": "device_failed", "message": "It failed."}]
    told = list(tell_devices({"results": results, "summary": {"total": 201, "done": 200, "failed": 1}}))
    assert told == ["Devices: 201 in all, 200 done, 1 failed", "  X: failed (device_failed). It failed."]


def test_more_failed_devices_than_a_summary_names_are_counted():
    results = [{"device": f"D{n}", "status": "failed", "reason": None} for n in range(70)]
    told = list(tell_devices({"results": results, "summary": {"total": 70, "failed": 70}}))
    assert len(told) == 1 + 50 + 1 and told[-1] == "  and 20 more, see the results of the tasks, and pin_reset_results"


def planned(outcome, *, status="planned", reason="Why."):
    return {"device": "D", "status": status, "predicted_outcome": outcome, "predicted_reason": reason}


@pytest.mark.parametrize(
    ("results", "told"),
    [
        pytest.param(
            [planned("not_supported"), planned("new_passcode"), planned("new_passcode")],
            ["  To expect of 2 devices: a new passcode. Why.", "  To expect of 1 device: not supported. Why."],
            id="case 70: grouped, the most frequent first",
        ),
        pytest.param(
            [planned("unknown", reason="A."), planned("unknown", reason="B."), planned("passcode_removed", reason=None)],
            [
                "  To expect of 1 device: not known. A.",
                "  To expect of 1 device: not known. B.",
                "  To expect of 1 device: the passcode is removed.",
            ],
            id="case 70: another reason is another group",
        ),
        pytest.param(
            [planned("new_passcode", status=status) for status in ("pending", "needs_approval", "done", "failed", "refused")],
            ["  To expect of 2 devices: a new passcode. Why."],
            id="case 70: not where the outcome is known",
        ),
        pytest.param([{"device": "D", "status": "planned"}], [], id="an older result"),
    ],
)
def test_the_outcome_to_expect_is_told_for_each_group_of_devices(results, told):
    found = tell_devices({"results": results, "summary": {"total": len(results), "planned": len(results)}})
    assert [line for line in found if "To expect" in line] == told


def sealed(number: int, **more):
    return [{"device": f"D{n}", "status": "done", "sealed_passcode": "-----BEGIN CMS-----", **more} for n in range(number)]


@pytest.mark.parametrize(
    ("results", "told"),
    [
        pytest.param(
            sealed(2, sealed_file="/s/D.pem"), ["  2 sealed passcodes, each in a file of its own, such as /s/D.pem"], id="case 67: files"
        ),
        pytest.param(
            sealed(1, sealed_file="/s/D.pem"), ["  1 sealed passcode, each in a file of its own, such as /s/D.pem"], id="case 67: one"
        ),
        pytest.param(
            sealed(2),
            ["  The sealed passcodes are in the fact pin_reset_results. For files, set pin_reset_sealed_directory to a folder."],
            id="case 67: no files",
        ),
        pytest.param([{"device": "D", "status": "failed", "sealed_passcode": None}], [], id="none"),
        pytest.param(
            sealed(1, sealed_file=None),
            ["  1 sealed passcode is in no file, as the error says, and in the fact pin_reset_results."],
            id="refused",
        ),
        pytest.param(
            [*sealed(1, sealed_file="/s/D.pem"), *sealed(2, sealed_file=None)],
            [
                "  1 sealed passcode, each in a file of its own, such as /s/D.pem",
                "  2 sealed passcodes are in no file, as the error says, and in the fact pin_reset_results.",
            ],
            id="a full disk",
        ),
    ],
)
def test_it_is_told_where_sealed_passcodes_are(results, told):
    found = list(tell_devices({"results": results, "summary": {"total": len(results)}}))
    assert [line for line in found if "sealed" in line] == told and "BEGIN CMS" not in str(found)


MOMENT = "2026-11-29T04:20:13Z"


def reset(status, **more):
    return {"device": "D", "status": status, "started": MOMENT, **more}


@pytest.mark.parametrize(
    ("item", "told"),
    [
        pytest.param(reset("done", changed=True), "D: done", id="of this run"),
        pytest.param(reset("done", changed=False), f"D: done; requested at {MOMENT}, not by this run", id="of an earlier run"),
        pytest.param(
            reset("not_supported", changed=False, reason="not_supported", message="No."),
            f"D: not supported; requested at {MOMENT}, not by this run. No.",
            id="which failed",
        ),
        pytest.param(reset("done"), f"D: done; requested at {MOMENT}", id="of a task that only reads"),
        pytest.param(reset("refused", changed=False, started=None, reason="x"), "D: refused (x)", id="no reset"),
        pytest.param(reset("planned", changed=True, started=None), "D: would be reset", id="a plan"),
    ],
)
def test_an_outcome_says_which_run_requested_it(item, told):
    """A second run that sends nothing must not look as if it had reset the devices."""
    first, line = tell_devices({"results": [item], "summary": {"total": 1, item["status"]: 1}})
    assert line == f"  {told}"
    assert ("1 requested before this run" in first) is ("not by this run" in told)


PHONE = {
    **{"device": "group Phones", "id": "0f5bb0a1", "device_name": "PHONE-1", "operating_system": "Android", "os_version": "14"},
    **{"user_principal_name": "anna@contoso.com", "ownership": "company", "status": "planned", "predicted_outcome": "new_passcode"},
}
KNOWN = "PHONE-1 (0f5bb0a1, Android 14, anna@contoso.com, company-owned)"
REFUSED = {"status": "refused", "reason": "personally_owned", "message": "Add personal."}


@pytest.mark.parametrize(
    ("more", "told"),
    [
        pytest.param({}, f"{KNOWN}: would be reset; expected: a new passcode", id="case 72: would be reset"),
        pytest.param(REFUSED, f"{KNOWN}: refused (personally_owned). Add personal.", id="case 72: refused and why"),
        pytest.param({"status": "done", "reason": None}, f"{KNOWN}: done", id="case 72: reset before"),
        pytest.param(
            {"user_principal_name": None, "ownership": "unknown", "os_version": None, "predicted_outcome": None},
            "PHONE-1 (0f5bb0a1, Android, no user, owner unknown): would be reset",
            id="case 72: little is known",
        ),
        pytest.param(
            {"device_name": None}, KNOWN.replace("PHONE-1", "group Phones") + ": would be reset; expected: a new passcode", id="no name"
        ),
        pytest.param(
            {"device_name": "A\x1b[31m\nB"},
            KNOWN.replace("PHONE-1", "A\\x1b[31m\\nB") + ": would be reset; expected: a new passcode",
            id="hostile name",
        ),
    ],
)
def test_a_plan_says_of_each_device_what_an_approver_has_to_know(more, told):
    item = {**PHONE, **more}
    assert list(render_plan([item])) == [f"  {told}"]
    if "\n" not in str(item["device_name"]):
        found = list(tell_devices({"results": [item], "summary": {"total": 1}}, check=True))
        assert found[-1] == f"  {told}"


def test_a_real_run_names_devices_shortly():
    assert (
        list(tell_devices({"results": [{**PHONE, **REFUSED}], "summary": {"total": 1}}))[-1]
        == "  PHONE-1: refused (personally_owned). Add personal."
    )


@given(st.lists(st.text(max_size=1200), max_size=30))
def test_case_72_a_plan_has_a_line_for_each_device_in_chunks_that_awx_shows(names):
    chunks = list(render_plan([{**PHONE, "device_name": name or "D"} for name in names]))
    lines = [line for chunk in chunks for line in chunk.split("\n")]
    assert len(lines) == len(names) and all(line.startswith("  ") for line in lines)
    assert all(len(chunk) <= SHOWN or "\n" not in chunk for chunk in chunks)
    assert not any(
        len(one) + 1 + len(two) <= SHOWN for one, two in zip(chunks, (chunk.split("\n")[0] for chunk in chunks[1:]), strict=False)
    )
