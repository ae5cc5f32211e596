# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

from ansible_collections.endpointops.intune.plugins.module_utils._lifetime import Lifetime


def test_the_beginning_of_a_secret_is_not_shown() -> None:
    assert "abc" not in repr(Lifetime("client_secret", hint="abc"))


def test_without_more_nothing_is_known() -> None:
    lifetime = Lifetime()
    assert (lifetime.kind, lifetime.is_endless, lifetime.ends) == (None, False, None)
