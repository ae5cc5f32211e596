# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The options: those that every module takes to connect, how a module adds its own, and their validation."""

from __future__ import annotations

import dataclasses
import os
import typing as t

from ansible.module_utils.basic import AnsibleFallbackNotFound
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

Options = dict[str, dict[str, t.Any]]


def first_set(*names: str) -> str:
    """Return the first of these environment variables that is not empty: AWX renders an unset input as ''."""
    for name in names:
        if os.environ.get(name):
            return os.environ[name]
    raise AnsibleFallbackNotFound


CONNECTION: Options = {
    "auth_method": {
        "type": "str",
        "default": "auto",
        "choices": ["auto", "client_secret", "client_certificate", "managed_identity", "workload_identity", "azure_cli", "access_token"],
    },
    "tenant_id": {"type": "str", "fallback": (first_set, ["INTUNE_TENANT_ID", "AZURE_TENANT_ID", "AZURE_TENANT"])},
    "client_id": {"type": "str", "fallback": (first_set, ["INTUNE_CLIENT_ID", "AZURE_CLIENT_ID"])},
    "client_secret": {
        "type": "str",
        "no_log": True,
        "fallback": (first_set, ["INTUNE_CLIENT_SECRET", "AZURE_CLIENT_SECRET", "AZURE_SECRET"]),
    },
    "client_certificate_path": {"type": "path", "fallback": (first_set, ["INTUNE_CLIENT_CERTIFICATE_PATH"])},
    "client_certificate_passphrase": {"type": "str", "no_log": True, "fallback": (first_set, ["INTUNE_CLIENT_CERTIFICATE_PASSPHRASE"])},
    "federated_token_path": {
        "type": "path",
        "no_log": False,
        "fallback": (first_set, ["INTUNE_FEDERATED_TOKEN_PATH", "AZURE_FEDERATED_TOKEN_FILE"]),
    },
    "managed_identity_client_id": {"type": "str"},
    "access_token": {"type": "str", "no_log": True, "fallback": (first_set, ["INTUNE_ACCESS_TOKEN"])},
    "cloud": {
        "type": "str",
        "default": "global",
        "choices": ["global", "us_gov_l4", "us_gov_l5", "china"],
        "fallback": (first_set, ["INTUNE_CLOUD"]),
    },
    "graph_url": {"type": "str", "fallback": (first_set, ["INTUNE_GRAPH_URL"])},
    "authority_url": {"type": "str", "fallback": (first_set, ["INTUNE_AUTHORITY_URL"])},
    "ca_path": {"type": "path", "fallback": (first_set, ["INTUNE_CA_PATH"])},
    "validate_certs": {"type": "bool", "default": True},
    "timeout": {"type": "float", "default": 30},
    "retry_timeout": {"type": "float", "default": 120},
    "token_cache_path": {"type": "path", "no_log": False, "fallback": (first_set, ["INTUNE_TOKEN_CACHE_PATH"])},
}

# For modules that work on devices. The choices are those of _devices.model.MATCH_BY, and a test holds them together.
SELECTION: Options = {
    "devices": {"type": "list", "elements": "str"},
    "match_by": {
        "type": "str",
        "choices": ["auto", "id", "device_name", "serial_number", "user_principal_name", "azure_ad_device_id"],
        "default": "auto",
    },
    "device_groups": {"type": "list", "elements": "str"},
}

# For modules that hand passcodes over.
HANDOVER: Options = {
    "seal_to": {"type": "list", "elements": "str"},
    "return_passcode": {"type": "bool", "default": False, "no_log": False},
}

# For modules whose writes Multi Admin Approval may protect.
APPROVAL: Options = {
    "approval_justification": {"type": "str"},
    "approval_code": {"type": "str", "no_log": False},
}


@dataclasses.dataclass(frozen=True)
class Secret:
    """A secret value of a module's result.

    ``path`` has a key for each level, and ``[]`` behind one whose value is a list. ``option`` is the boolean option that puts the value
    into the result in clear. ``noun`` is the plural for messages.
    """

    path: str
    option: str
    noun: str

    def __post_init__(self) -> None:
        if self.path.endswith("[]"):
            raise ValueError(f"{self.path}: a secret must be a value with a key, not an entry of a list.")

    @property
    def key(self) -> str:
        """The last key of the path."""
        return self.path.rpartition(".")[2]


PASSCODE = Secret("results[].passcode", "return_passcode", "passcodes")


@dataclasses.dataclass(frozen=True)
class Spec:
    """A module's name, its options, how they depend on each other in the words of AnsibleModule, and the secrets of its result."""

    module: str
    argument_spec: Options
    relations: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    secrets: tuple[Secret, ...] = ()


def make_spec(module: str, own: Options | None = None, *, secrets: tuple[Secret, ...] = (), **relations: t.Any) -> Spec:
    """Return the spec of a module: its own options beside those of the connection. ``relations``: required_if, mutually_exclusive, ..."""
    return Spec(module, {**CONNECTION, **(own or {})}, relations, secrets)


LONGEST_NUMBER = 18  # digits of a number in an option


@dataclasses.dataclass(frozen=True)
class Validated:
    """Parameters as AnsibleModule would have them, and the rest of what its validation finds.

    ``secrets``: the values of all options with no_log, nested ones too. ``deprecations`` as a result holds them.
    """

    params: dict[str, t.Any]
    problems: list[str]
    secrets: set[str]
    warnings: list[str]
    deprecations: list[dict[str, t.Any]]


def validate(argument_spec: Options, arguments: t.Mapping[str, t.Any], relations: t.Mapping[str, t.Any] | None = None) -> Validated:
    """Validate arguments without a module's process.

    The only place that reads private members of ansible-core's result, since it has no public ones for them.
    """
    problems = find_unusable_numbers(argument_spec, arguments)
    if problems:
        return Validated({}, problems, set(), [], [])
    try:
        result = ArgumentSpecValidator(argument_spec, **(relations or {})).validate(dict(arguments))
    except Exception as failure:  # ansible-core expects no bytes, and no numbers without end, where other values are meant
        return Validated({}, [f"An option has a value of a type that no option takes ({type(failure).__name__})."], set(), [], [])
    return Validated(
        params=result.validated_parameters,
        problems=list(result.error_messages),
        secrets=set(result._no_log_values),
        warnings=[f"Both option {found['option']} and its alias {found['alias']} are set." for found in result._warnings],
        deprecations=[dict(found) for found in result._deprecations],
    )


def find_unusable_numbers(argument_spec: Options, arguments: t.Mapping[str, t.Any]) -> list[str]:
    """Return a problem for each number that is too large for its option, or is none: ansible-core raises OverflowError for some."""
    return [
        f"{name} must be a number of at most {LONGEST_NUMBER} digits."
        for name, value in arguments.items()
        if argument_spec.get(name, {}).get("type") in ("int", "float") and not _is_usable(value)
    ]


def _is_usable(value: t.Any) -> bool:
    try:
        return abs(float(value)) < float(10**LONGEST_NUMBER)
    except OverflowError:
        return False
    except (TypeError, ValueError):
        # ansible-core's own message fits.
        return True


def without_blanks(arguments: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return a task's arguments without connection options of '', which is what a template of an unset variable gives."""
    return {name: value for name, value in arguments.items() if not (name in CONNECTION and value == "")}


def with_plain_text(value: t.Any) -> t.Any:
    """Return a copy in which inline vaulted strings are text: before ansible-core 2.19 they are objects that no option takes."""
    if isinstance(value, dict):
        return {name: with_plain_text(item) for name, item in value.items()}
    if isinstance(value, list):
        return [with_plain_text(item) for item in value]
    return str(value) if getattr(value, "__ENCRYPTED__", False) else value
