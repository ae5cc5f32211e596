# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Store the responses of reads that are sent together before callers need them. Pure."""

from __future__ import annotations

import base64
import dataclasses
import typing as t

from .._http.message import Request, Response
from .batch import MAX_BATCH, CallResult, parse_batch, render_batch, version_of

# A request without its headers, which differ each time.
Key: t.TypeAlias = "tuple[str, str, bytes | None]"

URL_SAFE = bytes.maketrans(b"-_", b"+/")  # the URL-safe alphabet of base64


class ReadAhead:
    """A store of responses to reads. Each response is used once.

    A read without a final response is not stored. It is sent when a caller needs it, and repeated like any other.
    """

    def __init__(self) -> None:
        self._responses: dict[Key, Response] = {}

    def keep(self, reads: t.Sequence[Request], response: Response) -> None:
        """Store the responses to reads that were sent as one batch."""
        if response.status != 200:
            return
        for read, found in zip(reads, parse_batch(len(reads), response), strict=True):
            whole = None if found is None else decode_item(found)
            if whole is not None and not CallResult(None, read, whole).is_transient:
                self._responses[_key_of(read)] = whole

    def take(self, request: Request) -> Response | None:
        """Return and remove the response to a request, or None if there is none."""
        return self._responses.pop(_key_of(request), None)

    def forget(self) -> None:
        """Remove all responses, because a write may have made them outdated."""
        self._responses.clear()


def pack(origin: str, requests: t.Iterable[Request]) -> t.Iterator[tuple[list[Request], Request]]:
    """Yield the reads of each batch, and the batch. Omit a read that would be alone in its batch."""
    by_version: dict[str, dict[Key, Request]] = {}
    for request in requests:
        by_version.setdefault(version_of(origin, request), {})[_key_of(request)] = request
    for version, found in by_version.items():
        reads = list(found.values())
        for start in range(0, len(reads), MAX_BATCH):
            together = reads[start : start + MAX_BATCH]
            if len(together) > 1:
                yield together, render_batch(origin, version, together)


def decode_item(response: Response) -> Response | None:
    """Return the response to an item of a batch, with a base64 body decoded, or None if it cannot be decoded."""
    if response.status != 200 or "json" in response.headers.get("content-type", "json"):
        return response
    try:
        return dataclasses.replace(response, body=base64.b64decode(response.body.translate(URL_SAFE), validate=True))
    except ValueError:
        return None


def _key_of(request: Request) -> Key:
    return request.method, request.url, request.body
