# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _clouds as clouds
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors


@pytest.mark.parametrize(
    ("name", "authority", "graph"),
    [
        ("global", "https://login.microsoftonline.com", "https://graph.microsoft.com"),
        ("us_gov_l4", "https://login.microsoftonline.us", "https://graph.microsoft.us"),
        ("us_gov_l5", "https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
        ("china", "https://login.partner.microsoftonline.cn", "https://microsoftgraph.chinacloudapi.cn"),
    ],
)
def test_a_cloud_has_its_endpoints(name: str, authority: str, graph: str) -> None:
    assert clouds.choose_cloud(name) == clouds.Cloud(name, authority, graph)


def test_the_scope_is_that_of_graph() -> None:
    assert clouds.choose_cloud("china").scope == "https://microsoftgraph.chinacloudapi.cn/.default"


def test_one_endpoint_can_be_replaced() -> None:
    cloud = clouds.choose_cloud("global", graph_url="https://127.0.0.1:8443")
    assert (cloud.graph, cloud.authority) == ("https://127.0.0.1:8443", "https://login.microsoftonline.com")


@pytest.mark.parametrize(
    ("url", "origin"),
    [
        pytest.param("https://graph.test", "https://graph.test", id="origin"),
        pytest.param("https://graph.test/", "https://graph.test", id="slash"),
        pytest.param("https://graph.test/v1.0", "https://graph.test", id="v1.0"),
        pytest.param("https://graph.test/beta/", "https://graph.test", id="beta"),
        pytest.param(" https://graph.test:8443\n", "https://graph.test:8443", id="space around"),
        pytest.param("HTTPS://graph.test", "https://graph.test", id="upper case"),
        pytest.param("https://[::1]:8443", "https://[::1]:8443", id="IPv6"),
    ],
)
def test_what_people_paste_means_the_origin(url: str, origin: str) -> None:
    assert clouds.choose_cloud("global", graph_url=url).graph == origin


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://graph.test", id="not encrypted"),
        pytest.param("graph.test", id="no scheme"),
        pytest.param("https://", id="no host"),
        pytest.param("https://graph.test/v1.0/users", id="a path"),
        pytest.param("https://graph.test/v2.0", id="another version"),
        pytest.param("https://graph.test?x=1", id="a query"),
        pytest.param("https://user:word@graph.test", id="a user name"),
        pytest.param("https://:word@graph.test", id="a password alone"),
        pytest.param("https://graph.test:port", id="a port that is none"),
        pytest.param("https://graph.test:99999", id="an impossible port"),
        pytest.param("https://[graph.test", id="a broken host"),
    ],
)
@pytest.mark.parametrize("option", ["graph_url", "authority_url"])
def test_other_urls_are_refused_by_the_name_of_their_option(option: str, url: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match=option):
        clouds.choose_cloud("global", **{option: url})
