# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The options for handing over new passcodes and passes."""

    DOCUMENTATION = r"""
options:
  seal_to:
    description:
      - Certificates of the recipients of the new passcodes, each as PEM text or as the path of a PEM or DER file on the host that runs
        the module. Each of them can open RV(results[].sealed_passcode), for example with C(openssl cms -decrypt -inform
        PEM -recip cert.pem -inkey key.pem) or with PowerShell's C(Unprotect-CmsMessage).
      - Words around a certificate, such as the output of C(openssl x509 -text), are not used. A text may hold several certificates,
        which are all recipients. A file holds one, and other users must not be able to replace it.
      - Needs RSA certificates for key encipherment, which have not expired, and cryptography 43 or later.
      - RV(recipients) lists the certificates that can open the passcodes, also in check mode.
      - The seal keeps others from reading a passcode. It proves neither the origin of the text nor that it is unchanged.
    type: list
    elements: str
  sealed_directory:
    description:
      - A folder to which each sealed passcode is written, as a file of its own for each reset of a device, named after the device, its
        ID, and the time of the reset (or of its last update, or a random part, where Intune shows no time).
        RV(results[].sealed_file) is its path.
      - The folder must exist on the host that runs the module, and other users must not be able to write to it or to redirect its
        path. The files have the mode 0600.
      - A file that exists is never replaced. If it is sealed to the recipients of O(seal_to), it is kept as the file of this reset;
        otherwise the task fails when all devices are handled, and RV(results[].sealed_passcode) still holds the sealed text.
      - In check mode nothing is written.
    type: path
  return_passcode:
    description:
      - Whether to return the new passcodes. The result is then hidden from all output, as with C(no_log), while the registered variable can
        be used. Do not print that variable; it holds passcodes.
      - Refused before anything is reset where the result could not be hidden. This is so with C(async), and while C(ANSIBLE_DEBUG) is
        on and the module runs in a process of its own. A plugin of another collection that runs this module needs C(no_log=true) on its
        task.
      - In check mode the values are null.
    type: bool
    default: false
"""

    ACCESS_PASS = r"""
options:
  seal_to:
    description:
      - Certificates of the recipients of the new passes, each as PEM text or as the path of a PEM or DER file on the host that runs the
        module. Each of them can open RV(results[].sealed_temporary_access_pass), for example with
        C(openssl cms -decrypt -inform PEM -recip cert.pem -inkey key.pem) or with PowerShell's C(Unprotect-CmsMessage).
      - Words around a certificate, such as the output of C(openssl x509 -text), are not used. A text may hold several certificates,
        which are all recipients. A file holds one, and other users must not be able to replace it.
      - Needs RSA certificates for key encipherment, which have not expired, and cryptography 43 or later.
      - RV(recipients) lists the certificates that can open the passes, also in check mode.
      - The seal keeps others from reading a pass. It proves neither the origin of the text nor that it is unchanged.
    type: list
    elements: str
  sealed_directory:
    description:
      - A folder to which each sealed pass is written, as a file of its own, named after the user, the user's ID, and the time and ID of
        the pass. RV(results[].sealed_file) is its path.
      - The folder must exist on the host that runs the module, and other users must not be able to write to it or to redirect its
        path. The files have the mode 0600.
      - A file that exists is never replaced. Where a file cannot be written, the task fails when all users are handled, and
        RV(results[].sealed_temporary_access_pass) still holds the sealed text.
      - In check mode nothing is written.
    type: path
  return_pass:
    description:
      - Whether to return the new passes. The result is then hidden from all output, as with C(no_log), while the registered variable can
        be used. Do not print that variable; it holds passes.
      - Refused before anything is issued where the result could not be hidden. This is so with C(async), and while C(ANSIBLE_DEBUG) is
        on and the module runs in a process of its own. A plugin of another collection that runs this module needs C(no_log=true) on its
        task.
      - In check mode the values are null.
    type: bool
    default: false
"""
