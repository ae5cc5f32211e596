# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test passes of users on request of a help desk, in the controller's process and as a module."""

from __future__ import annotations

import json
import pathlib
import subprocess

import pytest

from .harness import four_beats
from .test_device_passcode_info import recipient

MODULE = "entra_temporary_access_pass"
INFO = "entra_temporary_access_pass_info"
DOMAIN = "@contoso.onmicrosoft.com"
CLARA, FELIX, ADMIN = f"clara.hoffmann{DOMAIN}", f"felix.wagner{DOMAIN}", f"ada.admin{DOMAIN}"
GUEST = f"eva.lund_fabrikam.com#EXT#{DOMAIN}"
POST = r"temporaryAccessPassMethods$"


@pytest.fixture
def sealed(tmp_path: pathlib.Path) -> dict[str, list[str]]:
    """Return options that hand passes over, and keep results visible."""
    return {"seal_to": [str(recipient(tmp_path)[0])]}


def test_a_second_run_changes_nothing(each_execution, sealed):
    beats = four_beats(each_execution, MODULE, {"users": [CLARA, FELIX], "verified_by": "Jonas, by video", **sealed})
    assert [entry["status"] for entry in beats.run_again.result["results"]] == ["exists", "exists"]
    states = {CLARA: {"is_usable_once": True, "lifetime_minutes": 60}, FELIX: {"is_usable_once": True, "lifetime_minutes": 60}}
    assert beats.run.result["diff"]["after"] == {"temporary_access_passes": states}
    assert sorted(map(len, each_execution.tenant.control.access_passes().values())) == [1, 1]


def test_a_pass_is_sealed_to_the_help_desk(each_execution, tmp_path: pathlib.Path):
    certificate, key = recipient(tmp_path)
    folder = tmp_path / "passes"
    folder.mkdir(mode=0o700)
    options = {"users": [CLARA], "seal_to": [str(certificate)], "sealed_directory": str(folder)}
    run = each_execution.module(MODULE, options)
    (entry,) = run.result["results"]
    assert (run.changed, entry["status"], "temporary_access_pass" in entry) == (True, "issued", False)
    assert pathlib.Path(entry["sealed_file"]).read_text() == entry["sealed_temporary_access_pass"]
    command = ["openssl", "cms", "-decrypt", "-inform", "PEM", "-in", entry["sealed_file"], "-recip", str(certificate), "-inkey", str(key)]
    opened = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert opened in each_execution.tenant.control.secrets() and opened not in json.dumps(run.result)
    assert [found["subject"] for found in run.result["recipients"]] == ["CN=Helpdesk"]
    again = each_execution.module(MODULE, options)
    assert (again.status, again.writes, len(list(folder.iterdir()))) == ("ok", [], 1)


def test_users_of_all_kinds_in_one_task(each_execution, sealed):
    control = each_execution.tenant.control
    run = each_execution.module(MODULE, {"users": [CLARA, GUEST, ADMIN, FELIX], "lifetime_minutes": 90, **sealed})
    assert run.status == "failed"
    found = {entry["user"]: (entry["status"], entry["reason"]) for entry in run.result["results"]}
    assert found == {
        CLARA: ("issued", None),
        GUEST: ("refused", "external_guest"),
        ADMIN: ("failed", "administrator"),
        FELIX: ("issued", None),
    }
    assert run.result["error"]["effects"] == "partial" and "2 of 4 users" in run.result["msg"]
    assert run.result["failed_users"] == [entry["id"] for entry in run.result["results"] if entry["user"] in (GUEST, ADMIN)]
    assert len(control.access_passes()) == 2


def test_the_policy_decides_before_anything_is_sent(each_execution):
    each_execution.tenant.control.access_pass_policy(maximumLifetimeInMinutes=120)
    run = each_execution.module(MODULE, {"users": [CLARA], "return_pass": True, "lifetime_minutes": 240})
    assert run.status == "failed" and run.writes == []
    assert "lifetime_minutes is 240, and the authentication methods policy allows 60 to 120." in run.result["msg"]


def test_a_lost_response_is_settled_and_never_repeated(each_execution, sealed):
    control = each_execution.tenant.control
    control.arm("drop_after", "POST", POST)
    run = each_execution.module(MODULE, {"users": [CLARA], **sealed})
    (entry,) = run.result["results"]
    assert (run.status, entry["status"], entry["changed"], entry["sealed_temporary_access_pass"]) == ("failed", "value_lost", True, None)
    assert "replace: true" in run.result["msg"] and sum(map(len, control.access_passes().values())) == 1
    again = each_execution.module(MODULE, {"users": [CLARA], **sealed})
    assert (again.status, again.result["results"][0]["status"], again.writes) == ("ok", "exists", [])
    replaced = each_execution.module(MODULE, {"users": [CLARA], **sealed, "replace": True})
    assert replaced.result["results"][0]["replaced"] is True


def test_passes_are_listed_and_removed(each_execution):
    each_execution.module(MODULE, {"users": [CLARA], "return_pass": True})
    found = each_execution.module(INFO, {"users": [CLARA, ADMIN]})
    clara, admin = found.result["results"]
    assert (clara["status"], clara["is_usable_once"], admin["status"]) == ("usable", True, "none")
    assert admin["directory_roles"] == ["Global Administrator"] and found.result["policy"]["maximum_lifetime_minutes"] == 480
    removed = each_execution.module(MODULE, {"users": [CLARA, ADMIN], "state": "absent"})
    assert [entry["status"] for entry in removed.result["results"]] == ["removed", "absent"] and removed.changed
    assert each_execution.module(INFO, {"users": [CLARA]}).result["summary"]["none"] == 1


def test_names_are_as_strict_as_those_of_devices(each_execution):
    run = each_execution.module(MODULE, {"users": [CLARA, "Clara Hoffmann", f"nobody{DOMAIN}"], "return_pass": True})
    assert run.status == "failed" and "must be a user principal name" in run.result["msg"]
    run = each_execution.module(MODULE, {"users": [CLARA, f"nobody{DOMAIN}"], "return_pass": True})
    assert f"There is no user with the principal name 'nobody{DOMAIN}'." in run.result["msg"]
    assert each_execution.tenant.control.access_passes() == {}


def test_a_pass_that_nobody_could_read_is_refused(each_execution):
    run = each_execution.module(MODULE, {"users": [CLARA]})
    assert run.status == "failed" and "One of seal_to and return_pass is required" in run.result["msg"] and run.journal == []
