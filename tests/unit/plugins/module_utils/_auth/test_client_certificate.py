# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import datetime
import pathlib
import typing as t

import jwt as pyjwt
import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import pkcs12

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._auth import client_certificate
from ansible_collections.endpointops.intune.plugins.module_utils._auth._memory import TokenMemory
from ansible_collections.endpointops.intune.plugins.module_utils._auth.client_certificate import ClientCertificate
from ansible_collections.endpointops.intune.plugins.module_utils._auth.create import create
from tests.support.fakes import CLIENT_ID, START, TENANT_ID, Tenant, bearer, entra, form_of, options, tenant

DAY = 86400.0
DAMAGED = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
TRUSTED = DAMAGED.replace(b"CERTIFICATE", b"TRUSTED CERTIFICATE")
PLAIN = serialization.NoEncryption()
LOCKED = serialization.BestAvailableEncryption(b"open sesame")


def certificate_of(key: t.Any, ends: float) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "unit")])
    moment = datetime.datetime.fromtimestamp(ends, datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    return builder.not_valid_before(moment - datetime.timedelta(days=30)).not_valid_after(moment).sign(key, hashes.SHA256())


def pem_of(key: t.Any, locked: t.Any = PLAIN, form: t.Any = serialization.PrivateFormat.PKCS8) -> bytes:
    return key.private_bytes(serialization.Encoding.PEM, form, locked)


def pkcs12_of(key: t.Any, certificate: x509.Certificate) -> bytes:
    """Return a PFX file, even of a key and a certificate that do not match."""
    return pkcs12.serialize_key_and_certificates(b"unit", key, None, [certificate], PLAIN)


def with_unknown_curve(kind: str, content: bytes) -> bytes:
    """Return a PEM block in which the curve P-256 is replaced by SM2, which cryptography does not support."""
    found = content.replace(bytes.fromhex("06082a8648ce3d030107"), bytes.fromhex("06082a811ccf5501822d"))
    assert found != content
    return b"-----BEGIN %s-----\n%s-----END %s-----\n" % (kind.encode(), base64.encodebytes(found), kind.encode())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Return a folder with one file of each kind. Making a key is slow, so all tests share them."""
    folder = tmp_path_factory.mktemp("certificates")
    key, curve = rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP256R1())
    good, late = certificate_of(key, START + DAY), certificate_of(key, START - DAY)
    other = rsa.generate_private_key(65537, 2048)
    foreign = certificate_of(curve, START + DAY)
    unknown_curve = with_unknown_curve(
        "PRIVATE KEY", curve.private_bytes(serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, PLAIN)
    )
    unknown_certificate = with_unknown_curve("CERTIFICATE", foreign.public_bytes(serialization.Encoding.DER))
    public = good.public_bytes(serialization.Encoding.PEM)
    files = {
        "plain.pem": pem_of(key) + public,
        "certificate-first.pem": public + pem_of(key),
        "locked.pem": pem_of(key, LOCKED) + public,
        "locked-the-old-way.pem": pem_of(key, LOCKED, serialization.PrivateFormat.TraditionalOpenSSL) + public,
        "expired.pem": pem_of(key) + late.public_bytes(serialization.Encoding.PEM),
        "curve.pem": pem_of(curve) + certificate_of(curve, START + DAY).public_bytes(serialization.Encoding.PEM),
        "key-only.pem": pem_of(key),
        "certificate-only.pem": public,
        "damaged.pem": pem_of(key).replace(b"M", b"!") + public,
        "plain.pfx": pkcs12.serialize_key_and_certificates(b"unit", key, good, None, PLAIN),
        "locked.pfx": pkcs12.serialize_key_and_certificates(b"unit", key, good, None, LOCKED),
        "expired.pfx": pkcs12.serialize_key_and_certificates(b"unit", key, late, None, PLAIN),
        "curve.pfx": pkcs12.serialize_key_and_certificates(b"unit", curve, certificate_of(curve, START + DAY), None, PLAIN),
        "certificate-only.pfx": pkcs12.serialize_key_and_certificates(b"unit", None, good, None, PLAIN),
        "garbage.pfx": b"garbage",
        "empty.pem": b"",
        "early.pem": pem_of(key) + certificate_of(key, START + 31 * DAY).public_bytes(serialization.Encoding.PEM),
        "other-pair.pem": pem_of(other) + public,
        "other-pair.pfx": pkcs12_of(other, good),
        "chain.pem": foreign.public_bytes(serialization.Encoding.PEM) + pem_of(key) + public,
        "damaged-chain.pem": DAMAGED + pem_of(key) + DAMAGED + public + TRUSTED,
        "damaged-chain-locked.pem": pem_of(key, LOCKED) + public + DAMAGED,
        "key-beside-damaged-certificates.pem": pem_of(key) + DAMAGED + TRUSTED,
        "curve-of-nobody.pem": unknown_curve + public,
        "key-beside-unknown-certificate.pem": pem_of(key) + unknown_certificate,
        "edwards.pem": pem_of(ed25519.Ed25519PrivateKey.generate()) + public,
        "dsa.pem": pem_of(dsa.generate_private_key(1024)) + public,
        "openssh.pem": pem_of(key, PLAIN, serialization.PrivateFormat.OpenSSH) + public,
        "utf-16.pem": (pem_of(key) + public).decode().encode("utf-16"),
        "base64.pfx": base64.b64encode(pkcs12_of(key, good)),
        "base64-lines.pfx": base64.encodebytes(pkcs12_of(key, good)).replace(b"\n", b"\r\n"),
    }
    for name, content in files.items():
        (folder / name).write_bytes(content)
    return folder


def credential(folder: pathlib.Path, name: str, passphrase: str | None = None, world: Tenant | None = None) -> ClientCertificate:
    given = {"client_certificate_path": str(folder / name), "client_certificate_passphrase": passphrase}
    subject = ClientCertificate(options(tenant_id=TENANT_ID, client_id=CLIENT_ID, **given), (world or tenant()).context)
    subject.validate()
    return subject


@pytest.mark.parametrize(
    ("name", "passphrase"),
    [
        ("plain.pem", None),
        ("plain.pem", "not needed"),
        ("certificate-first.pem", None),
        ("locked.pem", "open sesame"),
        ("locked-the-old-way.pem", "open sesame"),
        ("plain.pfx", None),
        ("locked.pfx", "open sesame"),
        pytest.param("chain.pem", None, id="case 26: the certificate of the key, wherever it is"),
        pytest.param("damaged-chain.pem", None, id="beside certificates that cannot be read"),
        pytest.param("damaged-chain-locked.pem", "open sesame", id="beside a certificate that cannot be read, with a passphrase"),
    ],
)
def test_a_certificate_becomes_a_token(folder: pathlib.Path, name: str, passphrase: str | None) -> None:
    world = tenant(entra())
    assert credential(folder, name, passphrase, world).token() == "entra-token"
    form = form_of(world.transport.sent[-1])
    assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
    assert pyjwt.get_unverified_header(form["client_assertion"])["alg"] == "PS256"


@pytest.mark.parametrize(("name", "passphrase"), [("plain.pem", None), ("locked.pem", "open sesame"), ("locked.pfx", "open sesame")])
def test_the_file_is_read_and_parsed_once(folder: pathlib.Path, name: str, passphrase: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []

    def counted(label: str, function: t.Callable[..., t.Any]) -> t.Callable[..., t.Any]:
        def call(*args: t.Any, **kwargs: t.Any) -> t.Any:
            calls.append(label)
            return function(*args, **kwargs)

        return call

    for where, function in (
        (client_certificate, "read_file"),
        (client_certificate, "load_pem_private_key"),
        (client_certificate.pkcs12, "load_key_and_certificates"),
    ):
        monkeypatch.setattr(where, function, counted(function, getattr(where, function)))
    opened: list[str] = []
    real_open = open
    monkeypatch.setattr("builtins.open", lambda path, *args, **kwargs: opened.append(str(path)) or real_open(path, *args, **kwargs))
    world = tenant(entra(bearer("first"), bearer("second")))
    subject = credential(folder, name, passphrase, world)
    assert [subject.token(), subject.token(renew=True)] == ["first", "second"]
    assert opened.count(str(folder / name)) == 1
    assert calls == ["read_file", "load_pem_private_key" if name.endswith("pem") else "load_key_and_certificates"]


def test_the_key_is_shown_nowhere(folder: pathlib.Path) -> None:
    subject = credential(folder, "plain.pem")
    assert "PRIVATE" not in f"{subject!r} {subject._key_pair!r}" and "key=" not in repr(subject._key_pair)


def test_pem_and_pfx_are_presented_alike(folder: pathlib.Path) -> None:
    headers = []
    for name in ("plain.pem", "plain.pfx"):
        world = tenant(entra())
        credential(folder, name, None, world).token()
        headers.append(pyjwt.get_unverified_header(form_of(world.transport.sent[-1])["client_assertion"]))
    assert headers[0] == headers[1]
    public = x509.load_pem_x509_certificate((folder / "plain.pem").read_bytes())
    thumbprint = base64.urlsafe_b64encode(public.fingerprint(hashes.SHA256())).decode()
    assert headers[0]["x5t#S256"].rstrip("=") == thumbprint.rstrip("=")


def test_what_is_sent_is_signed_and_holds_no_key(folder: pathlib.Path) -> None:
    world = tenant(entra())
    credential(folder, "plain.pem", None, world).token()
    assertion = form_of(world.transport.sent[-1])["client_assertion"]
    public = x509.load_pem_x509_certificate((folder / "plain.pem").read_bytes()).public_key()
    claims = pyjwt.decode(assertion, public, algorithms=["PS256"], options={"verify_aud": False})
    assert (claims["iss"], claims["sub"]) == (CLIENT_ID, CLIENT_ID)
    assert "PRIVATE" not in str(world.transport.sent)


@pytest.mark.parametrize(
    ("name", "passphrase", "words"),
    [
        pytest.param("missing.pem", None, "cannot be read: No such file", id="missing"),
        pytest.param("empty.pem", None, "is empty", id="empty"),
        pytest.param("key-only.pem", None, "has no certificate", id="PEM without a certificate"),
        pytest.param("certificate-only.pem", None, "has no private key", id="PEM without a key"),
        pytest.param("certificate-only.pfx", None, "has no private key", id="PFX without a key"),
        pytest.param("damaged.pem", None, "cannot be opened", id="damaged PEM"),
        pytest.param("garbage.pfx", None, "cannot be opened", id="neither PEM nor PFX"),
        pytest.param("locked.pem", "s3cret", "cannot be opened", id="PEM, wrong passphrase"),
        pytest.param("locked.pem", None, "cannot be opened", id="PEM, no passphrase"),
        pytest.param("locked-the-old-way.pem", "s3cret", "cannot be opened", id="old PEM, wrong passphrase"),
        pytest.param("locked.pfx", "s3cret", "cannot be opened", id="PFX, wrong passphrase"),
        pytest.param("locked.pfx", None, "cannot be opened", id="PFX, no passphrase"),
        pytest.param("expired.pem", None, "expired on 2026-01-04", id="expired PEM"),
        pytest.param("expired.pfx", None, "expired on 2026-01-04", id="expired PFX"),
        pytest.param("curve.pem", None, "client_certificate_path", id="PEM with a key that is not RSA"),
        pytest.param("curve.pfx", None, "client_certificate_path", id="PFX with a key that is not RSA"),
    ],
)
def test_a_file_that_cannot_serve_is_refused_before_anything_is_sent(
    folder: pathlib.Path, name: str, passphrase: str | None, words: str
) -> None:
    with pytest.raises(errors.InvalidOptionError) as caught:
        credential(folder, name, passphrase)
    assert words in caught.value.message
    assert "client_certificate_path" in caught.value.message
    assert "s3cret" not in str(caught.value)


def test_the_dates_are_compared_with_the_clock_that_is_handed_in(folder: pathlib.Path) -> None:
    world = tenant()
    world.clock.seconds = START + 2 * DAY
    with pytest.raises(errors.InvalidOptionError, match="expired on 2026-01-06"):
        credential(folder, "plain.pem", None, world)


def test_without_cryptography_the_library_is_named(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_certificate, "HAS_CRYPTOGRAPHY", False)
    with pytest.raises(errors.MissingLibraryError, match="cryptography"):
        credential(folder, "plain.pem")


@pytest.mark.parametrize("show", [repr, str])
def test_the_credential_shows_no_passphrase(folder: pathlib.Path, show: t.Callable[[object], str]) -> None:
    assert "open sesame" not in show(credential(folder, "locked.pem", "open sesame"))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("curve-of-nobody.pem", "must be an RSA key", id="case 25: a curve that the library does not know"),
        pytest.param("curve.pem", "must be an RSA key", id="case 25: an elliptic curve"),
        pytest.param("edwards.pem", "must be an RSA key", id="case 25: Ed25519"),
        pytest.param("dsa.pem", "must be an RSA key", id="case 25: DSA"),
        pytest.param("openssh.pem", "cannot be opened", id="case 25: the form of OpenSSH"),
        pytest.param("other-pair.pem", "do not belong together", id="case 26: PEM"),
        pytest.param("other-pair.pfx", "do not belong together", id="case 26: PFX"),
        pytest.param("key-beside-unknown-certificate.pem", "do not belong together", id="case 26: certificate of an unknown curve"),
        pytest.param("key-beside-damaged-certificates.pem", "has no certificate that can be read", id="damaged certificates alone"),
        pytest.param("early.pem", "is valid from 2026-01-06 on", id="a certificate of tomorrow"),
        pytest.param("utf-16.pem", "UTF-16", id="case 30: UTF-16"),
        pytest.param("base64.pfx", "PFX file in base64", id="case 30: PFX in base64"),
        pytest.param("base64-lines.pfx", "PFX file in base64", id="case 30: PFX in base64, in lines"),
    ],
)
def test_a_file_of_another_kind_is_named_before_anything_is_sent(folder: pathlib.Path, name: str, words: str) -> None:
    world = tenant()
    with pytest.raises(errors.InvalidOptionError, match=words):
        credential(folder, name, world=world)
    assert world.transport.sent == []


@pytest.mark.parametrize(
    "kind", [RuntimeError, TypeError, OverflowError, MemoryError, RecursionError], ids=lambda kind: f"case 25: {kind.__name__}"
)
@pytest.mark.parametrize(("name", "function"), [("plain.pem", "load_pem_private_key"), ("plain.pfx", "pkcs12.load_key_and_certificates")])
def test_whatever_the_library_raises_is_our_error(
    folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch, name: str, function: str, kind: type[Exception]
) -> None:
    def fail(*_args: t.Any) -> None:
        raise kind("s3cret")

    monkeypatch.setattr(f"{client_certificate.__name__}.{function}", fail)
    with pytest.raises(errors.InvalidOptionError, match="cannot be opened") as caught:
        credential(folder, name)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize("passphrase", ["open sesame\n", "wrong\ud800"], ids=["case 30: line end", "no text at all"])
def test_a_passphrase_that_does_not_open_is_named(folder: pathlib.Path, passphrase: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match="cannot be opened") as caught:
        credential(folder, "locked.pfx", passphrase)
    assert ("line end" in (caught.value.hint or "")) is passphrase.endswith("\n")


@pytest.mark.parametrize(("name", "function"), [("plain.pem", "load_pem_private_key"), ("plain.pfx", "pkcs12.load_key_and_certificates")])
def test_case_25_a_key_that_the_library_does_not_support_is_said_to_be_no_rsa_key(
    folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch, name: str, function: str
) -> None:
    def fail(*_args: t.Any) -> None:
        raise UnsupportedAlgorithm("Curve 1.2.156.10197.1.301 is not supported")

    monkeypatch.setattr(f"{client_certificate.__name__}.{function}", fail)
    with pytest.raises(errors.InvalidOptionError) as caught:
        credential(folder, name)
    assert caught.value.message == f"The private key in client_certificate_path '{folder / name}' must be an RSA key."


def test_case_2_a_certificate_that_replaces_another_in_its_file_signs_in_itself(tmp_path: pathlib.Path) -> None:
    path, cache = tmp_path / "own.pem", tmp_path / "tokens.json"
    key, other = (rsa.generate_private_key(65537, 2048) for _key in range(2))
    files = {"client_certificate_path": str(path), "token_cache_path": str(cache)}
    given = options(auth_method="client_certificate", tenant_id=TENANT_ID, client_id=CLIENT_ID, **files)
    memory = TokenMemory()
    issued = []
    for number, pair in enumerate((key, other, other)):
        path.write_bytes(pem_of(pair) + certificate_of(pair, START + DAY).public_bytes(serialization.Encoding.PEM))
        world = tenant(entra(bearer(f"token-{number}")))
        issued.append((create(given, world.context, memory).token(), create(given, world.context).token()))
    assert issued == [("token-0", "token-0"), ("token-1", "token-1"), ("token-1", "token-1")]


@pytest.mark.parametrize("name", ["plain.pem", "chain.pem", "plain.pfx"])
def test_case_2_the_certificate_that_is_used_tells_its_end_and_its_thumbprint(folder: pathlib.Path, name: str) -> None:
    subject = credential(folder, name)
    lifetime = subject.lifetime()
    assert (lifetime.kind, lifetime.ends, lifetime.name, lifetime.app_id) == ("certificate", START + DAY, "CN=unit", CLIENT_ID)
    used = x509.load_pem_x509_certificate(subject.client_credential()["public_certificate"].encode())
    assert lifetime.thumbprint == used.fingerprint(hashes.SHA1()).hex().upper()


def test_case_2_a_subject_that_cannot_be_read_does_not_matter(folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_name: object) -> None:
        raise ValueError("odd")

    monkeypatch.setattr(x509.Name, "rfc4514_string", fail)
    assert credential(folder, "plain.pem").lifetime().name is None
