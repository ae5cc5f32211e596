# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The control API under /_emulator/: not part of any Microsoft service, no authentication, JSON."""

from __future__ import annotations

from collections.abc import Callable
from inspect import isawaitable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from ..entra import access_pass_policy, consents
from ..entra.directory_rights import ROLES
from ..entra.tokens import issue_token
from ..http.errors import GraphError
from ..http.json_text import parse_json
from ..intune import policy_states
from ..state.approval_requests import ApprovalRequest
from ..state.clock import iso_fractional, parse_iso, parse_start
from ..state.devices import Device
from ..state.journal import redact
from ..state.tenant import Tenant
from . import policies, presets, script_results
from .overview import Overview
from .planted_devices import change_device, plant_device, render_device
from .planted_directory import change_user, check_fields, plant_application, plant_group, plant_user, read_texts
from .readiness import describe_process
from .seed_file import SeedFile, parse_seed
from .seed_names import FILE, check_name, is_file
from .seeds import check_file, reset

Handler = Callable[[Request, Any], Any]


class ControlApi:
    """Handlers take the request and its JSON, and return the JSON of the response or a coroutine that does.

    `refuse_connections` and `accept_connections` close and open the port of the tenant. `seed_file`: the file of the seed "file".
    """

    def __init__(
        self,
        tenant: Tenant,
        refuse_connections: Callable[[float], None] | None = None,
        accept_connections: Callable[[], None] | None = None,
        seed_file: SeedFile | None = None,
    ) -> None:
        self._tenant, self._seed_file = tenant, seed_file
        self._overview = Overview(tenant)
        self._refuse_connections = refuse_connections or (lambda seconds: None)
        self._accept_connections = accept_connections or (lambda: None)

    def application(self) -> Starlette:
        """Return the ASGI application."""
        table: tuple[tuple[str, str, Handler], ...] = (
            ("/_emulator/health", "GET", self._health),
            ("/_emulator/overview", "GET", self._show_overview),
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
            ("/_emulator/groups", "POST", self._add_group),
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

    async def _show_overview(self, request: Request, _body: Any) -> dict[str, Any]:
        return await self._overview.render(request.query_params.get("search", ""))

    def _reset(self, _request: Request, body: Any) -> dict[str, Any]:
        check_fields(body, {"seed", "seed_text", "seed_name", "now", "frozen", "preset"})
        seed = self._read_seed(body)
        start = parse_start(body["now"]) if body.get("now") is not None else None
        frozen = None if body.get("frozen") is None else _check_flag(body, "frozen")
        self._accept_connections()
        reset(self._tenant, seed, start, frozen, body.get("preset"))
        if isinstance(seed, SeedFile):
            self._seed_file = seed
        return {"seed": self._tenant.seed, "devices": len(self._tenant.devices)}

    def _read_seed(self, body: dict[str, Any]) -> str | SeedFile:
        """Return the seed of a body: a name, the text of a file, or "file" for the last file. Try a text before returning it."""
        if "seed_text" in body:
            if "seed" in body or not isinstance(body["seed_text"], str):
                raise ValueError("seed_text must be the text of a seed file, and takes the place of seed")
            file = parse_seed(body["seed_text"], str(body.get("seed_name", FILE)))
            check_file(file, self._tenant.keys)
            return file
        seed = body.get("seed", self._tenant.seed)
        if seed == FILE and self._seed_file is not None:
            return self._seed_file
        if isinstance(seed, str) and is_file(seed):
            raise ValueError(f"seed must be a name, not '{seed}': the text of a file belongs in seed_text")
        return check_name(seed)

    def _clock(self, _request: Request, _body: Any) -> dict[str, Any]:
        clock = self._tenant.clock
        return {"now": iso_fractional(clock.now()), "timestamp": clock.timestamp(), "frozen": clock.frozen, "rate": clock.rate}

    def _set_clock(self, request: Request, body: Any) -> dict[str, Any]:
        check_fields(body, {"advance", "now", "frozen", "rate"})
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
        check_fields(body, {"name"})
        presets.apply_preset(self._tenant, body.get("name"))
        return {"settings": self._tenant.settings.as_dict(), "faults": self._tenant.faults.list()}

    def _settings(self, _request: Request, _body: Any) -> dict[str, Any]:
        return self._tenant.settings.as_dict()

    def _change_settings(self, _request: Request, body: Any) -> dict[str, Any]:
        self._tenant.settings.patch(body)
        return self._tenant.settings.as_dict()

    def _devices(self, _request: Request, _body: Any) -> list[dict[str, Any]]:
        return [render_device(device) for device in self._tenant.devices]

    def _find(self, request: Request) -> Device:
        device = self._tenant.devices.find(request.path_params["id"])
        if device is None:
            raise ValueError(f"no device {request.path_params['id']}")
        return device

    def _device(self, request: Request, _body: Any) -> dict[str, Any]:
        return render_device(self._find(request))

    def _change_device(self, request: Request, body: Any) -> dict[str, Any]:
        device = self._find(request)
        change_device(self._tenant, device, body)
        return render_device(device)

    def _add_device(self, _request: Request, body: Any) -> dict[str, Any]:
        return render_device(plant_device(self._tenant, body))

    def _users(self, _request: Request, _body: Any) -> list[dict[str, Any]]:
        return [{**user, "roles": self._tenant.directory_roles.get(user["id"], [])} for user in self._tenant.users.values()]

    def _add_user(self, _request: Request, body: Any) -> dict[str, Any]:
        return plant_user(self._tenant, body)

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
        return plant_application(self._tenant, body)

    def _add_group(self, _request: Request, body: Any) -> dict[str, Any]:
        return plant_group(self._tenant, body)

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
            roles=read_texts("roles", body.get("roles")),
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
        check_fields(body, {"decision", "justification"})
        item = self._tenant.approvals.get(request.path_params["code"].lower())
        if item is None:
            raise ValueError(f"no approval request {request.path_params['code']}")
        item.decide(str(body.get("decision")), body.get("justification"), self._tenant.clock.now())
        return _render_approval(item, self._tenant)


def _check_flag(body: dict[str, Any], name: str) -> bool:
    value = body[name]
    if not isinstance(value, bool):
        raise ValueError(f"{name} must be true or false")
    return value


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
            body = parse_json(raw) if raw else {}
            result = handler(request, body)
            return JSONResponse(await result if isawaitable(result) else result)
        except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            return JSONResponse({"error": str(error)}, status_code=400)

    return endpoint
