# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Script outputs on devices. No PowerShell runs here: the seeds and the control API plant the results."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

# The code page of an English Windows console, through which outputs pass.
CONSOLE_PAGE = "cp437"
MAX_OUTPUT = 2048


@dataclass(frozen=True)
class ScriptResult:
    """The result of a run. `state` None: by the exit code. `user`: the signed-in user (None: the user of the device, blank: nobody)."""

    output: str = ""
    exit_code: int = 0
    error: str = ""
    state: str | None = None
    user: str | None = None

    @property
    def detection_state(self) -> str:
        """Return the detectionState: every exit code except 0 is an issue (measured)."""
        return self.state or ("success" if self.exit_code == 0 else "fail")

    @property
    def reported_output(self) -> str:
        """Return the last 2,048 characters of the last line of the output (measured)."""
        lines = self.output.rstrip("\r\n").splitlines()
        return _through_console(lines[-1] if lines else "")[-MAX_OUTPUT:]

    @property
    def reported_error(self) -> str:
        """Return the end of the error text, including line breaks."""
        return _through_console("\r\n".join(self.error.rstrip("\r\n").splitlines()))[-MAX_OUTPUT:]


def _through_console(text: str) -> str:
    return text.encode(CONSOLE_PAGE, "replace").decode(CONSOLE_PAGE)


# The results of a device, each with the time from which a run returns it, oldest first.
ResultHistory = tuple[tuple[datetime, ScriptResult], ...]


def result_at(history: ResultHistory, moment: datetime) -> ScriptResult:
    """Return the result of a run at this time; without a planted result, an empty output."""
    return next((result for start, result in reversed(history) if start <= moment), ScriptResult())


@dataclass(frozen=True)
class OnDemandRun:
    """A run on demand that was requested for a device."""

    script_id: str
    requested: datetime
