# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""What can go wrong, as one tree. Nothing else is raised on purpose below the runner.

IntuneError
├── InvalidOptionError        an option is missing, contradictory or unusable; nothing was sent
├── SelectionError            a name that means no object, or more than one; nothing was written
├── MissingLibraryError       msal or requests is not installed
├── AuthenticationError       Microsoft Entra gave no token
├── NotSentError              no connection was made (refused, DNS, TLS): the service did not run the request
├── LostAnswerError           the request went out and no whole answer came back: it may have run
├── UnexpectedAnswerError     an answer that is not Microsoft Graph's (HTML, cut-off, redirect, foreign nextLink)
├── PartialError              the task failed for some of its objects; its results say for which, and why
├── NotReadyError             waited for a state that did not come
├── ApprovalPendingError      another administrator has to approve the write first; nothing was written by it
├── ApprovalError             an administrator decided against the write, or its approval request cannot be used
└── GraphError                Microsoft Graph answered with an error
    ├── UnauthorizedError     401
    ├── ForbiddenError        403
    ├── NotFoundError         404
    ├── ConflictError         409
    ├── ThrottledError        429, with the retry time used up
    └── ServiceError          5xx
"""

from __future__ import annotations

import typing as t


class IntuneError(Exception):
    """Base of all errors. ``message`` says what happened and why, ``hint`` what to do next."""

    def __init__(self, message: str, *, hint: str | None = None, target: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.target = target

    def __str__(self) -> str:
        return f"{self.message} {self.hint}" if self.hint else self.message

    def as_dict(self) -> dict[str, t.Any]:
        """The shape of the ``error`` return value: the same keys for every error, null where unknown."""
        return {
            "kind": type(self).__name__.removesuffix("Error"),
            "message": self.message,
            "hint": self.hint,
            "target": self.target,
            "status": None,
            "code": None,
            "request_id": None,
            "client_request_id": None,
        }


class InvalidOptionError(IntuneError):
    pass


class SelectionError(IntuneError):
    pass


class MissingLibraryError(IntuneError):
    def __init__(self, library: str) -> None:
        super().__init__(
            f"The Python library {library} is not installed for the Python that runs this module.",
            hint=f"Install it there, for example with 'python -m pip install {library}', or use an execution environment that has it.",
        )
        self.library = library


class AuthenticationError(IntuneError):
    """``code`` is Entra's AADSTS number as text, or the OAuth error; ``correlation_id`` is Entra's."""

    def __init__(self, message: str, *, code: str | None = None, correlation_id: str | None = None, hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.code = code
        self.correlation_id = correlation_id

    def as_dict(self) -> dict[str, t.Any]:
        return {**super().as_dict(), "code": self.code, "request_id": self.correlation_id}


class NotSentError(IntuneError):
    """``passing``: trying again may help (a refused connection does pass, an untrusted certificate does not)."""

    def __init__(self, message: str, *, passing: bool = True, hint: str | None = None, target: str | None = None) -> None:
        super().__init__(message, hint=hint, target=target)
        self.passing = passing


class LostAnswerError(IntuneError):
    pass


class UnexpectedAnswerError(IntuneError):
    pass


class PartialError(IntuneError):
    pass


class NotReadyError(IntuneError):
    pass


class ApprovalPendingError(IntuneError):
    """Not a failure but a state: ``approval`` is the return value of that name."""

    def __init__(self, message: str, approval: dict[str, t.Any], *, target: str | None = None) -> None:
        super().__init__(message, hint="It was not done. Run again, with the same options, when it is approved.", target=target)
        self.approval = approval


class ApprovalError(IntuneError):
    """``code``: rejected, cancelled, expired (what became of the request), duplicate, unknown_code or unreadable."""

    def __init__(self, message: str, *, code: str, hint: str | None = None, target: str | None = None) -> None:
        super().__init__(message, hint=hint, target=target)
        self.code = code

    def as_dict(self) -> dict[str, t.Any]:
        return {**super().as_dict(), "code": self.code}


class GraphError(IntuneError):
    """An error answer. ``code`` is Graph's most specific code; ids are those that Microsoft support asks for."""

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
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint, target=target)
        self.status = status
        self.code = code
        self.request_id = request_id
        self.client_request_id = client_request_id
        self.retry_after = retry_after

    def __str__(self) -> str:
        parts = [f"{self.target}: " if self.target else "", f"{self.status} {self.code or ''}".strip(), f": {self.message}"]
        if self.hint:
            parts.append(f" {self.hint}")
        if self.request_id:
            parts.append(f" (request-id {self.request_id})")
        return "".join(parts)

    def as_dict(self) -> dict[str, t.Any]:
        return {
            **super().as_dict(),
            "status": self.status,
            "code": self.code,
            "request_id": self.request_id,
            "client_request_id": self.client_request_id,
        }


class UnauthorizedError(GraphError):
    pass


class ForbiddenError(GraphError):
    pass


class NotFoundError(GraphError):
    pass


class ConflictError(GraphError):
    pass


class ThrottledError(GraphError):
    pass


class ServiceError(GraphError):
    pass


BY_STATUS: dict[int, type[GraphError]] = {
    401: UnauthorizedError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    429: ThrottledError,
}


def for_status(status: int) -> type[GraphError]:
    return BY_STATUS.get(status, ServiceError if status >= 500 else GraphError)
