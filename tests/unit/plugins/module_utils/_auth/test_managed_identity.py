# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import pathlib
import sys
import typing as t

import msal
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


def test_an_identity_header_that_is_repeated_in_a_refusal_is_not_told(monkeypatch: pytest.MonkeyPatch) -> None:
    header = "853b9a84-5bfa-4b22-a3f3-0b9a43d9ad8a"
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:4141/msi/token")
    monkeypatch.setenv("IDENTITY_HEADER", header)
    world = tenant({"GET /msi/token": lambda request: answer(400, {"statusCode": 400, "message": f"bad {dict(request.headers)}"})})
    with pytest.raises(errors.AuthenticationError) as caught:
        credential(world).token()
    assert world.transport.sent[0].headers["X-IDENTITY-HEADER"] == header
    assert not any(part in str(caught.value) for part in (header[:8], header[8:16], header[16:24], header[24:32]))


def test_one_token_serves_until_it_ends() -> None:
    world = on_a_machine(GOOD)
    subject = credential(world)
    subject.token()
    subject.token()
    assert len(world.transport.sent) == 1


def test_a_refused_token_is_asked_for_again() -> None:
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


ENDPOINTS = {
    "case 22: App Service and Functions": (
        {"IDENTITY_ENDPOINT": "http://127.0.0.1:4141/msi/token", "IDENTITY_HEADER": "s3cret"},
        {"GET /msi/token": answer(200, {"access_token": "azure-token", "expires_on": "4102444800"})},
    ),
    "case 22: a container by its link-local address": (
        {"IDENTITY_ENDPOINT": "http://169.254.129.2:8081/msi/token", "IDENTITY_HEADER": "s3cret"},
        {"GET /msi/token": answer(200, {"access_token": "azure-token", "expires_on": "4102444800"})},
    ),
    "case 22: a private address": (
        {"IDENTITY_ENDPOINT": "http://10.0.0.4:2377/msi/token", "IDENTITY_HEADER": "s3cret"},
        {"GET /msi/token": answer(200, {"access_token": "azure-token", "expires_on": "4102444800"})},
    ),
    "case 22: Machine Learning": (
        {"MSI_ENDPOINT": "http://127.0.0.1:46808/msi/token", "MSI_SECRET": "s3cret"},
        {"GET /msi/token": answer(200, {"access_token": "azure-token", "expires_on": "4102444800"})},
    ),
    "case 22: Arc": (
        {"IDENTITY_ENDPOINT": "http://localhost:40342/metadata/identity/oauth2/token", "IMDS_ENDPOINT": "http://localhost:40342"},
        {IMDS: answer(401, www_authenticate="Basic realm=/var/opt/azcmagent/tokens/missing.key")},
    ),
    "case 22: a virtual machine": ({}, {IMDS: GOOD}),
    "case 22: a pod": ({"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://10.1.2.3"}, {IMDS: GOOD}),
}


@pytest.mark.parametrize(("environ", "script"), ENDPOINTS.values(), ids=ENDPOINTS)
def test_the_endpoint_is_always_asked_directly(monkeypatch: pytest.MonkeyPatch, environ: dict[str, str], script: dict[str, t.Any]) -> None:
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    world = tenant(script)
    with contextlib.suppress(errors.AuthenticationError):
        credential(world).token()
    assert world.transport.sent and all(request.is_local for request in world.transport.sent)


NO_USER_ASSIGNED = "None, No User Assigned or Delegated Managed Identity found for specified ClientId/ResourceId/PrincipalId."
SEVERAL = "Multiple user assigned identities exist, please specify the clientId / resourceId of the identity in the token request"
REFUSALS = {
    "case 24: no system-assigned one": (None, "Identity not found", "Enable the system-assigned identity"),
    "case 24: no user-assigned one": (CLIENT_ID, "Identity not found", "Assign the user-assigned identity"),
    "case 24: App Service's words": (CLIENT_ID, NO_USER_ASSIGNED, "Assign the user-assigned identity"),
    "case 24: several": (None, SEVERAL, "Name one of them by managed_identity_client_id"),
    "case 24: Entra's words": (None, "AADSTS500011: The resource principal was not found.", "check cloud and graph_url"),
    "case 24: other words": (None, "Required metadata header not specified", "Check that the machine has a managed identity"),
}


@pytest.mark.parametrize(("client_id", "described", "advice"), REFUSALS.values(), ids=REFUSALS)
def test_a_refusal_is_the_machines_and_not_entras(client_id: str | None, described: str, advice: str) -> None:
    world = on_a_machine(answer(400, {"error": "invalid_request", "error_description": described}))
    with pytest.raises(errors.AuthenticationError) as caught:
        credential(world, managed_identity_client_id=client_id).token()
    assert caught.value.message.startswith("The managed identity endpoint of this machine gave no token for ")
    assert described in caught.value.message and "Microsoft Entra gave" not in str(caught.value)
    assert advice in (caught.value.hint or "") and "tenant_id" not in str(caught.value)
    assert (client_id or "its system-assigned identity") in caught.value.message


@pytest.mark.parametrize(
    ("step", "words"),
    [
        pytest.param(
            answer(404, b"<html>Not Found</html>"), "not of a managed identity endpoint: it is not a JSON object", id="another cloud"
        ),
        pytest.param(answer(403, b""), "it is not a JSON object", id="empty"),
        pytest.param(answer(200, {"access_token": 5, "expires_in": "3600"}), "'access_token' is not text", id="case 18: access_token"),
        pytest.param(answer(200, {"access_token": "x", "expires_in": []}), "'expires_in' is not a number", id="case 18: expires_in"),
        pytest.param(answer(200, b'{"access_token": "x", "expires_in": 1e400}'), "'expires_in' is not a number", id="case 18: without end"),
        pytest.param(answer(202, {"access_token": "x", "expires_in": "3600"}), "a token comes with status 200", id="case 18: 202"),
        pytest.param(answer(503), "the managed identity endpoint still responds with status 503", id="busy"),
        pytest.param(errors.LostResponseError("No answer."), "No managed identity endpoint answers here", id="no answer"),
        pytest.param(answer(400, {"error": {"code": "x"}}), "no reason was given", id="case 18: error of another type"),
    ],
)
def test_an_odd_answer_is_the_machines_too(step: Step, words: str) -> None:
    with pytest.raises(errors.AuthenticationError, match="[mM]anaged identity endpoint") as caught:
        credential(on_a_machine(step)).token()
    assert words in caught.value.message


PORTAL = b"<!DOCTYPE html><title>Sign in</title>"
OFF_AZURE = {
    **{
        f"HTML, {status}": answer(status, PORTAL, content_type="text/html") for status in (200, 302, 400, 401, 403, 404, 407, 429, 500, 503)
    },
    "HTML with a challenge": answer(401, PORTAL, www_authenticate="Basic realm=portal"),
    "an empty challenge": answer(401, www_authenticate="Basic realm=portal"),
    "nothing, 401": answer(401),
    "nothing, 200": answer(200),
    "JSON that is cut": answer(200, b'{"access_token": "s3cret'),
    "a list": answer(401, b"[]"),
    "not UTF-8": answer(401, b"\xff\xfe{"),
    "no route": errors.NotSentError("No route to host."),
    "no answer": errors.LostResponseError("No answer."),
}


@pytest.mark.parametrize("step", OFF_AZURE.values(), ids=[f"case 70: {name}" for name in OFF_AZURE])
@pytest.mark.parametrize("client_id", [None, CLIENT_ID])
def test_off_azure_plain_words_are_said(step: Step, client_id: str | None) -> None:
    with pytest.raises(errors.AuthenticationError) as caught:
        credential(on_a_machine(*[step] * 20), managed_identity_client_id=client_id).token()
    text = str(caught.value)
    assert "anaged identity endpoint" in text and ("choose another auth_method" in text or "Try again later" in text)
    assert not any(word in text for word in ("Error", "Decode", "Traceback", "Exception", "s3cret")), text


def test_case_70_a_key_that_an_arc_machine_refuses_in_html(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    monkeypatch.setenv("IDENTITY_ENDPOINT", "http://127.0.0.1:40342/metadata/identity/oauth2/token")
    monkeypatch.setenv("IMDS_ENDPOINT", "http://127.0.0.1:40342")
    key = tmp_path / "arc.key"
    key.write_text("s3cret")
    # msal only reads keys in the folder of the agent.
    monkeypatch.setitem(msal.managed_identity._supported_arc_platforms_and_their_prefixes, sys.platform, str(tmp_path))
    world = on_a_machine(answer(401, www_authenticate=f"Basic realm={key}"), answer(401, PORTAL, content_type="text/html"))
    with pytest.raises(errors.AuthenticationError) as caught:
        credential(world).token()
    assert len(world.transport.sent) == 2
    assert "it is not a JSON object" in str(caught.value) and "Decode" not in str(caught.value) and "s3cret" not in str(caught.value)


@pytest.mark.parametrize("kind", [TypeError, AttributeError, OverflowError, RecursionError, OSError])
def test_case_18_whatever_msal_raises_is_our_error(monkeypatch: pytest.MonkeyPatch, kind: type[Exception]) -> None:
    def fail(*_args: t.Any, **_kwargs: t.Any) -> None:
        raise kind("s3cret")

    monkeypatch.setattr("msal.ManagedIdentityClient.acquire_token_for_client", fail)
    with pytest.raises(errors.AuthenticationError, match=kind.__name__) as caught:
        credential(tenant()).token()
    assert "s3cret" not in str(caught.value)


def test_service_fabric_is_refused_before_anything_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IDENTITY_ENDPOINT", "IDENTITY_HEADER", "IDENTITY_SERVER_THUMBPRINT"):
        monkeypatch.setenv(name, "https://10.0.0.4:2377/x")
    with pytest.raises(errors.InvalidOptionError, match="Service Fabric"):
        credential(tenant())


def test_case_2_nothing_of_a_managed_identity_ends() -> None:
    lifetime = credential(tenant()).lifetime()
    assert (lifetime.kind, lifetime.is_endless) == (None, True) and "managed identity" in lifetime.reason
