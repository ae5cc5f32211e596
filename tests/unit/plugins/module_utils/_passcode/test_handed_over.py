# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pathlib
import re

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _cms
from ansible_collections.endpointops.intune.plugins.module_utils._devices.model import Device
from ansible_collections.endpointops.intune.plugins.module_utils._handover.handover import Handover
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.handed_over import WORDS, render_file_name
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.model import DeviceReset, RecordedReset
from tests.support.fakes import START


class FakeSealer:
    def __init__(self, recipients: list[str], now: float) -> None:
        self.recipients = recipients

    def seal(self, text: str) -> str:
        return f"sealed: {len(text)}"


ID = "11111111-2222-3333-4444-555555555555"


def item(name: str | None, identity: str = ID, started: float | None = START, updated: float | None = None) -> DeviceReset:
    reset = None if started is None else RecordedReset("done", started, updated=updated, passcode="1234")
    return DeviceReset(identity, ["x"], Device(identity, device_name=name), reset=reset)


@pytest.mark.parametrize(
    ("given", "name"),
    [
        pytest.param(item("PHONE-01"), f"PHONE-01-{ID}-20260105T100000Z.cms", id="plain"),
        pytest.param(item("Clara's iPhone"), f"Clara_s_iPhone-{ID}-20260105T100000Z.cms", id="blank and apostrophe"),
        pytest.param(item("../../etc/passwd"), f"etc_passwd-{ID}-20260105T100000Z.cms", id="a path"),
        pytest.param(item("/etc/shadow\0"), f"etc_shadow-{ID}-20260105T100000Z.cms", id="an absolute path"),
        pytest.param(item("-rf"), f"rf-{ID}-20260105T100000Z.cms", id="an option of a command"),
        pytest.param(item(".hidden"), f"hidden-{ID}-20260105T100000Z.cms", id="a hidden file"),
        pytest.param(item("\u202egnp.\n\x1b"), f"gnp-{ID}-20260105T100000Z.cms", id="control characters"),
        pytest.param(item("x" * 300), f"{'x' * 64}-{ID}-20260105T100000Z.cms", id="long"),
        pytest.param(item(".."), f"{ID}-20260105T100000Z.cms", id="dots"),
        pytest.param(item(None), f"{ID}-20260105T100000Z.cms", id="none"),
        pytest.param(item("PHONE", started=0.0, updated=START), f"PHONE-{ID}-updated-20260105T100000Z.cms", id="no start"),
        pytest.param(item("PHONE", updated=START + 60), f"PHONE-{ID}-20260105T100000Z.cms", id="both times"),
        pytest.param(
            item("PHONE", identity=ID.upper().replace("1", "A")), f"PHONE-{ID.replace('1', 'a')}-20260105T100000Z.cms", id="upper case"
        ),
    ],
)
def test_a_file_has_the_name_of_its_device(given: DeviceReset, name: str) -> None:
    assert render_file_name(given) == name


@pytest.mark.parametrize("identity", ["../x", "", "a/b", "\ud800", "x" * 500])
def test_an_id_that_is_none_cannot_leave_the_folder(identity: str) -> None:
    assert re.fullmatch(r"PHONE-[0-9a-f]{32}-20260105T100000Z\.cms", render_file_name(item("PHONE", identity)))
    assert len({render_file_name(item("PHONE", other)) for other in (identity, "b/a", "b_a")}) == 3


@pytest.mark.parametrize("started", [pytest.param(0.0, id="a time that cannot be read"), pytest.param(None, id="no reset")])
def test_a_reset_without_a_time_never_has_the_file_of_another_one(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, started: float | None
) -> None:
    monkeypatch.setattr(_cms, "Sealer", FakeSealer)
    given = item("PHONE", started=started)
    names = [render_file_name(given) for _number in range(2)]
    assert len(set(names)) == 2 and all(re.fullmatch(rf"PHONE-{ID}-unknown-[0-9a-f]{{16}}\.cms", name) for name in names)
    files = []
    for secret in ("1234", "123456"):
        subject = Handover("passcode", WORDS, seal_to=["x"], reveal=False, now=START, directory=str(tmp_path))
        files.append(subject.describe(secret, render_file_name(given))["sealed_file"])
        assert (subject.changed, subject.find_failure()) == (True, None)
    assert [pathlib.Path(path).read_text()[-1] for path in files] == ["4", "6"], "each holds the secret of its own run"
