"""`barograph check config FILE...`."""

from pathlib import Path
from typing import Annotated

import typer

from barograph.app.config import load_config
from barograph.cli.failure import CommandError, require_format
from barograph.cli.terminal import to_json, visible
from barograph.model.errors import ConfigError

_EPILOG = """\b
Examples:
  barograph check config barograph.yml
  barograph check config --format json /etc/barograph/*.yml"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(epilog=_EPILOG, no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_root)
    group.command("config", epilog=_EPILOG)(check_config)
    app.add_typer(group, name="check")


def _root() -> None:
    """Check files without starting anything."""


def check_config(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", readable=False, help="Configuration files.")],
    output_format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json.")] = "text",
) -> None:
    """Check configuration files.

    A finding is FILE:LINE:COLUMN: MESSAGE. It is the check that `serve` makes at its start and at each reload, with no
    variables of the environment.
    """
    require_format(output_format, ("text", "json"))
    findings = [finding for file in files if (finding := _check(file)) is not None]
    if output_format == "json":
        print(to_json([_plain(finding) for finding in findings]))
    else:
        for finding in findings:
            print(visible(str(finding)))
    if findings:
        raise CommandError(f"{len(findings)} of {len(files)} cannot be used")


def _check(file: Path) -> ConfigError | None:
    try:
        load_config(file, {})
    except ConfigError as error:
        return error
    return None


def _plain(finding: ConfigError) -> dict[str, str | int]:
    return {
        "file": finding.file,
        "line": finding.line,
        "column": finding.column,
        "path": finding.path,
        "message": finding.message,
    }
