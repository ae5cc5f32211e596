# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Bodies that Python reads, but that no response could repeat: the journal and the page must stay readable after them."""

from __future__ import annotations

import pytest
from emulator_support.client import Client
from intune_emulator.http.json_text import MOST_DEPTH, parse_json

PROFILES = "/beta/deviceManagement/deviceConfigurations"
UNREADABLE = "Unable to read JSON request payload."
NOT_JSON = [
    b'{"a": NaN}',
    b"[-Infinity]",
    b'{"a": 1e400}',
    b'{"a": "\\ud800"}',
    b'{"\\udc00": 1}',
    b'{"a": "\xed\xa0\x80"}',
    b"[" * (MOST_DEPTH + 1) + b"]" * (MOST_DEPTH + 1),
    b"[" * 100_000,
    b'{"a":' * 100_000,
    b'{"a": 9223372036854775808}',
    b'{"a": ' + b"9" * 5000 + b"}",
    b"\xff",
    b"{",
]


def test_what_can_be_written_is_read() -> None:
    assert parse_json(b'\xef\xbb\xbf{"a": ["\\ud83d\\ude00", -9223372036854775808, 1.5, null]}') == {
        "a": ["\U0001f600", -(2**63), 1.5, None]
    }
    assert parse_json(b"[" * MOST_DEPTH + b"1" + b"]" * MOST_DEPTH)
    assert parse_json(b"[" + b"[]," * MOST_DEPTH + b"{}]"), "a long list is not a deep one"


@pytest.mark.parametrize("raw", NOT_JSON, ids=range(len(NOT_JSON)))
def test_the_rest_is_refused(client: Client, raw: bytes) -> None:
    headers = {"Authorization": f"Bearer {client.token}", "Content-Type": "application/json"}
    with pytest.raises(ValueError, match="."):
        parse_json(raw)
    for path in (PROFILES, "/v1.0/$batch"):
        response = client.http.post(path, content=raw, headers=headers)
        assert response.status_code == 400 and response.json()["error"]["message"].startswith(UNREADABLE)
    assert client.http.post("/_emulator/devices", content=raw).status_code == 400
    assert client.http.post("/_emulator/clock", content=raw).status_code == 400
    for path in ("journal", "overview", "devices"):
        assert client.http.get(f"/_emulator/{path}").status_code == 200, path


@pytest.mark.parametrize("raw", [b"5", b"0", b'"x"', b"[]", b"[1]", b"true"])
def test_an_action_takes_an_object(client: Client, raw: bytes) -> None:
    headers = {"Authorization": f"Bearer {client.token}", "Content-Type": "application/json"}
    device = client.device("PHONE-HELPDESK-01")["id"]
    response = client.http.post(f"/v1.0/deviceManagement/managedDevices/{device}/resetPasscode", content=raw, headers=headers)
    assert response.status_code == 400 and not client.tenant.actions.resets


@pytest.mark.parametrize(
    "query",
    [
        f"managedDevices?$top={'9' * 5000}",
        "managedDevices?$filter=lastSyncDateTime gt 9999-12-31T23:59:59-12:00",
        "managedDevices?$filter=lastSyncDateTime gt 2026-02-30T00:00:00Z",
    ],
)
def test_values_that_cannot_be_computed(client: Client, query: str) -> None:
    assert client.get(f"/v1.0/deviceManagement/{query}").status_code == 400


def test_a_page_size_in_other_digits(client: Client) -> None:
    for value in ("\u00b2", "\u0661", "9" * 5000):
        assert client.get(f"/v1.0/users?$top={value}").status_code == 400, value
