# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that Microsoft's own Python SDK, which was not written for the emulated tenant, works against it.

Its requests and responses are also compared with Microsoft's description.
"""

from __future__ import annotations

import asyncio
import os
import pathlib
import ssl
import time
import typing as t
import uuid

import httpx
import pytest
from azure.core.credentials import AccessToken, TokenCredential
from azure.identity import ClientSecretCredential
from intune_emulator import EmulatorProcess
from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_authentication_azure.azure_identity_authentication_provider import AzureIdentityAuthenticationProvider
from msgraph import GraphRequestAdapter, GraphServiceClient
from msgraph.generated.device_management.device_configurations.item.assign.assign_post_request_body import AssignPostRequestBody
from msgraph.generated.device_management.device_configurations.item.device_configuration_item_request_builder import (
    DeviceConfigurationItemRequestBuilder,
)
from msgraph.generated.device_management.managed_devices.item.managed_device_item_request_builder import ManagedDeviceItemRequestBuilder
from msgraph.generated.device_management.managed_devices.managed_devices_request_builder import ManagedDevicesRequestBuilder
from msgraph.generated.models.action_state import ActionState
from msgraph.generated.models.all_devices_assignment_target import AllDevicesAssignmentTarget
from msgraph.generated.models.device_configuration_assignment import DeviceConfigurationAssignment
from msgraph.generated.models.group_assignment_target import GroupAssignmentTarget
from msgraph.generated.models.managed_device import ManagedDevice
from msgraph.generated.models.o_auth2_permission_grant import OAuth2PermissionGrant
from msgraph.generated.models.o_data_errors.o_data_error import ODataError
from msgraph.generated.models.oma_setting_boolean import OmaSettingBoolean
from msgraph.generated.models.reset_passcode_action_result import ResetPasscodeActionResult
from msgraph.generated.models.service_principal import ServicePrincipal
from msgraph.generated.models.windows10_custom_configuration import Windows10CustomConfiguration
from msgraph_core import GraphClientFactory
from msgraph_core.requests.batch_request_content import BatchRequestContent
from msgraph_core.requests.batch_request_item import BatchRequestItem
from msgraph_core.requests.batch_response_content import BatchResponseContent

from . import recordings
from .checker import Checker
from .conftest import SDK
from .contract import Contract
from .recordings import Summary

SERVICE = "b8456c59-1230-44c7-a4a2-99b085333e84"
CLIENT = "9115dd05-fad5-4f9c-acc7-305d08b1b04e"
AAD_GRAPH = "00000002-0000-0000-c000-000000000000"
PHONE = "PHONE-HELPDESK-01"
UNKNOWN = "00000000-1111-2222-3333-444444444444"
COLUMNS = ["id", "deviceName", "operatingSystem"]
RESULTS = ["id", "deviceName", "deviceActionResults"]

Answer = t.TypeVar("Answer")
Work = t.Callable[[GraphServiceClient], t.Awaitable[Answer]]


class GivenToken(TokenCredential):
    """A credential that already has its token."""

    def __init__(self, token: str) -> None:
        self._token = AccessToken(token, int(time.time()) + 3600)

    def get_token(self, *scopes: str, **options: t.Any) -> AccessToken:
        return self._token


class Sdk:
    """The SDK, configured for an emulated tenant in the ways that it offers."""

    def __init__(self, emulator: EmulatorProcess) -> None:
        self.control = emulator.control
        self.env = emulator.env

    def run(self, work: Work[Answer], credential: TokenCredential | None = None) -> Answer:
        """Return the result of the work; the SDK is asynchronous, the tests are not."""

        async def within() -> Answer:
            trust = ssl.create_default_context(cafile=self.env["INTUNE_CA_PATH"])
            async with httpx.AsyncClient(base_url=self.url, verify=trust, trust_env=False) as client:
                return await work(self._service(client, credential or self._secret()))

        return asyncio.run(within())

    @property
    def url(self) -> str:
        return f"{self.env['INTUNE_GRAPH_URL']}/v1.0"

    def _secret(self) -> TokenCredential:
        return ClientSecretCredential(
            self.env["INTUNE_TENANT_ID"],
            self.env["INTUNE_CLIENT_ID"],
            self.env["INTUNE_CLIENT_SECRET"],
            authority=self.env["INTUNE_AUTHORITY_URL"],
            disable_instance_discovery=True,
            connection_verify=self.env["INTUNE_CA_PATH"],
            # without the proxy of the machine
            use_env_settings=False,
        )

    def _service(self, client: httpx.AsyncClient, credential: TokenCredential) -> GraphServiceClient:
        host = httpx.URL(self.url).host
        scopes = [f"{self.env['INTUNE_GRAPH_URL']}/.default"]
        provider = AzureIdentityAuthenticationProvider(credential, scopes=scopes, allowed_hosts=[host])
        adapter = GraphRequestAdapter(provider, GraphClientFactory.create_with_default_middleware(client=client))
        adapter.base_url = self.url
        return GraphServiceClient(request_adapter=adapter)


class Recorded(t.NamedTuple):
    """An emulated tenant and the file that it records to."""

    process: EmulatorProcess
    path: pathlib.Path


@pytest.fixture(scope="session")
def recorded(worker_id: str, tmp_path_factory: pytest.TempPathFactory) -> t.Iterator[Recorded]:
    folder = os.environ.get("EMULATOR_RECORD_DIR")
    path = (pathlib.Path(folder) if folder else tmp_path_factory.mktemp("exchanges")) / (
        "sdk.jsonl" if worker_id == "master" else f"sdk-{worker_id}.jsonl"
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    # the tenant appends
    path.unlink(missing_ok=True)
    with EmulatorProcess("demo", record=path) as process:
        yield Recorded(process, path)


@pytest.fixture
def sdk(recorded: Recorded, contracts: dict[str, Contract], record_property: t.Callable[[str, object], None]) -> t.Iterator[Sdk]:
    """Yield the SDK with a new tenant; afterwards, compare all its requests and responses."""
    recorded.process.control.reset("demo")
    before = len(recorded.path.read_text(encoding="utf-8").splitlines())
    yield Sdk(recorded.process)
    summary = Summary(Checker(contracts)).add_all(recordings.read(recorded.path, skip=before))
    record_property(SDK, [summary.compared["v1.0"], sorted(summary.operations["v1.0"])])
    assert summary.compared["v1.0"] and not summary.not_emulated, str(summary)
    assert not summary.failures, f"{summary}\n{summary.failures}"


@pytest.mark.parity(
    "real",
    "Devices and resets",
    "Microsoft's library msgraph-sdk lists devices with `$filter` and `$select`, page by page.",
    source="https://learn.microsoft.com/graph/sdks/paging",
)
def test_lists_devices_with_filter_and_select_page_by_page(sdk: Sdk) -> None:
    query = ManagedDevicesRequestBuilder.ManagedDevicesRequestBuilderGetQueryParameters(
        filter="operatingSystem eq 'Windows'", select=COLUMNS, top=5
    )

    async def work(graph: GraphServiceClient) -> list[list[ManagedDevice]]:
        devices = graph.device_management.managed_devices
        page = await devices.get(RequestConfiguration(query_parameters=query))
        pages = [page.value]
        while page.odata_next_link:
            page = await devices.with_url(page.odata_next_link).get()
            pages.append(page.value)
        return pages

    pages = sdk.run(work)
    found = [device for page in pages for device in page]
    expected = [device["deviceName"] for device in sdk.control.devices() if device["operatingSystem"] == "Windows"]
    assert len(pages) == -(-len(expected) // 5) > 2
    assert [len(page) for page in pages[:-1]] == [5] * (len(pages) - 1)
    assert sorted(device.device_name for device in found) == sorted(expected)
    assert all(uuid.UUID(device.id) and device.operating_system == "Windows" for device in found)
    assert all(device.serial_number is None for device in found), "was not selected"


async def read_device(graph: GraphServiceClient, identity: str) -> ManagedDevice:
    query = ManagedDeviceItemRequestBuilder.ManagedDeviceItemRequestBuilderGetQueryParameters(select=RESULTS)
    device = await graph.device_management.managed_devices.by_managed_device_id(identity).get(RequestConfiguration(query_parameters=query))
    assert device is not None
    return device


def test_reads_a_device_and_its_whole_description(sdk: Sdk) -> None:
    identity = sdk.control.device(PHONE)["id"]
    device = sdk.run(lambda graph: graph.device_management.managed_devices.by_managed_device_id(identity).get())
    assert (device.id, device.device_name, device.operating_system) == (identity, PHONE, "Windows")
    assert device.enrolled_date_time.tzinfo is not None and device.device_action_results == []
    assert not device.additional_data.keys() - {"@odata.context"}, "properties that the SDK does not know"


@pytest.mark.parity(
    "real",
    "Devices and resets",
    "msgraph-sdk resets a passcode, and reads each state of its action result until the passcode is there.",
    source="https://learn.microsoft.com/graph/api/intune-devices-manageddevice-resetpasscode",
)
def test_resets_a_passcode_and_polls_until_it_is_done(sdk: Sdk) -> None:
    identity = sdk.control.device(PHONE)["id"]
    # freeze the emulated clock, so that each state is seen without waiting
    sdk.control.freeze()

    async def work(graph: GraphServiceClient) -> list[ResetPasscodeActionResult]:
        await graph.device_management.managed_devices.by_managed_device_id(identity).reset_passcode.post()
        seen = []
        for _poll in range(10):
            device = await read_device(graph, identity)
            seen += device.device_action_results
            if seen[-1].action_state not in (ActionState.Pending, ActionState.Active):
                break
            sdk.control.advance(1)
        return seen

    seen = sdk.run(work)
    assert all(isinstance(result, ResetPasscodeActionResult) and result.action_name == "resetPasscode" for result in seen)
    assert [result.action_state for result in seen] == [ActionState.Pending, ActionState.Active, ActionState.Done]
    assert [result.passcode is None for result in seen] == [True, True, False]
    assert seen[-1].passcode in sdk.control.secrets() and seen[-1].error_code == 0
    assert len({result.start_date_time for result in seen}) == 1 and seen[-1].last_updated_date_time > seen[0].start_date_time
    assert list(sdk.control.resets()) == [identity]


@pytest.mark.parity(
    "real",
    "Batches",
    "msgraph-sdk resets several passcodes in one `$batch`, and reads the status of each.",
    source="https://learn.microsoft.com/graph/sdks/batch-requests",
)
def test_resets_several_passcodes_in_one_batch(sdk: Sdk) -> None:
    identities = [sdk.control.device(name)["id"] for name in (PHONE, "PHONE-HELPDESK-02")] + [UNKNOWN]

    async def work(graph: GraphServiceClient) -> BatchResponseContent:
        content = BatchRequestContent()
        for identity in identities:
            action = graph.device_management.managed_devices.by_managed_device_id(identity).reset_passcode
            item = BatchRequestItem(action.to_post_request_information(), id=identity)
            # the SDK leaves the whole address, but the service requires a relative one (msgraph-sdk-python issue 1015)
            item.url = item.url.removeprefix(sdk.url)
            item.headers = {"Content-Type": "application/json"}
            # the SDK writes an empty list under a name that the service does not have
            item._depends_on = None
            content.add_request(identity, item)
        return await graph.batch.post(content)

    answers = sdk.run(work).get_response_status_codes()
    assert answers == {identities[0]: 204, identities[1]: 204, UNKNOWN: 404}
    assert sorted(sdk.control.resets()) == sorted(identities[:2])


def pin_policy(tenant_id: str) -> Windows10CustomConfiguration:
    setting = OmaSettingBoolean(
        display_name="EnablePinRecovery",
        description="",
        oma_uri=f"./Device/Vendor/MSFT/PassportForWork/{tenant_id}/Policies/EnablePinRecovery",
        value=True,
    )
    return Windows10CustomConfiguration(display_name="PIN recovery", description="Made by the SDK", oma_settings=[setting])


@pytest.mark.parity(
    "real",
    "Custom profiles",
    "msgraph-sdk creates a custom profile, assigns it, and reads both.",
    source="https://learn.microsoft.com/graph/api/intune-deviceconfig-windows10customconfiguration-create",
)
def test_creates_the_pin_policy_and_assigns_it(sdk: Sdk) -> None:
    async def work(graph: GraphServiceClient) -> Windows10CustomConfiguration:
        groups = await graph.groups.get()
        policies = graph.device_management.device_configurations
        created = await policies.post(pin_policy(sdk.env["INTUNE_TENANT_ID"]))
        assert isinstance(created, Windows10CustomConfiguration) and created.version == 1
        targets = [AllDevicesAssignmentTarget(), GroupAssignmentTarget(group_id=groups.value[0].id)]
        body = AssignPostRequestBody(assignments=[DeviceConfigurationAssignment(target=target) for target in targets])
        assigned = await policies.by_device_configuration_id(created.id).assign.post(body)
        assert [type(item.target) for item in assigned.value] == [AllDevicesAssignmentTarget, GroupAssignmentTarget]
        expand = DeviceConfigurationItemRequestBuilder.DeviceConfigurationItemRequestBuilderGetQueryParameters(expand=["assignments"])
        found = await policies.by_device_configuration_id(created.id).get(RequestConfiguration(query_parameters=expand))
        assert [item.id for item in found.assignments] == [item.id for item in assigned.value]
        assert found.assignments[1].target.group_id == groups.value[0].id
        return found

    found = sdk.run(work)
    assert isinstance(found, Windows10CustomConfiguration) and found.display_name == "PIN recovery"
    (setting,) = found.oma_settings
    assert isinstance(setting, OmaSettingBoolean) and setting.value is True
    assert setting.oma_uri.endswith(f"/{sdk.env['INTUNE_TENANT_ID']}/Policies/EnablePinRecovery")


@pytest.mark.parity(
    "real",
    "Enterprise applications and grants",
    "msgraph-sdk adds service principals and delegated permission grants.",
    source="https://learn.microsoft.com/graph/api/oauth2permissiongrant-post",
)
def test_connects_the_pin_reset_service(sdk: Sdk) -> None:
    async def work(graph: GraphServiceClient) -> dict[str, tuple[str | None, str | None]]:
        service, client = [await graph.service_principals.post(ServicePrincipal(app_id=app_id)) for app_id in (SERVICE, CLIENT)]
        legacy = await graph.service_principals_with_app_id(AAD_GRAPH).get()
        exposed = " ".join(scope.value for scope in service.oauth2_permission_scopes if scope.is_enabled)
        for owner, resource, scope in ((service, legacy, "User.Read"), (client, service, exposed)):
            grant = OAuth2PermissionGrant(client_id=owner.id, resource_id=resource.id, consent_type="AllPrincipals", scope=scope)
            assert (await graph.oauth2_permission_grants.post(grant)).id
        assert (await graph.service_principals_with_app_id(CLIENT).get()).id == client.id
        grants = (await graph.oauth2_permission_grants.get()).value
        names = {service.id: SERVICE, client.id: CLIENT, legacy.id: AAD_GRAPH}
        return {names[grant.client_id]: (names[grant.resource_id], grant.scope) for grant in grants}

    assert sdk.run(work) == {SERVICE: (AAD_GRAPH, "User.Read"), CLIENT: (SERVICE, "user_impersonation")}


def refused(sdk: Sdk, work: Work[t.Any], credential: TokenCredential | None = None) -> ODataError:
    with pytest.raises(ODataError) as caught:
        sdk.run(work, credential)
    error = caught.value
    request_id = error.error.inner_error.request_id
    assert uuid.UUID(request_id) and request_id == error.response_headers["request-id"]
    return error


@pytest.mark.parity(
    "real",
    "Requests and errors",
    "msgraph-sdk reads code, message, and request ID of a refused reset.",
    source="https://learn.microsoft.com/graph/errors",
)
@pytest.mark.parametrize(
    ("identity", "role", "status", "code", "words"),
    [
        (None, "DeviceManagementConfiguration.Read.All", 403, "Forbidden", "DeviceManagementManagedDevices.PrivilegedOperations.All"),
        (UNKNOWN, "DeviceManagementManagedDevices.PrivilegedOperations.All", 404, "ResourceNotFound", "not found"),
    ],
    ids=["missing permission", "unknown device"],
)
def test_a_refused_reset_is_an_error_with_code_message_and_request_id(
    sdk: Sdk, identity: str | None, role: str, status: int, code: str, words: str
) -> None:
    device = identity or sdk.control.device(PHONE)["id"]
    error = refused(
        sdk,
        lambda graph: graph.device_management.managed_devices.by_managed_device_id(device).reset_passcode.post(),
        GivenToken(sdk.control.token(roles=[role])),
    )
    assert (error.response_status_code, error.error.code) == (status, code)
    assert words in error.error.message
    assert not sdk.control.resets()


def test_the_directory_refuses_in_its_own_words(sdk: Sdk) -> None:
    error = refused(sdk, lambda graph: graph.service_principals_with_app_id(CLIENT).get())
    assert (error.response_status_code, error.error.code) == (404, "Request_ResourceNotFound")
    bare = GivenToken(sdk.control.token(roles=[]))
    error = refused(sdk, lambda graph: graph.service_principals.post(ServicePrincipal(app_id=CLIENT)), bare)
    assert (error.response_status_code, error.error.code) == (403, "Authorization_RequestDenied")
