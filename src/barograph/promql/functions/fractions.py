"""histogram_fraction over classic `le` buckets: which part of the observations lies between two values."""

import numpy as np

from barograph.model.sample import FloatArray
from barograph.promql.functions.entry import Arguments
from barograph.promql.functions.histograms import classic_histograms, coalesced
from barograph.promql.grid import Grid
from barograph.promql.naming import empty_vector, presence
from barograph.promql.run import Run
from barograph.promql.summing import patterns
from barograph.promql.value import StepVector


def histogram_fraction(arguments: Arguments, run: Run, grid: Grid) -> StepVector:
    """The fraction of each classic histogram's observations between `lower` and `upper`."""
    lower, upper = (node.scalar(run, grid) for node in arguments.scalars)
    vector, buckets = classic_histograms(arguments, run, grid, arguments.call.args[2].span)
    if not buckets:
        return empty_vector(grid.steps)
    values = np.empty((len(buckets), grid.steps))
    mask = np.zeros(values.shape, dtype=np.bool_)
    here = presence(vector)
    for row, (_, rows, bounds) in enumerate(buckets):
        run.check()
        uppers = np.asarray(bounds)
        for known, steps in patterns(here[rows]):
            if known.any():
                counts = vector.values[np.asarray(rows)[known]][:, steps]
                values[row, steps] = bucket_fraction((lower[steps], upper[steps]), uppers[known], counts)
                mask[row, steps] = True
    result = StepVector(tuple(labels for labels, _, _ in buckets), values, mask)
    return arguments.names.vector(result, run, per_step=True)


def bucket_fraction(between: tuple[FloatArray, FloatArray], uppers: FloatArray, counts: FloatArray) -> FloatArray:
    """Estimate the fraction of observations between two values at each step.

    Args:
        between: The lower and the upper value, `[steps]` each.
        uppers: Ascending upper bounds `[buckets]`; equal ones are joined.
        counts: Cumulative counts, `[buckets, steps]`.
    """
    uppers, counts = coalesced(uppers, counts)
    lower, upper = between
    if not np.isposinf(uppers[-1]):
        return np.full(counts.shape[1], np.nan)
    total = counts[-1]
    with np.errstate(invalid="ignore", divide="ignore"):
        fraction = (_rank(upper, uppers, counts) - _rank(lower, uppers, counts)) / total
    fraction = np.where(lower >= upper, 0.0, fraction)
    unknown = np.isnan(lower) | np.isnan(upper) | (total == 0) | np.isnan(total)
    return np.where(unknown, np.nan, fraction)


def _rank(value: FloatArray, uppers: FloatArray, counts: FloatArray) -> FloatArray:
    """Return how many observations are at or below a value, at each step, straight within a bucket."""
    column = np.arange(len(value))
    place = np.minimum(np.searchsorted(uppers, value, side="left"), len(uppers) - 1)
    before = np.where(place > 0, counts[place - 1, column], 0.0)
    # the lowest bucket begins at 0, unless all of it lies below
    start = np.where(place > 0, uppers[place - 1], 0.0 if uppers[0] > 0 else -np.inf)
    end, count = uppers[place], counts[place, column]
    # nothing is known of where in an open bucket its observations lie: those above stay out, those below count
    within = np.where(np.isneginf(start), count, before + (count - before) * (value - start) / (end - start))
    inside = np.where(np.isposinf(end), before, within)
    rank = np.where(value <= start, before, np.where(value >= end, count, inside))
    return np.asarray(np.minimum(rank, counts[-1]))
