# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._auth._base import Credential
from ansible_collections.endpointops.intune.plugins.module_utils._auth._memory import Token
from ansible_collections.endpointops.intune.plugins.module_utils._lifetime import Lifetime
from tests.support.fakes import START, FakeClock, Tenant, jwt, options, tenant


class Numbered(Credential):
    """Return ``token-1``, ``token-2``, and so on, each valid for an hour."""

    method = "numbered"

    def __init__(self, *args: t.Any, lives: float | None = 3600.0) -> None:
        super().__init__(*args)
        self.lives = lives
        self.acquired: list[tuple[str | None, bool]] = []

    def lifetime(self) -> Lifetime:
        return Lifetime()

    def fetch_token(self, claims: str | None, renew: bool) -> Token:
        self.acquired.append((claims, renew))
        ends = None if self.lives is None else self.context.now() + self.lives
        return Token(f"token-{len(self.acquired)}", ends)


@pytest.fixture
def world(clock: FakeClock) -> Tenant:
    return tenant(clock=clock)


def test_a_living_token_is_used_again(world: Tenant) -> None:
    subject = Numbered(options(), world.context)
    assert [subject.token(), subject.token()] == ["token-1", "token-1"]


@pytest.mark.parametrize(
    ("left", "value"),
    [
        pytest.param(301.0, "token-1", id="more than five minutes"),
        pytest.param(299.0, "token-2", id="less than five minutes"),
        pytest.param(-1.0, "token-2", id="over"),
    ],
)
def test_a_token_is_renewed_before_its_end(world: Tenant, clock: FakeClock, left: float, value: str) -> None:
    subject = Numbered(options(), world.context)
    subject.token()
    clock.seconds = START + 3600.0 - left
    assert subject.token() == value


@pytest.mark.parametrize(
    ("lives", "later", "value"),
    [
        pytest.param(240.0, 215.0, "token-1", id="case 33: four minutes"),
        pytest.param(240.0, 217.0, "token-2", id="case 33: the last tenth of four minutes"),
        pytest.param(10.0, 8.0, "token-1", id="case 33: ten seconds"),
        pytest.param(0.0, 1e6, "token-1", id="case 33: over at once, which a wrong clock makes it look"),
        pytest.param(-60.0, 1e6, "token-1", id="case 33: over before it came"),
    ],
)
def test_a_token_that_lives_shortly_is_kept_while_it_is_valid(
    world: Tenant, clock: FakeClock, lives: float, later: float, value: str
) -> None:
    subject = Numbered(options(), world.context, lives=lives)
    assert {subject.token() for _request in range(1000)} == {"token-1"}
    clock.seconds = START + later
    assert subject.token() == value


def test_a_token_without_an_end_stays(world: Tenant, clock: FakeClock) -> None:
    subject = Numbered(options(), world.context, lives=None)
    subject.token()
    clock.seconds += 1e6
    assert subject.token() == "token-1"


@pytest.mark.parametrize(
    ("asked", "acquired"),
    [
        pytest.param({"renew": True}, (None, True), id="renew"),
        pytest.param({"claims": "{}"}, ("{}", False), id="claims"),
    ],
)
def test_a_token_that_was_refused_is_replaced(world: Tenant, asked: dict[str, t.Any], acquired: tuple[str | None, bool]) -> None:
    subject = Numbered(options(), world.context)
    subject.token()
    assert subject.token(**asked) == "token-2"
    assert subject.acquired[-1] == acquired


def test_the_replacement_is_kept(world: Tenant) -> None:
    subject = Numbered(options(), world.context)
    subject.token(renew=True)
    assert subject.token() == "token-1"


def test_the_identity_is_what_the_token_claims(world: Tenant) -> None:
    class Known(Numbered):
        def fetch_token(self, claims: str | None, renew: bool) -> Token:
            return Token(jwt(tid="t", roles=["A"]))

    assert Known(options(), world.context).identity() == {"tid": "t", "roles": ["A"]}


@pytest.mark.parametrize("show", [repr, str])
def test_a_token_does_not_show_its_value(show: t.Callable[[object], str]) -> None:
    assert "s3cret" not in show(Token("s3cret", START))
