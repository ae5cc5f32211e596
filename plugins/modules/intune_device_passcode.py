#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: intune_device_passcode
short_description: Reset the passcode of managed devices
version_added: 1.0.0
description:
  - Asks Intune to reset the passcode of devices, waits, and returns the outcome for each device.
  - A reset counts as done only when Intune reports it as done. Microsoft's current documentation lists this action for Android,
    and for iOS, where it removes the passcode. It no longer lists Windows; expect RV(results[].status=not_supported) there.
    On Windows use M(endpointops.intune.intune_pinreset_consent) and M(endpointops.intune.intune_pin_policy), so that users reset
    their own PIN.
  - A reset that the service started within O(max_age), or since O(reset_since), satisfies the task, regardless of its outcome. Before the
    first reset the task reads each device's action results and the remote action audit log, and after the last one it waits until one
    of them shows each reset, for at most O(confirm_timeout) seconds. So a second run issues nothing.
  - Each device gets at most one reset per journal (see O(journal_path)) and per machine, that is, of all tasks that share
    O(lock_directory). Across machines, that holds outside a window of the service's lag minus O(confirm_timeout); the lag is the time
    until the service shows a reset that it accepted, and Microsoft publishes no figure for it. A run that was killed did not wait, so the
    window after it is the whole lag. A second reset within the window is detected afterwards where the service shows it, and the task
    warns of it with the device's name. With a O(max_age) of V(0), every run asks for a new reset.
  - Names that mean no device or several, and too many devices, are refused before anything is reset. Devices that are not
    supported are refused one by one, with a reason; the others are reset.
  - Many devices are reset in one task, as fast as Intune's quota allows. After a lost response a reset is not sent again before the
    service has said that it did not run it; a device for which this cannot be settled is V(unknown).
author:
  - Endpoint Ops (@endpointops)
options:
  max_age:
    description:
      - Seconds. A reset that was started within this time satisfies the task, and so does an older one that still waits for its
        device. V(0) always issues a reset.
    type: int
    default: 900
  reset_since:
    description:
      - A moment such as C(2026-01-31T08:00:00Z), instead of O(max_age). A reset that was started since then satisfies the task.
      - A moment without a time zone counts as UTC, regardless of the zone of the controller. The task then warns with the moment in UTC.
    type: str
  platforms:
    description:
      - The platforms on which to reset passcodes; devices of others are refused.
      - On V(android) a passcode policy must be in force. On V(ios) the passcode is removed, and there is no new one.
    type: list
    elements: str
    choices: [windows, android, ios]
    default: [windows]
  ownerships:
    description:
      - Whose devices to reset; those of other owners are refused.
    type: list
    elements: str
    choices: [company, personal, unknown]
    default: [company]
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
  confirm_timeout:
    description:
      - Seconds to wait, after the last reset, until the devices' action results or the remote action audit log show each reset that
        Intune accepted. The task ends as soon as all are shown, whatever O(wait) says.
      - A reset that is not shown in time stays V(pending) with RV(results[].confirmed=false), which is no failure; the task warns of
        it. A later run on another machine, without the journal of this one, can reset such a device again until the service shows its
        reset.
      - V(0) does not wait, and warns in the same way.
    type: float
    default: 60
  sync_devices:
    description:
      - Whether to ask each device to check in with Intune after its reset was accepted, so that it carries it out sooner. Each such
        request counts as a write.
    type: bool
    default: false
  journal_path:
    description:
      - A file in which the task writes down each reset before it is sent. A task that was interrupted, in whatever way, is continued by
        the next one with the same journal and options within a day, which neither resets a device twice nor forgets one. It holds no
        passcodes.
      - A run in the journal comes to its end with its task, unless it was killed, did not attempt a device, or lost the response of one. A
        task that names such a device continues the run. O(match_by), O(platforms), O(ownerships), O(max_age), and O(reset_since) must be
        those with which the run was begun; a task with others is refused.
      - A run that began more than one day ago, or more than its O(max_age) if that is longer, is not continued, except by a task with the
        same O(reset_since). The task warns of it and starts over. So tasks of a schedule that are further apart can use the same journal.
      - Keep one journal for each tenant, on the host that runs the module, where it outlives the task. Only one task at a time can use it,
        with at most 100,000 devices.
      - The file must have the mode 0600, and be in a folder to which only the user of the task and root can write. Other users must not
        be able to redirect its path. The folder must exist; check mode refuses one in which the file cannot be created, too.
    type: path
  lock_directory:
    description:
      - A folder for the locks of devices. Of the tasks that use the same folder on one machine, only one at a time resets a device. Another
        one goes on with its other devices, and looks at this one again when the lock is released. Then an earlier reset counts as
        O(max_age) and O(reset_since) say.
      - The files in the folder hold the machine's record of resets, including those of a killed task, so that a later task does not send
        them again while Intune does not show them. They hold no name and no secret. A crash or a restart of the machine can lose a part of
        the record; a folder on a disk outlives a restart, and the temporary folder may not.
      - A task waits for locked devices until nothing else is left to be sent, and then for up to O(wait_timeout) seconds, also without
        O(wait). A device that is still locked then fails with the reason V(locked).
      - By default, the tasks of a user share a folder in the temporary folder, and those of a login session another one in its
        E(XDG_RUNTIME_DIR). Set this option to the same folder in each task if several users, or containers of one machine, can reset the
        same devices, or if tasks have different temporary folders (E(TMPDIR), or a service with a private one).
      - The folder must exist. If several users share it, give it the mode C(2770) and a group that they have in common, or the mode
        C(1777). A folder is refused if any user can replace the files in it or redirect its path, and so is a temporary folder that
        depends on the current folder.
      - Locks do not hold between machines, or between containers that do not mount the same folder. Check mode takes none, and reads the
        record.
    type: path
  write_quota:
    description:
      - Resets, and other writes, in any 20 seconds. Intune allows 200 for each application. A lower number leaves room for others who
        use the same application. Where Intune throttles earlier, the task slows down by itself.
    type: int
    default: 200
  request_quota:
    description:
      - The same for reads and writes together, of which Intune allows 2,000.
    type: int
    default: 2000
  use_beta:
    description:
      - Whether the beta version of Microsoft Graph may be used, which alone tells how a device is joined, and which remote actions the
        tenant has seen. Without, the former is taken from the device's object in Microsoft Entra, which needs the permission
        C(Device.Read.All). Earlier resets are then known from the devices' action results alone, and lost responses are settled by
        them alone. The task warns of that.
    type: bool
    default: true
seealso:
  - module: endpointops.intune.intune_pinreset_consent
  - module: endpointops.intune.intune_pin_policy
  - module: endpointops.intune.intune_device_info
  - module: endpointops.intune.intune_device_passcode_info
  - name: Reset passcode in Intune
    description: Microsoft's page on the action and its platforms.
    link: https://learn.microsoft.com/intune/device-management/actions/reset-passcode
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.selection
  - endpointops.intune.handover
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
  - In a play over several hosts set C(run_once), or each host resets the same devices. Two tasks at the same moment reset a device once
    if they run on one machine and share O(lock_directory). Elsewhere, both can find it without a reset; each of them warns of it in
    the end, where the service shows both.
  - Needs the application permissions C(DeviceManagementManagedDevices.Read.All) and
    C(DeviceManagementManagedDevices.PrivilegedOperations.All), in check mode only the first. The permission to read devices also allows
    reading their passcodes in Intune.
  - AWX and ansible-runner drop a result of more than E(MAX_EVENT_RES) characters. In such a job, a task whose
    result would be larger is refused before the first reset, unless O(sealed_directory) is set, or the result is hidden by C(no_log)
    or O(return_passcode). The role P(endpointops.intune.pin_reset#role) hands such results over in pieces.
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
    user_principal_name:
      description: User principal name of the device's primary user; null when the device was not read, or has none.
      type: str
      returned: always
    ownership:
      description: Owner of the device, V(company), V(personal), or V(unknown); null when the device was not read.
      type: str
      returned: always
    predicted_outcome:
      description:
        - The outcome to expect of a reset, from Microsoft's platform pages and the record of the device, also in check mode. It decides
          nothing; RV(results[].status) is the report of the service. Null when the device was not read.
        - One of V(new_passcode), V(passcode_removed), V(not_supported), and V(unknown), see
          RV(endpointops.intune.intune_device_info#module:devices[].predicted_outcome).
        - The task warns with the names of devices for which it expects V(not_supported) while their resets are planned or pending.
      type: str
      returned: always
      sample: not_supported
    predicted_reason:
      description: The reason for this outcome and its condition, in one or two sentences. Null when the device was not read.
      type: str
      returned: always
    status:
      description:
        - V(planned) in check mode; V(done); V(pending) when the device has not carried it out yet; V(failed), also when Intune refused
          the reset, could not be reached for this device, or does not know the device any more; V(not_supported) and V(canceled) as
          reported by Intune; V(unknown) when it could not be settled whether the reset was started, or how it ended; V(refused) when
          the device is not supported, and nothing was sent; V(needs_approval) when another administrator has to approve the reset
          first; V(not_attempted) when the task had to stop before, or when another process on this machine was still resetting the
          device.
        - The task fails when a device is anything but V(planned), V(done), V(pending) or V(needs_approval).
      type: str
      returned: always
    reason:
      description:
        - A stable name for why a device is not done.
        - For refusals one of platform_not_selected, platform_not_supported, being_removed, not_managed, build_unknown, build_too_old,
          hybrid_joined, not_joined, join_unknown, personally_owned, company_owned, and ownership_unknown; else one of device_failed,
          not_supported, canceled, service_refused, approval_refused, answer_lost, device_gone, state_unknown, unavailable,
          and locked.
      type: str
      returned: always
    message:
      description: The outcome and the next step, in a sentence.
      type: str
      returned: always
    changed:
      description: Whether this task started a reset.
      type: bool
      returned: always
    confirmed:
      description:
        - Whether the device's action results or the remote action audit log show the reset; V(false) when Intune accepted it, and
          neither shows it yet. Null without a reset that is known to be accepted.
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
    passcode_expires:
      description: Until when Intune shows the new passcode, seven days after the device has it; null when there is none.
      type: str
      returned: always
      sample: "2026-02-07T08:00:09Z"
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
    sealed_passcode:
      description: The new passcode as a CMS message in PEM form, for the holders of O(seal_to); null until it is done, and in check mode.
      type: str
      returned: when O(seal_to) is set
    sealed_file:
      description: Path of the file in O(sealed_directory) with the sealed passcode; null until it is done, in check mode, and where it
        could not be written.
      type: str
      returned: when O(sealed_directory) is set
    passcode:
      description: The new passcode, null until it is done, and in check mode. Intune keeps it for seven days.
      type: str
      returned: when O(return_passcode)
summary:
  description:
    - How many devices there are, were changed, and have each status. C(unconfirmed) counts those that are V(pending) and whose reset
      the service does not show yet (see RV(results[].confirmed)).
  returned: when the devices were found
  type: dict
  sample: {total: 2, changed: 2, done: 1, pending: 1, failed: 0, refused: 0, unconfirmed: 0}
failed_devices:
  description: IDs of the devices for which the task failed, ready for O(devices) of another task.
  returned: when the devices were found
  type: list
  elements: str
recipients:
  description: Certificates that can open the sealed passcodes, each once.
  returned: when O(seal_to) is set and the devices were found
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

import typing as t
import uuid

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _module
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._devices import lookup
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import OWNERSHIPS, QUOTA
from ansible_collections.endpointops.intune.plugins.module_utils._event_limit import refuse_too_large
from ansible_collections.endpointops.intune.plugins.module_utils._graph.batch_scheduler import BatchScheduler
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._graph.rate_limit import Quota
from ansible_collections.endpointops.intune.plugins.module_utils._handover.handover import Handover
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import handed_over
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.continuation import (
    RunPlan,
    describe_runs,
    find_remaining,
    identify,
    plan_run,
)
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.device_lock import DeviceLocks
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.engine import ResetEngine
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.journal_file import MOST_DEVICES, Journal
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.lock_folder import find_folders, validate_directory
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import (
    BAD,
    LONGEST_AGE,
    DeviceReset,
    earliest_counted,
    parse_moment,
    warn_of_zone,
)
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.progress import render_table
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.reset_state import Rules
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.result import (
    describe,
    describe_usual,
    effects_of,
    find_failure,
    new_passcode,
    summarize,
    warn_of_prediction,
)
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome
from ansible_collections.endpointops.intune.plugins.module_utils._types import Json

LARGEST_QUOTA = 1_000_000  # requests; the service grants 2,000
Params = t.Mapping[str, t.Any]

SPEC = _argspec.make_spec(
    "intune_device_passcode",
    {
        **_argspec.SELECTION,
        "max_age": {"type": "int", "default": 900},
        "reset_since": {"type": "str"},
        "platforms": {"type": "list", "elements": "str", "choices": ["windows", "android", "ios"], "default": ["windows"]},
        "ownerships": {"type": "list", "elements": "str", "choices": list(OWNERSHIPS), "default": ["company"]},
        "max_devices": {"type": "int", "default": 50},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "float", "default": 600},
        "confirm_timeout": {"type": "float", "default": 60},
        "sync_devices": {"type": "bool", "default": False},
        **_argspec.HANDOVER,
        "journal_path": {"type": "path"},
        "lock_directory": {"type": "path"},
        "write_quota": {"type": "int", "default": 200},
        "request_quota": {"type": "int", "default": 2000},
        "use_beta": {"type": "bool", "default": True},
        **_argspec.APPROVAL,
    },
    secrets=(_argspec.PASSCODE,),
    required_one_of=[("devices", "device_groups")],
    required_by=_argspec.HANDOVER_REQUIRES,
)


def run(params: Params, client: GraphClient, check: bool) -> Outcome:
    validate(params)
    handover = Handover(
        _argspec.PASSCODE.key,
        handed_over.WORDS,
        seal_to=params["seal_to"],
        reveal=params[_argspec.PASSCODE.option],
        now=client.clock.now(),
        directory=params["sealed_directory"],
        check=check,
    )
    scheduler = BatchScheduler(client, Quota(params["write_quota"], params["request_quota"], QUOTA.seconds))
    chosen = lookup.select(
        client, scheduler, names=params["devices"] or (), match_by=params["match_by"], groups=params["device_groups"] or ()
    )
    refuse_too_many(params, len(chosen.ids))
    refuse_lost_results(params, client, handover, len(chosen.ids))
    items = [DeviceReset(device, names) for device, names in chosen.ids.items()]
    began = client.clock.monotonic()
    failure, warnings = reset(params, client, scheduler, items, check)
    results = [{**describe(item), **handover.describe(new_passcode(item), handed_over.render_file_name(item))} for item in items]
    summary = summarize(items)
    if len(items) > 1:
        client.report_progress(render_table(summary, client.clock.monotonic() - began))
    failure = failure or find_failure(items) or handover.find_failure()
    if failure is not None:
        failure = failure.with_effects(effects_of(items))
    return Outcome(
        {
            "results": results,
            "summary": summary,
            "failed_devices": [item.id for item in items if item.status in BAD],
            **handover.describe_recipients(),
        },
        changed=any(item.changed for item in items) or handover.changed,
        warnings=[*warn_of_zone("reset_since", params["reset_since"]), *chosen.warnings, *warn_of_prediction(items), *warnings],
        failure=failure,
    )


def refuse_too_many(params: Params, devices: int) -> None:
    """Raise SelectionError for more devices than max_devices allows, or than a journal can contain."""
    if devices > params["max_devices"]:
        raise errors.SelectionError(
            f"{devices} devices are named, and max_devices allows {params['max_devices']}.",
            hint="Raise max_devices if you mean all of them.",
            effects="none",
        )
    if params["journal_path"] and devices > MOST_DEVICES:
        raise errors.SelectionError(
            f"{devices} devices are named, and a task with journal_path can have at most {MOST_DEVICES}.",
            hint="Split the devices over several tasks, which can share the journal one after the other.",
            effects="none",
        )


def validate(params: Params) -> None:
    """Raise InvalidOptionError for invalid options, before anything is sent."""
    if not 0 <= params["max_age"] <= LONGEST_AGE:
        raise errors.InvalidOptionError(f"max_age must be a number of seconds from 0 to {LONGEST_AGE}, not {params['max_age']}.")
    if not 0 < params["write_quota"] <= params["request_quota"]:
        raise errors.InvalidOptionError(
            f"write_quota must be at least 1 and no more than request_quota ({params['request_quota']}), which counts writes too; "
            f"it is {params['write_quota']}."
        )
    if params["request_quota"] > LARGEST_QUOTA:
        raise errors.InvalidOptionError(f"request_quota must be at most {LARGEST_QUOTA}, not {params['request_quota']}.")
    if not 0 <= params["confirm_timeout"] <= LONGEST_AGE:
        raise errors.InvalidOptionError(
            f"confirm_timeout must be a number of seconds from 0 to {LONGEST_AGE}, not {params['confirm_timeout']:g}."
        )
    if params["reset_since"]:
        parse_moment("reset_since", params["reset_since"], float("inf"))
    if params["lock_directory"]:
        validate_directory(params["lock_directory"])


def refuse_lost_results(params: Params, client: GraphClient, handover: Handover, number: int) -> None:
    """Raise SelectionError, before the first reset, if the job would drop the results with the passcodes."""
    if client.largest_result is None or params["sealed_directory"]:
        return
    refuse_too_large(
        client.largest_result,
        number,
        {**describe_usual(), **handover.describe_usual()},
        is_shown=client.shows_result and not params[_argspec.PASSCODE.option],
        noun="devices",
        advice="Run the playbook endpointops.intune.reset_passcode (the role's entry point reset), which hands results over in pieces, "
        "name fewer devices, or set sealed_directory with seal_to to a folder that outlives the job. To use the registered result in tasks "
        "of your own, set no_log to true.",
    )


def reset(
    params: Params, client: GraphClient, scheduler: BatchScheduler, items: list[DeviceReset], check: bool
) -> tuple[errors.IntuneError | None, list[str]]:
    """Reset the devices. Return the error that stopped the whole task (the items keep their outcomes), and warnings."""
    since = earliest_counted(client.service_now(), params["reset_since"], params["max_age"])
    again = not params["reset_since"] and params["max_age"] == 0
    options, ids = identify(params), [item.id for item in items]
    locked = DeviceLocks(find_folders(params["lock_directory"], check=check), client.origin, check=check)
    with Journal(params["journal_path"], client.steady_now) as journal, locked as locks:
        tenant = client.credential.identity().get("tid") if params["journal_path"] else None
        history = (journal.peek if check else journal.open)(tenant, client.origin)
        plan = plan_run(history, options, ids, since, now=client.service_now(), again=again)
        # The service's clock counts whole seconds and is learned from delayed responses, so earlier writes may be more recent than they
        # seem.
        now = client.service_now() - 2.0
        scheduler.restore_writes(max(0.0, now - known.last_written_at) for known in history.resets.values() if known.state != "free")
        run_id = uuid.uuid4()
        engine = ResetEngine(client, scheduler, items, make_rules(params, plan, check), journal, plan.earlier, run_id, locks)
        warnings = describe_runs(plan)
        try:
            if check:
                engine.run()
            else:
                run_journaled(engine, journal, items, plan, options, str(run_id))
        except errors.IntuneError as failure:
            return engine.failure or failure, [*warnings, *engine.warnings]
    return engine.failure, [*warnings, *engine.warnings]


def make_rules(params: Params, plan: RunPlan, check: bool) -> Rules:
    return Rules(
        since=plan.since,
        again=plan.again,
        platforms=params["platforms"],
        ownerships=params["ownerships"],
        check=check,
        confirm_timeout=params["confirm_timeout"],
        wait=params["wait"],
        wait_timeout=params["wait_timeout"],
        beta=params["use_beta"],
        sync=params["sync_devices"],
    )


def run_journaled(engine: ResetEngine, journal: Journal, items: list[DeviceReset], plan: RunPlan, options: Json, run_id: str) -> None:
    """Run the engine, and record the start and the end of the run in the journal."""
    journal.settle({run.run: () for run in plan.expired})
    journal.begin(run_id, plan.since, [item.id for item in items], options)
    engine.run()
    journal.outcome([(item.id, item.status) for item in items])
    journal.settle(find_remaining(plan, run_id, items))


def main() -> None:
    _module.main(SPEC, run)


if __name__ == "__main__":
    main()
