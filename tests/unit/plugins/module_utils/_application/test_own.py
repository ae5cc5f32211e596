# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the requests for the application that signs in, and the result if they fail."""

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._application.own import read_expiry, render_own_request
from ansible_collections.endpointops.intune.plugins.module_utils._lifetime import Lifetime
from tests.support.fakes import CLIENT_ID, START, FakeCredential, Step, Tenant, answer, error, query_of, tenant

DAY = 86400.0
PATH = f"GET /v1.0/applications(appId='{CLIENT_ID}')"
SECRET = Lifetime("client_secret", app_id=CLIENT_ID, hint="abc")
CERTIFICATE = Lifetime("certificate", app_id=CLIENT_ID, ends=START + 100 * DAY, name="CN=unit", thumbprint="AB" * 20)
ENDLESS = Lifetime(reason="It has no end.", is_endless=True)
READER = {"roles": ["Application.Read.All"]}
ENTRY = {"hint": "abc", "endDateTime": "2026-01-17T10:00:00Z", "displayName": None}
FOUND = answer(200, {"appId": CLIENT_ID, "passwordCredentials": [ENTRY]}, date="Mon, 05 Jan 2026 10:00:00 GMT")


def world_of(lasts: Lifetime = SECRET, claims: dict[str, t.Any] | None = None, step: Step = FOUND, **given: t.Any) -> Tenant:
    return tenant({PATH: step}, credential=FakeCredential(READER if claims is None else claims, lasts), **given)


def test_the_application_tells_the_end_of_a_secret() -> None:
    world = world_of()
    found = read_expiry(world.client, 30)
    assert (found.result["days_left"], found.result["expires_soon"], found.problem) == (12, True, None)
    assert query_of(world.transport.sent[0]) == {"$select": "appId,passwordCredentials"}


def test_keys_are_asked_for_with_a_certificate_alone() -> None:
    world = world_of(CERTIFICATE, step=answer(200, {"appId": CLIENT_ID, "keyCredentials": []}))
    assert read_expiry(world.client, 30).result["days_left"] == 100
    assert query_of(world.transport.sent[0]) == {"$select": "appId,keyCredentials"}


@pytest.mark.parametrize(
    ("lasts", "roles", "asks"),
    [
        pytest.param(SECRET, ["Application.Read.All"], True, id="case 2: may read"),
        pytest.param(SECRET, ["Application.ReadWrite.All"], True, id="case 2: may write"),
        pytest.param(SECRET, ["Application.ReadWrite.OwnedBy"], True, id="case 2: may be its own owner"),
        pytest.param(SECRET, ["Directory.Read.All"], True, id="case 2: may read the directory"),
        pytest.param(SECRET, ["DeviceManagementManagedDevices.Read.All"], False, id="case 2: may not read"),
        pytest.param(CERTIFICATE, ["DeviceManagementManagedDevices.Read.All"], False, id="case 2: a certificate, may not read"),
        pytest.param(ENDLESS, ["Application.Read.All"], False, id="case 2: nothing that ends"),
        pytest.param(Lifetime("client_secret", app_id="a'b", hint="abc"), ["Application.Read.All"], False, id="case 2: no GUID"),
    ],
)
def test_the_application_is_asked_where_it_may_tell_something(lasts: Lifetime, roles: list[str], asks: bool) -> None:
    world = world_of(lasts, {"roles": roles}, answer(200, {"appId": CLIENT_ID}))
    assert (render_own_request(world.client) is not None) is asks
    found = read_expiry(world.client, 30)
    assert world.transport.targets == ([PATH] if asks else []) and found.problem is None


def test_without_the_permission_a_certificate_tells_its_end_itself() -> None:
    assert read_expiry(world_of(CERTIFICATE, {"roles": ["X"]}).client, 30).result["days_left"] == 100


@pytest.mark.parametrize(
    ("step", "words", "is_problem"),
    [
        pytest.param(error(403), "the application lacks Application.Read.All", False, id="case 2: refused"),
        pytest.param(error(404), "its application is not registered in this tenant", False, id="case 2: of another tenant"),
        pytest.param(error(401), "401", True, id="case 2: the token is refused"),
        pytest.param(error(503), "503", True, id="case 2: the service fails"),
        pytest.param(error(429, retry_after="600"), "429", True, id="case 2: throttled"),
        pytest.param(answer(200, ["x"]), "must be an object", True, id="case 2: another shape"),
        pytest.param(answer(200, {"appId": "33333333-aaaa-4bbb-8ccc-555555555555"}), "appId", True, id="case 2: another application"),
        pytest.param(answer(200, b"<html>"), "status 200", True, id="case 2: a proxy"),
        pytest.param(errors.LostResponseError("No response."), "No response", True, id="case 2: lost"),
    ],
)
def test_what_cannot_be_read_is_said_once_and_nothing_fails(step: Step, words: str, is_problem: bool) -> None:
    found = read_expiry(world_of(step=step).client, 30)
    assert (found.result["expires"], found.result["expires_soon"]) == (None, None)
    assert words in found.result["message"]
    assert (found.problem is not None) is is_problem and (words in (found.problem or words))
    other = read_expiry(world_of(CERTIFICATE, step=step).client, 30)
    assert (other.result["days_left"], other.problem) == (100, None), "a certificate tells its end itself"


def test_a_service_that_is_late_does_not_hold_the_task_up() -> None:
    world = world_of(step=error(503, retry_after="60"), retry_timeout=900.0)
    assert read_expiry(world.client, 30).result["expires_soon"] is None
    assert world.clock.slept == []


@pytest.mark.parametrize("days", [-20, 20], ids=["behind", "ahead"])
def test_days_are_counted_by_the_clock_of_the_service(days: int) -> None:
    world = world_of()
    world.clock.seconds += days * DAY
    assert read_expiry(world.client, 30).result["days_left"] == 12
