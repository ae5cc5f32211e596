# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The options: those that every module uses to connect, further ones of a module, and their validation."""

from __future__ import annotations

import dataclasses
import os
import re
import typing as t

from ansible.module_utils.basic import AnsibleFallbackNotFound
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from ansible.module_utils.parsing.convert_bool import boolean

from . import _python  # noqa: F401  # pylint: disable=unused-import  # an older Python fails at the imports below: its check comes first
from ._option_values import TEXT, TEXTS, Options, find_unusable_numbers, prepare


def first_set(*names: str) -> str:
    """Return the first of these environment variables that is not empty, because AWX renders an unset input as ''."""
    for name in names:
        if os.environ.get(name):
            return os.environ[name]
    raise AnsibleFallbackNotFound


def first_authority(*names: str) -> str:
    """Return the same as a URL, because AZURE_AUTHORITY_HOST may be only a host."""
    value = first_set(*names)
    return f"https://{value.strip()}" if re.fullmatch(r"\s*[A-Za-z0-9.:-]+/?\s*", value) else value


CONNECTION: Options = {
    "auth_method": {
        "type": "str",
        "default": "auto",
        "choices": ["auto", "client_secret", "client_certificate", "managed_identity", "workload_identity", "azure_cli", "access_token"],
        "fallback": (first_set, ["INTUNE_AUTH_METHOD"]),
    },
    "tenant_id": {"type": "str", "fallback": (first_set, ["INTUNE_TENANT_ID", "AZURE_TENANT_ID", "AZURE_TENANT"])},
    "client_id": {"type": "str", "fallback": (first_set, ["INTUNE_CLIENT_ID", "AZURE_CLIENT_ID"])},
    "client_secret": {
        "type": "str",
        "no_log": True,
        "fallback": (first_set, ["INTUNE_CLIENT_SECRET", "AZURE_CLIENT_SECRET", "AZURE_SECRET"]),
    },
    "client_certificate_path": {
        "type": "path",
        "fallback": (first_set, ["INTUNE_CLIENT_CERTIFICATE_PATH", "AZURE_CLIENT_CERTIFICATE_PATH"]),
    },
    "client_certificate_passphrase": {
        "type": "str",
        "no_log": True,
        "fallback": (first_set, ["INTUNE_CLIENT_CERTIFICATE_PASSPHRASE", "AZURE_CLIENT_CERTIFICATE_PASSWORD"]),
    },
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
    "authority_url": {"type": "str", "fallback": (first_authority, ["INTUNE_AUTHORITY_URL", "AZURE_AUTHORITY_HOST"])},
    "ca_path": {"type": "path", "fallback": (first_set, ["INTUNE_CA_PATH"])},
    "validate_certs": {"type": "bool", "default": True},
    "timeout": {"type": "float", "default": 30},
    "retry_timeout": {"type": "float", "default": 120},
    "token_cache_path": {"type": "path", "no_log": False, "fallback": (first_set, ["INTUNE_TOKEN_CACHE_PATH"])},
}

# For modules that work on devices. The choices equal _devices.identifiers.MATCH_BY; a test compares them.
SELECTION: Options = {
    "devices": {"type": TEXTS, "elements": TEXT},
    "match_by": {
        "type": "str",
        "choices": ["auto", "id", "device_name", "serial_number", "user_principal_name", "azure_ad_device_id"],
        "default": "auto",
    },
    "device_groups": {"type": TEXTS, "elements": TEXT},
}

# For modules that work on users.
USERS: Options = {"users": {"type": TEXTS, "elements": TEXT, "required": True}}

# For modules that hand secrets over.
SEALING: Options = {"seal_to": {"type": "list", "elements": "str"}, "sealed_directory": {"type": "path"}}
HANDOVER: Options = {
    **SEALING,
    "return_passcode": {"type": "bool", "default": False, "no_log": False},
}
HANDOVER_REQUIRES = {"sealed_directory": ["seal_to"]}

# For modules that assign something. The choices equal those of _hello.assignments; a test compares them.
ASSIGNMENTS: Options = {
    "assignments": {
        "type": "list",
        "elements": "dict",
        "options": {
            "target": {"type": "str", "choices": ["all_devices", "all_users", "group", "exclude_group"], "required": True},
            "group": {"type": TEXT},
            "filter": {"type": TEXT},
            "filter_type": {"type": "str", "choices": ["include", "exclude"]},
        },
        "required_if": [("target", "group", ("group",)), ("target", "exclude_group", ("group",))],
    },
    "purge_assignments": {"type": "bool", "default": True},
}

# For modules whose writes Multi Admin Approval may protect.
APPROVAL: Options = {
    "approval_justification": {"type": "str"},
    "approval_code": {"type": "str", "no_log": False},
}


@dataclasses.dataclass(frozen=True)
class Secret:
    """A secret value in a module's result.

    ``path`` has a key for each level, with ``[]`` after a key whose value is a list. ``option`` is the boolean option that puts the value
    into the result in clear text. ``noun`` is the plural for messages.
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
ACCESS_PASS = Secret("results[].temporary_access_pass", "return_pass", "passes")
CLIENT_SECRET = Secret("client_secret", "return_secret", "client secrets")


@dataclasses.dataclass(frozen=True)
class Spec:
    """A module's name, its options, their relations in the format of AnsibleModule, and the secrets of its result."""

    module: str
    argument_spec: Options
    relations: t.Mapping[str, t.Any] = dataclasses.field(default_factory=dict)
    secrets: tuple[Secret, ...] = ()

    def list_revealed(self, arguments: t.Mapping[str, t.Any]) -> list[Secret]:
        """Return the secrets that the result contains in clear text with the options of a task."""
        return [secret for secret in self.secrets if boolean(arguments.get(secret.option) or False, strict=False)]


def make_spec(module: str, own: Options | None = None, *, secrets: tuple[Secret, ...] = (), **relations: t.Any) -> Spec:
    """Return the spec of a module: its own options and those of the connection. ``relations``: required_if, mutually_exclusive, ..."""
    return Spec(module, {**CONNECTION, **(own or {})}, relations, secrets)


@dataclasses.dataclass(frozen=True)
class Validated:
    """Parameters as AnsibleModule would return them, and the other results of its validation.

    ``secrets``: the values of all options with no_log, including nested ones. ``deprecations`` in the format of a result.
    """

    params: dict[str, t.Any]
    problems: list[str]
    secrets: set[str]
    warnings: list[str]
    deprecations: list[dict[str, t.Any]]


def validate(argument_spec: Options, arguments: t.Mapping[str, t.Any], relations: t.Mapping[str, t.Any] | None = None) -> Validated:
    """Validate arguments without a module's process.

    Only this function reads private members of ansible-core's result, because it has no public ones for them.
    """
    prepared, wrong = prepare(argument_spec, arguments)
    wrong = {**wrong, **find_unusable_numbers(argument_spec, prepared)}
    sound = {name: value for name, value in prepared.items() if name not in wrong}
    try:
        result = ArgumentSpecValidator(argument_spec, **(relations or {})).validate(sound)
    except Exception as failure:  # ansible-core fails for bytes, and for infinite numbers, where it expects other values
        return Validated({}, [f"An option has a value of a type that no option takes ({type(failure).__name__})."], set(), [], [])
    return Validated(
        params=result.validated_parameters,
        problems=list(wrong.values()) or list(result.error_messages),
        secrets=set(result._no_log_values),
        warnings=[f"Both option {found['option']} and its alias {found['alias']} are set." for found in result._warnings],
        deprecations=[dict(found) for found in result._deprecations],
    )


def choose_maskable(secrets: t.Iterable[str]) -> set[str]:
    """Return the secrets that Ansible must hide in results: those that are not a word, or a part of a name or an ID, by chance.

    A secret of Microsoft Entra has at least 16 characters. A passphrase may be ``1`` or ``windows``, but is never in a result anyway.
    """
    return {secret for secret in secrets if len(secret) >= 16 or (len(secret) >= 6 and re.search(r"\d", secret))}


def without_blanks(arguments: t.Mapping[str, t.Any]) -> dict[str, t.Any]:
    """Return a task's arguments without connection options of '', the value of a template with an unset variable."""
    return {name: value for name, value in arguments.items() if not (name in CONNECTION and value == "")}
