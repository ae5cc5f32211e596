# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the playbook bootstrap's output on an application. Whole runs are in tests/integration/test_bootstrap.py."""

from __future__ import annotations

import json
import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.endpointops.intune.plugins.filter.bootstrap_summary import FilterModule

describe = FilterModule().filters()["bootstrap_summary"]
WIPE = {"permission": "P", "meaning": "its holder can wipe"}
FOUND: dict[str, t.Any] = {
    "present": True,
    "client_id": "app-1",
    "enabled": True,
    "managed_identity": False,
    "permissions": ["A", "B"],
    "missing_permissions": [],
    "powers": [],
    "certificates": [{"name": "CN=reader"}, {"name": None}],
    "federated_credentials": [],
    "client_secrets": [],
    "consent_url": "https://page",
}


def lines(result: t.Mapping[str, t.Any] | None = None, *, check: t.Any = False, **found: t.Any) -> list[str]:
    summary: list[str] = describe({"application": {**FOUND, **found}, **(result or {})}, tenant_id="tenant-1", check=check)
    return summary


def test_all_of_it():
    assert lines() == [
        "INTUNE_TENANT_ID=tenant-1",
        "INTUNE_CLIENT_ID=app-1",
        "Permissions: A, B",
        "Power: it only reads",
        "Not granted yet: nothing",
        "Signs in by: certificate CN=reader, certificate without a name",
    ]


@pytest.mark.parametrize("check", [True, "yes", "true"])
def test_case_28_check_mode_tells_of_the_time_after_the_run(check: t.Any):
    found = lines(check=check, client_id=None, consent_url=None)
    assert "The application ID is known after the run." in found and not any(line.startswith("INTUNE_CLIENT_ID") for line in found)
    assert "Permissions after the run: A, B" in found and not any("Not granted" in line for line in found)
    asked = lines(check=check, client_id=None, consent_url=None, missing_permissions=["C"])
    assert "Not granted by the run: C" in asked and not any("None" in line for line in asked)


@pytest.mark.parametrize(
    ("found", "power"),
    [
        pytest.param({"powers": [WIPE, WIPE]}, "its holder can wipe", id="case 10: granted"),
        pytest.param({"permissions": [], "missing_permissions": ["P"], "powers": [WIPE]}, "its holder can wipe", id="case 10: asked for"),
        pytest.param({"permissions": [], "missing_permissions": ["R"]}, "it only reads", id="case 10: asks to read"),
        pytest.param({"permissions": []}, "none, without a permission of Microsoft Graph", id="case 10: nothing"),
    ],
)
def test_the_power_is_that_of_all_permissions(found: dict[str, t.Any], power: str):
    assert f"Power: {power}" in lines(**found)


def test_a_page_is_shown_for_what_is_missing():
    found = lines(missing_permissions=["C", "D"])
    assert "Not granted yet: C, D" in found and "Page to grant them: https://page" in found
    assert not any("Page" in line for line in lines(missing_permissions=["C"], consent_url=None, managed_identity=True))


@pytest.mark.parametrize(
    ("changed", "check", "line"),
    [(True, False, "It is removed."), (True, True, "It would be removed."), (False, False, "It does not exist.")],
)
def test_case_8_an_application_that_is_removed(changed: bool, check: bool, line: str):
    assert lines({"changed": changed}, check=check, present=False, client_id=None) == [line]


def test_each_way_to_sign_in_is_named():
    named = {"federated_credentials": [{"name": "github"}], "client_secrets": [{"name": "jobs"}]}
    assert lines(certificates=[], **named)[-1] == "Signs in by: federated credential github, client secret jobs"
    assert lines(certificates=[])[-1] == "Signs in by: no credential yet"
    assert lines(certificates=[], managed_identity=True)[-1].startswith("Signs in by: the managed identity")
    assert lines(enabled=False)[-1] == "It is disabled, and cannot sign in."


def test_only_what_is_valid_now_signs_in():
    valid = {"name": "CN=new", "starts": "2020-01-01T00:00:00Z", "ends": "2999-01-01T00:00:00Z"}
    ended = {"name": "CN=old", "starts": "2020-01-01T00:00:00Z", "ends": "2021-01-01T00:00:00Z"}
    later = {"name": "jobs", "starts": "2998-01-01T00:00:00Z", "ends": "2999-01-01T00:00:00Z"}
    assert lines(certificates=[ended, valid], client_secrets=[later])[-2:] == [
        "Signs in by: certificate CN=new",
        "Does not sign in by: certificate CN=old, which ended at 2021-01-01T00:00:00Z; client secret jobs, which is valid from "
        "2998-01-01T00:00:00Z",
    ]
    assert "Signs in by: no credential that is valid now" in lines(certificates=[ended])


def test_case_8_a_sealed_secret_is_one_line_that_can_be_pasted():
    """It only has letters that a shell and JSON leave unchanged."""
    sealed = "-----BEGIN CMS-----\nQUJD\nREVG\n-----END CMS-----\n"
    told = lines({"sealed_client_secret": sealed, "recipients": [{"subject": "CN=desk"}, {"subject": "CN=lead"}]})
    assert "sealed to CN=desk and CN=lead" in told[-2] and told[-2].endswith(" by this command:")
    assert told[-1].startswith("echo QUJDREVG | openssl base64 -d -A | openssl cms -decrypt -inform DER ")
    assert json.dumps(told[-1]) == f'"{told[-1]}"'
    assert lines({"sealed_client_secret": None})[-1].startswith("Signs in by")


@pytest.mark.parametrize("given", [None, "text", {}, {"application": None}])
def test_only_a_result_can_be_described(given: t.Any):
    with pytest.raises(AnsibleFilterError, match="entra_application"):
        describe(given)
