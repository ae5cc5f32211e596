# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass.model import User, UserPass
from ansible_collections.endpointops.intune.plugins.module_utils._access_pass.refusals import explain

USER = User("11111111-2222-3333-4444-555555555555", "ada@contoso.com")
BLOCKED = "Converged UserCredentialPolicy does not allow creating or updating the method TemporaryAccessPass."


@pytest.mark.parametrize(
    ("status", "message", "roles", "reason", "words"),
    [
        (400, "Invalid LifetimeInMinutes specified. The valid range between 60 and 480.", [], "lifetime_out_of_range", "to 60 to 480"),
        (400, BLOCKED, [], "not_allowed_by_policy", "not in its scope"),
        (400, "Temporary Access Pass cannot be added to an external guest user", [], "external_guest", "own tenant"),
        (400, "Something new.", [], "service_refused", "did not accept"),
        (403, "Self-service operations are currently not supported for user x", ["Global Reader"], "self", "themselves"),
        (403, "Request Authorization failed", ["Global Reader", "X"], "administrator", "directory roles (Global Reader, X)."),
        (403, "Request Authorization failed", [], "forbidden", "UserAuthMethod-TAP.ReadWrite.All"),
        (403, "Request Authorization failed", None, "forbidden", "or the user is an administrator"),
        (404, "Not there.", [], "user_gone", "deleted meanwhile"),
        (500, "Broken.", [], "service_refused", "later"),
    ],
)
def test_a_refusal_is_explained_with_the_service_s_words(
    status: int, message: str, roles: list[str] | None, reason: str, words: str
) -> None:
    failure = errors.for_status(status)(message, status=status, code="badRequest")
    found = explain(UserPass(USER, ["ada"], roles=roles), failure)
    assert found[0] == reason and found[1].startswith(f"{status} badRequest: {message}") and words in found[1]


def test_a_long_message_takes_no_time() -> None:
    assert explain(UserPass(USER, []), errors.GraphError("valid range between 1" + "1" * 100_000, status=400))[0] == "service_refused"
