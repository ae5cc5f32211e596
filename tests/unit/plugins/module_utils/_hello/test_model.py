# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._hello.assignments import Assignment
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import (
    BACKENDS,
    FoundPolicy,
    PolicyScope,
    Surface,
    is_hidden,
    parse_oma_settings,
    parse_oma_value,
)
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import BY_OPTION

Json = dict[str, t.Any]

TENANT = "11111111-aaaa-4bbb-8ccc-222222222222"
DEVICE, USER = PolicyScope(TENANT, "device"), PolicyScope(TENANT, "user")
URI = f"./Device/Vendor/MSFT/PassportForWork/{TENANT}/Policies/EnablePinRecovery"
PLUGINS = "./Device/Vendor/MSFT/PassportForWork/DeviceUnlock/Plugins"
SHORT_URI = URI.replace("./Device/", "./")
BOOLEAN, INTEGER, STRING = (f"#microsoft.graph.omaSetting{kind}" for kind in ("Boolean", "Integer", "String"))
RECOVERY = BY_OPTION["enable_pin_recovery"]


def oma(uri: str, value: t.Any, kind: str = BOOLEAN) -> Json:
    return {"@odata.type": kind, "displayName": "x", "description": None, "omaUri": uri, "value": value}


# --- paths ----------------------------------------------------------------------------------------------------------


def test_a_scope_knows_the_path_of_a_setting() -> None:
    assert (DEVICE.uri(RECOVERY), USER.uri(RECOVERY)) == (URI, URI.replace("./Device/", "./User/"))


# --- values ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("option", "item", "value"),
    [
        pytest.param("minimum_pin_length", oma("", 6, INTEGER), 6, id="number"),
        pytest.param("pin_history", oma("", 0, INTEGER), 0, id="zero"),
        pytest.param("minimum_pin_length", oma("", True, INTEGER), None, id="true is no number"),
        pytest.param("minimum_pin_length", oma("", "6", INTEGER), None, id="number as text"),
        pytest.param("digits", oma("", 2, INTEGER), "blocked", id="word"),
        pytest.param("digits", oma("", 3, INTEGER), None, id="a word that is none"),
        pytest.param("digits", oma("", -1, INTEGER), None, id="not the last word"),
        pytest.param("digits", oma("", True, INTEGER), None, id="true is no word"),
        pytest.param("use_security_key_for_signin", oma("", 0, INTEGER), False, id="flag off"),
        pytest.param("use_security_key_for_signin", oma("", 1, INTEGER), True, id="flag on"),
        pytest.param("use_security_key_for_signin", oma("", 2, INTEGER), None, id="no flag"),
        pytest.param("use_security_key_for_signin", oma("", True), None, id="flag as boolean"),
        pytest.param("device_unlock_plugins", oma("", "<rule/>", STRING), "<rule/>", id="text"),
        pytest.param("device_unlock_plugins", oma("", "", STRING), None, id="blank text"),
        pytest.param("device_unlock_plugins", oma("", None, STRING), None, id="null text"),
        pytest.param("web_sign_in_allowed_urls", oma("", "B.test; a.test;;b.test", STRING), ("a.test", "b.test"), id="list"),
        pytest.param("web_sign_in_allowed_urls", oma("", " ; ", STRING), None, id="list of nothing"),
    ],
)
def test_a_value_is_read_by_its_kind(option: str, item: Json, value: t.Any) -> None:
    found = parse_oma_value(BY_OPTION[option], item)
    assert (found, type(found)) == (value, type(value))


def test_settings_of_the_device_are_not_the_users() -> None:
    items = [oma(PLUGINS.replace("/Device/", "/User/"), "<rule/>", STRING), oma(URI.replace("/Device/", "/User/"), True)]
    assert parse_oma_settings(items, USER) == ({"enable_pin_recovery": True}, [])
    assert parse_oma_settings([oma(SHORT_URI, True)], USER) == ({}, []), "a path without Device is the device's"


@pytest.mark.parametrize(
    ("items", "alone", "values"),
    [
        pytest.param([oma(URI, True)], True, {"enable_pin_recovery": True}, id="one"),
        pytest.param(
            [oma(URI, True), oma(URI.upper(), False)], False, {"enable_pin_recovery": True}, id="beside a path that does not work"
        ),
        pytest.param([oma(URI, True), oma(URI.upper(), False)], True, {}, id="beside a path that does not work, alone"),
        pytest.param([oma(URI, True), oma(URI, True)], False, {}, id="twice"),
        pytest.param([oma(URI.upper(), True)], True, {}, id="a path that does not work"),
    ],
)
def test_a_setting_has_one_path(items: list[Json], alone: bool, values: Json) -> None:
    assert parse_oma_settings(items, DEVICE, alone=alone) == (values, [])


@pytest.mark.parametrize(
    ("item", "hidden"),
    [(oma(PLUGINS, "****", STRING), ["device_unlock_plugins"]), (oma(PLUGINS, "****"), []), (oma(URI, "****"), [])],
    ids=["a string", "a string that is called a boolean", "a boolean"],
)
def test_values_of_strings_alone_are_hidden(item: Json, hidden: list[str]) -> None:
    assert is_hidden(item) and parse_oma_settings([item], DEVICE) == ({}, hidden)


# --- found policies -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("surface", t.get_args(Surface))
def test_a_found_policy_names_the_backend_that_manages_it(surface: Surface) -> None:
    managed = {"custom": "custom", "settings_catalog": "settings_catalog"}
    assert FoundPolicy(surface, "p-1", "PIN").describe()["backend"] == managed.get(surface)
    assert managed == BACKENDS


def test_a_found_policy_is_described() -> None:
    values: t.Any = {"device": {"web_sign_in_allowed_urls": ("a.test",)}, "user": {"pin_history": 0}}
    assert FoundPolicy("intent", "p-1", "PIN", "Old.", values, (Assignment("all_users"),), ("0",)).describe() == {
        "id": "p-1",
        "name": "PIN",
        "description": "Old.",
        "surface": "intent",
        "backend": None,
        "scope": "device",
        "settings": {**dict.fromkeys(BY_OPTION), "web_sign_in_allowed_urls": ["a.test"]},
        "user_settings": {**dict.fromkeys(BY_OPTION), "pin_history": 0},
        "assignments": [{"target": "all_users", "group": None, "group_id": None, "filter": None, "filter_id": None, "filter_type": None}],
        "scope_tag_ids": ["0"],
    }


@pytest.mark.parametrize(
    ("values", "scope", "shown", "of_users"),
    [
        pytest.param({}, "device", {}, False, id="nothing"),
        pytest.param({"device": {"pin_history": 1}}, "device", {"pin_history": 1}, False, id="device"),
        pytest.param({"user": {"pin_history": 2}}, "user", {"pin_history": 2}, False, id="user"),
        pytest.param({"device": {"pin_history": 1}, "user": {"pin_history": 2}}, "device", {"pin_history": 1}, True, id="both"),
        pytest.param({"device": {}, "user": {"pin_history": 2}}, "user", {"pin_history": 2}, False, id="user, device empty"),
    ],
)
def test_settings_have_one_shape_whatever_their_scope(values: t.Any, scope: str, shown: t.Any, of_users: bool) -> None:
    found = FoundPolicy("custom", "p-1", "PIN", values=values).describe()
    assert (found["scope"], found["settings"]) == (scope, {**dict.fromkeys(BY_OPTION), **shown})
    assert found["user_settings"] == ({**dict.fromkeys(BY_OPTION), "pin_history": 2} if of_users else {})
