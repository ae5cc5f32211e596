# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The names of seeds."""

from __future__ import annotations

from .suggestions import suggest

MAX_FLEET = 1_000_000
NAMES = ("empty", "demo", "helpdesk")
KNOWN = f"{', '.join(NAMES)} or fleet:N (N up to {MAX_FLEET})"
# the last seed file that filled the tenant
FILE = "file"
SUFFIXES = (".yml", ".yaml")


def check_name(seed: object) -> str:
    """Return a known name of a seed that is not a file; ValueError for any other."""
    if isinstance(seed, str):
        kind, _separator, number = seed.partition(":")
        if seed in NAMES or (kind == "fleet" and number.isascii() and number.isdigit() and int(number) <= MAX_FLEET):
            return seed
    raise ValueError(f"unknown seed '{seed}'.{suggest(seed, NAMES)} Seeds: {KNOWN}")


def is_file(seed: str) -> bool:
    """Return whether a seed is the path of a file instead of a name."""
    return seed.lower().endswith(SUFFIXES) or "/" in seed
