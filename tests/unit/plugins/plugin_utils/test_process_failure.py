# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import typing as t

import pytest

from ansible_collections.endpointops.intune.plugins.plugin_utils._process_failure import describe_process_failure

PYTHON = "#!/opt/none/bin/python3"
MISSING = "the interpreter '/opt/none/bin/python3' was not found on the host"
HALF = '{"results": [{"passcode": "48151623"'


def describe(interpreter: str | None = PYTHON, **result: t.Any) -> str:
    return describe_process_failure(result, interpreter, "passcodes", "return_passcode")


@pytest.mark.parametrize(
    ("result", "words"),
    [
        pytest.param({"rc": 127, "module_stderr": "/bin/sh: 1: /opt/none/bin/python3: not found"}, MISSING, id="case 83: rc 127"),
        pytest.param({"rc": 127}, MISSING, id="case 83: rc 127 without a word"),
        pytest.param({"rc": 127, "module_stdout": "sh: /opt/none/bin/python3: No such file or directory\r\n"}, MISSING, id="on a terminal"),
        pytest.param(
            {"rc": 1, "module_stderr": "env: \u2018/opt/none/bin/python3\u2019: x\n/opt/none/bin/python3: not found"}, MISSING, id="rc 1"
        ),
        pytest.param({"rc": 126, "module_stderr": "Permission denied"}, "'/opt/none/bin/python3' cannot be executed", id="rc 126"),
        pytest.param({"rc": 1, "module_stderr": "sudo: a password is required"}, "become was refused, or needs a password", id="sudo"),
        pytest.param({"rc": 1, "module_stdout": "Sorry, try again.\r\nsudo: no password was provided"}, "become was refused", id="pty"),
        pytest.param({"rc": 1, "module_stderr": "su: Authentication failure"}, "become was refused", id="su"),
        pytest.param(
            {"rc": 2, "module_stderr": "python: can't open file '/t/AnsiballZ_x.py': [Errno 13] Permission denied"},
            "the module's file is missing or cannot be read",
            id="no file",
        ),
    ],
)
def test_a_module_that_did_not_begin_changed_nothing(result: dict[str, t.Any], words: str) -> None:
    text = describe(**result)
    assert words in text and f"(exit code {result['rc']})" in text
    assert "Nothing was changed." in text and "may have made changes" not in text


@pytest.mark.parametrize(
    ("result", "words"),
    [
        pytest.param({"rc": 137}, "it was killed by signal 9 (SIGKILL). A host that runs out of memory does this", id="rc 137"),
        pytest.param({"rc": -9}, "it was killed by signal 9 (SIGKILL)", id="rc -9"),
        pytest.param({"rc": 143}, "it was killed by signal 15 (SIGTERM).", id="rc 143"),
        pytest.param({"rc": 192}, "it was killed by signal 64.", id="a signal without a name"),
        pytest.param({"rc": 139, "module_stderr": "Segmentation fault"}, "signal 11 (SIGSEGV)", id="rc 139"),
        pytest.param({"rc": 1, "module_stderr": "OSError: [Errno 28] No space left on device"}, "the disk is full", id="full disk"),
        pytest.param({"rc": 1, "module_stderr": "Traceback ...\nMemoryError"}, "memory ran out", id="memory"),
        pytest.param({"rc": 1, "module_stderr": "[Errno 30] Read-only file system: '/tmp/x'"}, "read-only", id="read-only"),
        pytest.param({"rc": 1, "module_stderr": "match x:\n  ^\nSyntaxError: invalid"}, "the Python of the host is too", id="old"),
        pytest.param({"rc": 1, "module_stderr": "Traceback (most recent call last):\n  x"}, "Python raised an exception", id="traceback"),
        pytest.param({"rc": 0, "module_stdout": HALF}, "the output is not the JSON of a result", id="half a result"),
        pytest.param({"rc": 0, "module_stdout": ""}, "there is no output", id="nothing"),
        pytest.param({"rc": 3221225786}, "there is no output", id="a code of Windows"),
        pytest.param(
            {"rc": 1, "module_stdout": HALF + ', "msg": "a password is required"'}, "the output is not the JSON", id="words of a result"
        ),
    ],
)
def test_a_module_that_may_have_begun_may_have_made_changes(result: dict[str, t.Any], words: str) -> None:
    text = describe(**result)
    assert words in text and f"(exit code {result['rc']})" in text
    assert "It may have made changes before. Run the task again for their outcome." in text and "Nothing was" not in text
    assert text.endswith("To see the output, run the task in check mode without return_passcode.")


@pytest.mark.parametrize("code", [None, True, "x"])
def test_an_exit_code_that_is_none_is_left_out(code: t.Any) -> None:
    assert "exit code" not in describe(rc=code, module_stdout=HALF)


@pytest.mark.parametrize("code", [0, 1, 126, 127, 137, None])
@pytest.mark.parametrize("stream", ["module_stdout", "module_stderr"])
def test_nothing_of_the_output_is_shown(code: t.Any, stream: str) -> None:
    for output in (HALF, f"Traceback (most recent call last):\n{HALF}", f"48151623: /opt/none/bin/python3: not found {HALF}"):
        text = describe(rc=code, **{stream: output})
        assert "48151623" not in text and "It" in text
        assert "Its output may hold passcodes, so it is not shown." in text


@pytest.mark.parametrize("interpreter", [None, "", "#!"])
def test_an_interpreter_that_is_not_known_is_not_named(interpreter: str | None) -> None:
    assert "the interpreter was not found" in describe(interpreter, rc=127)
    assert "not found" not in describe(interpreter, rc=1, module_stderr="x: not found")


def test_a_long_output_is_searched_at_both_ends() -> None:
    assert "the disk is full" in describe(rc=1, module_stderr="No space left on device" + "x" * 5_000_000)
    assert "the disk is full" in describe(rc=1, module_stderr="x" * 5_000_000 + "No space left on device")
