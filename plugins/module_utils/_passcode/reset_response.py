# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Classify the response to a reset: accepted, refused, not run, or unclear. Pure."""

from __future__ import annotations

import dataclasses
import enum
import typing as t

from .. import _errors as errors
from .._graph.batch import CallResult
from .._graph.responses import is_refusal, parse_response
from .._http.retry import may_repeat


class ResponseKind(enum.Enum):
    """The meaning of a response to a reset."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    NOT_RUN = "not run"
    LOST = "lost"
    NEEDS_APPROVAL = "needs approval"


@dataclasses.dataclass(frozen=True)
class ResetResponse:
    """The kind of a response, with its error. ``can_repeat``: a reset that was not run may be tried again."""

    kind: ResponseKind
    error: errors.IntuneError | None = None
    can_repeat: bool = True

    @property
    def failure(self) -> errors.IntuneError:
        """The error of a response other than an acceptance."""
        return t.cast(errors.IntuneError, self.error)


def classify(result: CallResult, *, needs_approval: bool = False, token_renewed: bool = False) -> ResetResponse:
    """Return the meaning of a reset's result. ``token_renewed``: whether the token was renewed after an earlier 401."""
    response = result.response
    if response is None:
        if result.failure is None or isinstance(result.failure, errors.LostResponseError):
            return ResetResponse(ResponseKind.LOST, result.error())
        return ResetResponse(ResponseKind.NOT_RUN, result.failure, result.is_transient)
    if needs_approval:
        return ResetResponse(ResponseKind.NEEDS_APPROVAL, result.error())
    if response.status in (401, 403, 407) and is_refusal(response):
        # Another token may help once. A missing permission, or a proxy that requires sign-in, is permanent.
        return ResetResponse(ResponseKind.NOT_RUN, result.error(), response.status == 401 and not token_renewed)
    if may_repeat(result.request, response):
        return ResetResponse(ResponseKind.NOT_RUN, result.error())
    return classify_definite(result)


def classify_definite(result: CallResult) -> ResetResponse:
    """Return the meaning of a response that is not repeated."""
    if result.response is None:
        return ResetResponse(ResponseKind.LOST, result.error())
    try:
        parse_response(result.request, result.response)
    except errors.GraphError as failure:
        return ResetResponse(ResponseKind.REFUSED if is_refusal(result.response) else ResponseKind.LOST, failure)
    except errors.UnexpectedResponseError as failure:
        return ResetResponse(ResponseKind.LOST, failure)
    return ResetResponse(ResponseKind.ACCEPTED)
