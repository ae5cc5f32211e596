# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Lock devices between the processes of one machine, so that two tasks reset no device at the same time or one after the other.

The locks are in the files of one or several folders (see lock_files), together with the machine's record of resets (see device_memory).
"""

from __future__ import annotations

import typing as t

from .. import _errors as errors
from .device_memory import derive_key
from .journal_format import KnownReset, State
from .lock_files import LockFolder
from .lock_folder import OPTION, reason_of


class DeviceLocks:
    """The locks of a task. Without a folder, every device can be locked. Call ``open``, or use a with statement, before the first lock.

    ``scope``: the address of the service, because devices of another service may have the same IDs. In check mode, nothing is locked or
    written; only the record of resets is read.
    """

    def __init__(self, folders: t.Iterable[str] = (), scope: str = "", *, check: bool = False) -> None:
        self._folders = [LockFolder(path, self._warn_of_memory, check=check) for path in folders]
        self._scope, self._check = scope, check
        self._held: set[str] = set()
        self.warnings: list[str] = []
        self._has_warned = False

    def __enter__(self) -> DeviceLocks:
        self.open()
        return self

    def __exit__(self, *_details: object) -> None:
        self.close()

    def open(self) -> None:
        """Open the files, and create missing ones. Raise InvalidOptionError if that fails."""
        try:
            for folder in self._folders:
                folder.open()
        except errors.IntuneError:
            self.close()
            raise

    def close(self) -> None:
        """Release all devices."""
        for folder in self._folders:
            folder.close()
        self._held.clear()

    def take(self, device: str) -> bool:
        """Lock a device for this task and return whether that succeeded; false while another process holds it."""
        device = device.lower()
        if device in self._held:
            return True
        taken: list[LockFolder] = []
        for folder in list(self._folders):
            try:
                if not folder.take(device):
                    for other in taken:
                        other.release(device)
                    return False
            except OSError as failure:
                self._leave(folder, failure)
            else:
                taken.append(folder)
        self._held.add(device)
        return True

    def find_remembered(self, device: str) -> KnownReset | None:
        """Return the last reset of a locked device in the machine's record."""
        key = derive_key(self._scope, device)
        found = [known for folder in self._folders if (known := folder.read_memory(device.lower()).get(key))]
        # Folders differ if an earlier task had only one of them, or could not write to one.
        return max(found, key=lambda known: (known.intended_at, known.state != "open"), default=None)

    def remember(self, devices: t.Iterable[str], state: State, intended_at: float) -> None:
        """Record the state of the last reset of devices. Ignore devices that are not locked, because their state is uncertain."""
        known = KnownReset(state, intended_at, intended_at)
        held = {device.lower(): derive_key(self._scope, device) for device in devices if device.lower() in self._held}
        for folder in [] if self._check else self._folders:
            folder.write_memory(held, known)

    def _warn_of_memory(self, path: str, reason: str) -> None:
        if not self._has_warned:
            self._has_warned = True
            self.warnings.append(
                f"The record of earlier resets in '{path}' cannot be used completely: {reason}. Where Intune does not "
                "show a reset of an earlier task yet, this task, or one that follows it, can reset the device again. If this warning comes "
                "again, remove that file while no task runs."
            )

    def release(self, device: str) -> None:
        """Release a device for other processes. Ignore a device that is not locked."""
        device = device.lower()
        if device in self._held:
            self._held.remove(device)
            for folder in list(self._folders):
                try:
                    folder.release(device)
                except OSError as failure:
                    self._leave(folder, failure)

    def _leave(self, folder: LockFolder, failure: OSError) -> None:
        """Continue without a folder in which locking fails."""
        folder.close()
        self._folders.remove(folder)
        self.warnings.append(
            f"Devices cannot be locked in '{folder.path}': {reason_of(failure)}. Another task on this machine can reset the same devices "
            f"at the same time. Run one task at a time, or set {OPTION} to a folder on a local disk."
        )
