# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""List the scenarios: every module and the inventory plugin, in the variants that send different requests, each with its own tenant."""

from __future__ import annotations

import copy
import dataclasses
import json
import random
import types
import typing as t

from intune_emulator.control.policies import add_policy
from intune_emulator.entra.tokens import issue_token
from intune_emulator.state.health_scripts import HealthScript

from ansible_collections.endpointops.intune.plugins.inventory import intune_devices
from ansible_collections.endpointops.intune.plugins.module_utils._consent.model import CLIENT_APP_ID, SERVICE_APP_ID
from ansible_collections.endpointops.intune.plugins.module_utils._hello.model import PolicyScope, render_oma_setting
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import BY_OPTION
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings_catalog import merge_settings
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request
from ansible_collections.endpointops.intune.plugins.modules import (
    entra_application,
    entra_application_info,
    entra_temporary_access_pass,
    entra_temporary_access_pass_info,
    intune_connection_info,
    intune_device_info,
    intune_device_passcode,
    intune_device_passcode_info,
    intune_pin_policy,
    intune_pin_policy_info,
    intune_pin_probe,
    intune_pin_readiness_info,
    intune_pin_recovery,
    intune_pin_report,
    intune_pinreset_consent,
    intune_pinreset_consent_info,
)
from tests.support.emulated import Emulated
from tests.support.fakes import GRAPH

Options = dict[str, t.Any]
Given = t.Callable[[Emulated], Options]


@dataclasses.dataclass(frozen=True)
class Scenario:
    """One task, or one file of the inventory plugin.

    ``given``: its options, by a tenant that it may prepare. ``signs_in``: with a secret, else with a token.
    """

    name: str
    module: types.ModuleType
    given: Given = lambda world: {}
    seed: str = "demo"
    check: bool = False
    signs_in: bool = False
    settings: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)

    @property
    def options(self) -> t.Mapping[str, t.Any]:
        """Return the possible options by name."""
        return {**self.module.SPEC, **CONSTRUCTED} if self.module is intune_devices else self.module.SPEC.argument_spec


def named(*names: str, **more: t.Any) -> Given:
    return lambda world: {"devices": list(names), **more}


def fleet(**more: t.Any) -> Given:
    """Return options for the first devices of a fleet."""
    return lambda world: {"devices": [device.id for device in world.tenant.devices][:5], **more}


def connected(**more: t.Any) -> Given:
    """Connect the tenant to the PIN Reset Service, and return options."""

    def prepare(world: Emulated) -> Options:
        ids = {}
        for app_id in (SERVICE_APP_ID, CLIENT_APP_ID):
            ids[app_id] = _ask(world, "/servicePrincipals", {"appId": app_id})["id"]
        grant = {"clientId": ids[CLIENT_APP_ID], "resourceId": ids[SERVICE_APP_ID], "consentType": "AllPrincipals"}
        _ask(world, "/oauth2PermissionGrants", {**grant, "scope": "user_impersonation"})
        return dict(more)

    return prepare


def _ask(world: Emulated, path: str, body: t.Any) -> t.Any:
    request = Request("POST", f"{GRAPH}/v1.0{path}", {"Content-Type": "application/json"}, json.dumps(body).encode())
    return json.loads(world.ask(request).body)


def as_person(*, made: bool = False, **more: t.Any) -> Given:
    """Sign in as an administrator, optionally with an application that was created before, and return options."""

    def prepare(world: Emulated) -> Options:
        world.token = issue_token(world.tenant, world.tenant.applications[world.tenant.client_id], person=True)
        if made:
            application = _ask(world, "/applications", {"displayName": "Ops"})
            _ask(world, "/servicePrincipals", {"appId": application["appId"]})
            body = {"name": "other", "issuer": "https://issuer.test", "subject": "x", "audiences": ["api://x"]}
            _ask(world, f"/applications/{application['id']}/federatedIdentityCredentials", body)
            return {"app_id": application["appId"], **more}
        return dict(more)

    return prepare


def with_policies(**more: t.Any) -> Given:
    """Plant a policy of each type, and return options."""

    def prepare(world: Emulated) -> Options:
        values = {"enable_pin_recovery": True, "minimum_pin_length": 6, "dynamic_lock_plugins": "<rule/>"}
        scope = PolicyScope(world.tenant.tenant_id, "device")
        known = {name: value for name, value in values.items() if name in BY_OPTION}
        oma = [render_oma_setting(BY_OPTION[name], value, scope) for name, value in known.items()]
        target = [{"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}]
        plain = {name: known[name] for name in ("enable_pin_recovery", "minimum_pin_length")}
        catalog = [setting["settingInstance"] for setting in merge_settings([], {}, plain, "device")]
        planted = {
            ("custom", "PIN"): {"omaSettings": oma},
            ("settings_catalog", "PIN catalog"): {"settings": [{"settingInstance": instance} for instance in catalog]},
            ("identity_protection", "Old"): {"pinMinimumLength": 8},
            ("intent", "Intent"): {"pinMinimumLength": 8},
        }
        for (surface, name), found in planted.items():
            add_policy(world.tenant, {"surface": surface, "name": name, "values": found, "assignments": target})
        return dict(more)

    return prepare


def with_probe(**more: t.Any) -> Given:
    """Keep an earlier version of the probe, and return options."""

    def prepare(world: Emulated) -> Options:
        target = {"@odata.type": "#microsoft.graph.allDevicesAssignmentTarget"}
        now, identity = world.tenant.clock.now(), world.tenant.new_id()
        world.tenant.health_scripts[identity] = HealthScript(
            identity,
            "PIN reset probe",
            now,
            now,
            detection=b"# endpointops.intune PIN reset probe 0\nexit 1\n",
            assignments=[{"id": f"{identity}:all", "target": target, "runSchedule": None}],
        )
        return dict(more)

    return prepare


def after_reset(**more: t.Any) -> Given:
    """Reset a phone, whose record then has a passcode, and return options."""

    def prepare(world: Emulated) -> Options:
        phone = next(device for device in world.tenant.devices if device.own["deviceName"] == PHONES[0])
        world.ask(Request("POST", f"{GRAPH}/v1.0/deviceManagement/managedDevices/{phone.id}/resetPasscode"))
        world.tenant.clock.advance(3600)
        return dict(more)

    return prepare


def for_users(*, held: bool = False, **more: t.Any) -> Given:
    """Return options for users, including one with a pass, an administrator, and a group in the scope of the policy."""

    def prepare(world: Emulated) -> Options:
        group = next(item["id"] for item in world.tenant.groups.all_written() if item["displayName"] == "Field service")
        world.tenant.access_pass_policy["excludeTargets"] = [{"targetType": "group", "id": group}]
        if held:
            _ask(world, f"/users/{USERS[0]}/authentication/temporaryAccessPassMethods", {})
            world.tenant.created_access_passes.clear()
        return {"users": list(USERS), "return_pass": True, **more}

    return prepare


USERS = tuple(f"{name}@contoso.onmicrosoft.com" for name in ("clara.hoffmann", "felix.wagner", "ada.admin"))
ALLOWED = {"access_pass_privileged": "allow"}
PASSCODE, POLICY, CONSENT = intune_device_passcode, intune_pin_policy, intune_pinreset_consent
ASSIGNED = [
    {"target": "group", "group": "Pilot ring", "filter": "Corporate laptops"},
    {"target": "exclude_group", "group": "Helpdesk phones"},
]
PHONES = ("PHONE-HELPDESK-01", "PHONE-FIELD-01")
# Options of an application with all its properties.
WHOLE: Options = {
    "entry_points": ["reset"],
    "federated_credentials": [{"name": "github", "issuer": "https://token.test", "subject": "repo:o/r:environment:e"}],
    "secret_name": "ops",
    "return_secret": True,
    "wait_timeout": 30,
}
BOTH = {"platforms": ["android", "ios", "windows"], "ownerships": ["company", "personal", "unknown"]}
PROTECTED = {"approval_protects": ["configuration_policies", "device_configurations", "reset_passcode", "scripts"]}
NEW = {"name": "New", "enable_pin_recovery": True, "assignments": ASSIGNED, "scope_tags": ["Berlin"]}
EXPECTED = {"name": "PIN", "assignments": ASSIGNED, "scope_tags": ["Berlin"], "settings": {"minimum_pin_length": 8}}

GROUPED = {
    "filters": [{"exclude": "intune_platform == 'ios'"}],
    "keyed_groups": [{"prefix": "platform", "key": "intune_platform"}],
    "groups": {"phones": "intune_device_name is match('PHONE-')"},
}
# Options of Ansible itself, which the inventory plugin passes on.
CONSTRUCTED: Options = {"compose": {}, "groups": {}, "keyed_groups": {}, "strict": {}, "unknown": {}}

SCENARIOS = (
    Scenario("connection", intune_connection_info),
    Scenario("connection, signing in", intune_connection_info, signs_in=True),
    Scenario("devices", intune_device_info),
    Scenario("devices by name", intune_device_info, named(*PHONES)),
    Scenario("devices of a group", intune_device_info, lambda world: {"device_groups": ["Helpdesk phones", "Field service"]}),
    Scenario("reset", PASSCODE, named(*PHONES, **BOTH)),
    Scenario("reset and reveal", PASSCODE, named(PHONES[0], return_passcode=True, **BOTH)),
    Scenario("reset of a group", PASSCODE, lambda world: {"device_groups": ["Helpdesk phones"], **BOTH}),
    Scenario("reset in check mode", PASSCODE, named(*PHONES, **BOTH), check=True),
    Scenario("reset of a fleet", PASSCODE, fleet(max_age=0, wait=False, **BOTH), seed="fleet:8"),
    Scenario("reset of a fleet, waiting", PASSCODE, fleet(sync_devices=True, wait_timeout=30, **BOTH), seed="fleet:8"),
    Scenario("reset without beta", PASSCODE, named("PHONE-HELPDESK-01", use_beta=False, **BOTH)),
    Scenario("reset with approval", PASSCODE, named(*PHONES, approval_justification="lost", **BOTH), settings=PROTECTED),
    Scenario("outcome of resets", intune_device_passcode_info, named(*PHONES)),
    Scenario("policy", POLICY, lambda world: dict(NEW)),
    Scenario("policy with approval", POLICY, lambda world: {**NEW, "approval_justification": "new"}, settings=PROTECTED),
    Scenario("policy of the catalog", POLICY, lambda world: {"name": "New", "backend": "settings_catalog", "minimum_pin_length": 6}),
    Scenario("policy updated", POLICY, with_policies(name="PIN", minimum_pin_length=8, assignments=ASSIGNED, purge_assignments=False)),
    Scenario("policy updated in the catalog", POLICY, with_policies(name="PIN catalog", backend="settings_catalog", pin_history=3)),
    Scenario("policy moved", POLICY, with_policies(name="PIN", backend="settings_catalog", replace_custom=True)),
    Scenario("policy removed", POLICY, with_policies(name="PIN", state="absent")),
    Scenario("policy in check mode", POLICY, with_policies(name="PIN", minimum_pin_length=8, assignments=ASSIGNED), check=True),
    Scenario("probe", intune_pin_probe, lambda world: {"assignments": ASSIGNED, "scope_tags": ["Berlin"]}),
    Scenario("probe with approval", intune_pin_probe, lambda world: {"approval_justification": "new"}, settings=PROTECTED),
    Scenario("probe changed", intune_pin_probe, with_probe(assignments=ASSIGNED, schedule={"repeat": "hourly"}, purge_assignments=False)),
    Scenario("probe in check mode", intune_pin_probe, with_probe(assignments=ASSIGNED), check=True),
    Scenario("probe removed", intune_pin_probe, with_probe(state="absent")),
    Scenario("policies", intune_pin_policy_info, with_policies(rollout="overview")),
    Scenario("policies by device", intune_pin_policy_info, with_policies(rollout="devices", rollout_timeout=30)),
    Scenario("readiness", intune_pin_readiness_info, with_policies(count_devices=True)),
    Scenario("readiness of a connected tenant", intune_pin_readiness_info, connected(terms="role")),
    Scenario("readiness by device", intune_pin_readiness_info, with_policies(rollout="devices", rollout_timeout=30, expect=EXPECTED)),
    Scenario("readiness with the probe", intune_pin_readiness_info, connected(probe=True, probe_devices=True), seed="helpdesk"),
    # Files go to the working directory, which is separate for each case.
    Scenario("report", intune_pin_report, with_policies(directory=".")),
    Scenario("report by device, in check mode", intune_pin_report, with_policies(directory=".", rollout="devices"), check=True),
    Scenario("consent", CONSENT, seed="empty"),
    Scenario("consent in check mode", CONSENT, seed="empty", check=True),
    Scenario("consent withdrawn", CONSENT, connected(state="absent", purge_grants=True), settings={"visibility_reads": 1}),
    Scenario("state of the consent", intune_pinreset_consent_info, connected()),
    Scenario("inventory", intune_devices, after_reset(compose={"label": "intune_device_name ~ '!'"}, strict=True)),
    Scenario("inventory of a group", intune_devices, lambda world: {"device_groups": ["Helpdesk phones"], "eligible": False}),
    Scenario("passes", entra_temporary_access_pass, for_users(), settings=ALLOWED),
    Scenario("passes in place of others", entra_temporary_access_pass, for_users(held=True, replace=True), settings=ALLOWED),
    Scenario("passes in check mode", entra_temporary_access_pass, for_users(start="2026-01-06T08:00:00"), settings=ALLOWED, check=True),
    Scenario("passes removed", entra_temporary_access_pass, for_users(held=True, state="absent"), settings=ALLOWED),
    Scenario("steps for a user", intune_pin_recovery, with_policies(user=USERS[0]), seed="helpdesk"),
    Scenario("steps after a run on demand", intune_pin_recovery, lambda world: {"user": USERS[0], "fresh": True}, seed="helpdesk"),
    Scenario("steps in check mode", intune_pin_recovery, lambda world: {"user": USERS[0], "fresh": True}, seed="helpdesk", check=True),
    Scenario("an application", entra_application, as_person(unique_name="ops", **WHOLE), settings={"visibility_reads": 1}),
    Scenario("an application changed", entra_application, as_person(made=True, purge_federated_credentials=True, **WHOLE)),
    Scenario("an application planned", entra_application, as_person(unique_name="ops", **WHOLE), check=True),
    Scenario("an application removed", entra_application, as_person(made=True, state="absent")),
    Scenario("a managed identity", entra_application, as_person(managed_identity="Automation host", modules=["intune_pin_report"])),
    Scenario("applications", entra_application_info, as_person(name="Endpoint automation")),
    Scenario("passes of users", entra_temporary_access_pass_info, lambda world: {"users": list(USERS)}),
    Scenario("inventory in groups", intune_devices, lambda world: dict(GROUPED), seed="fleet:8", signs_in=True, settings={"page_size": 3}),
)

HOSTILE: tuple[t.Any, ...] = (
    *(None, True, 0, -1, 1, 10**400, -(10**400), 1e308, float("nan"), float("inf"), "", " ", "\x00", "a\x00b", "\ud800", "x" * 70_000),
    *("\u202ePC\u200b", "first\nsecond", "../..", "?$filter=1#", "nan", "-inf", "1e400", "9" * 5000, "0" * 5000, "{{ 7 * 7 }}", b"x"),
    *([], {}, [None], [[]], ["a\x00b"], ["\ud800"], [10**400], {"a": 1}, [{}], [{"target": "group", "group": "\x00"}], ["x"] * 200),
    *(
        "00000000-0000-0000-0000-000000000000",
        "https://[",
        "2026-01-05T10:00:00+99:99",
        "9999-12-31T23:59:59Z",
        "0001-01-01T00:00:00+23:59",
    ),
)
# These decide where requests go and with which credential: the run must reach the tenant.
KEPT = frozenset({"access_token", "auth_method", "client_secret"})


def make_hostile(chance: random.Random, scenario: Scenario, options: Options) -> Options:
    """Return the options of a task with one or two unexpected ones."""
    names = chance.sample(sorted(set(scenario.options) - KEPT), chance.choice((1, 1, 2)))
    return {**options, **{name: copy.deepcopy(chance.choice(HOSTILE)) for name in names}}
