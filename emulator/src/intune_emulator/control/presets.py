# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Presets: named sets of settings and faults. The documentation has a table of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..state.faults import ANY_VERSION
from .suggestions import suggest

if TYPE_CHECKING:
    from ..state.tenant import Tenant

WRITING = ("POST", "PATCH", "PUT", "DELETE")


@dataclass(frozen=True)
class Preset:
    """`includes`: presets that are applied first."""

    description: str
    settings: dict[str, Any] = field(default_factory=dict)
    faults: tuple[dict[str, Any], ...] = ()
    includes: tuple[str, ...] = ()


def _fault(kind: str, every: int, method: str | None = None, **details: Any) -> dict[str, Any]:
    """Return a fault that hits each `every`-th Graph request, of a method if one is given."""
    match = {"version": ANY_VERSION, **({"method": method} if method else {})}
    return {"match": match, "every": every, "times": None, "fault": {"kind": kind, **details}}


PRESETS: dict[str, Preset] = {
    "throttled": Preset(
        "a tenth of the published quota is left, and a run that sends a request before the announced time waits 20 seconds more",
        {"quota_scale": 0.1, "quota_punish": True},
    ),
    "unclear-throttling": Preset(
        "as throttled, and Retry-After is missing, zero, fractional, or a date, another one for each request",
        {"retry_after": "mixed"},
        includes=("throttled",),
    ),
    "lost-responses": Preset(
        "each third POST, PATCH, PUT, and DELETE is processed, and its connection ends without a response",
        faults=tuple(_fault("drop_after", 3, method) for method in WRITING),
    ),
    "flaky": Preset(
        "each fifth Graph request is refused with 503 and Retry-After 1, each seventh of the others with 502 and HTML of a gateway, and "
        "each eleventh of the rest ends without a response; none of these is processed",
        faults=(_fault("status", 5, status=503, retry_after="1"), _fault("html", 7), _fault("drop_before", 11)),
    ),
    "stale-reads": Preset(
        "a change is visible after 10 seconds (also to the login), a remote action on a device after 30 seconds, and its row in the audit "
        "log after 300 seconds",
        {
            "visibility_delay": 10,
            "credential_delay": 10,
            "access_pass_visibility_delay": 10,
            "action_delay": 30,
            "audit_delay": 300,
        },
    ),
    "short-tokens": Preset(
        "a token is valid for 60 seconds, and each 20th Graph request is refused until the client gets another token, for which it must "
        "send the claims of the challenge",
        {"token_lifetime": 60},
        (_fault("claims_challenge", 20),),
    ),
    "small-pages": Preset(
        "a page has 3 objects, an export takes 3 reads, and its address appears 2 reads later",
        {"page_size": 3, "directory_page_size": 3, "export_reads": 3, "export_url_reads": 2},
    ),
    "approval": Preset(
        "Multi Admin Approval protects policies, scripts with all their actions, and passcode resets",
        {
            "approval_protects": ["configuration_policies", "device_configurations", "reset_passcode", "scripts"],
            "approval_scripts_cover": ["assign", "on_demand"],
        },
    ),
    "locked-down": Preset(
        "new client secrets are refused, credentials last at most 90 days, and applications cannot read the audit log or hidden OMA values",
        {"application_secrets": "refuse", "credential_max_days": 90, "audit_access": "refuse", "plain_text_value": "refuse"},
    ),
    "slow": Preset("each Graph request takes half a second (real time) more", {"latency": 0.5}),
    "bad-day": Preset(
        "unclear-throttling, flaky, lost-responses, and stale-reads together",
        includes=("unclear-throttling", "flaky", "lost-responses", "stale-reads"),
    ),
}


def check_preset(name: object) -> str:
    """Return a known name; ValueError for any other."""
    if isinstance(name, str) and name in PRESETS:
        return name
    raise ValueError(f"unknown preset '{name}'.{suggest(name, PRESETS)} Presets: {', '.join(PRESETS)}")


def apply_preset(tenant: Tenant, name: str) -> None:
    """Apply the settings of a preset, and add its faults to the armed ones."""
    preset = PRESETS[check_preset(name)]
    for included in preset.includes:
        apply_preset(tenant, included)
    tenant.settings.patch(preset.settings)
    for fault in preset.faults:
        tenant.faults.arm(fault)
    tenant.presets.append(name)


def list_presets(tenant: Tenant) -> list[dict[str, Any]]:
    """Return name, description, and whether it was applied since the last reset, for each preset."""
    return [{"name": name, "description": preset.description, "applied": name in tenant.presets} for name, preset in PRESETS.items()]
