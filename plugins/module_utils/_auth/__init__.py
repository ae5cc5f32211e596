# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Who we are: the user's options in, a credential out. One file a kind."""

from __future__ import annotations

import os
import typing as t

from .. import _errors as errors
from ._base import Credential, CredentialContext
from .access_token import AccessToken
from .azure_cli import AzureCli
from .client_certificate import ClientCertificate
from .client_secret import ClientSecret
from .managed_identity import ManagedIdentity
from .workload_identity import WorkloadIdentity

METHODS: dict[str, type[Credential]] = {
    kind.method: kind for kind in (ClientSecret, ClientCertificate, ManagedIdentity, WorkloadIdentity, AzureCli, AccessToken)
}

# The option whose presence means the method, for auth_method auto.
TELLING = {
    "access_token": "access_token",
    "client_certificate_path": "client_certificate",
    "client_secret": "client_secret",
    "federated_token_path": "workload_identity",
}


def create(options: t.Mapping[str, t.Any], context: CredentialContext) -> Credential:
    """The checked credential for these options; nothing has been sent yet."""
    method = options["auth_method"]
    if method == "auto":
        method = guess(options, os.environ)
    credential = METHODS[method](options, context)
    credential.check()
    return credential


def guess(options: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> str:
    """The method that the options speak of; refuses when they speak of none, or of several."""
    told = [option for option in TELLING if options.get(option)]
    if len(told) > 1:
        raise errors.InvalidOptionError(
            f"Several credentials are given: {', '.join(told)} (as options, or by the environment).",
            hint="Say which one to use with auth_method: " + " or ".join(TELLING[option] for option in told) + ".",
        )
    if told:
        return TELLING[told[0]]
    if options.get("managed_identity_client_id") or environ.get("IDENTITY_ENDPOINT"):
        return ManagedIdentity.method
    raise errors.InvalidOptionError(
        "No credential is given.",
        hint="Set tenant_id, client_id and client_secret (INTUNE_TENANT_ID, INTUNE_CLIENT_ID, INTUNE_CLIENT_SECRET), "
        "or client_certificate_path, federated_token_path or access_token; or set auth_method to managed_identity or azure_cli.",
    )
