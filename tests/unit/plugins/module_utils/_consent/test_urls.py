# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import urllib.parse

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._consent.model import CLIENT_APP_ID, SERVICE_APP_ID
from ansible_collections.endpointops.intune.plugins.module_utils._consent.urls import render_consent_urls, with_consent_urls

URLS = render_consent_urls(None)


@pytest.mark.parametrize(("tenant_id", "part"), [("contoso.test", "contoso.test"), (None, "common"), ("", "common")])
def test_the_documented_consent_pages(tenant_id: str | None, part: str) -> None:
    urls = {name: urllib.parse.urlsplit(url) for name, url in render_consent_urls(tenant_id).items()}
    queries = {name: dict(urllib.parse.parse_qsl(url.query)) for name, url in urls.items()}
    assert urls["service"].geturl().startswith(f"https://login.windows.net/{part}/oauth2/authorize?response_type=code&client_id=")
    assert queries["service"] == {
        "response_type": "code",
        "client_id": SERVICE_APP_ID,
        "resource": "https://graph.windows.net",
        "redirect_uri": "https://cred.microsoft.com",
        "prompt": "admin_consent",
    }
    assert queries["client"] == {
        "response_type": "code",
        "client_id": CLIENT_APP_ID,
        "resource": "https://cred.microsoft.com/",
        "redirect_uri": f"ms-appx-web://Microsoft.AAD.BrokerPlugin/{CLIENT_APP_ID}",
        "prompt": "admin_consent",
    }


def test_in_another_cloud_the_consent_pages_are_at_its_sign_in_service() -> None:
    urls = render_consent_urls("contoso.test", "us_gov_l4")
    assert set(urls) == {"service", "client"} and all(
        url.startswith("https://login.microsoftonline.us/contoso.test/oauth2/authorize?") for url in urls.values()
    )


@pytest.mark.parametrize(("status", "shown"), [(400, True), (403, True), (404, False), (500, False)])
def test_a_refusal_shows_the_pages_for_a_consent_by_hand(status: int, shown: bool) -> None:
    hint = with_consent_urls(errors.for_status(status)("No.", status=status, code="Denied"), URLS).hint or ""
    assert [name for name, url in URLS.items() if url in hint] == (["service", "client"] if shown else [])


def test_a_page_of_a_gateway_keeps_its_own_hint() -> None:
    assert with_consent_urls(errors.ForbiddenError("No.", status=403, hint="A gateway."), URLS).hint == "A gateway."


def test_a_failure_that_is_no_refusal_keeps_its_own_hint() -> None:
    assert with_consent_urls(errors.NotReadyError("Late.", hint="Wait."), URLS).hint == "Wait."
