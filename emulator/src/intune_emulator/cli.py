# Copyright: (c) 2026, Endpoint Ops
# MIT License (see LICENSE or https://opensource.org/license/mit)
# SPDX-License-Identifier: MIT
"""The command `intune-emulator`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from .version import VERSION

SERVE, HEALTHCHECK = "serve", "healthcheck"
GLOBAL_OPTIONS = ("-h", "--help", "--version")
URL_VARIABLE, CA_VARIABLE = "EMULATOR_URL", "INTUNE_CA_PATH"
HEALTH_TIMEOUT_SECONDS = 5.0


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
    return _serve(arguments, parser)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="intune-emulator", description="An emulated Microsoft tenant (Entra login, Microsoft Graph, Intune)."
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {VERSION}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    _add_serve(commands.add_parser(SERVE, help="serve a tenant until Ctrl+C (the default)"))
    _add_healthcheck(commands.add_parser(HEALTHCHECK, help="exit with 0 when a tenant is ready, else with 1"))
    return parser


def _add_serve(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--seed", default="demo", help="empty, demo, helpdesk or fleet:N (default: demo)")
    parser.add_argument("--env-file", type=Path, help="write the variables here when ready")
    parser.add_argument("--host", default="127.0.0.1", help="IPv4 address to listen on (default: 127.0.0.1)")
    parser.add_argument(
        "--host-name",
        action="append",
        default=[],
        metavar="NAME",
        help="host name or address of the certificate, can be repeated; URLs have the first one (default: the address of --host)",
    )
    parser.add_argument("--port", type=int, default=0, help="port of the tenant (default: a free one)")
    parser.add_argument("--control-port", type=int, default=0, help="port of the control API (default: a free one)")
    parser.add_argument("--record", type=Path, help="append every Graph exchange to this file, one JSON object a line")
    parser.add_argument("--dir", type=Path, help="folder for certificates and keys (default: a temporary one, removed at the end)")


def _add_healthcheck(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--env-file", type=Path, help="the file that `serve --env-file` writes")
    parser.add_argument("--url", help=f"URL of the control API (default: variable {URL_VARIABLE})")
    parser.add_argument("--ca-file", help=f"CA certificate of the tenant (default: variable {CA_VARIABLE})")
    parser.add_argument("--timeout", type=float, default=HEALTH_TIMEOUT_SECONDS, help="seconds to wait (default: 5)")


def _serve(arguments: argparse.Namespace, parser: argparse.ArgumentParser) -> int:
    # here, so that the health check, which runs often, does not import the server
    from .control.seeds import check_name
    from .serve import ServeOptions, serve

    try:
        check_name(arguments.seed)
    except ValueError as error:
        parser.error(str(error))
    options = ServeOptions(
        seed=arguments.seed,
        host=arguments.host,
        host_names=arguments.host_name,
        port=arguments.port,
        control_port=arguments.control_port,
        env_file=arguments.env_file,
        record=arguments.record,
        folder=arguments.dir,
    )
    try:
        serve(options)
    except OSError as error:
        print(f"intune-emulator: cannot serve on {options.host}: {error}", file=sys.stderr)
        return 1
    return 0


def _check_health(arguments: argparse.Namespace) -> int:
    from .control.client import ControlClient, ControlError, read_env_file

    try:
        variables: Mapping[str, str] = read_env_file(arguments.env_file) if arguments.env_file else os.environ
    except (OSError, ValueError) as error:
        return _not_ready(f"cannot read {arguments.env_file}: {error}")
    url, ca_file = arguments.url or variables.get(URL_VARIABLE), arguments.ca_file or variables.get(CA_VARIABLE)
    if not url:
        return _not_ready(f"no URL: set --url, --env-file or {URL_VARIABLE}")
    client = ControlClient(url, ca_file, timeout_seconds=arguments.timeout)
    try:
        health = client.health()
    except (ControlError, OSError) as error:
        return _not_ready(f"{url} does not respond: {error}")
    finally:
        client.close()
    if not isinstance(health, dict) or health.get("status") != "ok":
        return _not_ready(f"{url} is not an emulated tenant")
    print(f"ready: {health['origin']}, seed {health['seed']}, {health['devices']} devices")
    return 0


def _not_ready(reason: str) -> int:
    print(f"not ready: {reason}", file=sys.stderr)
    return 1
