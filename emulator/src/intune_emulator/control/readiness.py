# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The line that a starting emulator prints when it is ready."""

from __future__ import annotations

READY_LINE = "The emulated tenant is ready."
