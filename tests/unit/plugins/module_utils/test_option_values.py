# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import datetime
import importlib
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.endpointops.intune.plugins.module_utils._argspec import (
    CONNECTION,
    validate,
)
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import BY_OPTION
from ansible_collections.endpointops.intune.plugins.module_utils._option_values import TEXT, TEXTS, prepare
from tests.support.modules import list_modules

PLUGINS = "ansible_collections.endpointops.intune.plugins"


# --- names and IDs --------------------------------------------------------------------------------------------------

ENTRY = {"group": {"type": TEXT}, "target": {"type": "str"}}
NAMES = {
    "names": {"type": TEXTS, "elements": TEXT},
    "one": {"type": TEXT},
    "entries": {"type": "list", "elements": "dict", "options": ENTRY},
}


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ({"names": ["0012345", "yes", "2026-11-28"]}, ["0012345", "yes", "2026-11-28"]),
        ({"names": "PC-1"}, ["PC-1"]),
        ({"names": "PC-1,PC-2"}, ["PC-1", "PC-2"]),
        ({"names": []}, []),
        ({"names": None}, None),
    ],
)
def test_names_are_taken_as_ansible_takes_them(given: dict[str, t.Any], taken: list[str] | None) -> None:
    found = validate(NAMES, given)
    assert found.problems == [] and found.params["names"] == taken
    assert prepare(NAMES, given) == (given, {})


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(0o12345, id="case 3: an octal number"),
        pytest.param(12345, id="a number"),
        pytest.param(1e5, id="a number with a point"),
        pytest.param(True, id="yes"),
        pytest.param(datetime.date(2026, 11, 28), id="a date"),
        pytest.param(datetime.datetime(2026, 11, 28, 4, 30), id="a moment"),
    ],
)
@pytest.mark.parametrize("wrap", [lambda value: {"names": [value]}, lambda value: {"names": value}, lambda value: {"one": value}])
def test_a_name_that_is_not_text_is_refused_with_its_value(value: t.Any, wrap: t.Any) -> None:
    problems = validate(NAMES, wrap(value)).problems
    assert problems == list(prepare(NAMES, wrap(value))[1].values())
    assert len(problems) == 1 and f": {value} is not text" in problems[0] and "Put it in quotes" in problems[0], problems
    # Also if a module's process gets them without the action plugin.
    assert f"{value} is not text" in ArgumentSpecValidator(NAMES).validate(wrap(value)).error_messages[0]


def deep(depth: int) -> list[t.Any]:
    value: list[t.Any] = []
    for _level in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "told"),
    [
        pytest.param(10**5000, "must not hold a number of more than 18 digits.", id="number"),
        pytest.param([-(10**18)], "must not hold a number of more than 18 digits.", id="number in a list"),
        pytest.param([{"group": 10**5000}], "must not hold a number of more than 18 digits.", id="number in an entry"),
        pytest.param({10**5000: 1}, "must not hold a number of more than 18 digits.", id="number as a key"),
        pytest.param(deep(900), "must not have more than 20 lists or dictionaries in each other.", id="depth"),
        pytest.param({"a": deep(20)}, "must not have more than 20 lists or dictionaries in each other.", id="just too deep"),
    ],
)
@pytest.mark.parametrize("name", ["names", "one", "entries", "unknown"])
def test_what_no_text_can_be_made_of_is_refused_in_a_sentence(name: str, value: t.Any, told: str) -> None:
    assert validate(NAMES, {name: value}).problems == [f"{name} {told}"]


def test_so_is_one_in_an_entry() -> None:
    given = {"entries": [{"target": "group", "group": 12}, {"target": "all_users"}]}
    assert [problem[:24] for problem in validate(NAMES, given).problems] == ["entries: group: 12 is no"]


NESTED = {"expect": {"type": "dict", "options": NAMES}}


def test_options_within_an_option_are_prepared_as_others_are() -> None:
    found = validate(NESTED, {"expect": {"entries": "target=group group='Comma, Inc'", "names": "PC-1,PC-2"}})
    assert found.problems == [] and found.params["expect"]["names"] == ["PC-1", "PC-2"]
    assert found.params["expect"]["entries"] == [{"target": "group", "group": "Comma, Inc"}]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"one": 12}, "expect: one: 12 is not text"),
        ({"entries": [12]}, "expect: entries: It must be a list of dictionaries"),
        ({"names": [True]}, "expect: names: True is not text"),
        ({"names": [10**5000]}, "expect must not hold a number of more than 18 digits."),
    ],
)
def test_a_problem_within_an_option_is_told_with_both_names(given: dict[str, t.Any], told: str) -> None:
    (problem,) = validate(NESTED, {"expect": given}).problems
    assert problem.startswith(told)


@pytest.mark.parametrize("value", [12345, {"target": "group"}, [None], [["x"]], ["target=all_users"], "[1]", True], ids=str)
def test_case_8_entries_are_a_list_of_dictionaries(value: t.Any) -> None:
    problems = validate(NAMES, {"entries": value}).problems
    assert len(problems) == 1 and "entries: It must be a list of dictionaries, each with group or target, and holds" in problems[0]


@pytest.mark.parametrize(
    ("text", "entries"),
    [
        pytest.param("target=group group='Comma, Inc'", [{"target": "group", "group": "Comma, Inc"}], id="case 8: a comma in quotes"),
        pytest.param('target=group group="O\'Brien, Inc"', [{"target": "group", "group": "O'Brien, Inc"}], id="the other quotes"),
        pytest.param(
            "target=group group='Sales laptops', target=all_users", [{"target": "group", "group": "Sales laptops"}, {"target": "all_users"}]
        ),
        pytest.param("target=all_users\r\n\n target=all_devices ,", [{"target": "all_users"}, {"target": "all_devices"}], id="lines"),
        pytest.param("target=group group='a=b'", [{"target": "group", "group": "a=b"}], id="an equals sign"),
        pytest.param('[{"target": "group", "group": "Comma, Inc"}]', [{"target": "group", "group": "Comma, Inc"}], id="JSON"),
        pytest.param('{"target": "all_users"}', [{"target": "all_users"}], id="one in JSON"),
    ],
)
def test_entries_may_be_text_as_a_form_has_no_lists(text: str, entries: list[dict[str, str]]) -> None:
    found = validate(NAMES, {"entries": text})
    assert found.problems == []
    assert [{name: value for name, value in entry.items() if value is not None} for entry in found.params["entries"]] == entries


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "entries: It is blank. Leave it out, or give an empty list to clear it."),
        (" \n,", "entries: It is blank. Leave it out, or give an empty list to clear it."),
        ("target=group group=Sales laptops", "entries: 'laptops' must be name=value, as in target=group"),
        ("target=group group=Comma, Inc", "entries: 'Inc' must be name=value"),
        ("target=group group='Comma, Inc", "entries: A quote is not closed in"),
        ("target=group group=O'Brien", "entries: A quote is not closed in"),
        ("{target: all_users}", "entries: It begins as JSON does, and cannot be read:"),
        ("[" * 100_000, "entries: It begins as JSON does, and cannot be read:"),
    ],
    ids=lambda text: text[:30],
)
def test_case_8_text_that_cannot_be_read_is_told_in_one_sentence(text: str, told: str) -> None:
    problems = validate(NAMES, {"entries": text}).problems
    assert len(problems) == 1 and problems[0].startswith(told)


@pytest.mark.parametrize(
    ("given", "taken"),
    [
        ("windows, ios", ["windows", "ios"]),
        (" windows,,\nios , ", ["windows", "ios"]),
        (" ", [" "]),
        (["windows", " ios"], ["windows", " ios"]),
    ],
)
def test_choices_may_be_text_with_blanks(given: t.Any, taken: list[str]) -> None:
    spec = {"platforms": {"type": "list", "elements": "str", "choices": ["windows", "ios"]}}
    prepared, wrong = prepare(spec, {"platforms": given})
    assert (prepared["platforms"], wrong) == (taken, {})


def test_the_types_are_those_of_ansible_for_tools_that_compare_them() -> None:
    assert (TEXT, TEXTS) == ("str", "list")
    assert copy.deepcopy(NAMES) == NAMES and callable(copy.deepcopy(TEXTS))


SPECS = {name: importlib.import_module(f"{PLUGINS}.modules.{name}").SPEC for name in list_modules()}
# Lists and texts that are not used to look objects up.
NO_NAMES = {
    "platforms",
    "ownerships",
    "seal_to",
    "service_scopes",
    "client_scopes",
    "description",
    "reset_since",
}
NO_NAMES |= {"since", "start", "enrolled_since", "approval_justification", "approval_code", "verified_by"}
# Files of a report, and results of other tasks.
NO_NAMES |= {"signed_script"}
NO_NAMES |= {"basename", "journals", "results"}
# Texts about an application, and its certificates.
NO_NAMES |= {"notes", "service_management_reference", "certificates"}


def looked_up(options: dict[str, t.Any]) -> t.Iterator[tuple[str, t.Any]]:
    for name, option in options.items():
        if name not in CONNECTION and name not in NO_NAMES and "choices" not in option:
            yield from looked_up(option["options"]) if "options" in option else [(name, option)]


@pytest.mark.parametrize("module", sorted(SPECS))
def test_every_option_that_takes_a_name_or_an_id_takes_text_alone(module: str) -> None:
    wrong = [
        name
        for name, option in looked_up(SPECS[module].argument_spec)
        if option["type"] in ("str", "list") and option.get("elements", option["type"]) is not TEXT and name not in BY_OPTION
    ]
    assert wrong == []


def test_case_18_a_value_that_ansible_core_fails_on_is_a_problem() -> None:
    spec: dict[str, t.Any] = {"group": {"type": "dict", "options": {"name": {"type": "str"}}}}
    found = validate(spec, {"group": b"x"})
    assert found.problems == ["An option has a value of a type that no option takes (TypeError)."]


@pytest.mark.parametrize("kind", ["int", "float"])
@pytest.mark.parametrize("value", [10**400, -(10**18), float("inf"), float("nan"), "inf", "1e400", "9" * 5000])
def test_case_18_a_number_that_nothing_can_use_is_a_problem(kind: str, value: t.Any) -> None:
    found = validate({"timeout": {"type": kind}}, {"timeout": value})
    assert found.problems == ["timeout must be a number of at most 18 digits."] and found.params == {"timeout": None}


def test_dictionaries_of_any_keys_are_taken_as_they_are() -> None:
    spec = {"results": {"type": "list", "elements": "dict"}}
    for given in ([{"id": "a", "n": 1}], '[{"id": "a", "n": 1}]'):
        assert validate(spec, {"results": given}).params["results"] == [{"id": "a", "n": 1}]
    assert validate(spec, {"results": ["x"]}).problems
