# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Bytes on the wire: the only file that imports requests. One send() is one HTTP exchange, never a retry."""

from __future__ import annotations

import contextlib
import contextvars
import logging
import re
import typing as t
import urllib.parse

from .. import _errors as errors
from .message import Request, Response

try:
    import requests
    from urllib3.exceptions import ConnectTimeoutError, NewConnectionError
except ImportError:
    HAS_REQUESTS = False
else:
    HAS_REQUESTS = True

# Cloud instance metadata is link-local: never through a proxy.
METADATA_HOST = "169.254.169.254"


_hides_queries: contextvars.ContextVar[bool] = contextvars.ContextVar("hides_queries", default=False)


class _HideQueries(logging.Filter):
    """Cuts queries from the debug lines that urllib3 logs in a thread that sends a secret one; other threads' lines stay as they are."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record, and let it through."""
        # Every query is cut, since requests and urllib3 write an address in their own way: the secret one could not be told from others.
        if _hides_queries.get() and isinstance(record.args, tuple):
            record.args = tuple(arg.partition("?")[0] if isinstance(arg, str) else arg for arg in record.args)
        return True


@contextlib.contextmanager
def _logging_of(request: Request) -> t.Iterator[None]:
    """Keep a secret query out of urllib3's log while its request is sent."""
    if not request.has_secret_query:
        yield
        return
    logger, hide, token = logging.getLogger("urllib3.connectionpool"), _HideQueries(), _hides_queries.set(True)
    logger.addFilter(hide)
    try:
        yield
    finally:
        logger.removeFilter(hide)
        _hides_queries.reset(token)


class _Bearer:
    """Sets our token, or nothing. Any auth object keeps requests from sending credentials out of a .netrc file."""

    def __init__(self, token: str | None) -> None:
        self.token = token

    def __call__(self, prepared: t.Any) -> t.Any:
        if self.token:
            prepared.headers["Authorization"] = f"Bearer {self.token}"
        return prepared


class Transport:
    """A pool of connections with one TLS and timeout policy.

    :param ca_path: file or folder of trusted CAs in PEM; null for the system's.
    :param timeout: seconds for connecting, and for each read.
    """

    def __init__(self, *, user_agent: str, ca_path: str | None = None, validate_certs: bool = True, timeout: float = 30.0) -> None:
        if not HAS_REQUESTS:
            raise errors.MissingLibraryError("requests")
        self._verify: bool | str = (ca_path or True) if validate_certs else False
        self._timeout = timeout
        self._user_agent = user_agent
        self._session: t.Any = None

    def send(self, request: Request) -> Response:
        """Return a whole response, whatever its status; raise NotSentError or LostResponseError."""
        if request.bearer and not re.fullmatch(r"[!-~]+", request.bearer):
            # What requests says of such a header has the header in it.
            raise errors.NotSentError("The token holds characters that a token cannot have.", target=request.target, is_transient=False)
        session = self._open()
        headers = {"User-Agent": self._user_agent, "Accept": "application/json", **request.headers}
        try:
            with _logging_of(request):
                answer = session.request(
                    request.method,
                    request.url,
                    headers=headers,
                    data=request.body,
                    auth=_Bearer(request.bearer),
                    timeout=self._timeout,
                    # Given with each request: a REQUESTS_CA_BUNDLE in the environment overrides the session's own.
                    verify=self._verify,
                    allow_redirects=False,
                    proxies={"http": "", "https": ""} if urllib.parse.urlsplit(request.url).hostname == METADATA_HOST else None,
                )
        except requests.exceptions.RequestException as failure:
            # The text of requests' exception holds the whole address, also where only a traceback would show it.
            raise _translate(request, failure, self._timeout) from None
        except (OSError, ValueError) as failure:
            # requests raises OSError for an unreadable CA file and ValueError for a bad proxy URL, before it connects.
            message = f"{request.target} could not be sent: {failure}."
            raise errors.NotSentError(message, target=request.target, is_transient=False) from None
        return Response(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content)

    def close(self) -> None:
        """Close all connections."""
        if self._session is not None:
            self._session.close()
            self._session = None

    def _open(self) -> t.Any:
        # Made late: a session must not be shared over forks.
        if self._session is None:
            self._session = requests.Session()
        return self._session


def _translate(request: Request, failure: Exception, timeout: float) -> errors.IntuneError:
    host = urllib.parse.urlsplit(request.url).netloc
    reason = _innermost(failure)
    if isinstance(failure, requests.exceptions.SSLError) and "certificate verify failed" in str(failure).lower():
        return errors.NotSentError(
            f"The TLS certificate of {host} does not verify: {reason}.",
            target=request.target,
            is_transient=False,
            hint="Set ca_path to the CA that signed it (a TLS-inspecting proxy has one of its own).",
        )
    if isinstance(failure, (requests.exceptions.InvalidURL, requests.exceptions.MissingSchema, requests.exceptions.InvalidSchema)):
        # Its reason may be the proxy's whole address, with a password in it.
        address = request.url.partition("?")[0]
        return errors.NotSentError(f"The address {address}, or that of the proxy, is not valid.", target=request.target, is_transient=False)
    # A connection that breaks behind a proxy is a ProxyError too, and that one counts as sent.
    if isinstance(failure, requests.exceptions.ProxyError) and (_before_connection(failure) or "Tunnel connection failed" in reason):
        return errors.NotSentError(
            f"The proxy did not connect to {host}: {reason}.", target=request.target, hint="Check HTTPS_PROXY and NO_PROXY."
        )
    if _before_connection(failure):
        return errors.NotSentError(
            f"No connection to {host}: {reason}.", target=request.target, hint="Check graph_url, authority_url, DNS, firewall and proxy."
        )
    what = f"no response within {timeout:g} s" if isinstance(failure, requests.exceptions.Timeout) else f"the connection broke ({reason})"
    return errors.LostResponseError(
        f"{request.target}: {what}.", target=request.target, hint="The service may have run the request; check before repeating it."
    )


def _before_connection(failure: Exception) -> bool:
    """Return whether the failure came while connecting. Anything in doubt counts as sent."""
    if isinstance(failure, requests.exceptions.ConnectTimeout):
        return True
    return any(isinstance(cause, (NewConnectionError, ConnectTimeoutError)) for cause in _causes(failure))


def _causes(failure: BaseException | None) -> t.Iterator[BaseException]:
    """Yield a failure and the ones that it wraps: urllib3 keeps the reason in an attribute, or among the arguments."""
    seen: set[int] = set()
    while failure is not None and id(failure) not in seen:
        seen.add(id(failure))
        yield failure
        wrapped = [arg for arg in failure.args if isinstance(arg, BaseException)]
        failure = getattr(failure, "reason", None) or (wrapped[0] if wrapped else failure.__cause__)
        if not isinstance(failure, BaseException):
            return


def _innermost(failure: Exception) -> str:
    last = list(_causes(failure))[-1]
    # urllib3 begins with the repr of the connection object: an address in memory helps nobody.
    text = str(last).rsplit(">: ", maxsplit=1)[-1]
    return text.rstrip(".") or type(last).__name__
