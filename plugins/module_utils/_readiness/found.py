# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The results of the tasks of a run of the role pin_reset, each empty if the task did not run. Pure."""

from __future__ import annotations

import dataclasses
import typing as t

from .._types import Json


@dataclasses.dataclass(frozen=True)
class Found:
    """The results of a run.

    ``check``: nothing was written. ``report``: the paths of its files. ``readiness``: the newest one. ``before``: the one read before
    changes; ``was_read_again``: another one was read after them. ``seen``: the one that offboarding read. ``recovery`` and ``access_pass``:
    the results for a locked-out user. ``modules``: those whose permissions the run needs.
    """

    connection: Json
    consent: Json
    policy: Json
    before: Json
    readiness: Json
    devices: Json
    report: Json
    seen: Json
    recovery: Json
    access_pass: Json
    check: bool
    was_read_again: bool
    modules: tuple[str, ...] = ()

    @property
    def has_changed(self) -> bool:
        """Whether the run changed the consent or the policy, or would in check mode."""
        return bool(self.consent.get("changed") or self.policy.get("changed"))

    @property
    def is_stale(self) -> bool:
        """Whether the readiness was read only before the run changed something, or may have changed something."""
        return any(map(_may_have_written, (self.consent, self.policy))) and not self.check and not self.was_read_again

    @property
    def current(self) -> Json:
        """The readiness if it is still current, or else an empty one."""
        return {} if self.is_stale else self.readiness

    @property
    def credential(self) -> Json:
        """The credential in use and its end; empty if the run did not read it."""
        return (self.connection.get("connection") or {}).get("credential") or self.readiness.get("credential") or {}

    @property
    def approval(self) -> Json:
        """The approval request that the run waits for; empty without one."""
        waiting = [item["approval"] for item in self.devices.get("results") or () if item.get("status") == "needs_approval"]
        return (self.policy.get("approval") or (waiting[0] if waiting else None)) or {}


def _may_have_written(result: Json) -> bool:
    """Return whether a task changed the tenant, or may have changed it before it failed."""
    return bool(result.get("changed")) or (result.get("error") or {}).get("effects") in ("partial", "unknown")


def parse_found(results: t.Mapping[str, t.Any], *, check: bool, modules: t.Iterable[str] = ()) -> Found:
    """Return the results of a run by subject. A skipped task has an empty result."""
    known = {name: result if result and not result.get("skipped") else {} for name, result in results.items()}
    before, after = ((known.get(name) or {}).get("readiness") or {} for name in ("before", "after"))
    return Found(
        connection=known.get("connection", {}),
        consent=known.get("consent", {}),
        policy=known.get("policy", {}),
        before=before,
        readiness=after or before,
        devices=known.get("devices", {}),
        report=(known.get("before") or {}).get("report") or {},
        seen=(known.get("seen") or {}).get("readiness") or {},
        recovery=known.get("recovery", {}),
        access_pass=known.get("access_pass", {}),
        check=check,
        was_read_again=bool(after),
        modules=tuple(modules),
    )
