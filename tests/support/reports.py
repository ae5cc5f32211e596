# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Verdicts, devices, and resets for reports in tests, ordinary and hostile ones."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import typing as t

from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._devices.eligibility import Reason
from ansible_collections.endpointops.intune.plugins.module_utils._hello.settings import SETTINGS
from ansible_collections.endpointops.intune.plugins.module_utils._probe.states import State as Answer
from ansible_collections.endpointops.intune.plugins.module_utils._report.counts import DeviceCounts
from ansible_collections.endpointops.intune.plugins.module_utils._report.report import Context, build
from ansible_collections.endpointops.intune.plugins.module_utils._report.resets import Outcomes
from ansible_collections.endpointops.intune.plugins.module_utils._report.words import LABELS, STATES

from .fakes import CLIENT_ID, GRAPH, TENANT_ID
from .readiness import proof_of

Json = dict[str, t.Any]
SCHEMA = json.loads((pathlib.Path(__file__).parents[2] / "docs" / "schema" / "pin-reset-report.schema.json").read_text(encoding="utf-8"))
CONTEXT = Context(
    generated="2026-01-05T10:00:00Z",
    collection="1.0.0",
    graph_url=GRAPH,
    tenant_id=TENANT_ID,
    tenant_name="Contoso",
    client_id=CLIENT_ID,
    client_name="PIN reset automation",
    permissions=("DeviceManagementConfiguration.Read.All", "Application.Read.All"),
)
NO_DEVICES: Json = {"total": None, "problem": "Could not read managed devices: a permission is missing."}
ALL_DEVICES = {"target": "all_devices", "group_id": None, "filter_id": None, "filter_type": None}


def policy_id(number: int) -> str:
    return f"{number:08x}-1111-4222-8333-444444444444"


def policy(number: int = 1, **more: t.Any) -> Json:
    """Return a policy as in a verdict."""
    return {
        "id": policy_id(number),
        "name": f"Policy {number}",
        "description": "",
        "surface": "settings_catalog",
        "backend": "settings_catalog",
        "scope": "device",
        "settings": {**dict.fromkeys(setting.option for setting in SETTINGS), "enable_pin_recovery": True},
        "user_settings": {},
        "assignments": [ALL_DEVICES],
        "scope_tag_ids": ["0"],
        "rollout": None,
        **more,
    }


def status(**counts: int) -> Json:
    """Return a check-in status with consistent counts."""
    plain = {name: counts.get(name, 0) for name in ("succeeded", "error", "conflict", "pending", "not_applicable", "other")}
    return {"source": "report", "updated": None, "total": sum(plain.values()), **plain, "devices": []}


def finding(code: str = "conflict", *policies: int, **more: t.Any) -> Json:
    return {
        "code": code,
        "severity": "error",
        "policies": [policy_id(number) for number in policies],
        "settings": [],
        "message": f"{code} of {policies}.",
        "hint": "Correct it.",
        **more,
    }


def reason(code: str, level: str, state: str = "no", *policies: int, **more: t.Any) -> Json:
    return {
        "code": code,
        "level": level,
        "state": state,
        "message": f"{code} keeps it.",
        "hint": f"Settle {code}.",
        "policies": [policy_id(number) for number in policies],
        **more,
    }


def verdict(ready: bool | None = True, **more: t.Any) -> Json:
    """Return a verdict with all keys."""
    state = {True: "yes", False: "no", None: "unknown"}[ready]
    return {
        "ready": ready,
        "levels": {
            "connected": {"state": state},
            "configured": {"state": "yes", "policies": [policy_id(1)]},
            "arrived": {"state": "yes", "devices": 3, "total": 4},
            "proven": {"state": "unknown", "devices": None, "total": None},
        },
        "reasons": [],
        "differs": [],
        "consent": {"ready": ready is True},
        "policies": [policy(rollout=status(succeeded=3, pending=1))],
        "findings": [],
        "deployment": None,
        "devices": None,
        "probe": None,
        "problems": [],
        **more,
    }


def describe_probe(*states: Answer, **more: t.Any) -> Json:
    """Return the results of a probe as intune_pin_readiness_info returns them."""
    return {**proof_of(*states).describe(), **more}


def device(number: int, **more: t.Any) -> Json:
    """Return a device as intune_device_info returns it."""
    return {
        "id": f"device-{number}",
        "device_name": f"PC-{number}",
        "platform": "windows",
        "operating_system": "Windows",
        "os_version": "10.0.26100.4349",
        "join_type": "azureADJoined",
        "eligible": True,
        "reason": None,
        "predicted_outcome": "not_supported",
        **more,
    }


def count(devices: t.Iterable[Json]) -> Json:
    counts = DeviceCounts()
    for one in devices:
        counts.add(one)
    return counts.describe()


def report(readiness: Json | None = None, devices: Json | None = None, resets: Json | None = None, earlier: Json | None = None) -> Json:
    return build(CONTEXT, readiness or verdict(), devices or count(map(device, range(5))), resets, earlier)


def at(generated: str, readiness: Json | None = None) -> Json:
    """Return a report of another time."""
    context = dataclasses.replace(CONTEXT, generated=generated)
    return build(context, readiness or verdict(), count(map(device, range(5))), None)


def outcomes(*results: Json) -> Outcomes:
    found = Outcomes()
    found.add_results(results)
    return found


# --- hostile ones ---------------------------------------------------------------------------------------------------

HOSTILE = (
    *("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style><style>*{display:none}", "&lt;b&gt;", "--><!--", "]]>"),
    *("=cmd|' /C calc'!A0", "+1+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "\uff1d1+1"),
    *(
        "{{ lookup('pipe', 'id') }}",
        "{% raw %}",
        "{# x #}",
        "!unsafe x",
        "- name: x",
        "a: b",
        "'",
        '"',
        "\\",
        "#",
        "*a",
        "&a",
        "yes",
        "null",
    ),
    *("\u202eevil\u202c", "\u200b", "\x00", "\x1b[31m", "\ufeff", "\ud800", "\udfff", "\U0010ffff", "\u2028", "a\nb", "\x85", "\ufffe"),
    *("", " ", "x" * 5000, "\U0001f600" * 300, "\u0301" * 500, "\u05d0\u05d1 \u0645", "javascript:alert(1)", "../../etc/passwd"),
    "eyJ" + "0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.e30." + "c2lnbmF0dXJl",
)
NAMES = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=60), st.lists(st.sampled_from(HOSTILE), max_size=3).map("".join))
COUNTS = st.integers(0, 20_000)
CODES = st.one_of(st.sampled_from(("conflict", "wrong_path", "not_assigned", "user_against_device", "deleted_group", "hello_off")), NAMES)
REASONS = st.one_of(st.sampled_from(t.get_args(Reason)), st.none(), NAMES)

DEVICES = st.builds(
    lambda number, name, **more: device(number, device_name=name, user_principal_name=name, serial_number=name, **more),
    number=st.integers(0, 50),
    name=NAMES,
    platform=st.one_of(st.sampled_from(tuple(LABELS["platform"])), NAMES),
    os_version=st.one_of(st.none(), st.sampled_from(("10.0.26100.1", "10.0.99999.1", "14", "18.1.2", "x")), NAMES),
    join_type=st.one_of(st.none(), st.sampled_from(tuple(LABELS["join"])), NAMES),
    eligible=st.booleans(),
    reason=REASONS,
    predicted_outcome=st.one_of(st.none(), st.sampled_from(tuple(LABELS["predicted"])), NAMES),
)
STATUSES = st.one_of(
    st.none(),
    st.builds(
        lambda more, **counts: {**status(**counts), "total": sum(counts.values()) + more, "updated": "2026-01-05T09:00:00Z"},
        more=st.integers(-5, 5),
        **dict.fromkeys(("succeeded", "error", "pending", "not_applicable"), COUNTS),
    ),
)
ASSIGNMENTS = st.builds(
    lambda target, name: {**ALL_DEVICES, "target": target, "group_id": name},
    st.one_of(st.sampled_from(("all_devices", "group", "exclude_group")), NAMES),
    NAMES,
)
VALUES = st.one_of(st.none(), st.booleans(), st.integers(0, 99), NAMES, st.lists(NAMES, max_size=3))
SETTING_VALUES = st.dictionaries(st.sampled_from([setting.option for setting in SETTINGS]), VALUES, max_size=5)
POLICIES = st.builds(
    policy,
    number=st.integers(1, 6),
    name=NAMES,
    surface=st.one_of(st.sampled_from(tuple(LABELS["surface"])), NAMES),
    backend=st.sampled_from((None, "custom", "settings_catalog")),
    scope=st.sampled_from(("device", "user")),
    settings=SETTING_VALUES,
    user_settings=SETTING_VALUES,
    assignments=st.lists(ASSIGNMENTS, max_size=3),
    rollout=STATUSES,
)
FINDINGS = st.builds(
    lambda code, numbers, **more: finding(code, *numbers, **more),
    code=CODES,
    numbers=st.lists(st.integers(1, 6), max_size=3, unique=True),
    severity=st.sampled_from(("error", "warning", "info")),
    settings=st.lists(st.sampled_from([setting.option for setting in SETTINGS]), max_size=3, unique=True),
    message=NAMES,
    hint=NAMES,
)
LEVELS = st.fixed_dictionaries(
    {
        name: st.fixed_dictionaries(
            {"state": st.sampled_from(tuple(STATES)), "devices": st.one_of(st.none(), COUNTS), "total": st.one_of(st.none(), COUNTS)}
        )
        for name in ("connected", "configured", "arrived", "proven")
    }
)
REASONS_OF_VERDICTS = st.builds(
    lambda code, level, state, numbers, **more: reason(code, level, state, *numbers, **more),
    code=st.one_of(st.sampled_from(("policy_missing", "not_assigned", "defeated", "pin_recovery_off", "hello_off", "not_arrived")), NAMES),
    level=st.sampled_from(("connected", "configured", "arrived")),
    state=st.sampled_from(("no", "unknown")),
    numbers=st.lists(st.integers(1, 6), max_size=3, unique=True),
    message=NAMES,
    hint=NAMES,
)
DIFFERENCES = st.fixed_dictionaries(
    {"code": st.just("different"), "option": st.one_of(st.none(), NAMES), "current": VALUES, "expected": VALUES, "message": NAMES}
)
PROBES = st.none() | st.builds(
    lambda states, more: describe_probe(*states, **more),
    st.lists(st.sampled_from(("proven", "not_proven", "unknown", "pending")), max_size=4),
    st.fixed_dictionaries({}, optional={"name": NAMES, "id": st.none(), "changed": st.none()}),
)
VERDICTS = st.builds(
    verdict,
    st.sampled_from((True, False, None)),
    probe=PROBES,
    levels=LEVELS,
    reasons=st.lists(REASONS_OF_VERDICTS, max_size=3),
    differs=st.lists(DIFFERENCES, max_size=2),
    policies=st.lists(POLICIES, max_size=3, unique_by=lambda one: one["id"]),
    findings=st.lists(FINDINGS, max_size=3),
    problems=st.lists(NAMES, max_size=2),
)
RESULTS = st.builds(
    lambda number, **more: {"id": f"device-{number}", **more},
    number=st.integers(0, 60),
    status=st.one_of(st.sampled_from(tuple(LABELS["reset"])), NAMES),
    reason=st.one_of(st.none(), st.sampled_from((*LABELS["reset_reason"], "hybrid_joined")), NAMES),
)
CONTEXTS = st.builds(
    dataclasses.replace,
    st.just(CONTEXT),
    tenant_name=st.one_of(st.none(), NAMES),
    client_name=st.one_of(st.none(), NAMES),
    client_id=st.one_of(st.none(), NAMES),
    permissions=st.one_of(st.none(), st.lists(NAMES, max_size=3).map(tuple)),
)


@st.composite
def reports(draw: st.DrawFn) -> tuple[Json, list[Json]]:
    """Return a report with arbitrary content, and its devices."""
    devices = draw(st.lists(DEVICES, max_size=8))
    given = draw(st.one_of(st.none(), st.lists(RESULTS, max_size=5)))
    counts = DeviceCounts()
    for one in devices:
        counts.add(one)
    resets = None if given is None else outcomes(*given).describe(counts.has)
    earlier = None
    if draw(st.booleans()):
        earlier = build(CONTEXT, draw(VERDICTS), NO_DEVICES, None)
    described = counts.describe() if draw(st.booleans()) else NO_DEVICES
    return build(draw(CONTEXTS), draw(VERDICTS), described, resets, earlier), devices
