# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Read access to intents, policies of an old template that sets Windows Hello for Business; beta only.

Source: https://learn.microsoft.com/graph/api/resources/intune-deviceintent-devicemanagementintent
"""

from __future__ import annotations

import json
import uuid
from typing import Any

from ..http.errors import intune_error
from ..http.message import GraphRequest, Response
from ..http.odata import FilterRule, FilterSpec, QueryOptions, check_select, compile_filter, read_options
from ..http.paging import collection, page
from ..state.clock import iso_fractional
from ..state.policies import Intent
from .assignments import PolicyAssignments
from .identity_protection import value_kind

PATH = "deviceManagement/intents"
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
SPEC = FilterSpec("deviceManagementIntent", INTENT_NAMES, {"templateId": FilterRule(frozenset({"eq"}), same_or=True)})
LIST_OPTIONS = frozenset({"$select", "$filter", "$top", "$skiptoken"})
PAGE_OPTIONS = frozenset({"$top", "$skiptoken"})

Json = dict[str, Any]


def _render(item: Intent, options: QueryOptions) -> Json:
    known: Json = {
        "id": item.id,
        "displayName": item.display_name,
        "description": item.description,
        "isAssigned": bool(item.assignments),
        "isMigratingToConfigurationPolicy": False,
        "lastModifiedDateTime": iso_fractional(item.modified),
        "templateId": TEMPLATE,
        "roleScopeTagIds": item.scope_tags,
    }
    return {name: known[name] for name in options.select or known}


def _render_settings(item: Intent) -> list[Json]:
    """Render an instance for each property that is set."""
    return [
        {
            "@odata.type": f"{PREFIX}{value_kind(name)}SettingInstance",
            "id": str(uuid.uuid5(uuid.UUID(item.id), name)),
            "definitionId": DEFINITION + name,
            "valueJson": json.dumps(value),
            "value": value,
        }
        for name, value in item.values.items()
    ]


def _find(request: GraphRequest) -> Intent:
    found = request.tenant.intents.get(request.params["id"].lower())
    if found is None:
        raise intune_error(404, "ResourceNotFound", f"Intent with id {request.params['id']} was not found.")
    return found


ASSIGNMENTS = PolicyAssignments(PATH, "deviceManagementIntentAssignment", _find, ())


def list_all(request: GraphRequest) -> Response:
    """List intents, with $filter on templateId."""
    options = read_options(request.query, LIST_OPTIONS, 1000)
    check_select(options.select, INTENT_NAMES, "deviceManagementIntent")
    found = list(request.tenant.intents.values())
    if options.filter:
        test = compile_filter(options.filter, SPEC)
        found = [item for item in found if test(_render(item, QueryOptions()).get)]
    rows, link = page(request, options, found, request.tenant.settings.page_size)
    return Response(200, collection(request, PATH, options, [_render(item, options) for item in rows], link, None))


def get(request: GraphRequest) -> Response:
    """Return an intent, without its settings."""
    options = read_options(request.query, frozenset({"$select"}), 1000)
    check_select(options.select, INTENT_NAMES, "deviceManagementIntent")
    return Response(200, {"@odata.context": request.context(PATH, options.select, entity=True), **_render(_find(request), options)})


def list_settings(request: GraphRequest) -> Response:
    """List the setting instances of an intent."""
    options = read_options(request.query, PAGE_OPTIONS, 1000)
    item = _find(request)
    rows, link = page(request, options, _render_settings(item), request.tenant.settings.page_size)
    return Response(200, collection(request, f"{PATH}('{item.id}')/settings", options, rows, link, None))
