# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The identity that is signed in to the Azure CLI of the machine that runs the module."""

from __future__ import annotations

import json
import subprocess
import typing as t

from .. import _errors as errors
from ._base import Credential, Token

TIMEOUT = 60  # seconds for az to answer


class AzureCli(Credential):
    """The token that the command ``az`` returns."""

    method = "azure_cli"

    def fetch_token(self, claims: str | None, renew: bool) -> Token:
        """Return the token of the Azure CLI."""
        command = ["az", "account", "get-access-token", "--output", "json", "--resource", self.context.cloud.graph]
        if self.options.get("tenant_id"):
            command += ["--tenant", self.options["tenant_id"]]
        token = parse_output(self._run(command))
        if token is None or not token.value:
            raise errors.AuthenticationError("The Azure CLI answered without a token.", hint="Run 'az version': 2.54 or later is needed.")
        return token

    @staticmethod
    def _run(command: t.Sequence[str]) -> str:
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT, check=False, stdin=subprocess.DEVNULL)
        except OSError as failure:
            raise errors.AuthenticationError(
                f"auth_method azure_cli needs the Azure CLI, and 'az' is not on the PATH or cannot be run ({failure.strerror}).",
                hint="Install it, or choose another auth_method.",
            ) from None
        except subprocess.TimeoutExpired:
            raise errors.AuthenticationError(
                f"The Azure CLI did not answer within {TIMEOUT} s.", hint="Try 'az account show' by hand."
            ) from None
        if done.returncode:
            lines = [line for line in done.stderr.splitlines() if line.strip() and not line.startswith("WARNING")]
            reason = lines[0] if lines else "no reason given"
            raise errors.AuthenticationError(
                f"The Azure CLI gave no token: {reason}", hint="Sign in with 'az login' as the user who runs Ansible."
            )
        return done.stdout


def parse_output(text: str) -> Token | None:
    """Return the token in the output of ``az account get-access-token``; null for anything else."""
    try:
        output = json.loads(text)
        expires_on = output.get("expires_on")
        return Token(output["accessToken"], None if expires_on is None else float(expires_on))
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
