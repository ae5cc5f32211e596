# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the unchanged recipes of the guide: only their variables come from the tests."""

from __future__ import annotations

import datetime
import http.server
import json
import os
import pathlib
import subprocess
import sys
import threading
import typing as t

import pytest
import yaml
from intune_emulator import EmulatorProcess

from tests.quality.test_guides import ROOT, blocks

from .test_connection import fake_az
from .test_device_passcode_info import recipient, reset

GUIDE = ROOT / "docs" / "docsite" / "rst" / "guide_recipes.rst"
ANDROID = "XCOVER-WAREHOUSE-01"
READY = {
    "name": "The tests make the tenant ready",
    "tasks": [
        {
            "name": "onboard",
            "ansible.builtin.import_role": {"name": "endpointops.intune.pin_reset"},
            "vars": {"pin_reset_assignments": [{"target": "all_devices"}]},
        }
    ],
}


def play(name: str) -> dict[str, t.Any]:
    """Return a play of the guide."""
    plays = [item for block in blocks(GUIDE) if block.kind.startswith("yaml") and isinstance(block.content, list) for item in block.content]
    return next(item for item in plays if item["name"] == name)


class Receiver(http.server.BaseHTTPRequestHandler):
    """Accept messages like a workflow of Teams, and tickets like ServiceNow."""

    received: t.ClassVar[list[tuple[str, dict[str, t.Any], str | None]]] = []

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.received.append((self.path, body, self.headers["Authorization"]))
        answer = b'{"result": {}}'
        self.send_response(201 if self.path.startswith("/api/now/") else 202)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, format: str, *args: t.Any) -> None:
        """Discard the message."""


@pytest.fixture
def webhook() -> t.Iterator[str]:
    """Return the address of a receiver on this machine."""
    Receiver.received.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}"
        server.shutdown()


def test_devices_of_an_export_a_rescue_a_vault_and_several_tenants(ansible: t.Any) -> None:
    tenant, folder = ansible.tenant, ansible.folder
    sample = next(block.text for block in blocks(GUIDE) if block.kind == "text" and "Device ID" in block.text)
    export = folder / "export.csv"
    # As Excel in a country with a decimal comma saves it.
    export.write_bytes(("\ufeff" + sample.replace('","', '";"')).replace("\n", "\r\n").encode())
    vault = folder / "intune_vault.yml"
    with EmulatorProcess(seed="empty") as fabrikam:
        tenants = {"contoso": tenant.env, "fabrikam": fabrikam.env}
        secrets = {name: env["INTUNE_CLIENT_SECRET"] for name, env in tenants.items()}
        vault.write_text(
            yaml.safe_dump(
                {
                    "vault_intune_tenant_id": tenant.env["INTUNE_TENANT_ID"],
                    "vault_intune_client_id": tenant.env["INTUNE_CLIENT_ID"],
                    "vault_intune_client_secret": secrets["contoso"],
                    "vault_intune_client_secrets": secrets,
                }
            ),
            encoding="utf-8",
        )
        password = folder / "password"
        password.write_text("a password", encoding="utf-8")
        encrypt(vault, password)
        inventory, verify_all = folder / "tenants.yml", play("Verify all tenants")
        found = next(block.content for block in blocks(GUIDE) if "hosts:\n    contoso:" in block.text)
        for name, host in found["tenants"]["hosts"].items():
            env = tenants[name]
            host |= {"intune_tenant_id": env["INTUNE_TENANT_ID"], "intune_client_id": env["INTUNE_CLIENT_ID"]}
            # Real tenants share these addresses.
            host |= {"graph": env["INTUNE_GRAPH_URL"], "authority": env["INTUNE_AUTHORITY_URL"], "ca": env["INTUNE_CA_PATH"]}
        verify_all["module_defaults"]["group/endpointops.intune.intune"] |= {
            "graph_url": "{{ graph }}",
            "authority_url": "{{ authority }}",
            "ca_path": "{{ ca }}",
        }
        inventory.write_text(yaml.safe_dump(found), encoding="utf-8")
        done = ansible.plays(
            [
                READY,
                play("Reset the passcodes of the devices of an export"),
                play("Reset passcodes, and go on if single devices fail"),
                play("Verify with the credential of the vault"),
                verify_all,
            ],
            *("-e", json.dumps({"export_path": str(export)}), "-e", f"@{vault}", "--vault-password-file", str(password)),
            *("-i", str(inventory)),
        )
    # A tenant that is not connected does not stop the other one.
    assert done.code == 2 and "contoso: The policy is configured; 0 of 30" in done.output, done.output
    assert "fabrikam: The tenant is not connected" in done.output
    resets = [task for task in done.tasks if task.name.endswith("Devices | Reset passcodes") and "results" in task.result]
    assert [[entry["device_name"] for entry in task.result["results"]] for task in resets] == [
        [ANDROID],
        ["PHONE-HELPDESK-01", "LT-ARCHIVE-001"],
    ]
    assert "LT-ARCHIVE-001: It runs Windows 10.0.14393" in done.output
    assert done["Go on with the devices that have a new passcode"].result["msg"] == "PHONE-HELPDESK-01"
    assert secrets["contoso"] not in done.output and secrets["fabrikam"] not in done.output


def encrypt(path: pathlib.Path, password: pathlib.Path) -> None:
    """Run the command of the guide."""
    vault = pathlib.Path(sys.executable).with_name("ansible-vault")
    subprocess.run([vault, "encrypt", path, "--vault-password-file", password], check=True, capture_output=True, timeout=60)
    assert path.read_text(encoding="utf-8").startswith("$ANSIBLE_VAULT;")


def test_drift_is_found_and_notices_are_sent(ansible: t.Any, webhook: str) -> None:
    drifted = {**play("Verify, and send notices"), "vars": {"pin_reset_policy_settings": {"minimum_pin_length": 8}}}
    variables = {
        "vault_teams_webhook_url": f"{webhook}/workflows/1?sig=abcdef",
        "ticket_url": webhook,
        "ticket_user": "ansible",
        "vault_ticket_password": "secret",
    }
    done = ansible.plays([READY, drifted], "-e", json.dumps(variables))
    error = done["Fail as verify did"].result["msg"]
    assert done.code == 2 and "minimum_pin_length" in error, done.output
    (_path, message, nobody), (path, ticket, authorization) = Receiver.received
    (card,) = message["attachments"]
    assert card["content"]["body"][1]["text"] == error and nobody is None
    assert path == "/api/now/table/incident" and authorization.startswith("Basic ") and ticket["description"] == error
    assert ticket["correlation_id"] == f"pin-reset-{ansible.tenant.env['INTUNE_TENANT_ID']}"
    assert "abcdef" not in done.output


def test_the_credential_of_the_resetter_leaks(ansible: t.Any) -> None:
    tenant, control = ansible.tenant, ansible.tenant.control
    reset(ansible, "PHONE-FIELD-02", "iPad-Conference")
    began = control.clock()["now"]
    person = {"auth_method": "access_token", "access_token": control.token(person=True)}
    resetter = {"unique_name": "endpointops-intune-resetter", "entry_points": ["reset", "fetch"], "secret_name": "leaked"}
    thief = {"client_id": "{{ made.application.client_id }}", "client_secret": "{{ made.client_secret }}"}
    before = ansible.tasks(
        [
            {
                "name": "make the application",
                "endpointops.intune.entra_application": {**resetter, "return_secret": True, **person},
                "register": "made",
            },
            {
                "name": "reset as the thief",
                "endpointops.intune.intune_device_passcode": {
                    "devices": [ANDROID, "PHONE-FIELD-01"],
                    "platforms": ["android", "windows"],
                    **thief,
                },
            },
            {
                "name": "keep the secret",
                "ansible.builtin.copy": {"content": "{{ made.client_secret }}", "dest": "{{ playbook_dir }}/secret"},
            },
        ]
    )
    assert before.code == 0, before.output
    # Less than in the guide: the assertion of a sign-in by certificate is valid for minutes of this machine's clock.
    control.advance(60)
    certificate, key = recipient(ansible.folder)
    both = ansible.folder / "both.pem"
    both.write_text(certificate.read_text() + key.read_text(), encoding="utf-8")
    both.chmod(0o600)
    variables = {
        "leak_began": began,
        "exposed_since": f"{datetime.datetime.fromisoformat(began[:19]) - datetime.timedelta(days=7):%Y-%m-%dT%H:%M:%SZ}",
        "leak_ended": control.clock()["now"],
        "new_certificate": str(certificate),
        "new_certificate_path": str(both),
        "helpdesk_certificate": str(certificate),
    }
    names = ("Stop the application, and replace its credentials", "Find the resets and the passcodes since the leak")
    last = "Start again, and reset the devices whose passcode the thief could read"
    az = {"PATH": f"{fake_az(ansible.folder, tenant, person=True)}:{os.environ['PATH']}"}
    done = ansible.plays([*map(play, names), play(last), play(last)], "-e", json.dumps(variables), env=az)
    assert done.code == 0, done.output
    stopped = done["Keep the application from signing in"].result["application"]
    assert not stopped["enabled"] and len(stopped["client_secrets"]) == 1
    replaced = done["Remove all secrets and certificates, and add the new certificate"].result["application"]
    assert not replaced["enabled"] and replaced["client_secrets"] == [] and len(replaced["certificates"]) == 1
    assert "PHONE-FIELD-01 (lukas.meyer@contoso.onmicrosoft.com): done" in done.output
    again, second = [task.result for task in done.tasks if task.name == "Reset the exposed devices"]
    # Intune also showed the passcode of a reset before the leak. The tablet has none.
    assert {entry["device_name"]: entry["status"] for entry in again["results"]} == dict.fromkeys(
        [ANDROID, "PHONE-FIELD-01", "PHONE-FIELD-02"], "done"
    )
    shown = [task for task in done.tasks if task.name == "Show the resets since the leak"]
    assert "PHONE-FIELD-02 (" not in str(shown) and "PHONE-FIELD-01 (" in str(shown)
    assert again["changed"] and not second["changed"]
    secret = (ansible.folder / "secret").read_text(encoding="utf-8")
    refused = ansible.module("intune_connection_info", {"client_id": stopped["client_id"], "client_secret": secret})
    assert refused.status == "failed" and "AADSTS7000215" in refused.result["msg"]
