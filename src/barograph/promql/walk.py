"""A look over a tree: what it selects from the store, and what is made of that. Estimates what a query will cost."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from barograph.model.matcher import Matcher
from barograph.promql.ast import (
    Aggregate,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    NumberLiteral,
    Paren,
    Subquery,
    Unary,
    VectorSelector,
)
from barograph.promql.parser.duration import duration_s

_HOUR_MS = 3_600_000
_SAMPLE_MS = 1000
"""Assumed of series: a sample a second."""
_CELL_POINTS = {
    "double_exponential_smoothing": 1 / 4,
    "mad_over_time": 1 / 2,
    **dict.fromkeys(("deriv", "predict_linear", "quantile_over_time"), 1 / 8),
    **dict.fromkeys(("stddev_over_time", "stdvar_over_time"), 1 / 16),
    **dict.fromkeys(("avg_over_time", "max_over_time", "min_over_time", "sum_over_time"), 1 / 64),
    **dict.fromkeys(("ts_of_max_over_time", "ts_of_min_over_time"), 1 / 32),
}
"""Functions that look at every sample of every window, and how many points of an answer cost as much as one look.

Measured with windows of an hour at 10,000 steps; all others look at a few samples of each, or at each sample once.
"""
_NUMBER_POINTS = 1 / 16
_COUNTED_POINTS = 1 / 4


@dataclass(frozen=True, slots=True)
class Selection:
    """A leaf of a tree.

    Attributes:
        matchers: What it selects.
        range_ms: How far before the first step it reaches; None: the lookback.
        points: What is made of each series on the way, in points of an answer: at the steps of the subqueries around
            it, and in windows.
    """

    matchers: tuple[Matcher, ...]
    range_ms: int | None
    points: float = 0.0


def selections(expr: Expr, subquery_step_ms: int) -> list[Selection]:
    """Return what an expression selects; a subquery's range counts for everything in it.

    Args:
        expr: The expression.
        subquery_step_ms: The step of a subquery that names none.
    """
    return survey(expr, subquery_step_ms, 0, 1)[0]


def survey(expr: Expr, subquery_step_ms: int, span_ms: int, steps: int) -> tuple[list[Selection], float]:
    """Return what an expression selects, and the points that are made of its numbers, which select nothing.

    Args:
        expr: The expression.
        subquery_step_ms: The step of a subquery that names none.
        span_ms: How long after the first step the last one is.
        steps: How many there are.
    """
    found: list[Selection] = []
    points = 0.0
    for leaf in _walk(expr, _Around(0, span_ms, steps, 0.0, subquery_step_ms)):
        if isinstance(leaf, Selection):
            found.append(leaf)
        else:
            points += leaf
    return found, points


class _Around(NamedTuple):
    """What stands around a part of a tree: the ranges of subqueries together, its steps, and the points made of it."""

    before_ms: int
    span_ms: int
    steps: int
    points: float
    default_ms: int

    def step_ms(self, subquery: Subquery) -> int:
        return self.default_ms if subquery.step is None else max(1, _range_ms(subquery.step))

    def within(self, subquery: Subquery) -> "_Around":
        range_ms = _range_ms(subquery.range)
        steps = (self.span_ms + range_ms) // self.step_ms(subquery)
        return self._replace(
            before_ms=self.before_ms + range_ms,
            span_ms=self.span_ms + range_ms,
            steps=steps,
            points=self.points + steps,
        )

    def counting(self) -> "_Around":
        """Count the rows that `count_values` makes: one for each value, so one a step at worst, each of all steps."""
        return self._replace(points=self.points + self.steps * self.steps * _COUNTED_POINTS)

    def under(self, call: Call, arg: Expr) -> "_Around":
        """Count the windows that a function looks at."""
        weight = _CELL_POINTS.get(call.function)
        while isinstance(arg, Paren):
            arg = arg.expr
        if weight is None or not isinstance(arg, MatrixSelector | Subquery):
            return self
        apart_ms = self.step_ms(arg) if isinstance(arg, Subquery) else _SAMPLE_MS
        return self._replace(points=self.points + self.steps * (_range_ms(arg.range) / apart_ms) * weight)


def _walk(expr: Expr, around: _Around) -> Iterator[Selection | float]:
    match expr:
        case VectorSelector():
            yield Selection(expr.matchers, around.before_ms or None, around.points)
        case MatrixSelector():
            yield Selection(expr.selector.matchers, around.before_ms + _range_ms(expr.range), around.points)
        case NumberLiteral() | Call(args=()):
            yield around.points + around.steps * _NUMBER_POINTS
        case Subquery():
            yield from _walk(expr.expr, around.within(expr))
        case Paren() | Unary():
            yield from _walk(expr.expr, around)
        case Aggregate():
            yield from _walk(expr.expr, around.counting() if expr.op == "count_values" else around)
            if expr.param is not None:
                yield from _walk(expr.param, around)
        case Binary():
            yield from _walk(expr.lhs, around)
            yield from _walk(expr.rhs, around)
        case Call():
            # the second argument of info chooses labels: the info series are a handful
            for arg in expr.args[:1] if expr.function == "info" else expr.args:
                yield from _walk(arg, around.under(expr, arg))
        case _:
            return


def _range_ms(expr: Expr) -> int:
    seconds = duration_s(expr, None, None)
    return _HOUR_MS if seconds is None else int(seconds * 1000)
