# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The summary of a run of the role pin_reset: its lines for people, and its facts for later tasks. Pure.

Takes the results of the role's tasks as they were registered, each empty where the task did not run.
"""

from __future__ import annotations

import dataclasses
import textwrap
import typing as t

from .._types import Json
from .device_lines import tell_devices

WIDTH = 76  # columns of a line, which is shown indented by two
LATE = 10  # devices in error or conflict that a summary names for a policy
NOBODY = "The policy would be assigned to nobody. Set pin_reset_assignments, or pin_reset_allow_unassigned if that is intended."
# Words for differences that are none between two values.
DIFFERENCES = {"hidden": "Not known", "unresolved": "Error", "several": "Error"}
ANSWERS = {True: "yes", False: "no", None: "not known"}


@dataclasses.dataclass(frozen=True)
class Found:
    """The results of a run.

    ``check``: nothing was written. ``report``: the paths of its files. ``readiness``: the newest that was read. ``before``: the one that
    was read before changes; ``was_read_again``: another one was read after them. ``seen``: the one that offboarding read.
    """

    connection: Json
    consent: Json
    policy: Json
    before: Json
    readiness: Json
    devices: Json
    report: Json
    seen: Json
    check: bool
    was_read_again: bool

    @property
    def has_changed(self) -> bool:
        """Whether the run changed the consent or the policy, or would in check mode."""
        return bool(self.consent.get("changed") or self.policy.get("changed"))

    @property
    def is_stale(self) -> bool:
        """Whether the readiness was read before the run changed something, or may have done so, and not again."""
        return any(map(_may_have_written, (self.consent, self.policy))) and not self.check and not self.was_read_again

    @property
    def current(self) -> Json:
        """The readiness that was read, as far as it is that of now; else empty."""
        return {} if self.is_stale else self.readiness

    @property
    def approval(self) -> Json:
        """The approval request that the run waits for; empty for none."""
        waiting = [item["approval"] for item in self.devices.get("results") or () if item.get("status") == "needs_approval"]
        return (self.policy.get("approval") or (waiting[0] if waiting else None)) or {}


def _may_have_written(result: Json) -> bool:
    """Return whether a task changed the tenant, also where it failed half-way, or the service did not say."""
    return bool(result.get("changed")) or (result.get("error") or {}).get("effects") in ("partial", "unknown")


def parse_found(results: t.Mapping[str, t.Any], *, check: bool) -> Found:
    """Return the results of a run by what they are about; a task that was skipped found nothing."""
    known = {name: result if result and not result.get("skipped") else {} for name, result in results.items()}
    before, after = ((known.get(name) or {}).get("readiness") or {} for name in ("before", "after"))
    return Found(
        connection=known.get("connection", {}),
        consent=known.get("consent", {}),
        policy=known.get("policy", {}),
        before=before,
        readiness=after or before,
        devices=known.get("devices", {}),
        report=(known.get("before") or {}).get("report") or {},
        seen=(known.get("seen") or {}).get("readiness") or {},
        check=check,
        was_read_again=bool(after),
    )


# --- lines ----------------------------------------------------------------------------------------------------------


def render_summary(found: Found) -> list[str]:
    """Return the lines of the summary."""
    paragraphs = [
        *_tell_tenant(found),
        *_tell_consent(found),
        *_tell_policy(found),
        *_tell_approval(found),
        *_tell_deployment(found),
        *_tell_new_device(found),
        *_tell_findings(found),
        *_tell_readiness(found),
        *tell_devices(found.devices),
        *_tell_report(found),
    ]
    return [line for paragraph in paragraphs for line in wrap(paragraph)] or ["Nothing was read or done."]


def wrap(paragraph: str) -> list[str]:
    """Return the lines of a paragraph; what does not fit into one is indented below it. Addresses and paths stay whole."""
    indent = paragraph[: len(paragraph) - len(paragraph.lstrip())]
    return textwrap.wrap(
        paragraph.strip(), WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", break_long_words=False, break_on_hyphens=False
    )


def _tell_tenant(found: Found) -> t.Iterator[str]:
    connection = found.connection.get("connection")
    if connection:
        state = f", Intune {connection['intune']}" if connection.get("intune") else ""
        name, identity = connection.get("tenant_name"), connection.get("tenant_id")
        yield f"Tenant: {f'{name} ({identity})' if name else identity}{state}"
        yield from (f"  Note: {problem}" for problem in connection.get("problems") or ())
    elif found.connection:
        yield "Tenant: not reached"


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
    others = [f"'{each['name']}' turns PIN recovery on for {render_assignments(each['assignments'])}" for each in _list_others(found)]
    return "; ".join(["none of this name", *others]) if others else "none"


def _list_others(found: Found) -> list[Json]:
    """Return the policies that turn PIN recovery on, where offboarding finds none of its name."""
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
    """Return for whom a policy is, by name where it is known: "Pilot ring, except Helpdesk phones"."""
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
    """Return the fact and statistic ``pin_reset_summary``: no passcode, no credential. Null is what the run did not read."""
    connection = found.connection.get("connection") or {}
    readiness = found.current
    return {
        "tenant_id": connection.get("tenant_id"),
        "connected": _is_connected(found),
        "ready": readiness.get("ready"),
        "reasons": [reason["message"] for reason in readiness.get("reasons") or ()],
        "differs": [difference["message"] for difference in readiness.get("differs") or () if difference["code"] != "hidden"],
        "needs_approval": bool(found.approval),
        "devices": found.devices.get("summary") or {},
    }


def make_statistics(found: Found) -> Json:
    """Return the statistics of the run, which AWX keeps as a job's artifacts and gives to the next node of a workflow.

    ``pin_reset_approval_code`` is among them where the policy is written: the code of the request that it waits for, which the node after
    the approval takes, or an empty text, so that no later node takes one of a job before.
    """
    writes = not found.check and "approval" in found.policy
    return {
        "pin_reset_summary": make_facts(found),
        "pin_reset_failed_devices": found.devices.get("failed_devices") or [],
        **({"pin_reset_approval_code": (found.policy["approval"] or {}).get("code", "")} if writes else {}),
    }


def _is_connected(found: Found) -> bool | None:
    """Return whether the tenant is connected now: a result of check mode says how it would be."""
    consent = found.consent.get("pinreset_consent")
    if consent is not None and not (found.check and found.consent.get("changed")):
        return bool(consent.get("ready"))
    return {"yes": True, "no": False}.get(_level(found, "connected")) if found.readiness else None


# --- obstacles ------------------------------------------------------------------------------------------------------


def list_missing_permissions(found: Found, modules: t.Iterable[str]) -> list[str]:
    """Return a text with the permissions that the modules need and the application lacks; none where they are unknown."""
    connection = found.connection.get("connection") or {}
    known = connection.get("permissions") or {}
    member = "missing_in_check_mode" if found.check else "missing"
    missing = sorted({name for module in modules for name in (known.get(module) or {}).get(member, ())})
    if not missing:
        return []
    return [
        f"The application {connection.get('client_id')} lacks permissions: {', '.join(missing)}. Grant them to it in Microsoft Entra, "
        "and consent to them as an administrator."
    ]


def list_unwritable(found: Found, *, moves: bool, assigns: bool, allow_unassigned: bool) -> list[str]:
    """Return a text for each reason why the policy cannot be written as it is asked for.

    ``moves``: a custom profile into the settings catalog. ``assigns``: the task gives assignments. ``allow_unassigned``: a policy for
    nobody is intended.
    """
    differs = found.before.get("differs") or []
    codes = {each["code"] for each in (*differs, *(found.before.get("reasons") or ()))}
    is_for_nobody = any(map(_takes_everybody_away, differs)) or (not assigns and bool(codes & {"missing", "not_assigned"}))
    return ([NOBODY] if is_for_nobody and not allow_unassigned else []) + [
        each["message"] for each in differs if _is_unwritable(each, moves=moves, check=found.check)
    ]


def _takes_everybody_away(difference: Json) -> bool:
    targets = difference.get("expected") or []
    return difference.get("option") == "assignments" and all(each.get("target") == "exclude_group" for each in targets)


def _is_unwritable(difference: Json, *, moves: bool, check: bool) -> bool:
    if difference["code"] == "hidden":
        # In check mode, the module plans with what an application that may only read is shown.
        return not check
    if difference.get("option") == "backend":
        return not (moves and difference.get("current") == "custom")
    return difference["code"] in ("unresolved", "several")


def list_unremovable(found: Found) -> list[str]:
    """Return a text where taking the consent back would defeat policies that stay: offboarding finds none of the name that it is given.

    A tenant that is not connected has nothing to be cut off from.
    """
    others = _list_others(found)
    if not others or found.seen["levels"]["connected"]["state"] == "no":
        return []
    (name,) = (each["expected"] for each in found.seen["differs"] if each["code"] == "missing")
    listed = ", ".join(f"'{each['name']}' (assigned to {render_assignments(each['assignments'])})" for each in others)
    is_known = any(each["backend"] for each in others)
    advice = "Set pin_reset_policy_name to the name of one of them." if is_known else "The role does not remove policies of their type."
    return [
        f"No policy named '{name}' of either type exists, and these policies turn PIN recovery on: {listed}. {advice} "
        "To take back the consent alone, run the tag consent alone (--tags consent)."
    ]


def list_obstacles(found: Found, *, must_know: bool, must_arrive: bool, allow_unassigned: bool) -> list[str]:
    """Return a text for each reason why the run must not end well, with what to do.

    A value that Intune hides from the application is not known to differ, and is no reason. ``must_know``: what could not be read is an
    obstacle. ``must_arrive``: devices must have the policy, which none has right after onboarding. ``allow_unassigned``: a policy for
    nobody is intended.
    """
    reasons = [
        reason
        for reason in found.readiness.get("reasons") or ()
        if (must_know or reason["state"] == "no")
        and (must_arrive or reason["level"] != "arrived")
        and not (allow_unassigned and reason["code"] == "not_assigned")
    ]
    told = {reason["code"] for reason in reasons}
    differs = [each for each in found.readiness.get("differs") or () if each["code"] not in _list_other_codes(told)]
    return [f"{reason['message']} {reason['hint']}".rstrip() for reason in reasons] + [each["message"] for each in differs]


def _list_other_codes(told: t.Collection[str]) -> tuple[str, ...]:
    """Return the codes of differences that are no obstacle of their own."""
    return ("hidden", "missing") if "policy_missing" in told else ("hidden",)
