"""The command `barograph`: which commands there are, and what their failures exit with (docs of exit codes: --help)."""

import importlib
import os
import sys
from collections.abc import Sequence

import click
import typer

from barograph.cli.failure import report_failure

COMMANDS: dict[str, str] = {
    "serve": "barograph.cli.serve",
    "collect": "barograph.cli.collect",
    "query": "barograph.cli.query",
    "check": "barograph.cli.check",
    "config": "barograph.cli.config_schema",
    "version": "barograph.cli.version",
}
"""Every command and its module. Only the module of the command that runs is imported: numpy alone costs 0.1 s."""

_HELP = """Host monitoring you install once and keep.

Exit status: 0 done, 1 failed (what was asked is not so), 2 wrong use or configuration, 130 interrupted."""


def build(names: Sequence[str]) -> typer.Typer:
    """Return the application with these commands."""
    app = typer.Typer(
        help=_HELP,
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
        rich_markup_mode=None,
        context_settings={"help_option_names": ["-h", "--help"]},
    )

    @app.callback()
    def root() -> None:
        """Nothing to do; makes a single command a subcommand all the same."""

    root.__doc__ = _HELP
    for name in names:
        importlib.import_module(COMMANDS[name]).register(app)
    return app


def run(arguments: Sequence[str]) -> int:
    """Run a command line; returns the exit status."""
    asked = next((argument for argument in arguments if not argument.startswith("-")), "")
    app = build([asked] if asked in COMMANDS else list(COMMANDS))
    command = typer.main.get_command(app)
    try:
        outcome = command.main(args=list(arguments), prog_name="barograph", standalone_mode=False)
    except click.ClickException as error:
        error.show(sys.stderr)
        return 2
    except (click.Abort, KeyboardInterrupt):
        return 130
    except BrokenPipeError:
        # whoever read has enough; the interpreter must not complain when it flushes at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except Exception as error:
        return report_failure(error)
    return outcome if isinstance(outcome, int) else 0


def main() -> None:
    """Entry point of the console script."""
    sys.exit(run(sys.argv[1:]))
