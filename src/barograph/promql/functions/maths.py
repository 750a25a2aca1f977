"""Functions of single values: rounding, logarithms, trigonometry, limits."""

import math

import numpy as np

from barograph.model.sample import FloatArray
from barograph.promql.functions.entry import Arguments
from barograph.promql.grid import Grid
from barograph.promql.run import Run


def round_to(values: FloatArray, to_nearest: FloatArray | None = None) -> FloatArray:
    """Round to the nearest multiple (of 1), ties up."""
    if to_nearest is None:
        return np.floor(values + 0.5)
    # dividing by the inverse keeps decimal fractions such as 0.1 exact
    inverse = 1.0 / to_nearest
    return np.asarray(np.floor(values * inverse + 0.5) / inverse)


def clamp_min(values: FloatArray, low: FloatArray) -> FloatArray:
    """Limit from below; NaN where either is NaN, but where the other is +Inf: nothing is greater (Go's math.Max)."""
    greatest = np.maximum(values, low)
    return np.where(np.isnan(greatest) & ((values == np.inf) | (low == np.inf)), np.inf, greatest)


def clamp_max(values: FloatArray, high: FloatArray) -> FloatArray:
    """Limit from above; NaN where either is NaN, but where the other is -Inf (Go's math.Min)."""
    least = np.minimum(values, high)
    return np.where(np.isnan(least) & ((values == -np.inf) | (high == -np.inf)), -np.inf, least)


def pi(arguments: Arguments, run: Run, grid: Grid) -> FloatArray:
    """The ratio of a circle's circumference to its diameter."""
    return np.full(grid.steps, math.pi)


def time(arguments: Arguments, run: Run, grid: Grid) -> FloatArray:
    """The instant of evaluation in seconds since 1970."""
    return grid.times_s


def start(arguments: Arguments, run: Run, grid: Grid) -> FloatArray:
    """The first instant of the query in seconds since 1970."""
    return np.full(grid.steps, run.grid.start_ms / 1000)


def end(arguments: Arguments, run: Run, grid: Grid) -> FloatArray:
    """The last instant of the query in seconds since 1970."""
    return np.full(grid.steps, run.grid.end_ms / 1000)


def step(arguments: Arguments, run: Run, grid: Grid) -> FloatArray:
    """The step of the query in seconds."""
    return np.full(grid.steps, run.grid.step_ms / 1000)


def span(arguments: Arguments, run: Run, grid: Grid) -> FloatArray:
    """How long the query's range is, in seconds."""
    return np.full(grid.steps, (run.grid.end_ms - run.grid.start_ms) / 1000)


def min_of(arguments: Arguments, run: Run, grid: Grid) -> FloatArray:
    """The smaller of two scalars."""
    first, second = (node.scalar(run, grid) for node in arguments.scalars)
    return clamp_max(first, second)


def max_of(arguments: Arguments, run: Run, grid: Grid) -> FloatArray:
    """The larger of two scalars."""
    first, second = (node.scalar(run, grid) for node in arguments.scalars)
    return clamp_min(first, second)
