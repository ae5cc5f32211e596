# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Parse the output of ``reg query KEY /s``: the policies for Windows Hello for Business of one tenant, and a group policy. Pure.

Names of keys, values, and types are English on every Windows. The message about a missing key is localized, so it is not evaluated.

Source: https://learn.microsoft.com/windows/security/identity-protection/hello-for-business/configure. That page shows the keys with
UsePassportForWork. EnablePinRecovery is a setting of the same policies, and is expected at the same place.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .registry import MISSING, OFF, ON, UNREAD

INTUNE = r"HKLM\SOFTWARE\Microsoft\Policies\PassportForWork"
GROUP_POLICY = r"HKLM\SOFTWARE\Policies\Microsoft\PassportForWork"
USER_GROUP_POLICY = r"HKCU\SOFTWARE\Policies\Microsoft\PassportForWork"
HIVES: t.Mapping[str, str] = {"hklm": "hkey_local_machine", "hkcu": "hkey_current_user"}
# A key with a value that every Windows has. If it cannot be read, a missing result for another key proves nothing.
WINDOWS, BUILD = r"HKLM\SOFTWARE\Microsoft\Windows NT\CurrentVersion", "currentbuild"
NOT_FOUND = 1  # exit code of reg for a missing key, and for any other failure too
SEPARATOR = "    "  # between the name of a value, its type, and its data
NUMBER = re.compile(r"0x[0-9a-f]{1,8}")
USER = re.compile(r"(s-1-[0-9-]{1,180})\\policies")

# Numbers by the name of their value (None for another type), by the path below the requested key; all names in lower case.
Keys = dict[str, dict[str, "int | None"]]


@dataclasses.dataclass(frozen=True)
class IntunePolicies:
    """Intune's settings on a device for one tenant: EnablePinRecovery and UsePassportForWork, and EnablePinRecovery for each user."""

    recovery: str
    hello: str
    users: tuple[str, ...] = ()

    @property
    def has_different_users(self) -> bool:
        """Whether the values for users differ from each other, or from the device's value, which applies to all other users."""
        found = {*self.users, self.recovery} - {MISSING}
        return bool(self.users) and len(found) > 1

    @property
    def user_recovery(self) -> str:
        """The value for users, ``UNREAD`` if it depends on the person at the screen."""
        return UNREAD if self.has_different_users else next(iter(self.users), MISSING)


def parse(key: str, text: str, code: int | None) -> Keys | None:
    """Return the values below a key, none if the key is missing, or None if the query failed."""
    hive, _sign, rest = key.lower().partition("\\")
    asked = f"{HIVES[hive]}\\{rest}"
    found: Keys = {}
    current: dict[str, int | None] = {}
    # UTF-16 decoded byte by byte has a NUL in each character.
    for line in re.split(r"[\r\n]+", text.replace("\0", "").replace("\ufeff", "")):
        path = line.strip(" \t").lower()
        if path == asked or path.startswith(f"{asked}\\"):
            current = found.setdefault(path[len(asked) + 1 :], {})
        elif path.startswith("hkey_"):
            current = {}  # of another key, and dropped
        elif pair := _parse_value(path):
            current.setdefault(*pair)
    is_empty = code == 0 and not text.strip("\0\ufeff\r\n\t ")
    return found if found or is_empty or code == NOT_FOUND else None


def can_ask(text: str) -> bool:
    """Return whether ``reg query`` works here, judged by its output for ``WINDOWS``."""
    return BUILD in (parse(WINDOWS, text, None) or {}).get("", {})


def _parse_value(line: str) -> tuple[str, int | None] | None:
    name, sign, rest = line.partition(f"{SEPARATOR}reg_")
    if not sign:
        return None
    kind, _separator, data = rest.partition(SEPARATOR)
    return name.strip(), int(data, 16) if kind == "dword" and NUMBER.fullmatch(data) else None


def read_intune(keys: Keys | None, tenant_id: str) -> IntunePolicies:
    """Return the policies of one tenant. A device that was in another tenant before may still have the policies of that tenant."""
    if keys is None:
        return IntunePolicies(UNREAD, UNREAD)
    tenant = f"{tenant_id.lower()}\\"
    own = {path[len(tenant) :]: values for path, values in keys.items() if path.startswith(tenant)}
    device = own.get(r"device\policies", {})
    users = (_read(values, "EnablePinRecovery") for path, values in own.items() if USER.fullmatch(path))
    return IntunePolicies(
        recovery=_read(device, "EnablePinRecovery"),
        hello=_read(device, "UsePassportForWork"),
        users=tuple(value for value in users if value != MISSING),
    )


def read_group_policy(computer: Keys | None, user: Keys | None) -> str:
    """Return ``ON`` if a group policy turns PIN recovery on, ``OFF`` if there is one that does not, else ``MISSING`` or ``UNREAD``.

    The user's policy overrides the computer's. A key without any value sets nothing.
    """
    if computer is None or user is None:
        return UNREAD
    merged = {**computer.get("", {}), **user.get("", {})}
    if not any(values for keys in (computer, user) for values in keys.values()):
        return MISSING
    return ON if _read(merged, "EnablePinRecovery") == ON and _read(merged, "Enabled") in (ON, MISSING) else OFF


def _read(values: t.Mapping[str, int | None], name: str) -> str:
    """Return a number as text, or ``UNREAD`` if the value has a type that the policy does not use."""
    if name.lower() not in values:
        return MISSING
    value = values[name.lower()]
    return UNREAD if value is None else str(value)
