"""The nodes of an expression. Immutable; each carries its span, in characters of the expression text.

Durations (ranges, offsets, subquery steps) are ordinary nodes too, restricted to literals, `+ - * / % ^`, parentheses
and the functions `step`, `range`, `min_of`, `max_of`; their value is in seconds.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from barograph.model.matcher import Matcher


class ValueType(StrEnum):
    """The types an expression can have."""

    SCALAR = "scalar"
    VECTOR = "instant vector"
    MATRIX = "range vector"
    STRING = "string"


class Span(NamedTuple):
    """Start (inclusive) and end (exclusive), in characters."""

    start: int
    end: int


class Cardinality(StrEnum):
    """How the two sides of a binary operator match."""

    ONE_TO_ONE = "one-to-one"
    MANY_TO_ONE = "many-to-one"
    ONE_TO_MANY = "one-to-many"
    MANY_TO_MANY = "many-to-many"


class RangeMode(StrEnum):
    """Extended range selectors (`anchored`, `smoothed`); NONE is the ordinary selector."""

    NONE = ""
    ANCHORED = "anchored"
    SMOOTHED = "smoothed"


class AtKind(StrEnum):
    """What `@` names."""

    TIMESTAMP = "timestamp"
    START = "start"
    END = "end"


@dataclass(frozen=True, slots=True)
class At:
    """The `@` modifier; `timestamp_ms` counts for TIMESTAMP only."""

    kind: AtKind
    timestamp_ms: int
    span: Span


@dataclass(frozen=True, slots=True)
class NumberLiteral:
    """A number, or a duration written as one (`is_duration`): `5m` is 300."""

    value: float
    is_duration: bool
    span: Span


@dataclass(frozen=True, slots=True)
class StringLiteral:
    """A string, unescaped."""

    value: str
    span: Span


@dataclass(frozen=True, slots=True)
class Paren:
    """An expression in parentheses."""

    expr: "Expr"
    span: Span


@dataclass(frozen=True, slots=True)
class Unary:
    """`+` or `-` before an expression."""

    op: str
    expr: "Expr"
    span: Span


@dataclass(frozen=True, slots=True)
class VectorMatching:
    """`on`/`ignoring`, `group_left`/`group_right` and the fill modifiers."""

    cardinality: Cardinality
    on: bool
    labels: tuple[str, ...]
    include: tuple[str, ...]
    fill_left: float | None
    fill_right: float | None


@dataclass(frozen=True, slots=True)
class Binary:
    """A binary operator, as written (`+`, `==`, `and`, `atan2`, `</` and `>/` trim ...).

    `matching` is None unless both sides are vectors; it is a default one then where nothing was written.
    """

    op: str
    lhs: "Expr"
    rhs: "Expr"
    matching: VectorMatching | None
    return_bool: bool
    op_span: Span
    span: Span


@dataclass(frozen=True, slots=True)
class VectorSelector:
    """`name{matchers} offset d @ t`. `matchers` includes the one on `__name__` where a name is written.

    `name` is empty where the braces name the metric, as in `{"my.metric"}`.
    """

    name: str
    matchers: tuple[Matcher, ...]
    offset: "Expr | None"
    at: At | None
    mode: RangeMode
    span: Span


@dataclass(frozen=True, slots=True)
class MatrixSelector:
    """`selector[range]`; offset, `@` and mode stand on the inner selector."""

    selector: VectorSelector
    range: "Expr"
    span: Span


@dataclass(frozen=True, slots=True)
class Subquery:
    """`expr[range:step]`; `step` is None where the default is meant."""

    expr: "Expr"
    range: "Expr"
    step: "Expr | None"
    offset: "Expr | None"
    at: At | None
    span: Span


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`op by (grouping) (param, expr)`; `without` inverts the grouping."""

    op: str
    expr: "Expr"
    param: "Expr | None"
    grouping: tuple[str, ...]
    without: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Call:
    """A function call; in a duration also `step`, `range`, `min_of`, `max_of`."""

    function: str
    args: tuple["Expr", ...]
    name_span: Span
    span: Span


Expr = (
    NumberLiteral
    | StringLiteral
    | Paren
    | Unary
    | Binary
    | VectorSelector
    | MatrixSelector
    | Subquery
    | Aggregate
    | Call
)
