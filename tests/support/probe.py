# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Model the output of the probe's script for an output of dsregcmd, with its own patterns. No PowerShell runs here."""

from __future__ import annotations

import re
import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils._probe.script import SCRIPT

# .NET and Python read these patterns alike. They match a title, a pair, the tenant's ID, a SID, and a number, in this order.
TITLE, PAIR, TENANT, SID, NUMBER = (re.compile(found, re.IGNORECASE) for found in re.findall(r"-match '([^']+)'", SCRIPT))
PLACES = dict(re.findall(r'"(\w+)=\$\(Get-Status \'([^\']+)\'\)"', SCRIPT))
PLACES["cr"] = re.findall(r"\$canReset = Get-Status '([^']+)'", SCRIPT)[0]
TOKENS = re.findall(r"\$token = Get-Status '([^']+)'", SCRIPT)
ORDER = re.findall(r'(?m)^  "(\w+)=', SCRIPT)


def print_line(output: str, registry: t.Mapping[str, str] | None = None) -> str:
    """Return the line for an output of dsregcmd. ``registry``: rec, use, gpo, and urec, as the script would read them."""
    found = read(output)
    missing = "-" if "Device State/AzureAdJoined" in found else "?"
    values = {field: found.get(place, missing) for field, place in PLACES.items()}
    values["prt"] = next((found[place] for place in TOKENS if place in found), missing)
    values |= {"rec": "1", "use": "1", "gpo": "-", "urec": "-", **(registry or {})}
    if not TENANT.search(found.get("Tenant Details/TenantId", "")):
        values |= dict.fromkeys(("rec", "use", "urec"), "?")
    return ";".join(["pin1", *(f"{field}={values[field]}" for field in ORDER), "end"])


def read(output: str) -> dict[str, str]:
    """Return the data that the loop of the script keeps: values by section and key."""
    found: dict[str, str] = {}
    section = ""
    for line in re.split("\r\n|\n", output):
        if title := TITLE.search(line):
            section = title[1]
        elif pair := PAIR.search(line):
            found.setdefault(f"{section}/{pair[1]}", pair[2])
    return found


def exit_code(line: str) -> int:
    """Return the exit code of the script that printed a line."""
    return 0 if "NonDestructive" in line else 1


# A signature block as Set-AuthenticodeSignature writes it, with an invented signature.
SIGNATURE = "\r\n# SIG # Begin signature block\r\n# MIIFfwYJKoZIhvcNAQcCoIIFcDCCBWwCAQExCzAJ\r\n# AQ==\r\n# SIG # End signature block\r\n"
SIGNED = SCRIPT + SIGNATURE
# A version that was never released.
OLD = b"# endpointops.intune PIN reset probe 0\nexit 1\n"
