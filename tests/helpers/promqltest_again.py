"""Instant evals of promqltest scripts are run again, as Prometheus' runner does: in a range query, and pinned by `@`.

Both must give what the eval itself gave; whatever cannot by its nature is left out.
"""

import math
import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from barograph.model.errors import QueryError
from barograph.model.labels import Labels
from barograph.promql.ast import (
    Aggregate,
    At,
    AtKind,
    Binary,
    Call,
    Expr,
    MatrixSelector,
    Paren,
    Span,
    Subquery,
    Unary,
    VectorSelector,
)
from barograph.promql.engine import Engine
from barograph.promql.functions.table import SIGNATURES
from barograph.promql.parser.parse import parse
from barograph.promql.parser.printer import print_expr
from barograph.promql.value import QueryResult, StepScalar, StepVector

Values = dict[Labels | None, float]
"""Values of one instant by labels; a scalar has none."""

_STEP_MS = 60_000
_LATER_MS = 3_600_000
_ABOUT_THE_QUERY = re.compile(r"\b(start|end|step|range)\(\)|\bsort")
"""What depends on the query as a whole, so that an instant one and a range one must differ."""
_ABOUT_THE_INSTANT = re.compile(
    r"\b(time|timestamp|predict_linear|info|minute|hour|day_of_\w+|days_in_month|month|year)\s*\("
)
"""What depends on the instant of evaluation, whatever `@` says."""


class MismatchError(Exception):
    """A result that is not what the script expects."""


def check_again(query: str, at_ms: int, engine: Engine, result: QueryResult) -> None:
    """Run an eval in both other ways.

    Raises:
        MismatchError: One of them gives something else.
    """
    if not isinstance(result.value, StepVector | StepScalar) or _ABOUT_THE_QUERY.search(query):
        return
    first = _at(result, 0)
    _compare("as a range query", first, lambda: _at(_range(query, at_ms, engine), 1))
    text = pinned(query, at_ms)
    if text is not None:
        _compare(f"as {text}", first, lambda: _at(engine.instant(text, at_ms + _LATER_MS), 0))


def pinned(query: str, at_ms: int) -> str | None:
    """Return a query whose selectors all have an `@`, None where that does not fix its value."""
    tree = parse(query, SIGNATURES)
    if _ABOUT_THE_INSTANT.search(query) or _has_subquery(tree):
        return None
    return print_expr(_pinned(tree, at_ms))


def _range(query: str, at_ms: int, engine: Engine) -> QueryResult:
    return engine.range(query, at_ms - _STEP_MS, at_ms + _STEP_MS, _STEP_MS)


def _compare(how: str, first: Values, again: Callable[[], Values]) -> None:
    try:
        second = again()
    except QueryError as error:
        raise MismatchError(f"{how}: {error}") from error
    if first.keys() != second.keys() or not all(same(first[one], second[one]) for one in first):
        raise MismatchError(f"{how} the value differs: {first} and {second}")


def _at(result: QueryResult, step: int) -> Values:
    """Return the values of one step by labels; a scalar's without any."""
    value = result.value
    if isinstance(value, StepScalar):
        return {None: float(value.values[step])}
    assert isinstance(value, StepVector)
    here = np.ones(len(value.labels), np.bool_) if value.present is None else value.present[:, step]
    return {labels: float(value.values[row, step]) for row, labels in enumerate(value.labels) if here[row]}


def _has_subquery(expr: Expr | None) -> bool:
    match expr:
        case Subquery():
            return True
        case Paren() | Unary():
            return _has_subquery(expr.expr)
        case Aggregate():
            return _has_subquery(expr.expr) or _has_subquery(expr.param)
        case Binary():
            return _has_subquery(expr.lhs) or _has_subquery(expr.rhs)
        case Call():
            return any(map(_has_subquery, expr.args))
        case _:
            return False


def _pinned(expr: Expr, at_ms: int) -> Expr:
    """Give every selector without `@` the instant of the evaluation."""
    match expr:
        case VectorSelector():
            return expr if expr.at is not None else replace(expr, at=At(AtKind.TIMESTAMP, at_ms, Span(0, 0)))
        case MatrixSelector():
            selector = _pinned(expr.selector, at_ms)
            assert isinstance(selector, VectorSelector)
            return replace(expr, selector=selector)
        case Paren() | Unary():
            return replace(expr, expr=_pinned(expr.expr, at_ms))
        case Aggregate():
            param = None if expr.param is None else _pinned(expr.param, at_ms)
            return replace(expr, expr=_pinned(expr.expr, at_ms), param=param)
        case Binary():
            return replace(expr, lhs=_pinned(expr.lhs, at_ms), rhs=_pinned(expr.rhs, at_ms))
        case Call():
            return replace(expr, args=tuple(_pinned(arg, at_ms) for arg in expr.args))
        case _:
            return expr


def same(want: float | None, got: float | None) -> bool:
    """Compare as Prometheus' own runner does."""
    if want is None or got is None:
        return want is got
    if math.isnan(want) or math.isnan(got):
        return math.isnan(want) and math.isnan(got)
    if want == got:
        return True
    if math.isinf(want) or math.isinf(got):
        return False
    return abs(want - got) / min(abs(want) + abs(got), 1.797e308) < 1e-6
