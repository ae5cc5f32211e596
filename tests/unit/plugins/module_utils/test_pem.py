# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils import _pem as pem

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nAAEC\n-----END CERTIFICATE-----\n"
KEY = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n"
LINE = "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQC7VJTUt9Us8cKj"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(CERTIFICATE, id="case 39: plain"),
        pytest.param("Bag Attributes\r\n  x: y\r\n" + CERTIFICATE.replace("\n", "\r\n"), id="case 39: bag attributes"),
        pytest.param(CERTIFICATE.replace("\n", " "), id="case 39: one line"),
    ],
)
def test_certificates_are_cut_out_of_a_text(text: str) -> None:
    assert pem.parse_certificates(text) == [b"\0\1\2"]
    assert pem.parse_certificates(text + text) == [b"\0\1\2"] * 2


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param(KEY, "holds a private key", id="case 38: a key"),
        pytest.param(CERTIFICATE + KEY, "holds a private key", id="case 38: a key beside a certificate"),
        pytest.param("-----BEGIN RSA PRIVATE KEY-----\nc2Vj", "holds a private key", id="case 38: END missing"),
        pytest.param(CERTIFICATE + CERTIFICATE[:30], "not a whole certificate", id="a part"),
        pytest.param(CERTIFICATE.replace("AAEC", "AAE"), pem.UNREADABLE, id="wrong padding"),
        pytest.param("text", pem.UNREADABLE, id="none"),
    ],
)
def test_other_texts_are_refused(text: str, words: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match=words) as caught:
        pem.parse_certificates(text)
    assert "c2Vj" not in str(caught.value)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        pytest.param({"a": [{"b": KEY}]}, True, id="nested"),
        pytest.param({KEY: 1}, True, id="as a key"),
        pytest.param("PuTTY-User-Key-File-3: ssh-rsa", True, id="PuTTY"),
        pytest.param("-----BEGIN OPENSSH PRIVATE KEY-----", True, id="OpenSSH"),
        pytest.param("-----BEGIN PGP PRIVATE KEY BLOCK-----", True, id="PGP"),
        pytest.param("---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----", True, id="SSH2"),
        pytest.param("-----BEGIN PRIVATE KEY\nc2Vj", True, id="case 38: no dashes behind"),
        pytest.param("\u2014END RSA PRIVATE KEY\u2014\r\n", True, id="case 38: a line with a word processor's dashes"),
        pytest.param("  \u2013 Begin Private Key \u2013\nc2Vj", True, id="case 38: an indented line with en dashes"),
        pytest.param(f"Here: --begin private key-- {LINE}", True, id="case 38: base64 behind two dashes"),
        pytest.param(f"BEGIN RSA PRIVATE KEY\nProc-Type: 4,ENCRYPTED\n\n{LINE}\n{LINE}", True, id="case 38: base64 behind headers"),
        pytest.param([CERTIFICATE, None, 7, True, "my private key phone"], False, id="none"),
        pytest.param("User lost the private key-fob", False, id="words: key-fob"),
        pytest.param("WHfB private key-trust pilot", False, id="words: key-trust"),
        pytest.param(["group Private Key-Holders", "Private Key--Holders", "PRIVATE KEY - HOLDERS"], False, id="words: a group"),
        pytest.param("begin private key rotation", False, id="words: begin"),
        pytest.param("Plan:\n- begin private key-trust pilot\n- end private key\n", False, id="words: a list"),
        pytest.param("Team \u2014 begin private key \u2014 rotation", False, id="words: dashes"),
        pytest.param("--- begin private key rotation ---", False, id="words: a heading"),
        pytest.param(f"Begin private key rotation of {'A909502DD8' * 4}", False, id="words: a thumbprint"),
        pytest.param("Begin private key rotation: /srv/operations/docs/keys/rotation/schedule/2026", False, id="words: a path"),
        pytest.param(f"Private key-trust, request {LINE}", False, id="words: base64 without a begin"),
        pytest.param("The PuTTY-User-Key-File is lost", False, id="words: PuTTY"),
    ],
)
def test_a_private_key_is_found_wherever_it_is(value: t.Any, found: bool) -> None:
    assert pem.find_private_key(value) is found


@pytest.mark.parametrize(
    ("text", "expected"),
    [(CERTIFICATE, False), (CERTIFICATE[:40], True), ("A" * 64, True), ("/etc/pki/helpdesk.pem", False), ("AA==", False)],
)
def test_a_line_of_a_text_is_a_fragment(text: str, expected: bool) -> None:
    assert pem.is_fragment(text) is expected
