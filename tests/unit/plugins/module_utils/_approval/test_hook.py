# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._approval.hook import ApprovalHook
from ansible_collections.endpointops.intune.plugins.module_utils._approval.options import JUSTIFICATION_HEADER, ApprovalOptions
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request
from tests.support.fakes import GRAPH, answer, error, tenant

LACKS = f"The header {JUSTIFICATION_HEADER} is required."


@pytest.mark.parametrize(
    ("status", "text", "is_required"),
    [(400, LACKS, True), (403, LACKS, True), (404, LACKS, False), (403, "Forbidden.", False), (400, JUSTIFICATION_HEADER, False)],
)
def test_a_write_that_lacks_a_justification_is_recognized(status: int, text: str, is_required: bool) -> None:
    hook = ApprovalHook(ApprovalOptions(), tenant().client)
    assert hook.is_required(error(status, "Code", text)) is is_required


def test_without_options_a_write_that_needs_an_approval_is_refused_again_and_again() -> None:
    hook = ApprovalHook(ApprovalOptions(), tenant().client)
    for _each in range(2):
        with pytest.raises(errors.ForbiddenError, match="set approval_justification"):
            hook.obtain(Request("PATCH", f"{GRAPH}/v1.0/x"), error(403, "Forbidden", LACKS))


def test_the_approvals_of_a_run_are_read_once() -> None:
    world = tenant({"GET /beta/deviceManagement/operationApprovalRequests": answer(200, {"value": []})})
    hook = ApprovalHook(ApprovalOptions(code="11111111-1111-4111-8111-111111111111"), world.client)
    for _each in range(2):
        with pytest.raises(errors.ApprovalError):
            hook.obtain(Request("PATCH", f"{GRAPH}/v1.0/x"), error(403, "Forbidden", LACKS))
    assert len(world.transport.sent) == 1
