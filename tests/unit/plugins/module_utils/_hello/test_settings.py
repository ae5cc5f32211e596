# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._hello import model, settings, settings_catalog
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import PolicyScope
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import BY_OPTION, SETTINGS
from tests.support.policies import given_values, values_for

TENANT = "11111111-aaaa-4bbb-8ccc-222222222222"
HELLO = "./Device/Vendor/MSFT/PassportForWork"
OF_TENANT = f"{HELLO}/{TENANT}/Policies"
GROUP = "device_vendor_msft_passportforwork_{tenantid}_policies_"
PLAIN = "device_vendor_msft_passportforwork_"

# --- what devices and the catalog call them: typed from the CSP's pages and Intune's definitions, not computed --------------------------

URIS = {
    "enable_pin_recovery": f"{OF_TENANT}/EnablePinRecovery",
    "use_passport_for_work": f"{OF_TENANT}/UsePassportForWork",
    "require_security_device": f"{OF_TENANT}/RequireSecurityDevice",
    "exclude_security_devices_tpm12": f"{OF_TENANT}/ExcludeSecurityDevices/TPM12",
    "use_certificate_for_on_prem_auth": f"{OF_TENANT}/UseCertificateForOnPremAuth",
    "use_cloud_trust_for_on_prem_auth": f"{OF_TENANT}/UseCloudTrustForOnPremAuth",
    "use_hello_certificates_as_smart_card_certificates": f"{OF_TENANT}/UseHelloCertificatesAsSmartCardCertificates",
    "use_remote_passport": f"{OF_TENANT}/Remote/UseRemotePassport",
    "disable_post_logon_provisioning": f"{OF_TENANT}/DisablePostLogonProvisioning",
    "enable_windows_hello_provisioning_for_security_keys": f"{OF_TENANT}/EnableWindowsHelloProvisioningForSecurityKeys",
    "minimum_pin_length": f"{OF_TENANT}/PINComplexity/MinimumPINLength",
    "maximum_pin_length": f"{OF_TENANT}/PINComplexity/MaximumPINLength",
    "uppercase_letters": f"{OF_TENANT}/PINComplexity/UppercaseLetters",
    "lowercase_letters": f"{OF_TENANT}/PINComplexity/LowercaseLetters",
    "special_characters": f"{OF_TENANT}/PINComplexity/SpecialCharacters",
    "digits": f"{OF_TENANT}/PINComplexity/Digits",
    "pin_history": f"{OF_TENANT}/PINComplexity/History",
    "pin_expiration": f"{OF_TENANT}/PINComplexity/Expiration",
    "use_biometrics": f"{HELLO}/Biometrics/UseBiometrics",
    "use_enhanced_anti_spoofing": f"{HELLO}/Biometrics/FacialFeaturesUseEnhancedAntiSpoofing",
    "enable_ess_with_supported_peripherals": f"{HELLO}/Biometrics/EnableESSwithSupportedPeripherals",
    "device_unlock_group_a": f"{HELLO}/DeviceUnlock/GroupA",
    "device_unlock_group_b": f"{HELLO}/DeviceUnlock/GroupB",
    "device_unlock_plugins": f"{HELLO}/DeviceUnlock/Plugins",
    "dynamic_lock": f"{HELLO}/DynamicLock/DynamicLock",
    "dynamic_lock_plugins": f"{HELLO}/DynamicLock/Plugins",
    "use_security_key_for_signin": f"{HELLO}/SecurityKey/UseSecurityKeyForSignin",
    "enable_web_sign_in": "./Device/Vendor/MSFT/Policy/Config/Authentication/EnableWebSignIn",
    "web_sign_in_allowed_urls": "./Device/Vendor/MSFT/Policy/Config/Authentication/ConfigureWebSignInAllowedUrls",
    "webcam_access_domain_names": "./Device/Vendor/MSFT/Policy/Config/Authentication/ConfigureWebcamAccessDomainNames",
    "preferred_aad_tenant_domain_name": "./Device/Vendor/MSFT/Policy/Config/Authentication/PreferredAadTenantDomainName",
    "allow_aad_password_reset": "./Device/Vendor/MSFT/Policy/Config/Authentication/AllowAadPasswordReset",
    "enable_passwordless_experience": "./Device/Vendor/MSFT/Policy/Config/Authentication/EnablePasswordlessExperience",
    "cloud_kerberos_ticket_retrieval": "./Device/Vendor/MSFT/Policy/Config/Kerberos/CloudKerberosTicketRetrievalEnabled",
}

USER_URIS = {
    "enable_pin_recovery": f"./User/Vendor/MSFT/PassportForWork/{TENANT}/Policies/EnablePinRecovery",
    "use_passport_for_work": f"./User/Vendor/MSFT/PassportForWork/{TENANT}/Policies/UsePassportForWork",
    "require_security_device": f"./User/Vendor/MSFT/PassportForWork/{TENANT}/Policies/RequireSecurityDevice",
    "minimum_pin_length": f"./User/Vendor/MSFT/PassportForWork/{TENANT}/Policies/PINComplexity/MinimumPINLength",
    "maximum_pin_length": f"./User/Vendor/MSFT/PassportForWork/{TENANT}/Policies/PINComplexity/MaximumPINLength",
    "uppercase_letters": f"./User/Vendor/MSFT/PassportForWork/{TENANT}/Policies/PINComplexity/UppercaseLetters",
    "lowercase_letters": f"./User/Vendor/MSFT/PassportForWork/{TENANT}/Policies/PINComplexity/LowercaseLetters",
    "special_characters": f"./User/Vendor/MSFT/PassportForWork/{TENANT}/Policies/PINComplexity/SpecialCharacters",
    "digits": f"./User/Vendor/MSFT/PassportForWork/{TENANT}/Policies/PINComplexity/Digits",
    "pin_history": f"./User/Vendor/MSFT/PassportForWork/{TENANT}/Policies/PINComplexity/History",
    "pin_expiration": f"./User/Vendor/MSFT/PassportForWork/{TENANT}/Policies/PINComplexity/Expiration",
}

DEFINITIONS = {
    "enable_pin_recovery": f"{GROUP}enablepinrecovery",
    "use_passport_for_work": f"{GROUP}usepassportforwork",
    "require_security_device": f"{GROUP}requiresecuritydevice",
    "exclude_security_devices_tpm12": f"{GROUP}excludesecuritydevices_tpm12",
    "use_certificate_for_on_prem_auth": f"{GROUP}usecertificateforonpremauth",
    "use_cloud_trust_for_on_prem_auth": f"{GROUP}usecloudtrustforonpremauth",
    "use_hello_certificates_as_smart_card_certificates": f"{GROUP}usehellocertificatesassmartcardcertificates",
    "use_remote_passport": f"{GROUP}remote_useremotepassport",
    "minimum_pin_length": f"{GROUP}pincomplexity_minimumpinlength",
    "maximum_pin_length": f"{GROUP}pincomplexity_maximumpinlength",
    "uppercase_letters": f"{GROUP}pincomplexity_uppercaseletters",
    "lowercase_letters": f"{GROUP}pincomplexity_lowercaseletters",
    "special_characters": f"{GROUP}pincomplexity_specialcharacters",
    "digits": f"{GROUP}pincomplexity_digits",
    "pin_history": f"{GROUP}pincomplexity_history",
    "pin_expiration": f"{GROUP}pincomplexity_expiration",
    "use_biometrics": f"{PLAIN}biometrics_usebiometrics",
    "use_enhanced_anti_spoofing": f"{PLAIN}biometrics_facialfeaturesuseenhancedantispoofing",
    "enable_ess_with_supported_peripherals": f"{PLAIN}biometrics_enableesswithsupportedperipherals",
    "device_unlock_group_a": f"{PLAIN}deviceunlock_groupa",
    "device_unlock_group_b": f"{PLAIN}deviceunlock_groupb",
    "device_unlock_plugins": f"{PLAIN}deviceunlock_plugins",
    "dynamic_lock": f"{PLAIN}dynamiclock_dynamiclock",
    "dynamic_lock_plugins": f"{PLAIN}dynamiclock_plugins",
    "use_security_key_for_signin": f"{PLAIN}securitykey_usesecuritykeyforsignin",
    "enable_web_sign_in": "device_vendor_msft_policy_config_authentication_enablewebsignin",
    "web_sign_in_allowed_urls": "device_vendor_msft_policy_config_authentication_configurewebsigninallowedurls",
    "webcam_access_domain_names": "device_vendor_msft_policy_config_authentication_configurewebcamaccessdomainnames",
    "preferred_aad_tenant_domain_name": "device_vendor_msft_policy_config_authentication_preferredaadtenantdomainname",
    "allow_aad_password_reset": "device_vendor_msft_policy_config_authentication_allowaadpasswordreset",
    "enable_passwordless_experience": "device_vendor_msft_policy_config_authentication_enablepasswordlessexperience",
    "cloud_kerberos_ticket_retrieval": "device_vendor_msft_policy_config_kerberos_cloudkerberosticketretrievalenabled",
}

USER_DEFINITIONS = {
    "enable_pin_recovery": "user_vendor_msft_passportforwork_{tenantid}_policies_enablepinrecovery",
    "use_passport_for_work": "user_vendor_msft_passportforwork_{tenantid}_policies_usepassportforwork",
    "require_security_device": "user_vendor_msft_passportforwork_{tenantid}_policies_requiresecuritydevice",
    "minimum_pin_length": "user_vendor_msft_passportforwork_{tenantid}_policies_pincomplexity_minimumpinlength",
    "maximum_pin_length": "user_vendor_msft_passportforwork_{tenantid}_policies_pincomplexity_maximumpinlength",
    "uppercase_letters": "user_vendor_msft_passportforwork_{tenantid}_policies_pincomplexity_uppercaseletters",
    "lowercase_letters": "user_vendor_msft_passportforwork_{tenantid}_policies_pincomplexity_lowercaseletters",
    "special_characters": "user_vendor_msft_passportforwork_{tenantid}_policies_pincomplexity_specialcharacters",
    "digits": "user_vendor_msft_passportforwork_{tenantid}_policies_pincomplexity_digits",
    "pin_history": "user_vendor_msft_passportforwork_{tenantid}_policies_pincomplexity_history",
    "pin_expiration": "user_vendor_msft_passportforwork_{tenantid}_policies_pincomplexity_expiration",
}

# The value on a device: the type of the OMA setting, and its value. Then the value in the catalog: a choice's ending, or the value.
BOOLEAN, INTEGER, STRING = (f"#microsoft.graph.omaSetting{kind}" for kind in ("Boolean", "Integer", "String"))
WIRE = [
    ("enable_pin_recovery", True, BOOLEAN, True, "_true"),
    ("enable_pin_recovery", False, BOOLEAN, False, "_false"),
    ("use_passport_for_work", True, BOOLEAN, True, "_true"),
    ("require_security_device", False, BOOLEAN, False, "_false"),
    ("exclude_security_devices_tpm12", True, BOOLEAN, True, "_true"),
    ("use_certificate_for_on_prem_auth", True, BOOLEAN, True, "_true"),
    ("use_cloud_trust_for_on_prem_auth", True, BOOLEAN, True, "_true"),
    ("use_hello_certificates_as_smart_card_certificates", True, BOOLEAN, True, "_true"),
    ("use_remote_passport", True, BOOLEAN, True, "_true"),
    ("disable_post_logon_provisioning", True, BOOLEAN, True, None),
    ("enable_windows_hello_provisioning_for_security_keys", True, BOOLEAN, True, None),
    ("minimum_pin_length", 6, INTEGER, 6, 6),
    ("maximum_pin_length", 127, INTEGER, 127, 127),
    ("uppercase_letters", "allowed", INTEGER, 0, "_0"),
    ("lowercase_letters", "required", INTEGER, 1, "_1"),
    ("special_characters", "blocked", INTEGER, 2, "_2"),
    ("digits", "required", INTEGER, 1, "_1"),
    ("pin_history", 0, INTEGER, 0, 0),
    ("pin_expiration", 730, INTEGER, 730, 730),
    ("use_biometrics", True, BOOLEAN, True, "_true"),
    ("use_enhanced_anti_spoofing", True, BOOLEAN, True, "_true"),
    ("enable_ess_with_supported_peripherals", True, INTEGER, 1, "_1"),
    ("enable_ess_with_supported_peripherals", False, INTEGER, 0, "_0"),
    ("device_unlock_group_a", "{D6886603-9D2F-4EB2-B667-1971041FA96B}", STRING, "{D6886603-9D2F-4EB2-B667-1971041FA96B}", None),
    ("device_unlock_group_b", "{D6886603-9D2F-4EB2-B667-1971041FA96B}", STRING, "{D6886603-9D2F-4EB2-B667-1971041FA96B}", None),
    ("device_unlock_plugins", "<rule/>", STRING, "<rule/>", "<rule/>"),
    ("dynamic_lock", False, BOOLEAN, False, "_false"),
    ("dynamic_lock_plugins", "<rule/>", STRING, "<rule/>", "<rule/>"),
    ("use_security_key_for_signin", True, INTEGER, 1, "_1"),
    ("use_security_key_for_signin", False, INTEGER, 0, "_0"),
    ("enable_web_sign_in", "default", INTEGER, 0, "_0"),
    ("enable_web_sign_in", "enabled", INTEGER, 1, "_1"),
    ("enable_web_sign_in", "disabled", INTEGER, 2, "_2"),
    ("web_sign_in_allowed_urls", ("a.test", "b.test"), STRING, "a.test;b.test", ["a.test", "b.test"]),
    ("webcam_access_domain_names", ("a.test", "b.test"), STRING, "a.test;b.test", ["a.test", "b.test"]),
    ("preferred_aad_tenant_domain_name", "contoso.com", STRING, "contoso.com", "contoso.com"),
    ("allow_aad_password_reset", True, INTEGER, 1, "_1"),
    ("allow_aad_password_reset", False, INTEGER, 0, "_0"),
    ("enable_passwordless_experience", "default", INTEGER, 0, "_0"),
    ("enable_passwordless_experience", "enabled", INTEGER, 1, "_1"),
    ("enable_passwordless_experience", "disabled", INTEGER, 2, "_2"),
    ("cloud_kerberos_ticket_retrieval", True, INTEGER, 1, "_1"),
    ("cloud_kerberos_ticket_retrieval", False, INTEGER, 0, "_0"),
]

RANGES = {"minimum_pin_length": (4, 127), "maximum_pin_length": (4, 127), "pin_history": (0, 50), "pin_expiration": (0, 730)}
NOT_IN_CATALOG = {"disable_post_logon_provisioning", "enable_windows_hello_provisioning_for_security_keys"}


def test_every_setting_has_its_path_on_a_device() -> None:
    assert {setting.option: setting.uri(TENANT, "device") for setting in SETTINGS} == URIS


def test_every_setting_of_users_has_its_path() -> None:
    assert {setting.option: setting.uri(TENANT, "user") for setting in SETTINGS if "user" in setting.scopes} == USER_URIS


def test_every_setting_can_be_set_for_the_device() -> None:
    assert all("device" in setting.scopes for setting in SETTINGS)


def test_every_setting_of_the_catalog_has_its_definition() -> None:
    assert {setting.option: setting.definition("device") for setting in SETTINGS if setting.in_catalog} == DEFINITIONS
    assert {setting.option for setting in SETTINGS if not setting.in_catalog} == NOT_IN_CATALOG


def test_every_setting_of_users_has_its_definition() -> None:
    assert {setting.option: setting.definition("user") for setting in SETTINGS if "user" in setting.scopes} == USER_DEFINITIONS


def test_settings_of_the_tenant_are_those_with_its_id() -> None:
    assert {setting.option for setting in SETTINGS if setting.is_per_tenant} == {option for option, uri in URIS.items() if TENANT in uri}


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row[0]} {row[1]}") for row in WIRE])
def test_a_value_is_what_the_device_takes(row: tuple[str, t.Any, str, t.Any, t.Any]) -> None:
    option, value, oma_type, wire, _catalog = row
    rendered = model.render_oma_setting(BY_OPTION[option], value, PolicyScope(TENANT, "device"))
    assert (rendered["@odata.type"], rendered["value"], type(rendered["value"])) == (oma_type, wire, type(wire))
    assert rendered["omaUri"] == URIS[option]


@pytest.mark.parametrize("row", [pytest.param(row, id=f"{row[0]} {row[1]}") for row in WIRE if row[4] is not None])
def test_a_value_is_what_the_catalog_takes(row: tuple[str, t.Any, str, t.Any, t.Any]) -> None:
    option, value, _oma_type, _wire, catalog = row
    rendered = settings_catalog.render_instance(BY_OPTION[option], value, "device")
    found = rendered.get("choiceSettingValue") or rendered.get("simpleSettingValue")
    plain = found["value"] if found else [item["value"] for item in rendered["simpleSettingCollectionValue"]]
    assert plain == (DEFINITIONS[option] + catalog if isinstance(catalog, str) and catalog.startswith("_") else catalog)
    assert rendered["settingDefinitionId"] == DEFINITIONS[option]


def test_every_setting_is_in_the_table_of_values() -> None:
    assert {row[0] for row in WIRE} == set(URIS)


# --- options --------------------------------------------------------------------------------------------------------


def test_the_options_are_typed_by_what_they_hold() -> None:
    spec = settings.make_options()
    assert list(spec) == list(URIS)
    assert spec["enable_pin_recovery"] == {"type": "bool", "no_log": False}
    assert spec["use_security_key_for_signin"] == {"type": "bool"}
    # Ansible treats an option with "pass" in its name as a secret.
    assert spec["allow_aad_password_reset"] == {"type": "bool", "no_log": False}
    assert spec["enable_passwordless_experience"] == {"type": "str", "choices": ["default", "enabled", "disabled"], "no_log": False}
    assert spec["pin_history"] == {"type": "int", "no_log": False}
    assert spec["digits"] == {"type": "str", "choices": ["allowed", "required", "blocked"]}
    assert spec["enable_web_sign_in"] == {"type": "str", "choices": ["default", "enabled", "disabled"]}
    assert spec["device_unlock_plugins"] == {"type": "str"}
    assert spec["web_sign_in_allowed_urls"] == {"type": "list", "elements": "str"}


@pytest.mark.parametrize(
    ("params", "values"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param({"enable_pin_recovery": None, "name": "PIN"}, {}, id="unset, and another option"),
        pytest.param({"enable_pin_recovery": False, "pin_history": 0}, {"enable_pin_recovery": False, "pin_history": 0}, id="false and 0"),
        pytest.param({"device_unlock_plugins": " <rule/>\n"}, {"device_unlock_plugins": "<rule/>"}, id="space around a text"),
        pytest.param({"device_unlock_plugins": " "}, {"device_unlock_plugins": ""}, id="a text of spaces"),
        pytest.param({"web_sign_in_allowed_urls": []}, {"web_sign_in_allowed_urls": ()}, id="empty list"),
        pytest.param(
            {"web_sign_in_allowed_urls": ["B.test", " a.test ", "b.test", ""]},
            {"web_sign_in_allowed_urls": ("a.test", "b.test")},
            id="list",
        ),
    ],
)
def test_the_settings_that_a_task_names(params: dict[str, t.Any], values: dict[str, t.Any]) -> None:
    assert settings.parse_values(params) == values


@pytest.mark.parametrize(
    ("value", "clear"),
    [("", True), ((), True), (0, False), (False, False), ("allowed", False), (("a.test",), False)],
)
def test_an_empty_text_or_list_clears(value: t.Any, clear: bool) -> None:
    assert settings.is_cleared(value) is clear


@pytest.mark.parametrize(
    ("current", "wanted", "merged"),
    [
        pytest.param({"pin_history": 1}, {}, {"pin_history": 1}, id="left alone"),
        pytest.param({"pin_history": 1}, {"pin_history": 0}, {"pin_history": 0}, id="changed to 0"),
        pytest.param({"dynamic_lock": True}, {"dynamic_lock": False}, {"dynamic_lock": False}, id="changed to false"),
        pytest.param({"dynamic_lock_plugins": "x"}, {"dynamic_lock_plugins": ""}, {}, id="text cleared"),
        pytest.param({"web_sign_in_allowed_urls": ("a",)}, {"web_sign_in_allowed_urls": ()}, {}, id="list cleared"),
        pytest.param({}, {"dynamic_lock_plugins": "", "pin_history": 1}, {"pin_history": 1}, id="nothing to clear"),
    ],
)
def test_wanted_settings_are_merged(current: dict[str, t.Any], wanted: dict[str, t.Any], merged: dict[str, t.Any]) -> None:
    assert settings.merge(current, wanted) == merged


@given(values_for("device"), given_values("device"))
def test_merging_again_changes_nothing(current: dict[str, t.Any], wanted: dict[str, t.Any]) -> None:
    once = settings.merge(current, wanted)
    assert settings.merge(once, wanted) == once
    assert not any(settings.is_cleared(value) for value in once.values())


def test_settings_are_shown_as_they_are_given_and_null_where_unset() -> None:
    shown = settings.describe({"pin_history": 0, "web_sign_in_allowed_urls": ("a.test",)})
    assert list(shown) == list(URIS)
    assert {name: value for name, value in shown.items() if value is not None} == {"pin_history": 0, "web_sign_in_allowed_urls": ["a.test"]}


def test_named_settings_alone_can_be_shown() -> None:
    names = (name for name in ("pin_history", "dynamic_lock"))
    assert settings.describe({"pin_history": 0, "digits": "allowed"}, names) == {"pin_history": 0, "dynamic_lock": None}


# --- impossible values ----------------------------------------------------------------------------------------------


def problems(values: dict[str, t.Any], scope: str = "device", backend: str = "custom") -> str:
    try:
        settings.validate(values, scope, backend)
    except errors.InvalidOptionError as failure:
        assert (failure.effects, failure.hint) == ("none", None) and str(failure).endswith(" Nothing was changed.")
        return failure.message
    return ""


@pytest.mark.parametrize("option", list(RANGES))
@pytest.mark.parametrize("backend", ["custom", "settings_catalog"])
def test_numbers_have_bounds(option: str, backend: str) -> None:
    low, high = RANGES[option]
    assert problems({option: low}, backend=backend) == problems({option: high}, backend=backend) == ""
    for value in (low - 1, high + 1):
        assert problems({option: value}, backend=backend) == f"{option} must be from {low} to {high}, not {value}."


def test_every_number_is_among_the_bounds() -> None:
    assert {setting.option for setting in SETTINGS if setting.kind == "int"} == set(RANGES)


@pytest.mark.parametrize("option", sorted(set(URIS) - set(USER_URIS)))
def test_settings_of_the_device_cannot_be_the_users(option: str) -> None:
    value = next(row[1] for row in WIRE if row[0] == option)
    assert problems({option: value}) == ""
    assert problems({option: value}, "user") == f"{option} cannot be set for the scope user: Windows knows it for the device only."


@pytest.mark.parametrize("option", sorted(NOT_IN_CATALOG))
def test_what_the_catalog_does_not_have_is_refused_there(option: str) -> None:
    assert problems({option: True}) == ""
    message = f"{option} is not in Intune's settings catalog; the backend custom has it."
    assert problems({option: True}, backend="settings_catalog") == message


GUID = "{D6886603-9D2F-4EB2-B667-1971041FA96B}"


@pytest.mark.parametrize("option", ["device_unlock_group_a", "device_unlock_group_b"])
@pytest.mark.parametrize(
    ("value", "good"),
    [
        pytest.param(GUID, True, id="one"),
        pytest.param(GUID.lower(), True, id="lower case"),
        pytest.param(f"{GUID},{GUID}", True, id="two"),
        pytest.param(f"{GUID}, {GUID}", True, id="two and a space"),
        pytest.param("", True, id="cleared"),
        pytest.param(GUID.strip("{}"), False, id="no braces"),
        pytest.param(f"{GUID};{GUID}", False, id="semicolon"),
        pytest.param(f"{GUID},", False, id="a comma too much"),
        pytest.param("{D6886603}", False, id="too short"),
        pytest.param("PIN", False, id="a word"),
    ],
)
def test_groups_of_providers_are_guids_in_braces(option: str, value: str, good: bool) -> None:
    assert bool(problems({option: value})) is not good


@pytest.mark.parametrize(
    ("host", "good"),
    [
        ("login.contoso.com", True),
        ("localhost", True),
        ("sts-1.contoso.com", True),
        ("*.contoso.com", True),
        ("https://login.contoso.com", False),
        ("login.contoso.com/adfs", False),
        ("login.contoso.com:443", False),
        ("a.test;b.test", False),
        ("login..com", False),
        ("-a.test", False),
        ("a-.test", False),
        (".test", False),
        ("a b", False),
        ("ä.test", False),
        ("a.test\n", False),
    ],
)
def test_allowed_urls_are_names_of_hosts(host: str, good: bool) -> None:
    assert bool(problems({"web_sign_in_allowed_urls": (host,)})) is not good


@pytest.mark.parametrize(("option", "limit"), [("web_sign_in_allowed_urls", 1000), ("webcam_access_domain_names", 600)])
def test_lists_of_hosts_have_a_limit(option: str, limit: int) -> None:
    hosts = tuple(f"h{number}.test" for number in range(limit + 1))
    assert problems({option: hosts[:limit]}) == ""
    assert problems({option: hosts}) == f"{option} has {limit + 1} entries; at most {limit} are possible."


@pytest.mark.parametrize(
    ("domain", "good"),
    [
        ("contoso.com", True),
        ("", True),
        ("sub.contoso.com", True),
        ("*.contoso.com", False),
        ("@contoso.com", False),
        ("https://contoso.com", False),
        ("a.test;b.test", False),
    ],
)
def test_the_preferred_domain_is_the_name_of_one_domain(domain: str, good: bool) -> None:
    message = f"preferred_aad_tenant_domain_name must be the name of a domain, such as contoso.com, not '{domain}'."
    assert problems({"preferred_aad_tenant_domain_name": domain}) == ("" if good else message)


@pytest.mark.parametrize("option", ["device_unlock_plugins", "dynamic_lock_plugins"])
def test_what_intune_shows_for_a_hidden_value_is_no_value(option: str) -> None:
    assert "****" in problems({option: "****"})


LETTERS = ("uppercase_letters", "lowercase_letters", "special_characters", "digits")
BLOCKED = dict.fromkeys(LETTERS, "blocked")


@pytest.mark.parametrize(
    ("values", "words"),
    [
        pytest.param({"minimum_pin_length": 7, "maximum_pin_length": 6}, "minimum_pin_length is 7 and maximum_pin_length 6", id="lengths"),
        pytest.param({"minimum_pin_length": 6, "maximum_pin_length": 6}, None, id="equal lengths"),
        pytest.param({"minimum_pin_length": 7}, None, id="a minimum alone"),
        pytest.param({"maximum_pin_length": 6}, None, id="a maximum alone"),
        pytest.param(BLOCKED, "all blocked", id="all blocked"),
        *(pytest.param({**BLOCKED, name: "allowed"}, None, id=f"{name} allowed") for name in LETTERS),
        *(pytest.param({key: "blocked" for key in LETTERS if key != name}, None, id=f"{name} unset") for name in LETTERS),
    ],
)
def test_combinations_that_allow_no_pin_are_reported(values: dict[str, t.Any], words: str | None) -> None:
    found = settings.find_contradictions(values)
    assert bool(found) is (words is not None)
    assert (words or "") in " ".join(found) and " ".join(found) == problems(values)


def test_all_problems_are_reported_at_once() -> None:
    found = problems({"pin_history": 51, "pin_expiration": 731, "device_unlock_group_a": "x", **BLOCKED})
    assert found.startswith("pin_history must be from 0 to 50, not 51.")
    assert all(
        words in found for words in ("pin_expiration must be", "not 731", "device_unlock_group_a must hold GUIDs", "not 'x'", "all blocked")
    )


@pytest.mark.parametrize(
    ("values", "warned"),
    [
        pytest.param({"minimum_pin_length": 6, "maximum_pin_length": 6}, True, id="equal"),
        pytest.param({"minimum_pin_length": 6, "maximum_pin_length": 7}, False, id="different"),
        pytest.param({"minimum_pin_length": 6}, False, id="one"),
        pytest.param({}, False, id="none"),
    ],
)
def test_equal_lengths_are_warned_of(values: dict[str, t.Any], warned: bool) -> None:
    assert bool(settings.make_warnings(values)) is warned


@pytest.mark.parametrize(
    ("value", "warned"),
    [pytest.param(False, True, id="case 54: off"), pytest.param(True, False, id="on"), pytest.param(None, False, id="not given")],
)
def test_enhanced_sign_in_security_is_not_switched_off_unnoticed(value: bool | None, warned: bool) -> None:
    values = {} if value is None else {"enable_ess_with_supported_peripherals": value}
    found = settings.make_warnings(values)
    assert bool(found) is warned
    assert not warned or all(words in found[0] for words in ("Enhanced Sign-in Security off", "lose", "must reset their PIN"))


def test_all_warnings_are_given() -> None:
    values = {"minimum_pin_length": 6, "maximum_pin_length": 6, "enable_ess_with_supported_peripherals": False}
    assert len(settings.make_warnings(values)) == 2
