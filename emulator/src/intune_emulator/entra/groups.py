# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""groups, their members, and Entra device objects."""

from __future__ import annotations

import uuid
from typing import Any

from ..control.guids import named_guid
from ..http.errors import directory_not_found
from ..http.message import Call, Reply
from ..http.odata import FilterSpec, Options, Rule, check_select, compile_filter, read_options
from ..http.paging import collection, page
from ..intune.devices_store import Device
from .directory import project

GROUP_DEFAULTS: dict[str, Any] = {
    "id": "",
    "deletedDateTime": None,
    "classification": None,
    "createdDateTime": None,
    "description": None,
    "displayName": None,
    "expirationDateTime": None,
    "groupTypes": [],
    "isAssignableToRole": None,
    "mail": None,
    "mailEnabled": False,
    "mailNickname": None,
    "membershipRule": None,
    "membershipRuleProcessingState": None,
    "onPremisesDomainName": None,
    "onPremisesLastSyncDateTime": None,
    "onPremisesNetBiosName": None,
    "onPremisesSamAccountName": None,
    "onPremisesSecurityIdentifier": None,
    "onPremisesSyncEnabled": None,
    "preferredDataLocation": None,
    "preferredLanguage": None,
    "proxyAddresses": [],
    "renewedDateTime": None,
    "securityEnabled": True,
    "securityIdentifier": None,
    "theme": None,
    "uniqueName": None,
    "visibility": None,
}
DEVICE_DEFAULTS: dict[str, Any] = {
    "id": "",
    "deletedDateTime": None,
    "accountEnabled": True,
    "approximateLastSignInDateTime": None,
    "complianceExpirationDateTime": None,
    "deviceCategory": None,
    "deviceId": None,
    "deviceMetadata": None,
    "deviceOwnership": None,
    "deviceVersion": 2,
    "displayName": None,
    "enrollmentProfileName": None,
    "enrollmentType": None,
    "isCompliant": True,
    "isManaged": True,
    "isRooted": False,
    "managementType": "MDM",
    "manufacturer": None,
    "mdmAppId": "0000000a-0000-0000-c000-000000000000",
    "model": None,
    "onPremisesLastSyncDateTime": None,
    "onPremisesSyncEnabled": None,
    "operatingSystem": None,
    "operatingSystemVersion": None,
    "physicalIds": [],
    "profileType": "RegisteredDevice",
    "registrationDateTime": None,
    "systemLabels": [],
    "trustType": None,
    "alternativeSecurityIds": [],
}
USER_PROPERTIES = (
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
)
TRUST = {"azureADJoined": "AzureAd", "hybridAzureADJoined": "ServerAd", "azureADRegistered": "Workplace"}
RULES = {"displayName": Rule(frozenset({"eq", "startswith"})), "id": Rule(frozenset({"eq"})), "mailNickname": Rule(frozenset({"eq"}))}
SPEC = FilterSpec("group", GROUP_DEFAULTS, RULES, unsupported_code="Request_UnsupportedQuery", any_or=True)
LIST_OPTIONS = frozenset({"$select", "$filter", "$top", "$skiptoken"})
MEMBER_OPTIONS = frozenset({"$select", "$top", "$skiptoken"})
MEMBER_SELECT = frozenset(DEVICE_DEFAULTS) | frozenset(USER_PROPERTIES) | frozenset(GROUP_DEFAULTS)


def entra_device(device: Device) -> dict[str, Any]:
    """The directory's device object that belongs to a managed device."""
    device_id = str(device.get("azureADDeviceId"))
    return {
        **DEVICE_DEFAULTS,
        "id": named_guid(uuid.NAMESPACE_OID, device_id),
        "deviceId": device_id,
        "displayName": device.get("deviceName"),
        "deviceOwnership": "Company" if device.get("managedDeviceOwnerType") == "company" else "Personal",
        "isCompliant": device.get("complianceState") == "compliant",
        "manufacturer": device.get("manufacturer"),
        "model": device.get("model"),
        "operatingSystem": device.get("operatingSystem"),
        "operatingSystemVersion": device.get("osVersion"),
        "registrationDateTime": device.get("enrolledDateTime"),
        "trustType": TRUST.get(device.get("joinType")),
    }


def _page_size(call: Call, options: Options) -> int:
    return call.tenant.settings.directory_page_size if not options.top else 999


def list_all(call: Call) -> Reply:
    """With $filter on displayName."""
    options = read_options(call.query, LIST_OPTIONS, 999)
    check_select(options.select, GROUP_DEFAULTS, "group")
    test = compile_filter(options.filter, SPEC) if options.filter else lambda row: True
    found = call.tenant.groups.find(lambda entry: test(entry.get))
    rows, link = page(call, options, found, _page_size(call, options))
    return Reply(200, collection(call, "groups", options, [project(row, options) for row in rows], link, None))


def get(call: Call) -> Reply:
    """One group."""
    options = read_options(call.query, frozenset({"$select"}), 999)
    check_select(options.select, GROUP_DEFAULTS, "group")
    found = call.tenant.groups.read(call.params["id"])
    if found is None:
        raise directory_not_found(call.params["id"])
    return Reply(200, {"@odata.context": call.context("groups", options.select, entity=True), **project(found, options)})


def transitive_members(call: Call) -> Reply:
    """Devices and users, also those of nested groups, and the nested groups themselves."""
    options = read_options(call.query, MEMBER_OPTIONS, 999)
    check_select(options.select, MEMBER_SELECT, "directoryObject")
    if call.tenant.groups.read(call.params["id"]) is None:
        raise directory_not_found(call.params["id"])
    members = call.tenant.members.transitive(call.params["id"].lower())
    chosen, link = page(call, options, members, _page_size(call, options))
    rows = [row for kind, object_id in chosen if (row := _row(call, kind, object_id)) is not None]
    items = [_member(call, row, options) for row in rows]
    return Reply(200, collection(call, "directoryObjects", options, items, link, None))


def _row(call: Call, kind: str, object_id: str) -> dict[str, Any] | None:
    """A member with all its properties; None when it is gone."""
    if kind == "device":
        device = call.tenant.devices.get(object_id)
        return {"@odata.type": "#microsoft.graph.device", **entra_device(device)} if device else None
    if kind == "user":
        return {"@odata.type": "#microsoft.graph.user", **call.tenant.users[object_id]}
    group = call.tenant.groups.read(object_id)
    return {"@odata.type": "#microsoft.graph.group", **group} if group else None


READERS = {
    "#microsoft.graph.device": {"Device.Read.All", "Device.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
    "#microsoft.graph.user": {"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"},
    "#microsoft.graph.group": {
        "Group.Read.All",
        "Group.ReadWrite.All",
        "GroupMember.Read.All",
        "Directory.Read.All",
        "Directory.ReadWrite.All",
    },
}


def _member(call: Call, row: dict[str, Any], options: Options) -> dict[str, Any]:
    """Without the role for a member's type only its type and id are told; the rest is null."""
    chosen = {name: value for name, value in row.items() if options.select is None or name in options.select or name == "@odata.type"}
    if READERS[row["@odata.type"]].isdisjoint(call.claims.get("roles", ())):
        return {name: value if name in ("@odata.type", "id") or isinstance(value, list) else None for name, value in chosen.items()}
    return chosen


def device_by_device_id(call: Call) -> Reply:
    """GET /devices(deviceId='…'): trustType tells joined from registered."""
    options = read_options(call.query, frozenset({"$select"}), 999)
    check_select(options.select, DEVICE_DEFAULTS, "device")
    device = call.tenant.devices.by_entra_id(call.params["deviceId"])
    if device is None:
        raise directory_not_found(call.params["deviceId"])
    return Reply(200, {"@odata.context": call.context("devices", options.select, entity=True), **project(entra_device(device), options)})
