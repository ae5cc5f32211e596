# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of the emulated tenant behind a fake wire with planned faults, and the engine that resets it."""

from __future__ import annotations

import collections
import datetime
import typing as t
import urllib.parse

from intune_emulator.entra.tokens import issue_token

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import QUOTA
from ansible_collections.endpointops.intune.plugins.module_utils._graph import batch
from ansible_collections.endpointops.intune.plugins.module_utils._graph.batch_scheduler import BatchScheduler
from ansible_collections.endpointops.intune.plugins.module_utils._graph.rate_limit import Quota
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import model
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.device_lock import DeviceLocks
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.engine import ResetEngine
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.journal_file import Journal
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import DeviceReset
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.reset_state import EarlierReset, Rules
from tests.support.emulated import Died, Emulated
from tests.support.fakes import GRAPH, error

# Pages of a gateway in front of the service, which may come before the request or replace its response.
BLOCKED = {status: Response(status, {"content-type": "text/html"}, b"<html>Blocked by policy</html>") for status in (400, 403, 404, 499)}
# Possible failures of a request. Requests with a name ending in _done were processed anyway.
FAULTS: dict[str, Response | Exception | type[BaseException]] = {
    "not_sent": errors.NotSentError("No connection."),
    "lost": errors.LostResponseError("Lost."),
    "lost_done": errors.LostResponseError("Lost."),
    "throttled": error(429, "TooManyRequests", **{"retry-after": "3"}),
    "throttled_silently": error(429, "TooManyRequests"),
    "throttled_zero": error(429, "TooManyRequests", **{"retry-after": "0"}),
    "500": error(500),
    "500_done": error(500),
    "502_done": error(502),
    "503": error(503),
    "503_done": error(503),
    "503_later": error(503, **{"retry-after": "2"}),
    "504_done": error(504),
    "408_done": error(408),
    "html_done": Response(200, {"content-type": "text/html"}, b"<html>Sign in to the guest network</html>"),
    **{f"gateway_{status}{done}": BLOCKED[status] for status in BLOCKED for done in ("", "_done")},
    "proxy": Response(407, {"content-type": "text/html"}, b"<html>Proxy authentication required</html>"),
    "redirect": Response(302, {"location": "https://elsewhere.test/"}),
    "forbidden": error(403, "Forbidden"),
    "expired": error(401, "InvalidAuthenticationToken"),
    "dies": Died,
    "dies_done": Died,
}


class FleetWire(Emulated):
    """``plan`` returns the fault of a request, if any. Every request takes ``latency`` seconds."""

    def __init__(self, size: int, *, latency: float = 0.0, roles: list[str] | None = None, **settings: t.Any) -> None:
        super().__init__(f"fleet:{size}", roles=roles, **settings)
        # The service and this machine have the same time, unless a test sets another one.
        self.tenant.clock.set(datetime.datetime.fromtimestamp(self.clock.now(), datetime.timezone.utc))
        self.token = issue_token(self.tenant, next(iter(self.tenant.applications.values())), roles=roles)
        self.latency = latency
        self.plan: t.Callable[[Request], str | None] = lambda request: None
        self.ids = [device.id for device in self.tenant.devices]

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        self.catch_up()
        fault = self.plan(request)
        armed = None if request.url.endswith("$batch") else self._armed(request)
        found = armed or self.ask(request) if fault is None or fault.endswith("_done") else None
        if self.latency:
            self.clock.sleep(self.latency)
        if fault is None:
            return t.cast(Response, found)
        made = FAULTS[fault]
        if isinstance(made, Response):
            return made
        raise made() if isinstance(made, type) else made

    @property
    def resets(self) -> collections.Counter[str]:
        """Return the number of accepted resets of each device by the tenant's records."""
        return collections.Counter(action.device_id for action in self.tenant.actions.resets)

    def _armed(self, request: Request) -> Response | None:
        """Return a status fault of the emulator for a single request; it finds those for items of a batch itself."""
        version, path = batch.version_of(GRAPH, request), "/" + urllib.parse.urlsplit(request.url).path.split("/", 2)[2]
        fault = self.tenant.faults.hit(request.method, path, version)
        if fault is None:
            return None
        after = fault.details.get("retry_after")
        return error(fault.details["status"], **({} if after is None else {"retry-after": str(after)}))

    def fault(self, kind: str, path: str, *, method: str | None = "POST", times: int | None = 1, skip: int = 0, **details: t.Any) -> None:
        """Arm one of the emulator's own faults, which also hits an item of a batch."""
        match = {"path": path, **({"method": method} if method else {})}
        self.tenant.faults.arm({"match": match, "times": times, "skip": skip, "fault": {"kind": kind, **details}})

    def engine(
        self,
        ids: t.Iterable[str] | None = None,
        *,
        journal: Journal | None = None,
        earlier: t.Mapping[str, EarlierReset] | None = None,
        locks: DeviceLocks | None = None,
        quota: Quota = QUOTA,
        retry_timeout: float = 120.0,
        approval: t.Any = None,
        max_age: float = 900.0,
        **rules: t.Any,
    ) -> tuple[ResetEngine, list[DeviceReset]]:
        client = self.world(retry_timeout=retry_timeout, approval=approval).client
        items = [DeviceReset(device, [f"name of {device}"]) for device in (self.ids if ids is None else ids)]
        # The service's clock, which a task knows from its device lookup.
        client.observe_clock(self.ask(client.request("GET", "/deviceManagement/managedDevices", {"$top": "1", "$select": "id"})))
        now = client.service_now()
        given = {"wait_timeout": 60.0, "since": model.earliest_counted(now, None, max_age), **rules}
        keeper = journal if journal is not None else Journal(None, client.service_now)
        return ResetEngine(client, BatchScheduler(client, quota), items, Rules(**given), keeper, earlier, locks=locks), items

    def run(self, ids: t.Iterable[str] | None = None, **options: t.Any) -> tuple[ResetEngine, list[DeviceReset]]:
        engine, items = self.engine(ids, **options)
        engine.run()
        assert not [work for work in engine._queue.all if work.phase != "finished"]
        return engine, items
