# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""A throw-away certificate authority, and the server certificate."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID

from ..state.keys import KeyPair, certificate_builder

VALID_DAYS = 30


def make_authority() -> KeyPair:
    """Return a CA for this run only."""
    key = ec.generate_private_key(ec.SECP256R1())
    usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
    builder = certificate_builder("Emulated tenant CA", None, key, VALID_DAYS)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    builder = builder.add_extension(usage, critical=True)
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    return KeyPair(key, builder.sign(key, hashes.SHA256()))


def make_server_certificate(authority: KeyPair, names: Iterable[str]) -> KeyPair:
    """Return a certificate for host names and IP addresses."""
    key = ec.generate_private_key(ec.SECP256R1())
    alternatives = [_alternative_name(name) for name in names]
    builder = certificate_builder(str(alternatives[0].value), authority.certificate.subject, key, VALID_DAYS)
    builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    builder = builder.add_extension(identifier, critical=False)
    return KeyPair(key, builder.sign(authority.key, hashes.SHA256()))


def _alternative_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
