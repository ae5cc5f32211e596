# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Routes of reports."""

from __future__ import annotations

from ..http.routing import BETA, BOTH, Route
from ..intune.roles import CONFIG_READ, CONFIG_WRITE, DEVICES_READ, DEVICES_WRITE
from . import export_jobs, policy_devices, setting_states

EXPORTS = "/deviceManagement/reports/exportJobs"
EXPORTS_READ = (*CONFIG_READ, *DEVICES_READ)
EXPORTS_WRITE = (*CONFIG_WRITE, *DEVICES_WRITE)

ROUTES: tuple[Route, ...] = (
    Route(BOTH, "POST", EXPORTS, export_jobs.create, EXPORTS_WRITE, "exports"),
    Route(BOTH, "GET", EXPORTS, export_jobs.list_all, EXPORTS_READ, "exports"),
    Route(BOTH, "GET", EXPORTS + "/{id}", export_jobs.get, EXPORTS_READ, "exports"),
    Route(BOTH, "POST", setting_states.PROFILES.path, setting_states.PROFILES.run, CONFIG_READ, "configuration"),
    Route(BETA, "POST", setting_states.CATALOG.path, setting_states.CATALOG.run, CONFIG_READ, "configuration"),
    Route(BETA, "POST", policy_devices.DEVICES.path, policy_devices.DEVICES.run, CONFIG_READ, "configuration"),
)
