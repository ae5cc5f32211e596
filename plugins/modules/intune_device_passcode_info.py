#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: intune_device_passcode_info
short_description: Return the outcome of passcode resets, and fetch the passcodes
version_added: 1.0.0
description:
  - Returns for each device the outcome of the last reset of its passcode, by any requester, and the new passcode as long as Intune holds
    it. Changes nothing.
  - Use it to fetch a passcode later if the reset was V(pending) at the end of M(endpointops.intune.intune_device_passcode), because the
    device was offline.
  - A reset that failed is a result, and does not fail this task.
author:
  - Endpoint Ops (@endpointops)
options:
  since:
    description:
      - A moment such as C(2026-01-31T08:00:00Z). A reset that was started before does not count. Unset means the last reset, whatever
        its age.
      - A moment without a time zone counts as UTC, regardless of the zone of the controller. The task then warns with the moment in UTC.
    type: str
  platforms:
    description:
      - The platforms of the devices whose outcome is reported, and whose passcode is handed over. Devices of other platforms are
        V(refused). Unset means all.
    type: list
    elements: str
    choices: [windows, android, ios]
  ownerships:
    description:
      - The owners of the devices whose outcome is reported, and whose passcode is handed over. Devices of other owners are V(refused).
        Unset means all.
      - With the O(platforms) and O(ownerships) of M(endpointops.intune.intune_device_passcode), a task hands over no passcode of a device
        that it may not reset.
    type: list
    elements: str
    choices: [company, personal, unknown]
seealso:
  - module: endpointops.intune.intune_device_passcode
  - module: endpointops.intune.intune_device_info
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.selection
  - endpointops.intune.handover
  - endpointops.intune.attributes
  - endpointops.intune.attributes.info
notes:
  - One of O(devices) and O(device_groups) is required.
  - Needs the application permission C(DeviceManagementManagedDevices.Read.All). An application with it may read passcodes in Intune.
  - Intune shows only the last reset of a device.
"""

EXAMPLES = r"""
- name: Read the outcomes of the resets of this morning
  endpointops.intune.intune_device_passcode_info:
    device_groups: [Field service]
    since: "2026-01-31T08:00:00Z"
  register: resets

- name: List the devices that are still pending
  ansible.builtin.debug:
    msg: "{{ resets.results | selectattr('status', 'equalto', 'pending') | map(attribute='device_name') }}"

- name: Fetch the passcode of a phone that was offline when it was reset
  endpointops.intune.intune_device_passcode_info:
    devices: [XCOVER-WAREHOUSE-01]
    return_passcode: true
  register: phone

- name: Write the passcode to a file, if there is one
  ansible.builtin.copy:
    content: "{{ phone.results[0].passcode }}"
    dest: "{{ handover_path }}"
    mode: "0600"
  when: phone.results[0].passcode is not none
  no_log: true
"""

RETURN = r"""
results:
  description: One entry a device. Those of O(devices) come first and in their order, then those of O(device_groups).
  returned: success
  type: list
  elements: dict
  contains:
    device:
      description: The device as the task names it, or the group that it was found in.
      type: str
      returned: always
    id:
      description: ID of the managed device.
      type: str
      returned: always
    device_name:
      description: Name of the device; null when it is gone.
      type: str
      returned: always
    operating_system:
      description: Operating system.
      type: str
      returned: always
    os_version:
      description: Version of the operating system.
      type: str
      returned: always
    user_principal_name:
      description: User principal name of the device's primary user; null when the device was not read, or has none.
      type: str
      returned: always
    ownership:
      description: Owner of the device, V(company), V(personal), or V(unknown); null when the device was not read.
      type: str
      returned: always
    status:
      description:
        - V(none) when there is no reset on record, or none since O(since); V(done); V(pending) when the device has not carried it out
          yet; V(failed); V(not_supported) and V(canceled) as reported by Intune; V(unknown) when Intune does not know the device any
          more, or reports a state that is not known here; V(refused) for a device that is not of the O(platforms) and O(ownerships).
      type: str
      returned: always
    reason:
      description:
        - A stable name for why it is not done, one of device_failed, not_supported, canceled, device_gone, and state_unknown; for a
          refused device one of platform_not_supported, platform_not_selected, personally_owned, company_owned, and ownership_unknown; else
          null.
      type: str
      returned: always
    message:
      description: The outcome and the next step, in a sentence; null when the reset is done and the passcode is available.
      type: str
      returned: always
    action_state:
      description: The state in Intune's own word.
      type: str
      returned: always
      sample: done
    started:
      description: When Intune started the reset.
      type: str
      returned: always
      sample: "2026-01-31T08:00:00Z"
    last_updated:
      description: When Intune last heard of it.
      type: str
      returned: always
      sample: "2026-01-31T08:00:09Z"
    passcode_expires:
      description: Until when Intune shows the new passcode, seven days after the device has it; null when there is none.
      type: str
      returned: always
      sample: "2026-02-07T08:00:09Z"
    error_code:
      description: The device's error code.
      type: int
      returned: always
    sealed_passcode:
      description: The new passcode as a CMS message in PEM form, for the holders of O(seal_to); null when there is none, and in check mode.
      type: str
      returned: when O(seal_to) is set
    sealed_file:
      description: Path of the file in O(sealed_directory) with the sealed passcode; null when there is none, in check mode, and where it
        could not be written.
      type: str
      returned: when O(sealed_directory) is set
    passcode:
      description: The new passcode; null when there is none, and in check mode.
      type: str
      returned: when O(return_passcode)
summary:
  description: How many devices there are, and have each status.
  returned: success
  type: dict
  sample: {total: 3, none: 1, done: 1, pending: 1, failed: 0, not_supported: 0, canceled: 0, unknown: 0, refused: 0}
recipients:
  description: Certificates that can open the sealed passcodes, each once.
  returned: when O(seal_to) is set
  type: list
  elements: dict
  contains:
    subject:
      description: The subject of the certificate, as in RFC 4514.
      type: str
      returned: always
      sample: CN=Intune help desk
    fingerprint:
      description: The SHA-256 fingerprint of the certificate, as C(openssl x509 -fingerprint -sha256) shows it.
      type: str
      returned: always
    not_after:
      description: When the certificate expires.
      type: str
      returned: always
      sample: "2027-01-31T08:00:00Z"
"""

import functools
import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _module
from ansible_collections.endpointops.intune.plugins.module_utils._devices import eligibility, lookup
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import OWNERSHIPS, QUOTA
from ansible_collections.endpointops.intune.plugins.module_utils._graph.batch_scheduler import BatchScheduler
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._handover.handover import Handover
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import handed_over, status
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import warn_of_zone
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.result import new_passcode
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome

SPEC = _argspec.make_spec(
    "intune_device_passcode_info",
    {
        **_argspec.SELECTION,
        "since": {"type": "str"},
        "platforms": {"type": "list", "elements": "str", "choices": ["windows", "android", "ios"]},
        "ownerships": {"type": "list", "elements": "str", "choices": list(OWNERSHIPS)},
        **_argspec.HANDOVER,
    },
    secrets=(_argspec.PASSCODE,),
    required_one_of=[("devices", "device_groups")],
    required_by=_argspec.HANDOVER_REQUIRES,
)


def run(params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    # Check these options before any read. Later, the service's clock decides whether a time is in the past.
    status.parse_since(params["since"], float("inf"))
    handover = Handover(
        _argspec.PASSCODE.key,
        handed_over.WORDS,
        seal_to=params["seal_to"],
        reveal=params[_argspec.PASSCODE.option],
        now=client.clock.now(),
        directory=params["sealed_directory"],
        check=check,
    )
    scheduler = BatchScheduler(client, QUOTA)
    chosen = lookup.select(
        client, scheduler, names=params["devices"] or (), match_by=params["match_by"], groups=params["device_groups"] or ()
    )
    since = status.parse_since(params["since"], client.service_now())
    refuse = functools.partial(eligibility.find_selection_refusal, platforms=params["platforms"], ownerships=params["ownerships"])
    results = [
        {**status.describe(item), **handover.describe(new_passcode(item), handed_over.render_file_name(item))}
        for item in status.fetch_items(client, scheduler, chosen.ids, since, refuse)
    ]
    return Outcome(
        {"results": results, "summary": status.summarize(results), **handover.describe_recipients()},
        changed=handover.changed,
        warnings=[*warn_of_zone("since", params["since"]), *chosen.warnings],
        failure=handover.find_failure(),
    )


def main() -> None:
    _module.main(SPEC, run)


if __name__ == "__main__":
    main()
