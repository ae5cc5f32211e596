# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Prepare and publish releases: `python -m tests.tools.release COMMAND`.

``collection TAG``: check that the checkout is the release that the tag names, and write its tarball, its release notes, and the list of its
dependencies (an SBOM in CycloneDX's format) to tests/output/release. ``emulator TAG``: the same for the emulated tenant, whose tags begin
with ``emulator-``; source distribution and wheel go to tests/output/emulator. ``publish``: send the tarball to the Galaxy server that
ansible-galaxy is configured for. ``links``: check that each link to this project's own places, which are public only from the first release
on, can be opened.
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

from tests.tools.build import ROOT, BuildError, build
from tests.tools.tree import listed_files

COLLECTION, EMULATOR = ROOT / "tests" / "output" / "release", ROOT / "tests" / "output" / "emulator"
EMULATOR_TAG = "emulator-"
OWN_LINK = re.compile(r"https://(?:(?:github|raw\.githubusercontent)\.com/endpointops|endpointops\.github\.io)/[\w./-]*[\w/]")
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
    _run("cyclonedx-py", "requirements", ROOT / "meta" / "ee-requirements.txt", "--output-file", folder / "sbom.cdx.json")


def write_emulator(tag: str) -> None:
    """Write source distribution and wheel of the emulated tenant."""
    version = _find(r'^VERSION = "(.+)"$', ROOT / "emulator" / "src" / "intune_emulator" / "version.py")
    _stop_for(list_emulator_problems(version, tag))
    _run(sys.executable, "-m", "build", "--outdir", _empty(EMULATOR), ROOT / "emulator")


def publish() -> None:
    """Send the tarball to Galaxy. ansible-galaxy reads the server and the key from its configuration."""
    tarballs = sorted(COLLECTION.glob("*.tar.gz"))
    if len(tarballs) != 1:
        raise BuildError(f"{COLLECTION} must hold one tarball, not {len(tarballs)}. Run make release-dist TAG=VERSION.")
    _run("ansible-galaxy", "collection", "publish", tarballs[0])


def find_own_links(texts: t.Iterable[str]) -> list[str]:
    """Return the links to this project's own places, each once; not those that begin an action, such as a new issue."""
    found = {link for text in texts for link in OWN_LINK.findall(text)}
    return sorted(link for link in found if not link.endswith(("/issues/new", "/advisories/new")))


def check_links(is_open: t.Callable[[str], bool]) -> None:
    """Check each link of the documentation to this project's own places."""
    documents = [name for name in listed_files() if name.endswith((".md", ".rst")) or name == "galaxy.yml"]
    links = find_own_links((ROOT / name).read_text(encoding="utf-8") for name in documents)
    _stop_for([f"{link} cannot be opened." for link in links if not is_open(link)])
    print(f"{len(links)} links can be opened.")


def _is_open(link: str) -> bool:
    return requests.get(link, timeout=30, stream=True).ok


def main(arguments: list[str]) -> int:
    commands = {"collection": write_collection, "emulator": write_emulator}
    try:
        if arguments == ["publish"]:
            publish()
        elif arguments == ["links"]:
            check_links(_is_open)
        elif len(arguments) == 2 and arguments[0] in commands and arguments[1]:
            commands[arguments[0]](arguments[1])
        else:
            print("Usage: release.py collection TAG | emulator TAG | publish | links", file=sys.stderr)
            return 2
    except (BuildError, ValueError) as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
