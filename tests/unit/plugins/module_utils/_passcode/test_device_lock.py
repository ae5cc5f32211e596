# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import collections
import contextlib
import errno
import fcntl
import multiprocessing
import os
import pathlib
import signal
import stat
import typing as t
import uuid

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import lock_files
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.device_lock import DeviceLocks
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.lock_folder import find_folders

A, B = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
FORK = multiprocessing.get_context("fork")
has_description_locks = pytest.mark.skipif(lock_files.OFD_SETLK is None, reason="this platform has no locks of file descriptions")


def devices(number: int) -> list[str]:
    return [str(uuid.UUID(int=index)) for index in range(number)]


def mode_of(path: pathlib.Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@contextlib.contextmanager
def umask(value: int) -> t.Iterator[None]:
    before = os.umask(value)
    try:
        yield
    finally:
        os.umask(before)


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> str:
    path = tmp_path / "locks"
    path.mkdir(0o700)
    return str(path)


# --- devices --------------------------------------------------------------------------------------------------------


@has_description_locks
def test_a_device_is_taken_once_until_it_is_released(folder: str) -> None:
    with DeviceLocks([folder]) as one, DeviceLocks([folder]) as other:
        assert one.take(A) and one.take(A)
        assert [other.take(A), other.take(A.upper()), other.take(B)] == [False, False, True]
        one.release(A.upper())
        one.release(A)
        assert other.take(A) and not one.take(A) and not one.take(B)
        other.release(B)
        assert one.take(B)
    assert one.warnings == other.warnings == []


@has_description_locks
def test_who_is_refused_a_device_does_not_release_it(folder: str) -> None:
    with DeviceLocks([folder]) as one, DeviceLocks([folder]) as other, DeviceLocks([folder]) as third:
        assert one.take(A) and not other.take(A)
        other.release(A)
        assert not third.take(A)


@has_description_locks
@pytest.mark.parametrize("end", ["close", "failure"])
def test_the_end_of_a_task_releases_all(folder: str, end: str) -> None:
    with DeviceLocks([folder]) as other:
        with contextlib.suppress(KeyError), DeviceLocks([folder]) as one:
            assert all(one.take(device) for device in devices(100))
            assert not any(other.take(device) for device in devices(100))
            if end == "failure":
                raise KeyError
        assert all(other.take(device) for device in devices(100))


def test_without_a_folder_everything_can_be_taken_and_nothing_is_written(tmp_path: pathlib.Path) -> None:
    with DeviceLocks() as one, DeviceLocks() as other:
        assert one.take(A) and other.take(A)
        one.release(A)
    assert list(tmp_path.iterdir()) == [] and one.warnings == []


@has_description_locks
def test_tasks_meet_in_the_folder_that_they_have_in_common(tmp_path: pathlib.Path) -> None:
    session, temporary, other = (str(tmp_path / name) for name in ("session", "temporary", "other"))
    for path in (session, temporary, other):
        os.mkdir(path)
    with DeviceLocks([temporary]) as service, DeviceLocks([temporary, session]) as one, DeviceLocks([other, session]) as two:
        assert one.take(B) and not two.take(B) and not service.take(B)
        # A task that is refused in the second folder keeps no lock in the first.
        assert two.take(A) and not one.take(A)
        assert service.take(A) and not one.take(A)
        two.release(A)
        assert not one.take(A)
        service.release(A)
        assert one.take(A.upper()) and not two.take(A)


@has_description_locks
def test_no_two_of_many_devices_are_taken_for_the_same(folder: str) -> None:
    number = 3000
    with DeviceLocks([folder]) as one, DeviceLocks([folder]) as other:
        assert all(one.take(device) for device in devices(number)[::2])
        taken = [other.take(device) for device in devices(number)]
    assert taken == [False, True] * (number // 2)


def test_the_files_have_about_the_same_number_of_locks_each() -> None:
    """The time for a lock grows with the number of locks in its file."""
    subject = lock_files.LockFolder("/nowhere", lambda path, reason: None)
    found = collections.Counter(subject._locate(device)[0].path for device in devices(16_000))
    assert len(found) == 16 and max(found.values()) < 1200
    places = {subject._locate(device)[1] for device in devices(16_000)}
    assert len(places) == 16_000 and min(places) >= 0 and max(places) < 2**62


# --- processes ------------------------------------------------------------------------------------------------------


def hold(folder: str, ready: t.Any) -> None:
    with DeviceLocks([folder]) as locks:
        ready.send(locks.take(A))
        signal.pause()


@contextlib.contextmanager
def holder(folder: str) -> t.Iterator[t.Any]:
    """Run a process that holds a device."""
    ours, theirs = FORK.Pipe()
    process = FORK.Process(target=hold, args=(folder, theirs))
    process.start()
    # Close our copy of its end, so that a dead child causes an end of file instead of an endless wait.
    theirs.close()
    try:
        assert ours.recv() is True
        yield process
    finally:
        process.kill()
        process.join()
        ours.close()


KINDS = pytest.mark.parametrize("kind", [pytest.param("description", marks=has_description_locks), "process"])


def use_kind(monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    """Limit a platform to the older kind of locks."""
    if kind == "process":
        monkeypatch.setattr(lock_files, "OFD_SETLK", None)


@KINDS
def test_a_killed_process_holds_nothing(folder: str, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    use_kind(monkeypatch, kind)
    with holder(folder) as process, DeviceLocks([folder]) as locks:
        assert not locks.take(A) and locks.take(B)
        os.kill(process.pid, signal.SIGKILL)
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert locks.take(A)


def race(folder: str, done: pathlib.Path, start: t.Any, result: t.Any) -> None:
    """Do something at most once for each device under its lock: do it unless it is done already."""
    mine = []
    with DeviceLocks([folder]) as locks:
        start.wait()
        left = collections.deque(devices(150))
        while left:
            device = left.popleft()
            if not locks.take(device):
                left.append(device)
                continue
            if not (done / device).exists():
                # The others get every chance to check before it exists.
                os.sched_yield()
                (done / device).touch()
                mine.append(device)
            locks.release(device)
    result.send(mine)


@KINDS
def test_case_12_of_several_processes_one_gets_each_device(
    folder: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    use_kind(monkeypatch, kind)
    done, start = tmp_path / "done", FORK.Barrier(4)
    done.mkdir()
    pipes = [FORK.Pipe() for _number in range(4)]
    processes = [FORK.Process(target=race, args=(folder, done, start, theirs)) for _ours, theirs in pipes]
    for process in processes:
        process.start()
    for _ours, theirs in pipes:
        theirs.close()
    found = [device for ours, _theirs in pipes for device in ours.recv()]
    for process in processes:
        process.join()
    assert sorted(found) == devices(150), "each once"


def test_a_program_that_the_task_starts_does_not_keep_the_locks(folder: str) -> None:
    with DeviceLocks([folder]) as locks:
        handles = [file.handle for file in locks._folders[0]._files]
        assert len(handles) == 16 and not any(os.get_inheritable(handle) for handle in handles)


# --- platforms and file systems without such locks ------------------------------------------------------------------


def no_description_locks(*_args: object) -> t.NoReturn:
    raise OSError(errno.EINVAL, "Invalid argument")


def test_a_file_system_that_knows_the_older_kind_alone_is_locked_with_it(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock_files, "OFD_SETLK", 37)
    monkeypatch.setattr(fcntl, "fcntl", no_description_locks)
    with holder(folder), DeviceLocks([folder]) as locks:
        assert not locks.take(A) and locks.take(B)
        locks.release(B)
    assert locks.warnings == []


@pytest.mark.parametrize("reason", [errno.ENOLCK, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP])
@pytest.mark.parametrize("kind", ["description", "process"])
def test_a_file_system_without_locks_is_told_once_and_the_task_goes_on(
    folder: str, monkeypatch: pytest.MonkeyPatch, reason: int, kind: str
) -> None:
    def refuse(*_args: object) -> t.NoReturn:
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(lock_files, "OFD_SETLK", 37 if kind == "description" else None)
    monkeypatch.setattr(fcntl, "fcntl", refuse)
    monkeypatch.setattr(fcntl, "lockf", refuse)
    with DeviceLocks([folder]) as locks:
        assert [locks.take(device) for device in (A, B, A)] == [True, True, True]
        locks.release(A)
    (warning,) = locks.warnings
    assert f"cannot be locked in '{folder}': {os.strerror(reason)}. Another task on this machine can reset the same devices" in warning


@has_description_locks
def test_a_folder_without_locks_does_not_keep_the_other_from_being_used(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders = [str(tmp_path / name) for name in ("bad", "good")]
    for path in folders:
        os.mkdir(path)
    with DeviceLocks(folders) as one, DeviceLocks(folders[1:]) as other:
        bad = {file.handle for file in one._folders[0]._files}
        really = fcntl.fcntl

        def refuse_some(handle: int, *rest: t.Any) -> t.Any:
            if handle in bad:
                raise OSError(errno.ENOLCK, "No locks available")
            return really(handle, *rest)

        monkeypatch.setattr(fcntl, "fcntl", refuse_some)
        assert one.take(A) and not other.take(A)
        # Handles are reused.
        bad.clear()
        one.release(A)
        assert other.take(A) and len(one.warnings) == 1


@has_description_locks
def test_a_lock_that_cannot_be_released_is_told(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: t.Any) -> t.NoReturn:
        raise OSError(errno.ENOLCK, "No locks available")

    with DeviceLocks([folder]) as one, DeviceLocks([folder]) as other:
        assert one.take(A)
        monkeypatch.setattr(fcntl, "fcntl", refuse)
        one.release(A)
        monkeypatch.undo()
        assert len(one.warnings) == 1 and other.take(A)


# --- files that are removed -----------------------------------------------------------------------------------------


def remove_files(folder: str) -> None:
    for path in pathlib.Path(folder).iterdir():
        path.unlink()


@has_description_locks
def test_files_that_were_removed_meanwhile_are_made_again_with_all_that_is_held(folder: str) -> None:
    every = devices(400)
    with DeviceLocks([folder]) as one:
        assert all(one.take(device) for device in every[:32])
        remove_files(folder)
        # One of each file: the task does not check before that.
        assert all(one.take(device) for device in every[32:])
        with DeviceLocks([folder]) as other:
            assert not any(other.take(device) for device in every)
            for device in every:
                one.release(device)
            assert all(other.take(device) for device in every)
    assert one.warnings == []


@has_description_locks
def test_what_another_process_took_in_a_new_file_is_its_own(folder: str) -> None:
    with DeviceLocks([folder]) as one:
        assert one.take(A)
        remove_files(folder)
        with DeviceLocks([folder]) as other:
            assert other.take(A)
            assert all(one.take(device) for device in devices(400))
            one.release(A)
            with DeviceLocks([folder]) as third:
                assert not third.take(A)


def test_a_folder_that_is_gone_is_told_and_the_task_goes_on(folder: str) -> None:
    with DeviceLocks([folder]) as locks:
        remove_files(folder)
        os.rmdir(folder)
        assert locks.take(A) and locks.take(B)
    assert len(locks.warnings) == 1 and "No such file" in locks.warnings[0]


def test_files_that_exist_count_as_used_today(folder: str) -> None:
    """Otherwise, cleaners of temporary folders would remove them during a run."""
    DeviceLocks([folder]).open()
    for path in pathlib.Path(folder).iterdir():
        os.utime(path, (0, 0))
    with DeviceLocks([folder]):
        assert all(path.stat().st_mtime > 1e9 for path in pathlib.Path(folder).iterdir())


# --- the folder of the option ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("folder_mode", "file_mode"), [(0o700, 0o600), (0o755, 0o600), (0o770, 0o660), (0o2775, 0o660), (0o1777, 0o666), (0o1733, 0o666)]
)
@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_who_can_write_to_a_folder_shares_its_locks(folder: str, folder_mode: int, file_mode: int, mask: int) -> None:
    os.chmod(folder, folder_mode)
    with umask(mask):
        assert find_folders(folder, {"XDG_RUNTIME_DIR": "/nowhere"}) == [folder]
        with DeviceLocks([folder]):
            pass
    assert {mode_of(path) for path in pathlib.Path(folder).iterdir()} == {file_mode}


@pytest.mark.parametrize(("mode", "changes"), [(0o770, True), (0o755, False), (0o1777, False), (0o1733, False)])
def test_a_new_file_gets_the_group_of_a_folder_that_the_group_can_write_to(
    folder: str, monkeypatch: pytest.MonkeyPatch, mode: int, changes: bool
) -> None:
    os.chmod(folder, mode)
    really, given = os.stat, list[tuple[int, int]]()

    def of_group(path: t.Any, **options: t.Any) -> os.stat_result:
        found = really(path, **options)
        return os.stat_result((*found[:5], 4711, *found[6:])) if path == folder else found

    monkeypatch.setattr(os, "stat", of_group)
    monkeypatch.setattr(os, "fchown", lambda _handle, user, group: given.append((user, group)))
    with DeviceLocks([folder]):
        pass
    assert given == [(-1, 4711)] * 16 * changes


def test_a_file_that_cannot_be_shared_is_not_left_behind(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: t.Any) -> t.NoReturn:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "fchmod", refuse)
    with pytest.raises(errors.InvalidOptionError, match="Operation not permitted"), DeviceLocks([folder]):
        pass
    assert os.listdir(folder) == []


def test_a_file_of_another_user_is_opened_without_the_flag_that_linux_refuses(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with DeviceLocks([folder]):
        pass
    really, flags = os.open, list[int]()

    def noting(path: str, flag: int, mode: int = 0o777) -> int:
        flags.append(flag)
        return really(path, flag, mode)

    monkeypatch.setattr(os, "open", noting)
    with DeviceLocks([folder]):
        pass
    assert len(flags) == 16 and not any(flag & os.O_CREAT for flag in flags)


def test_a_file_that_another_process_makes_at_the_same_moment_is_used(folder: str, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.open

    def late(path: str, flag: int, mode: int = 0o777) -> int:
        if flag & os.O_CREAT:
            os.close(really(path, flag, mode))
        return really(path, flag, mode)

    monkeypatch.setattr(os, "open", late)
    with DeviceLocks([folder]) as locks:
        assert locks.take(A)


@pytest.mark.parametrize(
    "make",
    [
        pytest.param(lambda path: path.symlink_to("/dev/null"), id="link"),
        pytest.param(lambda path: path.mkdir(), id="folder"),
        pytest.param(lambda path: os.mkfifo(path, 0o600), id="pipe"),
    ],
)
def test_what_is_not_a_file_is_refused_and_nothing_stays_open(folder: str, make: t.Callable[[pathlib.Path], None]) -> None:
    make(pathlib.Path(folder) / "devices-7.lock")
    before = len(os.listdir("/dev/fd"))
    with pytest.raises(errors.InvalidOptionError, match="lock_directory '.*devices-7.lock' cannot be used: "):
        DeviceLocks([folder]).open()
    assert len(os.listdir("/dev/fd")) == before


def test_a_task_closes_its_files(folder: str) -> None:
    before = len(os.listdir("/dev/fd"))
    with DeviceLocks([folder]) as locks:
        locks.take(A)
        remove_files(folder)
        locks.take(B)
    locks.close()
    assert len(os.listdir("/dev/fd")) == before
