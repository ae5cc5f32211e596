# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that every operation of the emulated tenant matches Microsoft's description: record and compare the calls of its own tests."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from intune_emulator.state.journal import Recorder

from emulator.tests import test_access_passes as passes
from emulator.tests import test_applications as applications
from emulator.tests import test_approvals as approvals
from emulator.tests import test_configuration_policies as catalog
from emulator.tests import test_configuration_settings as definitions
from emulator.tests import test_configurations as configurations
from emulator.tests import test_directory as directory
from emulator.tests import test_filters_and_tags as references
from emulator.tests import test_health_scripts as scripts
from emulator.tests import test_on_demand as on_demand
from emulator.tests import test_planted_policies as planted
from emulator.tests import test_policy_states as policy_states
from emulator.tests import test_reports as reports
from emulator.tests import test_script_states as script_states

from . import recordings, supplements
from .checker import Checker
from .contract import Contract
from .usage import list_emulated_routes


class Comparison:
    """Record the exchanges of the client, and compare them."""

    def __init__(self, client: Any, checker: Checker, path: Path) -> None:
        self._path = path
        self._checker = checker
        client.tenant.recorder = self._recorder = Recorder(path)

    def compare(self) -> recordings.Summary:
        self._recorder.close()
        return recordings.Summary(self._checker).add_all(recordings.read(self._path))


@pytest.fixture
def comparison(client: Any, checker: Checker, tmp_path: Path) -> Iterator[Comparison]:
    comparison = Comparison(client, checker, tmp_path / "exchanges.jsonl")
    yield comparison
    summary = comparison.compare()
    assert sum(summary.compared.values()), "nothing was compared"
    assert not summary.failures, summary.failures


def test_every_route_is_described(contracts: dict[str, Contract]) -> None:
    routes = list_emulated_routes()
    assert {route.version for route in routes} == {"v1.0", "beta"}
    for version, method, path in routes:
        described = contracts[version].find_operation(method, path)
        assert described or supplements.find_undescribed_operation(version, method, path), f"{version} {method} {path}"


def test_devices(client: Any, comparison: Comparison) -> None:
    for device in client.control("GET", "devices"):
        for version in ("v1.0", "beta"):
            path = f"/{version}/deviceManagement/managedDevices/{device['id']}"
            client.call("POST", f"{path}/resetPasscode")
            client.advance(2)
            client.get(path)
            client.get(f"{path}?$select=id,deviceActionResults,notes")
    for version in ("v1.0", "beta"):
        client.get(f"/{version}/deviceManagement/managedDevices")
        client.get(f"/{version}/deviceManagement/managedDevices?$top=3&$select=id,deviceName")
        client.get(f"/{version}/deviceManagement/managedDevices?$filter=userId eq 'x'")
        client.get(f"/{version}/deviceManagement/managedDevices/none")
    client.get("/beta/deviceManagement/remoteActionAudits")
    client.call("GET", "/v1.0/deviceManagement/managedDevices", roles=[])


def test_status_overview(client: Any, comparison: Comparison) -> None:
    client.get(f"/v1.0/deviceManagement/deviceConfigurations/{configurations.create(client)['id']}/deviceStatusOverview")


@pytest.mark.parametrize(
    "scenario",
    [
        configurations.test_create_and_read,
        configurations.test_names_are_not_unique,
        configurations.test_hidden_values,
        configurations.test_assign_replaces_all,
        configurations.test_filters_are_beta_only,
        configurations.test_patch,
        configurations.test_delete_twice,
        configurations.test_secret_reference_is_refused_on_create,
        catalog.test_create_and_read,
        catalog.test_the_page_of_a_list_is_short,
        catalog.test_settings_are_paged,
        catalog.test_put_replaces_all,
        catalog.test_put_that_is_refused_changes_nothing,
        catalog.test_patch_changes_metadata_only,
        catalog.test_delete_twice,
        catalog.test_assign_replaces_all,
        catalog.test_only_lists_expand_assignments,
        configurations.test_list_with_filter_and_assignments,
        definitions.test_choice,
        definitions.test_integer_texts_and_group,
        definitions.test_select_and_refusals,
        definitions.test_all_are_told,
        references.test_filters_are_read,
        references.test_tags_are_read,
        references.test_lists_are_paged_and_nothing_else,
        references.test_roles,
        references.test_known_references,
        planted.test_account_protection,
        planted.test_identity_protection,
        planted.test_v1_shows_identity_protection_as_base_type,
        planted.test_new_identity_protection_is_refused,
        directory.test_create_and_find,
        directory.test_create_refusals,
        directory.test_update,
        directory.test_create_if_missing,
        directory.test_purge,
        directory.test_grants,
        directory.test_grant_refusals,
        directory.test_groups,
        directory.test_entra_device,
        directory.test_organization,
        scripts.test_create_and_read,
        scripts.test_defaults_of_a_new_package,
        scripts.test_the_list_has_no_contents,
        scripts.test_the_list_is_paged_and_expands_assignments,
        scripts.test_patch_changes_and_counts_the_version,
        scripts.test_delete_twice,
        scripts.test_one_of_microsofts_own_is_read_only,
        scripts.test_the_size_of_a_script,
        scripts.test_assign_replaces_all,
        scripts.test_a_filter_of_an_assignment_is_kept,
        scripts.test_schedules_are_kept,
        on_demand.test_a_package_without_assignment_runs_on_demand,
        on_demand.test_the_license,
        script_states.test_pending_then_reported,
        script_states.test_the_variety_of_the_demo,
        script_states.test_the_summary,
        script_states.test_of_groups_and_filters,
        script_states.test_pages_select_and_expand,
        script_states.test_states_of_a_device,
        passes.test_users,
        passes.test_users_are_paged,
        passes.test_roles_of_a_user,
        passes.test_a_pass_is_told_once,
        passes.test_a_new_pass_takes_the_place_of_the_old_one,
        passes.test_a_pass_is_deleted,
        passes.test_why_a_pass_cannot_be_used,
        passes.test_the_policy,
        passes.test_scope,
        passes.test_one_use,
        passes.test_who_gets_no_pass,
        passes.test_an_unknown_user,
        policy_states.test_states_are_counted,
        reports.test_a_job_goes_its_way,
        reports.test_it_may_fail_or_have_its_address_later,
        reports.test_select,
        reports.test_who_may_export,
        reports.test_columns_pages_and_order_of_settings,
        reports.test_no_rows_where_nothing_fits,
        reports.test_in_a_batch_a_stream_is_base64,
        reports.test_counts_of_each_setting,
        reports.test_devices_of_a_policy_at_once,
        reports.test_pages_of_devices_have_fifty_rows_at_most,
        approvals.test_filed_approved_completed,
        approvals.test_the_entity,
        approvals.test_the_code_may_be_another_property,
        approvals.test_filter,
        approvals.test_policies,
        approvals.test_scripts,
        approvals.test_items_of_a_batch_bring_their_own_headers,
    ],
)
def test_scenario(client: Any, comparison: Comparison, scenario: Any) -> None:
    scenario(client)


def test_refused_settings(client: Any, comparison: Comparison) -> None:
    for name in catalog.INTUNE:
        catalog.test_settings_that_intune_refuses(client, name)


def test_filters_of_catalog_policies(client: Any, comparison: Comparison) -> None:
    text = "technologies has 'mdm' and templateReference/templateFamily eq 'none'"
    catalog.test_filters(client, text, ["PIN recovery", "It has 'recovery'"])


@pytest.mark.parametrize("path", [configurations.V1, configurations.BETA])
def test_plain_text_value(client: Any, comparison: Comparison, path: str) -> None:
    configurations.test_plain_text_value(client, path)


@pytest.mark.parametrize("scenario", [planted.test_intents, planted.test_intents_refusals, planted.test_enrollment_configurations])
def test_undescribed_operations(client: Any, comparison: Comparison, scenario: Any) -> None:
    client.get("/v1.0/organization")
    scenario(client)
    assert comparison.compare().kinds["undescribed"]


@pytest.mark.parametrize(
    "scenario",
    [
        applications.test_an_upsert_makes_one_and_changes_it_then,
        applications.test_a_post_makes_a_twin,
        applications.test_a_deleted_application_takes_its_service_principal_along,
        applications.test_permissions_are_granted_and_taken_back,
        applications.test_both_paths_grant,
        applications.test_a_managed_identity_is_granted_permissions_too,
        applications.test_a_role_is_needed_beside_the_scopes,
        applications.test_a_secret_is_shown_once_and_ends,
        applications.test_certificates_are_replaced_as_a_whole_list,
        applications.test_thumbprints_may_be_base64,
        applications.test_federated_credentials,
        applications.test_a_policy_refuses_secrets_and_long_credentials,
    ],
)
def test_applications(client: Any, comparison: Comparison, scenario: Any) -> None:
    given = {"client": client, "person": applications.Person(client)}
    scenario(**{name: given[name] for name in inspect.signature(scenario).parameters})


def test_restore(client: Any, comparison: Comparison) -> None:
    service = directory.make(client)["id"]
    client.call("DELETE", f"{directory.SP}/{service}")
    client.get(f"{directory.BIN}/graph.servicePrincipal")
    client.get(f"{directory.BIN}/{service}")
    client.call("POST", f"{directory.BIN}/{service}/restore")
