# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pathlib
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _cms
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._handover import sealed_files
from ansible_collections.endpointops.intune.plugins.module_utils._handover.handover import Handover, Words, render_file_name, render_moment
from tests.support.fakes import START

WORDS = Words("passcode", "passcodes", "Make room.")


class FakeSealer:
    def __init__(self, recipients: list[str], now: float) -> None:
        if not recipients:
            raise errors.InvalidOptionError("Nobody.")
        self.now = now
        self.recipients = [{"subject": name} for name in recipients]

    def seal(self, text: str) -> str:
        return f"sealed at {self.now:.0f}: {len(text)}"

    def can_be_opened(self, message: str) -> bool:
        return message.startswith("sealed at")


@pytest.fixture(autouse=True)
def _no_cryptography(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_cms, "Sealer", FakeSealer)


@pytest.mark.parametrize(
    ("seal_to", "reveal", "secret", "keys"),
    [
        (None, False, "1234", {}),
        (None, True, "1234", {"passcode": "1234"}),
        (None, True, None, {"passcode": None}),
        (["x"], False, "1234", {"sealed_passcode": f"sealed at {START:.0f}: 4"}),
        (["x"], False, None, {"sealed_passcode": None}),
        (["x"], False, "", {"sealed_passcode": None}),
        (["x"], True, "1234", {"sealed_passcode": f"sealed at {START:.0f}: 4", "passcode": "1234"}),
    ],
)
def test_a_secret_is_handed_over_as_the_task_asks(
    seal_to: list[str] | None, reveal: bool, secret: str | None, keys: dict[str, str]
) -> None:
    assert Handover(_argspec.PASSCODE.key, WORDS, seal_to=seal_to, reveal=reveal, now=START).describe(secret) == keys


def test_a_secret_that_cannot_be_sealed_does_not_keep_the_others_from_it(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """case 14: any exception after a reset still returns the results of all devices, without the secret."""

    def seal(_self: FakeSealer, text: str) -> str:
        if text == "1234":
            raise UnicodeEncodeError("utf-8", text, 0, 1, text)
        return "sealed at all"

    monkeypatch.setattr(FakeSealer, "seal", seal)
    subject = Handover("passcode", WORDS, seal_to=["x"], reveal=False, now=START, directory=str(tmp_path))
    assert subject.describe("1234", "a") == {"sealed_passcode": None, "sealed_file": None} and not subject.changed
    assert subject.describe("5678", "b") == {"sealed_passcode": "sealed at all", "sealed_file": str(tmp_path / "b")}
    failure = subject.find_failure()
    assert failure is not None and "1 passcode was not handed over. A passcode could not be sealed (UnicodeEncodeError)." in str(failure)
    assert "1234" not in str(failure)


def test_its_name_is_that_of_any_secret() -> None:
    subject = Handover("temporary_access_pass", Words("pass", "passes", "x"), seal_to=["x"], reveal=True, now=START)
    assert set(subject.describe("1")) == {"temporary_access_pass", "sealed_temporary_access_pass"}


def test_recipients_are_refused_before_there_is_a_secret() -> None:
    with pytest.raises(errors.InvalidOptionError):
        Handover("passcode", WORDS, seal_to=[], reveal=False, now=START)


# --- check mode -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [pytest.param("1234", id="case 36: a secret"), pytest.param(None, id="case 36: none")])
def test_nothing_is_handed_over_in_check_mode(tmp_path: pathlib.Path, secret: str | None) -> None:
    subject = Handover("passcode", WORDS, seal_to=["x"], reveal=True, now=START, directory=str(tmp_path), check=True)
    assert subject.describe(secret, "a.cms") == {"sealed_passcode": None, "sealed_file": None, "passcode": None}
    assert (list(tmp_path.iterdir()), subject.find_failure(), subject.changed) == ([], None, secret is not None)


def test_recipients_are_named() -> None:
    assert Handover("passcode", WORDS, seal_to=["x", "y"], reveal=False, now=START, check=True).describe_recipients() == {
        "recipients": [{"subject": "x"}, {"subject": "y"}]
    }
    assert Handover("passcode", WORDS, seal_to=None, reveal=True, now=START).describe_recipients() == {}


# --- files ----------------------------------------------------------------------------------------------------------


def with_files(folder: pathlib.Path, *, check: bool = False) -> Handover:
    return Handover("passcode", WORDS, seal_to=["x"], reveal=False, now=START, directory=str(folder), check=check)


def test_a_sealed_secret_is_written_once(tmp_path: pathlib.Path) -> None:
    first, second, dry = with_files(tmp_path), with_files(tmp_path), with_files(tmp_path, check=True)
    keys = first.describe("1234", "a.cms")
    path = tmp_path / "a.cms"
    assert keys == {"sealed_passcode": path.read_text(), "sealed_file": str(path)}
    assert (first.changed, first.find_failure()) == (True, None)
    path.write_text("sealed at another time")
    assert second.describe("1234", "a.cms")["sealed_file"] == str(path) and path.read_text() == "sealed at another time"
    assert dry.describe("1234", "a.cms")["sealed_file"] is None
    assert [(subject.changed, subject.find_failure()) for subject in (second, dry)] == [(False, None)] * 2


def test_without_a_secret_no_file_is_written(tmp_path: pathlib.Path) -> None:
    subject = with_files(tmp_path)
    assert subject.describe(None, "a.cms") == {"sealed_passcode": None, "sealed_file": None}
    assert (list(tmp_path.iterdir()), subject.changed) == ([], False)


@pytest.mark.parametrize("check", [False, True])
def test_a_file_of_something_else_is_kept_and_told(tmp_path: pathlib.Path, check: bool) -> None:
    (tmp_path / "a.cms").write_text("precious")
    subject = with_files(tmp_path, check=check)
    assert subject.describe("1234", "a.cms")["sealed_file"] is None
    failure = subject.find_failure()
    assert failure and f"{tmp_path}/a.cms: the file exists and is not sealed to the recipients of seal_to. Move it away." in str(failure)
    assert ((tmp_path / "a.cms").read_text(), subject.changed) == ("precious", False)


def test_a_file_that_cannot_be_written_does_not_keep_the_others_from_it(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subject, write = with_files(tmp_path), sealed_files.SealedFiles.write

    def full(files: t.Any, name: str, text: str) -> None:
        if name[0] < "e":
            raise OSError(28, "No space left on device")
        write(files, name, text)

    monkeypatch.setattr(sealed_files.SealedFiles, "write", full)
    found = {name: subject.describe("1234", f"{name}.cms") for name in "abcdef"}
    assert [name for name, keys in found.items() if keys["sealed_file"]] == ["e", "f"]
    assert all(keys["sealed_passcode"] for keys in found.values())
    failure = subject.find_failure()
    assert failure and failure.message == (
        "4 passcodes were not handed over. "
        + " ".join(f"{tmp_path}/{name}.cms: No space left on device." for name in "abc")
        + " And 1 more."
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["e.cms", "f.cms"]


@pytest.mark.parametrize(
    ("other", "problem"),
    [
        pytest.param("sealed at another time", None, id="a good file"),
        pytest.param("precious", "the file exists and is not sealed to the recipients", id="something else"),
        pytest.param(None, "File exists", id="gone again"),
    ],
)
def test_a_file_that_another_task_writes_meanwhile_counts(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, other: str | None, problem: str | None
) -> None:
    def write(_files: t.Any, name: str, _text: str) -> t.NoReturn:
        if other is not None:
            (tmp_path / name).write_text(other)
        raise FileExistsError(17, "File exists")

    monkeypatch.setattr(sealed_files.SealedFiles, "write", write)
    subject = with_files(tmp_path)
    found, failure = subject.describe("1234", "a.cms")["sealed_file"], subject.find_failure()
    assert (found, subject.changed) == (None if problem else str(tmp_path / "a.cms"), False)
    assert failure is None if problem is None else problem in str(failure)
    assert other is None or (tmp_path / "a.cms").read_text() == other


def test_messages_use_the_words_of_the_secret(tmp_path: pathlib.Path) -> None:
    words = Words("pass", "passes", "Make room.")
    subject = Handover("secret", words, seal_to=["x"], reveal=False, now=START, directory=str(tmp_path))
    (tmp_path / "a").mkdir()
    subject.describe("1234", "a")
    failure = subject.find_failure()
    assert failure and (failure.message.startswith("1 pass was not handed over."), failure.hint) == (True, "Make room.")


# --- names of files -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "identity", "found"),
    [
        (
            "ada@contoso.com",
            "11111111-2222-3333-4444-555555555555",
            "ada_contoso.com-11111111-2222-3333-4444-555555555555-20260105T100000Z.cms",
        ),
        ("../x", "11111111-2222-3333-4444-555555555555", "x-11111111-2222-3333-4444-555555555555-20260105T100000Z.cms"),
        (None, "11111111-2222-3333-4444-555555555555", "11111111-2222-3333-4444-555555555555-20260105T100000Z.cms"),
    ],
)
def test_a_file_has_a_safe_name(name: str | None, identity: str, found: str) -> None:
    assert render_file_name(name, identity, render_moment("2026-01-05T10:00:00Z")) == found
    assert "/" not in render_file_name(name, "../x", "1")
