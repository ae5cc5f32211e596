# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Write the files and parts of files that repeat other sources: ``make generate``.

Sources are the argument specs of the modules, the table of Windows Hello settings, the role's defaults, the playbooks, and the texts in
settings.yml, role.yml, and pattern.yml beside this file. Do not edit generated files by hand: a test compares them.
"""
