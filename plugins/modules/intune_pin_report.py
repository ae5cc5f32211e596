#!/usr/bin/python
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: intune_pin_report
short_description: Write a report on PIN resets of a tenant, to read, to print, and to compare
version_added: 1.0.0
description:
  - Answers one question on one page, I(Can users reset their PIN today?), with the verdict of
    M(endpointops.intune.intune_pin_readiness_info), the next steps in order, findings with evidence and a task to paste, policies with
    their check-in status, managed devices by platform, join type, version, eligibility, and predicted outcome, what devices say
    themselves with O(probe), the outcomes of resets, and what changed since an earlier report.
  - Writes three files beside each other. The HTML page is one file that loads nothing, has no script, and can be mailed and printed. The
    JSON has the same numbers, and L(a published schema,
    https://github.com/endpointops/endpointops.intune/blob/main/docs/schema/pin-reset-report.schema.json). The CSV has a row for each
    managed device.
  - Each part has one of four states, V(yes), V(no), V(unknown), and V(not_applicable). A part that could not be read is never V(yes).
  - No file holds a passcode or a credential. The page has no names of devices or users, except in names and messages of policies. The
    CSV has them.
  - Nothing in the tenant is changed, except that O(rollout=devices) lets Intune export reports.
author:
  - Endpoint Ops (@endpointops)
options:
  directory:
    description:
      - An existing folder on the host that runs the module. The module warns if other users of that host can replace files in it.
    type: path
    required: true
  basename:
    description:
      - Beginning of the names of the three files, which end with C(.html), C(.json), and C(.csv).
    type: str
    default: pin-reset-report
  mode:
    description:
      - Permissions of the files, as octal digits in quotes. Each file is written whole or not at all.
    type: raw
    default: "0600"
  platforms:
    description:
      - The platforms that count as eligible for a reset, as in O(endpointops.intune.intune_device_info#module:platforms).
    type: list
    elements: str
    choices: [windows, android, ios]
    default: [windows]
  ownerships:
    description:
      - Whose devices count as eligible, as in O(endpointops.intune.intune_device_info#module:ownerships).
    type: list
    elements: str
    choices: [company, personal, unknown]
    default: [company]
  results:
    description:
      - Outcomes of resets, as RV(endpointops.intune.intune_device_passcode#module:results) or
        RV(endpointops.intune.intune_device_passcode_info#module:results) returned them, of one task or of several. Of several outcomes
        of a device the last one counts.
      - Results with passcodes in clear are refused, since Ansible would show them.
    type: list
    elements: dict
  results_summary:
    description:
      - Numbers of outcomes, as RV(endpointops.intune.intune_device_passcode#module:summary) returned them, where the results are not at
        hand.
    type: dict
  journals:
    description:
      - Paths of journals that O(endpointops.intune.intune_device_passcode#module:journal_path) named, on the host that runs the module.
        They are only read.
      - A device counts once. O(results) count more than journals, and of several journals the newest line counts.
    type: list
    elements: path
  compare_with:
    description:
      - Path of the JSON file of an earlier report of the same tenant. The report then says which reasons and findings are new, fixed, and
        still there. It may be the file that this task replaces.
      - A finding that is gone counts as fixed only if everything could be read.
    type: path
seealso:
  - module: endpointops.intune.intune_pin_readiness_info
  - module: endpointops.intune.intune_device_info
  - module: endpointops.intune.intune_device_passcode
extends_documentation_fragment:
  - endpointops.intune.connection
  - endpointops.intune.readiness
  - endpointops.intune.attributes
attributes:
  check_mode:
    support: full
    details:
      - Reads the tenant and makes the report, and writes no file.
  diff_mode:
    support: none
  idempotent:
    support: partial
    details:
      - Files are written only if their content differs. They hold the time of reading, so that a later run writes them again.
notes:
  - Needs the application permissions C(Application.Read.All), C(DelegatedPermissionGrant.Read.All),
    C(DeviceManagementConfiguration.Read.All), C(DeviceManagementServiceConfig.Read.All), and
    C(DeviceManagementManagedDevices.Read.All).
  - Needs C(GroupMember.Read.All) where policies are assigned to groups, C(Organization.Read.All) for the name of the tenant,
    C(DeviceManagementScripts.Read.All) with O(probe), and C(DeviceManagementConfiguration.ReadWrite.All) with O(rollout=devices).
  - A missing permission does not end the task. The report says what could not be read.
  - In the CSV, a cell that begins with C(=), C(+), C(-), C(@), or a tab has an apostrophe in front, so that no spreadsheet evaluates it.
    Characters that cannot be seen are shown as escapes. The file begins with a byte order mark, as spreadsheets expect it.
"""

EXAMPLES = r"""
- name: Write a report
  endpointops.intune.intune_pin_report:
    directory: reports
  register: written

- name: Say where it is, and the answer
  ansible.builtin.debug:
    msg: "{{ written.report.html }}: {{ written.numbers.state }}"

- name: Report on how many devices the user can reset the PIN, as the devices say
  endpointops.intune.intune_pin_report:
    directory: reports
    probe: true

- name: Report the outcomes of resets that an earlier task registered, and what changed since the last report
  endpointops.intune.intune_pin_report:
    directory: reports
    results: "{{ resets.results }}"
    compare_with: reports/pin-reset-report.json

- name: Report whether the policy is as expected, with the devices that failed to set it
  endpointops.intune.intune_pin_report:
    directory: reports
    rollout: devices
    expect:
      name: PIN recovery
      settings:
        minimum_pin_length: 6
"""

RETURN = r"""
report:
  description: Paths of the files, in check mode too.
  returned: success
  type: dict
  contains:
    html:
      description: Path of the page.
      type: str
      returned: always
    json:
      description: Path of the JSON.
      type: str
      returned: always
    csv:
      description: Path of the table of devices.
      type: str
      returned: always
  sample: {html: /srv/reports/pin-reset-report.html, json: /srv/reports/pin-reset-report.json, csv: /srv/reports/pin-reset-report.csv}
written:
  description: The files that were written, or would be in check mode; empty when all of them are current.
  returned: success
  type: list
  elements: str
  sample: [csv, json, html]
readiness:
  description:
    - The verdict, as in RV(endpointops.intune.intune_pin_readiness_info#module:readiness). Its C(devices) are always null, since
      RV(numbers.devices) has more.
  returned: success
  type: dict
numbers:
  description: The numbers of the report.
  returned: success
  type: dict
  contains:
    ready:
      description: Whether users can reset their PIN; null where that is not known.
      type: bool
      returned: always
    state:
      description: The same as one of V(yes), V(no), and V(unknown).
      type: str
      returned: always
    levels:
      description: The state of each level.
      type: dict
      returned: always
      sample: {connected: "yes", configured: "yes", arrived: unknown, proven: unknown}
    steps:
      description: Number of next steps.
      type: int
      returned: always
    findings:
      description: Number of findings by severity.
      type: dict
      returned: always
      sample: {error: 1, warning: 0, info: 0}
    policies:
      description: Number of policies.
      type: int
      returned: always
    devices:
      description: Number of managed devices, null where they could not be read, and in each table by its labels.
      type: dict
      returned: always
      sample: {total: 40, platform: {Windows: 31, Android: 9}}
    probe:
      description:
        - Number of devices by the last answer of the probe; null without O(probe), and where the answers could not be read.
      type: dict
      returned: always
      sample: {total: 31, proven: 24, not_proven: 3, pending: 2, unknown: 2}
    resets:
      description: Number of devices by the outcome of their reset; null where none were given.
      type: dict
      returned: always
      sample: {total: 3, done: 2, failed: 1}
    changes:
      description: Number of reasons and findings that are new, fixed, and still there; null without O(compare_with).
      type: dict
      returned: always
      sample: {new: 1, fixed: 2, still: 0, unknown: 0}
    problems:
      description: Number of RV(problems).
      type: int
      returned: always
problems:
  description: What could not be read, and why, each in one line; empty when all was.
  returned: success
  type: list
  elements: str
"""

import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _module
from ansible_collections.endpointops.intune.plugins.module_utils._application.expiry import list_warnings
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import OWNERSHIPS
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._readiness_options import READINESS, parse_question
from ansible_collections.endpointops.intune.plugins.module_utils._report.compose import Request, compose
from ansible_collections.endpointops.intune.plugins.module_utils._report.files import ReportFiles
from ansible_collections.endpointops.intune.plugins.module_utils._report.report import summarize
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome

KINDS = ("html", "json", "csv")
SPEC = _argspec.make_spec(
    "intune_pin_report",
    {
        **READINESS,
        "directory": {"type": "path", "required": True},
        "basename": {"type": "str", "default": "pin-reset-report"},
        "mode": {"type": "raw", "default": "0600"},
        "platforms": {"type": "list", "elements": "str", "choices": ["windows", "android", "ios"], "default": ["windows"]},
        "ownerships": {"type": "list", "elements": "str", "choices": list(OWNERSHIPS), "default": ["company"]},
        "results": {"type": "list", "elements": "dict"},
        "results_summary": {"type": "dict"},
        "journals": {"type": "list", "elements": "path"},
        "compare_with": {"type": "path"},
    },
    mutually_exclusive=[("results", "results_summary"), ("journals", "results_summary")],
)


def run(params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    """Write the report or, in check mode, report the files that would be written."""
    files = ReportFiles(params["directory"], params["basename"], params["mode"])
    request = Request(
        question=parse_question(params, check),
        collection=_module.VERSION,
        platforms=params["platforms"],
        ownerships=params["ownerships"],
        results=params["results"],
        summary=params["results_summary"],
        journals=params["journals"] or (),
        compare_with=params["compare_with"],
    )
    made = compose(client, request)
    changed = files.find_changed(made.contents)
    if not check:
        files.write({kind: made.contents[kind] for kind in changed})
    return Outcome(
        {
            "report": {kind: files.path_of(kind) for kind in KINDS},
            "written": changed,
            "readiness": made.readiness,
            "numbers": summarize(made.report),
            "problems": made.report["problems"],
        },
        changed=bool(changed),
        warnings=[*files.list_warnings(), *list_warnings(made.readiness["credential"])],
    )


def main() -> None:
    """Run the module."""
    _module.main(SPEC, run)


if __name__ == "__main__":
    main()
