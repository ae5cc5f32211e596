# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import pathlib
import subprocess

import pytest

MODULE = "intune_device_passcode_info"
INFO = f"endpointops.intune.{MODULE}"
PHONE = "PHONE-FIELD-01"
ONLINE_AGAIN = 60  # seconds after which every online device has completed a reset
WEEK = 7 * 86400


def reset(ansible, *names: str) -> None:
    """Make resets outside the collection, and complete them except on offline devices."""
    for name in names:
        ansible.tenant.graph("POST", f"/deviceManagement/managedDevices/{ansible.tenant.control.device(name)['id']}/resetPasscode")
    ansible.tenant.control.advance(ONLINE_AGAIN)


def outcomes_of(run) -> list[tuple[str, str | None]]:
    assert (run.status, run.changed, run.writes) == ("ok", False, []), run.result
    return [(entry["status"], entry["reason"]) for entry in run.result["results"]]


def recipient(folder: pathlib.Path, *key: str) -> tuple[pathlib.Path, pathlib.Path]:
    """Return a certificate and its key."""
    certificate, private = folder / "recipient.pem", folder / "recipient.key"
    command = ["openssl", "req", "-x509", "-nodes", "-subj", "/CN=Helpdesk", "-days", "2", "-newkey", *(key or ["rsa:2048"])]
    subprocess.run([*command, "-keyout", str(private), "-out", str(certificate)], check=True, capture_output=True)
    return certificate, private


def test_every_outcome_is_told_and_none_fails_the_task(each_execution):
    outcomes = {
        PHONE: ("done", None),
        "PHONE-FIELD-05": ("failed", "device_failed"),
        "PHONE-FIELD-06": ("pending", None),
        "PHONE-FIELD-07": ("canceled", "canceled"),
        "LT-BERLIN-014": ("not_supported", "not_supported"),
    }
    reset(each_execution, *outcomes)
    outcomes["PHONE-FIELD-02"] = ("none", None)
    found = each_execution.module(MODULE, {"devices": list(outcomes)})
    assert outcomes_of(found) == list(outcomes.values())
    assert [entry["device"] for entry in found.result["results"]] == list(outcomes)
    assert found.result["summary"] == {
        **{"total": 6, "none": 1, "done": 1, "pending": 1, "failed": 1},
        **{"not_supported": 1, "canceled": 1, "unknown": 0, "refused": 0},
    }
    done, failed, pending, canceled, not_supported, none = found.result["results"]
    assert done["message"] is None and done["action_state"] == "done"
    assert done["user_principal_name"] == "lukas.meyer@contoso.onmicrosoft.com"
    started = each_execution.tenant.control.resets()[done["id"]][0]
    assert done["started"][:19] == started[:19] and done["last_updated"] >= done["started"] and done["passcode_expires"]
    assert failed["error_code"] == 2016345612 and "2016345612" in failed["message"]
    assert "when it checks in" in pending["message"] and pending["passcode_expires"] is None
    assert "canceled" in canceled["message"] and "I forgot my PIN" in not_supported["message"]
    assert none["message"] == "Intune has no passcode reset of this device on record."
    assert (none["started"], none["action_state"], none["error_code"]) == (None, None, None)
    assert "passcode" not in done and "sealed_passcode" not in done


def test_a_reset_that_was_pending_is_picked_up_later(each_execution):
    offline = {"devices": ["PHONE-FIELD-06"]}
    started = each_execution.module("intune_device_passcode", {**offline, "wait": False})
    assert started.result["results"][0]["status"] == "pending"
    assert outcomes_of(each_execution.module(MODULE, {**offline, "return_passcode": True})) == [("pending", None)]
    control = each_execution.tenant.control
    control.patch_device(started.result["results"][0]["id"], check_in=True)
    control.advance(ONLINE_AGAIN)
    play = each_execution.tasks(
        [
            {"name": "fetch", INFO: {**offline, "return_passcode": True}, "register": "fetched"},
            {"name": "use", "ansible.builtin.assert": {"that": "fetched.results[0].passcode is string"}},
            {"name": "check", INFO: offline, "check_mode": True},
        ]
    )
    assert play.code == 0, play.output
    assert outcomes_of(play["check"]) == [("done", None)]
    assert len(control.resets()[started.result["results"][0]["id"]]) == 1


def test_passcodes_are_returned_and_sealed_and_shown_nowhere(both_executions):
    reset(both_executions, PHONE, "PHONE-FIELD-02", "PHONE-FIELD-06")
    certificate, key = recipient(both_executions.folder)
    where = both_executions.folder / "handed-over"
    log = both_executions.folder / "ansible.log"
    options = {"devices": [PHONE, "PHONE-FIELD-02", "PHONE-FIELD-06"], "seal_to": [str(certificate)]}
    copy = {"content": "{{ both.results | map(attribute='passcode') | select | join('\n') }}", "dest": str(where), "mode": "0600"}
    play = both_executions.tasks(
        [
            {"name": "both", INFO: {**options, "return_passcode": True}, "register": "both"},
            {"name": "keep", "ansible.builtin.copy": copy, "no_log": True},
            {"name": "sealed", INFO: options, "diff": True},
            {"name": "plain", INFO: {"devices": options["devices"]}, "check_mode": True},
        ],
        "-vvvvv",
        env={"ANSIBLE_LOG_PATH": str(log)},
    )
    assert play.code == 0, play.output[-3000:]
    passcodes = where.read_text(encoding="utf-8").splitlines()
    assert len(set(passcodes)) == 2
    opened = []
    for entry in play["sealed"].result["results"]:
        if entry["status"] == "done":
            opened.append(unseal(entry["sealed_passcode"], key, certificate))
        else:
            assert (entry["status"], entry["sealed_passcode"]) == ("pending", None)
    assert opened == passcodes
    shown = play.output + log.read_text(encoding="utf-8") + str([task.result for task in play.tasks])
    assert not [secret for secret in both_executions.tenant.control.secrets() if secret in shown]


def test_no_passcode_of_a_device_of_others_is_handed_over(each_execution):
    """case 77: a task that reads resets later sees only the devices that it may reset."""
    control = each_execution.tenant.control
    control.patch_device(control.device("PHONE-FIELD-02")["id"], managedDeviceOwnerType="personal")
    reset(each_execution, PHONE, "PHONE-FIELD-02", "XCOVER-WAREHOUSE-01")
    certificate, _key = recipient(each_execution.folder)
    options = {"devices": [PHONE, "PHONE-FIELD-02", "XCOVER-WAREHOUSE-01"], "seal_to": [str(certificate)]}
    allowed = {"platforms": ["windows"], "ownerships": ["company"]}
    found = each_execution.module(MODULE, {**options, **allowed})
    assert outcomes_of(found) == [("done", None), ("refused", "personally_owned"), ("refused", "platform_not_selected")]
    assert [entry["sealed_passcode"] is not None for entry in found.result["results"]] == [True, False, False]
    assert found.result["summary"]["refused"] == 2
    assert found.result["results"][1]["started"] is None and "personally owned" in found.result["results"][1]["message"]
    everyone = each_execution.module(MODULE, options)
    assert [entry["sealed_passcode"] is not None for entry in everyone.result["results"]] == [True, True, True]


def unseal(sealed: str, key: pathlib.Path, certificate: pathlib.Path) -> str:
    command = ["openssl", "cms", "-decrypt", "-inform", "PEM", "-recip", str(certificate), "-inkey", str(key)]
    return subprocess.run(command, input=sealed.encode(), check=True, capture_output=True).stdout.decode()


@pytest.mark.parametrize("module", [pytest.param(MODULE, id="case 36: info"), pytest.param("intune_device_passcode", id="case 36: reset")])
def test_check_mode_hands_nothing_over_and_names_the_recipients(each_execution, module):
    reset(each_execution, PHONE)
    certificate, _key = recipient(each_execution.folder)
    sealed = each_execution.folder / "sealed"
    sealed.mkdir(mode=0o700)
    options = {"devices": [PHONE], "return_passcode": True, "seal_to": [str(certificate)], "sealed_directory": str(sealed)}
    if module != MODULE:
        options.update(reset_since="2020-01-01T00:00:00Z", platforms=["windows", "android"])
    found = each_execution.module(module, options, check_mode=True, diff=True)
    (entry,) = found.result["results"]
    assert (entry["status"], entry["passcode"], entry["sealed_passcode"], entry["sealed_file"]) == ("done", None, None, None)
    assert found.changed and list(sealed.iterdir()) == [], "a file would be written"
    (named,) = found.result["recipients"]
    command = ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", str(certificate)]
    fingerprint = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip().partition("=")[2]
    assert named["fingerprint"] == fingerprint and named["subject"].startswith("CN=") and named["not_after"].endswith("Z")


def test_each_sealed_passcode_is_written_to_a_file_once(each_execution):
    reset(each_execution, PHONE, "PHONE-FIELD-02", "PHONE-FIELD-06")
    certificate, key = recipient(each_execution.folder)
    sealed = each_execution.folder / "sealed"
    sealed.mkdir(mode=0o700)
    devices = [PHONE, "PHONE-FIELD-02", "PHONE-FIELD-06"]
    both = {"name": "in clear", INFO: {"devices": devices, "return_passcode": True}, "register": "clear"}
    keep = {"name": "keep", "ansible.builtin.copy": {"content": "{{ clear.results | to_json }}", "dest": "clear.json"}, "no_log": True}
    options = {"devices": devices, "seal_to": [str(certificate)], "sealed_directory": str(sealed)}
    play = each_execution.tasks([both, keep, {"name": "first", INFO: options}, {"name": "again", INFO: options}])
    assert play.code == 0 and [play[name].changed for name in ("first", "again")] == [True, False], play.output
    clear = json.loads((each_execution.folder / "clear.json").read_text())
    first, again = (play[name].result["results"] for name in ("first", "again"))
    assert [entry["sealed_file"] for entry in first] == [entry["sealed_file"] for entry in again]
    paths = [pathlib.Path(entry["sealed_file"]) for entry in first if entry["sealed_file"]]
    assert sorted(paths) == sorted(sealed.iterdir()) and len(paths) == 2
    assert {path.stat().st_mode & 0o777 for path in paths} == {0o600}
    opened = [unseal(path.read_text(), key, certificate) for path in paths]
    assert opened == [entry["passcode"] for entry in clear if entry["passcode"]]
    # A file sealed to another recipient does not replace the existing one, and is reported.
    other, _key = recipient(each_execution.folder)
    before = [path.read_text() for path in paths]
    told = each_execution.module(MODULE, {**options, "seal_to": [str(other)]})
    assert told.status == "failed" and "2 passcodes were not handed over" in told.result["msg"]
    assert [path.read_text() for path in paths] == before
    assert [bool(entry["sealed_passcode"]) for entry in told.result["results"]] == [True, True, False]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"sealed_directory": "/tmp"}, "missing parameter(s) required by 'sealed_directory': seal_to"),
        ({"sealed_directory": "/tmp", "seal_to": ["CERTIFICATE"]}, "other users can write to /tmp"),
        ({"sealed_directory": "/nowhere", "seal_to": ["CERTIFICATE"]}, "No such file or directory"),
    ],
)
def test_a_folder_that_cannot_be_used_is_refused_before_anything_is_read(ansible, options, words):
    certificate, _key = recipient(ansible.folder)
    if "seal_to" in options:
        options = {**options, "seal_to": [str(certificate)]}
    found = ansible.module(MODULE, {"devices": [PHONE], **options})
    assert found.status == "failed" and words in found.result["msg"] and found.journal == []


def test_a_passcode_that_intune_no_longer_holds(each_execution):
    reset(each_execution, PHONE)
    (held,) = each_execution.module(MODULE, {"devices": [PHONE]}).result["results"]
    each_execution.tenant.control.advance(WEEK)
    certificate, _key = recipient(each_execution.folder)
    found = each_execution.module(MODULE, {"devices": [PHONE], "return_passcode": True, "seal_to": [str(certificate)]})
    assert outcomes_of(found) == [("done", None)]
    (entry,) = found.result["results"]
    assert (entry["passcode"], entry["sealed_passcode"], entry["passcode_expires"]) == (None, None, None)
    assert "no longer holds" in entry["message"] and held["message"] is None
    assert held["passcode_expires"] < each_execution.tenant.control.clock()["now"], "as it was told"


def test_android_has_a_new_passcode_and_ios_has_none(each_execution):
    reset(each_execution, "XCOVER-WAREHOUSE-01", "iPhone von Clara")
    found = each_execution.module(MODULE, {"devices": ["XCOVER-WAREHOUSE-01", "iPhone von Clara"]})
    assert outcomes_of(found) == [("done", None), ("done", None)]
    android, ios = found.result["results"]
    assert (android["operating_system"], android["message"]) == ("Android", None) and android["passcode_expires"]
    assert ios["operating_system"] == "iOS" and "The passcode is removed" in ios["message"] and ios["passcode_expires"] is None


def test_only_resets_since_a_moment(ansible):
    control = ansible.tenant.control
    before = control.clock()["now"]
    reset(ansible, PHONE)
    between = control.clock()["now"]
    reset(ansible, "PHONE-FIELD-02")
    phones = {"devices": [PHONE, "PHONE-FIELD-02"]}
    passcodes = ["found.results[0].passcode is none", "found.results[1].passcode is string"]
    play = ansible.tasks(
        [
            {"name": "found", INFO: {**phones, "since": between, "return_passcode": True}, "register": "found"},
            {"name": "passcodes", "ansible.builtin.assert": {"that": passcodes}},
            {"name": "shown", INFO: {**phones, "since": between}},
            {"name": "of any time", INFO: phones},
            {"name": "since before", INFO: {**phones, "since": before}},
            {"name": "since nothing, as a template of an unset variable gives", INFO: {**phones, "since": ""}},
        ]
    )
    assert play.code == 0, play.output
    for run in play.tasks[3:]:
        assert outcomes_of(run) == [("done", None)] * 2, run.name
    assert outcomes_of(play["shown"]) == [("none", None), ("done", None)]
    old = play["shown"].result["results"][0]
    assert old["started"] is None and "before since" in old["message"]


def test_groups_nested_with_devices_and_users(each_execution):
    reset(each_execution, "PHONE-HELPDESK-02")
    found = each_execution.module(MODULE, {"devices": ["PHONE-HELPDESK-03"], "device_groups": ["Pilot ring", "Field service"]})
    results = {entry["device_name"]: entry for entry in found.result["results"]}
    assert len(outcomes_of(found)) == len(results) == 16
    assert next(iter(results)) == "PHONE-HELPDESK-03" and results["PHONE-HELPDESK-03"]["device"] == "PHONE-HELPDESK-03"
    assert (results["PHONE-HELPDESK-02"]["status"], results["PHONE-HELPDESK-02"]["device"]) == ("done", "group Pilot ring")
    assert results["WS-BERLIN-103"]["device"] == "group Field service", "it belongs to a user in that group"
    assert found.result["summary"]["none"] == 15


def test_a_name_with_a_quote(each_execution):
    reset(each_execution, "O'Brien's phone")
    assert outcomes_of(each_execution.module(MODULE, {"devices": ["O'Brien's phone", PHONE]})) == [("done", None), ("none", None)]


@pytest.mark.parametrize("names", [[PHONE], [PHONE, "PHONE-FIELD-02"]], ids=["alone", "in a batch"])
def test_a_device_that_is_gone_when_it_is_read(ansible, names):
    ansible.tenant.control.arm("status", "GET", "/managedDevices/[0-9a-f-]+$", status=404, code="ResourceNotFound")
    found = ansible.module(MODULE, {"devices": names})
    assert outcomes_of(found) == [("unknown", "device_gone"), ("none", None)][: len(names)]
    gone = found.result["results"][0]
    assert (gone["device"], gone["device_name"], gone["message"]) == (PHONE, None, "Intune no longer manages the device.")


BAD = (
    ({}, ["one of the following is required: devices, device_groups"]),
    ({"devices": []}, ["No device is meant"]),
    ({"devices": ["PHONE-SPARE"]}, ["'PHONE-SPARE' matches 2 devices by device_name"]),
    ({"devices": ["NO-1", PHONE, "NO-2"], "device_groups": ["Warehouse"]}, ["'NO-1'", "'NO-2'", "Several groups are named"]),
    ({"devices": [PHONE], "since": "yesterday"}, ["since must be a timestamp, not 'yesterday'", "Write it as"]),
    ({"devices": [PHONE], "since": "2199-01-01T00:00:00Z"}, ["since must not lie in the future, as '2199-01-01T00:00:00Z' does"]),
    ({"devices": [PHONE], "match_by": "imei"}, ["match_by"]),
)


def test_bad_input_is_told(ansible):
    runs = ansible.cases(MODULE, {f"case {number}": options for number, (options, _parts) in enumerate(BAD)})
    for (options, parts), found in zip(BAD, runs.values(), strict=True):
        assert found.status == "failed" and found.writes == [] and "Traceback" not in str(found.result), (options, found.result)
        assert all(part in found.result["msg"] for part in parts), (options, found.result["msg"])
        assert "results" not in found.result, options


def test_options_that_cannot_be_used_are_refused_before_anything_is_read(each_execution):
    certificate, _key = recipient(each_execution.folder, "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
    absent = each_execution.folder / "absent.pem"
    cases = {
        "RSA": {"seal_to": [str(certificate)]},
        "cannot be read": {"seal_to": [str(absent)]},
        "seal_to is empty": {"seal_to": []},
        "must be a timestamp": {"since": "yesterday"},
    }
    for word, found in each_execution.cases(MODULE, {word: {"devices": [PHONE], **options} for word, options in cases.items()}).items():
        assert found.status == "failed" and word in found.result["msg"], (word, found.result)
        assert found.journal == [], word


def test_passcodes_that_could_not_be_hidden_are_refused(ansible):
    reset(ansible, PHONE)
    play = ansible.tasks([{"name": "x", INFO: {"devices": [PHONE], "return_passcode": True}, "async": 60, "poll": 1}])
    assert play["x"].status == "failed" and "return_passcode cannot be used with async" in play["x"].result["msg"]


def test_the_missing_permission_is_named(each_execution):
    app = each_execution.tenant.control.add_app(roles=["Device.Read.All"])
    found = each_execution.module(MODULE, {"devices": [PHONE], "client_id": app["client_id"], "client_secret": app["client_secret"]})
    assert found.status == "failed" and "DeviceManagementManagedDevices.Read.All" in found.result["msg"], found.result["msg"]


def test_a_fleet_is_read_in_batches_and_throttling_is_waited_for(ansible):
    ansible.tenant.control.reset("fleet:60")
    ansible.tenant.control.arm("status", "GET", "/managedDevices/[0-9a-f-]+$", status=429, retry_after="1", times=3)
    found = ansible.module(MODULE, {"device_groups": ["All fleet devices"]})
    assert outcomes_of(found) == [("none", None)] * 60 and found.result["summary"]["none"] == 60
    assert len({entry["id"] for entry in found.result["results"]}) == 60
    # The group, its members, the number and the list of devices, three batches of records, and another one for the throttled.
    assert sum(entry["kind"] == "graph" for entry in found.journal) == 8
