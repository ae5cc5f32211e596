# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The state of the emulated tenant. One process, one event loop: no locks."""

from __future__ import annotations

import base64
import hashlib
import json
import random
import secrets
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt

from ..entra.applications import FEDERATED_AUDIENCE, Application, FederatedCredential, Secret
from ..entra.directory import Properties, Store
from ..entra.members import Members
from ..entra.tokens import Verifier
from ..http.faults import Faults
from ..http.journal import Journal, Recorder, parse_body, redact
from ..http.quota import Quota
from ..http.tls import KeyPair, make_client_certificate
from ..intune.devices_store import Devices
from ..intune.lifecycle import Actions
from .clock import Clock, iso_fractional
from .guids import named_guid, random_guid
from .settings import Settings

if TYPE_CHECKING:
    from ..http.message import Call, Reply
    from ..intune.approvals import Approval
    from ..intune.configuration_policies import ConfigurationPolicy
    from ..intune.device_configurations import Configuration
    from ..intune.intents import Intent
    from ..intune.policy_states import State
    from ..reports.export_jobs import Job

NAMESPACE = uuid.UUID("6f0f1a52-3c77-5d0e-9d57-5c5d7d8e4b11")
DOMAIN = "contoso.onmicrosoft.com"
PASSCODE_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
PASSCODE_LENGTH = 10
# A POST that changes nothing by itself.
READS_BY_POST = ("/$batch", "/devicemanagement/reports/getconfigurationsettingnoncompliancereport")


def stable_id(*names: object) -> str:
    """The same GUID for the same names, in every run."""
    return named_guid(NAMESPACE, "/".join(map(str, names)))


def random_text() -> str:
    """A secret without characters that a shell would mind."""
    return secrets.token_urlsafe(24).replace("-", "x").replace("_", "y")


@dataclass
class Keys:
    """Key material and secrets; made once a run, kept over reset, so that the variables stay valid."""

    signing: KeyPair = field(default_factory=lambda: make_client_certificate("signing"))
    federated: KeyPair = field(default_factory=lambda: make_client_certificate("federated issuer"))
    client: KeyPair = field(default_factory=lambda: make_client_certificate("emulated client"))
    client_secret: str = field(default_factory=random_text)
    passphrase: str = field(default_factory=random_text)
    identity_header: str = field(default_factory=random_text)

    @property
    def signing_id(self) -> str:
        """`kid` of the signing key."""
        return hashlib.sha256(self.signing.certificate_pem()).hexdigest()[:27]


class Tenant:
    """Everything that requests read and change. `origin`: https://127.0.0.1:PORT."""

    def __init__(self, origin: str, seed: str, keys: Keys | None = None) -> None:
        self.origin = origin
        self.domain = DOMAIN
        self.tenant_id = stable_id("tenant")
        self.client_id = stable_id("client")
        self.keys = keys or Keys()
        self.clock = Clock()
        self.journal = Journal()
        self.recorder = Recorder(None)
        self.secrets: set[str] = set()
        self.federated_token = self._make_federated_token()
        self.reset(seed)

    def reset(self, seed: str) -> None:
        """Start anew from a seed: state, settings, clock, faults and journal; keys and secrets stay."""
        from .seeds import plant

        self.seed = seed
        self.rng = random.Random(f"endpointops/{seed}")
        self.settings = Settings()
        self.clock.reset()
        self.started = self.clock.now()
        self.journal.clear()
        self.faults = Faults()
        self.quota = Quota(self)
        self.verifier = Verifier(self)
        self.expired_tokens: set[str] = set()
        self.challenges: dict[str, str] = {}
        self.answered_challenges: dict[str, str] = {}
        self.devices = Devices()
        self.actions = Actions()
        self.configurations: dict[str, Configuration] = {}
        self.intents: dict[str, Intent] = {}
        self.enrollment_configurations: dict[str, dict[str, Any]] = {}
        self.assignment_filters: dict[str, dict[str, Any]] = {}
        self.scope_tags: dict[str, dict[str, Any]] = {}
        self.configuration_policies: dict[str, ConfigurationPolicy] = {}
        self.service_principals, self.deleted_items = Store(self), Store(self)
        self.grants, self.groups = Store(self), Store(self)
        self.bin_grants: dict[str, list[Properties]] = {}
        self.approvals: dict[str, Approval] = {}
        self.policy_states: dict[str, dict[str, State]] = {}
        self.export_jobs: dict[str, Job] = {}
        self.users: dict[str, Properties] = {}
        self.members = Members()
        self.applications: dict[str, Application] = {}
        self._add_own_applications()
        self.secrets |= {self.keys.client_secret, self.keys.passphrase, self.keys.identity_header, self.federated_token}
        plant(self, seed)

    def _add_own_applications(self) -> None:
        app = Application(self.client_id, stable_id("client", "object"), "Endpoint automation")
        app.secrets.append(Secret(self.keys.client_secret, self.clock.now() + timedelta(days=365)))
        app.certificates.append(self.keys.client.certificate)
        app.federated.append(self._federated_credential())
        self.managed_identity = Application(
            stable_id("identity"), stable_id("identity", "object"), "Automation host", managed_identity=True
        )
        self.applications = {app.client_id: app, self.managed_identity.client_id: self.managed_identity}

    def _federated_credential(self) -> FederatedCredential:
        return FederatedCredential(f"{self.origin}/issuer", "system:serviceaccount:automation:endpoint", FEDERATED_AUDIENCE)

    def _make_federated_token(self) -> str:
        trust = self._federated_credential()
        now = int(self.clock.timestamp())
        claims = {"iss": trust.issuer, "sub": trust.subject, "aud": trust.audience, "iat": now, "nbf": now, "exp": now + 365 * 86400}
        return jwt.encode(claims, self.keys.federated.key, algorithm="RS256", headers={"kid": "federated"})

    def add_application(self, roles: list[str] | None, secret_valid_days: float, federated: bool) -> tuple[Application, str]:
        """A further registration and its secret (which may be expired already)."""
        number = len(self.applications)
        app = Application(self.new_id(), self.new_id(), f"Registered application {number}")
        if roles is not None:
            app.roles = list(roles)
        value = random_text()
        self.secrets.add(value)
        app.secrets.append(Secret(value, self.clock.now() + timedelta(days=secret_valid_days)))
        if federated:
            app.federated.append(self._federated_credential())
        self.applications[app.client_id] = app
        return app, value

    def new_id(self) -> str:
        """A GUID from the seeded generator."""
        return random_guid(self.rng.getrandbits(128))

    def new_passcode(self) -> str:
        """Unique in this run; remembered as a secret."""
        while True:
            text = "".join(self.rng.choices(PASSCODE_ALPHABET, k=PASSCODE_LENGTH))
            if text not in self.secrets:
                self.secrets.add(text)
                return text

    def open_entry(self, call: Call, kind: str, batch: int | None = None, user_agent: str | None = None) -> dict[str, Any]:
        """A journal entry for a Graph request."""
        write = call.method != "GET" and not call.path.lower().startswith(READS_BY_POST)
        return self.journal.open(
            time=iso_fractional(self.clock.now()),
            method=call.method,
            version=call.version,
            path=call.path,
            query=call.query_string,
            kind=kind,
            client_request_id=call.client_request_id,
            request_id=call.request_id,
            user_agent=user_agent,
            write=write,
            batch=batch,
            body=redact(parse_body(call)) if write else None,
        )

    def record(self, call: Call, reply: Reply) -> None:
        """Append the exchange to the recording, when there is one."""
        if self.recorder.active:
            self.recorder.write(
                method=call.method,
                version=call.version,
                path=call.path + (f"?{call.query_string}" if call.query_string else ""),
                request_headers={name: value for name, value in call.headers.items() if name != "authorization"},
                request_body=parse_body(call),
                status=reply.status,
                response_headers=reply.headers,
                response_body=reply.body if reply.text is None else reply.text,
            )

    def assertion_audiences(self) -> tuple[str, ...]:
        """What a client assertion may be addressed to."""
        base = f"{self.origin}/{self.tenant_id}"
        return f"{base}/oauth2/v2.0/token", f"{base}/v2.0", f"{self.origin}/{self.domain}/oauth2/v2.0/token"

    @staticmethod
    def challenge_claims(value: str) -> str:
        """The base64 `claims` of a challenge."""
        return base64.b64encode(json.dumps({"access_token": {"nbf": {"essential": True, "value": value}}}).encode()).decode()
