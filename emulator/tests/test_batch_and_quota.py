# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""$batch rules, throttling with every Retry-After style, the journal."""

from __future__ import annotations

import json
import stat
from collections import deque
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from intune_emulator.state.journal import Recorder

DEVICES = "/deviceManagement/managedDevices"
JSON = {"Content-Type": "application/json"}


def batch(client: Any, *items: dict[str, Any], version: str = "v1.0") -> Any:
    return client.call("POST", f"/{version}/$batch", {"requests": list(items)})


def item(number: int, method: str = "GET", url: str = DEVICES + "?$top=1", **more: Any) -> dict[str, Any]:
    return {"id": str(number), "method": method, "url": url, **more}


def statuses(response: Any) -> list[tuple[str, int]]:
    assert response.status_code == 200, response.text
    return sorted((answer["id"], answer["status"]) for answer in response.json()["responses"])


def reset(client: Any, number: int, name: str = "PHONE-HELPDESK-01", **more: Any) -> dict[str, Any]:
    return item(number, "POST", f"{DEVICES}/{client.device(name)['id']}/resetPasscode", **{"headers": JSON, "body": {}, **more})


@pytest.mark.parity(
    "emulated",
    "Batches",
    "Each item of a `$batch` has its own status, headers, and body; 204 has no body.",
    source="https://learn.microsoft.com/graph/json-batching",
)
def test_answers_have_their_own_status(client: Any) -> None:
    response = batch(client, item(1), reset(client, 2), item(3, url="/nonsense"), item(4, url=f"{DEVICES}/$count"))
    assert response.status_code == 200
    answers = {answer["id"]: answer for answer in response.json()["responses"]}
    assert {key: answer["status"] for key, answer in answers.items()} == {"1": 200, "2": 204, "3": 400, "4": 200}
    assert "body" not in answers["2"]
    assert answers["4"]["body"] == 40
    assert answers["1"]["headers"]["Content-Type"].startswith("application/json")
    entries = client.journal()
    outer = next(entry for entry in entries if entry["path"] == "/$batch")
    assert [entry["kind"] for entry in entries if entry["batch"] == outer["seq"]] == ["batch_item"] * 4
    assert [entry["path"] for entry in entries if entry["write"]] == [reset(client, 2)["url"]]


@pytest.mark.parity(
    "emulated", "Batches", "Responses of a `$batch` come in any order.", source="https://learn.microsoft.com/graph/json-batching"
)
def test_answers_are_unordered(client: Any) -> None:
    orders = {
        tuple(answer["id"] for answer in batch(client, *(item(number) for number in range(9))).json()["responses"]) for _time in range(3)
    }
    assert len(orders) > 1


@pytest.mark.parity(
    "assumed", "Batches", "Unknown members of an item are passed over.", source="https://learn.microsoft.com/graph/json-batching"
)
def test_unknown_members_of_an_item_are_passed_over(client: Any) -> None:
    assert batch(client, item(1, depends_on=[])).status_code == 200


@pytest.mark.parity(
    "emulated",
    "Batches",
    "A `$batch` is refused as a whole when it is malformed: more than 20 items, repeated ids, absolute addresses, headers "
    "that are not text, or items that are neither all dependent on the previous one nor all independent.",
    source="https://learn.microsoft.com/graph/json-batching",
)
@pytest.mark.parametrize(
    "items",
    [
        [],
        [item(number) for number in range(21)],
        [item(1), item(1)],
        [{**item(1), "id": "a"}, {**item(1), "id": "A"}],
        [item(1, url="https://127.0.0.1:8443/v1.0/organization")],
        [item(1, url="/$batch", method="POST", headers=JSON, body={})],
        [item(1, dependsOn=["7"])],
        [item(1, dependsOn=["2"]), item(2, dependsOn=["1"])],
        [item(1, dependsOn=["2"]), item(2)],
        [item(1), item(2, dependsOn=["1"]), item(3)],
        [item(1), item(2, dependsOn=["1"]), item(3, dependsOn=["1"])],
        [item(1), item(2, dependsOn=["1"]), item(3, dependsOn=["1", "2"])],
        [item(1), item(2, dependsOn=[["1"]])],
        [item(1), item(2, dependsOn="1")],
        [item(1, dependsOn="")],
        [item(1, dependsOn=["1"])],
        [item(1, url="//127.0.0.1:8443/v1.0/organization")],
        [item(1, headers=[])],
        [item(1, headers={"ConsistencyLevel": 1})],
        [item(1, headers={"Prefer": None})],
        [item(1, headers={"Prefer": ["a"]})],
        [item(1, method="DELETE", body={})],
        [item(1, body={})],
        [item(1, method="POST", headers=JSON, body="e30=")],
        [item(1, method=5)],
        [{"method": "GET", "url": DEVICES}],
        [item(1, method="FETCH")],
    ],
)
def test_malformed_envelopes(client: Any, items: list[dict[str, Any]]) -> None:
    assert batch(client, *items).status_code == 400
    assert not [entry for entry in client.journal() if entry["kind"] == "batch_item"]


@pytest.mark.parity(
    "assumed",
    "Batches",
    "A write without `Content-Type` and body refuses the whole `$batch` (observed); the letter case of the name does not matter.",
    source=(
        "https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/2628",
        "https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/8032",
    ),
    settings=("batch_item_header_case",),
)
def test_write_without_header_and_body_refuses_all(client: Any) -> None:
    client.settings(batch_item_header_case=True)
    bare = {"id": "2", "method": "POST", "url": reset(client, 2)["url"]}
    for bad in (bare, {**bare, "headers": {"content-type": "application/json"}, "body": {}}):
        response = batch(client, item(1), bad)
        assert response.status_code == 400
        assert response.json()["error"]["message"] == "Write request id : 2 does not contain Content-Type header or body."
    assert client.control("GET", "resets") == {}
    client.settings(batch_item_header_case=False)
    assert batch(client, item(1), bad).status_code == 200


@pytest.mark.parity(
    "emulated", "Batches", "An item that depends on a failed one returns 424.", source="https://learn.microsoft.com/graph/json-batching"
)
def test_failed_dependency(client: Any) -> None:
    assert statuses(batch(client, item(1, url="/nonsense"), reset(client, 2, dependsOn=["1"]), item(3, dependsOn=["2"]))) == [
        ("1", 400),
        ("2", 424),
        ("3", 424),
    ]
    assert client.control("GET", "resets") == {}
    assert statuses(batch(client, item(1), reset(client, 2, dependsOn=["1"]))) == [("1", 200), ("2", 204)]


@pytest.mark.parity(
    "emulated",
    "Batches",
    "An item has the version of the `$batch`; a version in its `url` is an unknown segment.",
    source="https://learn.microsoft.com/graph/json-batching",
)
def test_the_version_is_that_of_the_batch(client: Any) -> None:
    response = batch(client, item(1, url=f"/v1.0{DEVICES}"), item(2, url=f"/beta{DEVICES}"), item(3, url=f"{DEVICES}?$select=joinType"))
    assert statuses(response) == [("1", 400), ("2", 400), ("3", 400)]
    texts = {answer["id"]: answer["body"]["error"]["message"] for answer in response.json()["responses"]}
    assert texts["1"] == "Resource not found for the segment 'v1.0'."
    assert statuses(batch(client, item(1, url=f"{DEVICES}?$select=joinType"), version="beta")) == [("1", 200)]


def test_the_body_of_an_item_is_json(client: Any) -> None:
    assert statuses(batch(client, reset(client, 1, headers={"Content-Type": "text/plain"}))) == [("1", 400)]
    assert client.control("GET", "resets") == {}


@pytest.mark.parity(
    "emulated",
    "Batches",
    "Items of a `$batch` are throttled one by one, each with its `Retry-After`.",
    source=("https://learn.microsoft.com/graph/json-batching", "https://learn.microsoft.com/graph/throttling-limits"),
)
def test_items_are_throttled_apart(client: Any) -> None:
    client.settings(quota_scale=0.01)
    response = batch(client, *(reset(client, number) for number in range(4)))
    assert response.status_code == 200
    answers = response.json()["responses"]
    assert sorted(answer["status"] for answer in answers) == [204, 204, 429, 429]
    assert [answer["headers"]["Retry-After"] for answer in answers if answer["status"] == 429] == ["20", "20"]


def test_fault_in_an_item(client: Any) -> None:
    client.control(
        "POST", "faults", {"match": {"path": "resetPasscode"}, "skip": 1, "fault": {"kind": "status", "status": 503, "retry_after": "7"}}
    )
    answers = {answer["id"]: answer for answer in batch(client, reset(client, 1), reset(client, 2)).json()["responses"]}
    assert (answers["1"]["status"], answers["2"]["status"]) == (204, 503)
    assert answers["2"]["headers"]["Retry-After"] == "7"
    assert sum(len(times) for times in client.control("GET", "resets").values()) == 1


def arm(client: Any, kind: str, **details: Any) -> None:
    client.control("POST", "faults", {"match": {"path": "resetPasscode"}, "times": None, "fault": {"kind": kind, **details}})


@pytest.mark.parametrize(("details", "done"), [({}, 0), ({"processed": False}, 0), ({"processed": True}, 1)])
def test_an_answer_may_be_left_out(client: Any, details: dict[str, Any], done: int) -> None:
    arm(client, "omit", **details)
    assert statuses(batch(client, item(1), reset(client, 2))) == [("1", 200)]
    assert len(client.control("GET", "resets")) == done
    entry = client.journal()[-1]
    assert (entry["fault"], entry["status"]) == ("omit", 204 if done else None)


def test_what_depends_on_an_omitted_item(client: Any) -> None:
    arm(client, "omit")
    assert statuses(batch(client, reset(client, 1), item(2, dependsOn=["1"]))) == [("2", 424)]
    client.control("DELETE", "faults")
    arm(client, "omit", processed=True)
    assert statuses(batch(client, reset(client, 1), item(2, dependsOn=["1"]))) == [("2", 200)]


def test_an_answer_may_come_twice(client: Any) -> None:
    arm(client, "duplicate")
    assert statuses(batch(client, item(1), reset(client, 2))) == [("1", 200), ("2", 204), ("2", 204)]
    assert [len(times) for times in client.control("GET", "resets").values()] == [1]


@pytest.mark.parametrize("kind", ["omit", "duplicate"])
def test_a_request_of_its_own_does_not_suffer_what_items_do(client: Any, kind: str) -> None:
    arm(client, kind)
    assert client.call("POST", f"/v1.0{reset(client, 1)['url']}").status_code == 204
    assert (client.journal()[-1]["fault"], client.control("GET", "faults")[0]["hits"]) == (None, 0)


def use(client: Any, **usage: Any) -> dict[str, Any]:
    return client.control("POST", "usage", {"workload": "devices", **usage})


@pytest.mark.parity(
    "emulated",
    "Throttling",
    "All applications of a tenant share the limits per tenant.",
    source="https://learn.microsoft.com/graph/throttling-limits",
)
def test_another_application_uses_the_quota_of_the_tenant(client: Any) -> None:
    # 400 writes a tenant, 200 an application
    assert use(client, writes=395) == {"workload": "devices", "writes": 395, "requests": 395, "client_id": "another application"}
    assert [act(client).status_code for _time in range(6)] == [204] * 5 + [429]
    client.advance(20)
    assert act(client).status_code == 204


def test_another_process_uses_the_quota_of_the_application(client: Any) -> None:
    use(client, writes=195, client_id=client.tenant.client_id.upper())
    assert [act(client).status_code for _time in range(6)] == [204] * 5 + [429]


def test_requests_of_others_include_their_writes(client: Any) -> None:
    use(client, writes=199, requests=1998, client_id=client.tenant.client_id)
    assert [act(client).status_code for _time in range(2)] == [204, 429]
    assert [client.get(f"/v1.0{DEVICES}?$top=1").status_code for _time in range(2)] == [200, 429]
    # the other workload has its own quota
    assert client.get("/v1.0/deviceManagement/deviceConfigurations").status_code == 200


@pytest.mark.parametrize(
    "usage",
    [
        {"workload": "mail"},
        {"writes": -1},
        {"writes": True},
        {"writes": 2, "requests": 1},
        {"requests": 1.5},
        {"client_id": "nobody"},
        {"number": 1},
    ],
)
def test_usage_that_makes_no_sense(client: Any, usage: dict[str, Any]) -> None:
    response = client.http.request("POST", "/_emulator/usage", json={"workload": "devices", **usage})
    assert response.status_code == 400
    assert act(client).status_code == 204


def test_counts(client: Any) -> None:
    last = client.journal()[-1]["seq"] if client.journal() else 0
    client.http.post(f"/{client.tenant.tenant_id}/oauth2/v2.0/token", data={"grant_type": "client_credentials"})
    client.settings(quota_scale=0.01)
    batch(client, item(1), reset(client, 2), reset(client, 3), reset(client, 4))
    act(client)
    client.get(f"/v1.0{DEVICES}?$top=1")
    act(client)
    counts = client.control("GET", f"counts?since={last}")
    assert counts == {"writes": 5, "reads": 2, "throttled": 3, "early_retry": 2, "envelopes": 1, "tokens": 1}
    since = client.journal()[-1]["seq"] - 1
    assert client.control("GET", f"counts?since={since}")["writes"] == 1
    assert set(client.control("GET", f"counts?since={since + 1}").values()) == {0}


def test_counts_of_what_was_dropped(client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first = client.tenant.journal.last
    for _time in range(3):
        act(client)
    monkeypatch.setattr("intune_emulator.state.journal.MAX_ENTRIES", 3)
    client.tenant.journal._entries = deque(client.tenant.journal._entries, maxlen=3)
    assert client.control("GET", f"counts?since={first}")["writes"] == 3
    act(client)
    assert client.http.get(f"/_emulator/counts?since={first}").status_code == 400
    assert client.control("GET", f"counts?since={first + 1}")["writes"] == 3


def act(client: Any, **more: Any) -> Any:
    return client.call("POST", f"/v1.0{DEVICES}/{client.device('PHONE-HELPDESK-01')['id']}/syncDevice", **more)


@pytest.mark.parity(
    "emulated",
    "Throttling",
    "The published limits for devices hold: 200 writes in 20 seconds for an application; reads have their own limit.",
    source="https://learn.microsoft.com/graph/throttling-limits",
)
def test_published_limits(client: Any) -> None:
    assert [act(client).status_code for _time in range(201)] == [204] * 200 + [429]
    assert client.get(f"/v1.0{DEVICES}?$top=1").status_code == 200
    client.advance(19)
    assert act(client).status_code == 429
    client.advance(1.1)
    assert act(client).status_code == 204


@pytest.mark.parity(
    "assumed",
    "Throttling",
    "The service sometimes throttles below the published limits.",
    source="https://learn.microsoft.com/graph/throttling-limits",
    settings=("quota_scale",),
)
def test_other_apps_share_the_tenant_limit(client: Any) -> None:
    tokens = [client.token]
    for _time in range(2):
        app = client.control("POST", "apps", {})
        tokens.append(client.control("POST", "tokens", {"client_id": app["client_id"]})["access_token"])
    client.settings(quota_scale=0.1)
    statuses = []
    for token in tokens:
        client.token = token
        statuses.append([act(client).status_code for _time in range(20)])
    assert statuses == [[204] * 20, [204] * 20, [429] * 20]


@pytest.mark.parametrize("style", ["integer", "missing", "zero", "fractional", "date"])
def test_retry_after_styles(client: Any, style: str) -> None:
    client.settings(quota_scale=0.005, retry_after=style)
    assert act(client).status_code == 204
    client.advance(2.25)
    response = act(client)
    assert (response.status_code, response.json()["error"]["code"]) == (429, "TooManyRequests")
    header = response.headers.get("retry-after")
    if style == "date":
        now = client.control("GET", "clock")["timestamp"]
        assert 17.75 <= parsedate_to_datetime(header).timestamp() - now <= 18.75
    else:
        assert header == {"integer": "18", "missing": None, "zero": "0", "fractional": "17.8"}[style]


@pytest.mark.parity(
    "assumed",
    "Throttling",
    "A request that comes before the time announced to it has no further effect; the service may prolong the time.",
    source="https://learn.microsoft.com/graph/throttling-limits",
    settings=("quota_punish", "quota_scale"),
)
def test_early_retry_and_punishment(client: Any) -> None:
    client.settings(quota_scale=0.005, quota_punish=True)
    act(client)
    assert act(client).status_code == 429
    client.advance(15)
    assert act(client).status_code == 429
    assert client.journal()[-1]["early_retry"] is True
    client.advance(15)
    assert act(client).status_code == 429
    client.advance(21)
    assert act(client).status_code == 204
    assert client.journal()[-1]["early_retry"] is False


def another_run(client: Any) -> str:
    token: str = client.control("POST", "tokens", {})["access_token"]
    return token


def test_early_requests_are_counted_by_run(client: Any) -> None:
    client.settings(quota_scale=0.005)
    act(client)
    assert act(client).status_code == 429
    client.token, told = another_run(client), client.token
    # This run has no announced time yet: the next response announces it.
    assert act(client).status_code == 429
    assert act(client).status_code == 429
    client.token = told
    client.advance(10)
    # Another path of the same kind.
    client.call("POST", f"/v1.0{DEVICES}/{client.device('PHONE-HELPDESK-01')['id']}/remoteLock")
    found = client.control("GET", "runs")
    assert [(run["writes"], run["accepted_writes"], run["throttled"], run["early_retry"]) for run in found] == [(3, 1, 2, 1), (2, 0, 2, 1)]
    assert {run["client_id"] for run in found} == {client.tenant.client_id} and len({run["run"] for run in found}) == 2
    assert client.control("GET", "counts?since=0")["early_retry"] == 2
    since = client.journal()[-1]["seq"] - 1
    assert [run["writes"] for run in client.control("GET", f"runs?since={since}")] == [1]


def test_a_time_told_to_writes_binds_no_reads_and_one_told_to_reads_binds_both(client: Any) -> None:
    client.settings(quota_scale=0.01)
    statuses = [act(client).status_code for _time in range(3)]
    statuses += [client.get(f"/v1.0{DEVICES}?$top=1").status_code for _time in range(19)]
    assert statuses == [204, 204, 429, *[200] * 18, 429]
    assert [entry["early_retry"] for entry in client.journal()[-22:]] == [False] * 22
    assert client.get(f"/v1.0{DEVICES}?$top=1").status_code == 429
    assert client.get("/v1.0/deviceManagement/deviceConfigurations").status_code == 200, "of another workload"
    client.settings(quota=False)
    act(client)
    assert [entry["early_retry"] for entry in client.journal()[-3:]] == [True, False, True]


def test_requests_of_one_batch_are_not_early_by_what_it_tells_itself(client: Any) -> None:
    client.settings(quota_scale=0.005)
    assert sorted(status for _id, status in statuses(batch(client, *(reset(client, number) for number in range(4))))) == [
        204,
        429,
        429,
        429,
    ]
    assert client.control("GET", "counts?since=0")["early_retry"] == 0
    batch(client, *(reset(client, number) for number in range(4)))
    assert client.control("GET", "counts?since=0")["early_retry"] == 4


@pytest.mark.parity(
    "assumed",
    "Throttling",
    "A 429 has a `Retry-After` in whole seconds; missing ones, zero, fractions, and dates were observed or are possible.",
    source="https://learn.microsoft.com/graph/throttling",
    settings=("retry_after",),
)
def test_the_longest_time_that_a_run_was_told_counts(client: Any) -> None:
    client.settings(quota_scale=0.005, retry_after="mixed")
    act(client)
    answers = batch(client, *(reset(client, number) for number in range(20))).json()["responses"]
    told = [answer["headers"].get("Retry-After") for answer in answers]
    assert {None, "0"} < set(told) and any(text and text.endswith("GMT") for text in told) and any(text and "." in text for text in told)
    assert max(int(text) for text in told if text and text.isdigit()) > 20
    client.advance(20.5)
    act(client)
    client.advance(2.5)
    act(client)
    assert [entry["early_retry"] for entry in client.journal()[-2:]] == [True, False]


def test_without_a_time_nothing_is_early(client: Any) -> None:
    for style in ("missing", "zero"):
        client.settings(quota_scale=0.005, retry_after=style)
        assert {act(client).status_code for _time in range(5)} >= {429}
    assert client.control("GET", "counts?since=0")["early_retry"] == 0


@pytest.mark.parity(
    "emulated",
    "Throttling",
    "Throttling can be turned off.",
    source="https://learn.microsoft.com/graph/throttling-limits",
    settings=("quota",),
)
def test_quota_off(client: Any) -> None:
    client.settings(quota=False)
    assert {act(client).status_code for _time in range(250)} == {204}


def test_journal(client: Any) -> None:
    act(client, client_request_id="me", User_Agent="tester")
    entry = client.journal()[-1]
    assert (entry["kind"], entry["method"], entry["version"], entry["write"]) == ("graph", "POST", "v1.0", True)
    assert (entry["client_request_id"], entry["user_agent"], entry["workload"]) == ("me", "tester", "devices")
    last = entry["seq"]
    client.get("/v1.0/organization")
    since = client.control("GET", f"journal?since={last}")
    assert [row["path"] for row in since["entries"]] == ["/organization"]
    client.control("DELETE", "journal")
    client.get("/v1.0/organization")
    assert [row["seq"] for row in client.journal()] == [since["last"] + 1]


def test_control_refuses_nonsense(client: Any) -> None:
    for method, path, body in (
        ("PATCH", "settings", {"nonsense": 1}),
        ("PATCH", "settings", {"retry_after": "never"}),
        ("PATCH", "settings", {"quota": "yes"}),
        ("POST", "faults", {"fault": {"kind": "magic"}}),
        ("PATCH", "settings", {"audit_access": "write"}),
        ("PATCH", "settings", {"beta": "maybe"}),
        ("PATCH", "settings", {"latency": "long"}),
        ("POST", "faults", {"match": {"host": "x"}, "fault": {"kind": "html"}}),
        ("POST", "reset", {"seed": "everything"}),
        ("POST", "devices", {"nonsense": 1}),
    ):
        assert client.http.request(method, f"/_emulator/{path}", json=body).status_code == 400


def test_seeds_are_stable(client: Any) -> None:
    before = [device["id"] for device in client.control("GET", "devices")]
    client.control("POST", "reset", {"seed": "empty"})
    assert client.control("GET", "devices") == []
    client.control("POST", "reset", {"seed": "demo"})
    assert [device["id"] for device in client.control("GET", "devices")] == before
    assert client.get("/v1.0/organization").status_code == 200


def test_added_device(client: Any) -> None:
    made = client.control("POST", "devices", {"deviceName": "NEW-01", "osVersion": "10.0.10586.0", "outcome": "failed"})
    body = client.json(f"/v1.0{DEVICES}?$filter=deviceName eq 'NEW-01'")["value"]
    assert [(row["id"], row["osVersion"]) for row in body] == [(made["id"], "10.0.10586.0")]


@pytest.mark.parity(
    "emulated",
    "Batches",
    "The random order of the responses of a `$batch` can be turned off.",
    source="https://learn.microsoft.com/graph/json-batching",
    settings=("batch_shuffle",),
)
def test_answers_may_be_in_the_order_of_the_items(client: Any) -> None:
    client.settings(batch_shuffle=False)
    for _time in range(3):
        answers = batch(client, *(item(number) for number in range(9))).json()["responses"]
        assert [answer["id"] for answer in answers] == [str(number) for number in range(9)]


@pytest.mark.parity(
    "emulated",
    "Batches",
    "`$batch` runs up to 20 requests in one.",
    source="https://learn.microsoft.com/graph/json-batching",
)
def test_twenty_items(client: Any) -> None:
    assert [status for _id, status in statuses(batch(client, *(item(number) for number in range(20))))] == [200] * 20


@pytest.mark.parity(
    "assumed",
    "Throttling",
    "The quota of `remoteActionAudits` is not documented; that of auditing is assumed. Refused requests are not charged.",
    source="https://learn.microsoft.com/graph/throttling-limits",
)
def test_refused_requests_are_not_charged_and_audits_have_a_quota_of_their_own(client: Any) -> None:
    client.settings(quota_scale=0.01)
    statuses = [act(client).status_code for _time in range(5)]
    assert statuses == [204, 204, 429, 429, 429]
    client.advance(20.1)
    assert [act(client).status_code for _time in range(3)] == [204, 204, 429]
    client.get("/beta/deviceManagement/remoteActionAudits")
    assert client.journal()[-1]["workload"] == "auditing"


def test_a_recording_has_no_token_of_an_item(client: Any, tmp_path: Path) -> None:
    path = tmp_path / "exchanges.jsonl"
    client.tenant.recorder = recorder = Recorder(path)
    token = client.control("POST", "tokens", {})["access_token"]
    item = {"id": "1", "method": "GET", "url": "/users", "headers": {"authorization": f"Bearer {token}"}}
    assert client.call("POST", "/v1.0/$batch", {"requests": [item]}).json()["responses"][0]["status"] == 200
    recorder.close()
    lines = path.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 2 and not [line for line in lines if token in line or client.token in line]
    assert json.loads(lines[1])["request_body"]["requests"][0]["headers"] == {"authorization": "REDACTED"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
