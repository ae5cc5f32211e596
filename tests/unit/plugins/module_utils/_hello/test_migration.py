# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._approval.options import ApprovalOptions
from ansible_collections.endpointops.intune.plugins.module_utils._hello import migration
from ansible_collections.endpointops.intune.plugins.module_utils._hello.custom_profile import ODATA_TYPE, PATH, CustomProfile
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import Policy, PolicyScope
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings_catalog import SettingsCatalog
from tests.support.fakes import FakeClock, answer, error, intune, page, tenant
from tests.support.policies import ID, Json

TENANT = "11111111-aaaa-4bbb-8ccc-222222222222"
OTHER_ID = "bbbbbbbb-0000-4000-8000-000000000002"
DEVICE = PolicyScope(TENANT, "device")
URI = f"./Device/Vendor/MSFT/PassportForWork/{TENANT}/Policies/EnablePinRecovery"
BOOLEAN, STRING = "#microsoft.graph.omaSettingBoolean", "#microsoft.graph.omaSettingString"


def oma(uri: str, value: t.Any = True, kind: str = BOOLEAN) -> Json:
    return {"@odata.type": kind, "displayName": "x", "omaUri": uri, "value": value}


def profile(*settings: Json, **more: t.Any) -> Json:
    return {"@odata.type": ODATA_TYPE, "id": ID, "displayName": "PIN", "omaSettings": list(settings), **more}


def read(*settings: Json) -> Policy:
    return CustomProfile().fetch_policy(tenant().client, profile(*settings), DEVICE)


# --- the name -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [CustomProfile(), SettingsCatalog()], ids=["custom", "settings_catalog"])
def test_a_name_that_is_taken_by_the_other_kind_is_refused(other: t.Any) -> None:
    migration.validate_no_conflict(other, None)
    with pytest.raises(errors.SelectionError, match=f"'PIN' of the type {other.name} \\({ID}\\)") as caught:
        migration.validate_no_conflict(other, Policy("PIN", id=ID))
    hint = caught.value.hint or ""
    assert f"set backend (in the role pin_reset_policy_backend) to {other.name}" in hint, "case 68"
    way = "set replace_custom (in the role pin_reset_policy_replace_custom) to true"
    assert (way in hint) is (other.name == "custom"), "only custom profiles can be moved"
    assert caught.value.effects == "none"


# --- movable profiles -----------------------------------------------------------------------------------------------


def test_a_profile_with_our_settings_alone_can_be_moved() -> None:
    migration.validate_movable(read(oma(URI), oma("./Device/Vendor/MSFT/PassportForWork/DynamicLock/Plugins", "<rule/>", STRING)), DEVICE)
    migration.validate_movable(read(), DEVICE)


def test_a_profile_with_paths_without_device_can_be_moved() -> None:
    old = read(oma(URI.replace("./Device/", "./")), oma("./Vendor/MSFT/PassportForWork/DynamicLock/Plugins", "<rule/>", STRING))
    assert old.settings == {"enable_pin_recovery": True, "dynamic_lock_plugins": "<rule/>"}
    migration.validate_movable(old, DEVICE)


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(oma("./Device/Other"), id="another setting"),
        pytest.param(oma(URI.replace("/Device/", "/User/")), id="of users"),
        pytest.param(oma("./Device/Vendor/MSFT/Other"), id="another of the vendor's"),
        pytest.param(oma(f"{URI}s"), id="a path that is none"),
        pytest.param(oma(URI.replace("EnablePinRecovery", "UsePassportForWork"), "true", STRING), id="another type"),
        pytest.param(oma("./Device/Vendor/MSFT/PassportForWork/DynamicLock/Plugins", "****", STRING), id="hidden"),
    ],
)
def test_a_profile_with_more_cannot_be_moved(item: Json) -> None:
    with pytest.raises(errors.SelectionError) as caught:
        migration.validate_movable(read(oma(URI), item), DEVICE)
    assert item["omaUri"] in caught.value.message and caught.value.effects == "none" and "Nothing was changed." in str(caught.value)
    assert f"{URI}," not in caught.value.message


def test_a_path_that_is_there_twice_cannot_be_moved() -> None:
    with pytest.raises(errors.SelectionError, match="EnablePinRecovery"):
        migration.validate_movable(read(oma(URI), oma(URI, False)), DEVICE)


def test_what_the_catalog_does_not_have_cannot_be_moved() -> None:
    with pytest.raises(errors.InvalidOptionError, match="disable_post_logon_provisioning is not in Intune's settings catalog"):
        migration.validate_movable(read(oma(URI.replace("EnablePinRecovery", "DisablePostLogonProvisioning"))), DEVICE)


# --- removal of the old profile -------------------------------------------------------------------------------------

OLD = Policy("PIN", id=ID)
DELETE, LOOK = f"DELETE /v1.0{PATH}/{ID}", f"GET /beta{PATH}/{ID}"


def test_the_old_profile_is_removed_and_waited_for(clock: FakeClock) -> None:
    world = tenant({DELETE: answer(204), LOOK: [answer(200, profile()), error(404)]}, clock=clock)
    migration.remove_replaced(world.client, OLD, DEVICE, timeout=60.0)
    assert world.transport.targets == [DELETE, LOOK, LOOK]


def test_an_old_profile_that_is_gone_is_good() -> None:
    migration.remove_replaced(tenant({DELETE: error(404), LOOK: error(404)}).client, OLD, DEVICE, timeout=60.0)


def test_an_old_profile_that_is_shown_for_too_long_was_still_removed(clock: FakeClock) -> None:
    world = tenant({DELETE: answer(204), LOOK: answer(200, profile())}, clock=clock)
    with pytest.raises(errors.NotReadyError) as caught:
        migration.remove_replaced(world.client, OLD, DEVICE, timeout=5.0)
    assert caught.value.effects == "partial"


def test_a_removal_that_waits_for_approval_is_no_failure() -> None:
    refusal = intune(400, "Header 'x-msft-approval-justification' is required to request approval.")
    steps = [refusal, intune(412, "Approval Required.", x_msft_approval_code=OTHER_ID)]
    script = {DELETE: steps, "GET /beta/deviceManagement/operationApprovalRequests": page()}
    with pytest.raises(errors.ApprovalPendingError) as caught:
        migration.remove_replaced(tenant(script, approval=ApprovalOptions("Please.")).client, OLD, DEVICE, timeout=60.0)
    assert caught.value.effects == "none" and "is still there" not in (caught.value.hint or "")


def test_an_old_profile_that_stays_is_reported() -> None:
    with pytest.raises(errors.ForbiddenError) as caught:
        migration.remove_replaced(tenant({DELETE: error(403)}).client, OLD, DEVICE, timeout=60.0)
    assert f"The custom profile {ID} is still there" in (caught.value.hint or "")
    assert (caught.value.hint or "").startswith("Grant")
