# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Parse the options of the modules that evaluate a tenant's readiness into a question."""

from __future__ import annotations

import math
import typing as t

from ._application.expiry import DEFAULT_WARNING_DAYS, validate_warning_days
from ._argspec import ASSIGNMENTS, SELECTION
from ._consent.model import parse_goal
from ._devices.model import OWNERSHIPS
from ._errors import InvalidOptionError
from ._hello import policy, settings
from ._hello.check_in import Rollout
from ._hello.terms import MODULE_TERMS, ROLE_TERMS
from ._option_values import TEXT, TEXTS, Options
from ._passcode.model import parse_moment
from ._probe.model import NAME
from ._readiness.collect import Question
from ._readiness.wait import WantedDevice

SHORTEST_INTERVAL = 1.0  # seconds between two checks of a device
TERMS = {"module": MODULE_TERMS, "role": ROLE_TERMS}
SETTINGS = settings.make_options()
EXPECTED_SETTINGS = {**SETTINGS, "enable_pin_recovery": {**SETTINGS["enable_pin_recovery"], "default": True}}
EXPECTED: Options = {
    "name": {"type": TEXT, "required": True},
    "backend": {"type": "str", "choices": list(t.get_args(settings.BackendName))},
    "scope": {"type": "str", "choices": list(t.get_args(settings.Scope)), "default": "device"},
    "description": {"type": "str"},
    "settings": {"type": "dict", "options": EXPECTED_SETTINGS},
    **ASSIGNMENTS,
    "scope_tags": {"type": TEXTS, "elements": TEXT},
}
READINESS: Options = {
    "service_scopes": {"type": "list", "elements": "str", "default": ["User.Read"]},
    "client_scopes": {"type": "list", "elements": "str"},
    "rollout": {"type": "str", "choices": list(t.get_args(Rollout)), "default": "overview"},
    "rollout_timeout": {"type": "float", "default": 300},
    "expect": {"type": "dict", "options": EXPECTED},
    "probe": {"type": "bool", "default": False},
    "probe_name": {"type": TEXT, "default": NAME},
    "expiry_warning_days": {"type": "int", "default": DEFAULT_WARNING_DAYS},
    "terms": {"type": "str", "choices": list(TERMS), "default": "module"},
}

# The options of a task about one device.
ON_DEVICE: Options = {
    "device": {"type": TEXT},
    "match_by": SELECTION["match_by"],
    "ownerships": {"type": "list", "elements": "str", "choices": list(OWNERSHIPS), "default": ["company"]},
    "enrolled_since": {"type": "str"},
    "wait_timeout": {"type": "float", "default": 0},
    "interval": {"type": "float", "default": 30},
}


def parse_question(params: t.Mapping[str, t.Any], check: bool) -> Question:
    """Parse the question from the options. In check mode nothing is exported, because an export creates a job in the tenant."""
    rollout: Rollout = "overview" if check and params["rollout"] == "devices" else params["rollout"]
    return Question(
        tenant_id=params["tenant_id"],
        cloud=params["cloud"],
        goal=parse_goal(params),
        rollout=rollout,
        rollout_timeout=params["rollout_timeout"],
        counts_devices=params.get("count_devices", False),
        expected=parse_expected(params["expect"], params["tenant_id"]) if params["expect"] else None,
        expected_backend=params["expect"]["backend"] if params["expect"] else None,
        terms=TERMS[params["terms"]],
        probe_name=params["probe_name"] if params["probe"] else None,
        lists_probe_devices=params.get("probe_devices", False),
        reads_probe_results=params.get("device") is None,
        expiry_warning_days=validate_warning_days(params["expiry_warning_days"]),
    )


def parse_bare_question(params: t.Mapping[str, t.Any]) -> Question:
    """Return the question for only the consent and the policies, without check-in status, devices, and an expected policy."""
    return Question(
        tenant_id=params["tenant_id"],
        cloud=params["cloud"],
        goal=parse_goal(params),
        rollout="none",
        rollout_timeout=0,
        counts_devices=False,
        expected=None,
        expected_backend=None,
        terms=TERMS[params["terms"]],
    )


def parse_wanted(params: t.Mapping[str, t.Any], check: bool) -> WantedDevice:
    """Return the device in the options. Check mode does not wait."""
    interval = params["interval"]
    if not interval >= SHORTEST_INTERVAL:
        raise InvalidOptionError(f"interval must be at least {SHORTEST_INTERVAL:g} second, not {interval:g}.")
    return WantedDevice(
        name=params["device"],
        match_by=params["match_by"],
        ownerships=tuple(params["ownerships"]),
        timeout=0.0 if check else params["wait_timeout"],
        interval=interval,
        # It may be in the future, because the device may enroll later.
        enrolled_since=parse_moment("enrolled_since", params["enrolled_since"], math.inf) if params["enrolled_since"] else None,
    )


def parse_expected(expect: t.Mapping[str, t.Any], tenant_id: str | None) -> policy.PolicyTask:
    """Return the task of intune_pin_policy that would create the expected policy; raise InvalidOptionError for an impossible policy."""
    targets, tags = expect["assignments"], expect["scope_tags"]
    task = policy.PolicyTask(
        state="present",
        name=expect["name"],
        id=None,
        backend=expect["backend"] or "custom",
        replace_custom=False,
        description=expect["description"],
        scope=expect["scope"],
        settings=settings.parse_values({"enable_pin_recovery": True} if expect["settings"] is None else expect["settings"]),
        assignments=None if targets is None else tuple(targets),
        purge_assignments=expect["purge_assignments"],
        scope_tags=None if tags is None else tuple(tags),
        tenant_id=tenant_id,
        wait_timeout=0,
    )
    policy.validate_task(task)
    return task
