# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the kept entries of the remote action audit log, how far it is read, and the message if it cannot be read."""

from __future__ import annotations

import email.utils
import math
import typing as t
import urllib.parse

import hypothesis
import pytest
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._graph.batch import CallResult
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Response
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.audit_log import (
    DISORDER,
    MAX_PAGES,
    AuditLog,
    AuditLogReader,
    PagesBack,
    parse_log,
)
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import SKEW
from ansible_collections.endpointops.intune.plugins.module_utils._time import render_timestamp
from tests.support.fakes import START, FakeClock, Step, Tenant, error, page, query_of, tenant
from tests.support.fleets import FleetWire

ID, OTHER = "Aaaaaaaa-0000-4000-8000-000000000001", "aaaaaaaa-0000-4000-8000-000000000002"
KEY = ID.lower()
LIST = "GET /beta/deviceManagement/remoteActionAudits"
NEXT = f"https://graph.test/beta/deviceManagement/remoteActionAudits?{urllib.parse.urlencode({'$skiptoken': 'x'})}"
REFUSED = error(400, "BadRequest", "Filter is not supported.")


def entry(seconds: float, device: t.Any = ID, action: t.Any = "resetPasscode") -> dict[str, t.Any]:
    return {"action": action, "managedDeviceId": device, "requestDateTime": render_timestamp(seconds)}


def more(number: int) -> str:
    return f"{NEXT}{number}"


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        pytest.param([], {}, id="empty"),
        pytest.param([entry(START)], {KEY: (START,)}, id="one"),
        pytest.param([entry(START), entry(START + 9), entry(START + 5)], {KEY: (START, START + 5, START + 9)}, id="oldest first"),
        pytest.param([entry(START), entry(START, ID.upper())], {KEY: (START, START)}, id="case 12: two at the same moment"),
        pytest.param([entry(START, OTHER), entry(START + 1)], {OTHER: (START,), KEY: (START + 1,)}, id="two devices"),
        pytest.param([entry(START, action="RESETPASSCODE")], {KEY: (START,)}, id="other case"),
        pytest.param([entry(START, action="syncDevice"), entry(START, action=None)], {}, id="other actions show nothing"),
        pytest.param([{"action": "resetPasscode", "managedDeviceId": ID}], {}, id="no time"),
        pytest.param([{**entry(START), "requestDateTime": "soon"}], {}, id="no readable time"),
        pytest.param([{**entry(START), "requestDateTime": "9999-12-31T23:59:59.9999999Z"}], {}, id="case 14: the last moment"),
        pytest.param([entry(START, device=None)], {"none": (START,)}, id="no device: it shows how far the log is"),
    ],
)
def test_what_is_kept_of_the_log(entries: list[dict[str, t.Any]], expected: dict[str, tuple[float, ...]]) -> None:
    found = parse_log(entries, START)
    assert (found.by_device, found.complete_since) == (expected, START)


def test_the_newest_reset_of_a_device_and_of_all() -> None:
    log = AuditLog({KEY: (START, START + 5), OTHER: (START + 9,)})
    assert (log.newest, log.newest_of(ID), log.newest_of("none"), log.times_of(ID)) == (START + 9, START + 5, 0.0, (START, START + 5))
    assert (AuditLog().newest, AuditLog().complete_since) == (0.0, math.inf)


def test_what_was_known_stays_known_and_an_entry_is_told_by_its_id() -> None:
    first, second = {**entry(START), "id": "1"}, {**entry(START), "id": "2"}
    found = reading(page(first), page({**first, "requestDateTime": render_timestamp(START + 1)}, second))
    assert found.times() == (START,)
    found.world.clock.sleep(10)
    assert found.times() == (START, START + 1)


@pytest.mark.parametrize(
    ("moments", "complete_since"),
    [
        pytest.param([], math.inf, id="nothing"),
        pytest.param([START], math.inf, id="one, which shows no order"),
        pytest.param([START, START - DISORDER], math.inf, id="some of the same time"),
        pytest.param([START, START - 60], START - 60 + DISORDER, id="newest first"),
        pytest.param([START, START + DISORDER, START - 60], START - 60 + DISORDER, id="newest first, not to the second"),
        pytest.param([START, START + DISORDER + 1], math.inf, id="oldest first"),
        pytest.param([START, START - 99, START], math.inf, id="in no order"),
    ],
)
def test_how_far_pages_reach_back(moments: list[float], complete_since: float) -> None:
    back = PagesBack()
    back.add([entry(moment) for moment in moments] + [{"requestDateTime": None}])
    assert back.complete_since == complete_since


@hypothesis.given(st.lists(st.floats(0, 1000), min_size=1), st.integers(1, 30))
def test_whatever_the_pages_hold_nothing_newer_is_missing(moments: list[float], size: int) -> None:
    """In a log that is ordered as well as this one claims to be."""
    moments.sort(reverse=True)
    back = PagesBack()
    back.add([entry(START + moment) for moment in moments[:size]])
    seen = {START + moment for moment in moments if START + moment >= back.complete_since}
    assert len(seen) <= size


class Reading(t.NamedTuple):
    world: Tenant
    reader: AuditLogReader
    told: list[str]

    def times(self, since: float = START) -> tuple[float, ...]:
        return self.reader.read(since).times_of(ID)


def reading(*steps: Step, allowed: bool = True, retry_timeout: float = 0.0) -> Reading:
    world, told = tenant(list(steps), clock=FakeClock(START), retry_timeout=retry_timeout), list[str]()
    return Reading(world, AuditLogReader(world.client, allowed, told.append), told)


def filters(world: Tenant) -> list[str | None]:
    return [query_of(request).get("$filter") for request in world.transport.sent]


def test_the_newest_page_is_enough_where_it_reaches_back() -> None:
    found = reading(page(entry(START), entry(START - SKEW - DISORDER), next_link=NEXT))
    assert found.times() == (START - SKEW - DISORDER, START)
    (request,) = found.world.transport.sent
    assert request.target == LIST and query_of(request) == {"$select": "id,action,managedDeviceId,requestDateTime"} and found.told == []


@pytest.mark.parametrize(
    ("told", "pause"),
    [
        pytest.param("7", 7.0, id="case 80: seconds"),
        pytest.param(email.utils.formatdate(START + 9, usegmt=True), 9.0, id="case 80: a date"),
        pytest.param("3600", 120.0, id="case 80: longer than retry_timeout"),
        pytest.param(None, 0.0, id="case 80: none"),
    ],
)
def test_a_log_that_was_throttled_beside_others_is_read_again_at_the_time_that_was_told(told: str | None, pause: float) -> None:
    found = reading(page(entry(START)), retry_timeout=120.0)
    throttled = error(429, **({} if told is None else {"retry-after": told}))
    log = found.reader.take(CallResult(None, found.reader.request(), throttled), START)
    assert log.times_of(ID) == (START,) and found.world.clock.monotonic() == pause


def test_pages_are_read_until_one_reaches_back() -> None:
    older = page(entry(START - 60), entry(START - 99), next_link=more(2))
    found = reading(page(entry(START + 1, OTHER), next_link=more(1)), older)
    assert found.times() == (START - 99, START - 60) and len(found.world.transport.sent) == 2


def test_a_log_that_is_read_whole_is_complete_in_any_order() -> None:
    found = reading(page(entry(START - 9999), entry(START - 60), next_link=more(1)), page(entry(START + 1)))
    assert found.reader.read(START).complete_since == -math.inf and found.times() == (START - 9999, START - 60, START + 1)


BUSY = [page(entry(START + 60, OTHER), next_link=more(number)) for number in range(MAX_PAGES)]
UNORDERED = [page(entry(START - 999, OTHER), entry(START + 60, OTHER), next_link=more(number)) for number in range(MAX_PAGES)]


@pytest.mark.parametrize("pages", [BUSY, UNORDERED], ids=["longer than five pages", "in another order"])
def test_where_five_pages_do_not_reach_back_the_log_is_filtered(pages: list[Response]) -> None:
    found = reading(*pages, page(entry(START)))
    assert found.times() == (START,) and found.told == []
    assert filters(found.world) == [*[None] * MAX_PAGES, f"requestDateTime ge {render_timestamp(START - SKEW)}"]
    assert found.reader.read(START).complete_since == START - SKEW


@pytest.mark.parametrize("pages", [BUSY, UNORDERED], ids=["longer than five pages", "in another order"])
def test_a_log_that_cannot_be_filtered_either_is_kept_as_far_as_it_goes_and_that_is_said_once(pages: list[Response]) -> None:
    found = reading(*pages, REFUSED, *pages)
    log = found.reader.read(START)
    assert log.newest_of(OTHER) == START + 60 and log.complete_since > START
    found.world.clock.sleep(10)
    found.reader.read(START)
    assert [condition is None for condition in filters(found.world)] == [True] * MAX_PAGES + [False] + [True] * MAX_PAGES
    (text,) = found.told
    assert text.startswith(f"The remote action audit log could not be read back to {render_timestamp(START - SKEW)}: it cannot be filtered")
    assert "can reset a device again" in text


@pytest.mark.parametrize("setting", ["refuse", "allow"])
def test_both_ways_the_emulated_tenant_tells_the_same(setting: str) -> None:
    wire = FleetWire(30, audit_filter=setting, page_size=3)
    client, told = wire.world().client, list[str]()
    now = client.service_now()
    wire.run(wire.ids[:10], wait=False)
    found = AuditLogReader(client, True, told.append).read(now)
    assert set(found.by_device) == {device.lower() for device in wire.ids[:10]} and told == []


@pytest.mark.parametrize("answered", [error(403), error(404)], ids=["forbidden", "not there"])
def test_a_log_that_may_not_be_read_is_not_read_again_and_said_so_once(answered: Step) -> None:
    found = reading(answered)
    for _turn in range(3):
        assert found.reader.read(START) == AuditLog()
        found.world.clock.sleep(60)
    assert len(found.world.transport.sent) == 1 and not found.reader.is_allowed
    (text,) = found.told
    assert text.startswith("The remote action audit log cannot be read: ") and "known from the devices' action results alone" in text


def test_a_log_that_must_not_be_read_is_not() -> None:
    found = reading(allowed=False)
    assert found.reader.read(START) == AuditLog()
    assert found.world.transport.sent == [] and found.told == []


def test_the_log_is_read_at_most_every_ten_seconds_unless_it_must_be_new() -> None:
    found = reading(page(), page(entry(START)), page(entry(START + 1)))
    for seconds in (0.0, 5.0, 4.9):
        found.world.clock.sleep(seconds)
        assert found.times() == ()
    assert len(found.world.transport.sent) == 1
    found.world.clock.sleep(0.1)
    assert found.times() == (START,) and len(found.world.transport.sent) == 2
    assert found.reader.read(START, renew=True).newest == START + 1 and len(found.world.transport.sent) == 3


def test_an_earlier_moment_is_asked_for_at_once_and_a_later_one_is_not() -> None:
    found = reading(page(), page(entry(START - 60)))
    found.reader.read(START)
    assert found.times(START + 60) == () and len(found.world.transport.sent) == 1
    assert found.times(START - 60) == (START - 60,)


@pytest.mark.parametrize("failing", [error(500), errors.LostResponseError("Lost."), error(429)], ids=str)
def test_a_read_that_fails_keeps_what_was_known_and_is_tried_again(failing: Step) -> None:
    found = reading(page(entry(START)), failing, page(entry(START + 20)))
    assert found.times() == (START,)
    found.world.clock.sleep(10)
    assert found.times() == (START,)
    assert len(found.told) == 1 and found.told[0].startswith("The remote action audit log could not be read: ")
    assert found.times() == (START,), "not at once"
    found.world.clock.sleep(10)
    assert found.times() == (START, START + 20) and len(found.told) == 1


# --- beside other requests ------------------------------------------------------------------------------------------


def result(found: Reading, response: Response | None, failure: errors.IntuneError | None = None) -> CallResult:
    return CallResult(None, found.reader.request(), response, failure)


def test_a_page_that_came_beside_other_responses_is_enough_where_it_reaches_back() -> None:
    found = reading()
    whole = found.reader.take(result(found, page(entry(START))), START)
    part = found.reader.take(result(found, page(entry(START), entry(START - 99), next_link=NEXT)), START)
    assert whole.times_of(ID) == (START,) and part.times_of(ID) == (START - 99, START) and found.world.transport.sent == []
    assert found.times() == (START - 99, START) and found.world.transport.sent == [], "it was read just now"


@pytest.mark.parametrize(
    "came",
    [
        pytest.param(page(entry(START), next_link=NEXT), id="it does not reach back"),
        pytest.param(page(7), id="not a list of objects"),
        pytest.param(error(503), id="refused"),
        pytest.param(error(400), id="not understood"),
        pytest.param(None, id="left out"),
    ],
)
def test_where_it_is_not_enough_the_log_is_read(came: Response | None) -> None:
    found = reading(page(entry(START + 3)))
    assert START + 3 in found.reader.take(result(found, came), START).times_of(ID)
    assert len(found.world.transport.sent) == 1 and found.told == []
