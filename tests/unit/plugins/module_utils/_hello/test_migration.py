# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._hello import migration as pin_move
from ansible_collections.endpointops.intune.plugins.module_utils._hello.custom_profile import CUSTOM, PATH, CustomProfile
from ansible_collections.endpointops.intune.plugins.module_utils._hello.policy import Place, Policy
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import BY_OPTION
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings_catalog import SettingsCatalog
from tests.support.fakes import FakeClock, answer, error, page, tenant
from tests.support.policies import ID, Json

TENANT = "11111111-aaaa-4bbb-8ccc-222222222222"
OTHER_ID = "bbbbbbbb-0000-4000-8000-000000000002"
DEVICE = Place(TENANT, "device")
URI = f"./Device/Vendor/MSFT/PassportForWork/{TENANT}/Policies/EnablePinRecovery"
BOOLEAN, STRING = "#microsoft.graph.omaSettingBoolean", "#microsoft.graph.omaSettingString"


def oma(uri: str, value: t.Any = True, kind: str = BOOLEAN) -> Json:
    return {"@odata.type": kind, "displayName": "x", "omaUri": uri, "value": value}


def profile(*settings: Json, **more: t.Any) -> Json:
    return {"@odata.type": CUSTOM, "id": ID, "displayName": "PIN", "omaSettings": list(settings), **more}


def read(*settings: Json) -> Policy:
    return CustomProfile().normalise(tenant().client, profile(*settings), DEVICE)


# --- the namesake ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "identity"),
    [
        pytest.param([], None, id="none"),
        pytest.param([profile(oma(URI))], ID, id="one"),
        pytest.param([profile(**{"@odata.type": "#microsoft.graph.iosCustomConfiguration"})], None, id="one for another platform"),
        pytest.param([profile(**{"@odata.type": "#microsoft.graph.x", "id": OTHER_ID}), profile()], ID, id="beside another"),
        pytest.param([profile(displayName="pin")], None, id="another letter case"),
    ],
)
def test_a_policy_of_the_same_name_is_found(found: list[Json], identity: str | None) -> None:
    policy = pin_move.namesake(tenant([page(*found)]).client, CustomProfile(), "PIN", DEVICE)
    assert (policy and policy.id) == identity


@pytest.mark.parametrize("named", [True, False])
def test_hidden_values_of_a_namesake_are_asked_for_when_it_is_to_be_moved(named: bool) -> None:
    hidden = {**oma("./Device/Vendor/MSFT/PassportForWork/DynamicLock/Plugins", "****", STRING), "secretReferenceValueId": "ref-1"}
    reveal = f"GET /v1.0{PATH}/{ID}/getOmaSettingPlainTextValue(secretReferenceValueId='ref-1')"
    world = tenant({f"GET /beta{PATH}": page(profile(hidden)), reveal: answer(200, {"value": "<rule/>"})})
    found = pin_move.namesake(world.client, CustomProfile(), "PIN", DEVICE, BY_OPTION if named else ())
    assert found is not None and found.hidden == (() if named else ("dynamic_lock_plugins",))
    assert (reveal in world.transport.targets) is named


def test_several_of_the_same_name_are_refused_with_their_ids() -> None:
    with pytest.raises(errors.SelectionError, match=f"{ID}, {OTHER_ID}"):
        pin_move.namesake(tenant([page(profile(id=OTHER_ID), profile())]).client, CustomProfile(), "PIN", DEVICE)


@pytest.mark.parametrize("other", [CustomProfile(), SettingsCatalog()], ids=["custom", "settings_catalog"])
def test_a_name_that_is_taken_by_the_other_kind_is_refused(other: t.Any) -> None:
    pin_move.check_free(other, None)
    with pytest.raises(errors.SelectionError, match=f"'PIN' of the kind {other.name} \\({ID}\\)") as caught:
        pin_move.check_free(other, Policy("PIN", id=ID))
    assert f"Set backend to {other.name}" in (caught.value.hint or "")
    assert ("replace_custom" in (caught.value.hint or "")) is (other.name == "custom"), "only custom profiles can be moved"


# --- what can be moved ----------------------------------------------------------------------------------------------


def test_a_profile_with_our_settings_alone_can_be_moved() -> None:
    pin_move.check_movable(read(oma(URI), oma("./Device/Vendor/MSFT/PassportForWork/DynamicLock/Plugins", "<rule/>", STRING)), DEVICE)
    pin_move.check_movable(read(), DEVICE)


def test_a_profile_with_paths_without_device_can_be_moved() -> None:
    old = read(oma(URI.replace("./Device/", "./")), oma("./Vendor/MSFT/PassportForWork/DynamicLock/Plugins", "<rule/>", STRING))
    assert old.settings == {"enable_pin_recovery": True, "dynamic_lock_plugins": "<rule/>"}
    pin_move.check_movable(old, DEVICE)


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
        pin_move.check_movable(read(oma(URI), item), DEVICE)
    assert item["omaUri"] in caught.value.message and "Nothing was written" in (caught.value.hint or "")
    assert f"{URI}," not in caught.value.message


def test_a_path_that_is_there_twice_cannot_be_moved() -> None:
    with pytest.raises(errors.SelectionError, match="EnablePinRecovery"):
        pin_move.check_movable(read(oma(URI), oma(URI, False)), DEVICE)


def test_what_the_catalog_does_not_have_cannot_be_moved() -> None:
    with pytest.raises(errors.InvalidOptionError, match="disable_post_logon_provisioning is not in Intune's settings catalog"):
        pin_move.check_movable(read(oma(URI.replace("EnablePinRecovery", "DisablePostLogonProvisioning"))), DEVICE)


# --- taking it away -------------------------------------------------------------------------------------------------

OLD = Policy("PIN", id=ID)
DELETE, LOOK = f"DELETE /v1.0{PATH}/{ID}", f"GET /beta{PATH}/{ID}"


def test_the_old_profile_is_removed_and_waited_for(clock: FakeClock) -> None:
    world = tenant({DELETE: answer(204), LOOK: [answer(200, profile()), error(404)]}, clock=clock)
    pin_move.remove(world.client, OLD, DEVICE, 60.0)
    assert world.transport.targets == [DELETE, LOOK, LOOK]


def test_an_old_profile_that_is_gone_is_good() -> None:
    pin_move.remove(tenant({DELETE: error(404), LOOK: error(404)}).client, OLD, DEVICE, 60.0)


def test_an_old_profile_that_stays_is_told() -> None:
    with pytest.raises(errors.ForbiddenError) as caught:
        pin_move.remove(tenant({DELETE: error(403)}).client, OLD, DEVICE, 60.0)
    assert f"the custom profile {ID} is still there" in (caught.value.hint or "")
    assert (caught.value.hint or "").startswith("Grant")
