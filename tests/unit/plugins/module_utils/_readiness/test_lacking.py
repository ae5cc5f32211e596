# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the missing permissions of a run of the role, and the advice about them."""

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _permissions as permissions
from ansible_collections.endpointops.intune.plugins.module_utils._application import powers
from ansible_collections.endpointops.intune.plugins.module_utils._readiness import obstacles, summary
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.found import parse_found

ONBOARD = ["intune_pinreset_consent", "intune_pin_policy"]
APPLICATIONS, GRANTS = "Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"
POLICY = "DeviceManagementConfiguration.ReadWrite.All"
LAST_RESORT = f"Grant {APPLICATIONS} and {GRANTS} to an application only as a last resort"
URLS = {"service": "https://login.example/service", "client": "https://login.example/client"}


def connection(*roles):
    """Return the result of the sign-in as an application with these permissions."""
    found = {
        module: {
            "missing": permissions.list_missing(module, roles),
            "missing_in_check_mode": permissions.list_missing(module, roles, check=True),
        }
        for module in permissions.MODULES
    }
    return {"connection": {"client_id": "app-1", "tenant_id": "t-1", "permissions": found}}


def before(state, urls=None):
    return {"readiness": {"levels": {"connected": {"state": state}}, "consent": urls and {"consent_urls": urls}}}


ONBOARDER = ["DeviceManagementConfiguration.ReadWrite.All", "Application.Read.All", "DelegatedPermissionGrant.Read.All"]
READER = ["DeviceManagementConfiguration.Read.All", "Application.Read.All", "DelegatedPermissionGrant.Read.All"]


def stop(roles, modules=(), *, removes=False, **results):
    found = parse_found({"connection": connection(*roles), **results}, check=False, modules=modules)
    return obstacles.list_missing_permissions(found, removes=removes)


def test_what_bootstrap_refuses_to_grant_is_what_only_a_person_is_to_have():
    """No advice may recommend granting a permission that entra_application only grants with force."""
    needed = {row[0] for rows in permissions.MODULES.values() for row in rows}
    assert needed & set(powers.ELEVATING) <= permissions.FOR_PERSONS <= set(powers.ELEVATING)


def test_who_onboards_lets_an_administrator_connect_the_tenant():
    (told,) = stop(ONBOARDER, ONBOARD, before=before("no", URLS))
    assert "An administrator connects the tenant once, by the playbook endpointops.intune.bootstrap, or on the pages" in told
    assert f"{URLS['service']} and then {URLS['client']}" in told
    assert told.endswith(f"{LAST_RESORT}: its holder can take over the tenant.")
    assert "as an application that has" not in told and "consent to them" not in told


def test_the_pages_are_where_the_module_returns_them_if_the_state_was_not_read():
    assert "consent_urls of intune_pinreset_consent_info" in stop(ONBOARDER, ONBOARD)[0]


def test_a_reader_signs_in_as_the_application_that_onboards():
    (told,) = stop(READER, ONBOARD, before=before("yes"))
    assert f"lacks permissions: {POLICY}. Sign in as an application that has it, or grant it to this one in Microsoft Entra" in told
    assert "last resort" not in told


def test_a_reader_of_a_tenant_that_is_not_connected_is_told_both():
    (told,) = stop(READER, ONBOARD, before=before("no"))
    assert f"Sign in as an application that has {POLICY}, or grant it to this one" in told and LAST_RESORT in told


@pytest.mark.parametrize(
    ("roles", "risk"),
    [
        pytest.param(ONBOARDER, True, id="the application that onboards"),
        pytest.param(READER, True, id="a reader"),
        pytest.param([APPLICATIONS, GRANTS], False, id="a person of the Azure CLI"),
    ],
)
def test_offboarding_has_two_parts(roles, risk):
    (told,) = stop(roles, ONBOARD, removes=True)
    assert (
        "with --tags preflight,policy" in told
        and "signed in by 'az login', run it with --tags preflight,consent and INTUNE_AUTH_METHOD=azure_cli" in told
    )
    assert ("only as a last resort" in told) is risk
    assert "bootstrap" not in told and "Sign in as an application that has" not in told


def test_the_removal_of_the_policy_alone_needs_the_permission_for_it_alone():
    (told,) = stop(READER, ["intune_pin_policy"], removes=True)
    assert "Sign in as an application that has it" in told and "--tags" not in told
    assert stop(ONBOARDER, ["intune_pin_policy"], removes=True) == []


@pytest.mark.parametrize(
    ("roles", "modules", "named"),
    [
        (READER, ONBOARD, [APPLICATIONS, GRANTS, POLICY]),
        (ONBOARDER, ONBOARD, [APPLICATIONS, GRANTS]),
        (["DeviceManagementManagedDevices.Read.All"], ["intune_device_passcode"], [permissions.RESET_PASSCODE[0]]),
        ([APPLICATIONS, GRANTS, POLICY], ONBOARD, []),
        ([], [], []),
    ],
)
def test_check_mode_says_what_the_run_would_lack(roles, modules, named):
    results = {"connection": connection(*roles)}
    checked = " ".join(summary.render_summary(parse_found(results, check=True, modules=modules))).replace("  ", " ")
    note = f"Note: Without check mode, this run fails: the application lacks {', '.join(named)}."
    assert (note in " ".join(checked.split())) is bool(named)
    assert "Without check mode" not in " ".join(summary.render_summary(parse_found(results, check=False, modules=modules)))


@pytest.mark.parametrize(
    ("consent", "fails"),
    [
        pytest.param({"changed": False}, False, id="nothing to change"),
        pytest.param({"changed": True}, True, id="a change"),
        pytest.param({"changed": False, "failed": True}, True, id="not known"),
        pytest.param({"skipped": True, "changed": False}, True, id="did not run"),
    ],
)
def test_the_step_consent_alone_is_judged_by_what_it_found(consent, fails):
    results = {"connection": connection(*ONBOARDER), "consent": consent}
    told = " ".join(summary.render_summary(parse_found(results, check=True, modules=["intune_pinreset_consent"])))
    assert ("Without check mode" in told) is fails


def test_a_tenant_that_is_connected_needs_no_consent_of_the_run_either():
    results = {"connection": connection(*ONBOARDER), "before": before("yes")}
    assert "Without check mode" not in " ".join(summary.render_summary(parse_found(results, check=True, modules=ONBOARD)))
