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
    """Replace subprocess.run with this outcome; ``failure`` is raised."""

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
        pytest.param(FakeAz("not JSON"), "without a token", id="case 70: not JSON"),
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
    """Write a command named az that is first on the path."""
    az = tmp_path / "az"
    az.touch(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return az


def test_a_real_command_is_run(real_az: pathlib.Path) -> None:
    real_az.write_text('#!/bin/sh\necho \'{"accessToken": "cli-token"}\'\n')
    assert AzureCli(options(), tenant().context).token() == "cli-token"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("az version 2.54 is needed\n", ""),
        ("Notice {1}: a new version is there.\r\n\r\n", "\n"),
        ("", "\nA new version is there.\n"),
    ],
    ids=["before", "with braces", "after"],
)
@pytest.mark.parametrize("indent", [None, 2], ids=["one line", "lines"])
def test_a_notice_beside_the_token_is_passed_over(monkeypatch: pytest.MonkeyPatch, before: str, after: str, indent: int | None) -> None:
    output = json.dumps({"accessToken": "cli-token", "expires_on": int(START) + 3600}, indent=indent)
    assert token(monkeypatch, FakeAz(before + output + after)) == "cli-token"


def test_a_real_command_that_fails_is_heard(real_az: pathlib.Path) -> None:
    real_az.write_text("#!/bin/sh\necho 'ERROR: Odd.' >&2\nexit 1\n")
    with pytest.raises(errors.AuthenticationError, match="Odd"):
        AzureCli(options(), tenant().context).token()


def test_garbage_with_a_token_in_it_is_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(errors.AuthenticationError) as caught:
        token(monkeypatch, FakeAz('{"accessToken": "s3cret", cut'))
    assert "s3cret" not in str(caught.value)


PYTHON_WARNING = "/opt/az/lib/python3.12/site-packages/x/__init__.py:3: UserWarning: pkg_resources is deprecated.\n  import pkg_resources\n"
LAST = "ERROR: AADSTS700082: The refresh token has expired due to inactivity."
OUTPUTS = {
    "case 28: a warning of Python first": (PYTHON_WARNING + LAST + "\nTrace ID: 1\n", LAST),
    "case 28: a warning of cryptography first": ("x.py:1: CryptographyDeprecationWarning: 32-bit\n  from x import y\n" + LAST, LAST),
    "case 28: colors": (f"\x1b[33mWARNING: Old.\x1b[0m\n\x1b[31m{LAST}\x1b[0m\n", LAST),
    "case 28: line ends of Windows": (f"WARNING: Old.\r\n{LAST}\r\nTrace ID: 1\r\n", LAST),
    "case 28: words after it": (LAST + "\nInteractive authentication is needed. Please run:\naz login\n", LAST),
    "case 28: a traceback before": ("ERROR: The command failed with an unexpected error. Here is the traceback:\n" + LAST, LAST),
    "a crash": (
        "ERROR: The command failed with an unexpected error. Here is the traceback:\nERROR: x\n"
        'Traceback (most recent call last):\n  File "a", line 1, in b\n    c()\nOSError: disk full\n'
        "To check existing issues, please visit: https://github.com/Azure/azure-cli/issues\n",
        "OSError: disk full",
    ),
    "a crash in a crash": (
        'Traceback (most recent call last):\n  File "a"\nKeyError: 1\n\nDuring handling of it:\n\n'
        'Traceback (most recent call last):\r\n  File "b"\r\nOSError: disk full\r\n',
        "OSError: disk full",
    ),
    "a crash that Entra explains": (f'Traceback (most recent call last):\n  File "a"\nOSError: x\n{LAST}', LAST),
    "case 28: in small letters": ("az: error: unrecognized arguments: --x", "az: error: unrecognized arguments: --x"),
    "case 28: the number without ERROR": ("Hinweis: x\nFehler: AADSTS50034: nobody\nEnde", "Fehler: AADSTS50034: nobody"),
    "case 28: another locale": ("/bin/sh: az: Kommando nicht gefunden", "/bin/sh: az: Kommando nicht gefunden"),
    "case 28: a warning alone": ("WARNING: You have no subscription.", "WARNING: You have no subscription."),
    "case 28: escapes and bells": ("ERROR: a\x1b]0;title\x07b", "ERROR: a ]0;title b"),
    "case 28: nothing": ("\n \n", "no reason given (exit code 1)"),
}


@pytest.mark.parametrize(("stderr", "reason"), OUTPUTS.values(), ids=OUTPUTS)
def test_the_reason_is_found_in_the_output(monkeypatch: pytest.MonkeyPatch, stderr: str, reason: str) -> None:
    with pytest.raises(errors.AuthenticationError) as caught:
        token(monkeypatch, FakeAz(returncode=1, stderr=stderr))
    assert caught.value.message == f"The Azure CLI gave no token: {reason}"


def test_case_29_the_advice_fits_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(errors.AuthenticationError) as caught:
        token(monkeypatch, FakeAz(returncode=1, stderr=LAST))
    assert "sign in again with 'az login'" in (caught.value.hint or "")


def test_a_long_output_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(errors.AuthenticationError) as caught:
        token(monkeypatch, FakeAz(returncode=1, stderr="ERROR: " + " " * 80_000 + "x" * 80_000))
    assert len(str(caught.value)) < 1000


def test_case_28_output_in_another_encoding_is_heard(real_az: pathlib.Path) -> None:
    real_az.write_bytes(b"#!/bin/sh\nprintf 'ERROR: f\\374r \\377\\n' >&2\nexit 1\n")
    with pytest.raises(errors.AuthenticationError, match="ERROR: f\ufffdr"):
        AzureCli(options(), tenant().context).token()


@pytest.mark.parametrize("failure", [ValueError("embedded null byte"), subprocess.SubprocessError(), OSError(7, "Argument list too long")])
def test_whatever_the_start_of_a_process_raises_is_our_error(monkeypatch: pytest.MonkeyPatch, failure: Exception) -> None:
    with pytest.raises(errors.AuthenticationError, match="cannot be run"):
        token(monkeypatch, FakeAz(failure=failure))


def test_case_30_a_challenge_cannot_be_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    fake = FakeAz(az(accessToken="cli-token"))
    monkeypatch.setattr(subprocess, "run", fake)
    subject = AzureCli(options(), tenant().context)
    subject.token()
    with pytest.raises(errors.AuthenticationError, match="claims challenge") as caught:
        subject.token(claims="{}", renew=True)
    assert "az login" in (caught.value.hint or "") and len(fake.commands) == 1


@pytest.mark.parametrize(
    "output",
    [
        '{"accessToken": 5}',
        '{"accessToken": ["x"]}',
        '{"accessToken": "a b"}',
        '{"accessToken": "a\\nb"}',
        "[" * 100_000,
        '{"accessToken": {}, "expires_on": 1}',
    ],
    ids=["number", "list", "blank", "line", "deep", "object"],
)
def test_case_18_an_odd_output_is_no_token(monkeypatch: pytest.MonkeyPatch, output: str) -> None:
    with pytest.raises(errors.AuthenticationError, match="without a token"):
        token(monkeypatch, FakeAz(output))


@pytest.mark.parametrize("end", ["1e400", "NaN", "true", "[]", '"soon"', '"2026-01-05 10:00"', "-1"])
def test_case_18_an_odd_end_is_none(monkeypatch: pytest.MonkeyPatch, end: str) -> None:
    assert token(monkeypatch, FakeAz(f'{{"accessToken": "cli-token", "expires_on": {end}}}')) == "cli-token"


@pytest.mark.parametrize("given", ["--help", "..", "-x", "a b", "a/b", "common", "contoso"])
def test_case_34_a_tenant_that_is_none_never_reaches_the_command(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    fake = FakeAz(az(accessToken="cli-token"))
    with pytest.raises(errors.InvalidOptionError, match="neither a GUID nor a domain name"):
        token(monkeypatch, fake, tenant_id=given)
    assert fake.commands == []


def test_case_2_the_end_of_what_the_cli_keeps_is_not_known() -> None:
    lifetime = AzureCli(options(), tenant().context).lifetime()
    assert (lifetime.kind, lifetime.is_endless) == (None, False) and "Azure CLI" in lifetime.reason
