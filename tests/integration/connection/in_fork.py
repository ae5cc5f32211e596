# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Run modules without starting a Python for each, which is most of the time of a small module."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
import typing as t

from ansible.plugins.connection.local import Connection as LocalConnection

DOCUMENTATION = """
name: in_fork
short_description: Runs modules in a fork of the process that holds the connection
description: Runs modules as the connection local does with pipelining, without starting a new Python.
extends_documentation_fragment: connection_pipelining
options: {}
"""


class Connection(LocalConnection):
    transport = "in_fork"
    has_pipelining = True

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        if in_data is None:
            return super().exec_command(cmd, in_data, sudoable)
        with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
            child = os.fork()
            if child == 0:
                _run(in_data, output.fileno(), errors.fileno())
            status = os.waitpid(child, 0)[1]
            output.seek(0)
            errors.seek(0)
            return os.waitstatus_to_exitcode(status), output.read(), errors.read()


def _run(module: bytes, output: int, errors: int) -> t.NoReturn:
    """Run a module like ``python`` with the module on its standard input."""
    code = 1
    try:
        os.dup2(output, 1)
        os.dup2(errors, 2)
        sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", closefd=False)
        exec(compile(module, "<stdin>", "exec"), {"__name__": "__main__", "__file__": "<stdin>"})
        code = 0
    except SystemExit as end:
        code = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
