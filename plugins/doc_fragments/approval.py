# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    DOCUMENTATION = r"""
options:
  approval_justification:
    description:
      - Why the change is made, for the administrators who approve it, in a tenant where Multi Admin Approval protects it. Where
        nothing is protected, it is not used.
      - The first run files a request for approval, changes nothing by it, and ends well with the request in RV(ignore:approval).
        A run with the same options after the approval finds it by itself and completes the change. A request that was
        rejected fails; another text files another request. One that has expired, after three days, is filed again.
      - An application can ask, but not approve; nor can who asked. Each protected write is approved for itself, so that a policy
        that is to be made and assigned needs two approvals.
    type: str
  approval_code:
    description:
      - Code of an approval request that was made before, where it is not to be looked up, for instance because the application
        may not read requests. The change has to be the very same.
    type: str
"""
