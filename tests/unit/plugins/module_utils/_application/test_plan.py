# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the changes of an application: they are complete, and preserve data of others."""

from __future__ import annotations

import dataclasses
import typing as t

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._application.model import (
    GRAPH_APP_ID,
    Certificate,
    ClientSecret,
    Federated,
    GraphRoles,
    State,
)
from ansible_collections.endpointops.intune.plugins.module_utils._application.options import Goal, SecretGoal
from ansible_collections.endpointops.intune.plugins.module_utils._application.plan import find_usable_secret, plan, plan_required, project

ROLES = {"A.Read": "a", "B.Read": "b", "C.Write": "c"}
GRAPH = GraphRoles("graph", ROLES)
NOW = 1767607200.0
LATER, SOON = "2026-12-31T00:00:00Z", "2026-01-10T00:00:00Z"
CERTIFICATES = [Certificate(letter * 40, f"CN={letter}", None, LATER, letter) for letter in "ABC"]
FEDERATED = [Federated(name, "https://issuer.test", name, "api://x") for name in ("one", "two", "three")]
SECRETS = [ClientSecret(f"{name}-{ends}", name, "abc", None, ends) for name in ("ops", "other") for ends in (LATER, SOON)]
OTHER_ACCESS = {"resourceAppId": "other", "resourceAccess": [{"id": "x", "type": "Role"}]}
SCOPE = {"id": "s", "type": "Scope"}

T = t.TypeVar("T")


def some_of(items: list[T]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(st.sampled_from(items), unique_by=repr).map(tuple)


def required(roles: tuple[str, ...]) -> tuple[dict[str, t.Any], ...]:
    access = [SCOPE, *({"id": ROLES[role], "type": "Role"} for role in roles)]
    return (OTHER_ACCESS, {"resourceAppId": GRAPH_APP_ID, "resourceAccess": access})


EXISTING = st.builds(
    State,
    graph=st.just(GRAPH),
    id=st.just("id"),
    client_id=st.just("client"),
    name=st.sampled_from(["x", "y"]),
    notes=st.sampled_from([None, "n"]),
    principal_id=st.sampled_from([None, "principal"]),
    is_enabled=st.booleans(),
    required=some_of(list(ROLES)).map(required),
    granted=some_of(list(ROLES)).map(lambda names: dict.fromkeys(names, "assignment")),
    certificates=some_of(CERTIFICATES),
    secrets=some_of(SECRETS),
    federated=some_of(FEDERATED),
)
STATES = st.one_of(st.just(State(GRAPH)), EXISTING)
GOALS = st.builds(
    Goal,
    unique_name=st.just("name"),
    app_id=st.none(),
    managed_identity=st.none(),
    is_present=st.booleans(),
    is_enabled=st.sampled_from([None, True, False]),
    properties=st.dictionaries(st.sampled_from(["name", "notes"]), st.sampled_from(["x", "n"])),
    permissions=some_of(list(ROLES)),
    purge_permissions=st.booleans(),
    grant=st.booleans(),
    certificates=st.one_of(st.none(), some_of([dataclasses.replace(each, key_id="", der=b"x") for each in CERTIFICATES])),
    purge_certificates=st.booleans(),
    federated=st.one_of(st.none(), some_of(FEDERATED)),
    purge_federated=st.booleans(),
    secret=st.one_of(st.none(), st.just(SecretGoal("ops", 90, 14))),
    purge_secrets=st.booleans(),
)


@settings(max_examples=300)
@given(state=STATES, goal=GOALS)
def test_after_any_plan_nothing_is_left_to_do_and_nothing_of_others_is_lost(state: State, goal: Goal) -> None:
    changes = plan(state, goal, NOW)
    after = project(state, changes, goal, LATER)
    # A later task removes the second secret after its successor has been used.
    assert [change for change in plan(after, goal, NOW) if change.kind != "remove_secret"] == []
    assert after.is_present is goal.is_present
    if not goal.is_present:
        return
    if not goal.purge_permissions or not goal.grant:
        assert set(state.granted) <= set(after.granted)
    if not goal.purge_certificates or goal.certificates is None:
        assert {each.thumbprint for each in state.certificates} <= {each.thumbprint for each in after.certificates}
    if not goal.purge_federated or goal.federated is None:
        assert {each.name for each in state.federated} <= {each.name for each in after.federated}
    if state.is_present:
        assert OTHER_ACCESS in after.required, "what it asks of other services stays"
    if not goal.purge_secrets:
        assert set(state.secrets) <= set(after.secrets)


@pytest.mark.parametrize(
    ("is_enabled", "wanted", "expected"),
    [
        pytest.param(True, None, True, id="enabled, unset"),
        pytest.param(False, None, False, id="disabled stays so until somebody says otherwise"),
        pytest.param(True, False, False, id="disable"),
        pytest.param(False, True, True, id="enable"),
        pytest.param(None, False, False, id="disable a new one"),
        pytest.param(None, None, True, id="a new one"),
    ],
)
def test_whether_it_can_sign_in_changes_on_purpose_alone(is_enabled: bool | None, wanted: bool | None, expected: bool) -> None:
    principal = {} if is_enabled is None else {"principal_id": "principal", "is_enabled": is_enabled}
    state = State(GRAPH, id="id", client_id="client", secrets=tuple(SECRETS), **principal)
    goal = Goal("name", None, None, is_enabled=wanted, purge_secrets=True)
    changes = plan(state, goal, NOW)
    assert project(state, changes, goal).is_enabled is expected
    kinds = [change.kind for change in changes if change.kind != "create_principal"]
    # The application is disabled before its credentials change, and enabled again afterwards.
    assert kinds.index("disable") == 0 if "disable" in kinds else kinds[0] == "remove_secret"
    assert kinds[-1] == ("enable" if is_enabled is False and wanted else "remove_secret")


def test_delegated_permissions_that_are_listed_stay() -> None:
    goal = Goal("name", None, None, permissions=("A.Read",), purge_permissions=True)
    state = State(GRAPH, id="id", client_id="client", required=required(("B.Read",)))
    assert plan_required(state, goal) == [
        OTHER_ACCESS,
        {"resourceAppId": GRAPH_APP_ID, "resourceAccess": [SCOPE, {"id": "a", "type": "Role"}]},
    ]


@pytest.mark.parametrize(
    ("secrets", "usable"),
    [
        ([], None),
        ([SECRETS[1]], None),
        ([SECRETS[2]], None),
        (SECRETS, SECRETS[0]),
        ([ClientSecret("k", "ops", None, None, None)], None),
    ],
    ids=["none", "ends soon", "another name", "the one that lasts", "an unknown end"],
)
def test_a_secret_is_usable_while_it_lasts(secrets: list[ClientSecret], usable: ClientSecret | None) -> None:
    assert find_usable_secret(State(GRAPH, secrets=tuple(secrets)), SecretGoal("ops", 90, 14), NOW) == usable
