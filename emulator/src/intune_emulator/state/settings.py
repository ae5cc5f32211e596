# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Settings of the emulator, with defaults. Most represent an open question about the service; the documentation lists them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

from .clock import MOST_SECONDS

# Settings with lists as values, with their possible members.
MEMBERS: dict[str, tuple[str, ...]] = {
    "approval_protects": ("configuration_policies", "device_configurations", "reset_passcode", "scripts"),
    "approval_scripts_cover": ("assign", "on_demand"),
}
CHOICES: dict[str, tuple[str, ...]] = {
    "approval_missing_status": ("400", "403"),
    "approval_filed_status": ("412", "403"),
    "approval_mismatch_status": ("400", "403"),
    "approval_active": ("request", "entity"),
    "approval_code_is": ("id", "requestId"),
    "approval_filter": ("refuse", "allow"),
    "export_outcome": ("completed", "failed"),
    "export_select": ("allow", "refuse"),
    "setting_report": ("all", "profiles"),
    "setting_report_rows": ("all", "failed"),
    "catalog_report": ("catalog", "all"),
    "report_rows": ("device", "system_and_user"),
    "report_language": ("en", "de"),
    "report_status": ("member", "number"),
    "report_system_upn": ("words", "blank"),
    "access_pass_out_of_scope": ("refuse", "create"),
    "access_pass_multi_use": ("refuse", "create"),
    "access_pass_privileged": ("refuse", "allow"),
    "access_pass_policy_access": ("least", "older"),
    "access_pass_unknown_user": ("Request_ResourceNotFound", "resourceNotFound"),
    "windows_desktop": ("not_supported", "refuse", "done"),
    "action_timestamps": ("fractional", "seconds"),
    "unlisted_filter": ("refuse", "ignore"),
    "audit_filter": ("refuse", "allow"),
    "audit_access": ("read", "refuse"),
    "enrollment_access": ("service", "configuration"),
    "beta": ("allow", "refuse"),
    "custom_profile_block": ("off", "catalog"),
    "plain_text_value": ("read", "write", "refuse"),
    "federated_refusal": ("generic", "specific"),
    "custom_key_identifier": ("hex", "base64", "name"),
    "application_secrets": ("allow", "refuse"),
    "deleted_unique_name": ("free", "conflict"),
    "kept_expired_certificate": ("keep", "refuse"),
    "consent": ("allow", "refuse_service_principal", "refuse_grant"),
    "refuse_grant_status": ("403", "400"),
    "duplicate_grant": ("400", "409"),
    "grant_on_invisible": ("404", "400"),
    "grant_scope_check": ("none", "strict"),
    "create_over_deleted": ("new", "conflict", "restore"),
    "retry_after": ("integer", "missing", "zero", "fractional", "date", "mixed"),
    "script_expand": ("allow", "limit"),
    "script_rows": ("device", "user"),
    "script_without_user": ("pending", "notApplicable", "missing"),
    "script_user_name": ("upn", "display_name"),
    "script_device_access": ("both", "scripts"),
    "on_demand_report": ("changes", "always"),
    "on_demand_access": ("scripts", "documented"),
    "windows_license_refusal": ("none", "400", "403"),
    "windows_license": ("confirmed", "unconfirmed", "none"),
    "script_limit_status": ("400", "403"),
    "script_patch_status": ("200", "204"),
    "script_schedule_time": ("fractional", "seconds"),
    "configuration_patch_status": ("200", "204"),
    "configuration_put_status": ("204", "200"),
}


@dataclass
class Settings:
    """Times are in seconds of the emulated clock, except `latency`: real seconds."""

    intune: bool = True
    windows_desktop: str = "not_supported"
    passcode_retention: float = 7 * 86400.0
    action_delay: float = 0.0
    action_timestamps: str = "fractional"
    page_size: int = 1000
    directory_page_size: int = 100
    select_adds_id: bool = False
    unlisted_filter: str = "refuse"
    audit_filter: str = "refuse"
    audit_access: str = "read"
    enrollment_access: str = "service"
    audit_delay: float = 0.0
    beta: str = "allow"
    latency: float = 0.0
    error_date_zone: bool = True
    custom_profile_block: str = "off"
    assign_checks_groups: bool = False
    checks_references: bool = True
    plain_text_value: str = "read"
    v1_assign_drops_filters: bool = True
    configuration_patch_status: str = "200"
    configuration_put_status: str = "204"
    consent: str = "allow"
    refuse_grant_status: str = "403"
    service_scopes: tuple[str, ...] = ("user_impersonation",)
    duplicate_grant: str = "400"
    grant_scope_check: str = "none"
    create_over_deleted: str = "new"
    restore_brings_grants: bool = False
    visibility_delay: float = 0.0
    visibility_reads: int = 0
    grant_on_invisible: str = "404"
    grant_applied_on_invisible: bool = False
    quota: bool = True
    quota_scale: float = 1.0
    quota_punish: bool = False
    retry_after: str = "integer"
    batch_item_header_case: bool = False
    batch_shuffle: bool = True
    token_lifetime: int = 3599
    federated_refusal: str = "generic"
    custom_key_identifier: str = "hex"
    application_secrets: str = "allow"
    credential_max_days: float = 0.0
    credential_delay: float = 0.0
    deleted_unique_name: str = "free"
    kept_expired_certificate: str = "keep"
    approval_protects: tuple[str, ...] = ()
    approval_scripts_cover: tuple[str, ...] = ("assign",)
    approval_missing_status: str = "400"
    approval_filed_status: str = "412"
    approval_mismatch_status: str = "400"
    approval_active: str = "request"
    approval_code_header: bool = True
    approval_code_is: str = "id"
    approval_filter: str = "refuse"
    export_reads: int = 1
    export_delay: float = 0.0
    export_url_reads: int = 0
    export_outcome: str = "completed"
    export_select: str = "allow"
    export_bom: bool = True
    setting_report: str = "all"
    setting_report_rows: str = "all"
    catalog_report: str = "catalog"
    report_rows: str = "device"
    report_language: str = "en"
    report_status: str = "member"
    report_system_upn: str = "words"
    script_run_delay: float = 1800.0
    script_report_delay: float = 1800.0
    script_weekly_report: bool = False
    script_rows: str = "device"
    script_without_user: str = "pending"
    script_user_name: str = "upn"
    script_device_access: str = "both"
    on_demand_delay: float = 60.0
    on_demand_report: str = "changes"
    on_demand_access: str = "scripts"
    windows_license: str = "confirmed"
    windows_license_refusal: str = "none"
    script_limit: int = 200
    script_limit_status: str = "400"
    script_patch_status: str = "200"
    script_schedule_time: str = "fractional"
    script_expand: str = "allow"
    access_pass_out_of_scope: str = "refuse"
    access_pass_multi_use: str = "refuse"
    access_pass_privileged: str = "refuse"
    access_pass_policy_access: str = "least"
    access_pass_unknown_user: str = "Request_ResourceNotFound"
    access_pass_visibility_delay: float = 0.0

    def as_dict(self) -> dict[str, object]:
        """Return the JSON of GET /_emulator/settings."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    def patch(self, changes: dict[str, object]) -> None:
        """Apply `changes`; a wrong name, type, or choice raises ValueError and changes nothing."""
        known = {field.name for field in fields(self)}
        checked = {}
        for name, value in changes.items():
            if name not in known:
                raise ValueError(f"unknown setting '{name}'")
            checked[name] = self._checked(name, value)
        for name, value in checked.items():
            setattr(self, name, value)

    def _checked(self, name: str, value: object) -> object:
        current = getattr(self, name)
        if isinstance(current, tuple):
            if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
                raise ValueError(f"setting '{name}' must be a list of texts, not {value!r}")
            if name in MEMBERS and not set(value) <= set(MEMBERS[name]):
                raise ValueError(f"setting '{name}' may contain only {', '.join(MEMBERS[name])}, not {value!r}")
            return tuple(value)
        if name in CHOICES:
            if str(value) not in CHOICES[name]:
                raise ValueError(f"setting '{name}' must be one of {', '.join(CHOICES[name])}, not {value!r}")
            return str(value)
        if isinstance(current, bool):
            if not isinstance(value, bool):
                raise ValueError(f"setting '{name}' must be true or false, not {value!r}")
            return value
        is_whole = isinstance(current, int)
        if isinstance(value, (int, float)) and not isinstance(value, bool) and 0 <= value <= MOST_SECONDS and not (is_whole and value % 1):
            return type(current)(value)
        raise ValueError(f"setting '{name}' must be a {'whole ' if is_whole else ''}number, 0 to {MOST_SECONDS}, not {value!r}")
