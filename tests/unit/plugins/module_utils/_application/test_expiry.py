# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the end of the credential in use: the data of certificates and applications, and its certainty."""

from __future__ import annotations

import math
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._application.expiry import (
    CredentialResult,
    judge,
    list_warnings,
    make_shape,
    validate_warning_days,
)
from ansible_collections.endpointops.intune.plugins.module_utils._json import Misfit
from ansible_collections.endpointops.intune.plugins.module_utils._lifetime import Lifetime
from ansible_collections.endpointops.intune.plugins.module_utils._time import parse_timestamp, render_timestamp
from tests.support.fakes import CLIENT_ID, START

DAY = 86400.0
THUMBPRINT = "AB" * 20
SECRET = Lifetime("client_secret", app_id=CLIENT_ID, hint="abc")


def in_days(days: float) -> str | None:
    return render_timestamp(START + days * DAY)


def secret(hint: t.Any = "abc", days: float | None = 12, name: str | None = "nightly", **more: t.Any) -> dict[str, t.Any]:
    return {"hint": hint, "endDateTime": None if days is None else in_days(days), "displayName": name, **more}


def of_secrets(*secrets: t.Any, warning_days: int = 30) -> CredentialResult:
    return judge(SECRET, {"appId": CLIENT_ID, "passwordCredentials": list(secrets)}, "", START, warning_days)


def certificate(days: float, **more: t.Any) -> Lifetime:
    return Lifetime("certificate", app_id=CLIENT_ID, ends=START + days * DAY, name="CN=unit", thumbprint=THUMBPRINT, **more)


def of_certificate(days: float, *keys: t.Any, warning_days: int = 30) -> CredentialResult:
    application = {"appId": CLIENT_ID, "keyCredentials": list(keys)} if keys else None
    return judge(certificate(days), application, "the application lacks a permission.", START, warning_days)


# --- client secrets -------------------------------------------------------------------------------------------------


def test_a_secret_that_one_entry_begins_like_has_its_end() -> None:
    assert of_secrets(secret("xyz", 3, "other"), secret()) == {
        "kind": "client_secret",
        "name": "nightly",
        "source": "application",
        "expires": "2026-01-17T10:00:00Z",
        "days_left": 12,
        "expires_soon": True,
        "message": f"The client secret 'nightly' of the application {CLIENT_ID} ends on 2026-01-17, in 12 days.",
        "hint": "Create another client secret with endpointops.intune.entra_application, give it to all that sign in with this one, "
        "and remove this one afterwards.",
    }


@pytest.mark.parametrize(
    ("secrets", "days", "words"),
    [
        pytest.param([secret(days=90), secret(days=40), secret(days=60)], 40, "first to end of 3", id="case 2: several begin alike"),
        pytest.param([secret(days=-5), secret(days=40)], 40, "in 40 days.", id="case 2: one that has ended is not the one in use"),
        pytest.param([secret(days=-5), secret(days=-1)], -1, "ended on 2026-01-04.", id="case 2: all have ended, the last one just now"),
        pytest.param([secret(None, 40), secret(None, 50), secret("xyz", 1)], 40, "first to end of 2", id="case 2: old ones show no hint"),
        pytest.param([secret("", 40), secret("xyz", 1)], 40, "in 40 days", id="case 2: an empty hint is none"),
        pytest.param([secret(None, 1), secret(days=40)], 40, "in 40 days.", id="case 2: one that begins alike wins over those without"),
        pytest.param([secret(days=None), secret(days=40)], 40, "in 40 days.", id="case 2: one without an end does not hide the other"),
        pytest.param([secret(days=40, name=None)], 40, f"The client secret of the application {CLIENT_ID}", id="case 2: no name"),
        pytest.param([secret(days=0.5)], 0, "in less than a day", id="case 2: today"),
        pytest.param([secret(days=1.5)], 1, "in 1 day.", id="case 2: tomorrow"),
        pytest.param([secret(days=0)], 0, "ended on 2026-01-05.", id="case 2: this very second"),
    ],
)
def test_the_end_of_a_secret(secrets: list[t.Any], days: int, words: str) -> None:
    found = of_secrets(*secrets)
    assert found["days_left"] == days and words in found["message"]
    expires = parse_timestamp(found["expires"])
    assert expires is not None and math.floor((expires - START) / DAY) == days


@pytest.mark.parametrize(
    ("application", "words"),
    [
        pytest.param(None, "is not known: a reason.", id="case 2: not read"),
        pytest.param({"passwordCredentials": [secret("xyz")]}, "shows none that begins like it", id="case 2: none begins so"),
        pytest.param({"passwordCredentials": [secret("ABC")]}, "shows none that begins like it", id="case 2: another letter case"),
        pytest.param({"passwordCredentials": []}, "shows no client secret", id="case 2: no secret"),
        pytest.param({"passwordCredentials": None}, "shows no client secret", id="case 2: null"),
        pytest.param({}, "shows no client secret", id="case 2: not there"),
        pytest.param({"passwordCredentials": [secret(days=None)]}, "shows no end of it", id="case 2: no end"),
        pytest.param({"passwordCredentials": [secret(endDateTime="soon")]}, "shows no end of it", id="case 2: an end that is no time"),
        pytest.param({"passwordCredentials": [secret(endDateTime="9999-12-31T23:59:59Z")]}, "shows no end of it", id="case 2: never"),
    ],
)
def test_an_end_that_cannot_be_told_is_null_with_a_reason(application: dict[str, t.Any] | None, words: str) -> None:
    found = judge(SECRET, application, "" if application is not None else "a reason.", START, 3650)
    assert (found["expires"], found["days_left"], found["expires_soon"], found["hint"]) == (None, None, None, None)
    assert words in found["message"] and found["kind"] == "client_secret" and list_warnings(found) == []


def test_the_beginning_of_the_secret_is_not_told() -> None:
    for found in (of_secrets(secret(name="x")), of_secrets(secret("xyz")), of_secrets()):
        assert "abc" not in str(found).replace("because", "")


def test_a_name_of_others_cannot_write_a_message() -> None:
    found = of_secrets(secret(name="a\nFAILED \x1b[31m" + "x" * 500))
    assert "\n" not in found["message"] and "\x1b" not in found["message"] and len(found["message"]) < 250


# --- certificates ---------------------------------------------------------------------------------------------------


def key(days: float | None, thumbprint: t.Any = THUMBPRINT) -> dict[str, t.Any]:
    return {"customKeyIdentifier": thumbprint, "endDateTime": None if days is None else in_days(days)}


@pytest.mark.parametrize(
    ("own", "keys", "days", "source"),
    [
        pytest.param(100, [], 100, "certificate", id="case 2: the certificate alone"),
        pytest.param(100, [key(100)], 100, "certificate", id="case 2: both agree"),
        pytest.param(100, [key(20)], 20, "application", id="case 2: the application accepts it for a shorter time"),
        pytest.param(100, [key(20, "q6urq6urq6urq6urq6urq6urq6s=")], 20, "application", id="case 2: a thumbprint in base64"),
        pytest.param(100, [key(20, "CD" * 20)], 100, "certificate", id="case 2: another certificate"),
        pytest.param(100, [key(20, None)], 100, "certificate", id="case 2: no thumbprint"),
        pytest.param(100, [key(300)], 100, "certificate", id="case 2: the application would accept it longer"),
        pytest.param(100, [key(20), key(50)], 50, "application", id="case 2: twice, so until the last"),
        pytest.param(100, [key(20), key(None)], 100, "certificate", id="case 2: one entry without an end"),
        pytest.param(-3, [], -3, "certificate", id="case 2: over, by the clock of the service"),
    ],
)
def test_the_end_of_a_certificate(own: float, keys: list[t.Any], days: int, source: str) -> None:
    found = of_certificate(own, *keys)
    assert (found["days_left"], found["source"], found["name"], found["kind"]) == (days, source, "CN=unit", "certificate")
    assert found["expires_soon"] is (days <= 30) and (found["hint"] is not None) is (days <= 30)
    assert ("although it lasts longer itself" in found["message"]) is (source == "application")


def test_a_certificate_without_an_end_does_not_end_soon() -> None:
    found = judge(certificate(3_000_000), None, "", START, 30)
    assert (found["expires"], found["expires_soon"], found["message"]) == (None, False, "The certificate has no end.")
    assert of_certificate(3_000_000, key(20))["days_left"] == 20, "but the application may set one"


# --- others ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("is_endless", "expected"), [(True, False), (False, None)])
def test_case_2_where_nothing_can_end_nothing_ends_soon_and_where_nothing_is_known_it_is_null(
    is_endless: bool, expected: bool | None
) -> None:
    found = judge(Lifetime(reason="A reason.", is_endless=is_endless), None, "", START, 3650)
    assert found == {
        **dict.fromkeys(("kind", "name", "source", "expires", "days_left", "hint")),
        "expires_soon": expected,
        "message": "A reason.",
    }


@pytest.mark.parametrize(
    ("days", "warning_days", "is_soon"),
    [(30, 30, True), (30.01, 30, False), (0.01, 0, False), (-0.01, 0, True), (3650, 3650, True), (3651, 3650, False)],
)
def test_soon_is_what_the_option_says(days: float, warning_days: int, is_soon: bool) -> None:
    found = of_certificate(days, warning_days=warning_days)
    assert found["expires_soon"] is is_soon
    assert bool(list_warnings(found)) is is_soon
    assert of_secrets(secret(days=days), warning_days=warning_days)["expires_soon"] is is_soon or days == 0.01


def test_the_warning_says_what_to_do() -> None:
    (warning,) = list_warnings(of_secrets(secret()))
    assert "in 12 days." in warning and warning.endswith("remove this one afterwards.")
    assert list_warnings(None) == []


@pytest.mark.parametrize("days", [-1, 3651, 10**400])
def test_a_number_of_days_that_cannot_be_meant_is_refused(days: int) -> None:
    with pytest.raises(errors.InvalidOptionError, match="expiry_warning_days must be a number from 0 to 3650"):
        validate_warning_days(days)


def test_the_shape_takes_this_application_alone_and_lets_odd_entries_pass() -> None:
    parse = make_shape(SECRET)
    odd = {"hint": 1, "endDateTime": [], "displayName": {}, "keyId": None}
    assert parse({"appId": CLIENT_ID.upper(), "passwordCredentials": [odd]}, "")["passwordCredentials"][0]["hint"] is None
    unfit: list[t.Any] = [["x"], 1, {}]
    for wrong in ({"appId": "another"}, {}, *({"appId": CLIENT_ID, "passwordCredentials": found} for found in unfit)):
        with pytest.raises(Misfit):
            parse(wrong, "")
