# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Managed devices and their remote actions; the audit log of remote actions.

Sources: https://learn.microsoft.com/graph/api/resources/intune-devices-manageddevice,
https://learn.microsoft.com/graph/api/intune-devices-manageddevice-resetpasscode
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from ..http.errors import UNREADABLE, bad_request, forbidden, intune_error, no_parameter, not_emulated
from ..http.message import GraphRequest, Response
from ..http.odata import FilterRule, FilterSpec, QueryOptions, check_select, compile_filter, no_property, read_options
from ..http.paging import collection, page
from ..state.clock import iso_fractional
from ..state.device_actions import RESET, Action, newest_visible
from ..state.device_properties import ALIASES, BETA_MEMBERS, DEFAULTS, FUTURE, NON_DEFAULT
from ..state.devices import Device
from .device_filters import FILTERS, IGNORED_FILTERS

LIST_OPTIONS = frozenset({"$select", "$filter", "$top", "$orderby", "$skiptoken", "$count"})
AUDIT_OPTIONS = frozenset({"$select", "$filter", "$top", "$orderby", "$skiptoken"})
AUDIT_PROPERTIES = (
    "id",
    "deviceDisplayName",
    "userName",
    "initiatedByUserPrincipalName",
    "action",
    "requestDateTime",
    "deviceOwnerUserPrincipalName",
    "deviceIMEI",
    "actionState",
    "managedDeviceId",
    "deviceActionCategory",
    "bulkDeviceActionId",
)
AUDIT_RULES = {
    "managedDeviceId": FilterRule(frozenset({"eq"})),
    "requestDateTime": FilterRule(frozenset({"ge", "gt", "le", "lt"}), kind="date"),
}
# Empty in lists, by version.
IN_LISTS = {version: {name: value for name, value in NON_DEFAULT.items() if name in names} for version, names in DEFAULTS.items()}
UNSPECIFIC_MESSAGE = "An error has occurred"


def _filter_spec(request: GraphRequest) -> FilterSpec:
    version = request.version
    unlisted = request.tenant.settings.unlisted_filter
    return FilterSpec(
        "managedDevice",
        DEFAULTS[version],
        FILTERS[version],
        IGNORED_FILTERS[version],
        unlisted,
        elsewhere=DEFAULTS["beta"],
        setting="unlisted_filter",
    )


def _matching(request: GraphRequest, options: QueryOptions) -> list[Device]:
    """Return the matching devices, found once for all pages of a list."""
    key = (request.version, options.filter, options.orderby, options.count, request.tenant.settings.unlisted_filter)
    return request.tenant.devices.remember(key, lambda: _find(request, options))


def _find(request: GraphRequest, options: QueryOptions) -> list[Device]:
    devices = list(request.tenant.devices)
    if options.filter:
        test = compile_filter(options.filter, _filter_spec(request), options.count)
        devices = [device for device in devices if test(device.get)]
    if options.orderby:
        name, descending = options.orderby
        if name not in DEFAULTS[request.version]:
            raise no_property(name, "managedDevice", elsewhere=DEFAULTS["beta"])
        if name != "deviceName":
            raise not_emulated(f"Ordering by '{name}' is not supported.", f"$orderby={name}")
        devices.sort(key=lambda device: (str(device.get(name) or "").lower(), device.id), reverse=descending)
    return devices


def list_all(request: GraphRequest) -> Response:
    """List devices; @odata.count is the number of items in the page, not in all."""
    options = read_options(request.query, LIST_OPTIONS, 1000)
    check_select(options.select, DEFAULTS[request.version], "managedDevice", DEFAULTS["beta"])
    rows, link = page(request, options, _matching(request, options), request.tenant.settings.page_size)
    items = [_render_in_list(request, device, options) for device in rows]
    return Response(200, collection(request, "deviceManagement/managedDevices", options, items, link, len(items)))


def count(request: GraphRequest) -> Response:
    """Return the number of devices, as text."""
    options = read_options(request.query, frozenset({"$filter"}), 1000)
    options.count = True
    return Response(200, text=str(len(_matching(request, options))))


def _names(request: GraphRequest, select: list[str]) -> list[str]:
    return [*(["id"] if request.tenant.settings.select_adds_id and "id" not in select else []), *select]


def _shown(version: str, name: str, value: Any) -> Any:
    return FUTURE if version == "v1.0" and value in BETA_MEMBERS.get(name, ()) else value


def _all_values(version: str, device: Device) -> dict[str, Any]:
    """Return all properties of a version, as a response without $select has them."""
    own, defaults = device.own, DEFAULTS[version]
    values = {**defaults, **{name: value for name, value in own.items() if name in defaults}}
    for alias, name in ALIASES.items():
        if alias in values:
            values[alias] = own.get(name, DEFAULTS["beta"][name])
    for name in BETA_MEMBERS:
        values[name] = _shown(version, name, values[name])
    return {**values, **IN_LISTS[version], "deviceActionResults": []}


def _render_in_list(request: GraphRequest, device: Device, options: QueryOptions) -> dict[str, Any]:
    """Render a device as in a list: with empty non-default properties and action results."""
    version = request.version
    if options.select is None:
        return _all_values(version, device)
    hidden = {**IN_LISTS[version], "deviceActionResults": []}
    names = _names(request, options.select)
    return {name: hidden[name] if name in hidden else _shown(version, name, device.get(name)) for name in names}


def find_device(request: GraphRequest) -> Device:
    """Return the device that the path names; 404 for any other."""
    device = request.tenant.devices.get(request.params["id"])
    if device is None:
        raise intune_error(404, "ResourceNotFound", "Device not found: an entity with the given id does not exist.")
    return device


def get(request: GraphRequest) -> Response:
    """Return a device with its action results."""
    options = read_options(request.query, frozenset({"$select"}), 1000)
    check_select(options.select, DEFAULTS[request.version], "managedDevice", DEFAULTS["beta"])
    device = find_device(request)
    if options.select is None:
        body = _all_values(request.version, device)
    else:
        body = {name: _shown(request.version, name, device.get(name)) for name in _names(request, options.select)}
    if "deviceActionResults" in body:
        body["deviceActionResults"] = _results(request, device)
    context = request.context("deviceManagement/managedDevices", options.select, entity=True)
    return Response(200, {"@odata.context": context, **body})


def _results(request: GraphRequest, device: Device) -> list[dict[str, Any]]:
    now, settings = request.tenant.clock.now(), request.tenant.settings
    entries = [newest_visible(actions, now) for actions in device.actions.values()]
    fractional = settings.action_timestamps == "fractional"
    return [entry.result(now, settings.passcode_retention, fractional) for entry in entries if entry is not None]


def _act(request: GraphRequest, name: str) -> Response:
    """Accept a remote action; 204 means only that it is queued."""
    device = find_device(request)
    if request.body is not None and not isinstance(request.body, dict):
        raise bad_request(UNREADABLE)
    if request.body:
        raise no_parameter(next(iter(request.body), ""), name)
    tenant = request.tenant
    outcome = device.outcome(tenant.settings.windows_desktop) if name == RESET else "done"
    if outcome == "refuse":
        raise intune_error(400, "BadRequest", UNSPECIFIC_MESSAGE)
    simulation, delay = device.simulation, tenant.settings.action_delay
    action = Action(
        id=tenant.new_id(),
        device_id=device.id,
        name=name,
        requested=tenant.clock.now(),
        outcome=outcome,
        visible=simulation.visible + delay,
        active=simulation.active + delay,
        terminal=simulation.terminal + delay,
        error_code=simulation.error_code,
        passcode=_passcode(request, device) if name == RESET and outcome == "done" else None,
        initiator=str(request.claims.get("app_displayname", "")),
        waiting=simulation.offline,
    )
    # one entry per action name: the new one replaces the old one as soon as it is visible
    device.add_action(action)
    tenant.actions.add(action)
    return Response(204)


def _passcode(request: GraphRequest, device: Device) -> str | None:
    """Return a new passcode; None if a reset only removes it."""
    return None if device.loses_passcode else request.tenant.new_passcode()


def reset_passcode(request: GraphRequest) -> Response:
    """Accept resetPasscode."""
    return _act(request, RESET)


def sync_device(request: GraphRequest) -> Response:
    """Accept syncDevice."""
    return _act(request, "syncDevice")


def remote_lock(request: GraphRequest) -> Response:
    """Accept remoteLock."""
    return _act(request, "remoteLock")


def _audit(request: GraphRequest, action: Action) -> dict[str, Any]:
    device = request.tenant.devices.get(action.device_id)
    return {
        "id": action.id,
        "deviceDisplayName": device.get("deviceName") if device else None,
        "userName": action.initiator,
        "initiatedByUserPrincipalName": action.initiator,
        "action": action.name,
        "requestDateTime": iso_fractional(action.requested),
        "deviceOwnerUserPrincipalName": device.get("userPrincipalName") if device else None,
        "deviceIMEI": device.get("imei") if device else None,
        "actionState": action.state(request.tenant.clock.now())[0],
        "managedDeviceId": action.device_id,
        "deviceActionCategory": "single",
        "bulkDeviceActionId": None,
    }


def _filtered(action: Action, name: str) -> Any:
    """Return a property by its name in $filter, without making the whole row."""
    return {"managedDeviceId": action.device_id, "requestDateTime": action.requested}[name]


def _audited(request: GraphRequest, options: QueryOptions, ascending: bool) -> list[Action]:
    """Return the resets that the audit log already shows."""
    tenant, actions = request.tenant, request.tenant.actions
    number = actions.resets_until(tenant.clock.now() - timedelta(seconds=tenant.settings.audit_delay))
    state = (len(actions.resets), number, tenant.settings.audit_filter)

    def find() -> list[Action]:
        found = actions.resets[:number]
        if options.filter:
            is_allowed = tenant.settings.audit_filter == "allow"
            spec = FilterSpec("remoteActionAudit", AUDIT_PROPERTIES, AUDIT_RULES if is_allowed else {}, is_known=not is_allowed)
            test = compile_filter(options.filter, spec)
            found = [action for action in found if test(partial(_filtered, action))]
        return found if ascending else found[::-1]

    return actions.cache.get(state, (options.filter, ascending), find)


def audits(request: GraphRequest) -> Response:
    """List a row for each accepted reset, newest first (beta)."""
    if request.tenant.settings.audit_access == "refuse":
        raise forbidden(request.roles)
    options = read_options(request.query, AUDIT_OPTIONS, 1000)
    check_select(options.select, AUDIT_PROPERTIES, "remoteActionAudit")
    name, descending = options.orderby or ("requestDateTime", True)
    if name != "requestDateTime":
        raise not_emulated(f"Ordering by '{name}' is not supported.", f"$orderby={name}")
    chosen, link = page(request, options, _audited(request, options, not descending), request.tenant.settings.page_size)
    rows = [_audit(request, action) for action in chosen]
    items = [{key: row[key] for key in options.select or AUDIT_PROPERTIES} for row in rows]
    return Response(200, collection(request, "deviceManagement/remoteActionAudits", options, items, link, len(items)))
