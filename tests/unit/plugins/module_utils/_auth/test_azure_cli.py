# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._auth.azure_cli import AzureCli
from tests.support.fakes import GRAPH, START, TENANT_ID, options, tenant


class FakeAz:
    """subprocess.run, with this outcome; ``failure`` is raised."""

    def __init__(self, stdout: str = "", *, returncode: int = 0, stderr: str = "", failure: Exception | None = None) -> None:
        self.commands: list[list[str]] = []
        self.kwargs: dict[str, t.Any] = {}
        self._done = subprocess.CompletedProcess([], returncode, stdout, stderr)
        self._failure = failure

    def __call__(self, command: list[str], **kwargs: t.Any) -> subprocess.CompletedProcess[str]:
        self.commands.append(list(command))
        self.kwargs = kwargs
        if self._failure:
            raise self._failure
        return self._done


def az(**answer: t.Any) -> str:
    return json.dumps(answer)


def token(monkeypatch: pytest.MonkeyPatch, fake: FakeAz, **given: t.Any) -> str:
    monkeypatch.setattr(subprocess, "run", fake)
    subject = AzureCli(options(**given), tenant().context)
    subject.validate()
    return subject.token()


def test_the_token_of_the_cli_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeAz(az(accessToken="cli-token", expires_on=int(START) + 3600))
    assert token(monkeypatch, fake) == "cli-token"
    assert fake.commands == [["az", "account", "get-access-token", "--output", "json", "--resource", GRAPH]]


def test_the_tenant_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeAz(az(accessToken="cli-token"))
    token(monkeypatch, fake, tenant_id=TENANT_ID)
    assert fake.commands[0][-2:] == ["--tenant", TENANT_ID]


def test_the_cli_cannot_wait_for_input(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeAz(az(accessToken="cli-token"))
    token(monkeypatch, fake)
    assert fake.kwargs["stdin"] == subprocess.DEVNULL
    assert fake.kwargs["timeout"] > 0


@pytest.mark.parametrize(
    ("lives", "later", "asked"),
    [
        pytest.param(3600, 0, 1, id="lives"),
        pytest.param(3600, 3301, 2, id="ends soon"),
        pytest.param(240, 200, 1, id="case 33: a short life"),
        pytest.param(240, 217, 2, id="case 33: the end of a short life"),
        pytest.param(-5, 9999, 1, id="case 33: over by this clock"),
    ],
)
def test_the_cli_is_asked_again_only_for_a_token_that_ends(monkeypatch: pytest.MonkeyPatch, lives: int, later: int, asked: int) -> None:
    fake = FakeAz(az(accessToken="cli-token", expires_on=START + lives))
    monkeypatch.setattr(subprocess, "run", fake)
    world = tenant()
    subject = AzureCli(options(), world.context)
    subject.token()
    world.clock.seconds += later
    subject.token()
    assert len(fake.commands) == asked


def test_an_end_that_is_text_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", FakeAz(az(accessToken="cli-token", expires_on=str(int(START) + 3600))))
    subject = AzureCli(options(), tenant().context)
    assert [subject.token(), subject.token()] == ["cli-token", "cli-token"]


@pytest.mark.parametrize(
    ("fake", "words"),
    [
        pytest.param(FakeAz(failure=FileNotFoundError(2, "az")), "'az' is not on the PATH", id="missing"),
        pytest.param(FakeAz(failure=PermissionError(13, "Permission denied")), "az", id="not executable"),
        pytest.param(FakeAz(failure=subprocess.TimeoutExpired("az", 60)), "did not answer", id="hangs"),
        pytest.param(
            FakeAz(returncode=1, stderr="ERROR: Please run 'az login' to setup account.\nmore"),
            "gave no token: ERROR: Please run 'az login' to setup account.",
            id="not logged in",
        ),
        pytest.param(
            FakeAz(returncode=1, stderr="WARNING: A new version is there.\nERROR: AADSTS50078: sign in again."),
            "AADSTS50078",
            id="a warning first",
        ),
        pytest.param(FakeAz(returncode=1, stderr="\n  \nERROR: Odd."), "no token: ERROR: Odd.", id="a blank line first"),
        pytest.param(FakeAz(returncode=1), "no reason given", id="fails silently"),
        pytest.param(FakeAz(""), "without a token", id="empty"),
        pytest.param(FakeAz("not JSON"), "without a token", id="not JSON"),
        pytest.param(FakeAz("[]"), "without a token", id="list"),
        pytest.param(FakeAz("null"), "without a token", id="null"),
        pytest.param(FakeAz(az(other=1)), "without a token", id="other keys"),
        pytest.param(FakeAz(az(accessToken=None)), "without a token", id="token null"),
        pytest.param(FakeAz(az(accessToken="")), "without a token", id="token empty"),
    ],
)
def test_what_goes_wrong_is_said(monkeypatch: pytest.MonkeyPatch, fake: FakeAz, words: str) -> None:
    with pytest.raises(errors.AuthenticationError) as caught:
        token(monkeypatch, fake)
    assert words in caught.value.message


@pytest.fixture
def real_az(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Write a command named az that is found first."""
    az = tmp_path / "az"
    az.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return az


def test_a_real_command_is_run(real_az: pathlib.Path) -> None:
    real_az.write_text('#!/bin/sh\necho \'{"accessToken": "cli-token"}\'\n')
    assert AzureCli(options(), tenant().context).token() == "cli-token"


def test_a_real_command_that_fails_is_heard(real_az: pathlib.Path) -> None:
    real_az.write_text("#!/bin/sh\necho 'ERROR: Odd.' >&2\nexit 1\n")
    with pytest.raises(errors.AuthenticationError, match="Odd"):
        AzureCli(options(), tenant().context).token()


def test_garbage_with_a_token_in_it_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(errors.AuthenticationError) as caught:
        token(monkeypatch, FakeAz('{"accessToken": "s3cret", cut'))
    assert "s3cret" not in str(caught.value)
