# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: bootstrap_summary
short_description: Show how to sign in as an application, and its powers
version_added: 1.0.0
author:
  - Endpoint Ops (@endpointops)
description:
  - Returns the lines that the playbook C(endpointops.intune.bootstrap) shows of an application.
positional: _input
options:
  _input:
    description: The result of a task with M(endpointops.intune.entra_application).
    type: dict
    required: true
  tenant_id:
    description: The tenant in which the application is.
    type: str
  check:
    description: Whether the task ran in check mode, so that its result is of a time after a run.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show how to sign in, and the powers of the application
  ansible.builtin.debug:
    msg: "{{ created | endpointops.intune.bootstrap_summary(check=ansible_check_mode) }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
"""

import time
import typing as t

from ansible.errors import AnsibleFilterError
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.endpointops.intune.plugins.module_utils._time import parse_timestamp

Application = t.Mapping[str, t.Any]
DRIFT = 600.0  # seconds
# openssl alone, as the base64 of some systems has other options.
OPEN = "echo {} | openssl base64 -d -A | openssl cms -decrypt -inform DER -recip cert.pem -inkey key.pem"


def describe(result: t.Any, *, tenant_id: str | None = None, check: t.Any = False) -> list[str]:
    """Return lines about an application."""
    application = result.get("application") if isinstance(result, t.Mapping) else None
    if not isinstance(application, t.Mapping):
        raise AnsibleFilterError("bootstrap_summary must get the result of a task with entra_application.")
    planned = boolean(check)
    if not application["present"]:
        return [_describe_absent(is_removed=bool(result.get("changed")), planned=planned)]
    lines = [
        f"INTUNE_TENANT_ID={tenant_id}" if tenant_id else "",
        f"INTUNE_CLIENT_ID={application['client_id']}" if application["client_id"] else "The application ID is known after the run.",
        f"Permissions{' after the run' if planned else ''}: {_join(application['permissions']) or 'none'}",
        f"Power{' after the run' if planned else ''}: {_describe_power(application)}",
        *_describe_missing(application, planned=planned),
        *_describe_credentials(application, time.time()),
        "" if application["enabled"] else "It is disabled, and cannot sign in.",
    ]
    return [line for line in lines if line] + _describe_secret(result)


def _describe_absent(*, is_removed: bool, planned: bool) -> str:
    if not is_removed:
        return "It does not exist."
    return "It would be removed." if planned else "It is removed."


def _describe_power(application: Application) -> str:
    """Return the effect of the granted permissions, and of those that are not granted yet."""
    meanings = list(dict.fromkeys(power["meaning"] for power in application["powers"]))
    if meanings:
        return "; ".join(meanings)
    has_some = application["permissions"] or application["missing_permissions"]
    return "it only reads" if has_some else "none, without a permission of Microsoft Graph"


def _describe_missing(application: Application, *, planned: bool) -> list[str]:
    missing = application["missing_permissions"]
    if not missing:
        # In check mode, all permissions are shown as granted.
        return [] if planned else ["Not granted yet: nothing"]
    lines = [f"Not granted {'by the run' if planned else 'yet'}: {_join(missing)}"]
    return [*lines, f"Page to grant them: {application['consent_url']}"] if application["consent_url"] else lines


def _describe_credentials(application: Application, now: float) -> list[str]:
    """Return a line about the currently valid credentials (``now`` in seconds since the epoch), and one about the others, if any."""
    if application["managed_identity"]:
        return ["Signs in by: the managed identity, on the Azure resource that has it"]
    kinds = {"certificates": "certificate", "federated_credentials": "federated credential", "client_secrets": "client secret"}
    found = [(entry, f"{noun} {entry['name'] or 'without a name'}") for key, noun in kinds.items() for entry in application[key]]
    valid = [text for entry, text in found if not _explain_invalidity(entry, now)]
    invalid = [f"{text}, {reason}" for entry, text in found if (reason := _explain_invalidity(entry, now))]
    lines = [f"Signs in by: {_join(valid) or ('no credential that is valid now' if invalid else 'no credential yet')}"]
    return [*lines, f"Does not sign in by: {'; '.join(invalid)}"] if invalid else lines


def _explain_invalidity(entry: t.Mapping[str, t.Any], now: float) -> str | None:
    """Return why a credential cannot sign in now, or None if it can."""
    starts, ends = (parse_timestamp(entry.get(name)) for name in ("starts", "ends"))
    if ends is not None and ends <= now:
        return f"which ended at {entry['ends']}"
    # The clocks of two machines may differ by some minutes.
    return f"which is valid from {entry['starts']}" if starts is not None and starts > now + DRIFT else None


def _describe_secret(result: t.Mapping[str, t.Any]) -> list[str]:
    sealed = result.get("sealed_client_secret")
    if not sealed:
        return []
    holders = " and ".join(recipient["subject"] for recipient in result.get("recipients") or ())
    # In one line, which can be copied from the output of any callback plugin.
    content = "".join(line for line in sealed.splitlines() if not line.startswith("-----"))
    shown = f"New client secret, sealed to {holders}, and shown this once. With the certificate and its key, read it by this command:"
    return [shown, OPEN.format(content)]


def _join(names: t.Iterable[str]) -> str:
    return ", ".join(names)


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters of this file."""
        return {"bootstrap_summary": describe}
