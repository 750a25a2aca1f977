"""`barograph check config FILE...`."""

from pathlib import Path
from typing import Annotated

import typer

from barograph.app.config import load_config
from barograph.cli.failure import CommandError
from barograph.model.errors import ConfigError

_EPILOG = """Examples:

  barograph check config barograph.yml

  barograph check config /etc/barograph/*.yml"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(help="Check files without starting anything.", no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_root)
    group.command("config", epilog=_EPILOG)(check_config)
    app.add_typer(group, name="check")


def _root() -> None:
    """Check files without starting anything."""


def check_config(files: Annotated[list[Path], typer.Argument(help="Configuration files.")]) -> None:
    """Check configuration files; each finding is `FILE:LINE:COLUMN: message`."""
    findings = 0
    for file in files:
        try:
            load_config(file, {})
        except ConfigError as error:
            print(error)
            findings += 1
    if findings:
        raise CommandError(f"of {len(files)} checked, {findings} cannot be used")
