# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Parse expressions, which are the texts for the type of a property.

`string` is a scalar or the name of a type, `[string]` a list. A question mark means that null is allowed, in `[string?]` as an item and in
`[string]?` instead of the list. Words after it: `read-only` (the service writes it), `navigation` (comes only with $expand).
"""

from __future__ import annotations

import re
import typing as t
from dataclasses import dataclass, replace
from functools import cache

READ_ONLY, NAVIGATION = "read-only", "navigation"
_NAME = re.compile(r"[\w.\-]+")


@dataclass(frozen=True)
class Expression:
    """A parsed expression: `item` is set for a list, `name` for everything else."""

    name: str = ""
    item: Expression | None = None
    is_nullable: bool = False
    is_read_only: bool = False
    is_navigation: bool = False

    def __str__(self) -> str:
        text = f"[{self.item}]" if self.item else self.name
        words = [word for word, is_set in ((READ_ONLY, self.is_read_only), (NAVIGATION, self.is_navigation)) if is_set]
        return " ".join([text + "?" * self.is_nullable, *words])

    @property
    def innermost(self) -> str:
        """Return the name of the scalar or type inside any number of lists."""
        return self.item.innermost if self.item else self.name

    def with_words(self, **words: bool) -> Expression:
        """Return a copy with `is_nullable`, `is_read_only`, or `is_navigation` set."""
        return replace(self, **t.cast("dict[str, t.Any]", words))


@cache
def parse(text: str) -> Expression:
    """Read an expression; raise ValueError for text that is not one."""
    main, *words = text.split(" ")
    if set(words) - {READ_ONLY, NAVIGATION}:
        raise ValueError(f"not an expression: {text!r}")
    return _parse_type(main).with_words(is_read_only=READ_ONLY in words, is_navigation=NAVIGATION in words)


def _parse_type(text: str) -> Expression:
    plain = text.removesuffix("?")
    if plain.startswith("[") and plain.endswith("]"):
        return Expression(item=_parse_type(plain[1:-1]), is_nullable=plain != text)
    if not _NAME.fullmatch(plain):
        raise ValueError(f"not an expression: {text!r}")
    return Expression(name=plain, is_nullable=plain != text)
