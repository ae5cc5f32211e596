# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._approval.options import ApprovalOptions, parse_options

CODE = "6d5c2f10-0d1e-4f4b-9a3c-2b7f5e8d9a01"
TEXT = "Ticket 4711: let users recover their PIN."


def test_a_longer_text_is_refused() -> None:
    with pytest.raises(errors.InvalidOptionError, match="approval_justification must have at most 986 characters; it has 987"):
        parse_options("x" * 987, None)


@pytest.mark.parametrize(
    ("justification", "code", "options"),
    [
        pytest.param(None, None, ApprovalOptions(), id="nothing"),
        pytest.param("", " ", ApprovalOptions(), id="blanks"),
        pytest.param(f" {TEXT}", f" {CODE.upper()} ", ApprovalOptions(TEXT, CODE), id="both"),
    ],
)
def test_usable_options_are_parsed(justification: str | None, code: str | None, options: ApprovalOptions) -> None:
    assert parse_options(justification, code) == options


def test_a_code_that_is_none_is_refused() -> None:
    with pytest.raises(errors.InvalidOptionError, match="approval_code must be a GUID, not 'abc'"):
        parse_options(TEXT, "abc")
