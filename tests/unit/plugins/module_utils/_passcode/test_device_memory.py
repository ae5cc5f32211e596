# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import errno
import os
import pathlib
import re
import stat
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._passcode import device_memory, lock_files
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.device_lock import DeviceLocks
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.journal_format import KnownReset, State
from tests.support.fakes import START
from tests.unit.plugins.module_utils._passcode.test_device_lock import A, B, devices, folder, has_description_locks, remove_files, umask

__all__ = ["folder"]
LINE = re.compile(r"[0-9a-f]{32} (intended|accepted|free) 20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")


def known(state: State, at: float) -> KnownReset:
    return KnownReset(state, at, at)


def remembered(folder: str, device: str, scope: str = "", *, check: bool = False) -> KnownReset | None:
    """Return the reset of a device that another task finds."""
    with DeviceLocks([folder], scope, check=check) as locks:
        assert locks.take(device)
        assert locks.warnings == []
        return locks.find_remembered(device)


def note(folder: str, *resets: tuple[str, State, float], scope: str = "") -> None:
    with DeviceLocks([folder], scope) as locks:
        for device, state, at in resets:
            assert locks.take(device)
            locks.remember([device], state, at)
        assert locks.warnings == []


def lines(folder: str) -> list[str]:
    return [line for path in sorted(pathlib.Path(folder).iterdir()) for line in path.read_text().split("\n") if line]


def file_of(folder: str, device: str) -> pathlib.Path:
    with DeviceLocks([folder]) as locks:
        return pathlib.Path(locks._folders[0]._locate(device)[0].path)


def lines_of(folder: str, device: str) -> list[bytes]:
    return [line for line in file_of(folder, device).read_bytes().split(b"\n") if line]


# --- stored data ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("check", [False, True], ids=["run", "check"])
def test_the_last_line_of_a_device_holds(folder: str, check: bool) -> None:
    note(folder, (A, "open", START), (B, "open", START + 1), (A, "accepted", START), (B, "free", START + 1), (B, "open", START + 9))
    assert remembered(folder, A.upper(), check=check) == known("accepted", START)
    assert remembered(folder, B, check=check) == known("open", START + 9)
    assert remembered(folder, devices(1)[0], check=check) is None


@pytest.mark.parametrize(
    ("later", "holds"),
    [
        pytest.param([("open", 60), ("free", 60)], ("accepted", 0), id="an attempt that did not run"),
        pytest.param([("open", 60), ("free", 60), ("open", 70), ("free", 70)], ("accepted", 0), id="two of them"),
        pytest.param([("open", 60), ("free", 60), ("free", 60)], ("accepted", 0), id="told twice"),
        pytest.param([("open", 60), ("open", 70), ("free", 70)], ("open", 60), id="after one that may have run"),
        pytest.param([("open", 60), ("accepted", 60), ("open", 70), ("free", 70)], ("accepted", 60), id="after one that ran"),
    ],
)
def test_an_attempt_that_did_not_run_takes_no_reset_before_it_back(
    folder: str, later: list[tuple[State, float]], holds: tuple[State, float]
) -> None:
    note(folder, (A, "open", START), (A, "accepted", START), *((A, state, START + at) for state, at in later))
    found = remembered(folder, A)
    assert found is not None and (found.state, found.intended_at) == (holds[0], START + holds[1])


def test_a_time_that_is_earlier_by_a_clock_that_was_set_holds_too(folder: str) -> None:
    note(folder, (A, "free", START), (A, "open", START - 3))
    assert remembered(folder, A) == known("open", START - 3)


def test_the_devices_of_another_service_are_others(folder: str) -> None:
    note(folder, (A, "open", START), scope="https://graph.microsoft.us")
    assert remembered(folder, A, "https://graph.microsoft.com") is None
    assert remembered(folder, A, "https://graph.microsoft.us") == known("open", START)


def test_a_device_is_learned_of_when_it_is_taken(folder: str) -> None:
    with DeviceLocks([folder]) as early:
        note(folder, (A, "open", START))
        assert early.take(A) and early.find_remembered(A) == known("open", START)


def test_the_files_say_no_more_than_that_and_are_private(folder: str) -> None:
    with umask(0):
        note(folder, (A, "open", START), (B, "accepted", START))
    assert all(LINE.fullmatch(line) for line in lines(folder)) and len(lines(folder)) == 2
    assert A[:8] not in "".join(lines(folder))
    assert {stat.S_IMODE(path.stat().st_mode) for path in pathlib.Path(folder).iterdir()} == {0o600}


def test_a_batch_is_one_write_a_file(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with DeviceLocks([folder]) as locks:
        chosen = devices(200)
        assert all(locks.take(device) for device in chosen)
        writes, really = list[int](), os.write
        monkeypatch.setattr(os, "write", lambda handle, content: (writes.append(handle), really(handle, content))[1])
        locks.remember(chosen, "open", START)
    assert len(writes) == len(set(writes)) == lock_files.FILES and len(lines(folder)) == 200


def test_who_does_not_hold_a_device_writes_nothing_of_it(folder: str) -> None:
    with DeviceLocks([folder]) as one, DeviceLocks([folder]) as other:
        assert one.take(A) and one.take(B)
        other.remember([A], "free", START)
        one.release(B)
        one.remember([B], "free", START)
    assert lines(folder) == []


def test_folders_that_differ_tell_the_newest(tmp_path: pathlib.Path) -> None:
    folders = [str(tmp_path / name) for name in ("temporary", "runtime")]
    for path in folders:
        os.mkdir(path)
    note(folders[0], (A, "accepted", START), (B, "open", START))
    note(folders[1], (A, "open", START + 9), (B, "free", START))
    with DeviceLocks(folders) as locks:
        assert locks.take(A) and locks.take(B)
        assert [locks.find_remembered(device) for device in (A, B)] == [known("open", START + 9), known("free", START)]
        locks.remember([A], "accepted", START + 9)
    assert {remembered(path, A) for path in folders} == {known("accepted", START + 9)}


def test_without_a_folder_nothing_is_remembered() -> None:
    with DeviceLocks() as locks:
        assert locks.take(A)
        locks.remember([A], "open", START)
        assert locks.find_remembered(A) is None and locks.warnings == []


# --- check mode -----------------------------------------------------------------------------------------------------


def test_check_mode_locks_and_writes_nothing(folder: str) -> None:
    note(folder, (A, "open", START))
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in pathlib.Path(folder).iterdir()}
    with DeviceLocks([folder]) as one, DeviceLocks([folder], check=True) as check:
        assert one.take(A)
        times = {path: path.stat().st_mtime_ns for path in before}
        assert check.take(A) and check.find_remembered(A) == known("open", START)
        check.remember([A], "free", START)
        check.release(A)
        assert {path: path.stat().st_mtime_ns for path in before} == times
    assert {path: path.read_bytes() for path in pathlib.Path(folder).iterdir()} == {
        path: content for path, (content, _mode) in before.items()
    }


def test_check_mode_makes_no_file(folder: str) -> None:
    assert remembered(folder, A, check=True) is None and os.listdir(folder) == []


# --- unusable data --------------------------------------------------------------------------------------------------

FOREIGN = [
    b"garbage\n",
    b"\x00\xff" * 5000 + b"\n",
    b'{"event": "intent"}\n',
    b"0" * 32 + b" intended 2026-99-31T08:00:00.000Z\n",
    b"0" * 32 + b" done 2026-01-31T08:00:00.000Z\n",
    b"\r\n",
]


@pytest.mark.parametrize("content", FOREIGN, ids=range(len(FOREIGN)))
@pytest.mark.parametrize("place", ["before", "after", "in between"])
def test_damaged_lines_are_told_once_and_the_others_hold(folder: str, content: bytes, place: str) -> None:
    note(folder, (A, "open", START), (B, "accepted", START))
    path = file_of(folder, A)
    sound = path.read_bytes()
    path.write_bytes({"before": content + sound, "after": sound + content, "in between": sound[:40] + b"\n" + content + sound[40:]}[place])
    with DeviceLocks([folder]) as locks:
        assert locks.take(A) and locks.take(B)
        assert locks.find_remembered(A) == (None if place == "in between" else known("open", START))
        assert locks.find_remembered(B) == known("accepted", START)
        locks.remember([A], "open", START + 5)
    (text,) = locks.warnings
    assert f"in '{path}' cannot be used completely" in text and "of its lines are damaged" in text and "can reset the device again" in text
    # The damaged lines are gone once no other process uses the file.
    found = remembered(folder, A)
    assert found is not None and dataclasses.replace(found, previous=None) == known("open", START + 5)


def test_a_line_that_a_killed_process_left_half_is_no_part_of_the_next_one(folder: str) -> None:
    note(folder, (A, "open", START))
    path = file_of(folder, A)
    with path.open("ab") as file:
        file.write(b"0123456789abcdef0123 inten")
    with DeviceLocks([folder]) as locks:
        assert locks.take(A) and locks.find_remembered(A) == known("open", START)
        locks.remember([A], "accepted", START)
    with DeviceLocks([folder]) as after:
        assert after.take(A) and after.find_remembered(A) == known("accepted", START)
    assert locks.warnings == []


@pytest.mark.parametrize("size", [device_memory.LARGEST + 1, 2**40])
def test_a_file_without_an_end_is_told_once_and_not_read(folder: str, size: int) -> None:
    note(folder, (A, "open", START))
    path = file_of(folder, A)
    os.truncate(path, size)
    with DeviceLocks([folder]) as locks:
        assert locks.take(A) and locks.find_remembered(A) is None
    (text,) = locks.warnings
    assert f"'{path}'" in text and "more than 16777216 bytes" in text and "remove that file while no task runs" in text
    assert path.stat().st_size > device_memory.LARGEST
    path.unlink()


def test_a_file_that_was_emptied_is_read_again(folder: str) -> None:
    with DeviceLocks([folder]) as locks:
        note(folder, (A, "open", START), (A, "accepted", START))
        assert locks.take(A)
        locks.release(A)
        os.truncate(file_of(folder, A), 0)
        note(folder, (A, "open", START + 60))
        assert locks.take(A) and (found := locks.find_remembered(A)) is not None
        assert (found.state, found.intended_at) == ("open", START + 60)


@pytest.mark.parametrize("place", ["read", "write", "short"])
def test_what_the_system_refuses_is_told_once_and_the_locks_stay(folder: str, monkeypatch: pytest.MonkeyPatch, place: str) -> None:
    def refuse(*_args: object) -> t.NoReturn:
        raise OSError(errno.EIO, "Input/output error")

    note(folder, (A, "open", START), (B, "open", START))
    with monkeypatch.context() as patch, DeviceLocks([folder]) as locks:
        if place == "short":
            patch.setattr(os, "write", lambda handle, content: len(content) - 1)
        else:
            patch.setattr(os, "pread" if place == "read" else "write", refuse)
        for device in (A, B, A):
            assert locks.take(device)
            locks.remember([device], "open", START + 9)
            locks.find_remembered(device)
        with DeviceLocks([folder]) as other:
            assert not other.take(A)
    (text,) = locks.warnings
    assert f"in '{folder}/devices-" in text and {"short": "a part of the data"}.get(place, "Input/output error") in text


def test_a_task_for_one_device_reads_the_file_of_that_one_alone(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    note(folder, *((device, "accepted", START) for device in devices(200)))
    taken, take = list[bytes](), device_memory.ResetMemory._take
    monkeypatch.setattr(device_memory.ResetMemory, "_take", lambda self, line: taken.append(line) or take(self, line))
    with DeviceLocks([folder]) as locks:
        assert locks.take(A) and locks.find_remembered(A) is None
    assert taken == lines_of(folder, A) and 0 < len(taken) < 40


# --- tidying --------------------------------------------------------------------------------------------------------


def fill(folder: str, device: str) -> None:
    """Make the file of a device large enough to be compacted."""
    path, line = file_of(folder, device), lines_of(folder, device)[-1]
    with path.open("ab") as file:
        file.write((line + b"\n") * (device_memory.TIDY_FROM // len(line)))


def test_a_large_file_is_made_again_with_one_line_a_device(folder: str) -> None:
    same = [device for device in devices(400) if file_of_number(device) == file_of_number(A)]
    note(folder, *((device, "accepted", START + number) for number, device in enumerate([*same, A])))
    fill(folder, A)
    with DeviceLocks([folder]) as locks:
        assert locks.take(A) and len(lines_of(folder, A)) == len(same) + 1
        for number, device in enumerate([*same, A]):
            assert locks.take(device) and locks.find_remembered(device) == known("accepted", START + number)
    assert sorted(os.listdir(folder)) == sorted(f"devices-{number:x}.lock" for number in range(16))
    assert file_of(folder, A).stat().st_mode & 0o777 == 0o600


def file_of_number(device: str) -> str:
    return lock_files.LockFolder("/nowhere", lambda path, reason: None)._locate(device)[0].path


@has_description_locks
def test_a_file_that_another_task_uses_stays_as_it_is(folder: str) -> None:
    with DeviceLocks([folder]) as other:
        assert other.take(A)
        other.remember([A], "accepted", START)
        fill(folder, A)
        size = file_of(folder, A).stat().st_size
        with DeviceLocks([folder]) as locks:
            assert not locks.take(A) and file_of(folder, A).stat().st_size == size


@has_description_locks
def test_who_has_the_old_file_takes_devices_in_the_new_one(folder: str) -> None:
    with DeviceLocks([folder]) as early:
        note(folder, (A, "open", START))
        fill(folder, A)
        with DeviceLocks([folder]) as tidying:
            assert tidying.take(A) and len(lines_of(folder, A)) == 1
            tidying.remember([A], "accepted", START)
            assert not early.take(A)
            tidying.release(A)
            assert early.take(A) and early.find_remembered(A) == known("accepted", START)


@has_description_locks
def test_a_file_that_is_replaced_at_the_moment_of_the_lock_is_noticed(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    note(folder, (A, "open", START))
    with DeviceLocks([folder]) as early:
        really, tidied = lock_files.LockFolder._lock, list[DeviceLocks]()

        def lock(self: lock_files.LockFolder, file: lock_files.LockFile, place: int) -> bool:
            if not tidied:
                fill(folder, A)
                tidied.append(DeviceLocks([folder]))
                tidied[0].open()
                assert tidied[0].take(A)
            return really(self, file, place)

        monkeypatch.setattr(lock_files.LockFolder, "_lock", lock)
        tidied.clear()
        assert not early.take(A), "the other process holds it in the new file"
        tidied[0].close()


@pytest.mark.parametrize("failing", ["rename", "unlink"])
def test_where_it_cannot_be_tidied_the_file_stays_as_it_is(folder: str, monkeypatch: pytest.MonkeyPatch, failing: str) -> None:
    def refuse(*_args: object) -> t.NoReturn:
        raise OSError(errno.EPERM, "Operation not permitted")

    note(folder, (A, "open", START))
    fill(folder, A)
    monkeypatch.setattr(os, failing, refuse)
    with DeviceLocks([folder]) as locks, DeviceLocks([folder]) as other:
        assert locks.take(A) and locks.find_remembered(A) == known("open", START) and not other.take(A) and other.take(B)
    assert locks.warnings == [] and len(lines_of(folder, A)) > 500


def test_what_a_killed_process_left_while_it_tidied_is_in_nobodys_way(folder: str) -> None:
    note(folder, (A, "open", START))
    fill(folder, A)
    left = pathlib.Path(folder, os.path.basename(file_of_number(A)) + ".new")
    left.write_bytes(b"half a li")
    with DeviceLocks([folder]) as locks:
        assert locks.take(A) and locks.find_remembered(A) == known("open", START)
    assert not left.exists() and len(lines_of(folder, A)) == 1


# --- files that are removed -----------------------------------------------------------------------------------------


def test_what_is_known_goes_into_a_file_that_is_made_again(folder: str) -> None:
    note(folder, (A, "open", START), (B, "open", START))
    with DeviceLocks([folder]) as locks:
        assert locks.take(A) and locks.take(B)
        locks.remember([A], "accepted", START)
        locks.release(A)
        locks.release(B)
        assert locks.take(A)
        locks.release(A)
        remove_files(folder)
        assert locks.take(A) and locks.take(B)
    assert remembered(folder, A) == known("accepted", START) and remembered(folder, B) == known("open", START)
