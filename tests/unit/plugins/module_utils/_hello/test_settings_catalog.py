# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import dataclasses
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._hello.assignments import Assignment
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import Policy, PolicyScope
from ansible_collections.endpointops.intune.plugins.module_utils._hello.ownership import PolicyContents
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import BY_OPTION, merge
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings_catalog import (
    SettingsCatalog,
    merge_settings,
    parse_instance,
    parse_settings,
)
from tests.support.fakes import answer, body_of, error, page, query_of, tenant
from tests.support.policies import ID, Json, given_values, read_back, shown_catalog_policy, values_for, written

TENANT = "11111111-aaaa-4bbb-8ccc-222222222222"
DEVICE, USER = PolicyScope(TENANT, "device"), PolicyScope(TENANT, "user")
BACKEND = SettingsCatalog()
PATH = "/deviceManagement/configurationPolicies"
PREFIX = "#microsoft.graph.deviceManagementConfiguration"
GROUP, USER_GROUP = "device_vendor_msft_passportforwork_{tenantid}", "user_vendor_msft_passportforwork_{tenantid}"
RECOVERY = f"{GROUP}_policies_enablepinrecovery"
LENGTH = f"{GROUP}_policies_pincomplexity_minimumpinlength"
BIOMETRICS = "device_vendor_msft_passportforwork_biometrics_usebiometrics"


def choice(definition: str, option: str, **more: t.Any) -> Json:
    value = {"@odata.type": f"{PREFIX}ChoiceSettingValue", "value": f"{definition}_{option}", "children": []}
    return {"@odata.type": f"{PREFIX}ChoiceSettingInstance", "settingDefinitionId": definition, "choiceSettingValue": value, **more}


def number(definition: str, value: t.Any) -> Json:
    simple = {"@odata.type": f"{PREFIX}IntegerSettingValue", "value": value}
    return {"@odata.type": f"{PREFIX}SimpleSettingInstance", "settingDefinitionId": definition, "simpleSettingValue": simple}


def texts(definition: str, *values: t.Any) -> Json:
    collection = [{"@odata.type": f"{PREFIX}StringSettingValue", "value": value} for value in values]
    kind = f"{PREFIX}SimpleSettingCollectionInstance"
    return {"@odata.type": kind, "settingDefinitionId": definition, "simpleSettingCollectionValue": collection}


def group(*children: Json, definition: str = GROUP) -> Json:
    value = [{"@odata.type": f"{PREFIX}GroupSettingValue", "children": list(children)}]
    kind = f"{PREFIX}GroupSettingCollectionInstance"
    return {"@odata.type": kind, "settingDefinitionId": definition, "groupSettingCollectionValue": value}


def settings(*instances: Json) -> list[Json]:
    return [{"@odata.type": f"{PREFIX}Setting", "settingInstance": instance} for instance in instances]


def policy(*instances: Json, **more: t.Any) -> Json:
    body = {"name": "PIN", "description": "", "platforms": "windows10", "technologies": "mdm", "roleScopeTagIds": ["0"]}
    return shown_catalog_policy({**body, "settings": settings(*instances), **more})


ON, OFF = choice(RECOVERY, "true"), choice(RECOVERY, "false")
OTHER = choice("device_vendor_msft_policy_config_defender_allowx", "1")
OTHER_CHILD = choice(f"{GROUP}_policies_disablepostlogoncredentialcaching", "true")
SECRET = {
    "@odata.type": f"{PREFIX}SimpleSettingInstance",
    "settingDefinitionId": "vendor_key",
    "simpleSettingValue": {"@odata.type": f"{PREFIX}SecretSettingValue", "value": "reference", "valueState": "encryptedValueToken"},
}


def read(raw: Json, policy_scope: PolicyScope = DEVICE) -> Policy:
    return BACKEND.fetch_policy(tenant().client, raw, policy_scope)


def changed(before: Policy, **values: t.Any) -> Policy:
    return dataclasses.replace(before, settings=merge(before.settings, values))


def update(before: Policy, after: Policy, policy_scope: PolicyScope = DEVICE) -> Json:
    ready = BACKEND.prepare_update(tenant().client, before, after, policy_scope)
    return written(lambda client: BACKEND.update(client, ready, after, policy_scope))


# --- reading --------------------------------------------------------------------------------------------------------


def test_a_policy_is_read_whole() -> None:
    target = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
    web = texts("device_vendor_msft_policy_config_authentication_configurewebsigninallowedurls", "B.test", "a.test")
    raw = policy(group(ON, number(LENGTH, 6)), web, OTHER, description="For all.", roleScopeTagIds=["3", "0"], assignments=[target])
    values = {"enable_pin_recovery": True, "minimum_pin_length": 6, "web_sign_in_allowed_urls": ("a.test", "b.test")}
    assert read(raw) == Policy("PIN", "For all.", values, (Assignment("all_devices"),), ("0", "3"), ID)
    assert read(raw).raw == raw


@pytest.mark.parametrize("name", ["description", "settings", "assignments", "roleScopeTagIds"])
def test_null_is_nothing(name: str) -> None:
    assert read({**policy(), name: None}) == Policy("PIN", id=ID)


@pytest.mark.parametrize(
    ("instances", "scope", "values"),
    [
        pytest.param([group(ON)], "device", {"enable_pin_recovery": True}, id="in its group"),
        pytest.param([group(OTHER_CHILD, OFF)], "device", {"enable_pin_recovery": False}, id="beside another child"),
        pytest.param([ON], "device", {"enable_pin_recovery": True}, id="outside of its group"),
        pytest.param([group(ON)], "user", {}, id="of the other scope"),
        pytest.param(
            [group(ON), group(choice(f"{USER_GROUP}_policies_enablepinrecovery", "false"), definition=USER_GROUP)],
            "user",
            {"enable_pin_recovery": False},
            id="of both scopes",
        ),
        pytest.param([group({**ON, "settingDefinitionId": RECOVERY.upper()})], "device", {"enable_pin_recovery": True}, id="letter case"),
        pytest.param([group(choice(RECOVERY, "maybe"))], "device", {}, id="an option that is none"),
        pytest.param([{**group(), "groupSettingCollectionValue": None}], "device", {}, id="group of null"),
        pytest.param([{**group(), "groupSettingCollectionValue": [{"children": None}]}], "device", {}, id="children of null"),
        pytest.param([choice(BIOMETRICS, "true"), OTHER], "device", {"use_biometrics": True}, id="no child of the group"),
        pytest.param([choice(BIOMETRICS, "true")], "user", {}, id="of the device alone"),
        pytest.param([choice(BIOMETRICS.replace("device_", "user_", 1), "true")], "user", {}, id="of the device alone, called the users'"),
    ],
)
def test_settings_are_found(instances: list[Json], scope: str, values: Json) -> None:
    assert parse_settings(settings(*instances), scope) == values


def test_a_setting_without_an_instance_is_passed_over() -> None:
    assert parse_settings([{}, {"settingInstance": None}], "device") == {}


FIRST = {"enable_ess_with_supported_peripherals": "device_vendor_msft_passportforwork_biometrics_enableesswithsupportedperipherals"}


@pytest.mark.parametrize(
    ("option", "instance", "value"),
    [
        pytest.param("pin_history", number("", 0), 0, id="zero"),
        pytest.param("pin_history", number("", "6"), None, id="a number as text"),
        pytest.param("pin_history", number("", True), None, id="true is no number"),
        pytest.param("pin_history", number("", None), None, id="null"),
        pytest.param("pin_history", {"simpleSettingValue": None}, None, id="no value"),
        pytest.param("digits", choice(f"{GROUP}_policies_pincomplexity_digits", "2"), "blocked", id="word"),
        pytest.param("digits", choice(f"{GROUP}_policies_pincomplexity_digits", "3"), None, id="no word"),
        pytest.param("digits", {"choiceSettingValue": None}, None, id="no choice"),
        pytest.param(next(iter(FIRST)), choice(next(iter(FIRST.values())), "0"), False, id="flag"),
        pytest.param("device_unlock_plugins", number("", "<rule/>"), "<rule/>", id="text"),
        pytest.param("device_unlock_plugins", number("", ""), None, id="blank text"),
        pytest.param("device_unlock_plugins", number("", 5), None, id="a number is no text"),
        pytest.param("web_sign_in_allowed_urls", texts("", " B.test", "a.test", "b.test"), ("a.test", "b.test"), id="list"),
        pytest.param("web_sign_in_allowed_urls", texts(""), None, id="empty list"),
        pytest.param("web_sign_in_allowed_urls", texts("", "", None), None, id="list of nothing"),
        pytest.param("web_sign_in_allowed_urls", {"simpleSettingCollectionValue": None}, None, id="null list"),
    ],
)
def test_a_value_is_read_by_its_kind(option: str, instance: Json, value: t.Any) -> None:
    found = parse_instance(BY_OPTION[option], instance, "device")
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        pytest.param({}, None, id="ours"),
        pytest.param({"templateReference": None}, None, id="no reference"),
        pytest.param({"templateReference": {"templateId": "fcef_1"}}, "made from the template fcef_1", id="template"),
        pytest.param({"platforms": "macOS"}, "for the platform macOS", id="platform"),
        pytest.param({"platforms": None}, "for the platform None", id="no platform"),
    ],
)
def test_a_policy_of_another_kind_is_reported(more: Json, words: str | None) -> None:
    assert BACKEND.find_mismatch({**policy(), **more}) == words


def test_settings_of_ours_and_of_others_are_told_apart() -> None:
    user = group(choice(f"{USER_GROUP}_policies_enablepinrecovery", "false"), definition=USER_GROUP)
    ours = [group({**ON, "settingDefinitionId": RECOVERY.upper()}), user, choice(BIOMETRICS, "true")]
    options = frozenset({"enable_pin_recovery", "use_biometrics"})
    assert BACKEND.read_contents(policy(*ours), TENANT) == PolicyContents(options, ())
    others = [SECRET, OTHER, OTHER, group(OTHER_CHILD), choice(BIOMETRICS.replace("device_", "user_", 1), "true")]
    others.append(group(ON, definition="vendor_group"))
    told = (
        OTHER_CHILD["settingDefinitionId"],
        OTHER["settingDefinitionId"],
        BIOMETRICS.replace("device_", "user_", 1),
        "vendor_group",
        "vendor_key",
    )
    assert BACKEND.read_contents(policy(*ours, *others), TENANT) == PolicyContents(options, told)
    assert BACKEND.read_contents({**policy(), "settings": None}, TENANT) == PolicyContents(frozenset(), ())


CHILD = {"settingDefinitionId": "child_of_others"}
SECRET_PLUGINS = {**SECRET, "settingDefinitionId": "device_vendor_msft_passportforwork_deviceunlock_plugins"}


@pytest.mark.parametrize(
    "instance",
    [
        pytest.param(choice(BIOMETRICS, "maybe"), id="case 48: another value"),
        pytest.param(SECRET_PLUGINS, id="case 48: a secret value"),
        pytest.param(
            {**choice(BIOMETRICS, "true"), "choiceSettingValue": {"value": f"{BIOMETRICS}_true", "children": [CHILD]}},
            id="case 48: settings within it",
        ),
    ],
)
def test_a_setting_that_this_collection_never_writes_is_of_others(instance: Json) -> None:
    assert BACKEND.read_contents(policy(instance), TENANT) == PolicyContents(frozenset(), (instance["settingDefinitionId"],))


def test_hidden_values_are_a_matter_of_custom_profiles_alone() -> None:
    world = tenant()
    found = BACKEND.fetch_policy(world.client, policy(group(ON), SECRET), DEVICE, BY_OPTION)
    assert (found.settings, found.hidden, world.transport.sent) == ({"enable_pin_recovery": True}, (), [])


# --- finding --------------------------------------------------------------------------------------------------------


def test_a_policy_is_found_by_name_with_settings_and_assignments() -> None:
    world = tenant([page(policy(group(ON)), policy(name="PINs"))])
    assert BACKEND.fetch_by_name(world.client, "PIN") == [policy(group(ON))]
    assert world.transport.targets == [f"GET /beta{PATH}"]
    assert query_of(world.transport.sent[0]) == {"$filter": "name eq 'PIN'", "$expand": "settings,assignments"}


def test_a_policy_is_found_by_id_and_its_assignments_are_asked_for() -> None:
    target = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
    one = f"GET /beta{PATH}/{ID}"
    world = tenant({one: answer(200, policy(group(ON))), f"{one}/assignments": page(target)})
    assert BACKEND.find_by_id(world.client, ID) == policy(group(ON), assignments=[target])
    assert query_of(world.transport.sent[0]) == {"$expand": "settings"}
    assert BACKEND.find_by_id(tenant([error(404)]).client, ID) is None


@pytest.mark.parametrize("how", ["name", "id"])
def test_a_long_list_of_settings_is_read_to_its_end(how: str) -> None:
    short = policy(OTHER, settingCount=2)
    whole = settings(OTHER, group(ON))
    one = f"GET /beta{PATH}/{ID}"
    world = tenant(
        {f"GET /beta{PATH}": page(short), one: answer(200, short), f"{one}/settings": page(*whole), f"{one}/assignments": page()}
    )
    found = BACKEND.fetch_by_name(world.client, "PIN")[0] if how == "name" else BACKEND.find_by_id(world.client, ID)
    assert found is not None and found["settings"] == whole


# --- creating -------------------------------------------------------------------------------------------------------

NEW = Policy("PIN", "For all.", {"enable_pin_recovery": True, "use_biometrics": False}, scope_tags=("0", "3"))


def test_a_policy_is_made_in_beta() -> None:
    world = tenant([answer(201, {"id": ID})])
    assert BACKEND.create(world.client, NEW, DEVICE) == ID
    assert world.transport.targets == [f"POST /beta{PATH}"]
    assert not world.transport.sent[0].idempotent, "a second one would be another policy"
    assert body_of(world.transport.sent[0]) == {
        "@odata.type": f"{PREFIX}Policy",
        "name": "PIN",
        "description": "For all.",
        "platforms": "windows10",
        "technologies": "mdm",
        "roleScopeTagIds": ["0", "3"],
        "settings": settings(group(ON), choice(BIOMETRICS, "false")),
    }


def test_no_tenant_is_named_in_a_policy() -> None:
    values = {"enable_pin_recovery": True, "minimum_pin_length": 6}
    for policy_scope in (DEVICE, USER):
        assert TENANT not in str(
            written(lambda client, policy_scope=policy_scope: BACKEND.create(client, Policy("PIN", "", values), policy_scope))
        )


@pytest.mark.parametrize(
    ("step", "words"),
    [
        pytest.param(errors.LostResponseError("Lost."), "may have been made", id="lost"),
        pytest.param(answer(201, b"<html>"), "may have been made", id="not Graph's answer"),
        pytest.param(error(500), "may have been made", id="500"),
        pytest.param(error(403), "Grant", id="403: as usual"),
        pytest.param(error(400), "", id="400: as usual"),
    ],
)
def test_a_policy_that_cannot_be_made_has_a_hint(step: t.Any, words: str) -> None:
    with pytest.raises(errors.IntuneError) as caught:
        BACKEND.create(tenant([step]).client, NEW, DEVICE)
    assert words in (caught.value.hint or "") and bool(words) is bool(caught.value.hint)
    assert caught.value.effects == ("unknown" if words == "may have been made" else None)


# --- updating -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("change", [{"name": "New"}, {"description": "New."}, {"scope_tags": ("3",)}], ids=["name", "text", "tags"])
def test_what_is_no_setting_is_patched(change: Json) -> None:
    before = read(policy(group(ON), SECRET))
    after = dataclasses.replace(before, **change)
    world = tenant([answer(204)])
    BACKEND.update(world.client, BACKEND.prepare_update(world.client, before, after, DEVICE), after, DEVICE)
    assert world.transport.targets == [f"PATCH /beta{PATH}/{ID}"]
    metadata = {"name": after.name, "description": after.description, "roleScopeTagIds": list(after.scope_tags)}
    assert body_of(world.transport.sent[0]) == {"@odata.type": f"{PREFIX}Policy", **metadata}


def test_settings_are_put_with_the_whole_policy() -> None:
    before = read(policy(group(OFF), platforms="windows10", technologies="mdm,microsoftSense", description="Old.", roleScopeTagIds=["3"]))
    world = tenant([answer(200, {})])
    BACKEND.update(world.client, before, dataclasses.replace(changed(before, enable_pin_recovery=True), name="New"), DEVICE)
    assert world.transport.targets == [f"PUT /beta{PATH}/{ID}"]
    assert body_of(world.transport.sent[0]) == {
        "@odata.type": f"{PREFIX}Policy",
        "name": "New",
        "description": "Old.",
        "platforms": "windows10",
        "technologies": "mdm,microsoftSense",
        "roleScopeTagIds": ["3"],
        "settings": settings(_shown(group(ON), ON)),
    }


def _shown(instance: Json, *children: Json) -> Json:
    """Return a group as Graph shows it, with the empty members that are sent back unchanged, and these children."""
    (setting,) = policy(instance)["settings"]
    setting["settingInstance"]["groupSettingCollectionValue"][0]["children"] = list(children)
    return t.cast(Json, setting["settingInstance"])


TEMPLATED = {**OTHER, "settingInstanceTemplateReference": {"settingInstanceTemplateId": "x"}}
UNREADABLE = choice(f"{GROUP}_policies_pincomplexity_digits", "3")


@pytest.mark.parametrize(
    ("instances", "expected"),
    [
        pytest.param([], [group(ON)], id="added to none"),
        pytest.param([OTHER, SECRET], [OTHER, SECRET, group(ON)], id="added to others"),
        pytest.param([group(OFF)], [group(ON)], id="instead of its own"),
        pytest.param([OFF], [group(ON)], id="instead of its own outside of the group"),
        pytest.param([group(choice(RECOVERY, "maybe"))], [group(ON)], id="instead of one that is not understood"),
        pytest.param([group(OTHER_CHILD, OFF)], [group(OTHER_CHILD, ON)], id="beside another child"),
        pytest.param([TEMPLATED], [TEMPLATED, group(ON)], id="beside one of an unknown shape"),
        pytest.param([group(UNREADABLE)], [group(UNREADABLE, ON)], id="beside one of ours that is not understood"),
        pytest.param([choice(BIOMETRICS, "maybe")], [choice(BIOMETRICS, "maybe"), group(ON)], id="the same, outside of the group"),
        pytest.param(
            [group(OFF), group(choice(f"{USER_GROUP}_policies_enablepinrecovery", "false"), definition=USER_GROUP)],
            [group(ON), group(choice(f"{USER_GROUP}_policies_enablepinrecovery", "false"), definition=USER_GROUP)],
            id="beside the users'",
        ),
    ],
)
def test_other_settings_go_back_as_they_came(instances: list[Json], expected: list[Json]) -> None:
    before = parse_settings(settings(*instances), "device")
    after = {**before, "enable_pin_recovery": True}
    assert merge_settings(settings(*instances), before, after, "device") == settings(*expected)


def with_reference(instance: Json, **value: t.Any) -> Json:
    """Return an instance as in a policy from a newer console, with members that this version does not write."""
    name = next(name for name in ("choiceSettingValue", "simpleSettingValue") if name in instance)
    reference = {"settingInstanceTemplateId": "template-1"}
    return {**instance, "settingInstanceTemplateReference": reference, name: {**instance[name], **value}}


KEPT = with_reference(number(LENGTH, 6), settingValueTemplateReference={"settingValueTemplateId": "template-2"})
OFF_PLAIN = choice(BIOMETRICS, "false")
NESTED = with_reference(choice(BIOMETRICS, "true"), children=[number("child_of_ours", 1)])


@pytest.mark.parametrize(
    ("instances", "values", "expected"),
    [
        pytest.param([group(KEPT, OFF)], {"enable_pin_recovery": True}, [group(KEPT, ON)], id="a child beside"),
        pytest.param([NESTED, group(OFF)], {"enable_pin_recovery": True}, [NESTED, group(ON)], id="one with children"),
        pytest.param([group(OFF), NESTED, OTHER], {"enable_pin_recovery": True}, [group(ON), NESTED, OTHER], id="order"),
        pytest.param([NESTED, OTHER, group(KEPT)], {"use_biometrics": False}, [OTHER, group(KEPT), OFF_PLAIN], id="outside of the group"),
        pytest.param(
            [{**group(KEPT, OFF), "settingInstanceTemplateReference": {"settingInstanceTemplateId": "x"}}, OTHER],
            {"enable_pin_recovery": True},
            [{**group(KEPT, ON), "settingInstanceTemplateReference": {"settingInstanceTemplateId": "x"}}, OTHER],
            id="the group's own reference",
        ),
        pytest.param([group(ON), OTHER], {"enable_pin_recovery": None}, [OTHER], id="a group that loses its last child"),
        pytest.param([group(KEPT, ON), OTHER], {"enable_pin_recovery": None}, [group(KEPT), OTHER], id="a group that keeps one"),
        pytest.param(
            [group(ON), OTHER],
            {"enable_pin_recovery": None, "minimum_pin_length": 8},
            [group(number(LENGTH, 8)), OTHER],
            id="a group that gets another",
        ),
        pytest.param([group(KEPT), NESTED], {"minimum_pin_length": 6}, [group(KEPT), NESTED], id="nothing"),
    ],
)
def test_only_what_changes_is_made_again(instances: list[Json], values: Json, expected: list[Json]) -> None:
    raw = settings(*instances)
    before = parse_settings(raw, "device")
    after = {name: value for name, value in {**before, **values}.items() if value is not None}
    assert merge_settings(raw, before, after, "device") == settings(*expected)


def test_hosts_in_another_order_go_back_as_they_came() -> None:
    web = texts("device_vendor_msft_policy_config_authentication_configurewebsigninallowedurls", "B.test", "a.test")
    before = read(policy(web, group(OFF)))
    body = update(before, changed(before, enable_pin_recovery=True, web_sign_in_allowed_urls=("a.test", "b.test")))
    assert body["settings"][0]["settingInstance"]["simpleSettingCollectionValue"] == web["simpleSettingCollectionValue"]


def test_a_long_list_of_assignments_is_read_to_its_end() -> None:
    target = {"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}
    rest = f"GET /beta{PATH}/{ID}/assignments"
    world = tenant({rest: page(target)})
    found = BACKEND.fetch_policy(world.client, policy(**{"assignments@odata.nextLink": "https://graph.test/next"}), DEVICE)
    assert (found.assignments, world.transport.targets) == ((Assignment("all_devices"),), [rest])


def test_a_setting_that_is_cleared_goes_and_an_empty_group_with_it() -> None:
    raw = settings(group(ON), choice(BIOMETRICS, "true"), OTHER)
    assert merge_settings(raw, parse_settings(raw, "device"), {}, "device") == settings(OTHER)


def test_a_policy_with_a_secret_is_not_written_back() -> None:
    before = read(policy(group(OFF), SECRET))
    with pytest.raises(errors.SelectionError, match="secret value") as caught:
        BACKEND.prepare_update(tenant().client, before, changed(before, enable_pin_recovery=True), DEVICE)
    assert caught.value.effects == "none" and "Nothing was changed." in str(caught.value)


# --- properties -----------------------------------------------------------------------------------------------------

scopes = st.sampled_from([DEVICE, USER])
VENDORS = [OTHER, TEMPLATED, number("vendor_number", 6), texts("vendor_texts", "b", "a"), group(OTHER, definition="vendor_group")]
others = st.lists(st.sampled_from(VENDORS), max_size=4)
children = st.lists(st.sampled_from([OTHER_CHILD, number(f"{GROUP}_new", 1), choice(f"{GROUP}_newer", "x")]), max_size=2)


@given(scopes.flatmap(lambda policy_scope: st.tuples(st.just(policy_scope), values_for(policy_scope.scope, "settings_catalog"))))
def test_what_is_made_reads_back(given_: tuple[PolicyScope, Json]) -> None:
    policy_scope, values = given_
    body = written(lambda client: BACKEND.create(client, Policy("PIN", "x", values), policy_scope))
    assert read_back(BACKEND, body, policy_scope) == Policy("PIN", "x", values, id=ID)


@given(values_for("device", "settings_catalog"), given_values("device", "settings_catalog"), values_for("user"), others, children)
def test_what_is_changed_reads_back_and_the_rest_is_as_it_was(
    values: Json, wanted: Json, users: Json, foreign: list[Json], strangers: list[Json]
) -> None:
    first = merge_settings(settings(*foreign, *([group(*strangers)] if strangers else [])), {}, values, "device")
    raw = policy(*(item["settingInstance"] for item in merge_settings(first, {}, users, "user")))
    untouched = copy.deepcopy(raw)
    before = read(raw)
    after = changed(before, **wanted)
    if after == before:
        return
    body = update(before, after)
    assert raw == untouched, "what was read is not changed by writing"
    again = read_back(BACKEND, body, DEVICE)
    assert again.settings == after.settings
    assert parse_settings(again.raw["settings"], "user") == users, "settings of users are left alone"
    assert _foreign(body) == _foreign(raw), "untouched, and in order"


def _foreign(body: Json) -> list[Json]:
    """Return the foreign parts of a policy, in order: instances, and then the children of the device's group."""
    instances = [item["settingInstance"] for item in body["settings"]]
    ours = {setting.definition("device") for setting in BY_OPTION.values()}
    groups = [one["groupSettingCollectionValue"][0] for one in instances if one["settingDefinitionId"] == GROUP]
    inside = [child for one in groups for child in one["children"]]
    plain = [one for one in instances if one["settingDefinitionId"] != GROUP]
    return [one for one in [*plain, *inside] if one["settingDefinitionId"] not in ours]
