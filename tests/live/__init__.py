# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the same tasks on a real tenant and on the emulated one, and report how the service differs: ``make live``.

Keep only the shape of a request or a response: the operation, the status, names and types of members. So the report contains no personal
data. ``shapes`` decides which names may be shown.
"""
