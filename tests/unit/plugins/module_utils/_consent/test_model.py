# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._consent.model import MAX_GRANT_LENGTH, Goal, parse_goal, parse_scopes


@pytest.mark.parametrize(
    ("given", "scopes"),
    [
        pytest.param(None, None, id="unset"),
        pytest.param([], (), id="none"),
        pytest.param(["b", "a"], ("b", "a"), id="two"),
        pytest.param(["b a", " c"], ("b", "a", "c"), id="blanks between"),
        pytest.param(["a", "a"], ("a",), id="one twice"),
        pytest.param(["", " "], None, id="nothing but blanks: unset"),
        pytest.param(["https://graph.windows.net/User.Read", "a-b_c:d"], ("https://graph.windows.net/User.Read", "a-b_c:d"), id="signs"),
        pytest.param(["s" * 120], ("s" * 120,), id="as long as may be"),
    ],
)
def test_scopes_as_people_give_them(given: list[str] | None, scopes: tuple[str, ...] | None) -> None:
    assert parse_scopes("client_scopes", given) == scopes


@pytest.mark.parametrize(
    ("given", "named"),
    [
        pytest.param(['User"Read'], 'User"Read', id="quotation mark"),
        pytest.param(["User\\Read"], "User\\Read", id="backslash"),
        pytest.param(["Benutzer.Löschen"], "Benutzer.Löschen", id="no ASCII"),
        pytest.param([".hidden"], ".hidden", id="dot in front"),
        pytest.param(["a\x00b"], "a\\x00b", id="control character"),
        pytest.param(["s" * 121], "s" * 40 + "...", id="too long"),
        pytest.param([f"{'s' * 100}{number:03}" for number in range(40)], "3850", id="too many"),
    ],
)
def test_what_is_no_scope_is_refused(given: list[str], named: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match="client_scopes") as refused:
        parse_scopes("client_scopes", given)
    assert named in str(refused.value)


def test_scopes_may_fill_a_grant() -> None:
    given = [f"{'s' * 107}{number:03}" for number in range(34)] + ["e" * 76]
    assert len(" ".join(given)) == MAX_GRANT_LENGTH
    assert parse_scopes("client_scopes", given) == tuple(given)


def test_the_options_of_a_module_are_a_goal() -> None:
    assert parse_goal({"service_scopes": [" "], "client_scopes": None}) == Goal(service_scopes=())
    given = {"service_scopes": ["a"], "client_scopes": ["b"], "state": "absent", "purge_grants": True, "restore_deleted": False}
    assert parse_goal(given) == Goal(("a",), ("b",), is_present=False, purge_grants=True, restore_deleted=False)
