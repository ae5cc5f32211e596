# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import datetime
import pathlib
import typing as t

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from intune_emulator.http.tls import make_authority

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http.transport import Transport
from ansible_collections.endpointops.intune.plugins.module_utils._http.trust_store import choose_trust_store

AUTHORITY = make_authority()
PEM = AUTHORITY.certificate_pem()
DER = AUTHORITY.certificate.public_bytes(Encoding.DER)
MIDDLE = len(PEM) // 2


def revocation_list() -> bytes:
    day = datetime.datetime(2026, 1, 5)
    builder = x509.CertificateRevocationListBuilder().issuer_name(AUTHORITY.certificate.subject).last_update(day).next_update(day)
    return builder.sign(AUTHORITY.key, hashes.SHA256()).public_bytes(Encoding.PEM)


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(PEM, id="one certificate"),
        pytest.param(PEM + make_authority().certificate_pem(), id="two"),
        pytest.param(b"subject=CN=x\n\n" + PEM + b"\n# the end\n", id="text around it"),
        pytest.param(PEM.replace(b"\n", b"\r\n"), id="line ends of Windows"),
        pytest.param(AUTHORITY.key_pem() + PEM, id="with a key"),
    ],
)
def test_a_bundle_is_taken(tmp_path: pathlib.Path, content: bytes) -> None:
    (tmp_path / "ca.pem").write_bytes(content)
    assert choose_trust_store(str(tmp_path / "ca.pem"), {}) == str(tmp_path / "ca.pem")


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(DER, "openssl x509 -inform der", id="case 27: DER"),
        pytest.param(AUTHORITY.pfx("x"), "it is binary", id="case 27: PFX"),
        pytest.param(b"", "the file is empty", id="case 27: empty"),
        pytest.param(b" \n\n", "the file is empty", id="case 27: blank"),
        pytest.param(
            pkcs7.serialize_certificates([AUTHORITY.certificate], Encoding.PEM), "openssl pkcs7 -print_certs", id="case 27: PKCS #7 as PEM"
        ),
        pytest.param(pkcs7.serialize_certificates([AUTHORITY.certificate], Encoding.DER), "it is binary", id="case 27: PKCS #7 as DER"),
        pytest.param(AUTHORITY.key_pem(), "a private key and no certificate", id="case 27: a private key"),
        pytest.param(revocation_list(), "no certificate", id="case 27: a revocation list"),
        pytest.param(PEM[:MIDDLE] + b"????" + PEM[MIDDLE + 4 :], "damaged", id="case 27: damaged"),
        pytest.param(PEM[:MIDDLE], "damaged", id="case 27: cut off"),
        pytest.param(PEM + PEM[:MIDDLE] + b"????" + PEM[MIDDLE + 4 :], "damaged", id="case 27: the second one damaged"),
        pytest.param(PEM.decode().encode("utf-16"), "UTF-16", id="case 27: UTF-16"),
        pytest.param(b"<html>Sign in</html>", "cannot be loaded", id="case 27: HTML"),
        pytest.param(b"\x00" * 99, "cannot be loaded", id="case 27: zeros"),
    ],
)
def test_another_file_is_refused_at_once(tmp_path: pathlib.Path, content: bytes, words: str) -> None:
    path = tmp_path / "ca.pem"
    path.write_bytes(content)
    with pytest.raises(errors.InvalidOptionError) as caught:
        Transport(user_agent="unit/1", monotonic=lambda: 0.0, ca_path=str(path))
    assert f"ca_path '{path}' must be a PEM bundle" in caught.value.message and words in caught.value.message
    assert "may have run" not in str(caught.value)


def test_a_folder_needs_hashed_names(tmp_path: pathlib.Path) -> None:
    (tmp_path / "ca.pem").write_bytes(PEM)
    with pytest.raises(errors.InvalidOptionError, match=f"openssl rehash {tmp_path}"):
        choose_trust_store(str(tmp_path), {})
    (tmp_path / "0a1b2c3d.0").write_bytes(PEM)
    assert choose_trust_store(str(tmp_path), {}) == str(tmp_path)


@pytest.mark.parametrize(
    ("path", "words"), [("/nowhere/ca.pem", "No such file"), ("a\0b", "cannot be read"), ("/proc/self/mem/x", "Not a directory")]
)
def test_a_path_that_cannot_be_read_is_said(path: str, words: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match=words):
        choose_trust_store(path, {})


def test_a_file_without_permission_is_said(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: t.Any) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(errors.InvalidOptionError, match="Permission denied"):
        choose_trust_store(str(tmp_path / "ca.pem"), {})


@pytest.mark.parametrize("name", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_a_variable_of_the_environment_is_named(tmp_path: pathlib.Path, name: str) -> None:
    (tmp_path / "ca.der").write_bytes(DER)
    with pytest.raises(errors.InvalidOptionError, match=f"{name} '{tmp_path}/ca.der' must be a PEM bundle"):
        choose_trust_store(None, {name: str(tmp_path / "ca.der")})


def test_the_option_goes_before_the_environment(tmp_path: pathlib.Path) -> None:
    (tmp_path / "ca.pem").write_bytes(PEM)
    assert choose_trust_store(str(tmp_path / "ca.pem"), {"REQUESTS_CA_BUNDLE": "/nowhere"}) == str(tmp_path / "ca.pem")
    assert choose_trust_store(None, {"REQUESTS_CA_BUNDLE": "", "CURL_CA_BUNDLE": str(tmp_path / "ca.pem")}) == str(tmp_path / "ca.pem")


def test_without_any_the_systems_are_trusted() -> None:
    assert choose_trust_store(None, {}) is None


def test_without_validation_no_file_is_read() -> None:
    Transport(user_agent="unit/1", monotonic=lambda: 0.0, ca_path="/nowhere", validate_certs=False)
