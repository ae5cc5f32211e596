# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Render OData paths, string literals, and URLs."""

from __future__ import annotations

import typing as t
import urllib.parse

from .. import _errors as errors


def render_path(*segments: str) -> str:
    """Return a path of quoted segments, so that no name can address another resource."""
    if any(segment in ("", ".", "..") for segment in segments):
        raise errors.InvalidOptionError(f"'{'/'.join(segments)}' names nothing in Microsoft Graph.")
    return "/" + "/".join(urllib.parse.quote(segment, safe="()=,'$") for segment in segments)


def render_literal(value: str) -> str:
    """Return a string literal in quotes, with embedded quotes doubled."""
    return "'" + value.replace("'", "''") + "'"


def render_url(origin: str, version: str, path: str, query: t.Mapping[str, str] | None = None) -> str:
    """Return the URL of a path in a version of the API."""
    url = f"{origin}/{version}{path}"
    if query:
        url += "?" + urllib.parse.urlencode(query, quote_via=urllib.parse.quote, safe="$,()'")
    return url
