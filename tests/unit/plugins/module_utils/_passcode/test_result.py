# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec
from ansible_collections.endpointops.intune.plugins.module_utils._devices import prediction
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import Device
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import model, result, status
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import DeviceReset, RecordedReset
from ansible_collections.endpointops.intune.plugins.modules import intune_device_passcode, intune_device_passcode_info
from tests.support.fakes import START
from tests.support.resets import ID, entry, item
from tests.support.returns import differences, documented


@pytest.mark.parametrize(
    ("state", "status", "reason", "words"),
    [
        ("none", "pending", None, "queued the reset"),
        ("pending", "pending", None, "queued the reset"),
        ("active", "pending", None, "queued the reset"),
        ("done", "done", None, ""),
        ("failed", "failed", "device_failed", "error code 42"),
        ("notSupported", "not_supported", "not_supported", "I forgot my PIN"),
        ("canceled", "canceled", "canceled", "max_age 0"),
        ("approvalRequired", "unknown", "state_unknown", "approvalRequired"),
    ],
)
def test_what_the_service_reports_is_recorded(state: str, status: str, reason: str | None, words: str) -> None:
    subject = item()
    result.record(subject, RecordedReset(state, START, error_code=42))
    assert (subject.status, subject.reason) == (status, reason)
    assert words in (subject.message or "")


def test_a_later_report_leaves_nothing_of_an_earlier_one() -> None:
    subject = item(reason="answer_lost", message="Lost.")
    result.record(subject, RecordedReset("done", START))
    assert (subject.status, subject.reason, subject.message) == ("done", None, None)


@pytest.mark.parametrize(("state", "told"), [("done", True), ("pending", False), ("failed", False)])
@pytest.mark.parametrize("system", ["iOS", "iPadOS", "Android", "Windows"])
def test_on_ios_there_is_no_new_passcode_and_this_is_said(system: str, state: str, told: bool) -> None:
    subject = item(system=system)
    result.record(subject, RecordedReset(state, START))
    assert ("The passcode is removed." in (subject.message or "")) is (told and system in ("iOS", "iPadOS"))


@pytest.mark.parametrize("system", ["Windows", "Windows Holographic", "Android", "iOS"])
def test_only_windows_users_are_sent_to_their_own_reset(system: str) -> None:
    subject = item(system=system)
    result.record(subject, RecordedReset("notSupported", START))
    assert ("On Windows" in (subject.message or "")) is (system == "Windows")
    assert (result.alternative(subject) == result.SELF_SERVICE) is (system == "Windows")


def test_where_the_device_was_not_read_the_help_is_named() -> None:
    assert result.alternative(DeviceReset(ID, ["PC-1"])) == f"See {result.HELP}"


def test_an_entry_says_everything_about_a_device() -> None:
    subject = item(reset=RecordedReset("done", START, START + 60, 0, "1234"), status="done", changed=True, request_id="r-1")
    assert result.describe(subject) == {
        "device": "PC-1",
        "id": ID,
        "device_name": "PC-1",
        "operating_system": "Windows",
        "os_version": "10.0.22631",
        "user_principal_name": None,
        "ownership": None,
        "predicted_outcome": "not_supported",
        "predicted_reason": prediction.WINDOWS.reason,
        "status": "done",
        "reason": None,
        "message": None,
        "changed": True,
        "confirmed": None,
        "action_state": "done",
        "started": "2026-01-05T10:00:00Z",
        "last_updated": "2026-01-05T10:01:00Z",
        "passcode_expires": "2026-01-12T10:01:00Z",
        "error_code": 0,
        "request_id": "r-1",
        "approval": None,
    }


@pytest.mark.parametrize(
    "subject",
    [DeviceReset(ID, ["PC-1"]), item(), item(reset=RecordedReset("done", START, START, passcode="1234"))],
    ids=["not read", "without a reset", "with one"],
)
def test_an_entry_always_has_the_same_keys(subject: DeviceReset) -> None:
    shown = result.describe(subject)
    assert list(shown) == list(result.describe(item(reset=RecordedReset("failed", START))))
    assert (shown["device"], shown["id"]) == ("PC-1", ID)


def test_what_was_not_read_is_null() -> None:
    shown = result.describe(DeviceReset(ID, ["PC-1", "S-1"]))
    assert {name for name, value in shown.items() if value is not None} == {"device", "id", "status", "changed"}
    assert (shown["device"], shown["status"], shown["changed"]) == ("PC-1", "not_attempted", False)


def test_an_entry_never_holds_the_passcode() -> None:
    subject = item(entry(passcode="s3cret"), status="done", reset=RecordedReset("done", START, START, passcode="s3cret"))
    assert "s3cret" not in str(result.describe(subject))
    assert "s3cret" not in repr(vars(subject))


@pytest.mark.parametrize(
    ("reset", "shown"),
    [
        pytest.param(None, None, id="no reset"),
        pytest.param(RecordedReset("done", START, passcode="1234"), "1234", id="done"),
        pytest.param(RecordedReset("done", START), None, id="done without a passcode"),
        pytest.param(RecordedReset("failed", START, passcode="1234"), None, id="failed"),
        pytest.param(RecordedReset("pending", START, passcode="1234"), None, id="pending"),
        pytest.param(RecordedReset("somethingNew", START, passcode="1234"), None, id="a state that is not known"),
    ],
)
def test_there_is_a_passcode_when_the_reset_is_done(reset: RecordedReset | None, shown: str | None) -> None:
    assert result.new_passcode(item(reset=reset)) == shown


@pytest.mark.parametrize(
    ("reset", "expires"),
    [
        pytest.param(None, None, id="no reset"),
        pytest.param(RecordedReset("done", START - 60, START, passcode="1234"), "2026-01-12T10:00:00Z", id="seven days after it was done"),
        pytest.param(RecordedReset("done", START - 60, None, passcode="1234"), None, id="not known when it was done"),
        pytest.param(RecordedReset("done", START - 60, START), None, id="no passcode"),
        pytest.param(RecordedReset("done", START - 60, START, passcode=""), None, id="an empty one is none"),
        pytest.param(RecordedReset("active", START - 60, START, passcode="1234"), None, id="not done yet"),
    ],
)
def test_how_long_intune_shows_a_passcode(reset: RecordedReset | None, expires: str | None) -> None:
    assert result.describe(item(reset=reset))["passcode_expires"] == expires


def test_a_reset_without_a_readable_start_shows_none() -> None:
    found = model.find_last_reset(item({"actionName": "resetPasscode", "actionState": "done"}).device)
    assert result.describe(item(reset=found))["started"] is None


def failed(number: int, message: str | None = None, **more: t.Any) -> list[DeviceReset]:
    """Return failed devices, named PC-0 and so on."""
    found = [item(**{"status": "failed", "message": message, **more}) for _number in range(number)]
    for position, subject in enumerate(found):
        subject.names = [f"PC-{position}"]
    return found


@pytest.mark.parametrize(
    ("subjects", "told"),
    [
        pytest.param(failed(1), "1 failed: PC-0.", id="case 64: one without a reason"),
        pytest.param(
            failed(2, "It said no.", reason="device_failed"),
            "2 failed (device_failed): PC-0, PC-1. It said no.",
            id="case 64: a reason of two is told once",
        ),
        pytest.param(
            failed(200, "It said no.", status="not_supported", reason="not_supported"),
            "200 not supported: PC-0, PC-1, PC-2, and 197 more. It said no.",
            id="case 64: a reason of many",
        ),
        pytest.param(
            [*failed(1, "A."), *failed(3, "B.", reason="locked"), *failed(1, status="done"), *failed(2, "C.", status="refused")],
            "3 failed (locked): PC-0, PC-1, PC-2. B. 2 refused: PC-0, PC-1. C. 1 failed: PC-0. A.",
            id="case 64: the most frequent reason first, and no device that is done",
        ),
        pytest.param(
            [one for reason in ("locked", "device_gone", "canceled", "unavailable") for one in failed(1, reason=reason)],
            "1 failed (locked): PC-0. 1 failed (device_gone): PC-0. 1 failed (canceled): PC-0. 1 more for other reasons.",
            id="case 64: three reasons, and how many have others",
        ),
        pytest.param([*failed(1, "A."), *failed(2, "B.")], "3 failed: PC-0, PC-0, PC-1. B.", id="case 64: what the most are told"),
        pytest.param(failed(1, "A\n  B\x1b[2J"), "1 failed: PC-0. A B\\x1b[2J", id="case 64: a text of the service in one line"),
        pytest.param(failed(1, "x" * 4000), f"1 failed: PC-0. {'x' * 400}...", id="case 64: a long text is cut"),
    ],
)
def test_a_failed_task_tells_its_most_frequent_reasons(subjects: list[DeviceReset], told: str) -> None:
    assert result.render_failed(subjects) == told


@pytest.mark.parametrize(
    ("others", "told"),
    [
        pytest.param([], "The task failed for 1 of 1 devices. 1 failed: PC-0.", id="all"),
        pytest.param(
            [*failed(2, status="done"), *failed(1, status="pending"), *failed(2, status="refused")],
            "The task failed for 3 of 6 devices; of the others, 2 are done and 1 is pending. 2 refused: ",
            id="pending has no new passcode either",
        ),
        pytest.param(
            [*failed(1, status="done"), *failed(2, status="pending"), *failed(3, status="needs_approval")],
            "The task failed for 1 of 7 devices; of the others, 1 is done, 2 are pending, and 3 need approval. 1 failed: ",
            id="approval",
        ),
        pytest.param(
            failed(3, status="planned"), "The task failed for 1 of 4 devices; of the others, 3 would be reset. 1 failed: ", id="check mode"
        ),
        pytest.param(
            failed(1, status="needs_approval"),
            "The task failed for 1 of 2 devices; of the others, 1 needs approval. 1 failed: ",
            id="one approval",
        ),
    ],
)
def test_a_failed_task_counts_the_other_devices_by_their_outcome(others: list[DeviceReset], told: str) -> None:
    assert str(result.find_failure([*failed(1), *others])).startswith(told)


def test_case_64_the_message_of_ten_thousand_failures_is_short() -> None:
    subjects = [one for reason in ("locked", "canceled", "device_gone") for one in failed(3333, "x" * 400, reason=reason)]
    failure = result.find_failure(subjects)
    assert failure is not None and str(failure).startswith("The task failed for 9999 of 9999 devices. 3333 failed (locked): PC-0, ")
    assert len(str(failure)) < 1700


def test_case_7_members_of_a_group_are_named_by_their_own_names() -> None:
    subjects = [item(status="refused", reason="hybrid_joined") for _number in range(2)]
    for number, subject in enumerate(subjects):
        subject.names = ["group Pilot ring", "group Others"]
        subject.device = Device(ID, f"PC-{number}")
    gone = DeviceReset(ID, ["group Pilot ring"], status="unknown", reason="device_gone")
    assert result.render_failed([*subjects, gone]) == f"2 refused (hybrid_joined): PC-0, PC-1. 1 unknown (device_gone): {ID}."


# --- the documentation ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("items", "effects"),
    [
        ([DeviceReset(ID, [], status="failed", changed=True), DeviceReset(ID, [], status="unknown", reason="answer_lost")], "partial"),
        ([DeviceReset(ID, [], status="unknown", reason="answer_lost"), DeviceReset(ID, [], status="refused")], "unknown"),
        ([DeviceReset(ID, [], status="refused")], "none"),
        ([], "none"),
    ],
    ids=["one was reset", "one may have been reset", "none was reset", "no device"],
)
def test_a_failure_says_what_was_done(items: list[DeviceReset], effects: str) -> None:
    assert result.effects_of(items) == effects


class ReturnedResult(result.ResetResult, total=False):
    """An entry of ``results`` as a task returns it, with the keys of the hand-over."""

    passcode: str | None
    sealed_passcode: str | None
    sealed_file: str | None


def test_an_entry_is_documented_key_by_key() -> None:
    assert differences(list[ReturnedResult], documented(intune_device_passcode, "results"), "results") == []


def test_an_entry_of_the_info_module_lacks_what_only_a_reset_has() -> None:
    lacking = ["approval", "changed", "confirmed", "predicted_outcome", "predicted_reason", "request_id"]
    assert differences(list[ReturnedResult], documented(intune_device_passcode_info, "results"), "results") == [
        f"results[].{name} is only in one of the two" for name in lacking
    ]


@pytest.mark.parametrize(
    ("describe", "lacking"),
    [(result.describe, set()), (status.describe, status.OF_A_RUN)],
    ids=["reset", "info"],
)
def test_an_entry_has_every_key_of_its_type(describe: t.Callable[[DeviceReset], result.ResetResult], lacking: set[str]) -> None:
    key = _argspec.PASSCODE.key
    handed_over = {key, f"sealed_{key}", "sealed_file"}
    assert set(describe(item())) == set(t.get_type_hints(ReturnedResult)) - handed_over - lacking
    assert handed_over <= set(t.get_type_hints(ReturnedResult))


def test_the_summary_counts_every_status() -> None:
    subjects = [item(status="done", changed=True), item(status="done"), item(status="pending", changed=True), item(status="refused")]
    found = result.summarize(subjects)
    assert (found["total"], found["changed"], found["done"], found["pending"], found["refused"]) == (4, 2, 2, 1, 1)


@pytest.mark.parametrize(
    ("status", "confirmed", "number"),
    [("pending", False, 1), ("pending", True, 0), ("pending", None, 0), ("unknown", False, 0)],
    ids=["not shown yet", "shown", "not accepted by this task", "gone"],
)
def test_case_11_what_the_service_accepted_and_does_not_show_is_counted(status: model.Status, confirmed: bool | None, number: int) -> None:
    subject = item(status=status, confirmed=confirmed)
    assert result.summarize([subject])["unconfirmed"] == number and result.describe(subject)["confirmed"] is confirmed


def test_devices_are_named_up_to_ten() -> None:
    subjects = [item(), DeviceReset(ID, ["S-1"])]
    assert result.render_names(subjects) == "PC-1, S-1"
    assert result.render_names([*subjects] * 6) == ", ".join(["PC-1", "S-1"] * 5) + ", and 2 more"


@pytest.mark.parametrize("status", sorted({*model.STATUS.values(), *model.BAD, "planned"}))
def test_every_status_has_a_place_in_the_summary(status: str) -> None:
    assert result.summarize([item(status=status)])[status] == 1


def test_the_summary_of_nothing_has_the_same_keys() -> None:
    assert set(result.summarize([])) == set(result.summarize([item()]))


# --- the prediction -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["planned", "pending", "needs_approval"])
def test_case_70_resets_that_are_not_supported_are_warned_of_while_they_are_open(status: model.Status) -> None:
    items = [item(status=status, system="Windows"), item(status=status, system="iOS"), item(status="refused", system="Windows")]
    (warning,) = result.warn_of_prediction(items)
    assert warning.startswith("1 of 3 resets will most likely end as not_supported: PC-1. ") and prediction.WINDOWS.reason in warning


@pytest.mark.parametrize("status", ["done", "failed", "not_supported", "refused", "unknown", "not_attempted", "canceled"])
def test_case_70_an_outcome_is_not_predicted_any_more(status: model.Status) -> None:
    assert result.warn_of_prediction([item(status=status, system="Windows"), DeviceReset(ID, ["PC-1"], status="pending")]) == []
