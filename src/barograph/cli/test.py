"""`barograph test rules FILE...`."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import re2
import typer

from barograph.app.rule_files import read_rule_file
from barograph.app.yaml_source import parse_yaml
from barograph.cli.failure import CommandError
from barograph.cli.terminal import visible
from barograph.model.clock import SystemClock
from barograph.model.errors import ConfigError, QueryError
from barograph.model.matcher import compile_regex
from barograph.rules.group import RuleFile
from barograph.rules.trial.reading import TrialFile, read_trial
from barograph.rules.trial.running import run_trial

_EPILOG = """\b
Examples:
  barograph test rules tests.yml
  barograph test rules --run 'disk' tests/*.yml"""


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(epilog=_EPILOG, no_args_is_help=True, rich_markup_mode=None)
    group.callback()(_root)
    group.command("rules", epilog=_EPILOG)(test_rules)
    app.add_typer(group, name="test")


def _root() -> None:
    """Run unit tests of rules."""


def test_rules(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", readable=False, help="promtool's unit-test files.")],
    run: Annotated[
        list[str] | None,
        typer.Option("--run", metavar="REGEX", help="Run only groups of tests whose name it matches. Repeats."),
    ] = None,
) -> None:
    """Run unit-test files of rules, in the form of promtool and with its words, on the evaluator that runs live.

    A file names rule files, series, and the alerts and values that should come of them at some instants. Everything
    that failed is told; the exit status is 1 then.
    """
    patterns = [_pattern(text) for text in run or []]
    # every file is run, whatever came of those before it
    passed = [_test(file, patterns) for file in files]
    if not all(passed):
        raise typer.Exit(1)


def _pattern(text: str) -> "re2._Regexp":
    try:
        return compile_regex(text)
    except QueryError as error:
        raise CommandError(error.message, status=2) from error


def _test(file: Path, patterns: Sequence["re2._Regexp"]) -> bool:
    """Run one file, and tell how it went."""
    print(f"Unit Testing:  {visible(str(file))}", flush=True)
    failures = _failures(file, patterns)
    if failures:
        print("  FAILED:", file=sys.stderr)
        for failure in failures:
            print(visible(failure, "\n"), file=sys.stderr, flush=True)
            print()
    else:
        print("  SUCCESS")
    print(flush=True)
    return not failures


def _failures(file: Path, patterns: Sequence["re2._Regexp"]) -> list[str]:
    try:
        trial = _read(file)
        rules = _rules(trial, file.parent)
    except ConfigError as error:
        return [str(error)]
    except _RuleFileError as error:
        return error.findings
    clock = SystemClock()
    return [
        failure
        for group in trial.groups
        if not patterns or any(pattern.search(group.name) for pattern in patterns)
        for failure in run_trial(trial, rules, clock, group)
    ]


class _RuleFileError(Exception):
    """A rule file that a test names has mistakes."""

    def __init__(self, findings: list[str]) -> None:
        super().__init__()
        self.findings = findings


def _read(file: Path) -> TrialFile:
    try:
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"the file cannot be read: {reason}", file=str(file)) from error
    document = parse_yaml(text, str(file), only_first=True, as_texts=True)
    return read_trial(document.values, document.error)


def _rules(trial: TrialFile, folder: Path) -> list[RuleFile]:
    loaded: dict[Path, RuleFile] = {}
    findings: list[str] = []
    for name in trial.rule_files:
        for file in _named(name, folder):
            checked = read_rule_file(file)
            findings += [str(finding) for finding in checked.findings]
            loaded[file] = RuleFile(name=str(file), groups=checked.groups)
    if findings:
        raise _RuleFileError(findings)
    return list(loaded.values())


def _named(name: str, folder: Path) -> list[Path]:
    """Return the files of a pattern; it is relative to the test file."""
    path = folder / name
    root = Path(path.anchor or ".")
    found = sorted(root.glob(str(path.relative_to(root))))  # a name that is no pattern matches itself
    if not found:
        print(f"  WARNING: no file match pattern {visible(str(path))}", file=sys.stderr)
    return found
