# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._auth._advice import GENERAL, HINTS, find_hint, find_number

# Each number with a word of its advice. The special cases of a number have the same advice, or a better one.
ROWS = {
    "70001": "client_id",
    "700016": "client_id",
    "700011": "client_id",
    "7000112": "disabled",
    "7000229": "service principal",
    "90112": "a GUID",
    "70002": "secret",
    "7000215": "value, not its ID",
    "7000222": "expired",
    "7000216": "no credential",
    "7000218": "no credential",
    "900144": "no credential",
    "700025": "public client",
    "700027": "upload",
    "50012": "upload",
    "700030": "subject of the certificate",
    "50032": "2048 bits",
    "700021": "another application",
    "700023": "audience",
    "700024": "clock",
    "500133": "clock",
    "50013": "assertion",
    "50027": "assertion",
    "900384": "assertion",
    "70021": "issuer, subject, and audience",
    "700211": "issuer",
    "700212": "audience",
    "700213": "subject",
    "7002137": "subject",
    "7002138": "case of its letters",
    "90002": "tenant_id",
    "900021": "tenant_id",
    "900023": "tenant_id",
    "50059": "tenant_id",
    "9001023": "tenant_id",
    "90038": "another cloud",
    "900432": "another cloud",
    "500011": "graph_url",
    "50001": "graph_url",
    "70011": "graph_url",
    "1002012": "graph_url",
    "500014": "disabled",
    "650052": "disabled",
    "50002": "restriction",
    "500021": "restriction",
    "500212": "restriction",
    "53003": "Conditional Access",
    "530031": "Conditional Access",
    "530035": "security defaults",
    "53000": "Conditional Access",
    "65001": "consent",
    "65002": "Azure CLI",
    "50076": "az login",
    "50078": "az login",
    "50173": "az login",
    "700082": "az login",
    "700084": "az login",
    "70043": "az login",
    "50034": "account",
    "50057": "account",
    "90033": "later",
    "90024": "later",
    "50000": "later",
    "99999": "Check tenant_id, client_id",
    "7": "Check tenant_id, client_id",
}


@pytest.mark.parametrize(("number", "words"), ROWS.items(), ids=[f"case 29: AADSTS{number}" for number in ROWS])
def test_the_advice_fits_the_number(number: str, words: str) -> None:
    assert words in find_hint(number)


def test_every_advice_is_in_that_table() -> None:
    assert {HINTS[number] for number in HINTS} == {find_hint(number) for number in ROWS} - {GENERAL}


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("AADSTS700016: Application", "700016"),
        ("invalid_client: AADSTS7000215: Invalid", "7000215"),
        ("ERROR: AADSTS50078", "50078"),
        ("AADSTS", None),
        ("AADSTS12", None),
        ("7000215", None),
        ("", None),
    ],
)
def test_the_number_is_found_in_a_text(text: str, number: str | None) -> None:
    assert find_number(text) == number


def test_without_a_number_there_is_other_advice() -> None:
    assert (find_hint(None), find_hint(None, "Other."), find_hint("99999", "Other.")) == (GENERAL, "Other.", "Other.")
