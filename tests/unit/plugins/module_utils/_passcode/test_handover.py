# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _argspec
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._passcode import handover
from ansible_collections.endpointops.intune.plugins.module_utils._passcode.handover import Handover
from tests.support.fakes import START


class FakeSealer:
    def __init__(self, recipients: list[str], now: float) -> None:
        if not recipients:
            raise errors.InvalidOptionError("Nobody.")
        self.now = now

    def seal(self, text: str) -> str:
        return f"sealed at {self.now:.0f}: {len(text)}"


@pytest.fixture(autouse=True)
def _no_cryptography(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(handover, "Sealer", FakeSealer)


@pytest.mark.parametrize(
    ("seal_to", "reveal", "secret", "keys"),
    [
        (None, False, "1234", {}),
        (None, True, "1234", {"passcode": "1234"}),
        (None, True, None, {"passcode": None}),
        (["x"], False, "1234", {"sealed_passcode": f"sealed at {START:.0f}: 4"}),
        (["x"], False, None, {"sealed_passcode": None}),
        (["x"], False, "", {"sealed_passcode": None}),
        (["x"], True, "1234", {"sealed_passcode": f"sealed at {START:.0f}: 4", "passcode": "1234"}),
    ],
)
def test_a_secret_is_handed_over_as_the_task_asks(
    seal_to: list[str] | None, reveal: bool, secret: str | None, keys: dict[str, str]
) -> None:
    assert Handover(_argspec.PASSCODE.key, seal_to=seal_to, reveal=reveal, now=START).describe(secret) == keys


def test_its_name_is_that_of_any_secret() -> None:
    subject = Handover("temporary_access_pass", seal_to=["x"], reveal=True, now=START)
    assert set(subject.describe("1")) == {"temporary_access_pass", "sealed_temporary_access_pass"}


def test_recipients_are_refused_before_there_is_a_secret() -> None:
    with pytest.raises(errors.InvalidOptionError):
        Handover("passcode", seal_to=[], reveal=False, now=START)
