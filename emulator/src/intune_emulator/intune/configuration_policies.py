# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""configurationPolicies, the policies of the settings catalog; beta only (facts: settings catalog)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ..control.clock import iso_fractional
from ..http.errors import bad_request, intune_error, not_emulated
from ..http.message import Call, Reply
from ..http.odata import FilterSpec, Options, Rule, check_select, compile_filter, read_options
from ..http.paging import collection, page
from . import policy_body, setting_instances
from .assignments import Kind

PATH = "deviceManagement/configurationPolicies"
TYPE = "deviceManagementConfigurationPolicy"
NO_TEMPLATE = {"templateId": "", "templateFamily": "none", "templateDisplayName": None, "templateDisplayVersion": None}
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
    "name": Rule(frozenset({"eq", "contains"})),
    "technologies": Rule(frozenset({"has"})),
    FAMILY: Rule(frozenset({"eq"})),
}
SPEC = FilterSpec(TYPE, (*NAMES, FAMILY), RULES)
LIST_OPTIONS = frozenset({"$select", "$filter", "$top", "$skiptoken", "$expand"})
ITEM_OPTIONS = frozenset({"$select", "$expand"})
SETTINGS_OPTIONS = frozenset({"$top", "$skiptoken", "$expand"})
# Seen in the wild: without $top a page of this list is short.
PAGE_SIZE = 25


@dataclass
class ConfigurationPolicy:
    """A policy. With a template other than NO_TEMPLATE: planted, which can be read, renamed, assigned and deleted."""

    id: str
    name: str
    created: datetime
    modified: datetime
    description: str | None = None
    platforms: str = "windows10"
    technologies: str = "mdm"
    scope_tags: list[str] = field(default_factory=lambda: ["0"])
    template: dict[str, Any] = field(default_factory=lambda: dict(NO_TEMPLATE))
    instances: list[dict[str, Any]] = field(default_factory=list)
    assignments: list[dict[str, Any]] = field(default_factory=list)

    def properties(self) -> dict[str, Any]:
        """All but settings and assignments."""
        return {
            "id": self.id,
            "createdDateTime": iso_fractional(self.created),
            "creationSource": None,
            "description": self.description,
            "disableEntraGroupPolicyAssignment": False,
            "isAssigned": bool(self.assignments),
            "lastModifiedDateTime": iso_fractional(self.modified),
            "name": self.name,
            "platforms": self.platforms,
            "priorityMetaData": None,
            "roleScopeTagIds": self.scope_tags,
            "settingCount": len(self.instances),
            "technologies": self.technologies,
            "templateReference": self.template,
        }

    def show(self, options: Options, in_list: bool = False) -> dict[str, Any]:
        """As read. Only lists tell the assignments; a single policy looks as if it had none."""
        known = self.properties()
        body = {name: known[name] for name in options.select or known}
        if "settings" in options.expand:
            body["settings"] = setting_instances.show(self.instances)
        if "assignments" in options.expand:
            body["assignments"] = [ASSIGNMENTS.show(item, "beta") for item in self.assignments] if in_list else []
        return body

    def cell(self, name: str) -> Any:
        """A property by the name that $filter has for it."""
        return self.template["templateFamily"] if name == FAMILY else self.properties()[name]


def _options(call: Call, allowed: frozenset[str]) -> Options:
    options = read_options(call.query, allowed, 1000)
    check_select(options.select, NAMES, TYPE)
    for name in options.expand:
        if name not in ("settings", "assignments"):
            raise not_emulated(f"Could not find a property named '{name}' on type 'microsoft.graph.{TYPE}'.", f"$expand={name}")
    return options


def _find(call: Call) -> ConfigurationPolicy:
    found = call.tenant.configuration_policies.get(call.params["id"].lower())
    if found is None:
        raise intune_error(404, "ResourceNotFound", f"ConfigurationPolicy with id {call.params['id']} was not found.")
    return found


ASSIGNMENTS = Kind(PATH, "deviceManagementConfigurationPolicyAssignment", _find)


def list_all(call: Call) -> Reply:
    """With $filter, and $expand of settings and assignments."""
    options = _options(call, LIST_OPTIONS)
    found = list(call.tenant.configuration_policies.values())
    if options.filter:
        test = compile_filter(options.filter, SPEC)
        found = [item for item in found if test(item.cell)]
    size = call.tenant.settings.page_size
    rows, link = page(call, options, found, size if options.top else min(PAGE_SIZE, size))
    return Reply(200, collection(call, PATH, options, [item.show(options, in_list=True) for item in rows], link, None))


def get(call: Call) -> Reply:
    """One policy; $expand=settings works, $expand=assignments is answered with an empty list."""
    options = _options(call, ITEM_OPTIONS)
    return _entity(call, _find(call), options)


def _entity(call: Call, item: ConfigurationPolicy, options: Options, status: int = 200) -> Reply:
    return Reply(status, {"@odata.context": call.context(PATH, options.select, entity=True), **item.show(options)})


def list_settings(call: Call) -> Reply:
    """The settings, paged."""
    options = read_options(call.query, SETTINGS_OPTIONS, 1000)
    if options.expand:
        raise not_emulated("The query parameter '$expand' is not supported.", f"$expand={','.join(options.expand)}")
    item = _find(call)
    rows, link = page(call, options, setting_instances.show(item.instances), call.tenant.settings.page_size)
    return Reply(200, collection(call, f"{PATH}('{item.id}')/settings", options, rows, link, None))


def create(call: Call) -> Reply:
    """201 with the policy, without its settings; names need not be unique."""
    content = policy_body.read(call)
    now, policy_id = call.tenant.clock.now(), call.tenant.new_id()
    item = ConfigurationPolicy(policy_id, created=now, modified=now, **content)
    call.tenant.configuration_policies[policy_id] = item
    return _entity(call, item, Options(), 201)


def replace(call: Call) -> Reply:
    """PUT: all that can be written, as the body says; what it leaves out is gone. Assignments stay."""
    item = _find(call)
    if item.template["templateId"]:
        raise not_emulated("The request is not supported.", "PUT of a policy from a template")
    if isinstance(call.body, dict) and call.body.get("roleScopeTagIds") is None:
        # seen: 400; the text is made up
        raise bad_request("The property 'roleScopeTagIds' must be a collection of Edm.String.", "ModelValidationFailure")
    content = policy_body.read(call)
    for name, value in content.items():
        setattr(item, name, value)
    item.modified = call.tenant.clock.now()
    if call.tenant.settings.configuration_put_status == "204":
        return Reply(204)
    return _entity(call, item, Options())


def update(call: Call) -> Reply:
    """PATCH: name, description and scope tags only."""
    item = _find(call)
    for name, value in policy_body.read_metadata(call).items():
        setattr(item, name, value)
    item.modified = call.tenant.clock.now()
    if call.tenant.settings.configuration_patch_status == "204":
        return Reply(204)
    return _entity(call, item, Options())


def delete(call: Call) -> Reply:
    """204, the second time 404."""
    del call.tenant.configuration_policies[_find(call).id]
    return Reply(204)
