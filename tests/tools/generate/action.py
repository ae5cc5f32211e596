# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Render the action plugins: one for each module, containing only the reference to the module."""

from __future__ import annotations

# The class in plugin_utils/_action_base.py.
BASE = "IntuneActionBase"
TEMPLATE = """\
# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

{notice}

from __future__ import annotations

# Imported once here, in the parent of all workers, because importing takes most of the time of a task.
from ansible_collections.endpointops.intune.plugins.modules import {module}
from ansible_collections.endpointops.intune.plugins.plugin_utils._action_base import {base}


class ActionModule({base}):
    module = {module}
"""


def render_action_plugin(module: str, notice: str) -> str:
    """Render the action plugin of a module. ``notice`` is a comment that names its sources."""
    return TEMPLATE.format(module=module, base=BASE, notice=notice)
