# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.endpointops.intune.plugins.module_utils._auth.client_secret import ClientSecret
from tests.support.fakes import CLIENT_ID, TENANT_ID, options, tenant


def test_the_secret_is_what_msal_takes() -> None:
    given = options(tenant_id=TENANT_ID, client_id=CLIENT_ID, client_secret="s3cret")
    assert ClientSecret(given, tenant().context).client_credential() == "s3cret"
