# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._approval.options import ApprovalOptions
from ansible_collections.endpointops.intune.plugins.module_utils._directory import lookup
from ansible_collections.endpointops.intune.plugins.module_utils._guid import NIL
from ansible_collections.endpointops.intune.plugins.module_utils._hello import api, model
from ansible_collections.endpointops.intune.plugins.module_utils._hello.api import Backend
from ansible_collections.endpointops.intune.plugins.module_utils._hello.assignments import ODATA_TYPES, Assignment
from ansible_collections.endpointops.intune.plugins.module_utils._hello.custom_profile import ODATA_TYPE, CustomProfile
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import Policy, PolicyScope
from ansible_collections.endpointops.intune.plugins.module_utils._hello.policy import Change, plan
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import BY_OPTION
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings_catalog import SettingsCatalog
from tests.support.fakes import FakeClock, FakeCredential, Tenant, answer, body_of, error, intune, page, tenant
from tests.support.policies import ID, Json, written

TENANT = "11111111-aaaa-4bbb-8ccc-222222222222"
OTHER_ID = "bbbbbbbb-0000-4000-8000-000000000002"
G1, F1 = "aaaaaaaa-0000-4000-8000-000000000001", "ffffffff-0000-4000-8000-000000000001"
G2 = "aaaaaaaa-0000-4000-8000-000000000002"
DEVICE = PolicyScope(TENANT, "device")
DEVICES = Assignment("all_devices")
GROUP = Assignment("group", G1)
FILTERED = Assignment("group", G1, F1, "include")
EXCLUDED = Assignment("exclude_group", G2)
CUSTOM, CATALOG = CustomProfile(), SettingsCatalog()
BACKENDS: list[Backend] = [CUSTOM, CATALOG]
ON = {"enable_pin_recovery": True}
PROFILES = "/deviceManagement/deviceConfigurations"
PATH = f"{PROFILES}/p-1"


@pytest.fixture(params=BACKENDS, ids=["custom", "settings_catalog"])
def backend(request: pytest.FixtureRequest) -> t.Any:
    return request.param


def raw(backend: Backend, **more: t.Any) -> Json:
    """Return a policy that turns recovery on, as Graph shows it."""
    body = written(lambda client: backend.create(client, Policy("PIN", "", ON), DEVICE))
    if backend is CATALOG:
        return {"id": ID, "assignments": [], "settingCount": len(body["settings"]), **body, **more}
    if "name" in more:
        more["displayName"] = more.pop("name")
    return {"id": ID, "assignments": [], **body, **more}


def test_the_default_scope_tag_is_the_same_for_policies_and_names() -> None:
    assert model.DEFAULT_SCOPE_TAG == lookup.DEFAULT_SCOPE_TAG


# --- the tenant -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "given_id", [TENANT, TENANT.upper(), f"{{{TENANT}}}", None, "contoso.test"], ids=["plain", "upper case", "braces", "unset", "domain"]
)
def test_the_tokens_tenant_counts_and_is_not_asked_for(given_id: str | None) -> None:
    world = tenant(credential=FakeCredential({"tid": TENANT.upper()}))
    assert api.fetch_tenant_id(world.client, given_id) == TENANT
    assert world.transport.sent == []


def test_another_tenants_id_is_refused() -> None:
    world = tenant(credential=FakeCredential({"tid": TENANT}))
    with pytest.raises(errors.InvalidOptionError, match="belongs to the tenant"):
        api.fetch_tenant_id(world.client, "11111111-2222-3333-4444-555555555555")


@pytest.mark.parametrize("given_id", [None, "", "contoso.test"], ids=["unset", "blank", "domain"])
def test_the_tenant_says_its_own_id(given_id: str | None) -> None:
    assert api.fetch_tenant_id(tenant([page({"id": TENANT.upper()})]).client, given_id) == TENANT


@pytest.mark.parametrize("organization", [page(), page({"id": None}), page({"id": "x"})], ids=["nothing", "null", "no GUID"])
def test_a_tenant_that_does_not_return_its_id(organization: t.Any) -> None:
    with pytest.raises(errors.UnexpectedResponseError, match="does not return its ID"):
        api.fetch_tenant_id(tenant([organization]).client, None)


# --- finding --------------------------------------------------------------------------------------------------------


def find(
    world: Tenant, backend: Backend, *, policy_id: str | None = None, name: str | None = None, reveal: t.Collection[str] = ()
) -> Policy | None:
    return api.find_policy(world.client, backend, DEVICE, policy_id=policy_id, name=name, reveal=reveal)


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
    with pytest.raises(errors.SelectionError, match="a policy of another type"):
        find(tenant(listing(kind, raw(kind, **more))), kind, name="PIN")


@pytest.mark.parametrize(("kind", "more"), STRANGERS)
def test_a_policy_of_another_kind_does_not_hide_ours(kind: Backend, more: Json) -> None:
    found = find(tenant(listing(kind, raw(kind, id=OTHER_ID, **more), raw(kind))), kind, name="PIN")
    assert found is not None and found.id == ID


@pytest.mark.parametrize(("kind", "more"), STRANGERS)
def test_a_policy_of_another_kind_is_not_taken_by_id(kind: Backend, more: Json) -> None:
    with pytest.raises(errors.SelectionError, match=rf"{ID} \('PIN'\) does not belong to the backend {kind.name}"):
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
        api.validate_name_is_free(world.client, backend, "PIN")
        assert world.transport.targets == [f"GET /beta{backend.path}"]


def test_a_name_that_others_have_is_refused_with_their_ids(backend: Backend) -> None:
    with pytest.raises(errors.SelectionError, match=f"named 'PIN' already: {ID}, {OTHER_ID}") as caught:
        api.validate_name_is_free(tenant(listing(backend, raw(backend, id=OTHER_ID), raw(backend))).client, backend, "PIN")
    assert caught.value.effects == "none" and "Nothing was changed." in str(caught.value)


@pytest.mark.parametrize(("kind", "more"), STRANGERS)
def test_a_name_that_a_policy_of_another_kind_has_is_refused_too(kind: Backend, more: Json) -> None:
    with pytest.raises(errors.SelectionError, match=f"already: {ID}"):
        api.validate_name_is_free(tenant(listing(kind, raw(kind, **more))).client, kind, "PIN")


def test_an_id_that_is_none_is_refused(backend: Backend) -> None:
    with pytest.raises(errors.InvalidOptionError, match="id must be a GUID, not 'PIN'"):
        find(tenant(), backend, policy_id="PIN")


@pytest.mark.parametrize("given", [NIL, f"{{{NIL}}}"])
def test_case_1_the_nil_guid_is_no_id_of_a_policy(backend: Backend, given: str) -> None:
    world = tenant()
    with pytest.raises(errors.InvalidOptionError, match="id must be a GUID, not the nil GUID"):
        find(world, backend, policy_id=given)
    assert world.transport.sent == []


# --- the only policy of a name ---------------------------------------------------------------------------------------------------

RECOVERY = f"./Device/Vendor/MSFT/PassportForWork/{TENANT}/Policies/EnablePinRecovery"


def oma(uri: str, value: t.Any = True, kind: str = "Boolean") -> Json:
    return {"@odata.type": f"#microsoft.graph.omaSetting{kind}", "displayName": "x", "omaUri": uri, "value": value}


def profile(*settings: Json, **more: t.Any) -> Json:
    return {"@odata.type": ODATA_TYPE, "id": ID, "displayName": "PIN", "omaSettings": list(settings), **more}


@pytest.mark.parametrize(
    ("found", "identity"),
    [
        pytest.param([], None, id="none"),
        pytest.param([profile(oma(RECOVERY))], ID, id="one"),
        pytest.param([profile(**{"@odata.type": "#microsoft.graph.iosCustomConfiguration"})], None, id="one for another platform"),
        pytest.param([profile(**{"@odata.type": "#microsoft.graph.x", "id": OTHER_ID}), profile()], ID, id="beside another"),
        pytest.param([profile(displayName="pin")], None, id="another letter case"),
    ],
)
def test_a_policy_of_the_same_name_is_found(found: list[Json], identity: str | None) -> None:
    policy = api.find_only_policy(tenant([page(*found)]).client, CUSTOM, DEVICE, name="PIN")
    assert (policy and policy.id) == identity


@pytest.mark.parametrize("named", [True, False])
def test_hidden_values_of_a_policy_are_asked_for_when_it_is_to_be_moved(named: bool) -> None:
    hidden = {**oma("./Device/Vendor/MSFT/PassportForWork/DynamicLock/Plugins", "****", "String"), "secretReferenceValueId": "ref-1"}
    reveal = f"GET /v1.0{PROFILES}/{ID}/getOmaSettingPlainTextValue(secretReferenceValueId='ref-1')"
    world = tenant({f"GET /beta{PROFILES}": page(profile(hidden)), reveal: answer(200, {"value": "<rule/>"})})
    found = api.find_only_policy(world.client, CUSTOM, DEVICE, name="PIN", reveal=BY_OPTION if named else ())
    assert found is not None and found.hidden == (() if named else ("dynamic_lock_plugins",))
    assert (reveal in world.transport.targets) is named


def test_several_of_the_same_name_are_refused_with_their_ids() -> None:
    with pytest.raises(errors.SelectionError, match=f"{ID}, {OTHER_ID}") as caught:
        api.find_only_policy(tenant([page(profile(id=OTHER_ID), profile())]).client, CUSTOM, DEVICE, name="PIN")
    assert caught.value.effects == "none"


# --- applying -------------------------------------------------------------------------------------------------------


def steps_of(backend: Backend) -> dict[str, str]:
    one = f"{backend.path}/{ID}"
    version = "v1.0" if backend is CUSTOM else "beta"
    return {
        "create": f"POST /{version}{backend.path}",
        "update": f"PATCH /{version}{one}",
        "assign": f"POST /beta{one}/assign",
        "delete": f"DELETE /{version}{one}",
    }


def apply(world: Tenant, backend: Backend, current: Policy | None, after: Policy | None, changes: list[Change]) -> str | None:
    return api.apply(world.client, backend, DEVICE, current, after, changes)


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
def test_the_steps_are_carried_out_in_order(backend: Backend, current: Policy | None, after: Policy | None, steps: list[Change]) -> None:
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
def test_what_was_done_before_assigning_failed_is_said(backend: Backend, current: Policy | None, steps: list[Change], words: str) -> None:
    world = tenant({**good(backend), steps_of(backend)["assign"]: error(403)})
    with pytest.raises(errors.GraphError) as caught:
        apply(world, backend, current, dataclasses.replace(BEFORE, name="New", assignments=(GROUP,)), steps)
    assert f"The policy {ID} {words}, but its assignments were not set. Run again to finish." in (caught.value.hint or "")
    assert (caught.value.hint or "").startswith("Grant"), "and what to do about it"
    assert caught.value.effects == (None if steps == ["assign"] else "partial")


@pytest.mark.parametrize("status", [pytest.param(400, id="case 49: 400"), pytest.param(404, id="case 49: 404")])
def test_assignments_that_intune_refuses_are_not_to_be_tried_again_as_they_are(backend: Backend, status: int) -> None:
    world = tenant({**good(backend), steps_of(backend)["assign"]: error(status)})
    with pytest.raises(errors.GraphError) as caught:
        apply(world, backend, BEFORE, dataclasses.replace(BEFORE, assignments=(GROUP,)), ["assign"])
    advice = f"were not set. Check that these groups and filters exist: {GROUP.group_id}. Then run again to finish."
    assert advice in (caught.value.hint or "")


def test_an_assignment_that_waits_for_approval_is_no_failure(backend: Backend) -> None:
    refusal = intune(400, "Header 'x-msft-approval-justification' is required to request approval.")
    steps = {**good(backend), steps_of(backend)["assign"]: [refusal, intune(412, "Approval Required.", x_msft_approval_code=OTHER_ID)]}
    world = tenant({**steps, "GET /beta/deviceManagement/operationApprovalRequests": page()}, approval=ApprovalOptions("Please."))
    with pytest.raises(errors.ApprovalPendingError) as caught:
        apply(world, backend, None, dataclasses.replace(BEFORE, assignments=(GROUP,)), ["create", "assign"])
    assert caught.value.approval["code"] == OTHER_ID
    assert "were not set" not in (caught.value.hint or "")
    assert caught.value.effects == "partial", "the policy was made"


def test_an_assignment_that_waits_for_approval_alone_changed_nothing(backend: Backend) -> None:
    refusal = intune(400, "Header 'x-msft-approval-justification' is required to request approval.")
    steps = {steps_of(backend)["assign"]: [refusal, intune(412, "Approval Required.", x_msft_approval_code=OTHER_ID)]}
    world = tenant({**steps, "GET /beta/deviceManagement/operationApprovalRequests": page()}, approval=ApprovalOptions("Please."))
    with pytest.raises(errors.ApprovalPendingError) as caught:
        apply(world, backend, BEFORE, dataclasses.replace(BEFORE, assignments=(GROUP,)), ["assign"])
    assert caught.value.effects == "none"


def test_errors_after_a_change_say_so() -> None:
    with pytest.raises(errors.NotReadyError) as caught, api.report_partial(["update"]):
        raise errors.NotReadyError("Late.", hint="Wait.")
    assert str(caught.value) == "Late. Some changes were made. Wait."
    with pytest.raises(errors.NotReadyError) as caught, api.report_partial([]):
        raise errors.NotReadyError("Late.")
    assert caught.value.effects is None


# --- reading back ---------------------------------------------------------------------------------------------------


def wait(world: Tenant, backend: Backend, promised: Policy | None, reveal: t.Collection[str] = ()) -> Policy | None:
    return api.wait_until_shown(world.client, backend, DEVICE, ID, promised, timeout=60.0, reveal=reveal)


def test_it_is_waited_until_intune_shows_what_was_written(backend: Backend, clock: FakeClock) -> None:
    late = [error(404), answer(200, raw(backend, description="Old.")), answer(200, raw(backend))]
    assert wait(tenant(single(backend, late), clock=clock), backend, BEFORE) == BEFORE
    assert len(clock.slept) == 2


def test_it_is_waited_until_a_policy_is_gone(backend: Backend, clock: FakeClock) -> None:
    assert wait(tenant(single(backend, [answer(200, raw(backend)), error(404)]), clock=clock), backend, None) is None
    assert len(clock.slept) == 1


def test_assignments_that_are_not_there_yet_are_waited_for(clock: FakeClock) -> None:
    late = {f"GET /beta{CATALOG.path}/{ID}/assignments": [error(404), page()]}
    world = tenant({**single(CATALOG, answer(200, raw(CATALOG))), **late}, clock=clock)
    assert wait(world, CATALOG, BEFORE) == BEFORE
    assert len(clock.slept) == 1


def test_a_policy_that_never_shows_is_reported(backend: Backend) -> None:
    with pytest.raises(errors.NotReadyError, match="policy 'PIN' as it was written"):
        wait(tenant(single(backend, error(404))), backend, BEFORE)


def test_a_value_that_intune_hides_after_writing_is_not_waited_for() -> None:
    shown = raw(CUSTOM)
    shown["omaSettings"].append({**PLUGINS, "value": "****", "secretReferenceValueId": None})
    promised = dataclasses.replace(BEFORE, settings={**ON, "dynamic_lock_plugins": "<rule/>"})
    found = wait(tenant(single(CUSTOM, answer(200, shown))), CUSTOM, promised)
    assert found is not None and found.hidden == ("dynamic_lock_plugins",)


def test_a_hidden_value_that_was_named_is_waited_for(clock: FakeClock) -> None:
    shown = raw(CUSTOM)
    shown["omaSettings"].append({**PLUGINS, "value": "****", "secretReferenceValueId": "ref-1"})
    late = [answer(200, {"value": "<old/>"}), answer(200, {"value": "<rule/>"})]
    promised = dataclasses.replace(BEFORE, settings={**ON, "dynamic_lock_plugins": "<rule/>"})
    world = tenant({**single(CUSTOM, answer(200, shown)), REVEAL: late}, clock=clock)
    assert wait(world, CUSTOM, promised, ["dynamic_lock_plugins"]) == promised
    assert len(clock.slept) == 1


# --- assignments ----------------------------------------------------------------------------------------------------


def target(name: str, filter_id: t.Any = None, filter_type: t.Any = "none", **more: t.Any) -> dict[str, t.Any]:
    """Return an assignment as Graph shows it."""
    filtered = {"deviceAndAppManagementAssignmentFilterId": filter_id, "deviceAndAppManagementAssignmentFilterType": filter_type}
    return {"id": "x", "target": {"@odata.type": ODATA_TYPES[name], **filtered, **more}}


def test_assignments_are_read_in_beta() -> None:
    found = [target("group", groupId=G1), target("all_devices")]
    world = tenant([page(*found)])
    assert api.fetch_assignments(world.client, PATH) == found
    assert world.transport.targets == [f"GET /beta{PATH}/assignments"]


@pytest.mark.parametrize("raw", [{}, {"assignments": None}, {"assignments": []}], ids=["missing", "null", "empty"])
def test_a_policy_without_assignments_has_none(raw: dict[str, t.Any]) -> None:
    assert api.fetch_all_assignments(tenant().client, raw, PROFILES) == ()


@pytest.mark.parametrize("more", [{}, {"assignments@odata.nextLink": None}], ids=["no link", "null"])
def test_assignments_that_came_whole_are_not_asked_for(more: dict[str, t.Any]) -> None:
    world = tenant()
    raw = {"assignments": [target("group", groupId=G1), target("all_devices")], **more}
    assert api.fetch_all_assignments(world.client, raw, PROFILES) == (DEVICES, GROUP)
    assert world.transport.sent == []


def test_assignments_that_were_cut_off_are_read_to_their_end() -> None:
    first, second, third = target("group", groupId=G1), target("exclude_group", groupId=G2), target("all_devices")
    world = tenant([page(first, second, next_link=f"https://graph.test/beta{PATH}/assignments?$skiptoken=1"), page(third)])
    raw = {"id": "p-1", "assignments": [first], "assignments@odata.nextLink": f"https://graph.test/beta{PATH}/assignments?$skip=1"}
    assert api.fetch_all_assignments(world.client, raw, PROFILES) == (DEVICES, EXCLUDED, GROUP)
    assert world.transport.targets == [f"GET /beta{PATH}/assignments"] * 2


def test_assignments_are_written_whole_with_their_filters() -> None:
    world = tenant([answer(200, {"value": []})])
    api.replace_assignments(world.client, PATH, [DEVICES, FILTERED])
    request = world.transport.sent[0]
    assert (request.target, request.idempotent) == (f"POST /beta{PATH}/assign", True)
    assert body_of(request) == {"assignments": [DEVICES.render(), FILTERED.render()]}


def test_no_assignments_are_written_as_none() -> None:
    world = tenant([answer(200, {"value": []})])
    api.replace_assignments(world.client, PATH, [])
    assert body_of(world.transport.sent[0]) == {"assignments": []}
