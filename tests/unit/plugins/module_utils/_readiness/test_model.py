# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import collections

from hypothesis import given
from hypothesis import strategies as st

from ansible_collections.endpointops.intune.plugins.module_utils._readiness.model import DeviceCounts, Reason

FLEETS = st.lists(
    st.tuples(
        st.sampled_from(["windows", "android"]),
        st.sampled_from(["azureADJoined", "unknown"]),
        st.sampled_from([None, "hybrid_joined", "platform_not_selected"]),
    )
)


@given(FLEETS)
def test_the_numbers_of_each_property_add_up_to_the_devices(fleet: list[tuple[str, str, str | None]]) -> None:
    counts = DeviceCounts(*(collections.Counter(values) for values in zip(*fleet, strict=True))) if fleet else DeviceCounts()
    found = counts.describe()
    assert found["total"] == len(fleet)
    assert sum(found["platforms"].values()) == sum(found["join_types"].values()) == found["total"]
    assert found["eligible"] + sum(found["reasons"].values()) == found["total"]


def test_a_reason_as_a_return_value() -> None:
    reason = Reason("defeated", "configured", "no", "Another policy wins.", "Remove it.", ("p-1",), cause="p-1")
    assert reason.describe() == {
        "code": "defeated",
        "level": "configured",
        "state": "no",
        "message": "Another policy wins.",
        "hint": "Remove it.",
        "policies": ["p-1"],
    }
