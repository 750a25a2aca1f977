"""Matcher: a label name, one of `= != =~ !~`, and a value. Regular expressions are RE2's, fully anchored."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import re2

from barograph.model.errors import QueryError
from barograph.model.labels import Labels, escape_value

MOST_STEPS = 5_000
"""Of a regular expression with counted repetitions, as RE2 compiles it: about a quarter of a millisecond for a text of
ten characters, where nothing helps."""
_COUNTED = re2.compile(r"\{[0-9]+(?:,[0-9]*)?\}")


class MatchOp(StrEnum):
    """The four kinds of matcher."""

    EQUAL = "="
    NOT_EQUAL = "!="
    REGEX = "=~"
    NOT_REGEX = "!~"


@dataclass(frozen=True, slots=True)
class Matcher:
    """One condition on one label; an absent label has the empty value."""

    name: str
    op: MatchOp
    value: str
    _pattern: Any = field(default=None, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.op in (MatchOp.REGEX, MatchOp.NOT_REGEX):
            object.__setattr__(self, "_pattern", compile_regex(self.value))

    def matches(self, value: str) -> bool:
        """Tell whether a label value (empty where the label is absent) satisfies this matcher."""
        if self.op is MatchOp.EQUAL:
            return value == self.value
        if self.op is MatchOp.NOT_EQUAL:
            return value != self.value
        found = self._pattern.fullmatch(value) is not None
        return found if self.op is MatchOp.REGEX else not found

    @property
    def matches_empty(self) -> bool:
        """Whether series without the label match: such a matcher alone selects nothing by itself."""
        return self.matches("")

    def __str__(self) -> str:
        return f'{self.name}{self.op.value}"{escape_value(self.value)}"'


def matches_all(matchers: tuple[Matcher, ...], labels: Labels) -> bool:
    """Tell whether labels satisfy every matcher."""
    return all(matcher.matches(labels.get(matcher.name)) for matcher in matchers)


def compile_regex(pattern: str, *, captures: bool = False) -> Any:  # noqa: ANN401  re2 ships no types
    """Compile a user's regular expression with RE2 (linear time, so no ReDoS).

    `.` matches newlines, as Prometheus compiles matchers. The time of a match is bound by the length of the text times
    that of the compiled pattern, and counted repetitions multiply the latter: so where there are any it has a limit.

    Raises:
        QueryError: The pattern is no RE2 regular expression, or repeats too much.
    """
    options = re2.Options()
    options.dot_nl = True
    options.log_errors = False
    options.never_capture = not captures
    try:
        compiled = re2.compile(pattern, options)
    except UnicodeEncodeError as error:  # half a character, such as a byte that is no UTF-8 leaves
        raise QueryError(f"bad regular expression {pattern!r}: invalid UTF-8") from error
    except re2.error as error:
        reason = error.args[0].decode() if error.args and isinstance(error.args[0], bytes) else str(error)
        raise QueryError(f"bad regular expression {pattern!r}: {reason}") from error
    if compiled.programsize > MOST_STEPS and _COUNTED.search(pattern) is not None:
        words = f"its counted repetitions make {compiled.programsize:,} steps, {MOST_STEPS:,} is the most"
        raise QueryError(f"bad regular expression {pattern!r}: {words}: use smaller counts")
    return compiled
