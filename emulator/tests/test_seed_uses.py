# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test the uses of seed files: the command, a process, the control API, its client, and the pytest plugin."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from emulator_support.client import Client
from emulator_support.seed_files import NAME, SCHOOL
from intune_emulator import ControlError, EmulatorProcess
from intune_emulator.cli import main

FROZEN = "clock: {now: 2026-01-05T10:00:00Z, frozen: true}\n"
START = "2026-01-05T10:00:00.0000000Z"
SMALL = FROZEN + "preset: throttled\ndevices: [{name: ONLY}]\n"
WRONG = "devices:\n  - name: A\n    user: nobody\n"
TOLD = "3:11: The tenant has no user 'nobody'."


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder of the files, in which the commands run."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "run"))
    for name, text in (("small.yml", SMALL), ("wrong.yml", WRONG), ("typo.yaml", "device: []\n"), ("seed", SMALL)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def fresh(emulator: EmulatorProcess) -> Iterator[EmulatorProcess]:
    """Yield the process of the other tests, and restore its seed afterwards."""
    yield emulator
    emulator.control.reset("demo")


@pytest.mark.parametrize("command", ["serve", "start"])
@pytest.mark.parametrize(
    ("seed", "told"),
    [
        ("typo.yaml", "typo.yaml:1:1: unknown key 'device'. Did you mean 'devices'?\n"),
        ("./missing", "missing: the file cannot be read: No such file or directory\n"),
        ("missing.yml", "missing.yml: the file cannot be read: No such file or directory\n"),
        ("/", "/: the file cannot be read: Is a directory\n"),
    ],
)
def test_a_wrong_file_is_told_before_anything_starts(
    folder: Path, command: str, seed: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([command, "--seed", seed]) == 2
    assert capsys.readouterr().err == told
    assert not (folder / "run").exists()


def test_a_wrong_name_is_told_with_what_is_allowed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--seed", "demmo"])
    told = (
        "unknown seed 'demmo'. Did you mean 'demo'? Seeds: empty, demo, helpdesk or fleet:N (N up to 1000000), or a file such as seed.yml"
    )
    assert told in capsys.readouterr().err


def test_a_wrong_object_is_told_by_serve(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["serve", "--seed", "wrong.yml", "--env-file", str(folder / "env")]) == 2
    assert capsys.readouterr().err == f"wrong.yml:{TOLD}\n"
    assert not (folder / "env").exists()


def test_a_wrong_object_is_told_by_start(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["start", "--seed", "wrong.yml"]) == 1
    assert capsys.readouterr().err.endswith(f":\n  wrong.yml:{TOLD}\n")
    assert not (folder / "run" / "intune-emulator" / "tenant.env").exists()


def test_start_with_a_file(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    try:
        assert main(["start", "--seed", "small.yml"]) == 0
        assert capsys.readouterr().out.startswith("The emulated tenant is ready. Seed file: 1 devices.\n")
    finally:
        assert main(["stop"]) == 0


def test_a_process_with_a_file_and_what_takes_precedence_over_it(folder: Path) -> None:
    with EmulatorProcess(Path("seed")) as emulator:
        control = emulator.control
        assert control.clock()["now"] == START
        assert control.settings()["quota_scale"] == 0.1
        control.add_device()
        control.reset()
        assert [device["deviceName"] for device in control.devices()] == ["ONLY"]
        # a file has its own clock and preset, another seed does not
        control.reset("empty")
        assert (control.clock()["frozen"], control.settings()["quota_scale"]) == (False, 1.0)
        control.reset("file", now="2030-01-01T00:00:00Z", preset="")
        assert (control.clock()["now"], control.settings()["quota_scale"]) == ("2030-01-01T00:00:00.0000000Z", 1.0)
        control.reset("file", frozen=False)
        assert control.clock()["frozen"] is False
    with EmulatorProcess("small.yml", now="2027-01-01T00:00:00Z", preset="slow") as emulator:
        assert emulator.control.clock()["now"] == "2027-01-01T00:00:00.0000000Z"
        assert (emulator.control.settings()["latency"], emulator.control.settings()["quota_scale"]) == (0.5, 1.0)


def test_a_process_that_does_not_start_tells_why(folder: Path) -> None:
    with pytest.raises(RuntimeError, match="wrong.yml:3:11: The tenant has no user 'nobody'"):
        EmulatorProcess(Path("wrong.yml")).start()


@pytest.mark.parametrize("kind", [str, Path])
def test_the_client_reads_the_file(fresh: EmulatorProcess, folder: Path, kind: type) -> None:
    assert fresh.control.reset(kind("small.yml")) == {"seed": "file", "devices": 1}
    assert fresh.control.clock()["now"] == START
    assert fresh.control.reset() == {"seed": "file", "devices": 1}
    with pytest.raises(ControlError) as refused:
        fresh.control.reset(kind("wrong.yml"))
    assert str(refused.value) == f"POST reset: 400 wrong.yml:{TOLD}"
    with pytest.raises(ValueError, match="none.yml: the file cannot be read: No such file or directory"):
        fresh.control.reset(kind("none.yml"))
    assert fresh.control.health()["devices"] == 1


def test_the_client_adds_groups(fresh: EmulatorProcess) -> None:
    added = fresh.control.add_group("New", members={"devices": ["LT-BERLIN-012"]})
    assert fresh.control.call("POST", "groups", {"name": "Around it", "members": {"groups": [added]}})["id"] != added


def test_a_reset_with_a_text(client: Client) -> None:
    assert client.control("POST", "reset", {"seed_text": SMALL}) == {"seed": "file", "devices": 1}
    assert client.control("POST", "reset", {"seed_text": SCHOOL, "seed_name": NAME, "frozen": False})["devices"] == 42
    assert client.control("GET", "clock")["frozen"] is False
    assert client.control("POST", "reset", {"seed": "demo"}) == {"seed": "demo", "devices": 40}
    assert client.control("POST", "reset", {"seed": "file"}) == {"seed": "file", "devices": 42}


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ({"seed_text": WRONG, "seed_name": "a.yml"}, f"a.yml:{TOLD}"),
        ({"seed_text": WRONG}, f"file:{TOLD}"),
        ({"seed_text": "a: \x07\n"}, "file:1:4: the character U+0007 is not allowed"),
        ({"seed_text": {"devices": []}}, "seed_text must be the text of a seed file, and takes the place of seed"),
        ({"seed_text": SMALL, "seed": "demo"}, "seed_text must be the text of a seed file, and takes the place of seed"),
        ({"seed": "a.yml"}, "seed must be a name, not 'a.yml': the text of a file belongs in seed_text"),
        ({"seed": "file"}, "unknown seed 'file'. Seeds: empty, demo, helpdesk or fleet:N (N up to 1000000)"),
        ({"seed_text": SMALL, "preset": "nonsense"}, "unknown preset 'nonsense'"),
        ({"seed_text": SMALL, "now": "9999-01-01T00:00:00Z"}, "the clock must be in the years 1990 to 2199"),
    ],
)
def test_a_wrong_reset_changes_nothing(client: Client, body: dict[str, object], told: str) -> None:
    client.settings(page_size=7)
    refused = client.http.post("/_emulator/reset", json=body)
    assert (refused.status_code, refused.json()["error"][: len(told)]) == (400, told)
    assert (client.control("GET", "settings")["page_size"], client.control("GET", "health")["devices"]) == (7, 40)


TESTS = """
from pathlib import Path
import pytest

@pytest.mark.intune_tenant(seed="seeds/small.yml")
def test_text(intune_tenant):
    assert [device["deviceName"] for device in intune_tenant.control.devices()] == ["ONLY"]
    assert intune_tenant.control.clock()["frozen"] is True

@pytest.mark.intune_tenant(seed=Path(__file__).parent / "seeds" / "small.yml", frozen=False, preset="slow")
def test_path(intune_tenant):
    assert intune_tenant.control.health()["devices"] == 1
    assert intune_tenant.control.clock()["frozen"] is False
    assert intune_tenant.control.settings()["latency"] == 0.5

def test_ini_file(intune_tenant):
    assert intune_tenant.control.health()["devices"] == 1

@pytest.mark.intune_tenant(seed="empty")
def test_name(intune_tenant):
    assert intune_tenant.control.health()["devices"] == 0

@pytest.mark.intune_tenant(seed="seeds/wrong.yml")
def test_wrong(intune_tenant):
    pass
"""


def test_the_pytest_plugin(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(("EMULATOR_", "INTUNE_"))]:
        monkeypatch.delenv(name)
    seeds = pytester.mkdir("seeds")
    (seeds / "small.yml").write_text(SMALL, encoding="utf-8")
    (seeds / "wrong.yml").write_text(WRONG, encoding="utf-8")
    # a relative path is below the folder of the ini file, regardless of pytest's working directory
    pytester.makeini("[pytest]\nintune_tenant_seed = seeds/small.yml\n")
    pytester.makepyfile(TESTS)
    monkeypatch.chdir(seeds)
    options = ("-p", "no:cacheprovider", "-p", "no:hypothesispytest", "--strict-markers")
    result = pytester.runpytest_subprocess(*options, "--rootdir", str(pytester.path), str(pytester.path), timeout=120)
    result.assert_outcomes(passed=4, errors=1)
    result.stdout.fnmatch_lines([f"*ControlError: POST reset: 400 *seeds/wrong.yml:{TOLD}*".replace("[", "[[]")])
