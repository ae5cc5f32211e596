# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Key pairs and secrets of the tenant."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@dataclass
class KeyPair:
    """A private key and its certificate."""

    key: PrivateKey
    certificate: x509.Certificate

    @property
    def rsa_key(self) -> rsa.RSAPrivateKey:
        """Return the key of a pair that signs tokens; TypeError for another kind of key."""
        if not isinstance(self.key, rsa.RSAPrivateKey):
            raise TypeError("tokens are signed with RSA keys")
        return self.key

    def key_pem(self) -> bytes:
        """Return the private key as unencrypted PKCS#8."""
        return self.key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())

    def certificate_pem(self) -> bytes:
        """Return the certificate as PEM."""
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def pfx(self, passphrase: str) -> bytes:
        """Return key and certificate as PKCS#12."""
        encryption = serialization.BestAvailableEncryption(passphrase.encode())
        return pkcs12.serialize_key_and_certificates(b"emulated", self.key, self.certificate, None, encryption)


def certificate_builder(subject: str, issuer: x509.Name | None, key: PrivateKey, days: int) -> x509.CertificateBuilder:
    """Return a builder for a certificate that is valid from yesterday on; without `issuer` it is self-signed."""
    now = datetime.now(timezone.utc)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(issuer or name).public_key(key.public_key())
    return (
        builder.serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days))
    )


def make_key_pair(common_name: str) -> KeyPair:
    """Return a self-signed RSA-2048 pair, as administrators register them on applications."""
    key = rsa.generate_private_key(65537, 2048)
    return KeyPair(key, certificate_builder(common_name, None, key, 365).sign(key, hashes.SHA256()))


def random_text() -> str:
    """Return a secret without characters that a shell interprets."""
    return secrets.token_urlsafe(24).replace("-", "x").replace("_", "y")


@dataclass
class Keys:
    """Key material and secrets; made once a run and kept across resets, so that the variables stay valid."""

    signing: KeyPair = field(default_factory=lambda: make_key_pair("signing"))
    federated: KeyPair = field(default_factory=lambda: make_key_pair("federated issuer"))
    client: KeyPair = field(default_factory=lambda: make_key_pair("emulated client"))
    client_secret: str = field(default_factory=random_text)
    passphrase: str = field(default_factory=random_text)
    identity_header: str = field(default_factory=random_text)

    @property
    def signing_id(self) -> str:
        """Return the `kid` of the signing key."""
        return hashlib.sha256(self.signing.certificate_pem()).hexdigest()[:27]
