# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test tasks to paste: YAML with the intended meaning, with any names in it."""

from __future__ import annotations

import typing as t

import pytest
import yaml
from hypothesis import given

from ansible_collections.endpointops.intune.plugins.module_utils._report import tasks
from ansible_collections.endpointops.intune.plugins.module_utils._report.findings import make_policies
from ansible_collections.endpointops.intune.plugins.modules import intune_pin_policy, intune_pin_policy_info, intune_pinreset_consent
from tests.support import reports

MODULES = {module.SPEC.module: module.SPEC.argument_spec for module in (intune_pin_policy, intune_pin_policy_info, intune_pinreset_consent)}
FOUND = make_policies(
    {
        "policies": [
            reports.policy(1, settings={"enable_pin_recovery": True, "minimum_pin_length": 6}),
            reports.policy(2, surface="security_baseline", backend=None, settings={"enable_pin_recovery": False, "minimum_pin_length": 8}),
            reports.policy(3, backend="custom", surface="custom", settings={"enable_pin_recovery": False}, assignments=[]),
            reports.policy(4, user_settings={"enable_pin_recovery": True}, settings={"enable_pin_recovery": False}),
        ]
    }
)


THIRD = {"id": reports.policy_id(3), "backend": "custom"}


class Unsafe(str):
    """A text that Ansible does not evaluate."""


class Loader(yaml.SafeLoader):
    """YAML with Ansible's tag for such texts."""


Loader.add_constructor("!unsafe", lambda loader, node: Unsafe(loader.construct_scalar(node)))


def load(text: str) -> t.Any:
    (task,) = yaml.load(text, Loader)  # a SafeLoader
    return task


def options(text: str) -> tuple[str, dict[str, t.Any]]:
    """Return the module and the options of a task; each option is one of that module."""
    task = load(text)
    (module,) = set(task) - {"name"}
    name = module.removeprefix("endpointops.intune.")
    assert set(task[module]) <= set(MODULES[name])
    return name, task[module]


@given(reports.NAMES)
def test_a_name_comes_back_as_it_is_and_is_never_evaluated(name: str) -> None:
    value = load(tasks.render_task("x", "intune_pin_policy", {"name": name}))["endpointops.intune.intune_pin_policy"]["name"]
    halves = "".join("\ufffd" if "\ud800" <= character <= "\udfff" else character for character in name)
    assert value == halves and isinstance(value, str)
    assert isinstance(value, Unsafe) == any(mark in name for mark in ("{{", "{%", "{#"))


@given(reports.NAMES)
def test_nothing_invisible_is_in_a_task(name: str) -> None:
    text = tasks.render_task(name, "intune_pin_policy", {"name": name})
    assert len(text.splitlines()) == 3
    assert all(character.isprintable() or character == "\n" for character in text)


def test_values_keep_their_types() -> None:
    given_options = {"a": True, "b": 7, "c": None, "d": ["x", "yes"], "e": [{"target": "group", "group": "1e3"}], "f": [], "g": "no"}
    assert load(tasks.render_task("x", "m", given_options))["endpointops.intune.m"] == given_options
    assert load(tasks.render_task("x", "m", {}))["endpointops.intune.m"] == {}


@pytest.mark.parametrize(
    ("code", "policies", "settings", "module", "expected"),
    [
        ("hello_off", [2], ["use_passport_for_work"], "intune_pin_policy", {**THIRD, "use_passport_for_work": True}),
        ("ess_off", [2], [], "intune_pin_policy", {**THIRD, "enable_ess_with_supported_peripherals": True}),
        ("web_sign_in_off", [2], [], "intune_pin_policy", {**THIRD, "enable_web_sign_in": "enabled"}),
        ("wrong_type", [2], [], "intune_pin_policy_info", {"id": reports.policy_id(3)}),
        ("of_tomorrow", [2], ["minimum_pin_length"], "intune_pin_policy_info", {"id": reports.policy_id(3)}),
        (
            "not_assigned",
            [2],
            [],
            "intune_pin_policy",
            {"id": reports.policy_id(3), "backend": "custom", "assignments": tasks.ASSIGNMENTS},
        ),
        (
            "conflict",
            [0, 1],
            ["enable_pin_recovery", "minimum_pin_length"],
            "intune_pin_policy",
            {"id": reports.policy_id(1), "backend": "settings_catalog", "minimum_pin_length": 8},
        ),
        ("conflict", [0, 1], ["enable_pin_recovery"], "intune_pin_policy_info", {"id": reports.policy_id(2)}),
        (
            "conflict",
            [0, 2],
            ["enable_pin_recovery"],
            "intune_pin_policy",
            {"id": reports.policy_id(3), "backend": "custom", "enable_pin_recovery": True},
        ),
        (
            "user_against_device",
            [3],
            ["enable_pin_recovery"],
            "intune_pin_policy",
            {"id": reports.policy_id(4), "backend": "settings_catalog", "enable_pin_recovery": True},
        ),
        ("conflict", [1], ["enable_pin_recovery"], "intune_pin_policy_info", {"id": reports.policy_id(2)}),
        (
            "hello_off_at_enrollment",
            [1],
            [],
            "intune_pin_policy",
            {"name": "PIN recovery", "enable_pin_recovery": True, "use_passport_for_work": True, "assignments": tasks.ASSIGNMENTS},
        ),
        ("of_tomorrow", [], [], "intune_pin_policy_info", {}),
    ],
)
def test_tasks_of_findings(code: str, policies: list[int], settings: list[str], module: str, expected: dict[str, t.Any]) -> None:
    """A conflict is never settled by turning PIN recovery off."""
    assert options(tasks.make_finding_task(code, [FOUND[number] for number in policies], settings)) == (module, expected)


@pytest.mark.parametrize(
    ("path", "value", "values"),
    [
        ("./Vendor/MSFT/Policy/PassportForWork/x/Policies/EnablePinRecovery", True, {"enable_pin_recovery": True}),
        ("./Device/Vendor/MSFT/PassportForWork/x/Policies/EnablePINReset", True, {"enable_pin_recovery": True}),
        ("./Device/Vendor/MSFT/PassportForWork/x/Policies/EnablePinRecovery", "false", {"enable_pin_recovery": True}),
        ("./Device/Vendor/MSFT/PassportForWork/x/Policies/PINComplexity/minimumpinlength", 8, {"minimum_pin_length": 8}),
        ("./Device/Vendor/MSFT/PassportForWork/x/Policies/PINComplexity/MinimumPINLength", 800, {}),
        ("./Device/Vendor/MSFT/PassportForWork/x/Policies/RequireSecurityDevice/", "True", {"require_security_device": True}),
        ("./Device/Vendor/MSFT/PassportForWork/DynamicLock/Plugins", "<x/>", {}),
        ("./Device/Vendor/MSFT/PassportForWork/Biometrics/Unknown", True, {}),
    ],
)
def test_a_wrong_path_means_the_setting_of_its_last_part(path: str, value: t.Any, values: dict[str, t.Any]) -> None:
    assert tasks.guess_values([(path, value)]) == values
    module, _options = options(tasks.make_finding_task("unknown_path", [FOUND[2]], [], [(path, value)]))
    assert module == ("intune_pin_policy" if values else "intune_pin_policy_info")


@pytest.mark.parametrize(
    ("code", "level", "policies", "module"),
    [
        ("not_connected", "connected", [], "intune_pinreset_consent"),
        ("consent_unread", "connected", [], None),
        ("policy_missing", "configured", [], "intune_pin_policy"),
        ("pin_recovery_off", "configured", [2], "intune_pin_policy"),
        ("hello_off", "configured", [0], "intune_pin_policy"),
        ("deleted_groups", "configured", [0], "intune_pin_policy"),
        ("defeated", "configured", [0, 1], None),
        ("hello_off_at_enrollment", "configured", [1], None),
        ("not_arrived", "arrived", [0], "intune_pin_policy_info"),
        ("status_not_asked", "arrived", [0], None),
    ],
)
def test_tasks_of_reasons(code: str, level: str, policies: list[int], module: str | None) -> None:
    task = tasks.make_reason_task(code, level, [FOUND[number] for number in policies])
    assert (options(task)[0] if task else None) == module
    if code == "policy_missing":
        assert task is not None and options(task)[1]["enable_pin_recovery"] is True


@pytest.mark.parametrize(
    ("counts", "name"),
    [
        ([{"pending": 3}], "Show the check-in status of the policy"),
        ([{"error": 1}], "Show on which devices the policy failed"),
        ([{"conflict": 1}, {}], "Show on which devices the policy failed"),
        ([{"error": 1}, {"pending": 3}], "Show on which devices the policy failed"),
        ([{"not_applicable": 2}], "Show the check-in status of the policy"),
        ([None], "Show the check-in status of the policy"),
        ([], "Show the check-in status of the policy"),
    ],
)
def test_the_task_for_a_policy_that_has_not_arrived_is_named_by_what_there_is(counts: list[t.Any], name: str) -> None:
    found = [reports.policy(at, rollout=None if each is None else reports.status(**each)) for at, each in enumerate(counts)]
    task = tasks.make_reason_task("not_arrived", "arrived", make_policies({"policies": found}))
    assert task is not None and load(task)["name"] == name


@given(reports.FINDINGS, reports.POLICIES, reports.POLICIES)
def test_every_finding_has_a_task_that_can_be_run(finding: reports.Json, first: reports.Json, second: reports.Json) -> None:
    policies = make_policies({"policies": [first, second]})
    module, _options = options(tasks.make_finding_task(finding["code"], policies, finding["settings"]))
    assert module in MODULES


@given(reports.CODES)
def test_every_page_is_one_of_microsoft(code: str) -> None:
    title, address = tasks.find_link("configured", code)
    assert title.startswith("Microsoft") and address.startswith("https://learn.microsoft.com/")
