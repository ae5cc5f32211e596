# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import dataclasses
import io
import json
import typing as t

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import journal_format
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.journal_format import BegunRun, History, KnownReset
from ansible_collections.endpointops.intune.plugins.module_utils._time import parse_timestamp
from tests.support.fakes import GRAPH, START, TENANT_ID

HEADER = journal_format.render_header(START, TENANT_ID, GRAPH)
A, B = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"


def read(content: bytes) -> History:
    return journal_format.parse_lines(io.BytesIO(content), "/x/journal")


def line(event: str, after: float = 1.0, **members: t.Any) -> bytes:
    return journal_format.render_line(event, START + after, **members)


def traces(*lines: bytes) -> dict[str, KnownReset]:
    return read(HEADER + b"".join(lines)).resets


def begin(run: str, since: str = "2026-01-05T09:00:00.500Z", **more: t.Any) -> bytes:
    members = {"run": run, "since": since, "ids": [A, B.upper()], "options": {"match_by": "auto"}}
    return line("begin", **{**members, **more})


def begun(run: str, since: float = START - 3600 + 0.5, remaining: t.Iterable[str] = (A, B)) -> BegunRun:
    return BegunRun(run, START + 1, since, frozenset({A, B}), frozenset(remaining), {"match_by": "auto"})


# --- lines ----------------------------------------------------------------------------------------------------------


def test_a_line_is_one_readable_object() -> None:
    content = journal_format.render_line("intent", START + 0.0625, device=A, name="Büro 1")
    assert content == f'{{"time": "2026-01-05T10:00:00.062Z", "event": "intent", "device": "{A}", "name": "Büro 1"}}\n'.encode()


def test_the_first_line_names_format_tenant_and_cloud() -> None:
    assert json.loads(HEADER) == {
        "time": "2026-01-05T10:00:00.000Z",
        "event": "journal",
        "format": "endpointops.intune reset journal",
        "version": 2,
        "tenant": TENANT_ID,
        "graph": GRAPH,
    }


@hypothesis.given(st.text(alphabet=st.characters(exclude_categories=()) | st.sampled_from('\n\r\0"\\\ud800\udfff\u2028')))
def test_any_text_is_kept_in_one_line(text: str) -> None:
    content = journal_format.render_line("refused", START, device=A, reason=text)
    assert content.count(b"\n") == 1 and content.endswith(b"\n")
    # JSON reads a pair of surrogates as one character.
    whole = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    assert json.loads(content.decode("utf-8"))["reason"] == whole


@hypothesis.given(st.floats(0, 4e9))
@hypothesis.example(0.009999999999999)
def test_a_time_is_rounded_down_to_a_millisecond_and_stays_there(seconds: float) -> None:
    shown = journal_format.render_time(seconds)
    kept = parse_timestamp(shown)
    # The clock's own resolution is a microsecond.
    assert kept is not None and -1e-6 < seconds - kept < 0.001 + 1e-6
    assert journal_format.render_time(kept) == shown


@pytest.mark.parametrize("seconds", [1e300, float("inf")])
def test_a_time_that_cannot_be_written_is_the_last_one_that_can(seconds: float) -> None:
    assert journal_format.render_time(seconds) == "9998-12-31T23:59:59.000Z"


@pytest.mark.parametrize("seconds", [-1.0, -1e12, float("-inf")])
def test_a_time_before_the_epoch_is_the_epoch(seconds: float) -> None:
    assert journal_format.render_time(seconds) == "1970-01-01T00:00:00.000Z"


# --- reading --------------------------------------------------------------------------------------------------------


def test_nothing_tells_nothing() -> None:
    assert read(b"") == History(tenant=None, graph=None, runs={}, resets={}, size=0)


def test_a_journal_of_a_run_that_was_killed() -> None:
    content = HEADER + begin("run-1") + line("intent", 1, device=A, name="PC-1") + line("intent", 2, device=B, name="PC-2")
    content += line("accepted", 3, device=A)
    assert read(content) == History(
        tenant=TENANT_ID,
        graph=GRAPH,
        runs={"run-1": begun("run-1")},
        resets={A: KnownReset("accepted", START + 1, START + 3), B: KnownReset("open", START + 2, START + 2)},
        size=len(content),
    )


@pytest.mark.parametrize(
    ("lines", "runs"),
    [
        pytest.param([begin("1")], "1", id="begun"),
        pytest.param([begin("1"), line("end", run="1")], "", id="ended"),
        pytest.param([begin("1"), line("end", run="1"), begin("2")], "2", id="ended, and begun again"),
        pytest.param([begin("1"), begin("2")], "12", id="another one beside it"),
        pytest.param([begin("1"), begin("2"), line("end", run="2")], "1", id="another one, which ended"),
        pytest.param([begin("2"), line("end", run="1")], "2", id="the end of another run"),
        pytest.param([begin("2"), line("end")], "2", id="the end of no run"),
        pytest.param([line("end", run="1")], "", id="an end alone"),
    ],
)
def test_a_run_counts_until_it_ends(lines: list[bytes], runs: str) -> None:
    assert read(HEADER + b"".join(lines)).runs == {run: begun(run) for run in runs}


def test_each_run_has_its_own_window() -> None:
    assert read(HEADER + begin("1") + begin("2", "2026-01-05T10:00:00Z")).runs == {"1": begun("1"), "2": begun("2", START)}


@pytest.mark.parametrize(
    ("lines", "remaining"),
    [
        pytest.param([], (A, B), id="a run that was killed"),
        pytest.param([line("remaining", run="1", ids=[B.upper()])], (B,), id="a device"),
        pytest.param([line("remaining", run="1", ids=[A, B]), line("remaining", run="1", ids=[A])], (A,), id="fewer and fewer"),
        pytest.param([line("remaining", run="2", ids=[A])], (A, B), id="of another run"),
    ],
)
def test_the_devices_that_a_run_left_are_those_that_were_written_down_last(lines: list[bytes], remaining: tuple[str, ...]) -> None:
    assert read(HEADER + begin("1") + b"".join(lines)).runs == {"1": begun("1", remaining=remaining)}


def test_a_run_that_left_devices_can_end_later() -> None:
    assert read(HEADER + begin("1") + line("remaining", run="1", ids=[A]) + line("end", run="1")).runs == {}


INTENT = line("intent", 1, device=A, name="PC-1")


@pytest.mark.parametrize(
    ("lines", "trace"),
    [
        pytest.param([INTENT], KnownReset("open", START + 1, START + 1), id="intent"),
        pytest.param([INTENT, line("accepted", 2, device=A)], KnownReset("accepted", START + 1, START + 2), id="accepted"),
        pytest.param([INTENT, line("refused", 2, device=A, reason="400")], KnownReset("free", START + 1, START + 2), id="refused"),
        pytest.param([INTENT, line("lost", 2, device=A, reason="?")], KnownReset("open", START + 1, START + 2, START + 2), id="lost"),
        pytest.param(
            [INTENT, line("lost", 2, device=A), line("outcome", 3, device=A)],
            KnownReset("open", START + 1, START + 3, START + 2),
            id="lost, and unknown in the end",
        ),
        pytest.param([INTENT, line("settled", 2, device=A, ran=True)], KnownReset("accepted", START + 1, START + 2), id="settled, ran"),
        pytest.param(
            [INTENT, line("settled", 2, device=A, ran=False)], KnownReset("free", START + 1, START + 2), id="settled, did not run"
        ),
        pytest.param(
            [INTENT, line("outcome", 2, device=A, status="done")], KnownReset("open", START + 1, START + 2, None, "done"), id="outcome"
        ),
        pytest.param(
            [INTENT, line("lost", 2, device=A), line("settled", 3, device=A, ran=True), line("outcome", 4, device=A, status="failed")],
            KnownReset("accepted", START + 1, START + 4, None, "failed"),
            id="an outcome leaves the state",
        ),
        pytest.param(
            [INTENT, line("outcome", 2, device=A, status=7)], KnownReset("open", START + 1, START + 2), id="an outcome that is not text"
        ),
        pytest.param(
            [INTENT, line("outcome", 2, device=A, status="done"), line("intent", 9, device=A)],
            KnownReset("open", START + 9, START + 9, previous=KnownReset("open", START + 1, START + 2, None, "done")),
            id="an outcome, again",
        ),
        pytest.param(
            [INTENT, line("accepted", 2, device=A), line("intent", 9, device=A)],
            KnownReset("open", START + 9, START + 9, previous=KnownReset("accepted", START + 1, START + 2)),
            id="accepted, again",
        ),
        pytest.param(
            [INTENT, line("accepted", 2, device=A), line("intent", 8, device=A), line("refused", 9, device=A)],
            KnownReset("free", START + 8, START + 9, previous=KnownReset("accepted", START + 1, START + 2)),
            id="accepted, and another attempt refused",
        ),
        pytest.param(
            [INTENT, line("accepted", 2, device=A), line("intent", 8, device=A), line("accepted", 9, device=A)],
            KnownReset("accepted", START + 8, START + 9, previous=KnownReset("accepted", START + 1, START + 2)),
            id="accepted twice",
        ),
        pytest.param(
            [INTENT, line("refused", 2, device=A), line("intent", 9, device=A)], KnownReset("open", START + 9, START + 9), id="again"
        ),
        pytest.param([line("accepted", 2, device=A)], KnownReset("accepted", START + 2, START + 2), id="an answer without an intent"),
        pytest.param([line("intent", 1, device=A.upper())], KnownReset("open", START + 1, START + 1), id="upper case"),
        pytest.param(
            [INTENT, line("lost", -5, device=A)], KnownReset("open", START + 1, START - 5, START - 5), id="a clock that was put back"
        ),
    ],
)
def test_a_device_is_told_by_its_last_intent_and_what_came_after(lines: list[bytes], trace: KnownReset) -> None:
    assert traces(*lines) == {A: trace}


def test_an_outcome_alone_tells_of_no_reset() -> None:
    assert traces(line("outcome", device=A, status="done")) == {}


def test_what_a_later_release_adds_is_passed_over() -> None:
    odd = json.dumps({"event": "weather", "device": 7}).encode() + b"\n"
    extra = line("accepted", 2, device=A, color="red", nested={"event": "refused"})
    assert traces(INTENT, odd, extra) == {A: KnownReset("accepted", START + 1, START + 2)}
    assert read(json.dumps({**json.loads(HEADER), "more": 1}).encode() + b"\n").graph == GRAPH


def test_line_ends_of_windows_are_read() -> None:
    assert read((HEADER + INTENT).replace(b"\n", b"\r\n")).resets == traces(INTENT)


# --- damage ---------------------------------------------------------------------------------------------------------


def refusal(content: bytes) -> str:
    with pytest.raises(errors.InvalidOptionError) as caught:
        read(content)
    assert caught.value.message.startswith("journal_path '/x/journal' ")
    assert caught.value.effects == "none" and "Nothing was changed." in str(caught.value)
    return caught.value.message


DAMAGE = [
    pytest.param(b"garbage\n", "not JSON", id="garbage"),
    pytest.param(b"\n", "not JSON", id="empty line"),
    pytest.param(b"\0\0\0\n", "not JSON", id="zeros"),
    pytest.param(b'{"event": "lost", "device": "\xff"}\n', "not JSON", id="not UTF-8"),
    pytest.param(INTENT[:40] + b"\n", "not JSON", id="cut off"),
    pytest.param(INTENT[:40] + INTENT, "not JSON", id="two lines glued"),
    pytest.param(b"[" * 100_000 + b"\n", "not JSON", id="nested too deep"),
    pytest.param(b'["event"]\n', "not a JSON object", id="list"),
    pytest.param(b"{}\n", "'event'", id="no event"),
    pytest.param(b'{"event": ["intent"]}\n', "'event'", id="an event that is not a text"),
    pytest.param(HEADER, "another journal", id="a second header"),
    pytest.param(line("intent", name="PC"), "'device'", id="no device"),
    pytest.param(line("accepted", device=""), "'device'", id="empty device"),
    pytest.param(line("accepted", device=7), "'device'", id="number for a device"),
    pytest.param(b'{"event": "intent", "device": "a"}\n', "'time'", id="no time"),
    pytest.param(b'{"event": "intent", "device": "a", "time": "soon"}\n', "'time'", id="not a time"),
    pytest.param(line("settled", device=A), "'ran'", id="settled without a word"),
    pytest.param(line("settled", device=A, ran="false"), "'ran'", id="settled by a text"),
    pytest.param(begin(""), "'run'", id="no run"),
    pytest.param(begin("1", ids=None), "'ids'", id="no devices"),
    pytest.param(begin("1", ids=[A, 7]), "'ids'", id="number for one of the devices"),
    pytest.param(begin("1", options=[]), "'options'", id="options that are a list"),
    pytest.param(line("remaining", run="1"), "'ids'", id="no devices that are left"),
    pytest.param(line("remaining", ids=[A]), "'run'", id="devices that no run left"),
    pytest.param(begin("1", "yesterday"), "'since'", id="no window"),
]


@pytest.mark.parametrize(("damage", "words"), DAMAGE)
def test_damage_is_refused_by_its_line(damage: bytes, words: str) -> None:
    for content in (HEADER + INTENT + damage, HEADER + INTENT + damage + INTENT):
        message = refusal(content)
        assert " line 3: " in message and words in message


@pytest.mark.parametrize(
    ("first", "words"),
    [
        pytest.param(b"# hosts\n", "not JSON", id="another file"),
        pytest.param(b"# hosts", "not the first line", id="another file without a line feed"),
        pytest.param(b'{"time": "today', "not the first line", id="JSON of somebody else"),
        pytest.param(b"\0", "not the first line", id="zero"),
        pytest.param(HEADER[:-1].replace(b"journal", b"diary", 1), "not the first line", id="another event, cut off"),
        pytest.param(INTENT, "not the first line", id="a journal without its first line"),
        pytest.param(HEADER.replace(b'"journal"', b'"diary"'), "not the first line", id="another event"),
        pytest.param(HEADER.replace(b"reset journal", b"wipe journal"), "not the first line", id="another format"),
        pytest.param(HEADER.replace(b'"version": 2', b'"version": 3'), "version 3, and this release", id="a later version"),
        pytest.param(HEADER.replace(b'"version": 2', b'"version": 1'), "version 1, and this release", id="an earlier version"),
        pytest.param(HEADER.replace(b'"version": 2', b'"version": "2"'), "version", id="a version that is a text"),
        pytest.param(HEADER.replace(b'"version": 2, ', b""), "version None", id="no version"),
        pytest.param(HEADER.replace(f'"{GRAPH}"'.encode(), b"null"), "'graph'", id="no cloud"),
        pytest.param(HEADER.replace(f'"{TENANT_ID}"'.encode(), b"7"), "'tenant'", id="a number for a tenant"),
    ],
)
def test_what_is_not_our_journal_is_refused(first: bytes, words: str) -> None:
    message = refusal(first)
    assert " line 1: " in message and words in message


def test_a_line_that_is_cut_off_is_the_last_one() -> None:
    with pytest.raises(errors.InvalidOptionError, match="line 3: the line before it is cut off"):
        journal_format.parse_lines([HEADER, INTENT[:-1], INTENT], "/x/journal")


# --- the owner of a journal -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kept", "given", "graph", "fits"),
    [
        pytest.param(TENANT_ID, TENANT_ID, GRAPH, True, id="the same"),
        pytest.param(TENANT_ID.upper(), TENANT_ID, GRAPH.upper() + "/", True, id="written otherwise"),
        pytest.param(TENANT_ID, A, GRAPH, False, id="another tenant"),
        pytest.param(TENANT_ID, TENANT_ID, "https://graph.other", False, id="another cloud"),
        pytest.param(None, TENANT_ID, GRAPH, True, id="kept without a tenant"),
        pytest.param(TENANT_ID, None, GRAPH, True, id="asked without a tenant"),
        pytest.param(None, TENANT_ID, "https://graph.other", False, id="kept without a tenant, another cloud"),
        pytest.param(TENANT_ID, None, "https://graph.other", False, id="asked without a tenant, another cloud"),
    ],
)
def test_a_journal_belongs_to_one_tenant(kept: str | None, given: str | None, graph: str, fits: bool) -> None:
    past = read(journal_format.render_header(START, kept, GRAPH))
    if fits:
        journal_format.validate(past, given, graph)
        return
    with pytest.raises(errors.InvalidOptionError) as caught:
        journal_format.validate(past, given, graph)
    assert all(word in caught.value.message for word in (kept or "(unknown)", given or "(unknown)", GRAPH, graph))


def test_an_empty_journal_belongs_to_nobody() -> None:
    journal_format.validate(History(), TENANT_ID, GRAPH)


# --- any journal ----------------------------------------------------------------------------------------------------

Event = tuple[str, str, bool]  # event, device or run, ran
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["intent", "accepted", "refused", "lost", "settled", "outcome", "begin", "remaining", "end", "new"]),
        st.sampled_from("ab"),
        st.booleans(),
    ),
    max_size=30,
)


def written(events: list[Event]) -> list[bytes]:
    """Return one line for each second."""
    since = "2026-01-05T09:00:00Z"
    return [HEADER] + [
        line(event, number, device=name, run=name, ran=ran, since=since, ids=[], options={}, name="Büro 💻", reason="\n")
        for number, (event, name, ran) in enumerate(events)
    ]


def expected_trace(events: list[Event], device: str) -> KnownReset | None:
    """Return the trace that a person would find by reading the device's lines from the end."""
    mine = [
        (START + at, event, ran)
        for at, (event, name, ran) in enumerate(events)
        if name == device and event not in ("begin", "remaining", "end", "new")
    ]
    while mine and mine[0][1] == "outcome":
        mine.pop(0)
    if not mine:
        return None
    intents = [when for when, event, _ran in mine if event == "intent"]
    _when, event, ran = next(entry for entry in reversed(mine) if entry[1] != "outcome")
    states = {"intent": "open", "lost": "open", "refused": "free", "accepted": "accepted", "settled": "accepted" if ran else "free"}
    lost_at = next((when for when, event, _ran in reversed(mine) if event != "outcome"), None) if event == "lost" else None
    # The lines above the last intent belong to the previous reset.
    last = max((at for at, (event, name, _ran) in enumerate(events) if name == device and event == "intent"), default=0)
    above = expected_trace(events[:last], device)
    if above is not None:
        above = above.previous if above.state == "free" else dataclasses.replace(above, previous=None)
    return KnownReset(states[event], intents[-1] if intents else mine[0][0], mine[-1][0], lost_at, previous=above)


def expected_runs(events: list[Event]) -> set[str]:
    newest = {name: event for event, name, _ran in events if event in ("begin", "end")}
    return {name for name, event in newest.items() if event == "begin"}


@hypothesis.settings(max_examples=300)
@hypothesis.given(EVENTS)
def test_any_sequence_of_events_is_read_as_a_person_would(events: list[Event]) -> None:
    past = read(b"".join(written(events)))
    assert past.resets == {device: trace for device in "ab" if (trace := expected_trace(events, device))}
    assert set(past.runs) == expected_runs(events)


@hypothesis.settings(max_examples=300)
@hypothesis.given(EVENTS, st.data())
def test_a_journal_cut_off_anywhere_loses_no_whole_line(events: list[Event], data: st.DataObject) -> None:
    lines = written(events)
    content = b"".join(lines)
    cut = content[: data.draw(st.integers(0, len(content)))]
    whole = cut[: cut.rfind(b"\n") + 1]
    past = read(cut)
    assert past == read(whole) and past.size == len(whole)
    assert past.resets == {device: trace for device in "ab" if (trace := expected_trace(events[: max(whole.count(b"\n") - 1, 0)], device))}
