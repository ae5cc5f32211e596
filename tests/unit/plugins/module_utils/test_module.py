# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import contextlib
import json
import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _module
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._auth._memory import KeptToken
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._http import transport as transport_module
from ansible_collections.endpointops.intune.plugins.module_utils._permissions import AZURE_CLI, PERSON_OF_AZURE_CLI
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome
from tests.support.fakes import CLIENT_ID, START, FakeTransport, answer, error, intune, jwt, options, page

SPEC = _argspec.make_spec("intune_pinreset_consent")
KEYS = {"kind", "message", "effects", "hint", "target", "status", "code", "request_id", "client_request_id"}


class Wire(FakeTransport):
    """The transport of every client that is made; ``settings``: the keyword arguments of the last one."""

    def __init__(self) -> None:
        super().__init__()
        self.settings: dict[str, t.Any] = {}

    def made_with(self, **settings: t.Any) -> Wire:
        self.settings = settings
        return self


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> Wire:
    wire = Wire()
    monkeypatch.setattr(_module, "Transport", wire.made_with)
    return wire


def params(**given: t.Any) -> dict[str, t.Any]:
    return options(**{"access_token": jwt(roles=[]), **given})


def reading(given: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    return Outcome({"thing": client.get("/thing"), "check": check})


def raising(failure: Exception) -> _module.Run:
    def run(given: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
        raise failure

    return run


def execute(run: _module.Run, check: bool = False, diff: bool = False, **given: t.Any) -> dict[str, t.Any]:
    return _module.execute(SPEC, run, params(**given), check=check, diff=diff)


# --- a run ----------------------------------------------------------------------------------------------------------


def test_a_run_becomes_a_result(transport: Wire) -> None:
    transport.then(answer(200, {"id": "1"}))
    assert execute(reading, check=True) == {"changed": False, "thing": {"id": "1"}, "check": True}


def test_the_connection_options_reach_the_transport(transport: Wire) -> None:
    execute(lambda *_args: Outcome({}), ca_path="/ca.pem", validate_certs=False, timeout=7.0)
    expected = {"user_agent": _module.USER_AGENT, "ca_path": "/ca.pem", "validate_certs": False, "timeout": 7.0}
    expected["monotonic"] = _module.SYSTEM_CLOCK.monotonic
    assert transport.settings == expected


def test_progress_is_told_to_who_listens(transport: Wire) -> None:
    told: list[str] = []

    def run(_given: t.Mapping[str, t.Any], client: GraphClient, _check: bool) -> Outcome:
        client.report_progress("5 of 10")
        return Outcome({})

    _module.execute(SPEC, run, params(), check=False, diff=False, report_progress=told.append)
    assert told == ["5 of 10"]


def test_progress_is_quiet_where_nobody_listens(transport: Wire, capfd: pytest.CaptureFixture[str]) -> None:
    assert execute(lambda _given, client, _check: client.report_progress("5 of 10") or Outcome({})) == {"changed": False}
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    "run", [reading, raising(errors.NotReadyError("Late.")), raising(ZeroDivisionError())], ids=["good", "failing", "bug"]
)
def test_the_workers_send_over_the_same_transport_and_are_closed(
    transport: Wire, monkeypatch: pytest.MonkeyPatch, run: _module.Run
) -> None:
    made: list[tuple[str, t.Any]] = []

    class WorkerPool:
        def __init__(self, send: t.Any) -> None:
            made.append(("made", send))

        def close(self) -> None:
            made.append(("closed", transport.closed))

    monkeypatch.setattr(_module, "WorkerPool", WorkerPool)
    transport.then(answer(200, {}))
    with contextlib.suppress(ZeroDivisionError):
        execute(run)
    assert made == [("made", transport.send), ("closed", False)], "the workers first, and then what they send over"
    assert transport.closed


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, "https://graph.microsoft.com/v1.0/thing"),
        ({"cloud": "us_gov_l5"}, "https://dod-graph.microsoft.us/v1.0/thing"),
        ({"graph_url": "https://127.0.0.1:8443/"}, "https://127.0.0.1:8443/v1.0/thing"),
    ],
    ids=["default", "cloud", "graph_url"],
)
def test_the_chosen_cloud_is_asked(transport: Wire, given: dict[str, str], url: str) -> None:
    transport.then(answer(200, {}))
    execute(reading, **given)
    assert transport.sent[0].url == url


@pytest.mark.parametrize("name", ["timeout", "retry_timeout", "wait_timeout", "rollout_timeout"])
@pytest.mark.parametrize("seconds", [-1.0, float("inf"), float("nan")])
def test_impossible_times_are_refused(transport: Wire, name: str, seconds: float) -> None:
    result = execute(reading, **{name: seconds})
    assert result["error"]["kind"] == "InvalidOption" and result["msg"].startswith(f"{name} must be ")


@pytest.mark.parametrize("seconds", [0, 0.0, -0.0])
def test_a_request_needs_some_time(transport: Wire, seconds: float) -> None:
    result = execute(reading, timeout=seconds)
    assert result["error"]["kind"] == "InvalidOption" and result["msg"].startswith("timeout must be more than 0 seconds.")


def test_a_task_that_fails_after_a_write_has_changed_something(transport: Wire) -> None:
    result = execute(raising(errors.NotReadyError("Late.", effects="partial")))
    assert (result["failed"], result["changed"], result["error"]["effects"]) == (True, True, "partial")
    assert result["msg"] == "Late. Some changes were made."


def test_a_refused_write_is_no_change(transport: Wire) -> None:
    transport.then(error(409, "Conflict"))
    assert execute(lambda _given, client, _check: client.post("/things", {}))["changed"] is False


@pytest.mark.parametrize(("diff", "shown"), [(True, True), (False, False)])
def test_a_diff_is_shown_when_asked_for(transport: Wire, diff: bool, shown: bool) -> None:
    result = execute(lambda *_args: Outcome({}, True, {"a": 1}, {"a": 2}), diff=diff)
    assert ("diff" in result) is shown


@pytest.mark.parametrize("run", [reading, raising(errors.NotReadyError("Late."))], ids=["good", "failing"])
def test_the_connection_is_closed(transport: Wire, run: _module.Run) -> None:
    transport.then(answer(200, {}))
    execute(run)
    assert transport.closed


# --- approvals ------------------------------------------------------------------------------------------------------

APPROVAL_CODE = "6d5c2f10-0d1e-4f4b-9a3c-2b7f5e8d9a01"
WANTED = "Header 'x-msft-approval-justification' is required to request approval."


def writing(_given: t.Any, client: GraphClient, _check: bool) -> Outcome:
    return Outcome({"thing": client.post("/thing", {})}, True)


def test_the_justification_reaches_the_client(transport: Wire) -> None:
    transport.then(intune(400, WANTED), page(), intune(412, "Approval Required.", x_msft_approval_code=APPROVAL_CODE), page())
    result = execute(writing, approval_justification="Ticket 4711.")
    told = base64.b64decode(transport.sent[2].headers["x-msft-approval-justification"]).decode()
    assert told.startswith("Ticket 4711. [endpointops.intune ")
    assert (result["failed"], result["changed"], result["error"]["kind"]) == (True, False, "ApprovalPending")


def test_the_code_reaches_the_client(transport: Wire) -> None:
    transport.then(intune(400, WANTED), error(403), answer(201, {"id": "1"}))
    assert execute(writing, approval_code=APPROVAL_CODE) == {"changed": True, "thing": {"id": "1"}}
    assert transport.sent[2].headers["x-msft-approval-code"] == APPROVAL_CODE


@pytest.mark.parametrize("given", [{}, {"approval_justification": None, "approval_code": None}], ids=["no such options", "unset"])
def test_without_approvals_the_refusal_is_told(transport: Wire, given: dict[str, t.Any]) -> None:
    transport.then(intune(400, WANTED))
    assert "set approval_justification" in execute(writing, **given)["error"]["hint"]


def test_a_justification_that_is_too_long_is_refused_before_anything_is_sent(transport: Wire) -> None:
    result = execute(writing, approval_justification="x" * 987)
    assert result["error"]["kind"] == "InvalidOption" and "approval_justification" in result["msg"]
    assert transport.sent == []


# --- failures -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failure", "kind"),
    [
        (errors.InvalidOptionError("x"), "InvalidOption"),
        (errors.SelectionError("x"), "Selection"),
        (errors.AuthenticationError("x"), "Authentication"),
        (errors.NotSentError("x"), "NotSent"),
        (errors.LostResponseError("x"), "LostResponse"),
        (errors.UnexpectedResponseError("x"), "UnexpectedResponse"),
        (errors.NotReadyError("x"), "NotReady"),
        (errors.ApprovalPendingError("x", {}), "ApprovalPending"),
        (errors.ApprovalError("x", code="rejected"), "Approval"),
        (errors.MissingLibraryError("msal"), "MissingLibrary"),
        (errors.NotFoundError("x", status=404), "NotFound"),
        (errors.ServiceError("x", status=500), "Service"),
        (errors.GraphError("x", status=400), "Graph"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_failure_becomes_a_result(transport: Wire, failure: errors.IntuneError, kind: str) -> None:
    result = execute(raising(failure))
    assert (result["failed"], result["error"]["kind"]) == (True, kind)
    assert result["msg"]
    assert set(result["error"]) == KEYS


@pytest.mark.parametrize(
    ("given", "kind"),
    [
        pytest.param({"graph_url": "http://x.test"}, "InvalidOption", id="bad URL"),
        pytest.param({"graph_url": "https://x.test:port"}, "InvalidOption", id="bad port"),
        pytest.param({"access_token": None}, "InvalidOption", id="no credential"),
        pytest.param({"auth_method": "client_secret"}, "InvalidOption", id="half a credential"),
        pytest.param({"client_secret": "s3cret"}, "InvalidOption", id="two credentials"),
        pytest.param({"access_token": jwt(exp=START - 1e9)}, "Authentication", id="expired token"),
    ],
)
def test_what_fails_before_the_run_becomes_a_result(transport: Wire, given: dict[str, t.Any], kind: str) -> None:
    result = execute(reading, **given)
    assert (result["failed"], result["error"]["kind"]) == (True, kind)
    assert "s3cret" not in str(result)
    assert transport.sent == []


@pytest.mark.parametrize("failure", [errors.NotSentError("x"), errors.LostResponseError("x")], ids=["not sent", "lost"])
def test_a_failure_of_the_wire_becomes_a_result(transport: Wire, failure: errors.IntuneError) -> None:
    transport.then(failure)
    assert execute(reading)["failed"] is True


def test_a_missing_library_is_told_in_ansibles_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "HAS_REQUESTS", False)
    result = execute(reading)
    assert "Failed to import the required Python library (requests)" in result["msg"]
    assert result["error"]["kind"] == "MissingLibrary"


def test_a_failure_beside_values_keeps_them(transport: Wire) -> None:
    result = execute(lambda *_args: Outcome({"thing": 1}, True, failure=errors.NotReadyError("Late.")))
    assert (result["failed"], result["changed"], result["thing"]) == (True, True, 1)


def test_case_18_what_nobody_expected_is_an_internal_error(transport: Wire) -> None:
    result = execute(raising(ZeroDivisionError("secret-value")))
    assert (result["failed"], result["error"]["kind"], result["error"]["effects"]) == (True, "Internal", "none")
    assert "ZeroDivisionError" in result["msg"] and "secret-value" not in json.dumps(result)


# --- permissions ----------------------------------------------------------------------------------------------------

WRITE, GROUPS = "Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"
READ = ["Application.Read.All", "DelegatedPermissionGrant.Read.All"]


@pytest.mark.parametrize(
    ("token", "named", "unnamed"),
    [
        pytest.param(jwt(roles=[]), [WRITE, GROUPS], [], id="both missing"),
        pytest.param(jwt(tid="x"), [WRITE, GROUPS], [], id="no roles in the token"),
        pytest.param(jwt(roles=[GROUPS]), [WRITE], [GROUPS], id="one missing"),
    ],
)
def test_the_missing_permission_is_named(transport: Wire, token: str, named: list[str], unnamed: list[str]) -> None:
    transport.then(error(403, "Forbidden"))
    result = execute(reading, access_token=token)
    assert all(permission in result["msg"] and permission in result["error"]["hint"] for permission in named)
    assert not any(permission in result["msg"] for permission in unnamed)


@pytest.mark.parametrize(
    ("claims", "is_told"),
    [
        pytest.param({"appid": AZURE_CLI, "scp": "User.Read.All"}, True, id="case 32: a person of the Azure CLI"),
        pytest.param({"appid": CLIENT_ID, "scp": "User.Read.All"}, False, id="case 32: a person by another application"),
        pytest.param({"appid": CLIENT_ID, "roles": []}, False, id="case 32: an application, as which az may be signed in too"),
    ],
)
@pytest.mark.parametrize("module", ["intune_device_info", "entra_temporary_access_pass_info"])
def test_a_person_of_the_azure_cli_is_not_told_to_grant(transport: Wire, claims: dict[str, t.Any], is_told: bool, module: str) -> None:
    transport.then(error(403, "Forbidden"))
    spec = _argspec.make_spec(module)
    result = _module.execute(spec, reading, params(access_token=jwt(**claims)), check=False, diff=False)
    assert (PERSON_OF_AZURE_CLI in result["msg"]) is is_told
    assert ("to this one in Microsoft Entra" in result["msg"]) is not is_told


def test_case_32_what_does_not_need_intune_is_not_about_the_azure_cli(transport: Wire) -> None:
    spec = _argspec.make_spec("intune_pinreset_consent")
    transport.then(error(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."))
    scopes = "Application.ReadWrite.All DelegatedPermissionGrant.ReadWrite.All"
    given = params(access_token=jwt(appid=AZURE_CLI, scp=scopes))
    result = _module.execute(spec, reading, given, check=False, diff=False)
    assert "Insufficient privileges" in result["msg"] and PERSON_OF_AZURE_CLI not in result["msg"]


def test_where_no_permission_is_missing_graphs_reason_stands(transport: Wire) -> None:
    transport.then(error(403, "Forbidden", "Blocked."))
    result = execute(reading, access_token=jwt(roles=[WRITE, GROUPS]))
    assert "Blocked." in result["msg"] and "which the token does not have" not in result["msg"]


def test_the_missing_permission_is_named_beside_values_too(transport: Wire) -> None:
    refusal = errors.ForbiddenError("No.", status=403)
    assert WRITE in execute(lambda *_args: Outcome({"thing": 1}, failure=refusal))["msg"]


@pytest.mark.parametrize(
    ("check", "roles", "told", "hidden"),
    [
        pytest.param(True, [], f"{' and '.join(READ)} in check mode", WRITE, id="case 60: what check mode needs"),
        pytest.param(True, READ, "No.", "which the token does not have", id="case 60: check mode lacks nothing"),
        pytest.param(False, READ, WRITE, "check mode", id="a run"),
    ],
)
def test_the_permission_that_is_missing_depends_on_check_mode(
    transport: Wire, check: bool, roles: list[str], told: str, hidden: str
) -> None:
    refusal = errors.ForbiddenError("No.", status=403)
    message = execute(lambda *_args: Outcome({}, failure=refusal), check=check, access_token=jwt(roles=roles))["msg"]
    assert told in message and hidden not in message


def test_case_50_the_permission_of_one_look_up_is_named_beside_those_of_the_module(transport: Wire) -> None:
    refusal = errors.ForbiddenError("No.", status=403).with_permission_hint("Looking up groups needs GroupMember.Read.All.")
    message = execute(lambda *_args: Outcome({}, failure=refusal), access_token=jwt(roles=[]))["msg"]
    assert "Looking up groups needs GroupMember.Read.All." in message and WRITE in message


def test_the_permission_of_a_look_up_is_named_once_and_granted_once(transport: Wire) -> None:
    """The message gives the advice "Grant it in Microsoft Entra" once, not twice for the same permission."""
    hint = f"To find it, the application needs one of the permissions {WRITE}, Other.All. Grant it in Microsoft Entra."
    refusal = errors.ForbiddenError("No.", status=403).with_permission_hint(hint)
    message = execute(lambda *_args: Outcome({}, failure=refusal), access_token=jwt(roles=[]))["msg"]
    assert message.lower().count("grant it") == 1 and message.count(WRITE) == 1
    assert f"Entra. intune_pinreset_consent also needs the application permission {GROUPS}, which the token does not have." in message


def test_what_a_person_does_once_is_not_to_be_granted(transport: Wire) -> None:
    refusal = errors.ForbiddenError("No.", status=403)
    message = execute(lambda *_args: Outcome({}, failure=refusal), access_token=jwt(roles=[]))["msg"]
    assert "endpointops.intune.bootstrap" in message and f"Grant {WRITE} and {GROUPS} to an application only as a last resort" in message
    assert "consent to it as an administrator" not in message


def test_a_token_that_ends_meanwhile_does_not_hide_the_refusal(transport: Wire) -> None:
    def run(_given: t.Any, client: GraphClient, _check: bool) -> Outcome:
        client.credential.kept, client.credential.options = KeptToken(), {"access_token": jwt(exp=0)}
        raise errors.ForbiddenError("No.", status=403)

    assert execute(run)["error"]["kind"] == "Forbidden"


def test_another_refusal_names_no_permission(transport: Wire) -> None:
    transport.then(error(404))
    assert WRITE not in execute(reading)["msg"]


# --- a separate module process --------------------------------------------------------------------------------------


class FakeModule:
    """The part of AnsibleModule that main() uses."""

    secrets: t.ClassVar[set[str]] = {"s3cret"}
    given: t.ClassVar[dict[str, t.Any]] = {}

    def __init__(self, **settings: t.Any) -> None:
        self.settings = settings
        self.params = params(**self.given)
        self.check_mode, self._diff = True, True
        self.no_log, self._debug, self.ansible_version = False, False, "2.19.1"
        self.no_log_values = set(self.secrets)
        self.said: list[tuple[str, t.Any]] = []

    def warn(self, warning: str) -> None:
        self.said.append(("warn", warning))

    def exit_json(self, **result: t.Any) -> None:
        self.said.append(("exit", result))

    def fail_json(self, **result: t.Any) -> t.NoReturn:
        self.said.append(("fail", result))
        raise SystemExit(1)


@pytest.fixture
def module(transport: Wire, monkeypatch: pytest.MonkeyPatch) -> list[FakeModule]:
    """Return the modules that main() makes."""
    made: list[FakeModule] = []

    def make(**settings: t.Any) -> FakeModule:
        made.append(FakeModule(**settings))
        return made[-1]

    monkeypatch.setattr(_module, "AnsibleModule", make)
    return made


def test_main_takes_the_spec_and_supports_check_mode(module: list[FakeModule]) -> None:
    spec = _argspec.make_spec("intune_pin_policy", {"own": {"type": "str"}}, required_one_of=[("own", "tenant_id")])
    _module.main(spec, lambda *_args: Outcome({}))
    expected = {"argument_spec": spec.argument_spec, "supports_check_mode": True, "required_one_of": [("own", "tenant_id")]}
    assert module[0].settings == expected


def test_main_warns_and_exits_with_the_result(module: list[FakeModule]) -> None:
    _module.main(SPEC, lambda _given, _client, check: Outcome({"check": check}, True, {"a": 1}, {"a": 2}, ["Oh."]))
    result = {"changed": True, "check": True, "diff": {"before": {"a": 1}, "after": {"a": 2}}}
    assert module[0].said == [("warn", "Oh."), ("exit", result)]


@pytest.mark.parametrize("passphrase", ["1", "a", "windows", "12345"])
def test_case_30_a_short_secret_masks_no_result(module: list[FakeModule], monkeypatch: pytest.MonkeyPatch, passphrase: str) -> None:
    monkeypatch.setattr(FakeModule, "secrets", {passphrase, "hidden-secret-1"})
    monkeypatch.setattr(
        FakeModule,
        "given",
        {"client_certificate_passphrase": passphrase, "client_secret": "hidden-secret-1", "auth_method": "access_token"},
    )
    _module.main(SPEC, lambda *_args: Outcome({"failed_devices": ["1a350f35-windows-12345"]}))
    ((_how, result),) = module[0].said
    assert result["failed_devices"] == ["1a350f35-windows-12345"]
    shown = result["invocation"]["module_args"]
    assert passphrase not in str(shown["client_certificate_passphrase"]) and "hidden" not in str(shown["client_secret"])
    assert module[0].no_log_values == {"hidden-secret-1"}


def test_main_fails_with_the_result(module: list[FakeModule]) -> None:
    with pytest.raises(SystemExit):
        _module.main(SPEC, raising(errors.NotReadyError("Late.")))
    how, result = module[0].said[0]
    assert (how, result["msg"], result["error"]["kind"]) == ("fail", "Late.", "NotReady")


# --- secrets of a module's process ----------------------------------------------------------------------------------

# Another module's secret than a passcode: its declaration alone decides the refusal.
WITH_SECRET = _argspec.make_spec(
    "intune_unit",
    {"return_pass": {"type": "bool", "default": False}, "notes": {"type": "list", "elements": "str"}},
    secrets=(_argspec.Secret("users[].pass.value", "return_pass", "passes"),),
)


def returning(_given: t.Any, _client: t.Any, _check: bool) -> Outcome:
    return Outcome({"users": [{"pass": {"value": "pass-1234"}}, {"pass": {"value": None}}]})


def run_main(monkeypatch: pytest.MonkeyPatch, module: list[FakeModule], **members: t.Any) -> tuple[str, dict[str, t.Any]]:
    monkeypatch.setattr(FakeModule, "__init__", wrapped(FakeModule.__init__, members))
    with contextlib.suppress(SystemExit):
        _module.main(WITH_SECRET, returning)
    (said,) = module[0].said
    return said


def wrapped(init: t.Any, members: dict[str, t.Any]) -> t.Any:
    def make(self: FakeModule, **settings: t.Any) -> None:
        init(self, **settings)
        self.params = params(**{"return_pass": True, "notes": None, **members.pop("params", {})})
        self.__dict__.update(members)

    return make


@pytest.mark.parametrize(
    ("members", "words"),
    [
        pytest.param({}, "the result of this task is not hidden, and would show the passes", id="case 35: not hidden"),
        pytest.param({"no_log": True, "_debug": True}, "ANSIBLE_DEBUG is on", id="case 35: debugging"),
    ],
)
def test_a_module_returns_no_secret_that_would_be_shown(
    module: list[FakeModule], monkeypatch: pytest.MonkeyPatch, members: dict[str, t.Any], words: str
) -> None:
    how, result = run_main(monkeypatch, module, **members)
    assert how == "fail" and words in result["msg"] and "pass-1234" not in str(result)
    assert (result["error"]["kind"], result["error"]["effects"], result["invocation"]) == ("InvalidOption", "none", {})


@pytest.mark.parametrize(
    ("version", "marked"),
    [
        pytest.param("2.19.14", [True, False], id="case 35: shows entries"),
        pytest.param("2.20.10", [True, False], id="case 35: shows entries too"),
        pytest.param("0.0", [True, False], id="case 35: unknown"),
        pytest.param("devel", [True, False], id="case 35: unreadable"),
        pytest.param("2.21.0", [False, False], id="case 35: hides all"),
        pytest.param("3.0", [False, False], id="case 35: later"),
    ],
)
def test_a_module_marks_entries_with_secrets(
    module: list[FakeModule], monkeypatch: pytest.MonkeyPatch, version: str, marked: list[bool]
) -> None:
    how, result = run_main(monkeypatch, module, no_log=True, ansible_version=version)
    assert (how, [user["pass"].get("_ansible_no_log", False) for user in result["users"]]) == ("exit", marked)
    assert "_ansible_no_log" not in result, "Ansible warns of it there"


def test_a_module_that_is_not_asked_for_secrets_needs_no_hiding(module: list[FakeModule], monkeypatch: pytest.MonkeyPatch) -> None:
    assert run_main(monkeypatch, module, params={"return_pass": False})[0] == "exit"


def test_a_module_does_not_repeat_a_private_key(module: list[FakeModule], monkeypatch: pytest.MonkeyPatch) -> None:
    """case 38: also if no action plugin has checked it."""
    key = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nc2VjcmV0"
    how, result = run_main(monkeypatch, module, params={"return_pass": False, "notes": [key]})
    assert how == "fail" and "notes holds a private key" in result["msg"] and "c2VjcmV0" not in str(result)
    assert result["invocation"] == {}


# --- hostile options ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "message"),
    [
        pytest.param({"timeout": 10**400}, "timeout must be a number of at most 18 digits", id="case 18: a huge timeout"),
        pytest.param({"timeout": -(10**5000)}, "timeout must be a number of at most 18 digits", id="case 18: more digits than are written"),
        pytest.param({"retry_timeout": float("nan")}, "retry_timeout must be a number of seconds", id="case 18: not a number"),
        pytest.param({"timeout": float("inf")}, "timeout must be a number of seconds", id="case 18: infinity"),
        pytest.param({"token_cache_path": "a\x00b"}, "token_cache_path must not hold a NUL", id="case 18: NUL in a path"),
        pytest.param({"tenant_id": "\ud800"}, "tenant_id must not hold a NUL character or half", id="case 18: half a character"),
        pytest.param({"devices": ["a", "b\x00"]}, "devices must not hold a NUL", id="case 18: NUL in a list"),
        pytest.param({"assignments": [{"group": "\x00"}]}, "assignments must not hold a NUL", id="case 18: NUL in a suboption"),
        pytest.param({"max_devices": 10**400}, "max_devices must be a number of at most 18 digits", id="case 18: a huge count"),
    ],
)
def test_what_nothing_can_use_is_refused_before_anything_is_sent(transport: Wire, given: dict[str, t.Any], message: str) -> None:
    result = execute(reading, **given)
    assert message in result["msg"] and result["error"]["kind"] == "InvalidOption"
    assert not transport.sent


def test_case_14_results_stay_whatever_is_raised_afterwards(transport: Wire, monkeypatch: pytest.MonkeyPatch) -> None:
    def close() -> None:
        raise OverflowError

    monkeypatch.setattr(transport, "close", close)
    result = execute(lambda *_args: Outcome({"results": [{"status": "done"}]}, changed=True))
    assert (result["results"], result["changed"], result["error"]["kind"]) == ([{"status": "done"}], True, "Internal")


def test_case_18_a_defect_after_a_write_says_that_something_may_have_changed(transport: Wire) -> None:
    def run(_given: t.Mapping[str, t.Any], client: GraphClient, _check: bool) -> Outcome:
        client.post("/thing", {})
        raise RecursionError("s3cret")

    transport.then(answer(204))
    result = execute(run)
    assert (result["error"]["kind"], result["error"]["effects"]) == ("Internal", "unknown")
    assert "Whether something was changed is unknown." in result["msg"] and "s3cret" not in json.dumps(result)
