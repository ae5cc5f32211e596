# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The body of a write to deviceHealthScripts: its checks, and the fields of the script package."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from ..http.enumerations import find_member
from ..http.errors import GraphError, bad_request, intune_error, not_emulated
from ..http.message import GraphRequest
from .filters_and_tags import check_scope_tags
from .oma_settings import unknown_property

TYPE = "deviceHealthScript"
ACCOUNTS = ("system", "user")
# Properties that a client can write, each with the field of HealthScript.
FIELDS = {
    "displayName": "display_name",
    "description": "description",
    "publisher": "publisher",
    "detectionScriptContent": "detection",
    "remediationScriptContent": "remediation",
    "runAsAccount": "run_as_account",
    "runAs32Bit": "run_as_32_bit",
    "enforceSignatureCheck": "enforce_signature_check",
    "roleScopeTagIds": "scope_tags",
}
TEXTS = ("displayName", "description", "publisher")
CONTENTS = ("detectionScriptContent", "remediationScriptContent")
FLAGS = ("runAs32Bit", "enforceSignatureCheck")
# How the service treats these in a write is not known; the values are those of a package that does not use them.
OTHER: dict[str, tuple[Any, ...]] = {
    "version": (),
    "isGlobalScript": (False,),
    "highestAvailableVersion": (None,),
    "deviceHealthScriptType": (TYPE,),
    "detectionScriptParameters": ([],),
    "remediationScriptParameters": ([],),
}
NAVIGATION = ("assignments", "deviceRunStates", "runSummary")
NAMES = ("id", "createdDateTime", "lastModifiedDateTime", *FIELDS, *OTHER)
# Measured: 504 KB were accepted, and 512 KB were refused. The documented limit is 200 KB.
MAX_CONTENT_BYTES = 504 * 1024
UNSPECIFIC_MESSAGE = "An error has occurred"

Json = dict[str, Any]


def read(request: GraphRequest, *, is_new: bool) -> Json:
    """Return the fields of HealthScript in a body; raise GraphError for a wrong body."""
    body = request.body
    if not isinstance(body, dict):
        raise bad_request("Empty Payload. JSON content expected.", "ModelValidationFailure")
    _check_names(body)
    _check_texts(body, is_new)
    for name in FLAGS:
        if name in body and not isinstance(body[name], bool):
            raise _cannot_convert(name, "Boolean")
    check_scope_tags(request.tenant, body.get("roleScopeTagIds"))
    fields = {field: body[name] for name, field in FIELDS.items() if name in body}
    for name in CONTENTS:
        if name in body:
            fields[FIELDS[name]] = _read_content(name, body[name])
    if "runAsAccount" in body:
        fields["run_as_account"] = _read_account(body["runAsAccount"])
    if "scope_tags" in fields:
        fields["scope_tags"] = fields["scope_tags"] or ["0"]
    if not fields.get("detection", b"" if is_new else b"-"):
        raise not_emulated("DetectionScriptContent must not be empty.", "a package without a detection script")
    return fields


def _check_names(body: Json) -> None:
    if body.get("@odata.type", f"#microsoft.graph.{TYPE}") != f"#microsoft.graph.{TYPE}":
        raise bad_request(f"The type '{body['@odata.type']}' is not 'microsoft.graph.{TYPE}'.", "ModelValidationFailure")
    for name in body:
        if name in NAVIGATION:
            raise not_emulated(f"Property '{name}' is not supported.", f"property {name}")
        if name not in NAMES and "@" not in name:
            raise unknown_property(name, TYPE)
    for name, allowed in OTHER.items():
        if name in body and body[name] not in allowed:
            raise not_emulated(f"Property '{name}' is not supported.", f"property {name}")


def _check_texts(body: Json, is_new: bool) -> None:
    for name in TEXTS:
        if body.get(name) is not None and not isinstance(body[name], str):
            raise _cannot_convert(name, "String")
    if not str(body.get("displayName", "" if is_new else "-") or "").strip():
        raise intune_error(400, "BadRequest", "DisplayName must not be empty.")


def _read_content(name: str, value: Any) -> bytes:
    """Return the bytes of a script; accept base64 and base64url, as for every Edm.Binary."""
    try:
        content = base64.b64decode(str(value or "").replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        raise _cannot_convert(name, "Binary") from None
    if value is not None and not isinstance(value, str):
        raise _cannot_convert(name, "Binary")
    if len(content) > MAX_CONTENT_BYTES:
        raise intune_error(400, "BadRequest", UNSPECIFIC_MESSAGE)
    return content


def _read_account(value: Any) -> str:
    member = find_member(value, ACCOUNTS)
    if member is None:
        raise bad_request(f"Cannot convert the literal '{value}' to the expected type 'microsoft.graph.runAsAccountType'.")
    return member


def _cannot_convert(name: str, kind: str) -> GraphError:
    return bad_request(f"Cannot convert the value of property '{name}' to the expected type 'Edm.{kind}'.")
