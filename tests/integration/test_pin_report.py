# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the report as a task: files, check mode, a second run, and its statements about the tenant."""

from __future__ import annotations

import csv
import json
import pathlib
import stat

import jsonschema
import pytest

from tests.support import reports

from .harness import one_of, rescued

MODULE = "intune_pin_report"
NOW = "2026-01-05T10:00:00Z"
KINDS = ("csv", "html", "json")


def freeze(ansible) -> None:
    """Freeze the clock, so that equal tenants give equal bytes."""
    ansible.tenant.control.set_clock(NOW)
    ansible.tenant.control.freeze()


def folder(ansible, mode: int = 0o755) -> pathlib.Path:
    found = ansible.folder / "reports"
    found.mkdir(exist_ok=True)
    found.chmod(mode)
    return found


def load(run) -> dict:
    report = json.loads(pathlib.Path(run.result["report"]["json"]).read_text(encoding="utf-8"))
    jsonschema.validate(report, reports.SCHEMA)
    return report


def rows(run) -> list[dict[str, str]]:
    with open(run.result["report"]["csv"], encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def connect(ansible, **policy) -> str:
    """Connect the tenant, and return the ID of a policy for everybody."""
    assert ansible.module("intune_pinreset_consent", {}).status == "ok"
    options = {
        "name": "PIN recovery",
        "backend": "settings_catalog",
        "enable_pin_recovery": True,
        "assignments": [{"target": "all_devices"}],
    }
    made = ansible.module("intune_pin_policy", {**options, **policy})
    return made.result["pin_policy"]["id"]


def test_four_beats(each_execution):
    """Check mode writes nothing and returns the same; with a frozen clock, a second run finds equal bytes."""
    ansible = each_execution
    freeze(ansible)
    place = folder(ansible)
    options = {"directory": str(place)}
    check = ansible.module(MODULE, options, check_mode=True)
    assert (check.changed, check.writes, list(place.iterdir())) == (True, [], [])
    run = ansible.module(MODULE, options)
    assert (run.changed, run.writes, sorted(path.suffix[1:] for path in place.iterdir())) == (True, [], sorted(KINDS))
    assert {stat.S_IMODE(path.stat().st_mode) for path in place.iterdir()} == {0o600}
    before = {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in place.iterdir()}
    again, check_again = ansible.module(MODULE, options), ansible.module(MODULE, options, check_mode=True)
    assert [(one.changed, one.result["written"]) for one in (again, check_again)] == [(False, [])] * 2
    assert {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in place.iterdir()} == before
    assert check.result["written"] == run.result["written"] == ["csv", "json", "html"]
    assert check.result["numbers"] == run.result["numbers"] and check.result["report"] == run.result["report"]
    assert set(check.result) == set(run.result)


def test_a_later_run_is_another_report(ansible):
    freeze(ansible)
    options = {"directory": str(folder(ansible))}
    ansible.module(MODULE, options)
    ansible.tenant.control.advance(60)
    later = ansible.module(MODULE, options)
    assert later.changed and later.result["written"] == ["json", "html"], "devices are the same"


def test_an_empty_tenant_gets_an_answer_and_steps(ansible):
    run = ansible.module(MODULE, {"directory": str(folder(ansible))})
    report = load(run)
    assert (report["verdict"]["heading"], run.result["numbers"]["ready"]) == ("No", False)
    assert [step["task"].splitlines()[1].strip() for step in report["steps"]] == [
        "endpointops.intune.intune_pinreset_consent:",
        "endpointops.intune.intune_pin_policy:",
    ]
    assert report["devices"]["total"] == len(ansible.tenant.control.devices()) == len(rows(run))
    assert all(table["total"] == report["devices"]["total"] for table in report["devices"]["tables"])
    assert run.result["readiness"]["devices"] is None


def test_the_tasks_of_an_empty_tenant_take_the_reasons_away(ansible):
    """Paste the tasks that the report offers: only the name of a group is filled in."""
    import yaml

    options = {"directory": str(folder(ansible)), "rollout": "none"}
    report = load(ansible.module(MODULE, options))
    text = "".join(step["task"] for step in report["steps"]).replace("NAME OF A PILOT GROUP", "Pilot ring")
    play = ansible.tasks(yaml.safe_load(text))
    assert play.code == 0, play.output
    levels = ansible.module(MODULE, options).result["numbers"]["levels"]
    assert (levels["connected"], levels["configured"]) == ("yes", "yes")


def test_a_ready_tenant_and_what_changed(ansible):
    place = folder(ansible)
    first = ansible.module(MODULE, {"directory": str(place)})
    assert first.result["numbers"]["changes"] is None
    policy = connect(ansible)
    states = {device["id"]: "succeeded" for device in ansible.tenant.control.devices() if device["operatingSystem"] == "Windows"}
    worst = sorted(states)[0]
    ansible.tenant.control.policy_states(policy, {**states, worst: {"state": "error", "code": -2016281112}})
    options = {"directory": str(place), "compare_with": first.result["report"]["json"], "rollout": "devices"}
    run = ansible.module(MODULE, options)
    report = load(run)
    assert (report["verdict"]["heading"], run.result["numbers"]["state"]) == ("Yes", "yes")
    arrived = next(level for level in report["levels"] if level["name"] == "arrived")
    assert (arrived["devices"], arrived["total"]) == (len(states) - 1, len(states))
    assert run.result["numbers"]["changes"] == {"new": 0, "fixed": 2, "still": 0, "unknown": 0}
    assert {row["id"]: row["policy_status"] for row in rows(run) if row["policy_status"]} == {**states, worst: "error"}
    (shown,) = report["policies"]
    assert shown["check_in"]["total"] == len(states) and shown["assignments"] == ["all devices"]
    page = pathlib.Path(run.result["report"]["html"]).read_text(encoding="utf-8")
    assert "Can users reset their PIN today?" in page and report["verdict"]["text"] in page


def test_outcomes_of_results_and_journals(ansible):
    place, journal = folder(ansible), ansible.folder / "resets.jsonl"
    phones = ["PHONE-HELPDESK-01", "PHONE-HELPDESK-02", "PHONE-FIELD-05"]
    reset = ansible.module("intune_device_passcode", {"devices": phones, "journal_path": str(journal), "wait_timeout": 5})
    listed = ansible.module(MODULE, {"directory": str(place), "results": reset.result["results"]})
    read = ansible.module(MODULE, {"directory": str(place), "journals": [str(journal)]})
    both = ansible.module(MODULE, {"directory": str(place), "journals": [str(journal)], "results": reset.result["results"]})
    counts = ansible.module(MODULE, {"directory": str(place), "basename": "counts", "results_summary": reset.result["summary"]})
    assert [run.status for run in (listed, read, both, counts)] == ["ok"] * 4, [
        run.result.get("msg") for run in (listed, read, both, counts)
    ]
    found = [run.result["numbers"]["resets"] for run in (listed, read, both, counts)]
    assert found[0]["total"] == 3 and found[0]["done"] == reset.result["summary"]["done"]
    assert found == [found[0]] * 4
    outcomes = {result["id"]: result["status"] for result in reset.result["results"]}
    assert {row["id"]: row["reset_status"] for row in rows(both) if row["reset_status"]} == outcomes
    assert [source["kind"] for source in load(both)["resets"]["sources"]] == ["results", "journal"]


def test_no_file_and_no_output_holds_a_passcode(ansible):
    place = folder(ansible)
    reset = {"devices": ["PHONE-HELPDESK-01"], "return_passcode": True}
    play = ansible.tasks(
        [
            {"name": "reset", "endpointops.intune.intune_device_passcode": reset, "register": "resets", "no_log": True},
            rescued(
                {"name": "refused", "endpointops.intune.intune_pin_report": {"directory": str(place), "results": "{{ resets.results }}"}}
            ),
            {
                "name": "counted",
                "endpointops.intune.intune_pin_report": {"directory": str(place), "results_summary": "{{ resets.summary }}"},
            },
        ],
        "-vvv",
    )
    assert play.code == 0, play.output
    assert "results holds passcodes in clear" in play["refused"].result["msg"]
    secrets = [secret for secret in ansible.tenant.control.secrets() if len(secret) > 5]
    kept = "".join(path.read_text(encoding="utf-8-sig") for path in place.iterdir())
    assert secrets and kept and not [secret for secret in secrets if secret in kept or secret in play.output]


def test_a_tenant_that_may_not_be_read_is_not_known(ansible):
    """The report is still written, and is not green anywhere."""
    connect(ansible)
    token = ansible.tenant.control.token(roles=["User.Read.All"])
    run = ansible.module(MODULE, {"directory": str(folder(ansible)), "access_token": token}, env={"INTUNE_CLIENT_SECRET": ""})
    assert run.status == "ok", run.result
    report = load(run)
    assert report["verdict"]["state"] == "unknown" and report["devices"]["total"] is None and rows(run) == []
    assert "yes" not in {level["state"] for level in report["levels"]} | {part["state"] for part in report["coverage"]}
    assert any("DeviceManagementManagedDevices.Read.All" in problem for problem in report["problems"])
    assert report["tenant"]["name"] is None and report["application"]["permissions"] == ["User.Read.All"]


@pytest.mark.parametrize(
    ("options", "words"),
    one_of(
        ({"directory": "/nowhere/at/all"}, "directory '/nowhere/at/all' is not a folder"),
        ({"mode": "0755"}, "mode must be permissions"),
        ({"basename": "../up"}, "basename must be the beginning of a file's name"),
        ({"journals": ["/nowhere.jsonl"]}, "journals '/nowhere.jsonl' cannot be used"),
        ({"compare_with": "/nowhere.json"}, "compare_with '/nowhere.json' cannot be used"),
        ({"results": [{"device": "x"}]}, r"results[0] must be a dictionary with 'id' and 'status'"),
        ({"results": [], "results_summary": {}}, "mutually exclusive"),
    ),
)
def test_what_cannot_be_used_is_told_before_anything_is_written(ansible, options, words):
    place = folder(ansible)
    run = ansible.module(MODULE, {"directory": str(place), **options})
    assert run.status == "failed" and words in run.result["msg"], run.result
    assert list(place.iterdir()) == []


def test_a_folder_of_everybody_is_warned_of(ansible):
    run = ansible.module(MODULE, {"directory": str(folder(ansible, 0o777))})
    assert run.changed and "Other users of this machine can replace the report" in " ".join(run.result["warnings"])
