# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Test the report on an emulated tenant without a process: the requests, and the result for unreadable parts."""

from __future__ import annotations

import json
import pathlib
import typing as t

import pytest
from ansible.module_utils.common.arg_spec import ArgumentSpecValidator

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._graph.client import GraphClient
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response
from ansible_collections.endpointops.intune.plugins.module_utils._result import Outcome
from ansible_collections.endpointops.intune.plugins.modules import intune_pin_report
from tests.support.emulated import Emulated
from tests.support.fakes import CLIENT_ID, FakeCredential, error

Json = dict[str, t.Any]
Answer: t.TypeAlias = "t.Callable[[Request], Response | None]"


class Wire(Emulated):
    """The demo tenant; ``first`` may respond instead."""

    def __init__(self, first: Answer = lambda request: None, seed: str = "demo") -> None:
        super().__init__(seed, quota=False)
        self._first = first

    def send(self, request: Request) -> Response:
        self.sent.append(request)
        self.catch_up()
        return self._first(request) or self.ask(request)


def connect(wire: Wire, **claims: t.Any) -> GraphClient:
    identity = {"tid": wire.tenant.tenant_id, "appid": CLIENT_ID, **claims}
    return wire.world(credential=FakeCredential(identity)).client


def run(wire: Wire, folder: pathlib.Path, check: bool = False, claims: t.Any = None, **more: t.Any) -> tuple[Outcome, Json]:
    """Run the task; return its outcome and the report in its file."""
    params = ArgumentSpecValidator(intune_pin_report.SPEC.argument_spec).validate({"directory": str(folder), **more}).validated_parameters
    outcome = intune_pin_report.run(params, connect(wire, **(claims or {})), check)
    kept = folder / "pin-reset-report.json"
    return outcome, json.loads(kept.read_text(encoding="utf-8")) if kept.exists() else {}


def refuse(part: str, status: int = 403) -> Answer:
    """Refuse each single request whose path has a part."""
    return lambda request: error(status) if part in request.url and "$batch" not in request.url else None


def test_the_report_says_who_read_what_and_when(tmp_path: pathlib.Path) -> None:
    claims = {"app_displayname": "PIN reset automation", "roles": ["B", "A"]}
    _outcome, report = run(Wire(), tmp_path, claims=claims)
    endless = {"kind": None, "expires": None, "days_left": None, "expires_soon": False}
    expected = {"id": CLIENT_ID, "name": "PIN reset automation", "permissions": ["A", "B"], "credential": endless}
    assert report["application"] == expected
    assert report["tenant"]["name"] == "Contoso" and report["generated"].endswith("Z")
    assert {finding["read"] for finding in report["findings"]} <= {report["generated"]}


@pytest.mark.parametrize("claims", [{"appid": 7, "app_displayname": ["x"]}, {"appid": None, "app_displayname": ""}])
def test_claims_of_another_type_are_left_out(tmp_path: pathlib.Path, claims: Json) -> None:
    _outcome, report = run(Wire(), tmp_path, claims=claims)
    assert (report["application"]["id"], report["application"]["name"]) == (None, None)


def test_a_tenant_whose_name_cannot_be_read_has_its_id(tmp_path: pathlib.Path) -> None:
    wire = Wire(refuse("/organization"))
    _outcome, report = run(wire, tmp_path)
    assert (report["tenant"]["name"], report["tenant"]["id"]) == (None, wire.tenant.tenant_id)
    assert wire.tenant.tenant_id in (tmp_path / "pin-reset-report.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("part", ["/managedDevices?", "skiptoken"], ids=["at once", "after a page"])
def test_a_list_of_devices_that_breaks_off_is_not_known_and_leaves_no_rows(tmp_path: pathlib.Path, part: str) -> None:
    _outcome, report = run(Wire(refuse(part), seed="fleet:1200"), tmp_path, results=[{"id": "x", "status": "done"}])
    assert report["devices"] == {"total": None, "tables": []}
    (problem,) = report["problems"]
    assert problem.startswith("Could not read the managed devices")
    assert report["resets"]["no_longer_managed"] is None
    assert (tmp_path / "pin-reset-report.csv").read_bytes().count(b"\r\n") == 1


def test_an_error_of_the_sign_in_ends_the_task_and_writes_nothing(tmp_path: pathlib.Path) -> None:
    with pytest.raises(errors.UnauthorizedError):
        run(Wire(refuse("/managedDevices?", 401)), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_files_that_cannot_be_used_are_told_before_anything_is_sent(tmp_path: pathlib.Path) -> None:
    for more in ({"compare_with": str(tmp_path / "x")}, {"results": [{"id": 7}]}, {"mode": "0777"}, {"basename": "a/b"}):
        wire = Wire()
        with pytest.raises(errors.InvalidOptionError):
            run(wire, tmp_path, **more)
        assert wire.sent == []


def test_an_earlier_report_of_another_tenant_is_refused(tmp_path: pathlib.Path) -> None:
    run(Wire(), tmp_path)
    path = tmp_path / "pin-reset-report.json"
    other = {**json.loads(path.read_text(encoding="utf-8")), "tenant": {"id": "99999999-0000-4000-8000-000000000000"}}
    (tmp_path / "other.json").write_text(json.dumps(other), encoding="utf-8")
    with pytest.raises(errors.InvalidOptionError, match="it is of the tenant 99999999"):
        run(Wire(), tmp_path, compare_with=str(tmp_path / "other.json"))


def test_check_mode_makes_the_report_and_writes_nothing(tmp_path: pathlib.Path) -> None:
    outcome, report = run(Wire(), tmp_path, check=True)
    assert outcome.changed and outcome.values["written"] == ["csv", "json", "html"] and report == {}
    assert outcome.values["numbers"]["devices"]["total"] == 40


def test_the_return_value_has_no_table_of_devices(tmp_path: pathlib.Path) -> None:
    wire = Wire(seed="fleet:300")
    outcome, report = run(wire, tmp_path)
    assert report["devices"]["total"] == 300
    said = json.dumps(outcome.values)
    assert "FLEET-0" not in said and len(said) < 20_000
    assert "FLEET-0" not in (tmp_path / "pin-reset-report.html").read_text(encoding="utf-8") + json.dumps(report)
    assert (tmp_path / "pin-reset-report.csv").read_bytes().count(b"FLEET-0") >= 300


def test_few_requests(tmp_path: pathlib.Path) -> None:
    """Those of the verdict, one for the name of the tenant, and the pages of devices."""
    wire = Wire()
    run(wire, tmp_path)
    assert len(wire.sent) <= 12
