# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The definitions of the settings catalog."""

from __future__ import annotations

from typing import Any

import pytest
from emulator_support.catalog import GROUP, LENGTH, RECOVERY, TYPE, URLS, USER_GROUP
from intune_emulator.intune.setting_definitions import DEFINITIONS

AUTHENTICATION, KERBEROS = "a79b2d36-7dea-4a84-81ef-27f99296bccf", "14df2cb2-fc75-43af-87f8-a1fbd56a64e3"
CS = "/beta/deviceManagement/configurationSettings"


@pytest.mark.parity(
    "emulated",
    "Settings catalog",
    "The definitions of the settings are read by id: type, OMA-URI, options, default, and the first build of Windows.",
    source=(
        "https://learn.microsoft.com/graph/api/resources/intune-deviceconfigv2-devicemanagementconfigurationsettingdefinition",
        "https://learn.microsoft.com/windows/client-management/mdm/passportforwork-csp",
    ),
    calls=("GET /deviceManagement/configurationSettings/{id}",),
)
def test_choice(client: Any) -> None:
    found = client.json(f"{CS}/{RECOVERY.replace('{', '%7B').replace('}', '%7D')}")
    assert (found["id"], found["@odata.type"], found["rootDefinitionId"]) == (RECOVERY, f"{TYPE}ChoiceSettingDefinition", GROUP)
    assert found["baseUri"] + found["offsetUri"] == "./Device/Vendor/MSFT/PassportForWork/{0}/Policies/EnablePinRecovery"
    assert found["defaultOptionId"] == f"{RECOVERY}_false"
    assert [(item["itemId"], item["optionValue"]["value"]) for item in found["options"]] == [
        (f"{RECOVERY}_false", "false"),
        (f"{RECOVERY}_true", "true"),
    ]
    assert found["applicability"]["minimumSupportedVersion"] == "10.0.15063"
    assert client.json(f"{CS}('{RECOVERY}')") == found


def test_integer_texts_and_group(client: Any) -> None:
    number = client.json(f"{CS}/{LENGTH}")
    bounds = number["valueDefinition"]
    assert (bounds["minimumValue"], bounds["maximumValue"], number["defaultValue"]["value"]) == (4, 127, 4)
    texts = client.json(f"{CS}/{URLS}")
    assert (texts["@odata.type"], texts["maximumCount"]) == (f"{TYPE}SimpleSettingCollectionDefinition", 1000)
    group = client.json(f"{CS}/{GROUP}")
    assert (group["@odata.type"], group["maximumCount"], len(group["childIds"])) == (f"{TYPE}SettingGroupCollectionDefinition", 1, 19)
    assert RECOVERY in group["childIds"]
    assert len(client.json(f"{CS}/{USER_GROUP}")["childIds"]) == 11


def test_three_children_have_no_definition(client: Any) -> None:
    missing = [child for child in client.json(f"{CS}/{GROUP}")["childIds"] if client.get(f"{CS}/{child}").status_code == 404]
    assert [name.rpartition("_")[2] for name in missing] == [
        "enablewindowshelloprovisioningforsecuritykeys",
        "disablepostlogonprovisioning",
        "disablepostlogoncredentialcaching",
    ]


def test_select_and_refusals(client: Any) -> None:
    assert set(client.json(f"{CS}/{RECOVERY}?$select=id,baseUri")) == {"@odata.context", "@odata.type", "id", "baseUri"}
    v1 = f"/v1.0/deviceManagement/configurationSettings/{RECOVERY}"
    for path in (f"{CS}/{RECOVERY}?$select=options", f"{CS}/{RECOVERY}?$expand=x", CS, v1):
        assert client.get(path).status_code == 400
    assert client.get(f"{CS}/{RECOVERY.upper()}").status_code == 404


@pytest.mark.parity(
    "emulated",
    "Settings catalog",
    "There are 45 definitions; their long texts (description, keywords, links, and names of options) are null or empty.",
    source="https://learn.microsoft.com/graph/api/resources/intune-deviceconfigv2-devicemanagementconfigurationsettingdefinition",
)
def test_all_are_told(client: Any) -> None:
    assert len(DEFINITIONS) == 45
    for name, definition in DEFINITIONS.items():
        found = client.json(f"{CS}/{name}")
        assert found["baseUri"] + found["offsetUri"] == definition.oma_uri
        assert (definition.group is None) is (found["rootDefinitionId"] == name)
        assert definition.group is None or name in DEFINITIONS[definition.group].children
        if definition.kind == "choice":
            assert found["defaultOptionId"] in [item["itemId"] for item in found["options"]]


@pytest.mark.parametrize(
    ("name", "type_name", "category", "since", "limit", "ux"),
    [
        ("authentication_enablepasswordlessexperience", "Choice", AUTHENTICATION, "10.0.22631.2506", None, "default"),
        ("authentication_allowaadpasswordreset", "Choice", AUTHENTICATION, "10.0.16299", None, "toggle"),
        ("authentication_configurewebcamaccessdomainnames", "SimpleSettingCollection", AUTHENTICATION, "10.0.22000", 600, "default"),
        ("authentication_preferredaadtenantdomainname", "Simple", AUTHENTICATION, "10.0.17763", None, "default"),
        ("kerberos_cloudkerberosticketretrievalenabled", "Choice", KERBEROS, "10.0.22000", None, "toggle"),
    ],
)
def test_settings_of_sign_in(client: Any, name: str, type_name: str, category: str, since: str, limit: int | None, ux: str) -> None:
    found = client.json(f"{CS}/device_vendor_msft_policy_config_{name}")
    kind = type_name if type_name.endswith("Collection") else f"{type_name}Setting"
    assert (found["@odata.type"], found["categoryId"]) == (f"{TYPE}{kind}Definition", category)
    assert (found["applicability"]["minimumSupportedVersion"], found.get("maximumCount"), found["uxBehavior"]) == (since, limit, ux)
    assert ("holographicForBusiness" in found["applicability"]["windowsSkus"]) is name.endswith("tenantdomainname")
    assert found["applicability"]["technologies"] == "mdm"
