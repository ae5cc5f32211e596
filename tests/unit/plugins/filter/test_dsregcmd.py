# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from ansible.errors import AnsibleFilterError

from ansible_collections.endpointops.intune.plugins.filter.dsregcmd import FilterModule, read_status
from tests.support.dsregcmd import possible, render


def test_text_and_lines_are_the_same() -> None:
    text = render(possible)
    assert read_status(text) == read_status(text.splitlines()) and read_status(text)["non_destructive_reset"] is True


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (None, "a value of the type NoneType"),
        (7, "a value of the type int"),
        ({"stdout": "x"}, "a dictionary"),
        (["x", None], "a value of the type list"),
        (b"x", "a value of the type bytes"),
    ],
    ids=str,
)
def test_what_is_not_text_is_refused_with_what_to_give(given: t.Any, words: str) -> None:
    with pytest.raises(AnsibleFilterError, match=f"must get text or a list of lines, not {words}. Give 'stdout'"):
        read_status(given)


def test_the_filter_has_its_name() -> None:
    assert FilterModule().filters() == {"dsregcmd": read_status}
