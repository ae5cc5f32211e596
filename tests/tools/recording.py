# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Record `make demo` as an animated SVG for the README: `make demo-recording`."""

from __future__ import annotations

import itertools
import os
import pathlib
import subprocess
import sys
import time
import typing as t
from xml.sax.saxutils import escape

from rich.color import Color
from rich.text import Text

from tests.tools.tree import ROOT

TARGET = ROOT / "docs" / "images" / "demo.svg"
ROWS = 30
COLUMNS = 80
LINE_HEIGHT = 17  # pixels, as the next one
CHARACTER_WIDTH = 7.83
MARGIN = 16
SHOWN_FOLDER = "~/endpointops.intune"  # instead of the folder of this checkout
LONGEST_PAUSE = 0.6  # seconds; viewers should not watch a program wait
SHORTEST_PAUSE = 0.06
PAUSE_AT_THE_END = 6.0
# Black, red, green, yellow, blue, magenta, cyan, and white, by their numbers in ANSI's sequences.
COLORS = ("#8b949e", "#ff7b72", "#56d364", "#e3b341", "#79c0ff", "#d2a8ff", "#56d4dd", "#f0f6fc")


class Line(t.NamedTuple):
    """A line of a terminal, and the seconds after which it has appeared."""

    after: float
    text: str


def record(command: list[str]) -> list[Line]:
    """Run a command in a separate terminal, and return its lines; raise CalledProcessError if it fails."""
    leader, follower = os.openpty()
    began = time.monotonic()
    lines, rest = [], b""
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=follower, stderr=follower) as process:
        os.close(follower)
        for chunk in iter(lambda: _read(leader), b""):
            *complete, rest = (rest + chunk).split(b"\n")
            lines += [Line(time.monotonic() - began, one.decode().rstrip("\r")) for one in complete]
    os.close(leader)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command, "\n".join(line.text for line in lines))
    return [line._replace(text=line.text.replace(str(ROOT), SHOWN_FOLDER)) for line in lines]


def _read(leader: int) -> bytes:
    try:
        return os.read(leader, 65536)
    except OSError:  # on Linux, this means that the other end is closed
        return b""


def render(lines: list[Line]) -> str:
    """Return an SVG whose text scrolls as the lines appeared, with the pauses cut to a few tenths of a second."""
    times = pace(lines)
    total = times[-1] + PAUSE_AT_THE_END
    width, height = round(COLUMNS * CHARACTER_WIDTH + 2 * MARGIN), ROWS * LINE_HEIGHT + 2 * MARGIN
    frames = "".join(
        f"{100 * moment / total:.3f}%{{transform:translateY({(ROWS - 1 - number) * LINE_HEIGHT}px)}}"
        for number, moment in enumerate(times)
        if number + 1 == len(times) or times[number + 1] > moment
    )
    last = (ROWS - len(lines)) * LINE_HEIGHT
    rows = "\n".join(
        f'<text x="{MARGIN}" y="{MARGIN + number * LINE_HEIGHT + 13}">{_spans(line.text)}</text>' for number, line in enumerate(lines)
    )
    return f"""<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" role="img">
<!-- Copyright: (c) 2026, Endpoint Ops
     SPDX-License-Identifier: GPL-3.0-or-later -->
<title>The output of make demo</title>
<style>
@keyframes scroll {{0%{{transform:translateY({(ROWS - 1) * LINE_HEIGHT}px)}}{frames}}}
g.lines {{animation: scroll {total:.1f}s step-end infinite; transform: translateY({last}px)}}
@media (prefers-reduced-motion: reduce) {{g.lines {{animation: none}}}}
text {{font: 13px ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; fill: #e6edf3; white-space: pre}}
</style>
<clipPath id="screen"><rect width="{width}" height="{height}" rx="10"/></clipPath>
<g clip-path="url(#screen)"><rect width="{width}" height="{height}" fill="#0d1117"/>
<g class="lines">
{rows}
</g></g>
</svg>
"""


def pace(lines: list[Line]) -> list[float]:
    """Return the seconds after which each line appears in the recording."""
    pauses = [0.0] + [max(0.0, later.after - earlier.after) for earlier, later in itertools.pairwise(lines)]
    return list(itertools.accumulate(min(LONGEST_PAUSE, pause) if pause > SHORTEST_PAUSE else SHORTEST_PAUSE for pause in pauses))


def _spans(line: str) -> str:
    text = Text.from_ansi(line)
    cuts = sorted({0, len(text.plain), *(end for span in text.spans for end in (span.start, span.end))})
    spans = []
    for start, end in itertools.pairwise(cuts):
        color = next((_color(span.style) for span in text.spans if span.start <= start < span.end), None)
        part = escape(text.plain[start:end])
        spans.append(f'<tspan fill="{color}">{part}</tspan>' if color else part)
    return "".join(spans)


def _color(style: t.Any) -> str | None:
    color: Color | None = getattr(style, "color", None)
    return COLORS[color.number % 8] if color and color.number is not None and color.number < 16 else None


def main() -> None:
    TARGET.write_text(render(record([sys.executable, "-m", "tests.demo"])), encoding="utf-8")
    print(f"Recorded: {pathlib.Path(TARGET).relative_to(ROOT)}")


if __name__ == "__main__":
    main()
