# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""deviceConfigurations; only custom profiles can be created.

Source: https://learn.microsoft.com/graph/api/resources/intune-deviceconfig-deviceconfiguration
"""

from __future__ import annotations

from typing import Any

from ..http.errors import bad_request, forbidden, intune_error, not_emulated
from ..http.message import GraphRequest, Response
from ..http.odata import FilterRule, FilterSpec, QueryOptions, check_select, compile_filter, read_options
from ..http.paging import collection, page
from ..state.clock import iso_fractional
from ..state.policies import DeviceConfiguration
from . import oma_settings, policy_states
from .assignments import PolicyAssignments
from .filters_and_tags import check_scope_tags

CUSTOM = "windows10CustomConfiguration"
# In beta only; since July 2024 Intune does not create new ones.
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
RULES = {"displayName": FilterRule(frozenset({"eq"}))}
LIST_OPTIONS = frozenset({"$select", "$filter", "$top", "$skiptoken", "$expand"})
ITEM_OPTIONS = frozenset({"$select", "$expand"})
PATH = "deviceManagement/deviceConfigurations"
WRITE_ROLE = "DeviceManagementConfiguration.ReadWrite.All"


def _type_in(version: str, item: DeviceConfiguration) -> str:
    """Return the type of a policy; v1.0 shows types that it lacks as the base type."""
    return "deviceConfiguration" if item.type_name == IDENTITY and version == "v1.0" else item.type_name


def _render(request: GraphRequest, item: DeviceConfiguration, options: QueryOptions) -> dict[str, Any]:
    """Render a policy in the version of the request."""
    version = request.version
    known: dict[str, Any] = {name: None for name in NAMES[version]}
    known.update(
        id=item.id,
        lastModifiedDateTime=iso_fractional(item.modified),
        createdDateTime=iso_fractional(item.created),
        description=item.description,
        displayName=item.display_name,
        version=item.version,
    )
    if version == "beta":
        known.update(roleScopeTagIds=item.scope_tags, supportsScopeTags=True)
    if item.type_name == CUSTOM:
        known["omaSettings"] = [oma_settings.render(setting, version) for setting in item.settings]
    else:
        known.pop("omaSettings")
        known.update(item.own if version == "beta" else {})
    names = options.select or list(known)
    body = {"@odata.type": f"#microsoft.graph.{_type_in(version, item)}", **{name: known[name] for name in names if name in known}}
    if "assignments" in options.expand:
        body["assignments"] = [ASSIGNMENTS.render(entry, version) for entry in item.assignments]
    return body


def _options(request: GraphRequest, allowed: frozenset[str]) -> QueryOptions:
    options = read_options(request.query, allowed, 1000)
    # omaSettings is not a property of the base type; a cast would be needed
    known = [name for name in NAMES[request.version] if name != "omaSettings"]
    check_select(options.select, known, "deviceConfiguration", NAMES["beta"])
    for name in options.expand:
        if name != "assignments":
            raise not_emulated(
                f"Could not find a property named '{name}' on type 'microsoft.graph.deviceConfiguration'.",
                f"$expand={name}",
            )
    return options


def _find(request: GraphRequest) -> DeviceConfiguration:
    found = request.tenant.configurations.get(request.params["id"].lower())
    if found is None:
        raise intune_error(404, "ResourceNotFound", f"DeviceConfiguration with id {request.params['id']} was not found.")
    return found


ASSIGNMENTS = PolicyAssignments(PATH, "deviceConfigurationAssignment", _find, ("source", "sourceId", "intent"))


def list_all(request: GraphRequest) -> Response:
    """List policies, with $filter on displayName, or isof() for the type."""
    options = _options(request, LIST_OPTIONS)
    found = list(request.tenant.configurations.values())
    if options.filter and options.filter.startswith("isof("):
        found = [item for item in found if options.filter == f"isof('microsoft.graph.{_type_in(request.version, item)}')"]
    elif options.filter:
        known = [name for name in NAMES[request.version] if name != "omaSettings"]
        test = compile_filter(options.filter, FilterSpec("deviceConfiguration", known, RULES, elsewhere=NAMES["beta"]))
        found = [item for item in found if test({"displayName": item.display_name}.get)]
    rows, link = page(request, options, found, request.tenant.settings.page_size)
    return Response(200, collection(request, PATH, options, [_render(request, item, options) for item in rows], link, None))


def get(request: GraphRequest) -> Response:
    """Return a policy, also with $expand=assignments."""
    options = _options(request, ITEM_OPTIONS)
    return _entity(request, _find(request), options)


def _entity(request: GraphRequest, item: DeviceConfiguration, options: QueryOptions, status: int = 200) -> Response:
    return Response(status, {"@odata.context": request.context(PATH, options.select, entity=True), **_render(request, item, options)})


def _checked(request: GraphRequest, creating: bool) -> dict[str, Any]:
    body = request.body
    if not isinstance(body, dict):
        raise bad_request("Empty Payload. JSON content expected.", "ModelValidationFailure")
    type_name = str(body.get("@odata.type", "")).removeprefix(oma_settings.PREFIX)
    if type_name in ("", "deviceConfiguration"):
        raise bad_request("Cannot create an abstract class.", "ModelValidationFailure")
    if type_name != CUSTOM:
        raise not_emulated(f"The type 'microsoft.graph.{type_name}' is not known.", f"device configuration type {type_name}")
    for name in body:
        if name not in NAMES[request.version] and "@" not in name:
            raise oma_settings.unknown_property(name, CUSTOM)
    name = body.get("displayName", "" if creating else "unchanged")
    if not isinstance(name, str) or not name.strip():
        raise intune_error(400, "BadRequest", "DisplayName must not be empty.")
    if body.get("description") is not None and not isinstance(body["description"], str):
        raise bad_request("Cannot convert the value of property 'description' to the expected type 'Edm.String'.")
    check_scope_tags(request.tenant, body.get("roleScopeTagIds"))
    for name in BETA_NAMES[-3:]:
        if body.get(name) is not None:
            raise not_emulated(f"Property '{name}' is not supported.", f"property {name}")
    return body


def create(request: GraphRequest) -> Response:
    """Create a policy; names need not be unique."""
    if request.version == "beta" and isinstance(request.body, dict) and request.body.get("@odata.type") == oma_settings.PREFIX + IDENTITY:
        raise intune_error(400, "BadRequest", "Intune no longer supports creating new instances of this profile type.")
    body = _checked(request, creating=True)
    settings = oma_settings.validate(body.get("omaSettings") or [], request.version, creating=True)
    oma_settings.check_catalog_block(request.tenant, settings)
    now, policy_id = request.tenant.clock.now(), request.tenant.new_id()
    item = DeviceConfiguration(policy_id, CUSTOM, body["displayName"], now, now, body.get("description"))
    item.settings = oma_settings.store(request.tenant, policy_id, settings, [])
    item.scope_tags = body.get("roleScopeTagIds") or ["0"]
    request.tenant.configurations[policy_id] = item
    return _entity(request, item, QueryOptions(), 201)


def update(request: GraphRequest) -> Response:
    """Change a policy. Replace omaSettings, if present, as a whole; ignore read-only properties."""
    item = _find(request)
    body = _checked(request, creating=False)
    if item.type_name != CUSTOM:
        raise bad_request(f"The type in the payload does not match 'microsoft.graph.{item.type_name}'.", "ModelValidationFailure")
    before = (item.display_name, item.description, item.settings, item.scope_tags)
    if body.get("omaSettings") is not None:
        settings = oma_settings.validate(body["omaSettings"], request.version, creating=False)
        item.settings = oma_settings.store(request.tenant, item.id, settings, item.settings)
    item.display_name = body.get("displayName", item.display_name)
    item.description = body.get("description", item.description)
    item.scope_tags = body.get("roleScopeTagIds") or item.scope_tags
    item.modified = request.tenant.clock.now()
    if before != (item.display_name, item.description, item.settings, item.scope_tags):
        item.version += 1
    if request.tenant.settings.configuration_patch_status == "204":
        return Response(204)
    return _entity(request, item, QueryOptions())


def delete(request: GraphRequest) -> Response:
    """Delete a policy."""
    item = _find(request)
    del request.tenant.configurations[item.id]
    return Response(204)


def plain_text_value(request: GraphRequest) -> Response:
    """Return a value that reads hide, by its reference, and register it as a secret."""
    mode = request.tenant.settings.plain_text_value
    if mode == "refuse":
        raise intune_error(403, "UnknownInConvertApiError", "Forbidden")
    if mode == "write" and WRITE_ROLE not in request.claims.get("roles", ()):
        raise forbidden([WRITE_ROLE])
    wanted = request.params["secret"]
    found = next((item for item in _find(request).settings if item.get("secretReferenceValueId") == wanted), None)
    if found is None:
        raise intune_error(404, "ResourceNotFound", f"The secret reference value {wanted} was not found.")
    request.tenant.secrets.add(found["value"])
    return Response(200, {"@odata.context": request.context("Edm.String"), "value": found["value"]})


def status_overview(request: GraphRequest) -> Response:
    """Return the counts of the states of Windows devices (v1.0)."""
    options = read_options(request.query, frozenset({"$select"}), 1000)
    item = _find(request)
    body: dict[str, Any] = {
        "id": item.id,
        **policy_states.counts(request.tenant, item.id),
        "lastUpdateDateTime": iso_fractional(policy_states.last_report(request.tenant, item.id, item.modified)),
        "configurationVersion": item.version,
    }
    check_select(options.select, body, "deviceConfigurationDeviceOverview")
    context = request.context(f"{PATH}('{item.id}')/deviceStatusOverview", options.select, entity=True)
    return Response(200, {"@odata.context": context, **{name: body[name] for name in options.select or body}})
