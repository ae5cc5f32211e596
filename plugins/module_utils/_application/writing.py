# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Write the changes of an application, allowing for the delay with which Microsoft Entra shows writes."""

from __future__ import annotations

import base64
import dataclasses
import typing as t

from .. import _errors as errors
from .._graph.client import GraphClient
from .._graph.odata import render_literal, render_path
from .._time import render_timestamp
from .._types import Json
from . import model
from .api import fetch_state, path_of
from .model import Certificate, State
from .options import Goal
from .plan import DAY, Change, find_usable_secret, plan, project

AGREEING_READS = 3  # in a row, because several servers respond for Microsoft Entra and learn of a write at different times
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0  # seconds between attempts at a write that Microsoft Entra cannot do yet
UNSEEN_PAUSES = (1.0, 2.0, 4.0, 8.0)  # seconds before each search for a secret whose response was lost
# The responses for an object that Microsoft Entra does not show on all servers yet.
LATE_TEXTS = (
    "Not a valid reference update",
    "does not reference a valid application object",
    "does not exist",
    "NoBackingApplicationObject",
)
SENT_ONCE = ("create_principal", "grant")  # requests that are not sent again after a lost response
IS_DONE = "already exists on the object"
# Advice for refusals, by Graph's code.
REFUSALS = {
    "CredentialTypeNotAllowedAsPerAppPolicy": "A policy of the tenant forbids client secrets. Use certificates or federated_credentials "
    "instead of secret_name.",
    "CredentialInvalidLifetimeAsPerAppPolicy": "A policy of the tenant limits how long a credential lasts. Use a shorter one: set "
    "secret_days for a secret, or make a certificate with an earlier end.",
    "KeyCredentialsInvalidEndDate": "Microsoft Entra refuses a date in the list of certificates. One that it holds has expired, or the new "
    "one lasts longer than the tenant allows. Set purge_certificates to true to remove those that certificates does not name, or use a "
    "certificate that lasts a year at most.",
}
NAME_IS_TAKEN = (
    "Microsoft Entra keeps a deleted application for 30 days, perhaps with its unique name. Restore it or delete it for good in the "
    "Microsoft Entra admin center, or set another unique_name."
)
NEEDS_ROLE = "A person needs the role Cloud Application Administrator or Application Administrator for this."
NEEDS_ROLE_TO_GRANT = (
    "To grant application permissions of Microsoft Graph, a person needs the role Privileged Role Administrator. Activate it and run the "
    "task again, or let an administrator with it open consent_url. With grant set to false, the task does not try."
)


class Applied(t.NamedTuple):
    """The state after changes, the text of a new secret, the failure that stopped them, if any, and whether there was one to be made.

    There was none where reads before it were late: an earlier run had made it.
    """

    state: State
    secret: str | None
    failure: errors.IntuneError | None
    was_needed: bool


def apply(client: GraphClient, before: State, changes: t.Sequence[Change], goal: Goal, timeout: float) -> Applied:
    """Write the changes one after the other, and return the state that Entra shows afterwards.

    A failure is returned together with the state that was reached. It is raised if that state cannot be read and no secret was created.
    """
    writer = _Writer(client, before, goal, timeout)
    try:
        writer.write_all(changes)
        return Applied(writer.wait_until_shown(), writer.secret, None, writer.was_needed)
    except errors.IntuneError as failure:
        told = failure.with_effects("partial") if writer.has_written else failure
        try:
            reached = fetch_state(client, goal, before.graph)
        except errors.IntuneError:
            if writer.secret is None:
                raise told.with_more_advice("The state could not be read back; run the task again to finish.") from None
            reached = writer.state
        # Reads may not show changes yet that responses have confirmed.
        state = reached if reached.is_present or not writer.state.is_present else writer.state
        return Applied(state, writer.secret, told, writer.was_needed)


class _Writer:
    """A writer of the changes of one application. ``state`` is the application according to the responses so far."""

    def __init__(self, client: GraphClient, before: State, goal: Goal, timeout: float) -> None:
        self._client, self._goal, self._timeout = client, goal, timeout
        self._deadline = client.clock.monotonic() + timeout
        self._was_present = before.is_present
        self.state = before
        self.secret: str | None = None
        self.has_written = self.was_needed = False

    def write_all(self, changes: t.Sequence[Change]) -> None:
        """Write the changes. If the application turns out to exist, plan the remaining changes again."""
        if any(change.kind == "create" for change in changes):
            found = self._find_existing()
            if found is None:
                self._write(changes[0])
                found = self._find_hidden()
            if found is not None:
                self.state = found
                self.write_all(plan(found, self._goal, self._client.service_now()))
                return
            changes = changes[1:]
        for change in changes:
            if change.kind != "add_secret" or not self._find_late_secret():
                self._write(self._with_steady_list(change))

    def _find_existing(self) -> State | None:
        """Return the application if one of several reads shows it. Other reads may reach a server that is not up to date."""
        for _read in range(AGREEING_READS - 1):
            found = fetch_state(self._client, self._goal, self.state.graph)
            if found.is_present:
                return found
            self._client.clock.sleep(FIRST_PAUSE)
        return None

    def _find_late_secret(self) -> bool:
        """Return whether one of several reads shows the secret, because a very recent run may have created it and handed it over."""
        for _read in range(AGREEING_READS if self._was_present else 0):
            found = fetch_state(self._client, self._goal, self.state.graph)
            if self._goal.secret and find_usable_secret(found, self._goal.secret, self._client.service_now()):
                self.state = dataclasses.replace(self.state, secrets=found.secrets)
                return True
            self._client.clock.sleep(FIRST_PAUSE)
        return False

    def _find_hidden(self) -> State | None:
        """Return the application if it had existed before, as soon as a read shows it, or None for a newly created one."""
        if self.state.id:
            return None
        found: State = self._wait_for(lambda state: state.is_present, "the application, which exists already", agree=1)
        return found

    def _with_steady_list(self, change: Change) -> Change:
        """Return a change of the certificates that is based on several equal reads, because it replaces the whole list.

        Otherwise, a read that misses a certificate just added by another run would remove it.
        """
        if change.kind != "set_certificates" or not self.state.certificates + self.state.other_keys:
            return change
        seen: list[t.Any] = []

        def is_steady(state: State) -> bool:
            seen.append((state.certificates, state.other_keys))
            return len(seen) < 2 or seen[-1] == seen[-2]

        state = self._wait_for(is_steady, "the same certificates in several reads", agree=AGREEING_READS)
        planned = [each for each in plan(state, self._goal, self._client.service_now()) if each.kind == "set_certificates"]
        self.state = dataclasses.replace(self.state, certificates=state.certificates, other_keys=state.other_keys)
        return planned[0] if planned else dataclasses.replace(change, certificates=state.certificates)

    def _wait_for(self, good: t.Callable[[State], bool], what: str, *, agree: int) -> State:
        state: State = self._client.wait_until(
            lambda: fetch_state(self._client, self._goal, self.state.graph),
            good,
            timeout=max(0.0, self._deadline - self._client.clock.monotonic()),
            what=f"Microsoft Entra to show {what}",
            agree=agree,
        )
        return state

    def _write(self, change: Change) -> None:
        """Write a change, and repeat it while Entra does not know a recently created object yet."""
        pause = FIRST_PAUSE
        while True:
            try:
                self._write_once(change)
                self.has_written = self.was_needed = True
                self._deadline = self._client.clock.monotonic() + self._timeout
                break
            except errors.IntuneError as failure:
                if self._is_done(change, failure):
                    # A request that is sent again after a lost response may have been the first one.
                    self.was_needed = self.was_needed or change.kind not in SENT_ONCE
                    break
                # The object was created moments ago, by this run or an interrupted one.
                if not _is_late(failure) or self._client.clock.monotonic() + pause > self._deadline:
                    raise _explain(failure, change) from failure
            self._client.clock.sleep(pause)
            pause = min(pause * 1.5, LONGEST_PAUSE)
        self._project(change)

    def _project(self, change: Change) -> None:
        """Apply a completed change to the state, with the IDs of the responses."""
        ids = {name: getattr(self.state, name) for name in ("id", "client_id", "principal_id")}
        projected = project(self.state, [change], self._goal)
        known = {name: value for name, value in ids.items() if value and change.kind != "delete"}
        self.state = dataclasses.replace(projected, **known)

    def _is_done(self, change: Change, failure: errors.IntuneError) -> bool:
        """Return whether a refusal shows that the change was already made."""
        if change.kind == "create_principal" and isinstance(failure, errors.ConflictError):
            found = self._wait_for(lambda state: state.principal_id is not None, "the service principal, which exists already", agree=1)
            self.state = dataclasses.replace(self.state, principal_id=found.principal_id)
            return True
        return _is_done(change, failure)

    def _write_once(self, change: Change) -> None:
        handlers: dict[str, t.Callable[[Change], None]] = {
            "create": self._create,
            "create_principal": self._create_principal,
            "grant": self._grant,
            "add_secret": self._add_secret,
            "remove_secret": self._remove_secret,
        }
        handler = handlers.get(change.kind)
        if handler is not None:
            handler(change)
            return
        method, path, body = self._render(change)
        if change.kind == "set_federated":
            self._client.upsert(path, body or {})
        else:
            self._client.send(method, path, None, body, idempotent=True)

    def _render(self, change: Change) -> tuple[str, str, Json | None]:
        """Return method, path, and body of a change whose response is not needed."""
        path = render_path("applications", self.state.id) if self.state.id else ""
        principal = ("servicePrincipals", self.state.principal_id or "")
        method, body = "PATCH", t.cast("Json | None", None)
        if change.kind == "update":
            body = dict(change.body)
        elif change.kind == "set_certificates":
            body = {"keyCredentials": [*self.state.other_keys, *map(_render_certificate, change.certificates)]}
        elif change.kind in ("enable", "disable"):
            path, body = render_path(*principal), {"accountEnabled": change.kind == "enable"}
        elif change.kind == "set_federated":
            path, body = self._path_of_federated(change), _render_federated(t.cast("model.Federated", change.federated))
        else:
            method = "DELETE"
            if change.kind == "revoke":
                path = render_path(*principal, "appRoleAssignments", self.state.granted[change.name])
            elif change.kind == "remove_federated":
                path = self._path_of_federated(change)
        return method, path, body

    def _path_of_federated(self, change: Change) -> str:
        name = render_literal(change.name)
        return f"{render_path('applications', self.state.id or '')}/federatedIdentityCredentials(name={name})"

    def _create(self, change: Change) -> None:
        """Create the application by its unique name, so that no duplicate is created if the response is lost."""
        found = self._client.upsert(path_of(self._goal), dict(change.body), shape=model.OPTIONAL_APPLICATION)
        if found is not None:
            self.state = dataclasses.replace(self.state, id=found["id"], client_id=found["appId"].lower())

    def _create_principal(self, _change: Change) -> None:
        found = self._client.post("/servicePrincipals", {"appId": self.state.client_id}, shape=model.PRINCIPAL)
        self.state = dataclasses.replace(self.state, principal_id=found["id"])

    def _grant(self, change: Change) -> None:
        graph = self.state.graph
        body = {"principalId": self.state.principal_id, "resourceId": graph.id, "appRoleId": graph.ids[change.name]}
        self._client.post(render_path("servicePrincipals", graph.id, "appRoleAssignedTo"), body)

    def _add_secret(self, change: Change) -> None:
        wanted = t.cast("t.Any", self._goal.secret)
        ends = render_timestamp(self._client.service_now() + wanted.days * DAY)
        body = {"passwordCredential": {"displayName": change.name, "endDateTime": ends}}
        before = {secret.key_id for secret in self.state.secrets}
        try:
            found = self._client.post(render_path("applications", self.state.id or "", "addPassword"), body, shape=model.NEW_SECRET)
        except (errors.LostResponseError, errors.UnexpectedResponseError, errors.ServiceError) as failure:
            raise failure.with_more_advice(self._remove_unseen(change.name, before)) from failure
        self.secret = found["secretText"]

    def _remove_unseen(self, name: str, before: t.Collection[str]) -> str:
        """Remove a secret whose text was lost with its response; return a sentence about it."""
        try:
            for pause in UNSEEN_PAUSES:
                self._client.clock.sleep(pause)
                shown = fetch_state(self._client, self._goal, self.state.graph).secrets
                unseen = [secret for secret in shown if secret.key_id not in before and secret.name == name]
                for secret in unseen:
                    self._remove_secret(Change("remove_secret", key_id=secret.key_id))
                if unseen:
                    return "The secret was created, and removed again, since its text was lost. Run the task again."
        except errors.IntuneError:
            pass  # the failure already reported is the relevant one
        return f"If Microsoft Entra shows a new secret '{name}' later, remove it: nobody has its text."

    def _remove_secret(self, change: Change) -> None:
        self._client.post(render_path("applications", self.state.id or "", "removePassword"), {"keyId": change.key_id}, idempotent=True)

    def wait_until_shown(self) -> State:
        """Return the state as soon as consecutive reads show all writes."""

        def is_done(state: State) -> bool:
            return not [change for change in plan(state, self._goal, self._client.service_now()) if change.kind != "remove_secret"]

        return self._wait_for(is_done, "the changes of the application", agree=AGREEING_READS)


def _render_certificate(certificate: Certificate) -> Json:
    """Render an entry of keyCredentials: a kept one unchanged, without its content, or a new one."""
    if certificate.kept is not None:
        return certificate.kept
    return {
        "type": "AsymmetricX509Cert",
        "usage": "Verify",
        "displayName": certificate.name,
        "startDateTime": certificate.starts,
        "endDateTime": certificate.ends,
        "key": base64.b64encode(certificate.der).decode(),
    }


def _render_federated(entry: model.Federated) -> Json:
    description = {} if entry.description is None else {"description": entry.description or None}
    return {"issuer": entry.issuer, "subject": entry.subject, "audiences": [entry.audience], **description}


def _is_late(failure: errors.IntuneError) -> bool:
    """Return whether a write may succeed later, because Entra does not show a recently created object everywhere yet."""
    if not isinstance(failure, errors.GraphError) or failure.status not in (400, 404):
        return False
    return isinstance(failure, errors.NotFoundError) or any(text in failure.message for text in LATE_TEXTS)


def _is_done(change: Change, failure: errors.IntuneError) -> bool:
    """Return whether a refusal shows that the change was already made."""
    if change.kind in ("delete", "remove_federated", "revoke"):
        return isinstance(failure, errors.NotFoundError)
    if change.kind == "remove_secret":
        return isinstance(failure, errors.GraphError) and "No password credential found" in failure.message
    return change.kind == "grant" and isinstance(failure, errors.GraphError) and IS_DONE in failure.message


def _explain(failure: errors.IntuneError, change: Change) -> errors.IntuneError:
    """Return a refusal with advice."""
    code = failure.code if isinstance(failure, errors.GraphError) else None
    if code in REFUSALS:
        return failure.with_hint(REFUSALS[code])
    if isinstance(failure, errors.ConflictError) and change.kind == "create":
        return failure.with_hint(NAME_IS_TAKEN)
    if isinstance(failure, errors.ForbiddenError):
        return failure.with_hint(NEEDS_ROLE_TO_GRANT if change.kind in ("grant", "revoke") else NEEDS_ROLE)
    return failure
