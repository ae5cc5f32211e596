# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""An application and its certificate, from a PEM file (key and certificate) or a PFX file."""

from __future__ import annotations

import datetime
import re
import typing as t

from .. import _errors as errors
from . import _files
from ._msal import ConfidentialCredential

try:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, pkcs12
except ImportError:
    HAS_CRYPTOGRAPHY = False
else:
    HAS_CRYPTOGRAPHY = True

OPTION = "client_certificate_path"


class ClientCertificate(ConfidentialCredential):
    method = "client_certificate"
    needs = ("tenant_id", "client_id", OPTION)

    def check(self) -> None:
        super().check()
        if not HAS_CRYPTOGRAPHY:
            raise errors.MissingLibraryError("cryptography")
        path = self.options[OPTION]
        content = _files.read(OPTION, path)
        certificate = self._open_pem(path, content) if b"-----BEGIN" in content else self._open_pfx(path, content)
        _check_dates(path, certificate, self.context.now())

    def client_credential(self) -> dict[str, t.Any]:
        path = self.options[OPTION]
        content = _files.read(OPTION, path)
        if b"-----BEGIN" not in content:
            return {"private_key_pfx_path": path, "passphrase": self.options.get("client_certificate_passphrase")}
        text = content.decode("ascii", errors="replace")
        key = _block(text, "PRIVATE KEY") or ""
        return {"private_key": key, "passphrase": self._passphrase(key), "public_certificate": _block(text, "CERTIFICATE")}

    def _open_pem(self, path: str, content: bytes) -> t.Any:
        text = content.decode("ascii", errors="replace")
        key, certificate = _block(text, "PRIVATE KEY"), _block(text, "CERTIFICATE")
        if not key or not certificate:
            missing = "private key" if not key else "certificate"
            raise errors.InvalidOptionError(
                f"{OPTION} '{path}' has no {missing}.", hint="The PEM file must hold the key and the certificate."
            )
        try:
            _check_key(path, load_pem_private_key(key.encode(), self._passphrase(key)))
            return x509.load_pem_x509_certificate(certificate.encode())
        except (ValueError, TypeError) as failure:
            raise _unreadable(path, failure) from failure

    def _open_pfx(self, path: str, content: bytes) -> t.Any:
        try:
            key, certificate, _others = pkcs12.load_key_and_certificates(content, self._passphrase("ENCRYPTED"))
        except (ValueError, TypeError) as failure:
            raise _unreadable(path, failure) from failure
        if key is None or certificate is None:
            raise errors.InvalidOptionError(f"{OPTION} '{path}' has no private key with its certificate.", hint="Export it with its key.")
        _check_key(path, key)
        return certificate

    def _passphrase(self, key: str) -> bytes | None:
        phrase = self.options.get("client_certificate_passphrase")
        # A passphrase for a key that has none is an error for cryptography, but not for the user.
        return phrase.encode() if phrase and "ENCRYPTED" in key else None


def _check_key(path: str, key: t.Any) -> None:
    if not isinstance(key, RSAPrivateKey):
        raise errors.InvalidOptionError(f"{OPTION} '{path}' has a key that is not RSA.", hint="Microsoft Entra takes RSA keys only.")


def _block(text: str, kind: str) -> str | None:
    found = re.search(rf"-----BEGIN ([A-Z ]*{kind})-----.*?-----END \1-----", text, re.DOTALL)
    return found.group(0) + "\n" if found else None


def _unreadable(path: str, failure: Exception) -> errors.InvalidOptionError:
    return errors.InvalidOptionError(
        f"{OPTION} '{path}' cannot be opened: it is damaged, of another format, or its passphrase is wrong or missing.",
        hint="Check it with openssl, and client_certificate_passphrase.",
    )


def _check_dates(path: str, certificate: t.Any, now: float) -> None:
    # Dates without a zone for cryptography before 42, which has no *_utc properties.
    today = datetime.datetime.fromtimestamp(now, datetime.timezone.utc)
    ends = getattr(certificate, "not_valid_after_utc", None) or certificate.not_valid_after.replace(tzinfo=datetime.timezone.utc)
    if ends < today:
        raise errors.InvalidOptionError(
            f"{OPTION} '{path}' expired on {ends:%Y-%m-%d}.", hint="Make a new one and upload it to the application."
        )
