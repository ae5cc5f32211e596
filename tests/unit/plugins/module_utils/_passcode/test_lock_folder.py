# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import errno
import os
import pathlib
import tempfile
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.device_lock import DeviceLocks
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.lock_folder import find_folders
from tests.unit.plugins.module_utils._passcode.test_device_lock import A, folder, mode_of, umask

__all__ = ["folder"]


def use_as_temporary(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.setattr(tempfile, "tempdir", None)


@pytest.fixture
def temporary(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """Return the path of this user's folder in the temporary folder."""
    use_as_temporary(tmp_path, monkeypatch)
    return tmp_path / f"endpointops-intune-{os.geteuid()}"


@pytest.fixture
def runtime(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "runtime"
    path.mkdir(0o700)
    return path


# --- the user's own folders -----------------------------------------------------------------------------------------


def test_a_service_uses_the_temporary_folder(temporary: pathlib.Path) -> None:
    with umask(0):
        assert find_folders(None, {}) == find_folders("", {"XDG_RUNTIME_DIR": ""}) == [str(temporary)]
    assert mode_of(temporary) == 0o700
    with DeviceLocks([str(temporary)]) as locks:
        locks.take(A)
    assert len(list(temporary.iterdir())) == 16
    assert {(mode_of(path), path.stat().st_size) for path in temporary.iterdir()} == {(0o600, 0)}


def test_a_session_uses_its_runtime_folder_too(temporary: pathlib.Path, runtime: pathlib.Path) -> None:
    for _time in range(2):
        assert find_folders(None, {"XDG_RUNTIME_DIR": str(runtime)}) == [str(temporary), str(runtime / "endpointops-intune")]
    assert mode_of(runtime / "endpointops-intune") == 0o700


@pytest.mark.parametrize("case", ["missing", "mode", "file", "link", "nul", "relative"])
def test_a_runtime_folder_that_is_not_this_users_is_left_alone(
    temporary: pathlib.Path, runtime: pathlib.Path, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(runtime)
    if case == "mode":
        runtime.chmod(0o750)
    elif case == "relative":
        monkeypatch.chdir(runtime.parent)
        path = runtime.name
    elif case == "link":
        path = str(runtime / "link")
        os.symlink(runtime, path)
    elif case == "file":
        path = str(runtime / "file")
        pathlib.Path(path).touch(0o600)
    else:
        path = str(runtime / "missing") if case == "missing" else "a\0b"
    assert find_folders(None, {"XDG_RUNTIME_DIR": path}) == [str(temporary)]


def test_a_runtime_folder_of_another_user_is_left_alone(
    temporary: pathlib.Path, runtime: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    temporary.mkdir(0o700)
    really = os.lstat

    def others(path: str) -> os.stat_result:
        found = really(path)
        return os.stat_result((*found[:4], found.st_uid + 1, *found[5:])) if path == str(runtime) else found

    monkeypatch.setattr(os, "lstat", others)
    assert find_folders(None, {"XDG_RUNTIME_DIR": str(runtime)}) == [str(temporary)]


@pytest.mark.parametrize("case", ["mode", "file", "link", "user"])
def test_a_temporary_folder_that_others_can_use_is_refused(temporary: pathlib.Path, monkeypatch: pytest.MonkeyPatch, case: str) -> None:
    if case == "file":
        temporary.touch(0o600)
    elif case == "link":
        temporary.parent.joinpath("target").mkdir(0o700)
        temporary.symlink_to(temporary.parent / "target")
    else:
        temporary.mkdir(0o700)
    if case == "mode":
        temporary.chmod(0o770)
    if case == "user":
        monkeypatch.setattr(os, "geteuid", lambda: temporary.stat().st_uid + 1)
        temporary = temporary.rename(temporary.with_name(f"endpointops-intune-{os.geteuid()}"))
    with pytest.raises(errors.InvalidOptionError) as caught:
        find_folders(None, {})
    assert f"'{temporary}', the folder for the locks of devices, is not a folder that only its owner" in caught.value.message
    assert "set lock_directory to another folder" in str(caught.value.hint)


def test_no_temporary_folder_is_an_error_that_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> t.NoReturn:
        raise FileNotFoundError(errno.ENOENT, "No usable temporary directory found in ['/tmp']")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    with pytest.raises(errors.InvalidOptionError, match="cannot be used: No usable temporary directory") as caught:
        find_folders(None, {})
    assert "Set lock_directory to a folder" in str(caught.value.hint)


@pytest.mark.parametrize("is_there", [False, True])
def test_check_mode_uses_the_folders_that_exist(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, is_there: bool) -> None:
    use_as_temporary(tmp_path, monkeypatch)
    (tmp_path / "runtime").mkdir(0o700)
    environ = {"XDG_RUNTIME_DIR": str(tmp_path / "runtime")}
    made = find_folders(None, environ) if is_there else []
    before = sorted(tmp_path.rglob("*"))
    assert find_folders(None, environ, check=True) == made and sorted(tmp_path.rglob("*")) == before


# --- the folder of the option ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/nowhere/locks", "a\0b"])
def test_a_folder_that_does_not_exist_is_said(path: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match="lock_directory '.*' cannot be used: ") as caught:
        find_folders(path, {})
    assert "in which the user of this task can create files" in str(caught.value.hint)


def test_a_file_instead_of_a_folder_is_said(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(errors.InvalidOptionError, match="cannot be used: It is not a folder"):
        find_folders(str(tmp_path / "file"), {})


@pytest.mark.parametrize("mode", [0o777, 0o702, 0o2777])
def test_a_folder_in_which_everybody_can_remove_files_is_refused(folder: str, mode: int) -> None:
    os.chmod(folder, mode)
    with pytest.raises(errors.InvalidOptionError, match=f"lock_directory '{folder}' is refused: .*: its mode is {mode:04o}.") as caught:
        find_folders(folder, {})
    assert "Set its mode to 2770" in str(caught.value.hint)


@pytest.mark.parametrize("mode", [0o2770, 0o1777, 0o755])
def test_a_folder_above_that_everybody_can_change_is_refused(folder: str, mode: int) -> None:
    os.chmod(folder, mode)
    parent = os.path.dirname(folder)
    os.chmod(parent, 0o777)
    with pytest.raises(
        errors.InvalidOptionError, match=f"lock_directory '{folder}' is refused: .*: the mode of {parent} is 0777."
    ) as caught:
        find_folders(folder, {})
    assert "Each folder above it" in str(caught.value.hint)
    os.chmod(parent, 0o1777)
    assert find_folders(folder, {}) == [folder]
    os.chmod(parent, 0o700)


def test_a_link_to_a_folder_can_be_named(folder: str, tmp_path: pathlib.Path) -> None:
    (tmp_path / "link").symlink_to(folder)
    assert find_folders(str(tmp_path / "link"), {}) == [str(tmp_path / "link")]


# --- an unsuitable parent of the user's folders ---------------------------------------------------------------------


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("which", ["temporary", "runtime"])
def test_a_place_where_others_can_replace_the_folder_is_refused(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, which: str, check: bool
) -> None:
    for name in ("temporary", "common", "common/runtime"):
        (tmp_path / name).mkdir(0o700)
    (tmp_path / "common").chmod(0o777)
    use_as_temporary(tmp_path / ("common" if which == "temporary" else "temporary"), monkeypatch)
    environ = {"XDG_RUNTIME_DIR": str(tmp_path / "common/runtime")} if which == "runtime" else {}
    with pytest.raises(errors.InvalidOptionError, match=f"cannot be in '{tmp_path}/common.*mode .*is 0777") as caught:
        find_folders(None, environ, check=check)
    assert "Set lock_directory to a folder" in str(caught.value.hint)
    (tmp_path / "common").chmod(0o1777)
    assert find_folders(None, environ)


def test_a_sticky_place_of_another_user_is_refused(temporary: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.stat

    def others(path: t.Any, **options: t.Any) -> os.stat_result:
        found = really(path, **options)
        return os.stat_result((0o41777, *found[1:4], 4711, *found[5:])) if path == str(temporary.parent) else found

    monkeypatch.setattr(os, "stat", others)
    with pytest.raises(errors.InvalidOptionError, match="its owner has the user ID 4711"):
        find_folders(None, {})


@pytest.mark.parametrize("check", [False, True])
@pytest.mark.parametrize("value", [None, ".", "below"])
def test_the_current_folder_is_no_place_for_locks(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, value: str | None, check: bool
) -> None:
    (tmp_path / "below").mkdir(0o700)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", None)
    for name in ("TMPDIR", "TEMP", "TMP"):
        monkeypatch.delenv(name, raising=False)
    if value is None:
        # As on machines where nobody can write to the usual folders.
        monkeypatch.setattr(tempfile, "_candidate_tempdir_list", lambda: [os.getcwd()])
    else:
        monkeypatch.setenv("TMPDIR", value)
    found = tmp_path / (value or ".")
    with pytest.raises(errors.InvalidOptionError, match=f"cannot be in '{found}', .* depends on the current folder") as caught:
        find_folders(None, {}, check=check)
    assert "Set lock_directory to a folder" in str(caught.value.hint)
    assert sorted(tmp_path.rglob("*")) == [tmp_path / "below"]
    assert find_folders(str(tmp_path), {}) == [str(tmp_path)]
