# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._auth import _msal
from ansible_collections.endpointops.intune.plugins.module_utils._auth.managed_identity import ManagedIdentity
from tests.support.fakes import CLIENT_ID, GRAPH, Step, Tenant, answer, options, query_of, tenant

IMDS = "GET /metadata/identity/oauth2/token"
GOOD = answer(200, {"access_token": "azure-token", "expires_in": "3600", "token_type": "Bearer"})


def on_a_machine(*steps: Step) -> Tenant:
    return tenant({IMDS: list(steps)})


def credential(world: Tenant, **given: t.Any) -> ManagedIdentity:
    subject = ManagedIdentity(options(**given), world.context)
    subject.validate()
    return subject


def test_the_machines_identity_becomes_a_token() -> None:
    world = on_a_machine(GOOD)
    assert credential(world).token() == "azure-token"
    request = world.transport.sent[0]
    assert request.url.startswith("http://169.254.169.254/metadata/")
    assert query_of(request)["resource"] == GRAPH
    assert request.headers["Metadata"] == "true"


@pytest.mark.parametrize("given", [CLIENT_ID, None, ""], ids=["one", "unset", "blank"])
def test_an_identity_can_be_chosen(given: str | None) -> None:
    world = on_a_machine(GOOD)
    credential(world, managed_identity_client_id=given).token()
    assert query_of(world.transport.sent[0]).get("client_id") == (given or None)


def test_a_container_has_an_endpoint_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:4141/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", "s3cret")
    world = tenant({"GET /msi/token": answer(200, {"access_token": "azure-token", "expires_on": "4102444800"})})
    assert credential(world).token() == "azure-token"
    assert world.transport.sent[0].headers["X-IDENTITY-HEADER"] == "s3cret"


def test_one_token_serves_until_it_ends() -> None:
    world = on_a_machine(GOOD)
    subject = credential(world)
    subject.token()
    subject.token()
    assert len(world.transport.sent) == 1


def test_a_refused_token_is_asked_for_anew() -> None:
    world = on_a_machine(GOOD, answer(200, {"access_token": "second", "expires_in": "3600"}))
    subject = credential(world)
    subject.token()
    assert subject.token(renew=True) == "second"


def test_a_refusal_is_told() -> None:
    world = on_a_machine(answer(400, {"error": "invalid_request", "error_description": "Identity not found"}))
    with pytest.raises(errors.AuthenticationError, match="Identity not found"):
        credential(world).token()


@pytest.mark.parametrize(
    "step",
    [
        pytest.param(errors.NotSentError("No connection."), id="no endpoint"),
        pytest.param(errors.LostResponseError("No answer."), id="no answer"),
        pytest.param(answer(500), id="empty"),
        pytest.param(answer(502, b"<html>"), id="HTML"),
        pytest.param(answer(200, b"[]"), id="JSON list"),
        pytest.param(answer(200, {}), id="nothing in it"),
        pytest.param(answer(200, {"access_token": "s3cret", "expires_in": "soon"}), id="end that is no number"),
    ],
)
def test_an_endpoint_that_does_not_answer_well(step: Step) -> None:
    with pytest.raises(errors.IntuneError) as caught:
        credential(on_a_machine(step)).token()
    assert "s3cret" not in str(caught.value)


def test_elsewhere_than_in_azure_another_method_is_named() -> None:
    with pytest.raises(errors.AuthenticationError, match="No managed identity endpoint answers here") as caught:
        credential(on_a_machine(errors.NotSentError("No connection."))).token()
    assert "auth_method" in (caught.value.hint or "")


def test_an_arc_machine_whose_key_cannot_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:40342/metadata/identity/oauth2/token")
    monkeypatch.setenv("IMDS_ENDPOINT", "http://127.0.0.1:40342")
    challenge = answer(401, www_authenticate="Basic realm=/var/opt/azcmagent/tokens/missing.key")
    with pytest.raises(errors.AuthenticationError):
        credential(on_a_machine(challenge)).token()


def test_without_msal_the_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_msal, "HAS_MSAL", False)
    with pytest.raises(errors.MissingLibraryError, match="msal"):
        credential(tenant())
