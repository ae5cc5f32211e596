# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that the documented permissions suffice, and that none is superfluous, against a tenant that enforces them.

Run the code of the controller's process without ansible-playbook, because there are more than a hundred runs.
"""

from __future__ import annotations

import functools
import importlib
import tempfile
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _module
from ansible_collections.endpointops.intune.plugins.module_utils import _permissions as permissions
from ansible_collections.endpointops.intune.plugins.module_utils._approval import requests as approval
from ansible_collections.endpointops.intune.plugins.module_utils._consent import model as consent
from ansible_collections.endpointops.intune.plugins.plugin_utils._action_base import run_in_process

PHONE = {"devices": ["PHONE-HELPDESK-01"]}
LAPTOP = {"devices": ["LT-BERLIN-014"]}
NO_WAIT = {"wait": False}
POLICY = {"name": "PIN recovery", "enable_pin_recovery": True}

# A task of each module that uses all permissions that it can use by itself.
TASKS: dict[str, dict[str, t.Any]] = {
    "intune_pinreset_consent": {},
    "intune_pinreset_consent_info": {},
    "intune_pin_policy": {**POLICY, "assignments": [{"target": "all_devices"}]},
    "intune_pin_policy_info": {},
    "intune_pin_probe": {"assignments": [{"target": "all_devices"}]},
    "intune_pin_readiness_info": {},
    "intune_pin_report": {},
    "intune_pin_recovery": {"user": "clara.hoffmann@contoso.onmicrosoft.com"},
    "intune_device_info": {},
    "intune_device_passcode": {**PHONE, **NO_WAIT},
    "intune_device_passcode_info": PHONE,
    "entra_application": {"unique_name": "ops", "permissions": ["User.Read.All"]},
    "entra_application_info": {"unique_name": "ops"},
    "entra_temporary_access_pass": {"users": ["clara.hoffmann@contoso.onmicrosoft.com"], "return_pass": True},
    "entra_temporary_access_pass_info": {"users": ["clara.hoffmann@contoso.onmicrosoft.com"]},
    "intune_connection_info": {},
}


class OnlyWhere(t.NamedTuple):
    """Options that need one of further permissions."""

    module: str
    options: dict[str, t.Any]
    row: tuple[str, ...]


LEAST = {module: [row[0] for row in rows] for module, rows in permissions.MODULES.items()}
GROUP_POLICY = {**POLICY, "assignments": [{"target": "group", "group": "Pilot ring"}]}
GROUP = GROUP_POLICY["assignments"]
FILTERED = [{"target": "all_devices", "filter": "Corporate laptops"}]
EXPECTED = {"name": "PIN recovery"}
PEOPLE = {"device_groups": ["Field service"]}
PASS = {**TASKS["entra_temporary_access_pass"], "lifetime_minutes": 90}
ADMINISTRATOR = ["ada.admin@contoso.onmicrosoft.com"]
ASK = {"approval_justification": "Change 4711"}

ONLY_WHERE = (
    OnlyWhere("intune_pin_policy", GROUP_POLICY, permissions.READ_GROUPS),
    OnlyWhere("intune_pin_policy", {**POLICY, "scope_tags": ["Berlin"]}, permissions.READ_TAGS),
    OnlyWhere("intune_pin_probe", {"assignments": GROUP}, permissions.READ_GROUPS),
    OnlyWhere("intune_pin_probe", {"assignments": FILTERED}, permissions.READ_CONFIGURATION),
    OnlyWhere("intune_pin_probe", {"scope_tags": ["Berlin"]}, permissions.READ_TAGS),
    OnlyWhere("intune_pin_policy_info", {}, ("DeviceManagementServiceConfig.Read.All",)),
    OnlyWhere("intune_pin_policy_info", {}, permissions.READ_GROUPS),
    OnlyWhere("intune_pin_policy_info", {"rollout": "devices"}, permissions.WRITE_CONFIGURATION),
    *(
        # The report sends its requests with the same code.
        OnlyWhere(module, options, row if module == "intune_pin_readiness_info" else row[:1])
        for module in ("intune_pin_readiness_info", "intune_pin_report")
        for options, row in (
            ({"rollout": "devices"}, permissions.WRITE_CONFIGURATION),
            ({"expect": {**EXPECTED, "assignments": GROUP}}, permissions.READ_GROUPS),
            ({"expect": {**EXPECTED, "scope_tags": ["Berlin"]}}, permissions.READ_TAGS),
            ({"probe": True}, permissions.READ_SCRIPTS),
        )
    ),
    OnlyWhere("intune_pin_readiness_info", {"count_devices": True}, permissions.READ_DEVICES),
    OnlyWhere("intune_pin_readiness_info", {"device": "LT-BERLIN-012"}, permissions.READ_DEVICES),
    OnlyWhere("intune_pin_readiness_info", {"probe": True}, permissions.READ_DEVICES),
    *(
        # The three look groups up with the same code: test once that other permissions replace the least one.
        OnlyWhere(module, {**PEOPLE, **options}, row if module == "intune_device_info" else row[:1])
        for module, options in (
            ("intune_device_info", {}),
            ("intune_device_passcode", NO_WAIT),
            ("intune_device_passcode_info", {}),
        )
        for row in (permissions.READ_GROUPS, permissions.READ_DIRECTORY_DEVICES, permissions.READ_USERS)
    ),
    OnlyWhere("intune_device_passcode", {**LAPTOP, "use_beta": False, **NO_WAIT}, permissions.READ_DIRECTORY_DEVICES),
    OnlyWhere("intune_pin_recovery", TASKS["intune_pin_recovery"], permissions.READ_METHODS_POLICY),
    OnlyWhere("intune_pin_recovery", TASKS["intune_pin_recovery"], permissions.READ_SCRIPTS),
    OnlyWhere("intune_pin_recovery", {"user": ADMINISTRATOR[0]}, permissions.READ_ROLES),
    OnlyWhere("intune_pin_recovery", {"user": "felix.wagner@contoso.onmicrosoft.com"}, permissions.READ_GROUPS),
    OnlyWhere("entra_temporary_access_pass", PASS, permissions.READ_METHODS_POLICY),
    OnlyWhere("entra_temporary_access_pass", {**PASS, "lifetime_minutes": 91}, permissions.READ_GROUPS),
    OnlyWhere("entra_temporary_access_pass", {**PASS, "users": ADMINISTRATOR, "state": "absent"}, permissions.READ_ROLES),
    OnlyWhere("entra_temporary_access_pass_info", {"users": PASS["users"] * 2}, permissions.READ_METHODS_POLICY),
    OnlyWhere("entra_temporary_access_pass_info", {"users": ADMINISTRATOR}, permissions.READ_ROLES),
    OnlyWhere("intune_device_passcode", {**PHONE, **ASK, **NO_WAIT}, approval.READERS),
)


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Do not wait, because nothing is late in this tenant."""

    class Impatient(_module.SystemClock):
        sleep = staticmethod(lambda _seconds: None)

    clock = Impatient()
    monkeypatch.setattr(_module, "connect", functools.partial(_module.connect, clock=clock))


class Run(t.NamedTuple):
    result: dict[str, t.Any]

    @property
    def complaints(self) -> str:
        """Return why it failed, and the parts that it could not do or read, with the remedy."""
        parts = [self.result, *(self.result.get(name, {}) for name in ("connection", "readiness", "recovery"))]
        told = [self.result.get("msg", ""), *(problem for part in parts for problem in part.get("problems", ()))]
        return " ".join(filter(None, told))


def run(tenant, module: str, options: t.Mapping[str, t.Any], roles: t.Iterable[str], *, check: bool = False) -> Run:
    """Run one task, with a token that has only these roles."""
    connection = {option: tenant.env[f"INTUNE_{option.upper()}"] for option in ("graph_url", "authority_url", "ca_path")}
    code = importlib.import_module(f"ansible_collections.endpointops.intune.plugins.modules.{module}")
    token = tenant.control.token(roles=sorted(set(roles)))
    with tempfile.TemporaryDirectory() as folder:
        place = {"directory": folder} if module == "intune_pin_report" else {}
        return Run(run_in_process(code, {**connection, "access_token": token, **place, **options}, check=check, diff=False))


def prepare(tenant, module: str, seed: str = "demo") -> None:
    """Prepare a tenant with readable data."""
    tenant.control.reset(seed)
    if module == "intune_pin_policy_info":
        group = {"@odata.type": "#microsoft.graph.groupAssignmentTarget", "groupId": tenant.graph("GET", "/groups")["value"][0]["id"]}
        tenant.control.add_policy("intent", "Berlin", values={"pinMinimumLength": 6}, assignments=[group])
    if module.startswith("entra_temporary"):
        # Of two groups, each user is in neither: the first one excludes nobody.
        group = tenant.graph("GET", "/groups")["value"][0]["id"]
        tenant.control.access_pass_policy(excludeTargets=[{"targetType": "group", "id": group}])
    if module == "intune_pin_recovery":
        roles = [*LEAST["intune_pin_policy"], "GroupMember.Read.All"]
        assert not run(tenant, "intune_pin_policy", GROUP_POLICY, roles).result.get("failed")
    if module in ("intune_pinreset_consent_info", "intune_pin_readiness_info", "intune_pin_report", "intune_pin_recovery"):
        assert not run(tenant, "intune_pinreset_consent", {}, LEAST["intune_pinreset_consent"]).result.get("failed")


@pytest.mark.parametrize("module", permissions.MODULES)
def test_the_listed_permissions_suffice_and_each_of_them_is_needed(tenant, module):
    rows = permissions.MODULES[module]
    prepare(tenant, module)
    for row in rows:
        without = run(tenant, module, TASKS[module], [other[0] for other in rows if other is not row])
        assert row[0] in without.complaints or names_it(without, module, row[0]), (row, without.result)
        # Modules that list unreadable parts; all others fail.
        lists = ("intune_connection_info", "intune_pin_readiness_info", "intune_pin_report", "intune_pin_recovery")
        finds_nobody = module == "intune_pin_recovery" and row is permissions.READ_USERS
        assert bool(without.result.get("failed")) == (module not in lists or finds_nobody)
    enough = run(tenant, module, TASKS[module], LEAST[module])
    own = [item.row[0] for item in ONLY_WHERE if item.module == module and item.options == TASKS[module]]
    assert not enough.result.get("failed"), enough.result
    assert bool(enough.complaints) == bool(own) and all(permission in enough.complaints for permission in own)
    # A permission listed beside the least one can replace it.
    for row in rows:
        for other in row[1:]:
            found = run(tenant, module, TASKS[module], [other if row is given else given[0] for given in rows])
            assert not found.result.get("failed") and bool(found.complaints) == bool(own), (other, found.result)


def names_it(found: Run, module: str, permission: str) -> bool:
    """Return whether the report on the connection lists the permission as missing, and some part as unreadable."""
    report = found.result.get("connection")
    return bool(report and report["problems"]) and permission in report["permissions"][module]["missing"]


@pytest.mark.exhaustive
@pytest.mark.parametrize("case", ONLY_WHERE, ids=lambda case: f"{case.module}-{case.row[0]}")
def test_what_only_some_options_need(tenant, case):
    # The probe has run there.
    prepare(tenant, case.module, "helpdesk" if "probe" in case.options else "demo")
    if "approval_justification" in case.options:
        tenant.control.settings(approval_protects=["reset_passcode"])
        # A request without approval yet: only a caller with permission to look requests up finds it again.
        asked = run(tenant, case.module, case.options, LEAST[case.module])
        assert asked.result["results"][0]["status"] == "needs_approval", asked.result
    if case.options.get("rollout") == "devices" or "expect" in case.options:
        assert not run(tenant, "intune_pin_policy", TASKS["intune_pin_policy"], LEAST["intune_pin_policy"]).result.get("failed")
    further = {item.row[0] for item in ONLY_WHERE if item.module == case.module}
    roles = {*LEAST[case.module], *further} - set(case.row)
    without = run(tenant, case.module, case.options, roles)
    assert refused(without) and case.row[0] in str(without.result), without.result
    for permission in case.row:
        found = run(tenant, case.module, case.options, {*roles, permission})
        assert not refused(found), found.result


def refused(found: Run) -> bool:
    """Return whether a missing permission prevented a read or a write; ineligible devices do not count."""
    # One of the demo's devices lacks CanReset.
    told = str({**found.result, "invocation": None}).replace("CanReset is missing", "")
    return any(word in told for word in (": 403 ", "the permission", "approval request for", "is missing"))


CHECKED = {
    "intune_pinreset_consent: present": ("intune_pinreset_consent", {}),
    "intune_pinreset_consent: absent": ("intune_pinreset_consent", {"state": "absent"}),
    "intune_pin_policy: present": ("intune_pin_policy", {**GROUP_POLICY, "scope_tags": ["Berlin"]}),
    "intune_pin_policy: settings catalog": ("intune_pin_policy", {**GROUP_POLICY, "backend": "settings_catalog"}),
    "intune_pin_policy: absent": ("intune_pin_policy", {"name": "PIN recovery", "state": "absent"}),
    "intune_pin_probe: present": ("intune_pin_probe", {"assignments": [*GROUP, *FILTERED], "scope_tags": ["Berlin"]}),
    "intune_pin_probe: absent": ("intune_pin_probe", {"state": "absent"}),
    "intune_device_passcode: devices": ("intune_device_passcode", {"devices": [*PHONE["devices"], *LAPTOP["devices"]]}),
    "intune_device_passcode: groups": ("intune_device_passcode", {**PEOPLE, "sync_devices": True}),
    "entra_temporary_access_pass: present": ("entra_temporary_access_pass", PASS),
    "entra_temporary_access_pass: absent": ("entra_temporary_access_pass", {**PASS, "state": "absent"}),
    "intune_pin_policy_info: devices": ("intune_pin_policy_info", {"rollout": "devices"}),
}


@pytest.mark.exhaustive
@pytest.mark.parametrize("task", [pytest.param(task, id=f"case 60: {name}") for name, task in CHECKED.items()])
def test_check_mode_takes_permissions_to_read_alone(tenant, task):
    module, options = task
    if "absent" in str(options):
        for made in ("intune_pinreset_consent", "intune_pin_policy", "intune_pin_probe"):
            assert not run(tenant, made, TASKS[made], LEAST[made]).result.get("failed")
    rows = permissions.CHECK_MODE.get(module, permissions.MODULES[module])
    reading = {*(row[0] for row in rows), *(item.row[0] for item in ONLY_WHERE if item.module == module and ".Read." in item.row[0])}
    assert all(".Read." in permission for permission in reading)
    before = tenant.journal_end()
    found = run(tenant, module, options, reading, check=True)
    # Ineligible devices are also reported as a failure.
    assert not refused(found) and found.result.get("error", {}).get("kind") in (None, "Partial"), found.result
    entries = [entry for entry in tenant.journal(before) if entry["kind"] == "graph"]
    assert entries and all(entry["status"] < 400 and not entry["write"] for entry in entries), entries
    assert {entry["method"] for entry in entries} <= {"GET", "POST"}
    assert all(entry["path"] == "/$batch" or entry["method"] == "GET" for entry in entries), "no job is made, for a report for instance"


@pytest.mark.parametrize("module", permissions.CHECK_MODE)
def test_case_60_check_mode_names_the_permissions_to_read_that_are_missing(tenant, module):
    assert not run(tenant, module, TASKS[module], LEAST[module]).result.get("failed"), "there is something to read"
    for row in permissions.CHECK_MODE[module]:
        found = run(tenant, module, TASKS[module], [other[0] for other in permissions.CHECK_MODE[module] if other is not row], check=True)
        # The hint of the refused request, or that of the module, which says that check mode needs less.
        assert row[0] in found.result["error"]["hint"], found.result


def test_to_verify_it_takes_permissions_to_read_alone(tenant):
    """The playbook verify compares in check mode; see roles/pin_reset/tasks/compare.yml."""
    assert not run(tenant, "intune_pinreset_consent", {}, LEAST["intune_pinreset_consent"]).result.get("failed")
    reading = {row[0] for name in ("intune_pinreset_consent_info", "intune_pin_policy_info") for row in permissions.MODULES[name]}
    assert all(".Read." in permission for permission in reading)
    connected = run(tenant, "intune_pinreset_consent", {}, reading, check=True)
    assert connected.result["pinreset_consent"]["ready"] and connected.result["changed"] is False
    missing = run(tenant, "intune_pin_policy", TASKS["intune_pin_policy"], reading, check=True)
    assert missing.result["pin_policy"]["id"] is None and missing.result["changed"] is True
    assert tenant.principal(consent.SERVICE_APP_ID)["accountEnabled"]
