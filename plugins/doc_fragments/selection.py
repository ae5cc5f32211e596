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
      - A name that matches no device, or several, ends the task before anything is done; all such names are listed at once. For several
        devices the message has the platform, the user, the enrollment date, and the last check-in of each. For none it names invisible
        characters, and suggests device names, serial numbers, and users that look the same. It never uses a suggestion by itself.
      - Each entry must be text. Put numbers, dates, and words such as C(yes) in quotes, since YAML makes the number 5349 of C(0012345).
      - A value that cannot identify a device is refused. That is the nil GUID, a blank, and, with a O(match_by) of V(auto) or
        V(serial_number), a placeholder that firmware has where no serial number was written, such as C(To Be Filled By O.E.M.) or
        C(0000000), even if one device has it alone.
    type: list
    elements: str
  match_by:
    description:
      - What O(devices) holds.
      - V(auto) compares each name with all properties that may hold it. These are the device name and the serial number; for a GUID also
        the ID of Intune and the device ID of Microsoft Entra; for a name with C(@) also the user principal name.
      - Where these mean different devices, such as a device that has the serial number of another one as its name, the task ends before
        anything is done, and shows both. A property as O(match_by) chooses between them, and takes fewer requests.
    type: str
    choices: [auto, id, device_name, serial_number, user_principal_name, azure_ad_device_id]
    default: auto
  device_groups:
    description:
      - Groups of Microsoft Entra, by name or ID. They stand for the managed devices of their members, which are devices or users,
        also those of nested groups. Members without a device in Intune are skipped with a warning.
      - A device belongs to a member by its IDs, which are the device ID of Microsoft Entra for a device, and the user ID for a user. The
        user principal name counts only for a device that has no user ID. A device that has a member's user principal name, but the
        user ID of another user, is left out with a warning that names it.
      - A device in a group that has several records in Intune, which share its device ID of Microsoft Entra, ends the task before anything
        is done, as a name of several devices does. The message has the records, and says which one is current where that is known.
      - To find the devices of users by the user ID, the list of all devices is read, a request for each thousand. Where Intune's list lacks
        devices, or Intune does not count them, a device whose record has an old user principal name may be missing; a warning says so.
      - As text instead of a list, names are separated by commas. Use a list for a name with a comma.
      - Needs the application permissions C(GroupMember.Read.All), C(Device.Read.All) and C(User.Read.All).
    type: list
    elements: str
"""
