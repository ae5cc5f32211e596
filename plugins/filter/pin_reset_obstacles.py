# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pin_reset_obstacles
short_description: Find the reasons to stop a run of the role pin_reset
version_added: 1.0.0
author:
  - Endpoint Ops (@endpointops)
description:
  - Returns a sentence for each reason why a run of the role P(endpointops.intune.pin_reset#role) must not begin to write, or must not end
    well. The role uses it before the first write, and at its end.
positional: _input
options:
  _input:
    description:
      - The results of the tasks, as for O(endpointops.intune.pin_reset_summary#module:results).
    type: dict
    required: true
  modules:
    description: The modules whose permissions the application must have. Without modules, only the outcome is considered.
    type: list
    elements: str
    default: []
  check:
    description: Whether the run is in check mode, which needs the permissions to read only.
    type: bool
    default: false
  removes:
    description: Whether the run takes the policy and the consent back, so that the advice is about that.
    type: bool
    default: false
  writes:
    description: Whether the run is about to write the policy, so that the names in its assignments must be found.
    type: bool
    default: false
  moves:
    description: Whether a policy of the other type is moved.
    type: bool
    default: false
  assigns:
    description: Whether the task gives assignments.
    type: bool
    default: true
  ends:
    description: Whether this is the end of the run, at which the tenant must be ready.
    type: bool
    default: false
  must_know:
    description: Whether a part of the readiness that could not be read is an obstacle at the end.
    type: bool
    default: true
  must_arrive:
    description: Whether it is an obstacle at the end that no device has the policy yet, or that it is not known.
    type: bool
    default: true
  allow_unassigned:
    description: Whether a policy that is assigned to nobody is intended.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Fail unless the tenant is ready
  ansible.builtin.assert:
    that: obstacles | length == 0
    fail_msg: "{{ obstacles | join(' ') }}"
  vars:
    obstacles: "{{ {'before': readiness_result} | endpointops.intune.pin_reset_obstacles(ends=true) }}"
"""

RETURN = r"""
_value:
  description: One sentence or two for each obstacle; empty when there is none.
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.endpointops.intune.plugins.module_utils._readiness import obstacles as found_obstacles
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.found import parse_found


def find_obstacles(
    results: t.Any,
    modules: t.Sequence[str] = (),
    *,
    check: t.Any = False,
    removes: t.Any = False,
    writes: t.Any = False,
    moves: t.Any = False,
    assigns: t.Any = True,
    ends: t.Any = False,
    must_know: t.Any = True,
    must_arrive: t.Any = True,
    allow_unassigned: t.Any = False,
) -> list[str]:
    """Return a text for each obstacle. Booleans may be text, as a survey provides them."""
    if not isinstance(results, t.Mapping):
        raise AnsibleFilterError(f"pin_reset_obstacles must get a dictionary of results, not {type(results).__name__}.")
    found = parse_found(results, check=boolean(check), modules=modules)
    obstacles = found_obstacles.list_missing_permissions(found, removes=boolean(removes)) + found_obstacles.list_unremovable(found)
    if boolean(writes):
        obstacles += found_obstacles.list_unwritable(
            found, moves=boolean(moves), assigns=boolean(assigns), allow_unassigned=boolean(allow_unassigned)
        )
    if boolean(ends):
        obstacles += found_obstacles.list_obstacles(
            found, must_know=boolean(must_know), must_arrive=boolean(must_arrive), allow_unassigned=boolean(allow_unassigned)
        )
    return obstacles


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters of this file."""
        return {"pin_reset_obstacles": find_obstacles}
