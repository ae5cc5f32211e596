# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The emulated tenant behind a fake wire: no socket, no process, a clock that only advances by sleeping."""

from __future__ import annotations

import collections
import email.utils
import functools
import json
import typing as t
import urllib.parse
import uuid

from intune_emulator.application import GRAPH as EMULATED_GRAPH
from intune_emulator.control.seeds import make_tenant
from intune_emulator.entra.tokens import issue_token
from intune_emulator.http.message import GraphRequest
from intune_emulator.http.recording import open_entry
from intune_emulator.state.directory_store import DirectoryStore, Properties
from intune_emulator.state.keys import Keys

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from tests.support.fakes import GRAPH, FakeClock, FakeTransport, Step, Tenant, answer, error, tenant

STORES = ("service_principals", "deleted_items", "grants")
KEY = ("clientId", "resourceId", "consentType", "principalId")


class Died(BaseException):
    """The process ends here."""


class Interruption(t.NamedTuple):
    """An interruption of the write number ``number`` (from 0).

    ``kind``: dies, drop_before, drop_after, refused (500 before it was done), done (500 after it was done).
    """

    number: int
    kind: str


class Emulated(FakeTransport):
    """Respond like the emulated tenant, including its settings."""

    def __init__(self, seed: str, *, roles: list[str] | None = None, **settings: t.Any) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.tenant = make_tenant(GRAPH, seed, _keys())
        self.tenant.clock.freeze(True)
        self.tenant.settings.patch({"token_lifetime": 86400, **settings})
        self.token = issue_token(self.tenant, next(iter(self.tenant.applications.values())), roles=roles)
        self._slept = 0.0

    def world(self, **options: t.Any) -> Tenant:
        """Return a Graph client of this tenant; each represents a process of its own."""
        return tenant(self, clock=self.clock, **options)

    def catch_up(self) -> None:
        """Advance the tenant's time to ours."""
        self.tenant.clock.advance(sum(self.clock.slept) - self._slept)
        self._slept = sum(self.clock.slept)

    def ask(self, request: Request) -> Response:
        url = urllib.parse.urlsplit(request.url)
        _empty, version, path = url.path.split("/", 2)
        headers = {name.lower(): value for name, value in request.headers.items()}
        number = str(uuid.UUID(int=len(self.sent)))
        call = GraphRequest(
            tenant=self.tenant,
            method=request.method,
            version=version,
            path=urllib.parse.unquote("/" + path),
            query_string=url.query,
            query=urllib.parse.parse_qsl(url.query, keep_blank_values=True),
            headers={**headers, "authorization": f"Bearer {self.token}"},
            raw=request.body or b"",
            request_id=number,
            client_request_id=number,
        )
        call.entry = open_entry(call, kind="graph")
        reply = EMULATED_GRAPH.handle(call)
        content = b"" if reply.body is None else json.dumps(reply.body).encode()
        date = email.utils.format_datetime(self.tenant.clock.now(), usegmt=True)
        return Response(reply.status, {**reply.headers, "date": date}, content if reply.text is None else reply.text.encode())


class Live(Emulated):
    """Respond to every request as the tenant does."""

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        self.catch_up()
        path = urllib.parse.urlsplit(request.url).path
        if path.startswith("/exports/"):
            job = self.tenant.export_jobs.get(path.rpartition("/")[2].partition(".")[0].lower())
            return answer(200, job.content) if job else answer(404)
        return self.ask(request)


class Directory(Emulated):
    """Record applied writes in ``applied``.

    ``first``: responses that come, for ``METHOD /path``, before the tenant's own. ``replicas``: how many rounds late each server learns of
    a write; they respond in turn. A round begins with the read of the service principals. ``blind``: for so many rounds a grant for a new
    service principal gets 404 or 400 (setting grant_on_invisible), and is created anyway if grant_applied_on_invisible is set.
    """

    def __init__(self, *, replicas: tuple[int, ...] = (0,), blind: int = 0, roles: list[str] | None = None, **settings: t.Any) -> None:
        super().__init__("empty", roles=roles, quota=False, **settings)
        self.first: dict[str, list[Step]] = {}
        self.interruption: Interruption | None = None
        self.applied: list[str] = []
        self.round, self.made_in, self.asked = 0, 0, 0
        self._replicas, self._blind = replicas, blind
        self._history: list[tuple[int, dict[str, list[Properties]]]] = []

    # --- as a transport ---

    def send(self, request: Request) -> Response:
        if request.url.endswith("/$batch"):
            return self._send_each(request)
        self.sent.append(request)
        self.catch_up()
        steps = self.first.get(request.target)
        if steps:
            step = steps.pop(0)
            if isinstance(step, Exception):
                raise step
            return step(request) if callable(step) else step
        return self._read(request) if request.method == "GET" else self._write(request)

    def _send_each(self, batch: Request) -> Response:
        """Respond to the reads of a batch one by one, as to single requests, so that settings for one also apply here."""
        base = batch.url.removesuffix("/$batch")
        items = json.loads(batch.body or b"")["requests"]
        assert {item["method"] for item in items} == {"GET"}, "the consent's writes are never sent together"
        found = [self.send(Request("GET", base + item["url"], item.get("headers", {}), bearer=batch.bearer)) for item in items]
        responses = [
            {"id": item["id"], "status": each.status, "headers": dict(each.headers), "body": json.loads(each.body) if each.body else None}
            for item, each in zip(items, found, strict=True)
        ]
        return answer(200, {"responses": responses})

    def _read(self, request: Request) -> Response:
        self.round += urllib.parse.urlsplit(request.url).path == "/v1.0/servicePrincipals"
        late = self._replicas[self.round % len(self._replicas)]
        unknown = next((before for when, before in self._history if self.round - when <= late), None)
        return self.ask(request) if unknown is None else self._as_of(unknown, request)

    def _as_of(self, shown: t.Mapping[str, list[Properties]], request: Request) -> Response:
        real = {name: getattr(self.tenant, name) for name in STORES}
        for name in STORES:
            store = DirectoryStore(self.tenant)
            for properties in shown[name]:
                store.add_visible(properties)
            setattr(self.tenant, name, store)
        answer = self.ask(request)
        for name in STORES:
            setattr(self.tenant, name, real[name])
        return answer

    def _write(self, request: Request) -> Response:
        number, self.asked = self.asked, self.asked + 1
        kind = self.interruption.kind if self.interruption and self.interruption.number == number else None
        if kind == "dies":
            raise Died
        if kind == "drop_before":
            raise errors.LostResponseError("Lost.", target=request.target)
        if kind == "refused":
            return error(500)
        answer = self._applied(request)
        if kind == "drop_after":
            raise errors.LostResponseError("Lost.", target=request.target)
        return error(500) if kind == "done" else answer

    def _applied(self, request: Request) -> Response:
        blind = request.target == "POST /v1.0/oauth2PermissionGrants" and self.round - self.made_in <= self._blind
        if blind and not self.tenant.settings.grant_applied_on_invisible:
            return self._not_seen()
        before = self.truth()
        answer = self.ask(request)
        if answer.status < 300:
            self.applied.append(request.target)
            self._history.append((self.round, before))
            self.made_in = self.round if request.target.endswith(("/servicePrincipals", "/restore")) else self.made_in
        assert not [key for key, number in self._keys().items() if number > 1], "two grants of one key"
        return self._not_seen() if blind else answer

    def _not_seen(self) -> Response:
        text = "Resource 'x' does not exist or one of its queried reference-property objects are not present."
        if self.tenant.settings.grant_on_invisible == "404":
            return error(404, "Directory_ObjectNotFound", text)
        return error(400, "Request_BadRequest", text)

    # --- as a tenant ---

    def admin(self, method: str, path: str, body: t.Any = None) -> t.Any:
        """Make a call outside the collection, which takes effect at once regardless of the settings."""
        content = None if body is None else json.dumps(body).encode()
        settings = self.tenant.settings
        late, settings.visibility_reads = settings.visibility_reads, 0
        answer = self.ask(Request(method, f"{GRAPH}/v1.0{path}", {"Content-Type": "application/json"}, content))
        settings.visibility_reads = late
        assert answer.status < 300, answer.text
        return json.loads(answer.body) if answer.body else None

    def make(self, app_id: str, **properties: t.Any) -> str:
        made = self.admin("POST", "/servicePrincipals", {"appId": app_id, **properties})
        return str(made["id"])

    def grant(self, client: str, resource: str, scope: str, principal: str | None = None) -> str:
        """Grant a scope by application IDs."""
        kind = {"consentType": "Principal", "principalId": principal} if principal else {"consentType": "AllPrincipals"}
        body = {"clientId": self.id_of(client), "resourceId": self.id_of(resource), "scope": scope, **kind}
        return str(self.admin("POST", "/oauth2PermissionGrants", body)["id"])

    def id_of(self, app_id: str) -> str:
        return str(next(principal["id"] for principal in self.tenant.service_principals.all_written() if principal["appId"] == app_id))

    def truth(self) -> dict[str, list[Properties]]:
        return {name: [dict(properties) for properties in getattr(self.tenant, name).all_written()] for name in STORES}

    def outline(self) -> dict[str, t.Any]:
        """Return the present objects for a comparison, without IDs and dates."""
        truth = self.truth()
        # Applications that can sign in exist from the beginning.
        own = set(self.tenant.applications)
        truth["service_principals"] = [principal for principal in truth["service_principals"] if principal["appId"] not in own]
        every = [*truth["service_principals"], *truth["deleted_items"]]
        name = {principal["id"]: principal["appId"] for principal in every}
        return {
            "there": {principal["appId"]: principal["accountEnabled"] for principal in truth["service_principals"]},
            "deleted": sorted(principal["appId"] for principal in truth["deleted_items"]),
            "grants": sorted(
                (name[grant["clientId"]], name[grant["resourceId"]], grant["principalId"] or "", " ".join(sorted(grant["scope"].split())))
                for grant in truth["grants"]
            ),
        }

    def _keys(self) -> collections.Counter[tuple[t.Any, ...]]:
        return collections.Counter(tuple(grant[name] for name in KEY) for grant in self.tenant.grants.all_written())


@functools.cache
def _keys() -> Keys:
    return Keys()
