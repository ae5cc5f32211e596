# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The settings of Windows Hello for Business: the names of each in the options, on a device, and in the settings catalog.

Pure. A value is one that the option accepts: bool, int, a word, text, or a tuple of texts. Sources: PassportForWork CSP, Policy CSP
Authentication and Kerberos, and Intune's setting definitions.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .. import _errors as errors

Scope = t.Literal["device", "user"]
# The policy types that intune_pin_policy manages, as in its option backend.
BackendName = t.Literal["custom", "settings_catalog"]
Kind = t.Literal["bool", "flag", "choice", "int", "text", "list"]
Values = dict[str, t.Any]  # by option

DEVICE: tuple[Scope, ...] = ("device",)
BOTH: tuple[Scope, ...] = ("device", "user")
SWITCH = ("default", "enabled", "disabled")
CHARACTERS = ("allowed", "required", "blocked")
CHARACTER_OPTIONS = ("uppercase_letters", "lowercase_letters", "special_characters", "digits")
HOST = re.compile(r"[a-z0-9*]([a-z0-9*-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.IGNORECASE)
PROVIDERS = re.compile(r"\{[0-9A-Fa-f-]{36}\}(,\s*\{[0-9A-Fa-f-]{36}\})*")
DOMAIN = "preferred_aad_tenant_domain_name"
AUTHENTICATION = "Policy/Config/Authentication"
ESS = "enable_ess_with_supported_peripherals"
# Source: the text of the option in Intune's setting definition.
ESS_OFF = (
    "Windows switches Enhanced Sign-in Security off. Users who enrolled their face or fingerprint under it lose this enrollment and must "
    "reset their PIN. Microsoft does not recommend it."
)
HIDDEN = "****"  # Intune shows this instead of a string, a file, or XML in a custom profile


@dataclasses.dataclass(frozen=True)
class Setting:
    """A setting of Windows Hello for Business.

    ``kind``: bool; flag (a bool that devices store as 0 or 1); choice (a word that devices store as its index); int; text; list. ``node``
    is the path below ./Device/Vendor/MSFT or ./User/Vendor/MSFT, with ``{tenantid}`` for the tenant ID. ``since``: the first build of
    Windows that supports it; empty if only Insider builds do. ``high``: the largest number, or the maximum number of entries of a list.
    """

    option: str
    kind: Kind
    node: str
    since: str
    scopes: tuple[Scope, ...] = DEVICE
    words: tuple[str, ...] = ()
    low: int = 0
    high: int = 0
    in_catalog: bool = True

    def uri(self, tenant_id: str, scope: Scope) -> str:
        """Return the OMA-URI: the tenant ID in lower case and without braces, as the CSP requires."""
        return f"./{scope.capitalize()}/Vendor/MSFT/{self.node.format(tenantid=tenant_id)}"

    def definition(self, scope: Scope) -> str:
        """Return the ID of the setting's definition in the settings catalog, which contains {tenantid} literally."""
        return f"{scope}_vendor_msft_{self.node.lower().replace('/', '_')}"

    @property
    def is_per_tenant(self) -> bool:
        """Whether the tenant ID is part of the path."""
        return "{tenantid}" in self.node


def _policy(name: str) -> str:
    return f"PassportForWork/{{tenantid}}/Policies/{name}"


SETTINGS: tuple[Setting, ...] = (
    Setting("enable_pin_recovery", "bool", _policy("EnablePinRecovery"), "10.0.15063", BOTH),
    Setting("use_passport_for_work", "bool", _policy("UsePassportForWork"), "10.0.10586", BOTH),
    Setting("require_security_device", "bool", _policy("RequireSecurityDevice"), "10.0.10586", BOTH),
    Setting("exclude_security_devices_tpm12", "bool", _policy("ExcludeSecurityDevices/TPM12"), "10.0.15063"),
    Setting("use_certificate_for_on_prem_auth", "bool", _policy("UseCertificateForOnPremAuth"), "10.0.10586"),
    Setting("use_cloud_trust_for_on_prem_auth", "bool", _policy("UseCloudTrustForOnPremAuth"), "10.0.19044.1566"),
    Setting(
        "use_hello_certificates_as_smart_card_certificates", "bool", _policy("UseHelloCertificatesAsSmartCardCertificates"), "10.0.17763"
    ),
    Setting("use_remote_passport", "bool", _policy("Remote/UseRemotePassport"), "10.0.10586"),
    # The catalog lists these two as children of the tenant's group, but has no definitions of them.
    Setting("disable_post_logon_provisioning", "bool", _policy("DisablePostLogonProvisioning"), "10.0.19041.4239", in_catalog=False),
    Setting(
        "enable_windows_hello_provisioning_for_security_keys",
        "bool",
        _policy("EnableWindowsHelloProvisioningForSecurityKeys"),
        "",
        in_catalog=False,
    ),
    Setting("minimum_pin_length", "int", _policy("PINComplexity/MinimumPINLength"), "10.0.10586", BOTH, low=4, high=127),
    Setting("maximum_pin_length", "int", _policy("PINComplexity/MaximumPINLength"), "10.0.10586", BOTH, low=4, high=127),
    Setting("uppercase_letters", "choice", _policy("PINComplexity/UppercaseLetters"), "10.0.10586", BOTH, CHARACTERS),
    Setting("lowercase_letters", "choice", _policy("PINComplexity/LowercaseLetters"), "10.0.10586", BOTH, CHARACTERS),
    Setting("special_characters", "choice", _policy("PINComplexity/SpecialCharacters"), "10.0.10586", BOTH, CHARACTERS),
    Setting("digits", "choice", _policy("PINComplexity/Digits"), "10.0.10586", BOTH, CHARACTERS),
    Setting("pin_history", "int", _policy("PINComplexity/History"), "10.0.10586", BOTH, low=0, high=50),
    Setting("pin_expiration", "int", _policy("PINComplexity/Expiration"), "10.0.10586", BOTH, low=0, high=730),
    Setting("use_biometrics", "bool", "PassportForWork/Biometrics/UseBiometrics", "10.0.10586"),
    Setting("use_enhanced_anti_spoofing", "bool", "PassportForWork/Biometrics/FacialFeaturesUseEnhancedAntiSpoofing", "10.0.10586"),
    Setting("enable_ess_with_supported_peripherals", "flag", "PassportForWork/Biometrics/EnableESSwithSupportedPeripherals", "10.0.22621"),
    Setting("device_unlock_group_a", "text", "PassportForWork/DeviceUnlock/GroupA", "10.0.17134"),
    Setting("device_unlock_group_b", "text", "PassportForWork/DeviceUnlock/GroupB", "10.0.17134"),
    Setting("device_unlock_plugins", "text", "PassportForWork/DeviceUnlock/Plugins", "10.0.17134"),
    Setting("dynamic_lock", "bool", "PassportForWork/DynamicLock/DynamicLock", "10.0.17134"),
    Setting("dynamic_lock_plugins", "text", "PassportForWork/DynamicLock/Plugins", "10.0.17134"),
    Setting("use_security_key_for_signin", "flag", "PassportForWork/SecurityKey/UseSecurityKeyForSignin", "10.0.18362"),
    Setting("enable_web_sign_in", "choice", f"{AUTHENTICATION}/EnableWebSignIn", "10.0.17763", words=SWITCH),
    Setting("web_sign_in_allowed_urls", "list", f"{AUTHENTICATION}/ConfigureWebSignInAllowedUrls", "10.0.17134.2145", high=1000),
    Setting("webcam_access_domain_names", "list", f"{AUTHENTICATION}/ConfigureWebcamAccessDomainNames", "10.0.22000", high=600),
    Setting("preferred_aad_tenant_domain_name", "text", f"{AUTHENTICATION}/PreferredAadTenantDomainName", "10.0.17763"),
    Setting("allow_aad_password_reset", "flag", f"{AUTHENTICATION}/AllowAadPasswordReset", "10.0.16299"),
    Setting("enable_passwordless_experience", "choice", f"{AUTHENTICATION}/EnablePasswordlessExperience", "10.0.22631.2506", words=SWITCH),
    Setting("cloud_kerberos_ticket_retrieval", "flag", "Policy/Config/Kerberos/CloudKerberosTicketRetrievalEnabled", "10.0.22000"),
)
BY_OPTION = {setting.option: setting for setting in SETTINGS}
OPTION_TYPES: t.Mapping[Kind, str] = {"bool": "bool", "flag": "bool", "choice": "str", "int": "int", "text": "str", "list": "list"}


def make_options() -> dict[str, dict[str, t.Any]]:
    """Return the options of a module, in the format of AnsibleModule."""
    spec: dict[str, dict[str, t.Any]] = {}
    for setting in SETTINGS:
        spec[setting.option] = {"type": OPTION_TYPES[setting.kind]}
        if setting.words:
            spec[setting.option]["choices"] = list(setting.words)
        if setting.kind == "list":
            spec[setting.option]["elements"] = "str"
        if any(word in setting.option for word in ("pin", "passport", "password")):
            # Ansible would take such names for those of secrets.
            spec[setting.option]["no_log"] = False
    return spec


def parse_values(params: t.Mapping[str, t.Any]) -> Values:
    """Return the settings that a task gives. An empty text or list is included, because it clears the setting."""
    return {name: parse_value(setting, params[name]) for name, setting in BY_OPTION.items() if params.get(name) is not None}


def parse_value(setting: Setting, value: t.Any) -> t.Any:
    """Return an option's value in its normal form."""
    if setting.kind == "list":
        return tuple(sorted({str(item).strip().lower() for item in value if str(item).strip()}))
    return value.strip() if setting.kind == "text" else value


def is_cleared(value: t.Any) -> bool:
    """Return whether a value clears the setting, so that the policy must not contain it."""
    return value in ("", ())


def merge(current: Values, requested: Values) -> Values:
    """Return the settings after a task: the requested ones and the unchanged others, without those that are cleared."""
    return {name: value for name, value in {**current, **requested}.items() if not is_cleared(value)}


def validate(values: Values, scope: Scope, backend: BackendName) -> None:
    """Raise InvalidOptionError for values that the policy cannot hold, listing all problems."""
    problems = [problem for name, value in values.items() for problem in _problems(BY_OPTION[name], value, scope, backend)]
    problems += find_contradictions(values)
    if problems:
        raise errors.InvalidOptionError(" ".join(problems), effects="none")


def _problems(setting: Setting, value: t.Any, scope: Scope, backend: BackendName) -> t.Iterator[str]:
    if scope not in setting.scopes:
        yield f"{setting.option} cannot be set for the scope {scope}: Windows knows it for the device only."
    if backend == "settings_catalog" and not setting.in_catalog:
        yield f"{setting.option} is not in Intune's settings catalog; the backend custom has it."
    if setting.kind == "int" and not setting.low <= value <= setting.high:
        yield f"{setting.option} must be from {setting.low} to {setting.high}, not {value}."
    if setting.kind == "list":
        yield from _host_problems(setting, value)
    if value == HIDDEN:
        yield f"{setting.option} must be a value, not '{HIDDEN}', which Intune shows instead of a hidden one."
    if setting.option.startswith("device_unlock_group") and value and not PROVIDERS.fullmatch(value):
        yield f"{setting.option} must hold GUIDs in braces, with commas between them, not '{value}'."
    if setting.option == DOMAIN and value not in ("", HIDDEN) and ("*" in value or not HOST.fullmatch(value)):
        yield f"{setting.option} must be the name of a domain, such as contoso.com, not '{value}'."


def _host_problems(setting: Setting, hosts: t.Sequence[str]) -> t.Iterator[str]:
    if len(hosts) > setting.high:
        yield f"{setting.option} has {len(hosts)} entries; at most {setting.high} are possible."
    for host in hosts:
        if not HOST.fullmatch(host):
            yield f"{setting.option} must hold host names, such as login.contoso.com, without https:// and path, not '{host}'."


def find_contradictions(values: Values) -> list[str]:
    """Return a sentence for each combination of values that cannot work, although each value is valid."""
    problems = []
    low, high = values.get("minimum_pin_length"), values.get("maximum_pin_length")
    if low is not None and high is not None and low > high:
        problems.append(
            f"minimum_pin_length is {low} and maximum_pin_length {high}: Windows would use neither. Set the minimum below the maximum."
        )
    if all(values.get(name) == "blocked" for name in CHARACTER_OPTIONS):
        problems.append("Letters, special characters, and digits are all blocked: no PIN would be possible. Allow one of them.")
    return problems


def make_warnings(values: Values) -> list[str]:
    """Return a warning for each value, or combination of values, that may not work or restricts users."""
    warnings = []
    low, high = values.get("minimum_pin_length"), values.get("maximum_pin_length")
    if low is not None and low == high:
        warnings.append(
            f"minimum_pin_length and maximum_pin_length are both {low}. Microsoft's CSP page requires a minimum below the maximum, and "
            "says that Windows otherwise uses its defaults, 4 and 127, for both."
        )
    if values.get(ESS) is False:
        warnings.append(f"{ESS} is false: {ESS_OFF}")
    return warnings


def describe(values: t.Mapping[str, t.Any], names: t.Iterable[str] | None = None) -> Values:
    """Return every setting, or only the named ones, as a return value: None if it is not set; a list for a setting of several texts."""
    chosen = set(BY_OPTION if names is None else names)
    return {name: describe_value(values.get(name)) for name in BY_OPTION if name in chosen}


def describe_value(value: t.Any) -> t.Any:
    """Return a value in the form of a return value."""
    return list(value) if isinstance(value, tuple) else value
