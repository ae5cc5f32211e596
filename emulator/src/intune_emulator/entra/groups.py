# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Groups, their members, and device objects of the directory.

Source: https://learn.microsoft.com/graph/api/resources/group
"""

from __future__ import annotations

import uuid
from typing import Any

from ..http.errors import directory_not_found
from ..http.message import GraphRequest, Response
from ..http.odata import FilterRule, FilterSpec, QueryOptions, check_select, compile_filter, read_options
from ..http.paging import collection, page
from ..state.devices import Device
from ..state.guids import named_guid
from .directory import select_properties
from .users import USER_PROPERTIES, user_defaults

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
TRUST_TYPES = {"azureADJoined": "AzureAd", "hybridAzureADJoined": "ServerAd", "azureADRegistered": "Workplace"}
RULES = {
    "displayName": FilterRule(frozenset({"eq", "startswith"})),
    "id": FilterRule(frozenset({"eq", "in"})),
    "mailNickname": FilterRule(frozenset({"eq"})),
}
SPEC = FilterSpec("group", GROUP_DEFAULTS, RULES, unsupported_code="Request_UnsupportedQuery", any_or=True)
LIST_OPTIONS = frozenset({"$select", "$filter", "$top", "$skiptoken"})
MEMBER_OPTIONS = frozenset({"$select", "$top", "$skiptoken"})
MEMBER_SELECT = frozenset(DEVICE_DEFAULTS) | frozenset(USER_PROPERTIES) | frozenset(GROUP_DEFAULTS)


def entra_device(device: Device) -> dict[str, Any]:
    """Return the directory's device object of a managed device."""
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
        "trustType": TRUST_TYPES.get(str(device.get("joinType"))),
    }


def _page_size(request: GraphRequest, options: QueryOptions) -> int:
    return request.tenant.settings.directory_page_size if not options.top else 999


def list_all(request: GraphRequest) -> Response:
    """List groups, with $filter on displayName."""
    options = read_options(request.query, LIST_OPTIONS, 999)
    check_select(options.select, GROUP_DEFAULTS, "group")
    test = compile_filter(options.filter, SPEC) if options.filter else lambda row: True
    found = request.tenant.groups.find(lambda entry: test(entry.get))
    rows, link = page(request, options, found, _page_size(request, options))
    return Response(200, collection(request, "groups", options, [select_properties(row, options) for row in rows], link, None))


def get(request: GraphRequest) -> Response:
    """Return one group."""
    options = read_options(request.query, frozenset({"$select"}), 999)
    check_select(options.select, GROUP_DEFAULTS, "group")
    found = request.tenant.groups.read(request.params["id"])
    if found is None:
        raise directory_not_found(request.params["id"])
    return Response(200, {"@odata.context": request.context("groups", options.select, entity=True), **select_properties(found, options)})


def transitive_members(request: GraphRequest) -> Response:
    """List devices and users, including those of nested groups, and the nested groups themselves."""
    options = read_options(request.query, MEMBER_OPTIONS, 999)
    check_select(options.select, MEMBER_SELECT, "directoryObject")
    if request.tenant.groups.read(request.params["id"]) is None:
        raise directory_not_found(request.params["id"])
    members = request.tenant.members.transitive(request.params["id"].lower())
    chosen, link = page(request, options, members, _page_size(request, options))
    rows = [row for kind, object_id in chosen if (row := _row(request, kind, object_id)) is not None]
    items = [_member(request, row, options) for row in rows]
    return Response(200, collection(request, "directoryObjects", options, items, link, None))


def _row(request: GraphRequest, kind: str, object_id: str) -> dict[str, Any] | None:
    """Return a member with all its properties; None if it no longer exists."""
    if kind == "device":
        device = request.tenant.devices.get(object_id)
        return {"@odata.type": "#microsoft.graph.device", **entra_device(device)} if device else None
    if kind == "user":
        return {"@odata.type": "#microsoft.graph.user", **user_defaults(request.tenant.users[object_id])}
    group = request.tenant.groups.read(object_id)
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


def _member(request: GraphRequest, row: dict[str, Any], options: QueryOptions) -> dict[str, Any]:
    """Return a member; without the role for its type, all properties except type and id are null."""
    chosen = {name: value for name, value in row.items() if options.select is None or name in options.select or name == "@odata.type"}
    if READERS[row["@odata.type"]].isdisjoint(request.claims.get("roles", ())):
        return {name: value if name in ("@odata.type", "id") or isinstance(value, list) else None for name, value in chosen.items()}
    return chosen


def device_by_device_id(request: GraphRequest) -> Response:
    """Return a device by its deviceId; trustType distinguishes joined from registered."""
    options = read_options(request.query, frozenset({"$select"}), 999)
    check_select(options.select, DEVICE_DEFAULTS, "device")
    device = request.tenant.devices.by_entra_id(request.params["deviceId"])
    if device is None:
        raise directory_not_found(request.params["deviceId"])
    context = request.context("devices", options.select, entity=True)
    return Response(200, {"@odata.context": context, **select_properties(entra_device(device), options)})
