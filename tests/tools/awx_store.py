# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Keep and check the data of an emulated AWX: a restatement of AWX's source and of the observed behavior of AWX 24.6.1."""

from __future__ import annotations

import dataclasses
import pathlib
import typing as t

from . import awx

Item = dict[str, t.Any]
API = "/api/v2/"

NAMED = {"name", "description"}
# The fields of each kind of resource, and the kinds to which references among them lead.
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
    "project_updates": {"project", "status", "finished", "failed", "scm_revision"},
    "tokens": {"description", "scope"},
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
BUILT_IN = {"Source Control": "scm", "Container Registry": "registry"}
# The API leaves it empty instead of null.
EMPTY = {"kind": ""}
SOURCE = {"scm_type", "scm_url", "scm_branch", "credential"}
LAUNCHED = ("job_templates", "workflow_job_templates", "workflow_approval_templates")


class Refused(Exception):
    """A response of 400, with the message of AWX, or of 403."""

    def __init__(self, reason: t.Any, status: int = 400) -> None:
        super().__init__(reason)
        self.status = status
        self.answer = {"detail": reason} if status == 403 else {"__all__": [reason]} if isinstance(reason, str) else reason


@dataclasses.dataclass
class Store:
    """All resources, by kind and number. Numbers are unique over all kinds."""

    repository: pathlib.Path
    items: dict[str, dict[int, Item]] = dataclasses.field(default_factory=lambda: {kind: {} for kind in FIELDS})
    surveys: dict[int, Item] = dataclasses.field(default_factory=dict)
    linked: dict[tuple[int, str], list[int]] = dataclasses.field(default_factory=dict)
    writes: list[str] = dataclasses.field(default_factory=list)
    # Addresses of repositories that cannot be cloned, and playbooks that the branch does not have yet.
    syncs: dict[int, Item] = dataclasses.field(default_factory=dict)
    synced: dict[int, list[str]] = dataclasses.field(default_factory=dict)
    unreachable: set[str] = dataclasses.field(default_factory=set)
    without: set[str] = dataclasses.field(default_factory=set)
    last: int = 0

    def create(self, kind: str, body: Item) -> Item:
        self._check(kind, {}, body)
        item = {**EMPTY_FIELDS[kind], **{name: EMPTY.get(name) if value is None else value for name, value in body.items()}}
        self.last += 1
        item["id"] = self.last
        self.items[kind][item["id"]] = item
        if kind == "projects":
            self.sync(item)
        return item

    def change(self, kind: str, number: int, body: Item) -> Item:
        item = self.items[kind][number]
        self._check(kind, item, body)
        old = dict(item)
        item.update({name: EMPTY.get(name) if value is None else value for name, value in body.items()})
        if kind == "projects" and any(old[name] != item[name] for name in SOURCE):
            self.sync(item)
        return item

    def sync(self, project: Item) -> Item:
        """Start an update of a project, as AWX does by itself if the source changes. It ends when it is requested."""
        failed = project["scm_url"] in self.unreachable
        update = self.create("project_updates", {"project": project["id"], "status": "pending", "failed": failed})
        self.syncs[project["id"]] = update
        return update

    def end_sync(self, update: Item) -> Item:
        update |= {"status": "failed" if update["failed"] else "successful", "finished": "now", "scm_revision": "0" * 40}
        if not update["failed"]:
            self.synced[update["project"]] = self.playbooks()
        return update

    def playbooks(self) -> list[str]:
        paths = (str(path.relative_to(self.repository)) for path in (self.repository / "extensions").rglob("*.yml"))
        return sorted(path for path in paths if path not in self.without and awx.is_playbook(self.repository, path))

    def shown(self, kind: str, item: Item) -> Item:
        url = f"{API}{kind}/{item['id']}/"
        shown = {**item, "type": kind.removesuffix("s"), "url": url, "related": {"survey_spec": f"{url}survey_spec/"}, "summary_fields": {}}
        if "organization" in item:
            shown["summary_fields"]["organization"] = {"name": self.items["organizations"].get(item["organization"], {}).get("name")}
        if kind == "credentials":
            shown["inputs"] = self._masked(item)
        if kind == "projects":
            self._show_sync(shown)
        if kind == "workflow_job_template_nodes":
            target = item.get("unified_job_template")
            found = next((of for of in LAUNCHED if target in self.items[of]), None)
            shown["related"] = {"unified_job_template": f"{API}{found}/{target}/" if found else None}
        return shown

    def _show_sync(self, shown: Item) -> None:
        update = self.syncs[shown["id"]]
        moment = "last_update" if update["finished"] else "current_update"
        shown["related"] |= {"update": f"{shown['url']}update/", moment: f"{API}project_updates/{update['id']}/"}
        shown["summary_fields"][moment] = {"id": update["id"], "status": update["status"]}
        shown |= {"status": update["status"], "scm_revision": update["scm_revision"] or ""}

    def _masked(self, item: Item) -> Item:
        fields = (self.items["credential_types"][item["credential_type"]]["inputs"] or {"fields": []})["fields"]
        secret = {field["id"] for field in fields if field.get("secret")}
        return {name: "$encrypted$" if name in secret else value for name, value in item["inputs"].items()}

    def find(self, kind: str, query: t.Mapping[str, str]) -> list[Item]:
        if kind == "unified_job_templates":
            return [item for one in LAUNCHED if {"organization"} & set(query) <= FIELDS[one] for item in self.find(one, query)]
        return [self.shown(kind, item) for item in self.items[kind].values() if self._is_meant(kind, item, query)]

    def _is_meant(self, kind: str, item: Item, query: t.Mapping[str, str]) -> bool:
        either = {name: value for name, value in query.items() if name.startswith("or__")}
        meant = [self._has(kind, item, name.removeprefix("or__"), value) for name, value in either.items()]
        both = [self._has(kind, item, name, value) for name, value in query.items() if name not in {*either, "page_size"}]
        return all(both) and (any(meant) or not meant)

    def _has(self, kind: str, item: Item, name: str, value: str) -> bool:
        """Return whether a field has a value, one of a referenced object (``inventory__name``), or a prefix (``name__startswith``)."""
        field, _between, rest = name.partition("__")
        if field not in FIELDS[kind] | {"id"}:
            raise Refused(f"{kind} cannot be searched by {name}")
        if rest == "startswith":
            return str(item[field]).startswith(value)
        if rest:
            target = REFERENCES[field]
            return item[field] is not None and self._has(target, self.items[target][item[field]], rest, value)
        return str(item[field]) == value

    def _check(self, kind: str, item: Item, body: Item) -> None:
        unknown = set(body) - FIELDS[kind] - ({"type"} if kind == "workflow_job_template_nodes" else set())
        if unknown:
            raise Refused(f"{kind} has no {unknown}")
        for name, value in body.items():
            if name in REFERENCES and value is not None and value not in self.items[REFERENCES[name]]:
                raise Refused(f"{name}: there is no {value} in {REFERENCES[name]}")
        if item:
            getattr(self, f"_check_change_of_{kind}", lambda _item, _body: None)(item, body)
        getattr(self, f"_check_{kind}", lambda _body: None)({**item, **body})

    def _check_credential_types(self, body: Item) -> None:
        if body["kind"] not in BUILT_IN.values():
            awx.check_credential_type(body)

    def _check_change_of_credential_types(self, item: Item, body: Item) -> None:
        in_use = item["id"] in [credential["credential_type"] for credential in self.items["credentials"].values()]
        if in_use and body.get("inputs", item["inputs"]) != item["inputs"]:
            raise Refused("Modifications to inputs are not allowed for credential types that are in use", 403)

    def _check_change_of_execution_environments(self, item: Item, body: Item) -> None:
        if body.get("organization", item["organization"]) != item["organization"]:
            raise Refused({"organization": ["Cannot change the organization of an execution environment"]})

    def _check_execution_environments(self, body: Item) -> None:
        others = [item["name"] for item in self.items["execution_environments"].values() if item["id"] != body.get("id")]
        if body["name"] in others:
            raise Refused({"name": ["Execution environment with this Name already exists."]})

    def _check_credentials(self, body: Item) -> None:
        inputs = self.items["credential_types"][body["credential_type"]]["inputs"] or {"fields": [], "required": []}
        fields = {field["id"]: field for field in inputs["fields"]}
        if set(body["inputs"]) - set(fields) or set(inputs["required"]) - set(body["inputs"]):
            raise Refused("inputs are not those of the credential type")
        for name, value in body["inputs"].items():
            if not isinstance(value, str) or value not in fields[name].get("choices", [value]):
                raise Refused(f"{name} is not allowed to be {value}")

    def _check_job_templates(self, body: Item) -> None:
        if body["playbook"] not in self.synced.get(body["project"], ()):
            raise Refused({"playbook": ["Playbook not found for project."]})

    def _check_inventory_sources(self, body: Item) -> None:
        if body["source"] != "scm" or not (self.repository / body["source_path"]).is_file():
            raise Refused("source_path: not found for project")

    def _check_workflow_job_template_nodes(self, body: Item) -> None:
        template = self.items["job_templates"].get(body.get("unified_job_template", 0), {})
        if body.get("job_type") and not template.get("ask_job_type_on_launch"):
            raise Refused("job_type: field is not configured to prompt on launch")


EMPTY_FIELDS: dict[str, Item] = {kind: dict.fromkeys(names) for kind, names in FIELDS.items()}
