# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations


class ModuleDocFragment:
    """The ways in which new passcodes leave a module."""

    DOCUMENTATION = r"""
options:
  seal_to:
    description:
      - Certificates of those who may read the new passcodes, each as PEM text or as the path of a PEM or DER file. Any one of them can
        open what RV(results[].sealed_passcode) holds, for example with C(openssl cms -decrypt -inform PEM -recip cert.pem
        -inkey key.pem) or with PowerShell's C(Unprotect-CmsMessage).
      - Needs RSA certificates for key encipherment, which have not expired, and cryptography 43 or later.
    type: list
    elements: str
  return_passcode:
    description:
      - Whether to return the new passcodes. The result is then hidden from all output, as with C(no_log), while the registered
        variable can be used. Whoever prints that variable prints passcodes.
      - Needs a task without C(async), whose answer cannot be hidden.
    type: bool
    default: false
"""
