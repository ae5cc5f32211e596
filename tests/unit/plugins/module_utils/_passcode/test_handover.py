# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pathlib
import re
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import Device
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import handover
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.handover import Handover, render_file_name
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import DeviceReset, RecordedReset
from tests.support.fakes import START


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
    monkeypatch.setattr(handover, "Sealer", FakeSealer)


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
    assert Handover(_argspec.PASSCODE.key, seal_to=seal_to, reveal=reveal, now=START).describe(secret) == keys


def test_a_secret_that_cannot_be_sealed_does_not_keep_the_others_from_it(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """case 14: whatever is raised after a reset, the results of all devices come back, without the secret."""

    def seal(_self: FakeSealer, text: str) -> str:
        if text == "1234":
            raise UnicodeEncodeError("utf-8", text, 0, 1, text)
        return "sealed at all"

    monkeypatch.setattr(FakeSealer, "seal", seal)
    subject = Handover("passcode", seal_to=["x"], reveal=False, now=START, directory=str(tmp_path))
    assert subject.describe("1234", "a") == {"sealed_passcode": None, "sealed_file": None} and not subject.changed
    assert subject.describe("5678", "b") == {"sealed_passcode": "sealed at all", "sealed_file": str(tmp_path / "b")}
    failure = subject.find_failure()
    assert failure is not None and "1 passcodes were not handed over. A passcode could not be sealed (UnicodeEncodeError)." in str(failure)
    assert "1234" not in str(failure)


def test_its_name_is_that_of_any_secret() -> None:
    subject = Handover("temporary_access_pass", seal_to=["x"], reveal=True, now=START)
    assert set(subject.describe("1")) == {"temporary_access_pass", "sealed_temporary_access_pass"}


def test_recipients_are_refused_before_there_is_a_secret() -> None:
    with pytest.raises(errors.InvalidOptionError):
        Handover("passcode", seal_to=[], reveal=False, now=START)


# --- check mode -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("secret", [pytest.param("1234", id="case 36: a secret"), pytest.param(None, id="case 36: none")])
def test_nothing_is_handed_over_in_check_mode(tmp_path: pathlib.Path, secret: str | None) -> None:
    subject = Handover("passcode", seal_to=["x"], reveal=True, now=START, directory=str(tmp_path), check=True)
    assert subject.describe(secret, "a.cms") == {"sealed_passcode": None, "sealed_file": None, "passcode": None}
    assert (list(tmp_path.iterdir()), subject.find_failure(), subject.changed) == ([], None, secret is not None)


def test_recipients_are_named() -> None:
    assert Handover("passcode", seal_to=["x", "y"], reveal=False, now=START, check=True).describe_recipients() == {
        "recipients": [{"subject": "x"}, {"subject": "y"}]
    }
    assert Handover("passcode", seal_to=None, reveal=True, now=START).describe_recipients() == {}


# --- files ----------------------------------------------------------------------------------------------------------


def with_files(folder: pathlib.Path, *, check: bool = False) -> Handover:
    return Handover("passcode", seal_to=["x"], reveal=False, now=START, directory=str(folder), check=check)


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
    assert failure and f"{tmp_path}/a.cms: the file exists and is not sealed to the recipients of seal_to." in str(failure)
    assert ((tmp_path / "a.cms").read_text(), subject.changed) == ("precious", False)


def test_a_file_that_cannot_be_written_does_not_keep_the_others_from_it(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subject, write = with_files(tmp_path), handover.SealedFiles.write

    def full(files: t.Any, name: str, text: str) -> None:
        if name[0] < "e":
            raise OSError(28, "No space left on device")
        write(files, name, text)

    monkeypatch.setattr(handover.SealedFiles, "write", full)
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

    monkeypatch.setattr(handover.SealedFiles, "write", write)
    subject = with_files(tmp_path)
    found, failure = subject.describe("1234", "a.cms")["sealed_file"], subject.find_failure()
    assert (found, subject.changed) == (None if problem else str(tmp_path / "a.cms"), False)
    assert failure is None if problem is None else problem in str(failure)
    assert other is None or (tmp_path / "a.cms").read_text() == other


# --- their names ----------------------------------------------------------------------------------------------------

ID = "11111111-2222-3333-4444-555555555555"


def item(name: str | None, identity: str = ID, started: float | None = START, updated: float | None = None) -> DeviceReset:
    reset = None if started is None else RecordedReset("done", started, updated=updated, passcode="1234")
    return DeviceReset(identity, ["x"], Device(identity, device_name=name), reset=reset)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        pytest.param(item("PHONE-01"), f"PHONE-01-{ID}-20260105T100000Z.cms", id="plain"),
        pytest.param(item("Clara's iPhone"), f"Clara_s_iPhone-{ID}-20260105T100000Z.cms", id="blank and apostrophe"),
        pytest.param(item("../../etc/passwd"), f"etc_passwd-{ID}-20260105T100000Z.cms", id="a path"),
        pytest.param(item("/etc/shadow\0"), f"etc_shadow-{ID}-20260105T100000Z.cms", id="an absolute path"),
        pytest.param(item("-rf"), f"rf-{ID}-20260105T100000Z.cms", id="an option of a command"),
        pytest.param(item(".hidden"), f"hidden-{ID}-20260105T100000Z.cms", id="a hidden file"),
        pytest.param(item("\u202egnp.\n\x1b"), f"gnp-{ID}-20260105T100000Z.cms", id="control characters"),
        pytest.param(item("x" * 300), f"{'x' * 64}-{ID}-20260105T100000Z.cms", id="long"),
        pytest.param(item(".."), f"{ID}-20260105T100000Z.cms", id="dots"),
        pytest.param(item(None), f"{ID}-20260105T100000Z.cms", id="none"),
        pytest.param(item("PHONE", started=0.0, updated=START), f"PHONE-{ID}-updated-20260105T100000Z.cms", id="no start"),
        pytest.param(item("PHONE", updated=START + 60), f"PHONE-{ID}-20260105T100000Z.cms", id="both times"),
        pytest.param(
            item("PHONE", identity=ID.upper().replace("1", "A")), f"PHONE-{ID.replace('1', 'a')}-20260105T100000Z.cms", id="upper case"
        ),
    ],
)
def test_a_file_has_the_name_of_its_device(given: DeviceReset, name: str) -> None:
    assert render_file_name(given) == name


@pytest.mark.parametrize("identity", ["../x", "", "a/b", "\ud800", "x" * 500])
def test_an_id_that_is_none_cannot_leave_the_folder(identity: str) -> None:
    assert re.fullmatch(r"PHONE-[0-9a-f]{32}-20260105T100000Z\.cms", render_file_name(item("PHONE", identity)))
    assert len({render_file_name(item("PHONE", other)) for other in (identity, "b/a", "b_a")}) == 3


@pytest.mark.parametrize("started", [pytest.param(0.0, id="a time that cannot be read"), pytest.param(None, id="no reset")])
def test_a_reset_without_a_time_never_has_the_file_of_another_one(tmp_path: pathlib.Path, started: float | None) -> None:
    given = item("PHONE", started=started)
    names = [render_file_name(given) for _number in range(2)]
    assert len(set(names)) == 2 and all(re.fullmatch(rf"PHONE-{ID}-unknown-[0-9a-f]{{16}}\.cms", name) for name in names)
    files = []
    for secret in ("1234", "123456"):
        subject = with_files(tmp_path)
        files.append(subject.describe(secret, render_file_name(given))["sealed_file"])
        assert (subject.changed, subject.find_failure()) == (True, None)
    assert [pathlib.Path(path).read_text()[-1] for path in files] == ["4", "6"], "each holds the secret of its own run"
