# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import types
import typing as t

import pytest
from ansible import constants as C
from ansible.errors import AnsibleActionFail

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _module
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._auth import client_secret
from ansible_collections.endpointops.intune.plugins.module_utils._auth._memory import Token, TokenMemory
from ansible_collections.endpointops.intune.plugins.module_utils._option_values import with_plain_text
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome
from ansible_collections.endpointops.intune.plugins.plugin_utils import _action_base
from ansible_collections.endpointops.intune.plugins.plugin_utils._action_base import (
    IntuneActionBase,
    hide_secrets,
    run_in_process,
)
from tests.support.fakes import CLIENT_ID, FakeTransport

PASSCODE = _argspec.Secret("results[].passcode", "return_passcode", "passcodes")
OPTIONS = {
    "name": {"type": "str"},
    "count": {"type": "int", "default": 1},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "list": {"type": "list", "elements": "str"},
}


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_module, "Transport", lambda **_settings: FakeTransport())
    # Each test represents a separate process.
    monkeypatch.setattr(_action_base, "TOKENS", TokenMemory())


def module(run: t.Any = None, secrets: tuple[_argspec.Secret, ...] = (PASSCODE,), **relations: t.Any) -> types.SimpleNamespace:
    """Return a module of these options whose run returns its arguments."""
    spec = _argspec.make_spec("intune_unit", OPTIONS, secrets=secrets, **relations)
    return types.SimpleNamespace(SPEC=spec, run=run or (lambda params, _client, check: Outcome({"given": dict(params), "check": check})))


def run_task(run: t.Any = None, relations: dict[str, t.Any] | None = None, check: bool = False, **args: t.Any) -> dict[str, t.Any]:
    return run_in_process(module(run, **(relations or {})), {"access_token": "s3cret", **args}, check=check, diff=False)


# --- in process -----------------------------------------------------------------------------------------------------


def test_options_are_converted_and_have_their_defaults() -> None:
    given = run_task(count="7", list="a,b", validate_certs="no")["given"]
    assert (given["count"], given["list"], given["validate_certs"], given["state"]) == (7, ["a", "b"], False, "present")


def test_options_are_taken_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTUNE_TENANT_ID", "contoso.test")
    assert run_task()["given"]["tenant_id"] == "contoso.test"


@pytest.mark.parametrize("check", [True, False])
def test_check_mode_is_passed_on(check: bool) -> None:
    assert run_task(check=check)["check"] is check


def test_the_invocation_is_shown() -> None:
    assert run_task(name="x")["invocation"]["module_args"]["name"] == "x"


@pytest.mark.parametrize(
    ("args", "relations", "words"),
    [
        pytest.param({"nonsense": 1}, {}, "Unsupported parameters", id="unknown option"),
        pytest.param({"state": "maybe"}, {}, "value of state must be one of: present, absent", id="wrong choice"),
        pytest.param({"count": "many"}, {}, "count", id="wrong type"),
        pytest.param({}, {"required_one_of": [("name", "list")]}, "one of the following is required: name, list", id="one of two required"),
        pytest.param(
            {"name": "x", "list": []}, {"mutually_exclusive": [("name", "list")]}, "mutually exclusive: name|list", id="one of two allowed"
        ),
        pytest.param({}, {"required_if": [("state", "present", ("name",))]}, "state is present but", id="required in a case"),
    ],
)
def test_wrong_options_are_told_and_nothing_runs(args: dict[str, t.Any], relations: dict[str, t.Any], words: str) -> None:
    def run(*_args: t.Any) -> t.NoReturn:
        raise AssertionError("it ran")

    result = run_task(run, relations, **args)
    assert result["failed"] is True
    assert words in result["msg"]
    assert "s3cret" not in str(result)


def test_a_failure_becomes_a_result() -> None:
    def run(*_args: t.Any) -> t.NoReturn:
        raise errors.NotReadyError("Late.")

    result = run_task(run)
    assert (result["failed"], result["msg"], result["error"]["kind"]) == (True, "Late.", "NotReady")


@pytest.mark.parametrize(
    "secret", [{"client_secret": "hidden-1"}, {"client_certificate_passphrase": "hidden-1"}, {}], ids=["secret", "passphrase", "token"]
)
def test_no_secret_is_in_the_result(secret: dict[str, str]) -> None:
    def run(params: t.Mapping[str, t.Any], *_args: t.Any) -> Outcome:
        echo = [params[name] for name in ("client_secret", "client_certificate_passphrase", "access_token")]
        return Outcome({"echo": echo, "deep": {"sentence": f"It is {echo}."}})

    result = run_task(run, auth_method="access_token", **secret)
    assert "failed" not in result
    assert "hidden-1" not in str(result) and "s3cret" not in str(result)


def test_a_secret_of_the_environment_is_not_in_the_result(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTUNE_CLIENT_SECRET", "hidden-1")
    result = run_task(lambda params, *_args: Outcome({"echo": params["client_secret"]}), auth_method="access_token")
    assert "echo" in result and "hidden-1" not in str(result)


def test_a_secret_in_a_failure_is_not_in_the_result() -> None:
    def run(*_args: t.Any) -> t.NoReturn:
        raise errors.AuthenticationError("It is s3cret.")

    assert "s3cret" not in str(run_task(run))


@pytest.mark.parametrize("passphrase", ["1", "a", "windows", "12345"])
def test_case_30_a_short_secret_masks_no_result(passphrase: str) -> None:
    outcome = Outcome({"failed_devices": ["1a350f35-windows-12345"], "platform": "windows", "count": "1"})
    result = run_task(lambda *_args: outcome, client_certificate_passphrase=passphrase, auth_method="access_token")
    assert (result["failed_devices"], result["platform"], result["count"]) == (["1a350f35-windows-12345"], "windows", "1")
    assert result["invocation"]["module_args"]["client_certificate_passphrase"] == "VALUE_SPECIFIED_IN_NO_LOG_PARAMETER"


# --- passcodes ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "hidden"),
    [
        pytest.param({"results": [{"passcode": "1234"}]}, True, id="one"),
        pytest.param({"results": [{"passcode": None}, {"passcode": "1234"}]}, True, id="one of two"),
        pytest.param({"results": [{"passcode": None}]}, False, id="none yet"),
        pytest.param({"results": [{"status": "done"}]}, False, id="not asked for"),
        pytest.param({"results": []}, False, id="no device"),
        pytest.param({"results": None}, False, id="null"),
        pytest.param({"connection": {}}, False, id="another module"),
        pytest.param({"results": ["a text", None, 7]}, False, id="no dicts"),
        pytest.param({"results": ["a text", {"passcode": "1234"}]}, True, id="one among texts"),
    ],
)
def test_a_result_with_a_passcode_is_hidden(result: dict[str, t.Any], hidden: bool) -> None:
    hide_secrets(result, [PASSCODE])
    assert bool(result.get("_ansible_no_log")) is hidden


@pytest.mark.parametrize("marks", [True, False], ids=["before 2.21", "since 2.21"])
def test_each_entry_with_a_passcode_is_hidden_where_it_could_be_shown(monkeypatch: pytest.MonkeyPatch, marks: bool) -> None:
    monkeypatch.setattr(_action_base, "MARKS_ENTRIES", marks)
    result = {"results": [{"passcode": None}, {"passcode": "1234"}]}
    hide_secrets(result, [PASSCODE])
    assert [entry.get("_ansible_no_log", False) for entry in result["results"]] == [False, marks]
    assert result["_ansible_no_log"] is True


def test_the_passcode_itself_stays_for_the_registered_variable() -> None:
    result = {"results": [{"passcode": "1234"}]}
    hide_secrets(result, [PASSCODE])
    assert result["results"][0]["passcode"] == "1234"


# --- choice of the execution ----------------------------------------------------------------------------------------


def action(code: t.Any = None, **other: t.Any) -> IntuneActionBase:
    """Return an action of a local and plain task, except for the given settings."""
    task = types.SimpleNamespace(
        check_mode=False,
        diff=False,
        async_val=other.get("async_val", 0),
        environment=other.get("environment"),
        args=other.get("args", {}),
        action="endpointops.intune.unit",
        no_log=False,
        until=other.get("until", []),
        retries=other.get("retries"),
    )
    connection = types.SimpleNamespace(transport=other.get("transport", "local"), become=other.get("become"))
    found = IntuneActionBase.__new__(IntuneActionBase)
    members = {"_task": task, "_connection": connection, "_play_context": types.SimpleNamespace(no_log=False)}
    found.__dict__.update(members, module=code or module(), _execute_module=lambda **kwargs: kwargs)
    return found


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param({}, True, id="local"),
        pytest.param({"environment": []}, True, id="no environment"),
        pytest.param({"environment": [{}, {}]}, True, id="empty environments"),
        pytest.param({"transport": "ssh"}, False, id="another host"),
        pytest.param({"async_val": 60}, False, id="async"),
        pytest.param({"environment": [{"A": "b"}]}, False, id="environment"),
        pytest.param({"become": object()}, False, id="become"),
    ],
)
def test_a_task_runs_in_process_when_that_is_the_same(other: dict[str, t.Any], same: bool) -> None:
    assert action(**other)._can_run_in_process() is same


@pytest.mark.parametrize(("transport", "taken"), [("local", "in process"), ("ssh", "as a module")])
def test_a_task_goes_its_way_and_its_passcodes_are_hidden(monkeypatch: pytest.MonkeyPatch, transport: str, taken: str) -> None:
    def outcome(way: str) -> dict[str, t.Any]:
        return {"way": way, "results": [{"passcode": "1234"}]}

    monkeypatch.setattr(_action_base.ActionBase, "run", lambda *_args: {"from": "ansible"})
    monkeypatch.setattr(_action_base, "run_in_process", lambda *_args, **_kwargs: outcome("in process"))
    monkeypatch.setattr(IntuneActionBase, "_run_as_module", lambda *_args: outcome("as a module"))
    subject = action(transport=transport)
    result = subject.run(task_vars={})
    assert (result["from"], result["way"], result["_ansible_no_log"]) == ("ansible", taken, True)
    # The task too: in a loop, it hides the result of all items.
    assert subject._task.no_log is True


def test_options_that_no_text_can_be_made_of_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_action_base.ActionBase, "run", lambda *_args: {"from": "ansible"})
    names: list[t.Any] = []
    for _level in range(900):
        names = [names]
    subject = action()
    subject._task.args = {"names": names, "size": 10**5000}
    result = subject.run(task_vars={})
    assert (result["from"], result["failed"]) == ("ansible", True)
    assert result["msg"] == (
        "names must not have more than 20 lists or dictionaries in each other. size must not hold a number of more than 18 digits."
    )


@pytest.mark.parametrize("results", [7, True, "a text", {"passcode": "1234"}], ids=repr)
def test_results_that_are_no_list_are_left_alone(results: t.Any) -> None:
    result = {"results": results}
    hide_secrets(result, [PASSCODE])
    assert result == {"results": results}


def test_progress_is_displayed_as_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[str] = []
    monkeypatch.setattr(_action_base.display, "display", shown.append)
    monkeypatch.setattr(_action_base.ActionBase, "run", lambda *_args: {})

    def run(_params: t.Any, client: t.Any, _check: bool) -> Outcome:
        client.report_progress("5 of 10 devices")
        assert shown == ["5 of 10 devices"]
        client.report_progress("10 of 10 devices")
        return Outcome({})

    subject = action(module(run), args={"access_token": "s3cret"})
    assert "failed" not in subject.run(task_vars={})
    assert subject._task.no_log is False, "without passcodes nothing is hidden"
    assert shown == ["5 of 10 devices", "10 of 10 devices"]


@pytest.mark.parametrize(
    ("setting", "told"), [({}, True), ({"INJECT_INVOCATION": True}, True), ({"INJECT_INVOCATION": False}, False)], ids=repr
)
def test_the_invocation_is_told_where_ansible_tells_it(monkeypatch: pytest.MonkeyPatch, setting: dict[str, bool], told: bool) -> None:
    config = types.SimpleNamespace(
        get_configuration_definitions=lambda: setting, get_config_value=lambda name, variables: setting[name] and variables == {"a": 1}
    )
    monkeypatch.setattr(_action_base, "C", types.SimpleNamespace(config=config))
    monkeypatch.setattr(_action_base.ActionBase, "run", lambda *_args: {})
    subject = action(args={"access_token": "s3cret"})
    assert ("invocation" in subject.run(task_vars={"a": 1})) is told


@pytest.mark.parametrize("library", ["HAS_MSAL", "HAS_REQUESTS"])
def test_a_controller_without_the_libraries_sends_the_module(monkeypatch: pytest.MonkeyPatch, library: str) -> None:
    monkeypatch.setattr(_action_base, library, False)
    assert action()._can_run_in_process() is False


@pytest.mark.parametrize("value", [True, "yes", 1], ids=str)
def test_passcodes_are_not_printed_on_the_modules_way(value: t.Any) -> None:
    found = action(args={"return_passcode": value})
    found._run_as_module(found._task.args, {})
    assert found._play_context.no_log is True


@pytest.mark.parametrize("args", [{}, {"return_passcode": "no"}, {"return_passcode": False}], ids=["unset", "no", "false"])
def test_without_passcodes_the_modules_way_is_the_usual_one(args: dict[str, t.Any]) -> None:
    found = action(args=args, async_val=60)
    sent = {"module_name": "endpointops.intune.unit", "module_args": args, "task_vars": {"a": 1}, "wrap_async": 60}
    assert found._run_as_module(args, {"a": 1}) == sent
    assert found._play_context.no_log is False


def test_passcodes_and_async_do_not_go_together() -> None:
    with pytest.raises(AnsibleActionFail, match="async"):
        action(async_val=60)._run_as_module({"return_passcode": True}, {})


def test_passcodes_and_debugging_do_not_go_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(C, "DEFAULT_DEBUG", True)
    with pytest.raises(AnsibleActionFail, match="ANSIBLE_DEBUG"):
        action()._run_as_module({"return_passcode": True}, {})


def test_the_module_is_told_that_its_result_is_hidden() -> None:
    """case 35: it reads no_log of the task."""
    found = action()
    told: list[bool] = []
    found._execute_module = lambda **_kwargs: told.append(found._task.no_log) or {}
    for args in ({"return_passcode": True}, {}):
        found._run_as_module(args, {})
    assert told == [True, False]
    assert found._task.no_log is False, "a failure without secrets is shown"


def test_a_module_that_cannot_be_started_leaves_the_task_as_it_was() -> None:
    def fail(**_kwargs: t.Any) -> t.NoReturn:
        raise AnsibleActionFail("No interpreter.")

    found = action()
    found._execute_module = fail
    with pytest.raises(AnsibleActionFail, match="No interpreter"):
        found._run_as_module({"return_passcode": True}, {})
    assert found._task.no_log is False


@pytest.mark.parametrize(
    ("setting", "verb"),
    [
        pytest.param("DEFAULT_DEBUG", "ANSIBLE_DEBUG is on and would print", id="case 42: debug"),
        pytest.param("DEFAULT_KEEP_REMOTE_FILES", "ANSIBLE_KEEP_REMOTE_FILES is on and would keep", id="case 42: keep remote files"),
    ],
)
def test_credentials_are_refused_where_ansible_shows_or_keeps_them(monkeypatch: pytest.MonkeyPatch, setting: str, verb: str) -> None:
    monkeypatch.setattr(C, setting, True)
    with pytest.raises(AnsibleActionFail, match=f"access_token is refused: {verb} it"):
        action()._run_as_module({"access_token": "s3cret"}, {})
    assert action()._run_as_module({"tenant_id": "x"}, {})["module_args"] == {"tenant_id": "x"}


KEY = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0c2VjcmV0\n-----END PRIVATE KEY-----\n"


@pytest.mark.parametrize("transport", ["local", "ssh"])
@pytest.mark.parametrize(
    "value",
    [
        pytest.param({"name": KEY}, id="case 38: a text"),
        pytest.param({"name": KEY.replace("PRIVATE", "RSA PRIVATE").partition("-----END")[0]}, id="case 38: END missing"),
        pytest.param({"list": ["x", KEY]}, id="case 38: in a list"),
        pytest.param({"list": KEY.splitlines()}, id="case 38: line by line"),
        pytest.param({"nested": [{"deep": {"key": KEY}}]}, id="case 38: nested"),
        pytest.param({"client_certificate_path": KEY}, id="case 38: instead of a path"),
        pytest.param({"client_secret": KEY}, id="case 38: instead of a secret"),
    ],
)
def test_a_private_key_is_refused_before_anything_shows_it(
    monkeypatch: pytest.MonkeyPatch, transport: str, value: dict[str, t.Any]
) -> None:
    monkeypatch.setattr(_action_base.ActionBase, "run", lambda *_args: {})
    with pytest.raises(AnsibleActionFail, match=f"{next(iter(value))} holds a private key") as caught:
        action(args=value, transport=transport).run(task_vars={})
    assert "c2VjcmV0" not in str(caught.value) and caught.value.__suppress_context__


def test_an_answer_that_cannot_be_read_is_not_shown() -> None:
    found = action()
    found._execute_module = lambda **_kwargs: {"module_stdout": '{"results": [{"passcode": "s3cret"', "msg": "s3cret", "failed": True}
    assert "s3cret" not in str(found._run_as_module({"return_passcode": True}, {}))


def test_case_83_a_missing_interpreter_is_told_with_the_exit_code() -> None:
    found = action()
    found._used_interpreter = "#!/opt/none/python"
    stderr = "/bin/sh: 1: /opt/none/python: not found"
    found._execute_module = lambda **_kwargs: {"module_stdout": "", "module_stderr": stderr, "msg": stderr, "rc": 127, "failed": True}
    result = found._run_as_module({"return_passcode": True}, {})
    assert set(result) == {"failed", "msg", "rc"} and (result["failed"], result["rc"]) == (True, 127)
    assert "(exit code 127): the interpreter '/opt/none/python' was not found on the host. Its output may hold passcodes" in result["msg"]


def test_vaulted_strings_become_text() -> None:
    class Vaulted(str):
        __ENCRYPTED__ = True

    found = with_plain_text({"client_secret": Vaulted("s3cret"), "devices": [Vaulted("PC-1")], "timeout": 5})
    assert found == {"client_secret": "s3cret", "devices": ["PC-1"], "timeout": 5}
    assert type(found["client_secret"]) is type(found["devices"][0]) is str


# --- further results of Ansible's validation ------------------------------------------------------------------------

KEY_OPTION = {"type": "str", "no_log": True}
NESTED = {
    "deep": {
        "type": "dict",
        "options": {"inner": {"type": "dict", "options": {"key": KEY_OPTION, "pin": {"type": "int", "no_log": True}}}},
    },
    "renamed": {
        "type": "str",
        "aliases": ["former"],
        "deprecated_aliases": [{"name": "former", "version": "9.0.0", "collection_name": "endpointops.intune"}],
    },
    "targets": {"type": "list", "elements": "dict", "options": {"name": {"type": "str"}, "key": {"type": "str", "no_log": True}}},
    "old": {"type": "str", "removed_in_version": "9.0.0", "removed_from_collection": "endpointops.intune"},
    "alias": {"type": "str", "aliases": ["other"]},
}


def run_nested(**args: t.Any) -> dict[str, t.Any]:
    def run(params: t.Mapping[str, t.Any], *_args: t.Any) -> Outcome:
        return Outcome({"echo": [[target["key"] for target in params["targets"] or ()], params["deep"]]}, warnings=["Its own."])

    code = types.SimpleNamespace(SPEC=_argspec.make_spec("intune_unit", NESTED), run=run)
    return run_in_process(code, {"access_token": "s3cret", **args}, check=False, diff=False)


@pytest.mark.parametrize(
    "args",
    [
        pytest.param({"targets": [{"name": "a", "key": "hidden-1"}]}, id="case 40: in a list"),
        pytest.param({"targets": [{"name": "a"}, {"name": "b", "key": "hidden-1"}]}, id="case 40: in one of a list"),
        pytest.param({"deep": {"inner": {"key": "hidden-1"}}}, id="case 40: in a dictionary in a dictionary"),
        pytest.param({"deep": {"inner": {"pin": 483920}}}, id="case 40: a number"),
    ],
)
def test_a_secret_suboption_is_not_in_the_result(args: dict[str, t.Any]) -> None:
    result = run_nested(**args)
    assert "hidden-1" not in str(result) and "483920" not in str(result) and "echo" in result
    assert set(result["invocation"]["module_args"]) >= set(args)


@pytest.mark.parametrize(
    ("args", "name"),
    [pytest.param({"old": "x"}, "old", id="case 40: an option"), pytest.param({"former": "x"}, "former", id="case 40: an alias")],
)
def test_a_deprecated_option_is_in_the_result(args: dict[str, str], name: str) -> None:
    (found,) = run_nested(**args)["deprecations"]
    assert f"'{name}'" in found["msg"] and (found["version"], found["collection_name"]) == ("9.0.0", "endpointops.intune")


def test_an_option_beside_its_alias_is_in_the_warnings() -> None:
    assert run_nested(alias="x", other="x")["warnings"] == ["Both option alias and its alias other are set.", "Its own."]


# --- another secret -------------------------------------------------------------------------------------------------


class TestAnotherModule:
    """Check that a module declares its own secret without changes outside its files."""

    SECRET = _argspec.Secret("pass.value", "return_pass", "passes")

    def action(self, **task: t.Any) -> IntuneActionBase:
        code = module(lambda *_args: Outcome({"pass": {"value": "pass-1234"}}), secrets=(self.SECRET,))
        return action(code, **task)

    def test_its_result_is_hidden(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(_action_base.ActionBase, "run", lambda *_args: {})
        subject = self.action(args={"access_token": "s3cret"})
        result = subject.run(task_vars={})
        assert (result["_ansible_no_log"], result["pass"]["value"], subject._task.no_log) == (True, "pass-1234", True)

    def test_a_passcode_is_none_of_its_secrets(self) -> None:
        result: dict[str, t.Any] = {"results": [{"passcode": "1234"}], "pass": {"value": None}}
        hide_secrets(result, (self.SECRET,))
        assert "_ansible_no_log" not in result

    @pytest.mark.parametrize("path", ["pass", "user.pass.value", "users[].pass.value", "users[].passes[].value"])
    def test_it_may_lie_anywhere_in_the_result(self, path: str) -> None:
        result: dict[str, t.Any] = {
            "pass": "pass-1234",
            "user": {"pass": {"value": "pass-1234"}},
            "users": [{"pass": {"value": "pass-1234"}, "passes": [{"value": "pass-1234"}]}],
        }
        hide_secrets(result, (_argspec.Secret(path, "return_pass", "passes"),))
        assert result["_ansible_no_log"] is True

    def test_the_output_of_its_process_is_not_printed(self) -> None:
        subject = self.action()
        subject._run_as_module({"return_pass": True}, {})
        assert subject._play_context.no_log is True

    def test_it_does_not_go_with_async(self) -> None:
        with pytest.raises(AnsibleActionFail, match="return_pass cannot be used with async: async_status would show the passes"):
            self.action(async_val=60)._run_as_module({"return_pass": True}, {})

    def test_its_output_is_not_shown_where_it_cannot_be_read(self) -> None:
        subject = self.action()
        subject._execute_module = lambda **_kwargs: {"module_stdout": "pass-1234", "failed": True}
        result = subject._run_as_module({"return_pass": True}, {})
        assert "passes" in result["msg"] and "pass-1234" not in str(result)


# --- tokens ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("task", "number"),
    [
        pytest.param({}, 1, id="items of a loop share a token"),
        pytest.param({"until": ["result is success"]}, 2, id="until asks for a new one, which may have another permission"),
        pytest.param({"retries": 3}, 2, id="and so do retries"),
    ],
)
def test_a_task_that_is_retried_asks_for_a_token_each_time(monkeypatch: pytest.MonkeyPatch, task: dict[str, t.Any], number: int) -> None:
    monkeypatch.setattr(_action_base.ActionBase, "run", lambda *_args: {})
    fetched: list[bool] = []
    monkeypatch.setattr(client_secret.ClientSecret, "fetch_token", lambda *_args: fetched.append(True) or Token("t0ken"))
    given = {"tenant_id": "contoso.test", "client_id": CLIENT_ID, "client_secret": "s3cret"}
    code = module(lambda _params, client, _check: Outcome({"signed_in": bool(client.token())}))
    for _attempt in range(2):
        assert action(code, args=given, **task).run(task_vars={})["signed_in"] is True
    assert len(fetched) == number


# --- results that are too large for an event ------------------------------------------------------------------------

NAMES = [f"PHONE-{number}" for number in range(200)]


def run_large(monkeypatch: pytest.MonkeyPatch, limit: str | None, way: str, size: int, **variables: t.Any) -> tuple[t.Any, list[str]]:
    """Run a task whose result has entries of this size; return its result, and the displayed text."""
    monkeypatch.delenv("AWX_ISOLATED_DATA_DIR", raising=False)
    monkeypatch.delenv("MAX_EVENT_RES", raising=False)
    if limit is not None:
        monkeypatch.setenv("MAX_EVENT_RES", limit)
    shown: list[str] = []
    for name in ("warning", "error"):
        monkeypatch.setattr(_action_base.display, name, lambda text, *_args, **_more: shown.append(text))
    large = {"results": [{"sealed": "x" * size}, {"sealed": "y" * size}], "warnings": ["Mind."], "failed": True, "msg": "Two failed."}
    made = {**large, "invocation": {"module_args": {"devices": NAMES}}}
    monkeypatch.setattr(_action_base.ActionBase, "run", lambda *_args: {})
    monkeypatch.setattr(_action_base, "run_in_process", lambda *_args, **_more: made)
    monkeypatch.setattr(IntuneActionBase, "_run_as_module", lambda *_args: made)
    subject = action(transport="local" if way == "in process" else "ssh")
    return subject.run(task_vars=variables), shown


WAYS = pytest.mark.parametrize("way", ["in process", "as a module"])


@WAYS
@pytest.mark.parametrize(
    ("limit", "size", "variables", "hidden"),
    [
        pytest.param("8000", 1000, {}, False, id="it fits"),
        pytest.param("8000", 1000, {"__pin_reset_handed_on": True}, False, id="it fits, and others would hand it over"),
        pytest.param(None, 10**6, {}, False, id="no limit"),
        pytest.param("8000", 5000, {"__pin_reset_handed_on": True}, True, id="case 72: others hand it over"),
        pytest.param(None, 10**6, {"__pin_reset_handed_on": True}, True, id="case 72: elsewhere the usual limit counts"),
        pytest.param(None, 100_000, {"__pin_reset_handed_on": True}, False, id="elsewhere, below the usual limit"),
    ],
)
def test_a_result_that_is_too_large_is_hidden_where_others_hand_it_over(
    monkeypatch: pytest.MonkeyPatch, way: str, limit: str | None, size: int, variables: dict[str, t.Any], hidden: bool
) -> None:
    result, shown = run_large(monkeypatch, limit, way, size, **variables)
    assert result.get("_ansible_no_log", False) is hidden
    assert shown == (["Mind.", "Two failed."] if hidden else []), "what Ansible does not show of a hidden result"
    entries = result["handed_on"]["results"] if hidden else result["results"]
    assert [entry["sealed"][0] for entry in entries] == ["x", "y"], "the registered variable has them"
    assert ("results" in result) is not hidden and result["warnings"] == ["Mind."]


@WAYS
def test_case_72_the_arguments_are_left_out_first(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    result, _shown = run_large(monkeypatch, "3000", way, 1000)
    assert "invocation" not in result and result["warnings"] == ["Mind."] and "_ansible_no_log" not in result


@WAYS
def test_case_72_a_task_of_somebody_else_says_that_the_job_does_not_keep_its_result(monkeypatch: pytest.MonkeyPatch, way: str) -> None:
    result, shown = run_large(monkeypatch, "8000", way, 5000)
    assert "_ansible_no_log" not in result and len(result["results"]) == 2 and shown == []
    _mind, told = result["warnings"]
    assert told.startswith("The result of this task has 101") and "keeps no result above 8000 (MAX_EVENT_RES)" in told


@pytest.mark.parametrize(
    ("variables", "no_log", "shows"), [({}, False, True), ({}, True, False), ({"__pin_reset_handed_on": True}, False, False)]
)
def test_a_module_knows_whether_its_result_is_shown(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, t.Any], no_log: bool, shows: bool
) -> None:
    monkeypatch.setenv("MAX_EVENT_RES", "8000")
    monkeypatch.setattr(_action_base.ActionBase, "run", lambda *_args: {})
    seen: list[t.Any] = []

    def run(_params: t.Any, client: t.Any, _check: bool) -> Outcome:
        seen.append((client.largest_result, client.shows_result))
        return Outcome({})

    subject = action(module(run), args={"access_token": "s3cret"})
    subject._task.no_log = no_log
    assert "failed" not in subject.run(task_vars=variables) and seen == [(8000, shows)]
    there = action(module(run), transport="ssh")
    there._task.no_log = no_log
    there._execute_module = lambda **_more: seen.append(there._task.no_log) or {}
    there.run(task_vars=variables)
    assert seen[1] is not shows and there._task.no_log is no_log


@pytest.mark.parametrize(
    ("limit", "told"),
    [
        pytest.param("8000", [{"MAX_EVENT_RES": "8000"}], id="case 72: the limit of the job"),
        pytest.param("many", [{"MAX_EVENT_RES": "700000"}], id="case 72: the usual limit"),
        pytest.param(None, [], id="no limit"),
    ],
)
def test_a_process_elsewhere_is_told_the_limit_of_the_job(
    monkeypatch: pytest.MonkeyPatch, limit: str | None, told: list[dict[str, str]]
) -> None:
    monkeypatch.delenv("AWX_ISOLATED_DATA_DIR", raising=False)
    monkeypatch.delenv("MAX_EVENT_RES", raising=False)
    if limit is not None:
        monkeypatch.setenv("MAX_EVENT_RES", limit)
    monkeypatch.setattr(_action_base.ActionBase, "run", lambda *_args: {})
    own = {"MAX_EVENT_RES": "", "A": "b"}
    seen: list[t.Any] = []
    there = action(args={"access_token": "s3cret"}, environment=[own])
    there._execute_module = lambda **_more: seen.extend(there._task.environment) or {}
    there.run(task_vars={})
    assert seen == [own, *told] and there._task.environment == [own]
