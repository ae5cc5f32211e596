# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: bootstrap_applications
short_description: Read the applications that the playbook bootstrap is to create
version_added: 1.0.0
author:
  - Endpoint Ops (@endpointops)
description:
  - Reads a list of applications, and returns a sentence for each mistake in it, so that the playbook C(endpointops.intune.bootstrap) finds
    all of them before its first change. Nothing is sent.
  - An entry has options of M(endpointops.intune.entra_application), except those to connect and
    O(endpointops.intune.entra_application#module:return_secret).
positional: _input
options:
  _input:
    description: The applications.
    type: raw
    required: true
  grant:
    description: The option O(endpointops.intune.entra_application#module:grant) for entries that do not set it.
    type: bool
    default: true
"""

EXAMPLES = r"""
- name: Check the applications
  ansible.builtin.assert:
    that: read.problems | length == 0
    fail_msg: "{{ read.problems | join(' ') }}"
  vars:
    read: "{{ intune_bootstrap_applications | endpointops.intune.bootstrap_applications }}"
"""

RETURN = r"""
_value:
  description: The applications, or the mistakes in them.
  type: dict
  contains:
    entries:
      description: The entries without options that have no value, each with C(label), by which output names it. Empty if one has a mistake.
      type: list
      elements: dict
    problems:
      description: A sentence or two for each mistake; empty when there is none.
      type: list
      elements: str
"""

import time
import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils._application.certificates import read_certificates
from ansible_collections.endpointops.intune.plugins.module_utils._application.options import parse_goal
from ansible_collections.endpointops.intune.plugins.module_utils._argspec import CLIENT_SECRET, CONNECTION, validate
from ansible_collections.endpointops.intune.plugins.module_utils._errors import IntuneError
from ansible_collections.endpointops.intune.plugins.module_utils._guid import parse_guid
from ansible_collections.endpointops.intune.plugins.module_utils._secrecy import refuse_private_keys
from ansible_collections.endpointops.intune.plugins.modules.entra_application import SPEC, make_handover

VARIABLE = "intune_bootstrap_applications"
TARGETS = ("unique_name", "app_id", "managed_identity")
# The playbook connects once for all entries. A secret in clear text would be lost at the end of the run.
OPTIONS = {name: option for name, option in SPEC.argument_spec.items() if name not in CONNECTION and name != CLIENT_SECRET.option}

Entry = dict[str, t.Any]


class Applications(t.TypedDict):
    """The applications, or the errors in them."""

    entries: list[Entry]
    problems: list[str]


def read(given: t.Any, *, grant: t.Any = True) -> Applications:
    """Return the applications of a variable."""
    if not isinstance(given, t.Sequence) or isinstance(given, (str, bytes)):
        problem = (
            f"{VARIABLE} must be a list with a dictionary for each application, not {_describe(given)}. A survey and -e NAME=VALUE give "
            "text only: write the list into a file of variables, and give it by -e @applications.yml."
        )
        return {"entries": [], "problems": [problem]}
    entries: list[Entry] = []
    problems = []
    for number, found in enumerate(given, 1):
        title = f"Entry {number} of {VARIABLE}"
        if not isinstance(found, t.Mapping):
            problems.append(f"{title} must be a dictionary with options of entra_application, not {_describe(found)}.")
            continue
        # An option without a value counts as not given.
        entry = {"grant": grant, **{name: value for name, value in found.items() if value is not None}}
        named = next((str(entry[name]) for name in TARGETS if entry.get(name)), None)
        problems += [f"{title}{f' ({named})' if named else ''}: {problem}" for problem in _check(entry)]
        entries.append({**entry, "label": entry.get("name") or named})
    problems += _list_repeated(entries)
    return {"entries": [] if problems else entries, "problems": problems}


def _check(entry: Entry) -> list[str]:
    """Return the errors in the options of an application."""
    unknown = sorted((str(name) for name in entry if name not in OPTIONS), key=str.lower)
    if unknown:
        return [f"{' and '.join(unknown)} {_explain(unknown)} An entry can have {', '.join(sorted(OPTIONS))}."]
    validated = validate(SPEC.argument_spec, entry, SPEC.relations)
    if validated.problems:
        return [f"{problem.rstrip('.')}." for problem in validated.problems]
    params = {**validated.params, CLIENT_SECRET.option: False}
    if params["secret_name"] and not params["seal_to"] and params["state"] == "present":
        return ["seal_to must name the certificates of the recipients of the client secret: Microsoft Entra shows it once."]
    try:
        now = time.time()
        certificates = params["certificates"] if params["state"] == "present" else None
        parse_goal(params, read_certificates(certificates, now, is_purging=params["purge_certificates"]))
        make_handover(params, now, check=True)
        refuse_private_keys(entry)
    except IntuneError as failure:
        return [str(failure)]
    return []


def _explain(unknown: t.Collection[str]) -> str:
    if CLIENT_SECRET.option in unknown:
        return "cannot be set here: a client secret in clear would be lost at the end of the run. Use seal_to."
    if any(name in CONNECTION for name in unknown):
        return "cannot be set here: the playbook connects once, for all applications, by its variables and the environment."
    return f"{'are not options' if len(unknown) > 1 else 'is not an option'} of an application."


def _list_repeated(entries: t.Sequence[Entry]) -> list[str]:
    """Return a text for each application that several entries name, because the last of them would undo the others."""
    given = [(name, str(entry[name])) for entry in entries for name in TARGETS if entry.get(name)]
    names = [(name, parse_guid(value) or value.strip().lower()) for name, value in given]
    repeated = sorted({pair for pair in names if names.count(pair) > 1})
    return [f"Several entries of {VARIABLE} have the {name} '{value}'. Make one entry of them." for name, value in repeated]


def _describe(given: t.Any) -> str:
    if given is None:
        return "nothing"
    if isinstance(given, str):
        return "text"
    return "a dictionary" if isinstance(given, t.Mapping) else f"a value of the type {type(given).__name__}"


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters of this file."""
        return {"bootstrap_applications": read}
