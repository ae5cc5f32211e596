# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the files of a report: complete or missing, for their owner, and changed only if they differ."""

from __future__ import annotations

import os
import pathlib
import stat
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.journal_format import render_header, render_line
from ansible_collections.endpointops.intune.plugins.module_utils._report import files
from tests.support.fakes import GRAPH, START, TENANT_ID

CONTENTS = {"csv": b"a\r\n", "json": b"{}\n", "html": b"<!doctype html>\n"}


def subject(folder: pathlib.Path, basename: str = "report", mode: t.Any = "0600") -> files.ReportFiles:
    return files.ReportFiles(str(folder), basename, mode)


def test_files_are_written_once(tmp_path: pathlib.Path) -> None:
    found = subject(tmp_path)
    assert found.find_changed(CONTENTS) == ["csv", "json", "html"]
    assert list(tmp_path.iterdir()) == [], "asking writes nothing"
    found.write(CONTENTS)
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {f"report.{kind}": text for kind, text in CONTENTS.items()}
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}
    assert subject(tmp_path).find_changed(CONTENTS) == []
    assert subject(tmp_path).find_changed({**CONTENTS, "json": b"[]\n"}) == ["json"]
    assert subject(tmp_path, mode="0640").find_changed(CONTENTS) == ["csv", "json", "html"]


@pytest.mark.parametrize(("mode", "found"), [("0640", 0o640), ("644", 0o644), (0o600, 0o600), ("0400", 0o400)])
def test_modes(tmp_path: pathlib.Path, mode: t.Any, found: int) -> None:
    subject(tmp_path, mode=mode).write(CONTENTS)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {found}


@pytest.mark.parametrize("mode", ["0755", "u=rw", "", "4600", "0200", None, True, 0o755, -1, "0o600", "600 x"])
def test_other_modes_are_refused(tmp_path: pathlib.Path, mode: t.Any) -> None:
    with pytest.raises(errors.InvalidOptionError, match="mode must be permissions"):
        subject(tmp_path, mode=mode)


@pytest.mark.parametrize("basename", ["", ".hidden", "../up", "a/b", "a\nb", "x" * 201, ".."])
def test_other_names_are_refused(tmp_path: pathlib.Path, basename: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match="basename must be"):
        subject(tmp_path, basename)


@pytest.mark.parametrize("directory", ["", " "])
def test_an_empty_name_of_the_folder_is_not_the_current_folder(directory: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match="directory must not be empty"):
        files.ReportFiles(directory, "report", "0600")


def test_a_folder_must_exist(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.InvalidOptionError, match="is not a folder") as caught:
        subject(tmp_path / "missing")
    assert caught.value.hint == f"Create the folder first: mkdir -p -m 0700 {tmp_path}/missing"
    (tmp_path / "file").touch()
    with pytest.raises(errors.InvalidOptionError, match="is not a folder") as caught:
        subject(tmp_path / "file")
    assert "mkdir" not in (caught.value.hint or "")


def test_a_folder_must_be_writable(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_given, **_named: False)
    with pytest.raises(errors.InvalidOptionError, match="is not writable"):
        subject(tmp_path)


def test_a_link_is_replaced_and_not_followed(tmp_path: pathlib.Path) -> None:
    target = tmp_path / "target"
    target.write_bytes(CONTENTS["html"])
    (tmp_path / "report.html").symlink_to(target)
    assert "html" in subject(tmp_path).find_changed(CONTENTS), "a link is no report"
    subject(tmp_path).write({"html": b"new"})
    assert target.read_bytes() == CONTENTS["html"] and not (tmp_path / "report.html").is_symlink()


def test_a_folder_in_the_place_of_a_file_is_told(tmp_path: pathlib.Path) -> None:
    (tmp_path / "report.json").mkdir()
    with pytest.raises(errors.InvalidOptionError, match="is a folder"):
        subject(tmp_path).find_changed(CONTENTS)


def test_a_failure_leaves_the_old_file_and_no_part_of_the_new_one(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    subject(tmp_path).write(CONTENTS)
    replace = os.replace

    def fail(source: str, target: str) -> None:
        if target.endswith(".json"):
            raise OSError(28, "No space left on device")
        replace(source, target)

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(errors.PartialError, match=r"report\.json' could not be written: No space left") as caught:
        subject(tmp_path).write(dict.fromkeys(CONTENTS, b"new"))
    assert caught.value.effects == "partial"
    assert (tmp_path / "report.csv").read_bytes() == b"new" and (tmp_path / "report.json").read_bytes() == CONTENTS["json"]
    assert len(list(tmp_path.iterdir())) == 3
    with pytest.raises(errors.PartialError) as caught:
        subject(tmp_path).write({"json": b"new"})
    assert caught.value.effects == "none"


def test_a_folder_of_everybody_is_warned_of(tmp_path: pathlib.Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    assert subject(shared).list_warnings() == []
    shared.chmod(0o777)
    (warning,) = subject(shared).list_warnings()
    assert warning.startswith(f"Other users of this machine can replace the report in {shared}: ")


def test_json_is_ascii_and_the_same_for_the_same_report() -> None:
    assert files.render_json({"b": "\u202e\ud800", "a": 1}) == b'{\n  "b": "\\u202e\\ud800",\n  "a": 1\n}\n'


# --- sources --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"{", "it is not JSON"),
        (b"\xff", "it is not JSON"),
        (b"[" * 10_000, "nested too deeply"),
        (None, "No such file"),
        ("folder", "is not a file"),
    ],
)
def test_an_earlier_report_that_cannot_be_read(tmp_path: pathlib.Path, content: bytes | str | None, words: str) -> None:
    path = tmp_path / "old.json"
    if isinstance(content, bytes):
        path.write_bytes(content)
    elif content:
        path.mkdir()
    with pytest.raises(errors.InvalidOptionError, match=f"compare_with '{path}' cannot be used: .*{words}"):
        files.read_earlier(str(path))


def test_an_earlier_report_that_is_too_large(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "old.json").write_bytes(b'{"a": 1}')
    assert files.read_earlier(str(tmp_path / "old.json")) == {"a": 1}
    monkeypatch.setattr(files, "LARGEST_REPORT", 3)
    with pytest.raises(errors.InvalidOptionError, match="larger than a report can be"):
        files.read_earlier(str(tmp_path / "old.json"))


def test_journals(tmp_path: pathlib.Path) -> None:
    path = tmp_path / "resets.jsonl"
    path.write_bytes(render_header(START, TENANT_ID, GRAPH) + render_line("accepted", START, device="A") + b'{"time": "cut')
    path.chmod(0o644)
    assert set(files.read_journal(str(path), TENANT_ID, GRAPH).resets) == {"a"}
    assert path.read_bytes().endswith(b'"cut'), "it is left as it is"
    with pytest.raises(errors.InvalidOptionError, match=f"it is of the tenant {TENANT_ID}"):
        files.read_journal(str(path), CLIENT, GRAPH)
    path.write_bytes(b"x\n")
    with pytest.raises(errors.InvalidOptionError, match=f"journals '{path}' cannot be used: line 1: it is not JSON"):
        files.read_journal(str(path), TENANT_ID, GRAPH)
    with pytest.raises(errors.InvalidOptionError, match="No such file"):
        files.read_journal(str(tmp_path / "missing"), TENANT_ID, GRAPH)


CLIENT = "99999999-aaaa-4bbb-8ccc-444444444444"
