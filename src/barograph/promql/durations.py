"""Durations at evaluation, in milliseconds: constant ones once, those with `step()` and `range()` for each query."""

import math
from collections.abc import Callable

from barograph.model.errors import ExecutionError
from barograph.promql.ast import Expr
from barograph.promql.grid import Grid
from barograph.promql.parser.duration import duration_s

Milliseconds = Callable[[Grid], int]


def compile_duration(expr: Expr, *, positive: bool) -> Milliseconds:
    """Compile a duration to a function of the whole query's grid.

    Args:
        expr: The duration's tree; the parser has checked it.
        positive: Whether it must be greater than 0 (ranges, subquery steps).
    """
    constant = duration_s(expr, None, None)
    if constant is not None:
        constant_ms = _milliseconds(constant)
        return lambda _: constant_ms

    def evaluate(grid: Grid) -> int:
        value = duration_s(expr, grid.step_ms / 1000, (grid.end_ms - grid.start_ms) / 1000)
        result = _milliseconds(value or 0.0)
        if positive and result <= 0:
            raise ExecutionError("duration must be greater than 0", *expr.span)
        return result

    return evaluate


def _milliseconds(seconds: float) -> int:
    return math.floor(seconds * 1000 + 0.5)
