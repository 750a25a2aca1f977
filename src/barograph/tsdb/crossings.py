"""Implements `Crossings` on a reader: one look at the newest row of each source of the head, for all limits at once.

The keeper's ticker calls it. What the head alone does not make certain is left to whoever evaluates expressions.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from barograph.model.crossings import Limit
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


class HeadCrossings:
    """One thread uses it."""

    def __init__(self, reader: StoreReader) -> None:
        self._reader = reader
        self._kept: dict[tuple[Limit, ...], tuple[int, list[_Gathered]]] = {}

    def crossed(self, limits: tuple[Limit, ...], at_ms: int, lookback_ms: int) -> BoolArray:
        """See `Crossings`."""
        if not self._reader.head_has_all(at_ms - lookback_ms + 1, at_ms):
            return np.ones(len(limits), np.bool_)
        found = np.zeros(len(limits), np.bool_)
        for gathered in self._gathered(limits):
            view = gathered.view
            if view.is_late:
                if len(gathered.columns) and view.covers()[1] > at_ms - lookback_ms:
                    found[gathered.owners] = True
                continue
            values = view.newest(at_ms, lookback_ms, gathered.columns)
            if values is None:
                continue
            there = ~is_absent(values) & ~is_stale(values)
            for operator, place, numbers in gathered.parts:
                hits = _COMPARE[operator](values[place], numbers) & there[place]
                if hits.any():
                    found[gathered.owners[place][hits]] = True
        return found

    def _gathered(self, limits: tuple[Limit, ...]) -> list[_Gathered]:
        """Return what is to be looked at, worked out anew where series have joined."""
        epoch, selected = self._reader.in_head(())
        kept = self._kept.get(limits)
        if kept is not None and kept[0] == epoch:
            return kept[1]
        epoch, selected = self._reader.in_head([limit.matchers for limit in limits])
        made = [_gather(view, limits, columns) for view, columns in selected]
        if len(self._kept) > _SETS_KEPT:
            self._kept.clear()
        self._kept[limits] = epoch, made
        return made


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
