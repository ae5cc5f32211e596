# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""The errors of this collection, as one tree. Code below ``_module`` raises no other exceptions intentionally.

IntuneError
├── InvalidOptionError          an option is missing, contradictory, or unusable; nothing was sent
├── SelectionError              a name matches no object, or several; nothing was written
├── MissingPermissionError      the token lacks a permission to write that the task needs; nothing was written
├── MissingLibraryError         msal, requests, or cryptography is not installed
├── AuthenticationError         Microsoft Entra issued no token
├── NotSentError                no connection was made (refused, DNS, TLS): the service did not run the request
├── LostResponseError           the request was sent and no whole response came back: the service may have run it
├── UnexpectedResponseError     a response that is not Microsoft Graph's (HTML, cut-off, redirect, a member of another type)
├── PartialError                the task failed for some of its objects; its results list them with the reasons
├── NotReadyError               timed out waiting for a state
├── ApprovalPendingError        another administrator must approve the write first; it was not done
├── ApprovalError               an administrator rejected the write, or its approval request cannot be used
├── InternalError               any other exception: a defect of this collection
└── GraphError                  Microsoft Graph responded with an error
    ├── UnauthorizedError       401
    ├── ForbiddenError          403
    ├── NotFoundError           404
    ├── ConflictError           409
    ├── ThrottledError          429, after retry_timeout
    └── ServiceError            5xx
"""

from __future__ import annotations

import traceback
import typing as t

from ._text import clean
from ._types import Json

# The effects of a failed task on the tenant: no changes, some changes, or unknown because the service did not report them.
Effects = t.Literal["none", "partial", "unknown"]
SENTENCES: t.Mapping[str | None, str] = {
    "none": "Nothing was changed.",
    "partial": "Some changes were made.",
    "unknown": "Whether something was changed is unknown.",
}
ENDS = (".", "!", "?", ":", "…")
OUR_CODE = "/endpointops/intune/plugins/"
PLACES_SHOWN = 4  # the innermost places in the message of an internal error
Self = t.TypeVar("Self", bound="IntuneError")


def _end(message: str, more: t.Collection[str]) -> str:
    """Return a message with a full stop where more follows: those of the service often have none."""
    return f"{message}." if message and more and not message.endswith(ENDS) else message


class IntuneError(Exception):
    """The base class of all errors.

    ``message`` states the failure and its cause; ``hint`` gives the next step. ``target`` is the method and path of the request.
    ``effects`` is None if the error alone does not show them. ``clean`` processes all texts before they are shown, including texts of the
    service.
    """

    # The effects of errors that are raised before anything is written. The message need not mention them.
    usual_effects: t.ClassVar[Effects | None] = None

    def __init__(self, message: str, *, hint: str | None = None, target: str | None = None, effects: Effects | None = None) -> None:
        self.message = clean(message)
        super().__init__(self.message)
        self.hint = hint and clean(hint)
        self.target = target and clean(target)
        self.effects = effects

    def __str__(self) -> str:
        return " ".join([_end(self.message, self._advice), *self._advice])

    @property
    def _advice(self) -> list[str]:
        return [text for text in (SENTENCES.get(self.effects), self.hint) if text]

    def with_hint(self: Self, hint: str) -> Self:
        """Return the same error with another hint."""
        return self._with(hint=clean(hint))

    def with_more_advice(self: Self, advice: str) -> Self:
        """Return the same error with a sentence added to its hint."""
        return self.with_hint(f"{self.hint} {advice}" if self.hint else advice)

    def with_effects(self: Self, effects: Effects) -> Self:
        """Return the same error with these effects."""
        return self._with(effects=effects)

    def with_message(self: Self, message: str) -> Self:
        """Return the same error with another message."""
        return self._with(message=clean(message))

    def _with(self: Self, **members: t.Any) -> Self:
        # Not copy.copy, which calls the constructor with only the message.
        error = type(self).__new__(type(self), *self.args)
        error.__dict__.update({**self.__dict__, **members})
        return error

    def describe(self) -> Json:
        """Return the ``error`` return value: the same keys for every error, with None for unknown values."""
        return {
            "kind": type(self).__name__.removesuffix("Error"),
            "message": self.message,
            "effects": self.effects or self.usual_effects,
            "hint": self.hint,
            "target": self.target,
            "status": None,
            "code": None,
            "request_id": None,
            "client_request_id": None,
        }


class InvalidOptionError(IntuneError):
    """An option is missing, contradictory, or unusable."""

    usual_effects = "none"


class SelectionError(IntuneError):
    """A name matches no object, or several."""

    usual_effects = "none"


class MissingPermissionError(IntuneError):
    """The token lacks a permission to write that the task needs."""

    usual_effects = "none"


class MissingLibraryError(IntuneError):
    """A Python library is not installed."""

    usual_effects = "none"

    def __init__(self, library: str) -> None:
        super().__init__(
            f"The Python library {library} is not installed for the Python that runs this module.",
            hint=f"Install it there, for example with 'python -m pip install {library}', or use an execution environment that has it.",
        )
        self.library = library


class AuthenticationError(IntuneError):
    """Microsoft Entra issued no token.

    ``code`` is Entra's AADSTS number as text, or the OAuth error; ``correlation_id`` is Entra's.
    """

    def __init__(self, message: str, *, code: str | None = None, correlation_id: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.correlation_id = correlation_id

    def describe(self) -> Json:
        """Return the ``error`` return value."""
        return {**super().describe(), "code": self.code, "request_id": self.correlation_id}


class NotSentError(IntuneError):
    """No connection was made.

    ``is_transient``: another attempt may succeed, as after a refused connection; it cannot succeed with an untrusted certificate.
    """

    def __init__(self, message: str, *, is_transient: bool = True, hint: str | None = None, target: str | None = None) -> None:
        super().__init__(message, hint=hint, target=target)
        self.is_transient = is_transient


class LostResponseError(IntuneError):
    """A request was sent, and no whole response came back."""


class UnexpectedResponseError(IntuneError):
    """A response is not Microsoft Graph's."""


class PartialError(IntuneError):
    """The task failed for some of its objects."""


class NotReadyError(IntuneError):
    """Timed out waiting for a state."""


class ApprovalPendingError(IntuneError):
    """A write waits for its approval. This is a state, not a failure. ``approval`` is the return value of that name."""

    def __init__(self, message: str, approval: Json, *, target: str | None = None) -> None:
        super().__init__(message, hint="Run again, with the same options, when it is approved.", target=target, effects="none")
        self.approval = approval


class ApprovalError(IntuneError):
    """No approval could be obtained.

    ``code`` is rejected, cancelled, or expired (the status of the request), duplicate, unknown_code, or unreadable.
    """

    def __init__(
        self, message: str, *, code: str, hint: str | None = None, target: str | None = None, effects: Effects | None = "none"
    ) -> None:
        super().__init__(message, hint=hint, target=target, effects=effects)
        self.code = code

    def describe(self) -> Json:
        """Return the ``error`` return value."""
        return {**super().describe(), "code": self.code}


class InternalError(IntuneError):
    """An unexpected exception. The message shows its type and its places in our code, but not its text, which may contain a secret."""

    def __init__(self, failure: BaseException, *, effects: Effects | None = None) -> None:
        frames = traceback.extract_tb(failure.__traceback__)
        places = [f"{frame.filename.rpartition(OUR_CODE)[2]}:{frame.lineno}" for frame in frames if OUR_CODE in frame.filename]
        place = f" at {' > '.join(places[-PLACES_SHOWN:])}" if places else ""
        super().__init__(
            f"An unexpected error occurred in the collection: {type(failure).__name__}{place}.",
            hint="Report this message as a defect of the collection endpointops.intune; it holds no values of your tenant.",
            effects=effects,
        )


class GraphError(IntuneError):
    """Microsoft Graph responded with an error.

    ``code`` is Graph's most specific code. Microsoft support asks for the IDs.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int,
        code: str | None = None,
        request_id: str | None = None,
        client_request_id: str | None = None,
        target: str | None = None,
        hint: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint, target=target)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.client_request_id = client_request_id
        self.needs_approval = False
        self.names_permission = False

    def with_permission_hint(self, hint: str) -> GraphError:
        """Return the same error with a hint that names the missing permission."""
        return self.with_hint(hint)._with(names_permission=True)

    def with_approval_hint(self, hint: str) -> GraphError:
        """Return the same error for a write that needs an approval."""
        return self.with_hint(hint)._with(needs_approval=True)

    def __str__(self) -> str:
        parts = [
            f"{self.target}: " if self.target else "",
            f"{self.status} {self.code or ''}".strip(),
            f": {_end(self.message, self._advice)}",
        ]
        parts += [f" {text}" for text in self._advice]
        if self.request_id:
            parts.append(f" (request-id {self.request_id})")
        return "".join(parts)

    def describe(self) -> Json:
        """Return the ``error`` return value."""
        return {
            **super().describe(),
            "status": self.status,
            "code": self.code,
            "request_id": self.request_id,
            "client_request_id": self.client_request_id,
        }


class UnauthorizedError(GraphError):
    """Status 401."""


class ForbiddenError(GraphError):
    """Status 403."""


class NotFoundError(GraphError):
    """Status 404."""


class ConflictError(GraphError):
    """Status 409."""


class ThrottledError(GraphError):
    """Status 429, after retry_timeout."""


class ServiceError(GraphError):
    """Status 500 or higher."""


def may_pass(failure: IntuneError) -> bool:
    """Return whether the same request may succeed later: no response came, or the service or a gateway was temporarily unable to respond.

    A refusal is permanent: a missing permission, a refused sign-in, or a name that matches several objects.
    """
    if isinstance(failure, NotSentError):
        # A sign-in whose response was lost may succeed later.
        return failure.is_transient or isinstance(failure.__cause__, LostResponseError)
    if isinstance(failure, GraphError) and failure.status == 408:
        return True
    return isinstance(failure, (LostResponseError, UnexpectedResponseError, ThrottledError, ServiceError))


BY_STATUS: dict[int, type[GraphError]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    429: ThrottledError,
}


def for_status(status: int) -> type[GraphError]:
    """Return the class of errors with this status."""
    return BY_STATUS.get(status, ServiceError if status >= 500 else GraphError)
