# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The command `intune-emulator`."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from .control.env_file import find_default_env_file, read_env_file
from .control.presets import PRESETS, check_preset
from .control.seed_document import SeedFileError
from .control.seed_names import check_name, is_file
from .state.clock import parse_start
from .version import VERSION

if TYPE_CHECKING:
    from .control.seed_file import SeedFile

SERVE, START, ENV, STOP, PRESET_LIST, HEALTHCHECK = "serve", "start", "env", "stop", "presets", "healthcheck"
GLOBAL_OPTIONS = ("-h", "--help", "--version")
URL_VARIABLE, CA_VARIABLE = "EMULATOR_URL", "INTUNE_CA_PATH"
# As the certificate takes it. Names of containers can have an underscore.
HOST_NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,62}[A-Za-z0-9])?")
GREATEST_PORT = 65535
HEALTH_TIMEOUT_SECONDS = 5.0
DEFAULT_FILE = "default: intune-emulator/tenant.env in XDG_RUNTIME_DIR, else in XDG_CACHE_HOME, else in ~/.cache"


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code."""
    given = list(sys.argv[1:] if argv is None else argv)
    # `serve` is the default, so that its options can follow directly
    if not given or (given[0].startswith("-") and given[0] not in GLOBAL_OPTIONS):
        given.insert(0, SERVE)
    parser = _parser()
    arguments = parser.parse_args(given)
    if arguments.command == HEALTHCHECK:
        return _check_health(arguments)
    if arguments.command == PRESET_LIST:
        print("\n".join(f"{name}: {preset.description}" for name, preset in PRESETS.items()))
        return 0
    arguments.env_file = (arguments.env_file or find_default_env_file()).absolute()
    if arguments.command == ENV:
        return _print_env(arguments)
    if arguments.command == STOP:
        return _stop(arguments)
    return _serve(arguments, given, parser)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="intune-emulator", description="An emulated Microsoft tenant (Entra login, Microsoft Graph, Intune)."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    _add_serve(commands.add_parser(SERVE, help="serve a tenant until Ctrl+C (the default)"))
    _add_serve(commands.add_parser(START, help="start a tenant in the background; return when it is ready"))
    _add_env_file(commands.add_parser(ENV, help="print the variables of a running tenant, to be used with eval"))
    _add_env_file(commands.add_parser(STOP, help="stop a tenant, if it is running"))
    commands.add_parser(PRESET_LIST, help="list the presets: settings and faults by name")
    _add_healthcheck(commands.add_parser(HEALTHCHECK, help="exit with 0 when a tenant is ready, else with 1"))
    return parser


def _add_env_file(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env-file", type=Path, metavar="FILE", help=f"the file that the tenant wrote when it was ready ({DEFAULT_FILE})")


def _add_serve(parser: argparse.ArgumentParser) -> None:
    seeds = "empty, demo, helpdesk, fleet:N, or the path of a seed file such as tenant.yml (default: demo)"
    parser.add_argument("--seed", default="demo", help=seeds)
    parser.add_argument("--env-file", type=Path, metavar="FILE", help=f"write the variables here when ready ({DEFAULT_FILE})")
    parser.add_argument("--preset", default="", metavar="NAME", help=f"settings and faults by name: {', '.join(PRESETS)}")
    parser.add_argument("--now", type=_date_time, metavar="TIME", help="start of the clock: an ISO 8601 date-time (default: the real time)")
    parser.add_argument("--frozen", action="store_true", help="the clock stands still until the control API moves it")
    parser.add_argument("--host", type=_host_name, default="127.0.0.1", help="IPv4 address to listen on (default: 127.0.0.1)")
    parser.add_argument(
        "--host-name",
        type=_host_name,
        action="append",
        default=[],
        metavar="NAME",
        help="host name or address of the certificate, can be repeated; URLs have the first one (default: the address of --host)",
    )
    parser.add_argument("--port", type=_port, default=0, help="port of the tenant (default: a free one)")
    parser.add_argument("--control-port", type=_port, default=0, help="port of the control API (default: a free one)")
    parser.add_argument("--record", type=Path, help="append every Graph exchange to this file, one JSON object a line")
    parser.add_argument("--dir", type=Path, help="folder for certificates and keys (default: a temporary one, removed at the end)")
    parser.add_argument("--stop-at-eof", action="store_true", help="stop when standard input ends, such as with the process that holds it")


def _host_name(text: str) -> str:
    if not HOST_NAME.fullmatch(text):
        told = f"must be a host name or an IPv4 address, 64 characters at most, in letters, digits, hyphens, and dots, not {text!r}"
        raise argparse.ArgumentTypeError(told)
    return text


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 5 and int(text) <= GREATEST_PORT):
        raise argparse.ArgumentTypeError(f"must be a number from 0 to {GREATEST_PORT}, not {text!r}")
    return int(text)


def _date_time(text: str) -> datetime:
    try:
        return parse_start(text)
    except ValueError as error:
        told = f"must be an ISO 8601 date-time such as 2026-01-05T10:00:00Z, not {text!r}: {error}"
        raise argparse.ArgumentTypeError(told) from None


def _add_healthcheck(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--env-file", type=Path, metavar="FILE", help=f"the file of the tenant (default: the variables; without {URL_VARIABLE}, as for env)"
    )
    parser.add_argument("--url", help=f"URL of the control API (default: variable {URL_VARIABLE})")
    parser.add_argument("--ca-file", help=f"CA certificate of the tenant (default: variable {CA_VARIABLE})")
    parser.add_argument("--timeout", type=float, default=HEALTH_TIMEOUT_SECONDS, help="seconds to wait (default: 5)")


def _serve(arguments: argparse.Namespace, given: Sequence[str], parser: argparse.ArgumentParser) -> int:
    """Serve in the foreground or in the background, unless the tenant of the file is running."""
    try:
        arguments.seed = _read_seed(arguments.seed)
        if arguments.preset:
            check_preset(arguments.preset)
    except SeedFileError as error:
        return _tell_mistakes(error)
    except ValueError as error:
        parser.error(str(error))
    try:
        if arguments.env_file == find_default_env_file():
            arguments.env_file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if arguments.env_file.exists():
            from .control.running import describe_other

            if message := describe_other(arguments.env_file):
                return _fail(message)
        if arguments.command == START:
            return _start(given[1:], arguments.env_file)
        return _serve_here(arguments)
    except SeedFileError as error:
        return _tell_mistakes(error)
    except OSError as error:
        what = f"serve on {arguments.host}" if error.filename is None else f"write {error.filename}"
        return _fail(f"cannot {what}: {error}")


def _read_seed(seed: str) -> str | SeedFile:
    if is_file(seed):
        from .control.seed_file import load_seed_file

        return load_seed_file(Path(seed))
    try:
        return check_name(seed)
    except ValueError as error:
        raise ValueError(f"{error}, or a file such as seed.yml") from None


def _serve_here(arguments: argparse.Namespace) -> int:
    from concurrent.futures import ThreadPoolExecutor

    from .state.keys import Keys

    # making keys takes about as long as the imports of the server, so both run at the same time
    keys = ThreadPoolExecutor(1).submit(Keys)
    from .serve import OtherTenantError, ServeOptions, serve

    options = ServeOptions(
        seed=arguments.seed,
        host=arguments.host,
        host_names=arguments.host_name,
        port=arguments.port,
        control_port=arguments.control_port,
        env_file=arguments.env_file,
        record=arguments.record,
        folder=arguments.dir,
        stop_at_eof=arguments.stop_at_eof,
        start=arguments.now,
        frozen=arguments.frozen,
        preset=arguments.preset,
    )
    try:
        serve(options, keys.result())
    except OtherTenantError as error:
        return _fail(str(error))
    return 0


def _start(options: Sequence[str], env_file: Path) -> int:
    from .background import BackgroundError, start

    try:
        print(start(options, env_file))
    except BackgroundError as error:
        return _fail(str(error))
    return 0


def _stop(arguments: argparse.Namespace) -> int:
    from .background import BackgroundError, stop

    try:
        print(stop(arguments.env_file))
    except (BackgroundError, OSError) as error:
        return _fail(str(error))
    return 0


def _print_env(arguments: argparse.Namespace) -> int:
    from .control.env_file import render_exports
    from .control.running import NotRunningError, UnclearError, find_running

    try:
        tenant = find_running(arguments.env_file)
    except (NotRunningError, UnclearError) as error:
        return _fail(str(error))
    print(render_exports(tenant.variables), end="")
    return 0


def _check_health(arguments: argparse.Namespace) -> int:
    from .control.health import NoHealthError, fetch_health

    try:
        variables = _find_variables(arguments)
    except (OSError, ValueError) as error:
        return _not_ready(f"cannot read {arguments.env_file}: {error}")
    url, ca_file = arguments.url or variables.get(URL_VARIABLE), arguments.ca_file or variables.get(CA_VARIABLE)
    if not url:
        return _not_ready(f"no URL: set --url, --env-file or {URL_VARIABLE}, or start a tenant with `intune-emulator start`")
    try:
        health = fetch_health(url, ca_file, arguments.timeout)
    except NoHealthError as error:
        return _not_ready(str(error))
    print(f"ready: {health['origin']}, seed {health['seed']}, {health['devices']} devices")
    return 0


def _find_variables(arguments: argparse.Namespace) -> Mapping[str, str]:
    """Return the variables of the named file, else those of the environment, else those of the default file if it exists."""
    if arguments.env_file is None and (arguments.url or os.environ.get(URL_VARIABLE)):
        return os.environ
    if arguments.env_file is None and not find_default_env_file().exists():
        return {}
    arguments.env_file = arguments.env_file or find_default_env_file()
    return read_env_file(arguments.env_file)


def _not_ready(reason: str) -> int:
    print(f"not ready: {reason}", file=sys.stderr)
    return 1


def _tell_mistakes(error: ValueError) -> int:
    """Print the wrong lines of a seed file in the format of compilers; return the exit code for wrong options."""
    print(error, file=sys.stderr)
    return 2


def _fail(message: str) -> int:
    print(f"intune-emulator: {message}", file=sys.stderr)
    return 1
