# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Render the summary of a run of the role pin_reset: lines for people, and facts for later tasks. Pure.

Takes the registered results of the role's tasks, each empty if the task did not run.
"""

from __future__ import annotations

import textwrap
import typing as t

from .._text import clean
from .._types import Json
from .device_lines import tell_devices
from .found import Found
from .lacking import list_lacking
from .recovery_lines import describe_recovery, tell_recovery

WIDTH = 76  # columns of a line, which is indented by two when shown
LATE = 10  # devices in error or conflict listed for a policy
# Terms for differences that do not compare two values.
DIFFERENCES = {"hidden": "Not known", "unresolved": "Error", "several": "Error"}
ANSWERS = {True: "yes", False: "no", None: "not known"}


# --- lines ----------------------------------------------------------------------------------------------------------


def render_summary(found: Found) -> list[str]:
    """Return the lines of the summary."""
    paragraphs = [
        *_tell_tenant(found),
        *_tell_lacking(found),
        *_tell_credential(found),
        *_tell_consent(found),
        *_tell_policy(found),
        *_tell_approval(found),
        *_tell_deployment(found),
        *_tell_probe(found),
        *_tell_new_device(found),
        *_tell_findings(found),
        *_tell_readiness(found),
        *tell_devices(found.devices, check=found.check),
        *tell_recovery(found.recovery, found.access_pass),
        *_tell_report(found),
    ]
    return [line for paragraph in paragraphs for line in wrap(paragraph)] or ["Nothing was read or done."]


def wrap(paragraph: str) -> list[str]:
    """Return the lines of a paragraph. Continuation lines are indented. URLs and paths are not split.

    Control characters in names from other systems have no effect on a terminal.
    """
    indent = paragraph[: len(paragraph) - len(paragraph.lstrip(" "))]
    return textwrap.wrap(
        clean(paragraph.strip(" ")),
        WIDTH,
        initial_indent=indent,
        subsequent_indent=f"{indent}  ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _tell_tenant(found: Found) -> t.Iterator[str]:
    connection = found.connection.get("connection")
    if connection:
        state = f", Intune {connection['intune']}" if connection.get("intune") else ""
        name, identity = connection.get("tenant_name"), connection.get("tenant_id")
        yield f"Tenant: {f'{name} ({identity})' if name else identity}{state}"
        yield from (f"  Note: {problem}" for problem in connection.get("problems") or ())
    elif found.connection:
        yield "Tenant: not signed in"


def _tell_lacking(found: Found) -> t.Iterator[str]:
    """Yield the permissions that a run would lack that is not in check mode, which needs those to read only."""
    missing = list_lacking(found, check=False) if found.check else []
    if missing:
        yield f"Note: Without check mode, this run fails: the application lacks {', '.join(missing)}."


def _tell_credential(found: Found) -> t.Iterator[str]:
    credential = found.credential
    if credential.get("expires_soon"):
        yield f"Credential: {credential['message']} {credential['hint']}"


def _tell_consent(found: Found) -> t.Iterator[str]:
    consent = found.consent.get("pinreset_consent")
    if consent is None:
        if found.consent.get("failed"):
            yield f"PIN Reset Service: {found.consent.get('msg')}"
        elif found.readiness:
            words = {"yes": "connected", "no": "not connected"}
            yield f"PIN Reset Service: {words.get(_level(found, 'connected'), 'not known')}"
        return
    state = "connected" if consent.get("ready") else "not connected"
    yield f"PIN Reset Service: {_change(found.consent, found, state)}"
    yield from (f"  Note: {warning}" for warning in found.consent.get("warnings") or ())
    if found.consent.get("failed"):
        urls = consent.get("consent_urls") or {}
        yield f"  Consent by hand, as Application Administrator or higher: {urls.get('service')}"
        yield f"  and then: {urls.get('client')}"


def _change(result: Json, found: Found, state: str) -> str:
    if not result.get("changed"):
        return state
    return f"would be {state} (check mode)" if found.check else f"{state}, changed by this run"


def _tell_policy(found: Found) -> t.Iterator[str]:
    if found.policy.get("failed") and "pin_policy" not in found.policy:
        yield f"Policy: {found.policy.get('msg')}"
        return
    if "pin_policy" not in found.policy:
        yield from (_describe_policy(policy, "") for policy in found.readiness.get("policies") or () if _allows(policy))
        return
    policy = found.policy["pin_policy"]
    if policy is None:
        yield f"Policy: {_describe_removal(found)}"
        return
    differs = found.before.get("differs") or []
    verb = "created" if any(each["code"] == "missing" for each in differs) else "updated"
    done = f"would be {verb} (check mode)" if found.check else verb
    yield _describe_policy(policy, done if found.policy.get("changed") else "no change")
    if found.policy.get("changed"):
        yield from (f"  {render_change(each)}" for each in differs if each["code"] == "different")


def _describe_removal(found: Found) -> str:
    if found.policy.get("changed"):
        return "would be removed (check mode)" if found.check else "removed"
    others = [
        f"'{each['name']}' turns PIN recovery on for {render_assignments(each['assignments'])}" for each in list_other_policies(found)
    ]
    return "; ".join(["none of this name", *others]) if others else "none"


def list_other_policies(found: Found) -> list[Json]:
    """Return the policies that turn PIN recovery on if offboarding finds none with its name."""
    is_missing = any(each["code"] == "missing" for each in found.seen.get("differs") or ())
    return [policy for policy in found.seen.get("policies") or () if is_missing and _allows(policy)]


def _allows(policy: Json) -> bool:
    return any((policy.get(key) or {}).get("enable_pin_recovery") for key in ("settings", "user_settings"))


def _describe_policy(policy: Json, change: str) -> str:
    backend = str(policy.get("backend") or policy.get("surface") or "").replace("_", " ")
    allows = "allows" if _allows(policy) else "does not allow"
    targets = render_assignments(policy.get("assignments") or ())
    return f"Policy '{policy.get('name')}' ({backend}): {change}{'; it ' if change else ''}{allows} PIN recovery for {targets}"


def render_assignments(assignments: t.Iterable[Json]) -> str:
    """Return the targets of a policy, by name if known: "Pilot ring, except Helpdesk phones"."""
    included: list[str] = []
    excluded: list[str] = []
    for each in assignments:
        name = each.get("group") or each.get("group_id") or str(each.get("target")).replace("_", " ")
        (excluded if each.get("target") == "exclude_group" else included).append(str(name))
    return (", ".join(included) or "nobody") + (f", except {', '.join(excluded)}" if excluded else "")


def render_change(difference: Json) -> str:
    """Return an option's old and new value: "minimum pin length 6 → 8"."""
    option = str(difference.get("option")).replace("_", " ")
    return f"{option} {_render_value(difference.get('current'))} → {_render_value(difference.get('expected'))}"


def _render_value(value: t.Any) -> str:
    if isinstance(value, list) and any(isinstance(item, dict) for item in value):
        return render_assignments(value)
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "nothing"
    if isinstance(value, bool):
        return "on" if value else "off"
    return "not set" if value in (None, "") else f"'{value}'" if isinstance(value, str) else str(value)


def _tell_approval(found: Found) -> t.Iterator[str]:
    approval = found.approval
    if approval:
        yield (
            f"Waits for the approval of another administrator, until {approval.get('expires') or 'it expires'}: "
            f"{approval.get('operation')}, code {approval.get('code')}. Run again when it is approved."
        )


def _tell_deployment(found: Found) -> t.Iterator[str]:
    deployment = found.current.get("deployment")
    if not deployment:
        return
    failed = deployment["error"] + (deployment.get("conflict") or 0)
    yield (
        f"Check-in status: {deployment['succeeded']} of {deployment['total']} devices have it, {deployment['pending']} pending, "
        f"{failed} in error or conflict, {deployment['not_applicable']} not applicable"
    )
    late = deployment.get("devices") or []
    for device in late[:LATE]:
        error = f", {device['error']}" if device.get("error") else ""
        yield f"  {device.get('device_name') or device.get('device_id')}: {device['status']}{error}"
    if len(late) > LATE:
        yield f"  and {len(late) - LATE} more, see intune_pin_policy_info"


def _tell_probe(found: Found) -> t.Iterator[str]:
    probe = found.current.get("probe")
    if not probe:
        return
    if probe["total"] is not None:
        rest = [f"{probe[name]} {name.replace('_', ' ')}" for name in ("not_proven", "unknown", "pending") if probe[name]]
        # A device reports only changes.
        newest = f"; last change {probe['changed']}" if probe["changed"] else ""
        told = f" ({', '.join(rest)})" if rest else ""
        yield f"PIN reset keeps the credentials: proven on {probe['proven']} of {probe['total']} devices{told}{newest}"
    problems = set(found.current.get("problems") or ())
    for reason in probe["reasons"]:
        if reason["devices"]:
            yield f"  {reason['devices']}: {reason['message']}"
        elif reason["message"] not in problems:
            yield f"Probe: {reason['message']} {reason['hint']}"


def _tell_new_device(found: Found) -> t.Iterator[str]:
    device = found.current.get("device")
    if not device:
        return
    state, record = "no record was read", device.get("record")
    if record:
        state = "eligible" if record["eligible"] else f"not eligible ({record['reason']})"
    yield f"Device '{device['name']}': {state}; waited {device['waited']} s"
    for policy in device["policies"]:
        yield f"  '{policy['name']}': {(policy['status'] or 'nothing reported').replace('_', ' ')}"


def _tell_findings(found: Found) -> t.Iterator[str]:
    told = {reason.get("message") for reason in found.current.get("reasons") or ()}
    for finding in found.current.get("findings") or ():
        if finding["message"] not in told:
            yield f"{finding['severity'].capitalize()}: {finding['message']} {finding['hint']}"
    yield from (f"Note: {problem}" for problem in found.current.get("problems") or ())


def _tell_readiness(found: Found) -> t.Iterator[str]:
    readiness = found.readiness
    if not readiness:
        return
    if found.check and found.has_changed:
        yield "Ready: not before these changes are applied (this was check mode)"
        return
    if found.is_stale:
        yield "Ready: not read again after the changes. Run endpointops.intune.verify."
        return
    who = "can the user of this device reset the PIN" if readiness.get("device") else "can users reset their PIN today"
    yield f"Ready ({who}?): {ANSWERS[readiness.get('ready')]}"
    for reason in readiness.get("reasons") or ():
        yield f"  - {reason['message']} {reason['hint']}".rstrip()
    told = {reason["code"] for reason in readiness.get("reasons") or ()}
    for difference in readiness.get("differs") or ():
        if difference["code"] != "missing" or "policy_missing" not in told:
            yield f"  {DIFFERENCES.get(difference['code'], 'Differs')}: {difference['message']}"


def _tell_report(found: Found) -> t.Iterator[str]:
    if found.report:
        yield f"Report: {'would be ' if found.check else ''}in {found.report.get('html')}"


def _level(found: Found, name: str) -> str:
    levels = found.readiness.get("levels") or {}
    return str((levels.get(name) or {}).get("state"))


# --- facts ----------------------------------------------------------------------------------------------------------


def make_facts(found: Found) -> Json:
    """Return the fact and statistic ``pin_reset_summary``, without passcodes and credentials. None means that the run did not read it."""
    connection = found.connection.get("connection") or {}
    readiness = found.current
    return {
        "tenant_id": connection.get("tenant_id"),
        "connected": _is_connected(found),
        "ready": readiness.get("ready"),
        "reasons": [reason["message"] for reason in readiness.get("reasons") or ()],
        "differs": [difference["message"] for difference in readiness.get("differs") or () if difference["code"] != "hidden"],
        "needs_approval": bool(found.approval),
        "credential_expires": found.credential.get("expires"),
        "credential_expires_soon": found.credential.get("expires_soon"),
        "devices": found.devices.get("summary") or {},
        "recovery": describe_recovery(found.recovery, found.access_pass),
    }


def make_statistics(found: Found) -> Json:
    """Return the statistics of the run, which AWX stores as a job's artifacts and passes to the next node of a workflow.

    If the policy is written, they include ``pin_reset_approval_code``: the code of the pending request, which the node after the approval
    needs, or an empty text, so that no later node uses the code of an earlier job.
    """
    writes = not found.check and "approval" in found.policy
    return {
        "pin_reset_summary": make_facts(found),
        "pin_reset_failed_devices": found.devices.get("failed_devices") or [],
        **({"pin_reset_approval_code": (found.policy["approval"] or {}).get("code", "")} if writes else {}),
    }


def _is_connected(found: Found) -> bool | None:
    """Return whether the tenant is connected now. A changed result of check mode does not count."""
    consent = found.consent.get("pinreset_consent")
    if consent is not None and not (found.check and found.consent.get("changed")):
        return bool(consent.get("ready"))
    return {"yes": True, "no": False}.get(_level(found, "connected")) if found.readiness else None
