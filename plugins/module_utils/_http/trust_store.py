# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Find the certificate authorities to trust, and test them before anything is sent."""

from __future__ import annotations

import os
import re
import ssl
import typing as t

from .. import _errors as errors

OPTION = "ca_path"
# The environment variables that requests reads.
VARIABLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")


def choose_trust_store(ca_path: str | None, environ: t.Mapping[str, str]) -> str | None:
    """Return the path of the certificate authorities from the option or the environment, or None for the system's."""
    given = [(OPTION, ca_path), *((name, environ.get(name)) for name in VARIABLES)]
    for name, path in given:
        if path:
            _validate(name, path)
            return path
    return None


def _validate(name: str, path: str) -> None:
    """Raise InvalidOptionError for a path that TLS cannot load."""
    try:
        problem = _find_folder_problem(path) if os.path.isdir(path) else _find_file_problem(path)
    except (OSError, ValueError) as failure:
        problem = f"it cannot be read ({getattr(failure, 'strerror', None) or type(failure).__name__})."
    if problem:
        shown = f"{name} (INTUNE_CA_PATH)" if name == OPTION else name
        raise errors.InvalidOptionError(
            f"{name} '{path}' must be a PEM bundle of CA certificates, or a folder of them: {problem}",
            hint=f"Set {shown} to a file that holds each certificate between BEGIN CERTIFICATE and END CERTIFICATE.",
        )


def _find_folder_problem(path: str) -> str | None:
    if any(re.fullmatch(r"[0-9a-f]{8}\.\d+", entry) for entry in os.listdir(path)):
        return None
    return f"the folder holds no hashed names. Run 'openssl rehash {path}'."


def _find_file_problem(path: str) -> str | None:
    with open(path, "rb") as file:
        content = file.read()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    try:
        context.load_verify_locations(path)
    except OSError as failure:
        # This includes ssl.SSLError.
        return _describe(content) or f"it cannot be loaded ({getattr(failure, 'reason', None) or failure.strerror})."
    return None if context.cert_store_stats()["x509"] else _describe(content) or "it holds no certificate."


def _describe(content: bytes) -> str | None:
    """Return the actual format of a file, or None if it is unknown."""
    is_key = b"PRIVATE KEY-----" in content and b"CERTIFICATE-----" not in content
    formats = (
        (not content.strip(), "the file is empty."),
        (content.startswith((b"\xff\xfe", b"\xfe\xff")), "it is UTF-16 text. Save it as ASCII or UTF-8."),
        (content[:1] == b"\x30", "it is binary (DER). Convert it, for example with 'openssl x509 -inform der -in FILE -out ca.pem'."),
        (
            b"-----BEGIN PKCS" in content or b"-----BEGIN CMS" in content,
            "it is PKCS #7. Convert it, for example with 'openssl pkcs7 -print_certs -in FILE -out ca.pem'.",
        ),
        (is_key, "it holds a private key and no certificate."),
        (b"CERTIFICATE-----" in content, "a certificate in it is damaged."),
    )
    return next((text for found, text in formats if found), None)
