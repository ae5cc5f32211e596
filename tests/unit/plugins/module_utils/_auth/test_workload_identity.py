# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pathlib

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._auth.workload_identity import WorkloadIdentity
from tests.support.fakes import CLIENT_ID, START, TENANT_ID, Tenant, bearer, entra, form_of, jwt, options, tenant


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


OTHER_FILES = {
    "case 30: UTF-8 with a byte order mark": (b"\xef\xbb\xbfs3cret", "byte order mark"),
    "case 30: UTF-16": ("s3cret".encode("utf-16"), "UTF-16"),
    "case 30: UTF-16 without a mark": ("s3cret".encode("utf-16-le"), "UTF-16"),
    "case 30: UTF-16, big end first": (b"\xfe\xff" + "s3cret".encode("utf-16-be"), "UTF-16"),
    "case 30: JSON": (b'{"value": "s3cret"}', "is JSON"),
    "case 30: JSON, a list": (b'["s3cret"]', "is JSON"),
    "case 30: double quotes": (b'"s3cret"\n', "quotes"),
    "case 30: single quotes": (b"'s3cret'", "quotes"),
    "case 30: Bearer": (b"Bearer s3cret", "Bearer"),
    "case 30: PEM": (b"-----BEGIN CERTIFICATE-----\ns3cret\n", "PEM"),
    "case 30: two lines": (b"s3cret\ns3cret\n", "blanks or characters"),
    "case 30: latin-1": ("s3cret\u00e4".encode("latin-1"), "blanks or characters"),
}


@pytest.mark.parametrize(("content", "words"), OTHER_FILES.values(), ids=OTHER_FILES)
def test_a_file_that_holds_more_than_a_token_is_said_by_its_cause(path: pathlib.Path, content: bytes, words: str) -> None:
    path.write_bytes(content)
    with pytest.raises(errors.InvalidOptionError, match=words) as caught:
        credential(path, tenant())
    assert f"federated_token_path '{path}'" in caught.value.message and "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("exp", "ended"), [(START, True), (START - 9e5, True), (START + 1, False), ("soon", False), (None, False), (1e400, False)]
)
def test_case_30_a_token_that_has_ended_is_said_before_anything_is_sent(path: pathlib.Path, exp: object, ended: bool) -> None:
    path.write_text(jwt(exp=exp))
    world = tenant()
    if ended:
        with pytest.raises(errors.InvalidOptionError, match="ended at 20.*by the clock of this machine") as caught:
            credential(path, world)
        assert "request it in the step that runs the playbook" in (caught.value.hint or "")
    else:
        credential(path, world)
    assert world.transport.sent == []


def test_line_ends_around_a_token_are_left_out(path: pathlib.Path) -> None:
    path.write_bytes(b"\r\n s3cret-assertion\r\n\n")
    world = tenant(entra())
    credential(path, world).token()
    assert form_of(world.transport.sent[-1])["client_assertion"] == "s3cret-assertion"


def test_case_2_the_platforms_next_token_is_of_the_same_identity(path: pathlib.Path) -> None:
    subject, prints = credential(path, tenant(entra())), []
    for claims in ({"jti": "1"}, {"jti": "2"}, {"sub": "other"}, {"iss": "other"}):
        path.write_text(jwt(**{"iss": "https://issuer", "sub": "repo:a/b", **claims}))
        prints.append(subject.fingerprint())
    assert prints[0] == prints[1] and len(set(prints)) == 3


def test_case_2_nothing_of_a_federated_credential_ends(path: pathlib.Path) -> None:
    lifetime = credential(path, tenant(entra())).lifetime()
    assert (lifetime.kind, lifetime.is_endless) == (None, True) and "federated" in lifetime.reason
