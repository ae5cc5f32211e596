# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test the YAML of a seed file: both parsers of PyYAML report mistakes with their place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from intune_emulator.control import seed_yaml
from intune_emulator.control.seed_document import MOST_SHOWN, SeedFileError, read_text
from intune_emulator.control.seed_yaml import MOST_REPEATED, read_yaml


@pytest.fixture(autouse=True, params=["c", "python"])
def parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Use libyaml, if it is available, and the parser that PyYAML always has."""
    if request.param == "python":
        loader = type("Loader", (yaml.SafeLoader,), {"yaml_implicit_resolvers": seed_yaml._Loader.yaml_implicit_resolvers})
        monkeypatch.setattr(seed_yaml, "_Loader", loader)
    yield


def mistakes(text: str) -> list[str]:
    """Return the lines of the error about a text."""
    with pytest.raises(SeedFileError) as refused:
        read_yaml(text, "seed.yml")
    return str(refused.value).splitlines()


def test_values_are_those_of_yaml_1_2() -> None:
    text = "a: no\nb: 010\nc: 2026-01-05\nd: on\ne: true\nf: 12\ng: -1.5\nh: 1e3\ni: ~\nj:\nk: '12'\nl: 12:30:45\nm: 0x1F\n"
    expected = ["no", "010", "2026-01-05", "on", True, 12, -1.5, 1000.0, None, None, "12", "12:30:45", "0x1F"]
    assert list(read_yaml(text, "seed.yml").data.values()) == expected


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: 1\nb: 2\n a: 3\n", "seed.yml:3:3: this is not YAML"),
        ("a: [1,\n", "seed.yml:2:1: this is not YAML"),
        ('a: "open\n', "this is not YAML"),
        ("a: *missing\n", "seed.yml:1:4: this is not YAML: found undefined alias"),
        ("devices:\n\t- name: x\n", "seed.yml:2:1: a line is indented by a tab. Use spaces"),
        ("devices:\n  - name: x\n\t  user: y\n", "seed.yml:3:1: a line is indented by a tab. Use spaces"),
        ("a: 1\n---\nb: 2\n", "seed.yml:2:1: the file must have one document"),
        ("a: 1\nb:\n  c: 2\n  'c': 3\n", "seed.yml:4:3: the key 'c' is already in line 3"),
        ("a: 1\n2: b\n", "seed.yml:2:1: a key must be a text, not '2'. Put it in quotes"),
        ("a: 1\n? [b]\n: c\n", "seed.yml:2:3: a key must be a text, not a list or a mapping. Put it in quotes"),
        (
            "a: !!python/object/apply:os.getcwd []\n",
            "seed.yml:1:4: the tag 'python/object/apply:os.getcwd' is not supported. Write plain data",
        ),
        ("a:\n  b: !secret c\n", "seed.yml:2:6: the tag '!secret' is not supported. Write plain data"),
        ("a: !!binary aGVsbG8=\n", "seed.yml:1:4: the tag 'binary' is not supported. Write plain data"),
        ("a: !!int abc\n", "seed.yml:1:4: 'abc' cannot be read as the type int"),
        ("a: !!bool maybe\n", "seed.yml:1:4: 'maybe' cannot be read as the type bool"),
        ("a: b\nc: d\0\n", "seed.yml:2:5: the character U+0000 is not allowed"),
        ("a: \ud800\n", "seed.yml:1:4: the character U+D800 is not allowed"),
        ("a: &a [*a]\n", "seed.yml:1:4: this value contains an alias of itself"),
        ("", "seed.yml: the file is empty. For a tenant without devices, write extends: empty"),
        ("# only a comment\n---\n", "seed.yml: the file is empty. For a tenant without devices, write extends: empty"),
    ],
)
def test_a_mistake_is_told_with_its_place(text: str, told: str) -> None:
    (line,) = mistakes(text)
    assert line.startswith("seed.yml:") and told in line


def test_all_mistakes_are_told_in_the_order_of_the_file() -> None:
    lines = mistakes("a: !x 1\n" + "".join(f"b{number}: !y 1\n" for number in range(30)))
    assert lines[0] == "seed.yml:1:4: the tag '!x' is not supported. Write plain data"
    assert (len(lines), lines[-1]) == (MOST_SHOWN + 1, f"seed.yml: {31 - MOST_SHOWN} more problems")


@pytest.mark.parametrize("text", ["a: " + "[" * 1200, "\n".join(" " * depth + "a:" for depth in range(1200))])
def test_deep_data_is_refused(text: str) -> None:
    (line,) = mistakes(text)
    assert "nest" in line


def test_aliases_repeat_values() -> None:
    data = read_yaml("a: &user {name: ada}\nb: *user\nc: [*user, *user]\n", "seed.yml").data
    assert data == {"a": {"name": "ada"}, "b": {"name": "ada"}, "c": [{"name": "ada"}] * 2}


def test_aliases_do_not_make_billions_of_values() -> None:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{number}: &a{number} [{', '.join([f'*a{number - 1}'] * 10)}]" for number in range(1, 10)]
    (line,) = mistakes("\n".join(lines))
    assert line.endswith(f"aliases repeat more than {MOST_REPEATED} values of the file")


def test_a_long_value_is_cut_in_a_message() -> None:
    (line,) = mistakes(f"a: !!int {'x' * 10_000}")
    assert len(line) < 150


def written(tmp_path: Path, data: bytes) -> Path:
    path = tmp_path / "seed.yml"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("data", [b"a: \xc3\xa9\n", b"\xef\xbb\xbfa: \xc3\xa9\n", b"a: \xc3\xa9\r\n"])
def test_files_that_editors_write(tmp_path: Path, data: bytes) -> None:
    assert read_yaml(read_text(written(tmp_path, data)), "seed.yml").data == {"a": "é"}


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"a: b\nname: M\xfcller\n", ":2:8: the file must be UTF-8: byte 0xfc is not"),
        ("a: b\n".encode("utf-16"), ": the file must be UTF-8, not UTF-16"),
    ],
)
def test_other_encodings_are_told(tmp_path: Path, data: bytes, told: str) -> None:
    path = written(tmp_path, data)
    with pytest.raises(SeedFileError) as refused:
        read_text(path)
    assert str(refused.value) == f"{path}{told}"


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    for path, reason in ((tmp_path, "Is a directory"), (tmp_path / "missing.yml", "No such file or directory")):
        with pytest.raises(SeedFileError) as refused:
            read_text(path)
        assert str(refused.value) == f"{path}: the file cannot be read: {reason}"
