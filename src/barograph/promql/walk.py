"""A look over a tree: what it selects from the store. Used to estimate what a query will cost."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from barograph.model.matcher import Matcher
from barograph.promql.ast import Aggregate, Binary, Call, Expr, MatrixSelector, Paren, Subquery, Unary, VectorSelector
from barograph.promql.parser.duration import duration_s

_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Selection:
    """A leaf of a tree.

    Attributes:
        matchers: What it selects.
        range_ms: How far before the first step it reaches; None: the lookback.
        step_ms: The shortest step of the subqueries around it; None: there are none.
    """

    matchers: tuple[Matcher, ...]
    range_ms: int | None
    step_ms: int | None = None


def selections(expr: Expr, subquery_step_ms: int) -> list[Selection]:
    """Return what an expression selects; a subquery's range counts for everything in it.

    Args:
        expr: The expression.
        subquery_step_ms: The step of a subquery that names none.
    """
    return list(_walk(expr, _Around(0, None, subquery_step_ms)))


class _Around(NamedTuple):
    """What stands around a part of a tree: the ranges of subqueries together, and their shortest step."""

    before_ms: int
    step_ms: int | None
    default_ms: int

    def within(self, subquery: Subquery) -> "_Around":
        step_ms = self.default_ms if subquery.step is None else max(1, _range_ms(subquery.step))
        shortest = step_ms if self.step_ms is None else min(step_ms, self.step_ms)
        return self._replace(before_ms=self.before_ms + _range_ms(subquery.range), step_ms=shortest)


def _walk(expr: Expr, around: _Around) -> Iterator[Selection]:
    match expr:
        case VectorSelector():
            yield Selection(expr.matchers, around.before_ms or None, around.step_ms)
        case MatrixSelector():
            reach_ms = around.before_ms + _range_ms(expr.range)
            yield Selection(expr.selector.matchers, reach_ms, around.step_ms)
        case Subquery():
            yield from _walk(expr.expr, around.within(expr))
        case Paren() | Unary():
            yield from _walk(expr.expr, around)
        case Aggregate():
            yield from _walk(expr.expr, around)
            if expr.param is not None:
                yield from _walk(expr.param, around)
        case Binary():
            yield from _walk(expr.lhs, around)
            yield from _walk(expr.rhs, around)
        case Call():
            # the second argument of info chooses labels: the info series are a handful
            for arg in expr.args[:1] if expr.function == "info" else expr.args:
                yield from _walk(arg, around)
        case _:
            return


def _range_ms(expr: Expr) -> int:
    seconds = duration_s(expr, None, None)
    return _HOUR_MS if seconds is None else int(seconds * 1000)
