# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test a running process: real TLS, msal with every credential, faults on the socket, recording, a clean end."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msal
import pytest
import requests
from intune_emulator import EmulatorProcess

DEVICES = "/v1.0/deviceManagement/managedDevices"


def application(emulator: EmulatorProcess, session: requests.Session, credential: Any) -> msal.ConfidentialClientApplication:
    env = emulator.env
    authority = f"{env['INTUNE_AUTHORITY_URL']}/{env['INTUNE_TENANT_ID']}"
    return msal.ConfidentialClientApplication(
        env["INTUNE_CLIENT_ID"], credential, authority=authority, instance_discovery=False, http_client=session
    )


def acquire(emulator: EmulatorProcess, session: requests.Session, credential: Any, **more: Any) -> dict[str, Any]:
    return application(emulator, session, credential).acquire_token_for_client([f"{emulator.env['INTUNE_GRAPH_URL']}/.default"], **more)


def credentials(env: dict[str, str]) -> dict[str, Any]:
    pem = Path(env["EMULATOR_CERTIFICATE_PEM"]).read_text(encoding="utf-8")
    pfx = {"private_key_pfx_path": env["EMULATOR_CERTIFICATE_PFX"], "passphrase": env["EMULATOR_CERTIFICATE_PASSPHRASE"]}
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes

    thumbprint = x509.load_pem_x509_certificate(pem.encode()).fingerprint(hashes.SHA1()).hex()  # a thumbprint, not a signature
    return {
        "secret": env["INTUNE_CLIENT_SECRET"],
        "pfx": pfx,
        "pfx with chain": {**pfx, "public_certificate": True},
        "pem": {"private_key": pem, "public_certificate": pem},
        "pem, SHA-1 thumbprint": {"private_key": pem, "thumbprint": thumbprint},
        "federated": {"client_assertion": lambda: Path(env["EMULATOR_FEDERATED_TOKEN"]).read_text(encoding="utf-8")},
    }


@pytest.mark.parity(
    "real",
    "Sign-in",
    "Microsoft's library msal gets tokens by client secret, by certificate (PFX, PFX with chain, PEM, and PEM with a SHA-1 "
    "thumbprint), and by a federated token, over TLS, and Graph accepts them.",
    source=(
        "https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow",
        "https://learn.microsoft.com/entra/identity-platform/certificate-credentials",
    ),
)
@pytest.mark.parametrize("kind", ["secret", "pfx", "pfx with chain", "pem", "pem, SHA-1 thumbprint", "federated"])
def test_msal(emulator: EmulatorProcess, session: requests.Session, kind: str) -> None:
    result = acquire(emulator, session, credentials(emulator.env)[kind])
    assert "access_token" in result, result
    response = session.get(emulator.env["INTUNE_GRAPH_URL"] + DEVICES, headers={"Authorization": f"Bearer {result['access_token']}"})
    assert len(response.json()["value"]) == 40


def test_msal_refused(emulator: EmulatorProcess, session: requests.Session) -> None:
    assert acquire(emulator, session, "wrong")["error_codes"] == [7000215]


@pytest.mark.parity(
    "real",
    "Sign-in",
    "Microsoft's library msal gets a token of the managed identity of an App Service, and none with a wrong secret.",
    source="https://learn.microsoft.com/azure/app-service/overview-managed-identity",
)
def test_msal_managed_identity(emulator: EmulatorProcess, session: requests.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", emulator.env["EMULATOR_MSI_ENDPOINT"])
    monkeypatch.setenv("IDENTITY_HEADER", emulator.env["EMULATOR_MSI_SECRET"])
    client = msal.ManagedIdentityClient(msal.SystemAssignedManagedIdentity(), http_client=session)
    result = client.acquire_token_for_client(resource=emulator.env["INTUNE_GRAPH_URL"])
    assert "access_token" in result, result
    monkeypatch.setenv("IDENTITY_HEADER", "wrong")
    other = msal.ManagedIdentityClient(msal.SystemAssignedManagedIdentity(), http_client=session)
    assert "access_token" not in other.acquire_token_for_client(resource=emulator.env["INTUNE_GRAPH_URL"])


@pytest.mark.parity(
    "real",
    "Sign-in",
    "Microsoft's library msal answers a claims challenge with a token that has the requested claims.",
    source="https://learn.microsoft.com/entra/identity-platform/claims-challenge",
)
def test_msal_answers_a_claims_challenge(emulator: EmulatorProcess, session: requests.Session) -> None:
    import base64

    app = application(emulator, session, emulator.env["INTUNE_CLIENT_SECRET"])
    scopes = [f"{emulator.env['INTUNE_GRAPH_URL']}/.default"]
    url = emulator.env["INTUNE_GRAPH_URL"] + DEVICES

    def get(token: str) -> requests.Response:
        return session.get(url, headers={"Authorization": f"Bearer {token}"})

    first = app.acquire_token_for_client(scopes)["access_token"]
    emulator.control.arm("claims_challenge", path="managedDevices")
    refused = get(first)
    claims = base64.b64decode(refused.headers["www-authenticate"].partition('claims="')[2].rstrip('"')).decode()
    assert get(app.acquire_token_for_client(scopes, claims_challenge=claims)["access_token"]).status_code == 200


class Graph:
    """Send GET and POST requests with a token."""

    def __init__(self, emulator: EmulatorProcess, session: requests.Session) -> None:
        self.url, self.session, self.control = emulator.env["INTUNE_GRAPH_URL"], session, emulator.control
        self.headers = {"Authorization": f"Bearer {emulator.control.token()}"}
        self.device = emulator.control.device("PHONE-HELPDESK-01")["id"]

    def get(self, path: str = DEVICES + "?$top=1", **options: Any) -> requests.Response:
        return self.session.get(self.url + path, headers=self.headers, timeout=10, **options)

    def reset(self) -> requests.Response:
        return self.session.post(f"{self.url}{DEVICES}/{self.device}/resetPasscode", headers=self.headers, timeout=10)


@pytest.fixture
def graph(emulator: EmulatorProcess, session: requests.Session) -> Graph:
    return Graph(emulator, session)


@pytest.mark.parametrize(("kind", "accepted"), [("drop_before", 0), ("drop_after", 1)])
def test_dropped_connections(graph: Graph, kind: str, accepted: int) -> None:
    graph.control.arm(kind, "POST", "resetPasscode")
    with pytest.raises(requests.ConnectionError):
        graph.reset()
    assert sum(len(times) for times in graph.control.resets().values()) == accepted
    entry = graph.control.writes()[-1]
    assert entry["fault"] == kind
    assert graph.reset().status_code == 204


def test_refused_connections(graph: Graph) -> None:
    assert graph.get().status_code == 200
    graph.control.arm("refuse_connection", seconds=60)
    with pytest.raises(requests.ConnectionError):
        graph.get()
    with pytest.raises(requests.ConnectionError, match="refused"):
        graph.get()
    graph.control.disarm()
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            assert graph.get().status_code == 200
            return
        except requests.ConnectionError:
            continue
    pytest.fail("the port did not open again")


def test_status_and_html(graph: Graph) -> None:
    graph.control.arm("status", "POST", "resetPasscode", status=503, retry_after="1.5")
    refused = graph.reset()
    assert (refused.status_code, refused.headers["retry-after"], refused.json()["error"]["code"]) == (503, "1.5", "ServiceUnavailable")
    assert graph.control.resets() == {}
    graph.control.arm("status", "POST", "resetPasscode", status=504, processed=True)
    assert graph.reset().status_code == 504
    assert len(graph.control.resets()) == 1
    graph.control.arm("html")
    broken = graph.get()
    assert (broken.status_code, broken.headers["content-type"]) == (502, "text/html")
    graph.control.arm("html", "POST", "resetPasscode", status=403, processed=True)
    assert (graph.reset().status_code, sum(map(len, graph.control.resets().values()))) == (403, 2)
    graph.control.arm("redirect", location="https://127.0.0.1:1/elsewhere")
    assert graph.get(allow_redirects=False).headers["location"] == "https://127.0.0.1:1/elsewhere"


def test_truncated_body(graph: Graph) -> None:
    graph.control.arm("truncate")
    with pytest.raises((requests.exceptions.ChunkedEncodingError, requests.ConnectionError)):
        graph.get()
    assert graph.get().status_code == 200


def test_counts_and_usage(graph: Graph) -> None:
    mark = graph.control.mark()
    graph.control.charge_quota("devices", writes=400)
    assert (graph.reset().status_code, graph.get().status_code) == (429, 200)
    counts = graph.control.counts(mark)
    assert (counts["writes"], counts["reads"], counts["throttled"], counts["tokens"]) == (1, 1, 1, 0)


def test_expired_token(graph: Graph) -> None:
    graph.control.arm("expire_token", path="managedDevices")
    assert [graph.get().status_code for _time in range(2)] == [401, 401]
    graph.headers = {"Authorization": f"Bearer {graph.control.token()}"}
    assert graph.get().status_code == 200


def test_fault_at_the_token_endpoint(emulator: EmulatorProcess, session: requests.Session) -> None:
    emulator.control.arm("status", "POST", "/oauth2/v2.0/token$", status=503)
    response = session.post(
        f"{emulator.env['INTUNE_AUTHORITY_URL']}/{emulator.env['INTUNE_TENANT_ID']}/oauth2/v2.0/token",
        data={"grant_type": "client_credentials"},
    )
    assert response.status_code == 503
    assert emulator.control.journal()[-1]["fault"] == "status"


def test_skip_and_times(graph: Graph) -> None:
    graph.control.arm("status", path="managedDevices", skip=1, times=2, status=500)
    assert [graph.get().status_code for _time in range(4)] == [200, 500, 500, 200]
    assert [fault["hits"] for fault in graph.control.faults()] == [2]


def test_files_and_clean_end(tmp_path: Path) -> None:
    record, env_file = tmp_path / "record.jsonl", tmp_path / "env"
    command = [sys.executable, "-m", "intune_emulator", "--seed", "empty", "--env-file", str(env_file), "--record", str(record)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("The emulated tenant is ready.")
        env = dict(line.split("=", 1) for line in env_file.read_text(encoding="utf-8").splitlines())
        folder = Path(env["EMULATOR_DIR"])
        assert stat.S_IMODE(env_file.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
        os.kill(process.pid, signal.SIGINT)
        assert process.wait(10) == 0
        assert not folder.exists()
    finally:
        process.kill()
        process.wait()


def test_recording_holds_no_secrets(tmp_path: Path) -> None:
    record = tmp_path / "record.jsonl"
    with EmulatorProcess("demo", record=record) as emulator, requests.Session() as session:
        session.trust_env, session.verify = False, emulator.env["INTUNE_CA_PATH"]
        graph = Graph(emulator, session)
        emulator.control.freeze()
        graph.reset()
        emulator.control.advance(5)
        passcode = graph.get(f"{DEVICES}/{graph.device}").json()["deviceActionResults"][0]["passcode"]
        item = {"id": "1", "method": "GET", "url": f"/deviceManagement/managedDevices/{graph.device}"}
        session.post(f"{graph.url}/v1.0/$batch", json={"requests": [item]}, headers=graph.headers)
        secrets = emulator.control.secrets()
    text = record.read_text(encoding="utf-8")
    assert passcode in secrets
    assert not [secret for secret in secrets if secret in text]
    lines = [json.loads(line) for line in text.splitlines()]
    assert [(line["method"], line["status"]) for line in lines] == [("POST", 204), ("GET", 200), ("GET", 200), ("POST", 200)]
    assert lines[1]["response_body"]["deviceActionResults"][0]["passcode"] == "REDACTED"


def test_wrong_seed_is_refused() -> None:
    done = subprocess.run([sys.executable, "-m", "intune_emulator", "--seed", "nonsense"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "unknown seed" in done.stderr


def test_process_stops_on_exceptions() -> None:
    with pytest.raises(RuntimeError, match="inside"), EmulatorProcess("empty") as emulator:
        pid = emulator.pid
        raise RuntimeError("inside")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
