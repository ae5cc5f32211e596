# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the way from an empty tenant to applications with exactly the needed permissions, and a certificate's timely renewal."""

from __future__ import annotations

import json
import os
import pathlib
import re
import subprocess
import typing as t

import pytest
import yaml

from .harness import PlayRun
from .test_connection import fake_az

ROOT = pathlib.Path(__file__).parents[2]
BOOTSTRAP, ROTATE = "endpointops.intune.bootstrap", "endpointops.intune.rotate_certificate"
ASSIGNED = {"pin_reset_assignments": [{"target": "group", "group": "Pilot ring"}]}
PHONE = {"pin_reset_devices": ["PHONE-HELPDESK-01"], "pin_reset_wait": False}
USER = {"pin_reset_recover_user": "clara.hoffmann@contoso.onmicrosoft.com"}


def key_pair(folder: pathlib.Path, name: str) -> pathlib.Path:
    """Make a certificate, NAME.pem, and beside it NAME.key.pem with the private key too; return the first."""
    certificate, both = folder / f"{name}.pem", folder / f"{name}.key.pem"
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj", f"/CN={name}", "-days", "30", "-keyout", str(both)]
    subprocess.run([*command, "-out", str(certificate)], check=True, capture_output=True)
    both.write_text(both.read_text() + certificate.read_text())
    both.chmod(0o600)
    return certificate


@pytest.fixture
def administrator(tenant: t.Any, tmp_path: pathlib.Path) -> dict[str, str]:
    """Return the environment of a person signed in with az login."""
    return {"PATH": f"{fake_az(tmp_path, tenant, person=True)}:{os.environ['PATH']}"}


def run(ansible: t.Any, playbook: str, env: dict[str, str], *arguments: str, **variables: t.Any) -> PlayRun:
    return ansible.playbook(playbook, "-e", json.dumps(variables), *arguments, env=env)


def applications(folder: pathlib.Path) -> list[dict[str, t.Any]]:
    """Return the playbook's own list of applications, each with a certificate."""
    (play,) = yaml.safe_load((ROOT / "playbooks" / "bootstrap.yml").read_text(encoding="utf-8"))
    given = play["vars"]["intune_bootstrap_applications"]
    return [{**each, "certificates": [str(key_pair(folder, each["unique_name"].rpartition("-")[2]))]} for each in given]


def signed_in(made: dict[str, str], folder: pathlib.Path, name: str) -> dict[str, str]:
    """Return the environment of one of the applications."""
    return {"INTUNE_CLIENT_ID": made[name], "INTUNE_CLIENT_SECRET": "", "INTUNE_CLIENT_CERTIFICATE_PATH": str(folder / f"{name}.key.pem")}


def test_each_application_does_its_work_and_nothing_else(ansible: t.Any, tenant: t.Any, administrator: t.Any, tmp_path: pathlib.Path):
    given = {"intune_bootstrap_applications": applications(tmp_path)}
    planned = run(ansible, BOOTSTRAP, administrator, "--check", "--diff", **given)
    assert "INTUNE_CLIENT_ID=" not in planned.output and "Not granted" not in planned.output, "case 28"
    assert "Permissions after the run: " in planned.output
    assert planned.code == 0 and not tenant.graph("GET", "/applications?$filter=startswith(displayName,'Endpoint Ops')")["value"]
    first = run(ansible, BOOTSTRAP, administrator, **given)
    assert first.code == 0 and "its holder can reset, lock, and wipe every managed device" in first.output, first.output
    assert "can sign in as any user in the scope" in " ".join(first.output.split())
    again = run(ansible, BOOTSTRAP, administrator, **given)
    assert again.code == 0 and not any(task.changed for task in again.tasks) and not any(task.writes for task in again.tasks)
    found = tenant.graph("GET", "/applications?$filter=startswith(displayName,'Endpoint Ops')&$select=appId,uniqueName")["value"]
    made = {each["uniqueName"].rpartition("-")[2]: each["appId"] for each in found}
    assert set(made) == {"reader", "onboarder", "resetter", "helpdesk"}

    works = [
        ("onboarder", "onboard", ASSIGNED),
        ("reader", "verify", {}),
        ("resetter", "reset_passcode", PHONE),
        ("helpdesk", "recover", USER),
    ]
    for name, playbook, variables in works:
        done = run(ansible, f"endpointops.intune.{playbook}", signed_in(made, tmp_path, name), **variables)
        assert done.code == 0, done.output
    assert len(tenant.control.resets()) == 1
    for name in ("onboarder", "reader", "helpdesk"):
        refused = run(ansible, "endpointops.intune.reset_passcode", signed_in(made, tmp_path, name), **PHONE, pin_reset_max_age=0)
        assert refused.code != 0 and "PrivilegedOperations" in refused.output, (name, refused.output)
    assert len(tenant.control.resets()) == 1
    for name in ("reader", "resetter", "helpdesk"):
        refused = run(ansible, "endpointops.intune.onboard", signed_in(made, tmp_path, name), **ASSIGNED, pin_reset_policy_name="Another")
        assert refused.code != 0 and not any(task.writes for task in refused.tasks), (name, refused.output)


@pytest.mark.parametrize("consent", ["refuse_service_principal", "refuse_grant"])
def test_where_microsoft_refuses_to_create_its_applications_a_page_does(ansible: t.Any, tenant: t.Any, administrator: t.Any, consent: str):
    tenant.control.settings(consent=consent)
    given = {"intune_bootstrap_applications": [{"unique_name": "endpointops-intune-reader", "entry_points": ["verify"]}]}
    refused = run(ansible, BOOTSTRAP, administrator, **given)
    assert refused.code != 0 and "Open these pages one after the other" in refused.output
    assert refused.output.count("prompt=admin_consent") >= 2
    assert len(tenant.graph("GET", "/applications?$filter=uniqueName eq 'endpointops-intune-reader'")["value"]) == 1, "the rest is done"
    for app_id in ("b8456c59-1230-44c7-a4a2-99b085333e84", "9115dd05-fad5-4f9c-acc7-305d08b1b04e"):
        tenant.control.consent(app_id)
    accepted = run(ansible, BOOTSTRAP, administrator, **given)
    assert accepted.code == 0 and not any(task.changed for task in accepted.tasks), accepted.output


def test_a_person_without_the_right_to_grant_gets_the_link_for_an_administrator(ansible: t.Any, tenant: t.Any, tmp_path: pathlib.Path):
    az = fake_az(tmp_path, tenant, person=True, directory_roles=["Cloud Application Administrator"])
    env = {"PATH": f"{az}:{os.environ['PATH']}"}
    given = {"intune_bootstrap_applications": [{"unique_name": "endpointops-intune-reader", "entry_points": ["verify"]}]}
    refused = run(ansible, BOOTSTRAP, env, **given)
    assert refused.code != 0 and "Privileged Role Administrator" in refused.output and "/adminconsent?client_id=" in refused.output
    listed = run(ansible, BOOTSTRAP, env, **given, intune_bootstrap_grant=False)
    assert listed.code == 0 and "Not granted yet: Application.Read.All" in listed.output
    tenant.control.consent(tenant.graph("GET", "/applications?$filter=uniqueName eq 'endpointops-intune-reader'")["value"][0]["appId"])
    assert "Not granted yet: nothing" in run(ansible, BOOTSTRAP, env, **given, intune_bootstrap_grant=False).output


def test_case_8_each_entry_has_its_own_options(ansible: t.Any, tenant: t.Any, administrator: t.Any, tmp_path: pathlib.Path):
    power = "DeviceManagementManagedDevices.PrivilegedOperations.All"
    good = [
        {"unique_name": "lists", "grant": False, "permissions": [power], "notes": "of the desk", "description": None},
        {"unique_name": "gone", "state": "absent"},
        {"unique_name": "sealed", "enabled": True, "secret_name": "jobs", "seal_to": [str(key_pair(tmp_path, "desk"))]},
    ]
    wrong = [*good, {"unique_name": "typo", "note": "x"}, {"unique_name": "strong", "permissions": ["Application.ReadWrite.All"]}, "name"]
    refused = run(ansible, BOOTSTRAP, administrator, intune_bootstrap_applications=wrong, intune_bootstrap_consent=False)
    told = " ".join(refused.output.split())
    assert refused.code != 0 and not any(task.journal for task in refused.tasks), "before the first change"
    assert "(typo): note is not an option" in told and "force_permissions" in told and "Entry 6" in told and "Traceback" not in told, told
    assert [task.status for task in refused.tasks].count("failed") == 1, "case 28: one failure"

    done = run(ansible, BOOTSTRAP, administrator, intune_bootstrap_applications=good, intune_bootstrap_consent=False)
    assert done.code == 0, done.output
    (lists,) = tenant.graph("GET", "/applications?$filter=uniqueName eq 'lists'")["value"]
    assert lists["notes"] == "of the desk" and f"Not granted yet: {power}" in done.output
    assert "Power: its holder can reset, lock, and wipe every managed device" in done.output, "case 10: it is still to be granted"
    assert "It does not exist." in done.output and not tenant.graph("GET", "/applications?$filter=uniqueName eq 'gone'")["value"]
    assert "Power: none, without a permission of Microsoft Graph" in done.output, "case 10"
    command = re.search(r'"(echo MII[^"]+)"', done.output)
    assert command is not None
    (tmp_path / "desk.pem").rename(tmp_path / "cert.pem")
    (tmp_path / "desk.key.pem").rename(tmp_path / "key.pem")
    opened = subprocess.run(["sh", "-c", command[1]], cwd=tmp_path, check=True, capture_output=True, text=True).stdout
    (secret,) = tenant.graph("GET", "/applications(uniqueName='sealed')?$select=passwordCredentials")["passwordCredentials"]
    assert opened.startswith(secret["hint"]) and opened not in done.output


def test_an_error_of_the_sign_in_names_the_variable_of_the_playbook(ansible: t.Any, tmp_path: pathlib.Path):
    """In these playbooks, the environment does not choose the method."""
    env = {"INTUNE_AUTH_METHOD": "client_secret", "AZURE_CONFIG_DIR": str(tmp_path)}
    rotated = {f"intune_rotate_{name}": str(key_pair(tmp_path, "new")) for name in ("certificate", "certificate_path")}
    bootstrapped = run(ansible, BOOTSTRAP, env, intune_bootstrap_auth_method="nobody")
    replaced = run(ansible, ROTATE, env, intune_rotate_auth_method="nobody", intune_rotate_unique_name="reader", **rotated)
    for play, name in ((bootstrapped, "intune_bootstrap_auth_method"), (replaced, "intune_rotate_auth_method")):
        told = play["Name the variable that sets how to sign in"].result["msg"]
        assert play.code == 2 and "got: nobody" in told and told.endswith(f"The variable {name} of this playbook sets auth_method."), told
        assert not any(task.journal for task in play.tasks)


def keys_of(tenant: t.Any) -> list[str]:
    path = "/applications(uniqueName='endpointops-intune-reader')?$select=keyCredentials"
    return [each["displayName"] for each in tenant.graph("GET", path)["keyCredentials"]]


def test_a_certificate_is_replaced_once_the_new_one_has_signed_in(
    ansible: t.Any, tenant: t.Any, administrator: t.Any, tmp_path: pathlib.Path
):
    old, new = key_pair(tmp_path, "old"), key_pair(tmp_path, "new")
    application = {"unique_name": "endpointops-intune-reader", "permissions": ["Organization.Read.All"], "certificates": [str(old)]}
    assert run(ansible, BOOTSTRAP, administrator, intune_bootstrap_applications=[application]).code == 0
    # Of the machine that signs in as the application, and keeps its token.
    cache = {"INTUNE_TOKEN_CACHE_PATH": str(tmp_path / "tokens.json")}
    (reader,) = tenant.graph("GET", "/applications?$filter=uniqueName eq 'endpointops-intune-reader'")["value"]
    kept = signed_in({"old": reader["appId"]}, tmp_path, "old")
    assert ansible.module("intune_connection_info", {}, env={**kept, **cache}).status == "ok"
    # The person's tenant is known from the sign-in.
    env = {**administrator, **cache, "INTUNE_TENANT_ID": ""}
    given = {
        "intune_rotate_unique_name": "endpointops-intune-reader",
        "intune_rotate_certificate": str(new),
        # Relative to the folder in which the command runs.
        "intune_rotate_certificate_path": os.path.relpath(tmp_path / "new.key.pem", ansible.folder),
        "intune_rotate_retries": 1,
        "intune_rotate_delay": 0,
    }
    assert run(ansible, ROTATE, env, intune_rotate_unique_name=None).code != 0, "case 29: nothing is named"
    missing = run(ansible, ROTATE, env, **{**given, "intune_rotate_certificate_path": str(tmp_path / "missing.pem")})
    assert missing.code != 0 and "missing.pem' must be a file" in " ".join(missing.output.split())
    assert not any(task.journal for task in missing.tasks), "case 29: the file is looked at first"
    number = run(ansible, ROTATE, env, **{**given, "intune_rotate_unique_name": 4711, "intune_rotate_app_id": None})
    assert number.code != 0 and "4711" in number.output and "has no len" not in number.output, "case 29"
    assert not tenant.graph("GET", "/applications?$filter=uniqueName eq '4711'")["value"], "case 3: a wrong name creates nothing"
    assert keys_of(tenant) == ["CN=old"]

    public = run(ansible, ROTATE, env, **{**given, "intune_rotate_certificate_path": str(new), "intune_rotate_delay": 300})
    assert public.code != 0 and "no private key" in public.output and "RETRYING" not in public.output, "case 29: it would never succeed"
    wrong = run(ansible, ROTATE, env, **{**given, "intune_rotate_certificate_path": str(tmp_path / "old.key.pem")})
    assert wrong.code != 0 and "holds another certificate" in " ".join(wrong.output.split()), "case 1"
    assert sorted(keys_of(tenant)) == ["CN=new", "CN=old"], "the old one still signs in"
    done = run(ansible, ROTATE, env, **given)
    assert done.code == 0 and keys_of(tenant) == ["CN=new"], done.output
    assert done["Sign in with the new certificate"].tokens == wrong["Sign in with the new certificate"].tokens == 1, "case 2"
    again = run(ansible, ROTATE, env, **given)
    assert again.code == 0 and not any(task.changed for task in again.tasks)
    assert again["Sign in with the new certificate"].tokens == 1, "case 2: no token that was kept"
