# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the command like a user: over HTTPS, with the modules' own sign-in, against an emulated tenant in the role of the service."""

from __future__ import annotations

import os
import tempfile

import pytest

from .__main__ import main


@pytest.fixture(autouse=True)
def _own_environment(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    for name in [*os.environ]:
        if name.startswith(("INTUNE_", "AZURE_", "LIVE_")) or name == "XDG_RUNTIME_DIR":
            monkeypatch.delenv(name)


def run(tenant, monkeypatch, tmp_path, **given):
    for name, value in tenant.env.items():
        monkeypatch.setenv(name, value)
    said: list[str] = []
    report = tmp_path / "output" / "report.md"
    code = main({**os.environ, "LIVE_REPORT": str(report), **given}, say=said.append)
    return code, said, report.read_text(encoding="utf-8") if report.exists() else None


def test_it_reads_and_finds_nothing(intune_tenant, monkeypatch, tmp_path):
    mark = intune_tenant.control.mark()
    code, said, report = run(intune_tenant, monkeypatch, tmp_path)
    assert code == 0 and "Differences: 0" in report and "Ran: reads." in report, report
    assert "Contoso" in said[0] and "Contoso" not in report
    assert not [entry for entry in intune_tenant.control.journal(mark) if entry["write"]]


def test_it_creates_and_removes(intune_tenant, monkeypatch, tmp_path):
    intune_tenant.control.settings(configuration_patch_status="204")
    mark = intune_tenant.control.mark()
    code, said, report = run(intune_tenant, monkeypatch, tmp_path, LIVE_WRITE="1", LIVE_PREFIX="Try")
    assert code == 0 and "Differences: 2" in report and "answers 204, and on the emulated tenant 200" in report, report
    methods = [entry["method"] for entry in intune_tenant.control.journal(mark) if entry["write"] and entry["kind"] == "graph"]
    assert methods == ["POST", "PATCH", "DELETE"] * 3
    assert said[-1].endswith("report.md") and "Try" not in report


def test_a_tenant_that_cannot_be_reached_is_told(intune_tenant, monkeypatch, tmp_path):
    code, said, report = run(intune_tenant, monkeypatch, tmp_path)
    monkeypatch.setenv("INTUNE_CLIENT_SECRET", "wrong")
    said = []
    assert main({**os.environ, "LIVE_REPORT": str(tmp_path / "none.md")}, say=said.append) == 2
    assert "Set the INTUNE_* variables" in said[0] and not (tmp_path / "none.md").exists()
    assert code == 0 and report
