# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Test the emulated time: it continues from the point at which it stopped, optionally several times as fast."""

from __future__ import annotations

import time
from typing import Any

import pytest
from intune_emulator.cli import main
from intune_emulator.state.clock import Clock

START = 1_800_000_000.0


@pytest.fixture
def real(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the real time, the last one of the list."""
    moments = [START]
    monkeypatch.setattr(time, "time", lambda: moments[-1])
    return moments


def test_time_runs_as_fast_as_it_is_set_from_that_moment_on(real: list[float]) -> None:
    clock = Clock()
    real.append(START + 5)
    clock.speed_up(10)
    assert clock.timestamp() == START + 5
    real.append(START + 8)
    assert clock.timestamp() == START + 35
    clock.advance(100)
    clock.speed_up(1)
    real.append(START + 9)
    assert clock.timestamp() == START + 136
    clock.reset()
    assert (clock.timestamp(), clock.rate) == (START + 9, 1.0)


def test_a_frozen_clock_stands_whatever_its_rate_is_and_runs_on_with_it(real: list[float]) -> None:
    clock = Clock()
    clock.freeze(True)
    clock.speed_up(10)
    real.append(START + 5)
    assert clock.timestamp() == START
    clock.freeze(False)
    real.append(START + 6)
    assert clock.timestamp() == START + 10


@pytest.mark.parametrize("rate", [0, -1, float("nan"), float("inf")])
def test_a_rate_is_a_number_above_zero(rate: float) -> None:
    with pytest.raises(ValueError, match="above 0"):
        Clock().speed_up(rate)


def test_the_rate_is_set_by_the_control_api(client: Any) -> None:
    client.control("POST", "clock", {"frozen": False, "rate": 1000})
    assert client.control("GET", "clock")["rate"] == 1000.0


@pytest.mark.parametrize("seconds", [1e12, -1e12, 1e300, float("inf"), float("nan")])
def test_a_clock_stays_in_years_from_which_dates_can_be_counted(real: list[float], seconds: float) -> None:
    clock = Clock()
    with pytest.raises(ValueError, match="the clock must be in the years 1990 to 2199"):
        clock.advance(seconds)
    assert clock.timestamp() == START


@pytest.mark.parametrize("text", ["1989-12-31T23:59:59Z", "2200-01-01T00:00:00Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_a_start_in_another_year_is_refused(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--now", text])
    assert f"not '{text}': " in capsys.readouterr().err
