# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._graph.odata import render_literal, render_path, render_url
from tests.support.fakes import GRAPH


@pytest.mark.parametrize(
    ("parts", "path"),
    [
        pytest.param(["groups", "abc"], "/groups/abc", id="plain"),
        pytest.param(["a/b"], "/a%2Fb", id="slash"),
        pytest.param(["a?b#c"], "/a%3Fb%23c", id="query and fragment"),
        pytest.param(["a b%"], "/a%20b%25", id="space and percent"),
        pytest.param(["ä"], "/%C3%A4", id="umlaut"),
        pytest.param(["microsoft.graph.servicePrincipal"], "/microsoft.graph.servicePrincipal", id="dots within"),
    ],
)
def test_segments_are_quoted(parts: list[str], path: str) -> None:
    assert render_path(*parts) == path


@pytest.mark.parametrize("name", ["..", ".", ""], ids=["parent", "itself", "empty"])
def test_no_segment_can_lead_to_another_resource(name: str) -> None:
    # Quoting does not help here: requests unquotes dots, and urllib3 then removes the segments.
    with pytest.raises(errors.IntuneError):
        render_path("groups", name, "members")


@pytest.mark.parametrize(
    ("value", "quoted"),
    [
        pytest.param("PC-1", "'PC-1'", id="plain"),
        pytest.param("O'Brien", "'O''Brien'", id="quote"),
        pytest.param("' or 1 eq 1 or '", "''' or 1 eq 1 or '''", id="injection"),
        pytest.param("", "''", id="empty"),
    ],
)
def test_literals_double_their_quotes(value: str, quoted: str) -> None:
    assert render_literal(value) == quoted


@pytest.mark.parametrize(
    ("query", "url"),
    [
        pytest.param(None, "https://graph.test/v1.0/x", id="no query"),
        pytest.param({"$select": "id,name"}, "https://graph.test/v1.0/x?$select=id,name", id="select"),
        pytest.param({"$filter": "a eq 'b c'"}, "https://graph.test/v1.0/x?$filter=a%20eq%20'b%20c'", id="filter"),
        pytest.param({"$filter": "a eq 'b&c+d#e'"}, "https://graph.test/v1.0/x?$filter=a%20eq%20'b%26c%2Bd%23e'", id="special characters"),
    ],
)
def test_urls_are_built(query: dict[str, str] | None, url: str) -> None:
    assert render_url(GRAPH, "v1.0", "/x", query) == url
