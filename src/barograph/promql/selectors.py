"""The leaves of a plan: instant selectors, range selectors and subqueries.

Each asks the store for what its steps need, once for all steps. Results are ordered by labels, as Prometheus' storage
gives series, so that ties (topk) fall as there.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from enum import Enum

import numpy as np
from numpy.typing import NDArray

from barograph.model.labels import METRIC_NAME, Labels
from barograph.model.matcher import Matcher, MatchOp
from barograph.model.sample import ABSENT, BoolArray, FloatArray, IntArray, is_absent, is_stale
from barograph.model.series import NewestAt, SeriesGroup
from barograph.promql import tiered
from barograph.promql.ast import At, AtKind, Span, Subquery, VectorSelector
from barograph.promql.durations import compile_duration
from barograph.promql.explain import explained
from barograph.promql.grid import Grid
from barograph.promql.memo import Memo
from barograph.promql.naming import empty_vector
from barograph.promql.nodes import Ranges, VectorNode
from barograph.promql.run import Run
from barograph.promql.value import StepVector
from barograph.promql.windows import Window, windows


class Wanted(Enum):
    """What of the newest samples is asked for."""

    VALUES = 0
    STAMPS = 1
    PRESENCE = 2


Part = tuple[FloatArray, BoolArray | None]
_Order = tuple[tuple[Labels, ...], "np.ndarray[tuple[int], np.dtype[np.intp]] | None"]


class Shift:
    """Where in time a selector looks: `offset` and `@`."""

    __slots__ = ("_at", "_offset")

    def __init__(self, selector: VectorSelector | Subquery) -> None:
        self._at: At | None = selector.at
        self._offset = None if selector.offset is None else compile_duration(selector.offset, positive=False)

    @property
    def is_none(self) -> bool:
        """Whether there is neither."""
        return self._at is None and self._offset is None

    def apply(self, run: Run, grid: Grid) -> Grid:
        """Return the instants that the steps of `grid` look at."""
        offset_ms = 0 if self._offset is None else self._offset(run.grid)
        if self._at is None:
            return grid.shifted(offset_ms)
        match self._at.kind:
            case AtKind.START:
                at_ms = run.grid.start_ms
            case AtKind.END:
                at_ms = run.grid.end_ms
            case _:
                at_ms = self._at.timestamp_ms
        return Grid(at_ms - offset_ms, 0, grid.steps)


class Assembler:
    """Joins the results of groups to one vector ordered by labels; one per node, so that the order is remembered."""

    __slots__ = ("_memo",)

    def __init__(self) -> None:
        self._memo: Memo[_Order] = Memo()

    def assemble(
        self, run: Run, groups: Sequence[SeriesGroup], apply: Callable[[SeriesGroup], Part], steps: int
    ) -> StepVector:
        """Apply a function to each group and join the results: `[rows, steps]` each."""
        if not groups:
            return empty_vector(steps)
        run.charge_points(steps * sum(len(group.labels) for group in groups))
        labels, order = self._memo.get(tuple(group.labels for group in groups), lambda: _ordered(groups))
        if len(groups) == 1:
            values, present = apply(groups[0])
        else:
            parts = [apply(group) for group in groups]
            values = np.concatenate([part[0] for part in parts])
            present = None
            if any(part[1] is not None for part in parts):
                masks = [np.ones(part[0].shape, np.bool_) if part[1] is None else part[1] for part in parts]
                present = np.concatenate(masks)
        if order is not None:
            values = values[order]
            present = None if present is None else present[order]
        return StepVector(labels, values, present)


def _ordered(groups: Sequence[SeriesGroup]) -> _Order:
    labels = tuple(one for group in groups for one in group.labels) if len(groups) > 1 else groups[0].labels
    order = sorted(range(len(labels)), key=lambda row: labels[row].pairs)
    if order == list(range(len(labels))):
        return labels, None
    return tuple(labels[row] for row in order), np.asarray(order, dtype=np.intp)


class InstantSelector:
    """`name{matchers}`: the newest sample within the lookback at each step, unless it is a stale marker."""

    __slots__ = ("_assembler", "_matchers", "_shift", "span")

    def __init__(self, selector: VectorSelector) -> None:
        self.span: Span = selector.span
        self._matchers = selector.matchers
        self._shift = Shift(selector)
        self._assembler = Assembler()

    @property
    def unshifted(self) -> tuple[Matcher, ...] | None:
        """What it selects, where it looks at the very instants of its steps; else None."""
        return self._matchers if self._shift.is_none else None

    @explained
    def vector(self, run: Run, grid: Grid) -> StepVector:
        """See `VectorNode`."""
        return self._newest(run, grid, Wanted.VALUES)

    @explained
    def stamps(self, run: Run, grid: Grid) -> StepVector:
        """Return the timestamps of the samples, in seconds, instead of their values."""
        return self._newest(run, grid, Wanted.STAMPS)

    @explained
    def presence(self, run: Run, grid: Grid) -> StepVector:
        """Return a vector of which only the mask has a meaning: cheap, for what counts series."""
        return self._newest(run, grid, Wanted.PRESENCE)

    def _newest(self, run: Run, grid: Grid, wanted: Wanted) -> StepVector:
        ends = self._shift.apply(run, grid)
        vector = tiered.newest(run, self._matchers, ends, stamps=wanted is Wanted.STAMPS)
        if vector is not None:
            return vector
        if ends.end_ms - ends.start_ms >= tiered.SPARSE_SPAN_MS and ends.step_ms >= 2 * run.lookback_ms:
            return self._step_by_step(run, ends, wanted)
        asked = newest_at(ends, with_values=wanted is not Wanted.PRESENCE)
        found = run.select(self._matchers, ends.start_ms - run.lookback_ms + 1, ends.end_ms, asked)
        return self._assembler.assemble(
            run, found.groups, lambda group: newest(run, group, ends, wanted=wanted), grid.steps
        )

    def _step_by_step(self, run: Run, ends: Grid, wanted: Wanted) -> StepVector:
        """Ask for each step alone: between the lookbacks of two steps lies more than is looked at."""
        rows: dict[Labels, int] = {}
        found: list[tuple[int, NDArray[np.intp], FloatArray]] = []
        for step, end_ms in enumerate(ends.times_ms.tolist()):
            now = Grid(end_ms, 0, 1)
            asked = newest_at(now, with_values=wanted is not Wanted.PRESENCE)
            for group in run.select(self._matchers, end_ms - run.lookback_ms + 1, end_ms, asked).groups:
                values, present = newest(run, group, now, wanted=wanted)
                here = np.arange(len(values)) if present is None else np.flatnonzero(present[:, 0])
                places = [rows.setdefault(group.labels[row], len(rows)) for row in here.tolist()]
                found.append((step, np.array(places, np.intp), values[here, 0]))
        values, present = np.zeros((len(rows), ends.steps)), np.zeros((len(rows), ends.steps), np.bool_)
        for step, places_, column in found:
            values[places_, step], present[places_, step] = column, True
        order = sorted(rows, key=lambda one: one.pairs)
        index = np.array([rows[one] for one in order], np.intp)
        mask = present[index]
        return StepVector(tuple(order), values[index], None if mask.all() else mask)


def newest_at(ends: Grid, *, with_values: bool = True) -> NewestAt:
    """Say to the store that only the newest sample at each of these instants is looked at."""
    return NewestAt(start_ms=ends.start_ms, step_ms=ends.step_ms, steps=ends.steps, with_values=with_values)


def newest(run: Run, group: SeriesGroup, ends: Grid, *, wanted: Wanted = Wanted.VALUES) -> Part:
    """Return the newest sample of each series of a group within the lookback of each step, and where there is one."""
    gaps: BoolArray = np.any(is_absent(group.values), axis=1) if group.has_absent else np.zeros(1, np.bool_)
    if not gaps.any():
        return _newest_of(run, group, ends, wanted, None)
    if gaps.all():
        return _newest_of(run, group, ends, wanted, _filled(group.values))
    # rows without gaps need no search for the sample before a gap, which is what costs
    shape = (len(group.labels), ends.steps)
    values, known = np.zeros(shape), np.ones(shape, dtype=np.bool_)
    for rows in (np.flatnonzero(~gaps), np.flatnonzero(gaps)):
        part = replace(group, labels=tuple(group.labels[row] for row in rows), values=group.values[rows])
        filled = _filled(part.values) if gaps[rows[0]] else None
        values[rows], here = _newest_of(run, part, ends, wanted, filled)
        if here is not None:
            known[rows] = here
    return values, None if known.all() else known


def _newest_of(run: Run, group: SeriesGroup, ends: Grid, wanted: Wanted, filled: IntArray | None) -> Part:
    """Return what `newest` does for rows that all have gaps, or all have none (`filled` is None)."""
    shape = (len(group.labels), ends.steps)
    values: FloatArray | None = None
    known: BoolArray | None = None
    series = (group.timestamps_ms, group.values, group.step_ms)
    for steps, window in windows(run, series, ends, run.lookback_ms):
        found, here = _newest_in(group, window, filled, wanted)
        if found.shape == shape and isinstance(steps, slice):
            return found, here
        if values is None or known is None:
            values = np.broadcast_to(0.0, shape) if wanted is Wanted.PRESENCE else np.zeros(shape)
            known = np.zeros((1 if filled is None and not group.has_stale else shape[0], shape[1]), dtype=np.bool_)
        if wanted is not Wanted.PRESENCE:
            values[:, steps] = found
        known[:, steps] = True if here is None else here
    if values is None or known is None:
        return np.zeros(shape), np.broadcast_to(np.False_, shape)
    return values, None if known.all() else np.broadcast_to(known, shape)


def _newest_in(group: SeriesGroup, window: Window, filled: IntArray | None, wanted: Wanted) -> Part:
    """Return what `newest` does for the steps of one run of windows."""
    here: BoolArray | None = None
    if filled is None:
        if wanted is Wanted.PRESENCE and not group.has_stale:
            return np.broadcast_to(0.0, (len(group.labels), window.steps)), None
        found, times_ms = window.last(), window.stamps(1)
    else:
        index = window.pick(filled[:, window.begin :], 1)
        here = index >= window.bounds()[0] + window.begin
        found, times_ms = np.take_along_axis(group.values, np.maximum(index, 0), axis=1), group.timestamps_ms[index]
    if group.has_stale:
        alive = ~is_stale(found)
        here = alive if here is None else here & alive
    if wanted is Wanted.STAMPS:
        found = np.broadcast_to(times_ms / 1000.0, found.shape)
    return found, here


def _filled(values: FloatArray) -> IntArray:
    """Return at each place the index of the row's newest sample so far, -1 where there was none."""
    index = np.where(is_absent(values), -1, np.arange(values.shape[1]))
    return np.maximum.accumulate(index, axis=1)


class RangeSelector:
    """`name{matchers}[range]`."""

    __slots__ = ("_matchers", "_range", "_shift", "has_one_name", "span")

    def __init__(self, selector: VectorSelector, range_: Callable[[Grid], int], span: Span) -> None:
        self.span = span
        self._matchers = selector.matchers
        self._range = range_
        self._shift = Shift(selector)
        self.has_one_name = any(m.name == METRIC_NAME and m.op is MatchOp.EQUAL for m in selector.matchers)

    @explained
    def ranges(self, run: Run, grid: Grid) -> Ranges:
        """See `RangeNode`."""
        return self._select(run, grid, self._matchers)

    @explained
    def newest(self, run: Run, grid: Grid) -> Ranges:
        """Select as `ranges`, for a function that looks at the newest sample of each window alone."""
        ends, range_ms = self._shift.apply(run, grid), self._range(run.grid)
        found = run.select(self._matchers, ends.start_ms - range_ms + 1, ends.end_ms, newest_at(ends))
        return Ranges(found.groups, ends, range_ms)

    @explained
    def over_tiers(self, run: Run, grid: Grid, function: tiered.Decomposed) -> StepVector | None:
        """Evaluate a function from tiers; None where samples are the better source."""
        return tiered.over_time(run, self._matchers, self._shift.apply(run, grid), self._range(run.grid), function)

    def labels(self, run: Run, grid: Grid) -> list[Labels]:
        """Return the labels of what `ranges` may find, without reading samples."""
        ends, range_ms = self._shift.apply(run, grid), self._range(run.grid)
        return run.labels(self._matchers, ends.start_ms - range_ms + 1, ends.end_ms)

    @explained
    def only(self, run: Run, grid: Grid, labels: Labels) -> Ranges:
        """Select one series of those that `labels` named (and any that has more labels)."""
        exact = tuple(Matcher(name, MatchOp.EQUAL, value) for name, value in labels)
        return self._select(run, grid, exact)

    def _select(self, run: Run, grid: Grid, matchers: tuple[Matcher, ...]) -> Ranges:
        ends, range_ms = self._shift.apply(run, grid), self._range(run.grid)
        found = run.select(matchers, ends.start_ms - range_ms + 1, ends.end_ms)
        return Ranges(found.groups, ends, range_ms)


class SubqueryNode:
    """`expr[range:step]`: an expression evaluated at whole multiples of its step, taken as samples."""

    __slots__ = ("_inner", "_range", "_shift", "_step", "span")

    has_one_name = True

    def __init__(self, subquery: Subquery, inner: VectorNode) -> None:
        self.span = subquery.span
        self._inner = inner
        self._range = compile_duration(subquery.range, positive=True)
        self._step = None if subquery.step is None else compile_duration(subquery.step, positive=True)
        self._shift = Shift(subquery)

    @explained
    def ranges(self, run: Run, grid: Grid) -> Ranges:
        """See `RangeNode`."""
        ends, range_ms = self._shift.apply(run, grid), self._range(run.grid)
        step_ms = int(run.config.subquery_step) if self._step is None else self._step(run.grid)
        first = (ends.start_ms - range_ms) // step_ms + 1
        last = ends.end_ms // step_ms
        if last < first:
            return Ranges((), ends, range_ms)
        inner = Grid(first * step_ms, step_ms, last - first + 1)
        run.charge(inner.steps)
        vector = self._inner.vector(run, inner)
        run.charge(vector.values.size)
        values = vector.values
        if vector.present is not None:
            values = values.copy()
            values[~vector.present] = ABSENT
        group = SeriesGroup(
            labels=vector.labels,
            timestamps_ms=inner.times_ms,
            values=values,
            has_absent=vector.present is not None,
            has_stale=False,
            step_ms=step_ms if inner.steps > 1 else 0,
        )
        return Ranges((group,) if vector.labels else (), ends, range_ms)
