# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Policies of old templates that set Windows Hello for Business, to be read: intents (beta), enrollment configurations (v1.0, beta)."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..control.clock import iso_fractional
from ..control.tenant import Tenant
from ..http.errors import intune_error
from ..http.message import Call, Reply
from ..http.odata import FilterSpec, Options, Rule, check_select, compile_filter, read_options
from ..http.paging import collection, page
from .assignments import Kind
from .identity_protection import ENROLLMENT as HELLO
from .identity_protection import ENROLLMENT_BETA, kind_of

INTENTS, ENROLLMENT = "deviceManagement/intents", "deviceManagement/deviceEnrollmentConfigurations"
# Endpoint security > Account protection (Preview).
TEMPLATE = "0f2b5d70-d4e9-4156-8c16-1397eb6c54a5"
DEFINITION = "deviceConfiguration--windowsIdentityProtectionConfiguration_"
PREFIX = "#microsoft.graph.deviceManagement"
INTENT_NAMES = (
    "id",
    "displayName",
    "description",
    "isAssigned",
    "isMigratingToConfigurationPolicy",
    "lastModifiedDateTime",
    "templateId",
    "roleScopeTagIds",
)
BASE_NAMES = ("id", "createdDateTime", "description", "displayName", "lastModifiedDateTime", "priority", "version")
BASE_BETA = ("deviceEnrollmentConfigurationType", "roleScopeTagIds")
SPEC = FilterSpec("deviceManagementIntent", INTENT_NAMES, {"templateId": Rule(frozenset({"eq"}), same_or=True)})
LIST_OPTIONS = frozenset({"$select", "$filter", "$top", "$skiptoken"})
PLAIN_OPTIONS = frozenset({"$select", "$top", "$skiptoken"})
PAGE_OPTIONS = frozenset({"$top", "$skiptoken"})

Json = dict[str, Any]


@dataclass
class Intent:
    """A policy; `values`: properties of the identity protection profile by name, only those that are set."""

    id: str
    display_name: str
    modified: datetime
    description: str | None = None
    values: Json = field(default_factory=dict)
    scope_tags: list[str] = field(default_factory=lambda: ["0"])
    assignments: list[Json] = field(default_factory=list)

    def show(self, options: Options) -> Json:
        """As read."""
        known = {
            "id": self.id,
            "displayName": self.display_name,
            "description": self.description,
            "isAssigned": bool(self.assignments),
            "isMigratingToConfigurationPolicy": False,
            "lastModifiedDateTime": iso_fractional(self.modified),
            "templateId": TEMPLATE,
            "roleScopeTagIds": self.scope_tags,
        }
        return {name: known[name] for name in options.select or known}

    def settings(self) -> list[Json]:
        """As read: one instance for each property."""
        return [
            {
                "@odata.type": f"{PREFIX}{kind_of(name)}SettingInstance",
                "id": str(uuid.uuid5(uuid.UUID(self.id), name)),
                "definitionId": DEFINITION + name,
                "valueJson": json.dumps(value),
                "value": value,
            }
            for name, value in self.values.items()
        ]


def _find(call: Call) -> Intent:
    found = call.tenant.intents.get(call.params["id"].lower())
    if found is None:
        raise intune_error(404, "ResourceNotFound", f"Intent with id {call.params['id']} was not found.")
    return found


ASSIGNMENTS = Kind(INTENTS, "deviceManagementIntentAssignment", _find, ())


def list_intents(call: Call) -> Reply:
    """With $filter on templateId."""
    options = read_options(call.query, LIST_OPTIONS, 1000)
    check_select(options.select, INTENT_NAMES, "deviceManagementIntent")
    found = list(call.tenant.intents.values())
    if options.filter:
        test = compile_filter(options.filter, SPEC)
        found = [item for item in found if test(item.show(Options()).get)]
    rows, link = page(call, options, found, call.tenant.settings.page_size)
    return Reply(200, collection(call, INTENTS, options, [item.show(options) for item in rows], link, None))


def get_intent(call: Call) -> Reply:
    """One intent, without its settings."""
    options = read_options(call.query, frozenset({"$select"}), 1000)
    check_select(options.select, INTENT_NAMES, "deviceManagementIntent")
    return Reply(200, {"@odata.context": call.context(INTENTS, options.select, entity=True), **_find(call).show(options)})


def list_settings(call: Call) -> Reply:
    """The setting instances of an intent."""
    options = read_options(call.query, PAGE_OPTIONS, 1000)
    item = _find(call)
    rows, link = page(call, options, item.settings(), call.tenant.settings.page_size)
    return Reply(200, collection(call, f"{INTENTS}('{item.id}')/settings", options, rows, link, None))


def list_enrollment(call: Call) -> Reply:
    """Those of Windows Hello for Business; the other kinds are left out."""
    options = read_options(call.query, PLAIN_OPTIONS, 1000)
    names = BASE_NAMES + (BASE_BETA if call.version == "beta" else ())
    check_select(options.select, names, "deviceEnrollmentConfiguration")
    rows, link = page(call, options, list(call.tenant.enrollment_configurations.values()), call.tenant.settings.page_size)
    hidden = () if call.version == "beta" else (*BASE_BETA, *ENROLLMENT_BETA)
    shown = []
    for row in rows:
        chosen = ["@odata.type", *options.select] if options.select else [name for name in row if name not in hidden]
        shown.append({name: row[name] for name in chosen})
    return Reply(200, collection(call, ENROLLMENT, options, shown, link, None))


def plant_default_enrollment(tenant: Tenant) -> None:
    """Every tenant has it; nobody has changed it yet."""
    account = uuid.uuid5(uuid.UUID(tenant.tenant_id), "intune")
    text = "This is the default Windows Hello for Business configuration applied with the lowest priority to all users regardless of group"
    add_enrollment(tenant, f"{account}_DefaultWindowsHelloForBusiness", "All users and all devices", f"{text} membership.", 0, {})


def add_enrollment(tenant: Tenant, object_id: str, name: str, description: str | None, priority: int, values: Json) -> None:
    """Keep a configuration, under its id."""
    now = iso_fractional(tenant.clock.now())
    tenant.enrollment_configurations[object_id] = {
        "@odata.type": "#microsoft.graph.deviceEnrollmentWindowsHelloForBusinessConfiguration",
        "id": object_id,
        "createdDateTime": "0001-01-01T00:00:00Z" if priority == 0 else now,
        "description": description,
        "displayName": name,
        "lastModifiedDateTime": now,
        "priority": priority,
        "version": 0 if priority == 0 else 1,
        "deviceEnrollmentConfigurationType": "windowsHelloForBusiness",
        "roleScopeTagIds": [],
        **HELLO,
        **values,
    }
