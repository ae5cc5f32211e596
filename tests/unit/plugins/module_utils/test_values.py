# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _module, _pem
from ansible_collections.endpointops.intune.plugins.module_utils._errors import InvalidOptionError
from ansible_collections.endpointops.intune.plugins.module_utils._names import describe_non_text
from ansible_collections.endpointops.intune.plugins.module_utils._option_values import DEEPEST, find_unreadable, with_plain_text
from ansible_collections.endpointops.intune.plugins.module_utils._values import is_too_deep, walk

FAR = 10_000  # Python's own limit for recursion is 1,000
KEY = "-----BEGIN PRIVATE KEY-----"


def nest(depth: int, inner: t.Any = 1, wrap: t.Callable[[t.Any], t.Any] = lambda value: [value]) -> t.Any:
    """Return a value in so many containers."""
    value = inner
    for _level in range(depth):
        value = wrap(value)
    return value


WRAPS = [
    pytest.param(lambda value: [value], id="lists"),
    pytest.param(lambda value: {"a": value}, id="dictionaries"),
    pytest.param(lambda value: (value,), id="tuples"),
]


@pytest.mark.parametrize("wrap", WRAPS)
@pytest.mark.parametrize(("depth", "too_deep"), [(0, False), (1, False), (DEEPEST, False), (DEEPEST + 1, True), (FAR, True)])
def test_the_depth_of_a_value(depth: int, too_deep: bool, wrap: t.Any) -> None:
    assert is_too_deep(nest(depth, wrap=wrap), DEEPEST) is too_deep


def circle() -> list[t.Any]:
    value: list[t.Any] = []
    value.append(value)
    return value


def test_a_value_in_itself_is_too_deep_and_ends() -> None:
    assert is_too_deep(circle(), DEEPEST) and len(list(walk(circle()))) == 1


def test_aliases_take_no_time() -> None:
    """A few lines of YAML expand to 10 to the 20 entries."""
    value: t.Any = ["x"]
    for _level in range(DEEPEST - 1):
        value = [value] * 10
    assert is_too_deep(value, DEEPEST) is False and is_too_deep([value], DEEPEST) is True
    assert len(list(walk(value))) == DEEPEST + 1
    assert find_unreadable({"a": value}) == {}


VALUES = st.recursive(
    st.integers() | st.text(max_size=3) | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner)
)


@given(VALUES)
def test_everything_in_a_value_is_found(value: t.Any) -> None:
    def parts(item: t.Any) -> t.Iterator[t.Any]:
        yield item
        for inner in [*item, *item.values()] if isinstance(item, dict) else item if isinstance(item, list) else ():
            yield from parts(inner)

    assert sorted(map(repr, walk(value))) == sorted(map(repr, parts(value)))


# --- every function that reads foreign values has a limit -----------------------------------------------------------


@pytest.mark.parametrize("wrap", WRAPS)
def test_a_private_key_is_found_at_any_depth(wrap: t.Any) -> None:
    assert _pem.find_private_key(nest(FAR, KEY, wrap)) and not _pem.find_private_key(nest(FAR, "x", wrap))


@pytest.mark.parametrize("bad", ["a\0b", "\ud800", 10**400])
@pytest.mark.parametrize("wrap", WRAPS)
def test_a_value_that_nothing_can_hold_is_refused_at_any_depth(bad: t.Any, wrap: t.Any) -> None:
    with pytest.raises(InvalidOptionError, match="x must"):
        _module.validate_value("x", nest(FAR, bad, wrap))
    _module.validate_value("x", nest(FAR, "good", wrap))


@pytest.mark.parametrize("wrap", WRAPS)
def test_a_name_of_any_depth_is_told_in_a_sentence(wrap: t.Any) -> None:
    assert describe_non_text(nest(FAR, wrap=wrap)) == "An entry must be a name or an ID as text, not ...."
    assert "[[1]]" in (describe_non_text([[1]]) or "")


def test_plain_text_is_made_of_what_options_can_hold() -> None:
    assert with_plain_text({"a": nest(DEEPEST)}) == {"a": nest(DEEPEST)} and find_unreadable({"a": nest(DEEPEST)}) == {}
    for depth in (DEEPEST + 1, FAR):
        assert find_unreadable({"a": nest(depth)})["a"].startswith(f"a must not have more than {DEEPEST}")
        with pytest.raises(ValueError, match="too deep"):
            with_plain_text({"a": nest(depth)})
