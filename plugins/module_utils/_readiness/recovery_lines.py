# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Render the lines about a locked-out user in the summary of a run of the role pin_reset. Pure.

Takes the results of intune_pin_recovery and entra_temporary_access_pass. The steps depend on whether there is a pass, so that they never
require a missing one.
"""

from __future__ import annotations

import typing as t

from .._types import Json

# Statuses of a pass that the help desk has, or would have. A pass of an earlier run counts if it is usable now.
HELD = ("issued", "planned")
REPLACE = "pin_reset_recover_replace"
TASK = "Recover | Issue a pass"
JOINS = {
    "entra_joined": "Microsoft Entra joined",
    "hybrid_joined": "hybrid joined",
    "registered": "registered, not joined",
    "not_joined": "not joined to Microsoft Entra ID",
    "unknown": "how it is joined is not known",
}
RESETS = {
    "non_destructive": "PIN reset keeps the credentials",
    "destructive": "PIN reset deletes the credentials",
    "unknown": "whether a PIN reset keeps the credentials is not known",
    "none": "no PIN to be reset",
}
SIGN_INS = {"on": ", web sign-in on", "off": ", web sign-in off", "unknown": ", web sign-in not known", "not_applicable": ""}


def tell_recovery(result: Json, access_pass: Json) -> t.Iterator[str]:
    """Yield the lines about a user, the pass, and the steps."""
    recovery = result.get("recovery")
    if recovery is None:
        if result.get("msg"):
            yield f"User: {result['msg']}"
        return
    yield from _tell_user(recovery)
    yield from (line for device in recovery["devices"] or () for line in _tell_device(device))
    yield from _tell_pass(recovery, access_pass)
    has_pass = holds_pass(access_pass)
    yield "Steps:"
    for number, step in enumerate(list_steps(recovery, has_pass=has_pass), start=1):
        yield f"  {number}. {step}"
    yield "Text for the user:"
    message = recovery["message_to_user"] if has_pass else recovery["message_without_pass"]
    yield from (f"  {line}" for line in message.splitlines())
    yield from (f"Note: {problem}" for problem in recovery["problems"])


def list_steps(recovery: Json, *, has_pass: bool) -> list[str]:
    """Return the steps that match the available passes."""
    steps: list[str] = recovery["steps"] if has_pass else recovery["steps_without_pass"]
    return steps


def holds_pass(access_pass: Json) -> bool:
    """Return whether there is a pass for the user that can be handed over, or would be in check mode."""
    entry = _find(access_pass) or {}
    return entry.get("status") in HELD or (entry.get("status") == "exists" and entry.get("is_usable") is not False)


def describe_recovery(result: Json, access_pass: Json) -> Json | None:
    """Return the facts about a user and the pass, without a secret, or None without a user."""
    recovery = result.get("recovery")
    if recovery is None:
        return None
    entry = _find(access_pass) or {}
    return {
        "user": recovery["user"]["user_principal_name"],
        "devices": None if recovery["devices"] is None else len(recovery["devices"]),
        "can_help": recovery["pass"]["can_help"],
        "pass": entry.get("status"),
        "reason": entry.get("reason"),
        "verified_by": entry.get("verified_by"),
    }


def _find(access_pass: Json) -> Json | None:
    found: list[Json] = access_pass.get("results") or []
    return found[0] if found else None


def _tell_user(recovery: Json) -> t.Iterator[str]:
    user = recovery["user"]
    name = f"{user['display_name']} ({user['user_principal_name']})" if user["display_name"] else user["user_principal_name"]
    yield f"User: {name}{', account disabled' if user['account_enabled'] is False else ''}"
    if recovery["devices"] is None:
        yield "Windows devices: not known"
    elif not recovery["devices"]:
        others = f", but {', '.join(recovery['other_platforms'])}" if recovery["other_platforms"] else ""
        yield f"Windows devices: none in Intune{others}"


def _tell_device(device: Json) -> t.Iterator[str]:
    sign_in, reset = device["web_sign_in"], device["reset"]
    state = f"{JOINS[device['join_type']]}{SIGN_INS[sign_in['state']]}; {RESETS[reset['kind']]}"
    yield f"Device {device['device_name'] or device['id']}: {state}"
    # It needs no line that web sign-in does not apply to a device.
    reasons = [*(sign_in["reasons"] if sign_in["state"] != "not_applicable" else ()), *reset["reasons"]]
    yield from (f"  - {reason}" for reason in reasons)


def _tell_pass(recovery: Json, access_pass: Json) -> t.Iterator[str]:
    entry = _find(access_pass)
    if entry is None:
        yield from _tell_no_task(recovery, access_pass)
    elif entry["status"] == "issued":
        ends = f", until {entry['ends']}" if entry.get("ends") else ""
        uses = "for one use" if entry.get("is_usable_once") else "for many uses"
        yield f"Pass: issued {uses}{ends}{', replaces an earlier one' if entry.get('replaced') else ''}"
        yield from _tell_handover(entry, access_pass)
    elif entry["status"] == "planned":
        yield "Pass: would be issued (check mode)"
    elif entry["status"] == "exists":
        yield f"No new pass: {_in_words_of_role(entry['message'])}"
        ends = f", which ends {entry['ends']}" if entry.get("ends") else ""
        yield f"  The steps are those {f'with that pass{ends}' if holds_pass(access_pass) else 'without a pass'}."
    else:
        yield f"No pass: {_in_words_of_role(entry.get('message') or entry['status'])}"


def _in_words_of_role(message: str) -> str:
    """Return a message of the module with the name of the role's variable instead of the option's."""
    return message.replace("Set replace to true", f"Set {REPLACE} to true").replace("with replace: true", f"with {REPLACE}: true")


def _tell_no_task(recovery: Json, access_pass: Json) -> t.Iterator[str]:
    verdict = recovery["pass"]
    if verdict["can_help"] is False:
        yield from (f"No pass: {reason['message']}" for reason in verdict["reasons"])
    elif access_pass.get("msg"):
        yield f"No pass: {access_pass['msg']}"
    else:
        yield (
            "No pass: nobody could read it. Set pin_reset_seal_to to the certificates of its readers, or "
            "pin_reset_recover_return_pass to true."
        )


def _tell_handover(entry: Json, access_pass: Json) -> t.Iterator[str]:
    for recipient in access_pass.get("recipients") or ():
        yield f"  It is sealed to {recipient['subject']}, SHA-256 {recipient['fingerprint']}, valid until {recipient['not_after']}"
    if entry.get("sealed_file"):
        yield f"  The sealed pass is the file {entry['sealed_file']}"
    elif entry.get("sealed_temporary_access_pass"):
        yield f"  The sealed pass is sealed_temporary_access_pass in the result of the task '{TASK}', and in the fact pin_reset_results."
    else:
        yield "  The pass is in the fact pin_reset_results, which the role does not print."
