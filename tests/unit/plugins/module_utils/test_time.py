# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import math
import time
import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._time import parse_http_date, parse_timestamp, render_timestamp
from tests.support.fakes import START, START_DATE


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        pytest.param(START_DATE, START, id="HTTP date"),
        pytest.param("Monday, 05-Jan-26 10:00:00 GMT", START, id="RFC 850"),
        pytest.param("Mon, 05 Jan 2026 11:00:00 +0100", START, id="with an offset"),
        pytest.param(None, None, id="missing"),
        pytest.param("", None, id="empty"),
        pytest.param("yesterday", None, id="garbage"),
        pytest.param("Mon, 05 Jan 2026 10:00:00 +9999", None, id="impossible offset"),
        pytest.param("Mon, 05 Jan 2026 10:00:00 +" + "9" * 40, None, id="case 14: an offset that overflows"),
        pytest.param("Fri, 31 Dec 9999 23:59:59 GMT", None, id="case 14: the last year"),
        pytest.param("Mon, 01 Jan 0001 00:00:00 GMT", 978307200.0, id="a year of one digit is of this century"),
    ],
)
def test_dates(value: str | None, seconds: float | None) -> None:
    assert parse_http_date(value) == seconds


@pytest.mark.parametrize("zone", ["", " -0000"], ids=["no zone", "unknown zone"])
def test_a_date_without_a_zone_is_utc_wherever_this_runs(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as elsewhere:
        elsewhere.setenv("TZ", "IST-5:30")
        time.tzset()
        found = parse_http_date(f"Mon, 05 Jan 2026 10:00:00{zone}")
    time.tzset()
    assert found == START


@given(st.text())
def test_no_text_breaks_the_reading_of_a_date(value: str) -> None:
    parse_http_date(value)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        pytest.param("2026-01-05T10:00:00Z", START, id="Z"),
        pytest.param("2026-01-05T10:00:00+00:00", START, id="offset zero"),
        pytest.param("2026-01-05T11:00:00+01:00", START, id="offset"),
        pytest.param("2026-01-05T10:00:00", START, id="no zone is UTC"),
        pytest.param("2026-01-05 10:00:00Z", START, id="a space for T"),
        pytest.param(" 2026-01-05T10:00:00Z\n", START, id="space around"),
        pytest.param("2026-01-05", START - 36000, id="a day"),
        pytest.param("2026-01-05T10:00:00.5Z", START + 0.5, id="one digit of a second"),
        pytest.param("2026-01-05T10:00:00.1234567Z", START + 0.123456, id="seven digits of a second"),
        pytest.param("2026-01-05T11:00:00.1234567+01:00", START + 0.123456, id="seven digits and an offset"),
        pytest.param("2026-01-05T10:00:00.Z", START, id="no digit of a second"),
        pytest.param("0001-01-01T00:00:00Z", None, id="never, in Graph's words"),
        pytest.param("9999-12-31T23:59:59.9999999Z", None, id="case 14: for ever, in Graph's words"),
        pytest.param("9999-12-31T23:59:59-14:00", None, id="case 14: past the last year with its offset"),
        pytest.param("0001-01-01T00:00:00+14:00", None, id="case 14: before the first year with its offset"),
        pytest.param("0000-01-01T00:00:00Z", None, id="case 14: year 0"),
        pytest.param("10000-01-01T00:00:00Z", None, id="case 14: year 10000"),
        pytest.param("0002-01-01T00:00:00Z", -62104060800.0, id="the first moment"),
        pytest.param("9998-12-31T23:59:59Z", 253370764799.0, id="the last moment"),
        pytest.param("2026-13-05T10:00:00Z", None, id="no such month"),
        pytest.param("yesterday", None, id="a word"),
        pytest.param("", None, id="empty"),
        pytest.param(None, None, id="null"),
        pytest.param(1767607200, None, id="a number"),
    ],
)
def test_timestamps_are_read(text: t.Any, seconds: float | None) -> None:
    assert parse_timestamp(text) == pytest.approx(seconds)


@given(st.text() | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d*)?(Z|[+-]\d\d:\d\d)?", fullmatch=True))
def test_no_text_breaks_the_reading_of_a_timestamp(text: str) -> None:
    parse_timestamp(text)


@given(
    st.datetimes(datetime.datetime(2, 1, 1), datetime.datetime(9998, 12, 31), timezones=st.just(datetime.timezone.utc)).map(
        lambda moment: moment.replace(microsecond=0).timestamp()
    )
)
def test_a_timestamp_that_is_shown_reads_back(seconds: float) -> None:
    assert parse_timestamp(render_timestamp(seconds)) == seconds


@given(st.floats() | st.integers())
def test_no_number_breaks_the_showing_of_a_timestamp(seconds: float) -> None:
    shown = render_timestamp(seconds)
    assert shown is None or parse_timestamp(shown) == pytest.approx(seconds, abs=1.0)


@given(st.text() | st.builds("Mon, {:02} {} {} {}:{}:{} {}".format, *[st.integers()] * 6, st.from_regex(r"[+-]\d+|GMT|[A-Z]*")))
def test_no_date_breaks_its_reading(value: str) -> None:
    seconds = parse_http_date(value)
    assert seconds is None or render_timestamp(seconds)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        pytest.param(START + 0.9, "2026-01-05T10:00:00Z", id="whole seconds"),
        pytest.param(-62104060800.0, "0002-01-01T00:00:00Z", id="the first moment"),
        pytest.param(253370764799.9, "9998-12-31T23:59:59Z", id="the last moment"),
        pytest.param(-62104060801.0, None, id="case 14: before it"),
        pytest.param(253370764800.0, None, id="case 14: after it"),
        pytest.param(1e300, None, id="case 14: an overflow"),
        pytest.param(10**400, None, id="case 14: a number of 400 digits"),
        pytest.param(math.inf, None, id="case 14: infinite"),
        pytest.param(math.nan, None, id="case 14: not a number"),
        pytest.param(None, None, id="unknown"),
    ],
)
def test_timestamps_are_shown(seconds: float | None, shown: str | None) -> None:
    assert render_timestamp(seconds) == shown


def test_milliseconds_are_rounded_down() -> None:
    assert render_timestamp(START + 0.9996, "milliseconds") == "2026-01-05T10:00:00.999Z"
