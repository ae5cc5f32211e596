# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Count the requests of a task in the controller's process by the emulated tenant's journal, not in seconds."""

from __future__ import annotations

import typing as t

import pytest

from .harness import COLLECTION, Ansible

RESET = f"{COLLECTION}.intune_device_passcode"
CONNECTION = f"{COLLECTION}.intune_connection_info"
PHONE = "PHONE-HELPDESK-01"
POLICY = {"name": "PIN reset", "enable_pin_recovery": True, "assignments": [{"target": "all_devices"}]}


@pytest.fixture
def ansible(tmp_path, tenant, warm) -> Ansible:
    """Run tasks in the controller's process, regardless of INTEGRATION_EXECUTION."""
    return Ansible(tmp_path, tenant, "in_process", warm)


def sent(entries: list[dict[str, t.Any]]) -> list[list[str]]:
    """Return the requests of each round trip to Graph: several for a batch."""
    parts: dict[int, list[str]] = {}
    for entry in entries:
        if entry["kind"] in ("graph", "batch_item"):
            path = entry["path"].replace("/deviceManagement/", "").split("/")
            name = f"{entry['method']} {path[-1] if path[-1] in ('resetPasscode', '$batch') else path[0] or path[1]}"
            parts.setdefault(entry["batch"] or entry["seq"], []).append(name)
    return [names[1:] if names[0] == "POST $batch" else names for names in parts.values()]


def count_tokens(entries: list[dict[str, t.Any]]) -> int:
    return sum(entry["path"].endswith("/oauth2/v2.0/token") for entry in entries)


@pytest.mark.parametrize("by", ["name", "id"])
def test_a_reset_of_one_device_takes_four_round_trips(ansible, by):
    named = {device["deviceName"]: device["id"] for device in ansible.tenant.control.devices()}
    task = ansible.module("intune_device_passcode", {"devices": [PHONE if by == "name" else named[PHONE]], "wait": False})
    assert task.changed and task.result["results"][0]["confirmed"] is True, task.result
    find, read, reset, confirm = sent(ansible.tenant.journal())
    assert set(find) == {"GET managedDevices"}
    assert read == ["GET managedDevices", "GET remoteActionAudits"], "both in one batch, before the reset"
    assert reset == ["POST resetPasscode"]
    assert confirm == ["GET managedDevices", "GET remoteActionAudits"]
    assert count_tokens(ansible.tenant.journal()) == 1


def test_a_reset_that_was_done_already_takes_two_round_trips(ansible):
    ansible.module("intune_device_passcode", {"devices": [PHONE], "wait": False})
    before = ansible.tenant.journal_end()
    again = ansible.module("intune_device_passcode", {"devices": [PHONE], "wait": False})
    assert again.status == "ok" and not again.changed, again.result
    find, read = sent(ansible.tenant.journal(before))
    assert set(find) == {"GET managedDevices"} and read == ["GET managedDevices", "GET remoteActionAudits"]


@pytest.mark.parametrize(
    ("module", "options", "reads"),
    [
        pytest.param("intune_pinreset_consent", {}, [["GET servicePrincipals"], ["GET oauth2PermissionGrants"] * 2], id="consent"),
        pytest.param("intune_pin_policy", POLICY, [["GET deviceConfigurations"]], id="policy"),
    ],
)
def test_a_second_run_reads_what_it_needs_and_nothing_else(ansible, module, options, reads):
    assert ansible.module(module, options).changed
    before = ansible.tenant.journal_end()
    second = ansible.module(module, options)
    assert second.status == "ok" and not second.changed
    assert sent(ansible.tenant.journal(before)) == reads


# --- tokens ---------------------------------------------------------------------------------------------------------


def loop(options: dict[str, t.Any], items: list[t.Any]) -> dict[str, t.Any]:
    return {"name": "loop", CONNECTION: options, "loop": items}


def tokens_of(ansible: Ansible, *tasks: dict[str, t.Any], env: dict[str, str] | None = None) -> int:
    play = ansible.tasks(list(tasks), env=env)
    assert play.code == 0, play.output
    return count_tokens(ansible.tenant.journal())


def test_a_loop_signs_in_once(ansible):
    assert tokens_of(ansible, loop({}, [1, 2, 3, 4, 5])) == 1


def test_each_task_of_a_play_signs_in(ansible):
    assert tokens_of(ansible, *({"name": f"task {number}", CONNECTION: {}} for number in range(3))) == 3


def test_with_a_token_cache_a_play_signs_in_once(ansible, tmp_path):
    cache = {"INTUNE_TOKEN_CACHE_PATH": str(tmp_path / "cache")}
    tasks = [*({"name": f"task {number}", CONNECTION: {}} for number in range(3)), loop({}, [1, 2])]
    assert tokens_of(ansible, *tasks, env=cache) == 1


def test_two_credentials_in_one_loop_have_a_token_each(ansible):
    env = ansible.tenant.env
    given = {"auth_method": "{{ item }}", "client_certificate_path": env["EMULATOR_CERTIFICATE_PEM"]}
    assert tokens_of(ansible, loop(given, ["client_secret", "client_certificate"] * 2)) == 2


def test_a_token_that_was_revoked_in_a_loop_is_renewed_once(ansible):
    # One of the reads of the second item is refused, both in the batch and as a single request.
    ansible.tenant.control.arm("status", "GET", "/organization", status=401, skip=1, times=2)
    assert tokens_of(ansible, loop({}, [1, 2, 3])) == 2
