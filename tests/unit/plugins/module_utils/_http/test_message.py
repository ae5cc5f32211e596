# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response, is_same_origin
from ansible_collections.endpointops.intune.plugins.module_utils._text import HIDDEN
from tests.support.fakes import GRAPH

GET = Request("GET", f"{GRAPH}/v1.0/x")
POST = Request("POST", f"{GRAPH}/v1.0/x")


@pytest.mark.parametrize(
    ("url", "same"),
    [
        pytest.param("https://graph.test/v1.0/x?$skiptoken=1", True, id="same"),
        pytest.param("https://graph.test:443/v1.0/x", True, id="default port said"),
        pytest.param("https://GRAPH.test/x", True, id="other case"),
        pytest.param("http://graph.test/x", False, id="not encrypted"),
        pytest.param("https://graph.test:8443/x", False, id="other port"),
        pytest.param("https://graph.test.evil.test/x", False, id="longer host"),
        pytest.param("https://graph.test@evil.test/x", False, id="host as user name"),
        pytest.param("https://evil.test@graph.test/x", False, id="a user name"),
        pytest.param("https://graph.test\\@evil.test/x", False, id="a backslash"),
        pytest.param("//evil.test/x", False, id="no scheme"),
        pytest.param("/v1.0/x", False, id="relative"),
        pytest.param("https://graph.test:99999/x", False, id="impossible port"),
        pytest.param("https://[graph.test/x", False, id="broken host"),
    ],
)
def test_origins_are_compared(url: str, same: bool) -> None:
    assert is_same_origin(url, GRAPH) is same


@pytest.mark.parametrize(("url", "same"), [("https://graph.test:8443/x", True), ("https://graph.test/x", False)], ids=["said", "not said"])
def test_the_port_of_an_origin_counts(url: str, same: bool) -> None:
    assert is_same_origin(url, "https://graph.test:8443") is same


@pytest.mark.parametrize(
    "shown",
    [
        GET.with_bearer("s3cret"),
        Request("POST", GRAPH, {}, b"client_secret=s3cret"),
        Request("GET", GRAPH, {"X-IDENTITY-HEADER": "s3cret"}),
        Request("POST", GRAPH, secrets=("s3cret",)),
        Request("GET", "https://reports.test/report.zip?sig=s3cret"),
        Response(200, {}, b'{"access_token": "s3cret"}'),
    ],
    ids=["bearer", "body of a request", "header of a request", "secrets", "query of a request", "body of an answer"],
)
def test_nothing_secret_is_in_a_repr(shown: Request | Response) -> None:
    assert "s3cret" not in repr(shown)


def test_a_bearer_changes_nothing_else() -> None:
    request = Request("POST", GRAPH, {"a": "b"}, b"x", idempotent=True)
    assert request.with_bearer("t") == Request("POST", GRAPH, {"a": "b"}, b"x", idempotent=True, bearer="t")


def test_a_response_is_without_all_secrets_of_its_request() -> None:
    request = Request(
        "POST", "https://reports.test/x?sig=query-value", secrets=("secret-value",), bearer="token-value", has_secret_query=True
    )
    given = Response(400, {"x-echo": "secret-value token-value"}, b'"secret-value token-value sig=query-value"')
    found = given.without_secrets(request)
    assert (found.headers["x-echo"], found.body) == (f"{HIDDEN} {HIDDEN}", f'"{HIDDEN} {HIDDEN} {HIDDEN}"'.encode())
    assert given.without_secrets(Request("GET", GRAPH)) is given
