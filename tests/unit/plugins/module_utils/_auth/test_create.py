# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._argspec import CONNECTION
from ansible_collections.endpointops.intune.plugins.module_utils._auth import create as subject
from tests.support.fakes import CLIENT_ID, TENANT_ID, options, tenant

SECRET = {"tenant_id": TENANT_ID, "client_id": CLIENT_ID, "client_secret": "s3cret"}


@pytest.mark.parametrize(
    ("given", "environ", "method"),
    [
        pytest.param({"client_secret": "x"}, {}, "client_secret", id="secret"),
        pytest.param({"client_certificate_path": "x"}, {}, "client_certificate", id="certificate"),
        pytest.param({"federated_token_path": "x"}, {}, "workload_identity", id="federated token"),
        pytest.param({"access_token": "x"}, {}, "access_token", id="access token"),
        pytest.param({"managed_identity_client_id": "x"}, {}, "managed_identity", id="user-assigned identity"),
        pytest.param({}, {"IDENTITY_ENDPOINT": "http://x.test"}, "managed_identity", id="announced by the platform"),
        pytest.param({"client_secret": "x"}, {"IDENTITY_ENDPOINT": "http://x.test"}, "client_secret", id="given beats announced"),
        pytest.param({"client_secret": "", "access_token": "x"}, {}, "access_token", id="blank counts as unset"),
    ],
)
def test_auto_takes_what_is_given(given: dict[str, str], environ: dict[str, str], method: str) -> None:
    assert subject.detect_method(options(**given), environ) == method


def test_every_method_is_an_option_and_has_its_credential() -> None:
    methods = t.get_args(subject.AuthMethod)
    assert [subject.load_kind(method).method for method in methods] == list(methods)
    assert CONNECTION["auth_method"]["choices"] == ["auto", *methods]
    assert set(subject.METHOD_BY_OPTION) <= set(CONNECTION)


def test_auto_refuses_to_choose_between_two() -> None:
    with pytest.raises(errors.InvalidOptionError) as caught:
        subject.detect_method(options(client_secret="s3cret", client_certificate_path="/x.pem"), {})
    assert "client_certificate_path, client_secret" in caught.value.message
    assert "client_certificate or client_secret" in (caught.value.hint or "")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("given", [{}, {"client_secret": ""}], ids=["nothing", "blank"])
def test_auto_refuses_to_be_nobody(given: dict[str, str]) -> None:
    with pytest.raises(errors.InvalidOptionError, match="No credential is given") as caught:
        subject.detect_method(options(**given), {})
    assert "Set tenant_id, client_id, and client_secret" in (caught.value.hint or "")


BOTH = {"tenant_id": TENANT_ID, "client_id": CLIENT_ID}
TENANT_NAMED = {"tenant_id": TENANT_ID}


@pytest.mark.parametrize(
    ("given", "environ", "message", "advice"),
    [
        pytest.param(
            BOTH,
            {},
            "tenant_id and client_id are set, but no credential for them is.",
            "Set client_secret (INTUNE_CLIENT_SECRET), or client_certificate_path,",
            id="no secret",
        ),
        pytest.param(
            TENANT_NAMED,
            {},
            "tenant_id is set, but client_id and a credential are not.",
            "Set client_id and client_secret (INTUNE_CLIENT_ID, INTUNE_CLIENT_SECRET), or",
            id="only the tenant",
        ),
        pytest.param(
            {"client_id": CLIENT_ID},
            {},
            "client_id is set, but tenant_id and a credential are not.",
            "Set tenant_id and client_secret (INTUNE_TENANT_ID, INTUNE_CLIENT_SECRET), or",
            id="only the application",
        ),
        pytest.param(
            {**BOTH, "client_certificate_passphrase": "s3cret"},
            {},
            "tenant_id, client_id, and client_certificate_passphrase are set, but no credential for them is.",
            "Set client_certificate_path (INTUNE_CLIENT_CERTIFICATE_PATH), or client_secret,",
            id="only the passphrase of a certificate",
        ),
        pytest.param(
            BOTH,
            {"INTUNE_CLIENT_SECRET": ""},
            "no credential for them is. The environment variable INTUNE_CLIENT_SECRET is empty.",
            "Set client_secret (INTUNE_CLIENT_SECRET), or",
            id="empty variable",
        ),
        pytest.param(
            {},
            {"INTUNE_CLIENT_SECRET": "", "INTUNE_TENANT_ID": ""},
            "No credential is given. The environment variables INTUNE_TENANT_ID and INTUNE_CLIENT_SECRET are empty.",
            "Set tenant_id, client_id, and client_secret",
            id="empty variables",
        ),
    ],
)
def test_an_incomplete_credential_is_told_apart_from_none(
    given: dict[str, str], environ: dict[str, str], message: str, advice: str
) -> None:
    with pytest.raises(errors.InvalidOptionError) as caught:
        subject.detect_method(options(**given), environ)
    assert message in caught.value.message
    assert advice in (caught.value.hint or "")
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(("given", "missing"), [(TENANT_NAMED, "client_id"), ({"client_id": CLIENT_ID}, "tenant_id")])
def test_auto_says_which_credential_lacks_an_option(given: dict[str, str], missing: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"INTUNE_{missing.upper()}", "")
    with pytest.raises(errors.InvalidOptionError) as caught:
        subject.create(options(client_secret="s3cret", **given), tenant().context)
    variable = f"INTUNE_{missing.upper()}"
    assert caught.value.message == f"auth_method client_secret needs {missing}. The environment variable {variable} is empty."
    assert f"in the environment as {variable}." in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("method", "missing"),
    [
        ("client_secret", "tenant_id and client_id and client_secret"),
        ("client_certificate", "tenant_id and client_id and client_certificate_path"),
        ("workload_identity", "tenant_id and client_id and federated_token_path"),
        ("access_token", "access_token"),
    ],
)
def test_everything_that_is_missing_is_named_at_once(method: str, missing: str) -> None:
    with pytest.raises(errors.InvalidOptionError) as caught:
        subject.create(options(auth_method=method), tenant().context)
    assert f"{method} needs {missing}." in caught.value.message
    assert f"INTUNE_{missing.rpartition(' ')[2].upper()}" in (caught.value.hint or "")


@pytest.mark.parametrize("method", ["managed_identity", "azure_cli"])
def test_some_methods_need_no_option(method: str) -> None:
    assert subject.create(options(auth_method=method), tenant().context).method == method


def test_a_method_that_is_said_beats_other_credentials() -> None:
    given = options(auth_method="client_secret", access_token="x", **SECRET)
    assert subject.create(given, tenant().context).method == "client_secret"


def test_auto_hears_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1/msi/token")
    assert subject.create(options(), tenant().context).method == "managed_identity"


def test_making_a_credential_sends_nothing() -> None:
    world = tenant()
    subject.create(options(**SECRET), world.context)
    assert world.transport.sent == []


@pytest.mark.parametrize("show", [repr, str])
@pytest.mark.parametrize("given", [SECRET, {"access_token": "s3cret"}], ids=["client_secret", "access_token"])
def test_a_credential_shows_no_secret(given: dict[str, str], show: t.Callable[[object], str]) -> None:
    assert "s3cret" not in show(subject.create(options(**given), tenant().context))


@pytest.mark.parametrize("method", ["auto", "client_secret", "client_certificate", "workload_identity", "access_token"])
def test_case_31_that_become_hides_the_environment_is_said(method: str) -> None:
    with pytest.raises(errors.InvalidOptionError) as caught:
        subject.create(options(auth_method=method), tenant().context)
    assert "with become, or on another host, it does not see the environment of the controller" in (caught.value.hint or "")
