# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Determine the end of the credential in use, from the credential itself and the application's record. Pure.

An application shows only the first characters of a client secret (``hint``). So the end of a secret is that of the secrets with the same
first characters, and the earliest if there are several.

Sources: https://learn.microsoft.com/graph/api/resources/passwordcredential and
https://learn.microsoft.com/graph/api/resources/keycredential
"""

from __future__ import annotations

import dataclasses
import math
import typing as t

from .. import _errors as errors
from .. import _json as shapes
from .._lifetime import Kind, Lifetime
from .._text import quote
from .._time import parse_timestamp, render_timestamp
from .._types import Json
from .model import parse_thumbprint
from .plan import DAY

LONGEST_WARNING_DAYS = 3650
DEFAULT_WARNING_DAYS = 30
LONGEST_NAME = 60  # characters of a name in a message
TEXT = shapes.lenient(shapes.text)
# These values only inform, so an invalid entry provides less information and does not hide the others.
KEY = shapes.object_of(dict.fromkeys(("customKeyIdentifier", "endDateTime"), TEXT))
SECRET = shapes.object_of(dict.fromkeys(("displayName", "hint", "endDateTime"), TEXT))
MEMBERS: t.Mapping[Kind, str] = {"certificate": "keyCredentials", "client_secret": "passwordCredentials"}
NOUNS: t.Mapping[Kind, str] = {"certificate": "certificate", "client_secret": "client secret"}
HINTS: t.Mapping[Kind, str] = {
    "certificate": "Add the certificate of a new key pair with endpointops.intune.entra_application, sign in with it, and remove this one "
    "afterwards. The playbook endpointops.intune.rotate_certificate does all three.",
    "client_secret": "Create another client secret with endpointops.intune.entra_application, give it to all that sign in with this one, "
    "and remove this one afterwards.",
}
Source = t.Literal["certificate", "application"]


class CredentialResult(t.TypedDict):
    """The return value ``credential``."""

    kind: Kind | None
    name: str | None
    source: Source | None
    expires: str | None
    days_left: int | None
    expires_soon: bool | None
    message: str
    hint: str | None


class Expiry(t.NamedTuple):
    """The end of the credential as a return value, and why the application could not be read, if that was unexpected."""

    result: CredentialResult
    problem: str | None = None


@dataclasses.dataclass(frozen=True)
class _End:
    """An end in seconds since the epoch, with its source. ``number``: the number of credentials that it may belong to."""

    ends: float
    name: str | None
    source: Source
    number: int = 1


def make_shape(lifetime: Lifetime) -> shapes.Shape[Json]:
    """Return the shape of the application that a credential belongs to, with its credentials of the same kind."""
    entries: t.Mapping[str, shapes.Shape[t.Any]] = {
        "keyCredentials": shapes.optional(shapes.list_of(KEY)),
        "passwordCredentials": shapes.optional(shapes.list_of(SECRET)),
    }
    return shapes.object_of({"appId": shapes.same_identity(lifetime.app_id), **entries})


def validate_warning_days(days: int) -> int:
    """Return the days; raise InvalidOptionError for an invalid number."""
    if not 0 <= days <= LONGEST_WARNING_DAYS:
        raise errors.InvalidOptionError(f"expiry_warning_days must be a number from 0 to {LONGEST_WARNING_DAYS}, not {days}.")
    return days


def judge(lifetime: Lifetime, application: Json | None, unread: str, now: float, warning_days: int) -> CredentialResult:
    """Return the end of the credential in use.

    ``application``: None if it was not read, for the reason in ``unread``. ``now``: seconds since the epoch. ``warning_days``: a credential
    ends soon if no more days than these are left.
    """
    if lifetime.kind is None:
        return _describe_unknown(None, lifetime.reason, False if lifetime.is_endless else None)
    entries = (application or {}).get(MEMBERS[lifetime.kind]) or []
    if lifetime.kind == "certificate":
        end = _find_end_of_certificate(lifetime, entries)
        if end.ends >= math.inf:
            return _describe_unknown("certificate", "The certificate has no end.", False, end.name)
    else:
        matching = _list_matching(lifetime, entries)
        found = _find_end_of_secret(matching, now)
        if found is None:
            reason = unread or _explain_silence(entries, matching)
            return _describe_unknown("client_secret", f"When the client secret ends is not known: {reason}", None)
        end = found
    left = end.ends - now
    is_soon = left <= warning_days * DAY
    return {
        "kind": lifetime.kind,
        "name": end.name,
        "source": end.source,
        "expires": render_timestamp(end.ends),
        "days_left": math.floor(left / DAY),
        "expires_soon": is_soon,
        "message": _tell(lifetime, end, left),
        "hint": HINTS[lifetime.kind] if is_soon else None,
    }


def _describe_unknown(kind: Kind | None, message: str, expires_soon: bool | None, name: str | None = None) -> CredentialResult:
    return {
        "kind": kind,
        "name": name,
        "source": None,
        "expires": None,
        "days_left": None,
        "expires_soon": expires_soon,
        "message": message,
        "hint": None,
    }


def _find_end_of_certificate(lifetime: Lifetime, keys: t.Sequence[Json]) -> _End:
    """Return the end of the certificate, or the earlier one at which the application stops accepting it; infinite if there is none."""
    own = math.inf if lifetime.ends is None or render_timestamp(lifetime.ends) is None else lifetime.ends
    same = [key for key in keys if parse_thumbprint(key.get("customKeyIdentifier")) == lifetime.thumbprint]
    # The same certificate can be present twice and is accepted until the later end. An entry without an end sets no limit.
    ends = [parse_timestamp(key.get("endDateTime")) for key in same]
    accepted = max((math.inf if end is None else end for end in ends), default=math.inf)
    return _End(accepted, lifetime.name, "application") if accepted < own else _End(own, lifetime.name, "certificate")


def _list_matching(lifetime: Lifetime, secrets: t.Sequence[Json]) -> list[Json]:
    """Return the secrets that may be the one in use: those with the same first characters, or else those without shown characters."""
    same = [secret for secret in secrets if secret.get("hint") and secret["hint"] == lifetime.hint]
    return same or [secret for secret in secrets if not secret.get("hint")]


def _find_end_of_secret(secrets: t.Sequence[Json], now: float) -> _End | None:
    """Return the earliest future end of these secrets, because the secret in use is not identified, or None if no end is known.

    An expired secret is not in use, unless all have expired: then the last one has just expired.
    """
    ends = [(end, secret.get("displayName")) for secret in secrets if (end := parse_timestamp(secret.get("endDateTime"))) is not None]
    if not ends:
        return None
    coming = [pair for pair in ends if pair[0] > now]
    end, name = min(coming, key=lambda pair: pair[0]) if coming else max(ends, key=lambda pair: pair[0])
    return _End(end, name or None, "application", len(coming) or 1)


def _explain_silence(secrets: t.Sequence[Json], matching: t.Sequence[Json]) -> str:
    if matching:
        return "the application shows no end of it."
    shown = "shows none that begins like it" if secrets else "shows no client secret"
    return f"the application {shown}. Entra shows a new one late, and one of the service principal not at all."


def _tell(lifetime: Lifetime, end: _End, left: float) -> str:
    """Return a sentence about the end of the credential."""
    kind = t.cast("Kind", lifetime.kind)
    name = f" '{quote(end.name, LONGEST_NAME)}'" if end.name else ""
    subject = f"The {NOUNS[kind]}{name} of the application {lifetime.app_id}"
    day = (render_timestamp(end.ends) or "")[:10]
    days = math.floor(left / DAY)
    period = "in less than a day" if days < 1 else f"in {days} day{'' if days == 1 else 's'}"
    when = f"on {day}" if left <= 0 else f"on {day}, {period}"
    if kind == "certificate" and end.source == "application":
        verb = "was" if left <= 0 else "is"
        return f"{subject} {verb} accepted until {when.removeprefix('on ')}, although it lasts longer itself."
    verb = "ended" if left <= 0 else "ends"
    more = f" It is the first to end of {end.number} that may be the one in use." if end.number > 1 else ""
    return f"{subject} {verb} {when}.{more}"


def list_warnings(result: CredentialResult | None) -> list[str]:
    """Return the warning of a task; empty if the credential does not end soon."""
    return [f"{result['message']} {result['hint']}"] if result is not None and result["expires_soon"] else []
