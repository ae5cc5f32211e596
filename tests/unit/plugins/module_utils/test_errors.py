# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.module_utils import _clouds as clouds
from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors

DETAILS = {"status": 403, "code": "Forbidden", "request_id": "r-1", "client_request_id": "c-1", "target": "GET /x", "hint": "Ask."}

EVERY_ERROR = [
    errors.IntuneError("m"),
    errors.MissingLibraryError("msal"),
    errors.AuthenticationError("m", code="AADSTS1", correlation_id="c"),
    errors.NotSentError("m"),
    errors.GraphError("m", status=400),
]


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.GraphError),
        (401, errors.UnauthorizedError),
        (403, errors.ForbiddenError),
        (404, errors.NotFoundError),
        (409, errors.ConflictError),
        (429, errors.ThrottledError),
        (499, errors.GraphError),
        (500, errors.ServiceError),
        (503, errors.ServiceError),
    ],
)
def test_a_status_has_its_kind(status: int, kind: type) -> None:
    assert errors.for_status(status) is kind


@pytest.mark.parametrize("failure", EVERY_ERROR, ids=lambda failure: type(failure).__name__)
def test_every_error_has_the_same_keys(failure: errors.IntuneError) -> None:
    keys = {"kind", "message", "effects", "hint", "target", "status", "code", "request_id", "client_request_id"}
    assert set(failure.describe()) == keys


def test_a_graph_error_says_everything_in_one_line() -> None:
    assert str(errors.ForbiddenError("No.", **DETAILS)) == "GET /x: 403 Forbidden: No. Ask. (request-id r-1)"


@pytest.mark.parametrize("end", ["Read.All", 'the value "x"', "(code 5)"])
def test_a_message_of_the_service_without_a_full_stop_gets_one_before_the_advice(end: str) -> None:
    assert f"403: {end}. Ask." in str(errors.ForbiddenError(end, status=403, hint="Ask."))
    assert str(errors.ForbiddenError(end, status=403).with_effects("none")).endswith(f"{end}. Nothing was changed.")
    assert str(errors.IntuneError(end, hint="Ask.")) == f"{end}. Ask."
    assert str(errors.IntuneError(end)) == end and errors.IntuneError(end, hint="Ask.").message == end


@pytest.mark.parametrize("end", [".", "!", "?", ":", "…"])
def test_a_sentence_that_ends_gets_no_other_end(end: str) -> None:
    assert str(errors.IntuneError(f"No{end}", hint="Ask.")) == f"No{end} Ask."


def test_a_graph_error_without_details_is_still_a_sentence() -> None:
    assert str(errors.GraphError("No.", status=400)) == "400: No."


def test_a_graph_error_keeps_its_details_apart() -> None:
    assert errors.ForbiddenError("No.", **DETAILS).describe() == {"kind": "Forbidden", "message": "No.", "effects": None, **DETAILS}


def test_a_hint_follows_the_message() -> None:
    assert str(errors.InvalidOptionError("Wrong.", hint="Right it.")) == "Wrong. Right it."


def test_entras_correlation_id_is_shown_as_request_id() -> None:
    shown = errors.AuthenticationError("m", code="AADSTS7000215", correlation_id="c-1").describe()
    assert (shown["code"], shown["request_id"]) == ("AADSTS7000215", "c-1")


@pytest.mark.parametrize(
    ("effects", "sentence"),
    [("none", "Nothing was changed."), ("partial", "Some changes were made."), ("unknown", "Whether something was changed is unknown.")],
)
def test_the_effects_are_said_once(effects: errors.Effects, sentence: str) -> None:
    assert str(errors.SelectionError("No.", hint="Ask.", effects=effects)) == f"No. {sentence} Ask."
    assert str(errors.GraphError("No.", status=400, hint="Ask.").with_effects(effects)) == f"400: No. {sentence} Ask."


@pytest.mark.parametrize("failure", EVERY_ERROR, ids=lambda failure: type(failure).__name__)
def test_another_hint_makes_another_error(failure: errors.IntuneError) -> None:
    before = failure.describe()
    changed = failure.with_hint("Right it.").with_more_advice("Run again.").with_effects("partial").with_message("Other.")
    assert type(changed) is type(failure) and failure.describe() == before, "the first one stays as it is"
    expected = {**before, "hint": "Right it. Run again.", "effects": "partial", "message": "Other."}
    assert changed.describe() == expected and "Other. Some changes were made. Right it. Run again." in str(changed)


def test_advice_alone_is_a_hint() -> None:
    assert errors.NotSentError("No.").with_more_advice("Ask.").hint == "Ask."


# --- texts of others, and defects -----------------------------------------------------------------------------------


def test_case_21_whatever_a_message_is_made_of_it_is_shown_safely() -> None:
    failure = errors.GraphError("a\x1bb", status=400, hint="c\nd", target="GET /x\u2028")
    assert (failure.message, failure.hint, failure.target) == ("a\\x1bb", "c\\nd", "GET /x\\u2028")
    assert failure.with_message("e\rf").message == "e\\rf"
    assert failure.with_hint("\u202eg").hint == "\\u202eg"
    assert failure.with_more_advice("\x00").hint == "c\\nd \\x00"
    assert failure.with_approval_hint("\x07").hint == "\\x07"
    assert "\x1b" not in repr(failure.args)


def test_case_18_a_defect_names_its_type_and_place_and_no_value() -> None:
    with pytest.raises(TypeError) as caught:
        clouds.choose_cloud(t.cast(t.Any, ["s3cret"]), graph_url=None, authority_url=None)
    found = errors.InternalError(caught.value, effects="none")
    assert "TypeError at module_utils/_clouds.py:" in found.message and "s3cret" not in str(found)
    assert (found.describe()["kind"], found.describe()["effects"]) == ("Internal", "none")
    assert str(errors.InternalError(KeyError("s3cret"))).startswith("An unexpected error occurred in the collection: KeyError.")


@pytest.mark.parametrize(
    ("failure", "expected"),
    [
        (errors.LostResponseError("x"), True),
        (errors.UnexpectedResponseError("x"), True),
        (errors.NotSentError("x"), True),
        (errors.NotSentError("x", is_transient=False), False),
        (errors.ThrottledError("x", status=429), True),
        (errors.ServiceError("x", status=503), True),
        (errors.GraphError("x", status=408), True),
        (errors.GraphError("x", status=400), False),
        (errors.ForbiddenError("x", status=403), False),
        (errors.UnauthorizedError("x", status=401), False),
        (errors.NotFoundError("x", status=404), False),
        (errors.AuthenticationError("x"), False),
        (errors.SelectionError("x"), False),
        (errors.InternalError(ValueError("x")), False),
    ],
)
def test_which_failures_may_pass(failure: errors.IntuneError, expected: bool) -> None:
    assert errors.may_pass(failure) is expected


def test_a_sign_in_whose_response_got_lost_may_pass() -> None:
    try:
        raise errors.NotSentError("No token.", is_transient=False) from errors.LostResponseError("Lost.")
    except errors.NotSentError as failure:
        assert errors.may_pass(failure)
