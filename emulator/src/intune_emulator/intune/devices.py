# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""managedDevices and their remote actions; remoteActionAudits (facts: managedDevice, resetPasscode)."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from ..control.clock import iso_fractional
from ..http.errors import bad_request, forbidden, intune_error
from ..http.message import Call, Reply
from ..http.odata import FilterSpec, Options, Rule, check_select, compile_filter, no_property, read_options
from ..http.paging import collection, page
from .device_model import ALIASES, DEFAULTS, FILTERS, IGNORED_FILTERS, NON_DEFAULT
from .devices_store import Device
from .lifecycle import RESET, Action, shown

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
AUDIT_RULES = {"managedDeviceId": Rule(frozenset({"eq"})), "requestDateTime": Rule(frozenset({"ge", "gt", "le", "lt"}), kind="date")}
OPAQUE = "An error has occurred"


def _filter_spec(call: Call) -> FilterSpec:
    version = call.version
    return FilterSpec("managedDevice", DEFAULTS[version], FILTERS[version], IGNORED_FILTERS[version], call.tenant.settings.unlisted_filter)


def _matching(call: Call, options: Options) -> list[Device]:
    """Found once for all pages of a list."""
    key = (call.version, options.filter, options.orderby, options.count, call.tenant.settings.unlisted_filter)
    return call.tenant.devices.remember(key, lambda: _find(call, options))


def _find(call: Call, options: Options) -> list[Device]:
    devices = list(call.tenant.devices)
    if options.filter:
        test = compile_filter(options.filter, _filter_spec(call), options.count)
        devices = [device for device in devices if test(device.get)]
    if options.orderby:
        name, descending = options.orderby
        if name not in DEFAULTS[call.version]:
            raise no_property(name, "managedDevice")
        if name != "deviceName":
            raise bad_request(f"Ordering by '{name}' is not supported.")
        devices.sort(key=lambda device: (str(device.get(name) or "").lower(), device.id), reverse=descending)
    return devices


def list_all(call: Call) -> Reply:
    """A page; @odata.count is the number of items in the page, not in all."""
    options = read_options(call.query, LIST_OPTIONS, 1000)
    check_select(options.select, DEFAULTS[call.version], "managedDevice")
    rows, link = page(call, options, _matching(call, options), call.tenant.settings.page_size)
    items = [_listed(call, device, options) for device in rows]
    return Reply(200, collection(call, "deviceManagement/managedDevices", options, items, link, len(items)))


def count(call: Call) -> Reply:
    """The total, as text."""
    options = read_options(call.query, frozenset({"$filter"}), 1000)
    options.count = True
    return Reply(200, text=str(len(_matching(call, options))))


def _names(call: Call, options: Options) -> list[str]:
    if options.select is None:
        return list(DEFAULTS[call.version])
    return [*(["id"] if call.tenant.settings.select_adds_id and "id" not in options.select else []), *options.select]


def _value(device: Device, name: str) -> Any:
    own = device.own
    name = ALIASES.get(name, name)
    return own.get(name, DEFAULTS["beta"][name])


def _listed(call: Call, device: Device, options: Options) -> dict[str, Any]:
    """In lists the non-default properties are empty, and so are the action results."""
    row = {name: NON_DEFAULT[name] if name in NON_DEFAULT else _value(device, name) for name in _names(call, options)}
    if "deviceActionResults" in row:
        row["deviceActionResults"] = []
    return row


def _device(call: Call) -> Device:
    device = call.tenant.devices.get(call.params["id"])
    if device is None:
        raise intune_error(404, "ResourceNotFound", "Device not found: an entity with the given id does not exist.")
    return device


def get(call: Call) -> Reply:
    """One device; the action results are here."""
    options = read_options(call.query, frozenset({"$select"}), 1000)
    check_select(options.select, DEFAULTS[call.version], "managedDevice")
    device = _device(call)
    body = _listed(call, device, options)
    if options.select is not None:
        body = {name: _value(device, name) for name in _names(call, options)}
    if "deviceActionResults" in body:
        body["deviceActionResults"] = _results(call, device)
    context = call.context("deviceManagement/managedDevices", options.select, entity=True)
    return Reply(200, {"@odata.context": context, **body})


def _results(call: Call, device: Device) -> list[dict[str, Any]]:
    now, settings = call.tenant.clock.now(), call.tenant.settings
    entries = [shown(actions, now) for actions in device.actions.values()]
    fractional = settings.action_timestamps == "fractional"
    return [entry.result(now, settings.passcode_retention, fractional) for entry in entries if entry is not None]


def _act(call: Call, name: str) -> Reply:
    """204 says that the service took the order, no more."""
    device = _device(call)
    if call.body not in (None, {}):
        raise bad_request(
            f"The parameter '{next(iter(call.body), '')}' in the request payload is not a valid parameter for the operation '{name}'."
        )
    tenant = call.tenant
    outcome = device.outcome(tenant.settings.windows_desktop) if name == RESET else "done"
    if outcome == "refuse":
        raise intune_error(400, "BadRequest", OPAQUE)
    simulation = device.simulation
    action = Action(
        id=tenant.new_id(),
        device_id=device.id,
        name=name,
        requested=tenant.clock.now(),
        outcome=outcome,
        visible=simulation.visible,
        active=simulation.active,
        terminal=simulation.terminal,
        error_code=simulation.error_code,
        passcode=_passcode(call, device) if name == RESET and outcome == "done" else None,
        initiator=str(call.claims.get("app_displayname", "")),
        waiting=simulation.offline,
    )
    # one entry per action name: the new one replaces the old one as soon as it is visible
    device.actions.setdefault(name, []).append(action)
    tenant.actions.add(action)
    return Reply(204)


def _passcode(call: Call, device: Device) -> str | None:
    """iOS only removes the passcode and tells none."""
    return None if device.get("operatingSystem") == "iOS" else call.tenant.new_passcode()


def reset_passcode(call: Call) -> Reply:
    """POST …/resetPasscode."""
    return _act(call, RESET)


def sync_device(call: Call) -> Reply:
    """POST …/syncDevice."""
    return _act(call, "syncDevice")


def remote_lock(call: Call) -> Reply:
    """POST …/remoteLock."""
    return _act(call, "remoteLock")


def _audit(call: Call, action: Action) -> dict[str, Any]:
    device = call.tenant.devices.get(action.device_id)
    return {
        "id": action.id,
        "deviceDisplayName": device.get("deviceName") if device else None,
        "userName": action.initiator,
        "initiatedByUserPrincipalName": action.initiator,
        "action": action.name,
        "requestDateTime": iso_fractional(action.requested),
        "deviceOwnerUserPrincipalName": device.get("userPrincipalName") if device else None,
        "deviceIMEI": device.get("imei") if device else None,
        "actionState": action.state(call.tenant.clock.now())[0],
        "managedDeviceId": action.device_id,
        "deviceActionCategory": "single",
        "bulkDeviceActionId": None,
    }


def _filtered(action: Action, name: str) -> Any:
    """What $filter reads, without making the whole row."""
    return {"managedDeviceId": action.device_id, "requestDateTime": action.requested}[name]


def _audited(call: Call, options: Options, ascending: bool) -> list[Action]:
    """The resets that are in the audit already."""
    tenant, actions = call.tenant, call.tenant.actions
    number = actions.resets_until(tenant.clock.now() - timedelta(seconds=tenant.settings.audit_delay))
    state = (len(actions.resets), number, tenant.settings.audit_filter)

    def find() -> list[Action]:
        found = actions.resets[:number]
        if options.filter:
            rules = AUDIT_RULES if tenant.settings.audit_filter == "allow" else {}
            test = compile_filter(options.filter, FilterSpec("remoteActionAudit", AUDIT_PROPERTIES, rules))
            found = [action for action in found if test(partial(_filtered, action))]
        return found if ascending else found[::-1]

    return actions.cache.get(state, (options.filter, ascending), find)


def audits(call: Call) -> Reply:
    """beta: one row for each reset that was accepted, newest first."""
    if call.tenant.settings.audit_access == "refuse":
        raise forbidden(call.route.roles if call.route else ())
    options = read_options(call.query, AUDIT_OPTIONS, 1000)
    check_select(options.select, AUDIT_PROPERTIES, "remoteActionAudit")
    name, descending = options.orderby or ("requestDateTime", True)
    if name != "requestDateTime":
        raise bad_request(f"Ordering by '{name}' is not supported.")
    chosen, link = page(call, options, _audited(call, options, not descending), call.tenant.settings.page_size)
    rows = [_audit(call, action) for action in chosen]
    items = [{key: row[key] for key in options.select or AUDIT_PROPERTIES} for row in rows]
    return Reply(200, collection(call, "deviceManagement/remoteActionAudits", options, items, link, len(items)))
