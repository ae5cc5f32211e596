# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""deviceConfigurations, custom OMA-URI profiles only (facts: deviceConfiguration)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..control.clock import iso_fractional
from ..http.errors import bad_request, forbidden, intune_error, not_emulated
from ..http.message import Call, Reply
from ..http.odata import FilterSpec, Options, Rule, check_select, compile_filter, read_options
from ..http.paging import collection, page
from . import oma_settings, policy_states
from .assignments import Kind
from .references import check_scope_tags

CUSTOM = "windows10CustomConfiguration"
# In beta only; since July 2024 Intune makes no new ones.
IDENTITY = "windowsIdentityProtectionConfiguration"
V1_NAMES = ("id", "lastModifiedDateTime", "createdDateTime", "description", "displayName", "version", "omaSettings")
BETA_NAMES = (
    *V1_NAMES,
    "roleScopeTagIds",
    "supportsScopeTags",
    "deviceManagementApplicabilityRuleOsEdition",
    "deviceManagementApplicabilityRuleOsVersion",
    "deviceManagementApplicabilityRuleDeviceMode",
)
NAMES: dict[str, tuple[str, ...]] = {"v1.0": V1_NAMES, "beta": BETA_NAMES}
READ_ONLY = ("id", "lastModifiedDateTime", "createdDateTime", "version", "supportsScopeTags")
RULES = {"displayName": Rule(frozenset({"eq"}))}
LIST_OPTIONS = frozenset({"$select", "$filter", "$top", "$skiptoken", "$expand"})
ITEM_OPTIONS = frozenset({"$select", "$expand"})
PATH = "deviceManagement/deviceConfigurations"
WRITE_ROLE = "DeviceManagementConfiguration.ReadWrite.All"


@dataclass
class Configuration:
    """A policy. `type_name` other than CUSTOM: planted policies, which can be read, assigned and deleted only; `own`: what that type has
    in beta."""

    id: str
    type_name: str
    display_name: str
    created: datetime
    modified: datetime
    description: str | None = None
    version: int = 1
    settings: list[dict[str, Any]] = field(default_factory=list)
    own: dict[str, Any] = field(default_factory=dict)
    scope_tags: list[str] = field(default_factory=lambda: ["0"])
    assignments: list[dict[str, Any]] = field(default_factory=list)

    def type_in(self, version: str) -> str:
        """v1.0 does not know all types; then it is the base type."""
        return "deviceConfiguration" if self.type_name == IDENTITY and version == "v1.0" else self.type_name

    def show(self, call: Call, options: Options) -> dict[str, Any]:
        """As read in the call's version."""
        known: dict[str, Any] = {name: None for name in NAMES[call.version]}
        known.update(
            id=self.id,
            lastModifiedDateTime=iso_fractional(self.modified),
            createdDateTime=iso_fractional(self.created),
            description=self.description,
            displayName=self.display_name,
            version=self.version,
        )
        if call.version == "beta":
            known.update(roleScopeTagIds=self.scope_tags, supportsScopeTags=True)
        if self.type_name == CUSTOM:
            known["omaSettings"] = [oma_settings.show(item, call.version) for item in self.settings]
        else:
            known.pop("omaSettings")
            known.update(self.own if call.version == "beta" else {})
        names = options.select or list(known)
        type_name = self.type_in(call.version)
        body = {"@odata.type": f"#microsoft.graph.{type_name}", **{name: known[name] for name in names if name in known}}
        if "assignments" in options.expand:
            body["assignments"] = [ASSIGNMENTS.show(item, call.version) for item in self.assignments]
        return body


def _options(call: Call, allowed: frozenset[str]) -> Options:
    options = read_options(call.query, allowed, 1000)
    # on the base type omaSettings is not a property; a cast would be needed
    known = [name for name in NAMES[call.version] if name != "omaSettings"]
    check_select(options.select, known, "deviceConfiguration")
    for name in options.expand:
        if name != "assignments":
            raise not_emulated(
                f"Could not find a property named '{name}' on type 'microsoft.graph.deviceConfiguration'.",
                f"$expand={name}",
            )
    return options


def _find(call: Call) -> Configuration:
    found = call.tenant.configurations.get(call.params["id"].lower())
    if found is None:
        raise intune_error(404, "ResourceNotFound", f"DeviceConfiguration with id {call.params['id']} was not found.")
    return found


ASSIGNMENTS = Kind(PATH, "deviceConfigurationAssignment", _find, ("source", "sourceId", "intent"))


def list_all(call: Call) -> Reply:
    """With $filter on displayName, or isof() for the type."""
    options = _options(call, LIST_OPTIONS)
    found = list(call.tenant.configurations.values())
    if options.filter and options.filter.startswith("isof("):
        found = [item for item in found if options.filter == f"isof('microsoft.graph.{item.type_in(call.version)}')"]
    elif options.filter:
        known = [name for name in NAMES[call.version] if name != "omaSettings"]
        test = compile_filter(options.filter, FilterSpec("deviceConfiguration", known, RULES))
        found = [item for item in found if test(lambda name, item=item: item.display_name if name == "displayName" else None)]
    rows, link = page(call, options, found, call.tenant.settings.page_size)
    return Reply(200, collection(call, PATH, options, [item.show(call, options) for item in rows], link, None))


def get(call: Call) -> Reply:
    """One policy, $expand=assignments possible."""
    options = _options(call, ITEM_OPTIONS)
    return _entity(call, _find(call), options)


def _entity(call: Call, item: Configuration, options: Options, status: int = 200) -> Reply:
    return Reply(status, {"@odata.context": call.context(PATH, options.select, entity=True), **item.show(call, options)})


def _checked(call: Call, creating: bool) -> dict[str, Any]:
    body = call.body
    if not isinstance(body, dict):
        raise bad_request("Empty Payload. JSON content expected.", "ModelValidationFailure")
    type_name = str(body.get("@odata.type", "")).removeprefix(oma_settings.PREFIX)
    if type_name in ("", "deviceConfiguration"):
        raise bad_request("Cannot create an abstract class.", "ModelValidationFailure")
    if type_name != CUSTOM:
        raise not_emulated(f"The type 'microsoft.graph.{type_name}' is not known.", f"device configuration type {type_name}")
    for name in body:
        if name not in NAMES[call.version] and "@" not in name:
            raise oma_settings.unknown_property(name, CUSTOM)
    name = body.get("displayName", "" if creating else "unchanged")
    if not isinstance(name, str) or not name.strip():
        raise intune_error(400, "BadRequest", "DisplayName must not be empty.")
    if body.get("description") is not None and not isinstance(body["description"], str):
        raise bad_request("Cannot convert the value of property 'description' to the expected type 'Edm.String'.")
    check_scope_tags(call.tenant, body.get("roleScopeTagIds"))
    for name in BETA_NAMES[-3:]:
        if body.get(name) is not None:
            raise not_emulated(f"Property '{name}' is not supported.", f"property {name}")
    return body


def create(call: Call) -> Reply:
    """201 with the policy; names need not be unique."""
    if call.version == "beta" and isinstance(call.body, dict) and call.body.get("@odata.type") == oma_settings.PREFIX + IDENTITY:
        raise intune_error(400, "BadRequest", "Intune no longer supports creating new instances of this profile type.")
    body = _checked(call, creating=True)
    settings = oma_settings.check(body.get("omaSettings") or [], call.version, creating=True)
    oma_settings.check_catalog_block(call.tenant, settings)
    now, policy_id = call.tenant.clock.now(), call.tenant.new_id()
    item = Configuration(policy_id, CUSTOM, body["displayName"], now, now, body.get("description"))
    item.settings = oma_settings.store(call.tenant, policy_id, settings, [])
    item.scope_tags = body.get("roleScopeTagIds") or ["0"]
    call.tenant.configurations[policy_id] = item
    return _entity(call, item, Options(), 201)


def update(call: Call) -> Reply:
    """omaSettings, when present, are replaced as a whole. Read-only properties are ignored."""
    item = _find(call)
    body = _checked(call, creating=False)
    if item.type_name != CUSTOM:
        raise bad_request(f"The type in the payload does not match 'microsoft.graph.{item.type_name}'.", "ModelValidationFailure")
    before = (item.display_name, item.description, item.settings, item.scope_tags)
    if body.get("omaSettings") is not None:
        settings = oma_settings.check(body["omaSettings"], call.version, creating=False)
        item.settings = oma_settings.store(call.tenant, item.id, settings, item.settings)
    item.display_name = body.get("displayName", item.display_name)
    item.description = body.get("description", item.description)
    item.scope_tags = body.get("roleScopeTagIds") or item.scope_tags
    item.modified = call.tenant.clock.now()
    if before != (item.display_name, item.description, item.settings, item.scope_tags):
        item.version += 1
    if call.tenant.settings.configuration_patch_status == "204":
        return Reply(204)
    return _entity(call, item, Options())


def delete(call: Call) -> Reply:
    """204, the second time 404."""
    item = _find(call)
    del call.tenant.configurations[item.id]
    return Reply(204)


def plain_text_value(call: Call) -> Reply:
    """The value that reads hide, by its reference; a secret from now on."""
    mode = call.tenant.settings.plain_text_value
    if mode == "refuse":
        raise intune_error(403, "UnknownInConvertApiError", "Forbidden")
    if mode == "write" and WRITE_ROLE not in call.claims.get("roles", ()):
        raise forbidden([WRITE_ROLE])
    wanted = call.params["secret"]
    found = next((item for item in _find(call).settings if item.get("secretReferenceValueId") == wanted), None)
    if found is None:
        raise intune_error(404, "ResourceNotFound", f"The secret reference value {wanted} was not found.")
    call.tenant.secrets.add(found["value"])
    return Reply(200, {"@odata.context": call.context("Edm.String"), "value": found["value"]})


def status_overview(call: Call) -> Reply:
    """v1.0: counts of the states of Windows devices."""
    options = read_options(call.query, frozenset({"$select"}), 1000)
    item = _find(call)
    body: dict[str, Any] = {
        "id": item.id,
        **policy_states.counts(call.tenant, item.id),
        "lastUpdateDateTime": iso_fractional(policy_states.last_report(call.tenant, item.id, item.modified)),
        "configurationVersion": item.version,
    }
    check_select(options.select, body, "deviceConfigurationDeviceOverview")
    context = call.context(f"{PATH}('{item.id}')/deviceStatusOverview", options.select, entity=True)
    return Reply(200, {"@odata.context": context, **{name: body[name] for name in options.select or body}})
