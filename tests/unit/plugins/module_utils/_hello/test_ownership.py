# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._hello import settings_catalog
from ansible_collections.endpointops.intune.plugins.module_utils._hello.api import Backend
from ansible_collections.endpointops.intune.plugins.module_utils._hello.custom_profile import CustomProfile
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import Policy, PolicyScope
from ansible_collections.endpointops.intune.plugins.module_utils._hello.ownership import (
    SHOWN,
    PolicyContents,
    validate_own,
    warn_of_others,
)
from tests.support.policies import ID, Json, shown_catalog_policy, shown_profile, values_for, written

TENANT = "11111111-aaaa-4bbb-8ccc-222222222222"
PIN = Policy("PIN", id=ID)


def contents(options: t.Iterable[str], *others: str) -> PolicyContents:
    return PolicyContents(frozenset(options), others)


def is_own(held: PolicyContents) -> bool:
    try:
        validate_own(PIN, "custom", held)
    except errors.SelectionError as failure:
        assert failure.effects == "none" and all(name in failure.message for name in held.list_all()[:SHOWN])
        return False
    return True


@pytest.mark.parametrize(
    ("held", "expected"),
    [
        pytest.param(contents(["enable_pin_recovery"]), True, id="case 48: PIN recovery"),
        pytest.param(contents(["enable_pin_recovery", "digits"]), True, id="case 48: and a setting of ours"),
        pytest.param(contents(["digits"]), False, id="case 48: no PIN recovery"),
        pytest.param(contents(["enable_pin_recovery"], "./Device/Other"), False, id="case 48: and a setting of others"),
        pytest.param(contents([], "./Device/Other"), False, id="case 48: a setting of others"),
        pytest.param(contents([]), False, id="case 48: nothing"),
    ],
)
def test_a_policy_is_ours_if_it_is_for_pin_recovery_alone(held: PolicyContents, expected: bool) -> None:
    assert is_own(held) is expected
    assert bool(warn_of_others(held)) is bool(held.others)


def test_case_48_characters_that_nobody_sees_are_shown() -> None:
    with pytest.raises(errors.SelectionError) as caught:
        validate_own(PIN, "custom", contents([], "./Device/Vendor\u200b"))
    assert "./Device/Vendor\\u200b" in caught.value.message


@pytest.mark.parametrize("backend", [CustomProfile(), settings_catalog.SettingsCatalog()], ids=["custom", "settings_catalog"])
@given(st.data())
def test_every_policy_that_this_collection_writes_with_pin_recovery_is_ours(backend: Backend, data: st.DataObject) -> None:
    """And no other one: neither without PIN recovery, nor with another setting."""
    scope = data.draw(st.sampled_from(["device", "user"]))
    values = data.draw(values_for(scope, backend.name))
    if backend.name == "settings_catalog" and not values:
        values = {"enable_pin_recovery": True}
    body = written(lambda client: backend.create(client, Policy("PIN", settings=values), PolicyScope(TENANT, scope)))
    raw: Json = shown_profile(body) if backend.name == "custom" else shown_catalog_policy(body)
    held = backend.read_contents(raw, TENANT)
    assert held == contents(values)
    assert is_own(held) is ("enable_pin_recovery" in values)
    other = {"@odata.type": "#microsoft.graph.omaSettingBoolean", "omaUri": "./Device/Other", "value": True}
    key, item = ("omaSettings", other) if backend.name == "custom" else ("settings", {"settingInstance": {"settingDefinitionId": "other"}})
    assert not is_own(backend.read_contents({**raw, key: [*raw[key], item]}, TENANT))
