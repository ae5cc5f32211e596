# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test the requests of browsers that the control API refuses, and the files of its page."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from typing import Any

import pytest
from emulator_support.client import ORIGIN, Client
from intune_emulator import EmulatorProcess
from intune_emulator.application import create_application
from intune_emulator.control.guard import SECURITY_HEADERS
from intune_emulator.control.page import FILES, FOLDER
from starlette.testclient import TestClient

TOKEN = "the-control-token"
BEARER = {"authorization": f"Bearer {TOKEN}"}
OWN_PAGE = {"origin": ORIGIN, "sec-fetch-site": "same-origin", "sec-fetch-mode": "cors", "sec-fetch-dest": "empty"}
READ_BY_PAGE = {name: value for name, value in OWN_PAGE.items() if name != "origin"}
TYPED = {"sec-fetch-site": "none", "sec-fetch-mode": "navigate", "sec-fetch-dest": "document"}
LINKED = {**TYPED, "sec-fetch-site": "cross-site"}
READS = ("/_emulator/", "/_emulator/page.js", "/_emulator/overview", "/_emulator/health", "/_emulator/journal")


@pytest.fixture
def http(client: Client) -> TestClient:
    application = create_application(client.tenant, host_names=["tenant.test"], control_token=TOKEN)
    return TestClient(application, base_url=ORIGIN, follow_redirects=False)


def error(response: Any, status: int) -> str:
    assert response.status_code == status, response.text
    assert "access-control-allow-origin" not in response.headers
    return str(response.json()["error"])


def clock_is_frozen(client: Client) -> bool:
    return client.tenant.clock.frozen


def test_hosts_of_the_tenant(http: TestClient) -> None:
    for host in ("127.0.0.1", "127.0.0.1:8443", "localhost:1", "LOCALHOST", "tenant.test:443", "Tenant.Test"):
        assert http.get("/_emulator/health", headers={"host": host}).status_code == 200, host


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8443",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "127.0.0.2",
        "[::1]:8443",
        "[",
        "",
        "tenant.test.",
        "0",
    ],
)
def test_other_hosts_are_refused(http: TestClient, host: str) -> None:
    """Also for reads: a page of an attacker's name that resolves to 127.0.0.1 is of the same origin."""
    for path, headers in itertools.product(READS, ({}, READ_BY_PAGE, TYPED)):
        assert error(http.get(path, headers={"host": host, **headers}), 421) == (
            f"The control API does not respond to the host {host or '(none)'}, but to 127.0.0.1, tenant.test, localhost. "
            "To add a name, start the tenant with --host-name NAME."
        )


def test_a_request_has_one_host(http: TestClient) -> None:
    request = http.build_request("GET", "/_emulator/health", headers=[("host", "127.0.0.1"), ("host", "evil.example")])
    assert http.send(request).status_code == 421


def test_a_program_needs_no_token(http: TestClient, client: Client) -> None:
    assert http.post("/_emulator/clock", json={"frozen": False}).json()["frozen"] is False
    assert http.get("/_emulator/secrets").status_code == 200
    assert http.delete("/_emulator/faults").status_code == 200
    assert http.delete("/_emulator/faults", headers={"sec-fetch-mode": "cors"}).status_code == 200, "as fetch() of Node.js sends it"


def test_a_browser_reads_without_token(http: TestClient) -> None:
    for path, headers in itertools.product(READS, (READ_BY_PAGE, OWN_PAGE, TYPED)):
        assert http.get(path, headers=headers).status_code == 200, path


@pytest.mark.parametrize("token", [None, "", "Bearer", "Bearer ", "Bearer x", f"Basic {TOKEN}", f"Bearer {TOKEN}x", TOKEN, "Bearer \u00e9"])
def test_a_browser_changes_nothing_without_the_token(http: TestClient, client: Client, token: str | None) -> None:
    for headers in (OWN_PAGE, {"origin": ORIGIN}, READ_BY_PAGE, TYPED, {"sec-fetch-site": "none"}):
        sent = {**headers, **({} if token is None else {"authorization": token.encode()})}
        response = http.post("/_emulator/clock", json={"frozen": False}, headers=sent)
        assert error(response, 401) == (
            "A browser needs the control token for POST /_emulator/clock: the value of EMULATOR_CONTROL_TOKEN, which `intune-emulator env` "
            "prints, as Authorization: Bearer."
        )
        assert response.headers["www-authenticate"] == "Bearer" and clock_is_frozen(client)


def test_every_change_needs_it(http: TestClient) -> None:
    methods = ("POST", "PATCH", "PUT", "DELETE", "OPTIONS", "TRACE")
    for method, path in itertools.product(methods, ("clock", "faults", "settings", "journal", "no-such-call", "")):
        error(http.request(method, f"/_emulator/{path}", headers=OWN_PAGE), 401)


def test_a_browser_reads_secrets_with_the_token_only(http: TestClient) -> None:
    for path, headers in itertools.product(("/_emulator/secrets", "/_emulator/secrets/", "/_emulator/secrets//"), (OWN_PAGE, TYPED)):
        assert http.get(path, headers=headers).status_code == 401, path
    assert http.get("/_emulator/secrets", headers={**OWN_PAGE, **BEARER}).status_code == 200


def test_a_browser_with_the_token_changes(http: TestClient, client: Client) -> None:
    assert http.post("/_emulator/clock", json={"frozen": False}, headers={**OWN_PAGE, **BEARER}).status_code == 200
    assert not clock_is_frozen(client)


def test_without_a_token_no_browser_changes_anything(client: Client) -> None:
    """An application without a given token makes one that nobody knows."""
    for token in ("", "None", "null"):
        headers = {**OWN_PAGE, "authorization": f"Bearer {token}"}
        assert client.http.post("/_emulator/clock", json={"frozen": False}, headers=headers).status_code == 401


OTHERS = [
    {"origin": "https://evil.example"},
    {"origin": "null"},
    {"origin": "http://127.0.0.1:8443"},
    {"origin": "https://127.0.0.1:9"},
    {"origin": "https://127.0.0.1:8443.evil.example"},
    {"origin": ""},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "unknown"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors", "sec-fetch-dest": "script"},
    {"sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate", "sec-fetch-dest": "iframe"},
    {**OWN_PAGE, "origin": "https://evil.example"},
]


@pytest.mark.parametrize("headers", OTHERS)
def test_other_sites_are_refused(http: TestClient, headers: dict[str, str]) -> None:
    """Even with the token."""
    for method, path in [("GET", path) for path in READS] + [("POST", "/_emulator/reset"), ("DELETE", "/_emulator/faults")]:
        text = error(http.request(method, path, headers={**headers, **BEARER}), 403)
        assert text.endswith("In a browser, the control API is for https://127.0.0.1:8443/_emulator/ only.")


def test_a_second_origin_is_refused(http: TestClient) -> None:
    headers = [("origin", ORIGIN), ("origin", "https://evil.example")]
    assert http.send(http.build_request("GET", "/_emulator/health", headers=headers)).status_code == 403


def test_a_link_of_another_site_leads_to_the_page_only(http: TestClient) -> None:
    assert http.get("/_emulator/", headers=LINKED).status_code == 200
    for path in READS[1:]:
        error(http.get(path, headers=LINKED), 403)
    error(http.post("/_emulator/", headers=LINKED), 403)


def test_every_answer_has_the_headers(http: TestClient) -> None:
    answers = [http.get(path) for path in (*READS, "/_emulator/none", "/_emulator")]
    answers += [http.get("/_emulator/health", headers=headers) for headers in ({"host": "x"}, {"origin": "x"})]
    for answer in answers:
        assert {name: answer.headers[name] for name in SECURITY_HEADERS} == SECURITY_HEADERS
    policy = dict(part.split(" ", 1) for part in SECURITY_HEADERS["content-security-policy"].split("; "))
    assert policy["default-src"] == "'none'" and policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert policy["frame-ancestors"] == policy["form-action"] == policy["base-uri"] == "'none'"
    assert not re.search("unsafe|https?:|\\*", str(policy))


def test_the_token_is_in_no_answer(http: TestClient) -> None:
    for path in (*FILES, "/_emulator/overview", "/_emulator/health", "/_emulator/journal", "/_emulator/secrets"):
        assert TOKEN not in http.get(path).text
    assert TOKEN not in http.post("/_emulator/clock", headers=OWN_PAGE).text


class Tags(HTMLParser):
    """Collect every tag with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def test_the_page_has_no_resources_of_others_and_no_inline_code(http: TestClient) -> None:
    answer = http.get("/_emulator/")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    tags = Tags()
    tags.feed(answer.text)
    addresses = [attributes[name] for _tag, attributes in tags.found for name in ("src", "href") if attributes.get(name)]
    assert {address for address in addresses if address != "data:,"} == {*FILES, "/_emulator/overview"} - {
        "/_emulator/",
        "/_emulator/tables.js",
    }
    assert not [attributes for _tag, attributes in tags.found if any(name.startswith("on") or name == "style" for name in attributes)]
    assert not [tag for tag, attributes in tags.found if tag == "style" or (tag == "script" and "src" not in attributes)]
    assert "<noscript>" in answer.text and "needs JavaScript" in answer.text
    never = re.compile(r"url\(|@import|[\"'`]https?:|innerHTML|outerHTML|insertAdjacent|document\.write|eval\(|Storage|cookie")
    assert not [name for name in ("page.css", "page.js", "tables.js") if never.search(http.get(f"/_emulator/{name}").text)]


def test_every_file_is_served(http: TestClient) -> None:
    assert sorted(path.name for path in FOLDER.iterdir()) == sorted(name for name, _type in FILES.values())
    for path, (name, media_type) in FILES.items():
        answer = http.get(path)
        assert (answer.text, answer.headers["content-type"]) == ((FOLDER / name).read_text("utf-8"), f"{media_type}; charset=utf-8")


def test_the_page_without_the_slash(http: TestClient, client: Client) -> None:
    answer = http.get("/_emulator")
    assert (answer.status_code, answer.headers["location"]) == (308, "/_emulator/")
    assert client.journal() == [], "neither is a request to the tenant"


def test_a_running_tenant(emulator: EmulatorProcess, session: Any) -> None:
    """It has a token on both ports, and responds to the names of its certificate."""
    for origin in (emulator.env["EMULATOR_URL"], emulator.env["INTUNE_GRAPH_URL"]):
        url = f"{origin}/_emulator/clock"
        own = {"Origin": origin}
        assert session.get(f"{origin}/_emulator/", headers={"Host": "evil.example"}).status_code == 421
        assert session.post(url, json={}, headers=own).status_code == 401
        assert (
            session.post(url, json={}, headers={**own, "Authorization": f"Bearer {emulator.env['EMULATOR_CONTROL_TOKEN']}"}).status_code
            == 200
        )
    assert emulator.env["EMULATOR_CONTROL_TOKEN"] not in emulator.control.secrets()
    assert emulator.control.overview("PHONE-HELPDESK-01")["devices"]["found"] == 1
