# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Compare the tenant that the environment names with the emulated one: ``make live``.

INTUNE_*: how to connect, as for the modules. LIVE_WRITE=1: also create, change, and remove. LIVE_DEVICE: one device to read, and with
LIVE_WRITE=1 to reset. LIVE_PREFIX: beginning of the names of created objects. LIVE_REPORT: the file for the report.
"""

from __future__ import annotations

import os
import pathlib
import signal
import sys
import tempfile
import typing as t
import uuid

from .guard import Guard
from .recorder import Descriptions
from .report import render
from .run import Run, RunError, Runner, Wanted
from .shapes import make_readers
from .sides import Side, make_emulated, make_service
from .tasks import Task

CLOUDS = ("global", "us_gov_l4", "us_gov_l5", "china")
PREFIX = "PIN reset live test"
REPORT = "tests/output/live-report.md"
MakeEmulated = t.Callable[[Descriptions, list[str] | None], Side]


def main(environment: t.Mapping[str, str], make: MakeEmulated = make_emulated, say: t.Callable[[str], None] = print) -> int:
    """Run, write the report, and return the exit code: 0 for a complete run, regardless of findings; 1 if objects remain; 2 for none."""
    with tempfile.TemporaryDirectory(prefix="intune-live-") as locks:
        name = f"{environment.get('LIVE_PREFIX') or PREFIX} {uuid.uuid4().hex[:8]}"
        wanted = Wanted(name, environment.get("LIVE_WRITE") == "1", environment.get("LIVE_DEVICE") or None, locks)
        descriptions = Descriptions(*make_readers())
        service = make_service(descriptions, Guard(may_write=wanted.may_write))
        try:
            runner = make_runner(service, descriptions, wanted, make, say)
        except RunError as problem:
            say(str(problem))
            return 2
        try:
            run = runner.run()
        except RunError as problem:
            say(str(problem))
            return 2
        finally:
            report_left(runner.left, say)
            report_refused(service.guard.refused, say)
    path = pathlib.Path(environment.get("LIVE_REPORT") or REPORT)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(render(run.comparison, cloud=show_cloud(environment), modes=list_modes(wanted), skipped=run.skipped), encoding="utf-8")
    say(describe(run, path))
    return 1 if run.left or service.guard.refused else 0


def make_runner(service: Side, descriptions: Descriptions, wanted: Wanted, make: MakeEmulated, say: t.Callable[[str], None]) -> Runner:
    """Sign in, and return the runner with an emulated tenant whose token has the same permissions; raise RunError if that fails."""
    result = service.run(Task("sign in", "intune_connection_info", {}))
    if result.get("failed"):
        raise RunError(f"{result['msg']} Set the INTUNE_* variables of a tenant for tests.")
    service.log.exchanges.clear()
    roles = result["connection"]["roles"]
    say(f"Signed in to {result['connection']['tenant_name'] or result['connection']['tenant_id']}.")
    return Runner(service, make(descriptions, roles), wanted, roles, say)


def list_modes(wanted: Wanted) -> list[str]:
    """Return the allowed modes of the run."""
    modes = ["reads"] + (["reads of one device"] if wanted.device else [])
    if wanted.may_write:
        modes += ["creates, changes, and removals"] + (["a reset of one device"] if wanted.device else [])
    return modes


def show_cloud(environment: t.Mapping[str, str]) -> str:
    """Return the name of the cloud, if it is a known one."""
    cloud = environment.get("INTUNE_CLOUD") or "global"
    return cloud if cloud in CLOUDS else "another one"


def report_left(left: t.Sequence[str], say: t.Callable[[str], None]) -> None:
    """List the objects that the run could not remove; keep them out of the report, because the names belong to the tenant."""
    if left:
        say("Could not remove, or could not see it removed. Delete by hand, in Intune, what is there of:")
        for name in left:
            say(f"  {name}")


def report_refused(refused: t.Sequence[str], say: t.Callable[[str], None]) -> None:
    """Report the forbidden requests that a task tried to send: they are a mistake in the collection, or in these tests."""
    if refused:
        say("Not sent, since this run must not send it:")
        for target in refused:
            say(f"  {target}")


def describe(run: Run, path: pathlib.Path) -> str:
    """Return the results of the run, for the terminal."""
    number = len(run.comparison.differences)
    return f"Compared {run.comparison.operations} operations, found {number} differences. Report, to read before you attach it: {path}"


def interrupt(_number: int, _frame: object) -> t.NoReturn:
    """End like an interruption from the keyboard, which removes the created objects."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, interrupt)
    try:
        sys.exit(main(os.environ))
    except KeyboardInterrupt:
        sys.exit(130)
