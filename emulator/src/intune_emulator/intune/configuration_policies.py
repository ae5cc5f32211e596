# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""configurationPolicies, the policies of the settings catalog; beta only.

Source: https://learn.microsoft.com/graph/api/resources/intune-deviceconfigv2-devicemanagementconfigurationpolicy
"""

from __future__ import annotations

from functools import partial
from typing import Any

from ..http.errors import bad_request, intune_error, not_emulated
from ..http.message import GraphRequest, Response
from ..http.odata import FilterRule, FilterSpec, QueryOptions, check_select, compile_filter, read_options
from ..http.paging import collection, page
from ..state.clock import iso_fractional
from ..state.policies import ConfigurationPolicy
from . import configuration_policy_body, setting_instances
from .assignments import PolicyAssignments

PATH = "deviceManagement/configurationPolicies"
TYPE = "deviceManagementConfigurationPolicy"
NAMES = (
    "id",
    "createdDateTime",
    "creationSource",
    "description",
    "disableEntraGroupPolicyAssignment",
    "isAssigned",
    "lastModifiedDateTime",
    "name",
    "platforms",
    "priorityMetaData",
    "roleScopeTagIds",
    "settingCount",
    "technologies",
    "templateReference",
)
FAMILY = "templateReference/templateFamily"
RULES = {
    "name": FilterRule(frozenset({"eq", "contains"})),
    "technologies": FilterRule(frozenset({"has"})),
    FAMILY: FilterRule(frozenset({"eq"})),
}
SPEC = FilterSpec(TYPE, (*NAMES, FAMILY), RULES)
LIST_OPTIONS = frozenset({"$select", "$filter", "$top", "$skiptoken", "$expand"})
ITEM_OPTIONS = frozenset({"$select", "$expand"})
SETTINGS_OPTIONS = frozenset({"$top", "$skiptoken", "$expand"})
# Observed: without $top a page of this list is short.
PAGE_SIZE = 25


def _properties(policy: ConfigurationPolicy) -> dict[str, Any]:
    """Return all properties except settings and assignments."""
    return {
        "id": policy.id,
        "createdDateTime": iso_fractional(policy.created),
        "creationSource": None,
        "description": policy.description,
        "disableEntraGroupPolicyAssignment": False,
        "isAssigned": bool(policy.assignments),
        "lastModifiedDateTime": iso_fractional(policy.modified),
        "name": policy.name,
        "platforms": policy.platforms,
        "priorityMetaData": None,
        "roleScopeTagIds": policy.scope_tags,
        "settingCount": len(policy.instances),
        "technologies": policy.technologies,
        "templateReference": policy.template,
    }


def _render(policy: ConfigurationPolicy, options: QueryOptions, in_list: bool = False) -> dict[str, Any]:
    """Render a policy. Only lists include assignments."""
    known = _properties(policy)
    body = {name: known[name] for name in options.select or known}
    if "settings" in options.expand:
        body["settings"] = setting_instances.render(policy.instances)
    if "assignments" in options.expand:
        body["assignments"] = [ASSIGNMENTS.render(item, "beta") for item in policy.assignments] if in_list else []
    return body


def _filtered_value(policy: ConfigurationPolicy, name: str) -> Any:
    """Return a property by its name in $filter."""
    return policy.template["templateFamily"] if name == FAMILY else _properties(policy)[name]


def _options(request: GraphRequest, allowed: frozenset[str]) -> QueryOptions:
    options = read_options(request.query, allowed, 1000)
    check_select(options.select, NAMES, TYPE)
    for name in options.expand:
        if name not in ("settings", "assignments"):
            raise not_emulated(f"Could not find a property named '{name}' on type 'microsoft.graph.{TYPE}'.", f"$expand={name}")
    return options


def _find(request: GraphRequest) -> ConfigurationPolicy:
    found = request.tenant.configuration_policies.get(request.params["id"].lower())
    if found is None:
        raise intune_error(404, "ResourceNotFound", f"ConfigurationPolicy with id {request.params['id']} was not found.")
    return found


ASSIGNMENTS = PolicyAssignments(PATH, "deviceManagementConfigurationPolicyAssignment", _find)


def list_all(request: GraphRequest) -> Response:
    """List policies, with $filter, and $expand of settings and assignments."""
    options = _options(request, LIST_OPTIONS)
    found = list(request.tenant.configuration_policies.values())
    if options.filter:
        test = compile_filter(options.filter, SPEC)
        found = [item for item in found if test(partial(_filtered_value, item))]
    size = request.tenant.settings.page_size
    rows, link = page(request, options, found, size if options.top else min(PAGE_SIZE, size))
    return Response(200, collection(request, PATH, options, [_render(item, options, in_list=True) for item in rows], link, None))


def get(request: GraphRequest) -> Response:
    """Return a policy; $expand=settings works, $expand=assignments returns an empty list."""
    options = _options(request, ITEM_OPTIONS)
    return _entity(request, _find(request), options)


def _entity(request: GraphRequest, item: ConfigurationPolicy, options: QueryOptions, status: int = 200) -> Response:
    return Response(status, {"@odata.context": request.context(PATH, options.select, entity=True), **_render(item, options)})


def list_settings(request: GraphRequest) -> Response:
    """List the settings, paged."""
    options = read_options(request.query, SETTINGS_OPTIONS, 1000)
    if options.expand:
        raise not_emulated("The query parameter '$expand' is not supported.", f"$expand={','.join(options.expand)}")
    item = _find(request)
    rows, link = page(request, options, setting_instances.render(item.instances), request.tenant.settings.page_size)
    return Response(200, collection(request, f"{PATH}('{item.id}')/settings", options, rows, link, None))


def create(request: GraphRequest) -> Response:
    """Create a policy; the response omits its settings. Names need not be unique."""
    content = configuration_policy_body.read(request)
    now, policy_id = request.tenant.clock.now(), request.tenant.new_id()
    item = ConfigurationPolicy(policy_id, created=now, modified=now, **content)
    request.tenant.configuration_policies[policy_id] = item
    return _entity(request, item, QueryOptions(), 201)


def replace(request: GraphRequest) -> Response:
    """Replace all writable properties; clear those that are missing in the body. Assignments stay."""
    item = _find(request)
    if item.template["templateId"]:
        raise not_emulated("The request is not supported.", "PUT of a policy from a template")
    if isinstance(request.body, dict) and request.body.get("roleScopeTagIds") is None:
        # observed: 400; the text is made up
        raise bad_request("The property 'roleScopeTagIds' must be a collection of Edm.String.", "ModelValidationFailure")
    content = configuration_policy_body.read(request)
    for name, value in content.items():
        setattr(item, name, value)
    item.modified = request.tenant.clock.now()
    if request.tenant.settings.configuration_put_status == "204":
        return Response(204)
    return _entity(request, item, QueryOptions())


def update(request: GraphRequest) -> Response:
    """Change name, description and scope tags only."""
    item = _find(request)
    for name, value in configuration_policy_body.read_metadata(request).items():
        setattr(item, name, value)
    item.modified = request.tenant.clock.now()
    if request.tenant.settings.configuration_patch_status == "204":
        return Response(204)
    return _entity(request, item, QueryOptions())


def delete(request: GraphRequest) -> Response:
    """Delete a policy."""
    del request.tenant.configuration_policies[_find(request).id]
    return Response(204)
