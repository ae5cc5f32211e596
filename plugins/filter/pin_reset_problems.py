# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pin_reset_problems
short_description: Check the variables of the role pin_reset
version_added: 1.0.0
author:
  - Endpoint Ops (@endpointops)
description:
  - Returns a sentence for each variable that the role P(endpointops.intune.pin_reset#role) does not know, and for each entry of a list
    that it does not take. The role uses it before it sends anything.
positional: _input
options:
  _input:
    description: Names of all variables that begin with C(pin_reset_).
    type: list
    elements: str
    required: true
  known:
    description: Names of the role's variables, and of the facts that it sets.
    type: list
    elements: str
    required: true
  lists:
    description: Lists to check, by variable. A value that is text is left to the modules, which take it apart.
    type: dict
    default: {}
  choices:
    description: The entries that a list may have, by variable. Of an entry that is a dictionary, its C(target) counts.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Check the variables
  ansible.builtin.assert:
    that: problems | length == 0
    fail_msg: "{{ problems | join(' ') }}"
  vars:
    problems: "{{ ['pin_reset_assignment'] | endpointops.intune.pin_reset_problems(known=['pin_reset_assignments']) }}"
"""

RETURN = r"""
_value:
  description: One sentence for each problem; empty when there is none.
  type: list
  elements: str
"""

import difflib
import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.endpointops.intune.plugins.module_utils._names import show

Lists = t.Mapping[str, t.Any]


def find_problems(
    names: t.Iterable[str], known: t.Collection[str], lists: Lists | None = None, choices: t.Mapping[str, t.Sequence[str]] | None = None
) -> list[str]:
    """Return a sentence for each unknown variable, and for each entry that is not among the choices of its list."""
    if isinstance(names, str) or not isinstance(names, t.Iterable):
        raise AnsibleFilterError("pin_reset_problems must get a list of names of variables.")
    unknown = [_describe_unknown(name, known) for name in sorted(set(names) - set(known))]
    return unknown + [
        _describe_stray(variable, entry, allowed)
        for variable, allowed in (choices or {}).items()
        for entry in _list_entries((lists or {}).get(variable))
        if (entry.get("target") if isinstance(entry, dict) else entry) not in allowed
    ]


def _describe_unknown(name: str, known: t.Collection[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.75)
    advice = f"Did you mean {near[0]}?" if near else "Names that begin with pin_reset_ belong to the role. Choose another name."
    return f"{show(name)} is not a variable of the role pin_reset. {advice}"


def _list_entries(value: t.Any) -> list[t.Any]:
    """Return the entries of a list; none for a value that counts as not set, and for text, which a form gave."""
    if value is None or isinstance(value, str):
        return []
    return value if isinstance(value, list) else [value]


def _describe_stray(variable: str, entry: t.Any, allowed: t.Sequence[str]) -> str:
    if isinstance(entry, dict) and "target" not in entry:
        return f"{variable}: an entry has no target. It must be one of {', '.join(allowed)}."
    given = entry.get("target") if isinstance(entry, dict) else entry
    return f"{variable}: '{show(str(given))}' must be one of {', '.join(allowed)}."


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters of this file."""
        return {"pin_reset_problems": find_problems}
