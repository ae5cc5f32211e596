# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Render tasks to paste into a playbook, and find pages of Microsoft, for reasons and findings. Pure.

A name from another system is data in a task: it is quoted, invisible characters are escaped, and expressions in it are not evaluated.
"""

from __future__ import annotations

import re
import typing as t

from .._hello.settings import SETTINGS, Setting
from .._types import Json
from .words import show


def _end_of(setting: Setting) -> str:
    return setting.node.rpartition("/")[2].lower()


COLLECTION = "endpointops.intune"
LEARN = "https://learn.microsoft.com"
HELLO = f"{LEARN}/windows/security/identity-protection/hello-for-business"
PIN_RESET = ("Microsoft: PIN reset", f"{HELLO}/pin-reset")
CONFIGURE = ("Microsoft: Configure Windows Hello for Business", f"{HELLO}/configure")
CSP = ("Microsoft: PassportForWork CSP", f"{LEARN}/windows/client-management/mdm/passportforwork-csp")
WEB_SIGN_IN = ("Microsoft: Web sign-in", f"{LEARN}/windows/security/identity-protection/web-sign-in")
CREDENTIALS = ("Microsoft: Credentials of an application", f"{LEARN}/entra/identity-platform/how-to-add-credentials")
PERMISSIONS = ("Microsoft Graph permissions", f"{LEARN}/graph/permissions-reference")

# Codes of findings about the settings of one profile.
OF_PATHS = frozenset({"wrong_path", "unknown_path", "braces", "wrong_tenant_id", "letter_case", "wrong_type", "wrong_value", "set_twice"})
OF_CONFLICTS = frozenset({"conflict", "user_against_device"})
UNREAD = frozenset({"consent_unread", "status_unread", "status_not_asked", "nothing_reported"})  # reasons that no task resolves
WANTED = frozenset({"enable_pin_recovery", "use_passport_for_work"})  # must be true for a PIN reset
# Findings that one value resolves.
REPAIRS: t.Mapping[str, Json] = {
    "hello_off": {"use_passport_for_work": True},
    "ess_off": {"enable_ess_with_supported_peripherals": True},
    "web_sign_in_off": {"enable_web_sign_in": "enabled"},
}
# By the last part of the path; 'Plugins' belongs to two settings.
ENDS = [_end_of(setting) for setting in SETTINGS]
NODES = {end: setting for end, setting in zip(ENDS, SETTINGS, strict=True) if ENDS.count(end) == 1}
ASSIGNMENTS = [{"target": "group", "group": "NAME OF A PILOT GROUP"}]
EXPRESSION = re.compile(r"\{[{%#]")
PLAIN = re.compile(r"[A-Za-z][A-Za-z_]*(?: [A-Za-z_]+)*")
WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null"})  # YAML interprets them as other values


def find_link(level: str, code: str) -> tuple[str, str]:
    """Return the title and the URL of Microsoft's page."""
    if code in OF_PATHS:
        return CSP
    if "web_sign_in" in code:
        return WEB_SIGN_IN
    if code in OF_CONFLICTS or "enrollment" in code:
        return CONFIGURE
    return PERMISSIONS if code in ("unreadable", "forbidden") else PIN_RESET


def make_reason_task(code: str, level: str, policies: t.Sequence[Json]) -> str | None:
    """Return the task that resolves a reason, or None if none does. ``policies``: the affected ones."""
    if code in UNREAD:
        return None
    if level == "connected":
        return render_task("Connect the tenant to the PIN Reset Service", "intune_pinreset_consent", {"state": "present"})
    if level == "arrived":
        options: Json = {"id": policies[0]["id"]} if len(policies) == 1 else {}
        return render_task(_name_look(policies), "intune_pin_policy_info", {**options, "rollout": "devices"})
    return _make_configuration_task(code, policies)


def _name_look(policies: t.Sequence[Json]) -> str:
    """Return the name of a task that shows the devices in error or conflict, or only the numbers."""
    rows = [row for policy in policies for row in (policy["check_in"] or {"rows": []})["rows"]]
    has_failed = any(row["devices"] and row["value"] in ("error", "conflict") for row in rows)
    return "Show on which devices the policy failed" if has_failed else "Show the check-in status of the policy"


def _make_configuration_task(code: str, policies: t.Sequence[Json]) -> str | None:
    managed = next((policy for policy in policies if policy.get("backend")), None)
    if code == "policy_missing":
        return make_policy_task(None, {"enable_pin_recovery": True}, has_assignments=True)
    if managed is None:
        return None
    if code in ("not_assigned", "deleted_groups"):
        return make_policy_task(managed, {}, has_assignments=True)
    values = {"pin_recovery_off": "enable_pin_recovery", "hello_off": "use_passport_for_work"}
    return make_policy_task(managed, {values[code]: True}) if code in values else None


def make_finding_task(code: str, policies: t.Sequence[Json], settings: t.Sequence[str], paths: t.Sequence[tuple[str, t.Any]] = ()) -> str:
    """Return the task that repairs a finding, or one that shows the policy if only the admin center can repair it.

    ``paths``: the affected paths of a custom profile, with their values.
    """
    if code == "hello_off_at_enrollment":
        return make_policy_task(None, {"enable_pin_recovery": True, "use_passport_for_work": True}, has_assignments=True)
    managed = [policy for policy in policies if policy.get("backend")]
    if not managed:
        return _make_look(policies)
    if code in ("not_assigned", "deleted_group"):
        return make_policy_task(managed[0], {}, has_assignments=True)
    if code in OF_CONFLICTS:
        return _make_agreement(policies, managed, settings)
    values = REPAIRS.get(code) or guess_values(paths)
    return make_policy_task(managed[0], values) if values else _make_look(managed[:1])


def _make_look(policies: t.Sequence[Json]) -> str:
    options: Json = {"id": policies[0]["id"]} if len(policies) == 1 else {}
    return render_task("Show the policy, which is edited in the Intune admin center", "intune_pin_policy_info", options)


def guess_values(paths: t.Iterable[tuple[str, t.Any]]) -> Json:
    """Return the settings that paths mean by their last part, with the given values if they are valid."""
    found: Json = {}
    for path, value in paths:
        node = path.strip().rstrip("/").rpartition("/")[2].lower()
        setting = NODES.get(node)
        if setting is None and re.search("recover|reset", node):
            found["enable_pin_recovery"] = True
        elif setting is not None and setting.kind == "bool":
            found[setting.option] = setting.option in WANTED or str(value).lower() == "true"
        elif setting is not None and setting.kind == "int" and isinstance(value, int) and setting.low <= value <= setting.high:
            found[setting.option] = value
    return found


def _make_agreement(policies: t.Sequence[Json], managed: t.Sequence[Json], settings: t.Sequence[str]) -> str:
    """Return a task that sets a policy's values to those of another policy or scope. It never turns Windows Hello off."""
    for changed in managed:
        other = next((policy for policy in policies if policy["id"] != changed["id"]), changed)
        source = other["user_settings"] if other is changed else {**other["user_settings"], **other["settings"]}
        values = {
            name: source[name] for name in settings if source.get(name) is not None and not (name in WANTED and source[name] is False)
        }
        if values:
            return make_policy_task(changed, values)
    return _make_look([next((policy for policy in policies if policy not in managed), policies[0])])


def make_policy_task(policy: Json | None, values: Json, *, has_assignments: bool = False) -> str:
    """Return a task that writes settings to an existing or new policy."""
    options: Json = {"name": "PIN recovery"}
    if policy is not None:
        scope = {"scope": policy["scope"]} if policy.get("scope") == "user" else {}
        options = {"id": policy["id"], "backend": policy.get("backend") or "settings_catalog", **scope}
    options |= values
    if has_assignments:
        options["assignments"] = ASSIGNMENTS
    return render_task(f"Correct the policy {show(policy['name'], 60)}" if policy else "Turn on PIN recovery", "intune_pin_policy", options)


def make_credential_task(kind: str, client_id: str | None) -> str:
    """Return a task that adds a credential to an application, in addition to the one that ends."""
    options: Json = {"app_id": client_id or "ID OF THE APPLICATION"}
    if kind == "certificate":
        more: Json = {"certificates": ["PATH OF THE NEW CERTIFICATE"]}
        return render_task("Add the certificate of a new key pair", "entra_application", options | more)
    more = {"secret_name": "NAME OF THE NEW SECRET", "seal_to": ["PATH OF YOUR CERTIFICATE"]}
    return render_task("Create another client secret", "entra_application", options | more)


# --- YAML -----------------------------------------------------------------------------------------------------------


def render_task(name: str, module: str, options: t.Mapping[str, t.Any]) -> str:
    """Return a task in YAML."""
    lines = [f"- name: {render_scalar(name)}", f"  {COLLECTION}.{module}:" + ("" if options else " {}")]
    return "\n".join([*lines, *_render_mapping(options, "    ")]) + "\n"


def _render_mapping(value: t.Mapping[str, t.Any], indent: str) -> t.Iterator[str]:
    for name, item in value.items():
        if isinstance(item, (list, tuple)) and item:
            yield f"{indent}{name}:"
            for entry in item:
                lines = list(_render_mapping(entry, f"{indent}    ")) if isinstance(entry, t.Mapping) else [render_scalar(entry)]
                yield f"{indent}  - {lines[0].strip()}"
                yield from lines[1:]
        else:
            yield f"{indent}{name}: {render_scalar(item)}"


def render_scalar(value: t.Any) -> str:
    """Return a value in YAML. A text that Ansible would evaluate is marked as unsafe, so that it stays text."""
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int):
        return str(value)
    if isinstance(value, (list, tuple)):
        return "[]"
    text = str(value)
    if PLAIN.fullmatch(text) and text.lower() not in WORDS:
        return text
    quoted = '"' + "".join(map(_escape, text)) + '"'
    return f"!unsafe {quoted}" if EXPRESSION.search(text) else quoted


def _escape(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    number = ord(character)
    if character.isprintable():
        return character
    if 0xD800 <= number < 0xE000:
        # Half a surrogate pair, which text in YAML cannot contain.
        return "\\uFFFD"
    return f"\\u{number:04X}" if number < 0x10000 else f"\\U{number:08X}"
