"""An error and the text it is about -> words and a caret, for a terminal. Called by the command line and by reports."""

import unicodedata

from barograph.model.errors import QueryError


def locate(text: str, position: int) -> tuple[int, int]:
    """Return the 1-based line and column (in characters) of a position in `text`."""
    line = text.count("\n", 0, position) + 1
    return line, position - (text.rfind("\n", 0, position) + 1) + 1


def format_error(text: str, error: QueryError) -> str:
    """Show where in `text` an error is.

    Returns:
        `line:column: message`, then the line of the expression and a line with carets below what is to blame; only the
        message where the error has no position.
    """
    if error.position is None or error.end is None:
        return error.message
    # what is missing at the end is missing after the last word, not after the blanks behind it
    start = min(error.position, len(text.rstrip()))
    line, column = locate(text, start)
    shown = text.split("\n")[line - 1]
    before = shown[: column - 1]
    blamed = shown[column - 1 : column - 1 + max(error.end - start, 1)]
    indent = "".join(["\t" if character == "\t" else " " * _width(character) for character in before])
    carets = "^" * max(sum(_width(character) for character in blamed), 1)
    return f"{line}:{column}: {error.message}\n{shown}\n{indent}{carets}"


def _width(character: str) -> int:
    """Columns of a terminal that a character takes."""
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
