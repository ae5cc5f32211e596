#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: intune_device_info
short_description: Find managed devices, and whether a passcode reset is supported on them
version_added: 1.0.0
description:
  - Returns the devices that names and groups match, or all devices that Intune manages.
  - Returns for each device whether M(endpointops.intune.intune_device_passcode) would reset its passcode, and if not, the reason and the
    alternative. Changes nothing.
author:
  - Endpoint Ops (@endpointops)
options:
  platforms:
    description:
      - The platforms on which a passcode would be reset, as in M(endpointops.intune.intune_device_passcode). It changes the verdict,
        not which devices are returned.
    type: list
    elements: str
    choices: [windows, android, ios]
    default: [windows]
  ownerships:
    description:
      - The ownerships that are eligible for a new passcode. V(unknown) means devices whose owner Intune does not know.
    type: list
    elements: str
    choices: [company, personal, unknown]
    default: [company]
  eligible:
    description:
      - Return only the devices on which a reset is supported (V(true)), or only the others (V(false)). Unset returns both.
    type: bool
seealso:
  - module: endpointops.intune.intune_device_passcode
  - module: endpointops.intune.intune_device_passcode_info
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.selection
  - endpointops.intune.attributes
  - endpointops.intune.attributes.info
notes:
  - Without O(devices) and O(device_groups) all devices are returned. Lists that are there and empty mean a mistake, and end the task.
  - Needs the application permission C(DeviceManagementManagedDevices.Read.All), and the beta version of Microsoft Graph, which alone
    tells how a device is joined.
"""

EXAMPLES = r"""
- name: Which devices can get a new passcode?
  endpointops.intune.intune_device_info:
    platforms: [windows, android]
    eligible: true
  register: ready

- name: Why are some devices of the pilot refused?
  endpointops.intune.intune_device_info:
    device_groups: [Pilot ring]
    eligible: false
  register: refused

- name: Show the reasons
  ansible.builtin.debug:
    msg: "{{ refused.devices | items2dict(key_name='device_name', value_name='message') }}"

- name: Look one device up by its serial number
  endpointops.intune.intune_device_info:
    devices: "{{ lost_devices[:1] }}"
    match_by: serial_number
"""

RETURN = r"""
devices:
  description:
    - The devices. Those that were named come first and in the order of O(devices), then those of O(device_groups); all devices come
      by name. Empty when none is left.
  returned: success
  type: list
  elements: dict
  contains:
    id:
      description: Intune's ID of the managed device.
      type: str
      returned: always
    device_name:
      description: Name of the device.
      type: str
      returned: always
    managed_device_name:
      description: Name that Intune gave the device at its enrollment.
      type: str
      returned: always
    operating_system:
      description: Operating system, as Intune calls it.
      type: str
      returned: always
      sample: Windows
    os_version:
      description: Version of the operating system.
      type: str
      returned: always
      sample: 10.0.26100.4349
    platform:
      description: One of windows, android, ios, macos, linux, holographic, windows_phone, and other.
      type: str
      returned: always
    serial_number:
      description: Serial number.
      type: str
      returned: always
    user_principal_name:
      description: Name of the user that the device belongs to; null when it belongs to nobody.
      type: str
      returned: always
    azure_ad_device_id:
      description: ID of the device in Microsoft Entra; null when it is not registered there.
      type: str
      returned: always
    ownership:
      description: One of company, personal, and unknown.
      type: str
      returned: always
    management_state:
      description: How far Intune's management of it is, in Intune's own word.
      type: str
      returned: always
      sample: managed
    join_type:
      description: How it is joined to Microsoft Entra, one of azureADJoined, hybridAzureADJoined, azureADRegistered, and unknown.
      type: str
      returned: always
    compliance_state:
      description: Whether it complies with the policies, in Intune's own word.
      type: str
      returned: always
      sample: compliant
    last_sync:
      description: When it last talked to Intune; null when it never has.
      type: str
      returned: always
      sample: "2026-01-31T08:00:00Z"
    enrolled:
      description: When it was enrolled.
      type: str
      returned: always
      sample: "2025-06-30T08:00:00Z"
    eligible:
      description: Whether a reset of its passcode is supported, by O(platforms) and O(ownerships).
      type: bool
      returned: always
    reason:
      description:
        - A stable name for why it is not; null when it is.
        - One of platform_not_supported, platform_not_selected, being_removed, not_managed, build_unknown, build_too_old, hybrid_joined,
          not_joined, join_unknown, personally_owned, company_owned, and ownership_unknown.
      type: str
      returned: always
    message:
      description: The reason and the alternative, in a sentence; null if it is eligible.
      type: str
      returned: always
    predicted_outcome:
      description:
        - The outcome to expect of a reset, from Microsoft's platform pages and the record of the device, whether or not the device is
          eligible. A prediction decides nothing; only the service's report of a reset is an outcome.
        - One of V(new_passcode), V(passcode_removed), V(not_supported), and V(unknown) where the pages or the record do not say it.
          V(new_passcode) depends on a passcode policy, which the record does not show; RV(devices[].predicted_reason) states the
          condition.
      type: str
      returned: always
      sample: not_supported
    predicted_reason:
      description: The reason for this outcome and its condition, in one or two sentences.
      type: str
      returned: always
"""

import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _module, _names
from ansible_collections.endpointops.intune.plugins.module_utils._devices import eligibility, lookup, model
from ansible_collections.endpointops.intune.plugins.module_utils._devices.result import describe
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome

SPEC = _argspec.make_spec(
    "intune_device_info",
    {
        **_argspec.SELECTION,
        "platforms": {"type": "list", "elements": "str", "choices": ["windows", "android", "ios"], "default": ["windows"]},
        "ownerships": {"type": "list", "elements": "str", "choices": list(model.OWNERSHIPS), "default": ["company"]},
        "eligible": {"type": "bool"},
    },
)


def run(params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    """Return the outcome of a task."""
    devices, warnings = fetch_devices(params, client)
    shown = []
    for device in devices:
        verdict = eligibility.evaluate(device, params["platforms"], params["ownerships"])
        if params["eligible"] in (None, verdict.eligible):
            shown.append(describe(device, verdict))
    return Outcome({"devices": shown}, warnings=warnings)


def fetch_devices(params: t.Mapping[str, t.Any], client: GraphClient) -> tuple[list[model.Device], list[str]]:
    """Return the devices that the options select, and warnings."""
    if params["devices"] is None and params["device_groups"] is None:
        found = {device.id: device for device in lookup.fetch_all_devices(client)}
        return sorted(found.values(), key=lambda device: (_names.fold(device.device_name), device.id)), []
    return lookup.fetch_selected_devices(
        client, names=params["devices"] or (), match_by=params["match_by"], groups=params["device_groups"] or ()
    )


def main() -> None:
    """Run the module in its own process."""
    _module.main(SPEC, run)


if __name__ == "__main__":
    main()
