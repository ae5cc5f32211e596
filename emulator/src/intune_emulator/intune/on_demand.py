# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Runs of a remediation on demand, and the Windows license of the tenant; beta only.

Sources: https://learn.microsoft.com/graph/api/intune-devices-manageddevice-initiateondemandproactiveremediation,
https://learn.microsoft.com/graph/api/resources/intune-onboarding-dataprocessorserviceforwindowsfeaturesonboarding
"""

from __future__ import annotations

import uuid
from typing import Any

from ..http.errors import bad_request, intune_error, no_parameter
from ..http.message import GraphRequest, Response
from ..http.odata import check_select, read_options
from ..state.script_results import OnDemandRun
from .devices import find_device
from .health_scripts import check_license
from .roles import CONFIG_READ, SCRIPTS_READ, check_further_role

LICENSE_PATH = "deviceManagement/dataProcessorServiceForWindowsFeaturesOnboarding"
# Permissions that the caller needs beside the one for devices; it is not known which of the two applies since July 2025.
ACCESS = {"scripts": SCRIPTS_READ, "documented": CONFIG_READ}


def start(request: GraphRequest) -> Response:
    """Accept a run on demand; the package need not be assigned."""
    check_further_role(request, ACCESS[request.tenant.settings.on_demand_access])
    device = find_device(request)
    script_id = _read_script_id(request.body)
    tenant = request.tenant
    if script_id not in tenant.health_scripts:
        raise intune_error(404, "ResourceNotFound", f"DeviceHealthScript with id {script_id} was not found.")
    check_license(tenant)
    tenant.on_demand_runs.setdefault(device.id, []).append(OnDemandRun(script_id, tenant.clock.now()))
    return Response(204)


def _read_script_id(body: Any) -> str:
    """Return the id of the package; the texts of refusals are invented."""
    if not isinstance(body, dict):
        raise bad_request("Empty Payload. JSON content expected.", "ModelValidationFailure")
    action = "initiateOnDemandProactiveRemediation"
    for name in body:
        if name != "scriptPolicyId" and not name.startswith("@"):
            raise no_parameter(name, action)
    try:
        return str(uuid.UUID(body.get("scriptPolicyId")))
    except (AttributeError, TypeError, ValueError):
        raise intune_error(400, "BadRequest", f"ScriptPolicyId '{body.get('scriptPolicyId')}' is not a valid Guid.") from None


def get_license(request: GraphRequest) -> Response:
    """Return whether an administrator has confirmed the Windows license of the tenant."""
    options = read_options(request.query, frozenset({"$select"}), 1000)
    state = request.tenant.settings.windows_license
    body = {"hasValidWindowsLicense": state == "confirmed", "areDataProcessorServiceForWindowsFeaturesEnabled": state == "confirmed"}
    check_select(options.select, body, "dataProcessorServiceForWindowsFeaturesOnboarding")
    context = request.context(LICENSE_PATH, options.select, entity=True)
    return Response(200, {"@odata.context": context, **{name: body[name] for name in options.select or body}})
