# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""An application and its certificate, from a PEM file (key and certificate) or a PFX file."""

from __future__ import annotations

import dataclasses
import datetime
import functools
import re
import typing as t

from .. import _errors as errors
from ._files import read_file
from ._msal import ConfidentialCredential

try:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key, pkcs12
except ImportError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

OPTION = "client_certificate_path"


@dataclasses.dataclass(frozen=True)
class KeyPair:
    """A private key and its certificate."""

    key: RSAPrivateKey = dataclasses.field(repr=False)
    certificate: x509.Certificate


class ClientCertificate(ConfidentialCredential):
    """The certificate in the file of the option ``client_certificate_path``."""

    method = "client_certificate"
    required_options = ("tenant_id", "client_id", OPTION)

    def validate(self) -> None:
        """Raise InvalidOptionError also for a file without a usable key and a certificate in force."""
        super().validate()
        if not HAS_CRYPTOGRAPHY:
            raise errors.MissingLibraryError("cryptography")
        validate_dates(self.options[OPTION], self._key_pair.certificate, self.context.now())

    def client_credential(self) -> dict[str, t.Any]:
        """Return the key without its passphrase, and the certificate, both as PEM."""
        key = self._key_pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        certificate = self._key_pair.certificate.public_bytes(Encoding.PEM)
        return {"private_key": key.decode("ascii"), "public_certificate": certificate.decode("ascii")}

    @functools.cached_property
    def _key_pair(self) -> KeyPair:
        """The content of the file, which is read and parsed once."""
        path, passphrase = self.options[OPTION], self.options.get("client_certificate_passphrase")
        content = read_file(OPTION, path)
        return parse_pem(path, content, passphrase) if b"-----BEGIN" in content else parse_pfx(path, content, passphrase)


def parse_pem(path: str, content: bytes, passphrase: str | None) -> KeyPair:
    """Return the first key and the first certificate in a PEM file. ``path``: for messages."""
    text = content.decode("ascii", errors="replace")
    key, certificate = _find_block(text, "PRIVATE KEY"), _find_block(text, "CERTIFICATE")
    if not key or not certificate:
        missing = "private key" if not key else "certificate"
        raise errors.InvalidOptionError(f"{OPTION} '{path}' has no {missing}.", hint="The PEM file must hold the key and the certificate.")
    # A passphrase for a key that has none is an error for cryptography, but not for the user.
    password = passphrase.encode() if passphrase and "ENCRYPTED" in key else None
    try:
        return KeyPair(
            _require_rsa(path, load_pem_private_key(key.encode(), password)), x509.load_pem_x509_certificate(certificate.encode())
        )
    except (ValueError, TypeError) as failure:
        raise _unreadable(path) from failure


def parse_pfx(path: str, content: bytes, passphrase: str | None) -> KeyPair:
    """Return the key and its certificate in a PFX file. ``path``: for messages."""
    try:
        key, certificate, _others = pkcs12.load_key_and_certificates(content, passphrase.encode() if passphrase else None)
    except (ValueError, TypeError) as failure:
        raise _unreadable(path) from failure
    if key is None or certificate is None:
        raise errors.InvalidOptionError(f"{OPTION} '{path}' has no private key with its certificate.", hint="Export it with its key.")
    return KeyPair(_require_rsa(path, key), certificate)


def _find_block(text: str, kind: str) -> str | None:
    found = re.search(rf"-----BEGIN ([A-Z ]*{kind})-----.*?-----END \1-----", text, re.DOTALL)
    return found.group(0) + "\n" if found else None


def _require_rsa(path: str, key: object) -> RSAPrivateKey:
    if not isinstance(key, RSAPrivateKey):
        raise errors.InvalidOptionError(f"{OPTION} '{path}' has a key that is not RSA.", hint="Microsoft Entra takes RSA keys only.")
    return key


def _unreadable(path: str) -> errors.InvalidOptionError:
    return errors.InvalidOptionError(
        f"{OPTION} '{path}' cannot be opened: it is damaged, of another format, or its passphrase is wrong or missing.",
        hint="Check it with openssl, and client_certificate_passphrase.",
    )


def validate_dates(path: str, certificate: x509.Certificate, now: float) -> None:
    """Raise InvalidOptionError for a certificate that has expired. ``now``: seconds since the epoch."""
    # Dates without a zone for cryptography before 42, which has no *_utc properties.
    today = datetime.datetime.fromtimestamp(now, datetime.timezone.utc)
    ends = getattr(certificate, "not_valid_after_utc", None) or certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc)
    if ends < today:
        raise errors.InvalidOptionError(
            f"{OPTION} '{path}' expired on {ends:%Y-%m-%d}.", hint="Make a new one and upload it to the application."
        )
