# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The names of groups, assignment filters, and scope tags for people. Pure. Decisions depend only on IDs."""

from __future__ import annotations

import dataclasses
import typing as t

from .._names import fold

DEFAULT_TAG = {"0": "Default"}  # the default scope tag of every tenant


@dataclasses.dataclass(frozen=True)
class Names:
    """The known names of objects, by ID."""

    groups: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    filters: t.Mapping[str, str] = dataclasses.field(default_factory=dict)
    tags: t.Mapping[str, str] = dataclasses.field(default_factory=lambda: DEFAULT_TAG)

    def label_group(self, identity: str) -> str:
        """Return the name of a group, with its ID if another known group has the same name, or the ID if the name is unknown."""
        return _label(self.groups, identity)

    def label_filter(self, identity: str) -> str:
        """Return the name of an assignment filter, in the same way."""
        return _label(self.filters, identity)

    def label_tag(self, identity: str) -> str:
        """Return the name of a scope tag, in the same way."""
        return _label(self.tags, identity)

    def with_more(self, other: Names) -> Names:
        """Return these names and those of ``other``."""
        return Names({**self.groups, **other.groups}, {**self.filters, **other.filters}, {**self.tags, **other.tags})


NO_NAMES = Names()


def _label(names: t.Mapping[str, str], identity: str) -> str:
    name = names.get(identity, identity)
    is_shared = any(other != identity and fold(found) == fold(name) for other, found in names.items())
    return f"{name} ({identity})" if is_shared and name != identity else name
