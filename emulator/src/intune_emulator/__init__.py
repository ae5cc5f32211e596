# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Emulate a Microsoft tenant (Entra login, Microsoft Graph, Intune) for trials and tests.

Public: `EmulatorProcess` starts a tenant as a process, `IntuneTenant` represents a running one, `ControlClient` calls its control API, and
`ControlError` reports a refused call.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from .version import VERSION as __version__

if TYPE_CHECKING:
    from .control.client import ControlClient, ControlError
    from .control.intune_tenant import IntuneTenant
    from .control.process import EmulatorProcess

__all__ = ["ControlClient", "ControlError", "EmulatorProcess", "IntuneTenant", "__version__"]

_MODULES = {"ControlClient": "client", "ControlError": "client", "EmulatorProcess": "process", "IntuneTenant": "intune_tenant"}


def __getattr__(name: str) -> Any:
    """Import a public class on first use: the server itself needs none of them."""
    if name in _MODULES:
        return getattr(importlib.import_module(f".control.{_MODULES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
