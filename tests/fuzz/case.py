# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one case: a task against a tenant whose responses a seed changes, and the findings that must not occur."""

from __future__ import annotations

import collections
import contextlib
import datetime
import functools
import json
import os
import pathlib
import random
import re
import tempfile
import traceback
import typing as t
import urllib.parse
from unittest import mock

from ansible.errors import AnsibleError
from ansible.inventory.data import InventoryData
from ansible.parsing.dataloader import DataLoader
from intune_emulator.entra.tokens import issue_token

from ansible_collections.endpointops.intune.plugins.inventory import intune_devices
from ansible_collections.endpointops.intune.plugins.module_utils import _argspec, _module
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from tests.fuzz.mutations import ENDLESS, mutate
from tests.fuzz.scenarios import SCENARIOS, Scenario, make_hostile
from tests.support.emulated import Emulated
from tests.support.fakes import GRAPH, LOGIN, START, FakeWorkerPool, answer, bearer
from tests.support.inventory import NAME, load

# The kinds of findings, all of which must not occur.
KINDS = (
    "unhandled exceptions",
    "second resets",
    "second passes",
    "writes in check mode",
    "secrets in output",
    "unsafe characters",
    "endless runs",
)
MOST_REQUESTS = 20_000
TOKENS: list[str] = []
PART = 32  # characters
SECRET = "client-secret-0123456789-abcdefghij"
NOT_RUN = (401, 407, 429)  # by these nothing was run, regardless of the sender
# Microsoft Graph reports the same with these, with an error code of its own.
REFUSED = (400, 402, 403, 404, 405, 406, 409, 410, 411, 412, 413, 415, 416, 422, 423)
UNSAFE = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]")
INTERNAL = "An unexpected error occurred in the collection"  # of an exception that the inventory plugin caught last
Json = dict[str, t.Any]


class Endless(BaseException):
    """The run does not end."""


class Finding(t.NamedTuple):
    """``kind`` is one of KINDS; ``text`` describes the event and its place."""

    kind: str
    text: str


class Wire(Emulated):
    """The emulated tenant, with randomly changed responses.

    ``resets`` and ``passes``: of each device or user, those that may have run as far as the run can know.
    """

    def __init__(self, scenario: Scenario, chance: random.Random, number: int | None) -> None:
        super().__init__(scenario.seed, quota=False, **scenario.settings)
        self.tenant.clock.set(datetime.datetime.fromtimestamp(START, datetime.timezone.utc))
        # Issued again, because the clock was set back; only once, because all tenants are the same one at the same time.
        if not TOKENS:
            TOKENS.append(issue_token(self.tenant, next(iter(self.tenant.applications.values()))))
        self.token = TOKENS[0]
        self.resets: collections.Counter[str] = collections.Counter()
        self.passes: collections.Counter[str] = collections.Counter()
        self.issued: set[str] = set()
        self._chance = chance
        # Change either one response, or some of all.
        self._number = number

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        if len(self.sent) > MOST_REQUESTS:
            raise Endless
        self.catch_up()
        before, passes = len(self.tenant.actions.resets), self._count_passes()
        found = self._answer(request)
        reset = [action.device_id for action in self.tenant.actions.resets[before:]]
        issued = [user for user, times in self._count_passes().items() if times > passes.get(user, 0)]
        self.issued |= {found.value for found in self.tenant.access_passes.values()}
        number = len(self.sent) - 1
        is_changed = number == self._number if self._number is not None else self._chance.random() < 0.3
        changed = mutate(self._chance, request, found) if is_changed else found
        for device in reset:
            self.resets[device] += not (isinstance(changed, Response) and _says_not_run(request, changed, device))
        for user in issued:
            self.passes[user] += not (isinstance(changed, Response) and _says_not_run(request, changed, user))
        if isinstance(changed, errors.NotSentError) and (reset or issued):
            # It was sent: the transport never reports otherwise.
            raise errors.LostResponseError("Lost.", target=request.target)
        if isinstance(changed, errors.IntuneError):
            raise changed
        return changed

    def _count_passes(self) -> dict[str, int]:
        return {user: len(times) for user, times in self.tenant.created_access_passes.items()}

    def _answer(self, request: Request) -> Response:
        url = urllib.parse.urlsplit(request.url)
        if url.netloc == urllib.parse.urlsplit(LOGIN).netloc:
            return self._sign_in(url.path)
        if ENDLESS in url.query:
            page = int(url.query.rpartition("=")[2]) + 1
            return answer(200, {"value": [], "@odata.nextLink": f"{request.url.partition('?')[0]}?{ENDLESS}={page}"})
        if url.path.startswith("/exports/"):
            job = self.tenant.export_jobs.get(url.path.rpartition("/")[2].partition(".")[0].lower())
            return answer(200, job.content) if job else answer(404)
        try:
            return self.ask(request)
        except Exception:
            # The emulated tenant is not under test here, and a request may be as odd as the options.
            return answer(400, {"error": {"code": "BadRequest", "message": "Not understood."}})

    def _sign_in(self, path: str) -> Response:
        if not path.endswith("/token"):
            base = path.rpartition("/v2.0/")[0]
            names = {"authorization_endpoint": "authorize", "token_endpoint": "token"}
            return answer(200, {"issuer": f"{LOGIN}{base}/v2.0", **{k: f"{LOGIN}{base}/oauth2/v2.0/{v}" for k, v in names.items()}})
        return bearer(self.token)


def _says_not_run(request: Request, response: Response, device: str) -> bool:
    """Return whether a response says that the reset of a device was not run."""
    if not request.url.endswith("$batch") or not 200 <= response.status < 300:
        return _is_refusal(response.status, response.headers) or (response.status in REFUSED and _has_code(response))
    calls = json.loads(request.body or b"{}").get("requests", [])
    ids = {call["id"] for call in calls if device in call["url"]}
    try:
        items = json.loads(response.body)["responses"]
        found = [item for item in items if item["id"] in ids]
        return len(found) == 1 and _is_refusal(found[0]["status"], {str(k).lower(): v for k, v in (found[0].get("headers") or {}).items()})
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return False


def _has_code(response: Response) -> bool:
    try:
        return bool(json.loads(response.body)["error"]["code"])
    except (ValueError, KeyError, TypeError, RecursionError):
        return False


def _is_refusal(status: t.Any, headers: t.Mapping[str, t.Any]) -> bool:
    return status in NOT_RUN or (status == 503 and "retry-after" in headers)


# --- a case ---------------------------------------------------------------------------------------------------------


@functools.cache
def count_requests(name: str) -> int:
    """Return the number of requests of a task without failures, and check that it succeeds."""
    scenario = next(scenario for scenario in SCENARIOS if scenario.name == name)
    wire = Wire(scenario, random.Random(), -1)
    given = scenario.given(wire)
    result = _execute(scenario, wire, {**_connection(scenario, wire), **given}, [])
    if result.get("failed"):
        raise ValueError(f"{name} fails without a change: {result['msg']}")
    return len(wire.sent)


def run_case(seed: str, scenario: Scenario) -> list[Finding]:
    """Run a task once, and return its findings. Hostile options may write files in the working directory."""
    chance = random.Random(f"{seed}/{scenario.name}")
    number = chance.randrange(count_requests(scenario.name)) if chance.random() < 0.85 else None
    wire = Wire(scenario, chance, number)
    # It may sign in as another identity.
    given = scenario.given(wire)
    options = {**_connection(scenario, wire), **given}
    if chance.random() < 0.12:
        options = make_hostile(chance, scenario, options)
    told: list[str] = []
    try:
        result = _execute(scenario, wire, options, told)
    except Endless:
        return [Finding("endless runs", f"more than {MOST_REQUESTS} requests")]
    except Exception:
        return [Finding("unhandled exceptions", traceback.format_exc(limit=-6))]
    return [*_judge_result(result), *_judge_effects(scenario, wire), *_judge_secrets(options, wire, result, told)]


def _connection(scenario: Scenario, wire: Wire) -> Json:
    given: Json = {"graph_url": GRAPH, "authority_url": LOGIN, "retry_timeout": 60}
    if scenario.signs_in:
        return {**given, "tenant_id": wire.tenant.tenant_id, "client_id": wire.tenant.client_id, "client_secret": SECRET}
    return {**given, "access_token": wire.token}


def _execute(scenario: Scenario, wire: Wire, options: Json, told: list[str]) -> Json:
    """Run a task like the action plugin, except that it does not hide the values of secret options."""
    if scenario.module is intune_devices:
        return _read_inventory(wire, options)
    spec: _argspec.Spec = scenario.module.SPEC
    with _surroundings(wire):
        validated = _argspec.validate(spec.argument_spec, _argspec.without_blanks(options), spec.relations)
        if validated.problems:
            return {"failed": True, "problems": len(validated.problems)}
        return _module.execute(spec, scenario.module.run, validated.params, check=scenario.check, diff=True, report_progress=told.append)


def _read_inventory(wire: Wire, options: Json) -> Json:
    """Read a file of the inventory plugin like Ansible; its hosts are the result."""
    path = pathlib.Path("fuzz.intune_devices.yml")
    # JSON is valid YAML, and can represent each character.
    path.write_text(json.dumps({"plugin": NAME, **options}, default=repr), encoding="utf-8")
    inventory = InventoryData()
    try:
        with _surroundings(wire):
            load().parse(inventory, DataLoader(), str(path), cache=False)
    except AnsibleError as failure:
        return {"failed": True, "msg": str(failure), "hosts": sorted(inventory.hosts)}
    return {"hosts": {name: host.vars for name, host in inventory.hosts.items()}, "groups": sorted(inventory.groups)}


@contextlib.contextmanager
def _surroundings(wire: Wire) -> t.Iterator[None]:
    clock = wire.clock
    names = ("now", "monotonic", "sleep", "random")
    parts: dict[str, t.Any] = {name: staticmethod(getattr(clock, name)) for name in names}
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("INTUNE_", "AZURE_", "IDENTITY_", "XDG_"))}
    with (
        # A case must not see files of the previous one.
        tempfile.TemporaryDirectory() as folder,
        mock.patch.object(tempfile, "tempdir", None),
        mock.patch.dict(os.environ, {**clean, "TMPDIR": folder}, clear=True),
        mock.patch.multiple(_module.SystemClock, **parts),
        mock.patch.multiple(_module, Transport=lambda **_settings: wire, WorkerPool=FakeWorkerPool),
    ):
        yield


# --- forbidden results ----------------------------------------------------------------------------------------------


def _judge_result(result: Json) -> t.Iterator[Finding]:
    if (result.get("error") or {}).get("kind") == "Internal":
        yield Finding("unhandled exceptions", str(result["msg"]))
    try:
        json.dumps(result, allow_nan=False, ensure_ascii=False).encode()
    except (ValueError, TypeError) as failure:
        yield Finding("unhandled exceptions", f"The result cannot be written: {type(failure).__name__}")
    if result.get("failed") and result.get("hosts"):
        yield Finding("unhandled exceptions", f"The file failed, and left the hosts {result['hosts']}")
    if INTERNAL in str(result.get("msg")):
        yield Finding("unhandled exceptions", str(result["msg"]))
    for text in _sentences(result):
        found = UNSAFE.search(text)
        if found:
            yield Finding("unsafe characters", f"{found.group()!r} in {text[:200]!r}")


def _sentences(result: Json) -> t.Iterator[str]:
    error = result.get("error") or {}
    yield from (str(result.get("msg", "")), str(error.get("message", "")), str(error.get("code", "")), str(error.get("request_id", "")))
    yield from map(str, result.get("warnings", ()))
    for entry in result.get("results", ()):
        yield str(entry.get("message"))


def _judge_effects(scenario: Scenario, wire: Wire) -> t.Iterator[Finding]:
    for device, times in wire.resets.items():
        if times > 1:
            yield Finding("second resets", f"{device} was reset {times} times")
    for user, times in wire.passes.items():
        if times > 1:
            yield Finding("second passes", f"{user} got {times} passes")
    if scenario.check and any(entry["write"] for entry in wire.tenant.journal.since(0)):
        yield Finding("writes in check mode", str([entry["path"] for entry in wire.tenant.journal.since(0) if entry["write"]]))


def _judge_secrets(options: Json, wire: Wire, result: Json, told: list[str]) -> t.Iterator[Finding]:
    entries = result.get("results", [])
    if options.get("return_passcode"):
        # The only allowed place of a passcode.
        entries = [{**entry, "passcode": None} for entry in entries]
    if options.get("return_pass"):
        entries = [{**entry, "temporary_access_pass": None} for entry in entries]
    text = json.dumps([{**result, "results": entries}, told], default=str)
    hidden = {action.passcode for action in wire.tenant.actions.resets if action.passcode}
    # A part of a token is as sensitive as the whole. The first part is the same for all tokens.
    parts = [part[start : start + PART] for part in wire.token.split(".")[1:] for start in range(0, len(part) - PART, PART)]
    secrets = {*parts, SECRET, *hidden, *wire.issued}
    for secret in secrets:
        if secret in text:
            yield Finding("secrets in output", f"{secret[:8]}... in {text[max(0, text.index(secret) - 100) : text.index(secret)]!r}")
