# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fakes of the collection's environment: time, the wire, Entra, and Graph. Nothing here sleeps or connects."""

from __future__ import annotations

import base64
import collections.abc
import dataclasses
import json
import typing as t
import urllib.parse

from ansible_collections.endpointops.intune.plugins.module_utils._approval.hook import ApprovalHook
from ansible_collections.endpointops.intune.plugins.module_utils._approval.options import ApprovalOptions
from ansible_collections.endpointops.intune.plugins.module_utils._argspec import CONNECTION
from ansible_collections.endpointops.intune.plugins.module_utils._auth._base import CredentialContext
from ansible_collections.endpointops.intune.plugins.module_utils._clouds import Cloud
from ansible_collections.endpointops.intune.plugins.module_utils._errors import IntuneError
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._http.retry import RetryingSender
from ansible_collections.endpointops.intune.plugins.module_utils._lifetime import Lifetime

START = 1767607200.0  # 2026-01-05T10:00:00Z, a Monday
START_DATE = "Mon, 05 Jan 2026 10:00:00 GMT"

GRAPH = "https://graph.test"
LOGIN = "https://login.test"
CLOUD = Cloud("global", LOGIN, GRAPH)

TENANT_ID = "11111111-aaaa-4bbb-8ccc-222222222222"
CLIENT_ID = "33333333-aaaa-4bbb-8ccc-444444444444"
DISCOVERY = f"GET /{TENANT_ID}/v2.0/.well-known/openid-configuration"
TOKEN = f"POST /{TENANT_ID}/oauth2/v2.0/token"

ENDLESS = Lifetime(reason="It has no end.", is_endless=True)
Step = Response | Exception | t.Callable[[Request], Response]
Script = t.Iterable[Step] | t.Mapping[str, t.Any]


class FakeClock:
    """Time that only advances by sleeping."""

    def __init__(self, now: float = START, fraction: float = 1.0) -> None:
        self.seconds = now
        self.fraction = fraction
        self.slept: list[float] = []
        self.told: list[str] = []

    def now(self) -> float:
        return self.seconds

    def monotonic(self) -> float:
        return self.seconds - START

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.seconds += seconds

    def random(self) -> float:
        return self.fraction


class FakeTransport:
    """Respond by a script and keep the requests.

    A list is used up in order, regardless of the request. A mapping responds by ``METHOD /path``; of several steps the last one stays.
    """

    def __init__(self, script: Script = ()) -> None:
        self.sent: list[Request] = []
        self.closed = False
        self._by_target = False
        self._steps: t.Any
        if isinstance(script, collections.abc.Mapping):
            self._by_target, self._steps = True, {key: _steps(steps) for key, steps in script.items()}
        else:
            self._steps = list(script)

    def then(self, *steps: Step) -> None:
        """Add steps to a list."""
        self._steps.extend(steps)

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        step = self._next(request)
        if isinstance(step, Exception):
            raise step
        return step(request) if callable(step) else step

    def close(self) -> None:
        self.closed = True

    @property
    def targets(self) -> list[str]:
        return [request.target for request in self.sent]

    @property
    def writes(self) -> list[str]:
        return [request.target for request in self.sent if request.method != "GET"]

    def _next(self, request: Request) -> Step:
        if not self._by_target:
            assert self._steps, f"nothing more was to be sent, but: {request.target}"
            return t.cast(Step, self._steps.pop(0))
        assert request.target in self._steps, f"not in the script: {request.target}"
        steps = self._steps[request.target]
        return t.cast(Step, steps.pop(0) if len(steps) > 1 else steps[0])


class BatchTransport(FakeTransport):
    """Respond to each read of a batch like to a single request; ``batches`` has the number of reads in each."""

    def __init__(self, script: Script = ()) -> None:
        super().__init__(script)
        self.batches: list[int] = []

    def send(self, request: Request) -> Response:
        if not request.url.endswith("/$batch"):
            return super().send(request)
        items = json.loads(request.body or b"")["requests"]
        self.batches.append(len(items))
        base = request.url.removesuffix("/$batch")
        found = [super(BatchTransport, self).send(Request(item["method"], base + item["url"])) for item in items]
        responses = [
            {"id": item["id"], "status": response.status, "headers": dict(response.headers), "body": json.loads(response.body or b"null")}
            for item, response in zip(items, found, strict=True)
        ]
        dates = [response.headers["date"] for response in found if "date" in response.headers]
        return answer(200, {"responses": responses}, **({"date": dates[-1]} if dates else {}))


def _steps(steps: t.Any) -> list[Step]:
    return list(steps) if isinstance(steps, (list, tuple)) else [steps]


class FakeCredential:
    """Return ``token-1``, and a new number for each renewal. The token does not expire unless ``lasts`` sets a lifetime."""

    method = "fake"

    def __init__(self, claims: dict[str, t.Any] | None = None, lasts: Lifetime = ENDLESS) -> None:
        self.asked: list[tuple[str | None, bool]] = []
        self.number = 1
        self._claims = claims or {}
        self._lasts = lasts

    def token(self, *, claims: str | None = None, renew: bool = False) -> str:
        self.asked.append((claims, renew))
        self.number += renew
        return f"token-{self.number}"

    def identity(self) -> dict[str, t.Any]:
        return self._claims

    def lifetime(self) -> Lifetime:
        return self._lasts


class FakeWorkerPool:
    """A WorkerPool that returns work in the order of its start, on request; time passes only if no work is in progress."""

    def __init__(self, send: t.Callable[[Request], Response], width: int = 8) -> None:
        self.width = width
        self.started: list[tuple[t.Any, Request]] = []
        self._send = send

    @property
    def busy(self) -> int:
        return len(self.started)

    def start(self, key: t.Any, request: Request) -> None:
        assert self.busy < self.width
        self.started.append((key, request))

    def collect(self, _timeout: float) -> list[tuple[t.Any, Response | IntuneError]]:
        key, request = self.started.pop(0)
        try:
            return [(key, self._send(request))]
        except IntuneError as failure:
            return [(key, failure)]

    def close(self) -> None:
        self.started.clear()


@dataclasses.dataclass
class Tenant:
    """A Graph client, and a credential's context, over one scripted transport."""

    transport: FakeTransport
    clock: FakeClock
    credential: FakeCredential
    client: GraphClient
    context: CredentialContext


def tenant(
    script: Script | FakeTransport = (),
    *,
    clock: FakeClock | None = None,
    credential: FakeCredential | None = None,
    retry_timeout: float = 0.0,
    approval: ApprovalOptions | None = None,
) -> Tenant:
    # Some tests have their own transport.
    transport = t.cast(FakeTransport, script) if hasattr(script, "send") else FakeTransport(script)
    clock = clock or FakeClock()
    credential = credential or FakeCredential()
    sender = RetryingSender(transport, clock, retry_timeout)
    client = GraphClient(
        sender=sender,
        credential=credential,
        origin=GRAPH,
        clock=clock,
        worker_pool=FakeWorkerPool(transport.send),
        report_progress=clock.told.append,
    )
    client.approval = ApprovalHook(approval or ApprovalOptions(), client)
    return Tenant(transport, clock, credential, client, CredentialContext(CLOUD, sender, clock.now))


# --- responses ------------------------------------------------------------------------------------------------------


def answer(status: int = 200, body: t.Any = None, **headers: str) -> Response:
    """Return a response. ``body``: send bytes unchanged, all else as JSON. Headers: ``retry_after="1"`` is Retry-After."""
    content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(status, {"content-type": "application/json; charset=utf-8", **named}, content)


def page(*items: t.Any, next_link: str | None = None, **headers: str) -> Response:
    return answer(200, {"value": list(items), **({"@odata.nextLink": next_link} if next_link else {})}, **headers)


def error(status: int, code: str = "SomeCode", message: str = "A reason.", **headers: str) -> Response:
    inner = {"date": "2026-01-05T10:00:00", "request-id": "request-1", "client-request-id": "client-1"}
    return answer(status, {"error": {"code": code, "message": message, "innerError": inner}}, **headers)


def intune(status: int, message: str, http_headers: str = "{}", **headers: str) -> Response:
    """Return an error in Intune's format: its message is JSON within JSON, and HttpHeaders is JSON once more."""
    wrapped = {
        "_version": 3,
        "Message": f"{message} - Operation ID (for customer support): {CLIENT_ID} - Activity ID: 4c66 - Url: https://fef.test/x?api-version=1",
        "CustomApiErrorPhrase": "",
        "RetryAfter": None,
        "ErrorSourceService": "",
        "HttpHeaders": http_headers,
    }
    return error(status, "BadRequest", json.dumps(wrapped, indent=2), **headers)


def entra(*tokens: Step, discovery: Step | None = None) -> dict[str, t.Any]:
    """Return a script for Microsoft Entra: discovery and these responses of the token endpoint."""
    configuration = {
        "issuer": f"{LOGIN}/{TENANT_ID}/v2.0",
        "authorization_endpoint": f"{LOGIN}/{TENANT_ID}/oauth2/v2.0/authorize",
        "token_endpoint": f"{LOGIN}/{TENANT_ID}/oauth2/v2.0/token",
    }
    return {DISCOVERY: discovery or answer(200, configuration), TOKEN: list(tokens) or [bearer("entra-token")]}


def bearer(value: str, expires_in: int = 3600) -> Response:
    return answer(200, {"token_type": "Bearer", "access_token": value, "expires_in": expires_in})


# --- requests -------------------------------------------------------------------------------------------------------


def query_of(request: Request) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(request.url).query))


def form_of(request: Request) -> dict[str, str]:
    return dict(urllib.parse.parse_qsl((request.body or b"").decode()))


def body_of(request: Request) -> t.Any:
    return json.loads(request.body or b"null")


# --- options and tokens ---------------------------------------------------------------------------------------------


def options(**given: t.Any) -> dict[str, t.Any]:
    """Return the connection options with their defaults, and these."""
    defaults = {name: option.get("default") for name, option in CONNECTION.items()}
    return {**defaults, "retry_timeout": 0.0, **given}


def jwt(**claims: t.Any) -> str:
    """Return an unsigned token with these claims."""
    parts = [json.dumps({"alg": "none"}), json.dumps(claims), "signature"]
    return ".".join(base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in parts)
