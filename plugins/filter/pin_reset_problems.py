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
  - Returns a sentence for each variable that the role P(endpointops.intune.pin_reset#role) does not know, for each entry of a list that it
    does not take, and for each value that a later step would refuse. The role uses it before it sends anything.
positional: _input
options:
  _input:
    description: Names of all variables that begin with C(pin_reset_).
    type: list
    elements: str
    required: true
  known:
    description: Names of the role's variables, of the facts that it sets, and of the rulebooks' variables.
    type: list
    elements: str
    required: true
  lists:
    description: Lists to check, by variable. Text has commas between the entries. Text with dictionaries is left to the modules.
    type: dict
    default: {}
  choices:
    description: The entries that a list may have, by variable. A dictionary instead of a list means that each entry must be a dictionary
      too, and holds the choices of the key that it must have.
    type: dict
    default: {}
  values:
    description:
      - Values to check, by variable. They are those of C(pin_reset_approval_code), C(pin_reset_approval_justification),
        C(pin_reset_reset_since), C(pin_reset_sealed_directory) with C(pin_reset_seal_to), C(pin_reset_policy_replace_custom) with
        C(pin_reset_policy_backend), and whether C(pin_reset_policy_settings) is a dictionary.
      - A variable that is missing here is not checked.
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
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.endpointops.intune.plugins.module_utils._approval.options import parse_options
from ansible_collections.endpointops.intune.plugins.module_utils._errors import InvalidOptionError
from ansible_collections.endpointops.intune.plugins.module_utils._names import CLOSENESS, show
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import parse_moment

Values = t.Mapping[str, t.Any]
PREFIX = "pin_reset_"
SIMILAR = 5  # names among which the one that is meant is looked for
# The entries of a list or, for a list of dictionaries, the key that each must have, with its choices.
Choices = t.Sequence[str] | t.Mapping[str, t.Sequence[str]]


def find_problems(
    names: t.Iterable[str],
    known: t.Collection[str],
    lists: Values | None = None,
    choices: t.Mapping[str, Choices] | None = None,
    values: Values | None = None,
) -> list[str]:
    """Return a sentence for each unknown variable, for each invalid entry of a list, and for each unusable value."""
    if isinstance(names, str) or not isinstance(names, t.Iterable):
        raise AnsibleFilterError("pin_reset_problems must get a list of names of variables.")
    return [
        *(_describe_unknown(name, known) for name in sorted(set(names) - set(known))),
        *_find_stray(lists or {}, choices or {}),
        *_find_unusable(values or {}),
    ]


def _describe_unknown(name: str, known: t.Collection[str]) -> str:
    meant = _find_meant(name, known)
    advice = f"Did you mean {meant}?" if meant else "Names that begin with pin_reset_ belong to the role. Choose another name."
    return f"{show(name)} is not a variable of the role pin_reset. {advice}"


def _find_meant(name: str, known: t.Collection[str]) -> str | None:
    """Return the variable that is most likely meant: one that differs by a slip, else one of the same last word, which says what it is."""
    near = difflib.get_close_matches(name, known, n=SIMILAR, cutoff=0.75)
    if not near:
        return None
    is_slip = difflib.SequenceMatcher(None, name.removeprefix(PREFIX), near[0].removeprefix(PREFIX)).ratio() >= CLOSENESS
    return near[0] if is_slip else min(near, key=lambda each: each.rpartition("_")[2] != name.rpartition("_")[2])


# --- lists ----------------------------------------------------------------------------------------------------------


def _find_stray(lists: Values, choices: t.Mapping[str, Choices]) -> t.Iterator[str]:
    """Yield a sentence for each invalid entry of a list."""
    for variable, allowed in choices.items():
        for entry in _list_entries(lists.get(variable), is_simple=not isinstance(allowed, t.Mapping)):
            if isinstance(allowed, t.Mapping):
                yield from _describe_stray_dictionary(variable, entry, allowed)
            elif entry not in allowed:
                yield f"{variable}: '{show(str(entry))}' must be one of {', '.join(allowed)}."


def _list_entries(value: t.Any, *, is_simple: bool) -> list[t.Any]:
    """Return the entries of a list, or of a form's text with commas; none for a value that counts as not set.

    Text with dictionaries is left to the modules, which parse it.
    """
    if isinstance(value, str):
        return [text.strip() for text in value.split(",") if text.strip()] if is_simple else []
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _describe_stray_dictionary(variable: str, entry: t.Any, allowed: t.Mapping[str, t.Sequence[str]]) -> t.Iterator[str]:
    for key, choices in allowed.items():
        if not isinstance(entry, dict):
            example = f"{key}: {entry if isinstance(entry, str) and entry in choices else choices[0]}"
            yield f"{variable}: '{show(str(entry))}' must be a dictionary, such as {{{example}}}."
        elif key not in entry:
            yield f"{variable}: an entry has no {key}. It must be one of {', '.join(choices)}."
        elif entry[key] not in choices:
            yield f"{variable}: '{show(str(entry[key]))}' must be one of {', '.join(choices)}."


# --- values ---------------------------------------------------------------------------------------------------------


def _find_unusable(values: Values) -> t.Iterator[str]:
    """Yield a sentence for each value that a later step would refuse, possibly after an earlier one has written."""
    backend = values.get("pin_reset_policy_backend", "settings_catalog")
    if boolean(values.get("pin_reset_policy_replace_custom") or False, strict=False) and backend != "settings_catalog":
        yield (
            f"pin_reset_policy_replace_custom moves a custom profile into the settings catalog, and pin_reset_policy_backend is {backend}. "
            "Set pin_reset_policy_backend to settings_catalog, or pin_reset_policy_replace_custom to false."
        )
    if values.get("pin_reset_sealed_directory") and not values.get("pin_reset_seal_to"):
        yield "pin_reset_sealed_directory needs pin_reset_seal_to, the certificates of the recipients."
    if not boolean(values.get("pin_reset_policy_settings", True), strict=False):
        # Ansible accepts text for a dictionary, but finds no setting in it.
        yield "pin_reset_policy_settings must be a dictionary, not text. With --extra-vars, give all variables as JSON or in a file."
    for variable, parse in PARSERS.items():
        try:
            parse(str(values.get(variable) or ""))
        except InvalidOptionError as failure:
            yield f"pin_reset_{failure}"


PARSERS: t.Mapping[str, t.Callable[[str], t.Any]] = {
    "pin_reset_approval_code": lambda text: parse_options(None, text),
    "pin_reset_approval_justification": lambda text: parse_options(text, None),
    "pin_reset_reset_since": lambda text: text and parse_moment("reset_since", text, float("inf")),
}


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters of this file."""
        return {"pin_reset_problems": find_problems}
