"""Functions of time: the instant of evaluation, timestamps of samples, and dates (all in UTC)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from barograph.model.labels import EMPTY
from barograph.model.sample import FloatArray
from barograph.promql.ast import Expr, Paren
from barograph.promql.functions.entry import Arguments, ToVector
from barograph.promql.grid import Grid
from barograph.promql.run import Run
from barograph.promql.selectors import InstantSelector
from barograph.promql.value import StepVector

_DAY_S = 86_400
_Dates = Callable[[FloatArray], FloatArray]


def unwrap(expr: Expr) -> Expr:
    """Return an expression without the parentheses around it."""
    while isinstance(expr, Paren):
        expr = expr.expr
    return expr


def timestamp(arguments: Arguments, run: Run, grid: Grid) -> StepVector:
    """The timestamps of a selector's samples; of anything else, the instant of evaluation."""
    inner = arguments.vectors[0]
    if isinstance(inner, InstantSelector):
        vector = inner.stamps(run, grid)
    else:
        vector = inner.vector(run, grid)
        vector = StepVector(vector.labels, np.broadcast_to(grid.times_s, vector.values.shape), vector.present)
    return arguments.names.vector(vector, run, per_step=True)


def date_part(part: _Dates) -> ToVector:
    """Make the form of a function of dates: seconds since 1970 to a number, NaN where there is no such date."""

    def apply(arguments: Arguments, run: Run, grid: Grid) -> StepVector:
        if not arguments.vectors:
            return StepVector((EMPTY,), _dated(grid.times_s[None], part))
        vector = arguments.vectors[0].vector(run, grid)
        result = StepVector(vector.labels, _dated(vector.values, part), vector.present)
        return arguments.names.vector(result, run, per_step=True)

    return ToVector(apply)


def _dated(values: FloatArray, part: _Dates) -> FloatArray:
    # numpy's calendar ends far beyond any year that a sample can mean
    known = np.abs(values) < 1e15
    seconds = np.where(known, np.trunc(np.where(known, values, 0.0)), 0.0)
    return np.where(known, part(seconds), np.nan)


def _as_unit(seconds: FloatArray, unit: str) -> FloatArray:
    """Count whole units since 1970."""
    dates = seconds.astype("datetime64[s]")
    return _as_numbers(dates.astype(f"datetime64[{unit}]"))


def _unit_start_days(seconds: FloatArray, unit: str, ahead: int = 0) -> FloatArray:
    """Return the day (since 1970) on which the month or year of a date, or a later one, begins."""
    months = seconds.astype("datetime64[s]").astype(f"datetime64[{unit}]") + ahead
    return _as_numbers(months.astype("datetime64[D]"))


def _as_numbers(dates: NDArray[np.datetime64]) -> FloatArray:
    numbers: FloatArray = dates.astype(np.int64).astype(np.float64)
    return numbers


def minute(seconds: FloatArray) -> FloatArray:
    """0 to 59."""
    return np.mod(np.floor(seconds / 60), 60)


def hour(seconds: FloatArray) -> FloatArray:
    """0 to 23."""
    return np.mod(np.floor(seconds / 3600), 24)


def day_of_week(seconds: FloatArray) -> FloatArray:
    """0 (Sunday) to 6."""
    # 1970 began on a Thursday
    return np.asarray(np.mod(np.floor(seconds / _DAY_S) + 4, 7))


def day_of_month(seconds: FloatArray) -> FloatArray:
    """1 to 31."""
    return np.floor(seconds / _DAY_S) - _unit_start_days(seconds, "M") + 1


def day_of_year(seconds: FloatArray) -> FloatArray:
    """1 to 366."""
    return np.floor(seconds / _DAY_S) - _unit_start_days(seconds, "Y") + 1


def days_in_month(seconds: FloatArray) -> FloatArray:
    """28 to 31."""
    return _unit_start_days(seconds, "M", 1) - _unit_start_days(seconds, "M")


def month(seconds: FloatArray) -> FloatArray:
    """1 to 12."""
    return np.mod(_as_unit(seconds, "M"), 12) + 1


def year(seconds: FloatArray) -> FloatArray:
    """The year."""
    return _as_unit(seconds, "Y") + 1970
