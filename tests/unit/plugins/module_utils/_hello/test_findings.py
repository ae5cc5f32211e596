# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import itertools
import json
import re
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._hello import custom_profile, discovery, settings_catalog
from ansible_collections.endpointops.intune.plugins.module_utils._hello.assignments import Assignment
from ansible_collections.endpointops.intune.plugins.module_utils._hello.finding import Finding
from ansible_collections.endpointops.intune.plugins.module_utils._hello.findings import list_findings
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import (
    OMA_BOOLEAN,
    OMA_INTEGER,
    OMA_STRING,
    FoundPolicy,
    PolicyScope,
    Surface,
    render_oma_setting,
)
from ansible_collections.endpointops.intune.plugins.module_utils._hello.paths import expand_uri
from ansible_collections.endpointops.intune.plugins.module_utils._hello.profile_findings import correct_uri
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import BY_OPTION, SETTINGS
from ansible_collections.endpointops.intune.plugins.module_utils._hello.terms import MODULE_TERMS, ROLE_TERMS
from ansible_collections.endpointops.intune.plugins.module_utils._names import show
from tests.support.fakes import TENANT_ID

OTHER_TENANT = "99999999-aaaa-4bbb-8ccc-222222222222"
RIGHT = f"./Device/Vendor/MSFT/PassportForWork/{TENANT_ID}/Policies/EnablePinRecovery"
USER = RIGHT.replace("./Device", "./User")
LENGTH = RIGHT.replace("EnablePinRecovery", "PINComplexity/MinimumPINLength")
BOOLEAN, INTEGER, STRING = OMA_BOOLEAN, OMA_INTEGER, OMA_STRING
G1, G2, G3 = (f"aaaaaaaa-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))
DEVICES, USERS = Assignment("all_devices"), Assignment("all_users")
DEVICES_FILTERED = Assignment("all_devices", "", "f-1", "include")
UNKNOWN = Assignment("#microsoft.graph.newTarget")


def group(identity: str, filter_id: str = "") -> Assignment:
    return Assignment("group", identity, filter_id, "include" if filter_id else "")


def without(identity: str) -> Assignment:
    return Assignment("exclude_group", identity)


def oma(uri: str = RIGHT, value: t.Any = True, kind: str = BOOLEAN) -> dict[str, t.Any]:
    return {"@odata.type": kind, "displayName": "PIN", "omaUri": uri, "value": value}


def custom(*settings: dict[str, t.Any], name: str = "PIN", assigned: tuple[Assignment, ...] = (DEVICES,)) -> FoundPolicy:
    """Return a custom profile in the form of discovery; its ID is p- and its name."""
    raw = {"@odata.type": custom_profile.ODATA_TYPE, "id": f"p-{name}", "displayName": name, "omaSettings": list(settings)}
    raw["assignments"] = [assignment.render() for assignment in assigned]
    found = discovery.parse_profile(raw, TENANT_ID)
    assert found is not None
    return found


def policy(
    name: str, device: t.Any = None, user: t.Any = None, assigned: t.Iterable[Assignment] = (DEVICES,), surface: str = "intent"
) -> FoundPolicy:
    return FoundPolicy(surface, f"p-{name}", name, values={"device": device or {}, "user": user or {}}, assignments=tuple(assigned))


def brief(found: t.Iterable[Finding]) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity) for finding in found]


def one(*policies: FoundPolicy) -> Finding:
    found = list_findings(policies, TENANT_ID)
    assert len(found) == 1, found
    return found[0]


def advised(finding: Finding) -> tuple[str, str]:
    """Return the path and the option of the advice."""
    words = r"The right path is (\S+); set it in this profile by '(\w+)' of intune_pin_policy, (?:which replaces|and remove) this one\."
    match = re.fullmatch(words, finding.hint)
    assert match, finding.hint
    return match[1], match[2]


# A value of a setting, by its kind.
VALUES: dict[str, t.Callable[[t.Any], t.Any]] = {
    "bool": lambda setting: True,
    "flag": lambda setting: True,
    "choice": lambda setting: setting.words[1],
    "int": lambda setting: setting.low,
    "text": lambda setting: "x",
    "list": lambda setting: ("a.test",),
}


def made_by_the_module(option: str, scope: str = "device") -> str:
    """Return the path that intune_pin_policy writes for an option."""
    setting = BY_OPTION[option]
    return str(render_oma_setting(setting, VALUES[setting.kind](setting), PolicyScope(TENANT_ID, scope))["omaUri"])


# --- no findings ----------------------------------------------------------------------------------------------------


def test_no_policies_have_no_findings() -> None:
    assert list_findings([], TENANT_ID) == []


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.option)
def test_what_the_module_writes_is_right(setting: t.Any) -> None:
    for scope in setting.scopes:
        written = render_oma_setting(setting, VALUES[setting.kind](setting), PolicyScope(TENANT_ID, scope))
        assert list_findings([custom(written)], TENANT_ID) == []


@pytest.mark.parametrize(
    "settings",
    [
        pytest.param([oma()], id="device"),
        pytest.param([oma(USER)], id="user"),
        pytest.param([oma(value=False)], id="off"),
        pytest.param([oma(RIGHT.replace("./Device", "."))], id="./Vendor is ./Device/Vendor"),
        pytest.param([oma(), oma(USER)], id="user and device agree"),
        pytest.param([oma(), oma("./Device/Vendor/MSFT/Policy/Config/Other/Thing", "x", STRING)], id="beside another CSP's"),
        pytest.param([oma(LENGTH, 4, INTEGER)], id="the smallest number"),
        pytest.param([oma(LENGTH, 127, INTEGER)], id="the largest number"),
        pytest.param([oma("./Device/Vendor/MSFT/PassportForWork/DeviceUnlock/GroupA", "****", STRING)], id="a hidden text"),
        pytest.param([oma("./Device/Vendor/MSFT/PassportForWork/UseBiometrics")], id="a deprecated node"),
        pytest.param([oma(RIGHT.replace("EnablePinRecovery", "DisablePostLogonCredentialCaching"))], id="a node known by name"),
        pytest.param(
            [oma(), oma("./Vendor/MSFT/Policy/ConfigOperations/ADMXInstall/PassportForWork/Policy/A", "x", STRING)], id="an ADMX file"
        ),
    ],
)
def test_a_profile_that_works_has_no_findings(settings: list[dict[str, t.Any]]) -> None:
    assert list_findings([custom(*settings)], TENANT_ID) == []


# --- paths ----------------------------------------------------------------------------------------------------------

POLICY, BRACES = "wrong_path", "braces"


@pytest.mark.parametrize(
    ("uri", "code", "severity", "scope"),
    [
        pytest.param(RIGHT.replace("./Device/Vendor/MSFT/", "./Vendor/MSFT/Policy/"), POLICY, "error", "device", id="Microsoft's page"),
        pytest.param(RIGHT.replace("MSFT/", "MSFT/Policy/"), POLICY, "error", "device", id="Policy, device"),
        pytest.param(USER.replace("MSFT/", "MSFT/Policy/"), POLICY, "error", "user", id="Policy, user"),
        pytest.param(RIGHT.replace("MSFT/", "MSFT/Policy/Config/"), POLICY, "error", "device", id="Policy/Config"),
        pytest.param(RIGHT.replace("MSFT/", "MSFT/policy/").lower(), POLICY, "error", "device", id="policy in lower case"),
        pytest.param(RIGHT.replace("MSFT/", "MSFT/Policy/").replace(TENANT_ID, OTHER_TENANT), POLICY, "error", "device", id="Policy first"),
        pytest.param(RIGHT.replace(TENANT_ID, f"{{{TENANT_ID}}}"), BRACES, "error", "device", id="braces"),
        pytest.param(USER.replace(TENANT_ID, f"{{{TENANT_ID}}}"), BRACES, "error", "user", id="braces, user"),
        pytest.param(RIGHT.replace(TENANT_ID, f"{{{TENANT_ID.upper()}}}"), BRACES, "error", "device", id="braces, upper case"),
        pytest.param(RIGHT.replace(TENANT_ID, f"{TENANT_ID}}}"), BRACES, "error", "device", id="one brace"),
        pytest.param(RIGHT.replace(TENANT_ID, OTHER_TENANT), "wrong_tenant_id", "error", "device", id="another tenant"),
        pytest.param(USER.replace(TENANT_ID, OTHER_TENANT), "wrong_tenant_id", "error", "user", id="another tenant, user"),
        pytest.param(RIGHT.replace(TENANT_ID, f"{{{OTHER_TENANT}}}"), "wrong_tenant_id", "error", "device", id="another, in braces"),
        pytest.param(RIGHT.replace(TENANT_ID, "TenantId"), "wrong_tenant_id", "error", "device", id="placeholder"),
        pytest.param(RIGHT.replace(TENANT_ID, "{tenantid}"), "wrong_tenant_id", "error", "device", id="the catalog's placeholder"),
        pytest.param(RIGHT.replace(TENANT_ID, ""), "wrong_tenant_id", "error", "device", id="blank tenant"),
        pytest.param(RIGHT.replace(f"{TENANT_ID}/", ""), "unknown_path", "error", "device", id="no tenant"),
        pytest.param(RIGHT.replace("Policies/", ""), "unknown_path", "error", "device", id="no Policies"),
        pytest.param(RIGHT.replace("PinRecovery", "PINReset"), "unknown_path", "error", "device", id="a node that is not there"),
        pytest.param(RIGHT.upper().replace("PINRECOVERY", "PINRESET"), "unknown_path", "error", "device", id="no node, upper case"),
        pytest.param(f"{RIGHT} ", "unknown_path", "error", "device", id="a blank behind"),
        pytest.param(f"{RIGHT}\n", "unknown_path", "error", "device", id="a line end behind"),
        pytest.param(f" {USER}", "unknown_path", "error", "user", id="a blank before"),
        pytest.param(f"{RIGHT}/", "unknown_path", "error", "device", id="a slash behind"),
        pytest.param(RIGHT.removeprefix("."), "unknown_path", "error", "device", id="no dot"),
        pytest.param(USER.removeprefix("./"), "unknown_path", "error", "user", id="no dot and slash"),
        pytest.param(RIGHT.replace(TENANT_ID, f" {TENANT_ID}"), "unknown_path", "error", "device", id="a blank in between"),
        pytest.param(RIGHT.replace(TENANT_ID, TENANT_ID.upper()), "letter_case", "warning", "device", id="tenant in upper case"),
        pytest.param(RIGHT.replace("PinRecovery", "PINRecovery"), "letter_case", "error", "device", id="node in another case"),
        pytest.param(USER.lower(), "letter_case", "error", "user", id="all in lower case"),
        pytest.param(RIGHT.replace("./Device/Vendor", "./vendor"), "letter_case", "error", "device", id="vendor in lower case"),
    ],
)
def test_a_wrong_path_is_found_and_the_right_one_advised(uri: str, code: str, severity: str, scope: str) -> None:
    finding = one(custom(oma(uri)))
    assert (finding.code, finding.severity, finding.policies) == (code, severity, ("p-PIN",))
    assert finding.message.startswith(f"'PIN' sets {show(uri)}: ")
    assert advised(finding) == (made_by_the_module("enable_pin_recovery", scope), "enable_pin_recovery")


WORDS = {
    "wrong_path": "'PIN' sets {}: no device knows this path, which has Policy/ in it (as Microsoft's PIN reset page prints it).",
    "braces": "'PIN' sets {}: the tenant ID is in braces.",
    "wrong_tenant_id": f"'PIN' sets {{}}: {OTHER_TENANT} is not the ID of this tenant, which is {TENANT_ID}.",
    "unknown_path": "'PIN' sets {}: no CSP has such a node, and the device sets nothing.",
    "letter_case": "'PIN' sets {}: the path must be spelled as the CSP spells it, in the same letter case.",
}


@pytest.mark.parametrize(
    ("code", "uri"),
    [
        ("wrong_path", RIGHT.replace("MSFT/", "MSFT/Policy/")),
        ("braces", RIGHT.replace(TENANT_ID, f"{{{TENANT_ID}}}")),
        ("wrong_tenant_id", RIGHT.replace(TENANT_ID, OTHER_TENANT)),
        ("unknown_path", RIGHT.replace("PinRecovery", "PINReset")),
        ("letter_case", RIGHT.lower()),
    ],
)
def test_a_wrong_path_is_explained(code: str, uri: str) -> None:
    found = one(custom(oma(uri)))
    assert (found.code, found.message) == (code, WORDS[code].format(uri))


IN_THE_CSP = [setting for setting in SETTINGS if setting.node.startswith("PassportForWork/")]


@pytest.mark.parametrize("setting", IN_THE_CSP, ids=lambda setting: setting.option)
@pytest.mark.parametrize("scope", ["device", "user"])
def test_the_advice_is_what_the_module_would_set(setting: t.Any, scope: str) -> None:
    right = made_by_the_module(setting.option, scope if scope in setting.scopes else "device")
    assert correct_uri(setting, TENANT_ID, scope) == right
    wrong = right.replace("MSFT/", "MSFT/Policy/").replace("./Device", f"./{scope.capitalize()}")
    finding = one(custom(oma(wrong)))
    assert finding.code == "wrong_path"
    assert advised(finding) == (right, setting.option)


@pytest.mark.parametrize("option", ["use_cloud_trust_for_on_prem_auth", "use_biometrics"])
def test_what_is_for_the_device_only_is_not_set_for_the_user(option: str) -> None:
    finding = one(custom(oma(made_by_the_module(option).replace("./Device", "./User"))))
    assert (finding.code, advised(finding)) == ("unknown_path", (made_by_the_module(option), option))


@pytest.mark.parametrize(
    "uri",
    [RIGHT.rpartition("/")[0], RIGHT.partition(f"/{TENANT_ID}")[0], RIGHT.replace("EnablePinRecovery", "Nothing")],
    ids=["the node above", "the root", "a node that is not there"],
)
def test_no_path_is_advised_where_none_can_be_meant(uri: str) -> None:
    finding = one(custom(oma(uri)))
    assert (finding.code, finding.hint) == ("unknown_path", "Correct the path, or remove it.")


@pytest.mark.parametrize("uri", [f"{LENGTH} ", f" {LENGTH}/", LENGTH.upper() + "/"])
def test_blanks_and_slashes_do_not_hide_what_is_meant(uri: str) -> None:
    assert advised(one(custom(oma(uri, 6, INTEGER)))) == (LENGTH, "minimum_pin_length")


def test_the_web_sign_in_is_to_be_spelt_right_too() -> None:
    right = made_by_the_module("enable_web_sign_in")
    finding = one(custom(oma(right.replace("WebSignIn", "WebSignin"), 1, INTEGER)))
    assert (finding.code, finding.severity) == ("letter_case", "error")
    assert advised(finding) == (right, "enable_web_sign_in")


# --- types and values -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("item", "was", "wanted", "option"),
    [
        pytest.param(oma(value="true", kind=STRING), "string", "boolean", "enable_pin_recovery", id="true as a string"),
        pytest.param(oma(USER, "true", STRING), "string", "boolean", "enable_pin_recovery", id="user"),
        pytest.param(oma(value="****", kind=STRING), "string", "boolean", "enable_pin_recovery", id="a hidden string"),
        pytest.param(oma(value=1, kind=INTEGER), "integer", "boolean", "enable_pin_recovery", id="a number"),
        pytest.param(oma(LENGTH, "6", STRING), "string", "integer", "minimum_pin_length", id="a number as a string"),
        pytest.param(oma(RIGHT.replace("./Device", "."), "true", STRING), "string", "boolean", "enable_pin_recovery", id="./Vendor"),
        pytest.param({"omaUri": RIGHT, "value": True}, "none", "boolean", "enable_pin_recovery", id="no type"),
    ],
)
def test_a_setting_of_the_wrong_type_is_found(item: dict[str, t.Any], was: str, wanted: str, option: str) -> None:
    finding = one(custom(item))
    assert brief([finding]) == [("wrong_type", "error")]
    assert finding.message == f"'PIN' sets {item['omaUri']} as {was}; devices take it as {wanted} only."
    assert finding.hint == f"Set it by '{option}' of intune_pin_policy, or change its type in the profile."


@pytest.mark.parametrize(
    "item",
    [
        pytest.param(oma(value="true"), id="text called a boolean"),
        pytest.param(oma(value=None), id="null"),
        pytest.param({"@odata.type": BOOLEAN, "omaUri": RIGHT}, id="missing"),
        pytest.param(oma(LENGTH, 3, INTEGER), id="too small"),
        pytest.param(oma(LENGTH, 128, INTEGER), id="too large"),
        pytest.param(oma(LENGTH, "6", INTEGER), id="text called a number"),
        pytest.param(oma(LENGTH, True, INTEGER), id="a boolean called a number"),
        pytest.param(oma(made_by_the_module("digits"), 3, INTEGER), id="a choice that is not there"),
        pytest.param(oma(made_by_the_module("use_security_key_for_signin"), 2, INTEGER), id="neither 0 nor 1"),
    ],
)
def test_a_value_that_cannot_be_is_found(item: dict[str, t.Any]) -> None:
    finding = one(custom(item))
    assert brief([finding]) == [("wrong_value", "error")]
    assert finding.message == f"'PIN' sets {item['omaUri']} to {item.get('value')!r}, which is not a possible value."
    assert finding.hint == "Correct the value."


def test_a_wrong_path_is_reported_rather_than_its_type() -> None:
    assert one(custom(oma(RIGHT.replace("MSFT/", "MSFT/Policy/"), "true", STRING))).code == "wrong_path"


@pytest.mark.parametrize(
    "other", [RIGHT, RIGHT.replace("./Device", "."), RIGHT.replace(TENANT_ID, TENANT_ID.upper())], ids=["same", "./Vendor", "upper case"]
)
def test_a_path_that_is_there_twice_is_found(other: str) -> None:
    found = list_findings([custom(oma(), oma(other, False))], TENANT_ID)
    assert ("set_twice", "error") in brief(found)
    twice = next(finding for finding in found if finding.code == "set_twice")
    assert twice.message == f"'PIN' has the path {other} twice."
    assert twice.hint == "Remove one of the two; intune_pin_policy leaves one."
    assert {finding.code for finding in found} <= {"set_twice", "letter_case"}


def test_the_same_path_in_two_profiles_is_not_there_twice() -> None:
    assert list_findings([custom(oma(), name="A"), custom(oma(), name="B")], TENANT_ID) == []


# --- no assignment --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("assigned", [(), (without(G1),)], ids=["none", "exclusions alone"])
def test_a_policy_that_goes_to_nobody_is_found(assigned: tuple[Assignment, ...]) -> None:
    finding = one(custom(oma(), assigned=assigned))
    assert brief([finding]) == [("not_assigned", "warning")]
    assert (finding.message, finding.policies) == ("'PIN' is assigned to nobody.", ("p-PIN",))
    assert finding.hint == "Assign it, for instance with 'assignments' of intune_pin_policy, or remove it."


@pytest.mark.parametrize("assigned", [DEVICES, DEVICES_FILTERED, group(G1), UNKNOWN], ids=["all", "filtered", "group", "unknown"])
def test_a_policy_that_goes_to_somebody_is_not(assigned: Assignment) -> None:
    assert list_findings([policy("A", {"use_biometrics": True}, assigned=[assigned])], TENANT_ID) == []


def test_settings_for_enrollment_are_nobodys_and_argue_with_nobody() -> None:
    tenant_wide = policy("E", {"use_biometrics": False}, assigned=(), surface="enrollment")
    assigned = policy("F", {"use_biometrics": False}, {"use_biometrics": False}, surface="enrollment")
    assert list_findings([tenant_wide, assigned, policy("A", {"use_biometrics": True})], TENANT_ID) == []


# --- Windows Hello is off -------------------------------------------------------------------------------------------

HELLO_ON, HELLO_OFF = {"use_passport_for_work": True}, {"use_passport_for_work": False}
PIN = {"enable_pin_recovery": True}


def enrollment(name: str = "E", device: t.Any = None, priority: int = 0, assigned: tuple[Assignment, ...] = ()) -> FoundPolicy:
    found = policy(name, HELLO_OFF if device is None else device, assigned=assigned, surface="enrollment")
    return dataclasses.replace(found, priority=priority)


@pytest.mark.parametrize(
    ("policies", "severity", "concerned"),
    [
        pytest.param([], "error", ["p-E"], id="case 45: nothing else"),
        pytest.param([policy("A", PIN)], "error", ["p-E", "p-A"], id="case 45: PIN recovery alone"),
        pytest.param([policy("A", {**PIN, **HELLO_ON})], "warning", ["p-E"], id="the policy turns it on"),
        pytest.param([policy("A", PIN), policy("B", user=HELLO_ON)], "warning", ["p-E"], id="another one turns it on for users"),
        pytest.param([policy("A", {**PIN, **HELLO_ON}, assigned=[])], "error", ["p-E"], id="one that nobody gets turns it on"),
        pytest.param([policy("A", HELLO_ON, assigned=[without(G1)])], "error", ["p-E"], id="one with exclusions alone turns it on"),
        pytest.param([policy("A", HELLO_ON, assigned=[group(G3)])], "error", ["p-E"], id="one for a deleted group turns it on"),
        pytest.param([policy("A", {**PIN, "use_biometrics": True})], "error", ["p-E", "p-A"], id="another setting is no help"),
    ],
)
def test_windows_hello_off_at_enrollment_is_found(policies: list[FoundPolicy], severity: str, concerned: list[str]) -> None:
    listed = list_findings([enrollment(), *policies], TENANT_ID, deleted_groups=[G3])
    (found,) = (finding for finding in listed if finding.code == "hello_off_at_enrollment")
    assert (found.severity, list(found.policies), found.settings) == (severity, concerned, ("use_passport_for_work",))
    assert "devices that enroll under it get no PIN" in found.message and "HKLM" in found.hint


@pytest.mark.parametrize(
    ("others", "reached"),
    [
        pytest.param([], ["E"], id="the default ones"),
        pytest.param([enrollment("P", {}, 1, (USERS,))], [], id="not configured ones before them reach everybody"),
        pytest.param([enrollment("P", HELLO_ON, 1, (USERS,))], [], id="others before them turn it on for everybody"),
        pytest.param([enrollment("P", HELLO_ON, 1, (group(G1),))], ["E"], id="others before them reach a group"),
        pytest.param([enrollment("P", HELLO_ON, 1, (Assignment("all_users", "", "f", "include"),))], ["E"], id="a filter keeps some out"),
        pytest.param([enrollment("P", HELLO_ON, 1)], ["E"], id="others before them reach nobody"),
        pytest.param([enrollment("P", None, 1)], ["E"], id="others that are off reach nobody"),
        pytest.param([enrollment("P", None, 2, (group(G1),))], ["E", "P"], id="others that are off reach a group"),
        pytest.param([enrollment("P", None, 2, (USERS,)), enrollment("Q", HELLO_ON, 1, (USERS,))], [], id="the lowest priority counts"),
        pytest.param([enrollment("P", None, 1, (USERS,)), enrollment("Q", HELLO_ON, 2, (USERS,))], ["P"], id="it counts if it is off"),
    ],
)
def test_settings_for_enrollment_count_by_priority_and_assignment(others: list[FoundPolicy], reached: list[str]) -> None:
    found = list_findings([*others, enrollment()], TENANT_ID)
    assert [finding.policies for finding in found] == [(f"p-{name}",) for name in reached]


@pytest.mark.parametrize(
    ("off", "others", "severity", "concerned"),
    [
        pytest.param(policy("A", HELLO_OFF), [], "warning", ["p-A"], id="alone"),
        pytest.param(policy("A", {**HELLO_OFF, **PIN}), [], "error", ["p-A"], id="beside PIN recovery"),
        pytest.param(policy("A", user=HELLO_OFF), [policy("B", PIN)], "error", ["p-A", "p-B"], id="for users of the same devices"),
        pytest.param(policy("A", HELLO_OFF), [policy("B", PIN)], "error", ["p-A", "p-B"], id="for the same devices"),
        pytest.param(policy("A", HELLO_OFF, assigned=[group(G1)]), [policy("B", PIN, assigned=[group(G2)])], "warning", ["p-A"], id="else"),
        pytest.param(policy("A", HELLO_OFF, assigned=[]), [policy("B", PIN)], "warning", ["p-A"], id="for nobody"),
        pytest.param(policy("A", HELLO_OFF, assigned=[group(G3)]), [policy("B", PIN)], "warning", ["p-A"], id="for a deleted group"),
        pytest.param(policy("A", HELLO_OFF, HELLO_ON), [policy("B", PIN)], None, [], id="the user's value wins"),
    ],
)
@pytest.mark.parametrize("surface", sorted(set(t.get_args(Surface)) - {"enrollment"}))
def test_windows_hello_off_by_a_policy_is_found(
    off: FoundPolicy, others: list[FoundPolicy], severity: str | None, concerned: list[str], surface: Surface
) -> None:
    listed = list_findings([dataclasses.replace(off, surface=surface), *others], TENANT_ID, deleted_groups=[G3])
    found = [finding for finding in listed if finding.code == "hello_off"]
    assert [(finding.severity, list(finding.policies)) for finding in found] == ([(severity, concerned)] if severity else [])
    assert all(finding.settings == ("use_passport_for_work",) for finding in found)


# --- sign-in --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "codes"),
    [
        pytest.param({"enable_ess_with_supported_peripherals": False}, ["ess_off"], id="case 54: Enhanced Sign-in Security off"),
        pytest.param({"enable_ess_with_supported_peripherals": True}, [], id="Enhanced Sign-in Security on"),
        pytest.param({"enable_web_sign_in": "disabled"}, ["web_sign_in_off"], id="web sign-in off"),
        pytest.param({"enable_web_sign_in": "default"}, [], id="web sign-in as Windows has it"),
        pytest.param({"enable_web_sign_in": "enabled"}, [], id="web sign-in on"),
    ],
)
def test_sign_in_that_a_policy_takes_away_is_found(values: dict[str, t.Any], codes: list[str]) -> None:
    found = list_findings([policy("A", values)], TENANT_ID)
    assert brief(found) == [(code, "warning") for code in codes]
    assert all(finding.settings == tuple(values) and "'A'" in finding.message for finding in found)
    assert not codes or ("must reset their PIN" in found[0].message) is (codes == ["ess_off"])


# --- deleted groups -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("assigned", "severity"),
    [
        pytest.param([group(G1)], None, id="none"),
        pytest.param([group(G3)], "error", id="case 49: nobody else"),
        pytest.param([group(G3), without(G1)], "error", id="case 49: nobody else is included"),
        pytest.param([group(G3), group(G1)], "warning", id="case 49: beside another group"),
        pytest.param([DEVICES, without(G3)], "warning", id="case 49: as an exclusion"),
    ],
)
def test_assignments_to_deleted_groups_are_found(assigned: list[Assignment], severity: str | None) -> None:
    found = list_findings([policy("A", PIN, assigned=assigned)], TENANT_ID, deleted_groups=[G3])
    assert brief(found) == ([("deleted_group", severity)] if severity else [])
    for finding in found:
        assert G3 in finding.message and G1 not in finding.message and "'assignments' of intune_pin_policy" in finding.hint
        assert ("nobody gets it" in finding.message) is (severity == "error")


def test_policies_for_deleted_groups_do_not_meet() -> None:
    first, second = policy("A", PIN, assigned=[group(G3)]), policy("B", {"enable_pin_recovery": False}, assigned=[group(G3)])
    assert [finding.code for finding in list_findings([first, second], TENANT_ID, deleted_groups=[G3])] == ["deleted_group"] * 2
    assert [finding.code for finding in list_findings([first, second], TENANT_ID)] == ["conflict"]


# --- words ----------------------------------------------------------------------------------------------------------


def test_findings_name_options_as_the_asker_knows_them() -> None:
    policies = [custom(oma(LENGTH.upper(), 6, INTEGER), assigned=(group(G3),)), enrollment()]
    by_terms = {
        terms: " ".join(finding.hint for finding in list_findings(policies, TENANT_ID, deleted_groups=[G3], terms=terms))
        for terms in (MODULE_TERMS, ROLE_TERMS)
    }
    assert all(f"'{name}' of intune_pin_policy" in by_terms[MODULE_TERMS] for name in ("minimum_pin_length", "assignments"))
    assert "intune_pin_policy" not in by_terms[ROLE_TERMS]
    named = ("pin_reset_policy_settings.minimum_pin_length", "pin_reset_assignments", "pin_reset_policy_settings.use_passport_for_work")
    assert all(name in by_terms[ROLE_TERMS] for name in named)


# --- policies that disagree -----------------------------------------------------------------------------------------

ON, OFF = {"enable_pin_recovery": True}, {"enable_pin_recovery": False}


@pytest.mark.parametrize(
    ("first", "second", "severity"),
    [
        pytest.param([DEVICES], [DEVICES], "error", id="everybody twice"),
        pytest.param([DEVICES], [USERS], "error", id="all devices and all users"),
        pytest.param([DEVICES], [group(G1)], "error", id="everybody and a group"),
        pytest.param([group(G1)], [USERS], "error", id="a group and everybody"),
        pytest.param([group(G1)], [group(G1)], "error", id="the same group"),
        pytest.param([group(G1), group(G2)], [group(G2), group(G3)], "error", id="one group the same"),
        pytest.param([group(G1)], [group(G2)], "warning", id="two groups"),
        pytest.param([DEVICES_FILTERED], [DEVICES], "warning", id="a filter"),
        pytest.param([DEVICES], [DEVICES_FILTERED], "warning", id="a filter on the other"),
        pytest.param([group(G1, "f-1")], [group(G1, "f-2")], "warning", id="the same group, filtered"),
        pytest.param([group(G1, "f-1"), group(G2)], [group(G1), group(G2)], "error", id="a filter beside a plain group"),
        pytest.param([DEVICES, without(G1)], [group(G1)], "warning", id="the group is excluded"),
        pytest.param([group(G1)], [DEVICES, without(G1)], "warning", id="the group is excluded, the other way round"),
        pytest.param([DEVICES, without(G1)], [group(G1), group(G2)], "error", id="one of two groups is excluded"),
        pytest.param([DEVICES, without(G1)], [group(G2)], "error", id="another group is excluded"),
        pytest.param([DEVICES, without(G1)], [DEVICES], "error", id="everybody but a group, and everybody"),
        pytest.param([group(G1), without(G2)], [group(G1)], "error", id="the same group but some"),
        pytest.param([group(G1)], [group(G2), without(G1)], "warning", id="two groups, one of them excluded"),
        pytest.param([UNKNOWN], [UNKNOWN], "warning", id="unknown targets"),
        pytest.param([UNKNOWN], [DEVICES], "warning", id="an unknown target and everybody"),
        pytest.param([], [DEVICES], None, id="nobody"),
        pytest.param([DEVICES], [without(G1)], None, id="exclusions alone"),
    ],
)
def test_how_bad_a_conflict_is_depends_on_who_gets_both(first: list[Assignment], second: list[Assignment], severity: str | None) -> None:
    for name, values in (("conflict", ({"device": OFF}, {"device": ON})), ("user_against_device", ({"device": OFF}, {"user": ON}))):
        found = list_findings([policy("A", **values[0], assigned=first), policy("B", **values[1], assigned=second)], TENANT_ID)
        assert [finding.severity for finding in found if finding.code == name] == ([severity] if severity else [])
        assert {finding.code for finding in found} <= {name, "not_assigned"}


def test_a_conflict_is_explained() -> None:
    first = policy("A", {"pin_history": 5, "enable_pin_recovery": True, "minimum_pin_length": 6})
    second = policy("B", {"minimum_pin_length": 8, "enable_pin_recovery": True, "pin_history": 0})
    finding = one(first, second)
    assert brief([finding]) == [("conflict", "error")]
    assert finding.policies == ("p-A", "p-B")
    assert finding.message == (
        "'A' and 'B' disagree on minimum_pin_length (6 and 8), pin_history (5 and 0) for the scope device: Intune reports a conflict on "
        "devices that get both, and sets neither."
    )
    assert finding.hint == "Set it in one of the two only, or assign them to different devices."
    assert finding.settings == ("minimum_pin_length", "pin_history")


def test_user_settings_conflict_among_themselves() -> None:
    finding = one(policy("A", user=ON), policy("B", user=OFF))
    assert finding.code == "conflict" and "enable_pin_recovery (True and False) for the scope user" in finding.message


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({"device": ON}, {"device": ON}, id="they agree"),
        pytest.param({"device": ON}, {"device": {"pin_history": 1}}, id="different settings"),
        pytest.param({"user": ON}, {"device": ON}, id="user and device agree"),
        pytest.param({"user": {"pin_history": 1}}, {"device": OFF}, id="different settings of user and device"),
        pytest.param({"device": {"web_sign_in_allowed_urls": ("a",)}}, {"device": {"web_sign_in_allowed_urls": ("a",)}}, id="lists"),
        pytest.param({}, {"device": OFF}, id="nothing set"),
    ],
)
def test_policies_that_do_not_disagree_are_not_found(first: dict[str, t.Any], second: dict[str, t.Any]) -> None:
    assert list_findings([policy("A", **first), policy("B", **second)], TENANT_ID) == []


def test_surfaces_argue_with_each_other() -> None:
    instance = settings_catalog.merge_settings([], {}, {"enable_pin_recovery": False}, "device")
    raw = {"id": "p-B", "name": "B", "settings": instance, "assignments": [DEVICES.render()]}
    catalog = discovery.parse_catalog_policy(raw)
    assert catalog is not None
    assert one(custom(oma(), name="A"), catalog).message.startswith("'A' and 'B' disagree on enable_pin_recovery (True and False)")


def test_a_setting_that_does_not_work_argues_with_nobody() -> None:
    found = list_findings([custom(oma(value="false", kind=STRING), name="A"), custom(oma(), name="B")], TENANT_ID)
    assert brief(found) == [("wrong_type", "error")]


def test_three_policies_conflict_in_pairs() -> None:
    lengths = [policy(name, {"minimum_pin_length": length}) for name, length in (("A", 4), ("B", 5), ("C", 6))]
    assert [finding.policies for finding in list_findings(lengths, TENANT_ID)] == [("p-A", "p-B"), ("p-A", "p-C"), ("p-B", "p-C")]


def test_one_profile_sets_user_against_device() -> None:
    finding = one(custom(oma(), oma(USER, False), assigned=(group(G1, "f-1"),)))
    assert (finding.code, finding.severity, finding.policies) == ("user_against_device", "error", ("p-PIN",))
    assert finding.message == (
        "'PIN' sets for the user what 'PIN' sets otherwise for the device: enable_pin_recovery (False and True). Windows takes the "
        "user's value and ignores the device's."
    )
    assert finding.hint == "Set it for one of the two scopes only."


def test_two_policies_set_user_against_device() -> None:
    finding = one(policy("A", device=ON), policy("B", user=OFF))
    assert (finding.code, finding.policies) == ("user_against_device", ("p-B", "p-A"))
    assert finding.message.startswith("'B' sets for the user what 'A' sets otherwise for the device: enable_pin_recovery (False and True).")


def test_all_that_is_set_against_each_other_is_reported_in_order() -> None:
    finding = one(policy("A", device={"pin_history": 5, **ON}), policy("B", user={"pin_history": 0, **OFF}))
    assert "device: enable_pin_recovery (False and True), pin_history (0 and 5). Windows" in finding.message
    assert finding.settings == ("enable_pin_recovery", "pin_history")


# --- order and odd input --------------------------------------------------------------------------------------------


def test_errors_come_first_then_by_code_and_policy() -> None:
    policies = [
        custom(oma(), name="A", assigned=()),
        custom(oma(RIGHT.replace(TENANT_ID, OTHER_TENANT)), name="B"),
        custom(oma(RIGHT.replace(TENANT_ID, f"{{{TENANT_ID}}}")), name="C"),
        custom(oma(USER.replace(TENANT_ID, f"{{{TENANT_ID}}}")), oma(RIGHT.replace(TENANT_ID, f"{{{TENANT_ID}}}")), name="D"),
    ]
    found = list_findings(policies, TENANT_ID)
    assert [(finding.severity, finding.code, finding.policies) for finding in found] == [
        ("error", "braces", ("p-C",)),
        ("error", "braces", ("p-D",)),
        ("error", "braces", ("p-D",)),
        ("error", "wrong_tenant_id", ("p-B",)),
        ("warning", "not_assigned", ("p-A",)),
    ]
    assert "./Device/" in found[1].message and "./User/" in found[2].message
    for turned in itertools.permutations(policies):
        assert list_findings(turned, TENANT_ID) == found


SCALARS = st.one_of(st.none(), st.booleans(), st.integers(-5, 200), st.sampled_from(["true", "6", "****", "", "x"]), st.just(["a"]))
URIS = st.one_of(
    st.sampled_from([RIGHT, USER, LENGTH, RIGHT.replace("MSFT/", "MSFT/Policy/"), RIGHT.upper(), "passportforwork", "/EnableWebSignIn"]),
    st.sampled_from(SETTINGS).map(lambda setting: setting.uri(TENANT_ID, "device")),
    st.lists(st.sampled_from(["./", "Device/", "User/", "Vendor/MSFT/", "Policy/", "PassportForWork", "/", TENANT_ID, "\n"])).map("".join),
    st.text(max_size=12).map(lambda text: f"./Vendor/MSFT/PassportForWork/{text}"),
)
ITEMS = st.fixed_dictionaries(
    {},
    optional={
        "@odata.type": st.sampled_from([BOOLEAN, INTEGER, STRING, "#microsoft.graph.omaSettingBase64", None, 5]),
        "omaUri": st.one_of(URIS, st.none()),
        "value": SCALARS,
    },
)
TARGETS = st.lists(st.sampled_from([DEVICES, USERS, DEVICES_FILTERED, group(G1), group(G2), without(G1), without(G2)]), unique=True)


def odd_instance(setting: t.Any) -> st.SearchStrategy[dict[str, t.Any]]:
    values = st.one_of(st.none(), st.fixed_dictionaries({}, optional={"value": SCALARS}))
    definition = setting.definition("device")
    hosts = st.one_of(st.none(), st.lists(st.fixed_dictionaries({}, optional={"value": SCALARS}), max_size=2))
    kinds = {"choiceSettingValue": values, "simpleSettingValue": values, "simpleSettingCollectionValue": hosts}
    held = st.fixed_dictionaries({}, optional=kinds)
    plain = held.map(lambda found: {"settingDefinitionId": definition, **found})
    if not setting.is_per_tenant:
        return plain
    children = st.one_of(st.none(), st.lists(st.fixed_dictionaries({}, optional={"children": st.one_of(st.none(), st.lists(plain))})))
    return children.map(
        lambda found: {"settingDefinitionId": settings_catalog.group_definition("device"), "groupSettingCollectionValue": found}
    )


INSTANCES = st.one_of(st.none(), st.sampled_from(SETTINGS).flatmap(odd_instance))


@st.composite
def some_policies(draw: st.DrawFn) -> list[FoundPolicy]:
    found: list[FoundPolicy | None] = []
    for number in range(draw(st.integers(0, 4))):
        assigned = draw(st.one_of(st.none(), TARGETS.map(lambda targets: [assignment.render() for assignment in targets])))
        head = {"id": f"p-{number}", "displayName": str(number), "name": str(number), "assignments": assigned}
        if draw(st.booleans()):
            raw = {"@odata.type": custom_profile.ODATA_TYPE, "omaSettings": draw(st.one_of(st.none(), st.lists(ITEMS, max_size=4))), **head}
            found.append(discovery.parse_profile(raw, TENANT_ID))
        else:
            settings = [{"settingInstance": instance} for instance in draw(st.lists(INSTANCES, max_size=4))]
            found.append(discovery.parse_catalog_policy({"settings": draw(st.sampled_from([settings, None])), **head}))
    return [policy for policy in found if policy is not None]


@given(some_policies())
def test_odd_settings_are_checked_in_a_stable_order(policies: list[FoundPolicy]) -> None:
    found = list_findings(policies, TENANT_ID)
    order = [(finding.severity, finding.code, finding.policies, finding.message) for finding in found]
    assert order == sorted(order)
    assert found == list_findings(policies, TENANT_ID)
    known = {policy.id for policy in policies}
    for finding in found:
        assert finding.policies and set(finding.policies) <= known and finding.message and finding.hint
        assert finding.severity in ("error", "warning")
    json.dumps([policy.describe() for policy in policies] + [finding.describe() for finding in found])


BELOW = st.one_of(
    st.sampled_from(["EnablePinRecovery", "PINComplexity/History", "PINComplexity/Digits", "enablepinrecovery", "Nothing", ""]).map(
        lambda node: f"{TENANT_ID}/Policies/{node}"
    ),
    st.sampled_from(["Biometrics/UseBiometrics", f"{OTHER_TENANT}/Policies/EnablePinRecovery", f"{{{TENANT_ID}}}/Policies/Digits"]),
    st.text(max_size=12),
)
UNDER_THE_CSP = st.builds(
    lambda root, policy, below, kind, value: oma(f"{root}/Vendor/MSFT/{policy}PassportForWork/{below}", value, kind),
    st.sampled_from(["./Device", "./User", ".", "/device", "Device"]),
    st.sampled_from(["", "", "", "Policy/"]),
    BELOW,
    st.sampled_from([BOOLEAN, INTEGER, STRING]),
    # Neither hidden nor a number out of range, which is shown as set and reported.
    st.sampled_from([None, True, False, 0, 2, 6, "true", "6", "", ["a"]]),
)


@given(st.lists(UNDER_THE_CSP, min_size=1, max_size=4, unique_by=lambda item: expand_uri(item["omaUri"])))
def test_a_setting_of_the_csp_is_either_set_or_reported(items: list[dict[str, t.Any]]) -> None:
    found = custom(*items)
    reported = [finding for finding in list_findings([found], TENANT_ID) if finding.code not in ("set_twice", "user_against_device")]
    shown = sum(len(values) for values in found.values.values())
    assert shown + len(reported) == len(items)
