# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Read certificates that an option names: as PEM text, or as the path of a PEM or DER file."""

from __future__ import annotations

import datetime
import hashlib
import os
import typing as t

from . import _errors as errors
from . import _pem as pem
from ._file_safety import find_writable_by_others

try:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
    from cryptography.hazmat.primitives.serialization import Encoding
except ImportError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

LARGEST_FILE = 65536  # bytes; a certificate has a few thousand


class PublicCertificate(t.NamedTuple):
    """A certificate in DER form, its SHA-1 thumbprint in upper case, its subject, and its validity in seconds since the epoch.

    ``is_rsa``: whether its key is an RSA key.
    """

    der: bytes
    thumbprint: str
    subject: str
    starts: float
    ends: float
    is_rsa: bool


def load(part: str) -> list[t.Any]:
    """Return the certificates of a text, or the one of a file; raise InvalidOptionError whose message continues the text's name."""
    if not part.strip():
        raise errors.InvalidOptionError("is blank")
    if pem.is_pem(part):
        return [_parse(content) for content in pem.parse_certificates(part)]
    content = _read(part)
    text = content.decode("ascii", errors="replace")
    found = [_parse(content) for content in (pem.parse_certificates(text) if pem.is_pem(text) else [content])]
    if len(found) > 1:
        raise errors.InvalidOptionError(f"holds {len(found)} certificates, and it is not clear which one is meant")
    return found


def describe_public(certificate: t.Any) -> PublicCertificate:
    """Return the properties of a certificate for a directory; raise InvalidOptionError for a damaged one."""
    try:
        der = certificate.public_bytes(Encoding.DER)
        # Microsoft Entra identifies certificates by this thumbprint. It is not a signature.
        thumbprint = hashlib.sha1(der, usedforsecurity=False).hexdigest().upper()
        subject = certificate.subject.rfc4514_string()
        starts, ends = (moment.timestamp() for moment in read_dates(certificate))
        return PublicCertificate(der, thumbprint, subject, starts, ends, isinstance(certificate.public_key(), RSAPublicKey))
    except Exception as failure:  # the library raises exceptions of any type
        raise errors.InvalidOptionError("is damaged") from failure


def read_dates(certificate: t.Any) -> tuple[datetime.datetime, datetime.datetime]:
    """Return the start and the end of a certificate's validity."""
    # cryptography before 42 has no *_utc properties, so dates have no zone.
    zone = datetime.timezone.utc
    begins = getattr(certificate, "not_valid_before_utc", None) or certificate.not_valid_before.replace(tzinfo=zone)
    ends = getattr(certificate, "not_valid_after_utc", None) or certificate.not_valid_after.replace(tzinfo=zone)
    return begins, ends


def _parse(content: bytes) -> t.Any:
    try:
        return x509.load_der_x509_certificate(content)
    except Exception as failure:  # of any type, because an unknown version is not a ValueError
        raise errors.InvalidOptionError(pem.UNREADABLE) from failure


def _read(path: str) -> bytes:
    path = os.path.expanduser(path)
    try:
        # Reading a pipe or a device could block the task forever.
        if os.path.exists(path) and not os.path.isfile(path):
            raise errors.InvalidOptionError("is not a file")
        with open(path, "rb") as file:
            content = file.read(LARGEST_FILE + 1)
        exposed = find_writable_by_others(path)
    except (OSError, ValueError) as failure:
        raise errors.InvalidOptionError(f"cannot be read: {getattr(failure, 'strerror', None) or 'this is no path'}") from failure
    if len(content) > LARGEST_FILE:
        raise errors.InvalidOptionError(f"is larger than {LARGEST_FILE} bytes, so it is no certificate")
    if exposed:
        raise errors.InvalidOptionError(f"can be replaced by other users: {exposed}")
    return content
