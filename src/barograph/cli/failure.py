"""What a failed command says, on standard error, and its exit status."""

import os
import sys
from collections.abc import Iterable

from barograph.cli.terminal import LINES, visible
from barograph.model.errors import (
    BarographError,
    ConfigError,
    ExecutionError,
    LimitError,
    QueryCancelledError,
    QueryError,
    QueryTimeoutError,
)

_NOT_SO = (ExecutionError, LimitError, QueryTimeoutError, QueryCancelledError)
"""Refusals of an expression that is right: only its evaluation showed that it cannot be answered."""


class CommandError(BarographError):
    """A command's own refusal, already in words.

    Args:
        message: What is said.
        status: 1 where what was asked is not so, 2 for wrong use.
    """

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def status_of(error: BarographError) -> int:
    """Return a failure's exit status: 2 where the user wrote something wrong, else 1."""
    if isinstance(error, CommandError):
        return error.status
    if isinstance(error, QueryError):
        return 1 if isinstance(error, _NOT_SO) else 2
    return 2 if isinstance(error, ConfigError) else 1


def report_failure(error: Exception) -> int:
    """Say an error that is ours, or the machine's, and return the exit status; any other is a bug and is raised."""
    if isinstance(error, OSError):  # the disk that the output goes to is full, a file may not be read
        place = f"{error.filename}: " if error.filename else ""
        print(f"barograph: {visible(place)}{error.strerror or error}", file=sys.stderr)
        drop_output()
        return 1
    if not isinstance(error, BarographError):
        raise error
    text = str(error)
    if isinstance(error, ConfigError):
        text = text.removeprefix("configuration: ")  # a flag was wrong, and no file is to blame
    print(f"barograph: {visible(text, LINES)}", file=sys.stderr)  # a server's words may be among them
    return status_of(error)


def drop_output() -> None:
    """Send what is still to be written nowhere: the interpreter must not fail on it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def require_format(name: str, known: Iterable[str]) -> None:
    """Check the value of `--format`.

    Raises:
        CommandError: There is no such format.
    """
    if name not in known:
        raise CommandError(f"--format {name}: one of {', '.join(known)} is expected", 2)
