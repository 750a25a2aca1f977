"""Regular expressions in templates: RE2's, found anywhere in a text. Errors are worded as Go's package regexp does."""

import re
from functools import lru_cache
from typing import Any

import re2

from barograph.templates.budget import Budget, Pieces
from barograph.templates.values import to_bytes

_REFERENCE = re.compile(r"\$(?:(\$)|(\w+)|\{(\w+)\})")
_GO_WORDS = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "no argument for repetition operator": "missing argument to repetition operator",
    "bad repetition operator": "invalid nested repetition operator",
    "trailing \\": "trailing backslash at end of expression",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
}


class PatternError(ValueError):
    """A pattern is no regular expression of RE2."""


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:  # noqa: ANN401  re2 ships no types
    """Compile a pattern.

    Raises:
        PatternError: It is none.
    """
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(to_bytes(pattern).decode("utf-8", "replace"), options)
    except re2.error as error:
        told = error.args[0] if error.args else b""
        raise PatternError(f"error parsing regexp: {_go_words(told if isinstance(told, bytes) else b'')}") from error


def _go_words(told: bytes) -> str:
    what, colon, where = told.decode("utf-8", "replace").partition(": ")
    return _GO_WORDS.get(what, what) + (f": `{where}`" if colon else "")


def matches(pattern: str, text: str) -> bool:
    """Tell whether a pattern is found in a text."""
    return compiled(pattern).search(_clean(text)) is not None


def replace_all(budget: Budget, pattern: str, replacement: str, text: str) -> str:
    """Replace what a pattern finds; `$1`, `${1}` and `${name}` stand for groups."""
    try:
        expression = compiled(pattern)
    except PatternError as error:
        raise PatternError(f"regexp: Compile(`{pattern}`): {error}") from error
    text, pieces, end = _clean(text), Pieces(budget), -1
    kept = 0
    for found in expression.finditer(text):
        # a match takes as long as a step, however short it is
        budget.spend(1)
        # nothing right after a match is no match of its own
        if found.end() > end or found.start() == 0:
            pieces.add(text[kept : found.start()])
            _expand(pieces, replacement, found)
            kept = found.end()
        end = found.end()
    pieces.add(text[kept:])
    return pieces.text()


def _clean(text: str) -> str:
    return to_bytes(text).decode("utf-8", "replace")


def _expand(pieces: Pieces, replacement: str, found: Any) -> None:  # noqa: ANN401  re2 ships no types
    groups, place = found.re.groupindex, 0
    for reference in _REFERENCE.finditer(replacement):
        pieces.add(replacement[place : reference.start()])
        place = reference.end()
        name = reference[2] or reference[3]
        if reference[1]:
            pieces.add("$")
        elif name.isascii() and name.isdigit():
            number = int(name) if len(name) < 8 else found.re.groups + 1
            pieces.add((found.group(number) or "") if number <= found.re.groups else "")
        elif name in groups:
            pieces.add(found.group(groups[name]) or "")
    pieces.add(replacement[place:])
