# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test applications on an emulated tenant without a process: created objects, a second run, and the reports of refusals."""

from __future__ import annotations

import datetime
import json
import pathlib
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from intune_emulator.entra import registrations
from intune_emulator.entra.graph_permissions import PERMISSIONS
from intune_emulator.entra.tokens import issue_token
from intune_emulator.state import keys
from intune_emulator.state.applications import Certificate
from intune_emulator.state.keys import KeyPair

from ansible_collections.endpointops.intune.plugins.module_utils import _certificates
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils import _permissions as permissions
from ansible_collections.endpointops.intune.plugins.module_utils._application.result import ApplicationResult, FoundResult
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome
from ansible_collections.endpointops.intune.plugins.modules import entra_application, entra_application_info
from tests.support.emulated import Emulated
from tests.support.fakes import START, FakeCredential, error
from tests.support.returns import differences, documented

Json = dict[str, t.Any]
NAME = "endpointops-intune-reader"
READ, RESET = "DeviceManagementManagedDevices.Read.All", "DeviceManagementManagedDevices.PrivilegedOperations.All"
GITHUB = {"name": "github-main", "issuer": "https://token.actions.githubusercontent.com", "subject": "repo:o@1/r@2:ref:refs/heads/main"}
PERSON = {"scp": "Application.ReadWrite.All AppRoleAssignment.ReadWrite.All", "appid": "04b07795-8ddb-461a-bbee-02f9e1bf7b46"}


class Wire(Emulated):
    """A tenant in which a person with these directory roles signs in; ``first`` may respond instead, or raise."""

    def __init__(self, *directory_roles: str, roles: list[str] | None = None, **settings: t.Any) -> None:
        super().__init__("empty", quota=False, **settings)
        self.tenant.clock.set(datetime.datetime.fromtimestamp(START, datetime.timezone.utc))
        app = next(iter(self.tenant.applications.values()))
        given = directory_roles or ("Global Administrator",)
        self.token = issue_token(self.tenant, app, roles=roles, person=roles is None, directory_roles=given)
        self.claims: Json = {"tid": self.tenant.tenant_id, **(PERSON if roles is None else {"roles": roles, "appid": app.client_id})}
        self.first: t.Callable[[Request], Response | None] = lambda request: None

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        self.catch_up()
        return self.first(request) or self.ask(request)

    @property
    def writes(self) -> list[str]:
        return [request.target for request in self.sent if request.method != "GET"]

    @property
    def made(self) -> list[t.Any]:
        """Return the applications beside the initial ones of the tenant."""
        own = (self.tenant.client_id, self.tenant.managed_identity.client_id)
        return [app for app in self.tenant.applications.values() if app.client_id not in own]


def params_of(module: t.Any, options: Json) -> Json:
    validator = ArgumentSpecValidator(
        module.SPEC.argument_spec, **{name: value for name, value in module.SPEC.relations.items() if name == "mutually_exclusive"}
    )
    found = validator.validate(options)
    assert not found.error_messages
    return t.cast(Json, found.validated_parameters)


def run(wire: Wire, *, check: bool = False, **options: t.Any) -> Outcome:
    given = {"unique_name": NAME, **options}
    given = {name: value for name, value in given.items() if value is not None}
    client = wire.world(credential=FakeCredential(wire.claims)).client
    return entra_application.run(params_of(entra_application, given), client, check)


def inform(wire: Wire, **options: t.Any) -> list[Json]:
    outcome = entra_application_info.run(
        params_of(entra_application_info, options), wire.world(credential=FakeCredential(wire.claims)).client, False
    )
    return t.cast("list[Json]", outcome.values["applications"])


def application(outcome: Outcome) -> Json:
    return t.cast(Json, outcome.values["application"])


def make_certificate(key: t.Any, *, starts: float = -1.0, days: float = 366.0) -> x509.Certificate:
    """Return a certificate that is valid from so many days after now, by the clock of the tests."""
    begin = datetime.datetime.fromtimestamp(START, datetime.timezone.utc) + datetime.timedelta(days=starts)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "app")])
    builder = x509.CertificateBuilder(
        name, name, key.public_key(), x509.random_serial_number(), begin, begin + datetime.timedelta(days=days)
    )
    return builder.sign(key, hashes.SHA256())


def make_key_pair(name: str) -> KeyPair:
    pair = keys.make_key_pair(name)
    return KeyPair(pair.key, make_certificate(pair.key))


def render(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(serialization.Encoding.PEM).decode()


def write(folder: pathlib.Path, pair: KeyPair, name: str = "app.pem") -> str:
    path = folder / name
    path.write_bytes(pair.certificate_pem())
    return str(path)


# --- an application -------------------------------------------------------------------------------------------------


def test_an_application_is_created_whole_and_a_second_run_changes_nothing(tmp_path: pathlib.Path) -> None:
    wire, pair = Wire(), make_key_pair("ops")
    options = {
        "name": "Endpoint Ops reader",
        "notes": "team",
        "entry_points": ["reset"],
        "certificates": [write(tmp_path, pair)],
        "federated_credentials": [GITHUB],
    }
    planned = run(wire, check=True, **options)
    assert planned.changed and wire.writes == [] and application(planned)["client_id"] is None
    outcome = run(wire, **options)
    (app,) = wire.made
    assert outcome.changed and outcome.failure is None and outcome.warnings == []
    assert sorted(app.roles) == sorted([READ, RESET]) == application(outcome)["permissions"]
    assert (app.display_name, app.registration["uniqueName"], app.registration["notes"]) == ("Endpoint Ops reader", NAME, "team")
    assert [entry.certificate for entry in app.certificates] == [pair.certificate]
    assert [(entry.issuer, entry.subject, entry.audience) for entry in app.federated] == [
        (GITHUB["issuer"], GITHUB["subject"], "api://AzureADTokenExchange")
    ]
    (required,) = app.registration["requiredResourceAccess"]
    assert {row["id"] for row in required["resourceAccess"]} == {PERMISSIONS[name] for name in app.roles}, "the portal shows the truth"
    assert application(outcome)["client_id"] == app.client_id and application(outcome)["missing_permissions"] == []
    assert application(outcome)["powers"] == [
        {"permission": RESET, "meaning": "its holder can reset, lock, and wipe every managed device"},
        {"permission": READ, "meaning": "its holder can read a new passcode of every managed device for as long as Intune shows it"},
    ]
    assert (planned.before, planned.after) == (outcome.before, outcome.after)
    wire.sent.clear()
    again = run(wire, **options)
    assert not again.changed and wire.writes == [] and application(again) == application(outcome)


@pytest.mark.parametrize("module", entra_application.GRANTABLE)
def test_each_module_gets_its_least_permissions(module: str) -> None:
    wire = Wire()
    least = {row[0] for row in permissions.MODULES[module]}
    elevating = least & {"Application.ReadWrite.All", "DelegatedPermissionGrant.ReadWrite.All"}
    outcome = run(wire, modules=[module], force_permissions=sorted(elevating))
    granted = set(application(outcome)["permissions"])
    assert granted <= least and not permissions.list_missing(module, granted)


@pytest.mark.parametrize("entry_point", permissions.ENTRY_POINTS)
def test_each_entry_point_gets_those_of_its_modules(entry_point: str) -> None:
    wire = Wire()
    granted = application(run(wire, entry_points=[entry_point]))["permissions"]
    assert not [module for module in permissions.ENTRY_POINTS[entry_point] if permissions.list_missing(module, granted)]


def test_what_is_there_is_kept_unless_it_is_purged(tmp_path: pathlib.Path) -> None:
    wire, first, second = Wire(), make_key_pair("first"), make_key_pair("second")
    run(wire, permissions=[READ, "User.Read.All"], certificates=[write(tmp_path, first)], federated_credentials=[GITHUB])
    other = {**GITHUB, "name": "other", "subject": "repo:o@1/r@2:environment:prod"}
    more = {"permissions": [READ], "certificates": [write(tmp_path, second, "b.pem")], "federated_credentials": [other]}
    kept = application(run(wire, **more))
    assert kept["permissions"] == [READ, "User.Read.All"] and len(kept["certificates"]) == len(kept["federated_credentials"]) == 2
    purged = run(wire, **more, purge_permissions=True, purge_certificates=True, purge_federated_credentials=True)
    found = application(purged)
    assert found["permissions"] == [READ] and [entry["name"] for entry in found["federated_credentials"]] == ["other"]
    assert [entry["thumbprint"] for entry in found["certificates"]] == [second.certificate.fingerprint(hashes.SHA1()).hex().upper()]
    assert not run(wire, **more, purge_permissions=True, purge_certificates=True, purge_federated_credentials=True).changed


def test_properties_are_changed_cleared_and_left_alone() -> None:
    wire = Wire()
    run(wire, name="A", description="d", notes="n", service_management_reference="CMDB-1")
    assert not run(wire).changed, "what is not given stays"
    changed = run(wire, name="B", notes="")
    assert changed.changed and (application(changed)["name"], application(changed)["notes"]) == ("B", None)
    assert application(changed)["description"] == "d" and application(changed)["service_management_reference"] == "CMDB-1"
    assert not run(wire, name="B", notes="").changed


def test_empty_text_is_sent_as_null_which_graph_takes_for_each_property() -> None:
    wire = Wire()
    texts = {"description": "d", "notes": "n", "service_management_reference": "r"}
    run(wire, **texts, federated_credentials=[{**GITHUB, "description": "d"}])
    wire.sent.clear()
    outcome = run(wire, **dict.fromkeys(texts, ""), federated_credentials=[{**GITHUB, "description": ""}])
    bodies = [json.loads(request.body or b"{}") for request in wire.sent if request.method == "PATCH"]
    assert bodies[0] == {"description": None, "notes": None, "serviceManagementReference": None} and bodies[1]["description"] is None
    assert outcome.failure is None and not run(wire, **dict.fromkeys(texts, "")).changed


def test_an_application_of_the_portal_is_adopted_by_its_id_alone() -> None:
    wire = Wire()
    own = wire.tenant.client_id
    outcome = run(wire, unique_name=None, app_id=own.upper(), permissions=["AuditLog.Read.All"])
    assert outcome.changed and "AuditLog.Read.All" in wire.tenant.applications[own].roles and not wire.made
    nobody = run(wire, unique_name=None, app_id=READ_ID)
    assert isinstance(nobody.failure, errors.SelectionError) and "no application with the ID" in str(nobody.failure)


READ_ID = PERMISSIONS[READ]


def test_it_is_removed_and_a_second_run_finds_nothing() -> None:
    wire = Wire()
    run(wire, permissions=[READ])
    assert run(wire, state="absent", check=True).changed and len(wire.made) == 1
    gone = run(wire, state="absent")
    assert gone.changed and not wire.made and application(gone)["present"] is False and gone.after == {"present": False}
    assert not run(wire, state="absent").changed


@pytest.mark.parametrize("options", [{"state": "absent"}, {"enabled": False}], ids=["remove", "disable"])
def test_the_application_that_signs_in_does_not_stop_itself(options: Json) -> None:
    wire = Wire(roles=["Application.ReadWrite.All"])
    outcome = run(wire, unique_name=None, app_id=wire.tenant.client_id, **options)
    assert outcome.failure and "signs in as the application" in str(outcome.failure) and wire.writes == []


@pytest.mark.parametrize("check", [False, True])
def test_a_mistyped_name_is_told_instead_of_created_disabled(check: bool) -> None:
    wire = Wire()
    run(wire, permissions=[READ])
    wire.sent.clear()
    outcome = run(wire, check=check, unique_name=f"{NAME}s", enabled=False)
    assert f"no application with the unique name '{NAME}s'" in str(outcome.failure) and wire.writes == []


def test_a_disabled_one_stays_so_until_somebody_enables_it() -> None:
    wire = Wire()
    run(wire, permissions=[READ])
    stopped = run(wire, enabled=False)
    assert stopped.changed and not application(stopped)["enabled"] and wire.writes[-1].startswith("PATCH /v1.0/servicePrincipals/")
    # A scheduled job does not undo a person's deliberate change.
    scheduled = run(wire, permissions=[READ])
    assert not scheduled.changed and not application(scheduled)["enabled"]
    (warning,) = scheduled.warnings
    assert "is disabled and cannot sign in" in warning and run(wire, enabled=False).warnings == []
    started = run(wire, enabled=True)
    assert started.changed and application(started)["enabled"] and started.warnings == [] and not run(wire, enabled=True).changed


# --- a managed identity ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by", ["client ID", "object ID", "resource ID", "name"])
def test_a_managed_identity_is_granted_permissions(by: str) -> None:
    wire = Wire()
    identity = wire.tenant.managed_identity
    identity.roles = ["User.Read.All"]
    principal = wire.tenant.service_principals.written(identity.object_id) or {}
    named = {
        "client ID": identity.client_id,
        "object ID": identity.object_id,
        "resource ID": principal["alternativeNames"][1],
        "name": identity.display_name,
    }[by]
    options = {"unique_name": None, "managed_identity": named, "modules": ["intune_device_info"], "purge_permissions": True}
    outcome = run(wire, **options)
    assert outcome.changed and identity.roles == [READ] and application(outcome)["managed_identity"] is True
    assert application(outcome)["consent_url"] is None and not run(wire, **options).changed
    taken = run(wire, unique_name=None, managed_identity=named, state="absent")
    assert taken.changed and identity.roles == []


@pytest.mark.parametrize(
    ("named", "message"),
    [
        ("nobody", "no managed identity 'nobody'"),
        ("Endpoint automation", "is the service principal of an application"),
        (READ_ID, "no managed"),
    ],
)
def test_what_is_no_managed_identity_is_refused(named: str, message: str) -> None:
    with pytest.raises(errors.SelectionError, match=message):
        run(Wire(), unique_name=None, managed_identity=named)


def test_a_name_of_two_managed_identities_is_refused() -> None:
    wire = Wire()
    first = wire.tenant.service_principals.written(wire.tenant.managed_identity.object_id) or {}
    wire.tenant.service_principals.add_visible({**first, "id": READ_ID, "appId": READ_ID})
    with pytest.raises(errors.SelectionError, match="matches 2 managed identities by name"):
        run(wire, unique_name=None, managed_identity=first["displayName"])


def test_of_a_managed_identity_what_is_named_is_taken_back_and_nothing_else() -> None:
    wire = Wire()
    identity, write_ = wire.tenant.managed_identity, "DeviceManagementManagedDevices.ReadWrite.All"
    identity.roles = [READ, write_, "User.Read.All"]
    given = {"unique_name": None, "managed_identity": identity.client_id, "state": "absent"}
    assert not run(wire, **given, permissions=[]).changed, "an empty list, as a form gives it, names none"
    assert run(wire, **given, permissions=[READ, write_]).changed and identity.roles == ["User.Read.All"]
    mistyped = run(wire, **given, permissions=["User.Raed.All"])
    assert mistyped.failure and "no application permission User.Raed.All" in str(mistyped.failure)


@pytest.mark.parametrize(
    "options",
    [
        {"certificates": [], "purge_certificates": True},
        {"purge_secrets": True},
        {"permissions": [], "purge_permissions": True},
        {"federated_credentials": [], "purge_federated_credentials": True},
        {"enabled": False},
    ],
    ids=lambda options: next(iter(options)),
)
def test_the_application_that_signs_in_does_not_take_away_what_it_needs(options: Json) -> None:
    wire = Wire(roles=["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"])
    outcome = run(wire, unique_name=None, app_id=wire.tenant.client_id, **options)
    assert outcome.failure and "credentials or permissions it is to take away" in str(outcome.failure) and wire.writes == []


def test_the_application_that_signs_in_does_not_change_by_what_it_does() -> None:
    wire = Wire(roles=["Application.ReadWrite.All", "AppRoleAssignment.ReadWrite.All"])
    own = wire.tenant.applications[wire.tenant.client_id]
    entry = own.federated[0]
    given = {"name": entry.name, "issuer": entry.issuer, "subject": entry.subject, "audience": entry.audience}
    outcome = run(wire, unique_name=None, app_id=own.client_id, federated_credentials=[{**given, "subject": "another"}])
    assert outcome.failure and "credentials or permissions it is to take away" in str(outcome.failure) and wire.writes == []
    added = run(
        wire, unique_name=None, app_id=own.client_id, federated_credentials=[given, {**given, "name": "second", "subject": "another"}]
    )
    assert added.failure is None and added.changed


def test_permissions_are_purged_only_where_some_are_named(tmp_path: pathlib.Path) -> None:
    wire = Wire()
    run(wire, permissions=[READ])
    run(wire, certificates=[write(tmp_path, make_key_pair("x"))], purge_permissions=True)
    assert wire.made[0].roles == [READ]
    run(wire, permissions=[], purge_permissions=True)
    assert wire.made[0].roles == [] and wire.made[0].registration["requiredResourceAccess"] == []


def test_one_that_must_exist_is_not_created() -> None:
    wire = Wire()
    outcome = run(wire, must_exist=True)
    assert outcome.failure and f"no application with the unique name '{NAME}'" in str(outcome.failure) and not wire.made
    run(wire)
    assert run(wire, must_exist=True).failure is None


# --- strong permissions ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        {"permissions": ["AppRoleAssignment.ReadWrite.All"]},
        {"modules": ["intune_pinreset_consent"]},
        {"permissions": ["Directory.ReadWrite.All"]},
    ],
)
def test_what_can_grant_itself_more_is_refused_unless_it_is_forced(options: Json) -> None:
    wire = Wire()
    with pytest.raises(errors.InvalidOptionError, match="not granted to an application that runs unattended.*force_permissions"):
        run(wire, **options)
    assert wire.sent == []
    names = ("AppRoleAssignment", "Application", "Directory", "DelegatedPermissionGrant")
    forced = {"force_permissions": [f"{name}.ReadWrite.All" for name in names]}
    outcome = run(wire, **options, **forced)
    assert outcome.failure is None and application(outcome)["powers"]


@pytest.mark.parametrize(
    "name",
    [
        "RoleEligibilitySchedule.ReadWrite.Directory",
        "PrivilegedAccess.ReadWrite.AzureADGroup",
        "Policy.ReadWrite.PermissionGrant",
        "User-PasswordProfile.ReadWrite.All",
        "Something.Manage.All",
    ],
)
def test_what_changes_more_than_the_modules_do_is_refused_though_nobody_listed_it(name: str) -> None:
    with pytest.raises(errors.InvalidOptionError, match=name):
        run(Wire(), permissions=[name])


def test_what_will_be_granted_is_explained_too() -> None:
    outcome = run(Wire("Cloud Application Administrator"), permissions=[RESET, READ], grant=False)
    assert application(outcome)["permissions"] == [] and [power["permission"] for power in application(outcome)["powers"]] == [RESET, READ]


def test_one_that_holds_more_than_is_asked_for_is_warned_of() -> None:
    wire = Wire()
    own = wire.tenant.client_id
    (warning,) = run(wire, unique_name=None, app_id=own, permissions=[READ]).warnings
    assert "holds Application.ReadWrite.All and DelegatedPermissionGrant.ReadWrite.All, which this task does not ask for" in warning


@pytest.mark.parametrize("purge", [False, True])
def test_one_that_somebody_else_listed_for_the_page_of_the_consent_is_warned_of(purge: bool) -> None:
    wire, takeover = Wire("Cloud Application Administrator"), "AppRoleAssignment.ReadWrite.All"
    run(wire, permissions=[READ], grant=False)
    (required,) = wire.made[0].registration["requiredResourceAccess"]
    required["resourceAccess"].append({"id": PERMISSIONS[takeover], "type": "Role"})
    registrations.publish(wire.tenant, wire.made[0])
    outcome = run(wire, permissions=[READ], grant=False, purge_permissions=purge)
    assert outcome.failure is None and application(outcome)["missing_permissions"] == [READ]
    told = [f"lists {takeover}, which this task does not ask for, and the page consent_url grants all that is listed"]
    assert [part in warning for part, warning in zip(told, outcome.warnings, strict=False)] == ([] if purge else [True])
    assert run(wire, permissions=[READ, takeover], force_permissions=[takeover], grant=False).warnings == []


def test_a_permission_that_graph_does_not_publish_is_refused() -> None:
    wire = Wire()
    outcome = run(wire, permissions=["Galaxy.Read.All"])
    assert outcome.failure and "no application permission Galaxy.Read.All in this tenant" in str(outcome.failure) and wire.writes == []


# --- the signed-in identity -----------------------------------------------------------------------------------------


def test_without_the_role_to_grant_the_rest_is_done_and_the_page_for_consent_is_named() -> None:
    wire = Wire("Cloud Application Administrator")
    outcome = run(wire, permissions=[READ], federated_credentials=[GITHUB])
    assert isinstance(outcome.failure, errors.ForbiddenError) and outcome.failure.effects == "partial" and outcome.changed
    assert "Privileged Role Administrator" in str(outcome.failure) and "open consent_url" in str(outcome.failure)
    found = application(outcome)
    assert found["missing_permissions"] == [READ] and found["client_id"] and len(found["federated_credentials"]) == 1
    assert found["consent_url"] == f"https://login.microsoftonline.com/{wire.tenant.tenant_id}/adminconsent?client_id={found['client_id']}"


def test_what_is_only_listed_is_granted_by_somebody_else() -> None:
    wire = Wire("Cloud Application Administrator")
    outcome = run(wire, permissions=[READ], grant=False)
    assert outcome.failure is None and outcome.changed and application(outcome)["missing_permissions"] == [READ]
    assert not run(wire, permissions=[READ], grant=False).changed
    wire.made[0].roles.append(READ)
    assert application(run(wire, permissions=[READ], grant=False))["missing_permissions"] == []


def test_a_person_without_any_role_makes_nothing() -> None:
    wire = Wire("Privileged Role Administrator")
    outcome = run(wire, permissions=[READ])
    assert outcome.failure and "Cloud Application Administrator" in str(outcome.failure) and not wire.made and not outcome.changed


@pytest.mark.parametrize(
    ("roles", "options", "missing"),
    [
        (["Application.Read.All"], {}, "Application.ReadWrite.All"),
        (["Application.ReadWrite.All"], {"permissions": [READ]}, "AppRoleAssignment.ReadWrite.All"),
    ],
)
def test_an_application_without_the_permission_writes_nothing(roles: list[str], options: Json, missing: str) -> None:
    wire = Wire(roles=roles)
    outcome = run(wire, **options)
    assert isinstance(outcome.failure, errors.MissingPermissionError) and missing in str(outcome.failure)
    assert wire.writes == [] and not outcome.changed and "az login" in str(outcome.failure)


# --- Entra shows changes late ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("reads", [1, 2, 5])
def test_whatever_entra_shows_late_nothing_is_done_twice(reads: int, tmp_path: pathlib.Path) -> None:
    wire = Wire(visibility_reads=reads)
    options = {"permissions": [READ], "certificates": [write(tmp_path, make_key_pair("x"))], "federated_credentials": [GITHUB]}
    outcome = run(wire, **options)
    assert outcome.failure is None and outcome.changed and len(wire.made) == 1, str(outcome.failure)
    assert wire.made[0].roles == [READ] and len(wire.made[0].certificates) == len(wire.made[0].federated) == 1
    again = run(wire, **options)
    assert not again.changed and application(again)["permissions"] == [READ]


@pytest.mark.parametrize("check", [False, True])
def test_a_wait_without_time_is_refused_before_a_write_that_could_not_be_confirmed(check: bool) -> None:
    wire = Wire()
    with pytest.raises(errors.InvalidOptionError, match="wait_timeout must be more than 0 seconds"):
        run(wire, permissions=[READ], wait_timeout=0.0, check=check)
    assert wire.sent == []


def test_a_wait_that_is_too_long_says_what_was_done() -> None:
    wire = Wire(visibility_delay=1000)
    outcome = run(wire, permissions=[READ], wait_timeout=30)
    assert outcome.failure is not None and outcome.changed and outcome.failure.effects == "partial"


@pytest.mark.parametrize("number", range(5))
@pytest.mark.parametrize("is_done", [True, False])
def test_a_lost_response_is_settled_by_the_next_run(number: int, is_done: bool) -> None:
    wire = Wire()
    left = {"writes": 0}

    def lose(request: Request) -> Response | None:
        if request.method == "GET":
            return None
        left["writes"] += 1
        if left["writes"] != number + 1:
            return None
        if is_done:
            wire.ask(request)
        raise errors.LostResponseError("Lost.", target=request.target)

    wire.first = lose
    given = {"permissions": [READ, "User.Read.All"], "federated_credentials": [GITHUB]}
    outcome = run(wire, **given)
    if outcome.failure is not None:
        assert outcome.failure.effects in ("unknown", "partial") and "Lost." in str(outcome.failure)
        wire.first = lambda request: None
        outcome = run(wire, **given)
    assert outcome.failure is None and len(wire.made) == 1 and sorted(wire.made[0].roles) == [READ, "User.Read.All"]
    assert len(wire.made[0].federated) == 1


@pytest.mark.parametrize("settings", [{"visibility_reads": 1}, {"visibility_reads": 10}, {"visibility_delay": 20}], ids=str)
def test_what_is_removed_late_is_removed_once(settings: Json) -> None:
    wire = Wire()
    run(wire, permissions=[READ], federated_credentials=[GITHUB])
    wire.tenant.settings.patch(settings)
    gone = run(wire, state="absent")
    assert gone.failure is None and gone.changed and not wire.made, str(gone.failure)


class Died(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("settings", [{"visibility_reads": 3}, {"visibility_reads": 10}, {"visibility_delay": 20}], ids=str)
@pytest.mark.parametrize("number", range(6))
def test_a_run_that_died_is_finished_by_the_next_at_once(number: int, settings: Json, tmp_path: pathlib.Path) -> None:
    wire, left = Wire(**settings), [number]
    given = {"permissions": [READ], "federated_credentials": [GITHUB], "certificates": [write(tmp_path, make_key_pair("x"))]}

    def die(request: Request) -> Response | None:
        if request.method != "GET":
            left[0] -= 1
            if left[0] < 0:
                wire.ask(request)
                raise Died
        return None

    wire.first = die
    try:
        run(wire, **given)
    except Died:
        wire.first = lambda request: None
    outcome = run(wire, **given)
    assert outcome.failure is None and len(wire.made) == 1, str(outcome.failure)
    (app,) = wire.made
    assert app.roles == [READ] and len(app.certificates) == len(app.federated) == 1 and app.object_id


def test_a_late_server_does_not_make_a_known_application_new() -> None:
    wire, misses = Wire(), [1]
    run(wire, name="Chosen", notes="n", permissions=[READ, "User.Read.All"])

    def miss(request: Request) -> Response | None:
        if request.target.startswith("GET /v1.0/applications(") and misses:
            misses.pop()
            return error(404, "Request_ResourceNotFound")
        return None

    wire.first = miss
    outcome = run(wire, permissions=[READ])
    assert outcome.failure is None and application(outcome)["name"] == "Chosen" and len(wire.made) == 1
    assert not outcome.changed and outcome.before == outcome.after
    assert sorted(wire.made[0].roles) == [READ, "User.Read.All"]
    (required,) = wire.made[0].registration["requiredResourceAccess"]
    assert len(required["resourceAccess"]) == 2


@pytest.mark.parametrize("path", ["federatedIdentityCredentials", "appRoleAssignments"])
def test_one_server_that_is_late_does_not_fail_a_finished_task(path: str) -> None:
    wire, misses = Wire(), [1]

    def miss(request: Request) -> Response | None:
        if request.method == "GET" and path in request.url and misses:
            misses.pop()
            return error(404, "Request_ResourceNotFound")
        return None

    wire.first = miss
    assert run(wire, permissions=[READ], federated_credentials=[GITHUB]).failure is None


def test_a_certificate_that_another_run_adds_meanwhile_is_kept(tmp_path: pathlib.Path) -> None:
    wire, other = Wire(), make_key_pair("other")
    run(wire, certificates=[write(tmp_path, make_key_pair("first"))])
    app, left = wire.made[0], [3]

    def add(request: Request) -> Response | None:
        if request.method == "GET" and "keyCredentials" in request.url:
            left[0] -= 1
            if left[0] == 0:
                app.certificates.append(Certificate(other.certificate, READ_ID, "CN=other"))
                registrations.publish(wire.tenant, app)
        return None

    wire.first = add
    outcome = run(wire, certificates=[write(tmp_path, make_key_pair("second"), "b.pem")])
    assert outcome.failure is None and len(app.certificates) == 3


def test_after_a_lost_response_the_result_says_what_was_made() -> None:
    wire = Wire(visibility_delay=100)

    def lose(request: Request) -> Response | None:
        if request.target == "POST /v1.0/servicePrincipals":
            raise errors.LostResponseError("Lost.", target=request.target)
        return None

    wire.first = lose
    outcome = run(wire, wait_timeout=5)
    assert outcome.failure and outcome.failure.effects == "partial" and outcome.changed
    assert application(outcome)["present"] and application(outcome)["client_id"] == wire.made[0].client_id


# --- secrets --------------------------------------------------------------------------------------------------------


def test_a_secret_is_handed_over_once(tmp_path: pathlib.Path) -> None:
    wire = Wire()
    outcome = run(wire, secret_name="ops", return_secret=True)
    (secret,) = wire.made[0].secrets
    assert outcome.values["client_secret"] == secret.value and secret.display_name == "ops"
    assert secret.expires - (secret.begins or secret.expires) == datetime.timedelta(days=90)
    shown = json.dumps([application(outcome), outcome.before, outcome.after])
    assert secret.value not in shown and application(outcome)["client_secrets"][0]["hint"] == secret.value[:3]
    again = run(wire, secret_name="ops", return_secret=True)
    assert not again.changed and again.values["client_secret"] is None
    planned = run(Wire(), secret_name="ops", return_secret=True, check=True)
    assert planned.changed and planned.values["client_secret"] is None


def test_a_secret_that_ends_soon_is_followed_and_the_old_one_stays_until_it_is_purged() -> None:
    wire = Wire()
    run(wire, secret_name="ops", return_secret=True, secret_days=30)
    wire.clock.sleep(17 * 86400)
    wire.catch_up()
    wire.token = issue_token(wire.tenant, wire.tenant.applications[wire.tenant.client_id], person=True)
    renewed = run(wire, secret_name="ops", return_secret=True, secret_days=30)
    assert renewed.changed and renewed.values["client_secret"] and len(wire.made[0].secrets) == 2
    purged = run(wire, secret_name="ops", return_secret=True, secret_days=30, purge_secrets=True)
    assert purged.changed and [secret.value for secret in wire.made[0].secrets] == [renewed.values["client_secret"]]
    assert not run(wire, secret_name="ops", return_secret=True, secret_days=30, purge_secrets=True).changed
    assert run(wire, purge_secrets=True).changed and wire.made[0].secrets == []


def test_a_secret_that_nobody_could_read_is_not_created() -> None:
    wire = Wire()
    with pytest.raises(errors.InvalidOptionError, match="One of seal_to and return_secret is required"):
        run(wire, secret_name="ops")
    assert wire.sent == []


def test_a_secret_that_shows_late_is_not_followed_by_another_one() -> None:
    wire, given = Wire("Cloud Application Administrator", visibility_reads=3), {"secret_name": "ops", "return_secret": True}
    refused = run(wire, **given, permissions=[READ])
    assert isinstance(refused.failure, errors.ForbiddenError) and refused.values["client_secret"]
    again = run(wire, **given)
    assert again.failure is None and again.values["client_secret"] is None
    assert [secret.value for secret in wire.made[0].secrets] == [refused.values["client_secret"]]
    assert not again.changed and again.before == again.after, "the first run created it"


@pytest.mark.parametrize("reads", [0, 2])
@pytest.mark.parametrize(("is_done", "told"), [(True, "removed again, since its text was lost"), (False, "nobody has its text")])
def test_a_secret_whose_text_got_lost_does_not_stay(is_done: bool, told: str, reads: int) -> None:
    wire = Wire(visibility_reads=reads)

    def lose(request: Request) -> Response | None:
        if not request.url.endswith("/addPassword"):
            return None
        if is_done:
            wire.ask(request)
        raise errors.LostResponseError("Lost.", target=request.target)

    wire.first = lose
    outcome = run(wire, secret_name="ops", return_secret=True)
    assert outcome.failure and told in str(outcome.failure) and outcome.values["client_secret"] is None
    assert wire.made[0].secrets == []
    wire.first = lambda request: None
    again = run(wire, secret_name="ops", return_secret=True)
    assert again.failure is None and [secret.value for secret in wire.made[0].secrets] == [again.values["client_secret"]]


@pytest.mark.parametrize(
    ("settings", "options", "told"),
    [
        ({"application_secrets": "refuse"}, {"secret_name": "x", "return_secret": True}, "forbids client secrets. Use certificates"),
        ({"credential_max_days": 7}, {"secret_name": "x", "return_secret": True}, "limits how long a credential lasts. Use a shorter one"),
    ],
)
def test_a_policy_against_a_credential_is_told_in_plain_words(settings: Json, options: Json, told: str) -> None:
    outcome = run(Wire(**settings), **options)
    assert outcome.failure and told in str(outcome.failure) and outcome.failure.effects == "partial"


def test_the_secret_in_use_stays_in_the_run_that_creates_its_successor() -> None:
    wire = Wire()
    run(wire, secret_name="ops", return_secret=True, secret_days=30)
    wire.made[0].secrets[0].expires = wire.tenant.clock.now() + datetime.timedelta(days=5)
    given = {"secret_name": "ops", "return_secret": True, "secret_days": 30, "purge_secrets": True}
    registrations.publish(wire.tenant, wire.made[0])
    renewed = run(wire, **given)
    assert renewed.values["client_secret"] and len(wire.made[0].secrets) == 2
    later = run(wire, **given)
    assert later.changed and [secret.value for secret in wire.made[0].secrets] == [renewed.values["client_secret"]]
    assert not run(wire, **given).changed


# --- certificates and federated credentials ---------------------------------------------------------------------------


def test_a_certificate_is_found_again_whatever_entra_calls_it(tmp_path: pathlib.Path) -> None:
    wire = Wire(custom_key_identifier="base64")
    options = {"certificates": [write(tmp_path, make_key_pair("x"))]}
    run(wire, **options)
    assert not run(wire, **options).changed


def test_an_expired_certificate_that_is_in_the_way_is_told(tmp_path: pathlib.Path) -> None:
    wire = Wire(kept_expired_certificate="refuse")
    run(wire, certificates=[write(tmp_path, make_key_pair("old"))])
    wire.made[0].certificates[0].expires = wire.tenant.clock.now()
    options = {"certificates": [write(tmp_path, make_key_pair("new"), "new.pem")]}
    outcome = run(wire, **options)
    assert outcome.failure and "Set purge_certificates to true" in str(outcome.failure)
    assert run(wire, **options, purge_certificates=True).failure is None


def expired() -> bytes:
    pair, begin = make_key_pair("x"), datetime.datetime(2020, 1, 1, tzinfo=datetime.timezone.utc)
    name = pair.certificate.subject
    builder = x509.CertificateBuilder(name, name, pair.key.public_key(), 1, begin, begin + datetime.timedelta(days=1))
    return builder.sign(pair.key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (lambda: b"words", "holds no readable certificate"),
        (lambda: make_key_pair("x").key_pem(), "holds a private key"),
        (lambda: make_key_pair("x").certificate_pem() + make_key_pair("y").certificate_pem(), "holds 2 certificates"),
        (expired, "expired at 2020-01-02"),
    ],
)
def test_what_is_no_usable_certificate_is_refused_before_anything(tmp_path: pathlib.Path, content: t.Any, message: str) -> None:
    wire, path = Wire(), tmp_path / "x.pem"
    path.write_bytes(content())
    with pytest.raises(errors.InvalidOptionError, match=message) as raised:
        run(wire, certificates=[str(path)])
    assert str(path) in str(raised.value) and wire.sent == []
    with pytest.raises(errors.InvalidOptionError, match="cannot be read"):
        run(wire, certificates=[str(tmp_path / "missing.pem")])


def test_a_certificate_with_which_no_module_signs_in_is_refused() -> None:
    wire = Wire()
    with pytest.raises(errors.InvalidOptionError, match="Entry 1 of certificates does not have an RSA key"):
        run(wire, certificates=[render(make_certificate(ec.generate_private_key(ec.SECP256R1())))], purge_certificates=True)
    assert wire.sent == []


@pytest.mark.parametrize("check", [True, False])
def test_the_working_certificate_stays_until_another_one_is_valid(tmp_path: pathlib.Path, check: bool) -> None:
    wire, pair = Wire(), make_key_pair("now")
    run(wire, certificates=[write(tmp_path, pair)])
    later = render(make_certificate(pair.key, starts=1.0))
    with pytest.raises(errors.InvalidOptionError, match="No entry of certificates is valid before 2026-01-06T10:00:00Z"):
        run(wire, certificates=[later], purge_certificates=True, check=check)
    assert [entry.certificate for entry in wire.made[0].certificates] == [pair.certificate]
    assert run(wire, certificates=[later]).failure is None and len(wire.made[0].certificates) == 2
    assert run(wire, certificates=[later, str(tmp_path / "app.pem")], purge_certificates=True).failure is None
    assert run(wire, certificates=[], purge_certificates=True).failure is None and wire.made[0].certificates == []


def test_a_line_of_a_key_that_was_taken_apart_is_not_shown() -> None:
    lines = make_key_pair("x").key_pem().decode().splitlines()[3:5]
    with pytest.raises(errors.InvalidOptionError, match="Entry 1 of certificates cannot be read") as raised:
        run(Wire(), certificates=lines)
    assert lines[0] not in str(raised.value)


def test_dates_are_read_with_a_library_before_42(monkeypatch: pytest.MonkeyPatch) -> None:
    class Older:
        """A certificate of cryptography 41, which only has dates without a zone."""

        def __init__(self, found: x509.Certificate) -> None:
            self.found = found
            self.not_valid_before = found.not_valid_before_utc.replace(tzinfo=None)
            self.not_valid_after = found.not_valid_after_utc.replace(tzinfo=None)
            self.subject, self.public_key, self.public_bytes = found.subject, found.public_key, found.public_bytes

    pair = make_key_pair("x")
    text = render(pair.certificate)
    expected = application(run(Wire(), certificates=[text]))["certificates"]
    monkeypatch.setattr(_certificates, "_parse", lambda content: Older(x509.load_der_x509_certificate(content)))
    assert application(run(Wire(), certificates=[text]))["certificates"] == expected


def test_a_certificate_may_be_text_and_a_private_key_in_it_is_not_shown() -> None:
    wire, pair = Wire(), make_key_pair("x")
    outcome = run(wire, certificates=[pair.certificate_pem().decode()] * 2)
    assert len(application(outcome)["certificates"]) == 1
    with pytest.raises(errors.InvalidOptionError, match="Entry 1 of certificates holds a private key") as raised:
        run(wire, certificates=[pair.key_pem().decode()])
    assert "BEGIN" not in str(raised.value)


@pytest.mark.parametrize(
    ("entries", "message"),
    [
        ([{**GITHUB, "name": "-x"}], "must begin with a letter or digit"),
        ([{**GITHUB, "subject": "repo:o/r:*"}], "must not hold a wildcard"),
        ([{**GITHUB, "issuer": " https://x"}], "no blanks around it"),
        ([GITHUB, {**GITHUB, "name": "second"}], "of 'second' twice"),
        ([GITHUB, {**GITHUB, "subject": "y"}], "of 'github-main' twice"),
        ([{**GITHUB, "name": f"name{number}", "subject": str(number)} for number in range(21)], "at most 20 entries, not 21"),
    ],
)
def test_a_federated_credential_that_entra_would_refuse_is_refused(entries: list[Json], message: str) -> None:
    wire = Wire()
    with pytest.raises(errors.InvalidOptionError, match=message):
        run(wire, federated_credentials=entries)
    assert wire.sent == []


def test_a_federated_credential_is_changed_by_name() -> None:
    wire = Wire()
    run(wire, federated_credentials=[GITHUB])
    changed = run(wire, federated_credentials=[{**GITHUB, "subject": "repo:o/r:ref:refs/heads/main", "description": "old form"}])
    assert changed.changed and wire.made[0].federated[0].subject == "repo:o/r:ref:refs/heads/main"
    assert not run(wire, federated_credentials=[{**GITHUB, "subject": "repo:o/r:ref:refs/heads/main"}]).changed


def test_one_that_matches_by_an_expression_is_not_replaced() -> None:
    wire = Wire()
    run(wire, federated_credentials=[GITHUB])
    wire.made[0].federated[0].subject = t.cast(str, None)
    outcome = run(wire, federated_credentials=[GITHUB])
    assert outcome.failure and "matches tokens by an expression" in str(outcome.failure)


def test_keys_that_are_not_for_signing_in_are_left_as_they_are(tmp_path: pathlib.Path) -> None:
    wire, pair = Wire(), make_key_pair("both")
    run(wire)
    app = wire.made[0]
    app.certificates.append(Certificate(pair.certificate, READ_ID, "CN=tokens", usage="Encrypt"))
    registrations.publish(wire.tenant, app)
    options = {"certificates": [write(tmp_path, pair)], "purge_certificates": True}
    outcome = run(wire, **options)
    assert outcome.changed and [entry.usage for entry in app.certificates] == ["Encrypt", "Verify"], str(outcome.failure)
    assert len(application(outcome)["certificates"]) == 1 and not run(wire, **options).changed
    run(wire, certificates=[], purge_certificates=True)
    assert [entry.usage for entry in app.certificates] == ["Encrypt"]


def test_a_certificate_with_a_name_of_its_own_is_known_by_its_content(tmp_path: pathlib.Path) -> None:
    wire, path = Wire(custom_key_identifier="name"), write(tmp_path, make_key_pair("x"))
    run(wire, certificates=[path])
    assert not run(wire, certificates=[path]).changed


def test_issuer_and_subject_move_from_one_name_to_another() -> None:
    wire = Wire()
    first, second = {**GITHUB, "name": "first", "subject": "a"}, {**GITHUB, "name": "second", "subject": "b"}
    run(wire, federated_credentials=[first, second])
    swapped = [{**first, "subject": "b"}, {**second, "subject": "a"}]
    assert run(wire, federated_credentials=swapped).failure is None
    assert {entry.name: entry.subject for entry in wire.made[0].federated} == {"first": "b", "second": "a"}
    renamed = [{**first, "name": "third", "subject": "b"}]
    refused = run(wire, federated_credentials=renamed)
    assert refused.failure and "'first' has the issuer and subject of an entry" in str(refused.failure) and not refused.changed
    assert run(wire, federated_credentials=renamed, purge_federated_credentials=True).failure is None
    assert [entry.name for entry in wire.made[0].federated] == ["third"]


# --- options --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"unique_name": None, "app_id": "x"}, "app_id must be the application ID of an application, a GUID, not 'x'."),
        ({"unique_name": "it's"}, "unique_name must begin with a letter or digit, and have only these"),
        ({"unique_name": "a%41b"}, "unique_name must begin with a letter or digit"),
        ({"unique_name": " "}, "unique_name must not be empty."),
        ({"unique_name": None, "managed_identity": ""}, "managed_identity must not be empty."),
        ({"unique_name": None, "managed_identity": "m", "purge_certificates": True}, "purge_certificates cannot be set for a managed"),
        ({"unique_name": None, "managed_identity": "m", "enabled": False}, "enabled cannot be set for a managed identity"),
        ({"secret_name": " ", "return_secret": True}, "secret_name must not be empty."),
        ({"unique_name": None, "managed_identity": "m", "notes": "n"}, "notes cannot be set for a managed identity"),
        ({"permissions": ["read devices"]}, "permissions must be names such as Organization.Read.All, not 'read devices'."),
        ({"name": ""}, "name must not be empty."),
        ({"name": "\u00a0 "}, "name must not be empty."),
        ({"name": "x" * 257}, "name must have at most 256 characters, not 257."),
        ({"secret_name": "x", "return_secret": True, "secret_days": 0}, "secret_days must be a number from 1 to 730, not 0."),
        ({"secret_name": "x", "return_secret": True, "secret_renew_days": 90}, "secret_renew_days must be a number from 0"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(options: Json, message: str) -> None:
    wire = Wire()
    with pytest.raises(errors.InvalidOptionError, match=message):
        run(wire, **options)
    assert wire.sent == []


# --- reading --------------------------------------------------------------------------------------------------------


def test_applications_are_read_by_each_name() -> None:
    wire = Wire()
    made = application(run(wire, name="Twin", permissions=[RESET]))
    run(wire, unique_name="second", name="Twin")
    for options in ({"unique_name": NAME}, {"app_id": made["client_id"]}):
        (found,) = inform(wire, **options)
        assert found == {name: value for name, value in made.items() if name != "missing_permissions"}
    assert len(inform(wire, name="Twin")) == 2 and inform(wire, unique_name="nobody") == []
    (identity,) = inform(wire, managed_identity=wire.tenant.managed_identity.client_id)
    assert identity["managed_identity"] and identity["permissions"]


@pytest.mark.parametrize("kind", ["keyCredentials", "passwordCredentials"])
def test_credentials_of_the_service_principal_itself_are_told(kind: str) -> None:
    wire = Wire()
    run(wire)
    store = wire.tenant.service_principals
    (principal,) = store.find(lambda entry: entry["appId"] == wire.made[0].client_id)
    store.write(principal["id"], {**principal, kind: [{"keyId": READ_ID}]})
    client = wire.world(credential=FakeCredential(wire.claims)).client
    outcomes = [run(wire), entra_application_info.run(params_of(entra_application_info, {"unique_name": NAME}), client, False)]
    for outcome in outcomes:
        (warning,) = outcome.warnings
        assert "has secrets or certificates of its own (1)" in warning and wire.made[0].client_id in warning


@pytest.mark.parametrize("options", [{"name": ""}, {"name": " "}, {"app_id": "x"}, {"unique_name": "a b"}, {"managed_identity": " "}])
def test_a_name_of_nothing_is_refused_before_anything_is_sent(options: Json) -> None:
    wire = Wire()
    with pytest.raises(errors.InvalidOptionError, match=next(iter(options))):
        inform(wire, **options)
    assert wire.sent == []


@pytest.mark.parametrize("status", [403, 500])
def test_what_cannot_be_read_is_an_error(status: int) -> None:
    wire = Wire()
    wire.first = lambda request: error(status)
    with pytest.raises(errors.IntuneError):
        inform(wire, unique_name=NAME)


def test_the_return_values_are_those_that_are_documented() -> None:
    assert differences(ApplicationResult, documented(entra_application, "application"), "application") == []
    entry = {**documented(entra_application_info, "applications"), "type": "dict"}
    assert differences(FoundResult, entry, "applications[]") == []
    wire = Wire()
    assert set(application(run(wire))) == set(documented(entra_application, "application")["contains"])
