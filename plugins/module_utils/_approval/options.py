# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The options of Multi Admin Approval. Pure."""

from __future__ import annotations

import dataclasses

from .. import _errors as errors
from .. import _guid

JUSTIFICATION_HEADER = "x-msft-approval-justification"
LONGEST_JUSTIFICATION = 1024  # characters, including the mark that is added
LONGEST_TEXT = LONGEST_JUSTIFICATION - len(" [endpointops.intune 0123456789abcdef]")


@dataclasses.dataclass(frozen=True)
class ApprovalOptions:
    """The options for approvals, '' when not set. ``justification``: the text for a new request. ``code``: of an existing request."""

    justification: str = ""
    code: str = ""


def parse_options(justification: str | None, code: str | None) -> ApprovalOptions:
    """Return the options ``approval_justification`` and ``approval_code``; raise InvalidOptionError for unusable ones."""
    options = ApprovalOptions((justification or "").strip(), (code or "").strip().lower())
    if len(options.justification) > LONGEST_TEXT:
        raise errors.InvalidOptionError(
            f"approval_justification must have at most {LONGEST_TEXT} characters; it has {len(options.justification)}."
        )
    if options.code and not _guid.PATTERN.fullmatch(options.code):
        raise errors.InvalidOptionError(f"approval_code must be a GUID, not '{options.code}'.")
    return options
