# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Make inventory host names for devices: safe in patterns and paths, unique, and the same in every run. Pure.

Users name their own devices, so a name can be any text: that of a group, localhost, a server, a pattern, or a path.
"""

from __future__ import annotations

import collections
import typing as t
import unicodedata

from .._names import fold
from .identifiers import is_placeholder
from .model import Device

HostName = t.Literal["device_name", "managed_device_name", "serial_number", "user_principal_name", "azure_ad_device_id", "id"]

HOST_NAMES: tuple[HostName, ...] = t.get_args(HostName)
# Names with a special meaning in Ansible: the controller, and groups that always exist.
RESERVED = frozenset({"localhost", "127.0.0.1", "::1", "all", "ungrouped"})
# Invisible letters: the fillers of Hangul.
INVISIBLE = frozenset("\u115f\u1160\u3164\uffa0")
LONGEST = 200  # bytes: such a name can be a file name, even with a suffix
GROUP_SUFFIX = "_group"


def parse_host_name(device: Device, properties: t.Iterable[HostName]) -> str:
    """Return a safe name from the first of these properties that has one, or the device's ID."""
    for name in properties:
        value: str | None = getattr(device, name)
        if not value or (name == "serial_number" and is_placeholder(value)):
            continue
        if safe := render_safe(value):
            return safe
    return device.id


def render_safe(text: str) -> str:
    """Return a text reduced to letters, digits, dots, dashes, and underscores; empty if it has no letter and no digit.

    Ansible's patterns interpret other characters, and paths interpret a leading dot or dash.
    """
    plain = unicodedata.normalize("NFC", text)
    signs = (sign if (sign.isalnum() and sign not in INVISIBLE) or sign in "._-" else "_" for sign in plain)
    cut = "".join(signs).encode("utf-8")[:LONGEST].decode("utf-8", "ignore").strip(".-")
    return cut if any(sign.isalnum() for sign in cut) else ""


def assign_names(wanted: t.Mapping[str, str], taken: t.Collection[str]) -> dict[str, str]:
    """Return the host name of each device, by its ID. All names are unique, also when letter case is ignored.

    A device keeps the wanted name if no other device wants it and it is not taken. Otherwise, each of these devices appends the first
    characters of its ID or, if that is not unique either, uses only its ID. So a name does not depend on the order of the devices.

    :param wanted: by device ID, the wanted name.
    :param taken: folded names that no device may have.
    """
    claims = collections.Counter(fold(name) for name in wanted.values())
    # An ID is the last resort of its device, so no other device may have it as a name.
    claims.update(fold(identity) for identity, name in wanted.items() if name != identity)
    names, longer = {}, {}
    for identity, name in wanted.items():
        if name == identity or is_free(name, claims, taken):
            names[identity] = name
        else:
            longer[identity] = f"{name}_{identity[:8]}"
    claims.update(fold(name) for name in longer.values())
    return {**names, **{identity: name if is_free(name, claims, taken) else identity for identity, name in longer.items()}}


def is_free(name: str, claims: t.Mapping[str, int], taken: t.Collection[str]) -> bool:
    """Return whether a name is claimed once and not taken."""
    return claims[fold(name)] == 1 and fold(name) not in taken


def separate_group(name: str, taken: t.Collection[str]) -> str:
    """Return the name of a group, with a suffix if the folded name is reserved or taken."""
    while fold(name) in RESERVED or fold(name) in taken:
        name += GROUP_SUFFIX
    return name
