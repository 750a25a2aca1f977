"""Implements `Crossings` on a reader: one look at the newest row of each source of the head, for all limits at once.

The keeper's ticker calls it. What the head alone does not make certain is left to whoever evaluates expressions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from barograph.model.crossings import Hit, Limit
from barograph.model.labels import Labels
from barograph.model.matcher import Matcher
from barograph.model.sample import BoolArray, FloatArray, is_absent, is_stale
from barograph.tsdb.headview import GroupView
from barograph.tsdb.reader import StoreReader

_COMPARE: dict[str, Callable[[FloatArray, FloatArray], BoolArray]] = {
    "==": np.equal,
    "!=": np.not_equal,
    "<": np.less,
    ">": np.greater,
    "<=": np.less_equal,
    ">=": np.greater_equal,
}
_Index = NDArray[np.intp]


@dataclass(frozen=True, slots=True, eq=False)
class _Gathered:
    """What of one source is looked at.

    Attributes:
        view: The source.
        columns: The columns, those of the same operator side by side.
        owners: Which limit each column is looked at for.
        parts: For each operator where its columns are, and the numbers they are compared with.
    """

    view: GroupView
    columns: _Index
    owners: _Index
    parts: tuple[tuple[str, slice, FloatArray], ...]


@dataclass(frozen=True, slots=True, eq=False)
class _Kept:
    """What was found out about a set of limits.

    Attributes:
        epoch: The reader's number that it holds for.
        sources: What is looked at.
        mixed: bool `[limits]`: a series of theirs stands in several sources, of which the newest sample counts.
    """

    epoch: int
    sources: list[_Gathered]
    mixed: BoolArray


class HeadCrossings:
    """One thread uses it."""

    def __init__(self, reader: StoreReader) -> None:
        self._reader = reader
        self._kept: dict[tuple[Limit, ...], _Kept] = {}

    def crossed(self, limits: tuple[Limit, ...], at_ms: int, lookback_ms: int) -> list[Sequence[Hit] | None]:
        """See `Crossings`."""
        if not self._reader.head_has_all(at_ms - lookback_ms + 1, at_ms):
            return [None] * len(limits)
        kept = self._known(limits)
        uncertain = np.zeros(len(limits), np.bool_)
        hits: list[tuple[GroupView, _Index, _Index, FloatArray]] = []
        for gathered in kept.sources:
            view = gathered.view
            if view.is_late:
                if len(gathered.columns) and view.covers()[1] > at_ms - lookback_ms:
                    uncertain[gathered.owners] = True
                continue
            values = view.newest(at_ms, lookback_ms, gathered.columns)
            if values is None:
                continue
            there = ~is_absent(values) & ~is_stale(values)
            for operator, place, numbers in gathered.parts:
                found = np.flatnonzero(_COMPARE[operator](values[place], numbers) & there[place]) + place.start
                if len(found):
                    hits.append((view, gathered.owners[found], gathered.columns[found], values[found]))
        counts = np.zeros(len(limits), np.intp)
        for _, owners, _, _ in hits:
            counts += np.bincount(owners, minlength=len(limits))
        uncertain |= (counts > _FEW) | (kept.mixed & (counts > 0))
        return _by_limit(hits, uncertain)

    def _known(self, limits: tuple[Limit, ...]) -> _Kept:
        """Return what is to be looked at, worked out anew where series have joined."""
        epoch, selected = self._reader.in_head(())
        kept = self._kept.get(limits)
        if kept is not None and kept.epoch == epoch:
            return kept
        epoch, selected = self._reader.in_head([limit.matchers for limit in limits])
        kept = _Kept(epoch, [_gather(view, limits, columns) for view, columns in selected], _mixed(limits, selected))
        if len(self._kept) > _SETS_KEPT:
            self._kept.clear()
        self._kept[limits] = kept
        return kept


_FEW = 32
"""So many series of a limit are handed over one by one; of more the engine makes arrays, for all that share them."""
_SETS_KEPT = 64


def _gather(view: GroupView, limits: tuple[Limit, ...], columns: Sequence[_Index]) -> _Gathered:
    """Lay the columns of all limits side by side, by operator."""
    order = sorted(range(len(limits)), key=lambda number: limits[number].operator)
    counts = np.array([len(columns[number]) for number in order], np.intp)
    owners = np.repeat(np.array(order, np.intp), counts)
    numbers = np.array([limits[number].value for number in order], np.float64).repeat(counts)
    parts = []
    ends = counts.cumsum()
    for operator in _COMPARE:
        places = [place for place, number in enumerate(order) if limits[number].operator == operator]
        if places:
            place = slice(int(ends[places[0]] - counts[places[0]]), int(ends[places[-1]]))
            parts.append((operator, place, numbers[place]))
    together = np.concatenate([columns[number] for number in order]) if order else np.zeros(0, np.intp)
    return _Gathered(view, together, owners, tuple(parts))


def _by_limit(
    hits: Sequence[tuple[GroupView, _Index, _Index, FloatArray]], uncertain: BoolArray
) -> list[Sequence[Hit] | None]:
    """Put hits together by limit: `view, limits, columns, values` of each source and operator."""
    found: list[Sequence[Hit] | None] = [None if each else () for each in uncertain.tolist()]
    lists: dict[int, list[Hit]] = {}
    for view, owners, columns, values in hits:
        for owner, column, value in zip(owners.tolist(), columns.tolist(), values.tolist(), strict=True):
            if not uncertain[owner]:
                lists.setdefault(owner, []).append((view.columns[column].labels, value))
    for owner, each in lists.items():
        # the order in which expressions give them
        found[owner] = sorted(each, key=lambda hit: hit[0].pairs) if len(each) > 1 else each
    return found


def _mixed(limits: Sequence[Limit], selected: Sequence[tuple[GroupView, list[_Index]]]) -> BoolArray:
    """Tell of which limits a series stands in several sources."""
    known: dict[tuple[Matcher, ...], bool] = {}
    for number, limit in enumerate(limits):
        if limit.matchers not in known:
            seen: set[Labels] = set()
            places = [
                (view, columns[number]) for view, columns in selected if not view.is_late and len(columns[number])
            ]
            known[limit.matchers] = False
            for view, columns in places if len(places) > 1 else ():
                here = {view.columns[column].labels for column in columns.tolist()}
                known[limit.matchers] |= not seen.isdisjoint(here)
                seen |= here
    return np.array([known[limit.matchers] for limit in limits], np.bool_)
