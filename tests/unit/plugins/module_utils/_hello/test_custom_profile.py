# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._approval.options import ApprovalOptions
from ansible_collections.endpointops.intune.plugins.module_utils._directory.display_names import NO_NAMES
from ansible_collections.endpointops.intune.plugins.module_utils._hello import settings
from ansible_collections.endpointops.intune.plugins.module_utils._hello.assignments import Assignment
from ansible_collections.endpointops.intune.plugins.module_utils._hello.custom_profile import CustomProfile
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import Policy, PolicyScope, render_oma_setting
from ansible_collections.endpointops.intune.plugins.module_utils._hello.ownership import PolicyContents
from ansible_collections.endpointops.intune.plugins.module_utils._hello.policy import describe, diff, plan
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import BY_OPTION
from tests.support.fakes import Tenant, answer, body_of, error, intune, page, query_of, tenant
from tests.support.policies import ID, Json, Store, given_values, read_back, shown_profile, values_for, written

TENANT = "11111111-aaaa-4bbb-8ccc-222222222222"
DEVICE, USER = PolicyScope(TENANT, "device"), PolicyScope(TENANT, "user")
BACKEND = CustomProfile()
PATH = "/deviceManagement/deviceConfigurations"
CUSTOM = "#microsoft.graph.windows10CustomConfiguration"
URI = f"./Device/Vendor/MSFT/PassportForWork/{TENANT}/Policies/EnablePinRecovery"
PLUGINS = "./Device/Vendor/MSFT/PassportForWork/DeviceUnlock/Plugins"
LENGTH = f"./Device/Vendor/MSFT/PassportForWork/{TENANT}/Policies/PINComplexity/MinimumPINLength"
# Without Device, which is another way to write the same path.
SHORT_URI, SHORT_PLUGINS, SHORT_LENGTH = (uri.replace("./Device/", "./") for uri in (URI, PLUGINS, LENGTH))
LOCK = "./Device/Vendor/MSFT/PassportForWork/DynamicLock/Plugins"
BOOLEAN, INTEGER, STRING = (f"#microsoft.graph.omaSetting{kind}" for kind in ("Boolean", "Integer", "String"))


def oma(uri: str, value: t.Any, kind: str = BOOLEAN, **more: t.Any) -> Json:
    return {"@odata.type": kind, "displayName": "x", "description": None, "omaUri": uri, "value": value, **more}


def profile(*items: Json, **more: t.Any) -> Json:
    return {"@odata.type": CUSTOM, "id": ID, "displayName": "PIN", "description": "", "omaSettings": list(items), **more}


ON, OFF = oma(URI, True), oma(URI, False)
FOREIGN = oma("./Device/Other", 6, INTEGER)
SECRET = oma("./Device/Secret", "****", STRING, isEncrypted=True, secretReferenceValueId="ref-secret")
HIDDEN = oma(PLUGINS, "****", STRING, isEncrypted=True, secretReferenceValueId="ref-plugins")
HIDDEN_LOCK = oma(LOCK, "****", STRING, isEncrypted=True, secretReferenceValueId="ref-lock")
NAMED = ("device_unlock_plugins",)
REVEAL = f"GET /v1.0{PATH}/{ID}/getOmaSettingPlainTextValue(secretReferenceValueId='ref-plugins')"


def read(raw: Json, policy_scope: PolicyScope = DEVICE, world: Tenant | None = None, reveal: t.Collection[str] = ()) -> Policy:
    return BACKEND.fetch_policy((world or tenant()).client, raw, policy_scope, reveal)


def changed(policy: Policy, **values: t.Any) -> Policy:
    return dataclasses.replace(policy, settings=settings.merge(policy.settings, values))


def update(before: Policy, after: Policy, policy_scope: PolicyScope = DEVICE, world: Tenant | None = None) -> Json:
    ready = BACKEND.prepare_update((world or tenant()).client, before, after, policy_scope)
    return written(lambda client: BACKEND.update(client, ready, after, policy_scope))


# --- reading --------------------------------------------------------------------------------------------------------


def test_a_profile_is_read_whole() -> None:
    target = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
    raw = profile(FOREIGN, ON, oma(LENGTH, 6, INTEGER), description="For all.", roleScopeTagIds=["3", "0"], assignments=[target])
    found = read(raw)
    values = {"enable_pin_recovery": True, "minimum_pin_length": 6}
    assert found == Policy("PIN", "For all.", values, (Assignment("all_devices"),), ("0", "3"), ID)
    assert found.raw == raw


@pytest.mark.parametrize("more", [{}, {"roleScopeTagIds": None}, {"roleScopeTagIds": []}], ids=["missing", "null", "empty"])
def test_no_scope_tags_are_the_default_one(more: Json) -> None:
    assert read(profile(**more)).scope_tags == ("0",)


@pytest.mark.parametrize("name", ["description", "omaSettings", "assignments"])
def test_null_is_nothing(name: str) -> None:
    assert read(profile(**{name: None})) == Policy("PIN", id=ID)


@pytest.mark.parametrize(
    ("settings", "value"),
    [
        pytest.param([ON], True, id="on"),
        pytest.param([OFF], False, id="off"),
        pytest.param([FOREIGN, ON], True, id="beside another"),
        pytest.param([oma(SHORT_URI, True)], True, id="without Device"),
        pytest.param([], None, id="no setting"),
        pytest.param([oma(URI.replace("/Device/", "/User/"), True)], None, id="of the other scope"),
        pytest.param([oma(URI.replace("MSFT/", "MSFT/Policy/"), True)], None, id="Microsoft's misprint"),
        pytest.param([oma(URI.replace(TENANT, f"{{{TENANT}}}"), True)], None, id="braces"),
        pytest.param([oma(URI.upper(), True)], None, id="another letter case"),
        pytest.param([ON, ON], None, id="there twice"),
        pytest.param([ON, oma(SHORT_URI, True)], None, id="there twice, once without Device"),
        pytest.param([oma(URI, "true", STRING)], None, id="true as a string"),
        pytest.param([oma(URI, "true")], None, id="true as a string, called a boolean"),
        pytest.param([oma(URI, True, STRING)], None, id="true, called a string"),
        pytest.param([oma(URI, 1, INTEGER)], None, id="a number"),
        pytest.param([oma(URI, 1)], None, id="a number, called a boolean"),
        pytest.param([oma(URI, None)], None, id="null"),
    ],
)
def test_what_works_on_devices_counts_as_set(settings: list[Json], value: bool | None) -> None:
    assert read(profile(*settings)).settings.get("enable_pin_recovery") is value


def test_settings_of_ours_and_of_others_are_told_apart() -> None:
    ours = [ON, oma(SHORT_LENGTH, 6, INTEGER), HIDDEN, oma(URI.replace("/Device/", "/User/"), True)]
    options = {"enable_pin_recovery", "minimum_pin_length", "device_unlock_plugins"}
    assert BACKEND.read_contents(profile(*ours), TENANT) == PolicyContents(frozenset(options), ())
    others = [oma("./Vendor/B", 1), FOREIGN, FOREIGN, oma(URI.replace(TENANT, "x"), True), oma(PLUGINS.replace("/Device/", "/User/"), "x")]
    told = ("./Device/Other", "./Device/Vendor/B", URI.replace(TENANT, "x"), PLUGINS.replace("/Device/", "/User/"))
    assert BACKEND.read_contents(profile(*ours, *others), TENANT) == PolicyContents(frozenset(options), told)
    assert BACKEND.read_contents(profile(omaSettings=None), TENANT) == PolicyContents(frozenset(), ())


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(oma(URI, "true", STRING), id="case 48: another type"),
        pytest.param(oma(URI, "****", STRING), id="case 48: another type, hidden"),
        pytest.param(oma(PLUGINS, "****", "#microsoft.graph.omaSettingStringXml"), id="case 48: a hidden file"),
        pytest.param(oma(PLUGINS, "****", "#microsoft.graph.omaSettingBase64"), id="case 48: a hidden binary file"),
        pytest.param(oma(URI.lower(), True), id="case 48: another letter case"),
        pytest.param(oma(URI.replace("/PassportForWork/", "/Policy/PassportForWork/"), True), id="case 48: the path of Microsoft's page"),
    ],
)
def test_a_setting_that_this_collection_never_writes_is_of_others(item: Json) -> None:
    assert BACKEND.read_contents(profile(item), TENANT) == PolicyContents(frozenset(), (item["omaUri"],))


def test_a_long_list_of_assignments_is_read_to_its_end() -> None:
    first, second = ({"target": {"@odata.type": f"#microsoft.graph.{kind}AssignmentTarget"}} for kind in ("allDevices", "allLicensedUsers"))
    rest = f"GET /beta{PATH}/{ID}/assignments"
    world = tenant({rest: page(first, second)})
    found = read(profile(assignments=[first], **{"assignments@odata.nextLink": "https://graph.test/next"}), world=world)
    assert found.assignments == (Assignment("all_devices"), Assignment("all_users"))
    assert world.transport.targets == [rest]


@pytest.mark.parametrize(("kind", "other"), [(CUSTOM, None), ("#microsoft.graph.iosCustomConfiguration",) * 2], ids=["ours", "other"])
def test_a_profile_of_another_type_is_reported(kind: str, other: str | None) -> None:
    assert BACKEND.find_mismatch({"@odata.type": kind}) == other


# --- hidden values --------------------------------------------------------------------------------------------------


def test_a_hidden_value_of_ours_is_revealed() -> None:
    world = tenant({REVEAL: answer(200, {"value": "<rule/>"})})
    found = read(profile(HIDDEN, SECRET, HIDDEN_LOCK), world=world, reveal=[*NAMED, "web_sign_in_allowed_urls"])
    assert (found.settings, found.hidden) == ({"device_unlock_plugins": "<rule/>"}, ("dynamic_lock_plugins",))
    assert world.transport.targets == [REVEAL], "the others are nobody's business"


def test_a_hidden_value_at_a_path_without_device_is_revealed() -> None:
    found = read(profile({**HIDDEN, "omaUri": SHORT_PLUGINS}), world=tenant({REVEAL: answer(200, {"value": "<rule/>"})}), reveal=NAMED)
    assert (found.settings, found.hidden) == ({"device_unlock_plugins": "<rule/>"}, ())


@pytest.mark.parametrize("reveal", [(), ("dynamic_lock_plugins", "enable_pin_recovery")], ids=["nothing named", "others named"])
def test_a_hidden_value_that_is_not_named_is_not_asked_for(reveal: tuple[str, ...]) -> None:
    world = tenant()
    found = read(profile(HIDDEN, ON), world=world, reveal=reveal)
    assert (found.settings, found.hidden) == ({"enable_pin_recovery": True}, NAMED)
    assert world.transport.sent == []


@pytest.mark.parametrize(
    ("item", "step"),
    [
        pytest.param(HIDDEN, error(400), id="400"),
        pytest.param(HIDDEN, error(403), id="403"),
        pytest.param(HIDDEN, error(404), id="404"),
        pytest.param(HIDDEN, answer(200, {"value": None}), id="null"),
        pytest.param(HIDDEN, answer(200, {"value": ""}), id="blank"),
        pytest.param(HIDDEN, answer(200, {"value": "****"}), id="still hidden"),
        pytest.param(HIDDEN, answer(200, {}), id="no value"),
        pytest.param(HIDDEN, answer(204), id="no body"),
        pytest.param({**HIDDEN, "secretReferenceValueId": None}, error(500), id="no reference"),
    ],
)
def test_a_value_that_is_not_revealed_is_hidden(item: Json, step: t.Any) -> None:
    found = read(profile(item), world=tenant({REVEAL: step}), reveal=NAMED)
    assert (found.settings, found.hidden) == ({}, NAMED)


def test_another_failure_to_reveal_is_reported() -> None:
    with pytest.raises(errors.ServiceError):
        read(profile(HIDDEN), world=tenant({REVEAL: error(500)}), reveal=NAMED)
    before = read(profile(HIDDEN))
    with pytest.raises(errors.ServiceError):
        BACKEND.prepare_update(tenant({REVEAL: error(500)}).client, before, changed(before, enable_pin_recovery=True), DEVICE)


def test_stars_in_place_of_a_boolean_are_no_value() -> None:
    found = read(profile(oma(URI, "****"), oma(LENGTH, "****", INTEGER)))
    assert (found.settings, found.hidden) == ({}, ())


# --- finding --------------------------------------------------------------------------------------------------------


def test_a_profile_is_found_by_name_with_its_assignments() -> None:
    world = tenant([page(profile(), profile(displayName="pin"), profile(displayName="PINs"))])
    assert BACKEND.fetch_by_name(world.client, "PIN") == [profile()]
    assert world.transport.targets == [f"GET /beta{PATH}"]
    assert query_of(world.transport.sent[0]) == {"$filter": "displayName eq 'PIN'", "$expand": "assignments"}


def test_a_name_cannot_leave_the_filter() -> None:
    world = tenant([page()])
    BACKEND.fetch_by_name(world.client, "O'Brien's")
    assert query_of(world.transport.sent[0])["$filter"] == "displayName eq 'O''Brien''s'"


def test_a_profile_is_found_by_id() -> None:
    world = tenant([answer(200, profile())])
    assert BACKEND.find_by_id(world.client, ID) == profile()
    assert (world.transport.targets, query_of(world.transport.sent[0])) == ([f"GET /beta{PATH}/{ID}"], {"$expand": "assignments"})
    assert BACKEND.find_by_id(tenant([error(404)]).client, ID) is None


# --- creating -------------------------------------------------------------------------------------------------------

NEW = Policy("PIN", "For all.", {"enable_pin_recovery": True})


def test_a_profile_is_made_in_v1() -> None:
    world = tenant([answer(201, {"id": ID})])
    assert BACKEND.create(world.client, NEW, DEVICE) == ID
    assert world.transport.targets == [f"POST /v1.0{PATH}"]
    assert not world.transport.sent[0].idempotent, "a second one would be another profile"
    recovery = {"@odata.type": BOOLEAN, "displayName": "EnablePinRecovery", "description": "", "omaUri": URI, "value": True}
    assert body_of(world.transport.sent[0]) == {
        "@odata.type": CUSTOM,
        "displayName": "PIN",
        "description": "For all.",
        "omaSettings": [recovery],
    }


def test_a_profile_with_scope_tags_is_made_in_beta() -> None:
    world = tenant([answer(201, {"id": ID})])
    BACKEND.create(world.client, dataclasses.replace(NEW, scope_tags=("0", "3")), DEVICE)
    assert world.transport.targets == [f"POST /beta{PATH}"]
    assert body_of(world.transport.sent[0])["roleScopeTagIds"] == ["0", "3"]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        pytest.param(error(400), "since 2024 Intune refuses new custom profiles", id="refused"),
        pytest.param(errors.LostResponseError("Lost."), "may have been made", id="lost"),
        pytest.param(answer(201, b"<html>"), "may have been made", id="not Graph's answer"),
        pytest.param(error(500), "may have been made", id="500"),
        pytest.param(error(403), "Grant", id="403: as usual"),
        pytest.param(intune(400, "Header 'x-msft-approval-justification' is required to request approval."), "Multi Admin", id="protected"),
    ],
)
def test_a_profile_that_cannot_be_made_has_a_hint(step: t.Any, words: str) -> None:
    with pytest.raises(errors.IntuneError) as caught:
        BACKEND.create(tenant([step]).client, NEW, DEVICE)
    assert words in (caught.value.hint or "")
    assert words.startswith("since") or "since 2024" not in (caught.value.hint or "")
    assert caught.value.effects == ("unknown" if words == "may have been made" else None)


def test_a_profile_that_waits_for_approval_is_not_called_refused() -> None:
    refusal = intune(400, "Header 'x-msft-approval-justification' is required to request approval.")
    answers = [refusal, error(403), intune(412, "Approval Required.", x_msft_approval_code=ID), error(403)]
    world = tenant(answers, approval=ApprovalOptions("Please."))
    with pytest.raises(errors.ApprovalPendingError):
        BACKEND.create(world.client, NEW, DEVICE)


# --- updating -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "body", "version"),
    [
        pytest.param({"name": "New"}, {"displayName": "New"}, "v1.0", id="name"),
        pytest.param({"description": ""}, {"description": ""}, "v1.0", id="description"),
        pytest.param({"scope_tags": ("3",)}, {"roleScopeTagIds": ["3"]}, "beta", id="scope tags"),
        pytest.param({"name": "New", "scope_tags": ("3",)}, {"displayName": "New", "roleScopeTagIds": ["3"]}, "beta", id="both"),
    ],
)
def test_only_what_differs_is_written(change: Json, body: Json, version: str) -> None:
    before = read(profile(FOREIGN, ON, SECRET, description="Old."))
    world = tenant([answer(204)])
    BACKEND.update(world.client, before, dataclasses.replace(before, **change), DEVICE)
    assert world.transport.targets == [f"PATCH /{version}{PATH}/{ID}"]
    assert body_of(world.transport.sent[0]) == {"@odata.type": CUSTOM, **body}


def rendered(option: str, value: t.Any) -> Json:
    return render_oma_setting(BY_OPTION[option], value, DEVICE)


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        pytest.param([], [], id="added to none"),
        pytest.param([FOREIGN], [FOREIGN], id="added to another"),
        pytest.param([OFF, FOREIGN], [FOREIGN], id="instead of its own"),
        pytest.param([OFF, OFF], [], id="instead of two"),
        pytest.param([oma(URI, "true", STRING), FOREIGN], [FOREIGN], id="instead of a string"),
        pytest.param([oma(URI, "****", STRING), FOREIGN], [FOREIGN], id="instead of a hidden string"),
        pytest.param([oma(URI.replace(TENANT, TENANT.upper()), True), FOREIGN], [FOREIGN], id="instead of another letter case"),
        pytest.param([oma(SHORT_URI, False), FOREIGN], [FOREIGN], id="instead of a path without Device"),
        pytest.param([OFF, oma(SHORT_URI, False)], [], id="instead of both ways to write it"),
        pytest.param([oma(SHORT_LENGTH, 6, INTEGER)], [oma(SHORT_LENGTH, 6, INTEGER)], id="beside another of ours without Device"),
        pytest.param([{**FOREIGN, "extra": {"a": [1]}}], [{**FOREIGN, "extra": {"a": [1]}}], id="beside one of an unknown shape"),
        pytest.param([oma(LENGTH, 6, INTEGER)], [oma(LENGTH, 6, INTEGER)], id="beside another of ours"),
        pytest.param([oma(LENGTH, "6", STRING)], [oma(LENGTH, "6", STRING)], id="beside one of ours that does not work"),
        pytest.param(
            [{**FOREIGN, "isReadOnly": False, "isEncrypted": False, "secretReferenceValueId": None}], [FOREIGN], id="less what is read only"
        ),
    ],
)
def test_other_settings_go_back_as_they_came(settings: list[Json], kept: list[Json]) -> None:
    before = read(profile(*settings))
    assert update(before, changed(before, enable_pin_recovery=True)) == {
        "@odata.type": CUSTOM,
        "omaSettings": [*kept, rendered("enable_pin_recovery", True)],
    }


def test_a_setting_that_is_cleared_goes() -> None:
    before = read(profile(FOREIGN, oma(PLUGINS, "<rule/>", STRING), ON))
    assert update(before, changed(before, device_unlock_plugins=""))["omaSettings"] == [FOREIGN, ON]


def test_a_hidden_value_that_was_revealed_goes_back_in_clear() -> None:
    before = read(profile(HIDDEN, OFF), world=tenant({REVEAL: answer(200, {"value": "<rule/>"})}), reveal=NAMED)
    body = update(before, changed(before, enable_pin_recovery=True))
    assert body["omaSettings"] == [oma(PLUGINS, "<rule/>", STRING), rendered("enable_pin_recovery", True)]


@pytest.mark.parametrize("uri", [PLUGINS, SHORT_PLUGINS], ids=["with Device", "without"])
def test_a_hidden_value_that_is_not_named_goes_back_as_it_is(uri: str) -> None:
    before = read(profile({**HIDDEN, "omaUri": uri, "description": "Theirs."}, OFF))
    world = tenant({REVEAL: answer(200, {"value": "<rule/>"})})
    body = update(before, changed(before, enable_pin_recovery=True), world=world)
    assert body["omaSettings"] == [
        {**oma(uri, "<rule/>", STRING), "description": "Theirs."},
        rendered("enable_pin_recovery", True),
    ]
    assert world.transport.targets == [REVEAL]


def test_a_hidden_value_that_is_not_named_is_shown_nowhere() -> None:
    before = read(profile(HIDDEN, OFF))
    after = changed(before, enable_pin_recovery=True)
    ready = BACKEND.prepare_update(tenant({REVEAL: answer(200, {"value": "s3cret"})}).client, before, after, DEVICE)
    assert ready.written_back == {"device_unlock_plugins": "s3cret"}
    assert ready == before and plan(ready, after) == ["update"], "it is nothing that differs"
    shown = [
        diff(ready, after, NO_NAMES),
        *(describe(each, "custom", DEVICE, NO_NAMES) for each in (ready, after)),
        repr(ready),
        repr(after),
    ]
    assert "s3cret" not in json.dumps(shown)
    assert "device_unlock_plugins" not in diff(ready, after, NO_NAMES)[0]


def test_hidden_values_are_not_asked_for_where_no_setting_is_written() -> None:
    before = read(profile(ON, HIDDEN))
    assert update(before, dataclasses.replace(before, name="New")) == {"@odata.type": CUSTOM, "displayName": "New"}
    world = tenant()
    assert BACKEND.prepare_update(world.client, before, before, DEVICE).written_back == {}
    assert world.transport.sent == []


@pytest.mark.parametrize(
    ("item", "uri"), [(SECRET, "./Device/Secret"), (HIDDEN, PLUGINS), (oma("./X", "****"), "./X")], ids=["foreign", "ours", "no string"]
)
def test_a_profile_with_a_value_that_nobody_knows_is_not_written_back(item: Json, uri: str) -> None:
    before = read(profile(OFF, item))
    after = changed(before, enable_pin_recovery=True)
    world = tenant({REVEAL: error(403)})
    with pytest.raises(errors.SelectionError, match=uri) as caught:
        BACKEND.prepare_update(world.client, before, after, DEVICE)
    assert caught.value.effects == "none" and "Nothing was changed." in str(caught.value)
    assert world.transport.targets == ([REVEAL] if item is HIDDEN else []), "what is not ours is not asked for"
    world = tenant()
    with pytest.raises(errors.SelectionError):
        BACKEND.update(world.client, before, after, DEVICE)
    assert world.transport.sent == []


def test_a_secret_does_not_matter_where_no_setting_is_written() -> None:
    before = read(profile(ON, SECRET))
    assert update(before, dataclasses.replace(before, name="New")) == {"@odata.type": CUSTOM, "displayName": "New"}


# --- properties -----------------------------------------------------------------------------------------------------

scopes = st.sampled_from([DEVICE, USER])
scoped = scopes.flatmap(lambda policy_scope: st.tuples(st.just(policy_scope), values_for(policy_scope.scope)))
foreign = st.lists(
    st.builds(
        oma,
        st.sampled_from(["./Device/Other", "./User/Other", URI.replace(TENANT, "x"), URI.upper()]),
        st.sampled_from([True, 6, "text", None, ""]),
        st.sampled_from([BOOLEAN, INTEGER, STRING, "#microsoft.graph.omaSettingNew"]),
        fileName=st.sampled_from(["a.xml", None]),
    ),
    max_size=4,
)


@given(scoped)
def test_what_is_made_reads_back(given_: tuple[PolicyScope, Json]) -> None:
    policy_scope, values = given_
    body = written(lambda client: BACKEND.create(client, Policy("PIN", "x", values), policy_scope))
    assert read_back(BACKEND, body, policy_scope) == Policy("PIN", "x", values, id=ID)


@given(
    scopes.flatmap(lambda policy_scope: st.tuples(st.just(policy_scope), values_for(policy_scope.scope), given_values(policy_scope.scope))),
    foreign,
)
def test_what_is_changed_reads_back_and_the_rest_is_as_it_was(given_: tuple[PolicyScope, Json, Json], others: list[Json]) -> None:
    policy_scope, values, wanted = given_
    made = written(lambda client: BACKEND.create(client, Policy("PIN", "", values), policy_scope))
    others = [item for item in others if item["omaUri"] != URI.upper() or "enable_pin_recovery" not in wanted]
    raw = shown_profile({**made, "omaSettings": [*others, *made["omaSettings"]]}, hide=False)
    before = read(raw, policy_scope)
    after = changed(before, **wanted)
    if after == before:
        return
    body = update(before, after, policy_scope)
    assert read(shown_profile({**raw, **body}, hide=False), policy_scope).settings == after.settings
    assert body["omaSettings"][: len(others)] == others, "untouched, and in order"


@given(scoped, given_values("device"), st.booleans())
def test_no_stars_are_ever_written(given_: tuple[PolicyScope, Json], wanted: Json, revealed: bool) -> None:
    policy_scope, values = given_
    raw = shown_profile(written(lambda client: BACKEND.create(client, Policy("PIN", "", values), policy_scope)))
    references = {item["secretReferenceValueId"]: None for item in raw["omaSettings"]}
    if revealed:
        references = dict.fromkeys(references, "{D6886603-9D2F-4EB2-B667-1971041FA96B}")
    client = tenant(Store(references)).client
    before = BACKEND.fetch_policy(client, raw, policy_scope, wanted)
    after = changed(before, **{name: value for name, value in wanted.items() if policy_scope.scope in BY_OPTION[name].scopes})
    store = Store()
    try:
        BACKEND.update(tenant(store).client, BACKEND.prepare_update(client, before, after, policy_scope), after, policy_scope)
    except errors.SelectionError:
        assert not revealed
    assert all("****" not in json.dumps(body_of(request)) for request in store.written)
