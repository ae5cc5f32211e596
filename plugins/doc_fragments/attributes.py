# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    support: full
    description: Can run in C(check_mode) and predict the changes, without a write to the service.
  diff_mode:
    support: full
    description: Shows what changes, or would change in C(check_mode), when C(--diff) is given. Managed values only.
  platform:
    platforms: all
    support: full
    description: Where the module runs; it needs Python with the listed libraries there, and a way to Microsoft Graph.
  idempotent:
    support: none
    description: A second run with the same options changes nothing.
  action_group:
    description: Use C(group/endpointops.intune.intune) in C(module_defaults) to set options for all modules of this collection.
    support: full
    membership: [endpointops.intune.intune]
"""

    IDEMPOTENT = r"""
options: {}
attributes:
  idempotent:
    support: full
    description: A second run with the same options changes nothing.
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - Reads only, in check mode too.
    description: Can run in C(check_mode) and predict the changes, without a write to the service.
  diff_mode:
    support: N/A
    details:
      - Reads only.
    description: Shows what changes, or would change in C(check_mode), when C(--diff) is given. Managed values only.
  idempotent:
    support: full
    details:
      - Reads only.
    description: A second run with the same options changes nothing.
"""
