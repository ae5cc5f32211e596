# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
name: csv_column
short_description: Return a column of a CSV export, such as the devices of the Intune admin center
version_added: 1.0.0
author:
  - Endpoint Ops (@endpointops)
description:
  - Returns the values of one column of a CSV text, to be used as C(devices) of a task or as C(pin_reset_devices) of the role
    P(endpointops.intune.pin_reset#role).
  - Takes exports as they are. The text may begin with a byte order mark, the separator may be a comma, a semicolon, or a tab, lines may
    end in any way, and values may be in quotes. Values stay text, so leading zeros stay. Blanks around a value, and empty lines, are left
    out.
  - Fails where a device could be missed or mixed up. That is a column that the text does not have or has twice, a line without a value in
    the column, a line with more values than the header has columns, and quotes that do not end.
positional: _input, column
options:
  _input:
    description: The CSV text, with the names of the columns in its first line.
    type: str
    required: true
  column:
    description: The name of the column, without regard to case.
    type: str
    required: true
seealso:
  - module: endpointops.intune.intune_device_passcode
  - module: endpointops.intune.intune_device_info
"""

EXAMPLES = r"""
- name: Reset the passcodes of the devices of an export
  endpointops.intune.intune_device_passcode:
    devices: "{{ lookup('ansible.builtin.file', 'DevicesWithInventory.csv') | endpointops.intune.csv_column('Device ID') }}"
    match_by: id
    platforms: [android]
"""

RETURN = r"""
_value:
  description: The values of the column, one for each line, in their order.
  type: list
  elements: str
"""

import typing as t

from ansible.errors import AnsibleFilterError

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._devices.csv_export import read_column


def read(text: t.Any, column: t.Any) -> list[str]:
    """Return the values of a column."""
    for name, value in (("the text of a CSV file", text), ("the name of a column as text", column)):
        if not isinstance(value, str):
            raise AnsibleFilterError(f"csv_column must get {name}, not a value of the type {type(value).__name__}.")
    try:
        return read_column(text, column)
    except errors.InvalidOptionError as failure:
        raise AnsibleFilterError(f"csv_column: {failure}") from None


class FilterModule:
    """The filter."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filters of this file."""
        return {"csv_column": read}
