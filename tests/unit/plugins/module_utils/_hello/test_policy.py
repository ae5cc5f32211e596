# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._approval.options import ApprovalOptions
from ansible_collections.endpointops.intune.plugins.module_utils._hello import policy as pin_policy
from ansible_collections.endpointops.intune.plugins.module_utils._hello import settings as pin_settings
from ansible_collections.endpointops.intune.plugins.module_utils._hello.assignments import Assignment
from ansible_collections.endpointops.intune.plugins.module_utils._hello.custom_profile import CustomProfile
from ansible_collections.endpointops.intune.plugins.module_utils._hello.policy import (
    Backend,
    Place,
    Policy,
    Wanted,
    describe,
    desired,
    diff,
    moved,
    plan,
    without,
)
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings_catalog import SettingsCatalog
from tests.support.fakes import FakeClock, FakeCredential, Tenant, answer, body_of, error, intune, page, tenant
from tests.support.policies import ID, Json, given_values, read_back, values_for, written

TENANT = "11111111-aaaa-4bbb-8ccc-222222222222"
OTHER_ID = "bbbbbbbb-0000-4000-8000-000000000002"
G1, F1 = "aaaaaaaa-0000-4000-8000-000000000001", "ffffffff-0000-4000-8000-000000000001"
DEVICE, USER = Place(TENANT, "device"), Place(TENANT, "user")
DEVICES = Assignment("all_devices")
GROUP = Assignment("group", G1)
FILTERED = Assignment("group", G1, F1, "include")
STRANGE = Assignment("#microsoft.graph.newTarget")
CUSTOM, CATALOG = CustomProfile(), SettingsCatalog()
BACKENDS: list[Backend] = [CUSTOM, CATALOG]
ON = {"enable_pin_recovery": True}
POLICY = Policy("PIN", "Mine.", {**ON, "minimum_pin_length": 6}, (DEVICES, FILTERED), ("3",), ID)


@pytest.fixture(params=BACKENDS, ids=["custom", "settings_catalog"])
def backend(request: pytest.FixtureRequest) -> Backend:
    return request.param


def raw(backend: Backend, **more: t.Any) -> Json:
    """A policy that turns recovery on, as Graph shows it."""
    body = written(lambda client: backend.create(client, Policy("PIN", "", ON), DEVICE))
    if backend is CATALOG:
        return {"id": ID, "assignments": [], "settingCount": len(body["settings"]), **body, **more}
    if "name" in more:
        more["displayName"] = more.pop("name")
    return {"id": ID, "assignments": [], **body, **more}


# --- as it should be ------------------------------------------------------------------------------------------------


def test_what_is_not_said_is_left_alone() -> None:
    assert desired(POLICY, Wanted()) == POLICY


@pytest.mark.parametrize(
    ("wanted", "change"),
    [
        pytest.param(Wanted(name="New"), {"name": "New"}, id="name"),
        pytest.param(Wanted(description="New."), {"description": "New."}, id="description"),
        pytest.param(Wanted(description=""), {"description": ""}, id="description cleared"),
        pytest.param(Wanted(settings={"pin_history": 0}), {"settings": {**POLICY.settings, "pin_history": 0}}, id="setting added"),
        pytest.param(Wanted(settings={"minimum_pin_length": 8}), {"settings": {**ON, "minimum_pin_length": 8}}, id="setting changed"),
        pytest.param(Wanted(assignments=()), {"assignments": ()}, id="assignments cleared"),
        pytest.param(Wanted(assignments=(GROUP,)), {"assignments": (GROUP,)}, id="exact assignments"),
        pytest.param(Wanted(assignments=(GROUP,), purge_assignments=False), {"assignments": (DEVICES, GROUP)}, id="nothing purged"),
        pytest.param(Wanted(assignments=(), purge_assignments=False), {}, id="no assignments added"),
        pytest.param(Wanted(assignments=(Assignment("group", G1, None),)), {"assignments": (FILTERED,)}, id="filter kept"),
        pytest.param(Wanted(scope_tags=("0", "4")), {"scope_tags": ("0", "4")}, id="scope tags"),
        pytest.param(Wanted(scope_tags=()), {"scope_tags": ("0",)}, id="no scope tags are the default one"),
    ],
)
def test_what_is_said_changes_that_alone(wanted: Wanted, change: Json) -> None:
    assert desired(POLICY, wanted) == dataclasses.replace(POLICY, **change)


def test_a_setting_is_cleared() -> None:
    before = dataclasses.replace(POLICY, settings={**ON, "device_unlock_plugins": "x", "web_sign_in_allowed_urls": ("a.test",)})
    assert desired(before, Wanted(settings={"device_unlock_plugins": "", "web_sign_in_allowed_urls": ()})).settings == ON


def test_a_new_policy_is_what_was_said() -> None:
    wanted = Wanted("PIN", None, {**ON, "device_unlock_plugins": ""}, (DEVICES,))
    assert desired(None, wanted) == Policy("PIN", "", ON, (DEVICES,), ("0",), None)


def test_a_new_policy_has_no_filter_to_keep() -> None:
    assert desired(None, Wanted("PIN", settings=ON, assignments=(Assignment("group", G1, None),))).assignments == (GROUP,)


@pytest.mark.parametrize(
    ("wanted", "words"),
    [
        pytest.param(Wanted("PIN"), "would set nothing", id="no setting"),
        pytest.param(Wanted("PIN", settings={"device_unlock_plugins": ""}), "would set nothing", id="cleared settings alone"),
        pytest.param(Wanted(settings=ON), "needs a name", id="no name"),
        pytest.param(Wanted("", settings=ON), "needs a name", id="blank name"),
    ],
)
def test_a_new_policy_needs_a_name_and_a_setting(wanted: Wanted, words: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match=words):
        desired(None, wanted)


def test_a_wanted_setting_is_judged_with_those_that_are_there() -> None:
    with pytest.raises(errors.InvalidOptionError, match="minimum_pin_length is 6 and maximum_pin_length 5"):
        desired(POLICY, Wanted(settings={"maximum_pin_length": 5}))


def test_a_setting_that_intune_hides_cannot_be_managed() -> None:
    before = dataclasses.replace(POLICY, hidden=("device_unlock_plugins",))
    for value in ("x", ""):
        with pytest.raises(errors.SelectionError, match="does not reveal the policy's value of device_unlock_plugins"):
            desired(before, Wanted(settings={"device_unlock_plugins": value}))
    assert desired(before, Wanted(name="New")).hidden == ("device_unlock_plugins",)


def test_a_target_that_is_not_known_is_never_lost() -> None:
    before = dataclasses.replace(POLICY, assignments=(STRANGE,))
    assert desired(before, Wanted(name="New")).assignments == (STRANGE,)
    with pytest.raises(errors.SelectionError, match="newTarget"):
        desired(before, Wanted(assignments=(DEVICES,), purge_assignments=False))


# --- the steps ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "steps"),
    [
        pytest.param({}, [], id="nothing"),
        pytest.param({"name": "New"}, ["update"], id="name"),
        pytest.param({"description": "New."}, ["update"], id="description"),
        pytest.param({"settings": ON}, ["update"], id="setting"),
        pytest.param({"settings": {"minimum_pin_length": 6, **ON}}, [], id="order of settings"),
        pytest.param({"scope_tags": ("0",)}, ["update"], id="scope tags"),
        pytest.param({"assignments": ()}, ["assign"], id="assignments"),
        pytest.param({"assignments": (DEVICES, GROUP)}, ["assign"], id="filter"),
        pytest.param({"name": "New", "assignments": ()}, ["update", "assign"], id="both"),
        pytest.param({"id": None, "raw": {"x": 1}}, [], id="nothing that is managed"),
    ],
)
def test_the_steps_to_a_policy_that_differs(change: Json, steps: list[str]) -> None:
    assert plan(POLICY, dataclasses.replace(POLICY, **change)) == steps


@pytest.mark.parametrize(
    ("current", "after", "steps"),
    [
        pytest.param(None, Policy("PIN", settings=ON), ["create"], id="made"),
        pytest.param(None, POLICY, ["create", "assign"], id="made and assigned"),
        pytest.param(POLICY, None, ["delete"], id="removed"),
        pytest.param(None, None, [], id="not there, and not wanted"),
    ],
)
def test_the_steps_of_making_and_removing(current: Policy | None, after: Policy | None, steps: list[str]) -> None:
    assert plan(current, after) == steps


# --- moving ---------------------------------------------------------------------------------------------------------

OLD = Policy("PIN", "Old.", {**ON, "minimum_pin_length": 6}, (FILTERED,), ("3",), OTHER_ID, (), {"omaSettings": []})


def test_a_moved_policy_is_the_old_one_without_its_id() -> None:
    base = moved(None, OLD)
    assert base == dataclasses.replace(OLD, id=None)
    assert (base.raw, plan(None, base)) == ({}, ["create", "assign"])


def test_a_policy_that_was_moved_half_way_says_first_what_it_has_itself() -> None:
    current = Policy("PIN", "", {"minimum_pin_length": 8}, (DEVICES, GROUP), ("0",), ID, (), {"settings": [1]})
    base = moved(current, OLD)
    assert (base.settings, base.description) == ({**ON, "minimum_pin_length": 8}, "Old.")
    assert base.assignments == (DEVICES, GROUP), "its own filter of a target, which is none"
    assert (base.id, base.scope_tags, base.raw) == (ID, ("0",), {"settings": [1]})
    assert moved(dataclasses.replace(current, description="New."), OLD).description == "New."


@pytest.mark.parametrize("current", [None, dataclasses.replace(OLD, id=ID)], ids=["new", "half way"])
def test_a_policy_with_a_target_that_is_not_known_is_not_moved(current: Policy | None) -> None:
    with pytest.raises(errors.SelectionError, match="newTarget"):
        moved(current, dataclasses.replace(OLD, assignments=(STRANGE,)))
    with pytest.raises(errors.SelectionError, match="newTarget"):
        moved(dataclasses.replace(OLD, assignments=(STRANGE,)), OLD)


def test_a_policy_that_was_moved_already_needs_nothing() -> None:
    current = dataclasses.replace(OLD, id=ID)
    assert plan(current, moved(current, OLD)) == []


# --- as it is shown -------------------------------------------------------------------------------------------------


def test_a_policy_is_described() -> None:
    shown = describe(POLICY, "custom", DEVICE)
    assert shown is not None
    settings = {name: shown.pop(name) for name in pin_settings.BY_OPTION}
    assert {name: value for name, value in settings.items() if value is not None} == POLICY.settings
    assert shown == {
        "id": ID,
        "backend": "custom",
        "scope": "device",
        "oma_uri": f"./Device/Vendor/MSFT/PassportForWork/{TENANT}/Policies/EnablePinRecovery",
        "name": "PIN",
        "description": "Mine.",
        "assignments": [
            {"target": "all_devices", "group_id": None, "filter_id": None, "filter_type": None},
            {"target": "group", "group_id": G1, "filter_id": F1, "filter_type": "include"},
        ],
        "scope_tag_ids": ["3"],
    }
    assert describe(None, "custom", DEVICE) is None


def test_a_description_names_the_path_of_its_scope() -> None:
    assert (describe(POLICY, "custom", USER) or {})["oma_uri"].startswith("./User/Vendor/MSFT/PassportForWork/")


def test_a_diff_has_managed_keys_only_and_the_settings_of_either() -> None:
    after = dataclasses.replace(POLICY, settings={"pin_history": 1}, assignments=(), id=None)
    before_shown, after_shown = diff(POLICY, after)
    assert before_shown.pop("assignments") and not after_shown.pop("assignments")
    same = {"name": "PIN", "description": "Mine.", "scope_tag_ids": ["3"]}
    assert before_shown == {**same, "enable_pin_recovery": True, "minimum_pin_length": 6, "pin_history": None}
    assert after_shown == {**same, "enable_pin_recovery": None, "minimum_pin_length": None, "pin_history": 1}
    assert list(before_shown) == list(after_shown)
    assert diff(None, None) == ({}, {})
    assert diff(None, Policy("PIN"))[0] == {}


def test_nothing_that_was_read_is_in_a_repr() -> None:
    assert "s3cret" not in repr(dataclasses.replace(POLICY, raw={"omaSettings": [{"value": "s3cret"}]}))


def test_settings_can_be_left_out() -> None:
    assert without(POLICY, ["minimum_pin_length"]).settings == ON
    assert POLICY.settings["minimum_pin_length"] == 6


# --- properties -----------------------------------------------------------------------------------------------------

FILTERS = [("", ""), (F1, "include"), (F1, "exclude")]


def assigned(filters: list[tuple[str | None, str]]) -> st.SearchStrategy[tuple[Assignment, ...]]:
    targets = st.sampled_from([("all_devices", ""), ("all_users", ""), ("group", G1), ("exclude_group", G1)])
    one = st.builds(lambda key, filtered: Assignment(*key, *filtered), targets, st.sampled_from(filters))
    return st.lists(one, unique_by=lambda found: found.key).map(lambda found: tuple(sorted(found, key=lambda item: item.key)))


tags = st.lists(st.sampled_from(["0", "1", "12"]), unique=True).map(lambda found: tuple(sorted(found)))
policies = st.builds(
    Policy,
    st.sampled_from(["PIN", "Old"]),
    st.sampled_from(["", "x"]),
    values_for("device"),
    assigned(FILTERS),
    tags.map(lambda found: found or ("0",)),
    st.just(ID),
)
wishes = st.builds(
    Wanted,
    name=st.sampled_from(["PIN", "New"]),
    description=st.sampled_from([None, "", "x"]),
    # With one that is never cleared, so that there is something to make.
    settings=given_values("device").map(lambda found: {**found, **ON}),
    assignments=st.none() | assigned([*FILTERS, (None, "")]),
    purge_assignments=st.booleans(),
    scope_tags=st.none() | tags,
)


@given(st.none() | policies, wishes)
def test_after_a_plan_nothing_is_left_to_do(current: Policy | None, wanted: Wanted) -> None:
    once = desired(current, wanted)
    assert plan(once, desired(once, wanted)) == []
    assert (plan(current, once) == []) is (current == once)


@given(st.none() | policies, wishes, st.sampled_from(BACKENDS))
def test_a_policy_that_was_written_reads_back_as_it_should_be(current: Policy | None, wanted: Wanted, backend: Backend) -> None:
    if backend is CATALOG:
        current, wanted = (subject and _in_catalog(subject) for subject in (current, wanted))
    after = desired(current, wanted)
    body = written(lambda client: backend.create(client, after, DEVICE))
    shown = {"assignments": [assignment.render() for assignment in after.assignments]}
    found = read_back(backend, {**body, **shown}, DEVICE)
    assert plan(found, after) == []
    assert plan(found, desired(found, wanted)) == [], "and a second run changes nothing"


def _in_catalog(subject: t.Any) -> t.Any:
    return dataclasses.replace(
        subject, settings={name: value for name, value in subject.settings.items() if pin_settings.BY_OPTION[name].in_catalog}
    )


@given(policies, policies)
def test_moving_again_changes_nothing(current: Policy, old: Policy) -> None:
    once = moved(current, old)
    assert moved(once, old) == once
    assert set(current.assignments) <= set(once.assignments), "the new policy's own assignments stay as they are"
    assert {assignment.key for assignment in old.assignments} <= {assignment.key for assignment in once.assignments}


# --- the tenant -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given_id", [TENANT, TENANT.upper(), f"{{{TENANT}}}", None, "contoso.test"], ids=["plain", "upper case", "braces", "unset", "domain"]
)
def test_the_tokens_tenant_counts_and_is_not_asked_for(given_id: str | None) -> None:
    world = tenant(credential=FakeCredential({"tid": TENANT.upper()}))
    assert pin_policy.tenant_guid(world.client, given_id) == TENANT
    assert world.transport.sent == []


def test_another_tenants_id_is_refused() -> None:
    world = tenant(credential=FakeCredential({"tid": TENANT}))
    with pytest.raises(errors.InvalidOptionError, match="belongs to the tenant"):
        pin_policy.tenant_guid(world.client, "11111111-2222-3333-4444-555555555555")


@pytest.mark.parametrize("given_id", [None, "", "contoso.test"], ids=["unset", "blank", "domain"])
def test_the_tenant_says_its_own_id(given_id: str | None) -> None:
    assert pin_policy.tenant_guid(tenant([page({"id": TENANT.upper()})]).client, given_id) == TENANT


@pytest.mark.parametrize("organization", [page(), page({"id": None}), page({"id": "x"})], ids=["nothing", "null", "no GUID"])
def test_a_tenant_that_does_not_say_its_id(organization: t.Any) -> None:
    with pytest.raises(errors.UnexpectedResponseError, match="does not say its ID"):
        pin_policy.tenant_guid(tenant([organization]).client, None)


# --- finding --------------------------------------------------------------------------------------------------------


def find(
    world: Tenant, backend: Backend, *, policy_id: str | None = None, name: str | None = None, reveal: t.Collection[str] = ()
) -> Policy | None:
    return pin_policy.find(world.client, backend, policy_id, name, DEVICE, reveal)


def listing(backend: Backend, *found: Json) -> dict[str, t.Any]:
    return {f"GET /beta{backend.path}": page(*found)}


def single(backend: Backend, step: t.Any) -> dict[str, t.Any]:
    one = f"GET /beta{backend.path}/{ID}"
    return {one: step, f"{one}/assignments": page()}


def test_a_policy_is_found_by_name(backend: Backend) -> None:
    assert find(tenant(listing(backend, raw(backend))), backend, name="PIN") == Policy("PIN", settings=ON, id=ID)


def test_a_policy_is_found_by_id_first(backend: Backend) -> None:
    found = find(tenant(single(backend, answer(200, raw(backend)))), backend, policy_id=f"{{{ID.upper()}}}", name="Ignored")
    assert found == Policy("PIN", settings=ON, id=ID)


@pytest.mark.parametrize("found", [[], ["PINs"], ["pin"]], ids=["nothing", "a filter that is ignored", "another letter case"])
def test_a_name_that_is_not_there_is_null(backend: Backend, found: list[str]) -> None:
    assert find(tenant(listing(backend, *(raw(backend, name=name) for name in found))), backend, name="PIN") is None


def test_an_id_that_is_not_there_is_null(backend: Backend) -> None:
    assert find(tenant(single(backend, error(404))), backend, policy_id=ID) is None


def test_two_policies_of_a_name_are_refused_with_their_ids(backend: Backend) -> None:
    with pytest.raises(errors.SelectionError, match=f"{ID}, {OTHER_ID}"):
        find(tenant(listing(backend, raw(backend, id=OTHER_ID), raw(backend))), backend, name="PIN")


STRANGERS = [
    pytest.param(CUSTOM, {"@odata.type": "#microsoft.graph.iosCustomConfiguration"}, id="custom"),
    pytest.param(CATALOG, {"templateReference": {"templateId": "t_1"}}, id="settings_catalog"),
]


@pytest.mark.parametrize(("kind", "more"), STRANGERS)
def test_a_policy_of_another_kind_is_not_taken_by_name(kind: Backend, more: Json) -> None:
    with pytest.raises(errors.SelectionError, match="a policy of another kind"):
        find(tenant(listing(kind, raw(kind, **more))), kind, name="PIN")


@pytest.mark.parametrize(("kind", "more"), STRANGERS)
def test_a_policy_of_another_kind_does_not_hide_ours(kind: Backend, more: Json) -> None:
    found = find(tenant(listing(kind, raw(kind, id=OTHER_ID, **more), raw(kind))), kind, name="PIN")
    assert found is not None and found.id == ID


@pytest.mark.parametrize(("kind", "more"), STRANGERS)
def test_a_policy_of_another_kind_is_not_taken_by_id(kind: Backend, more: Json) -> None:
    with pytest.raises(errors.SelectionError, match=rf"{ID} \('PIN'\) is not of the backend {kind.name}"):
        find(tenant(single(kind, answer(200, raw(kind, **more)))), kind, policy_id=ID)


PLUGINS = {"@odata.type": "#microsoft.graph.omaSettingString", "omaUri": "./Device/Vendor/MSFT/PassportForWork/DynamicLock/Plugins"}
REVEAL = f"GET /v1.0{CUSTOM.path}/{ID}/getOmaSettingPlainTextValue(secretReferenceValueId='ref-1')"


@pytest.mark.parametrize("how", [{"policy_id": ID}, {"name": "PIN"}], ids=["id", "name"])
def test_a_policy_is_found_with_the_hidden_values_that_are_named(how: Json) -> None:
    shown = raw(CUSTOM)
    shown["omaSettings"].append({**PLUGINS, "value": "****", "secretReferenceValueId": "ref-1"})
    script = {**listing(CUSTOM, shown), **single(CUSTOM, answer(200, shown)), REVEAL: answer(200, {"value": "<rule/>"})}
    found, named = (find(tenant(script), CUSTOM, **how, reveal=reveal) for reveal in ((), ["dynamic_lock_plugins"]))
    assert found is not None and (found.settings, found.hidden) == (ON, ("dynamic_lock_plugins",))
    assert named is not None and (named.settings, named.hidden) == ({**ON, "dynamic_lock_plugins": "<rule/>"}, ())


def test_a_name_that_nobody_has_is_free(backend: Backend) -> None:
    for found in ([], [raw(backend, name="PINs")], [raw(backend, name="pin")]):
        world = tenant(listing(backend, *found))
        pin_policy.check_free(world.client, backend, "PIN")
        assert world.transport.targets == [f"GET /beta{backend.path}"]


def test_a_name_that_others_have_is_refused_with_their_ids(backend: Backend) -> None:
    with pytest.raises(errors.SelectionError, match=f"named 'PIN' already: {ID}, {OTHER_ID}") as caught:
        pin_policy.check_free(tenant(listing(backend, raw(backend, id=OTHER_ID), raw(backend))).client, backend, "PIN")
    assert "Nothing was written" in (caught.value.hint or "")


@pytest.mark.parametrize(("kind", "more"), STRANGERS)
def test_a_name_that_a_policy_of_another_kind_has_is_refused_too(kind: Backend, more: Json) -> None:
    with pytest.raises(errors.SelectionError, match=f"already: {ID}"):
        pin_policy.check_free(tenant(listing(kind, raw(kind, **more))).client, kind, "PIN")


def test_an_id_that_is_none_is_refused(backend: Backend) -> None:
    with pytest.raises(errors.InvalidOptionError, match="is not a GUID"):
        find(tenant(), backend, policy_id="PIN")


# --- carrying out ---------------------------------------------------------------------------------------------------


def steps_of(backend: Backend) -> dict[str, str]:
    one = f"{backend.path}/{ID}"
    version = "v1.0" if backend is CUSTOM else "beta"
    return {
        "create": f"POST /{version}{backend.path}",
        "update": f"PATCH /{version}{one}",
        "assign": f"POST /beta{one}/assign",
        "delete": f"DELETE /{version}{one}",
    }


def apply(world: Tenant, backend: Backend, current: Policy | None, after: Policy | None, steps: list[str]) -> str | None:
    return pin_policy.apply(world.client, backend, current, after, steps, DEVICE)


def good(backend: Backend) -> dict[str, t.Any]:
    answers = {"create": answer(201, {"id": ID}), "update": answer(204), "assign": answer(200, {}), "delete": answer(204)}
    return {target: answers[step] for step, target in steps_of(backend).items()}


BEFORE = Policy("PIN", "", ON, (), ("0",), ID)


@pytest.mark.parametrize(
    ("current", "after", "steps"),
    [
        pytest.param(None, dataclasses.replace(BEFORE, id=None, assignments=(GROUP,)), ["create", "assign"], id="made"),
        pytest.param(BEFORE, dataclasses.replace(BEFORE, name="New", assignments=(GROUP,)), ["update", "assign"], id="changed"),
        pytest.param(BEFORE, dataclasses.replace(BEFORE, assignments=(GROUP,)), ["assign"], id="assigned"),
        pytest.param(BEFORE, None, ["delete"], id="removed"),
        pytest.param(BEFORE, BEFORE, [], id="nothing"),
    ],
)
def test_the_steps_are_carried_out_in_order(backend: Backend, current: Policy | None, after: Policy | None, steps: list[str]) -> None:
    world = tenant(good(backend))
    assert plan(current, after) == steps
    assert apply(world, backend, current, after, steps) == ID
    assert world.transport.targets == [steps_of(backend)[step] for step in steps]
    if "assign" in steps:
        assert body_of(world.transport.sent[-1]) == {"assignments": [GROUP.render()]}


@pytest.mark.parametrize(
    ("current", "steps", "words"),
    [
        pytest.param(None, ["create", "assign"], "was made", id="made"),
        pytest.param(BEFORE, ["update", "assign"], "was changed", id="changed"),
        pytest.param(BEFORE, ["assign"], "is as it was", id="neither"),
    ],
)
def test_what_was_done_before_assigning_failed_is_said(backend: Backend, current: Policy | None, steps: list[str], words: str) -> None:
    world = tenant({**good(backend), steps_of(backend)["assign"]: error(403)})
    with pytest.raises(errors.GraphError) as caught:
        apply(world, backend, current, dataclasses.replace(BEFORE, name="New", assignments=(GROUP,)), steps)
    assert f"The policy {ID} {words}, but its assignments were not set; run again to finish." in (caught.value.hint or "")
    assert (caught.value.hint or "").startswith("Grant"), "and what to do about it"


def test_an_assignment_that_waits_for_approval_is_no_failure(backend: Backend) -> None:
    refusal = intune(400, "Header 'x-msft-approval-justification' is required to request approval.")
    steps = {**good(backend), steps_of(backend)["assign"]: [refusal, intune(412, "Approval Required.", x_msft_approval_code=OTHER_ID)]}
    world = tenant({**steps, "GET /beta/deviceManagement/operationApprovalRequests": page()}, approval=ApprovalOptions("Please."))
    with pytest.raises(errors.ApprovalPendingError) as caught:
        apply(world, backend, None, dataclasses.replace(BEFORE, assignments=(GROUP,)), ["create", "assign"])
    assert caught.value.approval["code"] == OTHER_ID
    assert "were not set" not in (caught.value.hint or "")


# --- reading back ---------------------------------------------------------------------------------------------------


def settled(world: Tenant, backend: Backend, promised: Policy | None, reveal: t.Collection[str] = ()) -> Policy | None:
    return pin_policy.settled(world.client, backend, ID, promised, DEVICE, 60.0, reveal)


def test_it_is_waited_until_intune_shows_what_was_written(backend: Backend, clock: FakeClock) -> None:
    late = [error(404), answer(200, raw(backend, description="Old.")), answer(200, raw(backend))]
    assert settled(tenant(single(backend, late), clock=clock), backend, BEFORE) == BEFORE
    assert len(clock.slept) == 2


def test_it_is_waited_until_a_policy_is_gone(backend: Backend, clock: FakeClock) -> None:
    assert settled(tenant(single(backend, [answer(200, raw(backend)), error(404)]), clock=clock), backend, None) is None
    assert len(clock.slept) == 1


def test_assignments_that_are_not_there_yet_are_waited_for(clock: FakeClock) -> None:
    late = {f"GET /beta{CATALOG.path}/{ID}/assignments": [error(404), page()]}
    world = tenant({**single(CATALOG, answer(200, raw(CATALOG))), **late}, clock=clock)
    assert settled(world, CATALOG, BEFORE) == BEFORE
    assert len(clock.slept) == 1


def test_a_policy_that_never_shows_is_told(backend: Backend) -> None:
    with pytest.raises(errors.NotReadyError, match="policy 'PIN' as it was written"):
        settled(tenant(single(backend, error(404))), backend, BEFORE)


def test_a_value_that_intune_hides_after_writing_is_not_waited_for() -> None:
    shown = raw(CUSTOM)
    shown["omaSettings"].append({**PLUGINS, "value": "****", "secretReferenceValueId": None})
    promised = dataclasses.replace(BEFORE, settings={**ON, "dynamic_lock_plugins": "<rule/>"})
    found = settled(tenant(single(CUSTOM, answer(200, shown))), CUSTOM, promised)
    assert found is not None and found.hidden == ("dynamic_lock_plugins",)


def test_a_hidden_value_that_was_named_is_waited_for(clock: FakeClock) -> None:
    shown = raw(CUSTOM)
    shown["omaSettings"].append({**PLUGINS, "value": "****", "secretReferenceValueId": "ref-1"})
    late = [answer(200, {"value": "<old/>"}), answer(200, {"value": "<rule/>"})]
    promised = dataclasses.replace(BEFORE, settings={**ON, "dynamic_lock_plugins": "<rule/>"})
    world = tenant({**single(CUSTOM, answer(200, shown)), REVEAL: late}, clock=clock)
    assert settled(world, CUSTOM, promised, ["dynamic_lock_plugins"]) == promised
    assert len(clock.slept) == 1
