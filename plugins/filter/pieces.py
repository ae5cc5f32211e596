# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: pieces
short_description: Cut a long list of a result into pieces that a job keeps
version_added: 1.0.0
author:
  - Endpoint Ops (@endpointops)
description:
  - AWX and ansible-runner drop the result of a task as a whole if it is longer than E(MAX_EVENT_RES) characters, 700,000 by default. For
    a result that is too long, this filter splits its list into pieces that each fit into one result, so that a task for each piece can
    hand its entries over. The role P(endpointops.intune.pin_reset#role) does so with the results of a fleet.
  - It also returns the pieces of a result that is hidden because its entries have a secret in clear beside the sealed one. Hand such pieces
    over without the secrets in clear, as M(endpointops.intune.pin_reset_results) does.
  - In check mode, it also returns pieces for a list of more than 50 devices that fits, so an approver of the run finds each device in the
    output of the tasks.
positional: _input
options:
  _input:
    description:
      - The result of a task of this collection, as it was registered.
    type: dict
    required: true
  key:
    description: The key of the list in the result.
    type: str
    default: results
  check:
    description: Whether the run is in check mode.
    type: bool
    default: false
seealso:
  - module: endpointops.intune.pin_reset_results
"""

EXAMPLES = r"""
- name: Read all devices
  endpointops.intune.intune_device_info:
  register: found
  no_log: true

# piece.yml has one task:
#
# - name: Hand devices over
#   endpointops.intune.pin_reset_results:
#     results: "{{ found.devices[piece.first - 1:piece.last] }}"
#     first: "{{ piece.first }}"
#     total: "{{ piece.total }}"
- name: Hand them over in pieces
  ansible.builtin.include_tasks: piece.yml
  loop: "{{ found | endpointops.intune.pieces(key='devices') }}"
  loop_control:
    loop_var: piece
"""

RETURN = r"""
_value:
  description:
    - A dictionary for each piece, with the numbers of its C(first) and its C(last) entry, counted from 1, the C(total) of all pieces, and
      a C(label) such as C(1 to 420 of 3000). Empty if an event of the job holds the result, or the result does not have the list.
  type: list
  elements: dict
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible.module_utils.parsing.convert_bool import boolean

from ansible_collections.endpointops.intune.plugins.module_utils._event_limit import DEFAULT, OVERHEAD, measure, split
from ansible_collections.endpointops.intune.plugins.module_utils._module import find_event_limit
from ansible_collections.endpointops.intune.plugins.module_utils._readiness.device_lines import NAMED
from ansible_collections.endpointops.intune.plugins.module_utils._secrecy import SECRET_KEYS, drop_secrets
from ansible_collections.endpointops.intune.plugins.module_utils._types import Json


def cut(result: t.Any, key: str = "results", *, check: t.Any = False) -> list[Json]:
    """Return the pieces. A boolean may be text, as a survey provides it."""
    if not isinstance(result, t.Mapping):
        raise AnsibleFilterError(f"pieces must get the result of a task, a dictionary, not {type(result).__name__}.")
    shown = drop_secrets(result)
    entries = shown.get(key)
    if not isinstance(entries, list):
        return []
    limit = DEFAULT if (found := find_event_limit()) is None else found
    # The registered variable has a few more members than the event.
    is_kept = measure(shown) <= limit - OVERHEAD and not any(map(_hides_sealed, result[key]))
    if is_kept and not (boolean(check) and len(entries) > NAMED):
        return []
    return [_describe(first, last, len(entries)) for first, last in split(entries, limit)]


def _hides_sealed(entry: t.Any) -> bool:
    """Return whether an entry contains a secret in clear text, for which the whole result is hidden, in addition to a sealed one."""
    return isinstance(entry, t.Mapping) and any(entry.get(key) and entry.get(f"sealed_{key}") for key in SECRET_KEYS)


def _describe(first: int, last: int, total: int) -> Json:
    numbers = f"{first} to {last}" if last > first else str(first)
    return {"first": first, "last": last, "total": total, "label": f"{numbers} of {total}"}


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters of this file."""
        return {"pieces": cut}
