# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A stand-in for AWX's REST API: what the modules of awx.awx call to configure a controller, and no more.

It keeps what it is sent, and refuses fields that it does not know, references to what is not there, credential types and surveys that AWX
would refuse, and prompts of a workflow's node that its job template does not ask for. Secrets are not in its answers.
"""

from __future__ import annotations

import dataclasses
import http.server
import itertools
import json
import pathlib
import threading
import typing as t
import urllib.parse

from . import awx

Item = dict[str, t.Any]
API = "/api/v2/"
TOKEN = "token-of-the-stand-in"

NAMED = {"name", "description"}
# Which fields each kind of resource has, and to which kind a reference among them leads.
FIELDS: dict[str, set[str]] = {
    "organizations": NAMED,
    "credential_types": NAMED | {"kind", "inputs", "injectors", "managed"},
    "credentials": NAMED | {"credential_type", "organization", "inputs"},
    "execution_environments": NAMED | {"image", "organization", "pull", "credential"},
    "projects": NAMED | {"organization", "scm_type", "scm_url", "scm_branch", "credential", "default_environment"},
    "inventories": NAMED | {"organization", "kind", "host_filter"},
    "inventory_sources": NAMED
    | {"inventory", "source", "source_project", "source_path", "credential", "execution_environment"}
    | {"overwrite", "overwrite_vars", "update_on_launch", "update_cache_timeout"},
    "job_templates": NAMED
    | {"organization", "project", "playbook", "inventory", "execution_environment", "job_type", "diff_mode"}
    | {"ask_job_type_on_launch", "ask_variables_on_launch", "extra_vars", "survey_enabled", "allow_simultaneous"},
    "workflow_job_templates": NAMED | {"organization", "ask_variables_on_launch", "survey_enabled", "allow_simultaneous"},
    "workflow_job_template_nodes": {"identifier", "workflow_job_template", "unified_job_template", "job_type"},
    "workflow_approval_templates": NAMED,
}
REFERENCES = {
    "credential_type": "credential_types",
    "organization": "organizations",
    "credential": "credentials",
    "default_environment": "execution_environments",
    "execution_environment": "execution_environments",
    "project": "projects",
    "source_project": "projects",
    "inventory": "inventories",
    "workflow_job_template": "workflow_job_templates",
}
# The API leaves it empty rather than null.
EMPTY = {"kind": ""}
LAUNCHED = ("job_templates", "workflow_job_templates", "workflow_approval_templates")


class Refused(Exception):
    """An answer of 400, with what AWX would say."""


@dataclasses.dataclass
class Store:
    """All resources, by kind and number. Numbers are unique over all kinds."""

    repository: pathlib.Path
    items: dict[str, dict[int, Item]] = dataclasses.field(default_factory=lambda: {kind: {} for kind in FIELDS})
    surveys: dict[int, Item] = dataclasses.field(default_factory=dict)
    linked: dict[tuple[int, str], list[int]] = dataclasses.field(default_factory=dict)
    writes: list[str] = dataclasses.field(default_factory=list)
    _numbers: t.Iterator[int] = dataclasses.field(default_factory=lambda: itertools.count(1))

    def create(self, kind: str, body: Item) -> Item:
        self._check(kind, {}, body)
        item = {**EMPTY_FIELDS[kind], **{name: EMPTY.get(name) if value is None else value for name, value in body.items()}}
        item["id"] = next(self._numbers)
        self.items[kind][item["id"]] = item
        return item

    def change(self, kind: str, number: int, body: Item) -> Item:
        item = self.items[kind][number]
        self._check(kind, item, body)
        item.update({name: EMPTY.get(name) if value is None else value for name, value in body.items()})
        return item

    def shown(self, kind: str, item: Item) -> Item:
        url = f"{API}{kind}/{item['id']}/"
        shown = {**item, "type": kind.removesuffix("s"), "url": url, "related": {"survey_spec": f"{url}survey_spec/"}, "summary_fields": {}}
        if kind == "credentials":
            shown["inputs"] = self._masked(item)
        if kind == "projects":
            shown["scm_revision"] = ""
        if kind == "workflow_job_template_nodes":
            target = item.get("unified_job_template")
            found = next((of for of in LAUNCHED if target in self.items[of]), None)
            shown["related"] = {"unified_job_template": f"{API}{found}/{target}/" if found else None}
        return shown

    def _masked(self, item: Item) -> Item:
        fields = self.items["credential_types"][item["credential_type"]]["inputs"]["fields"]
        secret = {field["id"] for field in fields if field.get("secret")}
        return {name: "$encrypted$" if name in secret else value for name, value in item["inputs"].items()}

    def find(self, kind: str, query: t.Mapping[str, str]) -> list[Item]:
        if kind == "unified_job_templates":
            return [item for one in LAUNCHED if set(query) <= FIELDS[one] for item in self.find(one, query)]
        unknown = set(query) - FIELDS[kind] - {"id"}
        if unknown:
            raise Refused(f"{kind} cannot be searched by {unknown}")
        found = [item for item in self.items[kind].values() if all(str(item.get(name)) == value for name, value in query.items())]
        return [self.shown(kind, item) for item in found]

    def _check(self, kind: str, item: Item, body: Item) -> None:
        unknown = set(body) - FIELDS[kind] - ({"type"} if kind == "workflow_job_template_nodes" else set())
        if unknown:
            raise Refused(f"{kind} has no {unknown}")
        for name, value in body.items():
            if name in REFERENCES and value not in self.items[REFERENCES[name]]:
                raise Refused(f"{name}: there is no {value} in {REFERENCES[name]}")
        getattr(self, f"_check_{kind}", lambda _body: None)({**item, **body})

    def _check_credential_types(self, body: Item) -> None:
        awx.check_credential_type(body)

    def _check_credentials(self, body: Item) -> None:
        inputs = self.items["credential_types"][body["credential_type"]]["inputs"]
        fields = {field["id"]: field for field in inputs["fields"]}
        if set(body["inputs"]) - set(fields) or set(inputs["required"]) - set(body["inputs"]):
            raise Refused("inputs are not those of the credential type")
        for name, value in body["inputs"].items():
            if not isinstance(value, str) or value not in fields[name].get("choices", [value]):
                raise Refused(f"{name} is not allowed to be {value}")

    def _check_job_templates(self, body: Item) -> None:
        if not awx.is_playbook(self.repository, body["playbook"]):
            raise Refused("playbook: not found for project")

    def _check_inventory_sources(self, body: Item) -> None:
        if body["source"] != "scm" or not (self.repository / body["source_path"]).is_file():
            raise Refused("source_path: not found for project")

    def _check_workflow_job_template_nodes(self, body: Item) -> None:
        template = self.items["job_templates"].get(body.get("unified_job_template", 0), {})
        if body.get("job_type") and not template.get("ask_job_type_on_launch"):
            raise Refused("job_type: field is not configured to prompt on launch")


EMPTY_FIELDS: dict[str, Item] = {kind: dict.fromkeys(names) for kind, names in FIELDS.items()}


class _Handler(http.server.BaseHTTPRequestHandler):
    store: Store

    def log_message(self, format: str, *arguments: t.Any) -> None:
        """Nobody reads it."""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PATCH(self) -> None:
        self._answer("PATCH")

    def _answer(self, method: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        url = urllib.parse.urlsplit(self.path)
        if self.headers.get("Authorization") != f"Bearer {TOKEN}":
            return self._send(401, {"detail": "Authentication credentials were not provided."})
        if method != "GET":
            self.store.writes.append(f"{method} {url.path}")
        try:
            path, query = url.path.removeprefix(API).strip("/").split("/"), dict(urllib.parse.parse_qsl(url.query))
            status, answer = self._route(method, path, query, body)
        except (Refused, awx.Invalid) as refusal:
            status, answer = 400, {"__all__": [str(refusal)]}
        return self._send(status, answer)

    def _route(self, method: str, path: list[str], query: dict[str, str], body: Item) -> tuple[int, t.Any]:
        kind, store = path[0], self.store
        if len(path) == 1:
            if method == "POST":
                return 201, store.shown(kind, store.create(kind, body))
            return 200, listed(store.find(kind, query))
        number = int(path[1])
        if len(path) == 2:
            item = store.change(kind, number, body) if method == "PATCH" else store.items[kind][number]
            return 200, store.shown(kind, item)
        return self._below(method, kind, number, path[2], body)

    def _below(self, method: str, kind: str, number: int, what: str, body: Item) -> tuple[int, t.Any]:
        store = self.store
        if what == "survey_spec":
            if method == "POST":
                awx.check_survey(body)
                store.surveys[number] = body
            return 200, store.surveys.get(number, {})
        if what == "create_approval_template":
            approval = store.create("workflow_approval_templates", body)
            store.items[kind][number]["unified_job_template"] = approval["id"]
            return 201, store.shown("workflow_approval_templates", approval)
        linked = store.linked.setdefault((number, what), [])
        if method == "POST":
            linked.append(body["id"])
            return 204, None
        return 200, listed([{"id": one} for one in linked])

    def _send(self, status: int, answer: t.Any) -> None:
        content = b"" if answer is None else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-API-Product-Name", "AWX")
        self.send_header("X-API-Product-Version", "24.6.1")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def listed(results: list[Item]) -> Item:
    return {"count": len(results), "next": None, "previous": None, "results": results}


class StandIn:
    """The server, on a free port of 127.0.0.1."""

    def __init__(self, repository: pathlib.Path) -> None:
        self.store = Store(repository)
        self.store.create("organizations", {"name": "Default"})
        handler = type("Handler", (_Handler,), {"store": self.store})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.env = {"CONTROLLER_HOST": f"http://127.0.0.1:{self._server.server_address[1]}", "CONTROLLER_OAUTH_TOKEN": TOKEN}

    def __enter__(self) -> StandIn:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_details: object) -> None:
        self._server.shutdown()
        self._server.server_close()
