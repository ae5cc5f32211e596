# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Send and receive bytes. Only this file imports requests. One send() is one HTTP exchange, without retries."""

from __future__ import annotations

import contextlib
import contextvars
import http.client
import logging
import os
import re
import ssl
import typing as t
import urllib.parse

from .. import _errors as errors
from .._text import hide_secrets
from . import exchange as wire
from .message import Request, Response
from .trust_store import choose_trust_store

try:
    import requests
    import urllib3.exceptions
    from requests.adapters import HTTPAdapter
except ImportError:
    HAS_REQUESTS = False
    HTTPAdapter = object  # type: ignore[assignment,misc]  # for the class below, which is not used then
else:
    HAS_REQUESTS = True

LONGEST_REASON = 200  # characters

_hides_queries: contextvars.ContextVar[bool] = contextvars.ContextVar("hides_queries", default=False)


class _HideQueries(logging.Filter):
    """A log filter that removes queries from urllib3's debug lines in a thread that sends a secret query; other threads are unaffected."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Change the record and return true."""
        # Remove every query: requests and urllib3 normalize URLs differently, so the secret query cannot be identified.
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


class _Adapter(HTTPAdapter):
    """The adapter of requests, with connections that update the exchange."""

    def init_poolmanager(self, *args: t.Any, **kwargs: t.Any) -> None:
        """Create the pools for direct connections."""
        super().init_poolmanager(*args, **kwargs)
        _track(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **kwargs: t.Any) -> t.Any:
        """Return the pools for connections through a proxy."""
        is_new = proxy not in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **kwargs)
        if is_new:
            _track(manager)
        return manager


def _track(manager: t.Any) -> None:
    manager.pool_classes_by_scheme = {scheme: wire.track(pool) for scheme, pool in manager.pool_classes_by_scheme.items()}


class Transport:
    """A pool of connections with one TLS and timeout policy.

    :param ca_path: file or folder of trusted CAs in PEM, None for the system's. Raises InvalidOptionError if it cannot be loaded.
    :param timeout: seconds for connecting, and for a whole response; plus one second for each 64 KiB of the response.
    :param max_bytes: size of the largest body, also after unpacking. For JSON, the limit is at most a quarter of the default.
    :param monotonic: the clock for these limits.
    """

    def __init__(
        self,
        *,
        user_agent: str,
        monotonic: t.Callable[[], float],
        ca_path: str | None = None,
        validate_certs: bool = True,
        timeout: float = 30.0,
        max_bytes: int = wire.MAX_BYTES,
    ) -> None:
        if not HAS_REQUESTS:
            raise errors.MissingLibraryError("requests")
        self._verify: bool | str = (choose_trust_store(ca_path, os.environ) or True) if validate_certs else False
        self._timeout = timeout
        self._max_bytes = max_bytes
        self._monotonic = monotonic
        self._user_agent = user_agent
        self._adapter: t.Any = None

    def send(self, request: Request) -> Response:
        """Return a whole response with any status; raise NotSentError or LostResponseError."""
        if request.bearer and not re.fullmatch(r"[!-~]+", request.bearer):
            # The message of requests for such a header contains the header.
            raise errors.NotSentError("The token holds characters that a token cannot have.", target=request.target, is_transient=False)
        # Only a report has a secret query; every other response is JSON.
        max_bytes = self._max_bytes if request.has_secret_query else min(self._max_bytes, wire.MAX_JSON_BYTES)
        exchange = wire.Exchange(self._monotonic, self._timeout, max_bytes)
        current = wire.CURRENT.set(exchange)
        try:
            with _logging_of(request):
                return self._exchange(request, max_bytes)
        except Exception as failure:
            # Any type of exception after bytes may have left means a lost response. Raise from None, because the text of requests'
            # exceptions contains the whole URL, even in a traceback.
            raise _translate(request, failure, exchange) from None
        finally:
            wire.CURRENT.reset(current)

    def _exchange(self, request: Request, max_bytes: int) -> Response:
        headers = {"User-Agent": self._user_agent, "Accept": "application/json", "Accept-Encoding": "gzip", **request.headers}
        if request.bearer:
            headers["Authorization"] = f"Bearer {request.bearer}"
        # Not a session, which would read a .netrc file, keep cookies, and parse the target of a redirect, which may not be a valid URL.
        prepared = requests.Request(request.method, request.url, headers=headers, data=request.body).prepare()
        answer = self._open().send(
            prepared,
            stream=True,
            timeout=self._timeout,
            verify=self._verify,
            proxies={} if request.is_local else requests.utils.get_environ_proxies(request.url, no_proxy=None),
        )
        with contextlib.closing(answer):
            body = wire.read_body(answer, max_bytes)
            if not request.has_secret_query:
                wire.validate_json_size(body)
            return Response(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, body)

    def close(self) -> None:
        """Close all connections."""
        if self._adapter is not None:
            self._adapter.close()
            self._adapter = None

    def _open(self) -> t.Any:
        # Created late, because connections must not be shared across forks.
        if self._adapter is None:
            self._adapter = _Adapter()
        return self._adapter


def _translate(request: Request, failure: Exception, exchange: wire.Exchange) -> errors.IntuneError:
    """Return the error for a failure. The exchange knows whether it occurred before or after the first byte of the request."""
    if exchange.is_sent:
        what = (
            f"no whole response within {exchange.timeout:g} s"
            if _is_timeout(failure)
            else f"the connection broke ({_reason(request, failure)})"
        )
        advice = "Run the task again." if request.can_repeat else "The service may have run the request; check before repeating it."
        return errors.LostResponseError(f"{request.target}: {what}.", target=request.target, hint=advice)
    if isinstance(failure, requests.exceptions.InvalidSchema) and "SOCKS" in str(failure):
        return errors.NotSentError(
            "The proxy is a SOCKS proxy, for which the Python library PySocks is not installed.",
            target=request.target,
            is_transient=False,
            hint="Install PySocks for the Python that runs this module, or set HTTPS_PROXY to an HTTP proxy.",
        )
    if not exchange.has_begun:
        # The text of the failure may contain the proxy's whole URL, including a password.
        address = request.url.partition("?")[0]
        return errors.NotSentError(
            f"The address {address}, or that of the proxy, is not valid ({type(failure).__name__}).",
            target=request.target,
            is_transient=False,
            hint="Check graph_url, authority_url, and the environment variables of the proxy.",
        )
    return _translate_connecting(request, failure, exchange.timeout)


def _translate_connecting(request: Request, failure: Exception, timeout: float) -> errors.NotSentError:
    host = urllib.parse.urlsplit(request.url).netloc
    reason = f"no connection within {timeout:g} s" if _is_timeout(failure) else _reason(request, failure)
    causes = list(_causes(failure))
    if any(isinstance(cause, ssl.SSLCertVerificationError) for cause in causes) or "certificate verify failed" in str(failure).lower():
        return errors.NotSentError(
            f"The TLS certificate of {host} does not verify: {reason}.",
            target=request.target,
            is_transient=False,
            hint="Set ca_path to the CA that signed it (a TLS-inspecting proxy has one of its own).",
        )
    # Before a connection exists, only a proxy can send a status line.
    of_proxy = (requests.exceptions.ProxyError, urllib3.exceptions.ProxyError, http.client.BadStatusLine)
    if any(isinstance(cause, of_proxy) for cause in causes) or "Tunnel" in reason:
        return errors.NotSentError(
            f"The proxy did not connect to {host}: {reason}.", target=request.target, hint="Check HTTPS_PROXY and NO_PROXY."
        )
    if any(isinstance(cause, (ssl.SSLError, urllib3.exceptions.SSLError)) for cause in causes):
        return errors.NotSentError(
            f"The TLS handshake with {host} failed: {reason}.",
            target=request.target,
            hint="Check the port, and the network path: a proxy or firewall may block TLS 1.2 or later.",
        )
    hint = "Check graph_url, authority_url, DNS, firewall, and proxy."
    return errors.NotSentError(f"No connection to {host}: {reason}.", target=request.target, hint=hint)


def _is_timeout(failure: Exception) -> bool:
    """Return whether time ran out."""
    kinds = (TimeoutError, requests.exceptions.Timeout, urllib3.exceptions.TimeoutError)
    # urllib3 also classifies a refused connection as a timeout.
    others = urllib3.exceptions.NewConnectionError
    return any(isinstance(cause, kinds) and not isinstance(cause, others) for cause in _causes(failure))


def _causes(failure: BaseException | None) -> t.Iterator[BaseException]:
    """Yield a failure and the failures that it wraps. urllib3 stores the cause in an attribute or among the arguments."""
    seen: set[int] = set()
    while failure is not None and id(failure) not in seen:
        seen.add(id(failure))
        yield failure
        wrapped = [arg for arg in failure.args if isinstance(arg, BaseException)]
        failure = getattr(failure, "reason", None) or (wrapped[-1] if wrapped else failure.__cause__)
        if not isinstance(failure, BaseException):
            return


def _reason(request: Request, failure: Exception) -> str:
    """Return the text of the innermost cause, or its type if the text may contain the request.

    A peer that is not a web service may echo parts of the request, so they may be in the text.
    """
    last = list(_causes(failure))[-1]
    if not isinstance(last, (*wire.WORDS, urllib3.exceptions.HTTPError)):
        return type(last).__name__
    # urllib3 starts with the repr of the connection object, whose memory address is of no use.
    text = str(last).rsplit(">: ", maxsplit=1)[-1]
    # Before shortening, because a truncated secret could not be recognized.
    text = hide_secrets(text.encode("utf-8", "replace"), request.known_secrets).decode("utf-8", "replace")
    text = "".join(sign if sign.isprintable() else " " for sign in text[:LONGEST_REASON])
    if isinstance(last, http.client.BadStatusLine) and not isinstance(last, http.client.RemoteDisconnected):
        return f"'{text.strip()}' came instead of HTTP"
    return text.rstrip(".") or type(last).__name__
