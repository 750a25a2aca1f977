"""`barograph serve`: becomes the keeper by exec, so that what the command line imported is not kept in memory."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from barograph.cli.folder import default_data_folder

_EPILOG = """Examples:

  barograph serve

  barograph serve --data ./data --listen 127.0.0.1:9000 --listen '[::1]:9000'"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EPILOG)(serve)


def serve(
    config: Annotated[Path | None, typer.Option(help="Configuration file (YAML).")] = None,
    data: Annotated[
        Path | None,
        typer.Option(help="Data folder; default: /var/lib/barograph as root, else $XDG_STATE_HOME/barograph."),
    ] = None,
    listen: Annotated[
        list[str] | None, typer.Option(help="Address to listen on; repeats. Default: 127.0.0.1:10132.")
    ] = None,
    interval: Annotated[str | None, typer.Option(help="How often to collect. Default: 1s.")] = None,
    procfs: Annotated[str | None, typer.Option("--path.procfs", help="Where the proc file system is mounted.")] = None,
    sysfs: Annotated[str | None, typer.Option("--path.sysfs", help="Where the sys file system is mounted.")] = None,
    rootfs: Annotated[str | None, typer.Option("--path.rootfs", help="Root of the host's file systems.")] = None,
    udev_data: Annotated[str | None, typer.Option("--path.udev.data", help="udev's database.")] = None,
    log_format: Annotated[str | None, typer.Option("--log.format", help="logfmt or json.")] = None,
    log_level: Annotated[str | None, typer.Option("--log.level", help="debug, info, warning or error.")] = None,
) -> None:
    """Collect this machine's metrics every second, keep them, and serve the page and the API.

    Keeps 30 days of seconds, in at most 10 GiB or a tenth of the disk, whichever is less. SIGHUP reads the
    configuration again; SIGTERM ends with everything stored.
    """
    folder = data or default_data_folder(os.environ, os.geteuid())
    options = {
        "data": str(folder.absolute()),
        "config": str(config.absolute()) if config else None,
        "listen": listen or None,
        "interval": interval,
        "procfs": procfs,
        "sysfs": sysfs,
        "rootfs": rootfs,
        "udev_data": udev_data,
        "log_format": log_format,
        "log_level": log_level,
    }
    environment = {**os.environ, "BAROGRAPH_SERVE_OPTIONS": json.dumps(options)}
    keeper = [sys.executable, "-m", "barograph.app.keeper"]
    os.execve(sys.executable, keeper, environment)  # noqa: S606  our own interpreter and module, no shell wanted
