# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""All policies of the tenant that touch Windows Hello for Business, in whichever of Intune's surfaces they are.

Pure: the readers of one policy. Call: survey. A surface that cannot be read is told, and does not hide the others.
"""

from __future__ import annotations

import dataclasses
import json
import typing as t

from .. import _errors as errors
from .._graph.client import BETA, V1, GraphClient
from .._graph.odata import render_path
from .._types import Json
from . import assignments, custom_profile, settings_catalog
from .assignments import Assignment
from .policy import Place
from .settings import BY_OPTION, Values

INTENTS = "/deviceManagement/intents"
ENROLLMENT = "/deviceManagement/deviceEnrollmentConfigurations"
IDENTITY_PROTECTION = "#microsoft.graph.windowsIdentityProtectionConfiguration"
HELLO_ENROLLMENT = "#microsoft.graph.deviceEnrollmentWindowsHelloForBusinessConfiguration"
INTENT_PREFIX = "deviceConfiguration--windowsIdentityProtectionConfiguration_"
TEMPLATES = {"endpointSecurityAccountProtection": "account_protection", "baseline": "security_baseline"}
# What intune_pin_policy manages.
BACKENDS = {"custom": "custom", "settings_catalog": "settings_catalog"}

# Properties of the identity protection template, of intents that were made from it, and of the settings for enrollment -> options.
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
# What the settings for enrollment say in other words: windowsHelloForBusinessPinUsage and enablement.
WORDS = {"disallowed": "blocked", "enabled": True, "disabled": False}


@dataclasses.dataclass(frozen=True)
class Found:
    """One policy. ``values`` by scope; ``oma`` are the OMA settings of a custom profile, right and wrong ones."""

    surface: str
    id: str
    name: str
    description: str = ""
    values: t.Mapping[str, Values] = dataclasses.field(default_factory=dict)
    assignments: tuple[Assignment, ...] = ()
    scope_tags: tuple[str, ...] = ()
    oma: tuple[Json, ...] = ()

    def describe(self) -> Json:
        """An entry of the ``pin_policies`` return value."""
        shown = {scope: {name: _plain(value) for name, value in self.values.get(scope, {}).items()} for scope in ("device", "user")}
        return {
            "id": self.id,
            "name": self.name,
            "description": self.description,
            "surface": self.surface,
            "backend": BACKENDS.get(self.surface),
            "device_settings": shown["device"],
            "user_settings": shown["user"],
            "assignments": [assignment.describe() for assignment in self.assignments],
            "scope_tag_ids": list(self.scope_tags),
        }


def _plain(value: t.Any) -> t.Any:
    return list(value) if isinstance(value, tuple) else value


# --- pure -----------------------------------------------------------------------------------------------------------


def read_profile(raw: Json, tenant: str) -> Found | None:
    """A device configuration; null for one that has nothing to do with Windows Hello."""
    if raw.get("@odata.type") == custom_profile.CUSTOM:
        oma = tuple(item for item in raw.get("omaSettings") or [] if concerns_hello(str(item.get("omaUri"))))
        if not oma:
            return None
        plain = [{**item, "omaUri": custom_profile.whole_path(item.get("omaUri"))} for item in oma]
        values = {scope: custom_profile.values_of(plain, Place(tenant, scope))[0] for scope in ("device", "user")}
        return _found("custom", raw, raw.get("displayName"), values, oma)
    if raw.get("@odata.type") == IDENTITY_PROTECTION:
        # Its booleans are false where nobody set them.
        return _found("identity_protection", raw, raw.get("displayName"), {"device": _template_values(raw.items(), explicit=False)})
    return None


def concerns_hello(uri: str) -> bool:
    plain = uri.lower()
    return "passportforwork" in plain or plain.endswith(("/configurewebsigninallowedurls", "/enablewebsignin"))


def read_catalog_policy(raw: Json) -> Found | None:
    values = {scope: settings_catalog.values_of(raw.get("settings") or [], scope) for scope in ("device", "user")}
    if not any(values.values()):
        return None
    reference = raw.get("templateReference") or {}
    family = str(reference.get("templateFamily") or "none")
    surface = "settings_catalog"
    if reference.get("templateId"):
        surface = TEMPLATES.get(family, "template")
    return _found(surface, raw, raw.get("name"), values)


def read_intent(raw: Json, settings: t.Iterable[Json]) -> Found | None:
    pairs = []
    for setting in settings:
        name = str(setting.get("definitionId"))
        if name.startswith(INTENT_PREFIX):
            pairs.append((name.removeprefix(INTENT_PREFIX), _value_of(setting)))
    values = _template_values(pairs, explicit=True)
    return _found("intent", raw, raw.get("displayName"), {"device": values}) if values else None


def _value_of(setting: Json) -> t.Any:
    try:
        return json.loads(setting["valueJson"])
    except (KeyError, TypeError, ValueError):
        return setting.get("value")


def read_enrollment(raw: Json) -> Found | None:
    """The tenant-wide settings for enrollment. They know no PIN recovery, and do not reach devices that are enrolled already."""
    state = {"enabled": True, "disabled": False}.get(str(raw.get("state")))
    if raw.get("@odata.type") != HELLO_ENROLLMENT or state is None:
        # Every tenant has one; its values count when it is switched on or off.
        return None
    plain = [(name, WORDS.get(value, value) if isinstance(value, str) else value) for name, value in raw.items()]
    return _found("enrollment", raw, raw.get("displayName"), {"device": {**_template_values(plain, explicit=True), **_uses(state)}})


def _uses(state: bool) -> Values:
    return {"use_passport_for_work": state}


def _template_values(pairs: t.Iterable[tuple[str, t.Any]], *, explicit: bool) -> Values:
    values: Values = {}
    for name, value in pairs:
        option = PROPERTIES.get(name)
        if name == "windowsHelloForBusinessBlocked" and isinstance(value, bool) and (explicit or value):
            values.update(_uses(not value))
        elif option and _is_value(option, value, explicit):
            values[option] = value
    return values


def _is_value(option: str, value: t.Any, explicit: bool) -> bool:
    setting = BY_OPTION[option]
    if setting.words:
        return value in setting.words
    if setting.kind in ("bool", "flag"):
        return value is True or (explicit and value is False)
    return isinstance(value, int) and not isinstance(value, bool)


def _found(surface: str, raw: Json, name: t.Any, values: t.Mapping[str, Values], oma: tuple[Json, ...] = ()) -> Found:
    return Found(
        surface=surface,
        id=str(raw.get("id")),
        name=str(name or ""),
        description=raw.get("description") or "",
        values={scope: settings for scope, settings in values.items() if settings},
        assignments=assignments.normalise_all(raw.get("assignments") or []),
        scope_tags=tuple(sorted(raw.get("roleScopeTagIds") or [])),
        oma=oma,
    )


# --- calls ----------------------------------------------------------------------------------------------------------


def survey(client: GraphClient, tenant: str) -> tuple[list[Found], list[str]]:
    """The policies, and what could not be read."""
    surfaces: dict[str, t.Callable[[], t.Iterable[Found | None]]] = {
        "device configuration profiles": lambda: _profiles(client, tenant),
        "settings catalog policies": lambda: _catalog(client),
        "endpoint security intents": lambda: _intents(client),
        "Windows Hello for Business enrollment settings": lambda: _enrollment(client),
    }
    found: list[Found] = []
    problems = []
    for what, read in surfaces.items():
        try:
            found += [policy for policy in read() if policy is not None]
        except (errors.GraphError, errors.LostResponseError, errors.UnexpectedResponseError) as failure:
            if what == "device configuration profiles":
                # Without these nothing can be said.
                raise
            problems.append(f"Could not read the {what}: {failure}")
    return sorted(found, key=lambda policy: (policy.name, policy.id)), problems


def _profiles(client: GraphClient, tenant: str) -> t.Iterator[Found | None]:
    for raw in client.list_items(custom_profile.PATH, custom_profile.EXPAND, version=BETA):
        yield read_profile(_all_assignments(client, raw, custom_profile.PATH), tenant)


def _catalog(client: GraphClient) -> t.Iterator[Found | None]:
    for raw in client.list_items(settings_catalog.PATH, {"$expand": settings_catalog.EXPAND}, version=BETA):
        yield read_catalog_policy(_all_assignments(client, settings_catalog.whole(client, raw), settings_catalog.PATH))


def _all_assignments(client: GraphClient, raw: Json, path: str) -> Json:
    """Of a long list, $expand shows the beginning only."""
    if not raw.get("assignments@odata.nextLink"):
        return raw
    return {**raw, "assignments": assignments.read(client, path + render_path(raw["id"]))}


def _intents(client: GraphClient) -> t.Iterator[Found | None]:
    """Retired since 2024, and still editable: a few at most, each read for itself."""
    for raw in client.list_items(INTENTS, version=BETA):
        path = INTENTS + render_path(raw["id"])
        policy = read_intent(raw, client.list_items(f"{path}/settings", version=BETA))
        targets = assignments.normalise_all(assignments.read(client, path)) if policy else ()
        yield dataclasses.replace(policy, assignments=targets) if policy else None


def _enrollment(client: GraphClient) -> t.Iterator[Found | None]:
    for raw in client.list_items(ENROLLMENT, version=V1):
        yield read_enrollment(raw)
