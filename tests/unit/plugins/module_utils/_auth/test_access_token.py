# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._auth.access_token import AccessToken
from tests.support.fakes import START, jwt, options, tenant


def credential(token: str) -> AccessToken:
    subject = AccessToken(options(access_token=token), tenant().context)
    subject.validate()
    return subject


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("opaque", id="opaque"),
        pytest.param(jwt(exp=START + 60), id="ends soon"),
        pytest.param(jwt(exp="soon"), id="end that is no number"),
        pytest.param(jwt(), id="no end"),
    ],
)
def test_the_token_is_used_as_it_is(token: str) -> None:
    assert credential(token).token() == token


def test_space_around_is_taken_off() -> None:
    assert credential(" opaque\n").token() == "opaque"


@pytest.mark.parametrize(
    "token", [" ", "\n", "s3cret s3cret", "s3cret\ns3cret", "s3cret\u2019"], ids=["space", "line break", "two words", "two lines", "quote"]
)
def test_what_can_be_no_token_is_refused(token: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match="access_token") as caught:
        credential(token)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("exp", [START, START - 1])
def test_a_token_that_has_expired_is_refused(exp: float) -> None:
    with pytest.raises(errors.AuthenticationError, match="expired"):
        credential(jwt(exp=exp)).token()


@pytest.mark.parametrize("asked", [{"renew": True}, {"renew": True, "claims": "{}"}], ids=["refused", "challenged"])
def test_a_token_cannot_be_renewed(asked: dict[str, t.Any]) -> None:
    with pytest.raises(errors.AuthenticationError, match="refused the given access_token"):
        credential("s3cret").token(**asked)


@pytest.mark.parametrize("token", [jwt(exp=0, s="s3cret"), "s3cret"], ids=["expired", "refused"])
def test_no_error_shows_the_token(token: str) -> None:
    with pytest.raises(errors.AuthenticationError) as caught:
        credential(token).token(renew=token == "s3cret")
    assert token not in str(caught.value) + repr(caught.value)


@pytest.mark.parametrize(
    ("token", "words"),
    [
        pytest.param("Bearer s3cret", "Bearer", id="Bearer"),
        pytest.param('"s3cret"', "quotes", id="quotes"),
        pytest.param('{"accessToken": "s3cret"}', "JSON", id="JSON"),
        pytest.param("\ufeffs3cret", "byte order mark", id="byte order mark"),
    ],
)
def test_case_30_a_token_with_more_than_itself_is_said_by_its_cause(token: str, words: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match=f"access_token .*{words}") as caught:
        credential(token)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("exp", [True, [], {}, "1", 1e400, -(10**400), None], ids=repr)
def test_an_end_of_another_type_is_none(exp: object) -> None:
    token = jwt(exp=exp)
    if exp == "1":
        with pytest.raises(errors.AuthenticationError, match="expired"):
            credential(token).token()
    else:
        assert credential(token).token() == token


def test_a_challenge_alone_cannot_be_met_either() -> None:
    with pytest.raises(errors.AuthenticationError, match="refused the given access_token"):
        credential("s3cret").token(claims="{}")


def test_case_2_nothing_is_known_of_what_a_token_was_issued_for() -> None:
    lifetime = credential("opaque").lifetime()
    assert (lifetime.kind, lifetime.is_endless) == (None, False) and "issued elsewhere" in lifetime.reason
