# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The names of seeds."""

from __future__ import annotations

MAX_FLEET = 1_000_000
NAMES = ("empty", "demo", "helpdesk")


def check_name(seed: str) -> str:
    """Return a known `seed`; ValueError for any other."""
    kind, _separator, number = seed.partition(":")
    if seed in NAMES or (kind == "fleet" and number.isascii() and number.isdigit() and int(number) <= MAX_FLEET):
        return seed
    raise ValueError(f"unknown seed '{seed}': empty, demo, helpdesk or fleet:N (N up to {MAX_FLEET})")
