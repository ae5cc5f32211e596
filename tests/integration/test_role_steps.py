# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The steps of the role: their order, which of them run, and what is asked and checked for those that do."""

from __future__ import annotations

from .test_role import ASSIGNED, OUTCOME, printed, run, writes

PHONE = {"pin_reset_devices": ["PHONE-HELPDESK-01"]}
ROLE = {"name": "endpointops.intune.pin_reset"}


def resets(play) -> list[str]:
    return [write for write in writes(play) if "resetPasscode" in write]


def add_opponent(ansible) -> None:
    """Add a policy of another team that turns PIN recovery off for everybody."""
    tenant = ansible.tenant.env["INTUNE_TENANT_ID"]
    uri = f"./Device/Vendor/MSFT/PassportForWork/{tenant}/Policies/EnablePinRecovery"
    setting = {"@odata.type": "#microsoft.graph.omaSettingBoolean", "displayName": "PIN", "description": "", "omaUri": uri, "value": False}
    everywhere = [{"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}]
    ansible.tenant.control.add_policy("custom", "Other", values={"omaSettings": [setting]}, assignments=everywhere)


# --- order ----------------------------------------------------------------------------------------------------------


def test_no_reset_is_sent_in_a_run_that_fails_for_a_reason_that_was_known_before(ansible):
    add_opponent(ansible)
    for _again in range(2):
        play = run(ansible, "onboard", **ASSIGNED, **PHONE)
        assert play.code == 2 and "'Other' and 'PIN recovery' disagree" in play[OUTCOME].result["msg"], play.output
        assert resets(play) == [] and ansible.tenant.control.resets() == {}
    assert len(printed(run(ansible, "onboard", pin_reset_allow_unassigned=True, **ASSIGNED, **PHONE))) <= 12


def test_the_tenant_is_judged_between_its_changes_and_the_resets(ansible):
    play = run(ansible, "onboard", **ASSIGNED, **PHONE)
    steps = [name.split(" : ")[-1].split(" | ")[0] for name in printed(play)]
    order = ["Begin", "Preflight", "Look", "Check", "Consent", "Policy", "Verify", "Outcome", "Devices", "Summary"]
    assert [name for name in dict.fromkeys(steps) if name in order] == order and len(printed(play)) <= 12
    assert play.code == 0 and len(resets(play)) == 1
