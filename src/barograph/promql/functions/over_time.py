"""Kernels of the `*_over_time` family: one series at a time, all its samples of a window with the same weight."""

import numpy as np

from barograph.model.sample import FloatArray
from barograph.promql.quantiles import at_rank, blend, quantile_last, ranks
from barograph.promql.sample_codes import encode
from barograph.promql.summing import mean_last, sum_last
from barograph.promql.windows import Window

_HALF = 0.5
_RANK_FROM = 4096
"""From so many cells a row on, a row is turned into ranks (int16) before its windows are sorted: 3 times faster."""


def avg(window: Window) -> FloatArray:
    """The average."""
    return window.reduce(mean_last)


def total(window: Window) -> FloatArray:
    """The sum."""
    return window.reduce(sum_last)


def lowest(window: Window) -> FloatArray:
    """The minimum; NaN only where all values are NaN."""
    return window.reduce(lambda cells: np.fmin.reduce(cells, axis=-1))


def highest(window: Window) -> FloatArray:
    """The maximum; NaN only where all values are NaN."""
    return window.reduce(lambda cells: np.fmax.reduce(cells, axis=-1))


def count(window: Window) -> FloatArray:
    """The number of samples; no value is read."""
    counts = np.broadcast_to(np.asarray(window.count, dtype=np.float64), (window.steps,))
    return np.broadcast_to(counts, (len(window.values), window.steps))


def present(window: Window) -> FloatArray:
    """The value 1; no value is read."""
    return np.broadcast_to(np.float64(1.0), (len(window.values), window.steps))


def last(window: Window) -> FloatArray:
    """The newest value."""
    return window.last()


def first(window: Window) -> FloatArray:
    """The oldest value."""
    return window.first()


def stdvar(window: Window) -> FloatArray:
    """The population variance."""
    return window.reduce(_variance)


def stddev(window: Window) -> FloatArray:
    """The population standard deviation."""
    return np.sqrt(window.reduce(_variance))


def quantile(window: Window, phi: FloatArray) -> FloatArray:
    """The phi-quantile."""
    result = np.empty((len(window.values), window.steps))
    width = window.width if window.lo is None else int(np.max(window.count))
    if width * window.steps < _RANK_FROM or np.isnan(window.values).any():
        for rows, steps, cells in window.cells():
            result[rows, steps] = quantile_last(cells, phi[steps])
        return result
    for row, values in enumerate(window.values):
        codes, decode = encode(values)
        for _, steps, cells in window.cells(codes[None]):
            ordered = np.sort(cells, axis=-1)
            below, above, weight = ranks(phi[steps], cells.shape[-1])
            lower, upper = decode(at_rank(ordered, below)), decode(at_rank(ordered, above))
            result[row, steps] = blend(lower, upper, weight, phi[steps])[0]
    return result


def mad(window: Window) -> FloatArray:
    """The median of the distances to the median; NaN where any value is NaN."""

    def distance(cells: FloatArray) -> FloatArray:
        half = np.full(cells.shape[1], _HALF)
        middle = quantile_last(cells, half)
        spread = quantile_last(np.abs(cells - middle[..., None]), half)
        return np.where(np.isnan(cells).any(axis=-1), np.nan, spread)

    return window.reduce(distance)


def smoothed(window: Window, smoothing: FloatArray, trend: FloatArray) -> FloatArray:
    """Double exponential smoothing (Holt's linear method)."""
    result = np.empty((len(window.values), window.steps))
    for rows, steps, cells in window.cells():
        result[rows, steps] = _holt(cells, smoothing[steps], trend[steps])
    return result


def stamp_of_last(window: Window) -> FloatArray:
    """The timestamp of the newest sample, in seconds."""
    return np.broadcast_to(window.stamps(1) / 1000.0, (len(window.values), window.steps))


def stamp_of_first(window: Window) -> FloatArray:
    """The timestamp of the oldest sample, in seconds."""
    return np.broadcast_to(window.stamps() / 1000.0, (len(window.values), window.steps))


def stamp_of_lowest(window: Window) -> FloatArray:
    """The timestamp of the last sample that has the minimum, in seconds."""
    return _stamp_of(window, -window.values)


def stamp_of_highest(window: Window) -> FloatArray:
    """The timestamp of the last sample that has the maximum, in seconds."""
    return _stamp_of(window, window.values)


def _stamp_of(window: Window, values: FloatArray) -> FloatArray:
    lo, _ = window.bounds()
    found = np.empty((len(values), window.steps), dtype=np.int64)
    for rows, steps, cells in window.cells(values):
        known = np.where(np.isnan(cells), -np.inf, cells)
        back = np.argmax(known[..., ::-1], axis=-1)
        found[rows, steps] = lo[steps] + cells.shape[-1] - 1 - back
    return np.asarray(window.timestamps_ms[found] / 1000.0)


def _variance(cells: FloatArray) -> FloatArray:
    # a constant row must give exactly 0, which its rounded mean would not
    spread = cells - cells[..., :1]
    mean = spread.mean(axis=-1, keepdims=True)
    spread = spread - mean
    return np.asarray((spread * spread).mean(axis=-1))


def _holt(cells: FloatArray, smoothing: FloatArray, trend: FloatArray) -> FloatArray:
    level = before = cells[..., 0]
    slope = cells[..., 1] - cells[..., 0]
    for index in range(1, cells.shape[-1]):
        if index > 1:
            slope = trend * (level - before) + (1 - trend) * slope
        before = level
        level = smoothing * cells[..., index] + (1 - smoothing) * (level + slope)
    return np.asarray(level)
