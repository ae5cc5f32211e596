# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._permissions import AZURE_CLI
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.unread import LONGEST_CAUSE, explain, list_missing
from tests.support.fakes import FakeCredential, tenant

SCRIPT = "GET /beta/deviceManagement/deviceHealthScripts/1"
READ_SCRIPTS, READ_DEVICES = "DeviceManagementScripts.Read.All", "DeviceManagementManagedDevices.Read.All"


def refused(target: str) -> errors.ForbiddenError:
    return errors.ForbiddenError("Not you.", status=403, code="Forbidden", request_id="request-1", target=target)


@pytest.mark.parametrize(
    ("target", "missing"),
    [
        pytest.param(SCRIPT, [READ_SCRIPTS], id="a script"),
        pytest.param(f"{SCRIPT}/deviceRunStates", [READ_SCRIPTS, READ_DEVICES], id="its results, with their devices"),
        pytest.param(
            "GET /beta/deviceManagement/managedDevices/1/deviceHealthScriptStates", [READ_SCRIPTS, READ_DEVICES], id="those of a device"
        ),
        pytest.param("GET /beta/deviceManagement/managedDevices/1", [READ_DEVICES], id="a device"),
        pytest.param("GET /beta/deviceManagement/deviceConfigurations", ["DeviceManagementConfiguration.Read.All"], id="anything else"),
    ],
)
def test_a_refusal_names_what_is_missing(target: str, missing: list[str]) -> None:
    client = tenant(credential=FakeCredential({"roles": []})).client
    assert list_missing(client, refused(target)) == missing
    found = explain(client, "it", refused(target))
    verb = "is" if len(missing) == 1 else "are"
    assert found.problem == f"Could not read it: {' and '.join(missing)} {verb} missing." and not found.may_pass
    assert found.hint.startswith("Grant")


def test_with_the_permissions_the_text_of_the_service_is_told() -> None:
    client = tenant(credential=FakeCredential({"roles": ["DeviceManagementScripts.ReadWrite.All"]})).client
    found = explain(client, "it", refused(SCRIPT))
    assert found.problem == "Could not read it: 403 Forbidden: Not you (request-id request-1)."


def test_of_a_token_that_cannot_be_read_nobody_knows_what_it_lacks() -> None:
    client = tenant(credential=FakeCredential({})).client
    assert f"{READ_SCRIPTS} is needed" in explain(client, "it", refused(SCRIPT)).problem


def test_a_person_of_the_azure_cli_is_told_to_sign_in_otherwise() -> None:
    client = tenant(credential=FakeCredential({"appid": AZURE_CLI, "scp": "x"})).client
    assert explain(client, "it", refused(SCRIPT)).hint.startswith("Sign in as an application")


def test_another_failure_is_shortened() -> None:
    client = tenant(credential=FakeCredential({"roles": []})).client
    failure = errors.ServiceError("x" * 1000, status=503, target=SCRIPT)
    found = explain(client, "it", failure)
    assert list_missing(client, failure) == [] and found.may_pass and len(found.problem) < LONGEST_CAUSE + 50


def test_a_token_that_is_refused_ends_the_task() -> None:
    failure = errors.UnauthorizedError("No.", status=401, target=SCRIPT)
    with pytest.raises(errors.UnauthorizedError):
        explain(tenant().client, "it", failure)
