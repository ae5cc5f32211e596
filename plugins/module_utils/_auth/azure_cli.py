# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The identity that is signed in to the Azure CLI of the machine that runs the module."""

from __future__ import annotations

import re
import subprocess
import typing as t

from .. import _errors as errors
from .._lifetime import Lifetime
from ._advice import find_hint, find_number
from ._answers import is_token, parse_json, parse_seconds
from ._base import Credential
from ._memory import Token

TIMEOUT = 60  # seconds to wait for az
LONGEST_OUTPUT = 100_000  # characters
LONGEST_REASON = 500
KEPT_BY_AZ = "The Azure CLI keeps the credential. Its end is not known."
# The last line of a Python traceback, which is not indented.
CRASH = re.compile(r"^Traceback \(most recent call last\):[ \t\r]*\n(?:[ \t\r].*\n|\n)*(\S.*)", re.MULTILINE)


class AzureCli(Credential):
    """The token that the command ``az`` returns."""

    method = "azure_cli"
    uses_tenant = True

    def fetch_token(self, claims: str | None, renew: bool) -> Token:
        """Return the token of the Azure CLI; raise AuthenticationError if it has none, or the service requires stronger authentication."""
        if claims:
            raise errors.AuthenticationError(
                "Microsoft Graph asks for a new or stronger sign-in (claims challenge), which the Azure CLI cannot pass on here.",
                hint="Run 'az logout' and 'az login' again, or use an auth_method that signs in by itself, such as client_certificate.",
            )
        command = ["az", "account", "get-access-token", "--output", "json", "--resource", self.context.cloud.graph]
        if self.options.get("tenant_id"):
            command += ["--tenant", self.options["tenant_id"]]
        token = parse_output(self._run(command))
        if token is None:
            raise errors.AuthenticationError("The Azure CLI answered without a token.", hint="Run 'az version': 2.54 or later is needed.")
        return token

    def lifetime(self) -> Lifetime:
        """Return an unknown lifetime, because the Azure CLI manages the credential."""
        return Lifetime(reason=KEPT_BY_AZ)

    @staticmethod
    def _run(command: t.Sequence[str]) -> str:
        try:
            # Undecodable bytes are replaced, because az writes in the encoding of its own locale.
            done = subprocess.run(  # pylint: disable=ansible-bad-function  # run_command has no timeout, and the inventory has no module
                command, capture_output=True, encoding="utf-8", errors="replace", timeout=TIMEOUT, check=False, stdin=subprocess.DEVNULL
            )
        except subprocess.TimeoutExpired:
            raise errors.AuthenticationError(
                f"The Azure CLI did not answer within {TIMEOUT} s.", hint="Try 'az account show' by hand."
            ) from None
        except (OSError, ValueError, subprocess.SubprocessError) as failure:
            reason = getattr(failure, "strerror", None) or type(failure).__name__
            raise errors.AuthenticationError(
                f"auth_method azure_cli needs the Azure CLI, and 'az' is not on the PATH or cannot be run ({reason}).",
                hint="Install it, or choose another auth_method.",
            ) from None
        if done.returncode:
            reason = find_reason(done.stderr) or f"no reason given (exit code {done.returncode})"
            raise errors.AuthenticationError(
                f"The Azure CLI gave no token: {reason}",
                hint=find_hint(find_number(reason), "Sign in with 'az login' as the user who runs Ansible."),
            )
        return done.stdout


def find_reason(stderr: str) -> str | None:
    """Return the line in which az reports the reason of a failure, or None. Warnings of az or of Python may precede it."""
    plain = re.sub(r"\x1b\[[0-9;?]*[ -/]*[@-~]", "", stderr[:LONGEST_OUTPUT])
    crashes = CRASH.findall(plain)
    lines = [line.strip() for line in plain.splitlines() if line.strip()]
    own = [line for line in lines if re.match(r"(?:az: )?error\b", line, re.IGNORECASE)]
    chosen = [line for line in own if find_number(line)] or [line for line in lines if find_number(line)] or own
    others = [line for line in lines if not re.match(r"warning\b|.*warning: |warnings\.warn", line, re.IGNORECASE)]
    if crashes and not find_number("".join(chosen)):
        # az itself crashed; its ERROR line only announces the traceback.
        chosen = [crashes[-1].strip()]
    found = (chosen or others[-1:] or lines[-1:])[-1:]
    return "".join(sign if sign.isprintable() else " " for sign in found[0][:LONGEST_REASON]) if found else None


def parse_output(text: str) -> Token | None:
    """Return the token in the output of ``az account get-access-token``, or None for anything else."""
    # az may write notices before and after the object.
    begin = re.search(r"^[ \t]*\{", text, re.MULTILINE)
    output = parse_json(text[begin.start() : text.rfind("}") + 1]) if begin else None
    if not isinstance(output, dict) or not is_token(output.get("accessToken")):
        return None
    return Token(output["accessToken"], parse_seconds(output.get("expires_on")))
