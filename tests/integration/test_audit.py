# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the audit queries on results of the modules as AWX's callback gets them."""

from __future__ import annotations

import json
import os
import pathlib
import typing as t

import jq
import yaml

from tests.support.modules import list_modules

from .harness import COLLECTION, REPOSITORY

PHONE, OTHER, LAPTOP, KIOSK = "PHONE-HELPDESK-01", "PHONE-HELPDESK-02", "LT-BERLIN-014", "TC58-KIOSK-01"
# Devices that are not the subject of a task: other modules only mention them.
NO_DEVICES = {
    "connection_info",
    "pin_probe",
    "pin_report",
    "pin_readiness_info",
    "pin_policy",
    "pin_policy_info",
    "pinreset_consent",
    "pinreset_consent_info",
}


def queries() -> dict[str, t.Any]:
    root = os.environ.get("COLLECTION_UNDER_TEST")
    collection = pathlib.Path(root, "ansible_collections", *COLLECTION.split(".")) if root else REPOSITORY
    found = yaml.safe_load((collection / "extensions" / "audit" / "event_query.yml").read_text(encoding="utf-8"))
    assert all(set(entry) == {"query"} for entry in found.values())
    return {name: jq.compile(entry["query"]) for name, entry in found.items()}


def task(name: str, module: str, options: dict[str, t.Any], **keywords: t.Any) -> dict[str, t.Any]:
    return {"name": name, f"{COLLECTION}.intune_{module}": options, **keywords}


# Users and applications are not nodes that a subscription counts.
OF_USERS = {
    "entra_application",
    "entra_application_info",
    "entra_temporary_access_pass",
    "entra_temporary_access_pass_info",
    "intune_pin_recovery",
}


def test_there_is_a_query_for_every_module_that_returns_devices():
    modules = set(list_modules())
    returned = modules - {f"intune_{name}" for name in NO_DEVICES} - OF_USERS | {"pin_reset_results"}
    assert set(queries()) == {f"{COLLECTION}.{name}" for name in returned}


def test_case_72_a_fleet_counts_by_the_pieces_of_its_results(ansible):
    ansible.tenant.control.reset("fleet:12")
    given = {"pin_reset_device_groups": "All fleet devices", "pin_reset_platforms": ["windows", "android"]}
    play = ansible.playbook(f"{COLLECTION}.reset_passcode", "-e", json.dumps(given), env={"MAX_EVENT_RES": "6000"})
    assert play.code == 0, play.output
    lines = [json.loads(line) for line in (ansible.folder / "record.jsonl").read_text(encoding="utf-8").splitlines()]
    compiled = queries()
    rows = [
        (line["action"], row)
        for line in lines
        if line["action"] in compiled
        for row in compiled[line["action"]].input(line["result"]).all()
    ]
    assert {action for action, _row in rows} == {f"{COLLECTION}.pin_reset_results"} and len(rows) == 12
    assert {row["canonical_facts"]["intune_device_id"] for _action, row in rows} == set(ansible.tenant.control.resets())
    read_later = {"results": [{"id": "1", "device_name": "D", "status": "pending"}, {"id": "2", "device_name": None, "status": "unknown"}]}
    assert [row["name"] for row in compiled[f"{COLLECTION}.pin_reset_results"].input(read_later).all()] == ["D"]


def test_each_device_that_a_task_touched_is_one_row(ansible):
    two = {"devices": [PHONE, OTHER], "wait": False}
    over = {"name": "both have failed", "ansible.builtin.meta": "noop"}
    fail = [
        task("failed", "device_passcode", {"devices": [PHONE, KIOSK], "max_age": 0, "wait": False}),
        task("failed as a whole", "device_passcode", {**two, "max_devices": 1, "max_age": 0}),
    ]
    play = ansible.tasks(
        [
            task("reset in check mode", "device_passcode", two, check_mode=True),
            task("reset", "device_passcode", two),
            task("reset again", "device_passcode", two),
            {"name": "first", "block": [fail[0]], "rescue": [{"name": "second", "block": [fail[1]], "rescue": [over]}]},
            task("hidden", "device_passcode", {"devices": [OTHER], "return_passcode": True, "max_age": 0}),
            task("skipped", "device_passcode", two, when=False),
            task("look", "device_info", {"devices": [PHONE, LAPTOP, KIOSK]}),
            task("look, hidden", "device_info", {"devices": [PHONE]}, no_log=True),
            task("look at each", "device_info", {"devices": ["{{ item }}"]}, loop=[PHONE, LAPTOP]),
            task("outcome", "device_passcode_info", {"devices": [PHONE]}),
        ]
    )
    assert play.code == 0, play.output
    lines = [json.loads(line) for line in (ansible.folder / "record.jsonl").read_text(encoding="utf-8").splitlines()]
    compiled = queries()
    found = {line["task"]: compiled[line["action"]].input(line["result"]).all() for line in lines if line["action"] in compiled}
    by_name = {name: [row["name"] for row in rows] for name, rows in found.items()}
    assert by_name == {
        "reset in check mode": [],
        "reset": [PHONE, OTHER],
        "reset again": [],
        "failed": [PHONE],
        "failed as a whole": [],
        "hidden": [],
        "skipped": [],
        "look": [PHONE, LAPTOP, KIOSK],
        "look, hidden": [],
        # AWX gets an event for each item, and one for the loop; the latter must not count as well.
        "look at each": [],
        "outcome": [PHONE],
    }
    of_task = {line["task"]: line["result"] for line in lines}
    # They are empty for the intended reason.
    assert {one["status"] for one in of_task["reset in check mode"]["results"]} == {"planned"}
    assert [line["task"] for line in lines if line["status"] == "failed"] == ["failed", "failed as a whole"]
    assert "censored" in of_task["hidden"] and "censored" in of_task["look, hidden"]
    items = [row for item in of_task["look at each"]["results"] for row in compiled[f"{COLLECTION}.intune_device_info"].input(item).all()]
    assert [row["name"] for row in items] == [PHONE, LAPTOP]
    ids = {name: ansible.tenant.control.device(name)["id"] for name in (PHONE, OTHER, LAPTOP, KIOSK)}
    kinds = {PHONE: "Windows", OTHER: "Windows", LAPTOP: "Windows", KIOSK: "Android"}
    for row in (row for rows in [*found.values(), items] for row in rows):
        assert row == {
            "name": row["name"],
            "canonical_facts": {"intune_device_id": ids[row["name"]]},
            "facts": {"infra_type": "Endpoint", "infra_bucket": "Microsoft Intune", "device_type": kinds[row["name"]]},
        }


def test_results_of_another_shape_have_no_rows():
    odd: list[t.Any] = [{}, [], None, "text", {"results": None}, {"devices": "x"}, {"results": [None, 1, {"id": "x", "device_name": None}]}]
    assert [(name, result) for name, query in queries().items() for result in odd if query.input(result).all()] == []
