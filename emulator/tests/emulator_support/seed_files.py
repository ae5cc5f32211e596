# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""A seed file that uses every key, and the tenants of seed files."""

from __future__ import annotations

from intune_emulator.control.seed_file import parse_seed
from intune_emulator.control.seeds import check_file
from intune_emulator.entra.first_party_applications import PIN_CLIENT, PIN_SERVICE
from intune_emulator.state.keys import Keys
from intune_emulator.state.tenant import Tenant

from .client import Client

NAME = "school.yml"
TOOL = "11111111-2222-4333-8444-555555555555"
SCHOOL = f"""\
extends: demo
clock:
  now: 2026-01-05T10:00:00Z
  frozen: true
preset: small-pages
settings:
  page_size: 50
  approval_protects: [reset_passcode]
users:
  - name: mia.lang
    jobTitle: Teacher
    roles: [Global Administrator]
  - name: guest
    displayName: A guest
    userPrincipalName: guest_fabrikam.com#EXT#@contoso.onmicrosoft.com
    mail:
    userType: Guest
devices:
  - name: SCHOOL-01
    id: 99999999-2222-4333-8444-555555555555
    platform: windows
    user: mia.lang
    ownership: personal
    complianceState: noncompliant
    lastSyncDateTime: 2025-12-24T08:00:00+01:00
    script_result: {{output: ready, exit_code: 1}}
  - name: SCHOOL-PHONE
    platform: android
    user: guest
    outcome: failed
    error_code: 7
    visible: 1
    active: 2.5
    terminal: 3
  - name: LATER
    user: ada.admin
    platform: windows
    offline: true
    enrolls_after: 600
groups:
  - name: School
    description: Everything of the school
    members:
      devices: [SCHOOL-01, LATER]
      groups: [Staff]
  - name: Staff
    members:
      users: [mia.lang, ada.admin]
policies:
  - surface: identity_protection
    name: School PIN
    description: PIN recovery
    values: {{pinRecoveryEnabled: true}}
    assignments:
      - all_users
      - exclude: Staff
      - group: School
        filter: Corporate laptops
        filter_type: exclude
    states:
      SCHOOL-01: succeeded
      LATER: [pending, {{state: error, code: 5, after: 60}}]
  - surface: enrollment
    values: {{state: enabled}}
access_pass_policy: {{state: disabled}}
applications:
  - name: School tool
    permissions: [DeviceManagementManagedDevices.Read.All]
    client_id: {TOOL}
    secret: secret-of-the-school
    secret_valid_days: -1
    federated: true
consents: [{PIN_SERVICE}, {PIN_CLIENT}]
faults:
  - match: {{method: POST, path: resetPasscode}}
    skip: 1
    fault: {{kind: status, status: 503}}
"""


def fill(text: str, keys: Keys) -> Tenant:
    """Return a tenant with the data of a seed file."""
    return check_file(parse_seed(text, NAME), keys)


def connect(text: str, keys: Keys) -> Client:
    """Return a client of it."""
    return Client(fill(text, keys))
