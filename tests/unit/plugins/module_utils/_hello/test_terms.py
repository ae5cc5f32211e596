# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import yaml

from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import SETTINGS
from ansible_collections.endpointops.intune.plugins.module_utils._hello.terms import ALWAYS_SET, MODULE_TERMS, OPTIONS, ROLE_TERMS

ROOT = Path(__file__).parents[5]
SPECS = yaml.safe_load((ROOT / "roles/pin_reset/meta/argument_specs.yml").read_text(encoding="utf-8"))["argument_specs"]
VARIABLES = {name: option for entry in SPECS.values() for name, option in entry["options"].items()}


@pytest.mark.parametrize("name", OPTIONS)
def test_an_option_is_named_as_the_asker_knows_it(name: str) -> None:
    module, variable = OPTIONS[name]
    spec = importlib.import_module(f"ansible_collections.endpointops.intune.plugins.modules.{module}").SPEC
    assert name in spec.argument_spec
    assert variable in VARIABLES
    assert MODULE_TERMS.option(name) == f"'{name}' of {module}"
    assert ROLE_TERMS.option(name) == variable


@pytest.mark.parametrize("name", [setting.option for setting in SETTINGS])
def test_a_setting_is_named_as_the_asker_knows_it(name: str) -> None:
    assert MODULE_TERMS.setting(name) == f"'{name}' of intune_pin_policy"
    if name == ALWAYS_SET:
        assert ROLE_TERMS.setting(name) == "enable_pin_recovery"
        assert ROLE_TERMS.means_to_set(name) == "a run of endpointops.intune.onboard"
    else:
        variable, _dot, key = ROLE_TERMS.setting(name).partition(".")
        assert key in VARIABLES[variable]["options"]


@pytest.mark.parametrize("name", [setting.option for setting in SETTINGS if setting.option != ALWAYS_SET])
def test_a_setting_is_the_means_to_set_it(name: str) -> None:
    for terms in (MODULE_TERMS, ROLE_TERMS):
        assert terms.means_to_set(name) == terms.setting(name)


def test_how_recovery_is_allowed_is_told_in_the_words_of_the_asker() -> None:
    assert ROLE_TERMS.allow_recovery() == "Run endpointops.intune.onboard, which allows PIN recovery."
    assert MODULE_TERMS.allow_recovery() == "Run intune_pin_policy with 'enable_pin_recovery' set to true."


def test_an_unknown_name_is_a_programming_error() -> None:
    with pytest.raises(KeyError):
        MODULE_TERMS.option("nope")
    with pytest.raises(KeyError):
        ROLE_TERMS.setting("nope")


def test_tasks_exist() -> None:
    for terms in (MODULE_TERMS, ROLE_TERMS):
        folder, ending = ("playbooks", ".yml") if terms.is_role else ("plugins/modules", ".py")
        for task in (terms.policy_task(), terms.consent_task()):
            assert (ROOT / folder / f"{task.rpartition('.')[2]}{ending}").is_file()
