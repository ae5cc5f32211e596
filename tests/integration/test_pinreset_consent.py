# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from .harness import four_beats

MODULE = "intune_pinreset_consent"
SERVICE = "b8456c59-1230-44c7-a4a2-99b085333e84"
CLIENT = "9115dd05-fad5-4f9c-acc7-305d08b1b04e"
GRANTS = "/oauth2PermissionGrants"

GONE = {"present": False, "enabled": False, "scopes": []}
READY = {"service": {"present": True, "enabled": True, "scopes": ["User.Read"]}, "client": {"present": True, "enabled": True}}


def test_creates_both_applications_and_their_consent(both_doors):
    beats = four_beats(both_doors, MODULE, {})
    assert sorted(beats.run.writes) == [f"POST {GRANTS}", f"POST {GRANTS}", "POST /servicePrincipals", "POST /servicePrincipals"]
    found = beats.run_again.result["pinreset_consent"]
    assert found["ready"]
    assert found["service"]["app_id"] == SERVICE and found["client"]["app_id"] == CLIENT
    assert found["service"]["scopes"] == ["User.Read"]
    assert found["client"]["scopes"] == ["user_impersonation"]
    assert found == {**beats.run.result["pinreset_consent"]}


def test_check_mode_says_null_for_what_only_the_service_can_know(ansible):
    found = ansible.module(MODULE, {}, check_mode=True, diff=True)
    assert found.result["pinreset_consent"]["client"]["scopes"] is None
    assert found.result["pinreset_consent"]["client"]["id"] is None
    assert found.result["diff"]["before"] == {"service": GONE, "client": GONE}


def test_enables_what_was_disabled(both_doors):
    both_doors.module(MODULE, {})
    identity = both_doors.tenant.principal(SERVICE)["id"]
    both_doors.tenant.graph("PATCH", f"/servicePrincipals/{identity}", {"accountEnabled": False})
    beats = four_beats(both_doors, MODULE, {})
    assert beats.run.writes == [f"PATCH /servicePrincipals/{identity}"]
    assert beats.run.result["diff"]["before"]["service"]["enabled"] is False
    assert beats.run.result["diff"]["after"]["service"]["enabled"] is True


def test_widens_a_grant_and_keeps_what_others_granted(both_doors):
    both_doors.module(MODULE, {"service_scopes": ["User.Read", "Directory.Read.All"]})
    beats = four_beats(both_doors, MODULE, {"service_scopes": ["User.Read", "User.Read.All"]})
    assert [write.split("/")[0] for write in beats.run.writes] == ["PATCH "]
    assert beats.run.result["pinreset_consent"]["service"]["scopes"] == ["Directory.Read.All", "User.Read", "User.Read.All"]


def test_scopes_may_stand_in_one_entry_and_blanks_are_none(ansible):
    assert ansible.module(MODULE, {"service_scopes": ["User.Read Directory.Read.All "], "client_scopes": [""]}).changed
    again = ansible.module(MODULE, {"service_scopes": ["Directory.Read.All User.Read"], "client_scopes": [" "]})
    assert not again.changed and again.result["pinreset_consent"]["service"]["scopes"] == ["Directory.Read.All", "User.Read"]


def test_takes_a_consent_by_hand_as_it_is(ansible):
    ansible.module(MODULE, {"client_scopes": ["some.other"]})
    assert not ansible.module(MODULE, {}).changed


def test_restores_from_the_bin_and_makes_no_second_one(both_doors):
    both_doors.module(MODULE, {})
    identity = both_doors.tenant.principal(CLIENT)["id"]
    both_doors.tenant.graph("DELETE", f"/servicePrincipals/{identity}")
    beats = four_beats(both_doors, MODULE, {})
    assert f"POST /directory/deletedItems/{identity}/restore" in beats.run.writes
    assert "POST /servicePrincipals" not in beats.run.writes
    assert beats.run.result["pinreset_consent"]["client"]["id"] == identity


def test_removes_grants_and_applications(both_doors):
    both_doors.module(MODULE, {})
    beats = four_beats(both_doors, MODULE, {"state": "absent"})
    assert sorted(write.split("/")[1] for write in beats.run.writes) == [
        "oauth2PermissionGrants",
        "oauth2PermissionGrants",
        "servicePrincipals",
        "servicePrincipals",
    ]
    assert beats.run.result["pinreset_consent"]["ready"] is False
    assert beats.run.result["diff"]["after"] == {"service": GONE, "client": GONE}


@pytest.mark.parametrize(
    ("settings", "status"),
    [
        ({"consent": "refuse_service_principal"}, 403),
        ({"consent": "refuse_grant"}, 403),
        ({"consent": "refuse_grant", "refuse_grant_status": "400"}, 400),
    ],
)
def test_a_refusal_carries_graphs_reason_and_both_consent_pages(ansible, settings, status):
    ansible.tenant.control.settings(**settings)
    found = ansible.module(MODULE, {})
    assert found.status == "failed"
    assert found.result["error"]["status"] == status
    assert found.result["error"]["request_id"]
    urls = found.result["pinreset_consent"]["consent_urls"]
    assert f"client_id={SERVICE}" in urls["service"] and f"client_id={CLIENT}" in urls["client"]
    assert all(url in found.result["msg"] for url in urls.values())
    assert found.changed == (settings["consent"] == "refuse_grant"), "what was done before the refusal is a change"


@pytest.mark.parametrize("duplicate", ["400", "409"])
@pytest.mark.parametrize("applied", [True, False])
@pytest.mark.parametrize("invisible", ["404", "400"])
def test_waits_out_entras_delay_and_writes_nothing_twice(ansible, duplicate, applied, invisible):
    ansible.tenant.control.settings(
        visibility_reads=2, grant_applied_on_invisible=applied, duplicate_grant=duplicate, grant_on_invisible=invisible
    )
    found = ansible.module(MODULE, {})
    assert found.status == "ok", found.result
    assert found.writes.count("POST /servicePrincipals") == 2
    assert found.result["pinreset_consent"]["ready"]
    assert len(ansible.tenant.graph("GET", GRANTS)["value"]) == 2
    assert not ansible.module(MODULE, {}).changed


def test_a_wait_in_vain_is_said(ansible):
    ansible.tenant.control.settings(visibility_delay=3600)
    found = ansible.module(MODULE, {"wait_timeout": 2})
    assert found.status == "failed"
    assert "Waited 2 s" in found.result["msg"] and "Run again" in found.result["msg"]
    assert found.changed, "both applications were made, though they do not show yet"


def test_refuses_a_cloud_without_documentation_before_any_call(ansible):
    found = ansible.module(MODULE, {"cloud": "china"})
    assert found.status == "failed" and "china" in found.result["msg"] and "allow_undocumented_cloud" in found.result["msg"]
    assert found.journal == []
