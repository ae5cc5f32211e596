# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Check that importing the collection changes nothing for others in the process."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[3]
PREFIX = "ansible_collections.endpointops.intune.plugins"
NAMES = [
    ".".join((PREFIX, *path.relative_to(ROOT / "plugins").with_suffix("").parts))
    for folder in ("action", "modules", "module_utils")
    for path in sorted((ROOT / "plugins" / folder).rglob("*.py"))
    if path.stem != "__init__"
]
STATES = {
    "filters of loggers": "[(name, logging.getLogger(name).filters) for name in NAMES]",
    "handlers of loggers": "[(name, logging.getLogger(name).handlers) for name in NAMES]",
    "levels of loggers": "[(name, logging.getLogger(name).level) for name in NAMES]",
    "environment": "sorted(os.environ.items())",
    "certificates": "ssl._create_default_https_context",
    "signals": "[signal.getsignal(number) for number in signal.valid_signals()]",
    "timeout": "socket.getdefaulttimeout()",
}
CODE = """
import importlib, logging, os, signal, socket, ssl, sys
import ansible.plugins.action, msal, requests, urllib3
NAMES = ["", "urllib3", "urllib3.connectionpool", "urllib3.util.retry", "requests", "msal", "ansible"]
before = repr({state})
for name in sys.argv[1:]:
    importlib.import_module(name)
after = repr({state})
sys.exit(0 if before == after else before + after)
"""


@pytest.mark.parametrize("state", [pytest.param(state, id=f"case 41: {name}") for name, state in STATES.items()])
def test_importing_the_collection_leaves_it_alone(state: str) -> None:
    done = subprocess.run([sys.executable, "-c", CODE.replace("{state}", state), *NAMES], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
