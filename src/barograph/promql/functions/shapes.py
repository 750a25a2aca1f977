"""Functions between scalars and vectors, absence and order: scalar, vector, absent, sort and their like."""

import re
from functools import cmp_to_key

import numpy as np

from barograph.model.labels import EMPTY, METRIC_NAME, Labels
from barograph.model.matcher import Matcher, MatchOp
from barograph.model.sample import BoolArray, FloatArray
from barograph.promql.ast import MatrixSelector, VectorSelector
from barograph.promql.functions.clock import unwrap
from barograph.promql.functions.entry import Arguments
from barograph.promql.functions.maths import clamp_max, clamp_min
from barograph.promql.gaps import missing_samples
from barograph.promql.grid import Grid
from barograph.promql.naming import empty_vector, presence, take_rows, writable
from barograph.promql.run import Run
from barograph.promql.value import StepVector
from barograph.promql.windows import windows

_CHUNKS = re.compile(r"\d+|\D+", re.ASCII)


def to_scalar(arguments: Arguments, run: Run, grid: Grid) -> FloatArray:
    """The value of the only row at each step; NaN where there is not exactly one."""
    vector = arguments.vectors[0].vector(run, grid)
    if not vector.labels:
        return np.full(grid.steps, np.nan)
    if vector.present is None:
        return vector.values[0] if len(vector.labels) == 1 else np.full(grid.steps, np.nan)
    only = vector.present.sum(axis=0) == 1
    row = np.argmax(vector.present, axis=0)
    return np.where(only, vector.values[row, np.arange(grid.steps)], np.nan)


def to_vector(arguments: Arguments, run: Run, grid: Grid) -> StepVector:
    """A vector of one row without labels."""
    return StepVector((EMPTY,), arguments.scalars[0].scalar(run, grid)[None])


def clamp(arguments: Arguments, run: Run, grid: Grid) -> StepVector:
    """Values limited to a range; nothing where the range is empty, NaN where it is NaN."""
    vector = arguments.vectors[0].vector(run, grid)
    low, high = (node.scalar(run, grid) for node in arguments.scalars)
    values = clamp_min(clamp_max(vector.values, high), low)
    present = vector.present
    if (low > high).any():
        present = presence(vector) & ~(low > high)
    return arguments.names.vector(StepVector(vector.labels, values, present), run, per_step=True)


def nothing(arguments: Arguments, run: Run, grid: Grid) -> StepVector:
    """No row: what the function is about, no float sample has."""
    arguments.vectors[0].vector(run, grid)
    return empty_vector(grid.steps)


def absent(arguments: Arguments, run: Run, grid: Grid) -> StepVector:
    """The value 1 at each step at which the vector is empty."""
    vector = arguments.vectors[0].vector(run, grid)
    missing: BoolArray = np.ones(grid.steps, np.bool_)
    if vector.labels:
        missing = np.logical_not(presence(vector).any(axis=0))
    return StepVector((_selector_labels(arguments),), np.ones((1, grid.steps)), missing[None])


def absent_over_time(arguments: Arguments, run: Run, grid: Grid) -> StepVector:
    """The value 1 at each step at which no series has a sample in the window."""
    ranges = arguments.ranges[0].ranges(run, grid)
    missing = np.ones(grid.steps, np.bool_)
    for group in ranges.groups:
        gone = missing_samples(group)
        some = slice(None) if gone is None else np.flatnonzero(~gone.all(axis=0))
        stamps = group.timestamps_ms[some]
        step_ms = group.step_ms if gone is None else 0
        series = (stamps, np.empty((0, len(stamps))), step_ms)
        for steps, _ in windows(run, series, ranges.ends, ranges.range_ms):
            missing[steps] = False
    return StepVector((_selector_labels(arguments),), np.ones((1, grid.steps)), missing[None])


def _selector_labels(arguments: Arguments) -> Labels:
    """Derive the labels of an absent vector from the `=` matchers of its selector."""
    expr = unwrap(arguments.call.args[0])
    if isinstance(expr, MatrixSelector):
        expr = expr.selector
    matchers: tuple[Matcher, ...] = expr.matchers if isinstance(expr, VectorSelector) else ()
    labels: dict[str, str] = {}
    seen: set[str] = {METRIC_NAME}
    for matcher in matchers:
        if matcher.name in seen or matcher.op is not MatchOp.EQUAL:
            labels.pop(matcher.name, None)
        else:
            labels[matcher.name] = writable(matcher.value)
        seen.add(matcher.name)
    return Labels.from_mapping(labels)


def sort(arguments: Arguments, run: Run, grid: Grid) -> StepVector:
    """Rows by value, the smallest first, NaN last."""
    return _sorted_by_value(arguments, run, grid, descending=False)


def sort_desc(arguments: Arguments, run: Run, grid: Grid) -> StepVector:
    """Rows by value, the largest first, NaN last."""
    return _sorted_by_value(arguments, run, grid, descending=True)


def sort_by_label(arguments: Arguments, run: Run, grid: Grid) -> StepVector:
    """Rows by the natural order of some labels, then of all."""
    return _sorted_by_label(arguments, run, grid, descending=False)


def sort_by_label_desc(arguments: Arguments, run: Run, grid: Grid) -> StepVector:
    """Rows by the natural order of some labels, the last first."""
    return _sorted_by_label(arguments, run, grid, descending=True)


def _sorted_by_value(arguments: Arguments, run: Run, grid: Grid, *, descending: bool) -> StepVector:
    vector = arguments.vectors[0].vector(run, grid)
    if not _can_sort(arguments, run):
        return vector
    newest = vector.values[:, -1]
    return take_rows(vector, np.argsort(-newest if descending else newest, kind="stable").tolist())


def _sorted_by_label(arguments: Arguments, run: Run, grid: Grid, *, descending: bool) -> StepVector:
    vector = arguments.vectors[0].vector(run, grid)
    if not _can_sort(arguments, run):
        return vector
    labels = vector.labels

    def key(row: int) -> tuple[object, ...]:
        return (*(_natural(labels[row].get(name)) for name in arguments.strings), labels[row].pairs)

    return take_rows(vector, sorted(range(len(labels)), key=key, reverse=descending))


def _compare_naturally(one: str, other: str) -> int:
    """Compare texts part by part: numbers with numbers as such, anything else as texts."""
    parts, others = _CHUNKS.findall(one), _CHUNKS.findall(other)
    for part, of_other in zip(parts, others, strict=False):
        if part != of_other:
            if part.isdecimal() and of_other.isdecimal() and int(part) != int(of_other):
                return -1 if int(part) < int(of_other) else 1
            return -1 if part < of_other else 1
    return len(parts) - len(others)


_natural = cmp_to_key(_compare_naturally)


def _can_sort(arguments: Arguments, run: Run) -> bool:
    if run.is_instant:
        return True
    run.warn("sort is ineffective for range queries since results are always ordered by labels", arguments.call.span)
    return False
