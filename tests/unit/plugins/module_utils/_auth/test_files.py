# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._auth import _files


def test_a_file_is_read_as_it_is(tmp_path: pathlib.Path) -> None:
    (tmp_path / "x").write_bytes(b" content\n")
    assert _files.read_file("some_path", str(tmp_path / "x")) == b" content\n"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("missing", "No such file", id="missing"),
        pytest.param(".", "Is a directory", id="folder"),
        pytest.param("empty", "is empty", id="empty"),
        pytest.param("blank", "is empty", id="blank"),
        pytest.param("a\0b", "cannot be read", id="impossible name"),
    ],
)
def test_what_cannot_be_read_is_said_by_the_name_of_the_option(tmp_path: pathlib.Path, name: str, words: str) -> None:
    (tmp_path / "empty").touch()
    (tmp_path / "blank").write_text(" \n\t")
    with pytest.raises(errors.InvalidOptionError) as caught:
        _files.read_file("some_path", f"{tmp_path}/{name}")
    assert caught.value.message.startswith("some_path ")
    assert words in caught.value.message


def test_a_file_of_somebody_else_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object, **_kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(errors.InvalidOptionError, match="Permission denied"):
        _files.read_file("some_path", "/x")
