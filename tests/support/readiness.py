# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Evidence about tenants: a connected one, policies in a line each, and parts that could not be read."""

from __future__ import annotations

import dataclasses
import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils._consent.model import (
    CLIENT_APP_ID,
    DIRECTORY_APP_ID,
    SERVICE_APP_ID,
    App,
    State,
)
from ansible_collections.endpointops.intune.plugins.module_utils._hello import discovery
from ansible_collections.endpointops.intune.plugins.module_utils._hello.assignments import Assignment
from ansible_collections.endpointops.intune.plugins.module_utils._hello.check_in import CheckInStatus
from ansible_collections.endpointops.intune.plugins.module_utils._hello.findings import list_findings
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import FoundPolicy, Surface
from ansible_collections.endpointops.intune.plugins.module_utils._probe.registry import GROUP_POLICY, RECOVERY_OFF
from ansible_collections.endpointops.intune.plugins.module_utils._probe.states import NOT_APPLICABLE, PENDING, DeviceState
from ansible_collections.endpointops.intune.plugins.module_utils._probe.states import State as Answer
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.model import Evidence, Part, Unread
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.proof import Proof, explain_silence
from tests.support.fakes import TENANT_ID

G1, G2 = "aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
DEVICES, USERS = Assignment("all_devices"), Assignment("all_users")
SERVICE = App(
    SERVICE_APP_ID,
    DIRECTORY_APP_ID,
    id="s",
    is_enabled=True,
    resource_id="d",
    published_scopes=("User.Read",),
    grant_id="1",
    scopes=("User.Read",),
)
CLIENT = App(
    CLIENT_APP_ID,
    SERVICE_APP_ID,
    id="c",
    is_enabled=True,
    resource_id="s",
    published_scopes=("user_impersonation",),
    grant_id="2",
    scopes=("user_impersonation",),
)
CONNECTED = State(SERVICE, CLIENT)
PARTS: t.Mapping[Surface, Part] = {
    "custom": "profiles",
    "identity_protection": "profiles",
    "settings_catalog": "catalog",
    "account_protection": "catalog",
    "security_baseline": "catalog",
    "template": "catalog",
    "intent": "intents",
    "enrollment": "enrollment",
}
URLS: t.Mapping[t.Literal["service", "client"], str] = {"service": "https://consent.test/1", "client": "https://consent.test/2"}
ON = {"enable_pin_recovery": True}


def group(identity: str) -> Assignment:
    return Assignment("group", identity)


def policy(
    name: str = "PIN",
    device: t.Mapping[str, t.Any] | None = None,
    *assignments: Assignment,
    surface: Surface = "settings_catalog",
    user: t.Mapping[str, t.Any] | None = None,
) -> FoundPolicy:
    """Return a policy whose ID is p- and its name. Without values it allows PIN recovery on devices."""
    values: dict[t.Any, t.Any] = {"device": dict(device or ({} if user else ON)), "user": dict(user or {})}
    kept = {scope: found for scope, found in values.items() if found}
    return FoundPolicy(surface, f"p-{name}", name, values=kept, assignments=tuple(sorted(assignments)))


def enrollment(state: str = "disabled") -> FoundPolicy:
    raw = {"@odata.type": discovery.HELLO_ENROLLMENT, "id": "e-1", "displayName": "All users and all devices", "state": state}
    found = discovery.parse_enrollment(raw)
    assert found is not None
    return found


def profile(uri: str, name: str = "PIN", value: t.Any = True) -> FoundPolicy:
    """Return a custom profile for all devices, as discovery reads it."""
    setting = {"@odata.type": "#microsoft.graph.omaSettingBoolean", "displayName": "PIN", "omaUri": uri, "value": value}
    raw = {"@odata.type": "#microsoft.graph.windows10CustomConfiguration", "id": f"p-{name}", "displayName": name, "omaSettings": [setting]}
    found = discovery.parse_profile({**raw, "assignments": [DEVICES.render()]}, TENANT_ID)
    assert found is not None
    return found


def status(succeeded: int = 0, **counts: t.Any) -> CheckInStatus:
    """Return a check-in status whose total is the sum of the counts."""
    known: dict[str, t.Any] = {"error": 0, "conflict": None, "pending": 0, "not_applicable": 0, "other": 0, **counts}
    total = succeeded + sum(number or 0 for number in known.values())
    rest: dict[str, t.Any] = {"source": "overview", "updated": None, "devices": None, "settings": None}
    return t.cast("CheckInStatus", {**rest, "total": total, "succeeded": succeeded, **known})


ARRIVED = status(3, pending=1)


def tenant_of(*policies: FoundPolicy, statuses: t.Mapping[str, CheckInStatus] | None = None, **more: t.Any) -> Evidence:
    """Return a connected tenant with these policies, which have been applied unless stated otherwise."""
    known = {found.id: ARRIVED for found in policies if found.surface != "enrollment"} if statuses is None else statuses
    given = {"consent": CONNECTED, "consent_urls": URLS, "policies": tuple(policies), "statuses": known, **more}
    return with_findings(Evidence(**given))


def with_findings(evidence: Evidence) -> Evidence:
    """Return the evidence with the findings of its policies."""
    found = tuple(list_findings(evidence.policies, TENANT_ID, deleted_groups=evidence.missing_groups or ()))
    return dataclasses.replace(evidence, findings=found)


def unread(part: Part) -> dict[Part, Unread]:
    return {part: Unread(f"Could not read the {part}: the application lacks Permission.Read.All.", "Grant Permission.Read.All.")}


def forget(evidence: Evidence, *parts: Part) -> Evidence:
    """Return the evidence about the same tenant if some parts cannot be read."""
    for part in parts:
        more = {**evidence.unread, **unread(part)}
        if part == "consent":
            evidence = dataclasses.replace(evidence, unread=more, consent=None)
        elif part == "groups":
            evidence = dataclasses.replace(evidence, unread=more, missing_groups=None)
        elif part == "check_in_status":
            told = {found.id: unread(part)[part] for found in evidence.policies}
            evidence = dataclasses.replace(evidence, statuses={}, unread_statuses=told)
        else:
            kept = tuple(found for found in evidence.policies if PARTS[found.surface] != part)
            evidence = dataclasses.replace(evidence, unread=more, policies=kept)
    return with_findings(evidence)


def answer_of(device: str = "1", state: Answer = "proven", changed: str | None = "2026-11-28T08:00:00Z") -> DeviceState:
    """Return the last result of the probe on a device."""
    reasons = {"proven": (), "pending": (PENDING,), "unknown": (NOT_APPLICABLE,), "not_proven": (GROUP_POLICY, RECOVERY_OFF)}[state]
    return DeviceState(device, f"PC-{device}", None, None, state, reasons, "entra_joined", changed)


def proof_of(*states: Answer) -> Proof:
    """Return an assigned probe with these results of as many devices."""
    found = tuple(answer_of(str(number), state) for number, state in enumerate(states))
    return Proof("PIN reset probe", "s-1", True, found, None if found else explain_silence("PIN reset probe", is_assigned=True))
