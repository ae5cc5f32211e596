# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._file_safety import find_writable_by_others


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
