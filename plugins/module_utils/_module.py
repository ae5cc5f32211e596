# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""One way to run a module, whoever calls: parameters in, result out.

Two doors lead here: the module's own process, and the action plugin in the controller's process.
"""

from __future__ import annotations

import contextlib
import random
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib

from . import _auth
from . import _clouds as clouds
from . import _permissions as permissions
from ._approval import requests as approval
from ._argspec import Spec
from ._auth._base import Surroundings
from ._errors import ForbiddenError, IntuneError, InvalidOptionError, MissingLibraryError
from ._graph.client import GraphClient
from ._http.retry import Clock, Exchange
from ._http.transport import Transport
from ._http.worker_pool import Lanes
from ._result import Outcome, failed

VERSION = "0.1.0"
USER_AGENT = f"endpointops.intune/{VERSION}"
SYSTEM_CLOCK = Clock(now=time.time, monotonic=time.monotonic, sleep=time.sleep, random=random.random)

Run = t.Callable[[t.Mapping[str, t.Any], GraphClient, bool], Outcome]
Tell = t.Callable[[str], None]


@contextlib.contextmanager
def connected(params: t.Mapping[str, t.Any], clock: Clock = SYSTEM_CLOCK, tell: Tell = lambda text: None) -> t.Iterator[GraphClient]:
    """A client for these connection options; nothing is sent before its first use. ``tell`` says how far a long run is."""
    for name, value in params.items():
        if name.endswith("timeout") and not 0 <= value < 1e6:
            raise InvalidOptionError(f"{name} is {value:g}: it is a number of seconds, 0 or more.")
    asked = approval.Asked(params.get("approval_justification"), params.get("approval_code"))
    asked.check()
    cloud = clouds.choose(params["cloud"], graph_url=params["graph_url"], authority_url=params["authority_url"])
    transport = Transport(
        user_agent=USER_AGENT, ca_path=params["ca_path"], validate_certs=params["validate_certs"], timeout=params["timeout"]
    )
    exchange = Exchange(transport, clock, params["retry_timeout"])
    lanes = Lanes(transport.send)
    credential = _auth.create(params, Surroundings(cloud, exchange, clock.now))
    try:
        yield GraphClient(exchange=exchange, credential=credential, origin=cloud.graph, clock=clock, lanes=lanes, asked=asked, tell=tell)
    finally:
        lanes.close()
        transport.close()


def execute(
    spec: Spec, run: Run, params: t.Mapping[str, t.Any], *, check: bool, diff: bool, tell: Tell = lambda text: None
) -> dict[str, t.Any]:
    """The result of a task. Every expected failure becomes a result here, and only here."""
    try:
        with connected(params, tell=tell) as client:
            outcome = _attempt(run, params, client, check)
            if outcome.failure is not None:
                # A task that failed half-way has changed something all the same.
                outcome.changed = outcome.changed or client.writes > 0
                name_missing_permissions(outcome.failure, spec.module, client)
            return outcome.as_result(diff=diff)
    except MissingLibraryError as failure:
        return {**failed(failure), "msg": missing_required_lib(failure.library)}
    except IntuneError as failure:
        return failed(failure)


def _attempt(run: Run, params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    try:
        return run(params, client, check)
    except IntuneError as failure:
        return Outcome({}, failure=failure)


def name_missing_permissions(failure: IntuneError, module: str, client: GraphClient, who: str | None = None) -> None:
    """Says which permission of the module's the token lacks: Graph does so for some services only. ``who`` needs it, if not the module."""
    if not isinstance(failure, ForbiddenError):
        return
    try:
        missing = permissions.missing(module, permissions.granted(client.credential.identity()))
    except IntuneError:
        # The failure itself is what counts.
        return
    if missing:
        failure.hint = (
            f"{who or module} needs the application permission {' and '.join(missing)}, which the token does not have. Grant it to the "
            "application in Microsoft Entra, and consent to it as an administrator."
        )


def main(spec: Spec, run: Run) -> None:
    """The module's own door."""
    module = AnsibleModule(argument_spec=spec.argument_spec, supports_check_mode=True, **spec.relations)
    result = execute(spec, run, module.params, check=module.check_mode, diff=module._diff)
    for warning in result.pop("warnings", []):
        module.warn(warning)
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)
