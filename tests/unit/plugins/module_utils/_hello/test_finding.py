# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.endpointops.intune.plugins.module_utils._hello.finding import Finding, make_error
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import FoundPolicy


def test_a_finding_is_shown_whole() -> None:
    assert Finding("conflict", "error", ("a", "b"), "What.", "Do.", ("pin_history",)).describe() == {
        "code": "conflict",
        "severity": "error",
        "policies": ["a", "b"],
        "settings": ["pin_history"],
        "message": "What.",
        "hint": "Do.",
    }


def test_an_error_concerns_its_policy() -> None:
    found = make_error("braces", FoundPolicy("custom", "p-1", "PIN"), "What.", "Do.")
    assert found == Finding("braces", "error", ("p-1",), "What.", "Do.")
