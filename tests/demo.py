# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Demonstrate the collection on an emulated tenant: `make demo`."""

from __future__ import annotations

import json
import os
import pathlib
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
import typing as t

from intune_emulator import EmulatorProcess

WIDTH = 80  # columns of a terminal
# Kept after the demo; make clean removes it.
REPORTS = pathlib.Path(".cache") / "demo"
JOURNAL = str(REPORTS / "resets.jsonl")
WHOLE: t.Any = {"break_long_words": False, "break_on_hyphens": False}
COLORED = re.compile(r"((?:\x1b\[[0-9;]*m)*)(.*?)((?:\x1b\[[0-9;]*m)*)$", re.DOTALL)
# Titles that do not describe the flow, and the error lines that ansible-core 2.19 and later print before the task's own line.
BEGINS_NOISE = re.compile(r"TASK \[\S+ : Validating arguments |\[ERROR\]: Task failed: ")
ENDS_NOISE = re.compile(r"(TASK \[|fatal: )")
ASSIGNED = {"pin_reset_assignments": [{"target": "all_devices"}]}
CATALOG = {**ASSIGNED, "pin_reset_policy_backend": "settings_catalog", "pin_reset_policy_settings": {"minimum_pin_length": 6}}
DEVICES = ["PHONE-HELPDESK-01", "PHONE-HELPDESK-02", "LT-BERLIN-014", "LT-ARCHIVE-001", "PHONE-FIELD-05", "PHONE-FIELD-06"]


class Step(t.NamedTuple):
    """A playbook to run, and its expected results: exit code, changed tasks, writes that reach the tenant, and printed words.

    ``has_check_in``: the devices of the emulated tenant check in before it.
    """

    what: str
    playbook: str
    variables: dict[str, t.Any]
    arguments: tuple[str, ...] = ()
    code: int = 0
    changed: int = 0
    writes: int = 0
    says: str = ""
    has_check_in: bool = False


STEPS = (
    Step("What would onboarding change? (check mode: nothing is written)", "onboard", ASSIGNED, ("--check", "--diff"), changed=2),
    Step("Onboard: connect the tenant to the PIN Reset Service, configure devices, verify", "onboard", ASSIGNED, changed=2, writes=6),
    Step("Onboard again: nothing changes", "onboard", ASSIGNED),
    Step(
        "Move the policy into Intune's settings catalog, and ask for longer PINs: made, assigned, and only then is the old one removed",
        "onboard",
        {**CATALOG, "pin_reset_policy_replace_custom": True},
        changed=1,
        writes=3,
    ),
    Step(
        "Reset the passcodes of six devices. Some are not supported and one is offline, so this one ends with an error, on purpose",
        "reset_passcode",
        {"pin_reset_devices": DEVICES, "pin_reset_wait_timeout": 8, "pin_reset_journal_path": JOURNAL},
        code=2,
        writes=5,
    ),
    Step("Is the tenant ready? No device has checked in since the policy was made", "verify", CATALOG, says="their PIN today?): no"),
    Step(
        "The devices check in, which takes about 8 hours in a real tenant. Is the tenant ready now?",
        "verify",
        CATALOG,
        says="their PIN today?): yes",
        has_check_in=True,
    ),
    Step(
        "Write a report, with the outcomes of the resets",
        "report",
        {**CATALOG, "pin_reset_report_directory": str(REPORTS), "pin_reset_report_journals": [JOURNAL]},
        changed=1,
    ),
)


def main() -> int:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    began = time.monotonic()
    REPORTS.mkdir(parents=True, exist_ok=True)
    for left in REPORTS.iterdir():
        left.unlink()
    with tempfile.TemporaryDirectory(prefix="intune-demo-") as folder, EmulatorProcess("demo") as emulator:
        health = emulator.control.health()
        show(f"An emulated tenant with {health['devices']} devices runs at {emulator.env['INTUNE_GRAPH_URL']} until the end of this demo.")
        good = all(run(step, number, emulator, pathlib.Path(folder)) for number, step in enumerate(STEPS, 1))
        if good:
            show_what_the_tenant_received(emulator)
            print(f"The report: {REPORTS}/pin-reset-report.html (.json and .csv beside it)")
    print(f"\n{'Done' if good else 'The demo FAILED'} in {time.monotonic() - began:.0f} s. The emulated tenant is stopped.")
    return 0 if good else 1


def run(step: Step, number: int, emulator: EmulatorProcess, folder: pathlib.Path) -> bool:
    """Return whether the playbook ended as expected."""
    command = ["ansible-playbook", "-i", "localhost,", f"endpointops.intune.{step.playbook}"]
    arguments = ["-e", json.dumps(step.variables), *step.arguments]
    print(f"\n{'=' * WIDTH}")
    show(f"{number}. {step.what}")
    # JSON may have a line end instead of a blank, so that the displayed command can be copied.
    print("$ " + "\n    ".join(textwrap.wrap(shlex.join(command) + " " + shlex.join(arguments), WIDTH - 6, **WHOLE)) + "\n", flush=True)
    if step.has_check_in:
        emulator.control.check_in()
    mark = emulator.control.mark()
    stats = folder / f"stats-{number}.txt"
    with open(stats, "w+", encoding="utf-8") as output:
        code = follow([*command, *arguments], environment(emulator, folder), output)
        output.seek(0)
        printed = output.read()
    recap = next((line for line in printed.splitlines() if "changed=" in line), "")
    changed, failed = (int(recap.split(f"{name}=")[1].split()[0]) if recap else -1 for name in ("changed", "failed"))
    writes = emulator.control.writes(mark)
    good = (code, changed, len(writes)) == (step.code, step.changed, step.writes) and step.says in printed
    seen = render_counts(code, changed, failed, writes)
    show(f"As expected: {seen}" if good else f"NOT as expected: {seen}")
    return good


def render_counts(code: int, changed: int, failed: int, writes: list[dict[str, t.Any]]) -> str:
    """Return the result of a step, and why a failed task with writes does not count as changed."""
    seen = f"exit code {code}, {_count(changed, 'task')} changed, {_count(len(writes), 'write')} reached the tenant."
    if failed < 1 or not writes:
        return seen
    resets = sum(write["path"].lower().endswith("resetpasscode") for write in writes)
    sent = f": {_count(resets, 'reset')} {'was' if resets == 1 else 'were'} sent" if resets else ""
    return f"{seen} Ansible does not count a failed task as changed{sent}."


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def follow(command: list[str], env: dict[str, str], copy: t.IO[str]) -> int:
    """Run a command; show its output as it comes and keep a copy. Stop it together with this process."""
    with subprocess.Popen(
        command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, text=True
    ) as process:
        try:
            for line in drop_noise(keep(process.stdout or (), copy)):
                print(fit(line.rstrip("\n")), flush=True)
            return process.wait()
        finally:
            if process.poll() is None:
                process.terminate()


def keep(lines: t.Iterable[str], copy: t.IO[str]) -> t.Iterator[str]:
    for line in lines:
        copy.write(line)
        yield line


def drop_noise(lines: t.Iterable[str]) -> t.Iterator[str]:
    """Yield the lines of Ansible's output without those that add nothing new."""
    is_noise = False
    for line in lines:
        text = t.cast(re.Match[str], COLORED.match(line)).group(2)
        is_noise = bool(BEGINS_NOISE.match(text)) or (is_noise and not ENDS_NOISE.match(text))
        if not is_noise:
            yield line


def show(text: str) -> None:
    print(textwrap.fill(text, WIDTH, **WHOLE), flush=True)


def fit(line: str) -> str:
    """Return a line of Ansible's output in a form that fits a terminal: wrapped, and only the beginning of a result as JSON."""
    color, text, end = t.cast(re.Match[str], COLORED.match(line)).groups()
    text = re.sub(r" \*{3,}$", lambda stars: stars.group()[: max(4, WIDTH - len(text) + len(stars.group()))], text)
    if len(text) <= WIDTH:
        return f"{color}{text}{end}"
    if text.startswith("fatal: "):
        return f"{color}{text[: WIDTH - 45]}... ({len(text)} characters, see the summary){end}"
    indent = text[: len(text) - len(text.lstrip(" +-"))]
    lines = textwrap.wrap(text[len(indent) :], WIDTH, initial_indent=indent, subsequent_indent=" " * (len(indent) + 4), **WHOLE)
    return "\n".join(f"{color}{one}{end}" for one in lines)


def environment(emulator: EmulatorProcess, folder: pathlib.Path) -> dict[str, str]:
    """Return an environment without the user's own connection or Ansible settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("INTUNE_", "AZURE_", "ANSIBLE_"))}
    ours = {
        "ANSIBLE_HOME": str(folder),
        "ANSIBLE_LOCALHOST_WARNING": "false",
        "ANSIBLE_INVENTORY_UNPARSED_WARNING": "false",
        "ANSIBLE_FORCE_COLOR": "true" if sys.stdout.isatty() else "false",
        # The summary at the end of each playbook is clearer than a raw result.
        "ANSIBLE_DISPLAY_FAILED_STDERR": "false",
        "PATH": f"{pathlib.Path(sys.executable).parent}:{os.environ.get('PATH', '')}",
    }
    return {**kept, **emulator.env, **ours}


def show_what_the_tenant_received(emulator: EmulatorProcess) -> None:
    resets = emulator.control.resets()
    print(f"\nWhat the tenant itself saw: {len(resets)} devices with a reset, {max(map(len, resets.values()))} each at the most.")
    print("To try more, start such a tenant, which says how to connect:\n  .venv/bin/intune-emulator start --seed demo")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("\nStopped. The emulated tenant is stopped too.")
        sys.exit(130)
