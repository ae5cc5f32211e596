# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""Serve an emulated tenant over HTTPS until SIGTERM or Ctrl+C."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import shutil
import signal
import tempfile
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from .application import create_application
from .control.env_file import PID, add_env_file, find_default_env_file, remove_env_file, write_env_file, write_private
from .control.guard import TOKEN
from .control.readiness import describe_tenant
from .control.running import describe_other
from .control.seed_file import SeedFile
from .control.seeds import make_tenant
from .entra.login_routes import IDENTITY_PATH
from .http.server import LOOPBACK, Listener, Listeners, bind
from .http.tls import make_authority, make_server_certificate
from .state.clock import Clock
from .state.journal import Recorder
from .state.keys import Keys, random_text
from .state.notices import Notices
from .state.tenant import Tenant

ANY_ADDRESS = "0.0.0.0"


class OtherTenantError(Exception):
    """The tenant of the file is running; with the reason, and what to do."""


@dataclass(frozen=True)
class ServeOptions:
    """Options of the command. Port 0 takes a free one; `folder` None: a temporary one, removed at the end like `env_file`."""

    seed: str | SeedFile = "demo"
    host: str = LOOPBACK
    host_names: Sequence[str] = ()
    port: int = 0
    control_port: int = 0
    env_file: Path = field(default_factory=find_default_env_file)
    record: Path | None = None
    start: datetime | None = None
    frozen: bool = False
    preset: str = ""
    folder: Path | None = None
    stop_at_eof: bool = False

    @property
    def names(self) -> list[str]:
        """Return the names of the certificate without duplicates; the first one is in the URLs."""
        own = [self.host] if self.host != ANY_ADDRESS else []
        return list(dict.fromkeys([*self.host_names, *own, LOOPBACK, "localhost"]))


def serve(options: ServeOptions, keys: Keys) -> None:
    """Serve until SIGTERM or SIGINT."""
    folder = options.folder or Path(tempfile.mkdtemp(prefix="emulated-tenant-"))
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        asyncio.run(_serve(options, keys, folder.resolve()))
    finally:
        if options.folder is None:
            shutil.rmtree(folder, ignore_errors=True)
        # last: `intune-emulator stop` waits for it
        remove_env_file(options.env_file, os.getpid())


async def _serve(options: ServeOptions, keys: Keys, folder: Path) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    if options.stop_at_eof:
        threading.Thread(target=_wait_for_eof, args=(loop, stop), daemon=True).start()
    certificate, key = _write_server_certificate(folder, options.names)
    tenant_listener, control_listener = (
        Listener(bind(options.host, port), certificate, key) for port in (options.port, options.control_port)
    )
    host = options.names[0]
    clock = Clock(options.start, options.frozen)
    tenant = make_tenant(f"https://{host}:{tenant_listener.port}", options.seed, keys, clock, preset=options.preset)
    # the garbage collector need not examine a large fleet again
    gc.freeze()
    tenant.recorder = Recorder(options.record)
    tenant.notices = Notices(_print_line)
    _write_credentials(folder, tenant)
    seed_file = options.seed if isinstance(options.seed, SeedFile) else None
    listeners = Listeners(tenant_listener, control_listener)
    variables = _variables(folder, tenant, f"https://{host}:{control_listener.port}")
    application = create_application(
        tenant,
        listeners.refuse_connections,
        listeners.accept_connections,
        seed_file=seed_file,
        host_names=options.names,
        control_token=variables[TOKEN],
    )
    await listeners.start(application)
    try:
        publish(options.env_file, variables)
    except OtherTenantError:
        await listeners.stop()
        raise
    health = {"seed": tenant.seed, "devices": len(tenant.devices), "origin": tenant.origin, "tenant_id": tenant.tenant_id}
    print(f"{describe_tenant(health, variables['EMULATOR_URL'], options.env_file)}\n  Stop with Ctrl+C.", flush=True)
    await stop.wait()
    await listeners.stop()
    tenant.recorder.close()


def publish(env_file: Path, variables: Mapping[str, str]) -> None:
    """Write the variables; OtherTenantError when a tenant has written its own since this one was started."""
    try:
        add_env_file(env_file, variables)
    except FileExistsError:
        if message := describe_other(env_file):
            raise OtherTenantError(message) from None
        write_env_file(env_file, variables)
    except OSError:
        # not all file systems have hard links
        write_env_file(env_file, variables)


def _print_line(line: str) -> None:
    # a closed reader, such as `head`, must not fail the request: the journal has the same text
    with contextlib.suppress(BrokenPipeError):
        print(line, flush=True)


def _wait_for_eof(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Read standard input to its end, and then stop the server."""
    # not sys.stdin, because its lock would be held when the interpreter ends
    while os.read(0, 4096):
        pass
    loop.call_soon_threadsafe(stop.set)


def _write_server_certificate(folder: Path, names: Sequence[str]) -> tuple[Path, Path]:
    """Write the CA and the server's certificate and key; return the paths of the last two."""
    authority = make_authority()
    server = make_server_certificate(authority, names)
    (folder / "ca.pem").write_bytes(authority.certificate_pem())
    certificate = folder / "server.pem"
    certificate.write_bytes(server.certificate_pem())
    return certificate, write_private(folder / "server.key", server.key_pem())


def _write_credentials(folder: Path, tenant: Tenant) -> None:
    keys = tenant.keys
    write_private(folder / "client.pem", keys.client.key_pem() + keys.client.certificate_pem())
    write_private(folder / "client.pfx", keys.client.pfx(keys.passphrase))
    write_private(folder / "federated-token", tenant.federated_token)


def _variables(folder: Path, tenant: Tenant, control_url: str) -> dict[str, str]:
    return {
        "INTUNE_GRAPH_URL": tenant.origin,
        "INTUNE_AUTHORITY_URL": tenant.origin,
        "INTUNE_CA_PATH": str(folder / "ca.pem"),
        "INTUNE_TENANT_ID": tenant.tenant_id,
        "INTUNE_CLIENT_ID": tenant.client_id,
        "INTUNE_CLIENT_SECRET": tenant.keys.client_secret,
        "EMULATOR_URL": control_url,
        TOKEN: random_text(),
        PID: str(os.getpid()),
        "EMULATOR_DIR": str(folder),
        "EMULATOR_CERTIFICATE_PEM": str(folder / "client.pem"),
        "EMULATOR_CERTIFICATE_PFX": str(folder / "client.pfx"),
        "EMULATOR_CERTIFICATE_PASSPHRASE": tenant.keys.passphrase,
        "EMULATOR_FEDERATED_TOKEN": str(folder / "federated-token"),
        "EMULATOR_MSI_ENDPOINT": f"{tenant.origin}{IDENTITY_PATH}",
        "EMULATOR_MSI_SECRET": tenant.keys.identity_header,
    }
