#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: intune_device_passcode
short_description: Reset the passcode of managed devices
version_added: 0.1.0
description:
  - Asks Intune to reset the passcode of devices, waits for the outcome, and says for each device what became of it.
  - A reset counts as done only when Intune reports it as done. Microsoft's current documentation lists this action for Android,
    and for iOS, where it removes the passcode. It no longer lists Windows; expect RV(results[].status=not_supported) there.
    On Windows use M(endpointops.intune.intune_pinreset_consent) and M(endpointops.intune.intune_pin_policy), so that users reset
    their own PIN.
  - A reset that the service started within O(max_age), or since O(reset_since), satisfies the task, whatever came of it. So a
    second run issues nothing, and a device never gets two resets by accident.
  - Names that mean no device or several, and too many devices, are refused before anything is reset. Devices that are not
    supported are refused one by one, with a reason; the others are reset.
  - After a lost answer the reset is not sent again. The service is asked whether it ran.
author:
  - Endpoint Ops (@endpointops)
options:
  devices:
    description:
      - The devices, each by what O(match_by) says. The same device named twice is one device.
    type: list
    elements: str
    required: true
  match_by:
    description:
      - What O(devices) holds.
      - V(auto) takes a GUID as an ID (of Intune, then of Microsoft Entra), something with C(@) as a user principal name, and
        anything else as a device name, then as a serial number.
    type: str
    choices: [auto, id, device_name, serial_number, user_principal_name, azure_ad_device_id]
    default: auto
  max_age:
    description:
      - Seconds. A reset that was started within this time satisfies the task, and so does an older one that still waits for its
        device. V(0) always issues a reset.
    type: int
    default: 900
  reset_since:
    description:
      - A moment such as C(2026-01-31T08:00:00Z), in place of O(max_age). A reset that was started since then satisfies the task.
    type: str
  platforms:
    description:
      - The platforms on which to reset passcodes; devices of others are refused.
      - On V(android) a passcode policy must be in force. On V(ios) the passcode is removed, and there is no new one.
    type: list
    elements: str
    choices: [windows, android, ios]
    default: [windows]
  max_devices:
    description:
      - The most devices that one task may reset. More are refused before anything is reset.
    type: int
    default: 50
  wait:
    description:
      - Whether to wait for the outcome. Without, a device is V(pending) when Intune has accepted its reset.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait for the outcome of all devices. A device that is offline stays V(pending), which is no failure.
    type: float
    default: 600
  return_passcode:
    description:
      - Whether to return the new passcodes. The result is then hidden from all output, as with C(no_log), while the registered
        variable can be used. Whoever prints that variable prints passcodes.
      - Needs a task without C(async), whose answer cannot be hidden.
    type: bool
    default: false
seealso:
  - module: endpointops.intune.intune_pinreset_consent
  - module: endpointops.intune.intune_pin_policy
  - name: Reset passcode in Intune
    description: Microsoft's page on the action and its platforms.
    link: https://learn.microsoft.com/intune/device-management/actions/reset-passcode
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.approval
  - endpointops.intune.attributes
attributes:
  diff_mode:
    support: none
    details:
      - A reset is an action, not a state. There is nothing to compare.
  idempotent:
    support: partial
    details:
      - A second run within O(max_age), or with the same O(reset_since), resets nothing. With a O(max_age) of V(0) every run does.
notes:
  - In a play over several hosts set C(run_once), or each host resets the same devices. Two runs at the same moment can both find a
    device without a reset.
  - Needs the application permissions C(DeviceManagementManagedDevices.Read.All) and
    C(DeviceManagementManagedDevices.PrivilegedOperations.All). Whoever may read devices may read their passcodes in Intune.
  - With O(approval_justification), also C(DeviceManagementRBAC.Read.All) or C(DeviceManagementConfiguration.Read.All), to find the
    requests that were made before. Without, give O(approval_code), which is that of one device.
"""

EXAMPLES = r"""
- name: Reset the passcode of two devices
  endpointops.intune.intune_device_passcode:
    devices:
      - LT-BERLIN-014
      - LT-BERLIN-015

- name: Which devices would be reset?
  endpointops.intune.intune_device_passcode:
    devices: "{{ lost_devices }}"
    match_by: serial_number
  check_mode: true

- name: Reset the passcode of an Android phone and use the new one
  endpointops.intune.intune_device_passcode:
    devices: [XCOVER-WAREHOUSE-01]
    platforms: [android]
    return_passcode: true
  register: reset

- name: Hand the passcode over
  ansible.builtin.copy:
    content: "{{ reset.results[0].passcode }}"
    dest: "{{ handover_path }}"
    mode: "0600"
  no_log: true
"""

RETURN = r"""
results:
  description: One entry a device, in the order of O(devices).
  returned: when the devices were found
  type: list
  elements: dict
  contains:
    device:
      description: The device as the task names it.
      type: str
      returned: always
    id:
      description: ID of the managed device.
      type: str
      returned: always
    device_name:
      description: Name of the device.
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
    status:
      description:
        - V(planned) in check mode; V(done); V(pending) when the device has not carried it out yet; V(failed); V(not_supported) and
          V(canceled) as reported by Intune; V(unknown) when it could not be settled whether the reset was started; V(refused) when
          the device is not supported, and nothing was sent; V(needs_approval) when another administrator has to approve the reset
          first; V(not_attempted) when the task had to stop before.
        - The task fails when a device is anything but V(planned), V(done), V(pending) or V(needs_approval).
      type: str
      returned: always
    reason:
      description:
        - A stable name for why a device is not done.
        - For refusals one of platform_not_selected, platform_not_supported, build_unknown, build_too_old, hybrid_joined, not_joined
          and join_unknown; else one of device_failed, not_supported, canceled, service_refused, approval_refused, answer_lost,
          device_gone and state_unknown.
      type: str
      returned: always
    message:
      description: What happened and what to do, in a sentence.
      type: str
      returned: always
    changed:
      description: Whether this task started a reset.
      type: bool
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
    error_code:
      description: The device's error code.
      type: int
      returned: always
    request_id:
      description: Graph's request-id where it refused the reset.
      type: str
      returned: always
    approval:
      description: The approval request that the reset waits for, as RV(endpointops.intune.intune_pin_policy#module:approval); else null.
      type: dict
      returned: always
    passcode:
      description: The new passcode, null until it is done. Intune keeps it for seven days.
      type: str
      returned: when O(return_passcode)
summary:
  description: How many devices there are, were changed, and have each status.
  returned: when the devices were found
  type: dict
  sample: {total: 2, changed: 2, done: 1, pending: 1, failed: 0, refused: 0}
failed_devices:
  description: IDs of the devices for which the task failed, ready for O(devices) of another task.
  returned: when the devices were found
  type: list
  elements: str
"""

import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils import _arguments, _runner
from ansible_collections.endpointops.intune.plugins.module_utils._graph import errors
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._intune import devices, passcode
from ansible_collections.endpointops.intune.plugins.module_utils._outcome import Outcome

SPEC = _arguments.spec(
    "intune_device_passcode",
    {
        "devices": {"type": "list", "elements": "str", "required": True},
        "match_by": {"type": "str", "choices": ["auto", *devices.MATCH_BY], "default": "auto"},
        "max_age": {"type": "int", "default": 900},
        "reset_since": {"type": "str"},
        "platforms": {"type": "list", "elements": "str", "choices": ["windows", "android", "ios"], "default": ["windows"]},
        "max_devices": {"type": "int", "default": 50},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "float", "default": 600},
        "return_passcode": {"type": "bool", "default": False, "no_log": False},
        **_arguments.APPROVAL,
    },
)


def run(params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    items = choose(params, client)
    since = passcode.window(client.service_now(), params["reset_since"], params["max_age"])
    again = not params["reset_since"] and params["max_age"] == 0
    due = [item for item in items if passcode.judge(item, since, again)]
    failure: errors.IntuneError | None = None
    if check:
        for item in due:
            item.status, item.changed, item.message = "planned", True, "A reset would be issued."
    else:
        failure = reset(params, client, due, items, since, again)
    failed = [item.device.id for item in items if item.status in passcode.BAD]
    if failed and failure is None:
        failure = errors.PartialError(
            f"{len(failed)} of {len(items)} devices have no new passcode: {tell(items)}", hint="See results for each device's reason."
        )
    return Outcome(
        {
            "results": [passcode.describe(item, params["return_passcode"]) for item in items],
            "summary": passcode.summarise(items),
            "failed_devices": failed,
        },
        changed=any(item.changed for item in items),
        failure=failure,
    )


def choose(params: t.Mapping[str, t.Any], client: GraphClient) -> list[passcode.Item]:
    """The devices with their verdicts; everything that can be refused before a write is refused here."""
    if params["max_age"] < 0:
        raise errors.InvalidOptionError(f"max_age is {params['max_age']}: it is a number of seconds, 0 or more.")
    resolved = devices.resolve(client, params["devices"], params["match_by"])
    if len(resolved) > params["max_devices"]:
        raise errors.SelectionError(
            f"{len(resolved)} devices are named, and max_devices allows {params['max_devices']}.",
            hint="Nothing was reset. Raise max_devices if it is meant.",
        )
    items = []
    for device_id, names in resolved.items():
        device = devices.read(client, device_id)
        if device is None:
            raise errors.SelectionError(f"The device '{names[0]}' ({device_id}) is gone.", hint="Nothing was reset.")
        verdict = devices.eligibility(device, params["platforms"])
        items.append(passcode.Item(device, names, verdict, read_at=client.clock.monotonic()))
    return items


def reset(
    params: t.Mapping[str, t.Any],
    client: GraphClient,
    due: list[passcode.Item],
    items: list[passcode.Item],
    since: float,
    again: bool,
) -> errors.IntuneError | None:
    """Issues what is due and follows it up. What stops the whole task comes back beside the results, which are kept."""
    try:
        for item in due:
            passcode.issue_if_due(client, item, since, again)
        if params["wait"]:
            passcode.follow(client, items, params["wait_timeout"])
    except errors.IntuneError as failure:
        return failure
    return None


def tell(items: list[passcode.Item]) -> str:
    """The failed devices in a line: name, status and reason; the first ten of them."""
    bad = [item for item in items if item.status in passcode.BAD]
    told = [f"{item.names[0]} {item.status}" + (f" ({item.reason})" if item.reason not in (None, item.status) else "") for item in bad[:10]]
    return ", ".join(told) + (f" and {len(bad) - 10} more" if len(bad) > 10 else "") + "."


def main() -> None:
    _runner.main(SPEC, run)


if __name__ == "__main__":
    main()
