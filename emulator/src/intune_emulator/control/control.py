# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The control API under /_emulator/: not part of any Microsoft service, no authentication, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..entra.tokens import mint
from ..intune import policy_states
from ..intune.approval_requests import control_view
from ..intune.device_model import ALIASES, BETA_DEFAULTS
from ..intune.devices_store import Device
from ..intune.lifecycle import Simulation
from . import planting
from .clock import iso_fractional, parse_iso
from .seeds import add_device, check_name
from .tenant import Tenant

SIMULATION = frozenset(Simulation.__dataclass_fields__)
Work = Callable[[Request, Any], Any]


class Control:
    """Handlers get the request and its JSON; what they return is the JSON of the answer."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self.refuse: Callable[[float], None] = lambda seconds: None
        self.admit: Callable[[], None] = lambda: None

    def application(self) -> Starlette:
        """The ASGI app."""
        table: tuple[tuple[str, str, Work], ...] = (
            ("/_emulator/health", "GET", self._health),
            ("/_emulator/reset", "POST", self._reset),
            ("/_emulator/clock", "GET", self._clock),
            ("/_emulator/clock", "POST", self._set_clock),
            ("/_emulator/journal", "GET", self._journal),
            ("/_emulator/journal", "DELETE", self._clear_journal),
            ("/_emulator/counts", "GET", self._counts),
            ("/_emulator/usage", "POST", self._use),
            ("/_emulator/faults", "GET", self._faults),
            ("/_emulator/faults", "POST", self._arm),
            ("/_emulator/faults", "DELETE", self._disarm),
            ("/_emulator/settings", "GET", self._settings),
            ("/_emulator/settings", "PATCH", self._change_settings),
            ("/_emulator/devices", "GET", self._devices),
            ("/_emulator/devices", "POST", self._add_device),
            ("/_emulator/devices/{id}", "GET", self._device),
            ("/_emulator/devices/{id}", "PATCH", self._change_device),
            ("/_emulator/policies", "GET", self._policies),
            ("/_emulator/policies", "POST", self._plant_policy),
            ("/_emulator/apps", "POST", self._add_app),
            ("/_emulator/tokens", "POST", self._add_token),
            ("/_emulator/secrets", "GET", self._secrets),
            ("/_emulator/resets", "GET", self._resets),
            ("/_emulator/policy_states", "POST", self._plant_states),
            ("/_emulator/approvals", "GET", self._approvals),
            ("/_emulator/approvals/{code}", "POST", self._decide),
        )
        return Starlette(routes=[Route(path, _endpoint(work), methods=[method]) for path, method, work in table])

    def _health(self, _request: Request, _body: Any) -> dict[str, Any]:
        tenant = self._tenant
        return {"status": "ok", "seed": tenant.seed, "devices": len(tenant.devices), "origin": tenant.origin, "tenant_id": tenant.tenant_id}

    def _reset(self, _request: Request, body: Any) -> dict[str, Any]:
        seed = check_name(str(body.get("seed", self._tenant.seed)))
        self.admit()
        self._tenant.reset(seed)
        return {"seed": seed, "devices": len(self._tenant.devices)}

    def _clock(self, _request: Request, _body: Any) -> dict[str, Any]:
        clock = self._tenant.clock
        return {"now": iso_fractional(clock.now()), "timestamp": clock.timestamp(), "frozen": clock.frozen}

    def _set_clock(self, request: Request, body: Any) -> dict[str, Any]:
        unknown = set(body) - {"advance", "now", "frozen"}
        if unknown:
            raise ValueError(f"unknown fields: {sorted(unknown)}")
        if "frozen" in body:
            self._tenant.clock.freeze(bool(body["frozen"]))
        if "now" in body:
            self._tenant.clock.set(parse_iso(body["now"]))
        if "advance" in body:
            self._tenant.clock.advance(float(body["advance"]))
        return self._clock(request, body)

    def _journal(self, request: Request, _body: Any) -> dict[str, Any]:
        journal = self._tenant.journal
        return {"last": journal.last, "entries": journal.since(int(request.query_params.get("since", "0")))}

    def _clear_journal(self, _request: Request, _body: Any) -> dict[str, Any]:
        self._tenant.journal.clear()
        return {"last": self._tenant.journal.last}

    def _counts(self, request: Request, _body: Any) -> dict[str, int]:
        return self._tenant.journal.counts(int(request.query_params.get("since", "0")))

    def _use(self, _request: Request, body: Any) -> dict[str, Any]:
        return self._tenant.quota.use(body)

    def _faults(self, _request: Request, _body: Any) -> list[dict[str, Any]]:
        return self._tenant.faults.list()

    def _arm(self, _request: Request, body: Any) -> dict[str, Any]:
        fault = self._tenant.faults.arm(body)
        if fault.kind == "refuse_connection" and not (fault.method or fault.path or fault.version):
            fault.hits, fault.times = 1, 1
            self.refuse(float(fault.details.get("seconds", 2)))
        return fault.as_dict()

    def _disarm(self, _request: Request, _body: Any) -> dict[str, Any]:
        self._tenant.faults.clear()
        self.admit()
        return {}

    def _settings(self, _request: Request, _body: Any) -> dict[str, Any]:
        return self._tenant.settings.as_dict()

    def _change_settings(self, _request: Request, body: Any) -> dict[str, Any]:
        self._tenant.settings.patch(body)
        return self._tenant.settings.as_dict()

    def _devices(self, _request: Request, _body: Any) -> list[dict[str, Any]]:
        return [_show(device) for device in self._tenant.devices]

    def _find(self, request: Request) -> Device:
        device = self._tenant.devices.get(request.path_params["id"])
        if device is None:
            raise ValueError(f"no device {request.path_params['id']}")
        return device

    def _device(self, request: Request, _body: Any) -> dict[str, Any]:
        return _show(self._find(request))

    def _change_device(self, request: Request, body: Any) -> dict[str, Any]:
        device = self._find(request)
        body = dict(body)
        check_in = bool(body.pop("check_in", False))
        properties, simulation = _split(body)
        device.simulation.patch(simulation)
        device.own.update({ALIASES.get(name, name): value for name, value in properties.items()})
        self._tenant.devices.changed()
        if check_in:
            device.check_in(self._tenant.clock.now())
        return _show(device)

    def _add_device(self, _request: Request, body: Any) -> dict[str, Any]:
        return _show(add_device(self._tenant, *_split(dict(body))))

    def _policies(self, _request: Request, _body: Any) -> list[dict[str, Any]]:
        return planting.list_all(self._tenant)

    def _plant_policy(self, _request: Request, body: Any) -> dict[str, Any]:
        return planting.plant(self._tenant, body)

    def _add_app(self, _request: Request, body: Any) -> dict[str, Any]:
        app, secret = self._tenant.add_application(
            body.get("roles"), float(body.get("secret_valid_days", 365)), bool(body.get("federated"))
        )
        return {"client_id": app.client_id, "client_secret": secret, "object_id": app.object_id}

    def _add_token(self, _request: Request, body: Any) -> dict[str, Any]:
        app = self._tenant.applications.get(str(body.get("client_id") or self._tenant.client_id).lower())
        if app is None:
            raise ValueError("unknown client_id")
        token = mint(self._tenant, app, audience=body.get("audience"), roles=body.get("roles"), lifetime=body.get("expires_in"))
        return {"access_token": token}

    def _secrets(self, _request: Request, _body: Any) -> list[str]:
        return sorted(self._tenant.secrets)

    def _resets(self, _request: Request, _body: Any) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for action in self._tenant.actions.resets:
            found.setdefault(action.device_id, []).append(iso_fractional(action.requested))
        return found

    def _plant_states(self, _request: Request, body: Any) -> dict[str, Any]:
        return policy_states.plant(self._tenant, body)

    def _approvals(self, _request: Request, _body: Any) -> list[dict[str, Any]]:
        return [control_view(item, self._tenant) for item in self._tenant.approvals.values()]

    def _decide(self, request: Request, body: Any) -> dict[str, Any]:
        unknown = set(body) - {"decision", "justification"}
        if unknown:
            raise ValueError(f"unknown fields: {sorted(unknown)}")
        item = self._tenant.approvals.get(request.path_params["code"].lower())
        if item is None:
            raise ValueError(f"no approval request {request.path_params['code']}")
        item.decide(str(body.get("decision")), body.get("justification"), self._tenant.clock.now())
        return control_view(item, self._tenant)


def _split(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """(managedDevice properties, simulation fields)."""
    simulation = {name: body.pop(name) for name in list(body) if name in SIMULATION}
    for name in body:
        if name not in BETA_DEFAULTS or name == "deviceActionResults":
            raise ValueError(f"unknown property '{name}'")
    return body, simulation


def _show(device: Device) -> dict[str, Any]:
    return {**device.own, **{name: getattr(device.simulation, name) for name in sorted(SIMULATION)}}


def _endpoint(work: Work) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> JSONResponse:
        raw = await request.body()
        try:
            body = json.loads(raw) if raw else {}
            return JSONResponse(work(request, body))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return endpoint
