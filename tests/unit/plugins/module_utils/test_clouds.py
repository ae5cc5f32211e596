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


@pytest.mark.parametrize(
    ("cloud", "authority", "words"),
    [
        pytest.param("global", "https://login.microsoftonline.us/", "us_gov_l4 or us_gov_l5", id="case 23: US Government"),
        pytest.param("global", "https://LOGIN.partner.microsoftonline.cn", "china", id="case 23: China"),
        pytest.param("global", "https://login.chinacloudapi.cn/", "china", id="case 23: another name of China's"),
        pytest.param("china", "https://login.microsoftonline.com", "global", id="case 23: the global one beside China"),
        pytest.param("us_gov_l5", "https://login.windows.net", "global", id="case 23: another name of the global one"),
    ],
)
def test_the_authority_of_another_cloud_is_refused(cloud: str, authority: str, words: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match="AZURE_AUTHORITY_HOST") as caught:
        clouds.choose_cloud(cloud, authority_url=authority)
    assert words in str(caught.value) and cloud in caught.value.message


@pytest.mark.parametrize(
    ("cloud", "authority", "expected"),
    [
        pytest.param("us_gov_l4", "https://login.microsoftonline.us/", "https://login.microsoftonline.us", id="case 23: the cloud's own"),
        pytest.param("us_gov_l5", "https://login.microsoftonline.us", "https://login.microsoftonline.us", id="case 23: shared by two"),
        pytest.param("global", "https://login.windows.net/", "https://login.microsoftonline.com", id="case 23: another name"),
        pytest.param("global", "https://login.test:8443", "https://login.test:8443", id="case 23: of no known cloud"),
    ],
)
def test_the_authority_of_the_same_cloud_is_honored(cloud: str, authority: str, expected: str) -> None:
    assert clouds.choose_cloud(cloud, authority_url=authority).authority == expected


def test_with_a_graph_of_its_own_any_authority_is_honored() -> None:
    found = clouds.choose_cloud("global", authority_url="https://login.microsoftonline.us", graph_url="https://graph.test")
    assert (found.authority, found.graph) == ("https://login.microsoftonline.us", "https://graph.test")
