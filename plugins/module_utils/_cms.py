# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Seal a secret, so that only the holder of a recipient's private key can read it.

The sealed text is CMS EnvelopedData (RFC 5652) in PEM armor: 'openssl cms -decrypt' and PowerShell's Unprotect-CmsMessage open it.
"""

from __future__ import annotations

import base64
import datetime
import os
import re
import textwrap
import typing as t

from . import _errors as errors
from . import _pem as pem
from ._certificates import load
from ._time import render_timestamp
from ._types import Json

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.ciphers.algorithms import AES256
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.hazmat.primitives.serialization.pkcs7 import PKCS7EnvelopeBuilder, PKCS7Options
    from cryptography.x509.oid import PublicKeyAlgorithmOID
except ImportError:  # missing, or before 43, which cannot encrypt
    HAS_ENVELOPES = False
else:
    HAS_ENVELOPES = True

OPTION = "seal_to"
SMALLEST_KEY = 2048  # bits
LONGEST_NAME = 255  # characters; a longer text is content rather than a path, and is not shown
HINT = (
    "A recipient is a certificate, as PEM text or as the path of a PEM or DER file on the host that runs the module. A file holds one, "
    "and other users cannot write it. A certificate must be valid now and have an RSA key of at least "
    f"{SMALLEST_KEY} bits for key encipherment."
)


class Sealer:
    """A sealer for all recipients at once. Each of them can open the result with its own key."""

    def __init__(self, recipients: t.Sequence[str], now: float) -> None:
        """Load the recipients: PEM text, or the path of a PEM or DER file. ``now``: seconds since the epoch.

        InvalidOptionError lists all problems of all recipients. MissingLibraryError: no cryptography, or one before 43.
        """
        if not HAS_ENVELOPES:
            raise _missing_library()
        self._certificates = _certificates(recipients, now)
        try:
            self.recipients = [_describe(certificate) for certificate in self._certificates]
            self._envelope = _envelope(self._certificates)
            # Fail now if this host cannot encrypt, before there is a passcode that would be lost.
            self.seal("trial")
        except Exception as failure:  # the library raises exceptions of any type
            raise errors.InvalidOptionError(
                f"Nothing can be sealed to the certificates of {OPTION} on this host: {str(failure) or type(failure).__name__}.",
                hint="The cryptography library has to support RSA with PKCS#1 v1.5 padding, which some FIPS settings forbid.",
            ) from failure

    def seal(self, text: str) -> str:
        """Return a CMS message in PEM armor that contains ``text`` as UTF-8 and nothing else."""
        # A passcode has no lone surrogates. If one did, the exception of a strict encoder would contain the passcode.
        data = text.encode("utf-8", errors="backslashreplace")
        message = self._envelope.set_data(data).encrypt(Encoding.DER, [PKCS7Options.Binary])
        # The library's own PEM is labeled PKCS7, which PowerShell does not search for.
        lines = textwrap.wrap(base64.b64encode(message).decode("ascii"), 64)
        return "\n".join(["-----BEGIN CMS-----", *lines, "-----END CMS-----", ""])

    def can_be_opened(self, message: str) -> bool:
        """Return whether a sealed text names each of the recipients, by issuer and serial number."""
        body = message.strip().removeprefix("-----BEGIN CMS-----").removesuffix("-----END CMS-----")
        try:
            content = base64.b64decode("".join(body.split()), validate=True)
        except ValueError:
            return False
        return all(_issuer_and_serial(certificate) in content for certificate in self._certificates)


def _missing_library() -> errors.MissingLibraryError:
    # In quotes, because a shell interprets > as a redirection.
    return errors.MissingLibraryError(f"cryptography 43 or later (needed for {OPTION})").with_hint(
        "Install it there, for example with \"python -m pip install 'cryptography>=43'\", or use an execution environment that has it."
    )


def _envelope(certificates: t.Iterable[t.Any]) -> t.Any:
    envelope = PKCS7EnvelopeBuilder()
    # cryptography 43 and 44 offer no choice and encrypt with AES-128-CBC.
    if hasattr(envelope, "set_content_encryption_algorithm"):
        envelope = envelope.set_content_encryption_algorithm(AES256)
    for certificate in certificates:
        envelope = envelope.add_recipient(certificate)
    return envelope


def _certificates(recipients: t.Sequence[str], now: float) -> list[t.Any]:
    """Return the certificates, each once; raise InvalidOptionError with all their problems."""
    if not recipients:
        raise errors.InvalidOptionError(f"{OPTION} is empty: nobody could open the sealed value.", hint=HINT)
    certificates, problems = [], []
    # If one entry is a part of a text, the others may be further lines of it.
    parts = [(position, part) for position, entry in enumerate(recipients, 1) for part in _split(entry)]
    shows_paths = not any(pem.is_fragment(part) for _position, part in parts)
    for position, part in parts:
        name = _name(part, position, shows_paths=shows_paths)
        try:
            found = load(part)
        except errors.InvalidOptionError as failure:
            problems.append(f"{name} {failure.message}")
            continue
        certificates += found
        problems += [f"{name} {fault}" for certificate in found for fault in _find_faults(certificate, now)]
    if problems:
        raise errors.InvalidOptionError(f"{OPTION} cannot be used: {'; '.join(dict.fromkeys(problems))}.", hint=HINT)
    return list(dict.fromkeys(certificates))


def _find_faults(certificate: t.Any, now: float) -> list[str]:
    try:
        faults = (_wrong_name(certificate), _wrong_date(certificate, now), _wrong_key(certificate), _wrong_usage(certificate))
    except Exception:  # the library raises exceptions of any type
        return ["is damaged"]
    return [fault for fault in faults if fault]


def _split(entry: str) -> list[str]:
    """Return the parts of an entry, because a form passes a list as one text, with a path on each line or commas between paths."""
    if pem.is_pem(entry) or os.path.exists(os.path.expanduser(entry)):
        return [entry]
    return [part.strip() for part in re.split(r"[\r\n,]", entry) if part.strip()] or [entry]


def _name(part: str, position: int, *, shows_paths: bool) -> str:
    """Return the name for messages: the path, or the position of an entry that may be content, such as a key given by mistake."""
    is_short = bool(part.strip()) and len(part) <= LONGEST_NAME and part.isprintable() and not pem.is_pem(part)
    is_path = is_short and (shows_paths or os.path.exists(os.path.expanduser(part)))
    return f"'{part}'" if is_path else f"entry {position} of {OPTION}"


def _describe(certificate: t.Any) -> Json:
    """Return a recipient for the result of a task."""
    digest = certificate.fingerprint(hashes.SHA256())
    subject = certificate.subject.rfc4514_string()
    return {
        "subject": "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in subject),
        "fingerprint": ":".join(f"{byte:02X}" for byte in digest),
        "not_after": render_timestamp(certificate.not_valid_after_utc.timestamp()),
    }


def _issuer_and_serial(certificate: t.Any) -> bytes:
    """Return the DER of the name that identifies a recipient in CMS: RFC 5652, section 10.2.4."""
    number = certificate.serial_number
    serial = number.to_bytes(number.bit_length() // 8 + 1, "big", signed=True)
    return bytes(certificate.issuer.public_bytes() + bytes([2, len(serial)]) + serial)


def _wrong_name(certificate: t.Any) -> str | None:
    try:
        certificate.subject.rfc4514_string()
        certificate.issuer.public_bytes()
    except ValueError:
        return "has a name that cannot be read"
    return None


def _wrong_date(certificate: t.Any, now: float) -> str | None:
    moment = datetime.datetime.fromtimestamp(now, datetime.timezone.utc)
    if certificate.not_valid_after_utc < moment:
        return f"expired at {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
    if certificate.not_valid_before_utc > moment:
        return f"is not valid before {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
    return None


def _wrong_key(certificate: t.Any) -> str | None:
    # The class is not sufficient: RSASSA-PSS keys are also RSAPublicKey, but must not encrypt.
    if certificate.public_key_algorithm_oid != PublicKeyAlgorithmOID.RSAES_PKCS1_v1_5:
        return "has a key that is not for RSA encryption"
    try:
        bits = certificate.public_key().key_size
    except ValueError:
        return "has a key that cannot be read"
    return None if bits >= SMALLEST_KEY else f"has an RSA key of {bits} bits, and {SMALLEST_KEY} is the least"


def _wrong_usage(certificate: t.Any) -> str | None:
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType):
        return "has extensions that cannot be read"
    return None if usage.key_encipherment else "has a key usage without key encipherment"
