# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Read all policies of the tenant that concern Windows Hello for Business, of every policy type of Intune.

A policy type that cannot be read is reported, and does not hide the others.
"""

from __future__ import annotations

import dataclasses
import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .._graph.client import BETA, GraphClient
from .._graph.odata import render_path
from .._http.message import Request
from .._types import Json
from . import api, custom_profile, settings_catalog
from .assignments import parse_assignments
from .model import OMA_SETTING, POLICY_MEMBERS, SCOPES, FoundPolicy, PolicyScope, Surface, parse_oma_settings
from .paths import expand_uri, means_hello
from .settings import BY_OPTION, Scope, Values

INTENTS = "/deviceManagement/intents"
ENROLLMENT = "/deviceManagement/deviceEnrollmentConfigurations"
IDENTITY_PROTECTION = "#microsoft.graph.windowsIdentityProtectionConfiguration"
HELLO_ENROLLMENT = "#microsoft.graph.deviceEnrollmentWindowsHelloForBusinessConfiguration"
INTENT_PREFIX = "deviceConfiguration--windowsIdentityProtectionConfiguration_"
TEMPLATES: t.Mapping[str, Surface] = {"endpointSecurityAccountProtection": "account_protection", "baseline": "security_baseline"}
CATALOG_EXPAND = {"$expand": settings_catalog.EXPAND}
# The policy types by Intune's lists; one list may contain several surfaces.
PolicyType = t.Literal["profiles", "catalog", "intents", "enrollment"]
LABELS: t.Mapping[PolicyType, str] = {
    "profiles": "device configuration profiles",
    "catalog": "settings catalog policies",
    "intents": "endpoint security intents",
    "enrollment": "Windows Hello for Business enrollment settings",
}
NEEDED: tuple[PolicyType, ...] = ("profiles",)  # without these, no result is possible
UNREADABLE = (errors.GraphError, errors.LostResponseError, errors.UnexpectedResponseError)

# Policy types that are not managed are only reported, so only their common members are validated.
PROFILE = shapes.object_of(
    {**POLICY_MEMBERS, "displayName": shapes.lenient(shapes.text), "omaSettings": shapes.optional(shapes.list_of(OMA_SETTING))}
)
CATALOG_POLICY = shapes.object_of({**settings_catalog.CATALOG_MEMBERS, "name": shapes.lenient(shapes.text)})
INTENT_SETTING = shapes.object_of({"definitionId": shapes.optional(shapes.text), "valueJson": shapes.lenient(shapes.text)})
# Properties of the identity protection template, of intents based on it, and of enrollment configurations -> options.
PROPERTIES = {
    "pinRecoveryEnabled": "enable_pin_recovery",
    "securityDeviceRequired": "require_security_device",
    "useCertificatesForOnPremisesAuthEnabled": "use_certificate_for_on_prem_auth",
    "useSecurityKeyForSignin": "use_security_key_for_signin",
    "unlockWithBiometricsEnabled": "use_biometrics",
    "enhancedAntiSpoofingForFacialFeaturesEnabled": "use_enhanced_anti_spoofing",
    "pinMinimumLength": "minimum_pin_length",
    "pinMaximumLength": "maximum_pin_length",
    "pinUppercaseCharactersUsage": "uppercase_letters",
    "pinLowercaseCharactersUsage": "lowercase_letters",
    "pinSpecialCharactersUsage": "special_characters",
    "pinPreviousBlockCount": "pin_history",
    "pinExpirationInDays": "pin_expiration",
    "remotePassportEnabled": "use_remote_passport",
    "enhancedBiometricsState": "use_enhanced_anti_spoofing",
}
BLOCKED = "windowsHelloForBusinessBlocked"
# Values that enrollment configurations spell differently: windowsHelloForBusinessPinUsage and enablement.
ENROLLMENT_WORDS: t.Mapping[str, t.Any] = {"disallowed": "blocked", "enabled": True, "disabled": False}

Problems = list[str]


# --- reading one policy ---------------------------------------------------------------------------------------------


def parse_profile(raw: Json, tenant_id: str) -> FoundPolicy | None:
    """Parse a device configuration, or return None if it does not concern Windows Hello for Business."""
    if raw.get("@odata.type") == custom_profile.ODATA_TYPE:
        oma = tuple(item for item in raw.get("omaSettings") or [] if means_hello(str(item.get("omaUri"))))
        if not oma:
            return None
        plain = [{**item, "omaUri": expand_uri(item.get("omaUri"))} for item in oma]
        values = {scope: parse_oma_settings(plain, PolicyScope(tenant_id, scope))[0] for scope in SCOPES}
        return _make_found("custom", raw, raw.get("displayName"), values, oma)
    if raw.get("@odata.type") == IDENTITY_PROTECTION:
        # Its booleans are false if nobody set them.
        values = {"device": _parse_properties(raw.items(), is_explicit=False)}
        return _make_found("identity_protection", raw, raw.get("displayName"), values)
    return None


def parse_catalog_policy(raw: Json) -> FoundPolicy | None:
    """Parse a settings catalog policy, or return None if it does not concern Windows Hello for Business."""
    values = {scope: settings_catalog.parse_settings(raw.get("settings") or [], scope) for scope in SCOPES}
    if not any(values.values()):
        return None
    reference = raw.get("templateReference") or {}
    surface: Surface = "settings_catalog"
    if reference.get("templateId"):
        surface = TEMPLATES.get(str(reference.get("templateFamily")), "template")
    return _make_found(surface, raw, raw.get("name"), values)


def parse_intent(raw: Json, settings: t.Iterable[Json]) -> FoundPolicy | None:
    """Parse an intent with its settings, or return None if it does not concern Windows Hello for Business."""
    pairs = []
    for setting in settings:
        name = str(setting.get("definitionId"))
        if name.startswith(INTENT_PREFIX):
            pairs.append((name.removeprefix(INTENT_PREFIX), _parse_intent_value(setting)))
    values = _parse_properties(pairs, is_explicit=True)
    return _make_found("intent", raw, raw.get("displayName"), {"device": values}) if values else None


def _parse_intent_value(setting: Json) -> t.Any:
    try:
        return shapes.parse_json(setting["valueJson"])
    except (KeyError, AttributeError, ValueError):
        return setting.get("value")


def parse_enrollment(raw: Json) -> FoundPolicy | None:
    """Parse an enrollment configuration for Windows Hello for Business, or return None for any other, and for an unconfigured default.

    Enrollment configurations have no PIN recovery, and do not reach enrolled devices. Every tenant has a default one, with priority 0.
    Values count only if Windows Hello for Business is enabled or disabled there, not if it is not configured.
    """
    is_enabled = {"enabled": True, "disabled": False}.get(str(raw.get("state")))
    priority = shapes.lenient(shapes.integer)(raw.get("priority"), "priority") or 0
    if raw.get("@odata.type") != HELLO_ENROLLMENT or (is_enabled is None and not priority):
        return None
    values: Values = {}
    if is_enabled is not None:
        pairs = [(name, ENROLLMENT_WORDS.get(value, value) if isinstance(value, str) else value) for name, value in raw.items()]
        values = {**_parse_properties(pairs, is_explicit=True), "use_passport_for_work": is_enabled}
    return dataclasses.replace(_make_found("enrollment", raw, raw.get("displayName"), {"device": values}), priority=priority)


def _parse_properties(pairs: t.Iterable[tuple[str, t.Any]], *, is_explicit: bool) -> Values:
    """Return the values of our settings. ``is_explicit``: somebody set a false; it is not the default."""
    values: Values = {}
    for name, value in pairs:
        option = PROPERTIES.get(name)
        if name == BLOCKED and isinstance(value, bool) and (is_explicit or value):
            values["use_passport_for_work"] = not value
        elif option and _is_value(option, value, is_explicit):
            values[option] = value
    return values


def _is_value(option: str, value: t.Any, is_explicit: bool) -> bool:
    setting = BY_OPTION[option]
    if setting.words:
        return value in setting.words
    if setting.kind in ("bool", "flag"):
        return value is True or (is_explicit and value is False)
    return shapes.lenient(shapes.integer)(value, option) is not None


def _make_found(surface: Surface, raw: Json, name: t.Any, values: t.Mapping[Scope, Values], oma: tuple[Json, ...] = ()) -> FoundPolicy:
    return FoundPolicy(
        surface=surface,
        id=str(raw.get("id")),
        name=str(name or ""),
        description=raw.get("description") or "",
        values={scope: settings for scope, settings in values.items() if settings},
        assignments=parse_assignments(raw.get("assignments") or []),
        scope_tags=tuple(sorted(raw.get("roleScopeTagIds") or [])),
        oma=oma,
    )


# --- calls ----------------------------------------------------------------------------------------------------------


def fetch_policies(client: GraphClient, tenant_id: str) -> tuple[list[FoundPolicy], Problems]:
    """Return the policies sorted by name, and a problem for each policy type that could not be read."""
    found, failures = fetch_policy_types(client, tenant_id, needed=NEEDED)
    return found, [f"Could not read the {LABELS[name]}: {failure}" for name, failure in failures.items()]


def fetch_policy_types(
    client: GraphClient, tenant_id: str, needed: t.Collection[PolicyType] = ()
) -> tuple[list[FoundPolicy], dict[PolicyType, errors.IntuneError]]:
    """Return the policies by name, and the failure of each policy type that could not be read; raise the failure of a needed type."""
    readers: dict[PolicyType, t.Callable[[], t.Iterable[FoundPolicy | None]]] = {
        "profiles": lambda: _fetch_profiles(client, tenant_id),
        "catalog": lambda: _fetch_catalog(client),
        "intents": lambda: _fetch_intents(client),
        "enrollment": lambda: _fetch_enrollment(client),
    }
    found: list[FoundPolicy] = []
    failures: dict[PolicyType, errors.IntuneError] = {}
    for name, read in readers.items():
        try:
            found += [policy for policy in read() if policy is not None]
        except UNREADABLE as failure:
            if name in needed:
                raise
            failures[name] = failure
    return sorted(found, key=lambda policy: (policy.name, policy.id)), failures


def render_list_requests(client: GraphClient) -> list[Request]:
    """Return the first requests for reading all policies."""
    return [
        client.request("GET", custom_profile.PATH, custom_profile.EXPAND, version=BETA),
        client.request("GET", settings_catalog.PATH, CATALOG_EXPAND, version=BETA),
        client.request("GET", INTENTS, version=BETA),
        client.request("GET", ENROLLMENT, custom_profile.EXPAND, version=BETA),
    ]


def _fetch_profiles(client: GraphClient, tenant_id: str) -> t.Iterator[FoundPolicy | None]:
    path = custom_profile.PATH
    for raw in client.list_items(path, custom_profile.EXPAND, version=BETA, item=PROFILE):
        yield parse_profile(api.complete_assignments(client, raw, path), tenant_id)


def _fetch_catalog(client: GraphClient) -> t.Iterator[FoundPolicy | None]:
    path = settings_catalog.PATH
    for raw in client.list_items(path, CATALOG_EXPAND, version=BETA, item=CATALOG_POLICY):
        yield parse_catalog_policy(api.complete_assignments(client, settings_catalog.fetch_all_settings(client, raw), path))


def _fetch_intents(client: GraphClient) -> t.Iterator[FoundPolicy | None]:
    """Yield the intents. They were retired in 2024, but can still be edited; there are only a few, and each is read separately."""
    for raw in client.list_items(INTENTS, version=BETA, item=PROFILE):
        path = INTENTS + render_path(raw["id"])
        policy = parse_intent(raw, client.list_items(f"{path}/settings", version=BETA, item=INTENT_SETTING))
        if policy is not None:
            yield dataclasses.replace(policy, assignments=parse_assignments(api.fetch_assignments(client, path)))


def _fetch_enrollment(client: GraphClient) -> t.Iterator[FoundPolicy | None]:
    for raw in client.list_items(ENROLLMENT, custom_profile.EXPAND, version=BETA, item=PROFILE):
        yield parse_enrollment(api.complete_assignments(client, raw, ENROLLMENT))
