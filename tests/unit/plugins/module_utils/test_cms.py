# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import dataclasses
import datetime
import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import types
import typing as t

import pytest
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, pkcs7

from ansible_collections.endpointops.intune.plugins.module_utils import _certificates, _cms
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._cms import Sealer
from tests.support.fakes import START

DAY = 86400.0
PASSCODE = "Grün\"e' $(Straße)\\n\nzweite Zeile\t€"
# AlgorithmIdentifiers as in a certificate, the second for keys that only sign.
RSA_ENCRYPTION = bytes.fromhex("06092a864886f70d0101010500")
RSASSA_PSS = bytes.fromhex("06092a864886f70d01010a3000")

needs_openssl = pytest.mark.skipif(not shutil.which("openssl"), reason="openssl, which opens the seals here, is not installed")


def utc(seconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)


def key_usage(**uses: bool) -> x509.KeyUsage:
    names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement", "key_cert_sign")
    return x509.KeyUsage(**{name: uses.get(name, False) for name in (*names, "crl_sign", "encipher_only", "decipher_only")})


def certificate_of(
    key: t.Any, serial: int, starts: float = START - DAY, ends: float = START + DAY, extension: x509.ExtensionType | None = None
) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, f"help desk {serial}")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(serial)
    builder = builder.not_valid_before(utc(starts)).not_valid_after(utc(ends))
    if extension:
        builder = builder.add_extension(extension, critical=True)
    return builder.sign(key, hashes.SHA256())


def pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()


def der(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(Encoding.DER)


def as_pem(content: bytes) -> str:
    return f"-----BEGIN CERTIFICATE-----\n{base64.encodebytes(content).decode()}-----END CERTIFICATE-----\n"


def key_pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


@dataclasses.dataclass
class Person:
    """A recipient, or another person, with key and certificate in files as openssl requires them."""

    key: rsa.RSAPrivateKey
    certificate: x509.Certificate
    folder: pathlib.Path

    @property
    def path(self) -> str:
        return str(self.folder / "certificate.pem")

    @property
    def pem(self) -> str:
        return pem(self.certificate)

    def open(self, message: str) -> bytes | None:
        """Return the content as bytes; None if openssl cannot open it."""
        command = ["openssl", "cms", "-decrypt", "-inform", "PEM", "-recip", self.path, "-inkey", str(self.folder / "key.pem")]
        run = subprocess.run(command, input=message.encode(), capture_output=True, check=False)
        return run.stdout if run.returncode == 0 else None


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> list[Person]:
    """Return three people. Making a key is slow, so they are made once."""
    found = []
    for serial in (1, 2, 3):
        key, folder = rsa.generate_private_key(65537, 2048), tmp_path_factory.mktemp(f"person-{serial}")
        person = Person(key, certificate_of(key, serial), folder)
        (folder / "certificate.pem").write_text(person.pem)
        (folder / "certificate.cer").write_bytes(der(person.certificate))
        (folder / "key.pem").write_text(key_pem(key))
        found.append(person)
    return found


def refused(*recipients: str, now: float = START) -> errors.InvalidOptionError:
    with pytest.raises(errors.InvalidOptionError) as caught:
        Sealer(recipients, now)
    return caught.value


def content_of(message: str) -> bytes:
    """Find the message like PowerShell: the two markers, and between them base64 without white space."""
    found = re.search(r"-----BEGIN CMS-----(.*)-----END CMS-----", message, re.DOTALL)
    assert found
    return base64.b64decode(re.sub(r"\s", "", found.group(1)), validate=True)


def printed(message: str) -> str:
    command = ["openssl", "cms", "-cmsout", "-print", "-inform", "DER"]
    return subprocess.run(command, input=content_of(message), capture_output=True, check=True).stdout.decode()


# --- opening --------------------------------------------------------------------------------------------------------


@needs_openssl
@pytest.mark.parametrize("text", [PASSCODE, "123456", "", "ends in a newline\n", "carriage\r\nreturn\r", " blanks ", "x" * 5000])
def test_the_recipient_reads_exactly_what_was_sealed(people: list[Person], text: str) -> None:
    assert people[0].open(Sealer([people[0].pem], START).seal(text)) == text.encode()


@needs_openssl
def test_each_of_two_recipients_opens_the_same_message_and_nobody_else_does(people: list[Person]) -> None:
    first, second, other = people
    message = Sealer([first.path, second.pem], START).seal(PASSCODE)
    assert [person.open(message) for person in people] == [PASSCODE.encode(), PASSCODE.encode(), None]
    # Not even with a recipient's certificate beside another key.
    assert Person(other.key, first.certificate, impostor(first, other)).open(message) is None


def impostor(recipient: Person, other: Person) -> pathlib.Path:
    folder = other.folder / "impostor"
    folder.mkdir()
    shutil.copy(recipient.path, folder)
    shutil.copy(other.folder / "key.pem", folder)
    return folder


@needs_openssl
@pytest.mark.parametrize("name", ["certificate.pem", "certificate.cer"])
def test_a_recipient_may_be_a_file_below_the_home_folder(people: list[Person], name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(people[0].folder))
    assert people[0].open(Sealer([f"~/{name}"], START).seal("1234")) == b"1234"


@needs_openssl
def test_one_sealer_seals_many_passcodes_each_with_its_own_key(people: list[Person]) -> None:
    sealer = Sealer([people[0].pem], START)
    messages = [sealer.seal(text) for text in ("first", "second", "second")]
    assert [people[0].open(message) for message in messages] == [b"first", b"second", b"second"]
    assert len(set(messages)) == 3


@needs_openssl
def test_words_around_the_certificate_do_not_matter(people: list[Person]) -> None:
    words = "\ufeffSubject: Müller\r\n"
    assert people[0].open(Sealer([words + people[0].pem + "the end"], START).seal("1234")) == b"1234"


# --- requirements of Unprotect-CmsMessage, that is .NET's EnvelopedCms ----------------------------------------------


def test_the_armour_is_the_one_that_powershell_looks_for(people: list[Person]) -> None:
    first, *lines, last, end = Sealer([people[0].pem], START).seal(PASSCODE).split("\n")
    assert (first, last, end) == ("-----BEGIN CMS-----", "-----END CMS-----", "")
    assert {len(line) for line in lines[:-1]} == {64}
    assert 0 < len(lines[-1]) <= 64
    assert base64.b64decode("".join(lines), validate=True)[:1] == b"\x30"


@needs_openssl
def test_the_message_is_enveloped_data_for_rsa_recipients_by_issuer_and_serial_number(people: list[Person]) -> None:
    text = printed(Sealer([people[0].pem, people[1].pem], START).seal(PASSCODE))
    assert re.search(r"contentType: pkcs7-envelopedData \(1\.2\.840\.113549\.1\.7\.3\)", text)
    assert re.search(r"d\.envelopedData:\s+version: 0\s", text)
    assert sorted(re.findall(r"d\.issuerAndSerialNumber:\s+issuer: +CN ?= ?(.*)\s+serialNumber: (\w+)", text)) == [
        ("help desk 1", "1"),
        ("help desk 2", "2"),
    ]
    # rsaEncryption is PKCS#1 v1.5; OAEP is a separate algorithm.
    assert re.findall(r"keyEncryptionAlgorithm:\s+algorithm: (\w+) \(([\d.]+)\)", text) == [("rsaEncryption", "1.2.840.113549.1.1.1")] * 2
    assert re.search(r"encryptedContentInfo:\s+contentType: pkcs7-data ", text)


@needs_openssl
def test_the_content_is_encrypted_with_aes_256_cbc(people: list[Person]) -> None:
    if not hasattr(pkcs7.PKCS7EnvelopeBuilder, "set_content_encryption_algorithm"):
        pytest.skip("cryptography before 45 has no choice of the algorithm")
    message = Sealer([people[0].pem], START).seal(PASSCODE)
    assert "contentEncryptionAlgorithm: \n        algorithm: aes-256-cbc (2.16.840.1.101.3.4.1.42)" in printed(message)


@needs_openssl
def test_a_library_without_a_choice_of_the_algorithm_seals_with_aes_128(people: list[Person], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(pkcs7.PKCS7EnvelopeBuilder, "set_content_encryption_algorithm", raising=False)
    message = Sealer([people[0].pem], START).seal(PASSCODE)
    assert "algorithm: aes-128-cbc " in printed(message)
    assert people[0].open(message) == PASSCODE.encode()


# --- recipients -----------------------------------------------------------------------------------------------------


@needs_openssl
def test_a_recipient_who_is_named_twice_is_one(people: list[Person]) -> None:
    first = people[0]
    message = Sealer([first.path, first.pem, str(first.folder / "certificate.cer")], START).seal("1234")
    assert printed(message).count("d.issuerAndSerialNumber") == 1


def test_no_recipient_is_an_error() -> None:
    failure = refused()
    assert failure.message == "seal_to is empty: nobody could open the sealed value."
    assert failure.hint and "at least 2048 bits" in failure.hint


@pytest.mark.parametrize("blank", ["", " ", "\n"])
def test_a_blank_recipient_is_an_error(people: list[Person], blank: str) -> None:
    assert refused(people[0].pem, blank).message == "seal_to cannot be used: entry 2 of seal_to is blank."


def test_all_problems_of_all_recipients_are_told_at_once(people: list[Person], tmp_path: pathlib.Path) -> None:
    late = tmp_path / "late.cer"
    weak = rsa.generate_private_key(65537, 1024)
    late.write_bytes(der(certificate_of(weak, 9, ends=START - 60, extension=key_usage(key_agreement=True))))
    missing = tmp_path / "missing.pem"
    failure = refused(str(late), people[0].pem, "", str(missing), str(missing), key_pem(people[0].key))
    assert failure.message == (
        f"seal_to cannot be used: '{late}' expired at 2026-01-05 09:59 UTC; "
        f"'{late}' has an RSA key of 1024 bits, and 2048 is the least; "
        f"'{late}' has a key usage without key encipherment; "
        "entry 3 of seal_to is blank; "
        f"'{missing}' cannot be read: No such file or directory; "
        "entry 6 of seal_to holds a private key, which must not be here and may now have to be replaced."
    )
    assert failure.hint == _cms.HINT


def test_a_certificate_counts_from_its_first_to_its_last_second(people: list[Person]) -> None:
    certificate = certificate_of(people[0].key, 4, starts=START, ends=START + DAY)
    for moment in (START, START + DAY):
        Sealer([pem(certificate)], moment)
    assert "is not valid before 2026-01-05 10:00 UTC" in refused(pem(certificate), now=START - 1).message
    assert "expired at 2026-01-06 10:00 UTC" in refused(pem(certificate), now=START + DAY + 1).message


@pytest.mark.parametrize("uses", [{"key_encipherment": True}, {"key_encipherment": True, "data_encipherment": True}])
def test_a_key_usage_with_key_encipherment_will_do(people: list[Person], uses: dict[str, bool]) -> None:
    assert Sealer([pem(certificate_of(people[0].key, 5, extension=key_usage(**uses)))], START).seal("1234")


def test_a_key_usage_without_key_encipherment_is_refused(people: list[Person]) -> None:
    certificate = certificate_of(people[0].key, 5, extension=key_usage(data_encipherment=True, digital_signature=True))
    assert "entry 1 of seal_to has a key usage without key encipherment" in refused(pem(certificate)).message


def test_extensions_that_cannot_be_read_are_refused(people: list[Person]) -> None:
    damaged = x509.UnrecognizedExtension(x509.ExtensionOID.KEY_USAGE, b"damaged")
    assert (
        "entry 1 of seal_to has extensions that cannot be read" in refused(pem(certificate_of(people[0].key, 6, extension=damaged))).message
    )


def test_a_key_that_cannot_encrypt_is_refused(people: list[Person]) -> None:
    curve = certificate_of(ec.generate_private_key(ec.SECP256R1()), 7)
    signs_only = der(people[0].certificate).replace(RSA_ENCRYPTION, RSASSA_PSS)
    assert "entry 1 of seal_to has a key that is not for RSA encryption" in refused(pem(curve)).message
    assert "entry 1 of seal_to has a key that is not for RSA encryption" in refused(as_pem(signs_only)).message


@pytest.mark.parametrize("version", [1, 3, 9])
def test_a_certificate_of_another_version_is_refused(people: list[Person], tmp_path: pathlib.Path, version: int) -> None:
    head, content, path = bytes.fromhex("a0030201"), der(people[0].certificate), tmp_path / "odd.cer"
    assert head + b"\x02" in content
    odd = content.replace(head + b"\x02", head + bytes([version]), 1)
    path.write_bytes(odd)
    problem = "holds no readable certificate in PEM or DER form"
    assert refused(as_pem(odd), str(path)).message == (f"seal_to cannot be used: entry 1 of seal_to {problem}; '{path}' {problem}.")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        pytest.param("x509.load_der_x509_certificate", "entry 1 of seal_to holds no readable certificate", id="reading"),
        pytest.param("_wrong_date", "entry 1 of seal_to is damaged", id="checking"),
        pytest.param("_describe", "Nothing can be sealed to the certificates of seal_to on this host: InvalidVersion", id="describing"),
        pytest.param(
            "PKCS7EnvelopeBuilder", "Nothing can be sealed to the certificates of seal_to on this host: InvalidVersion", id="sealing"
        ),
    ],
)
@pytest.mark.parametrize("text", ["InvalidVersion: 1", ""])
def test_whatever_the_library_raises_is_our_error(
    people: list[Person], monkeypatch: pytest.MonkeyPatch, name: str, words: str, text: str
) -> None:
    def fail(*_args: t.Any) -> t.NoReturn:
        raise x509.InvalidVersion(text, 1)

    monkeypatch.setattr(f"{_cms.__name__}.{name}", fail)
    assert words in refused(people[0].pem).message


def test_a_key_that_is_damaged_is_refused(people: list[Person]) -> None:
    # The key begins as a SET instead of a SEQUENCE.
    head = RSA_ENCRYPTION + bytes.fromhex("0382010f00")
    content = der(people[0].certificate)
    assert head + b"\x30" in content
    assert "entry 1 of seal_to has a key that cannot be read" in refused(as_pem(content.replace(head + b"\x30", head + b"\x31"))).message


@pytest.mark.parametrize("order", [1, -1])
def test_a_private_key_is_refused_and_never_shown(people: list[Person], tmp_path: pathlib.Path, order: int) -> None:
    key = key_pem(people[0].key)
    path = tmp_path / "both.pem"
    path.write_text("".join([people[0].pem, key][::order]))
    failure = refused(str(path), path.read_text(), key.replace("PRIVATE", "ENCRYPTED PRIVATE"))
    assert [name in failure.message for name in (f"'{path}' holds", "entry 2 of seal_to holds", "entry 3 of seal_to holds")] == [True] * 3
    assert failure.message.count("holds a private key") == 3
    shown = (str(failure), repr(failure), str(failure.describe()), repr(failure.__cause__), repr(failure.__context__))
    assert not [line for line in key.splitlines()[1:-1] for text in shown if line in text]


def test_a_short_key_on_one_line_is_not_taken_for_a_path() -> None:
    failure = refused("-----BEGIN PRIVATE KEY----- c2VjcmV0 -----END PRIVATE KEY-----")
    assert failure.message.startswith("seal_to cannot be used: entry 1 of seal_to holds a private key")
    assert "c2VjcmV0" not in str(failure)


def test_a_bare_key_that_is_taken_for_a_path_is_never_shown(people: list[Person]) -> None:
    lines = key_pem(people[0].key).splitlines()[1:-1]
    failure = refused("".join(lines), "\n".join(lines), lines[0] + "\0")
    # Which of the two reasons applies depends on the position of the slashes in the key.
    reason = "(File name too long|No such file or directory)"
    assert re.fullmatch(
        f"seal_to cannot be used: entry 1 of seal_to cannot be read: {reason}; "
        f"entry 2 of seal_to cannot be read: {reason}; entry 3 of seal_to cannot be read: this is no path.",
        failure.message,
    )
    assert (failure.__cause__, failure.__context__) == (None, None)


def test_several_certificates_in_one_recipient_are_refused(people: list[Person], tmp_path: pathlib.Path) -> None:
    path = tmp_path / "chain.pem"
    path.write_text(people[0].pem + people[1].pem)
    assert f"'{path}' holds 2 certificates, and it is not clear which one is meant" in refused(str(path)).message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"garbage",
        b"-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
        b"-----BEGIN CERTIFICATE-----\nMIIB",
        b"-----BEGIN PUBLIC KEY-----\nMIIB\n-----END PUBLIC KEY-----\n",
    ],
)
def test_what_is_no_certificate_is_refused(tmp_path: pathlib.Path, content: bytes) -> None:
    path = tmp_path / "odd.pem"
    path.write_bytes(content)
    assert refused(str(path)).message == f"seal_to cannot be used: '{path}' holds no readable certificate in PEM or DER form."


def test_a_certificate_that_is_cut_off_is_refused(people: list[Person], tmp_path: pathlib.Path) -> None:
    path = tmp_path / "short.cer"
    path.write_bytes(der(people[0].certificate)[:-1])
    assert "holds no readable certificate" in refused(str(path)).message


def test_a_folder_a_pipe_and_a_huge_file_are_refused(people: list[Person], tmp_path: pathlib.Path) -> None:
    # Test the folder first: without that check, the pipe would not fail but hang.
    assert refused(str(tmp_path)).message == f"seal_to cannot be used: '{tmp_path}' is not a file."
    pipe, huge, full = tmp_path / "pipe", tmp_path / "huge", tmp_path / "full"
    os.mkfifo(pipe)
    whole = people[0].pem.encode().ljust(_certificates.LARGEST_FILE)
    full.write_bytes(whole)
    huge.write_bytes(whole + b" ")
    assert refused(str(tmp_path), str(pipe), str(huge)).message == (
        f"seal_to cannot be used: '{tmp_path}' is not a file; '{pipe}' is not a file; "
        f"'{huge}' is larger than 65536 bytes, so it is no certificate."
    )
    assert Sealer([str(full)], START).seal("1234")


def test_a_file_without_permission_is_refused(people: list[Person], monkeypatch: pytest.MonkeyPatch) -> None:
    def forbidden(path: str, mode: str) -> t.NoReturn:
        raise PermissionError(13, "Permission denied", path)

    # Not with chmod, which does not stop root.
    monkeypatch.setattr(_certificates, "open", forbidden, raising=False)
    assert refused(people[0].path).message == f"seal_to cannot be used: '{people[0].path}' cannot be read: Permission denied."


# --- a text instead of a file ---------------------------------------------------------------------------------------

BAG = "Bag Attributes\r\n    localKeyID: 54 69\r\n    friendlyName: Help desk, main\r\nsubject=CN = x, O = y\r\n"


def around(text: str, form: str, person: Person) -> str:
    """Return a certificate in a form that people paste."""
    if form == "openssl x509 -text":
        command = ["openssl", "x509", "-text", "-in", person.path]
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout
    indented = "".join(f"      {line}\n" for line in text.splitlines())
    forms = {
        "bag attributes": BAG + text,
        "CRLF": text.replace("\n", "\r\n"),
        "indented": indented,
        "one line": " ".join(text.split("\n")),
        "X509": text.replace("BEGIN CERT", "BEGIN X509 CERT").replace("END CERT", "END X509 CERT"),
    }
    return forms[form]


@needs_openssl
@pytest.mark.parametrize("kind", ["text", "file"])
@pytest.mark.parametrize(
    "form",
    [
        pytest.param("bag attributes", id="case 39: bag attributes"),
        pytest.param("openssl x509 -text", id="case 39: openssl x509 -text"),
        pytest.param("CRLF", id="case 39: CRLF"),
        pytest.param("indented", id="case 39: indented"),
        pytest.param("one line", id="case 39: one line"),
        pytest.param("X509", id="case 39: X509 CERTIFICATE"),
    ],
)
def test_a_certificate_is_found_in_what_is_around_it(people: list[Person], tmp_path: pathlib.Path, form: str, kind: str) -> None:
    entry = around(people[0].pem, form, people[0])
    if kind == "file":
        path = tmp_path / "pasted.pem"
        path.write_text(entry)
        entry = str(path)
    assert people[0].open(Sealer([entry], START).seal("1234")) == b"1234"


@needs_openssl
def test_a_text_may_hold_several_recipients(people: list[Person]) -> None:
    message = Sealer([BAG + people[0].pem + "\n" + BAG + people[1].pem], START).seal("1234")
    assert [person.open(message) for person in people] == [b"1234", b"1234", None]


@needs_openssl
@pytest.mark.parametrize("separator", ["\n", "\r\n", ",", " , \n\n"])
def test_a_text_may_hold_several_paths(people: list[Person], separator: str) -> None:
    message = Sealer([separator.join(person.path for person in people[:2])], START).seal("1234")
    assert [person.open(message) for person in people] == [b"1234", b"1234", None]


LEGACY = "Proc-Type: 4,ENCRYPTED\nDEK-Info: DES-EDE3-CBC,A1B2C3D4E5F60718\n\n"


@pytest.mark.parametrize(
    "take",
    [
        pytest.param(lambda key: [key.partition("-----END")[0]], id="case 38: END missing"),
        pytest.param(lambda key: [key.replace("-----\n", "-----\n" + LEGACY, 1)], id="case 38: legacy encryption"),
        pytest.param(lambda key: key.splitlines(), id="case 38: an entry for each line"),
        pytest.param(lambda key: key.splitlines()[:-1], id="case 38: an entry for each line, END missing"),
        pytest.param(lambda key: key.splitlines()[1:-1], id="case 38: an entry for each line, BEGIN and END missing"),
        pytest.param(lambda key: key.splitlines()[-3:], id="case 38: the last lines"),
        pytest.param(lambda key: ["".join(key.splitlines()[1:-1])], id="case 38: bare and on one line"),
        pytest.param(lambda key: ["\n".join(key.splitlines()[1:-1])], id="case 38: bare"),
        pytest.param(
            lambda key: [key.replace("-----BEGIN", "\u2014BEGIN").replace("-----END", "\u2014END")],
            id="case 38: dashes by a word processor",
        ),
        pytest.param(lambda key: [key.replace("PRIVATE", "Private")], id="case 38: lower case"),
        pytest.param(lambda key: [key.replace("PRIVATE KEY", "RSA PRIVATE KEY")], id="case 38: PKCS#1"),
        pytest.param(lambda key: [key.replace("\n", ",")], id="case 38: commas"),
    ],
)
def test_a_pasted_key_is_told_by_its_place(people: list[Person], take: t.Callable[[str], list[str]]) -> None:
    key = key_pem(people[0].key)
    failure = refused(people[0].path, *take(key))
    assert "entry 2 of seal_to" in failure.message
    shown = (str(failure), repr(failure), str(failure.describe()), repr(failure.__cause__), repr(failure.__context__))
    assert not [line for line in (*key.splitlines()[1:-1], "DES-EDE3") for text in shown if line in text]


def test_a_certificate_beside_half_of_another_one_is_refused(people: list[Person]) -> None:
    half = people[1].pem.partition("-----END")[0]
    assert refused(people[0].pem + half).message == (
        "seal_to cannot be used: entry 1 of seal_to holds a part in PEM form that is not a whole certificate."
    )


# --- files that others can write ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("how", "problem"),
    [
        pytest.param("mode", "its mode is 0666", id="case 42: mode 0666"),
        pytest.param("link", "its mode is 0666", id="case 42: a link to a file of mode 0666"),
        pytest.param("folder", "the mode of {folder} is 0777", id="case 42: a folder of mode 0777"),
        pytest.param("link in a folder", "the mode of {folder} is 0777", id="case 42: a link in a folder of mode 0777"),
    ],
)
def test_a_file_that_other_users_can_replace_is_no_recipient(people: list[Person], tmp_path: pathlib.Path, how: str, problem: str) -> None:
    folder = tmp_path / "open"
    folder.mkdir()
    own, path = tmp_path / "own.pem", folder / "certificate.pem"
    shutil.copy(people[0].path, own)
    if how in ("mode", "folder"):
        shutil.copy(people[0].path, path)
    else:
        path.symlink_to(own)
    if how in ("mode", "link"):
        (own if how == "link" else path).chmod(0o666)
    else:
        folder.chmod(0o777)
    message = refused(str(path)).message
    assert message == f"seal_to cannot be used: '{path}' can be replaced by other users: {problem.format(folder=folder)}."


def test_a_link_that_nobody_else_can_replace_is_followed(people: list[Person], tmp_path: pathlib.Path) -> None:
    path, sticky = tmp_path / "link.pem", tmp_path / "sticky"
    path.symlink_to(people[0].path)
    sticky.mkdir()
    sticky.chmod(0o1777)
    shutil.copy(people[0].path, sticky / "own.pem")
    assert len(Sealer([str(path), str(sticky / "own.pem")], START).recipients) == 1


# --- names of the recipients ----------------------------------------------------------------------------------------


@needs_openssl
def test_recipients_are_named_as_openssl_names_them(people: list[Person]) -> None:
    command = ["openssl", "x509", "-noout", "-fingerprint", "-sha256", "-in", people[0].path]
    fingerprint = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip().partition("=")[2]
    found = Sealer([people[0].path, people[0].pem, people[1].pem], START).recipients
    assert found[0] == {"subject": "CN=help desk 1", "fingerprint": fingerprint, "not_after": "2026-01-06T10:00:00Z"}
    assert [recipient["subject"] for recipient in found] == ["CN=help desk 1", "CN=help desk 2"]


def test_a_subject_cannot_forge_a_line() -> None:
    key = rsa.generate_private_key(65537, 2048)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "desk\n\u202eCN=boss\x1b[2J")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    certificate = builder.not_valid_before(utc(START - DAY)).not_valid_after(utc(START + DAY)).sign(key, hashes.SHA256())
    (found,) = Sealer([pem(certificate)], START).recipients
    assert found["subject"].isprintable() and "boss" in found["subject"]


@pytest.mark.parametrize("serial", [1, 127, 128, 255, 256, 2**64, 2**127 - 1, 2**158 + 5])
def test_a_sealed_text_tells_for_whom_it_is(serial: int) -> None:
    key = rsa.generate_private_key(65537, 2048)
    one, other = certificate_of(key, serial), certificate_of(key, serial + 1)
    both, alone = Sealer([pem(one), pem(other)], START), Sealer([pem(one)], START)
    message = alone.seal("1234")
    assert alone.can_be_opened(message) and not both.can_be_opened(message)
    assert alone.can_be_opened(both.seal("1234"))


@pytest.mark.parametrize("text", ["", "garbage", "-----BEGIN CMS-----\nAAAA\n-----END CMS-----\n", "-----BEGIN CMS-----\n\u20ac"])
def test_a_text_that_is_not_sealed_opens_for_nobody(people: list[Person], text: str) -> None:
    assert Sealer([people[0].pem], START).can_be_opened(text) is False


@needs_openssl
def test_a_seal_proves_nothing_about_its_content(people: list[Person]) -> None:
    """As the page on security states, write access to the text is enough to change the passcode, and it still opens.

    case 42: a flipped bit of the initialization vector.
    """
    message = Sealer([people[0].pem], START).seal("483920")
    content = content_of(message)
    # The vector follows the algorithm's identifier, which ends with 01 2a for AES-256 and 01 02 for AES-128.
    (start,) = [found.end() for found in re.finditer(rb"\x60\x86\x48\x01\x65\x03\x04\x01[\x2a\x02]\x04\x10", content)]
    flipped = bytes(a ^ b ^ c for a, b, c in zip(content[start : start + 6], b"483920", b"000000", strict=True))
    changed = content[:start] + flipped + content[start + 6 :]
    armor = "-----BEGIN CMS-----\n" + base64.encodebytes(changed).decode() + "-----END CMS-----\n"
    assert people[0].open(armor) == b"000000"


# --- the library ----------------------------------------------------------------------------------------------------


def test_a_library_that_cannot_seal_is_named_with_the_version_that_can(people: list[Person], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, pkcs7.__name__, types.ModuleType(pkcs7.__name__))
    assert _cms.__spec__ and _cms.__spec__.loader
    old = importlib.util.module_from_spec(_cms.__spec__)
    _cms.__spec__.loader.exec_module(old)
    with pytest.raises(errors.MissingLibraryError) as caught:
        old.Sealer([people[0].pem], START)
    # Ansible's own message about it only shows the library.
    assert caught.value.library == "cryptography 43 or later (needed for seal_to)"
    assert str(caught.value) == (
        "The Python library cryptography 43 or later (needed for seal_to) is not installed for the Python that runs this module. "
        "Install it there, for example with \"python -m pip install 'cryptography>=43'\", or use an execution environment that has it."
    )


@pytest.mark.parametrize("failure", [UnsupportedAlgorithm("no PKCS#1 v1.5 here"), ValueError("no PKCS#1 v1.5 here")])
def test_a_host_that_may_not_encrypt_says_so_before_there_is_a_passcode(
    people: list[Person], monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    def forbidden(*given: t.Any) -> t.NoReturn:
        raise failure

    monkeypatch.setattr(pkcs7.PKCS7EnvelopeBuilder, "encrypt", forbidden)
    caught = refused(people[0].pem)
    assert caught.message == "Nothing can be sealed to the certificates of seal_to on this host: no PKCS#1 v1.5 here."
    assert caught.hint and "FIPS" in caught.hint


# --- secrecy --------------------------------------------------------------------------------------------------------


def test_neither_the_sealer_nor_its_message_shows_the_passcode(people: list[Person]) -> None:
    sealer = Sealer([people[0].pem], START)
    message = sealer.seal("Secret-4711")
    kept = (str(sealer), repr(sealer), repr(vars(sealer)), repr(vars(sealer._envelope)), message)
    assert not [text for text in kept if "Secret-4711" in text]
    assert b"Secret-4711" not in content_of(message)


def test_an_exception_while_sealing_does_not_hold_the_passcode(people: list[Person], monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*given: t.Any) -> t.NoReturn:
        raise ValueError("out of order")

    sealer = Sealer([people[0].pem], START)
    monkeypatch.setattr(pkcs7.PKCS7EnvelopeBuilder, "encrypt", fails)
    with pytest.raises(ValueError, match="out of order") as caught:
        sealer.seal("Secret-4711")
    assert "Secret-4711" not in f"{caught.value!r} {caught.value.args} {caught.value.__cause__!r} {caught.value.__context__!r}"


@needs_openssl
def test_a_passcode_that_is_no_unicode_is_sealed_rather_than_thrown_about(people: list[Person]) -> None:
    assert people[0].open(Sealer([people[0].pem], START).seal("Secret-\ud800")) == b"Secret-\\ud800"
