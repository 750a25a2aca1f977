"""`barograph check config FILE...` and `barograph check rules FILE...`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from barograph.app.config import load_config
from barograph.app.rule_files import read_rule_file
from barograph.cli.failure import CommandError, require_format
from barograph.cli.terminal import to_json, visible
from barograph.model.errors import ConfigError

_EPILOG = """\b
Examples:
  barograph check config barograph.yml
  barograph check config --format json /etc/barograph/*.yml"""

_RULES_EPILOG = """\b
Examples:
  barograph check rules alerts.yml
  barograph check rules --format json /etc/prometheus/rules/*.yml"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(epilog=_EPILOG, no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_root)
    group.command("config", epilog=_EPILOG)(check_config)
    group.command("rules", epilog=_RULES_EPILOG)(check_rules)
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
    _tell(findings, output_format)
    if findings:
        raise CommandError(f"{len(findings)} of {len(files)} cannot be used")


def check_rules(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", readable=False, help="Prometheus' rule files.")],
    output_format: Annotated[str, typer.Option("--format", metavar="FORMAT", help="text or json.")] = "text",
) -> None:
    """Check rule files.

    A finding is FILE:LINE:COLUMN: MESSAGE; all of a file are told. Keys, names, durations, expressions are looked at,
    and the templates of alerts' labels and annotations. What is allowed but odd goes to standard error.
    """
    require_format(output_format, ("text", "json"))
    read = [read_rule_file(file) for file in files]
    _tell([finding for checked in read for finding in checked.findings], output_format)
    for warning in (warning for checked in read for warning in checked.warnings):
        print(f"barograph: warning: {visible(str(warning))}", file=sys.stderr)
    bad = sum(bool(checked.findings) for checked in read)
    if bad:
        raise CommandError(f"{bad} of {len(files)} cannot be used")


def _tell(findings: Sequence[ConfigError], output_format: str) -> None:
    if output_format == "json":
        print(to_json([_plain(finding) for finding in findings]))
    else:
        for finding in findings:
            print(visible(str(finding)))


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
