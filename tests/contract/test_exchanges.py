# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that all exchanges of the integration tests with the emulated tenant match Microsoft's description."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest

from . import recordings
from .checker import Checker
from .recordings import Summary
from .test_checker import RIGHT

# The main purpose of the collection: without one successful exchange of each, the recording is incomplete, or the recorder is broken.
ESSENTIAL = (
    "v1.0 DELETE /deviceManagement/deviceConfigurations/{deviceConfiguration-id}",
    "v1.0 DELETE /oauth2PermissionGrants/{oAuth2PermissionGrant-id}",
    "v1.0 DELETE /servicePrincipals/{servicePrincipal-id}",
    "v1.0 GET /deviceManagement/managedDevices",
    "v1.0 GET /deviceManagement/managedDevices/{managedDevice-id}",
    "v1.0 GET /groups",
    "v1.0 GET /oauth2PermissionGrants",
    "v1.0 GET /organization",
    "v1.0 GET /servicePrincipals",
    "v1.0 PATCH /deviceManagement/deviceConfigurations/{deviceConfiguration-id}",
    "v1.0 POST /$batch",
    "v1.0 POST /deviceManagement/deviceConfigurations",
    "v1.0 POST /deviceManagement/managedDevices/{managedDevice-id}/resetPasscode",
    "v1.0 POST /deviceManagement/reports/exportJobs",
    "v1.0 POST /oauth2PermissionGrants",
    "v1.0 POST /servicePrincipals",
    "beta GET /deviceManagement/assignmentFilters",
    "beta GET /deviceManagement/configurationPolicies",
    "beta GET /deviceManagement/deviceConfigurations",
    "beta GET /deviceManagement/managedDevices/{managedDevice-id}",
    "beta GET /deviceManagement/operationApprovalRequests",
    "beta GET /deviceManagement/remoteActionAudits",
    "beta POST /$batch",
    "beta POST /deviceManagement/configurationPolicies",
    "beta POST /deviceManagement/configurationPolicies/{deviceManagementConfigurationPolicy-id}/assign",
    "beta POST /deviceManagement/deviceConfigurations/{deviceConfiguration-id}/assign",
    "beta POST /deviceManagement/reports/getConfigurationPolicyDevicesReport",
    "beta POST /deviceManagement/reports/getConfigurationSettingNonComplianceReport",
    "beta POST /deviceManagement/reports/getConfigurationSettingsReport",
)


def compare_folder(checker: Checker, folder: pathlib.Path) -> Summary:
    """Compare all recordings of a folder; fail if there is a problem, or if an essential operation is missing."""
    summary = Summary(checker)
    for path in recordings.list_recordings(folder):
        summary.add_all(recordings.read(path))
    missing = [operation for operation in ESSENTIAL if not summary.succeeded[operation]]
    assert not missing, f"not recorded in {folder}: {', '.join(missing)}. `make integration`, without PYTEST_ARGS, records all. {summary}"
    assert not summary.failures, f"{summary}\n{summary.failures}"
    return summary


def test_every_exchange_is_as_microsoft_describes_it(checker: Checker, report_line: t.Callable[[str], None]) -> None:
    report_line(f"Integration tests: {compare_folder(checker, recordings.record_folder())}")


def test_essential_operations_are_of_both_versions_and_described(checker: Checker) -> None:
    for operation in ESSENTIAL:
        version, method, path = operation.split()
        assert path == "/$batch" or checker.contracts[version].find_operation(method, path), operation


def test_no_recording_is_a_failure(checker: Checker, tmp_path: pathlib.Path) -> None:
    for folder in (tmp_path / "missing", tmp_path):
        with pytest.raises(AssertionError, match=r"not recorded .*0 exchanges compared"):
            compare_folder(checker, folder)


def test_a_recording_without_an_essential_operation_is_a_failure(checker: Checker, tmp_path: pathlib.Path) -> None:
    (tmp_path / "gw0.jsonl").write_text(json.dumps(RIGHT["list"]) + "\n", encoding="utf-8")
    with pytest.raises(AssertionError, match=r"not recorded .*resetPasscode") as caught:
        compare_folder(checker, tmp_path)
    assert "v1.0 GET /deviceManagement/managedDevices," not in str(caught.value)


def test_errors_do_not_count_as_recorded(checker: Checker, tmp_path: pathlib.Path) -> None:
    (tmp_path / "gw0.jsonl").write_text(json.dumps(RIGHT["forbidden"]) + "\n", encoding="utf-8")
    with pytest.raises(AssertionError, match=r"v1.0 GET /deviceManagement/managedDevices,"):
        compare_folder(checker, tmp_path)


def test_recordings_of_the_sdk_are_not_those_of_the_integration_tests(tmp_path: pathlib.Path) -> None:
    for name in ("gw1.jsonl", "gw0.jsonl", "sdk.jsonl", "sdk-gw0.jsonl", "other.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in recordings.list_recordings(tmp_path)] == ["gw0.jsonl", "gw1.jsonl"]
