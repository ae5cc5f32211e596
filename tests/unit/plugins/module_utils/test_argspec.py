# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import datetime
import importlib
import pathlib
import typing as t

import pytest
from ansible.module_utils.basic import AnsibleFallbackNotFound
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.endpointops.intune.plugins.module_utils._argspec import (
    CONNECTION,
    TEXT,
    TEXTS,
    Secret,
    first_set,
    make_spec,
    prepare,
    validate,
    without_blanks,
)
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import BY_OPTION

PLUGINS = "ansible_collections.endpointops.intune.plugins"
MODULES = (pathlib.Path(__file__).parents[4] / "plugins" / "modules").glob("*.py")


def validated(**given: t.Any) -> dict[str, t.Any]:
    found = ArgumentSpecValidator(make_spec("intune_unit").argument_spec).validate(given)
    assert not found.error_messages
    return found.validated_parameters


@pytest.mark.parametrize(
    ("environ", "value"),
    [
        pytest.param({"B": "b"}, "b", id="second"),
        pytest.param({"A": "a", "B": "b"}, "a", id="first of two"),
        pytest.param({"A": "", "B": "b"}, "b", id="blank counts as unset"),
    ],
)
def test_the_first_variable_that_is_set_counts(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], value: str) -> None:
    for name, content in environ.items():
        monkeypatch.setenv(name, content)
    assert first_set("A", "B") == value


def test_without_a_variable_there_is_no_fallback() -> None:
    with pytest.raises(AnsibleFallbackNotFound):
        first_set("INTUNE_NOBODY_SETS_THIS")


@pytest.mark.parametrize(
    ("option", "variables"),
    [
        ("tenant_id", ["INTUNE_TENANT_ID", "AZURE_TENANT_ID", "AZURE_TENANT"]),
        ("client_id", ["INTUNE_CLIENT_ID", "AZURE_CLIENT_ID"]),
        ("client_secret", ["INTUNE_CLIENT_SECRET", "AZURE_CLIENT_SECRET", "AZURE_SECRET"]),
        ("client_certificate_path", ["INTUNE_CLIENT_CERTIFICATE_PATH", "AZURE_CLIENT_CERTIFICATE_PATH"]),
        ("client_certificate_passphrase", ["INTUNE_CLIENT_CERTIFICATE_PASSPHRASE", "AZURE_CLIENT_CERTIFICATE_PASSWORD"]),
        ("federated_token_path", ["INTUNE_FEDERATED_TOKEN_PATH", "AZURE_FEDERATED_TOKEN_FILE"]),
        ("access_token", ["INTUNE_ACCESS_TOKEN"]),
        ("cloud", ["INTUNE_CLOUD"]),
        ("graph_url", ["INTUNE_GRAPH_URL"]),
        ("authority_url", ["INTUNE_AUTHORITY_URL", "AZURE_AUTHORITY_HOST"]),
        ("ca_path", ["INTUNE_CA_PATH"]),
        ("token_cache_path", ["INTUNE_TOKEN_CACHE_PATH"]),
    ],
)
def test_an_option_is_taken_from_the_environment_in_this_order(monkeypatch: pytest.MonkeyPatch, option: str, variables: list[str]) -> None:
    for name in reversed(variables):
        value = "china" if option == "cloud" else f"/{name}"
        monkeypatch.setenv(name, value)
        assert validated()[option] == value


@pytest.mark.parametrize(
    ("value", "url"),
    [
        pytest.param("login.microsoftonline.us", "https://login.microsoftonline.us", id="case 23: a host"),
        pytest.param("login.microsoftonline.us/", "https://login.microsoftonline.us/", id="case 23: a host and a slash"),
        pytest.param("login.test:8443", "https://login.test:8443", id="case 23: a host and a port"),
        pytest.param("https://login.microsoftonline.us/", "https://login.microsoftonline.us/", id="case 23: a URL"),
        pytest.param("http://login.microsoftonline.us/", "http://login.microsoftonline.us/", id="case 23: a URL that is refused later"),
    ],
)
def test_the_authority_of_the_platform_is_taken(monkeypatch: pytest.MonkeyPatch, value: str, url: str) -> None:
    monkeypatch.setenv("AZURE_AUTHORITY_HOST", value)
    assert validated()["authority_url"] == url


def test_what_is_said_beats_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTUNE_TENANT_ID", "theirs")
    assert validated(tenant_id="ours")["tenant_id"] == "ours"


def test_the_defaults() -> None:
    found = {name: value for name, value in validated().items() if value is not None}
    assert found == {"auth_method": "auto", "cloud": "global", "validate_certs": True, "timeout": 30, "retry_timeout": 120}


def test_every_secret_is_marked() -> None:
    secret = {name for name, option in CONNECTION.items() if option.get("no_log")}
    assert secret == {"client_secret", "client_certificate_passphrase", "access_token"}


def test_a_module_adds_its_own_options() -> None:
    found = make_spec("intune_unit", {"own": {"type": "str"}}, required_one_of=[("own", "tenant_id")])
    assert (found.module, found.relations) == ("intune_unit", {"required_one_of": [("own", "tenant_id")]})
    assert set(found.argument_spec) == {*CONNECTION, "own"}


def test_one_modules_options_are_not_anothers() -> None:
    make_spec("intune_unit", {"own": {"type": "str"}})
    assert "own" not in make_spec("intune_other").argument_spec


@pytest.mark.parametrize(
    ("given", "found"),
    [
        pytest.param({"client_id": ""}, {}, id="blank connection option"),
        pytest.param({"description": ""}, {"description": ""}, id="blank option of a module: clears"),
        pytest.param({"client_id": "x", "validate_certs": False}, {"client_id": "x", "validate_certs": False}, id="anything else"),
    ],
)
def test_blank_connection_options_count_as_unset(given: dict[str, t.Any], found: dict[str, t.Any]) -> None:
    assert without_blanks(given) == found


def test_a_secret_is_a_value_with_a_key() -> None:
    assert Secret("results[].passcode", "return_passcode", "passcodes").key == "passcode"
    with pytest.raises(ValueError, match=r"passcodes\[\]"):
        Secret("results[].passcodes[]", "return_passcode", "passcodes")


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
    # Also where a module's process gets them without the action plugin.
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
        ("target=group group=Sales laptops", "entries: 'laptops' must be name=value. Put a value with blanks or commas in quotes"),
        ("target=group group=Comma, Inc", "entries: 'Inc' must be name=value."),
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


def test_the_types_are_those_of_ansible_for_tools_that_compare_them() -> None:
    assert (TEXT, TEXTS) == ("str", "list")
    assert copy.deepcopy(NAMES) == NAMES and callable(copy.deepcopy(TEXTS))


SPECS = {path.stem: importlib.import_module(f"{PLUGINS}.modules.{path.stem}").SPEC for path in MODULES}
# Lists and texts that no object is looked up by.
NO_NAMES = {
    "platforms",
    "ownerships",
    "seal_to",
    "service_scopes",
    "client_scopes",
    "description",
    "reset_since",
}
NO_NAMES |= {"since", "approval_justification", "approval_code"}


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
