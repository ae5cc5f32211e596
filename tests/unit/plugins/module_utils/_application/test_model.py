# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test reading an application from Entra's response."""

from __future__ import annotations

import base64

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._application.model import (
    Federated,
    parse_certificate,
    parse_federated,
    parse_graph,
    parse_thumbprint,
)

DIGITS = "0123456789ABCDEF0123456789ABCDEF01234567"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param(DIGITS, DIGITS, id="digits"),
        pytest.param(DIGITS.lower(), DIGITS, id="small digits"),
        pytest.param(base64.b64encode(bytes.fromhex(DIGITS)).decode(), DIGITS, id="base64 of the bytes"),
        pytest.param(base64.b64encode(DIGITS.encode()).decode(), DIGITS, id="base64 of the digits"),
        pytest.param("my key", None, id="words"),
        pytest.param("AAAA", None, id="base64 of something else"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="null"),
    ],
)
def test_a_thumbprint_is_read_in_each_form(text: str | None, expected: str | None) -> None:
    assert parse_thumbprint(text) == expected


def test_of_graphs_roles_those_that_can_be_granted_are_known() -> None:
    role = {"id": "A", "value": "X.Read", "isEnabled": True, "allowedMemberTypes": ["Application"]}
    others = [{**role, "value": None}, {**role, "value": "Y", "isEnabled": False}, {**role, "value": "Z", "allowedMemberTypes": ["User"]}]
    graph = parse_graph({"id": "g", "appRoles": [role, *others]})
    assert dict(graph.ids) == {"X.Read": "a"} and graph.name_of("A") == "X.Read" and graph.name_of("b") == "b"


def test_what_entra_leaves_out_is_unknown() -> None:
    assert parse_certificate({"keyId": "k"}).thumbprint is None
    assert parse_federated({"name": "n"}) == Federated("n", None, None, None)
