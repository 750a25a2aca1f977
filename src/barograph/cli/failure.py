"""What a failed command says, on standard error, and its exit status."""

import sys

from barograph.model.errors import BarographError, ConfigError, ParseError, TypeMismatchError

_WRONG_USE = (ConfigError, ParseError, TypeMismatchError)


class CommandError(BarographError):
    """A command's own refusal, already in words.

    Args:
        message: What is said.
        status: 1 where what was asked is not so, 2 for wrong use.
    """

    def __init__(self, message: str, status: int = 1) -> None:
        super().__init__(message)
        self.status = status


def report_failure(error: Exception) -> int:
    """Say an error that is ours and return the exit status; anything else is a bug and shows its traceback."""
    if not isinstance(error, BarographError):
        raise error
    print(f"barograph: {error}", file=sys.stderr)
    if isinstance(error, CommandError):
        return error.status
    return 2 if isinstance(error, _WRONG_USE) else 1
