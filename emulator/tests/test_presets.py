# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test each preset by its effect on a client: msal signs in, and requests with the retries of urllib3 calls Graph over real HTTPS."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from typing import Any, ClassVar

import msal
import pytest
import requests
from emulator_support.asgi import AsgiCaller
from emulator_support.client import Client
from intune_emulator import ControlClient, ControlError, EmulatorProcess
from intune_emulator.cli import main
from intune_emulator.control.presets import PRESETS
from requests.adapters import HTTPAdapter
from urllib3 import BaseHTTPResponse, Retry

V1, BETA = "/v1.0/deviceManagement", "/beta/deviceManagement"


class Patient(Retry):
    """Retries that wait on the emulated clock, for the announced time or for a second."""

    control: ClassVar[ControlClient]

    def sleep(self, response: BaseHTTPResponse | None = None) -> None:
        self.control.advance((response and self.get_retry_after(response)) or 1)


class Operator:
    """A client of Graph with msal and requests."""

    def __init__(self, emulator: EmulatorProcess) -> None:
        self.control, self.url, env = emulator.control, emulator.env["INTUNE_GRAPH_URL"], emulator.env
        self.session = requests.Session()
        self.session.trust_env, self.session.verify = False, env["INTUNE_CA_PATH"]
        authority = f"{env['INTUNE_AUTHORITY_URL']}/{env['INTUNE_TENANT_ID']}"
        self._login = msal.ConfidentialClientApplication(
            env["INTUNE_CLIENT_ID"], env["INTUNE_CLIENT_SECRET"], authority=authority, instance_discovery=False, http_client=self.session
        )
        self._scopes = [f"{env['INTUNE_GRAPH_URL']}/.default"]
        self.sign_in()
        Patient.control = self.control

    def sign_in(self, claims: str | None = None) -> None:
        token = self._login.acquire_token_for_client(self._scopes, claims_challenge=claims)["access_token"]
        self.session.headers["Authorization"] = f"Bearer {token}"

    def retry(self, *statuses: int) -> None:
        """Repeat every request after these statuses and after a lost connection, like careless clients."""
        retries = Patient(total=20, status_forcelist=statuses, allowed_methods=None, respect_retry_after_header=True)
        self.session.mount("https://", HTTPAdapter(max_retries=retries))

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> requests.Response:
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.session.request(method, self.url + path, json=body, headers=sent, timeout=10)

    def get(self, path: str) -> requests.Response:
        return self.call("GET", path)

    def reset(self, device_id: str) -> requests.Response:
        return self.call("POST", f"{V1}/managedDevices/{device_id}/resetPasscode")

    def phones(self) -> list[str]:
        return [device["id"] for device in self.control.devices() if device["deviceName"].startswith("PHONE-")]

    def actions(self, device_id: str) -> list[dict[str, Any]]:
        actions: list[dict[str, Any]] = self.get(f"{V1}/managedDevices/{device_id}").json()["deviceActionResults"]
        return actions


@pytest.fixture
def operator(emulator: EmulatorProcess) -> Iterator[Operator]:
    emulator.control.freeze()
    operator = Operator(emulator)
    yield operator
    operator.session.close()


def test_throttled(operator: Operator) -> None:
    operator.control.preset("throttled")
    phone = operator.phones()[0]
    responses = [operator.reset(phone) for _time in range(22)]
    assert [response.status_code for response in responses] == [204] * 20 + [429] * 2
    assert [response.headers["Retry-After"] for response in responses[20:]] == ["20", "20"]
    operator.control.advance(15)
    assert operator.reset(phone).headers["Retry-After"] == "20", "who comes too early waits again"
    operator.retry(429)
    mark = operator.control.mark()
    assert operator.reset(phone).status_code == 204
    # the first one is also early; then the client waits for the announced time
    counts = operator.control.counts(mark)
    assert (counts["throttled"], counts["early_retry"]) == (1, 1)


def test_unclear_throttling(operator: Operator) -> None:
    operator.control.preset("unclear-throttling")
    phone = operator.phones()[0]
    shown = [operator.reset(phone).headers.get("Retry-After", "missing") for _time in range(60)][20:]
    kinds = {"missing", "0", "fractional", "date", "integer"}
    assert {name if name in kinds else "date" if "GMT" in name else "fractional" if "." in name else "integer" for name in shown} == kinds


def test_lost_responses(operator: Operator) -> None:
    operator.control.preset("lost-responses")
    operator.retry()
    first, second, third = operator.phones()[:3]
    assert [operator.reset(phone).status_code for phone in (first, second, third)] == [204] * 3
    # the retry has reset the third phone twice
    assert {phone: len(times) for phone, times in operator.control.resets().items()} == {first: 1, second: 1, third: 2}


def test_flaky(operator: Operator) -> None:
    operator.control.preset("flaky")
    seen: list[Any] = []
    for _time in range(20):
        try:
            response = operator.get(f"{V1}/managedDevices?$top=1")
            seen.append((response.status_code, response.headers.get("Retry-After"), response.headers["Content-Type"].partition(";")[0]))
        except requests.ConnectionError:
            seen.append("no response")
    refused, gateway = (503, "1", "application/json"), (502, None, "text/html")
    expected = {5: refused, 8: gateway, 10: refused, 14: "no response", 15: refused, 17: gateway, 20: refused}
    assert seen == [expected.get(number, (200, None, "application/json")) for number in range(1, 21)]
    operator.retry(502, 503)
    mark = operator.control.mark()
    assert [operator.get(f"{V1}/managedDevices?$top=1").status_code for _time in range(30)] == [200] * 30
    assert {entry["fault"] for entry in operator.control.journal(mark)} == {None, "status", "html", "drop_before"}


def test_stale_reads(operator: Operator) -> None:
    operator.control.preset("stale-reads")
    phone = operator.phones()[0]
    assert operator.reset(phone).status_code == 204
    made = operator.call("POST", "/v1.0/applications", {"displayName": "New"}).json()
    found: list[tuple[int, int, int]] = []
    for seconds in (0, 9, 1, 20, 269, 1):
        operator.control.advance(seconds)
        application = operator.get(f"/v1.0/applications/{made['id']}").status_code
        audits = operator.get(f"{BETA}/remoteActionAudits").json()["value"]
        found.append((application, len(operator.actions(phone)), len(audits)))
    assert found == [(404, 0, 0), (404, 0, 0), (200, 0, 0), (200, 1, 0), (200, 1, 0), (200, 1, 1)]


def test_short_tokens(operator: Operator) -> None:
    operator.control.preset("short-tokens")
    operator.sign_in()
    path = f"{V1}/managedDevices?$top=1"
    responses = [operator.get(path) for _time in range(20)]
    assert [response.status_code for response in responses] == [200] * 19 + [401]
    claims = base64.b64decode(responses[-1].headers["www-authenticate"].partition('claims="')[2].rstrip('"')).decode()
    operator.sign_in(claims)
    assert operator.get(path).status_code == 200
    operator.control.advance(61)
    assert operator.get(path).status_code == 401


def test_small_pages(operator: Operator) -> None:
    operator.control.preset("small-pages")
    names: list[str] = []
    pages, url = 0, f"{V1}/managedDevices?$select=deviceName"
    while url:
        page = operator.get(url).json()
        names += [device["deviceName"] for device in page["value"]]
        pages, url = pages + 1, page.get("@odata.nextLink", "").removeprefix(operator.url)
    assert (pages, len(names)) == (14, 40)
    policy = operator.control.add_policy("custom", "Mine", values={"omaSettings": []})
    job = {"reportName": "DeviceStatusesByConfigurationProfile", "filter": f"(PolicyId eq '{policy}')"}
    made = operator.call("POST", f"{BETA}/reports/exportJobs", job).json()["id"]
    states = [operator.get(f"{BETA}/reports/exportJobs('{made}')").json() for _time in range(6)]
    assert [(state["status"], state["url"] is not None) for state in states][-3:] == [
        ("completed", False),
        ("completed", False),
        ("completed", True),
    ]


def test_approval(operator: Operator) -> None:
    operator.control.preset("approval")
    path = f"{V1}/managedDevices/{operator.phones()[0]}/resetPasscode"
    assert operator.call("POST", path).status_code == 400
    filed = operator.call("POST", path, x_msft_approval_justification=base64.b64encode(b"lost").decode())
    assert (filed.status_code, operator.control.resets()) == (412, {})
    (request,) = operator.control.approvals()
    operator.control.decide(request["code"], "approve")
    assert operator.call("POST", path, x_msft_approval_code=request["code"]).status_code == 204
    assert len(operator.control.resets()) == 1
    assert operator.call("POST", f"{BETA}/deviceHealthScripts", {"displayName": "x"}).status_code == 400


def test_locked_down(operator: Operator) -> None:
    operator.control.preset("locked-down")
    assert operator.get(f"{BETA}/remoteActionAudits").status_code == 403
    setting = {"@odata.type": "#microsoft.graph.omaSettingString", "displayName": "x", "omaUri": "./x", "value": "clear"}
    policy = operator.control.add_policy("custom", "Mine", values={"omaSettings": [setting]})
    (stored,) = operator.get(f"{BETA}/deviceConfigurations/{policy}").json()["omaSettings"]
    call = f"getOmaSettingPlainTextValue(secretReferenceValueId='{stored['secretReferenceValueId']}')"
    assert operator.get(f"{BETA}/deviceConfigurations/{policy}/{call}").status_code == 403
    made = operator.call("POST", "/v1.0/applications", {"displayName": "New"}).json()["id"]
    assert operator.call("POST", f"/v1.0/applications/{made}/addPassword", {}).status_code == 400


def test_slow(client: Client) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    client.control("POST", "presets", {"name": "slow"})
    assert asyncio.run(AsgiCaller(client, sleep).send("GET", f"{V1}/managedDevices")) == 200
    assert slept == [0.5]


def test_on_a_bad_day_a_careful_client_still_resets_each_device_once(operator: Operator) -> None:
    operator.control.preset("bad-day")
    phones = operator.phones()
    for phone in phones:
        while not operator.control.resets().get(phone):
            try:
                operator.reset(phone)
            except requests.ConnectionError:
                # the client only sees the actual state as soon as Graph shows it
                operator.control.advance(300)
    assert {phone: len(times) for phone, times in operator.control.resets().items()} == dict.fromkeys(phones, 1)
    faults = {fault["fault"]["kind"]: fault["hits"] for fault in operator.control.faults() if fault["hits"]}
    assert set(faults) >= {"status", "html", "drop_after"}
    applied = {preset["name"] for preset in operator.control.presets() if preset["applied"]}
    assert applied == {"bad-day", "throttled", "unclear-throttling", "flaky", "lost-responses", "stale-reads"}


def test_every_preset_has_a_test() -> None:
    tested = {name.removeprefix("test_").replace("_", "-") for name in globals() if name.startswith("test_")}
    assert not [name for name in PRESETS if not any(test.startswith(name) or name in test for test in tested)]


def test_a_preset_is_known_by_its_name(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    refused = client.http.post("/_emulator/presets", json={"name": "lost-response"})
    assert refused.status_code == 400
    assert "unknown preset 'lost-response'. Did you mean 'lost-responses'? Presets: throttled, " in refused.json()["error"]
    assert client.http.post("/_emulator/presets", json={}).status_code == 400
    with pytest.raises(SystemExit) as ended:
        main(["--preset", "throtled"])
    assert (ended.value.code, "Did you mean 'throttled'?" in capsys.readouterr().err) == (2, True)
    assert main(["presets"]) == 0
    shown = dict(line.split(": ", 1) for line in capsys.readouterr().out.splitlines())
    assert shown == {name: preset.description for name, preset in PRESETS.items()}
    assert [(row["name"], row["description"], row["applied"]) for row in client.control("GET", "presets")] == [
        (name, description, False) for name, description in shown.items()
    ]


def test_presets_add_to_what_there_is_and_end_with_a_reset(client: Client) -> None:
    client.settings(audit_delay=7)
    client.control("POST", "presets", {"name": "small-pages"})
    changed = client.control("POST", "presets", {"name": "lost-responses"})
    assert (changed["settings"]["page_size"], changed["settings"]["audit_delay"], len(changed["faults"])) == (3, 7, 4)
    client.control("POST", "reset", {})
    assert client.control("GET", "faults") == []
    assert client.control("GET", "settings")["page_size"] == 1000


def test_a_process_keeps_its_preset_over_a_reset() -> None:
    with EmulatorProcess("empty", preset="small-pages") as emulator:

        def page_size() -> object:
            return emulator.control.settings()["page_size"]

        assert page_size() == 3
        emulator.control.reset()
        assert page_size() == 3
        emulator.control.reset(preset="")
        assert page_size() == 1000
        emulator.control.reset(preset="throttled")
        assert (page_size(), emulator.control.settings()["quota_scale"]) == (1000, 0.1)
        emulator.control.advance(5)
        with pytest.raises(ControlError, match="unknown preset 'wrong'"):
            emulator.control.reset("demo", preset="wrong")
        assert emulator.control.health()["seed"] == "empty", "a refused reset changes nothing"


@pytest.mark.parametrize("every", [0, -1, True, 1.5, "2", None])
def test_every_is_a_whole_number(client: Client, every: object) -> None:
    refused = client.http.post("/_emulator/faults", json={"every": every, "fault": {"kind": "status"}})
    assert (refused.status_code, refused.json()["error"]) == (400, f"every must be a whole number, 1 or more, not {every!r}")


def test_every_counts_after_skip_and_ends_after_times(client: Client) -> None:
    client.control("POST", "faults", {"skip": 1, "every": 2, "times": 2, "match": {"version": "any"}, "fault": {"kind": "status"}})
    token = client.http.get(f"/{client.tenant.tenant_id}/v2.0/.well-known/openid-configuration").status_code
    assert token == 200, "any version of Graph, and nothing else"
    statuses = [client.get(f"{path}/managedDevices?$top=1").status_code for path in (V1, BETA, V1, BETA, V1, BETA, V1)]
    assert statuses == [200, 200, 503, 200, 503, 200, 200]
