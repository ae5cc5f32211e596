# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._auth.client_secret import ClientSecret
from tests.support.fakes import CLIENT_ID, TENANT_ID, options, tenant


def test_the_secret_is_what_msal_takes() -> None:
    given = options(tenant_id=TENANT_ID, client_id=CLIENT_ID, client_secret="s3cret")
    assert ClientSecret(given, tenant().context).client_credential() == "s3cret"


@pytest.mark.parametrize(
    "secret",
    [
        pytest.param("s3cret\n", id="case 30: a line end"),
        pytest.param("s3cret\r\n", id="case 30: a line end of Windows"),
        pytest.param(" s3cret", id="case 30: a blank before"),
        pytest.param("s3cret\u00a0", id="case 30: a blank that does not break"),
        pytest.param("s3c\nret", id="case 30: two lines"),
        pytest.param("\ufeffs3cret", id="case 30: a byte order mark"),
        pytest.param("s3cret\u200b", id="case 30: a blank without width"),
    ],
)
def test_a_secret_that_was_copied_with_more_is_said(secret: str) -> None:
    subject = ClientSecret(options(tenant_id=TENANT_ID, client_id=CLIENT_ID, client_secret=secret), tenant().context)
    with pytest.raises(errors.InvalidOptionError, match="client_secret begins or ends with a blank or a line end") as caught:
        subject.validate()
    assert "s3c" not in str(caught.value)


def test_a_secret_may_have_any_sign() -> None:
    ClientSecret(options(tenant_id=TENANT_ID, client_id=CLIENT_ID, client_secret="a~b.C_d e'\"\u00e4"), tenant().context).validate()


def test_case_2_a_secret_tells_its_first_three_characters_and_its_application() -> None:
    given = options(tenant_id=TENANT_ID, client_id=CLIENT_ID, client_secret="s3cret")
    lifetime = ClientSecret(given, tenant().context).lifetime()
    assert (lifetime.kind, lifetime.hint, lifetime.app_id, lifetime.ends) == ("client_secret", "s3c", CLIENT_ID, None)
    assert "s3c" not in repr(lifetime)
