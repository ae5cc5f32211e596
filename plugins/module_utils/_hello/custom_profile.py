# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The backend custom: a Windows custom profile with OMA-URI settings. Source: Graph windows10CustomConfiguration.

Read by beta, which alone shows scope tags, filters and references of hidden values; written by v1.0, but for scope tags.
"""

from __future__ import annotations

import dataclasses
import re
import typing as t

from .. import _errors as errors
from .._directory.lookup import DEFAULT_TAG
from .._graph.client import BETA, V1, GraphClient
from .._graph.odata import render_literal, render_path
from .._types import Json
from . import assignments
from .policy import Place, Policy
from .settings import BY_OPTION, HIDDEN, SETTINGS, Setting, Values

PATH = "/deviceManagement/deviceConfigurations"
CUSTOM = "#microsoft.graph.windows10CustomConfiguration"
BOOLEAN = "#microsoft.graph.omaSettingBoolean"
INTEGER = "#microsoft.graph.omaSettingInteger"
STRING = "#microsoft.graph.omaSettingString"
OMA_TYPES = {"bool": BOOLEAN, "flag": INTEGER, "choice": INTEGER, "int": INTEGER, "text": STRING, "list": STRING}
READ_ONLY = ("isEncrypted", "secretReferenceValueId", "isReadOnly")  # of beta; refused when they are written
EXPAND = {"$expand": "assignments"}


class CustomProfile:
    name = "custom"
    path = PATH
    version = V1

    def named(self, client: GraphClient, name: str) -> list[Json]:
        query = {"$filter": f"displayName eq {render_literal(name)}", **EXPAND}
        return [raw for raw in client.list_items(PATH, query, version=BETA) if raw.get("displayName") == name]

    def numbered(self, client: GraphClient, policy_id: str) -> Json | None:
        return t.cast("Json | None", client.find(PATH + render_path(policy_id), EXPAND, version=BETA))

    def other_kind(self, raw: Json) -> str | None:
        kind = str(raw.get("@odata.type"))
        return None if kind == CUSTOM else kind

    def normalise(self, client: GraphClient, raw: Json, place: Place, reveal: t.Collection[str] = ()) -> Policy:
        settings, hidden = values_of(raw.get("omaSettings") or [], place, alone=True)
        settings.update(_reveal_all(client, raw, place, [name for name in hidden if name in reveal]))
        return Policy(
            name=raw["displayName"],
            description=raw.get("description") or "",
            settings=settings,
            assignments=assignments.expanded(client, raw, PATH + render_path(raw["id"])),
            scope_tags=tuple(sorted(raw.get("roleScopeTagIds") or [DEFAULT_TAG])),
            id=raw["id"],
            hidden=tuple(name for name in hidden if name not in settings),
            raw=raw,
        )

    def foreign(self, raw: Json, place: Place) -> list[str]:
        ours = {setting.uri(place.tenant, scope) for setting in SETTINGS for scope in setting.scopes}
        return sorted({whole_path(item.get("omaUri")) for item in raw.get("omaSettings") or []} - ours)

    def create(self, client: GraphClient, after: Policy, place: Place) -> str:
        body = {
            "@odata.type": CUSTOM,
            "displayName": after.name,
            "description": after.description,
            "omaSettings": [render(BY_OPTION[name], value, place) for name, value in after.settings.items()],
        }
        tagged = after.scope_tags != (DEFAULT_TAG,)
        if tagged:
            body["roleScopeTagIds"] = list(after.scope_tags)
        try:
            return str(client.post(PATH, body, version=BETA if tagged else V1)["id"])
        except (errors.LostResponseError, errors.UnexpectedResponseError, errors.ServiceError) as failure:
            failure.hint = "The profile may have been made. Run again: a profile of that name is found and finished, not made twice."
            raise
        except errors.GraphError as failure:
            if failure.status == 400 and "approval" not in (failure.hint or ""):
                failure.hint = (
                    "If that is not the reason: since 2024 Intune refuses new custom profiles for settings that its settings catalog has. "
                    "Set backend to settings_catalog, or name a custom profile that exists."
                )
            raise

    def update(self, client: GraphClient, before: Policy, after: Policy, place: Place) -> None:
        body: Json = {}
        if after.name != before.name:
            body["displayName"] = after.name
        if after.description != before.description:
            body["description"] = after.description
        if after.settings != before.settings:
            body["omaSettings"] = oma_settings(before, after, place)
        tagged = after.scope_tags != before.scope_tags
        if tagged:
            body["roleScopeTagIds"] = list(after.scope_tags)
        client.patch(PATH + render_path(before.id or ""), {"@odata.type": CUSTOM, **body}, version=BETA if tagged else V1)

    def ready(self, client: GraphClient, before: Policy, after: Policy, place: Place) -> Policy:
        if after.settings == before.settings:
            return before
        # The whole list is written: what is hidden, and not this task's, has to go back as it is.
        before = dataclasses.replace(before, kept=_reveal_all(client, before.raw, place, before.hidden))
        oma_settings(before, after, place)
        return before


def whole_path(uri: t.Any) -> str:
    """./Vendor is another way to write ./Device/Vendor."""
    return re.sub(r"^\./Vendor/", "./Device/Vendor/", str(uri))


def stands_for(uri: t.Any, setting: Setting, place: Place) -> bool:
    """Whether a path means this setting, rightly or not: in other letters, with Policy/ in it, or with the tenant ID in braces.

    One with another tenant's ID is somebody else's.
    """
    plain = whole_path(uri).lower().replace("/msft/policy/passportforwork/", "/msft/passportforwork/")
    return plain.replace(f"{{{place.tenant}}}", place.tenant) == setting.uri(place.tenant, place.scope).lower()


def values_of(oma: t.Sequence[Json], place: Place, *, alone: bool = False) -> tuple[Values, list[str]]:
    """The settings that are ours, and the options whose value is hidden.

    What does not work on devices counts as not set: a value of another type ("true" as a string, as some scripts write it), a path
    in another letter case, and a path that is there twice. ``alone``: so does one that has a path beside it that does not work, so
    that it is written anew without.
    """
    values: Values = {}
    hidden = []
    for setting in SETTINGS:
        found = _rows(oma, setting, place, alone) if place.scope in setting.scopes else []
        if len(found) != 1 or whole_path(found[0].get("omaUri")) != setting.uri(place.tenant, place.scope):
            continue
        if is_hidden(found[0]) and OMA_TYPES[setting.kind] == found[0].get("@odata.type") == STRING:
            hidden.append(setting.option)
            continue
        value = parse(setting, found[0])
        if value is not None:
            values[setting.option] = value
    return values, hidden


def _rows(oma: t.Sequence[Json], setting: Setting, place: Place, alone: bool) -> list[Json]:
    if alone:
        return [item for item in oma if stands_for(item.get("omaUri"), setting, place)]
    uri = setting.uri(place.tenant, place.scope)
    return [item for item in oma if whole_path(item.get("omaUri")) == uri]


def is_hidden(item: Json) -> bool:
    return item.get("value") == HIDDEN


def parse(setting: Setting, item: Json) -> t.Any:
    """The value of an OMA setting; null where it is none that this setting can have."""
    value = item.get("value")
    if item.get("@odata.type") != OMA_TYPES[setting.kind]:
        return None
    if setting.kind == "bool":
        return value if isinstance(value, bool) else None
    if setting.kind in ("text", "list"):
        return parse_text(setting, value)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    if setting.kind == "int":
        return value
    known = (False, True) if setting.kind == "flag" else setting.words
    return known[value] if 0 <= value < len(known) else None


def parse_text(setting: Setting, value: t.Any) -> t.Any:
    """The value of a string; null for none, and for stars in its place."""
    if not isinstance(value, str) or value == HIDDEN:
        return None
    if setting.kind == "list":
        return tuple(sorted({host.strip().lower() for host in value.split(";") if host.strip()})) or None
    return value or None


def render(setting: Setting, value: t.Any, place: Place) -> Json:
    wire: t.Any = value
    if setting.kind == "flag":
        wire = int(value)
    elif setting.kind == "choice":
        wire = setting.words.index(value)
    elif setting.kind == "list":
        wire = ";".join(value)
    return {
        "@odata.type": OMA_TYPES[setting.kind],
        "displayName": setting.node.rpartition("/")[2],
        "description": "",
        "omaUri": setting.uri(place.tenant, place.scope),
        "value": wire,
    }


def oma_settings(before: Policy, after: Policy, place: Place) -> list[Json]:
    """All OMA settings of the profile with ours changed. Intune replaces the whole list, so the others go back as they came."""
    changed = [name for name in {**before.settings, **after.settings} if before.settings.get(name) != after.settings.get(name)]
    # A path that does not work on devices says nothing there: ours takes its place.
    kept = []
    for item in before.raw.get("omaSettings") or []:
        if not any(stands_for(item.get("omaUri"), BY_OPTION[name], place) for name in changed):
            kept.append(_writable(item, {**before.settings, **before.kept}, place))
    return kept + [render(BY_OPTION[name], after.settings[name], place) for name in changed if name in after.settings]


def _writable(item: Json, settings: Values, place: Place) -> Json:
    """A setting as it may be written back. A hidden one only when Intune revealed its value."""
    if is_hidden(item):
        ours = [setting for setting in SETTINGS if setting.uri(place.tenant, place.scope) == whole_path(item.get("omaUri"))]
        if not ours or ours[0].option not in settings:
            raise errors.SelectionError(
                f"The profile also holds a value ({item.get('omaUri')}) that Intune does not show: it cannot be written back whole.",
                hint="Nothing was written. Use a profile of its own for PIN recovery, or set it in the Intune admin center.",
            )
        # It is the profile's, with the name that somebody gave it there.
        own = {name: item[name] for name in ("displayName", "description", "omaUri") if name in item}
        return {**render(ours[0], settings[ours[0].option], place), **own}
    return {name: value for name, value in item.items() if name not in READ_ONLY}


def _reveal_all(client: GraphClient, raw: Json, place: Place, names: t.Iterable[str]) -> Values:
    """The hidden values of these options in clear, without those that Intune does not reveal."""
    found = {name: _reveal(client, raw, BY_OPTION[name].uri(place.tenant, place.scope)) for name in names}
    parsed = {name: parse_text(BY_OPTION[name], value) for name, value in found.items()}
    return {name: value for name, value in parsed.items() if value is not None}


def _reveal(client: GraphClient, raw: Json, uri: str) -> t.Any:
    """A hidden value of ours in clear; null where Intune refuses, as it is known to do for applications at times."""
    reference = next((item.get("secretReferenceValueId") for item in raw["omaSettings"] if whole_path(item.get("omaUri")) == uri), None)
    if not reference:
        return None
    function = f"getOmaSettingPlainTextValue(secretReferenceValueId={render_literal(str(reference))})"
    try:
        return (client.get(PATH + render_path(raw["id"], function)) or {}).get("value")
    except errors.GraphError as failure:
        if failure.status in (400, 403, 404):
            return None
        raise
