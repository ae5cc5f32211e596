# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Reads that are sent together before anybody asks for them. Pure."""

from __future__ import annotations

import base64
import dataclasses
import typing as t

from .._http.message import Request, Response
from .batch import MAX_BATCH, CallResult, parse_batch, render_batch, version_of

# A request without its headers, which are new each time.
Key: t.TypeAlias = "tuple[str, str, bytes | None]"

URL_SAFE = bytes.maketrans(b"-_", b"+/")  # the other alphabet of base64


class ReadAhead:
    """Keeps the responses of reads until they are asked for, each once.

    A read without a final response is not kept: it is sent when it is asked for, and repeated as any other.
    """

    def __init__(self) -> None:
        self._responses: dict[Key, Response] = {}

    def keep(self, reads: t.Sequence[Request], response: Response) -> None:
        """Keep the responses to reads that were sent as one batch."""
        if response.status != 200:
            return
        for read, found in zip(reads, parse_batch(len(reads), response), strict=True):
            whole = None if found is None else decode_item(found)
            if whole is not None and not CallResult(None, read, whole).is_transient:
                self._responses[_key_of(read)] = whole

    def take(self, request: Request) -> Response | None:
        """Return the response to a request, and forget it, or None if there is none."""
        return self._responses.pop(_key_of(request), None)

    def forget(self) -> None:
        """Forget all responses: a write may have changed what they say."""
        self._responses.clear()


def pack(origin: str, requests: t.Iterable[Request]) -> t.Iterator[tuple[list[Request], Request]]:
    """Yield the reads of each batch, and the batch. A read that would be alone in one is left out."""
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
    """Return the response to an item of a batch, which has a body that is not JSON in base64, as a whole one, or None if it has not."""
    if response.status != 200 or "json" in response.headers.get("content-type", "json"):
        return response
    try:
        return dataclasses.replace(response, body=base64.b64decode(response.body.translate(URL_SAFE), validate=True))
    except ValueError:
        return None


def _key_of(request: Request) -> Key:
    return request.method, request.url, request.body
