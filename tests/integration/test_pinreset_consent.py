# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from .harness import four_beats, one_of

MODULE = "intune_pinreset_consent"
INFO = "intune_pinreset_consent_info"
SERVICE = "b8456c59-1230-44c7-a4a2-99b085333e84"
CLIENT = "9115dd05-fad5-4f9c-acc7-305d08b1b04e"
DIRECTORY = "00000002-0000-0000-c000-000000000000"
GRANTS = "/oauth2PermissionGrants"
USER = "66666666-6666-4666-8666-666666666666"

GONE = {"present": False, "enabled": False, "scopes": []}
READY = {"service": {"present": True, "enabled": True, "scopes": ["User.Read"]}, "client": {"present": True, "enabled": True}}


def test_creates_both_applications_and_their_consent(each_execution):
    beats = four_beats(each_execution, MODULE, {})
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


def test_enables_what_was_disabled(each_execution):
    each_execution.module(MODULE, {})
    identity = each_execution.tenant.principal(SERVICE)["id"]
    each_execution.tenant.graph("PATCH", f"/servicePrincipals/{identity}", {"accountEnabled": False})
    beats = four_beats(each_execution, MODULE, {})
    assert beats.run.writes == [f"PATCH /servicePrincipals/{identity}"]
    assert beats.run.result["diff"]["before"]["service"]["enabled"] is False
    assert beats.run.result["diff"]["after"]["service"]["enabled"] is True


def test_widens_a_grant_and_keeps_what_others_granted(each_execution):
    each_execution.module(MODULE, {"service_scopes": ["User.Read", "Directory.Read.All"]})
    beats = four_beats(each_execution, MODULE, {"service_scopes": ["User.Read", "User.Read.All"]})
    assert [write.split("/")[0] for write in beats.run.writes] == ["PATCH "]
    assert beats.run.result["pinreset_consent"]["service"]["scopes"] == ["Directory.Read.All", "User.Read", "User.Read.All"]


def test_the_second_run_proves_in_two_round_trips_that_nothing_is_to_be_done(ansible):
    again = ansible.cases(MODULE, {"first": {}, "again": {}})["again"]
    assert not again.changed
    graph = [entry for entry in again.journal if entry["kind"] == "graph"]
    assert [(entry["method"], entry["path"]) for entry in graph] == [("GET", "/servicePrincipals"), ("POST", "/$batch")]


def test_purges_what_is_too_much_and_leaves_the_rest_alone(each_execution):
    each_execution.module(MODULE, {"service_scopes": ["User.Read", "Directory.Read.All"]})
    client, service = (each_execution.tenant.principal(app_id)["id"] for app_id in (CLIENT, SERVICE))
    personal = {"clientId": client, "resourceId": service, "consentType": "Principal", "principalId": USER, "scope": "mine"}
    each_execution.tenant.graph("POST", GRANTS, personal)
    assert not each_execution.module(MODULE, {}).changed, "it is never narrowed unasked"
    beats = four_beats(each_execution, MODULE, {"purge_grants": True, "client_scopes": []})
    assert sorted(write.split()[0] for write in beats.run.writes) == ["DELETE", "PATCH"]
    assert beats.run.result["diff"]["before"]["service"]["scopes"] == ["Directory.Read.All", "User.Read"]
    found = beats.run.result["pinreset_consent"]
    assert (found["service"]["scopes"], found["client"]["scopes"], found["ready"]) == (["User.Read"], [], True)
    assert found["client"]["grants"] == [
        {"resource_app_id": SERVICE, "resource_id": service, "consent_type": "Principal", "principal_id": USER, "scopes": ["mine"]}
    ]


def test_scopes_may_stand_in_one_entry_and_blanks_are_none(ansible):
    found = ansible.cases(
        MODULE,
        {
            "first": {"service_scopes": ["User.Read Directory.Read.All "], "client_scopes": [""]},
            "again": {"service_scopes": ["Directory.Read.All User.Read"], "client_scopes": [" "]},
        },
    )
    again = found["again"]
    assert found["first"].changed
    assert not again.changed and again.result["pinreset_consent"]["service"]["scopes"] == ["Directory.Read.All", "User.Read"]


def test_case_47_a_grant_of_what_the_service_does_not_publish_is_no_consent(ansible):
    made = ansible.module(MODULE, {"client_scopes": ["some.other"]})
    assert made.changed and made.result["pinreset_consent"]["ready"] is False
    assert "some.other only, which the PIN Reset Service does not publish" in made.result["warnings"][0]
    found = ansible.module(INFO, {}).result["pinreset_consent"]
    assert (found["ready"], found["client"]["consented"], found["client"]["scopes"]) == (False, False, ["some.other"])
    assert (found["client"]["missing_scopes"], found["service"]["missing_scopes"]) == (["user_impersonation"], [])
    beats = four_beats(ansible, MODULE, {})
    assert beats.run.result["pinreset_consent"]["client"]["scopes"] == ["some.other", "user_impersonation"]
    assert beats.run.result["pinreset_consent"]["ready"] is True


def test_restores_from_the_bin_and_makes_no_second_one(each_execution):
    each_execution.module(MODULE, {})
    identity = each_execution.tenant.principal(CLIENT)["id"]
    each_execution.tenant.graph("DELETE", f"/servicePrincipals/{identity}")
    beats = four_beats(each_execution, MODULE, {})
    assert f"POST /directory/deletedItems/{identity}/restore" in beats.run.writes
    assert "POST /servicePrincipals" not in beats.run.writes
    assert beats.run.result["pinreset_consent"]["client"]["id"] == identity


def test_leaves_in_the_bin_what_is_not_to_be_restored(each_execution):
    each_execution.module(MODULE, {})
    identity = each_execution.tenant.principal(CLIENT)["id"]
    each_execution.tenant.graph("DELETE", f"/servicePrincipals/{identity}")
    found = each_execution.module(MODULE, {"restore_deleted": False})
    assert (found.status, found.changed, found.writes) == ("failed", False, [])
    deleted = found.result["pinreset_consent"]["client"]["deleted"]
    assert all(part in found.result["msg"] for part in (identity, deleted, "restore_deleted to true", "delete it for good"))
    each_execution.tenant.graph("DELETE", f"/directory/deletedItems/{identity}")
    assert each_execution.module(MODULE, {"restore_deleted": False}).result["pinreset_consent"]["ready"]


def test_removes_grants_and_applications(each_execution):
    each_execution.module(MODULE, {})
    beats = four_beats(each_execution, MODULE, {"state": "absent"})
    assert sorted(write.split("/")[1] for write in beats.run.writes) == [
        "oauth2PermissionGrants",
        "oauth2PermissionGrants",
        "servicePrincipals",
        "servicePrincipals",
    ]
    assert beats.run.result["pinreset_consent"]["ready"] is False
    assert beats.run.result["diff"]["after"] == {"service": GONE, "client": GONE}


def test_keeps_what_others_granted_unless_told_to_remove_it(each_execution):
    each_execution.module(MODULE, {"service_scopes": ["User.Read", "Directory.Read.All"]})
    beats = four_beats(each_execution, MODULE, {"state": "absent"})
    assert [write.split("/")[0] for write in beats.run.writes] == ["PATCH ", "DELETE ", "DELETE "]
    found = beats.run_again.result["pinreset_consent"]
    service = found["service"]
    assert (service["present"], service["consented"], service["scopes"]) == (True, False, ["Directory.Read.All"])
    assert found["client"]["deleted"] and not found["client"]["present"]
    for beat in beats:
        (warning,) = beat.result["warnings"]
        assert SERVICE in warning and "Directory.Read.All" in warning and "purge_grants to true" in warning
    beats = four_beats(each_execution, MODULE, {"state": "absent", "purge_grants": True})
    assert beats.run.result["diff"]["after"] == {"service": GONE, "client": GONE}
    assert each_execution.tenant.graph("GET", GRANTS)["value"] == []


@pytest.mark.parametrize(
    ("settings", "status"),
    one_of(
        ({"consent": "refuse_service_principal"}, 403),
        ({"consent": "refuse_grant"}, 403),
        ({"consent": "refuse_grant", "refuse_grant_status": "400"}, 400),
    ),
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


@pytest.mark.parametrize("duplicate", one_of("409", "400"))
@pytest.mark.parametrize("applied", one_of(True, False))
@pytest.mark.parametrize("invisible", one_of("404", "400"))
def test_waits_out_entras_delay_and_writes_nothing_twice(ansible, duplicate, applied, invisible):
    ansible.tenant.control.settings(
        visibility_reads=2, grant_applied_on_invisible=applied, duplicate_grant=duplicate, grant_on_invisible=invisible
    )
    found, again = ansible.cases(MODULE, {"run": {}, "again": {}}).values()
    assert found.status == "ok", found.result
    assert found.writes.count("POST /servicePrincipals") == 2
    assert found.result["pinreset_consent"]["ready"]
    assert len(ansible.tenant.graph("GET", GRANTS)["value"]) == 2
    assert (again.status, again.changed, again.writes) == ("ok", False, [])


@pytest.mark.exhaustive
@pytest.mark.parametrize("begin", ["nothing", "bin", "narrow", "absent"])
def test_waits_out_the_longest_delay(ansible, begin):
    options = {"service_scopes": ["User.Read", "More"]} if begin == "narrow" else {"state": "absent"} if begin == "absent" else {}
    if begin != "nothing":
        ansible.cases(MODULE, {"present": {}, **({"in the bin": {"state": "absent"}} if begin == "bin" else {})})
    ansible.tenant.control.settings(
        visibility_reads=6, grant_applied_on_invisible=True, duplicate_grant="409", grant_on_invisible="404", restore_brings_grants=True
    )
    found, again = ansible.cases(MODULE, {"run": options, "again": options}).values()
    assert found.status == "ok", found.result
    writes = [(entry["method"], entry["path"], str(entry["body"])) for entry in found.journal if entry["write"]]
    assert len(writes) == len(set(writes)), "something was written twice"
    assert (again.status, again.changed, again.writes) == ("ok", False, [])


# The unit tests of the module have all of them.
BREAKS = one_of(
    ("drop_after", "POST", "^/servicePrincipals$", {}),
    ("drop_before", "POST", "^/servicePrincipals$", {}),
    ("drop_after", "POST", GRANTS, {}),
    ("status", "POST", GRANTS, {"status": 500}),
    ("status", "POST", GRANTS, {"status": 500, "processed": True}),
    ("drop_after", "DELETE", GRANTS, {}),
    ("status", "DELETE", "^/servicePrincipals", {"status": 500, "processed": True}),
)


@pytest.mark.parametrize("skip", one_of(0, 1))
@pytest.mark.parametrize(("kind", "method", "path", "details"), BREAKS)
def test_an_interrupted_run_is_finished_by_the_next(ansible, kind, method, path, details, skip):
    options = {"retry_timeout": 0, **({"state": "absent"} if method == "DELETE" else {})}
    if method == "DELETE":
        ansible.module(MODULE, {})
    ansible.tenant.control.arm(kind, method=method, path=path, skip=skip, **details)
    first, found, again = ansible.cases(MODULE, {"first": options, "next": options, "again": options}).values()
    assert (first.status == "failed") is (kind == "status")
    assert (found.status, found.result["pinreset_consent"]["ready"]) == ("ok", method == "POST")
    assert len(ansible.tenant.graph("GET", GRANTS)["value"]) == (2 if method == "POST" else 0)
    assert again.writes == []


def test_a_consent_by_hand_is_found_by_the_next_run(ansible):
    ansible.tenant.control.settings(consent="refuse_grant")
    assert ansible.module(MODULE, {}).status == "failed"
    ids = {app_id: ansible.tenant.principal(app_id)["id"] for app_id in (SERVICE, CLIENT, DIRECTORY)}
    ansible.tenant.control.settings(consent="allow")
    for client, resource, scope in ((SERVICE, DIRECTORY, "User.Read"), (CLIENT, SERVICE, "user_impersonation")):
        body = {"clientId": ids[client], "resourceId": ids[resource], "consentType": "AllPrincipals", "scope": scope}
        ansible.tenant.graph("POST", GRANTS, body)
    ansible.tenant.control.settings(consent="refuse_grant")
    found = ansible.module(MODULE, {})
    assert (found.status, found.changed, found.result["pinreset_consent"]["ready"]) == ("ok", False, True)


def test_a_wait_in_vain_is_said(ansible):
    ansible.tenant.control.settings(visibility_delay=3600)
    found = ansible.module(MODULE, {"wait_timeout": 2})
    assert found.status == "failed"
    assert "Timed out after 2 seconds" in found.result["msg"] and "Run the task again" in found.result["msg"]
    assert found.result["error"]["effects"] == "partial" and "Some changes were made." in found.result["msg"]
    assert found.changed, "both applications were made, though they do not show yet"


def test_a_cloud_without_documentation_and_what_is_no_scope_are_refused_before_any_call(ansible):
    cases = {
        "cloud": ({"cloud": "china"}, ("china", "allow_undocumented_cloud")),
        "quote": ({"client_scopes": ['User"Read']}, ("client_scopes",)),
        "long": ({"client_scopes": ["x" * 4000]}, ("client_scopes",)),
        "long together": ({"client_scopes": [" ".join(f"{'s' * 100}{number}" for number in range(50))]}, ("client_scopes",)),
    }
    for name, found in ansible.cases(MODULE, {name: options for name, (options, _words) in cases.items()}).items():
        assert found.status == "failed" and all(word in found.result["msg"] for word in cases[name][1]), (name, found.result)
        assert found.journal == [], name


# --- the info module ------------------------------------------------------------------------------------------------


def test_info_tells_what_is_there_and_changes_nothing(each_execution):
    nothing = each_execution.module(INFO, {})
    assert (nothing.status, nothing.changed, nothing.writes) == ("ok", False, [])
    assert nothing.result["pinreset_consent"]["ready"] is False
    done = each_execution.module(MODULE, {})
    found = each_execution.module(INFO, {}, check_mode=True)
    assert found.result["pinreset_consent"] == done.result["pinreset_consent"]
    assert len([entry for entry in found.journal if entry["kind"] == "graph"]) == 2
    more = each_execution.module(INFO, {"client_scopes": ["user_impersonation", "more"]}).result["pinreset_consent"]
    assert (more["ready"], more["client"]["consented"], more["service"]["consented"]) == (False, False, True)
    each_execution.module(MODULE, {"state": "absent"})
    gone = each_execution.module(INFO, {}).result["pinreset_consent"]
    assert gone["service"]["deleted"] and gone["client"]["deleted"] and not gone["service"]["present"]
    assert set(gone["service"]) == set(found.result["pinreset_consent"]["service"])


def test_info_needs_the_permissions_that_it_names(ansible):
    missing = {
        ("Application.Read.All", "DelegatedPermissionGrant.Read.All"): None,
        ("Directory.Read.All",): None,
        ("Application.Read.All",): "DelegatedPermissionGrant.Read.All",
        ("DelegatedPermissionGrant.Read.All",): "Application.Read.All",
    }
    ansible.module(MODULE, {})
    apps = [ansible.tenant.control.add_app(roles=list(roles)) for roles in missing]
    signed = [{"client_id": app["client_id"], "client_secret": app["client_secret"]} for app in apps]
    runs = ansible.cases(INFO, dict(zip(map(" ".join, missing), signed, strict=True)))
    for found, told in zip(runs.values(), missing.values(), strict=True):
        if told is None:
            assert found.status == "ok" and found.result["pinreset_consent"]["ready"] is True, found.name
        else:
            assert found.status == "failed" and told in found.result["msg"], (found.name, found.result)
