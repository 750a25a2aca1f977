"""`barograph serve`: becomes the keeper by exec, so that what the command line imported is not kept in memory."""

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from barograph.cli.folder import default_data_folder

_EPILOG = """\b
Examples:
  barograph serve
  barograph serve --data ./data --listen 127.0.0.1:9000 --listen '[::1]:9000'"""


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command(epilog=_EPILOG)(serve)


def serve(
    # not `readable`: the keeper says who may not read what, and what to do about it
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", readable=False, help="Configuration file (YAML).")
    ] = None,
    data: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR",
            readable=False,
            help="Data folder. Default: /var/lib/barograph as root, else below ~/.local/state.",
        ),
    ] = None,
    listen: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDR:PORT", help="Address to listen on; repeats. Default: 127.0.0.1:10132."),
    ] = None,
    interval: Annotated[str | None, typer.Option(metavar="DURATION", help="How often to collect. Default: 1s.")] = None,
    procfs: Annotated[
        str | None, typer.Option("--path.procfs", metavar="DIR", help="Where the proc file system is. Default: /proc.")
    ] = None,
    sysfs: Annotated[
        str | None, typer.Option("--path.sysfs", metavar="DIR", help="Where the sys file system is. Default: /sys.")
    ] = None,
    rootfs: Annotated[
        str | None, typer.Option("--path.rootfs", metavar="DIR", help="Root of the host's file systems. Default: /.")
    ] = None,
    udev_data: Annotated[
        str | None, typer.Option("--path.udev.data", metavar="DIR", help="udev's database. Default: /run/udev/data.")
    ] = None,
    log_format: Annotated[
        str | None, typer.Option("--log.format", metavar="FORMAT", help="logfmt or json. Default: logfmt.")
    ] = None,
    log_level: Annotated[
        str | None,
        typer.Option("--log.level", metavar="LEVEL", help="debug, info, warning or error. Default: info."),
    ] = None,
) -> None:
    """Collect this machine every second, keep it, show it.

    Serves the page and the API on the addresses. Keeps 30 days of seconds, in at most 10 GiB or a tenth of the
    disk, whichever is less. SIGHUP reads the configuration again; SIGTERM ends with everything stored.

    On a terminal a log-in link is printed, else it is written to DIR/login-link.
    """
    folder = data or default_data_folder(os.environ, os.geteuid())
    # as app.config.ServeOptions; that is not imported, since this process is about to become another
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
    keeper = [sys.executable, "-P", "-m", "barograph.app.keeper"]
    os.execve(sys.executable, keeper, environment)  # noqa: S606  our own interpreter and module, no shell wanted
