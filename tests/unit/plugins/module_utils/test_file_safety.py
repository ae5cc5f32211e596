# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import pathlib
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._file_safety import find_unsafe_folder, find_writable_by_others


@pytest.mark.parametrize(
    ("file", "folder", "words"),
    [
        pytest.param(0o666, 0o755, "its mode is 0666", id="case 42: the file"),
        pytest.param(0o602, 0o755, "its mode is 0602", id="case 42: the file, without read"),
        pytest.param(0o644, 0o777, "is 0777", id="case 42: the folder"),
        pytest.param(0o644, 0o1777, None, id="a sticky folder"),
        pytest.param(0o664, 0o775, None, id="the group"),
        pytest.param(0o600, 0o700, None, id="nobody"),
    ],
)
def test_who_can_replace_a_file(tmp_path: pathlib.Path, file: int, folder: int, words: str | None) -> None:
    place = tmp_path / "place"
    place.mkdir()
    path = place / "a.pem"
    path.touch()
    path.chmod(file)
    place.chmod(folder)
    link = tmp_path / "link"
    link.symlink_to(path)
    for name in (path, link):
        found = find_writable_by_others(str(name))
        assert found is None if words is None else found is not None and words in found


def test_a_file_that_is_missing_is_an_error(tmp_path: pathlib.Path) -> None:
    with pytest.raises(FileNotFoundError):
        find_writable_by_others(str(tmp_path / "none"))


# --- the path to a file ---------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: pathlib.Path) -> pathlib.Path:
    """Return a folder of ours with a file, beside a folder 'common' that everyone can write to."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    (folder / "real.pem").touch(0o600)
    (tmp_path / "common").mkdir()
    (tmp_path / "common").chmod(0o777)
    return folder


def link_twice(home: pathlib.Path) -> str:
    (home / "../common/b.pem").symlink_to(home / "real.pem")
    (home / "a.pem").symlink_to("../common/b.pem")
    return str(home / "a.pem")


def link_folder(home: pathlib.Path) -> str:
    (home / "../common/folder").symlink_to(home)
    return str(home / "../common/folder/real.pem")


def nest(home: pathlib.Path) -> str:
    (home / "../common/ours").mkdir(mode=0o755)
    (home / "../common/ours/c.pem").touch(0o644)
    (home / "ours").symlink_to(home.parent / "common/ours")
    return str(home / "ours/c.pem")


def step_back(home: pathlib.Path) -> str:
    (home.parent / "common/in").mkdir()
    (home / "in").symlink_to(home.parent / "common/in")
    (home.parent / "common/d.pem").touch(0o600)
    return str(home / "in/../d.pem")


WAYS = [
    pytest.param(link_twice, id="a link to a link in a common folder"),
    pytest.param(link_folder, id="a linked folder in a common folder"),
    pytest.param(nest, id="a common folder above the file's"),
    pytest.param(step_back, id="two dots behind a link"),
]


@pytest.mark.parametrize("way", WAYS)
def test_each_step_of_the_way_counts(home: pathlib.Path, way: t.Callable[[pathlib.Path], str]) -> None:
    path = way(home)
    assert find_writable_by_others(path) == f"the mode of {home.parent / 'common'} is 0777"
    (home.parent / "common").chmod(0o755)
    assert find_writable_by_others(path) is None


@pytest.mark.parametrize("way", WAYS)
def test_in_a_sticky_folder_the_owner_of_an_entry_counts(
    home: pathlib.Path, way: t.Callable[[pathlib.Path], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path, common = way(home), home.parent / "common"
    common.chmod(0o1777)
    assert find_writable_by_others(path) is None
    lstat = os.lstat

    def of_somebody_else(name: str) -> os.stat_result:
        found = lstat(name)
        return os.stat_result((*found[:4], 4711, *found[5:])) if os.path.dirname(name) == str(common) else found

    monkeypatch.setattr(os, "lstat", of_somebody_else)
    found = find_writable_by_others(path)
    assert found and found.startswith(f"the mode of {common} is 1777, and {common}/") and found.endswith("has the owner 4711")


def test_a_path_may_be_relative(home: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(home.parent / "common")
    assert find_writable_by_others("../home/./real.pem") is None
    (home.parent / "common/e.pem").touch(0o600)
    assert find_writable_by_others("e.pem") == f"the mode of {home.parent / 'common'} is 0777"


def test_a_circle_of_links_is_an_error(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a").symlink_to("b")
    (tmp_path / "b").symlink_to("a")
    with pytest.raises(OSError, match="symbolic links"):
        find_writable_by_others(str(tmp_path / "a"))


# --- folders --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("mode", "own", "shared"),
    [
        pytest.param(0o700, True, True, id="0700"),
        pytest.param(0o755, True, True, id="0755"),
        pytest.param(0o2770, False, True, id="2770"),
        pytest.param(0o775, False, True, id="0775"),
        pytest.param(0o1775, True, True, id="1775"),
        pytest.param(0o1777, True, True, id="1777"),
        pytest.param(0o777, False, False, id="0777"),
        pytest.param(0o702, False, False, id="0702"),
    ],
)
def test_which_folders_are_safe(tmp_path: pathlib.Path, mode: int, own: bool, shared: bool) -> None:
    place = tmp_path / "place"
    place.mkdir()
    place.chmod(mode)
    for is_shared, is_safe in ((False, own), (True, shared)):
        found = find_unsafe_folder(str(place), is_shared=is_shared)
        assert found == (None if is_safe else f"its mode is {mode:04o}")


def test_a_folder_that_users_share_may_be_in_a_sticky_one(home: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    common = home.parent / "common"
    (common / "shared").mkdir(0o770)
    common.chmod(0o1777)

    def of_somebody_else(really: t.Callable[..., os.stat_result]) -> t.Callable[..., os.stat_result]:
        def change(name: t.Any) -> os.stat_result:
            found = really(name)
            return os.stat_result((*found[:4], 4711, *found[5:])) if str(name).endswith("/shared") else found

        return change

    monkeypatch.setattr(os, "lstat", of_somebody_else(os.lstat))
    monkeypatch.setattr(os, "stat", of_somebody_else(os.stat))
    assert find_unsafe_folder(str(common / "shared"), is_shared=True) is None
    assert find_unsafe_folder(str(common / "shared")) == "its owner has the user ID 4711"


@pytest.mark.parametrize("way", WAYS)
def test_each_step_of_the_way_to_a_folder_counts(home: pathlib.Path, way: t.Callable[[pathlib.Path], str]) -> None:
    path = os.path.dirname(way(home))
    common = home.parent / "common"
    for is_shared in (False, True):
        found = find_unsafe_folder(path, is_shared=is_shared)
        assert found in (None, f"the mode of {common} is 0777", "its mode is 0777")
        assert (found is None) is (os.path.realpath(path) == str(home) and "common/folder" not in path)
