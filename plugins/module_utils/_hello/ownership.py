# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Check whether a policy contains only settings that this collection writes, as far as the policy itself shows. Pure.

Intune does not record the creator of a policy. A policy that sets enable_pin_recovery, and contains only settings that options manage,
counts as ours.
"""

from __future__ import annotations

import dataclasses

from .. import _errors as errors
from .._names import show
from .model import Policy
from .settings import BackendName
from .terms import name_option

MARK = "enable_pin_recovery"
SHOWN = 20  # settings in a message


@dataclasses.dataclass(frozen=True)
class PolicyContents:
    """Everything that a policy sets.

    ``options``: the settings that options manage, in either scope. ``others``: paths or definitions of all others, including our settings
    with a value that this collection never writes.
    """

    options: frozenset[str]
    others: tuple[str, ...]

    def list_all(self) -> list[str]:
        """Return the names of all settings, unmanaged ones first."""
        return [*self.others, *sorted(self.options)]


def validate_own(policy: Policy, backend: BackendName, contents: PolicyContents) -> None:
    """Raise SelectionError for a policy that was not created for PIN recovery, or that contains unmanaged settings."""
    reasons = [] if MARK in contents.options else [f"it does not set {MARK}"]
    if contents.others:
        reasons.append("it has settings that this module does not manage")
    if not reasons:
        return
    held = _join(contents.list_all())
    raise errors.SelectionError(
        f"The policy '{show(policy.name)}' ({policy.id}) of the type {backend} is not removed, because {' and '.join(reasons)}. "
        + (f"It holds {held}." if held else "It holds no setting."),
        hint=f"If the policy belongs to others, name another one. To delete it with everything that it holds, set {name_option('force')} "
        "to true.",
        effects="none",
    )


def warn_of_others(contents: PolicyContents) -> list[str]:
    """Return a warning for a policy whose removal also removes unmanaged settings."""
    return [f"The policy had settings that this module does not manage: {_join(contents.others)}."] if contents.others else []


def _join(names: list[str] | tuple[str, ...]) -> str:
    more = f", and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(show(name) for name in names[:SHOWN]) + more
