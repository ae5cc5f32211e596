# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prepare and publish releases: `python -m tests.tools.release COMMAND`.

``collection TAG``: check that the checkout is the release that the tag names, and write its tarball, its release notes, and the list of its
dependencies (an SBOM in CycloneDX's format) to tests/output/release. ``emulator TAG``: the same for the emulated tenant, whose tags begin
with ``emulator-``; source distribution and wheel go to tests/output/emulator. ``links``: check that each link to this project's own places,
which are public only from the first release on, can be opened.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import typing as t
from pathlib import Path

import requests
import yaml
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component
from cyclonedx.output import make_outputter
from cyclonedx.schema import OutputFormat, SchemaVersion
from packageurl import PackageURL

from tests.tools.build import ROOT, BuildError, build
from tests.tools.tree import listed_files

COLLECTION, EMULATOR = ROOT / "tests" / "output" / "release", ROOT / "tests" / "output" / "emulator"
EMULATOR_TAG = "emulator-"
OWN_LINK = re.compile(r"https://(?:(?:github|raw\.githubusercontent)\.com/(?:orgs/)?endpointops|endpointops\.github\.io)/[\w./-]*[\w/]")
LINKING = (".html", ".md", ".py", ".rst", ".svg", ".toml", ".yaml", ".yml")
RELEASED = re.compile(r"\d+\.\d+\.\d+(-(alpha|beta|rc)\.\d+)?")


class Versions(t.NamedTuple):
    """The versions in the files of a checkout. ``changes``: the entry of the changelog, None if there is none."""

    galaxy: str
    module: str
    changes: dict[str, t.Any] | None
    fragments: list[str]


def read_versions(root: Path) -> Versions:
    """Read the versions of a checkout."""
    galaxy = yaml.safe_load((root / "galaxy.yml").read_text(encoding="utf-8"))["version"]
    module = _find(r'^VERSION = "(.+)"$', root / "plugins" / "module_utils" / "_module.py")
    releases = (yaml.safe_load((root / "changelogs" / "changelog.yaml").read_text(encoding="utf-8")) or {}).get("releases") or {}
    fragments = sorted(path.name for path in (root / "changelogs" / "fragments").glob("*.y*ml"))
    return Versions(galaxy, module, releases.get(galaxy), fragments)


def list_problems(versions: Versions, tag: str) -> list[str]:
    """Return why a checkout is not the release that a tag names."""
    problems = []
    if not RELEASED.fullmatch(versions.galaxy):
        problems.append(f"galaxy.yml names version {versions.galaxy}, which is not the version of a release, such as 1.0.0.")
    if tag != versions.galaxy:
        problems.append(f"The tag is {tag}, and galaxy.yml names version {versions.galaxy}. Both must be the same.")
    if versions.module != versions.galaxy:
        problems.append(f"VERSION in plugins/module_utils/_module.py is {versions.module}, and galaxy.yml names {versions.galaxy}.")
    if versions.changes is None:
        problems.append(f"changelogs/changelog.yaml has no release {versions.galaxy}. Run make changelog, and commit its files.")
    if versions.fragments:
        problems.append(f"These changelog fragments belong to no release yet: {', '.join(versions.fragments)}. Run make changelog.")
    return problems


def list_emulator_problems(version: str, tag: str) -> list[str]:
    """Return why a checkout is not the release of the emulated tenant that a tag names."""
    problems = []
    if not re.fullmatch(r"\d+\.\d+\.\d+((a|b|rc)\d+)?", version):
        problems.append(f"emulator/src/intune_emulator/version.py names version {version}, which is not the version of a release.")
    if tag != f"{EMULATOR_TAG}{version}":
        problems.append(f"The tag is {tag}; for version {version} of the emulated tenant it must be {EMULATOR_TAG}{version}.")
    return problems


def render_notes(version: str, changelog: str) -> str:
    """Return the section of a version in CHANGELOG.md, whose dots and hyphens may be escaped; ValueError if there is none."""
    lines = changelog.splitlines()
    heads = {index: re.sub(r"\\(.)", r"\1", line[3:]).strip() for index, line in enumerate(lines) if line.startswith("## ")}
    begin = next((index for index, head in heads.items() if head.removeprefix("v") == version), None)
    if begin is None:
        raise ValueError(f"CHANGELOG.md has no section for version {version}. Run make changelog.")
    end = next((index for index in heads if index > begin), len(lines))
    return "\n".join(lines[begin + 1 : end]).strip() + "\n"


def list_requirements(root: Path) -> list[str]:
    """Return what the collection needs, as pip writes it: "msal>=1.35.0"."""
    core = yaml.safe_load((root / "meta" / "runtime.yml").read_text(encoding="utf-8"))["requires_ansible"]
    packages = re.findall(r"^\w.+$", (root / "meta" / "ee-requirements.txt").read_text(encoding="utf-8"), re.MULTILINE)
    return [f"ansible-core{core}", *packages]


def render_sbom(version: str, requirements: t.Sequence[str]) -> str:
    """Return the list of the collection's dependencies in CycloneDX's format. It ships none of them, so it names lowest versions."""
    location = PackageURL("github", "endpointops", "endpointops.intune", version)
    root = Component(name="endpointops.intune", version=version, purl=location, bom_ref=str(location))
    needed = []
    for requirement in requirements:
        (name,) = re.findall(r"^[\w-]+", requirement)
        needed.append(Component(name=name, description=requirement, purl=PackageURL("pypi", name=name), bom_ref=f"pkg:pypi/{name}"))
    bom = Bom(components=needed)
    bom.metadata.component = root
    bom.register_dependency(root, needed)
    return make_outputter(bom, OutputFormat.JSON, SchemaVersion.V1_6).output_as_string(indent=2)


def _find(expression: str, path: Path) -> str:
    found = re.search(expression, path.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise ValueError(f"{path} has no line that matches {expression}.")
    return found[1]


def _run(*command: str | Path, cwd: Path = ROOT) -> None:
    done = subprocess.run([str(word) for word in command], cwd=cwd, check=False)
    if done.returncode:
        raise BuildError(f"'{command[0]}' failed with exit code {done.returncode}, see above.")


def _empty(folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _stop_for(problems: t.Sequence[str]) -> None:
    if problems:
        raise BuildError("\n".join(problems))


def write_collection(tag: str) -> None:
    """Write the files of a release of the collection."""
    _stop_for(list_problems(read_versions(ROOT), tag))
    folder = _empty(COLLECTION)
    print(build(ROOT, folder))
    notes = render_notes(tag, (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    (folder / "notes.md").write_text(notes, encoding="utf-8")
    (folder / "sbom.cdx.json").write_text(render_sbom(tag, list_requirements(ROOT)), encoding="utf-8")


def write_emulator(tag: str) -> None:
    """Write source distribution and wheel of the emulated tenant."""
    version = _find(r'^VERSION = "(.+)"$', ROOT / "emulator" / "src" / "intune_emulator" / "version.py")
    _stop_for(list_emulator_problems(version, tag))
    _run(sys.executable, "-m", "build", "--outdir", _empty(EMULATOR), ROOT / "emulator")


def find_own_links(texts: t.Iterable[str]) -> list[str]:
    """Return the links to this project's own places, each once; not those that begin an action, such as a new issue."""
    found = {link for text in texts for link in OWN_LINK.findall(text)}
    return sorted(link for link in found if not link.endswith(("/issues/new", "/advisories/new")))


def check_links(is_open: t.Callable[[str], bool]) -> None:
    """Check each link of this project's files to its own places."""
    documents = [name for name in listed_files() if name.endswith(LINKING) and not name.startswith("tests/")]
    links = find_own_links((ROOT / name).read_text(encoding="utf-8") for name in documents)
    _stop_for([f"{link} cannot be opened." for link in links if not is_open(link)])
    print(f"{len(links)} links can be opened.")


def _is_open(link: str) -> bool:
    try:
        return requests.get(link, timeout=30, stream=True).ok
    except requests.RequestException as problem:
        print(f"{link}: {problem}", file=sys.stderr)
        return False


def main(arguments: list[str]) -> int:
    commands = {"collection": write_collection, "emulator": write_emulator}
    try:
        if arguments == ["links"]:
            check_links(_is_open)
        elif len(arguments) == 2 and arguments[0] in commands and arguments[1]:
            commands[arguments[0]](arguments[1])
        else:
            print("Usage: release.py collection TAG | emulator TAG | links", file=sys.stderr)
            return 2
    except (BuildError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
