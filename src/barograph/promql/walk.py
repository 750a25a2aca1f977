"""A look over a tree: what it selects from the store. Used to estimate what a query will cost."""

from collections.abc import Iterator
from dataclasses import dataclass

from barograph.model.matcher import Matcher
from barograph.promql.ast import Aggregate, Binary, Call, Expr, MatrixSelector, Paren, Subquery, Unary, VectorSelector
from barograph.promql.parser.duration import duration_s

_HOUR_MS = 3_600_000


@dataclass(frozen=True, slots=True)
class Selection:
    """A leaf of a tree: its matchers, and how far before the first step it reaches (None: the lookback)."""

    matchers: tuple[Matcher, ...]
    range_ms: int | None


def selections(expr: Expr, before_ms: int = 0) -> list[Selection]:
    """Return what an expression selects; a subquery's range counts for everything in it."""
    return list(_walk(expr, before_ms))


def _walk(expr: Expr, before_ms: int) -> Iterator[Selection]:
    match expr:
        case VectorSelector():
            yield Selection(expr.matchers, before_ms or None)
        case MatrixSelector():
            yield Selection(expr.selector.matchers, before_ms + _range_ms(expr.range))
        case Subquery():
            yield from _walk(expr.expr, before_ms + _range_ms(expr.range))
        case Paren() | Unary():
            yield from _walk(expr.expr, before_ms)
        case Aggregate():
            yield from _walk(expr.expr, before_ms)
            if expr.param is not None:
                yield from _walk(expr.param, before_ms)
        case Binary():
            yield from _walk(expr.lhs, before_ms)
            yield from _walk(expr.rhs, before_ms)
        case Call():
            for arg in expr.args:
                yield from _walk(arg, before_ms)
        case _:
            return


def _range_ms(expr: Expr) -> int:
    seconds = duration_s(expr, None, None)
    return _HOUR_MS if seconds is None else int(seconds * 1000)
