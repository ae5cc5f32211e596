# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The state of the emulated tenant. One process, one event loop: no locks."""

from __future__ import annotations

import copy
import random
from datetime import datetime, timedelta
from typing import Any

import jwt

from .access_passes import UNTOUCHED, AccessPass
from .applications import FEDERATED_AUDIENCE, Application, Certificate, FederatedCredential, Secret
from .approval_requests import ApprovalRequest
from .clock import Clock
from .device_actions import Actions
from .devices import Devices
from .directory_store import DirectoryStore, Properties
from .export_jobs import ExportJob
from .faults import Faults
from .group_members import GroupMembers
from .guids import random_guid, stable_id
from .health_scripts import HealthScript
from .journal import Journal, Recorder
from .keys import Keys, random_text
from .notices import Notices
from .policies import ConfigurationPolicy, DeviceConfiguration, Intent, StateHistory
from .quota import Quota
from .script_results import OnDemandRun, ResultHistory
from .settings import Settings

DOMAIN = "contoso.onmicrosoft.com"
PASSCODE_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
PASSCODE_LENGTH = 10
# The documentation of the form only mentions letters, digits, and signs.
ACCESS_PASS_ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghjkmnpqrstuvwxyz23456789+*%#"
YEAR_SECONDS = 365 * 86400


class Tenant:
    """All data that requests read and change. `origin`: https://127.0.0.1:PORT. A new tenant is empty; seeds.py fills it."""

    def __init__(self, origin: str, keys: Keys | None = None, clock: Clock | None = None) -> None:
        self.origin = origin
        self.domain = DOMAIN
        self.tenant_id = stable_id("tenant")
        self.client_id = stable_id("client")
        self.keys = keys or Keys()
        self.clock = clock or Clock()
        self.journal = Journal()
        self.recorder = Recorder(None)
        self.notices = Notices()
        self.secrets: set[str] = set()
        self.federated_token = self._make_federated_token()
        # applied to the data of a seed, unless another one is named
        self.default_preset = ""
        self.clear("empty")

    def clear(self, seed: str, start: datetime | None = None, frozen: bool | None = None) -> None:
        """Remove all data, settings, faults, and journal entries, and restart the clock and the generators; keys and secrets stay."""
        self.seed = seed
        # One for each purpose, so that neither reads nor the number of earlier passcodes change the next id.
        self.rng, self._ids, self._request_ids, self._texts = (
            random.Random(f"endpointops/{seed}/{purpose}") for purpose in ("order", "ids", "requests", "texts")
        )
        self.settings = Settings()
        # the names of the applied ones
        self.presets: list[str] = []
        self.clock.reset(start, frozen)
        self.started = self.clock.now()
        self.journal.clear()
        self.faults = Faults()
        self.quota = Quota(self)
        self._clear_tokens()
        self._clear_intune()
        self._clear_directory()
        self.secrets |= {self.keys.client_secret, self.keys.passphrase, self.keys.identity_header, self.federated_token}

    def _clear_tokens(self) -> None:
        # claims of the tokens with a valid signature, by token
        self.verified_tokens: dict[str, dict[str, Any]] = {}
        self.expired_tokens: set[str] = set()
        self.challenges: dict[str, str] = {}
        self.answered_challenges: dict[str, str] = {}

    def _clear_intune(self) -> None:
        self.devices = Devices(self.clock.now)
        self.actions = Actions()
        self.configurations: dict[str, DeviceConfiguration] = {}
        self.intents: dict[str, Intent] = {}
        self.enrollment_configurations: dict[str, dict[str, Any]] = {}
        self.assignment_filters: dict[str, dict[str, Any]] = {}
        self.scope_tags: dict[str, dict[str, Any]] = {}
        self.configuration_policies: dict[str, ConfigurationPolicy] = {}
        self.health_scripts: dict[str, HealthScript] = {}
        # by device id and script id; None: for every script
        self.script_results: dict[tuple[str, str | None], ResultHistory] = {}
        self.on_demand_runs: dict[str, list[OnDemandRun]] = {}
        self.approvals: dict[str, ApprovalRequest] = {}
        self.policy_states: dict[str, dict[str, StateHistory]] = {}
        self.export_jobs: dict[str, ExportJob] = {}

    def _clear_directory(self) -> None:
        self.service_principals, self.deleted_items = DirectoryStore(self), DirectoryStore(self)
        self.grants, self.groups = DirectoryStore(self), DirectoryStore(self)
        self.deleted_grants: dict[str, list[Properties]] = {}
        self.users: dict[str, Properties] = {}
        self.directory_roles: dict[str, list[str]] = {}
        self.access_pass_policy: dict[str, Any] = copy.deepcopy(UNTOUCHED)
        self.access_passes: dict[str, AccessPass] = {}
        self.created_access_passes: dict[str, list[str]] = {}
        self.members = GroupMembers()
        self.registrations = DirectoryStore(self)
        self.deleted_unique_names: set[str | None] = set()
        self.applications: dict[str, Application] = {}
        self._add_own_applications()

    def _add_own_applications(self) -> None:
        app = Application(self.client_id, stable_id("client", "object"), "Endpoint automation")
        app.registration_id = stable_id("client", "registration")
        expires = self.clock.now() + timedelta(seconds=YEAR_SECONDS)
        app.secrets.append(Secret(self.keys.client_secret, expires, stable_id("client", "secret"), "automation", self.clock.now()))
        app.certificates.append(Certificate(self.keys.client.certificate, stable_id("client", "certificate"), "CN=emulated client"))
        app.federated.append(self._federated_credential())
        self.managed_identity = Application(
            stable_id("identity"), stable_id("identity", "object"), "Automation host", managed_identity=True
        )
        self.applications = {app.client_id: app, self.managed_identity.client_id: self.managed_identity}

    def _federated_credential(self) -> FederatedCredential:
        issuer, subject, name = f"{self.origin}/issuer", "system:serviceaccount:automation:endpoint", "automation"
        return FederatedCredential(issuer, subject, FEDERATED_AUDIENCE, stable_id("client", "federated"), name)

    def _make_federated_token(self) -> str:
        trust = self._federated_credential()
        now = int(self.clock.timestamp())
        claims = {"iss": trust.issuer, "sub": trust.subject, "aud": trust.audience, "iat": now, "nbf": now, "exp": now + YEAR_SECONDS}
        return jwt.encode(claims, self.keys.federated.rsa_key, algorithm="RS256", headers={"kid": "federated"})

    def add_application(
        self,
        roles: list[str] | None,
        secret_valid_days: float,
        federated: bool,
        *,
        name: str | None = None,
        client_id: str | None = None,
        secret: str | None = None,
    ) -> tuple[Application, str]:
        """Register a further application; return it and its secret, which can be already expired."""
        name = name or f"Registered application {len(self.applications)}"
        app = Application(client_id or self.new_id(), self.new_id(), name, registration_id=self.new_id())
        if roles is not None:
            app.roles = list(roles)
        value = secret or random_text()
        self.secrets.add(value)
        app.secrets.append(Secret(value, self.clock.now() + timedelta(days=secret_valid_days), self.new_id(), None, self.clock.now()))
        if federated:
            app.federated.append(self._federated_credential())
        self.applications[app.client_id] = app
        return app, value

    def new_id(self) -> str:
        """Return the id of a new object; the same ones in the same order for the same seed."""
        return random_guid(self._ids.getrandbits(128))

    def new_request_id(self) -> str:
        """Return the id of a request; the same ones in the same order for the same seed."""
        return random_guid(self._request_ids.getrandbits(128))

    def new_passcode(self) -> str:
        """Return a passcode that is unique in this run, and remember it as a secret."""
        return self._new_secret(PASSCODE_ALPHABET, PASSCODE_LENGTH)

    def new_access_pass(self, length: int) -> str:
        """Return the text of a Temporary Access Pass that is unique in this run, and remember it as a secret."""
        return self._new_secret(ACCESS_PASS_ALPHABET, length)

    def _new_secret(self, alphabet: str, length: int) -> str:
        while True:
            text = "".join(self._texts.choices(alphabet, k=length))
            if text not in self.secrets:
                self.secrets.add(text)
                return text
