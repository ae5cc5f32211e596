# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _guid as guid

GUID = "b8456c59-1230-44c7-a4a2-99b085333e84"


@pytest.mark.parametrize("text", [GUID, GUID.upper(), f"{{{GUID}}}", f" {GUID}\n", f"urn:uuid:{GUID}", f"URN:UUID:{GUID.upper()}"])
def test_guids_are_written_one_way(text: str) -> None:
    assert guid.parse_guid(text) == GUID


@pytest.mark.parametrize(
    "text", ["", "PC-1", GUID[:-1], GUID + "0", GUID.replace("-", ""), GUID.replace("b", "g"), f"x{GUID}"], ids=lambda text: text or "empty"
)
def test_what_is_no_guid_is_null(text: str) -> None:
    assert guid.parse_guid(text) is None


@pytest.mark.parametrize(
    ("value", "identity"),
    [
        (GUID, GUID),
        (GUID.upper(), GUID),
        ("7", "7"),
        (guid.NIL, None),
        (f"{{{guid.NIL}}}", None),
        ("", None),
        (" ", None),
        (None, None),
        (7, None),
    ],
)
def test_an_id_that_identifies_nothing_is_null(value: object, identity: str | None) -> None:
    assert guid.parse_identity(value) == identity
