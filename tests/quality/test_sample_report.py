# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that the sample report matches the current code and contains no personal data."""

from __future__ import annotations

import json
import pathlib

import jsonschema

from tests.support import reports
from tests.tools import sample_report


def test_the_sample_is_current(tmp_path: pathlib.Path) -> None:
    sample_report.make(tmp_path)
    made = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.suffix != ".csv"}
    kept = {path.name: path.read_bytes() for path in sample_report.FOLDER.iterdir()}
    assert set(made) == set(kept)
    differing = sorted(name for name in made if made[name] != kept[name])
    assert not differing, f"docs/sample is not what the code writes: {differing}. Run: make sample-report"


def test_the_sample_is_as_the_schema_says_and_shows_every_part() -> None:
    report = json.loads((sample_report.FOLDER / "pin-reset-report.json").read_text(encoding="utf-8"))
    jsonschema.validate(report, reports.SCHEMA)
    assert report["verdict"]["state"] == "yes" and report["findings"] and report["resets"]["total"] and report["changes"]["fixed"]
    assert report["devices"]["total"] == 40


def test_the_first_page_leads_to_the_sample() -> None:
    readme = (sample_report.ROOT / "README.md").read_text(encoding="utf-8")
    assert "docs/sample/pin-reset-report.html" in readme.partition("## What works")[0]
