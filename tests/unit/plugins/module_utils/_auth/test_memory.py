# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import copy
import os
import pickle
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._argspec import CONNECTION
from ansible_collections.endpointops.intune.plugins.module_utils._auth._memory import DECIDING, KeptToken, Token, TokenMemory
from ansible_collections.endpointops.intune.plugins.module_utils._auth.create import create
from tests.support.fakes import CLIENT_ID, START, TENANT_ID, FakeClock, jwt, options, tenant

SECRET = {"tenant_id": TENANT_ID, "client_id": CLIENT_ID, "client_secret": "s3cret-of-app"}


def test_the_same_options_mean_the_same_token() -> None:
    memory = TokenMemory()
    kept = memory.of(options(**SECRET))
    assert memory.of({**options(**SECRET), "timeout": 5, "retry_timeout": 0, "devices": ["PC-1"]}) is kept
    assert TokenMemory().of(options(**SECRET)) is not kept


@pytest.mark.parametrize("name", DECIDING)
@pytest.mark.parametrize("value", ["other", "", None, 0])
def test_another_value_of_any_deciding_option_means_another_token(name: str, value: t.Any) -> None:
    memory = TokenMemory()
    given = {**dict.fromkeys(DECIDING, "same"), name: value}
    assert memory.of(given) is not memory.of(dict.fromkeys(DECIDING, "same"))


def test_values_of_two_options_are_not_mixed_up() -> None:
    memory = TokenMemory()
    assert memory.of({"tenant_id": "a", "client_id": "b'\0'c"}) is not memory.of({"tenant_id": "a'\0'b", "client_id": "c"})


def test_every_connection_option_decides_but_those_that_say_how_long_to_wait() -> None:
    assert {*DECIDING, "timeout", "retry_timeout"} == set(CONNECTION)


def test_nothing_shows_a_token_or_a_credential() -> None:
    memory = TokenMemory()
    memory.of(options(**SECRET)).token = Token("t0ken-value")
    shown = f"{memory!r} {vars(memory)!r} {KeptToken(Token('t0ken-value'))!r}"
    assert "t0ken-value" not in shown and "s3cret-of-app" not in shown and "s3cret-of-app" not in repr(list(memory._kept))


@pytest.mark.parametrize("send", [pickle.dumps, copy.deepcopy], ids=["pickle", "copy"])
def test_it_cannot_leave_its_process(send: t.Callable[[t.Any], t.Any]) -> None:
    with pytest.raises(TypeError, match="must not leave their process"):
        send(TokenMemory())


def test_a_fork_does_not_inherit_it(monkeypatch: pytest.MonkeyPatch) -> None:
    memory = TokenMemory()
    kept = memory.of(options(**SECRET))
    kept.token = Token("of the parent")
    monkeypatch.setattr(os, "getpid", lambda: 1)
    assert memory.of(options(**SECRET)).token is None and kept not in memory._kept.values()


@pytest.mark.parametrize(
    ("given", "number"), [pytest.param(SECRET, 1, id="secret"), pytest.param({"access_token": jwt()}, 0, id="given token")]
)
def test_a_given_token_is_not_kept(given: dict[str, str], number: int) -> None:
    memory = TokenMemory()
    create(options(**given), tenant().context, memory)
    assert len(memory._kept) == number


def test_a_kept_token_is_renewed_in_time_and_after_a_refusal(clock: FakeClock) -> None:
    memory, world = TokenMemory(), tenant(clock=clock)
    first, second = (create(options(**SECRET), world.context, memory) for _each in range(2))
    first.kept.token, first.kept.renew_at = Token("one"), START + 100
    asked: list[tuple[str | None, bool]] = []

    def fetch(claims: str | None, renew: bool) -> Token:
        asked.append((claims, renew))
        return Token(f"new-{len(asked)}")

    second.fetch_token = fetch  # type: ignore[method-assign]  # no sign-in
    assert second.token() == "one"
    assert second.token(claims="{}") == "new-1" == first.token(), "one that meets the challenge serves the others too"
    assert second.token(renew=True) == "new-2" == first.token()
    first.kept.renew_at = clock.seconds
    assert second.token() == "new-3" and asked == [("{}", False), (None, True), (None, False)]
