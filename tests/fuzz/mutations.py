# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Turn good responses into unexpected ones: types, missing members, nesting, extremes, encodings, cuts, status, headers."""

from __future__ import annotations

import copy
import dataclasses
import json
import random
import typing as t

from ansible_collections.endpointops.intune.plugins.module_utils import _errors as errors
from ansible_collections.endpointops.intune.plugins.module_utils._http.message import Request, Response

Random = random.Random
Failure = errors.LostResponseError | errors.NotSentError
ENDLESS = "fuzzpage"  # the query of a page that another one always follows

# Marks in a document for content that json.dumps cannot write.
RAW = {
    "@@nan@@": "NaN",
    "@@infinity@@": "-Infinity",
    "@@large@@": "1e999",
    "@@long@@": "1" + "0" * 5000,
    "@@deep@@": "[" * 5000 + "]" * 5000,
    "@@deeper@@": '{"a":' * 100_000 + "1" + "}" * 100_000,
    "@@half@@": '"\\ud800"',
    "@@halves@@": '"PC-\\udc00\\ud83d"',
    "@@twice@@": '{"id": "1", "id": ["2"]}',
}
NASTY = (
    "",
    " ",
    "x",
    "0",
    "null",
    "\x1b[31mred\x1b[0m",
    "first\nfatal: [all]: FAILED\r\n",
    "a\u2028b\u2029c",
    "\u202egnp.exe",
    "\u200bPC\ufeff",
    "\x00",
    "\x85\x9b",
    "{{ 7 * 7 }}",
    "../../x?y=z#",
    " " * 80_000,
    "- " * 40_000,
    "9999-12-31T23:59:59.9999999Z",
    "0001-01-01T00:00:00Z",
    "2026-01-05T10:00:00+99:99",
    "00000000-0000-0000-0000-000000000000",
    "x" * 5000,
)
NUMBERS = (0, -1, 1, 2**31, 2**63, -(2**63) - 1, 10**400, 1.5, -0.0, 1e308)
OTHERS: tuple[t.Any, ...] = (None, True, False, [], {}, [None], [[]], {"a": 1}, ["x"], [{}])
STATUSES = (
    *(100, 199, 200, 201, 202, 204, 206, 300, 301, 302, 307, 400, 401, 403, 404, 405, 408, 409, 410, 412, 413, 418, 423, 429, 451),
    *(500, 501, 502, 503, 504, 507, 599, 600, 999),
)
DATES = (
    "Fri, 31 Dec 9999 23:59:59 GMT",
    "Mon, 01 Jan 0001 00:00:00 GMT",
    "Mon, 05 Jan 2026 10:00:00 +9999",
    "Tue, 06 Jan 2026 10:00:00 GMT",
    "Mon, 99 Jan 99999 10:00:00 GMT",
    "Mon, 05 Jan 2026 10:00:00 -2400",
    "\xff",
    "",
)
HEADERS: t.Mapping[str, tuple[str, ...]] = {
    "retry-after": ("", "-1", "nan", "inf", "1e400", "9" * 5000, "\xff", "1", "0", "3.5", "Wed, 21 Oct 2099 07:28:00 GMT", *DATES),
    "date": DATES,
    "content-type": ("text/html", "", ";;;", "application/json; charset=utf-16", "a\x1b[2Jb", "x" * 70_000),
    "location": ("https://[", "\xff\xfe", "//x", "https://other.test/", "http://\x1b]0;x\x07/", "a" * 70_000),
    "www-authenticate": ('Bearer claims="!!!"', 'Bearer claims="eyJhIjogMX0="', 'Bearer claims="' + "[" * 70_000 + '"', "\xff"),
    "request-id": ("\x1b[31m", "a\u2028b", "x" * 70_000, ""),
    "x-msft-approval-code": ("x", "\x1b", "aaaaaaaa-0000-4000-8000-000000000001"),
}


def mutate(chance: Random, request: Request, response: Response) -> Response | Failure:
    """Return another response, or the failure of a missing one."""
    kind = chance.choices(
        (_change_members, _change_text, _change_status, _change_headers, _change_error, _add_page, _fail), (50, 14, 8, 8, 10, 4, 6)
    )[0]
    changed = kind(chance, request, response)
    if isinstance(changed, Response) and chance.random() < 0.1:
        return _change_headers(chance, request, changed)
    return changed


def _change_members(chance: Random, request: Request, response: Response) -> Response:
    try:
        document = json.loads(response.body)
    except ValueError:
        return _change_text(chance, request, response)
    for _number in range(chance.choice((1, 1, 1, 2, 5))):
        document = _change_one(chance, document)
    text = json.dumps(document)
    for mark, raw in RAW.items():
        text = text.replace(f'"{mark}"', raw)
    return dataclasses.replace(response, body=text.encode())


def _change_one(chance: Random, document: t.Any) -> t.Any:
    places = list(_places(document))
    if not places or chance.random() < 0.03:
        return _other_value(chance, document)
    holder, key = chance.choice(places)
    action = chance.random()
    if action < 0.2:
        del holder[key]
    elif action < 0.3 and isinstance(holder, list):
        holder.append(holder[key])
    elif action < 0.4:
        holder[key] = [holder[key]]
    elif action < 0.45 and isinstance(holder, dict):
        holder[str(key).upper()] = holder.pop(key)
    else:
        holder[key] = _other_value(chance, holder[key])
    return document


def _places(value: t.Any) -> t.Iterator[tuple[t.Any, t.Any]]:
    for key, item in list(value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()):
        yield value, key
        yield from _places(item)


def _other_value(chance: Random, value: t.Any) -> t.Any:
    kind = chance.random()
    if kind < 0.35:
        return copy.deepcopy(chance.choice(OTHERS))
    if kind < 0.55:
        return chance.choice(NUMBERS)
    if kind < 0.7:
        return chance.choice(tuple(RAW))
    if kind < 0.8 and isinstance(value, str):
        return value + chance.choice(NASTY)
    return chance.choice(NASTY)


def _change_text(chance: Random, request: Request, response: Response) -> Response:
    body = response.body
    cut = chance.randrange(len(body) + 1)
    changed = chance.choice(
        (
            body[:cut],
            body[:cut],
            body[:cut],
            body[:cut] + b"\xff\xfe\xed\xa0\x80" + body[cut:],
            b"\xef\xbb\xbf" + body,
            body.decode("utf-8", "replace").encode("utf-16"),
            b"",
            b" \r\n",
            b"null",
            b"<!DOCTYPE html><title>Sign in</title>",
            body + b"x",
            b"[" * 200_000,
        )
    )
    return dataclasses.replace(response, body=changed)


def _change_status(chance: Random, request: Request, response: Response) -> Response:
    return dataclasses.replace(response, status=chance.choice(STATUSES))


def _change_headers(chance: Random, request: Request, response: Response) -> Response:
    name = chance.choice(tuple(HEADERS))
    status = chance.choice((response.status, response.status, 429, 503, 302, 401))
    return dataclasses.replace(response, status=status, headers={**response.headers, name: chance.choice(HEADERS[name])})


def _change_error(chance: Random, request: Request, response: Response) -> Response:
    """Return an error with a text that forges lines, hides itself, is slow to process, or contains the token of the request."""
    token = request.bearer or "none"
    text = chance.choice(
        (
            *NASTY,
            f"The header Authorization: Bearer {token} is not valid.",
            f"Token {token[: chance.randrange(12, len(token) + 12)]} is not valid.",
            f"No signature: {token.rpartition('.')[0]}",
            json.dumps({"Message": f"\x1b[2J\nBearer {token}\u2028 - Operation ID (for customer support): x"}),
            " " * 80_000 + "- Operation ID",
        )
    )
    code = chance.choice(("BadRequest", "Authorization_RequestDenied", *NASTY, token, None, 7))
    error: t.Any = {"code": code, "message": text, "innerError": chance.choice(({"request-id": text}, {"code": token}, None, "x", []))}
    status = chance.choice((400, 401, 403, 404, 409, 412, 429, 500, 503))
    return dataclasses.replace(
        response, status=status, body=json.dumps({"error": chance.choice((error, error, error, text, [error]))}).encode()
    )


def _add_page(chance: Random, request: Request, response: Response) -> Response:
    try:
        document = json.loads(response.body)
    except ValueError:
        return _change_text(chance, request, response)
    if not isinstance(document, dict):
        return response
    base = request.url.partition("?")[0]
    links: tuple[t.Any, ...] = (
        f"{base}?{ENDLESS}=1",
        base,
        request.url,
        "https://other.test/",
        "https://[",
        "",
        "/x",
        f"{base}?a=\x1b\u2028",
        7,
        ["x"],
        {},
        False,
    )
    return dataclasses.replace(response, body=json.dumps({**document, "@odata.nextLink": chance.choice(links)}).encode())


def _fail(chance: Random, request: Request, response: Response) -> Failure:
    if chance.random() < 0.7:
        return errors.LostResponseError(f"{request.target}: the connection broke.", target=request.target)
    return errors.NotSentError("No connection.", target=request.target)
