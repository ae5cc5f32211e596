# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run the same tasks on a real tenant and on the emulated one, and report how the service differs: ``make live``.

Nothing of a request or a response is kept but its shape: the operation, the status, names and types of members. So the report holds no
personal data. ``shapes`` decides what may be shown.
"""
