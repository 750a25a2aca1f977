"""The command `barograph`: which commands there are, and what their failures exit with (docs/cli.md says both)."""

import importlib
import io
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import typer

from barograph.cli.failure import drop_output, report_failure


@dataclass(frozen=True, slots=True)
class CommandEntry:
    """A command: the module that adds it, and its line in the list of commands."""

    module: str
    summary: str


COMMANDS: dict[str, CommandEntry] = {
    "serve": CommandEntry("barograph.cli.serve", "Collect this machine every second, keep it, show it."),
    "collect": CommandEntry("barograph.cli.collect", "Print one sample of this machine as Prometheus text."),
    "who": CommandEntry("barograph.cli.who", "Show who did it: the busiest processes of any second."),
    "query": CommandEntry("barograph.cli.query", "Evaluate a PromQL expression at an instant or over a range."),
    "store": CommandEntry("barograph.cli.store", "Look after what is stored."),
    "check": CommandEntry("barograph.cli.check", "Check files without starting anything."),
    "test": CommandEntry("barograph.cli.test", "Run unit tests of rules."),
    "rules": CommandEntry("barograph.cli.rules", "Show the rules that thresholds come to."),
    "alerts": CommandEntry("barograph.cli.alerts", "See what fires, and have it."),
    "silence": CommandEntry("barograph.cli.silence", "Keep alerts quiet for a time."),
    "notify": CommandEntry("barograph.cli.notify", "See who is told, and try it."),
    "config": CommandEntry("barograph.cli.config_schema", "Describe the configuration file."),
    "user": CommandEntry("barograph.cli.user", "Add people, change them, let them in."),
    "token": CommandEntry("barograph.cli.token", "Make and revoke tokens for programs."),
    "audit": CommandEntry("barograph.cli.audit", "Read and verify who did what."),
    "doctor": CommandEntry("barograph.cli.doctor", "Say what works, what is missing and what is open to whom."),
    "version": CommandEntry("barograph.cli.version", "Print the version of Barograph and of what it stands on."),
}
"""Every command. Only the module of the command that runs is imported: all of them cost ten times as much as one."""

_HELP = """Host monitoring you install once and keep.

Exit status: 0 done, 1 failed (what was asked is not so), 2 wrong use or configuration, 130 interrupted."""
_EPILOG = """\b
Examples:
  barograph serve --data ./data
  barograph query 'rate(node_cpu_seconds_total[1m])'"""


def build(name: str) -> typer.Typer:
    """Return the application with one command, or, where there is none of that name, with the list of all."""
    app = typer.Typer(
        help=_HELP,
        epilog=_EPILOG,
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
    if name in COMMANDS:
        importlib.import_module(COMMANDS[name].module).register(app)
        return app
    for listed, entry in COMMANDS.items():
        app.command(listed, help=entry.summary)(_listed)
    return app


def _listed() -> None:
    """Stand for a command in the list of commands; it is not run."""


def run(arguments: Sequence[str]) -> int:
    """Run a command line; returns the exit status."""
    asked = next((argument for argument in arguments if not argument.startswith("-")), "")
    command = typer.main.get_command(build(asked))
    return _guarded(lambda: command.main(args=list(arguments), prog_name="barograph", standalone_mode=False))


def _guarded(work: Callable[[], object]) -> int:
    try:
        outcome = work()
        sys.stdout.flush()  # here, where a reader that is gone can still be noticed
    except typer.TyperException as error:
        return _report_use(error)
    except (typer.Abort, KeyboardInterrupt):
        return 130
    except (BrokenPipeError, SystemExit):  # typer turns the first into the second; no command of ours exits by itself
        drop_output()
        return 0
    except Exception as error:
        return report_failure(error)
    return outcome if isinstance(outcome, int) else 0


def _report_use(error: typer.TyperException) -> int:
    """Say what is wrong with a command line, in the words of all our errors; the help stays a help."""
    text = error.format_message()
    context = getattr(error, "ctx", None)
    if "\n" in text:  # no arguments at all: what it says is the help
        print(text, file=sys.stderr)
    else:
        path = "barograph" if context is None else context.command_path
        print(f"barograph: {text[:1].lower()}{text[1:].rstrip('.')}; `{path} --help` says more", file=sys.stderr)
    return 2


def main() -> None:
    """Entry point of the console script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):  # a name that this locale cannot write is shown, not a crash
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(sys.argv[1:]))
