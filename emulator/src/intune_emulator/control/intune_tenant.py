# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""A tenant for tests, whether the test started it or not."""

from __future__ import annotations

import os
from collections.abc import Mapping

from .client import ControlClient, ControlError
from .env_file import find_default_env_file
from .running import NotRunningError, UnclearError, find_running

URL, CA_PATH = "EMULATOR_URL", "INTUNE_CA_PATH"
PREFIXES = ("INTUNE_", "EMULATOR_")


class IntuneTenant:
    """A running tenant. `env`: its variables; `control`: a client of its control API."""

    env: dict[str, str]
    control: ControlClient

    def connect(self, env: Mapping[str, str]) -> None:
        """Use the tenant that these variables describe."""
        self.env = dict(env)
        self.control = ControlClient(self.env[URL], self.env.get(CA_PATH))

    def environment(self) -> dict[str, str]:
        """Return a copy of this process's environment with the variables of the tenant."""
        return {**os.environ, **self.env}


def find_intune_tenant(environ: Mapping[str, str]) -> IntuneTenant:
    """Return the tenant of the variables, else that of the default file; LookupError with the reason if it does not respond."""
    tenant = IntuneTenant()
    if not environ.get(URL):
        try:
            tenant.connect(find_running(find_default_env_file(environ)).variables)
        except (NotRunningError, UnclearError) as error:
            raise LookupError(f"{URL} is not set. {error}") from None
        return tenant
    tenant.connect({name: value for name, value in environ.items() if name.startswith(PREFIXES)})
    try:
        tenant.control.health()
    except (ControlError, OSError) as error:
        tenant.control.close()
        raise LookupError(f"{environ[URL]} does not respond: {error}.") from None
    return tenant
