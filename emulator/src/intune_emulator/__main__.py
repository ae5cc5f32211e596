# Copyright: (c) 2026, Endpoint Ops
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`python -m intune_emulator`: serve an emulated tenant on 127.0.0.1 until SIGTERM or Ctrl+C."""

from __future__ import annotations

import argparse
import asyncio
import gc
import shutil
import signal
import sys
import tempfile
from pathlib import Path

from .control.control import Control
from .control.seeds import check_name
from .control.tenant import Keys, Tenant
from .entra.login_routes import IDENTITY_PATH
from .http.app import Application
from .http.journal import Recorder
from .http.server import Listener, Service
from .http.tls import make_authority, make_server_certificate, write_private

READY = "The emulated tenant is ready."


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m intune_emulator", description="An emulated Microsoft tenant (Entra login and Graph) on 127.0.0.1."
    )
    parser.add_argument("--seed", default="demo", help="empty, demo or fleet:N (default: demo)")
    parser.add_argument("--env-file", type=Path, help="write the variables here when ready")
    parser.add_argument("--port", type=int, default=0, help="port of the tenant (default: a free one)")
    parser.add_argument("--record", type=Path, help="append every Graph exchange to this file, one JSON object a line")
    parser.add_argument("--dir", type=Path, help="folder for certificates and keys (default: a temporary one, removed at the end)")
    arguments = parser.parse_args(argv)
    try:
        check_name(arguments.seed)
    except ValueError as error:
        parser.error(str(error))
    return arguments


def _write_files(folder: Path, keys: Keys, federated_token: str) -> None:
    write_private(folder / "client.pem", keys.client.key_pem() + keys.client.certificate_pem())
    write_private(folder / "client.pfx", keys.client.pfx(keys.passphrase))
    write_private(folder / "federated-token", federated_token)


def _variables(folder: Path, tenant: Tenant, control_port: int) -> dict[str, str]:
    return {
        "INTUNE_GRAPH_URL": tenant.origin,
        "INTUNE_AUTHORITY_URL": tenant.origin,
        "INTUNE_CA_PATH": str(folder / "ca.pem"),
        "INTUNE_TENANT_ID": tenant.tenant_id,
        "INTUNE_CLIENT_ID": tenant.client_id,
        "INTUNE_CLIENT_SECRET": tenant.keys.client_secret,
        "EMULATOR_URL": f"https://127.0.0.1:{control_port}",
        "EMULATOR_DIR": str(folder),
        "EMULATOR_CERTIFICATE_PEM": str(folder / "client.pem"),
        "EMULATOR_CERTIFICATE_PFX": str(folder / "client.pfx"),
        "EMULATOR_CERTIFICATE_PASSPHRASE": tenant.keys.passphrase,
        "EMULATOR_FEDERATED_TOKEN": str(folder / "federated-token"),
        "EMULATOR_MSI_ENDPOINT": f"{tenant.origin}{IDENTITY_PATH}",
        "EMULATOR_MSI_SECRET": tenant.keys.identity_header,
    }


def _announce(tenant: Tenant, env_file: Path | None, variables: dict[str, str]) -> None:
    print(f"{READY} Seed {tenant.seed}: {len(tenant.devices)} devices.", flush=False)
    print(f"  Graph and login  {tenant.origin}   tenant {tenant.tenant_id}")
    print(f"  Control API      {variables['EMULATOR_URL']}/_emulator/health")
    if env_file:
        print(f"  To use it:       set -a; . {env_file}; set +a")
    else:
        print("  To use it, set:")
        for name, value in variables.items():
            print(f"    {name}={value}")
    print("  Stop with Ctrl+C.", flush=True)


async def _serve(arguments: argparse.Namespace, folder: Path) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    authority = make_authority()
    server = make_server_certificate(authority)
    (folder / "ca.pem").write_bytes(authority.certificate_pem())
    certificate = folder / "server.pem"
    certificate.write_bytes(server.certificate_pem())
    key = write_private(folder / "server.key", server.key_pem())

    # the origin is known only after the port is taken
    holder: list[Application] = []

    async def front(scope, receive, send):
        await holder[0](scope, receive, send)

    listeners = Listener(front, certificate, key, arguments.port), Listener(front, certificate, key, 0)
    tenant = Tenant(f"https://127.0.0.1:{listeners[0].port}", arguments.seed)
    # a large fleet is not gone through again at each collection
    gc.freeze()
    tenant.recorder = Recorder(arguments.record)
    _write_files(folder, tenant.keys, tenant.federated_token)
    service, control = Service(*listeners), Control(tenant)
    control.refuse, control.admit = service.refuse, service.admit
    holder.append(Application(tenant, control.application(), service.refuse))
    await service.start()
    variables = _variables(folder, tenant, listeners[1].port)
    if arguments.env_file:
        write_private(arguments.env_file, "".join(f"{name}={value}\n" for name, value in variables.items()))
    _announce(tenant, arguments.env_file, variables)
    await stop.wait()
    await service.stop()
    tenant.recorder.close()


def main(argv: list[str] | None = None) -> int:
    """Exit code 0 after a clean stop."""
    arguments = _arguments(argv)
    folder = arguments.dir or Path(tempfile.mkdtemp(prefix="emulated-tenant-"))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        asyncio.run(_serve(arguments, folder.resolve()))
    finally:
        if arguments.dir is None:
            shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
