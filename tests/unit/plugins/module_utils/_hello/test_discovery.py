# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._hello import custom_profile, discovery, settings_catalog
from ansible_collections.endpointops.intune.plugins.module_utils._hello.assignments import ODATA_TYPES, Assignment
from ansible_collections.endpointops.intune.plugins.module_utils._hello.discovery import (
    parse_catalog_policy,
    parse_enrollment,
    parse_intent,
    parse_profile,
)
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import (
    OMA_BOOLEAN,
    OMA_STRING,
    FoundPolicy,
    PolicyScope,
    render_oma_setting,
)
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import BY_OPTION, describe
from tests.support.fakes import GRAPH, TENANT_ID, Tenant, answer, error, page, query_of, tenant

RIGHT = f"./Device/Vendor/MSFT/PassportForWork/{TENANT_ID}/Policies/EnablePinRecovery"
G1 = "aaaaaaaa-0000-4000-8000-000000000001"
PROFILES, CATALOG = "GET /beta/deviceManagement/deviceConfigurations", "GET /beta/deviceManagement/configurationPolicies"
INTENTS, ENROLLMENT = "GET /beta/deviceManagement/intents", "GET /beta/deviceManagement/deviceEnrollmentConfigurations"
IDENTITY_PROTECTION = "#microsoft.graph.windowsIdentityProtectionConfiguration"
HELLO_ENROLLMENT = "#microsoft.graph.deviceEnrollmentWindowsHelloForBusinessConfiguration"
INTENT_PREFIX = "deviceConfiguration--windowsIdentityProtectionConfiguration_"
DEVICES = Assignment("all_devices")
ON = {"enable_pin_recovery": True}


def oma(uri: str = RIGHT, value: t.Any = True, kind: str = OMA_BOOLEAN) -> dict[str, t.Any]:
    return {"@odata.type": kind, "displayName": "PIN", "omaUri": uri, "value": value}


def profile(*settings: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    return {"@odata.type": custom_profile.ODATA_TYPE, "id": "p-1", "displayName": "PIN", "omaSettings": list(settings), **more}


def template(**values: t.Any) -> dict[str, t.Any]:
    """Return an identity protection profile as Graph shows one without changes, with these values."""
    unset = {
        "useSecurityKeyForSignin": False,
        "enhancedAntiSpoofingForFacialFeaturesEnabled": False,
        "pinMinimumLength": None,
        "pinMaximumLength": None,
        "pinUppercaseCharactersUsage": "notConfigured",
        "pinLowercaseCharactersUsage": "notConfigured",
        "pinSpecialCharactersUsage": "notConfigured",
        "pinExpirationInDays": None,
        "pinPreviousBlockCount": None,
        "pinRecoveryEnabled": False,
        "securityDeviceRequired": False,
        "unlockWithBiometricsEnabled": False,
        "useCertificatesForOnPremisesAuthEnabled": False,
        "windowsHelloForBusinessBlocked": False,
    }
    return {"@odata.type": IDENTITY_PROTECTION, "id": "t-1", "displayName": "Template", **unset, **values}


def catalog(values: dict[str, t.Any], scope: str = "device", **more: t.Any) -> dict[str, t.Any]:
    settings = settings_catalog.merge_settings([], {}, values, scope)
    return {"id": "c-1", "name": "Catalog", "settings": settings, "settingCount": len(settings), **more}


def instance(name: str, value: t.Any, **more: t.Any) -> dict[str, t.Any]:
    return {"definitionId": INTENT_PREFIX + name, "valueJson": json.dumps(value), "value": value, **more}


def enrollment(state: str | None = "enabled", **values: t.Any) -> dict[str, t.Any]:
    return {"@odata.type": HELLO_ENROLLMENT, "id": "e-1", "displayName": "All", "state": state, **values}


def device(found: FoundPolicy | None) -> t.Any:
    assert found is not None and set(found.values) <= {"device"}
    return found.values.get("device", {})


# --- custom profiles ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("settings", "values"),
    [
        pytest.param([oma()], {"device": ON}, id="device"),
        pytest.param([oma(RIGHT.replace("./Device", "./User"), False)], {"user": {"enable_pin_recovery": False}}, id="user"),
        pytest.param([oma(RIGHT.replace("./Device", "."))], {"device": ON}, id="./Vendor is ./Device/Vendor"),
        pytest.param([oma(), oma(RIGHT.replace("./Device", "./User"))], {"device": ON, "user": ON}, id="both"),
        pytest.param([oma(RIGHT.replace("MSFT/", "MSFT/Policy/"))], {}, id="wrong path"),
        pytest.param([oma(value="true")], {}, id="text"),
        pytest.param([oma(), oma(RIGHT.replace("./Device", "."), False)], {}, id="twice"),
        pytest.param([oma(RIGHT.replace(TENANT_ID, TENANT_ID[::-1]))], {}, id="another tenant"),
    ],
)
def test_a_custom_profile_is_read_with_what_works(settings: list[dict[str, t.Any]], values: dict[str, t.Any]) -> None:
    found = parse_profile(profile(*settings), TENANT_ID)
    assert found is not None
    assert (found.surface, found.id, found.name, found.values) == ("custom", "p-1", "PIN", values)
    assert found.oma == tuple(settings), "as they are written, wrong ones too"


def test_settings_of_others_are_left_out() -> None:
    found = parse_profile(profile(oma("./Device/Vendor/MSFT/Other"), oma(), {"omaUri": None}, {}), TENANT_ID)
    assert found is not None and found.oma == (oma(),)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(profile(), id="no settings"),
        pytest.param(profile(omaSettings=None), id="null settings"),
        pytest.param({"@odata.type": custom_profile.ODATA_TYPE, "id": "p-1"}, id="missing settings"),
        pytest.param(profile(oma("./Device/Vendor/MSFT/Other")), id="other settings"),
        pytest.param({**profile(oma()), "@odata.type": "#microsoft.graph.iosCustomConfiguration"}, id="another type"),
        pytest.param({**template(pinRecoveryEnabled=True), "@odata.type": "#microsoft.graph.windows10GeneralConfiguration"}, id="general"),
        pytest.param({"id": "p-1"}, id="no type"),
    ],
)
def test_a_profile_without_windows_hello_is_none(raw: dict[str, t.Any]) -> None:
    assert parse_profile(raw, TENANT_ID) is None


def test_a_profile_is_read_whole() -> None:
    targets = [
        {"target": {"@odata.type": ODATA_TYPES["group"], "groupId": G1.upper()}},
        {"target": {"@odata.type": ODATA_TYPES["all_devices"]}},
    ]
    raw = profile(oma(), description="For all.", assignments=targets, roleScopeTagIds=["5", "0"])
    found = parse_profile(raw, TENANT_ID)
    assert found is not None
    assert (found.description, found.scope_tags) == ("For all.", ("0", "5"))
    assert found.assignments == (DEVICES, Assignment("group", G1))
    shown = {"group": None, "filter": None, "filter_id": None, "filter_type": None}
    assert found.describe() == {
        "id": "p-1",
        "name": "PIN",
        "description": "For all.",
        "surface": "custom",
        "backend": "custom",
        "scope": "device",
        "settings": describe(ON),
        "user_settings": {},
        "assignments": [{"target": "all_devices", "group_id": None, **shown}, {"target": "group", "group_id": G1, **shown}],
        "scope_tag_ids": ["0", "5"],
    }


def test_what_a_profile_does_not_say_is_blank() -> None:
    found = parse_profile(profile(oma(), displayName=None, description=None, assignments=None, roleScopeTagIds=None), TENANT_ID)
    assert found == FoundPolicy("custom", "p-1", "", values={"device": ON}, oma=(oma(),))


def test_lists_are_shown_as_lists() -> None:
    hosts = BY_OPTION["web_sign_in_allowed_urls"]
    found = parse_profile(profile(render_oma_setting(hosts, ("a.test", "b.test"), PolicyScope(TENANT_ID, "device"))), TENANT_ID)
    assert found is not None and found.describe()["settings"]["web_sign_in_allowed_urls"] == ["a.test", "b.test"]


def test_a_hidden_value_is_not_reported() -> None:
    hidden = oma("./Device/Vendor/MSFT/PassportForWork/DeviceUnlock/GroupA", "****", OMA_STRING)
    found = parse_profile(profile(hidden), TENANT_ID)
    assert found is not None and found.values == {}


# --- identity protection --------------------------------------------------------------------------------------------


def test_what_nobody_set_in_a_template_is_not_taken() -> None:
    found = parse_profile(template(), TENANT_ID)
    assert found is not None and (found.surface, found.values) == ("identity_protection", {})
    assert found.describe()["backend"] is None


@pytest.mark.parametrize(
    ("values", "settings"),
    [
        ({"pinRecoveryEnabled": True}, ON),
        ({"securityDeviceRequired": True}, {"require_security_device": True}),
        ({"useCertificatesForOnPremisesAuthEnabled": True}, {"use_certificate_for_on_prem_auth": True}),
        ({"useSecurityKeyForSignin": True}, {"use_security_key_for_signin": True}),
        ({"unlockWithBiometricsEnabled": True}, {"use_biometrics": True}),
        ({"enhancedAntiSpoofingForFacialFeaturesEnabled": True}, {"use_enhanced_anti_spoofing": True}),
        ({"pinMinimumLength": 6, "pinMaximumLength": 20}, {"minimum_pin_length": 6, "maximum_pin_length": 20}),
        ({"pinUppercaseCharactersUsage": "blocked"}, {"uppercase_letters": "blocked"}),
        ({"pinLowercaseCharactersUsage": "required"}, {"lowercase_letters": "required"}),
        ({"pinSpecialCharactersUsage": "allowed"}, {"special_characters": "allowed"}),
        ({"pinPreviousBlockCount": 0, "pinExpirationInDays": 90}, {"pin_history": 0, "pin_expiration": 90}),
        ({"windowsHelloForBusinessBlocked": True}, {"use_passport_for_work": False}),
    ],
)
def test_what_somebody_set_in_a_template_is_taken(values: dict[str, t.Any], settings: dict[str, t.Any]) -> None:
    assert device(parse_profile(template(**values), TENANT_ID)) == settings
    set_alone = [instance(name, value) for name, value in values.items()]
    assert device(parse_intent({"id": "i-1", "displayName": "Intent"}, set_alone)) == settings


@pytest.mark.parametrize(
    "values",
    [
        {"pinMinimumLength": "6"},
        {"pinMinimumLength": True},
        {"pinMinimumLength": 6.5},
        {"pinRecoveryEnabled": "true"},
        {"pinRecoveryEnabled": 1},
        {"pinUppercaseCharactersUsage": None},
        {"pinUppercaseCharactersUsage": ["allowed"]},
        {"windowsHelloForBusinessBlocked": "true"},
        {"pinDigits": 1},
    ],
)
def test_what_a_template_cannot_hold_is_not_taken(values: dict[str, t.Any]) -> None:
    assert device(parse_profile(template(**values), TENANT_ID)) == {}
    assert parse_intent({"id": "i-1"}, [instance(name, value) for name, value in values.items()]) is None


# --- intents --------------------------------------------------------------------------------------------------------


def test_what_an_intent_has_somebody_set() -> None:
    settings = [
        instance("pinRecoveryEnabled", False),
        instance("windowsHelloForBusinessBlocked", False),
        instance("pinMinimumLength", 8),
        instance("pinUppercaseCharactersUsage", "notConfigured"),
    ]
    found = parse_intent({"id": "i-1", "displayName": "Intent", "description": "Old.", "roleScopeTagIds": ["0"]}, settings)
    assert found is not None and (found.surface, found.id, found.name, found.description) == ("intent", "i-1", "Intent", "Old.")
    assert device(found) == {"enable_pin_recovery": False, "use_passport_for_work": True, "minimum_pin_length": 8}
    assert (found.describe()["backend"], found.scope_tags) == (None, ("0",))


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        pytest.param({"valueJson": "true", "value": False}, ON, id="JSON counts"),
        pytest.param({"value": True}, ON, id="no JSON"),
        pytest.param({"valueJson": None, "value": True}, ON, id="null for JSON"),
        pytest.param({"valueJson": "not JSON", "value": True}, ON, id="no good JSON"),
        pytest.param({"valueJson": "null", "value": True}, None, id="set to null"),
        pytest.param({"valueJson": "{}"}, None, id="an object"),
        pytest.param({}, None, id="nothing"),
    ],
)
def test_the_value_of_an_intents_setting(setting: dict[str, t.Any], values: dict[str, t.Any] | None) -> None:
    found = parse_intent({"id": "i-1"}, [{"definitionId": INTENT_PREFIX + "pinRecoveryEnabled", **setting}])
    assert (found and device(found)) == values


@pytest.mark.parametrize(
    "definition", ["deviceConfiguration--windows10EndpointProtectionConfiguration_pinRecoveryEnabled", "pinRecoveryEnabled", None]
)
def test_an_intent_of_another_template_is_none(definition: str | None) -> None:
    assert parse_intent({"id": "i-1"}, [{"definitionId": definition, "valueJson": "true"}, {}]) is None
    assert parse_intent({"id": "i-1"}, []) is None


# --- the settings catalog -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", ["device", "user"])
def test_a_catalog_policy_is_read(scope: str) -> None:
    found = parse_catalog_policy(catalog(ON, scope, description=None, templateReference={"templateId": "", "templateFamily": "none"}))
    assert found == FoundPolicy("settings_catalog", "c-1", "Catalog", values={scope: ON})
    assert found.describe()["backend"] == "settings_catalog"


@pytest.mark.parametrize(
    ("reference", "surface"),
    [
        (None, "settings_catalog"),
        ({"templateId": None, "templateFamily": "baseline"}, "settings_catalog"),
        ({"templateId": "x_1", "templateFamily": "endpointSecurityAccountProtection"}, "account_protection"),
        ({"templateId": "x_1", "templateFamily": "baseline"}, "security_baseline"),
        ({"templateId": "x_1", "templateFamily": "deviceConfigurationPolicies"}, "template"),
        ({"templateId": "x_1", "templateFamily": None}, "template"),
        ({"templateId": "x_1"}, "template"),
    ],
)
def test_the_template_shows_where_a_catalog_policy_is(reference: dict[str, t.Any] | None, surface: str) -> None:
    found = parse_catalog_policy(catalog(ON, templateReference=reference))
    assert found is not None and found.surface == surface
    assert found.describe()["backend"] == ("settings_catalog" if surface == "settings_catalog" else None)


@pytest.mark.parametrize(
    "settings",
    [None, [], [{}], [{"settingInstance": None}], [{"settingInstance": {"settingDefinitionId": "device_vendor_msft_other"}}]],
    ids=["null", "empty", "no instance", "null instance", "another setting"],
)
def test_a_catalog_policy_without_windows_hello_is_none(settings: t.Any) -> None:
    assert parse_catalog_policy({"id": "c-1", "name": "Other", "settings": settings}) is None


# --- the settings for enrollment ------------------------------------------------------------------------------------


def test_settings_for_enrollment_are_read_in_their_own_words() -> None:
    found = parse_enrollment(
        enrollment(
            pinMinimumLength=6,
            pinMaximumLength=127,
            pinUppercaseCharactersUsage="disallowed",
            pinLowercaseCharactersUsage="allowed",
            pinSpecialCharactersUsage="required",
            securityDeviceRequired=False,
            unlockWithBiometricsEnabled=True,
            remotePassportEnabled=True,
            pinPreviousBlockCount=0,
            pinExpirationInDays=0,
            enhancedBiometricsState="disabled",
        )
    )
    assert found is not None and (found.surface, found.id, found.name, found.assignments) == ("enrollment", "e-1", "All", ())
    assert device(found) == {
        "use_passport_for_work": True,
        "minimum_pin_length": 6,
        "maximum_pin_length": 127,
        "uppercase_letters": "blocked",
        "lowercase_letters": "allowed",
        "special_characters": "required",
        "require_security_device": False,
        "use_biometrics": True,
        "use_remote_passport": True,
        "pin_history": 0,
        "pin_expiration": 0,
        "use_enhanced_anti_spoofing": False,
    }


@pytest.mark.parametrize(
    ("raw", "values"),
    [
        (enrollment("enabled"), {"use_passport_for_work": True}),
        (enrollment("disabled"), {"use_passport_for_work": False}),
        (enrollment(enhancedBiometricsState="enabled"), {"use_passport_for_work": True, "use_enhanced_anti_spoofing": True}),
        (enrollment(enhancedBiometricsState="notConfigured"), {"use_passport_for_work": True}),
    ],
    ids=["on", "off", "a state that is set", "a state that is not set"],
)
def test_enrollment_is_switched_on_or_off(raw: dict[str, t.Any], values: dict[str, t.Any]) -> None:
    assert device(parse_enrollment(raw)) == values


@pytest.mark.parametrize(
    "raw",
    [
        enrollment("notConfigured", pinMinimumLength=6),
        enrollment(None),
        enrollment("later"),
        {**enrollment(), "@odata.type": "#microsoft.graph.deviceEnrollmentLimitConfiguration"},
        {},
    ],
    ids=["not configured", "null", "unknown", "another kind", "nothing"],
)
def test_settings_for_enrollment_that_nobody_switched_are_none(raw: dict[str, t.Any]) -> None:
    assert parse_enrollment(raw) is None


# --- odd input ------------------------------------------------------------------------------------------------------

SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-5, 200), st.floats(), st.sampled_from(["true", "6", "****", "", "allowed"]))
VALUES = st.one_of(SCALARS, st.lists(SCALARS, max_size=2), st.dictionaries(st.text(max_size=2), SCALARS, max_size=2))
PROPERTIES = st.dictionaries(st.sampled_from([*discovery.PROPERTIES, "windowsHelloForBusinessBlocked", "state"]), VALUES)
TARGET_TYPES = st.sampled_from([*ODATA_TYPES.values(), "#microsoft.graph.newTarget", None, ""])
TARGETS = st.fixed_dictionaries({}, optional={"@odata.type": TARGET_TYPES, "groupId": st.sampled_from([G1, None])})
ASSIGNED = st.one_of(st.none(), st.lists(st.fixed_dictionaries({}, optional={"target": st.one_of(st.none(), TARGETS)}), max_size=3))


def test_targets_without_a_type_are_read_as_unknown_ones() -> None:
    found = parse_profile(profile(oma(), assignments=[{}, {"target": None}, {"target": {"@odata.type": None}}]), TENANT_ID)
    assert found is not None and found.assignments == (Assignment(""),) * 3


@given(PROPERTIES, ASSIGNED)
def test_odd_values_are_left_out_by_every_reader(values: dict[str, t.Any], assigned: t.Any) -> None:
    """The values read from a template are always valid for the option."""
    head = {"id": "x", "displayName": None, "assignments": assigned}
    settings = [{"definitionId": INTENT_PREFIX + name, "value": value} for name, value in values.items()]
    read = [
        parse_profile({"@odata.type": IDENTITY_PROTECTION, **values, **head}, TENANT_ID),
        parse_intent(head, settings),
        parse_enrollment({"@odata.type": HELLO_ENROLLMENT, **values, **head, "state": "enabled"}),
    ]
    for found in read:
        for name, value in (device(found) if found else {}).items():
            setting = BY_OPTION[name]
            if setting.words:
                assert value in setting.words
            else:
                assert isinstance(value, bool) == (setting.kind in ("bool", "flag"))
                assert isinstance(value, int)
        json.dumps(found and found.describe())


# --- all policies ---------------------------------------------------------------------------------------------------


def all_of(**more: t.Any) -> dict[str, t.Any]:
    return {PROFILES: page(), CATALOG: page(), INTENTS: page(), ENROLLMENT: page(), **more}


def look(script: dict[str, t.Any]) -> tuple[list[str], list[str], Tenant]:
    """Return ids, problems, and the tenant."""
    world = tenant(script)
    found, problems = discovery.fetch_policies(world.client, TENANT_ID)
    return [policy.id for policy in found], problems, world


def test_an_empty_tenant_has_none() -> None:
    ids, problems, world = look(all_of())
    assert (ids, problems) == ([], [])
    assert world.transport.targets == [PROFILES, CATALOG, INTENTS, ENROLLMENT]
    assert query_of(world.transport.sent[0]) == {"$expand": "assignments"}
    assert query_of(world.transport.sent[1]) == {"$expand": "settings,assignments"}


def test_all_surfaces_are_read_and_sorted_by_name_and_id() -> None:
    script = all_of(
        **{
            PROFILES: page(profile(oma(), displayName="B", id="p-2"), profile(oma("./Other")), template(displayName="B", id="p-1")),
            CATALOG: page(catalog(ON, name="A", id="c-9"), catalog({}, id="c-2")),
            INTENTS: page({"id": "i-1", "displayName": "C"}, {"id": "i-2", "displayName": "D"}),
            f"{INTENTS}/i-1/settings": page(instance("pinRecoveryEnabled", True)),
            f"{INTENTS}/i-1/assignments": page({"target": {"@odata.type": ODATA_TYPES["all_devices"]}}),
            f"{INTENTS}/i-2/settings": page({"definitionId": "other"}),
            ENROLLMENT: page(enrollment(displayName="AA"), {"@odata.type": "#microsoft.graph.other", "id": "e-2"}),
        }
    )
    ids, problems, world = look(script)
    assert (ids, problems) == (["c-9", "e-1", "p-1", "p-2", "i-1"], [])
    assert world.transport.writes == []


def test_an_intents_assignments_are_read_too() -> None:
    script = all_of(
        **{
            INTENTS: page({"id": "i-1", "displayName": "C"}),
            f"{INTENTS}/i-1/settings": page(instance("pinRecoveryEnabled", True)),
            f"{INTENTS}/i-1/assignments": page({"target": {"@odata.type": ODATA_TYPES["all_devices"]}}),
        }
    )
    found, _problems = discovery.fetch_policies(tenant(script).client, TENANT_ID)
    assert found == [FoundPolicy("intent", "i-1", "C", values={"device": ON}, assignments=(DEVICES,))]


def test_every_page_is_read() -> None:
    def more(target: str) -> str:
        return f"{GRAPH}{target.removeprefix('GET ')}?$skiptoken=2"

    script = all_of(
        **{
            PROFILES: [page(profile(oma(), id="p-1"), next_link=more(PROFILES)), page(template(id="p-2"))],
            CATALOG: [page(next_link=more(CATALOG)), page(catalog(ON))],
            INTENTS: [page({"id": "i-1"}, next_link=more(INTENTS)), page({"id": "i-2"})],
            f"{INTENTS}/i-1/settings": [
                page(instance("pinMinimumLength", 6), next_link=more(f"{INTENTS}/i-1/settings")),
                page(instance("pinMaximumLength", 8)),
            ],
            f"{INTENTS}/i-1/assignments": page(),
            f"{INTENTS}/i-2/settings": page(),
            ENROLLMENT: [page(next_link=more(ENROLLMENT)), page(enrollment())],
        }
    )
    found, problems = discovery.fetch_policies(tenant(script).client, TENANT_ID)
    assert ([policy.id for policy in found], problems) == (["i-1", "e-1", "c-1", "p-1", "p-2"], [])
    assert found[0].values == {"device": {"minimum_pin_length": 6, "maximum_pin_length": 8}}


def test_a_catalog_policy_of_which_the_list_shows_a_part_is_read_whole() -> None:
    cut = catalog(ON, settingCount=2, settings=[])
    script = all_of(**{CATALOG: page(cut), f"{CATALOG}/c-1/settings": page(*catalog(ON)["settings"])})
    assert look(script)[0] == ["c-1"]


def test_assignments_of_which_the_list_shows_a_part_are_read_whole() -> None:
    more = {"assignments": [], "assignments@odata.nextLink": f"{GRAPH}/beta/x"}
    targets = page({"target": {"@odata.type": ODATA_TYPES["all_devices"]}})
    script = all_of(
        **{
            PROFILES: page(profile(oma(), **more)),
            f"{PROFILES}/p-1/assignments": targets,
            CATALOG: page(catalog(ON, **more)),
            f"{CATALOG}/c-1/assignments": targets,
        }
    )
    found, problems = discovery.fetch_policies(tenant(script).client, TENANT_ID)
    assert ([policy.assignments for policy in found], problems) == ([(DEVICES,), (DEVICES,)], [])


OTHERS = [
    pytest.param(CATALOG, "settings catalog policies", id="catalog"),
    pytest.param(INTENTS, "endpoint security intents", id="intents"),
    pytest.param(ENROLLMENT, "Windows Hello for Business enrollment settings", id="enrollment"),
]
FAILURES = [
    pytest.param(error(403, message="No."), "403 SomeCode: No.", id="forbidden"),
    pytest.param(error(404, message="No."), "404 SomeCode: No.", id="not found"),
    pytest.param(error(503, message="No."), "503 SomeCode: No.", id="not available"),
    pytest.param(answer(200, b"<html></html>"), "not JSON", id="a page"),
    pytest.param(answer(200, {"id": "1"}), "value must be a list, not null", id="no list"),
    pytest.param(errors.LostResponseError("Lost."), "Lost.", id="lost"),
]


@pytest.mark.parametrize(("surface", "what"), OTHERS)
@pytest.mark.parametrize(("step", "words"), FAILURES)
def test_a_surface_that_cannot_be_read_is_reported_and_hides_no_other(surface: str, what: str, step: t.Any, words: str) -> None:
    script = all_of(
        **{
            PROFILES: page(profile(oma())),
            CATALOG: page(catalog(ON)),
            INTENTS: page({"id": "i-1"}),
            f"{INTENTS}/i-1/settings": page(instance("pinRecoveryEnabled", True)),
            f"{INTENTS}/i-1/assignments": page(),
            ENROLLMENT: page(enrollment()),
        }
    )
    ids, problems, _world = look({**script, surface: step})
    left_out = {CATALOG: "c-1", INTENTS: "i-1", ENROLLMENT: "e-1"}[surface]
    assert ids == [identity for identity in ("i-1", "e-1", "c-1", "p-1") if identity != left_out]
    assert len(problems) == 1 and problems[0].startswith(f"Could not read the {what}: ") and words in problems[0]


def test_all_surfaces_that_cannot_be_read_are_reported() -> None:
    ids, problems, _world = look({PROFILES: page(profile(oma())), CATALOG: error(403), INTENTS: error(403), ENROLLMENT: error(403)})
    assert (ids, len(problems)) == (["p-1"], 3)
    assert problems[0].startswith(f"Could not read the settings catalog policies: {CATALOG}: 403 SomeCode: A reason.")


def test_a_surface_of_which_a_later_page_cannot_be_read_is_left_out_whole() -> None:
    second = f"{GRAPH}/beta/deviceManagement/configurationPolicies?$skiptoken=2"
    ids, problems, _world = look(all_of(**{CATALOG: [page(catalog(ON), next_link=second), error(503)]}))
    assert (ids, len(problems)) == ([], 1)


@pytest.mark.parametrize(("step", "words"), FAILURES)
def test_without_device_configurations_nothing_can_be_said(step: t.Any, words: str) -> None:
    world = tenant(all_of(**{PROFILES: step}))
    with pytest.raises(errors.IntuneError, match=words):
        discovery.fetch_policies(world.client, TENANT_ID)
    assert world.transport.targets == [PROFILES]


def test_a_token_that_is_not_given_is_no_surfaces_matter() -> None:
    with pytest.raises(errors.AuthenticationError):
        look(all_of(**{CATALOG: errors.AuthenticationError("No token.")}))
