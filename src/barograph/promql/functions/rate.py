"""Kernels of counters and gauges over a range: rate, increase, delta, their instant forms, changes and resets.

Extrapolation is Prometheus' own, step by step, with left-open windows. A kernel gets windows that hold at least the
two samples it needs, and never writes into what it was given.
"""

import numpy as np

from barograph.model.sample import BoolArray, FloatArray, IntArray
from barograph.promql.windows import Window

_Gap = float | FloatArray
_Count = int | IntArray | FloatArray
_LOOP_FALLS = 4096
"""Up to so many counter resets each is added by itself; beyond, all windows of the rows with resets are summed."""


def rate(window: Window) -> FloatArray:
    """Per-second increase of a counter."""
    return _extrapolated(window, counter=True, per_second=True)


def increase(window: Window) -> FloatArray:
    """Increase of a counter over the range."""
    return _extrapolated(window, counter=True)


def delta(window: Window) -> FloatArray:
    """Difference of a gauge over the range."""
    return _extrapolated(window, counter=False)


def irate(window: Window) -> FloatArray:
    """Per-second increase between the last two samples."""
    last, before = window.last(), window.pick(window.values, 2)
    return np.where(last < before, last, last - before) / ((window.stamps(1) - window.stamps(2)) / 1000.0)


def idelta(window: Window) -> FloatArray:
    """Difference between the last two samples."""
    return np.asarray(window.last() - window.pick(window.values, 2))


def changes(window: Window) -> FloatArray:
    """How often the value changed; NaN after NaN is no change."""
    return _count_pairs(window, changed_pairs(window.values))


def resets(window: Window) -> FloatArray:
    """How often the value fell."""
    return _count_pairs(window, fallen_pairs(window.values))


def changed_pairs(values: FloatArray) -> BoolArray:
    """Tell for each pair of neighbours `[rows, samples - 1]` whether they differ."""
    before, after = values[:, :-1], values[:, 1:]
    changed: BoolArray = before != after
    changed &= ~(np.isnan(before) & np.isnan(after))
    return changed


def fallen_pairs(values: FloatArray) -> BoolArray:
    """Tell for each pair of neighbours `[rows, samples - 1]` whether the later is the smaller."""
    fallen: BoolArray = values[:, 1:] < values[:, :-1]
    return fallen


def _count_pairs(window: Window, flags: BoolArray) -> FloatArray:
    """Count the flagged pairs of neighbours within each window."""
    running = np.zeros(window.values.shape)
    np.cumsum(flags, axis=1, out=running[:, 1:])
    return np.asarray(window.pick(running, 1) - window.pick(running))


def _extrapolated(window: Window, *, counter: bool, per_second: bool = False) -> FloatArray:
    """Extrapolate the difference of first and last sample to the ends of each window.

    The gap at an end is bridged whole where it is shorter than 1.1 sample distances, by half a distance elsewhere; a
    counter is not extended below zero.
    """
    first = window.first()
    change = window.last() - first
    if counter:
        _add_resets(window, change)
    start_ms, span_ms, end_ms = window.gaps_ms()
    seconds = (start_ms / 1000.0, span_ms / 1000.0, end_ms / 1000.0)
    return extrapolate(
        first if counter else None, change, seconds, window.count, window.range_ms / 1000.0 if per_second else 1.0
    )


def extrapolate(
    first: FloatArray | None, change: FloatArray, gaps: tuple[_Gap, _Gap, _Gap], count: _Count, over_s: float
) -> FloatArray:
    """Extend a change between first and last sample to the whole window, and divide it by a time.

    Args:
        first: The first values of a counter, which is not extended below zero; None for a gauge.
        change: From first to last sample; overwritten.
        gaps: In seconds: from the window's start to the first sample, from that to the last, and from there to its end.
        count: How many samples, at least 2.
        over_s: What to divide by.
    """
    to_start, span, to_end = gaps
    to_start, to_end = _bridged(to_start, to_end, span / (count - 1))
    if first is not None:
        below_zero = (first * span < to_start * change) & (first >= 0)
        if below_zero.any():
            # where the line through the samples meets zero before the start of the window, it starts there
            to_start = np.where(below_zero, span * (first / change), to_start)
    factor = (span + to_start + to_end) / span
    if over_s != 1.0:
        factor /= over_s
    change *= factor
    return change


def _bridged(to_start: _Gap, to_end: _Gap, distance: _Gap) -> tuple[_Gap, _Gap]:
    """Return how far to extend at each end, in seconds."""
    limit = distance * 1.1
    if isinstance(limit, float):
        return to_start if to_start < limit else distance / 2, to_end if to_end < limit else distance / 2
    return np.where(to_start < limit, to_start, distance / 2), np.where(to_end < limit, to_end, distance / 2)


def _add_resets(window: Window, change: FloatArray) -> None:
    """Add the value before each fall to the change of every window that holds both samples."""
    if window.never_falls:
        return
    falls = fallen_pairs(window.values)
    if not falls.any():
        return
    rows, columns = np.nonzero(falls)
    lo, hi = window.bounds()
    if len(rows) <= _LOOP_FALLS:
        lost = window.values[rows, columns].tolist()
        # windows [first, last) hold the fall: they begin at or before it and reach beyond the sample after it
        firsts = hi.searchsorted(columns + 2, "left").tolist()
        lasts = lo.searchsorted(columns, "right").tolist()
        for row, value, first, last in zip(rows.tolist(), lost, firsts, lasts, strict=True):
            change[row, first:last] += value
        return
    fallen = np.unique(rows)
    lost_at = np.zeros((len(fallen), window.values.shape[1] + 1))
    lost_at[:, :-2] = np.where(falls[fallen], window.values[fallen, :-1], 0.0)
    # a fall is kept at its first sample, so the last sample of a window belongs to the next pair
    pairs = np.stack([lo, hi - 1], axis=1).ravel()
    change[fallen] += np.add.reduceat(lost_at, pairs, axis=1)[:, ::2]
