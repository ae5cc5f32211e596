# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Run a module in one way for all callers: parameters in, result out.

There are two callers: the module in its own process, and the action plugin in the controller's process.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import time
import typing as t

from ansible.module_utils.basic import AnsibleModule, missing_required_lib
from ansible.module_utils.common.parameters import remove_values

from ._approval.hook import ApprovalHook
from ._approval.options import parse_options
from ._argspec import Spec, choose_maskable
from ._auth._base import CredentialContext
from ._auth._memory import TokenMemory
from ._auth.create import create as create_credential
from ._clouds import choose_cloud
from ._errors import ForbiddenError, InternalError, IntuneError, InvalidOptionError, MissingLibraryError
from ._event_limit import find_limit
from ._graph.client import GraphClient
from ._http.retry import RetryingSender
from ._http.transport import Transport
from ._http.worker_pool import WorkerPool
from ._option_values import LONGEST_NUMBER
from ._result import Outcome, describe_failure
from ._secrecy import mark_secrets, refuse_exposed, refuse_secrets, shows_entries
from ._time import Clock
from ._types import Json
from ._values import walk

VERSION = "1.0.0"
FORBIDDEN = re.compile("[\x00\ud800-\udfff]")
LONGEST_TIMEOUT = 1_000_000  # seconds
USER_AGENT = f"endpointops.intune/{VERSION}"


class SystemClock:
    """The machine's clock. Only this class sleeps."""

    now = staticmethod(time.time)
    monotonic = staticmethod(time.monotonic)
    sleep = staticmethod(time.sleep)
    random = staticmethod(random.random)


SYSTEM_CLOCK = SystemClock()
Run = t.Callable[[t.Mapping[str, t.Any], GraphClient, bool], Outcome]
ReportProgress = t.Callable[[str], None]


def report_nothing(text: str) -> None:
    """Drop a line of progress, because a module's process cannot show it."""


def validate_value(option: str, value: t.Any) -> None:
    """Raise InvalidOptionError for a text that no request or file name can hold, and for a number that is too large."""
    for item in walk(value):
        if isinstance(item, int) and abs(item) >= 10**LONGEST_NUMBER:
            # The value is not shown, because Python refuses to render a number of thousands of digits.
            raise InvalidOptionError(f"{option} must be a number of at most {LONGEST_NUMBER} digits.")
        if isinstance(item, str) and FORBIDDEN.search(item):
            raise InvalidOptionError(f"{option} must not hold a NUL character or half a character.", hint="Check what sets it.")


def validate_wait(params: t.Mapping[str, t.Any]) -> None:
    """Raise InvalidOptionError for a module whose wait for its own changes takes several reads that agree, and that gets no time for it."""
    if not params["wait_timeout"]:
        raise InvalidOptionError(
            "wait_timeout must be more than 0 seconds: Microsoft Entra shows writes late, and several reads in a row must show the changes."
        )


@contextlib.contextmanager
def connect(
    params: t.Mapping[str, t.Any],
    clock: Clock = SYSTEM_CLOCK,
    report_progress: ReportProgress = report_nothing,
    memory: TokenMemory | None = None,
) -> t.Iterator[GraphClient]:
    """Provide a client for these connection options. Send nothing before its first use. ``memory``: the tokens of this process."""
    for name, value in params.items():
        validate_value(name, value)
        if name.endswith("timeout") and not 0 <= value < LONGEST_TIMEOUT:
            raise InvalidOptionError(f"{name} must be a number of seconds from 0 to {LONGEST_TIMEOUT}, not {value:g}.")
    if not params["timeout"]:
        raise InvalidOptionError("timeout must be more than 0 seconds.", hint="Only retry_timeout and timeouts of waiting may be 0.")
    approval = parse_options(params.get("approval_justification"), params.get("approval_code"))
    cloud = choose_cloud(params["cloud"], graph_url=params["graph_url"], authority_url=params["authority_url"])
    transport = Transport(
        user_agent=USER_AGENT,
        monotonic=clock.monotonic,
        ca_path=params["ca_path"],
        validate_certs=params["validate_certs"],
        timeout=params["timeout"],
    )
    sender = RetryingSender(transport, clock, params["retry_timeout"])
    pool: WorkerPool[t.Any] = WorkerPool(transport.send)
    client = GraphClient(
        sender=sender,
        credential=create_credential(params, CredentialContext(cloud, sender, clock.now), memory),
        origin=cloud.graph,
        clock=clock,
        worker_pool=pool,
        report_progress=report_progress,
    )
    client.approval = ApprovalHook(approval, client)
    try:
        yield client
    finally:
        pool.close()
        transport.close()


def find_event_limit() -> int | None:
    """Return the maximum number of characters of a result that the job keeps in an event, or None without a limit."""
    return find_limit(os.environ)


def execute(
    spec: Spec,
    run: Run,
    params: t.Mapping[str, t.Any],
    *,
    check: bool,
    diff: bool,
    report_progress: ReportProgress = report_nothing,
    shows_result: bool = True,
    memory: TokenMemory | None = None,
) -> Json:
    """Return the result of a task. This is the only place that turns failures, including unexpected ones, into results.

    ``shows_result``: whether an event of the job shows the result, which may then be too large for it.
    """
    result: Json = {}
    try:
        with connect(params, report_progress=report_progress, memory=memory) as client:
            client.largest_result, client.shows_result = find_event_limit(), shows_result
            outcome = _run(run, params, client, check)
            # From here on there are results, and an exception must not discard them.
            result = outcome.describe(diff=diff)
            if outcome.failure is not None:
                result.update(describe_failure(with_missing_permissions(outcome.failure, spec.module, client, check=check)))
        return result
    except MissingLibraryError as failure:
        return {**describe_failure(failure), "msg": missing_required_lib(failure.library)}
    except IntuneError as failure:
        return describe_failure(failure)
    except Exception as failure:  # the last catch: a traceback does not help an operator, and may contain a secret
        return {**result, **describe_failure(InternalError(failure))}


def _run(run: Run, params: t.Mapping[str, t.Any], client: GraphClient, check: bool) -> Outcome:
    try:
        return run(params, client, check)
    except IntuneError as failure:
        # A task that failed halfway has changed something.
        return Outcome({}, changed=failure.effects == "partial", failure=failure)
    except Exception as failure:  # see execute(); at this point it is known whether something may have been written
        return Outcome({}, failure=InternalError(failure, effects="unknown" if client.has_written else "none"))


def with_missing_permissions(
    failure: IntuneError, module: str, client: GraphClient, *, check: bool = False, name: str | None = None
) -> IntuneError:
    """Return a 403 error with the module's permissions that the token lacks. Graph names them for some services only.

    A hint that names the permission of one request stays.

    :param check: whether the module ran in check mode, which only reads.
    :param name: the name of the plugin that needs them, if it is not the module.
    """
    if not isinstance(failure, ForbiddenError):
        return failure
    from . import _permissions as permissions

    try:
        claims = client.credential.identity()
    except IntuneError:
        # Without the token's claims, the failure itself is all the available information.
        return failure
    told = failure.hint if failure.names_permission else ""
    missing = [
        name for name in permissions.list_missing(module, permissions.parse_granted(claims), check=check) if name not in (told or "")
    ]
    if not missing:
        return failure
    if permissions.is_person_of_azure_cli(claims) and any(name.startswith(("DeviceManagement", "UserAuthMethod")) for name in missing):
        return failure.with_hint(permissions.PERSON_OF_AZURE_CLI)
    needed = f"the application permission {' and '.join(missing)}{' in check mode' if check else ''}, which the token does not have."
    if failure.names_permission:
        # Its hint says what to do already.
        return failure.with_more_advice(f"{name or module} also needs {needed}")
    return failure.with_hint(f"{name or module} needs {needed} {permissions.advise(missing)}")


def main(spec: Spec, run: Run) -> None:
    """Run a module in its own process."""
    module = AnsibleModule(argument_spec=spec.argument_spec, supports_check_mode=True, **spec.relations)
    result = find_refusal(spec, module) or execute(
        spec, run, module.params, check=module.check_mode, diff=module._diff, shows_result=not module.no_log
    )
    if spec.secrets:
        # The action plugin does this too, but not every task uses it.
        mark_secrets(result, spec.secrets, marks_entries=shows_entries(module.ansible_version))
    for warning in result.pop("warnings", []):
        module.warn(warning)
    maskable = choose_maskable(module.no_log_values)
    if maskable != module.no_log_values:
        # Remove all secrets from the arguments. In the rest of the result, a short secret would mask parts of names and IDs.
        result["invocation"] = remove_values({"module_args": module.params}, module.no_log_values)
        module.no_log_values = maskable
    if result.get("failed"):
        module.fail_json(**result)
    module.exit_json(**result)


def find_refusal(spec: Spec, module: AnsibleModule) -> Json | None:
    """Return the result of a task that would show a secret, reached by any plugin or redirect, or None for all others."""
    try:
        refuse_secrets(module.params)
        revealed = spec.list_revealed(module.params)
        if revealed:
            # A module does not know about async. Without no_log, it refuses here too.
            refuse_exposed(revealed, is_hidden=module.no_log, is_async=False, has_debug=module._debug)
    except InvalidOptionError as failure:
        # Results include the arguments.
        return {**describe_failure(failure), "invocation": {}}
    return None
