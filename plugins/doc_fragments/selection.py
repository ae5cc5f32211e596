# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """Options of modules that work on devices."""

    DOCUMENTATION = r"""
options:
  devices:
    description:
      - The devices, each by what O(match_by) says. The same device named twice is one device.
      - A name that means no device, or several, ends the task before anything is done; all such names are listed at once.
    type: list
    elements: str
  match_by:
    description:
      - What O(devices) holds.
      - V(auto) takes a GUID as an ID (of Intune, then of Microsoft Entra), something with C(@) as a user principal name, and
        anything else as a device name, then as a serial number.
    type: str
    choices: [auto, id, device_name, serial_number, user_principal_name, azure_ad_device_id]
    default: auto
  device_groups:
    description:
      - Groups of Microsoft Entra, by name or ID. They stand for the managed devices of their members, which are devices or users,
        also those of nested groups. Members without a device in Intune are passed over with a warning.
      - Needs the application permissions C(GroupMember.Read.All), C(Device.Read.All) and C(User.Read.All).
    type: list
    elements: str
"""
