# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The version of the distribution, which pyproject.toml reads."""

from __future__ import annotations

VERSION = "1.0.0"
