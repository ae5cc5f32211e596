# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The names of options for the caller of a check: options of modules, or variables of the role pin_reset. Pure."""

from __future__ import annotations

import dataclasses
import types
import typing as t

from .settings import BY_OPTION

POLICY_MODULE = "intune_pin_policy"
CONSENT_MODULE = "intune_pinreset_consent"
SETTINGS_VARIABLE = "pin_reset_policy_settings"
ALWAYS_SET = "enable_pin_recovery"  # the role sets it without a variable
# Options in messages: the module, and the variable of the role.
OPTIONS: t.Mapping[str, tuple[str, str]] = types.MappingProxyType(
    {
        "name": (POLICY_MODULE, "pin_reset_policy_name"),
        "description": (POLICY_MODULE, "pin_reset_policy_description"),
        "scope": (POLICY_MODULE, "pin_reset_policy_scope"),
        "backend": (POLICY_MODULE, "pin_reset_policy_backend"),
        "replace_custom": (POLICY_MODULE, "pin_reset_policy_replace_custom"),
        "force": (POLICY_MODULE, "pin_reset_policy_force"),
        "assignments": (POLICY_MODULE, "pin_reset_assignments"),
        "purge_assignments": (POLICY_MODULE, "pin_reset_purge_assignments"),
        "scope_tags": (POLICY_MODULE, "pin_reset_scope_tags"),
        "rollout": ("intune_pin_policy_info", "pin_reset_rollout"),
        "device": ("intune_pin_readiness_info", "pin_reset_ready_device"),
        "wait_timeout": ("intune_pin_readiness_info", "pin_reset_ready_timeout"),
        "service_scopes": (CONSENT_MODULE, "pin_reset_service_scopes"),
        "client_scopes": (CONSENT_MODULE, "pin_reset_client_scopes"),
        "purge_grants": (CONSENT_MODULE, "pin_reset_purge_grants"),
    }
)


@dataclasses.dataclass(frozen=True)
class Terms:
    """The terms with which a message names options and tasks: noun phrases to follow "set", "with", or "run"."""

    is_role: bool

    def option(self, name: str) -> str:
        """Return an option of a module, or the role's variable for it."""
        module, variable = OPTIONS[name]
        return variable if self.is_role else f"'{name}' of {module}"

    def expected_name(self) -> str:
        """Return the option that names the expected policy."""
        return self.option("name") if self.is_role else "'name' in 'expect'"

    def setting(self, name: str) -> str:
        """Return a setting of Windows Hello for Business."""
        option = BY_OPTION[name].option
        if not self.is_role:
            return f"'{option}' of {POLICY_MODULE}"
        return option if option == ALWAYS_SET else f"{SETTINGS_VARIABLE}.{option}"

    def means_to_set(self, name: str) -> str:
        """Return the means of setting a setting, to follow "by"."""
        is_always_set = self.is_role and BY_OPTION[name].option == ALWAYS_SET
        return f"a run of {self.policy_task()}" if is_always_set else self.setting(name)

    def allow_recovery(self) -> str:
        """Return the sentence that explains how to allow PIN recovery in a policy."""
        how = "which allows PIN recovery" if self.is_role else f"with '{ALWAYS_SET}' set to true"
        return f"Run {self.policy_task()}{', ' if self.is_role else ' '}{how}."

    def policy_task(self) -> str:
        """Return the task that writes the policy."""
        return "endpointops.intune.onboard" if self.is_role else POLICY_MODULE

    def consent_task(self) -> str:
        """Return the task that connects the tenant to the PIN Reset Service."""
        return "endpointops.intune.onboard" if self.is_role else CONSENT_MODULE


MODULE_TERMS = Terms(is_role=False)
ROLE_TERMS = Terms(is_role=True)


def name_option(name: str) -> str:
    """Return an option for a message of its module. Add the role's variable, because the module does not know whether the role runs it."""
    return f"{name} (in the role {ROLE_TERMS.option(name)})"
