# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._hello.terms import MODULE_TERMS
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.model import DeviceEvidence
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.proof import Proof, explain_missing, explain_silence
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.verdict import count_proof, judge
from tests.support.readiness import answer_of, proof_of, tenant_of


def test_the_results_as_a_return_value() -> None:
    proof = proof_of("proven", "proven", "not_proven", "unknown", "pending")
    found = dict(proof.describe())
    reasons = found.pop("reasons")
    assert found == {
        "name": "PIN reset probe",
        "id": "s-1",
        "assigned": True,
        "total": 5,
        "proven": 2,
        "not_proven": 1,
        "unknown": 1,
        "pending": 1,
        "changed": "2026-11-28T08:00:00Z",
        "devices": None,
    }
    assert {reason["code"]: reason["devices"] for reason in reasons} == {
        "group_policy": 1,
        "pin_recovery_off": 1,
        "not_applicable": 1,
        "probe_pending": 1,
    }


def test_devices_are_listed_only_where_they_are_asked_for() -> None:
    devices = dataclasses.replace(proof_of("proven"), lists_devices=True).describe()["devices"]
    assert devices is not None and [device["device_name"] for device in devices] == ["PC-0"]


def test_what_was_not_read_is_null_and_not_zero() -> None:
    found = Proof("Mine", obstacle=explain_missing("Mine"), lists_devices=True).describe()
    numbers = ("id", "assigned", "total", "proven", "not_proven", "unknown", "pending", "changed", "devices")
    assert all(found[name] is None for name in numbers)
    assert [(reason["code"], reason["devices"]) for reason in found["reasons"]] == [("probe_missing", 0)]


@pytest.mark.parametrize(("is_assigned", "code"), [(True, "no_results"), (False, "probe_not_assigned")])
def test_a_probe_without_results(is_assigned: bool, code: str) -> None:
    assert explain_silence("Mine", is_assigned=is_assigned).code == code


def test_the_answer_about_each_device() -> None:
    proof = Proof("Mine", "s-1", True, (answer_of("AA"), dataclasses.replace(answer_of("bb"), device_id=None)))
    assert proof.by_device == {"aa": answer_of("AA")}


@pytest.mark.parametrize(
    ("proof", "state", "devices"),
    [
        pytest.param(proof_of("proven"), "yes", 1, id="proven"),
        pytest.param(proof_of("not_proven"), "no", 0, id="not proven"),
        pytest.param(proof_of("unknown"), "unknown", None, id="no answer"),
        pytest.param(proof_of(), "unknown", None, id="no result"),
    ],
)
def test_the_level_of_one_device(proof: Proof, state: str, devices: int | None) -> None:
    evidence = tenant_of(probe=proof, device=DeviceEvidence("PC-1"))
    assert count_proof(evidence) == {"state": state, "devices": devices, "total": 1}


def test_without_the_probe_nothing_is_said_of_it() -> None:
    result = judge(tenant_of(), MODULE_TERMS)
    assert result["probe"] is None and result["levels"]["proven"]["total"] is None
