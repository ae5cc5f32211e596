# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Do one task with Microsoft's Graph SDK for beta, in a separate environment, and print the result as JSON."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import sys
import typing as t

import httpx
from azure.identity import ClientSecretCredential
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph_beta import GraphRequestAdapter, GraphServiceClient
from msgraph_beta.generated.device_management.managed_devices.item.managed_device_item_request_builder import (
    ManagedDeviceItemRequestBuilder as Item,
)
from msgraph_beta.generated.device_management.managed_devices.managed_devices_request_builder import ManagedDevicesRequestBuilder as List
from msgraph_beta.generated.models.o_data_errors.o_data_error import ODataError
from msgraph_core import GraphClientFactory


async def pages(graph: GraphServiceClient, top: str) -> list[list[str]]:
    devices = graph.device_management.managed_devices
    query = List.ManagedDevicesRequestBuilderGetQueryParameters(select=["id", "deviceName"], top=int(top))
    page = await devices.get(RequestConfiguration(query_parameters=query))
    found = [page]
    while page.odata_next_link:
        page = await devices.with_url(page.odata_next_link).get()
        found.append(page)
    return [[device.device_name for device in page.value] for page in found]


async def reset(graph: GraphServiceClient, identity: str) -> list[dict[str, str]]:
    item = graph.device_management.managed_devices.by_managed_device_id(identity)
    await item.reset_passcode.post()
    query = Item.ManagedDeviceItemRequestBuilderGetQueryParameters(select=["id", "deviceActionResults"])
    device = await item.get(RequestConfiguration(query_parameters=query))
    return [{"state": result.action_state.value, "passcode": result.passcode} for result in device.device_action_results]


async def error(graph: GraphServiceClient, identity: str) -> dict[str, t.Any]:
    try:
        await graph.device_management.managed_devices.by_managed_device_id(identity).reset_passcode.post()
    except ODataError as caught:
        error = caught.error
        return {
            "status": caught.response_status_code,
            "code": error.code,
            "message": error.message,
            "request_id": error.inner_error.request_id,
        }
    raise AssertionError("The reset did not fail.")


async def run(task: str, *values: str) -> t.Any:
    env, url = os.environ, f"{os.environ['INTUNE_GRAPH_URL']}/beta"
    credential = ClientSecretCredential(
        env["INTUNE_TENANT_ID"],
        env["INTUNE_CLIENT_ID"],
        env["INTUNE_CLIENT_SECRET"],
        authority=env["INTUNE_AUTHORITY_URL"],
        disable_instance_discovery=True,
        connection_verify=env["INTUNE_CA_PATH"],
        use_env_settings=False,
    )
    provider = AzureIdentityAuthenticationProvider(
        credential, scopes=[f"{env['INTUNE_GRAPH_URL']}/.default"], allowed_hosts=[httpx.URL(url).host]
    )
    trust = ssl.create_default_context(cafile=env["INTUNE_CA_PATH"])
    async with httpx.AsyncClient(base_url=url, verify=trust, trust_env=False) as client:
        adapter = GraphRequestAdapter(provider, GraphClientFactory.create_with_default_middleware(client=client))
        adapter.base_url = url
        return await {"pages": pages, "reset": reset, "error": error}[task](GraphServiceClient(request_adapter=adapter), *values)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(run(*sys.argv[1:]))))
