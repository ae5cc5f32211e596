# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Check that a test with more claims than it shows fails."""

from __future__ import annotations

from typing import Any

import pytest
from emulator_support.parity import Witness, find_gaps

# Not written as a marker, because these claims are not part of the documentation.
NAME = "parity"
COUNT = "GET /deviceManagement/managedDevices/$count"


@pytest.fixture
def witness(monkeypatch: pytest.MonkeyPatch) -> Witness:
    return Witness(monkeypatch)


def claim(kind: str = "emulated", **more: Any) -> list[pytest.Mark]:
    return [getattr(pytest.mark, NAME)(kind, "Sign-in", "It is so.", **more).mark]


def test_a_call_must_be_made_and_succeed(witness: Witness, client: Any) -> None:
    told = [f"It is so. The test does not show: {COUNT}."]
    assert find_gaps(witness, claim(calls=(COUNT,))) == told
    client.call("GET", "/v1.0/deviceManagement/managedDevices/$count", roles=[])
    assert find_gaps(witness, claim(calls=(COUNT,))) == told
    item = {"id": "1", "method": "GET", "url": "/deviceManagement/managedDevices/$count"}
    client.call("POST", "/v1.0/$batch", {"requests": [item]})
    assert find_gaps(witness, claim(calls=(COUNT,))) == []


def test_a_setting_must_be_set_to_another_value(witness: Witness, client: Any) -> None:
    client.settings(quota=True)
    assert find_gaps(witness, claim(settings=("quota",))) == ["It is so. The test does not show: quota."]
    client.settings(quota=False)
    assert find_gaps(witness, claim(settings=("quota",))) == []


def test_a_refusal_must_be_one_of_the_emulator(witness: Witness, client: Any) -> None:
    client.get("/v1.0/groups/33333333-3333-4333-8333-333333333333")
    assert find_gaps(witness, claim("refused")) == ["It is so. The test does not show: a refusal of the emulator."]
    client.get("/v1.0/nonsense")
    assert find_gaps(witness, claim("refused")) == []


def test_a_refusal_can_be_one_of_the_login(witness: Witness, client: Any) -> None:
    client.http.get(f"/{client.tenant.tenant_id}/v2.0/.well-known/openid-configuration")
    assert len(find_gaps(witness, claim("refused"))) == 1
    client.http.post(f"/{client.tenant.tenant_id}/oauth2/v2.0/devicecode")
    assert find_gaps(witness, claim("refused")) == []
