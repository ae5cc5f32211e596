# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""One recorded exchange: a request and its response."""

from __future__ import annotations

import typing as t
from dataclasses import dataclass


@dataclass(frozen=True)
class Exchange:
    """One line of a recording; `path` is without version and query."""

    method: str
    version: str
    path: str
    query: str
    request_headers: dict[str, str]
    request_body: t.Any
    status: int
    response_headers: dict[str, str]
    response_body: t.Any

    @classmethod
    def parse(cls, line: dict[str, t.Any]) -> Exchange:
        """Read a line of a recording."""
        path, _mark, query = line["path"].partition("?")
        known = {name: line[name] for name in cls.__dataclass_fields__ if name in line}
        return cls(**{**known, "path": path, "query": query})

    @property
    def is_batch(self) -> bool:
        """Return whether it is the envelope of a $batch."""
        return self.path == "/$batch"

    @property
    def is_from_graph(self) -> bool:
        """Return whether Graph responded: a proxy's page or a redirect, inserted by a test, has no request-id."""
        return "request-id" in self.response_headers

    def has_media_type(self, media: str) -> bool:
        """Return whether the response has a media type."""
        return self.response_headers.get("content-type", "").startswith(media)
