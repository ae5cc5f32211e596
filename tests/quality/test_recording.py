# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that the recording of `make demo` shows the current demo, and nothing of the machine that recorded it."""

from __future__ import annotations

import subprocess
import sys
import xml.etree.ElementTree as ET

import pytest

from tests import demo
from tests.tools import recording
from tests.tools.recording import Line

SVG = "{http://www.w3.org/2000/svg}"


def shown(image: str) -> list[str]:
    return ["".join(text.itertext()) for text in ET.fromstring(image).iter(f"{SVG}text")]


def test_the_recording_is_that_of_todays_demo() -> None:
    """Run `make demo-recording` after the steps of the demo change."""
    lines = shown(recording.TARGET.read_text(encoding="utf-8"))
    text = " ".join(" ".join(lines).split())
    assert [step.what for step in demo.STEPS if step.what not in text] == []
    assert "NOT as expected" not in text and lines[-1].startswith("Done in ")


def test_the_recording_names_no_folder_of_the_machine() -> None:
    text = recording.TARGET.read_text(encoding="utf-8")
    assert recording.SHOWN_FOLDER in text and "/home/" not in text and "/tmp/" not in text and "/root" not in text


def test_a_command_is_recorded_with_its_colors_as_it_appears() -> None:
    program = "import sys; print('\\x1b[0;32mok\\x1b[0m <1>'); print(sys.stdout.isatty()); " + f"print({str(recording.ROOT)!r})"
    lines = recording.record([sys.executable, "-c", program])
    assert [line.text for line in lines] == ["\x1b[0;32mok\x1b[0m <1>", "True", recording.SHOWN_FOLDER]
    image = recording.render(lines)
    assert f'<tspan fill="{recording.COLORS[2]}">ok</tspan>' in image and shown(image) == ["ok <1>", "True", recording.SHOWN_FOLDER]


def test_a_command_that_fails_is_not_recorded() -> None:
    with pytest.raises(subprocess.CalledProcessError):
        recording.record([sys.executable, "-c", "raise SystemExit(3)"])


def test_long_pauses_are_cut_and_lines_at_once_are_told_apart() -> None:
    lines = [Line(0.0, "a"), Line(0.0, "b"), Line(30.0, "c"), Line(30.3, "d")]
    shortest, longest = recording.SHORTEST_PAUSE, recording.LONGEST_PAUSE
    assert recording.pace(lines) == pytest.approx([shortest, 2 * shortest, 2 * shortest + longest, 2 * shortest + longest + 0.3])
