# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the state of one device. Unknown is never yes."""

from __future__ import annotations

import itertools
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._access_pass.model import User
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import Device
from ansible_collections.endpointops.intune.plugins.module_utils._recovery import device_state
from ansible_collections.endpointops.intune.plugins.module_utils._recovery.model import PolicyStatus, ProbeReport, Tenant, UserDevice

NEW, OLD = "10.0.26100.4349", "10.0.19045.5965"
UPN = "ada@contoso.test"
READY = Tenant("yes", "yes", True)
ADA = User("1", UPN, "Ada Example")
STATUSES = ("succeeded", "error", "conflict", "pending", "not_applicable", "other", None)


def device(join: t.Any = "entra_joined", version: str | None = NEW, **members: t.Any) -> UserDevice:
    record = Device("1", "PC-1", "Windows", version, management_agent=members.pop("agent", "mdm"))
    return UserDevice(record, join, name="PC-1", **members)


def policy(status: t.Any, value: bool = True) -> PolicyStatus:
    return PolicyStatus("Web sign-in" if value else "Kiosks", value, status)


@pytest.mark.parametrize(
    ("found", "tenant", "state", "word"),
    [
        pytest.param(device(web_sign_in=(policy("succeeded"),)), READY, "on", "has arrived", id="arrived"),
        pytest.param(device(), READY, "off", "No policy", id="no policy"),
        pytest.param(device(), Tenant("yes", "yes", False), "unknown", "not all policies could be read", id="policies unread"),
        pytest.param(device(web_sign_in=(policy("pending"),)), READY, "unknown", "if it reaches this device", id="pending"),
        pytest.param(device(web_sign_in=(policy(None),)), READY, "unknown", "no check-in status", id="nothing reported"),
        pytest.param(device(web_sign_in=(policy("error"),)), READY, "unknown", "error", id="in error for any of its settings"),
        pytest.param(device(web_sign_in=(policy("not_applicable"),)), READY, "off", "No policy", id="not applicable"),
        pytest.param(device(web_sign_in=(policy("succeeded", False),)), READY, "off", "turns web sign-in off", id="turned off"),
        pytest.param(device(web_sign_in=(policy("succeeded"), policy(None, False))), READY, "on", "arrived", id="the other is elsewhere"),
        pytest.param(
            device(web_sign_in=(policy("succeeded"), policy("succeeded", False))), READY, "unknown", "both are reported", id="both applied"
        ),
        pytest.param(device(version=OLD, web_sign_in=(policy("succeeded"),)), READY, "off", "KB5030310", id="Windows 10"),
        pytest.param(device(version="10.0.22621.1", web_sign_in=(policy("succeeded"),)), READY, "off", "KB5030310", id="22H2, not updated"),
        pytest.param(device(version="10.0.22621.2361", web_sign_in=(policy("succeeded"),)), READY, "on", "arrived", id="22H2, updated"),
        pytest.param(device(version="10.0.22621", web_sign_in=(policy("succeeded"),)), READY, "unknown", "not known", id="no revision"),
        pytest.param(device(version=None, web_sign_in=(policy("succeeded"),)), READY, "unknown", "not known", id="version not known"),
        pytest.param(device("unknown", web_sign_in=(policy("succeeded"),)), READY, "unknown", "joined is not known", id="join not known"),
        pytest.param(device("hybrid_joined", web_sign_in=(policy("succeeded"),)), READY, "not_applicable", "no others", id="hybrid"),
        pytest.param(device("registered", web_sign_in=(policy("succeeded"),)), READY, "not_applicable", "no others", id="registered"),
    ],
)
def test_web_sign_in(found: UserDevice, tenant: Tenant, state: str, word: str) -> None:
    got, reasons = device_state.judge_web_sign_in(found, tenant)
    assert got == state and any(word in reason for reason in reasons)


def test_web_sign_in_is_on_by_a_policy_that_has_arrived_and_never_otherwise() -> None:
    joins = ("entra_joined", "hybrid_joined", "registered", "not_joined", "unknown")
    values = [policy(status, value) for status in STATUSES for value in (True, False)]
    for join, version, known, first, second in itertools.product(joins, (NEW, OLD, None), (True, False), values, values):
        found = device(join, version, web_sign_in=(first, second))
        state, reasons = device_state.judge_web_sign_in(found, Tenant("yes", "yes", known))
        assert reasons and all(reasons)
        arrived = any(each.value and each.status == "succeeded" for each in (first, second))
        assert state != "on" or (join == "entra_joined" and version == NEW and arrived)


def probe(state: str = "proven", user: str | None = UPN, *codes: str, age: int | None = 7200) -> ProbeReport:
    return ProbeReport(state, user, "2026-01-05T08:00:00Z", age, codes, tuple(f"because of {code}" for code in codes))


@pytest.mark.parametrize(
    ("found", "tenant", "kind", "word"),
    [
        pytest.param(device(probe=probe()), READY, "non_destructive", "last change 2 hours ago", id="proven"),
        pytest.param(device(probe=probe(user="ADA@contoso.test")), READY, "non_destructive", "itself", id="letter case of the name"),
        pytest.param(device(probe=probe(user="ada example")), READY, "non_destructive", "itself", id="display name"),
        pytest.param(device(probe=probe(user="bob@contoso.test")), READY, "unknown", "'bob@contoso.test'", id="another person"),
        pytest.param(device(probe=probe(user=None)), READY, "unknown", "an unknown person", id="nobody knows who"),
        pytest.param(device(probe=probe(user="AzureAD\\Ada")), READY, "unknown", "as far as that is known", id="a name of another form"),
        pytest.param(device(probe=probe("not_proven", UPN, "destructive_only")), READY, "destructive", "because of", id="destructive"),
        pytest.param(device(probe=probe("not_proven", UPN, "no_pin")), READY, "none", "because of no_pin", id="no PIN"),
        pytest.param(device(probe=probe("not_proven", UPN, "not_joined")), READY, "unknown", "because of not_joined", id="says not joined"),
        pytest.param(device(probe=probe()), Tenant("no", "yes", True), "unknown", "not connected", id="proven, and disconnected since"),
        pytest.param(device(probe=probe("unknown", UPN, "device_refused")), READY, "unknown", "because of device_refused", id="silent"),
        pytest.param(device(probe=probe("pending")), READY, "unknown", "not said so", id="pending"),
        pytest.param(device(), Tenant("no", "yes", True), "destructive", "not connected", id="not connected"),
        pytest.param(device(), Tenant("yes", "no", True), "destructive", "No policy", id="not configured"),
        pytest.param(device("hybrid_joined"), Tenant("yes", "no", True), "unknown", "Group policies", id="not configured, domain"),
        pytest.param(device("unknown"), Tenant("yes", "no", True), "unknown", "No policy of Intune", id="not configured, join not known"),
        pytest.param(
            device(agent="configurationManagerClientMdm"),
            Tenant("yes", "no", True),
            "unknown",
            "Configuration",
            id="not configured, co-managed",
        ),
        pytest.param(device("hybrid_joined"), Tenant("no", "no", True), "destructive", "not connected", id="not connected, domain"),
        pytest.param(device(), Tenant("unknown", "yes", True), "unknown", "not known", id="consent unread"),
        pytest.param(device(), Tenant("yes", "unknown", True), "unknown", "not known", id="policies unread"),
        pytest.param(device(recovery=(policy("succeeded"),)), READY, "unknown", "has arrived on the device", id="arrived, not proven"),
        pytest.param(device(recovery=(policy("pending"),)), READY, "unknown", "if it reaches this device", id="pending policy"),
        pytest.param(device(), READY, "unknown", "not said so", id="no policy known for it"),
        pytest.param(device(version="10.0.14393.7426", probe=probe()), READY, "destructive", "1703", id="too old"),
        pytest.param(device("registered", probe=probe()), READY, "none", "This one is not", id="registered"),
        pytest.param(device("hybrid_joined"), READY, "unknown", "Group policies", id="domain"),
        pytest.param(device(agent="configurationManagerClientMdm"), READY, "unknown", "Configuration Manager", id="co-managed"),
    ],
)
def test_reset(found: UserDevice, tenant: Tenant, kind: str, word: str) -> None:
    got, reasons = device_state.judge_reset(found, tenant, ADA)
    assert got == kind and any(word in reason for reason in reasons)


def test_a_reset_without_loss_needs_the_word_of_the_device_about_this_user() -> None:
    states = ("yes", "no", "unknown")
    probes = [None, *(probe(state, user) for state in ("proven", "not_proven", "unknown", "pending") for user in (UPN, "b@contoso.test"))]
    joins = ("entra_joined", "hybrid_joined", "registered", "not_joined", "unknown")
    for join, connected, configured, report, status in itertools.product(joins, states, states, probes, STATUSES):
        found = device(join, probe=report, recovery=(policy(status),))
        kind, reasons = device_state.judge_reset(found, Tenant(connected, configured, True), ADA)  # type: ignore[arg-type]  # of product
        assert reasons and all(reasons)
        assert kind != "non_destructive" or (report is not None and report.state == "proven" and report.user == UPN and connected != "no")


@pytest.mark.parametrize(
    ("intune", "probed", "join"),
    [
        ("azureADJoined", "hybrid_joined", "entra_joined"),
        ("hybridAzureADJoined", None, "hybrid_joined"),
        ("azureADRegistered", None, "registered"),
        ("unknown", "hybrid_joined", "hybrid_joined"),
        (None, "domain_joined", "not_joined"),
        (None, None, "unknown"),
        ("another", None, "unknown"),
    ],
)
def test_the_device_says_how_it_is_joined_where_intune_does_not(intune: str | None, probed: str | None, join: str) -> None:
    assert device_state.parse_join(intune, probed) == join


def test_computers_are_told_from_other_devices() -> None:
    phone = Device("2", "PHONE", "Windows", "10.0.15254.603", device_type="windowsPhone")
    others = [phone, Device("3", "X", "Android"), Device("4", "Y", "Android"), Device("5", "Z", "macOS"), Device("6", "Q", "Tizen")]
    assert [device_state.is_computer(each) for each in (Device("1", "PC", "Windows", NEW), *others)] == [True, *[False] * 5]
    assert device_state.list_others(others) == ("Windows phone", "Android", "macOS", "another system")


def test_devices_of_one_name_are_told_apart() -> None:
    devices = [Device("1", "PC", serial_number="A"), Device("2", "pc", serial_number="B"), Device("3", "X"), Device("4", None)]
    assert list(device_state.name_devices(devices).values()) == ["PC (A)", "pc (B)", "X", "the device 4"]
