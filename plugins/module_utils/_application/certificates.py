# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Read the certificates that an application must have from the option that lists them."""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .. import _pem as pem
from .._time import render_timestamp
from .model import Certificate

LONGEST_DISPLAY_NAME = 90  # characters; Entra cuts longer ones
LONGEST_PATH = 255  # characters; a longer text is content, and is not shown
HINT = "Each entry is one certificate without its private key: PEM text, or the path of a PEM or DER file on the host that runs the module."


def read_certificates(given: t.Sequence[str] | None, now: float, *, is_purging: bool = False) -> list[Certificate] | None:
    """Return the certificates of the option, each once, or None if it is not set. ``now``: seconds since the epoch.

    ``is_purging``: whether all other certificates are removed. InvalidOptionError names the first entry that is not a certificate, has
    expired, has a key with which the modules cannot sign in, or contains a private key. It is also raised if none is valid yet and all
    others would be removed.
    """
    if given is None:
        return None
    # If one entry is a part of a text, the others may be further lines of it.
    shows_paths = not any(map(pem.is_fragment, given))
    found = [_read(entry, number, now, shows_paths=shows_paths) for number, entry in enumerate(given, 1)]
    starts = min((certificate.starts or "" for certificate in found), default="")
    if is_purging and starts > (render_timestamp(now) or ""):
        raise errors.InvalidOptionError(
            f"No entry of certificates is valid before {starts}, and purge_certificates would remove the others: the application could not "
            "sign in until then.",
            hint="Leave purge_certificates false until one of them is valid.",
        )
    return list({certificate.thumbprint: certificate for certificate in found}.values())


def _read(entry: str, number: int, now: float, *, shows_paths: bool) -> Certificate:
    # Imported here because it imports the library cryptography, which few tasks need.
    from .._certificates import HAS_CRYPTOGRAPHY, describe_public, load

    if not HAS_CRYPTOGRAPHY:
        raise errors.MissingLibraryError("cryptography")
    is_path = shows_paths and len(entry) <= LONGEST_PATH and entry.isprintable() and not pem.is_pem(entry)
    name = f"'{entry}'" if is_path else f"Entry {number} of certificates"
    try:
        loaded = load(entry)
        if len(loaded) != 1:
            raise errors.InvalidOptionError(f"holds {len(loaded)} certificates instead of one")
        public = describe_public(loaded[0])
        if public.ends <= now:
            raise errors.InvalidOptionError(f"expired at {render_timestamp(public.ends)}")
        if not public.is_rsa:
            raise errors.InvalidOptionError("does not have an RSA key, with which alone the modules sign in")
    except errors.InvalidOptionError as failure:
        raise errors.InvalidOptionError(f"{name} {failure.message}.", hint=HINT) from None
    return Certificate(
        public.thumbprint,
        public.subject[:LONGEST_DISPLAY_NAME] or None,
        render_timestamp(public.starts),
        render_timestamp(public.ends),
        der=public.der,
    )
