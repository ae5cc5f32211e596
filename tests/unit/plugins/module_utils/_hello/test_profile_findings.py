# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that a custom profile for Windows Hello either sets something on devices or has a finding."""

from __future__ import annotations

import typing as t
import urllib.parse

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._hello import custom_profile, discovery
from ansible_collections.endpointops.intune.plugins.module_utils._hello.finding import Finding
from ansible_collections.endpointops.intune.plugins.module_utils._hello.findings import list_findings
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import FoundPolicy, PolicyScope, render_oma_setting
from ansible_collections.endpointops.intune.plugins.module_utils._hello.paths import expand_uri
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import SETTINGS, Setting
from tests.support.fakes import TENANT_ID
from tests.support.policies import value_for

RIGHT = f"./Device/Vendor/MSFT/PassportForWork/{TENANT_ID}/Policies/EnablePinRecovery"
ON = {"@odata.type": "#microsoft.graph.omaSettingBoolean", "displayName": "PIN", "omaUri": RIGHT, "value": True}


def read(*items: dict[str, t.Any]) -> tuple[FoundPolicy | None, list[Finding]]:
    """Return a profile in the form of discovery, and its findings."""
    raw = {"@odata.type": custom_profile.ODATA_TYPE, "id": "p-1", "displayName": "PIN", "omaSettings": list(items)}
    raw["assignments"] = [{"target": {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}}]
    found = discovery.parse_profile(raw, TENANT_ID)
    return found, list_findings([found] if found else [], TENANT_ID)


@pytest.mark.parametrize(
    "uri",
    [
        pytest.param(RIGHT.replace("MSFT/", "MSFT/ "), id="case 46: a blank in the middle"),
        pytest.param(RIGHT.replace("MSFT/", "MSFT//"), id="case 46: a doubled slash"),
        pytest.param(RIGHT.replace("/", "\\"), id="case 46: backslashes"),
        pytest.param(RIGHT.replace("./Device/", ".\\Device/"), id="one backslash"),
        pytest.param(RIGHT.replace("./Device/", "./Devices/"), id="case 46: Devices"),
        pytest.param(f"'{RIGHT}'", id="case 46: quotes"),
        pytest.param(f"\u201c{RIGHT}\u201d", id="curly quotes"),
        pytest.param(f"\u200b{RIGHT}", id="case 46: a zero width space in front"),
        pytest.param(f"{RIGHT}\u200e", id="an invisible mark behind"),
        pytest.param(f"\u00a0{RIGHT}", id="a no-break space in front"),
        pytest.param(RIGHT.replace("/", "%2F"), id="percent escapes"),
        pytest.param(RIGHT.replace("Policies/", "Policies%20/"), id="an escaped blank"),
        pytest.param(RIGHT.removeprefix("./"), id="no dot and slash"),
        pytest.param(RIGHT.replace("Vendor", "Vender"), id="Vendor misspelled"),
        pytest.param(RIGHT.replace("Vendor/", ""), id="Vendor missing"),
        pytest.param(RIGHT.replace("MSFT", "MFST"), id="MSFT misspelled"),
        pytest.param(RIGHT.replace("PassportForWork", "PasportForWork"), id="a letter of the CSP missing"),
        pytest.param(RIGHT.replace("PassportForWork", "PassportforWrok"), id="two letters of the CSP wrong"),
        pytest.param(RIGHT.replace("PassportForWork", "Passport ForWork"), id="a blank in the CSP"),
        pytest.param(RIGHT.replace("PassportForWork", "WindowsHelloForBusiness"), id="the name of the product"),
        pytest.param(RIGHT.replace("Policies", "Policy"), id="Policies misspelled"),
        pytest.param(RIGHT.replace("EnablePinRecovery", "EnablePinRecoverry"), id="the node misspelled"),
        pytest.param(RIGHT.replace("./Device", "./Device/./Device"), id="a part twice"),
        pytest.param(f"{RIGHT}.", id="a dot too many"),
        pytest.param(f"{RIGHT};", id="a sign behind"),
        pytest.param("EnablePinRecovery", id="the node alone"),
        pytest.param("./Device/Vendor/MSFT/Policy/Config/Authentication/EnablePinRecovery", id="in another CSP"),
        pytest.param("./User/Vendor/MSFT/Policy/Config/Authentication/EnableWebSignIn", id="the device's setting, for users"),
        pytest.param("./Device/Vendor/MSFT/Policy/Config/Authentication/EnableWebSignin ", id="web sign-in, with a blank behind"),
        pytest.param("./Device/Vendor/MSFT/Policy/Result/Authentication/EnableWebSignIn", id="where Windows tells it"),
    ],
)
def test_a_mistyped_path_is_an_unknown_path(uri: str) -> None:
    found, findings = read({**ON, "omaUri": uri})
    assert found is not None and found.values == {}
    (finding,) = findings
    assert (finding.code, finding.severity, finding.policies) == ("unknown_path", "error", ("p-1",))
    assert finding.message.startswith("'PIN' sets ") and finding.hint


@pytest.mark.parametrize(
    ("uri", "shown", "marks"),
    [
        (f"\u200b{RIGHT}", f"\\u200b{RIGHT}", "U+200B zero width space at position 1"),
        (f" {RIGHT}", f" {RIGHT}", "a blank at its beginning"),
        (f"{RIGHT} ", f"{RIGHT} ", "a blank at its end"),
    ],
)
def test_what_nobody_sees_is_named(uri: str, shown: str, marks: str) -> None:
    _found, (finding,) = read({**ON, "omaUri": uri})
    assert finding.message == f"'PIN' sets {shown}: no CSP has such a node, and the device sets nothing. The path holds {marks}."


@pytest.mark.parametrize(
    ("uri", "end"),
    [
        pytest.param(RIGHT.replace("MSFT/", "MSFT//"), "which replaces this one.", id="another spelling"),
        pytest.param(RIGHT.replace("PassportForWork", "PasportForWork"), "and remove this one.", id="another word"),
    ],
)
def test_the_advice_says_what_becomes_of_the_wrong_path(uri: str, end: str) -> None:
    _found, (finding,) = read({**ON, "omaUri": uri})
    assert finding.hint == f"The right path is {RIGHT}; set it in this profile by 'enable_pin_recovery' of intune_pin_policy, {end}"


# --- unlisted mutations ---------------------------------------------------------------------------------------------

PLACES = st.integers(0, 200)
NOISE = st.sampled_from(["", " ", "\t", "\n", "/", "//", "\\", "'", '"', "\u201c", "\u200b", "\ufeff", "\u00a0", "\u00ad", ";", ".", ","])
LETTERS = st.sampled_from("aemnoprstwx0lI-_\u0430\u043e")


def at(uri: str, place: int) -> int:
    return place % (len(uri) + 1)


def insert(uri: str, place: int, text: str) -> str:
    return uri[: at(uri, place)] + text + uri[at(uri, place) :]


def replace(uri: str, place: int, text: str) -> str:
    return uri[: at(uri, place)] + text + uri[at(uri, place) + 1 :]


def swap(uri: str, place: int) -> str:
    first = at(uri, place)
    return uri[:first] + uri[first : first + 2][::-1] + uri[first + 2 :]


def drop_part(uri: str, place: int) -> str:
    """Drop a part before the CSP's own node, such as Vendor."""
    parts = uri.split("/")
    del parts[place % (len(parts) - 1)]
    return "/".join(parts)


NOISY = st.one_of(
    st.builds(lambda place, text: lambda uri: insert(uri, place, text), PLACES, NOISE),
    st.sampled_from(
        [
            str.lower,
            str.upper,
            str.swapcase,
            lambda uri: uri.replace("/", "\\"),
            lambda uri: uri.replace("/", "//"),
            lambda uri: uri.replace("/", "\uff0f"),
            lambda uri: urllib.parse.quote(uri, safe=""),
            lambda uri: urllib.parse.quote(urllib.parse.quote(uri, safe=""), safe=""),
            lambda uri: uri.replace(TENANT_ID, f"{{{TENANT_ID}}}"),
            lambda uri: uri.replace(TENANT_ID, TENANT_ID.upper()),
            lambda uri: uri.replace("MSFT/", "MSFT/Policy/"),
            lambda uri: uri.replace("./Device", "./Devices").replace("./User", "./Users"),
            lambda uri: uri.replace("./", "", 1),
            lambda uri: uri.replace("./", "/", 1),
            lambda uri: uri.replace("./", "./Vendor/MSFT/", 1),
            lambda uri: f'"{uri}"',
            lambda uri: f"{uri}/",
            lambda uri: "".join(chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in uri),
        ]
    ),
)
TYPOS = st.one_of(
    st.builds(lambda place, text: lambda uri: insert(uri, place, text), PLACES, LETTERS),
    st.builds(lambda place, text: lambda uri: replace(uri, place, text), PLACES, LETTERS | st.just("")),
    st.builds(lambda place: lambda uri: swap(uri, place), PLACES),
)
MUTATIONS = st.one_of(
    st.tuples(st.lists(TYPOS, max_size=2), st.lists(NOISY, max_size=3)).map(lambda both: [*both[0], *both[1]]),
    st.tuples(st.builds(lambda place: lambda uri: drop_part(uri, place), PLACES), NOISY).map(list),
)


@st.composite
def mutated_items(draw: st.DrawFn) -> tuple[Setting, str, dict[str, t.Any]]:
    setting = draw(st.sampled_from(SETTINGS))
    scope = draw(st.sampled_from(setting.scopes))
    item = render_oma_setting(setting, draw(value_for(setting)), PolicyScope(TENANT_ID, scope))
    for mutate in draw(MUTATIONS):
        item["omaUri"] = mutate(item["omaUri"])
    return setting, scope, item


@given(mutated_items())
def test_a_mutated_path_sets_its_value_or_has_a_finding(mutated: tuple[Setting, str, dict[str, t.Any]]) -> None:
    setting, scope, item = mutated
    # A valid node that no option manages.
    assume(item["omaUri"] != "./Device/Vendor/MSFT/PassportForWork/UseBiometrics")
    found, findings = read(item)
    assert found is not None, "it is no policy at all"
    told = [finding for finding in findings if finding.code not in ("hello_off", "ess_off", "web_sign_in_off")]
    # Without User, it is the device's path.
    right = {each.uri(TENANT_ID, its): (each.option, its) for each in SETTINGS for its in each.scopes}
    is_set = any(found.values.values())
    assert bool(told) is not is_set, item["omaUri"]
    assert is_set is (expand_uri(item["omaUri"]) in right)
    assert item["omaUri"] != setting.uri(TENANT_ID, scope) or setting.option in found.values[scope]
