# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The settings of Windows Hello for Business: what each is called in the options, on a device, and in the settings catalog.

Pure. A value is what the option takes: bool, int, a word, text, or a tuple of texts. Sources: PassportForWork CSP, Policy CSP
Authentication, and Intune's setting definitions.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .. import _errors as errors

BOTH = ("device", "user")
DEVICE = ("device",)
CHARACTERS = ("allowed", "required", "blocked")
HOST = re.compile(r"[a-z0-9*]([a-z0-9*-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.IGNORECASE)
PROVIDERS = re.compile(r"\{[0-9A-Fa-f-]{36}\}(,\s*\{[0-9A-Fa-f-]{36}\})*")
MOST_URLS = 1000
HIDDEN = "****"  # what Intune shows of the value of a string, a file or XML in a custom profile


@dataclasses.dataclass(frozen=True)
class Setting:
    """``kind``: bool; flag (a bool that devices know as 0 and 1); choice (a word, which devices know by its place); int; text; list.

    ``node`` is the path below ./Device/Vendor/MSFT or ./User/Vendor/MSFT, with the tenant's place in braces.
    """

    option: str
    kind: str
    node: str
    scopes: tuple[str, ...] = DEVICE
    words: tuple[str, ...] = ()
    low: int = 0
    high: int = 0
    in_catalog: bool = True

    def uri(self, tenant: str, scope: str) -> str:
        """The OMA-URI: the tenant ID in lower case and without braces, as the CSP wants it."""
        return f"./{scope.capitalize()}/Vendor/MSFT/{self.node.format(tenantid=tenant)}"

    def definition(self, scope: str) -> str:
        """The ID of its definition in the settings catalog, in which {tenantid} stands as it is."""
        return f"{scope}_vendor_msft_{self.node.lower().replace('/', '_')}"

    @property
    def of_tenant(self) -> bool:
        return "{tenantid}" in self.node


def _policy(name: str) -> str:
    return f"PassportForWork/{{tenantid}}/Policies/{name}"


SETTINGS: tuple[Setting, ...] = (
    Setting("enable_pin_recovery", "bool", _policy("EnablePinRecovery"), BOTH),
    Setting("use_passport_for_work", "bool", _policy("UsePassportForWork"), BOTH),
    Setting("require_security_device", "bool", _policy("RequireSecurityDevice"), BOTH),
    Setting("exclude_security_devices_tpm12", "bool", _policy("ExcludeSecurityDevices/TPM12")),
    Setting("use_certificate_for_on_prem_auth", "bool", _policy("UseCertificateForOnPremAuth")),
    Setting("use_cloud_trust_for_on_prem_auth", "bool", _policy("UseCloudTrustForOnPremAuth")),
    Setting("use_hello_certificates_as_smart_card_certificates", "bool", _policy("UseHelloCertificatesAsSmartCardCertificates")),
    Setting("use_remote_passport", "bool", _policy("Remote/UseRemotePassport")),
    # The catalog names these two as children of the tenant's group, and has no definition of them.
    Setting("disable_post_logon_provisioning", "bool", _policy("DisablePostLogonProvisioning"), in_catalog=False),
    Setting(
        "enable_windows_hello_provisioning_for_security_keys",
        "bool",
        _policy("EnableWindowsHelloProvisioningForSecurityKeys"),
        in_catalog=False,
    ),
    Setting("minimum_pin_length", "int", _policy("PINComplexity/MinimumPINLength"), BOTH, low=4, high=127),
    Setting("maximum_pin_length", "int", _policy("PINComplexity/MaximumPINLength"), BOTH, low=4, high=127),
    Setting("uppercase_letters", "choice", _policy("PINComplexity/UppercaseLetters"), BOTH, CHARACTERS),
    Setting("lowercase_letters", "choice", _policy("PINComplexity/LowercaseLetters"), BOTH, CHARACTERS),
    Setting("special_characters", "choice", _policy("PINComplexity/SpecialCharacters"), BOTH, CHARACTERS),
    Setting("digits", "choice", _policy("PINComplexity/Digits"), BOTH, CHARACTERS),
    Setting("pin_history", "int", _policy("PINComplexity/History"), BOTH, low=0, high=50),
    Setting("pin_expiration", "int", _policy("PINComplexity/Expiration"), BOTH, low=0, high=730),
    Setting("use_biometrics", "bool", "PassportForWork/Biometrics/UseBiometrics"),
    Setting("use_enhanced_anti_spoofing", "bool", "PassportForWork/Biometrics/FacialFeaturesUseEnhancedAntiSpoofing"),
    Setting("enable_ess_with_supported_peripherals", "flag", "PassportForWork/Biometrics/EnableESSwithSupportedPeripherals"),
    Setting("device_unlock_group_a", "text", "PassportForWork/DeviceUnlock/GroupA"),
    Setting("device_unlock_group_b", "text", "PassportForWork/DeviceUnlock/GroupB"),
    Setting("device_unlock_plugins", "text", "PassportForWork/DeviceUnlock/Plugins"),
    Setting("dynamic_lock", "bool", "PassportForWork/DynamicLock/DynamicLock"),
    Setting("dynamic_lock_plugins", "text", "PassportForWork/DynamicLock/Plugins"),
    Setting("use_security_key_for_signin", "flag", "PassportForWork/SecurityKey/UseSecurityKeyForSignin"),
    Setting("enable_web_sign_in", "choice", "Policy/Config/Authentication/EnableWebSignIn", words=("default", "enabled", "disabled")),
    Setting("web_sign_in_allowed_urls", "list", "Policy/Config/Authentication/ConfigureWebSignInAllowedUrls"),
)
BY_OPTION = {setting.option: setting for setting in SETTINGS}
OPTION_TYPES = {"bool": "bool", "flag": "bool", "choice": "str", "int": "int", "text": "str", "list": "list"}

Values = dict[str, t.Any]


def arguments() -> dict[str, dict[str, t.Any]]:
    """The options of a module, in the words of AnsibleModule."""
    spec: dict[str, dict[str, t.Any]] = {}
    for setting in SETTINGS:
        spec[setting.option] = {"type": OPTION_TYPES[setting.kind]}
        if setting.words:
            spec[setting.option]["choices"] = list(setting.words)
        if setting.kind == "list":
            spec[setting.option]["elements"] = "str"
        if "pin" in setting.option or "passport" in setting.option:
            # They are called so, and hold no secret.
            spec[setting.option]["no_log"] = False
    return spec


def given(params: t.Mapping[str, t.Any]) -> Values:
    """The settings that a task names; an empty text or list is one: it takes the setting away."""
    return {name: clean(BY_OPTION[name], params[name]) for name in BY_OPTION if params.get(name) is not None}


def clean(setting: Setting, value: t.Any) -> t.Any:
    if setting.kind == "list":
        return tuple(sorted({str(item).strip().lower() for item in value if str(item).strip()}))
    return value.strip() if setting.kind == "text" else value


def is_clear(value: t.Any) -> bool:
    """Whether a value means that the setting is not to be in the policy."""
    return value in ("", ())


def merge(current: Values, wanted: Values) -> Values:
    """What should be set: the wanted settings, the others as they are, and none that is cleared."""
    return {name: value for name, value in {**current, **wanted}.items() if not is_clear(value)}


def check(values: Values, scope: str, backend: str) -> None:
    """Refuses values that the policy cannot hold, all of them at once; nothing was sent yet."""
    problems = [problem for name, value in values.items() for problem in _problems(BY_OPTION[name], value, scope, backend)]
    problems += together(values)
    if problems:
        raise errors.InvalidOptionError(" ".join(problems), hint="Nothing was written.")


def _problems(setting: Setting, value: t.Any, scope: str, backend: str) -> t.Iterator[str]:
    if scope not in setting.scopes:
        yield f"{setting.option} cannot be set for the scope {scope}: Windows knows it for the device only."
    if backend == "settings_catalog" and not setting.in_catalog:
        yield f"{setting.option} is not in Intune's settings catalog; the backend custom has it."
    if setting.kind == "int" and not setting.low <= value <= setting.high:
        yield f"{setting.option} is {value}: it can be {setting.low} to {setting.high}."
    if setting.kind == "list":
        yield from _url_problems(setting, value)
    if value == HIDDEN:
        yield f"{setting.option} is '{HIDDEN}': that is how Intune hides a value, and not the value."
    if setting.option.startswith("device_unlock_group") and value and not PROVIDERS.fullmatch(value):
        yield f"{setting.option} is '{value}': it takes GUIDs in braces, with commas between them."


def _url_problems(setting: Setting, hosts: t.Sequence[str]) -> t.Iterator[str]:
    if len(hosts) > MOST_URLS:
        yield f"{setting.option} has {len(hosts)} entries; {MOST_URLS} are possible."
    for host in hosts:
        if not HOST.fullmatch(host):
            yield f"{setting.option} has '{host}': it takes names of hosts, such as login.contoso.com, without https:// and path."


def together(values: Values) -> list[str]:
    """What single settings allow and their combination does not; also for those that the policy has already."""
    problems = []
    low, high = values.get("minimum_pin_length"), values.get("maximum_pin_length")
    if low is not None and high is not None and low > high:
        problems.append(f"minimum_pin_length is {low} and maximum_pin_length {high}: Windows would use neither.")
    if all(values.get(name) == "blocked" for name in ("uppercase_letters", "lowercase_letters", "special_characters", "digits")):
        problems.append("Letters, special characters and digits are all blocked: no PIN would be possible.")
    return problems


def warnings(values: Values) -> list[str]:
    low, high = values.get("minimum_pin_length"), values.get("maximum_pin_length")
    if low is not None and low == high:
        return [
            f"minimum_pin_length and maximum_pin_length are both {low}. Microsoft's CSP page asks for a minimum below the maximum, and "
            "says that Windows otherwise uses its defaults, 4 and 127, for both."
        ]
    return []


def shown(values: t.Mapping[str, t.Any], names: t.Iterable[str] | None = None) -> Values:
    """Every setting, or those named, as a return value: null where it is not set; a list where it is one."""
    wanted = set(BY_OPTION if names is None else names)
    chosen = [name for name in BY_OPTION if name in wanted]
    return {name: list(values[name]) if isinstance(values.get(name), tuple) else values.get(name) for name in chosen}
