# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import errno
import os
import pathlib
import stat
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._handover import sealed_files
from ansible_collections.endpointops.intune.plugins.module_utils._handover.sealed_files import SealedFiles


def refused(path: str) -> str:
    with pytest.raises(errors.InvalidOptionError) as caught:
        SealedFiles(path)
    return str(caught.value)


def test_a_file_is_for_its_owner_alone(tmp_path: pathlib.Path) -> None:
    before = os.umask(0)
    try:
        SealedFiles(str(tmp_path)).write("a.cms", "text\n")
    finally:
        os.umask(before)
    (found,) = tmp_path.iterdir()
    assert (found.name, found.read_text(), stat.S_IMODE(found.stat().st_mode), found.stat().st_nlink) == ("a.cms", "text\n", 0o600, 1)


def test_a_file_is_never_replaced(tmp_path: pathlib.Path) -> None:
    files, path = SealedFiles(str(tmp_path)), tmp_path / "a.cms"
    path.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FileExistsError):
        files.write("a.cms", "new")
    with pytest.raises(OSError, match="symbolic links"):
        files.read("a.cms")
    assert [found.name for found in tmp_path.iterdir()] == ["a.cms"], "nor is anything left over"


@pytest.mark.parametrize("step", ["fsync", "link", "fchmod"])
def test_a_file_is_whole_or_not_there(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    def fail(*_args: t.Any, **_named: t.Any) -> t.NoReturn:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(sealed_files.os, step, fail)
    with pytest.raises(OSError, match="Input/output"):
        SealedFiles(str(tmp_path)).write("a.cms", "text")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("number", [errno.EPERM, errno.EOPNOTSUPP])
def test_a_file_system_without_hard_links_will_do(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def link(*_args: t.Any, **_keywords: t.Any) -> t.NoReturn:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "link", link)
    subject = SealedFiles(str(tmp_path))
    subject.write("a", "sealed")
    assert subject.read("a") == "sealed" and stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o600
    with pytest.raises(FileExistsError):
        subject.write("a", "another")
    assert subject.read("a") == "sealed" and os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize(("number", "is_fatal"), [(errno.EINVAL, False), (errno.ENOTSUP, False), (errno.EIO, True)])
def test_a_file_system_that_cannot_sync_a_folder_will_do(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, number: int, is_fatal: bool
) -> None:
    subject, fsync = SealedFiles(str(tmp_path)), os.fsync

    def sync(handle: int) -> None:
        if stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(number, os.strerror(number))
        fsync(handle)

    monkeypatch.setattr(os, "fsync", sync)
    with pytest.raises(OSError, match="Input/output") if is_fatal else contextlib.nullcontext():
        subject.write("a", "sealed")
    assert subject.read("a") == "sealed" and os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize("number", [errno.EINVAL, errno.ENOTSUP])
def test_a_file_that_cannot_be_synced_is_not_there(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    def sync(handle: int) -> None:
        if not stat.S_ISDIR(os.fstat(handle).st_mode):
            raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", sync)
    # A file system without hard links also returns ENOTSUP; then the second attempt fails in the same way.
    with pytest.raises(OSError, match=os.strerror(number)):
        SealedFiles(str(tmp_path)).write("a", "sealed")
    assert list(tmp_path.iterdir()) == []


def test_what_is_read_is_a_file_of_a_sensible_size(tmp_path: pathlib.Path) -> None:
    files = SealedFiles(str(tmp_path))
    (tmp_path / "a.cms").write_text("text")
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "huge").open("wb") as huge:
        huge.truncate(sealed_files.LARGEST_FILE + 1)
    assert (files.read("a.cms"), files.read("none.cms")) == ("text", None)
    for name in ("pipe", "huge"):
        with pytest.raises(FileExistsError):
            files.read(name)


@pytest.mark.parametrize("mode", [0o777, 0o775, 0o1777, 0o702])
def test_a_folder_that_others_can_write_to_is_refused(tmp_path: pathlib.Path, mode: int) -> None:
    tmp_path.chmod(mode)
    try:
        message = refused(str(tmp_path))
    finally:
        tmp_path.chmod(0o700)
    assert f"other users can write to {tmp_path} (mode {mode:04o}" in message and "chmod go-w" in message


def test_a_folder_that_others_can_write_to_meanwhile_is_refused(tmp_path: pathlib.Path) -> None:
    files = SealedFiles(str(tmp_path))
    tmp_path.chmod(0o777)
    with pytest.raises(errors.InvalidOptionError):
        files.write("a.cms", "text")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kind", ["a linked folder", "a folder above"])
def test_a_folder_whose_path_others_can_redirect_is_refused(tmp_path: pathlib.Path, kind: str) -> None:
    real, shared = tmp_path / "real", tmp_path / "shared"
    real.mkdir(mode=0o700)
    shared.mkdir()
    shared.chmod(0o777)
    if kind == "a linked folder":
        (shared / "sealed").symlink_to(real)
    else:
        (shared / "sealed").mkdir(mode=0o700)
    message = refused(str(shared / "sealed"))
    assert f"can replace {shared}/sealed, or redirect its path: the mode of {shared} is 0777" in message


def test_a_folder_that_was_replaced_meanwhile_gets_nothing(tmp_path: pathlib.Path) -> None:
    link, first, second = tmp_path / "sealed", tmp_path / "first", tmp_path / "second"
    first.mkdir(mode=0o700)
    second.mkdir(mode=0o700)
    link.symlink_to(first)
    files = SealedFiles(str(link))
    files.write("a.cms", "text")
    link.unlink()
    link.symlink_to(second)
    for act in (lambda: files.write("b.cms", "text"), lambda: files.read("a.cms")):
        with pytest.raises(errors.InvalidOptionError, match="was replaced while it was in use"):
            act()
    assert (os.listdir(first), os.listdir(second)) == (["a.cms"], [])


def test_the_folder_is_closed_at_the_end(tmp_path: pathlib.Path) -> None:
    before = len(os.listdir("/dev/fd"))
    for name in "abc":
        SealedFiles(str(tmp_path)).write(name, "text")
    assert len(os.listdir("/dev/fd")) == before


def test_a_folder_of_somebody_else_is_refused(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealed_files.os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    monkeypatch.setattr(sealed_files.os, "fstat", lambda _handle: os.stat_result((0o40700, 0, 0, 1, 4711, 0, 0, 0, 0, 0)))
    assert "owner 4711" in refused(str(tmp_path))


def test_a_folder_that_is_not_writable_is_refused(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Not with chmod, which does not stop root.
    monkeypatch.setattr(sealed_files.os, "access", lambda *_args, **_named: False)
    monkeypatch.setattr(sealed_files.os, "supports_effective_ids", set())
    assert f"{tmp_path} is not writable" in refused(str(tmp_path))


def test_what_is_no_folder_is_refused(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").touch()
    assert "Not a directory" in refused(str(tmp_path / "file"))
    assert "No such file or directory" in refused(str(tmp_path / "none"))
    assert "this is not a path" in refused("a\0b")


def test_the_folder_may_be_below_the_home_folder(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert SealedFiles("~").path_of("a.cms") == str(tmp_path / "a.cms")


def test_a_folder_that_does_not_exist_is_named_with_the_command_that_creates_it(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.InvalidOptionError, match="No such file or directory") as caught:
        SealedFiles(str(tmp_path / "missing"))
    assert caught.value.hint == f"Create the folder first: mkdir -p -m 0700 {tmp_path}/missing"
