# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The backend custom: a Windows custom profile with OMA-URI settings. Source: Graph windows10CustomConfiguration.

Read in the beta version, because only beta shows scope tags, filters, and references of hidden values. Written in v1.0, except with scope
tags.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .._graph.client import BETA, V1, GraphClient
from .._graph.odata import render_literal, render_path
from .._http.message import Request
from .._types import Json
from . import api
from .model import (
    DEFAULT_SCOPE_TAG,
    OMA_SETTING,
    POLICY_MEMBERS,
    Policy,
    PolicyScope,
    is_hidden,
    is_written_so,
    parse_oma_settings,
    parse_oma_text,
    render_oma_setting,
)
from .ownership import PolicyContents
from .paths import expand_uri, is_path_of
from .settings import BY_OPTION, SETTINGS, BackendName, Setting, Values

PATH = "/deviceManagement/deviceConfigurations"
ODATA_TYPE = "#microsoft.graph.windows10CustomConfiguration"
PROFILE = shapes.object_of({**POLICY_MEMBERS, "displayName": shapes.text, "omaSettings": shapes.optional(shapes.list_of(OMA_SETTING))})
PLAIN_TEXT = shapes.optional(shapes.object_of({"value": shapes.optional(shapes.text)}))
READ_ONLY = ("isEncrypted", "secretReferenceValueId", "isReadOnly")  # in beta; refused in a write
LABELS: tuple[str, ...] = ("displayName", "description", "omaUri")  # of an OMA setting, in the user's spelling
EXPAND = {"$expand": "assignments"}
NOT_REVEALED = (400, 403, 404)  # statuses with which Intune refuses to reveal a value, as it sometimes does for applications


class CustomProfile:
    """The backend custom."""

    name: BackendName = "custom"
    path = PATH
    name_property = "displayName"
    version = V1

    def fetch_by_name(self, client: GraphClient, name: str) -> list[Json]:
        """Return all device configurations with exactly this name."""
        return [raw for raw in client.list_items(PATH, _query_name(name), version=BETA, item=PROFILE) if raw.get("displayName") == name]

    def render_name_request(self, client: GraphClient, name: str) -> Request:
        """Return the request of ``fetch_by_name``."""
        return client.request("GET", PATH, _query_name(name), version=BETA)

    def find_by_id(self, client: GraphClient, policy_id: str) -> Json | None:
        """Return the device configuration with this ID."""
        return client.find(PATH + render_path(policy_id), EXPAND, version=BETA, shape=PROFILE)

    def find_mismatch(self, raw: Json) -> str | None:
        """Return the type of a device configuration that is not a custom profile, or None for a custom profile."""
        odata_type = str(raw.get("@odata.type"))
        return None if odata_type == ODATA_TYPE else odata_type

    def fetch_policy(self, client: GraphClient, raw: Json, policy_scope: PolicyScope, reveal: t.Collection[str] = ()) -> Policy:
        """Return the policy, with the hidden values of the options in ``reveal``."""
        settings, hidden = parse_oma_settings(raw.get("omaSettings") or [], policy_scope, alone=True)
        settings.update(_reveal_all(client, raw, policy_scope, [name for name in hidden if name in reveal]))
        return Policy(
            name=raw["displayName"],
            description=raw.get("description") or "",
            settings=settings,
            assignments=api.fetch_all_assignments(client, raw, PATH),
            scope_tags=tuple(sorted(raw.get("roleScopeTagIds") or [DEFAULT_SCOPE_TAG])),
            id=raw["id"],
            hidden=tuple(name for name in hidden if name not in settings),
            raw=raw,
        )

    def read_contents(self, raw: Json, tenant_id: str) -> PolicyContents:
        """Return everything that a profile sets."""
        ours = {setting.uri(tenant_id, scope): setting for setting in SETTINGS for scope in setting.scopes}
        options, others = set(), set()
        for item in raw.get("omaSettings") or []:
            uri = expand_uri(item.get("omaUri"))
            if uri in ours and is_written_so(ours[uri], item):
                options.add(ours[uri].option)
            else:
                others.add(uri)
        return PolicyContents(frozenset(options), tuple(sorted(others)))

    def create(self, client: GraphClient, desired: Policy, policy_scope: PolicyScope) -> str:
        """Create the profile without assignments, and return its ID."""
        body = {
            "@odata.type": ODATA_TYPE,
            "displayName": desired.name,
            "description": desired.description,
            "omaSettings": [render_oma_setting(BY_OPTION[name], value, policy_scope) for name, value in desired.settings.items()],
        }
        is_tagged = desired.scope_tags != (DEFAULT_SCOPE_TAG,)
        if is_tagged:
            body["roleScopeTagIds"] = list(desired.scope_tags)
        try:
            return str(client.post(PATH, body, version=BETA if is_tagged else V1, shape=api.CREATED)["id"])
        except errors.IntuneError as failure:
            if failure.effects == "unknown":
                advice = "The profile may have been made. Run again: a profile of that name is found and finished, not made twice."
                raise failure.with_hint(advice) from failure
            if not isinstance(failure, errors.GraphError) or failure.status != 400 or failure.needs_approval:
                raise
            raise failure.with_hint(
                "If that is not the reason: since 2024 Intune refuses new custom profiles for settings that its settings catalog has. "
                "Set backend to settings_catalog, or name a custom profile that exists."
            ) from failure

    def prepare_update(self, client: GraphClient, current: Policy, desired: Policy, policy_scope: PolicyScope) -> Policy:
        """Return the current policy with the hidden values that an update writes back; raise SelectionError if one is unknown."""
        if desired.settings == current.settings:
            return current
        # Intune replaces the whole list, so hidden values that the task does not name must be written back unchanged.
        revealed = _reveal_all(client, current.raw, policy_scope, current.hidden)
        current = dataclasses.replace(current, written_back={**current.written_back, **revealed})
        merge_oma_settings(current, desired, policy_scope)
        return current

    def update(self, client: GraphClient, current: Policy, desired: Policy, policy_scope: PolicyScope) -> None:
        """Update the changed parts of the profile."""
        body: Json = {}
        if desired.name != current.name:
            body["displayName"] = desired.name
        if desired.description != current.description:
            body["description"] = desired.description
        if desired.settings != current.settings:
            body["omaSettings"] = merge_oma_settings(current, desired, policy_scope)
        is_tagged = desired.scope_tags != current.scope_tags
        if is_tagged:
            body["roleScopeTagIds"] = list(desired.scope_tags)
        path = PATH + render_path(current.id or "")
        client.patch(path, {"@odata.type": ODATA_TYPE, **body}, version=BETA if is_tagged else V1)


def _query_name(name: str) -> dict[str, str]:
    return {"$filter": f"displayName eq {render_literal(name)}", **EXPAND}


def list_uris(raw: Json, *, without: t.Collection[str]) -> list[str]:
    """Return the paths of a profile's settings, in their long form, except those in ``without``."""
    return sorted({expand_uri(item.get("omaUri")) for item in raw.get("omaSettings") or []} - set(without))


def merge_oma_settings(current: Policy, desired: Policy, policy_scope: PolicyScope) -> list[Json]:
    """Return all OMA settings of the profile, with ours changed and all others unchanged, because Intune replaces the whole list."""
    names = {**current.settings, **desired.settings}
    changed = [BY_OPTION[name] for name in names if current.settings.get(name) != desired.settings.get(name)]
    known = {**current.settings, **current.written_back}
    kept = [
        _render_kept(item, known, policy_scope)
        for item in current.raw.get("omaSettings") or []
        # A path that does not work on devices sets nothing, so the correct one replaces it.
        if not any(is_path_of(item.get("omaUri"), policy_scope.uri(setting)) for setting in changed)
    ]
    new = [setting for setting in changed if setting.option in desired.settings]
    return kept + [render_oma_setting(setting, desired.settings[setting.option], policy_scope) for setting in new]


def _render_kept(item: Json, known: Values, policy_scope: PolicyScope) -> Json:
    """Return an OMA setting in a form that can be written back; a hidden one only if Intune revealed its value."""
    if not is_hidden(item):
        return {name: value for name, value in item.items() if name not in READ_ONLY}
    setting = _find_setting(item, policy_scope)
    if setting is None or setting.option not in known:
        raise errors.SelectionError(
            f"The profile also holds a value ({item.get('omaUri')}) that Intune does not show: it cannot be written back whole.",
            hint="Use a separate profile for PIN recovery, or set it in the Intune admin center.",
            effects="none",
        )
    # The labels keep the user's spelling.
    labels = {name: item[name] for name in LABELS if name in item}
    return {**render_oma_setting(setting, known[setting.option], policy_scope), **labels}


def _find_setting(item: Json, policy_scope: PolicyScope) -> Setting | None:
    return next((setting for setting in SETTINGS if policy_scope.uri(setting) == expand_uri(item.get("omaUri"))), None)


def _reveal_all(client: GraphClient, raw: Json, policy_scope: PolicyScope, names: t.Iterable[str]) -> Values:
    """Return the hidden values of these options in clear text, without those that Intune does not reveal."""
    found = {name: _reveal(client, raw, policy_scope.uri(BY_OPTION[name])) for name in names}
    parsed = {name: parse_oma_text(BY_OPTION[name], value) for name, value in found.items()}
    return {name: value for name, value in parsed.items() if value is not None}


def _reveal(client: GraphClient, raw: Json, uri: str) -> t.Any:
    """Return a hidden value in clear text, or None if Intune refuses."""
    reference = next((item.get("secretReferenceValueId") for item in raw["omaSettings"] if expand_uri(item.get("omaUri")) == uri), None)
    if not reference:
        return None
    function = f"getOmaSettingPlainTextValue(secretReferenceValueId={render_literal(str(reference))})"
    try:
        return (client.get(PATH + render_path(raw["id"], function), shape=PLAIN_TEXT) or {}).get("value")
    except errors.GraphError as failure:
        if failure.status in NOT_REVEALED:
            return None
        raise
