# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run a command of ``ansible-test`` without containers, on a real copy of the checkout, with its own home folder.

Usage: ansible_test.py COMMAND [ARGUMENT...], for example ``ansible_test.py sanity`` or ``ansible_test.py integration smoke``.

ansible-test refuses a symlinked collection, keeps its virtual environments below the home folder, and hands neither PIP_* variables nor
PIP_CONFIG_FILE to the pip that fills them. So the copy, the home, and a pip.conf with the effective settings are below .cache/ansible-test;
the home is kept between runs, which makes the second run quick.
"""

from __future__ import annotations

import ast
import configparser
import contextlib
import os
import re
import shutil
import subprocess
import sys
import typing as t
import urllib.request
from pathlib import Path

import ansible_test

from tests.tools.tree import ROOT, copy_tree

PLACE = ROOT / ".cache" / "ansible-test"
COPY = PLACE / "ansible_collections" / "endpointops" / "intune"
HOME = PLACE / "home"
DOWNLOAD_TIMEOUT = 20

GET_PIP_STAND_IN = '''\
"""Takes the place of the get-pip script where that cannot be downloaded: pip comes with Python itself."""
import subprocess
import sys

arguments = [item for item in sys.argv[1:] if item not in ("--no-setuptools", "--no-wheel")]
subprocess.check_call([sys.executable, "-m", "ensurepip"], stdout=subprocess.DEVNULL)
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", *arguments]))
'''


def pip_settings() -> configparser.RawConfigParser:
    """Return the effective pip settings from files or from the environment."""
    listing = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, text=True, check=True).stdout
    settings = configparser.RawConfigParser()
    settings.read_dict({"global": {}})
    from_environment = {}
    for name, value in re.findall(r"^(\S+?)=(['\"].*)$", listing, re.MULTILINE):
        section, _dot, option = name.partition(".")
        if section == ":env:":
            from_environment[option] = ast.literal_eval(value)
        else:
            settings.read_dict({section: {option: ast.literal_eval(value)}})
    settings.read_dict({"global": from_environment})
    for option, names in {"cert": ("REQUESTS_CA_BUNDLE", "SSL_CERT_FILE"), "proxy": ("HTTPS_PROXY", "https_proxy")}.items():
        value = next((os.environ[name] for name in names if os.environ.get(name)), None)
        if value and not settings.has_option("global", option):
            settings.set("global", option, value)
    return settings


def write_pip_settings() -> None:
    """Write the settings to the path that pip reads; private, because an index address can hold a password."""
    target = HOME / ".config" / "pip" / "pip.conf"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.unlink(missing_ok=True)
    with os.fdopen(os.open(target, os.O_WRONLY | os.O_CREAT, 0o600), "w", encoding="utf-8") as file:
        pip_settings().write(file)


def provide_get_pip() -> None:
    """Fetch the script that ansible-test starts pip with; if that fails, write a replacement."""
    package = Path(ansible_test.__file__).parent
    url = re.search(r"url = '(\S+get-pip-%s\.py)'", (package / "_util/target/setup/requirements.py").read_text(encoding="utf-8"))
    if url is None:
        raise SystemExit("ansible-test does not say any more where its get-pip script is.")
    versions = set(re.findall(r"\bpip='([\d.]+)'", (package / "_internal/python_requirements.py").read_text(encoding="utf-8")))
    for version in versions:
        target = HOME / ".ansible" / "test" / "cache" / f"get_pip_{version.replace('.', '_')}.py"
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            with urllib.request.urlopen(url[1] % version, timeout=DOWNLOAD_TIMEOUT) as answer:
                target.write_bytes(answer.read())
        except OSError as problem:
            print(f"The get-pip script is out of reach ({problem}); using the pip that comes with Python.", flush=True)
            target.write_text(GET_PIP_STAND_IN, encoding="utf-8")


@contextlib.contextmanager
def kept(folder: Path) -> t.Iterator[None]:
    """Keep a folder, if it exists, while its parent folder is created again."""
    place = PLACE / "kept"
    shutil.rmtree(place, ignore_errors=True)
    exists = folder.exists()
    if exists:
        folder.rename(place)
    yield
    if exists:
        folder.parent.mkdir(parents=True, exist_ok=True)
        place.rename(folder)


def main(arguments: list[str]) -> int:
    # Keep ansible-test's own environment, which is in the copy.
    with kept(COPY / "tests" / "output" / ".tmp" / "delegation"):
        copy_tree(COPY)
    # Without its own repository, the copy would count as an ignored folder of ours, and nothing would be tested.
    subprocess.run(["git", "init", "--quiet", str(COPY)], check=True)
    write_pip_settings()
    provide_get_pip()
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    command, *further = arguments
    full = ["ansible-test", command, "--venv", "--python", version, "--color", "no", *further]
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "XDG_"))}
    environment["HOME"] = str(HOME)
    return subprocess.run(full, cwd=COPY, env=environment, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
