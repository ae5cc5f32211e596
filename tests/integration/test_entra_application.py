# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test applications that an administrator with the Azure CLI creates, and signing in with them."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from .harness import four_beats
from .test_device_passcode_info import recipient, unseal

MODULE = "entra_application"
INFO = "entra_application_info"
CONNECTION = "intune_connection_info"
NAME = "endpointops-intune-reader"
READ = "DeviceManagementManagedDevices.Read.All"


@pytest.fixture
def person(tenant: t.Any) -> dict[str, str]:
    """Return the options of a signed-in person."""
    return {"auth_method": "access_token", "access_token": tenant.control.token(person=True)}


def sign_in_as(client_id: str, **options: t.Any) -> dict[str, t.Any]:
    return {"client_id": client_id, "client_secret": "", **options}


def test_a_second_run_changes_nothing(each_execution: t.Any, person: dict[str, str], tmp_path: pathlib.Path) -> None:
    certificate, key = recipient(tmp_path)
    maker = each_execution.tenant.control.add_app(roles=["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"])
    signs_in = {name: maker[name] for name in ("client_id", "client_secret")}
    options = {"unique_name": NAME, "name": "Reader", "entry_points": ["fetch"], "certificates": [str(certificate)], **signs_in}
    beats = four_beats(each_execution, MODULE, options)
    made = beats.run.result["application"]
    assert made["permissions"] == [READ] and beats.run_again.result["application"] == made
    assert beats.run.result["diff"]["after"]["permissions"] == [READ]
    # A sign-in with it has exactly its permissions.
    both = tmp_path / "both.pem"
    both.write_text(certificate.read_text() + key.read_text())
    both.chmod(0o600)
    signed = sign_in_as(made["client_id"], auth_method="client_certificate", client_certificate_path=str(both))
    found = each_execution.module(CONNECTION, signed).result["connection"]
    assert found["roles"] == [READ] and found["permissions"]["intune_device_info"]["ready"]
    assert not found["permissions"]["intune_device_passcode"]["ready"]
    (read,) = each_execution.module(INFO, {"unique_name": NAME}).result["applications"]
    assert read == {name: value for name, value in made.items() if name != "missing_permissions"}
    gone = each_execution.module(MODULE, {"unique_name": NAME, "state": "absent", **person})
    assert gone.changed and each_execution.module(INFO, {"unique_name": NAME}).result["applications"] == []


def test_a_secret_is_sealed_for_those_who_sign_in_with_it(each_execution: t.Any, person: dict[str, str], tmp_path: pathlib.Path) -> None:
    certificate, key = recipient(tmp_path)
    options = {"unique_name": NAME, "permissions": [READ], "secret_name": "ops", "seal_to": [str(certificate)], **person}
    run = each_execution.module(MODULE, options)
    secret = unseal(run.result["sealed_client_secret"], key, certificate)
    assert secret in each_execution.tenant.control.secrets() and secret not in json.dumps(run.result)
    client_id = run.result["application"]["client_id"]
    found = each_execution.module(CONNECTION, {"client_id": client_id, "client_secret": secret})
    assert found.result["connection"]["roles"] == [READ]
    assert not each_execution.module(MODULE, options).changed


def test_a_secret_in_clear_is_in_no_output(each_execution: t.Any, person: dict[str, str]) -> None:
    options = {"unique_name": NAME, "secret_name": "ops", "return_secret": True, **person}
    tasks = [
        {"name": "make", f"endpointops.intune.{MODULE}": options, "register": "made"},
        {"name": "used", "ansible.builtin.debug": {"msg": "{{ made.client_secret | length }}"}},
    ]
    play = each_execution.tasks(tasks, "-vvv")
    assert play.code == 0 and int(play["used"].result["msg"]) >= 16, play.output
    assert "client_secret" not in play["make"].result
    assert not [secret for secret in each_execution.tenant.control.secrets() if secret in play.output]


def test_without_the_role_to_grant_somebody_else_is_told_where(ansible: t.Any, tenant: t.Any) -> None:
    token = tenant.control.token(person=True, directory_roles=["Cloud Application Administrator"])
    signed = {"auth_method": "access_token", "access_token": token}
    run = ansible.module(MODULE, {"unique_name": NAME, "modules": ["intune_device_info"], **signed})
    assert run.status == "failed" and run.changed and "Privileged Role Administrator" in run.result["msg"]
    found = run.result["application"]
    assert found["missing_permissions"] == [READ] and found["consent_url"].startswith(tenant.env["INTUNE_AUTHORITY_URL"])
    assert tenant.control.consent(found["client_id"]) == [READ]
    assert ansible.module(MODULE, {"unique_name": NAME, "modules": ["intune_device_info"], **signed}).status == "ok"
