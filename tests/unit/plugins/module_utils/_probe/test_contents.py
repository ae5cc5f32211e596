# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the owner, the version, and the signature of a detection script."""

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._probe.contents import (
    PLAIN,
    digest,
    is_current,
    is_ours,
    is_signed,
    label,
    parse_signed,
)
from ansible_collections.endpointops.intune.plugins.module_utils._probe.script import SCRIPT
from tests.support.probe import OLD, SIGNATURE, SIGNED


def test_the_script_is_ours_and_current():
    assert is_ours(PLAIN) and is_current(PLAIN) and not is_signed(PLAIN)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(SIGNED, id="as PowerShell writes it"),
        pytest.param(SIGNED.replace("\r\n", "\n"), id="LF"),
        pytest.param(SIGNED.replace("\r\n", "\n").replace("\n", "\r\n"), id="CRLF"),
        pytest.param(SIGNED.rstrip(), id="without the last line end"),
    ],
)
def test_a_signed_copy_is_current_and_kept_byte_by_byte(text):
    signed = parse_signed(text)
    assert signed == text.encode() and is_signed(signed) and is_current(signed) and is_ours(signed)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        pytest.param("\ufeff" + SIGNED, "byte-order mark", id="byte-order mark"),
        pytest.param(SIGNED.replace("prints no names", "prints n\u00f6 names"), "not ASCII", id="not ASCII"),
        pytest.param(SCRIPT, "unchanged, with a signature block", id="not signed"),
        pytest.param("", "unchanged, with a signature block", id="empty"),
        pytest.param(SIGNATURE, "unchanged", id="nothing but a signature"),
        pytest.param(SIGNED.replace("exit 1", "exit 2"), "unchanged", id="changed"),
        pytest.param("# mine\n" + SIGNED, "unchanged", id="something before it"),
        pytest.param(SCRIPT + "Remove-Item x\n" + SIGNATURE, "unchanged", id="something between"),
        pytest.param(SIGNED + "Remove-Item x\n", "unchanged", id="something behind it"),
        pytest.param(SIGNED.replace("# SIG # End", "Remove-Item x\n# SIG # End"), "unchanged", id="something within the signature"),
        pytest.param(SIGNED.replace("# SIG # End signature block", ""), "unchanged", id="cut off"),
        pytest.param(OLD.decode() + SIGNATURE, "unchanged", id="of another version"),
        pytest.param(SCRIPT + "\n" * 200_000 + SIGNATURE, "Intune takes 200000", id="too long"),
    ],
)
def test_anything_else_is_no_signed_copy(text, words):
    with pytest.raises(errors.InvalidOptionError, match=words) as failure:
        parse_signed(text)
    assert "Set-AuthenticodeSignature" in str(failure.value.hint)


@pytest.mark.parametrize(
    ("content", "ours"),
    [
        pytest.param(OLD, True, id="an earlier version"),
        pytest.param(OLD.replace(b"\n", b"\r\n"), True, id="with CRLF"),
        pytest.param(b"exit 0", False, id="of others"),
        pytest.param(b"\n" + PLAIN, False, id="not at the beginning"),
        pytest.param(b"\xef\xbb\xbf" + PLAIN, False, id="byte-order mark"),
        pytest.param(b"", False, id="empty"),
        pytest.param(None, False, id="not readable"),
        pytest.param(b"\xff\xfe#", False, id="UTF-16"),
    ],
)
def test_the_first_line_tells_whose_it_is(content, ours):
    assert is_ours(content) is ours and not is_current(content)


def test_a_difference_shows_version_and_digest_and_no_script():
    assert label(PLAIN) == f"version 1, SHA-256 {digest(PLAIN)[:16]}"
    assert label(SIGNED.encode()) == f"version 1, signed, SHA-256 {digest(SIGNED.encode())[:16]}"
    assert label(OLD) == f"version 0, SHA-256 {digest(OLD)[:16]}"
    assert label(b"exit 0") == f"not of this collection, SHA-256 {digest(b'exit 0')[:16]}"
    assert label(None) is None
