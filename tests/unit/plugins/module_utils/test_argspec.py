# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible.module_utils.basic import AnsibleFallbackNotFound
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.endpointops.intune.plugins.module_utils._argspec import (
    ASSIGNMENTS,
    CONNECTION,
    Secret,
    first_set,
    make_spec,
    without_blanks,
)
from ansible_collections.endpointops.intune.plugins.module_utils._hello.assignments import FilterType, Target

PLUGINS = "ansible_collections.endpointops.intune.plugins"


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
        ("auth_method", ["INTUNE_AUTH_METHOD"]),
        ("graph_url", ["INTUNE_GRAPH_URL"]),
        ("authority_url", ["INTUNE_AUTHORITY_URL", "AZURE_AUTHORITY_HOST"]),
        ("ca_path", ["INTUNE_CA_PATH"]),
        ("token_cache_path", ["INTUNE_TOKEN_CACHE_PATH"]),
    ],
)
def test_an_option_is_taken_from_the_environment_in_this_order(monkeypatch: pytest.MonkeyPatch, option: str, variables: list[str]) -> None:
    for name in reversed(variables):
        value = {"cloud": "china", "auth_method": "azure_cli"}.get(option, f"/{name}")
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


def test_the_choices_of_an_assignment_are_those_of_its_model() -> None:
    options = ASSIGNMENTS["assignments"]["options"]
    assert options["target"]["choices"] == list(t.get_args(Target))
    assert options["filter_type"]["choices"] == list(t.get_args(FilterType))
