# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
from concurrent.futures import ThreadPoolExecutor

import pytest

from .harness import one_of

MODULE = "intune_device_passcode"
PHONE = "PHONE-HELPDESK-01"
PHONES = ["PHONE-HELPDESK-01", "PHONE-HELPDESK-02"]


def reset_of(ansible, name: str) -> list[str]:
    return ansible.tenant.control.resets().get(ansible.tenant.control.device(name)["id"], [])


def test_resets_once_and_a_second_run_finds_it_done(each_execution):
    play = each_execution.tasks(
        [
            {"name": "check", "endpointops.intune.intune_device_passcode": {"devices": PHONES}, "check_mode": True},
            {"name": "first", "endpointops.intune.intune_device_passcode": {"devices": PHONES}},
            {"name": "check again", "endpointops.intune.intune_device_passcode": {"devices": PHONES}, "check_mode": True},
            {"name": "second", "endpointops.intune.intune_device_passcode": {"devices": PHONES}},
        ]
    )
    check, first, check_again, second = (play[name] for name in ("check", "first", "check again", "second"))
    assert play.code == 0, play.output
    assert [task.changed for task in (check, first, check_again, second)] == [True, True, False, False]
    assert [len(task.writes) for task in (check, first, check_again, second)] == [0, 2, 0, 0]
    assert [task.tokens for task in (check, first, check_again, second)] == [1, 1, 1, 1]
    assert [item["status"] for item in check.result["results"]] == ["planned", "planned"]
    assert [item["status"] for item in first.result["results"]] == ["done", "done"]
    assert [item["device"] for item in second.result["results"]] == PHONES
    assert second.result["summary"] == {**dict.fromkeys(second.result["summary"], 0), "total": 2, "done": 2}
    assert all(len(reset_of(each_execution, phone)) == 1 for phone in PHONES)
    assert set(check.result["results"][0]) == set(first.result["results"][0]), "check mode has the same shape"


NIL = "00000000-0000-0000-0000-000000000000"


def test_the_wrong_device_is_never_reset(each_execution):
    control = each_execution.tenant.control
    control.add_device(deviceName="UNREGISTERED", azureADDeviceId=NIL, userId=NIL)
    control.add_device(deviceName="OCTAL", serialNumber="5349")
    control.add_device(deviceName="NAMESAKE", serialNumber=PHONE)
    member = control.device("PHONE-FIELD-02")["userPrincipalName"]
    stale = control.add_device(deviceName="STALE", userPrincipalName=member, userId="aaaaaaaa-0000-4000-8000-000000000001")
    cases = {
        "case 1: nil": ({"devices": [NIL]}, "is the nil GUID"),
        "case 1: in braces": ({"devices": [f"{{{NIL}}}"], "match_by": "azure_ad_device_id"}, "is the nil GUID"),
        "case 3: an octal number": ({"devices": [0o12345]}, "devices: 5349 is not text"),
        "case 3: a number": ({"devices": 12345}, "devices: 12345 is not text"),
        "case 3: yes": ({"device_groups": [True]}, "device_groups: True is not text"),
        "case 3: a date": ({"devices": [datetime.date(2026, 11, 28)]}, "devices: 2026-11-28 is not text"),
        "case 4": ({"devices": [PHONE]}, f"'{PHONE}' matches 2 devices in different ways"),
        "a placeholder": ({"devices": ["Default string"]}, "is a placeholder"),
    }
    runs = each_execution.cases(MODULE, {name: options for name, (options, _told) in cases.items()})
    for name, (_options, told) in cases.items():
        assert runs[name].status == "failed" and told in runs[name].result["msg"], (name, runs[name].result)
    found = each_execution.module(MODULE, {"device_groups": ["Field service"], "wait": False, "max_devices": 99})
    assert stale["id"] not in [item["id"] for item in found.result["results"]], "case 2"
    assert any(f"does not include STALE ({stale['id']})" in warning for warning in found.result["warnings"])
    assert not any(reset_of(each_execution, name) for name in ("UNREGISTERED", "OCTAL", "NAMESAKE", "STALE"))


def test_case_7_refused_members_of_a_group_are_named(ansible):
    found = ansible.module(MODULE, {"device_groups": ["Pilot ring"], "platforms": ["android"]})
    assert "refused (platform_not_selected): LT-BERLIN-012" in found.result["msg"] and "group " not in found.result["msg"]


def test_case_10_a_moment_without_a_zone_is_shown_in_utc(each_execution):
    found = each_execution.module(MODULE, {"devices": [PHONE], "reset_since": "2026-01-28 04:30"})
    assert found.result["warnings"] == [
        "reset_since '2026-01-28 04:30' has no time zone and counts as UTC: 2026-01-28T04:30:00Z. Add Z or an offset such as +02:00."
    ]


def test_case_70_the_outcome_to_expect_is_told_before_the_reset(each_execution):
    names = {"LT-BERLIN-014": "not_supported", "XCOVER-WAREHOUSE-01": "new_passcode", "iPhone de Louise": "passcode_removed"}
    options = {"devices": list(names), "platforms": ["windows", "android", "ios"]}
    check, real = (each_execution.module(MODULE, options, check_mode=mode) for mode in (True, False))
    for found in (check, real):
        assert {item["device"]: item["predicted_outcome"] for item in found.result["results"]} == names
        assert all(item["predicted_reason"] for item in found.result["results"])
    (warning,) = check.result["warnings"]
    assert warning.startswith("1 of 3 resets will most likely end as not_supported: LT-BERLIN-014. Microsoft's current pages list no")
    assert [item["status"] for item in real.result["results"]] == ["not_supported", "done", "done"], "what the service reports"
    assert not real.result.get("warnings"), "an outcome needs no prediction"
    v1 = each_execution.module(MODULE, {**options, "use_beta": False}, check_mode=True)
    assert [item["predicted_outcome"] for item in v1.result["results"]] == ["not_supported", "unknown", "passcode_removed"]


def test_every_outcome_is_told_apart_and_the_rest_goes_on(each_execution):
    names = ["PHONE-FIELD-01", "PHONE-FIELD-05", "PHONE-FIELD-06", "PHONE-FIELD-07", "LT-BERLIN-014", "WS-BERLIN-101", "LT-ARCHIVE-001"]
    found = each_execution.module(MODULE, {"devices": names, "wait_timeout": 6})
    assert found.status == "failed"
    assert [(item["status"], item["reason"]) for item in found.result["results"]] == [
        ("done", None),
        ("failed", "device_failed"),
        ("pending", None),
        ("canceled", "canceled"),
        ("not_supported", "not_supported"),
        ("refused", "hybrid_joined"),
        ("refused", "build_too_old"),
    ]
    failed = {item["id"] for item in found.result["results"] if item["status"] not in ("done", "pending")}
    assert set(found.result["failed_devices"]) == failed
    told = found.result["msg"]
    assert told.startswith("The task failed for 5 of 7 devices; of the others, 1 is done and 1 is pending. "), "case 64"
    assert "1 failed (device_failed): PHONE-FIELD-05. The device reported" in told
    assert "1 canceled: PHONE-FIELD-07. " in told and "1 not supported: LT-BERLIN-014. " in told and "2 more for other reasons." in told
    assert "I forgot my PIN" in found.result["results"][4]["message"]
    assert [len(reset_of(each_execution, name)) for name in names] == [1, 1, 1, 1, 1, 0, 0]


def test_unsupported_devices_are_refused_by_name_before_any_write(ansible):
    cases = {
        "windows, which is the default": (
            {},
            {
                "WS-BERLIN-101": "hybrid_joined",
                "HOME-PC-ROSSI": "not_joined",
                "LT-ARCHIVE-001": "build_too_old",
                "HOLO-LAB-01": "platform_not_supported",
                "XCOVER-WAREHOUSE-01": "platform_not_selected",
                "iPhone von Clara": "platform_not_selected",
            },
        ),
        "android": ({"platforms": ["android"]}, {"PHONE-HELPDESK-01": "platform_not_selected", "XCOVER-SPARE": "personally_owned"}),
        "all": ({"platforms": ["windows", "android", "ios"]}, {"MAC-DESIGN-01": "platform_not_supported"}),
    }
    runs = ansible.cases(MODULE, {name: {"devices": list(refused), **options} for name, (options, refused) in cases.items()})
    for name, found in runs.items():
        assert found.status == "failed" and found.writes == [] and not found.changed, name
        assert {item["device"]: (item["status"], item["reason"]) for item in found.result["results"]} == {
            device: ("refused", reason) for device, reason in cases[name][1].items()
        }, name


def test_android_and_ios_and_personal_devices_on_request(ansible):
    found = ansible.cases(
        MODULE,
        {
            "android and ios": {"devices": ["XCOVER-WAREHOUSE-01", "iPhone von Clara"], "platforms": ["android", "ios"]},
            "personal": {"devices": ["XCOVER-SPARE"], "platforms": ["android"], "ownerships": ["company", "personal"]},
        },
    )
    assert [item["status"] for item in found["android and ios"].result["results"]] == ["done", "done"]
    assert [item["status"] for item in found["personal"].result["results"]] == ["done"]


def test_a_service_that_refuses_the_post_is_reported_for_that_device(ansible):
    ansible.tenant.control.settings(windows_desktop="refuse")
    found = ansible.module(MODULE, {"devices": ["LT-BERLIN-014", PHONE]})
    assert [(item["status"], item["reason"]) for item in found.result["results"]] == [("failed", "service_refused"), ("done", None)]
    assert found.result["results"][0]["request_id"] and "400" in found.result["results"][0]["message"]


def test_window_by_age_and_by_moment(ansible):
    device = {"devices": [PHONE]}
    moment = ansible.tenant.control.clock()["now"]
    soon = ansible.cases(MODULE, {"first": device, "since then": {**device, "reset_since": moment}})
    assert [run.changed for run in soon.values()] == [True, False], soon
    # If it went further, the tenant's clock would differ from this machine's by more than clocks drift.
    ansible.tenant.control.advance(500)
    later = {
        "within 2000 seconds": {**device, "max_age": 2000},
        "since then": {**device, "reset_since": moment},
        "older than 400 seconds": {**device, "max_age": 400},
        "at once": {**device, "max_age": 0},
    }
    changed = {name: run.changed for name, run in ansible.cases(MODULE, later).items()}
    assert changed == {"within 2000 seconds": False, "since then": False, "older than 400 seconds": True, "at once": True}
    assert len(reset_of(ansible, PHONE)) == 3


def test_a_reset_that_failed_is_not_issued_again_within_the_window(ansible):
    found = ansible.cases(MODULE, dict.fromkeys(("first", "second"), {"devices": ["PHONE-FIELD-05"]}))
    assert [(run.status, run.changed) for run in found.values()] == [("failed", True), ("failed", False)]
    assert len(reset_of(ansible, "PHONE-FIELD-05")) == 1


def test_an_offline_device_is_picked_up_by_a_later_run(ansible):
    options = {"devices": ["PHONE-FIELD-06"], "wait_timeout": 2}
    first = ansible.module(MODULE, options)
    assert (first.status, first.result["results"][0]["status"]) == ("ok", "pending")
    ansible.tenant.control.patch_device(first.result["results"][0]["id"], check_in=True)
    later = ansible.module(MODULE, {**options, "wait_timeout": 20})
    assert (later.changed, later.result["results"][0]["status"]) == (False, "done")


def test_a_reset_that_waits_for_its_device_counts_at_any_age(ansible):
    options = {"devices": ["PHONE-FIELD-06"], "wait": False}
    assert ansible.module(MODULE, options).changed
    ansible.tenant.control.advance(5000)
    found = ansible.cases(MODULE, {"later": options, "at once": {**options, "max_age": 0}})
    assert (found["later"].changed, found["later"].result["results"][0]["status"]) == (False, "pending")
    assert found["at once"].changed


def test_without_waiting_a_reset_is_pending(ansible):
    found = ansible.module(MODULE, {"devices": [PHONE], "wait": False})
    assert [(item["status"], item["changed"]) for item in found.result["results"]] == [("pending", True)]


def test_finds_a_device_by_each_property(ansible):
    """The other module's test covers the behavior of match_by, with the same code."""
    device = ansible.tenant.control.device("O'Brien's phone")
    properties = ("id", "deviceName", "serialNumber", "userPrincipalName", "azureADDeviceId")
    runs = ansible.cases(MODULE, {property_: {"devices": [device[property_]]} for property_ in properties}, check_mode=True)
    for property_, found in runs.items():
        assert [item["id"] for item in found.result["results"]] == [device["id"]], (property_, found.result)


def test_the_same_device_named_twice_is_one_device(ansible):
    device = ansible.tenant.control.device(PHONE)
    found = ansible.module(MODULE, {"devices": [PHONE, device["id"], device["serialNumber"]]})
    assert found.result["summary"]["total"] == 1 and len(reset_of(ansible, PHONE)) == 1


def test_bad_input_resets_nothing(ansible):
    twins = [device for device in ansible.tenant.control.devices() if device["deviceName"] == "PHONE-SPARE"]
    bad = (
        ({"devices": ["NOBODY", PHONE, "NOR-THIS"]}, ["NOBODY", "NOR-THIS", "Nothing was changed."]),
        ({"devices": ["00000000-1111-2222-3333-444444444444"]}, ["00000000-1111"]),
        ({"devices": [PHONE], "match_by": "id"}, [PHONE, "GUID"]),
        ({"devices": ["PHONE-SPARE"]}, [twin[property_] for twin in twins for property_ in ("id", "serialNumber")]),
        ({"devices": PHONES, "max_devices": 1}, ["2 devices", "max_devices allows 1"]),
        ({"devices": [PHONE], "reset_since": "yesterday"}, ["reset_since", "yesterday"]),
        ({"devices": [PHONE], "reset_since": "2199-01-01T00:00:00Z"}, ["future"]),
        ({"devices": [PHONE], "max_age": -1}, ["max_age"]),
        ({"devices": [PHONE], "platforms": ["macos"]}, ["platforms"]),
    )
    runs = ansible.cases(MODULE, {f"case {number}": options for number, (options, _words) in enumerate(bad)})
    for (options, words), found in zip(bad, runs.values(), strict=True):
        assert found.status == "failed" and found.writes == [], options
        assert words and all(word in found.result["msg"] for word in words), (options, found.result["msg"])


REDIRECT = {"kind": "redirect", "processed": True}
LOST = {
    "drop_after": {"kind": "drop_after"},
    "truncate": {"kind": "truncate"},
    "403 of a gateway": {"kind": "html", "processed": True, "status": 403},
    "499 of a gateway": {"kind": "html", "processed": True, "status": 499},
    "case 13: redirect to half an address": {**REDIRECT, "location": "https://["},
    "case 13: redirect in bytes that are not UTF-8": {**REDIRECT, "location": "https://graph.test\u00ff/"},
    "case 13: redirect to a port that is none": {**REDIRECT, "location": "https://graph.test:port/", "status": 308},
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("fault", LOST.values(), ids=LOST)
@pytest.mark.parametrize(("devices", "path"), [([PHONE], "/resetPasscode$"), (PHONES, r"^/\$batch$")], ids=["one", "batch"])
def test_a_lost_answer_is_settled_and_not_sent_again(ansible, fault, devices, path):
    # The first $batch looks the devices up, by v1.0; resets are the second there. Requests to beta do not count.
    ansible.tenant.control.arm(method="POST", path=path, version="v1.0", skip=len(devices) - 1, **fault)
    found = ansible.module(MODULE, {"devices": devices})
    assert found.status == "ok", found.result
    assert [(item["changed"], item["status"]) for item in found.result["results"]] == [(True, "done")] * len(devices)
    assert [fault["hits"] for fault in ansible.tenant.control.faults()] == [1]
    assert all(len(reset_of(ansible, device)) == 1 for device in devices)


def test_a_service_that_stays_closed_stops_the_task(ansible):
    ansible.tenant.control.arm("status", "POST", "/resetPasscode$", status=503, retry_after="30", times=5)
    found = ansible.module(MODULE, {"devices": [PHONE], "retry_timeout": 0})
    assert found.status == "failed" and found.result["error"]["status"] == 503 and not found.changed
    assert found.result["results"][0]["status"] == "not_attempted" and reset_of(ansible, PHONE) == []


def test_behind_a_proxy_a_lost_answer_is_not_sent_again_either(ansible, connect_proxy):
    ansible.tenant.control.arm("drop_after", "POST", "/resetPasscode$")
    found = ansible.module(MODULE, {"devices": [PHONE]}, env={"HTTPS_PROXY": connect_proxy.url, "NO_PROXY": ""})
    assert (found.status, found.changed) == ("ok", True), found.result
    assert connect_proxy.connections and len(reset_of(ansible, PHONE)) == 1


def test_a_request_that_timed_out_at_the_service_is_settled(ansible):
    ansible.tenant.control.arm("status", "POST", "/resetPasscode$", status=408, processed=True)
    found = ansible.module(MODULE, {"devices": [PHONE]})
    assert (found.changed, found.result["results"][0]["status"]) == (True, "done")


def test_a_reset_that_another_run_started_meanwhile_is_found(ansible):
    """The second device is throttled; before its next attempt, another run resets it."""
    ansible.tenant.control.arm("status", "POST", "/resetPasscode$", status=429, retry_after="4", skip=1)
    other = ansible.tenant.control.device("PHONE-FIELD-02")["id"]
    with ThreadPoolExecutor(1) as pool:
        run = pool.submit(ansible.module, MODULE, {"devices": ["PHONE-FIELD-01", "PHONE-FIELD-02"]})
        while not any("resetPasscode" in entry["path"] and entry["status"] == 429 for entry in ansible.tenant.journal()):
            assert not run.done()
        ansible.tenant.graph("POST", f"/deviceManagement/managedDevices/{other}/resetPasscode")
        found = run.result()
    assert [item["changed"] for item in found.result["results"]] == [True, False]
    assert [item["status"] for item in found.result["results"]] == ["done", "done"]
    assert [len(times) for times in ansible.tenant.control.resets().values()] == [1, 1]


# Few, because each takes as long as the service may take to show a reset; the engine's own tests have all kinds.
@pytest.mark.parametrize("fault", one_of({"kind": "drop_before"}, {"kind": "status", "status": 503}))
def test_what_cannot_be_settled_is_unknown_and_not_sent_again(ansible, fault):
    ansible.tenant.control.arm(fault.pop("kind"), "POST", "/resetPasscode$", **fault)
    found = ansible.module(MODULE, {"devices": [PHONE]})
    assert found.status == "failed"
    assert [(item["status"], item["reason"]) for item in found.result["results"]] == [("unknown", "answer_lost")]
    assert len(found.writes) == 1 and reset_of(ansible, PHONE) == []


@pytest.mark.parametrize("status", [429, 503])
def test_a_refusal_that_says_when_to_come_back_is_repeated(ansible, status):
    ansible.tenant.control.arm("status", "POST", "/resetPasscode$", status=status, retry_after="1", times=2)
    found = ansible.module(MODULE, {"devices": [PHONE]})
    assert found.result["results"][0]["status"] == "done" and len(reset_of(ansible, PHONE)) == 1


def test_what_stops_the_task_leaves_the_rest_unattempted_and_says_so(ansible):
    ansible.tenant.control.arm("status", "POST", "/resetPasscode$", status=403, skip=1, times=5)
    found = ansible.module(MODULE, {"devices": ["PHONE-FIELD-01", "PHONE-FIELD-02", "PHONE-FIELD-03"], "wait": False})
    assert found.status == "failed" and found.result["error"]["status"] == 403
    assert [item["status"] for item in found.result["results"]] == ["pending", "not_attempted", "not_attempted"]
