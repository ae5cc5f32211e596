# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# This file is private to the endpointops.intune collection: it may change in any release.

"""Describe the failure of a module's process without a result. The message quotes nothing of its output, which may contain secrets."""

from __future__ import annotations

import dataclasses
import re
import typing as t

CANNOT_RUN, NOT_FOUND, SIGNALS = 126, 127, range(129, 193)  # exit codes of a shell
KILL = 9
NAMES = {1: "SIGHUP", 2: "SIGINT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", KILL: "SIGKILL", 11: "SIGSEGV", 13: "SIGPIPE", 15: "SIGTERM"}
LONGEST_OUTPUT = 100_000  # characters to search from each end
SET_INTERPRETER = "Set ansible_python_interpreter to a Python of the host, version 3.10 or later."


@dataclasses.dataclass(frozen=True)
class Cause:
    """The cause of a missing result. ``has_begun``: whether the module may have started its work."""

    text: str
    hint: str = ""
    has_begun: bool = True


# Output of programs that run before the module. It counts only if the output contains nothing of a result.
BEFORE = (
    (
        re.compile(r"password is required|no password was provided|incorrect password|Authentication failure|not in the sudoers file"),
        Cause("become was refused, or needs a password", "Check become_method, become_user, and become_password.", has_begun=False),
    ),
    (
        re.compile(r"can't open file '[^']*AnsiballZ_"),
        Cause("the module's file is missing or cannot be read", "Check remote_tmp and become_user.", has_begun=False),
    ),
)
# Output that can occur at any time.
ANY_TIME = (
    (re.compile(r"No space left on device|Disk quota exceeded"), Cause("the disk is full", "Make room in remote_tmp and in /tmp.")),
    (re.compile(r"\bMemoryError\b|Cannot allocate memory"), Cause("memory ran out", "Give the host more memory, or name fewer devices.")),
    (re.compile(r"Read-only file system"), Cause("a file system is read-only", "Set remote_tmp to a folder that can be written.")),
    (re.compile(r"\bSyntaxError: "), Cause("the Python of the host is too old", SET_INTERPRETER)),
    (re.compile(r"^Traceback \(most recent call last\)", re.MULTILINE), Cause("Python raised an exception")),
)


def describe_process_failure(result: t.Mapping[str, t.Any], interpreter: str | None, nouns: str, options: str) -> str:
    """Return the message for a process whose output is not a result.

    :param result: as Ansible returns it, with ``rc``, ``module_stdout``, and ``module_stderr``, which are not quoted.
    :param interpreter: the first line of the module's file, with the intended interpreter.
    :param nouns: the secrets that the output may contain, and ``options``: the options that request them.
    """
    code = result.get("rc")
    known = isinstance(code, int) and not isinstance(code, bool)
    cause = _find_cause(code if known else None, _read_output(result), (interpreter or "").lstrip("#!").strip())
    done = "It may have made changes before. Run the task again for their outcome." if cause.has_begun else "Nothing was changed."
    sentences = (
        f"The module's process ended without a result{f' (exit code {code})' if known else ''}: {cause.text}.",
        f"Its output may hold {nouns}, so it is not shown.",
        done,
        cause.hint,
        f"To see the output, run the task in check mode without {options}." if cause.has_begun else "",
    )
    return " ".join(sentence for sentence in sentences if sentence)


def _read_output(result: t.Mapping[str, t.Any]) -> str:
    texts = [str(result.get(name) or "") for name in ("module_stderr", "module_stdout")]
    return "\n".join(text[:LONGEST_OUTPUT] + "\n" + text[LONGEST_OUTPUT:][-LONGEST_OUTPUT:] for text in texts)


def _find_cause(code: int | None, output: str, interpreter: str) -> Cause:
    named = f"the interpreter '{interpreter}'" if interpreter else "the interpreter"
    missing = rf"{re.escape(interpreter)}['\"]?: (?:No such file or directory|not found|command not found)" if interpreter else r"(?!)"
    if code == NOT_FOUND or re.search(missing, output):
        return Cause(f"{named} was not found on the host", SET_INTERPRETER, has_begun=False)
    if code == CANNOT_RUN:
        return Cause(f"{named} cannot be executed", f"Check its permissions. {SET_INTERPRETER}", has_begun=False)
    number = None if code is None else -code if code < 0 else code - 128 if code in SIGNALS else None
    if number is not None:
        because = ". A host that runs out of memory does this" if number == KILL else ""
        return Cause(f"it was killed by signal {number}{f' ({NAMES[number]})' if number in NAMES else ''}{because}")
    signs = ANY_TIME if "{" in output else (*BEFORE, *ANY_TIME)
    found = next((cause for pattern, cause in signs if pattern.search(output)), None)
    return found or Cause("the output is not the JSON of a result" if output.strip() else "there is no output")
