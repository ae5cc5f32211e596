# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The control API under /_emulator/: not part of any Microsoft service, no authentication, JSON."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..entra import access_pass_policy, consents, registrations
from ..entra.directory_rights import ROLES
from ..entra.tokens import issue_token
from ..http.errors import GraphError
from ..intune import policy_states
from ..state.approval_requests import ApprovalRequest
from ..state.clock import iso_fractional, parse_iso
from ..state.device_actions import Simulation
from ..state.device_properties import ALIASES, BETA_DEFAULTS
from ..state.devices import Device
from ..state.guids import stable_id
from ..state.journal import redact
from ..state.tenant import Tenant
from . import policies, presets, script_results
from .readiness import describe_process
from .seed_names import check_name
from .seeds import add_device, add_user, change_user, reset

SIMULATION = frozenset(Simulation.__dataclass_fields__)
Handler = Callable[[Request, Any], Any]


class ControlApi:
    """Handlers get the request and its JSON, and return the JSON of the response.

    `refuse_connections` and `accept_connections` close and open the port of the tenant.
    """

    def __init__(
        self,
        tenant: Tenant,
        refuse_connections: Callable[[float], None] | None = None,
        accept_connections: Callable[[], None] | None = None,
    ) -> None:
        self._tenant = tenant
        self._refuse_connections = refuse_connections or (lambda seconds: None)
        self._accept_connections = accept_connections or (lambda: None)

    def application(self) -> Starlette:
        """Return the ASGI application."""
        table: tuple[tuple[str, str, Handler], ...] = (
            ("/_emulator/health", "GET", self._health),
            ("/_emulator/reset", "POST", self._reset),
            ("/_emulator/clock", "GET", self._clock),
            ("/_emulator/clock", "POST", self._set_clock),
            ("/_emulator/journal", "GET", self._journal),
            ("/_emulator/journal", "DELETE", self._clear_journal),
            ("/_emulator/counts", "GET", self._counts),
            ("/_emulator/runs", "GET", self._runs),
            ("/_emulator/usage", "POST", self._charge_quota),
            ("/_emulator/faults", "GET", self._faults),
            ("/_emulator/faults", "POST", self._arm),
            ("/_emulator/faults", "DELETE", self._disarm),
            ("/_emulator/presets", "GET", self._presets),
            ("/_emulator/presets", "POST", self._apply_preset),
            ("/_emulator/settings", "GET", self._settings),
            ("/_emulator/settings", "PATCH", self._change_settings),
            ("/_emulator/devices", "GET", self._devices),
            ("/_emulator/devices", "POST", self._add_device),
            ("/_emulator/devices/{id}", "GET", self._device),
            ("/_emulator/devices/{id}", "PATCH", self._change_device),
            ("/_emulator/users", "GET", self._users),
            ("/_emulator/users", "POST", self._add_user),
            ("/_emulator/users/{id}", "PATCH", self._change_user),
            ("/_emulator/access_pass_policy", "PATCH", self._change_access_pass_policy),
            ("/_emulator/access_passes", "GET", self._access_passes),
            ("/_emulator/access_passes/{id}", "PATCH", self._use_access_pass),
            ("/_emulator/policies", "GET", self._policies),
            ("/_emulator/policies", "POST", self._add_policy),
            ("/_emulator/apps", "POST", self._add_app),
            ("/_emulator/consents", "POST", self._consent),
            ("/_emulator/tokens", "POST", self._add_token),
            ("/_emulator/secrets", "GET", self._secrets),
            ("/_emulator/resets", "GET", self._resets),
            ("/_emulator/policy_states", "POST", self._set_policy_states),
            ("/_emulator/script_results", "GET", self._script_results),
            ("/_emulator/script_results", "POST", self._set_script_results),
            ("/_emulator/approvals", "GET", self._approvals),
            ("/_emulator/approvals/{code}", "POST", self._decide),
        )
        return Starlette(routes=[Route(path, _endpoint(handler), methods=[method]) for path, method, handler in table])

    def _health(self, _request: Request, _body: Any) -> dict[str, Any]:
        tenant = self._tenant
        return {
            "status": "ok",
            "seed": tenant.seed,
            "devices": len(tenant.devices),
            "origin": tenant.origin,
            "tenant_id": tenant.tenant_id,
            **describe_process(),
        }

    def _reset(self, _request: Request, body: Any) -> dict[str, Any]:
        _check_fields(body, {"seed", "now", "frozen", "preset"})
        seed = check_name(str(body.get("seed", self._tenant.seed)))
        start = parse_iso(body["now"]) if body.get("now") is not None else None
        frozen = None if body.get("frozen") is None else _check_flag(body, "frozen")
        self._accept_connections()
        reset(self._tenant, seed, start, frozen, body.get("preset"))
        return {"seed": seed, "devices": len(self._tenant.devices)}

    def _clock(self, _request: Request, _body: Any) -> dict[str, Any]:
        clock = self._tenant.clock
        return {"now": iso_fractional(clock.now()), "timestamp": clock.timestamp(), "frozen": clock.frozen, "rate": clock.rate}

    def _set_clock(self, request: Request, body: Any) -> dict[str, Any]:
        _check_fields(body, {"advance", "now", "frozen", "rate"})
        if "frozen" in body:
            self._tenant.clock.freeze(_check_flag(body, "frozen"))
        if "rate" in body:
            self._tenant.clock.speed_up(float(body["rate"]))
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

    def _runs(self, request: Request, _body: Any) -> list[dict[str, Any]]:
        return self._tenant.journal.runs(int(request.query_params.get("since", "0")))

    def _charge_quota(self, _request: Request, body: Any) -> dict[str, Any]:
        return self._tenant.quota.charge_others(body)

    def _faults(self, _request: Request, _body: Any) -> list[dict[str, Any]]:
        return self._tenant.faults.list()

    def _arm(self, _request: Request, body: Any) -> dict[str, Any]:
        fault = self._tenant.faults.arm(body)
        if fault.kind == "refuse_connection" and not (fault.method or fault.path or fault.version):
            fault.hits, fault.times = 1, 1
            self._refuse_connections(float(fault.details.get("seconds", 2)))
        return fault.as_dict()

    def _disarm(self, _request: Request, _body: Any) -> dict[str, Any]:
        self._tenant.faults.clear()
        self._accept_connections()
        return {}

    def _presets(self, _request: Request, _body: Any) -> list[dict[str, Any]]:
        return presets.list_presets(self._tenant)

    def _apply_preset(self, _request: Request, body: Any) -> dict[str, Any]:
        _check_fields(body, {"name"})
        presets.apply_preset(self._tenant, body.get("name"))
        return {"settings": self._tenant.settings.as_dict(), "faults": self._tenant.faults.list()}

    def _settings(self, _request: Request, _body: Any) -> dict[str, Any]:
        return self._tenant.settings.as_dict()

    def _change_settings(self, _request: Request, body: Any) -> dict[str, Any]:
        self._tenant.settings.patch(body)
        return self._tenant.settings.as_dict()

    def _devices(self, _request: Request, _body: Any) -> list[dict[str, Any]]:
        return [_render_device(device) for device in self._tenant.devices]

    def _find(self, request: Request) -> Device:
        device = self._tenant.devices.find(request.path_params["id"])
        if device is None:
            raise ValueError(f"no device {request.path_params['id']}")
        return device

    def _device(self, request: Request, _body: Any) -> dict[str, Any]:
        return _render_device(self._find(request))

    def _change_device(self, request: Request, body: Any) -> dict[str, Any]:
        device = self._find(request)
        body = dict(body)
        check_in = bool(body.pop("check_in", False))
        properties, simulation = _split(body)
        device.simulation.patch(simulation)
        device.record_connection(self._tenant.clock.now())
        device.own.update({ALIASES.get(name, name): value for name, value in properties.items()})
        self._tenant.devices.forget_results()
        if check_in:
            device.check_in(self._tenant.clock.now())
        return _render_device(device)

    def _add_device(self, _request: Request, body: Any) -> dict[str, Any]:
        body = dict(body)
        enrolls_after = body.pop("enrolls_after", None)
        return _render_device(add_device(self._tenant, *_split(body), enrolls_after=enrolls_after))

    def _users(self, _request: Request, _body: Any) -> list[dict[str, Any]]:
        return [{**user, "roles": self._tenant.directory_roles.get(user["id"], [])} for user in self._tenant.users.values()]

    def _add_user(self, _request: Request, body: Any) -> dict[str, Any]:
        name = str(body.pop("name"))
        add_user(self._tenant, name)
        roles = body.pop("roles", None)
        return change_user(self._tenant, stable_id("user", name), body, roles)

    def _change_user(self, request: Request, body: Any) -> dict[str, Any]:
        roles = body.pop("roles", None)
        return change_user(self._tenant, request.path_params["id"], body, roles)

    def _change_access_pass_policy(self, _request: Request, body: Any) -> dict[str, Any]:
        try:
            access_pass_policy.change(self._tenant, body)
        except GraphError as error:
            raise ValueError(error.message) from None
        return self._tenant.access_pass_policy

    def _access_passes(self, _request: Request, _body: Any) -> dict[str, list[str]]:
        return self._tenant.created_access_passes

    def _use_access_pass(self, request: Request, body: Any) -> dict[str, Any]:
        self._tenant.access_passes[request.path_params["id"]].is_used = bool(body["used"])
        return {}

    def _policies(self, _request: Request, _body: Any) -> list[dict[str, Any]]:
        return policies.list_all(self._tenant)

    def _add_policy(self, _request: Request, body: Any) -> dict[str, Any]:
        return policies.add_policy(self._tenant, body)

    def _add_app(self, _request: Request, body: Any) -> dict[str, Any]:
        app, secret = self._tenant.add_application(
            body.get("roles"), float(body.get("secret_valid_days", 365)), bool(body.get("federated"))
        )
        registrations.add_visible(self._tenant, app)
        return {"client_id": app.client_id, "client_secret": secret, "object_id": app.object_id}

    def _consent(self, _request: Request, body: Any) -> dict[str, Any]:
        return {"granted": consents.consent(self._tenant, str(body.get("client_id", "")).lower())}

    def _add_token(self, _request: Request, body: Any) -> dict[str, Any]:
        app = self._tenant.applications.get(str(body.get("client_id") or self._tenant.client_id).lower())
        if app is None:
            raise ValueError("unknown client_id")
        directory_roles = tuple(body.get("directory_roles", ("Global Administrator",)))
        if unknown := set(directory_roles) - set(ROLES):
            raise ValueError(f"unknown directory roles {sorted(unknown)}: {', '.join(ROLES)}")
        token = issue_token(
            self._tenant,
            app,
            audience=body.get("audience"),
            roles=body.get("roles"),
            lifetime=body.get("expires_in"),
            person=bool(body.get("person")),
            directory_roles=directory_roles,
            user=body.get("user"),
        )
        return {"access_token": token}

    def _secrets(self, _request: Request, _body: Any) -> list[str]:
        return sorted(self._tenant.secrets)

    def _resets(self, _request: Request, _body: Any) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for action in self._tenant.actions.resets:
            found.setdefault(action.device_id, []).append(iso_fractional(action.requested))
        return found

    def _set_policy_states(self, _request: Request, body: Any) -> dict[str, Any]:
        return policy_states.set_states(self._tenant, body)

    def _script_results(self, _request: Request, _body: Any) -> dict[str, Any]:
        return script_results.list_results(self._tenant)

    def _set_script_results(self, _request: Request, body: Any) -> dict[str, Any]:
        return script_results.set_results(self._tenant, body)

    def _approvals(self, _request: Request, _body: Any) -> list[dict[str, Any]]:
        return [_render_approval(item, self._tenant) for item in self._tenant.approvals.values()]

    def _decide(self, request: Request, body: Any) -> dict[str, Any]:
        _check_fields(body, {"decision", "justification"})
        item = self._tenant.approvals.get(request.path_params["code"].lower())
        if item is None:
            raise ValueError(f"no approval request {request.path_params['code']}")
        item.decide(str(body.get("decision")), body.get("justification"), self._tenant.clock.now())
        return _render_approval(item, self._tenant)


def _check_fields(body: dict[str, Any], known: set[str]) -> None:
    unknown = set(body) - known
    if unknown:
        raise ValueError(f"unknown fields: {sorted(unknown)}; known: {sorted(known)}")


def _check_flag(body: dict[str, Any], name: str) -> bool:
    value = body[name]
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false")
    return value


def _split(body: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return (managedDevice properties, simulation fields)."""
    simulation = {name: body.pop(name) for name in list(body) if name in SIMULATION}
    for name in body:
        if name not in BETA_DEFAULTS or name == "deviceActionResults":
            raise ValueError(f"unknown property '{name}'")
    return body, simulation


def _render_device(device: Device) -> dict[str, Any]:
    return {**device.own, **{name: getattr(device.simulation, name) for name in sorted(SIMULATION)}}


def _render_approval(item: ApprovalRequest, tenant: Tenant) -> dict[str, Any]:
    """Render a filed request without secrets."""
    version, _separator, path = item.url.lstrip("/").partition("/")
    return {
        "code": item.code,
        "id": item.id,
        "status": item.status(tenant.clock.now()),
        "method": item.method,
        "version": version,
        "path": f"/{path}",
        "justification": item.justification,
        "body": redact(item.body),
    }


def _endpoint(handler: Handler) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> JSONResponse:
        raw = await request.body()
        try:
            body = json.loads(raw) if raw else {}
            return JSONResponse(handler(request, body))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return endpoint
