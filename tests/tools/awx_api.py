# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Emulate the part of AWX's REST API that the modules of awx.awx call to configure a controller.

The server keeps the data that it receives, and refuses unknown fields, references to missing objects, credential types and surveys that AWX
would refuse, and prompts of a workflow's node that its job template does not ask for. Secrets are not in its responses. It has two
accounts: a system administrator, and an administrator of one organization with fewer permissions. Statuses and refusals are those of AWX
24.6.1.
"""

from __future__ import annotations

import http.server
import json
import pathlib
import threading
import typing as t
import urllib.parse

from . import awx
from .awx_store import API, BUILT_IN, Item, Refused, Store

SYSTEM_TOKEN = "token-of-the-system-administrator"
# Named objects that a playbook creates.
CONFIGURED = (
    *("credential_types", "credentials", "execution_environments", "projects", "inventories", "inventory_sources"),
    *("job_templates", "workflow_job_templates"),
)
ORGANIZATION_TOKEN = "token-of-an-administrator-of-Second"


class Account(t.NamedTuple):
    """The account of a request: a system administrator, or the administrator of an organization."""

    username: str
    organization: int | None = None

    def may_read(self, kind: str, item: Item) -> bool:
        if self.organization is None or kind == "organizations":
            return self.organization in (None, item["id"])
        return item.get("organization") in (None, self.organization)

    def may_edit(self, kind: str) -> bool:
        return self.organization is None or kind not in ("credential_types", "organizations")


class _Handler(http.server.BaseHTTPRequestHandler):
    store: Store
    accounts: dict[str, Account]

    def log_message(self, format: str, *arguments: t.Any) -> None:
        """Discard the message."""

    def do_GET(self) -> None:
        self._answer("GET")

    def do_POST(self) -> None:
        self._answer("POST")

    def do_PATCH(self) -> None:
        self._answer("PATCH")

    def do_DELETE(self) -> None:
        self._answer("DELETE")

    def _answer(self, method: str) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        body = json.loads(self.rfile.read(length)) if length else {}
        url = urllib.parse.urlsplit(self.path)
        account = self.accounts.get(self.headers.get("Authorization", "").removeprefix("Bearer "))
        if account is None:
            return self._send(401, {"detail": "Authentication credentials were not provided."})
        if method != "GET":
            self.store.writes.append(f"{method} {url.path}")
        try:
            path, query = url.path.removeprefix(API).strip("/").split("/"), dict(urllib.parse.parse_qsl(url.query))
            status, answer = self._route(account, method, path, query, body)
        except (Refused, awx.Invalid) as refusal:
            refused = refusal if isinstance(refusal, Refused) else Refused(str(refusal))
            status, answer = refused.status, refused.answer
        return self._send(status, answer)

    def _route(self, account: Account, method: str, path: list[str], query: dict[str, str], body: Item) -> tuple[int, t.Any]:
        kind, store = path[0], self.store
        if kind == "me":
            return 200, listed([{"username": account.username, "is_superuser": account.organization is None}])
        if method != "GET" and not account.may_edit(kind):
            raise Refused("You do not have permission to perform this action.", 403)
        if len(path) == 1:
            if method == "POST":
                return 201, store.shown(kind, store.create(kind, body))
            return 200, listed([self._seen_by(account, item) for item in store.find(kind, query) if account.may_read(kind, item)])
        number = int(path[1])
        if len(path) > 2:
            return self._below(method, kind, number, path[2], body)
        if method == "DELETE":
            del store.items[kind][number]
            return 204, None
        item = store.change(kind, number, body) if method == "PATCH" else store.items[kind][number]
        if kind == "project_updates":
            store.end_sync(item)
        return 200, store.shown(kind, item)

    @staticmethod
    def _seen_by(account: Account, item: Item) -> Item:
        may_edit = {"edit": account.organization in (None, item["id"])}
        return {**item, "summary_fields": {**item["summary_fields"], "user_capabilities": may_edit}}

    def _below(self, method: str, kind: str, number: int, what: str, body: Item) -> tuple[int, t.Any]:
        store = self.store
        if kind == "projects":
            return self._below_project(number, what)
        if kind == "credential_types":
            return 200, listed(store.find("credentials", {"credential_type": str(number)}))
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
            (linked.remove if body.get("disassociate") else linked.append)(body["id"])
            return 204, None
        return 200, listed([{"id": one} for one in linked])

    def _below_project(self, number: int, what: str) -> tuple[int, t.Any]:
        if what == "playbooks":
            return 200, self.store.synced.get(number, [])
        return 202, self.store.shown("project_updates", self.store.sync(self.store.items["projects"][number]))

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
        second = self.store.create("organizations", {"name": "Second"})["id"]
        for name, kind in BUILT_IN.items():
            self.store.create("credential_types", {"name": name, "kind": kind, "inputs": {}, "managed": True})
        accounts = {SYSTEM_TOKEN: Account("admin"), ORGANIZATION_TOKEN: Account("olga", second)}
        handler = type("Handler", (_Handler,), {"store": self.store, "accounts": accounts})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self.env = {"CONTROLLER_HOST": f"http://127.0.0.1:{self._server.server_address[1]}", "CONTROLLER_OAUTH_TOKEN": SYSTEM_TOKEN}

    def __enter__(self) -> StandIn:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_details: object) -> None:
        self._server.shutdown()
        self._server.server_close()
