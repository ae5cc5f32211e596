# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._hello.paths import count_errors, expand_uri, is_path_of, means_hello
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import SETTINGS

TENANT = "11111111-aaaa-4bbb-8ccc-222222222222"
URI = f"./Device/Vendor/MSFT/PassportForWork/{TENANT}/Policies/EnablePinRecovery"
SHORT_URI = URI.replace("./Device/", "./")
WEB = "./Device/Vendor/MSFT/Policy/Config/Authentication/EnableWebSignIn"


@pytest.mark.parametrize(
    ("uri", "whole"),
    [
        pytest.param(SHORT_URI, URI, id="without Device"),
        pytest.param(URI, URI, id="with it"),
        pytest.param(URI.replace("/Device/", "/User/"), URI.replace("/Device/", "/User/"), id="of users"),
        pytest.param("./Device/X/./Vendor/Y", "./Device/X/./Vendor/Y", id="not at its beginning"),
        pytest.param("././Vendor/MSFT", "././Vendor/MSFT", id="another beginning"),
        pytest.param("./Vendors/X", "./Vendors/X", id="another word"),
        pytest.param(None, "None", id="null"),
    ],
)
def test_a_path_without_device_is_the_devices(uri: str | None, whole: str) -> None:
    assert expand_uri(uri) == whole


# --- the setting of a path ------------------------------------------------------------------------------------------

SPELLINGS = [
    pytest.param(URI, id="the same"),
    pytest.param(SHORT_URI, id="without Device"),
    pytest.param(URI.upper(), id="another letter case"),
    pytest.param(URI.replace("MSFT/", "MSFT/Policy/"), id="Microsoft's misprint"),
    pytest.param(SHORT_URI.replace("MSFT/", "MSFT/Policy/"), id="the misprint without Device"),
    pytest.param(URI.replace("MSFT/", "MSFT/Policy/Config/"), id="Policy/Config"),
    pytest.param(URI.replace(TENANT, f"{{{TENANT}}}"), id="braces"),
    pytest.param(URI.replace(TENANT, f"{{{TENANT.upper()}}}"), id="braces and another letter case"),
    pytest.param(f" {URI} ", id="blanks around"),
    pytest.param(f"{URI}/\n", id="a slash and a line end behind"),
    pytest.param(URI.replace("MSFT/", "MSFT//"), id="case 46: a doubled slash"),
    pytest.param(URI.replace("MSFT/", "MSFT/ "), id="case 46: a blank in the middle"),
    pytest.param(URI.replace("/", "\\"), id="case 46: backslashes"),
    pytest.param(URI.replace("/", "\uff0f"), id="wide slashes"),
    pytest.param(URI.replace("/", "\u2215"), id="division slashes"),
    pytest.param(f'"{URI}"', id="case 46: quotes"),
    pytest.param(f"\u201c{URI}\u201d", id="curly quotes"),
    pytest.param(f"\u200b{URI}", id="case 46: a zero width space"),
    pytest.param(f"\ufeff{URI}", id="a byte order mark"),
    pytest.param(URI.replace("PassportForWork", "Passport\u00adForWork"), id="a soft hyphen"),
    pytest.param(URI.replace("PassportForWork", "Passport For Work"), id="blanks within a name"),
    pytest.param(URI.replace("/", "%2F"), id="percent escapes"),
    pytest.param(URI.replace("/", "%252F"), id="percent escapes of percent escapes"),
    pytest.param(URI.replace("PassportForWork", "PassportForWork%20"), id="an escaped blank"),
    pytest.param(URI.replace("P", "\uff30"), id="wide letters"),
    pytest.param(URI.removeprefix("."), id="no dot"),
    pytest.param(URI.removeprefix("./"), id="no dot and slash"),
    pytest.param(f".{URI}", id="two dots"),
    pytest.param(f"{' ' * 2000}{URI}", id="many blanks in front"),
    pytest.param(f"./{'/' * 2000}{URI.removeprefix('./')}", id="many slashes"),
    pytest.param(URI.replace("/", f"%{'25' * 200}2F"), id="percent escapes of many percent escapes"),
]


@pytest.mark.parametrize("uri", SPELLINGS)
def test_other_spellings_of_a_path_mean_its_setting(uri: str) -> None:
    assert is_path_of(uri, URI) and means_hello(uri)


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param(URI.replace("/Device/", "/User/"), id="of users"),
        pytest.param(URI.replace("/Device/", "/Devices/"), id="case 46: Devices"),
        pytest.param(URI.replace(TENANT, TENANT[::-1]), id="another tenant"),
        pytest.param(f"{URI}s", id="another node"),
        pytest.param(URI.replace("Policies/", ""), id="a part is missing"),
        pytest.param(URI.replace("Work", "Werk"), id="another letter"),
        pytest.param(WEB, id="another setting"),
        pytest.param(None, id="null"),
    ],
)
def test_other_paths_do_not(uri: str | None) -> None:
    assert is_path_of(uri, URI) is (uri is not None and "/Devices/" in uri)


# --- paths that concern Windows Hello -------------------------------------------------------------------------------


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.option)
def test_every_setting_concerns_windows_hello(setting: t.Any) -> None:
    assert all(means_hello(setting.uri(TENANT, scope)) for scope in ("device", "user"))


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param("passportforwork", id="the CSP alone"),
        pytest.param("./Device/Vendor/MSFT/PasportForWrk/Policies/X", id="case 46: two letters missing"),
        pytest.param("./Device/Vendor/MSFT/PassprotForWorks/Policies/X", id="swapped letters, and one more"),
        pytest.param("./Device/Vendor/MSFT/PasswordForWork/Policies/X", id="another word"),
        pytest.param("./Device/Vendor/MSFT/P\u0430ssportForWork/Policies/X", id="a Cyrillic letter"),
        pytest.param("./Device/Vendor/MSFTPassportForWork", id="a slash is missing"),
        pytest.param("./Device/Vendor/MSFT/Passport/For/Work/X", id="slashes too many"),
        pytest.param("./Device/Vendor/MSFT/WindowsHelloForBusiness/Policies/X", id="by the name of the product"),
        pytest.param("EnablePinRecovery", id="the node alone"),
        pytest.param("./Device/Vendor/MSFT/Policy/Config/Authentication/EnablePinReset", id="another node"),
        pytest.param(WEB.replace("SignIn", "Signln"), id="a letter like another"),
        pytest.param(WEB.replace("WebSign", "Web/Sign"), id="a name in two parts"),
        pytest.param(WEB.replace("Authentication/", "Authentication"), id="a slash is missing, in another CSP"),
        pytest.param("./Device/Vendor/MSFT/PINComplexity/Digit", id="a short name with the node above"),
    ],
)
def test_wrong_paths_concern_windows_hello(uri: str) -> None:
    assert means_hello(uri)


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "None",
        "./Device/Vendor/MSFT/Policy/Config/Authentication/AllowFastReconnect",
        "./Device/Vendor/MSFT/Policy/Config/Authentication/EnableFastFirstSignIn",
        "./Vendor/MSFT/Policy/Config/FederatedAuthentication/EnableWebSignInForPrimaryUser",
        "./Device/Vendor/MSFT/Policy/Config/Kerberos/KerberosClientSupportsClaimsCompoundArmor",
        "./Device/Vendor/MSFT/Policy/Config/DeviceLock/DevicePasswordExpiration",
        "./Device/Vendor/MSFT/Policy/Config/DeviceLock/DevicePasswordHistory",
        "./Device/Vendor/MSFT/Policy/Config/DeviceLock/MinDevicePasswordComplexCharacters",
        "./Device/Vendor/MSFT/BitLocker/SystemDrivesMinimumPINLength",
        "./Device/Vendor/MSFT/LAPS/Policies/PasswordLength",
        "./Device/Vendor/MSFT/RemoteLock/LockAndRecoverPIN",
        "./Device/Vendor/MSFT/SharedPC/EnableSharedPCMode",
        "./Device/Vendor/MSFT/Policy/Config/Security/RequireDeviceEncryption",
        "./Device/Vendor/MSFT/Policy/Config/WirelessDisplay/RequirePinForPairing",
        "./Vendor/MSFT/Policy/ConfigOperations/ADMXInstall/PassportForWork/Policy/A",
        "./Device/Vendor/MSFT/Policy/Config/PassportForWork~Policy~Settings/A",
    ],
)
def test_paths_of_others_do_not(uri: str) -> None:
    assert not means_hello(uri)


# --- letters --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("word", "text", "errors", "inside"),
    [
        ("work", "work", 0, 0),
        ("work", "wrok", 1, 1),
        ("work", "wor", 1, 1),
        ("work", "wxork", 1, 1),
        ("work", "werk", 1, 1),
        ("work", "", 4, 4),
        ("work", "passportforworkers", 14, 0),
        ("work", "passportforwrokers", 15, 1),
    ],
)
def test_errors_are_counted(word: str, text: str, errors: int, inside: int) -> None:
    assert (count_errors(word, text), count_errors(word, text, anywhere=True)) == (errors, inside)


WORDS = st.text(st.sampled_from("abc"), max_size=6)


@given(WORDS, WORDS)
def test_errors_are_the_same_both_ways(first: str, second: str) -> None:
    errors = count_errors(first, second)
    assert errors == count_errors(second, first)
    assert count_errors(first, second, anywhere=True) <= errors <= max(len(first), len(second))
    assert (errors == 0) is (first == second)
