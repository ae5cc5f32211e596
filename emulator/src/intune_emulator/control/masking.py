# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Replace secrets of the tenant in data for people."""

from __future__ import annotations

from typing import Any

HIDDEN = "REDACTED"
# The secrets of a tenant include hidden OMA values, which can be a single digit. A passcode has 10 characters, a Temporary Access Pass 8 or
# more.
SHORTEST = 8
# Of a longer text, show only the length: a part of it could be a part of a secret.
LONGEST_TEXT = 500


class Mask:
    """Hide every secret of a set, wherever it is in a text. The set only grows."""

    def __init__(self, secrets: set[str]) -> None:
        self._secrets = secrets
        self._known = -1
        self._lengths: list[int] = []

    def apply(self, value: Any) -> Any:
        """Return a copy of a JSON value whose strings, including names, have no secret and no excessive length."""
        if isinstance(value, dict):
            return {self.hide(name): self.apply(item) for name, item in value.items()}
        if isinstance(value, list):
            return [self.apply(item) for item in value]
        return self.hide(value) if isinstance(value, str) else value

    def hide(self, text: str) -> str:
        """Return a text without secrets."""
        if len(text) > LONGEST_TEXT:
            return f"({len(text)} characters)"
        for length in self._find_lengths():
            start = 0
            while start + length <= len(text):
                if text[start : start + length] in self._secrets:
                    text = f"{text[:start]}{HIDDEN}{text[start + length :]}"
                start += 1
        return text

    def _find_lengths(self) -> list[int]:
        """Return the lengths of the secrets, the longest first, because a secret can begin with another one."""
        if len(self._secrets) != self._known:
            self._known = len(self._secrets)
            self._lengths = sorted({len(text) for text in self._secrets if SHORTEST <= len(text) <= LONGEST_TEXT}, reverse=True)
        return self._lengths
