"""Range functions as what they make of a window's state, for windows that are put together from tiers.

Each equals the kernel of the same name; `functions/table.py` hangs it on the function's entry.
"""

from collections.abc import Callable, Mapping

import numpy as np

from barograph.model.sample import BoolArray, FloatArray, IntArray
from barograph.model.tiers import Column
from barograph.promql.functions.rate import extrapolate
from barograph.promql.tiered import Decomposed
from barograph.promql.tierstates import State


def _some(state: State) -> BoolArray:
    found: BoolArray = state.count > 0
    return found


def _extrapolated(*, counter: bool, per_second: bool) -> Decomposed:
    needed = (Column.COUNT, Column.FIRST, Column.LAST, Column.FIRST_AGE, Column.LAST_AGE)

    def finish(state: State, ends_ms: IntArray, range_ms: int) -> tuple[FloatArray, BoolArray]:
        change = state.last - state.first
        if counter:
            change = np.asarray(change + state.lost, np.float64)
        gaps = (
            (state.first_ms - (ends_ms - range_ms)) / 1000.0,
            (state.last_ms - state.first_ms) / 1000.0,
            (ends_ms - state.last_ms) / 1000.0,
        )
        over_s = range_ms / 1000.0 if per_second else 1.0
        return extrapolate(state.first if counter else None, change, gaps, state.count, over_s), state.count >= 2

    return Decomposed(columns=(*needed, Column.FALLS) if counter else needed, finish=finish)


def _plain(take: Callable[[State], FloatArray], *columns: Column) -> Decomposed:
    return Decomposed(
        columns=(Column.COUNT, *columns), finish=lambda state, ends_ms, range_ms: (take(state), _some(state))
    )


DECOMPOSED: Mapping[str, Decomposed] = {
    "rate": _extrapolated(counter=True, per_second=True),
    "increase": _extrapolated(counter=True, per_second=False),
    "delta": _extrapolated(counter=False, per_second=False),
    "sum_over_time": _plain(lambda s: np.asarray(s.total, np.float64), Column.SUM),
    "avg_over_time": _plain(lambda s: np.asarray(s.total / np.maximum(s.count, 1), np.float64), Column.SUM),
    "min_over_time": _plain(lambda s: s.lowest, Column.MIN),
    "max_over_time": _plain(lambda s: s.highest, Column.MAX),
    "count_over_time": _plain(lambda s: s.count),
    "present_over_time": _plain(lambda s: np.ones(s.count.shape)),
    "last_over_time": _plain(lambda s: s.last, Column.LAST, Column.LAST_AGE),
    "first_over_time": _plain(lambda s: s.first, Column.FIRST, Column.FIRST_AGE),
}
"""The range functions that can be answered from tiers, by name."""
