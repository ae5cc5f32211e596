# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check the choice of the tests that `make test-quick` runs for a change."""

from __future__ import annotations

import pathlib

import pytest

from tests.tools.changed import ROOT, choose_tests, list_changed


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ([], []),
        (["README.md", "roles/pin_reset/tasks/main.yml"], []),
        (["plugins/module_utils/_time.py"], ["tests/unit/plugins/module_utils/test_time.py"]),
        (["plugins/modules/intune_pin_policy.py"], ["tests/unit/plugins/modules/test_intune_pin_policy.py"]),
        (["plugins/module_utils/_hello/api.py"], ["tests/unit/plugins/module_utils/_hello"]),
        (
            ["tests/unit/plugins/module_utils/_hello/test_api.py", "plugins/module_utils/_hello/api.py"],
            ["tests/unit/plugins/module_utils/_hello"],
        ),
        (["tests/unit/plugins/module_utils/test_time.py"], ["tests/unit/plugins/module_utils/test_time.py"]),
        (["plugins/module_utils/_that_was_removed.py"], []),
    ],
)
def test_a_change_needs_the_tests_of_its_subject(changed: list[str], expected: list[str]) -> None:
    assert choose_tests([pathlib.PurePosixPath(name) for name in changed]) == ["tests/quality", *expected]


def test_what_is_chosen_exists() -> None:
    assert all((ROOT / name).exists() for name in choose_tests(list_changed()))
