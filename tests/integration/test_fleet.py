# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test many devices in one task: groups, quotas, journals, interrupted runs, sealed passcodes, and a person's view of it."""

from __future__ import annotations

import collections
import datetime
import json
import pathlib
import stat
import subprocess
import typing as t

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from .harness import Ansible, TaskRun, one_of, rescued

MODULE = "intune_device_passcode"
RESET = f"endpointops.intune.{MODULE}"
EVERYONE = "All fleet devices"
PILOT = "Fleet pilot"


def names(first: int, last: int) -> list[str]:
    return [f"FLEET-{number:06d}" for number in range(first, last + 1)]


@pytest.fixture
def fleet(tenant):
    """Return a tenant of sixty devices."""
    tenant.control.reset("fleet:60")
    return tenant


@pytest.fixture
def in_process(tmp_path, tenant, warm) -> Ansible:
    """Run tasks in the controller's process, for tests that depend on it."""
    return Ansible(tmp_path, tenant, "in_process", warm)


def resets(tenant) -> collections.Counter[int]:
    """Return the number of devices by their number of resets."""
    return collections.Counter(len(times) for times in tenant.control.resets().values())


def envelopes(task: TaskRun) -> int:
    """Return the number of requests to Graph, counting a batch as one."""
    return sum(entry["kind"] == "graph" for entry in task.journal)


# --- groups -------------------------------------------------------------------------------------------------------------


def test_a_nested_group_is_reset_once_and_in_few_requests(fleet, each_execution):
    options = {"device_groups": [EVERYONE, PILOT], "devices": names(60, 60), "max_devices": 60, "wait": False}
    play = each_execution.tasks(
        [
            rescued({"name": "too many", RESET: {**options, "max_devices": 59}}),
            {"name": "check", RESET: options, "check_mode": True},
            {"name": "run", RESET: options},
            {"name": "again", RESET: options},
        ]
    )
    too_many, check, run, again = play.tasks
    assert too_many.status == "failed" and "60 devices are named, and max_devices allows 59" in too_many.result["msg"]
    assert [task.changed for task in (check, run, again)] == [True, True, False], play.output
    assert [len(task.writes) for task in play.tasks] == [0, 0, 60, 0]
    assert [task.tokens for task in play.tasks] == [1, 1, 1, 1]
    assert resets(fleet) == {1: 60}
    # 2 groups, their members, the number and the list of devices; then three batches to read, three to reset, and three to check that the
    # resets are shown; and the audit log before the first reset and after the last one.
    assert envelopes(run) <= 18, [f"{entry['method']} {entry['path']}" for entry in run.journal if entry["kind"] == "graph"]
    assert run.result["results"][0]["device"] == "FLEET-000060", "what is named comes first, and by its name"
    assert {item["device"] for item in run.result["results"][1:]} == {f"group {EVERYONE}"}
    assert run.result["summary"]["pending"] == 60 == again.result["summary"]["pending"] + again.result["summary"]["done"]


def test_groups_that_cannot_be_used_are_refused_before_anything_is_reset(fleet, ansible):
    found = ansible.module(MODULE, {"device_groups": ["No such group", PILOT]})
    assert found.status == "failed" and found.writes == []
    assert "There is no group named 'No such group'" in found.result["msg"] and "Nothing was changed." in found.result["msg"]


# --- quotas -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("style", one_of("integer", "missing", "zero", "fractional", "date"))
def test_a_service_that_throttles_early_is_waited_for(fleet, in_process, style):
    control = fleet.control
    # 20 writes in 20 seconds, of which 15 were used 12 seconds ago.
    control.settings(quota_scale=0.1, retry_after=style)
    control.charge_quota("devices", writes=15, client_id=fleet.env["INTUNE_CLIENT_ID"])
    control.advance(12)
    found = in_process.module(MODULE, {"devices": names(1, 10)})
    assert found.status == "ok", found.result
    assert found.result["summary"]["done"] == 10 and resets(fleet) == {1: 10}
    assert any(entry["throttled"] for entry in found.journal)


def test_another_application_takes_the_quota_meanwhile(fleet, in_process):
    control, start = fleet.control, fleet.journal_end()
    control.settings(retry_after="zero")
    # Two of the three batches of resets are slow; by then the other application has used the tenant's quota.
    control.arm("delay", "POST", r"^/\$batch$", version="v1.0", seconds=2, skip=1, times=2)
    options = {"device_groups": [EVERYONE], "max_devices": 60, "write_quota": 2000, "wait": False}
    with in_process.start([{"name": "reset", RESET: options}]) as run:
        run.until(lambda: len(control.resets()) == 20)
        control.charge_quota("devices", writes=380)
        run.until(lambda: control.counts(start)["throttled"] > 0)
        control.advance(21)
        output = run.output()
        assert run.code == 0, output
    assert resets(fleet) == {1: 60}


# --- the journal --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("answered", [False, True], ids=["before the answers", "after the answers"])
def test_a_run_that_was_killed_is_continued(fleet, each_execution, answered):
    control, path = fleet.control, each_execution.folder / "journal.jsonl"
    options = {"device_groups": [EVERYONE], "max_devices": 60, "wait": False, "journal_path": str(path)}
    task = {"name": "reset", RESET: options}
    for device in control.devices():
        # The devices' records do not show a reset for a long time: the next run has to know it from the journal.
        control.patch_device(device["id"], visible=3600)
    if not answered:
        control.arm("delay", "POST", r"^/\$batch$", version="v1.0", seconds=60, processed=True)
    # Twenty resets, and then it has to wait for more.
    with each_execution.start([{"name": "killed", RESET: {**options, "write_quota": 20}}]) as run:
        run.until(lambda: len(control.resets()) == 20 and events(path)["accepted"] == (20 if answered else 0))
        refused = each_execution.module(MODULE, options)
        assert refused.status == "failed" and "is in use by another run" in refused.result["msg"] and refused.writes == []
        run.kill()
    # Twenty, unless this machine is so slow that the next ones were due.
    sent, left = len(control.resets()), path.read_bytes()
    assert sent < 60 and events(path) == {"journal": 1, "begin": 1, "intent": sent, **({"accepted": sent} if answered else {})}
    check = each_execution.module(MODULE, options, check_mode=True)
    assert check.status == "ok", check.result
    assert check.writes == [] and path.read_bytes() == left
    assert check.result["summary"]["planned"] == 60 - sent
    play = each_execution.tasks([{**task, "name": "continued"}, {**task, "name": "afterwards"}])
    continued, afterwards = play.tasks
    assert "did not come to its end" in play.output
    assert continued.result["summary"]["pending"] == 60 and len(continued.writes) == 60 - sent, play.output
    assert not afterwards.changed and afterwards.writes == []
    assert resets(fleet) == {1: 60}
    assert not [secret for secret in control.secrets() if secret in path.read_text(encoding="utf-8")]
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def events(path: pathlib.Path) -> collections.Counter[str]:
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return collections.Counter(json.loads(line)["event"] for line in lines)


def test_a_journal_of_another_tenant_or_of_nobody_is_refused(fleet, each_execution):
    path = each_execution.folder / "journal.jsonl"
    task = {RESET: {"devices": names(1, 1), "wait": False, "journal_path": str(path)}}
    assert each_execution.tasks([{"name": "check", **task, "check_mode": True}, {"name": "run", **task}]).code == 0
    assert events(path) == {"journal": 1, "begin": 1, "intent": 1, "accepted": 1, "outcome": 1, "end": 1}, "check mode has written nothing"
    text, tenant = path.read_text(encoding="utf-8"), fleet.env["INTUNE_TENANT_ID"]
    other = "00000000-1111-2222-3333-444444444444"
    others = {
        "other tenant": (text.replace(tenant, other), (other, tenant, "one journal for each tenant")),
        "newer format": (text.replace('"version": 2', '"version": 3'), ("version 3", "line 1")),
        "no journal": ('{"hello": "world"}\n', ("line 1", "Nothing was changed")),
    }
    for name, (content, _words) in others.items():
        path.with_name(name).write_text(content, encoding="utf-8")
        path.with_name(name).chmod(0o600)
    play = each_execution.tasks(
        [rescued({"name": name, RESET: {**task[RESET], "journal_path": str(path.with_name(name))}}) for name in others]
    )
    for name, (content, words) in others.items():
        found = play[name]
        assert found.status == "failed" and found.writes == [] and path.with_name(name).read_text(encoding="utf-8") == content
        assert all(word in found.result["msg"] for word in words), found.result["msg"]


@pytest.mark.parametrize("given", [{"platforms": ["android"]}, {"match_by": "device_name"}, {"max_age": 60}], ids=str)
def test_a_run_is_not_continued_with_other_options(fleet, in_process, given):
    control, path = fleet.control, in_process.folder / "journal.jsonl"
    options = {"devices": names(1, 40), "wait": False, "journal_path": str(path)}
    with in_process.start([{"name": "killed", RESET: {**options, "write_quota": 20}}]) as run:
        run.until(lambda: len(control.resets()) == 20 and events(path)["accepted"] == 20)
        run.kill()
    left = path.read_bytes()
    refused = in_process.module(MODULE, {**options, **given})
    assert refused.status == "failed" and refused.writes == [] and path.read_bytes() == left
    assert f"{next(iter(given))} was " in refused.result["msg"] and "name another file in journal_path" in refused.result["msg"]
    assert in_process.module(MODULE, options).result["summary"]["total"] == 40 and resets(fleet) == {1: 40}


@pytest.mark.parametrize(
    "mode", [pytest.param(0o644, id="case 16: a file of mode 0644"), pytest.param(0o777, id="case 16: a shared folder")]
)
def test_a_journal_that_others_can_lock_or_replace_is_refused(fleet, each_execution, mode):
    folder = each_execution.folder / "shared"
    folder.mkdir(mode=0o700)
    path = folder / "journal.jsonl"
    path.touch(mode=0o600)
    (folder if mode == 0o777 else path).chmod(mode)
    found = each_execution.module(MODULE, {"devices": names(1, 1), "journal_path": str(path)})
    assert found.status == "failed" and found.writes == [] and "Traceback" not in found.result["msg"]
    assert ("chmod 0600" if mode == 0o644 else "mkdir -m 0700") in found.result["msg"]


# --- at most once -------------------------------------------------------------------------------------------------------


def lag(fleet, record: float, log: float) -> None:
    """Show each reset so many seconds later: in the devices' records, and in the audit log."""
    fleet.control.settings(audit_delay=log)
    for device in fleet.control.devices():
        fleet.control.patch_device(device["id"], visible=record)


@pytest.mark.parametrize(
    ("record", "log"),
    [
        pytest.param(3, 3, id="case 11: both lag 3 s"),
        pytest.param(3, 3600, id="case 11: the record lags 3 s"),
        pytest.param(3600, 3, id="case 11: the log lags 3 s"),
    ],
)
@pytest.mark.parametrize(
    "given",
    [pytest.param({"wait": False}, id="no wait"), pytest.param({"wait_timeout": 1}, id="a short wait", marks=pytest.mark.exhaustive)],
)
def test_two_equal_tasks_in_a_row_reset_each_device_once(fleet, in_process, record, log, given):
    lag(fleet, record, log)
    task = {RESET: {"devices": names(1, 30), **given}}
    play = in_process.tasks([{"name": "first", **task}, {"name": "second", **task}])
    assert play.code == 0, play.output
    assert [task.changed for task in play.tasks] == [True, False] and resets(fleet) == {1: 30}
    assert [task.result["summary"]["unconfirmed"] for task in play.tasks] == [0, 0]
    assert {entry["confirmed"] for entry in play["first"].result["results"]} == {True}


def test_case_11_a_killed_task_is_run_again_without_a_journal(fleet, each_execution):
    """Only the audit log has its resets."""
    lag(fleet, 3600, 0)
    options = {"device_groups": [EVERYONE], "max_devices": 60, "wait": False}
    with each_execution.start([{"name": "killed", RESET: {**options, "write_quota": 20}}]) as run:
        run.until(lambda: len(fleet.control.resets()) >= 20)
        run.kill()
    again = each_execution.module(MODULE, options)
    assert again.status == "ok" and again.result["summary"]["pending"] == 60, again.result
    assert resets(fleet) == {1: 60}


@pytest.mark.parametrize("answered", [False, True], ids=["case 12: before the answers", "case 12: after the answers"])
def test_a_killed_task_is_run_again_on_the_same_machine_before_anything_is_shown(fleet, each_execution, answered):
    """Without a journal: the machine has a record of the requests of the killed task."""
    lag(fleet, 300, 300)
    options = {"devices": names(1, 20), "wait": False, "confirm_timeout": 1}
    if not answered:
        fleet.control.arm("delay", "POST", r"^/\$batch$", version="v1.0", seconds=60, processed=True)
    with each_execution.start([{"name": "killed", RESET: {**options, "confirm_timeout": 100}}]) as run:
        run.until(lambda: len(fleet.control.resets()) == 20)
        run.kill()
    check = each_execution.module(MODULE, options, check_mode=True)
    again = each_execution.module(MODULE, options)
    assert resets(fleet) == {1: 20} and again.writes == [] and not again.result["changed"], again.result
    assert check.result["summary"]["planned"] == 0 and check.result["summary"]["total"] == 20
    assert {item["status"] for item in again.result["results"]} <= {"pending", "unknown"}
    fleet.control.advance(301)
    shown = each_execution.module(MODULE, {**options, "wait": True})
    assert shown.status == "ok" and shown.result["summary"]["done"] == 20 and resets(fleet) == {1: 20}, shown.result


def test_case_11_what_the_service_does_not_show_in_time_is_told_and_is_no_failure(fleet, each_execution, tmp_path):
    lag(fleet, 3600, 3600)
    task = {RESET: {"devices": names(1, 3), "wait": False}}
    play = each_execution.tasks(
        [
            {"name": "waits", RESET: {**task[RESET], "confirm_timeout": 1}},
            {"name": "does not", RESET: {**task[RESET], "confirm_timeout": 0, "lock_directory": str(tmp_path)}},
        ]
    )
    assert play.code == 0, play.output
    for found in play.tasks:
        assert found.changed and found.result["summary"]["unconfirmed"] == found.result["summary"]["pending"] == 3
        assert {(entry["status"], entry["confirmed"], entry["changed"]) for entry in found.result["results"]} == {("pending", False, True)}
    assert resets(fleet) == {2: 3}, "as the wording says: within the window, across machines"
    assert "can reset these devices again: FLEET-000001, FLEET-000002, FLEET-000003" in play.output.replace("\n", " ")


def test_case_12_another_reset_at_the_same_moment_is_told_with_the_name(fleet, in_process):
    control, device = fleet.control, fleet.control.device("FLEET-000001")["id"]
    control.arm("delay", "POST", r"/resetPasscode$", seconds=3, processed=False)
    with in_process.start([{"name": "first", RESET: {"devices": names(1, 1), "wait": False}}]) as run:
        run.until(lambda: control.faults()[0]["hits"] == 1)
        # The task has read the device, and its reset is in transit.
        fleet.graph("POST", f"/deviceManagement/managedDevices/{device}/resetPasscode")
        output = " ".join(run.output().split())
        assert run.code == 0, output
    assert resets(fleet) == {2: 1}, output
    assert "another run or person reset too, within the time in which a reset counts: FLEET-000001." in output


# --- two tasks at once --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("place", one_of("lock_directory", "TMPDIR", "XDG_RUNTIME_DIR"))
def test_case_12_tasks_at_once_reset_each_device_once(fleet, each_execution, tmp_path_factory, place):
    """Without a journal. The devices' records show a reset late, and the responses to the first ones are slow."""
    # A short path: ansible-core 2.21 has a socket in TMPDIR.
    control, folder = fleet.control, tmp_path_factory.mktemp("locks")
    for device in control.devices():
        control.patch_device(device["id"], visible=2, active=3, terminal=4)
    control.arm("delay", "POST", r"^/\$batch$", version="v1.0", seconds=1, times=3)
    named, env = ({"lock_directory": str(folder)}, {}) if place == "lock_directory" else ({}, {place: str(folder)})
    task = {"name": "reset", RESET: {"device_groups": [EVERYONE], "max_devices": 60, **named}}
    with each_execution.start([task], env=env) as one, each_execution.start([task], env=env) as two:
        outputs = [run.output() for run in (one, two)]
        assert [run.code for run in (one, two)] == [0, 0], outputs
    assert resets(fleet) == {1: 60}
    assert len(list(folder.rglob("*.lock"))) == 16


def test_a_device_that_another_task_keeps_locked_fails_until_that_task_is_killed(fleet, in_process, tmp_path):
    control, options = fleet.control, {"device_groups": [EVERYONE], "max_devices": 60, "lock_directory": str(tmp_path)}
    control.arm("delay", "POST", r"^/\$batch$", version="v1.0", seconds=100, times=1, processed=True)
    with in_process.start([{"name": "slow", RESET: {**options, "write_quota": 20}}]) as run:
        run.until(lambda: len(control.resets()) == 20)
        beside = in_process.module(MODULE, {**options, "wait_timeout": 2})
        run.kill()
    assert beside.status == "failed" and "(locked)" in beside.result["msg"], beside.result
    assert beside.result["summary"]["not_attempted"] == len(beside.result["failed_devices"]) == 20
    assert {item["reason"] for item in beside.result["results"] if item["status"] == "not_attempted"} == {"locked"}
    again = in_process.module(MODULE, options)
    assert again.status == "ok" and again.result["summary"]["done"] == 60 and again.writes == []
    assert resets(fleet) == {1: 60}


def test_check_mode_locks_nothing(fleet, each_execution, tmp_path):
    folder = tmp_path / "locks"
    folder.mkdir(0o700)
    options = {"devices": names(1, 1), "lock_directory": str(folder)}
    assert each_execution.module(MODULE, options, check_mode=True).status == "ok" and list(folder.iterdir()) == []
    assert each_execution.module(MODULE, options).status == "ok" and len(list(folder.iterdir())) == 16


# --- options of a reset -------------------------------------------------------------------------------------------------


def test_devices_are_asked_to_check_in_when_that_is_wished_for(fleet, ansible):
    found = ansible.module(MODULE, {"devices": names(1, 4), "sync_devices": True})
    assert found.status == "ok" and found.result["summary"]["done"] == 4
    assert collections.Counter(write.rpartition("/")[2] for write in found.writes) == {"resetPasscode": 4, "syncDevice": 4}


def certificate(folder: pathlib.Path, name: str, *, key: t.Any = None, days: int = 1, encipher: bool = True) -> pathlib.Path:
    """Return the path of a certificate, which is beside its key and ends in so many days."""
    key = key or rsa.generate_private_key(65537, 2048)
    now, subject = datetime.datetime.now(datetime.timezone.utc), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(subject).public_key(key.public_key()).serial_number(1)
    builder = builder.not_valid_before(now - datetime.timedelta(9)).not_valid_after(now + datetime.timedelta(days))
    uses = dict.fromkeys(("content_commitment", "data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"), False)
    usage = x509.KeyUsage(digital_signature=True, key_encipherment=encipher, encipher_only=False, decipher_only=False, **uses)
    path = folder / f"{name}.pem"
    path.write_bytes(builder.add_extension(usage, critical=True).sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    path.with_suffix(".key").write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return path


def test_each_recipient_opens_the_sealed_passcodes_and_nobody_else_sees_them(fleet, each_execution, tmp_path):
    helpdesk, vault = certificate(tmp_path, "helpdesk"), certificate(tmp_path, "vault")
    found = each_execution.module(MODULE, {"devices": names(1, 2), "seal_to": [str(helpdesk), vault.read_text(encoding="ascii")]})
    assert found.status == "ok", found.result
    for item in found.result["results"]:
        (action,) = fleet.graph("GET", f"/deviceManagement/managedDevices/{item['id']}", version="beta")["deviceActionResults"]
        assert action["passcode"] and action["passcode"] not in json.dumps(found.result)
        for recipient in (helpdesk, vault):
            command = ["openssl", "cms", "-decrypt", "-inform", "PEM", "-recip", recipient, "-inkey", recipient.with_suffix(".key")]
            opened = subprocess.run(command, input=item["sealed_passcode"].encode(), capture_output=True, check=True, timeout=30)
            assert opened.stdout.decode() == action["passcode"]


def test_a_certificate_that_cannot_be_used_stops_the_task_before_anything_is_sent(fleet, each_execution, tmp_path):
    bad = {
        "expired": (certificate(tmp_path, "expired", days=-1), "expired at"),
        "signs only": (certificate(tmp_path, "signs-only", encipher=False), "without key encipherment"),
        "elliptic": (certificate(tmp_path, "elliptic", key=ec.generate_private_key(ec.SECP256R1())), "not for RSA encryption"),
        "a key": (certificate(tmp_path, "good").with_suffix(".key"), "holds a private key"),
        "missing": (tmp_path / "nowhere.pem", "No such file"),
    }
    play = each_execution.tasks(
        [rescued({"name": name, RESET: {"devices": names(1, 1), "seal_to": [str(path)]}}) for name, (path, _words) in bad.items()]
    )
    for name, (path, words) in bad.items():
        found = play[name]
        assert found.status == "failed" and path.name in found.result["msg"] and words in found.result["msg"], found.result["msg"]
        assert found.journal == [], "nothing was sent, not even for a token"
    assert "PRIVATE KEY" not in play.output


def test_where_beta_is_blocked_the_task_works_without_it(fleet, ansible):
    fleet.control.settings(beta="refuse")
    blocked = ansible.module(MODULE, {"devices": names(1, 3)})
    assert blocked.status == "failed" and blocked.writes == []
    assert blocked.result["error"]["status"] == 403 and "use_beta" in blocked.result["msg"], blocked.result["msg"]
    found = ansible.module(MODULE, {"devices": names(1, 3), "use_beta": False})
    assert found.status == "ok" and found.result["summary"]["done"] == 3, found.result
    assert {entry["version"] for entry in found.journal if entry["kind"] in ("graph", "batch_item")} == {"v1.0"}


# --- output for a person ------------------------------------------------------------------------------------------------


def test_a_fleet_says_where_it_is_and_one_device_is_quiet(fleet, in_process):
    """The task also waits for an offline device, which is not a failure."""
    offline = fleet.control.device("FLEET-000003")["id"]
    fleet.control.patch_device(offline, outcome="offline")
    play = in_process.tasks(
        [
            {"name": "three", RESET: {"devices": names(1, 3), "wait_timeout": 9}},
            {"name": "one", RESET: {"devices": names(3, 3), "wait_timeout": 9}},
        ]
    )
    assert play.code == 0, play.output
    assert [item["status"] for item in play["three"].result["results"]] == ["done", "done", "pending"]
    assert play["three"].result["failed_devices"] == []
    three, one = play.output.split("TASK [one]")
    assert "3 of 3 devices, 3 reset (" in three and "1 pending" in three
    table = {line[:20].strip(): line[20:].strip() for line in three.splitlines() if line.startswith("  ")}
    assert {**table, "time": ""} == {"devices": "3", "reset by this task": "3", "done": "2", "pending": "1", "time": ""}
    assert "of 1 device" not in one and "reset by this task" not in one


# --- bad input ----------------------------------------------------------------------------------------------------------

BAD: dict[str, tuple[dict[str, t.Any], str]] = {
    "nothing": ({}, "one of the following is required: devices, device_groups"),
    "empty lists": ({"devices": [], "device_groups": []}, "devices and device_groups are empty"),
    "blank names": ({"devices": ["", " "]}, "A name is blank"),
    "too many names": ({"devices": "{{ range(1, 50002) | map('string') | list }}"}, "50001 names; 50000 is the most"),
    "quotes": ({"devices": ["O'Nobody's \"phone\""]}, "There is no managed device 'O'Nobody's \"phone\"'"),
    "newline": ({"devices": ["FLEET-\n000001"]}, "A name holds control characters: 'FLEET-\\n000001'"),
    "braces": ({"devices": ["{% raw %}{{ 1 + 1 }}{% endraw %}"]}, "There is no managed device '{{ 1 + 1 }}'"),
    "filter": ({"devices": ["x' or deviceName ne 'y"], "match_by": "device_name"}, "There is no managed device"),
    "long": ({"devices": ["x" * 300]}, "256"),
    "future": ({"devices": names(1, 1), "reset_since": "2199-01-01T00:00:00Z"}, "must not lie in the future"),
    "no moment": ({"devices": names(1, 1), "reset_since": "tomorrow"}, "must be a timestamp"),
    "too many devices": ({"devices": names(1, 3), "max_devices": 2}, "3 devices are named, and max_devices allows 2"),
    "no devices allowed": ({"devices": names(1, 1), "max_devices": 0}, "1 devices are named, and max_devices allows 0"),
    "no writes": ({"devices": names(1, 1), "write_quota": 0}, "write_quota must be at least 1"),
    "more writes than requests": ({"devices": names(1, 1), "write_quota": 100, "request_quota": 99}, "write_quota must be at least 1"),
    "folder": ({"devices": names(1, 1), "journal_path": "/tmp"}, "journal_path '/tmp' cannot be used: Is a directory"),
    "no folder": ({"devices": names(1, 1), "journal_path": "/nowhere/journal"}, "No such file or directory"),
    "no folder for locks": (
        {"devices": names(1, 1), "lock_directory": "/nowhere"},
        "lock_directory '/nowhere' cannot be used: No such file",
    ),
    "nobody": ({"devices": names(1, 1), "seal_to": []}, "seal_to is empty"),
}


def test_bad_input_is_explained_and_resets_nothing(fleet, each_execution):
    play = each_execution.tasks([rescued({"name": name, RESET: options}) for name, (options, _words) in BAD.items()])
    assert [task.name for task in play.tasks] == list(BAD), play.output[-2000:]
    for name, (_options, words) in BAD.items():
        found = play[name]
        assert found.status == "failed" and words in found.result["msg"], (name, found.result["msg"])
        assert found.writes == [] and not found.changed, name
    assert "Traceback" not in play.output and resets(fleet) == {}
