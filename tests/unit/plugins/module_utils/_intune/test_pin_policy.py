# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._graph import errors
from ansible_collections.endpointops.intune.plugins.module_utils._intune import pin_policy
from ansible_collections.endpointops.intune.plugins.module_utils._intune.assignments import FILTER, Assignment
from ansible_collections.endpointops.intune.plugins.module_utils._intune.pin_policy import (
    CUSTOM,
    HIDDEN,
    Plan,
    Policy,
    Wanted,
    normalise,
    oma_uri,
    plan_present,
    project,
    render_setting,
)
from tests.unit.fakes import FakeCredential, Tenant, answer, body_of, error, page, query_of, tenant

TENANT = "11111111-aaaa-4bbb-8ccc-222222222222"
ID = "bbbbbbbb-0000-4000-8000-000000000001"
OTHER_ID = "bbbbbbbb-0000-4000-8000-000000000002"
GROUP = Assignment("group", "aaaaaaaa-0000-4000-8000-000000000001")
DEVICES = Assignment("all_devices")
URI = oma_uri(TENANT, "device")
FOREIGN = {"@odata.type": "#microsoft.graph.omaSettingInteger", "displayName": "Length", "omaUri": "./Device/Other", "value": 6}
SECRET = {"@odata.type": "#microsoft.graph.omaSettingString", "displayName": "Key", "omaUri": "./Device/Secret", "value": HIDDEN}
PATH = "/deviceManagement/deviceConfigurations"


def profile(*settings: dict[str, t.Any], **more: t.Any) -> dict[str, t.Any]:
    return {"@odata.type": CUSTOM, "id": ID, "displayName": "PIN", "description": "", "omaSettings": list(settings), **more}


def policy(*settings: dict[str, t.Any], assigned: tuple[Assignment, ...] = (), **more: t.Any) -> Policy:
    return normalise(profile(*settings, **more), URI, assigned)


ON, OFF = render_setting(URI, True), render_setting(URI, False)


# --- reading --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scope", "uri"),
    [
        ("device", f"./Device/Vendor/MSFT/PassportForWork/{TENANT}/Policies/EnablePinRecovery"),
        ("user", f"./User/Vendor/MSFT/PassportForWork/{TENANT}/Policies/EnablePinRecovery"),
    ],
)
def test_the_setting_has_the_csps_address(scope: str, uri: str) -> None:
    assert oma_uri(TENANT, scope) == uri


@pytest.mark.parametrize(
    ("settings", "value"),
    [
        pytest.param([ON], True, id="on"),
        pytest.param([OFF], False, id="off"),
        pytest.param([FOREIGN, ON], True, id="beside another"),
        pytest.param([], None, id="no setting"),
        pytest.param([FOREIGN], None, id="another setting"),
        pytest.param([{**ON, "omaUri": URI.replace("/Device/", "/User/")}], None, id="of the other scope"),
        pytest.param([{**ON, "omaUri": URI.replace("MSFT/", "MSFT/Policy/")}], None, id="Microsoft's misprint"),
        pytest.param([{**ON, "@odata.type": "#microsoft.graph.omaSettingString", "value": "true"}], None, id="true as a string"),
        pytest.param([{**ON, "value": "true"}], None, id="true as a string, called a boolean"),
        pytest.param([{**ON, "@odata.type": "#microsoft.graph.omaSettingString"}], None, id="true, called a string"),
        pytest.param([{**ON, "@odata.type": "#microsoft.graph.omaSettingInteger", "value": 1}], None, id="a number"),
        pytest.param([{**ON, "value": None}], None, id="null"),
    ],
)
def test_the_setting_is_read(settings: list[dict[str, t.Any]], value: bool | None) -> None:
    assert policy(*settings).enable_pin_recovery is value


def test_a_policy_is_read_whole() -> None:
    found = policy(FOREIGN, ON, assigned=(DEVICES,), description="For all.")
    assert found == Policy("PIN", "For all.", True, (DEVICES,), ID, (FOREIGN, ON))


def test_no_settings_at_all_are_none() -> None:
    assert policy(omaSettings=None).settings == ()


@pytest.mark.parametrize("value", [None, ""], ids=["null", "blank"])
def test_no_description_is_a_blank_one(value: str | None) -> None:
    assert policy(description=value).description == ""


# --- planning -------------------------------------------------------------------------------------------------------


def test_a_policy_that_is_as_wanted_needs_nothing() -> None:
    current = policy(FOREIGN, ON, assigned=(DEVICES, GROUP))
    wanted = Wanted("PIN", "", True, (DEVICES, GROUP))
    assert not plan_present(current, wanted, URI)


def test_what_is_not_said_is_left_alone() -> None:
    assert not plan_present(policy(OFF, assigned=(DEVICES,), description="Mine."), Wanted(), URI)


@pytest.mark.parametrize(
    ("wanted", "update"),
    [
        pytest.param(Wanted(name="New"), {"displayName": "New"}, id="name"),
        pytest.param(Wanted(description="New"), {"description": "New"}, id="description"),
        pytest.param(Wanted(description=""), {"description": ""}, id="description cleared"),
        pytest.param(Wanted(enable_pin_recovery=False), {"omaSettings": [FOREIGN, OFF]}, id="setting off"),
    ],
)
def test_only_what_differs_is_written(wanted: Wanted, update: dict[str, t.Any]) -> None:
    current = policy(FOREIGN, ON, description="Old")
    assert plan_present(current, wanted, URI) == Plan(update={"@odata.type": CUSTOM, **update})


@pytest.mark.parametrize(
    ("settings", "written"),
    [
        pytest.param([], [ON], id="added to none"),
        pytest.param([FOREIGN], [FOREIGN, ON], id="added to another"),
        pytest.param([OFF, FOREIGN], [FOREIGN, ON], id="in place of its own"),
        pytest.param([OFF, OFF], [ON], id="in place of two"),
        pytest.param([{**ON, "value": "true"}, FOREIGN], [FOREIGN, ON], id="in place of a string"),
        pytest.param([{**ON, "value": HIDDEN}, FOREIGN], [FOREIGN, ON], id="in place of a hidden string"),
        pytest.param([{**FOREIGN, "extra": {"a": [1]}}], [{**FOREIGN, "extra": {"a": [1]}}, ON], id="beside one of an unknown shape"),
    ],
)
def test_other_settings_go_back_as_they_came(settings: list[dict[str, t.Any]], written: list[dict[str, t.Any]]) -> None:
    plan = plan_present(policy(*settings), Wanted(enable_pin_recovery=True), URI)
    assert plan.update == {"@odata.type": CUSTOM, "omaSettings": written}


def test_a_profile_with_a_secret_is_not_written_back() -> None:
    with pytest.raises(errors.SelectionError, match="./Device/Secret"):
        plan_present(policy(OFF, SECRET), Wanted(enable_pin_recovery=True), URI)


def test_a_secret_does_not_matter_where_no_setting_is_written() -> None:
    assert plan_present(policy(ON, SECRET), Wanted(name="New", enable_pin_recovery=True), URI).update == {
        "@odata.type": CUSTOM,
        "displayName": "New",
    }


@pytest.mark.parametrize(
    ("current", "wanted", "purge", "assign"),
    [
        pytest.param((DEVICES,), (DEVICES,), True, None, id="the same"),
        pytest.param((DEVICES,), (GROUP,), True, (GROUP,), id="exact"),
        pytest.param((DEVICES,), (GROUP,), False, (DEVICES, GROUP), id="added"),
        pytest.param((DEVICES, GROUP), (GROUP,), False, None, id="there already"),
        pytest.param((DEVICES,), (), True, (), id="cleared"),
        pytest.param((), (), True, None, id="none, and none wanted"),
        pytest.param((DEVICES,), None, True, None, id="left alone"),
    ],
)
def test_assignments_are_planned(
    current: tuple[Assignment, ...], wanted: tuple[Assignment, ...] | None, purge: bool, assign: tuple[Assignment, ...] | None
) -> None:
    plan = plan_present(policy(ON, assigned=current), Wanted(assignments=wanted, purge_assignments=purge), URI)
    assert plan.assign == assign
    assert bool(plan) is (assign is not None)


def test_a_new_policy_is_planned_whole() -> None:
    plan = plan_present(None, Wanted("PIN", None, True, (DEVICES,)), URI)
    assert plan == Plan(create={"@odata.type": CUSTOM, "displayName": "PIN", "description": "", "omaSettings": [ON]}, assign=(DEVICES,))


@pytest.mark.parametrize("wanted", [None, ()], ids=["unset", "none"])
def test_a_new_policy_is_not_assigned_to_nobody(wanted: tuple[Assignment, ...] | None) -> None:
    assert plan_present(None, Wanted("PIN", None, True, wanted), URI).assign is None


@pytest.mark.parametrize(
    ("wanted", "words"),
    [(Wanted("PIN"), "would set nothing"), (Wanted(enable_pin_recovery=True), "needs a name")],
    ids=["no setting", "no name"],
)
def test_a_new_policy_needs_a_name_and_a_setting(wanted: Wanted, words: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match=words):
        plan_present(None, wanted, URI)


@pytest.mark.parametrize(
    ("plan", "something"),
    [(Plan(), False), (Plan(delete=True), True), (Plan(assign=()), True), (Plan(update={}), True), (Plan(create={}), True)],
)
def test_a_plan_is_true_when_there_is_something_to_do(plan: Plan, something: bool) -> None:
    assert bool(plan) is something


# --- projecting -----------------------------------------------------------------------------------------------------

filters = st.sampled_from([(), ((FILTER[0], "f-1"), (FILTER[1], "include"))])
groups = st.builds(Assignment, st.sampled_from(["group", "exclude_group"]), st.sampled_from(["g-1", "g-2"]), filters)
assigned = st.lists(groups | st.sampled_from([DEVICES, Assignment("all_users")]), unique=True).map(lambda found: tuple(sorted(found)))
settings = st.lists(st.sampled_from([ON, OFF, FOREIGN, {**ON, "value": "true"}]), max_size=4)
policies = st.builds(
    lambda found, assignments, name: policy(*found, assigned=assignments, displayName=name),
    settings,
    assigned,
    st.sampled_from(["PIN", "Old"]),
)
wishes = st.builds(
    Wanted,
    name=st.sampled_from(["PIN", "New"]),
    description=st.sampled_from([None, "", "x"]),
    enable_pin_recovery=st.booleans(),
    assignments=st.none() | assigned,
    purge_assignments=st.booleans(),
)


@given(st.none() | policies, wishes)
def test_after_a_plan_nothing_is_left_to_do(current: Policy | None, wanted: Wanted) -> None:
    after = project(current, plan_present(current, wanted, URI))
    assert not plan_present(after, wanted, URI)


@given(policies, wishes)
def test_what_is_projected_is_what_would_be_read_back(current: Policy, wanted: Wanted) -> None:
    plan = plan_present(current, wanted, URI)
    before = profile(*current.settings, displayName=current.name, description=current.description)
    found = normalise({**before, **(plan.update or {})}, URI, current.assignments if plan.assign is None else plan.assign)
    assert found == project(current, plan)


@given(policies, wishes)
def test_no_plan_touches_what_is_not_ours(current: Policy, wanted: Wanted) -> None:
    after = project(current, plan_present(current, wanted, URI))
    assert after is not None
    assert [one for one in after.settings if one["omaUri"] != URI] == [one for one in current.settings if one["omaUri"] != URI]
    assert after.id == current.id


def test_a_new_policy_has_no_id_yet() -> None:
    after = project(None, plan_present(None, Wanted("PIN", "x", True, (DEVICES,)), URI))
    assert pin_policy.describe(after, "device", URI) == {
        "id": None,
        "backend": "custom",
        "scope": "device",
        "oma_uri": URI,
        "name": "PIN",
        "description": "x",
        "enable_pin_recovery": True,
        "assignments": [{"target": "all_devices", "group_id": None}],
    }


def test_a_deleted_policy_is_gone() -> None:
    after = project(policy(ON), Plan(delete=True))
    assert (after, pin_policy.describe(after, "device", URI), pin_policy.managed(after)) == (None, None, {})


def test_a_diff_has_managed_keys_only() -> None:
    assert pin_policy.managed(policy(FOREIGN, ON, assigned=(GROUP,))) == {
        "name": "PIN",
        "description": "",
        "enable_pin_recovery": True,
        "assignments": [{"target": "group", "group_id": GROUP.group_id}],
    }


# --- calls ----------------------------------------------------------------------------------------------------------


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
    with pytest.raises(errors.UnexpectedAnswerError, match="does not say its ID"):
        pin_policy.tenant_guid(tenant([organization]).client, None)


def find(world: Tenant, *, policy_id: str | None = None, name: str | None = None) -> Policy | None:
    return pin_policy.find(world.client, policy_id, name, URI)


LIST, ONE = f"GET /v1.0{PATH}", f"GET /v1.0{PATH}/{ID}"
ASSIGNED = {f"GET /beta{PATH}/{ID}/assignments": page(DEVICES.render())}


def test_a_policy_is_found_by_name() -> None:
    world = tenant({LIST: page(profile(ON)), **ASSIGNED})
    assert find(world, name="PIN") == policy(ON, assigned=(DEVICES,))
    assert query_of(world.transport.sent[0])["$filter"] == "displayName eq 'PIN'"


def test_a_policy_is_found_by_id() -> None:
    world = tenant({ONE: answer(200, profile(ON)), **ASSIGNED})
    assert find(world, policy_id=f"{{{ID.upper()}}}", name="Ignored") == policy(ON, assigned=(DEVICES,))


@pytest.mark.parametrize(
    ("world", "how"),
    [
        pytest.param({LIST: page()}, {"name": "PIN"}, id="no such name"),
        pytest.param({LIST: page(profile(displayName="PINs"))}, {"name": "PIN"}, id="a filter that is ignored"),
        pytest.param({ONE: error(404)}, {"policy_id": ID}, id="no such id"),
    ],
)
def test_a_policy_that_is_not_there_is_null(world: dict[str, t.Any], how: dict[str, str]) -> None:
    assert find(tenant(world), **how) is None


def test_two_policies_of_a_name_are_refused_with_their_ids() -> None:
    with pytest.raises(errors.SelectionError, match=f"{ID}, {OTHER_ID}"):
        find(tenant({LIST: page(profile(id=OTHER_ID), profile())}), name="PIN")


def test_a_profile_of_another_type_is_not_taken_by_name() -> None:
    with pytest.raises(errors.SelectionError, match="profile of another type"):
        find(tenant({LIST: page(profile(**{"@odata.type": "#microsoft.graph.iosCustomConfiguration"}))}), name="PIN")


def test_a_profile_of_another_type_beside_ours_is_no_matter() -> None:
    other = profile(id=OTHER_ID, **{"@odata.type": "#microsoft.graph.iosCustomConfiguration"})
    found = find(tenant({LIST: page(other, profile(ON)), **ASSIGNED}), name="PIN")
    assert found is not None and found.id == ID


def test_a_profile_of_another_type_is_not_taken_by_id() -> None:
    with pytest.raises(errors.SelectionError, match="is not a Windows custom profile"):
        find(tenant({ONE: answer(200, profile(**{"@odata.type": "#microsoft.graph.iosCustomConfiguration"}))}), policy_id=ID)


def test_an_id_that_is_none_is_refused() -> None:
    with pytest.raises(errors.InvalidOptionError, match="is not a GUID"):
        find(tenant(), policy_id="PIN")


MAKE, CHANGE, ASSIGN = f"POST /v1.0{PATH}", f"PATCH /v1.0{PATH}/{ID}", f"POST /beta{PATH}/{ID}/assign"


def test_a_policy_is_made_and_assigned() -> None:
    world = tenant({MAKE: answer(201, {"id": ID}), ASSIGN: answer(200, {})})
    plan = plan_present(None, Wanted("PIN", None, True, (DEVICES,)), URI)
    assert pin_policy.apply(world.client, None, plan) == ID
    assert world.transport.targets == [MAKE, ASSIGN]
    assert body_of(world.transport.sent[0]) == plan.create
    assert not world.transport.sent[0].repeatable


def test_a_policy_is_changed() -> None:
    world = tenant({CHANGE: answer(204)})
    assert pin_policy.apply(world.client, policy(OFF), Plan(update={"a": 1})) == ID
    assert body_of(world.transport.sent[0]) == {"a": 1}


def test_a_policy_is_deleted() -> None:
    world = tenant({f"DELETE /v1.0{PATH}/{ID}": answer(204)})
    assert pin_policy.apply(world.client, policy(), Plan(delete=True)) is None
    assert world.transport.writes == [f"DELETE /v1.0{PATH}/{ID}"]


def test_an_empty_plan_writes_nothing() -> None:
    world = tenant()
    assert pin_policy.apply(world.client, policy(), Plan()) == ID
    assert world.transport.sent == []


@pytest.mark.parametrize(
    ("current", "plan", "words"),
    [
        pytest.param(None, Plan(create={}, assign=(DEVICES,)), "was made", id="made"),
        pytest.param(policy(), Plan(update={}, assign=(DEVICES,)), "was changed", id="changed"),
        pytest.param(policy(), Plan(assign=(DEVICES,)), "is as it was", id="neither"),
    ],
)
def test_what_was_done_before_assigning_failed_is_said(current: Policy | None, plan: Plan, words: str) -> None:
    world = tenant({MAKE: answer(201, {"id": ID}), CHANGE: answer(204), ASSIGN: error(400)})
    with pytest.raises(errors.GraphError) as caught:
        pin_policy.apply(world.client, current, plan)
    assert f"The policy {ID} {words}, but its assignments were not set" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("step", "words"),
    [
        pytest.param(error(400), "settings catalog", id="refused"),
        pytest.param(errors.LostAnswerError("Lost."), "may have been made", id="lost"),
        pytest.param(error(403), "Grant", id="forbidden: as usual"),
    ],
)
def test_a_policy_that_cannot_be_made_has_a_hint(step: t.Any, words: str) -> None:
    with pytest.raises(errors.IntuneError) as caught:
        pin_policy.apply(tenant({MAKE: step}).client, None, Plan(create={}))
    assert words in (caught.value.hint or "")
