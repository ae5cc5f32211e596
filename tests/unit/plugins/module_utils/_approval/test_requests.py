# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import hashlib
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._approval import requests as approval
from ansible_collections.endpointops.intune.plugins.module_utils._approval.options import ApprovalOptions, parse_options
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request
from tests.support.fakes import GRAPH

PATH = "/deviceManagement/configurationPolicies"
REQUEST = Request("POST", f"{GRAPH}/beta{PATH}", {}, b'{"name": "PIN"}')
MARK = approval.render_mark(REQUEST)


@pytest.mark.parametrize("letter", ["x", "ä"])
def test_a_text_that_just_fits_is_taken_and_fills_the_request(letter: str) -> None:
    text = letter * 986
    assert parse_options(text, None) == ApprovalOptions(text)
    assert len(f"{text} {approval.render_mark(REQUEST)}") == 1024


def test_the_mark_is_made_of_the_write() -> None:
    digest = hashlib.sha256(f"POST\n/beta{PATH}\n\n".encode() + b'{"name": "PIN"}').hexdigest()
    assert approval.render_mark(REQUEST) == f"[endpointops.intune {digest[:16]}]"


@pytest.mark.parametrize(
    "same",
    [
        pytest.param(REQUEST, id="as it was"),
        pytest.param(dataclasses.replace(REQUEST, headers={"client-request-id": "c"}, bearer="t", idempotent=True), id="headers"),
        pytest.param(dataclasses.replace(REQUEST, url=f"https://other.test/beta{PATH}"), id="another host"),
    ],
)
def test_the_identical_write_has_the_same_mark(same: Request) -> None:
    assert approval.render_mark(same) == MARK


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"method": "PUT"}, id="method"),
        pytest.param({"url": f"{GRAPH}/v1.0{PATH}"}, id="path"),
        pytest.param({"url": f"{GRAPH}/beta{PATH}?$expand=x"}, id="query"),
        pytest.param({"body": b'{"name": "PINs"}'}, id="body"),
        pytest.param({"body": None}, id="no body"),
    ],
)
def test_another_write_has_another_mark(change: dict[str, t.Any]) -> None:
    assert approval.render_mark(dataclasses.replace(REQUEST, **change)) != MARK


@given(text=st.text(max_size=50), body=st.binary(max_size=50))
def test_a_mark_is_found_at_the_end_of_its_text(text: str, body: bytes) -> None:
    own = approval.render_mark(dataclasses.replace(REQUEST, body=body))
    found = approval.MARK.search(f"{text} {own}")
    assert found is not None and found.group(0) == own
