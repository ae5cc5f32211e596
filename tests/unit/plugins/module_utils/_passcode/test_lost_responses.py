# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t
import urllib.parse

import hypothesis
import pytest
from hypothesis import strategies

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import lost_responses
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.lost_responses import (
    PATIENCE,
    QUIET,
    AuditLog,
    AuditLogReader,
    parse_log,
)
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import SKEW
from ansible_collections.endpointops.intune.plugins.module_utils._time import render_timestamp
from tests.support.fakes import START, FakeClock, Step, Tenant, error, page, query_of, tenant
from tests.support.fleets import FleetWire

ID, OTHER = "Aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
LIST = "GET /beta/deviceManagement/remoteActionAudits"
REFUSED = error(400, "BadRequest", "Filter is not supported.")


def entry(seconds: float, device: t.Any = ID, action: t.Any = "resetPasscode") -> dict[str, t.Any]:
    return {"action": action, "managedDeviceId": device, "requestDateTime": render_timestamp(seconds)}


# --- decisions ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("found", "before", "ran"),
    [
        pytest.param(None, None, False, id="not in the list"),
        pytest.param(START - SKEW - 0.1, None, False, id="an older one alone"),
        pytest.param(START - SKEW, None, True, id="at the first moment that counts"),
        pytest.param(START + 1, None, True, id="later"),
        pytest.param(START, START - 3600, True, id="one of an hour ago was known"),
        pytest.param(START - 3600, START - 3600, False, id="and it is the newest in the list"),
        pytest.param(START - 3, START - 3, None, id="may be the one that was known"),
        pytest.param(START - 3 + SKEW, START - 3, None, id="still"),
        pytest.param(START - 3 + SKEW + 0.1, START - 3, True, id="too late to be that one"),
    ],
)
def test_what_the_list_says_of_a_reset_that_was_asked_for(found: float | None, before: float | None, ran: bool | None) -> None:
    audits = AuditLog({OTHER: START + 99} if found is None else {ID.lower(): found, OTHER: START + 99})
    assert lost_responses.audit_shows(ID, START, before, audits) is ran


@pytest.mark.parametrize(
    ("read", "newest", "proved"),
    [
        pytest.param(START + QUIET, START + QUIET, True, id="both at the first moment that counts"),
        pytest.param(START + QUIET - 0.1, START + QUIET, False, id="the record was read too early"),
        pytest.param(START + QUIET, START + QUIET - 0.1, False, id="the list has not come so far"),
        pytest.param(START + 3600, None, False, id="an empty list shows nothing, however late it is"),
        pytest.param(START + 3600, START + 3600, True, id="much later"),
    ],
)
def test_when_absence_proves_that_it_was_not_run(read: float, newest: float | None, proved: bool) -> None:
    log = AuditLog({} if newest is None else {OTHER: newest, ID.lower(): newest - 1})
    assert lost_responses.proves_not_run(START, read, log) is proved


@pytest.mark.parametrize(
    ("last_sent", "until"),
    [
        pytest.param(0.0, START + PATIENCE, id="nothing was sent"),
        pytest.param(START - 60, START + PATIENCE, id="nothing was sent since"),
        pytest.param(START + QUIET - 0.1, START + PATIENCE, id="nothing that could show it"),
        pytest.param(START + QUIET, START + QUIET + PATIENCE, id="what could just show it"),
        pytest.param(START + 600, START + 600 + PATIENCE, id="what could show it, later"),
    ],
)
def test_how_long_a_reset_is_looked_for(last_sent: float, until: float) -> None:
    assert lost_responses.give_up_at(START, last_sent) == until


def test_the_service_has_half_a_minute_to_run_and_to_list_a_reset_and_a_quarter_to_show_it() -> None:
    assert [lost_responses.proves_not_run(START, START + 30, AuditLog({OTHER: START + late})) for late in (29.9, 30.0)] == [False, True]
    assert [lost_responses.proves_not_run(START, START + late, AuditLog({OTHER: START + 30})) for late in (29.9, 30.0)] == [False, True]
    assert lost_responses.give_up_at(START, 0.0) == START + 15
    assert lost_responses.give_up_at(START, START + 30) == START + 45


@hypothesis.given(
    strategies.floats(0, 200), strategies.floats(0, 200), strategies.floats(0, 200), strategies.none() | strategies.floats(0, 200)
)
def test_a_reset_in_the_list_is_never_said_not_to_have_run(asked: float, seen: float, lost: float, before: float | None) -> None:
    """Whatever else the list holds: what it has since the request was sent bars sending it again."""
    ran = lost_responses.audit_shows(ID, asked, before, AuditLog({ID.lower(): seen, OTHER: 1e9}))
    assert (ran is not False) is (seen >= asked - SKEW)


# --- the list -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param([], AuditLog(), id="empty"),
        pytest.param([entry(START)], AuditLog({ID.lower(): START}), id="one"),
        pytest.param([entry(START), entry(START + 9), entry(START + 5)], AuditLog({ID.lower(): START + 9}), id="the newest"),
        pytest.param([entry(START, OTHER), entry(START + 1)], AuditLog({OTHER: START, ID.lower(): START + 1}), id="two devices"),
        pytest.param([entry(START, action="RESETPASSCODE")], AuditLog({ID.lower(): START}), id="other case"),
        pytest.param([entry(START, action="syncDevice"), entry(START, action=None)], AuditLog(), id="other actions show nothing"),
        pytest.param([{"action": "resetPasscode", "managedDeviceId": ID}], AuditLog(), id="no time"),
        pytest.param([{**entry(START), "requestDateTime": "soon"}], AuditLog(), id="no readable time"),
        pytest.param([entry(START, device=None)], AuditLog({"none": START}), id="no device: it shows how far the list is"),
    ],
)
def test_what_is_kept_of_the_list(entries: list[dict[str, t.Any]], expected: AuditLog) -> None:
    assert parse_log(entries) == expected


class Reading(t.NamedTuple):
    world: Tenant
    reader: AuditLogReader
    told: list[str]


def reading(*steps: Step, allowed: bool = True) -> Reading:
    world, told = tenant(list(steps), clock=FakeClock(START)), list[str]()
    return Reading(world, AuditLogReader(world.client, allowed, told.append), told)


def filter_of(request: Request) -> str | None:
    return query_of(request).get("$filter")


def test_resets_since_a_moment_are_asked_for_with_a_margin_for_clocks_that_differ() -> None:
    world, reader, told = reading(page(entry(START)))
    assert reader.read(START) == AuditLog({ID.lower(): START})
    (request,) = world.transport.sent
    assert request.target == LIST and told == []
    assert query_of(request) == {
        "$select": "action,managedDeviceId,requestDateTime",
        "$filter": f"requestDateTime ge {render_timestamp(START - SKEW)}",
    }


def test_all_pages_count() -> None:
    link = f"https://graph.test/beta/deviceManagement/remoteActionAudits?{urllib.parse.urlencode({'$skiptoken': 'x'})}"
    _world, reader, _told = reading(page(entry(START + 1, OTHER), next_link=link), page(entry(START)))
    assert reader.read(START) == AuditLog({OTHER: START + 1, ID.lower(): START})


def test_where_the_list_cannot_be_filtered_it_is_read_whole_and_not_asked_to_be_again() -> None:
    world, reader, told = reading(REFUSED, page(entry(START)), page(entry(START + 9)))
    assert reader.read(START).newest == START
    world.clock.sleep(10)
    assert reader.read(START).newest == START + 9
    assert [filter_of(request) is None for request in world.transport.sent] == [False, True, True] and told == []


@pytest.mark.parametrize("setting", ["refuse", "allow"])
def test_both_ways_the_emulated_tenant_tells_the_same(setting: str) -> None:
    wire = FleetWire(3, audit_filter=setting)
    client, told = wire.world().client, list[str]()
    wire.run(wait=False)
    now = client.service_now() if client.clock_skew is not None else wire.tenant.clock.timestamp()
    found = AuditLogReader(client, True, told.append).read(now)
    assert set(found.by_device) == {device.lower() for device in wire.ids} and told == []


@pytest.mark.parametrize("answered", [error(403), error(404)], ids=["forbidden", "not there"])
@pytest.mark.parametrize("filtered", [True, False], ids=["at once", "after the filter was refused"])
def test_a_list_that_may_not_be_read_is_not_read_again_and_said_so_once(answered: Step, filtered: bool) -> None:
    world, reader, told = reading(*([] if filtered else [REFUSED]), answered)
    for _turn in range(3):
        assert reader.read(START) == AuditLog()
        world.clock.sleep(60)
    assert len(world.transport.sent) == (1 if filtered else 2)
    (text,) = told
    assert text.startswith("Lost responses are settled by the devices' records alone")
    assert "the remote action audit log cannot be read" in text


def test_a_list_that_must_not_be_read_is_not() -> None:
    world, reader, told = reading(allowed=False)
    assert reader.read(START) == AuditLog()
    assert world.transport.sent == [] and told == []


def test_the_list_is_read_at_most_every_ten_seconds() -> None:
    world, reader, _told = reading(page(), page(entry(START)))
    for seconds in (0.0, 5.0, 4.9):
        world.clock.sleep(seconds)
        assert reader.read(START) == AuditLog()
    assert len(world.transport.sent) == 1
    world.clock.sleep(0.1)
    assert reader.read(START).newest == START and len(world.transport.sent) == 2


def test_an_earlier_moment_is_asked_for_at_once_and_a_later_one_is_not() -> None:
    world, reader, _told = reading(page(), page(entry(START - 60)))
    reader.read(START)
    assert reader.read(START + 60) == AuditLog() and len(world.transport.sent) == 1
    assert reader.read(START - 60).newest == START - 60
    assert [filter_of(request) for request in world.transport.sent] == [
        f"requestDateTime ge {render_timestamp(moment - SKEW)}" for moment in (START, START - 60)
    ]


def test_a_list_that_could_not_be_read_for_an_earlier_moment_proves_nothing_about_it() -> None:
    """What is kept leaves the earlier reset out, whatever later ones it holds."""
    world, reader, _told = reading(page(entry(START + 100)), error(500), page(entry(START - 60)))
    assert reader.read(START).newest == START + 100
    assert reader.read(START - 60) == AuditLog()
    assert reader.read(START - 60) == AuditLog() and len(world.transport.sent) == 2, "not at once"
    assert reader.read(START).newest == START + 100
    world.clock.sleep(10)
    assert reader.read(START - 60).newest == START - 60


@pytest.mark.parametrize("failing", [error(500), error(400, "BadRequest"), errors.LostResponseError("Lost."), error(429)], ids=str)
def test_a_read_that_fails_keeps_what_was_known_and_is_tried_again(failing: Step) -> None:
    steps = [REFUSED, failing] if getattr(failing, "status", None) == 400 else [failing]
    world, reader, told = reading(page(entry(START)), *steps, page(entry(START + 20)))
    reader.read(START)
    world.clock.sleep(10)
    assert reader.read(START) == AuditLog({ID.lower(): START})
    assert len(told) == 1 and told[0].startswith("The remote action audit log could not be read this time: ")
    reader.read(START)
    assert len(told) == 1, "not at once"
    world.clock.sleep(10)
    assert reader.read(START).newest == START + 20
