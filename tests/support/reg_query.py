# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Outputs of reg query KEY /s, as Windows prints them."""

from __future__ import annotations

import typing as t

from .dsregcmd import TENANT

INTUNE = r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Policies\PassportForWork"
GROUP_POLICY = r"HKEY_LOCAL_MACHINE\SOFTWARE\Policies\Microsoft\PassportForWork"
USER_GROUP_POLICY = r"HKEY_CURRENT_USER\SOFTWARE\Policies\Microsoft\PassportForWork"
DEVICE = rf"{INTUNE}\{TENANT}\Device\Policies"
PERSON = rf"{INTUNE}\{TENANT}\S-1-12-1-1111111111-1222222222-1333333333-1444444444\Policies"
OTHER_PERSON = rf"{INTUNE}\{TENANT}\S-1-12-1-2111111111-1222222222-1333333333-1444444444\Policies"
# The first two are reg's messages on standard error, by language and code page.
NOT_THERE = {
    "English": b"\r\nERROR: The system was unable to find the specified registry key or value.\r\n",
    "French": "\r\nERREUR : le système n'a pas trouvé la clé ou la valeur de Registre spécifiée.\r\n".encode("cp850"),
}

Registry = t.Mapping[str, t.Mapping[str, int | str]]  # values by key; a number is a REG_DWORD


def render(registry: Registry, end: str = "\r\n") -> str:
    """Return the output of reg query for some keys."""
    lines = []
    for key, values in registry.items():
        lines += ["", key, *(f"    {name}    {_render(value)}" for name, value in values.items())]
    return end.join([*lines, ""])


def _render(value: int | str) -> str:
    return f"REG_DWORD    {value:#x}" if isinstance(value, int) else f"REG_SZ    {value}"


ON: Registry = {
    DEVICE: {"UsePassportForWork": 1, "EnablePinRecovery": 1},
    rf"{DEVICE}\PINComplexity": {"MinimumPINLength": 6},
}
# The output of reg for a value that every Windows has.
BUILD = render({r"HKEY_LOCAL_MACHINE\SOFTWARE\Microsoft\Windows NT\CurrentVersion": {"CurrentBuild": "26100"}})
