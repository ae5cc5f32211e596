# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import stat

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._auth._cache import PROOF, TokenCache
from ansible_collections.endpointops.intune.plugins.module_utils._auth.client_secret import ClientSecret
from tests.support.fakes import CLIENT_ID, GRAPH, TENANT_ID, TOKEN, FakeTransport, answer, bearer, entra, options, tenant


@pytest.fixture
def path(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "tokens.json"


def credential(path: pathlib.Path | None, script: object, secret: str = "s3cret", client_id: str = CLIENT_ID) -> ClientSecret:
    given = options(
        tenant_id=TENANT_ID, client_id=client_id, client_secret=secret, token_cache_path=str(path) if path else None, auth_method="auto"
    )
    subject = ClientSecret(given, tenant(script).context)
    subject.validate()
    return subject


def cache(path: str) -> TokenCache:
    return TokenCache(path, CLIENT_ID, lambda: "proof")


def test_a_second_task_asks_for_no_token(path: pathlib.Path) -> None:
    first, second = FakeTransport(entra()), FakeTransport(entra())
    assert credential(path, first).token() == credential(path, second).token() == "entra-token"
    assert (first.targets.count(TOKEN), second.targets.count(TOKEN)) == (1, 0)


def test_case_2_a_token_of_another_credential_is_not_used(path: pathlib.Path) -> None:
    credential(path, entra(bearer("old"))).token()
    assert credential(path, entra(bearer("new")), "another").token() == "new", "a wrong secret would pass for a right one"
    assert credential(path, entra(), "another").token() == "new"
    assert credential(path, entra(bearer("newer"))).token() == "newer"
    text = path.read_text(encoding="utf-8")
    assert "s3cret" not in text and "another" not in text


def test_case_2_a_refused_credential_leaves_the_token_of_the_other(path: pathlib.Path) -> None:
    credential(path, entra(bearer("old"))).token()
    with pytest.raises(errors.AuthenticationError):
        credential(path, entra(answer(401, {"error": "invalid_client"})), "wrong").token()
    assert credential(path, entra()).token() == "old"


def test_the_tokens_of_several_applications_stay(path: pathlib.Path) -> None:
    other = "00000000-1111-4222-8333-444444444444"
    credential(path, entra(bearer("first"))).token()
    credential(path, entra(bearer("second")), "another", other).token()
    assert credential(path, entra()).token() == "first"
    assert credential(path, entra(), "another", other).token() == "second"


def test_a_renewed_token_replaces_the_kept_one(path: pathlib.Path) -> None:
    credential(path, entra(bearer("old"))).token()
    assert credential(path, entra(bearer("new"))).token(renew=True) == "new"
    assert credential(path, entra()).token() == "new"


@pytest.mark.parametrize("umask", [0o000, 0o077])
def test_the_file_is_its_owners_alone(path: pathlib.Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        credential(path, entra()).token()
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_nothing_else_is_left_beside_the_file(path: pathlib.Path) -> None:
    credential(path, entra()).token()
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize("relative", [False, True], ids=["absolute path", "relative path"])
def test_the_new_file_is_made_beside_the_old_one(path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, relative: bool) -> None:
    monkeypatch.chdir(path.parent if relative else "/")
    folders: list[pathlib.Path] = []
    replace = os.replace

    def replacing(new: str, old: str) -> None:
        folders.append(pathlib.Path(new).resolve().parent)
        replace(new, old)

    monkeypatch.setattr(os, "replace", replacing)
    credential(pathlib.Path(path.name) if relative else path, entra()).token()
    assert folders == [path.parent.resolve()]


def test_a_file_that_need_not_change_stays(path: pathlib.Path) -> None:
    credential(path, entra()).token()
    before = path.stat()
    credential(path, entra()).token()
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_nothing_is_left_when_the_file_cannot_be_replaced(path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(errors.InvalidOptionError, match="No space left"):
        credential(path, entra()).token()
    assert list(path.parent.iterdir()) == []


def test_the_secret_is_not_in_the_file(path: pathlib.Path) -> None:
    credential(path, entra()).token()
    assert "s3cret" not in path.read_text()


@pytest.mark.parametrize("content", ["", "not JSON", "[]", "\u00e4"], ids=["empty", "not JSON", "not an object", "other text"])
def test_a_damaged_file_begins_again(path: pathlib.Path, content: str) -> None:
    path.write_text(content, encoding="latin-1")
    path.chmod(0o600)
    assert credential(path, entra()).token() == "entra-token"
    assert "entra-token" in json.dumps(json.loads(path.read_text()))


def test_a_path_of_the_home_folder_is_expanded(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    credential(pathlib.Path("~/tokens.json"), entra()).token()
    assert (tmp_path / "tokens.json").exists()


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_file_that_others_may_use_is_refused(path: pathlib.Path, mode: int) -> None:
    path.touch()
    path.chmod(mode)
    with pytest.raises(errors.InvalidOptionError, match="not a file that only its owner can read"):
        cache(str(path)).validate()


@pytest.mark.parametrize("is_there", [False, True])
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o702])
def test_a_folder_in_which_others_can_replace_the_file_is_refused(path: pathlib.Path, mode: int, is_there: bool) -> None:
    if is_there:
        path.touch(0o600)
    path.parent.chmod(mode)
    with pytest.raises(errors.InvalidOptionError, match=f"is in the folder '{path.parent}', .*: its mode is {mode:04o}.") as caught:
        cache(str(path)).validate()
    assert "mkdir -m 0700" in str(caught.value.hint)
    path.parent.chmod(0o1777)
    cache(str(path)).validate()


def test_a_folder_whose_path_others_can_redirect_is_refused(path: pathlib.Path) -> None:
    common = path.parent / "common"
    (common / "ours").mkdir(0o700, parents=True)
    common.chmod(0o777)
    (path.parent / "link").symlink_to(common / "ours")
    for way in (common / "ours", path.parent / "link"):
        with pytest.raises(errors.InvalidOptionError, match=f"the mode of {common} is 0777"):
            cache(str(way / "tokens.json")).validate()


def test_a_credential_looks_at_its_file_before_anything_is_sent(path: pathlib.Path) -> None:
    path.touch()
    path.chmod(0o644)
    with pytest.raises(errors.InvalidOptionError, match="only its owner can read"):
        credential(path, ())


def test_a_symbolic_link_is_refused(path: pathlib.Path, tmp_path: pathlib.Path) -> None:
    target = tmp_path / "target"
    target.touch(0o600)
    path.symlink_to(target)
    with pytest.raises(errors.InvalidOptionError, match="not a file"):
        cache(str(path)).validate()


def test_a_folder_is_refused(tmp_path: pathlib.Path) -> None:
    tmp_path.chmod(0o700)
    with pytest.raises(errors.InvalidOptionError, match="not a file"):
        cache(str(tmp_path)).validate()


def test_a_file_of_somebody_else_is_refused(path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.touch(0o600)
    monkeypatch.setattr(os, "geteuid", lambda: path.stat().st_uid + 1)
    with pytest.raises(errors.InvalidOptionError, match="not a file"):
        cache(str(path)).validate()


def test_a_path_below_a_file_is_refused(path: pathlib.Path) -> None:
    path.touch(0o600)
    with pytest.raises(errors.InvalidOptionError, match="cannot be used"):
        cache(str(path / "x")).validate()


def test_a_folder_that_is_missing_is_said(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.InvalidOptionError, match="cannot be written: No such file"):
        credential(tmp_path / "missing" / "tokens.json", entra()).token()


GOOD_ENTRY = {
    "credential_type": "AccessToken",
    "secret": "kept-token",
    "home_account_id": None,
    "environment": "login.test",
    "client_id": CLIENT_ID,
    "target": f"{GRAPH}/.default",
    "realm": TENANT_ID,
    "token_type": "Bearer",
    "cached_at": "1767607200",
    "expires_on": "4102444800",
    "extended_expires_on": "4102444800",
    PROOF: hashlib.sha256(b"s3cret").hexdigest(),
}


def with_entry(**members: object) -> str:
    key = f"-login.test-accesstoken-{CLIENT_ID}-{TENANT_ID}-{GRAPH}/.default"
    return json.dumps({"AccessToken": {key: {**GOOD_ENTRY, **members}}})


def test_a_kept_token_is_used(path: pathlib.Path) -> None:
    path.write_text(with_entry())
    path.chmod(0o600)
    assert credential(path, entra()).token() == "kept-token"


def test_case_2_a_token_of_an_unknown_credential_is_not_used(path: pathlib.Path) -> None:
    path.write_text(with_entry(**{PROOF: None}))
    path.chmod(0o600)
    assert credential(path, entra()).token() == "entra-token"


DAMAGED = {
    "a list in the place of tokens": '{"AccessToken": []}',
    "a text in the place of tokens": '{"AccessToken": "x"}',
    "null in the place of tokens": '{"AccessToken": null}',
    "a text in the place of a token": '{"AccessToken": {"a": "x"}}',
    "a list in the place of a token": '{"AccessToken": {"a": []}}',
    "an empty token": '{"AccessToken": {"a": {}}}',
    "deep": "[" * 100_000,
    "deep objects": '{"a":' * 100_000,
    "text": "no cache at all",
    "a number": "5",
    "another kind of entries": '{"RefreshToken": [1], "Account": 5}',
    "the end a word": with_entry(expires_on="soon"),
    "the end a number": with_entry(expires_on=4102444800),
    "the end missing": with_entry(expires_on=None),
    "the end of 400 digits": with_entry(expires_on="9" * 400),
    "the secret a number": with_entry(secret=5),
    "the secret with a line end": with_entry(secret="a\nb"),
    "the target a list": with_entry(target=[f"{GRAPH}/.default"]),
    "no target": with_entry(target=None),
    "when to refresh a word": with_entry(refresh_on="soon"),
    "bytes that are no text": "\u00ff\u00fe",
}


@pytest.mark.parametrize("content", DAMAGED.values(), ids=[f"case 18: {name}" for name in DAMAGED])
def test_a_cache_of_another_form_begins_again(path: pathlib.Path, content: str) -> None:
    path.write_text(content, encoding="latin-1")
    path.chmod(0o600)
    assert credential(path, entra()).token() == "entra-token"
    assert "entra-token" in path.read_text()


def test_case_18_a_file_that_its_owner_cannot_read_is_said(path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_args: object) -> int:
        raise PermissionError(13, "Permission denied")

    path.touch(0o000)
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(errors.InvalidOptionError, match="cannot be used: Permission denied"):
        cache(str(path)).validate()


def test_case_34_a_link_that_comes_later_is_not_followed(path: pathlib.Path, tmp_path: pathlib.Path) -> None:
    target = tmp_path / "target"
    target.write_text(with_entry())
    target.chmod(0o600)
    subject = cache(str(path))
    subject.validate()
    path.symlink_to(target)
    with pytest.raises(errors.InvalidOptionError, match="not a file"):
        subject.load()


def test_case_34_a_file_that_is_replaced_later_is_checked_again(path: pathlib.Path) -> None:
    subject = cache(str(path))
    subject.validate()
    path.write_text(with_entry())
    path.chmod(0o644)
    with pytest.raises(errors.InvalidOptionError, match="only its owner can read"):
        subject.load()


def test_case_34_what_is_checked_is_what_is_read(path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text("{}")
    path.chmod(0o600)
    asked: list[object] = []
    fstat = os.fstat

    def checking(handle: int) -> os.stat_result:
        asked.append(handle)
        path.unlink()
        path.write_text(with_entry())
        return fstat(handle)

    monkeypatch.setattr(os, "fstat", checking)
    assert cache(str(path))._read() == "{}" and len(asked) == 1


def test_case_34_a_pipe_is_refused_and_not_waited_for(path: pathlib.Path) -> None:
    os.mkfifo(path, 0o600)
    with pytest.raises(errors.InvalidOptionError, match="not a file"):
        cache(str(path)).validate()


def test_a_path_that_can_be_none_is_said() -> None:
    with pytest.raises(errors.InvalidOptionError, match="cannot be used"):
        cache("a\0b").validate()


def test_no_file_stays_open(path: pathlib.Path) -> None:
    path.touch(0o600)
    before = len(os.listdir("/proc/self/fd"))
    cache(str(path)).validate()
    cache(str(path)).load()
    assert len(os.listdir("/proc/self/fd")) == before
