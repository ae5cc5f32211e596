# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

# Imported here, in the parent of all workers, and not per task: that is where the time goes.
from ansible_collections.endpointops.intune.plugins.modules import intune_pin_policy
from ansible_collections.endpointops.intune.plugins.plugin_utils._action_base import IntuneActionBase


class ActionModule(IntuneActionBase):
    module = intune_pin_policy
