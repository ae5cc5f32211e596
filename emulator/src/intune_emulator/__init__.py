# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""An emulated Microsoft tenant (Entra login, Microsoft Graph, Intune) for trying and testing.

Public: `EmulatorProcess` starts a tenant as a process, `ControlClient` calls its control API, `ControlError` is a call that was refused.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .version import VERSION as __version__

if TYPE_CHECKING:
    from .control.client import ControlClient, ControlError
    from .control.process import EmulatorProcess

__all__ = ["ControlClient", "ControlError", "EmulatorProcess", "__version__"]


def __getattr__(name: str) -> Any:
    """Import a public class on first use: the server itself needs none of them."""
    if name == "EmulatorProcess":
        from .control.process import EmulatorProcess

        return EmulatorProcess
    if name in ("ControlClient", "ControlError"):
        from .control import client

        return client.ControlClient if name == "ControlClient" else client.ControlError
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
