# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""An application and its certificate, from a PEM file (key and certificate) or a PFX file."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime
import functools
import hashlib
import re
import typing as t

from .. import _errors as errors
from .._certificates import read_dates
from .._lifetime import Lifetime
from ._files import UTF_16, read_file
from ._msal import ConfidentialCredential

try:
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
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
        """Raise InvalidOptionError also for a file without a usable key or without a currently valid certificate."""
        super().validate()
        if not HAS_CRYPTOGRAPHY:
            raise errors.MissingLibraryError("cryptography")
        pair = self._key_pair
        with _reading(self.options[OPTION], None):
            validate_dates(self.options[OPTION], pair.certificate, self.context.now())

    def client_credential(self) -> dict[str, t.Any]:
        """Return the key, decrypted, and the certificate, both as PEM."""
        pair = self._key_pair
        with _reading(self.options[OPTION], None):
            key = pair.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            certificate = pair.certificate.public_bytes(Encoding.PEM)
        return {"private_key": key.decode("ascii"), "public_certificate": certificate.decode("ascii")}

    def fingerprint(self) -> str:
        """Return the hash of the certificate."""
        with _reading(self.options[OPTION], None):
            return hashlib.sha256(self._key_pair.certificate.public_bytes(Encoding.DER)).hexdigest()

    def lifetime(self) -> Lifetime:
        """Return the end of the certificate and its thumbprint; the application may record an earlier end under that thumbprint."""
        certificate = self._key_pair.certificate
        with _reading(self.options[OPTION], None):
            # Microsoft Entra identifies certificates by this thumbprint. It is not a signature.
            thumbprint = hashlib.sha1(certificate.public_bytes(Encoding.DER), usedforsecurity=False).hexdigest().upper()
            ends = read_dates(certificate)[1].timestamp()
        name = _find_subject(certificate)
        return Lifetime("certificate", app_id=self.options["client_id"], ends=ends, name=name, thumbprint=thumbprint)

    @functools.cached_property
    def _key_pair(self) -> KeyPair:
        """The key pair in the file, which is read and parsed once."""
        path, passphrase = self.options[OPTION], self.options.get("client_certificate_passphrase")
        content = read_file(OPTION, path)
        return parse_pem(path, content, passphrase) if b"-----BEGIN" in content else parse_pfx(path, content, passphrase)


def parse_pem(path: str, content: bytes, passphrase: str | None) -> KeyPair:
    """Return the first key of a PEM file and its certificate, in any order. ``path``: for messages."""
    text = content.decode("ascii", errors="replace")
    keys, certificates = _find_blocks(text, "PRIVATE KEY"), _find_blocks(text, "CERTIFICATE")
    if not keys or not certificates:
        missing = "private key" if not keys else "certificate"
        raise errors.InvalidOptionError(f"{OPTION} '{path}' has no {missing}.", hint="The PEM file must hold the key and the certificate.")
    with _reading(path, passphrase):
        # cryptography rejects a passphrase for an unencrypted key; users need not care.
        password = passphrase.encode() if passphrase and "ENCRYPTED" in keys[0] else None
        key = load_pem_private_key(keys[0].encode(), password)
    found = [certificate for certificate in map(_load_certificate, certificates) if certificate]
    if not found:
        raise errors.InvalidOptionError(
            f"{OPTION} '{path}' has no certificate that can be read.",
            hint="Put the certificate of the key into the file, with the first line -----BEGIN CERTIFICATE-----, and check it with "
            "'openssl x509 -text'.",
        )
    return _pair(path, key, found)


def parse_pfx(path: str, content: bytes, passphrase: str | None) -> KeyPair:
    """Return the key and its certificate in a PFX file. ``path``: for messages."""
    _refuse_text(path, content)
    with _reading(path, passphrase):
        key, certificate, others = pkcs12.load_key_and_certificates(content, passphrase.encode() if passphrase else None)
    found = [*([certificate] if certificate else []), *others]
    if key is None or not found:
        raise errors.InvalidOptionError(f"{OPTION} '{path}' has no private key with its certificate.", hint="Export it with its key.")
    return _pair(path, key, found)


def _refuse_text(path: str, content: bytes) -> None:
    """Raise InvalidOptionError for a PEM or base64 text, which would be misread as binary."""
    if content.startswith(UTF_16):
        raise errors.InvalidOptionError(f"{OPTION} '{path}' is UTF-16 text.", hint="Write the PEM file as ASCII.")
    # A PFX file begins with a sequence (0x30), and base64 of that byte begins with M.
    if re.fullmatch(rb"M[A-Za-z0-9+/_\s-]+=*\s*", content):
        raise errors.InvalidOptionError(
            f"{OPTION} '{path}' is a PFX file in base64, as Azure Key Vault returns it.",
            hint="Decode it first, for example with the filter b64decode(encoding='latin-1') or 'base64 --decode'.",
        )


def _find_blocks(text: str, kind: str) -> list[str]:
    return [found.group(0) + "\n" for found in re.finditer(rf"-----BEGIN ([A-Z0-9 ]*{kind})-----.*?-----END \1-----", text, re.DOTALL)]


def _pair(path: str, key: object, certificates: t.Sequence[x509.Certificate]) -> KeyPair:
    """Return the key with its own certificate; raise InvalidOptionError if that is missing, or the key is not RSA."""
    if not isinstance(key, RSAPrivateKey):
        raise _not_rsa(path)
    numbers = key.public_key().public_numbers()
    for certificate in certificates:
        if _public_numbers(certificate) == numbers:
            return KeyPair(key, certificate)
    raise errors.InvalidOptionError(
        f"{OPTION} '{path}' holds a private key and a certificate that do not belong together.",
        hint="Put the certificate of this key into the file: 'openssl x509 -pubkey' and 'openssl pkey -pubout' must print the same.",
    )


def _public_numbers(certificate: x509.Certificate) -> object:
    try:
        key = certificate.public_key()
    except Exception:
        # A certificate of another key, of a type that the library does not support.
        return None
    return key.public_numbers() if isinstance(key, RSAPublicKey) else None


def _load_certificate(text: str) -> x509.Certificate | None:
    """Return a certificate, or None if the library cannot read it: it may belong to another key."""
    try:
        return x509.load_pem_x509_certificate(text.encode())
    except Exception:  # the library raises exceptions of any type
        return None


def _find_subject(certificate: x509.Certificate) -> str | None:
    """Return the subject of a certificate, or None if it has no name or one that the library cannot read."""
    try:
        return certificate.subject.rfc4514_string() or None
    except Exception:  # the library raises exceptions of any type
        return None


@contextlib.contextmanager
def _reading(path: str, passphrase: str | None) -> t.Iterator[None]:
    """Turn any exception of cryptography into an InvalidOptionError."""
    try:
        yield
    except errors.IntuneError:
        raise
    except UnsupportedAlgorithm:
        # For example, an unknown curve. Older versions raise ValueError.
        raise _not_rsa(path) from None
    except Exception:
        raise errors.InvalidOptionError(
            f"{OPTION} '{path}' cannot be opened: it is damaged, of another format, or its passphrase is wrong or missing.",
            hint="Check it with openssl, and client_certificate_passphrase. The private key must be an RSA key."
            + (" The passphrase begins or ends with a blank or a line end." if passphrase and passphrase != passphrase.strip() else ""),
        ) from None


def _not_rsa(path: str) -> errors.InvalidOptionError:
    return errors.InvalidOptionError(
        f"The private key in {OPTION} '{path}' must be an RSA key.", hint="Microsoft Entra takes RSA keys only: make a new pair."
    )


def validate_dates(path: str, certificate: x509.Certificate, now: float) -> None:
    """Raise InvalidOptionError for a certificate that is not currently valid. ``now``: seconds since the epoch."""
    today = datetime.datetime.fromtimestamp(now, datetime.timezone.utc)
    begins, ends = read_dates(certificate)
    if ends < today:
        raise errors.InvalidOptionError(
            f"{OPTION} '{path}' expired on {ends:%Y-%m-%d}.", hint="Make a new one and upload it to the application."
        )
    if begins > today:
        raise errors.InvalidOptionError(
            f"{OPTION} '{path}' is valid from {begins:%Y-%m-%d} on, by the clock of this machine.", hint="Check the clock, or wait."
        )
