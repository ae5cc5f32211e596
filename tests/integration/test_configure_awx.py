# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run configure_awx.yml with the real modules of awx.awx, against an emulated controller API."""

from __future__ import annotations

import copy
import json
import os
import pathlib
import re
import subprocess
import sys
import typing as t

import pytest
import yaml

from tests.tools import awx_api, awx_collection
from tests.tools.awx_store import Item, Store

from .harness import HERE, PLAYBOOK_SECONDS
from .test_awx import COLLECTION, TEMPLATES, environment

PLAYBOOK = COLLECTION / "extensions/awx/configure_awx.yml"
# An ansible-playbook that has imported the dependencies of awx.awx, for modules that run in forks.
QUICK = "import http.cookiejar, ansible.module_utils.urls; from ansible.cli.playbook import main; main()"
INPUTS = {"tenant_id": "t", "client_id": "c", "client_secret": "the-secret-of-the-credential"}
FOR_RESETS = {**INPUTS, "client_id": "r", "client_secret": "the-secret-for-resets"}
GIVEN = {"intune_awx_image": "registry.example.com/ee:1", "intune_awx_credential_inputs": INPUTS}
NOTHING = "changed=0 "

controller_test = pytest.mark.exhaustive


class Run(t.NamedTuple):
    """One run of the playbook."""

    code: int
    output: str
    writes: list[str]

    @property
    def text(self) -> str:
        """Return the output without line breaks, which hide words of a message."""
        return " ".join(self.output.split())


class Configured:
    """A controller, and the playbook that configures it."""

    def __init__(self, folder: pathlib.Path, collections: pathlib.Path, server: awx_api.StandIn) -> None:
        self.folder, self.collections, self.server = folder, collections, server

    @property
    def store(self) -> Store:
        return self.server.store

    @property
    def items(self) -> dict[str, dict[int, Item]]:
        return self.store.items

    def run(self, *options: str, token: str = awx_api.SYSTEM_TOKEN, **given: t.Any) -> Run:
        variables = self.folder / "variables.json"
        variables.write_text(json.dumps({**GIVEN, **{f"intune_awx_{name}": value for name, value in given.items()}}), encoding="utf-8")
        settings = {"COLLECTIONS_PATH": self.collections, "CONNECTION_PLUGINS": HERE / "connection", "PIPELINING": True}
        signed_in = {**self.server.env, "CONTROLLER_OAUTH_TOKEN": token}
        env = {**environment(self.folder), **signed_in, **{f"ANSIBLE_{name}": str(value) for name, value in settings.items()}}
        command = [sys.executable, "-P", "-c", QUICK, str(PLAYBOOK), "-e", "ansible_connection=in_fork", "-e", f"@{variables}", *options]
        self.store.writes.clear()
        done = subprocess.run(command, env=env, cwd=self.folder, capture_output=True, text=True, timeout=PLAYBOOK_SECONDS, check=False)
        output = done.stdout + done.stderr
        assert INPUTS["client_secret"] not in output and FOR_RESETS["client_secret"] not in output
        assert "Traceback" not in output
        return Run(done.returncode, output, [*self.store.writes])

    def run_well(self, *options: str, **given: t.Any) -> Run:
        done = self.run(*options, **given)
        assert done.code == 0, done.output[-5000:]
        return done

    def named(self, kind: str, name: str, organization: str = "Default") -> Item:
        (owner,) = [item["id"] for item in self.items["organizations"].values() if item["name"] == organization]
        found = [item for item in self.items[kind].values() if item["name"] == name and item.get("organization", owner) == owner]
        (item,) = found
        return item

    def add_credential(self, name: str, kind: str, organization: str = "Default") -> int:
        (of_kind,) = [item["id"] for item in self.items["credential_types"].values() if item["kind"] == kind]
        owner = self.named("organizations", organization)["id"]
        return self.store.create("credentials", {"name": name, "credential_type": of_kind, "organization": owner, "inputs": {}})["id"]


@pytest.fixture(scope="module")
def collections() -> pathlib.Path:
    try:
        return awx_collection.fetch()
    except awx_collection.NotToBeHad as reason:
        if not os.environ.get("INTEGRATION_OFFLINE"):
            pytest.fail(f"{reason} To leave this test out where no package index can be reached, set INTEGRATION_OFFLINE=1.")
        pytest.skip(str(reason))


@pytest.fixture
def empty(tmp_path: pathlib.Path, collections: pathlib.Path) -> t.Iterator[Configured]:
    with awx_api.StandIn(COLLECTION) as server:
        yield Configured(tmp_path, collections, server)


@pytest.fixture(scope="module")
def store_after_a_run(tmp_path_factory: pytest.TempPathFactory, collections: pathlib.Path) -> Store:
    with awx_api.StandIn(COLLECTION) as server:
        Configured(tmp_path_factory.mktemp("first"), collections, server).run_well()
        return server.store


@pytest.fixture
def configured(empty: Configured, store_after_a_run: Store) -> Configured:
    """Return a controller that the playbook has configured once."""
    vars(empty.store).update(copy.deepcopy(vars(store_after_a_run)))
    return empty


@controller_test
@pytest.mark.timeout(600)
def test_a_controller_is_configured_once(empty):
    template_variables = {"pin_reset_seal_to": ["-----BEGIN CERTIFICATE-----..."], "pin_reset_ownerships": ["company"]}
    given = {"reset_credential_inputs": FOR_RESETS, "reset_variables": template_variables}
    store = empty.store
    first = empty.run_well("-vvvv", **given)
    made = copy.deepcopy((store.items, store.surveys, store.linked))
    second = empty.run_well("-vvvv", **given)
    checked = empty.run_well("--check", **given)
    assert (store.items, store.surveys, store.linked) == made
    assert second.writes == [] == checked.writes
    assert "changed=9 " in first.output and NOTHING in second.output and NOTHING in checked.output
    assert_complete(store)
    for template in store.items["job_templates"].values():
        assert template["ask_variables_on_launch"] is False
        assert json.loads(template.get("extra_vars") or "{}") == (template_variables if is_for_help_desk(template) else {})
    assert {name for name, at_once in concurrent(store).items() if at_once} == {
        *(template["name"] for template in TEMPLATES.values() if template.get("allow_simultaneous")),
        "Intune PIN reset: reset fleet after approval",
    }
    # case 77: with locks that they share, jobs that reset passcodes run at the same time.
    locks = {"pin_reset_lock_directory": "/var/lib/intune-locks"}
    empty.run_well(reset_credential_inputs=FOR_RESETS, reset_variables={**template_variables, **locks})
    at_once = concurrent(store)
    assert [at_once[f"Intune PIN reset: {name}"] for name in ("reset passcode", "reset from ticket", "reset fleet")] == [True] * 3
    assert not any(at_once[f"Intune PIN reset: {name}"] for name in ("onboard", "offboard", "help a locked-out user"))


def concurrent(store: Store) -> dict[str, bool]:
    """Return for each template and each workflow whether its jobs run at the same time."""
    kinds = ("job_templates", "workflow_job_templates")
    return {item["name"]: item["allow_simultaneous"] for kind in kinds for item in store.items[kind].values()}


def is_for_help_desk(template: Item) -> bool:
    """Return whether its jobs hand over secrets with their own application."""
    return pathlib.PurePath(template["playbook"]).name.startswith(("reset_", "fetch_", "recover"))


def assert_complete(store: Store) -> None:
    names = {kind: [item["name"] for item in items.values() if "name" in item] for kind, items in store.items.items()}
    assert names["job_templates"] == [template["name"] for template in TEMPLATES.values()]
    credentials = {item["inputs"]["client_id"]: item["id"] for item in store.items["credentials"].values()}
    for number, template in store.items["job_templates"].items():
        assert store.linked[number, "credentials"] == [credentials["r" if is_for_help_desk(template) else "c"]]
        assert store.surveys[number] == TEMPLATES[template["name"].removeprefix("Intune PIN reset: ")]["survey"]
    nodes = {item["identifier"]: (number, item) for number, item in store.items["workflow_job_template_nodes"].items()}

    def after(node: str, when: str) -> list[str]:
        return [store.items["workflow_job_template_nodes"][number]["identifier"] for number in store.linked.get((nodes[node][0], when), [])]

    assert nodes["dry_run"][1]["job_type"] == "check" and after("dry_run", "always_nodes") == ["approval"]
    assert after("approval", "success_nodes") == ["reset"] and nodes["reset"][1]["job_type"] is None
    path = ["create", "created", "assign", "assigned", "finish"]
    assert [after(node, "success_nodes") for node in path] == [[node] for node in path[1:]] + [[]]
    approvals = [nodes[node][1]["unified_job_template"] for node in ("approval", "created", "assigned")]
    assert sorted(approvals) == list(store.items["workflow_approval_templates"])


@controller_test
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("older", "differs"),
    [
        pytest.param(lambda inputs: inputs["fields"][0].update(help_text="An older text."), "tenant_id", id="case 73: a help_text"),
        pytest.param(lambda inputs: inputs["fields"].pop(), "ca", id="case 73: a field that the older one lacks"),
        pytest.param(lambda inputs: inputs.update(required=["tenant_id"]), "required", id="case 73: what is required"),
    ],
)
def test_an_older_credential_type_in_use_is_kept_and_told_of(configured, older, differs):
    kind = configured.named("credential_types", "Microsoft Intune")
    kind["inputs"] = copy.deepcopy(kind["inputs"])
    older(kind["inputs"])
    kept = copy.deepcopy(kind["inputs"])
    configured.store.items["job_templates"].popitem()
    upgraded = configured.run_well()
    assert kind["inputs"] == kept and "changed=1 " in upgraded.output, "the template that was missing"
    assert "WARNING: the inputs of the credential type Microsoft Intune were not changed." in upgraded.text
    assert f"They differ from this collection's in {differs}." in upgraded.text
    again = configured.run_well()
    assert again.writes == [] and NOTHING in again.output and "WARNING: the inputs" in again.output


@controller_test
@pytest.mark.timeout(600)
def test_a_new_name_gets_a_credential_type_of_its_own(configured):
    """case 73: the job templates move to its credentials."""
    kind = configured.named("credential_types", "Microsoft Intune")
    kind["inputs"] = {**kind["inputs"], "fields": kind["inputs"]["fields"][:-1]}
    missing = configured.run(credential_inputs={**INPUTS, "ca": "PEM"})
    assert missing.code and missing.writes == [] and "has no input ca" in missing.text and "intune_awx_credential_type=" in missing.text
    given = {"credential_type": "Microsoft Intune 2", "credential_inputs": {**INPUTS, "ca": "PEM"}}
    moved = configured.run_well(**given)
    credential = configured.named("credentials", "Microsoft Intune 2")
    assert credential["credential_type"] == configured.named("credential_types", "Microsoft Intune 2")["id"]
    assert {tuple(configured.store.linked[number, "credentials"]) for number in configured.items["job_templates"]} == {(credential["id"],)}
    assert "WARNING: the inputs" not in moved.output and configured.run_well(**given).writes == []


@controller_test
@pytest.mark.timeout(600)
def test_another_organization_has_the_same_names(empty):
    """case 74: a credential, an inventory, a project, and a template of each name already exist."""
    empty.run_well(organization="Second", suffix="_x")
    # AWX does not allow equal names of execution environments, so only these remain.
    second = copy.deepcopy(empty.items)
    for kind in ("credentials", "projects", "inventories", "job_templates", "workflow_job_templates", "execution_environments"):
        for item in empty.items[kind].values():
            item["name"] = item["name"].removesuffix("_x").replace("_x, ", ", ") + ("!" if kind == "execution_environments" else "")
    empty.run_well()
    owners = {item["id"]: item["name"] for item in empty.items["organizations"].values()}
    for kind, field in {"job_templates": "project", "inventory_sources": "source_project"}.items():
        for number, item in empty.items[kind].items():
            ours = empty.named("projects", "Intune PIN reset", "Second" if number in second[kind] else "Default")
            assert item[field] == ours["id"], owners
    new = [number for number in empty.items["job_templates"] if number not in second["job_templates"]]
    (credential,) = {number for template in new for number in empty.store.linked[template, "credentials"]}
    assert credential == empty.named("credentials", "Microsoft Intune")["id"] and len(new) == len(TEMPLATES)
    assert empty.run_well().writes == []


@controller_test
@pytest.mark.timeout(600)
def test_the_image_of_another_organization_is_not_taken(configured):
    """case 75: execution environments of all organizations share their names."""
    refused = configured.run(organization="Second")
    assert refused.code and refused.writes == [], refused.output
    assert "Intune PIN reset belongs to Default, not to Second" in refused.text and "Set intune_awx_suffix" in refused.text
    # An administrator of the other organization does not see it, and AWX reports it before any change.
    unseen = configured.run(organization="Second", token=awx_api.ORGANIZATION_TOKEN)
    assert unseen.code and unseen.writes == ["POST /api/v2/execution_environments/"]
    assert "already exists" in unseen.text and "Set intune_awx_suffix" in unseen.text and NOTHING in unseen.output


@controller_test
@pytest.mark.timeout(600)
def test_a_project_whose_sync_failed_is_synced_again(empty):
    """case 76: the message also names the place of its output."""
    store, url = empty.store, "https://git.example.com/x.git"
    store.unreachable.add(url)
    for _run in ("first", "second"):
        failed = empty.run(project_url=url)
        assert failed.code and empty.items["job_templates"] == {}
        (last,) = store.syncs.values()
        assert f"at /api/v2/project_updates/{last['id']}/stdout/?format=txt" in failed.text and url in failed.text
    assert len(empty.items["project_updates"]) == 2
    store.unreachable.clear()
    assert "failed=0 " in empty.run_well(project_url=url).output and len(empty.items["project_updates"]) == 3
    assert empty.run_well(project_url=url).writes == []


@controller_test
@pytest.mark.timeout(600)
def test_a_project_that_lacks_a_playbook_is_synced_again(empty):
    """case 76: a project from an older kit lacks the playbooks of a newer one."""
    playbook = "extensions/patterns/pin_reset/playbooks/recover.yml"
    empty.store.without.add(playbook)
    lacking = empty.run()
    assert lacking.code and f"has no {playbook}" in lacking.text and "Set intune_awx_project_branch" in lacking.text
    empty.store.without.clear()
    empty.run_well()
    assert len(empty.items["project_updates"]) == 2 and empty.run_well().writes == []


@controller_test
@pytest.mark.timeout(600)
def test_credentials_that_the_variables_no_longer_name_are_removed(empty):
    """case 78: the credentials of project and image, and the second application."""
    source = empty.add_credential("git", "scm")
    empty.add_credential("git", "scm", "Second")
    registry = empty.add_credential("registry", "registry", "Second")
    given = {"project_credential": "git", "image_credential": "registry", "reset_credential_inputs": FOR_RESETS}
    empty.run_well(**given)
    project, image = empty.named("projects", "Intune PIN reset"), empty.named("execution_environments", "Intune PIN reset")
    assert (project["credential"], image["credential"]) == (source, registry)
    named = len(empty.items["credentials"])
    checked = empty.run_well("--check")
    assert checked.writes == [] and "Intune PIN reset: " in checked.output and NOTHING not in checked.output
    removed = empty.run_well()
    assert (project["credential"], image["credential"]) == (None, None) and NOTHING not in removed.output
    assert len(empty.items["credentials"]) == named - 1
    assert empty.run_well().writes == []


@controller_test
@pytest.mark.timeout(600)
def test_a_credential_that_is_there_twice_is_named_by_its_id(empty):
    """case 74: before any change."""
    first, second = (empty.add_credential("git", "scm", organization) for organization in ("Second", "Second"))
    twice = empty.run(project_credential="git")
    assert twice.code and twice.writes == [] and f"one of the IDs {first}, {second}" in twice.text
    none = empty.run(image_credential="git")
    assert none.code and none.writes == [] and "0 credentials match git" in none.text
    empty.run_well(project_credential=str(second))
    assert empty.named("projects", "Intune PIN reset")["credential"] == second


@controller_test
@pytest.mark.timeout(600)
def test_check_mode_lists_what_an_empty_controller_would_get(empty):
    """case 78: it completes and changes nothing."""
    before = copy.deepcopy(empty.items)
    checked = empty.run_well("--check", reset_credential_inputs=FOR_RESETS)
    assert checked.writes == [] and empty.items == before
    listed = checked.output.partition("TASK [List the resources that would be created]")[2]
    empty.run_well(reset_credential_inputs=FOR_RESETS)
    kinds = set(awx_api.CONFIGURED)
    made = {item["name"] for kind in kinds for number, item in empty.items[kind].items() if number not in before[kind]}
    assert {name for name in re.findall(r'"([^"]+)"', listed) if name not in {"msg", *kinds}} == made


@controller_test
@pytest.mark.timeout(600)
def test_an_administrator_of_an_organization_configures_it(empty):
    """case 78: only the credential type needs a system administrator."""
    refused = empty.run(**{"organization": "Second", "suffix": "_second"}, token=awx_api.ORGANIZATION_TOKEN)
    assert refused.code and refused.writes == []
    assert "no credential type Microsoft Intune, and olga may not create one" in refused.text
    elsewhere = empty.run(token=awx_api.ORGANIZATION_TOKEN)
    assert (
        elsewhere.code
        and elsewhere.writes == []
        and "olga is not an administrator of an organization with the name Default" in elsewhere.text
    )
    empty.run_well()
    empty.named("credential_types", "Microsoft Intune")["description"] = "Of an older collection"
    given = {"organization": "Second", "suffix": "_second", "token": awx_api.ORGANIZATION_TOKEN}
    empty.run_well(**given)
    assert len(empty.items["job_templates"]) == 2 * len(TEMPLATES)
    assert empty.run_well(**given).writes == []


@controller_test
@pytest.mark.timeout(600)
def test_a_controller_that_refuses_to_sign_in_is_told_of(empty):
    refused = empty.run(token="an-expired-token")
    assert refused.code and refused.writes == []
    assert (
        "Invalid authentication credentials" in refused.text and "Set CONTROLLER_HOST, and either CONTROLLER_OAUTH_TOKEN or" in refused.text
    )


MODULES = [
    name.rpartition(".")[2] for name in yaml.safe_load((HERE.parent.parent / ".ansible-lint").read_text(encoding="utf-8"))["mock_modules"]
]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        pytest.param(
            {"credential_inputs": {**INPUTS, "tenant_id": 12345}}, "Microsoft Intune must be text: tenant_id.", id="case 78: a number"
        ),
    ]
    + [
        pytest.param(given, said, id=f"case 78: {said}", marks=pytest.mark.exhaustive)
        for given, said in [
            ({"credential_inputs": {**INPUTS, "cloud": None}}, "Microsoft Intune must be text: cloud."),
            ({"reset_credential_inputs": {**INPUTS, "client_id": 1.5}}, "Microsoft Intune (resets) must be text: client_id."),
            ({"credential_inputs": {**INPUTS, "client_certificate": ["x"]}}, "must be text: client_certificate."),
            ({"credential_inputs": "@contoso.yml"}, "intune_awx_credential_inputs must map names to values."),
            ({"project_branch": 1.1}, "intune_awx_project_branch must be text."),
            ({"inventory_cache": "1h"}, "intune_awx_inventory_cache must be a number of seconds, such as 3600, not 1h."),
            ({"project_timeout": -5}, "intune_awx_project_timeout must be a number of seconds, such as 600, not -5."),
            ({"project_timeout": None}, "intune_awx_project_timeout must be a number of seconds, such as 600, not ."),
            ({"image_pull": "sometimes"}, "intune_awx_image_pull must be one of always, missing, never, not sometimes."),
            ({"update_secrets": "maybe"}, "intune_awx_update_secrets must be one of true, false, yes, no, on, off, 1, 0, not maybe."),
            ({"image": ""}, "Set intune_awx_image"),
            ({"credential_inputs": {**INPUTS, "client_secret": ""}}, "Set them in intune_awx_credential_inputs."),
            ({"reset_credential_inputs": {"tenant_id": "t"}}, "Set them in intune_awx_reset_credential_inputs."),
        ]
    ],
)
def test_variables_are_refused_before_the_controller_is_asked(tmp_path, given, said):
    """Use missing modules: the playbook reaches none, so that awx.awx is not needed."""
    modules = tmp_path / "ansible_collections/awx/awx/plugins/modules"
    modules.mkdir(parents=True)
    for name in MODULES:
        (modules / f"{name}.py").touch()
    with awx_api.StandIn(COLLECTION) as server:
        refused = Configured(tmp_path, tmp_path, server).run(**given)
    assert refused.code and refused.writes == [] and said in refused.text
