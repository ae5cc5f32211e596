# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Create the credential that the user's options describe. Each kind of credential has its own file."""

from __future__ import annotations

import os
import typing as t

from .. import _errors as errors
from .._text import join_words
from ._base import (
    CHECK_ENVIRONMENT,
    AuthMethod,
    Credential,
    CredentialContext,
    describe_empty_variables,
    render_variable,
)
from ._memory import TokenMemory

# The option that selects each method when auth_method is auto.
METHOD_BY_OPTION: dict[str, AuthMethod] = {
    "access_token": "access_token",
    "client_certificate_path": "client_certificate",
    "client_secret": "client_secret",
    "federated_token_path": "workload_identity",
}

APPLICATION = ("tenant_id", "client_id")
PASSPHRASE = "client_certificate_passphrase"
PROOFS = ("client_secret", "client_certificate_path", "federated_token_path", "access_token")  # the order in which a hint lists them


def create(options: t.Mapping[str, t.Any], context: CredentialContext, memory: TokenMemory | None = None) -> Credential:
    """Return the validated credential for these options, without sending a request.

    :param memory: the tokens of this process; credentials with the same options share one token.
    """
    method: AuthMethod | t.Literal["auto"] = options["auth_method"]
    if method == "auto":
        method = detect_method(options, os.environ)
    credential = load_kind(method)(options, context)
    credential.validate()
    if memory is not None and method != "access_token":
        # A given token is checked again for each task, because it cannot be renewed.
        credential.kept = memory.of(options, credential.fingerprint())
    return credential


def load_kind(method: AuthMethod) -> type[Credential]:
    """Return the class of a kind of credential. Only this class is imported, because each task's process compiles every imported file."""
    if method == "client_secret":
        from .client_secret import ClientSecret

        return ClientSecret
    if method == "client_certificate":
        from .client_certificate import ClientCertificate

        return ClientCertificate
    if method == "managed_identity":
        from .managed_identity import ManagedIdentity

        return ManagedIdentity
    if method == "workload_identity":
        from .workload_identity import WorkloadIdentity

        return WorkloadIdentity
    if method == "azure_cli":
        from .azure_cli import AzureCli

        return AzureCli
    from .access_token import AccessToken

    return AccessToken


def detect_method(options: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> AuthMethod:
    """Return the only method whose option is set; raise InvalidOptionError if none or several are set."""
    given = [option for option in METHOD_BY_OPTION if options.get(option)]
    if len(given) > 1:
        raise errors.InvalidOptionError(
            f"Several credentials are given: {', '.join(given)} (as options, or by the environment).",
            hint="Say which one to use with auth_method: " + " or ".join(METHOD_BY_OPTION[option] for option in given) + ".",
        )
    if given:
        return METHOD_BY_OPTION[given[0]]
    if options.get("managed_identity_client_id") or environ.get("IDENTITY_ENDPOINT"):
        return "managed_identity"
    raise describe_incomplete(options, environ)


def describe_incomplete(options: t.Mapping[str, t.Any], environ: t.Mapping[str, str]) -> errors.InvalidOptionError:
    """Return the error for an incomplete credential. It lists the options that are set and those that are missing."""
    present = [option for option in (*APPLICATION, PASSPHRASE) if options.get(option)]
    missing = [option for option in APPLICATION if option not in present]
    proof = "client_certificate_path" if PASSPHRASE in present else "client_secret"
    wanted, others = [*missing, proof], [option for option in PROOFS if option != proof]
    message = "No credential is given."
    if present:
        lacking = join_words([*missing, "a credential"]) + " are not" if missing else "no credential for them is"
        message = f"{join_words(present)} {'are' if len(present) > 1 else 'is'} set, but {lacking}."
    return errors.InvalidOptionError(
        message + describe_empty_variables([*APPLICATION, *PROOFS], environ),
        hint=f"Set {join_words(wanted)} ({', '.join(map(render_variable, wanted))}), or {', '.join(others[:-1])}, or {others[-1]}; "
        f"or set auth_method (INTUNE_AUTH_METHOD) to managed_identity or azure_cli. {CHECK_ENVIRONMENT}",
    )
