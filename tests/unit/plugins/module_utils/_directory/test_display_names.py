# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils._directory.display_names import Names

ONE, TWO, THREE = (f"aaaaaaaa-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))


@pytest.mark.parametrize(
    ("names", "label"),
    [
        pytest.param({}, ONE, id="unknown"),
        pytest.param({ONE: "Ops", TWO: "Others"}, "Ops", id="unique"),
        pytest.param({ONE: "Ops", TWO: "Ops"}, f"Ops ({ONE})", id="not unique"),
        pytest.param({ONE: "Ops", TWO: "OPS"}, f"Ops ({ONE})", id="not unique for the service"),
        pytest.param({ONE: ONE, TWO: ONE}, ONE, id="named by its ID"),
    ],
)
def test_an_object_is_labeled_by_its_name(names: dict[str, str], label: str) -> None:
    for found in (Names(names).label_group(ONE), Names(filters=names).label_filter(ONE), Names(tags=names).label_tag(ONE)):
        assert found == label


def test_the_default_tag_has_its_name_everywhere() -> None:
    assert Names().label_tag("0") == "Default"


def test_names_are_added() -> None:
    more = Names({ONE: "Ops"}, {TWO: "Laptops"}).with_more(Names({THREE: "Others"}, {}, {"1": "Berlin"}))
    assert more == Names({ONE: "Ops", THREE: "Others"}, {TWO: "Laptops"}, {"0": "Default", "1": "Berlin"})
