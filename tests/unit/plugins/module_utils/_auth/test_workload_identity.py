# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._auth.workload_identity import WorkloadIdentity
from tests.support.fakes import CLIENT_ID, TENANT_ID, Tenant, bearer, entra, form_of, options, tenant


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    path = tmp_path / "token"
    path.write_text("s3cret-assertion\n")
    return path


def credential(path: pathlib.Path, world: Tenant) -> WorkloadIdentity:
    subject = WorkloadIdentity(options(tenant_id=TENANT_ID, client_id=CLIENT_ID, federated_token_path=str(path)), world.context)
    subject.validate()
    return subject


def test_the_federated_token_becomes_a_token(path: pathlib.Path) -> None:
    world = tenant(entra())
    assert credential(path, world).token() == "entra-token"
    assert form_of(world.transport.sent[-1])["client_assertion"] == "s3cret-assertion"


def test_the_file_is_read_again_for_each_token(path: pathlib.Path) -> None:
    world = tenant(entra(bearer("first"), bearer("second")))
    subject = credential(path, world)
    subject.token()
    path.write_text("newer-assertion")
    subject.token(renew=True)
    assert form_of(world.transport.sent[-1])["client_assertion"] == "newer-assertion"


def test_a_file_that_has_gone_is_said(path: pathlib.Path) -> None:
    subject = credential(path, tenant(entra()))
    path.unlink()
    with pytest.raises(errors.InvalidOptionError, match="federated_token_path .* No such file"):
        subject.token()


@pytest.mark.parametrize(("content", "words"), [(None, "No such file"), (" \n", "is empty")], ids=["missing", "blank"])
def test_a_file_without_a_token_is_refused_before_anything_is_sent(path: pathlib.Path, content: str | None, words: str) -> None:
    path.unlink()
    if content:
        path.write_text(content)
    with pytest.raises(errors.InvalidOptionError, match=words):
        credential(path, tenant())
