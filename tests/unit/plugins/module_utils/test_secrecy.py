# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._argspec import Secret
from ansible_collections.endpointops.intune.plugins.module_utils._secrecy import (
    mark_secrets,
    refuse_exposed,
    refuse_private_keys,
    refuse_secrets,
    shows_entries,
)

PASS = Secret("users[].pass.value", "return_pass", "passes")


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        pytest.param({"is_hidden": False}, "not hidden, and would show the passes", id="case 35: shown"),
        pytest.param({"is_async": True}, "return_pass cannot be used with async", id="case 35: async"),
        pytest.param({"has_debug": True}, "ANSIBLE_DEBUG is on", id="case 35: debugging"),
    ],
)
def test_secrets_that_would_be_shown_are_refused(settings: dict[str, bool], words: str) -> None:
    given = {"is_hidden": True, "is_async": False, "has_debug": False, **settings}
    with pytest.raises(errors.InvalidOptionError, match=words):
        refuse_exposed([PASS], **given)
    refuse_exposed([], **given)


def test_secrets_that_are_hidden_are_not_refused() -> None:
    refuse_exposed([PASS], is_hidden=True, is_async=False, has_debug=False)


def test_private_keys_are_refused_by_the_name_of_their_option() -> None:
    refuse_private_keys({"devices": ["PC-1"], "wait": True})
    with pytest.raises(errors.InvalidOptionError, match="seal_to holds a private key") as caught:
        refuse_private_keys({"seal_to": ["-----BEGIN PRIVATE KEY-----", "c2VjcmV0"]})
    assert "c2VjcmV0" not in str(caught.value)


def test_passcodes_in_results_that_a_task_is_given_are_refused() -> None:
    refuse_secrets({"results": [{"id": "a", "passcode": None, "sealed_passcode": "x"}], "devices": ["passcode"]})
    for value in ([{"passcode": "1234"}], [[{"x": {"passcode": "1234"}}]], {"temporary_access_pass": "abc"}):
        with pytest.raises(errors.InvalidOptionError, match="results holds passcodes in clear") as caught:
            refuse_secrets({"results": value})
        assert "1234" not in str(caught.value)
    with pytest.raises(errors.InvalidOptionError, match="holds a private key"):
        refuse_secrets({"seal_to": ["-----BEGIN PRIVATE KEY-----", "c2VjcmV0"]})


@pytest.mark.parametrize(("version", "shows"), [("2.16.0", True), ("2.20.9", True), ("2.21.0", False), ("3.0", False), ("devel", True)])
def test_versions_that_show_entries(version: str, shows: bool) -> None:
    assert shows_entries(version) is shows


@pytest.mark.parametrize("marks", [True, False])
def test_entries_with_secrets_are_marked(marks: bool) -> None:
    result: dict[str, t.Any] = {"users": [{"pass": {"value": "1234"}}, {"pass": {"value": None}}, "text", {"pass": 7}]}
    assert mark_secrets(result, [PASS], marks_entries=marks) is True
    assert [user["pass"].get("_ansible_no_log", False) for user in result["users"][:2]] == [marks, False]
    assert mark_secrets({"users": None}, [PASS], marks_entries=marks) is False
