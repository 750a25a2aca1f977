"""Sums as Prometheus makes them: compensated (Kahan and Neumaier), so that large terms which cancel leave no dust.

Where no term is negative nothing can cancel, and a plain sum (pairwise in numpy) is as good and much faster.
"""

import numpy as np

from barograph.model.sample import BoolArray, FloatArray, IntArray


def sum_last(cells: FloatArray) -> FloatArray:
    """Sum over the last axis."""
    if _cannot_cancel(cells):
        return np.asarray(cells.sum(axis=-1))
    total, compensation = _compensated(cells)
    return np.asarray(np.where(np.isinf(total), total, total + compensation))


def mean_last(cells: FloatArray) -> FloatArray:
    """Average over the last axis; a sum that overflows is averaged step by step."""
    count = cells.shape[-1]
    if _cannot_cancel(cells):
        result = cells.sum(axis=-1) / count
        total = result
    else:
        total, compensation = _compensated(cells)
        result = total / count + compensation / count
    overflown = np.isinf(total) & np.isfinite(cells).all(axis=-1) if np.isinf(total).any() else None
    if overflown is not None and overflown.any():
        result[overflown] = [_running_mean(row) for row in cells[overflown]]
    return np.asarray(result)


def sum_rows(values: FloatArray, starts: IntArray) -> FloatArray:
    """Sum consecutive groups of rows: `[rows, steps]` and the first row of each group give `[groups, steps]`."""
    if _cannot_cancel(values):
        return np.asarray(np.add.reduceat(values, starts, axis=0))
    ends = [*starts[1:], len(values)]
    return np.stack([sum_last(values[first:last].T) for first, last in zip(starts, ends, strict=True)])


def mean_rows(values: FloatArray, starts: IntArray, sizes: IntArray, present: BoolArray | None) -> FloatArray:
    """Average consecutive groups of rows; rows without presence do not count."""
    if present is None and _cannot_cancel(values):
        total = np.add.reduceat(values, starts, axis=0)
        if not np.isinf(total).any():
            return np.asarray(total / sizes[:, None])
    groups = [(start, start + size) for start, size in zip(starts.tolist(), sizes.tolist(), strict=True)]
    if present is not None:
        return _masked_mean(values, groups, present)
    return np.stack([mean_last(values[first:last].T) for first, last in groups])


def _masked_mean(values: FloatArray, groups: list[tuple[int, int]], present: BoolArray) -> FloatArray:
    result = np.empty((len(groups), values.shape[1]))
    for group, (first, last) in enumerate(groups):
        rows, mask = values[first:last], present[first:last]
        for pattern, steps in patterns(mask):
            if pattern.any():
                result[group, steps] = mean_last(rows[pattern][:, steps].T)
    return result


def patterns(mask: BoolArray) -> list[tuple[BoolArray, IntArray]]:
    """Find the distinct columns of a mask `[rows, steps]`, each with the steps that have it."""
    steps: dict[bytes, list[int]] = {}
    for step, packed in enumerate(np.packbits(mask, axis=0).T):
        steps.setdefault(packed.tobytes(), []).append(step)
    return [(mask[:, indexes[0]], np.asarray(indexes, dtype=np.intp)) for indexes in steps.values()]


def _cannot_cancel(values: FloatArray) -> bool:
    """Whether no value is negative (a NaN says no)."""
    return values.size == 0 or bool(values.min() >= 0)


def _compensated(cells: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Sum over the last axis, returning what plain addition lost beside the sum."""
    total = np.zeros(cells.shape[:-1])
    lost = np.zeros(cells.shape[:-1])
    for index in range(cells.shape[-1]):
        term = cells[..., index]
        larger = total + term
        keeps_total = np.abs(total) >= np.abs(term)
        lost += np.where(keeps_total, (total - larger) + term, (term - larger) + total)
        lost[np.isinf(larger)] = 0.0
        total = larger
    return total, lost


def _running_mean(values: FloatArray) -> float:
    """Average without a sum that could overflow, compensated as Prometheus does."""
    mean, lost = float(values[0]), 0.0
    for count, value in enumerate(values[1:].tolist(), start=2):
        weight = (count - 1) / count
        term, before = value / count, weight * mean
        mean = before + term
        lost = weight * lost + ((before - mean) + term if abs(before) >= abs(term) else (term - mean) + before)
    return mean + lost
