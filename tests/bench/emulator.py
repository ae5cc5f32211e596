# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The emulated tenant itself: how soon it is ready, how many requests a second it answers, and its memory with a very large fleet."""

from __future__ import annotations

import os
import pathlib
import socket
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
import typing as t
from urllib.parse import urlsplit

from intune_emulator import EmulatorProcess

from .figures import Figure
from .plan import Plan

FLEET = 1000
CONNECTIONS = 8
PASSES = 3
DEVICES = "/v1.0/deviceManagement/managedDevices"
COMMAND = [sys.executable, "-m", "intune_emulator"]


def emulator(plan: Plan) -> list[Figure]:
    return [_start(plan), *_requests(plan), *_memory(plan)]


def _start(plan: Plan) -> Figure:
    """Measure `start` as one types it, from the command to its end, with compiled modules as an installation has them."""
    with tempfile.TemporaryDirectory(prefix="intune-bench-") as folder:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": f"{folder}/compiled", "XDG_RUNTIME_DIR": folder}
        times = []
        # the first one compiles
        for _round in range(1 + plan.repeats):
            begin = time.monotonic()
            subprocess.run([*COMMAND, "start"], env=environment, check=True, capture_output=True)
            times.append(time.monotonic() - begin)
            subprocess.run([*COMMAND, "stop"], env=environment, check=True, capture_output=True)
    note = f"from {min(times[1:]):.2f} to {max(times[1:]):.2f} s; the first one, which compiles: {times[0]:.2f} s"
    return Figure("intune-emulator start until ready", statistics.median(times[1:]), " s", most=1.0, note=note)


def _requests(plan: Plan) -> t.Iterator[Figure]:
    """Measure with one client process beside the tenant's, over connections that are kept."""
    with EmulatorProcess(f"fleet:{FLEET}") as process:
        process.control.settings(quota=False)
        device = f"{DEVICES}/{process.control.devices()[0]['id']}"
        for what, method, path, least in (
            ("device read", "GET", device, 1000.0),
            ("device found by name", "GET", f"{DEVICES}?$filter=deviceName%20eq%20'FLEET-000007'&$select=id,deviceName", 1000.0),
            ("reset sent", "POST", f"{device}/resetPasscode", 1000.0),
            ("page of 20 devices read", "GET", f"{DEVICES}?$top=20", None),
        ):
            before = _processor_time(process.pid)
            begin = time.monotonic()
            number = _send(process, method, path, plan.requests)
            rate = number / (time.monotonic() - begin)
            note = f"{number / (_processor_time(process.pid) - before):.0f} a second of the tenant's processor time"
            yield Figure(f"{what}, requests a second", rate, least=least, note=note)


def _send(process: EmulatorProcess, method: str, path: str, number: int) -> int:
    """Send requests over some connections in turn, and return how many were answered."""
    address = urlsplit(process.env["INTUNE_GRAPH_URL"])
    context = ssl.create_default_context(cafile=process.env["INTUNE_CA_PATH"])
    head = f"{method} {path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Bearer {process.control.token()}\r\n"
    request = f"{head}Accept: application/json\r\nContent-Length: 0\r\n\r\n".encode()
    host, port = address.hostname or "", address.port or 0
    connections = [context.wrap_socket(socket.create_connection((host, port)), server_hostname=host) for _each in range(CONNECTIONS)]
    try:
        for _round in range(number // CONNECTIONS):
            for connection in connections:
                connection.sendall(request)
            for connection in connections:
                _receive(connection)
    finally:
        for connection in connections:
            connection.close()
    return number // CONNECTIONS * CONNECTIONS


def _receive(connection: ssl.SSLSocket) -> None:
    """Read one response with the status 200 or 204."""
    received = b""
    while b"\r\n\r\n" not in received:
        received += connection.recv(65536)
    head, _separator, body = received.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    if lines[0].split()[1] not in (b"200", b"204"):
        raise RuntimeError(received.decode(errors="replace"))
    length = next((int(line.split(b":")[1]) for line in lines if line.startswith(b"content-length:")), 0)
    while len(body) < length:
        body += connection.recv(65536)


def _memory(plan: Plan) -> t.Iterator[Figure]:
    """Measure after the start, and again when each device has been read by a client."""
    with EmulatorProcess(f"fleet:{plan.tenant}") as process:
        yield Figure(f"memory with {plan.tenant} devices", _resident(process.pid), " MB", most=200.0)
        for _pass in range(PASSES):
            _read_all(process, plan.tenant)
        note = "each device has been read three times"
        yield Figure(f"memory with {plan.tenant} devices in use", _resident(process.pid), " MB", most=200.0, note=note)


def _read_all(process: EmulatorProcess, devices: int) -> None:
    # imported here: the other figures do without
    import requests

    with requests.Session() as session:
        session.trust_env, session.verify = False, process.env["INTUNE_CA_PATH"]
        session.headers["Authorization"] = f"Bearer {process.control.token()}"
        process.control.settings(quota=False)
        link, number = f"{process.env['INTUNE_GRAPH_URL']}{DEVICES}", 0
        while link:
            page = session.get(link).json()
            number += len(page["value"])
            link = page.get("@odata.nextLink", "")
    if number != devices:
        raise RuntimeError(f"{number} devices were read")


def _processor_time(pid: int) -> float:
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _resident(pid: int) -> float:
    lines = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024
