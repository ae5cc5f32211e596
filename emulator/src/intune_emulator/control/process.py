# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""An emulated tenant as a process, for tests and demonstrations."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from .env_file import read_env_file
from .intune_tenant import IntuneTenant
from .readiness import READY_LINE

START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 15.0


class EmulatorProcess(IntuneTenant):
    """An emulated tenant in its own process: `with EmulatorProcess("demo") as emulator:`.

    `seed`: a name, or the path of a seed file. `arguments`: further options of `intune-emulator serve`. `stop` ends the process; otherwise
    it ends when this process ends for any reason.
    """

    def __init__(
        self,
        seed: str | Path = "demo",
        *,
        record: Path | None = None,
        port: int = 0,
        now: str | None = None,
        frozen: bool = False,
        preset: str | None = None,
        python: str = sys.executable,
        arguments: Sequence[str] = (),
    ) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="emulator-process-"))
        self._env_file = self._folder / "env"
        self._command = [
            python,
            "-m",
            "intune_emulator",
            "--seed",
            str(seed.absolute()) if isinstance(seed, Path) else seed,
            "--env-file",
            str(self._env_file),
            "--port",
            str(port),
            "--stop-at-eof",
            *arguments,
        ]
        if record:
            self._command += ["--record", str(record.resolve())]
        if now:
            self._command += ["--now", now]
        if frozen:
            self._command.append("--frozen")
        if preset:
            self._command += ["--preset", preset]
        self._process: subprocess.Popen[str] | None = None
        self._lines: list[str] = []
        self._ready = threading.Event()
        self.env = {}

    def start(self) -> EmulatorProcess:
        """Start the process, and wait until it is ready."""
        self._process = subprocess.Popen(
            self._command,
            # held open, and closed by the system when this process ends
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            # Ctrl+C must only reach this process, which still needs the tenant for its cleanup
            start_new_session=True,
        )
        threading.Thread(target=self._read, daemon=True).start()
        try:
            self._ready.wait(START_TIMEOUT_SECONDS)
            if not self._env_file.exists():
                raise RuntimeError("the emulator did not start:\n" + "".join(self._lines))
            self.connect(read_env_file(self._env_file))
        except BaseException:
            self.stop()
            raise
        return self

    def _read(self) -> None:
        """Read the output to its end; stop waiting at the ready line or at the end of the process."""
        process = self._process
        if process is None or process.stdout is None:
            return
        for line in process.stdout:
            self._lines.append(line)
            if line.startswith(READY_LINE):
                self._ready.set()
        self._ready.set()

    @property
    def pid(self) -> int:
        """Return the process id."""
        if self._process is None:
            raise RuntimeError("not started")
        return self._process.pid

    @property
    def output(self) -> str:
        """Return the output so far."""
        return "".join(self._lines)

    def stop(self) -> int | None:
        """Stop the process and return its exit code; None if it was not started."""
        process, self._process = self._process, None
        code = None
        if process is not None:
            if hasattr(self, "control"):
                self.control.close()
            process.terminate()
            if process.stdin is not None:
                process.stdin.close()
            try:
                code = process.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                code = process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)
        return code

    def __enter__(self) -> EmulatorProcess:
        return self.start()

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()
