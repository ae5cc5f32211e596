# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The device policy that allows PIN recovery: a Windows custom profile with one OMA-URI setting.

Pure: normalise, plan, project, render. Thin calls: find, apply. Source: PassportForWork CSP, Graph deviceConfiguration.
"""

from __future__ import annotations

import dataclasses

from .._graph import errors
from .._graph.client import GraphClient, Json
from .._graph.protocol import literal, segments
from . import assignments, guid
from .assignments import Assignment

PATH = "/deviceManagement/deviceConfigurations"
CUSTOM = "#microsoft.graph.windows10CustomConfiguration"
BOOLEAN = "#microsoft.graph.omaSettingBoolean"
ROOTS = {"device": "./Device", "user": "./User"}
HIDDEN = "****"  # what Intune shows of a secret value


@dataclasses.dataclass(frozen=True)
class Policy:
    """A custom profile. ``settings`` are its raw OMA settings, ours among them; ``enable_pin_recovery`` null when it is not set."""

    name: str
    description: str = ""
    enable_pin_recovery: bool | None = None
    assignments: tuple[Assignment, ...] = ()
    id: str | None = None
    settings: tuple[Json, ...] = ()


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What the user asked for; null leaves alone."""

    name: str | None = None
    description: str | None = None
    enable_pin_recovery: bool | None = None
    assignments: tuple[Assignment, ...] | None = None
    purge_assignments: bool = True


@dataclasses.dataclass(frozen=True)
class Plan:
    """``create`` or ``update`` is a request body, ``assign`` all assignments; null where nothing is to do."""

    create: Json | None = None
    update: Json | None = None
    assign: tuple[Assignment, ...] | None = None
    delete: bool = False

    def __bool__(self) -> bool:
        return self.delete or any(part is not None for part in (self.create, self.update, self.assign))


# --- pure -----------------------------------------------------------------------------------------------------------


def oma_uri(tenant: str, scope: str) -> str:
    """The tenant ID in lower case and without braces, as the CSP wants it."""
    return f"{ROOTS[scope]}/Vendor/MSFT/PassportForWork/{tenant}/Policies/EnablePinRecovery"


def normalise(found: Json, uri: str, assigned: tuple[Assignment, ...]) -> Policy:
    settings = tuple(found.get("omaSettings") or ())
    ours = next((setting for setting in settings if setting.get("omaUri") == uri), None)
    # A value of another type ("true" as a string, as some scripts write it) does not work on devices: it counts as not set.
    value = ours.get("value") if ours and ours.get("@odata.type") == BOOLEAN else None
    return Policy(
        name=found["displayName"],
        description=found.get("description") or "",
        enable_pin_recovery=value if isinstance(value, bool) else None,
        assignments=assigned,
        id=found["id"],
        settings=settings,
    )


def plan_present(current: Policy | None, wanted: Wanted, uri: str) -> Plan:
    if current is None:
        return _plan_create(wanted, uri)
    update: Json = {}
    if wanted.name is not None and wanted.name != current.name:
        update["displayName"] = wanted.name
    if wanted.description is not None and wanted.description != current.description:
        update["description"] = wanted.description
    if wanted.enable_pin_recovery is not None and wanted.enable_pin_recovery != current.enable_pin_recovery:
        update["omaSettings"] = _settings_with(current.settings, uri, wanted.enable_pin_recovery)
    assign = None
    if wanted.assignments is not None:
        assignments.check_known(current.assignments)
        merged = assignments.merge(current.assignments, wanted.assignments, wanted.purge_assignments)
        assign = merged if merged != current.assignments else None
    return Plan(update={"@odata.type": CUSTOM, **update} if update else None, assign=assign)


def _plan_create(wanted: Wanted, uri: str) -> Plan:
    if wanted.name is None:
        raise errors.InvalidOptionError("A policy that is to be made needs a name.")
    if wanted.enable_pin_recovery is None:
        raise errors.InvalidOptionError(
            f"There is no policy named '{wanted.name}', and enable_pin_recovery is not set: a new policy would set nothing.",
            hint="Set enable_pin_recovery to true.",
        )
    body = {
        "@odata.type": CUSTOM,
        "displayName": wanted.name,
        "description": wanted.description or "",
        "omaSettings": [render_setting(uri, wanted.enable_pin_recovery)],
    }
    return Plan(create=body, assign=wanted.assignments or None)


def render_setting(uri: str, value: bool) -> Json:
    return {"@odata.type": BOOLEAN, "displayName": "EnablePinRecovery", "description": "", "omaUri": uri, "value": value}


def _settings_with(settings: tuple[Json, ...], uri: str, value: bool) -> list[Json]:
    """All settings with ours replaced or added. Intune replaces the whole list, so the others go back as they came."""
    secret = next((setting for setting in settings if setting.get("omaUri") != uri and setting.get("value") == HIDDEN), None)
    if secret is not None:
        raise errors.SelectionError(
            f"The profile also holds a secret value ({secret.get('omaUri')}), which Intune does not show: it cannot be written back whole.",
            hint="Nothing was written. Use a profile of its own for PIN recovery, or set it in the Intune admin center.",
        )
    # A path that differs in case alone, of the tenant's GUID mostly, does not work on devices: ours takes its place.
    others = [setting for setting in settings if str(setting.get("omaUri")).lower() != uri.lower()]
    return [*others, render_setting(uri, value)]


def project(current: Policy | None, plan: Plan) -> Policy | None:
    """The policy after the plan; a new one has no id yet."""
    if plan.delete:
        return None
    policy = current
    body = plan.create or plan.update
    if body is not None:
        policy = policy or Policy(name="")
        policy = dataclasses.replace(
            policy, name=body.get("displayName", policy.name), description=body.get("description", policy.description)
        )
        if "omaSettings" in body:
            policy = dataclasses.replace(policy, settings=tuple(body["omaSettings"]), enable_pin_recovery=body["omaSettings"][-1]["value"])
    if plan.assign is not None and policy is not None:
        policy = dataclasses.replace(policy, assignments=plan.assign)
    return policy


def describe(policy: Policy | None, scope: str, uri: str) -> Json | None:
    """The ``pin_policy`` return value."""
    if policy is None:
        return None
    return {"id": policy.id, "backend": "custom", "scope": scope, "oma_uri": uri, **managed(policy)}


def managed(policy: Policy | None) -> Json:
    """Managed keys for a diff; empty for a policy that is not there."""
    if policy is None:
        return {}
    return {
        "name": policy.name,
        "description": policy.description,
        "enable_pin_recovery": policy.enable_pin_recovery,
        "assignments": [assignment.describe() for assignment in policy.assignments],
    }


# --- calls ----------------------------------------------------------------------------------------------------------


def tenant_guid(client: GraphClient, tenant_id: str | None) -> str:
    """The GUID of the tenant that we are signed in to, which the option need not name, but must not contradict."""
    found = guid.normalise(str(client.credential.identity().get("tid") or ""))
    if found is None:
        organization = next(client.items("/organization", {"$select": "id"}), {})
        found = guid.normalise(organization.get("id") or "")
    if found is None:
        raise errors.UnexpectedAnswerError("The tenant does not say its ID.", hint="Check cloud and graph_url.")
    told = guid.normalise(tenant_id or "")
    if told not in (None, found):
        raise errors.InvalidOptionError(
            f"tenant_id is {told}, but the credential belongs to the tenant {found}.", hint="Correct tenant_id, or leave it out."
        )
    return found


def find(client: GraphClient, policy_id: str | None, name: str | None, uri: str) -> Policy | None:
    found = _by_id(client, policy_id) if policy_id else _by_name(client, name or "")
    if found is None:
        return None
    return normalise(found, uri, assignments.read(client, _path(found["id"])))


def _by_id(client: GraphClient, policy_id: str) -> Json | None:
    identity = guid.normalise(policy_id)
    if identity is None:
        raise errors.InvalidOptionError(f"id '{policy_id}' is not a GUID.")
    found = client.find(_path(identity))
    if found is not None and found.get("@odata.type") != CUSTOM:
        raise errors.SelectionError(
            f"The profile {identity} ('{found.get('displayName')}') is not a Windows custom profile but {found.get('@odata.type')}.",
            hint="Nothing was written.",
        )
    return found


def _by_name(client: GraphClient, name: str) -> Json | None:
    query = {"$filter": f"displayName eq {literal(name)}"}
    named = [item for item in client.items(PATH, query) if item.get("displayName") == name]
    custom = [item for item in named if item.get("@odata.type") == CUSTOM]
    if len(custom) > 1:
        ids = ", ".join(sorted(item["id"] for item in custom))
        raise errors.SelectionError(
            f"Several custom profiles are named '{name}': {ids}.", hint="Nothing was written. Choose one with the option id."
        )
    if named and not custom:
        types = ", ".join(sorted(f"{item['id']} ({item.get('@odata.type')})" for item in named))
        raise errors.SelectionError(
            f"'{name}' is the name of a profile of another type: {types}.", hint="Nothing was written. Choose another name."
        )
    return custom[0] if custom else None


def apply(client: GraphClient, current: Policy | None, plan: Plan) -> str | None:
    """Carries the plan out; the id of the policy, null when it is deleted."""
    policy_id = current.id if current else None
    if plan.delete:
        client.delete(_path(policy_id or ""))
        return None
    if plan.create is not None:
        policy_id = _create(client, plan.create)
    if plan.update is not None:
        client.patch(_path(policy_id or ""), plan.update)
    if plan.assign is not None:
        try:
            assignments.write(client, _path(policy_id or ""), plan.assign)
        except errors.IntuneError as failure:
            done = "was made" if plan.create is not None else "was changed" if plan.update is not None else "is as it was"
            failure.hint = (
                f"{failure.hint or ''} The policy {policy_id} {done}, but its assignments were not set; run again to finish.".strip()
            )
            raise
    return policy_id


def _create(client: GraphClient, body: Json) -> str:
    try:
        return client.post(PATH, body)["id"]
    except (errors.LostAnswerError, errors.UnexpectedAnswerError, errors.ServiceError) as failure:
        failure.hint = "The profile may have been made. Run again: a profile of that name is found and finished, not made twice."
        raise
    except errors.GraphError as failure:
        if failure.status == 400:
            failure.hint = (
                "If that is not the reason: since 2024 Intune refuses new custom profiles for settings that its settings catalog has. "
                "Make the policy there (Windows Hello For Business > Enable Pin Recovery), or name a custom profile that exists."
            )
        raise


def _path(policy_id: str) -> str:
    return PATH + segments(policy_id)
