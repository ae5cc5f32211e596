# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The first page of the documentation site: the introduction, then the guides. `make docs` builds it."""

from __future__ import annotations

import pytest

from tests.tools.site import arrange

INDEX = """.. _plugins_in_endpointops.intune:

Endpointops.Intune
==================

Collection version 1.0.0

.. contents::
   :local:
   :depth: 1

Description
-----------

One sentence.

**Author:**

* A team

.. Communication

.. _communication_for_endpointops.intune:

Communication
-------------

- Forum

.. _changelog_section_for_endpointops.intune:

Changelog
---------

    changelog

Read this first
---------------

    guide

.. _plugin_index_for_endpointops.intune:

Plugin Index
------------

    module
"""


def test_the_introduction_and_the_guides_come_first() -> None:
    page = arrange(INDEX, "Welcome.\n")
    parts = [
        "endpointops.intune\n====",
        "Welcome.",
        "Read this first\n",
        "guide",
        "Plugin Index\n",
        "Changelog\n",
        "Communication\n",
        "About\n",
        "A team",
    ]
    places = [page.index(part) for part in parts]
    assert places == sorted(places)
    assert "One sentence" not in page and ".. contents" not in page
    assert ".. _communication_for_endpointops.intune:\n\nCommunication" in page


def test_a_page_of_another_structure_is_an_error() -> None:
    with pytest.raises(ValueError, match="no section Changelog"):
        arrange(INDEX.replace("Changelog\n---------", "Changes\n-------"), "Welcome.\n")
