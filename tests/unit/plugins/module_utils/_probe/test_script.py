# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test the detection script: its text, its fields, and its pattern matches in outputs of dsregcmd. Its grammar is in tests/quality."""

from __future__ import annotations

import re

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._probe import dsregcmd
from ansible_collections.endpointops.intune.plugins.module_utils._probe.line import END, FIELDS, START, STATUS, judge_line, parse_line
from ansible_collections.endpointops.intune.plugins.module_utils._probe.script import SCRIPT
from tests.support import probe
from tests.support.dsregcmd import OUTPUTS, TENANT, change, possible, render, without_pin

SECRETS = ("Contoso", "contoso", "PC-000", "corp", "CORP", "AdaExample", "RenÚ", "example", "Example", TENANT, "aaaaaaaa", "CCCCCCCC")


def test_the_text_is_the_same_in_every_code_page():
    assert SCRIPT.isascii() and not re.search(r"[^\x20-\x7e\n]", SCRIPT), "no byte-order mark, no tabs, no carriage returns"
    assert len(SCRIPT) < 200_000 and max(map(len, SCRIPT.splitlines())) <= 140


def test_it_prints_the_fields_that_are_read_in_their_order():
    assert tuple(probe.ORDER) == FIELDS
    line = probe.print_line(render(possible))
    assert line.startswith(START) and line.endswith(END) and parse_line(line) is not None


def test_it_takes_each_value_from_where_the_reader_puts_it():
    places = {**probe.PLACES, "prt": probe.TOKENS[0]}
    assert places == {field: f"{section}/{key}" for field, (section, key) in STATUS.items()}
    assert probe.TOKENS[1:] == [f"{dsregcmd.USER}/AzureAdPrt"], "where older builds have it"


@pytest.mark.parametrize("end", ["\r\n", "\n"], ids=["CRLF", "LF"])
@pytest.mark.parametrize("name", OUTPUTS)
def test_the_verdict_on_its_line_is_that_on_the_whole_output(name, end):
    output = render(OUTPUTS[name], end)
    fields = parse_line(probe.print_line(output))
    assert fields is not None
    verdict, reasons = judge_line(fields)
    whole = dsregcmd.describe(output)
    assert verdict is whole["non_destructive_reset"]
    assert [reason.code for reason in reasons] == [reason["code"] for reason in whole["reasons"]]


@pytest.mark.parametrize("name", OUTPUTS)
def test_nothing_that_a_person_named_is_printed(name):
    line = probe.print_line(render(OUTPUTS[name]))
    assert not [secret for secret in SECRETS if secret in line] and len(line) < 300


@pytest.mark.parametrize("name", OUTPUTS)
def test_it_ends_with_zero_exactly_where_a_reset_is_possible(name):
    output = render(OUTPUTS[name])
    assert (probe.exit_code(probe.print_line(output)) == 0) == (dsregcmd.describe(output)["non_destructive_reset"] is True)


def test_the_line_is_the_same_at_the_next_sign_in():
    later = change(possible, SSOState={"AzureAdPrtUpdateTime": "2026-12-01 06:00:00.000 UTC"})
    assert probe.print_line(render(later)) == probe.print_line(render(possible))


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        pytest.param(
            change(possible, DeviceDetails={"DeviceAuthStatus": "FAILED. Device is either disabled or deleted"}),
            "da=FAILED;",
            id="long status",
        ),
        pytest.param(change(possible, UserState={"CanReset": "x" * 99}), f"cr={'x' * 40};", id="too long"),
        pytest.param(change(possible, UserState={"CanReset": ""}), "cr=-;", id="empty"),
        pytest.param(change(possible, SSOState=None, UserState={"AzureAdPrt": "YES"}), "prt=YES;", id="token in an older build"),
        pytest.param(change(possible, TenantDetails={"TenantId": "..\\Device"}), "rec=?;use=?;gpo=-;urec=?;", id="no tenant ID"),
        pytest.param({**possible, "Work Account 1": {"NgcSet": "NO", "CanReset": "NO"}}, "ngc=YES;cr=DestructiveAnd", id="work account"),
        pytest.param({"Work Account 1": {"NgcSet": "YES"}, **without_pin}, "ngc=NO;cr=-;", id="work account first"),
    ],
)
def test_what_it_prints_of_odd_outputs(changed, expected):
    assert expected in probe.print_line(render(changed))


@pytest.mark.parametrize("output", ["", "Access is denied.", "+--+\n| Device State |\n+--+\n"], ids=["nothing", "refused", "no values"])
def test_without_an_answer_of_dsregcmd_nothing_is_known(output):
    line = probe.print_line(output)
    assert line == "pin1;aj=?;dj=?;ngc=?;cr=?;pe=?;nr=?;da=?;prt=?;rec=?;use=?;gpo=-;urec=?;end"
    fields = parse_line(line)
    assert fields is not None and judge_line(fields)[0] is None


@pytest.mark.parametrize(
    ("printed", "sid"),
    [
        ('"azuread\\adaexample","S-1-12-1-1-2-3-4"', "S-1-12-1-1-2-3-4"),
        ('"corp\\S-1-5-18","S-1-5-21-7"\r\n', "S-1-5-21-7"),
        ("ERROR: no", None),
    ],
)
def test_the_sid_is_the_last_value_of_whoami(printed, sid):
    found = probe.SID.search(printed)
    assert (found and found[1]) == sid


def test_values_of_the_registry_are_numbers():
    assert probe.NUMBER.search("1") and not probe.NUMBER.search("1;cr=x") and not probe.NUMBER.search("Contoso")
