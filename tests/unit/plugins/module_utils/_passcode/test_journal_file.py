# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import contextlib
import errno
import fcntl
import itertools
import json
import multiprocessing
import os
import pathlib
import shlex
import signal
import stat
import tracemalloc
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import journal_file, journal_format
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.journal_file import Journal
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.journal_format import BegunRun, History, KnownReset
from tests.support.fakes import GRAPH, START, TENANT_ID, FakeClock

A, B = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
HEADER = journal_format.render_header(START, TENANT_ID, GRAPH)
OPTIONS = {"match_by": "auto"}

Use = t.Callable[[Journal], t.Any]


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "journal"


def journal(path: object, clock: FakeClock | None = None) -> Journal:
    return Journal(str(path), (clock or FakeClock()).now)


def opened(path: object) -> Journal:
    subject = journal(path)
    subject.open(TENANT_ID, GRAPH)
    return subject


def past(path: object) -> History:
    with journal(path) as subject:
        return subject.open(TENANT_ID, GRAPH)


def peeked(path: object) -> History:
    return journal(path).peek(TENANT_ID, GRAPH)


def lines(path: pathlib.Path) -> list[dict[str, t.Any]]:
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def begin(journal: Journal, since: float = START) -> None:
    journal.begin("run-1", since, [B, A], OPTIONS)


def end(journal: Journal) -> None:
    journal.settle({"run-1": ()})


def intent(journal: Journal, *names: str | None) -> None:
    journal.intent([(device, name, f"request-{number}") for number, (device, name) in enumerate(zip((A, B), names, strict=False))])


def private(path: pathlib.Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the calls that write, in their order, separately for the fsync of a folder and of a file."""
    made: list[str] = []
    real = {name: getattr(os, name) for name in ("write", "fsync", "ftruncate")}

    def note(name: str) -> t.Callable[..., t.Any]:
        def call(handle: int, *rest: t.Any) -> t.Any:
            made.append(name + " folder" * stat.S_ISDIR(os.fstat(handle).st_mode))
            return real[name](handle, *rest)

        return call

    for name in real:
        monkeypatch.setattr(os, name, note(name))
    return made


# --- written lines --------------------------------------------------------------------------------------------------


def test_every_line_is_what_its_event_says(path: pathlib.Path, clock: FakeClock) -> None:
    subject = journal(path, clock)
    assert subject.open(TENANT_ID, GRAPH) == History()
    steps: list[Use] = [
        lambda journal: begin(journal, START - 900.5),
        lambda journal: intent(journal, "Büro 1", None),
        lambda journal: journal.write("accepted", A, None),
        lambda journal: journal.write("refused", B, "429: slow\ndown"),
        lambda journal: journal.write("lost", B, "no answer"),
        lambda journal: journal.write("settled", B, None),
        lambda journal: journal.outcome([(A, "done"), (B, "not_attempted")]),
        lambda journal: journal.settle({"run-1": {B}}),
        end,
    ]
    for step in steps:
        clock.sleep(1)
        step(subject)
    at = [f"2026-01-05T10:00:0{second}.000Z" for second in range(10)]
    header = {"time": at[0], "event": "journal", "format": journal_format.FORMAT, "version": 2, "tenant": TENANT_ID, "graph": GRAPH}
    assert lines(path) == [
        header,
        {
            **{"time": at[1], "event": "begin", "run": "run-1", "since": "2026-01-05T09:44:59.500Z"},
            **{"ids": [A, B], "options": OPTIONS},
        },
        {"time": at[2], "event": "intent", "device": A, "name": "Büro 1", "request": "request-0"},
        {"time": at[2], "event": "intent", "device": B, "name": None, "request": "request-1"},
        {"time": at[3], "event": "accepted", "device": A},
        {"time": at[4], "event": "refused", "device": B, "reason": "429: slow\ndown"},
        {"time": at[5], "event": "lost", "device": B, "reason": "no answer"},
        {"time": at[6], "event": "settled", "device": B, "ran": False},
        {"time": at[7], "event": "outcome", "device": A, "status": "done"},
        {"time": at[7], "event": "outcome", "device": B, "status": "not_attempted"},
        {"time": at[8], "event": "remaining", "run": "run-1", "ids": [B]},
        {"time": at[9], "event": "end", "run": "run-1"},
    ]
    subject.close()
    found = past(path)
    assert found.resets == {
        A: KnownReset("accepted", START + 2, START + 7, None, "done"),
        B: KnownReset("free", START + 2, START + 7, None, "not_attempted"),
    }
    assert (found.tenant, found.graph, found.runs) == (TENANT_ID, GRAPH, {})
    assert found.size == path.stat().st_size


def test_the_next_run_finds_what_an_unfinished_one_left_and_adds_to_it(path: pathlib.Path) -> None:
    with opened(path) as first:
        begin(first, START - 900)
        intent(first, "PC-1")
    before = path.read_bytes()
    with journal(path) as second:
        found = second.open(TENANT_ID, GRAPH)
        second.write("settled", A, True)
    assert found.runs == {"run-1": BegunRun("run-1", START, START - 900, frozenset({A, B}), frozenset({A, B}), OPTIONS)}
    assert found.resets[A].state == "open"
    assert path.read_bytes().startswith(before)
    assert past(path).resets[A].state == "accepted"


@pytest.mark.parametrize(
    ("use", "expected"),
    [
        pytest.param(lambda journal: intent(journal, "1", "2"), ["write", "fsync"], id="intent"),
        pytest.param(begin, ["write", "fsync"], id="begin"),
        pytest.param(end, ["write", "fsync"], id="end"),
        pytest.param(lambda journal: journal.settle({"1": (), "2": {B}}), ["write", "fsync"], id="the ends of several runs"),
        pytest.param(lambda journal: journal.settle({}), [], id="the end of none"),
        pytest.param(lambda journal: journal.write("accepted", A, None), ["write"], id="accepted"),
        pytest.param(lambda journal: journal.write("refused", A, ""), ["write"], id="refused"),
        pytest.param(lambda journal: journal.write("lost", A, ""), ["write"], id="lost"),
        pytest.param(lambda journal: journal.write("settled", A, True), ["write"], id="settled"),
        pytest.param(lambda journal: journal.outcome([(A, "done"), (B, "done")]), ["write"], id="outcome"),
        pytest.param(lambda journal: journal.intent([]), [], id="intent of none"),
        pytest.param(lambda journal: journal.outcome(iter(())), [], id="outcome of none"),
    ],
)
def test_many_devices_are_one_write_and_at_most_one_sync(path: pathlib.Path, calls: list[str], use: Use, expected: list[str]) -> None:
    with opened(path) as subject:
        calls.clear()
        use(subject)
        assert calls == expected


def test_a_new_file_is_safe_in_its_folder_before_anything_is_in_it(path: pathlib.Path, calls: list[str]) -> None:
    opened(path).close()
    assert calls == ["fsync folder", "write", "fsync"]


def test_a_file_that_is_whole_is_opened_without_a_write(path: pathlib.Path, calls: list[str]) -> None:
    opened(path).close()
    calls.clear()
    opened(path).close()
    assert calls == []


def test_a_long_reason_is_cut(path: pathlib.Path) -> None:
    with opened(path) as subject:
        subject.write("refused", A, "x" * 5000)
        subject.write("lost", A, "x" * 5000)
    assert [len(line["reason"]) for line in lines(path)[1:]] == [1000, 1000]


def test_a_name_that_is_not_unicode_is_written_anyway(path: pathlib.Path) -> None:
    with opened(path) as subject:
        intent(subject, "PC\ud800")
    assert lines(path)[1]["name"] == "PC\ud800"
    assert A in past(path).resets


def test_a_path_of_the_home_folder_is_expanded(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    opened("~/journal").close()
    assert (tmp_path / "journal").exists()
    assert peeked("~/journal").graph == GRAPH


def test_a_path_without_a_folder_is_of_the_current_one(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    opened("journal").close()
    assert (tmp_path / "journal").read_bytes() == HEADER


@pytest.mark.parametrize("path", [None, ""])
def test_without_a_path_nothing_is_kept(
    path: str | None, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, calls: list[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with Journal(path, FakeClock().now) as subject:
        assert subject.open(TENANT_ID, GRAPH) == subject.peek(TENANT_ID, GRAPH) == History()
        begin(subject)
        intent(subject, "PC-1")
        subject.write("accepted", A, None)
        end(subject)
    assert calls == [] and list(tmp_path.iterdir()) == []


# --- a crash --------------------------------------------------------------------------------------------------------


def test_a_journal_cut_off_anywhere_is_continued(path: pathlib.Path) -> None:
    with opened(path) as subject:
        begin(subject)
        intent(subject, "Büro 1")
        subject.write("accepted", A, None)
    content = path.read_bytes()
    for length in range(len(content) + 1):
        private(path, content[:length])
        whole = content[: content.rfind(b"\n", 0, length) + 1]
        expected = journal_format.parse_lines(whole.splitlines(keepends=True), str(path))
        assert peeked(path) == expected and path.read_bytes() == content[:length]
        with journal(path) as subject:
            assert subject.open(TENANT_ID, GRAPH) == expected
            subject.intent([(B, "PC-2", "request-2")])
        added = journal_format.render_line("intent", START, device=B, name="PC-2", request="request-2")
        assert path.read_bytes() == (whole or HEADER) + added, length


def test_damage_is_refused_and_left_as_it_is(path: pathlib.Path) -> None:
    content = HEADER + b"garbage\n" + b'{"torn'
    private(path, content)
    for look in (past, peeked):
        with pytest.raises(errors.InvalidOptionError, match=f"journal_path '{path}' .* line 2: it is not JSON"):
            look(path)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "content", [b"key: value", b"key: value\n", b"{}", b"\0" * 5_000_000], ids=["text", "line", "object", "disk image"]
)
def test_a_file_of_somebody_else_is_refused_and_left_as_it_is(path: pathlib.Path, content: bytes) -> None:
    private(path, content)
    for look in (past, peeked):
        with pytest.raises(errors.InvalidOptionError, match="line 1: "):
            look(path)
    assert path.read_bytes() == content


def test_a_refused_journal_is_not_locked_any_more(path: pathlib.Path) -> None:
    private(path, b"garbage\n")
    subject = journal(path)
    with pytest.raises(errors.InvalidOptionError, match="not JSON"):
        subject.open(TENANT_ID, GRAPH)
    path.write_bytes(b"")
    assert past(path) == History()


def test_a_journal_of_another_tenant_is_refused_and_left_as_it_is(path: pathlib.Path) -> None:
    content = HEADER + b'{"torn'
    private(path, content)
    for look in (journal(path).open, journal(path).peek):
        with pytest.raises(errors.InvalidOptionError, match="is of the tenant"):
            look(A, GRAPH)
        with pytest.raises(errors.InvalidOptionError, match=r"graph\.other"):
            look(None, "https://graph.other")
    assert path.read_bytes() == content


# --- two processes --------------------------------------------------------------------------------------------------


def hold(path: pathlib.Path, pipe: t.Any) -> None:
    """Run in a separate process: write one intent, then wait for a signal or a kill."""
    subject = opened(path)
    begin(subject, START - 900)
    intent(subject, "PC-1")
    pipe.send("written")
    pipe.recv()


@pytest.fixture
def run(path: pathlib.Path) -> t.Iterator[t.Any]:
    """Run a process that has the journal open, with an intent in it."""
    context = multiprocessing.get_context("fork")
    ours, theirs = context.Pipe()
    process = context.Process(target=hold, args=(path, theirs))
    process.start()
    # Close our copy of its end, so that a dead child causes an end of file instead of an endless wait.
    theirs.close()
    try:
        assert ours.recv() == "written"
        yield process
    finally:
        process.kill()
        process.join()
        ours.close()


@pytest.mark.usefixtures("run")
def test_a_second_process_is_refused(path: pathlib.Path) -> None:
    before = path.read_bytes()
    with pytest.raises(errors.InvalidOptionError, match=f"journal_path '{path}' is in use by another run"):
        past(path)
    assert path.read_bytes() == before


@pytest.mark.usefixtures("run")
def test_check_mode_reads_beside_a_run(path: pathlib.Path) -> None:
    assert peeked(path).resets == {A: KnownReset("open", START, START)}


def test_what_a_killed_process_wrote_is_there_and_the_lock_is_not(path: pathlib.Path, run: t.Any) -> None:
    os.kill(run.pid, signal.SIGKILL)
    run.join()
    assert run.exitcode == -signal.SIGKILL
    found = past(path)
    assert (found.runs["run-1"].since, found.resets) == (START - 900, {A: KnownReset("open", START, START)})


def test_an_error_at_its_close_loses_nothing(path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Network shares report it then if the quota is used up."""
    close = os.close

    def fail(handle: int) -> None:
        close(handle)
        raise OSError(errno.EDQUOT, "Disk quota exceeded")

    with opened(path) as subject:
        subject.intent([(A, "PC", "r1")])
        monkeypatch.setattr(os, "close", fail)
    monkeypatch.undo()
    assert A in peeked(path).resets


def test_the_lock_is_kept_until_the_journal_is_closed(path: pathlib.Path) -> None:
    with opened(path) as subject:
        intent(subject, "PC-1")
        with pytest.raises(errors.InvalidOptionError, match="in use"):
            past(path)
    assert A in past(path).resets


def test_a_line_that_another_run_has_just_begun_is_not_cut_off(path: pathlib.Path) -> None:
    with opened(path):
        with path.open("ab") as file:
            file.write(b'{"time": "2026')
        with pytest.raises(errors.InvalidOptionError, match="in use"):
            past(path)
        assert peeked(path) == History(tenant=TENANT_ID, graph=GRAPH, size=len(HEADER))
    assert path.read_bytes() == HEADER + b'{"time": "2026'


def test_a_file_system_without_locks_is_said(path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    monkeypatch.setattr("fcntl.flock", refuse)
    with pytest.raises(errors.InvalidOptionError, match="cannot be used: No locks available"):
        past(path)
    assert path.read_bytes() == b""


# --- check mode -----------------------------------------------------------------------------------------------------


def test_check_mode_makes_nothing(path: pathlib.Path) -> None:
    assert peeked(path) == History()
    assert list(path.parent.iterdir()) == []


def test_check_mode_writes_nothing(path: pathlib.Path, calls: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    flags: list[int] = []
    really = os.open

    def noting(name: str, flag: int, mode: int) -> int:
        flags.append(flag)
        return really(name, flag, mode)

    private(path, HEADER + b'{"torn')
    monkeypatch.setattr(os, "open", noting)
    assert peeked(path).graph == GRAPH
    assert [flag & (os.O_WRONLY | os.O_RDWR | os.O_CREAT) for flag in flags] == [0]
    assert calls == []


# --- the file -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_the_file_is_its_owners_alone(path: pathlib.Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        opened(path).close()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    "mode", [0o644, 0o604, 0o640, 0o620, 0o602, 0o666, 0o400, 0o700, 0o4600], ids=lambda mode: f"case 16: mode {mode:04o}"
)
def test_a_file_that_others_may_read_or_write_is_refused_with_the_command_that_mends_it(path: pathlib.Path, mode: int) -> None:
    path = path.with_name("a journal")
    path.write_bytes(HEADER)
    path.chmod(mode)
    for look in (past, peeked):
        with pytest.raises(errors.InvalidOptionError) as caught:
            look(path)
        assert f"must have the mode 0600, not {mode:04o}" in str(caught.value) and f"chmod 0600 '{path}'" in str(caught.value)
    path.chmod(0o600)
    assert past(path).graph == GRAPH


@pytest.mark.parametrize(
    ("mode", "fits"),
    [(0o777, False), (0o775, False), (0o702, False), (0o2770, False), (0o1777, True), (0o1775, True), (0o755, True), (0o700, True)],
    ids=lambda value: f"case 16: mode {value:04o}" if value is not True and value is not False else str(value),
)
def test_a_folder_in_which_others_can_replace_the_file_is_refused(path: pathlib.Path, mode: int, fits: bool) -> None:
    private(path, HEADER)
    path.parent.chmod(mode)
    try:
        for look in (past, peeked):
            if fits:
                assert look(path).graph == GRAPH
                continue
            with pytest.raises(errors.InvalidOptionError) as caught:
                look(path)
            assert f"is in the folder '{path.parent}', in which other users can remove or replace it: its mode is {mode:04o}." in str(
                caught.value
            )
            assert "mkdir -m 0700" in str(caught.value)
    finally:
        path.parent.chmod(0o700)


def test_case_16_a_folder_whose_path_others_can_redirect_is_refused(path: pathlib.Path) -> None:
    """The folder itself is ours, and the one above it belongs to everybody."""
    common = path.parent / "common"
    (common / "ours").mkdir(0o700, parents=True)
    common.chmod(0o777)
    named = common / "ours" / "journal"
    linked = path.parent / "link"
    linked.symlink_to(common / "ours")
    private(named, HEADER)
    for way in (named, linked / "journal"):
        for look in (past, peeked):
            with pytest.raises(errors.InvalidOptionError, match=f"can remove or replace it: the mode of {common} is 0777"):
                look(way)
    common.chmod(0o1777)
    assert [look(way).graph for way in (named, linked / "journal") for look in (past, peeked)] == [GRAPH] * 4


def test_case_16_a_folder_of_another_user_is_refused_and_one_of_the_administrator_is_not(
    path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    private(path, HEADER)
    really = os.stat
    for owner, fits in ((os.geteuid(), True), (0, True), (os.geteuid() + 1, False)):

        def others(name: t.Any, owner: int = owner, **options: t.Any) -> os.stat_result:
            found = really(name, **options)
            return os.stat_result((*found[:4], owner, *found[5:])) if name == str(path.parent) else found

        with monkeypatch.context() as patch:
            patch.setattr(os, "stat", others)
            with contextlib.nullcontext() if fits else pytest.raises(errors.InvalidOptionError, match=f"has the user ID {owner}"):
                past(path)


def unlink(path: pathlib.Path) -> None:
    path.unlink()


def replace(path: pathlib.Path) -> None:
    copy = path.with_name("copy")
    private(copy, path.read_bytes())
    copy.rename(path)


def make_a_link(path: pathlib.Path) -> None:
    path.rename(path.with_name("moved"))
    path.symlink_to(path.with_name("moved"))


CHANGES = [
    pytest.param(unlink, id="case 16: unlinked"),
    pytest.param(replace, id="case 16: replaced by a copy"),
    pytest.param(make_a_link, id="case 16: moved, and a link to it"),
]


@pytest.mark.parametrize("change", CHANGES)
def test_a_journal_that_is_not_in_its_place_any_more_takes_no_intent(path: pathlib.Path, change: t.Callable[[pathlib.Path], None]) -> None:
    """A second run would begin another file, without the lines of this one."""
    with opened(path) as subject:
        intent(subject, "PC-1")
        change(path)
        for _turn in range(2):
            with pytest.raises(errors.PartialError, match="removed or replaced while it was in use"):
                intent(subject, "PC-2")


@pytest.mark.parametrize("change", CHANGES)
def test_a_journal_that_is_replaced_while_it_is_opened_is_refused(
    path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, change: t.Callable[[pathlib.Path], None]
) -> None:
    private(path, HEADER)
    flock = fcntl.flock

    def late(handle: int, operation: int) -> None:
        change(path)
        flock(handle, operation)

    monkeypatch.setattr("fcntl.flock", late)
    with pytest.raises(errors.InvalidOptionError, match="removed or replaced while it was opened"):
        past(path)


def test_a_file_of_another_user_is_refused(path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    private(path, HEADER)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    for look in (past, peeked):
        with pytest.raises(errors.InvalidOptionError, match="not a file of the user who runs this task"):
            look(path)


def link(path: pathlib.Path) -> None:
    target = path.parent / "target"
    private(target, HEADER)
    path.symlink_to(target)


def dangling_link(path: pathlib.Path) -> None:
    path.symlink_to(path.parent / "target")


@pytest.mark.parametrize(
    ("make", "words"),
    [
        pytest.param(link, "symbolic links", id="link"),
        pytest.param(dangling_link, "symbolic links", id="dangling link"),
        pytest.param(lambda path: path.mkdir(0o700), "directory|not a file of", id="folder"),
        pytest.param(lambda path: os.mkfifo(path, 0o600), "not a file of", id="pipe"),
    ],
)
def test_what_is_not_a_file_is_refused_at_once(path: pathlib.Path, make: t.Callable[[pathlib.Path], None], words: str) -> None:
    make(path)
    before = sorted(path.parent.iterdir())
    for look in (past, peeked):
        with pytest.raises(errors.InvalidOptionError, match=words):
            look(path)
    assert sorted(path.parent.iterdir()) == before


def test_a_device_is_refused() -> None:
    for look in (past, peeked):
        with pytest.raises(errors.InvalidOptionError, match="not a file of"):
            look("/dev/null")


@pytest.mark.parametrize("look", [past, peeked], ids=["run", "check mode"])
@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("a\0b", "null (?:byte|character)"),
        ("missing/journal", "No such file or directory"),
        ("missing/deeper/journal", "No such file or directory"),
        ("file/journal", "Not a directory"),
        ("dangling/journal", "No such file or directory"),
    ],
)
def test_a_path_that_cannot_be_is_said(tmp_path: pathlib.Path, name: str, words: str, look: t.Callable[[object], object]) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    with pytest.raises(errors.InvalidOptionError, match=words):
        look(f"{tmp_path}/{name}")


@pytest.mark.parametrize("look", [past, peeked], ids=["run", "check mode"])
@pytest.mark.parametrize("folder", ["missing", "my journals/deeper"])
def test_a_folder_that_does_not_exist_is_named_with_the_command_that_creates_it(
    tmp_path: pathlib.Path, folder: str, look: t.Callable[[object], object]
) -> None:
    with pytest.raises(errors.InvalidOptionError) as caught:
        look(f"{tmp_path}/{folder}/journal")
    assert caught.value.hint == f"Create the folder first: mkdir -p -m 0700 {shlex.quote(f'{tmp_path}/{folder}')}"
    assert list(tmp_path.iterdir()) == []


def test_check_mode_refuses_a_folder_in_which_others_can_replace_the_journal(tmp_path: pathlib.Path) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    folder.chmod(0o777)
    with pytest.raises(errors.InvalidOptionError, match="in which other users can remove or replace it"):
        peeked(folder / "journal")
    assert list(folder.iterdir()) == []


def test_check_mode_refuses_a_folder_in_which_the_journal_cannot_be_created(path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda folder, _mode: str(folder) != str(path.parent))
    with pytest.raises(errors.InvalidOptionError, match="cannot be used: Permission denied"):
        peeked(path)


def test_files_and_folders_are_closed_again(path: pathlib.Path) -> None:
    before = len(os.listdir("/dev/fd"))
    past(path)
    peeked(path)
    path.unlink()
    os.mkfifo(path, 0o600)
    for look in (past, peeked):
        with pytest.raises(errors.InvalidOptionError):
            look(path)
    assert len(os.listdir("/dev/fd")) == before


# --- a disk that fails ----------------------------------------------------------------------------------------------


def full(*_args: object) -> t.NoReturn:
    raise OSError(errno.ENOSPC, "No space left on device")


APPENDS: list[t.Any] = [
    pytest.param(begin, id="begin"),
    pytest.param(lambda journal: intent(journal, "PC-2"), id="intent"),
    pytest.param(lambda journal: journal.write("accepted", B, None), id="accepted"),
    pytest.param(lambda journal: journal.write("refused", B, ""), id="refused"),
    pytest.param(lambda journal: journal.write("lost", B, ""), id="lost"),
    pytest.param(lambda journal: journal.write("settled", B, True), id="settled"),
    pytest.param(lambda journal: journal.outcome([(B, "done")]), id="outcome"),
    pytest.param(end, id="end"),
    pytest.param(lambda journal: journal.settle({"run-1": {B}}), id="remaining"),
]


@pytest.mark.parametrize("use", APPENDS)
def test_a_full_disk_is_an_error_that_says_so(path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, use: Use) -> None:
    with opened(path) as subject:
        monkeypatch.setattr(os, "write", full)
        with pytest.raises(errors.PartialError) as caught:
            use(subject)
    assert caught.value.message == f"journal_path '{path}' cannot be written: No space left on device."
    assert caught.value.target == str(path) and caught.value.hint


@pytest.mark.parametrize("use", APPENDS)
def test_after_a_line_that_was_cut_off_no_other_is_glued_to_it(path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, use: Use) -> None:
    write = os.write
    with opened(path) as subject:
        monkeypatch.setattr(os, "write", lambda handle, content: write(handle, content[:100]))
        with pytest.raises(errors.PartialError, match=r"Only 100 of \d+ bytes"):
            intent(subject, "PC-1", "PC-2")
        monkeypatch.undo()
        after = path.read_bytes()
        with pytest.raises(errors.PartialError, match=r"Only 100 of \d+ bytes"):
            use(subject)
        assert path.read_bytes() == after
    assert past(path).resets == {}


def test_an_intent_that_is_not_on_the_disk_is_an_error(path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_handle: int) -> t.NoReturn:
        raise OSError(errno.EIO, "Input/output error")

    with opened(path) as subject:
        monkeypatch.setattr(os, "fsync", fail)
        with pytest.raises(errors.PartialError, match="Input/output error"):
            intent(subject, "PC-1")
        monkeypatch.undo()
        # A second sync does not restore data that the kernel has dropped.
        with pytest.raises(errors.PartialError, match="Input/output error"):
            intent(subject, "PC-1")


@pytest.mark.parametrize("call", ["write", "fsync"])
def test_a_journal_that_cannot_be_begun_is_an_option_that_cannot_be_used(
    path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, call: str
) -> None:
    monkeypatch.setattr(os, call, full)
    subject = journal(path)
    with pytest.raises(errors.InvalidOptionError, match="cannot be used: No space left on device"):
        subject.open(TENANT_ID, GRAPH)
    monkeypatch.undo()
    assert past(path) == History()


def test_a_journal_that_cannot_be_read_is_said(path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: object) -> t.NoReturn:
        raise OSError(errno.EIO, "Input/output error")

    opened(path).close()
    monkeypatch.setattr(journal_format, "parse_lines", fail)
    for look in (past, peeked):
        with pytest.raises(errors.InvalidOptionError, match="cannot be used: Input/output error"):
            look(path)


# --- size -----------------------------------------------------------------------------------------------------------


def peak_of(work: t.Callable[[], None]) -> int:
    """Return the peak memory of the work in bytes."""
    tracemalloc.start()
    try:
        work()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
def test_a_long_journal_is_read_line_by_line(path: pathlib.Path) -> None:
    ids = itertools.cycle([A, B])
    content = b"".join(journal_format.render_line("intent", START, device=next(ids), name="PC") for _number in range(30_000))
    private(path, HEADER + content)
    del content

    def work() -> None:
        found = peeked(path)
        assert found.size == path.stat().st_size > 3_000_000
        assert set(found.resets) == {A, B}

    assert peak_of(work) < 1_000_000


def test_a_large_file_of_one_line_is_refused_by_its_beginning(path: pathlib.Path) -> None:
    private(path, HEADER)
    os.truncate(path, 50_000_000)

    def work() -> None:
        with pytest.raises(errors.InvalidOptionError, match="the line before it is cut off"):
            peeked(path)

    assert peak_of(work) < 15_000_000


def test_the_longest_line_of_ours_is_read_at_once(path: pathlib.Path) -> None:
    """A character of a name or a reason takes up to six bytes, as an escape in JSON."""
    with opened(path) as subject:
        intent(subject, "\x01" * 1000)
        ids = [f"aaaaaaaa-0000-4000-8000-{number:012d}" for number in range(journal_file.MOST_DEVICES)]
        subject.begin("run-1", START, ids, OPTIONS)
        subject.write("refused", A, "\x01" * 5000)
    longest = max(map(len, path.read_bytes().splitlines()))
    assert 3_900_000 < longest < journal_file.MAX_LINE - 100_000
    assert past(path).size == path.stat().st_size
