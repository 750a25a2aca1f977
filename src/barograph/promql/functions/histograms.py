"""Functions of classic histograms: histogram_quantile and histogram_quantiles over `le` buckets."""

import math
from typing import cast

import numpy as np

from barograph.model.errors import ExecutionError
from barograph.model.labels import Labels
from barograph.model.sample import BoolArray, FloatArray
from barograph.promql.aggregations import warn_quantile
from barograph.promql.ast import Span
from barograph.promql.functions.entry import Arguments
from barograph.promql.grid import Grid
from barograph.promql.naming import empty_vector, is_label_name, presence, quoted
from barograph.promql.numbers import plain
from barograph.promql.run import Run
from barograph.promql.summing import patterns
from barograph.promql.value import StepVector

_LE = "le"
_SMALL_DELTA = 1e-12
_MONOTONICITY = (
    "input to histogram_quantile needed to be fixed for monotonicity "
    "(see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
)
Buckets = tuple[Labels, list[int], list[float]]
"""A histogram: its labels without `le`, the rows of its buckets, and their upper bounds, ascending."""
Found = tuple[list[Buckets], list[int]]
"""The histograms of a vector, and the rows that belong to none."""


def histogram_quantile(arguments: Arguments, run: Run, grid: Grid) -> StepVector:
    """The phi-quantile of each classic histogram."""
    phi = arguments.scalars[0].scalar(run, grid)
    warn_quantile(run, phi, arguments.call.args[0].span)
    blamed = arguments.call.args[1].span
    vector, buckets = classic_histograms(arguments, run, grid, blamed)
    return arguments.names.vector(_quantiles(run, vector, buckets, (phi, blamed)), run, per_step=True)


def histogram_quantiles(arguments: Arguments, run: Run, grid: Grid) -> StepVector:
    """Several phi-quantiles of each classic histogram, told apart by a label."""
    blamed = arguments.call.args[0].span
    vector, buckets = classic_histograms(arguments, run, grid, blamed)
    label = arguments.strings[0]
    if not is_label_name(label):
        raise ExecutionError(f"invalid label name {quoted(label)}", *arguments.call.args[1].span)
    rows: list[StepVector] = []
    for index, node in enumerate(arguments.scalars):
        phi = node.scalar(run, grid)
        warn_quantile(run, phi, arguments.call.args[2 + index].span)
        part = _quantiles(run, vector, buckets, (phi, blamed))
        named = tuple(one.with_labels({label: plain(float(phi[-1]))}) for one in part.labels)
        rows.append(StepVector(named, part.values, presence(part)))
    if not any(part.labels for part in rows):
        return empty_vector(grid.steps)
    result = StepVector(
        tuple(one for part in rows for one in part.labels),
        np.concatenate([part.values for part in rows]),
        np.concatenate([presence(part) for part in rows]),
    )
    return arguments.names.vector(result, run, per_step=True)


def classic_histograms(arguments: Arguments, run: Run, grid: Grid, blamed: Span) -> tuple[StepVector, list[Buckets]]:
    """Evaluate the vector of a call, which stands at `blamed`, and find its histograms; other rows are annotated."""
    vector = arguments.vectors[0].vector(run, grid)
    buckets, others = cast(Found, arguments.memo.get((vector.labels,), lambda: find_buckets(vector.labels)))
    here = presence(vector)
    for row in others:
        if here[row].any():
            bound = quoted(vector.labels[row].get(_LE))
            words = f'bucket label "le" is missing or has a malformed value of {bound}'
            run.warn(words + _of_metric(vector.labels[row], run), blamed)
    return vector, buckets


def _of_metric(labels: Labels, run: Run) -> str:
    """Name the metric, where names are still there."""
    known = labels.name if run.config.delayed_name_removal else ""
    return f" for metric name {quoted(known)}" if known else ""


def _quantiles(run: Run, vector: StepVector, buckets: list[Buckets], asked: tuple[FloatArray, Span]) -> StepVector:
    phi, blamed = asked
    if not buckets:
        return empty_vector(vector.values.shape[1])
    values = np.empty((len(buckets), vector.values.shape[1]))
    mask = np.zeros(values.shape, dtype=np.bool_)
    here = presence(vector)
    for row, (labels, rows, bounds) in enumerate(buckets):
        run.check()
        uppers = np.asarray(bounds)
        for known, steps in patterns(here[rows]):
            if not known.any():
                continue
            counts = vector.values[np.asarray(rows)[known]][:, steps]
            values[row, steps], forced = bucket_quantile(phi[steps], uppers[known], counts)
            mask[row, steps] = True
            if forced.any():
                run.inform(_MONOTONICITY + _of_metric(labels, run), blamed)
    return StepVector(tuple(labels for labels, _, _ in buckets), values, mask)


def find_buckets(labels: tuple[Labels, ...]) -> Found:
    """Find the rows of each histogram, by upper bound; rows without a readable `le` belong to none."""
    histograms: dict[Labels, list[tuple[float, int]]] = {}
    others: list[int] = []
    for row, one in enumerate(labels):
        upper = parse_bound(one.get(_LE))
        if upper is None:
            others.append(row)
        else:
            histograms.setdefault(one.drop((_LE,)), []).append((upper, row))
    found: list[Buckets] = []
    for key, pairs in histograms.items():
        pairs.sort()
        found.append((key, [row for _, row in pairs], [upper for upper, _ in pairs]))
    return found, others


def parse_bound(text: str) -> float | None:
    """Read an upper bound; None where the text is no number."""
    try:
        bound = float(text)
    except ValueError:
        return None
    return None if "_" in text or text != text.strip() or math.isnan(bound) else bound


def bucket_quantile(phi: FloatArray, uppers: FloatArray, counts: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Estimate a quantile from cumulative buckets at each step.

    Args:
        phi: `[steps]`.
        uppers: Ascending upper bounds `[buckets]`; equal ones are joined.
        counts: `[buckets, steps]`.

    Returns:
        The quantile at each step, and where counts had to be raised to be cumulative.
    """
    steps = counts.shape[1]
    uppers, counts = coalesced(uppers, counts)
    counts, forced = monotonic(counts)
    if len(uppers) < 2 or not np.isposinf(uppers[-1]):
        return _outside(np.full(steps, np.nan), phi), np.zeros(steps, np.bool_)
    rank = phi * counts[-1]
    place = (counts[:-1] < rank).sum(axis=0)
    index = np.minimum(place, len(uppers) - 2)
    column = np.arange(steps)
    before = np.where(index > 0, counts[index - 1, column], 0.0)
    start = np.where(index > 0, uppers[index - 1], 0.0)
    end = uppers[index]
    result = start + (end - start) * ((rank - before) / (counts[index, column] - before))
    result = np.where((index == 0) & (uppers[0] <= 0), uppers[0], result)
    # in the highest bucket nothing is known but its lower bound
    result = np.where(place >= len(uppers) - 1, uppers[-2], result)
    result = np.where((counts[-1] == 0) | np.isnan(counts[-1]), np.nan, result)
    return _outside(result, phi), forced


def coalesced(uppers: FloatArray, counts: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Join buckets of the same upper bound (`1` and `1.0`)."""
    distinct, starts = np.unique(uppers, return_index=True)
    if len(distinct) == len(uppers):
        return uppers, counts
    return distinct, np.add.reduceat(counts, starts, axis=0)


def monotonic(counts: FloatArray) -> tuple[FloatArray, BoolArray]:
    """Raise counts that fall: silently where the difference is noise of floating point."""
    forced = np.zeros(counts.shape[1], dtype=np.bool_)
    previous = counts[0]
    result = [previous]
    for current in counts[1:]:
        is_noise = np.abs(current - previous) <= _SMALL_DELTA * (np.abs(current) + np.abs(previous))
        forced |= (current < previous) & ~is_noise
        previous = np.where(is_noise | (current < previous), previous, current)
        result.append(previous)
    return np.stack(result), forced


def _outside(result: FloatArray, phi: FloatArray) -> FloatArray:
    result = np.where(phi < 0, -np.inf, np.where(phi > 1, np.inf, result))
    return np.where(np.isnan(phi), np.nan, result)
