# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Stored policies of the tenant, and their states on devices."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

NO_TEMPLATE: dict[str, Any] = {
    "templateId": "",
    "templateFamily": "none",
    "templateDisplayName": None,
    "templateDisplayVersion": None,
}


def _default_scope_tags() -> list[str]:
    return ["0"]


@dataclass
class DeviceConfiguration:
    """A deviceConfiguration. `own`: properties of its type in beta, except for custom profiles, which have `settings`."""

    id: str
    type_name: str
    display_name: str
    created: datetime
    modified: datetime
    description: str | None = None
    version: int = 1
    settings: list[dict[str, Any]] = field(default_factory=list)
    own: dict[str, Any] = field(default_factory=dict)
    scope_tags: list[str] = field(default_factory=_default_scope_tags)
    assignments: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class ConfigurationPolicy:
    """A policy of the settings catalog. With a template other than NO_TEMPLATE, Graph can only read, rename, assign, and delete it."""

    id: str
    name: str
    created: datetime
    modified: datetime
    description: str | None = None
    platforms: str = "windows10"
    technologies: str = "mdm"
    scope_tags: list[str] = field(default_factory=_default_scope_tags)
    template: dict[str, Any] = field(default_factory=lambda: dict(NO_TEMPLATE))
    instances: list[dict[str, Any]] = field(default_factory=list)
    assignments: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Intent:
    """A policy of an old template; `values`: properties of the identity protection profile by name, only those that are set."""

    id: str
    display_name: str
    modified: datetime
    description: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    scope_tags: list[str] = field(default_factory=_default_scope_tags)
    assignments: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class PolicyState:
    """The state of a policy on a device. `code`: the device's error, 0 without one. `since` None: the device has not reported.

    `user`: the state of the device's user, if it differs from that of the device.
    """

    name: str
    code: int = 0
    since: datetime | None = None
    user: PolicyState | None = None


# The states of a device, each with the time from which it applies, oldest first.
StateHistory = list[tuple[datetime, PolicyState]]
